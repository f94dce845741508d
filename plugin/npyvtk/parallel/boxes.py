"""Where the pieces of ranks lie in the arrays of a file: a global shape and offsets, from prefix sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Boxes", "after_first", "cover", "group_starts", "one_after_another", "piece_of_grid", "whole_of"]


@dataclass(frozen=True, eq=False)
class Boxes:
    """The parts of an array that ranks have; along axes with none of the `letters` each is whole."""

    letters: str
    ranks: np.ndarray  # (m,) rising; most have one part
    local: np.ndarray  # (m, letters) where a part begins in what its rank has
    starts: np.ndarray  # (m, letters) where it begins in the file
    counts: np.ndarray  # (m, letters)

    @property
    def lengths(self) -> dict[str, int]:
        """Of the whole array along the letters."""
        ends = (self.starts + self.counts).max(axis=0, initial=0)
        return dict(zip(self.letters, ends.tolist()))

    def along(self, letter: str) -> Boxes:
        """Return what lies along one axis alone, of the arrays with the coordinates along it."""
        k = [self.letters.index(letter)]
        return Boxes("n", self.ranks, self.local[:, k], self.starts[:, k], self.counts[:, k])


def whole_of(rank: int) -> Boxes:
    """All of an array on one rank."""
    none = np.zeros((1, 0), np.int64)
    return Boxes("", np.array([rank]), none, none, none)


def group_starts(bounds: np.ndarray) -> np.ndarray:
    """Tell where each group of each piece begins in the whole: group after group, piece after piece.

    Parameters
    ----------
    bounds : (pieces, groups + 1) ints
        Where each group begins in its piece, and where the last one ends.

    Returns
    -------
    (pieces, groups) int64 ndarray
    """
    counts = np.diff(bounds)
    flat = counts.T.ravel()
    return (np.cumsum(flat) - flat).reshape(counts.T.shape).T


def one_after_another(ranks: Sequence[int], bounds: Sequence[Sequence[int]] | np.ndarray) -> Boxes:
    """Put the tuples of all pieces one after the other, in groups; `bounds` as for `group_starts`."""
    table = np.array(bounds, np.int64)
    counts = np.diff(table)
    piece, group = np.nonzero(counts)
    found = (table[piece, group], group_starts(table)[piece, group], counts[piece, group])
    return Boxes("n", np.array(ranks, np.int64)[piece], *(one[:, None] for one in found))


def after_first(boxes: Boxes) -> Boxes:
    """Put one value before those of all pieces, which all have it as their first."""
    first = np.zeros((len(boxes.ranks[:1]), 1), np.int64)
    return Boxes(
        boxes.letters,
        np.append(boxes.ranks[:1], boxes.ranks),
        np.append(first, boxes.local + 1, axis=0),
        np.append(first, boxes.starts + 1, axis=0),
        np.append(first + 1, boxes.counts, axis=0),
    )


def piece_of_grid(
    ranks: Sequence[int], extents: Sequence[Sequence[int]], whole: Sequence[int], *, cells: bool
) -> Boxes:
    """Tell where the pieces of a grid lie within the whole.

    Parameters
    ----------
    ranks : sequence of int
    extents, whole : (6,) ints
        x0 x1 y0 y1 z0 z1 in points, both ends included, of each piece and of the whole.
    cells : bool
        Count cells; along an axis of one point there is one.
    """
    table, all_ = np.array(extents, np.int64), np.array(whole, np.int64)
    low, high, first, last = (ends[..., k::2][..., ::-1] for ends in (table, all_) for k in (0, 1))
    counts = high - low + np.where(first == last, 1, 0 if cells else 1)
    return Boxes("zyx", np.array(ranks, np.int64), np.zeros_like(low), low - first, counts)


def cover(boxes: Boxes) -> bool:
    """Tell whether each value of the whole lies in one of `boxes` at least."""
    shape = list(boxes.lengths.values())

    def covered(found: list[list[tuple[int, int]]], axis: int) -> bool:
        if axis == len(shape):
            return bool(found)
        edges = sorted({0, shape[axis], *(edge for box in found for edge in box[axis])})
        layers = zip(edges, edges[1:])
        return all(covered([b for b in found if b[axis][0] <= lo and hi <= b[axis][1]], axis + 1) for lo, hi in layers)

    return covered([list(zip(a, b)) for a, b in zip(boxes.starts.tolist(), (boxes.starts + boxes.counts).tolist())], 0)
