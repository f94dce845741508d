"""Images: arrays that lie on a grid by their shapes, and where the file says that the grid lies."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .by_shape import cells_between, indices_first
from .context import Found, join, take
from .dtypes import dtype_name
from .geometry import UNUSED, Geometry, ImageMembers, OnGrid, chosen_geometry, describe_geometry
from .layout import Block
from .names import BOX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .by_shape import Guess
    from .context import Context, Members

__all__ = ["recognise_images"]


def recognise_images(context: Context, left: Members, grids: Mapping[tuple[int, ...], list[Guess]]) -> Found:
    """Make one block of every grid shape; arrays one shorter along each axis are its cells.

    Parameters
    ----------
    left : mapping
        The members that say nothing of the place of images.
    grids : mapping
        Lengths along x, y and z -> the arrays that have them.
    """
    used = {
        dims: "".join(sorted({axis.letter for one in group for axis in one.axes} & set("xyz")))
        for dims, group in grids.items()
    }
    box, box_notes = _find_box(context, left)
    on = _place(context, used, box)
    association = context.options.association
    cells: dict[tuple[int, ...], tuple[int, ...]] = {}  # cells -> the points around them
    for dims in sorted(grids, key=math.prod, reverse=True) if association == "Auto" and len(grids) > 1 else ():
        inner = cells_between(dims)
        if dims not in cells and not on[dims].cells and inner in grids and inner != dims:
            cells.setdefault(inner, dims)
    images, places = [], []
    for dims, group in grids.items():
        if dims in cells:
            continue
        as_cells = association == "Cell Data" or (association == "Auto" and on[dims].cells)
        geometry = on[dims].geometry
        if on[dims].cells and not as_cells:  # the user wants points, which are in the middle of the file's cells
            shift = [s / 2 if letter in used[dims] else 0.0 for letter, s in zip("xyz", geometry.spacing)]
            geometry = replace(geometry, origin=tuple(o + s for o, s in zip(geometry.origin, shift)))
        applied = chosen_geometry(geometry, context.options)
        text = describe_geometry(applied, context.image.sources, context.options)
        members = [("cell" if as_cells else "point", one) for one in group]
        members += [("cell", one) for inner, outer in cells.items() if outer == dims for one in grids[inner]]
        points = tuple(n + (as_cells and letter in used[dims] and n > 0) for letter, n in zip("xyz", dims))
        block = Block("Image", dims=points, **vars(applied))
        made = _image(context, block, members, on[dims].falling)
        images.append(made._replace(notes=on[dims].notes, geometry=geometry))
        places += [(one.arrays[0].member if one.arrays else "", text) for one in made.blocks]
    shown = [on[dims] for dims in grids if dims not in cells]
    contradicted = set.intersection(*(set(one.contradicted) for one in shown)) if shown else set()
    said = {name: line for name, line in _geometry_lines(context).items() if name not in contradicted}
    unused = tuple(
        f"{name}: {spec.shape} is not used, for what its numbers mean is not known; set Origin and Spacing"
        for name, spec in left.items()
        if images and name in UNUSED and spec.dtype.kind in "iuf" and 2 <= math.prod(spec.shape) <= 6
    )
    notes = (*_place_notes(places), *context.image.notes, *box_notes)
    return join(Found((), said, notes), *images, Found(notes=unused))


def _image(context: Context, block: Block, members: list[tuple[str, Guess]], falling: str) -> Found:
    """Put arrays on the points or cells of an image."""
    taken = []
    for association, one in members:
        # Read backwards what falls; a - that somebody wrote says the same.
        axes = tuple(axis._replace(reverse=axis.reverse or axis.letter in falling) for axis in one.axes)
        falls = ", ".join(axis.letter for axis in axes if axis.letter in falling)
        note = f"{falls} falls, so it is read backwards" if falls else ""
        taken.append(take(context, one.spec, axes, association, "; ".join(filter(None, (one.note, note)))))
    return Found.of(block, taken, {})


def _place(
    context: Context, used: Mapping[tuple[int, ...], str], box: Mapping[str, tuple[float, float]]
) -> dict[tuple[int, ...], OnGrid]:
    """Say where the grids lie, which have the letters in `used`."""
    if context.options.ignore_file_geometry:
        return {dims: ImageMembers().on(dims, letters) for dims, letters in used.items()}
    return {
        dims: _in_box(box, dims) if box and set(letters) == set(box) else context.image.on(dims, letters)
        for dims, letters in used.items()
    }


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
    ends = [box.get(letter, (0.0, 1.0)) for letter in "xyz"]
    spacing = tuple(
        (hi - lo) / n if letter in box and n else 1.0 for letter, (lo, hi), n in zip("xyz", ends, dims)
    )  # fmt: skip
    return OnGrid(Geometry(tuple(lo for lo, _hi in ends), spacing), True, "", (), ())


def _geometry_lines(context: Context) -> dict[str, str]:
    """Lines of the members that say where images lie."""
    aside = " (left aside, as IgnoreFileGeometry says)" * context.options.ignore_file_geometry
    lines = {}
    for name in context.image.used:
        spec = context.specs[name]
        lines[name] = f"{name}: {spec.shape} {dtype_name(spec.dtype)}, geometry of the image{aside}"
    if "affine" in lines and context.specs["affine"].shape == (4, 4):
        read = ", so axes are read as xyz" if indices_first(context) else "; the axes are as they were given"
        lines["affine"] += f", from its indices i, j, k{read}"
    return lines


def _place_notes(places: list[tuple[str, str]]) -> tuple[str, ...]:
    """Say where the images lie: one line, or one for each that lies elsewhere."""
    lines = dict(places[::-1])
    if len(set(lines.values())) < 2:
        return tuple(f"geometry: {text}" for text in list(lines.values())[:1])
    return tuple(f"geometry of {name}: {text}" for name, text in lines.items())
