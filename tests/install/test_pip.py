"""``pip install``: the package for plain VTK, and the plugin for ParaView beside it."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pytest
from conftest import REPOSITORY, command


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """Return a virtual environment with the project, and the tests' own NumPy and VTK below it."""
    folder = tmp_path_factory.mktemp("pip") / "environment"
    command(sys.executable, "-m", "venv", folder)
    # pip builds in the tree; what an earlier version left there would be installed too.
    sources = folder / "sources"
    shutil.copytree(REPOSITORY, sources, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    command(folder / "bin" / "python", "-m", "pip", "install", "-q", "--no-deps", sources)
    here = os.path.dirname(os.path.dirname(np.__file__))
    places = folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages" / "tests.pth"
    places.write_text(here, encoding="utf-8")
    return folder


def test_package_for_plain_vtk(environment, tmp_path):
    np.savez(tmp_path / "a.npz", density=np.arange(60.0).reshape(3, 4, 5))
    script = "import npyvtk; print(npyvtk.read('a.npz').GetNumberOfPoints(), npyvtk.__file__)"
    points, place = command(environment / "bin" / "python", "-c", script, cwd=tmp_path).split()
    assert points == "60"
    assert place.startswith(str(environment))


def test_pyvista_finds_reader_and_writer(environment, tmp_path):
    pytest.importorskip("pyvista", "0.49", reason="PyVista is not installed; tests/run.sh installs it")
    volume = np.arange(60.0).reshape(3, 4, 5)
    np.savez(tmp_path / "a.npz", density=volume)
    script = "import pyvista; mesh = pyvista.read('a.npz'); mesh.save('b.npz'); print(mesh.dimensions)"
    assert command(environment / "bin" / "python", "-c", script, cwd=tmp_path).strip() == "(5, 4, 3)"
    np.testing.assert_array_equal(np.load(tmp_path / "b.npz")["density"], volume)


def test_command_prints_the_plugin(environment, opens):
    plugin = command(environment / "bin" / "npyvtk", "plugin-path").strip()
    assert plugin.startswith(str(environment))
    assert opens(plugin).startswith(os.path.dirname(plugin))
