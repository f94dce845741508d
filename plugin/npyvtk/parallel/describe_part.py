"""What the piece of one rank is, said in JSON's types: for `merge`, which sees the pieces of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..plan import description_text
from ..plan.axes import parse_axes
from ..plan.description import STRUCTURED
from ..plan.dtypes import descr_from_json
from ..vtk.cells import poly_groups
from ..vtk.drafts import Tree, drafts
from ..vtk.member import Member

if TYPE_CHECKING:
    from typing import Any

    from ..vtk.drafts import Draft

__all__ = [
    "array_keys",
    "count_rows",
    "count_tuples",
    "describe_part",
    "has_content",
    "have_rows",
    "member_of_message",
]


def describe_part(tree: Draft | Tree) -> Any:  # noqa: ANN401
    """Say what the drafted piece of a rank is, for `Merge`."""
    return _describe(tree, {id(one): number for number, one in enumerate(drafts(tree))})


def _describe(node: Draft | Tree | None, numbers: dict[int, int]) -> Any:  # noqa: ANN401
    if node is None:
        return None
    if isinstance(node, Tree):
        return {
            "type": node.type,
            "own": _describe(node.own, numbers),
            "children": [
                [
                    name,
                    [_describe(one, numbers) for one in child]
                    if isinstance(child, list)
                    else _describe(child, numbers),
                ]
                for name, child in node.children
            ],
            "assembly": node.assembly,
        }
    leaf = node.leaf
    found: dict[str, Any] = {
        "number": numbers[id(node)],
        "leaf": None if leaf is None else [leaf.type, leaf.extent, leaf.point_axes, leaf.origin],
        "points": node.points,
        "placed": node.placed,
        "ids": node.ids is not None,
        "roles": {role: _describe_member(geometry.member) for role, geometry in node.roles.items()},
        "arrays": [
            [_describe_member(a.member), a.association, [description_text.dump_array(one) for one in a.templates]]
            for a in node.arrays
        ],
    }
    cells = node.cells
    if cells is not None and not len(cells.types):
        found["no cells"] = _describe_cells(node)
    elif cells is not None:
        groups = poly_groups(cells.types) if leaf.type == "vtkPolyData" else np.zeros(len(cells.types), int)
        bounds = np.searchsorted(groups, np.arange(5))
        uniform_type = cells.uniform_type
        found["cells"] = {
            "bounds": bounds.tolist(),
            "ids": cells.offsets[bounds].tolist(),
            "form": uniform_type,
            "once": cells.is_identity(node.points),
            "faces": None if cells.faces is None else len(cells.faces),
            "short": cells.given_offsets,
        }
        # As they would be alone: dtypes and names of the members.
        for mixed in (False, True):
            found["cells"]["mixed" if mixed else "alike"], _cell_type = _describe_cells(node, mixed=mixed)
    return found


def _describe_cells(node: Draft, *, mixed: bool = False) -> tuple[dict[str, Any], int | None]:
    """Describe the members that the cells would be alone, and say their type where they have one."""
    trial = replace(node, roles={}, arrays=[])
    trial.resolve_cells(mixed)
    return {role: _describe_member(one.member) for role, one in trial.roles.items()}, trial.leaf.cell_type


def _describe_member(member: Member) -> list[Any]:
    descr = np.lib.format.dtype_to_descr(member.dtype)
    return [member.name, member.shape, descr, member.axes, member.plain]


def member_of_message(said: list[Any]) -> Member:
    """Undo `_describe_member`: a member without values, which are on another rank."""
    name, shape, descr, axes, plain = said
    dtype = np.lib.format.descr_to_dtype(descr_from_json(descr))
    return Member(name, tuple(shape), dtype, axes, (), (), plain)


def has_content(said: dict[str, Any]) -> bool:
    """Tell whether a part of a dataset holds anything."""
    if "type" in said:
        return True
    if said["leaf"] is None:
        return bool(said["arrays"])
    kind, extent, _axes, _origin = said["leaf"]
    if kind in STRUCTURED:
        return all(lo <= hi for lo, hi in zip(extent[::2], extent[1::2]))
    if kind == "vtkTable":
        return count_rows(said) > 0
    return said["points"] > 0 or "cells" in said


def count_tuples(said: dict[str, Any], association: str) -> int:
    """Tell how many points, cells or rows a part of a mesh or table has."""
    if association == "row":
        return count_rows(said)
    if association == "point":
        return said["points"]
    return said["cells"]["bounds"][4] if "cells" in said else 0


def have_rows(every: list[Member], counts: list[int], association: str) -> bool:
    """Tell whether the pieces of an array have values, one tuple for each point, cell or row.

    An array without components has none.
    """
    letters = [axis.letter for axis in parse_axes(every[0].axes)]
    if "n" not in letters:
        return True
    tuples = [one.shape[letters.index("n")] for one in every]
    if any(counts) and not any(tuples):
        return False
    for one, found, count in zip(every, tuples, counts):
        if found != count:
            raise UnsupportedError(
                f"array {one.name!r} has {found} tuples for {count} {association}s. Leave it out with Pass Arrays."
            )
    return True


def count_rows(said: dict[str, Any]) -> int:
    """Tell how many rows a part of a table has."""
    for (_name, shape, _descr, axes, *_more), association, _templates in said["arrays"]:
        if association == "row":
            letters = [axis.letter for axis in parse_axes(axes)]
            return shape[letters.index("n")] if "n" in letters else 1
    return 0


def array_keys(said: dict[str, Any]) -> dict[tuple, int]:
    """Number of each array of a part, by what makes it the same array on all ranks."""
    seen: Counter = Counter()
    found = {}
    for number, (member, association, templates) in enumerate(said["arrays"]):
        key = (association, member[0], *(one.get("name") for one in templates))
        seen[key] += 1
        found[(*key, seen[key])] = number
    return found
