"""Ranges that are handed to VTK are the ranges that VTK finds itself."""

from __future__ import annotations

import numpy as np
import pytest
from npyvtk.read import read
from npyvtk.vtk import ranges
from npyvtk.vtk.arrays import to_vtk_array
from vtkmodules.util import numpy_support

DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def vtk_ranges(array):
    """What VTK says, in the order in which ParaView asks."""
    asked = list(range(array.GetNumberOfComponents()))
    if ranges.IS_SLOW:
        asked.append(-1)  # later versions sum squares of unsigned integers in their own type, which wraps around
    return [array.GetRange(k) for k in asked] + [array.GetFiniteRange(k) for k in asked]


@pytest.mark.parametrize("components", [1, 2, 3, 9])
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_range_is_that_of_vtk(dtype, components):
    rng = np.random.default_rng(5)
    n = 3 * ranges.BLOCK_VALUES // components + 7
    values = (rng.standard_normal((n, components)) * 100).astype(dtype)
    handed = to_vtk_array(values, "v")
    ranges._write(handed, *ranges.find_range(values))
    alone = numpy_support.numpy_to_vtk(values, deep=1)
    assert vtk_ranges(handed) == vtk_ranges(alone)
    assert handed.GetRange(0) == (values[:, 0].min(), values[:, 0].max())


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
def test_values_that_are_not_finite_are_left_to_vtk(special):
    values = np.ones((ranges.FEW_VALUES, 2), "f4")
    values[17, 1] = special
    assert ranges.find_range(values) is None


@pytest.mark.parametrize("special", [None, np.nan, np.inf])
def test_the_range_of_what_was_read_is_that_of_the_whole(tmp_path, monkeypatch, special):
    monkeypatch.setattr(ranges, "IS_SLOW", True)
    values = np.random.default_rng(9).standard_normal((70, 100, 100)).astype("f4")
    values[69, 99, 99], values[0, 0, 1] = 1e30, -1e30
    if special is not None:
        values[35, 0, 0] = special
    np.save(tmp_path / "a.npy", values)
    array = read(str(tmp_path / "a.npy")).GetPointData().GetArray(0)
    received = array.HasInformation() and array.GetInformation().Has(array.PER_COMPONENT())
    assert bool(received) == (special is None)
    alone = numpy_support.numpy_to_vtk(values.ravel(), deep=1)
    assert array.GetFiniteRange(0) == alone.GetFiniteRange(0)
    assert array.GetRange(0) == alone.GetRange(0)


@pytest.mark.parametrize("selection", [{"voi": (3, 60, 2, 50, 5, 40)}, {"sample_rate": (2, 1, 1)}])
def test_the_range_of_a_part_is_that_of_the_part(tmp_path, monkeypatch, selection):
    monkeypatch.setattr(ranges, "IS_SLOW", True)
    values = np.random.default_rng(9).standard_normal((70, 100, 100)).astype("f4")
    values[0, 0, 1] = 1e30
    np.save(tmp_path / "a.npy", values)
    array = read(str(tmp_path / "a.npy"), **selection).GetPointData().GetArray(0)
    part = values[5:41, 2:51, 3:61] if "voi" in selection else values[:, :, ::2]
    assert array.GetRange(0) == (part.min(), part.max())


def test_a_range_that_is_handed_over_is_used_where_vtk_is_slow():
    values = np.zeros((ranges.FEW_VALUES, 1), "f4")
    array = to_vtk_array(values, "v")
    ranges.hand_over_range(array)
    values[3] = 7  # VTK is not told: only a range that it had beforehand can miss this
    assert array.GetRange(0) == ((0.0, 0.0) if ranges.IS_SLOW else (0.0, 7.0))
    array.Modified()
    assert array.GetRange(0) == (0.0, 7.0)
