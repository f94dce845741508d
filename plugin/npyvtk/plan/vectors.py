"""Vectors whose parts are arrays of their own: nothing is joined unasked, but a line names the filter that does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .layout import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .layout import Block, Composite

__all__ = ["vectors_apart"]


def vectors_apart(specs: Mapping[str, ArraySpec], root: Block | Composite) -> Iterator[str]:
    """Name the arrays of one shape and dtype that look like the parts of a vector: Bx By Bz, velocity_x ..., u v w."""
    for block in blocks_of(root):
        kinds = {one.member: (one.axes, one.association, specs[one.member].shape) for one in block.arrays}
        for name in kinds:
            parts = [part for part in _parts(name) if part in kinds]
            alike = {(*kinds[part], specs[part].dtype) for part in parts}
            if len(parts) > 1 and len(alike) == 1 and specs[name].dtype.kind == "f":
                yield f"{', '.join(parts)}: parts of a vector? The filter Merge Vector Components joins them"


def _parts(name: str) -> tuple[str, ...]:
    """Return the parts of the vector whose first part has this name; none where it is no first part."""
    if name in ("u", "U"):
        return tuple("uvw" if name == "u" else "UVW")
    if len(name) > 1 and name[-1] in "xX":
        return tuple(name[:-1] + letter for letter in ("xyz" if name[-1] == "x" else "XYZ"))
    return ()
