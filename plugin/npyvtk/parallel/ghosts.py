"""What the part of a mesh that one rank has must know of the other parts: ghost layers, and points of no cell.

A grid finds its neighbours by arithmetic; a mesh must look for them in the whole connectivity.
It is read in chunks, and once per layer, only where a filter asks for ghosts.
Which points no cell uses the ranks tell each other.
This module knows cells and points by their numbers in the file; how cells are read is known by `read_cells`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkDataSetAttributes

from ..vtk.arrays import to_vtk_array
from ..vtk.cells import join_cells
from ..vtk.read_cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkmodules.vtkCommonDataModel import vtkDataSet

    from ..files.store import Store
    from ..plan.layout import Block
    from ..vtk.cells import Cells
    from .ranks import Communicator

__all__ = ["Surrounded", "loose_points", "put_ghosts", "surround"]

CHUNK_CELLS = 1 << 18  # of 8 points: 16 MiB of ids at a time


class Surrounded(NamedTuple):
    """The cells of one rank with the layers of cells around them."""

    cells: Cells  # ids count all points of the file
    numbers: np.ndarray  # (m,) rising, of the cells in the file
    owned: np.ndarray  # (m,) bool
    points: np.ndarray  # (n,) bool, for the sorted ids of the points used: owned here


def surround(store: Store, block: Block, first: int, last: int, layers: int) -> Surrounded:
    """Read the cells `first` to `last` (excluded) and `layers` layers of cells that share points with them.

    A point is owned by the rank with the lowest cell that uses it.

    Raises
    ------
    FormatError
        As for `read_cells.read_cells`.
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
    cells = join_cells([own, *(cells for _where, cells in ghosts)]).take(order)
    numbers = numbers[order]
    owned = (numbers >= first) & (numbers < last)
    used = cells.used()
    points = np.isin(used, own.used(), assume_unique=True)
    points &= ~np.isin(used, cells.take(np.flatnonzero(numbers < first)).used(), assume_unique=True)
    return Surrounded(cells, numbers, owned, points)


def loose_points(
    store: Store, block: Block, own: np.ndarray, number: int, count: int, others: Communicator | None
) -> np.ndarray:
    """Return the sorted ids of the points that piece `number` of `count` has although no cell of the mesh uses them.

    Each piece has those in its share of all points.

    Parameters
    ----------
    own : ndarray
        Ids of the points that the cells of this piece use.
    others : Communicator, optional
        To the ranks with the other pieces, all of which call this together; None: all cells are read.
    """
    used = np.zeros(block.count, bool)
    used[own] = True
    if others is not None:
        used = others.any_of(used)
    else:
        for _begin, chunk in _chunks(store, block):
            used[chunk.used()] = True
    start, stop = block.count * number // count, block.count * (number + 1) // count
    return start + np.flatnonzero(~used[start:stop])


def _chunks(store: Store, block: Block) -> Iterator[tuple[int, Cells]]:
    """Read all cells, some at a time, each time with the number of the first."""
    for begin in range(0, block.cells, CHUNK_CELLS):
        yield begin, read_cells(store, block, begin, min(begin + CHUNK_CELLS, block.cells))


def put_ghosts(dataset: vtkDataSet, found: Surrounded) -> None:
    """Mark the points and cells of `dataset` that other ranks own; points after those of cells are this rank's own."""
    points = np.ones(dataset.GetNumberOfPoints(), bool)
    points[: len(found.points)] = found.points
    for attributes, owned, flag in (
        (dataset.GetPointData(), points, vtkDataSetAttributes.DUPLICATEPOINT),
        (dataset.GetCellData(), found.owned, vtkDataSetAttributes.DUPLICATECELL),
    ):
        flags = np.where(owned, 0, flag).astype(np.uint8)
        attributes.AddArray(to_vtk_array(flags, vtkDataSetAttributes.GhostArrayName()))
