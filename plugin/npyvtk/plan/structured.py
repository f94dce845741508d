"""Structured grids: coordinates of two or three axes and of one shape, or all positions in one array."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .auto import auto_axes, is_real
from .axes import format_axes, parse_axes
from .context import Found, lines_of, take_role, without
from .grids import axes_of_points, check_choices, families, put_on_grid
from .layout import Block
from .names import POINTS, VERTEX
from .points import find_positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .context import Context, Members, Taken
    from .grids import Coordinates

__all__ = ["recognise_cloud", "recognise_positions", "recognise_structured"]


def recognise_structured(context: Context, left: Members, coordinates: Coordinates) -> Found:
    """Take coordinates of two or three axes and one shape as a structured grid."""
    found = coordinates.found
    if not coordinates.first and not _are_of_a_grid(context, left, found):
        return Found()
    axes = {letter: axes_of_points(context, spec) for letter, spec in found.items()}
    if any(axis.letter not in "xyzt" for axis in axes["x"]):
        return Found()
    roles = {
        letter: take_role(spec, own, f"axes {format_axes(own)}, {letter} of the points of a structured grid")
        for letter, spec, own in ((letter, found[letter], axes[letter]) for letter in found)
    }
    made = _put(context, left, roles)
    empty = not made.blocks[0].arrays
    check_choices(context, without(left, made.lines), _lengths(context, roles["x"]), empty=empty)
    return made


def recognise_positions(context: Context, left: Members) -> Found:
    """Take one array of all positions of a grid, (nz, ny, nx, 3) or (ny, nx, 2 or 3), beside data on it.

    Of three axes it may as well be points that move: it is a grid where the user says so, or where data on it has
    the file's time steps besides.
    """
    chosen = context.options.dataset_type == "Structured Grid" or bool(context.positions)
    named = [context.positions["points"]] if "points" in context.positions else []
    for spec in named or [left[name] for name in POINTS if name in left and not context.positions]:
        n = len(spec.shape)
        if n not in (3, 4) or not is_real(spec.dtype) or 0 in spec.shape:
            continue
        axes = context.explicit.get(n, parse_axes("zyxc"[4 - n :]))
        letters = [axis.letter for axis in axes]
        if letters.count("c") != 1 or set(letters) - set("xyzc") or spec.shape[letters.index("c")] not in (2, 3):
            continue
        role = take_role(spec, axes, f"axes {format_axes(axes)}, positions of the points of a structured grid")
        made = _put(context, left, {"points": role})
        if chosen:
            empty = not made.blocks[0].arrays
            check_choices(context, without(left, made.lines), _lengths(context, role), empty=empty)
            return made
        data = [plan.letters for block in made.blocks for plan in block.arrays]
        moves = n == 3 and n not in context.explicit and context.steps in (None, spec.shape[0])
        if data and not moves and (n == 4 or any("t" in letters for letters in data)):
            return made
    return Found()


def recognise_cloud(context: Context, left: Members) -> Found:
    """Take the points of a structured grid as points, with the data on them, where the user says points."""
    if context.single or find_positions(context, left) is not None:
        return Found()
    found = recognise_positions(context, left)
    for one in families(context, left):
        if not found.blocks and one.kind == "Structured Grid":
            found = recognise_structured(context, left, one)
    if not found.blocks:
        return Found()
    points = [tuple(plan for plan in block.arrays if plan.association == "point") for block in found.blocks]
    blocks = tuple(
        replace(block, kind="Points", count=math.prod(block.dims), cell_type=VERTEX, arrays=arrays)
        for block, arrays in zip(found.blocks, points)
    )
    roles = [plan.member for plan in blocks[0].roles.values()]
    kept = {plan.member for arrays in points for plan in arrays}.union(roles)
    note = f"{', '.join(roles)}: the points of a structured grid as a cloud, which is saved without its axes"
    return Found(blocks, {name: line for name, line in found.lines.items() if name in kept}, (*found.notes, note))


def _put(context: Context, left: Members, roles: Mapping[str, Taken]) -> Found:
    """Put what fits on the points or cells of a grid with these positions."""
    role = next(iter(roles.values()))
    lengths = _lengths(context, role)
    block = Block("Structured Grid", dims=tuple(lengths.values()))
    order = "".join(letter for letter in role.plan.letters if letter in "xyz")
    return put_on_grid(context, without(left, lines_of(roles.values())), block, lengths, roles, orders=(order,))


def _lengths(context: Context, role: Taken) -> dict[str, int]:
    shape = context.specs[role.plan.member].shape
    return {letter: role.plan.length(letter, shape) for letter in "xyz"}


def _are_of_a_grid(context: Context, left: Members, found: Members) -> bool:
    """Tell whether names that also mean other things are the coordinates of a grid here."""
    shape, names = found["x"].shape, {spec.name for spec in found.values()}
    if min(shape) < 2 or any(spec.dtype.itemsize == 1 for spec in found.values()):
        return False
    if len(shape) == 2 and any(axis.letter == "n" for axis in auto_axes(shape, found["x"].dtype)):
        return False  # few columns: rows of points or of a table
    shapes = (shape, (context.steps, *shape))
    return "z" in found or (
        len(shape) == 2 and any(spec.shape in shapes for name, spec in left.items() if name not in names)
    )
