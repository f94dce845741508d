"""The member ``vtk`` of an ``.npz``: what a dataset is beyond its arrays.

This is the specification of that text, version 1, with what writes and strictly reads it: no VTK, no files, no arrays.
The records that it stands for are those of `layout` and `tree`.

``vtk`` is a 0-d unicode array that holds one JSON object::

    {"version": 1, "data": NODE, "time": MEMBER}

``time`` is optional: the member with the time of the data, a scalar, or one value per step when arrays have
a leading ``t`` axis.
MEMBER is always the name of a member of the same file, without ``.npy``.
No key may be added without a new version; absent optional keys and null mean the same.

NODE, for one dataset (`Block`)::

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
                      ``point_axes`` names, ``zyx`` when it is absent; at least one where there is a point.
                      Or ``points``, all of them in one member, where ``point_axes`` names its axes, such as
                      ``zyxc``
vtkPolyData,          ``points`` (N, 3), or ``x``, ``y``, ``z`` (N,) each; without either there is no point.
vtkUnstructuredGrid   A coordinate left out of x, y, z is 0 everywhere, in structured grids as well.
                      ``point_axes`` names the axes of ``points``, ``nc`` when it is absent, or of x, y and z,
                      ``n`` when it is absent.
                      Points that move have an axis ``t`` more; of x, y, z one that stays may have none
                      Cells: one of the three forms below
====================  ==================================================================================

1.  ``cells`` (M, k) and ``cell_type``: M cells of one VTK cell type with k points each.
    Of lines, triangles, quads, tetrahedra, hexahedra, wedges and pyramids also (M, k + 1), each cell led by k, and
    (k, M), where M is neither k nor k + 1, hexahedra then in the order of scikit-fem; of triangles also (3 M,).
    Of lines of type 4 also ``lengths`` (M,) and no ``cells``: how many points each has, which follow each other.
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

ARRAY (`ArrayPlan`, with an `ArrayRecord` for each VTK array)::

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
from typing import TYPE_CHECKING, NamedTuple, Union

from ..errors import FormatError, OptionError, UnsupportedError
from .axes import format_axes, parse_axes
from .kinds import CLASSES, POLYHEDRA, POSITIONS
from .layout import ArrayPlan, ArrayRecord, Block, dims_of
from .names import POLYLINE
from .tree import COLLECTION, COMPOSITES, Child, Composite

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from typing import Any, NoReturn

    from .axes import Axis
    from .kinds import Kind

    Node = Union[Block, Composite]

__all__ = ["ATTRIBUTES", "Schema", "dumps", "is_description", "loads"]

VERSION = 1
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
FARTHEST = sys.float_info.max
MAX_DEPTH = 64  # of nested composites; VTK and Python both recurse over them


class Schema(NamedTuple):
    """What the text says: the datasets, and the member with their time."""

    data: Node
    time: str | None = None  # member


def dumps(schema: Schema) -> str:
    """Write the text that `loads` reads."""
    fields: dict[str, Any] = {"version": VERSION, "data": _dump_node(schema.data)}
    if schema.time is not None:
        fields["time"] = schema.time
    return json.dumps(fields, ensure_ascii=False, separators=(", ", ": "))


def _dump_node(node: Any) -> Any:  # noqa: ANN401 - partitions are a list
    if node is None:
        return None
    if isinstance(node, tuple):
        return [_dump_node(place) for place in node]
    fields: dict[str, Any] = {"type": node.type}
    if isinstance(node, Composite):
        fields["children"] = [{"name": name, "data": _dump_node(data)} for name, data in node.children]
        fields["assembly"] = node.assembly
    else:
        kind = node.kind
        fields["extent"] = node.extent if kind.is_grid else None
        fields["origin"] = node.origin if kind.has_geometry and any(node.first) else None
        fields["members"] = {role: plan.member for role, plan in node.roles.items()} or None
        fields["cell_type"] = node.cell_type
        fields["point_axes"] = _point_axes(node)
        for association in kind.associations:
            own = (plan for plan in node.arrays if plan.association == association)
            fields[f"{association}_data"] = _dump_arrays(own)
    fields["field_data"] = _dump_arrays(node.field_data)
    return {key: value for key, value in fields.items() if value is not None}


def _point_axes(block: Block) -> str | None:
    """Return the axes of the positions of points, where they are others than usual; those that stay lack the time."""
    kind = block.kind
    axes = {format_axes(plan.axes): role for role, plan in block.roles.items() if role in POSITIONS}
    longest = max(axes, key=len, default="")
    return longest if kind.has_positions and longest and longest != kind.axes_of(axes[longest]) else None


def _dump_arrays(plans: Iterable[ArrayPlan]) -> list[dict[str, Any]] | None:
    return [_dump_array(plan, record) for plan in plans for record in plan.records] or None


def _dump_array(plan: ArrayPlan, record: ArrayRecord) -> dict[str, Any]:
    more = {
        "path": record.path, "components": record.components, "active": record.active,
        "class": record.vtk_class, "units": record.units,
    }  # fmt: skip
    held = {key: value for key, value in more.items() if value}
    return {"member": plan.member, "name": record.name, "axes": format_axes(plan.axes), **held}


def is_description(text: str) -> bool:
    """Tell whether a text means to be a description at all: an object with a version and data."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(value, dict) and {"version", "data"} <= set(value)


_REMEDY = "Choose a DataSetType to read the arrays alone, or write the file again."


def loads(text: str, where: str = "member 'vtk'") -> Schema:
    """Read the text of the member ``vtk``; `where` names it in messages.

    What the members themselves tell is still missing: `by_description` adds it.

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
            "Install a newer plugin, or choose a DataSetType to read the arrays alone."
        )
    said = _Object(value, where, ("version", "data", "time"))
    if version != VERSION or isinstance(version, bool):
        _fail(where, "version", str(VERSION), version)
    data = _node(said.held.get("data"), f"{where}, data", 0)
    if data is None:
        _fail(where, "data", "an object", None)
    return Schema(data, said.text_or_none("time"))


def _fail(where: str, what: str, expected: str, found: object) -> NoReturn:
    shown = repr(found)
    shown = shown if len(shown) <= 60 else f"{shown[:57]}..."
    raise FormatError(f"{where[:200]}: expected {what} to be {expected}, found {shown}. {_REMEDY}")


class _Object:
    """An object of the text, with no keys but `keys`; `where` it stands is said in messages."""

    def __init__(self, value: object, where: str, keys: Collection[str]) -> None:
        if not isinstance(value, dict):
            _fail(where, "it", "an object", value)
        unknown = sorted(set(value) - set(keys))
        if unknown:
            raise FormatError(
                f"{where[:200]}: unknown key {unknown[0][:60]!r}, expected only {', '.join(sorted(keys))}. {_REMEDY}"
            )
        self.where = where
        self.held = {key: item for key, item in value.items() if item is not None}

    def text(self, key: str, default: str | None = None) -> str:
        return _text(self.held.get(key, default), f"{self.where}, {key}")

    def text_or_none(self, key: str) -> str | None:
        return self.text(key) if key in self.held else None

    def axes(self, key: str, default: str | None = None) -> tuple[Axis, ...]:
        try:
            return parse_axes(self.text(key, default))
        except OptionError as error:
            raise FormatError(f"{self.where}: {error}") from None

    def items(self, key: str, default: Sequence[Any] = ()) -> Sequence[Any]:
        value = self.held.get(key)
        if value is None:
            return default
        if not isinstance(value, list):
            _fail(f"{self.where}, {key}", "it", "a list", value)
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        return tuple(_text(item, f"{self.where}, {key}") for item in self.items(key))

    def members(self, roles: Collection[str]) -> dict[str, str]:
        said = _Object(self.held.get("members", {}), f"{self.where}, members", roles)
        return {role: _text(member, f"{self.where}, member of role {role}") for role, member in said.held.items()}

    def arrays(self, association: str) -> tuple[ArrayPlan, ...]:
        """Return the arrays of an association by their members, whose axes are those of the first of them."""
        found: dict[str, tuple[tuple[Axis, ...], list[ArrayRecord]]] = {}
        for number, item in enumerate(self.items(f"{association}_data")):
            said = _Object(item, f"{self.where}, {association}_data {number}", _ARRAY)
            _axes, records = found.setdefault(said.text("member"), (said.axes("axes"), []))
            records.append(_array(said))
        return tuple(
            ArrayPlan(name, axes, association, records=tuple(records)) for name, (axes, records) in found.items()
        )


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        _fail(where, "it", "a string", value)
    return value


_ARRAY = ("member", "name", "axes", "path", "components", "active", "class", "units")


def _array(said: _Object) -> ArrayRecord:
    active = said.texts("active")
    for item in active:
        if item not in ATTRIBUTES:
            _fail(said.where, "active", f"of {', '.join(ATTRIBUTES)}", item)
    where = f"{said.where}, components"
    return ArrayRecord(
        said.text_or_none("name"),
        said.texts("path"),
        tuple(None if item is None else _text(item, where) for item in said.items("components")),
        active,
        said.text("class", ""),
        said.text("units", ""),
    )


def _node(value: object, where: str, depth: int) -> Node | None:
    if value is None:
        return None
    if depth > MAX_DEPTH:
        raise FormatError(f"{where[:200]}: composites nested deeper than {MAX_DEPTH}. {_REMEDY}")
    if not isinstance(value, dict):
        _fail(where, "it", "an object or null", value)
    vtk_class = value.get("type")
    if not isinstance(vtk_class, str):
        vtk_class = None
    if vtk_class in CLASSES:
        return _dataset(value, CLASSES[vtk_class], where)
    if vtk_class in COMPOSITES:
        return _composite(value, vtk_class, where, depth)
    _fail(where, "type", f"one of {', '.join((*CLASSES, *COMPOSITES))}", vtk_class)


def _composite(value: dict[str, Any], vtk_class: str, where: str, depth: int) -> Composite:
    said = _Object(value, where, ("type", "children", "field_data", *["assembly"] * (vtk_class == COLLECTION)))
    children = []
    for number, item in enumerate(said.items("children")):
        child = _Object(item, f"{where}, child {number}", ("name", "data"))
        data: Any
        if vtk_class == COLLECTION:
            data = tuple(_node(part, child.where, depth + 1) for part in child.items("data"))
        else:
            data = _node(child.held.get("data"), child.where, depth + 1)
        children.append(Child(child.text_or_none("name"), data))
    return Composite(vtk_class, tuple(children), said.text_or_none("assembly"), said.arrays("field"))


def _dataset(value: dict[str, Any], kind: Kind, where: str) -> Block:
    keys = {
        "extent": kind.is_grid, "origin": kind.has_geometry, "cell_type": kind.has_cells,
        "point_axes": kind.has_positions,
    }  # fmt: skip
    groups = (f"{association}_data" for association in kind.associations)
    said = _Object(value, where, ("type", "members", "field_data", *groups, *(key for key in keys if keys[key])))
    members = said.members(kind.roles)
    extent = said.items("extent") if kind.is_grid else (0, -1) * 3
    if len(extent) != 6 or any(type(item) is not int or abs(item) >= 2**31 for item in extent):
        _fail(where, "extent", "six 32-bit integers", said.held.get("extent"))
    origin = said.items("origin", (0.0,) * 3)
    if len(origin) != 3 or not all(type(v) in (int, float) and -FARTHEST <= v <= FARTHEST for v in origin):
        _fail(where, "origin", "three finite numbers", said.held.get("origin"))
    cell_type = said.held.get("cell_type")
    if cell_type is not None and (type(cell_type) is not int or not 0 <= cell_type <= 255):
        _fail(where, "cell_type", "an integer from 0 to 255", cell_type)
    _check_roles(kind, members, cell_type, where)
    point_axes = said.axes("point_axes", "")
    letters = sorted(axis.letter for axis in point_axes if axis.letter != "t")
    if point_axes and not kind.is_grid and letters != (["c", "n"] if "points" in members else ["n"]):
        _fail(where, "point_axes", "n and c, or n for x, y and z", said.held.get("point_axes"))
    if kind.is_grid and kind.has_positions and letters.count("c") != int("points" in members):
        _fail(where, "point_axes", "those of x, y and z, or with one c those of points", said.held.get("point_axes"))
    usual = {role: parse_axes(kind.axes_of(role)) for role in members}
    return Block(
        kind,
        dims=dims_of(extent),
        first=tuple(extent[::2]),
        origin=tuple(map(float, origin)),
        cell_type=cell_type,
        roles={
            role: ArrayPlan(member, (role in POSITIONS and point_axes) or usual[role])
            for role, member in members.items()
        },
        arrays=tuple(plan for association in kind.associations for plan in said.arrays(association)),
        field_data=said.arrays("field"),
    )


def _check_roles(kind: Kind, members: Mapping[str, str], cell_type: int | None, where: str) -> None:
    """Refuse roles that leave it open what the cells are."""
    for roles in kind.needed:
        if not any(role in members for role in roles):
            _fail(where, f"role {roles[0]}", "the name of a member", None)
    mixed = [role for role in ("connectivity", "offsets", "types") if role in members]
    if mixed and len(mixed) < 3:
        _fail(where, "roles", "connectivity, offsets and types together", sorted(members))
    if "lengths" in members and (cell_type != POLYLINE or "cells" in members):
        _fail(where, "roles", "lengths of cells of type 4 alone", sorted(members))
    if mixed and ("cells" in members or cell_type is not None):
        _fail(where, "roles", "either cells or connectivity, offsets and types", sorted(members))
    if "cells" in members and cell_type is None:
        _fail(where, "cell_type", "a VTK cell type beside role cells", None)
    if cell_type is not None and not {"cells", "lengths"} & set(members) and cell_type not in (1, 2):
        _fail(where, "cell_type", "1 or 2 where there is no role cells", cell_type)
    if "points" in members and any(letter in members for letter in "xyz"):
        _fail(where, "roles", "either points or x, y, z", sorted(members))
    faces = [role for role in POLYHEDRA if role in members]
    if faces and (len(faces) < 2 or not mixed):
        _fail(where, "roles", "both roles of polyhedra beside connectivity", sorted(members))
