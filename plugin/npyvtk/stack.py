"""The writing story: a data object becomes a file, whole or not at all.

`save` writes what there is now, `Stack` one file of many time steps; `write` is `save` for people who call this
package from Python.
`series_name` and `write_series` name and list a series of files; `InPlace` puts values anywhere in a file.
Every file is written beside its target and published in one step; whatever fails, fails before that.
What the arrays are is decided in `export`; here it is chosen which of them go into the file, and when.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import math
import os
import re
import zlib
from dataclasses import dataclass, field, replace
from typing import IO, TYPE_CHECKING, Callable, Union

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkDataObject

from .files import npy_header as _npy, zip_directory as _npz
from .plan import description as schema
from .files.source import printable
from .errors import NumPyIOError, OptionError, UnsupportedError
from .vtk.export import Export, ExportOptions, Item, export, outgoing, outgoing_of, time_of
from .parallel.own import GHOSTS
from .files.publish import atomic_output
from .vtk.member import member_of_values, pieces
from .files.store import Outgoing

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from .vtk.member import Member

__all__ = [
    "InPlace",
    "Stack",
    "WriteOptions",
    "at",
    "choose",
    "is_npy",
    "left_behind",
    "save",
    "series_name",
    "write",
    "write_series",
]

EXTENSIONS = (".npy", ".npz")
COPY_BYTES = 4 << 20  # read back at a time when a stacked file is compressed

NAMED_ARRAYS = 5  # of those that are left behind: a line should stay one

Progress = Callable[[float], None]
Warn = Callable[[str], None]  # is given one sentence, without the name of the file
Data = Union[vtkDataObject, "Mapping[str, np.ndarray]", np.ndarray]


@dataclass(frozen=True)
class WriteOptions:
    """The choices of a user."""

    array: str = ""  # for .npy: its name; "" is the active scalars, or the only one
    compression: int = 0  # of an .npz: 0 stored, 1 to 9 deflated
    content: ExportOptions = field(default_factory=ExportOptions)

    def __post_init__(self) -> None:
        if not isinstance(self.compression, (int, np.integer)) or not 0 <= self.compression <= 9:
            raise OptionError(
                f"CompressionLevel is {self.compression!r}; it must be 0 (stored) to 9 (smallest)."
            )


def write(
    path: str | os.PathLike[str],
    data: Data,
    *,
    array: str = "",
    compression: int = 0,
    progress: Progress | None = None,
    warn: Warn | None = None,
    **content: object,
) -> None:
    """Write `data` as ``.npy`` or ``.npz``, as the extension of `path` says.

    Parameters
    ----------
    path : path-like
    data : vtkDataObject, dict of str to ndarray, or ndarray
    array : str
        For ``.npy``: which array; by default the active scalars, or the only one.
    compression : int
        For ``.npz``: 0 stored, 1 to 9 deflated.
    progress : callable, optional
        Called with the fraction done; what it raises ends the writing and leaves nothing behind.
    warn : callable, optional
        Called with one sentence where a ``.npy`` leaves something of `data` behind.
    **content
        Fields of `export.ExportOptions`: ``axes``, ``point_arrays``, ``cell_arrays``.

    Raises
    ------
    OptionError
        A choice does not fit the data.
    UnsupportedError
        The data has no counterpart in NumPy.
    FileError
        The file cannot be written.
    """
    save(path, data, WriteOptions(array, compression, ExportOptions(**content)), progress, warn)


def save(
    path: str | os.PathLike[str],
    data: Data,
    options: WriteOptions | None = None,
    progress: Progress | None = None,
    warn: Warn | None = None,
) -> None:
    """Write `data` into the file `path`; see `write`."""
    options = options or WriteOptions()
    with at(path):
        lone = is_npy(path)
        arrays, left = _arrays(path, data, options, lone)
        with atomic_output(path) as file:
            if lone:
                _npy.write(file, arrays[0], progress)
            else:
                _npz.write(file, arrays, options.compression, progress)
    if left and warn is not None:
        warn(left)


def is_npy(path: str | os.PathLike[str]) -> bool:
    """Tell ``.npy`` from ``.npz`` by the extension."""
    extension = os.path.splitext(os.fspath(path))[1].lower()
    if extension not in EXTENSIONS:
        raise OptionError(f"the extension is {extension!r}; it must be .npy or .npz. Choose another name.")
    return extension == ".npy"


@contextlib.contextmanager
def at(path: str | os.PathLike[str]) -> Iterator[None]:
    """Open every message with the place."""
    place = printable(os.fspath(path))
    try:
        yield
    except NumPyIOError as error:
        if str(error).startswith(place) or not str(error):
            raise
        raise type(error)(f"{place}: {error}") from None


def _arrays(
    path: str | os.PathLike[str], data: Data, options: WriteOptions, lone: bool
) -> tuple[list[Outgoing], str]:
    """List the arrays of the file, and say what it has no place for."""
    if isinstance(data, vtkDataObject):
        plan = export(data, options.content)
        if not lone:
            return outgoing(plan), ""
        chosen = choose(plan, options.array)
        return [outgoing_of(chosen)], left_behind(plan, chosen)
    left = ""
    if not isinstance(data, dict):
        values = np.asanyarray(data)
        name = os.path.splitext(os.path.basename(os.fspath(path)))[0] if lone else "arr_0"
        data = {name: values}
    if lone and options.array:
        if options.array not in data:
            raise OptionError(_unclear(f"there is no array {options.array!r}", list(data)))
        left = _only(options.array, _named([str(name) for name in data if name != options.array]))
        data = {options.array: data[options.array]}
    if lone and len(data) != 1:
        raise OptionError(_unclear(f"a .npy holds one array, and there are {len(data)}", list(data)))
    made = []
    for name, values in data.items():
        member = member_of_values(str(name), np.asanyarray(values))
        made.append(outgoing_of(Item(member, str(name), "")))
    return made, left


def _unclear(what: str, names: Sequence[str]) -> str:
    listed = ", ".join(map(printable, names[:20])) or "none"
    return f"{what} ({listed}). Name one with Array, or save as .npz, which holds all of them."


def choose(plan: Export, name: str = "") -> Item:
    """Return the one member that goes into a ``.npy``.

    Raises
    ------
    OptionError
        It is not clear which; the message lists what there is.
    """
    data = [item for item in plan.items if item.association in ("point", "cell", "row")]
    if name:
        for items in (data, plan.items):
            found = [item for item in items if name in (item.name, *item.labels)]
            if found:
                exact = [item for item in found if item.name == name]
                return (exact or found)[0]
        raise OptionError(_unclear(f"there is no array {name!r}", [item.name for item in data]))
    data = [item for item in data if GHOSTS not in item.labels]
    if not data:
        fields = [item for item in plan.items if item.association == "field"]
        points = [item for item in plan.items if item.role == "points"]
        data = fields if len(fields) == 1 and not points else points[:1]
    for association in ("point", "cell", "row"):
        active = [item for item in data if item.scalars and item.association == association]
        if len(active) == 1:
            return active[0]
        if active:
            break
    if len(data) == 1:
        return data[0]
    if not data:
        raise OptionError("there is no array to save. Save as .npz, which also holds the geometry.")
    what = f"a .npy holds one array, and the active scalars do not tell which of {len(data)}"
    raise OptionError(_unclear(what, [item.name for item in data]))


def left_behind(plan: Export, chosen: Item) -> str:
    """Say in one sentence what a ``.npy`` of `chosen` has no place for; empty when that is nothing."""
    names = [
        item.name
        for item in plan.items
        if item is not chosen and item.association not in ("geometry", "") and GHOSTS not in item.labels
    ]
    roles = {item.role for item in plan.items if item.association == "geometry" and item is not chosen}
    types = [leaf.type for leaf in _leaves(plan.schema.data)]
    found = _named(names)
    if len(types) > 1:
        found.append(f"the structure of {len(types)} blocks")
    if {"vtkPolyData", "vtkUnstructuredGrid", "vtkStructuredGrid"} & set(types) and roles & {"points", *"xyz"}:
        found.append("the points")
    if "vtkRectilinearGrid" in types and roles & set("xyz"):
        found.append("the coordinates")
    if {"vtkPolyData", "vtkUnstructuredGrid"} & set(types) and roles - {"points", *"xyz"}:
        found.append("the cells")
    if plan.placed:
        found.append("origin, spacing and direction")
    return _only(chosen.name, found)


def _named(names: Sequence[str]) -> list[str]:
    """Name the first arrays, and count the others."""
    listed = [repr(printable(name)) for name in names[:NAMED_ARRAYS]]
    more = len(names) - len(listed)
    return [*listed, f"{more} more arrays"] if more else listed


def _only(name: str, left: Sequence[str]) -> str:
    if not left:
        return ""
    return (
        f"only {printable(name)!r} is saved, a .npy has no place for the rest: {', '.join(left)}. Save as .npz to "
        "keep everything."
    )


def _leaves(node: schema.Node | tuple[schema.Node | None, ...] | None) -> Iterator[schema.Leaf]:
    if isinstance(node, tuple):
        for one in node:
            yield from _leaves(one)
    elif isinstance(node, schema.Composite):
        for child in node.children:
            yield from _leaves(child.data)
    elif node is not None:
        yield node


# ---------------------------------------------------------------------------------------------------
# series of files


_PERCENT = re.compile(r"%(0?)(\d{0,2})d")
_BRACES = re.compile(r"\{(?::(0?)(\d{0,2})d)?\}")


def series_name(path: str | os.PathLike[str], suffix: str, number: int) -> str:
    """Name file `number` of a series: ``out.npz`` with ``_%d`` or ``_{:d}`` is ``out_7.npz``.

    Raises
    ------
    OptionError
        `suffix` has no place for the number, or more than one.
    """
    places = [*_PERCENT.finditer(suffix), *_BRACES.finditer(suffix)]
    rest = _BRACES.sub("", _PERCENT.sub("", suffix))
    if len(places) != 1 or any(sign in rest for sign in "%{}") or "/" in rest or os.sep in rest:
        raise OptionError(
            f"FileNameSuffix is {suffix!r}; it needs one place for the number of the time step, such as _%d, "
            "_%04d, _{:d} or _{:04d}."
        )
    place = places[0]
    zero, width = place.group(1) or "", int(place.group(2) or 0)
    digits = str(number).rjust(width, "0" if zero else " ")
    stem, extension = os.path.splitext(os.fspath(path))
    return f"{stem}{suffix[: place.start()]}{digits}{suffix[place.end() :]}{extension}"


def write_series(path: str | os.PathLike[str], names: Sequence[str], times: Sequence[float]) -> str:
    """Write the list of a series beside it, as ParaView reads it; return its name, `path` + ``.series``."""
    listed = f"{os.fspath(path)}.series"
    entries = [
        {"name": os.path.basename(name), "time": float(time)} for name, time in zip(names, times)
    ]
    text = json.dumps({"file-series-version": "1.0", "files": entries}, indent=2) + "\n"
    with at(listed), atomic_output(listed) as file:
        file.write(text.encode())
    return listed


# ---------------------------------------------------------------------------------------------------
# arrays that are put in place piece by piece


class InPlace:
    """A stored file whose layout is known before its values.

    Parameters
    ----------
    file : binary file open for reading and writing
    arrays : sequence of Outgoing
        Their blocks are not used.
    lone : bool
        The file is a ``.npy`` with the one array.
    """

    def __init__(self, file: IO[bytes], arrays: Sequence[Outgoing], lone: bool) -> None:
        self._file, self._lone = file, lone
        if lone:
            header = _npy.header_bytes(arrays[0])
            size = int(np.prod(arrays[0].shape, dtype=object)) * arrays[0].dtype.itemsize
            self._spans: Sequence[tuple[int, int]] = [(len(header), size)]
            self.arrays = list(arrays)
        else:
            self.extend(arrays)
        self.written: dict[int, list[list[int]]] = {}  # per array: [offset, bytes, CRC-32] of each run

    def extend(self, arrays: Sequence[Outgoing]) -> None:
        """Replace the list of arrays by one that begins with the same arrays."""
        self._layout = _npz.stored_layout(arrays)
        self._spans = self._layout.data
        self.arrays = list(arrays)

    def put(self, number: int, offset: int, data: np.ndarray) -> None:
        """Write contiguous uint8 `data` at byte `offset` of array `number`."""
        runs = self.written.setdefault(number, [])
        self._file.seek(self._spans[number][0] + offset)
        _npy.put(self._file, data)
        if runs and sum(runs[-1][:2]) == offset:
            runs[-1] = [runs[-1][0], runs[-1][1] + len(data), zlib.crc32(data, runs[-1][2])]
        else:
            runs.append([offset, len(data), zlib.crc32(data)])

    def fill(
        self, number: int, outgoing: Outgoing, offset: int = 0, progress: Progress | None = None
    ) -> None:
        """Write all of `outgoing` at byte `offset` of array `number`."""
        total = max(int(np.prod(outgoing.shape, dtype=object)) * np.dtype(outgoing.dtype).itemsize, 1)
        done = 0
        for data in _npy.buffers(outgoing):
            self.put(number, offset + done, data)
            done += len(data)
            if progress is not None:
                progress(done / total)

    def finish(self, written: Iterable[Mapping[int, list[list[int]]]] = ()) -> None:
        """Write all that is no value; `written` is what other writers of the same file have put."""
        crcs = self.check(written)
        if self._lone:
            self._file.seek(0)
            self._file.write(_npy.header_bytes(self.arrays[0]))
        else:
            for place, data in self._layout.parts(crcs):
                self._file.seek(place)
                self._file.write(data)

    def check(self, written: Iterable[Mapping[int, list[list[int]]]] = ()) -> list[int]:
        """Return the CRC-32 of each array's data, all of which must have been put."""
        merged = {number: list(runs) for number, runs in self.written.items()}
        for other in written:
            for number, runs in other.items():
                merged.setdefault(number, []).extend(runs)
        crcs = []
        for number, (_start, size) in enumerate(self._spans):
            runs = sorted(merged.get(number, []))
            end = 0
            for offset, length, _crc in runs:
                if offset != end:
                    break
                end += length
            if end != size:
                name = self.arrays[number].name
                raise UnsupportedError(
                    f"array {name!r}: the pieces of the dataset leave a gap after byte {end} of {size}. "
                    "Save with one process."
                )
            crcs.append(0 if self._lone else _npz.crc32_combine((crc, length) for _offset, length, crc in runs))
        return crcs

    def stored(self) -> list[Outgoing]:
        """List the arrays with blocks that read back what was put."""
        return [replace(one, blocks=self._reader(number)) for number, one in enumerate(self.arrays)]

    def _reader(self, number: int) -> Callable[[], Iterator[np.ndarray]]:
        def blocks() -> Iterator[np.ndarray]:
            start, size = self._spans[number]
            dtype = self.arrays[number].dtype
            step = max(1, COPY_BYTES // dtype.itemsize) * dtype.itemsize
            for offset in range(0, size, step):
                self._file.seek(start + offset)
                yield np.frombuffer(self._file.read(min(step, size - offset)), dtype)

        return blocks


# ---------------------------------------------------------------------------------------------------
# time steps stacked in one file


class Stack:
    """Writes one file with all time steps: every data array gets a leading axis ``t``.

    Field data, and arrays that had no time axis in a file of several steps, have none here where they do not change.
    One step is in memory at a time, and the changes of those.
    Geometry must be the same in all steps.

    Parameters
    ----------
    path : path-like
    steps : int
        How many will be added.
    options : WriteOptions
    progress : callable, optional
        As for `write`.
    warn
        As for `write`.

    Use as a context manager; call `add` for each step, then leave: that publishes the file.
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
        with at(path):
            self._lone = is_npy(path)

    def __enter__(self) -> Stack:
        self._open = contextlib.ExitStack()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        if kind is not None:
            # The file must learn of the failure, or it would publish itself.
            self._open.__exit__(kind, error, trace)
            return
        with at(self._path), self._open:
            self._finish()
        if self._left and self._warn is not None:
            self._warn(self._left)

    def add(self, data: vtkDataObject, time: float) -> None:
        """Append one step."""
        with at(self._path):
            number = len(self._times)
            plan = export(data, self._options.content)
            if number >= self._steps:
                raise OptionError(f"{self._steps} time steps were announced, and there are more.")
            items = self._items(plan)
            if number == 0:
                self._begin(plan, items)
                self._left = left_behind(plan, items[0]) if self._lone else ""
            else:
                self._check(plan, items, number)
            for place, item in enumerate(items):
                one = replace(_c_outgoing(item), dtype=self._inner.arrays[place].dtype)
                offset = number * math.prod(one.shape) * one.dtype.itemsize
                self._inner.fill(place, one, offset, self._step_progress(number, place, len(items)))
            for item in self._resting(plan):
                values, before = item.member.values(), self._still.setdefault(item.name, [])
                before.append(before[-1] if before and _alike(values, before[-1]) else values.copy())
            same = time_of(data) == float(time)
            self._times.append(_time(plan) if same else np.asarray(float(time)))
            self._numbers.append(float(time))

    def _step_progress(self, number: int, place: int, count: int) -> Progress | None:
        if self._progress is None:
            return None
        return lambda part: self._progress((number + (place + part) / count) / self._steps)

    def _items(self, plan: Export) -> list[Item]:
        return [choose(plan, self._options.array)] if self._lone else self._stacked(plan)

    @staticmethod
    def _stacked(plan: Export) -> list[Item]:
        return [
            item for item in plan.items if item.association in ("point", "cell", "row") and not item.member.still
        ]

    def _resting(self, plan: Export) -> list[Item]:
        """List what has no time axis as long as it does not change."""
        if self._lone:
            return []
        return [item for item in plan.items if item.association == "field" or item.member.still]

    @staticmethod
    def _constant(plan: Export) -> list[Item]:
        return [item for item in plan.items if item.association == "geometry"]

    def _begin(self, plan: Export, items: list[Item]) -> None:
        """Lay out the file after the first step."""
        self._plan = plan
        arrays = [
            Outgoing(item.name, (self._steps, *item.member.shape), item.member.dtype, tuple) for item in items
        ]
        constant = [] if self._lone else self._constant(plan)
        # Steps come one after the other: what is compressed is put together first.
        self._spool = not self._lone and self._options.compression > 0
        file = self._open.enter_context(atomic_output(self._path, scratch=self._spool))
        self._inner = InPlace(file, arrays + [_c_outgoing(item) for item in constant], self._lone)
        for number, item in enumerate(constant, len(arrays)):
            self._inner.fill(number, _c_outgoing(item))
        self._digest = _digest(constant)

    def _check(self, plan: Export, items: list[Item], number: int) -> None:
        """Refuse a step that does not fit the first."""
        where = f"time step {number}"
        first = self._items(self._plan)
        if [item.name for item in items] != [item.name for item in first]:
            here, there = (", ".join(item.name for item in some) for some in (items, first))
            raise OptionError(
                f"{where}: expected the arrays of the first step ({there}), found {here}. {_SERIES}"
            )
        for item, other in zip(items, first):
            mine, theirs = item.member, other.member
            if mine.shape != theirs.shape or mine.axes != theirs.axes:
                raise OptionError(
                    f"{where}: array {item.name!r} has shape {mine.shape}, "
                    f"and {theirs.shape} in the first step. {_SERIES}"
                )
            if mine.dtype != theirs.dtype and not np.can_cast(mine.dtype, theirs.dtype):
                raise OptionError(
                    f"{where}: array {item.name!r} is {mine.dtype}, "
                    f"and {theirs.dtype} in the first step. {_SERIES}"
                )
        if not self._lone and _digest(self._constant(plan)) != self._digest:
            raise OptionError(f"{where}: the geometry is not that of the first step. {_SERIES}")

    def _finish(self) -> None:
        if len(self._times) != self._steps:
            raise OptionError(f"{self._steps} time steps were announced, and {len(self._times)} came.")
        if self._lone:
            self._publish()
            return
        moving = {item.name for item in self._items(self._plan)}
        extra = []
        for item in self._resting(self._plan):
            values = self._field(item)
            if values.ndim != len(item.member.axes):
                moving.add(item.name)
            extra.append(Item(member_of_values(item.name, values), item.name, ""))
        taken = {one.name for one in self._inner.arrays} | {item.name for item in extra} | {schema.MEMBER}
        time = self._plan.schema.time
        if time is None:
            names = itertools.chain(["time"], (f"time_{k}" for k in itertools.count(2)))
            time = next(name for name in names if name not in taken)
        alike = len({value.dtype for value in self._times}) == 1
        times = self._times if alike else self._numbers
        extra.append(Item(member_of_values(time, np.array(times, self._times[0].dtype if alike else float)), time, ""))
        text = schema.dumps(schema.Schema(_with_time(self._plan.schema.data, moving), time))
        extra.append(Item(member_of_values(schema.MEMBER, np.asarray(text)), schema.MEMBER, ""))
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
            _npz.write(file, self._inner.stored(), self._options.compression, self._progress)

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


def _alike(values: np.ndarray, others: np.ndarray) -> bool:
    same = (values.dtype, values.shape) == (others.dtype, others.shape)
    return same and values.tobytes() == others.tobytes()


_SERIES = "Save with TimeSteps = Series, one file per step."


def _digest(items: Sequence[Item]) -> bytes:
    digest = hashlib.blake2b()
    for item in items:
        digest.update(repr((item.name, item.member.shape, item.member.dtype)).encode())
        for block in _npy.buffers(_c_outgoing(item)):
            digest.update(block)
    return digest.digest()


def _c_outgoing(item: Item) -> Outgoing:
    return Outgoing(item.name, item.member.shape, item.member.dtype, _c_blocks(item.member))


def _c_blocks(member: Member) -> Callable[[], Iterator[np.ndarray]]:
    """Blocks in C order, whatever order would be cheapest."""
    if not member.fortran_order:
        return member.blocks
    return lambda: (member.block(index) for index in pieces(member.shape, member.dtype.itemsize))


def _with_time(node: schema.Node, moving: Collection[str]) -> schema.Node:
    """Give the members in `moving` a first axis t."""

    def arrays(found: tuple[schema.Array, ...]) -> tuple[schema.Array, ...]:
        return tuple(replace(a, axes=f"t{a.axes}") if a.member in moving else a for a in found)

    def place(data: object) -> object:
        if isinstance(data, tuple):
            return tuple(map(place, data))
        return None if data is None else _with_time(data, moving)

    if isinstance(node, schema.Composite):
        children = tuple(child._replace(data=place(child.data)) for child in node.children)
        return replace(node, children=children, field_data=arrays(node.field_data))
    groups = ("point_data", "cell_data", "row_data", "field_data")
    return replace(node, **{group: arrays(getattr(node, group)) for group in groups})
