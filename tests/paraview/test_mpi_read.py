"""Reading with several ranks: each reads its own piece and nothing else, and together they have the whole."""

from __future__ import annotations

import os

import numpy as np
import pytest
from npyvtk import write
from npyvtk.files import inflate
from npyvtk.files.seekable import PIECE_BYTES
from ranks import FOLDER

# Ranks, and whether each runs the script of pvbatch itself.
RUNS = [(1, False), (2, True), (3, False), (4, True)]
IDS = [f"ranks{ranks}{'-sym' if sym else ''}" for ranks, sym in RUNS]

SHAPE = (20, 9, 11)
rng = np.random.default_rng(5)
END_BYTES = 65_557  # of a zip: the end of its table of contents lies in no more
VOLUME = rng.standard_normal(SHAPE).astype("f4")
BIG = np.arange(128 * 32 * 32, dtype="f4").reshape(128, 32, 32)
NOISE = rng.standard_normal(BIG.shape).astype("f4")
LONG = rng.standard_normal((96, 256, 256)).astype("f4")  # 24 MiB
POINTS = rng.standard_normal((101, 3))


def _strip_of_triangles(rows, columns):
    """A triangulated sheet: (n, 3) places and (m, 3) point ids, in no helpful order."""
    y, x = np.mgrid[:rows, :columns]
    places = np.stack([x.ravel(), y.ravel(), np.sin(x + y).ravel()], -1).astype(float)
    a = (y[:-1, :-1] * columns + x[:-1, :-1]).ravel()
    faces = np.concatenate([np.stack([a, a + 1, a + columns], -1), np.stack([a + 1, a + columns + 1, a + columns], -1)])
    return places, np.random.default_rng(1).permutation(faces)


VERTICES, FACES = _strip_of_triangles(9, 12)
AXIS = [np.cumsum(rng.random(n) + 0.1) for n in SHAPE]
GRID = np.stack(np.meshgrid(*AXIS, indexing="ij"))  # z y x

# Each is a file and the arrays in it.
FILES = {
    "zyx": ("zyx.npy", VOLUME),
    "fortran": ("fortran.npy", np.asfortranarray(VOLUME)),
    "xyz": ("xyz.npy", np.ascontiguousarray(VOLUME.T)),
    "plane": ("plane.npy", VOLUME[3]),
    "single plane": ("single.npy", VOLUME[3:4]),
    "thin": ("thin.npy", VOLUME[:3]),
    "small": ("small.npy", VOLUME[:2, :2, :2]),
    "cells": ("cells.npz", {"a": VOLUME[:-1, :-1, :-1], "x": AXIS[2], "y": AXIS[1], "z": AXIS[0]}),
    "rectilinear": ("rectilinear.npz", {"a": VOLUME, "x": AXIS[2], "y": AXIS[1], "z": AXIS[0]}),
    "structured": ("structured.npz", {"a": VOLUME, "z": GRID[0], "y": GRID[1], "x": GRID[2]}),
    "points": ("points.npy", POINTS),
    "points with data": ("cloud.npz", {"points": POINTS, "value": np.arange(101.0)}),
    "mesh": (
        "mesh.npz",
        {"points": VERTICES, "faces": FACES, "p": np.arange(len(VERTICES)), "c": np.arange(len(FACES))},
    ),
    "table": ("table.npz", {"id": np.arange(23), "value": np.arange(23) * 0.5}),
    "two grids": ("two.npz", {"a": VOLUME, "b": VOLUME[:7, :5, :6]}),
    "deflated": ("deflated.npz", {"a": VOLUME, "other": VOLUME[::-1]}),
    "big deflated": ("big_deflated.npz", {"a": NOISE}),
    "in pieces": ("in_pieces.npz", {"a": LONG}),
    "big": ("big.npy", BIG),
    "big fortran": ("big_fortran.npy", np.asfortranarray(BIG)),
}
AXES = {"xyz": "xyz", "small": "zyx"}
GHOSTS = {
    name: (0, 1, 2) if name in ("zyx", "fortran", "plane", "thin", "rectilinear", "structured", "mesh") else (0,)
    for name in FILES
}
GHOSTS["two grids"] = (0, 1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    for name, (file, arrays) in FILES.items():
        if name == "in pieces":
            write(folder / file, arrays, compression=1)
        elif isinstance(arrays, dict):
            (np.savez_compressed if "deflated" in name else np.savez)(folder / file, **arrays)
        else:
            np.save(folder / file, arrays)
    return folder


SCRIPT = """
sys.path.append({tests!r})
import ranks
from paraview import simple

ranks.everywhere(simple, "ranks.watch()")
for name, file, axes, levels in {cases!r}:
    for ghosts in levels:
        reader = NumPyReader(FileNames=[os.path.join({files!r}, file)], Axes=axes)
        ranks.probe(simple, reader, f"{{name}}-{{ghosts}}".replace(" ", "_"), ghosts)

reader = NumPyReader(FileNames=[os.path.join({files!r}, "zyx.npy")])
for name, filters in {{
    "subset": lambda r: ExtractSubset(Input=r, VOI=[2, 8, 1, 7, 3, 15]),
    # Not along k: with 4 ranks ParaView's own filter then fails an assertion, for its Wavelet too.
    "sampled": lambda r: ExtractSubset(Input=r, VOI=[2, 8, 1, 7, 3, 15], SampleRateI=2, SampleRateJ=3),
}}.items():
    reader = NumPyReader(FileNames=[os.path.join({files!r}, "zyx.npy")])
    ranks.probe(simple, filters(reader), name)
reader = NumPyReader(FileNames=[os.path.join({files!r}, "zyx.npy")], VOI=[2, 8, 1, 7, 3, 15])
ranks.probe(simple, reader, "voi", 1)
reader = NumPyReader(FileNames=[os.path.join({files!r}, "zyx.npy")], SampleRate=[2, 2, 3])
ranks.probe(simple, reader, "rate", 1)

# A second update reads nothing.
reader = NumPyReader(FileNames=[os.path.join({files!r}, "zyx.npy")])
reader.UpdatePipeline()
ranks.everywhere(simple, "ranks.reads.clear()")
reader.UpdatePipeline()
ranks.probe(simple, reader, "again")

def total(source, association, array):
    integrated = IntegrateVariables(Input=source)
    integrated.UpdatePipeline()
    table = servermanager.Fetch(integrated)
    data = getattr(table, f"Get{{association}}Data")().GetArray(array) if table is not None else None
    return data.GetTuple(0) if data is not None and data.GetNumberOfTuples() else ()

for file in ("zyx.npy", "fortran.npy", "rectilinear.npz", "structured.npz"):
    reader = NumPyReader(FileNames=[os.path.join({files!r}, file)])
    # Not "array": programmable filters run in this name space too.
    coloured = "a" if file.endswith("npz") else file[:-4]
    ranks.probe(simple, Gradient(Input=reader, ScalarArray=["POINTS", coloured]), f"gradient-{{file}}")
    ranks.probe(simple, Contour(Input=reader, ContourBy=["POINTS", coloured], Isosurfaces=[0.3]), f"contour-{{file}}")
    volume = total(reader, "Cell", "Volume")
    if volume:
        print("volume", file, repr(volume[0]))
mesh = NumPyReader(FileNames=[os.path.join({files!r}, "mesh.npz")])
print("area", repr(total(mesh, "Cell", "Area")))
"""


@pytest.fixture(scope="module", params=RUNS, ids=IDS)
def gathered(request, run_in, files, tmp_path_factory):
    """What every rank had, of one run of pvbatch."""
    count, sym = request.param
    folder = tmp_path_factory.mktemp("ranks")
    cases = [(name, file, AXES.get(name, "auto"), GHOSTS[name]) for name, (file, _) in FILES.items()]
    script = SCRIPT.format(tests=FOLDER, cases=cases, files=str(files))
    done = run_in(folder, script, program="pvbatch", ranks=count, sym=sym)
    return Gathered(folder, count, done.stdout)


class Gathered:
    def __init__(self, folder, ranks, output):
        self.folder, self.ranks, self.output = folder, ranks, output

    def of(self, name, leaf=0):
        """One dict per rank."""
        found = []
        for rank in range(self.ranks):
            with np.load(os.path.join(self.folder, f"{name.replace(' ', '_')}.{rank}.npz")) as kept:
                own = {key: kept[key] for key in ("reads", "executions")}
                own.update((key.partition("/")[2], kept[key]) for key in kept if key.startswith(f"{leaf}/"))
            found.append(own)
        return found


def box(extent, cells=False):
    """Slices [z, y, x] of an extent; of its cells, of which a flat axis has one."""
    return tuple(
        slice(lo, max(hi, lo + 1) if cells and hi >= lo else hi + 1) for lo, hi in zip(extent[4::-2], extent[5::-2])
    )


def check_grid(pieces, expected, name, *, association="point", first=(0, 0, 0), bars=False):
    """Compare every value on every rank, and count owned cells and points.

    The plane of points between two slabs counts to both of them, as it does for every source of ParaView.
    `expected` is indexed [z, y, x]; `first` is the extent's first index along z, y, x.
    """
    shape = np.array(expected.shape[:3]) + (association == "cell")
    cells = np.zeros(np.maximum(shape - 1, 1), int)
    points = np.zeros(shape, int)
    for piece in pieces:
        extent = piece["extent"] - np.repeat(np.array(first)[::-1], 2)
        if np.any(extent[::2] > extent[1::2]):
            assert piece["counts"].tolist() == [0, 0]
            continue
        where = box(extent, association == "cell")
        values = piece[f"{association}/{name}"]
        np.testing.assert_array_equal(values, expected[where].reshape(values.shape))
        owned = 1 - piece.get("cell/vtkGhostType", np.zeros(piece["counts"][1], int))
        cells[box(extent, True)] += owned.reshape(cells[box(extent, True)].shape)
        owned = 1 - piece.get("point/vtkGhostType", np.zeros(piece["counts"][0], int))
        points[box(extent)] += owned.reshape(points[box(extent)].shape)
    assert np.all(cells == 1)
    slabs = [piece for piece in pieces if piece["counts"][0]]
    axis = max(range(3), key=lambda k: len({tuple(piece["extent"][2 * k : 2 * k + 2]) for piece in slabs}))
    assert np.all(points >= 1)
    if bars:
        assert len(slabs) == len(pieces)
        return
    assert points.sum() == points.size + (len(slabs) - 1) * points.size // shape[2 - axis]


@pytest.mark.parametrize("ghosts", [0, 1, 2])
@pytest.mark.parametrize("name", ["zyx", "fortran", "plane"])
def test_each_rank_has_its_slab_of_an_image(gathered, name, ghosts):
    pieces = gathered.of(f"{name}-{ghosts}")
    expected = FILES[name][1]
    expected = expected.reshape((1, *expected.shape)[-3:])
    check_grid(pieces, expected, FILES[name][0][:-4])
    axis = {"zyx": 2, "fortran": 0, "plane": 1}[name]
    cells = SHAPE[2 - axis] - 1
    for k, piece in enumerate(pieces):
        lo, hi = cells * k // gathered.ranks, cells * (k + 1) // gathered.ranks
        assert piece["extent"][2 * axis : 2 * axis + 2].tolist() == [max(lo - ghosts, 0), min(hi + ghosts, cells)]
        rest = [e for e in range(6) if e // 2 != axis]
        full = np.array([0, SHAPE[2] - 1, 0, SHAPE[1] - 1, 0, expected.shape[0] - 1])
        assert piece["extent"][rest].tolist() == full[rest].tolist()


def test_each_rank_has_its_slab_of_an_xyz_image(gathered):
    check_grid(gathered.of("xyz-0"), VOLUME, "xyz")


@pytest.mark.parametrize("ghosts", [0, 1, 2])
def test_more_ranks_than_layers_share_the_rows(gathered, ghosts):
    check_grid(gathered.of(f"thin-{ghosts}"), VOLUME[:3], "thin", bars=True)


@pytest.mark.parametrize("name", ["single plane", "small"])
def test_surplus_ranks_have_nothing(gathered, name):
    expected = FILES[name][1]
    pieces = gathered.of(f"{name}-0")
    check_grid(pieces, expected, FILES[name][0][:-4])
    if name == "small":
        assert sorted(int(piece["counts"][0]) for piece in pieces) == [0] * (gathered.ranks - 1) + [8]


def test_each_rank_has_its_slab_of_cells(gathered):
    check_grid(gathered.of("cells-0"), VOLUME[:-1, :-1, :-1], "a", association="cell")


@pytest.mark.parametrize("ghosts", [0, 1, 2])
@pytest.mark.parametrize("name", ["rectilinear", "structured"])
def test_each_rank_has_its_slab_of_a_grid_with_coordinates(gathered, name, ghosts):
    pieces = gathered.of(f"{name}-{ghosts}")
    check_grid(pieces, VOLUME, "a")
    for piece in pieces:
        expected = np.stack([GRID[k][box(piece["extent"])].ravel() for k in (2, 1, 0)], -1)
        np.testing.assert_array_equal(piece["places"], expected)


@pytest.mark.parametrize("name", ["points", "points with data"])
def test_points_are_shared_out(gathered, name):
    pieces = gathered.of(f"{name}-0")
    np.testing.assert_array_equal(np.concatenate([piece["places"] for piece in pieces]), POINTS)
    assert sum(piece["counts"][1] for piece in pieces) == len(POINTS)
    assert max(piece["counts"][0] for piece in pieces) - min(piece["counts"][0] for piece in pieces) <= 1
    if name == "points with data":
        np.testing.assert_array_equal(np.concatenate([piece["point/value"] for piece in pieces]), np.arange(101.0))


@pytest.mark.parametrize("ghosts", [0, 1, 2])
def test_cells_of_a_mesh_are_shared_out(gathered, ghosts):
    pieces = gathered.of(f"mesh-{ghosts}")
    cells, points = np.zeros(len(FACES), int), np.zeros(len(VERTICES), int)
    for k, piece in enumerate(pieces):
        ids, own = piece["point/p"], piece["cell/c"]
        np.testing.assert_array_equal(piece["places"], VERTICES[ids])
        np.testing.assert_array_equal(ids[piece["cells"][:, 1:]], FACES[own])
        assert np.array_equal(np.unique(piece["cells"][:, 1:]), np.arange(len(ids))), "points that no cell uses"
        lo, hi = len(FACES) * k // gathered.ranks, len(FACES) * (k + 1) // gathered.ranks
        wanted = np.isin(np.arange(len(FACES)), np.arange(lo, hi))
        for _ in range(ghosts):
            touched = np.unique(FACES[wanted])
            wanted = np.isin(FACES, touched).any(axis=1)
        np.testing.assert_array_equal(own, np.flatnonzero(wanted))
        if ghosts and gathered.ranks > 1:
            flags = piece["cell/vtkGhostType"]
            np.testing.assert_array_equal(flags == 0, (own >= lo) & (own < hi))
            points[ids[piece["point/vtkGhostType"] == 0]] += 1
            cells[own[flags == 0]] += 1
        else:
            points[ids] += 1
            cells[own] += 1
    assert np.all(cells == 1)
    assert np.all(points == 1) if ghosts else np.all(points >= 1)


def test_rows_of_a_table_are_shared_out(gathered):
    pieces = gathered.of("table-0")
    np.testing.assert_array_equal(np.concatenate([piece["row/id"] for piece in pieces]), np.arange(23))
    np.testing.assert_array_equal(np.concatenate([piece["row/value"] for piece in pieces]), np.arange(23) * 0.5)


@pytest.mark.parametrize("ghosts", [0, 1])
def test_each_grid_of_a_collection_is_shared_out(gathered, ghosts):
    for leaf, name in enumerate("ba"):  # the largest last
        expected = FILES["two grids"][1][name]
        check_grid(gathered.of(f"two grids-{ghosts}", leaf), expected, name)


def test_deflated_members_are_shared_out(gathered):
    pieces = gathered.of("deflated-0")
    check_grid(pieces, VOLUME, "a")
    check_grid(pieces, VOLUME[::-1], "other")


@pytest.mark.parametrize("name", ["big", "big fortran"])
def test_a_rank_reads_its_share_and_nothing_else(gathered, name):
    planes, plane = (128, 32 * 32 * 4) if name == "big" else (32, 128 * 32 * 4)
    for piece in gathered.of(f"{name}-0"):
        data = piece["reads"][piece["reads"][:, 0] >= 128]
        lo, hi = piece["extent"][4:6] if name == "big" else piece["extent"][0:2]
        assert hi - lo == (planes - 1) // gathered.ranks or hi - lo == (planes - 1) // gathered.ranks + 1
        assert data[:, 1].sum() == (hi - lo + 1) * plane
        assert data[:, 0].min() == 128 + lo * plane
        assert (data[:, 0] + data[:, 1]).max() == 128 + (hi + 1) * plane
        # The header: a few hundred bytes, and not for each of many purposes.
        assert piece["reads"][piece["reads"][:, 0] < 128][:, 1].sum() < 16384


def test_a_deflated_member_is_inflated_as_far_as_needed(gathered, files):
    size = os.path.getsize(files / "big_deflated.npz")
    for k, piece in enumerate(gathered.of("big deflated-0")):
        share = size * (k + 1) / gathered.ranks
        # Of each opening some 70 kB more: the table of contents is looked for in the file's end.
        openings = sum(length == END_BYTES for _offset, length in piece["reads"])
        assert 0.9 * share < piece["reads"][:, 1].sum() - 71_000 * openings < share + inflate.INPUT_BYTES + 8_000


def test_a_rank_inflates_its_own_pieces(gathered, files):
    """Of 48 pieces of 512 KiB, those of its planes, of which neighbours share the one between them."""
    check_grid(gathered.of("in pieces-0"), LONG, "a")
    size = os.path.getsize(files / "in_pieces.npz")
    for piece in gathered.of("in pieces-0"):
        lo, hi = piece["extent"][4:6]
        begin, end = lo * LONG[0].nbytes, 128 + (hi + 1) * LONG[0].nbytes
        pieces = -(-end // PIECE_BYTES) - begin // PIECE_BYTES
        openings = sum(length == END_BYTES for _offset, length in piece["reads"])
        read = piece["reads"][:, 1].sum() - 71_000 * openings
        assert read < (pieces / 48) * size * 1.02 + 8_000
        assert pieces < 48 / gathered.ranks + 3


def test_extract_subset_reads_only_its_part(gathered):
    expected = VOLUME[3:16, 1:8, 2:9]
    check_grid(gathered.of("subset"), expected, "zyx", first=(3, 1, 2))
    check_grid(gathered.of("voi"), expected, "zyx", first=(3, 1, 2))
    plane = SHAPE[1] * SHAPE[2] * 4
    for piece in gathered.of("subset"):
        data = piece["reads"][piece["reads"][:, 0] >= 128]
        assert data[:, 1].sum() <= (piece["extent"][5] - piece["extent"][4] + 1) * plane


def test_sample_rates(gathered):
    check_grid(gathered.of("rate"), VOLUME[::3, ::2, ::2], "zyx")
    pieces = gathered.of("sampled")
    values = np.concatenate([piece["point/zyx"] for piece in pieces if piece["counts"][0]])
    assert np.isin(values, VOLUME[3:16, 1:8:3, 2:9:2]).all()
    assert np.isin(VOLUME[3:16, 1:8:3, 2:9:2], values).all()


def test_a_second_update_reads_nothing(gathered):
    for piece in gathered.of("again"):
        assert len(piece["reads"]) == 0


@pytest.mark.parametrize("file", ["zyx.npy", "fortran.npy", "rectilinear.npz", "structured.npz"])
def test_gradients_are_those_of_one_rank(gathered, alone, file):
    name = next(key for key in alone.of(f"gradient-{file}")[0] if key.endswith("Gradient"))
    whole = alone.of(f"gradient-{file}")[0][name].reshape(*SHAPE, 3)
    seen = np.zeros(SHAPE, int)
    for piece in gathered.of(f"gradient-{file}"):
        where = box(piece["extent"])
        owned = piece.get("point/vtkGhostType", np.zeros(len(piece[name]), int)).reshape(seen[where].shape) == 0
        np.testing.assert_array_equal(piece[name].reshape(whole[where].shape)[owned], whole[where][owned])
        seen[where] += owned
    assert np.all(seen >= 1)


@pytest.mark.parametrize("file", ["zyx.npy", "fortran.npy", "rectilinear.npz", "structured.npz"])
def test_contours_are_those_of_one_rank(gathered, alone, file):
    def triangles(pieces):
        found = []
        for piece in pieces:
            own = piece.get("cell/vtkGhostType", np.zeros(len(piece["cells"]), int)) == 0
            corners = piece["places"][piece["cells"][own][:, 1:]].reshape(-1, 9)
            found += corners.tolist()
        return np.array(sorted(found))

    found, whole = triangles(gathered.of(f"contour-{file}")), triangles(alone.of(f"contour-{file}"))
    np.testing.assert_array_equal(found, whole)


def test_integrals_are_those_of_the_whole(gathered):
    lines = [line.split() for line in gathered.output.splitlines()]
    volumes = {words[1]: float(words[2]) for words in lines if words and words[0] == "volume"}
    extent = np.prod([axis[-1] - axis[0] for axis in AXIS])
    cells = np.prod(np.array(SHAPE) - 1)
    assert volumes == {
        "zyx.npy": cells,
        "fortran.npy": cells,
        "rectilinear.npz": pytest.approx(extent),
        "structured.npz": pytest.approx(extent),
    }


@pytest.fixture(scope="module")
def alone(run_in, files, tmp_path_factory):
    """The same with one rank."""
    folder = tmp_path_factory.mktemp("alone")
    run_in(folder, SCRIPT.format(tests=FOLDER, cases=[], files=str(files)), program="pvbatch")
    return Gathered(folder, 1, "")
