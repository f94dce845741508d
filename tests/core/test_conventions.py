"""What names, shapes and dtypes mean: every row of the tables in the README, and what does not fit them."""

from __future__ import annotations

import re

import npyvtk
import numpy as np
import pytest
from npyvtk.__main__ import main
from npyvtk.describe import describe
from npyvtk.errors import NumPyIOError, OptionError
from npyvtk.load import load
from npyvtk.options import ReadOptions
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import mutable
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet

RANDOM = np.random.default_rng(7)


def ramp(*shape, dtype="f8"):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


@pytest.fixture
def opened(tmp_path):
    """``opened(arrays, **options)``: (dataset, lines) of an array or of what numpy.savez is given."""

    def open_it(arrays, *, chosen=None, step=0, **options):
        single = not isinstance(arrays, dict)
        path = str(tmp_path / ("data.npy" if single else "data.npz"))
        np.save(path, arrays) if single else np.savez(path, **arrays)
        asked = ReadOptions(**options)
        found = describe(path, asked)
        data = load(found, asked, arrays=chosen, step=step)
        return data, found.lines

    return open_it


def attribute_names(data, of="Point"):
    attributes = getattr(data, f"Get{of}Data")()
    return [attributes.GetAbstractArray(k).GetName() for k in range(attributes.GetNumberOfArrays())]


def values(data, name, of="Point"):
    return vtk_to_numpy(getattr(data, f"Get{of}Data")().GetArray(name))


def positions(data):
    return np.array([data.GetPoint(k) for k in range(data.GetNumberOfPoints())])


def blocks(data):
    """Name -> dataset of a collection."""
    assert data.GetClassName() == "vtkPartitionedDataSetCollection"
    return {
        data.GetMetaData(k).Get(vtkCompositeDataSet.NAME()): data.GetPartitionAsDataObject(k, 0)
        for k in range(data.GetNumberOfPartitionedDataSets())
    }


# ---------------------------------------------------------------------------------------------------
# the table of auto

AUTO = [
    # shape, class, axes in the line, dimensions or rows, steps
    ((), "vtkTable", "", 1),
    ((1,), "vtkTable", "n", 1),
    ((7,), "vtkTable", "n", 7),
    ((4, 2), "vtkUnstructuredGrid", "nc", 4),
    ((4, 3), "vtkUnstructuredGrid", "nc", 4),
    ((3, 3), "vtkImageData", "yx", (3, 3, 1)),
    ((3, 2), "vtkImageData", "yx", (2, 3, 1)),
    ((4, 4), "vtkImageData", "yx", (4, 4, 1)),
    ((4, 1), "vtkTable", "nc", 4),
    ((1, 4), "vtkTable", "cn", 4),
    ((1, 1), "vtkTable", "nc", 1),
    ((400, 4), "vtkTable", "nc", 400),
    ((399, 4), "vtkImageData", "yx", (4, 399, 1)),
    ((1600, 16), "vtkTable", "nc", 1600),
    ((1700, 17), "vtkImageData", "yx", (17, 1700, 1)),
    ((2, 50), "vtkImageData", "yx", (50, 2, 1)),
    ((5, 6, 2), "vtkImageData", "yxc", (6, 5, 1)),
    ((5, 6, 3), "vtkImageData", "yxc", (6, 5, 1)),
    ((5, 6, 4), "vtkImageData", "yxc", (6, 5, 1)),
    ((3, 5, 6), "vtkImageData", "zyx", (6, 5, 3)),
    ((5, 6, 1), "vtkImageData", "yxc", (6, 5, 1)),
    ((5, 6, 9), "vtkImageData", "zyx", (9, 6, 5)),
    *[((5, 6, 7, k), "vtkImageData", "zyxc", (7, 6, 5)) for k in (1, 2, 3, 4, 6, 9)],
    *[((5, 4, 3, k), "vtkImageData", "tzyx", (k, 3, 4)) for k in (5, 7, 8, 10)],
    *[((2, 5, 6, 7, k), "vtkImageData", "tzyxc", (7, 6, 5)) for k in (1, 2, 3, 4, 6, 9)],
    ((2, 3, 4, 5, 8), "vtkImageData", "ttzyx", (8, 5, 4)),
    ((4, 5, 6, 3, 3), "vtkImageData", "zyxcc", (6, 5, 4)),
    ((2, 4, 5, 6, 3, 3), "vtkImageData", "tzyxcc", (6, 5, 4)),
    ((2, 2, 2, 4, 5, 3), "vtkImageData", "ttzyxc", (5, 4, 2)),
    ((2, 2, 2, 3, 4, 5), "vtkImageData", "tttzyx", (5, 4, 3)),
    ((2, 1, 2, 1, 3, 4, 5), "vtkImageData", "ttttzyx", (5, 4, 3)),
]


@pytest.mark.parametrize(("shape", "kind", "axes", "size"), AUTO, ids=[str(row[0]) for row in AUTO])
@pytest.mark.parametrize("order", "CF")
def test_auto(opened, shape, kind, axes, size, order):
    array = np.asarray(ramp(*shape), order=order)
    data, lines = opened(array)
    assert data.GetClassName() == kind
    assert str(shape) in lines[0]
    assert f"axes {axes}" in lines[0] if axes else "axes" not in lines[0]
    if kind == "vtkTable":
        assert data.GetNumberOfRows() == size
        np.testing.assert_array_equal(values(data, "data", "Row").ravel(), array.ravel())
    elif kind == "vtkUnstructuredGrid":
        assert data.GetNumberOfPoints() == data.GetNumberOfCells() == size
        np.testing.assert_array_equal(positions(data)[:, : shape[1]], array)
    else:
        assert data.GetDimensions() == size
        first = array[(0,) * axes.count("t")]
        assert values(data, "data").size == first.size
        np.testing.assert_array_equal(values(data, "data").ravel(), first.ravel(order="C"))


@pytest.mark.parametrize("step", [0, 1, 3, 7])
def test_folded_time_counts_like_the_file(opened, step):
    array = ramp(2, 2, 2, 3, 4, 5)
    data, _ = opened(array, step=step)
    np.testing.assert_array_equal(values(data, "data"), array.reshape(8, 60)[step])


@pytest.mark.parametrize("dtype", ["?", "c8", "M8[s]", [("a", "f4")]], ids=str)
def test_points_are_real_numbers(opened, dtype):
    data, lines = opened(np.zeros((9, 3), dtype))
    assert data.GetClassName() == "vtkImageData"
    assert "axes yx" in lines[0]


@pytest.mark.parametrize("dtype", ["i1", "u8", ">f4", "f2", "g"])
def test_points_of_any_real_dtype(opened, dtype):
    array = RANDOM.integers(0, 99, (9, 3)).astype(dtype)
    data, _ = opened(array)
    np.testing.assert_array_equal(positions(data), array)


def test_points_hold_float32_as_float32_and_the_rest_exactly(opened):
    assert opened(np.ones((5, 3), "f4"))[0].GetPoints().GetData().GetDataTypeAsString() == "float"
    array = np.array([[2**31 - 1, 1, 0]] * 4, "i4")
    np.testing.assert_array_equal(positions(opened(array)[0]), array)


def test_one_dimension_of_records_is_a_table(opened):
    array = np.zeros(4, [("a", "f4"), ("b", "i2")])
    array["b"] = [1, 2, 3, 4]
    data, _ = opened(array)
    assert data.GetClassName() == "vtkTable"
    assert attribute_names(data, "Row") == ["a", "b"]
    np.testing.assert_array_equal(values(data, "b", "Row"), array["b"])


# ---------------------------------------------------------------------------------------------------
# Axes


@pytest.mark.parametrize(
    ("shape", "axes", "dims", "order"),
    [
        ((2, 3, 4), "xyz", (2, 3, 4), (2, 1, 0)),
        ((2, 3, 4), "xzy", (2, 4, 3), (1, 2, 0)),
        ((3, 4), "xy", (3, 4, 1), (1, 0)),
        ((3, 4), "zx", (4, 1, 3), (0, 1)),
        ((3, 4), "zy", (1, 4, 3), (0, 1)),
        ((6,), "x", (6, 1, 1), (0,)),
        ((6,), "z", (1, 1, 6), (0,)),
        ((3, 4, 5), "cyx", (5, 4, 1), (1, 2, 0)),
        ((3, 4, 5), "xyc", (3, 4, 1), (1, 0, 2)),
    ],
)
def test_axes(opened, shape, axes, dims, order):
    array = ramp(*shape)
    data, _ = opened(array, axes=axes)
    assert data.GetDimensions() == dims
    np.testing.assert_array_equal(values(data, "data").ravel(), np.transpose(array, order).ravel())


def test_a_minus_turns_the_first_row_to_the_top(opened):
    array = ramp(3, 4)
    data, _ = opened(array, axes="-yx")
    assert values(data, "data")[data.ComputePointId((0, 2, 0))] == array[0, 0]
    assert values(data, "data")[data.ComputePointId((3, 0, 0))] == array[2, 3]


def test_reversed_time_runs_backwards(opened):
    array = ramp(3, 4, 5)
    data, _ = opened(array, axes="-tyx", step=0)
    np.testing.assert_array_equal(values(data, "data"), array[2].ravel())


def test_components_in_front_make_points(opened):
    array = RANDOM.random((3, 10))
    data, _ = opened(array, axes="cn")
    np.testing.assert_array_equal(positions(data), array.T)


@pytest.mark.parametrize(("axes", "order"), [("tnc", (0, 1, 2)), ("nct", (2, 0, 1)), ("cnt", (2, 1, 0))])
def test_points_move(opened, axes, order):
    shape = {"tnc": (4, 10, 3), "nct": (10, 3, 4), "cnt": (3, 10, 4)}[axes]
    array = RANDOM.random(shape)
    for step in (0, 3):
        data, _ = opened(array, axes=axes, step=step)
        np.testing.assert_array_equal(positions(data), np.transpose(array, order)[step])


def test_rows_with_time(opened):
    array = ramp(3, 5)
    data, _ = opened(array, axes="tn", step=2)
    np.testing.assert_array_equal(values(data, "data", "Row"), array[2])


def test_several_strings_go_by_length(opened):
    data, _ = opened({"a": ramp(3, 4, 5), "b": ramp(3, 4)}, axes="xyz,xy")
    found = blocks(data)
    assert found["a"].GetDimensions() == (3, 4, 5)
    assert found["b"].GetDimensions() == (3, 4, 1)


def test_the_file_names_its_axes(opened):
    array = ramp(2, 3, 5)
    data, lines = opened({"a": array, "axes": "xyz"})
    assert data.GetDimensions() == (2, 3, 5)
    assert any("names the axes" in line for line in lines)
    assert opened({"a": array, "axes": "xyz"}, axes="zyx")[0].GetDimensions() == (5, 3, 2)
    data, lines = opened({"a": array, "axes": "nonsense"})
    assert data.GetDimensions() == (5, 3, 2)
    assert any(line.startswith("axes:") and "plain data" in line for line in lines)


@pytest.mark.parametrize(
    ("axes", "words"),
    [("zyx", "names 3 axes, but 'data' has the shape"), ("yx,xy", "both name 2 axes"), ("yw", "found 'w'")],
)
def test_axes_that_fit_nothing_are_refused(opened, axes, words):
    with pytest.raises(OptionError, match=words) as caught:
        opened(ramp(3, 4), axes=axes)
    assert "data.npy" in str(caught.value)


# ---------------------------------------------------------------------------------------------------
# geometry of images


def test_origin_spacing_direction(opened):
    turn = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    array = ramp(2, 3, 5)
    data, lines = opened({"a": array, "origin": [1, 2, 3], "spacing": [0.5, 2, 4], "direction": turn})
    assert attribute_names(data) == ["a"]
    for index in np.ndindex(2, 3, 5):
        z, y, x = index
        k = data.ComputePointId((x, y, z))
        expected = np.array([1, 2, 3]) + np.array(turn) @ (np.array([x, y, z]) * [0.5, 2, 4])
        np.testing.assert_allclose(data.GetPoint(k), expected)
        assert values(data, "a")[k] == array[index]
    assert sum("geometry of the image" in line for line in lines) == 3


def test_affine(opened):
    affine = np.array([[0, -2, 0, 10], [3, 0, 0, 20], [0, 0, 5, 30], [0, 0, 0, 1.0]])
    array = ramp(2, 3, 5)
    data, lines = opened({"a": array, "affine": affine})
    for ijk in np.ndindex(2, 3, 5):
        point = data.ComputePointId(ijk)
        np.testing.assert_allclose(data.GetPoint(point), (affine @ [*ijk, 1])[:3])
        assert values(data, "a")[point] == array[ijk]
    assert any(line.startswith("affine:") and "xyz" in line for line in lines)


def test_numbers_one_by_one(opened):
    data, _ = opened({"h": ramp(3, 4), "dx": 0.5, "dy": 0.25, "xmin": -84, "ymin": 36})
    assert data.GetSpacing() == (0.5, 0.25, 1)
    assert data.GetOrigin() == (-84, 36, 0)
    assert attribute_names(data, "Field") == []


def test_negative_spacing_turns_the_axis(opened):
    data, _ = opened({"h": ramp(3, 4), "spacing": [1, -2]})
    np.testing.assert_allclose(data.GetPoint(data.ComputePointId((3, 2, 0))), (3, -4, 0))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("spacing", [1, 2, 3, 4]),
        ("spacing", [1, np.nan, 1]),
        ("spacing", "1 2 3"),
        ("origin", [1]),
        ("origin", [np.inf, 0, 0]),
        ("direction", np.zeros((3, 3))),
        ("direction", np.eye(4)),
        ("affine", np.zeros((4, 4))),
        ("affine", np.ones((2, 2))),
        ("dx", 2.0),
        ("dx", [1, 2]),
    ],
    ids=str,
)
def test_geometry_that_does_not_fit_is_plain_data(opened, name, value):
    data, lines = opened({"a": ramp(5, 6), name: value})
    assert data.GetClassName() == "vtkImageData"
    assert (data.GetOrigin(), data.GetSpacing()) == ((0, 0, 0), (1, 1, 1))
    assert attribute_names(data, "Field") == [name]
    assert sum(line.startswith(f"{name}:") for line in lines) >= 1


@pytest.mark.parametrize("shape", [(3, 4, 5), (1, 4, 5), (4, 5)], ids=str)
@pytest.mark.parametrize(
    ("members", "spacing"),
    [
        ({"spacing": [0.1, 0.2, 0]}, (0.1, 0.2, 1)),
        ({"dx": 0.1, "dy": 0.2, "dz": 0.0}, (0.1, 0.2, 1)),
        ({"spacing": 0.5}, (0.5, 0.5, 0.5)),
        ({"spacing": [0.5]}, (0.5, 0.5, 0.5)),
        ({"voxel_size": 0.5}, (0.5, 0.5, 0.5)),
        ({"pixel_size": [0.5, 0.5]}, (0.5, 0.5, 0.5)),
        ({"resolution": 0.5}, (0.5, 0.5, 0.5)),
        ({"resolution": 2, "origin": [0, 0, 0]}, (2, 2, 2)),
    ],
    ids=lambda value: "-".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_spacings_of_other_forms(opened, members, spacing, shape):
    data, lines = opened({"a": ramp(*shape), **members})
    assert data.GetSpacing() == spacing
    said = [line for line in lines if "stands for 1" in line]
    assert bool(said) == (shape[0] == 3 and any(0 in np.ravel(v) for k, v in members.items() if k != "origin"))
    numbers = " ".join(f"{v:g}" for v in spacing)
    assert any(line.startswith("geometry:") and f"spacing {numbers} (from" in line for line in lines)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"dx": 2.0}, "dx: not used without dy"),
        ({"dz": 2.0}, "dz: not used without dx and dy"),
        ({"xmin": 2.0}, "xmin: not used without ymin"),
        ({"xmin": 0.0, "xmax": 5.0, "ymin": 0.0, "ymax": 4.0}, "xmax: not used"),
        ({"direction": np.zeros((3, 3))}, "direction: no matrix of full rank"),
        ({"voxel_size": [1, 2, 3.0]}, r"voxel_size: \(3,\) is not used.* set Spacing"),
        ({"resolution": 300}, "resolution: a whole number may count samples"),
        ({"resolution": 6, "origin": [0.0, 0, 0]}, "resolution: a whole number may count samples"),
        ({"bounds": [0.0, 5, 0, 4]}, "bounds: .* set Origin and Spacing"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_places_that_are_not_used_are_named(opened, members, words):
    data, lines = opened({"a": ramp(5, 6), **members})
    assert data.GetSpacing() == (1, 1, 1)
    assert any(re.match(words, line) for line in lines), lines
    for name in set(members) - {"origin", "xmin", "ymin"}:
        assert name in attribute_names(data, "Field")


@pytest.mark.parametrize("cells", [(False, False), (True, True), (True, False)], ids=["points", "cells", "one"])
@pytest.mark.parametrize("signs", [(1, 1), (1, -1), (-1, 1), (-1, -1)], ids=str)
@pytest.mark.parametrize("negative_d", [False, True])
def test_minima_and_maxima(opened, cells, signs, negative_d):
    array, d, low = ramp(4, 6), (0.25, 2.0), (10.0, 50.0)
    counts = (6, 4)
    members = {"dx": d[0], "dy": d[1]}
    for k, letter in enumerate("xy"):
        members[f"{letter}min"] = low[k]
        members[f"{letter}max"] = low[k] + signs[k] * d[k] * (counts[k] if cells[k] else counts[k] - 1)
        if negative_d and signs[k] < 0:
            members[f"d{letter}"] *= -1
    data, lines = opened({"h": array, **members})
    # The k-th value is k + 1/2 spacings from the minimum where that is the end of a cell, else k spacings.
    place = [np.array([low[k] + signs[k] * d[k] * (i + 0.5 * cells[k]) for i in range(counts[k])]) for k in (0, 1)]
    found = values(data, "h", "Cell" if any(cells) else "Point")
    for j, i in np.ndindex(4, 6):
        point = [place[0][i], place[1][j], 0.0]
        if any(cells):
            k = data.FindCell(point, None, 0, 0, mutable(0), [0.0] * 3, [0.0] * 8)
            bounds = data.GetCell(k).GetBounds()
            np.testing.assert_allclose([(bounds[0] + bounds[1]) / 2, (bounds[2] + bounds[3]) / 2], point[:2])
        else:
            k = data.FindPoint(point)
            np.testing.assert_allclose(data.GetPoint(k), point)
        assert found[k] == array[j, i]
    assert (
        np.linalg.det(
            np.array([data.GetDirectionMatrix().GetElement(a, b) for a in range(3) for b in range(3)]).reshape(3, 3)
        )
        > 0
    )
    assert attribute_names(data, "Field") == []
    assert any("ymax" in line for line in lines if line.startswith("geometry:"))


def test_maxima_that_contradict_are_said(opened):
    data, lines = opened({"h": ramp(4, 6), "dx": 1.0, "dy": 1.0, "xmin": 0, "xmax": 5, "ymin": 0, "ymax": 17.5})
    assert data.GetBounds() == (0, 5, 0, 3, 0, 0)
    assert any(line.startswith("ymax: contradicts ymin") for line in lines)
    assert attribute_names(data, "Field") == ["ymax"]


@pytest.mark.parametrize("axes", ["yx", "-yx"])
def test_rows_that_run_down_do_so_with_axes_of_the_user(opened, axes):
    members = {"dx": 1.0, "dy": 1.0, "xmin": 0.0, "xmax": 5.0, "ymin": 50.0, "ymax": 47.0}
    data, _ = opened({"h": ramp(4, 6), **members}, axes=axes)
    assert values(data, "h")[data.FindPoint((2, 50, 0))] == ramp(4, 6)[0, 2]


def test_geometry_in_one_line(opened):
    arrays = {"a": ramp(3, 4, 5), "spacing": [0.5, 0.5, 2]}
    for options, words in (
        ({}, "geometry: origin 0 0 0, spacing 0.5 0.5 2 (from spacing)"),
        ({"origin": (1, 2, 3)}, "geometry: origin 1 2 3 (your Origin), spacing 0.5 0.5 2 (from spacing)"),
        ({"spacing": (3, 3, 3)}, "geometry: origin 0 0 0, spacing 3 3 3 (your Spacing)"),
    ):
        _, lines = opened(arrays, **options)
        assert [line for line in lines if line.startswith("geometry")] == [words]


def test_a_place_that_is_ignored_leaves_cells_and_directions_aside(opened):
    members = {"dx": 1.0, "dy": 1.0, "xmin": 0.0, "xmax": 6.0, "ymin": 50.0, "ymax": 46.0}
    data, lines = opened({"h": ramp(4, 6), **members}, ignore_file_geometry=True)
    assert data.GetBounds() == (0, 5, 0, 3, 0, 0)
    np.testing.assert_array_equal(values(data, "h"), ramp(24))
    assert any(line.startswith("ymax:") and "IgnoreFileGeometry" in line for line in lines)


def test_geometry_of_what_the_writer_wrote(opened, tmp_path):
    data, _ = opened({"a": ramp(3, 4, 5), "spacing": [0.5, 0.5, 2]})
    npyvtk.write(tmp_path / "out.npz", data)
    for options, words in (
        ({}, "geometry: origin 0 0 0 (from origin), spacing 0.5 0.5 2 (from spacing)"),
        ({"origin": (1, 2, 3)}, "geometry: origin 1 2 3 (your Origin), spacing 0.5 0.5 2 (from spacing)"),
    ):
        lines = describe(str(tmp_path / "out.npz"), ReadOptions(**options)).lines
        assert [line for line in lines if line.startswith("geometry")] == [words]


def test_the_user_goes_before_the_file_and_may_set_one_alone(opened):
    arrays = {"a": ramp(2, 3, 4), "origin": [1, 2, 3], "spacing": [0.5, 2, 4]}
    data, _ = opened(arrays, origin=(7, 8, 9))
    assert (data.GetOrigin(), data.GetSpacing()) == ((7, 8, 9), (0.5, 2, 4))
    data, _ = opened(arrays, spacing=(1, 1, 1))
    assert (data.GetOrigin(), data.GetSpacing()) == ((1, 2, 3), (1, 1, 1))


# ---------------------------------------------------------------------------------------------------
# rectilinear and structured grids

NAMES = [("x", "y", "z"), ("lon", "lat", "depth"), ("longitude", "latitude", "level"), ("x", "lat", "height")]


@pytest.mark.parametrize("names", NAMES, ids="-".join)
@pytest.mark.parametrize("cell", [False, True], ids=["point", "cell"])
def test_rectilinear(opened, names, cell):
    x, y, z = np.array([0, 1, 3, 7.0, 8]), np.array([10, 11, 15, 19.0]), np.array([-5, 0, 1.0])
    array = ramp(2, 3, 4) if cell else ramp(3, 4, 5)
    data, _ = opened({"a": array, **dict(zip(names, (x, y, z)))})
    assert data.GetClassName() == "vtkRectilinearGrid"
    assert data.GetDimensions() == (5, 4, 3)
    assert data.GetBounds() == (0, 8, 10, 19, -5, 1)
    np.testing.assert_array_equal(values(data, "a", "Cell" if cell else "Point"), array.ravel())
    k, j, i = 2, 1, 3
    assert data.GetPoint(data.ComputePointId((i, j, k))) == (x[i], y[j], z[k])


def test_rectilinear_as_pyevtk_writes(opened):
    array = ramp(5, 4, 3)
    data, lines = opened({"x": ramp(5), "y": ramp(4), "z": ramp(3), "a": array})
    assert data.GetDimensions() == (5, 4, 3)
    np.testing.assert_array_equal(values(data, "a"), np.transpose(array).ravel())
    assert any("axes xyz" in line for line in lines)


def test_rectilinear_where_both_orders_fit(opened):
    arrays = {"x": ramp(4), "y": ramp(5), "z": ramp(4), "a": ramp(4, 5, 4)}
    data, lines = opened(arrays)
    np.testing.assert_array_equal(values(data, "a"), arrays["a"].ravel())
    assert any("xyz fits the coordinates as well" in line for line in lines)
    data, lines = opened(arrays, axes="xyz")
    np.testing.assert_array_equal(values(data, "a"), np.transpose(arrays["a"]).ravel())


@pytest.mark.parametrize("components", [(3,), (3, 3)], ids=["vectors", "tensors"])
def test_rectilinear_components(opened, components):
    array = ramp(2, 4, 5, *components)
    data, _ = opened({"x": ramp(5), "y": ramp(4), "z": ramp(2), "a": array})
    np.testing.assert_array_equal(values(data, "a"), array.reshape(40, -1))


def test_rectilinear_in_the_plane_with_time(opened):
    array = ramp(6, 4, 5)
    data, _ = opened({"x": ramp(5), "y": ramp(4), "a": array, "time": ramp(6)}, step=4)
    assert data.GetDimensions() == (5, 4, 1)
    np.testing.assert_array_equal(values(data, "a"), array[4].ravel())


def test_falling_coordinates_are_read_backwards(opened):
    x, y = np.array([0, 1, 3.0]), np.array([90, 45, 0, -90.0])
    array = ramp(4, 3)
    data, lines = opened({"lon": x, "lat": y, "a": array})
    for j, i in np.ndindex(4, 3):
        k = data.FindPoint((x[i], y[j], 0))
        assert values(data, "a")[k] == array[j, i]
    assert data.GetBounds() == (0, 3, -90, 90, 0, 0)
    assert any("read backwards" in line for line in lines)


def test_falling_coordinates_of_unsigned_numbers(opened):
    data, _ = opened({"x": ramp(4), "y": np.array([3, 2, 1], "u1"), "a": ramp(3, 4)})
    np.testing.assert_array_equal(values(data, "a"), ramp(3, 4)[::-1].ravel())


@pytest.mark.parametrize("y", [[0, 2, 1, 3], [0, 0, 1, 2], [0, 1, np.nan, 3]], ids=["jumps", "repeats", "nan"])
def test_irregular_coordinates_are_plain_data(opened, y):
    data, lines = opened({"x": ramp(5), "y": np.array(y, float), "a": ramp(4, 5)})
    assert data.GetClassName() == "vtkImageData"
    assert "y" in attribute_names(data, "Field")
    assert any("neither rises nor falls" in line for line in lines)


X = np.array([100.0, 101, 103, 106, 108, 110, 111, 113, 117])
Y, Z = np.array([40.0, 35, 30, 25, 22, 20]), np.array([7.0, 5, 2, 0])


@pytest.mark.parametrize("lacking", "zyx")
@pytest.mark.parametrize("order", [1, -1], ids=["zyx", "xyz"])
@pytest.mark.parametrize("alone", [False, True])
@pytest.mark.parametrize("cell", [False, True], ids=["point", "cell"])
def test_a_field_without_one_axis_lies_on_the_others(opened, lacking, order, alone, cell):
    coordinates = {"x": X, "y": Y, "z": Z}
    lengths = {letter: len(v) - cell for letter, v in coordinates.items()}
    letters = [letter for letter in "zyx" if letter != lacking][::order]
    flat = ramp(*(lengths[letter] for letter in letters))
    arrays = {"H": flat, **coordinates}
    if not alone:
        arrays["T"] = ramp(*(lengths[letter] for letter in "zyx"))
    data, lines = opened(arrays)
    plane = data if alone else blocks(data)["H"]
    assert plane.GetClassName() == "vtkRectilinearGrid"
    found = values(plane, "H", "Cell" if cell else "Point")
    for index in np.ndindex(*flat.shape):
        place = dict(zip(letters, index))
        point = {
            k: v[place[k]] if not cell else v[place[k] : place[k] + 2].mean()
            for k, v in coordinates.items()
            if k != lacking
        }
        point[lacking] = coordinates[lacking][0]  # the first in the file, though y and z fall
        at = [point[k] for k in "xyz"]
        k = plane.FindCell(at, None, 0, 1e-9, mutable(0), [0.0] * 3, [0.0] * 8) if cell else plane.FindPoint(at)
        if not cell:
            np.testing.assert_array_equal(plane.GetPoint(k), at)
        assert found[k] == flat[index]
    assert any(line.startswith("H:") and f"in the plane of the first {lacking}" in line for line in lines)


def test_a_field_without_one_axis_may_have_time_and_components(opened):
    arrays = {"x": X, "y": Y, "z": Z, "time": [0.0, 1, 3], "H": ramp(3, 6, 9), "v": ramp(6, 9, 3)}
    data, _ = opened(arrays, step=2)
    np.testing.assert_array_equal(values(data, "H"), ramp(3, 6, 9)[2, ::-1].ravel())
    np.testing.assert_array_equal(values(data, "v"), ramp(6, 9, 3)[::-1].reshape(-1, 3))
    assert data.GetBounds() == (100, 117, 20, 40, 7, 7)


def test_fields_in_one_plane_may_have_other_numbers_of_steps(opened):
    a, b = ramp(2, 6, 9), ramp(3, 6, 9)
    data, _ = opened({"x": X, "y": Y, "z": Z, "a": a, "b": b}, axes="tyx")
    np.testing.assert_array_equal(values(blocks(data)["a"], "a"), a[0, ::-1].ravel())
    np.testing.assert_array_equal(values(blocks(data)["b"], "b"), b[0, ::-1].ravel())


@pytest.mark.parametrize("shape", [(4, 6, 9, 11), (11, 6, 9), (6, 9, 11)], ids=str)
def test_no_length_is_taken_for_steps_or_components_to_make_a_plane(opened, shape):
    _, lines = opened({"x": X, "y": Y, "z": Z, "T": ramp(4, 6, 9), "other": ramp(*shape)})
    assert not any("plane" in line for line in lines)


def test_an_unexplained_first_axis_is_said(opened):
    _, lines = opened({"x": X, "y": Y, "T": ramp(7, 6, 9)})
    assert any("does not say what the first axis is" in line and "choose cyx" in line for line in lines)
    _, lines = opened({"x": X, "y": Y, "T": ramp(7, 6, 9), "time": ramp(7)})
    assert not any("does not say" in line for line in lines)
    _, lines = opened({"points": XYZ, "v": ramp(3, 10)})
    assert any("does not say what the first axis is" in line and "choose cn" in line for line in lines)


def test_structured_grid_in_space(opened):
    z, y, x = np.meshgrid([0.0, 1, 4], [0.0, 2], [0.0, 1, 2, 3], indexing="ij")
    x = x + 0.1 * z
    array, cell = ramp(3, 2, 4), ramp(2, 1, 3)
    data, _ = opened({"x": x, "y": y, "z": z, "p": array, "c": cell, "v": ramp(3, 2, 4, 3)})
    assert data.GetClassName() == "vtkStructuredGrid"
    assert data.GetExtent() == (0, 3, 0, 1, 0, 2)
    np.testing.assert_array_equal(positions(data), np.stack([x, y, z], -1).reshape(-1, 3))
    np.testing.assert_array_equal(values(data, "p"), array.ravel())
    np.testing.assert_array_equal(values(data, "v"), ramp(24, 3))
    np.testing.assert_array_equal(values(data, "c", "Cell"), cell.ravel())


def test_structured_grid_in_the_plane(opened):
    x, y = np.meshgrid([0.0, 1, 2], [5.0, 6])
    data, _ = opened({"lon": x, "lat": y, "t2m": ramp(4, 2, 3), "time": [0, 6, 12, 18]}, step=3)
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_array_equal(positions(data)[:, :2], np.stack([x, y], -1).reshape(-1, 2))
    np.testing.assert_array_equal(values(data, "t2m"), ramp(4, 2, 3)[3].ravel())


def test_structured_grid_along_other_axes(opened):
    x, y, z = np.meshgrid(ramp(4), ramp(3), ramp(2), indexing="ij")
    data, _ = opened({"x": x, "y": y, "z": z, "a": ramp(4, 3, 2)}, axes="xyz")
    assert data.GetExtent() == (0, 3, 0, 2, 0, 1)
    np.testing.assert_array_equal(positions(data)[5], (1, 1, 0))
    np.testing.assert_array_equal(values(data, "a"), np.transpose(ramp(4, 3, 2)).ravel())


# ---------------------------------------------------------------------------------------------------
# points and meshes

XYZ = RANDOM.random((10, 3))


@pytest.mark.parametrize(
    "name",
    ["points", "vertices", "verts", "xyz", "position", "positions", "pos", "coord", "coords", "coordinates", "nodes"],
)
def test_points_by_name(opened, name):
    data, _ = opened({name: XYZ, "s": ramp(10), "v": ramp(10, 3), "note": "hello"})
    assert data.GetClassName() == "vtkUnstructuredGrid"
    assert {data.GetCellType(k) for k in range(10)} == {1}
    np.testing.assert_array_equal(positions(data), XYZ)
    assert attribute_names(data) == ["s", "v"]
    assert data.GetFieldData().GetAbstractArray("note").GetValue(0) == "hello"


def test_points_by_coordinates(opened):
    data, _ = opened({"x": XYZ[:, 0], "y": XYZ[:, 1], "z": XYZ[:, 2], "s": ramp(10)})
    np.testing.assert_array_equal(positions(data), XYZ)
    np.testing.assert_array_equal(values(data, "s"), ramp(10))


def test_fewer_than_four_points_by_name(opened):
    assert opened({"points": XYZ[:2]})[0].GetNumberOfPoints() == 2


def test_points_with_time(opened):
    path = RANDOM.random((4, 10, 3))
    data, _ = opened({"points": path, "time": [0, 1, 2, 5], "s": ramp(4, 10)}, step=2)
    np.testing.assert_array_equal(positions(data), path[2])
    np.testing.assert_array_equal(values(data, "s"), ramp(4, 10)[2])


MESHES = [
    # member, columns, dimensions, VTK cell type
    ("cells", 1, 3, 1), ("cells", 2, 3, 3), ("cells", 3, 3, 5), ("cells", 4, 3, 10), ("cells", 4, 2, 9),
    ("cells", 5, 3, 14), ("cells", 6, 3, 13), ("cells", 8, 3, 12), ("cells", 10, 3, 24), ("cells", 20, 3, 25),
    ("faces", 3, 3, 5), ("faces", 4, 3, 9), ("faces", 5, 3, 7), ("triangles", 3, 3, 5), ("triangles", 6, 3, 22),
    ("tetras", 4, 3, 10), ("tetras", 10, 3, 24), ("lines", 2, 3, 3), ("lines", 5, 3, 4),
]  # fmt: skip


@pytest.mark.parametrize(("name", "width", "dimensions", "kind"), MESHES, ids=[f"{m[0]}{m[1]}-{m[2]}d" for m in MESHES])
@pytest.mark.parametrize("dtype", ["i4", ">i8", "u1"])
def test_mesh(opened, name, width, dimensions, kind, dtype):
    points = RANDOM.random((24, dimensions))
    cells = RANDOM.permutation(np.repeat(np.arange(24), width))[: 7 * width].reshape(7, width)
    data, _ = opened({"points": points, name: cells.astype(dtype), "p": ramp(24), "c": ramp(7)})
    # Surfaces and lines, on which filters of poly data work at once; what the cells are decides, not their name.
    assert data.GetClassName() == ("vtkPolyData" if kind in (3, 4, 5, 7, 9) else "vtkUnstructuredGrid")
    assert data.GetNumberOfCells() == 7
    for k in range(7):
        assert data.GetCellType(k) == kind
        ids = data.GetCell(k).GetPointIds()
        assert [ids.GetId(j) for j in range(ids.GetNumberOfIds())] == cells[k].tolist()
    assert attribute_names(data) == ["p"]
    assert attribute_names(data, "Cell") == ["c"]


@pytest.mark.parametrize("first", [True, False], ids=["from-0", "ends-only"])
def test_mixed_mesh(opened, first):
    offsets = [0, 3, 7, 11] if first else [3, 7, 11]
    arrays = {
        "points": RANDOM.random((8, 3)),
        "connectivity": np.array([0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7], "i4"),
        "offsets": np.array(offsets),
        "types": np.array([5, 9, 10], "u1"),
        "material": np.array([1, 2, 3]),
    }
    data, _ = opened(arrays)
    assert [data.GetCellType(k) for k in range(3)] == [5, 9, 10]
    ids = data.GetCell(2).GetPointIds()
    assert [ids.GetId(k) for k in range(4)] == [4, 5, 6, 7]
    np.testing.assert_array_equal(values(data, "material", "Cell"), [1, 2, 3])


HOSTILE = {
    "id-too-large": ({"cells": [[0, 1, 5]]}, "names point 5, but there are 5"),
    "id-negative": ({"cells": [[0, 1, -1]]}, "names point -1"),
    "id-huge": ({"triangles": np.array([[0, 1, 2**63]], "u8")}, "names point"),
    "id-wraps": ({"triangles": np.array([[0, 1, 2**64 - 1]], "u8")}, "names point"),
    "offsets-fall": ({"connectivity": [0, 1, 2, 3], "offsets": [0, 3, 2, 4], "types": [5, 5, 5]}, "must not fall"),
    "offsets-past-the-end": ({"connectivity": [0, 1, 2], "offsets": [0, 9], "types": [5]}, "must lead from 0 to 3"),
    "offsets-negative": ({"connectivity": [0, 1, 2], "offsets": [-3, 3], "types": [5]}, "must lead from 0 to 3"),
    "type-unknown": ({"connectivity": [0, 1, 2], "offsets": [0, 3], "types": [200]}, "type 200, which is"),
    "type-300": ({"connectivity": [0, 1, 2], "offsets": [0, 3], "types": np.array([300])}, "no VTK cell type"),
    "type-negative": ({"connectivity": [0, 1, 2], "offsets": [0, 3], "types": [-5]}, "no VTK cell type"),
    "too-few-points": ({"connectivity": [0, 1, 2], "offsets": [0, 3], "types": [12]}, "needs exactly 8"),
    "too-many-points": ({"connectivity": [0, 1, 2, 3], "offsets": [0, 4], "types": [5]}, "needs exactly 3"),
    "polyhedron": ({"connectivity": [0, 1, 2, 3], "offsets": [0, 4], "types": [42]}, "polyhedron_faces"),
}


@pytest.mark.parametrize(("topology", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_wrong_mesh_never_reaches_vtk(opened, topology, words):
    with pytest.raises(NumPyIOError, match=words) as caught:
        opened({"points": RANDOM.random((5, 3)), **{k: np.asarray(v) for k, v in topology.items()}})
    assert "\n" not in str(caught.value)
    assert "data.npz" in str(caught.value)


@pytest.mark.parametrize(
    "topology",
    [
        {"cells": [[0, 1, 2, 3, 4, 5, 6]]},
        {"cells": [[0.0, 1.0, 2.0]]},
        {"cells": [0, 1, 2]},
        {"lines": [[0]]},
        {"connectivity": [0, 1, 2], "offsets": [0, 3], "types": [5, 5, 5, 5]},
        {"connectivity": [0, 1, 2], "offsets": [0, 3]},
        {"connectivity": [0.0, 1], "offsets": [0, 2], "types": [3]},
    ],
    ids=["7-columns", "float", "1-D", "one-column", "lengths", "no-types", "float-ids"],
)
def test_topology_that_does_not_fit_is_plain_data(opened, topology):
    data, _ = opened({"points": RANDOM.random((9, 3)), **{k: np.asarray(v) for k, v in topology.items()}})
    assert data.GetNumberOfPoints() == 9
    assert data.GetCellType(0) == 1
    assert set(attribute_names(data, "Field")) == set(topology)


def test_a_second_kind_of_cells_is_kept_and_told(opened):
    edges = np.stack([np.arange(30), np.arange(1, 31)], 1)
    arrays = {"points": RANDOM.random((31, 3)), "faces": np.arange(30).reshape(10, 3), "lines": edges}
    data, lines = opened(arrays)
    assert data.GetClassName() == "vtkPolyData"
    assert data.GetNumberOfCells() == 10
    np.testing.assert_array_equal(values(data, "lines", "Field"), edges)
    assert any(line.startswith("lines: left as field data") for line in lines)


def test_an_empty_mesh(opened):
    data, _ = opened({"points": np.zeros((0, 3)), "cells": np.zeros((0, 4), int), "s": np.zeros(0)})
    assert (data.GetNumberOfPoints(), data.GetNumberOfCells()) == (0, 0)


@pytest.mark.parametrize("shape", [(10, 10), (10, 64), (10, 5000), (10, 2, 30), (10, 2, 3, 4)], ids=str)
@pytest.mark.parametrize("name", ["points", "where"])
def test_arrays_as_long_as_the_points_go_on_them(opened, shape, name):
    array = RANDOM.random(shape)
    data, _ = opened({name: XYZ, "wide": array})
    assert data.GetClassName() == "vtkUnstructuredGrid"
    np.testing.assert_array_equal(values(data, "wide"), array.reshape(10, -1))


WITH_PLACES = {
    "points": {"points": XYZ, "s": ramp(10)},
    "mesh": {"points": XYZ, "triangles": [[0, 1, 2]]},
    "rectilinear": {"x": X, "y": Y, "s": ramp(6, 9)},
    "structured": {"x": ramp(3, 4), "y": ramp(3, 4), "s": ramp(3, 4)},
}


@pytest.mark.parametrize("name", WITH_PLACES)
@pytest.mark.parametrize("shape", [(41, 37), (7, 8, 9), (30, 3), (2, 7, 8, 9)], ids=str)
def test_what_fits_nothing_is_field_data(opened, name, shape):
    array = ramp(*shape)
    data, lines = opened({**WITH_PLACES[name], "map": array})
    assert not data.IsA("vtkCompositeDataSet")
    np.testing.assert_array_equal(values(data, "map", "Field").ravel(), array.ravel())
    assert any(re.match(r"map: .* fits nothing, field data; DataSetType Image shows it$", line) for line in lines)
    assert "map" not in "".join(line for line in lines if "remark" in line)


def test_large_field_data_is_loaded_when_it_is_chosen(opened):
    arrays = {"points": XYZ, "s": ramp(10), "map": ramp(400, 400), "small": ramp(40, 41)}
    data, lines = opened(arrays)
    assert attribute_names(data, "Field") == ["small"]
    assert any(line.startswith("map:") and "only when Arrays names it" in line for line in lines)
    assert attribute_names(opened(arrays, chosen=["map"])[0], "Field") == ["map"]
    data, _ = opened(arrays, chosen=["s", "map", "small"])
    np.testing.assert_array_equal(values(data, "map", "Field"), arrays["map"])
    assert data.GetPoints().GetNumberOfPoints() == 10


def test_converting_leaves_no_large_field_data_out(opened, tmp_path):
    opened({"points": XYZ, "map": ramp(400, 400)})
    assert main(["convert", str(tmp_path / "data.npz"), str(tmp_path / "copy.npz")]) in (None, 0)
    with np.load(tmp_path / "copy.npz") as copy:
        np.testing.assert_array_equal(copy["map"], ramp(400, 400))


def test_points_without_arrays_stay_where_large_fields_are_left_out(opened):
    data, _ = opened({"big": ramp(9, 9, 9), "cloud": RANDOM.random((50, 3)), "signal": ramp(200_000)})
    assert set(blocks(data)) == {"big", "cloud"}
    assert attribute_names(data, "Field") == []


# ---------------------------------------------------------------------------------------------------
# readings that somebody has to choose

HINTS = [
    ((3, 5, 6), "f4", "if these are components, choose cyx"),
    ((2, 7, 5, 8), "f4", "if these are components, choose czyx"),
    ((18, 5, 6), "f4", "if these are frames, choose tyx"),
    ((18, 5, 6, 3), "f4", "if these are frames, choose tyxc"),
    ((7, 5, 3), "f8", "if these are points at N times, choose tnc"),
    ((9, 12), "u1", "-yx puts the first row on top"),
    ((9, 12, 3), "u1", "first row on top; choose yxc"),
    ((900, 5), "f4", "DataSetType Points takes the first three columns as positions"),
    ((5, 6), "f4", None),
    ((5, 7, 6), "f4", None),
    ((7, 5, 3), "u1", "photograph"),
    ((5, 7, 6, 3), "f4", None),
]


@pytest.mark.parametrize(("shape", "dtype", "words"), HINTS, ids=[f"{row[0]}-{row[1]}" for row in HINTS])
def test_hints(opened, shape, dtype, words):
    _, lines = opened(ramp(*shape, dtype=dtype))
    if words is None:
        assert "choose" not in lines[0]
        return
    assert words in lines[0]
    choice = re.search(r"choose (\S+)$", words)
    if choice and words.startswith("if"):
        from npyvtk.plan.auto import axes_choices

        assert axes_choices(shape, np.dtype(dtype))[0] == choice[1]
        _, lines = opened(ramp(*shape, dtype=dtype), axes=choice[1])
        assert "choose" not in lines[0]


def test_a_photograph_has_its_first_row_on_top(opened):
    photo, mask, film = ramp(4, 6, 3, dtype="u1"), ramp(4, 6), ramp(5, 4, 6)
    data, lines = opened({"photo": photo, "mask": mask, "v": ramp(4, 6, 2), "film": film, "other": ramp(7, 9)})
    found = blocks(data)
    flat = found["photo+mask+v"]
    for j, i in np.ndindex(4, 6):
        k = flat.FindPoint((i, 3 - j, 0))
        assert tuple(values(flat, "photo")[k]) == tuple(photo[j, i])
        assert values(flat, "mask")[k] == mask[j, i]
        assert tuple(values(flat, "v")[k]) == tuple(ramp(4, 6, 2)[j, i])
    np.testing.assert_array_equal(values(found["film"], "film"), film[:, ::-1].ravel())
    np.testing.assert_array_equal(values(found["other"], "other"), ramp(63))
    for name in ("mask", "v", "film"):
        assert any(line.startswith(f"{name}:") and "on top, as of the picture photo" in line for line in lines)


@pytest.mark.parametrize(
    "more",
    [{"spacing": [1.0, 2]}, {"affine": np.eye(3)}, {"x": ramp(6), "y": ramp(4)}, {"axes": "yxc"}],
    ids="-".join,
)
def test_a_picture_with_a_place_is_not_turned(opened, more):
    photo = ramp(4, 6, 3, dtype="u1")
    data, _ = opened({"photo": photo, **more})
    np.testing.assert_array_equal(values(data, "photo"), photo.reshape(-1, 3))


def test_photographs_over_time(opened):
    film = ramp(5, 4, 6, 3, dtype="u1")
    data, lines = opened({"film": film, "time": ramp(5)}, step=2)
    np.testing.assert_array_equal(values(data, "film"), film[2, ::-1].reshape(-1, 3))
    assert any("axes t-yxc" in line for line in lines)


def test_one_channel_is_a_volume_where_the_file_places_it_in_space(opened):
    assert opened({"a": ramp(5, 6, 1)})[0].GetDimensions() == (6, 5, 1)
    assert opened({"a": ramp(5, 6, 1), "spacing": [1, 2]})[0].GetDimensions() == (6, 5, 1)
    assert opened({"a": ramp(5, 6, 1), "spacing": [1, 2, 3]})[0].GetDimensions() == (1, 6, 5)


@pytest.mark.parametrize("shape", [(2, 3), (30, 2, 5)], ids=str)
def test_text_of_several_axes(opened, shape):
    text = np.array([f"t{k}" for k in range(int(np.prod(shape)))]).reshape(shape)
    data, _ = opened(text)
    assert data.GetClassName() == "vtkTable"
    column = data.GetRowData().GetAbstractArray("data")
    assert [column.GetValue(k) for k in range(column.GetNumberOfValues())] == text.ravel().tolist()
    for other in ({"a": ramp(4, 5, 6)}, {"a": ramp(40)}, {"points": XYZ}):
        data, _ = opened({"text": text, **other})
        assert not data.IsA("vtkCompositeDataSet")
        assert attribute_names(data, "Field") == ["text"]


# ---------------------------------------------------------------------------------------------------
# several arrays


def test_one_grid_shape(opened):
    data, _ = opened({"a": ramp(3, 4, 5), "v": ramp(3, 4, 5, 3), "s": ramp(2, 3, 4, 5), "note": "x", "k": 7})
    assert data.GetClassName() == "vtkImageData"
    assert attribute_names(data) == ["a", "v", "s"]
    assert attribute_names(data, "Field") == ["note", "k"]


def test_one_shorter_is_cell_data(opened):
    data, _ = opened({"c": ramp(3, 4, 5), "p": ramp(4, 5, 6)})
    assert data.GetDimensions() == (6, 5, 4)
    np.testing.assert_array_equal(values(data, "c", "Cell"), ramp(60))


def test_one_layer_of_cells_between_two_of_points(opened):
    data, _ = opened({"p": ramp(2, 5, 6), "c": ramp(1, 4, 5)})
    assert data.GetNumberOfCells() == 20
    np.testing.assert_array_equal(values(data, "c", "Cell"), ramp(20))


def test_a_chain_of_lengths_loses_nothing(opened):
    data, _ = opened({"a": ramp(7, 7, 7), "b": ramp(6, 6, 6), "c": ramp(5, 5, 5)})
    found = blocks(data)
    assert set(found) == {"a+b", "c"}
    np.testing.assert_array_equal(values(found["c"], "c"), ramp(125))


def test_several_grid_shapes(opened):
    arrays = {"big": ramp(9, 9, 9), "other": ramp(4, 7), "cloud": RANDOM.random((50, 3)), "note": "text"}
    data, lines = opened(arrays)
    found = blocks(data)
    assert set(found) == {"big", "other", "cloud"}
    assert found["cloud"].GetNumberOfPoints() == 50
    assert attribute_names(data, "Field") == ["note"]
    assert any("grids of different shapes" in line for line in lines)
    data, _ = opened(arrays, chosen=["other"])
    assert data.GetClassName() == "vtkImageData"
    assert attribute_names(data) == ["other"]


def test_the_largest_grid_is_seen_first(opened):
    # ParaView colours by the active array of the last block, if no other block has one.
    data, _ = opened({"a": ramp(9, 9, 9), "b": ramp(4, 7), "cloud": RANDOM.random((50, 3))})
    found = blocks(data)
    assert list(found) == ["cloud", "b", "a"]
    active = [block.GetPointData().GetScalars() for block in found.values()]
    assert [array and array.GetName() for array in active] == [None, None, "a"]


def test_all_chosen_is_nothing_left_out(opened):
    arrays = {"big": ramp(9, 9, 9), "cloud": RANDOM.random((50, 3))}
    data, _ = opened(arrays, chosen=["big"])
    assert len(blocks(data)) == 2, "the points have no array that could be left out"


def test_small_things_only_are_still_shown(opened):
    assert opened({"a": ramp(3, 3), "b": ramp(2, 4)})[0].GetClassName() == "vtkPartitionedDataSetCollection"
    assert opened({"a": ramp(3, 3)})[0].GetDimensions() == (3, 3, 1)


def test_a_matrix_beside_a_signal_is_a_remark(opened):
    data, _ = opened({"signal": ramp(1000), "fs": 44100, "K": np.eye(3), "labels": np.array(["a", "b", "c"])})
    assert data.GetClassName() == "vtkTable"
    assert data.GetNumberOfRows() == 1000
    assert attribute_names(data, "Field") == ["fs", "K", "labels"]


def test_columns(opened):
    data, _ = opened({"t": ramp(5), "name": np.array(list("abcde")), "c": ramp(5) * 1j})
    assert data.GetClassName() == "vtkTable"
    assert attribute_names(data, "Row") == ["t", "name", "c"]


def test_columns_of_two_lengths(opened):
    assert {k: v.GetNumberOfRows() for k, v in blocks(opened({"a": ramp(50), "b": ramp(70)})[0]).items()} == {
        "a": 50,
        "b": 70,
    }


def test_scalars_only(opened):
    data, _ = opened({"a": 1, "b": 2.5, "c": "text"})
    assert data.GetNumberOfRows() == 1
    assert attribute_names(data, "Row") == ["a", "b", "c"]


def test_no_array_at_all(opened):
    with pytest.raises(NumPyIOError, match="holds no arrays"):
        opened({})


@pytest.mark.parametrize("name", ["a/b", "a b", "größe", "日本", "a.npy", "..", "a\\b", "f(x)", "x:0", "'q\"", "ж/д"])
def test_names(opened, name):
    data, _ = opened({name: ramp(3, 4)})
    np.testing.assert_array_equal(values(data, name), ramp(12))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_duplicate_names_are_named(tmp_path):
    import io
    import zipfile

    path = tmp_path / "data.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for k in (1, 2):
            buffer = io.BytesIO()
            np.save(buffer, np.full((3, 4), float(k)))
            archive.writestr("a.npy", buffer.getvalue())
    found = describe(str(path))
    assert any("a" in line and "skipped" in line for line in found.lines)
    assert load(found).GetPointData().GetNumberOfArrays() == 1


def test_fields_and_members_of_one_name_are_both_there(opened):
    record = np.zeros((3, 4), [("b", "f4")])
    record["b"] = 5
    data, _ = opened({"a": record, "a.b": ramp(3, 4)})
    assert data.GetPointData().GetNumberOfArrays() == 2
    assert values(data, "a.b").max() in (5, 11)


def test_objects_are_named_and_the_rest_loads(opened):
    data, lines = opened({"a": ramp(3, 4), "o": np.array([{}], object), "v": np.zeros(2, "V3")})
    assert attribute_names(data) == ["a"]
    for name, words in (("o", "Python objects"), ("v", "raw bytes")):
        assert any(line.startswith(f"{name}: skipped") and words in line for line in lines), lines


@pytest.mark.parametrize("dtype", ["O", "V5"])
def test_a_lone_array_of_nothing_to_show_is_refused(opened, dtype):
    with pytest.raises(NumPyIOError, match=r"data\.npy"):
        opened(np.zeros(3, dtype))


# ---------------------------------------------------------------------------------------------------
# time


def test_times_come_from_the_file(opened, tmp_path):
    opened({"a": ramp(3, 4, 5, 6), "time": [0.0, 2.5, 10]})
    found = describe(str(tmp_path / "data.npz"))
    assert (found.layout.steps, found.layout.times) == (3, (0, 2.5, 10))


def test_one_time(opened, tmp_path):
    opened({"a": ramp(3, 4), "time": 4.5})
    assert describe(str(tmp_path / "data.npz")).layout.times == (4.5,)


def test_time_is_an_axis_as_long(opened):
    data, lines = opened({"a": ramp(6, 7, 8), "time": ramp(6)}, step=5)
    assert data.GetDimensions() == (8, 7, 1)
    np.testing.assert_array_equal(values(data, "a"), ramp(6, 7, 8)[5].ravel())
    assert any("as long as time" in line for line in lines)


@pytest.mark.parametrize(
    ("arrays", "field"),
    [
        ({"a": ramp(40, 50), "time": ramp(40)}, True),
        ({"a": ramp(3, 5, 6, 7), "time": ramp(5)}, True),
        ({"a": ramp(6, 7, 8), "time": ramp(6)[::-1]}, True),
        ({"a": ramp(6, 7, 8), "time": [0, 1, 1, 2, 3, 4]}, True),
        ({"a": ramp(6, 7, 8), "time": np.array(["x"] * 6)}, True),
        ({"v": ramp(40), "time": ramp(40)}, False),
    ],
    ids=["picture", "second-axis", "falls", "repeats", "text", "table"],
)
def test_time_that_counts_no_steps_stays_data(opened, arrays, field):
    data, lines = opened(arrays)
    assert "time" in attribute_names(data, "Field" if field else "Row")
    for name in set(arrays) - {"time"}:
        assert any(line.startswith(f"{name}:") and "skipped" not in line for line in lines)


def test_of_two_times_that_count_no_steps_neither_is_taken(opened, tmp_path):
    corners = {"vectors": ramp(4, 3, 3), "faces": ramp(5, 3, 3)}
    opened({**corners, "t": ramp(4), "times": ramp(5)})
    layout = describe(str(tmp_path / "data.npz")).layout
    assert (layout.steps, layout.times) == (1, None)
    notes = [
        f"{name}: {n} values where the arrays have 1 steps, read as plain data" for name, n in (("t", 4), ("times", 5))
    ]
    assert layout.notes == tuple(notes)


def test_dates(opened, tmp_path):
    opened({"a": ramp(3, 4, 5, 6), "time": np.array(["2020-01-01", "2020-01-02", "2021-01-01"], "M8[D]")})
    found = describe(str(tmp_path / "data.npz"))
    assert found.layout.times == (0, 86400, 366 * 86400)
    assert any("datetime64[D]" in line and line.endswith("in seconds since 2020-01-01") for line in found.lines)


@pytest.mark.parametrize(
    ("unit", "first", "words"),
    [
        ("Y", "2019", "2019"), ("M", "2019-11", "2019-11"), ("W", "2019-11-07", "2019-11-07"),
        ("D", "2019-11-07", "2019-11-07"), ("h", "2019-11-07T06", "2019-11-07T06"),
        ("m", "2019-11-07T06:30", "2019-11-07T06:30"), ("s", "2019-11-07T00:00:00", "2019-11-07"),
        ("ms", "2019-11-07T06:30:00.100", "2019-11-07T06:30:00.1"), ("us", "1901-01-01", "1901-01-01"),
        ("25us", "2019-11-07T06:30", "2019-11-07T06:30"), ("ns", "2019-11-07T06:30:10.5", "2019-11-07T06:30:10.5"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("order", "<>")
def test_dates_of_any_unit_are_seconds_since_the_first(opened, tmp_path, unit, first, words, order):
    dates = (np.datetime64(first, unit) + np.array([0, 1, 3], f"m8[{unit}]")).astype(f"{order}M8[{unit}]")
    opened({"a": ramp(3, 4, 5, 6), "time": dates})
    found = describe(str(tmp_path / "data.npz"))
    exact = [(date.astype("M8[as]" if unit == "as" else "M8[us]") - dates[0].astype("M8[us]")) for date in dates]
    expected = [d / np.timedelta64(1, "s") for d in exact]
    if unit == "ns":
        expected = [0, 1e-9, 3e-9]
    np.testing.assert_array_equal(found.layout.times, expected)
    assert any(line.endswith(f"in seconds since {words}") for line in found.lines), found.lines


def test_durations_are_seconds(opened, tmp_path):
    opened({"a": ramp(3, 4, 5, 6), "time": np.array([1, 2, 4], "m8[100ms]")})
    found = describe(str(tmp_path / "data.npz"))
    assert found.layout.times == (0.1, 0.2, 0.4)
    assert any(line.startswith("time:") and line.endswith("in seconds") for line in found.lines)


def test_a_date_that_is_missing_makes_no_time(opened, tmp_path):
    _, lines = opened({"a": ramp(3, 4, 5, 6), "time": np.array(["2020-01-01", "NaT", "2021-01-01"], "M8[D]")})
    assert describe(str(tmp_path / "data.npz")).layout.times is None
    assert any(line.startswith("time:") and "plain data" in line for line in lines)


@pytest.mark.parametrize("kind", ["M8[0s]", "m8[0s]", "M8", "m8", "M8[Y]", "M8[as]", "M8[1000W]"])
@pytest.mark.parametrize("values", [[5], [1, 2, 3], [-(2**63) + 1, 0, 2**63 - 1], [-(2**63)] * 3], ids=str)
def test_dates_of_any_numbers_open(opened, tmp_path, kind, values):
    dates = np.array(values).view(kind)
    for arrays in (dates, {"a": dates}, {"a": ramp(len(values), 4, 5, 6), "time": dates}):
        data, lines = opened(arrays)
        assert lines
        npyvtk.write(tmp_path / "out.npz", data)


def test_dates_in_columns_say_what_they_count(opened):
    record = np.zeros(3, [("date", "M8[D]"), ("price", "f8"), ("held", "m8[h]")])
    record["date"] = ["2004-08-19", "NaT", "2008-10-14"]
    _, [line] = opened(record)
    assert line.endswith("date in days since 1970-01-01, 2004-08-19 to 2008-10-14; held in hours")
    _, lines = opened({"when": record["date"], "n": ramp(3)})
    assert lines[0].endswith("in days since 1970-01-01, 2004-08-19 to 2008-10-14")
    many = np.zeros(200_000, "M8[s]")
    _, [line] = opened(many)
    assert line.endswith("in seconds since 1970-01-01")


@pytest.mark.parametrize("step", [0, 2, 5])
def test_other_numbers_of_steps_are_blocks_of_their_own(opened, step):
    data, lines = opened({"a": ramp(3, 4, 5, 7), "b": ramp(7, 4, 5, 7), "c": ramp(4, 5, 7)}, step=step)
    found = blocks(data)
    assert sorted(attribute_names(block) for block in found.values()) == [["a", "c"], ["b"]]
    for block in found.values():
        for name in attribute_names(block):
            expected = {"a": ramp(3, 4, 5, 7)[min(step, 2)], "b": ramp(7, 4, 5, 7)[step], "c": ramp(4, 5, 7)}[name]
            np.testing.assert_array_equal(values(block, name), expected.ravel())
    assert any(line.startswith("a:") and "3 time steps of 7, then it stays at its last" in line for line in lines)
    assert not any("skipped" in line for line in lines)


# ---------------------------------------------------------------------------------------------------
# the user's choices

FILES = {
    "0-d": np.float64(3),
    "1-d": ramp(7),
    "records": np.zeros(7, [("x", "f4"), ("y", "f4")]),
    "2-d": ramp(5, 6),
    "points": RANDOM.random((9, 3)),
    "3-d": ramp(3, 4, 5),
    "vectors": ramp(3, 4, 5, 3),
    "time": ramp(2, 3, 4, 5),
    "6-d": ramp(2, 2, 2, 3, 4, 5),
    "complex": ramp(5, 6) * 1j,
    "text": np.array(["a", "b"]),
    "empty": np.zeros((0, 3)),
    "npz-image": {"a": ramp(5, 6), "spacing": [1, 2, 3]},
    "npz-turned": {"a": ramp(5, 6), "direction": [[0, -1, 0], [1, 0, 0], [0, 0, 1]]},
    "npz-rectilinear": {"x": ramp(6), "y": ramp(5), "a": ramp(5, 6)},
    "npz-rectilinear-cells": {"x": ramp(6), "y": ramp(5), "a": ramp(4, 5)},
    "npz-structured": {"x": ramp(5, 6), "y": ramp(5, 6), "a": ramp(5, 6)},
    "npz-points": {"points": RANDOM.random((9, 3)), "a": ramp(9)},
    "npz-xyz": {"x": ramp(9), "y": ramp(9), "z": ramp(9), "a": ramp(9)},
    "npz-mesh": {"points": RANDOM.random((9, 3)), "cells": [[0, 1, 2]], "a": ramp(9)},
    "npz-table": {"a": ramp(9), "b": ramp(9)},
    "npz-blocks": {"a": ramp(5, 6), "b": ramp(5, 7), "c": RANDOM.random((50, 3))},
}
CLASSES = {
    "Image": "vtkImageData",
    "Rectilinear Grid": "vtkRectilinearGrid",
    "Structured Grid": "vtkStructuredGrid",
    "Points": "vtkUnstructuredGrid",
    "Mesh": "vtkPolyData",
    "Table": "vtkTable",
}  # fmt: skip - the meshes of FILES are surfaces


@pytest.mark.parametrize("kind", CLASSES)
@pytest.mark.parametrize("arrays", FILES.values(), ids=FILES)
def test_every_type_of_every_file_works_or_says_why(opened, arrays, kind):
    data, lines, refusal = None, (), None
    try:
        data, lines = opened(arrays, dataset_type=kind)
    except OptionError as error:
        refusal = error
    if refusal is not None:
        text = str(refusal)
        assert f"DataSetType is {kind}" in text
        assert "Choose" in text
        assert "\n" not in text
        return
    kinds = {block.GetClassName() for block in blocks(data).values()} if data.IsA("vtkCompositeDataSet") else None
    assert CLASSES[kind] in (kinds or {data.GetClassName()})
    assert all("\n" not in line for line in lines)


WORKS = [
    *[(name, kind) for name in ("1-d", "2-d", "points", "3-d", "vectors", "time", "6-d", "complex", "npz-image",
                                "npz-rectilinear", "npz-structured")
      for kind in ("Image", "Rectilinear Grid", "Structured Grid", "Table")
      if (name, kind) != ("npz-structured", "Rectilinear Grid")],
    ("npz-turned", "Structured Grid"), ("points", "Points"), ("npz-points", "Points"), ("npz-xyz", "Points"),
    ("npz-mesh", "Points"), ("npz-mesh", "Mesh"), ("2-d", "Points"), ("npz-table", "Table"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "kind"), WORKS, ids=lambda value: value.replace(" ", ""))
def test_these_choices_work(opened, name, kind):
    data, _ = opened(FILES[name], dataset_type=kind)
    assert data.GetClassName() == CLASSES[kind]


def test_image_of_a_file_with_coordinates_keeps_them_as_fields(opened):
    data, _ = opened(FILES["npz-rectilinear"], dataset_type="Image")
    assert attribute_names(data) == ["a"]
    assert attribute_names(data, "Field") == ["x", "y"]


def test_rectilinear_as_structured_keeps_its_places(opened):
    x, y = np.array([0, 1, 5.0]), np.array([0, 3.0])
    data, _ = opened({"x": x, "y": y, "a": ramp(2, 3)}, dataset_type="Structured Grid")
    np.testing.assert_array_equal(positions(data), [(i, j, 0) for j in y for i in x])


def test_image_as_structured_keeps_its_places(opened):
    turn = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    arrays = {"a": ramp(2, 3, 4), "origin": [1, 2, 3], "spacing": [2, 3, 4], "direction": turn}
    image, _ = opened(arrays)
    grid, _ = opened(arrays, dataset_type="Structured Grid")
    np.testing.assert_allclose(positions(grid), positions(image))


def test_points_with_more_columns(opened):
    array = RANDOM.random((9, 5))
    data, _ = opened(array, dataset_type="Points")
    np.testing.assert_array_equal(positions(data), array[:, :3])
    np.testing.assert_array_equal(values(data, "data"), array)


@pytest.mark.parametrize(
    ("arrays", "dims"),
    [(ramp(5, 6), (7, 6, 1)), (ramp(3, 4, 5), (6, 5, 4)), ({"a": ramp(1, 4, 5)}, (6, 5, 2))],
    ids=["2-d", "3-d", "one-layer"],
)
def test_cell_data_of_an_image(opened, arrays, dims):
    data, _ = opened(arrays, association="Cell Data")
    array = arrays["a"] if isinstance(arrays, dict) else arrays
    assert data.GetDimensions() == dims
    assert data.GetNumberOfCells() == array.size
    np.testing.assert_array_equal(vtk_to_numpy(data.GetCellData().GetArray(0)), array.ravel())


@pytest.mark.parametrize(
    ("name", "choice", "works"),
    [
        ("npz-rectilinear", "Point Data", True), ("npz-rectilinear", "Cell Data", False),
        ("npz-rectilinear-cells", "Cell Data", True), ("npz-rectilinear-cells", "Point Data", False),
        ("npz-structured", "Point Data", True), ("npz-structured", "Cell Data", False),
        ("npz-points", "Point Data", True), ("npz-points", "Cell Data", False),
    ],
)  # fmt: skip
def test_association(opened, name, choice, works):
    if works:
        data, _ = opened(FILES[name], association=choice)
        assert attribute_names(data, choice.split()[0]) == ["a"]
    else:
        with pytest.raises(OptionError, match=f"Association is {choice}"):
            opened(FILES[name], association=choice)


def test_association_decides_where_points_and_cells_are_as_many(opened):
    arrays = {"points": RANDOM.random((3, 3)), "lines": [[0, 1], [1, 2], [2, 0]], "a": ramp(3)}
    data, lines = opened(arrays)
    assert attribute_names(data) == ["a"]
    assert any("as many cells as points" in line for line in lines)
    assert attribute_names(opened(arrays, association="Cell Data")[0], "Cell") == ["a"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"dataset_type": "Volume"}, "DataSetType is 'Volume'; it must be one of Auto"),
        ({"association": "cell"}, "Association is 'cell'"),
        ({"complex_as": "abs"}, "ComplexAs is 'abs'"),
        ({"spacing": (1, 2)}, "Spacing is .* 3 finite numbers"),
        ({"spacing": "abc"}, "Spacing is 'abc'"),
        ({"spacing": (1, 0, 1)}, "Spacing is .* not 0"),
        ({"origin": (0, 0, float("nan"))}, "Origin is"),
        ({"direction": (1, 0, 0)}, "Direction is .* 9 finite numbers"),
        ({"direction": (0,) * 9}, "no inverse"),
        ({"voi": (0, 1, 0, 1)}, "VOI is .* 6 whole numbers"),
        ({"voi": (0, 1.5, 0, 1, 0, 1)}, "VOI is"),
        ({"voi": (90, 91, 0, 1, 0, 0)}, "VOI .* has no point of the grid"),
        ({"sample_rate": (0, 1, 1)}, "SampleRate is"),
        ({"sample_rate": 2}, "SampleRate is 2"),
        ({"axes": 5}, "Axes is 5"),
    ],
    ids=lambda value: "-".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_options_are_checked(opened, options, words):
    with pytest.raises(OptionError, match=words) as caught:
        opened(ramp(5, 6), **options)
    assert "\n" not in str(caught.value)


def test_a_list_or_an_array_will_do(opened):
    data, _ = opened(ramp(5, 6), spacing=np.array([1, 2, 3]), direction=np.eye(3), voi=[0, 1, 0, 1, 0, 0])
    assert data.GetSpacing() == (1, 2, 3)
    assert data.GetDimensions() == (2, 2, 1)


def test_no_array_has_two_places(opened):
    data, _lines = opened({"d0": np.eye(4, 3) > 0, "d1": np.arange(12).reshape(4, 3)})
    assert data.IsA("vtkUnstructuredGrid")
    assert data.GetPointData().HasArray("d0")
