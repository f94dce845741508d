"""Saving with several ranks: one file, the same whatever their number, and nothing left behind."""

from __future__ import annotations

import os

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
SaveData("stacked{n}.npz", OpenDataFile("steps.npy"), TimeSteps="Stacked")
SaveData("stacked{n}.npy", OpenDataFile("steps.npy"), TimeSteps="Stacked")
SaveData("series{n}.npy", OpenDataFile("steps.npy"), TimeSteps="Series")
last = OpenDataFile("steps.npy")
last.Axes = "zyxt"
SaveData("turned{n}.npy", last, TimeSteps="Stacked")
SaveData("turned{n}.npz", last, TimeSteps="Stacked")
SaveData("still{n}.npz", OpenDataFile("still.npz"), TimeSteps="Stacked", CompressionLevel=1)
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
    moving = {"T": time, "mask": time[0] > 0.5, "time": np.array([1, 2, 4], "i4")}
    np.savez(tmp_path / "still.npz", **moving)
    for n in RANKS:
        run(STRUCTURED.format(n=n), **sizes(n, sym=n == 3))
    left = sorted(os.listdir(tmp_path))
    assert not [name for name in left if name.endswith(".part")]
    names = (
        "image{}.npy image{}.npz xyz{}.npy small{}.npz cells{}.npz vectors{}.npy vectors_xyz{}.npz flat{}.npy "
        "tiny{}.npz fidelity{}.npz stacked{}.npz stacked{}.npy series{}_2.npy "
        "turned{}.npy turned{}.npz still{}.npz"
    )
    for name in names.split():
        serial = (tmp_path / name.format(1)).read_bytes()
        for n in RANKS[1:]:
            assert (tmp_path / name.format(n)).read_bytes() == serial, name.format(n)
    with np.load(tmp_path / "fidelity4.npz") as back:
        for name, values in arrays.items():
            assert back[name].dtype == values.dtype
            np.testing.assert_array_equal(back[name], values)
    np.testing.assert_array_equal(np.load(tmp_path / "stacked4.npz")["time"], [0, 1, 2])
    np.testing.assert_array_equal(np.load(tmp_path / "stacked3.npy"), time)
    np.testing.assert_array_equal(np.load(tmp_path / "turned3.npy"), time)
    with np.load(tmp_path / "still4.npz") as back:
        for name, values in moving.items():
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
    lines = [line for line in done.stderr.splitlines() if "NumPy Writer" in line]
    assert len(lines) == 2, done.stderr
    assert "does not exist" in lines[0]
    assert "nothing" in lines[1]
    assert sorted(name for name in os.listdir(tmp_path) if name != "script.py") == ["b.npy"]
    assert np.load(tmp_path / "b.npy").shape == (21, 21, 21)


@pytest.mark.slow
def test_pvserver_with_two_ranks(run, pvserver, tmp_path):
    with pvserver(2) as server:
        run('SaveData(r"{}", Wavelet())'.format(tmp_path / "a.npy"), server=server)
    run('SaveData("b.npy", Wavelet())')
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
