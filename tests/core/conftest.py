"""What the tests of the core share."""

from __future__ import annotations

import os
import sys
import tracemalloc

import npyvtk
import pytest
from npyvtk.files import source

try:
    import tomli
except ImportError:  # inside ParaView, where PyVista is neither
    tomli = None

pytest.register_assert_rewrite("store_contract")


def pytest_runtest_setup(item):
    if os.name == "nt" and item.get_closest_marker("posix"):
        pytest.skip("Windows has it otherwise")


@pytest.fixture(scope="session", autouse=True)
def entry_points(tmp_path_factory):
    """What pyproject.toml declares for PyVista is found, as it is after ``pip install``."""
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(npyvtk.__file__))))
    if tomli is None:
        return
    with open(os.path.join(root, "pyproject.toml"), "rb") as file:
        groups = tomli.load(file)["project"]["entry-points"]
    folder = tmp_path_factory.mktemp("entry_points") / "paraview_numpyio-0.dist-info"
    folder.mkdir()
    lines = [line for group in groups for line in (f"[{group}]", *(f"{k} = {v}" for k, v in groups[group].items()))]
    (folder / "entry_points.txt").write_text("\n".join(lines), encoding="utf-8")
    sys.path.append(str(folder.parent))


@pytest.fixture
def peak_memory():
    """Call it with a function: the most bytes that Python and NumPy held during it, above before."""

    def measure(function):
        tracemalloc.start()
        try:
            before = tracemalloc.get_traced_memory()[0]
            tracemalloc.reset_peak()
            function()
            return tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()

    return measure


class Reads(list):
    """(offset, length) of each read."""

    @property
    def nbytes(self):
        return sum(length for _, length in self)


@pytest.fixture
def reads(monkeypatch):
    """All reads of files since the test began, or since it was cleared."""
    log, plain = Reads(), source._read_at

    def read_at(file, buffer, offset):
        count = plain(file, buffer, offset)
        log.append((offset, count))
        return count

    monkeypatch.setattr(source, "_read_at", read_at)
    return log


@pytest.fixture
def opens(monkeypatch):
    """The names of all files opened for reading since the test began, or since it was cleared."""
    log, plain = [], source.InputFile.__init__

    def counted(file, path):
        log.append(str(path))
        plain(file, path)

    monkeypatch.setattr(source.InputFile, "__init__", counted)
    return log
