"""The cells of a mesh as NumPy arrays, whatever they come from: a file or a VTK dataset.

This module knows how point ids, offsets, types and the faces of polyhedra belong together.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short
from vtkmodules.vtkCommonCore import VTK_UNSIGNED_CHAR

from ..errors import FormatError
from ..plan.axes import counted_axes
from ..plan.runs import run_starts
from .arrays import ids, to_vtk_array
from .stamps import write_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..files.store import Store
    from .stamps import Stamp

__all__ = [
    "POLYHEDRON",
    "POLY_VERTEX",
    "VERTEX",
    "Cells",
    "Faces",
    "join_cells",
    "leads",
    "poly_groups",
    "poly_types",
    "put_cells",
    "put_poly_cells",
    "take_runs",
]

VERTEX, POLY_VERTEX, POLYHEDRON = 1, 2, 42  # https://vtk.org/doc/nightly/html/vtkCellType_8h_source.html


class Faces(NamedTuple):
    """The faces of the polyhedra among some cells."""

    stream: np.ndarray  # (f,) number of points and their ids, face by face
    offsets: np.ndarray  # (m + 1,) into it; cells that are no polyhedra have none


@dataclass(frozen=True)
class Cells:
    """Cells of a mesh, with ids that count points from 0."""

    connectivity: np.ndarray  # (k,) point ids
    offsets: np.ndarray  # (m + 1,) into connectivity
    types: np.ndarray  # (m,) uint8, VTK cell types
    faces: Faces | None = None
    stamps: Mapping[str, Stamp] = field(default_factory=dict)  # role -> what its member was in the file

    def used(self) -> np.ndarray:
        """Return the sorted ids of all points used, faces included."""
        parts = [self.connectivity]
        if self.faces is not None:
            parts.append(self.faces.stream[~leads(self.faces.stream)])
        last = max((int(part.max()) for part in parts if part.size), default=-1)
        if last >= 64 * self.connectivity.size:  # few of many: sorting takes less memory than a flag for each
            return np.unique(np.concatenate(parts))
        flags = np.zeros(last + 1, bool)
        for part in parts:
            flags[part] = True
        return np.flatnonzero(flags)

    def of_points(self, used: np.ndarray) -> Cells:
        """Number the points by their place in the sorted ids `used`."""
        return self.renumbered(lambda ids: np.searchsorted(used, ids))

    def renumbered(self, number: Callable[[np.ndarray], np.ndarray]) -> Cells:
        """Give the points other ids, which `number` returns for theirs."""
        faces = self.faces
        if faces is not None:
            stream, points = faces.stream.copy(), ~leads(faces.stream)
            stream[points] = number(stream[points])
            faces = faces._replace(stream=stream)
        return replace(self, connectivity=number(self.connectivity), faces=faces)

    @property
    def uniform_type(self) -> tuple[int, int] | None:
        """Cell type and number of points of all cells, where they are all alike and no file had them otherwise.

        Of no cells those that a file had a table for.
        """
        known = self.stamps.get("connectivity")
        if not len(self.types):
            if known is None or not known.part.isdecimal() or len(known.components) != 1:
                return None
            kind, width = int(known.part), known.components[0]
        elif (known is None or known.axes != counted_axes(1)) and np.all(self.types == self.types[0]):
            sizes = np.diff(self.offsets)
            kind, width = int(self.types[0]), int(sizes[0]) if np.all(sizes == sizes[0]) else 0
        else:
            return None
        return (kind, width) if 0 <= kind <= 255 and kind != POLYHEDRON and width > 0 else None

    def is_identity(self, points: int) -> bool:
        """Tell whether the cells are all the points, each once and in order."""
        ids = self.connectivity
        if len(ids) != points or not points or (self.types[0] != VERTEX and len(self.types) > 1):
            return False
        vertices = self.types[0] in (VERTEX, POLY_VERTEX)
        return bool(vertices and ids[0] == 0 and ids[-1] == points - 1 and np.all(np.diff(ids) == 1))

    @property
    def given_offsets(self) -> str:
        """Whether a file had, of the offsets, those of the "ends" or of the "starts" of the cells alone."""
        part = self.stamps["offsets"].part if "offsets" in self.stamps else ""
        return part if part in ("ends", "starts") else ""

    def touching(self, points: np.ndarray) -> np.ndarray:
        """Tell, (m,) bool, which cells have one of the `points`, a bool for each id."""
        counts = np.concatenate([[0], np.cumsum(points[self.connectivity])])
        return counts[self.offsets[1:]] > counts[self.offsets[:-1]]

    def take(self, numbers: np.ndarray) -> Cells:
        """Return the cells `numbers`, in that order."""
        connectivity, offsets = take_runs(self.connectivity, self.offsets, numbers)
        faces = None if self.faces is None else Faces(*take_runs(*self.faces, numbers))
        return replace(self, connectivity=connectivity, offsets=offsets, types=self.types[numbers], faces=faces)


def poly_groups(types: np.ndarray) -> np.ndarray:
    """Tell, (m,) uint8, where poly data keeps cells of (m,) types: 0 vertices, 1 lines, 2 polygons, 3 strips."""
    group = np.full(256, 2, np.uint8)
    group[[1, 2]], group[[3, 4]], group[6] = 0, 1, 3
    return group[types]


def poly_types(group: int, sizes: np.ndarray) -> np.ndarray:
    """Return the (m,) uint8 types of cells that poly data keeps in a group, by their (m,) numbers of points."""
    alone, others = (({1: 1}, 2), ({2: 3}, 4), ({3: 5, 4: 9}, 7), ({}, 6))[group]
    types = np.full(len(sizes), others, np.uint8)
    for size, kind in alone.items():
        types[sizes == size] = kind
    return types


def join_cells(parts: Sequence[Cells]) -> Cells:
    """Put cells of one mesh one after the other."""

    def joined(offsets: Sequence[np.ndarray]) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(np.concatenate([np.diff(part) for part in offsets]))]).astype(np.int64)

    faces = None
    held = [part.faces for part in parts if part.faces is not None]  # of all parts, or of none
    if held:
        faces = Faces(np.concatenate([one.stream for one in held]), joined([one.offsets for one in held]))
    return replace(
        parts[0],
        connectivity=np.concatenate([part.connectivity for part in parts]),
        offsets=joined([part.offsets for part in parts]),
        types=np.concatenate([part.types for part in parts]),
        faces=faces,
    )


def take_runs(values: np.ndarray, offsets: np.ndarray, numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take some of the runs that lie in `values` one after the other.

    Parameters
    ----------
    values : (k,) ndarray
    offsets : (m + 1,) ints
        Where each run begins, and where the last one ends.
    numbers : (r,) ints
        Of the runs to take, in that order.

    Returns
    -------
    The values of these runs, and their own (r + 1,) int64 bounds; copies.
    """
    sizes = np.diff(offsets)[numbers]
    bounds = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.arange(bounds[-1]) + np.repeat(offsets[:-1][numbers] - bounds[:-1], sizes)
    return values[places], bounds


def leads(faces: np.ndarray) -> np.ndarray:
    """Tell which numbers in a list of faces are numbers of points, (f,) bool: all others are point ids."""
    found = np.zeros(faces.size, bool)
    found[run_starts(faces)] = True
    return found


def cell_array(offsets: np.ndarray, connectivity: np.ndarray) -> dm.vtkCellArray:
    """Make cells of (m + 1,) offsets into (k,) point ids."""
    held = [np.ascontiguousarray(values, np.int64).reshape(-1) for values in (offsets, connectivity)]
    cells = dm.vtkCellArray()
    cells.SetData(*(to_vtk_array(values, None) for values in held))
    # The cells take over the memory of the arrays without the arrays themselves, which kept it alive.
    for array, values in zip((cells.GetOffsetsArray(), cells.GetConnectivityArray()), held):
        array._numpy_reference = values  # noqa: SLF001
    return cells


def put_cells(dataset: dm.vtkUnstructuredGrid, cells: Cells) -> None:
    """Give an unstructured grid its cells."""
    connectivity = cell_array(cells.offsets, cells.connectivity)
    _stamp_cells(connectivity, cells)
    types = to_vtk_array(cells.types, None, vtk_type=VTK_UNSIGNED_CHAR)
    if "types" in cells.stamps:
        write_stamp(types, cells.stamps["types"])
    if cells.faces is None or not cells.faces.stream.size:  # no polyhedra, or none in this piece
        dataset.SetCells(types, connectivity)
        return
    faces, bounds = cells.faces
    starts = np.flatnonzero(leads(faces))
    # Faces that begin in each cell.
    first_face = np.searchsorted(starts, bounds)
    if hasattr(dataset, "SetPolyhedralCells"):  # VTK 9.4
        ends = np.concatenate([starts - np.arange(starts.size), [faces.size - starts.size]])
        of_cells = cell_array(first_face, np.arange(starts.size))
        dataset.SetPolyhedralCells(types, connectivity, of_cells, cell_array(ends, np.delete(faces, starts)))
        return
    # Before, there is one list for all cells, in which the faces of each are led by how many they are.
    polyhedra = cells.types == POLYHEDRON
    begin = bounds[:-1][polyhedra]
    stream = np.insert(faces, begin, np.diff(first_face)[polyhedra])
    locations = np.full(cells.types.size, -1, np.int64)
    locations[polyhedra] = begin + np.arange(begin.size)
    dataset.SetCells(types, connectivity, ids(locations), ids(stream))


def put_poly_cells(dataset: dm.vtkPolyData, cells: Cells, store: Store) -> None:
    """Give poly data its vertices, lines, polygons and strips, which follow each other in that order.

    Raises
    ------
    FormatError
        They are in another order.
    """
    groups = poly_groups(cells.types)
    if np.any(groups[1:] < groups[:-1]):
        raise FormatError(
            f"{store.path}: poly data has its cells in the order vertices, lines, polygons, strips; the types are in "
            "another order."
        )
    bounds = np.searchsorted(groups, np.arange(5, dtype=groups.dtype))
    for k, put in enumerate((dataset.SetVerts, dataset.SetLines, dataset.SetPolys, dataset.SetStrips)):
        a, b = int(bounds[k]), int(bounds[k + 1])
        if b > a:
            offsets = cells.offsets[a : b + 1]
            begin, end = int(offsets[0]), int(offsets[-1])
            made = cell_array(offsets - begin if begin else offsets, cells.connectivity[begin:end])
            _stamp_cells(made, cells)
            put(made)


def _stamp_cells(made: dm.vtkCellArray, cells: Cells) -> None:
    for role, array in (("connectivity", made.GetConnectivityArray()), ("offsets", made.GetOffsetsArray())):
        if role in cells.stamps:
            write_stamp(array, cells.stamps[role])
