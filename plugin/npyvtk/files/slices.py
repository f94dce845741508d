"""Which bytes of a stored array a selection needs, and in which pieces: pure planning, no I/O.

Everything here is in storage order: the last axis varies fastest. A Fortran-ordered array is planned
by its reversed shape and selection. Names, files and dtypes (beyond their item size) are unknown here.

Two ways to read follow from one `ReadPlan`:

* `ReadPlan.runs`: gap-free spans, to be read straight to their place in a contiguous destination;
* `ReadPlan.blocks`: boxes that fit a small buffer. Spans with small gaps between them are read in one go,
  gaps included: a system call costs as much as some 10 KiB of reading. The x plane of a volume
  therefore streams through one buffer instead of asking for every value alone.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["BLOCK_BYTES", "RUN_BYTES", "SHORT_RUN_BYTES", "ReadBlock", "ReadPlan", "plan_reads"]

GAP_BYTES = 32 << 10  # reading over such a gap costs about as much as a second read call from Python
BLOCK_BYTES = 1 << 20  # of one buffer: fits the second-level cache, and makes calls rare
RUN_BYTES = 2 << 20  # of one read straight into place: a huge page
SHORT_RUN_BYTES = 16 << 10  # shorter runs are cheaper read with their gaps and copied


@dataclass(frozen=True)
class ReadBlock:
    """One box of the selection, to be read into a buffer and used from there."""

    index: tuple[slice, ...]  # the box, within the selected array
    shape: tuple[int, ...]
    strides: tuple[int, ...]  # bytes, of the box within the buffer
    size: int  # bytes of the buffer
    offsets: tuple[range, ...]  # the read offsets are `base` plus one value of each range, row-major
    base: int  # bytes from the start of the array's data
    span: int  # bytes of each read; they lie in the buffer one after the other

    def reads(self) -> Iterator[tuple[int, int, int]]:
        """Offset in the buffer, offset in the data and length, in rising order."""
        for number, parts in enumerate(itertools.product(*self.offsets)):
            yield number * self.span, self.base + sum(parts), self.span


class ReadPlan(NamedTuple):
    """How to read one selection."""

    shape: tuple[int, ...]  # of the selected array
    starts: tuple[int, ...]
    steps: tuple[int, ...]  # 1 where only one index is selected
    strides: tuple[int, ...]  # bytes, of the stored array
    itemsize: int
    whole: bool  # the selection is the array
    run: int  # bytes of each gap-free span
    run_axis: int  # axes before this one are walked index by index from run to run
    end: int  # bytes from the start of the data to the end of the last selected element
    nbytes: int  # that are selected

    @property
    def begin(self) -> int:
        """Bytes from the start of the data to the first selected element."""
        return sum(start * stride for start, stride in zip(self.starts, self.strides))

    def runs(self, most: int = RUN_BYTES) -> Iterator[list[tuple[int, int, int]]]:
        """Gap-free spans as (destination offset, data offset, length), in groups of about `most` bytes.

        The destination is the selected array, contiguous in storage order.
        """
        if self.nbytes == 0:
            return
        group, filled, target = [], 0, 0
        for offset in self._walk(self.run_axis):
            done = 0
            while done < self.run:
                length = min(self.run - done, most - filled)
                group.append((target, offset + done, length))
                done, filled, target = done + length, filled + length, target + length
                if filled >= most:
                    yield group
                    group, filled = [], 0
        if group:
            yield group

    def _walk(self, axis: int) -> Iterator[int]:
        """Data offset of the first element for each index of the axes before `axis`, in rising order."""
        for parts in itertools.product(*self._ranges(0, axis)):
            yield self.begin + sum(parts)

    def _ranges(self, begin: int, end: int) -> tuple[range, ...]:
        return tuple(
            range(0, n * step * stride, step * stride)
            for n, step, stride in zip(self.shape[begin:end], self.steps[begin:end], self.strides[begin:end])
        )

    def _spans(self, gap: int) -> tuple[list[int], list[int], int]:
        """Bytes from one index to the next of each axis, bytes that each axis covers, and the first merged axis.

        span[k] is from the first to the last selected element of axes k and later, which are read over
        their gaps from axis `merged` on.
        """
        pitch = [step * stride for step, stride in zip(self.steps, self.strides)]
        merged = ndim = len(self.shape)
        span = [self.itemsize] * (ndim + 1)
        for k in reversed(range(ndim)):
            span[k] = (self.shape[k] - 1) * pitch[k] + span[k + 1]
        while merged > 0 and pitch[merged - 1] - span[merged] <= gap:
            merged -= 1
        return pitch, span, merged

    def traffic(self, gap: int = GAP_BYTES) -> int:
        """Bytes that `blocks` read, gaps included."""
        if self.nbytes == 0:
            return 0
        _, span, merged = self._spans(gap)
        return math.prod(self.shape[:merged]) * span[merged]

    def blocks(self, most: int = BLOCK_BYTES, gap: int = GAP_BYTES) -> Iterator[ReadBlock]:
        """Boxes whose buffers are at most `most` bytes (or one element), in rising order of offsets."""
        if self.nbytes == 0:
            return
        if not self.shape:
            yield ReadBlock((), (), (), self.itemsize, (), 0, self.itemsize)
            return
        pitch, span, merged = self._spans(gap)
        # room[k]: buffer bytes for all of axes k and later.
        room = span[:]
        for k in reversed(range(merged)):
            room[k] = self.shape[k] * room[k + 1]
            pitch[k] = room[k + 1]
        split = len(self.shape)  # axes from here on fit one buffer whole
        while split > 0 and room[split - 1] <= most:
            split -= 1
        axis = max(split - 1, 0)  # this one is cut into ranges, those before it into single indices
        count = max(1, 1 + (most - room[split]) // max(pitch[axis], 1)) if split else self.shape[0]
        rest = self.shape[axis + 1 :]
        step = self.steps[axis] * self.strides[axis]
        strides = (*[0] * axis, *pitch[axis:])
        outer = itertools.product(*(range(n) for n in self.shape[:axis]))
        for fixed, base in zip(outer, self._walk(axis)):
            for begin in range(0, self.shape[axis], count):
                rows = min(count, self.shape[axis] - begin)
                index = (*(slice(i, i + 1) for i in fixed), slice(begin, begin + rows), *(slice(0, n) for n in rest))
                size = length = (rows - 1) * pitch[axis] + room[axis + 1]
                offsets: tuple[range, ...] = ()
                if axis < merged:
                    offsets = (range(0, rows * step, step), *self._ranges(axis + 1, merged))
                    length = span[merged]
                shape = (*[1] * axis, rows, *rest)
                yield ReadBlock(index, shape, strides, size, offsets, base + begin * step, length)


def plan_reads(shape: tuple[int, ...], selection: tuple[slice, ...], itemsize: int) -> ReadPlan:
    """Plan the reading of a selection.

    Parameters
    ----------
    shape : tuple of int
        Of the array, in storage order: the last axis varies fastest.
    selection : tuple of slice
        One per axis, in the same order: 0 <= start <= stop <= n, step >= 1.
    itemsize : int
        Bytes of one element.
    """
    counts = tuple(len(range(s.start, s.stop, s.step)) for s in selection)
    starts = tuple(s.start for s in selection)
    steps = tuple(s.step if n > 1 else 1 for s, n in zip(selection, counts))
    strides, size = [], itemsize
    for n in reversed(shape):
        strides.append(size)
        size *= n
    strides.reverse()
    run, axis = itemsize, len(shape)
    while axis > 0 and (counts[axis - 1] <= 1 or (run == strides[axis - 1] and steps[axis - 1] == 1)):
        axis -= 1  # no gap between its elements
        run *= counts[axis]
    spread = zip(starts, counts, steps, strides)
    last = sum((start + (n - 1) * step) * stride for start, n, step, stride in spread) + itemsize
    nbytes = math.prod(counts) * itemsize
    run, last = (run, last) if nbytes else (0, 0)
    return ReadPlan(counts, starts, steps, tuple(strides), itemsize, counts == tuple(shape), run, axis, last, nbytes)
