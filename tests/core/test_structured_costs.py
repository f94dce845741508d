"""What structured grids cost: no more than a file holds, and no more than they are."""

from __future__ import annotations

import json

import npyvtk
import numpy as np
import pytest
from equal import values
from npyvtk.errors import FormatError, LimitError, UnsupportedError
from test_roundtrip import points
from vtkmodules.vtkCommonDataModel import vtkImageData, vtkMultiBlockDataSet, vtkStructuredGrid

DIRECTION = (0.0, 1, 0, -0.6, 0, 0.8, 0.8, 0, 0.6)
PLACE = {"origin": (1.5, -2, 1e3), "spacing": (0.1, 2, 3), "direction": DIRECTION}


def made(path, **options):
    return npyvtk.read(path, dataset_type="Structured Grid", **options)


def test_a_description_makes_no_points_that_the_file_does_not_hold(tmp_path, peak_memory):
    leaf = {"type": "vtkStructuredGrid", "extent": [0, 249, 0, 249, 0, 249], "members": {}}
    block = {"type": "vtkMultiBlockDataSet", "children": [{"name": None, "data": leaf}]}
    for data in (leaf, block):
        np.savez(tmp_path / "a.npz", vtk=json.dumps({"version": 1, "data": data}))
        assert (tmp_path / "a.npz").stat().st_size < 1000

        def read():
            with pytest.raises(
                FormatError, match=r"a\.npz: member 'vtk' describes a structured grid of 250 x 250 x 250"
            ):
                npyvtk.read(tmp_path / "a.npz")

        assert peak_memory(read) < 1 << 20


@pytest.mark.parametrize("extent", [(0, -1, 0, -1, 0, -1), (0, 3, 0, -1, 0, 2)], ids=str)
def test_a_description_of_no_points_needs_none(extent, tmp_path):
    leaf = {"type": "vtkStructuredGrid", "extent": extent, "members": {}}
    np.savez(tmp_path / "a.npz", vtk=json.dumps({"version": 1, "data": leaf}))
    assert npyvtk.read(tmp_path / "a.npz").GetNumberOfPoints() == 0


@pytest.mark.parametrize("count", [0, 7])
def test_a_grid_whose_points_are_not_there_is_not_saved(count, tmp_path):
    data = vtkStructuredGrid()
    data.SetDimensions(2, 2, 2)
    data.SetPoints(points(np.zeros((count, 3))))
    whole = vtkMultiBlockDataSet()
    whole.SetBlock(0, data)
    for one in (data, whole):
        with pytest.raises(UnsupportedError, match=f"has 8 places and {count} points"):
            npyvtk.write(tmp_path / "a.npz", one)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("direction", [(1, 0, 0, 0, 1, 0, 0, 0, 1), DIRECTION], ids=["straight", "turned"])
def test_points_of_a_grid_from_an_image_are_those_of_the_image(direction, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((4, 5, 6)))
    grid = made(tmp_path / "a.npy", **{**PLACE, "direction": direction})
    image = vtkImageData()
    image.SetDimensions(6, 5, 4)
    image.SetOrigin(PLACE["origin"])
    image.SetSpacing(PLACE["spacing"])
    image.SetDirectionMatrix(direction)
    expected = np.array([image.GetPoint(k) for k in range(120)])
    np.testing.assert_allclose(values(grid.GetPoints().GetData()), expected, rtol=1e-15, atol=1e-15)


def test_points_of_a_grid_from_coordinates_are_all_their_combinations(tmp_path):
    x, y, z = np.array([0, 1, 5], "i2"), np.array([-1.0, 2]), np.array([7, 8, 9, 11], "f4")
    np.savez(tmp_path / "a.npz", a=np.zeros((4, 2, 3)), x=x, y=y, z=z)
    zz, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    found = values(made(tmp_path / "a.npz").GetPoints().GetData())
    np.testing.assert_array_equal(found, np.stack([xx, yy, zz], axis=-1).reshape(-1, 3))


@pytest.mark.parametrize("coordinates", [False, True], ids=["image", "rectilinear"])
def test_a_grid_takes_no_more_than_its_own_size(coordinates, tmp_path, peak_memory):
    n = 64
    arrays = {name: np.arange(n, dtype=float) for name in "xyz"} if coordinates else {"spacing": [1.0, 2, 3]}
    np.savez(tmp_path / "a.npz", a=np.zeros((n, n, n), "f4"), **arrays)
    own = n**3 * (3 * 8 + 4)
    assert own <= peak_memory(lambda: made(tmp_path / "a.npz")) < own + (1 << 20)
    made(tmp_path / "a.npz", memory_limit=own)
    with pytest.raises(LimitError, match="SampleRate 2 2 2"):
        made(tmp_path / "a.npz", memory_limit=own - 1)


@pytest.mark.parametrize("left_out", ["x", "y", "z", "xy", "yz"])
def test_coordinates_that_are_left_out_are_0(left_out, tmp_path):
    coordinates = {name: np.random.default_rng(k).random((4, 5, 6)) for k, name in enumerate("xyz")}
    kept = {name: one for name, one in coordinates.items() if name not in left_out}
    leaf = {"type": "vtkStructuredGrid", "extent": [0, 5, 0, 4, 0, 3], "members": {name: name for name in kept}}
    np.savez(tmp_path / "a.npz", vtk=json.dumps({"version": 1, "data": leaf}), **kept)
    expected = np.stack([kept.get(name, np.zeros((4, 5, 6))) for name in "xyz"], axis=-1).reshape(-1, 3)
    np.testing.assert_array_equal(values(npyvtk.read(tmp_path / "a.npz").GetPoints().GetData()), expected)
