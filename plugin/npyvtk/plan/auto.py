"""The axes that ``auto`` assumes of a plain array, and those that a menu offers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .axes import format_axes, parse_axes

if TYPE_CHECKING:
    from .axes import Axis

__all__ = [
    "MAX_WIDTH", "VECTOR_LENGTHS", "auto_axes", "axes_choices", "is_narrow", "is_photograph", "is_real",
    "other_readings",
]  # fmt: skip

VECTOR_LENGTHS = (1, 2, 3, 4, 6, 9)  # a last axis that long beside three spatial ones holds components
COLOUR_LENGTHS = (1, 2, 3, 4)  # the same beside two spatial ones: one channel, vectors, RGB and RGBA
COMPONENTS_FIRST = (2, 3, 4, 6, 9)  # a first axis that long may hold components
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
        letters = "n" + "c" * (n - 1) if n else ""
    elif n == 0:
        letters = ""
    elif n == 1:
        letters = "x" if grid else "n"
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
