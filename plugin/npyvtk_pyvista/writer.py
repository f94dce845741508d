"""PyVista's writer of ``.npy`` and ``.npz``: what ``mesh.save`` calls."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import npyvtk
import numpy as np
from npyvtk.plan.axes import counted_axes
from npyvtk.vtk.stamps import Stamp, label_of, write_stamp
from vtkmodules.vtkCommonCore import VTK_FLOAT

from .reader import attributes_of, names_by_dtype

if TYPE_CHECKING:
    import pyvista
    from vtkmodules.vtkCommonCore import vtkAbstractArray

__all__ = ["write"]

# What PyVista adds to the field data of a mesh that it saves; the dtypes in the file say the same.
NOTES = tuple(
    f"_PYVISTA_{kind}_{association}_" for kind in ("BITARRAY", "COMPLEX") for association in ("POINT", "CELL")
)


def write(dataset: pyvista.DataObject, path: str, *, compression_level: int = 0, **options: object) -> None:
    """Write a mesh, as ``mesh.save(path, **options)``.

    Parameters
    ----------
    dataset : pyvista.DataObject
    path : str
        ``.npz``, or ``.npy``, which holds one array; a warning says what it leaves behind.
    compression_level : int
        Of an ``.npz``: 0 stored, 1 to 9 deflated. PyVista keeps an option ``compression`` to itself.
    **options
        Those of `npyvtk.write`: ``array``, ``axes``, ``point_arrays``, ``cell_arrays``, ``take_apart``.
    """
    for one, association, arrays in attributes_of(dataset):
        for kind, dtype in (("bitarray", np.dtype(np.bool_)), ("complex", np.dtype(np.complex128))):
            for name in names_by_dtype(one, kind, association):
                _remember(arrays.GetAbstractArray(name), dtype)
    for note in NOTES:
        dataset.GetFieldData().RemoveArray(note)
    npyvtk.write(path, dataset, compression=compression_level, warn=_warn, **options)


def _remember(array: vtkAbstractArray | None, dtype: np.dtype) -> None:
    """Note on an array which dtype it has in NumPy, where it does not say so already."""
    if array is None or label_of(array) is not None:
        return
    if dtype.kind == "c" and array.GetDataType() == VTK_FLOAT:
        dtype = np.dtype(np.complex64)
    write_stamp(array, Stamp(dtype, counted_axes(1)))


def _warn(sentence: str) -> None:
    warnings.warn(sentence, stacklevel=5)  # of the caller of mesh.save
