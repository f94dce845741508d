"""The one table of names: what the members of a file are called that mean geometry, topology or time.

The reader looks for these names, and the writer uses them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from . import description
from .dates import has_dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec

__all__ = [
    "ALIASES",
    "CELL_NAMES",
    "CELL_TYPES",
    "CELL_TYPE_NAMES",
    "COORDINATES",
    "GEOMETRY_NAMES",
    "IMAGE_MEMBERS",
    "MAX_COORDINATES",
    "POINTS",
    "POLYGON",
    "POLYLINE",
    "QUAD",
    "SMALL",
    "VERTEX",
    "WRITTEN_CELL_NAMES",
    "small_members",
]

SMALL = 16  # a member of no more items than this is a remark on the data (a matrix, a range), not a grid

# Names that mean coordinates, the plainest first.
COORDINATES = {
    "x": ("x", "lon", "longitude"),
    "y": ("y", "lat", "latitude"),
    "z": ("z", "depth", "height", "level"),
}
POINTS = (
    *("points", "vertices", "verts", "xyz", "position", "positions", "pos", "coord", "coords", "coordinates"),
    *("mesh_pos", "nodes"),
)

# (name, columns) -> VTK cell type, https://docs.vtk.org/en/latest/design_documents/VTKFileFormats.html
CELL_TYPES = {
    **{("cells", k): t for k, t in {1: 1, 2: 3, 3: 5, 4: 10, 5: 14, 6: 13, 8: 12, 10: 24, 20: 25}.items()},
    ("tetras", 4): 10,
    ("tetras", 10): 24,
    ("triangles", 3): 5,
    ("triangles", 6): 22,
    ("faces", 3): 5,
    ("faces", 4): 9,
    ("lines", 2): 3,
}
CELL_NAMES = ("cells", "tetras", "faces", "triangles", "lines")
CELL_TYPE_NAMES = {
    1: "vertices", 3: "lines", 4: "polylines", 5: "triangles", 7: "polygons", 9: "quads", 10: "tetrahedra",
    12: "hexahedra", 13: "wedges", 14: "pyramids", 22: "quadratic triangles", 24: "quadratic tetrahedra",
    25: "quadratic hexahedra",
}  # fmt: skip
VERTEX, POLYLINE, POLYGON, QUAD = 1, 4, 7, 9
MAX_COORDINATES = 1 << 24  # a longer 1-D member is no coordinate axis; planning reads these values
MAX_DATES_BYTES = 1 << 20  # of a member with dates, whose first and last one are said
MAX_DESCRIPTION_BYTES = 1 << 26  # of the `vtk` and `axes` members

IMAGE_MEMBERS = {"origin": (3,), "spacing": (3,), "direction": (3, 3)}  # what the writer writes, as float64
GEOMETRY_NAMES = description.ROLES["vtkImageData"]

ALIASES = {  # names of geometry that people use, and that a dataset may carry on its arrays
    "x": ("x", "lon", "longitude"),
    "y": ("y", "lat", "latitude"),
    "z": ("z", "depth", "height", "level"),
    "points": ("points", "vertices", "verts", "xyz"),
    "cells": ("cells", "faces", "triangles", "tetras", "lines"),
}
WRITTEN_CELL_NAMES = {3: "lines", 4: "lines", 5: "triangles", 7: "faces", 9: "faces", 10: "tetras"}


def small_members(specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the small members whose values planning needs."""
    return tuple(name for name, spec in specs.items() if _is_wanted(name, spec))


def _is_wanted(name: str, spec: ArraySpec) -> bool:
    size, axes = math.prod(spec.shape), len(spec.shape)
    if name in ("vtk", "axes"):
        return axes == 0 and spec.dtype.kind in "US" and spec.dtype.itemsize <= MAX_DESCRIPTION_BYTES
    if spec.dtype.hasobject:
        return False
    if name != "time" and has_dates(spec.dtype) and size * spec.dtype.itemsize <= MAX_DATES_BYTES:
        return True
    if spec.dtype.kind not in "iufmM":
        return False
    if name in GEOMETRY_NAMES:
        return size <= SMALL
    if name == "time":
        return axes <= 1 and size <= MAX_COORDINATES
    return axes == 1 and size <= MAX_COORDINATES and any(name in aliases for aliases in COORDINATES.values())
