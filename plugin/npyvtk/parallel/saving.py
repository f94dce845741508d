"""One run of a writer: over the time steps of a pipeline, alone or with other ranks.

A pipeline hands over one time step after the other, and may stop at any of them; this module keeps what is to
be kept between two steps.
How one step is written is the matter of the story `write`, and with other ranks of `parallel.write`.
"""

from __future__ import annotations

import contextlib
import os
from functools import partial
from typing import TYPE_CHECKING

from ..errors import Aborted, OptionError, UnsupportedError
from ..files.formats import format_of
from ..files.publish import naming_path
from ..options import TIME_STEPS, WriteOptions
from ..series_files import series_name, write_series
from ..stack import Stack
from ..vtk.export import time_of
from ..write import save
from . import write
from .ranks import gc_disabled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from ..files.store import Progress
    from ..write import Warn
    from .ranks import Communicator

__all__ = ["Saving"]


class Saving:
    """Saves one step or many.

    Call `add` until `complete`, then `close`; after a failure `abandon`, which leaves nothing half done behind.
    With a communicator, every rank does all of this with its own piece of the data.

    Parameters
    ----------
    path : path-like
    mode : str
        One of `TIME_STEPS`.
    times : sequence of float
        Of all time steps; may be empty.
    suffix : str
        For a series, see `series_files.series_name`.
    options, progress, warn
        As for `write.save`; the same is said once, not for every step.
    communicator : Communicator, optional
        To the other ranks, where there are any.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        mode: str = "Current",
        times: Sequence[float] = (),
        suffix: str = "_%d",
        options: WriteOptions | None = None,
        progress: Progress | None = None,
        communicator: Communicator | None = None,
        warn: Warn | None = None,
    ) -> None:
        self._tell, self._last_warning = warn, ""
        self._path, self._mode, self._suffix = os.fspath(path), mode, suffix
        self._options, self._progress, self._communicator = options or WriteOptions(), progress, communicator
        self._times = list(times)
        self._names: list[str] = []
        self._stack: Stack | None = None
        self.done = 0
        self.steps = max(len(self._times), 1) if mode != "Current" else 1
        with naming_path(path):
            format_of(path)
            if mode not in TIME_STEPS:
                raise OptionError(f"TimeSteps is {mode!r}; it must be one of {', '.join(TIME_STEPS)}.")
            if mode == "Series":
                series_name(path, suffix, 0)
            if mode == "Stacked" and communicator is not None:
                raise UnsupportedError(
                    f"TimeSteps Stacked is for one process, and there are {communicator.size}. "
                    "Save with TimeSteps = Series, one file per step."
                )

    @property
    def complete(self) -> bool:
        """Whether all time steps were added."""
        return self.done >= self.steps

    @gc_disabled()
    def add(self, data: vtkDataObject) -> None:
        """Save the next time step.

        Parameters
        ----------
        data : vtkDataObject
            With a communicator, this rank's piece of it.

        Raises
        ------
        OptionError
            A choice does not fit the data, or the time step not those before.
        UnsupportedError
            The data has no counterpart in NumPy, or the pieces of the ranks do not make one dataset.
        FileError
            The file cannot be written.
        """
        if self._mode == "Stacked":
            if self._stack is None:
                self._stack = Stack(self._path, self.steps, self._options, self._progress, warn=self._warn).__enter__()
            self._stack.add(data, self._times[self.done] if self._times else time_of(data) or 0.0)
        else:
            name = series_name(self._path, self._suffix, self.done) if self._mode == "Series" else self._path
            self._names.append(name)
            if self._communicator is None:
                save(name, data, self._options, self._progress_of_step(), self._warn)
            else:
                write.save_pieces(name, data, self._options, self._communicator, self._progress_of_step(), self._warn)
        self.done += 1

    @gc_disabled()
    def close(self) -> None:
        """Publish what is not published yet."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            stack.__exit__(None, None, None)
        elif self._mode == "Series":
            list_files = partial(write_series, self._path, self._names, self._times or [0.0])
            if self._communicator is None:
                list_files()
            else:
                self._communicator.on_first(list_files)

    def abandon(self) -> None:
        """Leave nothing behind; what is a whole file of a series stays."""
        if self._stack is not None:
            stack, self._stack = self._stack, None
            with contextlib.suppress(Aborted):
                stack.__exit__(Aborted, Aborted("stopped"), None)

    def _warn(self, text: str) -> None:
        if self._tell is not None and text != self._last_warning:
            self._last_warning = text
            self._tell(text)

    def _progress_of_step(self) -> Progress | None:
        progress = self._progress
        return None if progress is None else lambda fraction: progress((self.done + fraction) / self.steps)
