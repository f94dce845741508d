"""The one table of kinds of dataset: what each is called, which class it is in VTK, and what makes its structure.

All else that tells kinds apart follows from this table, but for what files without a description must look like, which
`recognise` says, and for what VTK's classes need to be filled and to be taken apart: `PLACE_POINTS` and `PUT_CELLS` of
`vtk.datasets`, `DRAFTS` and `CELLS` of `vtk.export_structure`. Not every class has a place in VTK's own files with
compression, see `vtk.vtk_files`.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

__all__ = [
    "CLASSES", "CLOUD", "DATASET_TYPES", "FIELD_DATA", "IMAGE", "KINDS", "MESH", "POLYHEDRA", "POLY_DATA", "POSITIONS",
    "RECTILINEAR", "STRUCTURED", "TABLE", "USES_POSITIONS", "Kind",
]  # fmt: skip

POLYHEDRA = ("polyhedron_faces", "polyhedron_offsets")
POSITIONS = ("points", "x", "y", "z")  # roles of the members with positions of points
_CELLS = ("cells", "lengths", "connectivity", "offsets", "types")


class Kind(NamedTuple):
    """A kind of dataset."""

    name: str  # as DataSetType has it, and messages
    vtk_class: str
    extension: str = ""  # of VTK's XML files
    roles: tuple[str, ...] = ()  # of the members that make its structure, see `plan.description`
    needed: tuple[tuple[str, ...], ...] = ()  # groups of roles; of each group one must be there
    associations: tuple[str, ...] = ("point", "cell")  # of its arrays, beside field data
    is_grid: bool = False  # points are addressed by x, y and z indices
    has_geometry: bool = False  # origin, spacing and direction say where the points are
    has_axes: bool = False  # coordinates along each axis say it
    has_positions: bool = False  # each point has a position of its own, and can move
    has_cells: bool = False  # members say what the cells are
    has_types: bool = False  # each cell has its type; of others the order of the cells tells it
    has_rows: bool = False  # a table
    is_cloud: bool = False  # each point is a cell
    is_choice: bool = True  # a DataSetType

    def axes_of(self, role: str) -> str:
        """Return the axes of the member with a role, where the file says nothing else."""
        if self.is_grid and self.has_positions:
            return "zyx"
        return "nc" if role in ("points", "cells") else "n"


_ORIGINS = ("origin", "affine", "xmin")
_SPACINGS = ("spacing", "affine", "dx", "voxel_size", "pixel_size", "resolution")
_IMAGE = (
    *("origin", "spacing", "direction", "affine", "voxel_size", "pixel_size", "resolution"),
    *("dx", "dy", "dz", "xmin", "ymin", "zmin", "xmax", "ymax", "zmax"),
)
_mesh = partial(Kind, has_positions=True, has_cells=True, has_types=True)

IMAGE = Kind(
    "Image", "vtkImageData", ".vti", _IMAGE, (_ORIGINS, _SPACINGS, ("direction", "affine")),
    is_grid=True, has_geometry=True,
)  # fmt: skip
RECTILINEAR = Kind(
    "Rectilinear Grid", "vtkRectilinearGrid", ".vtr", ("x", "y", "z"), (("x",), ("y",), ("z",)),
    is_grid=True, has_axes=True,
)  # fmt: skip
STRUCTURED = Kind("Structured Grid", "vtkStructuredGrid", ".vts", POSITIONS, is_grid=True, has_positions=True)
POLY_DATA = _mesh("Poly Data", "vtkPolyData", ".vtp", (*POSITIONS, *_CELLS), has_types=False, is_choice=False)
CLOUD = _mesh("Points", "vtkUnstructuredGrid", ".vtu", (*POSITIONS, *_CELLS), is_cloud=True)
MESH = _mesh("Mesh", "vtkUnstructuredGrid", ".vtu", (*POSITIONS, *_CELLS, *POLYHEDRA))
TABLE = Kind("Table", "vtkTable", ".vtt", associations=("row",), has_rows=True)
FIELD_DATA = Kind("", "", associations=())  # of a composite: what is no dataset

KINDS = {kind.name: kind for kind in (IMAGE, RECTILINEAR, STRUCTURED, POLY_DATA, CLOUD, MESH, TABLE)}
CLASSES = {kind.vtk_class: kind for kind in KINDS.values()}  # a vtkUnstructuredGrid is a Mesh
# ParaView's states hold their numbers: a new one is the last.
DATASET_TYPES = ("Auto", *(kind.name for kind in KINDS.values() if kind.is_choice))
USES_POSITIONS = ("Auto", *(kind.name for kind in KINDS.values() if kind.is_choice and kind.has_positions))
