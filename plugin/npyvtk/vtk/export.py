"""A VTK data object -> the named arrays of an ``.npz``, and the text that makes them a dataset again.

Here it is decided which members a dataset has, what they are called, and what `schema` says about them.
What an array looks like in its member is `restore`'s matter; how members become a file is `writing`'s.
Nothing is copied: `export` returns plans with views of the dataset's memory, which are read when the file is
written.

Names: data keep theirs whenever they can, geometry has the names that people use (``origin``, ``x``,
``points``, ``triangles``), and what clashes gets a suffix; the schema knows the names in VTK.
In composites the members are called ``block/member``, unless no two blocks hold data of the same name.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import (
    vtkBitArray,
    vtkCharArray,
    vtkDataArray,
    vtkIdList,
    vtkIdTypeArray,
    vtkIndent,
)
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataObject, vtkDataSetAttributes

from ..plan import layout, description as schema
from .arrays import load_time, read_stamp, recall, record_of
from .cells import POLYHEDRON, Cells, join_cells
from ..options import AXES
from ..errors import OptionError, UnsupportedError
from ..parallel.own import GHOSTS, forget_duplicates, ids_of, own_of
from ..plan.geometry import described_place, load_place, placing_of
from .member import (
    Member,
    from_vtk_array,
    member_of_column,
    member_of_positions,
    member_of_values,
    members,
)
from ..files.store import Outgoing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from vtkmodules.vtkCommonCore import vtkAbstractArray
    from vtkmodules.vtkCommonDataModel import vtkCellArray, vtkDataSet, vtkFieldData

    from .arrays import Stamp

__all__ = ["Export", "ExportOptions", "Item", "export", "from_vtk", "outgoing"]

_ALIASES = {  # names of geometry that people use, and that a dataset may carry on its arrays
    "x": ("x", "lon", "longitude"),
    "y": ("y", "lat", "latitude"),
    "z": ("z", "depth", "height", "level"),
    "points": ("points", "vertices", "verts", "xyz"),
    "cells": ("cells", "faces", "triangles", "tetras", "lines"),
}
_CELL_NAMES = {3: "lines", 4: "lines", 5: "triangles", 7: "faces", 9: "faces", 10: "tetras"}

_REFUSED = {  # classes without a counterpart, most derived first, and what to do about them
    "vtkAMRDataObject": "Use the filter Convert AMR Dataset To Multi-block, or Resample To Image",
    "vtkUniformGridAMR": "Use the filter Convert AMR Dataset To Multi-block, or Resample To Image",
    "vtkHyperTreeGrid": "Use the filter HyperTreeGrid To UnstructuredGrid, or HyperTreeGrid To Dual Grid",
    "vtkExplicitStructuredGrid": "Use the filter Explicit Structured Grid To Unstructured Grid",
    "vtkMolecule": "Use the filter Molecule To Lines",
    "vtkGraph": "Use the filter Graph To PolyData, or Data Object To Table",
    "vtkArrayData": "Convert it to a table",
    "vtkSelection": "Extract the selection, and save what was extracted",
}
_INSTEAD = "Convert it to an unstructured grid, poly data or a table first"


@dataclass(frozen=True)
class ExportOptions:
    """The choices of a user about the content of a file."""

    axes: str = "zyx"  # zyx: as in the file the data came from, else z first; xyz: x first
    point_arrays: Collection[str] | None = None  # names; None: all
    cell_arrays: Collection[str] | None = None  # names; None: all
    pieces: bool = False  # the data is one rank's piece: leave out what it only has as duplicates

    def __post_init__(self) -> None:
        if self.axes not in AXES:
            raise OptionError(f"Axes is {self.axes!r}; a file is written with zyx or xyz.")


@dataclass(frozen=True)
class Item:
    """One member and what it is for."""

    member: Member
    name: str  # in the file, unique
    association: str  # point, cell, row, field, geometry or "" for time
    scalars: bool = False  # whether it is an active scalars array
    labels: tuple[str, ...] = ()  # names of its VTK arrays
    role: str = ""  # of geometry, in the words of `schema`


@dataclass(frozen=True)
class Export:
    """A data object, planned as a file."""

    items: tuple[Item, ...]
    schema: schema.Schema
    placed: bool = False  # an image has an origin, spacing or direction other than the default


def export(data: vtkDataObject, options: ExportOptions | None = None) -> Export:
    """Plan the members that hold `data`.

    Parameters
    ----------
    data : vtkDataObject
        Must not change until the members are written: they share its memory.

    Raises
    ------
    UnsupportedError
        A dataset or array has no counterpart; the message names it and a filter that helps.
    """
    options = options or ExportOptions()
    root = draft(data, options)
    for one in drafts(root):
        one.settle()
    return finish(root, time_of(data), clock_of(root))


def time_of(data: vtkDataObject) -> float | None:
    """Return the time that `data` belongs to."""
    information = data.GetInformation()
    if not information.Has(vtkDataObject.DATA_TIME_STEP()):
        return None
    return float(information.Get(vtkDataObject.DATA_TIME_STEP()))


def clock_of(root: Draft | Tree) -> tuple[str, ...]:
    """Return that time as it stood in a file, as `arrays.dump_time`; empty when no array remembers it."""
    parts = (part for one in drafts(root) for array in one.arrays for part in array.member.parts)
    return next(filter(None, (recall(part.array, "time") for part in parts)), ())


def finish(root: Draft | Tree, time: float | None, clock: tuple[str, ...] = ()) -> Export:
    """Give names to all members of a drafted file.

    Parameters
    ----------
    time : float, optional
        Of the data.
    clock : tuple of str
        From `clock_of`; counts where it is the same time.
    """
    every = list(drafts(root))
    names, bare = _Names(), _bare(every)
    for one in every:
        _name(one, names, bare)
    items = [item for one in every for item in one.items()]
    member = None
    if time is not None:
        member = names.unique("time", "")
        known = load_time(clock, time)
        value = np.asarray(time) if known is None else known
        items.append(Item(member_of_values("time", value), member, ""))
    return Export(tuple(items), schema.Schema(_node(root), member), any(one.placed for one in every))


def outgoing(plan: Export) -> list[Outgoing]:
    """List the arrays of the file, the description last."""
    text = np.asarray(schema.dumps(plan.schema))
    described = Item(member_of_values(schema.MEMBER, text), schema.MEMBER, "")
    return [outgoing_of(item) for item in (*plan.items, described)]


def outgoing_of(item: Item) -> Outgoing:
    """Turn one planned member into what the writers of files take."""
    member = item.member
    return Outgoing(item.name, member.shape, member.dtype, member.blocks, member.fortran_order)


def from_vtk(data: vtkDataObject, **options: object) -> dict[str, np.ndarray]:
    """Return the arrays that an ``.npz`` of `data` would hold.

    Parameters
    ----------
    data : vtkDataObject
    **options
        The fields of `ExportOptions`.

    Returns
    -------
    dict of str to ndarray
        Shared with `data` where possible.
    """
    plan = export(data, ExportOptions(**options))
    arrays = {item.name: item.member.values() for item in plan.items}
    arrays[schema.MEMBER] = np.asarray(schema.dumps(plan.schema))
    return arrays


# ---------------------------------------------------------------------------------------------------
# drafts: what there is, before it has names


@dataclass
class Array:
    """A data member, with one or more VTK arrays."""

    member: Member
    association: str
    templates: tuple[schema.Array, ...]  # of its VTK arrays; the member's name is still to come
    name: str = ""  # in the file

    @property
    def wish(self) -> str:
        """The name that it should have in the file."""
        return _legal(self.member.name)

    @property
    def described(self) -> tuple[schema.Array, ...]:
        """What the schema says."""
        return tuple(replace(one, member=self.name) for one in self.templates)


@dataclass
class Geometry:
    """A member of points, cells or the place of an image."""

    member: Member
    name: str = ""  # in the file


@dataclass
class Draft:
    """One dataset, or the field data of a composite."""

    path: str  # of block names
    leaf: schema.Leaf | None = None
    roles: dict[str, Geometry] = field(default_factory=dict)
    arrays: list[Array] = field(default_factory=list)
    points: int = 0
    ids: np.ndarray | None = None  # of the points of a piece
    cells: Cells | None = None  # become roles in `settle`
    placed: bool = False  # an image whose origin, spacing or direction is not the default

    def settle(self, mixed: bool = False) -> None:
        """Turn the cells into members, in the simplest of the three forms of `schema`, or in the general one."""
        if self.cells is not None:
            _add_cells(self, self.cells, mixed)

    def items(self) -> Iterator[Item]:
        """List the members."""
        for array in self.arrays:
            scalars = any("Scalars" in one.active for one in array.templates)
            labels = tuple(one.name or "" for one in array.templates)
            yield Item(array.member, array.name, array.association, scalars, labels)
        for role, geometry in self.roles.items():
            yield Item(geometry.member, geometry.name, "geometry", role=role)

    def node(self) -> schema.Leaf:
        """Describe the dataset."""
        groups: dict[str, list[schema.Array]] = {}
        for array in self.arrays:
            groups.setdefault(f"{array.association}_data", []).extend(array.described)
        roles = {role: geometry.name for role, geometry in self.roles.items()}
        return replace(self.leaf, members=roles, **{group: tuple(found) for group, found in groups.items()})

    def fields(self) -> tuple[schema.Array, ...]:
        """Describe the field data of a composite."""
        return tuple(found for array in self.arrays for found in array.described)


@dataclass
class Tree:
    """A composite."""

    type: str
    own: Draft  # field data
    children: list[tuple[str | None, object]]  # name, and Draft, Tree, None or a list of them
    assembly: str | None = None


def drafts(node: Draft | Tree | None) -> Iterator[Draft]:
    """List all datasets of a tree, and the field data of its composites."""
    if isinstance(node, Draft):
        yield node
    elif isinstance(node, Tree):
        for _name, child in node.children:
            for place in child if isinstance(child, list) else [child]:
                yield from drafts(place)
        yield node.own


def _node(node: Draft | Tree | None) -> schema.Node | None:
    if node is None:
        return None
    if isinstance(node, Draft):
        return node.node()
    children = tuple(
        schema.Child(name, tuple(map(_node, child)) if isinstance(child, list) else _node(child))
        for name, child in node.children
    )
    return schema.Composite(node.type, children, node.assembly, node.own.fields())


def _array_schema(
    array: vtkAbstractArray, path: tuple[str, ...], axes: str, active: tuple[str, ...]
) -> schema.Array:
    components: tuple[str | None, ...] = ()
    if array.HasAComponentName():
        count = array.GetNumberOfComponents()
        components = tuple(array.GetComponentName(number) for number in range(count))
    kind = ""
    if isinstance(array, (vtkIdTypeArray, vtkBitArray, vtkCharArray)):
        kind = array.GetClassName()
    units = ""
    key = vtkDataArray.UNITS_LABEL()
    if read_stamp(array) is None and array.HasInformation() and array.GetInformation().Has(key):
        units = array.GetInformation().Get(key)
    return schema.Array("", array.GetName(), axes, path, components, active, kind, units)


# ---------------------------------------------------------------------------------------------------
# names


class _Names:
    """The names that are taken in one file."""

    def __init__(self) -> None:
        self._taken = {schema.MEMBER}

    def unique(self, wish: str, suffix: str) -> str:
        """Take `wish`, or the first variation of it that is free."""
        variations = [wish, f"{wish}_{suffix}"] if suffix else [wish]
        number = 1
        while True:
            for name in variations:
                # np.load takes "a.npy" for "a".
                stem = re.sub(r"(\.npy)+$", "", name)
                if name not in self._taken and (name == stem or stem not in self._taken):
                    self._taken.add(name)
                    return name
            number += 1
            variations = [f"{wish}_{number}"]


def _legal(name: str | None) -> str:
    """Make a name that is safe as a file name within the archive; nearly all stay as they are."""
    text = re.sub(r"[\0-\x1f\x7f\\]", "_", name or "") or "unnamed"
    text = text.encode("utf-8", "replace").decode("utf-8")  # no half surrogates
    text = "/".join("_" if part in (".", "..") else part for part in text.split("/"))
    text = re.sub(r"^(/|[A-Za-z]:(?=/))", "_", text)  # no absolute path
    return text + "_" if text.endswith("/") else text


def _bare(drafts: list[Draft]) -> Callable[[str], bool]:
    """Decide which members of several datasets need no block name before their own."""
    many = sum(draft.leaf is not None for draft in drafts) > 1
    data = Counter(name for draft in drafts for name in {array.wish for array in draft.arrays})
    wishes = Counter(
        name
        for draft in drafts
        for name in {_legal(g.member.name) for g in draft.roles.values()} | {a.wish for a in draft.arrays}
    )
    distinct = all(count == 1 for count in data.values())
    return lambda wish: not many or (distinct and wishes[wish] == 1)


def _name(draft: Draft, names: _Names, bare: Callable[[str], bool]) -> None:
    def full(wish: str) -> str:
        known = wish.startswith(f"{draft.path}/")  # from a file of ours, where it had the block's name already
        return wish if known or bare(wish) or not draft.path else f"{draft.path}/{wish}"

    for array in draft.arrays:
        array.name = names.unique(full(array.wish), array.association)
    for geometry in draft.roles.values():
        geometry.name = names.unique(full(_legal(geometry.member.name)), "geometry")


# ---------------------------------------------------------------------------------------------------
# data objects


def draft(data: vtkDataObject, options: ExportOptions) -> Draft | Tree:
    """Plan all datasets of `data`, without names and without members for cells."""
    return draft_at(data, options, "")


def draft_at(data: vtkDataObject | None, options: ExportOptions, path: str) -> Draft | Tree | None:
    if data is None:
        return None
    for kind, remedy in _REFUSED.items():
        if data.IsA(kind):
            raise UnsupportedError(_refusal(data, path, remedy))
    if data.IsA("vtkCompositeDataSet"):
        return _tree(data, options, path)
    if data.IsA("vtkTable"):
        draft = Draft(path, schema.Leaf("vtkTable"))
        _add(draft, data.GetRowData(), "row", None, options)
        _add(draft, data.GetFieldData(), "field", None, options)
        return draft
    if options.pieces:
        whole, data = data, data.NewInstance()
        data.ShallowCopy(whole)
        cells, ids = _piece_cells(data)
    else:
        cells, ids = _cells_of(data), None
    draft = _geometry(data, path, options)
    draft.cells, draft.ids, draft.points = cells, ids, data.GetNumberOfPoints()
    point_space = cell_space = None
    if draft.leaf.extent is not None:
        point_space, cell_space = _spaces(data)
    _add(draft, data.GetPointData(), "point", point_space, options, options.point_arrays)
    _add(draft, data.GetCellData(), "cell", cell_space, options, options.cell_arrays)
    affine = draft.roles.get("affine")
    x_first = all(_counts_x_first(array.member) for array in draft.arrays)
    if affine is not None and affine.member.shape == (4, 4) and not x_first:
        # Beside arrays of another order it would say something else to whoever reads the plain names.
        draft.roles = {
            name: Geometry(member_of_values(name, values)) for name, values in _plain_place(_first_point(data)).items()
        }
    _add(draft, data.GetFieldData(), "field", None, options)
    return draft


def _geometry(data: vtkDataObject, path: str, options: ExportOptions) -> Draft:
    """Plan the points."""
    if data.IsA("vtkImageData"):
        return _image(data, path)
    if data.IsA("vtkRectilinearGrid"):
        return _rectilinear(data, path)
    if data.IsA("vtkStructuredGrid"):
        return _structured(data, path, options)
    alone = "vtkPolyData" if data.GetClassName() == "vtkPointSet" else None  # points without any cells
    kind = next((kind for kind in ("vtkPolyData", "vtkUnstructuredGrid") if data.IsA(kind)), alone)
    if kind is None:
        raise UnsupportedError(_refusal(data, path, _INSTEAD))
    draft = Draft(path, schema.Leaf(kind))
    _points(draft, data)
    return draft


def _piece_cells(data: vtkDataSet) -> tuple[Cells | None, np.ndarray | None]:
    """Leave in `data` what is this rank's own; return its cells and the ids of its points."""
    cells = ids = None
    if data.IsA("vtkPointSet") and not data.IsA("vtkStructuredGrid"):
        cells, ids = _cells_of(data), ids_of(data)
        own = own_of(data, cells)
        if own is not None:
            own.cut(data)
            cells = None if cells is None else cells.take(own.cells).of_points(own.points)
            ids = None if ids is None else ids[own.points]
    forget_duplicates(data)
    return cells, ids


def _refusal(data: vtkDataObject, path: str, remedy: str) -> str:
    where = f"block {path}: " if path else ""
    return f"{where}a {data.GetClassName()} has no NumPy counterpart. {remedy}, and save its output."


def _add(
    draft: Draft,
    attributes: vtkFieldData,
    association: str,
    space: tuple[int, ...] | None,
    options: ExportOptions,
    chosen: Collection[str] | None = None,
) -> None:
    """Add the chosen arrays of `attributes` to the draft."""
    found = [attributes.GetAbstractArray(number) for number in range(attributes.GetNumberOfArrays())]
    active: dict[int, tuple[str, ...]] = {}  # by id: `found` keeps the objects, and so their ids
    if isinstance(attributes, vtkDataSetAttributes):
        for number, name in enumerate(schema.ATTRIBUTES):
            if number >= vtkDataSetAttributes.NUM_ATTRIBUTES:
                break
            array = attributes.GetAbstractAttribute(number)
            if array is not None:
                active[id(array)] = (*active.get(id(array), ()), name)
    if chosen is not None:
        found = [array for array in found if array.GetName() in chosen or array.GetName() == GHOSTS]
    try:
        planned = members(found, space, options.axes)
    except UnsupportedError as error:
        where = f"block {draft.path}, " if draft.path else ""
        raise UnsupportedError(f"{where}{association} data, {error}") from None
    for member in planned:
        templates = tuple(
            _array_schema(part.array, part.path, member.axes, active.get(id(part.array), ()))
            for part in member.parts
        )
        draft.arrays.append(Array(member, association, templates))


def _spaces(data: vtkDataSet) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Shapes (nz, ny, nx) of the points and of the cells of a grid."""
    extent = data.GetExtent()
    points = tuple(max(extent[2 * k + 1] - extent[2 * k] + 1, 0) for k in (2, 1, 0))
    return points, tuple(n - 1 if n > 1 else n for n in points)


def _image(data: vtkDataSet, path: str) -> Draft:
    extent, origin = tuple(data.GetExtent()), tuple(data.GetOrigin())
    geometry = _first_point(data)
    plain = _plain_place(geometry)
    held = _place_in_file(data)
    held.update((name, values) for name, values in plain.items() if name not in placing_of(held).found)
    # The file's own members, as long as they say the same: a filter or the user may have moved the image.
    if described_place(held, data.GetDimensions()) != geometry:
        held = plain
    roles = {name: Geometry(member_of_values(name, values)) for name, values in held.items()}
    leaf = schema.Leaf("vtkImageData", extent=extent, origin=origin if any(extent[::2]) else None)
    return Draft(path, leaf, roles, placed=geometry != layout.Geometry())


def _first_point(data: vtkDataSet) -> layout.Geometry:
    """Return where an image lies by its first point, for NumPy counts from 0: VTK's origin is that of index 0."""
    matrix, first = data.GetDirectionMatrix(), data.GetExtent()[::2]
    direction = tuple(matrix.GetElement(i, j) for i in range(3) for j in range(3))
    geometry = layout.Geometry(tuple(data.GetOrigin()), data.GetSpacing(), direction)
    return replace(geometry, origin=geometry.place(first)) if any(first) else geometry


def _plain_place(geometry: layout.Geometry) -> dict[str, np.ndarray]:
    """Return the members that place an image in plain names."""
    return {
        "origin": np.array(geometry.origin),
        "spacing": np.array(geometry.spacing),
        "direction": np.array(geometry.direction).reshape(3, 3),
    }


def _counts_x_first(member: Member) -> bool:
    """Tell whether the first index of an array is x, then y, as an affine counts them."""
    letters = [letter for letter in member.axes if letter in "xyz"]
    return letters == sorted(letters)


def _place_in_file(data: vtkDataSet) -> dict[str, np.ndarray]:
    """Return the members that placed an image in its file, as its arrays remember them."""
    for attributes in (data.GetPointData(), data.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            place = recall(attributes.GetAbstractArray(k), "place")
            if place:
                return load_place(place)
    return {}


def _rectilinear(data: vtkDataSet, path: str) -> Draft:
    draft = Draft(path, schema.Leaf("vtkRectilinearGrid", extent=tuple(data.GetExtent())))
    coordinates = (data.GetXCoordinates(), data.GetYCoordinates(), data.GetZCoordinates())
    for role, array, n in zip("xyz", coordinates, _spaces(data)[0][::-1]):
        values = np.zeros(n) if array is None else from_vtk_array(array)[:n]
        stamp = None if array is None else read_stamp(array)
        name = None if array is None else array.GetName()
        dtype, axes = None, "n"
        if stamp is not None and not stamp.path:
            dtype, axes, name = _number_dtype(stamp), stamp.axes, stamp.member or name
        axes = "-n" if axes.startswith("-") else "n"
        draft.roles[role] = Geometry(member_of_column(_alias(role, name), values, None, axes, dtype))
    return draft


def _alias(role: str, name: str | None) -> str:
    return name if name in _ALIASES[role] else role


def _structured(data: vtkDataSet, path: str, options: ExportOptions) -> Draft:
    leaf = schema.Leaf("vtkStructuredGrid", extent=tuple(data.GetExtent()))
    draft = Draft(path, leaf)
    space, _cells = _spaces(data)
    if data.GetPoints() is not None and data.GetNumberOfPoints() == math.prod(space):
        _coordinates(draft, data, space, options.axes)
    return draft


def _coordinates(draft: Draft, data: vtkDataSet, space: tuple[int, ...] | None, wish: str = "zyx") -> None:
    """Plan x, y and z members; a stamp with one field per coordinate has their names, dtypes and axes."""
    array = data.GetPoints().GetData()
    values = from_vtk_array(array)
    known, axes = _fields(array)
    axes = axes if known and wish != "xyz" else wish if space is not None else "n"
    for number, role in enumerate("xyz"):
        column = values[:, number]
        if known and number >= len(known) and not np.any(column):
            continue  # the file had no such coordinate
        name, dtype = known[number] if number < len(known) else (role, None)
        member = member_of_column(name, column, space, axes, dtype)
        draft.roles[role] = Geometry(member)
        if space is not None and member.axes != "zyx":
            draft.leaf = replace(draft.leaf, point_axes=member.axes)


def _fields(array: vtkDataArray) -> tuple[list[tuple[str, np.dtype]], str]:
    """Names, dtypes and axes of the members that the points were read from, where they were several."""
    stamp = read_stamp(array)
    dtype = None if stamp is None or stamp.path else record_of(stamp)
    if dtype is None or any(dtype[name].kind not in "iuf" for name in dtype.names):
        return [], ""
    return [(name, dtype[name]) for name in dtype.names], stamp.axes


def _number_dtype(stamp: Stamp | None) -> np.dtype | None:
    return stamp.dtype if stamp is not None and stamp.dtype.kind in "iuf" else None


def _points(draft: Draft, data: vtkDataSet) -> None:
    if data.GetPoints() is None:
        return
    array = data.GetPoints().GetData()
    if _fields(array)[0]:
        _coordinates(draft, data, None)
        return
    values = from_vtk_array(array)
    dtype, name = None, _alias("points", array.GetName())
    stamp = read_stamp(array)
    if stamp is not None and not stamp.path:
        dtype, name = _number_dtype(stamp), stamp.member or name
        if stamp.components == (2,) and not np.any(values[:, 2:]):
            values = values[:, :2]  # the file had x and y alone
    member = member_of_positions(name, values, stamp, dtype)
    draft.roles["points"] = Geometry(member)
    if member.axes != "nc":
        draft.leaf = replace(draft.leaf, point_axes=member.axes)


def _cells_of(data: vtkDataSet) -> Cells | None:
    """Show the cells of poly data or of an unstructured grid."""
    if data.IsA("vtkPolyData"):
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
    if not data.IsA("vtkUnstructuredGrid") or not (data.GetNumberOfCells() or _had_cells(data)):
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
    """Return the faces of all polyhedra as `schema` specifies them.

    `vtkUnstructuredGrid.GetFaceStream` is the one way to them that all VTK versions share.
    """
    faces: list[int] = []
    lengths = np.zeros(len(types) + 1, np.int64)
    stream = vtkIdList()
    for cell in np.flatnonzero(types == POLYHEDRON).tolist():
        data.GetFaceStream(cell, stream)
        count = stream.GetNumberOfIds()
        faces.extend(stream.GetId(k) for k in range(1, count))
        lengths[cell + 1] = max(count - 1, 0)
    return np.array(faces, np.int64), np.cumsum(lengths)


def _cells(
    cells: vtkCellArray, types: Callable[[np.ndarray], np.ndarray], stamp: Stamp | None = None
) -> Cells:
    """Take the cells of one vtkCellArray; `types` gives cell types by numbers of points, `stamp` is theirs."""
    array = cells.GetConnectivityArray()
    stamps = {"connectivity": read_stamp(array), "offsets": read_stamp(cells.GetOffsetsArray()), "types": stamp}
    offsets = from_vtk_array(cells.GetOffsetsArray())
    kinds = types(np.diff(offsets)).astype(np.uint8, copy=False)
    # Some filters leave more ids than the cells have, or cells that begin later.
    ids = from_vtk_array(array)[offsets[0] : offsets[-1]]
    held = {role: one for role, one in stamps.items() if one is not None}
    return Cells(ids, offsets - offsets[0] if offsets[0] else offsets, kinds, stamps=held)


def _add_cells(draft: Draft, cells: Cells, mixed: bool) -> None:
    form = None if mixed else cells.form or cells.form_of_none
    if form is not None:
        kind, width = form
        draft.leaf = replace(draft.leaf, cell_type=kind)
        if not cells.once(draft.points):
            stamp = cells.stamps.get("connectivity")
            known = stamp is not None and stamp.member in _ALIASES["cells"]
            name = stamp.member if known else _CELL_NAMES.get(kind, "cells")
            table = cells.connectivity.reshape(-1, width)
            draft.roles["cells"] = Geometry(member_of_values(name, table, "nc", _number_dtype(stamp)))
        return
    offsets = cells.offsets
    if not mixed:
        offsets = {"ends": offsets[1:], "starts": offsets[:-1]}.get(cells.short, offsets)
    for role, values in (("connectivity", cells.connectivity), ("offsets", offsets), ("types", cells.types)):
        draft.roles[role] = Geometry(member_of_values(role, values, "n", _number_dtype(cells.stamps.get(role))))
    if cells.faces is not None:
        draft.roles["polyhedron_faces"] = Geometry(member_of_values("polyhedron_faces", cells.faces, "n"))
        draft.roles["polyhedron_offsets"] = Geometry(
            member_of_values("polyhedron_offsets", cells.face_offsets, "n")
        )


def _tree(data: vtkCompositeDataSet, options: ExportOptions, path: str) -> Tree:
    """Plan a composite; `path` is its place in the whole."""
    kind = next((kind for kind in schema.COMPOSITES if data.IsA(kind)), None)
    if kind is None:
        raise UnsupportedError(_refusal(data, path, "Use the filter Merge Blocks"))
    if kind == schema.COLLECTION:
        count, block = data.GetNumberOfPartitionedDataSets(), data.GetPartitionedDataSet
    elif kind == "vtkMultiBlockDataSet":
        count, block = data.GetNumberOfBlocks(), data.GetBlock
    else:
        count, block = data.GetNumberOfPartitions(), data.GetPartitionAsDataObject
    own = Draft(path)
    tree = Tree(kind, own, [])
    for number in range(count):
        name = None
        if data.HasMetaData(number) and data.GetMetaData(number).Has(vtkCompositeDataSet.NAME()):
            name = data.GetMetaData(number).Get(vtkCompositeDataSet.NAME())
        place = _legal(name) if name else f"block{number}"
        place = f"{path}/{place}" if path else place
        child = block(number)
        if kind == schema.COLLECTION:
            parts = [child.GetPartitionAsDataObject(k) for k in range(child.GetNumberOfPartitions())]
            places = [place] if len(parts) == 1 else [f"{place}/{k}" for k in range(len(parts))]
            tree.children.append((name, [draft_at(part, options, at) for part, at in zip(parts, places)]))
        else:
            tree.children.append((name, draft_at(child, options, place)))
    if kind == schema.COLLECTION and data.GetDataAssembly() is not None:
        tree.assembly = data.GetDataAssembly().SerializeToXML(vtkIndent())
    _add(own, data.GetFieldData(), "field", None, options)
    return tree
