"""Windows on a plan: a VOI, a sample rate, a time step as selections of the members."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from ..options import WHOLE_AXIS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import SupportsInt

    from ..options import ReadOptions
    from .layout import ArrayPlan, Block

__all__ = ["Window", "count_points", "sample"]


class Window(NamedTuple):
    """A regular part of a grid, or a range of points, cells or rows.

    ``ranges[letter]`` is ``(start, stop, step)`` in indices of the whole, for x, y, z or n.
    A letter that is not in `ranges` is taken whole.
    """

    ranges: Mapping[str, tuple[int, int, int]]
    step: int = 0  # time step

    @classmethod
    def on(cls, block: Block, extent: tuple[int, ...], association: str = "point", step: int = 0) -> Window:
        """Return the window of the points, or cells, of `extent` in indices from 0."""
        ranges = {}
        for letter, first, n, lo, hi in zip("xyz", block.first, block.dims, extent[::2], extent[1::2]):
            start, stop = (lo - first, hi + 1 - first) if lo <= hi else (0, 0)
            if association == "cell" and hi >= lo:
                # A flat extent lies in the layer above it, or in the last one.
                start = min(start, max(n - 2, 0))
                stop = max(stop - 1, start + 1)
            ranges[letter] = (start, max(stop, start), 1)
        return cls(ranges, step)

    def selection(self, plan: ArrayPlan, shape: tuple[int, ...]) -> tuple[slice, ...]:
        """Translate the window into slices of the member, one per axis, all with positive steps."""
        times = plan.steps(shape)
        step = min(self.step, int(np.prod(times, dtype=object)) - 1) if times else 0
        now: Iterator[SupportsInt] = (
            iter(np.unravel_index(max(step, 0), times)) if times and all(times) else iter([0] * len(times))
        )
        found = []
        for axis, n in zip(plan.axes, shape):
            if axis.letter == "t":
                k = int(next(now))
                k = n - 1 - k if axis.reverse else k
                found.append(slice(k, k + 1, 1))
                continue
            start, stop, stride = self.ranges.get(axis.letter, (0, n, 1))
            count = len(range(start, stop, stride))
            if axis.reverse and count:
                start = n - 1 - (start + (count - 1) * stride)
            found.append(slice(start, start + (count - 1) * stride + 1 if count else start, stride))
        return tuple(found)

    def space(self, plan: ArrayPlan, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Canonical spatial shape of what the window takes: (nz, ny, nx) or (n,)."""
        lengths = {axis.letter: n for axis, n in zip(plan.axes, shape)}
        return tuple(
            len(range(*self.ranges.get(letter, (0, lengths[letter], 1)))) if letter in lengths else 1
            for letter in ("n" if "n" in lengths else "zyx")
        )


class Sampling(NamedTuple):
    """How the points of an output grid lie in the grid of the file: every `rate`-th from `start`."""

    start: tuple[int, ...] = (0, 0, 0)  # x y z, point index in the file's grid
    rate: tuple[int, ...] = (1, 1, 1)

    def window(self, whole: Block, block: Block, extent: tuple[int, ...], association: str, step: int) -> Window:
        """Translate an extent of the sampled `block` into a window of the `whole` grid of the file."""
        own = Window.on(block, extent, association, step)
        ranges = {}
        for k, letter in enumerate("xyz"):
            start, stop, _ = own.ranges[letter]
            lo = self.start[k] + self.rate[k] * start
            count = stop - start
            if association == "cell":
                lo = min(lo, max(whole.dims[k] - 2, 0))
            ranges[letter] = (lo, lo + (count - 1) * self.rate[k] + 1 if count else lo, self.rate[k])
        return Window(ranges, step)


def sample(block: Block, options: ReadOptions) -> tuple[Block, Sampling]:
    """Reduce a grid to its VOI and sample rate.

    An axis that is not thinned keeps its indices, so that a VOI of a VOI means what it says; a thinned one
    counts from 0, and the origin moves to its first point.

    Raises
    ------
    OptionError
        The VOI has no point of the grid.
    """
    rate = tuple(int(r) for r in options.sample_rate)
    if not all(block.dims) or (options.voi is None and rate == (1, 1, 1)):
        return block, Sampling()
    voi = options.voi or 3 * WHOLE_AXIS
    pairs = zip(voi[::2], voi[1::2], block.extent[::2], block.extent[1::2])
    voi = tuple(v for *chosen, lo, hi in pairs for v in ((lo, hi) if tuple(chosen) == WHOLE_AXIS else chosen))
    start, dims, first, index = [], [], [], []
    for k, (lo, hi) in enumerate(zip(voi[::2], voi[1::2])):
        low, high = max(lo, block.extent[2 * k]), min(hi, block.extent[2 * k + 1])
        if low > high:
            raise OptionError(
                f"VOI {voi} has no point of the grid, whose extent is {block.extent}. "
                f"Choose {'xyz'[k]} between {block.extent[2 * k]} and {block.extent[2 * k + 1]}."
            )
        start.append(low - block.first[k])
        dims.append((high - low) // rate[k] + 1)
        first.append(low if rate[k] == 1 else 0)
        index.append(low if rate[k] > 1 else 0)
    origin = block.geometry.place(tuple(index))
    spacing = tuple(s * r for s, r in zip(block.spacing, rate))
    sampled = replace(block, dims=tuple(dims), first=tuple(first), origin=origin, spacing=spacing)
    return sampled, Sampling(tuple(start), rate)


def count_points(extent: tuple[int, ...]) -> int:
    """Count the points of an extent."""
    return math.prod(max(hi - lo + 1, 0) for lo, hi in zip(extent[::2], extent[1::2]))
