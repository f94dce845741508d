"""The memory that a part of a file takes as a dataset, and the refusal of one that takes too much."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from .errors import LimitError
from .files.source import printable
from .files.store import MemoryStore
from .plan.dtypes import item_bytes
from .plan.kinds import KINDS
from .plan.layout import Block, blocks_of, class_name
from .plan.vectors import third_components
from .plan.windows import Window, count_points, sample
from .vtk.arrays import ID_DTYPE
from .vtk.positions import position_dtype

if TYPE_CHECKING:
    from .load import Loading
    from .options import ReadOptions
    from .plan.layout import Composite

__all__ = ["check_memory"]


def check_memory(loading: Loading, root: Block | Composite, extent: tuple[int, ...] | None) -> None:
    """Refuse a request above the limit, with a SampleRate that fits.

    Parameters
    ----------
    loading : Loading
        With the limit, in bytes, among its options.
    root : Block or Composite
        What is to be loaded.
    extent : (6,) ints, optional
        x0 x1 y0 y1 z0 z1 in points, both ends included; grids only; default: all.

    Raises
    ------
    LimitError
        It takes more memory; nothing was allocated.
    """
    limit = loading.options.memory_limit
    if limit is None or isinstance(loading.store, MemoryStore):
        return
    need = bytes_of(loading, root, extent, loading.options)
    if need <= limit:
        return
    rate = rate_that_fits(loading, root, limit)
    cure = "" if rate is None else f"set SampleRate {rate} {rate} {rate}: "
    or_else = "Choose fewer arrays" if rate is None else "Or choose fewer arrays or a VOI"
    raise LimitError(
        f"{printable(loading.store.path)}: too large, {cure}this part of the file needs {_mib(need)} of memory, and "
        f"MemoryLimit is {_mib(limit)}. {or_else}, or raise MemoryLimit."
    )


def rate_that_fits(loading: Loading, root: Block | Composite, limit: int) -> int | None:
    """Return the smallest rate, the same along all axes, with which `root` takes no more than `limit` bytes."""

    def fits(rate: int) -> bool:
        return bytes_of(loading, root, None, replace(loading.options, sample_rate=(rate,) * 3)) <= limit

    low, high = 1, max((max(block.dims) for block in blocks_of(root) if block.is_grid), default=0)
    if high < 2 or not fits(high):  # of each grid its first point is left, and all that has no grid
        return None
    while low + 1 < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle, high)
    return high


def bytes_of(loading: Loading, root: Block | Composite, extent: tuple[int, ...] | None, options: ReadOptions) -> int:
    """Bytes that the datasets of a plan take."""
    total = 0
    for whole in blocks_of(root):
        if whole.is_grid:
            block, sampling = sample(whole, options)
            own, owned = loading.grid_extent(block, extent if isinstance(root, Block) else None)
            windows = {a: sampling.window(whole, block, own, a, 0) for a in ("point", "cell")}
            total += 24 * count_points(own) if KINDS[block.kind].has_positions else 0
            if own != owned:  # a byte for each point and cell says whether it is a ghost
                cells = math.prod(max(hi - lo, 1) for lo, hi in zip(own[::2], own[1::2]))
                total += count_points(own) + (cells if count_points(own) else 0)
        else:
            counts = {"point": whole.count, "cell": whole.cells_or_points, "row": whole.count}
            windows = {association: loading.rows(n) for association, n in counts.items()}
            total += geometry_bytes(loading, whole) if KINDS[whole.kind].has_positions else 0
        thirds = third_components(whole.arrays, loading.description.specs, join=options.join_vectors)
        for plan in (*whole.arrays, *whole.field_data):
            spec = loading.store.arrays[plan.member]
            window = windows.get(plan.association, Window({}))
            tuples = int(np.prod(window.space(plan, spec.shape), dtype=object))
            items = tuples * int(np.prod(plan.components(spec.shape), dtype=object))
            total += items * item_bytes(spec.dtype, plan.columns)
            total += tuples * thirds.get(plan.member, 0) if options.pad_vectors else 0
    return total


def geometry_bytes(loading: Loading, block: Block) -> int:
    """Bytes of the points and cells that this piece has of a mesh or of points."""

    def share(count: int) -> int:
        return len(range(*loading.rows(count).ranges["n"]))

    def items(*roles: str) -> int:
        return sum(math.prod(specs[role].shape) for role in roles if role in specs)

    specs = {role: loading.store.arrays[plan.member] for role, plan in block.roles.items()}
    places = [spec for role, spec in specs.items() if role in ("points", "x", "y", "z")]
    cells = share(block.cells_or_points)
    # One id per point of a cell, the bounds of the cells, and of an unstructured grid their types.
    tables = [role for role in specs if role.startswith("cells")]
    alone = block.count if block.cells_form in ("lines", "corners") else block.cells_or_points
    ids = share(items(*tables, "connectivity") or alone) + share(items("polyhedron_faces"))
    if share(block.count) < block.count and block.kind != "Points":
        ids += share(block.count)  # the number in the file of each point that this rank has
    total = 3 * position_dtype(places).itemsize * share(block.count) + ID_DTYPE.itemsize * (ids + cells + 1)
    return total + (cells if class_name(block) == "vtkUnstructuredGrid" else 0)


def _mib(size: int) -> str:
    return f"{size / 2**20:,.0f} MiB" if size >= 1 << 20 else f"{size:,} bytes"
