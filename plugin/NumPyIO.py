"""The proxies by which ParaView knows the reader and the writer of NumPy files, and nothing but proxies.

ParaView executes this file when the plugin is loaded.
What a file means, how it is read and how it is written is the business of the package ``npyvtk`` beside it,
which knows nothing of ParaView; here properties become options, requests become calls, and errors become one
line.
"""

from __future__ import annotations

import os
import sys
import weakref
from dataclasses import replace
from html import escape
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
from npyvtk import errors  # noqa: E402
from npyvtk._files import printable  # noqa: E402
from npyvtk.arrays import COMPLEX_AS  # noqa: E402
from npyvtk.choices import AXES, TIME_STEPS  # noqa: E402
from npyvtk.conventions import axes_choices  # noqa: E402
from npyvtk.datasets import new_dataset  # noqa: E402
from npyvtk.errors import Aborted, NumPyIOError  # noqa: E402
from npyvtk.layout import ASSOCIATIONS, DATASET_TYPES, Block, ReadOptions, sample  # noqa: E402
from npyvtk.ranks import Communicator, together, undisturbed  # noqa: E402
from npyvtk.read import Piece, class_name  # noqa: E402
from npyvtk.series import Series, Step  # noqa: E402

if TYPE_CHECKING:
    from typing import Callable, TypeVar

    from npyvtk.saving import Saving

    _Read = TypeVar("_Read")

paraview_plugin_name = "NumPyIO"
paraview_plugin_version = npyvtk.__version__


def _memory_limit() -> int:
    """Three quarters of the machine's memory in MiB; 0, no limit, where the system does not tell."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") * 3 // 4 >> 20
    except (AttributeError, ValueError, OSError):
        return 0


def _enumeration(name: str, choices: tuple[str, ...], documentation: str, extra: str = "") -> str:
    entries = "".join(f'<Entry text="{escape(text)}" value="{k}"/>' for k, text in enumerate(choices))
    return f"""
<IntVectorProperty name="{name}" command="Set{name}" number_of_elements="1" default_values="0" {extra}>
  <EnumerationDomain name="enum">{entries}</EnumerationDomain>
  <Documentation>{escape(documentation)}</Documentation>
</IntVectorProperty>"""


def _followers(name: str, *properties: str) -> str:
    """Properties of the proxy NumPy`name` within the reader, each of which follows its Applied....

    ParaView copies all values to the reader of another file, by Change File, and in the order of their names: so
    what the user set goes after Applied.... And it sends values in the order of the proxies' and then their own
    names: WholeGeometry after all others.
    """
    names = (pattern.format(one) for one in properties for pattern in ("{}", "{}Info", "Applied{}"))
    exposed = "".join(f'<Property name="{name}"/>' for name in names)
    links = "".join(f'<Property name="{one}" with_property="Applied{one}"/>' for one in properties)
    return f"""
<SubProxy command="SetFollower">
  <Proxy name="{name}" proxygroup="internal_sources" proxyname="NumPy{name}"/>
  <ExposedProperties>{exposed}</ExposedProperties>
  <LinkProperties>{links}</LinkProperties>
</SubProxy>"""


_READER_PROPERTIES = f"""
<StringVectorProperty name="FileNames" command="AddFileName" clean_command="ClearFileNames" animateable="0"
  number_of_elements="0" repeat_command="1" panel_visibility="never">
  <FileListDomain name="files"/>
  <Documentation>One file, or a series of files in the order of time.</Documentation>
</StringVectorProperty>
<DoubleVectorProperty name="TimestepValues" information_only="1" repeatable="1" si_class="vtkSITimeStepsProperty">
  <TimeStepsInformationHelper/>
  <Documentation>The times of the time steps.</Documentation>
</DoubleVectorProperty>
<StringVectorProperty name="ArraysInfo" command="GetArrays" number_of_elements_per_command="2" information_only="1"
  si_class="vtkSIDataArraySelectionProperty"/>
<StringVectorProperty name="Arrays" information_property="ArraysInfo" command="GetArrays"
  number_of_elements_per_command="2" element_types="2 0" repeat_command="1"
  si_class="vtkSIDataArraySelectionProperty">
  <ArraySelectionDomain name="array_list">
    <RequiredProperties><Property function="ArrayList" name="ArraysInfo"/></RequiredProperties>
  </ArraySelectionDomain>
  <Documentation>The arrays to load. Only these are read from the file.</Documentation>
</StringVectorProperty>
<StringVectorProperty name="AxesInfo" command="GetAxesChoices" information_only="1"
  si_class="vtkSIStringVectorProperty"/>
<StringVectorProperty name="Axes" command="SetAxes" number_of_elements="1" default_values="auto">
  <StringListDomain name="list">
    <RequiredProperties><Property name="AxesInfo" function="ArrayList"/></RequiredProperties>
  </StringListDomain>
  <Documentation>What each axis of the arrays means, first axis first: x y z space, t time, c components; - before
    a letter reverses that axis, so that -yx has the first row on top. auto is told in Interpretation. From a script:
    any such string, or several, separated by commas; an array takes the one of its own length.</Documentation>
</StringVectorProperty>
{_enumeration("DataSetType", DATASET_TYPES, "The kind of dataset to make. Auto follows the names and shapes in "
              "the file.")}
{_enumeration("Association", ASSOCIATIONS, "Whether values belong to points or to cells. Auto follows the lengths of "
              "the coordinates; without any, values belong to points.")}
{_followers("Geometry", "Origin", "Spacing", "Direction")}
{_enumeration("ComplexAs", COMPLEX_AS, "How complex numbers are shown: as one array of two components Re and Im, as "
              "two arrays of magnitude and phase (radians), or as one of the two parts.",
              'panel_visibility="advanced"')}
{_followers("Part", "VOI", "WholeGeometry")}
<IntVectorProperty name="SampleRate" command="SetSampleRate" number_of_elements="3" default_values="1 1 1"
  panel_visibility="advanced">
  <IntRangeDomain name="range" min="1 1 1"/>
  <Documentation>Read only every n-th point of a grid along x, y and z: a quick look at a large file.</Documentation>
</IntVectorProperty>
<IntVectorProperty name="MemoryLimit" command="SetMemoryLimit" number_of_elements="1" panel_visibility="advanced"
  default_values="{_memory_limit()}">
  <IntRangeDomain name="range" min="0"/>
  <Documentation>Refuse to read more than this many MiB at once, and name a SampleRate that fits. 0: no limit. The
    default is three quarters of the server's memory.</Documentation>
</IntVectorProperty>
<IntVectorProperty name="MemoryMap" command="SetMemoryMap" number_of_elements="1" default_values="0"
  panel_visibility="advanced">
  <BooleanDomain name="bool"/>
  <Documentation>Share the pages of the file instead of copying them, where dtype and order allow it. If another
    program then shortens the file, ParaView crashes.</Documentation>
</IntVectorProperty>
<StringVectorProperty name="Interpretation" command="GetInterpretation" information_only="1" repeatable="1"
  si_class="vtkSIStringVectorProperty" panel_visibility="default">
  <Documentation>One line per array: what was found, and what was assumed.</Documentation>
  <Hints>
    <ShowComponentLabels><ComponentLabel component="0" label="Interpretation"/></ShowComponentLabels>
  </Hints>
</StringVectorProperty>
<StringVectorProperty name="LastError" command="GetLastError" information_only="1" panel_visibility="advanced">
  <SimpleStringInformationHelper/>
  <Documentation>Empty, or the one line that was shown when something went wrong.</Documentation>
</StringVectorProperty>
<Property name="Refresh" command="Refresh" panel_visibility="never"/>
"""

# What the panel shows of the file until the user sets it. A link needs its target in a proxy within.
_GEOMETRY_PROPERTIES = """
<DoubleVectorProperty name="OriginInfo" command="GetFileOrigin" information_only="1"/>
<DoubleVectorProperty name="Origin" command="SetOrigin" number_of_elements="3" default_values="0 0 0"
  information_property="OriginInfo">
  <DoubleRangeDomain name="range"/>
  <Documentation>Place of the first point of an image, x y z. Left alone, the file's own applies.</Documentation>
</DoubleVectorProperty>
<DoubleVectorProperty name="SpacingInfo" command="GetFileSpacing" information_only="1"/>
<DoubleVectorProperty name="Spacing" command="SetSpacing" number_of_elements="3" default_values="1 1 1"
  information_property="SpacingInfo">
  <DoubleRangeDomain name="range"/>
  <Documentation>Distance between the points of an image along x y z. Left alone, the file's own applies.
    </Documentation>
</DoubleVectorProperty>
<DoubleVectorProperty name="DirectionInfo" command="GetFileDirection" information_only="1"/>
<DoubleVectorProperty name="Direction" command="SetDirection" number_of_elements="9"
  default_values="1 0 0 0 1 0 0 0 1" information_property="DirectionInfo" panel_visibility="advanced">
  <DoubleRangeDomain name="range"/>
  <Documentation>How an image is turned: the rows of the 3x3 matrix from index axes to x y z. Left alone, the file's
    own applies.</Documentation>
</DoubleVectorProperty>
<DoubleVectorProperty name="AppliedOrigin" command="GetAppliedOrigin" information_only="1"
  panel_visibility="never"/>
<DoubleVectorProperty name="AppliedSpacing" command="GetAppliedSpacing" information_only="1"
  panel_visibility="never"/>
<DoubleVectorProperty name="AppliedDirection" command="GetAppliedDirection" information_only="1"
  panel_visibility="never"/>
"""
_PART_PROPERTIES = """
<IntVectorProperty name="VOIInfo" command="GetFileExtent" information_only="1"/>
<IntVectorProperty name="VOI" label="VOI" command="SetVOI" number_of_elements="6" default_values="0 -1 0 -1 0 -1"
  information_property="VOIInfo" panel_visibility="advanced">
  <IntRangeDomain name="range"/>
  <Documentation>Read only this part of a grid: first and last point along x, y and z, counted from 0.</Documentation>
</IntVectorProperty>
<DoubleVectorProperty name="WholeGeometryInfo" command="GetWholeGeometry" information_only="1"/>
<DoubleVectorProperty name="WholeGeometry" command="SetWholeGeometry" number_of_elements="21"
  default_values="0 0 0 1 1 1 1 0 0 0 1 0 0 0 1 0 -1 0 -1 0 -1" information_property="WholeGeometryInfo"
  animateable="0" panel_visibility="never">
  <Documentation>Origin, Spacing, Direction and VOI as the file had them when it was opened. It goes along when
    ParaView copies the reader for another file, and tells what the user had left alone.</Documentation>
</DoubleVectorProperty>
<IntVectorProperty name="AppliedVOI" command="GetAppliedVOI" information_only="1"
  panel_visibility="never"/>
<DoubleVectorProperty name="AppliedWholeGeometry" command="GetAppliedWholeGeometry" information_only="1"
  panel_visibility="never"/>
"""


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
        line = " ".join(str(error).split())
        folder = os.path.join(printable(self.folder), "")
        if folder and line.startswith(folder):
            # The window shows some sixty characters of a line: name and reason are worth more than the path.
            line = f"{line[len(folder) :]} (In the folder {printable(self.folder)}.)"
        text = f"{self._label}: {line}"
        if text != self.text:
            self.text = text
            # Rank 0 speaks for all, and to the client. Ranks that run a script of their own know of no others.
            if _rank() == 0 or _each_for_itself():
                # As it is: the logging of paraview.print_error puts a file name and a line number before it.
                vtkOutputWindow.GetInstance().DisplayErrorText(f"{text}\n")


def _rank() -> int:
    controller = vtkMultiProcessController.GetGlobalController()
    return 0 if controller is None else controller.GetLocalProcessId()


def _each_for_itself() -> bool:
    """Whether every rank runs the script itself (``pvbatch --sym``), and may update when others do not."""
    module = vtkProcessModule.GetProcessModule()
    return module is not None and module.GetSymmetricMPIMode()


class _Followers:
    """ParaView finds proxies by this attribute, in the order of this file: the reader, which has these, comes after."""

    _pvsm_proxy_xml = f"""
<ServerManagerConfiguration>
<ProxyGroup name="internal_sources">
  <Proxy name="NumPyGeometry" class="{__name__}.NumPyFollower" si_class="vtkSIPythonSourceProxy">
    {_GEOMETRY_PROPERTIES}
  </Proxy>
  <Proxy name="NumPyPart" class="{__name__}.NumPyFollower" si_class="vtkSIPythonSourceProxy">
    {_PART_PROPERTIES}
  </Proxy>
</ProxyGroup>
</ServerManagerConfiguration>"""


numpy_followers = _Followers()


@smproxy.reader(
    name="NumPyReader",
    label="NumPy Reader",
    extensions="npy npz npy.series npz.series",
    file_description="NumPy arrays",
    support_reload=False,
)
@smhint.xml('<RepresentationType view="RenderView" type="Surface"/><ReloadFiles property="Refresh"/>')
@smproperty.xml(_READER_PROPERTIES)
class NumPyReader(VTKPythonAlgorithmBase):
    """Opens ``.npy`` and ``.npz`` files."""

    def __init__(self) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=1, outputType="vtkDataObject")
        self._file_names: list[str] = []
        self._options = ReadOptions(memory_limit=(_memory_limit() << 20) or None)
        self._series: Series | None = None  # None: properties changed since it was made
        self._shared = False  # whether all ranks have this series, as rank 0 described it
        self._told: NumPyIOError | None = None  # what rank 0 said instead
        # Geometry and extent of the file, as the panel shows them where the user left them alone.
        self._own: dict[str, tuple] = {}
        self._reports = _Reports("NumPy Reader")
        self._reading = ""  # name of the file
        self._arrays = vtkDataArraySelection()
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
        self._choose(axes=text or "auto")

    def SetDataSetType(self, k: int) -> None:
        self._choose(dataset_type=DATASET_TYPES[k])

    def SetAssociation(self, k: int) -> None:
        self._choose(association=ASSOCIATIONS[k])

    def SetOrigin(self, *xyz: float) -> None:
        self._choose(origin=xyz)

    def SetSpacing(self, *xyz: float) -> None:
        self._choose(spacing=xyz)

    def SetDirection(self, *matrix: float) -> None:
        self._choose(direction=matrix)

    def SetComplexAs(self, k: int) -> None:
        self._choose(complex_as=COMPLEX_AS[k])

    def SetVOI(self, *extent: int) -> None:
        nothing = any(low > high for low, high in zip(extent[::2], extent[1::2]))
        self._choose(voi=None if nothing else extent)

    def SetSampleRate(self, *rate: int) -> None:
        self._choose(sample_rate=rate)

    def SetMemoryLimit(self, mib: int) -> None:
        self._choose(memory_limit=(mib << 20) or None)

    def SetMemoryMap(self, on: int) -> None:
        self._choose(memory_map=bool(on))

    def SetWholeGeometry(self, *values: float) -> None:
        # Pushed after the others, in the order of the XML as in that of the names.
        shown = {
            "origin": values[0:3],
            "spacing": values[3:6],
            "direction": values[6:15],
            "voi": tuple(int(v) for v in values[15:21]),
        }
        options = self._options
        if not self._own:
            # From a state file ParaView sends only what differs from the defaults.
            defaults = _own(None)
            unsent = (name for name in ("origin", "spacing", "direction") if getattr(options, name) is None)
            options = replace(options, **{name: defaults[name] for name in unsent})
            self._own = shown
        options = self._left_alone(options, shown)
        if options != self._options:
            self._options = options
            self._changed()

    def SetFollower(self, follower: NumPyFollower) -> None:
        follower.follow(self)

    def Refresh(self) -> None:
        """Look at the files again; ParaView's Reload Files."""
        self._changed()

    # ---- information ---------------------------------------------------------------------------

    def GetAxesChoices(self) -> tuple[str, ...]:
        first = self._first()
        if first is None:
            return ("auto",)
        shapes = [first.specs[name].shape for name in first.layout.names] or [s.shape for s in first.specs.values()]
        longest = max(shapes, key=len, default=())
        choices = ("auto", *axes_choices(longest))
        return choices if self._options.axes in choices else (*choices, self._options.axes)

    def GetFileOrigin(self) -> tuple[float, ...]:
        return self._of_file("origin")

    def GetFileSpacing(self) -> tuple[float, ...]:
        return self._of_file("spacing")

    def GetFileDirection(self) -> tuple[float, ...]:
        return self._of_file("direction")

    def GetFileExtent(self) -> tuple[int, ...]:
        return self._of_file("voi")

    def GetWholeGeometry(self) -> tuple[float, ...]:
        return (*self.GetFileOrigin(), *self.GetFileSpacing(), *self.GetFileDirection(), *self.GetFileExtent())

    def GetAppliedOrigin(self) -> tuple[float, ...]:
        return self._applied("origin")

    def GetAppliedSpacing(self) -> tuple[float, ...]:
        return self._applied("spacing")

    def GetAppliedDirection(self) -> tuple[float, ...]:
        return self._applied("direction")

    def GetAppliedVOI(self) -> tuple[int, ...]:
        return self._applied("voi")

    def GetAppliedWholeGeometry(self) -> tuple[float, ...]:
        return self.GetWholeGeometry()

    def GetInterpretation(self) -> tuple[str, ...]:
        first = self._first()
        return self._series.lines if first is not None else ()

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
            options = self._left_alone(replace(self._options, **choice), self._own)
        except NumPyIOError as error:
            self._reports.show(error)
            return
        if options != self._options:
            keep = options.plans_like(self._options)
            self._options = options
            self._changed(keep=keep)

    def _changed(self, *, keep: bool = False) -> None:
        """Forget what the files were found to hold, unless that is to `keep`."""
        if not keep:
            self._series, self._shared = None, False
        elif self._series is not None:
            self._series.options = self._options
        self._reports.clear()
        self.Modified()

    def _arrays_changed(self) -> None:
        if not self._syncing:
            self._reports.clear()
            self.Modified()

    @staticmethod
    def _left_alone(options: ReadOptions, own: dict[str, tuple]) -> ReadOptions:
        """Forget the choices that only repeat what the file has.

        ParaView shows the file's own geometry and extent in the panel and hands them back as if the user had set
        them. They must not stick when the file, its content or the axes change.
        """
        repeated = {
            name: None
            for name, value in own.items()
            if getattr(options, name) is not None and tuple(getattr(options, name)) == tuple(value)
        }
        return replace(options, **repeated) if repeated else options

    def _first(self):  # noqa: ANN202
        """Describe the files; None when none of them can be, which is reported."""
        if not self._file_names:
            return None
        if self._series is None:
            if _communicator() is not None and _rank() != 0:  # rank 0 tells, in RequestDataObject
                if self._told is not None:
                    self._reports.show(self._told)
                return None
            try:
                self._series = Series(self._file_names, self._options)
            except NumPyIOError as error:
                self._reports.show(error)
                return None
            self._sync_arrays()
        try:
            first = self._series.first
        except NumPyIOError as error:
            self._reports.show(error)
            return None
        self._own = _own(first)
        options = self._left_alone(self._options, self._own)
        if options != self._options:
            # Other files of a series may have a geometry of their own.
            self._options, self._series = options, None
            return self._first()
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
            kind = getattr(errors, found, NumPyIOError) if found in errors.__all__ else NumPyIOError
            self._series, self._told = None, kind(problem)
            return
        self._series, self._told = Series.restore(found, self._options), None
        self._own = _own(self._series.first)
        self._series.options = self._options = self._left_alone(self._options, self._own)
        self._sync_arrays()

    def _sync_arrays(self) -> None:
        try:
            names = self._series.names
        except NumPyIOError:
            return
        self._syncing = True
        for k in reversed(range(self._arrays.GetNumberOfArrays())):
            if self._arrays.GetArrayName(k) not in names:
                self._arrays.RemoveArrayByIndex(k)
        for name in names:
            self._arrays.AddArray(name)
        self._syncing = False

    def _chosen_arrays(self) -> list[str]:
        names = self._series.names
        return [name for name in names if self._arrays.ArrayIsEnabled(name) or not self._arrays.ArrayExists(name)]

    def _root(self):  # noqa: ANN202
        first = self._first()
        return None if first is None else self._series.root(self._chosen_arrays())

    def _of_file(self, name: str) -> tuple[float, ...]:
        """What the file has; after a failure, what it had."""
        self._first()
        return (self._own or _own(None))[name]

    def _applied(self, name: str) -> tuple[float, ...]:
        own = self._of_file(name)
        chosen = getattr(self._options, name)
        return own if chosen is None else chosen

    def _progress(self, fraction: float) -> None:
        # ParaView's status line shows this beside the bar.
        self.SetProgressText(f"Reading {self._reading} ({fraction:.0%})")
        self.UpdateProgress(fraction)
        if self.CheckAbort():
            raise Aborted("stopped by the user")


def _communicator() -> Communicator | None:
    """Return how to talk to all ranks, where there are several and ParaView runs them all together."""
    controller = vtkMultiProcessController.GetGlobalController()
    if controller is None or controller.GetNumberOfProcesses() < 2 or _each_for_itself():
        return None
    return Communicator(controller)


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


def _own(description) -> dict[str, tuple]:  # noqa: ANN001
    """Geometry, and extent of the one grid, as a file has them."""
    geometry, extent = Block("Image").geometry, (0, -1, 0, -1, 0, -1)
    if description is not None:
        geometry, root = description.layout.geometry, description.layout.root
        if isinstance(root, Block) and root.is_grid:
            extent = tuple(root.extent)
    return {"origin": geometry.origin, "spacing": geometry.spacing, "direction": geometry.direction, "voi": extent}


class NumPyFollower(VTKPythonAlgorithmBase):
    """The side of the server of those properties that follow the file: hands everything on to the reader."""

    def __init__(self) -> None:
        super().__init__(nInputPorts=0, nOutputPorts=0)
        self._reader = None

    def follow(self, reader: NumPyReader) -> None:
        self._reader = weakref.ref(reader)

    def __getattr__(self, name: str):  # noqa: ANN204
        reader = self.__dict__.get("_reader", None)
        reader = reader and reader()
        if reader is not None:
            return getattr(reader, name)
        if name.startswith("Set"):
            # ParaView sets the defaults before it makes the reader, which has them anyway.
            return lambda *_: None
        raise AttributeError(name)


# ---------------------------------------------------------------------------------------------------
# saving

_INPUT = """
<InputProperty name="Input" command="SetInputConnection">
  <ProxyGroupDomain name="groups"><Group name="sources"/><Group name="filters"/></ProxyGroupDomain>
  <DataTypeDomain name="input_type"><DataType value="vtkDataObject"/></DataTypeDomain>
  <InputArrayDomain name="point_arrays" attribute_type="point" optional="1"/>
  <InputArrayDomain name="cell_arrays" attribute_type="cell" optional="1"/>
  <Documentation>What is saved.</Documentation>
</InputProperty>"""


def _array_list(name: str, domain: str, documentation: str) -> str:
    return f"""
<StringVectorProperty name="{name}" command="Get{name}" number_of_elements_per_command="1" repeat_command="1"
  si_class="vtkSIDataArraySelectionProperty">
  <ArrayListDomain name="array_list" input_domain_name="{domain}">
    <RequiredProperties><Property name="Input" function="Input"/></RequiredProperties>
  </ArrayListDomain>
  <Documentation>{documentation}</Documentation>
  <Hints><PropertyWidgetDecorator type="GenericDecorator" mode="visibility" property="ChooseArraysToWrite"
    value="1"/></Hints>
</StringVectorProperty>"""


_CONTENT_PROPERTIES = f"""
<StringVectorProperty name="Array" command="SetArray" number_of_elements="1" default_values="">
  <Documentation>For a .npy, which holds one array: its name. Empty: the active scalars, or the only array.
    </Documentation>
</StringVectorProperty>
{_enumeration("Axes", AXES, "Order of the axes of arrays on grids. zyx: z first, as NumPy programs expect, and arrays "
              "that were read from a file as they were there; xyz: x first.")}
<IntVectorProperty name="CompressionLevel" command="SetCompressionLevel" number_of_elements="1" default_values="0">
  <IntRangeDomain name="range" min="0" max="9"/>
  <Documentation>For a .npz: 0 stores the arrays as they are, 1 (fast) to 9 (small) compress them.</Documentation>
</IntVectorProperty>
<IntVectorProperty name="ChooseArraysToWrite" command="SetChooseArraysToWrite" number_of_elements="1"
  default_values="0">
  <BooleanDomain name="bool"/>
  <Documentation>Save only some of the arrays.</Documentation>
</IntVectorProperty>
{_array_list("PointDataArrays", "point_arrays", "The point arrays to save, where ChooseArraysToWrite is on.")}
{_array_list("CellDataArrays", "cell_arrays", "The cell arrays to save, where ChooseArraysToWrite is on.")}
"""

_LAST_ERROR = """
<StringVectorProperty name="LastError" command="GetLastError" information_only="1">
  <SimpleStringInformationHelper/>
  <Documentation>Empty, or the one line that was shown when something went wrong.</Documentation>
</StringVectorProperty>"""

_WRITER_PROPERTIES = f"""
{_INPUT}
<StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1" panel_visibility="never">
  <Documentation>The file to write; its extension, .npy or .npz, says which format.</Documentation>
</StringVectorProperty>
{_CONTENT_PROPERTIES}
{_enumeration("TimeSteps", TIME_STEPS, "Current: the time step that is shown. Series: all of them, each in a file of "
              "its own, with a .series file that lists them. Stacked: all of them in one file, along a first axis t.")}
<StringVectorProperty name="FileNameSuffix" command="SetFileNameSuffix" number_of_elements="1" default_values="_%d">
  <Documentation>For a series: what comes between name and extension of each file. _%d or _{{:d}} stand for the
    number of the time step, _%04d or _{{:04d}} for the same with four digits.</Documentation>
  <Hints><PropertyWidgetDecorator type="GenericDecorator" mode="visibility" property="TimeSteps" value="1"/></Hints>
</StringVectorProperty>
{_LAST_ERROR}
"""


class _Saving(VTKPythonAlgorithmBase):
    """What the writer and the extractor share: options, pieces and reports."""

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
        self._assign("_array", name or "")

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
        from npyvtk.export import ExportOptions
        from npyvtk.saving import Saving
        from npyvtk.writing import WriteOptions

        chosen = {}
        if self._choose_arrays:
            for association, arrays in self._arrays.items():
                names = [arrays.GetArrayName(k) for k in range(arrays.GetNumberOfArrays())]
                chosen[f"{association}_arrays"] = frozenset(name for name in names if arrays.ArrayIsEnabled(name))
        options = WriteOptions(self._array, self._compression, ExportOptions(self._axes, **chosen))
        return Saving(
            self._file_name, *times, options=options, progress=self._progress, communicator=self._others()
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

    def _progress(self, fraction: float) -> None:
        self.UpdateProgress(fraction)
        if self.CheckAbort():
            raise Aborted("stopped by the user")


@smproxy.writer(
    name="NumPyWriter",
    label="NumPy Writer",
    extensions="npz npy",
    file_description="NumPy arrays",
    support_reload=False,
    supports_parallel="1",
)
@smproperty.xml(_WRITER_PROPERTIES)
class NumPyWriter(_Saving):
    """Saves any dataset as ``.npz``, or one array of it as ``.npy``."""

    def __init__(self) -> None:
        super().__init__("NumPy Writer", nOutputPorts=0)
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

    def RequestInformation(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
        info = inputs[0].GetInformationObject(0)
        self._times = list(info.Get(SDDP.TIME_STEPS()) or ()) if info.Has(SDDP.TIME_STEPS()) else []
        return 1

    def RequestUpdateExtent(self, request, inputs, outputs):  # noqa: ANN001, ANN201
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

    def RequestData(self, request, inputs, outputs):  # noqa: ANN001, ANN201, ARG002
        if self._returning:
            self._returning = False
            request.Remove(SDDP.CONTINUE_EXECUTING())
            return 1
        data = vtkDataObject.GetData(inputs[0], 0)
        self._reports.clear()
        try:
            if self._saving is None:
                self._saving = self._begin(self._time_steps, self._times, self._suffix)
            self._saving.add(data)
            if self._saving.complete:
                self._saving.close()
                self._saving = None
        except Aborted:
            self._abandon()
        except NumPyIOError as error:
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

    def _abandon(self) -> None:
        if self._saving is not None:
            self._saving.abandon()
            self._saving = None


class NumPySink(_Saving):
    """Saves whatever passes by: the inner part of the extractor.

    ParaView updates an extractor's inner writer in a way that no writer in Python understands, but it also
    updates the filter ``PassArrays`` before it; that is where this one sits.
    """

    def __init__(self) -> None:
        super().__init__("NumPy Extractor", nOutputPorts=1, outputType="vtkTable")

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
        except NumPyIOError as error:
            self._fail(error)
        return 1


class _Extractor:
    """ParaView finds proxies by this attribute; an extractor is made of three, for which there is no decorator."""

    _pvsm_proxy_xml = f"""
<ServerManagerConfiguration>
<ProxyGroup name="internal_writers">
  <SourceProxy name="NumPySink" class="{__name__}.NumPySink" si_class="vtkSIPythonSourceProxy">
    {_INPUT}
    <StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1" panel_visibility="never"/>
    {_CONTENT_PROPERTIES}
    {_LAST_ERROR}
  </SourceProxy>
  <WriterProxy name="NumPyExtractWriter" class="vtkFileSeriesWriter" supports_parallel="1">
    {_INPUT}
    <StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1"/>
    <SubProxy><Proxy name="Writer" proxygroup="internal_writers" proxyname="DataSetWriterCore"/></SubProxy>
    <SubProxy>
      <Proxy name="PassArrays" proxygroup="internal_writers" proxyname="NumPySink"/>
      <ExposedProperties>
        <Property name="Array"/><Property name="Axes"/><Property name="CompressionLevel"/>
        <Property name="ChooseArraysToWrite"/><Property name="PointDataArrays"/><Property name="CellDataArrays"/>
      </ExposedProperties>
      <LinkProperties>
        <Property name="Input" with_property="Input"/>
        <Property name="FileName" with_property="FileName"/>
      </LinkProperties>
    </SubProxy>
  </WriterProxy>
</ProxyGroup>
<ProxyGroup name="extract_writers">
  <DataExtractWriterProxy name="NumPy">
    <Documentation short_help="Extract NumPy files">Saves the data as .npz, or one array of it as .npy, whenever the
      extractor is triggered.</Documentation>
    <StringVectorProperty name="FileName" number_of_elements="1" default_values="{{prefix}}_{{timestep:06d}}.npz">
      <Documentation>Name of the files, with a place for time step or time; .npy or .npz says which format.
        </Documentation>
    </StringVectorProperty>
    <SubProxy>
      <Proxy name="Writer" proxygroup="internal_writers" proxyname="NumPyExtractWriter"/>
      <ExposedProperties>
        <Property name="Input"/><Property name="Array"/><Property name="Axes"/><Property name="CompressionLevel"/>
        <Property name="ChooseArraysToWrite"/><Property name="PointDataArrays"/><Property name="CellDataArrays"/>
      </ExposedProperties>
    </SubProxy>
    <Hints><ShowInMenu category="Data"/></Hints>
  </DataExtractWriterProxy>
</ProxyGroup>
</ServerManagerConfiguration>"""


numpy_extractor = _Extractor()

# Last, and whatever happens there: files can be read and written without it.
try:
    from npyvtk_paraview import first_look

    first_look.watch()
except ImportError:  # a ParaView without views or without its server manager
    pass
except Exception as error:  # noqa: BLE001
    vtkOutputWindow.GetInstance().DisplayWarningText(f"NumPyIO: files open as ParaView shows them: {error!r}\n")
