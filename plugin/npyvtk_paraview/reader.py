"""The reader, as ParaView drives it: properties become options, requests become calls, errors become one line."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from npyvtk.errors import Aborted, NumPyIOError, error_named
from npyvtk.options import ReadOptions
from npyvtk.parallel.pieces import Piece
from npyvtk.parallel.ranks import gc_disabled
from npyvtk.plan.auto import axes_choices
from npyvtk.plan.axes import in_words
from npyvtk.plan.context import positions_choices
from npyvtk.plan.layout import Block
from npyvtk.plan.windows import sample
from npyvtk.series import Series
from npyvtk.vtk.datasets import new_dataset
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithm
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as SDDP  # noqa: N817

from .algorithm import Algorithm
from .array_list import ArrayList
from .choices import CHOICES
from .ranks import all_or_none, is_first, ranks_in_step
from .server_memory import default_limit

if TYPE_CHECKING:
    from collections.abc import Callable

    from npyvtk.describe import FileInfo
    from npyvtk.plan.layout import Composite
    from npyvtk.series import Step
    from vtkmodules.vtkCommonCore import vtkDataArraySelection

    from .choices import Choice

__all__ = ["Reader"]


class Reader(Algorithm):
    """Opens ``.npy`` and ``.npz`` files."""

    def __init__(self) -> None:
        super().__init__("NumPy Reader", nInputPorts=0, nOutputPorts=1, outputType="vtkDataObject")
        self._file_names: list[str] = []
        self._options = ReadOptions(memory_limit=default_limit(), pad_vectors=True)
        self._axes = "auto"  # as it was set, with the words of the menu
        self._series: Series | None = None  # None: properties changed since it was made
        self._shared = False  # whether all ranks have this series, as rank 0 described it
        self._told: NumPyIOError | None = None  # what rank 0 said instead
        self._synced = False  # whether the selection lists the arrays of this series
        self._reading = ""  # name of the file
        self._arrays = ArrayList(self._arrays_changed)

    # ---- properties ----------------------------------------------------------------------------

    def ClearFileNames(self) -> None:
        self._file_names = []
        self._changed()

    def AddFileName(self, name: str | None) -> None:
        if name:
            self._file_names.append(name)
            self._reports.folder = os.path.dirname(name)
            self._changed()

    def GetArrays(self) -> vtkDataArraySelection:
        self._first()
        return self._arrays.selection

    def SetAxes(self, text: str | None) -> None:
        self._axes = text or "auto"
        self._choose(axes=_letters(self._axes))

    def Refresh(self) -> None:
        """Look at the files again; ParaView's Reload Files."""
        self._changed()

    # ---- information ---------------------------------------------------------------------------

    def GetAxesChoices(self) -> tuple[str, ...]:
        first = self._first()
        choices = ["auto"]
        if first is not None:
            specs = [first.specs[name] for name in first.layout.members or first.specs]
            longest = max(specs, key=lambda spec: len(spec.shape), default=None)
            texts = () if longest is None else axes_choices(longest.shape, longest.dtype)
            choices += [f"{text}  {in_words(text)}".rstrip() for text in texts]
        # The menu finds what is set by its whole text, with the words or without.
        choices.append(self._axes)
        return tuple(dict.fromkeys(self._axes if _letters(text) == _letters(self._axes) else text for text in choices))

    def GetLargeFieldArrays(self) -> tuple[str, ...]:
        first = self._first()
        return () if first is None else tuple(sorted(self._series.unticked))

    def GetPositionsChoices(self) -> tuple[str, ...]:
        first = self._first()
        found = () if first is None else positions_choices(first.specs)
        return tuple(dict.fromkeys(("auto", *found, self._options.positions)))

    def GetInterpretation(self) -> tuple[str, ...]:
        first = self._first()
        if first is None:
            return ()
        if self._arrays.none_is_left:
            return (*self._series.lines, "Arrays: the file has none of those that were chosen, so all are loaded")
        return self._series.lines

    # ---- requests ------------------------------------------------------------------------------

    def RequestDataObject(self, request, inputs, outputs):
        self._share()
        root = self._root()
        current = vtkDataObject.GetData(outputs, 0)
        # A failure disturbs the filters behind least when they get the class that they had.
        wanted = "vtkImageData" if current is None else current.GetClassName()
        if root is not None:
            wanted = root.type
        if current is None or current.GetClassName() != wanted:
            outputs.GetInformationObject(0).Set(vtkDataObject.DATA_OBJECT(), new_dataset(wanted))
        return 1

    def RequestInformation(self, request, inputs, outputs):
        info = outputs.GetInformationObject(0)
        for key in (
            SDDP.WHOLE_EXTENT(),
            SDDP.TIME_STEPS(),
            SDDP.TIME_RANGE(),
            vtkDataObject.ORIGIN(),
            vtkDataObject.SPACING(),
            vtkDataObject.DIRECTION(),
        ):
            info.Remove(key)
        # The reader cuts its own pieces: VTK would mark the ghosts of slabs wrongly.
        info.Set(vtkAlgorithm.CAN_HANDLE_PIECE_REQUEST(), 1)
        root, grid = self._root(), None
        if isinstance(root, Block) and root.is_grid:
            try:
                grid, _sampling = sample(root, self._options)
            except NumPyIOError as error:
                self._reports.show(type(error)(f"{self._series.first.path}: {error}"))
                root = None
        if root is None:
            info.Set(SDDP.WHOLE_EXTENT(), 0, -1, 0, -1, 0, -1)
            return 1
        if grid is not None:
            info.Set(SDDP.WHOLE_EXTENT(), *(int(v) for v in grid.extent))
            if grid.kind.has_geometry:
                info.Set(vtkDataObject.ORIGIN(), *grid.origin)
                info.Set(vtkDataObject.SPACING(), *grid.spacing)
                info.Set(vtkDataObject.DIRECTION(), list(grid.direction), 9)
        if self._series.has_times:
            times = [step.time for step in self._series.steps]
            info.Set(SDDP.TIME_STEPS(), times, len(times))
            info.Set(SDDP.TIME_RANGE(), [times[0], times[-1]], 2)
        return 1

    def RequestData(self, request, inputs, outputs):
        info = outputs.GetInformationObject(0)
        output = vtkDataObject.GetData(outputs, 0)
        output.Initialize()
        if not self._file_names:
            return 1
        count = max(info.Get(SDDP.UPDATE_NUMBER_OF_PIECES()) or 1, 1)
        others = ranks_in_step()
        piece = Piece(
            info.Get(SDDP.UPDATE_PIECE_NUMBER()) or 0,
            count,
            info.Get(SDDP.UPDATE_NUMBER_OF_GHOST_LEVELS()) or 0,
            others if others is not None and others.size == count else None,  # all read at the same time
        )
        time = info.Get(SDDP.UPDATE_TIME_STEP()) if info.Has(SDDP.UPDATE_TIME_STEP()) else None

        complaints: list[NumPyIOError] = []

        def read() -> tuple[Step, vtkDataObject]:
            root = self._root()
            if root is None:
                raise self._reports.error
            extent = None
            if isinstance(root, Block) and root.is_grid:
                extent = [0, -1, 0, -1, 0, -1]
                info.Get(SDDP.UPDATE_EXTENT(), extent)
            step = self._series.at(time)
            self._reading = os.path.basename(self._series.path_of(step))
            return step, self._series.load(
                step,
                arrays=self._chosen_arrays(),
                extent=extent,
                piece=piece,
                progress=self._progress,
                complain=complaints.append,
            )

        try:
            step, data = all_or_none(read, piece.communicator)
        except Aborted:
            return 1
        except NumPyIOError as error:
            self._reports.show(error)
            return 1
        output.ShallowCopy(data)
        if complaints:
            self._reports.show(complaints[0])
        else:
            self._reports.clear()
        if self._series.has_times:
            output.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), step.time)
        return 1

    # ---- inside --------------------------------------------------------------------------------

    def _choose(self, **choice: object) -> None:
        try:
            options = replace(self._options, **choice)
        except NumPyIOError as error:
            self._reports.show(error)
            return
        if options != self._options:
            keep = options.plans_like(self._options)
            self._options = options
            self._changed(keep=keep)

    def _changed(self, *, keep: bool = False) -> None:
        """Forget what the files were found to hold; or `keep` it, and only look again at those that failed."""
        again = not keep or self._series is None or self._series.forget_failures()
        if again:
            self._shared, self._synced, self._told = False, False, None
        if not keep or (again and not is_first()):
            self._series = None
        if self._series is not None:
            self._series.options = self._options
        self._reports.clear()
        self.Modified()

    def _arrays_changed(self) -> None:
        self._synced = False
        self._reports.clear()
        super()._arrays_changed()

    def _first(self) -> FileInfo | None:
        """Describe the files; None when none of them can be, which is reported."""
        if not self._file_names:
            return None
        if self._series is None:
            if not is_first():  # it is told, in RequestDataObject
                if self._told is not None:
                    self._reports.show(self._told)
                return None
            try:
                self._series = Series(self._file_names, self._options)
            except NumPyIOError as error:
                self._reports.show(error)
                return None
        try:
            first = self._series.first
        except NumPyIOError as error:
            self._reports.show(error)
            return None
        if not self._synced:
            self._sync_arrays()
        return first

    def _share(self) -> None:
        """Let rank 0 look at the files, and tell the other ranks what it found.

        Called where all ranks are at the same place: each of them gets all changes of properties, and with the next
        update the request for a data object. What ParaView only asks to know, it asks rank 0 alone.
        """
        others = ranks_in_step()
        if others is None or self._shared or not self._file_names:
            return
        with gc_disabled():
            if others.rank == 0:
                others.broadcast(self._to_tell())
            else:
                self._take(*others.broadcast(None))
        self._shared = True

    def _to_tell(self) -> tuple[str, str]:
        """Return the series as text; or the kind of error that there is instead, and its text."""
        try:
            if self._first() is not None:
                return self._series.dump(), ""
            error = self._reports.error
        except Exception as caught:  # noqa: BLE001 - the other ranks wait for an answer, whatever it is
            error = caught
        return type(error).__name__, str(error)

    def _take(self, found: str, problem: str) -> None:
        """Take what `_to_tell` of rank 0 returned."""
        if problem:
            self._series, self._told = None, error_named(found, problem)
            return
        self._series, self._told = Series.restore(found, self._options), None
        self._sync_arrays()

    def _sync_arrays(self) -> None:
        self._arrays.offer(self._series.names, self._series.unticked)
        self._synced = True

    def _chosen_arrays(self) -> tuple[str, ...]:
        names = self._series.names
        if self._arrays.none_is_left or (self._series.first.single and len(names) == 1):
            return names
        ticked = self._arrays.names
        return tuple(name for name in names if name in ticked)

    def _root(self) -> Block | Composite | None:
        first = self._first()
        if first is None:
            return None
        chosen = self._chosen_arrays()
        self._series.count(chosen)
        return self._series.root(chosen)

    def _progress(self, fraction: float) -> None:
        # ParaView's status line shows this beside the bar, and adds the percentage.
        self.SetProgressText(f"Reading {self._reading}")
        super()._progress(fraction)


def _letters(text: str) -> str:
    """Cut the words off that the menu of Axes adds to each entry, after two blanks."""
    return ",".join(re.split(r"\s{2,}", part.strip())[0] for part in text.split(","))


def _setter(choice: Choice) -> Callable[..., None]:
    def set_option(self: Reader, *values: object) -> None:
        self._choose(**{choice.option: choice.value(*values)})

    return set_option


for _choice in CHOICES:
    setattr(Reader, f"Set{_choice.name}", _setter(_choice))
