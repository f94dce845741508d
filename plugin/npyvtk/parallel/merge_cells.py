"""The cells of one mesh from the pieces of many ranks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..plan.axes import parse_axes
from ..vtk.drafts import DraftGeometry
from .boxes import group_starts
from .describe_part import member_of_message

if TYPE_CHECKING:
    from typing import Any

    from ..vtk.drafts import Draft
    from ..vtk.member import Member
    from .merge import Merge, RankPart

__all__ = ["merge_cells", "unite"]


def merge_cells(
    merge: Merge, merged: Draft, parts: list[RankPart], total_points: int | None
) -> tuple[dict[str, int], list[list[Any]]]:
    """Merge the cells; return how many there are, and where those of each part go.

    `total_points` is None where the points of the parts follow each other, else how many there are.
    """
    none = {"bounds": [0] * 5, "ids": [0] * 5, "form": None, "once": False, "faces": None}
    cells = [said.get("cells", none) for _rank, said in parts]
    have = [one for one in cells if one["bounds"][4]]
    starts = group_starts(cells, "bounds")
    ids = group_starts(cells, "ids")
    points = np.cumsum([0, *(said["points"] for _rank, said in parts)]).tolist()
    in_line = total_points is None
    if not in_line:  # the parts number their points themselves
        points = [0] * len(parts) + [total_points]
    total = {"n": sum(one["bounds"][4] for one in cells)}
    boxes = [
        [[{"n": (a, b, start)}, 0] for a, b, start in zip(one["bounds"], one["bounds"][1:], own) if b > a]
        for one, own in zip(cells, starts)
    ]
    if not have:
        for rank, said in [part for part in parts if "no cells" in part[1]][:1]:  # all say the same
            roles, cell_type = said["no cells"]
            merged.leaf = replace(merged.leaf, cell_type=cell_type)
            for role, member in roles.items():
                place = merged.roles[role] = DraftGeometry(member_of_message(member))
                merge.add_job(place, rank, said["number"], role, [[{}, 0]])
        return total, boxes
    forms = {tuple(one["form"]) if one["form"] else None for one in have}
    if len(forms) == 1 and None not in forms:
        merged.leaf = replace(merged.leaf, cell_type=have[0]["form"][0])
        if in_line and all(one["once"] for one in have) and have[0]["form"][0] == 1 and len(have) == len(parts):
            return total, boxes
        if all("cells" in one["alike"] for one in have):
            own = [[[box, point] for box, _shift in some] for some, point in zip(boxes, points)]
            merge_ids(merge, merged, "cells", "alike", parts, cells, total, own, points[-1])
            return total, boxes
        merged.leaf = replace(merged.leaf, cell_type=None)
    for (rank, said), one in zip(parts, cells):
        if one["bounds"][4]:
            merge.mixed.add((rank, said["number"]))
    merge_ids(merge,
        merged, "connectivity", "mixed", parts, cells, {"n": sum(one["ids"][4] for one in cells)},
        [
            [[{"n": (a, b, start)}, point] for a, b, start in zip(one["ids"], one["ids"][1:], own) if b > a]
            for one, own, point in zip(cells, ids, points)
        ],
        points[-1],
    )  # fmt: skip
    given_offsets = {one["short"] for one in have}
    given_offsets = given_offsets.pop() if len(given_offsets) == 1 else ""
    ends = [
        [
            # The offset that ends each cell, or begins it.
            [
                {"n": (a, b, start) if given_offsets == "starts" else (a + 1, b + 1, start + (not given_offsets))},
                first - low,
            ]
            for a, b, start, low, first in zip(one["bounds"], one["bounds"][1:], own, one["ids"], where)
            if b > a
        ]
        for one, own, where in zip(cells, starts, ids)
    ]
    if not given_offsets:  # the first cell begins at 0
        lead = next(k for k, one in enumerate(cells) if one["bounds"][4])
        ends[lead].insert(0, [{"n": (0, 1, 0)}, 0])
    more = {"n": total["n"] + (not given_offsets)}
    merge_ids(merge, merged, "offsets", "mixed", parts, cells, more, ends, sum(one["ids"][4] for one in cells) + 1)
    merge_ids(merge, merged, "types", "mixed", parts, cells, total, boxes, 0)
    if any(one["faces"] is not None for one in have):
        merge_faces(merge, merged, parts, cells, boxes, points)
    return total, boxes


def merge_faces(
    merge: Merge,
    merged: Draft,
    parts: list[RankPart],
    cells: list[dict[str, Any]],
    boxes: list[list[Any]],
    points: list[int],
) -> None:
    """Merge polyhedra, which only unstructured grids have: one group of cells."""
    starts = np.cumsum([0, *(one["faces"] or 0 for one in cells)]).tolist()
    own = [
        [[{"n": (0, one["faces"], start)}, point]] if one["faces"] else []
        for one, start, point in zip(cells, starts, points)
    ]
    merge_ids(merge, merged, "polyhedron_faces", "mixed", parts, cells, {"n": starts[-1]}, own, points[-1])
    ends = [
        [[{"n": (1, b + 1, at + 1)}, start] for box, _s in some for _a, b, at in [box["n"]]]
        for some, start in zip(boxes, starts)
    ]
    lead = next(k for k, one in enumerate(cells) if one["bounds"][4])
    ends[lead].insert(0, [{"n": (0, 1, 0)}, 0])
    total = {"n": sum(one["bounds"][4] for one in cells) + 1}
    merge_ids(merge, merged, "polyhedron_offsets", "mixed", parts, cells, total, ends, starts[-1] + 1)


def merge_ids(
    merge: Merge,
    merged: Draft,
    role: str,
    uniform_type: str,
    parts: list[RankPart],
    cells: list[dict[str, Any]],
    lengths: dict[str, int],
    boxes: list[list[Any]],
    limit: int,
) -> None:
    """Merge one member of numbers below `limit`; a part that has cells but not this role has zeros there."""
    every = [
        member_of_message(one[uniform_type][role]) for one in cells if one["bounds"][4] and role in one[uniform_type]
    ]
    united = unite(every, lengths, every[0].name)
    if limit - 1 > np.iinfo(united.dtype).max:
        united = replace(united, dtype=np.dtype(np.int64))
    place = merged.roles[role] = DraftGeometry(united)
    for (rank, said), one, own in zip(parts, cells, boxes):
        merge.add_job(place, rank, said["number"], role if role in one.get(uniform_type, ()) else [united.axes], own)


def unite(every: list[Member], lengths: dict[str, int], name: str | None) -> Member:
    """Return the member that holds the pieces `every`; `lengths` are those of the whole."""
    first = every[0]
    axes = parse_axes(first.axes)
    shape = tuple(lengths.get(axis.letter, n) for axis, n in zip(axes, first.shape))
    for other in every[1:]:
        inner = [n for axis, n in zip(axes, other.shape) if axis.letter not in lengths]
        if other.axes != first.axes or inner != [n for a, n in zip(axes, first.shape) if a.letter not in lengths]:
            raise UnsupportedError(
                f"array {name!r} has axes {first.axes} and shape {first.shape} on one rank, {other.axes} and "
                f"{other.shape} on another. Save with one process."
            )
    letters = {axis.letter for axis in axes}
    if any(n > 1 and letter not in letters for letter, n in lengths.items()):
        raise UnsupportedError(f"array {name!r} has axes {first.axes}, which do not fit the whole grid.")
    dtype = _common_dtype([one.dtype for one in every], name)
    plain = all(one.remote_plain and one.dtype == dtype for one in every)
    return replace(first, name=name, shape=shape, dtype=dtype, remote_plain=plain)


def _common_dtype(dtypes: list[np.dtype], name: str | None) -> np.dtype:
    """Find the dtype that holds the values of all ranks."""
    first = dtypes[0]
    if all(dtype == first for dtype in dtypes):
        return first
    kinds = {dtype.kind for dtype in dtypes}
    if kinds <= set("SU"):
        if kinds == {"S", "U"}:
            return np.dtype(f"S{max(d.itemsize for d in dtypes)}")  # UTF-8 takes at most the bytes of U
        return max(dtypes, key=lambda dtype: dtype.itemsize)
    try:
        return np.result_type(*dtypes)
    except TypeError:
        raise UnsupportedError(f"array {name!r} has another dtype on each rank. Save with one process.") from None
