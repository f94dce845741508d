"""The structure of a dataset: where an image lies, the coordinates of a grid, the points and cells of a mesh."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkIdList

from ..errors import UnsupportedError
from ..plan.axes import counted_axes, parse_axes
from ..plan.geometry import Geometry, described_geometry, geometry_of_members, load_geometry
from ..plan.kinds import CLASSES
from ..plan.layout import Block, dims_of
from ..plan.names import ALIASES
from ..plan.runs import run_starts
from .arrays import from_vtk_array, recall
from .cells import POLYHEDRON, Cells, Faces, join_cells, poly_types, take_runs
from .drafts import in_block, number_dtype
from .member import axes_fit, member_of_tuples, member_of_values
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short
    from vtkmodules.vtkCommonCore import vtkDataArray

    from ..plan.axes import Axis
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


def kind_of(data: dm.vtkDataObject) -> Kind | None:
    """Return the kind that a dataset is; None where there is none."""
    name = data.GetClassName()
    if name == "vtkPointSet" and name not in CLASSES:
        name = "vtkPolyData"  # without any cells
    return CLASSES.get(name) or next((kind for kind in CLASSES.values() if data.IsA(kind.vtk_class)), None)


def block_of(kind: Kind, data: dm.vtkDataObject) -> Block:
    """Say what a dataset is, without its members."""
    if not kind.is_grid:
        return Block(kind, count=data.GetNumberOfRows() if kind.has_rows else data.GetNumberOfPoints())
    place = {}
    if kind.has_geometry:
        matrix = data.GetDirectionMatrix()
        direction = tuple(matrix.GetElement(i, j) for i in range(3) for j in range(3))
        place = {"origin": tuple(data.GetOrigin()), "spacing": data.GetSpacing(), "direction": direction}
    return Block(kind, dims=dims_of(data.GetExtent()), first=data.GetExtent()[::2], **place)


def _draft_image(draft: Draft, data: dm.vtkImageData, _axes: str) -> None:
    """Plan where an image lies."""
    geometry = draft.block.first_place
    plain = plain_place(geometry)
    held = _place_in_file(data)
    known = geometry_of_members(held).found
    held.update((name, values) for name, values in plain.items() if name not in known)
    # The file's own members, as long as they say the same: a filter or the user may have moved the image.
    if described_geometry(held, data.GetDimensions()) != geometry:
        held = plain
    draft.put_place(held)


def plain_place(geometry: Geometry) -> dict[str, np.ndarray]:
    """Return the members that place an image in plain names."""
    return {
        "origin": np.array(geometry.origin),
        "spacing": np.array(geometry.spacing),
        "direction": np.array(geometry.direction).reshape(3, 3),
    }


def _place_in_file(data: dm.vtkDataSet) -> dict[str, np.ndarray]:
    """Return the members that placed an image in its file, as its arrays remember them."""
    for attributes in (data.GetPointData(), data.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            place = recall(attributes.GetAbstractArray(k), "place")
            if place:
                return load_geometry(place)
    return {}


def _draft_rectilinear(draft: Draft, data: dm.vtkRectilinearGrid, _axes: str) -> None:
    """Plan the coordinates along each axis."""
    coordinates = (data.GetXCoordinates(), data.GetYCoordinates(), data.GetZCoordinates())
    for role, array, n in zip("xyz", coordinates, draft.block.dims):
        if array is None:
            draft.put(role, member_of_values(role, np.zeros(n)))
            continue
        count = array.GetNumberOfTuples()
        if count < n:
            raise _lacking(draft, f"a rectilinear grid has {n} planes along {role} and {count} coordinates")
        stamp = _stamp_of(array)
        axes = () if stamp is None else stamp.axes
        if {axis.letter for axis in axes} - {"c"} != {"n"}:
            axes = counted_axes(1)
        name = _alias(role, (stamp and stamp.member) or array.GetName())
        draft.put(role, _column(name, from_vtk_array(array)[:n], (n,), axes, number_dtype(stamp)))


def _lacking(draft: Draft, what: str) -> UnsupportedError:
    return UnsupportedError(f"{in_block(draft.path)}{what}. Run the filter that made it again, or leave it out.")


def _alias(role: str, name: str | None) -> str:
    return name if name in ALIASES[role] else role


def _stamp_of(array: vtkDataArray) -> Stamp | None:
    """Return the stamp on an array of structure; None where it tells of a field of other data."""
    stamp = read_stamp(array)
    return None if stamp is None or stamp.path else stamp


def _column(
    name: str, values: np.ndarray, lengths: tuple[int, ...], axes: tuple[Axis, ...], dtype: np.dtype | None
) -> Member:
    """Plan a member of one coordinate; `axes` and `dtype`, which the file had, give way where they do not fit."""
    order = tuple(axis for axis in axes if axis.letter != "t")
    if not axes_fit(order, lengths):
        order = parse_axes("n" if len(lengths) == 1 else "zyx")
    beside = (1,) * sum(axis.letter == "c" for axis in order)  # (n, 1), as some write their columns
    return member_of_tuples(name, values.reshape(-1, *beside), lengths, order, dtype)


def _draft_structured(draft: Draft, data: dm.vtkStructuredGrid, axes: str) -> None:
    """Plan the coordinates of the points of a structured grid."""
    space = draft.block.dims[::-1]
    count = 0 if data.GetPoints() is None else data.GetPoints().GetNumberOfPoints()
    if count != math.prod(space):
        raise _lacking(draft, f"a structured grid has {math.prod(space)} places and {count} points")
    if count:
        _draft_points(draft, data.GetPoints().GetData(), space, axes)


def _draft_mesh(draft: Draft, data: dm.vtkPointSet, _axes: str) -> None:
    """Plan the points of a mesh."""
    if data.GetPoints() is not None:
        _draft_points(draft, data.GetPoints().GetData(), (data.GetNumberOfPoints(),), "nc")


def _draft_points(draft: Draft, array: vtkDataArray, lengths: tuple[int, ...], axes: str) -> None:
    """Plan the positions of points, in one member or one for each coordinate, as their file had them.

    Without a file, those of a grid of the `lengths` are in three, those of a mesh in one; `axes` are wished for.
    """
    values, stamp, grid = from_vtk_array(array), _stamp_of(array), len(lengths) > 1
    moving = "" if stamp is None else stamp.moving
    record = None if stamp is None else stamp.record
    known = [] if record is None else [(name, record[name]) for name in record.names]
    if any(dtype.kind not in "iuf" for _name, dtype in known):
        known = []
    order = None if stamp is None or (record is not None and grid) else _axes_of_all(stamp.axes, lengths)
    if known or (grid and order is None):
        kept = stamp.axes if known and axes != "xyz" else parse_axes(axes if grid else "n")
        for k, role in enumerate("xyz"):
            if known and k >= len(known) and not np.any(values[:, k]):
                continue  # the file had no such coordinate
            name, dtype = known[k] if k < len(known) else (role, None)
            member = _column(name, values[:, k], lengths, kept, dtype)
            draft.put(role, replace(member, moving=role in moving), name if known else "")
        return
    order = parse_axes("xyzc") if grid and axes == "xyz" else order or parse_axes(axes)
    if stamp is not None and stamp.components == (2,) and not np.any(values[:, 2:]):
        values = values[:, :2]  # the file had x and y alone
    name = (stamp and stamp.member) or _alias("points", array.GetName())
    member = member_of_tuples(name, values, lengths, order, number_dtype(stamp))
    draft.put("points", replace(member, moving=bool(moving)), "" if stamp is None else stamp.member)


def _axes_of_all(order: tuple[Axis, ...], lengths: tuple[int, ...]) -> tuple[Axis, ...] | None:
    """Return the axes that all positions had in one member of a file; None where they do not fit any more."""
    if len(lengths) > 1:
        order = tuple(axis for axis in order if axis.letter != "t")
    fits = axes_fit(order, lengths)
    return order if fits and sum(axis.letter == "c" for axis in order) == 1 else None


def cells_of(data: dm.vtkDataObject) -> Cells | None:
    """Show the cells of a mesh; None where it has none."""
    return next((find(data) for class_name, find in CELLS.items() if data.IsA(class_name)), None)


def _poly_cells(data: dm.vtkPolyData) -> Cells | None:
    groups = enumerate((data.GetVerts(), data.GetLines(), data.GetPolys(), data.GetStrips()))
    kept = [(k, cells) for k, cells in groups if cells is not None and cells.GetNumberOfCells()]
    found = [_cells(cells, partial(poly_types, k)) for k, cells in kept]
    if len(found) > 1:
        return replace(join_cells(found), stamps={})
    return found[0] if found else None


def _unstructured_cells(data: dm.vtkUnstructuredGrid) -> Cells | None:
    if not (data.GetNumberOfCells() or _had_cells(data)):
        return None
    kinds = _cell_types(data)
    types = from_vtk_array(kinds).astype(np.uint8, copy=False)
    cells = _cells(data.GetCells(), lambda _sizes: types, read_stamp(kinds))
    if np.any(types == POLYHEDRON):
        cells = replace(cells, faces=Faces(*_polyhedra(data, types)))
    return cells


def _had_cells(data: dm.vtkDataSet) -> bool:
    """Tell whether a file had members for cells, though there are none."""
    cells = data.GetCells()
    return cells is not None and read_stamp(cells.GetConnectivityArray()) is not None and _cell_types(data) is not None


def _cell_types(data: dm.vtkDataSet) -> vtkDataArray:
    try:
        return data.GetCellTypes()  # VTK 9.6 and newer; one type for all cells needs no memory there
    except TypeError:
        return data.GetCellTypesArray()


def _polyhedra(data: dm.vtkDataSet, types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
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


def _polyhedra_one_by_one(data: dm.vtkDataSet, types: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    faces: list[int] = []
    lengths = np.zeros(len(types) + 1, np.int64)
    stream = vtkIdList()
    for cell in np.flatnonzero(types == POLYHEDRON).tolist():
        data.GetFaceStream(cell, stream)
        count = stream.GetNumberOfIds()
        faces.extend(stream.GetId(k) for k in range(1, count))
        lengths[cell + 1] = max(count - 1, 0)
    return np.array(faces, np.int64), np.cumsum(lengths)


def _cells(cells: dm.vtkCellArray, types: Callable[[np.ndarray], np.ndarray], stamp: Stamp | None = None) -> Cells:
    """Take the cells of one dm.vtkCellArray; `types` gives cell types by numbers of points, `stamp` is theirs."""
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
