"""One array of a file, written by all ranks that have pieces of it.

What a rank has may lie in the file as rows of a few bytes, between those of others.
So the array is cut into chunks that lie in the file in one piece, and each is written by one rank: by the one that has
most of it, else by all in turn, and the others give it what they have of the chunk, as in MPI's collective buffering.
Messages and writes are as many as there are chunks, and as long as the array, whatever the pieces look like.
"""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..files.npy import BLOCK_BYTES, c_order_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..files.in_place import InPlace
    from .ranks import Communicator

    Take = Callable[[int, np.ndarray, np.ndarray], np.ndarray]

__all__ = ["StoredBoxes", "write_array"]

SMALL_BYTES = 1 << 16  # a chunk for each rank pays off above


class StoredBoxes(NamedTuple):
    """Where the pieces of ranks lie in an array; axes in the order in which it is stored."""

    shape: tuple[int, ...]  # of the array
    ranks: np.ndarray  # (m,) which has the values, rising: of two that have one, the first one's is taken
    starts: np.ndarray  # (m, axes)
    stops: np.ndarray  # (m, axes)
    shifts: np.ndarray  # (m, axes) of those of this rank: from indices in the array to those in what it has


class _Chunk(NamedTuple):
    start: np.ndarray  # (axes,)
    stop: np.ndarray  # (axes,)
    rows: list[int]  # of the boxes that have values of it

    def of(self, boxes: StoredBoxes, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Start and stop of what a box has of the chunk."""
        return np.maximum(self.start, boxes.starts[row]), np.minimum(self.stop, boxes.stops[row])


def write_array(communicator: Communicator, file: InPlace, number: int, boxes: StoredBoxes, take: Take) -> None:
    """Write array `number` of a file; all ranks call it, within `Communicator.together`.

    Parameters
    ----------
    communicator : Communicator
    file : InPlace
        Opened by each rank.
    number : int
    boxes : StoredBoxes
        Together all of the array; the same on all ranks.
    take : callable
        ``take(row, start, stop)`` gives the values from ``start`` to ``stop``, indices in the whole array, of a box
        that this rank has; in the dtype of the file.
    """
    rank, itemsize = communicator.rank, file.arrays[number].dtype.itemsize
    # Items without meaning are copied byte by byte; others NumPy copies field by field, without the gaps between them.
    item = np.dtype((np.void, itemsize))

    def taken(row: int, start: np.ndarray, stop: np.ndarray) -> np.ndarray:
        return take(row, start, stop).view(item)

    nothing = _Chunk(np.empty(0, np.int64), np.empty(0, np.int64), [])
    queues = _chunks_of_ranks(boxes, itemsize, communicator.size)
    for chunks in itertools.zip_longest(*queues, fillvalue=nothing):
        senders = [{int(boxes.ranks[row]) for row in chunk.rows} - {other} for other, chunk in enumerate(chunks)]
        received: list[np.ndarray] = []
        if any(senders):
            given = (_given(nothing if k == rank else chunk, boxes, rank, taken) for k, chunk in enumerate(chunks))
            received = communicator.all_to_all([*given], senders[rank])
        own = chunks[rank]
        if own.rows:
            offset = sum(int(start) * math.prod(boxes.shape[k + 1 :]) for k, start in enumerate(own.start))
            file.put(number, offset * itemsize, _bytes(_assembled(own, boxes, rank, taken, received, item)))


def _chunks_of_ranks(boxes: StoredBoxes, itemsize: int, size: int) -> list[list[_Chunk]]:
    """Cut the array into chunks, and say which each rank writes; those of a rank rise."""
    share = math.prod(boxes.shape) * itemsize // size
    every = list(c_order_blocks(boxes.shape, itemsize, max(SMALL_BYTES, min(BLOCK_BYTES, share))))
    queues: list[list[_Chunk]] = [[] for _ in range(size)]
    for k, index in enumerate(every):
        start, stop = (np.array(ends, np.int64) for ends in ([s.start for s in index], [s.stop for s in index]))
        counts = np.minimum(boxes.stops, stop) - np.maximum(boxes.starts, start)
        rows = np.flatnonzero(np.all(counts > 0, axis=1))
        volumes, volume = np.prod(counts[rows], axis=1), np.prod(stop - start)
        if volumes[0] == volume:  # nobody else is asked
            rows = rows[:1]
        most = int(np.argmax(volumes))
        writer = int(boxes.ranks[rows[most]]) if 2 * volumes[most] >= volume else k * size // len(every)
        queues[writer].append(_Chunk(start, stop, rows.tolist()))
    return queues


def _given(chunk: _Chunk, boxes: StoredBoxes, rank: int, take: Take) -> np.ndarray:
    """Return the bytes of what `rank`, this one, has of a chunk that another rank writes, box after box."""
    rows = [row for row in chunk.rows if boxes.ranks[row] == rank]
    return np.concatenate([np.empty(0, np.uint8), *(_bytes(take(row, *chunk.of(boxes, row))) for row in rows)])


def _assembled(
    chunk: _Chunk, boxes: StoredBoxes, rank: int, take: Take, received: Sequence[np.ndarray], item: np.dtype
) -> np.ndarray:
    """Return the items of a chunk: what this `rank` has of it, and what other ranks have `_given`."""
    items = np.empty((chunk.stop - chunk.start).tolist(), item)
    left = list(received)
    for row in reversed(chunk.rows):  # so that the first one's values stay
        start, stop = chunk.of(boxes, row)
        sender = int(boxes.ranks[row])
        if sender == rank:
            given = take(row, start, stop)
        else:
            shape = (stop - start).tolist()
            begin = len(left[sender]) - math.prod(shape) * item.itemsize
            given, left[sender] = left[sender][begin:].view(item).reshape(shape), left[sender][:begin]
        if len(chunk.rows) == 1:
            return given
        index = tuple(slice(a, b) for a, b in zip((start - chunk.start).tolist(), (stop - chunk.start).tolist()))
        items[index] = given
    return items


def _bytes(items: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(items).reshape(-1).view(np.uint8)
