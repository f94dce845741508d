"""VTK arrays -> the members of a file, with the dtypes and axes that their stamps remember.

A stamp is a memory, not an order.
Filters carry it along while they change values and shapes, so it counts only as far as it fits: a dtype that
cannot hold the values of today gives way to one that can, and axes that no longer fit the grid to the plain
ones.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..plan.axes import Axis, format_axes, parse_axes
from ..plan.dtypes import leaves, left_out, memory_dtype, vtk_dtype, why_not
from .arrays import from_vtk_array
from .member import Member, MemberArray, axes_fit, dtype_for, holds_exactly, member_of_tuples
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from .stamps import Stamp

__all__ = ["members"]


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
    found: list[tuple[int, Member]] = []
    records: dict[str, list[tuple[int, Member, Stamp]]] = {}
    for number, array in enumerate(arrays):
        stamp = read_stamp(array)
        if take_apart and stamp is not None and stamp.joined:
            columns = _columns(array, stamp, space, axes)
            if columns:
                found += [(number, column) for column in columns]
                continue
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


def _columns(array: vtkAbstractArray, stamp: Stamp, space: tuple[int, ...] | None, axes: str) -> list[Member]:
    """Plan the members that a vector was joined from; none where it is another vector by now."""
    values = from_vtk_array(array).reshape(array.GetNumberOfTuples(), array.GetNumberOfComponents())
    if stamp.padded and not np.any(values[:, 2:]):
        values = values[:, :2]
    if values.shape[1] != len(stamp.joined):
        return []
    planned = []
    for k, name in enumerate(stamp.joined):
        own = replace(stamp, member=name, axes=stamp.axes[:-1], padded=False)
        one = _member(array, own, space, axes, values[:, k : k + 1])
        planned.append(replace(one, parts=(MemberArray(array, (), k),)))
    return planned


def _member(
    array: vtkAbstractArray,
    stamp: Stamp | None,
    space: tuple[int, ...] | None,
    axes: str,
    values: np.ndarray | None = None,
) -> Member:
    """Plan a member with one VTK array, or with some of its `values`, (tuples, components)."""
    if values is None:
        values = from_vtk_array(array)
    tuples = array.GetNumberOfTuples()
    if space is not None and tuples != math.prod(space):
        raise UnsupportedError(
            f"array {array.GetName()!r} has {tuples} tuples, and its grid has {math.prod(space)} places. "
            "Run the filter that made it again, or leave the array out with Pass Arrays."
        )
    values = values.reshape(tuples, -1) if tuples else values.reshape(0, array.GetNumberOfComponents())
    lengths: tuple[int, ...] = (tuples,) if space is None else space
    if stamp is not None and stamp.padded and values.shape[1] == 3 and not np.any(values[:, 2]):
        values = values[:, :2]
    known = _known_dtype(stamp, values)
    dtype, values = _restored(values, known)
    inner = values.shape[1]
    subarray = stamp.shape if known is not None else ()
    if any(n < 1 for n in subarray) or inner % math.prod(subarray):
        subarray = ()
    inner //= math.prod(subarray)
    order, components = _axes_of(stamp, subarray, lengths, inner, space is not None, axes)
    order += (Axis("c"),) * len(subarray)
    name = array.GetName()
    if stamp is not None and stamp.member and not stamp.path:
        name = stamp.member
    made = member_of_tuples(name, values.reshape(tuples, *components, *subarray), lengths, order)
    return replace(made, dtype=dtype, parts=(MemberArray(array, ()),), still=stamp is not None and stamp.still)


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
    if dtype is None or (dtype.kind == "b" and not holds_exactly(dtype, values)):
        return values.dtype, values
    values = values.view(memory_dtype(dtype))
    return dtype_for(values, dtype), values


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
    wanted_name: str,
) -> tuple[tuple[Axis, ...], tuple[int, ...]]:
    """Choose the axes of a member, and the lengths of its component axes."""
    components: tuple[int, ...] = (inner,) if inner > 1 else ()
    if stamp is not None:
        stamped = parse_axes(stamp.axes)
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
            if axes_fit(stamped, lengths, grid) and not (grid and wanted_name == "xyz"):
                return stamped, components
    letters = ("xyz" if wanted_name == "xyz" else "zyx") if grid else "n"
    return (*map(Axis, letters), *(Axis("c") for _ in components)), components


def _record(group: Sequence[tuple[int, Member, Stamp]]) -> Member | None:
    """Join the fields of a structured member; None when they are not all there, or changed."""
    stamp = next((stamp for _number, _member, stamp in group if stamp.record is not None), None)
    if stamp is None or stamp.record is None:
        return None
    dtype = stamp.record
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
        parts.append(MemberArray(member.parts[0].array, leaf.path))
    if len(shapes) != 1 or len(axes) != 1:
        return None
    name = stamp.member or group[0][1].name  # a field named as its member does not say so twice
    return Member(name, shapes.pop(), dtype, axes.pop(), tuple(parts), tuple(sources), still=stamp.still)
