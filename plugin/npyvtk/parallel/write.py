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
import math
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..files import zip_write
from ..files.in_place import InPlace
from ..files.npy import Outgoing, c_order_blocks
from ..files.publish import atomic_output, naming_path
from ..plan.axes import canonical, in_file_order, parse_axes
from ..plan.dtypes import descr_from_json
from ..vtk.cells import leads
from ..vtk.drafts import drafts
from ..vtk.export import draft, stamped_time, time_of
from ..vtk.member import member_of_values
from ..write import is_npy
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
        single = is_npy(path)

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
        spool = not single and options.compression > 0

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
                inner = InPlace(opened, arrays, single)
                _put(inner, own, communicator.rank, plan, numberings, progress)
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
                # What others wrote and closed is there for who opens the file after that, again for a network's sake.
                with open(name, "rb") as anew, atomic_output(path) as out:
                    zip_write.write(out, inner.stored(anew), options.compression, progress)
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
    inner: InPlace,
    own: list[Draft],
    rank: int,
    plan: dict[str, Any],
    numberings: dict[int, Numbering],
    progress: Progress | None,
) -> None:
    """Write what this rank owns, and what it looks after of meshes whose points are numbered."""
    general = {number for where, number in plan["mixed"] if where == rank}
    for number, one in enumerate(own):
        one.resolve_cells(number in general)
    numbers = {
        number: numberings[mesh].numbers
        for mesh, members in enumerate(plan["meshes"])
        for where, number in members
        if where == rank and mesh in numberings
    }
    by_point = [one for one in plan["by point"] if one[1] in numberings]
    jobs = [job for job in plan["jobs"][rank] if job[0] not in {target for target, _mesh, _axes in by_point}]
    for done, job in enumerate(jobs):
        target, number, key, boxes = job
        member = _own_member(own, job, inner.arrays[target])
        known = numbers.get(number) if key in POINT_IDS else None
        for box, shift in boxes:
            if key == "polyhedron_faces":
                faces = _renumbered_faces(member.values(), known, shift)
                _put_box(inner, target, member_of_values(member.name, faces, member.axes), box, 0)
            else:
                _put_box(inner, target, member, box, shift, known)
        if progress is not None:
            progress((done + 1) / (len(jobs) + len(by_point)))
    for done, (target, mesh, axes) in enumerate(by_point, len(jobs)):
        outgoing, numbering = inner.arrays[target], numberings[mesh]
        rows = numbering.collect(_point_rows(own, rank, plan, target, axes, outgoing))
        member = member_of_values(outgoing.name, in_file_order(rows, parse_axes(axes)), axes)
        _put_box(inner, target, member, {"n": [0, numbering.count, numbering.start]}, 0)
        if progress is not None:
            progress((done + 1) / (len(jobs) + len(by_point)))


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
    member = one.roles[key].member if isinstance(key, str) else one.arrays[key].member
    return member if member.dtype == outgoing.dtype else replace(member, dtype=outgoing.dtype)


def _put_box(
    inner: InPlace,
    target: int,
    member: Member,
    box: dict[str, list[int]],
    shift: int,
    numbers: np.ndarray | None = None,
) -> None:
    """Write a box of `member`: shifted, or, where these are point ids, with the `numbers` of the points."""
    outgoing = inner.arrays[target]
    local, starts, shape = [], [], []
    for axis, mine, whole in zip(parse_axes(member.axes), member.shape, outgoing.shape):
        a, b, start = box.get(axis.letter, (0, mine, 0))
        if axis.reverse:
            a, b, start = mine - b, mine - a, whole - (start + b - a)
        local.append(a)
        starts.append(start)
        shape.append(b - a)
    order = range(len(shape))
    if outgoing.fortran_order:
        order = order[::-1]
    shape_there = tuple(shape[k] for k in order)
    starts_there = [starts[k] for k in order]
    whole_there = tuple(outgoing.shape[k] for k in order)
    for index in c_order_blocks(shape_there, outgoing.dtype.itemsize):
        here = tuple(slice(part.start + local[k], part.stop + local[k]) for part, k in zip(index, order))
        block = member.block(tuple(here[list(order).index(k)] for k in range(len(shape))))
        if outgoing.fortran_order:
            block = block.T
        if numbers is not None:
            block = numbers[block].astype(outgoing.dtype)
        elif shift:
            block = (block + shift).astype(outgoing.dtype)  # whose byte order a sum does not keep
        _put_block(inner, target, block, [p.start + s for p, s in zip(index, starts_there)], whole_there)


def _renumbered_faces(faces: np.ndarray, numbers: np.ndarray | None, shift: int) -> np.ndarray:
    """Change the point ids in face streams, and not the numbers of points between them."""
    faces, places = faces.copy(), ~leads(faces)
    faces[places] = faces[places] + shift if numbers is None else numbers[faces[places]]
    return faces


def _put_block(inner: InPlace, target: int, block: np.ndarray, starts: list[int], whole: tuple[int, ...]) -> None:
    """Write a block at its place in a C-ordered array, in runs as long as can be."""
    itemsize = inner.arrays[target].dtype.itemsize
    axis = block.ndim
    while axis > 0 and block.shape[axis - 1] == whole[axis - 1]:
        axis -= 1
    # Axes from `axis` on are whole; the one before it still lies in one piece.
    axis = max(axis - 1, 0)
    strides = [math.prod(whole[k + 1 :]) for k in range(block.ndim)]
    base = sum(start * stride for start, stride in zip(starts, strides))
    rows = np.ascontiguousarray(block).reshape(math.prod(block.shape[:axis]), -1)
    for row, index in zip(rows, np.ndindex(block.shape[:axis])):
        offset = base + sum(k * stride for k, stride in zip(index, strides))
        inner.put(target, offset * itemsize, row.view(np.uint8))
