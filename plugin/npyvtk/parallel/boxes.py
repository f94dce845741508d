"""Boxes of index ranges: which rank writes which part of an array, and nobody the same twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

__all__ = ["box_of_piece", "boxes_by_letter", "cover", "group_starts", "one_after_another", "owned_boxes", "unclaimed"]

Box = tuple  # of (start, stop) along some axes


def box_of_piece(extent: Sequence[int], whole: Sequence[int], *, cells: bool) -> Box:
    """Return where a piece of a grid lies within the whole.

    Parameters
    ----------
    extent, whole : (6,) ints
        x0 x1 y0 y1 z0 z1 in points, both ends included, of the piece and of the whole.
    cells : bool
        Count cells; along an axis of one point there is one.

    Returns
    -------
    tuple of (int, int)
        Start and stop along z, y and x, in points or cells from 0.
    """
    box = []
    for k in (2, 1, 0):
        lo, hi, first, last = extent[2 * k], extent[2 * k + 1], whole[2 * k], whole[2 * k + 1]
        flat = first == last
        box.append((lo - first, hi - first + (0 if cells and not flat else 1)))
    return tuple(box)


def cover(boxes: list[Box], shape: Sequence[int]) -> bool:
    """Tell whether each index below `shape` lies in one of `boxes` at least."""
    if not shape:
        return bool(boxes)
    edges = sorted({0, shape[0], *(edge for box in boxes for edge in box[0])})
    layers = zip(edges, edges[1:])
    return all(cover([box[1:] for box in boxes if box[0][0] <= a and b <= box[0][1]], shape[1:]) for a, b in layers)


def unclaimed(boxes: list[Box]) -> list[list[Box]]:
    """What each of `boxes` covers that none before it does, as boxes."""
    found = []
    for k, box in enumerate(boxes):
        rest = [box]
        for other in boxes[:k]:
            rest = [piece for one in rest for piece in _without(one, other)]
        found.append(rest)
    return found


def _without(box: Box, other: Box) -> Iterator[Box]:
    """Split what `box` has outside `other` into boxes."""
    if any(stop <= start for start, stop in box):
        return
    if any(min(a[1], b[1]) <= max(a[0], b[0]) for a, b in zip(box, other)):
        yield box
        return
    for axis, ((start, stop), (low, high)) in enumerate(zip(box, other)):
        if start < low:
            yield (*box[:axis], (start, low), *box[axis + 1 :])
        if high < stop:
            yield (*box[:axis], (high, stop), *box[axis + 1 :])
        box = (*box[:axis], (max(start, low), min(stop, high)), *box[axis + 1 :])


def boxes_by_letter(rests: list[Box], own: Box, letters: str) -> list[list[Any]]:
    """Write boxes in the whole as what to take of a piece.

    Parameters
    ----------
    rests : list of Box
        To be taken; within `own`.
    own : Box
        What the piece covers.
    letters : str
        Of the axes of the boxes, such as zyx.

    Returns
    -------
    list
        For each box ``[{letter: (start, stop, start in the whole)}, 0]``, start and stop counted within the piece; the
        number is what is added to the values.
    """
    return [
        [
            {k: (start - o[0], stop - o[0], start) for k, (start, stop), o in zip(letters, rest, own)},
            0,
        ]
        for rest in rests
    ]


def owned_boxes(boxes: list[Box]) -> list[list[Any]]:
    """Give each index to the first of `boxes` that covers it."""
    return [boxes_by_letter(rests, own, "zyx") for rests, own in zip(unclaimed(boxes), boxes)]


def one_after_another(counts: list[int]) -> tuple[dict[str, int], list[list[Any]]]:
    """Put the tuples of all parts one after the other."""
    starts = np.cumsum([0, *counts]).tolist()
    return {"n": starts[-1]}, [[[{"n": (0, count, start)}, 0]] if count else [] for count, start in zip(counts, starts)]


def group_starts(cells: list[dict[str, Any]], key: str) -> list[list[int]]:
    """Where each of the four groups of each part begins in the whole: group after group, part after part."""
    counts = np.array([np.diff(one[key]) for one in cells])
    flat = counts.T.ravel()
    starts = np.cumsum([0, *flat])[:-1].reshape(counts.T.shape).T
    return starts.tolist()
