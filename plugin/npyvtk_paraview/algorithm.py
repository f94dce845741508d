"""What the reader and the writers share as algorithms of ParaView: how they tell the user how they get on."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from npyvtk.errors import Aborted
from npyvtk.files.source import printable
from paraview.util.vtkAlgorithm import VTKPythonAlgorithmBase
from vtkmodules.vtkCommonCore import vtkOutputWindow

from .ranks import is_first

if TYPE_CHECKING:
    from npyvtk.errors import NumPyIOError

__all__ = ["Algorithm"]


class _Reports:
    """One line for one failure: shown once, and kept in LastError until it is over."""

    def __init__(self, label: str) -> None:
        self._label = label
        self.text = ""
        self.error: NumPyIOError | None = None
        self.folder = ""  # of the files in hand

    def clear(self) -> None:
        self.text = ""
        self.error = None

    def show(self, error: NumPyIOError) -> None:
        # Its frames would keep what was read so far in memory.
        error.__traceback__ = error.__context__ = error.__cause__ = None
        self.error = error
        text = self._line(str(error))
        if text != self.text:
            self.text = text
            if is_first():
                # As it is: the logging of paraview.print_error puts a file name and a line number before it.
                vtkOutputWindow.GetInstance().DisplayErrorText(f"{text}\n")

    def warn(self, text: str) -> None:
        """Say what is no failure, at once and only once."""
        if is_first():
            vtkOutputWindow.GetInstance().DisplayWarningText(f"{self._line(text)}\n")

    def _line(self, text: str) -> str:
        line = " ".join(text.split())
        folder = os.path.join(printable(self.folder), "")
        if folder and line.startswith(folder):
            # The window shows some sixty characters of a line: name and reason are worth more than the path.
            line = f"{line[len(folder) :]} (In the folder {printable(self.folder)}.)"
        return f"{self._label}: {line}"


class Algorithm(VTKPythonAlgorithmBase):
    """One with reports and progress; `label` names it in messages."""

    def __init__(self, label: str, **ports: object) -> None:
        super().__init__(**ports)
        self._reports = _Reports(label)

    def GetLastError(self) -> str:
        return self._reports.text

    def _arrays_changed(self) -> None:
        """Run again; for an `ArrayList`."""
        self.Modified()

    def _progress(self, fraction: float) -> None:
        self.UpdateProgress(fraction)
        if self.CheckAbort():
            raise Aborted("stopped by the user")
