"""Time steps stacked in one file, one in memory at a time."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import OptionError
from .files import npy, zip_write
from .files.in_place import InPlace
from .files.npy import Outgoing, c_order_blocks
from .files.publish import atomic_output, naming_path
from .options import WriteOptions
from .plan import description, description_text
from .vtk.drafts import Item, axes_items
from .vtk.export import export, time_of
from .vtk.member import member_of_values
from .write import alike, choose, is_npy, left_behind

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Callable

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from .files.store import Progress
    from .vtk.drafts import Export
    from .vtk.member import Member
    from .write import Warn

__all__ = ["Stack"]


class Stack:
    """Writes one file with all time steps: every data array gets a leading axis ``t``.

    Field data, and arrays that had no time axis in a file of several steps, have none here where they do not change.
    One step is in memory at a time, and the changes of those.
    Geometry must be the same in all steps.

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
        self._options = options or WriteOptions()
        self._progress = progress
        self._times: list[np.ndarray] = []  # as they stood in the file that they came from
        self._numbers: list[float] = []  # the same as ParaView has them
        self._still: dict[str, list[np.ndarray]] = {}  # values at each step, the very same where nothing changed
        with naming_path(path):
            self._single = is_npy(path)

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
        if self._left and self._warn is not None:
            self._warn(self._left)

    def add(self, data: vtkDataObject, time: float) -> None:
        """Append one step."""
        with naming_path(self._path):
            number = len(self._times)
            plan = export(data, self._options.content)
            if number >= self._steps:
                raise OptionError(f"{self._steps} time steps were announced, and there are more.")
            items = self._items(plan)
            if number == 0:
                self._begin(plan, items)
                self._left = left_behind(plan, items[0]) if self._single else ""
            else:
                self._check(plan, items, number)
            for place, item in enumerate(items):
                one = replace(_c_outgoing(item), dtype=self._inner.arrays[place].dtype)
                offset = number * math.prod(one.shape) * one.dtype.itemsize
                self._inner.fill(place, one, offset, self._step_progress(number, place, len(items)))
            for item in self._resting(plan):
                values, before = item.member.values(), self._still.setdefault(item.name, [])
                before.append(before[-1] if before and alike(values, before[-1]) else values.copy())
            same = time_of(data) == float(time)
            self._times.append(_time(plan) if same else np.asarray(float(time)))
            self._numbers.append(float(time))

    def _step_progress(self, number: int, place: int, count: int) -> Progress | None:
        if self._progress is None:
            return None
        return lambda part: self._progress((number + (place + part) / count) / self._steps)

    def _items(self, plan: Export) -> list[Item]:
        return [choose(plan, self._options.array)] if self._single else self._stacked(plan)

    @staticmethod
    def _stacked(plan: Export) -> list[Item]:
        return [item for item in plan.items if item.association in ("point", "cell", "row") and not item.member.still]

    def _resting(self, plan: Export) -> list[Item]:
        """List what has no time axis as long as it does not change."""
        if self._single:
            return []
        return [item for item in plan.items if item.association == "field" or item.member.still]

    @staticmethod
    def _constant(plan: Export) -> list[Item]:
        return [item for item in plan.items if item.association == "geometry"]

    def _begin(self, plan: Export, items: list[Item]) -> None:
        """Lay out the file after the first step."""
        self._plan = plan
        arrays = [Outgoing(item.name, (self._steps, *item.member.shape), item.member.dtype, tuple) for item in items]
        constant = [] if self._single else self._constant(plan)
        # Steps come one after the other: what is compressed is put together first.
        self._spool = not self._single and self._options.compression > 0
        file = self._open.enter_context(atomic_output(self._path, scratch=self._spool))
        self._inner = InPlace(file, arrays + [_c_outgoing(item) for item in constant], self._single)
        for number, item in enumerate(constant, len(arrays)):
            self._inner.fill(number, _c_outgoing(item))
        self._digest = _digest(constant)

    def _laid_out(self) -> list[Item]:
        """List the members that the file has so far, with the shapes and axes that they have there."""
        items = self._items(self._plan)
        every = [
            replace(one.member, shape=(self._steps, *one.member.shape), axes=f"t{one.member.axes}") for one in items
        ]
        return [*(replace(one, member=member) for one, member in zip(items, every)), *self._constant(self._plan)]

    def _check(self, plan: Export, items: list[Item], number: int) -> None:
        """Refuse a step that does not fit the first."""
        where = f"time step {number}"
        first = self._items(self._plan)
        if [item.name for item in items] != [item.name for item in first]:
            here, there = (", ".join(item.name for item in some) for some in (items, first))
            raise OptionError(f"{where}: expected the arrays of the first step ({there}), found {here}. {_SERIES}")
        for item, other in zip(items, first):
            mine, theirs = item.member, other.member
            if mine.shape != theirs.shape or mine.axes != theirs.axes:
                raise OptionError(
                    f"{where}: array {item.name!r} has shape {mine.shape}, "
                    f"and {theirs.shape} in the first step. {_SERIES}"
                )
            if mine.dtype != theirs.dtype and not np.can_cast(mine.dtype, theirs.dtype):
                raise OptionError(
                    f"{where}: array {item.name!r} is {mine.dtype}, and {theirs.dtype} in the first step. {_SERIES}"
                )
        if not self._single and _digest(self._constant(plan)) != self._digest:
            raise OptionError(f"{where}: the geometry is not that of the first step. {_SERIES}")

    def _finish(self) -> None:
        if len(self._times) != self._steps:
            raise OptionError(f"{self._steps} time steps were announced, and {len(self._times)} came.")
        if self._single:
            self._publish()
            return
        moving = {item.name for item in self._items(self._plan)}
        extra = []
        for item in self._resting(self._plan):
            values, axes = self._field(item), item.member.axes
            if values.ndim != len(axes.replace("-", "")):
                moving.add(item.name)
                axes = f"t{axes}"
            extra.append(Item(member_of_values(item.name, values, axes), item.name, item.association))
        taken = {one.name for one in self._inner.arrays} | {item.name for item in extra} | {description.MEMBER}
        time = self._plan.schema.time
        if time is None:
            names = itertools.chain(["time"], (f"time_{k}" for k in itertools.count(2)))
            time = next(name for name in names if name not in taken)
        alike = len({value.dtype for value in self._times}) == 1
        times = self._times if alike else self._numbers
        extra.append(Item(member_of_values(time, np.array(times, self._times[0].dtype if alike else float)), time, ""))
        extra += axes_items(self._plan.schema.data, [*self._laid_out(), *extra], time)
        text = description_text.dumps(description.Schema(_with_time(self._plan.schema.data, moving), time))
        extra.append(Item(member_of_values(description.MEMBER, np.asarray(text)), description.MEMBER, ""))
        start = len(self._inner.arrays)
        self._inner.extend([*self._inner.arrays, *map(_c_outgoing, extra)])
        for number, item in enumerate(extra, start):
            self._inner.fill(number, _c_outgoing(item))
        self._publish()

    def _publish(self) -> None:
        if not self._spool:
            self._inner.finish()
            return
        with atomic_output(self._path) as file:
            zip_write.write(file, self._inner.stored(), self._options.compression, self._progress)

    def _field(self, item: Item) -> np.ndarray:
        """Values of what may rest: those of the first step when all are equal, else stacked."""
        found = self._still[item.name]
        first = found[0]
        if len(found) != self._steps or any(v.shape != first.shape for v in found):
            raise OptionError(f"array {item.name!r} has not the same shape in all time steps. {_SERIES}")
        if all(values is first for values in found):
            return first
        return np.stack(found)


def _time(plan: Export) -> np.ndarray:
    """Return the time of a step that has one: as it stood in the file that it came from, or else as float64."""
    return next(item.member.values() for item in plan.items if item.name == plan.schema.time)


_SERIES = "Save with TimeSteps = Series, one file per step."


def _digest(items: Sequence[Item]) -> bytes:
    digest = hashlib.blake2b()
    for item in items:
        digest.update(repr((item.name, item.member.shape, item.member.dtype)).encode())
        for block in npy.buffers(_c_outgoing(item)):
            digest.update(block)
    return digest.digest()


def _c_outgoing(item: Item) -> Outgoing:
    return Outgoing(item.name, item.member.shape, item.member.dtype, _c_blocks(item.member))


def _c_blocks(member: Member) -> Callable[[], Iterator[np.ndarray]]:
    """Blocks in C order, whatever order would be cheapest."""
    if not member.fortran_order:
        return member.blocks
    return lambda: (member.block(index) for index in c_order_blocks(member.shape, member.dtype.itemsize))


def _with_time(node: description.Node, moving: Collection[str]) -> description.Node:
    """Give the members in `moving` a first axis t."""

    def arrays(found: tuple[description.ArrayRecord, ...]) -> tuple[description.ArrayRecord, ...]:
        return tuple(replace(a, axes=f"t{a.axes}") if a.member in moving else a for a in found)

    def place(data: object) -> object:
        if isinstance(data, tuple):
            return tuple(map(place, data))
        return None if data is None else _with_time(data, moving)

    if isinstance(node, description.CompositeRecord):
        children = tuple(child._replace(data=place(child.data)) for child in node.children)
        return replace(node, children=children, field_data=arrays(node.field_data))
    groups = ("point_data", "cell_data", "row_data", "field_data")
    return replace(node, **{group: arrays(getattr(node, group)) for group in groups})
