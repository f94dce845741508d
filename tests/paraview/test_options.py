"""``--plugin-search-paths`` and ``--plugins``, which every program of ParaView lists in its help.

The window of 6.1 loads the plugin by them, see tests/gui; these programs do not, as docs/installing.md says.
Where a test fails because ParaView has learnt it, correct that page.
"""

from __future__ import annotations

import os
import subprocess

import numpy as np
import pytest
from conftest import PATIENCE, PLUGIN, _environment, _program, _serve

FOLDER = os.path.dirname(PLUGIN)
OPTIONS = [f"--plugin-search-paths={FOLDER}", "--plugins=NumPyIO"]
LOADED = "from paraview import servermanager, simple; print('loaded:', hasattr(servermanager.sources, 'NumPyReader'))"

pytestmark = pytest.mark.slow


def options_of(program):
    """Return the options, or skip where the program's help does not list them."""
    asked = subprocess.run(
        [_program(program), "--help"], env=_environment(), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    for option in OPTIONS:
        name = option.split("=")[0]
        if name not in asked.stdout + asked.stderr:
            pytest.skip(f"the help of this {program} does not list {name}")
    return OPTIONS


@pytest.mark.parametrize("program", ["pvpython", "pvbatch"])
def test_a_script_needs_another_way(program, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(LOADED, encoding="utf-8")

    def said(*options, **variables):
        # Without -- the script's name would be one more plugin.
        command = [_program(program), *options, "--", script]
        environment = {**_environment(), **variables}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout

    assert said(*options_of(program)).split() == ["loaded:", "False"]
    assert said(PV_PLUGIN_PATH=FOLDER).split() == ["loaded:", "True"]


@pytest.mark.parametrize("way", ["options", "variable"])
def test_a_server_needs_another_way(way, tmp_path, run, monkeypatch):
    np.save(tmp_path / "a.npy", np.arange(60.0).reshape(3, 4, 5))
    options = options_of("pvserver")
    if way == "variable":
        monkeypatch.setenv("PV_PLUGIN_PATH", FOLDER)
        options = ()
    with _serve(tmp_path, options=options) as server:
        monkeypatch.undo()
        script = f"""
            Connect({server[0]!r}, {server[1]!r})
            try:
                print("opened:", OpenDataFile("a.npy").GetXMLName())
            except RuntimeError:
                print("opened: nothing")
            """
        done = run(script, check=False)
    assert done.stdout.split() == ["opened:", "NumPyReader" if way == "variable" else "nothing"], done.stderr
