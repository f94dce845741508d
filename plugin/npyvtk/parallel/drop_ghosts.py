"""The piece of a dataset that a rank has, without the ghosts: what is marked as a duplicate of other ranks' data.

And how the points where the pieces of ranks meet are known: by their ids.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkBitArray, vtkDataArray, vtkIdList, vtkPoints

from ..vtk.arrays import attached_ids, from_vtk_array, to_vtk_array
from ..vtk.datasets import GHOSTS
from ..vtk.export_structure import cells_of
from .pieces import DUPLICATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from vtkmodules.vtkCommonCore import vtkAbstractArray
    from vtkmodules.vtkCommonDataModel import vtkDataSet, vtkDataSetAttributes, vtkPointSet

    from ..plan.kinds import Kind
    from ..vtk.cells import Cells

__all__ = ["copy_information", "drop_ghosts", "replace_arrays"]


def drop_ghosts(data: vtkDataSet, kind: Kind) -> tuple[Cells | None, np.ndarray | None]:
    """Leave in a dataset what no other rank owns.

    Parameters
    ----------
    data : vtkDataSet or vtkTable
        A shallow copy, which is changed but for its cells.
    kind : Kind
        What it is.

    Returns
    -------
    cells : Cells, optional
        Of a mesh, those that are left.
    ids : (n,) int64 ndarray, optional
        Of the points that are left, where they have ids: equal ones are one point on several ranks.
    """
    cells = ids = None
    if kind.has_rows:
        return cells, ids
    if not kind.is_grid:
        cells, ids = cells_of(data), _ids_of(data)
        own_points, own_cells = _owned(data, cells)
        if not (np.all(own_points) and np.all(own_cells)):
            points, numbers = np.flatnonzero(own_points), np.flatnonzero(own_cells)
            _cut(data, points, numbers)
            cells = None if cells is None else cells.take(numbers).of_points(points)
            ids = None if ids is None else ids[points]
    _drop_duplicates(data)
    return cells, ids


def _owned(data: vtkPointSet, cells: Cells | None) -> tuple[np.ndarray, np.ndarray]:
    """Tell, a bool for each, which points and which cells of a mesh are this rank's own.

    The points are those of its cells, and those that no cell uses and nobody marked.
    """
    points = _unmarked(data.GetPointData(), data.GetNumberOfPoints())
    own = _unmarked(data.GetCellData(), data.GetNumberOfCells())
    if cells is not None and not (np.all(own) and np.all(points)):
        points[cells.used()] = False
        points[cells.take(np.flatnonzero(own)).used()] = True
    return points, own


def _unmarked(attributes: vtkDataSetAttributes, count: int) -> np.ndarray:
    ghosts = attributes.GetArray(GHOSTS)
    if ghosts is None or ghosts.GetNumberOfTuples() != count:
        return np.ones(count, bool)
    return from_vtk_array(ghosts) & DUPLICATE == 0


def _ids_of(data: vtkPointSet) -> np.ndarray | None:
    """Return (n,) int64 ids of the points of a mesh that say which are one point on several ranks, if there are any.

    They are the numbers of the points in a file, or what VTK calls global ids.
    """
    if not data.GetNumberOfPoints():
        return None
    held = attached_ids(data.GetPoints().GetData())
    if held is None:
        held = data.GetPointData().GetGlobalIds()
    if held is None or held.GetNumberOfComponents() != 1 or held.GetNumberOfTuples() != data.GetNumberOfPoints():
        return None
    ids = from_vtk_array(held)
    return ids.astype(np.int64) if ids.dtype.kind in "iu" else None  # the same bits are the same id


def _cut(data: vtkPointSet, own_points: np.ndarray, own_cells: np.ndarray) -> None:
    """Leave in points and attributes of `data` those of these numbers; the cells themselves stay as they are."""
    points = vtkPoints()
    points.SetData(_taken(data.GetPoints().GetData(), own_points))
    data.SetPoints(points)
    for attributes, numbers in ((data.GetPointData(), own_points), (data.GetCellData(), own_cells)):
        replace_arrays(attributes, partial(_taken, numbers=numbers))


def replace_arrays(
    attributes: vtkDataSetAttributes, replacement: Callable[[vtkAbstractArray], vtkAbstractArray]
) -> None:
    """Put the `replacement` of each array, a new one, in its place and under its name; active ones stay active."""
    active = [attributes.GetAbstractAttribute(number) for number in range(attributes.NUM_ATTRIBUTES)]
    arrays = [attributes.GetAbstractArray(number) for number in range(attributes.GetNumberOfArrays())]
    attributes.Initialize()
    for array in arrays:
        made = replacement(array)
        made.SetName(None)  # one of the same name would take the place of this one
        place = attributes.AddArray(made)
        made.SetName(array.GetName())
        for number, one in enumerate(active):
            if one is array:
                attributes.SetActiveAttribute(place, number)


def _taken(array: vtkAbstractArray, numbers: np.ndarray) -> vtkAbstractArray:
    """Return the tuples `numbers` of an array, with all that it carries."""
    if isinstance(array, vtkDataArray) and not isinstance(array, vtkBitArray):
        made = to_vtk_array(from_vtk_array(array)[numbers], None, vtk_type=array.GetDataType())
    else:
        made, ids = array.NewInstance(), vtkIdList()
        for number in numbers.tolist():
            ids.InsertNextId(number)
        made.SetNumberOfComponents(array.GetNumberOfComponents())
        made.SetNumberOfTuples(len(numbers))
        array.GetTuples(ids, made)
    copy_information(array, made)
    return made


def copy_information(array: vtkAbstractArray, made: vtkAbstractArray) -> None:
    """Let an array carry what another carries beside its values."""
    made.CopyComponentNames(array)
    if array.HasInformation():
        made.CopyInformation(array.GetInformation(), 1)


def _drop_duplicates(data: vtkDataSet) -> None:
    """Leave out of the ghost arrays of `data` what they say of duplicates; blanks remain."""
    for attributes in (data.GetPointData(), data.GetCellData()):
        ghosts = attributes.GetArray(GHOSTS)
        if ghosts is None:
            continue
        attributes.RemoveArray(GHOSTS)
        kept = from_vtk_array(ghosts) & ~DUPLICATE
        if np.any(kept):
            attributes.AddArray(to_vtk_array(kept, GHOSTS))
