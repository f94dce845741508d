"""Vectors that no filter would take as they stand in a file: of two components, or in several arrays.

Nothing is joined unasked, but a line names the property that does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .dtypes import leaves, vtk_dtype
from .layout import blocks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .dtypes import Leaf
    from .layout import ArrayPlan, Block, Composite

__all__ = ["is_flat", "joined", "padding", "tell_parts"]


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


def joined(plans: Iterable[ArrayPlan], specs: Mapping[str, ArraySpec]) -> dict[str, tuple[ArrayPlan, ...]]:
    """Find arrays of one dataset that are the parts of a vector or of a colour: its name -> their plans.

    They have one shape and dtype, and names such as Bx By Bz, velocity_x velocity_y, u v w, or R G B. The first part
    is the first component, and none is left out.
    """
    found = {}
    for vector, names, parts in _apart(plans, specs):
        members = [part.member for part in parts]
        if members == list(names[: len(parts)]):
            name = "".join(members) if len(names[0]) == 1 else vector
            found[name if name not in specs else "".join(members)] = parts
    return found


def tell_parts(root: Block | Composite, specs: Mapping[str, ArraySpec], *, join: bool) -> Iterator[str]:
    """Say which arrays are joined to one, where the user wants that (`join`), or look like the parts of one."""
    for block in blocks_of(root):
        vectors = {parts[0].member: name for name, parts in joined(block.arrays, specs).items()}
        for vector, _names, parts in _apart(block.arrays, specs):
            names, name = ", ".join(part.member for part in parts), vectors.get(parts[0].member)
            if name and join:
                yield f"{names}: joined to {name}; without JoinVectors apart"
            elif not parts[0].parts:  # a file that describes its arrays means what it says
                joins = f"JoinVectors makes them {name}, or the" if name else "The"
                kind = "colour" if vector == "RGBA" else "vector"
                yield f"{names}: parts of a {kind}? {joins} filter Merge Vector Components joins them"


def _apart(
    plans: Iterable[ArrayPlan], specs: Mapping[str, ArraySpec]
) -> Iterator[tuple[str, tuple[str, ...], tuple[ArrayPlan, ...]]]:
    """List vectors and colours whose parts are arrays: name, names that all parts would have, and those there are."""
    alone = {one.member: one for one in plans if one.association in ("point", "cell") and _is_scalar(one, specs)}
    for name in alone:
        names, vector = _parts(name)
        parts = tuple(alone[part] for part in names if part in alone)
        alike = {(one.axes, one.association, specs[one.member].shape, specs[one.member].dtype) for one in parts}
        colour = vector == "RGBA"
        if len(parts) >= (3 if colour else 2) and len(alike) == 1 and (colour or specs[name].dtype.kind == "f"):
            yield vector, names, parts


def _is_scalar(plan: ArrayPlan, specs: Mapping[str, ArraySpec]) -> bool:
    """Tell whether an array is one number per point, which the file describes as no more than that."""
    spec = specs[plan.member]
    described = any((part.name, part.component_names, part.kind) != (plan.member, (), "") for part in plan.parts)
    return spec.dtype.names is None and spec.dtype.kind in "iuf" and not plan.components(spec.shape) and not described


def _parts(name: str) -> tuple[tuple[str, ...], str]:
    """Return the parts of the vector whose first part has this name, and its own; none where it is no first part."""
    if name in ("u", "U", "R"):
        letters = {"u": "uvw", "U": "UVW", "R": "RGBA"}[name]
        return tuple(letters), letters
    if len(name) > 1 and name[-1] in "xX":
        vector = name[:-1]
        return tuple(vector + letter for letter in ("xyz" if name[-1] == "x" else "XYZ")), vector.rstrip(
            "_.- "
        ) or vector
    return (), ""
