"""What opening a file reads: headers, and of values those alone that decide what it becomes."""

from __future__ import annotations

import os

import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.errors import FileError
from npyvtk.load import load
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from vtkmodules.util.numpy_support import vtk_to_numpy

N = 100_000
SOME = np.random.default_rng(0).random(N)
HEADERS = 128 << 10  # those of a dozen members and the end of the archive, and far less than one of them

CLOUDS = {
    "x, y, z": {"x": SOME, "y": SOME, "z": SOME, "v": SOME},
    "x, y, z, t": {"x": SOME, "y": SOME, "z": SOME, "t": SOME, "v": np.zeros((N, 3))},
    "lon, lat, depth": {"lon": SOME, "lat": SOME, "depth": SOME, "v": SOME},
    "x, y: a table": {"x": SOME, "y": SOME, "v": SOME},
    "x, y and pairs": {"x": SOME, "y": SOME, "v": np.zeros((N, 2))},
    "xs, ys, zs": {"xs": SOME, "ys": SOME, "zs": SOME, "v": SOME},
    "with time": {"x": SOME, "y": SOME, "z": SOME, "time": np.float64(3), "v": SOME},
}


@pytest.mark.parametrize("compressed", [False, True], ids=["stored", "deflated"])
@pytest.mark.parametrize("name", CLOUDS)
def test_coordinates_of_points_are_not_read_to_open_them(name, compressed, tmp_path, reads):
    (np.savez_compressed if compressed else np.savez)(tmp_path / "a.npz", **CLOUDS[name])
    for options in (ReadOptions(), ReadOptions(memory_limit=1 << 30)):
        reads.clear()
        described = describe(tmp_path / "a.npz", options)
        assert reads.nbytes < HEADERS < SOME.nbytes // 4
    reads.clear()
    load(described)
    assert reads.nbytes > N // 2, "they are when they are asked for"


def test_coordinates_of_a_grid_are_read_once(tmp_path, reads):
    x, y = np.arange(3000.0), np.arange(200.0)
    np.savez(tmp_path / "a.npz", x=x, y=y, T=np.zeros((200, 3000)))
    describe(tmp_path / "a.npz")
    assert [[length for _offset, length in reads].count(one.nbytes) for one in (x, y)] == [1, 1]
    assert reads.nbytes < x.nbytes + y.nbytes + HEADERS


@pytest.mark.parametrize("rank", [0, 1])
@pytest.mark.parametrize("compressed", [False, True], ids=["stored", "deflated"])
def test_the_next_time_step_reads_no_headers_again(compressed, rank, tmp_path, reads):
    """Only that in front of the array that is read, which would tell of a file that was rewritten in place."""
    counts = []
    for arrays in (10, 300):
        path = str(tmp_path / f"{arrays}.npz")
        held = {f"a{k}": np.arange(4.0) + 10 * np.arange(3.0)[:, np.newaxis] + k for k in range(arrays)}
        (np.savez_compressed if compressed else np.savez)(path, **held)
        series = Series([path], ReadOptions(axes="tx"))
        if rank:
            series = Series.restore(series.dump(), series.options)
            series.load(series.steps[2])  # with which it gets to know them
        assert len(series.steps) == 3
        for step in series.steps[:2]:
            reads.clear()
            found = series.load(step, arrays=["a5"])
            assert vtk_to_numpy(found.GetPointData().GetArray("a5")).tolist() == held["a5"][step.step].tolist()
            counts.append(len(reads))
    assert len(set(counts)) == 1
    assert counts[0] <= 3


def test_a_series_of_files_keeps_no_headers(tmp_path):
    for k in range(3):
        np.savez(tmp_path / f"{k}.npz", a=np.arange(4.0) + k)
    series = Series([str(tmp_path / f"{k}.npz") for k in range(3)], ReadOptions())
    assert series.first.store is None, "those of many files would fill the memory"
    assert [vtk_to_numpy(series.load(step).GetRowData().GetArray("a"))[0] for step in series.steps] == [0, 1, 2]


OTHERS = {
    "values": {"a": np.arange(4.0) + 7, "b": np.arange(4.0)},
    "order": {"b": np.arange(4.0), "a": np.arange(4.0) + 7},
}


@pytest.mark.parametrize("touched", [False, True], ids=["same time", "later"])
@pytest.mark.parametrize("other", OTHERS)
def test_a_file_that_was_written_again_is_read_as_it_is(other, touched, tmp_path):
    """With the size that it had, into the same inode, even with the same time: the right values, or an error."""
    path = tmp_path / "a.npz"
    np.savez(path, a=np.arange(4.0), b=np.arange(4.0))
    before, bytes_before = os.stat(path), path.read_bytes()
    described = describe(str(path))
    with open(path, "r+b") as file:
        np.savez(file, **OTHERS[other])
    assert len(path.read_bytes()) == len(bytes_before)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + touched * 10**9))
    try:
        found = load(described)
    except FileError as error:
        assert (touched, "written again since it was opened" in str(error)) == (False, True)  # noqa: PT017
    else:
        assert vtk_to_numpy(found.GetRowData().GetArray("a")).tolist() == [7, 8, 9, 10]


MESHES = {
    "counted from 0": (["triangles"], 0, True),
    "of two kinds": (["triangles", "quads"], 0, True),
    "counted from 1": (["triangles"], 1, False),
    "under a loose name": (["simplices"], 0, False),
    "each led by its number of points": (["faces"], 0, False),
}


@pytest.mark.parametrize("name", MESHES)
def test_the_first_cells_tell_how_points_are_counted(name, tmp_path, reads):
    """Where they have point 0; else, and where a name may mean other things as well, all of them are looked at."""
    tables, first_id, short = MESHES[name]
    count, cells, ids = 399_996, {}, []
    for table in tables:
        width = 4 if table == "quads" else 3
        numbers = np.arange(count).reshape(-1, width)
        ids.append(numbers.ravel())
        cells[table] = numbers + first_id
        if table == "faces":
            cells[table] = np.insert(cells[table], 0, width, axis=1)
    np.savez(tmp_path / "a.npz", points=np.zeros((count, 3), "f4"), **cells)
    reads.clear()
    described = describe(tmp_path / "a.npz")
    assert (reads.nbytes < len(tables) << 21) == short
    mesh = load(described)
    found = mesh.GetCells() if len(tables) > 1 else mesh.GetPolys()
    np.testing.assert_array_equal(vtk_to_numpy(found.GetConnectivityArray()), np.concatenate(ids))
