"""Meshes: positions and the cells of their points, and the arrays as long as either.

Names and shapes say which members hold cells, of what kind, and how they count; the numbers have to agree, where
planning may look at them (`names.is_index_table`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from . import names
from .context import Found, beside, join, take_field, take_role, without
from .dtypes import dtype_name
from .kinds import MESH, POLY_DATA
from .layout import Block, CellTable
from .points import attach, find_positions
from .runs import run_starts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from ..files.npy_header import ArraySpec
    from .context import Context, Members, Taken

__all__ = ["cell_type_of", "recognise_corners", "recognise_mesh"]

WORDS = {
    "padded": ", each led by its number of points",
    "stream": ", each led by its number of points",
    "flat": ", three numbers each",
    "scikit-fem": ", in the order of scikit-fem",
}


class Topology(NamedTuple):
    """Cells that a member holds."""

    name: str
    axes: str
    cells: int
    cell_type: int | None
    form: str = ""  # "" a table of points; padded, flat, scikit-fem, stream, lines: see `layout.Block`
    first_id: int = 0  # number of the first point
    types: str = ""  # the member with the types of the cells of a stream

    @property
    def words(self) -> str:
        """What is said of the member."""
        if self.form == "lines":
            return "lines of points that follow each other; DataSetType Points shows the points alone"
        kind = "" if self.cell_type is None else f": {names.CELL_TYPE_NAMES[self.cell_type]}"
        return f"cells of a mesh{kind}{WORDS.get(self.form, '')}{', counted from 1 (saved from 0)' * self.first_id}"


def recognise_mesh(context: Context, left: Members) -> Found:
    """Take positions and cells as a mesh."""
    positions = find_positions(context, left, mesh=True)
    if positions is None:
        alone = [
            name
            for name, spec in left.items()
            if name in names.CELL_NAMES and len(name) > 1 and spec.dtype.kind in "iu" and len(spec.shape) == 2
            and cell_type_of(name, spec.shape[1], 3) is not None
        ]  # fmt: skip
        which = "cells need points; call these points, or choose Positions"
        return Found(notes=(f"{', '.join(alone)}: {which}",) if alone and not context.single else ())
    count, points = positions.number, positions.roles.get("points")
    others = beside(left, positions.roles.values())
    topology = [left[name] for name in names.MIXED_CELLS if name in left]
    if len(topology) == 3 and all(spec.dtype.kind in "iu" and len(spec.shape) == 1 for spec in topology):
        _connectivity, offsets, types = (spec.shape[0] for spec in topology)
        if offsets not in (types, types + 1):
            note = f"offsets: {topology[1].shape} beside types of {topology[2].shape}; one entry per cell or one more"
            return Found(notes=(f"{note} is expected, so connectivity, offsets and types are plain data",))
        roles = {spec.name: take_role(spec, "n", "cells of a mesh") for spec in topology}
        return attach(context, others, Block(MESH, count=count, cells=types), {**roles, **positions.roles})
    columns = points is not None and (points.plan.member, points.plan.letters) == (names.SCIKIT_FEM[0], "cn")
    found, notes = _find_cells(context, others, count, positions.width, columns=columns)
    found = found or (_find_lines(context, others, count) if points else ())
    if not found:
        if "connectivity" in left and len(left["connectivity"].shape) == 1:
            notes += ("connectivity: plain data, as cells need offsets and types beside it",)
        return Found(notes=notes)
    tables = {one.name: one for one in found if one.name in names.KIND_NAMES and one.cells}
    kinds = [tables[name] for name in context.specs if name in tables]
    aside = Found(notes=notes)
    if len(kinds) < 2 or found[0].name not in tables:
        kinds = [found[0]]
        notes += tuple(
            f"{one.name}: left as field data, a mesh has one such array; for several kinds of cells give "
            "connectivity, offsets and types"
            for one in found[1:]
        )
        aside = Found.of_fields([take_field(context, left[one.name]) for one in found[1:]], notes)
        made = [_of_table(others, found[0], count)]
    elif _is_on_one(without(others, [one.name for one in found]), kinds, count):
        made = [_of_table(others, one, count, one.name) for one in kinds]
    else:
        made = [_join_tables(others, kinds, count)]
    parts, rest = [aside], without(others, [*aside.words, *[one.name for one in kinds]])
    for block, roles in made:  # the first has what is on the points
        parts.append(attach(context, rest, block, {**roles, **positions.roles}))
        rest = without(rest, parts[-1].words)
    return join(*parts)


def _of_table(left: Members, found: Topology, count: int, name: str = "") -> tuple[Block, dict[str, Taken]]:
    """Make a mesh of one table of cells, without its points yet."""
    roles = {found.name if found.form == "lines" else "cells": take_role(left[found.name], found.axes, found.words)}
    if found.types:
        roles["types"] = take_role(left[found.types], "n", "types of the cells of a mesh")
    poly = found.cell_type in names.POLY_TYPES or (found.form == "stream" and not found.types)
    block = Block(
        POLY_DATA if poly and found.cells else MESH,  # poly data does not tell what cells it has none of
        name,
        count=count,
        cells=found.cells,
        cell_type=found.cell_type,
        cells_form=found.form,
        first_id=found.first_id,
    )
    return block, roles


def _is_on_one(others: Members, kinds: Sequence[Topology], count: int) -> bool:
    """Tell whether data is as long as one kind of cells, and neither as the points nor as all cells together."""
    alone = {one.cells for one in kinds} - {count, sum(one.cells for one in kinds)}
    return any(spec.shape and spec.shape[0] in alone for spec in others.values())


def _join_tables(left: Members, kinds: Sequence[Topology], count: int) -> tuple[Block, dict[str, Taken]]:
    """Make one mesh of several tables of cells, without its points yet."""
    roles, tables = {}, []
    for number, one in enumerate(kinds):
        role = f"cells {number}"
        roles[role] = take_role(left[one.name], one.axes, one.words)
        kind = cast("int", one.cell_type)  # tables of mixed cells are not among the kinds
        tables.append(CellTable(role, one.cells, kind, one.form, one.first_id))
    return Block(MESH, count=count, cells=sum(one.cells for one in kinds), tables=tuple(tables)), roles


def recognise_corners(context: Context, left: Members) -> Found:
    """Take triangles that share no points, each with its three corners, as a surface."""
    for name in names.CORNERS:
        spec = left.get(name)
        if spec is not None and spec.dtype.kind == "f" and spec.shape[1:] == (3, 3) and 3 not in context.explicit:
            cells = spec.shape[0]
            block = Block(POLY_DATA, count=3 * cells, cells=cells, cell_type=names.TRIANGLE, cells_form="corners")
            role = take_role(spec, "ncc", "axes ncc, triangles with the three corners of each")
            return attach(context, left, block, {"points": role})
    return Found()


def _find_cells(
    context: Context, left: Members, count: int, width: int, *, columns: bool
) -> tuple[tuple[Topology, ...], tuple[str, ...]]:
    """List the members that hold cells of `count` points, in order of precedence, and notes on those that do not.

    Parameters
    ----------
    width : int
        Coordinates of a point.
    columns : bool
        Points are columns, as scikit-fem has them, and so are the cells, in ``t``.
    """
    cells, notes = [], []
    for name in names.SCIKIT_FEM[1:] if columns else (*names.CELL_NAMES, *names.MORE_CELLS):
        spec = left.get(name)
        if spec is None or (name == "connectivity" and len(spec.shape) != 2):
            continue
        found = _topology(context, left, spec, count, width)
        if found is not None:
            cells.append(found)
        elif (
            spec.dtype.kind == "f"
            and len(name) > 1
            and len(spec.shape) == 2
            and cell_type_of(name, spec.shape[1], width) is not None
        ):
            notes.append(f"{name}: plain data, as cells need whole numbers; save {name}.astype(int) for a mesh")
        elif name not in names.LOOSE_NAMES:
            notes.append(
                f"{name}: {spec.shape} {dtype_name(spec.dtype)} names no cells of a known kind, read as plain data"
            )
        elif spec.dtype.kind in "iu" and len(spec.shape) == 2:
            notes.append(f"{name}: its numbers or columns are not those of cells of the points, so plain data")
    found_heads = {one.name: _numbers(one, context.small.head) for one in cells}
    heads = {name: head for name, head in found_heads.items() if head is not None and head.size}
    from_0 = {name for name, head in heads.items() if 0 in head}
    kinds = [one for one in cells if one.name in heads and one.name in names.KIND_NAMES]
    if len(kinds) > 1:  # they count points from the same number, which those of all together tell
        first_id = 0 if from_0.intersection(one.name for one in kinds) else _first_id(_ends(context, kinds), count)
        cells = [one._replace(first_id=first_id or 0) if one in kinds else one for one in cells]
    shown = [one for one in cells if one.name in heads]
    if shown and not from_0 and not any(one.first_id for one in cells) and _ends(context, shown).min() == 1:
        notes.append(f"{', '.join(heads)}: no cell has point 0; if the points are counted from 1, subtract 1")
    return tuple(cells), tuple(notes)


def _numbers(cells: Topology, values_of: Callable[[str], np.ndarray | None]) -> np.ndarray | None:
    """Return the numbers of the points of cells, or of the first of them, where planning looks at them."""
    values = None if cells.form == "stream" else values_of(cells.name)
    return values[:, 1:] if values is not None and cells.form == "padded" else values


def _ends(context: Context, tables: Iterable[Topology]) -> np.ndarray:
    """Return the least and the largest numbers of points of several tables of cells."""
    held = [_numbers(one, context.small.get) for one in tables]
    return np.array([int(end) for values in held if values is not None for end in (values.min(), values.max())])


def _topology(context: Context, left: Members, spec: ArraySpec, count: int, width: int) -> Topology | None:
    name, shape = spec.name, spec.shape
    if spec.dtype.kind not in "iu" or len(shape) not in (1, 2):
        return None
    if len(shape) == 1:
        return _of_list(left, spec, context.small.get(name), count)
    head = context.small.head(name)
    axes, cells, form = "nc", shape[0], ""
    kind = cell_type_of(name, shape[1], width)
    loose = name in names.LOOSE_NAMES
    if name in (names.SCIKIT_FEM[1], names.EDGE_INDEX):
        solids = {4: names.TETRAHEDRON, 8: names.HEXAHEDRON} if width == 3 else {4: names.QUAD}
        kinds = {2: names.LINE} if name == names.EDGE_INDEX else {3: names.TRIANGLE, **solids}
        axes, cells, kind = "cn", shape[1], kinds.get(shape[0])
        form = "scikit-fem" if kind == names.HEXAHEDRON else ""
    elif name in names.PADDED_NAMES and head is not None and len(head) and shape[1] > 2:
        padded = cell_type_of(name, shape[1] - 1, width)
        if padded is not None and np.all(head[:, 0] == shape[1] - 1):
            values = context.small[name]
            first_id = _first_id(values[:, 1:], count, loose=True) if np.all(values[:, 0] == shape[1] - 1) else None
            if first_id is not None:
                return Topology(name, axes, cells, padded, "padded", first_id)
    if kind is None:
        return None
    # Most tables have point 0 in the first rows, which spares the look at all of them.
    known = head is None or (not loose and 0 in head)
    first_id = 0 if known else _first_id(context.small.get(name), count, loose=loose)
    return None if first_id is None else Topology(name, axes, cells, kind, form, first_id)


def _of_list(left: Members, spec: ArraySpec, values: np.ndarray | None, count: int) -> Topology | None:
    """Take one long list of point numbers: triangles, or cells that are each led by their number of points."""
    name, n = spec.name, spec.shape[0]
    if values is None or not n:
        return None
    if name in names.PADDED_NAMES:
        types = next((other for other in names.STREAM_TYPES if other in left), "")
        starts = run_starts(values)
        if starts is not None and np.all(values[starts] > 0) and (types or name != "cells"):
            ids = np.delete(values, starts)
            fits = not types or left[types].shape == starts.shape
            if fits and ids.size and ids.min() >= 0 and ids.max() < count:
                return Topology(name, "n", starts.size, None, "stream", 0, types if name == "cells" else "")
    if name in names.FLAT_NAMES and n % 3 == 0:
        first_id = _first_id(values, count, loose=True)
        if first_id is not None:
            return Topology(name, "n", n // 3, names.TRIANGLE, "flat", first_id)
    return None


def _first_id(values: np.ndarray | None, count: int, *, loose: bool = False) -> int | None:
    """Return the number of the first point, 0 or 1; None where the numbers under a `loose` name do not fit."""
    if values is None or not values.size:
        return 0
    high = int(values.view(values.dtype.str.replace("i", "u")).max())  # numbers below 0 are the largest of these
    if high < count:
        return 0
    return 1 if high == count and values.min() == 1 else None if loose else 0


def cell_type_of(name: str, k: int, width: int) -> int | None:
    """VTK's number for cells of `k` points under a name; None when they mean none."""
    if name == "faces" and k > 4:
        return names.POLYGON
    if name == "lines" and k > 2:
        return names.POLYLINE
    kind = names.CELL_TYPES.get((name, k))
    if kind in names.IN_THE_PLANE and width == 2:
        if {(name, 4), (name, 8)} <= names.CELL_TYPES.keys():
            return names.IN_THE_PLANE[kind]
        return None if name in names.LOOSE_NAMES else kind
    return kind


def _find_lines(context: Context, left: Members, count: int) -> tuple[Topology, ...]:
    """Find lines of points that follow each other, by where they end or how long they are."""
    for name in names.BOUNDS:
        spec, values = left.get(name), context.small.get(name)
        if spec is None or values is None or len(spec.shape) != 1 or spec.dtype.kind not in "iu" or not values.size:
            continue
        if name == "lengths":
            lines = values.size
            fits = values.min() > 0 and int(values.sum()) == count and "offsets" not in left
        else:
            lines = values.size - int(values[0] == 0)
            fits = np.all(values[1:] > values[:-1]) and values[0] >= 0 and int(values[-1]) == count
        if fits:
            return (Topology(name, "n", lines, names.POLYLINE, "lines"),)
    return ()
