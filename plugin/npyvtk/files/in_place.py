"""A file whose layout is known before its values, which are put into it anywhere and in any order."""

from __future__ import annotations

import zlib
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from . import npy
from .crc32 import crc32_combine

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

    from .formats import Format
    from .npy import Outgoing
    from .store import Progress

__all__ = ["InPlace", "read_back"]

COPY_BYTES = 4 << 20  # read back at a time when a stacked file is compressed


class InPlace:
    """A stored file whose layout is known before its values.

    Parameters
    ----------
    file : binary file open for reading and writing
    arrays : sequence of Outgoing
        Their blocks are not used.
    file_format : Format
    """

    def __init__(self, file: IO[bytes], arrays: Sequence[Outgoing], file_format: Format) -> None:
        self._file, self._format = file, file_format
        self.extend(arrays)
        # Per array: [offset, bytes, CRC-32] of each run, that of the first with the header before it.
        self.written: dict[int, list[list[int]]] = {}

    def extend(self, arrays: Sequence[Outgoing]) -> None:
        """Replace the list of arrays by one that begins with the same arrays."""
        self._layout = self._format.stored_layout(arrays)
        self.arrays = list(arrays)

    def put(self, number: int, offset: int, data: np.ndarray) -> None:
        """Write contiguous uint8 `data` at byte `offset` of array `number`."""
        runs = self.written.setdefault(number, [])
        self._file.seek(self._layout.data[number][0] + offset)
        npy.put(self._file, data)
        if not (runs and sum(runs[-1][:2]) == offset):
            runs.append([offset, 0, 0 if offset else zlib.crc32(self._layout.headers[number])])
        start, length, crc = runs[-1]
        runs[-1] = [start, length + len(data), zlib.crc32(data, crc)]

    def fill(self, number: int, outgoing: Outgoing, offset: int = 0, progress: Progress | None = None) -> None:
        """Write all of `outgoing` at byte `offset` of array `number`."""
        for data in npy.buffers(outgoing, progress=progress):
            self.put(number, offset, data)
            offset += len(data)

    def finish(self, written: Iterable[Mapping[int, list[list[int]]]] = ()) -> None:
        """Write all that is no value; `written` is what other writers of the same file have put."""
        for place, data in self._layout.parts(self.check(written)):
            self._file.seek(place)
            self._file.write(data)

    def check(self, written: Iterable[Mapping[int, list[list[int]]]] = ()) -> list[int]:
        """Return the CRC-32 of each array's header and data, all of which must have been put."""
        every = (self.written, *written)
        crcs = []
        for number, (_start, size) in enumerate(self._layout.data):
            runs = sorted(run for one in every for run in one.get(number, ()))
            end = 0
            for offset, length, _crc in runs:
                if offset != end:
                    break
                end += length
            if end != size:
                raise UnsupportedError(
                    f"array {self.arrays[number].name!r}: the pieces of the dataset leave a gap after byte {end} of "
                    f"{size}. Save with one process."
                )
            header = self._layout.headers[number]
            crcs.append(crc32_combine((crc, length) for _offset, length, crc in runs) if runs else zlib.crc32(header))
        return crcs

    def stored(self, file: IO[bytes] | None = None) -> list[Outgoing]:
        """List the arrays with blocks that read back what was put; `file` is the same, opened later."""
        return [
            replace(one, blocks=partial(read_back, file or self._file, start, size, one.dtype))
            for one, (start, size) in zip(self.arrays, self._layout.data)
        ]


def read_back(file: IO[bytes], start: int, size: int, dtype: np.dtype) -> Iterator[np.ndarray]:
    """Yield `size` bytes of a file from `start` as 1-D blocks of a dtype; its position may move between two."""
    step = max(1, COPY_BYTES // max(1, dtype.itemsize)) * dtype.itemsize
    for offset in range(0, size, max(1, step)):
        file.seek(start + offset)
        yield np.frombuffer(file.read(min(step, size - offset)), dtype)
