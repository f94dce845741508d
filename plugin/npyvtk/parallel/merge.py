"""The file that the pieces of many ranks make, decided from what they are without their values.

`describe_part` says on each rank what its piece is, and `Merge` on rank 0 what the datasets of the file are: all ranks
are told what is before theirs, and make members with the numbers of the whole. Then `Merge.finish` decides what the
arrays of the file are called, and where each rank's part of them lies.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import UnsupportedError
from ..files.npy import Outgoing
from ..plan.axes import parse_axes
from ..plan.kinds import FIELD_DATA
from ..plan.layout import Block, dims_of
from ..plan.tree import COLLECTION, Child, Composite
from ..vtk.datasets import GHOSTS
from ..vtk.drafts import Draft, Item, description_item, drafts, finish, in_block, legal_name, outgoing_of
from ..vtk.export import refuse_unknown
from ..write import choose, left_behind
from .boxes import Boxes, cover, one_after_another, piece_of_grid, whole_of
from .describe_part import Part, RemoteMember, array_keys, have_rows, without_values
from .merge_cells import CellStarts, boxes_of_roles, cell_starts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from ..options import WriteOptions
    from ..vtk.member import Member
    from .numbering import Numbering


__all__ = ["Dataset", "FileArray", "Merge"]


class Dataset(NamedTuple):
    """What all ranks must know of a dataset of the file before they export their pieces of it."""

    parts: Mapping[int, int]  # by rank, the number of its piece among its datasets
    by_ids: bool = False  # points of its pieces may be one point
    rows: tuple[tuple[Any, RemoteMember], ...] = ()  # the arrays of points, with their keys
    cells: CellStarts | None = None  # of a mesh


class FileArray(NamedTuple):
    """One array of the file."""

    name: str
    member: RemoteMember
    by_point: bool  # of points that are numbered
    dataset: int = 0
    key: Any = None  # role, or of `array_keys`
    boxes: Boxes | None = None  # None: rank 0 has it, or it has no values

    def outgoing(self) -> Outgoing:
        """Describe it to writers; what its values are is told otherwise."""
        member = self.member
        return Outgoing(self.name, member.shape, member.dtype, tuple, member.fortran_order)


class Merge:
    """The file that the pieces of all ranks make.

    Parameters
    ----------
    said : sequence
        Of each rank what `describe_part` returned, the time of its data, and the time as it stood in a file.
    options : WriteOptions

    Attributes
    ----------
    datasets : list of Dataset
    left : str
        What a ``.npy`` has no place for.
    outgoing : list of Outgoing or None
        Of the arrays that rank 0 writes alone.
    """

    def __init__(self, said: Sequence[Any], options: WriteOptions) -> None:
        self.datasets: list[Dataset] = []
        self.left = ""
        self.outgoing: list[Outgoing | None] = []
        self._options = options
        # By the id of an item of the file: number of its dataset, key, and where its values lie.
        self._homes: dict[int, tuple[int, Any, Boxes]] = {}
        self._meshes: dict[int, tuple[Draft, list[Part], CellStarts]] = {}  # by the numbers of their datasets
        self._time = next((time for _part, time, _file_times in said if time is not None), None)
        self._file_times = next((file_times for _part, _time, file_times in said if file_times), ())
        trees = [tree for tree, *_times in said]
        self._root = self._node(trees, "")
        if any(part.has_content for tree in trees for part in drafts(tree)):
            refuse_unknown(self._root, options.content)

    def finish(
        self,
        cells: Sequence[Mapping[int, tuple[dict[str, Member], int | None]]],
        numberings: Mapping[int, Numbering],
        single: bool,
    ) -> list[FileArray]:
        """List the arrays of the file.

        Parameters
        ----------
        cells : sequence
            Of each rank what `merge_cells.export_cells` returned, by the numbers of the datasets.
        numberings : mapping
            By the numbers of the datasets whose points are numbered.
        single : bool
            The file holds one array.
        """
        by_point = self._put_numbers(numberings)
        for number, (_merged, parts, _starts) in self._meshes.items():
            made = [cells[one.rank][number] for one in parts if number in cells[one.rank]]
            if made:
                self._put_cells(number, made)
        plan = finish(self._root, self._time, self._file_times)
        items = list(plan.items)
        if single:
            items = [choose(plan, self._options.array)]
            self.left = left_behind(plan, items[0])
        else:
            items.append(description_item(plan.schema))
        found = []
        for item in items:
            self.outgoing.append(None if item.association else outgoing_of(item))
            home = self._homes.get(id(item), ())
            found.append(FileArray(item.name, without_values(item.member), id(item) in by_point, *home))
        return found

    # ---- trees ---------------------------------------------------------------------------------

    def _node(self, nodes: Sequence[Part | Composite | None], path: str) -> Draft | Composite | None:
        trees = [node for node in nodes if isinstance(node, Composite)]
        parts = [node for node in nodes if isinstance(node, Part)]
        kinds = {tree.type for tree in trees} | {one.block.type for one in parts}
        if len(kinds) > 1:
            raise UnsupportedError(
                f"{in_block(path)}the ranks hold different types of data ({', '.join(sorted(kinds))}). Save with one "
                "process."
            )
        return self._tree(trees, path) if trees else self._leaf(parts, path) if parts else None

    def _tree(self, trees: Sequence[Composite], path: str) -> Composite:
        kind, merged = trees[0].type, []
        own = self._leaf([tree.field_data for tree in trees], path)
        assembly = next((tree.assembly for tree in trees if tree.assembly is not None), None)
        if kind in ("vtkPartitionedDataSet", "vtkMultiPieceDataSet"):
            # The pieces of one rank are other pieces than those of the next.
            found = [child for tree in trees for _name, child in tree.children]
            for k, one in enumerate([*filter(_has_content, found)] or found[:1]):
                merged.append(Child(None, self._node([one], f"{path}/block{k}" if path else f"block{k}")))
            return Composite(kind, tuple(merged), assembly, own)
        for k in range(max(len(tree.children) for tree in trees)):
            children = [tree.children[k] for tree in trees if k < len(tree.children)]
            name = next((name for name, _child in children if name is not None), None)
            at = legal_name(name) if name else f"block{k}"
            at = f"{path}/{at}" if path else at
            if kind == COLLECTION:
                every = [one for _name, child in children for one in child]
                filled = [*filter(_has_content, every)] or every[:1]
                places = [at] if len(filled) == 1 else [f"{at}/{k}" for k in range(len(filled))]
                merged.append(Child(name, tuple(self._node([one], place) for one, place in zip(filled, places))))
            else:
                merged.append(Child(name, self._node([child for _name, child in children], at)))
        return Composite(kind, tuple(merged), assembly, own)

    # ---- datasets ------------------------------------------------------------------------------

    def _leaf(self, every: list[Part], path: str) -> Draft:
        parts = [one for one in every if one.has_content] or every[:1]
        number, ranks = len(self.datasets), [one.rank for one in parts]
        self.datasets.append(Dataset({one.rank: one.number for one in parts}))
        first = parts[0]
        merged = Draft(path, Block(first.block.kind))
        if first.block.kind == FIELD_DATA:
            self._arrays(number, merged, parts, {})
            return merged
        if first.block.is_grid:
            return self._grid(number, parts, path)
        points = one_after_another(ranks, [[0, one.block.count] for one in parts])
        if first.block.kind.has_rows:
            self._arrays(number, merged, parts, {"row": points})
            return merged
        starts = cell_starts(parts)
        for role in first.roles:
            self._role(number, merged, role, parts, points)
        self._arrays(number, merged, parts, {"point": points, "cell": one_after_another(ranks, starts.bounds)})
        self._meshes[number] = merged, parts, starts
        rows = tuple((self._homes[id(one)][1], without_values(one.member)) for one in self._point_items(merged))
        by_ids = len(parts) > 1 and all(one.ids for one in parts)
        self.datasets[number] = self.datasets[number]._replace(by_ids=by_ids, rows=rows, cells=starts)
        return merged

    def _point_items(self, merged: Draft) -> list[Item]:
        """List the members with a value for each point; those of cells are not there yet."""
        return [one for one in merged.items() if one.association in ("point", "geometry") and id(one) in self._homes]

    def _put_numbers(self, numberings: Mapping[int, Numbering]) -> set[int]:
        """Let ranks write the points that they look after; return the ids of these items."""
        found = set()
        for number, numbering in numberings.items():
            merged = self._meshes[number][0]
            boxes = one_after_another(range(len(numbering.counts)), [[0, count] for count in numbering.counts])
            for item in self._point_items(merged):
                found.add(id(item))
                item.member = _with_lengths(item.member, boxes.lengths)
                self._homes[id(item)] = (*self._homes[id(item)][:2], boxes)
        return found

    def _put_cells(self, number: int, made: list[tuple[dict[str, Member], int | None]]) -> None:
        """Add the members of the cells, which the ranks made."""
        merged, parts, starts = self._meshes[number]
        (first, cell_type), *_ = made
        merged.block = replace(merged.block, cell_type=cell_type)
        boxes = boxes_of_roles([one.rank for one in parts], starts)
        for role, member in first.items():
            if starts.count:
                united = unite([roles[role] for roles, _cell_type in made], boxes[role].lengths, member.name)
                self._put(number, merged, role, united, boxes[role])
            else:  # what a file had for cells of which there is none
                self._put(number, merged, role, member, whole_of(parts[starts.pieces[0]].rank))

    def _grid(self, number: int, parts: list[Part], path: str) -> Draft:
        first, ranks = parts[0], [one.rank for one in parts]
        kind, extents = first.block.kind, [one.block.extent for one in parts]
        whole = [pick(e[i] for e in extents) for i, pick in zip(range(6), (min, max) * 3)]
        # The part in the lowest corner knows the place of the first point.
        corner = next((part for part in parts if list(part.block.first) == whole[::2]), first)
        merged = Draft(path, replace(corner.block, dims=dims_of(whole), first=tuple(whole[::2])))
        points, cells = (piece_of_grid(ranks, extents, whole, cells=of_cells) for of_cells in (False, True))
        if not cover(points):
            raise UnsupportedError(
                f"{in_block(path)}the pieces of the ranks leave a gap in the grid. Save with one process."
            )
        if kind.has_geometry:
            for role, geometry in corner.roles.items():
                self._put(number, merged, role, geometry.member, whole_of(corner.rank))
        else:
            for role in first.roles:
                boxes = points.along(role) if kind.has_axes else points
                self._role(number, merged, role, parts, boxes)
        self._arrays(number, merged, parts, {"point": points, "cell": cells})
        return merged

    def _put(self, number: int, merged: Draft, role: str, member: Member, boxes: Boxes) -> None:
        self._homes[id(merged.put(role, member))] = number, role, boxes

    def _role(self, number: int, merged: Draft, role: str, parts: list[Part], boxes: Boxes) -> None:
        """Merge one member of the geometry that all parts have."""
        if any(role not in one.roles for one in parts):
            raise UnsupportedError(f"{role} is not there on all ranks. Save with one process.")
        every = [one.roles[role].member for one in parts]
        self._put(number, merged, role, unite(every, boxes.lengths, every[0].name), boxes)

    def _arrays(self, number: int, merged: Draft, parts: list[Part], spaces: Mapping[str, Boxes]) -> None:
        """Merge the arrays; `spaces` tells where points, cells or rows lie."""
        held = [array_keys(one) for one in parts]
        for key in dict.fromkeys(key for one in held for key in one):
            having = [(part, arrays[key]) for part, arrays in zip(parts, held) if key in arrays]
            part, array = having[0]
            member = array.member
            if array.association not in spaces:  # field data is the same everywhere
                boxes = whole_of(part.rank)
            else:
                # A rank where nothing is hidden says nothing about ghosts.
                if GHOSTS not in key and len(having) < len(parts):
                    raise UnsupportedError(
                        f"array {member.name!r} is not on all ranks. Leave it out with Pass Arrays, or save with one "
                        "process."
                    )
                boxes = spaces[array.association]
                every = [one.member for _part, one in having]
                counts = [one.count_tuples(array.association) for one, _array in having]
                if "n" in boxes.spans and not have_rows(every, counts, array.association):
                    merged.arrays.append(replace(array))
                    continue
                member = unite(every, boxes.lengths, member.name)
            merged.arrays.append(replace(array, member=member))
            self._homes[id(merged.arrays[-1])] = number, key, boxes


def _has_content(node: Part | Composite | None) -> bool:
    return isinstance(node, Composite) or (node is not None and node.has_content)


def _with_lengths(member: Member, lengths: Mapping[str, int]) -> Member:
    shape = tuple(lengths.get(axis.letter, n) for axis, n in zip(parse_axes(member.axes), member.shape))
    return replace(member, shape=shape)


def unite(every: Sequence[Member], lengths: Mapping[str, int], name: str | None) -> Member:
    """Return the member that holds the pieces `every`; `lengths` are those of the whole."""
    first, axes = every[0], parse_axes(every[0].axes)
    kept = [k for k, axis in enumerate(axes) if axis.letter not in lengths]
    for other in every:
        if other.axes != first.axes or any(other.shape[k] != first.shape[k] for k in kept):
            raise UnsupportedError(
                f"array {name!r} has axes {first.axes} and shape {first.shape} on one rank, {other.axes} and "
                f"{other.shape} on another. Save with one process."
            )
    letters = {axis.letter for axis in axes}
    if any(n > 1 and letter not in letters for letter, n in lengths.items()):
        raise UnsupportedError(f"array {name!r} has axes {first.axes}, which do not fit the whole grid.")
    dtype = _common_dtype([one.dtype for one in every], name)
    plain = all(one.plain and one.dtype == dtype for one in every)
    return without_values(replace(_with_lengths(first, lengths), name=name, dtype=dtype), plain)


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
