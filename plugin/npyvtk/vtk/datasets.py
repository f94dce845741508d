"""From a plan and its values to VTK data objects.

This module knows how each kind of dataset is put together: geometry, cells, attributes.
Which members belong where is decided by `layout`, values are converted by `arrays`, and reading is left to the
caller, who hands in a `Values`.
Indices that come from a file are checked here before VTK sees them, because VTK follows them unchecked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short
from vtkmodules.vtkCommonCore import VTK_ID_TYPE, VTK_UNSIGNED_CHAR, vtkIdTypeArray, vtkPoints

from .arrays import Stamp, empty, read_stamp, to_vtk_array, write_stamp
from ..plan.axes import format_axes, in_file_order
from .cells import POLY_VERTEX, POLYHEDRON, VERTEX, Cells, face_places, poly_groups
from ..errors import FormatError
from ..plan.layout import Window
from ..plan.description import ATTRIBUTES as ATTRIBUTE_TYPES
from ..files.store import Request

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from ..plan.layout import ArrayPlan, Block, Part
    from ..files.store import ArraySpec, Store

__all__ = [
    "CLASSES",
    "activate_first",
    "add_array",
    "coordinate_values",
    "new_dataset",
    "new_grid",
    "positions_of",
    "put_cells",
    "put_coordinates",
    "put_points",
    "put_poly_cells",
    "read_cells",
    "read_values",
]

CLASSES = {
    "Image": "vtkImageData",
    "Rectilinear Grid": "vtkRectilinearGrid",
    "Structured Grid": "vtkStructuredGrid",
    "Points": "vtkUnstructuredGrid",
    "Mesh": "vtkUnstructuredGrid",
    "Poly Data": "vtkPolyData",
    "Table": "vtkTable",
}
# Points of each cell type, https://vtk.org/doc/nightly/html/vtkCellType_8h_source.html; VTK trusts them blindly.
FIXED_SIZES = {
    0: 0, 1: 1, 3: 2, 5: 3, 8: 4, 9: 4, 10: 4, 11: 8, 12: 8, 13: 6, 14: 5, 15: 10, 16: 12, 21: 3, 22: 6, 23: 8,
    24: 10, 25: 20, 26: 15, 27: 13, 28: 9, 29: 27, 30: 6, 31: 12, 32: 18, 33: 24, 34: 7, 35: 4, 37: 19,
}  # fmt: skip
LEAST_SIZES = {
    2: 1, 4: 1, 6: 3, 7: 1, 36: 3, 41: 1, 42: 4, 68: 2, 69: 3, 70: 4, 71: 4, 72: 8, 73: 6, 74: 5, 75: 2, 76: 3,
    77: 4, 78: 4, 79: 8, 80: 6, 81: 5,
}  # fmt: skip
ID_DTYPE = np.dtype(np.int64 if vtkIdTypeArray().GetDataTypeSize() == 8 else np.int32)


def new_dataset(class_name: str) -> dm.vtkDataObject:
    """Make an empty data object."""
    return getattr(dm, class_name)()


def read_values(
    store: Store, plan: ArrayPlan, window: Window, dtype: np.dtype | None = None
) -> np.ndarray:
    """Read the part of a member in `window` in canonical order.

    Parameters
    ----------
    dtype : numpy.dtype, optional
        Convert to this while reading; default: the member's own, in native byte order.

    Returns
    -------
    (nz, ny, nx, *components) or (n, *components) ndarray, C-contiguous, owned by the caller
    """
    spec = store.arrays[plan.member]
    out = empty(window.space(plan, spec.shape) + plan.components(spec.shape), dtype or spec.dtype.newbyteorder("="))
    store.read_many([_request(out, spec, plan, window.selection(plan, spec.shape))])
    return out


def _request(target: np.ndarray, spec: ArraySpec, plan: ArrayPlan, selection: tuple[slice, ...]) -> Request:
    """Ask for a part of a member, to be put into `target` in canonical order."""
    view = in_file_order(target, plan.axes)

    def put(index: tuple[slice, ...], block: np.ndarray) -> None:
        with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
            view[index] = block

    return Request(plan.member, selection, put, view if view.dtype == spec.dtype.newbyteorder("=") else None)


# ---------------------------------------------------------------------------------------------------
# points


def position_dtype(specs: Iterable[ArraySpec]) -> np.dtype:
    """Return float32 where it holds all positions exactly, else float64."""
    exact = all(np.can_cast(spec.dtype, np.float32, "safe") for spec in specs)
    return np.dtype(np.float32 if exact else np.float64)


def positions_of(store: Store, block: Block, window: Window) -> tuple[np.ndarray, list[Request]]:
    """Make the positions of points, with 0 for a coordinate that the file does not have.

    Returns
    -------
    (n, 3) float32 or float64 ndarray, x y z, owned by the caller; and the requests that fill it
    """
    plans = {role: block.roles[role] for role in ("points", "x", "y", "z") if role in block.roles}
    specs = {role: store.arrays[plan.member] for role, plan in plans.items()}
    spaces = {role: window.space(plan, specs[role].shape) for role, plan in plans.items()}
    count = max((int(np.prod(space, dtype=object)) for space in spaces.values()), default=0)
    values = np.zeros((count, 3), position_dtype(specs.values()))
    requests = []
    for role, plan in plans.items():
        selection, target = window.selection(plan, specs[role].shape), values[:, max("xyz".find(role), 0)]
        if role == "points":
            # (N, 2) lies in the plane z = 0; of more than three columns the first three are the positions.
            k, columns = plan.letters.index("c"), plan.components(specs[role].shape)[0]
            own = slice(max(columns - 3, 0), columns, 1) if plan.axes[k].reverse else slice(0, min(columns, 3), 1)
            selection, target = (*selection[:k], own, *selection[k + 1 :]), values[:, :columns]
        target = target.reshape(*spaces[role], *target.shape[1:])
        requests.append(_request(target, specs[role], plan, selection))
    return values, requests


def put_points(dataset: dm.vtkPointSet, positions: np.ndarray, store: Store, block: Block) -> None:
    """Give `dataset` its (n, 3) points, stamped with what they were in the file; shares the memory."""
    plans = [block.roles[role] for role in ("points", "x", "y", "z") if role in block.roles]
    specs = [store.arrays[plan.member] for plan in plans]
    array = to_vtk_array(positions, "Points")
    if plans:
        alone = "points" in block.roles
        stamp = Stamp(
            dtype=specs[0].dtype,
            record=None if alone else [(spec.name, spec.dtype.str) for spec in specs],
            axes=format_axes(plans[0].step_axes(specs[0].shape)),
            # The name of a lone array is that of its file, and means nothing.
            member=specs[0].name if alone and not store.lone else "",
            components=plans[0].components(specs[0].shape)[-1:] if alone else (),
        )
        write_stamp(array, stamp)
    points = vtkPoints()
    points.SetData(array)
    dataset.SetPoints(points)


# ---------------------------------------------------------------------------------------------------
# cells


def ids(values: np.ndarray) -> vtkIdTypeArray:
    """Wrap whole numbers as VTK ids, shared where they are int64 already."""
    return to_vtk_array(np.ascontiguousarray(values, ID_DTYPE).reshape(-1), None, vtk_type=VTK_ID_TYPE)


def cell_array(offsets: np.ndarray, connectivity: np.ndarray) -> dm.vtkCellArray:
    """Make cells of (m + 1,) offsets into (k,) point ids."""
    held = [np.ascontiguousarray(values, np.int64).reshape(-1) for values in (offsets, connectivity)]
    cells = dm.vtkCellArray()
    cells.SetData(*(to_vtk_array(values, None) for values in held))
    # The cells take over the memory of the arrays without the arrays themselves, which kept it alive.
    for array, values in zip((cells.GetOffsetsArray(), cells.GetConnectivityArray()), held):
        array._numpy_reference = values  # noqa: SLF001
    return cells


def check_ids(values: np.ndarray, count: int, store: Store, member: str) -> None:
    """Refuse ids that name no point, because VTK would follow them anywhere."""
    if values.size and (values.min() < 0 or values.max() >= count):
        bad = int(values.min() if values.min() < 0 else values.max())
        raise FormatError(
            f"{store.path}: {member!r} names point {bad}, but there are {count} points, counted from 0. "
            "Subtract 1 if the numbers come from a program that counts from 1."
        )


def check_offsets(offsets: np.ndarray, total: int, cells: int, store: Store, member: str) -> np.ndarray:
    """Return (cells + 1,) rising offsets from 0 to `total`; files may leave out the first or the last."""
    if offsets.size == cells and cells:
        ends = offsets[-1] == total
        offsets = np.concatenate([[0], offsets] if ends else [offsets, [total]])
    if offsets.size != cells + 1 or (offsets.size and (offsets[0] != 0 or offsets[-1] != total)):
        raise FormatError(
            f"{store.path}: {member!r} must lead from 0 to {total}, the length of what it points into, in "
            f"{cells + 1} steps; it has {offsets.size}"
            + (f" from {offsets[0]} to {offsets[-1]}." if offsets.size else ".")
        )
    if np.any(offsets[1:] < offsets[:-1]):
        raise FormatError(f"{store.path}: {member!r} must not fall from one cell to the next.")
    return offsets


def read_cells(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read and check the cells `first` to `last` (excluded) of a mesh.

    Raises
    ------
    FormatError
        A point that does not exist, offsets that do not fit, an unknown cell type, or a cell with a number of
        points that its type cannot have.
    """
    roles, m = block.roles, last - first
    if "cells" in roles:
        member, cells = roles["cells"].member, _read_alike(store, block, first, last)
    elif "connectivity" in roles:
        member, cells = roles["connectivity"].member, _read_mixed(store, block, first, last)
    elif block.cell_type == POLY_VERTEX and m:
        connectivity = np.arange(block.count, dtype=np.int64)
        return Cells(connectivity, np.array([0, block.count]), np.array([POLY_VERTEX], np.uint8))
    else:
        connectivity = np.arange(first, last, dtype=np.int64)
        return Cells(connectivity, np.arange(m + 1, dtype=np.int64), np.full(m, VERTEX, np.uint8))
    check_ids(cells.connectivity, block.count, store, member)
    _check_types(cells.types, np.diff(cells.offsets), store, member)
    if "polyhedron_faces" in roles:
        total = store.arrays[roles["polyhedron_faces"].member].shape[0]
        member = roles["polyhedron_offsets"].member
        where = _read_whole_numbers(store, roles["polyhedron_offsets"], 0, store.arrays[member].shape[0])
        where = check_offsets(where, total, block.cells, store, member)[first : last + 1]
        faces = _read_whole_numbers(store, roles["polyhedron_faces"], int(where[0]), int(where[-1]))
        cells = replace(cells, faces=faces, face_offsets=where - where[0])
        _check_faces(cells, block.count, store, roles["polyhedron_faces"].member)
    elif np.any(cells.types == POLYHEDRON):
        raise FormatError(f"{store.path}: cells of type 42 are polyhedra, but the file has no polyhedron_faces.")
    return cells


def _read_alike(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read cells of one type from a table of their points."""
    plan = block.roles["cells"]
    table = _read_whole_numbers(store, plan, first, last)
    offsets = np.arange(len(table) + 1, dtype=np.int64) * table.shape[1]
    types = np.full(len(table), block.cell_type, np.uint8)
    stamp = _stamp(store, plan)
    if not types.size:  # nothing else would tell it
        stamp = replace(stamp, components=table.shape[1:], part=str(block.cell_type))
    return Cells(table.reshape(-1), offsets, types, stamps={"cells": stamp})


def _read_mixed(store: Store, block: Block, first: int, last: int) -> Cells:
    """Read cells of any types from connectivity, offsets and types."""
    plans = {role: block.roles[role] for role in ("connectivity", "offsets", "types")}
    total = store.arrays[plans["connectivity"].member].shape[0]
    member = plans["offsets"].member
    length, short = store.arrays[member].shape[0], ""
    if length == block.cells + 1 and (first or last < block.cells):
        offsets = _read_whole_numbers(store, plans["offsets"], first, last + 1)
        if np.any(offsets[1:] < offsets[:-1]) or offsets[0] < 0 or offsets[-1] > total:
            raise FormatError(f"{store.path}: {member!r} must rise within 0 to {total}.")
    else:
        held = _read_whole_numbers(store, plans["offsets"], 0, length)
        offsets = check_offsets(held, total, block.cells, store, member)
        if held.size < offsets.size:
            short = "ends" if held[-1] == total else "starts"
        offsets = offsets[first : last + 1]
    types = _read_whole_numbers(store, plans["types"], first, last)
    if types.size and (types.min() < 0 or types.max() > 255):
        raise FormatError(f"{store.path}: {plans['types'].member!r} has numbers that are no VTK cell type.")
    return Cells(
        _read_whole_numbers(store, plans["connectivity"], int(offsets[0]), int(offsets[-1])),
        offsets - offsets[0],
        types.astype(np.uint8),
        stamps={role: _stamp(store, plan, short if role == "offsets" else "") for role, plan in plans.items()},
    )


def _read_whole_numbers(store: Store, plan: ArrayPlan, start: int, stop: int) -> np.ndarray:
    return read_values(store, plan, Window({"n": (start, max(stop, start), 1)}), np.dtype(np.int64))


def _stamp(store: Store, plan: ArrayPlan, part: str = "") -> Stamp:
    spec = store.arrays[plan.member]
    return Stamp(spec.dtype, format_axes(plan.axes), spec.name, part=part)


def _check_types(types: np.ndarray, sizes: np.ndarray, store: Store, member: str) -> None:
    for kind in np.unique(types).tolist():
        own = sizes[types == kind]
        fixed, least = FIXED_SIZES.get(kind), LEAST_SIZES.get(kind)
        if fixed is None and least is None:
            raise FormatError(
                f"{store.path}: the cells of {member!r} have the type {kind}, which is the number of no VTK cell type "
                "that holds points; see vtkCellType.h."
            )
        wrong = own[own != fixed] if fixed is not None else own[own < least]
        if wrong.size:
            needs = f"exactly {fixed}" if fixed is not None else f"at least {least}"
            raise FormatError(
                f"{store.path}: {member!r} has a cell of type {kind} with {int(wrong[0])} points; it needs {needs}."
            )


def _check_faces(cells: Cells, count: int, store: Store, member: str) -> None:
    """Follow the faces of every polyhedron once, before VTK does."""
    faces = cells.faces
    bounds = cells.face_offsets.tolist()
    for kind, start, stop in zip(cells.types.tolist(), bounds, bounds[1:]):
        if (kind == POLYHEDRON) != (stop > start):
            raise FormatError(f"{store.path}: {member!r} must hold faces for polyhedra (type 42) and no other cell.")
        place = start
        while place < stop:
            n = int(faces[place])
            if n < 1 or place + 1 + n > stop:
                raise FormatError(f"{store.path}: {member!r} has a face of {n} points that leaves its cell.")
            check_ids(faces[place + 1 : place + 1 + n], count, store, member)
            place += 1 + n


def put_cells(dataset: dm.vtkUnstructuredGrid, cells: Cells) -> None:
    """Give an unstructured grid its cells."""
    connectivity = cell_array(cells.offsets, cells.connectivity)
    _stamp_cells(connectivity, cells)
    types = to_vtk_array(cells.types, None, vtk_type=VTK_UNSIGNED_CHAR)
    if "types" in cells.stamps:
        write_stamp(types, cells.stamps["types"])
    if cells.faces is None or not cells.faces.size:  # no polyhedra, or none in this piece
        dataset.SetCells(types, connectivity)
        return
    places = list(face_places(cells.faces))
    starts = np.array([place for place, _n in places], np.int64)
    sizes = np.array([n for _place, n in places], np.int64)
    # Faces that begin in each cell.
    first_face = np.searchsorted(starts, cells.face_offsets)
    if hasattr(dataset, "SetPolyhedralCells"):  # VTK 9.4
        keep = np.ones(cells.faces.size, bool)
        keep[starts] = False
        faces = cell_array(np.concatenate([[0], np.cumsum(sizes)]), cells.faces[keep])
        dataset.SetPolyhedralCells(types, connectivity, cell_array(first_face, np.arange(sizes.size)), faces)
        return
    stream: list[np.ndarray] = []
    locations = np.full(cells.types.size, -1, np.int64)
    length = 0
    for k in np.flatnonzero(cells.types == POLYHEDRON).tolist():
        own = cells.faces[cells.face_offsets[k] : cells.face_offsets[k + 1]]
        locations[k] = length
        stream += [np.array([first_face[k + 1] - first_face[k]]), own]
        length += 1 + own.size
    dataset.SetCells(types, connectivity, ids(locations), ids(np.concatenate(stream)))


def put_poly_cells(dataset: dm.vtkPolyData, cells: Cells, store: Store) -> None:
    """Give poly data its vertices, lines, polygons and strips, which follow each other in that order."""
    groups = poly_groups(cells.types)
    if np.any(groups[1:] < groups[:-1]):
        raise FormatError(
            f"{store.path}: poly data has its cells in the order vertices, lines, polygons, strips; the types are in "
            "another order."
        )
    bounds = np.searchsorted(groups, np.arange(5))
    for k, put in enumerate((dataset.SetVerts, dataset.SetLines, dataset.SetPolys, dataset.SetStrips)):
        a, b = int(bounds[k]), int(bounds[k + 1])
        if b > a:
            offsets = cells.offsets[a : b + 1]
            made = cell_array(offsets - offsets[0], cells.connectivity[offsets[0] : offsets[-1]])
            _stamp_cells(made, cells)
            put(made)


def _stamp_cells(made: dm.vtkCellArray, cells: Cells) -> None:
    for role, array in (
        ("cells", made.GetConnectivityArray()),
        ("connectivity", made.GetConnectivityArray()),
        ("offsets", made.GetOffsetsArray()),
    ):
        if role in cells.stamps:
            write_stamp(array, cells.stamps[role])


# ---------------------------------------------------------------------------------------------------
# grids


def new_grid(block: Block, extent: tuple[int, ...]) -> dm.vtkDataSet:
    """Make a grid with the extent and, for an image, the geometry of `block`; without coordinates and arrays."""
    grid = new_dataset(CLASSES[block.kind])
    grid.SetExtent(*(int(v) for v in extent))
    if block.kind == "Image":
        grid.SetOrigin(*block.origin)
        grid.SetSpacing(*block.spacing)
        grid.SetDirectionMatrix(*block.direction)
    return grid


def put_coordinates(
    grid: dm.vtkStructuredGrid, store: Store, block: Block, window: Window, extent: tuple[int, ...]
) -> list[Request]:
    """Give a structured grid its coordinates in `extent`; return the requests that fill them.

    Where the file has none, they follow from origin, spacing and direction.
    """
    if "x" in block.roles and "n" not in block.roles["x"].letters:
        values, requests = positions_of(store, block, window)
        put_points(grid, values, store, block)
        return requests
    if "x" in block.roles:
        axes = [coordinate_values(store, block, window, extent, k) for k in range(3)]
        z, y, x = np.meshgrid(axes[2], axes[1], axes[0], indexing="ij")
        values = np.stack([x, y, z], axis=-1).reshape(-1, 3)
    else:
        index = [_index(extent, k) for k in range(3)]
        z, y, x = np.meshgrid(index[2], index[1], index[0], indexing="ij")
        scaled = np.stack([x, y, z], axis=-1).reshape(-1, 3) * np.array(block.spacing)
        values = np.array(block.origin) + scaled @ np.array(block.direction).reshape(3, 3).T
    put_points(grid, np.ascontiguousarray(values, np.float64), store, replace(block, roles={}))
    return []


def _index(extent: tuple[int, ...], k: int) -> np.ndarray:
    return np.arange(extent[2 * k], extent[2 * k + 1] + 1, dtype=np.float64)


def coordinate_values(store: Store, block: Block, window: Window, extent: tuple[int, ...], k: int) -> np.ndarray:
    """Return the coordinates of a grid along axis `k` of x y z: those of the file, or else 0 or what the place says."""
    plan, index = block.roles.get("xyz"[k]), _index(extent, k)
    if plan is not None:
        return read_values(store, plan, Window({"n": window.ranges["xyz"[k]]}))
    return np.zeros(index.size) if block.roles else block.origin[k] + block.spacing[k] * index


# ---------------------------------------------------------------------------------------------------
# attributes


def add_array(dataset: dm.vtkDataObject, plan: ArrayPlan, array: vtkAbstractArray, part: Part | None) -> None:
    """Add one array to the attributes of its association, active where the plan says so."""
    if plan.association == "field":
        attributes = dataset.GetFieldData()
    elif plan.association == "row":
        attributes = dataset.GetRowData()
    elif plan.association == "cell":
        attributes = dataset.GetCellData()
    else:
        attributes = dataset.GetPointData()
    name = array.GetName()
    if name is not None and attributes.GetAbstractArray(name) is not None:
        # VTK would replace the one that is there; a field a.b beside a member "a.b" is as good.
        stamp, number = read_stamp(array), 2
        while attributes.GetAbstractArray(f"{name} ({number})") is not None:
            number += 1
        array.SetName(f"{name} ({number})")
        if stamp is not None and not stamp.member:
            write_stamp(array, replace(stamp, member=name))
    k = attributes.AddArray(array)
    if part is not None:
        for kind in part.active:
            attributes.SetActiveAttribute(k, ATTRIBUTE_TYPES.index(kind))


def activate_first(dataset: dm.vtkDataSet) -> None:
    """Make the first array of numbers the active scalars, so that it is seen when the file is opened."""
    for attributes in (dataset.GetPointData(), dataset.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            array = attributes.GetArray(k)
            if array is None or array.GetName() == dm.vtkDataSetAttributes.GhostArrayName():
                continue
            attributes.SetActiveAttribute(k, ATTRIBUTE_TYPES.index("Scalars"))
            break
