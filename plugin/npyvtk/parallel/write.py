"""One file from the pieces of many ranks, written in place: no rank holds the whole.

Every rank drafts its own piece as `export` does and sends what it is, but not its values, to rank 0.
Rank 0 merges these descriptions as `merge` knows, and tells all ranks what is before their pieces; they make members
with the numbers of the whole. Then rank 0 lays out the file, all write their pieces of the arrays into the one
temporary file as `collective` knows, and rank 0 publishes it.
Points of a mesh that have ids are written by the rank in whose range their ids are, see `numbering`.

All steps are collective: a failure on one rank is a failure on all, with the same line, so that none waits for
another for ever.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .. import records
from ..files.formats import format_of
from ..files.in_place import InPlace
from ..files.publish import atomic_output, naming_path
from ..plan.axes import canonical
from ..vtk.arrays import from_vtk_array
from ..vtk.datasets import arrays_in, datasets_in
from ..vtk.drafts import drafts
from ..vtk.export import draft, stamped_time, time_of
from ..vtk.member import member_of_tuples
from ..vtk.stamps import read_stamp, write_stamp
from .collective import StoredBoxes, write_array
from .drop_ghosts import copy_information, drop_ghosts, replace_arrays
from .merge import Merge
from .merge_cells import export_cells
from .numbering import Numbering
from .ranks import gc_disabled
from .remote import array_keys, remote_pieces, without_values

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray
    from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkDataSet

    from ..files.npy import Outgoing
    from ..files.store import Progress
    from ..options import ExportOptions, WriteOptions
    from ..plan.kinds import Kind
    from ..vtk.cells import Cells
    from ..vtk.drafts import Draft
    from ..vtk.member import Member
    from ..vtk.stamps import Stamp
    from ..write import Warn
    from .boxes import Boxes
    from .merge import Dataset
    from .ranks import Communicator
    from .remote import RemoteMember

__all__ = ["save_pieces"]


@dataclass
class _Held:
    """What this rank has of a dataset of the file."""

    dataset: Dataset
    draft: Draft | None
    members: dict[Any, Member]  # by the keys of the arrays of the file
    numbering: Numbering | None = None  # of the points, where those of ranks are not just one after the other

    def member(self, whole: RemoteMember, key: Any) -> Member | None:  # noqa: ANN401
        """Return what this rank writes of an array of the file: of numbered points those in its range of ids."""
        member = self.members.get(key)
        if self.numbering is None or key not in (self.dataset.points or ()):
            return member
        rows = self.numbering.collect(_rows(member, whole, len(self.numbering.numbers)))
        return member_of_tuples(whole.name, rows, (len(rows),), whole.axes)


def save_pieces(
    path: str | os.PathLike[str],
    data: vtkDataObject,
    options: WriteOptions,
    communicator: Communicator,
    progress: Progress | None = None,
    warn: Warn | None = None,
) -> None:
    """Write the pieces `data` of all ranks into one file; `write.save` for many ranks.

    Collective: every rank calls it, and a failure on one is the same failure on all.

    Parameters
    ----------
    path : path-like
        The same on all ranks, and one that all of them can write.
    data : vtkDataObject
        The piece of this rank.
    options : WriteOptions
        The same on all ranks.
    communicator : Communicator
    progress, warn : callable, optional
        As for `write.write`.

    Raises
    ------
    OptionError
        A choice does not fit the data.
    UnsupportedError
        The data has no counterpart in NumPy, or the pieces do not make one dataset.
    FileError
        The file cannot be written.
    """
    path, first = os.fspath(path), communicator.rank == 0
    with naming_path(path), gc_disabled():
        file_format = format_of(path)
        single = file_format.HOLDS_ONE
        content = options.content_of(single=single)
        own, text = communicator.together(lambda: _drafted(communicator, data, content))
        pieces = communicator.gather(text)
        merge = communicator.on_first(lambda: Merge([*map(records.load, pieces)], options))
        datasets = _broadcast(communicator, lambda: merge.datasets)
        held = [_held_of(dataset, own, communicator.rank) for dataset in datasets]
        communicator.together(lambda: _number(communicator, held))
        text = communicator.together(lambda: records.dump(_export_cells(communicator, held)))
        cells = communicator.gather(text)
        numberings = [one.numbering for one in held]
        items = communicator.on_first(lambda: merge.finish([*map(records.load, cells)], numberings, single))
        arrays = _broadcast(communicator, lambda: [replace(without_values(o.member), name=o.name) for o in items])

        def put(file: InPlace, number: int) -> None:
            whole = arrays[number]
            if whole.source is not None:
                dataset, key, boxes = whole.source
                member = held[dataset].member(whole, key)
                places = _stored_boxes(whole, boxes, member)
                write_array(communicator, file, number, places, partial(_take, whole, member, places))
            elif first and items[number].member.sources:
                file.fill(number, items[number].member.outgoing(whole.name))

        outgoing = [one.outgoing(one.name) for one in arrays]
        _write(communicator, path, outgoing, options.compression, put, progress)
        if first and merge.left and warn is not None:
            warn(merge.left)


def _write(
    communicator: Communicator,
    path: str,
    arrays: Sequence[Outgoing],
    compression: int,
    put: Callable[[InPlace, int], None],
    progress: Progress | None,
) -> None:
    """Let all ranks write their values into one temporary file, and rank 0 publish it.

    ``put(file, number)`` writes what this rank has of an array.
    """
    first, file_format = communicator.rank == 0, format_of(path)
    compressed = file_format.compresses(compression)
    with contextlib.ExitStack() as stack:
        file = communicator.on_first(lambda: stack.enter_context(atomic_output(path, scratch=compressed)))
        name = communicator.broadcast(file.name if first else None)

        def put_all() -> InPlace:
            # The others close it before the first reads what they wrote: a network's file system asks for that.
            with contextlib.nullcontext(file) if first else open(name, "r+b") as opened:
                stored = InPlace(opened, arrays, file_format)
                for number in range(len(arrays)):
                    put(stored, number)
                    if progress is not None:
                        progress((number + 1) / len(arrays))
                opened.flush()
            return stored

        stored = communicator.together(put_all)
        written = communicator.gather([*stored.written.items()])

        def publish() -> None:
            others = map(dict, written[1:])
            if compressed:
                stored.check(others)
                # What others wrote and closed is there for who opens the file after that, again for a network's sake.
                with open(name, "rb") as anew, atomic_output(path) as out:
                    file_format.write(out, stored.stored(anew), compression, progress)
            else:
                stored.finish(others)
            stack.close()

        communicator.on_first(publish)


def _drafted(communicator: Communicator, data: vtkDataObject, content: ExportOptions) -> tuple[list[Draft], str]:
    """Draft the piece of this rank; return that, and its description for rank 0; within `Communicator.together`."""
    arrays = [array for dataset in datasets_in(data) for _association, array in arrays_in(dataset)]
    changed = [one.GetName() for one in arrays if _padded(one) and np.any(from_vtk_array(one)[:, 2:])]
    # A filter may have left the component that padding added 0 in some pieces alone: all keep it, or none.
    kept = {name for names in communicator.all_gather(changed) for name in names}

    def not_padded(array: vtkAbstractArray) -> vtkAbstractArray:
        made, stamp = array.NewInstance(), _padded(array)
        getattr(made, "ShallowCopy", made.DeepCopy)(array)  # text has no shallow copy in VTK 9.2
        copy_information(array, made)
        if stamp is not None and array.GetName() in kept:
            write_stamp(made, replace(stamp, padded=False))
        return made

    def own_part(copy: vtkDataSet, kind: Kind) -> tuple[Cells | None, np.ndarray | None]:
        for association in kind.associations:
            replace_arrays(getattr(copy, f"Get{association.title()}Data")(), not_padded)
        return drop_ghosts(copy, kind)

    tree = draft(data, content, own_part if kept else drop_ghosts)
    own = drafts(tree)
    return own, records.dump([remote_pieces(tree, communicator.rank), time_of(data), stamped_time(own)])


def _padded(array: vtkAbstractArray) -> Stamp | None:
    """Return the stamp of an array that had two components in its file and has more."""
    stamp = read_stamp(array)
    return stamp if stamp is not None and stamp.padded and array.GetNumberOfComponents() > 2 else None


def _broadcast(communicator: Communicator, record: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Return on all ranks the record that rank 0 makes."""
    return records.load(communicator.broadcast(communicator.on_first(lambda: records.dump(record()))))


def _held_of(dataset: Dataset, own: Sequence[Draft], rank: int) -> _Held:
    """Find what this rank has of a dataset among its `own` drafts."""
    if rank not in dataset.pieces:
        return _Held(dataset, None, {})
    one = own[dataset.pieces[rank]]
    members: dict[Any, Member] = {role: item.member for role, item in one.roles.items()}
    members.update((key, array.member) for key, array in array_keys(one).items())
    return _Held(dataset, one, members)


def _number(communicator: Communicator, held: Sequence[_Held]) -> None:
    """Number the points of those meshes where that is right; within `Communicator.together`."""
    for one in held:
        if one.dataset.points is None:
            continue
        ids = np.empty(0, np.int64) if one.draft is None or one.draft.ids is None else one.draft.ids
        numbering = Numbering(communicator, ids)
        if numbering.distinct and not numbering.in_order:
            rows = (_rows(one.members.get(key), whole, len(ids)) for key, whole in one.dataset.points.items())
            same = [numbering.same(values) for values in rows]
            one.numbering = numbering if all(communicator.all_gather(all(same))) else None


def _rows(member: Member | None, whole: Member, count: int) -> np.ndarray:
    """Return the values of an array for each of `count` points, a row each; zeros where this rank lacks the array."""
    if member is None:
        shape = [count if axis.letter == "n" else n for axis, n in zip(whole.axes, whole.shape)]
        return canonical(np.zeros(shape, whole.dtype), whole.axes)
    return canonical(replace(member, dtype=whole.dtype).values(), whole.axes)


def _export_cells(
    communicator: Communicator, held: Sequence[_Held]
) -> dict[int, tuple[dict[str, RemoteMember], int | None]]:
    """Make members for the cells of this rank; describe them, by the numbers of the datasets."""
    exports, made, unclear = {}, {}, []
    for number, one in enumerate(held):
        starts, drafted = one.dataset.cells, one.draft
        if starts is None or drafted is None or drafted.cells is None or communicator.rank not in starts.exporting:
            continue
        export = partial(export_cells, drafted, drafted.cells, starts, communicator.rank, one.numbering)
        exports[number], made[number] = export, export(mixed=starts.mixed)
        if starts.count and not starts.mixed and made[number][1] is None:
            unclear.append(number)  # cells of one type that no plain name says
    for number in exports.keys() & {number for found in communicator.all_gather(unclear) for number in found}:
        made[number] = exports[number](mixed=True)
    found = {}
    for number, (roles, cell_type) in made.items():
        held[number].members.update(roles)
        found[number] = {role: without_values(member) for role, member in roles.items()}, cell_type
    return found


def _stored_boxes(whole: Member, boxes: Boxes, member: Member | None) -> StoredBoxes:
    """Say where the boxes of all ranks lie in an array as it is stored, and those of this rank in its `member`."""
    columns = []
    for k, (axis, n) in enumerate(zip(whole.axes, whole.shape)):
        span = boxes.spans.get(axis.letter, np.full((len(boxes.ranks), 3), [0, 0, n]))
        local, starts, counts = span.T
        if axis.reverse:
            starts = n - starts - counts
            local = local if member is None else member.shape[k] - local - counts
        columns.append((starts, starts + counts, local - starts))
    order = -1 if whole.fortran_order else 1
    tables = np.array(columns[::order], np.int64).reshape(len(columns), 3, len(boxes.ranks)).transpose(1, 2, 0)
    return StoredBoxes(whole.shape[::order], boxes.ranks, *tables)


def _take(
    whole: Member, member: Member | None, boxes: StoredBoxes, row: int, start: np.ndarray, stop: np.ndarray
) -> np.ndarray:
    """Return values of `member`; zeros where this rank lacks what others have."""
    if member is None:
        return np.zeros((stop - start).tolist(), whole.dtype)
    shift = boxes.shifts[row]
    index = tuple(slice(a, b) for a, b in zip((start + shift).tolist(), (stop + shift).tolist()))
    member = replace(member, dtype=whole.dtype)
    return member.values().T[index] if whole.fortran_order else member.block(index)
