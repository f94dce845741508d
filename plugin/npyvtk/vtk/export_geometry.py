"""The geometry of a dataset: where an image lies, the coordinates of a grid, the points and cells of a mesh."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkIdList

from ..errors import UnsupportedError
from ..plan.axes import parse_axes
from ..plan.geometry import Geometry, described_geometry, geometry_of_members, load_geometry
from ..plan.kinds import CLASSES
from ..plan.layout import Block, dims_of
from ..plan.names import ALIASES
from ..plan.runs import run_starts
from .arrays import from_vtk_array, recall, record_of
from .cells import POLYHEDRON, Cells, join_cells, take_runs
from .drafts import number_dtype
from .member import axes_fit, member_of_column, member_of_grid, member_of_positions, member_of_values
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkDataArray
    from vtkmodules.vtkCommonDataModel import (
        vtkCellArray,
        vtkDataObject,
        vtkDataSet,
        vtkImageData,
        vtkPointSet,
        vtkPolyData,
        vtkRectilinearGrid,
        vtkStructuredGrid,
        vtkUnstructuredGrid,
    )

    from ..plan.kinds import Kind
    from .drafts import Draft
    from .member import Member
    from .stamps import Stamp

__all__ = [
    "DRAFTS",
    "block_of",
    "cells_of",
    "kind_of",
    "plain_place",
]


def kind_of(data: vtkDataObject) -> Kind | None:
    """Return the kind that a dataset is; None where there is none."""
    name = data.GetClassName()
    if name == "vtkPointSet" and name not in CLASSES:
        name = "vtkPolyData"  # without any cells
    return CLASSES.get(name) or next((kind for kind in CLASSES.values() if data.IsA(kind.vtk_class)), None)


def block_of(kind: Kind, data: vtkDataObject) -> Block:
    """Say what a dataset is, without its place and its members."""
    if not kind.is_grid:
        return Block(kind.name, count=data.GetNumberOfRows() if kind.has_rows else data.GetNumberOfPoints())
    return Block(kind.name, dims=dims_of(data.GetExtent()), first=data.GetExtent()[::2])


def _draft_image(draft: Draft, data: vtkImageData, _axes: str) -> None:
    """Plan where an image lies."""
    matrix = data.GetDirectionMatrix()
    direction = tuple(matrix.GetElement(i, j) for i in range(3) for j in range(3))
    place = Geometry(tuple(data.GetOrigin()), data.GetSpacing(), direction)
    draft.block = replace(draft.block, **vars(place))
    geometry = draft.block.first_place
    plain = plain_place(geometry)
    held = _place_in_file(data)
    held.update((name, values) for name, values in plain.items() if name not in geometry_of_members(held).found)
    # The file's own members, as long as they say the same: a filter or the user may have moved the image.
    if described_geometry(held, data.GetDimensions()) != geometry:
        held = plain
    for name, values in held.items():
        draft.put(name, member_of_values(name, values))


def plain_place(geometry: Geometry) -> dict[str, np.ndarray]:
    """Return the members that place an image in plain names."""
    return {
        "origin": np.array(geometry.origin),
        "spacing": np.array(geometry.spacing),
        "direction": np.array(geometry.direction).reshape(3, 3),
    }


def _place_in_file(data: vtkDataSet) -> dict[str, np.ndarray]:
    """Return the members that placed an image in its file, as its arrays remember them."""
    for attributes in (data.GetPointData(), data.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            place = recall(attributes.GetAbstractArray(k), "place")
            if place:
                return load_geometry(place)
    return {}


def _draft_rectilinear(draft: Draft, data: vtkRectilinearGrid, _axes: str) -> None:
    """Plan the coordinates along each axis."""
    coordinates = (data.GetXCoordinates(), data.GetYCoordinates(), data.GetZCoordinates())
    for role, array, n in zip("xyz", coordinates, draft.block.dims):
        values = np.zeros(n) if array is None else from_vtk_array(array)[:n]
        stamp = None if array is None else read_stamp(array)
        name = None if array is None else array.GetName()
        dtype, axes = None, "n"
        if stamp is not None and not stamp.path:
            dtype, axes, name = number_dtype(stamp), stamp.axes, stamp.member or name
        axes = axes if sorted(axes.replace("-", "").replace("c", "")) == ["n"] else "n"
        draft.put(role, member_of_column(_alias(role, name), values, None, axes, dtype))


def _alias(role: str, name: str | None) -> str:
    return name if name in ALIASES[role] else role


def _draft_structured(draft: Draft, data: vtkStructuredGrid, axes: str) -> None:
    """Plan the coordinates of the points of a structured grid."""
    space = draft.block.dims[::-1]
    count = 0 if data.GetPoints() is None else data.GetPoints().GetNumberOfPoints()
    if count != math.prod(space):
        where = f"block {draft.path}: " if draft.path else ""
        raise UnsupportedError(
            f"{where}a structured grid has {math.prod(space)} places and {count} points. Run the filter that made it "
            "again, or leave it out."
        )
    whole = _positions_of_grid(data, space, axes) if count else None
    if whole is not None:
        draft.put("points", whole, whole.name or "")
    elif count:
        _coordinates(draft, data, space, axes)


def _coordinates(draft: Draft, data: vtkDataSet, space: tuple[int, ...] | None, wanted_name: str = "zyx") -> None:
    """Plan x, y and z members; a stamp with one field per coordinate has their names, dtypes and axes."""
    array = data.GetPoints().GetData()
    values = from_vtk_array(array)
    known, axes = _coordinate_members(array)
    stamp = read_stamp(array)
    axes = axes if known and wanted_name != "xyz" else wanted_name if space is not None else "n"
    for number, role in enumerate("xyz"):
        column = values[:, number]
        if known and number >= len(known) and not np.any(column):
            continue  # the file had no such coordinate
        name, dtype = known[number] if number < len(known) else (role, None)
        member = member_of_column(name, column, space, axes, dtype)
        member = replace(member, moving=stamp is not None and role in stamp.moving)
        draft.put(role, member, name if known else "")


def _positions_of_grid(data: vtkDataSet, space: tuple[int, ...], wanted_name: str) -> Member | None:
    """Plan the one member with the positions of the points of a grid; None where no file had them so."""
    array = data.GetPoints().GetData()
    values, stamp = from_vtk_array(array), read_stamp(array)
    if stamp is None or stamp.path or stamp.record is not None:
        return None
    order = tuple(axis for axis in parse_axes(stamp.axes) if axis.letter != "t")
    if sum(axis.letter == "c" for axis in order) != 1 or not axes_fit(order, space, grid=True):
        return None
    if wanted_name == "xyz":
        order = parse_axes("xyzc")
    if stamp.components == (2,) and not np.any(values[:, 2:]):
        values = values[:, :2]  # the file had x and y alone
    return member_of_grid(stamp.member or "points", values, space, order, number_dtype(stamp))


def _coordinate_members(array: vtkDataArray) -> tuple[list[tuple[str, np.dtype]], str]:
    """Names, dtypes and axes of the members that the points were read from, where they were several."""
    stamp = read_stamp(array)
    dtype = None if stamp is None or stamp.path else record_of(stamp)
    if dtype is None or any(dtype[name].kind not in "iuf" for name in dtype.names):
        return [], ""
    return [(name, dtype[name]) for name in dtype.names], stamp.axes


def _draft_mesh(draft: Draft, data: vtkPointSet, _axes: str) -> None:
    """Plan the points of a mesh, in one member or one for each coordinate."""
    if data.GetPoints() is None:
        return
    array = data.GetPoints().GetData()
    if _coordinate_members(array)[0]:
        _coordinates(draft, data, None)
        return
    values = from_vtk_array(array)
    dtype, name = None, _alias("points", array.GetName())
    stamp = read_stamp(array)
    if stamp is not None and not stamp.path:
        dtype, name = number_dtype(stamp), stamp.member or name
        if stamp.components == (2,) and not np.any(values[:, 2:]):
            values = values[:, :2]  # the file had x and y alone
    member = member_of_positions(name, values, stamp, dtype)
    member = replace(member, moving=stamp is not None and bool(stamp.moving))
    draft.put("points", member, "" if stamp is None else stamp.member)


def cells_of(data: vtkDataObject) -> Cells | None:
    """Show the cells of a mesh; None where it has none."""
    return next((find(data) for class_name, find in CELLS.items() if data.IsA(class_name)), None)


def _poly_cells(data: vtkPolyData) -> Cells | None:
    groups = (
        (data.GetVerts(), lambda k: np.where(k == 1, 1, 2)),
        (data.GetLines(), lambda k: np.where(k == 2, 3, 4)),
        (data.GetPolys(), lambda k: np.where(k == 3, 5, np.where(k == 4, 9, 7))),
        (data.GetStrips(), lambda k: np.full(len(k), 6)),
    )
    found = [_cells(cells, types) for cells, types in groups if cells is not None and cells.GetNumberOfCells()]
    if len(found) > 1:
        return replace(join_cells(found), stamps={})
    return found[0] if found else None


def _unstructured_cells(data: vtkUnstructuredGrid) -> Cells | None:
    if not (data.GetNumberOfCells() or _had_cells(data)):
        return None
    kinds = _cell_types(data)
    types = from_vtk_array(kinds).astype(np.uint8, copy=False)
    cells = _cells(data.GetCells(), lambda _sizes: types, read_stamp(kinds))
    if np.any(types == POLYHEDRON):
        faces, offsets = _polyhedra(data, types)
        cells = replace(cells, faces=faces, face_offsets=offsets)
    return cells


def _had_cells(data: vtkDataSet) -> bool:
    """Tell whether a file had members for cells, though there are none."""
    cells = data.GetCells()
    return cells is not None and read_stamp(cells.GetConnectivityArray()) is not None and _cell_types(data) is not None


def _cell_types(data: vtkDataSet) -> vtkDataArray:
    try:
        return data.GetCellTypes()  # VTK 9.6 and newer; one type for all cells needs no memory there
    except TypeError:
        return data.GetCellTypesArray()


def _polyhedra(data: vtkDataSet, types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the faces of all polyhedra as `description` specifies them."""
    if hasattr(data, "GetPolyhedronFaces"):  # VTK 9.4
        faces, of_cells = data.GetPolyhedronFaces(), data.GetPolyhedronFaceLocations()
        numbers, bounds = from_vtk_array(of_cells.GetConnectivityArray()), from_vtk_array(of_cells.GetOffsetsArray())
        points = from_vtk_array(faces.GetConnectivityArray()), from_vtk_array(faces.GetOffsetsArray())
        held, ends = take_runs(*points, numbers)
        # Each face is led by its number of points.
        return np.insert(held, ends[:-1], np.diff(ends)).astype(np.int64), (ends + np.arange(ends.size))[bounds]
    stream, places = from_vtk_array(data.GetFaces()), from_vtk_array(data.GetFaceLocations())
    polyhedra = types == POLYHEDRON
    begin = places[polyhedra]
    # Of each cell, how many faces it has, and then the faces; filters may leave cells in another order, or gaps.
    followed = np.append(begin[1:], stream.size)
    sizes = np.zeros(types.size, np.int64)
    sizes[polyhedra] = followed - begin - 1
    faces = np.delete(stream, begin).astype(np.int64)
    starts = run_starts(faces) if np.all(followed > begin) and begin[:1].tolist() in ([], [0]) else None
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    if starts is None or not np.array_equal(np.diff(np.searchsorted(starts, bounds))[polyhedra], stream[begin]):
        return _polyhedra_one_by_one(data, types)
    return faces, bounds


def _polyhedra_one_by_one(data: vtkDataSet, types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    faces: list[int] = []
    lengths = np.zeros(len(types) + 1, np.int64)
    stream = vtkIdList()
    for cell in np.flatnonzero(types == POLYHEDRON).tolist():
        data.GetFaceStream(cell, stream)
        count = stream.GetNumberOfIds()
        faces.extend(stream.GetId(k) for k in range(1, count))
        lengths[cell + 1] = max(count - 1, 0)
    return np.array(faces, np.int64), np.cumsum(lengths)


def _cells(cells: vtkCellArray, types: Callable[[np.ndarray], np.ndarray], stamp: Stamp | None = None) -> Cells:
    """Take the cells of one vtkCellArray; `types` gives cell types by numbers of points, `stamp` is theirs."""
    array = cells.GetConnectivityArray()
    stamps = {"connectivity": read_stamp(array), "offsets": read_stamp(cells.GetOffsetsArray()), "types": stamp}
    offsets = from_vtk_array(cells.GetOffsetsArray())
    kinds = types(np.diff(offsets)).astype(np.uint8, copy=False)
    # Some filters leave more ids than the cells have, or cells that begin later.
    ids = from_vtk_array(array)[offsets[0] : offsets[-1]]
    held = {role: one for role, one in stamps.items() if one is not None}
    return Cells(ids, offsets - offsets[0] if offsets[0] else offsets, kinds, stamps=held)


# What takes a dataset of each class apart: it adds the members that say where the points are to a draft, on grids with
# the axes that the user chose; and what finds the cells.
DRAFTS: dict[str, Callable[[Draft, Any, str], None]] = {
    "vtkImageData": _draft_image,
    "vtkRectilinearGrid": _draft_rectilinear,
    "vtkStructuredGrid": _draft_structured,
    "vtkPolyData": _draft_mesh,
    "vtkUnstructuredGrid": _draft_mesh,
}
CELLS: dict[str, Callable[[Any], Cells | None]] = {
    "vtkPolyData": _poly_cells,
    "vtkUnstructuredGrid": _unstructured_cells,
}
