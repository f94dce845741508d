"""Where the pieces of ranks lie in the arrays of a file: a global shape and offsets, from prefix sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Boxes", "after_first", "cover", "grid_boxes", "group_starts", "one_after_another", "whole_of"]


@dataclass(frozen=True, eq=False)
class Boxes:
    """Where the pieces of ranks lie in an array; along axes with other letters than those of `spans` each is whole."""

    ranks: np.ndarray  # (m,) rising; most have one box
    # By the letters of axes, (m, 3): where a box begins in what its rank has, where it begins in the file, its length.
    spans: Mapping[str, np.ndarray]

    @property
    def lengths(self) -> dict[str, int]:
        """Of the whole array along the letters."""
        return {letter: int(span[:, 1:].sum(axis=1).max(initial=0)) for letter, span in self.spans.items()}

    def along(self, letter: str) -> Boxes:
        """Return what lies along one axis alone, of the arrays with the coordinates along it."""
        return Boxes(self.ranks, {"n": self.spans[letter]})


def whole_of(rank: int) -> Boxes:
    """All of an array on one rank."""
    return Boxes(np.array([rank]), {})


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
    """Put the tuples of all pieces one after the other, in groups.

    Parameters
    ----------
    ranks : sequence of int
        That have the pieces, rising.
    bounds : (pieces, groups + 1) ints
        As for `group_starts`.
    """
    table = np.array(bounds, np.int64)
    span = np.stack([table[:, :-1], group_starts(table), np.diff(table)], axis=2)
    piece, group = np.nonzero(span[..., 2])
    return Boxes(np.array(ranks, np.int64)[piece], {"n": span[piece, group]})


def after_first(boxes: Boxes) -> Boxes:
    """Put one value before those of all pieces, which all have it as their first."""
    span = boxes.spans["n"]
    first = 0 * span[:1] + [0, 0, 1]
    return Boxes(np.append(boxes.ranks[:1], boxes.ranks), {"n": np.append(first, np.add(span, [1, 1, 0]), axis=0)})


def grid_boxes(ranks: Sequence[int], extents: Sequence[Sequence[int]], whole: Sequence[int], *, cells: bool) -> Boxes:
    """Tell where the pieces of a grid lie within the whole.

    Parameters
    ----------
    ranks : sequence of int
        That have the pieces, rising.
    extents, whole : (6,) ints
        x0 x1 y0 y1 z0 z1 in points, both ends included, of each piece and of the whole.
    cells : bool
        Count cells; along an axis of one point there is one.
    """
    spans = {}
    for letter, (low, high), first, last in zip(
        "xyz", np.array(extents, np.int64).reshape(-1, 3, 2).transpose(1, 2, 0), whole[::2], whole[1::2]
    ):
        counts = high - low + int(first == last or not cells)
        spans[letter] = np.stack([0 * low, low - first, counts], axis=1)
    return Boxes(np.array(ranks, np.int64), spans)


def cover(boxes: Boxes) -> bool:
    """Tell whether each value of the whole lies in one of `boxes` at least."""
    shape = list(boxes.lengths.values())
    bounds = np.stack([np.cumsum(span[:, 1:], axis=1) for span in boxes.spans.values()], axis=1)

    def covered(found: list[list[tuple[int, int]]], axis: int) -> bool:
        if axis == len(shape):
            return bool(found)
        edges = sorted({0, shape[axis], *(edge for box in found for edge in box[axis])})
        layers = zip(edges, edges[1:])
        return all(covered([b for b in found if b[axis][0] <= lo and hi <= b[axis][1]], axis + 1) for lo, hi in layers)

    return covered(bounds.tolist(), 0)
