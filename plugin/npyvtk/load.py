"""The reading story, second half: one time step of a described file, in one window and one piece.

Nothing is kept open between `describe` and `load`; the headers that were read are.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataAssembly

from .errors import FormatError, LimitError, NumPyIOError, OptionError, damage
from .files.open_store import open_store
from .files.source import printable
from .files.store import Request
from .memory_limit import check_memory, check_piece
from .options import ReadOptions
from .plan.geometry import dump_geometry
from .plan.layout import Block, Composite, select
from .plan.times import dump_time
from .plan.vectors import joined, padding
from .plan.windows import Window, sample
from .vtk.arrays import attach_ids, copy_as, remember
from .vtk.cells import VERTEX, Cells, put_cells
from .vtk.datasets import PLACE_POINTS, PUT_CELLS, activate_first, add_array, new_dataset, put_child
from .vtk.destination import Destination, share
from .vtk.piece import Whole
from .vtk.positions import positions_of, put_points

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray
    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from .describe import FileInfo
    from .files.npy_header import ArraySpec
    from .files.store import Progress, Store
    from .plan.layout import ArrayPlan, ArrayRecord

    _Arrays = list[tuple[tuple[str, ...], vtkAbstractArray]]  # with the paths of their fields

__all__ = ["Loading", "load", "opened"]


def load(
    info: FileInfo,
    options: ReadOptions | None = None,
    *,
    arrays: Collection[str] | None = None,
    root: Block | Composite | None = None,
    step: int = 0,
    extent: tuple[int, ...] | None = None,
    piece: Whole | None = None,
    progress: Progress | None = None,
    complain: Callable[[NumPyIOError], None] | None = None,
) -> vtkDataObject:
    """Read one time step of a described file.

    Parameters
    ----------
    info : FileInfo
        Of the file, with the same options.
    arrays : collection of str, optional
        What to load, of the layout's `names`; default: all but field data above 1 MiB (`Layout.default_names`).
    root : Block or Composite, optional
        The part of the plan that `arrays` choose, where it is known already.
    step : int
        Time step in this file, from 0.
    extent : (6,) ints, optional
        x0 x1 y0 y1 z0 z1 in points, within the grid after VOI and SampleRate; grids only; default: all of it.
    piece : Whole, optional
        The piece of the file: for one rank of many, a `pieces.Piece`; default: all of it.
    progress : callable, optional
        Called with the fraction done; what it raises ends the reading.
    complain : callable, optional
        Called with each error in spite of which the rest can be shown: members that are damaged, or nothing but
        remarks left. Default: damage is raised where it is read, and what was skipped at opening stands in
        `info` alone.

    Returns
    -------
    vtkDataObject
        Owns its values, and nothing of the file stays open; but where VTK can use them in place, the pages of the file
        with ``memory_map`` on, and arrays in memory, are shared.

    Raises
    ------
    NumPyIOError
        The file is damaged or was changed, or the request is larger than the limit.
    """
    path, steps = info.path, info.layout.steps
    if not 0 <= step < steps:
        raise OptionError(
            f"{path}: there is no time step {step}; the file has "
            + (f"the steps 0 to {steps - 1}." if steps > 1 else "step 0 only.")
        )
    with opened(info) as store:
        try:
            if complain is not None and info.complaint is not None:
                complain(info.complaint)
            root = root or select(info.layout, arrays)
            loading = Loading(store, info, options or ReadOptions(), step, piece or Whole(), progress, complain)
            return loading.run(root, extent)
        except OptionError as error:
            raise OptionError(f"{path}: {error}") from None
        except MemoryError as error:
            if isinstance(error, NumPyIOError):
                raise
            raise LimitError(
                f"{printable(path)}: too large, set SampleRate or a VOI, or choose fewer arrays: the machine has not "
                "enough memory for this part of the file."
            ) from None


def opened(info: FileInfo) -> Store:
    """Open a file again that was described.

    Raises
    ------
    NumPyIOError
        It cannot be read any more, or its headers have become others.
    """
    known = info.store and info.store.reopened()
    if known is not None:
        return known
    store = open_store(info.path, next(iter(info.specs)) if info.single else None)
    for member, spec in info.specs.items():
        found = store.arrays.get(member)
        if found is None or (found.shape, found.dtype) != (spec.shape, spec.dtype):
            store.close()
            raise FormatError(
                f"{printable(store.path)}: changed since it was opened, reload it: {printable(member)!r} was "
                f"{spec.shape} {spec.dtype}, and is "
                f"{'gone' if found is None else f'{found.shape} {found.dtype}'} now."
            )
    return store


class Loading:
    """One run of `load`: datasets are built first, then all their values are read at once."""

    def __init__(
        self,
        store: Store,
        info: FileInfo,
        options: ReadOptions,
        step: int,
        piece: Whole,
        progress: Progress | None,
        complain: Callable[[NumPyIOError], None] | None,
    ) -> None:
        self.store, self.info, self.options = store, info, options
        self.step, self.piece, self.progress, self.complain = step, piece, progress, complain
        limit = options.memory_limit
        # Bytes; arrays in memory need no more than they take already.
        self.limit = math.inf if limit is None or store.in_memory else limit
        self.need = 0  # bytes in all, where there is a limit
        self.requests: list[Request] = []
        self.geometry: list[Request] = []  # without which there is no dataset
        self.names: dict[str, set[str]] = {}  # of the arrays of all attributes, for `add_array`
        self.made: list[vtkAbstractArray] = []
        self.remembered = self._remembered()
        self.shared = 0  # arrays that need no reading
        # Members, where they go, the tuples to keep, and what takes the arrays.
        self.pending: list[tuple[tuple[str, ...], Destination, np.ndarray | None, Callable[[_Arrays], None]]] = []

    def run(self, root: Block | Composite, extent: tuple[int, ...] | None) -> vtkDataObject:
        """Make what `root` says."""
        extent = None if extent is None or isinstance(root, Composite) else tuple(extent)
        if self.limit < math.inf:
            check_memory(self, root, extent)
        made = self._any(root, extent)
        lost = self._read()
        for members, destination, used, put in self.pending:
            if not lost or lost.isdisjoint(members):
                put(destination.finish(used))
        self.pending.clear()  # they name this object, and the values would wait for Python to find the circle
        if self.remembered:
            remember(self.made, **self.remembered)
        activate_first(made, root)
        return made

    def _remembered(self) -> dict[str, Any]:
        """Return what the file says of time and place, which the arrays remember for the writer."""
        layout = self.info.layout
        times, root, members = layout.file_times, layout.root, layout.geometry_members
        now = 0 if times is None else min(self.step, len(times) - 1)
        time = () if times is None else dump_time(times[now, ...], layout.times[now])
        image = members and isinstance(root, Block) and root.kind.has_geometry
        place = dump_geometry(members) if image else ()
        return {"time": time, "place": place} if time or place else {}

    def _read(self) -> set[str]:
        """Read all values; return the members whose bytes are damaged, on this rank or another."""
        if self.complain is None:
            self.store.read_many([*self.geometry, *self.requests], progress=self.progress)
            return set()
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
        for found in self.piece.all_gather(lost):
            lost = {**found, **lost}
        if lost:
            errors = [FormatError(lost[member]) for member in self.info.specs if member in lost]
            if self.requests and not self.shared and all(request.name in lost for request in self.requests):
                raise errors[0]
            self.complain(damage(errors))
        return set(lost)

    # ---- structure -----------------------------------------------------------------------------

    def _composite(self, node: Composite) -> vtkDataObject:
        made = new_dataset(node.type)
        for k, (name, child) in enumerate(node.children):
            put_child(made, k, child, self._any)
            if name is not None:
                made.GetMetaData(k).Set(vtkCompositeDataSet.NAME(), name)
        if node.assembly is not None and hasattr(made, "SetDataAssembly"):
            assembly = vtkDataAssembly()
            if assembly.InitializeFromXML(node.assembly):
                made.SetDataAssembly(assembly)
        self._add(made, node.field_data, {})
        return made

    def _any(self, node: Block | Composite, extent: tuple[int, ...] | None = None) -> vtkDataObject:
        return self._composite(node) if isinstance(node, Composite) else self._dataset(node, extent)

    def _dataset(self, block: Block, extent: tuple[int, ...] | None) -> vtkDataObject:
        if block.kind.is_grid:
            made = self._grid(block, extent)
        elif block.kind.is_cloud and any(block.dims):
            made = self._cloud(block)
        elif block.kind.has_rows:
            made = new_dataset(block.kind.vtk_class)
            self._add(made, block.arrays, {"row": self.rows(block.count)})
        else:
            made = self._mesh(block)
        self._add(made, block.field_data, {})
        return made

    def rows(self, count: int) -> Window:
        """Window on this piece of `count` points, cells or rows."""
        return Window({"n": (*self.piece.rows(count), 1)}, self.step)

    def _grid(self, whole: Block, extent: tuple[int, ...] | None) -> vtkDataObject:
        block, sampling = sample(whole, self.options)
        extent, owned = self.piece.extent(self.store, block, extent)
        needed = {"point"}.union([plan.association for plan in block.arrays])
        windows = {name: sampling.window(whole, block, extent, name, self.step) for name in needed}
        made = new_dataset(block.kind.vtk_class)
        made.SetExtent(*map(int, extent))
        self.geometry += PLACE_POINTS[made.GetClassName()](made, self.store, block, windows["point"], extent)
        self._add(made, block.arrays, windows)
        if owned != extent:
            made.GenerateGhostArray([int(v) for v in owned])
        return made

    def _cloud(self, block: Block) -> vtkDataObject:
        """Make the points of a grid without its cells, which this piece shares with no other."""
        k = block.slowest(self.store.arrays)
        start, stop = self.piece.rows(block.dims[k])
        extent = list(block.extent)
        extent[2 * k : 2 * k + 2] = start, stop - 1
        window = Window.on(block, tuple(extent), "point", self.step)
        positions, requests = positions_of(self.store, block, window)
        self.geometry += requests
        made = new_dataset(block.kind.vtk_class)
        put_points(made, positions, self.store, block)
        ids = np.arange(len(positions) + 1, dtype=np.int64)
        if len(positions):
            put_cells(made, Cells(ids[:-1], ids, np.full(len(positions), VERTEX, np.uint8)))
        self._add(made, block.arrays, {"point": window})
        return made

    def _mesh(self, block: Block) -> vtkDataObject:
        mesh = self.piece.mesh(self.store, block)
        cell = Window({} if mesh.span is None else {"n": (*mesh.span, 1)}, self.step)
        point, used, ids = Window({}, self.step), None, mesh.points
        if ids is not None:
            start, stop = (int(ids.min()), int(ids.max()) + 1) if ids.size else (0, 0)
            point = Window({"n": (start, stop, 1)}, self.step)
            used = None if np.array_equal(ids, np.arange(start, stop)) else ids - start
            if self.limit < math.inf:
                check_piece(self, block, mesh)
        positions, requests = positions_of(self.store, block, point)
        if used is None:
            self.geometry += requests
        else:
            self.store.read_many(requests)
            positions = positions[used]
        made = new_dataset(block.kind.vtk_class)
        put_points(made, positions, self.store, block)
        if ids is not None and not block.kind.is_cloud:  # whose pieces share none
            attach_ids(made.GetPoints().GetData(), ids)
        if mesh.cells.types.size or mesh.cells.stamps:
            PUT_CELLS[made.GetClassName()](made, mesh.cells, self.store)
        self._add(made, block.arrays, {"point": point, "cell": cell}, {"point": used, "cell": mesh.taken})
        if mesh.mark is not None:
            mesh.mark(made)
        return made

    # ---- values --------------------------------------------------------------------------------

    def _add(
        self,
        dataset: vtkDataObject,
        plans: tuple[ArrayPlan, ...],
        windows: Mapping[str, Window],
        used: Mapping[str, np.ndarray | None] | None = None,
    ) -> None:
        vectors = joined(plans, self.info.specs) if self.options.join_vectors else {}
        first = {parts[0].member: (name, parts) for name, parts in vectors.items()}
        others = {part.member for parts in vectors.values() for part in parts[1:]}
        for plan in plans:
            window = windows.get(plan.association, Window({}, self.step))
            taken = (used or {}).get(plan.association)
            if plan.member in first:
                self._request_vector(dataset, *first[plan.member], window, taken)
            elif plan.member not in others and (taken is not None or not self._share(dataset, plan, window)):
                self._request(dataset, plan, window, taken)

    def _request_vector(
        self,
        dataset: vtkDataObject,
        name: str,
        plans: tuple[ArrayPlan, ...],
        window: Window,
        used: np.ndarray | None,
    ) -> None:
        """Ask for members that are the components of one array."""
        plan, members = plans[0], tuple(one.member for one in plans)
        spec = self.store.arrays[plan.member]
        pad, still = self.options.pad_vectors, self._is_still(plan, spec)
        vector = Destination(plan._replace(member=name), spec, window, still=still, pad=pad, joined=members)
        for k, member in enumerate(members):
            self.requests.append(Request(member, vector.selection, partial(vector.put_component, k)))
        record = next(iter(plan.records), None)
        self.pending.append((members, vector, used, lambda found: self._put(dataset, plan, found[0][1], record)))

    def _request(self, dataset: vtkDataObject, plan: ArrayPlan, window: Window, used: np.ndarray | None) -> None:
        """Ask for a member: all its tuples in the window, or those `used`."""
        spec = self.store.arrays[plan.member]
        pad, still = self._pads(plan), self._is_still(plan, spec)
        destination = Destination(plan, spec, window, self.options.complex_as, still=still, pad=pad)
        self.requests.append(Request(plan.member, destination.selection, destination.put, destination.direct))
        self.pending.append(((plan.member,), destination, used, partial(self._put_arrays, dataset, plan)))

    def _pads(self, plan: ArrayPlan) -> bool:
        return self.options.pad_vectors and padding(plan, self.store.arrays[plan.member]) > 0

    def _is_still(self, plan: ArrayPlan, spec: ArraySpec) -> bool:
        """Whether an array is the same in all of the several time steps of the file."""
        return self.info.layout.steps > 1 and set(plan.steps(spec.shape)) <= {1}

    def _share(self, dataset: vtkDataObject, plan: ArrayPlan, window: Window) -> bool:
        """Add the array without a copy, where the user wants that and VTK can use it in place."""
        if not (self.options.memory_map or self.store.in_memory) or plan.records or self._pads(plan):
            return False
        values = self.store.mapped(plan.member)
        if values is None:
            return False
        spec = self.store.arrays[plan.member]
        array = share(values, plan, spec, window, self.options.complex_as, still=self._is_still(plan, spec))
        if array is None:
            return False
        self._put(dataset, plan, array, None)
        self.shared += 1
        return True

    def _put_arrays(self, dataset: vtkDataObject, plan: ArrayPlan, found: _Arrays) -> None:
        """Add the arrays made from a member to a dataset."""
        records = {record.path: record for record in plan.records}
        for path, one in found:
            array, record = one, records.get(path)
            if record is not None:
                array = copy_as(one, record.name, record.vtk_class, record.units)
                for k, component in enumerate(record.components):
                    if component is not None:
                        array.SetComponentName(k, component)
            elif plan.records:
                continue  # a field that the description does not list
            self._put(dataset, plan, array, record)

    def _put(
        self, dataset: vtkDataObject, plan: ArrayPlan, array: vtkAbstractArray, record: ArrayRecord | None
    ) -> None:
        add_array(dataset, plan, array, record, self.names)
        self.made.append(array)
