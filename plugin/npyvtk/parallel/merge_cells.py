"""The cells of one mesh from the pieces of many ranks: each rank makes members with the numbers of the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ..vtk.cells import VERTEX, Faces
from ..vtk.drafts import cell_members
from .boxes import Boxes, after_first, group_starts, one_after_another

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..vtk.cells import Cells
    from ..vtk.drafts import Draft
    from ..vtk.member import Member
    from .numbering import Numbering
    from .remote import RemotePiece

__all__ = ["CellStarts", "boxes_of_roles", "cell_starts", "export_cells"]


@dataclass(frozen=True, eq=False)
class CellStarts:
    """What is before the cells of each piece, and in what form they are written; (pieces,) and (pieces, groups)."""

    ranks: tuple[int, ...]  # that have the pieces
    exporting: tuple[int, ...]  # those of them that have members for cells
    mixed: bool  # in the general form of `description`
    vertices: bool  # one for each point, in their order: there is no member
    given_offsets: str  # see `Cells`
    bounds: np.ndarray  # (pieces, groups + 1) of the cells of each piece
    id_bounds: np.ndarray  # the same of their ids
    points: np.ndarray  # before those of each piece
    faces: np.ndarray | None  # lengths of streams; None: no polyhedra
    total_points: int

    @property
    def count(self) -> int:
        """How many cells there are."""
        return int(self.bounds[:, -1].sum())


def cell_starts(pieces: Sequence[RemotePiece]) -> CellStarts:
    """Add up what the pieces have."""
    every = [piece.cells for piece in pieces]
    have = [one for one in every if one.bounds[-1]]
    counts = np.array([piece.block.count for piece in pieces])
    forms = {one.uniform_type for one in have}
    uniform = forms.pop() if len(forms) == 1 else None
    exporting = [piece.rank for piece in pieces if piece.cells.bounds[-1]]
    if not exporting:  # those of a file that had some, all alike
        exporting = [piece.rank for piece in pieces if piece.cells.has_members][:1]
    given = {one.given_offsets for one in have}
    return CellStarts(
        tuple(piece.rank for piece in pieces),
        tuple(exporting),
        bool(have) and uniform is None,
        uniform is not None and uniform[0] == VERTEX and all(one.is_identity for one in every),
        given.pop() if len(given) == 1 else "",
        np.array([one.bounds for one in every]),
        np.array([one.id_bounds for one in every]),
        np.cumsum(counts) - counts,
        np.array([one.faces or 0 for one in every]) if any(one.faces is not None for one in have) else None,
        int(counts.sum()),
    )


def export_cells(
    draft: Draft, cells: Cells, starts: CellStarts, rank: int, numbering: Numbering | None, *, mixed: bool
) -> tuple[dict[str, Member], int | None]:
    """Make members of the `cells` of the piece that `rank` has.

    Parameters
    ----------
    draft : Draft
        Of the piece.
    cells : Cells
        Its own, with ids that count its points.
    starts : CellStarts
    rank : int
        This one.
    numbering : Numbering, optional
        Of the points, where these do not follow those of other pieces.
    mixed : bool
        In the general form. Others have a plain one, if there is any for their type.

    Returns
    -------
    members : dict of str to Member
        By role; there is no role ``cells`` where the cells have no plain form.
    cell_type : int, optional
        Where all cells have one.
    """
    piece, numbers = starts.ranks.index(rank), None
    if numbering is not None:
        numbers, starts = numbering.numbers, replace(starts, total_points=numbering.total, vertices=False)
    if starts.vertices:
        return {}, VERTEX
    whole = cells.renumbered(lambda ids: _in_whole(ids, starts, piece, numbers))
    if mixed:
        whole = replace(whole, offsets=_offsets(cells, starts, piece))
    if starts.faces is not None:
        stream, bounds = whole.faces or (np.empty(0, np.int64), np.zeros(len(cells.types) + 1, np.int64))
        whole = replace(whole, faces=Faces(stream, np.append(0, bounds[1:] + starts.faces[:piece].sum())))
    # Cells that are all points of the piece are not those of the whole.
    return cell_members(whole, replace(draft, block=replace(draft.block, count=starts.total_points)), mixed=mixed)


def _in_whole(ids: np.ndarray, starts: CellStarts, piece: int, numbers: np.ndarray | None) -> np.ndarray:
    """Return ids of points of a piece as those in the whole, in their dtype where it holds all of them."""
    dtype = ids.dtype if starts.total_points - 1 <= np.iinfo(ids.dtype).max else np.dtype(np.int64)
    if numbers is not None:
        return numbers[ids].astype(dtype)
    return ids.astype(dtype, copy=False) + dtype.type(starts.points[piece])


def _offsets(cells: Cells, starts: CellStarts, piece: int) -> np.ndarray:
    """Return where the cells begin or end in the connectivity of the whole, as the file had it."""
    before = group_starts(starts.id_bounds)[piece] - starts.id_bounds[piece, :-1]
    shift = np.repeat(before, np.diff(starts.bounds[piece]))
    total = starts.id_bounds[:, -1].sum()
    dtype = cells.offsets.dtype if total <= np.iinfo(cells.offsets.dtype).max else np.int64
    if starts.given_offsets == "starts":
        return (cells.offsets[:-1] + shift).astype(dtype)
    ends = (cells.offsets[1:] + shift).astype(dtype)
    return ends if starts.given_offsets == "ends" else np.append(np.zeros(1, dtype), ends)


def boxes_of_roles(starts: CellStarts) -> dict[str, Boxes]:
    """Tell where the members of the cells lie, by their roles."""
    cells = one_after_another(starts.ranks, starts.bounds)
    found = {"cells": cells, "types": cells, "connectivity": one_after_another(starts.ranks, starts.id_bounds)}
    found["offsets"] = cells if starts.given_offsets else after_first(cells)
    if starts.faces is not None:
        found["polyhedron_faces"] = one_after_another(starts.ranks, np.stack([0 * starts.faces, starts.faces], 1))
        found["polyhedron_offsets"] = after_first(cells)
    return found
