"""JoinVectors: arrays that are the parts of a vector or a colour as one array, and apart again when saved."""

from __future__ import annotations

import numpy as np
import pytest
from npyvtk import from_vtk, read, write
from npyvtk.errors import LimitError
from npyvtk.options import ReadOptions, WriteOptions
from npyvtk.parallel.pieces import Piece
from npyvtk.parallel.write import save_pieces
from npyvtk.series import Series
from test_parallel import on_ranks
from vtkmodules.util.numpy_support import vtk_to_numpy

RNG = np.random.default_rng(3)
SHAPE = (4, 5, 6)


def parts(names, dtype="f8", shape=SHAPE):
    return {name: (RNG.random(shape) * 200).astype(dtype) for name in names.split()}


def save(tmp_path, **arrays):
    path = str(tmp_path / "a.npz")
    np.savez(path, **arrays)
    return path


def arrays_of(data, association="Point"):
    attributes = getattr(data, f"Get{association}Data")()
    count = attributes.GetNumberOfArrays()
    return {attributes.GetArrayName(k): vtk_to_numpy(attributes.GetArray(k)) for k in range(count)}


@pytest.mark.parametrize(
    ("names", "dtype", "vector"),
    [
        ("Bx By Bz", "f8", "B"),
        ("u v w", "f4", "uvw"),
        ("U V", "f8", "UV"),
        ("velocity_x velocity_y velocity_z", "f4", "velocity"),
        ("vX vY", ">f8", "v"),
        ("ux uy uz", "f2", "u"),
        ("R G B", "u1", "RGB"),
        ("R G B A", "u1", "RGBA"),
    ],
)
def test_parts_become_one_array(tmp_path, names, dtype, vector):
    given = parts(names, dtype)
    path = save(tmp_path, **given, p=RNG.random(SHAPE))
    data = read(path, join_vectors=True)
    found = arrays_of(data)
    assert list(found) == [vector, "p"]
    np.testing.assert_array_equal(found[vector], np.stack([*given.values()], -1).reshape(-1, len(given)))
    assert (found[vector].dtype == np.uint8) == (dtype == "u1")
    assert list(arrays_of(read(path))) == [*given, "p"]
    assert list(arrays_of(read(path, join_vectors=True, arrays=["p"]))) == ["p"]


@pytest.mark.parametrize(
    "arrays",
    [
        parts("u w"),  # a component that is left out is no 0 at its end
        parts("Bx B1"),
        parts("u v", "i4"),
        parts("R G", "u1"),
        {**parts("u"), **parts("v", "f4")},
        {**parts("u"), **parts("v", shape=(4, 5, 7))},
        parts("u v", shape=(4, 5, 6, 3)),
    ],
    ids=str,
)
def test_others_stay_as_they_are(tmp_path, arrays):
    path = save(tmp_path, **arrays)
    one, other = Series([path], ReadOptions()), Series([path], ReadOptions(join_vectors=True))
    assert one.lines == other.lines
    assert from_vtk(one.load(one.steps[0])).keys() == from_vtk(other.load(other.steps[0])).keys()


def test_a_name_that_is_taken_is_left_alone(tmp_path):
    given = {**parts("Bx By Bz"), "B": RNG.random(SHAPE)}
    found = arrays_of(read(save(tmp_path, **given), join_vectors=True))
    assert list(found) == ["BxByBz", "B"]
    np.testing.assert_array_equal(found["B"], given["B"].ravel())


@pytest.mark.parametrize("dtype", ["f8", ">f4", "f2"])
@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("names", ["Bx By Bz", "u v"])
def test_saving_takes_them_apart(tmp_path, names, pad, dtype):
    given = parts(names, dtype)
    given["p"] = RNG.random(SHAPE)
    data = read(save(tmp_path, **given), join_vectors=True, pad_vectors=pad)
    assert next(iter(arrays_of(data).values())).shape[1] == (3 if pad or len(given) > 3 else 2)
    for _ in range(2):  # from plain names, then by the member vtk
        write(str(tmp_path / "b.npz"), data)
        with np.load(tmp_path / "b.npz") as saved:
            for name, values in given.items():
                assert (saved[name].dtype, saved[name].tobytes()) == (values.dtype, values.tobytes())
        assert list(arrays_of(read(str(tmp_path / "b.npz")))) == list(given)
        data = read(str(tmp_path / "b.npz"), join_vectors=True, pad_vectors=pad)
    whole = from_vtk(data, take_apart=False)
    assert [name for name in whole if name in given] == ["p"]


@pytest.mark.parametrize("shape", [SHAPE, (20, 30), (30,)])
def test_a_npy_holds_the_whole_vector(tmp_path, shape):
    given = parts("u v w", shape=shape)
    if len(shape) == 1:
        given["points"] = RNG.random((30, 3))
    data = read(save(tmp_path, **given), join_vectors=True)
    write(str(tmp_path / "b.npy"), data)
    np.testing.assert_array_equal(np.load(tmp_path / "b.npy"), np.stack([given[name] for name in "uvw"], -1))
    write(str(tmp_path / "b.npz"), data, point_arrays=["uvw"])
    with np.load(tmp_path / "b.npz") as saved:
        assert set(given) < set(saved)


def test_what_a_filter_made_of_it_is_saved_as_it_is(tmp_path):
    data = read(save(tmp_path, **parts("u v")), join_vectors=True, pad_vectors=True)
    array = data.GetPointData().GetArray("uv")
    array.SetComponent(7, 2, 5.0)
    with_third = vtk_to_numpy(array)
    np.testing.assert_array_equal(from_vtk(data)["uv"].reshape(-1, 3), with_third)


def test_a_part_of_time_and_space(tmp_path):
    given = parts("Bx By Bz", "f4", (3, 4, 5, 7))
    data = read(
        save(tmp_path, **given), join_vectors=True, step=2, voi=(1, 5, 0, 4, 1, 3), sample_rate=(2, 1, 1)
    )  # fmt: skip
    expected = np.stack([*given.values()], -1)[2, 1:4, :, 1:6:2].reshape(-1, 3)
    np.testing.assert_array_equal(arrays_of(data)["B"], expected)


def test_on_the_cells_of_a_mesh(tmp_path):
    cells = np.array([[0, 1, 2], [0, 2, 3]])
    given = parts("ux uy uz", shape=2)
    data = read(save(tmp_path, points=RNG.random((4, 3)), triangles=cells, **given), join_vectors=True)
    np.testing.assert_array_equal(arrays_of(data, "Cell")["u"], np.stack([*given.values()], -1))


@pytest.mark.parametrize("name", ["b.npz", "b.npy"])
@pytest.mark.parametrize("ranks", [2, 3])
def test_ranks_save_what_one_saves(tmp_path, ranks, name):
    path = save(tmp_path, **parts("u v w", "f4"))
    write(str(tmp_path / name), read(path, join_vectors=True))
    whole = (tmp_path / name).read_bytes()

    def run(communicator):
        series = Series([path], ReadOptions(join_vectors=True))
        piece = Piece(communicator.rank, communicator.size)
        save_pieces(tmp_path / name, series.load(series.steps[0], piece=piece), WriteOptions(), communicator)

    on_ranks(ranks, run)
    assert (tmp_path / name).read_bytes() == whole


def test_a_third_component_counts_for_the_limit(tmp_path):
    path = save(tmp_path, **parts("u v"))
    need = 3 * 8 * 120
    assert read(path, join_vectors=True, pad_vectors=True, memory_limit=need) is not None
    with pytest.raises(LimitError):
        read(path, join_vectors=True, pad_vectors=True, memory_limit=need - 1)


def test_it_is_said(tmp_path):
    path = save(tmp_path, **parts("u v w"), **parts("R G B", "u1"))
    lines = Series([path], ReadOptions()).lines
    assert (
        "u, v, w: parts of a vector? JoinVectors makes them uvw, or the filter Merge Vector Components joins them"
        in lines
    )
    assert any(line.startswith("R, G, B: parts of a colour? JoinVectors makes them RGB,") for line in lines)
    lines = Series([path], ReadOptions(join_vectors=True)).lines
    assert "u, v, w: joined to uvw; without JoinVectors apart" in lines
    assert not any("?" in line for line in lines)


def test_damage_of_one_part_leaves_the_others(tmp_path):
    given = parts("u v")
    given["p"] = RNG.random(SHAPE)
    path = save(tmp_path, **given)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    start = content.index(given["v"].tobytes())
    content[start] ^= 1
    with open(path, "wb") as file:
        file.write(content)
    told = []
    series = Series([path], ReadOptions(join_vectors=True))
    data = series.load(series.steps[0], complain=told.append)
    assert list(arrays_of(data)) == ["p"]
    assert len(told) == 1
    assert "'v.npy'" in str(told[0])
