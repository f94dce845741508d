"""plugin/py311: what lets ParaView 5.11.0 load Python plugins on Python 3.11."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from conftest import REPOSITORY

pytestmark = pytest.mark.once  # They are for plain Python.

FOLDER = os.path.join(REPOSITORY, "plugin", "py311")


def say(script, *paths):
    """Run a script in a Python with these folders on PYTHONPATH; return the words it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(str(path) for path in paths)}
    command = [sys.executable, "-c", script]
    return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout.split()


def test_getargspec_is_there():
    script = "import inspect; print(*inspect.getargspec(lambda self, a, *b, c=1, **d: 0).args)"
    if sys.version_info < (3, 11):
        pytest.skip("this Python has it")
    assert say(script, FOLDER) == ["self", "a"]


def test_the_next_sitecustomize_still_runs(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("print('mine', __name__)", encoding="utf-8")
    assert say("print('then')", FOLDER, tmp_path) == ["mine", "sitecustomize", "then"]
