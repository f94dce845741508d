"""One file from the pieces of many ranks, written in place: no rank holds the whole.

Every rank drafts its own piece as `export` does and sends what it is, but not its values, to rank 0.
Rank 0 merges these descriptions as `merge` knows, lays out the file and tells each rank which part of which array
it owns; each writes its own part into the one temporary file; rank 0 publishes it.
What neighbours share (the planes between two slabs, ghosts) is written by one of them; points of a mesh that have
ids, see `numbering`, by the rank that looks after them.

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

from ..files.formats import format_of
from ..files.in_place import InPlace
from ..files.npy import Outgoing
from ..files.publish import atomic_output, naming_path
from ..plan.axes import canonical, in_file_order, parse_axes
from ..plan.dtypes import descr_from_json
from ..vtk.cells import point_positions
from ..vtk.drafts import drafts
from ..vtk.export import draft, stamped_time, time_of
from ..vtk.member import Source, member_of_values
from .collective import Parts, write_parts
from .describe_part import describe_part
from .merge import Merge
from .numbering import Numbering
from .own import piece_cells
from .ranks import together, undisturbed

if TYPE_CHECKING:
    from typing import Any

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from ..files.store import Progress
    from ..options import WriteOptions
    from ..vtk.drafts import Draft
    from ..vtk.member import Member
    from ..write import Warn
    from .ranks import Communicator

__all__ = ["save_pieces"]

POINT_IDS = ("cells", "connectivity", "polyhedron_faces")  # roles of geometry that hold numbers of points


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
        single = kind.HOLDS_ONE

        def drafted() -> tuple[Any, Any]:
            tree = draft(data, options.content, piece_cells)
            return tree, [describe_part(tree), time_of(data), stamped_time(tree)]

        tree, described = together(communicator, drafted)
        own = list(drafts(tree))
        said = communicator.gather(described)

        def merge(totals: dict[int, int], single: bool) -> tuple[Merge | None, dict[str, Any]]:
            merged = together(communicator, lambda: Merge(said, options, single, totals) if first else None)
            return merged, communicator.share(merged.message if first else None)

        # Which points are one is told by all that they have, whatever of it goes into the file.
        merged, whole = merge({}, single=False)
        numberings = together(communicator, lambda: _number(communicator, own, whole))
        plan = whole
        if numberings or single:
            merged, plan = merge({mesh: one.total for mesh, one in numberings.items()}, single)
        arrays = [_spec(one) for one in plan["arrays"]]
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
                inner = InPlace(opened, arrays, kind)
                _put(communicator, inner, own, plan, numberings, progress)
                if first:
                    for number, one in enumerate(merged.outgoing):
                        if one is not None:
                            inner.fill(number, one)
                opened.flush()
            return inner

        inner = together(communicator, put)
        written = communicator.gather([[number, runs] for number, runs in inner.written.items()])

        def end() -> None:
            if not first:
                return
            if spool:
                inner.check(map(dict, written[1:]))
                with atomic_output(path) as file:
                    kind.write(file, inner.stored(), options.compression, progress)
            else:
                inner.finish(map(dict, written[1:]))
            stack.close()

        together(communicator, end)
        if first and merged.left and warn is not None:
            warn(merged.left)


def _spec(said: list[Any]) -> Outgoing:
    name, shape, descr, fortran_order = said
    dtype = np.lib.format.descr_to_dtype(descr_from_json(descr))
    return Outgoing(name, tuple(shape), dtype, tuple, fortran_order)


def _number(communicator: Communicator, own: list[Draft], plan: dict[str, Any]) -> dict[int, Numbering]:
    """Number the points of those meshes where that is right, by the numbers of the meshes; within `together`."""
    arrays = [_spec(one) for one in plan["arrays"]]
    found = {}
    for mesh, members in enumerate(plan["meshes"]):
        mine = next((own[number] for rank, number in members if rank == communicator.rank), None)
        ids = np.empty(0, np.int64) if mine is None else mine.ids
        numbering = Numbering(communicator, ids)
        same = numbering.distinct
        for target, of, axes in plan["by point"]:
            if of == mesh and numbering.distinct:
                rows = _point_rows(own, communicator.rank, plan, target, axes, arrays[target])
                same &= numbering.same(rows)
        said = communicator.all([len(ids), same])
        start = sum(count for count, _same in said[: communicator.rank])
        in_line = communicator.all(bool(np.all(numbering.numbers == start + np.arange(len(ids)))))
        if all(same for _count, same in said) and not all(in_line):
            found[mesh] = numbering
    return found


def _point_rows(
    own: list[Draft], rank: int, plan: dict[str, Any], target: int, axes: str, outgoing: Outgoing
) -> np.ndarray:
    """Return what this rank has for array `target`, a row per point; none where it has no such points."""
    order = parse_axes(axes)
    job = next((job for job in plan["jobs"][rank] if job[0] == target), None)
    if job is None:
        shape = [0 if axis.letter == "n" else length for axis, length in zip(order, outgoing.shape)]
        return canonical(np.zeros(shape, outgoing.dtype), order)
    return canonical(_own_member(own, job, outgoing).values(), order)


def _put(
    communicator: Communicator,
    inner: InPlace,
    own: list[Draft],
    plan: dict[str, Any],
    numberings: dict[int, Numbering],
    progress: Progress | None,
) -> None:
    """Write all arrays that ranks have parts of; within `together`."""
    rank = communicator.rank
    general = {number for where, number in plan["mixed"] if where == rank}
    for number, one in enumerate(own):
        one.resolve_cells(number in general)
    numbers = {
        number: numberings[mesh].numbers
        for mesh, members in enumerate(plan["meshes"])
        for where, number in members
        if where == rank and mesh in numberings
    }
    by_point = {target: (mesh, axes) for target, mesh, axes in plan["by point"] if mesh in numberings}
    for target, outgoing in enumerate(inner.arrays):
        jobs = [next((job for job in jobs if job[0] == target), None) for jobs in plan["jobs"]]
        shift_of: list[int] = []
        known = member = None
        if target in by_point:
            mesh, axes = by_point[target]
            numbering = numberings[mesh]
            rows = numbering.collect(_point_rows(own, rank, plan, target, axes, outgoing))
            member = member_of_values(outgoing.name, in_file_order(rows, parse_axes(axes)), axes)
            boxes = [(k, {"n": [0, count, start]}) for k, (start, count) in enumerate(numbering.shares) if count]
        else:
            job = jobs[rank]
            boxes = [(k, box) for k, job in enumerate(jobs) if job is not None for box, _shift in job[3]]
            shift_of = [shift for job in jobs if job is not None for _box, shift in job[3]]
            if job is not None:
                member = _own_member(own, job, outgoing)
                known = numbers.get(job[1]) if job[2] in POINT_IDS else None
                if job[2] == "polyhedron_faces":
                    faces = _renumbered_faces(member.values(), known, job[3][0][1])
                    member, known, shift_of = replace(member, sources=(Source((), faces),)), None, []
        if boxes:
            axes = plan["axes"][target]
            parts, local = _parts(boxes, axes, outgoing, rank, None if member is None else member.shape)
            take = partial(_take, member, parts, local, outgoing, shift_of, known)
            write_parts(communicator, inner, target, parts, take)
        if progress is not None:
            progress((target + 1) / len(inner.arrays))


def _own_member(own: list[Draft], job: list[Any], outgoing: Outgoing) -> Member:
    """Return the member that holds what this rank has for an array of the file."""
    _target, number, key, boxes = job
    if isinstance(key, list):  # zeros along these axes
        ends = dict.fromkeys("zyxn", 0)
        for box, _shift in boxes:
            ends.update((letter, max(ends[letter], stop)) for letter, (_start, stop, _there) in box.items())
        axes = parse_axes(key[0])
        zeros = np.zeros([ends.get(axis.letter, 1) for axis in axes], outgoing.dtype)
        return member_of_values(outgoing.name, zeros, key[0])
    one = own[number]
    member: Member = one.roles[key].member if isinstance(key, str) else one.arrays[key].member
    return member if member.dtype == outgoing.dtype else replace(member, dtype=outgoing.dtype)


def _parts(
    boxes: list[tuple[int, dict[str, list[int]]]],
    axes: str,
    outgoing: Outgoing,
    rank: int,
    mine: tuple[int, ...] | None,
) -> tuple[Parts, np.ndarray]:
    """Say where the boxes of all ranks lie in an array as it is stored, and where those of this rank in its member."""
    order = -1 if outgoing.fortran_order else 1
    starts: list[tuple[int, ...]] = []
    stops: list[tuple[int, ...]] = []
    local: list[tuple[int, ...]] = []
    for k, box in boxes:
        found = []
        lengths = mine if k == rank and mine is not None else outgoing.shape
        for axis, whole, length in zip(parse_axes(axes), outgoing.shape, lengths):
            a, b, start = box.get(axis.letter, (0, whole, 0))
            if axis.reverse:
                a, b, start = length - b, length - a, whole - (start + b - a)
            found.append((start, start + b - a, a))
        for target, values in zip((starts, stops, local), zip(*found[::order]) if found else ((), (), ())):
            target.append(values)
    table = [np.array(one, np.int64).reshape(len(boxes), -1) for one in (starts, stops, local)]
    return Parts(outgoing.shape[::order], np.array([k for k, _box in boxes]), *table[:2]), table[2]


def _take(
    member: Member,
    parts: Parts,
    local: np.ndarray,
    outgoing: Outgoing,
    shifts: list[int],
    numbers: np.ndarray | None,
    row: int,
    start: np.ndarray,
    stop: np.ndarray,
) -> np.ndarray:
    """Return values of `member`: shifted, or, where these are point ids, with the `numbers` of the points."""
    moved = local[row] - parts.starts[row]
    index = tuple(slice(a, b) for a, b in zip((start + moved).tolist(), (stop + moved).tolist()))
    block = member.block(index[::-1]).T if outgoing.fortran_order else member.block(index)
    if numbers is not None:
        block = numbers[block]
    elif shifts and shifts[row]:
        block = block + shifts[row]
    return block.astype(outgoing.dtype, copy=False)  # whose byte order a sum does not keep


def _renumbered_faces(faces: np.ndarray, numbers: np.ndarray | None, shift: int) -> np.ndarray:
    """Change the point ids in face streams, and not the numbers of points between them."""
    faces, places = faces.copy(), point_positions(faces)
    faces[places] = faces[places] + shift if numbers is None else numbers[faces[places]]
    return faces
