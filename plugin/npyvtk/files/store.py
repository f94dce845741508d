"""The named arrays of one file, read lazily: the same face for ``.npy``, ``.npz`` and memory.

This module knows names, selections and destinations. How headers and members lie in the file is known
by ``_npy`` and ``_npz``, which spans a selection needs by ``_slices``. It knows nothing of VTK.

>>> import numpy as np
>>> store = MemoryStore({"a": np.arange(6).reshape(2, 3)})
>>> store.arrays["a"].shape
(2, 3)
>>> part = np.empty((2, 1), store.arrays["a"].dtype)
>>> store.read("a", (slice(0, 2, 1), slice(1, 2, 1)), part.__setitem__)
>>> part.tolist()
[[1], [4]]
"""

from __future__ import annotations

import bisect
import os
import threading
import zlib
from functools import partial
from typing import TYPE_CHECKING, Callable, NamedTuple

import numpy as np

from . import npy_header as _npy, zip_directory as _npz, slices as _slices, seekable
from .source import InputFile, printable
from .npy_header import ArraySpec, Header, Outgoing
from .threads import Run, available_threads
from ..vtk.arrays import empty
from ..errors import FileError, FormatError, LimitError, NumPyIOError, UnsupportedError
from .inflate import checkpoints, whole_without_copies

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

__all__ = ["ArraySpec", "MemoryStore", "Outgoing", "Request", "Store", "open_store"]

Put = Callable[[tuple[slice, ...], np.ndarray], None]
Progress = Callable[[float], None]

THREADED_BYTES = 16 << 20  # to read: below this, a second thread costs more than it saves
THREADED_STREAM_BYTES = 2 << 20  # to inflate, which is slower
MIN_SEEK_BYTES = 1 << 18  # of a compressed member: a smaller one is inflated in a millisecond
MEMORY_BLOCK_BYTES = 2 << 20  # handed to `put` at a time by a MemoryStore


class Request(NamedTuple):
    """One array to read: the arguments of `Store.read`, for `Store.read_many`."""

    name: str
    selection: tuple[slice, ...]
    put: Put
    direct: np.ndarray | None = None


class Store:
    """The arrays of one file; a context manager. ``open_store`` makes one.

    Attributes
    ----------
    path : str
        As given by the caller.
    arrays : dict of str to ArraySpec
        In the file's order.
    skipped : dict of str to str
        Members that hold no readable array, with a one-line reason each.
    damaged : tuple of str
        Those of `skipped` whose bytes are not what the format says.
    stat : tuple of int
        Size, modification time in ns and inode of the opened file, to notice changes.
    """

    path: str
    arrays: dict[str, ArraySpec]
    skipped: dict[str, str]
    stat: tuple[int, int, int]
    damaged: tuple[str, ...] = ()
    lone: bool = False  # a .npy, whose one name is that of the file

    def read(self, name: str, selection: tuple[slice, ...], put: Put, *, direct: np.ndarray | None = None,
             progress: Progress | None = None) -> None:
        """Read a part of one array.

        Parameters
        ----------
        name : str
            A key of `arrays`.
        selection : tuple of slice
            One per array axis, 0 <= start <= stop <= n, step >= 1.
        put : callable
            ``put(index, block)`` is called for each block: index is a tuple of slices into the selected
            array, block an ndarray of that shape in the file's dtype and axis order, of any strides, valid
            during the call only. Several threads may call it at once, for disjoint indices.
        direct : ndarray, optional
            Of the selected shape and the file's item size. Where the file's bytes can stand in it
            unchanged (the file's dtype, or both of native byte order) and it is contiguous in storage
            order, they are read straight into it and `put` is not called.
        progress : callable, optional
            Called with the fraction done, from the calling thread; what it raises ends the reading.

        Raises
        ------
        FormatError
            The file is damaged, or was changed since it was opened.
        FileError
            The system refuses to read it.
        """
        self.read_many([Request(name, selection, put, direct)], progress=progress)

    def read_many(self, requests: Sequence[Request], *, progress: Progress | None = None) -> None:
        """Read parts of several arrays at once: compressed members inflate in parallel."""
        raise NotImplementedError

    def array(self, name: str) -> np.ndarray:
        """A whole array, in the file's dtype and storage order.

        Raises
        ------
        LimitError
            It does not fit into memory.
        """
        spec = self.arrays[name]
        if 0 in spec.shape:
            return empty(spec.shape, spec.dtype, "F" if spec.fortran_order else "C")
        try:
            values = np.empty(spec.shape, spec.dtype, order="F" if spec.fortran_order else "C")
        except (MemoryError, ValueError):
            raise LimitError(f"{printable(self.path)}: too large: array {printable(name)!r} of shape {spec.shape}"
                             " does not fit into memory. Read a part of it.") from None
        self.read(name, tuple(slice(0, n, 1) for n in spec.shape), values.__setitem__, direct=values)
        return values

    def mapped(self, name: str) -> np.ndarray | None:
        """The whole array mapped copy-on-write, None where the file does not allow it.

        The result keeps the mapping alive, also after `close`. If another program shortens the file,
        touching the lost part ends the process: only for users who ask for it.
        """
        raise NotImplementedError

    def storage(self, name: str) -> str:  # noqa: ARG002 - where there is nothing to tell
        """How an array is stored, in a few words for people; empty where it is not compressed."""
        return ""

    def restarts(self, name: str) -> bool:  # noqa: ARG002
        """Whether every part of an array costs as much as all that lies before it."""
        return False

    def close(self) -> None:
        """Close the file; arrays that were read stay."""

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class MemoryStore(Store):
    """Arrays in memory behind the face of a file."""

    def __init__(self, arrays: dict[str, np.ndarray], path: str = "memory") -> None:
        self.path = path
        self.skipped = {}
        self.stat = (0, 0, 0)
        self._values = {name: np.asarray(values) for name, values in arrays.items()}
        self.arrays = {
            name: ArraySpec(name, values.shape, values.dtype,
                            values.flags.f_contiguous and not values.flags.c_contiguous)
            for name, values in self._values.items()
        }

    def read_many(self, requests: Sequence[Request], *, progress: Progress | None = None) -> None:
        """See `Store`; the blocks are views of the arrays."""
        run = Run(sum(self._values[r.name][r.selection].nbytes for r in requests), progress)
        run.execute([partial(self._copy, request, run) for request in requests], 1)

    def _copy(self, request: Request, run: Run) -> None:
        selected = self._values[request.name][request.selection]
        direct = _usable(request.direct, self.arrays[request.name], selected.shape)
        if direct is not None:
            direct[...] = selected.view(direct.dtype)
            run.advance(selected.nbytes)
            return
        if selected.ndim == 0:
            request.put((), selected)
            run.advance(selected.nbytes)
            return
        axis = int(np.argmax(selected.strides)) if selected.size else 0  # the slowest in memory
        count = selected.shape[axis]
        step = max(1, MEMORY_BLOCK_BYTES * count // max(1, selected.nbytes))
        for begin in range(0, count if selected.size else 0, step):
            index = tuple(slice(begin, min(begin + step, count)) if k == axis else slice(0, n)
                          for k, n in enumerate(selected.shape))
            request.put(index, selected[index])
            run.advance(selected[index].nbytes)

    def array(self, name: str) -> np.ndarray:
        """The array itself, not a copy."""
        return self._values[name]

    def mapped(self, name: str) -> np.ndarray:
        """The array itself: there is no file to be mapped."""
        return self._values[name]


class _NoArrayError(UnsupportedError):
    """A member that is something else, a text for example, which is no fault."""


class _Stored(NamedTuple):
    """Where the data of one array lies."""

    header: Header
    member: _npz.Member
    fingerprint: bytes  # everything before the data, to notice a file that was rewritten in place


class _FileStore(Store):
    """The arrays of a ``.npy`` or ``.npz``."""

    def __init__(self, file: InputFile, arrays: dict[str, ArraySpec], stored: dict[str, _Stored],
                 skipped: dict[str, str]) -> None:
        self.path = file.path
        self.arrays = arrays
        self.skipped = skipped
        self.stat = file.stat
        self._file = file
        self._stored = stored
        self._owner = os.path.abspath(file.path)  # of the checkpoints; the current folder may change
        self._pieces: dict[str, seekable.Pieces | None] = {}

    def storage(self, name: str) -> str:
        """See `Store`."""
        member = self._stored[name].member
        if member.method == _npz.STORED:
            return ""
        kind = "deflated" if member.method == _npz.DEFLATED else f"compressed with {_npz.METHODS[member.method]}"
        pieces = self._pieces_of(name)
        if pieces is not None:
            return f"{kind} in pieces of {pieces.piece_bytes >> 10} KiB: any part is read by itself"
        if member.size <= seekable.piece_bytes(member.size):
            return f"{kind}, in one piece"
        again = "each time" if self.restarts(name) else "the first time"
        return f"{kind} in one stream: what lies before a part is read with it, {again}"

    def restarts(self, name: str) -> bool:
        """See `Store`: bzip2 and lzma know no checkpoints."""
        return self._stored[name].member.method not in (_npz.STORED, _npz.DEFLATED)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def read_many(self, requests: Sequence[Request], *, progress: Progress | None = None) -> None:
        """See `Store`."""
        before = self._file.restat()
        for request in requests:
            self._check_unchanged(request.name, before)
        jobs = [self._job(request, before) for request in requests]
        jobs = [job for job in jobs if job.plan.nbytes]
        total = sum(job.work for job in jobs)
        run = Run(total, progress)
        # Longest first, and before all others those that one thread has to do alone.
        jobs.sort(key=lambda job: (job.parallel, job.member.method == _npz.STORED, -job.work))
        alone = sum(not job.parallel for job in jobs)
        few = THREADED_STREAM_BYTES if any(job.member.method != _npz.STORED for job in jobs) else THREADED_BYTES
        threads = available_threads() if total > few else 1
        tasks = (task for job in jobs for task in job.tasks(run, ahead=alone < threads))
        try:
            run.execute(tasks, threads)
        except MemoryError as error:
            if isinstance(error, LimitError):
                raise
            raise LimitError(f"{self._file.name}: too large: there is not enough memory to read it. Close other"
                             " programs, or read a part of it.") from None
        for job in jobs:
            job.check_crc()
        if self._file.restat() != before:
            checkpoints.forget(self._owner)
            raise FileError(f"{self._file.name}: changed while it was being read. Wait until it is written,"
                            " then reload it.")

    def _check_unchanged(self, name: str, now: tuple[int, int, int]) -> None:
        if now == self.stat:
            return
        stored = self._stored[name]
        if now[0] < self.stat[0]:
            raise FormatError(f"{self._file.name}: cut short, or being written: the file had {self.stat[0]} bytes when"
                              f" it was opened and has {now[0]} now. Wait, then reload it.")
        begin = stored.member.local
        if self._file.read(begin, len(stored.fingerprint)) != stored.fingerprint:
            raise FileError(f"{self._file.name}: written again since it was opened. Reload it.")

    def _job(self, request: Request, stat: tuple[int, int, int]) -> _Job:
        spec, stored = self.arrays[request.name], self._stored[request.name]
        selection = tuple(request.selection)
        if len(selection) != len(spec.shape) or not all(
                s.step is not None and 0 <= s.start <= s.stop <= n and s.step >= 1
                for s, n in zip(selection, spec.shape)):
            raise ValueError(f"selection {selection} is not normalised for shape {spec.shape}")
        shape = spec.shape
        if spec.fortran_order:
            shape, selection = shape[::-1], selection[::-1]
        plan = _slices.plan(shape, selection, spec.dtype.itemsize)
        selected = plan.shape[::-1] if spec.fortran_order else plan.shape
        direct = _usable(request.direct, spec, selected)
        if direct is not None and spec.fortran_order:
            direct = direct.T
        if direct is not None and not direct.flags.c_contiguous:
            direct = None
        pieces, key = self._pieces_of(request.name), None
        if stored.member.method == _npz.DEFLATED and pieces is None:
            key = self._owner, stat, stored.member[2:7]
        return _Job(self._file, stored, plan, spec, request, direct, pieces, key)

    def _pieces_of(self, name: str) -> seekable.Pieces | None:
        if name not in self._pieces:
            self._pieces[name] = _npz.pieces(self._stored[name].member)
        return self._pieces[name]

    def mapped(self, name: str) -> np.ndarray | None:
        """See `Store`."""
        import mmap  # here: few ask for it, and all would wait for it at the start

        spec, stored = self.arrays[name], self._stored[name]
        order = "F" if spec.fortran_order else "C"
        if 0 in spec.shape:
            return empty(spec.shape, spec.dtype, "F" if spec.fortran_order else "C")
        begin = stored.member.start + stored.header.size
        if stored.member.method != _npz.STORED or begin % max(1, spec.dtype.alignment):
            return None
        self._check_unchanged(name, self._file.restat())
        page = begin - begin % mmap.ALLOCATIONGRANULARITY
        try:
            mapping = mmap.mmap(self._file.fileno(), begin - page + stored.header.nbytes, access=mmap.ACCESS_COPY,
                                offset=page)
        except (OSError, ValueError):  # a file system without mapping, or no address space left
            return None
        return np.ndarray(spec.shape, spec.dtype, mapping, begin - page, order=order)


def _usable(direct: np.ndarray | None, spec: ArraySpec, shape: tuple[int, ...]) -> np.ndarray | None:
    """`direct` where the file's bytes may stand in it unchanged, else None."""
    if direct is None:
        return None
    if direct.shape != shape:
        raise ValueError(f"the destination has shape {direct.shape}, the selection {shape}")
    if direct.dtype.itemsize != spec.dtype.itemsize or direct.dtype.hasobject:
        return None
    if direct.dtype == spec.dtype or (direct.dtype.isnative and spec.dtype.isnative):
        return direct
    return None


class _Part:
    """Some bytes of the result that come from one or more sections, in any order; the last one has it used."""

    def __init__(
        self, size: int, buffer: np.ndarray | None, use: Callable[[np.ndarray], None] | None = None
    ) -> None:
        self._size = self._left = size
        self._buffer = buffer
        self._use = use
        self._lock = threading.Lock()

    def open(self, at: int, length: int) -> np.ndarray:
        """Where to put some of them."""
        with self._lock:
            if self._buffer is None:
                self._buffer = np.empty(self._size, np.uint8)
        return self._buffer[at:at + length]

    def filled(self, length: int) -> None:
        """Count what was put."""
        with self._lock:
            self._left -= length
            left = self._left
        if not left:
            if self._use is not None:
                self._use(self._buffer)
            self._buffer = None


_Read = tuple[_Part, int, int, int]  # offset in the part, offset in the member's unpacked bytes, length


class _Job:
    """One request, planned; its tasks run in any thread and order.

    A compressed member is inflated in sections: `pieces`, where its archive lists them, else those between the
    checkpoints that are known under `key`, else all of it.
    """

    def __init__(self, file: InputFile, stored: _Stored, plan: _slices.Plan, spec: ArraySpec, request: Request,
                 direct: np.ndarray | None, pieces: seekable.Pieces | None, key: tuple | None) -> None:
        self.plan = plan
        self.member = stored.member
        self._file = file
        self._stored = stored
        self._spec = spec
        self._put = request.put
        self._direct = direct
        self._straight = direct is not None and (plan.run >= _slices.SHORT_RUN_BYTES or plan.run == plan.nbytes)
        self._crcs: dict[int, tuple[int, int]] = {}  # data offset: CRC and length of a piece
        self._checks = plan.whole and stored.member.crc >= 0 and stored.member.method == _npz.STORED
        self._key = key
        self.parallel = True
        if self.member.method == _npz.STORED:
            self.work = plan.nbytes if self._straight else plan.traffic()  # bytes to read
            return
        if key is not None and checkpoints.damage(key):
            raise FormatError(checkpoints.damage(key))
        self._sections = pieces or _npz.whole(self.member)
        if key is not None:
            self._sections = self._sections._replace(known=checkpoints.of(key))
        self._end = stored.header.size + plan.end  # bytes of the member that are needed
        begins = self._sections.begins
        first = bisect.bisect_right(begins, stored.header.size + plan.begin) - 1
        self.work = self._end - begins[first]  # bytes to inflate
        self.parallel = pieces is not None or first < bisect.bisect_left(begins, self._end) - 1

    def tasks(self, run: Run, *, ahead: bool) -> Iterator[Callable[[], None]]:
        """Shares of the work; `ahead` lets what one thread does alone be helped by another."""
        if self.member.method != _npz.STORED:
            ahead = ahead and not self.parallel and self.work > THREADED_STREAM_BYTES
            for number, reads in self._by_section():
                yield partial(self._inflate, number, reads, run, ahead=ahead)
            return
        base = self.member.start + self._stored.header.size
        if self._straight:
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
            piece = view[target:target + length]
            self._file.read_into(piece, base + offset)
            if self._checks:
                self._crcs[offset] = zlib.crc32(piece), length
            run.advance(length)

    def _read_block(self, block: _slices.Block, buffers: list[np.ndarray], base: int, run: Run) -> None:
        try:
            buffer = buffers.pop()  # each thread returns the one it took
        except IndexError:
            buffer = np.empty(0, np.uint8)
        if len(buffer) < block.size:
            buffer = np.empty(block.size, np.uint8)
        view = memoryview(buffer)
        for at, offset in block.reads():
            self._file.read_into(view[at:at + block.span], base + offset)
        if self._checks:
            self._crcs[block.base] = zlib.crc32(view[:block.size]), block.size
        self._place(block, buffer)
        buffers.append(buffer)
        run.advance(block.size)

    def _place(self, block: _slices.Block, buffer: np.ndarray) -> None:
        values = np.ndarray(block.shape, self._spec.dtype, buffer, 0, block.strides)
        if self._direct is not None:
            self._direct[block.index] = values.view(self._direct.dtype)
        elif self._spec.fortran_order:
            self._put(block.index[::-1], values.T)
        else:
            self._put(block.index, values)

    def _parts(self) -> Iterator[tuple[_Part, Iterable[tuple[int, int, int]]]]:
        """What becomes whole together, with its reads: offset in it, offset in the member, length; all rising."""
        base = self._stored.header.size
        if self._straight:
            flat = self._direct.reshape(-1).view(np.uint8)
            for group in self.plan.runs(_npz.CHUNK_BYTES):
                (begin, _, _), (last, _, length) = group[0], group[-1]
                part = _Part(last + length - begin, flat[begin:last + length])
                yield part, ((target - begin, base + offset, length) for target, offset, length in group)
        else:
            for block in self.plan.blocks():
                part = _Part(block.size, None, partial(self._place, block))
                yield part, ((at, base + offset, block.span) for at, offset in block.reads())

    def _by_section(self) -> Iterator[tuple[int, Iterable[_Read]]]:
        """Each section that is needed and what is read from it, in rising order."""
        begins = self._sections.begins
        last, number, reads = len(begins) - 1, -1, []
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
    def _rest(first: _Read, others: Iterator[tuple[int, _Read]]) -> Iterator[_Read]:
        yield first
        for _, read in others:
            yield read

    def _reads(self, begins: Sequence[int]) -> Iterator[tuple[int, _Read]]:
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

    def _inflate(self, number: int, reads: Iterable[_Read], run: Run, *, ahead: bool) -> None:
        """Inflate a section as far as it is needed; a piece always whole, since only so it can be verified."""
        section = self._sections.section(number)
        to_end = self._end == self._stored.header.size + self._stored.header.nbytes
        needed = self._end
        if isinstance(reads, list):
            needed = reads[-1][2] + reads[-1][3]
        if section.piece or needed == section.end or (to_end and section.last):
            needed = section.end
        keep = None
        if self._key is not None and self.member.size >= MIN_SEEK_BYTES and not (
                self.plan.whole and whole_without_copies()):
            keep = partial(checkpoints.keep, self._key)
        with _npz.Inflated(self._file, self.member, section, end=needed, ahead=ahead, keep=keep) as stream:
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
        before = self._stored.fingerprint[-size:]
        pieces = [(zlib.crc32(before), size), *(self._crcs[offset] for offset in sorted(self._crcs))]
        rest = self.member.size - size - self._stored.header.nbytes
        if rest > _slices.RUN_BYTES:  # nobody needs to read what no array uses
            return
        tail = self._file.read(self.member.start + self.member.size - rest, rest)
        crc = _npz.crc32_combine([*pieces, (zlib.crc32(tail), rest)])
        if crc != self.member.crc:
            raise FormatError(f"{self._file.name}: member {printable(self.member.name)!r}: damaged: its bytes have CRC"
                              f" {crc:08x}, the archive says {self.member.crc:08x}. Copy or save it again.")


# -- opening ---------------------------------------------------------------------------------------


def open_store(path: str | os.PathLike[str], name: str | None = None) -> Store:
    """Open a ``.npy`` or ``.npz``, told by its first bytes and not by its name; no data is read.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    name : str, optional
        What to call the array of a ``.npy``; default: the file's name without its extension.

    Raises
    ------
    FileError
        There is no such file, or the system refuses to open it.
    FormatError
        It is neither, or is damaged; the message names what it is where that can be told.
    UnsupportedError
        It is sound, but holds no array that can be shown.
    """
    file = InputFile(path)
    try:
        return _opened(file, name)
    except BaseException as error:
        file.close()
        if isinstance(error, MemoryError) and not isinstance(error, LimitError):
            raise LimitError(f"{file.name}: too large: there is not enough memory to open it. Close other"
                             " programs.") from None
        raise


def _opened(file: InputFile, name: str | None) -> Store:
    head = file.read(0, 512)
    if head.startswith(_npy.MAGIC):
        return _open_npy(file, name)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or _has_prefixed_archive(file, head):
        return _open_npz(file)
    raise FormatError(f"{file.name}: {_identify(head, file)}")


def _open_npy(file: InputFile, name: str | None) -> Store:
    if name is None:
        name = os.path.basename(file.path)
        name = name[:-4] if name.lower().endswith((".npy", ".npz")) else name
    member = _npz.Member(name, _npz.STORED, 0, 0, file.size, file.size, -1)
    header = _npy.read_header(partial(file.read, 0), file.size, file.name)
    spec = ArraySpec(name, header.shape, header.dtype, header.fortran_order, _remark(file, member, header))
    stored = _Stored(header, member, file.read(0, header.size))
    store = _FileStore(file, {name: spec}, {name: stored}, {})
    store.lone = True
    return store


def _open_npz(file: InputFile) -> Store:
    members, refused = _npz.read_directory(file)
    arrays: dict[str, ArraySpec] = {}
    stored: dict[str, _Stored] = {}
    skipped: dict[str, str] = {}
    problems = []
    for member in members:
        if member.name.endswith("/"):
            continue  # a folder, which holds nothing itself
        key = member.name.removesuffix(".npy") or member.name  # NumPy knows ".npy" by that name too
        try:
            one = _open_member(file, member)
        except NumPyIOError as error:
            problems.append((member.name, error))
            continue
        if key in arrays:
            other = stored[key].member.name
            # Of `a` and `a.npy`, NumPy gives `a` for the name that both have; of two alike, the last.
            left = other if member.name in (other, key) else member.name
            if other == member.name:
                why = f"member {printable(left)!r} comes twice, and the last one is read"
            else:
                why = f"member {printable(left)!r} is not read, as NumPy reads {printable(key)!r} for this name"
            skipped[left] = f"{file.name}: {why}. Save it again with different names."
            if left != other:
                continue
            del arrays[key], stored[key]
        arrays[key] = ArraySpec(key, one.header.shape, one.header.dtype, one.header.fortran_order,
                                _remark(file, member, one.header))
        stored[key] = one
    problems += refused
    skipped.update((name, str(error)) for name, error in problems)
    if not arrays:
        if not problems:
            raise UnsupportedError(f"{file.name}: the archive holds no arrays. Save some with numpy.savez.")
        error = next((one for _name, one in problems if isinstance(one, FormatError)), problems[0][1])
        if isinstance(error, _NoArrayError):
            error = UnsupportedError(f"{file.name}: holds no arrays: {str(error)[len(file.name) + 2:]}")
        more = f" (and {len(problems) - 1} more members that cannot be read)" if len(problems) > 1 else ""
        raise type(error)(f"{error}{more}")
    store = _FileStore(file, arrays, stored, skipped)
    store.damaged = tuple(name for name, error in problems if isinstance(error, FormatError))
    return store


def _open_member(file: InputFile, member: _npz.Member) -> _Stored:
    where = f"{file.name}: member {printable(member.name)!r}"
    begin = _npz.head(file, member, _npy.HEAD_BYTES)
    if not begin.startswith(_npy.MAGIC):
        raise _NoArrayError(f"{where} is no .npy array (it starts with {begin[:6]!r}) and is left out.")
    header = _npy.read_header(lambda n: begin if n <= _npy.HEAD_BYTES else _npz.head(file, member, n), member.size,
                              where)
    if member.method == _npz.STORED:
        fingerprint = file.read(member.local, member.start + header.size - member.local)
    else:
        fingerprint = file.read(member.local, member.start - member.local)
    return _Stored(header, member, fingerprint)


def _remark(file: InputFile, member: _npz.Member, header: Header) -> str:
    longer = member.size - header.size - header.nbytes
    if not longer:
        return ""
    if member.method == _npz.STORED and file.read(member.start + header.size + header.nbytes, 6) == _npy.MAGIC:
        return f"a second array follows in the same file ({longer} bytes); only the first is read"
    return f"the file is {longer} bytes longer than its array; the rest is left out"


def _has_prefixed_archive(file: InputFile, head: bytes) -> bool:
    """Whether a zip archive was put behind something else, as self-extracting ones are."""
    if not head.startswith((b"MZ", b"#!", b"\x7fELF")):
        return False
    try:
        _npz.read_directory(file)
    except NumPyIOError:
        return False
    return True


_KINDS = (
    (b"\x89HDF\r\n\x1a\n", ("an HDF5 (or NetCDF 4) file. Open it with one of ParaView's HDF readers, or convert it"
                            " with numpy.save(name, h5py.File(...)[...][()]).")),
    (b"CDF\x01", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"CDF\x02", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"CDF\x05", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"MATLAB 5.0", "a MATLAB file. Convert it with numpy.savez(name, **scipy.io.loadmat(...))."),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself. Fetch the file with 'git lfs pull'."),
    (b"\x1f\x8b", "compressed with gzip. Unpack it first with 'gunzip'."),
    (b"BZh", "compressed with bzip2. Unpack it first with 'bunzip2'."),
    (b"\xfd7zXZ\x00", "compressed with xz. Unpack it first with 'unxz'."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd. Unpack it first with 'unzstd'."),
    (b"\x04\x22\x4d\x18", "compressed with lz4. Unpack it first with 'unlz4'."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive. Unpack it first."),
    (b"Rar!", "a RAR archive. Unpack it first."),
    (b"PK\x07\x08", "one part of an archive that was split over several files. Join the parts first."),
    (b"\x89PNG", "a PNG image. Open it with ParaView's PNG reader."),
    (b"\xff\xd8\xff", "a JPEG image. Open it with ParaView's JPEG reader."),
    (b"II*\x00", "a TIFF image. Open it with ParaView's TIFF reader."),
    (b"MM\x00*", "a TIFF image. Open it with ParaView's TIFF reader."),
    (b"SIMPLE  =", "a FITS file. Convert it with numpy.save(name, astropy.io.fits.getdata(...))."),
    (b"# vtk DataFile", "a VTK file. Open it with ParaView's legacy VTK reader."),
    (b"NRRD", "an NRRD file. Open it with ParaView's Nrrd reader."),
    (b"%PDF", "a PDF document. Choose another file."),
    (b"\x7fELF", "a program. Choose another file."),
    (b"PAR1", "a Parquet file. Convert it with pandas.read_parquet(...).to_numpy()."),
    (b"ARROW1", "an Arrow file. Convert it to NumPy first."),
)


def _identify(head: bytes, file: InputFile) -> str:
    """What a file that is neither ``.npy`` nor ``.npz`` probably is, and what to do; one line."""
    if not head:
        return "the file is empty. It may still be being written; else save it again."
    for magic, kind in _KINDS:
        if head.startswith(magic):
            return f"this is {kind}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "this is a web page, probably the error page of a download. Download the file again."
    if text.startswith((b"<?xml", b"<vtkfile")):
        return "this is an XML file. If it is one of VTK's, open it with ParaView's own reader."
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return ("this is a Python pickle, which executes what it says when it is read, so it is left alone."
                " Load it in Python if you trust it, and save the array with numpy.save.")
    if not any(head):
        return ("never completely written, or raw data: the file starts with zeros instead of a .npy header."
                " Copy it again, or open raw data with ParaView's Image Reader.")
    if len(head) < 6 and _npy.MAGIC.startswith(head[:6]):
        return f"cut short: the file ends after {len(head)} bytes, in the middle of its header. Copy or save it again."
    if all(byte in b"\t\r\n\f\x1b" or 32 <= byte < 127 or byte >= 128 for byte in head) and _is_text(head):
        return ("this is a text file, not a .npy or .npz. Convert it, e.g. with"
                " numpy.save(name, numpy.loadtxt(...)).")
    return (f"not a NumPy file: a .npy starts with {_npy.MAGIC!r} and a .npz with b'PK', but this starts with"
            f" {head[:8]!r}. If it is raw data ({file.size} bytes), open it with ParaView's Image Reader, or save it"
            " with numpy.save.")


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 > 0  # the last character may be cut
    return True
