"""VTK arrays back to the members they came from, compared bit by bit; and what happens when they changed."""

from __future__ import annotations

import itertools
import json
import sys

import numpy as np
import pytest
from npyvtk.errors import UnsupportedError
from npyvtk.files.npy import c_order_blocks
from npyvtk.files.npy_header import ArraySpec
from npyvtk.plan.axes import format_axes, parse_axes
from npyvtk.plan.layout import ArrayPlan
from npyvtk.plan.windows import Window
from npyvtk.vtk.arrays import from_vtk_array, to_vtk_array
from npyvtk.vtk.destination import Destination
from npyvtk.vtk.member import members
from npyvtk.vtk.stamps import Stamp, write_stamp
from vtkmodules.vtkCommonCore import vtkBitArray, vtkCharArray, vtkFloatArray, vtkStringArray, vtkVariantArray

rng = np.random.default_rng(1)


def raw(dtype, shape):
    """Any bits at all: NaN with payloads, subnormals, NaT."""
    dtype = np.dtype(dtype)
    return np.frombuffer(rng.bytes(int(np.prod(shape)) * dtype.itemsize), dtype).reshape(shape)


def through_vtk(values, axes):
    plan, spec = ArrayPlan("m", parse_axes(axes)), ArraySpec("m", values.shape, values.dtype, fortran_order=False)
    destination = Destination(plan, spec, Window({}))
    destination.put(tuple(slice(0, n) for n in values.shape), values)
    return [array for _path, array in destination.finish()]


def written(member):
    """What the blocks of a member put into a file, as an array."""
    blocks = list(member.blocks())
    assert all(block.dtype == member.dtype for block in blocks)
    assert all(block.flags.c_contiguous for block in blocks)
    data = np.frombuffer(b"".join(block.tobytes() for block in blocks), member.dtype)
    if member.fortran_order:
        return data.reshape(member.shape[::-1]).T
    return data.reshape(member.shape)


def assert_law(values, axes, space, *, bits=True):
    arrays = through_vtk(values, axes)
    [member] = members(arrays, space if len(space) == 3 else None)
    assert member.name == "m"
    assert format_axes(member.axes) == axes
    assert member.dtype == values.dtype
    assert member.shape == values.shape
    if bits:
        assert written(member).tobytes() == values.tobytes()
        assert np.asarray(member.values(), values.dtype).tobytes() == values.tobytes()
    else:
        np.testing.assert_array_equal(written(member), values)


PLACES = [
    ("zyx", (3, 4, 5), (3, 4, 5)),
    ("-yx", (4, 5), (1, 4, 5)),
    ("czyx", (2, 3, 4, 5), (3, 4, 5)),
    ("xyz", (5, 4, 3), (3, 4, 5)),
    ("x-yz", (5, 4, 3), (3, 4, 5)),
    ("yxcc", (4, 5, 2, 3), (1, 4, 5)),
    ("zyx", (1, 4, 5), (1, 4, 5)),
    ("yx", (7, 1), (1, 7, 1)),
    ("yxc", (4, 5, 1), (1, 4, 5)),
    ("n", (6,), (6,)),
    ("nc", (6, 1), (6,)),
    ("nc", (6, 3), (6,)),
    ("", (), (1, 1, 1)),
    ("zyx", (0, 4, 5), (0, 4, 5)),
    ("n", (0,), (0,)),
]
DTYPES = [
    *("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16"),
    *(">i2", ">u8", ">f2", ">f4", ">f8", ">c8", "M8[ns]", "m8[D]", ">M8[s]"),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("axes", "shape", "space"), PLACES, ids=[f"{p[0]}{p[1]}" for p in PLACES])
def test_every_dtype_on_every_axis(dtype, axes, shape, space):
    assert_law(raw(dtype, shape), axes, space)


@pytest.mark.parametrize("axes", ["zyx", "xyz"])
def test_bool(axes):
    shape = (3, 4, 5) if axes == "zyx" else (5, 4, 3)
    assert_law(rng.random(shape) > 0.5, axes, (3, 4, 5))


@pytest.mark.parametrize("dtype", ["g", ">f16" if np.dtype("g").itemsize == 16 else ">g", "G"])
def test_longdouble_comes_back_as_float64_holds_it(dtype):
    values = (np.longdouble(1) / rng.integers(1, 99, (3, 4, 5)) * (1 + 1j if dtype == "G" else 1)).astype(dtype)
    assert_law(values.astype("c16" if dtype == "G" else "f8").astype(dtype), "zyx", (3, 4, 5), bits=False)
    [member] = members(through_vtk(values, "zyx"), (3, 4, 5))
    assert member.dtype == dtype
    np.testing.assert_allclose(written(member), values, rtol=2**-52)
    values = np.zeros((3, 4, 5), dtype)
    values[0, 0, :3] = np.nan, np.inf, -0.0
    assert_law(values, "zyx", (3, 4, 5), bits=False)


@pytest.mark.parametrize(
    "values",
    [
        np.array([["a", "bé"], ["ccc", ""]]),
        np.array([["a", "b"], ["ccc", ""]], "S9"),
        np.array([[b"\xff", b"a"]]),
        np.array([["a"]], ">U7"),
    ],
    ids=lambda v: v.dtype.str,
)
def test_strings(values):
    assert_law(values, "yx", (1, *values.shape))


def test_a_longer_string_widens():
    [array] = through_vtk(np.array(["a", "b"], "S2"), "n")
    array.SetValue(1, "langer")
    [member] = members([array])
    assert written(member).tolist() == [b"a", b"langer"]
    [array] = through_vtk(np.array(["a", "b"], "U1"), "n")
    array.SetValue(1, "länger")
    [member] = members([array])
    assert written(member).tolist() == ["a", "länger"]


RECORD = np.dtype(
    [("a", "f2"), ("b", [("c", ">i4", (2,)), ("d", "?")]), ("s", "S3"), ("g", "g"), ("z", "c8", (2, 2)), ("m", "u1")]
)


def record():
    values = np.zeros((4, 5), RECORD)
    values["a"] = raw("f2", (4, 5))
    values["b"]["c"] = rng.integers(0, 99, (4, 5, 2))
    values["b"]["d"] = rng.random((4, 5)) > 0.5
    values["s"] = b"ab"
    values["g"] = 1 / 3
    values["z"] = 3j
    return values


def test_records():
    values = record()
    [member] = members(through_vtk(values, "yx"), (1, 4, 5))
    assert member.dtype == RECORD
    for name in ("a", "s", "z", "g", "m"):
        np.testing.assert_array_equal(written(member)[name], values[name])
    assert written(member)["b"].tobytes() == values["b"].tobytes()


def test_aligned_records():
    dtype = np.dtype([("x", "u1"), ("y", "f8")], align=True)
    values = np.zeros(3, dtype)
    values["y"] = [1, 2, 3]
    [member] = members(through_vtk(values, "n"))
    assert member.dtype == dtype
    np.testing.assert_array_equal(written(member), values)


def test_a_record_without_one_field_is_separate_arrays():
    arrays = [a for a in through_vtk(record(), "yx") if a.GetName() != "m.s"]
    found = {member.name: member for member in members(arrays, (1, 4, 5))}
    assert set(found) == {"m.a", "m.b.c", "m.b.d", "m.g", "m.z", "m.m"}
    assert found["m.b.c"].dtype == np.dtype(">i4")
    assert found["m.b.c"].shape == (4, 5, 2)
    assert found["m.z"].shape == (4, 5, 2, 2)
    assert found["m.b.d"].dtype == np.bool_


def test_values_that_outgrew_their_dtype_keep_what_they_are():
    [half] = through_vtk(np.zeros(4, np.float16), "n")
    from_vtk_array(half)[0] = 1 / 3
    assert members([half])[0].dtype == np.float32
    [mask] = through_vtk(np.zeros(4, bool), "n")
    from_vtk_array(mask)[0] = 2
    assert members([mask])[0].dtype == np.uint8


def test_axes_that_no_longer_fit_give_way_to_plain_ones():
    [array] = through_vtk(np.zeros((4, 5), ">i2"), "-yx")
    [member] = members([array], (2, 2, 5))
    assert (format_axes(member.axes), member.shape, member.dtype) == ("zyx", (2, 2, 5), np.dtype(">i2"))
    [member] = members([array])
    assert (format_axes(member.axes), member.shape) == ("n", (20,))


def test_time_axes_of_one_step_stay():
    array = to_vtk_array(np.arange(20.0), "m")
    write_stamp(array, Stamp(np.dtype("<f8"), parse_axes("tyx")))
    [member] = members([array], (1, 4, 5))
    assert (format_axes(member.axes), member.shape) == ("tyx", (1, 4, 5))


@pytest.mark.parametrize(
    "label", ["K", "{}", '{"dtype": 3}', json.dumps({"dtype": "<q9", "axes": "zyx"}), '{"dtype": "<f4", "axes": "?"}']
)
def test_a_stamp_that_is_none_is_harmless(label):
    array = to_vtk_array(np.arange(24.0), "m")
    array.GetInformation().Set(array.UNITS_LABEL(), label)
    [member] = members([array], (2, 3, 4))
    assert (member.dtype, format_axes(member.axes)) == (np.float64, "zyx")


def test_x_first_overrides_what_files_had():
    [array] = through_vtk(np.arange(20, dtype=">i2").reshape(4, 5), "-yx")
    [member] = members([array], (1, 4, 5), "xyz")
    assert (format_axes(member.axes), member.shape) == ("xyz", (5, 4, 1))
    np.testing.assert_array_equal(written(member)[:, :, 0], np.arange(20).reshape(4, 5)[::-1].T)


def test_contiguous_values_are_one_block_and_no_copy():
    values = np.arange(24.0).reshape(2, 3, 4)
    array = to_vtk_array(values.reshape(-1), "m")
    for axes in ("zyx", "xyz"):
        [block] = members([array], (2, 3, 4), axes)[0].blocks()
        assert np.shares_memory(block, values)


def test_converted_values_come_in_small_blocks(peak_memory):
    values = np.zeros((64, 128, 256, 3), np.float32)
    array = to_vtk_array(values.reshape(-1, 3), "m")
    write_stamp(array, Stamp(np.dtype(">f4"), parse_axes("zyxc")))
    [member] = members([array], (64, 128, 256))

    def consume():
        for block in member.blocks():
            assert block.nbytes <= 4 << 20

    assert peak_memory(consume) < 16 << 20


def test_bits_characters_strings_and_nothing():
    bits = vtkBitArray()
    for k in range(11):
        bits.InsertNextValue(k % 3 == 0)
    assert from_vtk_array(bits).tolist() == [k % 3 == 0 for k in range(11)]
    characters = vtkCharArray()
    characters.InsertNextValue("a")
    assert from_vtk_array(characters).tolist() == [97]
    assert from_vtk_array(vtkStringArray()).dtype == np.dtype("U1")
    empty = vtkFloatArray()
    empty.SetNumberOfComponents(3)
    assert from_vtk_array(empty).shape == (0, 3)
    with pytest.raises(UnsupportedError, match="Pass Arrays"):
        from_vtk_array(vtkVariantArray())


def test_arrays_that_do_not_fit_their_grid_are_refused():
    with pytest.raises(UnsupportedError, match="24 tuples, and its grid has 23"):
        members([to_vtk_array(np.arange(24.0), "m")], (1, 1, 23))


@pytest.mark.parametrize("shape", [(), (5,), (3, 4), (1, 1, 1000), (7, 1, 3, 2), (1000, 3), (2, 1000)])
@pytest.mark.parametrize("limit", [1, 16, 100, 1 << 20])
def test_pieces_are_the_array_in_order(shape, limit):
    values = np.arange(int(np.prod(shape))).reshape(shape)
    found = [values[index] for index in c_order_blocks(shape, 8, limit)]
    assert all(piece.nbytes <= max(limit, 8) for piece in found)
    np.testing.assert_array_equal(np.concatenate([piece.ravel() for piece in found]), values.ravel())


def wide_record(fields):
    return np.zeros(3, [(f"f{k}", (">f4", "i2", "?")[k % 3]) for k in range(fields)])


def test_a_record_of_many_fields_remembers_its_dtype_once():
    def remembered(fields):
        arrays = through_vtk(wide_record(fields), "n")
        return sum(len(array.GetInformation().Get(array.UNITS_LABEL())) for array in arrays)

    assert remembered(2000) < 2000 * 100
    assert remembered(2000) < 21 * remembered(100)


def test_a_record_of_many_fields_takes_as_many_steps():
    def steps(fields):
        values, count = wide_record(fields), itertools.count()
        sys.setprofile(lambda *_: next(count))
        try:
            [member] = members(through_vtk(values, "n"))
            assert written(member).tobytes() == values.tobytes()
        finally:
            sys.setprofile(None)
        assert member.dtype == values.dtype
        return next(count)

    assert steps(1600) < 17 * steps(100)


@pytest.mark.parametrize("left_out", [0, 1])
def test_fields_without_one_of_them_are_arrays_of_their_own(left_out):
    arrays = through_vtk(wide_record(3), "n")
    del arrays[left_out]
    dtypes = [np.dtype(one) for one in (">f4", "i2", "?")]
    del dtypes[left_out]
    found = members(arrays)
    assert [member.dtype for member in found] == dtypes
    assert [format_axes(member.axes) for member in found] == ["n", "n"]


def test_a_record_keeps_its_gaps_in_whatever_order_its_arrays_come():
    dtype = np.dtype({"names": ["a", "b"], "formats": [("f4", (2,)), ">i2"], "offsets": [1, 11], "itemsize": 16})
    values = np.zeros(4, dtype)
    values["b"], values["a"] = np.arange(4), np.arange(8).reshape(4, 2)
    [member] = members(through_vtk(values, "n")[::-1])
    assert member.dtype == dtype
    assert (member.dtype.fields, member.dtype.itemsize) == (dtype.fields, 16)
    np.testing.assert_array_equal(written(member), values)
