"""The window of ParaView as a fixture, and the programs it needs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest
from driver import HERE, PATIENCE, Window, find_paraview

PROGRAMS = {"Xvfb": "xvfb", "xdotool": "xdotool", "import": "imagemagick", "openbox": "openbox"}


@pytest.fixture(scope="session")
def pictures():
    """Return the folder for this ParaView's screenshots: build/gui/VERSION."""
    missing = [package for program, package in PROGRAMS.items() if not shutil.which(program)]
    assert not missing, f"the tests of the window need {' '.join(missing)}"
    assert find_paraview(), "there is no paraview beside pvpython, nor on the PATH"
    # paraview itself cannot tell it without a screen.
    asked = [os.environ.get("PVPYTHON", "pvpython"), "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
    version = re.search(r"(\d+\.\d+\.\d+)", said.stdout + said.stderr).group(1)
    root = os.path.dirname(os.path.dirname(HERE))
    folder = os.path.join(root, "build", "gui", version)
    os.makedirs(folder, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def options_for_python():
    """Skip where ``--plugins`` is not for plugins in Python; ParaView's help says for which it is."""
    # Every program lists it, but paraview shows its help in a window.
    asked = [os.environ.get("PVPYTHON", "pvpython"), "--help"]
    said = subprocess.run(asked, capture_output=True, text=True, timeout=PATIENCE, check=False)
    if "Python plugins are supported" not in " ".join((said.stdout + said.stderr).split()):
        pytest.skip("the help of this ParaView does not say that --plugins takes plugins in Python")


@pytest.fixture
def window(tmp_path, pictures, request):
    """A fresh ParaView with the plugin; its screenshots go to a folder named after the test.

    The marker ``without_plugin`` leaves the plugin out, ``settings`` lets ParaView keep its settings, and
    ``options`` has more words for its command line.
    """
    folder = os.path.join(pictures, request.node.name.removeprefix("test_"))
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    home = tmp_path / "home"
    home.mkdir()
    markers = {marker.name for marker in request.node.iter_markers()}
    words = [word for marker in request.node.iter_markers("options") for word in marker.args]
    opened = Window(home, folder, words, plugin="without_plugin" not in markers, settings="settings" in markers)
    yield opened
    opened.close()
