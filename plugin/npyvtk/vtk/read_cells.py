"""The cells of a mesh, read from a file.

Indices that come from a file are checked here before VTK sees them, because VTK follows them unchecked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FormatError
from ..plan.axes import counted_axes
from ..plan.names import POLYLINE, SCIKIT_FEM_HEXAHEDRON, TRIANGLE
from ..plan.runs import run_starts
from ..plan.windows import Window
from .cells import POLY_VERTEX, POLYHEDRON, VERTEX, Cells, Faces, join_cells, poly_types
from .positions import read_values
from .stamps import Stamp

if TYPE_CHECKING:
    from ..files.store import Store
    from ..plan.layout import ArrayPlan, Block

__all__ = ["read_cells"]

# Points of each cell type, https://vtk.org/doc/nightly/html/vtkCellType_8h_source.html; VTK trusts them blindly.
FIXED_SIZES = {
    0: 0, 1: 1, 3: 2, 5: 3, 8: 4, 9: 4, 10: 4, 11: 8, 12: 8, 13: 6, 14: 5, 15: 10, 16: 12, 21: 3, 22: 6, 23: 8,
    24: 10, 25: 20, 26: 15, 27: 13, 28: 9, 29: 27, 30: 6, 31: 12, 32: 18, 33: 24, 34: 7, 35: 4, 37: 19,
}  # fmt: skip
LEAST_SIZES = {
    2: 1, 4: 1, 6: 3, 7: 1, 36: 3, 41: 1, 42: 4, 68: 2, 69: 3, 70: 4, 71: 4, 72: 8, 73: 6, 74: 5, 75: 2, 76: 3,
    77: 4, 78: 4, 79: 8, 80: 6, 81: 5,
}  # fmt: skip


def read_cells(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read and check the cells `first` to `last` (excluded) of a mesh.

    Raises
    ------
    FormatError
        A point that does not exist, offsets that do not fit, an unknown cell type, or a cell with a number of
        points that its type cannot have.
    """
    if block.tables:
        return _read_tables(store, block, first, last)
    roles = block.roles
    role = next((role for role in READERS if role in roles), None)
    if role is None:
        return _points_in_order(block, first, last)
    read = _read_stream if block.cells_form == "stream" else READERS[role]
    cells, member = read(store, block, first, last), roles[role].member
    check_ids(cells.connectivity, block.count, store, member)
    shown = 1 if read is _read_alike else block.cells  # of cells that are all alike one is enough
    _check_types(cells.types[:shown], np.diff(cells.offsets[: shown + 1]), store, member)
    if "polyhedron_faces" in roles:
        stream, bounds = roles["polyhedron_faces"], roles["polyhedron_offsets"]
        total = store.arrays[stream.member].shape[0]
        where = check_offsets(_read_whole(store, bounds), total, block.cells, store, bounds.member)[first : last + 1]
        faces = _read_whole_numbers(store, stream, int(where[0]), int(where[-1]))
        cells = replace(cells, faces=Faces(faces, where - where[0]))
        _check_faces(faces, where - where[0], cells.types, block.count, store, stream.member)
    elif np.any(cells.types == POLYHEDRON):
        raise FormatError(f"{store.path}: cells of type 42 are polyhedra, but the file has no polyhedron_faces.")
    return cells


def _points_in_order(block: Block, first: int, last: int) -> Cells:
    """Return cells of points that follow each other."""
    m = last - first
    kind, width = (TRIANGLE, 3) if block.cells_form == "corners" else (VERTEX, 1)
    if block.cell_type == POLY_VERTEX and m:
        kind, width = POLY_VERTEX, block.count
    offsets = np.arange(m + 1, dtype=np.int64) * width
    return Cells(np.arange(width * first, width * last, dtype=np.int64), offsets, np.full(m, kind, np.uint8))


def _read_alike(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read cells of one type from a table of their points."""
    plan = block.roles["cells"]
    if block.cells_form == "flat":
        k = FIXED_SIZES[block.cell_type]
        table = _read_whole_numbers(store, plan, k * first, k * last).reshape(-1, k)
    else:
        table = _read_whole_numbers(store, plan, first, last)
    if block.cells_form == "padded":
        if np.any(table[:, 0] != table.shape[1] - 1):
            raise FormatError(
                f"{store.path}: {plan.member!r} must have the number of points, {table.shape[1] - 1}, before those of "
                "each cell."
            )
        table = table[:, 1:]
    if block.cells_form == "scikit-fem":
        table = table[:, SCIKIT_FEM_HEXAHEDRON]
    table = np.ascontiguousarray(table)
    if block.first_id:
        table -= block.first_id
    offsets = np.arange(len(table) + 1, dtype=np.int64) * table.shape[1]
    types = np.full(len(table), block.cell_type, np.uint8)
    stamp = _stamp(store, plan)
    if block.cells_form or plan.axes != counted_axes(2):
        stamp = replace(stamp, axes=counted_axes(2), part=block.cells_form or "columns")
    if not types.size:  # nothing else would tell it
        stamp = replace(stamp, components=table.shape[1:], part=str(block.cell_type))
    return Cells(table.reshape(-1), offsets, types, stamps={"connectivity": stamp})


def _read_tables(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read and check cells of several tables, one after the other."""
    parts, begin = [], 0
    for one in block.tables:
        a, b = max(first - begin, 0), min(last - begin, one.cells)
        begin += one.cells
        if a >= b:
            continue
        alone = replace(
            block,
            tables=(),
            cells=one.cells,
            cell_type=one.cell_type,
            cells_form=one.form,
            first_id=one.first_id,
            roles={"cells": block.roles[one.role]},
        )
        parts.append(read_cells(store, alone, a, b))
    if not parts:
        return Cells(np.zeros(0, np.int64), np.zeros(1, np.int64), np.zeros(0, np.uint8))
    return replace(join_cells(parts), stamps={})


def _read_stream(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read cells that are each led by their number of points; their types follow from it, or are given."""
    plan = block.roles["cells"]
    held = _read_whole(store, plan)
    places = run_starts(held)
    if places is None:  # planning has followed them
        raise FormatError(f"{store.path}: changed since it was opened, reload it: {plan.member!r} holds no cells now.")
    sizes = held[places]
    ids = np.delete(held, places)
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    if "types" in block.roles:
        types = _read_whole_numbers(store, block.roles["types"], 0, block.cells).astype(np.uint8)
    else:
        types = poly_types(1 if plan.member == "lines" else 2, sizes)
    own = offsets[first : last + 1]
    return Cells(ids[own[0] : own[-1]], own - own[0], types[first:last])


def _read_lines(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read lines of points that follow each other: only where they end, or how long they are, is in the file."""
    are_lengths = "lengths" in block.roles
    plan = block.roles["lengths" if are_lengths else "offsets"]
    held = _read_whole(store, plan)
    offsets = np.cumsum(held) if are_lengths else held
    own = check_offsets(offsets, block.count, block.cells, store, plan.member)[first : last + 1]
    given = "lengths" if are_lengths else "ends" if held[0] else ""
    stamps = {"connectivity": Stamp(np.dtype(np.int64), counted_axes(1)), "offsets": _stamp(store, plan, given)}
    return Cells(np.arange(own[0], own[-1]), own - own[0], np.full(last - first, POLYLINE, np.uint8), stamps=stamps)


def _read_mixed(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read cells of any types from connectivity, offsets and types."""
    plans = {role: block.roles[role] for role in ("connectivity", "offsets", "types")}
    total = store.arrays[plans["connectivity"].member].shape[0]
    member = plans["offsets"].member
    length, given_offsets = store.arrays[member].shape[0], ""
    if length == block.cells + 1 and (first or last < block.cells):
        offsets = _read_whole_numbers(store, plans["offsets"], first, last + 1)
        if np.any(offsets[1:] < offsets[:-1]) or offsets[0] < 0 or offsets[-1] > total:
            raise FormatError(f"{store.path}: {member!r} must rise within 0 to {total}.")
    else:
        held = _read_whole(store, plans["offsets"])
        offsets = check_offsets(held, total, block.cells, store, member)
        if held.size < offsets.size:
            given_offsets = "ends" if held[-1] == total else "starts"
        offsets = offsets[first : last + 1]
    types = _read_whole_numbers(store, plans["types"], first, last)
    if types.size and (types.min() < 0 or types.max() > 255):
        raise FormatError(f"{store.path}: {plans['types'].member!r} has numbers that are no VTK cell type.")
    return Cells(
        _read_whole_numbers(store, plans["connectivity"], int(offsets[0]), int(offsets[-1])),
        offsets - offsets[0],
        types.astype(np.uint8),
        stamps={role: _stamp(store, plan, given_offsets if role == "offsets" else "") for role, plan in plans.items()},
    )


# What reads the cells of a mesh that has these roles, but those of the form "stream".
READERS = {"cells": _read_alike, "connectivity": _read_mixed, "offsets": _read_lines, "lengths": _read_lines}


def _read_whole_numbers(store: Store, plan: ArrayPlan, start: int, stop: int) -> np.ndarray:
    return read_values(store, plan, Window({"n": (start, max(stop, start), 1)}), np.dtype(np.int64))


def _read_whole(store: Store, plan: ArrayPlan) -> np.ndarray:
    return _read_whole_numbers(store, plan, 0, store.arrays[plan.member].shape[0])


def _stamp(store: Store, plan: ArrayPlan, part: str = "") -> Stamp:
    spec = store.arrays[plan.member]
    return Stamp(spec.dtype, plan.axes, spec.name, part=part)


def check_ids(values: np.ndarray, count: int, store: Store, member: str) -> None:
    """Refuse int64 ids that name no point, because VTK would follow them anywhere."""
    if values.size and values.view(np.uint64).max() >= count:  # those below 0 are the largest of these
        bad = int(values.min() if values.min() < 0 else values.max())
        remedy = "Subtract 1 if the numbers come from a program that counts from 1."
        if bad < 0:
            remedy = "If it fills up cells of fewer points, save the cells as connectivity, offsets and types."
        raise FormatError(
            f"{store.path}: {member!r} names point {bad}, but there are {count} points, counted from 0. {remedy}"
        )


def check_offsets(offsets: np.ndarray, total: int, cells: int, store: Store, member: str) -> np.ndarray:
    """Return (cells + 1,) offsets from 0 to `total` that never fall; files may leave out the first or the last.

    Raises
    ------
    FormatError
        They fall, do not lead from 0 to `total`, or are not as many as the cells need.
    """
    if offsets.size == cells and cells:
        ends = offsets[-1] == total
        offsets = np.concatenate([[0], offsets] if ends else [offsets, [total]])
    if offsets.size != cells + 1 or (offsets.size and (offsets[0] != 0 or offsets[-1] != total)):
        raise FormatError(
            f"{store.path}: {member!r} must lead from 0 to {total}, the length of what it points into, in "
            f"{cells + 1} steps; it has {offsets.size}"
            + (f" from {offsets[0]} to {offsets[-1]}." if offsets.size else ".")
        )
    if np.any(offsets[1:] < offsets[:-1]):
        raise FormatError(f"{store.path}: {member!r} must not fall from one cell to the next.")
    return offsets


def _check_types(types: np.ndarray, sizes: np.ndarray, store: Store, member: str) -> None:
    for kind in np.unique(types).tolist():
        own = sizes[types == kind]
        fixed, least = FIXED_SIZES.get(kind), LEAST_SIZES.get(kind)
        if fixed is None and least is None:
            raise FormatError(
                f"{store.path}: the cells of {member!r} have the type {kind}, which is the number of no VTK cell type "
                "that holds points; see vtkCellType.h."
            )
        wrong = own[own != fixed] if fixed is not None else own[own < least]
        if wrong.size:
            needs = f"exactly {fixed}" if fixed is not None else f"at least {least}"
            raise FormatError(
                f"{store.path}: {member!r} has a cell of type {kind} with {int(wrong[0])} points; it needs {needs}."
            )


def _check_faces(
    faces: np.ndarray, bounds: np.ndarray, types: np.ndarray, count: int, store: Store, member: str
) -> None:
    """Follow the faces of every polyhedron once, before VTK does."""
    if np.any((types == POLYHEDRON) != (np.diff(bounds) > 0)):
        raise FormatError(f"{store.path}: {member!r} must hold faces for polyhedra (type 42) and no other cell.")
    starts = run_starts(faces)
    if starts is None or not np.all(np.isin(bounds, starts) | (bounds == faces.size)) or np.any(faces[starts] < 1):
        raise FormatError(
            f"{store.path}: {member!r} must hold, for each face, its number of points, 1 at least, and then those "
            "points, within the bounds of its cell; a face has fewer, or leaves its cell."
        )
    check_ids(np.delete(faces, starts), count, store, member)
