"""The formats that files of arrays have: each is a module, and a line here.

Nothing above asks which format a file has: reading asks the `Store` that `Format.open_file` gives, writing what stands
in `Format`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Protocol

from ..errors import OptionError
from . import npy_format, npz_format

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from .npy import FileLayout, Outgoing
    from .source import InputFile
    from .store import Progress, Store

__all__ = ["EXTENSIONS", "FORMATS", "Format", "format_of"]


class Format(Protocol):
    """What the module of a format gives.

    Attributes
    ----------
    EXTENSION : str
        Of the names of files that are written, with its dot.
    HOLDS_ONE : bool
        Whether a file is one array, which then has no name of its own.
    """

    EXTENSION: str
    HOLDS_ONE: bool

    def recognises(self, head: bytes, file: InputFile) -> bool:
        """Tell whether a file that starts with the bytes `head` has this format."""

    def open_file(self, file: InputFile, head: bytes, name: str | None) -> Store:
        """Read the headers of a file, and no data; `name` is for an array that has none."""

    def write(
        self, file: IO[bytes], arrays: Sequence[Outgoing], level: int = 0, progress: Progress | None = None
    ) -> None:
        """Write the arrays into a seekable file; `level` of compression 0 to 9."""

    def compresses(self, level: int) -> bool:
        """Tell whether it compresses at `level`; if not, `stored_layout` tells where `write` puts the data."""

    def stored_layout(self, arrays: Sequence[Outgoing]) -> FileLayout:
        """Plan a file without compression, for those who put the data in place themselves, in any order."""


FORMATS: tuple[Format, ...] = (npy_format, npz_format)
EXTENSIONS = tuple(one.EXTENSION for one in FORMATS)


def format_of(path: str | os.PathLike[str]) -> Format:
    """Return the format that a file to be written has by its name.

    Raises
    ------
    OptionError
        The extension is none of theirs.
    """
    extension = os.path.splitext(os.fspath(path))[1].lower()
    for one in FORMATS:
        if extension == one.EXTENSION:
            return one
    raise OptionError(f"the extension is {extension!r}; it must be {' or '.join(EXTENSIONS)}. Choose another name.")
