"""The member ``vtk`` of an ``.npz``: what a dataset is beyond its arrays.

This module knows the text and nothing else: no VTK, no files, no arrays.
It is the specification of that text, version 1; `dumps` and `loads` are exact inverses.

``vtk`` is a 0-d unicode array that holds one JSON object::

    {"version": 1, "data": NODE, "time": MEMBER}

``time`` is optional: the member with the time of the data, a scalar, or one value per step when arrays have
a leading ``t`` axis.
MEMBER is always the name of a member of the same file, without ``.npy``.
No key may be added without a new version; absent optional keys and null mean the same.

NODE, for one dataset (`Leaf`)::

    {"type": "vtkImageData" | "vtkRectilinearGrid" | "vtkStructuredGrid" | "vtkPolyData"
             | "vtkUnstructuredGrid" | "vtkTable",
     "extent": [i0, i1, j0, j1, k0, k1],          the three structured types, always
     "members": {ROLE: MEMBER, ...},
     "origin": [x, y, z],                         vtkImageData, where the extent does not start at 0
     "cell_type": 5, "point_axes": "zyx",          see below
     "point_data": [ARRAY, ...], "cell_data": [...], "row_data": [...], "field_data": [...]}

Roles, with the shape of their members:

====================  ==================================================================================
vtkImageData          ``origin`` (3,), the place of the first point, ``spacing`` (3,), ``direction``
                      (3, 3); the key ``origin`` is the place of index 0, which VTK calls the origin.
                      Or others that say the same: ``affine`` (4, 4), or ``dx``, ``dy``, ``dz``, ``xmin``,
                      ``ymin``, ``zmin``, scalars; two numbers for x and y, z is 0 and its spacing 1;
                      one number as ``spacing``, ``voxel_size``, ``pixel_size`` or ``resolution`` for
                      x, y and z; with ``xmax``, ``ymax``, ``zmax``, scalars, minima and maxima are those
                      of the points, or else the ends of the cells, in either order
vtkRectilinearGrid    ``x`` (nx,), ``y`` (ny,), ``z`` (nz,)
vtkStructuredGrid     ``x``, ``y``, ``z``, the coordinates of the points, each with the axes that
                      ``point_axes`` names, ``zyx`` when it is absent
vtkPolyData,          ``points`` (N, 3), or ``x``, ``y``, ``z`` (N,) each; without either there is no point.
vtkUnstructuredGrid   A coordinate left out of x, y, z is 0 everywhere, in structured grids as well.
                      ``point_axes`` names the axes of ``points``, ``nc`` when it is absent.
                      Cells: one of the three forms below
====================  ==================================================================================

1.  ``cells`` (M, k) and ``cell_type``: M cells of one VTK cell type with k points each.
2.  ``cell_type`` 1 or 2 without ``cells``: one vertex per point in the order of the points (1), or one
    poly-vertex of all points (2).
3.  ``connectivity``, ``offsets`` (M + 1,), ``types`` (M,) uint8: cell m has the points
    ``connectivity[offsets[m]:offsets[m + 1]]`` and VTK cell type ``types[m]``.
    ``offsets`` of length M leave out the first, which is 0, or the last, which is the length of ``connectivity``.
    Poly data has its cells in VTK's order: vertices, lines, polygons, strips; types 1 and 2 are vertices, 3
    and 4 lines, 6 strips, all others (5, 7, 8, 9) polygons.
    Polyhedra (type 42) add ``polyhedron_faces`` and ``polyhedron_offsets`` (M + 1,): the faces of cell m
    are ``polyhedron_faces[polyhedron_offsets[m]:polyhedron_offsets[m + 1]]``, one number of points and
    then those points for each face; empty for all cells that are no polyhedra.

Without any of them there are no cells.

ARRAY (`Array`)::

    {"member": MEMBER, "name": "temperature" or null, "axes": "zyx",
     "path": ["a", "b"],                  field of a structured member
     "components": ["Vx", null, "Vz"],    names of components
     "active": ["Scalars"],               which attributes the array is, in VTK's words
     "class": "vtkIdTypeArray",           where the dtype alone does not tell the class of the VTK array
     "units": "K"}                        VTK's UNITS_LABEL

``axes`` has one letter per axis of the member, as in `axes`; grids have ``x y z``, all else ``n``, both
also ``t`` and ``c``, and scalars of field data have no axis: ``""``.
A member of complex dtype is shown as two components, Re and Im, whatever else is chosen.

NODE, for a composite (`Composite`)::

    {"type": "vtkMultiBlockDataSet" | "vtkMultiPieceDataSet" | "vtkPartitionedDataSet"
             | "vtkPartitionedDataSetCollection",
     "children": [{"name": "wing" or null, "data": CHILD}, ...],
     "assembly": "<...>",                 XML of the vtkDataAssembly, collections only
     "field_data": [ARRAY, ...]}

CHILD is a NODE, or null for an empty place; in a collection it is a list of them, the partitions.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Union

from .axes import parse_axes
from ..errors import FormatError, OptionError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "ATTRIBUTES",
    "COMPOSITES",
    "LEAVES",
    "MEMBER",
    "VERSION",
    "Array",
    "Child",
    "Composite",
    "Leaf",
    "Node",
    "Schema",
    "dumps",
    "is_description",
    "leaves_of",
    "loads",
]

MEMBER = "vtk"  # the member's own name
VERSION = 1
FARTHEST = sys.float_info.max
MAX_DEPTH = 64  # of nested composites; VTK and Python both recurse over them

_CELLS = ("points", "x", "y", "z", "cells", "connectivity", "offsets", "types")
_POLYHEDRA = ("polyhedron_faces", "polyhedron_offsets")
LEAVES: dict[str, tuple[str, ...]] = {
    "vtkImageData": (
        *("origin", "spacing", "direction", "affine", "voxel_size", "pixel_size", "resolution"),
        *("dx", "dy", "dz", "xmin", "ymin", "zmin", "xmax", "ymax", "zmax"),
    ),
    "vtkRectilinearGrid": ("x", "y", "z"),
    "vtkStructuredGrid": ("x", "y", "z"),
    "vtkPolyData": _CELLS,
    "vtkUnstructuredGrid": (*_CELLS, *_POLYHEDRA),
    "vtkTable": (),
}
_SPACINGS = ("spacing", "affine", "dx", "voxel_size", "pixel_size", "resolution")
STRUCTURED = ("vtkImageData", "vtkRectilinearGrid", "vtkStructuredGrid")
COMPOSITES = (
    "vtkMultiBlockDataSet",
    "vtkMultiPieceDataSet",
    "vtkPartitionedDataSet",
    "vtkPartitionedDataSetCollection",
)
COLLECTION = "vtkPartitionedDataSetCollection"
ATTRIBUTES = (
    "Scalars",
    "Vectors",
    "Normals",
    "TCoords",
    "Tensors",
    "GlobalIds",
    "PedigreeIds",
    "EdgeFlag",
    "Tangents",
    "RationalWeights",
    "HigherOrderDegrees",
    "ProcessIds",
)


@dataclass(frozen=True)
class Array:
    """One VTK array and the member that holds it."""

    member: str
    name: str | None  # None: the array has no name
    axes: str = "n"  # one letter per axis of the member
    path: tuple[str, ...] = ()  # field of a structured member
    components: tuple[str | None, ...] = ()  # names; empty when no component has one
    active: tuple[str, ...] = ()  # of ATTRIBUTES
    kind: str = ""  # class of the VTK array; JSON key "class"
    units: str = ""


@dataclass(frozen=True)
class Leaf:
    """One dataset."""

    type: str  # of LEAVES
    members: Mapping[str, str] = field(default_factory=dict)  # role -> member
    extent: tuple[int, ...] | None = None  # i0 i1 j0 j1 k0 k1, structured types only
    origin: tuple[float, ...] | None = None  # place of index 0 0 0, images whose extent does not start there
    cell_type: int | None = None  # VTK cell type of all cells
    point_axes: str = ""  # of x, y, z of a structured grid, "" is zyx; of points, "" is nc
    point_data: tuple[Array, ...] = ()
    cell_data: tuple[Array, ...] = ()
    row_data: tuple[Array, ...] = ()
    field_data: tuple[Array, ...] = ()


class Child(NamedTuple):
    """One place in a composite."""

    name: str | None
    data: Node | tuple[Node | None, ...] | None  # a tuple: the partitions of one place in a collection


@dataclass(frozen=True)
class Composite:
    """Datasets in a tree."""

    type: str  # of COMPOSITES
    children: tuple[Child, ...] = ()
    assembly: str | None = None  # XML, collections only
    field_data: tuple[Array, ...] = ()


Node = Union[Leaf, Composite]


class Schema(NamedTuple):
    """The whole text."""

    data: Node
    time: str | None = None  # member


def leaves_of(node: Node) -> Iterator[Leaf]:
    """Yield all datasets below `node`, in order."""
    if isinstance(node, Leaf):
        yield node
        return
    for child in node.children:
        for place in child.data if isinstance(child.data, tuple) else (child.data,):
            if place is not None:
                yield from leaves_of(place)


# ---------------------------------------------------------------------------------------------------
# writing


def dumps(schema: Schema) -> str:
    """Write `schema` as the text that `loads` reads."""
    fields: dict[str, Any] = {"version": VERSION, "data": _dump_node(schema.data)}
    if schema.time is not None:
        fields["time"] = schema.time
    return json.dumps(fields, ensure_ascii=False, separators=(", ", ": "))


def _dump_node(node: Node | None) -> dict[str, Any] | None:
    if node is None:
        return None
    fields: dict[str, Any] = {"type": node.type}
    if isinstance(node, Composite):
        fields["children"] = [
            {
                "name": child.name,
                "data": [_dump_node(place) for place in child.data]
                if isinstance(child.data, tuple)
                else _dump_node(child.data),
            }
            for child in node.children
        ]
        if node.assembly is not None:
            fields["assembly"] = node.assembly
    else:
        if node.extent is not None:
            fields["extent"] = list(node.extent)
        if node.origin is not None:
            fields["origin"] = list(node.origin)
        if node.members:
            fields["members"] = dict(node.members)
        if node.cell_type is not None:
            fields["cell_type"] = node.cell_type
        if node.point_axes:
            fields["point_axes"] = node.point_axes
        for group in ("point_data", "cell_data", "row_data"):
            if getattr(node, group):
                fields[group] = [dump_array(array) for array in getattr(node, group)]
    if node.field_data:
        fields["field_data"] = [dump_array(array) for array in node.field_data]
    return fields


def dump_array(array: Array) -> dict[str, Any]:
    """Return `array` as the object that JSON holds."""
    fields: dict[str, Any] = {"member": array.member, "name": array.name, "axes": array.axes}
    for key in ("path", "components", "active"):
        if getattr(array, key):
            fields[key] = list(getattr(array, key))
    if array.kind:
        fields["class"] = array.kind
    if array.units:
        fields["units"] = array.units
    return fields


# ---------------------------------------------------------------------------------------------------
# reading


def is_description(text: str) -> bool:
    """Tell whether a text means to be a description at all: an object with a version and data."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {"version", "data"} <= set(value)


def loads(text: str, where: str = "member 'vtk'") -> Schema:
    """Read the text of the member ``vtk``; `where` names it in messages.

    Raises
    ------
    FormatError
        The text is not what this module's docstring says.
    UnsupportedError
        It has a newer version.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FormatError(f"{where}: expected JSON, but {error}. {_REMEDY}") from None
    version = value.get("version") if isinstance(value, dict) else None
    if isinstance(version, int) and not isinstance(version, bool) and version > VERSION:
        raise UnsupportedError(
            f"{where}: version {version} of the dataset description, and this plugin knows {VERSION}. "
            "Install a newer plugin, or choose a Data Set Type to read the arrays alone."
        )
    fields = _object(value, where, {"version", "data", "time"})
    if version != VERSION or isinstance(version, bool):
        _fail(where, "version", str(VERSION), version)
    data = _node(fields.get("data"), f"{where}, data", 0)
    if data is None:
        _fail(where, "data", "an object", None)
    return Schema(data, _text(fields.get("time"), f"{where}, time", optional=True))


_REMEDY = "Choose a Data Set Type to read the arrays alone, or write the file again."


def _fail(where: str, what: str, expected: str, found: object) -> None:
    shown = repr(found)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    raise FormatError(f"{where[:200]}: expected {what} to be {expected}, found {shown}. {_REMEDY}")


def _object(value: object, where: str, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        _fail(where, "it", "an object", value)
    unknown = sorted(set(value) - keys)
    if unknown:
        raise FormatError(
            f"{where[:200]}: unknown key {unknown[0][:60]!r}, expected only {', '.join(sorted(keys))}. {_REMEDY}"
        )
    return {key: item for key, item in value.items() if item is not None}


def _list(value: object, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        _fail(where, "it", "a list", value)
    return value


def _text(value: object, where: str, *, optional: bool = False) -> str | None:
    if not isinstance(value, str) and not (optional and value is None):
        _fail(where, "it", "a string", value)
    return value


def _texts(value: object, where: str, *, optional: bool = False) -> tuple[str | None, ...]:
    return tuple(_text(item, where, optional=optional) for item in _list(value, where))


def _integer(value: object, where: str, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _fail(where, what, "an integer", value)
    return value


def _node(value: object, where: str, depth: int) -> Node | None:
    if value is None:
        return None
    if depth > MAX_DEPTH:
        raise FormatError(f"{where[:200]}: composites nested deeper than {MAX_DEPTH}. {_REMEDY}")
    kind = value.get("type") if isinstance(value, dict) else None
    if not isinstance(kind, str):
        kind = None
    if kind in LEAVES:
        return _leaf(value, where)
    if kind in COMPOSITES:
        return _composite(value, where, depth)
    if not isinstance(value, dict):
        _fail(where, "it", "an object or null", value)
    _fail(where, "type", f"one of {', '.join((*LEAVES, *COMPOSITES))}", kind)
    return None


def _composite(value: object, where: str, depth: int) -> Composite:
    keys = {"type", "children", "field_data"}
    collection = value["type"] == COLLECTION
    fields = _object(value, where, keys | {"assembly"} if collection else keys)
    children = []
    for number, item in enumerate(_list(fields.get("children"), f"{where}, children")):
        place = f"{where}, child {number}"
        child = _object(item, place, {"name", "data"})
        data: Any = child.get("data")
        if collection:
            data = tuple(_node(part, place, depth + 1) for part in _list(data, f"{place}, data"))
        else:
            data = _node(data, place, depth + 1)
        children.append(Child(_text(child.get("name"), f"{place}, name", optional=True), data))
    return Composite(
        type=fields["type"],
        children=tuple(children),
        assembly=_text(fields.get("assembly"), f"{where}, assembly", optional=True),
        field_data=_arrays(fields, "field_data", where),
    )


def _leaf(value: object, where: str) -> Leaf:
    kind = value["type"]
    allowed = {"type", "members", "field_data"}
    if kind in STRUCTURED:
        allowed.add("extent")
    if kind == "vtkStructuredGrid" or "points" in LEAVES[kind]:
        allowed.add("point_axes")
    if kind == "vtkImageData":
        allowed.add("origin")
    if "cells" in LEAVES[kind]:
        allowed.add("cell_type")
    allowed |= {"row_data"} if kind == "vtkTable" else {"point_data", "cell_data"}
    fields = _object(value, where, allowed)
    members = _object(fields.get("members", {}), f"{where}, members", set(LEAVES[kind]))
    for role, member in members.items():
        _text(member, f"{where}, member of role {role}")
    extent = None
    if kind in STRUCTURED:
        extent = tuple(
            _integer(item, where, "extent")
            for item in _list(fields.get("extent"), f"{where}, extent")
        )
        if len(extent) != 6 or any(abs(item) >= 2**31 for item in extent):
            _fail(where, "extent", "six 32-bit integers", fields.get("extent"))
    origin = None
    if "origin" in fields:
        origin = tuple(_list(fields["origin"], f"{where}, origin"))
        if len(origin) != 3 or not all(type(v) in (int, float) and -FARTHEST <= v <= FARTHEST for v in origin):
            _fail(where, "origin", "three finite numbers", fields["origin"])
    cell_type = fields.get("cell_type")
    if cell_type is not None and not 0 <= _integer(cell_type, where, "cell_type") <= 255:
        _fail(where, "cell_type", "0 to 255", cell_type)
    _check_roles(kind, members, cell_type, where)
    point_axes = _text(fields.get("point_axes", ""), f"{where}, point_axes")
    _check_axes(point_axes, where)
    if point_axes and kind not in STRUCTURED and sorted(point_axes.replace("-", "").replace("t", "")) != ["c", "n"]:
        _fail(where, "point_axes", "n and c", point_axes)
    return Leaf(
        type=kind,
        members=members,
        extent=extent,
        origin=origin,
        cell_type=cell_type,
        point_axes=point_axes,
        point_data=_arrays(fields, "point_data", where),
        cell_data=_arrays(fields, "cell_data", where),
        row_data=_arrays(fields, "row_data", where),
        field_data=_arrays(fields, "field_data", where),
    )


def _check_roles(kind: str, members: Mapping[str, str], cell_type: int | None, where: str) -> None:
    """Refuse roles that leave it open what the cells are."""
    needed = {
        "vtkRectilinearGrid": (("x",), ("y",), ("z",)),
        "vtkImageData": (("origin", "affine", "xmin"), _SPACINGS, ("direction", "affine")),
    }
    for roles in needed.get(kind, ()):
        if not any(role in members for role in roles):
            _fail(where, f"role {roles[0]}", "the name of a member", None)
    mixed = [role for role in ("connectivity", "offsets", "types") if role in members]
    if mixed and len(mixed) < 3:
        _fail(where, "roles", "connectivity, offsets and types together", sorted(members))
    if mixed and ("cells" in members or cell_type is not None):
        _fail(where, "roles", "either cells or connectivity, offsets and types", sorted(members))
    if "cells" in members and cell_type is None:
        _fail(where, "cell_type", "a VTK cell type beside role cells", None)
    if cell_type is not None and "cells" not in members and cell_type not in (1, 2):
        _fail(where, "cell_type", "1 or 2 where there is no role cells", cell_type)
    if "points" in members and any(letter in members for letter in "xyz"):
        _fail(where, "roles", "either points or x, y, z", sorted(members))
    faces = [role for role in _POLYHEDRA if role in members]
    if faces and (len(faces) < 2 or not mixed):
        _fail(where, "roles", "both roles of polyhedra beside connectivity", sorted(members))


def _check_axes(axes: str, where: str) -> None:
    try:
        parse_axes(axes)
    except OptionError as error:
        raise FormatError(f"{where}: {error}") from None


def _arrays(fields: Mapping[str, Any], group: str, where: str) -> tuple[Array, ...]:
    return tuple(
        load_array(item, f"{where}, {group} {number}")
        for number, item in enumerate(_list(fields.get(group), f"{where}, {group}"))
    )


def load_array(value: object, where: str) -> Array:
    """Undo `dump_array`."""
    fields = _object(
        value, where, {"member", "name", "axes", "path", "components", "active", "class", "units"}
    )
    axes = _text(fields.get("axes"), f"{where}, axes")
    _check_axes(axes, where)
    active = _texts(fields.get("active"), f"{where}, active")
    for item in active:
        if item not in ATTRIBUTES:
            _fail(where, "active", f"of {', '.join(ATTRIBUTES)}", item)
    return Array(
        member=_text(fields.get("member"), f"{where}, member"),
        name=_text(fields.get("name"), f"{where}, name", optional=True),
        axes=axes,
        path=_texts(fields.get("path"), f"{where}, path"),
        components=_texts(fields.get("components"), f"{where}, components", optional=True),
        active=active,
        kind=_text(fields.get("class", ""), f"{where}, class"),
        units=_text(fields.get("units", ""), f"{where}, units"),
    )
