"""Where the values of one member of a file go: VTK arrays, filled in any order by several threads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..files.store import empty
from ..plan.axes import canonical, format_axes, in_file_order
from ..plan.dtypes import held_as, leaves, vtk_dtype, why_not
from ..plan.vectors import is_flat
from .arrays import string_array, to_vtk_array
from .stamps import Stamp, write_stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray, vtkDataArray

    from ..plan.axes import Axis
    from ..plan.dtypes import Leaf

__all__ = ["Destination", "VectorDestination", "share"]


class Destination:
    """Where the values of one member of a file go: VTK arrays in canonical order, filled in any order.

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

    Attributes
    ----------
    direct : ndarray or None
        The place in file order and native byte order, when the file's bytes are VTK's bytes.
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
    ) -> None:
        self._still = still
        self._step_axes = axes if step_axes is None else step_axes
        self._name, self._dtype, self._components = name, dtype, components
        self._parts = [
            _LeafDestination(leaf, axes, space, components, complex_as, shared, pad=pad and is_flat(leaf, components))
            for leaf in leaves(dtype)
            if not columns or leaf.path[0] in columns
        ]
        self._prefix = prefix
        self.direct = self._parts[0].direct if dtype.names is None and self._parts else None

    def put(self, index: tuple[slice, ...], block: np.ndarray) -> None:
        """Take `block`, in the file's dtype and axis order, to its place; thread-safe for disjoint places."""
        for part in self._parts:
            values = block
            for field in part.leaf.path:
                values = values[field]
            part.put(index, values)

    def finish(self, used: np.ndarray | None = None) -> list[tuple[tuple[str, ...], vtkAbstractArray]]:
        """Return the VTK arrays, which own the values from now on, each with the path of its field.

        Parameters
        ----------
        used : (k,) ints, optional
            Keep only these tuples.
        """
        made: list[tuple[tuple[str, ...], vtkAbstractArray]] = []
        record = np.lib.format.dtype_to_descr(self._dtype) if self._dtype.names else None
        for part in self._parts:
            name = self._name
            if part.leaf.path:
                name = f"{name}.{part.leaf.name}" if self._prefix else part.leaf.name
            for suffix, array in part.arrays(used):
                array.SetName(name + suffix)
                made.append((part.leaf.path, array))
                stamp = Stamp(
                    dtype=part.leaf.dtype,
                    axes=format_axes(self._step_axes),
                    member="" if array.GetName() == self._name else self._name,
                    path=part.leaf.path,
                    shape=part.leaf.shape,
                    record=record,
                    components=self._components if len(self._components) > 1 else (),
                    padded=part.padded,
                    still=self._still,
                )
                record = None  # once is enough
                if part.restorable and not (_plain(stamp) and self._components != (1,)):
                    write_stamp(array, stamp)
        return made


class VectorDestination:
    """Where the values of several members go that are the components of one VTK array.

    Parameters
    ----------
    name : str
        Of the array.
    members : sequence of str
        Names of the members, each of one component.
    dtype, axes, space, step_axes, still
        Of each of them, as for `Destination`.
    pad : bool
        Two components get a third, which is 0.

    Attributes
    ----------
    parts : list of Destination
        Of the members.
    """

    def __init__(
        self,
        name: str,
        members: Sequence[str],
        dtype: np.dtype,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        *,
        step_axes: tuple[Axis, ...],
        still: bool,
        pad: bool,
    ) -> None:
        padded = pad and len(members) == 2
        self._name, self._memory = name, empty((*space, 3 if padded else len(members)), vtk_dtype(dtype))
        self._memory[..., len(members) :] = 0
        self.parts = [
            Destination(member, dtype, axes, space, shared=self._memory[..., k]) for k, member in enumerate(members)
        ]
        self._stamp = Stamp(dtype, f"{format_axes(step_axes)}c", joined=tuple(members), padded=padded, still=still)

    def finish(self, used: np.ndarray | None = None) -> list[tuple[tuple[str, ...], vtkAbstractArray]]:
        """Return the VTK array as `Destination.finish` does."""
        width = self._memory.shape[-1]
        flat = self._memory.reshape(self._memory.size // width, width)
        array = to_vtk_array(flat if used is None else flat[used], self._name)
        write_stamp(array, self._stamp)
        return [((), array)]


def _plain(stamp: Stamp) -> bool:
    """Tell whether the writer would write the array as it was without a stamp."""
    return (
        not (stamp.member or stamp.path or stamp.components or stamp.padded or stamp.still)
        and stamp.dtype.kind in "iuf"
        and vtk_dtype(stamp.dtype) == stamp.dtype
        and stamp.dtype.isnative
        and stamp.axes in ("zyx", "zyxc", "n", "nc")
    )


class _LeafDestination:
    """The destination of one leaf."""

    def __init__(
        self,
        leaf: Leaf,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        components: tuple[int, ...],
        complex_as: str,
        shared: np.ndarray | None,
        *,
        pad: bool = False,
    ) -> None:
        self.leaf, self.padded = leaf, pad
        self.restorable = True
        self._tuples = int(np.prod(space, dtype=object))
        dtype = leaf.dtype.newbyteorder("=")
        shape = (*space, *components, *leaf.shape)
        self._inner = 3 if pad else int(np.prod((*components, *leaf.shape), dtype=object))
        self._component_names: list[str] = []
        self._views: list[tuple[str, np.ndarray, np.ndarray, Any]] = []  # suffix, memory, file view, function
        self.direct: np.ndarray | None = None

        def memory(suffix: str, kind: Any, function: Any = None) -> np.ndarray:  # noqa: ANN401
            try:
                if pad:
                    padded = empty((*space, 3), np.dtype(kind))
                    padded[..., 2] = 0
                    self._views.append((suffix, padded, in_file_order(padded[..., :2].reshape(shape), axes), function))
                    return padded
                values = empty(shape, np.dtype(kind)) if shared is None else shared.view(kind)
            except ValueError as error:  # more axes than NumPy has, with those of the field or the components
                raise UnsupportedError(f"an array of shape {shape} cannot be made: {error}. Use fewer axes.") from None
            self._views.append((suffix, values, in_file_order(values, axes), function))
            return values

        if dtype.kind in "SU":
            memory("", dtype)
        elif dtype.kind == "c" and complex_as != "Components":
            self.restorable = False
            real = vtk_dtype(dtype)
            if complex_as == "Real":
                memory(".real", real, np.real)
            elif complex_as == "Imaginary":
                memory(".imag", real, np.imag)
            else:
                memory(".magnitude", real, np.abs)
                memory(".phase", real, np.angle)
        elif dtype.kind == "c":
            memory("", np.complex64 if dtype.itemsize == 8 else np.complex128)
            count = int(np.prod(shape[len(space) :], dtype=object))
            self._component_names = (
                ["Re", "Im"] if count == 1 else [f"{k} {part}" for k in range(count) for part in ("Re", "Im")]
            )
        else:
            memory("", vtk_dtype(dtype), held_as(dtype).converted)
        if not leaf.path and not leaf.shape and self._views[0][3] is None and dtype.kind not in "SU":
            view = self._views[0][2]
            if view.dtype.itemsize == dtype.itemsize:
                self.direct = view

    def put(self, index: tuple[slice, ...], block: np.ndarray) -> None:
        for _suffix, _memory, view, function in self._views:
            if held_as(self.leaf.dtype).viewed:
                block = block.view(vtk_dtype(self.leaf.dtype).newbyteorder(block.dtype.byteorder))
            with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
                view[index] = block if function is None else function(block)

    def arrays(self, used: np.ndarray | None) -> list[tuple[str, vtkAbstractArray]]:
        """List (suffix of the name, VTK array)."""
        made: list[tuple[str, vtkAbstractArray]] = []
        for suffix, memory, _view, _function in self._views:
            if memory.dtype.kind in "SU":
                made.append((suffix, string_array(self._tuples_of(memory, used), None)))
                continue
            real = memory.view(vtk_dtype(memory.dtype)) if memory.dtype.kind == "c" else memory
            made.append((suffix, to_vtk_array(self._tuples_of(real, used), None, self._component_names)))
        return made

    def _tuples_of(self, memory: np.ndarray, used: np.ndarray | None) -> np.ndarray:
        if self._tuples == 0:
            # -1 cannot be told from nothing.
            parts = 2 if self.leaf.dtype.kind == "c" and memory.dtype.kind == "f" else 1
            inner = self._inner * (parts if len(self._views) == 1 and self.restorable else 1)
            return memory.reshape(0, inner) if inner > 1 else memory.reshape(0)
        flat = memory.reshape(self._tuples, -1)
        if used is not None:
            flat = flat[used]
        return flat.ravel() if flat.shape[1] == 1 else flat


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
    if dtype.names is not None or why_not(dtype) or not dtype.isnative or values.size == 0:
        return None
    if dtype.kind in "SU" or held_as(dtype).converted:
        return None
    if not values.flags.writeable:  # a filter that works in place would end the process at a map that is read-only
        return None
    if dtype.kind == "c" and complex_as != "Components":
        return None
    if dtype.itemsize != vtk_dtype(dtype).itemsize * held_as(dtype).parts:
        return None
    view = canonical(values, axes)
    if not (view.flags.c_contiguous and view.flags.aligned):
        return None
    space = 1 if any(axis.letter == "n" for axis in axes) else 3
    return Destination(
        name, dtype, axes, view.shape[:space], view.shape[space:], prefix=False, shared=view, **remembered
    ).finish()[0][1]
