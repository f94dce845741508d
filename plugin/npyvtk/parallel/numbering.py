"""Which points of many ranks are one point, and the number that each point gets in the file.

The pieces of a mesh share the points where they meet; which these are, their ids tell: see `drop_ghosts`.
`Numbering` numbers the points of all ranks by rising id, each once.
No rank holds the whole: the ids are cut into ranges, one for each rank, to which the others send those in its range.

Ids are a memory that filters may carry where it is no longer true.
So points are taken for one only where they have one id and are equal in every value that is saved: `Numbering.same`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from .ranks import Communicator

__all__ = ["Numbering"]


class Numbering:
    """Numbers for the points of all ranks; made on all ranks together, within `Communicator.together`.

    Parameters
    ----------
    communicator : Communicator
    ids : (n,) int64 ndarray
        Of the points of this rank; empty where it has none.

    Attributes
    ----------
    distinct : bool
        Whether no rank has an id twice; else the numbers mean nothing.
    in_order : bool
        Whether the points of all ranks, one after the other, have the numbers 0, 1, 2 and so on.
    total : int
        How many points there are.
    numbers : (n,) int64 ndarray
        The number of each point of this rank.
    count, counts : int, tuple of int
        How many points are in this rank's range, and in that of each rank; their numbers follow each other.
    """

    def __init__(self, communicator: Communicator, ids: np.ndarray) -> None:
        self._communicator = communicator
        self._order = np.argsort(ids, kind="stable")
        ids = ids[self._order]
        ends = communicator.all_gather([int(ids[0]), int(ids[-1])] if ids.size else None)
        low = min((one[0] for one in ends if one is not None), default=0)
        span = max((one[1] for one in ends if one is not None), default=0) + 1 - low
        size = communicator.size
        # Of the sorted ids: where those in the range of each rank begin.
        firsts = np.array([low + span * k // size for k in range(size)], np.int64)
        self._cuts = np.append(np.searchsorted(ids, firsts), len(ids))
        received = [sent.view(np.int64) for sent in communicator.all_to_all(self._split(ids[:, None]))]
        bounds = np.cumsum([len(sent) for sent in received])[:-1]
        distinct, first, places, counts = np.unique(
            np.concatenate(received), return_index=True, return_inverse=True, return_counts=True
        )
        self.count = len(distinct)
        found = communicator.all_gather([len(ids), self.count, bool(np.any(ids[1:] == ids[:-1]))])
        held, self.counts, twice = zip(*found)
        self.distinct = not any(twice)
        self.total, start = sum(self.counts), sum(self.counts[: communicator.rank])
        # Of each id that a rank sent: its place in the range, whether other ranks have it, and who sends its values.
        shared, sends = counts[places] > 1, np.zeros(len(places), bool)
        sends[first] = True
        self._received = list(zip(*(np.split(one, bounds) for one in (places, shared, sends))))
        replies = [np.stack([place + start, *flags], axis=1) for place, *flags in self._received]
        answers = communicator.all_to_all([_raw(reply.astype(np.int64)).reshape(-1) for reply in replies])
        numbers, common, own = np.concatenate([answer.view(np.int64).reshape(-1, 3) for answer in answers]).T
        self.numbers = np.empty(len(ids), np.int64)
        self.numbers[self._order] = numbers
        follow = np.arange(len(ids)) + sum(held[: communicator.rank])
        self.in_order = all(communicator.all_gather(bool(np.array_equal(self.numbers, follow))))
        self._common, self._own = common.astype(bool), own.astype(bool)  # in the order of ids

    def same(self, rows: np.ndarray) -> bool:
        """Tell whether `rows`, one for each point of this rank, are equal bit by bit where ranks share a point.

        The answer is about the points in this rank's range of ids.
        """
        if not _width(rows):
            return True
        raw = _raw(rows)
        received = self._exchange(raw, self._common)
        seen = np.zeros((self.count, raw.shape[1]), np.uint8)
        for sent, (place, shared, sends) in zip(received, self._received):
            seen[place[shared & sends]] = sent[sends[shared]]
        return all(
            np.array_equal(seen[place[shared]], sent) for sent, (place, shared, _sends) in zip(received, self._received)
        )

    def collect(self, rows: np.ndarray) -> np.ndarray:
        """Return the rows of the points in this rank's range of ids, of `rows` for the points that it has."""
        found = np.zeros((self.count, *rows.shape[1:]), rows.dtype)
        if _width(rows):
            into = _raw(found)
            for sent, (place, _shared, sends) in zip(self._exchange(_raw(rows), self._own), self._received):
                into[place[sends]] = sent
        return found

    def _exchange(self, raw: np.ndarray, chosen: np.ndarray) -> list[np.ndarray]:
        received = self._communicator.all_to_all(self._split(raw[self._order], chosen))
        return [sent.reshape(-1, raw.shape[1]) for sent in received]

    def _split(self, rows: np.ndarray, chosen: np.ndarray | None = None) -> list[np.ndarray]:
        """Cut rows in the order of ids into bytes for each rank; only the `chosen` ones."""
        spans = [slice(a, b) for a, b in zip(self._cuts, self._cuts[1:])]
        cut = [rows[span] if chosen is None else rows[span][chosen[span]] for span in spans]
        return [_raw(one).reshape(-1) for one in cut]


def _width(rows: np.ndarray) -> int:
    """Bytes of each of (n, ...) rows."""
    return rows.dtype.itemsize * math.prod(rows.shape[1:])


def _raw(rows: np.ndarray) -> np.ndarray:
    """Show (n, ...) rows as (n, width) bytes, those between fields included; shares contiguous memory."""
    items = np.ascontiguousarray(rows.view(np.dtype((np.void, rows.dtype.itemsize))))
    return items.reshape(-1).view(np.uint8).reshape(len(rows), _width(rows))
