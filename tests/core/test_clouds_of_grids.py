"""DataSetType Points of a structured grid: its points as a cloud, with the data on them."""

from __future__ import annotations

import numpy as np
import pytest
from npyvtk import read, write
from npyvtk.describe import describe
from npyvtk.load import load
from npyvtk.options import ReadOptions
from npyvtk.parallel.pieces import Piece
from vtkmodules.util.numpy_support import vtk_to_numpy

RANDOM = np.random.default_rng(8)
SHAPE = (3, 4, 5)
X, Y, Z = (RANDOM.random(SHAPE).astype(dtype) for dtype in ("f4", "f8", ">f8"))
P, V, CELLS = RANDOM.random(SHAPE), RANDOM.random((*SHAPE, 3)), RANDOM.random((2, 3, 4))
PLACES = np.stack([X, Y, Z], 3).reshape(-1, 3)
CASES = {
    "x y z": ({"x": X, "y": Y, "z": Z}, {}),
    "two axes": ({"x": X[0], "y": Y[0], "z": Z[0]}, {}),
    "flat": ({"x": X[0], "y": Y[0]}, {}),
    "named": ({"px": X, "py": Y, "pz": Z}, {"positions": "px,py,pz"}),
    "one array": ({"points": np.stack([X, Y, Z], 3)}, {}),
    "Fortran": ({"x": np.asfortranarray(X), "y": Y, "z": np.asfortranarray(Z)}, {}),
}


def save(tmp_path, case):
    coordinates, options = CASES[case]
    plane = next(iter(coordinates.values())).ndim == 2
    np.savez(tmp_path / "a.npz", **coordinates, p=P[0] if plane else P, v=V[0] if plane else V, c=CELLS)
    expected = PLACES[:20] if plane else PLACES
    if case == "flat":
        expected = expected * [1, 1, 0]
    return str(tmp_path / "a.npz"), ReadOptions(dataset_type="Points", **options), expected


@pytest.mark.parametrize("case", CASES)
def test_its_points_are_a_cloud_with_the_data(tmp_path, case):
    path, options, expected = save(tmp_path, case)
    data = read(path, dataset_type="Points", positions=options.positions)
    assert data.GetClassName() == "vtkUnstructuredGrid"
    assert data.GetNumberOfCells() == len(expected)
    assert {data.GetCellType(k) for k in range(len(expected))} == {1}
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), expected)
    attributes = data.GetPointData()
    np.testing.assert_array_equal(vtk_to_numpy(attributes.GetArray("p")), P.ravel()[: len(expected)])
    np.testing.assert_array_equal(vtk_to_numpy(attributes.GetArray("v")), V.reshape(-1, 3)[: len(expected)])
    assert data.GetFieldData().HasArray("c")
    write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        assert saved["p"].tobytes() == P.ravel()[: len(expected)].tobytes()
    again = read(str(tmp_path / "b.npz"))
    np.testing.assert_array_equal(vtk_to_numpy(again.GetPoints().GetData()), expected)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("count", [2, 3, 7])
def test_pieces_share_no_point(tmp_path, case, count):
    path, options, expected = save(tmp_path, case)
    description = describe(path, options)
    pieces = [load(description, options, piece=Piece(k, count)) for k in range(count)]
    places = [vtk_to_numpy(one.GetPoints().GetData()) for one in pieces if one.GetNumberOfPoints()]
    values = [vtk_to_numpy(one.GetPointData().GetArray("p")) for one in pieces if one.GetNumberOfPoints()]
    np.testing.assert_array_equal(np.concatenate(places), expected)
    np.testing.assert_array_equal(np.concatenate(values), P.ravel()[: len(expected)])


def test_a_line_says_so(tmp_path):
    path, options, _expected = save(tmp_path, "x y z")
    lines = describe(path, options).lines
    assert "x, y, z: the points of a structured grid as a cloud, which is saved without its axes" in lines
