"""One ``.npz``: a zip archive read strictly from its central directory, and written as NumPy reads it.

A zip archive is, in this order: any prefix; per member a local header and its bytes, stored or
compressed; the central directory, one entry per member; the end record (before it, in an archive with
64-bit sizes, the zip64 end record and its locator); a comment, and whatever was appended.
Only the central directory is trusted to find members, and nothing in it is trusted unchecked:
members must lie in the file, before the directory, and must not overlap, and no member may promise
more bytes than its compressed ones can hold.

Member names are names of arrays here and never of files.
This module knows nothing of headers inside the members, selections or VTK.
"""

from __future__ import annotations

import contextlib
import math
import struct
import threading
import zlib
from collections import deque
from typing import IO, TYPE_CHECKING, Callable, NamedTuple

import numpy as np

from . import inflate, seekable
from .source import InputFile, printable
from .npy_header import Outgoing, buffers, header_bytes, put
from .threads import available_threads
from ..errors import FormatError, NumPyIOError, OptionError, UnsupportedError
from .inflate import CHUNK_BYTES, INPUT_BYTES, START, Checkpoint, Section, Sections, crc32

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import Future, ThreadPoolExecutor

__all__ = ["Inflated", "Member", "crc32_combine", "head", "pieces", "read_directory", "stored_layout", "write"]

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = {
    1: "shrink", 2: "reduce", 3: "reduce", 4: "reduce", 5: "reduce", 6: "implode", 9: "deflate64",
    10: "PKWARE implode", BZIP2: "bzip2", LZMA: "lzma", 16: "IBM z/OS CMPSC", 18: "IBM TERSE",
    19: "IBM LZ77", 20: "zstd (old)", 93: "zstd", 94: "mp3", 95: "xz", 96: "jpeg", 97: "WavPack", 98: "PPMd",
    99: "AES encryption",
}
# The most bytes that one compressed byte can stand for. Deflate: a match of 258 bytes takes two bits.
# bzip2 and lzma have no such small bound; this one is far above what an array reaches in practice.
MAX_EXPANSION = {STORED: 1, DEFLATED: 1032, BZIP2: 1 << 20, LZMA: 1 << 20}
MAX_MEMBERS = 131_072  # each takes about a kilobyte of memory
MAX_LZMA_WINDOW = 128 << 20  # bytes; xz -9 uses half of it
MAX_DIRECTORY_BYTES = 32 << 20  # of the table of contents: 250 for each of so many members
USUAL_EXTRA_BYTES = 128  # of a local header, so that one read usually gets all of it
END_SEARCH_BYTES = 22 + 0xFFFF  # the end record and the longest comment, as Info-ZIP searches
PREFETCH_CHUNKS = 8  # inflated ahead of the consumer
ALIGNMENT = 64  # bytes, of stored data in the archives written here: a cache line, and any dtype

_ZIP64 = 0xFFFFFFFF  # in a 32-bit field: the 64-bit one counts
_NARROW = _ZIP64 - 1  # the largest value that is written to a 32-bit field
_AGAIN = "Save it again with numpy.savez."

_END = struct.Struct("<4s4H2LH")
_LOCATOR = struct.Struct("<4sLQL")
_END64 = struct.Struct("<4sQ2H2L4Q")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_LOCAL = struct.Struct("<4s5H3L2H")


class Member(NamedTuple):
    """One member whose bytes are where the directory says."""

    name: str  # as in the archive
    method: int
    local: int  # byte offset of the local header in the file
    start: int  # byte offset of the member's first (compressed) byte
    packed: int  # bytes in the file
    size: int  # bytes when unpacked
    crc: int  # CRC-32 of the unpacked bytes
    record: bytes = b""  # data of the extra field of `seekable`, unchecked


# -- reading the directory -------------------------------------------------------------------------


def read_directory(file: InputFile) -> tuple[list[Member], list[tuple[str, NumPyIOError]]]:
    """All members in the directory's order, and those that cannot be read with the reason.

    Raises
    ------
    FormatError
        The archive itself is cut short or contradicts itself.
    UnsupportedError
        It is one part of several, or has more members than any sensible archive.
    """
    offset, size, count, shift = _find_directory(file)
    if count > MAX_MEMBERS or size > MAX_DIRECTORY_BYTES:
        raise UnsupportedError(f"{file.name}: too large: the archive says it has {count} members and a table of"
                               f" contents of {size} bytes; at most {MAX_MEMBERS} and {MAX_DIRECTORY_BYTES} are read."
                               " Split it.")
    directory = file.read(offset, size)
    members, refused, extents, at = [], [], [], 0
    while at < size:
        if len(extents) >= MAX_MEMBERS:
            raise UnsupportedError(f"{file.name}: too large: the archive has more than {MAX_MEMBERS} members. Split"
                                   " it.")
        entry, at = _entry(file, directory, at)
        member, end, problem = _locate(file, entry, offset, shift)
        extents.append((member.local, end, member.name))
        if problem is None:
            members.append(member)
        else:
            refused.append((member.name, problem))
    if len(extents) & 0xFFFF != count & 0xFFFF:  # old writers count modulo 65536
        raise FormatError(f"{file.name}: damaged: the archive says it has {count} members, its table of contents"
                          f" lists {len(extents)}. {_AGAIN}")
    extents.sort()
    for (_, end, name), (begin, _, other) in zip(extents, extents[1:]):
        if begin < end:
            raise FormatError(f"{file.name}: damaged: members {printable(name)!r} and {printable(other)!r} of the"
                              f" archive overlap, so one of them is not what it says. {_AGAIN}")
    return members, refused


def _find_directory(file: InputFile) -> tuple[int, int, int, int]:
    """Offset, bytes and members of the central directory, and by how much a prefix shifts the offsets."""
    tail_at = max(0, file.size - END_SEARCH_BYTES)
    tail = file.read(tail_at, file.size - tail_at)
    at = tail.rfind(b"PK\x05\x06")
    problem = None
    # The bytes of an end record may also stand in a comment or in appended data: the last one that leads
    # to a directory is taken.
    while at >= 0:
        if len(tail) - at >= _END.size:
            try:
                return _check_end(file, tail_at + at, _END.unpack_from(tail, at))
            except NumPyIOError as error:
                problem = problem or error
        at = tail.rfind(b"PK\x05\x06", 0, at + 3)
    if problem is not None:
        raise problem
    raise FormatError(f"{file.name}: cut short, or still being written: the zip archive has no table of contents"
                      f" at its end ({file.size} bytes are there). Copy or save it again.")


def _check_end(file: InputFile, end_at: int, end: tuple) -> tuple[int, int, int, int]:
    _, disk, directory_disk, _, count, size, offset, _ = end
    directory_end = end_at
    locator = file.read(end_at - _LOCATOR.size, _LOCATOR.size) if end_at >= _LOCATOR.size else b""
    if locator[:4] == b"PK\x06\x07":
        _, disk, at, _ = _LOCATOR.unpack(locator)
        record = _end64(file, at, end_at - _LOCATOR.size)
        directory_end, (_, _, _, _, disk, directory_disk, _, count, size, offset) = record
    if disk or directory_disk:
        raise UnsupportedError(f"{file.name}: this is one part of an archive that was split over several files."
                               " Join the parts first.")
    begin = directory_end - size
    if begin < offset:
        raise FormatError(f"{file.name}: damaged: the archive's table of contents should be {size} bytes at byte"
                          f" {offset}, but it ends at byte {directory_end}. {_AGAIN}")
    if size and file.read(begin, 4) != b"PK\x01\x02":
        raise FormatError(f"{file.name}: damaged: the archive's table of contents is not where its end says (byte"
                          f" {begin}). {_AGAIN}")
    return begin, size, count, begin - offset


def _end64(file: InputFile, at: int, locator_at: int) -> tuple[int, tuple]:
    """Where the zip64 end record lies, and its fields."""
    for place in (at, locator_at - _END64.size):  # the second where a prefix has shifted everything
        if 0 <= place <= locator_at - _END64.size:
            record = file.read(place, _END64.size)
            if record[:4] == b"PK\x06\x06":
                return place, _END64.unpack(record)
    raise FormatError(f"{file.name}: damaged: the archive's 64-bit end record is missing. {_AGAIN}")


class _Entry(NamedTuple):
    name: str
    raw_name: bytes
    flags: int
    method: int
    crc: int
    packed: int
    size: int
    local: int
    record: bytes


def _entry(file: InputFile, directory: bytes, at: int) -> tuple[_Entry, int]:
    if len(directory) - at < _ENTRY.size or directory[at:at + 4] != b"PK\x01\x02":
        raise FormatError(f"{file.name}: damaged: the archive's table of contents has no entry at its byte {at}."
                          f" {_AGAIN}")
    (_, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size, _, _, _,
     local) = _ENTRY.unpack_from(directory, at)
    end = at + _ENTRY.size + name_size + extra_size + comment_size
    if end > len(directory):
        raise FormatError(f"{file.name}: damaged: the archive's table of contents ends in the middle of an entry."
                          f" {_AGAIN}")
    at += _ENTRY.size
    raw_name, extra = directory[at:at + name_size], directory[at + name_size:at + name_size + extra_size]
    name = _decoded(raw_name, flags, extra)
    wide = _extra_field(extra, 1)
    wanted = [value == _ZIP64 for value in (size, packed, local)]
    if any(wanted):
        if len(wide) < 8 * sum(wanted):
            raise FormatError(f"{file.name}: member {printable(name)!r}: damaged: it should have 64-bit sizes, but"
                              f" they are missing. {_AGAIN}")
        values = iter(struct.unpack_from(f"<{sum(wanted)}Q", wide))
        size, packed, local = (next(values) if w else v for w, v in zip(wanted, (size, packed, local)))
    record = _extra_field(extra, seekable.HEADER_ID) if method == DEFLATED else b""
    return _Entry(name, raw_name, flags, method, crc, packed, size, local, record), end


def _decoded(raw: bytes, flags: int, extra: bytes) -> str:
    """A member's name; bytes that no encoding explains are replaced, for it is only a name."""
    unicode_path = _extra_field(extra, 0x7075)  # Info-ZIP, where the name itself is in a code page
    if flags & 0x800:
        name = raw.decode("utf-8", "replace")
    elif len(unicode_path) > 5 and struct.unpack_from("<BL", unicode_path) == (1, zlib.crc32(raw)):
        name = unicode_path[5:].decode("utf-8", "replace")
    else:
        # The standard says code page 437, but what is valid UTF-8 was meant so: Info-ZIP, for one, does not
        # set the flag where the locale is C.
        try:
            name = raw.decode("utf-8")
        except UnicodeDecodeError:
            name = raw.decode("cp437")
    return name.partition("\0")[0]  # as zipfile does, and a VTK name ends there


def _extra_field(extra: bytes, wanted: int) -> bytes:
    """The data of one extra field, empty where it is missing or the fields are damaged."""
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<2H", extra, at)
        if kind == wanted:
            return extra[at + 4:at + 4 + size]
        at += 4 + size
    return b""


def _locate(file: InputFile, entry: _Entry, directory_at: int, shift: int,
            ) -> tuple[Member, int, NumPyIOError | None]:
    """The member at its place, the byte after its last, and what stands in the way of reading it."""
    where = f"{file.name}: member {printable(entry.name)!r}"
    local = entry.local + shift
    found = file.read(local, _LOCAL.size + len(entry.raw_name) + USUAL_EXTRA_BYTES)
    if local + _LOCAL.size > directory_at or found[:4] != b"PK\x03\x04":
        raise FormatError(f"{where}: damaged: it should begin at byte {local} of the archive, but does not."
                          f" {_AGAIN}")
    _, _, flags, method, _, _, _, packed, size, name_size, extra_size = _LOCAL.unpack_from(found)
    start = local + _LOCAL.size + name_size + extra_size
    end = start + entry.packed
    member = Member(entry.name, entry.method, local, start, entry.packed, entry.size, entry.crc, entry.record)
    if end > directory_at:
        raise FormatError(f"{where}: damaged: it should have {entry.packed} bytes from byte {start} on, but they would"
                          f" run into the archive's table of contents at byte {directory_at}. {_AGAIN}")
    if len(found) < start - local:
        found = file.read(local, start - local)
    variable = found[_LOCAL.size:start - local]
    if variable[:name_size] != entry.raw_name or method != entry.method:
        raise FormatError(f"{where}: damaged: the archive's table of contents and the member itself disagree about"
                          f" its name or compression. {_AGAIN}")
    if not flags & 8:  # else the sizes follow the data
        wide = iter(struct.iter_unpack("<Q", _extra_field(variable[name_size:], 1)[:16].ljust(16, b"\xff")))
        size, packed = (next(wide)[0] if value == _ZIP64 else value for value in (size, packed))
        if (size, packed) not in ((entry.size, entry.packed), (0, 0)):
            raise FormatError(f"{where}: damaged: the archive's table of contents says {entry.size} bytes"
                              f" ({entry.packed} compressed), the member itself {size} ({packed}). {_AGAIN}")
    return member, end, _problem(where, entry)


def _problem(where: str, entry: _Entry) -> NumPyIOError | None:
    if entry.flags & 0x2041 or entry.method == 99:
        return UnsupportedError(f"{where} is encrypted. Decrypt the archive first, e.g. with 7-Zip.")
    if entry.method not in MAX_EXPANSION:
        method = METHODS.get(entry.method, f"method {entry.method}")
        return UnsupportedError(f"{where} is compressed with {method}; stored, deflate, bzip2 and lzma are known."
                                " Save it again with numpy.savez_compressed.")
    if entry.method == STORED and entry.size != entry.packed:
        return FormatError(f"{where}: damaged: it is stored in {entry.packed} bytes, but should be {entry.size} bytes"
                           f" long. {_AGAIN}")
    if entry.size > entry.packed * MAX_EXPANSION[entry.method]:
        return FormatError(f"{where}: damaged: it should unpack to {entry.size} bytes, but {entry.packed} compressed"
                           f" bytes cannot hold so many. {_AGAIN}")
    return None


# -- reading members -------------------------------------------------------------------------------


def head(file: InputFile, member: Member, count: int) -> bytes:
    """The first `count` unpacked bytes of a member, fewer where it ends."""
    count = min(count, member.size)
    if member.method == STORED:
        return file.read(member.start, count)
    buffer = np.empty(count, np.uint8)
    with Inflated(file, member, end=count, input_bytes=max(512, count)) as stream:
        stream.read_into(buffer, 0)
    return buffer.tobytes()


def whole(member: Member) -> Sections:
    """A member that can only be inflated from its beginning."""
    return Sections((START,), member.size, member.packed, member.crc)


def pieces(member: Member) -> seekable.Pieces | None:
    """The independent pieces of a member, where it has a record of them that fits."""
    if not member.record:
        return None
    return seekable.parse_record(member.record, member.size, member.packed, member.crc, crc32_combine)


class Inflated:
    """The unpacked bytes of one section of a compressed member, from first to last, in bounded memory.

    Parameters
    ----------
    file : InputFile
    member : Member
        Compressed by any known method.
    section : Section, optional
        Default: all of the member.
    end : int, optional
        The last byte that will be asked for lies before this one; default: the section's end.
    ahead : bool
        Inflate in a thread of its own, while the caller puts the bytes to their place.
    keep : callable, optional
        Given the checkpoints that are made on the way.
    input_bytes : int
        Compressed bytes to read at a time.
    """

    def __init__(self, file: InputFile, member: Member, section: Section | None = None, *, end: int | None = None,
                 ahead: bool = False, keep: Callable[[Checkpoint], None] | None = None,
                 input_bytes: int = INPUT_BYTES) -> None:
        self._member = member
        self._section = whole(member).section(0) if section is None else section
        self._end = self._section.end if end is None else end
        self._input_bytes = input_bytes
        self._where = f"{file.name}: member {printable(member.name)!r}"
        self._keep = keep
        self._chunks = self._inflate(file)
        self._ahead = None
        if ahead:
            with contextlib.suppress(RuntimeError):  # no thread to be had: inflated when it is asked for
                self._ahead = _Ahead(self._chunks)
                self._chunks = iter(self._ahead)
        self._crc = self._section.begin.crc
        self._chunk = np.empty(0, np.uint8)
        self._at = self._section.begin.at  # of the chunk, in the unpacked bytes

    def read_into(self, buffer: np.ndarray, offset: int) -> None:
        """Fill `buffer` (uint8) with the unpacked bytes from `offset` on; offsets must not go back."""
        filled = 0
        while filled < len(buffer):
            skip = offset + filled - self._at
            if skip >= len(self._chunk):
                if not self._next():
                    raise FormatError(f"{self._where}: damaged: it should unpack to {self._member.size} bytes, but its"
                                      f" compressed bytes end after {self._at}. {_AGAIN}")
                continue
            part = self._chunk[skip:skip + len(buffer) - filled]
            buffer[filled:filled + len(part)] = part  # releases the interpreter's lock, unlike memoryview
            filled += len(part)

    def finish(self) -> None:
        """Read what is left, and compare length and CRC with what the archive says; `end` must be the section's."""
        while self._next():
            pass
        if self._at < self._section.end:
            raise FormatError(f"{self._where}: damaged: it should unpack to {self._member.size} bytes, but its"
                              f" compressed bytes end after {self._at}. {_AGAIN}")
        if self._crc != self._section.crc:
            part, says = "", "the archive says"
            if self._section.piece or not self._section.last:
                part = f" from byte {self._section.begin.at} to {self._section.end}"
            if not (self._section.piece or self._section.last):
                says = "when they were read before it was"
            raise FormatError(f"{self._where}: damaged: its bytes{part} have CRC {self._crc:08x}, {says}"
                              f" {self._section.crc:08x}. Copy or save it again.")

    def _next(self) -> bool:
        chunk, checkpoint = next(self._chunks, (None, None))
        self._at += len(self._chunk)
        self._chunk = np.frombuffer(chunk or b"", np.uint8)
        if chunk is None:
            return False
        if self._at + len(chunk) > self._section.end:
            raise FormatError(f"{self._where}: damaged: it should unpack to {self._member.size} bytes, but holds more."
                              f" {_AGAIN}")
        self._crc = crc32(chunk, self._crc)
        if checkpoint is not None:
            self._keep(checkpoint._replace(crc=self._crc))
        return True

    def _inflate(self, file: InputFile) -> Iterator[tuple[bytes, Checkpoint | None]]:
        """Unpacked chunks, never empty, and the checkpoints behind them."""
        member = self._member
        try:
            if member.method == DEFLATED:
                every = 0 if self._keep is None else inflate.spacing(member.size)
                yield from inflate.chunks(lambda at, count: file.read(member.start + at, count), self._section,
                                          self._end, every, self._input_bytes)
                return
            decompress, at = _decompressor(file, member, self._where)
            end = member.start + member.packed
            while True:
                data = file.read(at, min(self._input_bytes, end - at))
                at += len(data)
                for chunk in decompress(data):
                    if chunk:
                        yield chunk, None
                if at >= end or not data:
                    break
        except (NumPyIOError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - zlib.error, LZMAError, and OSError, EOFError or ValueError of bz2
            raise FormatError(f"{self._where}: damaged: its compressed bytes cannot be unpacked"
                              f" ({printable(error)}). Copy or save it again.") from None

    def close(self) -> None:
        """Stop inflating ahead, and let go of the inflater: its generator and this object hold each other."""
        if self._ahead is not None:
            self._ahead.close()
        self._chunks = iter(())
        self._chunk = self._chunk[:0].copy()

    def __enter__(self) -> Inflated:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


def _decompressor(file: InputFile, member: Member, where: str) -> tuple[Callable[[bytes], Iterator[bytes]], int]:
    """A function from compressed input to bounded chunks, and where the input begins."""
    if member.method == BZIP2:
        return _bounded(_module("bz2", where).BZ2Decompressor()), member.start
    lzma = _module("lzma", where)
    # A little header of its own: version, size of the properties (always 5), properties.
    _, _, size, packed, window = struct.unpack("<BBHBL", file.read(member.start, 9).ljust(9, b"\0"))
    if size != 5 or packed >= 9 * 5 * 5:
        raise FormatError(f"{where}: damaged: its lzma properties are not possible. {_AGAIN}")
    if window > MAX_LZMA_WINDOW:
        raise UnsupportedError(f"{where}: too large: it needs an lzma window of {window >> 20} MiB; at most"
                               f" {MAX_LZMA_WINDOW >> 20} are given. {_AGAIN}")
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": max(4096, min(window, member.size)),
                "lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}]
    return _bounded(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)), member.start + 9


def _module(name: str, where: str) -> object:
    try:
        return __import__(name)
    except ImportError:
        raise UnsupportedError(f"{where} is compressed with {name}, which this Python was built without. Save it"
                               " again with numpy.savez_compressed.") from None


def _bounded(decompressor: object) -> Callable[[bytes], Iterator[bytes]]:
    """For the decompressors of bz2 and lzma, which keep their input themselves."""

    def decompress(data: bytes) -> Iterator[bytes]:
        while not decompressor.eof:
            chunk = decompressor.decompress(data, CHUNK_BYTES)
            yield chunk
            data = b""
            if decompressor.needs_input or not chunk:
                return

    return decompress


class _Ahead:
    """What another iterator gives, produced in a thread, a bounded number of them ahead."""

    def __init__(self, chunks: Iterator[tuple[bytes, Checkpoint | None]]) -> None:
        from queue import Queue  # here: only some compressed files need it, and every start would wait for it

        self._chunks = chunks
        self._queue = Queue(PREFETCH_CHUNKS)
        self._closed = False
        self._thread = threading.Thread(target=self._produce, daemon=True)
        self._thread.start()

    def _produce(self) -> None:
        last: object = None
        try:
            for chunk in self._chunks:
                self._queue.put(chunk)
                if self._closed:
                    return
        except Exception as error:  # noqa: BLE001 - carried to the consumer
            last = error
        self._queue.put(last)

    def __iter__(self) -> Iterator[tuple[bytes, Checkpoint | None]]:
        while True:
            chunk = self._queue.get()
            if chunk is None:
                return
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk

    def close(self) -> None:
        from queue import Empty

        self._closed = True
        while self._thread.is_alive():
            with contextlib.suppress(Empty):
                self._queue.get(timeout=0.01)  # it may be waiting for room


# -- CRC-32 of joined pieces -----------------------------------------------------------------------

_POLYNOMIAL = 0xEDB88320


def _multiply(a: int, b: int) -> int:
    """Product of two polynomials over GF(2) modulo the CRC's, in its reflected bit order."""
    product = 0
    while a:
        if a & 0x80000000:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


def _zeros(count: int) -> int:
    """Give x ** (8 * count): what `count` zero bytes do to a CRC."""
    power, result = 0x00800000, 0x80000000  # x ** 8, 1
    while count:
        if count & 1:
            result = _multiply(power, result)
        power = _multiply(power, power)
        count >>= 1
    return result


def _shift(length: int) -> Sequence[Sequence[int]]:
    """What `length` more bytes do to each byte of a CRC, as four tables."""
    power = _zeros(length)
    bits = [_multiply(power, 1 << bit) for bit in range(32)]
    tables = []
    for number in range(4):
        table = [0]
        for bit in bits[8 * number:8 * number + 8]:
            table += [value ^ bit for value in table]
        tables.append(table)
    return tables


def crc32_combine(pieces: Iterable[tuple[int, int]]) -> int:
    """CRC-32 of the concatenation of pieces, each given as its (CRC, length in bytes), in order."""
    crc, shifts = 0, {}
    for piece, length in pieces:
        if length not in shifts:
            shifts[length] = _shift(length)
        a, b, c, d = shifts[length]
        crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24] ^ piece
    return crc


# -- writing ---------------------------------------------------------------------------------------

AHEAD_BYTES = 16 << 20  # of pieces that wait for their turn to be written
_DATE = (0 << 9 | 1 << 5 | 1) << 16  # 1980-01-01 00:00, so that equal data makes equal files


class StoredLayout(NamedTuple):
    """Where everything of a stored archive lies, known before any data is.

    For writers that put the data in place themselves, e.g. a slab from each rank.
    """

    data: tuple[tuple[int, int], ...]  # file offset and bytes of each array's data
    size: int  # bytes of the whole archive
    outgoing: tuple[Outgoing, ...]

    def parts(self, crcs: Iterable[int]) -> list[tuple[int, bytes]]:
        """All that is not data, as (file offset, bytes), given the CRC-32 of each array's data."""
        parts, written, at = [], [], 0
        for one, (data_at, size), crc in zip(self.outgoing, self.data, crcs):
            header = header_bytes(one)
            whole, length = crc32_combine([(zlib.crc32(header), len(header)), (crc, size)]), len(header) + size
            parts.append((at, _stored_prefix(one, at, whole)))
            written.append(_Written(_raw_name(one), STORED, at, length, length, whole))
            at = data_at + size
        parts.append((at, _directory(written, at)))
        return parts


class _Written(NamedTuple):
    name: bytes
    method: int
    local: int
    size: int
    packed: int
    crc: int
    record: bytes = b""  # the extra field of `seekable`


def _raw_name(outgoing: Outgoing) -> bytes:
    raw = (outgoing.name + ".npy").encode("utf-8", "surrogatepass")
    if len(raw) > 0xFFFF or "\0" in outgoing.name:
        raise OptionError(f"array {printable(outgoing.name[:60])!r}: the name is too long for an archive, or holds a"
                          " NUL. Rename the array.")
    return raw


def _check_names(outgoing: Iterable[Outgoing]) -> None:
    seen = set()
    for one in outgoing:
        if one.name in seen:
            raise OptionError(f"two arrays are named {printable(one.name)!r}; an archive can hold one of them."
                              " Rename one.")
        seen.add(one.name)


def _sizes_extra(size: int, packed: int) -> bytes:
    return struct.pack("<2H2Q", 1, 16, size, packed)


def _local_header(name: bytes, method: int, crc: int, size: int, packed: int, *, wide: bool, padding: int) -> bytes:
    extra = _sizes_extra(size, packed) if wide else b""
    if padding:  # 0xD935 is what Android's zipalign uses: alignment, then zeros
        extra += struct.pack("<3H", 0xD935, padding - 4, ALIGNMENT).ljust(padding, b"\0")
    if wide:
        size = packed = _ZIP64
    fixed = _LOCAL.pack(b"PK\x03\x04", 45 if wide else 20, _name_flag(name), method, _DATE & 0xFFFF, _DATE >> 16,
                        crc, packed, size, len(name), len(extra))
    return fixed + name + extra


def _name_flag(name: bytes) -> int:
    return 0 if name.isascii() else 0x800


def _directory(written: list[_Written], at: int) -> bytes:
    parts = []
    for one in written:
        wide = [value for value in (one.size, one.packed, one.local) if value > _NARROW]
        extra = struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b""
        extra += one.record
        size, packed, local = (_narrow(value) for value in (one.size, one.packed, one.local))
        version = 45 if wide else 20
        parts.append(_ENTRY.pack(b"PK\x01\x02", 3 << 8 | version, version, _name_flag(one.name), one.method,
                                 _DATE & 0xFFFF, _DATE >> 16, one.crc, packed, size, len(one.name), len(extra),
                                 0, 0, 0, 0o600 << 16, local) + one.name + extra)
    directory = b"".join(parts)
    count, size = len(written), len(directory)
    tail = b""
    if count >= 0xFFFF or size > _NARROW or at > _NARROW:
        tail = _END64.pack(b"PK\x06\x06", _END64.size - 12, 45, 45, 0, 0, count, count, size, at)
        tail += _LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    tail += _END.pack(b"PK\x05\x06", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), _narrow(size),
                      _narrow(at), 0)
    return directory + tail


def _narrow(value: int) -> int:
    return value if value <= _NARROW else _ZIP64


def _data_bytes(outgoing: Outgoing) -> int:
    return math.prod(outgoing.shape) * np.dtype(outgoing.dtype).itemsize


def _stored_prefix(outgoing: Outgoing, at: int, crc: int = 0) -> bytes:
    """Local header and .npy header of a member at file offset `at`, with the data after it aligned."""
    name, header = _raw_name(outgoing), header_bytes(outgoing)
    size = len(header) + _data_bytes(outgoing)
    wide = size > _NARROW
    bare = at + _LOCAL.size + len(name) + (20 if wide else 0) + len(header)
    padding = -bare % ALIGNMENT
    if 0 < padding < 6:
        padding += ALIGNMENT
    return _local_header(name, STORED, crc, size, size, wide=wide, padding=padding) + header


def stored_layout(outgoing: Iterable[Outgoing]) -> StoredLayout:
    """Plan a stored archive; `write` at level 0 makes the same bytes."""
    outgoing = tuple(outgoing)
    _check_names(outgoing)
    data, written, at = [], [], 0
    for one in outgoing:
        prefix, size = _stored_prefix(one, at), _data_bytes(one)
        data.append((at + len(prefix), size))
        whole = len(header_bytes(one)) + size
        written.append(_Written(_raw_name(one), STORED, at, whole, whole, 0))
        at += len(prefix) + size
    return StoredLayout(tuple(data), at + len(_directory(written, at)), outgoing)


def write(file: IO[bytes], outgoing: Iterable[Outgoing], level: int = 0,
          progress: Callable[[float], None] | None = None) -> None:
    """Write an archive into `file`, a seekable binary file that is open for writing at its start.

    Parameters
    ----------
    file : binary file
    outgoing : iterable of Outgoing
        One member each, in this order; their names must differ.
    level : int
        0 stores, with the data aligned to 64 bytes; 1 to 9 deflate, in parallel pieces.
    progress : callable, optional
        Called with the fraction done; what it raises ends the writing.
    """
    outgoing = list(outgoing)
    _check_names(outgoing)
    prefixes = [header_bytes(one) for one in outgoing]  # refuse what cannot be written before writing anything
    total = max(1, sum(_data_bytes(one) for one in outgoing))
    done = 0

    def advance(nbytes: int) -> None:
        nonlocal done
        done += nbytes
        if progress is not None:
            progress(min(1.0, done / total))

    written, at = [], 0
    for one, header in zip(outgoing, prefixes):
        add = _store if level == 0 else _deflate
        member = add(file, one, header, at, level, advance)
        at = file.tell()
        written.append(member)
    file.write(_directory(written, at))


def _store(file: IO[bytes], outgoing: Outgoing, header: bytes, at: int, level: int,  # noqa: ARG001
           advance: Callable[[int], None]) -> _Written:
    prefix = _stored_prefix(outgoing, at)
    file.write(prefix)
    crc = zlib.crc32(header)
    for data in buffers(outgoing):
        put(file, data)
        crc = zlib.crc32(data, crc)
        advance(len(data))
    end = file.tell()
    size = end - at - len(prefix) + len(header)
    _patch(file, _stored_prefix(outgoing, at, crc)[:-len(header)], at, end)
    return _Written(_raw_name(outgoing), STORED, at, size, size, crc)


def _patch(file: IO[bytes], local_header: bytes, at: int, end: int) -> None:
    """CRC and sizes are known when the data is written; some readers want them before it."""
    file.seek(at)
    file.write(local_header)
    file.seek(end)


def _deflate(file: IO[bytes], outgoing: Outgoing, header: bytes, at: int, level: int,
             advance: Callable[[int], None]) -> _Written:
    from concurrent.futures import ThreadPoolExecutor  # here: only compressing needs it, and no start shall wait for it

    name = _raw_name(outgoing)
    size = len(header) + _data_bytes(outgoing)
    wide = size + size // 1000 + (1 << 16) > _NARROW  # deflate grows incompressible data a little
    file.write(_local_header(name, DEFLATED, 0, 0, 0, wide=wide, padding=0))
    length = seekable.piece_bytes(size) or seekable.MAX_PIECE_BYTES
    done: list[tuple[int, int, int]] = []  # CRC, bytes and packed bytes of each piece
    threads = available_threads()
    with ThreadPoolExecutor(threads) as pool:
        running: deque = deque()
        try:
            for data, last in _cut(header, outgoing, length, size):
                running.append((len(data), _submit(pool, data, last, level)))
                if len(running) > min(2 * threads, max(1, AHEAD_BYTES // length)):
                    _collect(file, running, done, advance)
            while running:
                _collect(file, running, done, advance)
        finally:
            for _, future in running:
                future.cancel()
    crc, packed = crc32_combine(one[:2] for one in done), sum(one[2] for one in done)
    record = seekable.record(length, [(packed, crc) for crc, _, packed in done]) if seekable.piece_bytes(size) else b""
    _patch(file, _local_header(name, DEFLATED, crc, size, packed, wide=wide, padding=0), at, file.tell())
    return _Written(name, DEFLATED, at, size, packed, crc, record)


def _submit(pool: ThreadPoolExecutor, *job: object) -> Future:
    try:
        return pool.submit(_deflate_piece, *job)
    except RuntimeError:  # no thread to be had
        from concurrent.futures import Future

        done: Future = Future()
        done.set_result(_deflate_piece(*job))
        return done


def _collect(file: IO[bytes], running: deque, done: list[tuple[int, int, int]], advance: Callable[[int], None]) -> None:
    length, future = running.popleft()
    packed, crc = future.result()
    file.write(packed)
    done.append((crc, length, len(packed)))
    advance(length)


def _cut(header: bytes, outgoing: Outgoing, length: int, size: int) -> Iterator[tuple[bytearray, bool]]:
    """Header and data, `size` bytes together, cut into pieces of one length, and whether each is the last."""
    piece, left = bytearray(header), size
    for data in buffers(outgoing, min(length, seekable.PIECE_BYTES)):
        piece += memoryview(data)
        while len(piece) >= length and left > length:
            yield piece[:length], False
            del piece[:length]
            left -= length
    yield piece, True


def _deflate_piece(data: bytes, last: bool, level: int) -> tuple[bytes, int]:
    """One piece that needs none before it, see `seekable`."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = deflater.compress(data) + deflater.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    return packed, crc32(data)
