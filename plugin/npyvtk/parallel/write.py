"""One file from the pieces of many ranks, written in place: no rank holds the whole.

Every rank drafts its own piece as `export` does and sends what it is, but not its values, to rank 0.
Rank 0 merges these descriptions as `merge` knows, and tells all ranks what is before their pieces; they make members
with the numbers of the whole. Then rank 0 lays out the file, all write their parts of the arrays into the one
temporary file as `collective` knows, and rank 0 publishes it.
Points of a mesh that have ids, see `numbering`, are written by the rank that looks after them.

All steps are collective: a failure on one rank is a failure on all, with the same line, so that none waits for
another for ever.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from .. import records
from ..files.formats import format_of
from ..files.in_place import InPlace
from ..files.publish import atomic_output, naming_path
from ..plan.axes import canonical, in_file_order, parse_axes
from ..vtk.arrays import from_vtk_array
from ..vtk.drafts import drafts
from ..vtk.export import draft, stamped_time, time_of
from ..vtk.member import member_of_values
from ..vtk.stamps import read_stamp, write_stamp
from .collective import Parts, write_parts
from .describe_part import array_keys, describe_part, without_values
from .merge import Merge
from .merge_cells import export_cells
from .numbering import Numbering
from .own import piece_cells
from .ranks import together, undisturbed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray
    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from ..files.store import Progress
    from ..options import ExportOptions, WriteOptions
    from ..plan.tree import Composite
    from ..vtk.drafts import Draft
    from ..vtk.member import Member
    from ..write import Warn
    from .boxes import Boxes
    from .merge import Dataset, FileArray
    from .ranks import Communicator

__all__ = ["save_pieces"]


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
    """
    path, first = os.fspath(path), communicator.rank == 0
    with naming_path(path), undisturbed(), contextlib.ExitStack() as stack:
        kind = format_of(path)

        own, text = _drafted(communicator, data, options.content_of(single=kind.HOLDS_ONE))
        said = communicator.gather(text)
        merge = together(communicator, lambda: Merge([*map(records.load, said)], options) if first else None)
        datasets = _shared(communicator, merge and merge.datasets)
        numberings = together(communicator, lambda: _number(communicator, own, datasets))
        text = together(communicator, lambda: records.dump(_export_cells(communicator, own, datasets, numberings)))
        said = communicator.gather(text)

        def plan() -> list[FileArray] | None:
            return merge.finish([*map(records.load, said)], numberings, kind.HOLDS_ONE) if first else None

        arrays: list[FileArray] = _shared(communicator, together(communicator, plan))
        spool = kind.compresses(options.compression)

        def begin() -> tuple[Any, str]:
            if not first:
                return None, ""
            file = stack.enter_context(atomic_output(path, scratch=spool))
            return file, file.name

        file, name = together(communicator, begin)
        name = communicator.share(name)

        def put() -> InPlace:
            # The others close it before the first reads what they wrote: a network's file system asks for that.
            with contextlib.nullcontext(file) if first else open(name, "r+b") as opened:
                inner = InPlace(opened, [one.outgoing() for one in arrays], kind)
                for done, one in enumerate(arrays):
                    if one.boxes is not None:
                        member = _members(own, communicator.rank, datasets[one.dataset]).get(one.key)
                        if one.by_point:
                            member = _collected(numberings[one.dataset], one, member)
                        parts, local = _parts(one, one.boxes, member)
                        take = partial(_take, one, member, parts, local)
                        write_parts(communicator, inner, done, parts, take)
                    elif first and merge.outgoing[done] is not None:
                        inner.fill(done, merge.outgoing[done])
                    if progress is not None:
                        progress((done + 1) / len(arrays))
                opened.flush()
            return inner

        inner = together(communicator, put)
        written = communicator.gather([[number, runs] for number, runs in inner.written.items()])

        def end() -> None:
            if not first:
                return
            if spool:
                inner.check(map(dict, written[1:]))
                # What others wrote and closed is there for who opens the file after that, again for a network's sake.
                with open(name, "rb") as anew, atomic_output(path) as out:
                    kind.write(out, inner.stored(anew), options.compression, progress)
            else:
                inner.finish(map(dict, written[1:]))
            stack.close()

        together(communicator, end)
        if first and merge.left and warn is not None:
            warn(merge.left)


def _drafted(communicator: Communicator, data: vtkDataObject, content: ExportOptions) -> tuple[list[Draft], str]:
    """Draft the piece of this rank; return that and what rank 0 is told of it."""

    def drafted(third: Collection[str] = ()) -> tuple[list[Draft], str, list[str]]:
        tree = draft(data, content, piece_cells)
        flat = [array for array in _padded_in(tree) if array.GetName() in third]
        if flat:
            with _as_they_are(flat):
                tree = draft(data, content, piece_cells)
        text = records.dump([describe_part(tree, communicator.rank), time_of(data), stamped_time(tree)])
        return drafts(tree), text, sorted({array.GetName() for array in _padded_in(tree) if _has_third(array)})

    own, text, third = together(communicator, drafted)
    # A filter may have left the component that padding added 0 in some pieces alone: all keep it, or none.
    every = {name for names in communicator.all(third) for name in names}
    if every:
        own, text, third = together(communicator, partial(drafted, every))
    return own, text


def _padded_in(tree: Draft | Composite) -> list[vtkAbstractArray]:
    """List the arrays that had two components in their file, and have three."""
    arrays = [part.array for one in drafts(tree) for item in one.arrays for part in item.member.parts]
    return [array for array in arrays if (stamp := read_stamp(array)) is not None and stamp.padded]


def _has_third(array: vtkAbstractArray) -> bool:
    return array.GetNumberOfComponents() > 2 and bool(np.any(from_vtk_array(array)[:, 2:]))


@contextlib.contextmanager
def _as_they_are(arrays: Sequence[vtkAbstractArray]) -> Iterator[None]:
    """Let arrays forget that they were padded."""
    stamps = [read_stamp(array) for array in arrays]
    for array, stamp in zip(arrays, stamps):
        if stamp is not None:
            write_stamp(array, replace(stamp, padded=False))
    try:
        yield
    finally:
        for array, stamp in zip(arrays, stamps):
            if stamp is not None:
                write_stamp(array, stamp)


def _shared(communicator: Communicator, record: Any) -> Any:  # noqa: ANN401
    """Return on all ranks the record that rank 0 has."""
    text = communicator.share(records.dump(record) if communicator.rank == 0 else None)
    return records.load(text) if communicator.rank else record


def _members(own: Sequence[Draft], rank: int, dataset: Dataset) -> dict[Any, Member]:
    """List what this rank has of a dataset, by the keys of the arrays of the file."""
    piece = dataset.piece_on(rank)
    if piece is None:
        return {}
    one = own[dataset.parts[piece][1]]
    found: dict[Any, Member] = {role: geometry.member for role, geometry in one.roles.items()}
    return {**found, **{key: array.member for key, array in array_keys(one).items()}}


def _number(communicator: Communicator, own: Sequence[Draft], datasets: Sequence[Dataset]) -> dict[int, Numbering]:
    """Number the points of those meshes where that is right, by the numbers of the datasets; within `together`."""
    found = {}
    for number, dataset in enumerate(datasets):
        if not dataset.by_ids:
            continue
        piece = dataset.piece_on(communicator.rank)
        ids = None if piece is None else own[dataset.parts[piece][1]].ids
        ids = np.empty(0, np.int64) if ids is None else ids
        numbering = Numbering(communicator, ids)
        same = numbering.distinct
        members = _members(own, communicator.rank, dataset)
        for key, shape, dtype, axes in dataset.rows if numbering.distinct else ():
            same &= numbering.same(_rows(members.get(key), shape, dtype, axes))
        said = communicator.all([len(ids), same])
        start = sum(count for count, _same in said[: communicator.rank])
        in_line = communicator.all(bool(np.all(numbering.numbers == start + np.arange(len(ids)))))
        if all(same for _count, same in said) and not all(in_line):
            found[number] = numbering
    return found


def _rows(member: Member | None, shape: Sequence[int], dtype: np.dtype, axes: str) -> np.ndarray:
    """Return the values of an array of points, a row per point; none where this rank has no such points."""
    order = parse_axes(axes)
    if member is None:
        return canonical(np.zeros([0 if a.letter == "n" else n for a, n in zip(order, shape)], dtype), order)
    return canonical(replace(member, dtype=dtype).values(), order)


def _export_cells(
    communicator: Communicator, own: Sequence[Draft], datasets: Sequence[Dataset], numberings: dict[int, Numbering]
) -> dict[int, tuple[dict[str, Member], int | None]]:
    """Give the drafts of this rank members for their cells; describe these, by the numbers of the datasets."""
    drafts_of, exports, some = {}, {}, []
    for number, dataset in enumerate(datasets):
        starts, piece = dataset.cells, dataset.piece_on(communicator.rank)
        if starts is None or piece is None or piece not in starts.pieces:
            continue
        numbers = None
        if number in numberings:
            starts = replace(starts, total_points=numberings[number].total, vertices=False)
            numbers = numberings[number].numbers
        one = drafts_of[number] = own[dataset.parts[piece][1]]
        if starts.count:
            some.append(number)
        exports[number] = partial(export_cells, one, one.cells, starts, piece, numbers)
    mixed = {number for number, dataset in enumerate(datasets) if dataset.cells is not None and dataset.cells.mixed}
    made = {number: export(mixed=False) for number, export in exports.items() if number not in mixed}
    # Cells of one type that no plain name says, on one rank at least.
    unclear = [number for number, (_roles, kind) in made.items() if kind is None and number in some]
    mixed.update(number for found in communicator.all(unclear) for number in found)
    made.update((number, exports[number](mixed=True)) for number in mixed if number in exports)
    for number, (roles, _kind) in made.items():
        for role, member in roles.items():
            drafts_of[number].put(role, member)
    return {
        number: ({role: without_values(member) for role, member in roles.items()}, kind)
        for number, (roles, kind) in made.items()
    }


def _collected(numbering: Numbering, array: FileArray, member: Member | None) -> Member:
    """Return the values of the points that this rank looks after."""
    rows = numbering.collect(_rows(member, array.shape, array.dtype, array.axes))
    return member_of_values(array.name, in_file_order(rows, parse_axes(array.axes)), array.axes)


def _parts(array: FileArray, boxes: Boxes, member: Member | None) -> tuple[Parts, np.ndarray]:
    """Say where the boxes of all ranks lie in an array as it is stored, and where those of this rank in its member."""
    columns = []
    for k, (axis, whole) in enumerate(zip(parse_axes(array.axes), array.shape)):
        local = starts = np.zeros(len(boxes.ranks), np.int64)
        counts = local + whole
        if axis.letter in boxes.letters:
            box = boxes.along(axis.letter)
            local, starts, counts = box.local[:, 0], box.starts[:, 0], box.counts[:, 0]
        if axis.reverse:
            starts = whole - starts - counts
            local = local if member is None else member.shape[k] - local - counts
        columns.append((starts, starts + counts, local))
    order = -1 if array.fortran_order else 1
    tables = np.array(columns[::order], np.int64).reshape(len(columns), 3, len(boxes.ranks)).transpose(1, 2, 0)
    return Parts(array.shape[::order], boxes.ranks, tables[0], tables[1]), tables[2]


def _take(
    array: FileArray,
    member: Member | None,
    parts: Parts,
    local: np.ndarray,
    row: int,
    start: np.ndarray,
    stop: np.ndarray,
) -> np.ndarray:
    """Return values of `member`; zeros where this rank lacks what others have."""
    if member is None:
        return np.zeros((stop - start).tolist(), array.dtype)
    moved = local[row] - parts.starts[row]
    index = tuple(slice(a, b) for a, b in zip((start + moved).tolist(), (stop + moved).tolist()))
    member = replace(member, dtype=array.dtype)
    return member.block(index[::-1]).T if array.fortran_order else member.block(index)
