"""Datasets in a tree: plans for a file, or drafts of one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

__all__ = ["COLLECTION", "COMPOSITES", "Child", "Composite", "map_tree", "nodes_of"]

COMPOSITES = (
    "vtkMultiBlockDataSet",
    "vtkMultiPieceDataSet",
    "vtkPartitionedDataSet",
    "vtkPartitionedDataSetCollection",
)
COLLECTION = "vtkPartitionedDataSetCollection"


class Child(NamedTuple):
    """One place in a composite."""

    name: str | None
    data: Any  # a dataset, a `Composite` or None; a tuple of these: the partitions of one place in a collection


@dataclass(frozen=True)
class Composite:
    """Datasets in a tree, or drafts of some."""

    type: str  # of COMPOSITES
    children: tuple[Child, ...] = ()
    assembly: str | None = None  # XML, collections only
    field_data: Any = ()  # arrays; in a tree of drafts, or of the pieces of ranks, one that has nothing else
    fixed: bool = True  # written by us: the structure stays whatever arrays are chosen


def nodes_of(node: Any) -> list[Any]:  # noqa: ANN401 - the datasets may be drafts
    """List all datasets and composites of a tree, in order; a composite comes after what is in it."""
    if isinstance(node, tuple):
        return [one for place in node for one in nodes_of(place)]
    if isinstance(node, Composite):
        return [*nodes_of(tuple(data for _name, data in node.children)), node]
    return [] if node is None else [node]


def map_tree(node: Any, dataset: Callable[[Any], Any], field_data: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """Make the same tree of what `dataset` makes of its datasets, and `field_data` of the arrays of its composites."""
    if isinstance(node, tuple):
        return tuple(map_tree(one, dataset, field_data) for one in node)
    if isinstance(node, Composite):
        children = tuple(Child(name, map_tree(data, dataset, field_data)) for name, data in node.children)
        return replace(node, children=children, field_data=field_data(node.field_data))
    return None if node is None else dataset(node)
