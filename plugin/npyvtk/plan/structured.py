"""Structured grids: coordinates of two or three axes and of one shape, and the arrays on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .auto import auto_axes
from .axes import format_axes, parse_axes
from .context import Found, take_role, without
from .grids import check_choices, put_on_grid
from .layout import Block

if TYPE_CHECKING:
    from .context import Context, Members
    from .grids import Coordinates

__all__ = ["recognise_structured"]


def recognise_structured(context: Context, left: Members, coordinates: Coordinates) -> Found:
    """Take coordinates of two or three axes and one shape as a structured grid."""
    found = coordinates.found
    shape = found["x"].shape
    if not coordinates.first and not _are_of_a_grid(left, found):
        return Found()
    axes = context.explicit.get(len(shape), auto_axes(shape, np.dtype(float), grid=True))
    if len(shape) == 3 and len(context.explicit.get(3, ())) != 3:
        axes = parse_axes("zyx")  # coordinates never have components
    if any(axis.letter not in "xyz" for axis in axes):
        return Found()
    words = f"axes {format_axes(axes)}, " + "{} of the points of a structured grid"
    roles = {letter: take_role(spec, axes, words.format(letter)) for letter, spec in found.items()}
    lengths = {**dict.fromkeys("xyz", 1), **{axis.letter: n for axis, n in zip(axes, shape)}}
    block = Block("Structured Grid", dims=tuple(lengths.values()))
    order = "".join(axis.letter for axis in axes)
    left = without(left, (spec.name for spec in found.values()))
    made = put_on_grid(context, left, block, lengths, roles, orders=(order,))
    check_choices(context, without(left, made.lines), lengths, empty=not made.blocks[0].arrays)
    return made


def _are_of_a_grid(left: Members, found: Members) -> bool:
    """Tell whether names that also mean other things are the coordinates of a grid here."""
    shape, names = found["x"].shape, {spec.name for spec in found.values()}
    if min(shape) < 2 or any(spec.dtype.itemsize == 1 for spec in found.values()):
        return False
    if len(shape) == 2 and any(axis.letter == "n" for axis in auto_axes(shape, found["x"].dtype)):
        return False  # few columns: rows of points or of a table
    return "z" in found or (
        len(shape) == 2 and any(spec.shape == shape for name, spec in left.items() if name not in names)
    )
