"""Saving with several ranks: one file, the same whatever their number, and nothing left behind."""

from __future__ import annotations

import json
import os
import re

import numpy as np
import pytest

pytestmark = pytest.mark.slow

RANKS = [1, 2, 3, 4]
random = np.random.default_rng(0)


@pytest.fixture(scope="module")
def saved(run_in, tmp_path_factory):
    """Return the folder of what `GRIDS`, `MESHES` and `FROM_FILES` save, with each number of ranks."""
    folder = tmp_path_factory.mktemp("saved")
    for name, content in INPUT.items():
        np.savez(folder / name, **content) if isinstance(content, dict) else np.save(folder / name, content)
    for n in RANKS:
        script = (GRIDS + MESHES + FROM_FILES).format(n=n)
        # Of three ranks all run the script.
        run_in(folder, script, program="pvbatch", ranks=n, sym=n == 3, left_behind=5)
    assert not [name for name in os.listdir(folder) if name.endswith(".part")]
    return folder


def check_equal_for_any_number(saved, names):
    for name in names.split():
        serial = (saved / name.format(1)).read_bytes()
        for n in RANKS[1:]:
            assert (saved / name.format(n)).read_bytes() == serial, name.format(n)


GRIDS = """
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
if {n} == 1:
    SaveData("stacked.npz", OpenDataFile("steps.npy"), TimeSteps="Stacked")
"""


STEPS = random.random((3, 4, 5, 7))
ARRAYS = {
    "T": random.random((5, 6, 7)).astype(">f4"),
    "mask": random.random((5, 6, 7)) > 0.5,
    "half": random.random((5, 6, 7)).astype("f2"),
    "z": random.random((5, 6, 7)).astype("c8"),
    "cell": random.integers(0, 9, (4, 5, 6)),
    "spacing": np.array([1.0, 2, 3]),
}


def test_grids_are_byte_equal_for_any_number_of_ranks(saved):
    names = (
        "image{}.npy image{}.npz xyz{}.npy small{}.npz cells{}.npz vectors{}.npy vectors_xyz{}.npz flat{}.npy "
        "tiny{}.npz fidelity{}.npz series{}_2.npy"
    )
    check_equal_for_any_number(saved, names)
    with np.load(saved / "fidelity4.npz") as back:
        for name, values in ARRAYS.items():
            assert back[name].dtype == values.dtype
            np.testing.assert_array_equal(back[name], values)


MESHES = """
w = Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9])
SaveData("voxels{n}.npz", CleantoGrid(Input=w))
SaveData("contour{n}.npz", Contour(Input=w, ContourBy=["POINTS", "RTData"], Isosurfaces=[120.0]))
SaveData("group{n}.npz", GroupDatasets(Input=[w, Sphere()]))
SaveData("table{n}.npz", Histogram(Input=w, SelectInputArray=["POINTS", "RTData"]))
clip = Clip(Input=w, ClipType="Plane")
clip.ClipType.Origin = [0.5, 2.5, 5.5]  # where all run the script, each would take the middle of its own piece
SaveData("clip{n}.npz", clip)
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


def test_meshes_are_the_same_cells_for_any_number_of_ranks(saved):
    for name in ("voxels{}.npz", "clip{}.npz", "ghosts{}.npz"):
        serial = mesh(saved / name.format(1))
        for n in RANKS[1:]:
            assert mesh(saved / name.format(n)) == serial, name.format(n)
    areas = []
    for n in RANKS:
        with np.load(saved / f"contour{n}.npz") as file:
            a, b, c = (file["points"][file["triangles"][:, k]] for k in range(3))
            areas.append(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum())
        with np.load(saved / f"table{n}.npz") as file:
            assert file["bin_values"].shape == (10,)  # one table, not one per rank
    np.testing.assert_allclose(areas, areas[0], rtol=1e-5)


FROM_FILES = """
r = OpenDataFile("mesh.npz")
SaveData("mesh{n}.npz", r)
SaveData("packed{n}.npz", r, CompressionLevel=1)
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


def _second(faces):
    """The faces of the second cube, whose left side is the right side of the first."""
    names = {0: 1, 1: 9, 2: 10, 3: 2, 4: 5, 5: 13, 6: 14, 7: 6}
    return [k if place % 5 == 0 else names[k] for place, k in enumerate(faces)]


def _description(members):
    roles = {name: name for name in members}
    return np.array(json.dumps({"version": 1, "data": {"type": "vtkUnstructuredGrid", "members": roles}}))


HELD = {
    "points": random.random((500, 3)).astype("f4"),
    "tetras": random.integers(0, 450, (300, 4)).astype(">i4"),  # and 50 points that no cell uses
    "p": np.arange(500.0),
    "c": np.arange(300).astype("i2"),
    "text": np.arange(500).astype("U"),
}
GENERAL = {
    "points": random.random((40, 3)),
    "connectivity": random.integers(0, 40, 70).astype("u2"),
    "offsets": np.append(np.arange(0, 40, 4), np.arange(40, 70, 3)).astype(">i4"),
    "types": np.repeat([10, 5], 10),
}
CUBE = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]])
FACES = [4, 0, 3, 2, 1, 4, 4, 5, 6, 7, 4, 0, 1, 5, 4, 4, 1, 2, 6, 5, 4, 2, 3, 7, 6, 4, 3, 0, 4, 7]
POLYHEDRA = {  # two cubes that share a side, and a tetrahedron
    "points": np.concatenate([CUBE, CUBE + np.array([1, 0, 0]), [[5, 5, 5]]]).astype(float),
    "connectivity": np.array([*range(8), 1, 9, 10, 2, 5, 13, 14, 6, 0, 1, 2, 16]),
    "offsets": np.array([0, 8, 16, 20]),
    "types": np.array([42, 42, 10]),
    "polyhedron_faces": np.array([*FACES, *_second(FACES)]),
    "polyhedron_offsets": np.array([0, 30, 60, 60]),
}
INPUT = {
    "in.npz": ARRAYS,
    "steps.npy": STEPS,
    "mesh.npz": HELD,
    "general.npz": GENERAL,
    "polyhedra.npz": {"vtk": _description(POLYHEDRA), **POLYHEDRA},
}


def test_meshes_of_files_are_byte_equal_for_any_number_of_ranks(saved):
    names = "mesh{}.npz packed{}.npz of_points{}.npy of_cells{}.npy more{}.npz general{}.npz polyhedra{}.npz"
    check_equal_for_any_number(saved, names + " around{}.npz")
    for name, expected in (("mesh", HELD), ("around", HELD), ("general", GENERAL), ("polyhedra", POLYHEDRA)):
        with np.load(saved / f"{name}4.npz") as back:
            for member, values in expected.items():
                assert back[member].dtype == values.dtype, (name, member)
                np.testing.assert_array_equal(back[member], values, f"{name} {member}")
    np.testing.assert_array_equal(np.load(saved / "of_points4.npy"), HELD["p"])
    # Of other sources, global ids tell which points are one.
    for name, cell in (("tetras", "tetras"), ("surface", "triangles")):
        shapes = []
        for n in RANKS:
            with np.load(saved / f"{name}{n}.npz") as file:
                shapes.append((file["points"].shape, file[cell].shape))
                assert len(np.unique(file["points"], axis=0)) == len(file["points"])
            assert len(mesh(saved / f"{name}{n}.npz")) == shapes[0][1][0]
        assert len(set(shapes)) == 1, name


def test_stacking_with_one_process(saved):
    np.testing.assert_array_equal(np.load(saved / "stacked.npz")["steps"], STEPS)


def test_a_server_with_two_ranks(run, pvserver, tmp_path, saved):
    with pvserver(2) as server:
        run(
            'SaveData(r"{}", Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9]))'.format(tmp_path / "a.npy"),
            server=server,
            left_behind=1,
        )
    assert (tmp_path / "a.npy").read_bytes() == (saved / "image1.npy").read_bytes()


# ---- failures ------------------------------------------------------------------------------------

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
FAILURES = f"""
import gc

def chapter(title):
    # ParaView hangs where the garbage collector deletes a proxy, on rank 0, while a filter in Python runs on all.
    gc.collect()
    sys.stderr.write(f"== {{title}}\\n")
    sys.stderr.flush()

chapter("failures")
w = Wavelet()
SaveData("no/a.npz", w)
SaveData("a.npy", w, Array="nothing")
SaveData("b.npy", w)
chapter("stacking")
steps = OpenDataFile("steps.npy")
SaveData("stacked.npz", steps, TimeSteps="Stacked")
SaveData("after.npy", steps)
chapter("a step that fails")
only = ProgrammableFilter(Input=steps, Script={ONLY_ON_ONE_RANK!r})
for _again in range(2):  # what the first left for the garbage collector must not hurt the second
    SaveData("only.npz", only, TimeSteps="Series")
SaveData("series.npz", steps, TimeSteps="Series")
"""


@pytest.fixture(scope="module")
def failed(run_in, tmp_path_factory):
    """What three ranks said in each chapter of `FAILURES`, their folder, and the names of the files they left."""
    folder = tmp_path_factory.mktemp("failed")
    np.save(folder / "steps.npy", STEPS)
    done = run_in(folder, FAILURES, program="pvbatch", ranks=3, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    said = {}
    for line in done.stderr.splitlines():
        if line.startswith("== "):
            said[line[3:]] = lines = []
        elif re.search("NumPy (Archive|Array) Writer", line):
            lines.append(line)
    return said, folder, sorted(set(os.listdir(folder)) - {"script.py", "steps.npy"})


def test_a_failure_is_one_line_and_no_rank_hangs(failed):
    said, folder, _ = failed
    lines = said["failures"]
    assert len(lines) == 3, lines
    assert "does not exist" in lines[0]
    assert "nothing" in lines[1]
    assert "b.npy: only 'RTData' is saved" in lines[2]  # once for all ranks
    assert np.load(folder / "b.npy").shape == (21, 21, 21)


def test_stacking_is_for_one_process(failed):
    (line,) = failed[0]["stacking"]
    assert line.startswith("NumPy Archive Writer: stacked.npz: TimeSteps Stacked is for one process, and there are 3. ")


def test_a_step_that_fails_ends_the_run_and_no_rank_hangs(failed):
    lines = failed[0]["a step that fails"]
    assert len(lines) == 2, lines
    start = "NumPy Archive Writer: only_0.npz: array 'only here' is not on all ranks"
    assert all(line.startswith(start) for line in lines)


def test_failures_leave_nothing_behind(failed):
    assert failed[2] == ["after.npy", "b.npy", "series.npz.series", *(f"series_{k}.npz" for k in range(3))]
