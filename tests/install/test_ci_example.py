"""examples/ci, run by the command of its workflows, in a copy as a user has it."""

from __future__ import annotations

import os
import re
import shutil
import xml.etree.ElementTree as ET  # of files that were just written

import numpy as np
import pytest
from conftest import PVPYTHON, REPOSITORY, command

CI = os.path.join(REPOSITORY, "examples", "ci")
PLUGIN = os.path.join(REPOSITORY, "plugin")
RUN = '. scripts/paraview.sh; cd "$1"; shift; headless "$@"'


def words_of(workflow):
    """Return the words after pvbatch in a workflow."""
    with open(os.path.join(CI, workflow), encoding="utf-8") as file:
        (line,) = re.findall(r"^ +- (?:run: )?xvfb-run -a pvbatch (.*)$", file.read(), re.MULTILINE)
    return line.split()


def pvbatch(folder, *words, status=0):
    """Run pvbatch with the plugin, in that folder; return what it prints."""
    program = PVPYTHON.replace("pvpython", "pvbatch")
    environment = {"PV_PLUGIN_PATH": PLUGIN, "PYTHONPATH": os.path.join(PLUGIN, "py311")}
    return command("sh", "-euc", RUN, "sh", folder, program, *words, cwd=REPOSITORY, status=status, **environment)


def failures(folder):
    """Return what failed by the report in JUnit's XML: {name of the file: text}."""
    suite = ET.parse(folder / "report" / "junit.xml").getroot().find("testsuite")  # noqa: S314
    found = {case.get("name"): case.findtext("failure") for case in suite.iter("testcase")}
    assert int(suite.get("tests")) == len(found)
    failed = {name: text for name, text in found.items() if text}
    assert int(suite.get("failures")) == len(failed)
    assert {"kelvin.npz", "temperature.npy.npz", "RenderView1.png"} <= set(found)
    return failed


@pytest.fixture
def project(tmp_path):
    """Return a copy of the example."""
    return shutil.copytree(CI, tmp_path / "project")


@pytest.mark.once
def test_both_workflows_run_the_same():
    assert words_of("github.yml") == words_of("gitlab-ci.yml")


def test_the_right_data_passes(project):
    pvbatch(project, *words_of("github.yml"))
    assert failures(project) == {}


def test_a_changed_value_fails(project):
    array = np.load(project / "data" / "temperature.npy")
    array[3, 4, 5] = np.nextafter(array[3, 4, 5], np.float32(100))
    np.save(project / "data" / "temperature.npy", array)
    pvbatch(project, *words_of("github.yml"), status=1)
    failed = failures(project)
    assert sorted(failed) == ["kelvin.npz", "temperature.npy.npz"]
    assert "temperature differs in 1 of 3840 values; temperature[3, 4, 5] is " in failed["temperature.npy.npz"]
    pvbatch(project, *words_of("github.yml"), "--rtol", "1e-6")
    assert failures(project) == {}


def test_a_changed_picture_fails(project):
    state = project / "temperature.py"
    state.write_text(state.read_text(encoding="utf-8").replace(".Slice = 6", ".Slice = 2"), encoding="utf-8")
    pvbatch(project, *words_of("github.yml"), status=1)
    failed = failures(project)
    assert sorted(failed) == ["RenderView1.png"]
    assert re.match(r"the picture differs by \d+\.\d pixels, and 10 are allowed", failed["RenderView1.png"])
    assert (project / "report" / "RenderView1.difference.png").exists()


def test_a_file_that_does_not_open_fails(project):
    (project / "data" / "temperature.npy").write_bytes(b"")
    pvbatch(project, *words_of("github.yml"), status=1)
    assert "NumPy Reader: temperature.npy: " in failures(project)["temperature.npy.npz"]


SAVE_STATES = """
from paraview import smstate
from paraview.simple import *

with open("temperature.py") as file:
    exec(file.read().replace("/home/me", {folder!r}))
Render()
SaveState("saved.pvsm")
with open("saved.py", "w") as file:
    file.write(smstate.get_state())
"""


def test_states_that_this_paraview_saves_work_elsewhere(project, tmp_path):
    (project / "save.py").write_text(SAVE_STATES.format(folder=str(project)), encoding="utf-8")
    pvbatch(project, "save.py")
    elsewhere = project.rename(tmp_path / "moved & more")
    for state in ("saved.pvsm", "saved.py"):
        assert str(project) in (elsewhere / state).read_text(encoding="utf-8")
        pvbatch(elsewhere, *[state if word == "temperature.py" else word for word in words_of("github.yml")])
        assert failures(elsewhere) == {}


def test_the_baseline_is_made_by_update(project):
    shutil.rmtree(project / "baseline")
    pvbatch(project, *words_of("github.yml"), status=2)
    pvbatch(project, *words_of("github.yml"), "--update")
    assert sorted(os.listdir(project / "baseline")) == sorted(os.listdir(os.path.join(CI, "baseline")))
