"""The table of dtypes: every row, in every byte order, with the values that NumPy has."""

from __future__ import annotations

import gc
import json
import warnings
import weakref

import numpy as np
import pytest
from npyvtk.files.npy_header import ArraySpec
from npyvtk.plan.axes import parse_axes
from npyvtk.plan.dtypes import leaves, left_out, vtk_dtype, why_not
from npyvtk.plan.layout import ArrayPlan
from npyvtk.plan.windows import Window
from npyvtk.vtk.arrays import string_array
from npyvtk.vtk.destination import Destination, share
from npyvtk.vtk.stamps import read_stamp
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkDataArray

INTEGERS = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]


def filled(dtype, count=24):
    """Values that no careless conversion survives: extremes, NaN, infinities, signed zeros, subnormals."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        values = np.resize(np.array([info.min, info.max, 0, 1, info.max // 3], dtype.newbyteorder("=")), count)
    elif dtype.kind in "fc":
        part = np.dtype(f"f{dtype.itemsize // (2 if dtype.kind == 'c' else 1)}")
        info = np.finfo(part)
        parts = np.array([info.max, info.min, info.tiny, -0.0, 0.0, 1 / part.type(3), np.inf, -np.inf, np.nan], part)
        values = np.resize(parts, count)
        if dtype.kind == "c":
            whole = np.empty(count, dtype.newbyteorder("="))
            whole.real, whole.imag = values, np.roll(values, 1)
            values = whole
    elif dtype.kind == "b":
        values = np.resize(np.array([True, False, True]), count)
    else:
        values = np.resize(np.array([0, 1, -5, 2**62, np.iinfo("i8").min]), count).view(dtype.newbyteorder("="))
    return values.astype(dtype)


def described(values, axes):
    """The plan of a member "a" with these values, and its header."""
    return ArrayPlan("a", parse_axes(axes)), ArraySpec("a", values.shape, values.dtype, fortran_order=False)


def through(values, axes="n", complex_as="Components", blocks=1):
    """VTK arrays, by name, of `values` put in so many blocks."""
    plan, spec = described(values, axes)
    destination = Destination(plan, spec, Window({}), complex_as)
    edges = np.linspace(0, values.shape[0] if values.ndim else 0, blocks + 1).astype(int)
    if not values.ndim:
        destination.put((), values)
    for lo, hi in zip(edges[:-1], edges[1:]):
        index = (slice(lo, hi), *(slice(0, n) for n in values.shape[1:]))
        destination.put(index, values[index])
    return {array.GetName(): array for _path, array in destination.finish()}


def same_bits(found, expected):
    assert found.dtype == expected.dtype
    assert found.shape == expected.shape
    assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", [*INTEGERS, "f4", "f8"])
def test_numbers_keep_every_bit(kind, order):
    values = filled(order + kind)
    found = through(values, blocks=3)
    assert list(found) == ["a"]
    same_bits(vtk_to_numpy(found["a"]), values.astype(kind))


@pytest.mark.parametrize("kind", INTEGERS)
def test_vtk_knows_the_sign_and_width(kind):
    array = through(filled(kind))["a"]
    assert array.GetDataTypeSize() == np.dtype(kind).itemsize
    assert array.GetDataTypeMin() == (np.iinfo(kind).min if kind != "i8" else float(np.iinfo(kind).min))
    assert array.GetClassName() != "vtkCharArray", "its sign depends on the platform"


def test_bool_is_0_or_1_whatever_the_byte_was():
    values = np.array([0, 1, 2, 255, 0], np.uint8).view(bool)
    same_bits(vtk_to_numpy(through(values)["a"]), np.array([0, 1, 1, 1, 0], np.uint8))


@pytest.mark.parametrize("order", "<>")
def test_float16_becomes_float32_exactly(order):
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    found = vtk_to_numpy(through(every.astype(order + "f2"))["a"])
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, every.astype(np.float32))
    np.testing.assert_array_equal(np.signbit(found), np.signbit(every))


@pytest.mark.skipif(np.dtype("g").itemsize == 8, reason="longdouble is float64 here")
class TestLongdouble:
    def test_what_float64_holds(self):
        values = filled("f8").astype(np.longdouble)
        same_bits(vtk_to_numpy(through(values)["a"]), values.astype(np.float64))

    @pytest.mark.parametrize("blocks", [1, 4])
    def test_the_rest_is_rounded(self, blocks):
        values = np.ones(8, np.longdouble) / 3 * np.arange(8)
        found = through(values, blocks=blocks)
        assert list(found) == ["a"]
        same_bits(vtk_to_numpy(found["a"]), values.astype(np.float64))

    def test_overflow_is_no_warning(self):
        values = np.array([np.finfo(np.longdouble).max, np.nan])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = vtk_to_numpy(through(values)["a"])
        assert np.isinf(found[0])
        assert np.isnan(found[1])

    def test_complex_ones_too(self):
        values = np.array([1 / np.longdouble(3), 2]).astype("G") * 1j
        found = through(values)
        assert list(found) == ["a"]
        np.testing.assert_array_equal(vtk_to_numpy(found["a"])[:, 1], values.imag.astype(float))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["c8", "c16"])
class TestComplex:
    def test_components(self, kind, order):
        values = filled(order + kind)
        found = through(values)
        array = found["a"]
        assert [array.GetComponentName(k) for k in range(2)] == ["Re", "Im"]
        native = values.astype(kind)
        same_bits(vtk_to_numpy(array), np.stack([native.real, native.imag], axis=-1))

    def test_magnitude_and_phase(self, kind, order):
        values = filled(order + kind)
        found = through(values, complex_as="Magnitude and Phase")
        assert list(found) == ["a.magnitude", "a.phase"]
        with np.errstate(all="ignore"):
            np.testing.assert_array_equal(vtk_to_numpy(found["a.magnitude"]), np.abs(values.astype(kind)))
            np.testing.assert_array_equal(vtk_to_numpy(found["a.phase"]), np.angle(values.astype(kind)))

    @pytest.mark.parametrize(("choice", "part"), [("Real", "real"), ("Imaginary", "imag")])
    def test_one_part(self, kind, order, choice, part):
        values = filled(order + kind)
        found = through(values, complex_as=choice)
        assert list(found) == [f"a.{part}"]
        same_bits(vtk_to_numpy(found[f"a.{part}"]), getattr(values.astype(kind), part).copy())


def test_complex_vectors_name_every_part():
    values = filled("c16", 12).reshape(4, 3)
    array = through(values, "nc")["a"]
    assert [array.GetComponentName(k) for k in range(6)] == ["0 Re", "0 Im", "1 Re", "1 Im", "2 Re", "2 Im"]
    same_bits(vtk_to_numpy(array), values.view(np.float64))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("kind", ["M8[s]", "M8[ns]", "m8[D]", "m8[25us]"])
def test_times_are_whole_numbers_in_the_unit_of_the_file(kind, order):
    values = filled(order + kind)
    array = through(values)["a"]
    same_bits(vtk_to_numpy(array), values.astype(kind).view(np.int64))
    assert json.loads(array.GetInformation().Get(vtkDataArray.UNITS_LABEL()))["dtype"] == order + kind


STRINGS = {
    "ascii": np.array(["a", "bc", ""]),
    "non-ascii": np.array(["é", "日本", "𝄞"]),
    "embedded-nul": np.array(["a\0b", "c"]),
    "big-endian": np.array(["aé", "b"]).astype(">U2"),
    "newline": np.array(["a\nb", "\t"]),
}


@pytest.mark.parametrize("values", STRINGS.values(), ids=STRINGS)
def test_strings(values):
    array = through(values)["a"]
    assert array.IsA("vtkStringArray")
    assert [array.GetValue(k) for k in range(values.size)] == values.tolist()


def test_bytes_that_are_text():
    values = np.array([b"a", b"bc", b"", b"a\0b"])
    array = through(values)["a"]
    assert [array.GetValue(k) for k in range(4)] == ["a", "bc", "", "a\0b"]


def test_bytes_that_are_no_text_are_kept():
    values = np.array([b"\xff\xfe", b"\x80a", "é".encode("latin-1")])
    array = through(values)["a"]
    found = [array.GetValue(k) for k in range(3)]
    assert [v if isinstance(v, bytes) else v.encode() for v in found] == values.tolist()


def test_text_that_is_no_unicode_is_kept_as_near_as_can_be():
    values = np.array([0x41, 0xD800, 0x42, 0x110000], np.uint32).view("U2")
    array = through(values)["a"]
    assert array.GetNumberOfValues() == 2
    assert "A" in str(array.GetValue(0))
    assert "B" in str(array.GetValue(1))


def test_string_components():
    array = through(np.array([["a", "b"], ["c", "d"], ["e", "f"]]), "nc")["a"]
    assert array.GetNumberOfTuples() == 3
    assert array.GetNumberOfComponents() == 2
    assert array.GetValue(3) == "d"
    assert string_array(np.empty((0, 2), "U1"), "s").GetNumberOfComponents() == 2


# ---------------------------------------------------------------------------------------------------
# structured

PARTICLE = np.dtype(
    [
        ("id", ">i4"),
        ("place", [("x", "<f4"), ("y", ">f8")]),
        ("speed", "<f4", (3,)),
        ("stress", ">f8", (2, 2)),
        ("flag", "?"),
        ("name", "U3"),
        ("raw", "V4"),
        ("z", "c8"),
    ]
)


def particles(count=5):
    values = np.zeros(count, PARTICLE)
    random = np.random.default_rng(1)
    values["id"] = random.integers(-9, 9, count)
    values["place"]["x"] = random.random(count)
    values["place"]["y"] = random.random(count)
    values["speed"] = random.random((count, 3))
    values["stress"] = random.random((count, 2, 2))
    values["flag"] = random.random(count) > 0.5
    values["name"] = ["äb", "", "xyz", "q", "nul"][:count]
    values["z"] = random.random(count) + 2j
    return values


def test_every_field_is_an_array():
    values = particles()
    found = through(values)
    assert list(found) == ["a.id", "a.place.x", "a.place.y", "a.speed", "a.stress", "a.flag", "a.name", "a.z"]
    same_bits(vtk_to_numpy(found["a.id"]), values["id"].astype("i4"))
    same_bits(vtk_to_numpy(found["a.place.x"]), values["place"]["x"].copy())
    same_bits(vtk_to_numpy(found["a.place.y"]), values["place"]["y"].astype("f8"))
    same_bits(vtk_to_numpy(found["a.speed"]), values["speed"].copy())
    same_bits(vtk_to_numpy(found["a.stress"]), values["stress"].astype("f8").reshape(5, 4))
    same_bits(vtk_to_numpy(found["a.flag"]), values["flag"].astype("u1"))
    assert [found["a.name"].GetValue(k) for k in range(5)] == values["name"].tolist()
    same_bits(vtk_to_numpy(found["a.z"]), np.stack([values["z"].real, values["z"].imag], -1))


def test_structured_on_a_grid():
    values = np.zeros((2, 3, 4), [("v", "f4", (3,)), ("s", "i2")])
    values["v"] = np.random.default_rng(0).random((2, 3, 4, 3))
    values["s"] = np.arange(24).reshape(2, 3, 4)
    found = through(values, "xyz")
    same_bits(vtk_to_numpy(found["a.v"]), np.transpose(values["v"], [2, 1, 0, 3]).reshape(24, 3))
    same_bits(vtk_to_numpy(found["a.s"]), np.transpose(values["s"], [2, 1, 0]).ravel())


def test_fields_that_cannot_be_shown_are_named():
    dtype = np.dtype([("a", "f4"), ("v", "V3"), ("deep", [("o", "O"), ("b", "i2")])])
    assert [leaf.name for leaf in leaves(dtype)] == ["a", "deep.b"]
    assert [text.split(",")[0] for text in left_out(dtype)] == ["field v skipped", "field deep.o skipped"]


def test_leaves_of_nested_subarrays_have_all_lengths():
    (leaf,) = leaves(np.dtype([("a", [("b", "f4", (2,))], (3,))]))
    assert (leaf.name, leaf.shape) == ("a.b", (3, 2))
    values = np.zeros(4, [("a", [("b", "f4", (2,))], (3,))])
    values["a"]["b"] = np.arange(24).reshape(4, 3, 2)
    same_bits(vtk_to_numpy(through(values)["a.a.b"]), np.arange(24, dtype="f4").reshape(4, 6))


@pytest.mark.parametrize(
    ("dtype", "words"),
    [
        ("O", "never unpickled"),
        ("V8", "void data"),
        ("S0", "size 0"),
        ("U0", "size 0"),
        ([("a", "V2")], "no field"),
        ([("a", "O")], "no field"),
        ([], "no field"),
    ],
)
def test_why_not(dtype, words):
    assert words in why_not(np.dtype(dtype))


@pytest.mark.parametrize("dtype", ["?", "f2", "g", "c8", "G", "M8[s]", "U4", "S4", ">i8", [("a", "f4"), ("b", "O")]])
def test_the_rest_can_be_shown(dtype):
    assert why_not(np.dtype(dtype)) == ""


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        ("?", "u1"),
        ("f2", "f4"),
        (">f4", "f4"),
        ("g", "f8"),
        ("c8", "f4"),
        ("c16", "f8"),
        ("G", "f8"),
        ("M8[s]", "i8"),
        ("m8", "i8"),
        (">u2", "u2"),
        ("S3", "O"),
        ("U3", "O"),
    ],
)
def test_the_table(dtype, expected):
    assert vtk_dtype(np.dtype(dtype)) == np.dtype(expected)


# ---------------------------------------------------------------------------------------------------
# no values


@pytest.mark.parametrize("dtype", ["f4", "c8", "?", "g", "U2", [("a", "f4"), ("b", "i4", (3,))]], ids=str)
@pytest.mark.parametrize(("shape", "axes", "components"), [((0,), "n", 1), ((0, 3), "nc", 3), ((0, 4, 5), "zyx", 1)])
def test_nothing_is_still_an_array(shape, axes, components, dtype):
    found = through(np.zeros(shape, dtype), axes)
    for name, array in found.items():
        assert array.GetNumberOfTuples() == 0
        per = 2 if np.dtype(dtype).kind == "c" else 3 if name == "a.b" else 1
        assert array.GetNumberOfComponents() == components * per


# ---------------------------------------------------------------------------------------------------
# sharing


@pytest.mark.parametrize("kind", ["f4", "i8", "c8", "M8[s]", "u2"])
def test_share_copies_nothing_and_keeps_the_owner(kind):
    values = filled(kind).reshape(2, 3, 4)
    array = share(values, *described(values, "zyx"), Window({}), "Components")
    view = vtk_to_numpy(array)
    assert np.shares_memory(view, values)
    held = values.copy()
    owner = weakref.ref(values)
    del values
    gc.collect()
    assert owner() is not None or view.base is not None
    np.testing.assert_array_equal(view.ravel(), held.view(view.dtype).ravel())


@pytest.mark.parametrize(
    ("values", "axes"),
    [
        (np.zeros((2, 3, 4), ">f4"), "zyx"),
        (np.zeros((2, 3, 4), "?"), "zyx"),
        (np.zeros((2, 3, 4), "f2"), "zyx"),
        (np.zeros((2, 3, 4)), "xyz"),
        (np.zeros((2, 3, 4)), "-zyx"),
        (np.zeros((2, 3, 4))[:, ::2], "zyx"),
        (np.frombuffer(b"\0" * 33, np.uint8)[1:].view("f8").reshape(2, 2), "yx"),
        (np.zeros(3, [("a", "f4")]), "n"),
        (np.zeros(3, "U2"), "n"),
        (np.zeros((0, 3)), "nc"),
    ],
    ids=["big-endian", "bool", "float16", "xyz", "reversed", "strided", "unaligned", "structured", "text", "empty"],
)
def test_what_vtk_cannot_read_in_place_is_not_shared(values, axes):
    assert share(values, *described(values, axes), Window({}), "Components") is None


def test_fortran_order_is_shared_along_xyz():
    values = np.asfortranarray(np.random.default_rng(0).random((4, 3, 2)))
    assert np.shares_memory(vtk_to_numpy(share(values, *described(values, "xyz"), Window({}), "Components")), values)


# ---------------------------------------------------------------------------------------------------
# the stamp


@pytest.mark.parametrize("dtype", [">f4", "?", "f2", "c16", "M8[ms]", "S5", "U5", PARTICLE], ids=str)
def test_the_stamp_survives_a_copy(dtype):
    values = np.zeros(3, dtype)
    for array in through(values).values():
        copy = array.NewInstance()
        copy.DeepCopy(array)
        stamp = read_stamp(copy)
        leaf = values.dtype
        for name in stamp.path:
            leaf = leaf[name]
        assert (stamp.dtype, stamp.shape) == (leaf.base, leaf.shape)
        assert stamp.axes == parse_axes("n")


def test_plain_numbers_need_no_stamp():
    assert read_stamp(through(np.zeros((2, 3, 4), "f4"), "zyx")["a"]) is None


@pytest.mark.parametrize(
    "text",
    [
        "m/s",
        "{}",
        "[]",
        "1",
        '{"dtype": 5, "axes": "n"}',
        '{"dtype": "<f4"}',
        '{"dtype": [[1]], "axes": ""}',
        '{"dtype": "<f4", "axes": "n", "path": 3}',
        "null",
        '"text"',
    ],
)
def test_a_real_label_of_units_is_no_stamp(text):
    array = through(np.zeros(3))["a"]
    array.GetInformation().Set(vtkDataArray.UNITS_LABEL(), text)
    assert read_stamp(array) is None
