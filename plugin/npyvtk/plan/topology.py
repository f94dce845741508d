"""Tables of point numbers: which members hold the cells of a mesh, of what kind, and how they count.

Names and shapes say it; the numbers have to agree, where planning may look at them (`names.is_index_table`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .axes import parse_axes
from .dtypes import dtype_name
from .names import (
    CELL_NAMES,
    CELL_TYPE_NAMES,
    CELL_TYPES,
    FLAT_NAMES,
    HEXAHEDRON,
    KIND_NAMES,
    LINE,
    LOOSE_NAMES,
    PADDED_NAMES,
    POLYGON,
    POLYLINE,
    QUAD,
    TETRAHEDRON,
    TRIANGLE,
)
from .runs import run_starts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .context import Context, Members

__all__ = ["Topology", "cell_type_of", "find_cells", "find_lines"]

WORDS = {
    "padded": ", each led by its number of points",
    "stream": ", each led by its number of points",
    "flat": ", three numbers each",
    "scikit-fem": ", in the order of scikit-fem",
}


class Topology(NamedTuple):
    """Cells that a member holds."""

    name: str
    axes: tuple[Axis, ...]
    cells: int
    cell_type: int | None
    form: str = ""  # "" a table of points; padded, flat, scikit-fem, stream, lines: see `layout.Block`
    first_id: int = 0  # number of the first point
    types: str = ""  # the member with the types of the cells of a stream

    @property
    def words(self) -> str:
        """What is said of the member."""
        if self.form == "lines":
            return "lines of points that follow each other; DataSetType Points shows the points alone"
        kind = "" if self.cell_type is None else f": {CELL_TYPE_NAMES[self.cell_type]}"
        return f"cells of a mesh{kind}{WORDS.get(self.form, '')}{', counted from 1 (saved from 0)' * self.first_id}"


def find_cells(
    context: Context, left: Members, count: int, width: int, *, columns: bool
) -> tuple[tuple[Topology, ...], tuple[str, ...]]:
    """List the members that hold cells of `count` points, in order of precedence, and notes on those that do not.

    Parameters
    ----------
    width : int
        Coordinates of a point.
    columns : bool
        Points are columns, as scikit-fem has them, and so are the cells, in ``t``.
    """
    cells, notes = [], []
    for name in ("t",) if columns else (*CELL_NAMES, "idx", "edge_index"):
        spec = left.get(name)
        if spec is None or (name == "connectivity" and len(spec.shape) != 2):
            continue
        found = _topology(context, left, spec, count, width)
        if found is not None:
            cells.append(found)
        elif name not in LOOSE_NAMES:
            notes.append(
                f"{name}: {spec.shape} {dtype_name(spec.dtype)} names no cells of a known kind, read as plain data"
            )
        elif spec.dtype.kind == "f" and len(name) > 1 and len(spec.shape) == 2:
            if cell_type_of(name, spec.shape[1], width) is not None:
                notes.append(f"{name}: plain data, as cells need whole numbers; save {name}.astype(int) for a mesh")
        elif spec.dtype.kind in "iu" and len(spec.shape) == 2:
            notes.append(f"{name}: its numbers or columns are not those of cells of the points, so plain data")
    return _count_alike(context, cells, count), tuple(notes)


def _count_alike(context: Context, cells: Sequence[Topology], count: int) -> tuple[Topology, ...]:
    """Let tables of several kinds count points from the same number, which those of all together tell."""
    held = {one.name: context.small.get(one.name) for one in cells if one.name in KIND_NAMES and one.form != "stream"}
    numbers = {
        one.name: values[:, 1:] if one.form == "padded" else values
        for one in cells
        if (values := held.get(one.name)) is not None and values.size
    }
    if len(numbers) < 2:
        return tuple(cells)
    every = np.concatenate([one.ravel() for one in numbers.values()])
    first_id = _first_id(every, count, loose=False) or 0
    return tuple(one._replace(first_id=first_id) if one.name in numbers else one for one in cells)


def _topology(context: Context, left: Members, spec: ArraySpec, count: int, width: int) -> Topology | None:
    name, shape = spec.name, spec.shape
    if spec.dtype.kind not in "iu" or len(shape) not in (1, 2):
        return None
    values = context.small.get(name)
    if len(shape) == 1:
        return _of_list(left, spec, values, count)
    axes, cells, form = "nc", shape[0], ""
    kind = cell_type_of(name, shape[1], width)
    loose = name in LOOSE_NAMES
    if name in ("t", "edge_index"):
        solids = {4: TETRAHEDRON, 8: HEXAHEDRON} if width == 3 else {4: QUAD}
        kinds = {2: LINE} if name == "edge_index" else {3: TRIANGLE, **solids}
        axes, cells, kind = "cn", shape[1], kinds.get(shape[0])
        form = "scikit-fem" if kind == HEXAHEDRON else ""
    elif name in PADDED_NAMES and values is not None and len(values) and shape[1] > 2:
        padded = cell_type_of(name, shape[1] - 1, width)
        fits = padded is not None and np.all(values[:, 0] == shape[1] - 1)
        if fits and _first_id(values[:, 1:], count, loose=True) is not None:
            kind, values, form, loose = padded, values[:, 1:], "padded", True
    first_id = _first_id(values, count, loose=loose)
    if kind is None or first_id is None:
        return None
    return Topology(name, parse_axes(axes), cells, kind, form, first_id)


def _of_list(left: Members, spec: ArraySpec, values: np.ndarray | None, count: int) -> Topology | None:
    """Take one long list of point numbers: triangles, or cells that are each led by their number of points."""
    name, n = spec.name, spec.shape[0]
    if values is None or not n:
        return None
    if name in PADDED_NAMES:
        types = next((other for other in ("celltypes", "cell_types") if other in left), "")
        starts = run_starts(values)
        if starts is not None and np.all(values[starts] > 0) and (types or name != "cells"):
            ids = np.delete(values, starts)
            fits = not types or left[types].shape == starts.shape
            if fits and ids.size and ids.min() >= 0 and ids.max() < count:
                return Topology(name, parse_axes("n"), starts.size, None, "stream", 0, types if name == "cells" else "")
    if name in FLAT_NAMES and n % 3 == 0:
        first_id = _first_id(values, count, loose=True)
        if first_id is not None:
            return Topology(name, parse_axes("n"), n // 3, TRIANGLE, "flat", first_id)
    return None


def _first_id(values: np.ndarray | None, count: int, *, loose: bool) -> int | None:
    """Return the number of the first point, 0 or 1; None where the numbers under a `loose` name do not fit."""
    if values is None or not values.size:
        return 0
    low, high = int(values.min()), int(values.max())
    if low == 1 and high == count:
        return 1
    return None if loose and not (low >= 0 and high < count) else 0


def cell_type_of(name: str, k: int, width: int) -> int | None:
    """VTK's number for cells of `k` points under a name; None when they mean none."""
    if name == "faces" and k > 4:
        return POLYGON
    if name == "lines" and k > 2:
        return POLYLINE
    kind = CELL_TYPES.get((name, k))
    if kind == TETRAHEDRON and width == 2:  # there are none in the plane
        return QUAD if (name, 8) in CELL_TYPES else None if name in LOOSE_NAMES else kind
    return kind


def find_lines(context: Context, left: Members, count: int) -> tuple[Topology, ...]:
    """Find lines of points that follow each other, by where they end or how long they are."""
    for name in ("offsets", "lengths"):
        spec, values = left.get(name), context.small.get(name)
        if spec is None or values is None or len(spec.shape) != 1 or spec.dtype.kind not in "iu" or not values.size:
            continue
        if name == "lengths":
            if values.min() > 0 and int(values.sum()) == count and "offsets" not in left:
                return (Topology(name, parse_axes("n"), values.size, POLYLINE, "lines"),)
        elif np.all(values[1:] > values[:-1]) and values[0] >= 0 and int(values[-1]) == count:
            return (Topology(name, parse_axes("n"), values.size - int(values[0] == 0), POLYLINE, "lines"),)
    return ()
