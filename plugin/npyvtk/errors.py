"""The kinds of failure that this package reports, and nothing else.

Every message is one line that a person at the ParaView window can act on: it names the place
(file and array), what was expected, what was found, and what to do.
Core code raises these; only the proxies, in ``npyvtk_paraview``, catch them.
Each kind is also the builtin that a script would expect, so that ``except ValueError`` works
for callers who do not know this package.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "Aborted",
    "ArgumentError",
    "FileError",
    "FormatError",
    "LimitError",
    "NumPyIOError",
    "OptionError",
    "UnsupportedError",
    "damage",
    "error_named",
    "finding",
    "limit_of_memory",
]


SHOWN = 80  # characters of a wrong value: a line should stay one


class NumPyIOError(Exception):
    """Base of all failures that this package reports."""


class FileError(NumPyIOError, OSError):
    """The file cannot be opened, read or written: a matter of the system, not of its content."""


class FormatError(NumPyIOError, ValueError):
    """The bytes of the file are not what its format says."""


class UnsupportedError(NumPyIOError, ValueError):
    """A sound file or dataset holds something that has no counterpart on the other side."""


class OptionError(NumPyIOError, ValueError):
    """A choice of the user (axes, dataset type, association, array, VOI) does not fit the data."""


class ArgumentError(NumPyIOError, TypeError):
    """A function was given something of another kind than it works on."""


class LimitError(NumPyIOError, MemoryError):
    """The request needs more memory than the limit allows; nothing was allocated."""


class Aborted(NumPyIOError):
    """The user stopped a long run."""


def error_named(name: str, text: str) -> NumPyIOError:
    """Make an error of the class `name`, of which another process tells; of a class that is none of these, their base.

    >>> error_named("FileError", "a.npy: the disk is full.")
    FileError('a.npy: the disk is full.')
    >>> error_named("KeyError", "'a'")
    NumPyIOError("'a'")
    """
    kind = globals()[name] if name in __all__ else None
    return kind(text) if isinstance(kind, type) else NumPyIOError(text)


def limit_of_memory(error: NumPyIOError | MemoryError) -> NumPyIOError:
    """Say in one line that the machine has not enough memory; what is said already stays as it is."""
    if isinstance(error, NumPyIOError):
        return error
    return LimitError(
        "not enough memory: the machine has no more for this data. Choose fewer arrays or a part of it, or close other "
        "programs."
    )


def finding(value: object) -> str:
    """Show on one line what was given instead of what was expected; where that is long, its type.

    >>> finding("zyy"), finding([0] * 100)
    ("'zyy'", 'of type list')
    """
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 - a repr may raise anything
        text = ""
    return text if text.isprintable() and 0 < len(text) <= SHOWN else f"of type {type(value).__name__}"


def damage(errors: Sequence[NumPyIOError]) -> NumPyIOError:
    """Return one error for all members that are damaged, of which the first is named."""
    more = f"{len(errors) - 1} more are damaged, the" if len(errors) > 1 else "The"
    return type(errors[0])(f"{errors[0]} {more} rest is shown.")
