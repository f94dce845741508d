"""Every example runs, and says so itself when its output is wrong."""

from __future__ import annotations

import os

import pytest
from conftest import REPOSITORY, command

EXAMPLES = sorted(
    name
    for name in os.listdir(os.path.join(REPOSITORY, "examples"))
    if name.endswith(".py") and name != "common.py"
)


def test_quickstart_command(tmp_path):
    printed = command("sh", "examples/quickstart.sh", tmp_path, cwd=REPOSITORY)
    assert "All right" in printed
    assert {"terrain.png", "julia.png", "julia_stack.png"} <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "quickstart.py"])
def test_example(name, tmp_path):
    run = '. scripts/paraview.sh; find_paraview; headless "$PVPYTHON" "$@"'
    command("sh", "-eu", "-c", run, "sh", os.path.join("examples", name), tmp_path, cwd=REPOSITORY)
