"""The part of a file that one rank reads."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .ranks import Communicator

__all__ = ["Piece", "slab"]


@dataclass(frozen=True)
class Piece:
    """The part of a parallel run that one rank produces."""

    number: int = 0
    count: int = 1
    ghosts: int = 0  # levels of ghost cells around it
    others: Communicator | None = None  # to the ranks with the other pieces, where all load together


def slab(extent: tuple[int, ...], axis: int, number: int, count: int, ghosts: int = 0) -> tuple[int, ...]:
    """Return the part of `extent` that piece `number` of `count` produces: a slab of cells.

    Parameters
    ----------
    axis : int
        0 1 2 for x y z: the one that varies slowest in the file, so that each rank reads one contiguous range.
        Where it has fewer cells than there are pieces, slabs are cut along the next slower axis as well, so
        that what a rank reads still lies in long runs.
    ghosts : int
        Layers of neighbouring cells to add on all sides.

    Returns
    -------
    (6,) ints
        Neighbours share a plane of points; 0 -1 0 -1 0 -1 when there is nothing left for the piece.
    """
    cells = [hi - lo for lo, hi in zip(extent[::2], extent[1::2])]
    empty = (0, -1, 0, -1, 0, -1)
    if min(cells) < 0:
        return empty
    axes = [k for k in ((0, 1, 2), (1, 0, 2), (2, 1, 0))[axis] if cells[k]][:2]
    if not axes:  # a single point
        return tuple(extent) if number == 0 else empty
    parts = _cuts(count, *(cells[k] for k in axes))
    used = math.prod(parts)
    place = used * number // count
    if place == used * (number + 1) // count:
        return empty
    cut = list(extent)
    for k, own, parts_of_axis in zip(axes, divmod(place, parts[1]), parts):
        lo, n = extent[2 * k], cells[k]
        first, last = n * own // parts_of_axis, n * (own + 1) // parts_of_axis
        cut[2 * k], cut[2 * k + 1] = lo + max(first - ghosts, 0), lo + min(last + ghosts, n)
    return tuple(cut)


@functools.lru_cache(maxsize=64)
def _cuts(count: int, slow: int, fast: int = 0) -> tuple[int, int]:
    """Cut `slow` x `fast` cells into at most `count` parts: slabs, or bars whose largest has the fewest points."""
    if slow >= count or not fast:
        return min(slow, count), 1
    ways = [(k, min(count // k, fast)) for k in range(slow, 0, -1)]
    return min(ways, key=lambda way: (-(-slow // way[0]) + 1) * (-(-fast // way[1]) + 1))
