"""The memory that a part of a file takes as a dataset, and the refusal of one that takes too much."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import LimitError
from .files.source import printable
from .plan.dtypes import item_bytes
from .plan.layout import Block, blocks_of
from .plan.vectors import third_components
from .plan.windows import Window, count_points, sample
from .vtk.arrays import ID_DTYPE
from .vtk.positions import places_in, position_dtype

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .load import Loading
    from .options import ReadOptions
    from .plan.layout import ArrayPlan, Composite
    from .vtk.piece import MeshPiece

__all__ = ["check_memory", "check_piece"]


def check_memory(loading: Loading, root: Block | Composite, extent: tuple[int, ...] | None) -> None:
    """Refuse a request above the limit, with a SampleRate that fits.

    Parameters
    ----------
    loading : Loading
        With the limit, in bytes.
    root : Block or Composite
        What is to be loaded.
    extent : (6,) ints, optional
        x0 x1 y0 y1 z0 z1 in points, both ends included; grids only; default: all.

    Raises
    ------
    LimitError
        It takes more memory; nothing was allocated.
    """
    loading.need = bytes_of(loading, root, extent, loading.options)
    if loading.need > loading.limit:
        raise _refusal(loading, rate_that_fits(loading, root))


def check_piece(loading: Loading, block: Block, piece: MeshPiece) -> None:
    """Refuse the piece of a mesh that one rank of many has, where it takes more than its share of the file.

    Which points its cells use, and which cells lie around them, is known when they have been read.

    Parameters
    ----------
    loading : Loading
        With the limit, and what all blocks need by their shares of the file.
    block : Block
    piece : MeshPiece
        The cells and points of `block` that this rank has.

    Raises
    ------
    LimitError
        It takes more memory; no point and no array was allocated.
    """
    cells, points = piece.cells, piece.points
    if points is None or piece.span is None:  # it is all of the file
        return
    kept = {"point": points.size, "cell": cells.types.size}
    ids = cells.connectivity.size + (0 if cells.faces is None else cells.faces.stream.size)
    need = _mesh_bytes(loading, block, ids, *kept.values())
    need += sum(kept.values()) if piece.mark is not None else 0  # a byte for each says whether it is a ghost
    need += _array_bytes(loading, (*block.arrays, *block.field_data), _windows(kept), loading.options)
    # What is read in a row to keep some of it is there beside it until then.
    in_a_row = {"point": int(np.ptp(points)) + 1 if points.size else 0, "cell": piece.span[1] - piece.span[0]}
    beside = {name: count if count > kept[name] else 0 for name, count in in_a_row.items()}
    need += _array_bytes(loading, block.arrays, _windows(beside), loading.options)
    loading.need += need - _block_bytes(loading, block, None, loading.options)
    if loading.need > loading.limit:
        raise _refusal(loading, None)


def _refusal(loading: Loading, rate: int | None) -> LimitError:
    cure = "" if rate is None else f"set SampleRate {rate} {rate} {rate}: "
    or_else = "Choose fewer arrays" if rate is None else "Or choose fewer arrays or a VOI"
    return LimitError(
        f"{printable(loading.store.path)}: too large, {cure}this part of the file needs {_mib(loading.need)} of "
        f"memory, and MemoryLimit is {_mib(loading.limit)}. {or_else}, or raise MemoryLimit."
    )


def rate_that_fits(loading: Loading, root: Block | Composite) -> int | None:
    """Return the smallest rate, the same along all axes, with which `root` takes no more than the limit."""

    def fits(rate: int) -> bool:
        return bytes_of(loading, root, None, replace(loading.options, sample_rate=(rate,) * 3)) <= loading.limit

    low, high = 1, max((max(block.dims) for block in blocks_of(root) if block.is_grid), default=0)
    if high < 2 or not fits(high):  # of each grid its first point is left, and all that has no grid
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def bytes_of(loading: Loading, root: Block | Composite, extent: tuple[int, ...] | None, options: ReadOptions) -> int:
    """Bytes that the datasets of a plan take; an extent is that of its one grid."""
    return sum(_block_bytes(loading, whole, extent, options) for whole in blocks_of(root))


def _block_bytes(loading: Loading, whole: Block, extent: tuple[int, ...] | None, options: ReadOptions) -> int:
    """Bytes of one dataset; of a mesh on one rank of many, those of its share of the file."""
    total = 0
    if whole.is_grid:
        block, sampling = sample(whole, options)
        own, owned = loading.piece.extent(loading.store, block, extent)
        windows = {a: sampling.window(whole, block, own, a, 0) for a in ("point", "cell")}
        places = places_in(loading.store.arrays, whole.roles)
        if block.kind.has_positions:
            total += 3 * count_points(own) * (position_dtype(places.values()).itemsize if _curved(whole) else 8)
        elif block.kind.has_axes:
            counts = {letter: max(own[2 * k + 1] - own[2 * k] + 1, 0) for k, letter in enumerate("xyz")}
            total += sum(n * (item_bytes(places[a].dtype) if a in places else 8) for a, n in counts.items())
        if own != owned:  # a byte for each point and cell says whether it is a ghost
            cells = math.prod(max(hi - lo, 1) for lo, hi in zip(own[::2], own[1::2]))
            total += count_points(own) + (cells if count_points(own) else 0)
    else:
        counts = {"point": whole.count, "cell": whole.cells_or_points, "row": whole.count}
        windows = {name: Window({"n": (*loading.piece.rows(n), 1)}) for name, n in counts.items()}
        total += _share_of_mesh(loading, whole) if whole.kind.has_positions else 0
    return total + _array_bytes(loading, (*whole.arrays, *whole.field_data), windows, options)


def _array_bytes(
    loading: Loading, plans: tuple[ArrayPlan, ...], windows: Mapping[str, Window], options: ReadOptions
) -> int:
    """Bytes of the arrays of a dataset."""
    total = 0
    thirds = third_components(plans, loading.info.specs, join=options.join_vectors)
    for plan in plans:
        spec = loading.store.arrays[plan.member]
        window = windows.get(plan.association, Window({}))
        tuples = int(np.prod(window.space(plan, spec.shape), dtype=object))
        items = tuples * int(np.prod(plan.components(spec.shape), dtype=object))
        total += items * item_bytes(spec.dtype, plan.columns)
        total += tuples * thirds.get(plan.member, 0) if options.pad_vectors else 0
    return total


def _windows(counts: Mapping[str, int]) -> dict[str, Window]:
    return {association: Window({"n": (0, n, 1)}) for association, n in counts.items()}


def _curved(block: Block) -> bool:
    """Whether the file has the position of each point of a grid, and not of its planes."""
    return any("n" not in plan.letters for plan in block.roles.values())


def _share_of_mesh(loading: Loading, block: Block) -> int:
    """Bytes of the points and cells that this piece has of a mesh or of points, if they lie as in the file."""

    def share(count: int) -> int:
        return len(range(*loading.piece.rows(count)))

    def items(*roles: str) -> int:
        return sum(math.prod(specs[role].shape) for role in roles if role in specs)

    specs = {role: loading.store.arrays[plan.member] for role, plan in block.roles.items()}
    # One id per point of a cell.
    tables = [role for role in specs if role.startswith("cells")]
    alone = block.count if block.cells_form in ("lines", "corners") else block.cells_or_points
    ids = share(items(*tables, "connectivity") or alone) + share(items("polyhedron_faces"))
    return _mesh_bytes(loading, block, ids, share(block.count), share(block.cells_or_points))


def _mesh_bytes(loading: Loading, block: Block, ids: int, points: int, cells: int) -> int:
    """Bytes of so many points and cells, which have `ids` numbers of points."""
    if loading.piece.rows(block.count) != (0, block.count) and not block.kind.is_cloud:
        ids += points  # the number in the file of each point that this rank has
    total = 3 * position_dtype(places_in(loading.store.arrays, block.roles).values()).itemsize * points
    total += ID_DTYPE.itemsize * (ids + cells + 1)  # with the bounds of the cells; some have their types beside
    return total + (cells if block.kind.has_types else 0)


def _mib(size: float) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 1 << 20 else f"{size:,} bytes"
