"""What a file holds, without its values: one frozen record per array and one per dataset, and the plan for the file.

A `Layout` says which members become which dataset, on which points, cells or rows, along which axes.
`recognise` makes one from names and shapes, `by_description` from the writer's own description; `load` builds what it
says.
The draft of a file has the same records, the member ``vtk`` says them, and ranks tell them each other.

Windows count the points of a grid from 0 along x, y and z, extents from `Block.first`, whatever the order in the file;
cells carry the index of their lowest point.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from ..errors import OptionError, UnsupportedError
from .axes import format_axes
from .dtypes import leaves
from .geometry import IDENTITY, Geometry
from .kinds import TABLE, Kind
from .tree import COLLECTION, Child, Composite, map_tree, nodes_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from typing import Any

    import numpy as np

    from ..files.npy_header import ArraySpec
    from ..options import Triple
    from .axes import Axis

__all__ = [
    "ArrayPlan", "ArrayRecord", "Block", "CellTable", "Composite", "Layout", "associated",
    "blocks_of", "check_sizes", "columns_of", "count_steps", "dims_of", "plans_of", "select", "with_steps_of",
]  # fmt: skip

MAX_POINTS = 2**31 - 1  # along one axis of a grid: VTK's extents are C ints
MAX_EMPTY = 1 << 20  # the same for a grid without points, which a file of no size can ask for
MAX_COMPONENTS = 2**31 - 1  # of an array: also a C int
MAX_STEPS = 1 << 20  # ParaView keeps and lists the time of each
LARGE_FIELD = 1 << 20  # bytes from which on field data is loaded only when it is chosen
MANY_ARRAYS = 1000  # that ParaView loads when nobody chooses: it compares the name of each with all others, many times
MOST_COMPARED = 50_000_000  # names; its spreadsheet compares those of all columns with one another for every table


class ArrayRecord(NamedTuple):
    """What a VTK array is beyond the values of its member."""

    name: str | None  # None: the array has no name
    path: tuple[str, ...] = ()  # field of a structured member
    components: tuple[str | None, ...] = ()  # names; empty when no component has one
    active: tuple[str, ...] = ()  # of `description.ATTRIBUTES`
    vtk_class: str = ""  # where the dtype does not tell it
    units: str = ""


class ArrayPlan(NamedTuple):
    """One member of the file in its place, and the VTK arrays that are made from it."""

    member: str  # name in the file
    axes: tuple[Axis, ...]  # one per axis of the member
    association: str = "point"  # point, cell, row or field
    prefix: bool = True  # fields of a structured dtype carry the member's name
    records: tuple[ArrayRecord, ...] = ()  # one per VTK array; none where names and shapes say all
    columns: tuple[str, ...] = ()  # fields of a structured dtype to load; none named: all

    @property
    def letters(self) -> str:
        """Letters of its axes, without signs."""
        return "".join(axis.letter for axis in self.axes)

    def length(self, letter: str, shape: tuple[int, ...]) -> int:
        """Return the length of the axis `letter` of the member's `shape`; 1 where it has none."""
        return next((n for axis, n in zip(self.axes, shape) if axis.letter == letter), 1)

    def components(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of the component axes."""
        return tuple(n for axis, n in zip(self.axes, shape) if axis.letter == "c")

    def steps(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of the time axes."""
        return tuple(n for axis, n in zip(self.axes, shape) if axis.letter == "t")

    @property
    def words(self) -> str:
        """What the member is that holds data."""
        axes = f"axes {format_axes(self.axes)}, " if self.axes else ""
        return f"{axes}rows of a table" if self.association == "row" else f"{axes}{self.association} data"

    def step_axes(self, shape: tuple[int, ...]) -> tuple[Axis, ...]:
        """Return the axes of one time step: time axes only where the file has no more than that."""
        return self.axes if set(self.steps(shape)) <= {1} else tuple(a for a in self.axes if a.letter != "t")

    def slowest(self, fortran_order: bool) -> str:
        """Return the spatial letter that varies slowest in the file."""
        axes = reversed(self.axes) if fortran_order else self.axes
        return next((axis.letter for axis in axes if axis.letter in "xyzn"), "z")


class CellTable(NamedTuple):
    """Cells of one kind of a mesh that has several tables of them."""

    role: str
    cells: int
    cell_type: int | None
    form: str = ""  # as `Block.cells_form`
    first_id: int = 0


@dataclass(frozen=True)
class Block:
    """One dataset."""

    kind: Kind  # FIELD_DATA where there is no more than that of a composite
    name: str = ""  # in a collection
    dims: tuple[int, ...] = (0, 0, 0)  # points along x, y, z of a grid
    first: tuple[int, ...] = (0, 0, 0)  # index of the first point along x, y, z
    origin: Triple = (0.0, 0.0, 0.0)  # the place of index 0 0 0
    spacing: Triple = (1.0, 1.0, 1.0)
    direction: tuple[float, ...] = IDENTITY
    count: int = 0  # points of a point set or mesh, rows of a table
    cells: int = 0  # cells of a mesh
    cell_type: int | None = None  # VTK's number, where all cells are of one type
    cells_form: str = ""  # of the role cells: a table, see `names.FORMS`; "stream"; "lines", "corners" without one
    first_id: int = 0  # number of the first point in the file's cells
    tables: tuple[CellTable, ...] = ()  # of a mesh with several kinds of cells, in this order
    roles: Mapping[str, ArrayPlan] = field(default_factory=dict)  # its structure
    arrays: tuple[ArrayPlan, ...] = ()
    field_data: tuple[ArrayPlan, ...] = ()

    @property
    def type(self) -> str:
        """Its class in VTK."""
        return self.kind.vtk_class

    @property
    def points(self) -> int:
        """How many points it has."""
        return math.prod(self.dims) if self.is_grid else 0 if self.kind.has_rows else self.count

    @property
    def cells_or_points(self) -> int:
        """How many cells a mesh has; a point set has one vertex per point."""
        return self.count if self.kind.is_cloud else self.cells

    @cached_property
    def is_grid(self) -> bool:
        """Whether points are addressed by x, y and z indices."""
        return self.kind.is_grid

    def lengths(self, association: str) -> dict[str, int]:
        """How many points, cells or rows there are along each letter of axes."""
        if self.is_grid:
            return {k: n - 1 if association == "cell" and n > 1 else n for k, n in zip("xyz", self.dims)}
        return {"n": self.cells_or_points if association == "cell" else self.count}

    @property
    def geometry(self) -> Geometry:
        """Origin, spacing and direction in one."""
        return Geometry(self.origin, self.spacing, self.direction)

    @property
    def first_place(self) -> Geometry:
        """The same by the place of the first point, for NumPy counts from 0."""
        geometry = self.geometry
        return replace(geometry, origin=geometry.place(self.first)) if any(self.first) else geometry

    def slowest(self, specs: Mapping[str, ArraySpec]) -> int:
        """Return the axis, of x y z, that varies slowest in the file."""
        plan = next(iter(self.arrays), None)
        return "xyz".find("z" if plan is None else plan.slowest(specs[plan.member].fortran_order))

    @cached_property
    def extent(self) -> tuple[int, ...]:
        """x0 x1 y0 y1 z0 z1 in points, both ends included; 0 -1 along an empty axis."""
        return tuple(v for lo, n in zip(self.first, self.dims) for v in (lo, lo + n - 1))


def dims_of(extent: Sequence[int]) -> tuple[int, ...]:
    """Count the points along x, y and z of x0 x1 y0 y1 z0 z1."""
    return tuple(max(hi - lo + 1, 0) for lo, hi in zip(extent[::2], extent[1::2]))


@dataclass(frozen=True)
class Layout:
    """The plan for one file."""

    root: Block | Composite
    words: Mapping[str, str]  # what was found and assumed, per member, in file order
    notes: tuple[str, ...] = ()  # remarks that belong to no array
    steps: int = 1  # time steps in this file
    times: tuple[float, ...] | None = None  # one value per step, where the file has them
    file_times: np.ndarray | None = None  # (steps,) the same as they stand in the file, where that is not float64
    geometry: Geometry = field(default_factory=Geometry)  # of images, as the file has it, before the user's choices
    geometry_members: Mapping[str, np.ndarray] = field(default_factory=dict)  # the members that say so
    only_chosen: tuple[str, ...] = ()  # large field data, which is loaded only where its name is chosen
    beyond_many: tuple[str, ...] = ()  # arrays, and columns of tables, that ParaView loads only where they are chosen
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)  # structured table: name -> field, by member
    bare: tuple[str, ...] = ()  # members whose shape and dtype are nothing to tell

    @cached_property
    def members(self) -> tuple[str, ...]:
        """Members with data, in file order: all but structure."""
        chosen = {plan.member for plan in plans_of(self.root)}
        return tuple(name for name in self.words if name in chosen)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """What can be chosen, in file order: each member with data, of a structured table each column."""
        return tuple(name for member in self.members for name in self.columns.get(member, [member]))

    @cached_property
    def member_of(self) -> dict[str, str]:
        """The member of all that has a name: of itself, or of a column."""
        columns = {name: member for member, own in self.columns.items() for name in own}
        return {**dict(zip(self.words, self.words)), **columns}

    @cached_property
    def default_names(self) -> tuple[str, ...]:
        """What is loaded when nobody chooses: all of `names` but large field data."""
        aside = set(self.only_chosen)
        return tuple(name for name in self.names if name not in aside)


def blocks_of(node: Block | Composite | tuple[Any, ...] | None) -> list[Block]:
    """List all datasets of a tree, in order."""
    return [node] if isinstance(node, Block) else [one for one in nodes_of(node) if isinstance(one, Block)]


def plans_of(node: Block | Composite) -> Iterator[ArrayPlan]:
    """List the arrays of all datasets of a tree, and its field data, in order."""
    for one in [node] if isinstance(node, Block) else nodes_of(node):
        yield from one.arrays if isinstance(one, Block) else ()
        yield from one.field_data


def plan_root(blocks: Sequence[Block], fields: tuple[ArrayPlan, ...]) -> tuple[Block | Composite, tuple[str, ...]]:
    """Make one dataset, or a collection of several, and notes on it."""
    if len(blocks) < 2:
        (block,) = blocks or (Block(TABLE),)
        return replace(block, field_data=fields) if fields else block, ()
    children: dict[str, Block] = {}
    for block in blocks:
        members = [plan.member for plan in block.arrays] or [role.member for role in block.roles.values()]
        name = "+".join(members[:3]) + (f"+{len(members) - 3} more" if len(members) > 3 else "")
        name = block.name or name or block.kind.name
        unique, k = name, 2
        while unique in children:
            unique, k = f"{name} ({k})", k + 1
        children[unique] = replace(block, name=unique)
    # Where grids cover one another the largest is seen, of equal ones the first in the file, and ParaView colours by
    # the last.
    places = {name: -k if block.is_grid else k for k, (name, block) in enumerate(children.items())}
    order = sorted(children, key=lambda name: (prominence(children[name]), places[name]))
    partitions = tuple(Child(name, (children[name],)) for name in order)
    note = f"{len(partitions)} grids of different shapes, each a block of a collection"
    return Composite(COLLECTION, partitions, field_data=fields, fixed=False), (note,)


def count_steps(root: Block | Composite, specs: Mapping[str, ArraySpec]) -> dict[str, int]:
    """Count the time steps of each member that has a time axis."""
    plans = [*[plan for block in blocks_of(root) for plan in block.roles.values()], *plans_of(root)]
    steps = {plan.member: plan.steps(specs[plan.member].shape) for plan in plans}
    return {member: math.prod(lengths) for member, lengths in steps.items() if lengths}


def with_steps_of(layout: Layout, names: Collection[str], specs: Mapping[str, ArraySpec]) -> Layout:
    """Return the plan with the time steps that these arrays have, and their times."""
    if layout.steps == 1 or len(names) == len(layout.names):
        return layout
    steps = max(count_steps(select(layout, names), specs).values(), default=1)
    times, held = layout.times, layout.file_times
    held = held if held is None or held.ndim == 0 else held[:steps]
    return replace(layout, steps=steps, times=times and times[:steps], file_times=held)


def associated(layouts: Sequence[Layout]) -> list[Layout]:
    """Put arrays of a mesh with as many cells as points on what they are on in the others, which tell these apart."""
    meshes = [one for layout in layouts for one in blocks_of(layout.root) if one.cells]
    known = {plan.member: plan.association for one in meshes if one.cells != one.count for plan in one.arrays}
    alike = known and any(one.cells == one.count for one in meshes)
    return [_associated(layout, known) for layout in layouts] if alike else list(layouts)


def _associated(layout: Layout, known: Mapping[str, str]) -> Layout:
    words = dict(layout.words)

    def placed(block: Block) -> Block:
        arrays = []
        for plan in block.arrays:
            there = known.get(plan.member, plan.association)
            if block.cells == block.count and there != plan.association and not plan.records:
                arrays.append(plan._replace(association=there))
                words[plan.member] = f"{arrays[-1].words} (as many cells as points, but not in the other files)"
            else:
                arrays.append(plan)
        return replace(block, arrays=tuple(arrays))

    return replace(layout, root=map_tree(layout.root, placed, tuple), words=words)


def select(layout: Layout, names: Collection[str] | None) -> Block | Composite:
    """Reduce the plan to the chosen members, and columns of tables.

    Without `names` all are loaded but large field data (`Layout.only_chosen`).
    With only one grid's arrays left, a collection that the names suggested becomes that grid itself.

    Raises
    ------
    OptionError
        A name that the file does not have.
    """
    names = layout.default_names if names is None else names
    unknown = [name for name in names if name not in layout.member_of]
    if unknown:
        raise OptionError(f"no array {unknown[0]!r} in the file; it has {', '.join(layout.names) or 'none'}.")
    names = set(names)
    columns: dict[str, tuple[str, ...]] = {}
    for member in layout.members:
        own = layout.columns.get(member, {})
        if member in names or (own and names.issuperset(own)):
            columns[member] = ()
        elif not names.isdisjoint(own):
            columns[member] = tuple(column for name, column in own.items() if name in names)
    if len(columns) == len(layout.members) and not any(columns.values()):
        return layout.root
    taken = names.union(*(layout.columns.get(member, ()) for member, some in columns.items() if not some))
    everything = taken.union(layout.beyond_many).issuperset(layout.default_names)
    return _select(layout.root, columns, bare=everything)


def _select(node: Block | Composite, columns: Mapping[str, tuple[str, ...]], *, bare: bool) -> Block | Composite:
    """Reduce a plan to some columns of members, none named: all; `bare`: keep blocks that never had arrays."""

    def chosen(plans: tuple[ArrayPlan, ...]) -> tuple[ArrayPlan, ...]:
        return tuple(plan._replace(columns=columns[plan.member]) for plan in plans if plan.member in columns)

    def reduced(block: Block) -> Block:
        return replace(block, arrays=chosen(block.arrays), field_data=chosen(block.field_data))

    if isinstance(node, Block):
        return reduced(node)
    made: Composite = map_tree(node, reduced, chosen)
    if made.fixed or made.type != COLLECTION:
        return made
    kept = tuple(
        child
        for child, whole in zip(made.children, node.children)
        if any(block.arrays for block in blocks_of(child.data))
        or (bare and not any(block.arrays for block in blocks_of(whole.data)))
    )
    kept = kept or made.children[:1]
    if len(kept) > 1:
        return replace(made, children=kept)
    block = blocks_of(kept[0].data)[0]
    return replace(block, field_data=(*block.field_data, *made.field_data))


def columns_of(root: Block | Composite, specs: Mapping[str, ArraySpec]) -> dict[str, dict[str, str]]:
    """List the columns of structured members that became tables, by the names that the table shows."""
    taken = {plan.member for plan in plans_of(root)}
    found: dict[str, dict[str, str]] = {}
    for plan in (plan for block in blocks_of(root) if block.kind.has_rows for plan in block.arrays):
        fields = specs[plan.member].dtype.names
        listed = dict.fromkeys(record.path[0] for record in plan.records if record.path and fields) or fields or ()
        columns = {f"{plan.member}.{name}" if plan.prefix else name: name for name in listed}
        # A column called like something else could not be chosen.
        if columns and (taken.isdisjoint(columns) or set(columns) == {plan.member}):
            found.setdefault(plan.member, {}).update(columns)
            taken.update(columns)
    return found


def large_fields(root: Block | Composite, specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the field data that is loaded only when it is chosen, in file order."""
    nothing_else = isinstance(root, Block) and root.kind.has_rows and not root.arrays
    fields = set() if nothing_else else {plan.member for plan in root.field_data}
    return tuple(
        name
        for name, spec in specs.items()
        if name in fields and math.prod(spec.shape) * spec.dtype.itemsize > LARGE_FIELD
    )


def beyond_many(
    root: Block | Composite, columns: Mapping[str, Mapping[str, str]], aside: Collection[str]
) -> tuple[str, ...]:
    """Name the arrays, and columns of tables, that ParaView shall load only where they are chosen.

    The first `MANY_ARRAYS` are left, without those set `aside` already: what is seen most goes first, field data last.
    """
    beyond: list[str] = []
    count = tables = 0
    for block in sorted(blocks_of(root), key=prominence, reverse=True):
        tables += block.kind.has_rows
        most = min(MANY_ARRAYS, math.isqrt(MOST_COMPARED // max(tables, 1)))
        names = [name for plan in block.arrays for name in columns.get(plan.member, [plan.member])]
        beyond += names[max(most - count, 0) :]
        count += min(len(names), max(most - count, 0))
    fields = [plan.member for plan in root.field_data if plan.member not in aside]
    return (*beyond, *fields[max(MANY_ARRAYS - count, 0) :])


def prominence(block: Block) -> tuple[bool, bool, int]:
    """Order blocks by how much of their values is seen when all are drawn."""
    return bool(block.arrays), not block.kind.has_rows, math.prod(block.dims)


def check_sizes(layout: Layout, specs: Mapping[str, ArraySpec]) -> None:
    """Check a plan against what VTK can count.

    Raises
    ------
    UnsupportedError
        VTK cannot number what is planned, or it takes memory where the file has no items.
    """
    if layout.steps > MAX_STEPS:
        raise UnsupportedError(
            f"{layout.steps} time steps; at most {MAX_STEPS} can be listed. Name other Axes, or choose "
            "DataSetType Table."
        )
    for block in blocks_of(layout.root):
        # VTK makes coordinates for each index along an axis, also where there are no points.
        most = MAX_POINTS if all(block.dims) else MAX_EMPTY
        if block.is_grid and (max(block.dims) > most or max(block.extent) >= MAX_POINTS):
            first = f" from index {block.first}" if any(block.first) else ""
            raise UnsupportedError(
                f"a grid of {' x '.join(map(str, block.dims))} points{first} has more along one axis than VTK can "
                "count. Choose DataSetType Table or Points, or other Axes."
            )
        for plan in (*block.arrays, *block.field_data):
            spec = specs[plan.member]
            widest = max((math.prod(leaf.shape) for leaf in leaves(spec.dtype)), default=1) if spec.dtype.names else 1
            count = math.prod(plan.components(spec.shape)) * widest * (2 if spec.dtype.kind == "c" else 1)
            if count > MAX_COMPONENTS:
                raise UnsupportedError(
                    f"{plan.member!r} would have {count} components, more than VTK can number. Name other Axes."
                )
