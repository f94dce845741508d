"""What the command ``info`` says of a file: in words, or for scripts as JSON has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .files.open_store import open_store
from .files.source import printable
from .plan.axes import format_axes
from .plan.layout import blocks_of
from .series import Series

if TYPE_CHECKING:
    from typing import Any

    from .options import ReadOptions
    from .plan.layout import Block

__all__ = ["for_scripts", "in_words"]


def in_words(path: str, options: ReadOptions) -> list[str]:
    """Say what a file becomes, what each array was taken for, and how an archive is compressed; a line for each."""
    found = Series([path], options)
    steps = found.steps
    times = f", {len(steps)} time steps from {steps[0].time:g} to {steps[-1].time:g}" if len(steps) > 1 else ""
    return [f"{path}: {found.first.layout.root.type}{times}", *found.lines, *_storage(path)]


def _storage(path: str) -> list[str]:
    """How the arrays of an archive are compressed, one line per kind."""
    kinds: dict[str, list[str]] = {}
    with open_store(path) as store:
        for name in store.arrays:
            kinds.setdefault(store.storage(name), []).append(printable(name))
    return [f"{', '.join(names)}: {kind}" for kind, names in kinds.items() if kind]


def for_scripts(path: str, options: ReadOptions) -> dict[str, Any]:
    """Return what a file becomes, as JSON has it; the keys are described in docs/package.md."""
    found = Series([path], options)
    blocks = blocks_of(found.first.layout.root)
    specs = found.first.specs
    return {
        "file": path,
        "class": found.first.layout.root.type,
        "times": [step.time for step in found.steps],
        "blocks": [_block(block) for block in blocks],
        "arrays": [
            {
                "name": plan.member,
                "shape": list(specs[plan.member].shape),
                "dtype": np.lib.format.dtype_to_descr(specs[plan.member].dtype),
                "axes": format_axes(plan.axes),
                "association": plan.association,
                "block": number,
            }
            for number, block in enumerate(blocks)
            for plan in (*block.arrays, *block.field_data)
        ],
        "interpretation": list(found.lines),
    }


def _block(block: Block) -> dict[str, Any]:
    kind = block.kind
    made: dict[str, Any] = {"name": block.name, "type": kind.name}
    if kind.is_grid:
        made["dimensions"] = list(block.dims)
    elif kind.has_rows:
        made["rows"] = block.count
    else:
        made.update(points=block.count, cells=block.cells_or_points)
    if kind.has_geometry:
        made.update(origin=list(block.origin), spacing=list(block.spacing), direction=list(block.direction))
    return made
