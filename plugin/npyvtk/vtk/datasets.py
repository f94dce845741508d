"""VTK data objects: made from a plan, given their coordinates and attributes.

Which members belong where is said by the `Block`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short

from ..files.store import Request
from ..plan.description import ATTRIBUTES as ATTRIBUTE_TYPES
from ..plan.layout import Block, Composite, blocks_of
from ..plan.windows import Window
from .arrays import to_vtk_array
from .cells import put_cells, put_poly_cells
from .destination import Destination
from .positions import positions_of, put_points, read_values
from .ranges import hand_over_range
from .stamps import read_stamp, write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, Union

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from ..files.store import Store
    from ..plan.layout import ArrayPlan, ArrayRecord
    from .cells import Cells

    Node = Union[Block, Composite]

__all__ = [
    "GHOSTS",
    "PLACE_POINTS",
    "PUT_CELLS",
    "activate_first",
    "add_array",
    "arrays_in",
    "datasets_in",
    "new_dataset",
    "put_child",
]


def new_dataset(class_name: str) -> dm.vtkDataObject:
    """Make an empty data object."""
    return getattr(dm, class_name)()


def put_child(made: dm.vtkDataObject, k: int, child: Node | None, build: Callable[[Node], dm.vtkDataObject]) -> None:
    """Put the dataset that `build` makes of `child` at place `k` of a composite; None is an empty place."""
    if made.IsA("vtkPartitionedDataSetCollection"):
        made.SetNumberOfPartitionedDataSets(max(k + 1, made.GetNumberOfPartitionedDataSets()))
        partitions = child if isinstance(child, tuple) else (child,)
        made.SetNumberOfPartitions(k, len(partitions))
        for j, part in enumerate(partitions):
            if part is not None:
                made.SetPartition(k, j, build(part))
    elif made.IsA("vtkPartitionedDataSet"):  # vtkMultiPieceDataSet is one
        made.SetNumberOfPartitions(max(k + 1, made.GetNumberOfPartitions()))
        if child is not None:
            made.SetPartition(k, build(child))
    else:
        made.SetNumberOfBlocks(max(k + 1, made.GetNumberOfBlocks()))
        if child is not None:
            made.SetBlock(k, build(child))


def datasets_in(data: dm.vtkDataObject) -> Iterator[dm.vtkDataObject]:
    """List a dataset, or a composite with all that is in it."""
    yield data
    if data.IsA("vtkCompositeDataSet"):
        places = data.NewIterator()
        if data.IsA("vtkDataObjectTree"):
            places.VisitOnlyLeavesOff()
        places.InitTraversal()
        while not places.IsDoneWithTraversal():
            yield places.GetCurrentDataObject()
            places.GoToNextItem()


def arrays_in(data: dm.vtkDataObject) -> Iterator[tuple[str, vtkAbstractArray]]:
    """List the arrays of one dataset with their association: point, cell, row or field."""
    for association in ("point", "cell", "row", "field"):
        attributes: Any = getattr(data, f"Get{association.title()}Data", dm.vtkFieldData)()
        for k in range(attributes.GetNumberOfArrays()):
            yield association, attributes.GetAbstractArray(k)


def _place_image(
    grid: dm.vtkImageData, _store: Store, block: Block, _window: Window, _extent: tuple[int, ...]
) -> list[Request]:
    grid.SetOrigin(*block.origin)
    grid.SetSpacing(*block.spacing)
    grid.SetDirectionMatrix(*block.direction)
    return []


def _put_axes(
    grid: dm.vtkRectilinearGrid, store: Store, block: Block, window: Window, extent: tuple[int, ...]
) -> list[Request]:
    requests = []
    for k, put in enumerate((grid.SetXCoordinates, grid.SetYCoordinates, grid.SetZCoordinates)):
        plan = block.roles.get("xyz"[k])
        if plan is None or math.prod(plan.components(store.arrays[plan.member].shape)) > 1:
            put(to_vtk_array(_coordinate_values(store, block, window, extent, k), None))
            continue
        spec, along = store.arrays[plan.member], Window({"n": window.ranges["xyz"[k]]})
        destination = Destination(plan, spec, along)
        requests.append(Request(plan.member, destination.selection, destination.put, destination.direct))
        put(destination.finish()[0][1])  # which is filled later
    return requests


def _put_coordinates(
    grid: dm.vtkStructuredGrid, store: Store, block: Block, window: Window, extent: tuple[int, ...]
) -> list[Request]:
    """Give a structured grid its coordinates; where the file has none, they follow from its geometry."""
    if any("n" not in plan.letters for plan in block.roles.values()):
        values, requests = positions_of(store, block, window)
        put_points(grid, values, store, block)
        return requests
    counts = [extent[2 * k + 1] - extent[2 * k] + 1 for k in (2, 1, 0)]
    positions = np.empty((*counts, 3))  # filled in place: with nothing beside it a grid takes no more than its own size
    with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
        if block.roles:
            for k in range(3):
                positions[..., k] = _along(_coordinate_values(store, block, window, extent, k), k)
        else:
            scaled = [_index(extent, k) * block.spacing[k] for k in range(3)]
            for i in range(3):
                row = [scaled[k] * block.direction[3 * i + k] for k in range(3)]
                positions[..., i] = _along(row[0], 0)
                positions[..., i] += _along(row[1], 1)
                positions[..., i] += _along(row[2], 2)
                positions[..., i] += block.origin[i]
    put_points(grid, positions.reshape(-1, 3), store, replace(block, roles={}))
    return []


# What fills a dataset of each class: a grid, whose extent is set, with what says where the points of the extent are,
# which the window selects in the file, and which is read by the requests returned; and a mesh with its cells.
PLACE_POINTS: dict[str, Callable[[Any, Store, Block, Window, tuple[int, ...]], list[Request]]] = {
    "vtkImageData": _place_image,
    "vtkRectilinearGrid": _put_axes,
    "vtkStructuredGrid": _put_coordinates,
}
PUT_CELLS: dict[str, Callable[[Any, Cells, Store], None]] = {
    "vtkPolyData": put_poly_cells,
    "vtkUnstructuredGrid": lambda made, cells, _store: put_cells(made, cells),
}


def _along(values: np.ndarray, k: int) -> np.ndarray:
    """View (n,) values along axis `k` of x y z as part of a (z, y, x) grid."""
    return values.reshape([-1 if axis == 2 - k else 1 for axis in range(3)])


def _index(extent: tuple[int, ...], k: int) -> np.ndarray:
    return np.arange(extent[2 * k], extent[2 * k + 1] + 1, dtype=np.float64)


def _coordinate_values(store: Store, block: Block, window: Window, extent: tuple[int, ...], k: int) -> np.ndarray:
    """Return the coordinates of a grid along one axis: those of the file, or else 0 or what the place says.

    Parameters
    ----------
    store, block : Store, Block
        The file, and the plan for the grid.
    window, extent : Window, (6,) ints
        The same part, in indices of the file, and as x0 x1 y0 y1 z0 z1 in points of the grid.
    k : int
        0, 1 or 2 for x, y or z.

    Returns
    -------
    (points,) ndarray
        World units.
    """
    plan, index = block.roles.get("xyz"[k]), _index(extent, k)
    if plan is not None:
        values = read_values(store, plan, Window({"n": window.ranges["xyz"[k]]}))
        return values if math.prod(values.shape[1:]) == 1 else np.ascontiguousarray(values[:, k])
    return np.zeros(index.size) if block.roles else block.origin[k] + block.spacing[k] * index


def add_array(
    dataset: dm.vtkDataObject,
    plan: ArrayPlan,
    array: vtkAbstractArray,
    record: ArrayRecord | None,
    names: dict[str, set[str]],
) -> None:
    """Add one array, of which nothing changes any more, to the attributes of its association.

    It is active where the plan says so.

    Parameters
    ----------
    names : dict
        Which names each of the attributes has, kept from one call to the next: VTK compares a name with all others.
    """
    attributes = getattr(dataset, f"Get{plan.association.title()}Data")()
    name = array.GetName()
    taken = names.setdefault(attributes.__this__, set())
    if name in taken:
        # VTK would replace the one that is there; a field a.b beside a member "a.b" is as good.
        stamp, number = read_stamp(array), 2
        while f"{name} ({number})" in taken:
            number += 1
        if stamp is not None and not stamp.member:
            write_stamp(array, replace(stamp, member=name))
        name = f"{name} ({number})"
    if name is not None:
        taken.add(name)
    # Without a name VTK compares none; the marks of ghosts it knows by theirs.
    array.SetName(name if name == GHOSTS else None)
    k = attributes.AddArray(array)
    array.SetName(name)
    if record is not None:
        for kind in record.active:
            attributes.SetActiveAttribute(k, ATTRIBUTE_TYPES.index(kind))
    hand_over_range(array)


def activate_first(made: dm.vtkDataObject, node: Node) -> None:
    """Make the first array of numbers the active scalars, so that it is seen when the file is opened.

    Unless the file says itself which are active. Of datasets with different active arrays ParaView takes none of them,
    but the first array by name: of a collection that names suggest it is the last dataset that has some.
    """
    if isinstance(node, Composite):
        if not node.fixed and node.children:
            k = made.GetNumberOfPartitionedDataSets() - 1
            activate_first(made.GetPartitionAsDataObject(k, 0), blocks_of(node.children[k].data)[0])
        return
    if made is None or not made.IsA("vtkDataSet") or any(plan.records for plan in node.arrays):
        return
    for attributes in (made.GetPointData(), made.GetCellData()):
        arrays = [attributes.GetArray(k) for k in range(attributes.GetNumberOfArrays())]
        numbers = [k for k, array in enumerate(arrays) if array is not None and array.GetName() != GHOSTS]
        if numbers:
            attributes.SetActiveAttribute(numbers[0], ATTRIBUTE_TYPES.index("Scalars"))


GHOSTS = "vtkGhostType"  # VTK's own name of the arrays that mark duplicates and blanks
