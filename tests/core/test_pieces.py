"""The pieces of many ranks: together the whole, each in few long runs of the file."""

from __future__ import annotations

import numpy as np
import pytest
from npyvtk.parallel.pieces import slab

EXTENTS = {
    "volume": (0, 9, 0, 6, 0, 12),
    "moved": (-4, 5, 3, 9, 100, 112),
    "plane": (0, 9, 0, 6, 5, 5),
    "line": (2, 2, 0, 6, 5, 5),
    "thin": (0, 9, 0, 6, 0, 2),
    "cell": (0, 1, 0, 1, 0, 1),
}


def cells(extent):
    return tuple(slice(lo, max(hi, lo + 1)) for lo, hi in zip(extent[4::-2], extent[5::-2]))


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7, 13, 30, 100])
@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("name", EXTENTS)
def test_pieces_make_the_whole(name, axis, count):
    extent = np.array(EXTENTS[name])
    low = np.repeat(extent[::2], 2)
    seen = np.zeros(tuple(max(hi - lo, 1) for lo, hi in zip(extent[4::-2], extent[5::-2])), int)
    for number in range(count):
        own = np.array(slab(tuple(extent), axis, number, count))
        if own[0] > own[1]:
            continue
        seen[cells(own - low)] += 1
        for ghosts in (1, 2):
            wide = np.array(slab(tuple(extent), axis, number, count, ghosts))
            grown = own + np.array([-ghosts, ghosts] * 3)
            clipped = np.where(np.arange(6) % 2, np.minimum(grown, extent), np.maximum(grown, extent))
            # Only where it was cut; elsewhere there is nothing beyond.
            np.testing.assert_array_equal(wide, np.where((own == extent) & (wide == own), own, clipped))
    assert np.all(seen == 1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slabs_along_the_slowest_axis(axis):
    for number in range(6):
        own = slab(EXTENTS["volume"], axis, number, 6)
        assert [k for k in range(3) if own[2 * k : 2 * k + 2] != EXTENTS["volume"][2 * k : 2 * k + 2]] == [axis]


def test_more_ranks_than_layers_leave_none_idle():
    pieces = [slab((0, 4095, 0, 4095, 0, 4095), 2, number, 10_000) for number in range(10_000)]
    sizes = [(b - a + 1) * (d - c + 1) * (f - e + 1) for a, b, c, d, e, f in pieces]
    assert min(sizes) > 0
    assert sum(sizes) < 1.06 * 4096**3
    assert all(piece[:2] == (0, 4095) for piece in pieces), "rows stay whole"


@pytest.mark.parametrize("number", range(3))
def test_a_point_belongs_to_the_first(number):
    assert slab((3, 3, 4, 4, 5, 5), 2, number, 3) == ((3, 3, 4, 4, 5, 5) if number == 0 else (0, -1, 0, -1, 0, -1))


def test_nothing_is_nothing():
    assert slab((0, -1, 0, 3, 0, 3), 2, 0, 2) == (0, -1, 0, -1, 0, -1)
