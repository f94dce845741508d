"""The files of a series: their names by number, and the ``.series`` that lists them with their times."""

from __future__ import annotations

import json
import math
import os
import re
from typing import TYPE_CHECKING

from .errors import FileError, FormatError, OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["SERIES", "read_series", "series_name", "write_series"]

SERIES = ".series"  # ending of the names of such files
MAX_SERIES_BYTES = 1 << 26  # of a .series file; a million names take less


def read_series(path: str) -> list[tuple[str, float | None]]:
    """List the files that a ``.series`` names, each with its time where it gives one.

    The JSON is ParaView's own: ``{"file-series-version": "1.0", "files": [{"name": ..., "time": ...}]}``, names
    relative to it.

    Raises
    ------
    FileError, FormatError
        The ``.series`` file cannot be read, or is not that JSON.
    """
    try:
        with open(path, "rb") as file:
            text = file.read(MAX_SERIES_BYTES)
    except OSError as error:
        raise FileError(f"{path}: {error.strerror}. Check the name and the permissions.") from None
    try:
        entries = json.loads(text.decode("utf-8-sig"))["files"]
        folder = os.path.dirname(path)
        found = [
            (os.path.join(folder, entry["name"]), None if entry.get("time") is None else float(entry["time"]))
            for entry in entries
        ]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise FormatError(
            f'{path}: not a file series; expected JSON like {{"file-series-version": "1.0", "files": [{{"name": '
            f'"a.npy", "time": 0}}]}}, but {type(error).__name__}: {error}.'
        ) from None
    if not all(time is None or math.isfinite(time) for _name, time in found):
        raise FormatError(f"{path}: each time of a series must be a finite number.")
    if not found:
        raise FormatError(f"{path}: the list of files is empty.")
    return found


_PERCENT = re.compile(r"%(0?)(\d{0,2})d")
_BRACES = re.compile(r"\{(?::(0?)(\d{0,2})d)?\}")


def series_name(path: str | os.PathLike[str], suffix: str, number: int) -> str:
    """Name file `number` of a series: ``out.npz`` with ``_%d`` or ``_{:d}`` is ``out_7.npz``.

    Raises
    ------
    OptionError
        `suffix` has no place for the number, or more than one.
    """
    places = [*_PERCENT.finditer(suffix), *_BRACES.finditer(suffix)]
    rest = _BRACES.sub("", _PERCENT.sub("", suffix))
    if len(places) != 1 or any(sign in rest for sign in "%{}") or "/" in rest or os.sep in rest:
        raise OptionError(
            f"FileNameSuffix is {suffix!r}; it needs one place for the number of the time step, such as _%d, "
            "_%04d, _{:d} or _{:04d}."
        )
    place = places[0]
    zero, width = place.group(1) or "", int(place.group(2) or 0)
    digits = str(number).rjust(width, "0" if zero else " ")
    stem, extension = os.path.splitext(os.fspath(path))
    return f"{stem}{suffix[: place.start()]}{digits}{suffix[place.end() :]}{extension}"


def write_series(path: str | os.PathLike[str], names: Sequence[str], times: Sequence[float]) -> str:
    """Write the list of a series beside it, as ParaView reads it.

    Parameters
    ----------
    path : path-like
        The name that the series was given.
    names : sequence of str
        Its files, in the same folder; folders in them are left out.
    times : sequence of float
        Of each file.

    Returns
    -------
    str
        `path` and ``.series``.
    """
    from .files.publish import atomic_output, naming_path

    listed = os.fspath(path) + SERIES
    entries = [{"name": os.path.basename(name), "time": float(time)} for name, time in zip(names, times)]
    text = json.dumps({"file-series-version": "1.0", "files": entries}, indent=2) + "\n"
    with naming_path(listed), atomic_output(listed) as file:
        file.write(text.encode())
    return listed
