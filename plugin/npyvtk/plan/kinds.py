"""The one table of kinds of dataset: what each is called, which class it is in VTK, and what makes its geometry.

All else that tells kinds apart follows from this table, but for what VTK's classes need to be filled and to be taken
apart: `PLACE_POINTS` and `PUT_CELLS` of `vtk.datasets`, `DRAFTS` and `CELLS` of `vtk.export_geometry`.
"""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CLASSES", "DATASET_TYPES", "GRIDS", "KINDS", "POLYHEDRA", "Kind"]

POLYHEDRA = ("polyhedron_faces", "polyhedron_offsets")
_POINTS = ("points", "x", "y", "z")
_CELLS = ("cells", "lengths", "connectivity", "offsets", "types")


class Kind(NamedTuple):
    """A kind of dataset."""

    name: str  # as DataSetType has it, and messages
    vtk_class: str
    extension: str = ""  # of VTK's XML files
    roles: tuple[str, ...] = ()  # of the members that make its geometry, see `plan.description`
    needed: tuple[tuple[str, ...], ...] = ()  # groups of roles; of each group one must be there
    is_grid: bool = False  # points are addressed by x, y and z indices
    associations: tuple[str, ...] = ("point", "cell")  # of its arrays, beside field data
    is_choice: bool = True  # a DataSetType

    @property
    def has_geometry(self) -> bool:
        """Whether origin, spacing and direction say where the points are."""
        return "spacing" in self.roles

    @property
    def has_positions(self) -> bool:
        """Whether each point has a position of its own: it can move."""
        return "points" in self.roles

    @property
    def has_axes(self) -> bool:
        """Whether coordinates along each axis say where the points are."""
        return "x" in self.roles and not self.has_positions

    @property
    def has_cells(self) -> bool:
        """Whether members say what its cells are."""
        return "cells" in self.roles

    @property
    def has_rows(self) -> bool:
        """Whether it is a table."""
        return "row" in self.associations

    def axes_of(self, role: str) -> str:
        """Return the axes of the member with a role, where the file says nothing else."""
        if self.is_grid and self.has_positions:
            return "zyx"
        return "nc" if role in ("points", "cells") else "n"


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "Image",
            "vtkImageData",
            ".vti",
            roles=(
                *("origin", "spacing", "direction", "affine", "voxel_size", "pixel_size", "resolution"),
                *("dx", "dy", "dz", "xmin", "ymin", "zmin", "xmax", "ymax", "zmax"),
            ),
            needed=(
                ("origin", "affine", "xmin"),
                ("spacing", "affine", "dx", "voxel_size", "pixel_size", "resolution"),
                ("direction", "affine"),
            ),
            is_grid=True,
        ),
        Kind(
            "Rectilinear Grid",
            "vtkRectilinearGrid",
            ".vtr",
            roles=("x", "y", "z"),
            needed=(("x",), ("y",), ("z",)),
            is_grid=True,
        ),
        Kind("Structured Grid", "vtkStructuredGrid", ".vts", roles=_POINTS, is_grid=True),
        Kind("Poly Data", "vtkPolyData", ".vtp", roles=(*_POINTS, *_CELLS), is_choice=False),
        Kind("Points", "vtkUnstructuredGrid", ".vtu", roles=(*_POINTS, *_CELLS)),
        Kind("Mesh", "vtkUnstructuredGrid", ".vtu", roles=(*_POINTS, *_CELLS, *POLYHEDRA)),
        Kind("Table", "vtkTable", ".vtt", associations=("row",)),
    )
}
CLASSES = {kind.vtk_class: kind for kind in KINDS.values()}  # of two kinds of one class the last, which says less
GRIDS = tuple(kind.name for kind in KINDS.values() if kind.is_grid)
DATASET_TYPES = ("Auto", *(kind.name for kind in KINDS.values() if kind.is_choice))
