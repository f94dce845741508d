"""What the stores let through becomes a dataset, or is refused with one line, all the way up."""

from __future__ import annotations

import os
import sys

import npyvtk
import pytest
from bytefiles import header, npy
from npyvtk.errors import NumPyIOError, UnsupportedError

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "fuzz"))

import mutate
import run

CORPUS = sorted(name for name in os.listdir(run.CORPUS) if name != "outcomes.txt")


def read(path):
    """Read all of a file; the line where it is refused."""
    try:
        npyvtk.read(path)
    except NumPyIOError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CORPUS)
def test_the_corpus(name):
    assert "\n" not in read(os.path.join(run.CORPUS, name))


@pytest.mark.parametrize(("kind", "count"), [("header", 600), ("archive", 200)])
def test_random_files(tmp_path, kind, count):
    path = str(tmp_path / "file")
    for number in range(count):
        with open(path, "wb") as file:
            file.write(getattr(mutate, kind)(5, number))
        assert "\n" not in read(path)


def test_more_points_along_an_axis_than_vtk_counts(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(header("'|u1'", "(3, 0, 4294967296)")))
    with pytest.raises(UnsupportedError, match="more along one axis than VTK can count"):
        npyvtk.read(path)


def test_as_many_axes_as_numpy_has_and_those_of_a_field(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(npy(header("[('a', '<f8', (3,))]", "(" + "0, " * npyvtk.files.npy_header.MAX_DIMENSIONS + ")")))
    with pytest.raises(UnsupportedError, match="fewer axes"):
        npyvtk.read(path)
