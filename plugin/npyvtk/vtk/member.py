"""One member of a file to be: a plan with views of VTK's memory, not a copy.

Nothing is converted before its block is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..files.npy import c_order_blocks
from ..plan.axes import format_axes, in_file_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from ..plan.axes import Axis

__all__ = [
    "Member",
    "MemberArray",
    "Source",
    "axes_fit",
    "dtype_for",
    "holds_exactly",
    "member_of_tuples",
    "member_of_values",
]


class MemberArray(NamedTuple):
    """One VTK array in a member."""

    array: vtkAbstractArray
    path: tuple[str, ...]  # field of a structured member
    column: int | None = None  # of a vector whose components are members


@dataclass(frozen=True)
class Source:
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
    """One array of a file to be: the inverse of `destination.Destination`."""

    name: str | None  # wished for in the file; the caller makes names unique
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file
    axes: str  # one letter per axis
    parts: tuple[MemberArray, ...]  # empty for values that were no VTK array
    sources: tuple[Source, ...]  # one for each leaf of the dtype
    still: bool = False  # the same in all of the several time steps of the file that it came from
    moving: bool = False  # positions that had a time axis in that file

    @property
    def plain(self) -> bool:
        """Whether the values lie in memory as in the file, but for the order of axes."""
        whole = self._whole()
        return whole is not None and _has_no_gaps(whole)

    @property
    def fortran_order(self) -> bool:
        """Whether Fortran order saves the transposition."""
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
            for index in c_order_blocks(self.shape, self.dtype.itemsize):
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


def _has_no_gaps(values: np.ndarray) -> bool:
    """Tell whether the values lie side by side, in whatever order."""
    span = sum(abs(stride) * (n - 1) for stride, n in zip(values.strides, values.shape))
    return not values.size or span + values.itemsize == values.nbytes


def member_of_values(
    name: str | None, values: np.ndarray, axes: str | None = None, dtype: np.dtype | None = None
) -> Member:
    """Plan a member of plain values.

    Parameters
    ----------
    name : str
        Wished for in the file.
    values : ndarray
        Shared, not copied.
    axes : str, optional
        One letter per axis; default: n, then c.
    dtype : numpy.dtype, optional
        In the file, where it holds every one of the values; default: their own.
    """
    if axes is None:
        axes = "nc"[: values.ndim] + "c" * (values.ndim - 2)
    return Member(name, values.shape, dtype_for(values, dtype), axes, (), (Source((), values),))


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
    return member_of_values(name, view, format_axes(axes), dtype)


def dtype_for(values: np.ndarray, dtype: np.dtype | None) -> np.dtype:
    """Choose `dtype` where it holds every one of `values`, else their own."""
    return values.dtype if dtype is None or not holds_exactly(dtype, values) else dtype


def holds_exactly(dtype: np.dtype, values: np.ndarray) -> bool:
    """Tell whether every one of `values` survives `dtype`."""
    if np.can_cast(values.dtype, dtype):
        return True
    with np.errstate(all="ignore"):
        return all(np.all(_same(block.astype(dtype).astype(block.dtype), block)) for block in blocks_of_values(values))


def blocks_of_values(values: np.ndarray) -> Iterator[np.ndarray]:
    """Cut values into blocks that stay in the cache."""
    return (values[index] for index in c_order_blocks(values.shape, values.dtype.itemsize))


def axes_fit(axes: tuple[Axis, ...], lengths: tuple[int, ...], grid: bool) -> bool:
    """Tell whether axes can address all places.

    Parameters
    ----------
    axes : tuple of Axis
    lengths : tuple of int
        Of a grid along z, y and x; else one, how many places there are.
    grid : bool
    """
    letters = {axis.letter for axis in axes} - {"c", "t"}
    if not grid:
        return letters == {"n"} or (not letters and lengths == (1,))
    if "n" in letters:
        return False
    return all(n == 1 or letter in letters for letter, n in zip("zyx", lengths))
