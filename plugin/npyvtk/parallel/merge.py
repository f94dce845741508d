"""The file that the pieces of many ranks make, decided from what they are without their values.

`remote_pieces` says on each rank what its piece is, and `Merge` on rank 0 what the datasets of the file are: all ranks
are told what is before theirs, and make members with the numbers of the whole. Then `Merge.finish` decides what the
arrays of the file are called, and where each rank's piece of them lies.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import UnsupportedError
from ..plan.axes import format_axes
from ..plan.kinds import FIELD_DATA
from ..plan.layout import Block, dims_of
from ..plan.tree import COLLECTION, Child, Composite
from ..vtk.datasets import GHOSTS
from ..vtk.drafts import Draft, Item, drafts, finish, in_block, path_of_child, paths_of_partitions
from ..vtk.export import refuse_unknown
from ..write import choose, left_behind
from .boxes import Boxes, cover, grid_boxes, one_after_another, whole_of
from .merge_cells import CellStarts, boxes_of_roles, cell_starts
from .remote import RemoteMember, RemotePiece, RemoteSource, array_keys, without_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..options import WriteOptions
    from ..vtk.member import Member
    from .numbering import Numbering


__all__ = ["Dataset", "Merge"]


class Dataset(NamedTuple):
    """What all ranks must know of a dataset of the file before they export their pieces of it."""

    pieces: Mapping[int, int]  # by rank, the number of its piece of it
    points: Mapping[Any, Member] | None  # by key, what has a value for each point, if pieces may share points
    cells: CellStarts | None  # of a mesh


@dataclass
class _Merged(Draft):
    """A dataset of the file, made of those of ranks."""

    number: int = 0  # among the datasets of the file
    pieces: Sequence[RemotePiece] = ()  # that hold anything
    empty: Sequence[RemotePiece] = ()  # which may have field data all the same
    starts: CellStarts | None = None  # of a mesh

    @property
    def ranks(self) -> list[int]:
        """Those that have its pieces."""
        return [one.rank for one in self.pieces]

    def of_pieces(self, member: Member, key: Any, boxes: Boxes) -> RemoteMember:  # noqa: ANN401
        """Return a member whose values are those that the pieces have under `key`."""
        return replace(without_values(member), source=RemoteSource(self.number, key, boxes))

    def put_boxes(self, role: str, member: Member, boxes: Boxes) -> None:
        """Add a member of points, cells or the place of an image, and where its values lie."""
        self.put(role, self.of_pieces(member, role, boxes))

    def for_all_ranks(self) -> Dataset:
        """Return what all ranks must know, as long as there are no cells."""
        by_ids = len(self.pieces) > 1 and all(one.has_ids for one in self.pieces)
        points = {source.key: item.member for item, source in self.of_points()} if by_ids else None
        return Dataset({one.rank: one.number for one in (*self.pieces, *self.empty)}, points, self.starts)

    def of_points(self) -> list[tuple[Item, RemoteSource]]:
        """List the members with a value for each point; those of cells are not there yet."""
        sources = [(one, getattr(one.member, "source", None)) for one in self.items()]
        return [(one, source) for one, source in sources if source and one.association in ("point", "structure")]


class Merge:
    """The file that the pieces of all ranks make.

    Parameters
    ----------
    pieces : sequence
        Of each rank what `remote_pieces` returned, the time of its data, and the time as it stood in a file.
    options : WriteOptions

    Attributes
    ----------
    datasets : list of Dataset
    left : str
        What a ``.npy`` has no place for.
    """

    def __init__(self, pieces: Sequence[Any], options: WriteOptions) -> None:
        self.left = ""
        self._options = options
        self._merged: list[_Merged] = []  # by their numbers
        trees, times, file_times = zip(*pieces)
        self._time = next((time for time in times if time is not None), None)
        self._file_times = next(filter(None, file_times), ())
        self._root = self._node(trees, "")
        self.datasets = [merged.for_all_ranks() for merged in self._merged]
        if any(piece.has_content for tree in trees for piece in drafts(tree)):
            refuse_unknown(drafts(self._root), options.content)

    def finish(
        self,
        cells: Sequence[Mapping[int, tuple[dict[str, Member], int | None]]],
        numberings: Sequence[Numbering | None],
        single: bool,
    ) -> Sequence[Item]:
        """List the arrays of the file.

        Parameters
        ----------
        cells : sequence
            Of each rank what `merge_cells.export_cells` returned, by the numbers of the datasets.
        numberings : sequence
            Of the points of each dataset, where they are numbered.
        single : bool
            The file holds one array.
        """
        for merged, numbering in zip(self._merged, numberings):
            if numbering is not None:
                _put_numbers(merged, numbering)
            made = [cells[rank][merged.number] for rank in merged.ranks if merged.number in cells[rank]]
            if made and merged.starts is not None:
                _put_cells(merged, merged.starts, made)
        plan = finish(self._root, self._time, self._file_times)
        if not single:
            return plan.described
        chosen = choose(plan, self._options.array)
        self.left = left_behind(plan, chosen)
        return [chosen]

    # ---- trees ---------------------------------------------------------------------------------

    def _node(self, nodes: Sequence[RemotePiece | Composite | None], path: str) -> Draft | Composite | None:
        trees = [node for node in nodes if isinstance(node, Composite)]
        pieces = [node for node in nodes if isinstance(node, RemotePiece)]
        types = {tree.type for tree in trees} | {one.block.type for one in pieces}
        if len(types) > 1:
            raise UnsupportedError(
                f"{in_block(path)}the ranks hold different types of data ({', '.join(sorted(types))}). Save with one "
                "process."
            )
        return self._tree(trees, path) if trees else self._leaf(pieces, path) if pieces else None

    def _tree(self, trees: Sequence[Composite], path: str) -> Composite:
        vtk_class = trees[0].type
        own = self._leaf([tree.field_data for tree in trees], path)
        assembly = next((tree.assembly for tree in trees if tree.assembly is not None), None)
        if vtk_class in ("vtkPartitionedDataSet", "vtkMultiPieceDataSet"):
            # The pieces of one rank are other pieces than those of the next.
            found = _filled([child for tree in trees for _name, child in tree.children])
            merged = [Child(None, self._node([one], path_of_child(path, None, k))) for k, one in enumerate(found)]
            return Composite(vtk_class, tuple(merged), assembly, own)
        merged = []
        for k in range(max(len(tree.children) for tree in trees)):
            children = [tree.children[k] for tree in trees if k < len(tree.children)]
            name = next((name for name, _child in children if name is not None), None)
            at = path_of_child(path, name, k)
            if vtk_class == COLLECTION:
                filled = _filled([one for _name, child in children for one in child])
                places = paths_of_partitions(at, len(filled))
                merged.append(Child(name, tuple(self._node([one], place) for one, place in zip(filled, places))))
            else:
                merged.append(Child(name, self._node([child for _name, child in children], at)))
        return Composite(vtk_class, tuple(merged), assembly, own)

    # ---- datasets ------------------------------------------------------------------------------

    def _leaf(self, every: Sequence[RemotePiece], path: str) -> _Merged:
        pieces = _filled(every)
        first = pieces[0]
        ranks = {one.rank for one in pieces}
        empty = [one for one in every if one.rank not in ranks]
        merged = _Merged(path, Block(first.block.kind), number=len(self._merged), pieces=pieces, empty=empty)
        self._merged.append(merged)
        if first.block.kind == FIELD_DATA:
            _put_arrays(merged, {})
        elif first.block.is_grid:
            _put_grid(merged)
        elif first.block.kind.has_rows:
            _put_arrays(merged, {"row": _all_after(merged)})
        else:
            _put_mesh(merged)
        return merged


def _put_mesh(merged: _Merged) -> None:
    points, merged.starts = _all_after(merged), cell_starts(merged.pieces)
    for role in merged.pieces[0].roles:
        _put_role(merged, role, points)
    _put_arrays(merged, {"point": points, "cell": one_after_another(merged.ranks, merged.starts.bounds)})


def _all_after(merged: _Merged) -> Boxes:
    """Put the points or rows of all pieces one after the other."""
    return one_after_another(merged.ranks, [[0, one.block.count] for one in merged.pieces])


def _put_grid(merged: _Merged) -> None:
    pieces, extents = merged.pieces, [one.block.extent for one in merged.pieces]
    kind = pieces[0].block.kind
    whole = [pick(e[i] for e in extents) for i, pick in zip(range(6), (min, max) * 3)]
    # The piece in the lowest corner knows the place of the first point.
    corner = next((piece for piece in pieces if list(piece.block.first) == whole[::2]), pieces[0])
    merged.block = replace(corner.block, dims=dims_of(whole), first=tuple(whole[::2]))
    points, cells = (grid_boxes(merged.ranks, extents, whole, cells=of_cells) for of_cells in (False, True))
    if not cover(points):
        raise UnsupportedError(
            f"{in_block(merged.path)}the pieces of the ranks leave a gap in the grid. Save with one process."
        )
    if kind.has_geometry:
        for role, member in corner.roles.items():
            merged.put_boxes(role, member, whole_of(corner.rank))
    else:
        for role in pieces[0].roles:
            _put_role(merged, role, points.along(role) if kind.has_axes else points)
    _put_arrays(merged, {"point": points, "cell": cells})


def _put_role(merged: _Merged, role: str, boxes: Boxes) -> None:
    """Merge one member of the structure that all pieces have."""
    if any(role not in one.roles for one in merged.pieces):
        raise UnsupportedError(f"{role} is not there on all ranks. Save with one process.")
    every = [one.roles[role] for one in merged.pieces]
    merged.put_boxes(role, _unite(every, boxes.lengths), boxes)


def _put_arrays(merged: _Merged, spaces: Mapping[str, Boxes]) -> None:
    """Merge the arrays; `spaces` tells where points, cells or rows lie."""
    held = [(piece, array_keys(piece)) for piece in merged.pieces]
    fields = ({key: array for key, array in array_keys(one).items() if key[0] == "field"} for one in merged.empty)
    held.extend(zip(merged.empty, fields))
    for key in dict.fromkeys(key for _piece, arrays in held for key in arrays):
        having = [(piece, arrays[key]) for piece, arrays in held if key in arrays]
        piece, array = having[0]
        member: Member = array.member
        boxes, has_values = spaces.get(array.association), True
        if boxes is None:  # field data is the same everywhere
            boxes = whole_of(piece.rank)
        else:
            # A rank where nothing is hidden says nothing about ghosts.
            if GHOSTS not in key and len(having) < len(merged.pieces):
                raise UnsupportedError(
                    f"array {member.name!r} is not on all ranks. Leave it out with Pass Arrays, or save with one "
                    "process."
                )
            every = [one.member for _piece, one in having]
            counts = [one.count_tuples(array.association) for one, _array in having]
            has_values = _have_values(every, counts, array.association)
            member = _unite(every, boxes.lengths) if has_values else member
        member = merged.of_pieces(member, key, boxes) if has_values else member
        merged.arrays.append(replace(array, member=member))


def _have_values(every: Sequence[Member], counts: Sequence[int], association: str) -> bool:
    """Tell whether the pieces `every` of an array have a tuple for each of `counts` points, cells or rows.

    An array without components has none.
    """
    letters = [axis.letter for axis in every[0].axes]
    if "n" not in letters:
        return True
    tuples = [one.shape[letters.index("n")] for one in every]
    if any(counts) and not any(tuples):
        return False
    for one, found, count in zip(every, tuples, counts):
        if found != count:
            raise UnsupportedError(
                f"array {one.name!r} has {found} tuples for {count} {association}s. Leave it out with Pass Arrays."
            )
    return True


def _put_numbers(merged: _Merged, numbering: Numbering) -> None:
    """Let each rank write the points in its range of ids."""
    boxes = one_after_another(range(len(numbering.counts)), [[0, count] for count in numbering.counts])
    for item, source in merged.of_points():
        item.member = merged.of_pieces(_with_lengths(item.member, boxes.lengths), source.key, boxes)


def _put_cells(merged: _Merged, starts: CellStarts, made: Sequence[tuple[dict[str, Member], int | None]]) -> None:
    """Add the members of the cells, which the ranks made."""
    (first, cell_type), *_ = made
    merged.block = replace(merged.block, cell_type=cell_type)
    boxes = boxes_of_roles(starts)
    for role, member in first.items():
        if starts.count:
            united = _unite([roles[role] for roles, _cell_type in made], boxes[role].lengths)
            merged.put_boxes(role, united, boxes[role])
        else:  # what a file had for cells of which there is none
            merged.put_boxes(role, member, whole_of(starts.exporting[0]))


def _filled(nodes: Sequence[Any]) -> Sequence[Any]:
    """Return those that hold anything, or else the first."""
    return [one for one in nodes if isinstance(one, Composite) or (one is not None and one.has_content)] or nodes[:1]


def _with_lengths(member: Member, lengths: Mapping[str, int]) -> Member:
    shape = tuple(lengths.get(axis.letter, n) for axis, n in zip(member.axes, member.shape))
    return replace(member, shape=shape)


def _unite(every: Sequence[Member], lengths: Mapping[str, int]) -> RemoteMember:
    """Return the member that holds the pieces `every`; `lengths` are those of the whole."""
    first, name, axes = every[0], every[0].name, format_axes(every[0].axes)
    kept = [k for k, axis in enumerate(first.axes) if axis.letter not in lengths]
    for other in every:
        if other.axes != first.axes or any(other.shape[k] != first.shape[k] for k in kept):
            raise UnsupportedError(
                f"array {name!r} has axes {axes} and shape {first.shape} on one rank, {format_axes(other.axes)} and "
                f"{other.shape} on another. Save with one process."
            )
    letters = {axis.letter for axis in first.axes}
    if any(n > 1 and letter not in letters for letter, n in lengths.items()):
        raise UnsupportedError(f"array {name!r} has axes {axes}, which do not fit the whole grid.")
    dtype = _common_dtype([one.dtype for one in every], name)
    plain = all(one.plain and one.dtype == dtype for one in every)
    return replace(without_values(_with_lengths(first, lengths)), dtype=dtype, plain=plain)


def _common_dtype(dtypes: list[np.dtype], name: str | None) -> np.dtype:
    """Find the dtype that holds the values of all ranks."""
    if len(set(dtypes)) == 1:
        return dtypes[0]
    if {dtype.kind for dtype in dtypes} == {"S", "U"}:
        return np.dtype(f"S{max(d.itemsize for d in dtypes)}")  # UTF-8 takes at most the bytes of U
    try:
        return np.result_type(*dtypes)
    except TypeError:
        raise UnsupportedError(f"array {name!r} has another dtype on each rank. Save with one process.") from None
