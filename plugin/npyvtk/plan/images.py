"""Images: arrays on grids whose points lie at equal distances, where the file says or from 0 with a spacing of 1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from .context import Found, join, take
from .geometry import UNUSED, Geometry, ImageMembers, OnGrid, applied_geometry
from .kinds import IMAGE
from .layout import Block
from .names import BOX

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .auto import Guess
    from .axes import Axis
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
        read = ", so axes are read as xyz" if context.indices_first else "; the axes are as they were given"
        words["affine"] += f", from its indices i, j, k{read}"
    return words
