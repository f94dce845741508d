"""The law of fidelity: file -> reader -> writer -> file gives an array equal in shape, dtype and every bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.describe import describe
from npyvtk.load import load
from npyvtk.options import ReadOptions
from npyvtk.stack import Stack
from npyvtk.write import save

DTYPES = [
    *("?", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "g", "c8", "c16", "G"),
    *(">i2", ">i4", ">u8", ">f2", ">f4", ">f8", ">c8", ">c16", "M8[ns]", "m8[s]", ">M8[D]", "S3", "U2", ">U3"),
]
RECORD = np.dtype([("a", "f2"), ("b", [("c", ">i4", (2,)), ("d", "?")]), ("s", "S3"), ("z", "c8", (2, 2))])


def any_values(dtype, shape, seed=0):
    """Values that use the whole range of the dtype."""
    dtype, rng = np.dtype(dtype), np.random.default_rng(seed)
    count = int(np.prod(shape))
    if dtype.kind == "b":
        return rng.random(shape) > 0.5
    if dtype.char in "gG":
        found = np.longdouble(1) / rng.integers(1, 99, shape) * (1 + 2j if dtype.char == "G" else 1)
        return np.asarray(found).astype(dtype)
    if dtype.kind == "S":
        return np.array(["".join(rng.choice(list("abc"), k % 4)) for k in range(count)], dtype).reshape(shape)
    if dtype.kind == "U":
        return np.array(["".join(rng.choice(list("aé😀"), k % 3)) for k in range(count)], dtype).reshape(shape)
    if dtype.names:
        found = np.zeros(shape, dtype)
        found["a"] = any_values("f2", shape)
        found["b"]["c"] = any_values("i4", (*shape, 2))
        found["s"] = b"ab"
        return found
    return np.frombuffer(rng.bytes(count * dtype.itemsize), dtype).reshape(shape)


def as_float64(values):
    """What VTK can hold of the values of one of its positions, or of a longdouble."""
    return values.astype("c16" if values.dtype.kind == "c" else "f8").astype(values.dtype)


def write_back(folder, axes="auto"):
    """Open in.npy, save out.npy; several time steps are stacked again."""
    description = describe(str(folder / "in.npy"), ReadOptions(axes=axes))
    if description.layout.steps == 1:
        save(folder / "out.npy", load(description, ReadOptions(axes=axes)))
        return
    with Stack(folder / "out.npy", description.layout.steps) as stack:
        for k in range(description.layout.steps):
            stack.add(load(description, ReadOptions(axes=axes), step=k), k)


def stacked(values, axes):
    """Bring several steps along whatever time axes into one first axis; `axes` may be those of `values` or auto."""
    if axes == "auto":
        folded = {(2, 3, 3, 4, 5): "ttzyx", (2, 1, 2, 3, 4, 5, 3): "tttzyxc", (1, 3, 2, 3, 4, 5): "tttzyx"}
        axes = "" if values.dtype.kind in "SU" else folded.get(values.shape, "")
    if all(n == 1 for letter, n in zip(axes.replace("-", ""), values.shape) if letter == "t"):
        return values
    turned = [before == "-" and letter == "t" for before, letter in zip("+" + axes, axes) if letter != "-"]
    values = values[tuple(slice(None, None, -1 if one else None) for one in turned)]
    axes = axes.replace("-", "")
    count = axes.count("t")
    values = np.moveaxis(values, [k for k, letter in enumerate(axes) if letter == "t"], range(count))
    return values.reshape(-1, *values.shape[count:])


def assert_law(folder, values, axes="auto"):
    np.save(folder / "in.npy", values)
    write_back(folder, axes)
    found = np.load(folder / "out.npy", allow_pickle=False)
    values = stacked(values, axes)
    assert found.shape == values.shape
    assert found.dtype == values.dtype
    if values.dtype.char in "gG":  # the bytes between the values mean nothing
        np.testing.assert_array_equal(found, as_float64(values))
    elif values.dtype.str[1:] in ("i8", "u8") and values.ndim == 2 and values.shape[1] in (2, 3) and len(values) > 3:
        np.testing.assert_array_equal(found, as_float64(values) if axes == "auto" else values)  # positions
    else:
        assert found.tobytes() == values.tobytes()


SHAPES = [(), (1,), (7,), (5, 1), (1, 5), (5, 2), (5, 3), (3, 3), (6, 8), (1, 6, 8), (4, 5, 6), (4, 5, 3), (4, 5, 6, 3)]
SHAPES += [(1, 1, 1), (0,), (0, 5), (3, 0, 4), (2, 3, 4, 5), (2, 3, 4, 5, 3), (1, 3, 4, 5), (1, 1, 3, 4, 5, 3)]
SHAPES += [(2, 3, 3, 4, 5), (2, 1, 2, 3, 4, 5, 3), (1, 3, 2, 3, 4, 5)]


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype_and_shape(tmp_path, dtype, shape, order):
    assert_law(tmp_path, np.array(any_values(dtype, shape), order=order))


@pytest.mark.parametrize("shape", [(), (4,), (3, 4), (2, 3, 4), (2, 3, 4, 5)], ids=str)
def test_records(tmp_path, shape):
    assert_law(tmp_path, any_values(RECORD, shape))


def test_text_that_is_no_unicode(tmp_path):
    assert_law(tmp_path, np.array(["a\ud800", "\udfffé", "😀", ""]))
    assert_law(tmp_path, np.array([b"\xff\xfe", b"ab", b"\xc3\xa9"]))


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ("-yx", (4, 5)),
        ("xy", (4, 5)),
        ("xyz", (3, 4, 5)),
        ("-z-y-x", (3, 4, 5)),
        ("czyx", (2, 3, 4, 5)),
        ("yxcc", (4, 5, 2, 3)),
        ("tyx", (3, 4, 5)),
        ("txcy", (3, 4, 2, 5)),
        ("tczyx", (2, 3, 2, 4, 5)),
        ("ytx", (4, 1, 5)),
        ("ytx", (4, 3, 5)),
        ("zyxt", (2, 3, 4, 5)),
        ("-tzyx", (5, 2, 3, 4)),
        ("xyzct", (2, 3, 4, 2, 3)),
        ("tyxt", (2, 3, 4, 5)),
        ("ty-t-x", (2, 3, 4, 5)),
        ("nt", (5, 3)),
        ("cnt", (2, 5, 3)),
        ("cn", (3, 5)),
        ("-nc", (5, 3)),
        ("tnc", (1, 5, 3)),
        ("tnc", (4, 5, 3)),
    ],
)
@pytest.mark.parametrize("dtype", ["f4", ">i2", "c8", "?", "U2"])
def test_every_axis(tmp_path, axes, shape, dtype):
    assert_law(tmp_path, any_values(dtype, shape), axes)


@st.composite
def files(draw):
    letters = draw(st.permutations("zyx"))[: draw(st.integers(1, 3))]
    letters = [draw(st.sampled_from(["", "-"])) + letter for letter in letters]
    if draw(st.booleans()):
        letters.insert(draw(st.integers(0, len(letters))), "c")
    if draw(st.booleans()):
        letters.insert(draw(st.integers(0, len(letters))), draw(st.sampled_from(["t", "t", "-t"])))
        if draw(st.booleans()):
            letters.insert(draw(st.integers(0, len(letters))), "t")
    shape = tuple(draw(st.integers(1, 4)) for _ in letters)
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    return any_values(dtype, shape, draw(st.integers(0, 9))), "".join(letters)


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(files(), st.sampled_from("CF"))
def test_any_file(tmp_path_factory, file, order):
    values, axes = file
    assert_law(tmp_path_factory.mktemp("law"), np.array(values, order=order), axes)
