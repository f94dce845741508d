"""A mesh read by many ranks and saved by them: the file that one rank writes, byte for byte."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from equal import assert_same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.describe import describe
from npyvtk.errors import FormatError, UnsupportedError
from npyvtk.load import load
from npyvtk.options import WriteOptions
from npyvtk.parallel import write
from npyvtk.parallel.numbering import Numbering
from npyvtk.parallel.pieces import Piece
from test_parallel import on_ranks
from test_roundtrip import array, cell_array, mixed, points, poly, polyhedra, tetras
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkPolyData, vtkUnstructuredGrid


def pass_through(source, target, count, ghosts=0, options=None, together=True):
    """Read `source` and write `target` with so many ranks; return what each had."""
    description = describe(str(source))

    def rank(communicator):
        others = communicator if together and count > 1 else None
        loaded = load(description, piece=Piece(communicator.rank, count, ghosts, others))
        write.save_pieces(target, loaded, options or WriteOptions(), communicator)
        return loaded

    return on_ranks(count, rank)


def triangles(count=40, cells=25):
    """A mesh without any order, with points that no cell uses."""
    random = np.random.default_rng(0)
    return {
        "points": random.random((count, 3)),
        "triangles": random.integers(0, count, (cells, 3)),
        "p": np.arange(count),
        "c": np.arange(cells),
    }


def long_mesh(cells=30):
    """A strip of triangles, where neighbours have neighbouring numbers."""
    first = np.arange(cells)[:, None]
    points = np.random.default_rng(1).random((cells + 2, 3))
    return {"points": points, "triangles": first + np.arange(3), "p": points[:, 0], "c": np.arange(cells)}


def general(ends=None):
    random = np.random.default_rng(2)
    sizes = np.array([4, 3, 8, 1, 2, 3, 4, 8, 3])
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    kinds = {4: 10, 3: 5, 8: 12, 1: 1, 2: 3}
    return {
        "points": random.random((17, 3)).astype("f4"),
        "connectivity": random.integers(0, 15, sizes.sum()).astype("u2"),
        "offsets": offsets[{None: slice(None), "ends": slice(1, None), "starts": slice(0, -1)}[ends]].astype(">i4"),
        "types": np.array([kinds[k] for k in sizes], "i8"),
        "v": random.random((17, 2, 2)),
        "c": random.random((9, 3)),
    }


def from_dataset(make):
    data = make()
    data.GetPoints().InsertNextPoint(7, 8, 9)
    data.GetPointData().Initialize()
    data.GetPointData().AddArray(array(np.arange(data.GetNumberOfPoints()), "p"))
    return npyvtk.from_vtk(data)


def surface():
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(3).random((6, 3))))
    data.SetLines(cell_array([[0, 1], [3, 4, 5]]))
    data.SetPolys(cell_array([[0, 1, 2], [3, 4, 5], [2, 3, 4], [1, 2, 4]]))
    data.GetCellData().AddArray(array(np.arange(6.0), "c"))
    return data


FILES = {
    "no order": triangles,
    "strip": long_mesh,
    "more points than cells": lambda: triangles(200, 3),
    "one cell": lambda: triangles(9, 1),
    "no cell": lambda: {**triangles(9, 1), "triangles": np.zeros((0, 3), ">i4"), "c": np.zeros(0)},
    "no cell, general": lambda: {
        "points": np.random.default_rng(0).random((9, 3)),
        "connectivity": np.zeros(0, "i4"),
        "offsets": np.zeros(1, "u2"),
        "types": np.zeros(0, "i8"),
        "p": np.arange(9),
    },
    "every point once": lambda: {**triangles(30, 10), "triangles": np.arange(30).reshape(10, 3)[::-1]},
    "general": general,
    "ends": lambda: general("ends"),
    "starts": lambda: general("starts"),
    "dtypes": lambda: {
        **triangles(),
        "points": np.random.default_rng(0).random((40, 3)).astype("f2"),
        "date": np.arange(40).astype("M8[s]"),
        "text": np.arange(40).astype("U"),
        "complex": np.arange(40) * 1j,
        "record": np.ones(40, [("a", ">f4"), ("b", "i2", (2,))]),
        "long": np.arange(40).astype("g") / 4,
    },
    "longdouble points": lambda: {**triangles(), "points": np.arange(120).reshape(40, 3).astype("g") / 4},
    "columns": lambda: {**triangles(), "points": np.random.default_rng(0).random((3, 40)), "axes": "cn"},
    "poly data": lambda: from_dataset(poly),
    "surface": lambda: npyvtk.from_vtk(surface()),
    "tetras": lambda: from_dataset(tetras),
    "mixed": lambda: from_dataset(mixed),
    "polyhedra": lambda: from_dataset(polyhedra),
}


@pytest.mark.parametrize("count", [2, 3, 4, 7])
@pytest.mark.parametrize("name", FILES)
def test_one_file_whatever_the_number_of_ranks(tmp_path, name, count):
    held = FILES[name]()
    np.savez(tmp_path / "in.npz", **held)
    whole = npyvtk.read(str(tmp_path / "in.npz"))
    npyvtk.write(tmp_path / "serial.npz", whole)
    pass_through(tmp_path / "in.npz", tmp_path / "out.npz", count)
    with np.load(tmp_path / "out.npz") as back:
        for member, values in held.items():
            if member not in ("vtk", "axes"):
                assert back[member].dtype == values.dtype, member
                np.testing.assert_array_equal(back[member], values, member)
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()
    assert_same(whole, npyvtk.read(str(tmp_path / "out.npz")))


@pytest.mark.parametrize("name", ["p", "c"])
@pytest.mark.parametrize("count", [2, 4])
def test_one_array_whatever_the_number_of_ranks(tmp_path, name, count):
    held = triangles()
    np.savez(tmp_path / "in.npz", **held)
    pass_through(tmp_path / "in.npz", tmp_path / "out.npy", count, options=WriteOptions(name))
    np.save(tmp_path / "expected.npy", held[name])
    assert (tmp_path / "out.npy").read_bytes() == (tmp_path / "expected.npy").read_bytes()


@pytest.mark.parametrize("ghosts", [0, 1, 3])
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("name", ["no order", "strip", "general", "polyhedra", "mixed", "poly data", "surface"])
@pytest.mark.parametrize("together", [True, False])
def test_ghosts_change_nothing(tmp_path, name, count, ghosts, together):
    """Nor does it whether the ranks read at the same time and can ask each other, or each alone."""
    np.savez(tmp_path / "in.npz", **FILES[name]())
    npyvtk.write(tmp_path / "serial.npz", npyvtk.read(str(tmp_path / "in.npz")), compression=1)
    options = WriteOptions(compression=1)
    pass_through(tmp_path / "in.npz", tmp_path / "out.npz", count, ghosts, options, together)
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("ghosts", [0, 1])
def test_a_point_of_no_cell_is_on_one_rank(tmp_path, together, ghosts):
    held = triangles(200, 3)
    np.savez(tmp_path / "in.npz", **held)
    pieces = pass_through(tmp_path / "in.npz", tmp_path / "out.npz", 4, ghosts, together=together)
    found = [vtk_to_numpy(piece.GetPointData().GetArray("p")) for piece in pieces]
    numbers, counts = np.unique(np.concatenate(found), return_counts=True)
    np.testing.assert_array_equal(numbers, np.arange(200))
    loose = ~np.isin(numbers, held["triangles"])
    assert np.all(counts[loose] == 1)
    assert loose.sum() > 190
    if ghosts:
        marked = [vtk_to_numpy(piece.GetPointData().GetArray("vtkGhostType")) != 0 for piece in pieces]
        owned = np.concatenate([some[~flags] for some, flags in zip(found, marked)])
        np.testing.assert_array_equal(np.sort(owned), np.arange(200))
    for some in found:  # VTK's generator of ghost cells needs the points of cells first
        assert np.all(np.diff(np.isin(some, held["triangles"]).astype(int)) <= 0)


# ---------------------------------------------------------------------------------------------------
# pieces of other sources


def piece(numbers, cells, ids=None, **arrays):
    """Triangles between some points of a mesh, with ids as VTK has them."""
    made = vtkUnstructuredGrid()
    made.SetPoints(points(np.array([[k, k * k, -k] for k in numbers], float)))
    for cell in cells:
        made.InsertNextCell(5, 3, [numbers.index(k) for k in cell])
    if ids is not None:
        made.GetPointData().SetGlobalIds(array(np.array(ids), "ids"))
    for name, values in arrays.items():
        made.GetPointData().AddArray(array(np.array(values), name))
    return made


def save(path, pieces):
    on_ranks(len(pieces), lambda c: write.save_pieces(path, pieces[c.rank], WriteOptions(), c))
    with np.load(path) as file:
        return dict(file)


def test_global_ids_tell_what_is_one_point(tmp_path):
    found = save(
        tmp_path / "a.npz",
        [
            piece([5, 1, 3], [(5, 1, 3)], [50, 10, 30], v=[5, 1, 3]),
            piece([3, 2, 1, 8], [(1, 2, 3), (2, 3, 8)], [30, 20, 10, 80], v=[3, 2, 1, 8]),
        ],
    )
    np.testing.assert_array_equal(found["points"][:, 0], [1, 2, 3, 5, 8])
    np.testing.assert_array_equal(found["v"], [1, 2, 3, 5, 8])
    np.testing.assert_array_equal(found["ids"], [10, 20, 30, 50, 80])
    np.testing.assert_array_equal(found["v"][found["triangles"]], [(5, 1, 3), (1, 2, 3), (2, 3, 8)])


@pytest.mark.parametrize(
    ("what", "ids", "v"),
    [
        ("a value of its own on each rank", [30, 20, 10], [3.5, 2, 1]),
        ("the sign of a zero", [30, 20, 10], [3, 2, -0.0]),
        ("an id twice", [30, 30, 10], [3, 2, 1]),
        ("another place", [30, 10, 20], [3, 2, 1]),
    ],
)
def test_where_ids_are_in_doubt_no_value_is_lost(tmp_path, what, ids, v):
    first = piece([5, 1, 3], [(5, 1, 3)], [50, 10, 30], v=[5, 0.0 if "zero" in what else 1, 3.0])
    found = save(tmp_path / "a.npz", [first, piece([3, 2, 1], [(1, 2, 3)], ids, v=v)])
    np.testing.assert_array_equal(found["points"][:, 0], [5, 1, 3, 3, 2, 1])
    assert found["v"][3:].tobytes() == np.array(v, float).tobytes()
    np.testing.assert_array_equal(found["triangles"], [(0, 1, 2), (5, 4, 3)])


def test_the_points_of_one_saved_array_are_told_by_all_values(tmp_path):
    """A .npy has the array alone, but its points are those of the .npz."""
    v = [7, 7, 7]
    pieces = [piece([5, 1, 3], [(5, 1, 3)], [0, 1, 2], v=v), piece([3, 2, 9], [(3, 2, 9)], [2, 1, 0], v=v)]
    assert len(save(tmp_path / "a.npz", pieces)["v"]) == 6
    on_ranks(2, lambda c: write.save_pieces(tmp_path / "a.npy", pieces[c.rank], WriteOptions("v"), c))
    assert np.load(tmp_path / "a.npy").shape == (6,)


def test_the_largest_number_that_a_dtype_holds(tmp_path):
    for count in (255, 256, 257):
        np.savez(tmp_path / "in.npz", **{**triangles(count), "triangles": np.zeros((9, 3), "u1") + np.uint8(254)})
        npyvtk.write(tmp_path / "serial.npz", npyvtk.read(str(tmp_path / "in.npz")))
        pass_through(tmp_path / "in.npz", tmp_path / "out.npz", 2)
        with np.load(tmp_path / "out.npz") as back, np.load(tmp_path / "serial.npz") as serial:
            np.testing.assert_array_equal(back["triangles"], serial["triangles"])
            assert back["triangles"].dtype == serial["triangles"].dtype


@pytest.mark.parametrize(
    "others",
    [{"a": np.zeros((3, 4))}, triangles(21), {**triangles(), "more": np.zeros(3)}],
    ids=["a grid", "longer", "more"],
)
def test_ranks_that_see_different_files_do_not_wait_for_ever(tmp_path, others):
    np.savez(tmp_path / "a.npz", **triangles())
    np.savez(tmp_path / "b.npz", **others)
    seen = [describe(str(tmp_path / f"{name}.npz")) for name in "ab"]

    def rank(c):
        return c.together(lambda: load(seen[c.rank], piece=Piece(c.rank, 2, 0, c)))

    for order in (1, -1):
        seen = seen[::order]
        if "more" in others:
            on_ranks(2, rank)  # what they have in common is the same
        else:
            with pytest.raises(FormatError, match="different files"):
                on_ranks(2, rank)


def test_arrays_without_components_and_of_other_lengths(tmp_path):
    held = {**triangles(), "nothing": np.zeros((40, 0))}
    np.savez(tmp_path / "in.npz", **held)
    npyvtk.write(tmp_path / "serial.npz", npyvtk.read(str(tmp_path / "in.npz")))
    pass_through(tmp_path / "in.npz", tmp_path / "out.npz", 3)
    assert (tmp_path / "out.npz").read_bytes() == (tmp_path / "serial.npz").read_bytes()
    for length in (2, 4):
        for ids in (None, [5, 1, 3]):
            pieces = [piece([5, 1, 3], [(5, 1, 3)], ids, v=np.arange(length)) for _ in range(2)]
            with pytest.raises(UnsupportedError, match=f"'v' has {length} tuples for 3 points"):
                save(tmp_path / "a.npz", pieces)
    given_offsets = piece([5, 1, 3], [(5, 1, 3)], vtkGhostType=np.zeros(2, "u1"))
    assert len(save(tmp_path / "a.npz", [given_offsets, given_offsets])["points"]) == 6


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize(("hidden", "numbers"), [(1, [1, 2, 3, 5]), (3, [5, 1, 3, 3, 2])])
def test_points_that_are_hidden_on_one_rank_alone(tmp_path, first, hidden, numbers):
    """What is no duplicate is saved, and points that differ in it on two ranks stay two."""
    flags = 2 * (np.array([5, 1, 3]) == hidden).astype("u1")
    pieces = [piece([5, 1, 3], [(5, 1, 3)], [5, 1, 3], vtkGhostType=flags), piece([3, 2], [(3, 2, 3)], [3, 2])]
    found = save(tmp_path / "a.npz", [pieces[first], pieces[1 - first]])
    if first and len(numbers) > 4:
        numbers = [*numbers[3:], *numbers[:3]]
    np.testing.assert_array_equal(found["points"][:, 0], numbers)
    assert sorted(found["points"][found["vtkGhostType"] == 2, 0]) == [hidden]


def test_points_at_one_place_without_ids_stay_two(tmp_path):
    """A crack, or two bodies that touch, must not be welded."""
    found = save(tmp_path / "a.npz", [piece([5, 1, 3], [(5, 1, 3)]), piece([3, 2, 1], [(1, 2, 3)])])
    assert found["points"].shape == (6, 3)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data(), st.integers(2, 5))
def test_numbering_is_what_numpy_says(data, count):
    """Against np.unique over the ids of all ranks."""
    largest = data.draw(st.sampled_from([5, 60, 2**63 - 1]))
    every = [
        np.array(data.draw(st.lists(st.integers(0, largest), max_size=12, unique=True)), np.int64) for _ in range(count)
    ]
    width = data.draw(st.integers(0, 3))

    def rank(communicator):
        def action():
            ids = every[communicator.rank]
            numbering = Numbering(communicator, ids)
            rows = np.repeat(ids[:, None], width, axis=1).astype(">i8")
            broken = rows.copy()
            if communicator.rank == count - 1:
                broken[:1] += 1
            return numbering, numbering.collect(rows), numbering.same(rows), numbering.same(broken)

        return communicator.together(action)

    results = on_ranks(count, rank)
    expected = np.unique(np.concatenate(every))
    for ids, (numbering, _rows, same, _broken) in zip(every, results):
        assert numbering.distinct
        assert numbering.total == len(expected)
        np.testing.assert_array_equal(expected[numbering.numbers], ids)
        assert same
    rows = np.concatenate([rows for _numbering, rows, _same, _broken in results])
    np.testing.assert_array_equal(rows, np.repeat(expected[:, None], width, axis=1))
    shared = len(every[-1]) and any(every[-1][0] in ids for ids in every[:-1])
    assert all(broken for *_, broken in results) == (not (width and shared))
