"""PyEVTK's files and those of ``numpy.savez``, both opened in ParaView: the tests of the core with other readers."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

sys.path.append(os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "core"))

from test_pyevtk import (
    hl,
    test_image,
    test_image_vectors,
    test_lines,
    test_points,
    test_polylines,
    test_rectilinear_grid,
    test_structured_grid,
    test_unstructured_grid,
)

__all__ = [
    "test_image",
    "test_image_vectors",
    "test_lines",
    "test_points",
    "test_polylines",
    "test_rectilinear_grid",
    "test_structured_grid",
    "test_unstructured_grid",
]


def opened(simple, path):
    reader = simple.OpenDataFile(path)
    reader.UpdatePipeline()
    return reader.GetClientSideObject().GetOutputDataObject(0)


@pytest.fixture(scope="module")
def paraview_reads_theirs(paraview_simple, tmp_path_factory):
    """Whether this ParaView can read appended XML files at all; Debian 12's cannot, not even its own."""
    written = hl.imageToVTK(str(tmp_path_factory.mktemp("probe") / "image"), pointData={"p": np.ones((3, 4, 5))})
    data = opened(paraview_simple, written)
    return data is not None and data.GetNumberOfPoints() == 60


@pytest.fixture
def both(pv, tmp_path, paraview_reads_theirs):
    """As in the core, with ParaView's readers."""
    if not paraview_reads_theirs:
        pytest.skip("this ParaView cannot read any appended XML file, and PyEVTK writes no others")

    def open_both(written, arrays):
        path = str(tmp_path / "ours.npz")
        np.savez(path, **arrays)
        return opened(pv, written), opened(pv, path)

    return open_both
