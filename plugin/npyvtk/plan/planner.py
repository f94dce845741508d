"""The state of planning one file by its names: members leave it as they find their place.

`Planner` knows what is left, the axes and times that the user or the file names, and the line that is told of each
member.
What the members are is decided by `meshes`, `grids` and `plain`, in the order that `by_names` tries them.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from ..errors import OptionError
from .auto import auto_axes, is_narrow, is_real, other_readings
from .axes import Axis, format_axes, parse_axes
from .dates import time_words
from .dtypes import dtype_name
from .geometry import Geometry, ImageMembers
from .layout import ArrayPlan, describe_plan
from .names import FAMILIES, TIMES
from .plain import LARGE_FIELD
from .positions import named_positions
from .times import time_values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..files.npy_header import ArraySpec
    from ..options import ReadOptions

__all__ = ["Planner"]


class Planner:
    """One run of `plan_by_names`: members leave `left` as they find their place."""

    def __init__(
        self,
        specs: Mapping[str, ArraySpec],
        small: Mapping[str, np.ndarray],
        options: ReadOptions,
        single: bool,
        no_times: str = "",
    ) -> None:
        self.specs, self.small, self.options, self.single = specs, small, options, single
        self.no_times = no_times  # a member that is no time, whatever its name
        self.left = dict(specs)
        self.lines: dict[str, str] = {}
        self.notes: list[str] = []
        self.steps = 1
        self.step_counts: dict[str, int] = {}  # member -> its time steps
        self.box: dict[str, tuple[float, float]] = {}  # letter -> ends of the image, where the file has them so
        self.times: tuple[float, ...] | None = None
        self.file_times: np.ndarray | None = None
        self.time_name = ""  # the member with the times
        self.time_shape: tuple[int, ...] | None = None  # lengths of the time axes, once known
        self.geometry = Geometry()
        self.geometry_members: dict[str, np.ndarray] = {}
        self.placing = ImageMembers({}, (), (), {})
        self.placed: list[tuple[str, str]] = []  # name and geometry of each image
        self.indices_first = ""  # letters of array indices that an affine counts, the first is i
        self.photographs: dict[tuple[int, ...], str] = {}  # height, width -> member
        self.only_chosen: set[str] = set()  # large field data
        self.excluded: set[str] = set()  # members that are no data of their own
        self.positions = named_positions(specs, options.positions)  # that the user names
        self.explicit = self._axes_strings()

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
        if "axes" in self.small and not self.single:
            value = self.small["axes"].item()
            value = value.decode("latin-1") if isinstance(value, bytes) else value
            try:
                explicit = {len(axes): axes for axes in (parse_axes(part) for part in value.split(","))}
            except OptionError as problem:
                self.notes.append(f"axes: not what the name says, plain data ({problem})")
                return {}
            self.left.pop("axes", None)
            self.lines["axes"] = f"axes: {value!r}, names the axes"
            return explicit
        return {}

    def take_time(self) -> None:
        """Take the member ``time``, or one under its other names, as the times of the steps, where it fits."""
        if self.single:
            return
        named = {spec.name for spec in self.positions.values()}
        for name in TIMES[:1] if "time" in self.specs else TIMES:
            real = name in self.small and self.specs[name].dtype.kind in "iufmM"
            if real and name != self.no_times and name not in named and self._take_times(name):
                return

    def _take_times(self, name: str) -> bool:
        """Take one member as the times; another name than ``time`` must count the first axis of three or more."""
        shape, size = self.specs[name].shape, math.prod(self.specs[name].shape)
        others = [s for other, s in self.left.items() if other != name]
        if name != "time":
            fits = len(shape) == 1 and size > 1
            fits &= any(len(s.shape) >= 3 and s.shape[0] == size for s in others) or self._move(shape)
        else:
            counted = any(len(s.shape) >= 2 and size in s.shape for s in others)
            fits = not shape or (size >= 1 and counted)
        if not fits:
            return False  # a column of a table, or nothing that it could count
        values = self.small[name]
        numbers, file_times = time_values(values)
        if not np.all(np.isfinite(numbers)):
            self.notes.append(f"{name}: not all values are finite times, read as plain data")
            return False
        if np.any(np.diff(numbers) <= 0):
            self.notes.append(f"{name}: does not increase from step to step, read as plain data")
            return False
        self.times, self.file_times, self.time_name = numbers, file_times, name
        if values.ndim == 1 and values.size > 1:
            self.time_shape = (values.size,)
        self.left.pop(name)
        self.lines[name] = f"{name}: {values.shape} {dtype_name(values.dtype)}, time values{time_words(values)}"
        return True

    def _move(self, steps: tuple[int, ...]) -> bool:
        """Tell whether x and y hold the coordinates of points at so many steps."""
        found = self.find_coordinates((2,))
        shapes = {spec.shape for spec in found.values()}
        return {"x", "y"} <= set(found) and len(shapes) == 1 and next(iter(shapes))[:1] == steps

    def guess_axes(self, spec: ArraySpec, *, grid: bool = False) -> tuple[tuple[Axis, ...], str]:
        """Axes of one array, and a remark on them."""
        axes, note = self.explicit.get(len(spec.shape)), ""
        if axes is None and self.time_shape and len(spec.shape) >= 3 and spec.shape[0] == self.time_shape[0]:
            axes = (Axis("t"), *self._auto(spec.shape[1:], spec.dtype, grid=grid))
            note = "as long as time"
        if axes is None:
            axes = self._auto(spec.shape, spec.dtype, grid=grid)
            note = self.hint(spec, axes)
        if 0 in spec.shape and ArrayPlan("", axes).steps(spec.shape):
            return parse_axes("n" + "c" * (len(spec.shape) - 1)), ""  # there is not one time step to show
        if len(spec.shape) not in self.explicit:
            size = tuple(ArrayPlan("", axes).length(letter, spec.shape) for letter in "yx")
            photograph = self.photographs.get(size)
            if photograph is not None and Axis("y") in axes:
                axes = tuple(axis._replace(reverse=True) if axis.letter == "y" else axis for axis in axes)
                note = f"first row on top, as of the picture {photograph}"
        return axes, note

    def _auto(self, shape: tuple[int, ...], dtype: np.dtype, *, grid: bool) -> tuple[Axis, ...]:
        """Axes that `auto` assumes in this file."""
        volume = self._is_placed_in_space()
        axes = auto_axes(shape, dtype, grid=grid, photographs=self.has_no_place(), volume=volume)
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

    def has_no_place(self) -> bool:
        """Whether nothing in the file says where its pictures lie."""
        return not self.placing.used and not {"x", "y"} <= set(self.find_coordinates((1, 2, 3)))

    def hint(self, spec: ArraySpec, axes: tuple[Axis, ...]) -> str:
        """Name the choice where another reading of the shape is common."""
        if format_axes(axes).startswith("-yxc"):
            return "a photograph, first row on top; choose yxc to turn it"
        if self.indices_first:
            return ""
        if any(axis.letter == "n" for axis in axes):
            narrow = is_narrow(spec.shape, spec.dtype)
            return "DataSetType Points takes the first three columns as positions" if narrow else ""
        if axes != auto_axes(spec.shape, spec.dtype):
            return ""
        words = []
        for other, when in other_readings(spec.shape, spec.dtype):
            words.append(f"if {when}, choose {other}" if when else f"{other} puts the first row on top")
        return "; ".join(words)

    def count_steps(self, plan_: ArrayPlan, spec: ArraySpec) -> bool:
        """Note the time axes of a planned array; False when there is no time step."""
        lengths = plan_.steps(spec.shape)
        if not lengths:
            return True
        count = math.prod(lengths)
        if count == 0:
            self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, skipped: no time step"
            self.left.pop(spec.name, None)
            return False
        if self.time_shape is None:
            self.time_shape = lengths
        self.steps = max(self.steps, count)
        self.step_counts[spec.name] = count
        return True

    def tell_short_films(self) -> None:
        """Say which arrays have fewer time steps than the file."""
        for name, count in self.step_counts.items():
            if 1 < count < self.steps and name in self.lines:
                self.lines[name] += f"; {count} time steps of {self.steps}, then it stays at its last"

    # ---- taking members ------------------------------------------------------------------------

    def take(
        self,
        spec: ArraySpec,
        axes: tuple[Axis, ...],
        association: str,
        note: str = "",
    ) -> ArrayPlan | None:
        """Give one member its place; None when it has no time step."""
        made = ArrayPlan(spec.name, axes, association, prefix=not self.single)
        if not self.count_steps(made, spec):
            return None
        place = {"point": "point data", "cell": "cell data", "row": "rows of a table", "field": "field data"}
        self.left.pop(spec.name, None)
        self.lines[spec.name] = describe_plan(made, spec, place[association]) + (f" ({note})" if note else "")
        return made

    def take_role(self, spec: ArraySpec, axes: str | tuple[Axis, ...], words: str) -> ArrayPlan:
        """Take one member as geometry or topology."""
        made = ArrayPlan(spec.name, parse_axes(axes) if isinstance(axes, str) else axes)
        self.count_steps(made, spec)
        self.left.pop(spec.name, None)
        self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, {words}"
        return made

    def take_field(self, spec: ArraySpec, note: str = "") -> ArrayPlan:
        """Take one member as field data."""
        axes = parse_axes("n" + "c" * (len(spec.shape) - 1) if spec.shape else "")
        # No time axis, so it always has a place.
        made: ArrayPlan = self.take(spec, axes, "field")  # type: ignore[assignment]
        if note:
            self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, {note}"
        if math.prod(spec.shape) * spec.dtype.itemsize > LARGE_FIELD:
            self.only_chosen.add(spec.name)
        return made

    def find_coordinates(
        self, dims: Sequence[int], family: Mapping[str, Sequence[str]] = FAMILIES[0]
    ) -> dict[str, ArraySpec]:
        """Find the coordinate members of a family with one of `dims` axes: letter -> spec."""
        if self.positions:
            named = self.positions if family is FAMILIES[0] and "x" in self.positions else {}
            return {letter: spec for letter, spec in named.items() if len(spec.shape) in dims}
        found = {}
        for letter, aliases in family.items():
            for alias in aliases:
                spec = self.left.get(alias)
                if spec is not None and is_real(spec.dtype) and len(spec.shape) in dims and math.prod(spec.shape) > 0:
                    found[letter] = spec
                    break
        return found

    @staticmethod
    def unexplained(axes: tuple[Axis, ...]) -> str:
        """Say that nothing in the file makes a first axis time steps."""
        other = "c" + format_axes(axes).replace("t", "", 1)
        return f"the file does not say what the first axis is, taken for time steps; choose {other} for components"
