"""Where the values of one member of a file go: VTK arrays, filled in any order by several threads."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..files.store import empty
from ..plan.axes import Axis, canonical, format_axes, in_file_order
from ..plan.dtypes import held_as, leaves, why_not
from ..plan.vectors import is_flat
from .arrays import string_array, to_vtk_array
from .stamps import Stamp, write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vtkmodules.vtkCommonCore import vtkAbstractArray, vtkDataArray

    from ..files.npy_header import ArraySpec
    from ..plan.dtypes import Held, Leaf
    from ..plan.layout import ArrayPlan
    from ..plan.windows import Window

    Forms = tuple[tuple[str, Callable[[np.ndarray], np.ndarray] | None], ...]

__all__ = ["Destination", "share"]


class Destination:
    """Where the values of one member of a file go: VTK arrays in canonical order, filled in any order.

    Or of several members, `joined`, of one component each: these are the components of one VTK array.

    Parameters
    ----------
    plan : ArrayPlan
        Of the member, whose name is that of the array, or the prefix of its parts.
    spec : ArraySpec
        What its header says.
    window : Window
        What is asked for.
    complex_as : str
        One of `COMPLEX_AS`, where the file says nothing of its arrays.
    still : bool
        The array is the same in all of the several time steps of its file.
    pad : bool
        Vectors of two real components get a third, which is 0.
    joined : sequence of str
        Names of the members, where they are several; `plan` and `spec` are those of each.
    shared : ndarray, optional
        Canonical values that are there already, and that VTK can read in place: see `share`.

    Attributes
    ----------
    selection : tuple of slice
        The window in indices of the member, one per axis.
    direct : ndarray or None
        The place in file order and native byte order, where the file's bytes may be VTK's bytes.
    """

    def __init__(
        self,
        plan: ArrayPlan,
        spec: ArraySpec,
        window: Window,
        complex_as: str = "Components",
        *,
        still: bool = False,
        pad: bool = False,
        joined: Sequence[str] = (),
        shared: np.ndarray | None = None,
    ) -> None:
        space, self.selection = window.space(plan, spec.shape), window.selection(plan, spec.shape)
        axes, step_axes, components = plan.axes, plan.step_axes(spec.shape), plan.components(spec.shape)
        if joined:
            axes, step_axes, components = (*axes, Axis("c")), (*step_axes, Axis("c")), (len(joined),)
        self._plan, self._dtype, self._components = plan, spec.dtype, components
        self._stamp = Stamp(spec.dtype, step_axes, still=still, joined=tuple(joined))
        forms = _PLAIN if plan.records else _PARTS.get(complex_as, _PLAIN)
        self._places = [
            _Place(leaf, held_as(leaf.dtype), *form, axes, space, components, shared, pad and is_flat(leaf, components))
            for leaf in leaves(spec.dtype)
            if not plan.columns or leaf.path[0] in plan.columns
            for form in (forms if leaf.dtype.kind == "c" else _PLAIN)
        ]
        first = self._places[0] if self._places and spec.dtype.names is None else None
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
            leaf, name = place.leaf, self._plan.member
            if leaf.path:
                name = f"{name}.{leaf.name}" if self._plan.prefix else leaf.name
            name += place.suffix
            stamp = replace(
                self._stamp,
                dtype=leaf.dtype,
                member="" if name == self._plan.member else self._plan.member,
                path=leaf.path,
                shape=leaf.shape,
                record=record,
                components=self._components if len(self._components) > 1 else (),
                padded=place.padded,
            )
            record = None  # once is enough
            needed = not place.suffix and not (_plain(stamp, place.numbers) and self._components != (1,))
            array = place.array(name, used)
            if needed:
                write_stamp(array, stamp)
            made.append((leaf.path, array))
        return made


def _plain(stamp: Stamp, numbers: np.dtype) -> bool:
    """Tell whether the writer would write an array of `numbers` as it was without a stamp."""
    return (
        not (stamp.member or stamp.path or stamp.components or stamp.padded or stamp.still or stamp.joined)
        and stamp.dtype.kind in "iuf"
        and numbers == stamp.dtype
        and stamp.dtype.isnative
        and format_axes(stamp.axes) in ("zyx", "zyxc", "n", "nc")
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
        held: Held,
        suffix: str,
        function: Callable[[np.ndarray], np.ndarray] | None,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        components: tuple[int, ...],
        shared: np.ndarray | None,
        padded: bool,
    ) -> None:
        self.leaf, self.numbers, self.padded = leaf, held.numbers, padded
        self.suffix, self.function = suffix, function or held.converted
        self._tuples, shape = math.prod(space), (*space, *components, *leaf.shape)
        self._inner = 3 if padded else math.prod(shape[len(space) :])
        try:
            if shared is None:
                shared = empty((*space, 3) if padded else shape, held.numbers if suffix else held.memory)
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
        return to_vtk_array(values.view(self.numbers), name, names)


def share(
    values: np.ndarray, plan: ArrayPlan, spec: ArraySpec, window: Window, complex_as: str, *, still: bool = False
) -> vtkDataArray | None:
    """Wrap a part of `values` without a copy, or return None when VTK could not read it in place.

    Parameters
    ----------
    values : ndarray with one axis per axis of `plan`
        Shared: the VTK array keeps it alive and sees later changes.
    plan, spec, window, complex_as, still
        The same as for `Destination`.
    """
    values = values[window.selection(plan, spec.shape)]
    dtype = values.dtype
    if dtype.names is not None or why_not(dtype) or dtype.kind in "SU" or values.size == 0:
        return None
    held = held_as(dtype)
    if held.converted or held.memory != dtype or (dtype.kind == "c" and complex_as in _PARTS):
        return None
    if not values.flags.writeable:  # a filter that works in place would end the process at a map that is read-only
        return None
    view = canonical(values, plan.axes)
    if not (view.flags.c_contiguous and view.flags.aligned):
        return None
    return Destination(plan, spec, window, shared=view, still=still).finish()[0][1]
