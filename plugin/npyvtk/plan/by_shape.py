"""What arrays that no name explains are taken for, by their shapes: pictures and volumes, points, or tables."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import OptionError
from .auto import guess, is_photograph, is_real
from .context import Found, find_coordinates, join, without
from .geometry import IDENTITY
from .images import recognise_images
from .kinds import TABLE
from .names import NO_POSITIONS, POINTS, SMALL
from .points import hold_positions, points_of
from .tables import recognise_tables

if TYPE_CHECKING:
    from ..files.npy_header import ArraySpec
    from .auto import Guess
    from .context import Context, Members
    from .kinds import Kind

__all__ = ["recognise_by_shape"]


def recognise_by_shape(context: Context, left: Members) -> Found:
    """Make images, points and tables of what no name explains."""
    chosen = context.chosen
    rest = {name: spec for name, spec in left.items() if name not in context.image.used}
    grids, point_sets, columns = _sort(context, rest, grid=chosen is not None)
    made = []
    for one in point_sets:
        if one.spec.name in rest:
            sure = context.single or one.explicit
            note = "" if sure else "assumed; a member named points is sure"
            made.append(points_of(context, rest, one.spec, one.axes, note, sure=sure))
            rest = without(rest, made[-1].words)
    if made:  # the points have taken what is as long as they are
        unplaced = {dims: [one for one in group if one.spec.name in rest] for dims, group in grids.items()}
        grids = {dims: group for dims, group in unplaced.items() if group}
    if columns and (made or grids):  # beside these a table is what says that it is one
        columns = [one for one in columns if one.name in rest and one.dtype.names is not None and one.shape]
    tables = recognise_tables(context, columns, folded=chosen is not None) if columns else Found()
    rest = {name: spec for name, spec in rest.items() if name not in tables.words}
    images = recognise_images(context, rest, grids)
    found = join(*made, images, tables)
    return found if chosen is None else _as_chosen(found, chosen)


def _as_chosen(found: Found, chosen: Kind) -> Found:
    """Turn images into grids of the kind that the user chooses.

    Raises
    ------
    OptionError
        There is something else, which lies on no such grid.
    """
    kinds = [block.kind for block in found.blocks] or [TABLE]
    if chosen.has_geometry:
        if not any(kind.has_geometry for kind in kinds):
            raise OptionError(f"DataSetType is {chosen.name}, but no array of the file can be one. Choose Auto.")
        return found
    other = next((kind.name.lower() for kind in kinds if not kind.is_grid), "")
    if other:
        raise OptionError(
            f"DataSetType is {chosen.name}, but the file holds a {other}, which lies on no grid. Choose Auto."
        )
    if chosen.has_axes and any(block.direction != IDENTITY for block in found.blocks):
        raise OptionError(
            "DataSetType is Rectilinear Grid, but the image has a direction matrix, and a rectilinear grid cannot "
            "be turned. Choose Structured Grid."
        )
    return found._replace(blocks=tuple(replace(block, kind=chosen) for block in found.blocks))


def _sort(
    context: Context, left: Members, *, grid: bool
) -> tuple[dict[tuple[int, ...], list[Guess]], list[Guess], list[ArraySpec]]:
    """Tell grids by their lengths along x, y and z, point sets and columns apart.

    Beside larger arrays small ones, such as a matrix or a range, make no grid or points of their own.

    Parameters
    ----------
    grid : bool
        Read points and tables as grids as well.
    """
    grids: dict[tuple[int, ...], list[Guess]] = {}
    point_sets: list[Guess] = []
    columns: list[ArraySpec] = []
    large: set[tuple[int, ...]] = set()  # grids with an array that is not small
    data = remarks = False
    pictures = any(len(spec.shape) > 1 and math.prod(spec.shape) > SMALL for spec in left.values())
    photographs = _find_photographs(context, left)
    for spec in left.values():
        # Beside pictures, a lone axis is one of their attributes.
        one = guess(context, spec, photographs, grid=grid and (len(spec.shape) > 1 or not pictures))
        lengths = {axis.letter: n for axis, n in zip(one.axes, spec.shape) if axis.letter in "xyz"}
        remark = one.small
        if lengths:
            dims = (lengths.get("x", 1), lengths.get("y", 1), lengths.get("z", 1))
            grids.setdefault(dims, []).append(one)
            large.update([] if remark else [dims])
        elif is_real(spec.dtype) and hold_positions(one.axes, spec.shape):
            point_sets.append(one)
        else:
            columns.append(spec)
            remark = math.prod(spec.shape) <= SMALL
        data, remarks = data or not remark, remarks or remark
    if point_sets and not context.single:
        others = _no_positions(point_sets)
        point_sets = [one for one in point_sets if one not in others]
        columns += [one.spec for one in others]
    if data and remarks:  # matrices and ranges beside real data
        cells = {tuple([max(n - 1, 1) for n in dims]) for dims in large}
        grids = {dims: group for dims, group in grids.items() if dims in large or dims in cells}
        point_sets = [one for one in point_sets if not one.small]
    return grids, point_sets, columns


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
    """Find the pictures whose first row is on top, where the file does not place them: (height, width) -> member."""
    found: dict[tuple[int, ...], str] = {}
    for spec in left.values():
        shape = spec.shape[1:] if len(spec.shape) == 4 and context.steps == spec.shape[0] else spec.shape
        if is_photograph(shape, spec.dtype) and len(spec.shape) not in context.explicit:
            found.setdefault(shape[:2], spec.name)
    placed = found and (context.image.used or {"x", "y"} <= set(find_coordinates(context, left, (1, 2, 3))))
    return {} if placed else found
