"""What the pieces of other ranks are, without their values: for `merge`, which sees the pieces of all.

It is said in the records that a draft is made of, see `drafts`.
"""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..plan.axes import format_axes
from ..plan.kinds import FIELD_DATA
from ..plan.tree import map_tree
from ..vtk.cells import poly_groups
from ..vtk.member import Member

if TYPE_CHECKING:
    from typing import Any

    from ..plan.layout import Block
    from ..plan.tree import Composite
    from ..vtk.cells import Cells
    from ..vtk.drafts import Draft, Item
    from .boxes import Boxes

__all__ = ["CellCounts", "RemoteMember", "RemotePiece", "RemoteSource", "array_keys", "remote_pieces", "without_values"]


class CellCounts(NamedTuple):
    """How many cells a piece has, and of what form."""

    has_members: bool = False  # there are cells, or a file had members for some
    bounds: tuple[int, ...] = (0,) * 5  # of the groups of poly data; other meshes have one
    id_bounds: tuple[int, ...] = (0,) * 5  # where the ids of each group begin
    uniform_type: tuple[int, int] | None = None  # cell type and number of points of all cells
    is_identity: bool = False  # the cells are all the points, each once and in order
    faces: int | None = None  # length of the stream of faces
    given_offsets: str = ""  # see `Cells`


@dataclass(frozen=True)
class RemotePiece:
    """What one rank has of a dataset."""

    rank: int
    number: int  # among the pieces of the rank
    block: Block  # what it is, without members; these are `roles` and `arrays`
    roles: dict[str, RemoteMember]
    arrays: list[Item]
    has_ids: bool  # whether its points have ids
    cells: CellCounts

    @property
    def has_content(self) -> bool:
        """Whether it holds anything."""
        block = self.block
        if block.kind == FIELD_DATA:
            return bool(self.arrays)
        return all(block.dims) if block.is_grid else block.count > 0 or self.cells.bounds[-1] > 0

    def count_tuples(self, association: str) -> int:
        """Tell how many points, cells or rows it has."""
        return self.cells.bounds[-1] if association == "cell" else self.block.count


def remote_pieces(tree: Draft | Composite, rank: int) -> RemotePiece | Composite:
    """Say what a `rank` has drafted: the same tree with a `RemotePiece` for each draft."""
    numbers = itertools.count()

    def remote(one: Draft) -> RemotePiece:
        roles = {role: without_values(item.member) for role, item in one.roles.items()}
        arrays = [replace(item, member=without_values(item.member)) for item in one.arrays]
        cells = CellCounts() if one.cells is None else _count(one.block, one.cells)
        return RemotePiece(rank, next(numbers), one.block, roles, arrays, one.ids is not None, cells)

    made: RemotePiece | Composite = map_tree(tree, remote, remote)
    return made


class RemoteSource(NamedTuple):
    """Which members of the ranks hold the values of a member of the file."""

    dataset: int  # number of the dataset in the file
    key: Any  # of the members of its pieces: their role, or as `array_keys` has it
    boxes: Boxes  # where each lies in the whole


@dataclass(frozen=True)
class RemoteMember(Member):
    """A member whose values are on other ranks."""

    plain: bool = False  # see `Member`
    source: RemoteSource | None = None  # of a member of the file; None: it has no values, or rank 0 has them

    @property
    def fortran_order(self) -> bool:
        """See `Member`."""
        long = sum(n != 1 for n in self.shape)
        turned = format_axes(self.axes) in ("xyz", "cxyz", "cn")  # VTK's order from the last axis to the first
        return self.plain and turned and long > 1 and 0 not in self.shape


def without_values(member: Member) -> RemoteMember:
    """Describe a member to ranks that do not have its values."""
    return RemoteMember(**{**vars(member), "sources": (), "plain": member.plain})


def _count(block: Block, cells: Cells) -> CellCounts:
    if not len(cells.types):
        return CellCounts(has_members=True)
    groups = np.zeros(len(cells.types), int) if block.kind.has_types else poly_groups(cells.types)
    bounds = np.searchsorted(groups, np.arange(5))
    return CellCounts(
        True,
        tuple(bounds.tolist()),
        tuple(cells.offsets[bounds].tolist()),
        cells.uniform_type,
        cells.is_identity(block.count),
        None if cells.faces is None else len(cells.faces.stream),
        cells.given_offsets,
    )


def array_keys(piece: RemotePiece | Draft) -> dict[tuple[int | str | None, ...], Item]:
    """List the arrays of a piece by what makes each the same array on all ranks."""
    seen: Counter[tuple[int | str | None, ...]] = Counter()
    found: dict[tuple[int | str | None, ...], Item] = {}
    for array in piece.arrays:
        key: tuple[int | str | None, ...] = (array.association, array.member.name, *(a.name for a in array.records))
        seen[key] += 1
        found[(*key, seen[key])] = array
    return found
