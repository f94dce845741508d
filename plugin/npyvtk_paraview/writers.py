"""The writers and the inner part of the extractor, as ParaView drives them.

What saves is imported when something is saved: a session that only opens files does not wait for it when it starts.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from npyvtk.errors import Aborted, NumPyIOError, OptionError, limit_of_memory
from npyvtk.files.source import printable
from npyvtk.options import AXES, TIME_STEPS, ExportOptions, WriteOptions
from npyvtk.parallel.ranks import gc_disabled
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithm
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as SDDP  # noqa: N817

from .algorithm import Algorithm
from .array_list import ArrayList
from .proxies_xml import ACTIVE_SCALARS
from .ranks import all_ranks

if TYPE_CHECKING:
    from npyvtk.parallel.saving import Saving
    from vtkmodules.vtkCommonCore import vtkDataArraySelection

__all__ = ["NumPySink", "Writer"]


class _Saving(Algorithm):
    """What the writers and the extractor share: options, pieces and reports."""

    def __init__(self, label: str, **ports: object) -> None:
        super().__init__(label, nInputPorts=1, inputType="vtkDataObject", **ports)
        self._file_name = ""
        self._array = ""
        self._axes = AXES[0]
        self._compression = 0
        self._choose_arrays = False
        self._point_arrays, self._cell_arrays = ArrayList(self._arrays_changed), ArrayList(self._arrays_changed)

    # ---- properties ----------------------------------------------------------------------------

    def SetFileName(self, name: str | None) -> None:
        self._assign("_file_name", name or "")
        self._reports.folder = os.path.dirname(self._file_name)

    def SetArray(self, name: str | None) -> None:
        self._assign("_array", "" if name in (None, ACTIVE_SCALARS) else name)

    def SetAxes(self, k: int) -> None:
        self._assign("_axes", AXES[k])

    def SetCompressionLevel(self, level: int) -> None:
        self._assign("_compression", level)

    def SetChooseArraysToWrite(self, on: int) -> None:
        self._assign("_choose_arrays", bool(on))

    def GetPointDataArrays(self) -> vtkDataArraySelection:
        return self._point_arrays.selection

    def GetCellDataArrays(self) -> vtkDataArraySelection:
        return self._cell_arrays.selection

    # ---- requests ------------------------------------------------------------------------------

    def FillInputPortInformation(self, port, info):
        info.Set(vtkAlgorithm.INPUT_REQUIRED_DATA_TYPE(), "vtkDataObject")
        return 1

    def RequestUpdateExtent(self, request, inputs, outputs):
        # Nobody else asks for pieces: without this every rank would get the whole.
        others = all_ranks()
        if others is not None:
            info = inputs[0].GetInformationObject(0)
            info.Set(SDDP.UPDATE_PIECE_NUMBER(), others.rank)
            info.Set(SDDP.UPDATE_NUMBER_OF_PIECES(), others.size)
            info.Set(SDDP.UPDATE_NUMBER_OF_GHOST_LEVELS(), 0)
        return 1

    # ---- inside --------------------------------------------------------------------------------

    def _assign(self, name: str, value: object) -> None:
        if getattr(self, name) != value:
            setattr(self, name, value)
            self.Modified()

    def _begin(self, *times: object) -> Saving:
        """Begin a run of the writer; `times` are mode, times and suffix, as `Saving` takes them."""
        from npyvtk.parallel.saving import Saving

        chosen = {}
        if self._choose_arrays:
            chosen = {"point_arrays": self._point_arrays.names, "cell_arrays": self._cell_arrays.names}
        options = WriteOptions(self._array, self._compression, ExportOptions(self._axes, **chosen))
        return Saving(
            self._file_name,
            *times,
            options=options,
            progress=self._progress,
            communicator=all_ranks(),
            warn=self._warn,
        )

    def _fail(self, error: NumPyIOError | MemoryError) -> None:
        """Report what all ranks know, once."""
        others = all_ranks()
        if others is None or others.rank == 0:
            self._reports.show(limit_of_memory(error))

    def _warn(self, text: str) -> None:
        self._reports.warn(f"{self._file_name}: {text}")


class Writer(_Saving):
    """Save Data, over one time step or all."""

    def __init__(self, label: str, extension: str, other: str) -> None:
        super().__init__(label, nOutputPorts=0)
        self._extension, self._other = extension, other  # the other: a remedy for files of the other extension
        self._time_steps = TIME_STEPS[0]
        self._suffix = "_%d"
        self._saving: Saving | None = None
        self._shown: float | None = None  # the time that the input had before all were gone through
        self._returning = False  # to that time

    def SetTimeSteps(self, k: int) -> None:
        self._assign("_time_steps", TIME_STEPS[k])

    def SetFileNameSuffix(self, suffix: str | None) -> None:
        self._assign("_suffix", suffix or "")

    def Write(self) -> None:
        self._abandon()  # what an earlier run could not end
        self._returning = False
        self.Modified()
        with gc_disabled():  # all of it: between two time steps, too, other ranks may wait for this one
            self.Update()

    def RequestInformation(self, request, inputs, outputs):
        info = inputs[0].GetInformationObject(0)
        self._times = list(info.Get(SDDP.TIME_STEPS()) or ()) if info.Has(SDDP.TIME_STEPS()) else []
        return 1

    def RequestUpdateExtent(self, request, inputs, outputs):
        super().RequestUpdateExtent(request, inputs, outputs)
        if self._time_steps == "Current" or not self._times:
            return 1
        if self._returning:
            time = self._shown
        elif self._saving is None:
            data, key = vtkDataObject.GetData(inputs[0], 0), vtkDataObject.DATA_TIME_STEP()
            known = data is not None and data.GetInformation().Has(key)
            self._shown = data.GetInformation().Get(key) if known else None
            others = all_ranks()
            if others is not None:  # an empty rank may not know it, and all must do the same
                with gc_disabled():
                    self._shown = others.broadcast(self._shown)
            time = self._times[0]
        else:
            time = self._times[self._saving.done]
        inputs[0].GetInformationObject(0).Set(SDDP.UPDATE_TIME_STEP(), time)
        return 1

    def RequestData(self, request, inputs, outputs):
        if self._returning:
            self._returning = False
            request.Remove(SDDP.CONTINUE_EXECUTING())
            return 1
        data = vtkDataObject.GetData(inputs[0], 0)
        self._reports.clear()
        try:
            if self._saving is None:
                self._check_extension()
                self._saving = self._begin(self._time_steps, self._times, self._suffix)
            self._saving.add(data)
            if self._saving.complete:
                self._saving.close()
                self._saving = None
        except Aborted:
            self._abandon()
        except (NumPyIOError, MemoryError) as error:
            self._abandon()
            self._fail(error)
        # Other sources of the pipeline, and Save Data once more, go on from the time that is shown.
        away = self._time_steps != "Current" and self._times and self._shown is not None
        self._returning = self._saving is None and bool(away)
        if self._saving is None and not self._returning:
            request.Remove(SDDP.CONTINUE_EXECUTING())
        else:
            request.Set(SDDP.CONTINUE_EXECUTING(), 1)
        return 1

    def _check_extension(self) -> None:
        found = os.path.splitext(self._file_name)[1]
        if found.lower() != self._extension:
            raise OptionError(
                f"{printable(self._file_name)}: the extension is {found!r}, and this writer makes {self._extension}. "
                f"{self._other}"
            )

    def _abandon(self) -> None:
        if self._saving is not None:
            self._saving.abandon()
            self._saving = None


class NumPySink(_Saving):
    """Saves whatever passes by: the inner part of the extractor."""

    def __init__(self) -> None:
        super().__init__("NumPy Extractor", nOutputPorts=1, outputType="vtkTable")
        self._warned = ""

    def _warn(self, text: str) -> None:
        # Once for a run, which has a file for each time step.
        if text != self._warned:
            self._warned = text
            super()._warn(text)

    def RequestData(self, request, inputs, outputs):
        self._reports.clear()
        if not self._file_name:
            return 1
        try:
            saving = self._begin()
            saving.add(vtkDataObject.GetData(inputs[0], 0))
            saving.close()
        except Aborted:
            pass
        except (NumPyIOError, MemoryError) as error:
            self._fail(error)
        return 1
