"""Vectors that no filter would take as they stand in a file: of two components, or in several arrays.

Nothing is joined unasked, but a line names the property that does.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .dtypes import item_bytes, leaves, vtk_dtype

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from ..files.npy_header import ArraySpec
    from .dtypes import Leaf
    from .layout import ArrayPlan, Block

__all__ = ["is_flat", "joined", "padding", "tell_components", "third_components"]


def is_flat(leaf: Leaf, components: tuple[int, ...]) -> bool:
    """Tell whether values are vectors of two real components, with component axes of these lengths."""
    return leaf.dtype.kind == "f" and math.prod((*components, *leaf.shape)) == 2


def padding(plan: ArrayPlan, spec: ArraySpec) -> int:
    """Return how many bytes per point or cell a third component takes; 0 for arrays that get none.

    Parts of complex numbers, and what the file itself calls something else than a vector, are none.
    """
    if plan.association not in ("point", "cell"):
        return 0
    if any(one.components == ("Re", "Im") or set(one.active) - {"Scalars", "Vectors"} for one in plan.records):
        return 0
    components = plan.components(spec.shape)
    return sum(
        vtk_dtype(leaf.dtype).itemsize
        for leaf in leaves(spec.dtype)
        if is_flat(leaf, components) and (not plan.columns or leaf.path[0] in plan.columns)
    )


def third_components(plans: Iterable[ArrayPlan], specs: Mapping[str, ArraySpec], *, join: bool) -> dict[str, int]:
    """Return how many bytes per point or cell `padding` takes, by members; of those that are joined at the first."""
    found = {plan.member: padding(plan, specs[plan.member]) for plan in plans}
    for first, *others in joined(plans, specs).values() if join else ():
        if len(others) == 1:
            found[first.member] = item_bytes(specs[first.member].dtype)
    return found


def joined(plans: Iterable[ArrayPlan], specs: Mapping[str, ArraySpec]) -> dict[str, tuple[ArrayPlan, ...]]:
    """Find arrays of one dataset that are the components of a vector or of a colour: its name -> their plans.

    They have one shape and dtype, and names such as Bx By Bz, velocity_x velocity_y, u v w, or R G B. The first array
    is the first component, and none is left out.
    """
    return {name: components for name, _kind, components in _apart(plans, specs) if name}


def tell_components(blocks: Iterable[Block], specs: Mapping[str, ArraySpec], *, join: bool) -> Iterator[str]:
    """Say which arrays are joined to one, where the user wants that (`join`), or look like the components of one."""
    for block in blocks:
        for name, kind, components in _apart(block.arrays, specs):
            names = ", ".join(one.member for one in components)
            if name and join:
                yield f"{names}: joined to {name}; without JoinVectors apart"
            elif not components[0].records:  # a file that describes its arrays means what it says
                joins = f"JoinVectors makes them {name}, or the" if name else "The"
                yield f"{names}: parts of a {kind}? {joins} filter Merge Vector Components joins them"


def _apart(
    plans: Iterable[ArrayPlan], specs: Mapping[str, ArraySpec]
) -> Iterator[tuple[str, str, tuple[ArrayPlan, ...]]]:
    """List what lies in several arrays: name, empty where a component before the last is missing; kind; components."""
    plans = [one for one in plans if one.association in ("point", "cell")]
    known = {one.member: one for one in plans if len(plans) > 1}
    for first, plan in known.items():
        members, vector = _components(first)
        tensor = first[:-1].endswith(tuple("xyzXYZ")) and any(first[:-2] + axis * 2 in known for axis in "yzYZ")
        if not members or tensor or not _is_scalar(plan, specs):
            continue
        components = tuple(known[one] for one in members if one in known and _is_scalar(known[one], specs))
        alike = {(one.axes, one.association, specs[one.member].shape, specs[one.member].dtype) for one in components}
        least, kind = (3, "colour") if members[:1] == ("R",) else (2, "vector")
        if len(components) < least or len(alike) > 1 or (kind == "vector" and specs[first].dtype.kind != "f"):
            continue
        names = tuple(one.member for one in components)
        whole = vector if vector and vector not in specs else "".join(names)
        yield whole if names == members[: len(names)] else "", kind, components


def _is_scalar(plan: ArrayPlan, specs: Mapping[str, ArraySpec]) -> bool:
    """Tell whether an array is one number per point, which the file describes as no more than that."""
    spec = specs[plan.member]
    described = any((one.name, one.components, one.vtk_class) != (plan.member, (), "") for one in plan.records)
    return spec.dtype.names is None and spec.dtype.kind in "iuf" and not plan.components(spec.shape) and not described


def _components(first: str) -> tuple[tuple[str, ...], str]:
    """Return the names of the components whose first has this name, and what they share; none where it is no first."""
    if first in ("u", "U", "R"):
        return tuple({"u": "uvw", "U": "UVW", "R": "RGBA"}[first]), ""
    if len(first) > 1 and first[-1] in "xX":
        start, letters = first[:-1], "xyz" if first[-1] == "x" else "XYZ"
        return tuple(start + letter for letter in letters), start.rstrip("_.- ") or start
    return (), ""
