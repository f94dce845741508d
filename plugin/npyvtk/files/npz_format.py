"""The format ``.npz``: a zip archive of named arrays. What is here, `formats` explains."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..errors import FormatError, NumPyIOError, UnsupportedError
from . import npy_header, zip_directory, zip_read
from .file_store import FileStore, Stored
from .source import printable
from .store import NoArrayError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from .npy import FileLayout, Outgoing
    from .source import InputFile
    from .store import Progress, Store

__all__ = ["EXTENSION", "HOLDS_ONE", "compresses", "open_file", "recognises", "stored_layout", "write"]

EXTENSION = ".npz"
HOLDS_ONE = False


def recognises(head: bytes, file: InputFile) -> bool:
    """See `formats.Format`."""
    return head.startswith((b"PK\x03\x04", b"PK\x05\x06")) or _has_prefixed_archive(file, head)


def open_file(file: InputFile, head: bytes, name: str | None) -> Store:
    """See `formats.Format`."""
    del head, name
    members, refused = zip_directory.read_directory(file)
    stored: dict[str, Stored] = {}
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
        if key in stored:
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
            del stored[key]
        stored[key] = one
    problems += refused
    skipped.update((name, str(error)) for name, error in problems)
    if not stored:
        if not problems:
            raise UnsupportedError(f"{file.name}: the archive holds no arrays. Save some with numpy.savez.")
        cause = next((one for _name, one in problems if isinstance(one, FormatError)), problems[0][1])
        if isinstance(cause, NoArrayError):
            cause = UnsupportedError(f"{file.name}: holds no arrays: {str(cause)[len(file.name) + 2 :]}")
        more = f" (and {len(problems) - 1} more members that cannot be read)" if len(problems) > 1 else ""
        raise type(cause)(f"{cause}{more}")
    damaged = tuple(name for name, error in problems if isinstance(error, FormatError))
    return FileStore(file, stored, skipped, damaged)


def _open_member(file: InputFile, member: zip_directory.ZipMember) -> Stored:
    where = f"{file.name}: member {printable(member.name)!r}"
    begin = zip_read.head(file, member, npy_header.HEAD_BYTES)
    if not begin.startswith(npy_header.MAGIC):
        raise NoArrayError(f"{where} is no .npy array (it starts with {begin[:6]!r}) and is left out.")
    header = npy_header.read_header(begin, partial(zip_read.head, file, member), member.size, where)
    before = member.start + (header.size if member.method == zip_directory.STORED else 0)
    return Stored(header, member, file.read(member.local, before - member.local))


def _has_prefixed_archive(file: InputFile, head: bytes) -> bool:
    """Whether a zip archive was put behind something else, as self-extracting ones are."""
    if not head.startswith((b"MZ", b"#!", b"\x7fELF")):
        return False
    try:
        zip_directory.read_directory(file)
    except NumPyIOError:
        return False
    return True


def compresses(level: int) -> bool:
    """See `formats.Format`."""
    return level > 0


def stored_layout(arrays: Sequence[Outgoing]) -> FileLayout:
    """See `formats.Format`."""
    from . import zip_write  # here, as below: no start waits for what only saving needs

    return zip_write.stored_layout(arrays)


def write(file: IO[bytes], arrays: Sequence[Outgoing], level: int = 0, progress: Progress | None = None) -> None:
    """See `formats.Format`."""
    from . import zip_write

    zip_write.write(file, arrays, level, progress)
