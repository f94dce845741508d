"""What arrays that no name explains are taken for, by their shapes: pictures and volumes, points, or columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .auto import auto_axes, is_narrow, is_photograph, is_real, other_readings
from .axes import Axis, format_axes, parse_axes
from .context import ends_in_time, find_coordinates
from .names import NO_POSITIONS, POINTS, SMALL
from .points import hold_positions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec
    from .context import Context, Members

__all__ = ["Guess", "cells_between", "hint", "indices_first", "sort_by_shape"]


class Guess(NamedTuple):
    """What an array that no name explains is taken for."""

    spec: ArraySpec
    axes: tuple[Axis, ...]
    note: str  # where the axes come from, when it is neither the user nor `auto`
    explicit: bool  # the axes were spelled out

    @property
    def small(self) -> bool:
        """Whether it may be a remark on other data."""
        return not self.explicit and math.prod(self.spec.shape) <= SMALL


def sort_by_shape(
    context: Context, left: Members, *, grid: bool
) -> tuple[dict[tuple[int, ...], list[Guess]], list[Guess], list[ArraySpec]]:
    """Tell grids by their lengths along x, y and z, point sets and columns apart; remarks on these are in none.

    Parameters
    ----------
    grid : bool
        Read points and tables as grids as well.
    """
    grids: dict[tuple[int, ...], list[Guess]] = {}
    point_sets: list[Guess] = []
    columns: list[ArraySpec] = []
    pictures = any(len(spec.shape) > 1 and math.prod(spec.shape) > SMALL for spec in left.values())
    photographs: dict[tuple[int, ...], str] | None = _find_photographs(context, left)
    if photographs and (context.image.used or {"x", "y"} <= set(find_coordinates(context, left, (1, 2, 3)))):
        photographs = None
    for spec in left.values():
        # Beside pictures, a lone axis is one of their attributes.
        whole = grid and (len(spec.shape) > 1 or not pictures)
        axes, note = _guess_axes(context, spec, photographs, grid=whole)
        guess = Guess(spec, axes, note, len(spec.shape) in context.explicit)
        if {axis.letter for axis in axes} & set("xyz"):
            lengths = {axis.letter: n for axis, n in zip(axes, spec.shape)}
            grids.setdefault(tuple(lengths.get(letter, 1) for letter in "xyz"), []).append(guess)
        elif is_real(spec.dtype) and hold_positions(axes, spec.shape):
            point_sets.append(guess)
        else:
            columns.append(spec)
    others = [] if context.single or context.options.dataset_type != "Auto" else _no_positions(point_sets)
    point_sets = [one for one in point_sets if one not in others]
    columns += [one.spec for one in others]
    # Matrices and ranges beside real data are remarks on it.
    large = {dims for dims, group in grids.items() if not all(one.small for one in group)}
    if large or any(not one.small for one in point_sets) or any(math.prod(one.shape) > SMALL for one in columns):
        cells = {cells_between(dims) for dims in large}
        grids = {dims: group for dims, group in grids.items() if dims in large or dims in cells}
        point_sets = [one for one in point_sets if not one.small]
    return grids, point_sets, columns


def cells_between(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Cells along x, y, z of so many points; a single point counts as one layer."""
    return tuple(n - 1 if n > 1 else 1 for n in dims)


def _no_positions(found: list[Guess]) -> list[Guess]:
    """Find normals and the like, and whole numbers beside positions, which name points."""
    floats = any(one.spec.dtype.kind == "f" and one.spec.name not in NO_POSITIONS for one in found)
    return [
        one
        for one in found
        if not one.explicit
        and (one.spec.name in NO_POSITIONS or (floats and one.spec.dtype.kind != "f" and one.spec.name not in POINTS))
    ]


def _find_photographs(context: Context, left: Members) -> dict[tuple[int, ...], str]:
    """Find the pictures whose first row is on top: (height, width) -> member."""
    found: dict[tuple[int, ...], str] = {}
    for spec in left.values():
        shape = spec.shape
        if spec.dtype != np.uint8 or len(shape) in context.explicit:
            continue
        if len(shape) == 4 and context.steps == shape[0]:
            shape = shape[1:]
        if is_photograph(shape, spec.dtype):
            found.setdefault(shape[:2], spec.name)
    return found


def _guess_axes(
    context: Context, spec: ArraySpec, photographs: Mapping[tuple[int, ...], str] | None, *, grid: bool
) -> tuple[tuple[Axis, ...], str]:
    """Axes of one array, and a remark on them; `photographs` is None where the file says where pictures lie."""
    shape, note = spec.shape, ""
    explicit = context.explicit.get(len(shape))
    if explicit is not None:
        axes = explicit
    elif len(shape) >= 3 and context.steps == shape[0]:
        axes = (Axis("t"), *_auto(context, shape[1:], spec.dtype, grid=grid, photographs=photographs is not None))
        note = "as long as time"
    else:
        axes = _auto(context, shape, spec.dtype, grid=grid, photographs=photographs is not None)
        note = hint(context, spec, axes)
    lengths = {axis.letter: n for axis, n in zip(axes, shape)}
    if 0 in shape and "t" in lengths:
        return parse_axes("n" + "c" * (len(shape) - 1)), ""  # there is not one time step to show
    size = lengths.get("y", 1), lengths.get("x", 1)
    if explicit is None and photographs and size in photographs and Axis("y") in axes:
        axes = tuple(axis._replace(reverse=True) if axis.letter == "y" else axis for axis in axes)
        note = f"first row on top, as of the picture {photographs[size]}"
    return axes, note


def _auto(
    context: Context, shape: tuple[int, ...], dtype: np.dtype, *, grid: bool, photographs: bool
) -> tuple[Axis, ...]:
    """Axes that `auto` assumes in this file."""
    placed = {name: context.specs[name].shape for name in context.image.used}
    three = {(3,), (3, 3), (4, 4)}  # shapes of what places an image with three numbers; 3x3 is an affine in the plane
    volume = any(s in three and (name, s) != ("affine", (3, 3)) for name, s in placed.items())
    volume |= "dz" in placed or "zmin" in placed
    axes = auto_axes(shape, dtype, grid=grid, photographs=photographs, volume=volume)
    if indices_first(context) and any(axis.letter in "xyz" for axis in axes):
        letters = {2: "xy", 3: "xyz", 4: "xyzt", 5: "xyztc"}.get(len(shape))
        return axes if letters is None else parse_axes(letters)
    return axes


def indices_first(context: Context) -> bool:
    """Whether an affine counts the indices of arrays, the first of which is i, and nothing else names their axes."""
    affine = "affine" in context.image.used and context.specs["affine"].shape == (4, 4)
    return affine and not set(context.explicit) & {2, 3, 4, 5}


def hint(context: Context, spec: ArraySpec, axes: tuple[Axis, ...]) -> str:
    """Name the choice where another reading of the shape is common."""
    if format_axes(axes).startswith("-yxc"):
        return "a photograph, first row on top; choose yxc to turn it"
    if indices_first(context):
        return ""
    if any(axis.letter == "n" for axis in axes):
        narrow = is_narrow(spec.shape, spec.dtype)
        return "DataSetType Points takes the first three columns as positions" if narrow else ""
    if axes != auto_axes(spec.shape, spec.dtype):
        return ""
    words = [*filter(None, [ends_in_time(context, spec, axes)])]
    for other, when in other_readings(spec.shape, spec.dtype):
        words.append(f"if {when}, choose {other}" if when else f"{other} puts the first row on top")
    return "; ".join(words)
