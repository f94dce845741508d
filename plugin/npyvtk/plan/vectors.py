"""Vectors that no filter would take as they stand in a file: of two components, or in several arrays.

Nothing is joined unasked, but a line names the filter that does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .dtypes import leaves, vtk_dtype
from .layout import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .dtypes import Leaf
    from .layout import ArrayPlan, Block, Composite

__all__ = ["is_flat", "padding", "vectors_apart"]


def is_flat(leaf: Leaf, components: tuple[int, ...]) -> bool:
    """Tell whether values are vectors of two real components, with component axes of these lengths."""
    return leaf.dtype.kind == "f" and math.prod((*components, *leaf.shape)) == 2


def padding(plan: ArrayPlan, spec: ArraySpec) -> int:
    """Return how many bytes per point or cell a third component takes; 0 for arrays that get none.

    Parts of complex numbers, and what the file itself calls something else than a vector, are none.
    """
    if plan.association not in ("point", "cell"):
        return 0
    if any(part.component_names == ("Re", "Im") or set(part.active) - {"Scalars", "Vectors"} for part in plan.parts):
        return 0
    components = plan.components(spec.shape)
    return sum(
        vtk_dtype(leaf.dtype).itemsize
        for leaf in leaves(spec.dtype)
        if is_flat(leaf, components) and (not plan.columns or leaf.path[0] in plan.columns)
    )


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
