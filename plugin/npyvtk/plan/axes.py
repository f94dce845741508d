"""What the letters of an ``Axes`` string mean, and the views that follow from them.

An array in a file has axes in the order that its author chose; VTK wants z slowest, then y, then x, then
the components.
This module translates between the two with NumPy views alone: nothing is copied, read or converted here.

Letters, first array axis first: ``x y z`` space, ``t`` time, ``c`` components, ``n`` the running number of
points, cells or rows where there is no grid.
``-`` before a letter reverses that axis.
``t`` and ``c`` may repeat: leading axes folded into time, tensors.

*Canonical* everywhere in this package means the shape ``(nz, ny, nx, *components)`` for grids and
``(n, *components)`` for everything else, in C order: the order in which VTK stores tuples.
"""

from __future__ import annotations

import functools
import re
from typing import NamedTuple

import numpy as np

from ..errors import OptionError

__all__ = ["Axis", "canonical", "counted_axes", "format_axes", "in_file_order", "in_words", "parse_axes"]

LETTERS = "xyztcn"

_SPACE_IN_WORDS = {  # no commas: these separate axes strings
    "x": "line",
    "n": "rows of a table or points",
    "yx": "first row at the bottom",
    "-yx": "first row on top",
    "xy": "x first",
    "y-x": "turned by 90 degrees",
    "zyx": "z first",
    "xyz": "x first",
}


class Axis(NamedTuple):
    """One axis of an array in a file."""

    letter: str  # one of LETTERS
    reverse: bool = False  # the first element of the file is the last place in space


@functools.lru_cache(maxsize=256)
def parse_axes(text: str) -> tuple[Axis, ...]:
    """Parse one axes string, such as ``tzyx`` or ``-yx``.

    Raises
    ------
    OptionError
        An unknown letter, a dangling ``-``, or a spatial letter twice.
    """
    axes: list[Axis] = []
    reverse = False
    for letter in text.strip():
        if letter == "-" and not reverse:
            reverse = True
        elif letter in LETTERS:
            axes.append(Axis(letter, reverse))
            reverse = False
        else:
            raise OptionError(
                f"Axes {text!r}: expected one letter of x y z t c n per array axis, with - before a letter to "
                f"reverse it, but found {letter!r}. Write for example zyx, yxc or t-yx."
            )
    if reverse:
        raise OptionError(f"Axes {text!r}: the last - has no letter after it. Write for example -yx.")
    letters = [axis.letter for axis in axes]
    for letter in "xyzn":
        if letters.count(letter) > 1:
            raise OptionError(f"Axes {text!r}: {letter} stands twice. Each of x, y and z names one axis.")
    if "n" in letters and any(letter in letters for letter in "xyz"):
        raise OptionError(f"Axes {text!r}: n numbers points or rows and cannot stand beside x, y or z.")
    return tuple(axes)


@functools.lru_cache(maxsize=256)
def format_axes(axes: tuple[Axis, ...]) -> str:
    """Write axes as the string that `parse_axes` reads."""
    return "".join("-" * axis.reverse + axis.letter for axis in axes)


@functools.lru_cache(maxsize=256)
def counted_axes(n: int) -> tuple[Axis, ...]:
    """Return the axes of an array that has `n`, the first of which counts points, cells or rows."""
    return parse_axes(("n" + "c" * n)[:n])


def _space(axes: tuple[Axis, ...]) -> str:
    """Letters of the leading canonical axes."""
    return "n" if any(axis.letter == "n" for axis in axes) else "zyx"


def _order(axes: tuple[Axis, ...]) -> list[int]:
    """Positions in `axes` of all axes but time, in canonical order."""
    rank = {letter: number for number, letter in enumerate(_space(axes) + "c")}
    return sorted((i for i, axis in enumerate(axes) if axis.letter != "t"), key=lambda i: rank[axes[i].letter])


def in_file_order(values: np.ndarray, axes: tuple[Axis, ...]) -> np.ndarray:
    """View canonical `values` as the file orders them.

    Parameters
    ----------
    values : (nz, ny, nx, *components, *more) or (n, *components, *more) ndarray
        Axes beyond those that `axes` names stay last and as they are.
    axes : tuple of Axis
        Time axes get length 1 in the result: one step at a time is read.

    Returns
    -------
    ndarray
        A view of `values`, writable when `values` is.
    """
    present = {axis.letter for axis in axes}
    # The ellipsis keeps a view where an index without slices would give a scalar.
    view = values[(*(slice(None) if letter in present else 0 for letter in _space(axes)), ...)]
    order = _order(axes)
    # order[k] is the file position of canonical axis k; the view needs the inverse.
    view = view.transpose(*np.argsort(order), *range(len(order), view.ndim))
    view = np.expand_dims(view, tuple(i for i, axis in enumerate(axes) if axis.letter == "t"))
    return view[(*(slice(None, None, -1) if axis.reverse else slice(None) for axis in axes), ...)]


def canonical(values: np.ndarray, axes: tuple[Axis, ...]) -> np.ndarray:
    """View `values` of a file in canonical order; the inverse of `in_file_order`.

    Parameters
    ----------
    values : ndarray with one axis per entry of `axes`
        Time axes have length 1.

    Returns
    -------
    (nz, ny, nx, *components) or (n, *components) ndarray
        A view of `values`.
    """
    view = values[(*(0 if axis.letter == "t" else slice(None, None, -1 if axis.reverse else 1) for axis in axes), ...)]
    kept = [i for i, axis in enumerate(axes) if axis.letter != "t"]
    view = view.transpose([kept.index(i) for i in _order(axes)])
    present = {axis.letter for axis in axes}
    return view[(*(slice(None) if letter in present else np.newaxis for letter in _space(axes)), ...)]


def in_words(text: str) -> str:
    """Say for a menu what one axes string means; empty where there is nothing to add to the letters.

    >>> in_words("t-yxc")
    'first axis time; components; first row on top'
    """
    found = []
    if "t" in text:
        found.append(f"{'first' if text[0] == 't' else 'last' if text[-1] == 't' else 'inner'} axis time")
    if "c" in text:
        found.append("components first" if text.startswith("c") else "tensors" if "cc" in text else "components")
    found.append(_SPACE_IN_WORDS.get(re.sub("-?[tc]", "", text), ""))
    return "; ".join(filter(None, found))
