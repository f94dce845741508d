"""The members of a file to be: plans with views of VTK's memory, not copies.

Nothing is converted before its block is asked for. VTK arrays become members with the dtypes and axes that their
stamps remember. But a stamp is a memory, not an order: filters carry it along while they change values and shapes, so
it counts only as far as it fits. A dtype that cannot hold the values of today gives way to one that can, and axes that
no longer fit the grid to the plain ones.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..files.npy import Outgoing, buffers, c_order_blocks
from ..plan.axes import Axis, counted_axes, in_file_order, parse_axes
from ..plan.dtypes import clear_padding, leaves, left_out, memory_dtype, vtk_dtype, why_not
from .arrays import from_vtk_array
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from .stamps import Stamp

__all__ = ["Member", "Source", "axes_fit", "member_of_tuples", "member_of_values", "members"]


@dataclass(frozen=True)
class Source:
    """Where the values of one leaf come from."""

    path: tuple[str, ...]  # field of a structured member
    view: np.ndarray  # in file order: the member's axes, then those of a subarray field
    array: Any = None  # the vtkAbstractArray whose values they are
    column: int | None = None  # of a vector whose components are members

    def put(self, index: tuple[slice, ...], target: np.ndarray) -> None:
        """Fill `target`, a block of the member's dtype, with the values at `index`."""
        for name in self.path:
            target = target[name]
        block = self.view[index]
        if target.dtype.kind == "S" and block.dtype.kind == "U":
            block = np.char.encode(block, "utf-8", "surrogateescape")
        with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
            target[...] = block
        clear_padding(target)


@dataclass(frozen=True)
class Member:
    """One array of a file to be: the inverse of `destination.Destination`."""

    name: str | None  # wished for in the file; the caller makes names unique
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file
    axes: tuple[Axis, ...]
    sources: tuple[Source, ...]  # one for each leaf of the dtype
    still: bool = False  # the same in all of the several time steps of the file that it came from
    moving: bool = False  # positions that had a time axis in that file

    @property
    def parts(self) -> tuple[Source, ...]:
        """Those of the sources that are VTK arrays."""
        return tuple(source for source in self.sources if source.array is not None)

    @property
    def plain(self) -> bool:
        """Whether the values lie in memory as in the file, but for the order of axes."""
        whole = self._whole()
        if whole is None:
            return False
        span = sum(abs(stride) * (n - 1) for stride, n in zip(whole.strides, whole.shape))
        return not whole.size or span + whole.itemsize == whole.nbytes

    @property
    def fortran_order(self) -> bool:
        """Whether Fortran order saves the transposition."""
        whole = self._whole()
        return whole is not None and whole.flags.fnc

    def blocks(self) -> Iterator[np.ndarray]:
        """Yield the values in storage order, in blocks of the member's dtype.

        Values that already lie there are one block that shares the VTK array's memory.
        """
        whole = self._whole()
        if whole is not None and whole.flags.forc:
            yield whole.T if whole.flags.fnc else whole
        else:
            yield from self._c_order_blocks()

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

    def outgoing(self, name: str, *, c_order: bool = False) -> Outgoing:
        """Turn the member into what the writers of files take, in `c_order` whatever order would be cheapest."""
        if not (c_order and self.fortran_order):
            return Outgoing(name, self.shape, self.dtype, self.blocks, self.fortran_order)
        return Outgoing(name, self.shape, self.dtype, self._c_order_blocks)

    def digest(self) -> bytes:
        """Tell apart the values of members, with their dtypes and shapes."""
        found = hashlib.blake2b(repr((self.shape, self.dtype)).encode())
        for block in buffers(self.outgoing("", c_order=True)):
            found.update(block)
        return found.digest()

    def _c_order_blocks(self) -> Iterator[np.ndarray]:
        return map(self.block, c_order_blocks(self.shape, self.dtype.itemsize))

    def _whole(self) -> np.ndarray | None:
        source = self.sources[0]
        if source.path or source.view.dtype != self.dtype:
            return None
        return source.view


def member_of_values(
    name: str | None, values: np.ndarray, axes: tuple[Axis, ...] | None = None, dtype: np.dtype | None = None
) -> Member:
    """Plan a member of plain values.

    Parameters
    ----------
    name : str
        Wished for in the file.
    values : ndarray
        Shared, not copied.
    axes : tuple of Axis, optional
        Default: n, then c.
    dtype : numpy.dtype, optional
        In the file, where it holds every one of the values; default: their own.
    """
    if axes is None:
        axes = counted_axes(values.ndim)
    return Member(name, values.shape, _dtype_for(values, dtype), axes, (Source((), values),))


def member_of_tuples(
    name: str | None,
    values: np.ndarray,
    lengths: tuple[int, ...],
    axes: tuple[Axis, ...],
    dtype: np.dtype | None = None,
) -> Member:
    """Plan a member of (tuples, *components) `values` in VTK's order.

    `lengths` are those of a grid along z, y and x, or the number of tuples; `axes` those of the member.
    """
    # What has no axis but components is, to in_file_order, a grid of one point.
    space = lengths if {axis.letter for axis in axes} - {"c", "t"} else (1, 1, 1)
    view = in_file_order(values.reshape(*space, *values.shape[1:]), axes)
    return member_of_values(name, view, axes, dtype)


def _dtype_for(values: np.ndarray, dtype: np.dtype | None) -> np.dtype:
    """Choose `dtype` where it holds every one of `values`, else their own."""
    return values.dtype if dtype is None or not _holds_exactly(dtype, values) else dtype


def _holds_exactly(dtype: np.dtype, values: np.ndarray) -> bool:
    """Tell whether every one of `values` survives `dtype`."""
    if np.can_cast(values.dtype, dtype):
        return True
    with np.errstate(all="ignore"):
        for index in c_order_blocks(values.shape, values.dtype.itemsize):  # blocks that stay in the cache
            block = values[index]
            back = block.astype(dtype).astype(block.dtype)
            if not (np.array_equal(back, block) or np.array_equal(back, block, equal_nan=True)):
                return False
    return True


def axes_fit(axes: tuple[Axis, ...], lengths: tuple[int, ...]) -> bool:
    """Tell whether axes can address all places: of a grid, of the `lengths` along z, y and x, or else how many."""
    letters = {axis.letter for axis in axes} - {"c", "t"}
    if len(lengths) == 1:
        return letters == {"n"} or (not letters and lengths == (1,))
    return "n" not in letters and all(n == 1 or letter in letters for letter, n in zip("zyx", lengths))


def members(
    arrays: Iterable[vtkAbstractArray],
    space: tuple[int, ...] | None = None,
    axes: str = "zyx",
    *,
    take_apart: bool = True,
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
    take_apart : bool
        Make vectors that were joined from several members these again.

    Raises
    ------
    UnsupportedError
        An array holds neither numbers nor strings, or does not fit the grid.
    """
    found: dict[int, Member] = {}
    records: dict[str, list[tuple[int, Stamp]]] = {}  # name of a structured member -> its fields, by number in `found`
    for array in arrays:
        stamp = read_stamp(array)
        values = _values_of(array, stamp)
        if take_apart and stamp is not None and stamp.joined and len(stamp.joined) == values.shape[1]:
            for k, name in enumerate(stamp.joined):
                own = replace(stamp, member=name, axes=stamp.axes[:-1])
                one = _member(array, own, values[:, k : k + 1], space, axes)
                found[len(found)] = replace(one, sources=(replace(one.sources[0], column=k),))
            continue
        if stamp is not None and stamp.path:
            records.setdefault(stamp.member or array.GetName(), []).append((len(found), stamp))
        found[len(found)] = _member(array, stamp, values, space, axes)
    for group in records.values():
        whole = _record([(found[number], stamp) for number, stamp in group])
        if whole is not None:
            for number, _stamp in group[1:]:
                del found[number]
            found[group[0][0]] = whole
    return list(found.values())


def _values_of(array: vtkAbstractArray, stamp: Stamp | None) -> np.ndarray:
    """Show (tuples, components) values, without the third component that padding added where it is still 0."""
    values = from_vtk_array(array).reshape(array.GetNumberOfTuples(), array.GetNumberOfComponents())
    padded = stamp is not None and stamp.padded and values.shape[1] == 3
    return values[:, :2] if padded and not np.any(values[:, 2]) else values


def _member(
    array: vtkAbstractArray, stamp: Stamp | None, values: np.ndarray, space: tuple[int, ...] | None, axes: str
) -> Member:
    """Plan a member with the (tuples, components) `values` of one VTK array."""
    name, tuples = array.GetName(), len(values)
    if space is not None and tuples != math.prod(space):
        raise UnsupportedError(
            f"array {name!r} has {tuples} tuples, and its grid has {math.prod(space)} places. "
            "Run the filter that made it again, or leave the array out with Pass Arrays."
        )
    lengths = (tuples,) if space is None else space
    known = _known_dtype(stamp, values)
    dtype, values = _restored(values, known)
    inner = values.shape[1]
    subarray = () if stamp is None or known is None else stamp.shape
    if any(n < 1 for n in subarray) or inner % math.prod(subarray):
        subarray = ()
    inner //= math.prod(subarray)
    order, components = _axes_of(stamp, subarray, lengths, inner, axes)
    order += (Axis("c"),) * len(subarray)
    if stamp is not None and stamp.member and not stamp.path:
        name = stamp.member
    made = member_of_tuples(name, values.reshape(tuples, *components, *subarray), lengths, order)
    source = replace(made.sources[0], array=array)
    return replace(made, dtype=dtype, sources=(source,), still=stamp is not None and stamp.still)


def _known_dtype(stamp: Stamp | None, values: np.ndarray) -> np.dtype | None:
    """Return the dtype that `values` had in the file; None when they are something else by now."""
    if stamp is None or stamp.dtype.names or stamp.dtype.subdtype or why_not(stamp.dtype):
        return None
    dtype = stamp.dtype
    if dtype.kind in "SU":
        fits = values.dtype.kind in "SU"
    else:
        fits = values.dtype in (vtk_dtype(dtype), dtype)
        fits &= values.shape[1] * values.dtype.itemsize % memory_dtype(dtype).itemsize == 0
    return dtype if fits else None


def _restored(values: np.ndarray, dtype: np.dtype | None) -> tuple[np.dtype, np.ndarray]:
    """Choose the dtype for the file, and view (tuples, components) `values` as its native kin."""
    if values.dtype.kind in "SU":
        if values.dtype.kind == "S" and dtype is not None and dtype.kind == "U":
            values = _text(values)
        return _string_dtype(values, dtype), values
    if dtype is None or (dtype.kind == "b" and values.max(initial=0) > 1):
        return values.dtype, values
    values = values.view(memory_dtype(dtype))
    return _dtype_for(values, dtype), values


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
    kind = values.dtype.kind if dtype is None or values.dtype.kind == "S" else dtype.kind  # bytes are not all text
    encoded = np.char.encode(values, "utf-8", "surrogateescape") if kind != values.dtype.kind else values
    if dtype is not None and dtype.kind == kind and encoded.dtype.itemsize <= dtype.itemsize:
        return dtype
    return encoded.dtype


def _axes_of(
    stamp: Stamp | None, subarray: tuple[int, ...], lengths: tuple[int, ...], inner: int, order: str
) -> tuple[tuple[Axis, ...], tuple[int, ...]]:
    """Choose the axes of a member, and the lengths of its component axes."""
    grid = len(lengths) > 1
    components: tuple[int, ...] = (inner,) if inner > 1 else ()
    if stamp is not None:
        stamped = stamp.axes
        if not grid and sum(axis.letter in "xyzn" for axis in stamped) == 1:
            # The coordinates along one axis are numbered like anything else.
            stamped = tuple(Axis("n", axis.reverse) if axis.letter in "xyz" else axis for axis in stamped)
        count = sum(axis.letter == "c" for axis in stamped)
        remembered = stamp.components
        if len(remembered) == count + len(subarray):
            remembered = remembered[:count]
        if len(remembered) != count:
            remembered = (inner,) * count if count < 2 else ()
        if len(remembered) == count and math.prod(remembered) == inner:
            components = remembered
            if axes_fit(stamped, lengths) and not (grid and order == "xyz"):
                return stamped, components
    return (*parse_axes(order if grid else "n"), *(Axis("c") for _ in components)), components


def _record(group: Sequence[tuple[Member, Stamp]]) -> Member | None:
    """Join the fields of a structured member; None when they are not all there, or changed."""
    stamp = next((stamp for _member, stamp in group if stamp.record is not None), None)
    if stamp is None or stamp.record is None:
        return None
    dtype = stamp.record
    wanted = leaves(dtype)
    found = {stamp.path: member for member, stamp in group}
    if len(found) != len(group) or set(found) != {leaf.path for leaf in wanted} or left_out(dtype):
        return None
    wholes, sources = set(), []
    for leaf in wanted:
        member = found[leaf.path]
        kept = len(member.shape) - len(leaf.shape)
        if member.dtype != leaf.dtype or member.shape[kept:] != leaf.shape:
            return None
        wholes.add((member.shape[:kept], member.axes[:kept]))
        sources.append(replace(member.sources[0], path=leaf.path))
    if len(wholes) != 1:
        return None
    [(shape, axes)] = wholes
    name = stamp.member or group[0][0].name  # a field named as its member does not say so twice
    return Member(name, shape, dtype, axes, tuple(sources), still=stamp.still)
