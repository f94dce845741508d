"""Meshes: positions and the cells of their points, and the arrays as long as either."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from .context import Found, join, lines_of, take_field, take_role, without
from .layout import Block, CellTable
from .names import CORNERS, KIND_NAMES, POLY_TYPES, TRIANGLE
from .points import attach, find_positions
from .topology import find_cells, find_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .context import Context, Members, Taken
    from .points import Positions
    from .topology import Topology

__all__ = ["recognise_corners", "recognise_mesh"]


def recognise_mesh(context: Context, left: Members) -> Found:
    """Take positions and cells as a mesh."""
    positions = find_positions(context, left, mesh=True)
    if positions is None:
        return Found()
    count, points = positions.number, positions.roles.get("points")
    others = without(left, lines_of(positions.roles.values()))
    topology = [left[name] for name in ("connectivity", "offsets", "types") if name in left]
    if len(topology) == 3 and all(spec.dtype.kind in "iu" and len(spec.shape) == 1 for spec in topology):
        _connectivity, offsets, types = (spec.shape[0] for spec in topology)
        if offsets not in (types, types + 1):
            note = (
                f"offsets: {topology[1].shape} beside types of {topology[2].shape}; one entry per cell or one more is "
            )
            return Found(notes=(note + "expected, so connectivity, offsets and types are plain data",))
        roles = {spec.name: take_role(spec, "n", "cells of a mesh") for spec in topology}
        return _attach(context, others, Block("Mesh", count=count, cells=types), roles, positions)
    columns = points is not None and (points.plan.member, points.plan.letters) == ("p", "cn")
    found, notes = find_cells(context, others, count, positions.width, columns=columns)
    found = found or (find_lines(context, others, count) if points else ())
    if not found:
        return Found(notes=notes)
    tables = {one.name: one for one in found if one.name in KIND_NAMES and one.cells}
    kinds = [tables[name] for name in context.specs if name in tables]
    if len(kinds) > 1 and found[0].name in tables:
        if not _is_on_one(without(others, (one.name for one in found)), kinds, count):
            block, roles = _join_tables(others, kinds, count)
            return join(Found(notes=notes), _attach(context, others, block, roles, positions))
        return join(Found(notes=notes), *_one_by_one(context, others, kinds, positions))
    block, roles = _of_table(others, found[0], count)
    fields = [take_field(context, left[one.name]) for one in found[1:]]
    notes += tuple(
        f"{one.name}: left as field data, a mesh has one such array; for several kinds of cells give "
        "connectivity, offsets and types"
        for one in found[1:]
    )
    aside = Found((), lines_of(fields), notes, tuple(one.plan for one in fields))
    return join(aside, _attach(context, without(others, aside.lines), block, roles, positions))


def _attach(context: Context, left: Members, block: Block, roles: Mapping[str, Taken], positions: Positions) -> Found:
    """Give cells their points, and both the arrays as long as they are."""
    roles = {**roles, **positions.roles}
    counts = {"point": positions.number, "cell": block.cells}
    return attach(context, without(left, lines_of(roles.values())), block, counts, roles)


def _one_by_one(context: Context, left: Members, kinds: Sequence[Topology], positions: Positions) -> list[Found]:
    """Make a named block of each kind of cells; the first has what is on the points."""
    blocks, rest = [], without(left, (one.name for one in kinds))
    for one in kinds:
        block, roles = _of_table(left, one, positions.number)
        found = _attach(context, rest, replace(block, name=one.name), roles, positions)
        rest = without(rest, found.lines)
        blocks.append(found)
    return blocks


def _of_table(left: Members, found: Topology, count: int) -> tuple[Block, dict[str, Taken]]:
    """Make a mesh of one table of cells, without its points yet."""
    roles = {found.name if found.form == "lines" else "cells": take_role(left[found.name], found.axes, found.words)}
    if found.types:
        roles["types"] = take_role(left[found.types], "n", "types of the cells of a mesh")
    poly = found.cell_type in POLY_TYPES or (found.form == "stream" and not found.types)
    block = Block(
        "Poly Data" if poly and found.cells else "Mesh",  # poly data does not tell what cells it has none of
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
    return Block("Mesh", count=count, cells=sum(one.cells for one in kinds), tables=tuple(tables)), roles


def recognise_corners(context: Context, left: Members) -> Found:
    """Take triangles that share no points, each with its three corners, as a surface."""
    for name in CORNERS:
        spec = left.get(name)
        if spec is not None and spec.dtype.kind == "f" and spec.shape[1:] == (3, 3) and 3 not in context.explicit:
            cells = spec.shape[0]
            block = Block("Poly Data", count=3 * cells, cells=cells, cell_type=TRIANGLE, cells_form="corners")
            role = take_role(spec, "ncc", "axes ncc, triangles with the three corners of each")
            counts = {"cell": cells, "point": 3 * cells}
            return attach(context, without(left, (name,)), block, counts, {"points": role})
    return Found()
