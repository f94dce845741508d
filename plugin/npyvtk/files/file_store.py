"""The arrays of a ``.npy`` or ``.npz``, read in parallel and straight to their places.

How headers and members lie in the file is known by `npy_header` and `zip_directory`, which bytes a selection needs by
`slices`.
"""

from __future__ import annotations

import bisect
import os
import zlib
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import FileError, FormatError, LimitError
from . import crc32, inflate, seekable, slices, zip_directory, zip_read
from .inflate import checkpoints, whole_without_copies
from .source import InputFile, printable
from .store import Part, Store, empty
from .threads import Run, available_threads

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from typing import Callable, Literal

    from .npy_header import ArraySpec, Header
    from .store import Progress, Read, Request

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
        arrays: dict[str, ArraySpec],
        stored: dict[str, Stored],
        skipped: dict[str, str],
        damaged: tuple[str, ...] = (),
        *,
        single: bool = False,
        trusted: bool = True,  # the headers were read from the file as it is open now
    ) -> None:
        self.path = file.path
        self.arrays = arrays
        self.skipped, self.damaged, self.single = skipped, damaged, single
        self.stat = file.stat
        self._file = file
        self._stored = stored
        self._trusted = trusted
        self._owner = os.path.abspath(file.path)  # of the checkpoints; the current folder may change

    def storage(self, name: str) -> str:
        """See `Store`."""
        member = self._stored[name].member
        if member.method == zip_directory.STORED:
            return ""
        kind = (
            "deflated"
            if member.method == zip_directory.DEFLATED
            else f"compressed with {zip_directory.METHODS[member.method]}"
        )
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
        return FileStore(file, self.arrays, self._stored, self.skipped, self.damaged, single=self.single, trusted=False)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read_many(self, requests: Sequence[Request], *, progress: Progress | None = None) -> None:
        """See `Store`."""
        requests = [request.checked(self.arrays[request.name]) for request in requests]
        before = self._file.restat()
        for request in requests:
            self._check_unchanged(request.name, before)
        opened = self._owner, before
        jobs = [_Job(self._file, self._stored[one.name], self.arrays[one.name], one, opened) for one in requests]
        jobs = [job for job in jobs if job.plan.nbytes]
        total = sum(job.work for job in jobs)
        # Longest first, and before all others those that one thread has to do alone.
        jobs.sort(key=lambda job: (job.parallel, job.member.method == zip_directory.STORED, -job.work))
        alone = sum(not job.parallel for job in jobs)
        few = (
            THREADED_STREAM_BYTES if any(job.member.method != zip_directory.STORED for job in jobs) else THREADED_BYTES
        )
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
            job.check_crc()
        if self._file.restat() != before:
            checkpoints.forget(self._owner)
            raise FileError(
                f"{self._file.name}: changed while it was being read. Wait until it is written, then reload it."
            )

    def _check_unchanged(self, name: str, now: tuple[int, int, int]) -> None:
        if now == self.stat and self._trusted:
            return
        stored = self._stored[name]
        if now[0] < self.stat[0]:
            raise FormatError(
                f"{self._file.name}: cut short, or being written: the file had {self.stat[0]} bytes when"
                f" it was opened and has {now[0]} now. Wait, then reload it."
            )
        begin = stored.member.local
        if self._file.read(begin, len(stored.fingerprint)) != stored.fingerprint:
            raise FileError(f"{self._file.name}: written again since it was opened. Reload it.")

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
        self._check_unchanged(name, self._file.restat())
        page = begin - begin % mmap.ALLOCATIONGRANULARITY
        try:
            mapping = mmap.mmap(
                self._file.fileno(), begin - page + stored.header.nbytes, access=mmap.ACCESS_COPY, offset=page
            )
        except (OSError, ValueError):  # a file system without mapping, or no address space left
            return None
        return np.ndarray(spec.shape, spec.dtype, mapping, begin - page, order=order)


class _Job:
    """One request, planned; its tasks run in any thread and order.

    A compressed member is inflated in sections: its pieces, where its archive lists them, else those between the
    checkpoints that are known of the file that is `opened`, its name and state, else all of it.
    """

    def __init__(
        self, file: InputFile, stored: Stored, spec: ArraySpec, request: Request, opened: tuple[str, Hashable]
    ) -> None:
        shape, selection, direct = spec.shape, request.selection, request.direct
        if spec.fortran_order:
            shape, selection, direct = shape[::-1], selection[::-1], direct if direct is None else direct.T
        self.plan = plan = slices.plan_reads(shape, selection, spec.dtype.itemsize)
        self.member = member = stored.member
        self._file = file
        self._stored = stored
        self._spec = spec
        self._put = request.put
        self._direct = direct if direct is not None and direct.flags.c_contiguous else None
        self._straight = self._direct is not None and (plan.run >= slices.SHORT_RUN_BYTES or plan.run == plan.nbytes)
        self._crcs: dict[int, tuple[int, int]] = {}  # data offset: CRC and length of a piece
        self._checks = plan.whole and member.crc >= 0 and member.method == zip_directory.STORED
        self._before = zlib.crc32(stored.fingerprint[-stored.header.size :]) if self._checks else 0  # of the header
        self._key: tuple[str, Hashable, Hashable] | None = None  # of the checkpoints
        self.parallel = True
        if member.method == zip_directory.STORED:
            self.work = plan.nbytes if self._straight else plan.traffic()  # bytes to read
            return
        pieces, sections = zip_read.pieces(member), zip_read.whole(member)
        if member.method == zip_directory.DEFLATED and pieces is None:
            self._key = (*opened, member[2:7])
            if checkpoints.damage(self._key):
                raise FormatError(checkpoints.damage(self._key))
            sections = sections._replace(known=checkpoints.of(self._key))
        self._sections = pieces or sections
        self._end = stored.header.size + plan.end  # bytes of the member that are needed
        begins = self._sections.begins
        first = bisect.bisect_right(begins, stored.header.size + plan.begin) - 1
        self.work = self._end - begins[first]  # bytes to inflate
        self.parallel = pieces is not None or first < bisect.bisect_left(begins, self._end) - 1

    def tasks(self, run: Run, *, ahead: bool) -> Iterator[Callable[[], None]]:
        """Shares of the work; `ahead` lets what one thread does alone be helped by another."""
        if self.member.method != zip_directory.STORED:
            ahead = ahead and not self.parallel and self.work > THREADED_STREAM_BYTES
            for number, reads in self._by_section():
                yield partial(self._inflate, number, reads, run, ahead=ahead)
            return
        base = self.member.start + self._stored.header.size
        if self._straight and self._direct is not None:
            flat = self._direct.reshape(-1).view(np.uint8)
            for group in self.plan.runs():
                yield partial(self._read_runs, group, flat, base, run)
        else:
            buffers: list[np.ndarray] = []
            for block in self.plan.blocks():
                yield partial(self._read_block, block, buffers, base, run)

    def _read_runs(self, group: list[tuple[int, int, int]], flat: np.ndarray, base: int, run: Run) -> None:
        view = memoryview(flat)
        for target, offset, length in group:
            piece = view[target : target + length]
            self._file.read_into(piece, base + offset)
            if self._checks:
                self._note_crc(offset, piece)
            run.advance(length)

    def _read_block(self, block: slices.ReadBlock, buffers: list[np.ndarray], base: int, run: Run) -> None:
        try:
            buffer = buffers.pop()  # each thread returns the one it took
        except IndexError:
            buffer = np.empty(0, np.uint8)
        if len(buffer) < block.size:
            buffer = np.empty(block.size, np.uint8)
        view = memoryview(buffer)
        for at, offset in block.reads():
            self._file.read_into(view[at : at + block.span], base + offset)
        if self._checks:
            self._note_crc(block.base, view[: block.size])
        self._place(block, buffer)
        buffers.append(buffer)
        run.advance(block.size)

    def _note_crc(self, offset: int, piece: memoryview) -> None:
        """Note the CRC of a piece at `offset` of the data, the first one with the header before it."""
        self._crcs[offset] = zlib.crc32(piece, 0 if offset else self._before), len(piece)

    def _place(self, block: slices.ReadBlock, buffer: np.ndarray) -> None:
        values = np.ndarray(block.shape, self._spec.dtype, buffer, 0, block.strides)
        if self._direct is not None:
            self._direct[block.index] = values.view(self._direct.dtype)
        elif self._spec.fortran_order:
            self._put(block.index[::-1], values.T)
        else:
            self._put(block.index, values)

    def _parts(self) -> Iterator[tuple[Part, Iterable[tuple[int, int, int]]]]:
        """What becomes whole together, with its reads: offset in it, offset in the member, length; all rising."""
        base = self._stored.header.size
        if self._straight and self._direct is not None:
            flat = self._direct.reshape(-1).view(np.uint8)
            for group in self.plan.runs(inflate.CHUNK_BYTES):
                (begin, _, _), (last, _, length) = group[0], group[-1]
                part = Part(last + length - begin, flat[begin : last + length])
                yield part, ((target - begin, base + offset, length) for target, offset, length in group)
        else:
            for block in self.plan.blocks():
                part = Part(block.size, None, partial(self._place, block))
                yield part, ((at, base + offset, block.span) for at, offset in block.reads())

    def _by_section(self) -> Iterator[tuple[int, Iterable[Read]]]:
        """Each section that is needed and what is read from it, in rising order."""
        begins = self._sections.begins
        last, number = len(begins) - 1, -1
        reads: list[Read] = []
        every = self._reads(begins)
        for where, read in every:
            if where != number:
                if reads:
                    yield number, reads
                number, reads = where, []
            reads.append(read)
            if number == last:  # may be long, and need not be listed
                yield number, self._rest(read, every)
                return
        if reads:
            yield number, reads

    @staticmethod
    def _rest(first: Read, others: Iterator[tuple[int, Read]]) -> Iterator[Read]:
        yield first
        for _, read in others:
            yield read

    def _reads(self, begins: Sequence[int]) -> Iterator[tuple[int, Read]]:
        number = 0
        for part, reads in self._parts():
            for at, offset, length in reads:
                done = 0
                while done < length:
                    number = bisect.bisect_right(begins, offset + done, number) - 1
                    end = begins[number + 1] if number + 1 < len(begins) else offset + length
                    count = min(length - done, end - offset - done)
                    yield number, (part, at + done, offset + done, count)
                    done += count

    def _inflate(self, number: int, reads: Iterable[Read], run: Run, *, ahead: bool) -> None:
        """Inflate a section as far as it is needed; a piece always whole, since only so it can be verified."""
        section = self._sections.section(number)
        to_end = self._end == self._stored.header.size + self._stored.header.nbytes
        needed = self._end
        if isinstance(reads, list):
            needed = reads[-1][2] + reads[-1][3]
        if section.piece or needed == section.end or (to_end and section.last):
            needed = section.end
        keep = None
        if (
            self._key is not None
            and self.member.size >= MIN_SEEK_BYTES
            and not (self.plan.whole and whole_without_copies())
        ):
            keep = partial(checkpoints.keep, self._key)
        with zip_read.Inflated(self._file, self.member, section, end=needed, ahead=ahead, keep=keep) as stream:
            done = section.begin.at
            for part, at, offset, length in reads:
                stream.read_into(part.open(at, length), offset)
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
        if not self._checks:
            return
        size = self._stored.header.size
        pieces = [self._crcs[offset] for offset in sorted(self._crcs)] or [(self._before, size)]
        rest = self.member.size - size - self._stored.header.nbytes
        if rest > slices.RUN_BYTES:  # nobody needs to read what no array uses
            return
        tail = self._file.read(self.member.start + self.member.size - rest, rest)
        crc = crc32.crc32_combine([*pieces, (zlib.crc32(tail), rest)])
        if crc != self.member.crc:
            raise FormatError(
                f"{self._file.name}: member {printable(self.member.name)!r}: damaged: its bytes have CRC"
                f" {crc:08x}, the archive says {self.member.crc:08x}. Copy or save it again."
            )
