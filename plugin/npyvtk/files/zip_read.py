"""The bytes of the members of a zip archive: stored ones as they are, compressed ones inflated in bounded memory."""

from __future__ import annotations

import contextlib
import struct
import threading
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FormatError, NumPyIOError, UnsupportedError
from . import inflate, seekable
from .inflate import CHUNK_BYTES, INPUT_BYTES, START, Sections, crc32
from .source import printable
from .zip_directory import BZIP2, DEFLATED, STORED, damaged

if TYPE_CHECKING:
    from bz2 import BZ2Decompressor
    from collections.abc import Generator, Sequence
    from lzma import LZMADecompressor
    from queue import Queue
    from types import ModuleType
    from typing import Callable

    from .inflate import Checkpoint, Section
    from .source import InputFile
    from .zip_directory import ZipMember

    Chunks = Generator[tuple[bytes, Checkpoint | None], None, None]

__all__ = ["Inflated", "head", "pieces", "whole"]

MAX_LZMA_WINDOW = 128 << 20  # bytes; xz -9 uses half of it
PREFETCH_CHUNKS = 8  # inflated ahead of the consumer


def head(file: InputFile, member: ZipMember, count: int) -> bytes:
    """The first `count` unpacked bytes of a member, fewer where it ends."""
    count = min(count, member.size)
    if member.method == STORED:
        return file.read(member.start, count)
    buffer = np.empty(count, np.uint8)
    with contextlib.closing(Inflated(file, member, end=count, input_bytes=max(512, count))) as stream:
        stream.read_into(buffer, 0)
    return buffer.tobytes()


def whole(member: ZipMember, known: Sequence[Checkpoint] = (START,)) -> Sections:
    """A member that can only be inflated from its beginning, or from checkpoints that are known."""
    return Sections(known, member.size, member.packed, member.crc)


def pieces(member: ZipMember) -> seekable.Pieces | None:
    """The independent pieces of a member, where it has a record of them that fits."""
    return seekable.parse_record(member.record, member.size, member.packed, member.crc)


class Inflated:
    """The unpacked bytes of one section of a compressed member, from first to last, in bounded memory.

    Parameters
    ----------
    file : InputFile
    member : ZipMember
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

    def __init__(
        self,
        file: InputFile,
        member: ZipMember,
        section: Section | None = None,
        *,
        end: int | None = None,
        ahead: bool = False,
        keep: Callable[[Checkpoint], None] | None = None,
        input_bytes: int = INPUT_BYTES,
    ) -> None:
        self._member = member
        self._section = whole(member).section(0) if section is None else section
        end = self._section.end if end is None else end
        self._where = f"{file.name}: member {printable(member.name)!r}"
        self._keep = keep
        chunks = self._inflate(file, end, input_bytes)
        self._chunks = _ahead(chunks) if ahead else chunks
        self._crc = self._section.begin.crc
        self._chunk = np.empty(0, np.uint8)
        self._at = self._section.begin.at  # of the chunk, in the unpacked bytes

    def read_into(self, buffer: np.ndarray, offset: int) -> None:
        """Fill `buffer` (uint8) with the unpacked bytes from `offset` on; offsets must not go back.

        Raises
        ------
        FormatError
            The member is damaged, or holds less than the archive says.
        """
        filled = 0
        while filled < len(buffer):
            skip = offset + filled - self._at
            if skip >= len(self._chunk):
                if not self._next():
                    raise self._of_another_length(f"its compressed bytes end after {self._at}")
                continue
            part = self._chunk[skip : skip + len(buffer) - filled]
            buffer[filled : filled + len(part)] = part  # releases the interpreter's lock, unlike memoryview
            filled += len(part)

    def finish(self) -> None:
        """Read what is left, and compare length and CRC with what the archive says; `end` must be the section's.

        Raises
        ------
        FormatError
            They are others: the member is damaged.
        """
        while self._next():
            pass
        if self._at < self._section.end:
            raise self._of_another_length(f"its compressed bytes end after {self._at}")
        if self._crc != self._section.crc:
            part, says = "", "the archive says"
            if self._section.piece or not self._section.last:
                part = f" from byte {self._section.begin.at} to {self._section.end}"
            if not (self._section.piece or self._section.last):
                says = "when they were read before it was"
            raise FormatError(
                f"{self._where}: damaged: its bytes{part} have CRC {self._crc:08x}, {says}"
                f" {self._section.crc:08x}. Copy or save it again."
            )

    def _of_another_length(self, found: str) -> FormatError:
        return damaged(self._where, f"it should unpack to {self._member.size} bytes, but {found}")

    def _next(self) -> bool:
        chunk, checkpoint = next(self._chunks, (None, None))
        self._at += len(self._chunk)
        self._chunk = np.frombuffer(chunk or b"", np.uint8)
        if chunk is None:
            return False
        if self._at + len(chunk) > self._section.end:
            raise self._of_another_length("holds more")
        self._crc = crc32(chunk, self._crc)
        if checkpoint is not None and self._keep is not None:
            self._keep(checkpoint._replace(crc=self._crc))
        return True

    def _inflate(self, file: InputFile, end: int, input_bytes: int) -> Chunks:
        """Unpacked chunks, never empty, and the checkpoints behind them."""
        member = self._member
        try:
            if member.method == DEFLATED:
                every = 0 if self._keep is None else inflate.spacing(member.size)
                yield from inflate.chunks(
                    lambda at, count: file.read(member.start + at, count), self._section, end, every, input_bytes
                )
                return
            decompressor, at = _decompressor(file, member, self._where)
            wanting = True
            while not decompressor.eof:
                data = file.read(at, min(input_bytes, member.start + member.packed - at)) if wanting else b""
                if wanting and not data:
                    break
                at += len(data)
                chunk = decompressor.decompress(data, CHUNK_BYTES)
                wanting = decompressor.needs_input or not chunk
                if chunk:
                    yield chunk, None
        except (NumPyIOError, MemoryError):
            raise
        except Exception as error:  # noqa: BLE001 - zlib.error, LZMAError, and OSError, EOFError or ValueError of bz2
            raise FormatError(
                f"{self._where}: damaged: its compressed bytes cannot be unpacked"
                f" ({printable(error)}). Copy or save it again."
            ) from None

    def close(self) -> None:
        """Stop inflating ahead, and let go of the inflater: its generator and this object hold each other."""
        self._chunks.close()
        self._chunk = self._chunk[:0].copy()


def _decompressor(file: InputFile, member: ZipMember, where: str) -> tuple[BZ2Decompressor | LZMADecompressor, int]:
    """What unpacks a member that is not deflated, and where its input begins."""
    if member.method == BZIP2:
        return _module("bz2", where).BZ2Decompressor(), member.start
    lzma = _module("lzma", where)
    # A little header of its own: version, size of the properties (always 5), properties.
    _, _, size, packed, window = struct.unpack("<BBHBL", file.read(member.start, 9).ljust(9, b"\0"))
    if size != 5 or packed >= 9 * 5 * 5:
        raise damaged(where, "its lzma properties are not possible")
    if window > MAX_LZMA_WINDOW:
        raise UnsupportedError(
            f"{where}: too large: it needs an lzma window of {window >> 20} MiB; at most {MAX_LZMA_WINDOW >> 20} are "
            "given. Save it again with numpy.savez."
        )
    bits = {"lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": max(4096, min(window, member.size)), **bits}]
    return lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain), member.start + 9


def _module(name: str, where: str) -> ModuleType:
    try:
        return __import__(name)
    except ImportError:
        raise UnsupportedError(
            f"{where} is compressed with {name}, which this Python was built without. Save it"
            " again with numpy.savez_compressed."
        ) from None


def _ahead(chunks: Chunks) -> Chunks:
    """The same, produced in a thread, a bounded number of them ahead."""
    from queue import Empty, Queue  # here: only some compressed files need it, and every start would wait for it

    queue: Queue[tuple[bytes, Checkpoint | None] | Exception | None] = Queue(PREFETCH_CHUNKS)
    closed = False

    def produce() -> None:
        last: Exception | None = None
        try:
            for chunk in chunks:
                queue.put(chunk)
                if closed:
                    return
        except Exception as error:  # noqa: BLE001 - carried to the consumer
            last = error
        queue.put(last)

    thread = threading.Thread(target=produce, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # no thread to be had: inflated when it is asked for
        yield from chunks
        return
    try:
        while True:
            chunk = queue.get()
            if chunk is None:
                return
            if isinstance(chunk, Exception):
                raise chunk
            yield chunk
    finally:
        closed = True
        while thread.is_alive():
            with contextlib.suppress(Empty):
                queue.get_nowait()  # it may be waiting for room
            thread.join(0.01)
