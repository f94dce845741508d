"""The reading story: describe a file, then load a part of it.

`describe` opens a file, reads its headers and the few members that planning needs, and returns the plan;
`load` follows the plan for one time step, one window and one piece.
`read` and `to_vtk` are the same for scripts.
Nothing is kept open between the calls.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataAssembly, vtkDataObject

from .plan import planner as conventions, by_description as described, description as schema
from .files.source import printable
from .vtk.arrays import (
    Destination,
    common_memory,
    copy_as,
    dump_time,
    leaves,
    remember_ids,
    share,
    share_memory,
    to_vtk_array,
    vtk_dtype,
    why_not,
)
from .vtk.datasets import (
    CLASSES,
    ID_DTYPE,
    activate_first,
    add_array,
    coordinate_values,
    new_dataset,
    new_grid,
    position_dtype,
    positions_of,
    put_cells,
    put_coordinates,
    put_points,
    put_poly_cells,
    read_cells,
)
from .errors import FormatError, LimitError, NumPyIOError, OptionError, UnsupportedError
from .parallel.ghosts import loose_points, put_ghosts, surround
from .plan.layout import (
    GRIDS,
    ArrayPlan,
    Block,
    Composite,
    Layout,
    ReadOptions,
    Window,
    blocks_of,
    check_sizes,
    chosen_geometry,
    columns_of,
    describe_geometry,
    sample,
    select,
    slab,
    tell_changes,
)
from .plan.geometry import dump_place, placing_of
from .vtk.ranges import hand_over_range
from .files.store import MemoryStore, Request, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from .parallel.ranks import Communicator
    from .files.store import ArraySpec, Progress, Store

    _Arrays = list[tuple[tuple[str, ...], vtkAbstractArray]]  # with the paths of their fields

__all__ = ["Description", "Piece", "describe", "load", "read", "to_vtk"]


class Description(NamedTuple):
    """What is known of a file before its data is read."""

    path: str
    specs: Mapping[str, ArraySpec]
    skipped: Mapping[str, str]  # member -> why it cannot be read
    damaged: tuple[str, ...]  # those of `skipped` that are damaged
    layout: Layout
    lone: bool = False  # a .npy, which holds one array

    @property
    def lines(self) -> tuple[str, ...]:
        """Interpretation, one line per array, then remarks."""
        found = (
            *self.layout.lines.values(),
            *(self._skipped(name, reason) for name, reason in self.skipped.items()),
            *self.layout.notes,
        )
        return tuple(printable(line) for line in found)

    @property
    def complaint(self) -> NumPyIOError | None:
        """What deserves an error line although the rest of the file can be shown; None where nothing does."""
        if self.damaged:
            return _damage([FormatError(self.skipped[name]) for name in self.damaged])
        arrays = [name for name in self.skipped if name.endswith(".npy") or name in self.specs]
        if arrays and all(spec.shape == () or spec.dtype.kind in "SU" for spec in self.specs.values()):
            rest = self._skipped(arrays[0], self.skipped[arrays[0]])
            return UnsupportedError(f"{printable(self.path)}: nothing to show but remarks: {printable(rest)}")
        return None

    def _skipped(self, name: str, reason: str) -> str:
        """One line without the path, which stands above."""
        place = f"{printable(self.path)}: member {printable(name)!r}"
        reason = reason[len(place) :].lstrip(" :") if reason.startswith(place) else reason
        return f"{name.removesuffix('.npy')}: skipped, {reason}"


def _damage(errors: Sequence[NumPyIOError]) -> NumPyIOError:
    """Return one error for all members that are damaged, of which the first is named."""
    more = f"{len(errors) - 1} more are damaged, the" if len(errors) > 1 else "The"
    return type(errors[0])(f"{errors[0]} {more} rest is shown.")


@dataclass(frozen=True)
class Piece:
    """The part of a parallel run that one rank produces."""

    number: int = 0
    count: int = 1
    ghosts: int = 0  # levels of ghost cells around it
    others: Communicator | None = None  # to the ranks with the other pieces, where all load together


def describe(path: str, options: ReadOptions | None = None, name: str | None = None) -> Description:
    """Read the headers of a file and plan what it becomes.

    Parameters
    ----------
    path : str
        A ``.npy`` or ``.npz``; told apart by content.
    name : str, optional
        What to call the array of a ``.npy``; default: the stem of the file's name.

    Raises
    ------
    NumPyIOError
        The file cannot be read, is damaged, or the options do not fit it.
    """
    options = options or ReadOptions()
    with open_store(path, options.array_name or name) as store:
        return _describe(store, options, lone=store.lone)


def _describe(store: Store, options: ReadOptions, *, lone: bool) -> Description:
    specs = {name: spec for name, spec in store.arrays.items() if not why_not(spec.dtype)}
    skipped = dict(store.skipped)
    skipped.update((name, why_not(spec.dtype)) for name, spec in store.arrays.items() if name not in specs)
    if lone and not specs:
        reason = next(iter(skipped.values()))
        raise UnsupportedError(
            f"{printable(store.path)}: cannot be shown: {reason}. Save numbers, strings or a structured array."
        )
    small = {name: store.array(name) for name in conventions.wanted(specs)}
    try:
        layout = _plan(store, specs, small, options, lone)
        notes = (*layout.notes, *_without_effect(layout, options, lone=lone))
        layout = tell_changes(replace(layout, notes=notes, columns=columns_of(layout.root, specs)), specs)
        check_sizes(layout, specs)
    except (OptionError, UnsupportedError) as error:
        raise type(error)(f"{store.path}: {error}") from None
    return Description(store.path, specs, skipped, tuple(store.damaged), layout, lone)


def _without_effect(layout: Layout, options: ReadOptions, *, lone: bool) -> Iterator[str]:
    """Say which choices cannot apply to what the file holds; none is set aside silently."""
    root = layout.root
    kinds = {block.kind for block in blocks_of(root)}
    if options.association != "Auto" and kinds <= {"Table"}:
        yield f"Association {options.association}: without effect, the rows of a table are neither points nor cells"
    placing = [name for name in ("Origin", "Spacing", "Direction") if getattr(options, name.lower()) is not None]
    placing += ["IgnoreFileGeometry"] if options.ignore_file_geometry else []
    if placing and "Image" not in kinds:
        yield f"{', '.join(placing)}: without effect, as there is no image in the file"
    elif placing and isinstance(root, Composite) and root.fixed:
        yield f"{', '.join(placing)}: without effect, as each image in the file has its own geometry"
    part = ["VOI"] if options.voi else []
    part += ["SampleRate"] if options.sample_rate != (1, 1, 1) else []
    if part and not kinds & set(GRIDS):
        yield f"{', '.join(part)}: without effect, as there is no grid in the file"
    if options.array_name and not lone:
        yield "ArrayName: without effect, as the names of the arrays stand in the file"


def _plan(
    store: Store, specs: Mapping[str, ArraySpec], small: dict[str, np.ndarray], options: ReadOptions, lone: bool
) -> Layout:
    notes: tuple[str, ...] = ()
    if not lone and schema.MEMBER in small:
        text = str(small[schema.MEMBER].item())
        left_alone = (options.dataset_type, options.association) == ("Auto", "Auto")
        if schema.is_description(text) and not (left_alone and options.axes.strip() in ("", "auto")):
            # The user's choices go before the description; names and shapes remain.
            specs = {name: spec for name, spec in specs.items() if name != schema.MEMBER}
            small.pop(schema.MEMBER)
            notes = ("vtk: description of the dataset, set aside for your choice",)
        elif schema.is_description(text):
            try:
                small.update((name, store.array(name)) for name in described.wanted(text, specs))
                layout = described.plan(specs, small)
            except (FormatError, UnsupportedError) as error:
                raise type(error)(f"{store.path}: {error}") from None
            root = layout.root
            if not (isinstance(root, Block) and root.kind == "Image"):
                return layout
            placed = chosen_geometry(root.geometry, options)
            line = f"geometry: {describe_geometry(placed, placing_of(layout.placed_by).sources, options)}"
            notes = (line, *layout.notes)
            return replace(layout, root=root.placed(placed), geometry=root.geometry, notes=notes)
        else:
            notes = ("vtk: not the description of a dataset that this plugin writes, read as plain data",)
    layout = conventions.plan(specs, small, options, lone=lone)
    return replace(layout, notes=(*layout.notes, *notes))


# ---------------------------------------------------------------------------------------------------
# loading


def class_name(root: Block | Composite) -> str:
    """Name the VTK class that `load` returns for a plan."""
    return root.type if isinstance(root, Composite) else CLASSES[root.kind]


def load(
    description: Description,
    options: ReadOptions | None = None,
    *,
    arrays: Collection[str] | None = None,
    step: int = 0,
    extent: tuple[int, ...] | None = None,
    piece: Piece | None = None,
    name: str | None = None,
    progress: Progress | None = None,
    complain: Callable[[NumPyIOError], None] | None = None,
) -> vtkDataObject:
    """Read one time step of a described file.

    Parameters
    ----------
    description : Description
        Of the file, with the same options.
    arrays : collection of str, optional
        What to load, of the layout's `names`; default: all but field data above 1 MiB (`Layout.default_names`).
    step : int
        Time step in this file, from 0.
    extent : (6,) ints, optional
        x0 x1 y0 y1 z0 z1 in points, within the grid after VOI and SampleRate; grids only; default: all of it.
    piece : Piece, optional
        For one rank of many; default: the whole.
    progress : callable, optional
        Called with the fraction done; what it raises ends the reading.
    complain : callable, optional
        Called with each error in spite of which the rest can be shown: members that are damaged, or nothing but
        remarks left. Default: damage is raised where it is read, and what was skipped at opening stands in the
        description alone.

    Returns
    -------
    vtkDataObject
        Owns its values; nothing of the file stays open unless ``memory_map`` is on.

    Raises
    ------
    NumPyIOError
        The file is damaged or was changed, or the request is larger than the limit.
    """
    with open_store(description.path, (options and options.array_name) or name) as store:
        return _load(store, description, options, arrays, step, extent, piece, progress, complain)


def _load(
    store: Store,
    description: Description,
    options: ReadOptions | None,
    arrays: Collection[str] | None = None,
    step: int = 0,
    extent: tuple[int, ...] | None = None,
    piece: Piece | None = None,
    progress: Progress | None = None,
    complain: Callable[[NumPyIOError], None] | None = None,
) -> vtkDataObject:
    options = options or ReadOptions()
    if not 0 <= step < description.layout.steps:
        steps = description.layout.steps
        raise OptionError(
            f"{store.path}: there is no time step {step}; the file has "
            + (f"the steps 0 to {steps - 1}." if steps > 1 else "step 0 only.")
        )
    for member, spec in description.specs.items():
        found = store.arrays.get(member)
        if found is None or (found.shape, found.dtype) != (spec.shape, spec.dtype):
            raise FormatError(
                f"{printable(store.path)}: changed since it was opened, reload it: {printable(member)!r} was "
                f"{spec.shape} {spec.dtype}, and is "
                f"{'gone' if found is None else f'{found.shape} {found.dtype}'} now."
            )
    try:
        if complain is not None and description.complaint is not None:
            complain(description.complaint)
        loading = _Loading(store, description, options, step, piece or Piece(), progress, complain)
        return loading.run(select(description.layout, arrays), extent)
    except OptionError as error:
        raise OptionError(f"{store.path}: {error}") from None
    except MemoryError as error:
        if isinstance(error, NumPyIOError):
            raise
        raise LimitError(
            f"{printable(store.path)}: too large, set Sample Rate or a VOI, or choose fewer arrays: the machine has "
            "not enough memory for this part of the file."
        ) from None


class _Loading:
    """One run of `load`: datasets are built first, then all their values are read at once."""

    def __init__(
        self,
        store: Store,
        description: Description,
        options: ReadOptions,
        step: int,
        piece: Piece,
        progress: Progress | None,
        complain: Callable[[NumPyIOError], None] | None,
    ) -> None:
        self.store, self.description, self.options = store, description, options
        self.step, self.piece, self.progress, self.complain = step, piece, progress, complain
        clock = description.layout.clock
        now = 0 if clock is None else min(step, len(clock) - 1)
        time = () if clock is None else dump_time(clock[now, ...], description.layout.times[now])
        root = description.layout.root
        image = isinstance(root, Block) and root.kind == "Image"
        place = dump_place(description.layout.placed_by) if image else ()
        self.memory = common_memory(time=time, place=place)
        self.requests: list[Request] = []
        self.geometry: list[Request] = []  # without which there is no dataset
        self.shared = 0  # arrays that need no reading
        self.pending: list[tuple[str, Destination, np.ndarray | None, Callable[[_Arrays], None]]] = []

    def run(self, root: Block | Composite, extent: tuple[int, ...] | None) -> vtkDataObject:
        self._check_memory(root, extent)
        made = self._composite(root) if isinstance(root, Composite) else self._dataset(root, extent)
        lost = self._read()
        for member, destination, used, put in self.pending:
            if member not in lost:
                put(destination.finish(used))
        if not (isinstance(root, Composite) and root.fixed):
            self._activate(root, made)
        return made

    def _read(self) -> Collection[str]:
        """Read all values; return the members whose bytes are damaged, on this rank or another."""
        if self.complain is None:
            self.store.read_many([*self.geometry, *self.requests], progress=self.progress)
            return ()
        lost: dict[str, str] = {}
        try:
            self.store.read_many([*self.geometry, *self.requests], progress=self.progress)
        except FormatError:
            self.store.read_many(self.geometry)
            for request in self.requests:
                try:
                    self.store.read_many([request], progress=self.progress)
                except FormatError as error:  # noqa: PERF203 - each by itself tells which it is
                    lost.setdefault(request.name, str(error))
        if self.piece.others is not None:
            for said in self.piece.others.all(lost):
                lost = {**said, **lost}
        if lost:
            errors = [FormatError(lost[member]) for member in self.description.specs if member in lost]
            if self.requests and not self.shared and all(request.name in lost for request in self.requests):
                raise errors[0]
            self.complain(_damage(errors))
        return lost

    def _activate(self, root: Block | Composite, made: vtkDataObject) -> None:
        if isinstance(root, Composite) and root.children:
            # Of blocks with different active arrays ParaView takes none of them, but the first array by name.
            k = made.GetNumberOfPartitionedDataSets() - 1
            self._activate(next(blocks_of(root.children[k][1])), made.GetPartitionAsDataObject(k, 0))
        elif made is not None and made.IsA("vtkDataSet") and not any(plan.parts for plan in root.arrays):
            activate_first(made)

    # ---- structure -----------------------------------------------------------------------------

    def _composite(self, node: Composite) -> vtkDataObject:
        made = new_dataset(node.type)
        for k, (name, child) in enumerate(node.children):
            self._put_child(made, k, child)
            if name is not None:
                made.GetMetaData(k).Set(vtkCompositeDataSet.NAME(), name)
        if node.assembly is not None and hasattr(made, "SetDataAssembly"):
            assembly = vtkDataAssembly()
            if assembly.InitializeFromXML(node.assembly):
                made.SetDataAssembly(assembly)
        self._add(made, node.fields, {})
        return made

    def _put_child(self, made: vtkDataObject, k: int, child: Block | Composite | None) -> None:
        if made.IsA("vtkPartitionedDataSetCollection"):
            made.SetNumberOfPartitionedDataSets(max(k + 1, made.GetNumberOfPartitionedDataSets()))
            partitions = child.children if isinstance(child, Composite) else ((None, child),)
            made.SetNumberOfPartitions(k, len(partitions))
            for j, (_name, part) in enumerate(partitions):
                if part is not None:
                    made.SetPartition(k, j, self._any(part))
        elif made.IsA("vtkPartitionedDataSet"):
            made.SetNumberOfPartitions(max(k + 1, made.GetNumberOfPartitions()))
            if child is not None:
                made.SetPartition(k, self._any(child))
        elif made.IsA("vtkMultiPieceDataSet"):
            made.SetNumberOfPieces(max(k + 1, made.GetNumberOfPieces()))
            if child is not None:
                made.SetPiece(k, self._any(child))
        else:
            made.SetNumberOfBlocks(max(k + 1, made.GetNumberOfBlocks()))
            if child is not None:
                made.SetBlock(k, self._any(child))

    def _any(self, node: Block | Composite) -> vtkDataObject:
        return self._composite(node) if isinstance(node, Composite) else self._dataset(node, None)

    def _dataset(self, block: Block, extent: tuple[int, ...] | None) -> vtkDataObject:
        if block.is_grid:
            made = self._grid(block, extent)
        elif block.kind == "Table":
            made = new_dataset(CLASSES[block.kind])
            window = self._range(block.count)
            self._add(made, block.arrays, {"row": window})
        else:
            made = self._mesh(block)
        self._add(made, block.fields, {})
        return made

    def _range(self, count: int) -> Window:
        number, pieces = self.piece.number, self.piece.count
        return Window({"n": (count * number // pieces, count * (number + 1) // pieces, 1)}, self.step)

    def _grid(self, whole: Block, extent: tuple[int, ...] | None) -> vtkDataObject:
        block, sampling = sample(whole, self.options)
        extent, owned = self._grid_extent(block, extent)
        made = new_grid(block, extent)
        point = sampling.window(whole, block, extent, "point", self.step)
        cell = sampling.window(whole, block, extent, "cell", self.step)
        if block.kind == "Rectilinear Grid":
            for k, put in enumerate((made.SetXCoordinates, made.SetYCoordinates, made.SetZCoordinates)):
                self._put_axis(put, block, point, extent, k)
        elif block.kind == "Structured Grid":
            self.geometry += put_coordinates(made, self.store, block, point, extent)
        self._add(made, block.arrays, {"point": point, "cell": cell})
        if owned != extent:
            made.GenerateGhostArray([int(v) for v in owned])
        return made

    def _put_axis(
        self, put: Callable[[vtkAbstractArray], None], block: Block, window: Window, extent: tuple[int, ...], k: int
    ) -> None:
        """Give a rectilinear grid its coordinates along axis `k` of x y z."""
        plan = block.roles.get("xyz"[k])
        if plan is None:
            put(to_vtk_array(coordinate_values(self.store, block, window, extent, k), None))
        else:
            along = Window({"n": window.ranges["xyz"[k]]})
            self._request(plan, along, None, lambda found: put(found[0][1]), self.geometry)

    def _grid_extent(
        self, block: Block, extent: tuple[int, ...] | None
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Extent of this piece, with and without its ghosts."""
        extent = block.extent if extent is None else tuple(extent)
        if self.piece.count <= 1:
            return extent, extent
        letter = "z"
        for plan in block.arrays:
            letter = plan.slowest(self.store.arrays[plan.member].fortran_order)
            break
        axis = "xyz".find(letter)
        owned = slab(extent, axis, self.piece.number, self.piece.count)
        return slab(extent, axis, self.piece.number, self.piece.count, self.piece.ghosts), owned

    def _mesh(self, block: Block) -> vtkDataObject:
        made = new_dataset(CLASSES[block.kind])
        whole = Window({}, self.step)
        ghosts = taken = ids = None
        if self.piece.count <= 1:
            positions, requests = positions_of(self.store, block, whole)
            self.geometry += requests
            cells, point, used = read_cells(self.store, block, 0, block.cells_or_points), whole, None
            cell = whole
        else:
            cell = self._range(block.cells_or_points)
            first, last, _ = cell.ranges["n"]
            layers = self.piece.ghosts if block.cells else 0  # points without cells have no neighbours
            if layers:
                ghosts = surround(self.store, block, first, last, layers)
                cells, taken = ghosts.cells, ghosts.numbers
                if taken.size:
                    cell = Window({"n": (int(taken[0]), int(taken[-1]) + 1, 1)}, self.step)
                    taken = None if taken.size == taken[-1] + 1 - taken[0] else taken - taken[0]
                else:
                    taken = None
            else:
                cells = read_cells(self.store, block, first, last)
            ids = cells.used()
            cells = cells.of_points(ids)
            if block.kind != "Points":  # where every point is a cell
                ids = np.concatenate([ids, self._loose(block, ids)])
            start, stop = (int(ids.min()), int(ids.max()) + 1) if ids.size else (0, 0)
            point = Window({"n": (start, stop, 1)}, self.step)
            positions, requests = positions_of(self.store, block, point)
            self.store.read_many(requests)
            used = None if np.array_equal(ids, np.arange(start, stop)) else ids - start
            positions = positions if used is None else positions[used]
        put_points(made, positions, self.store, block)
        if ids is not None and block.kind != "Points":  # whose pieces share none
            remember_ids(made.GetPoints().GetData(), ids)
        if made.IsA("vtkPolyData"):
            put_poly_cells(made, cells, self.store)
        elif cells.types.size or cells.stamps:
            put_cells(made, cells)
        self._add(made, block.arrays, {"point": point, "cell": cell}, {"point": used, "cell": taken})
        if ghosts is not None:
            put_ghosts(made, ghosts)
        return made

    def _loose(self, block: Block, used: np.ndarray) -> np.ndarray:
        """Return the ids of the points that no cell uses and this piece has; `used` are those of its cells.

        They must come last: VTK's generator of ghost cells, given a mesh with ghosts, takes the points of cells for
        the first ones, and writes beyond its arrays if they are not (seen in VTK 9.2 to 9.6).
        """
        piece = self.piece
        return loose_points(self.store, block, used, piece.number, piece.count, piece.others)

    # ---- values --------------------------------------------------------------------------------

    def _add(
        self,
        dataset: vtkDataObject,
        plans: tuple[ArrayPlan, ...],
        windows: Mapping[str, Window],
        used: Mapping[str, np.ndarray | None] | None = None,
    ) -> None:
        for plan in plans:
            window = windows.get(plan.association, Window({}, self.step))
            taken = (used or {}).get(plan.association)
            if taken is None and self._share(dataset, plan, window):
                continue
            self._request(plan, window, taken, partial(self._put_arrays, dataset, plan), self.requests)

    def _request(
        self,
        plan: ArrayPlan,
        window: Window,
        used: np.ndarray | None,
        put: Callable[[_Arrays], None],
        requests: list[Request],
    ) -> None:
        """Ask for a member, to be handed to `put` as VTK arrays: all its tuples in the window, or those `used`."""
        spec = self.store.arrays[plan.member]
        destination = Destination(
            plan.member,
            spec.dtype,
            plan.axes,
            window.space(plan, spec.shape),
            plan.components(spec.shape),
            "Components" if plan.parts else self.options.complex_as,
            plan.prefix,
            columns=plan.columns,
            **self._remembered(plan, spec.shape),
        )
        selection = window.selection(plan, spec.shape)
        requests.append(Request(plan.member, selection, destination.put, destination.direct))
        self.pending.append((plan.member, destination, used, put))

    def _remembered(self, plan: ArrayPlan, shape: tuple[int, ...]) -> dict[str, Any]:
        """What the array shall remember of the time steps of its file."""
        still = self.description.layout.steps > 1 and set(plan.steps(shape)) <= {1}
        return {"step_axes": plan.step_axes(shape), "still": still}

    def _share(self, dataset: vtkDataObject, plan: ArrayPlan, window: Window) -> bool:
        """Add the array without a copy, where the user wants that and VTK can use it in place."""
        if not (self.options.memory_map or isinstance(self.store, MemoryStore)) or plan.parts:
            return False
        values = self.store.mapped(plan.member)
        if values is None:
            return False
        remembered = self._remembered(plan, values.shape)
        selected = values[window.selection(plan, values.shape)]
        array = share(selected, plan.axes, plan.member, self.options.complex_as, **remembered)
        if array is None:
            return False
        share_memory(array, self.memory)
        add_array(dataset, plan, array, None)
        hand_over_range(array)
        self.shared += 1
        return True

    def _put_arrays(self, dataset: vtkDataObject, plan: ArrayPlan, found: _Arrays) -> None:
        """Add the arrays made from a member to a dataset."""
        parts = {part.path: part for part in plan.parts}
        for path, one in found:
            array, part = one, parts.get(path)
            if part is not None:
                array = copy_as(one, part.name, part.kind, part.units)
                for k, component in enumerate(part.component_names):
                    if component is not None:
                        array.SetComponentName(k, component)
            elif plan.parts:
                continue  # a field that the description does not list
            share_memory(array, self.memory)
            add_array(dataset, plan, array, part)
            hand_over_range(array)

    # ---- memory --------------------------------------------------------------------------------

    def _check_memory(self, root: Block | Composite, extent: tuple[int, ...] | None) -> None:
        limit = self.options.memory_limit
        if limit is None or isinstance(self.store, MemoryStore):
            return
        need = self._bytes(root, extent, self.options)
        if need <= limit:
            return
        rate = self._rate_that_fits(root, limit)
        cure = "" if rate is None else f"set Sample Rate {rate} {rate} {rate}: "
        or_else = "Choose fewer arrays" if rate is None else "Or choose fewer arrays or a VOI"
        raise LimitError(
            f"{printable(self.store.path)}: too large, {cure}this part of the file needs {_mib(need)} of memory, and "
            f"Memory Limit is {_mib(limit)}. {or_else}, or raise Memory Limit."
        )

    def _rate_that_fits(self, root: Block | Composite, limit: int) -> int | None:
        """Return the smallest rate, the same along all axes, with which `root` takes no more than `limit` bytes."""

        def fits(rate: int) -> bool:
            return self._bytes(root, None, replace(self.options, sample_rate=(rate,) * 3)) <= limit

        low, high = 1, max((max(block.dims) for block in blocks_of(root) if block.is_grid), default=0)
        if high < 2 or not fits(high):  # of each grid its first point is left, and all that has no grid
            return None
        while low + 1 < high:
            middle = (low + high) // 2
            low, high = (low, middle) if fits(middle) else (middle, high)
        return high

    def _bytes(self, root: Block | Composite, extent: tuple[int, ...] | None, options: ReadOptions) -> int:
        total = 0
        for whole in blocks_of(root):
            if whole.is_grid:
                block, sampling = sample(whole, options)
                own, _owned = self._grid_extent(block, extent if isinstance(root, Block) else None)
                windows = {a: sampling.window(whole, block, own, a, 0) for a in ("point", "cell")}
                total += 24 * len_of(own) if block.kind == "Structured Grid" else 0
            else:
                counts = {"point": whole.count, "cell": whole.cells_or_points, "row": whole.count}
                windows = {association: self._range(n) for association, n in counts.items()}
                total += self._geometry_bytes(whole) if whole.kind != "Table" else 0
            for plan in (*whole.arrays, *whole.fields):
                spec = self.store.arrays[plan.member]
                window = windows.get(plan.association, Window({}))
                tuples = int(np.prod(window.space(plan, spec.shape), dtype=object))
                items = tuples * int(np.prod(plan.components(spec.shape), dtype=object))
                total += items * _item_bytes(spec.dtype, plan.columns)
        return total

    def _geometry_bytes(self, block: Block) -> int:
        """Bytes of the points and cells that this piece has of a mesh or of points."""

        def share(count: int) -> int:
            return len(range(*self._range(count).ranges["n"]))

        def items(*roles: str) -> int:
            return sum(math.prod(specs[role].shape) for role in roles if role in specs)

        specs = {role: self.store.arrays[plan.member] for role, plan in block.roles.items()}
        places = [spec for role, spec in specs.items() if role in ("points", "x", "y", "z")]
        cells = share(block.cells_or_points)
        # One id per point of a cell, the bounds of the cells, and of an unstructured grid their types.
        ids = share(items("cells", "connectivity") or block.cells_or_points) + share(items("polyhedron_faces"))
        total = 3 * position_dtype(places).itemsize * share(block.count) + ID_DTYPE.itemsize * (ids + cells + 1)
        return total + (cells if CLASSES[block.kind] == "vtkUnstructuredGrid" else 0)


def len_of(extent: tuple[int, ...]) -> int:
    """Count the points of an extent."""
    count = 1
    for lo, hi in zip(extent[::2], extent[1::2]):
        count *= max(hi - lo + 1, 0)
    return count


def _item_bytes(dtype: np.dtype, columns: Collection[str] = ()) -> int:
    """Bytes of VTK arrays per item of `dtype`, or of some of its fields."""
    total = 0
    for leaf in leaves(dtype):
        if columns and leaf.path[0] not in columns:
            continue
        count = int(np.prod(leaf.shape, dtype=object))
        if leaf.dtype.kind in "SU":
            total += count * (leaf.dtype.itemsize + 32)  # a std::string beside its text
        else:
            total += count * vtk_dtype(leaf.dtype).itemsize * (2 if leaf.dtype.kind == "c" else 1)
    return total


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 1 << 20 else f"{size:,} bytes"


# ---------------------------------------------------------------------------------------------------
# for scripts


def _options(options: Mapping[str, Any]) -> ReadOptions:
    known = {field.name for field in fields(ReadOptions)}
    unknown = sorted(set(options) - known)
    if unknown:
        raise TypeError(f"unknown option {unknown[0]!r}; the options are {', '.join(sorted(known))}")
    return ReadOptions(**options)


def read(
    path: str, *, arrays: Collection[str] | None = None, step: int = 0, **options: Any  # noqa: ANN401
) -> vtkDataObject:
    """Read a ``.npy`` or ``.npz`` as the VTK dataset that its names and shapes say.

    Parameters
    ----------
    path : str
        The file.
    arrays : collection of str, optional
        Which of its arrays, or columns of its tables; default: all but field data above 1 MiB, which is loaded where
        its name is given.
    step : int
        Time step, from 0.
    **options
        The fields of `ReadOptions`: ``axes``, ``dataset_type``, ``association``, ``origin``, ``spacing``,
        ``direction``, ``ignore_file_geometry``, ``array_name``, ``complex_as``, ``voi``, ``sample_rate``,
        ``memory_limit``, ``memory_map``.

    Returns
    -------
    vtkDataObject
        Owns its values.

    Raises
    ------
    NumPyIOError
        With one line that says what is wrong and what to do.
    """
    chosen = _options(options)
    description = describe(path, chosen)
    return _timed(load(description, chosen, arrays=arrays, step=step), description, step)


def _timed(data: vtkDataObject, description: Description, step: int) -> vtkDataObject:
    """Note on `data` the time that the file gives for it."""
    times = description.layout.times
    if times:
        data.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), times[min(max(step, 0), len(times) - 1)])
    return data


def to_vtk(
    data: Any, *, name: str = "values", arrays: Collection[str] | None = None, step: int = 0, **options: Any  # noqa: ANN401
) -> vtkDataObject:
    """Make a VTK dataset of arrays in memory, as `read` makes one of a file.

    Parameters
    ----------
    data : array_like or mapping of str to array_like
        One array, or what ``numpy.savez`` would be given.
    name : str
        What to call a single array.
    **options
        As for `read`.

    Returns
    -------
    vtkDataObject
        Shares the memory of every array whose dtype, order and alignment VTK can use, and keeps its owner alive;
        copies the others.

    >>> import numpy as np
    >>> image = to_vtk(np.zeros((40, 30, 20), "f4"), spacing=(0.1, 0.1, 0.5))
    >>> image.GetDimensions()
    (20, 30, 40)
    """
    chosen = _options(options)
    lone = not isinstance(data, dict) and not hasattr(data, "items")
    arrays_by_name = {chosen.array_name or name: data} if lone else dict(data.items())
    for member, values in arrays_by_name.items():
        if isinstance(values, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(values)):
            raise UnsupportedError(
                f"{member!r} has masked values, and VTK has no masks. Fill them first, for example with "
                "array.filled(numpy.nan), or give the mask as an array of its own."
            )
    store = MemoryStore(arrays_by_name)
    description = _describe(store, chosen, lone=lone)
    return _timed(_load(store, description, chosen, arrays, step), description, step)
