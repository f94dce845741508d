"""Rectilinear grids: coordinates of one axis each, and the arrays on the grid and in its planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .context import Found, beside, join, take_role, without
from .grids import cells_along, check_choices, direction_of, grid_axes, lies_as_named, take_on_grid
from .kinds import RECTILINEAR
from .layout import Block
from .names import along_one_axis

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from ..files.npy_header import ArraySpec
    from .context import Context, Members, Taken
    from .grids import Coordinates

__all__ = ["recognise_rectilinear"]


def recognise_rectilinear(context: Context, left: Members, coordinates: Coordinates) -> Found:
    """Take coordinates of one axis each as a rectilinear grid, where data lies on it."""
    found, notes = dict(coordinates.found), []
    if not _may_span_a_grid(context, left, found):
        return Found()
    values = {letter: _values(context, letter, spec) for letter, spec in found.items()}
    directions = {letter: direction_of(held) for letter, held in values.items()}
    plain = coordinates.first and {"x", "y"} <= set(found) and all(len(spec.shape) == 1 for spec in found.values())
    for letter, spec in coordinates.found.items():
        if not directions[letter]:
            if plain:
                notes.append(
                    f"{spec.name}: {spec.shape} neither rises nor falls throughout, so it is no coordinate of a "
                    "rectilinear grid and read as plain data"
                )
            if letter in "xy" or not {"x", "y"} <= set(found):
                return Found(notes=tuple(notes))
            del found[letter]
    lengths = {letter: values[letter].size if letter in found else 1 for letter in "xyz"}
    rest = without(left, [spec.name for spec in found.values()])
    if not _holds_data(context, rest, coordinates._replace(found=found), lengths, plain=plain):
        return Found(notes=tuple(notes))
    roles, falling = {}, ""
    for letter, spec in found.items():
        falls = directions[letter] < 0
        falling += letter * falls
        letters = letter if along_one_axis(spec.shape) else ", ".join(found)  # of all rows of one member
        words = f"{'edges along ' if coordinates.edges else ''}{letters} of a rectilinear grid"
        words += " (falls, so it is read backwards)" if falls else ""
        along = (along_one_axis(spec.shape) or "cn").replace("n", "-n" if falls else "n")
        roles[letter] = take_role(spec, along, words)
    only = "cell" if coordinates.edges else ""
    taken = take_on_grid(context, rest, lengths, orders=coordinates.orders, falling=falling, only=only)
    whole = Found.of(Block(RECTILINEAR, dims=tuple(lengths.values())), taken, roles)
    rest = without(rest, whole.words)
    planes = _put_in_planes(context, rest, whole.blocks[0], lengths, roles, falling)
    if planes and not whole.blocks[0].arrays:  # what is said of arrays without time steps stays
        whole = Found(words=whole.words)
    made = [Found(notes=tuple(notes)), whole, *planes]
    joined = join(*made)
    check_choices(context, without(rest, joined.words), lengths, empty=not any(one.arrays for one in joined.blocks))
    return joined


def _may_span_a_grid(context: Context, left: Members, found: Members) -> bool:
    """Tell without their values, which may be as many as points are, whether data can lie on a grid of coordinates."""
    others = without(left, [spec.name for spec in found.values()])
    if context.options.axes != "auto" or context.chosen or not others:
        return True
    counts = [max(spec.shape) for spec in found.values()]
    along = {n for count in counts for n in (count, count - 1)}  # of points, or of cells
    needed = min(2, sum(count > 2 for count in counts))  # a length of 1 may have no axis
    return any(len(s.shape) > 1 and sum(n in along for n in s.shape) >= needed for s in others.values())


def _values(context: Context, letter: str, spec: ArraySpec) -> np.ndarray:
    """Return the coordinates along one axis; of edges in one member those in its row."""
    values = context.small[spec.name]
    return values.reshape(-1) if along_one_axis(spec.shape) else values["xyz".index(letter)]


def _holds_data(
    context: Context, others: Members, coordinates: Coordinates, lengths: Mapping[str, int], *, plain: bool
) -> bool:
    """Tell whether there is a grid: data lies on it, or its names are `plain` and nothing speaks against it."""
    others = {name: spec for name, spec in others.items() if spec.shape}
    whole = [cells_along(lengths)] if coordinates.edges else [lengths, cells_along(lengths)]
    if any(lies_as_named(context, spec, target) for spec in others.values() for target in whole):
        return True
    if not plain and sum(n > 1 for n in lengths.values()) < 2:
        return False
    for along in (lengths, *_planes(lengths).values()) if plain else (lengths,):
        strict = along is not lengths or not plain
        for target in (cells_along(along),) if coordinates.edges else (along, cells_along(along)):
            for spec in others.values():
                if len(spec.shape) > 1 and grid_axes(
                    spec.shape, target, context.steps, coordinates.orders, strict=strict
                ):
                    return True
    options = context.options
    explicit = options.axes != "auto" and any(len(spec.shape) in context.explicit for spec in others.values())
    equal = len({spec.shape for spec in coordinates.found.values()}) == 1
    return plain and (explicit or context.chosen is not None or not (others or equal))


def _put_in_planes(
    context: Context, left: Members, whole: Block, lengths: Mapping[str, int], roles: Mapping[str, Taken], falling: str
) -> list[Found]:
    """Put fields that lack one of three coordinates on the others, at the first value of the one they lack."""
    cells = whole.arrays and all(one.association == "cell" for one in whole.arrays)
    taken: dict[str, list[Taken]] = {letter: [] for letter in _planes(lengths)}
    for association in ("cell", "point") if cells else ("point", "cell"):
        for letter, along in _planes(lengths).items():
            words = f"in the plane of the first {letter}, for it has no axis of its {lengths[letter]}"
            new = take_on_grid(context, left, along, falling=falling, plane=words, only=association)
            left = beside(left, new)
            taken[letter] += new
    made = []
    for letter, group in taken.items():
        # The first value in the file, also where it is the highest.
        plan = roles[letter].plan
        first = plan._replace(axes=tuple(axis._replace(reverse=False) for axis in plan.axes))
        held = {**roles, letter: roles[letter]._replace(plan=first)}
        if any(one.steps for one in group):
            made.append(Found.of(Block(RECTILINEAR, dims=tuple(_planes(lengths)[letter].values())), group, held))
    return made


def _planes(lengths: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Lengths of the planes of a grid in space, by the letter that they have no axis of: that of z first."""
    if min(lengths.values()) < 2:
        return {}
    return {letter: {**lengths, letter: 1} for letter in "zyx"}
