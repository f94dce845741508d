"""Vectors of two components: a third that is 0 for the filters, and back to the file as they were."""

from __future__ import annotations

import json

import numpy as np
import pytest
from npyvtk import read, to_vtk, write
from npyvtk.errors import LimitError
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from vtkmodules.util.numpy_support import vtk_to_numpy

RANDOM = np.random.default_rng(6)
POINTS = RANDOM.random((30, 3))
WITH_NAN = RANDOM.random((4, 5, 2))
WITH_NAN[1, 2] = np.nan, -0.0
FILES = {
    "a plane": {"v": RANDOM.random((4, 5, 2))},
    "a volume": {"v": RANDOM.random((3, 4, 5, 2)).astype("f4"), "p": RANDOM.random((3, 4, 5))},
    "big-endian": {"v": RANDOM.random((3, 4, 5, 2)).astype(">f8")},
    "half": {"v": RANDOM.random((3, 4, 5, 2)).astype("f2")},
    "Fortran": {"v": np.asfortranarray(RANDOM.random((3, 4, 5, 2)))},
    "NaN": {"v": WITH_NAN},
    "points": {"points": POINTS, "v": RANDOM.random((30, 2)), "w": RANDOM.random((30, 1, 2))},
    "cells": {"points": POINTS, "faces": RANDOM.integers(0, 30, (7, 3)), "v": RANDOM.random((7, 2))},
    "records": {"points": POINTS, "v": np.zeros(30, [("a", "f4", 2), ("b", "i2"), ("c", ">f8", (2, 1))])},
    "wide": {"v": np.zeros((3, 4, 5, 2), np.longdouble) + 0.5},
}
KEPT = {
    "whole numbers": {"v": RANDOM.integers(0, 9, (3, 4, 5, 2))},
    "complex": {"v": RANDOM.random((3, 4, 5)) + 1j},
    "three": {"v": RANDOM.random((3, 4, 5, 3))},
    "a table": {"v": RANDOM.random((3, 2)), "w": RANDOM.random(3)},
}


def save(tmp_path, content, name="a.npz"):
    np.savez(tmp_path / name, **content)
    return str(tmp_path / name)


def arrays(data):
    found = {}
    for attributes in (data.GetPointData(), data.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            found[attributes.GetArrayName(k)] = vtk_to_numpy(attributes.GetArray(k))
    return found


@pytest.mark.parametrize("case", FILES)
def test_two_get_a_third_and_come_back(tmp_path, case):
    path = save(tmp_path, FILES[case])
    plain, padded = arrays(read(path)), arrays(read(path, pad_vectors=True))
    assert list(plain) == list(padded)
    pairs = [name for name, values in plain.items() if values.ndim > 1 and values.shape[1] == 2]
    assert pairs
    for name, values in padded.items():
        np.testing.assert_array_equal(values[:, :2] if name in pairs else values, plain[name])
        assert values.dtype == plain[name].dtype
        if name in pairs:
            assert values.shape[1] == 3
            assert not values[:, 2].any()
    write(str(tmp_path / "b.npz"), read(path, pad_vectors=True))
    with np.load(tmp_path / "b.npz") as saved:
        for name, values in FILES[case].items():
            assert (saved[name].dtype, saved[name].shape) == (values.dtype, values.shape)
            if values.dtype != np.longdouble:  # which has bytes without a meaning
                assert saved[name].tobytes() == values.tobytes()
            np.testing.assert_array_equal(saved[name], values)
    again = arrays(read(str(tmp_path / "b.npz"), pad_vectors=True))
    for name, values in padded.items():
        np.testing.assert_array_equal(again[name], values)
    assert arrays(read(str(tmp_path / "b.npz")))[pairs[0]].shape[1] == 2


@pytest.mark.parametrize("case", KEPT)
def test_what_is_no_vector_of_two_stays(tmp_path, case):
    path = save(tmp_path, KEPT[case])
    kind = "Table" if case == "a table" else "Auto"
    both = [read(path, pad_vectors=on, dataset_type=kind) for on in (False, True)]
    plain, padded = ((one.GetRowData() if kind == "Table" else one.GetPointData()).GetArray("v") for one in both)
    assert padded.GetNumberOfComponents() == plain.GetNumberOfComponents()
    np.testing.assert_array_equal(vtk_to_numpy(padded), vtk_to_numpy(plain))


def test_a_third_that_is_no_longer_0_is_saved(tmp_path):
    data = read(save(tmp_path, FILES["a plane"]), pad_vectors=True)
    vtk_to_numpy(data.GetPointData().GetArray("v"))[7, 2] = np.nan
    write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        assert saved["v"].shape == (4, 5, 3)
        assert np.isnan(saved["v"][1, 2, 2])


def test_of_a_part_and_of_each_step(tmp_path):
    film = RANDOM.random((6, 4, 5, 7, 2))
    path = save(tmp_path, {"v": film})
    data = read(path, pad_vectors=True, axes="tzyxc", step=4, voi=(1, 5, 0, 4, 1, 2), sample_rate=(2, 1, 1))
    values = arrays(data)["v"]
    np.testing.assert_array_equal(values[:, :2], film[4, 1:3, :, 1:6:2].reshape(-1, 2))
    assert values.shape == (2 * 5 * 3, 3)


def test_names_of_components_come_back(tmp_path):
    data = to_vtk({"v": FILES["a plane"]["v"]})
    for k, name in enumerate(("east", "north")):
        data.GetPointData().GetArray("v").SetComponentName(k, name)
    write(str(tmp_path / "b.npz"), data)
    padded = read(str(tmp_path / "b.npz"), pad_vectors=True)
    array = padded.GetPointData().GetArray("v")
    assert [array.GetComponentName(k) for k in range(3)] == ["east", "north", None]
    write(str(tmp_path / "c.npz"), padded)
    with np.load(tmp_path / "b.npz") as first, np.load(tmp_path / "c.npz") as second:
        assert json.loads(str(first["vtk"])) == json.loads(str(second["vtk"]))


def test_texture_coordinates_stay_two(tmp_path):
    data = to_vtk({"v": FILES["a plane"]["v"]})
    data.GetPointData().SetActiveTCoords("v")
    write(str(tmp_path / "b.npz"), data)
    assert read(str(tmp_path / "b.npz"), pad_vectors=True).GetPointData().GetTCoords().GetNumberOfComponents() == 2


def test_the_limit_counts_it_and_maps_share_the_rest(tmp_path, peak_memory):
    v, p = np.zeros((100, 100, 100, 2)), np.zeros((100, 100, 100))
    path = save(tmp_path, {"v": v, "p": p})
    need = 4 * p.nbytes
    assert read(path, pad_vectors=True, memory_limit=need).GetNumberOfPoints() == p.size
    assert read(path, memory_limit=need - p.nbytes).GetNumberOfPoints() == p.size
    with pytest.raises(LimitError, match="too large"):
        read(path, pad_vectors=True, memory_limit=need - 1)
    buffers = 6 << 20  # what is read in blocks has 4 MiB beside it
    assert peak_memory(lambda: read(path, pad_vectors=True)) < need + buffers < need + p.nbytes
    shared = arrays(to_vtk({"v": v, "p": p}, pad_vectors=True))
    assert np.shares_memory(shared["p"], p)
    assert not np.shares_memory(shared["v"], v)
    assert peak_memory(lambda: to_vtk({"v": v, "p": p}, pad_vectors=True)) < 3 * p.nbytes + buffers


def test_a_line_says_so(tmp_path):
    path = save(tmp_path, FILES["a volume"])
    line = "v: two components, and a third that is 0; without PadVectors two"
    assert line in Series([path], ReadOptions(pad_vectors=True)).lines
    assert line not in Series([path], ReadOptions()).lines


@pytest.mark.parametrize(("third", "names"), [(0.0, ["a", "b"]), (7.0, ["a", "b", "c"])])
def test_names_of_components_go_with_what_is_saved(third, names, tmp_path):
    data = read(save(tmp_path, FILES["a volume"]), pad_vectors=True)
    vector = data.GetPointData().GetArray("v")
    vtk_to_numpy(vector)[:, 2] = third
    for number, name in enumerate("abc"):
        vector.SetComponentName(number, name)
    write(str(tmp_path / "b.npz"), data)
    again = read(str(tmp_path / "b.npz")).GetPointData().GetArray("v")
    assert [again.GetComponentName(number) for number in range(again.GetNumberOfComponents())] == names
