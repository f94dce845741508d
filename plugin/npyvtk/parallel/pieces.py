"""The piece of a file that one rank reads, with the layers of ghosts around it."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkDataSetAttributes

from ..vtk.arrays import to_vtk_array
from ..vtk.cells import join_cells
from ..vtk.datasets import GHOSTS
from ..vtk.piece import MeshPiece, Whole
from ..vtk.read_cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkmodules.vtkCommonDataModel import vtkDataSet

    from ..files.store import Store
    from ..plan.layout import Block
    from ..vtk.cells import Cells
    from .ranks import Communicator

__all__ = ["DUPLICATE", "Piece", "slab"]

CHUNK_CELLS = 1 << 18  # of 8 points: 16 MiB of ids at a time
DUPLICATE = np.uint8(vtkDataSetAttributes.DUPLICATECELL)  # and of points the same


@dataclass(frozen=True)
class Piece(Whole):
    """The piece of a file that one rank of many reads."""

    number: int = 0
    count: int = 1
    ghosts: int = 0  # levels of ghost cells around it
    communicator: Communicator | None = None  # of the ranks with the other pieces, where all load at the same time

    def rows(self, count: int) -> tuple[int, int]:
        """First and last (excluded) of `count` points, cells or rows."""
        return count * self.number // self.count, count * (self.number + 1) // self.count

    def extent(
        self, store: Store, block: Block, whole: tuple[int, ...] | None = None
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """See `Whole`: a slab along the axis that varies slowest in the file."""
        if self.count <= 1:
            return super().extent(store, block, whole)
        whole, axis = whole or block.extent, block.slowest(store.arrays)
        return slab(whole, axis, self.number, self.count, self.ghosts), slab(whole, axis, self.number, self.count)

    def mesh(self, store: Store, block: Block) -> MeshPiece:
        """Read this rank's cells of a mesh, and the layers of ghosts around them."""
        if self.count <= 1:
            return super().mesh(store, block)
        first, last = span = self.rows(block.cells_or_points)
        taken = mark = None
        if self.ghosts and block.cells:  # points without cells have no neighbours
            cells, numbers, points = _surrounded(store, block, first, last, self.ghosts)
            if numbers.size:
                span = int(numbers[0]), int(numbers[-1]) + 1
                taken = None if numbers.size == span[1] - span[0] else numbers - span[0]
            mark = partial(_mark_ghosts, points=points, cells=(numbers >= first) & (numbers < last))
        else:
            cells = read_cells(store, block, first, last)
        ids = cells.used()
        cells = cells.of_points(ids)
        if not block.kind.is_cloud:
            # Points that no cell uses come last: VTK's generator of ghost cells, given a mesh with ghosts, takes the
            # points of cells for the first ones, and writes beyond its arrays if they are not (VTK 9.2 to 9.6).
            ids = np.concatenate([ids, self._loose_points(store, block, ids)])
        return MeshPiece(cells, ids, span, taken, mark)

    def _loose_points(self, store: Store, block: Block, own: np.ndarray) -> np.ndarray:
        """Return the sorted ids of the points in this piece's share of all that no cell of the mesh uses.

        `own` are those that the cells of this piece use. Where the other pieces are loaded at the same time, the ranks
        tell each other which they use; else all cells are read.
        """
        used = np.zeros(block.count, bool)
        used[own] = True
        if self.communicator is not None:
            used = self.communicator.all_reduce_or(used)
        else:
            for _begin, chunk in _chunks(store, block):
                used[chunk.used()] = True
        start, stop = self.rows(block.count)
        return start + np.flatnonzero(~used[start:stop])

    def all_gather(self, found: dict[str, str]) -> list[dict[str, str]]:
        """See `Whole`; every rank calls this."""
        return super().all_gather(found) if self.communicator is None else self.communicator.all_gather(found)


def slab(extent: tuple[int, ...], axis: int, number: int, count: int, ghosts: int = 0) -> tuple[int, ...]:
    """Return the extent of piece `number` of `count` of a grid of this `extent`: a slab of cells.

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
    cuts = _cuts(count, *(cells[k] for k in axes))
    slabs = math.prod(cuts)
    own = slabs * number // count
    if own == slabs * (number + 1) // count:  # there are fewer than pieces
        return empty
    cut = list(extent)
    for k, index, along in zip(axes, divmod(own, cuts[1]), cuts):
        lo, n = extent[2 * k], cells[k]
        first, last = n * index // along, n * (index + 1) // along
        cut[2 * k], cut[2 * k + 1] = lo + max(first - ghosts, 0), lo + min(last + ghosts, n)
    return tuple(cut)


@functools.lru_cache(maxsize=64)
def _cuts(count: int, slow: int, fast: int = 0) -> tuple[int, int]:
    """Cut `slow` x `fast` cells into at most `count` pieces: slabs, or bars whose largest has the fewest points."""
    if slow >= count or not fast:
        return min(slow, count), 1
    ways = [(k, min(count // k, fast)) for k in range(slow, 0, -1)]
    return min(ways, key=lambda way: (-(-slow // way[0]) + 1) * (-(-fast // way[1]) + 1))


def _surrounded(store: Store, block: Block, first: int, last: int, layers: int) -> tuple[Cells, np.ndarray, np.ndarray]:
    """Read the cells `first` to `last` (excluded) and `layers` layers of cells that share points with them.

    A grid finds its neighbours by arithmetic; a mesh must look for them in the whole connectivity. It is read in
    chunks, and once per layer, only where a filter asks for ghosts.

    Returns
    -------
    cells : Cells
        Whose ids count all points of the file.
    numbers : (m,) ints
        Of the cells in the file, rising.
    points : (n,) bool
        Whether the points used, by rising id, are this rank's own: they are those of the rank with the lowest cell
        that uses them.
    """
    own = read_cells(store, block, first, last)
    touched = np.zeros(block.count, bool)
    touched[own.used()] = True
    ghosts: list[tuple[np.ndarray, Cells]] = []
    for _layer in range(layers if last > first else 0):
        ghosts = []  # those of the layers before are found again
        reached = touched.copy()
        for begin, chunk in _chunks(store, block):
            near = np.flatnonzero(chunk.touching(touched))
            near = near[(near + begin < first) | (near + begin >= last)]
            if near.size:
                ghosts.append((near + begin, chunk.take(near)))
                reached[ghosts[-1][1].used()] = True
        touched = reached
    numbers = np.concatenate([np.arange(first, last), *(where for where, _cells in ghosts)])
    order = np.argsort(numbers)
    cells, numbers = join_cells([own, *(cells for _where, cells in ghosts)]).take(order), numbers[order]
    used = cells.used()
    points = np.isin(used, own.used(), assume_unique=True)
    points &= ~np.isin(used, cells.take(np.flatnonzero(numbers < first)).used(), assume_unique=True)
    return cells, numbers, points


def _chunks(store: Store, block: Block) -> Iterator[tuple[int, Cells]]:
    """Read all cells, some at a time, each time with the number of the first."""
    for begin in range(0, block.cells, CHUNK_CELLS):
        yield begin, read_cells(store, block, begin, min(begin + CHUNK_CELLS, block.cells))


def _mark_ghosts(dataset: vtkDataSet, points: np.ndarray, cells: np.ndarray) -> None:
    """Mark what other ranks own; points after those of `points` are this rank's own."""
    points = np.append(points, np.ones(dataset.GetNumberOfPoints() - len(points), bool))
    for attributes, owned in ((dataset.GetPointData(), points), (dataset.GetCellData(), cells)):
        attributes.AddArray(to_vtk_array(np.where(owned, np.uint8(0), DUPLICATE), GHOSTS))
