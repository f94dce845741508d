"""Saved files without their member ``vtk``: what programs get that know the plain names of docs/npz.md and no more."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from equal import cells, values
from npyvtk.options import WriteOptions
from npyvtk.parallel import write
from npyvtk.stack import Stack
from page_reader import read_by_the_page
from test_parallel import cut, extents, on_ranks
from test_roundtrip import array, cell_array, image, points, poly, polyhedra
from vtkmodules.vtkCommonDataModel import (
    vtkImageData,
    vtkMultiBlockDataSet,
    vtkPolyData,
    vtkRectilinearGrid,
    vtkStructuredGrid,
    vtkTable,
    vtkUnstructuredGrid,
)
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
    assert_whole_by_the_page(plain(data, tmp_path / "a.npz"), data)
    assert cells(npyvtk.read(str(tmp_path / "a.npz"))) == cells(data)


@pytest.mark.parametrize(
    ("part", "width"),
    [(part, k) for part, least in (("Verts", 1), ("Lines", 2), ("Polys", 3), ("Strips", 3)) for k in range(least, 9)],
)
def test_cells_of_poly_data_stay_what_they_are(part, width, tmp_path):
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(width).random((12, 3))))
    getattr(data, f"Set{part}")(cell_array([range(k, k + width) for k in (0, 4)]))
    assert_whole_by_the_page(plain(data, tmp_path / "a.npz"), data)
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
    pieces = [threshold((a, b, *extent[2:])) for a, b in zip(bounds, bounds[1:])]
    on_ranks(ranks, lambda rank: write.save_pieces(tmp_path / "a.npz", pieces[rank.rank], WriteOptions(), rank))
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != "vtk"}
    np.savez(tmp_path / "b.npz", **arrays)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    name = "Volume" if extent[5] else "Area"
    assert size(again, name) == sum(size(piece, name) for piece in pieces) == 16


def on_image(values, axes):
    """An image with `values`, read as `axes`: what VTK has of it is told by NumPy."""
    return npyvtk.to_vtk({"a": values}, axes=axes)


def dims_of(data):
    """Points along x, y, z."""
    low, high = data.GetExtent()[::2], data.GetExtent()[1::2]
    return tuple(int(b - a + 1) for a, b in zip(low, high))


def places(data, name="a"):
    """Values of a grid by their indices z, y, x, component, as VTK has them."""
    return values(data.GetPointData().GetArray(name)).reshape(*dims_of(data)[::-1], -1)


def count(*shape, dtype=float):
    return np.arange(np.prod(shape)).reshape(shape).astype(dtype)


@pytest.mark.parametrize("order", ["zyx", "xyz"])
@pytest.mark.parametrize(
    ("shape", "axes"),
    [
        *[
            ((5, 6, 2), "zyx"),
            ((5, 6, 3), "zyx"),
            ((5, 6, 1), "zyx"),
            ((4, 5, 6), "zyx"),
            ((30, 3), "yx"),
            ((2, 3), "yx"),
        ],
        *[((1, 7), "yx"), ((7, 1), "yx"), ((1, 1, 7), "zyx"), ((400, 4), "yx"), ((4, 4, 4), "zyx"), ((5, 6, 3), "yxc")],
        *[
            ((5, 6, 2, 3), "zyxc"),
            ((4, 5, 6, 5), "zyxc"),
            ((3, 5, 6, 7), "czyx"),
            ((5, 6, 10), "yxc"),
            ((9, 8, 7), "x-yz"),
        ],
        *[((9,), "x"), ((5, 6, 4), "xyz"), ((5, 6, 7, 3, 3), "zyxcc")],
    ],
    ids=str,
)
@pytest.mark.parametrize("dtype", ["f8", "u1"])
def test_plain_arrays_keep_their_axes(shape, axes, order, dtype, tmp_path):
    given = count(*shape, dtype=dtype)
    data = on_image(given, axes)
    plain(data, tmp_path / "a.npz", axes=order)
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert again.GetClassName() == "vtkImageData"
    assert dims_of(again) == dims_of(data)
    # NumPy's view of the array in the order z y x c.
    expected = given
    for k, letter in enumerate(axes.replace("-y", "Y")):
        expected = np.flip(expected, k) if letter == "Y" else expected
    letters = axes.replace("-", "")
    expected = expected.transpose(sorted(range(len(letters)), key=lambda k: "zyxc".index(letters[k])))
    np.testing.assert_array_equal(places(again), expected.reshape(*dims_of(data)[::-1], -1))


def test_axes_are_added_where_they_are_needed_and_nowhere_else(tmp_path):
    for values_, axes, expected in (
        (count(4, 5, 6), "zyx", None),
        (count(4, 5, 6, 3), "zyxc", None),
        (count(5, 6), "yx", None),
        (count(5, 6, 3), "yxc", None),
        (count(5, 6, 3), "zyx", "zyx"),
        (count(5, 6, 3, dtype="u1"), "-yxc", "-yxc"),
        (count(30, 2), "yx", "yx"),
    ):
        arrays = plain(on_image(values_, axes), tmp_path / "a.npz")
        assert (str(arrays["axes"]) if "axes" in arrays else None) == expected, (values_.shape, axes)


@pytest.mark.parametrize("order", ["zyx", "xyz"])
@pytest.mark.parametrize("kind", ["Rectilinear Grid", "Structured Grid"])
@pytest.mark.parametrize("dims", [(4, 4, 4), (2, 3, 5), (5, 3, 2), (3, 3, 1), (3, 5, 3)], ids=str)
def test_grids_keep_their_axes(kind, dims, order, tmp_path):
    given = count(*dims[::-1])
    data = npyvtk.to_vtk({"a": given, "v": count(*dims[::-1], 3)}, axes="zyx,zyxc", dataset_type=kind)
    plain(data, tmp_path / "a.npz", axes=order)
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert again.GetClassName() == f"vtk{kind.replace(' ', '')}"
    assert dims_of(again) == dims
    np.testing.assert_array_equal(places(again)[..., 0], given)
    np.testing.assert_array_equal(places(again, "v"), count(*dims[::-1], 3))
    assert again.GetBounds() == data.GetBounds()


@pytest.mark.parametrize("ranks", [1, 2, 3])
def test_axes_are_the_same_from_many_ranks(ranks, tmp_path):
    def make():
        return image((0, 2, 0, 6, 0, 4))

    npyvtk.write(tmp_path / "serial.npz", make())
    pieces = [cut(make, one) for one in extents((0, 2, 0, 6, 0, 4), ranks)]
    on_ranks(ranks, lambda rank: write.save_pieces(tmp_path / "a.npz", pieces[rank.rank], WriteOptions(), rank))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()
    with np.load(tmp_path / "a.npz") as file:
        assert str(file["axes"]) == "zyx"


def test_axes_of_time_steps(tmp_path):
    steps = [image((0, 2, 0, 6, 0, 4), seed=k) for k in range(3)]
    with Stack(tmp_path / "a.npz", 3) as stack:
        for k, step in enumerate(steps):
            stack.add(step, k / 2)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        assert file["T"].shape == (3, 5, 7, 3)
        arrays = {name: file[name] for name in file.files if name != "vtk"}
    np.savez(tmp_path / "b.npz", **arrays)
    for k, step in enumerate(steps):
        again = npyvtk.read(str(tmp_path / "b.npz"), step=k)
        assert dims_of(again) == (3, 7, 5)
        np.testing.assert_array_equal(places(again, "T"), places(step, "T"))


def test_a_member_axes_is_no_surprise_beside_vtk(tmp_path):
    data = on_image(count(5, 6, 3), "zyx")
    npyvtk.write(tmp_path / "a.npz", data)
    found = npyvtk.describe.describe(str(tmp_path / "a.npz"))
    assert "axes: names the axes for those who read by names and shapes" in found.lines
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert again.GetFieldData().GetNumberOfArrays() == 0
    assert dims_of(again) == (3, 6, 5)
    data.GetFieldData().AddArray(array(np.arange(3.0), "axes"))  # whose name is taken
    npyvtk.write(tmp_path / "a.npz", data)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["axes"], np.arange(3.0))


def box(make, extent):
    """A grid with data on its points and on its cells, that NumPy made."""
    data = make(extent)
    rng = np.random.default_rng(5)
    for attributes, n in (
        (data.GetPointData(), data.GetNumberOfPoints()),
        (data.GetCellData(), data.GetNumberOfCells()),
    ):
        where = "p" if attributes is data.GetPointData() else "c"
        attributes.AddArray(array(rng.random(n), f"{where}_scalar"))
        attributes.AddArray(array(rng.random((n, 3)).astype("f4"), f"{where}_vector"))
        attributes.AddArray(array(rng.random((n, 9)), f"{where}_tensor"))
        attributes.AddArray(array(rng.integers(0, 99, n).astype("u1"), f"{where}_mask"))
    return data


def placed(extent):
    data = vtkImageData()
    data.SetExtent(extent)
    data.SetOrigin(1.5, -2, 30)
    data.SetSpacing(0.1, 2, 3)
    data.SetDirectionMatrix(0, 1, 0, -1, 0, 0, 0, 0, 1)
    return data


def stretched(extent):
    data = vtkRectilinearGrid()
    data.SetExtent(extent)
    for k, put in enumerate((data.SetXCoordinates, data.SetYCoordinates, data.SetZCoordinates)):
        put(array(np.linspace(-1, 2, extent[2 * k + 1] - extent[2 * k] + 1) ** 3))
    return data


def bent(extent):
    data = vtkStructuredGrid()
    data.SetExtent(extent)
    n = [extent[2 * k + 1] - extent[2 * k] + 1 for k in range(3)]
    data.SetPoints(points(np.random.default_rng(2).random((np.prod(n), 3))))
    return data


def mesh(sizes):
    """A maker of an unstructured grid with cells of these (type, points); it is told no extent."""

    def make(_extent):
        data = vtkUnstructuredGrid()
        data.SetPoints(points(np.random.default_rng(2).random((11, 3))))
        for k, (kind, width) in enumerate(sizes):
            data.InsertNextCell(kind, width, [(k + j) % 11 for j in range(width)])
        return data

    return make


def surface(_extent):
    data = poly()
    for attributes in (data.GetPointData(), data.GetCellData()):
        attributes.Initialize()
    return data


def cloud(_extent):
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(2).random((11, 3))))
    data.SetVerts(cell_array([[k] for k in range(11)]))
    return data


def kept(data, name):
    """Of the arrays on points or cells: names and values."""
    attributes = getattr(data, f"Get{name}Data")()
    return {attributes.GetArrayName(k): values(attributes.GetArray(k)) for k in range(attributes.GetNumberOfArrays())}


# Long and short along each axis, flat, a line, as long along all, and as many along one as a vector has components.
EXTENTS = [
    *[(0, 4, 0, 5, 0, 6), (0, 2, 0, 5, 0, 3), (0, 1, 0, 5, 0, 3), (0, 4, 0, 5, 0, 0), (0, 0, 0, 5, 0, 3)],
    *[(0, 3, 0, 3, 0, 3), (0, 1, 0, 1, 0, 1), (0, 8, 0, 5, 0, 8), (0, 99, 0, 2, 0, 0), (0, 0, 0, 0, 0, 4)],
]


@pytest.mark.parametrize("extent", EXTENTS, ids=str)
@pytest.mark.parametrize("order", ["zyx", "xyz"])
@pytest.mark.parametrize("make", [placed, stretched, bent], ids=lambda make: make.__name__)
def test_grids_are_whole_without_the_member_vtk(make, extent, order, tmp_path):
    assert_whole(box(make, extent), tmp_path, axes=order)


@pytest.mark.parametrize(
    "make",
    [surface, mesh([(10, 4)] * 3), mesh([(12, 8)] * 2), mesh([(11, 8)] * 4), mesh([(10, 4), (12, 8), (7, 5), (1, 1)])],
    ids=["surface", "tetrahedra", "hexahedra", "voxels", "mixed"],
)
def test_meshes_are_whole_without_the_member_vtk(make, tmp_path):
    assert_whole(box(make, None), tmp_path)


def test_points_are_whole_without_the_member_vtk(tmp_path):
    data = box(cloud, None)
    data.GetCellData().Initialize()
    assert_whole(data, tmp_path)


def assert_whole(data, tmp_path, **options):
    assert_whole_by_the_page(plain(data, tmp_path / "a.npz", **options), data)
    again = npyvtk.read(str(tmp_path / "a.npz"))
    # Names do not tell poly data.
    assert again.GetClassName() == ("vtkUnstructuredGrid" if data.IsA("vtkPolyData") else data.GetClassName())
    assert again.GetNumberOfPoints() == data.GetNumberOfPoints()
    at = [np.array([one.GetPoint(k) for k in range(one.GetNumberOfPoints())]) for one in (again, data)]
    np.testing.assert_allclose(at[0], at[1], rtol=1e-14)
    assert cells(again) == cells(data)
    for name in ("Point", "Cell"):
        found, expected = kept(again, name), kept(data, name)
        assert set(found) == set(expected)
        for array_name, one in expected.items():
            assert found[array_name].dtype == one.dtype
            np.testing.assert_array_equal(found[array_name], one)


def assert_whole_by_the_page(arrays, data):
    """Assert that a reader who knows docs/npz.md and not this package gets the same."""
    found = read_by_the_page(arrays)
    at = np.array([data.GetPoint(k) for k in range(data.GetNumberOfPoints())])
    np.testing.assert_allclose(found.points, at, rtol=1e-14, atol=1e-14)
    assert found.cells is None or found.cells == [one[:2] for one in cells(data)]
    for name in ("Point", "Cell"):
        expected = {array: one.reshape(len(one), -1) for array, one in kept(data, name).items()}
        ours = getattr(found, name.lower())
        assert set(ours) == set(expected)
        for array_name, one in expected.items():
            np.testing.assert_array_equal(ours[array_name], one)


# What docs/npz.md lists as lost, one test for each row of its table.


def test_lost_which_of_points_and_cells_where_there_are_as_many_of_both(tmp_path):
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(2).random((4, 3))))
    for k in range(4):
        data.InsertNextCell(5, 3, [(k + j) % 4 for j in range(3)])
    data.GetCellData().AddArray(array(np.arange(4.0), "a"))
    plain(data, tmp_path / "a.npz")
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert (list(kept(again, "Point")), list(kept(again, "Cell"))) == (["a"], [])
    again = npyvtk.read(str(tmp_path / "a.npz"), association="Cell Data")
    assert (list(kept(again, "Point")), list(kept(again, "Cell"))) == ([], ["a"])


def test_lost_that_an_image_has_data_on_cells_alone(tmp_path):
    data = vtkImageData()
    data.SetDimensions(4, 5, 6)
    data.GetCellData().AddArray(array(np.arange(60.0), "a"))
    plain(data, tmp_path / "a.npz")
    assert npyvtk.read(str(tmp_path / "a.npz")).GetDimensions() == (3, 4, 5)
    again = npyvtk.read(str(tmp_path / "a.npz"), association="Cell Data")
    assert again.GetDimensions() == (4, 5, 6)
    np.testing.assert_array_equal(kept(again, "Cell")["a"].ravel(), np.arange(60.0))


def test_lost_the_first_index_of_a_grid(tmp_path):
    data = box(placed, (3, 6, -2, 2, 1, 4))
    plain(data, tmp_path / "a.npz")
    again = npyvtk.read(str(tmp_path / "a.npz"))
    assert again.GetExtent() == (0, 3, 0, 4, 0, 3)
    np.testing.assert_allclose(again.GetBounds(), data.GetBounds(), rtol=1e-14)


def test_lost_the_columns_of_a_table_with_vectors(tmp_path):
    data = vtkTable()
    data.AddColumn(array(np.arange(7.0), "a"))
    data.AddColumn(array(count(7, 3), "v"))
    arrays = plain(data, tmp_path / "a.npz")
    np.testing.assert_array_equal(arrays["v"], count(7, 3))
    assert npyvtk.read(str(tmp_path / "a.npz")).IsA("vtkPointSet")  # v is taken for positions
    again = npyvtk.read(str(tmp_path / "a.npz"), dataset_type="Table")
    np.testing.assert_array_equal(values(again.GetRowData().GetArray("v")), count(7, 3))


def test_lost_the_structure_of_blocks(tmp_path):
    data = vtkMultiBlockDataSet()
    data.SetBlock(0, mesh([(10, 4)])(None))
    data.SetBlock(1, mesh([(12, 8)])(None))
    arrays = plain(data, tmp_path / "a.npz")
    assert set(arrays) == {"block0/points", "block1/points", "tetras", "cells"}


def test_lost_that_a_grid_without_data_is_one(tmp_path):
    arrays = plain(stretched((0, 3, 0, 3, 0, 3)), tmp_path / "a.npz")
    assert set(arrays) == {"x", "y", "z"}
    assert npyvtk.read(str(tmp_path / "a.npz")).GetNumberOfPoints() == 4
    again = npyvtk.read(str(tmp_path / "a.npz"), dataset_type="Rectilinear Grid")
    assert dims_of(again) == (4, 4, 4)


def test_lost_that_points_have_no_cells(tmp_path):
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(2).random((6, 3))))
    plain(data, tmp_path / "a.npz")
    assert cells(npyvtk.read(str(tmp_path / "a.npz"))) == [(1, [k], []) for k in range(6)]


def test_lost_the_faces_of_polyhedra(tmp_path):
    arrays = plain(polyhedra(), tmp_path / "a.npz")
    assert arrays["polyhedron_faces"].size == 46
    with pytest.raises(npyvtk.NumPyIOError, match="polyhedron_faces"):
        npyvtk.read(str(tmp_path / "a.npz"))


def test_lost_names_of_components_and_what_is_active(tmp_path):
    data = box(placed, (0, 4, 0, 5, 0, 6))
    data.GetPointData().SetActiveScalars("p_mask")
    data.GetPointData().GetArray("p_vector").SetComponentName(0, "east")
    plain(data, tmp_path / "a.npz")
    again = npyvtk.read(str(tmp_path / "a.npz")).GetPointData()
    assert again.GetScalars().GetName() == "p_scalar"
    assert again.GetArray("p_vector").GetComponentName(0) is None


def test_lost_an_array_that_is_called_as_geometry_is(tmp_path):
    data = box(stretched, (0, 4, 0, 5, 0, 6))
    data.GetPointData().AddArray(array(count(210), "x"))
    arrays = plain(data, tmp_path / "a.npz")
    np.testing.assert_array_equal(arrays["x"].ravel(), np.arange(210))
    assert arrays["x_geometry"].shape == (5,)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("kind", "width"), [one for one in TYPES if one[1] > 1], ids=str)
def test_a_first_point_is_not_taken_for_the_number_of_points(kind, width, count, tmp_path):
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(kind).random((width + 4, 3))))
    others = [k for k in range(width + 4) if k != width - 1]
    for k in range(count):
        data.InsertNextCell(kind, width, [width - 1, *others[k : k + width - 1]])
    plain(data, tmp_path / "a.npz")
    assert cells(npyvtk.read(str(tmp_path / "a.npz"))) == cells(data)
