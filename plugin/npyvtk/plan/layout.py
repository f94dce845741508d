"""What a file becomes: the frozen plan that reading follows, and the arithmetic of windows on it.

Pure planning: no I/O and no VTK.
A `Layout` says which members become which dataset, on which points, cells or rows, along which axes.
`conventions` makes one from names and shapes, `described` from the writer's own description; `datasets`
builds what it says.
Here stand the plan itself, the choice of arrays in it, and the translation of a window of a grid (VOI, sample
rate, piece, time step) into selections of members.

Grid indices count points from 0 along x, y and z, whatever the order in the file; cells carry the index of
their lowest point.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..vtk.arrays import COMPLEX_AS, is_rounded, leaves
from .axes import Axis, format_axes
from .dates import seconds
from ..errors import OptionError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ..files.store import ArraySpec

__all__ = [
    "ArrayPlan",
    "Block",
    "Composite",
    "Geometry",
    "Layout",
    "ReadOptions",
    "Window",
    "blocks_of",
    "check_sizes",
    "select",
    "tell_changes",
    "time_values",
]

DATASET_TYPES = ("Auto", "Image", "Rectilinear Grid", "Structured Grid", "Points", "Mesh", "Table")
ASSOCIATIONS = ("Auto", "Point Data", "Cell Data")
MAX_POINTS = 2**31 - 1  # along one axis of a grid: VTK's extents are C ints
MAX_EMPTY = 1 << 20  # the same for a grid without points, which a file of no size can ask for
MAX_COMPONENTS = 2**31 - 1  # of an array: also a C int
MAX_STEPS = 1 << 20  # ParaView keeps and lists the time of each
GRIDS = ("Image", "Rectilinear Grid", "Structured Grid")
WHOLE_AXIS = (0, -1)  # in a VOI
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)

# Choices that only loading follows: what was planned from a file stays as it is.
LOADING = ("complex_as", "voi", "sample_rate", "memory_limit", "memory_map")

Triple = tuple  # of three numbers, x y z


def _words(name: str) -> str:
    """Name an option as the panel does, so that its search field finds it."""
    return {"voi": "VOI", "dataset_type": "Data Set Type"}.get(name) or name.title().replace("_", " ")


@dataclass(frozen=True)
class ReadOptions:
    """The choices of a user; the defaults leave everything to the file."""

    axes: str = "auto"  # comma separated axes strings; an array takes the one of its own length
    dataset_type: str = "Auto"  # one of DATASET_TYPES
    association: str = "Auto"  # one of ASSOCIATIONS
    origin: Triple | None = None  # x y z, world units
    spacing: Triple | None = None  # x y z, world units
    direction: tuple[float, ...] | None = None  # 9, rows of the 3x3 matrix index -> world
    ignore_file_geometry: bool = False  # origin, spacing and direction of the file do not count
    array_name: str = ""  # of the array of a .npy; "": the stem of the file's name
    complex_as: str = "Components"  # one of arrays.COMPLEX_AS
    voi: tuple[int, ...] | None = None  # point indices x0 x1 y0 y1 z0 z1, both ends included; 0 -1: a whole axis
    sample_rate: Triple = (1, 1, 1)  # every n-th point along x, y, z
    memory_limit: int | None = None  # bytes that one request may take
    memory_map: bool = False  # share the file's pages instead of copying

    def __post_init__(self) -> None:
        for name, legal in (
            ("dataset_type", DATASET_TYPES),
            ("association", ASSOCIATIONS),
            ("complex_as", COMPLEX_AS),
        ):
            if getattr(self, name) not in legal:
                raise OptionError(f"{_words(name)} is {getattr(self, name)!r}; it must be one of {', '.join(legal)}.")
        if not isinstance(self.axes, str):
            raise OptionError(f"Axes is {self.axes!r}; it must be text such as zyx, or auto.")
        if not isinstance(self.array_name, str):
            raise OptionError(f"ArrayName is {self.array_name!r}; it must be text.")
        for name, count in (("origin", 3), ("spacing", 3), ("direction", 9), ("voi", 6), ("sample_rate", 3)):
            value = getattr(self, name)
            if value is None and name != "sample_rate":
                continue
            whole = name in ("voi", "sample_rate")
            try:
                numbers = np.asarray(value).ravel()
                fits = numbers.size == count and numbers.dtype.kind in ("iu" if whole else "iuf")
            except (ValueError, TypeError):
                fits = False
            if not fits or not np.all(np.isfinite(numbers)):
                kind = "whole numbers" if whole else "finite numbers"
                raise OptionError(f"{_words(name)} is {value!r}; it must be {count} {kind}.")
            object.__setattr__(self, name, tuple(numbers.tolist()))
        if self.voi == 3 * WHOLE_AXIS:
            object.__setattr__(self, "voi", None)
        if any(rate < 1 for rate in self.sample_rate):
            raise OptionError(f"Sample Rate is {self.sample_rate}; each of its three numbers must be 1 or more.")

    def plans_like(self, other: ReadOptions) -> bool:
        """Whether a file becomes the same plan with these choices as with `other`."""
        return self == replace(other, **{name: getattr(self, name) for name in LOADING})


@dataclass(frozen=True)
class Geometry:
    """How indices of an image become places: origin + direction @ (spacing * index)."""

    origin: Triple = (0.0, 0.0, 0.0)  # x y z, world units
    spacing: Triple = (1.0, 1.0, 1.0)  # x y z, world units, positive
    direction: tuple[float, ...] = IDENTITY  # rows of the 3x3 matrix

    def place(self, index: tuple[int, ...]) -> Triple:
        """Return where the point with this index lies, x y z."""
        # Plain sums: what stands in a file must come out alike on every machine, to the last bit.
        scaled = [float(s) * i for s, i in zip(self.spacing, index)]
        return tuple(
            float(self.origin[k]) + sum(float(self.direction[3 * k + j]) * scaled[j] for j in range(3))
            for k in range(3)
        )

    def replaced(
        self, origin: Triple | None, spacing: Triple | None, direction: tuple[float, ...] | None
    ) -> Geometry:
        """Return the geometry with what is not None; a negative spacing turns its axis around.

        Raises
        ------
        OptionError
            A spacing of 0, or a direction without an inverse.
        """
        origin = self.origin if origin is None else origin
        spacing = self.spacing if spacing is None else spacing
        direction = self.direction if direction is None else direction
        if tuple(spacing) == tuple(self.spacing) and tuple(direction) == tuple(self.direction):
            # As VTK had it: a flat image may have a spacing of 0.
            return replace(self, origin=tuple(float(v) for v in origin))
        if any(s == 0 or not np.isfinite(s) for s in spacing):
            raise OptionError(f"Spacing is {tuple(spacing)}; each of its three numbers must be finite and not 0.")
        matrix = np.array(direction, float).reshape(3, 3)
        if not np.all(np.isfinite(matrix)) or np.linalg.det(matrix) == 0:
            raise OptionError(f"Direction {tuple(direction)} has no inverse; it must be a 3x3 matrix of full rank.")
        # VTK wants positive spacing; the sign belongs to the direction of the axis.
        return Geometry(
            tuple(float(v) for v in origin),
            tuple(abs(float(v)) for v in spacing),
            tuple(float(v) + 0.0 for v in (matrix * np.sign(spacing)).ravel()),
        )


def chosen_geometry(of_file: Geometry, options: ReadOptions) -> Geometry:
    """Return the geometry that applies: the user's choices, else the file's own, which may be left aside.

    Raises
    ------
    OptionError
        A choice is no geometry, see `Geometry.replaced`.
    """
    base = Geometry() if options.ignore_file_geometry else of_file
    return base.replaced(options.origin, options.spacing, options.direction)


class Part(NamedTuple):
    """One VTK array made from a member, where the file describes it."""

    name: str | None  # None: the array has no name
    path: tuple[str, ...] = ()  # field of a structured member
    component_names: tuple[str | None, ...] = ()
    active: tuple[str, ...] = ()  # attributes that it is active for, such as Scalars
    kind: str = ""  # VTK class, where the dtype does not tell it
    units: str = ""


class ArrayPlan(NamedTuple):
    """One member of the file in its place."""

    member: str  # name in the file
    axes: tuple[Axis, ...]  # one per axis of the member
    association: str = "point"  # point, cell, row or field
    prefix: bool = True  # fields of a structured dtype carry the member's name
    parts: tuple[Part, ...] = ()  # what the file itself says of the VTK arrays made from the member
    columns: tuple[str, ...] = ()  # fields of a structured dtype to load; none named: all

    @property
    def letters(self) -> str:
        """Letters of its axes, without signs."""
        return "".join(axis.letter for axis in self.axes)

    def length(self, letter: str, shape: tuple[int, ...]) -> int:
        """Return the length of the axis `letter` of the member's `shape`; 1 where it has none."""
        lengths = [n for axis, n in zip(self.axes, shape) if axis.letter == letter]
        return lengths[0] if lengths else 1

    def components(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of the component axes."""
        return tuple(n for axis, n in zip(self.axes, shape) if axis.letter == "c")

    def steps(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Lengths of the time axes."""
        return tuple(n for axis, n in zip(self.axes, shape) if axis.letter == "t")

    def step_axes(self, shape: tuple[int, ...]) -> tuple[Axis, ...]:
        """Return the axes of one time step: time axes only where the file has no more than that."""
        return self.axes if set(self.steps(shape)) <= {1} else tuple(a for a in self.axes if a.letter != "t")

    def slowest(self, fortran_order: bool) -> str:
        """Return the spatial letter that varies slowest in the file."""
        axes = reversed(self.axes) if fortran_order else self.axes
        return next((axis.letter for axis in axes if axis.letter in "xyzn"), "z")


@dataclass(frozen=True)
class Block:
    """One dataset of the plan."""

    kind: str  # one of DATASET_TYPES but Auto, or "Poly Data"
    name: str = ""  # in a collection
    dims: Triple = (0, 0, 0)  # points along x, y, z of a grid
    first: Triple = (0, 0, 0)  # index of the first point along x, y, z
    origin: Triple = (0.0, 0.0, 0.0)
    spacing: Triple = (1.0, 1.0, 1.0)
    direction: tuple[float, ...] = IDENTITY
    count: int = 0  # points of a point set or mesh, rows of a table
    cells: int = 0  # cells of a mesh
    cell_type: int | None = None  # VTK's number, where all cells are of one type
    roles: Mapping[str, ArrayPlan] = field(default_factory=dict)  # geometry and topology
    arrays: tuple[ArrayPlan, ...] = ()
    fields: tuple[ArrayPlan, ...] = ()

    @property
    def cells_or_points(self) -> int:
        """How many cells a mesh has; a point set has one vertex per point."""
        return self.count if self.kind == "Points" else self.cells

    @property
    def is_grid(self) -> bool:
        """Whether points are addressed by x, y and z indices."""
        return self.kind in GRIDS

    @property
    def geometry(self) -> Geometry:
        """Origin, spacing and direction in one."""
        return Geometry(self.origin, self.spacing, self.direction)

    def placed(self, geometry: Geometry) -> Block:
        """Return the block with another geometry."""
        return replace(self, origin=geometry.origin, spacing=geometry.spacing, direction=geometry.direction)

    def window(self, extent: tuple[int, ...], association: str = "point", step: int = 0) -> Window:
        """Return the window of the points, or cells, of `extent` in indices from 0."""
        ranges = {}
        for letter, first, n, lo, hi in zip("xyz", self.first, self.dims, extent[::2], extent[1::2]):
            start, stop = lo - first, hi + 1 - first
            if association == "cell" and hi >= lo:
                # A flat extent lies in the layer above it, or in the last one.
                start = min(start, max(n - 2, 0))
                stop = max(stop - 1, start + 1)
            ranges[letter] = (start, max(stop, start), 1)
        return Window(ranges, step)

    @property
    def extent(self) -> tuple[int, ...]:
        """x0 x1 y0 y1 z0 z1 in points, both ends included; 0 -1 along an empty axis."""
        if max(lo + n for lo, n in zip(self.first, self.dims)) > MAX_POINTS:
            raise UnsupportedError(
                f"a grid of {' x '.join(map(str, self.dims))} points has more along one axis than VTK can count "
                f"({MAX_POINTS}). Choose the Data Set Type Table or Points, or other Axes."
            )
        return tuple(v for lo, n in zip(self.first, self.dims) for v in (lo, lo + n - 1))


@dataclass(frozen=True)
class Composite:
    """A tree of datasets."""

    type: str  # vtkPartitionedDataSetCollection, vtkPartitionedDataSet or vtkMultiBlockDataSet
    children: tuple[tuple[str | None, Block | Composite | None], ...]
    fields: tuple[ArrayPlan, ...] = ()
    assembly: str | None = None  # XML of a vtkDataAssembly
    fixed: bool = False  # written by us: the structure stays whatever arrays are chosen


@dataclass(frozen=True)
class Layout:
    """The plan for one file."""

    root: Block | Composite
    lines: Mapping[str, str]  # what was found and assumed, per array, in file order
    notes: tuple[str, ...] = ()  # remarks that belong to no array
    steps: int = 1  # time steps in this file
    times: tuple[float, ...] | None = None  # one value per step, where the file has them
    clock: np.ndarray | None = None  # (steps,) the same as they stand in the file, where that is not float64
    geometry: Geometry = Geometry()  # of images, as the file has it, before the user's choices
    placed_by: Mapping[str, np.ndarray] = field(default_factory=dict)  # the members that say so
    only_chosen: tuple[str, ...] = ()  # large field data, which is loaded only where its name is chosen
    columns: Mapping[str, tuple[str, str]] = field(default_factory=dict)  # of structured tables: name -> member, field

    @property
    def members(self) -> tuple[str, ...]:
        """Members with data, in file order: all but geometry."""
        chosen = {plan.member for plan in _plans(self.root)}
        return tuple(name for name in self.lines if name in chosen)

    @property
    def names(self) -> tuple[str, ...]:
        """What can be chosen, in file order: each member with data, of a structured table each column."""
        columns: dict[str, list[str]] = {}
        for name, (member, _field) in self.columns.items():
            columns.setdefault(member, []).append(name)
        return tuple(name for member in self.members for name in columns.get(member, [member]))

    @property
    def default_names(self) -> tuple[str, ...]:
        """What is loaded when nobody chooses: all of `names` but large field data."""
        return tuple(name for name in self.names if name not in self.only_chosen)


def blocks_of(node: Block | Composite | None) -> Iterator[Block]:
    """List all datasets of a tree."""
    if isinstance(node, Block):
        yield node
    elif node is not None:
        for _name, child in node.children:
            yield from blocks_of(child)


def _plans(node: Block | Composite | None) -> Iterator[ArrayPlan]:
    if isinstance(node, Block):
        yield from node.arrays
        yield from node.fields
    elif node is not None:
        yield from node.fields
        for _name, child in node.children:
            yield from _plans(child)


def columns_of(root: Block | Composite, specs: Mapping[str, ArraySpec]) -> dict[str, tuple[str, str]]:
    """List the columns of structured members that became tables, by the names that the table shows."""
    members = {plan.member for plan in _plans(root)}
    found: dict[str, tuple[str, str]] = {}
    for plan in (plan for block in blocks_of(root) if block.kind == "Table" for plan in block.arrays):
        listed = dict.fromkeys(part.path[0] for part in plan.parts if part.path) or specs[plan.member].dtype.names or ()
        columns = {f"{plan.member}.{name}" if plan.prefix else name: (plan.member, name) for name in listed}
        # A column called like something else could not be chosen.
        if not (set(columns) & (members | set(found))) or set(columns) == {plan.member}:
            found.update(columns)
    return found


def select(layout: Layout, names: Collection[str] | None) -> Block | Composite:
    """Reduce the plan to the chosen members, and columns of tables.

    Without `names` all are loaded but large field data (`Layout.only_chosen`).
    With only one grid's arrays left, a collection that the names suggested becomes that grid itself.

    Raises
    ------
    OptionError
        A name that the file does not have.
    """
    if names is None:
        names = layout.default_names
    unknown = [name for name in names if name not in layout.lines and name not in layout.columns]
    if unknown:
        raise OptionError(f"no array {unknown[0]!r} in the file; it has {', '.join(layout.names) or 'none'}.")
    whole = set(names) & set(layout.members)
    columns: dict[str, tuple[str, ...]] = dict.fromkeys(whole, ())
    for name, (member, column) in layout.columns.items():
        if name in names and member not in whole:
            columns[member] = (*columns.get(member, ()), column)
    if set(layout.default_names) <= set(names) or set(layout.members) <= whole.union(layout.only_chosen):
        return _without_fields(layout.root, set(layout.only_chosen).difference(names))  # also blocks without arrays
    return _select(layout.root, columns)


def _without_fields(node: Block | Composite, names: Collection[str]) -> Block | Composite:
    """Leave out field data of the outermost dataset."""
    if not names:
        return node
    return replace(node, fields=tuple(plan for plan in node.fields if plan.member not in names))


def _select(node: Block | Composite, columns: Mapping[str, tuple[str, ...]]) -> Block | Composite:
    def chosen(plans: tuple[ArrayPlan, ...]) -> tuple[ArrayPlan, ...]:
        return tuple(plan._replace(columns=columns[plan.member]) for plan in plans if plan.member in columns)

    if isinstance(node, Block):
        return replace(node, arrays=chosen(node.arrays), fields=chosen(node.fields))
    children = tuple((name, child and _select(child, columns)) for name, child in node.children)
    fields = chosen(node.fields)
    if node.fixed or node.type != "vtkPartitionedDataSetCollection":
        return replace(node, children=children, fields=fields)
    kept = [(name, child) for name, child in children if any(True for b in blocks_of(child) if b.arrays)]
    kept = kept or list(children[:1])
    if len(kept) == 1:
        block = next(blocks_of(kept[0][1]))
        return replace(block, fields=(*block.fields, *fields))
    return replace(node, children=tuple(kept), fields=fields)


# ---------------------------------------------------------------------------------------------------
# windows


class Window(NamedTuple):
    """A regular part of a grid, or a range of points, cells or rows.

    ``ranges[letter]`` is ``(start, stop, step)`` in indices of the whole, for x, y, z or n.
    A letter that is not in `ranges` is taken whole.
    """

    ranges: Mapping[str, tuple[int, int, int]]
    step: int = 0  # time step

    def selection(self, plan: ArrayPlan, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """Translate the window into slices of the member, one per axis, all with positive steps."""
        times = plan.steps(shape)
        step = min(self.step, int(np.prod(times, dtype=object)) - 1) if times else 0
        now = iter(np.unravel_index(max(step, 0), times)) if times and min(times) else iter([0] * len(times))
        found = []
        for axis, n in zip(plan.axes, shape):
            if axis.letter == "t":
                k = int(next(now))
                k = n - 1 - k if axis.reverse else k
                found.append(slice(k, k + 1, 1))
                continue
            start, stop, stride = self.ranges.get(axis.letter, (0, n, 1))
            count = len(range(start, stop, stride))
            if axis.reverse and count:
                start = n - 1 - (start + (count - 1) * stride)
            found.append(slice(start, start + (count - 1) * stride + 1 if count else start, stride))
        return tuple(found)

    def space(self, plan: ArrayPlan, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Canonical spatial shape of what the window takes: (nz, ny, nx) or (n,)."""
        letters = "n" if "n" in plan.letters else "zyx"
        return tuple(
            len(range(*self.ranges.get(letter, (0, plan.length(letter, shape), 1)))) if letter in plan.letters else 1
            for letter in letters
        )


class Sampling(NamedTuple):
    """How the points of an output grid lie in the grid of the file: every `rate`-th from `start`."""

    start: Triple = (0, 0, 0)  # x y z, point index in the file's grid
    rate: Triple = (1, 1, 1)

    def window(self, whole: Block, block: Block, extent: tuple[int, ...], association: str, step: int) -> Window:
        """Translate an extent of the sampled `block` into a window of the `whole` grid of the file."""
        own = block.window(extent, association, step)
        ranges = {}
        for k, letter in enumerate("xyz"):
            start, stop, _ = own.ranges[letter]
            lo = self.start[k] + self.rate[k] * start
            count = stop - start
            if association == "cell":
                lo = min(lo, max(whole.dims[k] - 2, 0))
            ranges[letter] = (lo, lo + (count - 1) * self.rate[k] + 1 if count else lo, self.rate[k])
        return Window(ranges, step)


def sample(block: Block, options: ReadOptions) -> tuple[Block, Sampling]:
    """Reduce a grid to its VOI and sample rate.

    An axis that is not thinned keeps its indices, so that a VOI of a VOI means what it says; a thinned one
    counts from 0, and the origin moves to its first point.

    Raises
    ------
    OptionError
        The VOI has no point of the grid.
    """
    rate = tuple(int(r) for r in options.sample_rate)
    voi = options.voi or 3 * WHOLE_AXIS
    pairs = zip(voi[::2], voi[1::2], block.extent[::2], block.extent[1::2])
    voi = tuple(v for *chosen, lo, hi in pairs for v in ((lo, hi) if tuple(chosen) == WHOLE_AXIS else chosen))
    if not all(block.dims) or (tuple(voi) == block.extent and rate == (1, 1, 1)):
        return block, Sampling()
    start, dims, first = [], [], []
    for k, (lo, hi) in enumerate(zip(voi[::2], voi[1::2])):
        low, high = max(lo, block.extent[2 * k]), min(hi, block.extent[2 * k + 1])
        if low > high:
            raise OptionError(
                f"VOI {voi} has no point of the grid, whose extent is {block.extent}. "
                f"Choose {'xyz'[k]} between {block.extent[2 * k]} and {block.extent[2 * k + 1]}."
            )
        start.append(low - block.first[k])
        dims.append((high - low) // rate[k] + 1)
        first.append(low if rate[k] == 1 else 0)
    index = tuple(start[k] + block.first[k] if rate[k] > 1 else 0 for k in range(3))
    spacing = tuple(s * r for s, r in zip(block.spacing, rate))
    sampled = replace(
        block,
        dims=tuple(dims),
        first=tuple(first),
        origin=block.geometry.place(index),
        spacing=spacing,
    )
    return sampled, Sampling(tuple(start), rate)


def slab(extent: tuple[int, ...], axis: int, number: int, count: int, ghosts: int = 0) -> tuple[int, ...]:
    """Return the part of `extent` that piece `number` of `count` produces: a slab of cells.

    Parameters
    ----------
    axis : int
        0 1 2 for x y z: the one that varies slowest in the file, so that each rank reads one contiguous range.
        Where it has fewer cells than there are pieces, slabs are cut along the next slower axis as well, so
        that what a rank reads still lies in long runs.
    ghosts : int
        Layers of neighbouring cells to add on all sides.

    Returns
    -------
    (6,) ints
        Neighbours share a plane of points; 0 -1 0 -1 0 -1 when there is nothing left for the piece.
    """
    cells = [hi - lo for lo, hi in zip(extent[::2], extent[1::2])]
    empty = (0, -1, 0, -1, 0, -1)
    if min(cells) < 0:
        return empty
    axes = [k for k in ((0, 1, 2), (1, 0, 2), (2, 1, 0))[axis] if cells[k]][:2]
    if not axes:  # a single point
        return tuple(extent) if number == 0 else empty
    parts = _parts(count, *(cells[k] for k in axes))
    used = math.prod(parts)
    place = used * number // count
    if place == used * (number + 1) // count:
        return empty
    cut = list(extent)
    for k, own, parts_of_axis in zip(axes, divmod(place, parts[1]), parts):
        lo, n = extent[2 * k], cells[k]
        first, last = n * own // parts_of_axis, n * (own + 1) // parts_of_axis
        cut[2 * k], cut[2 * k + 1] = lo + max(first - ghosts, 0), lo + min(last + ghosts, n)
    return tuple(cut)


@functools.lru_cache(maxsize=64)
def _parts(count: int, slow: int, fast: int = 0) -> tuple[int, int]:
    """Cut `slow` x `fast` cells into at most `count` parts: slabs, or bars whose largest has the fewest points."""
    if slow >= count or not fast:
        return min(slow, count), 1
    ways = [(k, min(count // k, fast)) for k in range(slow, 0, -1)]
    return min(ways, key=lambda way: (-(-slow // way[0]) + 1) * (-(-fast // way[1]) + 1))


def check_sizes(layout: Layout, specs: Mapping[str, ArraySpec]) -> None:
    """Refuse a plan that VTK cannot number, or that takes memory where the file has no items.

    Raises
    ------
    UnsupportedError
    """
    if layout.steps > MAX_STEPS:
        raise UnsupportedError(
            f"{layout.steps} time steps; at most {MAX_STEPS} can be listed. Name other Axes, or choose the "
            "Data Set Type Table."
        )
    for block in blocks_of(layout.root):
        # VTK makes coordinates for each index along an axis, also where there are no points.
        if block.is_grid and max(block.dims) > (MAX_POINTS if all(block.dims) else MAX_EMPTY):
            raise UnsupportedError(
                f"a grid of {' x '.join(map(str, block.dims))} points has more along one axis than VTK can count. "
                "Choose the Data Set Type Table or Points, or other Axes."
            )
        for plan in (*block.arrays, *block.fields):
            spec = specs[plan.member]
            widest = max((math.prod(leaf.shape) for leaf in leaves(spec.dtype)), default=1)
            count = math.prod(plan.components(spec.shape)) * widest * (2 if spec.dtype.kind == "c" else 1)
            if count > MAX_COMPONENTS:
                raise UnsupportedError(
                    f"{plan.member!r} would have {count} components, more than VTK can number. Name other Axes."
                )


def tell_changes(layout: Layout, specs: Mapping[str, ArraySpec]) -> Layout:
    """Say in the lines of members what does not come back as it was, because VTK cannot hold it.

    Its numbers are float64 at most, and so are its positions; its data has one time step.
    """
    roles = [(block, role, plan.member) for block in blocks_of(layout.root) for role, plan in block.roles.items()]
    positions = {
        member for block, role, member in roles if role in ("points", *"xyz") and block.kind != "Rectilinear Grid"
    }
    lines = dict(layout.lines)
    for name in {plan.member for plan in _plans(layout.root)}.union(member for _, _, member in roles):
        dtype = specs[name].dtype
        wide = next((one.dtype.name for one in leaves(dtype) if is_rounded(one.dtype)), None)
        if wide is not None:
            lines[name] += f"; {wide} is rounded to float64, and saved as {wide} again"
        elif name in positions and dtype.kind in "iu" and dtype.itemsize == 8:
            lines[name] += "; positions are float64, which rounds whole numbers beyond 2**53"
    for plan in {plan.member: plan for plan in _plans(layout.root)}.values():
        steps = plan.steps(specs[plan.member].shape)
        if not set(steps) <= {1} and (len(steps) > 1 or plan.axes[0] != Axis("t")):
            lines[plan.member] += "; saved as Stacked, its time steps are along one first axis t"
    return replace(layout, lines=lines)


def time_values(values: np.ndarray) -> tuple[tuple[float, ...], np.ndarray | None]:
    """Return the times that a member holds, and (steps,) the same as they stand there, where that is not float64.

    Dates are seconds since the first of them, durations seconds; NaT is NaN.
    """
    values = np.atleast_1d(values)
    numbers = seconds(values) if values.dtype.kind in "mM" else values
    clock = None if values.dtype == np.float64 else values
    return tuple(numbers.astype(np.float64).tolist()), clock


def describe_geometry(geometry: Geometry, sources: Mapping[str, tuple[str, ...]], options: ReadOptions) -> str:
    """Say in words where an image lies.

    Parameters
    ----------
    geometry : Geometry
        That applies.
    sources : mapping
        origin, spacing, direction -> the members of the file that say it.
    options : ReadOptions
        The user's choices go before the file.
    """
    words = []
    for name, default in (("origin", (0.0,) * 3), ("spacing", (1.0,) * 3), ("direction", IDENTITY)):
        numbers = tuple(getattr(geometry, name))
        whose = ""
        if getattr(options, name) is not None:
            whose = f" (your {name.title()})"
        elif name in sources and not options.ignore_file_geometry:
            whose = f" (from {', '.join(sources[name])})"
        if name != "direction" or numbers != default:
            words.append(f"{name} {' '.join(f'{v + 0.0:.10g}' for v in numbers)}{whose}")
    return ", ".join(words)


def describe_plan(plan: ArrayPlan, spec: ArraySpec, place: str) -> str:
    """One line of Interpretation."""
    axes = f"axes {format_axes(plan.axes)}, " if plan.axes else ""
    return f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, {axes}{place}"


def dtype_name(dtype: np.dtype) -> str:
    """Name a dtype in words: ``float32``, ``float64 big-endian``, ``structured (x, y)``, ``U5``."""
    if dtype.names is not None:
        return f"structured ({', '.join(dtype.names)})"
    if dtype.kind in "SU":
        return dtype.str[1:]  # NumPy's name of U5 is str160, which counts bits
    return f"{dtype.name}{'' if dtype.isnative else ' ' + foreign_order(dtype)}"


def foreign_order(dtype: np.dtype) -> str:
    """Name the byte order of a dtype that is not the machine's."""
    return "big-endian" if dtype.byteorder == ">" else "little-endian"
