"""Where the values of one member of a file go: VTK arrays, filled in any order by several threads."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..files.store import empty
from ..plan.axes import Axis, canonical, format_axes, in_file_order
from ..plan.dtypes import held_as, leaves, vtk_dtype, why_not
from ..plan.vectors import is_flat
from .arrays import string_array, to_vtk_array
from .stamps import Stamp, write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray, vtkDataArray

    from ..plan.dtypes import Leaf

    Forms = tuple[tuple[str, Callable[[np.ndarray], np.ndarray] | None], ...]

__all__ = ["Destination", "share"]


class Destination:
    """Where the values of one member of a file go: VTK arrays in canonical order, filled in any order.

    Or of several members, `joined`, of one component each: these are the components of one VTK array.

    Parameters
    ----------
    name : str
        Name of the member; the name of the array, or the prefix of its parts.
    dtype : numpy.dtype
        As in the file.
    axes : tuple of Axis
        Of the member.
    space : tuple of int
        ``(nz, ny, nx)`` or ``(n,)``: what is asked for.
    components : tuple of int
        Lengths of the c axes.
    complex_as : str
        One of `COMPLEX_AS`.
    prefix : bool
        Whether the fields of a structured dtype carry the member's name before their own.
    shared : ndarray, optional
        Canonical values that are there already, and that VTK can read in place: see `share`.
    step_axes : tuple of Axis, optional
        Of one time step, to remember; default: `axes`.
    still : bool
        The array is the same in all time steps of its file.
    columns : collection of str
        Fields of a structured dtype to take; none named: all.
    pad : bool
        Vectors of two real components get a third, which is 0.
    joined : sequence of str
        Names of the members, where they are several; `dtype` and axes are those of each.

    Attributes
    ----------
    direct : ndarray or None
        The place in file order and native byte order, where the file's bytes may be VTK's bytes.
    """

    def __init__(
        self,
        name: str,
        dtype: np.dtype,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        components: tuple[int, ...] = (),
        complex_as: str = "Components",
        prefix: bool = True,
        shared: np.ndarray | None = None,
        step_axes: tuple[Axis, ...] | None = None,
        still: bool = False,
        columns: Collection[str] = (),
        pad: bool = False,
        joined: Sequence[str] = (),
    ) -> None:
        step_axes = axes if step_axes is None else step_axes
        if joined:
            axes, step_axes, components = (*axes, Axis("c")), (*step_axes, Axis("c")), (len(joined),)
        self._name, self._dtype, self._components, self._prefix = name, dtype, components, prefix
        self._stamp = Stamp(dtype, format_axes(step_axes), still=still, joined=tuple(joined))
        self._places = [
            _Place(leaf, *form, axes, space, components, shared, pad and is_flat(leaf, components))
            for leaf in leaves(dtype)
            if not columns or leaf.path[0] in columns
            for form in (_PARTS.get(complex_as, _PLAIN) if leaf.dtype.kind == "c" else _PLAIN)
        ]
        first = self._places[0] if self._places and dtype.names is None else None
        self.direct = first.view if first is not None and first.function is None else None

    def put(self, index: tuple[slice, ...], block: np.ndarray) -> None:
        """Take `block`, in the file's dtype and axis order, to its place; thread-safe for disjoint places."""
        for place in self._places:
            values = block
            for field in place.leaf.path:
                values = values[field]
            with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
                place.view[index] = values if place.function is None else place.function(values)

    def put_component(self, number: int, index: tuple[slice, ...], block: np.ndarray) -> None:
        """Take `block` of the `joined` member `number` to its place."""
        self.put((*index, slice(number, number + 1)), block[..., np.newaxis])

    def finish(self, used: np.ndarray | None = None) -> list[tuple[tuple[str, ...], vtkAbstractArray]]:
        """Return the VTK arrays, which own the values from now on, each with the path of its field.

        Parameters
        ----------
        used : (k,) ints, optional
            Keep only these tuples.
        """
        made: list[tuple[tuple[str, ...], vtkAbstractArray]] = []
        record = self._dtype if self._dtype.names else None
        for place in self._places:
            leaf, name = place.leaf, self._name
            if leaf.path:
                name = f"{name}.{leaf.name}" if self._prefix else leaf.name
            name += place.suffix
            array = place.array(name, used)
            made.append((leaf.path, array))
            stamp = replace(
                self._stamp,
                dtype=leaf.dtype,
                member="" if name == self._name else self._name,
                path=leaf.path,
                shape=leaf.shape,
                record=record,
                components=self._components if len(self._components) > 1 else (),
                padded=place.padded,
            )
            record = None  # once is enough
            if not place.suffix and not (_plain(stamp) and self._components != (1,)):
                write_stamp(array, stamp)
        return made


def _plain(stamp: Stamp) -> bool:
    """Tell whether the writer would write the array as it was without a stamp."""
    return (
        not (stamp.member or stamp.path or stamp.components or stamp.padded or stamp.still or stamp.joined)
        and stamp.dtype.kind in "iuf"
        and vtk_dtype(stamp.dtype) == stamp.dtype
        and stamp.dtype.isnative
        and stamp.axes in ("zyx", "zyxc", "n", "nc")
    )


# The arrays that show a member: suffixes of their names, and what makes their values.
_PLAIN: Forms = (("", None),)
_PARTS: dict[str, Forms] = {  # of complex numbers, by `COMPLEX_AS`
    "Real": ((".real", np.real),),
    "Imaginary": ((".imag", np.imag),),
    "Magnitude and Phase": ((".magnitude", np.abs), (".phase", np.angle)),
}


class _Place:
    """The memory of one VTK array, of one leaf."""

    def __init__(
        self,
        leaf: Leaf,
        suffix: str,
        function: Callable[[np.ndarray], np.ndarray] | None,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        components: tuple[int, ...],
        shared: np.ndarray | None,
        padded: bool,
    ) -> None:
        held = held_as(leaf.dtype)
        self._numbers, memory = held.dtype(leaf.dtype), held.memory(leaf.dtype)
        self.leaf, self.suffix, self.function, self.padded = leaf, suffix, function or held.converted, padded
        self._tuples, shape = math.prod(space), (*space, *components, *leaf.shape)
        self._inner = 3 if padded else math.prod(shape[len(space) :])
        try:
            if shared is None:
                shared = empty((*space, 3) if padded else shape, self._numbers if suffix else memory)
            self._memory = values = shared
            if padded:
                values[..., 2] = 0
                values = values[..., :2].reshape(shape)
        except ValueError as error:  # more axes than NumPy has, with those of the field or the components
            raise UnsupportedError(f"an array of shape {shape} cannot be made: {error}. Use fewer axes.") from None
        self.view = in_file_order(values, axes)

    def array(self, name: str, used: np.ndarray | None) -> vtkAbstractArray:
        """Return the VTK array, or the tuples `used` of it."""
        values = self._memory.reshape(self._tuples, self._inner)
        if used is not None:
            values = values[used]
        if values.dtype.kind in "SU":
            return string_array(values, name)
        names: list[str] = []
        if values.dtype.kind == "c":
            places = [f"{k} " for k in range(self._inner)] if self._inner != 1 else [""]
            names = [place + part for place in places for part in ("Re", "Im")]
        return to_vtk_array(values.view(self._numbers), name, names)


def share(
    values: np.ndarray,
    axes: tuple[Axis, ...],
    name: str,
    complex_as: str,
    **remembered: Any,  # noqa: ANN401
) -> vtkDataArray | None:
    """Wrap `values` without a copy, or return None when VTK could not read them in place.

    Parameters
    ----------
    values : ndarray with one axis per entry of `axes`; time axes have length 1
        Shared: the VTK array keeps it alive and sees later changes.
    **remembered
        The same as for `Destination`.
    """
    dtype = values.dtype
    if dtype.names is not None or why_not(dtype) or dtype.kind in "SU" or values.size == 0:
        return None
    held = held_as(dtype)
    if held.converted or held.memory(dtype) != dtype or (dtype.kind == "c" and complex_as in _PARTS):
        return None
    if not values.flags.writeable:  # a filter that works in place would end the process at a map that is read-only
        return None
    view = canonical(values, axes)
    if not (view.flags.c_contiguous and view.flags.aligned):
        return None
    space = 1 if any(axis.letter == "n" for axis in axes) else 3
    return Destination(
        name, dtype, axes, view.shape[:space], view.shape[space:], prefix=False, shared=view, **remembered
    ).finish()[0][1]
