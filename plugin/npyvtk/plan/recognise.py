"""From names, shapes and dtypes to a `Layout`: the conventions by which plain NumPy files are datasets.

Users write such files with nothing but ``numpy.save`` and ``numpy.savez``.
This module asks the recognisers in order: each is a function of what is known of the file and of the members left.
It sees headers, and the values of the members that `names.small_members` names: times, places, coordinates and numbers
of points. It reads nothing itself, and never looks at data.
Whatever is assumed is said in the line of the array.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ..errors import OptionError
from .by_shape import recognise_by_shape
from .context import Found, join, read_context, take_fields, without
from .dtypes import left_out
from .geometry import Geometry
from .grids import families
from .kinds import CLOUD, MESH, RECTILINEAR, STRUCTURED, TABLE
from .layout import (
    LARGE_FIELD,
    Layout,
    beyond_many,
    check_sizes,
    columns_of,
    count_steps,
    large_fields,
    plan_root,
)
from .mesh import recognise_corners, recognise_mesh
from .names import AXES
from .points import assume_points, recognise_points
from .rectilinear import recognise_rectilinear
from .structured import recognise_cloud, recognise_positions, recognise_structured
from .tables import recognise_tables
from .times import date_remarks

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from ..options import ReadOptions
    from .context import Context, Members
    from .kinds import Kind
    from .names import Values

    Recogniser = Callable[[Context, Members], Found]

__all__ = ["recognise"]

MISSING = {
    MESH: "DataSetType is Mesh, but the file has no points with cells, faces, triangles, tetras, lines or "
    "connectivity, offsets and types of fitting shapes. Choose Auto, or name the arrays so.",
    CLOUD: "DataSetType is Points, but no array has the shape (N, 2) or (N, 3) of real numbers, or the "
    "fields x and y. Choose Auto.",
}


def recognise(specs: Members, small: Values, options: ReadOptions, *, single: bool = False) -> Layout:
    """Plan a file by its names and shapes.

    Parameters
    ----------
    specs : mapping
        The members that can be read, in file order.
    small : Values
        Of the members that `small_members` names; those that planning does not look at are not asked for.
    options : ReadOptions
        The user's choices go before everything that the file says.
    single : bool
        The file is a ``.npy``: its one name comes from the file and means nothing.

    Raises
    ------
    OptionError
        A choice of the user does not fit the file.
    UnsupportedError
        VTK cannot number what it would become.
    """
    no_times: dict[str, int] = {}
    while True:
        context, found = _datasets(specs, small, options, single=single, no_times=no_times)
        root, notes = plan_root(found.blocks, found.fields)
        steps = count_steps(root, specs)
        total = max(steps.values(), default=1)
        if context.times is None or len(context.times) == total:
            break
        # As long as some axis by chance, but nothing in the file has so many steps.
        no_times[context.time] = len(context.times)
    said = f"values where the arrays have {total} steps, read as plain data"
    notes = (*found.notes, *notes, *[f"{name}: {count} {said}" for name, count in no_times.items()])
    large, columns = large_fields(root, specs), columns_of(root, specs)
    beyond = beyond_many(root, columns, large)
    words = {name: found.words[name] for name in specs}
    for name, count in steps.items():
        if 1 < count < total:
            words[name] += f"; {count} time steps of {total}, then it stays at its last"
    for name in large:
        words[name] += f" (larger than {LARGE_FIELD >> 20} MiB, so it is loaded only when Arrays names it)"
    for name in set(beyond).intersection(words):
        words[name] += " (one of many, so ParaView loads it only when Arrays names it)"
    for name, spec in specs.items():
        remarks = [spec.remark] if spec.remark else []
        if spec.dtype.kind in "VmM":
            remarks = [*left_out(spec.dtype), *remarks]
            remarks += date_remarks(spec.dtype, small.get(name)) if name != context.time else ()
        words[name] = "; ".join((words[name], *remarks))
    geometry, members = found.geometry or (Geometry(), {})
    bare = (AXES,) if context.explicit and options.axes == "auto" else ()
    layout = Layout(
        root, words, notes, total, context.times, context.file_times, geometry, members, large, beyond, columns, bare
    )
    check_sizes(layout, specs)
    return layout


def _datasets(
    specs: Members, small: Values, options: ReadOptions, *, single: bool, no_times: Collection[str]
) -> tuple[Context, Found]:
    """Ask the recognisers; the parameters are those of `read_context`."""
    context, said = read_context(specs, small, options, single=single, no_times=no_times)
    chosen = context.chosen
    left = {name: spec for name, spec in specs.items() if name not in said.words}
    may_be_named = not single or chosen == CLOUD or bool(context.positions)
    named = _by_names(context, left) if may_be_named else [Found()]
    placed = bool(named[-1].blocks)
    left = {name: spec for name, spec in left.items() if name not in named[-1].words}
    if placed:  # what lies on no positions or coordinates of the file: tables of records, and field data
        records = [spec for spec in left.values() if spec.dtype.names is not None and len(spec.shape) == 1]
        rest = recognise_tables(context, records) if records else Found()
    elif chosen == TABLE:
        rest = recognise_tables(context, left.values(), folded=True)
    elif chosen in MISSING:
        raise OptionError(MISSING[chosen])
    else:
        rest = recognise_by_shape(context, left)
    fields = take_fields(context, without(left, rest.words), placed=placed)
    return context, join(said, *named, rest, fields)


def _by_names(context: Context, left: Members) -> list[Found]:
    """Make datasets of members whose names say positions, cells or coordinates; what fails leaves notes."""
    if context.positions:
        return _of_named_positions(context, left)
    recognisers: dict[Kind | None, tuple[Recogniser, ...]] = {
        None: (recognise_positions, recognise_mesh, recognise_points, recognise_corners, _recognise_grid),
        MESH: (recognise_mesh, recognise_corners),
        CLOUD: (recognise_cloud, recognise_points, assume_points),
        STRUCTURED: (recognise_positions, _recognise_grid),
        RECTILINEAR: (partial(_recognise_grid, kinds=(RECTILINEAR,)),),
    }
    return _first(recognisers.get(context.chosen, ()), context, left)


def _first(recognisers: Iterable[Recogniser], context: Context, left: Members) -> list[Found]:
    """Return what the first recogniser makes that makes something, after what those before it say."""
    found = [Found()]
    for recogniser in recognisers:
        if not found[-1].blocks:
            found.append(recogniser(context, left))
    return found


def _recognise_grid(context: Context, left: Members, kinds: tuple[Kind, ...] = (STRUCTURED, RECTILINEAR)) -> Found:
    """Make a grid of the coordinates that explain most axes, of which the first family goes first."""
    structured = context.chosen == STRUCTURED
    recognisers = {STRUCTURED: recognise_structured, RECTILINEAR: recognise_rectilinear}
    every = [one for one in families(context, left) if one.kind in kinds]
    every.sort(key=lambda one: (structured and one.kind != STRUCTURED, -len(one.found)))
    tries = [partial(recognisers[one.kind], coordinates=one) for one in every]
    found = join(*_first(tries, context, left)) if tries else Found()
    if structured:
        found = found._replace(blocks=tuple(replace(block, kind=STRUCTURED) for block in found.blocks))
    return found


def _of_named_positions(context: Context, left: Members) -> list[Found]:
    """Take the positions that the user names, as the kind that is chosen: a mesh where there are cells for them.

    Raises
    ------
    OptionError
        They cannot be the positions of such a dataset.
    """
    chosen = context.chosen
    recognisers: dict[Kind | None, tuple[Recogniser, ...]] = {
        MESH: (recognise_mesh,),
        CLOUD: (recognise_points, assume_points, *(recognise_cloud,) * (chosen == CLOUD)),
        STRUCTURED: (recognise_positions, partial(_recognise_grid, kinds=(STRUCTURED,))),
    }
    every = recognisers.get(chosen) or tuple(one for group in recognisers.values() for one in group)
    found = _first(every, context, left)
    if found[-1].blocks:
        return found
    what = ", ".join(f"{spec.name} is {spec.shape}" for spec in context.positions.values())
    needed: dict[Kind | None, str] = {
        MESH: "a mesh needs (N, 2) or (N, 3), or x, y[, z] of (N,), and cells that name them",
        CLOUD: "points need (N, 2) or (N, 3), with a time axis before it or none, or x, y[, z] of (N,)",
        STRUCTURED: "a structured grid needs (ny, nx, 3) or (nz, ny, nx, 3), or x, y[, z] of 2 or 3 axes",
    }
    raise OptionError(
        f"Positions is {context.options.positions!r}; {needed.get(chosen, needed[CLOUD])}, but {what}. "
        "Choose other Positions, DataSetType or Axes."
    )
