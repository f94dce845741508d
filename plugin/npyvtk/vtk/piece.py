"""The piece of a file that one process reads: all of it, where there is one process.

`pieces.Piece` is the same for one rank of many: loading asks what to read, and knows nothing of ranks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .read_cells import read_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from vtkmodules.vtkCommonDataModel import vtkDataSet

    from ..files.store import Store
    from ..plan.layout import Block
    from .cells import Cells

__all__ = ["MeshPiece", "Whole"]


class MeshPiece(NamedTuple):
    """The cells of a mesh that one process reads, and the points that go with them."""

    cells: Cells  # whose ids count the `points`
    points: np.ndarray | None = None  # (n,) ids in the file; None: all
    span: tuple[int, int] | None = None  # first and last (excluded) number of the cells in the file; None: all
    taken: np.ndarray | None = None  # the numbers of the cells within `span`; None: all of it
    mark: Callable[[vtkDataSet], None] | None = None  # marks what belongs to others in the finished dataset


class Whole:
    """All of a file."""

    def rows(self, count: int) -> tuple[int, int]:
        """First and last (excluded) of `count` points, cells or rows."""
        return 0, count

    def extent(
        self,
        store: Store,  # noqa: ARG002 - pieces are cut along the axis that varies slowest in it
        block: Block,
        whole: tuple[int, ...] | None = None,
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the extent of a piece of a grid, or of its extent `whole`, with ghosts and without them."""
        whole = whole or block.extent
        return whole, whole

    def mesh(self, store: Store, block: Block) -> MeshPiece:
        """Read the cells of a mesh, or one for each of the points of `block`."""
        return MeshPiece(read_cells(store, block, 0, block.cells_or_points))

    def all_gather(self, found: dict[str, str]) -> list[dict[str, str]]:
        """Return what each process that reads a piece at the same time has `found`, this one included."""
        return [found]
