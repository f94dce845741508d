"""Saved files without their member ``vtk``: what programs get that know the plain names of docs/npz.md and no more."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from equal import cells, values
from npyvtk.options import WriteOptions
from npyvtk.parallel import write
from test_parallel import on_ranks
from test_roundtrip import cell_array, image, points
from vtkmodules.vtkCommonDataModel import vtkPolyData, vtkUnstructuredGrid
from vtkmodules.vtkFiltersCore import vtkThreshold
from vtkmodules.vtkFiltersVerdict import vtkCellSizeFilter


def plain(data, path, **options):
    """The arrays that are left of `data` without the member ``vtk``, as a file at `path`."""
    npyvtk.write(path, data, **options)
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != "vtk"}
    np.savez(path, **arrays)
    return arrays


def size(data, name):
    """VTK's sum over all cells."""
    measure = vtkCellSizeFilter()
    measure.SetInputData(data)
    measure.Update()
    return values(measure.GetOutput().GetCellData().GetArray(name)).sum()


def threshold(extent):
    data = image(extent)
    every = vtkThreshold()
    every.SetInputData(data)
    every.SetInputArrayToProcess(0, 0, 0, 0, "T")
    every.SetLowerThreshold(-1)
    every.Update()
    return every.GetOutput()


def test_the_voxels_of_a_threshold_keep_their_volume(tmp_path):
    data = threshold((0, 4, 0, 4, 0, 4))
    assert data.GetCellType(0) == 11
    arrays = plain(data, tmp_path / "a.npz")
    assert set(arrays["types"].tolist()) == {11}
    # What NumPy alone makes of it: the box around the points of each cell.
    boxes = arrays["points"][arrays["connectivity"].reshape(64, 8)]
    assert np.prod(boxes.max(axis=1) - boxes.min(axis=1), axis=1).sum() == 64
    np.testing.assert_array_equal(np.diff(arrays["offsets"]), np.full(64, 8))
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert size(again, "Volume") == size(data, "Volume") == 64
    assert cells(again) == cells(data)


def test_the_pixels_of_a_threshold_keep_their_area(tmp_path):
    data = threshold((0, 4, 0, 4, 0, 0))
    assert data.GetCellType(0) == 8
    plain(data, tmp_path / "a.npz")
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert size(again, "Area") == size(data, "Area") == 16
    assert cells(again) == cells(data)


# One row for each cell type of VTK with a fixed number of points, and some of the others.
TYPES = [
    *[(1, 1), (2, 3), (3, 2), (4, 2), (4, 4), (5, 3), (6, 4), (6, 8), (7, 3), (7, 4), (7, 6), (8, 4), (9, 4), (10, 4)],
    *[(11, 8), (12, 8), (13, 6), (14, 5), (15, 10), (16, 12), (21, 3), (22, 6), (23, 8), (24, 10), (25, 20), (26, 15)],
    *[(27, 13), (28, 9), (29, 27), (30, 6), (31, 12), (32, 18), (33, 24), (34, 7), (35, 4), (37, 19), (68, 4), (71, 4)],
]


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("kind", "width"), TYPES, ids=str)
def test_cells_of_every_type_stay_what_they_are(kind, width, count, tmp_path):
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(kind).random((max(width, 2) + 3, 3))))
    for k in range(count):
        data.InsertNextCell(kind, width, [(k + j) % (width + 3) for j in range(width)])
    plain(data, tmp_path / "a.npz")
    assert cells(npyvtk.read(str(tmp_path / "a.npz"))) == cells(data)


@pytest.mark.parametrize(
    ("part", "width"),
    [(part, k) for part, least in (("Verts", 1), ("Lines", 2), ("Polys", 3), ("Strips", 3)) for k in range(least, 9)],
)
def test_cells_of_poly_data_stay_what_they_are(part, width, tmp_path):
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(width).random((12, 3))))
    getattr(data, f"Set{part}")(cell_array([range(k, k + width) for k in (0, 4)]))
    plain(data, tmp_path / "a.npz")
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert cells(again) == cells(data)


def test_flat_quads_are_no_tetrahedra_beside_points_of_two_columns(tmp_path):
    flat = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    np.savez(tmp_path / "in.npz", points=flat, cells=[[0, 1, 2, 3]])
    data = npyvtk.read(str(tmp_path / "in.npz"))
    assert data.GetCellType(0) == 9
    arrays = plain(data, tmp_path / "a.npz")
    np.testing.assert_array_equal(arrays["cells"], [[0, 1, 2, 3]])
    assert npyvtk.read(str(tmp_path / "a.npz")).GetCellType(0) == 9
    data.GetPoints().SetPoint(0, 0, 0, 1)  # and are written otherwise once they are not flat
    data.GetPoints().Modified()
    plain(data, tmp_path / "a.npz")
    assert npyvtk.read(str(tmp_path / "a.npz")).GetCellType(0) == 9


@pytest.mark.parametrize("ranks", [2, 3])
@pytest.mark.parametrize("extent", [(0, 4, 0, 2, 0, 2), (0, 4, 0, 4, 0, 0)])
def test_voxels_and_pixels_of_many_ranks(ranks, extent, tmp_path):
    bounds = np.linspace(0, 4, ranks + 1).astype(int)
    parts = [threshold((a, b, *extent[2:])) for a, b in zip(bounds, bounds[1:])]
    on_ranks(ranks, lambda rank: write.save_pieces(tmp_path / "a.npz", parts[rank.rank], WriteOptions(), rank))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != "vtk"}
    np.savez(tmp_path / "b.npz", **arrays)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    name = "Volume" if extent[5] else "Area"
    assert size(again, name) == sum(size(part, name) for part in parts) == 16
