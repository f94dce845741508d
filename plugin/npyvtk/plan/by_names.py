"""From names, shapes and dtypes to a `Layout`: the conventions by which plain NumPy files are datasets.

Users write such files with nothing but ``numpy.save`` and ``numpy.savez``.
This module sees headers and the few small members that planning needs (`names.small_members`); it reads nothing
itself, and never looks at data values.
Whatever is assumed is said in the line of the array.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .dates import date_remarks, has_dates
from .dtypes import left_out
from .grids import as_kind, take_grid
from .layout import Layout
from .meshes import take_mesh, take_points
from .plain import geometry_lines, plain_arrays, with_others
from .planner import Planner
from .positions import take_named, take_positions_of_grid
from .vectors import vectors_apart

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..files.npy_header import ArraySpec
    from ..options import ReadOptions
    from .layout import Block, Composite

__all__ = ["USES_POSITIONS", "plan_by_names"]

USES_POSITIONS = ("Auto", "Points", "Structured Grid", "Mesh")  # kinds of dataset


def plan_by_names(
    specs: Mapping[str, ArraySpec],
    small: Mapping[str, np.ndarray],
    options: ReadOptions,
    *,
    single: bool = False,
) -> Layout:
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
    planner = Planner(specs, small, options, single)
    layout = plan_members(planner)
    if planner.times is not None and len(planner.times) != layout.steps:
        # As long as some axis by chance, but nothing in the file has so many steps.
        name = planner.time_name
        layout = plan_members(Planner(specs, small, options, single, no_times=name))
        note = f"{name}: {len(planner.times)} values where the arrays have {layout.steps} steps, read as plain data"
        return replace(layout, notes=(*layout.notes, note))
    return layout


def plan_members(planner: Planner) -> Layout:
    planner.take_time()
    root = root_of(planner)
    planner.tell_short_films()
    planner.notes += vectors_apart(planner.specs, root)
    for name, spec in planner.specs.items():
        extra = left_out(spec.dtype)
        remarks = [*extra, spec.remark] if spec.remark else list(extra)
        if name != planner.time_name and has_dates(spec.dtype):
            remarks += date_remarks(spec.dtype, planner.small.get(name))
        if remarks and name in planner.lines:
            planner.lines[name] += "; " + "; ".join(remarks)
    lines = {name: planner.lines[name] for name in planner.specs if name in planner.lines}
    notes = (*geometry_lines(planner), *planner.notes)
    return Layout(
        root,
        lines,
        notes,
        planner.steps,
        planner.times,
        planner.file_times,
        planner.geometry,
        planner.geometry_members,
        tuple(name for name in planner.specs if name in planner.only_chosen),
    )


def root_of(planner: Planner) -> Block | Composite:
    kind = planner.options.dataset_type
    if planner.positions and kind in USES_POSITIONS:
        return with_others(planner, take_named(planner, kind))
    if planner.single or kind in ("Image", "Table"):
        return plain_arrays(planner, kind)
    if kind == "Auto":
        found = take_mesh(planner) or take_points(planner)
        blocks = [found] if found else take_positions_of_grid(planner) or take_grid(planner)
        return with_others(planner, blocks) if blocks else plain_arrays(planner, kind)
    blocks = []
    if kind in ("Mesh", "Points"):
        found = take_mesh(planner) if kind == "Mesh" else take_points(planner)
        blocks = [found] if found else []
    elif kind == "Structured Grid":
        blocks = take_positions_of_grid(planner) or take_grid(planner, ("Structured Grid",))
    if kind in ("Structured Grid", "Rectilinear Grid") and not blocks:
        blocks = take_grid(planner, ("Rectilinear Grid",))
    if blocks:
        return with_others(planner, [as_kind(block, kind) for block in blocks])
    return plain_arrays(planner, kind)
