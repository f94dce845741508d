"""The text of the member ``vtk``: JSON, as `description` specifies it, written and strictly read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from ..errors import FormatError, OptionError, UnsupportedError
from .axes import parse_axes
from .description import (
    ATTRIBUTES,
    COLLECTION,
    COMPOSITES,
    FARTHEST,
    MAX_DEPTH,
    VERSION,
    ArrayRecord,
    Child,
    Composite,
    DatasetRecord,
    Schema,
)
from .kinds import CLASSES, POLYHEDRA
from .names import POLYLINE

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, NoReturn

    from .description import Node
    from .kinds import Kind

__all__ = ["dump_array", "dumps", "is_description", "load_array", "loads"]


def dumps(schema: Schema) -> str:
    """Write `description` as the text that `loads` reads."""
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


def dump_array(array: ArrayRecord) -> dict[str, Any]:
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
    fields = _object(value, where, {"version", "data", "time"})
    if version != VERSION or isinstance(version, bool):
        _fail(where, "version", str(VERSION), version)
    data = _node(fields.get("data"), f"{where}, data", 0)
    if data is None:
        _fail(where, "data", "an object", None)
    return Schema(data, _optional_text(fields.get("time"), f"{where}, time"))


def _fail(where: str, what: str, expected: str, found: object) -> NoReturn:
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


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        _fail(where, "it", "a string", value)
    return value


def _optional_text(value: object, where: str) -> str | None:
    return None if value is None else _text(value, where)


def _integer(value: object, where: str, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        _fail(where, what, "an integer", value)
    return value


def _node(value: object, where: str, depth: int) -> Node | None:
    if value is None:
        return None
    if depth > MAX_DEPTH:
        raise FormatError(f"{where[:200]}: composites nested deeper than {MAX_DEPTH}. {_REMEDY}")
    if not isinstance(value, dict):
        _fail(where, "it", "an object or null", value)
    kind = value.get("type")
    if not isinstance(kind, str):
        kind = None
    if kind in CLASSES:
        return _leaf(value, where)
    if kind in COMPOSITES:
        return _composite(value, where, depth)
    _fail(where, "type", f"one of {', '.join((*CLASSES, *COMPOSITES))}", kind)


def _composite(value: dict[str, Any], where: str, depth: int) -> Composite:
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
        children.append(Child(_optional_text(child.get("name"), f"{place}, name"), data))
    return Composite(
        type=fields["type"],
        children=tuple(children),
        assembly=_optional_text(fields.get("assembly"), f"{where}, assembly"),
        field_data=_arrays(fields, "field_data", where),
    )


def _leaf(value: dict[str, Any], where: str) -> DatasetRecord:
    kind = CLASSES[value["type"]]
    allowed = {"type", "members", "field_data", *(f"{association}_data" for association in kind.associations)}
    for key, has in (
        ("extent", kind.is_grid),
        ("point_axes", kind.has_positions),
        ("origin", kind.has_geometry),
        ("cell_type", kind.has_cells),
    ):
        allowed |= {key} if has else set()
    fields = _object(value, where, allowed)
    members = _object(fields.get("members", {}), f"{where}, members", set(kind.roles))
    for role, member in members.items():
        _text(member, f"{where}, member of role {role}")
    extent = None
    if kind.is_grid:
        extent = tuple(_integer(item, where, "extent") for item in _list(fields.get("extent"), f"{where}, extent"))
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
    letters = sorted(point_axes.replace("-", "").replace("t", ""))
    if point_axes and not kind.is_grid and letters != (["c", "n"] if "points" in members else ["n"]):
        _fail(where, "point_axes", "n and c, or n for x, y and z", point_axes)
    if kind.is_grid and kind.has_positions and point_axes.count("c") != int("points" in members):
        _fail(where, "point_axes", "those of x, y and z, or with one c those of points", point_axes)
    return DatasetRecord(
        type=kind.vtk_class,
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


def _check_axes(axes: str, where: str) -> None:
    try:
        parse_axes(axes)
    except OptionError as error:
        raise FormatError(f"{where}: {error}") from None


def _arrays(fields: Mapping[str, Any], group: str, where: str) -> tuple[ArrayRecord, ...]:
    return tuple(
        load_array(item, f"{where}, {group} {number}")
        for number, item in enumerate(_list(fields.get(group), f"{where}, {group}"))
    )


def load_array(value: object, where: str) -> ArrayRecord:
    """Undo `dump_array`."""
    fields = _object(value, where, {"member", "name", "axes", "path", "components", "active", "class", "units"})
    axes = _text(fields.get("axes"), f"{where}, axes")
    _check_axes(axes, where)
    active = _list(fields.get("active"), f"{where}, active")
    for item in active:
        if _text(item, f"{where}, active") not in ATTRIBUTES:
            _fail(where, "active", f"of {', '.join(ATTRIBUTES)}", item)
    return ArrayRecord(
        member=_text(fields.get("member"), f"{where}, member"),
        name=_optional_text(fields.get("name"), f"{where}, name"),
        axes=axes,
        path=tuple(_text(item, f"{where}, path") for item in _list(fields.get("path"), f"{where}, path")),
        components=tuple(
            _optional_text(item, f"{where}, components")
            for item in _list(fields.get("components"), f"{where}, components")
        ),
        active=tuple(active),
        kind=_text(fields.get("class", ""), f"{where}, class"),
        units=_text(fields.get("units", ""), f"{where}, units"),
    )
