"""The range of values, handed to VTK where its own search is slow.

VTK 9.2, in ParaView 5.11, looks for the range of an array in one thread and in two passes: 4.7 s for 512 MiB,
ten times as long as reading them.
It keeps what it finds in the array's information, and what stands there already it does not compute.
This module finds the same numbers in blocks that fit the cache, and writes them there.
VTK 9.3 and later keep ranges elsewhere and are fast; nothing is done for them.

Ranges are handed over only where all values are finite: VTK's rules for NaN and infinities stay VTK's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkDataArray, vtkInformationVector, vtkVersion

from ..files.threads import available_threads

if TYPE_CHECKING:
    from vtkmodules.vtkCommonCore import vtkAbstractArray

    _Range = tuple[np.ndarray, np.ndarray, "tuple[float, float] | None"]

__all__ = ["BLOCK_VALUES", "FEW_VALUES", "IS_SLOW", "find_range", "hand_over_range"]

IS_SLOW = (vtkVersion.GetVTKMajorVersion(), vtkVersion.GetVTKMinorVersion()) < (9, 3)
FEW_VALUES = 1 << 16  # VTK is through with so many in a millisecond
BLOCK_VALUES = 1 << 18  # 1 MiB of float32: stays in the second-level cache between minimum and maximum


def hand_over_range(array: vtkAbstractArray) -> None:
    """Tell VTK the range of an array of `arrays.to_vtk_array`; call it last, a change of the array undoes it.

    Parameters
    ----------
    array : vtkAbstractArray
        Anything else than numbers, few of them, or any that are not finite are left to VTK.
    """
    values = getattr(array, "_numpy_reference", None)
    if not IS_SLOW or values is None or values.size < FEW_VALUES or not array.IsA("vtkDataArray"):
        return
    found = find_range(values.reshape(array.GetNumberOfTuples(), -1))
    if found is not None:
        _write(array, *found)


def _write(array: vtkDataArray, least: np.ndarray, most: np.ndarray, norms: tuple[float, float] | None) -> None:
    info = array.GetInformation()
    for key in (vtkDataArray.PER_COMPONENT(), vtkDataArray.PER_FINITE_COMPONENT()):
        vector = vtkInformationVector()
        vector.SetNumberOfInformationObjects(least.size)
        for k in range(least.size):
            bounds = [float(least[k]), float(most[k])]
            vector.GetInformationObject(k).Set(vtkDataArray.COMPONENT_RANGE(), bounds, 2)
        info.Set(key, vector)
    if norms is not None:
        for key in (vtkDataArray.L2_NORM_RANGE(), vtkDataArray.L2_NORM_FINITE_RANGE()):
            info.Set(key, list(norms), 2)


def find_range(values: np.ndarray) -> _Range | None:
    """Find minimum and maximum of each column, and of the rows' lengths where there are several columns.

    Parameters
    ----------
    values : (n, components) ndarray of real numbers, n >= 1

    Returns
    -------
    (components,) minima, (components,) maxima, (least, greatest) length; None where a value is not finite.
    """
    from concurrent.futures import ThreadPoolExecutor  # here: no start shall wait for it

    rows = max(BLOCK_VALUES // values.shape[1], 1)
    starts = range(0, values.shape[0], rows)

    def look(start: int) -> tuple[np.ndarray, np.ndarray, float, float]:
        block = values[start : start + rows]
        least, most = block.min(axis=0), block.max(axis=0)
        if values.shape[1] == 1:
            return least, most, 0.0, 0.0
        squares = np.zeros(len(block))
        for column in block.T:  # in the order of components and in double, as VTK sums
            squares += np.square(column, dtype=np.float64)
        return least, most, squares.min(), squares.max()

    with np.errstate(all="ignore"), ThreadPoolExecutor(available_threads()) as pool:
        every_least, every_most, shortest, longest = zip(*pool.map(look, starts))
    least, most = np.min(every_least, axis=0), np.max(every_most, axis=0)
    if not (np.all(np.isfinite(least)) and np.all(np.isfinite(most))):
        return None
    norms = float(np.sqrt(min(shortest))), float(np.sqrt(max(longest)))
    return least, most, norms if values.shape[1] > 1 else None
