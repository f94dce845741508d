"""What is known of a file before anything is recognised in it, and what a recogniser returns.

A recogniser is a function of a `Context` and of the members that are left, and changes neither: it returns the
datasets that it makes of them, and what there is to say of the members that it takes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from .auto import is_narrow, is_real
from .axes import counted_axes, format_axes, parse_axes
from .geometry import ImageMembers, geometry_of_members
from .kinds import KINDS, USES_POSITIONS
from .layout import ArrayPlan
from .names import AXES, EVERY_COORDINATE, FAMILIES, GEOMETRY_NAMES, SMALL, TIMES
from .times import time_values, time_words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ..files.npy_header import ArraySpec
    from ..options import ReadOptions
    from .axes import Axis
    from .geometry import Geometry
    from .kinds import Kind
    from .layout import Block
    from .names import Values

    Members = Mapping[str, ArraySpec]  # name -> what its header says

__all__ = [
    "Context", "Found", "Taken", "beside", "find_coordinates", "find_moving", "join", "positions_choices",
    "read_context", "take", "take_field", "take_fields", "take_role", "without",
]  # fmt: skip

FITS_NOTHING = "fits nothing, field data; DataSetType Image shows it"


@dataclass(frozen=True)
class Context:
    """A file: its members, what the user wants, and what names say of all of it."""

    specs: Members  # the members that can be read, in file order
    small: Values  # of those that `names.small_members` names
    options: ReadOptions
    chosen: Kind | None = None  # kind of dataset that the user chooses
    single: bool = False  # a .npy: the name of its one array means nothing
    positions: Members = field(default_factory=dict)  # that the user names and uses: points, or x, y and z -> member
    explicit: Mapping[int, tuple[Axis, ...]] = field(default_factory=dict)  # by number of axes: named by user or file
    image: ImageMembers = field(default_factory=ImageMembers)  # what the file says of the place of images
    volume: bool = False  # the file has a geometry of three numbers
    indices_first: bool = False  # an affine counts the indices of arrays, the first of which is i
    time: str = ""  # the member with the times
    times: tuple[float, ...] | None = None
    file_times: np.ndarray | None = None  # (steps,) the same as they stand in the file, where that is not float64
    steps: int | None = None  # time steps that the file names; None where it names no more than one time


class Taken(NamedTuple):
    """A member that has found its place."""

    plan: ArrayPlan
    words: str  # of Interpretation: what follows name, shape and dtype in the line of the member
    steps: int = 1  # time steps; 0: there is none to show


class Found(NamedTuple):
    """What a recogniser makes of members."""

    blocks: tuple[Block, ...] = ()
    words: Mapping[str, str] = {}  # of the members that it takes, by name
    notes: tuple[str, ...] = ()
    fields: tuple[ArrayPlan, ...] = ()  # field data
    geometry: tuple[Geometry, Mapping[str, np.ndarray]] | None = None  # of an image in the file, and who says it

    @classmethod
    def of(cls, block: Block, taken: Iterable[Taken], roles: Mapping[str, Taken]) -> Found:
        """Make one block of the members that have a place in it, and one for each other number of time steps.

        What has no time axis goes with the first.
        """
        plans = {role: one.plan for role, one in roles.items()}
        placed = (*roles.values(), *taken)
        first, *others = dict.fromkeys(one.steps for one in placed if one.steps > 1) or (1,)
        arrays = [
            tuple(one.plan for one in placed[len(roles) :] if one.steps in steps)
            for steps in ((1, first), *((steps,) for steps in others))
        ]
        arrays = [group for group in arrays if group] or [()]
        words = {one.plan.member: one.words for one in placed}
        return cls(tuple(replace(block, roles=plans, arrays=group) for group in arrays), words)

    @classmethod
    def of_fields(cls, taken: Sequence[Taken], notes: tuple[str, ...] = ()) -> Found:
        """Make field data of members."""
        return cls((), {one.plan.member: one.words for one in taken}, notes, tuple([one.plan for one in taken]))


def join(*found: Found) -> Found:
    """Put together what several recognisers found."""
    blocks, words, notes, fields, geometries = zip(*found)
    return Found(
        tuple(one for group in blocks for one in group),
        {name: text for group in words for name, text in group.items()},
        tuple(dict.fromkeys(one for group in notes for one in group)),
        tuple(one for group in fields for one in group),
        next((one for one in geometries[::-1] if one is not None), None),
    )


def without(left: Members, taken: Iterable[str]) -> dict[str, ArraySpec]:
    """Return the members that are left when some are `taken`."""
    names = set(taken)
    return {name: spec for name, spec in left.items() if name not in names}


def beside(left: Members, taken: Iterable[Taken]) -> dict[str, ArraySpec]:
    """Return the members that are left beside those that are `taken`."""
    return without(left, [one.plan.member for one in taken])


def take(context: Context, spec: ArraySpec, axes: tuple[Axis, ...], association: str, note: str = "") -> Taken:
    """Give one member its place as data."""
    plan = ArrayPlan(spec.name, axes, association, prefix=not context.single)
    steps = math.prod(plan.steps(spec.shape))
    return Taken(plan, plan.words + f" ({note})" * bool(note) if steps else "skipped: no time step", steps)


def take_role(spec: ArraySpec, axes: str | tuple[Axis, ...], words: str) -> Taken:
    """Take one member as geometry or topology."""
    plan = ArrayPlan(spec.name, parse_axes(axes) if isinstance(axes, str) else axes)
    return Taken(plan, words, math.prod(plan.steps(spec.shape)))


def take_fields(context: Context, left: Members, *, placed: bool) -> Found:
    """Take members as field data; those that might be images were not `placed` on what there is."""
    unfit: list[Taken] = []
    others: list[Taken] = []
    aside = [name for name, spec in left.items() if name in EVERY_COORDINATE and max(spec.shape, default=1) > 1]
    spans = "spans" if len(aside) == 1 else "span"
    told = aside and not placed and context.chosen is None
    notes = (f"{', '.join(aside)}: {spans} no grid that an array fits, so plain data",) if told else ()
    for spec in left.values():
        if placed and len(spec.shape) > 1 and math.prod(spec.shape) > SMALL:
            unfit.append(take_field(context, spec)._replace(words=FITS_NOTHING))
        else:
            others.append(take_field(context, spec))
    return Found.of_fields([*unfit, *others], notes)


def take_field(context: Context, spec: ArraySpec) -> Taken:
    """Take one member as field data."""
    return take(context, spec, counted_axes(len(spec.shape)), "field")


def read_context(
    specs: Members,
    small: Values,
    options: ReadOptions,
    *,
    single: bool,
    no_times: Collection[str] = (),
) -> tuple[Context, Found]:
    """Read what the user and names say of a whole file; see `recognise` for the other parameters.

    Parameters
    ----------
    no_times : collection of str
        Members that are no times, whatever their names.

    Returns
    -------
    Context
        Of the file.
    Found
        The members that say it, without blocks.
    """
    positions = {} if options.positions == "auto" else _named_positions(specs, options.positions)
    positions = positions if options.dataset_type in USES_POSITIONS else {}
    chosen = KINDS.get(options.dataset_type)
    context = Context(specs, small, options, chosen, single, positions, _chosen_axes(options, specs))
    if single:
        return context, Found()
    words: dict[str, str] = {}
    notes: list[str] = []
    if AXES in specs and AXES in small and not context.explicit:
        text = small[AXES].item()
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        try:
            context = replace(context, explicit={len(axes): axes for axes in map(parse_axes, text.split(","))})
            words[AXES] = f"{text!r}, names the axes"
        except OptionError as problem:
            notes.append(f"axes: not what the name says, plain data ({problem})")
    others = {*no_times, *(spec.name for spec in positions.values())}
    for name in TIMES[:1] if "time" in specs else TIMES:
        if name not in specs or name not in small or name in others or specs[name].dtype.kind not in "iufmM":
            continue
        why_not = _why_no_times(context, name, without(specs, (*words, name)))
        if why_not is None:
            times, file_times = time_values(small[name])
            steps = len(times) if len(times) > 1 else None
            context = replace(context, time=name, times=times, file_times=file_times, steps=steps)
            words[name] = f"time values{time_words(small[name])}"
            break
        notes += [f"{name}: {why_not}, read as plain data"] if why_not else []
    left = without(specs, words)
    lengths = {n for spec in left.values() if len(spec.shape) > 1 for n in spec.shape}
    held = {name: small[name] for name in GEOMETRY_NAMES if name in left and name in small}
    image = geometry_of_members(held, lengths)
    placed = {name: specs[name].shape for name in image.used}
    # An affine of (3, 3) places an image in the plane.
    volume = not {(3,), (4, 4)}.isdisjoint(placed.values()) or placed.get("direction") == (3, 3)
    volume |= "dz" in placed or "zmin" in placed
    indices_first = placed.get("affine") == (4, 4) and not set(context.explicit) & {2, 3, 4, 5}
    context = replace(context, image=image, volume=volume, indices_first=indices_first)
    return context, Found((), words, tuple(notes))


def _named_positions(specs: Members, text: str) -> dict[str, ArraySpec]:
    """Find the members that the option ``positions`` names.

    Parameters
    ----------
    text : str
        One name, or those of x, y[, z], separated by commas.

    Returns
    -------
    dict
        ``points``, or ``x``, ``y``[, ``z``] -> member.

    Raises
    ------
    OptionError
        There is no such member, or it cannot hold positions.
    """
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


def positions_choices(specs: Members) -> tuple[str, ...]:
    """List what may hold positions in a file, for a menu: single members in file order, then x, y and z of a family."""
    alone = [
        name
        for name, spec in specs.items()
        if is_real(spec.dtype)
        and 0 not in spec.shape
        and ((len(spec.shape) in (2, 3, 4) and spec.shape[-1] in (2, 3)) or is_narrow(spec.shape, spec.dtype))
    ]
    return (*alone, *_families(specs))


def _families(specs: Members) -> Iterator[str]:
    for family in FAMILIES:
        names = [next((name for name in family[letter] if name in specs), "") for letter in "xyz"]
        found = [specs[name] for name in names if name]
        alike = len({spec.shape for spec in found}) == 1 and all(is_real(spec.dtype) for spec in found)
        if names[0] and names[1] and alike and len(found[0].shape) in (1, 2, 3):
            yield ", ".join(filter(None, names))


def _chosen_axes(options: ReadOptions, specs: Members) -> dict[int, tuple[Axis, ...]]:
    """Axes that the user spells out, by number of axes."""
    text = options.axes
    found: dict[int, tuple[Axis, ...]] = {}
    if text == "auto":
        return found
    for part in text.split(","):
        axes = parse_axes(part)
        if len(axes) in found:
            raise OptionError(
                f"Axes {text!r}: {format_axes(found[len(axes)])} and {format_axes(axes)} both name "
                f"{len(axes)} axes; an array takes the one of its own length. Leave one of them out."
            )
        found[len(axes)] = axes
    if not any(len(spec.shape) in found for spec in specs.values()):
        shapes = ((name, spec.shape) for name, spec in specs.items())
        name, shape = max(shapes, key=lambda item: len(item[1]), default=("no array", ()))
        raise OptionError(
            f"Axes {text!r} names {' or '.join(str(n) for n in found)} axes, but {name!r} has the shape "
            f"{shape}. Give one letter per axis, or choose auto."
        )
    return found


def _why_no_times(context: Context, name: str, others: Members) -> str | None:
    """Say why a member holds no times, None where it does; another name than ``time`` must count a first axis."""
    shapes, shape = [spec.shape for spec in others.values()], context.specs[name].shape
    size = math.prod(shape)
    if name != "time":
        fits = len(shape) == 1 and size > 1
        fits &= any(_counts(context, s, size) for s in shapes) or bool(find_moving(context, others, size))
    elif size == 1:  # one time of all, and no column of one row
        fits = not shape or any(math.prod(s) > 1 for s in shapes)
    else:
        fits = size > 1 and any(len(s) >= 2 and size in s for s in shapes)
    if not fits:
        return ""  # a column of a table, or nothing that it could count
    numbers, _file_times = time_values(context.small[name])
    if not np.all(np.isfinite(numbers)):
        return "not all values are finite times"
    return "does not increase from step to step" if np.any(np.diff(numbers) <= 0) else None


def _counts(context: Context, shape: tuple[int, ...], steps: int) -> bool:
    """Tell whether an array of this shape has so many steps along its first axis, or the one that is named time."""
    named = ArrayPlan("", context.explicit.get(len(shape), ())).steps(shape)
    return steps in named or (len(shape) >= 3 and steps == shape[0])


def find_coordinates(
    context: Context, left: Members, dims: Collection[int], family: Mapping[str, Collection[str]] = FAMILIES[0]
) -> dict[str, ArraySpec]:
    """Find the coordinates of a family with one of `dims` axes, or those that the user names: letter -> spec."""
    if context.positions:
        named = context.positions if family is FAMILIES[0] and "x" in context.positions else {}
        return {letter: spec for letter, spec in named.items() if len(spec.shape) in dims}
    found = {}
    for letter, aliases in family.items():
        for spec in (left[alias] for alias in aliases if alias in left):
            if is_real(spec.dtype) and len(spec.shape) in dims and math.prod(spec.shape) > 0:
                found[letter] = spec
                break
    return found


def find_moving(context: Context, left: Members, steps: int | None) -> dict[str, ArraySpec]:
    """Find x, y and z of points that move, each (steps, N); empty where there are none."""
    found = find_coordinates(context, left, (2,))
    shapes = {spec.shape for spec in found.values()}
    return found if {"x", "y"} <= set(found) and len(shapes) == 1 and found["x"].shape[0] == steps else {}
