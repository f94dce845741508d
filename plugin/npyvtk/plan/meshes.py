"""Points and meshes, recognised by names and shapes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from ..errors import OptionError
from .auto import MAX_WIDTH, is_real
from .axes import format_axes, parse_axes
from .fitting import cells_along, grid_axes
from .layout import ArrayPlan, Block, CellTable
from .names import ATOM_NUMBERS, ATOMS, KIND_NAMES, MESH_POINTS, POINTS, POLY_TYPES, VERTEX
from .topology import find_cells, find_lines

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .planner import Planner
    from .topology import Topology

MAY_BE_NUMBERS = ("nodes", *MESH_POINTS)

__all__ = ["assume_points", "hold_positions", "points_of", "take_mesh", "take_points"]


def take_mesh(planner: Planner) -> Block | None:
    """Take positions and cells as a mesh."""
    positions = find_positions(planner, mesh=True)
    if positions is None:
        return None
    members, count, width = positions
    left = planner.left
    topology = [left[name] for name in ("connectivity", "offsets", "types") if name in left]
    if len(topology) == 3 and all(spec.dtype.kind in "iu" and len(spec.shape) == 1 for spec in topology):
        cells = topology[2].shape[0]
        if topology[1].shape[0] not in (cells, cells + 1):
            planner.notes.append(
                f"offsets: {topology[1].shape} beside types of {topology[2].shape}; one entry per cell or one "
                "more is expected, so connectivity, offsets and types are plain data"
            )
            return None
        roles = {spec.name: planner.take_role(spec, "n", "cells of a mesh") for spec in topology}
        block = Block("Mesh", count=count, cells=cells, roles=roles)
    else:
        taken = _take_cells(planner, count, width, members.get("points", ""))
        if taken is None:
            return None
        block, cells = taken, taken.cells
    block = replace(block, roles={**block.roles, **take_positions(planner, members)})
    return attach(planner, block, {"point": count, "cell": cells})


def _take_cells(planner: Planner, count: int, width: int, points: str) -> Block | None:
    """Take a table of point numbers, or lines of the member `points`, as the cells of a mesh without its points."""
    columns = points == "p" and planner.left[points].shape == (width, count)
    every = list(find_cells(planner, count, width, columns=columns))
    kinds = _side_by_side(planner, every, count)
    if kinds:
        return _join_kinds(planner, kinds, count)
    found = every[0] if every else None
    found = found or (find_lines(planner, count) if points else None)
    if found is None:
        return None
    role = found.name if found.form == "lines" else "cells"
    roles = {role: planner.take_role(planner.left[found.name], found.axes, found.words)}
    if found.types:
        roles["types"] = planner.take_role(planner.left[found.types], "n", "types of the cells of a mesh")
    poly = found.cell_type in POLY_TYPES or (found.form == "stream" and not found.types)
    block = Block(
        "Poly Data" if poly and found.cells else "Mesh",  # poly data does not tell what cells it has none of
        count=count,
        cells=found.cells,
        cell_type=found.cell_type,
        cells_form=found.form,
        first_id=found.first_id,
        roles=roles,
    )
    for other in every[1:]:
        planner.excluded.add(other.name)
        planner.notes.append(
            f"{other.name}: left as field data, a mesh has one such array; for several kinds of cells give "
            "connectivity, offsets and types"
        )
    return block


def _side_by_side(planner: Planner, every: list[Topology], count: int) -> list[Topology]:
    """Find tables that name their kinds, in file order; none where there is one, or data is on one of them alone."""
    tables = {one.name: one for one in every if one.name in KIND_NAMES and one.cells}
    kinds = [tables[name] for name in planner.specs if name in tables]
    alone = {one.cells for one in kinds} - {count, sum(one.cells for one in kinds)}
    on_one = any(
        spec.shape and spec.shape[0] in alone
        for name, spec in planner.left.items()
        if name not in {o.name for o in every}
    )
    return [] if len(kinds) < 2 or on_one or every[0].name not in tables else kinds


def _join_kinds(planner: Planner, kinds: list[Topology], count: int) -> Block:
    """Make one mesh of several tables of cells."""
    roles, tables = {}, []
    for number, one in enumerate(kinds):
        role = f"cells {number}"
        roles[role] = planner.take_role(planner.left[one.name], one.axes, one.words)
        kind = cast("int", one.cell_type)  # tables of mixed cells are not among the kinds
        tables.append(CellTable(role, one.cells, kind, one.form, one.first_id))
    return Block("Mesh", count=count, cells=sum(one.cells for one in kinds), roles=roles, tables=tuple(tables))


def take_points(planner: Planner) -> Block | None:
    """Take positions without cells as points."""
    positions = find_positions(planner)
    if positions is None:
        return assume_points(planner) if planner.options.dataset_type == "Points" else None
    members, count, _width = positions
    if (
        "x" in members
        and len(planner.left[members["x"]].shape) == 1
        and planner.options.dataset_type != "Points"
        and not planner.positions
    ):
        lengths = dict.fromkeys("xyz", count)
        others = [s for n, s in planner.left.items() if n not in members.values()]
        if any(len(s.shape) >= 3 and grid_axes(s.shape, lengths, planner.time_shape) for s in others):
            return None  # data on the grid that the three span
        if any(len(s.shape) >= 3 and grid_axes(s.shape, cells_along(lengths), planner.time_shape) for s in others):
            return None
    roles = take_positions(planner, members)
    return attach(planner, Block("Points", count=count, cell_type=VERTEX, roles=roles), {"point": count})


def assume_points(planner: Planner) -> Block | None:
    """The user says points: take the first array that can hold them."""
    for spec in list(planner.left.values()):
        axes = axes_of_positions(planner, spec)
        if axes is not None:
            return points_of(planner, spec, axes)
    for spec in list(planner.left.values()):
        if is_real(spec.dtype) and len(spec.shape) == 2:
            axes = planner.explicit.get(2, parse_axes("nc"))
            if hold_positions(axes, spec.shape, wide=True):
                return points_of(planner, spec, axes)
    return None


def points_of(planner: Planner, spec: ArraySpec, axes: tuple[Axis, ...], note: str = "", *, sure: bool = True) -> Block:
    """Make the rows of one array points; components beyond the third stay data."""
    arrays: tuple[ArrayPlan, ...] = ()
    one = ArrayPlan(spec.name, axes)
    count = one.length("n", spec.shape)
    if one.components(spec.shape)[0] > 3:
        whole = planner.take(spec, axes, "point")
        arrays = (whole,) if whole else ()
        planner.lines[spec.name] += " (the first three columns are the positions)"
        role = whole or one
    else:
        words = f"axes {format_axes(axes)}, positions of points"
        role = planner.take_role(spec, axes, words + (f" ({note})" if note else ""))
    block = Block("Points", count=count, cell_type=VERTEX, roles={"points": role}, arrays=arrays)
    return attach(planner, block, {"point": count}, sure=sure)


def find_positions(planner: Planner, *, mesh: bool = False) -> tuple[dict[str, str], int, int] | None:
    """Find the members that hold positions: role -> member, how many points, how many dimensions.

    A `mesh` has more names for them, and may have x and y alone.
    """
    if planner.positions:
        return _named_positions(planner)
    for name in (*POINTS, *MESH_POINTS) if mesh else POINTS:
        spec = planner.left.get(name)
        if spec is None or not is_real(spec.dtype) or (name in MAY_BE_NUMBERS and spec.dtype.kind != "f"):
            continue  # whole numbers name points, or are something else
        axes = axes_of_positions(planner, spec)
        if axes is not None:
            one = ArrayPlan(name, axes)
            return {"points": name}, one.length("n", spec.shape), one.components(spec.shape)[0]
    columns = planner.left.get("p")
    if _is_of_atoms(planner):
        atoms = planner.left[ATOMS]
        return {"points": ATOMS}, atoms.shape[-2], atoms.shape[-1]
    pair = mesh and "t" in planner.left
    if pair and columns is not None and columns.dtype.kind == "f" and columns.shape[:-1] in ((2,), (3,)):
        return {"points": "p"}, columns.shape[1], columns.shape[0]
    coordinates = planner.find_coordinates((1,))
    flat = (mesh or planner.options.dataset_type == "Points") and set(coordinates) == set("xy")
    moving = _moving(planner)
    if moving:
        return {letter: spec.name for letter, spec in moving.items()}, moving["x"].shape[1], len(moving)
    if (set(coordinates) == set("xyz") or flat) and len({spec.shape for spec in coordinates.values()}) == 1:
        return {letter: spec.name for letter, spec in coordinates.items()}, coordinates["x"].shape[0], len(coordinates)
    return None


def _named_positions(planner: Planner) -> tuple[dict[str, str], int, int] | None:
    """Return what `find_positions` does of the members that the user names."""
    named = planner.positions
    members = {role: spec.name for role, spec in named.items()}
    if "points" in named:
        axes = axes_of_positions(planner, named["points"])
        one = ArrayPlan(members["points"], axes or ())
        shape = named["points"].shape
        return None if axes is None else (members, one.length("n", shape), one.components(shape)[0])
    shape = named["x"].shape
    fits = len(shape) == 1 or (len(shape) == 2 and planner.time_shape == shape[:1])
    return (members, shape[-1], len(named)) if fits else None


def _is_of_atoms(planner: Planner) -> bool:
    """Tell whether R holds the positions of atoms: beside a number for each of them."""
    spec = planner.left.get(ATOMS)
    if spec is None or spec.dtype.kind != "f" or axes_of_positions(planner, spec) is None:
        return False
    numbers = [planner.left[name] for name in ATOM_NUMBERS if name in planner.left]
    return any(one.dtype.kind in "iu" and one.shape in (spec.shape[-2:-1], spec.shape[:-1]) for one in numbers)


def _moving(planner: Planner) -> dict[str, ArraySpec]:
    """Find x, y and z of points that move, (T, N) each beside T times; empty where they are none."""
    found = planner.find_coordinates((2,))
    shapes = {spec.shape for spec in found.values()}
    if not {"x", "y"} <= set(found) or len(shapes) != 1 or 2 in planner.explicit:
        return {}
    (shape,) = shapes
    on_a_grid = any(len(spec.shape) > 2 and spec.shape[-2:] == shape for spec in planner.left.values())
    return found if planner.time_shape == shape[:1] and not on_a_grid else {}


def axes_of_positions(planner: Planner, spec: ArraySpec) -> tuple[Axis, ...] | None:
    """Axes of positions, n and c of 2 or 3, with time or without; None when the array holds none."""
    n = len(spec.shape)
    if not is_real(spec.dtype) or n not in (2, 3):
        return None
    axes = planner.explicit.get(n, parse_axes("tnc"[3 - n :]))
    return axes if hold_positions(axes, spec.shape) else None


def take_positions(planner: Planner, members: Mapping[str, str]) -> dict[str, ArrayPlan]:
    roles = {}
    for role, name in members.items():
        spec = planner.left[name]
        if role == "points":
            # `find_positions` has asked.
            axes = axes_of_positions(planner, spec) or parse_axes("cn")
            axes = parse_axes("cn") if name == "p" and not planner.positions else axes
            roles[role] = planner.take_role(spec, axes, f"axes {format_axes(axes)}, positions of points")
        else:
            roles[role] = planner.take_role(spec, "tn"[2 - len(spec.shape) :], f"{role} of points")
    return roles


def attach(planner: Planner, block: Block, counts: Mapping[str, int], *, sure: bool = True) -> Block:
    """Put every array as long as the points (or cells) on them."""
    wanted_association = planner.options.association
    if wanted_association == "Cell Data":
        counts = {key: n for key, n in counts.items() if key == "cell"}
        if not counts:
            raise OptionError(
                "Association is Cell Data, but a point set has no cells of its own. Choose Point Data, or add "
                "cells to the file."
            )
    elif wanted_association == "Point Data":
        counts = {"point": counts["point"]}
    arrays = list(block.arrays)
    for spec in [one for name, one in planner.left.items() if name not in planner.excluded]:
        for association, n in counts.items():
            axes = counted_axes(planner, spec, n, sure=sure)
            if axes is not None:
                notes = ["as many cells as points"] if len(set(counts.values())) < len(counts) else []
                if axes[0].letter == "t" and planner.time_shape is None and len(spec.shape) not in planner.explicit:
                    notes.append(planner.unexplained(axes))
                made = planner.take(spec, axes, association, "; ".join(notes))
                arrays += [made] if made else []
                break
    return replace(block, arrays=tuple(arrays))


def counted_axes(planner: Planner, spec: ArraySpec, n: int, *, sure: bool) -> tuple[Axis, ...] | None:
    """Axes of an array with one entry per point or cell; None when it has not.

    A first axis of unknown length is time only where the points are `sure`, and not in a square matrix.
    """
    explicit = planner.explicit.get(len(spec.shape))
    if explicit is not None and any(axis.letter == "n" for axis in explicit):
        k = [axis.letter for axis in explicit].index("n")
        return explicit if spec.shape[k] == n else None
    shape = spec.shape
    if shape and shape[0] == n and math.prod(shape[1:]) <= MAX_WIDTH:
        return parse_axes("n" + "c" * (len(shape) - 1))
    if len(shape) not in (2, 3) or shape[1] != n or not shape[0]:
        return None
    if planner.time_shape == shape[:1] or (planner.time_shape is None and sure and shape[0] != n):
        return parse_axes("tn" + "c" * (len(shape) - 2))
    return None


def hold_positions(axes: tuple[Axis, ...], shape: tuple[int, ...], *, wide: bool = False) -> bool:
    """Tell whether axes mean positions of points: n and one c of 2 or 3 (or more), and at most time beside."""
    letters = [axis.letter for axis in axes]
    if letters.count("c") != 1 or letters.count("n") != 1 or set(letters) - set("tnc"):
        return False
    if 0 in (n for letter, n in zip(letters, shape) if letter == "t"):
        return False
    width = shape[letters.index("c")]
    return width >= 2 if wide else width in (2, 3)
