"""From file names to ordered time steps.

One file or many, each with one time step or several, with times from the file, from a ``.series`` JSON, or
counted: this module lines them up as one sequence.
Descriptions of files are kept and told stale by size, modification time and inode.
A file that is missing, broken or of another shape than the first sound one fails alone, when its step is
asked for.
"""

from __future__ import annotations

import bisect
import json
import math
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from .errors import FileError, FormatError, NumPyIOError
from .layout import Block, blocks_of
from .read import Description, class_name, describe, load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from .layout import ReadOptions
    from .read import Piece

__all__ = ["Series", "Step", "expand"]

MAX_SERIES_BYTES = 1 << 26  # of a .series file; a million names take less


def expand(path: str) -> list[tuple[str, float | None]]:
    """List the files that a name stands for, each with its time where a ``.series`` gives one.

    The JSON is ParaView's own: ``{"file-series-version": "1.0", "files": [{"name": ..., "time": ...}]}``, names
    relative to it.

    Raises
    ------
    FileError, FormatError
        The ``.series`` file cannot be read, or is not that JSON.
    """
    if not path.endswith(".series"):
        return [(path, None)]
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


class Step(NamedTuple):
    """One time step of a series."""

    file: int  # number of the file
    step: int  # within the file
    time: float


@dataclass
class _File:
    path: str
    time: float | None  # from a .series
    description: Description | None = None
    error: NumPyIOError | None = None
    stat: tuple[int, int, int] | None = None


class Series:
    """The time steps of a list of files, described when first asked for.

    Parameters
    ----------
    paths : sequence of str
        In order; a ``.series`` stands for its files.
    options : ReadOptions
        For every file.

    Raises
    ------
    NumPyIOError
        A ``.series`` cannot be read.
    """

    def __init__(self, paths: Sequence[str], options: ReadOptions) -> None:
        self.options = options
        self._files = [_File(name, time) for path in paths for name, time in expand(path)]
        self._steps: tuple[Step, ...] | None = None
        self.name = _common_name([file.path for file in self._files]) if len(self._files) > 1 else None

    @property
    def described(self) -> bool:
        """Whether the files have been looked at."""
        return any(file.description is not None or file.error is not None for file in self._files)

    @property
    def first(self) -> Description:
        """Description of the first sound file, which stands for all.

        Raises
        ------
        NumPyIOError
            There is none; the error is that of the first file.
        """
        self._describe()
        for file in self._files:
            if file.description is not None:
                return file.description
        if not self._files:
            raise FileError("no file name is given. Choose a .npy or .npz.")
        raise self._files[0].error

    @property
    def steps(self) -> tuple[Step, ...]:
        """All time steps, times strictly rising."""
        self._describe()
        if self._steps is None:
            self._steps = self._line_up()
        return self._steps

    @property
    def has_times(self) -> bool:
        """Whether time means anything here: several steps, or a time that the file or series names."""
        if len(self.steps) > 1:
            return True
        file = self._files[0] if self._files else None
        return file is not None and (
            file.time is not None or bool(file.description and file.description.layout.times)
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """Interpretation of the first sound file, and one line for each file that is not."""
        found = list(self.first.lines)
        found += [f"skipped: {file.error}" for file in self._files if file.error is not None]
        return tuple(found)

    def at(self, time: float | None) -> Step:
        """Return the step of a time: the latest one not after it, or the first."""
        if time is None:
            return self.steps[0]
        times = [step.time for step in self.steps]
        k = bisect.bisect_right(times, time)
        # A time that went through text may have lost its last digit; it still means its step.
        if 0 < k < len(times):
            lost = 1e-12 * max(abs(times[0]), abs(times[-1]))
            k += times[k] - time <= min(lost, 1e-3 * (times[k] - times[k - 1]))
        return self.steps[max(k - 1, 0)]

    def path_of(self, step: Step) -> str:
        """Return the name of the file that a step is in."""
        return self._files[step.file].path

    def load(
        self,
        step: Step,
        *,
        arrays: Sequence[str] | None = None,
        extent: tuple[int, ...] | None = None,
        piece: Piece | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> vtkDataObject:
        """Read one time step; see `read.load`.

        Raises
        ------
        NumPyIOError
            This step's file cannot be read, or is of another shape than the others.
        """
        file = self._files[step.file]
        if file.error is not None:
            raise file.error
        return load(
            file.description,
            self.options,
            arrays=arrays,
            step=step.step,
            extent=extent,
            piece=piece,
            name=self.name,
            progress=progress,
        )

    def _describe(self) -> None:
        signature = None
        for file in self._files:
            if file.description is None and file.error is None:
                file.stat = _stat(file.path)
                try:
                    file.description = describe(file.path, self.options, self.name)
                except NumPyIOError as error:
                    file.error = error
            if file.description is None:
                continue
            found = _signature(file.description)
            if signature is None:
                signature, first = found, file
            elif found != signature:
                file.error = FormatError(
                    f"{file.path}: {_words(file.description)} where {first.path} has {_words(first.description)}. "
                    "All files of a series must have the same grid; open it alone."
                )
                file.description = None

    def _line_up(self) -> tuple[Step, ...]:
        places = [
            (k, step)
            for k, file in enumerate(self._files)
            for step in range(file.description.layout.steps if file.description else 1)
        ]
        times = self._times()
        if len(times) != len(places) or any(b <= a for a, b in zip(times, times[1:])):
            times = [float(k) for k in range(len(places))]
        return tuple(Step(file, step, time) for (file, step), time in zip(places, times))

    def _times(self) -> list[float]:
        """Times that the files name; empty where one of them names none."""
        found: list[float | None] = []
        for file in self._files:
            layout = file.description.layout if file.description else None
            if layout is None or (layout.steps == 1 and file.time is not None):
                found.append(file.time)
            elif layout.times is not None:
                found += layout.times
            else:
                return []
        return _without_gaps(found)


def _without_gaps(times: list[float | None]) -> list[float]:
    """Give broken files a time between their neighbours; [] where nothing is known."""
    known = [k for k, time in enumerate(times) if time is not None]
    if not known:
        return []
    filled = []
    for k, time in enumerate(times):
        if time is not None:
            filled.append(time)
            continue
        before = max((j for j in known if j < k), default=None)
        after = min((j for j in known if j > k), default=None)
        if before is None:
            filled.append(times[after] - (after - k))
        elif after is None:
            filled.append(times[before] + (k - before))
        else:
            filled.append(times[before] + (times[after] - times[before]) * (k - before) / (after - before))
    return filled


def _stat(path: str) -> tuple[int, int, int] | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino


def _signature(description: Description) -> tuple:
    """What must not change from file to file: ParaView is told one class and one extent for all times."""
    root = description.layout.root
    return class_name(root), tuple((b.kind, b.first, b.dims) for b in blocks_of(root) if b.is_grid)


def _words(description: Description) -> str:
    root = description.layout.root
    if isinstance(root, Block) and root.is_grid:
        article = "an" if root.kind == "Image" else "a"
        return f"{article} {root.kind.lower()} of {' x '.join(str(n) for n in root.dims)} points"
    return f"a {class_name(root)}"


def _common_name(paths: Sequence[str]) -> str:
    """Name the array of a series of .npy: what the names of its files share.

    The name must not change from step to step, or ParaView would lose the colouring.
    """
    stem = os.path.basename(paths[0])
    stem = stem[:-4] if stem.lower().endswith((".npy", ".npz")) else stem
    return re.sub(r"[-_. ]*\d+$", "", stem) or stem
