"""A ``.npz``, written: a zip archive of ``.npy`` members, stored or deflated.

Stored members lie at places that are known before their values (`stored_layout`), deflated ones are made of
independent pieces by several threads.
"""

from __future__ import annotations

import struct
import zlib
from collections import deque
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from ..errors import OptionError
from . import seekable
from .crc32 import crc32_combine
from .inflate import crc32
from .npy import FileLayout, buffers, header_bytes, put
from .source import printable
from .threads import available_threads
from .zip_directory import DEFLATED, END, END64, ENTRY, LOCAL, LOCATOR, STORED, ZIP64

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from concurrent.futures import ThreadPoolExecutor
    from typing import IO, Callable

    from .npy import Outgoing

__all__ = ["stored_layout", "write"]

ALIGNMENT = 64  # bytes, of stored data in the archives written here: a cache line, and any dtype
_NARROW = ZIP64 - 1  # the largest value that is written to a 32-bit field

AHEAD_BYTES = 16 << 20  # of pieces that wait for their turn to be written
_DATE = 0 << 9 | 1 << 5 | 1  # 1980-01-01, at 00:00, so that equal data makes equal files


_Head = tuple[bytes, bytes]  # the name of a member, and the header of its array


class _Member(NamedTuple):
    """What the archive says of one member."""

    name: bytes
    method: int
    local: int
    size: int = 0
    packed: int = 0
    crc: int = 0
    record: bytes = b""  # the extra field of `seekable`

    def local_header(self, *, wide: bool, padding: int = 0) -> bytes:
        """What stands before its data; `wide` has the sizes in 64 bits."""
        extra = struct.pack("<2H2Q", 1, 16, self.size, self.packed) if wide else b""
        if padding:  # 0xD935 is what Android's zipalign uses: alignment, then zeros
            extra += struct.pack("<3H", 0xD935, padding - 4, ALIGNMENT).ljust(padding, b"\0")
        size, packed = (ZIP64, ZIP64) if wide else (self.size, self.packed)
        return LOCAL.pack(b"PK\x03\x04", *self._common(size, packed, extra, wide=wide)) + self.name + extra

    def entry(self) -> bytes:
        """What stands in the directory."""
        wide = [value for value in (self.size, self.packed, self.local) if value > _NARROW]
        extra = (struct.pack(f"<2H{len(wide)}Q", 1, 8 * len(wide), *wide) if wide else b"") + self.record
        version = 3 << 8 | (45 if wide else 20)
        fields = self._common(_narrow(self.size), _narrow(self.packed), extra, wide=bool(wide))
        fixed = ENTRY.pack(b"PK\x01\x02", version, *fields, 0, 0, 0, 0o600 << 16, _narrow(self.local))
        return fixed + self.name + extra

    def _common(self, size: int, packed: int, extra: bytes, *, wide: bool) -> tuple[int, ...]:
        """What both have: version, flags, method, time, date, CRC, sizes and lengths."""
        version, flags = 45 if wide else 20, 0 if self.name.isascii() else 0x800
        return (version, flags, self.method, 0, _DATE, self.crc, packed, size, len(self.name), len(extra))


def _raw_name(outgoing: Outgoing) -> bytes:
    raw = (outgoing.name + ".npy").encode("utf-8", "surrogatepass")
    if len(raw) > 0xFFFF or "\0" in outgoing.name:
        raise OptionError(
            f"array {printable(outgoing.name[:60])!r}: the name is too long for an archive, or holds a"
            " NUL. Rename the array."
        )
    return raw


def _directory(members: list[_Member], at: int) -> bytes:
    directory = b"".join(one.entry() for one in members)
    count, size = len(members), len(directory)
    tail = b""
    if count >= 0xFFFF or size > _NARROW or at > _NARROW:
        tail = END64.pack(b"PK\x06\x06", END64.size - 12, 45, 45, 0, 0, count, count, size, at)
        tail += LOCATOR.pack(b"PK\x06\x07", 0, at + size, 1)
    tail += END.pack(b"PK\x05\x06", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), _narrow(size), _narrow(at), 0)
    return directory + tail


def _narrow(value: int) -> int:
    return value if value <= _NARROW else ZIP64


def _heads(outgoing: Iterable[Outgoing]) -> tuple[_Head, ...]:
    """Name and .npy header of each member; what cannot be written is refused before anything is."""
    heads: dict[str, _Head] = {}
    for one in outgoing:
        if one.name in heads:
            raise OptionError(
                f"two arrays are named {printable(one.name)!r}; an archive can hold one of them. Rename one."
            )
        header = header_bytes(one)
        heads[one.name] = _raw_name(one), header
    return tuple(heads.values())


def _stored(name: bytes, header: bytes, nbytes: int, at: int, crc: int = 0) -> tuple[_Member, bytes]:
    """A member at file offset `at`, and its local header and .npy header, with the data after them aligned."""
    size = len(header) + nbytes
    member = _Member(name, STORED, at, size, size, crc)
    wide = size > _NARROW
    padding = -(at + LOCAL.size + len(member.name) + (20 if wide else 0) + len(header)) % ALIGNMENT
    if 0 < padding < 6:
        padding += ALIGNMENT
    return member, member.local_header(wide=wide, padding=padding) + header


def stored_layout(outgoing: Iterable[Outgoing]) -> FileLayout:
    """Plan a stored archive, as `write` makes it at level 0."""
    outgoing = tuple(outgoing)
    heads, data, at = _heads(outgoing), [], 0
    headers = tuple(header for _, header in heads)
    for one, head in zip(outgoing, heads):
        at += len(_stored(*head, one.nbytes, at)[1])
        data.append((at, one.nbytes))
        at += one.nbytes
    return FileLayout(tuple(data), headers, partial(_around, heads, data))


def _around(
    heads: Sequence[_Head], data: Sequence[tuple[int, int]], crcs: Sequence[int]
) -> Iterator[tuple[int, bytes]]:
    """See `FileLayout.parts`; in rising order."""
    members, at = [], 0
    for head, (data_at, size), crc in zip(heads, data, crcs):
        member, prefix = _stored(*head, size, at, crc)
        yield at, prefix
        members.append(member)
        at = data_at + size
    yield at, _directory(members, at)


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
    outgoing = tuple(outgoing)
    total = max(1, sum(one.nbytes for one in outgoing))
    done = 0

    def advance(nbytes: int) -> None:
        nonlocal done
        done += nbytes
        if progress is not None:
            progress(min(1.0, done / total))

    if level:
        from concurrent.futures import ThreadPoolExecutor  # here: no start shall wait for what only compressing needs

        heads, pool = _heads(outgoing), ThreadPoolExecutor(available_threads())
        try:
            members = [_deflate(file, one, head, level, pool, advance) for one, head in zip(outgoing, heads)]
        finally:
            pool.shutdown(cancel_futures=True)
        file.write(_directory(members, file.tell()))
        return
    layout, crcs = stored_layout(outgoing), []
    for one, header, (at, _) in zip(outgoing, layout.headers, layout.data):
        file.seek(at)
        crc = zlib.crc32(header)
        for data in buffers(one):
            put(file, data)
            crc = zlib.crc32(data, crc)
            advance(len(data))
        crcs.append(crc)
    for at, part in layout.parts(crcs):
        file.seek(at)
        file.write(part)


def _deflate(
    file: IO[bytes],
    outgoing: Outgoing,
    head: _Head,
    level: int,
    pool: ThreadPoolExecutor,
    advance: Callable[[int], None],
) -> _Member:
    name, header = head
    size = len(header) + outgoing.nbytes
    wide = size + size // 1000 + (1 << 16) > _NARROW  # deflate grows incompressible data a little
    member = _Member(name, DEFLATED, file.tell())
    file.write(member.local_header(wide=wide))
    length = seekable.piece_bytes(size) or seekable.MAX_PIECE_BYTES
    done: list[tuple[int, int, int]] = []  # CRC, bytes and packed bytes of each piece
    for crc, count, data in _deflated(_cut(header, outgoing, length, size), level, pool, AHEAD_BYTES // length):
        file.write(data)
        done.append((crc, count, len(data)))
        advance(count)
    crc, packed = crc32_combine(one[:2] for one in done), sum(one[2] for one in done)
    record = seekable.record(length, [(packed, crc) for crc, _, packed in done]) if seekable.piece_bytes(size) else b""
    member = member._replace(size=size, packed=packed, crc=crc, record=record)
    end = file.tell()
    file.seek(member.local)  # some readers want to know CRC and sizes before the data
    file.write(member.local_header(wide=wide))
    file.seek(end)
    return member


def _deflated(
    pieces: Iterable[tuple[bytearray, bool]], level: int, pool: ThreadPoolExecutor, ahead: int
) -> Iterator[tuple[int, int, bytes]]:
    """CRC, bytes and packed bytes of each piece, in order, made by several threads; `ahead` of them wait at most."""
    running: deque[Callable[[], tuple[int, int, bytes]]] = deque()
    for data, last in pieces:
        try:
            running.append(pool.submit(_deflate_piece, data, last, level).result)
        except RuntimeError:  # no thread to be had: done in its turn by this one
            running.append(partial(_deflate_piece, data, last, level))
        if len(running) > min(2 * available_threads(), max(1, ahead)):
            yield running.popleft()()
    while running:
        yield running.popleft()()


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


def _deflate_piece(data: bytearray, last: bool, level: int) -> tuple[int, int, bytes]:
    """CRC, bytes and packed bytes of one piece that needs none before it, see `seekable`."""
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    packed = deflater.compress(data) + deflater.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)
    return crc32(data), len(data), packed
