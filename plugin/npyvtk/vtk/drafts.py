"""Drafts of a file: the members that a data object has, before they have names, and what they are called then.

Names: data keep theirs whenever they can, structure has the names that people use (``origin``, ``x``,
``points``, ``triangles``), and what clashes gets a suffix; the description knows the names in VTK.
In composites the members are called ``block/member``, unless no two blocks hold data of the same name.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from ..files.npy_header import ArraySpec
from ..plan.axes import format_axes, parse_axes
from ..plan.axes_member import axes_member
from ..plan.description import Schema, dumps
from ..plan.kinds import FIELD_DATA, POSITIONS
from ..plan.layout import ArrayPlan, Block
from ..plan.mesh import cell_type_of
from ..plan.names import (
    AXES,
    CELL_NAMES,
    DESCRIPTION,
    FORMS,
    LINE,
    PADDED_NAMES,
    POLYLINE,
    SCIKIT_FEM_HEXAHEDRON,
    WRITTEN_CELL_NAMES,
    fits_form,
)
from ..plan.times import load_time
from ..plan.tree import Composite, map_tree, nodes_of
from .cells import VERTEX
from .member import member_of_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import Any

    from ..files.npy import Outgoing
    from ..plan.description import Node
    from ..plan.layout import ArrayRecord
    from .cells import Cells
    from .member import Member
    from .stamps import Stamp

__all__ = [
    "Draft",
    "Export",
    "Item",
    "axes_items",
    "cell_members",
    "drafts",
    "finish",
    "in_block",
    "number_dtype",
    "path_of_child",
    "paths_of_partitions",
]


@dataclass
class Item:
    """One member of a file to be, and what it is for."""

    member: Member
    name: str  # in the file, unique; empty as long as it has none
    association: str  # point, cell, row, field, structure (what makes points and cells) or "" for time, axes and vtk
    role: str = ""  # of structure, in the words of `description`
    records: tuple[ArrayRecord, ...] = ()  # its VTK arrays
    vector: str = ""  # name of the VTK array that it is one component of
    read_from: str = ""  # of structure: the member of another file that it was read from

    @property
    def wanted_name(self) -> str:
        """The name that it should have in the file."""
        return legal_name(self.member.name)

    @property
    def plan(self) -> ArrayPlan:
        """What a file with it is said to have."""
        return ArrayPlan(self.name, self.member.axes, self.association, records=self.records)

    @property
    def scalars(self) -> bool:
        """Whether it is an active scalars array."""
        return any("Scalars" in one.active for one in self.records)

    @property
    def labels(self) -> tuple[str, ...]:
        """Names of its VTK arrays."""
        return tuple(one.name or "" for one in self.records)


@dataclass(frozen=True)
class Export:
    """A data object, planned as a file."""

    items: tuple[Item, ...]
    schema: Schema

    @property
    def described(self) -> tuple[Item, ...]:
        """The members of the file, the description last."""
        text = np.asarray(dumps(self.schema))
        return (*self.items, Item(member_of_values(DESCRIPTION, text), DESCRIPTION, ""))


@dataclass
class Draft:
    """One dataset, or the field data of a composite."""

    path: str  # of block names
    block: Block  # what it is, without members
    roles: dict[str, Item] = field(default_factory=dict)
    arrays: list[Item] = field(default_factory=list)
    ids: np.ndarray | None = None  # of the points of a piece
    cells: Cells | None = None  # become roles by `cell_members`

    def put(self, role: str, member: Member, read_from: str = "") -> None:
        """Add a member of points, cells or the place of an image."""
        self.roles[role] = Item(member, "", "structure", role, read_from=read_from)

    def put_place(self, values: Mapping[str, np.ndarray]) -> None:
        """Add the members that place an image."""
        for name, one in values.items():
            self.roles[name] = Item(member_of_values(name, one), "", "structure", name)

    def items(self) -> Iterator[Item]:
        """List the members."""
        yield from self.arrays
        yield from self.roles.values()

    def whole(self) -> Block:
        """Return the dataset with its members."""
        roles = {role: item.plan for role, item in self.roles.items()}
        arrays = tuple(array.plan for array in self.arrays if array.association != "field")
        return replace(self.block, roles=roles, arrays=arrays, field_data=self.field_data())

    def field_data(self) -> tuple[ArrayPlan, ...]:
        """Return the field data: all that a composite has."""
        return tuple(array.plan for array in self.arrays if array.association == "field")


def drafts(node: Any) -> list[Any]:  # noqa: ANN401 - of drafts, or what was made of each
    """List all datasets of a tree, and the field data of its composites."""
    return [one.field_data if isinstance(one, Composite) else one for one in nodes_of(node)]


def cell_members(
    cells: Cells, draft: Draft, *, mixed: bool = False, as_read: bool = False
) -> tuple[dict[str, Member], int | None]:
    """Turn cells into members, in the simplest of the three forms of `description`, or in the general one if `mixed`.

    A table may have the form that it had in its file (`as_read`), which no piece of a mesh can have.

    Returns
    -------
    The members by their roles, and the cell type where all have one.
    """
    points = draft.block.count
    uniform_type = None if mixed else cells.uniform_type
    if uniform_type is not None:
        cell_type, width = uniform_type
        if cell_type == VERTEX and cells.is_identity(points):
            return {}, cell_type
        member = _table_of_cells(draft, cells, cell_type, width, as_read)
        if member is not None:
            return {"cells": member}, cell_type
    if as_read and _are_lines_of_all(cells, points):
        dtype = number_dtype(cells.stamps["offsets"])
        return {"lengths": member_of_values("lengths", np.diff(cells.offsets), dtype=dtype)}, POLYLINE
    offsets = cells.offsets
    if not mixed:
        offsets = {"ends": offsets[1:], "starts": offsets[:-1]}.get(cells.given_offsets, offsets)
    held = {"connectivity": cells.connectivity, "offsets": offsets, "types": cells.types}
    if cells.faces is not None:
        held.update(polyhedron_faces=cells.faces.stream, polyhedron_offsets=cells.faces.offsets)
    made = {}
    for role, values in held.items():
        stamp = cells.stamps.get(role)
        # What holds lengths need not hold offsets, least of all those of all ranks.
        dtype = None if stamp is not None and stamp.part == "lengths" else number_dtype(stamp)
        made[role] = member_of_values(role, values, dtype=dtype)
    return made, None


def _are_lines_of_all(cells: Cells, points: int) -> bool:
    """Tell whether cells are lines of points that follow each other to the last, and were lengths in their file."""
    stamp = cells.stamps.get("offsets")
    if stamp is None or stamp.part != "lengths" or cells.faces is not None or len(cells.connectivity) != points:
        return False
    lines = np.all(np.isin(cells.types, (LINE, POLYLINE))) and np.all(np.diff(cells.offsets) > 0)
    return bool(lines and np.array_equal(cells.connectivity, np.arange(points)))


def _in_form(name: str, table: np.ndarray, form: str, dtype: np.dtype | None) -> Member:
    """Plan a table of cells in the form that it had in its file."""
    if form == "scikit-fem":
        table = table[:, np.argsort(SCIKIT_FEM_HEXAHEDRON)]
    if form in ("columns", "scikit-fem"):
        return member_of_values(name, table.T, parse_axes("cn"), dtype)
    held = table.reshape(-1) if form == "flat" else np.insert(table, 0, table.shape[1], axis=1)
    return member_of_values(name, held, dtype=dtype)


def _table_of_cells(draft: Draft, cells: Cells, cell_type: int, width: int, as_read: bool) -> Member | None:
    """Plan the (M, width) member of cells of one `cell_type`; None where no name and width say that type."""
    stamp = cells.stamps.get("connectivity")
    points = draft.roles.get("points")
    columns = 3 if points is None else points.plan.components(points.member.shape)[0]
    table = cells.connectivity.reshape(-1, width)
    form = "" if stamp is None else stamp.part
    misread = form not in FORMS and stamp is not None and _looks_padded(stamp.member, table, columns)
    if stamp is not None and as_read and fits_form(form, stamp.member, cell_type, table.shape) and not misread:
        return _in_form(stamp.member, table, form, number_dtype(stamp))
    own = stamp.member if stamp is not None and stamp.member in CELL_NAMES and form not in FORMS else ""
    for name in filter(None, (own, WRITTEN_CELL_NAMES.get(cell_type), "cells", "triangles", "tetras", "lines")):
        if cell_type_of(name, width, columns) == cell_type and not _looks_padded(name, table, columns):
            return member_of_values(name, table, dtype=number_dtype(stamp))
    return None


def _looks_padded(name: str, table: np.ndarray, columns: int) -> bool:
    """Tell whether readers take the first point of each cell for the number of those that follow, as PyVista has it."""
    width = table.shape[1]
    if name not in PADDED_NAMES or width < 3 or not len(table) or cell_type_of(name, width - 1, columns) is None:
        return False
    return bool(np.all(table[:, 0] == width - 1))


def number_dtype(stamp: Stamp | None) -> np.dtype | None:
    """Build the dtype of a stamp, where it is one of real numbers."""
    return stamp.dtype if stamp is not None and stamp.dtype.kind in "iuf" else None


def finish(root: Draft | Composite, time: float | None, file_times: tuple[str, ...] = ()) -> Export:
    """Give names to all members of a drafted file.

    Parameters
    ----------
    time : float, optional
        Of the data.
    file_times : tuple of str
        From `stamped_time`; counts where it is the same time.
    """
    every = drafts(root)
    _share_coordinates(every)
    names, bare = _Names(), _needs_no_path(every)
    for one in every:
        _name_members(one, names, bare)
    # Shared members stand there once.
    items = list({item.name: item for one in every for item in one.items()}.values())
    member, times = None, {}
    if time is not None:
        member = names.unique("time", "")
        known = load_time(file_times, time)
        times[member] = np.asarray(time) if known is None else known
        items.append(Item(member_of_values("time", times[member]), member, ""))
    node = map_tree(root, Draft.whole, Draft.field_data)
    items += axes_items(node, [item.member.outgoing(item.name) for item in items], times)
    return Export(tuple(items), Schema(node, member))


def axes_items(node: Node, arrays: Iterable[Outgoing], times: Mapping[str, np.ndarray]) -> list[Item]:
    """Plan the member ``axes`` of a file of one dataset with these arrays, where it needs one."""
    if isinstance(node, Composite) or node.kind.has_rows:
        return []
    specs = {one.name: ArraySpec(one.name, one.shape, one.dtype, fortran_order=False) for one in arrays}
    positions = (plan for role, plan in node.roles.items() if role in POSITIONS)
    meant = {plan.member: format_axes(plan.axes) for plan in (*node.arrays, *positions)}
    structure = {plan.member: role for role, plan in node.roles.items()}
    text = axes_member(specs, meant, structure, times)
    return [Item(member_of_values(AXES, np.asarray(text)), AXES, "")] if text else []


class _Names:
    """The names that are taken in one file."""

    def __init__(self) -> None:
        self._taken = {DESCRIPTION}

    def unique(self, wanted_name: str, suffix: str) -> str:
        """Take `wanted_name`, or the first variation of it that is free."""
        variations = [wanted_name, f"{wanted_name}_{suffix}"] if suffix else [wanted_name]
        number = 1
        while True:
            for name in variations:
                # np.load takes "a.npy" for "a".
                stem = re.sub(r"(\.npy)+$", "", name)
                if name not in self._taken and (name == stem or stem not in self._taken):
                    self._taken.add(name)
                    return name
            number += 1
            variations = [f"{wanted_name}_{number}"]


def in_block(path: str) -> str:
    """Begin a message about a dataset of a tree, which its path names; empty for one that stands alone."""
    return f"block {path}: " if path else ""


def path_of_child(path: str, name: str | None, number: int) -> str:
    """Return the path of block names of a child of a composite, which may have no name."""
    own = legal_name(name) if name else f"block{number}"
    return f"{path}/{own}" if path else own


def paths_of_partitions(path: str, count: int) -> list[str]:
    """Return the paths of the partitions of one place in a collection."""
    return [path] if count == 1 else [f"{path}/{number}" for number in range(count)]


def legal_name(name: str | None) -> str:
    """Make a name that is safe as a file name within the archive; nearly all stay as they are."""
    text = re.sub(r"[\0-\x1f\x7f\\]", "_", name or "") or "unnamed"
    text = text.encode("utf-8", "replace").decode("utf-8")  # no half surrogates
    text = "/".join("_" if part in (".", "..") else part for part in text.split("/"))
    text = re.sub(r"^(/|[A-Za-z]:(?=/))", "_", text)  # no absolute path
    return text + "_" if text.endswith("/") else text


def _share_coordinates(drafts: list[Draft]) -> None:
    """Give grids with the same coordinates one member for them, and meshes whose points or cells were one member.

    A rectilinear grid of one layer, the plane of a field that lacks an axis, has one value of it: another member,
    which leaves the name to the coordinates of the whole.
    """
    known: dict[tuple[object, ...], Item] = {}
    for draft in drafts:
        if draft.block.kind == FIELD_DATA or len(drafts) < 2 or draft.block.kind.has_geometry:
            continue
        along_axes = draft.block.kind.has_axes
        for role, item in draft.roles.items():
            member = item.member
            if member.sources and (along_axes or item.read_from):  # there are values
                key = (role, member.name, item.read_from, member.axes, member.digest())
                draft.roles[role] = known.setdefault(key, item)


def _needs_no_path(drafts: list[Draft]) -> Callable[[str], bool]:
    """Decide which members of several datasets need no block name before their own."""
    many = sum(draft.block.kind != FIELD_DATA for draft in drafts) > 1
    data = Counter(name for draft in drafts for name in {array.wanted_name for array in draft.arrays})
    wishes: Counter[str] = Counter()
    shared: set[int] = set()
    for draft in drafts:
        own = [one for one in draft.roles.values() if id(one) not in shared and not _is_one_layer(draft, one)]
        shared.update(map(id, own))
        wishes.update({item.wanted_name for item in (*own, *draft.arrays)})
    distinct = all(count == 1 for count in data.values())
    return lambda wanted_name: not many or (distinct and wishes[wanted_name] == 1)


def _name_members(draft: Draft, names: _Names, bare: Callable[[str], bool]) -> None:
    for item in draft.items():
        if item.name:
            continue  # shared
        wanted_name, block = item.wanted_name, f"{draft.path}/"
        known = wanted_name.startswith(block)  # from a file of ours, where it had the block's name already
        alone = known or not draft.path or (bare(wanted_name) and not _is_one_layer(draft, item))
        suffix = "geometry" if item.role else item.association  # x_geometry, as files have it since the first version
        item.name = names.unique(wanted_name if alone else block + wanted_name, suffix)


def _is_one_layer(draft: Draft, item: Item) -> bool:
    """Tell whether a member is the one coordinate of a rectilinear grid in a plane."""
    return bool(item.role) and draft.block.kind.has_axes and item.member.shape == (1,)
