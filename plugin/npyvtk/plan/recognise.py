"""From names, shapes and dtypes to a `Layout`: the conventions by which plain NumPy files are datasets.

Users write such files with nothing but ``numpy.save`` and ``numpy.savez``.
This module asks the recognisers in order: each is a function of what is known of the file and of the members left.
It sees headers and the few small members that planning needs (`names.small_members`); it reads nothing itself, and
never looks at data values.
Whatever is assumed is said in the line of the array.
"""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..errors import OptionError
from .axes import format_axes, parse_axes
from .by_shape import sort_by_shape
from .context import Found, join, lines_of, read_context, take_field, without
from .dates import date_remarks
from .dtypes import left_out
from .geometry import IDENTITY, Geometry
from .grids import families
from .images import recognise_images
from .kinds import GRIDS, KINDS
from .layout import Block, Layout, beyond_many, count_steps, prominence
from .mesh import recognise_corners, recognise_mesh
from .names import SMALL
from .points import points_of, recognise_points
from .rectilinear import recognise_rectilinear
from .structured import recognise_cloud, recognise_positions, recognise_structured
from .tables import recognise_tables
from .tree import COLLECTION, Child, Composite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy as np

    from ..files.npy_header import ArraySpec
    from ..options import ReadOptions
    from .context import Context, Members

__all__ = ["USES_POSITIONS", "recognise"]

USES_POSITIONS = ("Auto", "Points", "Structured Grid", "Mesh")  # kinds of dataset
LARGE_FIELD = 1 << 20  # bytes from which on field data is loaded only when it is chosen
FITS_NOTHING = "fits nothing, field data; DataSetType Image shows it"
MISSING = {
    "Mesh": "DataSetType is Mesh, but the file has no points with cells, faces, triangles, tetras, lines or "
    "connectivity, offsets and types of fitting shapes. Choose Auto, or name the arrays so.",
    "Points": "DataSetType is Points, but no array has the shape (N, 2) or (N, 3) of real numbers. Choose Auto.",
}


def recognise(specs: Members, small: Mapping[str, np.ndarray], options: ReadOptions, *, single: bool = False) -> Layout:
    """Plan a file by its names and shapes.

    Parameters
    ----------
    specs : mapping
        The members that can be read, in file order.
    small : mapping
        Values of the members that `small_members` names; those that planning does not look at are not asked for.
    options : ReadOptions
        The user's choices go before everything that the file says.
    single : bool
        The file is a ``.npy``: its one name comes from the file and means nothing.

    Raises
    ------
    OptionError
        A choice of the user does not fit the file.
    """
    context, said = read_context(specs, small, options, single=single)
    layout = _layout(context, said)
    if context.times is None or len(context.times) == layout.steps:
        return layout
    # As long as some axis by chance, but nothing in the file has so many steps.
    layout = _layout(*read_context(specs, small, options, single=single, no_times=context.time))
    note = f"{context.time}: {len(context.times)} values where the arrays have {layout.steps} steps, read as plain data"
    return replace(layout, notes=(*layout.notes, note))


def _layout(context: Context, said: Found) -> Layout:
    left = {name: spec for name, spec in context.specs.items() if name not in said.lines}
    named = _by_names(context, left)
    left = {name: spec for name, spec in left.items() if name not in named.lines}
    if named.blocks:
        rest = _beside(context, left)
    elif context.options.dataset_type == "Table":
        rest = recognise_tables(context, left.values(), folded=True)
    elif context.options.dataset_type in MISSING:
        raise OptionError(MISSING[context.options.dataset_type])
    else:
        rest = _by_shape(context, left)
    fields = _as_fields(context, (spec for name, spec in left.items() if name not in rest.lines))
    found = join(said, named, rest, fields)
    plans = [plan for block in found.blocks for plan in (*block.roles.values(), *block.arrays)]
    planned = {plan.member for plan in (*plans, *found.fields)}
    geometry_members = {name: context.small[name] for name in context.image.used if name not in planned}
    root, notes = _root(found)
    large = _large_fields(root, context.specs)
    steps, beyond = count_steps(plans, context.specs), beyond_many(root, context.specs, large)
    lines = dict(found.lines)
    total = max(steps.values(), default=1)
    for name, count in steps.items():
        if 1 < count < total:
            lines[name] += f"; {count} time steps of {total}, then it stays at its last"
    for name in large:
        lines[name] += f" (larger than {LARGE_FIELD >> 20} MiB, so it is loaded only when Arrays names it)"
    for name in set(beyond).intersection(lines):
        lines[name] += " (one of many, so ParaView loads it only when Arrays names it)"
    for name, spec in context.specs.items():
        remarks = [spec.remark] if spec.remark else []
        if spec.dtype.kind in "VmM":
            remarks = [*left_out(spec.dtype), *remarks]
            remarks += date_remarks(spec.dtype, context.small.get(name)) if name != context.time else ()
        lines[name] = "; ".join((lines[name], *remarks))
    return Layout(
        root,
        {name: lines[name] for name in context.specs},
        (*found.notes, *notes),
        total,
        context.times,
        context.file_times,
        found.geometry or Geometry(),
        geometry_members,
        large,
        beyond,
    )


def _by_names(context: Context, left: Members) -> Found:
    """Make datasets of members whose names say positions, cells or coordinates; what fails leaves notes."""
    kind = context.options.dataset_type
    if context.positions and kind in USES_POSITIONS:
        return _of_named_positions(context, left)
    if context.single and kind != "Points":
        return Found()
    recognisers = {
        "Auto": (recognise_positions, recognise_mesh, recognise_points, recognise_corners, _recognise_grid),
        "Mesh": (recognise_mesh, recognise_corners),
        "Points": (recognise_cloud, recognise_points),
        "Structured Grid": (recognise_positions, _recognise_grid),
        "Rectilinear Grid": (_recognise_grid,),
    }
    return _first(recognisers.get(kind, ()), context, left)


def _first(recognisers: Iterable[Callable[[Context, Members], Found]], context: Context, left: Members) -> Found:
    """Return what the first recogniser makes that makes something, with the notes of those before."""
    found = Found()
    for recogniser in recognisers:
        if not found.blocks:
            found = join(found, recogniser(context, left))
    return found


def _recognise_grid(context: Context, left: Members) -> Found:
    """Make a grid of the coordinates that explain most axes, of which the first family goes first."""
    kind, found = context.options.dataset_type, Found()
    recognisers = {"Structured Grid": recognise_structured, "Rectilinear Grid": recognise_rectilinear}
    if kind == "Rectilinear Grid":
        del recognisers["Structured Grid"]
    every = (one for one in families(context, left) if one.kind in recognisers)
    for one in sorted(every, key=lambda one: (kind == "Structured Grid" and one.kind != kind, -len(one.found))):
        if not found.blocks:
            found = join(found, recognisers[one.kind](context, left, one))
    if kind == "Structured Grid":
        found = found._replace(blocks=tuple(replace(block, kind=kind) for block in found.blocks))
    return found


def _of_named_positions(context: Context, left: Members) -> Found:
    """Take the positions that the user names, as the kind that is chosen: a mesh where there are cells for them.

    Raises
    ------
    OptionError
        They cannot be the positions of such a dataset.
    """
    kind, whole = context.options.dataset_type, context.positions.get("points")
    recognisers = {
        "Mesh": (recognise_mesh,),
        "Points": (recognise_points, _named_columns, *(recognise_cloud,) * (kind == "Points")),
        "Structured Grid": (_named_grid if whole is None else recognise_positions,),
    }
    every = recognisers.get(kind) or tuple(one for group in recognisers.values() for one in group)
    found = _first(every, context, left)
    if found.blocks:
        return found
    what = ", ".join(f"{spec.name} is {spec.shape}" for spec in context.positions.values())
    needed = {
        "Mesh": "a mesh needs (N, 2) or (N, 3), or x, y[, z] of (N,), and cells that name them",
        "Points": "points need (N, 2) or (N, 3), with a time axis before it or none, or x, y[, z] of (N,)",
        "Structured Grid": "a structured grid needs (ny, nx, 3) or (nz, ny, nx, 3), or x, y[, z] of 2 or 3 axes",
    }
    raise OptionError(
        f"Positions is {context.options.positions!r}; {needed.get(kind, needed['Points'])}, but {what}. "
        "Choose other Positions, DataSetType or Axes."
    )


def _named_columns(context: Context, left: Members) -> Found:
    """Take the first columns of a wide table that the user names."""
    whole = context.positions.get("points")
    axes = context.explicit.get(2, parse_axes("nc"))
    if whole is None or len(whole.shape) != 2 or whole.shape[1] < 2 or format_axes(axes) != "nc":
        return Found()
    return points_of(context, left, whole, axes)


def _named_grid(context: Context, left: Members) -> Found:
    """Take the coordinates that the user names as those of the points of a structured grid."""
    grids = (one for one in families(context, left) if one.kind == "Structured Grid")
    return _first((partial(recognise_structured, coordinates=one) for one in grids), context, left)


def _beside(context: Context, left: Members) -> Found:
    """Add what lies on no positions or coordinates of the file: tables of records, and field data."""
    records = [spec for spec in left.values() if spec.dtype.names is not None and len(spec.shape) == 1]
    tables = recognise_tables(context, records)
    rest = [spec for name, spec in left.items() if name not in tables.lines]
    unfit = [spec for spec in rest if len(spec.shape) > 1 and math.prod(spec.shape) > SMALL]
    return join(tables, _as_fields(context, unfit, FITS_NOTHING))


def _by_shape(context: Context, left: Members) -> Found:
    """Make images, points and tables of what no name explains."""
    kind = context.options.dataset_type
    rest = {name: spec for name, spec in left.items() if name not in context.image.used}
    grids, point_sets, columns = sort_by_shape(context, rest, grid=kind != "Auto")
    made = []
    if not grids and not point_sets:
        made.append(recognise_tables(context, columns, folded=kind != "Auto"))
        rest = without(rest, made[0].lines)
    for one in point_sets:
        if one.spec.name in rest:
            sure = context.single or one.explicit
            note = "" if sure else "assumed; a member named points is sure"
            made.append(points_of(context, rest, one.spec, one.axes, note, sure=sure))
            rest = without(rest, made[-1].lines)
    # The points have taken what is as long as they are.
    unplaced = {dims: [one for one in group if one.spec.name in rest] for dims, group in grids.items()}
    made.append(recognise_images(context, rest, {dims: group for dims, group in unplaced.items() if group}))
    records = [one for one in columns if one.name in rest and one.dtype.names is not None and one.shape]
    if records:
        made.append(recognise_tables(context, records))
    found = join(*made) if len(made) > 1 else made[0]
    if kind == "Image" and not any(block.kind == "Image" for block in found.blocks):
        raise OptionError("DataSetType is Image, but no array of the file can be one. Choose Auto.")
    if kind in GRIDS:
        blocks = found.blocks or (Block("Table"),)
        found = found._replace(blocks=tuple(_as_grid(block, kind) for block in blocks))
    return found


def _as_grid(block: Block, kind: str) -> Block:
    """Turn an image into a grid with explicit coordinates."""
    if kind != "Image" and block.kind not in GRIDS:
        raise OptionError(
            f"DataSetType is {kind}, but the file holds a {block.kind.lower()}, which lies on no grid. Choose Auto."
        )
    if kind == "Rectilinear Grid" and block.direction != IDENTITY:
        raise OptionError(
            "DataSetType is Rectilinear Grid, but the image has a direction matrix, and a rectilinear grid cannot "
            "be turned. Choose Structured Grid."
        )
    return replace(block, kind=kind) if block.kind == "Image" else block


def _as_fields(context: Context, specs: Iterable[ArraySpec], note: str = "") -> Found:
    """Make members field data."""
    taken = [take_field(context, spec, note) for spec in specs]
    return Found((), lines_of(taken), (), tuple(one.plan for one in taken)) if taken else Found()


def _root(found: Found) -> tuple[Block | Composite, tuple[str, ...]]:
    """Make one dataset, or a collection of several, and notes on it."""
    if len(found.blocks) < 2:
        (block,) = found.blocks or (Block("Table"),)
        return replace(block, field_data=found.fields), ()
    children: dict[str, Block] = {}
    for block in found.blocks:
        members = [plan.member for plan in block.arrays] or [role.member for role in block.roles.values()]
        name = "+".join(members[:3]) + (f"+{len(members) - 3} more" if len(members) > 3 else "")
        name = block.name or name or block.kind
        unique, k = name, 2
        while unique in children:
            unique, k = f"{name} ({k})", k + 1
        children[unique] = replace(block, name=unique)
    # Where grids cover one another the largest is seen, of equal ones the first in the file, and ParaView colours by
    # the last.
    places = {name: -k if block.is_grid else k for k, (name, block) in enumerate(children.items())}
    order = sorted(children, key=lambda name: (prominence(children[name]), places[name]))
    partitions = tuple(Child(name, (children[name],)) for name in order)
    note = f"{len(partitions)} grids of different shapes, each a block of a collection"
    return Composite(COLLECTION, partitions, field_data=found.fields, fixed=False), (note,)


def _large_fields(root: Block | Composite, specs: Members) -> tuple[str, ...]:
    """Name the field data that is loaded only when it is chosen, in file order."""
    nothing_else = isinstance(root, Block) and KINDS[root.kind].has_rows and not root.arrays
    fields = {plan.member for plan in root.field_data}
    sizes = {name: math.prod(spec.shape) * spec.dtype.itemsize for name, spec in specs.items() if name in fields}
    return tuple(name for name, size in sizes.items() if size > LARGE_FIELD and not nothing_else)
