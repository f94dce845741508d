"""NumPy values <-> VTK arrays: the one table of dtypes, in both directions, and the stamp.

==================  =============================  ====================================================
dtype in the file   VTK array                      remark
==================  =============================  ====================================================
i1-i8, u1-u8        same width                     either byte order
f4, f8              same width                     either byte order
bool                uint8, 0 or 1
float16             float32                        exact
longdouble          float64                        rounded; saved as longdouble again
complex             two components Re, Im          or as ``ComplexAs`` says
structured          one array per field            nested ``a.b``; subarrays become components
datetime64, m8      int64 in the file's unit       the unit stands in the stamp
S, U                vtkStringArray
void, object        none                           named and skipped
==================  =============================  ====================================================

Positions of points are float32 or float64 in VTK, which rounds whole numbers beyond 2**53.

What this table changes is written on the VTK array itself, in the information key ``UNITS_LABEL``, as a small
JSON object: the *stamp*.
It survives shallow and deep copies, Extract Subset and most filters, so that the writer can restore the array
as it stood in its file.
What the arrays of a dataset have in common, such as the place of an image, is one object, to which the key
``DATA_OBJECT`` of each of them leads: information of the dataset itself survives no filter, not even a shallow copy.
VTK itself would read bytes of foreign order without complaint and drop imaginary parts; nothing is handed to
it that this table does not name.
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from vtkmodules import vtkCommonCore
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import VTK_SIGNED_CHAR, vtkAbstractArray, vtkDataArray, vtkStringArray
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkTable

from ..plan.axes import Axis, canonical, format_axes, in_file_order
from ..errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

__all__ = [
    "COMPLEX_AS",
    "Destination",
    "Leaf",
    "Stamp",
    "common_memory",
    "descr_from_json",
    "dump_time",
    "empty",
    "is_rounded",
    "leaves",
    "load_time",
    "read_stamp",
    "recall",
    "recall_ids",
    "record_of",
    "remember_ids",
    "share",
    "share_memory",
    "string_array",
    "to_vtk_array",
    "vtk_dtype",
    "why_not",
    "write_stamp",
]

COMPLEX_AS = ("Components", "Magnitude and Phase", "Real", "Imaginary")


def vtk_dtype(dtype: np.dtype) -> np.dtype:
    """Return the native dtype in which VTK holds scalars of `dtype`; complex gives that of its parts.

    Strings give ``object``, as vtkStringArray has no NumPy form.
    """
    if dtype.kind in "SU":
        return np.dtype(object)
    if dtype.kind == "b":
        return np.dtype(np.uint8)
    if dtype.kind in "Mm":
        return np.dtype(np.int64)
    if dtype.kind == "c":
        return np.dtype(np.float32 if dtype.itemsize == 8 else np.float64)
    if dtype.kind == "f":
        return np.dtype(np.float32 if dtype.itemsize <= 4 else np.float64)
    return dtype.newbyteorder("=")


def is_rounded(dtype: np.dtype) -> bool:
    """Tell whether scalars of `dtype` have more bits than VTK has for them."""
    return dtype.kind in "fc" and dtype.itemsize > vtk_dtype(dtype).itemsize * (2 if dtype.kind == "c" else 1)


def empty(shape: tuple[int, ...], dtype: np.dtype, order: str = "C") -> np.ndarray:
    """Make an array as `numpy.empty` does, which in NumPy 1.21 allocates the axes that are not 0 where one is."""
    return np.ndarray(shape, dtype, bytearray(1) if 0 in shape else None, order=order)


def why_not(dtype: np.dtype) -> str:
    """Say why values of `dtype` have no VTK counterpart; empty when they have one."""
    if dtype.subdtype:
        return why_not(dtype.subdtype[0])
    if dtype.names is not None:
        if not leaves(dtype):
            return "no field of its structured dtype can be shown"
        return ""
    if dtype.hasobject:
        return "Python objects are never unpickled"
    if dtype.kind == "V":
        return "void data has no meaning to show"
    if dtype.itemsize == 0:
        return "its items are of size 0"
    if dtype.kind not in "biufcMmSU":
        return f"dtype {dtype} has no VTK counterpart"
    return ""


class Leaf(NamedTuple):
    """One scalar, or one block of scalars, inside an item of an array."""

    path: tuple[str, ...]  # field names from the outside; empty for a plain dtype
    dtype: np.dtype  # of the scalar, as in the file
    shape: tuple[int, ...] = ()  # of a subarray field; becomes components

    @property
    def name(self) -> str:
        """Nested fields joined by dots."""
        return ".".join(self.path)


def leaves(dtype: np.dtype) -> tuple[Leaf, ...]:
    """List what an item of `dtype` holds, in the order of its fields; void and object fields are left out."""
    if dtype.subdtype:
        base, shape = dtype.subdtype
        return tuple(Leaf(leaf.path, leaf.dtype, shape + leaf.shape) for leaf in leaves(base))
    if dtype.names is not None:
        return tuple(
            Leaf((name, *leaf.path), leaf.dtype, leaf.shape)
            for name in dtype.names
            for leaf in leaves(dtype.fields[name][0])
        )
    return () if why_not(dtype) else (Leaf((), dtype),)


def left_out(dtype: np.dtype, path: tuple[str, ...] = ()) -> tuple[str, ...]:
    """Name the fields of `dtype` that `leaves` leaves out, each with its reason."""
    if dtype.subdtype:
        return left_out(dtype.subdtype[0], path)
    if dtype.names is not None:
        return tuple(
            text for name in dtype.names for text in left_out(dtype.fields[name][0], (*path, name))
        )
    reason = why_not(dtype)
    return (f"field {'.'.join(path)} skipped, {reason}",) if reason and path else ()


# ---------------------------------------------------------------------------------------------------
# the stamp


@dataclass(frozen=True)
class Stamp:
    """What an array was in its file, carried by the VTK array made from it."""

    dtype: np.dtype  # of its scalars: of its own field of a structured member
    axes: str  # of one time step, as `axes.format_axes`: those of time only where they have length 1
    member: str = ""  # name in the file, when the VTK array's name differs
    path: tuple[str, ...] = ()  # which field of a structured member
    shape: tuple[int, ...] = ()  # of that field, where it is a subarray
    # On the array of its first field: the dtype of a structured member, with its offsets and size, as
    # ``numpy.lib.format.dtype_to_descr`` gives it. On points: names and dtypes of the members with their coordinates.
    record: Any = None
    part: str = ""  # offsets: "ends" or "starts" of cells alone; the type of cells that a file has none of
    components: tuple[int, ...] = ()  # lengths of several c axes
    still: bool = False  # the same in all of the several time steps of its file


def write_stamp(array: vtkAbstractArray, stamp: Stamp) -> None:
    """Write `stamp` on `array`."""
    fields = {"dtype": stamp.dtype.str, "axes": stamp.axes}
    for key in ("member", "path", "shape", "record", "part", "components", "still"):
        if getattr(stamp, key):
            fields[key] = getattr(stamp, key)
    array.GetInformation().Set(vtkDataArray.UNITS_LABEL(), json.dumps(fields))


def read_stamp(array: vtkAbstractArray) -> Stamp | None:
    """Return the stamp on `array`, or None where there is none, as on arrays that never were in a file."""
    if not array.HasInformation() or not array.GetInformation().Has(vtkDataArray.UNITS_LABEL()):
        return None
    try:
        fields = json.loads(array.GetInformation().Get(vtkDataArray.UNITS_LABEL()))
        return Stamp(
            dtype=np.dtype(str(fields["dtype"])),
            axes=str(fields["axes"]),
            member=str(fields.get("member", "")),
            path=tuple(map(str, fields.get("path", ()))),
            shape=tuple(map(operator.index, fields.get("shape", ()))),
            record=fields.get("record"),
            part=str(fields.get("part", "")),
            components=tuple(map(operator.index, fields.get("components", ()))),
            still=fields.get("still") is True,
        )
    except Exception:  # noqa: BLE001 - a real label of units, written by someone else; a dtype's text raises anything
        return None


def record_of(stamp: Stamp) -> np.dtype | None:
    """Return the structured dtype that a stamp tells of."""
    try:
        dtype = np.lib.format.descr_to_dtype(descr_from_json(stamp.record))
    except Exception:  # noqa: BLE001 - as in `read_stamp`
        return None
    return dtype if dtype.names else None


def common_memory(**remembered: Any) -> vtkTable | None:  # noqa: ANN401 - anything that JSON holds
    """Make the object with what the arrays of a dataset remember together, for `share_memory`; None of nothing."""
    if not any(remembered.values()):
        return None
    held = vtkTable()
    held.AddColumn(string_array(np.array([json.dumps(remembered)]), "memory"))
    return held


def share_memory(array: vtkAbstractArray, memory: vtkTable | None) -> None:
    """Let `array` remember what `common_memory` holds, wherever filters bring it."""
    if memory is not None:
        array.GetInformation().Set(vtkDataObject.DATA_OBJECT(), memory)


def recall(array: vtkAbstractArray, name: str) -> Any:  # noqa: ANN401
    """Return one of the things that the arrays of a dataset remember together; None where there is none."""
    held = _column(array, "memory")
    try:
        return None if held is None else json.loads(held.GetValue(0)).get(name)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def remember_ids(positions: vtkDataArray, ids: np.ndarray) -> None:
    """Keep the (n,) int64 numbers of points in their file, where no filter takes them for data.

    They are information of the array of positions: what passes the points on, passes their ids on.
    """
    held = vtkTable()
    held.AddColumn(to_vtk_array(ids, "ids"))
    positions.GetInformation().Set(vtkDataObject.DATA_OBJECT(), held)


def recall_ids(positions: vtkDataArray) -> vtkDataArray | None:
    """Return what `remember_ids` kept, or None."""
    return _column(positions, "ids")


def _column(array: vtkAbstractArray, name: str) -> vtkAbstractArray | None:
    if not array.HasInformation() or not array.GetInformation().Has(vtkDataObject.DATA_OBJECT()):
        return None
    held = array.GetInformation().Get(vtkDataObject.DATA_OBJECT())
    return held.GetColumnByName(name) if isinstance(held, vtkTable) else None


def dump_time(value: np.ndarray, time: float) -> tuple[str, ...]:
    """Write a time as it stands in a file, 0-d, as text: dtype, value, and `time`, which is what it is to ParaView."""
    return value.dtype.str, str(value.astype(np.int64) if value.dtype.kind in "mM" else value), repr(time)


def load_time(said: tuple[str, ...], time: float) -> np.ndarray | None:
    """Undo `dump_time`; None where there is none, or `time` is another by now."""
    try:
        dtype, number = np.dtype(said[0]), np.array(said[1])
        if dtype.kind not in "iufmM" or float(said[2]) != time:
            return None
        if dtype.kind in "mM":
            return number.astype(np.int64).view(dtype.newbyteorder("=")).astype(dtype)
        return number.astype(dtype)
    except (IndexError, ValueError, TypeError, OverflowError, SyntaxError):
        return None


def descr_from_json(descr: Any) -> Any:  # noqa: ANN401 - a descr is nested str, list and tuple
    """Undo what JSON does to the descr of a dtype: fields are tuples, and so are subarray shapes."""
    if isinstance(descr, str):
        return descr
    return [
        (tuple(name) if isinstance(name, list) else name, descr_from_json(kind), *(tuple(s) for s in shape))
        for name, kind, *shape in descr
    ]


# ---------------------------------------------------------------------------------------------------
# NumPy -> VTK


def to_vtk_array(
    values: np.ndarray, name: str | None, component_names: Sequence[str | None] = (), vtk_type: int | None = None
) -> vtkDataArray:
    """Wrap `values` as a VTK array without a copy.

    Parameters
    ----------
    values : (n,) or (n, components) ndarray, C-contiguous, native byte order, a real dtype that VTK knows
        Shared: the VTK array keeps `values` alive.
    vtk_type : int, optional
        VTK's number of the type, when the dtype does not tell it: ids.
    """
    array = numpy_support.create_vtk_array(_vtk_type(values.dtype) if vtk_type is None else vtk_type)
    array.SetNumberOfComponents(max(values.shape[1], 1) if values.ndim > 1 else 1)
    if values.size:
        # As numpy_support.numpy_to_vtk does, but without the allocation of as much memory again that VTK 9.2
        # makes there. The attribute lives as long as the C++ object, and so does the memory.
        array.SetVoidArray(values.reshape(-1), values.size, 1)
        array._numpy_reference = values  # noqa: SLF001
    if name is not None:
        array.SetName(name)
    for number, component in enumerate(component_names):
        if component is not None:
            array.SetComponentName(number, component)
    return array


def _vtk_type(dtype: np.dtype) -> int:
    # VTK 9.2 makes a vtkCharArray of int8, whose sign depends on the platform.
    return VTK_SIGNED_CHAR if dtype == np.int8 else numpy_support.get_vtk_array_type(dtype)


def string_array(values: np.ndarray, name: str | None) -> vtkStringArray:
    """Copy (n,) or (n, components) strings or bytes into a vtkStringArray."""
    array = vtkStringArray()
    array.SetNumberOfComponents(max(values.shape[1] if values.ndim > 1 else 1, 1))
    array.SetNumberOfValues(values.size)
    for number, value in enumerate(values.ravel().tolist()):
        # VTK aborts the process on text that is no Unicode, such as half a surrogate pair; NumPy holds it.
        array.SetValue(number, value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"))
    if name is not None:
        array.SetName(name)
    return array


def copy_as(array: vtkAbstractArray, name: str | None, kind: str = "", units: str = "") -> vtkAbstractArray:
    """Return `array` under another name, as another class of array, with a label of units.

    Parameters
    ----------
    name : str or None
        None: no name at all.
    kind : str
        A VTK class such as vtkIdTypeArray; "" keeps the class. An unknown one is left aside: it is a detail.
    """
    made = array
    if kind and kind != array.GetClassName():
        factory = getattr(vtkCommonCore, kind, None)
        if factory is not None and issubclass(factory, vtkAbstractArray):
            made = factory()
            made.DeepCopy(array)
    made.SetName(name)
    if units and read_stamp(made) is None:
        made.GetInformation().Set(vtkDataArray.UNITS_LABEL(), units)
    return made


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
    ) -> None:
        self._still = still
        self._step_axes = axes if step_axes is None else step_axes
        self._name, self._dtype, self._components = name, dtype, components
        self._parts = [
            _Part(leaf, axes, space, components, complex_as, shared)
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
            name = part.leaf.name
            if not name:
                name = self._name
            elif self._prefix:
                name = f"{self._name}.{name}"
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
                    still=self._still,
                )
                record = None  # once is enough
                if part.restorable and not (_plain(stamp) and self._components != (1,)):
                    write_stamp(array, stamp)
        return made


def _plain(stamp: Stamp) -> bool:
    """Tell whether the writer would write the array as it was without a stamp."""
    return (
        not (stamp.member or stamp.path or stamp.components or stamp.still)
        and stamp.dtype.kind in "iuf"
        and vtk_dtype(stamp.dtype) == stamp.dtype
        and stamp.dtype.isnative
        and stamp.axes in ("zyx", "zyxc", "n", "nc")
    )


class _Part:
    """The destination of one leaf."""

    def __init__(
        self,
        leaf: Leaf,
        axes: tuple[Axis, ...],
        space: tuple[int, ...],
        components: tuple[int, ...],
        complex_as: str,
        shared: np.ndarray | None,
    ) -> None:
        self.leaf = leaf
        self.restorable = True
        self._tuples = int(np.prod(space, dtype=object))
        dtype = leaf.dtype.newbyteorder("=")
        shape = (*space, *components, *leaf.shape)
        self._inner = int(np.prod((*components, *leaf.shape), dtype=object))
        self._component_names: list[str] = []
        self._views: list[tuple[str, np.ndarray, np.ndarray, Any]] = []  # suffix, memory, file view, function
        self.direct: np.ndarray | None = None

        def memory(suffix: str, kind: Any, function: Any = None) -> np.ndarray:  # noqa: ANN401
            try:
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
        elif dtype.kind == "b":
            # Any byte but 0 is True to NumPy; VTK would show the byte.
            memory("", np.uint8, lambda block: block.astype(bool))
        else:
            memory("", vtk_dtype(dtype))
        if not leaf.path and not leaf.shape and self._views[0][3] is None and dtype.kind not in "SU":
            view = self._views[0][2]
            if view.dtype.itemsize == dtype.itemsize:
                self.direct = view

    def put(self, index: tuple[slice, ...], block: np.ndarray) -> None:
        for _suffix, _memory, view, function in self._views:
            if self.leaf.dtype.kind in "Mm":
                block = block.view(block.dtype.str[0] + "i8")
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
    if why_not(dtype) or dtype.kind not in "iufcMm" or not dtype.isnative or values.size == 0:
        return None
    parts = 1
    if dtype.kind == "c":
        if complex_as != "Components":
            return None
        parts = 2
    if dtype.itemsize != vtk_dtype(dtype).itemsize * parts:
        return None
    view = canonical(values, axes)
    if not (view.flags.c_contiguous and view.flags.aligned):
        return None
    space = 1 if any(axis.letter == "n" for axis in axes) else 3
    return Destination(
        name, dtype, axes, view.shape[:space], view.shape[space:], prefix=False, shared=view, **remembered
    ).finish()[0][1]
