"""The one table of names: what the members of a file are called that mean geometry, topology or time.

The reader looks for these names, and the writer uses them.
What places an image is named in `kinds`, and the parts of vectors in `vectors`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .kinds import IMAGE
from .times import has_dates

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Callable

    from ..files.npy_header import ArraySpec

AXES = "axes"  # the member that names the axes of the others
DESCRIPTION = "vtk"  # the member that says what a dataset is beyond its arrays, see `plan.description`
SMALL = 16  # a member of no more items than this says something of the data (a matrix, a range), and is no grid

# Families of names that mean coordinates, matched as whole names; within one family the names of a letter mix.
FAMILIES: tuple[dict[str, tuple[str, ...]], ...] = (
    {"x": ("x", "lon", "longitude"), "y": ("y", "lat", "latitude"), "z": ("z", "depth", "height", "level")},
    {"x": ("X",), "y": ("Y",), "z": ("Z",)},
    {"x": ("xs",), "y": ("ys",), "z": ("zs",)},
    {"x": ("xc",), "y": ("yc",), "z": ("zc",)},
    {"x": ("xx",), "y": ("yy",), "z": ("zz",)},
    {"x": ("XX",), "y": ("YY",), "z": ("ZZ",)},
    {"x": ("xv",), "y": ("yv",), "z": ("zv",)},
    {"x": ("x_coord",), "y": ("y_coord",), "z": ("z_coord",)},
    {"x": ("x_coords",), "y": ("y_coords",), "z": ("z_coords",)},
    {"x": ("grid_x",), "y": ("grid_y",), "z": ("grid_z",)},
    {"x": ("x_grid",), "y": ("y_grid",), "z": ("z_grid",)},
    {"x": ("lons",), "y": ("lats",), "z": ()},
    {"x": ("longitudes",), "y": ("latitudes",), "z": ()},
    {"x": ("lon_rho",), "y": ("lat_rho",), "z": ("z_rho",)},
)
# The same for the edges of cells, as numpy.histogram2d returns them.
EDGES: dict[str, tuple[str, ...]] = {
    letter: (f"{letter}edges", f"{letter}_edges", f"{letter}edge", f"{letter}_edge", f"{letter}bins", f"{letter}_bins")
    for letter in "xyz"
}
ALL_EDGES = "edges"  # (axes, edges), one row for each axis, as numpy.histogramdd returns them
COORDINATES = {letter: (*(name for family in FAMILIES for name in family[letter]), *EDGES[letter]) for letter in "xyz"}
EVERY_COORDINATE = frozenset(name for names in COORDINATES.values() for name in names)
EDGE_ENDINGS = tuple(name[1:] for name in EDGES["x"])
HEIGHTS = ("z", "depth", "lev", "height", "alt")  # beginnings of names that mean z beside x and y
TIMES = ("time", "t", "times", "ts", "tsteps", "time_s", "timestamps", "time_steps", "timesteps")
POINTS = (
    *("points", "vertices", "verts", "xyz", "position", "positions", "pos", "coord", "coords", "coordinates"),
    *("mesh_pos", "nodes", "nodes_coords", "node_coords", "pointcloud", "point_cloud", "world_pos"),
)
NO_POSITIONS = frozenset({  # three numbers for each point, but never its place
    "normal", "normals", "velocity", "velocities", "rgb", "color", "colors", "colour", "colours", "force", "forces",
})  # fmt: skip
ATOMS = "R"  # positions of atoms, beside one of the numbers that say what they are
ATOM_NUMBERS = ("z", "Z", "numbers", "atomic_numbers", "nuclear_charges")
MESH_POINTS = ("V", "v", "v_template", "Points")  # only beside cells
SCIKIT_FEM = ("p", "t")  # points and cells, each a column
EDGE_INDEX = "edge_index"  # lines, each a column, as graphs of PyTorch Geometric have them

CORNERS = ("vectors", "triangles", "triangle", "tris", "faces", "facets")  # (M, 3, 3): corners of loose triangles

# Names of tables of point numbers, volumes first, and columns -> VTK cell type, see
# https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html
_CELLS = {2: 3, 3: 5, 4: 10, 5: 14, 6: 13, 8: 12, 10: 24, 20: 25}
_NUMBERED_CELLS = (  # quadratic ones, as meshio has them: name -> columns, type
    (("tetra10",), {10: 24}),
    (("hexahedron20",), {20: 25}),
    (("hexahedron27",), {27: 29}),
    (("wedge15",), {15: 26}),
    (("pyramid13",), {13: 27}),
    (("triangle6",), {6: 22}),
    (("quad8",), {8: 23}),
    (("quad9",), {9: 28}),
    (("line3",), {3: 21}),
)
_CELL_TABLES = (
    (("cells",), {1: 1, **_CELLS}),
    (("elements", "elems", "elements_connectivity", "connectivity"), _CELLS),
    (("tetras", "tetra", "tets", "tetrahedra"), {4: 10, 10: 24}),
    (("hexahedra", "hexahedron", "hexas"), {8: 12, 20: 25}),
    (("wedges", "wedge"), {6: 13}),
    (("pyramids", "pyramid"), {5: 14}),
    (("faces", "F", "f"), {3: 5, 4: 9}),
    (("simplices", "indices"), {3: 5, 4: 10}),
    (("triangles", "triangle", "tris", "tri"), {3: 5, 6: 22}),
    (("quads", "quad"), {4: 9, 8: 23}),
    (("lines", "line", "edges", "edge"), {2: 3}),
    *_NUMBERED_CELLS,
)
CELL_TYPES = {(name, k): t for names, kinds in _CELL_TABLES for name in names for k, t in kinds.items()}
CELL_NAMES = tuple(name for names, _kinds in _CELL_TABLES for name in names)
MORE_CELLS = ("idx", EDGE_INDEX)  # that the writer does not use
MIXED_CELLS = ("connectivity", "offsets", "types")  # as VTK has them
STREAM_TYPES = ("celltypes", "cell_types")  # of cells that are each led by their number of points
BOUNDS = ("offsets", "lengths")  # of lines, whose points follow each other
FLAT_NAMES = ("faces", "triangles", "tris", "indices", "idx", "F", "f")  # also (3M,) numbers, of triangles
PADDED_NAMES = ("cells", "faces", "lines")  # also with the number of points before those of each cell, as PyVista's
# Names that mean other things as well: their values have to fit the points.
LOOSE_NAMES = frozenset({
    "elements", "elems", "elements_connectivity", "connectivity", "indices", "idx", "F", "f", SCIKIT_FEM[1], "tri",
    "line", "edges", "edge", EDGE_INDEX, "simplices",
})  # fmt: skip
INDEX_NAMES = frozenset((*CELL_NAMES, *FLAT_NAMES, *LOOSE_NAMES, *BOUNDS))
CELL_TYPE_NAMES = {
    1: "vertices", 3: "lines", 4: "polylines", 5: "triangles", 7: "polygons", 9: "quads", 10: "tetrahedra",
    12: "hexahedra", 13: "wedges", 14: "pyramids", 21: "quadratic lines", 22: "quadratic triangles",
    23: "quadratic quads", 24: "quadratic tetrahedra", 25: "quadratic hexahedra", 26: "quadratic wedges",
    27: "quadratic pyramids", 28: "biquadratic quads", 29: "triquadratic hexahedra",
}  # fmt: skip
POLY_TYPES = (3, 4, 5, 7, 9)  # that are surfaces and lines to all filters of poly data
TETRAHEDRON, TRIANGLE, LINE, HEXAHEDRON = 10, 5, 3, 12
# Of a table: transposed, one long list, each cell led by its number of points, transposed in scikit-fem's own order.
FORMS = ("columns", "flat", "padded", "scikit-fem")
# Which row of scikit-fem's MeshHex.t holds each point of a VTK hexahedron: HEX_MAPPING in its skfem/io/meshio.py.
SCIKIT_FEM_HEXAHEDRON = (0, 3, 6, 2, 1, 5, 7, 4)
FIXED_COLUMNS: dict[int | None, int] = {1: 1, 3: 2, 5: 3, 9: 4, 10: 4, 12: 8, 13: 6, 14: 5}  # points of cells by type
MAX_INDEX_BYTES = 1 << 26  # of a table of point numbers that planning looks at
VERTEX, POLYLINE, POLYGON, QUAD = 1, 4, 7, 9
IN_THE_PLANE = {TETRAHEDRON: QUAD, 13: 22, HEXAHEDRON: 23}  # what cells of as many flat points are, which are no solids
MAX_COORDINATES = 1 << 24  # a longer 1-D member is no coordinate axis; planning reads these values
MAX_HEIGHTS = 1 << 16  # the same under a name that only begins like one
MAX_DATES_BYTES = 1 << 20  # of a member with dates, whose first and last one are said
MAX_NAME_BYTES = 1 << 10  # of the letter of an axis
MAX_DESCRIPTION_BYTES = 1 << 26  # of the `vtk` and `axes` members

BOX = ("lower", "upper", "dim_names")  # numbers, numbers, and the letters of the axes that they belong to
IMAGE_MEMBERS = {"origin": (3,), "spacing": (3,), "direction": (3, 3)}  # what the writer writes, as float64
GEOMETRY_NAMES = IMAGE.roles

ALIASES = {  # names of geometry that people use, and that a dataset may carry on its arrays
    **COORDINATES,
    "points": POINTS,
    "cells": CELL_NAMES,
}
# Tables under these names may stand side by side, each with its kind of cells.
KIND_NAMES = frozenset((
    *(name for name in CELL_NAMES if name in CELL_TYPE_NAMES.values()), *(name for (name,), _kinds in _NUMBERED_CELLS),
    "tetra", "tets", "tetras", "hexahedron", "hexas", "wedge", "pyramid", "triangle", "tris", "quad", "line",
))  # fmt: skip
WRITTEN_CELL_NAMES = {3: "lines", 4: "lines", 5: "triangles", 7: "faces", 9: "faces", 10: "tetras"}


def fits_form(form: str, name: str, cell_type: int | None, shape: tuple[int, ...]) -> bool:
    """Tell whether a table (M, k) of cells may have another form in a file, which its shape tells there."""
    if form not in FORMS or cell_type is None or FIXED_COLUMNS.get(cell_type) != shape[1] or not shape[0]:
        return False
    if form in ("columns", "scikit-fem"):
        return name in (SCIKIT_FEM[1], EDGE_INDEX) and shape[0] not in (shape[1], shape[1] + 1)
    return name in (FLAT_NAMES if form == "flat" else PADDED_NAMES) and (form == "padded" or cell_type == TRIANGLE)


def form_of(cell_type: int | None, shape: tuple[int, ...]) -> str:
    """Return the form of the member with the cells of one type; empty for a plain table."""
    k = None if cell_type is None else FIXED_COLUMNS.get(cell_type)
    if len(shape) == 1:
        return "flat" if k == FIXED_COLUMNS[TRIANGLE] else ""
    if k is None or len(shape) != 2 or shape[1] == k:
        return ""
    if shape[1] == k + 1 or shape[0] != k:
        return "padded" if shape[1] == k + 1 else ""
    return "scikit-fem" if cell_type == HEXAHEDRON else "columns"


class Values(Mapping[str, np.ndarray]):
    """Values of some members, each made when planning looks at it: what coordinates become their shapes may tell.

    Parameters
    ----------
    names : iterable of str
    make : callable
        Returns the values of one of them.
    make_head : callable, optional
        Returns the first rows alone, or None where all of them cost no more.
    """

    def __init__(
        self,
        names: Iterable[str],
        make: Callable[[str], np.ndarray],
        make_head: Callable[[str], np.ndarray | None] = lambda _name: None,
    ) -> None:
        self._names, self._make, self._make_head = dict.fromkeys(names), make, make_head
        self._made: dict[str, np.ndarray] = {}
        self._heads: dict[str, np.ndarray] = {}

    def head(self, name: str) -> np.ndarray | None:
        """Return the first rows of a member, or all; None where it is none of these."""
        if name in self._names and name not in self._heads:
            head = self._made.get(name)
            head = self._make_head(name) if head is None else head
            if head is None:
                head = self._made[name] = self._make(name)
            self._heads[name] = head
        return self._heads.get(name)

    def __getitem__(self, name: str) -> np.ndarray:
        if name in self._names and name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


def small_members(specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the small members whose values planning needs."""
    indices = DESCRIPTION not in specs and _may_have_points(specs)
    return tuple(
        name for name, spec in specs.items() if _is_wanted(name, spec) or (indices and is_index_table(name, spec))
    )


def _may_have_points(specs: Mapping[str, ArraySpec]) -> bool:
    known = any(name in specs for name in (*POINTS, *MESH_POINTS, SCIKIT_FEM[0]))
    return known or all(any(name in specs for name in FAMILIES[0][letter]) for letter in "xy")


def is_index_table(name: str, spec: ArraySpec) -> bool:
    """Tell whether a member may hold point numbers that planning looks at."""
    size = math.prod(spec.shape) * spec.dtype.itemsize
    return name in INDEX_NAMES and spec.dtype.kind in "iu" and len(spec.shape) in (1, 2) and size <= MAX_INDEX_BYTES


def _is_wanted(name: str, spec: ArraySpec) -> bool:
    size, axes = math.prod(spec.shape), len(spec.shape)
    if name in (DESCRIPTION, AXES):
        return axes == 0 and spec.dtype.kind in "US" and spec.dtype.itemsize <= MAX_DESCRIPTION_BYTES
    if spec.dtype.hasobject:
        return False
    if name in BOX:
        return axes == 1 and size <= SMALL and spec.dtype.kind in "iufUS" and spec.dtype.itemsize <= MAX_NAME_BYTES
    dated = spec.dtype.kind in "VmM" and has_dates(spec.dtype)
    if dated and name not in TIMES and size * spec.dtype.itemsize <= MAX_DATES_BYTES:
        return True
    if spec.dtype.kind not in "iufmM":
        return False
    if name in GEOMETRY_NAMES:
        return size <= SMALL
    if name in TIMES:
        return (not axes or bool(along_one_axis(spec.shape))) and size <= MAX_COORDINATES
    if name.startswith(HEIGHTS) and axes == 1 and size <= MAX_HEIGHTS:
        return True
    if name == ALL_EDGES and axes == 2:
        return spec.dtype.kind == "f" and spec.shape[0] in (2, 3) and size <= MAX_COORDINATES
    known = name in EVERY_COORDINATE or (axes == 1 and len(name) > 1 and name[1:] in EDGE_ENDINGS)
    return known and bool(along_one_axis(spec.shape)) and size <= MAX_COORDINATES


def along_one_axis(shape: tuple[int, ...]) -> str:
    """Return the axes of a coordinate, (n,) or one with axes of length 1 beside its own; empty when it is none."""
    if not shape or len(shape) > 3 or sum(n != 1 for n in shape) > 1:
        return ""
    k = next((k for k, n in enumerate(shape) if n != 1), 0)
    return "".join("n" if j == k else "c" for j in range(len(shape)))


def places_of(members: Iterable[str]) -> Callable[[str], int]:
    """Return what tells the place of an array among `members`; arrays of none of them come after all.

    Fields of a record, and parts of complex numbers, are named after their member: ``a.re`` is of ``a``.
    """
    names = list(members)
    places = {name: k for k, name in reversed(list(enumerate(names)))}

    def place(array: str) -> int:
        candidates = [array, *(array[:k] for k, letter in enumerate(array) if letter == ".")]
        return min(places.get(name, len(names)) for name in candidates)

    return place
