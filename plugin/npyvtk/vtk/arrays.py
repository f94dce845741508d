"""NumPy values <-> VTK arrays, without a copy where both store them alike.

VTK itself would read bytes of foreign order without complaint and drop imaginary parts; nothing is handed to it that
the table of `dtypes` does not name.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules import vtkCommonCore
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import (
    VTK_ID_TYPE,
    VTK_SIGNED_CHAR,
    vtkAbstractArray,
    vtkBitArray,
    vtkDataArray,
    vtkIdTypeArray,
    vtkStringArray,
    vtkUnsignedCharArray,
)
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkTable

from ..errors import UnsupportedError
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

__all__ = [
    "ID_DTYPE",
    "attach_ids",
    "attached_ids",
    "copy_as",
    "from_vtk_array",
    "ids",
    "recall",
    "remember",
    "string_array",
    "to_vtk_array",
]


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
    """Copy (n,) or (n, components) strings or bytes into a vtkStringArray; None as `name` leaves it without one."""
    array = vtkStringArray()
    array.SetNumberOfComponents(max(values.shape[1] if values.ndim > 1 else 1, 1))
    array.SetNumberOfValues(values.size)
    for number, value in enumerate(values.ravel().tolist()):
        # VTK aborts the process on text that is no Unicode, such as half a surrogate pair; NumPy holds it.
        array.SetValue(number, value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass"))
    if name is not None:
        array.SetName(name)
    return array


def copy_as(array: vtkAbstractArray, name: str | None, vtk_class: str = "", units: str = "") -> vtkAbstractArray:
    """Return `array` under another name, as another class of array, with a label of units.

    Parameters
    ----------
    name : str or None
        None: no name at all.
    vtk_class : str
        Such as vtkIdTypeArray; "" keeps the class. An unknown one is left aside: it is a detail.
    """
    made = array
    if vtk_class and vtk_class != array.GetClassName():
        factory = getattr(vtkCommonCore, vtk_class, None)
        if factory is not None and issubclass(factory, vtkAbstractArray):
            made = factory()
            made.DeepCopy(array)
    made.SetName(name)
    if units and read_stamp(made) is None:
        made.GetInformation().Set(vtkDataArray.UNITS_LABEL(), units)
    return made


ID_DTYPE = np.dtype(np.int64 if vtkIdTypeArray().GetDataTypeSize() == 8 else np.int32)


def ids(values: np.ndarray) -> vtkIdTypeArray:
    """Wrap (n,) whole numbers as VTK ids, shared where they are contiguous and as wide as `ID_DTYPE` already."""
    return to_vtk_array(np.ascontiguousarray(values, ID_DTYPE).reshape(-1), None, vtk_type=VTK_ID_TYPE)


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
        found = [array.GetValue(number) for number in range(array.GetNumberOfValues())]
        if any(isinstance(value, bytes) for value in found):  # no valid UTF-8
            found = [value if isinstance(value, bytes) else value.encode("utf-8", "surrogateescape") for value in found]
        values = np.array(found) if found else np.empty(0, "U1")
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


def attach_ids(positions: vtkDataArray, ids: np.ndarray) -> None:
    """Keep the (n,) int64 numbers of points in their file, where no filter takes them for data.

    They are information of the array of positions: what passes the points on, passes their ids on.
    """
    held = vtkTable()
    held.AddColumn(to_vtk_array(ids, "ids"))
    positions.GetInformation().Set(vtkDataObject.DATA_OBJECT(), held)


def attached_ids(positions: vtkDataArray) -> vtkDataArray | None:
    """Return what `attach_ids` kept, or None."""
    return _column(positions, "ids")


def remember(arrays: Iterable[vtkAbstractArray], **remembered: Any) -> None:  # noqa: ANN401 - anything that JSON holds
    """Let the arrays of a dataset remember something together, for `recall`, wherever filters bring them."""
    held = vtkTable()
    held.AddColumn(string_array(np.array([json.dumps(remembered)]), "memory"))
    for array in arrays:
        array.GetInformation().Set(vtkDataObject.DATA_OBJECT(), held)


def recall(array: vtkAbstractArray, name: str) -> Any:  # noqa: ANN401
    """Return one of the things that the arrays of a dataset remember together; None where there is none."""
    held = _column(array, "memory")
    try:
        return None if held is None else json.loads(held.GetValue(0)).get(name)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _column(array: vtkAbstractArray, name: str) -> vtkAbstractArray | None:
    if not array.HasInformation() or not array.GetInformation().Has(vtkDataObject.DATA_OBJECT()):
        return None
    held = array.GetInformation().Get(vtkDataObject.DATA_OBJECT())
    return held.GetColumnByName(name) if isinstance(held, vtkTable) else None
