"""Structured grids: coordinates of two or three axes and of one shape, or all positions in one array."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from .auto import auto_axes, is_real
from .axes import format_axes, parse_axes
from .context import Found, beside, join, take_role, without
from .grids import axes_of_points, check_choices, families, take_on_grid
from .kinds import CLOUD, STRUCTURED
from .layout import Block
from .names import FAMILIES, POINTS, VERTEX
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
    axes = {letter: axes_of_points(context, spec, flat="z" not in found) for letter, spec in found.items()}
    if any(axis.letter not in "xyzt" for axis in axes["x"]):
        return Found()
    words = "of the points of a structured grid"
    if axes["x"][0].letter == "t" and context.steps is None and len(axes["x"]) not in context.explicit:
        words += " (the file does not say what the first axis is, taken for time steps)"
    roles = {
        letter: take_role(spec, axes[letter], f"axes {format_axes(axes[letter])}, {letter} {words}")
        for letter, spec in found.items()
    }
    heights = [] if "z" in found else [left[name] for name in FAMILIES[0]["z"] if name in left]
    aside = tuple(
        f"{spec.name}: {spec.shape} is not used, as x and y have {len(axes['x'])} axes; save all three with those of a "
        "field in space"
        for spec in heights
        if len(spec.shape) == 1
    )
    return join(Found(notes=aside), _put(context, left, roles))


def recognise_positions(context: Context, left: Members) -> Found:
    """Take one array of all positions of a grid, (nz, ny, nx, 3) or (ny, nx, 2 or 3), beside data on it.

    Of three axes it may as well be points that move: it is a grid where the user says so, or where data on it has
    the file's time steps besides.
    """
    chosen = context.chosen == STRUCTURED or bool(context.positions)
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
        made = _put(context, left, {"points": role}, check=chosen)
        data = [plan.letters for block in made.blocks for plan in block.arrays]
        moves = n == 3 and n not in context.explicit and context.steps in (None, spec.shape[0])
        if chosen or (data and not moves and (n == 4 or any("t" in letters for letters in data))):
            return made
    return Found()


def recognise_cloud(context: Context, left: Members) -> Found:
    """Take the points of a structured grid as points, with the data on them, where the user says points."""
    if context.single or find_positions(context, left) is not None:
        return Found()
    found = recognise_positions(context, left)
    for one in families(context, left):
        if not found.blocks and one.kind == STRUCTURED:
            found = recognise_structured(context, left, one)
    if not found.blocks:
        return Found()
    points = [tuple(plan for plan in block.arrays if plan.association == "point") for block in found.blocks]
    blocks = tuple(
        replace(block, kind=CLOUD, count=math.prod(block.dims), cell_type=VERTEX, arrays=arrays)
        for block, arrays in zip(found.blocks, points)
    )
    roles = [plan.member for plan in blocks[0].roles.values()]
    kept = {plan.member for arrays in points for plan in arrays}.union(roles)
    note = f"{', '.join(roles)}: the points of a structured grid as a cloud, which is saved without its axes"
    return Found(blocks, {name: words for name, words in found.words.items() if name in kept}, (*found.notes, note))


def _put(context: Context, left: Members, roles: Mapping[str, Taken], *, check: bool = True) -> Found:
    """Put what fits on the points or cells of a grid with these positions; `check` what the user chooses for it."""
    plan = next(iter(roles.values())).plan
    lengths = {letter: plan.length(letter, context.specs[plan.member].shape) for letter in "xyz"}
    order = "".join(letter for letter in plan.letters if letter in "xyz")
    rest = beside(left, roles.values())
    taken = take_on_grid(context, rest, lengths, orders=(order,))
    made = Found.of(Block(STRUCTURED, dims=tuple(lengths.values())), taken, roles)
    if check:
        check_choices(context, without(rest, made.words), lengths, empty=not made.blocks[0].arrays)
    return made


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
