"""Time steps stacked in one file, one in memory at a time.

Data on points, cells and rows gets a first axis ``t``, and is put at its place in the file as it comes.
What may stay the same, the positions of points, field data and masks, gets one only if it changes.
That is known at the end: until then what it was is kept in a file beside the target, once as long as it is the same.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .errors import OptionError
from .files import npy
from .files.formats import format_of
from .files.in_place import InPlace, read_back
from .files.npy import Outgoing
from .files.publish import atomic_output, naming_path
from .files.source import printable
from .options import WriteOptions
from .plan.axes import Axis
from .plan.description import Schema
from .plan.kinds import POSITIONS
from .plan.layout import blocks_of
from .plan.names import DESCRIPTION
from .plan.tree import map_tree
from .vtk.drafts import Export, axes_items
from .vtk.export import export, time_of
from .vtk.member import member_of_values
from .write import choose, left_behind

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from typing import IO

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from .files.store import Progress
    from .plan.description import Node
    from .plan.kinds import Kind
    from .plan.layout import ArrayPlan, Block
    from .vtk.drafts import Item
    from .vtk.member import Member
    from .write import Warn

__all__ = ["Stack"]


class Stack:
    """Writes one file with all time steps: every data array gets a leading axis ``t``.

    Points that move have one, too, and so has field data that changes; what stays the same has none.
    Field data with another shape or type at some step is left out, which is told by `warn`.
    Cells, the place of an image and the coordinates of a rectilinear grid must be the same in all steps.
    One step is in memory at a time.

    Use as a context manager; call `add` for each step, then leave: that publishes the file.

    Parameters
    ----------
    path : path-like
    steps : int
        How many will be added.
    options : WriteOptions
    progress : callable, optional
        As for `write`.
    warn : callable, optional
        As for `write`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        steps: int,
        options: WriteOptions | None = None,
        progress: Progress | None = None,
        warn: Warn | None = None,
    ) -> None:
        self._path, self._steps = os.fspath(path), steps
        self._warn, self._left = warn, ""  # what a .npy has no place for
        self._left_out: dict[str, None] = {}  # field data that fits no axis of time
        self._options = options or WriteOptions()
        self._progress = progress
        self._times: list[np.ndarray] = []  # as they stood in the file that they came from
        self._numbers: list[float] = []  # the same as ParaView has them
        with naming_path(path):
            self._format = format_of(path)
            self._single = self._format.HOLDS_ONE

    def __enter__(self) -> Stack:
        self._open = contextlib.ExitStack()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            # The file must learn of the failure, or it would publish itself.
            self._open.__exit__(kind, error, trace)
            return
        with naming_path(self._path), self._open:
            self._finish()
        if self._left_out:
            names = ", ".join(printable(repr(name)) for name in self._left_out)
            self._left = (
                f"field data is left out that has not the same shape and type at all time steps: {names}. {_SERIES}"
            )
        if self._left and self._warn is not None:
            self._warn(self._left)

    def add(self, data: vtkDataObject, time: float) -> None:
        """Append one step.

        Raises
        ------
        OptionError
            It does not fit the first step, or is one more than were announced.
        UnsupportedError
            The data has no counterpart in NumPy.
        FileError
            The file cannot be written.
        """
        with naming_path(self._path):
            number = len(self._times)
            plan = export(data, self._options.content_of(single=self._single))
            if number >= self._steps:
                raise OptionError(f"{self._steps} time steps were announced, and there are more.")
            items = self._items(plan)
            if number == 0:
                self._begin(plan, items)
                self._left = left_behind(plan, items[0]) if self._single else ""
            else:
                self._check(plan, items, number)
            for place, item in enumerate(items):
                one = replace(item.member.outgoing(item.name, c_order=True), dtype=self._inner.arrays[place].dtype)
                offset = number * math.prod(one.shape) * one.dtype.itemsize
                self._inner.fill(place, one, offset, self._step_progress(number, place, len(items)))
            for item in self._resting(plan):
                self._kept.add(item)
            same = time_of(data) == float(time)
            self._times.append(_time(plan) if same else np.asarray(float(time)))
            self._numbers.append(float(time))

    def _step_progress(self, number: int, place: int, count: int) -> Progress | None:
        if self._progress is None:
            return None
        return lambda part: self._progress((number + (place + part) / count) / self._steps)

    def _items(self, plan: Export) -> list[Item]:
        if self._single:
            return [choose(plan, self._options.array)]
        return [item for item in plan.items if item.association in ("point", "cell", "row") and not item.member.still]

    def _resting(self, plan: Export) -> list[Item]:
        """List what has no time axis as long as it does not change, structure first."""
        if self._single:
            return []
        found = [
            item
            for item in plan.items
            if item.association in ("structure", "field") or item.member.still
            if item.name not in self._left_out
        ]
        return sorted(found, key=lambda item: item.association != "structure")

    def _begin(self, plan: Export, items: list[Item]) -> None:
        """Lay out the file after the first step."""
        self._plan = plan
        self._moving = set() if self._single else _positions(plan.schema)
        arrays = [Outgoing(item.name, (self._steps, *item.member.shape), item.member.dtype, tuple) for item in items]
        # Steps come one after the other: what is compressed is put together first.
        self._spool = self._format.compresses(self._options.compression)
        file = self._open.enter_context(atomic_output(self._path, scratch=self._spool))
        self._inner = InPlace(file, arrays, self._format)
        if not self._single:
            self._kept = _Kept(self._open.enter_context(atomic_output(self._path, scratch=True)))

    def _check(self, plan: Export, items: list[Item], number: int) -> None:
        """Refuse a step that does not fit the first."""
        where = f"time step {number}"
        if not self._single and _structure(plan.schema) != _structure(self._plan.schema):
            raise OptionError(f"{where}: the geometry is not that of the first step. {_SERIES}")
        first = self._items(self._plan)
        if [item.name for item in items] != [item.name for item in first]:
            here, there = (", ".join(item.name for item in some) for some in (items, first))
            raise OptionError(f"{where}: expected the arrays of the first step ({there}), found {here}. {_SERIES}")
        stacked = {item.name: item.member for item in first}
        resting = {item.name: item.member for item in self._resting(self._plan)}
        self._left_out.update(dict.fromkeys(sorted(set(resting) ^ {item.name for item in self._resting(plan)})))
        for item in items:
            self._check_array(item, stacked[item.name], where, np.can_cast)
        for item in self._resting(plan):
            self._check_array(item, resting[item.name], where, _mix)

    def _check_array(self, item: Item, first: Member, where: str, fits: Callable[[np.dtype, np.dtype], bool]) -> None:
        """Leave out field data that does not fit that of the first step, and refuse all else that does not."""
        mine, stays = item.member, item.name not in self._moving
        if mine.shape != first.shape or mine.axes != first.axes:
            problem = f"array {item.name!r} has shape {mine.shape}, and {first.shape} in the first step"
        elif stays and not fits(mine.dtype, first.dtype):
            problem = f"array {item.name!r} is {mine.dtype}, and {first.dtype} in the first step"
        elif item.association == "structure" and not self._single and stays and self._kept.changes(item):
            problem = f"the geometry is not that of the first step: {item.name!r} changes"
        else:
            return
        if item.association != "field" or self._single:
            raise OptionError(f"{where}: {problem}. {_SERIES}")
        self._left_out[item.name] = None

    def _finish(self) -> None:
        if len(self._times) != self._steps:
            raise OptionError(f"{self._steps} time steps were announced, and {len(self._times)} came.")
        if self._single:
            self._publish()
            return
        schema, resting = self._plan.schema, self._resting(self._plan)
        moves = {item.name for item in resting if item.member.moving or self._kept.has_changed(item.name)}
        for block in blocks_of(schema.data):
            columns = {plan.member for role, plan in block.roles.items() if role in "xyz"}
            # Of a mesh all three move, or none: otherwise the one that does would be data to who reads plain names.
            moves |= columns if block.kind.has_cells and columns & moves else set()
        more = [self._kept.outgoing(item, moves=item.name in moves) for item in resting]
        time = schema.time
        if time is None:
            taken = {one.name for one in (*self._inner.arrays, *more)} | {DESCRIPTION}
            names = itertools.chain(["time"], (f"time_{k}" for k in itertools.count(2)))
            time = next(name for name in names if name not in taken)
        alike = len({value.dtype for value in self._times}) == 1
        times = np.array(self._times, self._times[0].dtype) if alike else np.array(self._numbers)
        more.append(member_of_values(time, times).outgoing(time))
        moving = {item.name for item in self._items(self._plan)} | moves
        node = _with_time(schema.data, moving, self._left_out)
        rest = Export(tuple(axes_items(node, [*self._inner.arrays, *more], {time: times})), Schema(node, time))
        self._publish([*more, *(item.member.outgoing(item.name) for item in rest.described)])

    def _publish(self, more: Sequence[Outgoing] = ()) -> None:
        """Publish the file, with `more` arrays at its end."""
        if self._spool:
            with atomic_output(self._path) as file:
                arrays = [*self._inner.stored(), *more]
                self._format.write(file, arrays, self._options.compression, self._progress)
            return
        if more:
            start = len(self._inner.arrays)
            self._inner.extend([*self._inner.arrays, *more])
            for number, one in enumerate(more, start):
                self._inner.fill(number, one)
        self._inner.finish()


class _Value(NamedTuple):
    """What an array was at one step or at several, kept in a file."""

    digest: bytes
    dtype: np.dtype
    start: int  # byte in the file


class _Kept:
    """Arrays that may be the same at all steps: of each what it was at each step, kept once as long as it is the same.

    Parameters
    ----------
    file : binary file open for reading and writing
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._end = file, 0
        self._steps: dict[str, list[_Value]] = {}

    def changes(self, item: Item) -> bool:
        """Tell whether an array is not what it was at the last step."""
        return item.member.digest() != self._steps[item.name][-1].digest

    def add(self, item: Item) -> None:
        """Keep what an array is at the next step."""
        steps = self._steps.setdefault(item.name, [])
        found = item.member.digest()
        if steps and steps[-1].digest == found:
            steps.append(steps[-1])
            return
        steps.append(_Value(found, item.member.dtype, self._end))
        self._file.seek(self._end)
        for data in npy.buffers(item.member.outgoing(item.name, c_order=True)):
            npy.put(self._file, data)
            self._end += len(data)

    def has_changed(self, name: str) -> bool:
        """Tell whether an array was not the same at all steps."""
        return len(set(self._steps[name])) > 1

    def outgoing(self, item: Item, *, moves: bool) -> Outgoing:
        """Return what an array was at all steps, with an axis of time, or else what it was at the first."""
        steps, shape = self._steps[item.name], item.member.shape
        if moves:
            shape = (len(steps), *shape)
        else:
            steps = steps[:1]
        dtypes = dict.fromkeys(value.dtype for value in steps)
        dtype = np.result_type(*dtypes) if len(dtypes) > 1 else steps[0].dtype

        def blocks() -> Iterator[np.ndarray]:
            for value in steps:
                size = math.prod(item.member.shape) * value.dtype.itemsize
                yield from read_back(self._file, value.start, size, value.dtype)

        return Outgoing(item.name, shape, dtype, blocks)


def _mix(one: np.dtype, other: np.dtype) -> bool:
    """Tell whether values of two dtypes can stand in one array as they are."""
    return one == other or (one.kind == other.kind and one.kind in "biufcSU")


def _structure(schema: Schema) -> list[tuple[Kind, int | None, dict[str, str]]]:
    """List what is structure: kind, type of the cells and members of all datasets."""
    return [
        (block.kind, block.cell_type, {role: plan.member for role, plan in block.roles.items()})
        for block in blocks_of(schema.data)
    ]


def _positions(schema: Schema) -> set[str]:
    """Name the members with positions of points, which may move."""
    blocks = [block for block in blocks_of(schema.data) if block.kind.has_positions]
    return {block.roles[role].member for block in blocks for role in POSITIONS if role in block.roles}


def _time(plan: Export) -> np.ndarray:
    """Return the time of a step that has one: as it stood in the file that it came from, or else as float64."""
    return next(item.member.values() for item in plan.items if item.name == plan.schema.time)


_SERIES = "Save with TimeSteps = Series, one file per step."


def _with_time(node: Node, moving: Collection[str], left_out: Collection[str]) -> Node:
    """Give the members in `moving` a first axis t, and leave those in `left_out` out."""

    def moved(plan: ArrayPlan) -> ArrayPlan:
        return plan._replace(axes=(Axis("t"), *plan.axes)) if plan.member in moving else plan

    def arrays(plans: tuple[ArrayPlan, ...]) -> tuple[ArrayPlan, ...]:
        return tuple(moved(plan) for plan in plans if plan.member not in left_out)

    def dataset(block: Block) -> Block:
        roles = {role: moved(plan) for role, plan in block.roles.items()}
        return replace(block, roles=roles, arrays=arrays(block.arrays), field_data=arrays(block.field_data))

    return map_tree(node, dataset, arrays)
