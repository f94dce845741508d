"""The XML of the proxies: their properties, in the order in which the panel shows them.

Plain text, and nothing of ParaView: what the properties do is said in `choices`, `reader` and `writers`.
"""

from __future__ import annotations

from npyvtk.options import AXES, TIME_STEPS

from .choices import CHOICES
from .property_xml import LAST_ERROR, check_box, enumeration, menu

__all__ = ["ACTIVE_SCALARS", "ARCHIVE_WRITER", "ARRAY_WRITER", "EXTRACTOR", "READER", "READER_HINTS", "WRITER_HINTS"]

ACTIVE_SCALARS = "(active scalars)"  # in the list of arrays: none is named


_SHOWN_WITH = '<PropertyWidgetDecorator type="GenericDecorator" mode="visibility" property="{}" value="1"/>'

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
    menu(
        "Axes",
        "What each axis of the arrays means, first axis first: x y z space, t time, c components, n rows; - before a "
        "letter reverses that axis, so that -yx has the first row on top. What auto takes is told in Interpretation. "
        "From a script: any such string, or several, separated by commas; an array takes the one of its own length.",
    )
}
{"".join(choice.xml_of(choice.name) for choice in CHOICES)}
<StringVectorProperty name="Interpretation" command="GetInterpretation" information_only="1" repeatable="1"
  si_class="vtkSIStringVectorProperty" panel_visibility="default">
  <Documentation>One line per array: what was found, and what was assumed.</Documentation>
  <Hints>
    <ShowComponentLabels><ComponentLabel component="0" label="Interpretation"/></ShowComponentLabels>
  </Hints>
</StringVectorProperty>
{LAST_ERROR}
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

_AXES = enumeration("Axes", AXES, "Order of the axes of arrays on grids. zyx: z first, as NumPy programs expect, and "
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
{check_box("ChooseArraysToWrite", documentation="Save only some of the arrays.")}
{_array_list("PointDataArrays", "point_arrays", "The point arrays to save, where ChooseArraysToWrite is on.")}
{_array_list("CellDataArrays", "cell_arrays", "The cell arrays to save, where ChooseArraysToWrite is on.")}
"""

_TIMES = f"""
{
    enumeration(
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
{LAST_ERROR}
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
{LAST_ERROR}
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
    {LAST_ERROR}
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
