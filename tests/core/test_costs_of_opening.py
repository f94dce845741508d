"""What opening a file reads: headers, and of values those alone that decide what it becomes."""

from __future__ import annotations

import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.load import load
from npyvtk.options import ReadOptions

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
