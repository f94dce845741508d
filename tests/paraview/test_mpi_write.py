"""Saving with several ranks: one file, the same whatever their number, and nothing left behind."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

RANKS = [1, 2, 3, 4]

STRUCTURED = """
w = Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9])
SaveData("image{n}.npy", w)
SaveData("image{n}.npz", w)
SaveData("xyz{n}.npy", w, Axes="xyz")
SaveData("small{n}.npz", w, CompressionLevel=6)
c = PointDatatoCellData(Input=w, PassPointData=1)
SaveData("cells{n}.npz", c)
v = Calculator(Input=w, ResultArrayName="V", Function="coordsX*iHat + RTData*jHat + coordsZ*kHat")
SaveData("vectors{n}.npy", v, Array="V")
SaveData("vectors_xyz{n}.npz", v, Axes="xyz")
flat = Wavelet(WholeExtent=[0, 6, 0, 4, 0, 0])
SaveData("flat{n}.npy", flat)
tiny = Wavelet(WholeExtent=[0, 1, 0, 1, 0, 1])
SaveData("tiny{n}.npz", tiny)
r = OpenDataFile("in.npz")
SaveData("fidelity{n}.npz", r)
SaveData("series{n}.npy", OpenDataFile("steps.npy"), TimeSteps="Series")
"""


def sizes(ranks, sym=False):
    return {"program": "pvbatch", "ranks": ranks, "sym": sym}


@pytest.mark.slow
def test_grids_are_byte_equal_for_any_number_of_ranks(run, tmp_path):
    rng = np.random.default_rng(0)
    arrays = {
        "T": rng.random((5, 6, 7)).astype(">f4"),
        "mask": rng.random((5, 6, 7)) > 0.5,
        "half": rng.random((5, 6, 7)).astype("f2"),
        "z": rng.random((5, 6, 7)).astype("c8"),
        "cell": rng.integers(0, 9, (4, 5, 6)),
        "spacing": np.array([1.0, 2, 3]),
    }
    np.savez(tmp_path / "in.npz", **arrays)
    time = rng.random((3, 4, 5, 7))
    np.save(tmp_path / "steps.npy", time)
    for n in RANKS:
        run(STRUCTURED.format(n=n), left_behind=3, **sizes(n, sym=n == 3))
    left = sorted(os.listdir(tmp_path))
    assert not [name for name in left if name.endswith(".part")]
    names = (
        "image{}.npy image{}.npz xyz{}.npy small{}.npz cells{}.npz vectors{}.npy vectors_xyz{}.npz flat{}.npy "
        "tiny{}.npz fidelity{}.npz series{}_2.npy"
    )
    for name in names.split():
        serial = (tmp_path / name.format(1)).read_bytes()
        for n in RANKS[1:]:
            assert (tmp_path / name.format(n)).read_bytes() == serial, name.format(n)
    with np.load(tmp_path / "fidelity4.npz") as back:
        for name, values in arrays.items():
            assert back[name].dtype == values.dtype
            np.testing.assert_array_equal(back[name], values)


MESHES = """
w = Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9])
SaveData("voxels{n}.npz", CleantoGrid(Input=w))
SaveData("contour{n}.npz", Contour(Input=w, ContourBy=["POINTS", "RTData"], Isosurfaces=[120.0]))
SaveData("group{n}.npz", GroupDatasets(Input=[w, Sphere()]))
SaveData("table{n}.npz", Histogram(Input=w, SelectInputArray=["POINTS", "RTData"]))
SaveData("clip{n}.npz", Clip(Input=w, ClipType="Plane"))
ghosts = GhostCells(Input=CleantoGrid(Input=w)) if "GhostCells" in globals() else GhostCellsGenerator(
    Input=CleantoGrid(Input=w))
SaveData("ghosts{n}.npz", ghosts)
"""


def mesh(path):
    """What a mesh is, whatever the numbers of its points: the sorted coordinates of each cell's points."""
    with np.load(path, allow_pickle=False) as file:
        points = file["points"]
        if "connectivity" in file:
            ends = file["offsets"]
            lists = [file["connectivity"][a:b] for a, b in zip(ends[:-1], ends[1:])]
        else:
            [name] = {"triangles", "tetras", "cells"} & set(file)
            lists = file[name]
        values = {name: file[name] for name in file if len(file[name].shape) and len(file[name]) == len(points)}
        return sorted(tuple((*points[k], float(values["RTData"][k])) for k in cell) for cell in lists)


@pytest.mark.slow
def test_meshes_are_the_same_cells_for_any_number_of_ranks(run, tmp_path):
    for n in RANKS:
        run(MESHES.format(n=n), **sizes(n))
    for name in ("voxels{}.npz", "clip{}.npz", "ghosts{}.npz"):
        serial = mesh(tmp_path / name.format(1))
        for n in RANKS[1:]:
            assert mesh(tmp_path / name.format(n)) == serial, name.format(n)
    areas = []
    for n in RANKS:
        with np.load(tmp_path / f"contour{n}.npz") as file:
            a, b, c = (file["points"][file["triangles"][:, k]] for k in range(3))
            areas.append(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        with np.load(tmp_path / f"table{n}.npz") as file:
            assert file["bin_values"].shape == (10,)  # one table, not one per rank
    np.testing.assert_allclose(areas, areas[0], rtol=1e-5)
    assert not [name for name in os.listdir(tmp_path) if name.endswith(".part")]


FROM_FILES = """
r = OpenDataFile("mesh.npz")
SaveData("mesh{n}.npz", r)
SaveData("small{n}.npz", r, CompressionLevel=1)
SaveData("of_points{n}.npy", r, Array="p")
SaveData("of_cells{n}.npy", r, Array="c")
SaveData("more{n}.npz", Calculator(Input=r, ResultArrayName="q", Function="p*2"))
SaveData("general{n}.npz", OpenDataFile("general.npz"))
SaveData("polyhedra{n}.npz", OpenDataFile("polyhedra.npz"))
around = (GhostCells if "GhostCells" in globals() else GhostCellsGenerator)(Input=r)
around.UpdatePipeline()
SaveData("around{n}.npz", r)
w = Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9])
tetras = Tetrahedralize(Input=w)
surface = Contour(Input=w, ContourBy=["POINTS", "RTData"], Isosurfaces=[120.0])
identify = globals().get("GlobalPointAndCellIds") or GenerateGlobalIds  # the first since ParaView 5.13
SaveData("tetras{n}.npz", identify(Input=tetras))
SaveData("surface{n}.npz", identify(Input=surface))
"""


@pytest.mark.slow
def test_meshes_of_files_are_byte_equal_for_any_number_of_ranks(run, tmp_path):
    random = np.random.default_rng(0)
    held = {
        "points": random.random((500, 3)).astype("f4"),
        "tetras": random.integers(0, 450, (300, 4)).astype(">i4"),  # and 50 points that no cell uses
        "p": np.arange(500.0),
        "c": np.arange(300).astype("i2"),
        "text": np.arange(500).astype("U"),
    }
    np.savez(tmp_path / "mesh.npz", **held)
    general = {
        "points": random.random((40, 3)),
        "connectivity": random.integers(0, 40, 70).astype("u2"),
        "offsets": np.append(np.arange(0, 40, 4), np.arange(40, 70, 3)).astype(">i4"),
        "types": np.repeat([10, 5], 10),
    }
    np.savez(tmp_path / "general.npz", **general)
    cube = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]])
    faces = [4, 0, 3, 2, 1, 4, 4, 5, 6, 7, 4, 0, 1, 5, 4, 4, 1, 2, 6, 5, 4, 2, 3, 7, 6, 4, 3, 0, 4, 7]
    polyhedra = {  # two cubes that share a side, and a tetrahedron
        "points": np.concatenate([cube, cube + np.array([1, 0, 0]), [[5, 5, 5]]]).astype(float),
        "connectivity": np.array([*range(8), 1, 9, 10, 2, 5, 13, 14, 6, 0, 1, 2, 16]),
        "offsets": np.array([0, 8, 16, 20]),
        "types": np.array([42, 42, 10]),
        "polyhedron_faces": np.array([*faces, *_second(faces)]),
        "polyhedron_offsets": np.array([0, 30, 60, 60]),
    }
    np.savez(tmp_path / "polyhedra.npz", vtk=_description(polyhedra), **polyhedra)
    for n in RANKS:
        run(FROM_FILES.format(n=n), left_behind=2, **sizes(n, sym=n == 3))
    names = "mesh{}.npz small{}.npz of_points{}.npy of_cells{}.npy more{}.npz general{}.npz polyhedra{}.npz"
    for name in [*names.split(), "around{}.npz"]:
        serial = (tmp_path / name.format(1)).read_bytes()
        for n in RANKS[1:]:
            assert (tmp_path / name.format(n)).read_bytes() == serial, name.format(n)
    for name, expected in (("mesh", held), ("around", held), ("general", general), ("polyhedra", polyhedra)):
        with np.load(tmp_path / f"{name}4.npz") as back:
            for member, values in expected.items():
                assert back[member].dtype == values.dtype, (name, member)
                np.testing.assert_array_equal(back[member], values, f"{name} {member}")
    np.testing.assert_array_equal(np.load(tmp_path / "of_points4.npy"), held["p"])
    # Of other sources, global ids tell which points are one.
    for name, cell in (("tetras", "tetras"), ("surface", "triangles")):
        shapes = []
        for n in RANKS:
            with np.load(tmp_path / f"{name}{n}.npz") as file:
                shapes.append((file["points"].shape, file[cell].shape))
                assert len(np.unique(file["points"], axis=0)) == len(file["points"])
            assert len(mesh(tmp_path / f"{name}{n}.npz")) == shapes[0][1][0]
        assert len(set(shapes)) == 1, name


def _second(faces):
    """The faces of the second cube, whose left side is the right side of the first."""
    names = {0: 1, 1: 9, 2: 10, 3: 2, 4: 5, 5: 13, 6: 14, 7: 6}
    return [k if place % 5 == 0 else names[k] for place, k in enumerate(faces)]


def _description(members):
    roles = {name: name for name in members}
    return np.array(json.dumps({"version": 1, "data": {"type": "vtkUnstructuredGrid", "members": roles}}))


@pytest.mark.slow
def test_a_failure_is_one_line_and_no_rank_hangs(run, tmp_path):
    done = run(
        """
        w = Wavelet()
        SaveData("no/a.npz", w)
        SaveData("a.npy", w, Array="nothing")
        SaveData("b.npy", w)
        """,
        **sizes(3),
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if re.search("NumPy (Archive|Array) Writer", line)]
    assert len(lines) == 3, done.stderr
    assert "does not exist" in lines[0]
    assert "nothing" in lines[1]
    assert "b.npy: only 'RTData' is saved" in lines[2]  # once for all ranks
    assert sorted(name for name in os.listdir(tmp_path) if name != "script.py") == ["b.npy"]
    assert np.load(tmp_path / "b.npy").shape == (21, 21, 21)


ONLY_ON_ONE_RANK = """
from vtkmodules.vtkCommonCore import vtkFloatArray
from vtkmodules.vtkParallelCore import vtkMultiProcessController
self.GetOutput().ShallowCopy(self.GetInputDataObject(0, 0))
if vtkMultiProcessController.GetGlobalController().GetLocalProcessId() == 1:
    array = vtkFloatArray()
    array.SetName("only here")
    array.SetNumberOfTuples(self.GetOutput().GetNumberOfPoints())
    array.Fill(1)
    self.GetOutput().GetPointData().AddArray(array)
"""


@pytest.mark.slow
@pytest.mark.parametrize("ranks", [1, 2])
def test_stacking_is_for_one_process(run, tmp_path, ranks):
    steps = np.arange(3 * 60.0).reshape(3, 3, 4, 5)
    np.save(tmp_path / "steps.npy", steps)
    script = """
    SaveData("a.npz", OpenDataFile("steps.npy"), TimeSteps="Stacked")
    SaveData("b.npy", OpenDataFile("steps.npy"))
    """
    done = run(script, **sizes(ranks), check=False)
    if ranks == 1:
        np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["steps"], steps)
        return
    lines = [line for line in done.stderr.splitlines() if "NumPy Archive Writer" in line]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("NumPy Archive Writer: a.npz: TimeSteps Stacked is for one process, and there are 2. ")
    assert set(os.listdir(tmp_path)) == {"script.py", "steps.npy", "b.npy"}


@pytest.mark.slow
def test_a_step_that_fails_ends_the_run_and_no_rank_hangs(run, tmp_path):
    np.save(tmp_path / "steps.npy", np.arange(3 * 60.0).reshape(3, 3, 4, 5))
    done = run(
        f"""
        first = OpenDataFile("steps.npy")
        only = ProgrammableFilter(Input=first, Script={ONLY_ON_ONE_RANK!r})
        for _again in range(2):  # what the first left for the garbage collector must not hurt the second
            SaveData("a.npz", only, TimeSteps="Series")
        SaveData("b.npz", first, TimeSteps="Series")
        """,
        **sizes(2),
        check=False,
    )
    lines = [line for line in done.stderr.splitlines() if "NumPy Archive Writer" in line]
    assert len(lines) == 2, done.stderr
    start = "NumPy Archive Writer: a_0.npz: array 'only here' is not on all ranks"
    assert all(line.startswith(start) for line in lines)
    written = {"b.npz.series", "b_0.npz", "b_1.npz", "b_2.npz"}
    assert set(os.listdir(tmp_path)) - {"script.py", "steps.npy"} == written


@pytest.mark.slow
def test_pvserver_with_two_ranks(run, pvserver, tmp_path):
    with pvserver(2) as server:
        run('SaveData(r"{}", Wavelet())'.format(tmp_path / "a.npy"), server=server, left_behind=1)
    run('SaveData("b.npy", Wavelet())', left_behind=1)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
