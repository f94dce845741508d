"""Structured and rectilinear grids, recognised by their coordinates, and the arrays that fit on them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from .auto import auto_axes, is_real
from .axes import Axis, format_axes, parse_axes
from .fitting import cells_along, grid_axes, matches, planes_of, reverse_falling
from .geometry import IDENTITY
from .layout import GRIDS, Block, Composite
from .names import EDGE_ENDINGS, EDGES, FAMILIES, HEIGHTS, along_one_axis

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from ..files.npy_header import ArraySpec
    from .planner import Planner

__all__ = ["as_kind", "convert_images", "take_grid"]


class _Coordinates(NamedTuple):
    """Coordinates of one family that may span a grid."""

    found: Mapping[str, ArraySpec]  # letter -> member
    kind: str  # Structured Grid or Rectilinear Grid
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


def take_grid(planner: Planner, kinds: Sequence[str] = ("Structured Grid", "Rectilinear Grid")) -> list[Block]:
    """Take the coordinates that explain most axes as a grid, where data lies on it."""
    found = sorted(_families(planner, kinds), key=lambda one: -len(one.found))  # stable: the first family goes first
    for one in found:
        if one.kind == "Structured Grid":
            block = take_structured_grid(planner, one)
            blocks = [block] if block else []
        else:
            blocks = take_rectilinear_grid(planner, one)
        if blocks:
            return blocks
    return []


def _families(planner: Planner, kinds: Sequence[str]) -> Iterator[_Coordinates]:
    """List the coordinates in a file, by family."""
    for number, family in enumerate((*FAMILIES, EDGES)):
        first, edges = number == 0, family is EDGES
        if "Structured Grid" in kinds and not edges:
            found = {
                letter: spec
                for letter, spec in planner.find_coordinates((2, 3, 4), family).items()
                if len(spec.shape) < 4 or 4 in planner.explicit or planner.time_shape == spec.shape[:1]
            }
            if {"x", "y"} <= set(found) and len({_lengths_of_points(planner, spec) for spec in found.values()}) == 1:
                yield _Coordinates(found, "Structured Grid", first, edges)
        if "Rectilinear Grid" in kinds:
            found = {
                letter: spec
                for letter, spec in planner.find_coordinates((1, 2, 3), family).items()
                if along_one_axis(spec.shape) and spec.name in planner.small
            }
            found = _more_edges(planner, found) if edges else _height(planner, found)
            if len(found) > 1:
                yield _Coordinates(found, "Rectilinear Grid", first, edges)


def _more_edges(planner: Planner, found: dict[str, ArraySpec]) -> dict[str, ArraySpec]:
    """Find the edges along the next axes, whatever letter they begin with: ``vedges`` beside ``xedges``."""
    names = {spec.name for spec in found.values()}
    more = [
        spec
        for name, spec in planner.left.items()
        if names and name[1:] in EDGE_ENDINGS and name not in names and name in planner.small
        and len(spec.shape) == 1 and is_real(spec.dtype)
    ]  # fmt: skip
    free = [letter for letter in "xyz" if letter not in found]
    return {**found, **dict(zip(free, more))} if "x" in found else found


def _height(planner: Planner, found: dict[str, ArraySpec]) -> dict[str, ArraySpec]:
    """Find a z beside x and y under a longer name, as long as the first axis of data on them."""
    if set(found) != {"x", "y"}:
        return found
    names = {spec.name for spec in found.values()}
    nx, ny = (math.prod(found[letter].shape) for letter in "xy")
    firsts = {
        spec.shape[0] for spec in planner.left.values() if len(spec.shape) > 2 and spec.shape[-2:] == (ny, nx)
    }  # fmt: skip
    for name, spec in planner.left.items():
        if name in names or not name.lower().startswith(HEIGHTS) or name not in planner.small:
            continue
        fits = len(spec.shape) == 1 and spec.shape[0] in firsts and is_real(spec.dtype)
        if fits and _direction_of(planner.small[name]):
            return {**found, "z": spec}
    return found


def take_structured_grid(planner: Planner, given: _Coordinates) -> Block | None:
    """Take coordinates of two or three axes and one shape as a structured grid."""
    found = given.found
    if not given.first and not _is_a_grid(planner, found):
        return None
    axes = {letter: _axes_of_points(planner, spec) for letter, spec in found.items()}
    if any(axis.letter not in "xyzt" for axis in axes["x"]):
        return None
    lengths = {**dict.fromkeys("xyz", 1), **dict(_lengths_of_points(planner, found["x"]))}
    roles = {
        letter: planner.take_role(
            spec, axes[letter], f"axes {format_axes(axes[letter])}, {letter} of the points of a structured grid"
        )
        for letter, spec in found.items()
    }
    block = Block("Structured Grid", dims=tuple(lengths[letter] for letter in "xyz"), roles=roles)
    order = "".join(axis.letter for axis in axes["x"] if axis.letter != "t")
    return put_on_grid(planner, block, lengths, orders=(order,))


def _axes_of_points(planner: Planner, spec: ArraySpec) -> tuple[Axis, ...]:
    """Axes of the coordinates of points, of which a fourth is that of time."""
    if len(spec.shape) in planner.explicit:
        return planner.explicit[len(spec.shape)]
    if len(spec.shape) == 2:
        return auto_axes(spec.shape, np.dtype(float), grid=True)
    return parse_axes("tzyx"[4 - len(spec.shape) :])


def _lengths_of_points(planner: Planner, spec: ArraySpec) -> tuple[tuple[str, int], ...]:
    """Letters and lengths of the axes in space."""
    axes = _axes_of_points(planner, spec)
    return tuple(sorted((axis.letter, n) for axis, n in zip(axes, spec.shape) if axis.letter != "t"))


def _is_a_grid(planner: Planner, found: Mapping[str, ArraySpec]) -> bool:
    """Tell whether names that also mean other things are the coordinates of a grid here."""
    shape, names = found["x"].shape, {spec.name for spec in found.values()}
    if min(shape) < 2 or any(spec.dtype.itemsize == 1 for spec in found.values()):
        return False
    if len(shape) == 2 and any(axis.letter == "n" for axis in auto_axes(shape, found["x"].dtype)):
        return False  # few columns: rows of points or of a table
    return "z" in found or (
        len(shape) == 2 and any(spec.shape == shape for name, spec in planner.left.items() if name not in names)
    )


def take_rectilinear_grid(planner: Planner, given: _Coordinates) -> list[Block]:
    """Take coordinates of one axis each as a rectilinear grid, where data lies on it."""
    found = dict(given.found)
    if not _may_span_a_grid(planner, found):
        return []
    values = {letter: planner.small[spec.name].reshape(-1) for letter, spec in found.items()}
    plain = given.first and {"x", "y"} <= set(found) and all(len(spec.shape) == 1 for spec in found.values())
    for letter, spec in list(found.items()):
        if _direction_of(values[letter]) == 0:
            if plain:
                planner.notes.append(
                    f"{spec.name}: {spec.shape} neither rises nor falls throughout, so it is no coordinate of a "
                    "rectilinear grid and read as plain data"
                )
            if letter in "xy" or not {"x", "y"} <= set(found):
                return []
            del found[letter]
    lengths = {letter: values[letter].size if letter in found else 1 for letter in "xyz"}
    if not plain and sum(n > 1 for n in lengths.values()) < 2:
        return []
    names = {spec.name for spec in found.values()}
    others = [spec for name, spec in planner.left.items() if name not in names and len(spec.shape) >= 1]
    tries = ("cell",) if given.edges else ("point", "cell")
    spaces = (lengths, *planes_of(lengths).values()) if plain else (lengths,)
    fits = any(
        len(spec.shape) > 1
        and grid_axes(
            spec.shape,
            along if which == "point" else cells_along(along),
            planner.time_shape,
            given.orders,
            sure=along is not lengths or not plain,
        )
        for spec in others
        for along in spaces
        for which in tries
    )
    explicit = planner.options.axes != "auto" and any(len(spec.shape) in planner.explicit for spec in others)
    equal = len({spec.shape for spec in found.values()}) == 1
    chosen = explicit or planner.options.dataset_type != "Auto" or not (others or equal)
    if not fits and not (plain and chosen):
        return []
    roles = {}
    reversed_letters = ""
    for letter, spec in found.items():
        falling = _direction_of(values[letter]) < 0
        reversed_letters += letter if falling else ""
        words = f"{'edges along ' if given.edges else ''}{letter} of a rectilinear grid"
        words += " (falls, so it is read backwards)" if falling else ""
        along = along_one_axis(spec.shape).replace("n", "-n" if falling else "n")
        roles[letter] = planner.take_role(spec, along, words)
    whole = Block("Rectilinear Grid", dims=tuple(lengths[letter] for letter in "xyz"), roles=roles)
    whole = put_on_grid(
        planner, whole, lengths, orders=given.orders, falling=reversed_letters, planes=True,
        only="cell" if given.edges else "",
    )  # fmt: skip
    blocks = [whole, *put_in_planes(planner, whole, lengths, reversed_letters)]
    check_choices(planner, lengths, empty=not any(block.arrays for block in blocks))
    return blocks if whole.arrays or len(blocks) == 1 else blocks[1:]


def _may_span_a_grid(planner: Planner, found: Mapping[str, ArraySpec]) -> bool:
    """Tell without their values, which may be as many as points are, whether data can lie on a grid of coordinates."""
    names = {spec.name for spec in found.values()}
    others = [spec for name, spec in planner.left.items() if name not in names]
    if planner.options.axes != "auto" or planner.options.dataset_type != "Auto" or not others:
        return True
    counts = [math.prod(spec.shape) for spec in found.values()]
    along = {n for count in counts for n in (count, count - 1)}  # of points, or of cells
    needed = min(2, sum(count > 2 for count in counts))  # a length of 1 may have no axis
    return any(len(spec.shape) > 1 and sum(n in along for n in spec.shape) >= needed for spec in others)


def put_on_grid(
    planner: Planner,
    block: Block,
    lengths: Mapping[str, int],
    *,
    orders: tuple[str, ...] = ("zyx", "xyz"),
    falling: str = "",
    note: str = "",
    planes: bool = False,
    only: str = "",
) -> Block:
    """Put every array that fits the lengths of the grid on its points or cells.

    Parameters
    ----------
    note : str
        For the lines of the arrays.
    planes : bool
        What does not fit may lie in a plane of the grid; the caller checks the user's choices.
    only : str
        point or cell, where the other is not to be tried.
    """
    wanted_association = planner.options.association
    tries = {"point": lengths, "cell": cells_along(lengths)}
    if wanted_association != "Auto":
        key = wanted_association.split()[0].lower()
        tries = {key: tries[key]}
    if only:
        tries = {key: along for key, along in tries.items() if key == only}
    arrays = list(block.arrays)
    for spec in list(planner.left.values()):
        if note and len(spec.shape) < 2:
            continue
        placed = fit_on_grid(planner, spec, tries, orders, falling, lengths, sure=bool(note))
        if placed is None:
            continue
        axes, association, *remarks = placed
        made = planner.take(spec, axes, association, "; ".join(filter(None, (note, *remarks))))
        arrays += [made] if made else []
    if not planes:
        check_choices(planner, lengths, empty=not arrays)
    return replace(block, arrays=tuple(arrays))


def put_in_planes(planner: Planner, whole: Block, lengths: Mapping[str, int], falling: str) -> list[Block]:
    """Put fields that lack one of three coordinates on the others, at the first value of the one they lack."""
    planes = {}
    for letter, along in planes_of(lengths).items():
        # The first value in the file, also where it is the highest.
        axes = tuple(axis._replace(reverse=False) for axis in whole.roles[letter].axes)
        roles = {**whole.roles, letter: whole.roles[letter]._replace(axes=axes)}
        planes[letter] = Block("Rectilinear Grid", dims=tuple(along[k] for k in "xyz"), roles=roles)
    cells = whole.arrays and all(one.association == "cell" for one in whole.arrays)
    for association in ("cell", "point") if cells else ("point", "cell"):
        for letter, along in planes_of(lengths).items():
            where = f"in the plane of the first {letter}, for it has no axis of its {lengths[letter]}"
            planes[letter] = put_on_grid(
                planner, planes[letter], along, falling=falling, note=where, planes=True, only=association
            )
    return [plane for plane in planes.values() if plane.arrays]


def check_choices(planner: Planner, lengths: Mapping[str, int], *, empty: bool) -> None:
    """Refuse axes that fit no coordinates, and an association that leaves a grid `empty`."""
    along = ", ".join(f"{k} {n}" for k, n in lengths.items())
    for spec in planner.left.values():
        explicit = planner.explicit.get(len(spec.shape), ())
        if planner.options.axes != "auto" and len(spec.shape) > 1 and any(axis.letter in "xyz" for axis in explicit):
            raise OptionError(
                f"{spec.name}: shape {spec.shape} with axes {format_axes(explicit)} does not fit the coordinates "
                f"({along}). Choose Axes auto, or DataSetType Image to leave the coordinates aside."
            )
    chosen = planner.options.association
    if empty and chosen != "Auto" and any(len(spec.shape) > 1 for spec in planner.left.values()):
        raise OptionError(
            f"Association is {chosen}, but no array is "
            f"{'as long as' if chosen == 'Point Data' else 'one shorter than'} the coordinates along "
            f"each axis ({along}). Choose Auto."
        )


def fit_on_grid(
    planner: Planner,
    spec: ArraySpec,
    tries: Mapping[str, Mapping[str, int]],
    orders: tuple[str, ...],
    falling: str,
    lengths: Mapping[str, int],
    *,
    sure: bool,
) -> tuple[tuple[Axis, ...], str, str] | None:
    if len(spec.shape) < 1:
        return None
    explicit = planner.explicit.get(len(spec.shape))
    if explicit is not None and any(axis.letter in "xyz" for axis in explicit):
        for association, target in tries.items():
            if all(n == target[axis.letter] for axis, n in zip(explicit, spec.shape) if axis.letter in "xyz") and all(
                target[k] == 1 for k in "xyz" if k not in {axis.letter for axis in explicit}
            ):
                return reverse_falling(explicit, falling), association, ""
        return None
    for association, target in tries.items():
        axes = grid_axes(spec.shape, target, planner.time_shape, orders, sure=sure)
        if axes is None or (len(spec.shape) == 1 and sum(n > 1 for n in lengths.values()) > 1):
            continue
        note = ""
        swapped = tuple(Axis({"x": "z", "z": "x"}.get(a.letter, a.letter)) for a in axes)
        if "z" not in {a.letter for a in axes}:
            swapped = tuple(Axis({"x": "y", "y": "x"}.get(a.letter, a.letter)) for a in axes)
        if len(orders) > 1 and len(axes) > 1 and matches(spec.shape, swapped, target):
            note = f"{format_axes(swapped)} fits the coordinates as well; choose Axes to change it"
        if axes[0].letter == "t" and planner.time_shape is None:
            note = f"{note}; " * bool(note) + planner.unexplained(axes)
        return reverse_falling(axes, falling), association, note
    return None


def _direction_of(values: np.ndarray | None) -> int:
    """1 when values rise throughout, -1 when they fall, 0 when neither, or there are none."""
    if values is None or not np.all(np.isfinite(values)):
        return 0
    # Compared, not subtracted: unsigned differences wrap around.
    if np.all(values[1:] > values[:-1]):
        return 1
    return -1 if np.all(values[1:] < values[:-1]) else 0


def as_kind(block: Block, kind: str) -> Block:
    """Turn a grid with coordinates into the kind that the user wants."""
    if block.kind == "Rectilinear Grid" and kind == "Structured Grid":
        return replace(block, kind=kind)
    return block


def convert_images(root: Block | Composite, kind: str) -> Block | Composite:
    """Turn images into grids with explicit coordinates."""
    if isinstance(root, Composite):
        return replace(
            root, children=tuple((name, child and convert_images(child, kind)) for name, child in root.children)
        )
    if root.kind not in GRIDS:
        raise OptionError(
            f"DataSetType is {kind}, but the file holds a {root.kind.lower()}, which lies on no grid. Choose Auto."
        )
    if root.kind == "Image":
        if kind == "Rectilinear Grid" and root.direction != IDENTITY:
            raise OptionError(
                "DataSetType is Rectilinear Grid, but the image has a direction matrix, and a rectilinear grid cannot "
                "be turned. Choose Structured Grid."
            )
        return replace(root, kind=kind)
    return root
