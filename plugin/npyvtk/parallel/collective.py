"""One array of a file, written by all ranks that have parts of it.

What a rank has may lie in the file as rows of a few bytes, between those of others.
So the array is cut into blocks that lie in the file in one piece, and each is written by one rank: by the one that has
most of it, else by all in turn, and the others give it what they have of the block.
Messages and writes are as many as there are blocks, and as long as the array, whatever the pieces look like.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..files.npy import BLOCK_BYTES, c_order_blocks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..files.in_place import InPlace
    from .ranks import Communicator

    Take = Callable[[int, np.ndarray, np.ndarray], np.ndarray]

__all__ = ["Parts", "write_parts"]

SMALL_BYTES = 1 << 16  # a block for each rank pays off above


class Parts(NamedTuple):
    """The parts of an array that ranks have, as boxes; axes in the order in which the array is stored."""

    shape: tuple[int, ...]  # of the array
    ranks: np.ndarray  # (m,) which has the part, rising: of two that have a value, the first one's is taken
    starts: np.ndarray  # (m, axes)
    stops: np.ndarray  # (m, axes)
    local: np.ndarray  # (m, axes) where those of this rank begin in what it has


class _Block(NamedTuple):
    start: np.ndarray  # (axes,)
    stop: np.ndarray  # (axes,)
    rows: list[int]  # of the parts that have values of it

    def of(self, parts: Parts, row: int) -> tuple[np.ndarray, np.ndarray]:
        """Start and stop of what a part has of the block."""
        return np.maximum(self.start, parts.starts[row]), np.minimum(self.stop, parts.stops[row])


def write_parts(communicator: Communicator, inner: InPlace, number: int, parts: Parts, take: Take) -> None:
    """Write array `number` of a file; all ranks call it, within `ranks.together`.

    Parameters
    ----------
    communicator : Communicator
    inner : InPlace
        The file, opened by each rank.
    number : int
    parts : Parts
        Together all of the array; the same on all ranks.
    take : callable
        ``take(row, start, stop)`` gives the values from ``start`` to ``stop``, indices in the whole array, of a part
        that this rank has; in the dtype of the file.
    """
    dtype, rank = inner.arrays[number].dtype, communicator.rank
    queues = _blocks_of_ranks(parts, dtype.itemsize, communicator.size)
    for turn in range(max(map(len, queues))):
        blocks = [queue[turn] if turn < len(queue) else None for queue in queues]
        own = blocks[rank]
        holders = [set() if block is None else {int(parts.ranks[row]) for row in block.rows} for block in blocks]
        given = [_values_of(block, parts, rank, take) for block in blocks]
        received = {rank: given[rank]}
        if any(some - {other} for other, some in enumerate(holders)):
            sent = [_joined(some) if other != rank else _joined([]) for other, some in enumerate(given)]
            heard = communicator.exchange(sent, holders[rank])
            received.update((other, _split(heard[other], own, parts, other, dtype)) for other in holders[rank] - {rank})
        if own is not None:
            offset = sum(int(start) * math.prod(parts.shape[k + 1 :]) for k, start in enumerate(own.start))
            inner.put(number, offset * dtype.itemsize, _bytes(_assembled(own, parts, received, dtype)))


def _blocks_of_ranks(parts: Parts, itemsize: int, size: int) -> list[list[_Block]]:
    """Cut the array into blocks, and say which each rank writes; those of a rank rise."""
    share = math.prod(parts.shape) * itemsize // size
    every = list(c_order_blocks(parts.shape, itemsize, max(SMALL_BYTES, min(BLOCK_BYTES, share))))
    queues: list[list[_Block]] = [[] for _ in range(size)]
    for k, index in enumerate(every):
        start, stop = (np.array(ends, np.int64) for ends in ([s.start for s in index], [s.stop for s in index]))
        counts = np.minimum(parts.stops, stop) - np.maximum(parts.starts, start)
        rows = np.flatnonzero(np.all(counts > 0, axis=1))
        volumes, volume = np.prod(counts[rows], axis=1), np.prod(stop - start)
        if volumes[0] == volume:  # nobody else is asked
            rows = rows[:1]
        most = int(np.argmax(volumes))
        owner = int(parts.ranks[rows[most]]) if 2 * volumes[most] >= volume else k * size // len(every)
        queues[owner].append(_Block(start, stop, rows.tolist()))
    return queues


def _values_of(block: _Block | None, parts: Parts, rank: int, take: Take) -> list[np.ndarray]:
    return [] if block is None else [take(row, *block.of(parts, row)) for row in block.rows if parts.ranks[row] == rank]


def _split(data: np.ndarray, block: _Block, parts: Parts, rank: int, dtype: np.dtype) -> list[np.ndarray]:
    """Undo `_joined`: the values of each part that `rank` has of a block."""
    found, at = [], 0
    for row in block.rows:
        if parts.ranks[row] == rank:
            start, stop = block.of(parts, row)
            shape = (stop - start).tolist()
            end = at + math.prod(shape) * dtype.itemsize
            found.append(data[at:end].view(dtype).reshape(shape))
            at = end
    return found


def _assembled(block: _Block, parts: Parts, received: dict[int, list[np.ndarray]], dtype: np.dtype) -> np.ndarray:
    if len(block.rows) == 1:
        return received[int(parts.ranks[block.rows[0]])][0]
    values = np.empty((block.stop - block.start).tolist(), dtype)
    left = {rank: list(found) for rank, found in received.items()}
    for row in reversed(block.rows):  # so that the first one's values stay
        start, stop = (ends - block.start for ends in block.of(parts, row))
        index = tuple(slice(a, b) for a, b in zip(start.tolist(), stop.tolist()))
        values[index] = left[int(parts.ranks[row])].pop()
    return values


def _joined(values: Sequence[np.ndarray]) -> np.ndarray:
    return np.concatenate([np.empty(0, np.uint8), *map(_bytes, values)])


def _bytes(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values).reshape(-1).view(np.uint8)
