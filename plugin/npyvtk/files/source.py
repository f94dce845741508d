"""All bytes that this package reads pass through here: positional reads of one open file.

The module knows descriptors, short reads and the system's errors; it knows no format.
Reads carry their own offset, so that several threads can share one file.
Nothing is mapped: a mapped file that another program shortens kills the process.
"""

from __future__ import annotations

import errno
import os
import stat as stat_module
import threading

from ..errors import FileError, FormatError

__all__ = ["InputFile", "explain_os_error", "printable"]

# One system call moves at most about 2 GiB on Linux, and some network file systems dislike even that.
MAX_CALL_BYTES = 1 << 30

_REASONS = {
    errno.ENOENT: "there is no such file. Check the name, or whether it was moved or deleted.",
    errno.ENOTDIR: "a part of the path is a file, not a folder. Check the name.",
    errno.EACCES: "permission denied. Ask the owner of the file or folder for access.",
    errno.EPERM: "the system does not permit it. Ask the owner of the file or folder for access.",
    errno.EISDIR: "this is a folder, not a file. Choose a .npy or .npz file in it.",
    errno.ENAMETOOLONG: "the name is longer than the file system allows. Choose a shorter one.",
    errno.ELOOP: "the symbolic link leads back to itself. Repair the link.",
    errno.ENOSPC: "the disk is full. Free some space, or choose another disk.",
    errno.EROFS: "the file system is read-only. Choose another folder.",
    errno.EFBIG: "the file would be larger than the system allows here. Choose another disk, or raise the limit.",
    errno.EMFILE: "this process has too many open files. Close some, or raise the limit (ulimit -n).",
    errno.ENFILE: "the system has too many open files. Close some programs.",
    errno.EIO: "the disk or network reports an input/output error. Try again, then check the disk.",
    errno.ESTALE: "the file vanished from its network server. Open it again.",
    errno.ETXTBSY: "the file is in use by a running program.",
}
if hasattr(errno, "EDQUOT"):
    _REASONS[errno.EDQUOT] = "your disk quota is used up. Free some space, or choose another disk."


def explain_os_error(path: str, error: OSError | ValueError) -> FileError:
    """The one line for a failure of the system; `error` is a ValueError for a NUL in the name."""
    if isinstance(error, FileError):
        return error
    if isinstance(error, OSError):
        reason = _REASONS.get(error.errno or 0) or f"{error.strerror or error}."
    else:
        reason = "the name holds characters that no file name can hold. Choose another name."
    return FileError(f"{printable(path)}: {reason}")


def printable(text: object) -> str:
    """`text` on one line: control characters and unpaired surrogates would spoil a message."""
    line = str(text)
    if line.isprintable():
        return line
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in line)


class InputFile:
    """One file open for positional reads.

    Attributes
    ----------
    path : str
        As given by the caller.
    name : str
        The same, fit for a one-line message.
    size : int
        Bytes, when the file was opened.
    stat : tuple of int
        Size in bytes, modification time in ns and inode, when the file was opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)
        self.name = printable(self.path)
        flags = os.O_RDONLY
        for name in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK"):  # a FIFO opened plainly waits for ever
            flags |= getattr(os, name, 0)
        self._fd = -1
        try:
            if os.path.isdir(self.path):  # os.open says "permission denied" for these on Windows
                raise IsADirectoryError(errno.EISDIR, "")
            self._fd = os.open(self.path, flags)
            found = os.fstat(self._fd)
        except (OSError, ValueError) as error:
            self.close()
            raise explain_os_error(self.path, error) from None
        if not stat_module.S_ISREG(found.st_mode):
            self.close()
            raise FileError(
                f"{self.name}: this is a device, pipe or socket, not a regular file."
                " Copy its content into a file first."
            )
        self.size = found.st_size
        self.stat = (found.st_size, found.st_mtime_ns, found.st_ino)
        self.lock = threading.Lock()  # for systems without positional reads

    def restat(self) -> tuple[int, int, int]:
        """Size, modification time in ns and inode of the open file as it is now."""
        try:
            found = os.fstat(self._fd)
        except OSError as error:
            raise explain_os_error(self.path, error) from None
        return (found.st_size, found.st_mtime_ns, found.st_ino)

    def read_into(self, buffer: memoryview, offset: int) -> None:
        """Fill `buffer` (writable bytes, contiguous) with the file's bytes from `offset` on.

        Safe to call from several threads at once.

        Raises
        ------
        FormatError
            The file ends before the buffer is full: it was cut short since it was opened.
        FileError
            The system refuses.
        """
        done, wanted = 0, len(buffer)
        while done < wanted:
            part = buffer[done : done + MAX_CALL_BYTES]
            try:
                count = _read_at(self, part, offset + done)
            except InterruptedError:
                continue
            except (OSError, ValueError) as error:
                raise explain_os_error(self.path, error) from None
            if count == 0:
                raise FormatError(
                    f"{self.name}: cut short meanwhile: the file ends at byte {offset + done}, while"
                    f" {wanted - done} more bytes were expected (it had {self.size} when it was opened)."
                    " Wait until it is written, then reload it."
                )
            done += count

    def read(self, offset: int, count: int) -> bytes:
        """At most `count` bytes from `offset` on; fewer where the file ends."""
        count = max(0, min(count, self.size - offset))
        buffer = bytearray(count)
        self.read_into(memoryview(buffer), offset)
        return bytes(buffer)

    def fileno(self) -> int:
        """The descriptor, as other files give it."""
        return self._fd

    def close(self) -> None:
        """Close the file; closing it twice is no error."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def _preadv(file: InputFile, buffer: memoryview, offset: int) -> int:
    return os.preadv(file.fileno(), [buffer], offset)


def _seek_and_read(file: InputFile, buffer: memoryview, offset: int) -> int:
    # Windows has no positional read in Python: the offset is shared, hence the lock.
    with file.lock:
        os.lseek(file.fileno(), offset, os.SEEK_SET)
        data = os.read(file.fileno(), min(len(buffer), 1 << 22))
    buffer[: len(data)] = data
    return len(data)


# Tests replace this name to count, shorten, interrupt or fail the reads.
_read_at = _preadv if hasattr(os, "preadv") else _seek_and_read
