"""What ``python -m build`` makes, and what ``pip install`` puts in place: the package, and the plugin beside it."""

from __future__ import annotations

import os
import re
import shutil
import sys
import tarfile
import zipfile

import numpy as np
import pytest
from conftest import REPOSITORY, SOURCES, command, version


@pytest.fixture(scope="module")
def distributions(tools, tmp_path_factory):
    """Return a folder with the .tar.gz and the wheel, made from a copy of the sources."""
    folder = tmp_path_factory.mktemp("build")
    # What an earlier version left in the tree would be packed too.
    sources = folder / "sources"
    shutil.copytree(REPOSITORY, sources, ignore=shutil.ignore_patterns("build", ".git", "__pycache__"))
    command(tools / "python", "-m", "build", "--no-isolation", "--outdir", folder / "dist", sources)
    return folder / "dist"


@pytest.fixture(scope="module")
def index(distributions):
    """Return pip's words for an index with nothing but these."""
    return ["-q", "--no-deps", "--no-index", "--find-links", distributions, "paraview-numpyio"]


@pytest.fixture(scope="module")
def environment(index, tmp_path_factory):
    """Return a virtual environment with the wheel, and the tests' own NumPy and VTK below it."""
    folder = tmp_path_factory.mktemp("pip") / "environment"
    command(sys.executable, "-m", "venv", folder)
    command(folder / "bin" / "python", "-m", "pip", "install", *index)
    here = os.path.dirname(os.path.dirname(np.__file__))
    places = folder / "lib" / "python{}.{}".format(*sys.version_info) / "site-packages" / "tests.pth"
    places.write_text(here, encoding="utf-8")
    return folder


@pytest.mark.once
def test_an_index_takes_them(distributions, tools):
    files = sorted(distributions.iterdir())
    name = f"paraview_numpyio-{version()}"
    assert [file.name for file in files] == [f"{name}-py3-none-any.whl", f"{name}.tar.gz"]
    command(tools / "twine", "check", "--strict", *files)


@pytest.mark.once
def test_they_hold_all_modules(distributions):
    (wheel,) = distributions.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        packed = {entry for entry in archive.namelist() if ".dist-info/" not in entry}
    package = {source for source in SOURCES if source.startswith(("npyvtk/", "npyvtk_pyvista/"))}
    # The plugin's folder is for ParaView, and PyVista is not in it.
    plugin = {source for source in SOURCES if not source.startswith("npyvtk_pyvista/")}
    assert packed == package | {f"npyvtk_plugin/{source}" for source in plugin}
    (source,) = distributions.glob("*.tar.gz")
    with tarfile.open(source) as archive:
        packed = {entry.name.split("/", 1)[1] for entry in archive if entry.isfile()}
    assert {f"plugin/{source}" for source in SOURCES} | {"README.md", "LICENSE", "pyproject.toml"} <= packed


@pytest.mark.once
def test_the_newest_changes_are_those_of_this_version():
    with open(os.path.join(REPOSITORY, "CHANGELOG.md"), encoding="utf-8") as file:
        named = re.findall(r"^## \[(\d.*?)\]", file.read(), re.MULTILINE)
    assert named[0] == version()


@pytest.mark.once
@pytest.mark.parametrize("recipe", ["conda-forge/recipe.yaml", "spack/package.py"])
def test_recipes_are_for_this_version(recipe):
    with open(os.path.join(REPOSITORY, "packaging", recipe), encoding="utf-8") as file:
        assert f'"{version()}"' in file.read()


@pytest.mark.once
def test_package_for_plain_vtk(environment, tmp_path):
    np.savez(tmp_path / "a.npz", density=np.arange(60.0).reshape(3, 4, 5))
    script = "import npyvtk; print(npyvtk.read('a.npz').GetNumberOfPoints(), npyvtk.__file__)"
    points, place = command(environment / "bin" / "python", "-c", script, cwd=tmp_path).split()
    assert points == "60"
    assert place.startswith(str(environment))


@pytest.mark.once
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


def test_a_folder_for_paraview_alone(index, tmp_path, opens):
    """As the workflows of examples/ci install it."""
    command(sys.executable, "-m", "pip", "install", "--target", tmp_path / "numpyio", *index)
    folder = tmp_path / "numpyio" / "npyvtk_plugin"
    assert opens(PV_PLUGIN_PATH=folder).startswith(str(folder))
