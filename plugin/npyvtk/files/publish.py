"""A file is published whole or not at all: written beside its target, then put in its place.

Until the last byte is written, the old file stands untouched; `os.replace` then swaps it in one step,
so whoever opens the name finds the old file or the new one. That holds for exceptions, a full disk and
``kill -9`` at any moment. It is not promised for a power failure: nothing is forced to the disk
(``fsync``), which would make saving as slow as the disk is.

What a killed process left, the next save of that file on the same machine removes. Whether its owner lives is told by a
lock on the file, which the system gives up with the process: numbers of processes are used again, and two containers
have the same.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import secrets
import socket
import stat
import time
import zlib
from typing import TYPE_CHECKING

from ..errors import FileError, NumPyIOError, limit_of_memory
from .source import explain_os_error, printable

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

__all__ = ["atomic_output", "naming_path"]

MAX_NAME_BYTES = 255  # of most file systems; the temporary name must fit where the target's does
UNTOUCHED_SECONDS = 60  # after which a closed file is about to be published by nobody


@contextlib.contextmanager
def atomic_output(path: str | os.PathLike[str], *, scratch: bool = False) -> Iterator[IO[bytes]]:
    """Give a binary file (``w+b``) that becomes `path` when the block ends well, and vanishes otherwise.

    The file is written in the target's folder. An existing target keeps its permissions and, where the
    system allows it, its owner; a symbolic link stays, what it leads to is replaced; other hard links to
    the old file keep the old content. Temporary files that dead processes of this machine have left for
    the same target are removed.

    Parameters
    ----------
    scratch : bool
        The file is for work on the way to `path`, and vanishes in any case.

    Raises
    ------
    FileError
        The folder is missing or read-only, the target is a folder, write-protected or in use, the
        name is too long, the disk is full.
    """
    path = os.fspath(path)
    try:
        target = os.path.realpath(path)
        mode = _writable_mode(path, target)
        _remove_stale(target)
        temporary, descriptor = _create(target)
    except (OSError, ValueError) as error:
        raise _explained(path, error) from None
    # Closing the file would end the lock before it is published; Windows publishes no file that is open.
    lock = None if fcntl is None else os.dup(descriptor)
    try:
        # Opened by name, so that `file.name` tells other processes where to write.
        with open(temporary, "w+b", opener=lambda *_: descriptor) as file:
            yield file
        if scratch:
            os.unlink(temporary)
            return
        if mode is not None:
            _take_over(target, temporary, mode)
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        if isinstance(error, OSError) and not isinstance(error, NumPyIOError):
            raise _explained(path, error) from None
        raise
    finally:
        if lock is not None:
            os.close(lock)


def _explained(path: str, error: OSError | ValueError) -> FileError:
    name = printable(path)
    if isinstance(error, FileNotFoundError):
        folder = printable(os.path.dirname(path) or ".")
        return FileError(f"{name}: the folder {folder} does not exist. Create it, or choose another.")
    if isinstance(error, IsADirectoryError):
        return FileError(f"{name}: this is a folder. Choose the name of a file.")
    if isinstance(error, PermissionError):
        return FileError(
            f"{name}: permission denied: the file is write-protected or in use, or its folder is"
            " read-only. Choose another folder."
        )
    return explain_os_error(path, error)


def _writable_mode(path: str, target: str) -> int | None:
    """Permissions of the target, None where there is none yet; an exception where it must stay."""
    try:
        found = os.stat(target)
    except FileNotFoundError:
        if path.endswith(("/", os.sep)):
            raise IsADirectoryError(errno.EISDIR, "") from None
        return None
    if stat.S_ISDIR(found.st_mode):
        raise IsADirectoryError(errno.EISDIR, "")
    if not stat.S_ISREG(found.st_mode):
        raise FileError(f"{printable(path)}: this is a device, pipe or socket. Choose the name of a file.")
    # The folder's permission is enough to replace a file, but who protected it did not want that.
    if not os.access(target, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise PermissionError(errno.EACCES, "")
    return stat.S_IMODE(found.st_mode)


def _machine() -> str:
    """A few letters for this machine: of others that share the folder the locks may not be seen."""
    return f"{zlib.crc32(socket.gethostname().encode('utf-8', 'replace')):08x}"


def _prefix(target: str) -> str:
    """The beginning of the temporary names for `target`, cut to leave room for the rest."""
    name, room = os.path.basename(target), MAX_NAME_BYTES - 2 - len(_suffix())
    while len(os.fsencode(name)) > room:
        name = name[:-1]
    return f".{name}."


def _suffix() -> str:
    return f"{_machine()}-{os.getpid():010d}-{secrets.token_hex(4)}.part"


def _create(target: str) -> tuple[str, int]:
    folder, prefix = os.path.dirname(target), _prefix(target)
    if len(os.fsencode(os.path.basename(target))) > MAX_NAME_BYTES:
        raise OSError(errno.ENAMETOOLONG, "")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    while True:
        temporary = os.path.join(folder, prefix + _suffix())
        try:
            descriptor = os.open(temporary, flags, 0o666)  # less the user's mask
        except FileExistsError:
            continue
        if fcntl is not None:
            with contextlib.suppress(OSError):  # a file system without locks: then the file is left alone
                fcntl.flock(descriptor, fcntl.LOCK_EX)
        if os.path.exists(temporary):  # else another save took it for one that nobody held, before it was locked
            return temporary, descriptor
        os.close(descriptor)


def _take_over(target: str, temporary: str, mode: int) -> None:
    with contextlib.suppress(OSError, AttributeError):  # only root may give files away; Windows has no owner
        found = os.stat(target)
        if (found.st_uid, found.st_gid) != (os.geteuid(), os.getegid()):
            os.chown(temporary, found.st_uid, found.st_gid)
    with contextlib.suppress(OSError):
        os.chmod(temporary, mode)


def _remove_stale(target: str) -> None:
    """Remove what killed processes of this machine left for this target."""
    folder = os.path.dirname(target)
    pattern = re.compile(re.escape(_prefix(target)) + re.escape(_machine()) + r"-\d{10}-[0-9a-f]{8}\.part")
    try:
        names = os.listdir(folder)
    except OSError:  # one may write into a folder that one may not list; what is missing is found later
        return
    for name in filter(pattern.fullmatch, names):
        with contextlib.suppress(OSError):
            _remove_unless_held(os.path.join(folder, name))


def _remove_unless_held(path: str) -> None:
    """Remove a temporary file that no process holds; an OSError where one does, or that cannot be told."""
    if fcntl is None:
        # Windows removes no file that is open; it is closed for a moment only before it is published.
        if time.time() - os.stat(path).st_mtime > UNTOUCHED_SECONDS:
            os.unlink(path)
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(path)  # as long as its own lock keeps a new owner waiting
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def naming_path(path: str | os.PathLike[str]) -> Iterator[None]:
    """Open every message with the place, that of exhausted memory as well."""
    place = printable(os.fspath(path))
    try:
        yield
    except (NumPyIOError, MemoryError) as caught:
        error = limit_of_memory(caught)
        if str(error).startswith(place) or not str(error):
            raise
        raise type(error)(f"{place}: {error}") from None
