"""The axes that ``auto`` assumes of a plain array, alone or in its file, and those that a menu offers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .axes import Axis, counted_axes, format_axes, parse_axes
from .names import POINTS, SMALL, TIMES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec
    from .context import Context

__all__ = [
    "MAX_WIDTH", "VECTOR_LENGTHS", "Guess", "auto_axes", "axes_choices", "ends_in_time",
    "fields_of_positions", "guess", "hint",
    "is_narrow", "is_photograph", "is_real",
]  # fmt: skip

VECTOR_LENGTHS = (1, 2, 3, 4, 6, 9)  # a last axis that long beside three spatial ones holds components
COLOUR_LENGTHS = (1, 2, 3, 4)  # the same beside two spatial ones: one channel, vectors, RGB and RGBA
COMPONENTS_FIRST = (2, 3, 4, 6, 9)  # a first axis that long may hold components, or a last one beside an affine
FRAMES = 16  # planes from which on a first axis may be a film
NARROW = (4, 16)  # columns of a table, where rows are at least 100 times as many
MAX_WIDTH = 1 << 16  # components of an array on points; ParaView names and lists each


def is_real(dtype: np.dtype) -> bool:
    """Tell whether a dtype can be a coordinate."""
    return dtype.names is None and dtype.kind in "iuf"


def is_photograph(shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Tell whether an array is a picture with the first row on top: ``uint8`` (height, width, 3 or 4)."""
    return len(shape) == 3 and dtype == np.uint8 and shape[-1] in (3, 4)


def auto_axes(
    shape: tuple[int, ...], dtype: np.dtype, *, grid: bool = False, photographs: bool = True, volume: bool = False
) -> tuple[Axis, ...]:
    """Return what each axis of a plain array is taken for when nobody says.

    Parameters
    ----------
    grid : bool
        Read points and tables as grids as well.
    photographs : bool
        Read pictures with the first row on top, see `is_photograph`.
    volume : bool
        The file has a geometry of three numbers: a last axis of 1 is x.
    """
    n = len(shape)
    if dtype.kind in "SU" and 0 not in shape[1:]:  # a table of columns of no width would lose its rows
        return counted_axes(n)
    if n < 2:
        letters = ("x" if grid else "n") * n
    elif n == 2:
        letters = "yx" if grid else _two_axes(shape, dtype)
    elif n == 3:
        letters = "yxc" if shape[-1] in COLOUR_LENGTHS and not (volume and shape[-1] == 1) else "zyx"
        letters = "-yxc" if photographs and is_photograph(shape, dtype) else letters
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
    return "nc" if is_narrow(shape, dtype) else "yx"


def is_narrow(shape: tuple[int, ...], dtype: np.dtype) -> bool:
    """Tell whether an array would be a picture thinner than a pixel, and is a table of a few columns."""
    if len(shape) != 2 or not is_real(dtype):
        return False
    return NARROW[0] <= shape[1] <= NARROW[1] and shape[0] >= 100 * shape[1]


def fields_of_positions(spec: ArraySpec) -> tuple[str, ...]:
    """Return those of the fields x, y and z that a structured array has, one value each; none without x and y."""
    dtype = spec.dtype
    found = tuple(letter for letter in "xyz" if letter in (dtype.names or ()) and is_real(dtype[letter]))
    return found if len(spec.shape) == 1 and {"x", "y"} <= set(found) else ()


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


class Guess(NamedTuple):
    """What an array that no name explains is taken for."""

    spec: ArraySpec
    axes: tuple[Axis, ...]
    note: str = ""  # where the axes come from, when it is neither the user nor `auto`
    explicit: bool = False  # the axes were spelled out

    @property
    def small(self) -> bool:
        """Whether it may only say something of other data, as a matrix or a range does."""
        return not self.explicit and math.prod(self.spec.shape) <= SMALL


def guess(context: Context, spec: ArraySpec, photographs: Mapping[tuple[int, ...], str], *, grid: bool) -> Guess:
    """Tell what an array of the file is taken for.

    Parameters
    ----------
    photographs : mapping
        (height, width) -> member with the first row on top; none where the file says where pictures lie.
    grid : bool
        As of `auto_axes`.
    """
    shape, note = spec.shape, ""
    axes = context.explicit.get(len(shape))
    explicit = axes is not None
    if axes is None:
        timed = len(shape) >= 3 and context.steps == shape[0]
        axes = _axes_in_file(context, shape[timed:], spec.dtype, grid=grid, photographs=bool(photographs))
        if timed:
            others = [reading for reading in other_readings(shape[1:], spec.dtype) if reading[0][0] == "c"]
            note = "; ".join(["as long as time", *(f"if {when}, choose t{other}" for other, when in others)])
            axes = (Axis("t"), *axes)
        else:
            note = hint(context, spec, axes)
    text = format_axes(axes)
    if 0 in shape and "t" in text:  # there is not one time step to show
        return Guess(spec, counted_axes(len(shape)), explicit=explicit)
    if photographs and not explicit and Axis("y") in axes:
        lengths = {axis.letter: n for axis, n in zip(axes, shape)}
        picture = photographs.get((lengths["y"], lengths.get("x", 1)))
        if picture is not None:
            axes = tuple(axis._replace(reverse=True) if axis.letter == "y" else axis for axis in axes)
            note = f"first row on top, as of the picture {picture}"
    return Guess(spec, axes, note, explicit)


def _axes_in_file(
    context: Context, shape: tuple[int, ...], dtype: np.dtype, *, grid: bool, photographs: bool
) -> tuple[Axis, ...]:
    """Axes that `auto` assumes in this file."""
    axes = auto_axes(shape, dtype, grid=grid, photographs=photographs, volume=context.volume)
    letters = {2: "xy", 3: "xyz", 4: "xyzt", 5: "xyztc"}.get(len(shape)) if context.indices_first else None
    return parse_axes(letters) if letters and any(axis.letter in "xyz" for axis in axes) else axes


def hint(context: Context, spec: ArraySpec, axes: tuple[Axis, ...]) -> str:
    """Name the choice where another reading of the shape is common."""
    text = format_axes(axes)
    if text.startswith("-yxc"):
        return "a photograph, first row on top; choose yxc to turn it"
    if context.indices_first:
        vectors = text == "xyzt" and spec.shape[-1] in COMPONENTS_FIRST
        return "if these are components, choose xyzc" if vectors else ""
    if "n" in text:
        narrow, fields = is_narrow(spec.shape, spec.dtype), ", ".join(fields_of_positions(spec))
        first = "the first three columns" if narrow else fields
        return f"DataSetType Points takes {first} as positions" if first else ""
    if axes != auto_axes(spec.shape, spec.dtype):
        return ""
    words = [*filter(None, [ends_in_time(context, spec, axes)])]
    if context.volume and text == "yxc":
        words.append("if the last axis is x, choose zyx")
    if spec.name in POINTS and not context.single and len(spec.shape) == 2 and is_real(spec.dtype):
        few = "positions have 2 or 3 columns; DataSetType Points takes the first three"
        words.append("if each column is a point, choose cn" if spec.shape[0] in (2, 3) else few)
    for other, when in other_readings(spec.shape, spec.dtype):
        words.append(f"if {when}, choose {other}" if when else f"{other} puts the first row on top")
    return "; ".join(words)


def ends_in_time(context: Context, spec: ArraySpec, axes: tuple[Axis, ...]) -> str:
    """Name the choice where times are as long as the last axis of an array alone."""
    shape = spec.shape
    times = [name for name in TIMES if name in context.specs and context.specs[name].shape == shape[-1:]]
    counted = axes[:1] == (Axis("n"),)  # on points or cells, which have vectors in the last axis
    others = (0, 1, *shape[:-1], *VECTOR_LENGTHS * counted)
    if len(shape) < 3 - counted or not times or shape[-1] in others or len(shape) in context.explicit:
        return ""
    space = axes[:-1] if axes[-1].letter == "c" else axes[1:]
    return f"the last axis is as long as {times[0]}; choose {format_axes(space)}t for time steps"
