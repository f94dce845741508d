"""What arrays that no name explains are taken for, by their shapes: pictures and volumes, points, or tables."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OptionError
from .auto import guess, hint, indices_first, is_photograph, is_real
from .axes import counted_axes, parse_axes
from .context import Found, find_coordinates, join, take, without
from .geometry import IDENTITY, UNUSED, Geometry, ImageMembers, OnGrid, applied_geometry
from .kinds import IMAGE, KINDS, TABLE
from .layout import ArrayPlan, Block
from .names import BOX, NO_POSITIONS, POINTS, SMALL
from .points import hold_positions, points_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..files.npy_header import ArraySpec
    from .auto import Guess
    from .axes import Axis
    from .context import Context, Members, Taken
    from .kinds import Kind

__all__ = ["recognise_by_shape", "recognise_tables"]


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
    images = _make_images(context, rest, grids)
    found = join(*made, images, tables)
    return found if chosen is None else _as_chosen(found, chosen)


def _as_chosen(found: Found, chosen: Kind) -> Found:
    """Turn images into grids of the kind that the user chooses.

    Raises
    ------
    OptionError
        There is something else, which lies on no such grid.
    """
    kinds = [KINDS[block.kind] for block in found.blocks] or [KINDS[TABLE]]
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
    return found._replace(blocks=tuple(replace(block, kind=chosen.name) for block in found.blocks))


def _sort(
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
    large: set[tuple[int, ...]] = set()  # grids with more than remarks on other data
    data = remarks = False
    pictures = any(len(spec.shape) > 1 and math.prod(spec.shape) > SMALL for spec in left.values())
    photographs = _find_photographs(context, left)
    for spec in left.values():
        # Beside pictures, a lone axis is one of their attributes.
        one = guess(context, spec, photographs, grid=grid and (len(spec.shape) > 1 or not pictures))
        lengths, remark = one.lengths, one.small
        if not lengths.keys().isdisjoint("xyz"):
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


def _make_images(context: Context, left: Members, grids: Mapping[tuple[int, ...], list[Guess]]) -> Found:
    """Make one block of every grid shape; arrays one shorter along each axis are its cells.

    Parameters
    ----------
    left : mapping
        The members that say nothing of the place of images.
    grids : mapping
        Lengths along x, y and z -> the arrays that have them.
    """
    said = _geometry_words(context)
    box, box_notes = _find_box(context, left)
    image, box = (ImageMembers(), {}) if context.options.ignore_file_geometry else (context.image, box)
    unused = [
        f"{name}: {spec.shape} is not used, for what its numbers mean is not known; set Origin and Spacing"
        for name, spec in left.items()
        if grids and name in UNUSED and spec.dtype.kind in "iuf" and 2 <= math.prod(spec.shape) <= 6
    ]
    used = {
        dims: "".join(sorted({axis.letter for one in group for axis in one.axes} & set("xyz")))
        for dims, group in grids.items()
    }
    on = {}
    for dims, letters in used.items():
        on[dims] = _in_box(box, dims) if box and set(letters) == set(box) else image.on(dims, letters)
    association = context.options.association
    cells: dict[tuple[int, ...], tuple[int, ...]] = {}  # of the points around them
    for dims in sorted(grids, key=math.prod, reverse=True) if association == "Auto" and len(grids) > 1 else ():
        inner = tuple([max(n - 1, 1) for n in dims])
        inside = set(cells.values())
        if inner in grids and inner != dims and not on[dims].cells and inside.isdisjoint((dims, inner)):
            cells[dims] = inner
    images, contradicted = [], []
    places: dict[str, str] = {}  # of each image, by the name of its first array
    for dims, place in on.items():
        if dims in cells.values():
            continue
        as_cells = association == "Cell Data" or (association == "Auto" and place.cells)
        points, geometry = place.points(dims, used[dims], as_cells=as_cells)
        applied, text = applied_geometry(geometry, context.image.sources, context.options)
        taken = []
        on_cells = grids[cells[dims]] if dims in cells else []
        for where, group in (("cell" if as_cells else "point", grids[dims]), ("cell", on_cells)):
            for one in group:
                axes, note = _read_backwards(one, place.falling) if place.falling else (one.axes, one.note)
                taken.append(take(context, one.spec, axes, where, note))
        made = Found.of(Block(IMAGE, dims=points, **vars(applied)), taken, {})
        images.append(made._replace(notes=place.notes))
        for block in made.blocks:
            places.setdefault(block.arrays[0].member if block.arrays else "", text)
        contradicted.append(set(place.contradicted))
    held = dict(context.image.used)
    for name in set.intersection(*contradicted) if contradicted else ():
        del said[name], held[name]
    notes = [f"geometry: {next(iter(places.values()))}"] if places else []
    if len(set(places.values())) > 1:
        notes = [f"geometry of {name}: {text}" for name, text in reversed(places.items())]
    notes += [*context.image.notes, *box_notes]
    in_file = (geometry, held) if images else None
    return join(Found((), said, tuple(notes), (), in_file), *images, Found(notes=tuple(unused)))


def _read_backwards(one: Guess, falling: str) -> tuple[tuple[Axis, ...], str]:
    """Return the axes of an array, and what is said of them, where it is read backwards along those that fall."""
    # A - that somebody wrote says the same.
    axes = tuple(axis._replace(reverse=axis.reverse or axis.letter in falling) for axis in one.axes)
    letters = ", ".join(axis.letter for axis in axes if axis.letter in falling)
    note = f"{letters} falls, so it is read backwards" if letters else ""
    return axes, "; ".join(filter(None, (one.note, note)))


def _find_box(context: Context, left: Members) -> tuple[dict[str, tuple[float, float]], tuple[str, ...]]:
    """Find the ends of the image along each axis, as ``lower`` and ``upper`` in the order of ``dim_names``."""
    if not all(name in left and name in context.small for name in BOX) or context.image.used:
        return {}, ()
    lower, upper, names = (context.small[name] for name in BOX)
    letters = [letter for letter in names.astype(str).tolist() if letter in ("x", "y", "z")]
    real = lower.dtype.kind in "iuf" and upper.dtype.kind in "iuf" and names.dtype.kind in "US"
    fits = real and lower.shape == upper.shape == (len(letters),) and len(set(letters)) == len(letters) > 0
    if not fits or not np.all(np.isfinite(lower)) or not np.all(np.isfinite(upper)) or not np.all(lower < upper):
        return {}, ("lower, upper, dim_names: no box of rising ends along x, y or z, so plain data",)
    note = "lower, upper, dim_names: the box of the image, whose values are in the middle of cells"
    return dict(zip(letters, zip(lower.astype(float).tolist(), upper.astype(float).tolist()))), (note,)


def _in_box(box: Mapping[str, tuple[float, float]], dims: tuple[int, ...]) -> OnGrid:
    """Place an image of so many cells along x, y, z in a box."""
    ends = [box.get(letter, (0.0, float(n))) for letter, n in zip("xyz", dims)]
    spacing = tuple((hi - lo) / n if n else 1.0 for (lo, hi), n in zip(ends, dims))
    return OnGrid(Geometry(tuple(lo for lo, _hi in ends), spacing), True, "", (), ())


def _geometry_words(context: Context) -> dict[str, str]:
    """What is said of the members that say where images lie."""
    aside = " (left aside, as IgnoreFileGeometry says)" * context.options.ignore_file_geometry
    words = dict.fromkeys(context.image.used, f"geometry of the image{aside}")
    if "affine" in words and context.specs["affine"].shape == (4, 4):
        read = ", so axes are read as xyz" if indices_first(context) else "; the axes are as they were given"
        words["affine"] += f", from its indices i, j, k{read}"
    return words


def recognise_tables(context: Context, columns: Iterable[ArraySpec], *, folded: bool = False) -> Found:
    """Make one table of every length; scalars, texts and small arrays beside long columns are left.

    Parameters
    ----------
    folded : bool
        Axes of space that are spelled out are rows and columns as well.
    """
    columns = tuple(columns)
    lengths = {spec.shape[0] for spec in columns if spec.shape}
    long = len(lengths) > 1 and any(math.prod(spec.shape) > SMALL for spec in columns)
    tables: dict[int, list[Taken]] = {}
    for spec in columns:
        remark = long and spec.dtype.names is None and math.prod(spec.shape) <= SMALL
        remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
        if remark or (lengths and not spec.shape):
            continue
        axes = context.explicit.get(len(spec.shape), ())
        plan = ArrayPlan(spec.name, axes)
        if not axes or 0 in plan.steps(spec.shape) or (folded and not set("xyz").isdisjoint(plan.letters)):
            row = len(spec.shape) == 2 and spec.shape[0] == 1 != spec.shape[1]
            axes = parse_axes("cn") if row else counted_axes(len(spec.shape))
        taken = take(context, spec, axes, "row", hint(context, spec, axes))
        tables.setdefault(taken.plan.length("n", spec.shape), []).append(taken)
    return join(Found(), *[Found.of(Block(TABLE, count=count), group, {}) for count, group in tables.items()])
