"""Inflating from places inside a deflated stream, and the places that this process knows.

Deflate has no random access of its own: what comes next depends on the 32 KiB before it. Two kinds of place can be
started from all the same. A piece that its writer made independent, see `seekable`, begins like a stream of its own.
In every other stream the decompressor itself, as it stood there once, is a place to go on from: a checkpoint, what
zlib's example zran.c calls an access point. Checkpoints are made on the way, while somebody reads; so each byte of a
film is inflated once however many steps it is played in, and going back costs no more than going on.

Nothing here knows archives, arrays or selections. zlib-ng and isal are used where they can be imported, and are never
needed: both inflate faster, but isal's decompressor cannot be copied.
"""

from __future__ import annotations

import bisect
import functools
import threading
import zlib
from collections import OrderedDict
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from typing import Any, Callable

    Key = tuple[str, Hashable, Hashable]  # owner, version, and which stream in it

__all__ = [
    "CHUNK_BYTES",
    "INPUT_BYTES",
    "START",
    "Checkpoint",
    "Checkpoints",
    "Section",
    "Sections",
    "checkpoints",
    "chunks",
    "crc32",
    "spacing",
    "whole_without_copies",
]

CHUNK_BYTES = 1 << 18  # inflated at a time: stays in the cache until it is put to its place
INPUT_BYTES = 1 << 16  # compressed bytes at a time; what a chunk leaves over is copied
PIECE_BYTES = 1 << 20  # of a piece, compressed and not: mostly all of it in one call, a tenth faster
NEAR_BYTES = 1 << 20  # before the end less is fed at a time: what is left over stays with the checkpoint
NEAR_INPUT_BYTES = 1 << 13

STATE_BYTES = 41 << 10  # of a decompressor: measured 39.2 KB with zlib's 32 KiB window
MAX_STATE_BYTES = 16 << 20  # of all checkpoints of this process
MAX_CHECKPOINTS = 96  # of one stream; above it those that lie closest to others go
SPACING_PARTS = 64  # a long pass leaves so many checkpoints behind
MIN_SPACING_BYTES = 1 << 20  # inflated in a few milliseconds
MIN_GAIN_BYTES = 1 << 16  # two checkpoints that are closer than this save nothing
MAX_STREAMS = 4096  # remembered at all

FINAL_BLOCK = b"\x03\x00"  # an empty last block


class Checkpoint(NamedTuple):
    """A place in a stream that inflating can start from."""

    at: int  # unpacked bytes before it
    packed: int  # compressed bytes before it
    crc: int  # CRC-32 of the unpacked bytes before it, or 0 where a piece begins
    inflater: Any = None  # the decompressor as it stood there, only ever copied; None: a new one


START = Checkpoint(0, 0, 0)


class Section(NamedTuple):
    """What can be inflated by itself: from a place that is known to the next."""

    begin: Checkpoint
    end: int  # unpacked bytes before its end
    packed_end: int  # compressed bytes to be used at most
    crc: int  # CRC-32 at its end, counted on from `begin`
    piece: bool = False  # its bytes are all between `begin.packed` and `packed_end`, and no others
    last: bool = True  # the stream ends here


class Sections(NamedTuple):
    """A stream cut where its checkpoints are."""

    known: Sequence[Checkpoint]  # in rising order, the first is the beginning
    size: int  # bytes, unpacked
    packed: int  # bytes, compressed
    crc: int  # of the unpacked bytes

    @property
    def begins(self) -> Sequence[int]:
        """Where each section begins, in unpacked bytes."""
        return [one.at for one in self.known]

    def section(self, number: int) -> Section:
        """One of them."""
        if number + 1 == len(self.known):
            return Section(self.known[number], self.size, self.packed, self.crc)
        after = self.known[number + 1]
        return Section(self.known[number], after.at, self.packed, after.crc, last=False)


@functools.lru_cache(None)
def _library(*, copies: bool) -> Any:  # noqa: ANN401 - a module
    """zlib, or what stands in for it; with `copies` its decompressors can be copied."""
    names = (("zlib_ng", "zlib_ng"),) if copies else (("isal", "isal_zlib"), ("zlib_ng", "zlib_ng"))
    for package, name in names:
        try:
            found = getattr(__import__(package, fromlist=[name]), name)
        except (ImportError, AttributeError, OSError):  # not there, or of another machine
            continue
        if not copies or hasattr(found.decompressobj(-15), "copy"):
            return found
    return zlib


def whole_without_copies() -> bool:
    """Whether a stream that is wanted whole is inflated faster where no checkpoints are made: isal alone is there."""
    return _library(copies=True) is zlib and _library(copies=False) is not zlib


def crc32(data: Any, before: int = 0) -> int:  # noqa: ANN401 - any buffer
    """CRC-32 of `data`, counted on from `before`."""
    found: int = _library(copies=False).crc32(data, before)
    return found


def chunks(
    read: Callable[[int, int], bytes], section: Section, end: int, every: int = 0, input_bytes: int = INPUT_BYTES
) -> Iterator[tuple[bytes, Checkpoint | None]]:
    """Inflate a section up to the unpacked byte `end`; a section that ends there is looked at one byte further.

    Parameters
    ----------
    read : callable
        ``read(offset, count)`` gives compressed bytes.
    section : Section
    end : int
        Unpacked bytes, at most the section's.
    every : int
        Unpacked bytes between checkpoints; 0 makes none.
    input_bytes : int
        Compressed bytes of a stream to read at a time.

    Yields
    ------
    bytes, Checkpoint or None
        Unpacked bytes, never none, and sometimes where they end, without CRC: at the latest at `end`.

    Raises
    ------
    ValueError
        A piece ends elsewhere than its record says.
    Exception
        The libraries' own, for damaged bytes.
    """
    begin = section.begin
    copies = bool(every) or begin.inflater is not None
    inflater = begin.inflater.copy() if begin.inflater is not None else _library(copies=copies).decompressobj(-15)
    at, packed, kept, data = begin.at, begin.packed, begin.at, b""
    whole = end == section.end and (section.last or section.piece)
    closing = section.piece and not section.last
    stop = end + 1 if whole else end
    chunk_bytes, input_bytes = (PIECE_BYTES, PIECE_BYTES) if section.piece else (CHUNK_BYTES, input_bytes)
    while at < stop and not inflater.eof:
        if not data and packed < section.packed_end:
            most = input_bytes if stop - at > NEAR_BYTES or not every else min(NEAR_INPUT_BYTES, input_bytes)
            data = read(packed, min(most, section.packed_end - packed))
            packed += len(data)
        ended = not data  # a decompressor may still hold output back
        if ended and closing:
            # A piece that ends where a block ends takes an empty last one, and nothing else does.
            data, closing = FINAL_BLOCK, False
        chunk = inflater.decompress(data, min(chunk_bytes, stop - at))
        data = inflater.unconsumed_tail
        if not chunk:
            if ended and not inflater.eof and not data and not closing:
                break
            continue
        at += len(chunk)
        place = None
        # What is left over would be kept with the checkpoint: rather wait for an end of input.
        due = at - kept >= every if not data else at - kept >= 2 * every
        if every and not inflater.eof and at < section.end and (due or at == stop):
            place, kept = Checkpoint(at, packed - len(data), 0, inflater.copy()), at
        yield chunk, place
    if whole and section.piece and (closing or not inflater.eof or inflater.unused_data or packed < section.packed_end):
        raise ValueError("a piece does not end where the archive says")


def spacing(size: int) -> int:
    """Unpacked bytes between the checkpoints of a pass through a stream of `size` bytes."""
    return max(MIN_SPACING_BYTES, size // SPACING_PARTS)


class _Stream:
    """What is known of one stream."""

    def __init__(self) -> None:
        self.known: list[Checkpoint] = [START]
        self.newest: Checkpoint = START
        self.damage = ""

    def thin(self) -> Checkpoint | None:
        """Forget the checkpoint that lies closest to its neighbours; the newest is where reading goes on."""
        places = [*(one.at for one in self.known), 1 << 62]
        numbers = [i for i in range(1, len(self.known)) if self.known[i] is not self.newest]
        return self.known.pop(min(numbers, key=lambda i: places[i + 1] - places[i - 1])) if numbers else None


class Checkpoints:
    """The checkpoints of many streams, within a bound for all of them.

    A stream is named by everything that its compressed bytes depend on, so that another content has another name:
    the owner, such as a file's path, its version, and where in it the stream lies.
    """

    def __init__(self, most: int = MAX_STATE_BYTES) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._streams: OrderedDict[Key, _Stream] = OrderedDict()
        self.nbytes = 0  # held by all decompressors

    def of(self, key: Key) -> tuple[Checkpoint, ...]:
        """Those of one stream, in rising order, from its beginning on."""
        with self._lock:
            stream = self._streams.get(key)
            if stream is None:
                return (START,)
            self._streams.move_to_end(key)
            return tuple(stream.known)

    def keep(self, key: Key, place: Checkpoint) -> None:
        """Remember one more, for as long as there is room."""
        with self._lock:
            stream = self._stream(key)
            number = bisect.bisect_left([one.at for one in stream.known], place.at)
            if number < len(stream.known) and stream.known[number].at == place.at:
                stream.newest = stream.known[number]
                return
            stream.known.insert(number, place)
            self.nbytes += _state_bytes(place)
            before, stream.newest = stream.newest, place
            at = stream.known.index(before)
            if at and before.at - stream.known[at - 1].at < MIN_GAIN_BYTES:
                self.nbytes -= _state_bytes(stream.known.pop(at))
            if len(stream.known) > MAX_CHECKPOINTS:
                self.nbytes -= _state_bytes(stream.thin())
            while self.nbytes > self._most:
                thinned = max(self._streams.values(), key=lambda stream: len(stream.known)).thin()
                if thinned is not None:
                    self.nbytes -= _state_bytes(thinned)
                else:  # none has more than one
                    self._drop(next(key for key, stream in self._streams.items() if len(stream.known) > 1))

    def _stream(self, key: Key) -> _Stream:
        if key not in self._streams:
            owner, version, _ = key
            for other in [k for k in self._streams if k[0] == owner and k[1] != version]:
                self._drop(other)
            self._streams[key] = _Stream()
            while len(self._streams) > MAX_STREAMS:
                self._drop(next(iter(self._streams)))
        self._streams.move_to_end(key)
        return self._streams[key]

    def _drop(self, key: Key) -> None:
        self.nbytes -= sum(map(_state_bytes, self._streams.pop(key).known))

    def condemn(self, key: Key, line: str) -> None:
        """Remember that the stream was found damaged when it was read to its end."""
        with self._lock:
            self._stream(key).damage = line

    def damage(self, key: Key) -> str:
        """The line of `condemn`, else empty."""
        with self._lock:
            stream = self._streams.get(key)
            return stream.damage if stream is not None else ""

    def forget(self, owner: str) -> None:
        """Forget all streams of one owner."""
        with self._lock:
            for key in [k for k in self._streams if k[0] == owner]:
                self._drop(key)


def _state_bytes(place: Checkpoint | None) -> int:
    if place is None or place.inflater is None:
        return 0
    return STATE_BYTES + len(place.inflater.unconsumed_tail)


checkpoints = Checkpoints()  # of this process
