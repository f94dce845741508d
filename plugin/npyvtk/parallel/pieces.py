"""The part of a file that one rank reads."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..vtk.part import MeshPart, Whole
from ..vtk.read_cells import read_cells
from .ghosts import loose_points, put_ghosts, surround

if TYPE_CHECKING:
    from ..files.store import Store
    from ..plan.layout import Block
    from .ranks import Communicator

__all__ = ["Piece", "slab"]


@dataclass(frozen=True)
class Piece(Whole):
    """The part of a parallel run that one rank produces."""

    number: int = 0
    count: int = 1
    ghosts: int = 0  # levels of ghost cells around it
    others: Communicator | None = None  # to the ranks with the other pieces, where all load together

    def rows(self, count: int) -> tuple[int, int]:
        """First and last (excluded) of `count` points, cells or rows."""
        return count * self.number // self.count, count * (self.number + 1) // self.count

    def extent(self, extent: tuple[int, ...], axis: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the part of the `extent` of a grid, with and without ghosts; `axis` varies slowest in the file."""
        if self.count <= 1:
            return extent, extent
        return slab(extent, axis, self.number, self.count, self.ghosts), slab(extent, axis, self.number, self.count)

    def mesh(self, store: Store, block: Block) -> MeshPart:
        """Read this rank's cells of a mesh, and the layers of ghosts around them."""
        if self.count <= 1:
            return super().mesh(store, block)
        first, last = span = self.rows(block.cells_or_points)
        taken = mark = None
        layers = self.ghosts if block.cells else 0  # points without cells have no neighbours
        if layers:
            found = surround(store, block, first, last, layers)
            cells, numbers = found.cells, found.numbers
            if numbers.size:
                span = int(numbers[0]), int(numbers[-1]) + 1
                taken = None if numbers.size == span[1] - span[0] else numbers - span[0]
            mark = partial(put_ghosts, found=found)
        else:
            cells = read_cells(store, block, first, last)
        ids = cells.used()
        cells = cells.of_points(ids)
        if block.kind != "Points":  # where every point is a cell
            # Points that no cell uses come last: VTK's generator of ghost cells, given a mesh with ghosts, takes the
            # points of cells for the first ones, and writes beyond its arrays if they are not (VTK 9.2 to 9.6).
            loose = loose_points(store, block, ids, self.number, self.count, self.others)
            ids = np.concatenate([ids, loose])
        return MeshPart(cells, ids, span, taken, mark)

    def all(self, found: dict[str, str]) -> list[dict[str, str]]:
        """Return what each rank has `found`; every one of them calls this."""
        return super().all(found) if self.others is None else self.others.all(found)


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
