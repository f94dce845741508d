"""Records as text and back: what one rank tells the others is what it found, to the last bit."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from npyvtk import records
from npyvtk.describe import describe
from npyvtk.errors import FileError, FormatError
from npyvtk.plan.axes import Axis
from npyvtk.plan.kinds import IMAGE
from npyvtk.plan.layout import ArrayPlan, Block, Composite, Layout

DTYPES = [
    "?", "i1", "u2", ">i4", "<i8", "f2", ">f4", "f8", "g", "c8", ">c16", "M8[s]", ">M8[25us]", "m8[D]", "S3", "U5",
    ">U5",
    [("a", "i4"), ("b", ">f8", (2, 3))], [("a", [("b", "i1"), ("größe", "M8[ns]")]), ("c", "U2", (0,))],
    [("a", "i1"), ("", "V3"), ("b", "i4")],
]  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -(2**70), 1.5, -0.0, 5e-324, float("inf"), "", "größe \u65e5", "\udcff", (), (1, (2.0, "a")),
     [1, [2]], {"a": (1, 2), "b": {}}, {1: 2}],
    ids=ascii,
)  # fmt: skip
def test_plain_values_come_back(value):
    found = records.load(records.dump(value))
    assert repr(found) == repr(value)


def test_not_a_number_comes_back():
    assert np.isnan(records.load(records.dump(float("nan"))))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_dtypes_and_arrays_come_back(dtype):
    dtype = np.dtype(dtype)
    found = records.load(records.dump(dtype))
    assert found == dtype
    assert found.str == dtype.str
    values = np.frombuffer(np.random.default_rng(0).bytes(6 * dtype.itemsize), "u1").view(dtype).reshape(2, 3)
    values = np.zeros((2, 3), dtype) if dtype.kind in "U?" or dtype.names else values
    array = records.load(records.dump(values))
    assert (array.shape, array.dtype, array.tobytes()) == (values.shape, values.dtype, values.tobytes())


def test_records_come_back_as_they_were():
    plan = ArrayPlan("a", (Axis("z"), Axis("y", reverse=True)), "cell")
    block = Block(IMAGE, dims=(3, 4, 1), origin=(0.1, -0.0, 1e-300), arrays=(plan,), roles={"x": plan})
    layout = Layout(
        Composite("vtkPartitionedDataSetCollection", (("one", block), (None, block), ("none", None))),
        {"a": "what it is"},
        times=(0.1, 0.2),
        geometry=block.geometry,
    )
    found = records.load(records.dump(layout))
    assert found == layout
    assert type(found.root.children[0][1].arrays[0].axes[1]) is Axis
    assert repr(found) == repr(layout)
    assert found.root.children[0][1] is found.root.children[1][1], "what is said once comes back once"


def test_errors_come_back():
    first, second = records.load(records.dump([FormatError("a: damaged"), FileError("b: gone")]))
    assert (type(first), str(first)) == (FormatError, "a: damaged")
    assert (type(second), str(second)) == (FileError, "b: gone")


def test_the_description_of_a_file_comes_back(tmp_path):
    dates = np.array(["2020-01-01", "2020-02-02", "2021-01-01"], "M8[D]")
    np.savez(tmp_path / "a.npz", a=np.zeros((3, 4, 5, 6)), time=dates,
             spacing=[1.0, 2.0, 3.0], rows=np.zeros(4, [("p", "<f4"), ("q", ">i8")]))  # fmt: skip
    description = describe(str(tmp_path / "a.npz"))
    found = records.load(records.dump(replace(description, store=None)))  # a file is no part of a record
    assert found.specs == description.specs
    assert found.lines == description.lines
    assert found.layout.root == description.layout.root
    assert found.layout.file_times.tobytes() == description.layout.file_times.tobytes()
    assert found.layout.file_times.dtype == description.layout.file_times.dtype


STRANGERS = [object(), {1, 2}, json.JSONDecoder(), b"bytes", 1j]


@pytest.mark.parametrize("value", STRANGERS, ids=lambda one: type(one).__name__)
def test_nothing_else_is_told(value):
    with pytest.raises(TypeError, match="no part of a record"):
        records.dump([value])
