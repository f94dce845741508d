"""The XML of the proxies: their properties, in the order in which the panel shows them.

Plain text, and nothing of ParaView: what the properties do is said in `reader` and `writers`.
All of them have static defaults. A value of the file in a property would be recorded in states and traces, and be
applied to the next file.
Labels are names with blanks, for scripts know a property by its label without them.
"""

from __future__ import annotations

from html import escape

from npyvtk.options import ASSOCIATIONS, AXES, COMPLEX_AS, DATASET_TYPES, TIME_STEPS

__all__ = ["ACTIVE_SCALARS", "ARCHIVE_WRITER", "ARRAY_WRITER", "EXTRACTOR", "READER", "READER_HINTS", "WRITER_HINTS"]

ACTIVE_SCALARS = "(active scalars)"  # in the list of arrays: none is named


def _enumeration(name: str, choices: tuple[str, ...], documentation: str, extra: str = "") -> str:
    entries = "".join(f'<Entry text="{escape(text)}" value="{k}"/>' for k, text in enumerate(choices))
    return f"""
<IntVectorProperty name="{name}" command="Set{name}" number_of_elements="1" default_values="0" {extra}>
  <EnumerationDomain name="enum">{entries}</EnumerationDomain>
  <Documentation>{escape(documentation)}</Documentation>
</IntVectorProperty>"""


def _menu(name: str, documentation: str) -> str:
    """Make a text that may be any, with a menu of what suits the file."""
    return f"""
<StringVectorProperty name="{name}Info" command="Get{name}Choices" information_only="1"
  si_class="vtkSIStringVectorProperty"/>
<StringVectorProperty name="{name}" command="Set{name}" number_of_elements="1" default_values="auto">
  <StringListDomain name="list">
    <RequiredProperties><Property name="{name}Info" function="ArrayList"/></RequiredProperties>
  </StringListDomain>
  <Documentation>{escape(documentation)}</Documentation>
</StringVectorProperty>"""


def _check_box(name: str, documentation: str, extra: str = "", default: int = 0) -> str:
    return f"""
<IntVectorProperty name="{name}" command="Set{name}" number_of_elements="1" default_values="{default}" {extra}>
  <BooleanDomain name="bool"/>
  <Documentation>{escape(documentation)}</Documentation>
</IntVectorProperty>"""


_SHOWN_WITH = '<PropertyWidgetDecorator type="GenericDecorator" mode="visibility" property="{}" value="1"/>'

_LAST_ERROR = """
<StringVectorProperty name="LastError" command="GetLastError" information_only="1" panel_visibility="advanced">
  <SimpleStringInformationHelper/>
  <Documentation>Empty, or the one line that was shown when something went wrong.</Documentation>
</StringVectorProperty>"""

# ---------------------------------------------------------------------------------------------------
# reading

# Without NoDefault the list of arrays, which nobody has chosen, would stand in each state and trace.
READER = f"""
<Documentation short_help="Open NumPy files" long_help="Opens NumPy's .npy and .npz files, one or a series of them.">
  Opens .npy and .npz files as what their names and shapes say.
  Interpretation tells what was found and assumed.
</Documentation>
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
  <Documentation>The arrays to load, or columns of a table; until one is chosen, all. Only these are read from the
    file. Names that the file lacks are left aside; where it has none of them, all are loaded.</Documentation>
  <Hints><NoDefault/></Hints>
</StringVectorProperty>
<StringVectorProperty name="LargeFieldArrays" command="GetLargeFieldArrays" information_only="1"
  si_class="vtkSIStringVectorProperty">
  <Documentation>The arrays that are loaded only if they are chosen.</Documentation>
</StringVectorProperty>
{
    _menu(
        "Axes",
        "What each axis of the arrays means, first axis first: x y z space, t time, c components, n rows; - before a "
        "letter reverses that axis, so that -yx has the first row on top. What auto takes is told in Interpretation. "
        "From a script: any such string, or several, separated by commas; an array takes the one of its own length.",
    )
}
{
    _enumeration(
        "DataSetType", DATASET_TYPES, "The kind of dataset to make. Auto follows the names and shapes in the file."
    )
}
{
    _menu(
        "Positions",
        "The array with the positions of points, of a mesh or of a structured grid; or the arrays with their x, y and "
        "z, separated by commas. auto follows the names in the file.",
    )
}
{
    _enumeration(
        "Association",
        ASSOCIATIONS,
        "Whether values belong to points or to cells. Auto follows the lengths of "
        "the coordinates; without any, values belong to points.",
    )
}
<DoubleVectorProperty name="Origin" command="SetOrigin" number_of_elements="3" default_values="0 0 0">
  <DoubleRangeDomain name="range"/>
  <Documentation>Place of the first point of an image, x y z. 0 0 0 leaves it to the file; Interpretation tells what
    applies.</Documentation>
</DoubleVectorProperty>
<DoubleVectorProperty name="Spacing" command="SetSpacing" number_of_elements="3" default_values="1 1 1">
  <DoubleRangeDomain name="range"/>
  <Documentation>Distance between the points of an image along x y z. 1 1 1 leaves it to the file; Interpretation
    tells what applies.</Documentation>
</DoubleVectorProperty>
<DoubleVectorProperty name="Direction" command="SetDirection" number_of_elements="9"
  default_values="1 0 0 0 1 0 0 0 1" panel_visibility="advanced">
  <DoubleRangeDomain name="range"/>
  <Documentation>How an image is turned: the rows of the 3x3 matrix from index axes to x y z. The default, which does
    not turn it, leaves it to the file.</Documentation>
</DoubleVectorProperty>
{
    _check_box(
        "IgnoreFileGeometry",
        "Leave the origin, spacing and direction in the file aside; the defaults of Origin, "
        "Spacing and Direction then mean what they say.",
        'panel_visibility="advanced"',
    )
}
<StringVectorProperty name="ArrayName" command="SetArrayName" number_of_elements="1" default_values=""
  panel_visibility="advanced">
  <Documentation>For a .npy: what to call its array, so that filters and colours find it in the next file. Empty: the
    name of the file.</Documentation>
</StringVectorProperty>
{
    _check_box(
        "PadVectors",
        "Give vectors of two components, floating-point numbers on points or cells, a third one, 0, so that the "
        "filters for vectors take them. Saving takes it off again.",
        'panel_visibility="advanced"',
        default=1,
    )
}
{
    _check_box(
        "JoinVectors",
        "Join arrays of one shape that are the parts of a vector to one array: Bx, By, Bz to B; u, v, w to uvw; R, G, "
        "B to a colour. Saving takes it apart again.",
        'panel_visibility="advanced"',
    )
}
{
    _enumeration(
        "ComplexAs",
        COMPLEX_AS,
        "How complex numbers are shown: as one array of two components Re and Im, as "
        "two arrays of magnitude and phase (radians), or as one of the two parts.",
        'panel_visibility="advanced"',
    )
}
<IntVectorProperty name="VOI" label="VOI" command="SetVOI" number_of_elements="6" default_values="0 -1 0 -1 0 -1"
  panel_visibility="advanced">
  <IntRangeDomain name="range"/>
  <Documentation>Read only this part of a grid: first and last point along x, y and z, counted from 0. 0 -1 is a whole
    axis.</Documentation>
</IntVectorProperty>
<IntVectorProperty name="SampleRate" command="SetSampleRate" number_of_elements="3" default_values="1 1 1"
  panel_visibility="advanced">
  <IntRangeDomain name="range" min="1 1 1"/>
  <Documentation>Read only every n-th point of a grid along x, y and z: a quick look at a large file.</Documentation>
</IntVectorProperty>
<IntVectorProperty name="MemoryLimit" command="SetMemoryLimit" number_of_elements="1" panel_visibility="advanced"
  default_values="-1">
  <IntRangeDomain name="range" min="-1"/>
  <Documentation>Refuse to read more than this many MiB at once, and name a SampleRate that fits. -1: three quarters of
    the server's memory, or of what its container or batch job may use, shared among the ranks on its node. 0: no
    limit.</Documentation>
</IntVectorProperty>
{
    _check_box(
        "MemoryMap",
        "Share the pages of the file instead of copying them, where dtype and order allow it. If "
        "another program then shortens the file, ParaView crashes.",
        'panel_visibility="advanced"',
    )
}
<StringVectorProperty name="Interpretation" command="GetInterpretation" information_only="1" repeatable="1"
  si_class="vtkSIStringVectorProperty" panel_visibility="default">
  <Documentation>One line per array: what was found, and what was assumed.</Documentation>
  <Hints>
    <ShowComponentLabels><ComponentLabel component="0" label="Interpretation"/></ShowComponentLabels>
  </Hints>
</StringVectorProperty>
{_LAST_ERROR}
<Property name="Refresh" command="Refresh" panel_visibility="never"/>
"""

# ---------------------------------------------------------------------------------------------------
# saving

_INPUT = """
<InputProperty name="Input" command="SetInputConnection">
  <ProxyGroupDomain name="groups"><Group name="sources"/><Group name="filters"/></ProxyGroupDomain>
  <DataTypeDomain name="input_type"><DataType value="vtkDataObject"/></DataTypeDomain>
  <InputArrayDomain name="point_arrays" attribute_type="point" optional="1"/>
  <InputArrayDomain name="cell_arrays" attribute_type="cell" optional="1"/>
  <InputArrayDomain name="arrays" attribute_type="any" optional="1"/>
  <Documentation>What is saved.</Documentation>
</InputProperty>"""

_AXES = _enumeration("Axes", AXES, "Order of the axes of arrays on grids. zyx: z first, as NumPy programs expect, and "
                     "arrays that were read from a file as they were there; xyz: x first.")  # fmt: skip


def _array_list(name: str, domain: str, documentation: str) -> str:
    return f"""
<StringVectorProperty name="{name}" command="Get{name}" number_of_elements_per_command="1" repeat_command="1"
  si_class="vtkSIDataArraySelectionProperty">
  <ArrayListDomain name="array_list" input_domain_name="{domain}">
    <RequiredProperties><Property name="Input" function="Input"/></RequiredProperties>
  </ArrayListDomain>
  <Documentation>{documentation}</Documentation>
  <Hints>{_SHOWN_WITH.format("ChooseArraysToWrite")}</Hints>
</StringVectorProperty>"""


_ARCHIVE = f"""
<IntVectorProperty name="CompressionLevel" command="SetCompressionLevel" number_of_elements="1" default_values="0">
  <IntRangeDomain name="range" min="0" max="9"/>
  <Documentation>0 stores the arrays as they are, 1 (fast) to 9 (small) compress them.</Documentation>
</IntVectorProperty>
{_check_box("ChooseArraysToWrite", "Save only some of the arrays.")}
{_array_list("PointDataArrays", "point_arrays", "The point arrays to save, where ChooseArraysToWrite is on.")}
{_array_list("CellDataArrays", "cell_arrays", "The cell arrays to save, where ChooseArraysToWrite is on.")}
"""

_TIMES = f"""
{
    _enumeration(
        "TimeSteps",
        TIME_STEPS,
        "Current: the time step that is shown. Series: all of them, each in a file of "
        "its own, with a .series file that lists them. Stacked: all of them in one file, along a first axis t.",
    )
}
<StringVectorProperty name="FileNameSuffix" command="SetFileNameSuffix" number_of_elements="1" default_values="_%d">
  <Documentation>For a series: what comes between name and extension of each file. _%d or _{{:d}} stand for the
    number of the time step, _%04d or _{{:04d}} for the same with four digits.</Documentation>
  <Hints>{_SHOWN_WITH.format("TimeSteps")}</Hints>
</StringVectorProperty>
"""


def _file_name(extension: str) -> str:
    return f"""
<StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1" panel_visibility="never">
  <Documentation>The {extension} to write.</Documentation>
</StringVectorProperty>"""


ARCHIVE_WRITER = f"""
<Documentation short_help="Save as .npz" long_help="Saves a dataset as NumPy's .npz, with all arrays and its geometry.">
  Saves any dataset as an .npz, which numpy.load reads, and which opens again as it was.
</Documentation>
{_INPUT}
{_file_name(".npz")}
{_AXES}
{_ARCHIVE}
{_TIMES}
{_LAST_ERROR}
"""

# A list preselects its first entry, unless the default is the entry that stands for none.
ARRAY_WRITER = f"""
<Documentation short_help="Save as .npy" long_help="Saves one array of a dataset as NumPy's .npy, without geometry.">
  Saves one array as a .npy, which numpy.load reads.
  It has no place for other arrays, points, cells, blocks or geometry; an .npz has.
</Documentation>
{_INPUT}
{_file_name(".npy")}
<StringVectorProperty name="Array" command="SetArray" number_of_elements="1" default_values="{ACTIVE_SCALARS}">
  <ArrayListDomain name="array_list" none_string="{ACTIVE_SCALARS}" input_domain_name="arrays">
    <RequiredProperties><Property name="Input" function="Input"/></RequiredProperties>
  </ArrayListDomain>
  <Documentation>The array to save. Without a choice the active scalars, or the only array.</Documentation>
</StringVectorProperty>
{_AXES}
{_TIMES}
{_LAST_ERROR}
"""

_EXTRACTED_ARRAY = """
<StringVectorProperty name="Array" command="SetArray" number_of_elements="1" default_values="">
  <Documentation>For a .npy, which holds one array: its name. Empty: the active scalars, or the only array.
    </Documentation>
</StringVectorProperty>"""

_EXTRACTOR_PROPERTIES = "".join(
    f'<Property name="{name}"/>'
    for name in ("Array", "Axes", "CompressionLevel", "ChooseArraysToWrite", "PointDataArrays", "CellDataArrays")
)

# The panel shows the documentation above the properties.
READER_HINTS = """
<RepresentationType view="RenderView" type="Surface"/>
<ReloadFiles property="Refresh"/>
<ShowProxyDocumentationInPanel/>"""
WRITER_HINTS = "<ShowProxyDocumentationInPanel/>"

# ParaView updates an extractor's inner writer in a way that does not reach a writer in Python, but it also updates the
# filter ``PassArrays`` before it; that is where this one sits.
EXTRACTOR = f"""
<ServerManagerConfiguration>
<ProxyGroup name="internal_writers">
  <SourceProxy name="NumPySink" class="npyvtk_paraview.writers.NumPySink" si_class="vtkSIPythonSourceProxy">
    {_INPUT}
    <StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1" panel_visibility="never"/>
    {_EXTRACTED_ARRAY}
    {_AXES}
    {_ARCHIVE}
    {_LAST_ERROR}
  </SourceProxy>
  <WriterProxy name="NumPyExtractWriter" class="vtkFileSeriesWriter" supports_parallel="1">
    {_INPUT}
    <StringVectorProperty name="FileName" command="SetFileName" number_of_elements="1"/>
    <SubProxy><Proxy name="Writer" proxygroup="internal_writers" proxyname="DataSetWriterCore"/></SubProxy>
    <SubProxy>
      <Proxy name="PassArrays" proxygroup="internal_writers" proxyname="NumPySink"/>
      <ExposedProperties>{_EXTRACTOR_PROPERTIES}</ExposedProperties>
      <LinkProperties>
        <Property name="Input" with_property="Input"/>
        <Property name="FileName" with_property="FileName"/>
      </LinkProperties>
    </SubProxy>
  </WriterProxy>
</ProxyGroup>
<ProxyGroup name="extract_writers">
  <DataExtractWriterProxy name="NumPy" label="NumPy">
    <Documentation short_help="Extract NumPy files">Saves the data as .npz, or one array of it as .npy, whenever the
      extractor is triggered.</Documentation>
    <StringVectorProperty name="FileName" number_of_elements="1" default_values="{{prefix}}_{{timestep:06d}}.npz">
      <Documentation>Name of the files, with a place for time step or time; .npy or .npz says which format.
        </Documentation>
    </StringVectorProperty>
    <SubProxy>
      <Proxy name="Writer" proxygroup="internal_writers" proxyname="NumPyExtractWriter"/>
      <ExposedProperties><Property name="Input"/>{_EXTRACTOR_PROPERTIES}</ExposedProperties>
    </SubProxy>
    <Hints><ShowInMenu category="Data"/></Hints>
  </DataExtractWriterProxy>
</ProxyGroup>
</ServerManagerConfiguration>"""
