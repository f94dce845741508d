"""The law of fidelity for archives: every array that is data, coordinates or connectivity comes back as it was."""

from __future__ import annotations

import gc
import json
import warnings

import npyvtk
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.describe import describe
from npyvtk.options import WriteOptions
from npyvtk.stack import Stack
from npyvtk.write import save
from test_law import DTYPES, RECORD, any_values, as_float64, stacked
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray, vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkTable

rng = np.random.default_rng(5)
HUGE = 2**53 + 1  # no float64


def time_of(data):
    key = vtkDataObject.DATA_TIME_STEP()
    return data.GetInformation().Get(key) if data.GetInformation().Has(key) else 0.0


def lines_of(path):
    return {line.partition(": (")[0]: line for line in describe(path).lines}


def assert_comes_back(folder, compression=0, words=None, **members):
    """Save in.npz, read and saved again: all members are there, equal in shape, dtype and value.

    `words` are members that the writer says in its own way. What the reader says that VTK rounds is rounded.
    """
    np.savez(folder / "in.npz", **members, **(words or {}))
    said = lines_of(folder / "in.npz")
    options = WriteOptions(compression=compression)
    # Twice: once by the conventions, once by the description that the writer adds.
    for source, target in (("in", "once"), ("once", "twice")):
        steps = describe(folder / f"{source}.npz").layout.steps
        if steps == 1:
            save(folder / f"{target}.npz", npyvtk.read(folder / f"{source}.npz"), options)
        else:
            with Stack(folder / f"{target}.npz", steps, options) as stack:
                for k in range(steps):
                    data = npyvtk.read(folder / f"{source}.npz", step=k)
                    stack.add(data, time_of(data))
        with np.load(folder / f"{target}.npz", allow_pickle=False) as found:
            for name, values in members.items():
                assert found[name].shape == np.shape(values), name
                assert found[name].dtype == np.asarray(values).dtype, name
                expected = as_float64(values) if " round" in said.get(name, "") else np.asarray(values)
                if found[name].dtype.char in "gG":  # the bytes between the values mean nothing
                    np.testing.assert_array_equal(found[name], expected)
                else:
                    assert found[name].tobytes() == expected.tobytes(), name


AFFINE = np.array([[0.0, -2, 0, 5], [3, 0, 0, 6], [0, 0, 0.7, 7], [0, 0, 0, 1]])
PLACES = {
    "whole numbers": {"spacing": np.array([1, 2, 3]), "origin": np.array([4, 5, 6], "i2")},
    "float32": {"spacing": np.array([0.1, 0.2, 0.3], "f4"), "origin": np.array([1 / 3, 1, 1], ">f4")},
    "spacing alone": {"spacing": np.array([0.1, 0.2, 0.3])},
    "origin alone": {"origin": np.array([7, 8, 9], "u1")},
    "half": {"spacing": np.array([0.1, 2, 3], "f2"), "direction": np.eye(3, dtype="f2")},
    "longdouble": {"spacing": np.arange(1, 4, dtype="g") / 3},
    "flat direction": {"direction": np.array([0, 1, 0, 1, 0, 0, 0, 0, 1])},
    "of the plane": {"spacing": np.array([2.0, 3]), "origin": np.array([1, 1]), "direction": 1 - np.eye(2, dtype=int)},
    "affine": {"affine": AFFINE},
    "affine, float32": {"affine": AFFINE.astype(">f4")},
    "affine of the plane": {"affine": AFFINE[np.ix_([0, 1, 3], [0, 1, 3])]},
    "affine and another origin": {"affine": AFFINE, "origin": np.array([1, 2, 3])},
    "scalars": {"dx": np.array(0.1), "dy": np.array(2), "dz": np.array(3, "f4"), "xmin": np.array(4), "ymin": HUGE},
    "scalars of length 1": {"dx": np.array([0.1], ">f4"), "dy": np.array([2])},
    "one number": {"spacing": np.array(0.5, ">f4")},
    "voxel size": {"voxel_size": np.array([0.5]), "origin": np.array([1, 2, 3])},
    "resolution": {"resolution": np.array(0.25, "f4")},
    "maxima of points": {
        "dx": np.array(0.1),
        "dy": np.array(2),
        "xmin": np.array(4.0),
        "ymin": np.array(5, "i1"),
        "xmax": np.array(4.4),
        "ymax": np.array(11),
    },
    "maxima of cells": {
        "dx": np.array(0.1),
        "dy": np.array(2.0),
        "dz": np.array(1 / 3),
        "xmin": np.array([4.0]),
        "xmax": np.array(4.5),
        "ymin": np.array(1 / 3),
        "ymax": np.array(1 / 3 - 8),
        "zmin": np.array(7.0),
        "zmax": np.array(6.0),
    },
    "maxima that fall": {
        "dx": np.array(0.1),
        "dy": np.array(2.0),
        "xmin": np.array(4.0),
        "ymin": np.array(5.0),
        "ymax": np.array(-1.0),
    },
    "xmin alone": {"xmin": np.array(4, "i1"), "ymin": np.array(5.5), "zmin": np.array(6.5)},
    "big": {"origin": np.array([2**53 + 1, 0, 0])},
}


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize("steps", [1, 2])
def test_what_places_an_image(tmp_path, name, steps):
    if steps == 1:
        assert_comes_back(tmp_path, T=rng.random((3, 4, 5)), **PLACES[name])
    else:
        assert_comes_back(tmp_path, T=rng.random((2, 3, 4, 5)), time=np.array([1.0, 2]), **PLACES[name])
    there, back = (npyvtk.read(tmp_path / f"{name}.npz") for name in ("in", "twice"))
    assert there.GetOrigin() == back.GetOrigin()
    assert there.GetSpacing() == back.GetSpacing()
    for i in range(3):
        for j in range(3):
            assert there.GetDirectionMatrix().GetElement(i, j) == back.GetDirectionMatrix().GetElement(i, j)


@pytest.mark.parametrize(
    "place",
    [
        {"origin": np.array([np.longdouble("1e400"), 1, 1])},
        {"spacing": np.array([np.longdouble("1e400"), 1, 1])},
        {"affine": np.diag([1e200, 1, 1, 1])},
        {"affine": np.diag([1e-200, 1, 1, 1])},
        {"dx": np.array(np.longdouble("1e400")), "dy": np.array(1)},
    ],
    ids=["origin", "spacing", "affine", "small affine", "dx"],
)
def test_what_no_float64_can_place_is_plain_data(tmp_path, place):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        np.savez(tmp_path / "in.npz", T=rng.random((3, 4, 5)), **place)
        data = npyvtk.read(tmp_path / "in.npz")
        npyvtk.write(tmp_path / "out.npz", data)
        back = npyvtk.read(tmp_path / "out.npz")
    assert np.all(np.isfinite(data.GetOrigin() + data.GetSpacing()))
    assert (back.GetOrigin(), back.GetSpacing()) == (data.GetOrigin(), data.GetSpacing())


PLAIN = {"dtype": "<f8", "axes": "zyx"}
STAMPS = [
    *({**PLAIN, "path": ["a"], "record": record} for record in ([["a", "<f8"], ["b", "(1,2"]], [[["a"], "<f8"]], 5)),
    *({**PLAIN, "shape": shape} for shape in ([-1], [0], [7], ["x"], 5)),
    *({**PLAIN, "dtype": dtype} for dtype in ("(1,2", "O", "V8", "f4,f4", "", 5, [["a", "<f8"]])),
    {**PLAIN, "path": [["a"]]},
    {**PLAIN, "axes": 5},
    ["dtype"],
    5,
]
PLACES_OF_OTHERS = [
    [["dx", "<f8", [float("inf")], "00"]],
    [["dx", "(1,2", [1], "00"]],
    [["dx", "O", [1], "00" * 8]],
    [["dx", {"x": 1}, [1], "00"]],
    [["affine", "<f8", [4, 4], np.diag([1e200, 1, 1, 1]).tobytes().hex()]],
    [["origin", "<f8", [3], "zz"]],
    [[["origin"], "<f8", [3], "00" * 24]],
    [["T", "<f8", [1], "00" * 8]],
    [5],
    7,
]
TIMES_OF_OTHERS = [5, ["(1,2", "0"], ["<f8"], ["O", "0"], ["<M8[s]", "x"]]
MEMORIES = [{"place": place} for place in PLACES_OF_OTHERS] + [{"time": time} for time in TIMES_OF_OTHERS] + [[], 5]
MEMORIES = [*map(json.dumps, MEMORIES), "[" * 100_000]


@pytest.mark.parametrize("memory", [None, *MEMORIES])
@pytest.mark.parametrize("stamp", [*map(json.dumps, STAMPS), "[" * 100_000, '{"dtype":' + "[" * 100_000])
def test_a_stamp_of_somebody_else_hurts_nobody(tmp_path, stamp, memory):
    image = npyvtk.to_vtk({"T": rng.random((3, 4, 5)), "spacing": [1.0, 2, 3]})
    array = image.GetPointData().GetArray("T")
    array.GetInformation().Set(vtkDataArray.UNITS_LABEL(), stamp)
    if memory is not None:
        held, text = vtkTable(), vtkStringArray()
        text.SetName("memory")
        text.InsertNextValue(memory)
        held.AddColumn(text)
        array.GetInformation().Set(vtkDataObject.DATA_OBJECT(), held)
        image.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), 0.0)
    npyvtk.write(tmp_path / "out.npz", image)
    back = npyvtk.read(tmp_path / "out.npz")
    assert (back.GetSpacing(), back.GetOrigin()) == ((1, 2, 3), (0, 0, 0))
    [name] = [back.GetPointData().GetArrayName(k) for k in range(back.GetPointData().GetNumberOfArrays())]
    np.testing.assert_array_equal(vtk_to_numpy(back.GetPointData().GetArray(name)), vtk_to_numpy(array).reshape(-1))


def moved(image):
    image.SetOrigin(9, 9, 9)


def cut_out(image):
    image.Crop([1, 4, 0, 3, 1, 2])


def turned(image):
    image.SetDirectionMatrix(0, 1, 0, 0, 0, 1, 1, 0, 0)


@pytest.mark.parametrize("change", [moved, cut_out, turned])
@pytest.mark.parametrize("name", PLACES)
def test_an_image_that_was_changed_is_placed_anew(tmp_path, name, change):
    np.savez(tmp_path / "in.npz", T=rng.random((3, 4, 5)), **PLACES[name])
    image = npyvtk.read(tmp_path / "in.npz")
    change(image)
    npyvtk.write(tmp_path / "out.npz", image)
    back = npyvtk.read(tmp_path / "out.npz")
    assert image.GetNumberOfPoints() == back.GetNumberOfPoints()
    for k in range(image.GetNumberOfPoints()):
        np.testing.assert_allclose(image.GetPoint(k), back.GetPoint(k), rtol=1e-15, atol=1e-14)
    with np.load(tmp_path / "out.npz") as found:
        assert "affine" not in found
        if change is not turned:
            np.testing.assert_allclose(found["origin"], image.GetPoint(0), rtol=1e-15)
            assert "xmin" not in found


@pytest.mark.parametrize("kept", ["T", "p", "m"])
def test_each_array_knows_the_place_and_the_time(tmp_path, kept):
    """As a filter that passes one array leaves it; all of them share one memory."""
    times = np.array(["2020-01-01", "2020-01-03"], "M8[D]")
    arrays = {name: rng.random((2, 3, 4, 5)).astype(">f4") for name in "Tpm"}
    np.savez(tmp_path / "in.npz", **arrays, time=times, spacing=np.array([1, 2, 3], "i2"))
    image = npyvtk.read(tmp_path / "in.npz", step=1)
    data, key = image.GetPointData(), vtkDataObject.DATA_OBJECT()
    assert len({data.GetArray(name).GetInformation().Get(key).__this__ for name in "Tpm"}) == 1
    passed = image.NewInstance()
    passed.CopyStructure(image)
    passed.GetPointData().AddArray(data.GetArray(kept))
    when = vtkDataObject.DATA_TIME_STEP()
    passed.GetInformation().Set(when, image.GetInformation().Get(when))
    npyvtk.write(tmp_path / "out.npz", passed)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        assert (found["time"].dtype, found["time"]) == (times.dtype, times[1])
        assert found["spacing"].dtype == np.int16
        assert sorted(found) == sorted([kept, "time", "spacing", "origin", "direction", "vtk"])


def column(dtype, n=5):
    """Rising values, in a wide dtype such that float64 rounds them."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        return (np.arange(n) + (HUGE if dtype.itemsize == 8 else 0)).astype(dtype)
    return (np.arange(n) + np.longdouble(1) / 3).astype(dtype)


WIDE = ["i8", ">i8", "u8", "g"]


@pytest.mark.parametrize("dtype", [*WIDE, "f2", ">f4", "i2"])
class TestCoordinatesOfOneDtype:
    @pytest.mark.parametrize("width", [2, 3])
    def test_points(self, tmp_path, dtype, width):
        points = np.stack([column(dtype)] * width, axis=1)
        assert_comes_back(tmp_path, points=points, brightness=rng.random(5))

    def test_mesh(self, tmp_path, dtype):
        points = np.stack([column(dtype)] * 3, axis=1)
        assert_comes_back(tmp_path, points=points, triangles=np.array([[0, 1, 4], [0, 2, 3]], "u2"))

    def test_columns(self, tmp_path, dtype):
        x, y, z = column(dtype), column(dtype)[::-1], column(dtype)
        assert_comes_back(tmp_path, x=x, y=y, z=z, mass=rng.random(5))

    def test_curved_grid(self, tmp_path, dtype):
        y, x = np.meshgrid(column(dtype, 3), column(dtype, 4), indexing="ij")
        assert_comes_back(tmp_path, x=x, y=y, t=rng.random((3, 4)))

    def test_axes_of_a_grid(self, tmp_path, dtype):
        assert_comes_back(tmp_path, x=column(dtype, 4), y=column(dtype, 3), t=rng.random((3, 4)))


def test_coordinates_of_several_dtypes(tmp_path):
    x, y, z = column("i8"), column("f4"), column(">u2")
    assert_comes_back(tmp_path, lon=x, lat=y, depth=z, mass=rng.random(5))
    assert_comes_back(tmp_path, x=column("f8", 4), y=column("i2", 3), t=rng.random((3, 4)))
    y, x = np.meshgrid(column("g", 3), column("f4", 4), indexing="ij")
    assert_comes_back(tmp_path, x=x, y=y, t=rng.random((3, 4)))


def test_what_vtk_rounds_is_said(tmp_path):
    wide, far = column("g"), np.stack([column("i8")] * 3, axis=1)
    np.savez(tmp_path / "in.npz", points=far, mass=wide, count=column("i8"), speed=wide + 1j * wide)
    npyvtk.write(tmp_path / "out.npz", npyvtk.read(tmp_path / "in.npz"))
    for name in ("in", "out"):
        lines = lines_of(tmp_path / f"{name}.npz")
        assert lines["points"].endswith("; positions are float64, which rounds whole numbers beyond 2**53")
        assert "round" not in lines["count"]
        for member in ("mass", "speed") if wide.dtype.itemsize > 8 else ():
            dtype = np.load(tmp_path / "in.npz")[member].dtype.name
            assert lines[member].endswith(f"; {dtype} is rounded to float64, and saved as {dtype} again")
    data = npyvtk.read(tmp_path / "in.npz")
    assert [data.GetPointData().GetArrayName(k) for k in range(3)] == ["mass", "count", "speed"]
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), far.astype("f8"))
    np.savez(tmp_path / "in.npz", x=column("i8", 4), y=column("i8", 3), t=rng.random((3, 4)))
    assert not any("round" in line for line in lines_of(tmp_path / "in.npz").values()), "VTK holds them as they are"


@pytest.mark.parametrize("dtype", WIDE)
def test_points_that_were_moved_are_saved_where_they_are(tmp_path, dtype):
    np.savez(tmp_path / "in.npz", points=np.stack([column(dtype)] * 3, axis=1))
    data = npyvtk.read(tmp_path / "in.npz")
    positions = vtk_to_numpy(data.GetPoints().GetData())
    positions[:, 1] = 0.5
    npyvtk.write(tmp_path / "out.npz", data)
    with np.load(tmp_path / "out.npz") as found:
        np.testing.assert_array_equal(found["points"].astype("f8"), positions)


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("axes", ["tzyx,tzyxc", "zyxt,zyxct", "-tzyx,-tzyxc", "zytx,zcytx"])
def test_time_axes_come_back_first(tmp_path, axes, compression):
    lengths = {"t": 6, "z": 3, "y": 4, "x": 5, "c": 2}
    members = {
        name: rng.random([lengths[letter] for letter in text.replace("-", "")]).astype(">f4")
        for name, text in zip(("T", "V"), axes.split(","))
    }
    np.savez(tmp_path / "in.npz", axes=axes, time=np.arange(6) / 4, **members)
    assert describe(tmp_path / "in.npz").layout.steps == 6
    with Stack(tmp_path / "out.npz", 6, WriteOptions(compression=compression)) as stack:
        for k in range(6):
            stack.add(npyvtk.read(tmp_path / "in.npz", step=k), k / 4)
    lines = lines_of(tmp_path / "in.npz")
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["time"], np.arange(6) / 4)
        for (name, values), text in zip(members.items(), axes.split(",")):
            assert found[name].dtype == values.dtype
            np.testing.assert_array_equal(found[name], stacked(values, text))
            assert lines[name].endswith("first axis t") == (found[name].shape != values.shape or text[0] == "-")


@pytest.mark.parametrize("dtype", ["i4", ">i8", "f4", ">f8", "g", "M8[ns]", "m8[s]", "f8"])
def test_times_come_back(tmp_path, dtype):
    dtype = np.dtype(dtype)
    times = (np.arange(4) * 1024 + (1_700_000_000_000_000_001 if dtype.kind == "M" else 1)).astype(dtype)
    if dtype.kind == "f":
        times = times / dtype.type(3)
    times = times.astype(dtype)
    assert_comes_back(tmp_path, T=rng.random((4, 3, 5, 7)), time=times)
    npyvtk.write(tmp_path / "step.npz", npyvtk.read(tmp_path / "in.npz", step=2))
    with np.load(tmp_path / "step.npz", allow_pickle=False) as found:
        assert found["time"].dtype == dtype
        assert found["time"] == times[2]
    data = npyvtk.read(tmp_path / "in.npz", step=2)
    data.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), 0.5)  # shifted by a filter
    npyvtk.write(tmp_path / "shifted.npz", data)
    assert np.load(tmp_path / "shifted.npz")["time"] == 0.5


def test_stacking_late_time_axes_holds_one_step(tmp_path, peak_memory):
    np.save(tmp_path / "in.npy", rng.random((64, 64, 64, 32), "f4"))  # 32 MiB

    def stack_all():
        with Stack(tmp_path / "out.npy", 32) as stack:
            for k in range(32):
                stack.add(npyvtk.read(tmp_path / "in.npy", step=k, axes="zyxt", memory_map=False), k)

    gc.disable()  # nothing of a step may wait for it
    try:
        assert peak_memory(stack_all) < 16 << 20  # buffers of two threads included
    finally:
        gc.enable()
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), np.moveaxis(np.load(tmp_path / "in.npy"), -1, 0))


@pytest.mark.parametrize("compression", [0, 6])
def test_what_has_no_time_axis_stays_without(tmp_path, compression):
    members = {"mask": rng.random((4, 5, 7)) > 0.5, "T": rng.random((3, 4, 5, 7)), "depth": rng.random((4, 5, 7))}
    np.savez(tmp_path / "in.npz", **members)
    with Stack(tmp_path / "out.npz", 3, WriteOptions(compression=compression)) as stack:
        for k in range(3):
            stack.add(npyvtk.read(tmp_path / "in.npz", step=k), k)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        for name, values in members.items():
            np.testing.assert_array_equal(found[name], values)
    # What a filter moves has one.
    with Stack(tmp_path / "out.npz", 3, WriteOptions(compression=compression)) as stack:
        for k in range(3):
            data = npyvtk.read(tmp_path / "in.npz", step=k)
            if k == 2:
                vtk_to_numpy(data.GetPointData().GetArray("depth"))[:] = 7
            stack.add(data, k)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["mask"], members["mask"])
        np.testing.assert_array_equal(found["T"], members["T"])
        depth = members["depth"]
        np.testing.assert_array_equal(found["depth"], [depth, depth, np.full_like(depth, 7)])
    again = npyvtk.read(tmp_path / "out.npz", step=2)
    np.testing.assert_array_equal(vtk_to_numpy(again.GetPointData().GetArray("depth")), 7)
    np.testing.assert_array_equal(vtk_to_numpy(again.GetPointData().GetArray("mask")), members["mask"].ravel())


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("moves", [2, 9])
def test_one_dataset_that_is_filled_anew_for_each_step(tmp_path, compression, moves):
    depth = rng.random((4, 5, 7))
    np.savez(tmp_path / "in.npz", T=rng.random((3, 4, 5, 7)), depth=depth)
    data = npyvtk.read(tmp_path / "in.npz")
    arrays = {name: vtk_to_numpy(data.GetPointData().GetArray(name)) for name in ("T", "depth")}
    with Stack(tmp_path / "out.npz", 3, WriteOptions(compression=compression)) as stack:
        for k in range(3):
            arrays["T"][:] = k
            if k >= moves:
                arrays["depth"][:] = 7
            stack.add(data, k)
        arrays["depth"][:] = -1  # before the file is whole
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["T"][:, 0, 0, 0], [0, 1, 2])
        expected = [depth, depth, np.full_like(depth, 7)] if moves < 3 else depth
        np.testing.assert_array_equal(found["depth"], expected)


def test_a_picture_beside_time_steps_comes_back(tmp_path):
    """It has its first row on top, so the letters of its axes are more than they are."""
    assert_comes_back(tmp_path, picture=np.arange(18, dtype="u1").reshape(2, 3, 3), film=rng.random((4, 2, 3, 5, 2)))


def test_time_steps_of_several_grids(tmp_path):
    members = {"a": rng.random((3, 4, 5, 7)), "b": rng.random((3, 6, 5, 8)), "mask": rng.random((4, 5, 7)) > 0.5}
    assert_comes_back(tmp_path, **members)


# ---------------------------------------------------------------------------------------------------
# any archive

REAL = [dtype for dtype in DTYPES if np.dtype(dtype).kind in "iuf"]
KINDS = ["image", "rectilinear", "curved", "points", "columns", "table", "several"]
MORE_KINDS = ["positions of a grid", "edges", "corners", "scikit-fem", "kinds of cells"]
TABLES = {"triangles": 3, "tetras": 4, "lines": 2, "cells": 4, "faces": 4}


def coordinate(draw, n):
    return (np.arange(n) * draw(st.sampled_from([1, 3]))).astype(draw(st.sampled_from(REAL)))


def data(draw, shape, count):
    """Draw arrays of one shape, some with components."""
    made = {}
    for k in range(count):
        dtype = draw(st.sampled_from([*DTYPES, RECORD]))
        more = draw(st.sampled_from([(), (), (3,), (2, 2)])) if shape else ()
        name = draw(st.sampled_from([f"d{k}", f"a/b{k}", f"größe {k}", f"x.y{k}"]))
        made[name] = any_values(dtype, (*shape, *more), draw(st.integers(0, 5)))
    return made


def cells(draw, points):
    kind = draw(st.sampled_from(["none", "alike", "mixed"]))
    integers = st.sampled_from(["i4", "u1", ">i8", "i8", ">u2"])
    if kind == "none":
        return {}
    if kind == "alike":
        name, m = draw(st.sampled_from(list(TABLES))), draw(st.integers(1, 3))
        table = np.arange(m * TABLES[name]).reshape(m, -1) % points
        return {name: table.astype(draw(integers)), **data(draw, (m,), 1)}
    offsets = np.array([0, 3, 7])[draw(st.sampled_from([slice(None), slice(1, None), slice(0, 2)]))]
    return {
        "connectivity": np.array([0, 1, 2, 0, 1, 2, 3], draw(integers)),
        "offsets": offsets.astype(draw(integers)),
        "types": np.array([5, draw(st.sampled_from([9, 10]))], draw(integers)),
        **data(draw, (2,), 1),
    }


def more_members(draw, kind, shape, n, count):
    """Draw the members of `archives` for the conventions of one array that holds a geometry, and of several tables."""
    words = {}
    if kind == "positions of a grid":
        shape = (shape * 2)[:3]
        name = draw(st.sampled_from(["points", "xyz", "coords"]))
        made = {name: any_values(draw(st.sampled_from(REAL)), (*shape, 3)), **data(draw, shape, count)}
    elif kind == "edges":
        words = {"edges": np.cumsum(1 + rng.random((len(shape), shape[0] + 1)), axis=1)}
        made = data(draw, shape[:1] * len(shape), count)
    elif kind == "corners":
        name = draw(st.sampled_from(["vectors", "triangles", "faces"]))
        words = {name: any_values(draw(st.sampled_from(["f4", ">f8", "f2"])), (shape[0], 3, 3))}
        made = data(draw, shape[:1], count)
    elif kind == "scikit-fem":
        table = np.arange(8 * shape[0]).reshape(8, -1).astype(draw(st.sampled_from(["i4", "u1", ">i8"]))) % n
        made = {"p": any_values(draw(st.sampled_from(["f4", ">f8"])), (3, n)), "t": table, **data(draw, (n,), count)}
    elif kind == "kinds of cells":
        tables = {
            name: np.arange(m * k).reshape(m, k) % n
            for name, k, m in (("quads", 4, 3), ("triangle", 3, 2), ("line", 2, 1))
        }
        names = draw(st.permutations(list(tables)))[: draw(st.integers(2, 3))]
        tables, alone = {name: tables[name] for name in names}, draw(st.booleans())
        made = {"points": any_values(draw(st.sampled_from(REAL)), (n, 3)), **data(draw, (n,), 1)}
        made["on one"] = rng.random(len(tables[names[-1]]) if alone else sum(map(len, tables.values())))
        made, words = (made | tables, {}) if alone and len(made["on one"]) != n else (made, tables)
    return made, words


@st.composite
def archives(draw):
    """Draw the members of a file for each of the conventions, and those that the writer says in its own way."""
    kind = draw(st.sampled_from([*KINDS, *MORE_KINDS]))
    words = {}
    shape = tuple(draw(st.integers(1, 4)) for _ in range(draw(st.integers(2, 3))))
    n, count = draw(st.integers(4, 8)), draw(st.integers(1, 3))
    if kind == "image":
        made = data(draw, shape, count)
    elif kind == "rectilinear":
        made = {letter: coordinate(draw, m) for letter, m in zip("xyz", shape[::-1])} | data(draw, shape, count)
    elif kind == "curved":
        made = {letter: np.resize(coordinate(draw, n), shape) for letter in "xyz"[: len(shape)]}
        made.update(data(draw, shape, count))
    elif kind in MORE_KINDS:
        made, words = more_members(draw, kind, shape, n, count)
    elif kind == "points":
        name, width = draw(st.sampled_from(["points", "vertices", "xyz"])), draw(st.sampled_from([2, 3]))
        made = {name: any_values(draw(st.sampled_from(REAL)), (n, width))} | cells(draw, n) | data(draw, (n,), count)
    elif kind == "columns":
        made = {"x": coordinate(draw, n), "y": coordinate(draw, n)[::-1], **data(draw, (n,), count)}
    elif kind == "table":
        made = data(draw, (draw(st.integers(0, 6)),), count)
    else:
        made = data(draw, shape, 1) | {"other": any_values(draw(st.sampled_from(DTYPES)), (5, 7))}
        made["third"] = any_values(draw(st.sampled_from(DTYPES)), (6, 5, 7))
    if draw(st.booleans()):
        made["note"] = any_values(draw(st.sampled_from(DTYPES)), draw(st.sampled_from([(), (2,), (3, 3)])))
    return made, words


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(archives())
def test_any_archive(tmp_path_factory, archive):
    members, words = archive
    assert_comes_back(tmp_path_factory.mktemp("law"), words=words, **members)


@pytest.mark.parametrize("axes", ["auto", "zyx", "xyz"])
def test_an_affine_stands_beside_arrays_of_its_order_alone(tmp_path, axes):
    volume = rng.random((3, 4, 5))
    np.savez(tmp_path / "in.npz", T=volume, affine=AFFINE)
    image = npyvtk.read(tmp_path / "in.npz", axes=axes)
    npyvtk.write(tmp_path / "out.npz", image)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        assert ("affine" in found) == (axes != "zyx")
        np.testing.assert_array_equal(found["T"], volume)
        plain = {name: found[name] for name in found if name != "vtk"}
    # What the plain names say is the same.
    np.savez(tmp_path / "plain.npz", **plain)
    for name in ("out.npz", "plain.npz"):
        back = npyvtk.read(tmp_path / name)
        for k in range(image.GetNumberOfPoints()):
            at = back.FindPoint(image.GetPoint(k))
            assert back.GetPointData().GetArray("T").GetValue(at) == image.GetPointData().GetArray("T").GetValue(k)


@pytest.mark.parametrize("cell", [0, 1], ids=["points", "cells"])
def test_fields_in_planes_of_a_grid_come_back(tmp_path, cell):
    coordinates = {"x": np.arange(9.0), "y": np.array([9.0, 7, 4, 2, 1, 0]), "z": np.array([3.0, 2, 0, -5], "f4")}
    fields = {"T": rng.random((4 - cell, 6 - cell, 9 - cell)), "H": rng.random((6 - cell, 9 - cell))}
    assert_comes_back(tmp_path, **coordinates, **fields)
    with np.load(tmp_path / "twice.npz", allow_pickle=False) as found:
        # The plane has a place of its own along z; what both grids have stands there once.
        assert set(found) == {*coordinates, *fields, "H/z", "vtk"}
        np.testing.assert_array_equal(found["H/z"], coordinates["z"][:1])


def test_narrow_arrays_come_back(tmp_path):
    assert_comes_back(
        tmp_path,
        column=rng.random((40, 1)),
        row=rng.random((1, 40)).astype(">f4"),
        many=rng.random((40, 1, 1)),
        flags=rng.random((40, 1)) > 0.5,
    )
