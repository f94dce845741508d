"""A ``.npz``, written: a zip archive of ``.npy`` members, stored or deflated.

Stored members lie at places that are known before their values (`stored_layout`), deflated ones are made of
independent pieces by several threads.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from ..errors import OptionError
from . import seekable
from .crc32 import crc32_combine
from .inflate import crc32
from .npy import buffers, header_bytes, put
from .source import printable
from .threads import available_threads
from .zip_directory import DEFLATED, END, END64, ENTRY, LOCAL, LOCATOR, STORED, ZIP64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from concurrent.futures import Future, ThreadPoolExecutor
    from typing import IO, Callable

    from .npy import Outgoing

__all__ = ["stored_layout", "write"]

ALIGNMENT = 64  # bytes, of stored data in the archives written here: a cache line, and any dtype
_NARROW = ZIP64 - 1  # the largest value that is written to a 32-bit field

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
        raise OptionError(
            f"array {printable(outgoing.name[:60])!r}: the name is too long for an archive, or holds a"
            " NUL. Rename the array."
        )
    return raw


def _check_names(outgoing: Iterable[Outgoing]) -> None:
    seen = set()
    for one in outgoing:
        if one.name in seen:
            raise OptionError(
                f"two arrays are named {printable(one.name)!r}; an archive can hold one of them. Rename one."
            )
        seen.add(one.name)


def _sizes_extra(size: int, packed: int) -> bytes:
    return struct.pack("<2H2Q", 1, 16, size, packed)


def _local_header(name: bytes, method: int, crc: int, size: int, packed: int, *, wide: bool, padding: int) -> bytes:
    extra = _sizes_extra(size, packed) if wide else b""
    if padding:  # 0xD935 is what Android's zipalign uses: alignment, then zeros
        extra += struct.pack("<3H", 0xD935, padding - 4, ALIGNMENT).ljust(padding, b"\0")
    if wide:
        size = packed = ZIP64
    fixed = LOCAL.pack(
        b"PK\x03\x04",
        45 if wide else 20,
        _name_flag(name),
        method,
        _DATE & 0xFFFF,
        _DATE >> 16,
        crc,
        packed,
        size,
        len(name),
        len(extra),
    )
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
        parts.append(
            ENTRY.pack(
                b"PK\x01\x02",
                3 << 8 | version,
                version,
                _name_flag(one.name),
                one.method,
                _DATE & 0xFFFF,
                _DATE >> 16,
                one.crc,
                packed,
                size,
                len(one.name),
                len(extra),
                0,
                0,
                0,
                0o600 << 16,
                local,
            )
            + one.name
            + extra
        )
    directory = b"".join(parts)
    count, size = len(written), len(directory)
    tail = b""
    if count >= 0xFFFF or size > _NARROW or at > _NARROW:
        tail = END64.pack(b"PK\x06\x06", END64.size - 12, 45, 45, 0, 0, count, count, size, at)
        tail += LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    tail += END.pack(b"PK\x05\x06", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), _narrow(size), _narrow(at), 0)
    return directory + tail


def _narrow(value: int) -> int:
    return value if value <= _NARROW else ZIP64


def _stored_prefix(outgoing: Outgoing, at: int, crc: int = 0) -> bytes:
    """Local header and .npy header of a member at file offset `at`, with the data after it aligned."""
    name, header = _raw_name(outgoing), header_bytes(outgoing)
    size = len(header) + outgoing.nbytes
    wide = size > _NARROW
    bare = at + LOCAL.size + len(name) + (20 if wide else 0) + len(header)
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
        prefix, size = _stored_prefix(one, at), one.nbytes
        data.append((at + len(prefix), size))
        whole = len(header_bytes(one)) + size
        written.append(_Written(_raw_name(one), STORED, at, whole, whole, 0))
        at += len(prefix) + size
    return StoredLayout(tuple(data), at + len(_directory(written, at)), outgoing)


def write(
    file: IO[bytes], outgoing: Iterable[Outgoing], level: int = 0, progress: Callable[[float], None] | None = None
) -> None:
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
    total = max(1, sum(one.nbytes for one in outgoing))
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


def _store(
    file: IO[bytes],
    outgoing: Outgoing,
    header: bytes,
    at: int,
    level: int,  # noqa: ARG001
    advance: Callable[[int], None],
) -> _Written:
    prefix = _stored_prefix(outgoing, at)
    file.write(prefix)
    crc = zlib.crc32(header)
    for data in buffers(outgoing):
        put(file, data)
        crc = zlib.crc32(data, crc)
        advance(len(data))
    end = file.tell()
    size = end - at - len(prefix) + len(header)
    _patch(file, _stored_prefix(outgoing, at, crc)[: -len(header)], at, end)
    return _Written(_raw_name(outgoing), STORED, at, size, size, crc)


def _patch(file: IO[bytes], local_header: bytes, at: int, end: int) -> None:
    """CRC and sizes are known when the data is written; some readers want them before it."""
    file.seek(at)
    file.write(local_header)
    file.seek(end)


def _deflate(
    file: IO[bytes], outgoing: Outgoing, header: bytes, at: int, level: int, advance: Callable[[int], None]
) -> _Written:
    from concurrent.futures import ThreadPoolExecutor  # here: only compressing needs it, and no start shall wait for it

    name = _raw_name(outgoing)
    size = len(header) + outgoing.nbytes
    wide = size + size // 1000 + (1 << 16) > _NARROW  # deflate grows incompressible data a little
    file.write(_local_header(name, DEFLATED, 0, 0, 0, wide=wide, padding=0))
    length = seekable.piece_bytes(size) or seekable.MAX_PIECE_BYTES
    done: list[tuple[int, int, int]] = []  # CRC, bytes and packed bytes of each piece
    threads = available_threads()
    with ThreadPoolExecutor(threads) as pool:
        running: deque[tuple[int, Future[tuple[bytes, int]]]] = deque()
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


def _submit(pool: ThreadPoolExecutor, data: bytearray, last: bool, level: int) -> Future[tuple[bytes, int]]:
    try:
        return pool.submit(_deflate_piece, data, last, level)
    except RuntimeError:  # no thread to be had
        from concurrent.futures import Future

        done: Future[tuple[bytes, int]] = Future()
        done.set_result(_deflate_piece(data, last, level))
        return done


def _collect(
    file: IO[bytes],
    running: deque[tuple[int, Future[tuple[bytes, int]]]],
    done: list[tuple[int, int, int]],
    advance: Callable[[int], None],
) -> None:
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


def _deflate_piece(data: bytearray, last: bool, level: int) -> tuple[bytes, int]:
    """One piece that needs none before it, see `seekable`."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = deflater.compress(data) + deflater.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    return packed, crc32(data)
