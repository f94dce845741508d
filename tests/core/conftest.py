"""What the tests of the core share."""

from __future__ import annotations

import os
import tracemalloc

import pytest
from npyvtk.files import source

pytest.register_assert_rewrite("store_contract")


def pytest_runtest_setup(item):
    if os.name == "nt" and item.get_closest_marker("posix"):
        pytest.skip("Windows has it otherwise")


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
