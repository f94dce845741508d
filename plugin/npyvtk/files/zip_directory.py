"""The members of a zip archive, read strictly from its central directory.

Only what the directory and the members' own headers agree on is taken; what overlaps, is cut short or contradicts
itself is refused before anything is unpacked.
This module knows nothing of arrays.
"""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING, NamedTuple

from ..errors import FormatError, NumPyIOError, UnsupportedError
from . import seekable
from .source import printable

if TYPE_CHECKING:
    from .source import InputFile

__all__ = [
    "BZIP2",
    "DEFLATED",
    "END",
    "END64",
    "ENTRY",
    "LOCAL",
    "LOCATOR",
    "METHODS",
    "STORED",
    "ZIP64",
    "ZipMember",
    "damaged",
    "read_directory",
]

STORED, DEFLATED, BZIP2, LZMA = 0, 8, 12, 14
METHODS = {
    1: "shrink",
    **dict.fromkeys((2, 3, 4, 5), "reduce"),
    6: "implode",
    9: "deflate64",
    10: "PKWARE implode",
    BZIP2: "bzip2",
    LZMA: "lzma",
    16: "IBM z/OS CMPSC",
    18: "IBM TERSE",
    19: "IBM LZ77",
    20: "zstd (old)",
    93: "zstd",
    94: "mp3",
    95: "xz",
    96: "jpeg",
    97: "WavPack",
    98: "PPMd",
    99: "AES encryption",
}
# The most bytes that one compressed byte can stand for. Deflate: a match of 258 bytes takes two bits.
# bzip2 and lzma have no such small bound; this one is far above what an array reaches in practice.
MAX_EXPANSION = {STORED: 1, DEFLATED: 1032, BZIP2: 1 << 20, LZMA: 1 << 20}
MAX_MEMBERS = 131_072  # each takes about a kilobyte of memory
MAX_DIRECTORY_BYTES = 32 << 20  # of the table of contents: 250 for each of so many members
USUAL_EXTRA_BYTES = 128  # of a local header, so that one read usually gets all of it
END_SEARCH_BYTES = 22 + 0xFFFF  # the end record and the longest comment, as Info-ZIP searches

ZIP64 = 0xFFFFFFFF  # in a 32-bit field: the 64-bit one counts

END = struct.Struct("<4s4H2LH")
LOCATOR = struct.Struct("<4sLQL")
END64 = struct.Struct("<4sQ2H2L4Q")
ENTRY = struct.Struct("<4s6H3L5H2L")
LOCAL = struct.Struct("<4s5H3L2H")


class ZipMember(NamedTuple):
    """One member whose bytes are where the directory says."""

    name: str  # as in the archive
    method: int
    local: int  # byte offset of the local header in the file
    start: int  # byte offset of the member's first (compressed) byte
    packed: int  # bytes in the file
    size: int  # bytes when unpacked
    crc: int  # CRC-32 of the unpacked bytes
    record: bytes = b""  # data of the extra field of `seekable`, unchecked


def damaged(where: str, what: str) -> FormatError:
    """The one line for bytes that are not what the format says."""
    return FormatError(f"{where}: damaged: {what}. Save it again with numpy.savez.")


def read_directory(file: InputFile) -> tuple[list[ZipMember], list[tuple[str, NumPyIOError]]]:
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
        raise UnsupportedError(
            f"{file.name}: too large: the archive says it has {count} members and a table of"
            f" contents of {size} bytes; at most {MAX_MEMBERS} and {MAX_DIRECTORY_BYTES} are read."
            " Split it."
        )
    directory = file.read(offset, size)
    members: list[ZipMember] = []
    refused: list[tuple[str, NumPyIOError]] = []
    extents: list[tuple[int, int, str]] = []
    at = 0
    while at < size:
        if len(extents) >= MAX_MEMBERS:
            raise UnsupportedError(
                f"{file.name}: too large: the archive has more than {MAX_MEMBERS} members. Split it."
            )
        entry, raw_name, flags, at = _entry(file.name, directory, at)
        member, problem = _located(file, entry, raw_name, flags, offset, shift)
        extents.append((member.local, member.start + member.packed, member.name))
        if problem is None:
            members.append(member)
        else:
            refused.append((member.name, problem))
    if len(extents) & 0xFFFF != count & 0xFFFF:  # old writers count modulo 65536
        raise damaged(file.name, f"the archive says it has {count} members, its table of contents lists {len(extents)}")
    extents.sort()
    for (_, end, name), (begin, _, other) in zip(extents, extents[1:]):
        if begin < end:
            both = f"members {printable(name)!r} and {printable(other)!r} of the archive"
            raise damaged(file.name, f"{both} overlap, so one of them is not what it says")
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
        if len(tail) - at >= END.size:
            try:
                return _check_end(file, tail_at + at, END.unpack_from(tail, at))
            except NumPyIOError as error:
                problem = problem or error
        at = tail.rfind(b"PK\x05\x06", 0, at + 3)
    if problem is not None:
        raise problem
    raise FormatError(
        f"{file.name}: cut short, or still being written: the zip archive has no table of contents"
        f" at its end ({file.size} bytes are there). Copy or save it again."
    )


def _check_end(file: InputFile, end_at: int, end: tuple[int, ...]) -> tuple[int, int, int, int]:
    _, disk, directory_disk, _, count, size, offset, _ = end
    directory_end = end_at
    locator = file.read(end_at - LOCATOR.size, LOCATOR.size) if end_at >= LOCATOR.size else b""
    if locator[:4] == b"PK\x06\x07":
        _, disk, at, _ = LOCATOR.unpack(locator)
        record = _end64(file, at, end_at - LOCATOR.size)
        directory_end, (_, _, _, _, disk, directory_disk, _, count, size, offset) = record
    if disk or directory_disk:
        raise UnsupportedError(
            f"{file.name}: this is one part of an archive that was split over several files. Join the parts first."
        )
    begin = directory_end - size
    if begin < offset:
        should = f"the archive's table of contents should be {size} bytes at byte {offset}"
        raise damaged(file.name, f"{should}, but it ends at byte {directory_end}")
    if size and file.read(begin, 4) != b"PK\x01\x02":
        raise damaged(file.name, f"the archive's table of contents is not where its end says (byte {begin})")
    return begin, size, count, begin - offset


def _end64(file: InputFile, at: int, locator_at: int) -> tuple[int, tuple[int, ...]]:
    """Where the zip64 end record lies, and its fields."""
    for place in (at, locator_at - END64.size):  # the second where a prefix has shifted everything
        if 0 <= place <= locator_at - END64.size:
            record = file.read(place, END64.size)
            if record[:4] == b"PK\x06\x06":
                return place, END64.unpack(record)
    raise damaged(file.name, "the archive's 64-bit end record is missing")


def _entry(archive: str, directory: bytes, at: int) -> tuple[ZipMember, bytes, int, int]:
    """The member that the directory has at a byte, its name as it stands there, its flags, and the entry's end."""
    if len(directory) - at < ENTRY.size or directory[at : at + 4] != b"PK\x01\x02":
        raise damaged(archive, f"the archive's table of contents has no entry at its byte {at}")
    (_, _, _, flags, method, _, _, crc, packed, size, name_size, extra_size, comment_size, _, _, _, local) = (
        ENTRY.unpack_from(directory, at)
    )
    at += ENTRY.size
    end = at + name_size + extra_size + comment_size
    if end > len(directory):
        raise damaged(archive, "the archive's table of contents ends in the middle of an entry")
    raw_name, extra = directory[at : at + name_size], directory[at + name_size : at + name_size + extra_size]
    name = _decoded(raw_name, flags, extra)
    wide = _extra_field(extra, 1)
    wanted = [value == ZIP64 for value in (size, packed, local)]
    if any(wanted):
        if len(wide) < 8 * sum(wanted):
            raise damaged(f"{archive}: member {printable(name)!r}", "it should have 64-bit sizes, but they are missing")
        values = iter(struct.unpack_from(f"<{sum(wanted)}Q", wide))
        size, packed, local = (next(values) if w else v for w, v in zip(wanted, (size, packed, local)))
    record = _extra_field(extra, seekable.HEADER_ID) if method == DEFLATED else b""
    return ZipMember(name, method, local, -1, packed, size, crc, record), raw_name, flags, end


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
            return extra[at + 4 : at + 4 + size]
        at += 4 + size
    return b""


def _located(
    file: InputFile, entry: ZipMember, raw_name: bytes, flags: int, directory_at: int, shift: int
) -> tuple[ZipMember, NumPyIOError | None]:
    """The member at its place, where its own header says the same, and what stands in the way of reading it."""
    where = f"{file.name}: member {printable(entry.name)!r}"
    local = entry.local + shift
    found = file.read(local, LOCAL.size + len(raw_name) + USUAL_EXTRA_BYTES)
    if local + LOCAL.size > directory_at or found[:4] != b"PK\x03\x04":
        raise damaged(where, f"it should begin at byte {local} of the archive, but does not")
    _, _, own_flags, method, _, _, _, packed, size, name_size, extra_size = LOCAL.unpack_from(found)
    start = local + LOCAL.size + name_size + extra_size
    if start + entry.packed > directory_at:
        should = f"it should have {entry.packed} bytes from byte {start} on"
        raise damaged(
            where, f"{should}, but they would run into the archive's table of contents at byte {directory_at}"
        )
    if len(found) < start - local:
        found = file.read(local, start - local)
    variable = found[LOCAL.size : start - local]
    if variable[:name_size] != raw_name or method != entry.method:
        raise damaged(
            where, "the archive's table of contents and the member itself disagree about its name or compression"
        )
    if not own_flags & 8:  # else the sizes follow the data
        wide = iter(struct.iter_unpack("<Q", _extra_field(variable[name_size:], 1)[:16].ljust(16, b"\xff")))
        size, packed = (next(wide)[0] if value == ZIP64 else value for value in (size, packed))
        if (size, packed) not in ((entry.size, entry.packed), (0, 0)):
            says = f"the archive's table of contents says {entry.size} bytes ({entry.packed} compressed)"
            raise damaged(where, f"{says}, the member itself {size} ({packed})")
    return entry._replace(local=local, start=start), _problem(where, entry, flags)


def _problem(where: str, member: ZipMember, flags: int) -> NumPyIOError | None:
    if flags & 0x2041 or member.method == 99:
        return UnsupportedError(f"{where} is encrypted. Decrypt the archive first, e.g. with 7-Zip.")
    if member.method not in MAX_EXPANSION:
        method = METHODS.get(member.method, f"method {member.method}")
        return UnsupportedError(
            f"{where} is compressed with {method}; stored, deflate, bzip2 and lzma are known."
            " Save it again with numpy.savez_compressed."
        )
    if member.method == STORED and member.size != member.packed:
        return damaged(where, f"it is stored in {member.packed} bytes, but should be {member.size} bytes long")
    if member.size > member.packed * MAX_EXPANSION[member.method]:
        should = f"it should unpack to {member.size} bytes"
        return damaged(where, f"{should}, but {member.packed} compressed bytes cannot hold so many")
    return None
