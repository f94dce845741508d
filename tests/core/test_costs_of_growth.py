"""Work and memory grow with what a file holds, and no faster: counted, not timed."""

from __future__ import annotations

import gc
import sys

import npyvtk
import numpy as np
import pytest
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from npyvtk.vtk.arrays import from_vtk_array
from vtkmodules.vtkCommonDataModel import vtkUnstructuredGrid

CUBE = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
# Two triangles in the place of a face.
CUT_CUBE = [[0, 3, 2], [0, 2, 1], *CUBE[1:]]


def calls(function):
    """Count the calls that Python makes while `function` runs, those of functions written in C included."""
    count = 0

    def counted(_frame, event, _argument):
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(counted)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


def polyhedra(count, shape):
    """Members of `count` polyhedra of 8 points each."""
    first = 8 * np.arange(count)[:, np.newaxis]
    stream = np.array([number for face in shape for number in (-len(face), *face)])
    faces = np.where(stream < 0, -stream, stream + first)
    return {
        "points": np.random.default_rng(0).random((8 * count, 3)),
        "connectivity": np.arange(8 * count),
        "offsets": 8 * np.arange(count + 1),
        "types": np.full(count, 42, "u1"),
        "polyhedron_faces": faces.ravel(),
        "polyhedron_offsets": faces.shape[1] * np.arange(count + 1),
    }


def described(path, count, shape):
    members = polyhedra(count, shape)
    roles = {name: name for name in members}
    data = {"type": "vtkUnstructuredGrid", "members": roles}
    np.savez(path, vtk=repr({"version": 1, "data": data}).replace("'", '"'), **members)
    return members


@pytest.mark.parametrize(("shape", "most"), [(CUBE, 0), (CUT_CUBE, 8 * len(CUT_CUBE))], ids=["alike", "mixed"])
def test_polyhedra_cost_next_to_nothing_each(shape, most, tmp_path):
    costs = []
    for count in (500, 1500):
        described(tmp_path / f"{count}.npz", count, shape)
        data = npyvtk.read(tmp_path / f"{count}.npz")
        costs.append(
            calls(lambda name=f"{count}.npz": npyvtk.read(tmp_path / name))
            + calls(lambda data=data: npyvtk.write(tmp_path / "out.npz", data))
        )
    assert costs[1] - costs[0] <= 1000 * most + 200


@pytest.mark.parametrize("shape", [CUBE, CUT_CUBE], ids=["alike", "mixed"])
def test_polyhedra_come_back_as_they_were(shape, tmp_path):
    members = described(tmp_path / "a.npz", 50, shape)
    data = npyvtk.read(tmp_path / "a.npz")
    assert data.GetCell(49).GetNumberOfFaces() == len(shape)
    assert [data.GetCell(49).GetFace(0).GetPointId(k) for k in range(len(shape[0]))] == [8 * 49 + k for k in shape[0]]
    npyvtk.write(tmp_path / "b.npz", data)
    with np.load(tmp_path / "b.npz") as file:
        for name, values in members.items():
            np.testing.assert_array_equal(file[name], values)


def test_polyhedra_in_another_order_or_with_gaps(tmp_path):
    """As filters may leave them before VTK 9.4, where one list holds the faces of all cells."""
    described(tmp_path / "a.npz", 3, CUT_CUBE)
    data = npyvtk.read(tmp_path / "a.npz")
    if hasattr(data, "GetPolyhedronFaces"):
        pytest.skip("newer VTK has another form")
    stream, places = from_vtk_array(data.GetFaces()), from_vtk_array(data.GetFaceLocations())
    stream[:] = np.concatenate([stream[places[1] : places[2]], stream[: places[1]], stream[places[2] :]])
    places[:2] = places[1] * np.array([1, 0])
    npyvtk.write(tmp_path / "b.npz", data)
    with np.load(tmp_path / "a.npz") as file, np.load(tmp_path / "b.npz") as again:
        np.testing.assert_array_equal(again["polyhedron_faces"], file["polyhedron_faces"])
    assert isinstance(data, vtkUnstructuredGrid)


GROWING = {
    "rows": lambda n: {"a": np.zeros(1000 * n), "b": np.zeros(1000 * n, "i4")},
    "cells": lambda n: {
        "points": np.random.default_rng(0).random((1000 * n, 3)),
        "tetras": np.arange(4 * 250 * n).reshape(-1, 4),
        "c": np.zeros(250 * n),
    },
    "cells of many kinds": lambda n: {
        "points": np.random.default_rng(0).random((1000 * n, 3)),
        "connectivity": np.arange(7 * 100 * n),
        "offsets": np.cumsum([0, *[3, 4] * (100 * n)]),
        "types": np.resize(np.array([5, 10], "u1"), 200 * n),
    },
    "a padded list": lambda n: {
        "points": np.random.default_rng(0).random((1000 * n, 3)),
        "faces": np.insert(np.arange(3 * 100 * n), 3 * np.arange(100 * n), 3),
    },
    "members": lambda n: {f"a{k}": np.zeros((4, 5)) for k in range(5 * n)},
    "members on points": lambda n: {"points": np.zeros((9, 3)), **{f"a{k}": np.zeros(9) for k in range(5 * n)}},
    "fields": lambda n: {"a": np.zeros((4, 5), [(f"f{k}", "f4") for k in range(20 * n)])},
    "time steps": lambda n: {"a": np.zeros((20 * n, 4, 5, 6)), "time": np.arange(20.0 * n)},
}
EACH = {"rows": 0, "cells": 0, "cells of many kinds": 0, "a padded list": 0, "time steps": 0}  # of 1000 values


def measured(name, sizes, measure, folder):
    """What it costs to read and to write files of these sizes: two lists."""
    reading, writing = [], []
    for n in sizes:
        np.savez(folder / "in.npz", **GROWING[name](n))
        data = npyvtk.read(folder / "in.npz")
        npyvtk.write(folder / "out.npz", data)
        reading.append(measure(lambda: npyvtk.read(folder / "in.npz")))
        writing.append(measure(lambda data=data: npyvtk.write(folder / "out.npz", data)))
    return reading, writing


@pytest.mark.once
@pytest.mark.parametrize("name", GROWING)
def test_work_is_linear(name, tmp_path):
    """Twice as much takes twice the work at most, and values take none one by one."""
    for first, second, third in measured(name, (4, 8, 16), calls, tmp_path):
        assert third - second <= 2.2 * max(second - first, 0) + (300 if name in EACH else 0)
        if name in EACH:
            assert third - first < 1000


@pytest.mark.once
@pytest.mark.parametrize("name", GROWING)
def test_memory_is_linear(name, tmp_path, peak_memory):
    for _first, second, third in measured(name, (8, 16, 32), peak_memory, tmp_path):
        assert third <= 2.5 * second + (64 << 10)


@pytest.mark.parametrize("name", GROWING)
def test_nothing_that_was_read_waits_for_the_garbage_collector(name, tmp_path):
    """It may come late, as in Python 3.14, and until then each time step would keep its values."""
    np.savez(tmp_path / "in.npz", **GROWING[name](1))
    npyvtk.read(tmp_path / "in.npz")
    gc.collect()
    gc.disable()
    try:
        data = npyvtk.read(tmp_path / "in.npz")
        del data
        assert gc.collect() == 0
    finally:
        gc.enable()


N = 100_000  # points and cells
CUBES = np.arange(8 * N).reshape(-1, 8) % N
SAVED = {
    "one table": {"points": np.zeros((N, 3)), "hexahedra": CUBES},
    "coordinates": {"x": np.zeros(N), "y": np.zeros(N), "z": np.zeros(N), "hexahedra": CUBES},
    "several kinds": {"points": np.zeros((N, 3)), "hexahedra": CUBES, "tetras": CUBES[:, :4]},
}


@pytest.mark.parametrize("kind", SAVED)
def test_saving_a_mesh_takes_no_memory_for_its_points_of_cells(tmp_path, peak_memory, kind):
    """Whether the file needs a member ``axes`` is told without values like those of its cells."""
    data = npyvtk.to_vtk(SAVED[kind])
    npyvtk.write(tmp_path / "a.npz", data)  # some things are imported and computed once for all
    # The lengths of the cells, and what is written at a time.
    assert peak_memory(lambda: npyvtk.write(tmp_path / "a.npz", data)) < CUBES.nbytes / 2


@pytest.mark.parametrize("chosen", [None, ("a", "b")])
def test_a_step_costs_the_same_however_many_there_are(chosen, tmp_path):
    """Else a film of some thousand files gets slower with each of them."""

    def cost(count):
        paths = [str(tmp_path / f"{count}-{k}.npz") for k in range(count)]
        for path in paths:
            np.savez(path, a=np.zeros((3, 4)), b=np.ones((3, 4)))
        series = Series(paths, ReadOptions())

        def work():
            assert series.names == ("a", "b")
            assert series.root(chosen).type == "vtkImageData"
            series.load(series.at(count - 1.0), arrays=chosen)

        work()
        return calls(work)

    assert cost(60) < cost(20) + 20, "a call for each of 40 files more; collecting garbage makes a few"
