"""Time steps in one file: points that move, field data that changes, and what cannot be stacked."""

from __future__ import annotations

import os

import npyvtk
import numpy as np
import pytest
from equal import assert_same
from npyvtk.errors import OptionError
from npyvtk.options import WriteOptions
from npyvtk.stack import Stack
from test_roundtrip import (
    array,
    blocks,
    image,
    mixed,
    points_without_cells,
    poly,
    polyhedra,
    rectilinear,
    strings,
    structured,
    tetras,
    vertices,
)
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataObject

STEPS = 3
MOVING = {
    make.__name__: make for make in (structured, poly, vertices, mixed, tetras, polyhedra, blocks)
}  # what has points, or blocks that do
rng = np.random.default_rng(5)


def leaves(data):
    if not data.IsA("vtkMultiBlockDataSet"):
        return [data]
    return [leaf for k in range(data.GetNumberOfBlocks()) if data.GetBlock(k) for leaf in leaves(data.GetBlock(k))]


def moved(make, step):
    """Return a dataset at a time step: its points go down from step to step, and its point data grows."""
    data = make()
    for leaf in leaves(data):
        if leaf.IsA("vtkPointSet") and leaf.GetPoints() is not None:
            leaf.GetPoints().SetData(array(vtk_to_numpy(leaf.GetPoints().GetData()) - np.array([0, 0, step / 4])))
        if leaf.IsA("vtkDataSet"):
            grown = np.arange(leaf.GetNumberOfPoints()) * 10.0 + step
            leaf.GetPointData().AddArray(array(grown, "grown"))
    data.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), step / 2)
    return data


def stacked(path, steps, **options):
    with Stack(path, len(steps), WriteOptions(**options)) as stack:
        for k, data in enumerate(steps):
            stack.add(data, k / 2)
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("make", MOVING.values(), ids=MOVING)
def test_points_that_move_come_back_at_every_step(make, compression, tmp_path):
    stacked(tmp_path / "a.npz", [moved(make, k) for k in range(STEPS)], compression=compression)
    for k in range(STEPS):
        assert_same(npyvtk.read(tmp_path / "a.npz", step=k), moved(make, k))
    # What was read is stacked as it was.
    (tmp_path / "b").mkdir()
    stacked(tmp_path / "b" / "b.npz", [npyvtk.read(tmp_path / "a.npz", step=k) for k in range(STEPS)])
    with np.load(tmp_path / "a.npz") as first, np.load(tmp_path / "b" / "b.npz") as second:
        assert sorted(first) == sorted(second)
        for name in set(first) - {"vtk"}:
            assert first[name].dtype == second[name].dtype
            np.testing.assert_array_equal(first[name], second[name])


PLAIN = {
    "points": {"points": (STEPS, 20, 3)},
    "a cloud under another name": {"pos": (STEPS, 20, 3)},
    "flat": {"points": (STEPS, 20, 2)},
    "columns": {"x": (STEPS, 20), "y": (STEPS, 20), "z": (STEPS, 20)},
    "a grid": {"x": (STEPS, 4, 5, 6), "y": (STEPS, 4, 5, 6), "z": (STEPS, 4, 5, 6)},
    "a grid, only z": {"x": (4, 5, 6), "y": (4, 5, 6), "z": (STEPS, 4, 5, 6)},
}


@pytest.mark.parametrize("dtype", ["f8", ">f4", "i4"])
@pytest.mark.parametrize("name", PLAIN)
def test_a_plain_file_of_points_that_move_comes_back(name, dtype, tmp_path):
    members = {role: (rng.random(shape) * 1000).astype(dtype) for role, shape in PLAIN[name].items()}
    longest = max(PLAIN[name].values(), key=len)
    members["s"] = rng.random(longest if "x" in members else longest[:-1])
    if "points" in members:
        members["triangles"] = np.arange(18).reshape(6, 3)
        members["c"] = rng.random((STEPS, 6))
    members["time"] = np.arange(STEPS) / 2
    (tmp_path / "in").mkdir()
    np.savez(tmp_path / "in" / "a.npz", **members)
    (tmp_path / "out").mkdir()
    stacked(tmp_path / "out" / "a.npz", [npyvtk.read(tmp_path / "in" / "a.npz", step=k) for k in range(STEPS)])
    with np.load(tmp_path / "out" / "a.npz", allow_pickle=False) as file:
        found = {role: file[role] for role in file}
    assert sorted(set(found) - set(members)) in (["vtk"], ["axes", "vtk"])
    for role, values in members.items():
        assert found[role].dtype == values.dtype
        np.testing.assert_array_equal(found[role], values)
    # Whoever knows plain names alone reads the same.
    del found["vtk"]
    np.savez(tmp_path / "plain.npz", **found)
    for k in range(STEPS):
        again, plain = (npyvtk.read(path, step=k) for path in (tmp_path / "out" / "a.npz", tmp_path / "plain.npz"))
        for data in (again, plain):
            positions = vtk_to_numpy(data.GetPoints().GetData())
            if "x" in members:
                expected = [np.broadcast_to(members[c], longest)[k].ravel() for c in "xyz"]
            else:
                expected = next(iter(members.values()))[k].T
            np.testing.assert_array_equal(positions[:, : len(expected)].T, expected)
            np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("s")), members["s"][k].ravel())


def test_points_that_stay_have_no_axis_of_time(tmp_path):
    steps = [tetras() for _ in range(STEPS)]
    for k, data in enumerate(steps):
        data.GetPointData().AddArray(array(np.full(data.GetNumberOfPoints(), float(k)), "s"))
    stacked(tmp_path / "a.npz", steps)
    with np.load(tmp_path / "a.npz") as file:
        assert file["points"].ndim == 2
        assert file["s"].shape == (STEPS, len(file["points"]))


@pytest.mark.parametrize("shape", [(20, 3), (4, 5, 6, 3)], ids=["a mesh", "a grid"])
def test_points_with_an_axis_of_time_keep_it_where_they_stay(shape, tmp_path):
    for name in ("in", "out"):
        (tmp_path / name).mkdir()
    np.savez(tmp_path / "a.npz", points=rng.random(shape), s=rng.random(shape[:-1]))
    steps = [npyvtk.read(tmp_path / "a.npz") for _ in range(STEPS)]
    for k, data in enumerate(steps):
        vtk_to_numpy(data.GetPoints().GetData())[:] += k
    stacked(tmp_path / "in" / "a.npz", steps)
    stacked(tmp_path / "out" / "a.npz", [npyvtk.read(tmp_path / "in" / "a.npz") for _ in range(STEPS)])
    with np.load(tmp_path / "out" / "a.npz") as file:
        assert file["points"].shape == (STEPS, *shape)


@pytest.mark.parametrize("last", [1, 2])
def test_points_that_move_late_or_once(last, tmp_path):
    steps = [vertices() for _ in range(STEPS)]
    steps[last].GetPoints().SetPoint(1, 7, 8, 9)
    expected = [vtk_to_numpy(data.GetPoints().GetData()) for data in steps]
    stacked(tmp_path / "a.npz", steps)
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["points"], expected)


def test_whole_numbers_that_a_filter_moves_apart(tmp_path):
    np.savez(tmp_path / "in.npz", points=np.arange(30).reshape(10, 3), s=np.arange(10.0))
    steps = [npyvtk.read(tmp_path / "in.npz") for _ in range(2)]
    vtk_to_numpy(steps[1].GetPoints().GetData())[:] += 0.5
    (tmp_path / "out").mkdir()
    stacked(tmp_path / "out" / "a.npz", steps)
    found = np.load(tmp_path / "out" / "a.npz")["points"]
    np.testing.assert_array_equal(found, np.arange(30.0).reshape(10, 3) + np.array([0, 0.5]).reshape(2, 1, 1))


def test_stacking_holds_one_step_of_points_that_move(tmp_path, peak_memory):
    count, number = 1 << 18, 24

    def steps():
        with Stack(tmp_path / "a.npz", number) as stack:
            for k in range(number):
                stack.add(npyvtk.to_vtk({"points": np.full((count, 3), k, "f4"), "s": np.zeros(count, "f4")}), k)

    assert peak_memory(steps) < 48 << 20  # of 24 times 4 MiB
    with np.load(tmp_path / "a.npz") as file:
        assert file["points"].shape == (number, count, 3)


# -- field data ------------------------------------------------------------------------------------


def with_field(*arrays):
    data = image()
    for one in arrays:
        data.GetFieldData().AddArray(one)
    return data


CHANGING = {
    "numbers": [array(np.array([k, 1.0]), "a") for k in range(STEPS)],
    "vectors": [array(np.full((2, 3), k), "a") for k in range(STEPS)],
    "texts": [strings(["x" * (k + 1), "y"], "a") for k in range(STEPS)],
    "wider": [array(np.full(2, k, dtype), "a") for k, dtype in enumerate(("i2", "i8", "i4"))],
}


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("name", CHANGING)
def test_field_data_that_changes_has_an_axis_of_time(name, compression, tmp_path):
    stacked(tmp_path / "a.npz", [with_field(one) for one in CHANGING[name]], compression=compression)
    expected = np.array([np.load(tmp_path / "a.npz")["a"][k] for k in range(STEPS)])
    for k, one in enumerate(CHANGING[name]):
        held = [one.GetValue(j) for j in range(one.GetNumberOfValues())]
        assert expected[k].ravel().tolist() == held
        again = npyvtk.read(tmp_path / "a.npz", step=k).GetFieldData().GetAbstractArray("a")
        assert [again.GetValue(j) for j in range(again.GetNumberOfValues())] == held


MISFITS = {
    "another shape": ([array(np.zeros(2), "a")], [array(np.zeros(1), "a")]),
    "another kind": ([array(np.zeros(2), "a")], [array(np.zeros(2, "i8"), "a")]),
    "only later": ([], [array(np.zeros(2), "a")]),
    "no longer": ([array(np.zeros(2), "a")], []),
}


@pytest.mark.parametrize("name", MISFITS)
def test_field_data_that_fits_no_axis_of_time_is_left_out_and_said(name, tmp_path):
    first, second = ([*own, array(np.ones(3), "b")] for own in MISFITS[name])
    said = []
    with Stack(tmp_path / "a.npz", 3, warn=said.append) as stack:
        for k, arrays in enumerate((first, second, first)):
            stack.add(with_field(*arrays), k)
    [line] = said
    assert "left out" in line
    assert "'a'" in line
    assert "'b'" not in line
    assert "Series" in line
    with np.load(tmp_path / "a.npz") as file:
        assert "a" not in file
        assert file["b"].tolist() == [1, 1, 1]
    assert npyvtk.read(tmp_path / "a.npz", step=2).GetFieldData().GetNumberOfArrays() == 1


# -- what stays the same ---------------------------------------------------------------------------


def other_cells():
    data = tetras()
    cells = data.GetCells().GetConnectivityArray()
    cells.SetTuple1(0, cells.GetTuple1(1))
    return data


def fewer_points():
    data = points_without_cells()
    data.GetPoints().SetNumberOfPoints(data.GetNumberOfPoints() - 1)
    return data


def wider():
    data = rectilinear()
    x = data.GetXCoordinates()
    x.SetValue(x.GetNumberOfValues() - 1, 1e3)
    return data


def placed():
    data = image()
    data.SetSpacing(1, 1, 7)
    return data


@pytest.mark.parametrize(
    ("make", "other", "words"),
    [
        (tetras, other_cells, "'tetras' changes"),
        (points_without_cells, fewer_points, "'points' has shape"),
        (points_without_cells, vertices, "the geometry is not that of the first step"),
        (rectilinear, wider, "'x' changes"),
        (image, placed, "'spacing' changes"),
    ],
    ids=["cells", "number of points", "kind", "coordinates along an axis", "place"],
)
def test_other_geometry_is_refused_and_named(make, other, words, tmp_path):
    with pytest.raises(OptionError, match=f"a.npz: time step 1: .*{words}.*Series"):
        stacked(tmp_path / "a.npz", [make(), other()])
    assert os.listdir(tmp_path) == []


def test_points_alone_are_data_like_any(tmp_path):
    """In a .npy they have the dtype of the first step, and nothing beside them tells that they move."""
    steps = [npyvtk.to_vtk({"points": rng.random((4, 3)).astype(dtype)}) for dtype in ("f4", "f4", "f8")]
    with pytest.raises(OptionError, match="time step 2: array 'points' is float64, and float32 in the first step"):
        stacked(tmp_path / "a.npy", steps, array="points")
    stacked(tmp_path / "a.npy", steps[:2], array="points")
    assert np.load(tmp_path / "a.npy").shape == (2, 4, 3)
