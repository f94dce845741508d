"""``cmake --install``, the plugin list it writes, and the release archive."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
import xml.etree.ElementTree as ET
import zipfile

import pytest
from conftest import REPOSITORY, SOURCES, command, version


def files_below(folder):
    return sorted(
        os.path.relpath(os.path.join(place, name), folder) for place, _, names in os.walk(folder) for name in names
    )


def listed(plugin_list):
    """Return the file that the plugin list names."""
    (plugin,) = ET.parse(plugin_list).getroot()  # noqa: S314 -- our own file
    assert plugin.attrib["name"] == "NumPyIO"
    assert plugin.attrib["auto_load"] == "1"
    return plugin.attrib["filename"]


@pytest.mark.parametrize("name", ["prefix", "a prefix & more"])
def test_prefix(cmake_build, tmp_path, opens, name):
    prefix = tmp_path / name
    command("cmake", "--install", cmake_build, "--prefix", prefix)
    folder = prefix / "lib" / "paraview-numpyio"
    assert files_below(folder) == sorted([*SOURCES, "NumPyIO.xml"])
    assert listed(folder / "NumPyIO.xml") == str(folder / "NumPyIO.py")
    assert opens(PV_PLUGIN_CONFIG_FILE=folder / "NumPyIO.xml").startswith(str(folder))
    assert opens(PV_PLUGIN_PATH=folder).startswith(str(folder))
    assert opens(folder / "NumPyIO.py").startswith(str(folder))


@pytest.mark.once
def test_destdir(cmake_build, tmp_path):
    command("cmake", "--install", cmake_build, "--prefix", "/usr", DESTDIR=tmp_path)
    folder = tmp_path / "usr" / "lib" / "paraview-numpyio"
    assert files_below(folder) == sorted([*SOURCES, "NumPyIO.xml"])
    assert listed(folder / "NumPyIO.xml") == "/usr/lib/paraview-numpyio/NumPyIO.py"


def test_a_folder_of_ones_own(tmp_path, opens):
    folder = tmp_path / "my plugins"
    command("cmake", "-G", "Ninja", "-S", REPOSITORY, "-B", tmp_path / "b", f"-DNUMPYIO_INSTALL_DIR={folder}")
    command("cmake", "--install", tmp_path / "b", "--prefix", tmp_path / "prefix")
    assert listed(folder / "NumPyIO.xml") == str(folder / "NumPyIO.py")
    assert opens(PV_PLUGIN_CONFIG_FILE=folder / "NumPyIO.xml").startswith(str(folder))


@pytest.mark.once
def test_a_folder_that_paraview_looks_into(tmp_path):
    own = tmp_path / "share" / "paraview" / "plugins"
    list_dir = f"-DNUMPYIO_PLUGIN_LIST_DIR={own}"
    command("cmake", "-G", "Ninja", "-S", REPOSITORY, "-B", tmp_path / "b", list_dir)
    command("cmake", "--install", tmp_path / "b", "--prefix", tmp_path / "prefix")
    plugin = str(tmp_path / "prefix" / "lib" / "paraview-numpyio" / "NumPyIO.py")
    assert listed(own / "NumPyIO.xml") == plugin


def test_archive(cmake_build, tmp_path, opens):
    command("cmake", "--build", cmake_build, "--target", "package")
    name = f"paraview-numpyio-{version()}"
    expected = sorted(
        [f"{name}/{file}" for file in ("README.md", "LICENSE", "CHANGELOG.md")]
        + [f"{name}/plugin/{source}" for source in SOURCES]
    )
    with zipfile.ZipFile(cmake_build / f"{name}.zip") as archive:
        assert sorted(entry for entry in archive.namelist() if not entry.endswith("/")) == expected
    with tarfile.open(cmake_build / f"{name}.tar.gz") as archive:
        assert sorted(entry.name for entry in archive if entry.isfile()) == expected
    shutil.unpack_archive(cmake_build / f"{name}.tar.gz", tmp_path)
    plugin = tmp_path / name / "plugin" / "NumPyIO.py"
    assert opens(plugin).startswith(str(plugin.parent))


@pytest.mark.once
def test_ctest_knows_the_layers(cmake_build):
    printed = command("ctest", "--test-dir", cmake_build, "-N")
    assert re.findall(r"Test +#\d+: (\w+)", printed) == ["core", "pvcore", "paraview"]


@pytest.mark.once
def test_paraview_is_found_by_its_cmake_folder(tmp_path):
    pvpython = tmp_path / "ParaView" / "bin" / "pvpython"
    config = tmp_path / "ParaView" / "lib" / "cmake" / "paraview-6.0"
    config.mkdir(parents=True)
    pvpython.parent.mkdir()
    pvpython.write_text("#!/bin/sh\n", encoding="utf-8")
    pvpython.chmod(0o755)
    command(
        "cmake", "-G", "Ninja", "-S", REPOSITORY, "-B", tmp_path / "b", f"-DParaView_DIR={config}", without="PVPYTHON"
    )
    cache = (tmp_path / "b" / "CMakeCache.txt").read_text(encoding="utf-8")
    assert f"NUMPYIO_PVPYTHON:FILEPATH={pvpython}" in cache
