"""Deflated members of independent pieces, and the record of them in the archive's directory.

A member that is written here is cut into pieces of equal length. Each is deflated by itself, with no dictionary from
the one before, and ends with a full flush: at a byte, after an empty stored block. One after the other they are one
ordinary deflate stream, so every program inflates the member as usual. One that knows the record inflates any piece
alone.

The record is an extra field in the member's entry of the central directory, and only there. All numbers are
little-endian:

======  =====  =========================================================================
offset  bytes  meaning
======  =====  =========================================================================
0       2      header id 0x504E, the letters ``NP``
2       2      n, the bytes that follow
4       4      the letters ``PCS1``
8       4      unpacked bytes of each piece; the last may be shorter
12      8 k    for each of the k pieces: its packed bytes (4), CRC-32 of its unpacked bytes (4)
======  =====  =========================================================================

k is the member's size divided by that of a piece, rounded up, and at least 2; the packed bytes sum to the member's,
the CRCs combine to the member's. A record that does not fit the entry in all of this is not used: the field of another
program, or one that was kept when the member was compressed anew. So is one whose pieces are smaller than deflate's
window or larger than `MAX_PIECE_BYTES`.

Pieces have 512 KiB: a plane of a volume takes one or two of them. They cost about 1 % of the size at most, unless the
member shrinks a thousandfold. A field holds at most 64 KiB, so a member above 4 GiB has pieces twice as long, and so
on.
"""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, NamedTuple

from .crc32 import crc32_combine
from .inflate import Checkpoint, Section

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["HEADER_ID", "MAX_PIECE_BYTES", "PIECE_BYTES", "Pieces", "parse_record", "piece_bytes", "record"]

HEADER_ID = 0x504E
PIECE_BYTES = 1 << 19
MIN_PIECE_BYTES = 1 << 15  # deflate's window
MAX_PIECE_BYTES = 1 << 26
MAX_PIECES = (0xFFFF - 4 - 8 - 64) // 8  # that one field holds, with room for other extra fields
MAX_EXPANSION = 1032  # bytes that one byte of deflate can stand for: a match of 258 takes two bits

_HEAD = struct.Struct("<4sL")
_SIGNATURE = b"PCS1"


class Pieces(NamedTuple):
    """Where the pieces of a member are."""

    piece_bytes: int
    size: int  # bytes of the member, unpacked
    places: Sequence[int]  # packed bytes before each piece, and before the end
    crcs: Sequence[int]

    @property
    def begins(self) -> range:
        """Where each begins, in unpacked bytes."""
        return range(0, self.size, self.piece_bytes)

    def section(self, number: int) -> Section:
        """One of them."""
        begin = number * self.piece_bytes
        return Section(
            Checkpoint(begin, self.places[number], 0),
            min(begin + self.piece_bytes, self.size),
            self.places[number + 1],
            self.crcs[number],
            piece=True,
            last=number + 1 == len(self.crcs),
        )


def piece_bytes(size: int) -> int:
    """How long the pieces of a member of `size` bytes are; 0 where it has none that can be recorded."""
    length = PIECE_BYTES
    while -(-size // length) > MAX_PIECES:
        length *= 2
    return length if length <= MAX_PIECE_BYTES else 0


def record(length: int, pieces: Sequence[tuple[int, int]]) -> bytes:
    """The extra field that lists pieces; empty for one piece.

    Parameters
    ----------
    length : int
        Unpacked bytes of each piece but the last, which may be shorter.
    pieces : sequence of (int, int)
        Packed bytes and CRC-32 of the unpacked bytes of each.
    """
    if len(pieces) < 2:
        return b""
    data = _HEAD.pack(_SIGNATURE, length) + b"".join(struct.pack("<2L", *one) for one in pieces)
    return struct.pack("<2H", HEADER_ID, len(data)) + data


def parse_record(data: bytes, size: int, packed: int, crc: int) -> Pieces | None:
    """The mirror of `record`: the pieces that its data (behind id and length) lists, None where that does not fit.

    Parameters
    ----------
    data : bytes
    size, packed : int
        Bytes of the member, unpacked and packed.
    crc : int
        CRC-32 of its unpacked bytes.
    """
    if len(data) < _HEAD.size or not data.startswith(_SIGNATURE):
        return None
    _, length = _HEAD.unpack_from(data)
    if not MIN_PIECE_BYTES <= length <= MAX_PIECE_BYTES:
        return None
    count = -(-size // length)
    if count < 2 or len(data) != _HEAD.size + 8 * count:
        return None
    listed, crcs = zip(*struct.iter_unpack("<2L", data[_HEAD.size :]))
    lengths = [length] * (count - 1) + [size - length * (count - 1)]
    places = [0, *itertools.accumulate(listed)]
    too_small = any(unpacked > MAX_EXPANSION * one for one, unpacked in zip(listed, lengths))
    if too_small or places[-1] != packed or crc32_combine(zip(crcs, lengths)) != crc:
        return None
    return Pieces(length, size, places, crcs)
