"""Coordinates that may span a grid, and which arrays lie on its points or cells, along which axes."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from .auto import VECTOR_LENGTHS, ends_in_time, is_real
from .axes import Axis, format_axes, parse_axes
from .context import find_coordinates, take
from .kinds import RECTILINEAR, STRUCTURED
from .names import ALL_EDGES, EDGE_ENDINGS, EDGES, FAMILIES, HEIGHTS, along_one_axis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .context import Context, Members, Taken
    from .kinds import Kind

__all__ = [
    "Coordinates", "axes_of_points", "cells_along", "check_choices", "direction_of", "families", "grid_axes",
    "lies_as_named", "take_on_grid", "unexplained",
]  # fmt: skip


class Coordinates(NamedTuple):
    """Coordinates of one family that may span a grid."""

    found: Members  # letter -> member
    kind: Kind  # STRUCTURED or RECTILINEAR
    first: bool  # of the first family, whose names can hardly mean anything else
    edges: bool  # of cells

    @property
    def orders(self) -> tuple[str, ...]:
        """The orders of axes that data may have, the likelier first."""
        if self.edges:
            return ("xyz", "zyx")
        places = {letter: along_one_axis(spec.shape).find("n") for letter, spec in self.found.items()}
        axes = {len(spec.shape) for spec in self.found.values()}
        if axes != {1} and len(axes) == 1 and len(set(places.values())) == len(places):
            # (nx, 1) and (1, ny) say it themselves: NumPy broadcasts them to (nx, ny).
            order = "".join(sorted(places, key=lambda letter: places[letter]))
            return (order + "".join(letter for letter in "xyz" if letter not in places),)
        return ("zyx", "xyz")


def families(context: Context, left: Members) -> Iterator[Coordinates]:
    """List the coordinates among the members that are `left`, by family."""
    small = context.small
    spec = left.get(ALL_EDGES)
    if spec is not None and len(spec.shape) == 2 and ALL_EDGES in small:
        yield Coordinates(dict.fromkeys("xyz"[: spec.shape[0]], spec), RECTILINEAR, first=False, edges=True)
    for number, family in enumerate((*FAMILIES, EDGES)):
        if not context.positions and left.keys().isdisjoint(itertools.chain(*family.values())):
            continue
        first, edges = number == 0, family is EDGES
        found = {} if edges else find_coordinates(context, left, (2, 3, 4), family)
        if len(found) < 3:  # all three can hardly be anything else
            found = {
                letter: spec
                for letter, spec in found.items()
                if len(spec.shape) < 4 or 4 in context.explicit or context.steps == spec.shape[0]
            }
        if {"x", "y"} <= set(found) and len({_lengths_of_points(context, spec) for spec in found.values()}) == 1:
            yield Coordinates(found, STRUCTURED, first, edges)
        found = {
            letter: spec
            for letter, spec in find_coordinates(context, left, (1, 2, 3), family).items()
            if along_one_axis(spec.shape) and spec.name in small
        }
        found = _more_edges(left, small, found) if edges else _height(left, small, found)
        if len(found) > 1:
            yield Coordinates(found, RECTILINEAR, first, edges)


def _more_edges(left: Members, small: Mapping[str, np.ndarray], found: dict[str, ArraySpec]) -> dict[str, ArraySpec]:
    """Find the edges along the next axes, whatever letter they begin with: ``vedges`` beside ``xedges``."""
    names = {spec.name for spec in found.values()}
    more = [
        spec
        for name, spec in left.items()
        if names and name[1:] in EDGE_ENDINGS and name not in names and name in small
        and len(spec.shape) == 1 and is_real(spec.dtype)
    ]  # fmt: skip
    free = [letter for letter in "xyz" if letter not in found]
    return {**found, **dict(zip(free, more))} if "x" in found else found


def _height(left: Members, small: Mapping[str, np.ndarray], found: dict[str, ArraySpec]) -> dict[str, ArraySpec]:
    """Find a z beside x and y under a longer name, as long as the first axis of data on them."""
    if set(found) != {"x", "y"}:
        return found
    names = {spec.name for spec in found.values()}
    nx, ny = (math.prod(found[letter].shape) for letter in "xy")
    firsts = {spec.shape[0] for spec in left.values() if len(spec.shape) > 2 and spec.shape[-2:] == (ny, nx)}
    for name, spec in left.items():
        if name in names or not name.lower().startswith(HEIGHTS) or name not in small:
            continue
        fits = len(spec.shape) == 1 and spec.shape[0] in firsts and is_real(spec.dtype)
        if fits and direction_of(small[name]):
            return {**found, "z": spec}
    return found


def axes_of_points(context: Context, spec: ArraySpec, *, flat: bool = False) -> tuple[Axis, ...]:
    """Axes of the coordinates of points, of which a fourth is that of time; a third of `flat` ones may be."""
    moves = flat and len(spec.shape) == 3 and context.steps == spec.shape[0]
    return context.explicit.get(len(spec.shape), parse_axes("tyx" if moves else "tzyx"[4 - len(spec.shape) :]))


def _lengths_of_points(context: Context, spec: ArraySpec) -> tuple[tuple[str, int], ...]:
    """Letters and lengths of the axes in space."""
    axes = axes_of_points(context, spec)
    return tuple(sorted((axis.letter, n) for axis, n in zip(axes, spec.shape) if axis.letter != "t"))


def direction_of(values: np.ndarray) -> int:
    """Return 1 when (n,) values rise throughout, -1 when they fall, 0 when neither, or one is not finite."""
    if not np.all(np.isfinite(values)):
        return 0
    # Compared, not subtracted: unsigned differences wrap around.
    if np.all(values[1:] > values[:-1]):
        return 1
    return -1 if np.all(values[1:] < values[:-1]) else 0


def take_on_grid(
    context: Context,
    left: Members,
    lengths: Mapping[str, int],
    *,
    orders: tuple[str, ...] = ("zyx", "xyz"),
    falling: str = "",
    plane: str = "",
    only: str = "",
) -> list[Taken]:
    """Take every array that fits the lengths of the grid as data on its points or cells.

    Parameters
    ----------
    falling : str
        Letters of the coordinates that fall.
    plane : str
        Where the grid is a plane of another one, which one: for the lines of its arrays.
    only : str
        point or cell, where the other is not to be tried.
    """
    tries = {"point": lengths, "cell": cells_along(lengths)}
    chosen = context.options.association.split()[0].lower()
    tries = {key: along for key, along in tries.items() if key in (only or key) and chosen in ("auto", key)}
    is_line = sum(n > 1 for n in lengths.values()) < 2
    taken = []
    for spec in left.values():
        if len(spec.shape) < (2 if plane else 1):
            continue
        placed = _fit(context, spec, tries, orders, is_line=is_line, strict=bool(plane))
        if placed is not None:
            axes, association, notes = placed
            axes = tuple(axis._replace(reverse=axis.reverse != (axis.letter in falling)) for axis in axes)
            taken.append(take(context, spec, axes, association, "; ".join(filter(None, (plane, *notes)))))
    return taken


def check_choices(context: Context, left: Members, lengths: Mapping[str, int], *, empty: bool) -> None:
    """Refuse axes that fit no coordinates, and an association that leaves a grid `empty`."""
    along = ", ".join(f"{k} {n}" for k, n in lengths.items())
    for spec in left.values():
        explicit = context.explicit.get(len(spec.shape), ())
        if context.options.axes != "auto" and len(spec.shape) > 1 and any(axis.letter in "xyz" for axis in explicit):
            raise OptionError(
                f"{spec.name}: shape {spec.shape} with axes {format_axes(explicit)} does not fit the coordinates "
                f"({along}). Choose Axes auto, or DataSetType Image to leave the coordinates aside."
            )
    chosen = context.options.association
    if empty and chosen != "Auto" and any(len(spec.shape) > 1 for spec in left.values()):
        raise OptionError(
            f"Association is {chosen}, but no array is "
            f"{'as long as' if chosen == 'Point Data' else 'one shorter than'} the coordinates along "
            f"each axis ({along}). Choose Auto."
        )


def _fit(
    context: Context,
    spec: ArraySpec,
    tries: Mapping[str, Mapping[str, int]],
    orders: tuple[str, ...],
    *,
    is_line: bool,
    strict: bool,
) -> tuple[tuple[Axis, ...], str, list[str]] | None:
    """Return axes, association and remarks of an array on a grid; None where it does not lie on it."""
    explicit = context.explicit.get(len(spec.shape), ())
    if any(axis.letter in "xyz" for axis in explicit):
        fitting = [association for association, target in tries.items() if lies_as_named(context, spec, target)]
        return (explicit, fitting[0], []) if fitting else None
    for association, target in tries.items():
        axes = grid_axes(spec.shape, target, context.steps, orders, strict=strict)
        if axes is None or (len(spec.shape) == 1 and not is_line):
            continue
        notes = []
        ends = "xz" if "z" in {axis.letter for axis in axes} else "xy"
        swapped = tuple(Axis(dict(zip(ends, ends[::-1])).get(axis.letter, axis.letter)) for axis in axes)
        others = [swapped] if len(orders) > 1 and len(axes) > 1 else []
        if axes[0].letter == "t" and context.steps == spec.shape[-1]:
            others += [(*some[1:], axes[0]) for some in (axes, *others)]
        fitting = [format_axes(other) for other in others if _matches(spec.shape, other, target)]
        if fitting:
            notes.append(f"{fitting[0]} fits the coordinates as well; choose Axes to change it")
        if axes[0].letter == "t" and context.steps != spec.shape[0]:
            notes.append(unexplained(axes))
        elif axes[0].letter != "t" and len(axes) > 1 and context.steps == spec.shape[0]:
            notes.append(f"as long as {context.time}, too; choose t{format_axes(axes[1:])} for time steps")
        if format_axes(axes).startswith("tc"):
            notes.append("the file does not say what the second axis is, taken for components")
        if axes[-1].letter == "c":
            notes.append(ends_in_time(context, spec, axes))
        return axes, association, notes
    return None


def lies_as_named(context: Context, spec: ArraySpec, lengths: Mapping[str, int]) -> bool:
    """Tell whether an array lies on a grid of so many points (or cells) by the axes that user or file spell out."""
    axes = context.explicit.get(len(spec.shape), ())
    spanned = {axis.letter for axis in axes} & set("xyz")
    return bool(spanned) and _matches(spec.shape, axes, lengths) and all(lengths[k] == 1 for k in set("xyz") - spanned)


def unexplained(axes: tuple[Axis, ...]) -> str:
    """Say that nothing in the file makes a first axis time steps."""
    other = "c" + format_axes(axes).replace("t", "", 1)
    return f"the file does not say what the first axis is, taken for time steps; choose {other} for components"


def grid_axes(
    shape: tuple[int, ...],
    lengths: Mapping[str, int],
    steps: int | None = None,
    orders: tuple[str, ...] = ("zyx", "xyz"),
    *,
    strict: bool = False,
) -> tuple[Axis, ...] | None:
    """Find the axes by which `shape` lies on a grid of so many points (or cells) along each letter.

    The plainest reading wins: no extra axis, then components last, then time first, then both, at last components
    after the time steps of the file; zyx before xyz.

    Parameters
    ----------
    steps : int, optional
        Time steps that the file names.
    strict : bool
        Take a first axis for time only where it is as long as `steps`, and a last one for components only where it
        is as short as those of vectors and tensors.
    """
    small_last = bool(shape) and shape[-1] in VECTOR_LENGTHS
    is_time = bool(shape) and shape[0] == steps
    extras = [("", ""), ("t", ""), ("", "c"), ("t", "c"), ("", "cc"), ("t", "cc")]
    if small_last and not is_time:
        extras.sort(key=lambda extra: extra[0])
    if is_time and len(shape) > 2 and shape[1] in VECTOR_LENGTHS:
        extras.append(("tc", ""))
    flat = [letter for letter in "zyx" if lengths[letter] == 1]
    drops = [set(), *({letter} for letter in flat), *({a, b} for a in flat for b in flat if a < b)]
    for (before, after), order, drop in itertools.product(extras, orders, drops):
        space = "".join(letter for letter in order if letter not in drop)
        letters = before + space + after
        if not space or len(letters) != len(shape) or (before and shape[0] == 0):
            continue
        axes = tuple(Axis(letter) for letter in letters)
        wide = any(n not in VECTOR_LENGTHS for n in shape[len(shape) - len(after) :])
        if _matches(shape, axes, lengths) and not (strict and (wide or (before and not is_time))):
            return axes
    return None


def _matches(shape: tuple[int, ...], axes: tuple[Axis, ...], lengths: Mapping[str, int]) -> bool:
    return all(n == lengths[axis.letter] for axis, n in zip(axes, shape) if axis.letter in "xyz")


def cells_along(lengths: Mapping[str, int]) -> dict[str, int]:
    """Cells along each axis of so many points; a single point spans no cell, yet counts as one layer."""
    return {letter: max(n - 1, 1) for letter, n in lengths.items()}
