"""The axes by which an array lies on a grid of known lengths: on its points, on its cells, or in one of its planes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .auto import VECTOR_LENGTHS
from .axes import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["cells_along", "grid_axes", "matches", "planes_of", "reverse_falling"]


def grid_axes(
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
                if not any(letter in "xyz" for letter in letters) or not matches(shape, axes, lengths):
                    continue
                if before and (shape[0] == 0 or steps not in (None, shape[0])):
                    continue
                wide = any(n not in VECTOR_LENGTHS for n in shape[len(shape) - len(after) :])
                if sure and (wide or (before and not is_time)):
                    continue
                return axes
    return None


def planes_of(lengths: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Lengths of the planes of a grid in space, by the letter that they have no axis of: that of z first."""
    if min(lengths.values()) < 2:
        return {}
    return {letter: {**lengths, letter: 1} for letter in "zyx"}


def matches(shape: tuple[int, ...], axes: tuple[Axis, ...], lengths: Mapping[str, int]) -> bool:
    """Tell whether a shape with these axes is as long as the grid along each of its letters."""
    return all(n == lengths[axis.letter] for axis, n in zip(axes, shape) if axis.letter in "xyz")


def cells_along(lengths: Mapping[str, int]) -> dict[str, int]:
    """Cells along each axis of so many points; a single point spans no cell, yet counts as one layer."""
    return {letter: n - 1 if n > 1 else 1 for letter, n in lengths.items()}


def reverse_falling(axes: tuple[Axis, ...], falling: str) -> tuple[Axis, ...]:
    """Reverse the axes whose coordinate falls."""
    return tuple(axis._replace(reverse=axis.reverse != (axis.letter in falling)) for axis in axes)
