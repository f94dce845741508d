"""Points: members that hold positions, and the arrays as long as they are."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from ..errors import OptionError
from .auto import MAX_WIDTH, VECTOR_LENGTHS, ends_in_time, fields_of_positions, is_real
from .axes import counted_axes, format_axes, parse_axes
from .context import Found, beside, find_coordinates, find_moving, take, take_role
from .grids import cells_along, grid_axes, lies_as_named, unexplained
from .kinds import CLOUD
from .layout import ArrayPlan, Block
from .names import ATOM_NUMBERS, ATOMS, FAMILIES, MESH_POINTS, POINTS, SCIKIT_FEM, VERTEX

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .context import Context, Members, Taken

MAY_BE_NUMBERS = ("nodes", *MESH_POINTS, ATOMS)

__all__ = ["Positions", "assume_points", "attach", "find_positions", "hold_positions", "points_of", "recognise_points"]


class Positions(NamedTuple):
    """Members that hold the positions of points."""

    roles: Mapping[str, Taken]  # points, or x, y and z -> member
    number: int  # of points
    width: int  # coordinates of a point


def recognise_points(context: Context, left: Members) -> Found:
    """Take positions without cells as points."""
    chosen = context.chosen == CLOUD
    positions = None if context.single else find_positions(context, left)
    if positions is None:
        return Found()
    if "x" in positions.roles and "t" not in positions.roles["x"].plan.letters and not (chosen or context.positions):
        lengths = {letter: positions.number if letter in positions.roles else 1 for letter in "xyz"}
        for spec in left.values():
            for along in (lengths, cells_along(lengths)) if len(spec.shape) >= positions.width else ():
                if lies_as_named(context, spec, along) or grid_axes(spec.shape, along, context.steps):
                    return Found()  # data on the grid that they span
    block = Block(CLOUD, count=positions.number, cell_type=VERTEX)
    return attach(context, left, block, positions.roles)


def assume_points(context: Context, left: Members) -> Found:
    """Take the first array that can hold points, as the user says that there are some, or the wide one so named."""
    named = [spec for role, spec in context.positions.items() if role == "points"]
    for spec in left.values():
        fields = () if context.positions else fields_of_positions(spec)
        if fields:
            data = take(context, spec, parse_axes("n"), "point", f"its fields {', '.join(fields)} are the positions")
            roles = {letter: data._replace(plan=data.plan._replace(columns=(letter,))) for letter in fields}
            block = Block(CLOUD, count=spec.shape[0], cell_type=VERTEX)
            return attach(context, left, block, roles, data=[data])
    for spec in () if context.positions else left.values():
        axes = _axes_of_positions(context, spec)
        if axes is not None:
            return points_of(context, left, spec, axes)
    axes = context.explicit.get(2, parse_axes("nc"))
    for spec in named if context.positions else left.values():
        if is_real(spec.dtype) and len(spec.shape) == 2 and hold_positions(axes, spec.shape, wide=True):
            return points_of(context, left, spec, axes)
    return Found()


def points_of(
    context: Context, left: Members, spec: ArraySpec, axes: tuple[Axis, ...], note: str = "", *, sure: bool = True
) -> Found:
    """Make the rows of one array points; components beyond the third stay data."""
    plan = ArrayPlan(spec.name, axes)
    block = Block(CLOUD, count=plan.length("n", spec.shape), cell_type=VERTEX)
    wide = plan.components(spec.shape)[0] > 3
    if wide:
        role = take(context, spec, axes, "point", "the first three columns are the positions")
    else:
        role = take_role(spec, axes, f"axes {format_axes(axes)}, positions of points" + f" ({note})" * bool(note))
    return attach(context, left, block, {"points": role}, data=[role] * wide, sure=sure)


def find_positions(context: Context, left: Members, *, mesh: bool = False) -> Positions | None:
    """Find the members that hold positions, or take those that the user names.

    A `mesh` has more names for them, and may have x and y alone.
    """
    named = context.positions
    names = () if named else (*POINTS, *MESH_POINTS * mesh, *(ATOMS,) * _are_of_atoms(left))
    # Whole numbers name points, or are something else.
    found = [
        left[name] for name in names if name in left and (name not in MAY_BE_NUMBERS or left[name].dtype.kind == "f")
    ]
    for spec in [named["points"]] if "points" in named else found:
        axes = _axes_of_positions(context, spec)
        if axes is not None:
            return _positions(context, spec, axes)
    columns = None if named else left.get(SCIKIT_FEM[0])
    pair = mesh and SCIKIT_FEM[1] in left
    if pair and columns is not None and columns.dtype.kind == "f" and columns.shape[:-1] in ((2,), (3,)):
        return _positions(context, columns, parse_axes("cn"))
    apart, along = find_moving(context, left, context.steps), "tn"
    if not apart or not (named or _move(context, left, apart["x"].shape)):
        along = "n"
        for family in FAMILIES if context.chosen == CLOUD else FAMILIES[:1]:
            apart = find_coordinates(context, left, (1,), family)
            flat = named or mesh or context.chosen == CLOUD or ("x" in apart and _hold_vectors(left, apart["x"]))
            fits = set(apart) == set("xyz") or (flat and set(apart) == set("xy"))
            if fits and len({spec.shape for spec in apart.values()}) == 1:
                break
        else:
            return None
    roles = {letter: take_role(spec, along, f"{letter} of points") for letter, spec in apart.items()}
    return Positions(roles, apart["x"].shape[-1], len(apart))


def _hold_vectors(left: Members, column: ArraySpec) -> bool:
    """Tell whether there are vectors as many as a column is long, which alone would be taken for positions."""
    n = column.shape[0]
    return n >= 4 and any(is_real(spec.dtype) and spec.shape in ((n, 2), (n, 3)) for spec in left.values())


def _move(context: Context, left: Members, shape: tuple[int, ...]) -> bool:
    """Tell whether nothing speaks against it that coordinates are those of points that move."""
    return 2 not in context.explicit and not any(
        len(spec.shape) > 2 and shape in (spec.shape[-2:], spec.shape[1:3]) for spec in left.values()
    )


def _positions(context: Context, spec: ArraySpec, axes: tuple[Axis, ...]) -> Positions:
    words = f"axes {format_axes(axes)}, positions of points"
    if len(axes) == 3 and context.steps != spec.shape[0] and 3 not in context.explicit and spec.name != ATOMS:
        words += " that move (if they are those of a grid, choose DataSetType Structured Grid)"
    role = take_role(spec, axes, words)
    return Positions({"points": role}, role.plan.length("n", spec.shape), role.plan.components(spec.shape)[0])


def _are_of_atoms(left: Members) -> bool:
    """Tell whether R holds the positions of atoms: beside a number for each of them."""
    shape = left[ATOMS].shape if ATOMS in left else ()
    numbers = [left[name] for name in ATOM_NUMBERS if name in left and left[name].dtype.kind in "iu"]
    return any(one.shape in (shape[-2:-1], shape[:-1]) for one in numbers if shape)


def _axes_of_positions(context: Context, spec: ArraySpec) -> tuple[Axis, ...] | None:
    """Axes of positions, n and c of 2 or 3, with time or without; None when the array holds none."""
    n = len(spec.shape)
    if not is_real(spec.dtype) or n not in (2, 3):
        return None
    axes = context.explicit.get(n, ())
    if {axis.letter for axis in axes} <= {"n", "t"}:  # which means others
        axes = parse_axes("tnc"[3 - n :])
    return axes if hold_positions(axes, spec.shape) else None


def attach(
    context: Context,
    left: Members,
    block: Block,
    roles: Mapping[str, Taken],
    *,
    data: Iterable[Taken] = (),
    sure: bool = True,
) -> Found:
    """Put every array as long as the points (or cells) on them, after `data`.

    Raises
    ------
    OptionError
        The user wants data on cells, and there are points alone.
    """
    chosen = context.options.association
    counts = {"point": block.count, "cell": block.cells}
    if block.kind.is_cloud:
        del counts["cell"]
    if block.cells_form == "corners":  # rather one for each than so many steps of the corners
        counts = {"cell": block.cells, "point": block.count}
    if chosen == "Cell Data" and "cell" not in counts:
        raise OptionError(
            "Association is Cell Data, but a point set has no cells of its own. Choose Point Data, or add "
            "cells to the file."
        )
    counts = {key: n for key, n in counts.items() if chosen in ("Auto", f"{key.title()} Data")}
    steps = context.steps or next((one.steps for one in roles.values() if "t" in one.plan.letters), None)
    alike = ["as many cells as points"] if len(set(counts.values())) < len(counts) else []
    as_steps = [f"as many {key}s as time steps" for key, n in counts.items() if n == steps]
    taken = list(data)
    for spec in beside(left, roles.values()).values():
        # Of as many points as time steps: one value for each step and cell, if they are no vectors.
        timed = [key for key, n in counts.items() if spec.shape[:2] == (steps, n) and n not in VECTOR_LENGTHS]
        for association in (*timed, *counts):
            n = counts[association]
            axes = _counted_axes(context, spec, n, steps, sure=sure)
            if axes is not None:
                notes = [*alike, *as_steps * (spec.shape[:1] == (steps,))]
                if axes[0].letter == "t" and steps != spec.shape[0] and len(spec.shape) not in context.explicit:
                    notes.append(unexplained(axes))
                notes.append(ends_in_time(context, spec, axes) if axes[-1].letter == "c" else "")
                taken.append(take(context, spec, axes, association, "; ".join(filter(None, notes))))
                break
    return Found.of(block, taken, roles)


def _counted_axes(
    context: Context, spec: ArraySpec, n: int, steps: int | None, *, sure: bool
) -> tuple[Axis, ...] | None:
    """Axes of an array with one entry per point or cell; None when it has not.

    A first axis of unknown length is time only where the points are `sure`, and not in a square matrix.
    """
    shape = spec.shape
    explicit = ArrayPlan(spec.name, context.explicit.get(len(shape), ()))
    if explicit.axes:
        return explicit.axes if "n" in explicit.letters and explicit.length("n", shape) == n else None
    if len(shape) in (2, 3) and shape[1] == n and shape[0] and (steps == shape[0] or (sure and shape[0] != n)):
        return parse_axes("tnc"[: len(shape)])
    if shape and shape[0] == n and math.prod(shape[1:]) <= MAX_WIDTH:
        return counted_axes(len(shape))
    return None


def hold_positions(axes: tuple[Axis, ...], shape: tuple[int, ...], *, wide: bool = False) -> bool:
    """Tell whether axes mean positions of points: n and one c of 2 or 3 (or more), and at most time beside."""
    plan = ArrayPlan("", axes)
    if sorted(plan.letters.replace("t", "")) != ["c", "n"] or 0 in plan.steps(shape):
        return False
    (width,) = plan.components(shape)
    return width >= 2 if wide else width in (2, 3)
