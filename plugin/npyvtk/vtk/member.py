"""VTK arrays -> the members of a file, as they stood in the file they came from.

The inverse of `arrays`: `from_vtk_array` shows the values of any VTK array to NumPy, and `members` turns a
group of VTK arrays into the arrays of a file, with the dtypes and axes that their stamps remember.
Nothing is converted before its block is asked for: a `Member` is a plan with views, not a copy.

A stamp is a memory, not an order.
Filters carry it along while they change values and shapes, so it counts only as far as it fits: a dtype that
cannot hold the values of today gives way to one that can, and axes that no longer fit the grid to the plain
ones.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import (
    vtkAbstractArray,
    vtkBitArray,
    vtkDataArray,
    vtkStringArray,
    vtkUnsignedCharArray,
)

from .arrays import Stamp, leaves, left_out, read_stamp, record_of, vtk_dtype, why_not
from ..plan.axes import Axis, format_axes, in_file_order, parse_axes
from ..errors import NumPyIOError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = [
    "Member",
    "Part",
    "from_vtk_array",
    "member_of_column",
    "member_of_positions",
    "member_of_values",
    "members",
    "pieces",
]

BLOCK_BYTES = 4 << 20  # of a converted or transposed block: several planes, and it stays in the cache


# ---------------------------------------------------------------------------------------------------
# values


def from_vtk_array(array: vtkAbstractArray) -> np.ndarray:
    """Show the values of a VTK array.

    Returns
    -------
    (n,) or (n, components) ndarray, C-contiguous
        Shared with `array` where VTK stores tuple after tuple; a copy of bits, strings, and arrays of another
        or no storage.
        Bits are ``bool``; strings ``U``, or ``S`` where one is not valid UTF-8.

    Raises
    ------
    UnsupportedError
        The array holds neither numbers nor strings.
    """
    if isinstance(array, vtkStringArray):
        values = _strings(array)
    elif isinstance(array, vtkBitArray):
        bytes_ = vtkUnsignedCharArray()
        bytes_.DeepCopy(array)
        values = numpy_support.vtk_to_numpy(bytes_).view(np.bool_)
    elif isinstance(array, vtkDataArray):
        if not array.HasStandardMemoryLayout():
            plain = vtkDataArray.CreateDataArray(array.GetDataType())
            plain.DeepCopy(array)
            array = plain
        values = numpy_support.vtk_to_numpy(array)
    else:
        raise UnsupportedError(
            f"array {array.GetName()!r} is a {array.GetClassName()}, which has no NumPy counterpart. "
            "Leave it out with the filter Pass Arrays, or convert it to numbers or strings."
        )
    components = array.GetNumberOfComponents()
    return values.reshape(-1, components) if components > 1 else values.reshape(-1)


def _strings(array: vtkStringArray) -> np.ndarray:
    values = [array.GetValue(number) for number in range(array.GetNumberOfValues())]
    if any(isinstance(value, bytes) for value in values):  # no valid UTF-8
        values = [_bytes(value) for value in values]
    return np.array(values) if values else np.empty(0, "U1")


def _bytes(value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape")


# ---------------------------------------------------------------------------------------------------
# members


class Part(NamedTuple):
    """One VTK array in a member."""

    array: vtkAbstractArray
    path: tuple[str, ...]  # field of a structured member


@dataclass(frozen=True)
class _Source:
    """Where the values of one leaf come from."""

    path: tuple[str, ...]
    view: np.ndarray  # in file order: the member's axes, then those of a subarray field

    def put(self, index: tuple[slice, ...], target: np.ndarray) -> None:
        """Fill `target`, a block of the member's dtype, with the values at `index`."""
        for name in self.path:
            target = target[name]
        block = self.view[index]
        if target.dtype.kind == "S" and block.dtype.kind == "U":
            block = np.char.encode(block, "utf-8", "surrogateescape")
        with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
            target[...] = block


def _same(some: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Compare by value, where NaN is a value like any other."""
    if some.dtype.kind == "c":
        return _same(some.real, other.real) & _same(some.imag, other.imag)
    if some.dtype.kind != "f":
        return some == other
    return (some == other) | (np.isnan(some) & np.isnan(other))


@dataclass(frozen=True)
class Member:
    """One array of a file to be: the inverse of `arrays.Destination`."""

    name: str | None  # wished for in the file; the caller makes names unique
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file
    axes: str  # one letter per axis
    parts: tuple[Part, ...]  # empty for values that were no VTK array
    sources: tuple[_Source, ...]  # empty for values on other ranks
    remote_plain: bool = False  # of values on other ranks: whether they are `plain`
    still: bool = False  # the same in all of the several time steps of the file that it came from

    @property
    def plain(self) -> bool:
        """Whether the values lie in memory as in the file, but for the order of axes."""
        return self.remote_plain or (bool(self.sources) and self._whole() is not None)

    @property
    def fortran_order(self) -> bool:
        """Whether Fortran order saves the transposition."""
        if not self.sources:
            long = sum(n != 1 for n in self.shape)
            turned = self.axes in ("xyz", "cxyz", "cn")  # VTK's order from the last axis to the first
            return self.remote_plain and turned and long > 1 and 0 not in self.shape
        view = self._whole()
        if view is None or view.flags.c_contiguous:
            return False
        return view.T.flags.c_contiguous

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the values in storage order, in blocks of the member's dtype.

        Values that already lie there are one block that shares the VTK array's memory.
        """
        whole = self._whole()
        if whole is not None and self.fortran_order:
            yield whole.T
        elif whole is not None and whole.flags.c_contiguous:
            yield whole
        else:
            for index in pieces(self.shape, self.dtype.itemsize):
                yield self.block(index)

    def block(self, index: tuple[slice, ...]) -> np.ndarray:
        """Return the values at `index`, in the member's dtype."""
        whole = self._whole()
        if whole is not None:
            return np.asarray(whole[index], order="C")  # which leaves 0-d as it is
        shape = tuple(len(range(n)[part]) for n, part in zip(self.shape, index))
        block = np.zeros(shape, self.dtype)  # zeros: the gaps of an aligned structure are bytes, too
        for source in self.sources:
            source.put(index, block)
        return block

    def values(self) -> np.ndarray:
        """Return the whole array, shared with the VTK array where possible."""
        whole = self._whole()
        return whole if whole is not None else self.block(tuple(slice(0, n) for n in self.shape))

    def _whole(self) -> np.ndarray | None:
        source = self.sources[0]
        if source.path or source.view.dtype != self.dtype:
            return None
        return source.view


def pieces(shape: tuple[int, ...], itemsize: int, limit: int = BLOCK_BYTES) -> Iterator[tuple[slice, ...]]:
    """Split an array into consecutive blocks of C order with at most `limit` bytes each."""
    if 0 in shape:
        return
    inner = itemsize
    axis = len(shape)
    while axis > 0 and inner * shape[axis - 1] <= limit:
        axis -= 1
        inner *= shape[axis]
    rest = tuple(slice(0, n) for n in shape[axis:])
    if axis == 0:
        yield rest
        return
    rows = max(1, limit // max(inner, 1))
    for lead in itertools.product(*(range(n) for n in shape[: axis - 1])):
        for start in range(0, shape[axis - 1], rows):
            stop = min(start + rows, shape[axis - 1])
            yield (*(slice(k, k + 1) for k in lead), slice(start, stop), *rest)


def member_of_values(
    name: str, values: np.ndarray, axes: str | None = None, dtype: np.dtype | None = None
) -> Member:
    """Plan a member of plain values, in `dtype` if that holds every one of them."""
    if axes is None:
        axes = "nc"[: values.ndim] + "c" * (values.ndim - 2)
    return Member(name, values.shape, _dtype_for(values, dtype), axes, (), (_Source((), values),))


def member_of_column(
    name: str,
    values: np.ndarray,
    space: tuple[int, ...] | None,
    axes: str,
    dtype: np.dtype | None = None,
) -> Member:
    """Plan a member of (n,) `values`, one coordinate of points.

    `axes` and `dtype` are what the file had, and give way where they do not fit.
    """
    lengths = (len(values),) if space is None else space
    order = tuple(axis for axis in parse_axes(axes) if axis.letter != "t")
    if not _fit(order, lengths, space is not None):
        order = tuple(map(Axis, "n" if space is None else "zyx"))
    view = np.asarray(in_file_order(values.reshape(lengths if order else (1, 1, 1)), order))
    return Member(name, view.shape, _dtype_for(values, dtype), format_axes(order), (), (_Source((), view),))


def member_of_positions(
    name: str, values: np.ndarray, stamp: Stamp | None, dtype: np.dtype | None
) -> Member:
    """Plan a member of (n, columns) `values`, the positions of points.

    `stamp` and `dtype` tell what they were in the file, and give way where they do not fit.
    """
    order = parse_axes("nc")
    if stamp is not None and sorted(stamp.axes.replace("t", "").replace("-", "")) == ["c", "n"]:
        order = parse_axes(stamp.axes)
    view = np.asarray(in_file_order(values, order))
    return Member(name, view.shape, _dtype_for(values, dtype), format_axes(order), (), (_Source((), view),))


def _dtype_for(values: np.ndarray, dtype: np.dtype | None) -> np.dtype:
    """Choose `dtype` where it holds every one of `values`, else their own."""
    return values.dtype if dtype is None or not _holds(dtype, values) else dtype


def _holds(dtype: np.dtype, values: np.ndarray) -> bool:
    """Tell whether every one of `values` survives `dtype`."""
    if np.can_cast(values.dtype, dtype):
        return True
    with np.errstate(all="ignore"):
        return all(np.all(_same(block.astype(dtype).astype(block.dtype), block)) for block in _chunks(values))


def members(
    arrays: Iterable[vtkAbstractArray], space: tuple[int, ...] | None = None, axes: str = "zyx"
) -> list[Member]:
    """Plan the members that hold `arrays`.

    Parameters
    ----------
    arrays : iterable of vtkAbstractArray
        All of one association.
    space : (nz, ny, nx), optional
        Of the grid; without it every array has its own number of tuples.
    axes : str
        ``zyx``: arrays from a file keep the axes they had there; ``xyz``: all on the grid have x first.

    Raises
    ------
    UnsupportedError
        An array holds neither numbers nor strings, or does not fit the grid.
    """
    found: list[tuple[int, Member]] = []
    records: dict[str, list[tuple[int, Member, Stamp]]] = {}
    for number, array in enumerate(arrays):
        stamp = read_stamp(array)
        member = _member(array, stamp, space, axes)
        if stamp is not None and stamp.path:
            records.setdefault(stamp.member or array.GetName(), []).append((number, member, stamp))
        else:
            found.append((number, member))
    for group in records.values():
        whole = _record(group)
        if whole is not None:
            found.append((group[0][0], whole))
        else:
            found.extend((number, member) for number, member, _stamp in group)
    found.sort(key=lambda item: item[0])
    return [member for _number, member in found]


def _member(
    array: vtkAbstractArray,
    stamp: Stamp | None,
    space: tuple[int, ...] | None,
    axes: str,
) -> Member:
    """Plan a member with one VTK array."""
    values = from_vtk_array(array)
    tuples = array.GetNumberOfTuples()
    if space is not None and tuples != math.prod(space):
        raise UnsupportedError(
            f"array {array.GetName()!r} has {tuples} tuples, and its grid has {math.prod(space)} places. "
            "Run the filter that made it again, or leave the array out with Pass Arrays."
        )
    values = values.reshape(tuples, -1) if tuples else values.reshape(0, array.GetNumberOfComponents())
    lengths: tuple[int, ...] = (tuples,) if space is None else space
    known = _known_dtype(stamp, values)
    dtype, values = _restored(values, known)
    inner = values.shape[1]
    subarray = stamp.shape if known is not None else ()
    if any(n < 1 for n in subarray) or inner % math.prod(subarray):
        subarray = ()
    inner //= math.prod(subarray)
    order, components = _axes_of(stamp, subarray, lengths, inner, space is not None, axes)
    order += (Axis("c"),) * len(subarray)
    # What has no axis but components is, to in_file_order, a grid of one point.
    place = lengths if space is not None or "n" in {axis.letter for axis in order} else (1, 1, 1)
    view = np.asarray(in_file_order(values.reshape(*place, *components, *subarray), order))
    name = array.GetName()
    if stamp is not None and stamp.member and not stamp.path:
        name = stamp.member
    return Member(
        name,
        view.shape,
        dtype,
        format_axes(order),
        (Part(array, ()),),
        (_Source((), view),),
        still=stamp is not None and stamp.still,
    )


def _known_dtype(stamp: Stamp | None, values: np.ndarray) -> np.dtype | None:
    """Return the dtype that `values` had in the file; None when they are something else by now."""
    if stamp is None or why_not(stamp.dtype):
        return None
    kind, held = stamp.dtype.kind, vtk_dtype(stamp.dtype)
    if kind in "SU":
        fits = values.dtype.kind in "SU"
    elif kind == "c":
        fits = held == values.dtype and values.shape[1] % 2 == 0
    else:
        fits = held == values.dtype or (kind == "b" and values.dtype == np.bool_)
    return stamp.dtype if fits else None


def _restored(values: np.ndarray, dtype: np.dtype | None) -> tuple[np.dtype, np.ndarray]:
    """Choose the dtype for the file, and view (tuples, components) `values` as its native kin."""
    if values.dtype.kind in "SU":
        if values.dtype.kind == "S" and dtype is not None and dtype.kind == "U":
            values = _text(values)
        return _string_dtype(values, dtype), values
    if dtype is None:
        return values.dtype, values
    if dtype.kind == "b":
        if values.dtype != np.bool_:
            if any(np.any(block > 1) for block in _chunks(values)):
                return values.dtype, values
            values = values.view(np.bool_)
    elif dtype.kind == "c":
        values = values.view(np.complex64 if dtype.itemsize == 8 else np.complex128)
    elif dtype.kind in "Mm":
        values = values.view(dtype.newbyteorder("="))
    elif dtype.kind == "f" and dtype.itemsize < values.dtype.itemsize:
        return (dtype if _holds(dtype, values) else values.dtype), values
    return dtype, values


def _chunks(values: np.ndarray) -> Iterator[np.ndarray]:
    return (values[index] for index in pieces(values.shape, values.dtype.itemsize))


def _text(values: np.ndarray) -> np.ndarray:
    """Decode bytes that are text but for halves of surrogate pairs, which NumPy holds; others stay bytes."""
    try:
        texts = [value.decode("utf-8", "surrogatepass") for value in values.ravel().tolist()]
    except UnicodeDecodeError:
        return values
    return np.array(texts).reshape(values.shape)


def _string_dtype(values: np.ndarray, dtype: np.dtype | None) -> np.dtype:
    """The dtype of the file, widened where a value does not fit."""
    if values.size == 0:
        return values.dtype if dtype is None else dtype  # NumPy before 2 makes up a width of nothing
    kind = values.dtype.kind if dtype is None else dtype.kind
    if values.dtype.kind == "S":
        kind = "S"  # not all values are text
    encoded = np.char.encode(values, "utf-8", "surrogateescape") if kind != values.dtype.kind else values
    unit = 4 if kind == "U" else 1
    width = encoded.dtype.itemsize // (4 if encoded.dtype.kind == "U" else 1)
    if dtype is not None and dtype.kind == kind and width * unit <= dtype.itemsize:
        return dtype
    return np.dtype(f"{kind}{max(width, 1)}")


def _axes_of(
    stamp: Stamp | None,
    subarray: tuple[int, ...],
    lengths: tuple[int, ...],
    inner: int,
    grid: bool,
    wish: str,
) -> tuple[tuple[Axis, ...], tuple[int, ...]]:
    """Choose the axes of a member, and the lengths of its component axes."""
    components: tuple[int, ...] = (inner,) if inner > 1 else ()
    if stamp is not None:
        try:
            stamped = parse_axes(stamp.axes)
            if not grid and sum(axis.letter in "xyzn" for axis in stamped) == 1:
                # The coordinates along one axis are numbered like anything else.
                stamped = tuple(Axis("n", axis.reverse) if axis.letter in "xyz" else axis for axis in stamped)
        except NumPyIOError:
            stamped = None
        if stamped is not None:
            count = sum(axis.letter == "c" for axis in stamped)
            remembered = stamp.components
            if len(remembered) == count + len(subarray) and subarray:
                remembered = remembered[:count]
            if len(remembered) != count:
                remembered = (inner,) * count if count < 2 else ()
            if len(remembered) == count and math.prod(remembered) == inner:
                components = remembered
                if _fit(stamped, lengths, grid) and not (grid and wish == "xyz"):
                    return stamped, components
    letters = ("xyz" if wish == "xyz" else "zyx") if grid else "n"
    return (*map(Axis, letters), *(Axis("c") for _ in components)), components


def _fit(axes: tuple[Axis, ...], lengths: tuple[int, ...], grid: bool) -> bool:
    """Tell whether `axes` can address all places."""
    letters = {axis.letter for axis in axes} - {"c", "t"}
    if not grid:
        return letters == {"n"} or (not letters and lengths == (1,))
    if "n" in letters:
        return False
    return all(n == 1 or letter in letters for letter, n in zip("zyx", lengths))


def _record(group: Sequence[tuple[int, Member, Stamp]]) -> Member | None:
    """Join the fields of a structured member; None when they are not all there, or changed."""
    stamp = next((stamp for _number, _member, stamp in group if stamp.record), None)
    dtype = None if stamp is None else record_of(stamp)
    if dtype is None:
        return None
    wanted = leaves(dtype)
    found = {stamp.path: member for _number, member, stamp in group}
    if len(found) != len(group) or set(found) != {leaf.path for leaf in wanted} or left_out(dtype):
        return None
    shapes, axes, sources, parts = set(), set(), [], []
    for leaf in wanted:
        member = found[leaf.path]
        if member.dtype != leaf.dtype:
            return None
        kept = len(member.shape) - len(leaf.shape)
        if member.shape[kept:] != leaf.shape:
            return None
        shapes.add(member.shape[:kept])
        axes.add(format_axes(parse_axes(member.axes)[:kept]))
        sources.append(replace(member.sources[0], path=leaf.path))
        parts.append(Part(member.parts[0].array, leaf.path))
    if len(shapes) != 1 or len(axes) != 1:
        return None
    name = stamp.member or group[0][1].name  # a field named as its member does not say so twice
    return Member(name, shapes.pop(), dtype, axes.pop(), tuple(parts), tuple(sources), still=stamp.still)
