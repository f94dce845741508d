"""What names, shapes and dtypes say: the conventions by which plain NumPy files are datasets.

Users write such files with nothing but ``numpy.save`` and ``numpy.savez``.
This module holds the two tables of the README, the axes that ``auto`` assumes and the names that mean
geometry, and turns the specs of a file into a `Layout`.
It sees headers and the few small members that planning needs (`wanted`); it reads nothing itself, and never
looks at data values.
Whatever it assumes, it says in the line of the array.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..vtk.arrays import left_out
from .axes import Axis, format_axes, parse_axes
from .dates import date_remarks, has_dates, time_words
from ..errors import OptionError
from .layout import (
    GRIDS,
    IDENTITY,
    ArrayPlan,
    Block,
    Composite,
    Geometry,
    Layout,
    ReadOptions,
    blocks_of,
    chosen_geometry,
    describe_geometry,
    describe_plan,
    dtype_name,
    time_values,
)
from .geometry import NAMES, UNUSED, OnGrid, Placing, placing_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ..files.store import ArraySpec

__all__ = ["auto_axes", "axes_choices", "plan", "wanted"]

VECTOR_LENGTHS = (1, 2, 3, 4, 6, 9)  # a last axis that long beside three spatial ones holds components
COLOUR_LENGTHS = (1, 2, 3, 4)  # the same beside two spatial ones: one channel, vectors, RGB and RGBA
COMPONENTS_FIRST = (2, 3, 4, 6, 9)  # a first axis that long may hold components
FRAMES = 16  # planes from which on a first axis may be a film
NARROW = (4, 16)  # columns of a table, where rows are at least 100 times as many
MAX_WIDTH = 1 << 16  # components of an array on points; ParaView names and lists each
LARGE_FIELD = 1 << 20  # bytes from which on field data is loaded only when it is chosen
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

FITS_NOTHING = "fits nothing, field data; DataSetType Image shows it"
MAX_COORDINATES = 1 << 24  # a longer 1-D member is no coordinate axis; planning reads these values
MAX_DATES_BYTES = 1 << 20  # of a member with dates, whose first and last one are said
MAX_DESCRIPTION_BYTES = 1 << 26  # of the `vtk` and `axes` members


def wanted(specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the small members whose values planning needs."""
    return tuple(name for name, spec in specs.items() if _is_wanted(name, spec))


def _is_wanted(name: str, spec: ArraySpec) -> bool:
    size, axes = _size(spec.shape), len(spec.shape)
    if name in ("vtk", "axes"):
        return axes == 0 and spec.dtype.kind in "US" and spec.dtype.itemsize <= MAX_DESCRIPTION_BYTES
    if spec.dtype.hasobject:
        return False
    if name != "time" and has_dates(spec.dtype) and size * spec.dtype.itemsize <= MAX_DATES_BYTES:
        return True
    if spec.dtype.kind not in "iufmM":
        return False
    if name in NAMES:
        return size <= SMALL
    if name == "time":
        return axes <= 1 and size <= MAX_COORDINATES
    return axes == 1 and size <= MAX_COORDINATES and any(name in aliases for aliases in COORDINATES.values())


def _size(shape: Iterable[int]) -> int:
    product = 1
    for n in shape:
        product *= n
    return product


def is_real(dtype: np.dtype) -> bool:
    """Tell whether a dtype can be a coordinate."""
    return dtype.names is None and dtype.kind in "iuf"


def auto_axes(
    shape: tuple[int, ...], dtype: np.dtype, *, grid: bool = False, photographs: bool = True, volume: bool = False
) -> tuple[Axis, ...]:
    """Return what each axis of a plain array is taken for when nobody says.

    Parameters
    ----------
    grid : bool
        Read points and tables as grids as well.
    photographs : bool
        Read ``uint8`` (height, width, 3 or 4) as a picture with the first row on top.
    volume : bool
        The file has a place of three numbers: a last axis of 1 is x.
    """
    n = len(shape)
    if dtype.kind in "SU" and 0 not in shape[1:]:  # a table of columns of no width would lose its rows
        letters = "n" + "c" * (n - 1) if n else ""
    elif n == 0:
        letters = ""
    elif n == 1:
        letters = "x" if grid else "n"
    elif n == 2:
        letters = "yx" if grid else _two_axes(shape, dtype)
    elif n == 3:
        photograph = photographs and dtype == np.uint8 and shape[-1] in (3, 4)
        letters = "yxc" if shape[-1] in COLOUR_LENGTHS and not (volume and shape[-1] == 1) else "zyx"
        letters = "-yxc" if photograph else letters
    elif n == 4:
        letters = "zyxc" if shape[-1] in VECTOR_LENGTHS else "tzyx"
    elif shape[-2:] == (3, 3):
        letters = "t" * (n - 5) + "zyxcc"
    else:
        letters = "zyxc" if shape[-1] in VECTOR_LENGTHS else "zyx"
        letters = "t" * (n - len(letters)) + letters
    return parse_axes(letters)


def _two_axes(shape: tuple[int, ...], dtype: np.dtype) -> str:
    rows, columns = shape
    if columns == 1 or (is_real(dtype) and columns in (2, 3) and rows >= 4):
        return "nc"
    if rows == 1:
        return "cn"
    return "nc" if _is_narrow(shape, dtype) else "yx"


def _is_narrow(shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Tell whether an array would be a picture thinner than a pixel, and is a table of a few columns."""
    if len(shape) != 2 or not is_real(dtype):
        return False
    return NARROW[0] <= shape[1] <= NARROW[1] and shape[0] >= 100 * shape[1]


def other_readings(shape: tuple[int, ...], dtype: np.dtype) -> tuple[tuple[str, str], ...]:
    """List what else an array is often meant to be: pairs of the axes to choose, and words that say when."""
    found: list[tuple[str, str]] = []
    axes = format_axes(auto_axes(shape, dtype))
    if axes in ("zyx", "tzyx", "ttzyx"):
        if shape[0] in COMPONENTS_FIRST:
            found.append(("c" + axes[1:], "these are components"))
        elif axes == "ttzyx" and shape[1] in COMPONENTS_FIRST:
            found.append(("tc" + axes[2:], "the second axis holds components"))
    if axes in ("zyx", "zyxc") and shape[0] >= FRAMES:
        found.append(("t" + axes[1:], "these are frames"))
    if axes == "yxc" and shape[-1] in (2, 3) and is_real(dtype) and dtype != np.uint8:
        found.append(("tnc", "these are points at N times"))
    if axes == "yx" and dtype == np.uint8:
        found.append(("-yx", ""))
    return tuple(found)


def axes_choices(shape: tuple[int, ...], dtype: np.dtype | None = None) -> tuple[str, ...]:
    """List the sensible axes strings for an array, for a menu; any legal string may be typed.

    Other readings that are common for the shape (and the dtype, where it is given) come first.
    """
    usual = {
        0: (),
        1: ("n", "x"),
        2: ("yx", "-yx", "xy", "y-x", "nc", "tx", "tn"),
        3: ("zyx", "xyz", "yxc", "-yxc", "cyx", "xyc", "tyx", "t-yx", "tnc", "ncc"),
        4: ("tzyx", "zyxc", "xyzc", "czyx", "cxyz", "txyz", "xyzt", "tyxc", "t-yxc", "tcyx", "zyxt"),
        5: ("tzyxc", "tczyx", "txyzc", "tcxyz", "ctzyx", "ttzyx", "zyxcc", "xyzct"),
    }.get(len(shape), ())
    first = [axes for axes, _words in other_readings(shape, np.dtype(float) if dtype is None else dtype)]
    return tuple(dict.fromkeys((*first, *usual)))


def plan(
    specs: Mapping[str, ArraySpec],
    small: Mapping[str, np.ndarray],
    options: ReadOptions,
    *,
    lone: bool = False,
) -> Layout:
    """Plan a file by its names and shapes.

    Parameters
    ----------
    specs : mapping
        The members that can be read, in file order.
    small : mapping
        Values of the members that `wanted` names.
    options : ReadOptions
        The user's choices go before everything that the file says.
    lone : bool
        The file is a ``.npy``: its one name comes from the file and means nothing.

    Raises
    ------
    OptionError
        A choice of the user does not fit the file.
    """
    planner = _Planner(specs, small, options, lone)
    layout = planner.plan()
    if planner.times is not None and len(planner.times) != layout.steps:
        # As long as some axis by chance, but nothing in the file has so many steps.
        layout = _Planner(specs, {name: v for name, v in small.items() if name != "time"}, options, lone).plan()
        note = f"time: {len(planner.times)} values where the arrays have {layout.steps} steps, read as plain data"
        return replace(layout, notes=(*layout.notes, note))
    return layout


class _Planner:
    """One run of `plan`: members leave `left` as they find their place."""

    def __init__(
        self,
        specs: Mapping[str, ArraySpec],
        small: Mapping[str, np.ndarray],
        options: ReadOptions,
        lone: bool,
    ) -> None:
        self.specs, self.small, self.options, self.lone = specs, small, options, lone
        self.left = dict(specs)
        self.lines: dict[str, str] = {}
        self.notes: list[str] = []
        self.steps = 1
        self.times: tuple[float, ...] | None = None
        self.clock: np.ndarray | None = None
        self.time_shape: tuple[int, ...] | None = None  # lengths of the time axes, once known
        self.geometry = Geometry()
        self.placed_by: dict[str, np.ndarray] = {}
        self.placing = Placing({}, (), (), {})
        self.placed: list[tuple[str, str]] = []  # name and geometry of each image
        self.indices_first = ""  # letters of array indices that an affine counts, the first is i
        self.photographs: dict[tuple[int, int], str] = {}  # height, width -> member
        self.only_chosen: set[str] = set()  # large field data
        self.aside: set[str] = set()  # members that are no data of their own
        self.spoken = self._axes_strings()

    # ---- the story -----------------------------------------------------------------------------

    def plan(self) -> Layout:
        self._take_time()
        root = self._root()
        for name, spec in self.specs.items():
            extra = left_out(spec.dtype)
            remarks = [*extra, spec.remark] if spec.remark else list(extra)
            if self.times is None or name != "time":
                remarks += date_remarks(spec.dtype, self.small.get(name))
            if remarks and name in self.lines:
                self.lines[name] += "; " + "; ".join(remarks)
        lines = {name: self.lines[name] for name in self.specs if name in self.lines}
        notes = (*self._geometry_lines(), *self.notes)
        return Layout(
            root, lines, notes, self.steps, self.times, self.clock, self.geometry, self.placed_by,
            tuple(name for name in self.specs if name in self.only_chosen),
        )

    def _root(self) -> Block | Composite:
        kind = self.options.dataset_type
        if self.lone or kind in ("Image", "Table"):
            return self._plain(kind)
        if kind == "Auto":
            found = self._mesh() or self._points() or self._structured()
            blocks = [found] if found else self._rectilinear()
            return self._with_others(blocks) if blocks else self._plain(kind)
        blocks = []
        if kind == "Mesh":
            blocks = [self._mesh()]
        elif kind == "Points":
            blocks = [self._points()]
        elif kind == "Structured Grid":
            blocks = [self._structured()]
        if kind in ("Structured Grid", "Rectilinear Grid") and not any(blocks):
            blocks = self._rectilinear()
        if any(blocks):
            return self._with_others([_as_kind(block, kind) for block in blocks])
        return self._plain(kind)

    # ---- words: axes and time ------------------------------------------------------------------

    def _axes_strings(self) -> dict[int, tuple[Axis, ...]]:
        """Axes that the user or the file spells out, by number of axes."""
        text = self.options.axes.strip()
        if text and text != "auto":
            found: dict[int, tuple[Axis, ...]] = {}
            for part in text.split(","):
                axes = parse_axes(part)
                if len(axes) in found:
                    raise OptionError(
                        f"Axes {text!r}: {format_axes(found[len(axes)])} and {format_axes(axes)} both name "
                        f"{len(axes)} axes; an array takes the one of its own length. Leave one of them out."
                    )
                found[len(axes)] = axes
            shapes = {name: spec.shape for name, spec in self.specs.items()}
            if not any(len(shape) in found for shape in shapes.values()):
                name, shape = max(shapes.items(), key=lambda item: len(item[1]), default=("no array", ()))
                raise OptionError(
                    f"Axes {text!r} names {' or '.join(str(n) for n in found)} axes, but {name!r} has the shape "
                    f"{shape}. Give one letter per axis, or choose auto."
                )
            return found
        if "axes" in self.small and not self.lone:
            value = self.small["axes"].item()
            value = value.decode("latin-1") if isinstance(value, bytes) else value
            try:
                spoken = {len(axes): axes for axes in (parse_axes(part) for part in value.split(","))}
            except OptionError as problem:
                self.notes.append(f"axes: not what the name says, plain data ({problem})")
                return {}
            self.left.pop("axes", None)
            self.lines["axes"] = f"axes: {value!r}, names the axes"
            return spoken
        return {}

    def _take_time(self) -> None:
        if self.lone or "time" not in self.small:
            return
        values = self.small["time"]
        others = [s for name, s in self.left.items() if name != "time"]
        if values.ndim == 1 and (
            values.size < 1 or not any(len(s.shape) >= 2 and values.size in s.shape for s in others)
        ):
            return  # a column of a table, or nothing that it could count
        numbers, clock = time_values(values)
        if not np.all(np.isfinite(numbers)):
            self.notes.append("time: not all values are finite times, read as plain data")
            return
        if np.any(np.diff(numbers) <= 0):
            self.notes.append("time: does not increase from step to step, read as plain data")
            return
        self.times, self.clock = numbers, clock
        if values.ndim == 1 and values.size > 1:
            self.time_shape = (values.size,)
        self.left.pop("time")
        self.lines["time"] = f"time: {values.shape} {dtype_name(values.dtype)}, time values{time_words(values)}"

    def _guess(self, spec: ArraySpec, *, grid: bool = False) -> tuple[tuple[Axis, ...], str]:
        """Axes of one array, and a remark on them."""
        axes, note = self.spoken.get(len(spec.shape)), ""
        if axes is None and self.time_shape and len(spec.shape) >= 3 and spec.shape[0] == self.time_shape[0]:
            axes = (Axis("t"), *self._auto(spec.shape[1:], spec.dtype, grid=grid))
            note = "as long as time"
        if axes is None:
            axes = self._auto(spec.shape, spec.dtype, grid=grid)
            note = self._hint(spec, axes)
        if 0 in spec.shape and ArrayPlan("", axes).steps(spec.shape):
            return parse_axes("n" + "c" * (len(spec.shape) - 1)), ""  # there is not one time step to show
        if len(spec.shape) not in self.spoken:
            size = tuple(ArrayPlan("", axes).length(letter, spec.shape) for letter in "yx")
            photograph = self.photographs.get(size)
            if photograph is not None and Axis("y") in axes:
                axes = tuple(axis._replace(reverse=True) if axis.letter == "y" else axis for axis in axes)
                note = f"first row on top, as of the picture {photograph}"
        return axes, note

    def _auto(self, shape: tuple[int, ...], dtype: np.dtype, *, grid: bool) -> tuple[Axis, ...]:
        """Axes that `auto` assumes in this file."""
        volume = self._is_placed_in_space()
        axes = auto_axes(shape, dtype, grid=grid, photographs=self._has_no_place(), volume=volume)
        if self.indices_first and any(axis.letter in "xyz" for axis in axes):
            letters = {2: "xy", 3: "xyz", 4: "xyzt", 5: "xyztc"}.get(len(shape))
            return axes if letters is None else parse_axes(letters)
        return axes

    def _is_placed_in_space(self) -> bool:
        """Whether the file places its image with three numbers."""
        for name in self.placing.used:
            shape = self.small[name].shape
            if name in ("dz", "zmin") or shape == (4, 4) or (name != "affine" and shape in ((3,), (3, 3))):
                return True
        return False

    def _has_no_place(self) -> bool:
        """Whether nothing in the file says where its pictures lie."""
        return not self.placing.used and not {"x", "y"} <= set(self._coordinates((1, 2, 3)))

    def _hint(self, spec: ArraySpec, axes: tuple[Axis, ...]) -> str:
        """Name the choice where another reading of the shape is common."""
        if format_axes(axes).startswith("-yxc"):
            return "a photograph, first row on top; choose yxc to turn it"
        if self.indices_first:
            return ""
        if any(axis.letter == "n" for axis in axes):
            narrow = _is_narrow(spec.shape, spec.dtype)
            return "DataSetType Points takes the first three columns as positions" if narrow else ""
        if axes != auto_axes(spec.shape, spec.dtype):
            return ""
        words = []
        for other, when in other_readings(spec.shape, spec.dtype):
            words.append(f"if {when}, choose {other}" if when else f"{other} puts the first row on top")
        return "; ".join(words)

    def _count_steps(self, plan_: ArrayPlan, spec: ArraySpec) -> bool:
        """Note the time axes of a planned array; False when they disagree with those of the others."""
        lengths = plan_.steps(spec.shape)
        if not lengths:
            return True
        count = _size(lengths)
        if count == 0:
            self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, skipped: no time step"
            self.left.pop(spec.name, None)
            return False
        if self.time_shape is None:
            self.time_shape = lengths
        if count != _size(self.time_shape):
            self.lines[spec.name] = (
                f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, axes {format_axes(plan_.axes)}, skipped: "
                f"{count} time steps where the others have {_size(self.time_shape)}"
            )
            self.left.pop(spec.name, None)
            return False
        self.steps = count
        return True

    # ---- taking members ------------------------------------------------------------------------

    def _place(
        self,
        spec: ArraySpec,
        axes: tuple[Axis, ...],
        association: str,
        note: str = "",
    ) -> ArrayPlan | None:
        """Give one member its place; None when its time steps do not agree."""
        made = ArrayPlan(spec.name, axes, association, prefix=not self.lone)
        if not self._count_steps(made, spec):
            return None
        place = {"point": "point data", "cell": "cell data", "row": "rows of a table", "field": "field data"}
        self.left.pop(spec.name, None)
        self.lines[spec.name] = describe_plan(made, spec, place[association]) + (f" ({note})" if note else "")
        return made

    def _role(self, spec: ArraySpec, axes: str | tuple[Axis, ...], words: str) -> ArrayPlan:
        """Take one member as geometry or topology."""
        made = ArrayPlan(spec.name, parse_axes(axes) if isinstance(axes, str) else axes)
        self._count_steps(made, spec)
        self.left.pop(spec.name, None)
        self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, {words}"
        return made

    def _field(self, spec: ArraySpec, note: str = "") -> ArrayPlan:
        axes = parse_axes("n" + "c" * (len(spec.shape) - 1) if spec.shape else "")
        # No time axis, so it always has a place.
        made: ArrayPlan = self._place(spec, axes, "field")  # type: ignore[assignment]
        if note:
            self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, {note}"
        if _size(spec.shape) * spec.dtype.itemsize > LARGE_FIELD:
            self.only_chosen.add(spec.name)
        return made

    def _coordinates(self, dims: Sequence[int]) -> dict[str, ArraySpec]:
        """Find the coordinate members with one of `dims` axes: letter -> spec."""
        found = {}
        for letter, aliases in COORDINATES.items():
            for alias in aliases:
                spec = self.left.get(alias)
                if spec is not None and is_real(spec.dtype) and len(spec.shape) in dims and _size(spec.shape):
                    found[letter] = spec
                    break
        return found

    # ---- points and meshes ---------------------------------------------------------------------

    def _positions(self) -> tuple[dict[str, str], int, int] | None:
        """Find the members that hold positions: role -> member, how many points, how many dimensions."""
        for name in POINTS:
            spec = self.left.get(name)
            if spec is None or not is_real(spec.dtype) or (name == "nodes" and spec.dtype.kind != "f"):
                continue  # whole numbers of nodes name them
            axes = self._point_axes(spec)
            if axes is not None:
                one = ArrayPlan(name, axes)
                return {"points": name}, one.length("n", spec.shape), one.components(spec.shape)[0]
        coordinates = self._coordinates((1,))
        flat = self.options.dataset_type == "Points" and set(coordinates) == set("xy")
        if (set(coordinates) == set("xyz") or flat) and len({spec.shape for spec in coordinates.values()}) == 1:
            return {letter: spec.name for letter, spec in coordinates.items()}, coordinates["x"].shape[0], 3
        return None

    def _point_axes(self, spec: ArraySpec) -> tuple[Axis, ...] | None:
        """Axes of positions, n and c of 2 or 3, with time or without; None when the array holds none."""
        n = len(spec.shape)
        if not is_real(spec.dtype) or n not in (2, 3):
            return None
        axes = self.spoken.get(n, parse_axes("tnc"[3 - n :]))
        return axes if _hold_positions(axes, spec.shape) else None

    def _take_positions(self, members: Mapping[str, str]) -> dict[str, ArrayPlan]:
        roles = {}
        for role, name in members.items():
            spec = self.left[name]
            if role == "points":
                axes = self._point_axes(spec)
                roles[role] = self._role(spec, axes, f"axes {format_axes(axes)}, positions of points")
            else:
                roles[role] = self._role(spec, "n", f"{role} of points")
        return roles

    def _mesh(self) -> Block | None:
        positions = self._positions()
        if positions is None:
            return None
        members, count, width = positions
        left = self.left
        topology = [left.get(name) for name in ("connectivity", "offsets", "types")]
        roles: dict[str, ArrayPlan] = {}
        cell_type = None
        if all(spec is not None and spec.dtype.kind in "iu" and len(spec.shape) == 1 for spec in topology):
            cells = topology[2].shape[0]
            if topology[1].shape[0] not in (cells, cells + 1):
                self.notes.append(
                    f"offsets: {topology[1].shape} beside types of {topology[2].shape}; one entry per cell or one "
                    "more is expected, so connectivity, offsets and types are plain data"
                )
                return None
            roles = {spec.name: self._role(spec, "n", "cells of a mesh") for spec in topology}
        else:
            for name in CELL_NAMES:
                spec = left.get(name)
                if spec is None:
                    continue
                cell_type = _cell_type(name, spec, width)
                if cell_type is not None:
                    cells = spec.shape[0]
                    roles = {"cells": self._role(spec, "nc", f"cells of a mesh: {CELL_TYPE_NAMES[cell_type]}")}
                    break
                self.notes.append(
                    f"{name}: {spec.shape} {dtype_name(spec.dtype)} names no cells of a known kind, read as plain data"
                )
        if not roles:
            return None
        for name in CELL_NAMES:
            if name in left and _cell_type(name, left[name], width) is not None:
                self.aside.add(name)
                self.notes.append(
                    f"{name}: left as field data, a mesh has one such array; for several kinds of cells give "
                    "connectivity, offsets and types"
                )
        roles.update(self._take_positions(members))
        return self._attach(
            Block("Mesh", count=count, cells=cells, cell_type=cell_type, roles=roles), {"point": count, "cell": cells}
        )

    def _points(self) -> Block | None:
        positions = self._positions()
        if positions is None:
            return self._assumed_points() if self.options.dataset_type == "Points" else None
        members, count, _width = positions
        if "x" in members and self.options.dataset_type != "Points":
            lengths = dict.fromkeys("xyz", count)
            others = [s for n, s in self.left.items() if n not in members.values()]
            if any(len(s.shape) >= 3 and _fit(s.shape, lengths, self.time_shape) for s in others):
                return None  # data on the grid that the three span
            if any(len(s.shape) >= 3 and _fit(s.shape, _shorter(lengths), self.time_shape) for s in others):
                return None
        roles = self._take_positions(members)
        return self._attach(Block("Points", count=count, cell_type=VERTEX, roles=roles), {"point": count})

    def _assumed_points(self) -> Block | None:
        """The user says points: take the first array that can hold them."""
        for spec in list(self.left.values()):
            axes = self._point_axes(spec)
            if axes is not None:
                return self._points_of(spec, axes)
        for spec in list(self.left.values()):
            if is_real(spec.dtype) and len(spec.shape) == 2:
                axes = self.spoken.get(2, parse_axes("nc"))
                if _hold_positions(axes, spec.shape, wide=True):
                    return self._points_of(spec, axes)
        return None

    def _points_of(self, spec: ArraySpec, axes: tuple[Axis, ...], note: str = "", *, sure: bool = True) -> Block:
        """Make the rows of one array points; components beyond the third stay data."""
        arrays: tuple[ArrayPlan, ...] = ()
        one = ArrayPlan(spec.name, axes)
        count = one.length("n", spec.shape)
        if one.components(spec.shape)[0] > 3:
            whole = self._place(spec, axes, "point")
            arrays = (whole,)
            self.lines[spec.name] += " (the first three columns are the positions)"
            role = whole
        else:
            words = f"axes {format_axes(axes)}, positions of points"
            role = self._role(spec, axes, words + (f" ({note})" if note else ""))
        block = Block("Points", count=count, cell_type=VERTEX, roles={"points": role}, arrays=arrays)
        return self._attach(block, {"point": count}, sure=sure)

    def _attach(self, block: Block, counts: Mapping[str, int], *, sure: bool = True) -> Block:
        """Put every array as long as the points (or cells) on them."""
        wanted_association = self.options.association
        if wanted_association == "Cell Data":
            counts = {key: n for key, n in counts.items() if key == "cell"}
            if not counts:
                raise OptionError(
                    "Association is Cell Data, but a point set has no cells of its own. Choose Point Data, or add "
                    "cells to the file."
                )
        elif wanted_association == "Point Data":
            counts = {"point": counts["point"]}
        arrays = list(block.arrays)
        for spec in [one for name, one in self.left.items() if name not in self.aside]:
            for association, n in counts.items():
                axes = self._counted_axes(spec, n, sure=sure)
                if axes is not None:
                    notes = ["as many cells as points"] if len(set(counts.values())) < len(counts) else []
                    if axes[0].letter == "t" and self.time_shape is None and len(spec.shape) not in self.spoken:
                        notes.append(self._unexplained(axes))
                    made = self._place(spec, axes, association, "; ".join(notes))
                    arrays += [made] if made else []
                    break
        return replace(block, arrays=tuple(arrays))

    def _counted_axes(self, spec: ArraySpec, n: int, *, sure: bool) -> tuple[Axis, ...] | None:
        """Axes of an array with one entry per point or cell; None when it has not.

        A first axis of unknown length is time only where the points are `sure`, and not in a square matrix.
        """
        spoken = self.spoken.get(len(spec.shape))
        if spoken is not None and any(axis.letter == "n" for axis in spoken):
            k = [axis.letter for axis in spoken].index("n")
            return spoken if spec.shape[k] == n else None
        shape = spec.shape
        if shape and shape[0] == n and _size(shape[1:]) <= MAX_WIDTH:
            return parse_axes("n" + "c" * (len(shape) - 1))
        if len(shape) not in (2, 3) or shape[1] != n or not shape[0]:
            return None
        if self.time_shape == shape[:1] or (self.time_shape is None and sure and shape[0] != n):
            return parse_axes("tn" + "c" * (len(shape) - 2))
        return None

    # ---- grids with coordinates ----------------------------------------------------------------

    def _structured(self) -> Block | None:
        found = self._coordinates((2, 3))
        if not {"x", "y"} <= set(found) or len({spec.shape for spec in found.values()}) != 1:
            return None
        shape = found["x"].shape
        axes = self.spoken.get(len(shape), auto_axes(shape, np.dtype(float), grid=True))
        if len(shape) == 3 and len(self.spoken.get(3, ())) != 3:
            axes = parse_axes("zyx")  # coordinates never have components
        if any(axis.letter not in "xyz" for axis in axes):
            return None
        lengths = dict.fromkeys("xyz", 1)
        lengths.update({axis.letter: n for axis, n in zip(axes, shape)})
        words = f"axes {format_axes(axes)}, " + "{} of the points of a structured grid"
        roles = {letter: self._role(spec, axes, words.format(letter)) for letter, spec in found.items()}
        block = Block("Structured Grid", dims=tuple(lengths[letter] for letter in "xyz"), roles=roles)
        order = tuple(axis.letter for axis in axes)
        return self._on_grid(block, lengths, orders=("".join(order),))

    def _rectilinear(self) -> list[Block]:
        found = self._coordinates((1,))
        if not {"x", "y"} <= set(found):
            return []
        values = {letter: self.small.get(spec.name) for letter, spec in found.items()}
        for letter, spec in list(found.items()):
            if values[letter] is None or _direction_of(values[letter]) == 0:
                self.notes.append(
                    f"{spec.name}: {spec.shape} neither rises nor falls throughout, so it is no coordinate of a "
                    "rectilinear grid and read as plain data"
                )
                if letter in "xy":
                    return []
                del found[letter]
        lengths = {letter: found[letter].shape[0] if letter in found else 1 for letter in "xyz"}
        names = {spec.name for spec in found.values()}
        others = [spec for name, spec in self.left.items() if name not in names and len(spec.shape) >= 1]
        fits = any(
            len(spec.shape) > 1
            and (
                _fit(spec.shape, along, self.time_shape, sure=along is not lengths)
                or _fit(spec.shape, _shorter(along), self.time_shape, sure=along is not lengths)
            )
            for spec in others
            for along in (lengths, *_planes(lengths).values())
        )
        spoken = self.options.axes != "auto" and any(len(spec.shape) in self.spoken for spec in others)
        equal = len({spec.shape for spec in found.values()}) == 1
        if not fits and not spoken and self.options.dataset_type == "Auto" and (others or equal):
            return []
        roles = {}
        reversed_letters = ""
        for letter, spec in found.items():
            falling = _direction_of(values[letter]) < 0
            reversed_letters += letter if falling else ""
            words = f"{letter} of a rectilinear grid" + (" (falls, so it is read backwards)" if falling else "")
            roles[letter] = self._role(spec, "-n" if falling else "n", words)
        whole = Block("Rectilinear Grid", dims=tuple(lengths[letter] for letter in "xyz"), roles=roles)
        whole = self._on_grid(whole, lengths, falling=reversed_letters, planes=True)
        blocks = [whole, *self._in_planes(whole, lengths, reversed_letters)]
        self._check_choices(lengths, empty=not any(block.arrays for block in blocks))
        return blocks if whole.arrays or len(blocks) == 1 else blocks[1:]

    def _in_planes(self, whole: Block, lengths: Mapping[str, int], falling: str) -> list[Block]:
        """Put fields that lack one of three coordinates on the others, at the first value of the one they lack."""
        planes = {}
        for letter, along in _planes(lengths).items():
            # The first value in the file, also where it is the highest.
            roles = {**whole.roles, letter: whole.roles[letter]._replace(axes=parse_axes("n"))}
            planes[letter] = Block("Rectilinear Grid", dims=tuple(along[k] for k in "xyz"), roles=roles)
        cells = whole.arrays and all(one.association == "cell" for one in whole.arrays)
        for association in ("cell", "point") if cells else ("point", "cell"):
            for letter, along in _planes(lengths).items():
                where = f"in the plane of the first {letter}, for it has no axis of its {lengths[letter]}"
                planes[letter] = self._on_grid(
                    planes[letter], along, falling=falling, note=where, planes=True, only=association
                )
        return [plane for plane in planes.values() if plane.arrays]

    def _on_grid(
        self,
        block: Block,
        lengths: Mapping[str, int],
        *,
        orders: tuple[str, ...] = ("zyx", "xyz"),
        falling: str = "",
        note: str = "",
        planes: bool = False,
        only: str = "",
    ) -> Block:
        """Put every array that fits the lengths of the grid on its points or cells.

        Parameters
        ----------
        note : str
            For the lines of the arrays.
        planes : bool
            What does not fit may lie in a plane of the grid; the caller checks the user's choices.
        only : str
            point or cell, where the other is not to be tried.
        """
        wanted_association = self.options.association
        tries = {"point": lengths, "cell": _shorter(lengths)}
        if wanted_association != "Auto":
            key = wanted_association.split()[0].lower()
            tries = {key: tries[key]}
        if only:
            tries = {key: along for key, along in tries.items() if key == only}
        arrays = list(block.arrays)
        for spec in list(self.left.values()):
            if note and len(spec.shape) < 2:
                continue
            placed = self._fit_spec(spec, tries, orders, falling, lengths, sure=bool(note))
            if placed is None:
                continue
            axes, association, *remarks = placed
            made = self._place(spec, axes, association, "; ".join(filter(None, (note, *remarks))))
            arrays += [made] if made else []
        if not planes:
            self._check_choices(lengths, empty=not arrays)
        return replace(block, arrays=tuple(arrays))

    def _check_choices(self, lengths: Mapping[str, int], *, empty: bool) -> None:
        """Refuse axes that fit no coordinates, and an association that leaves a grid `empty`."""
        along = ", ".join(f"{k} {n}" for k, n in lengths.items())
        for spec in self.left.values():
            spoken = self.spoken.get(len(spec.shape), ())
            if self.options.axes != "auto" and len(spec.shape) > 1 and any(axis.letter in "xyz" for axis in spoken):
                raise OptionError(
                    f"{spec.name}: shape {spec.shape} with axes {format_axes(spoken)} does not fit the coordinates "
                    f"({along}). Choose Axes auto, or DataSetType Image to leave the coordinates aside."
                )
        chosen = self.options.association
        if empty and chosen != "Auto" and any(len(spec.shape) > 1 for spec in self.left.values()):
            raise OptionError(
                f"Association is {chosen}, but no array is "
                f"{'as long as' if chosen == 'Point Data' else 'one shorter than'} the coordinates along "
                f"each axis ({along}). Choose Auto."
            )

    def _fit_spec(
        self,
        spec: ArraySpec,
        tries: Mapping[str, Mapping[str, int]],
        orders: tuple[str, ...],
        falling: str,
        lengths: Mapping[str, int],
        *,
        sure: bool,
    ) -> tuple[tuple[Axis, ...], str, str] | None:
        if len(spec.shape) < 1:
            return None
        spoken = self.spoken.get(len(spec.shape))
        if spoken is not None and any(axis.letter in "xyz" for axis in spoken):
            for association, target in tries.items():
                if all(
                    n == target[axis.letter] for axis, n in zip(spoken, spec.shape) if axis.letter in "xyz"
                ) and all(target[k] == 1 for k in "xyz" if k not in {axis.letter for axis in spoken}):
                    return _turned(spoken, falling), association, ""
            return None
        for association, target in tries.items():
            axes = _fit(spec.shape, target, self.time_shape, orders, sure=sure)
            if axes is None or (len(spec.shape) == 1 and sum(n > 1 for n in lengths.values()) > 1):
                continue
            note = ""
            swapped = tuple(Axis({"x": "z", "z": "x"}.get(a.letter, a.letter)) for a in axes)
            if "z" not in {a.letter for a in axes}:
                swapped = tuple(Axis({"x": "y", "y": "x"}.get(a.letter, a.letter)) for a in axes)
            if len(orders) > 1 and len(axes) > 1 and _matches(spec.shape, swapped, target):
                note = f"{format_axes(swapped)} fits the coordinates as well; choose Axes to change it"
            if axes[0].letter == "t" and self.time_shape is None:
                note = f"{note}; " * bool(note) + self._unexplained(axes)
            return _turned(axes, falling), association, note
        return None

    @staticmethod
    def _unexplained(axes: tuple[Axis, ...]) -> str:
        """Say that nothing in the file makes a first axis time steps."""
        other = "c" + format_axes(axes).replace("t", "", 1)
        return f"the file does not say what the first axis is, taken for time steps; choose {other} for components"

    # ---- plain arrays --------------------------------------------------------------------------

    def _with_others(self, blocks: list[Block]) -> Block | Composite:
        """Add what found no place as field data; pictures would lie where the file puts nothing."""
        return self._collect(blocks, placed=True)

    def _plain(self, kind: str) -> Block | Composite:
        if kind == "Table":
            return self._collect(self._tables(list(self.left.values()), folded=True) or [Block("Table")])
        if kind == "Mesh":
            raise OptionError(
                "DataSetType is Mesh, but the file has no points with cells, faces, triangles, tetras, lines or "
                "connectivity, offsets and types of fitting shapes. Choose Auto, or name the arrays so."
            )
        if kind == "Points":
            found = self._assumed_points()
            if found is None:
                raise OptionError(
                    "DataSetType is Points, but no array has the shape (N, 2) or (N, 3) of real numbers. Choose Auto."
                )
            return self._collect([found])
        if not self.lone:
            self._take_geometry()
        root = self._collect([], grid=kind != "Auto")
        if kind in ("Rectilinear Grid", "Structured Grid"):
            return _convert(root, kind)
        if kind == "Image" and not any(b.kind == "Image" for b in blocks_of(root)):
            raise OptionError("DataSetType is Image, but no array of the file can be one. Choose Auto.")
        return root

    def _collect(self, blocks: list[Block], *, grid: bool = False, placed: bool = False) -> Block | Composite:
        """Sort the members that are left into grids, points, tables and field data.

        Parameters
        ----------
        placed : bool
            The blocks have positions or coordinates from the file: what does not fit them is drawn nowhere.
        """
        grids, point_sets, columns = self._sorted(beside=bool(blocks), grid=grid, placed=placed)
        remarks: list[ArraySpec] = []
        # Matrices and ranges beside real data are remarks on it.
        small = [dims for dims, group in grids.items() if all(one.small for one in group)]
        large = set(grids) - set(small)
        real_points = [one for one in point_sets if not one.small]
        if blocks or large or real_points or any(_size(spec.shape) > SMALL for spec in columns):
            for dims in small:
                if not any(_cells_of(other) == dims for other in large):
                    remarks += [one.spec for one in grids.pop(dims)]
            remarks += [one.spec for one in point_sets if one.small]
            point_sets = real_points
        if grids and blocks:
            self._take_geometry()
        if not grids and not point_sets and not blocks:
            return self._join(self._tables(columns, folded=grid), [])
        for one in point_sets:
            if one.spec.name in self.left:
                sure = self.lone or one.spoken
                note = "" if sure else "assumed; a member named points is sure"
                blocks.append(self._points_of(one.spec, one.axes, note, sure=sure))
        # The points have taken what is as long as they are.
        left = {dims: [one for one in group if one.spec.name in self.left] for dims, group in grids.items()}
        blocks += self._images({dims: group for dims, group in left.items() if group})
        tables = [spec for spec in columns if spec.name in self.left and spec.dtype.names is not None and spec.shape]
        blocks += self._tables([spec for spec in tables if not placed or len(spec.shape) == 1])
        fields = []
        for spec in (*columns, *remarks):
            if spec.name not in self.left:
                continue
            unfit = placed and len(spec.shape) > 1 and _size(spec.shape) > SMALL and spec.name not in self.aside
            fields.append(self._field(spec, FITS_NOTHING if unfit else ""))
        return self._join(blocks, fields)

    def _sorted(
        self, *, beside: bool, grid: bool, placed: bool
    ) -> tuple[dict[tuple[int, int, int], list[_Guess]], list[_Guess], list[ArraySpec]]:
        """Tell grids by their lengths, point sets and columns apart; `beside` other blocks only what is large."""
        grids: dict[tuple[int, int, int], list[_Guess]] = {}
        point_sets: list[_Guess] = []
        columns: list[ArraySpec] = []
        pictures = any(len(spec.shape) > 1 and _size(spec.shape) > SMALL for spec in self.left.values())
        if not beside and self._has_no_place():
            self.photographs = self._find_photographs()
        for spec in self.left.values():
            small = _size(spec.shape) <= SMALL or len(spec.shape) < 2
            if spec.name in self.aside or (beside and (small or placed)):
                columns.append(spec)
                continue
            spoken = len(spec.shape) in self.spoken
            # Beside pictures, a lone axis is one of their attributes.
            axes, note = self._guess(spec, grid=grid and (len(spec.shape) > 1 or not pictures))
            letters = {axis.letter for axis in axes}
            guess = _Guess(spec, axes, note, spoken)
            if letters & set("xyz"):
                made = ArrayPlan(spec.name, axes)
                grids.setdefault(tuple(made.length(letter, spec.shape) for letter in "xyz"), []).append(guess)
            elif is_real(spec.dtype) and _hold_positions(axes, spec.shape):
                point_sets.append(guess)
            else:
                columns.append(spec)
        return grids, point_sets, columns

    def _images(self, grids: Mapping[tuple[int, int, int], list[_Guess]]) -> list[Block]:
        """Make one block of every grid shape; arrays one shorter along each axis are its cells."""
        blocks = []
        association = self.options.association
        used = {
            dims: "".join(sorted({axis.letter for one in group for axis in one.axes} & set("xyz")))
            for dims, group in grids.items()
        }
        placing = Placing({}, (), (), {}) if self.options.ignore_file_geometry else self.placing
        on = {dims: placing.on(dims, used[dims]) for dims in grids}
        cells: dict[tuple[int, int, int], tuple[int, int, int]] = {}  # cells -> the points around them
        if association == "Auto":
            for dims in sorted(grids, key=_size, reverse=True):
                inner = _cells_of(dims)
                if dims not in cells and not on[dims].cells and inner in grids and inner != dims:
                    cells.setdefault(inner, dims)
        for dims, group in grids.items():
            if dims in cells:
                continue
            as_cells = association == "Cell Data" or (association == "Auto" and on[dims].cells)
            found = [("cell" if as_cells else "point", one) for one in group]
            found += [("cell", one) for inner, outer in cells.items() if outer == dims for one in grids[inner]]
            points = dims
            if as_cells:
                points = tuple(n + (letter in used[dims] and n > 0) for letter, n in zip("xyz", dims))
            arrays = []
            for where, one in found:
                axes = _first_highest(one.axes, on[dims].falling)
                falls = [axis.letter for axis in axes if axis.letter in on[dims].falling]
                falling = f"{', '.join(falls)} falls, so it is read backwards" if falls else ""
                note = "; ".join(filter(None, (one.note, falling)))
                arrays.append(self._place(one.spec, axes, where, note))
            arrays = [one for one in arrays if one]
            name = arrays[0].member if arrays else ""
            geometry = self._geometry_on(on[dims], used[dims], as_cells=as_cells, name=name)
            blocks.append(Block("Image", dims=points, arrays=tuple(arrays)).placed(geometry))
        self._contradicted([on[dims] for dims in grids if dims not in cells])
        self.notes += [
            f"{name}: {spec.shape} is not used, for what its numbers mean is not known; set Origin and Spacing"
            for name, spec in self.left.items()
            if blocks and name in UNUSED and spec.dtype.kind in "iuf" and 2 <= _size(spec.shape) <= 6
        ]
        return blocks

    def _geometry_on(self, on: OnGrid, letters: str, *, as_cells: bool, name: str) -> Geometry:
        """Return the geometry that applies to one image, and note it."""
        geometry = on.geometry
        if on.cells and not as_cells:  # the user wants points, which are in the middle of the file's cells
            shift = tuple(s / 2 if letter in letters else 0.0 for letter, s in zip("xyz", geometry.spacing))
            geometry = replace(geometry, origin=tuple(o + s for o, s in zip(geometry.origin, shift)))
        self.geometry = geometry
        options = self.options
        applied = chosen_geometry(geometry, options)
        self.notes += [note for note in on.notes if note not in self.notes]
        self.placed.append((name, describe_geometry(applied, self.placing.sources, options)))
        return applied

    def _geometry_lines(self) -> list[str]:
        """Say where the images lie: one line, or one for each that lies elsewhere."""
        lines = dict(self.placed[::-1])
        if len(set(lines.values())) < 2:
            return [f"geometry: {text}" for text in list(lines.values())[:1]]
        return [f"geometry of {name}: {text}" for name, text in lines.items()]

    def _contradicted(self, placed: Sequence[OnGrid]) -> None:
        """Give back the maxima that say nothing of any image."""
        for name in set.intersection(*(set(on.contradicted) for on in placed)) if placed else ():
            self.left[name] = self.specs[name]
            self.placed_by.pop(name, None)
            self.lines.pop(name, None)

    def _find_photographs(self) -> dict[tuple[int, int], str]:
        """Find the pictures whose first row is on top: (height, width) -> member."""
        found: dict[tuple[int, int], str] = {}
        for spec in self.left.values():
            axes = self.spoken.get(len(spec.shape))
            shape = spec.shape
            if axes is None and len(shape) == 4 and self.time_shape and shape[0] == self.time_shape[0]:
                shape = shape[1:]
            if axes is None and format_axes(auto_axes(shape, spec.dtype)) == "-yxc":
                found.setdefault(shape[:2], spec.name)
        return found

    def _tables(self, columns: list[ArraySpec], *, folded: bool = False) -> list[Block]:
        """Make one table of every length."""
        scalars_only = not any(spec.shape for spec in columns)
        long = len({spec.shape[0] for spec in columns if spec.shape}) > 1 and any(
            _size(spec.shape) > SMALL for spec in columns
        )
        tables: dict[int, list[ArrayPlan]] = {}
        for spec in columns:
            remark = long and spec.dtype.names is None and _size(spec.shape) <= SMALL
            remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
            if remark or (not spec.shape and not scalars_only):
                continue  # a remark on the table
            axes = self.spoken.get(len(spec.shape))
            unfit = axes is not None and 0 in ArrayPlan("", axes).steps(spec.shape)
            if axes is None or unfit or (folded and any(axis.letter in "xyz" for axis in axes)):
                axes = _rows(spec.shape)
            made = self._place(spec, axes, "row", self._hint(spec, axes))
            if made:
                count = 1 if not spec.shape else made.length("n", spec.shape)
                tables.setdefault(count, []).append(made)
        return [Block("Table", count=count, arrays=tuple(arrays)) for count, arrays in tables.items()]

    def _join(self, blocks: list[Block], fields: list[ArrayPlan]) -> Block | Composite:
        fields += [self._field(spec) for spec in list(self.left.values())]
        if not blocks:
            self.only_chosen.clear()
            return Block("Table", fields=tuple(fields))
        for name in self.only_chosen:
            self.lines[name] += f" (larger than {LARGE_FIELD >> 20} MiB, so it is loaded only when Arrays names it)"
        if len(blocks) == 1:
            return replace(blocks[0], fields=tuple(fields))
        names: set[str] = set()
        children = []
        for block in blocks:
            members = [plan_.member for plan_ in block.arrays] or [role.member for role in block.roles.values()]
            name = "+".join(members[:3]) + (f"+{len(members) - 3} more" if len(members) > 3 else "")
            name = name or block.kind
            unique, k = name, 2
            while unique in names:
                unique, k = f"{name} ({k})", k + 1
            names.add(unique)
            partition = Composite("vtkPartitionedDataSet", ((None, replace(block, name=unique)),))
            children.append((unique, partition))
        # Where grids cover one another the largest is seen, and ParaView colours by the last.
        order = sorted(range(len(blocks)), key=lambda k: _prominence(blocks[k]))
        children = [children[k] for k in order]
        self.notes.append(f"{len(blocks)} grids of different shapes, each a block of a collection")
        return Composite("vtkPartitionedDataSetCollection", tuple(children), tuple(fields))

    # ---- image geometry ------------------------------------------------------------------------

    def _take_geometry(self) -> None:
        """Take origin, spacing and direction from the members that mean them."""
        lengths = {n for spec in self.left.values() if len(spec.shape) > 1 for n in spec.shape}
        held = {name: self.small[name] for name in NAMES if name in self.small and name in self.left}
        self.placing = placing_of(held, lengths)
        self.notes += self.placing.notes
        for name in self.placing.used:
            spec = self.left.pop(name)
            aside = " (left aside, as IgnoreFileGeometry says)" * self.options.ignore_file_geometry
            self.lines[name] = f"{name}: {spec.shape} {dtype_name(spec.dtype)}, geometry of the image{aside}"
            self.placed_by[name] = self.small[name]
        if "affine" in self.placing.used and self.small["affine"].shape == (4, 4):
            if set(self.spoken) & {2, 3, 4, 5}:
                self.lines["affine"] += ", from its indices i, j, k; the axes are as they were given"
            else:
                self.indices_first = "xyz"
                self.lines["affine"] += ", from its indices i, j, k, so axes are read as xyz"


class _Guess(NamedTuple):
    """What an array that no name explains is taken for."""

    spec: ArraySpec
    axes: tuple[Axis, ...]
    note: str  # where the axes come from, when it is neither the user nor `auto`
    spoken: bool  # the axes were spelled out

    @property
    def small(self) -> bool:
        """Whether it may be a remark on other data."""
        return not self.spoken and _size(self.spec.shape) <= SMALL


def _hold_positions(axes: tuple[Axis, ...], shape: tuple[int, ...], *, wide: bool = False) -> bool:
    """Tell whether axes mean positions of points: n and one c of 2 or 3 (or more), and at most time beside."""
    letters = [axis.letter for axis in axes]
    if letters.count("c") != 1 or letters.count("n") != 1 or set(letters) - set("tnc"):
        return False
    if 0 in (n for letter, n in zip(letters, shape) if letter == "t"):
        return False
    width = shape[letters.index("c")]
    return width >= 2 if wide else width in (2, 3)


def _rows(shape: tuple[int, ...]) -> tuple[Axis, ...]:
    """Axes of an array that is read as rows."""
    if len(shape) == 2 and shape[0] == 1 != shape[1]:
        return parse_axes("cn")
    return parse_axes("nc"[: len(shape)] + "c" * (len(shape) - 2))


def _first_highest(axes: tuple[Axis, ...], falling: str) -> tuple[Axis, ...]:
    """Read the axes in `falling` backwards; a - that somebody wrote says the same."""
    return tuple(axis._replace(reverse=axis.reverse or axis.letter in falling) for axis in axes)


def _prominence(block: Block) -> tuple[bool, bool, int]:
    """Order blocks by how much of their values is seen when all are drawn."""
    return bool(block.arrays), block.kind != "Table", _size(block.dims)


def _cells_of(dims: tuple[int, int, int]) -> tuple[int, int, int]:
    """Cells along x, y, z of so many points; a single point counts as one layer."""
    return tuple(n - 1 if n > 1 else 1 for n in dims)


def _shorter(lengths: Mapping[str, int]) -> dict[str, int]:
    """Cells along each axis of so many points; a single point spans no cell, yet counts as one layer."""
    return {letter: n - 1 if n > 1 else 1 for letter, n in lengths.items()}


def _planes(lengths: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Lengths of the planes of a grid in space, by the letter that they have no axis of: that of z first."""
    if min(lengths.values()) < 2:
        return {}
    return {letter: {**lengths, letter: 1} for letter in "zyx"}


def _matches(shape: tuple[int, ...], axes: tuple[Axis, ...], lengths: Mapping[str, int]) -> bool:
    return all(n == lengths[axis.letter] for axis, n in zip(axes, shape) if axis.letter in "xyz")


def _fit(
    shape: tuple[int, ...],
    lengths: Mapping[str, int],
    time_shape: tuple[int, ...] | None = None,
    orders: tuple[str, ...] = ("zyx", "xyz"),
    *,
    sure: bool = False,
) -> tuple[Axis, ...] | None:
    """Find the axes by which `shape` lies on a grid of so many points (or cells) along each letter.

    The plainest reading wins: no extra axis, then components last, then time first, then both; zyx before xyz.

    Parameters
    ----------
    sure : bool
        Take a first axis for time only where `time_shape` says so, and a last one for components only where it is
        as short as those of vectors and tensors.
    """
    small_last = bool(shape) and shape[-1] in VECTOR_LENGTHS
    steps = time_shape[0] if time_shape is not None and len(time_shape) == 1 else None
    is_time = bool(shape) and steps is not None and shape[0] == steps
    extras = [("", "")]
    extras += [("t", ""), ("", "c")] if is_time or not small_last else [("", "c"), ("t", "")]
    extras += [("t", "c"), ("", "cc"), ("t", "cc")]
    flat = [letter for letter in "zyx" if lengths[letter] == 1]
    drops = [set(), *({letter} for letter in flat), *({a, b} for a in flat for b in flat if a < b)]
    for before, after in extras:
        for order in orders:
            for drop in drops:
                letters = before + "".join(letter for letter in order if letter not in drop) + after
                if len(letters) != len(shape):
                    continue
                axes = tuple(Axis(letter) for letter in letters)
                if not any(letter in "xyz" for letter in letters) or not _matches(shape, axes, lengths):
                    continue
                if before and (shape[0] == 0 or steps not in (None, shape[0])):
                    continue
                wide = any(n not in VECTOR_LENGTHS for n in shape[len(shape) - len(after) :])
                if sure and (wide or (before and not is_time)):
                    continue
                return axes
    return None


def _turned(axes: tuple[Axis, ...], falling: str) -> tuple[Axis, ...]:
    """Reverse the axes whose coordinate falls."""
    return tuple(axis._replace(reverse=axis.reverse != (axis.letter in falling)) for axis in axes)


def _direction_of(values: np.ndarray) -> int:
    """1 when values rise throughout, -1 when they fall, 0 when neither."""
    if not np.all(np.isfinite(values)):
        return 0
    # Compared, not subtracted: unsigned differences wrap around.
    if np.all(values[1:] > values[:-1]):
        return 1
    return -1 if np.all(values[1:] < values[:-1]) else 0


def _cell_type(name: str, spec: ArraySpec, width: int) -> int | None:
    """VTK's number for the cells in a (M, k) member; None when name and shape mean none."""
    if len(spec.shape) != 2 or spec.dtype.kind not in "iu":
        return None
    k = spec.shape[1]
    if name == "cells" and k == 4 and width == 2:
        return QUAD  # there are no tetrahedra in the plane
    if name == "faces" and k > 4:
        return POLYGON
    if name == "lines" and k > 2:
        return POLYLINE
    return CELL_TYPES.get((name, k))


def _as_kind(block: Block, kind: str) -> Block:
    """Turn a grid with coordinates into the kind that the user wants."""
    if block.kind == "Rectilinear Grid" and kind == "Structured Grid":
        return replace(block, kind=kind)
    return block


def _convert(root: Block | Composite, kind: str) -> Block | Composite:
    """Turn images into grids with explicit coordinates."""
    if isinstance(root, Composite):
        return replace(
            root, children=tuple((name, child and _convert(child, kind)) for name, child in root.children)
        )
    if root.kind not in GRIDS:
        raise OptionError(
            f"DataSetType is {kind}, but the file holds a {root.kind.lower()}, which lies on no grid. Choose Auto."
        )
    if root.kind == "Image":
        if kind == "Rectilinear Grid" and root.direction != IDENTITY:
            raise OptionError(
                "DataSetType is Rectilinear Grid, but the image has a direction matrix, and a rectilinear grid cannot "
                "be turned. Choose Structured Grid."
            )
        return replace(root, kind=kind)
    return root
