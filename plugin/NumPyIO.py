"""The proxies by which ParaView knows the reader and the writer of NumPy files, and nothing but proxies.

ParaView executes this file when the plugin is loaded.
What a file means, how it is read and how it is written is the business of the package ``npyvtk`` beside it,
which knows nothing of ParaView; here properties become options, requests become calls, and errors become one
line.
"""

from __future__ import annotations

import os
import re
import sys
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from paraview.modules.vtkRemotingCore import vtkProcessModule
from paraview.util.vtkAlgorithm import VTKPythonAlgorithmBase, smhint, smproperty, smproxy
from vtkmodules.vtkCommonCore import vtkDataArraySelection, vtkOutputWindow
from vtkmodules.vtkCommonDataModel import vtkDataObject
from vtkmodules.vtkCommonExecutionModel import vtkAlgorithm
from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as SDDP  # noqa: N817
from vtkmodules.vtkParallelCore import vtkMultiProcessController

_HERE = os.path.dirname(os.path.realpath(__file__))
if _HERE not in sys.path:
    # First, so that an older copy installed elsewhere does not win; ParaView adds no path for a plugin.
    sys.path.insert(0, _HERE)

import npyvtk  # noqa: E402
from npyvtk.errors import Aborted, NumPyIOError, OptionError, error_named, limit_of_memory  # noqa: E402
from npyvtk.files.source import printable  # noqa: E402
from npyvtk.options import ASSOCIATIONS, AXES, COMPLEX_AS, DATASET_TYPES, TIME_STEPS, ReadOptions  # noqa: E402
from npyvtk.parallel.pieces import Piece  # noqa: E402
from npyvtk.parallel.ranks import Communicator, together, undisturbed  # noqa: E402
from npyvtk.plan.auto import axes_choices  # noqa: E402
from npyvtk.plan.axes import in_words  # noqa: E402
from npyvtk.plan.geometry import IDENTITY  # noqa: E402
from npyvtk.plan.layout import Block, class_name  # noqa: E402
from npyvtk.plan.positions import positions_choices  # noqa: E402
from npyvtk.plan.windows import sample  # noqa: E402
from npyvtk.series import Series, Step  # noqa: E402
from npyvtk.vtk.datasets import new_dataset  # noqa: E402
from npyvtk_paraview import proxies_xml, server_memory  # noqa: E402

if TYPE_CHECKING:
    from typing import Callable, TypeVar

    from npyvtk.parallel.saving import Saving

    _Read = TypeVar("_Read")

paraview_plugin_name = "NumPyIO"
paraview_plugin_version = npyvtk.__version__


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
            if _speaks():
                # As it is: the logging of paraview.print_error puts a file name and a line number before it.
                vtkOutputWindow.GetInstance().DisplayErrorText(f"{text}\n")

    def warn(self, text: str) -> None:
        """Say what is no failure, at once and only once."""
        if _speaks():
            vtkOutputWindow.GetInstance().DisplayWarningText(f"{self._line(text)}\n")

    def _line(self, text: str) -> str:
        line = " ".join(text.split())
        folder = os.path.join(printable(self.folder), "")
        if folder and line.startswith(folder):
            # The window shows some sixty characters of a line: name and reason are worth more than the path.
            line = f"{line[len(folder) :]} (In the folder {printable(self.folder)}.)"
        return f"{self._label}: {line}"


def _speaks() -> bool:
    """Whether this rank tells the user: rank 0 for all, and to the client.

    Ranks that run a script of their own know of no others.
    """
    return _rank() == 0 or _each_for_itself()


def _rank() -> int:
    controller = vtkMultiProcessController.GetGlobalController()
    return 0 if controller is None else controller.GetLocalProcessId()


def _each_for_itself() -> bool:
    """Whether every rank runs the script itself (``pvbatch --sym``), and may update when others do not."""
    module = vtkProcessModule.GetProcessModule()
    return module is not None and module.GetSymmetricMPIMode()


@smproxy.reader(
    name="NumPyReader",
    label="NumPy Reader",
    extensions="npy npz npy.series npz.series",
    file_description="NumPy arrays",
    support_reload=False,
)
@smhint.xml(proxies_xml.READER_HINTS)
@smproperty.xml(proxies_xml.READER)
class NumPyReader(VTKPythonAlgorithmBase):
    """Opens ``.npy`` and ``.npz`` files."""

    def __init__(self) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=1, outputType="vtkDataObject")
        self._file_names: list[str] = []
        self._options = ReadOptions(memory_limit=_default_memory_limit(), pad_vectors=True)
        self._axes = "auto"  # as it was set, with the words of the menu
        self._series: Series | None = None  # None: properties changed since it was made
        self._shared = False  # whether all ranks have this series, as rank 0 described it
        self._told: NumPyIOError | None = None  # what rank 0 said instead
        self._synced = False  # whether the selection lists the arrays of this series
        self._reports = _Reports("NumPy Reader")
        self._reading = ""  # name of the file
        self._arrays = vtkDataArraySelection()
        self._chosen_elsewhere = False  # arrays that the file lacks were chosen
        # A plain bound method would keep the reader alive for ever.
        me = weakref.ref(self)
        self._syncing = False
        self._arrays.AddObserver("ModifiedEvent", lambda *_: me() and me()._arrays_changed())  # noqa: SLF001

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
        return self._arrays

    def SetAxes(self, text: str | None) -> None:
        self._axes = text or "auto"
        self._choose(axes=_letters(self._axes))

    def SetDataSetType(self, k: int) -> None:
        self._choose(dataset_type=DATASET_TYPES[k])

    def SetPositions(self, text: str | None) -> None:
        self._choose(positions=text or "auto")

    def SetAssociation(self, k: int) -> None:
        self._choose(association=ASSOCIATIONS[k])

    def SetOrigin(self, *xyz: float) -> None:
        self._choose(origin=None if xyz == (0, 0, 0) else xyz)

    def SetSpacing(self, *xyz: float) -> None:
        self._choose(spacing=None if xyz == (1, 1, 1) else xyz)

    def SetDirection(self, *matrix: float) -> None:
        self._choose(direction=None if matrix == IDENTITY else matrix)

    def SetIgnoreFileGeometry(self, on: int) -> None:
        self._choose(ignore_file_geometry=bool(on))

    def SetArrayName(self, name: str | None) -> None:
        self._choose(array_name=name or "")

    def SetPadVectors(self, on: int) -> None:
        self._choose(pad_vectors=bool(on))

    def SetJoinVectors(self, on: int) -> None:
        self._choose(join_vectors=bool(on))

    def SetComplexAs(self, k: int) -> None:
        self._choose(complex_as=COMPLEX_AS[k])

    def SetVOI(self, *extent: int) -> None:
        self._choose(voi=extent)

    def SetSampleRate(self, *rate: int) -> None:
        self._choose(sample_rate=rate)

    def SetMemoryLimit(self, mib: int) -> None:
        self._choose(memory_limit=_default_memory_limit() if mib < 0 else (mib << 20) or None)

    def SetMemoryMap(self, on: int) -> None:
        self._choose(memory_map=bool(on))

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
        return () if first is None else tuple(sorted(self._series.only_chosen))

    def GetPositionsChoices(self) -> tuple[str, ...]:
        first = self._first()
        found = () if first is None else positions_choices(first.specs)
        return tuple(dict.fromkeys(("auto", *found, self._options.positions)))

    def GetInterpretation(self) -> tuple[str, ...]:
        first = self._first()
        if first is None:
            return ()
        if self._none_is_left():
            return (*self._series.lines, "Arrays: the file has none of those that were chosen, so all are loaded")
        return self._series.lines

    def GetLastError(self) -> str:
        return self._reports.text

    # ---- requests ------------------------------------------------------------------------------

    def RequestDataObject(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
        self._share()
        root = self._root()
        current = vtkDataObject.GetData(outputs, 0)
        # A failure disturbs the filters behind least when they get the class that they had.
        wanted = "vtkImageData" if current is None else current.GetClassName()
        if root is not None:
            wanted = class_name(root)
        if current is None or current.GetClassName() != wanted:
            outputs.GetInformationObject(0).Set(vtkDataObject.DATA_OBJECT(), new_dataset(wanted))
        return 1

    def RequestInformation(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
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
        root = self._root()
        if root is None:
            info.Set(SDDP.WHOLE_EXTENT(), 0, -1, 0, -1, 0, -1)
            return 1
        if isinstance(root, Block) and root.is_grid:
            try:
                grid, _sampling = sample(root, self._options)
            except NumPyIOError as error:
                self._reports.show(type(error)(f"{self._series.first.path}: {error}"))
                info.Set(SDDP.WHOLE_EXTENT(), 0, -1, 0, -1, 0, -1)
                return 1
            info.Set(SDDP.WHOLE_EXTENT(), *(int(v) for v in grid.extent))
            if grid.kind == "Image":
                info.Set(vtkDataObject.ORIGIN(), *grid.origin)
                info.Set(vtkDataObject.SPACING(), *grid.spacing)
                info.Set(vtkDataObject.DIRECTION(), list(grid.direction), 9)
        if self._series.has_times:
            times = [step.time for step in self._series.steps]
            info.Set(SDDP.TIME_STEPS(), times, len(times))
            info.Set(SDDP.TIME_RANGE(), [times[0], times[-1]], 2)
        return 1

    def RequestData(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
        info = outputs.GetInformationObject(0)
        output = vtkDataObject.GetData(outputs, 0)
        output.Initialize()
        if not self._file_names:
            return 1
        count = max(info.Get(SDDP.UPDATE_NUMBER_OF_PIECES()) or 1, 1)
        piece = Piece(
            info.Get(SDDP.UPDATE_PIECE_NUMBER()) or 0,
            count,
            info.Get(SDDP.UPDATE_NUMBER_OF_GHOST_LEVELS()) or 0,
            _all_ranks(count),
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
            step, data = _all_or_none(read, piece.others)
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
        if not keep or (again and _is_told()):
            self._series = None
        if self._series is not None:
            self._series.options = self._options
        self._reports.clear()
        self.Modified()

    def _arrays_changed(self) -> None:
        if not self._syncing:
            self._chosen_elsewhere = self._synced = False
            self._reports.clear()
            self.Modified()

    def _first(self):  # noqa: ANN202
        """Describe the files; None when none of them can be, which is reported."""
        if not self._file_names:
            return None
        if self._series is None:
            if _is_told():  # in RequestDataObject
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
        others = _communicator()
        if others is None or self._shared or not self._file_names:
            return
        with undisturbed():
            if others.rank == 0:
                others.share(self._to_tell())
            else:
                self._take(*others.share(None))
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
        """Offer the arrays that the files have; what was chosen for another file is left aside."""
        names, large = dict.fromkeys(self._series.names), self._series.only_chosen
        arrays = self._arrays
        self._syncing = True
        for k in reversed(range(arrays.GetNumberOfArrays())):
            if arrays.GetArrayName(k) not in names:
                self._chosen_elsewhere |= bool(arrays.GetArraySetting(k))
                arrays.RemoveArrayByIndex(k)
        for name in names:
            arrays.AddArray(name, name not in large)
        self._syncing, self._synced = False, True

    def _chosen_arrays(self) -> tuple[str, ...]:
        names = self._series.names
        if self._none_is_left() or (self._series.first.single and len(names) == 1):
            return names
        arrays = self._arrays  # which finds a number at once, and a name among all
        ticked = {arrays.GetArrayName(k) for k in range(arrays.GetNumberOfArrays()) if arrays.GetArraySetting(k)}
        return tuple(name for name in names if name in ticked)

    def _none_is_left(self) -> bool:
        """Whether arrays were chosen, and the file has none of them."""
        return self._chosen_elsewhere and self._arrays.GetNumberOfArraysEnabled() == 0

    def _root(self):  # noqa: ANN202
        first = self._first()
        return None if first is None else self._series.root(self._chosen_arrays())

    def _progress(self, fraction: float) -> None:
        # ParaView's status line shows this beside the bar, and adds the percentage.
        self.SetProgressText(f"Reading {self._reading}")
        self.UpdateProgress(fraction)
        if self.CheckAbort():
            raise Aborted("stopped by the user")


def _communicator() -> Communicator | None:
    """Return how to talk to all ranks, where there are several and ParaView runs them all together."""
    controller = vtkMultiProcessController.GetGlobalController()
    if controller is None or controller.GetNumberOfProcesses() < 2 or _each_for_itself():
        return None
    return Communicator(controller)


def _is_told() -> bool:
    """Whether rank 0 looks at the files for this one."""
    return _rank() != 0 and _communicator() is not None


def _all_ranks(pieces: int) -> Communicator | None:
    """Return how to talk to all ranks, where each of them reads one of the `pieces`, all at the same time."""
    others = _communicator()
    return others if others is not None and others.size == pieces else None


def _all_or_none(read: Callable[[], _Read], others: Communicator | None) -> _Read:
    """Read on every rank; where one of them fails, all do, with its error.

    A part of the data, or a line that only the terminal of a server shows, would be taken for the whole.
    """
    if others is None:
        return read()

    def read_here() -> _Read:
        try:
            return read()
        except NumPyIOError as error:
            if others.rank == 0 or isinstance(error, Aborted):
                raise
            raise type(error)(f"{error} (On rank {others.rank} of {others.size}.)") from None

    with undisturbed():
        return together(others, read_here)


def _letters(text: str) -> str:
    """Cut the words off that the menu of Axes adds to each entry, after two blanks."""
    return ",".join(re.split(r"\s{2,}", part.strip())[0] for part in text.split(","))


def _default_memory_limit() -> int | None:
    """Three quarters of this server's memory in bytes; None, no limit, where the system does not tell."""
    memory = server_memory.memory()
    return memory and memory * 3 // 4


# ---------------------------------------------------------------------------------------------------
# saving


class _Saving(VTKPythonAlgorithmBase):
    """What the writers and the extractor share: options, pieces and reports."""

    def __init__(self, label: str, **ports: object) -> None:
        super().__init__(nInputPorts=1, inputType="vtkDataObject", **ports)
        self._file_name = ""
        self._array = ""
        self._axes = AXES[0]
        self._compression = 0
        self._choose_arrays = False
        self._reports = _Reports(label)
        me = weakref.ref(self)
        self._arrays = {}
        for association in ("point", "cell"):
            self._arrays[association] = vtkDataArraySelection()
            self._arrays[association].AddObserver("ModifiedEvent", lambda *_: me() and me().Modified())

    # ---- properties ----------------------------------------------------------------------------

    def SetFileName(self, name: str | None) -> None:
        self._assign("_file_name", name or "")
        self._reports.folder = os.path.dirname(self._file_name)

    def SetArray(self, name: str | None) -> None:
        self._assign("_array", "" if name in (None, proxies_xml.ACTIVE_SCALARS) else name)

    def SetAxes(self, k: int) -> None:
        self._assign("_axes", AXES[k])

    def SetCompressionLevel(self, level: int) -> None:
        self._assign("_compression", level)

    def SetChooseArraysToWrite(self, on: int) -> None:
        self._assign("_choose_arrays", bool(on))

    def GetPointDataArrays(self) -> vtkDataArraySelection:
        return self._arrays["point"]

    def GetCellDataArrays(self) -> vtkDataArraySelection:
        return self._arrays["cell"]

    def GetLastError(self) -> str:
        return self._reports.text

    # ---- requests ------------------------------------------------------------------------------

    def FillInputPortInformation(self, port, info):  # noqa: ANN001, ANN202, ARG002
        info.Set(vtkAlgorithm.INPUT_REQUIRED_DATA_TYPE(), "vtkDataObject")
        return 1

    def RequestUpdateExtent(self, request, inputs, outputs):  # noqa: ANN001, ANN202, ARG002
        # Nobody else asks for pieces: without this every rank would get the whole.
        others = self._others()
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
        # Here, so that a session that only opens files does not wait for the writer when it starts.
        from npyvtk.options import ExportOptions, WriteOptions
        from npyvtk.parallel.saving import Saving

        chosen = {}
        if self._choose_arrays:
            for association, arrays in self._arrays.items():
                names = [arrays.GetArrayName(k) for k in range(arrays.GetNumberOfArrays())]
                chosen[f"{association}_arrays"] = frozenset(name for name in names if arrays.ArrayIsEnabled(name))
        options = WriteOptions(self._array, self._compression, ExportOptions(self._axes, **chosen))
        return Saving(
            self._file_name,
            *times,
            options=options,
            progress=self._progress,
            communicator=self._others(),
            warn=self._warn,
        )

    @staticmethod
    def _others() -> Communicator | None:
        """The other ranks, where there are any."""
        controller = vtkMultiProcessController.GetGlobalController()
        if controller is None or controller.GetNumberOfProcesses() < 2:
            return None
        return Communicator(controller)

    def _fail(self, error: NumPyIOError) -> None:
        """Report what all ranks know, once."""
        others = self._others()
        if others is None or others.rank == 0:
            self._reports.show(error)

    def _warn(self, text: str) -> None:
        self._reports.warn(f"{self._file_name}: {text}")

    def _progress(self, fraction: float) -> None:
        self.UpdateProgress(fraction)
        if self.CheckAbort():
            raise Aborted("stopped by the user")


class _Writer(_Saving):
    """What the two writers share: Save Data, over one time step or all."""

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
        with undisturbed():  # all of it: between two time steps, too, other ranks may wait for this one
            self.Update()

    def RequestInformation(self, request, inputs, outputs):  # noqa: ANN001, ANN202, ARG002
        info = inputs[0].GetInformationObject(0)
        self._times = list(info.Get(SDDP.TIME_STEPS()) or ()) if info.Has(SDDP.TIME_STEPS()) else []
        return 1

    def RequestUpdateExtent(self, request, inputs, outputs):  # noqa: ANN001, ANN202
        super().RequestUpdateExtent(request, inputs, outputs)
        if self._time_steps == "Current" or not self._times:
            return 1
        if self._returning:
            time = self._shown
        elif self._saving is None:
            data, key = vtkDataObject.GetData(inputs[0], 0), vtkDataObject.DATA_TIME_STEP()
            known = data is not None and data.GetInformation().Has(key)
            self._shown = data.GetInformation().Get(key) if known else None
            others = self._others()
            if others is not None:  # an empty rank may not know it, and all must do the same
                with undisturbed():
                    self._shown = others.share(self._shown)
            time = self._times[0]
        else:
            time = self._times[self._saving.done]
        inputs[0].GetInformationObject(0).Set(SDDP.UPDATE_TIME_STEP(), time)
        return 1

    def RequestData(self, request, inputs, outputs):  # noqa: ANN001, ANN202, ARG002
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
            self._fail(limit_of_memory(error))
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


# ParaView's dialog takes what stands in the first parentheses of a description for the extension: none in these.
@smproxy.writer(
    name="NumPyWriter",
    label="NumPy Archive Writer",
    extensions="npz",
    file_description="NumPy archive, all arrays",
    support_reload=False,
    supports_parallel="1",
)
@smhint.xml(proxies_xml.WRITER_HINTS)
@smproperty.xml(proxies_xml.ARCHIVE_WRITER)
class NumPyWriter(_Writer):
    """Saves any dataset as ``.npz``."""

    def __init__(self) -> None:
        super().__init__("NumPy Archive Writer", ".npz", "Choose the NumPy array writer for a .npy.")


@smproxy.writer(
    name="NumPyArrayWriter",
    label="NumPy Array Writer",
    extensions="npy",
    file_description="NumPy array, one without geometry",
    support_reload=False,
    supports_parallel="1",
)
@smhint.xml(proxies_xml.WRITER_HINTS)
@smproperty.xml(proxies_xml.ARRAY_WRITER)
class NumPyArrayWriter(_Writer):
    """Saves one array of a dataset as ``.npy``."""

    def __init__(self) -> None:
        super().__init__("NumPy Array Writer", ".npy", "Choose the NumPy archive writer for a .npz.")


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

    def RequestData(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
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
            self._fail(limit_of_memory(error))
        return 1


class _Extractor:
    """ParaView finds proxies by this attribute; an extractor is made of three, for which there is no decorator."""

    _pvsm_proxy_xml = proxies_xml.extractor(__name__)


numpy_extractor = _Extractor()

# Last, and whatever happens there: files can be read and written without it.
try:
    from npyvtk_paraview import first_look, unset_arrays

    first_look.watch()
    unset_arrays.watch()
except ImportError:  # a ParaView without views or without its server manager
    pass
except Exception as error:  # noqa: BLE001
    vtkOutputWindow.GetInstance().DisplayWarningText(f"NumPyIO: files open as ParaView shows them: {error!r}\n")
