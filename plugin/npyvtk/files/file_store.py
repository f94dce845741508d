"""The arrays of a ``.npy`` or ``.npz``, read in parallel and straight to their places.

How headers and members lie in the file is known by `npy_header` and `zip_directory`, which bytes a selection needs by
`slices`.
"""

from __future__ import annotations

import bisect
import contextlib
import copy
import itertools
import operator
import os
import threading
import zlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import FileError, FormatError, LimitError
from . import crc32, inflate, seekable, slices, zip_directory, zip_read
from .inflate import checkpoints, whole_without_copies
from .npy_header import MAGIC, ArraySpec
from .source import InputFile, printable
from .store import Store, empty
from .threads import Run, available_threads

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from typing import Callable, Literal

    from .npy_header import Header
    from .store import Progress, Request

__all__ = ["THREADED_BYTES", "THREADED_STREAM_BYTES", "FileStore", "Stored"]

THREADED_BYTES = 16 << 20  # to read: below this, a second thread costs more than it saves
MIN_SEEK_BYTES = 1 << 18  # of a compressed member: a smaller one is inflated in a millisecond
THREADED_STREAM_BYTES = 2 << 20  # to inflate, which is slower


class Stored(NamedTuple):
    """Where the data of one array lies."""

    header: Header
    member: zip_directory.ZipMember
    fingerprint: bytes  # everything before the data, to notice a file that was rewritten in place


class FileStore(Store):
    """The arrays of a ``.npy`` or ``.npz``."""

    def __init__(
        self,
        file: InputFile,
        stored: dict[str, Stored],
        skipped: dict[str, str],
        damaged: tuple[str, ...] = (),
        *,
        single: bool = False,
    ) -> None:
        super().__init__()
        self.path = file.path
        self.arrays = {name: _spec(file, name, one) for name, one in stored.items()}
        self.skipped, self.damaged, self.single = skipped, damaged, single
        self.stat = file.stat
        self._file = file
        self.callback(file.close)
        self._stored = stored
        self._trusted = True  # the headers were read from the file as it is open now
        self._owner = os.path.abspath(file.path)  # of the checkpoints; the current folder may change

    def storage(self, name: str) -> str:
        """See `Store`."""
        member = self._stored[name].member
        if member.method == zip_directory.STORED:
            return ""
        method = zip_directory.METHODS.get(member.method)
        kind = f"compressed with {method}" if method else "deflated"
        pieces = zip_read.pieces(member)
        if pieces is not None:
            return f"{kind} in pieces of {pieces.piece_bytes >> 10} KiB: any part is read by itself"
        if member.size <= seekable.piece_bytes(member.size):
            return f"{kind}, in one piece"
        again = "each time" if self.restarts(name) else "the first time"
        return f"{kind} in one stream: what lies before a part is read with it, {again}"

    def restarts(self, name: str) -> bool:
        """See `Store`: bzip2 and lzma know no checkpoints."""
        return self._stored[name].member.method not in (zip_directory.STORED, zip_directory.DEFLATED)

    def reopened(self) -> Store | None:
        """See `Store`."""
        file = InputFile(self.path)
        if file.stat != self.stat:
            file.close()
            return None
        store = copy.copy(self)
        Store.__init__(store)
        store._file, store._trusted = file, False  # noqa: SLF001
        store.callback(file.close)
        return store

    def _read(self, requests: Sequence[Request], progress: Progress | None) -> None:
        """See `Store`."""
        before = self._check_unchanged([request.name for request in requests])
        opened = self._owner, before
        jobs = [_Job(self._file, self._stored[one.name], one, opened) for one in requests]
        jobs = [job for job in jobs if job.plan.nbytes]
        total = sum([job.work for job in jobs])
        # Longest first, and before all others those that one thread has to do alone.
        jobs.sort(key=operator.attrgetter("work"), reverse=True)
        jobs.sort(key=operator.attrgetter("parallel", "is_stored"))
        alone = [job.parallel for job in jobs].count(False)
        few = THREADED_STREAM_BYTES if False in [job.is_stored for job in jobs] else THREADED_BYTES
        run, threads = Run(total, progress), available_threads() if total > few else 1
        tasks = (task for job in jobs for task in job.tasks(run, ahead=alone < threads))
        try:
            run.execute(tasks, threads)
        except MemoryError as error:
            if isinstance(error, LimitError):
                raise
            raise LimitError(
                f"{self._file.name}: too large: there is not enough memory to read it. Close other"
                " programs, or read a part of it."
            ) from None
        for job in jobs:
            if job.checks:
                job.check_crc()
        if self._file.restat() != before:
            checkpoints.forget(self._owner)
            raise FileError(
                f"{self._file.name}: changed while it was being read. Wait until it is written, then reload it."
            )

    def _check_unchanged(self, names: Sequence[str]) -> tuple[int, int, int]:
        """Refuse arrays that are not what they were; return size, modification time and inode of the file now."""
        now = self._file.restat()
        if now == self.stat and self._trusted:
            return now
        if now[0] < self.stat[0]:
            raise FormatError(
                f"{self._file.name}: cut short, or being written: the file had {self.stat[0]} bytes when"
                f" it was opened and has {now[0]} now. Wait, then reload it."
            )
        for stored in map(self._stored.__getitem__, names):
            if self._file.read(stored.member.local, len(stored.fingerprint)) != stored.fingerprint:
                raise FileError(f"{self._file.name}: written again since it was opened. Reload it.")
        return now

    def mapped(self, name: str) -> np.ndarray | None:
        """See `Store`."""
        import mmap  # here: few ask for it, and all would wait for it at the start

        spec, stored = self.arrays[name], self._stored[name]
        order: Literal["C", "F"] = "F" if spec.fortran_order else "C"
        if 0 in spec.shape:
            return empty(spec.shape, spec.dtype, order)
        begin = stored.member.start + stored.header.size
        if stored.member.method != zip_directory.STORED or begin % max(1, spec.dtype.alignment):
            return None
        self._check_unchanged([name])
        page = begin - begin % mmap.ALLOCATIONGRANULARITY
        try:
            mapping = mmap.mmap(
                self._file.fileno(), begin - page + stored.header.nbytes, access=mmap.ACCESS_COPY, offset=page
            )
        except (OSError, ValueError):  # a file system without mapping, or no address space left
            return None
        return np.ndarray(spec.shape, spec.dtype, mapping, begin - page, order=order)


def _spec(file: InputFile, name: str, stored: Stored) -> ArraySpec:
    """What is told of an array, with a remark on what follows it in its file or member."""
    header, member = stored.header, stored.member
    longer, remark = member.size - header.size - header.nbytes, ""
    if longer:
        remark = f"the file is {longer} bytes longer than its array; the rest is left out"
        if member.method == zip_directory.STORED and file.read(member.start + member.size - longer, 6) == MAGIC:
            remark = f"a second array follows in the same file ({longer} bytes); only the first is read"
    return ArraySpec(name, header.shape, header.dtype, header.fortran_order, remark)


class _Part:
    """Some bytes of the result that come from one or more sections, in any order; the last one has it used."""

    def __init__(self, size: int, buffer: np.ndarray | None, use: Callable[[np.ndarray], None] | None = None) -> None:
        self.size = self._left = size
        self._buffer = buffer
        self._use = use
        self._lock = threading.Lock()

    def open(self) -> np.ndarray:
        """Where to put them."""
        with self._lock:
            if self._buffer is None:
                self._buffer = np.empty(self.size, np.uint8)
            return self._buffer

    def filled(self, length: int) -> None:
        """Count what was put."""
        with self._lock:
            self._left -= length
            left = self._left
        if not left:
            if self._use is not None:
                self._use(self.open())
            self._buffer = None


_Read = tuple[_Part, int, int, int]  # offset in the part, offset in the member's unpacked bytes, length


class _Job:
    """One request, planned; its tasks run in any thread and order.

    A compressed member is inflated in sections: its pieces, where its archive lists them, else those between the
    checkpoints that are known of the file that is `opened`, its name and state, else all of it.
    """

    def __init__(self, file: InputFile, stored: Stored, request: Request, opened: tuple[str, Hashable]) -> None:
        self._header = header = stored.header
        shape, selection, direct = header.shape, request.selection, request.direct
        if header.fortran_order:
            shape, selection, direct = shape[::-1], selection[::-1], direct if direct is None else direct.T
        self.plan = plan = slices.plan_reads(shape, selection, header.dtype.itemsize)
        self.member = member = stored.member
        self._file = file
        self._put = request.put
        self._direct = direct if direct is not None and direct.flags.c_contiguous else None
        self._straight = self._direct is not None and (plan.run >= slices.SHORT_RUN_BYTES or plan.run == plan.nbytes)
        self._crcs: dict[int, tuple[int, int]] = {}  # data offset: CRC and length of a piece
        self.is_stored = member.method == zip_directory.STORED
        self.checks = plan.whole and member.crc >= 0 and self.is_stored
        self._before = zlib.crc32(stored.fingerprint[-header.size :]) if self.checks else 0  # of the header
        self._key: tuple[str, Hashable, Hashable] | None = None  # of the checkpoints
        self._keep: Callable[[inflate.Checkpoint], None] | None = None
        self.parallel = True
        if self.is_stored:
            self.work = plan.nbytes if self._straight else plan.traffic()  # bytes to read
            return
        pieces = zip_read.pieces(member)
        self._sections = pieces or zip_read.whole(member)
        if member.method == zip_directory.DEFLATED and pieces is None:
            self._key = (*opened, member[2:7])
            if checkpoints.damage(self._key):
                raise FormatError(checkpoints.damage(self._key))
            self._sections = zip_read.whole(member, checkpoints.of(self._key))
            if member.size >= MIN_SEEK_BYTES and not (plan.whole and whole_without_copies()):
                self._keep = partial(checkpoints.keep, self._key)
        self._end = header.size + plan.end  # bytes of the member that are needed
        begins = self._sections.begins
        first = bisect.bisect_right(begins, header.size + plan.begin) - 1
        self.work = self._end - begins[first]  # bytes to inflate
        self.parallel = pieces is not None or first < bisect.bisect_left(begins, self._end) - 1

    def tasks(self, run: Run, *, ahead: bool) -> Iterator[Callable[[], None]]:
        """Shares of the work; `ahead` lets what one thread does alone be helped by another."""
        if self.is_stored:
            for part, reads in self._parts(slices.RUN_BYTES):
                yield partial(self._read, part, reads, run)
            return
        ahead = ahead and not self.parallel and self.work > THREADED_STREAM_BYTES
        begins = self._sections.begins
        for number, found in itertools.groupby(self._by_section(begins), operator.itemgetter(0)):
            needed = (read for _, read in found)
            if number + 1 == len(begins):  # may be long, and need not be listed
                yield partial(self._inflate, number, needed, self._end, run, ahead=ahead)
                return
            listed = [*needed]
            _, _, offset, length = listed[-1]
            yield partial(self._inflate, number, listed, offset + length, run, ahead=ahead)

    def _parts(self, most: int) -> Iterator[tuple[_Part, Iterable[tuple[int, int, int]]]]:
        """What becomes whole together, with its reads: offset in it, offset in the data, length; all rising."""
        if self._straight and self._direct is not None:
            flat = self._direct.reshape(-1).view(np.uint8)
            for group in self.plan.runs(most):
                yield _Part(sum(length for _, _, length in group), flat), group
        else:
            for block in self.plan.blocks():
                yield _Part(block.size, None, partial(self._place, block)), block.reads()

    def _place(self, block: slices.ReadBlock, buffer: np.ndarray) -> None:
        values = np.ndarray(block.shape, self._header.dtype, buffer, 0, block.strides)
        if self._direct is not None:
            self._direct[block.index] = values.view(self._direct.dtype)
        elif self._header.fortran_order:
            self._put(block.index[::-1], values.T)
        else:
            self._put(block.index, values)

    def _read(self, part: _Part, reads: Iterable[tuple[int, int, int]], run: Run) -> None:
        base, view = self.member.start + self._header.size, memoryview(part.open())
        for at, offset, length in reads:
            piece = view[at : at + length]
            self._file.read_into(piece, base + offset)
            if self.checks:  # the first piece with the header before it
                self._crcs[offset] = zlib.crc32(piece, 0 if offset else self._before), length
        run.advance(part.size)
        part.filled(part.size)

    def _by_section(self, begins: Sequence[int]) -> Iterator[tuple[int, _Read]]:
        """Each read within one section, and the number of that, in rising order."""
        number = 0
        for part, reads in self._parts(inflate.CHUNK_BYTES):
            for at, offset, length in reads:
                done, begin = 0, self._header.size + offset
                while done < length:
                    number = bisect.bisect_right(begins, begin + done, number) - 1
                    end = begins[number + 1] if number + 1 < len(begins) else begin + length
                    count = min(length - done, end - begin - done)
                    yield number, (part, at + done, begin + done, count)
                    done += count

    def _inflate(self, number: int, reads: Iterable[_Read], needed: int, run: Run, *, ahead: bool) -> None:
        """Inflate a section as far as it is `needed`; a piece always whole, since only so it can be verified."""
        section = self._sections.section(number)
        if section.piece or (section.last and needed == self._header.size + self._header.nbytes):
            needed = section.end
        stream = zip_read.Inflated(self._file, self.member, section, end=needed, ahead=ahead, keep=self._keep)
        with contextlib.closing(stream):
            done = section.begin.at
            for part, at, offset, length in reads:
                stream.read_into(part.open()[at : at + length], offset)
                part.filled(length)
                run.advance(offset + length - done)
                done = offset + length
            if needed != section.end:
                return
            try:
                stream.finish()
            except FormatError as error:
                if self._key is not None:
                    checkpoints.condemn(self._key, str(error))
                raise

    def check_crc(self) -> None:
        """Compare the CRC of a stored member that was read whole."""
        end = self._header.size + self._header.nbytes
        rest = self.member.size - end
        if rest > slices.RUN_BYTES:  # nobody needs to read what no array uses
            return
        tail = zlib.crc32(self._file.read(self.member.start + end, rest)), rest
        crc = crc32.crc32_combine([one for _, one in sorted(self._crcs.items())] + [tail])
        if crc != self.member.crc:
            raise FormatError(
                f"{self._file.name}: member {printable(self.member.name)!r}: damaged: its bytes have CRC"
                f" {crc:08x}, the archive says {self.member.crc:08x}. Copy or save it again."
            )
