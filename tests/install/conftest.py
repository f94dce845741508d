"""What the tests of installing share: commands, and a script that uses an installed plugin."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PVPYTHON = os.environ.get("PVPYTHON") or shutil.which("pvpython")  # tests/run.sh sets it

SOURCES = sorted(
    os.path.relpath(os.path.join(folder, name), os.path.join(REPOSITORY, "plugin"))
    for folder, _, names in os.walk(os.path.join(REPOSITORY, "plugin"))
    for name in names
    if name.endswith(".py")
)


def version():
    """Return the version, from its one place."""
    with open(os.path.join(REPOSITORY, "plugin", "npyvtk", "__init__.py"), encoding="utf-8") as file:
        return re.search(r'^__version__ = "(.+)"', file.read(), re.MULTILINE).group(1)


def command(*words, cwd=None, without=None, status=0, errors=False, **environment):
    """Run a command, which must end with `status`; return what it prints, with its `errors` where they are wanted.

    `without` is a variable to unset.
    """
    inherited = {name: value for name, value in os.environ.items() if name != without}
    path = os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]])
    done = subprocess.run(
        [str(word) for word in words],
        cwd=cwd,
        env={**inherited, "PATH": path, **{k: str(v) for k, v in environment.items()}},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr * errors


@pytest.fixture(scope="session")
def tools():
    """Return the folder of the programs that make a release and the site."""
    folder = Path(REPOSITORY) / "build" / "tools" / "bin"
    assert folder.exists(), "sh tests/run.sh --only=install makes it"
    return folder


@pytest.fixture(scope="session")
def cmake_build(tmp_path_factory):
    """Return a configured build folder."""
    folder = tmp_path_factory.mktemp("cmake") / "build"
    command("cmake", "-G", "Ninja", "-S", REPOSITORY, "-B", folder)
    return folder


OPENS = """
import sys
import numpy as np
from paraview import servermanager, simple
if len(sys.argv) > 1:
    simple.LoadPlugin(sys.argv[1], remote=False, ns=vars(simple))
np.save("array.npy", np.arange(60.0).reshape(3, 4, 5))
reader = simple.OpenDataFile("array.npy")
reader.UpdatePipeline()
print("bounds", *reader.GetDataInformation().GetBounds())
print("from", sys.modules["npyvtk"].__file__)
print("numpy", np.__file__)
"""


@pytest.fixture
def opens(tmp_path):
    """``opens(plugin=None, **environment)``: open a file in pvpython; return npyvtk's place there.

    Without `plugin` the environment must make ParaView load it by itself.
    """

    def opens(plugin=None, **environment):
        script = tmp_path / "opens.py"
        script.write_text(OPENS, encoding="utf-8")
        printed = command(PVPYTHON, script, *([plugin] if plugin else []), cwd=tmp_path, **environment)
        lines = dict(line.split(" ", 1) for line in printed.splitlines() if " " in line)
        assert [float(bound) for bound in lines["bounds"].split()] == [0, 4, 0, 3, 0, 2]
        assert not lines["numpy"].startswith(sys.prefix), "ParaView must keep its own NumPy"
        return lines["from"]

    return opens
