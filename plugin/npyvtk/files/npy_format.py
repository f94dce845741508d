"""The format ``.npy``: one array. What is here, `formats` explains."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from . import npy_header, zip_directory
from .file_store import FileStore, Stored

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from .npy import FileLayout, Outgoing
    from .source import InputFile
    from .store import Progress, Store

__all__ = ["EXTENSION", "HOLDS_ONE", "compresses", "open_file", "recognises", "stored_layout", "write"]

EXTENSION = ".npy"
HOLDS_ONE = True


def recognises(head: bytes, file: InputFile) -> bool:
    """See `formats.Format`."""
    del file
    return head.startswith(npy_header.MAGIC)


def open_file(file: InputFile, head: bytes, name: str | None) -> Store:
    """See `formats.Format`."""
    if name is None:
        name = os.path.basename(file.path)
        name = name[:-4] if name.lower().endswith((".npy", ".npz")) else name
        name = name.encode("utf-8", "replace").decode()  # VTK takes no other text
    member = zip_directory.ZipMember(name, zip_directory.STORED, 0, 0, file.size, file.size, -1)
    header = npy_header.read_header(head, partial(file.read, 0), file.size, file.name)
    fingerprint = head[: header.size] if header.size <= len(head) else file.read(0, header.size)
    return FileStore(file, {name: Stored(header, member, fingerprint)}, {}, single=True)


def compresses(level: int) -> bool:
    """See `formats.Format`."""
    del level
    return False


def stored_layout(arrays: Sequence[Outgoing]) -> FileLayout:
    """See `formats.Format`."""
    from .npy import FileLayout, header_bytes  # here, as below: no start waits for what only saving needs

    header = header_bytes(arrays[0])
    return FileLayout(((len(header), arrays[0].nbytes),), (header,), lambda _crcs: [(0, header)])


def write(file: IO[bytes], arrays: Sequence[Outgoing], level: int = 0, progress: Progress | None = None) -> None:
    """See `formats.Format`."""
    from .npy import buffers, header_bytes, put

    del level
    file.write(header_bytes(arrays[0]))
    for data in buffers(arrays[0], progress=progress):
        put(file, data)
