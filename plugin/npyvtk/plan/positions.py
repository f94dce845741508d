"""Positions that the user names, and positions of a structured grid that stand in one member."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..errors import OptionError
from .auto import is_narrow, is_real
from .axes import format_axes, parse_axes
from .grids import put_on_grid, take_grid
from .layout import Block
from .meshes import points_of, take_mesh, take_points
from .names import FAMILIES, POINTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .planner import Planner

__all__ = ["named_positions", "positions_choices", "take_named", "take_positions_of_grid"]


def named_positions(specs: Mapping[str, ArraySpec], text: str) -> dict[str, ArraySpec]:
    """Find the members that the option ``positions`` names.

    Parameters
    ----------
    text : str
        One name, or those of x, y[, z], separated by commas; auto: none.

    Returns
    -------
    dict
        ``points``, or ``x``, ``y``[, ``z``] -> member.

    Raises
    ------
    OptionError
        There is no such member, or it cannot hold positions.
    """
    text = text.strip()
    if text in ("", "auto"):
        return {}
    names = [text] if text in specs else [name.strip() for name in text.split(",")]
    remedy = f"Choose {' or '.join(dict.fromkeys((*positions_choices(specs), 'auto')))}."
    missing = [name for name in names if name not in specs]
    if missing:
        raise OptionError(
            f"Positions is {text!r}; it must be the name of an array, or those of x, y and z with commas between, but "
            f"the file has no array {missing[0]!r}. {remedy}"
        )
    found = [specs[name] for name in names]
    shapes = {spec.shape for spec in found}
    (shape, *others) = shapes
    alone = len(names) == 1 and len(shape) in (2, 3, 4)
    apart = len(names) in (2, 3) and len(set(names)) == len(names) and not others and len(shape) in (1, 2, 3)
    if not (alone or apart) or not all(is_real(spec.dtype) for spec in found):
        what = ", ".join(f"{spec.name} is {spec.shape} {spec.dtype}" for spec in found)
        raise OptionError(
            f"Positions is {text!r}; it must name one array of real numbers with 2 or 3 components, or two or three "
            f"of one shape, but {what}. {remedy}"
        )
    return {"points": found[0]} if alone else dict(zip("xyz", found))


def positions_choices(specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """List what may hold positions in a file, for a menu: single members in file order, then x, y and z of a family."""
    alone = [
        name
        for name, spec in specs.items()
        if is_real(spec.dtype)
        and 0 not in spec.shape
        and ((len(spec.shape) in (2, 3, 4) and spec.shape[-1] in (2, 3)) or is_narrow(spec.shape, spec.dtype))
    ]
    return (*alone, *_families(specs))


def _families(specs: Mapping[str, ArraySpec]) -> Iterator[str]:
    for family in FAMILIES:
        names = [next((name for name in family[letter] if name in specs), "") for letter in "xyz"]
        found = [specs[name] for name in names if name]
        alike = len({spec.shape for spec in found}) == 1 and all(is_real(spec.dtype) for spec in found)
        if names[0] and names[1] and alike and len(found[0].shape) in (1, 2, 3):
            yield ", ".join(filter(None, names))


def take_named(planner: Planner, kind: str) -> list[Block]:
    """Take the positions that the user names, as the `kind` that is chosen: a mesh where there are cells for them.

    Raises
    ------
    OptionError
        They cannot be the positions of such a dataset.
    """
    block: Block | None = None
    whole = planner.positions.get("points")
    if kind in ("Auto", "Mesh"):
        block = take_mesh(planner)
    if block is None and kind in ("Auto", "Points"):
        block = take_points(planner)
        if block is None and whole is not None and len(whole.shape) == 2:
            axes = planner.explicit.get(2, parse_axes("nc"))
            block = points_of(planner, whole, axes) if format_axes(axes) == "nc" and whole.shape[1] > 1 else None
    if block is None and kind in ("Auto", "Structured Grid"):
        found = take_grid(planner, ("Structured Grid",)) if whole is None else take_positions_of_grid(planner)
        block = found[0] if found else None
    if block is None:
        what = ", ".join(f"{spec.name} is {spec.shape}" for spec in planner.positions.values())
        needed = {
            "Mesh": "a mesh needs (N, 2) or (N, 3), or x, y[, z] of (N,), and cells that name them",
            "Points": "points need (N, 2) or (N, 3), with a time axis before it or none, or x, y[, z] of (N,)",
            "Structured Grid": "a structured grid needs (ny, nx, 3) or (nz, ny, nx, 3), or x, y[, z] of 2 or 3 axes",
        }
        raise OptionError(
            f"Positions is {planner.options.positions!r}; {needed.get(kind, needed['Points'])}, but {what}. "
            "Choose other Positions, DataSetType or Axes."
        )
    return [block]


def take_positions_of_grid(planner: Planner) -> list[Block]:
    """Take one member with the positions of all points of a structured grid, and the arrays that lie on it.

    Under the name of positions (nz, ny, nx, 3) beside data of (nz, ny, nx) is such a grid; (ny, nx, 3) is one only
    where the user says so, and else means points that move.
    """
    chosen = planner.options.dataset_type == "Structured Grid" or bool(planner.positions)
    names = [planner.positions["points"].name] if "points" in planner.positions else POINTS
    for name in names:
        spec = planner.left.get(name)
        axes = None if spec is None else _axes_on_grid(planner, spec)
        if spec is None or axes is None or (len(spec.shape) < 4 and not chosen):
            continue
        if not chosen and not any(one.shape == spec.shape[:-1] for one in planner.left.values()):
            continue
        lengths = dict.fromkeys("xyz", 1)
        lengths.update({axis.letter: n for axis, n in zip(axes, spec.shape) if axis.letter != "c"})
        words = f"axes {format_axes(axes)}, positions of the points of a structured grid"
        roles = {"points": planner.take_role(spec, axes, words)}
        block = Block("Structured Grid", dims=tuple(lengths[letter] for letter in "xyz"), roles=roles)
        order = "".join(axis.letter for axis in axes if axis.letter != "c")
        return [put_on_grid(planner, block, lengths, orders=(order,))]
    return []


def _axes_on_grid(planner: Planner, spec: ArraySpec) -> tuple[Axis, ...] | None:
    """Axes of positions on a grid: two or three in space, and one with 2 or 3 components."""
    n = len(spec.shape)
    if n not in (3, 4) or not is_real(spec.dtype) or math.prod(spec.shape) == 0:
        return None
    axes = planner.explicit.get(n, parse_axes("zyxc"[4 - n :]))
    letters = [axis.letter for axis in axes]
    if letters.count("c") != 1 or set(letters) - set("xyzc"):
        return None
    return axes if spec.shape[letters.index("c")] in (2, 3) else None
