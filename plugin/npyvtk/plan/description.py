"""The member ``vtk`` of an ``.npz``: what a dataset is beyond its arrays.

This module holds the records that the text stands for, and nothing else: no VTK, no files, no arrays.
It is the specification of that text, version 1; `description_text` writes and reads it.

``vtk`` is a 0-d unicode array that holds one JSON object::

    {"version": 1, "data": NODE, "time": MEMBER}

``time`` is optional: the member with the time of the data, a scalar, or one value per step when arrays have
a leading ``t`` axis.
MEMBER is always the name of a member of the same file, without ``.npy``.
No key may be added without a new version; absent optional keys and null mean the same.

NODE, for one dataset (`DatasetRecord`)::

    {"type": "vtkImageData" | "vtkRectilinearGrid" | "vtkStructuredGrid" | "vtkPolyData"
             | "vtkUnstructuredGrid" | "vtkTable",
     "extent": [i0, i1, j0, j1, k0, k1],          the three structured types, always
     "members": {ROLE: MEMBER, ...},
     "origin": [x, y, z],                         vtkImageData, where the extent does not start at 0
     "cell_type": 5, "point_axes": "zyx",          see below
     "point_data": [ARRAY, ...], "cell_data": [...], "row_data": [...], "field_data": [...]}

Roles, with the shape of their members:

====================  ==================================================================================
vtkImageData          ``origin`` (3,), the place of the first point, ``spacing`` (3,), ``direction``
                      (3, 3); the key ``origin`` is the place of index 0, which VTK calls the origin.
                      Or others that say the same: ``affine`` (4, 4), or ``dx``, ``dy``, ``dz``, ``xmin``,
                      ``ymin``, ``zmin``, scalars; two numbers for x and y, z is 0 and its spacing 1;
                      one number as ``spacing``, ``voxel_size``, ``pixel_size`` or ``resolution`` for
                      x, y and z; with ``xmax``, ``ymax``, ``zmax``, scalars, minima and maxima are those
                      of the points, or else the ends of the cells, in either order
vtkRectilinearGrid    ``x`` (nx,), ``y`` (ny,), ``z`` (nz,)
vtkStructuredGrid     ``x``, ``y``, ``z``, the coordinates of the points, each with the axes that
                      ``point_axes`` names, ``zyx`` when it is absent; at least one where there is a point.
                      Or ``points``, all of them in one member, where ``point_axes`` names its axes, such as
                      ``zyxc``
vtkPolyData,          ``points`` (N, 3), or ``x``, ``y``, ``z`` (N,) each; without either there is no point.
vtkUnstructuredGrid   A coordinate left out of x, y, z is 0 everywhere, in structured grids as well.
                      ``point_axes`` names the axes of ``points``, ``nc`` when it is absent, or of x, y and z,
                      ``n`` when it is absent.
                      Points that move have an axis ``t`` more; of x, y, z one that stays may have none
                      Cells: one of the three forms below
====================  ==================================================================================

1.  ``cells`` (M, k) and ``cell_type``: M cells of one VTK cell type with k points each.
    Of lines, triangles, quads, tetrahedra, hexahedra, wedges and pyramids also (M, k + 1), each cell led by k, and
    (k, M), where M is neither k nor k + 1, hexahedra then in the order of scikit-fem; of triangles also (3 M,).
    Of lines of type 4 also ``lengths`` (M,) and no ``cells``: how many points each has, which follow each other.
2.  ``cell_type`` 1 or 2 without ``cells``: one vertex per point in the order of the points (1), or one
    poly-vertex of all points (2).
3.  ``connectivity``, ``offsets`` (M + 1,), ``types`` (M,) uint8: cell m has the points
    ``connectivity[offsets[m]:offsets[m + 1]]`` and VTK cell type ``types[m]``.
    ``offsets`` of length M leave out the first, which is 0, or the last, which is the length of ``connectivity``.
    Poly data has its cells in VTK's order: vertices, lines, polygons, strips; types 1 and 2 are vertices, 3
    and 4 lines, 6 strips, all others (5, 7, 8, 9) polygons.
    Polyhedra (type 42) add ``polyhedron_faces`` and ``polyhedron_offsets`` (M + 1,): the faces of cell m
    are ``polyhedron_faces[polyhedron_offsets[m]:polyhedron_offsets[m + 1]]``, one number of points and
    then those points for each face; empty for all cells that are no polyhedra.

Without any of them there are no cells.

ARRAY (`ArrayRecord`)::

    {"member": MEMBER, "name": "temperature" or null, "axes": "zyx",
     "path": ["a", "b"],                  field of a structured member
     "components": ["Vx", null, "Vz"],    names of components
     "active": ["Scalars"],               which attributes the array is, in VTK's words
     "class": "vtkIdTypeArray",           where the dtype alone does not tell the class of the VTK array
     "units": "K"}                        VTK's UNITS_LABEL

``axes`` has one letter per axis of the member, as in `axes`; grids have ``x y z``, all else ``n``, both
also ``t`` and ``c``, and scalars of field data have no axis: ``""``.
A member of complex dtype is shown as two components, Re and Im, whatever else is chosen.

NODE, for a composite (`Composite`)::

    {"type": "vtkMultiBlockDataSet" | "vtkMultiPieceDataSet" | "vtkPartitionedDataSet"
             | "vtkPartitionedDataSetCollection",
     "children": [{"name": "wing" or null, "data": CHILD}, ...],
     "assembly": "<...>",                 XML of the vtkDataAssembly, collections only
     "field_data": [ARRAY, ...]}

CHILD is a NODE, or null for an empty place; in a collection it is a list of them, the partitions.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple, Union

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

__all__ = [
    "ATTRIBUTES",
    "COLLECTION",
    "COMPOSITES",
    "FARTHEST",
    "MAX_DEPTH",
    "MEMBER",
    "VERSION",
    "ArrayRecord",
    "Child",
    "Composite",
    "DatasetRecord",
    "Node",
    "Schema",
    "datasets_of",
    "map_tree",
    "nodes_of",
]

MEMBER = "vtk"  # the member's own name
VERSION = 1
FARTHEST = sys.float_info.max
MAX_DEPTH = 64  # of nested composites; VTK and Python both recurse over them

COMPOSITES = (
    "vtkMultiBlockDataSet",
    "vtkMultiPieceDataSet",
    "vtkPartitionedDataSet",
    "vtkPartitionedDataSetCollection",
)
COLLECTION = "vtkPartitionedDataSetCollection"
ATTRIBUTES = (
    "Scalars",
    "Vectors",
    "Normals",
    "TCoords",
    "Tensors",
    "GlobalIds",
    "PedigreeIds",
    "EdgeFlag",
    "Tangents",
    "RationalWeights",
    "HigherOrderDegrees",
    "ProcessIds",
)


class ArrayRecord(NamedTuple):
    """One VTK array and the member that holds it: in the plan for a file, in drafts of one, and in the text."""

    member: str
    name: str | None  # None: the array has no name
    axes: str = "n"  # one letter per axis of the member
    path: tuple[str, ...] = ()  # field of a structured member
    components: tuple[str | None, ...] = ()  # names; empty when no component has one
    active: tuple[str, ...] = ()  # of ATTRIBUTES
    kind: str = ""  # class of the VTK array, where the dtype does not tell it; JSON key "class"
    units: str = ""


@dataclass(frozen=True)
class DatasetRecord:
    """One dataset."""

    type: str  # of `kinds.CLASSES`
    members: Mapping[str, str] = field(default_factory=dict)  # role -> member
    extent: tuple[int, ...] | None = None  # i0 i1 j0 j1 k0 k1, structured types only
    origin: tuple[float, ...] | None = None  # place of index 0 0 0, images whose extent does not start there
    cell_type: int | None = None  # VTK cell type of all cells
    point_axes: str = ""  # of x, y, z of a structured grid, "" is zyx; of points of a mesh, "" is nc, or n
    point_data: tuple[ArrayRecord, ...] = ()
    cell_data: tuple[ArrayRecord, ...] = ()
    row_data: tuple[ArrayRecord, ...] = ()
    field_data: tuple[ArrayRecord, ...] = ()


class Child(NamedTuple):
    """One place in a composite."""

    name: str | None
    data: Any  # a dataset, a `Composite` or None; a tuple of these: the partitions of one place in a collection


@dataclass(frozen=True)
class Composite:
    """Datasets in a tree: records of the text, plans for a file, or drafts of one."""

    type: str  # of COMPOSITES
    children: tuple[Child, ...] = ()
    assembly: str | None = None  # XML, collections only
    field_data: Any = ()  # arrays, as the datasets of the tree have them
    fixed: bool = False  # written by us: the structure stays whatever arrays are chosen


Node = Union[DatasetRecord, Composite]


class Schema(NamedTuple):
    """The whole text."""

    data: Node
    time: str | None = None  # member


def nodes_of(node: Any) -> list[Any]:  # noqa: ANN401 - the datasets are records, plans or drafts
    """List all datasets and composites of a tree, in order; a composite comes after what is in it."""
    if isinstance(node, tuple):
        return [one for place in node for one in nodes_of(place)]
    if isinstance(node, Composite):
        return [*nodes_of(tuple(data for _name, data in node.children)), node]
    return [] if node is None else [node]


def datasets_of(node: Any) -> list[Any]:  # noqa: ANN401 - as above
    """List all datasets of a tree, in order."""
    return [one for one in nodes_of(node) if not isinstance(one, Composite)]


def map_tree(node: Any, dataset: Callable[[Any], Any], field_data: Callable[[Any], Any]) -> Any:  # noqa: ANN401
    """Make the same tree of what `dataset` makes of its datasets, and `field_data` of the arrays of its composites."""
    if isinstance(node, tuple):
        return tuple(map_tree(one, dataset, field_data) for one in node)
    if isinstance(node, Composite):
        children = tuple(Child(name, map_tree(data, dataset, field_data)) for name, data in node.children)
        return replace(node, children=children, field_data=field_data(node.field_data))
    return None if node is None else dataset(node)
