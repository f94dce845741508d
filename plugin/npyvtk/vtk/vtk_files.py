"""VTK's own files, by extension: the other side of the command ``convert``.

This module knows which of VTK's readers and writers goes with which extension and dataset, and turns their
messages into errors; what is in the files is their business.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
from typing import TYPE_CHECKING

from vtkmodules.vtkCommonCore import vtkLogger, vtkOutputWindow, vtkStringOutputWindow
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataAssembly

from ..errors import FileError, FormatError, OptionError, UnsupportedError
from ..plan.kinds import CLASSES
from .datasets import arrays_in, datasets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from vtkmodules.vtkCommonDataModel import vtkDataObject

__all__ = ["VTK_EXTENSIONS", "is_vtk_file", "read_file", "write_file"]

# (class, extension of its XML file, name of reader and writer)
_XML = (
    *((kind.vtk_class, kind.extension, kind.vtk_class[3:]) for kind in CLASSES.values() if kind.extension),
    ("vtkMultiBlockDataSet", ".vtm", "MultiBlockData"),
    ("vtkPartitionedDataSet", ".vtpd", "PartitionedDataSet"),
    ("vtkPartitionedDataSetCollection", ".vtpc", "PartitionedDataSetCollection"),
)
LEGACY = ".vtk"  # for every dataset that is no composite
HDF = ".vtkhdf"  # where this VTK can, and for what it can
HDF_CLASSES = ("vtkPolyData", "vtkUnstructuredGrid", "vtkPartitionedDataSetCollection", "vtkMultiBlockDataSet")
_PREFIX = re.compile(r"(ERROR|Warning): In [^\n]*\n|^[^\n]*\(0x[0-9a-f]+\): ", re.MULTILINE)
# VTK writes the range of a vector's length as text beside it, and cannot read it where it is inf or nan.
_OF_NO_VALUE = re.compile(r"Error reading InformationKey element for vtkDataArray::L2_NORM\w* of type \w*")
_NOT_IN_XML = re.compile(r"[<>&\"\x00-\x1f\x7f]")
VTK_EXTENSIONS = (*(extension for _, extension, _ in _XML), LEGACY, HDF)


def is_vtk_file(path: str) -> bool:
    """Tell VTK's own files from all others by the extension."""
    return _extension(path) in VTK_EXTENSIONS


def _extension(path: str) -> str:
    return os.path.splitext(path)[1].lower()


def read_file(path: str) -> vtkDataObject:
    """Read one of VTK's own files.

    Raises
    ------
    FileError, FormatError
        There is no such file, or VTK cannot read it.
    """
    if not os.path.isfile(path):
        raise FileError(f"{path}: no such file. Check the name.")
    extension = _extension(path)
    factory = _factory(extension, "Reader")
    if factory is None:
        raise UnsupportedError(f"{path}: this VTK cannot read {extension}. Save it as another kind of file.")
    reader = factory()
    if extension == LEGACY:
        for kind in ("Scalars", "Vectors", "Normals", "Tensors", "ColorScalars", "TCoords", "Fields"):
            getattr(reader, f"ReadAll{kind}On")()
    with _listening() as said:
        reader.SetFileName(path)
        reader.Update()
        data = reader.GetOutputDataObject(0)
        if said() or data is None:
            raise FormatError(f"{path}: VTK cannot read it: {said() or 'no dataset in it'}")
    return data


def write_file(path: str, data: vtkDataObject) -> None:
    """Write a dataset as one of VTK's own files.

    Raises
    ------
    OptionError
        The extension is not the one for this kind of dataset.
    UnsupportedError
        VTK has no file for it.
    FileError
        The file cannot be written.
    """
    extension, name = _extension(path), data.GetClassName()
    fitting = [one for class_name, one, _ in _XML if data.IsA(class_name)]
    if not data.IsA("vtkCompositeDataSet"):
        fitting.append(LEGACY)
    if any(data.IsA(kind) for kind in HDF_CLASSES) and _factory(HDF, "Writer") is not None:
        fitting.append(HDF)
    if not fitting:
        raise UnsupportedError(f"{path}: VTK has no file for a {name}.")
    if extension not in fitting:
        raise OptionError(
            f"{path}: the extension is {extension!r}, but a {name} is saved as {' or '.join(fitting)}. "
            "Choose one of these."
        )
    if extension == LEGACY and data.IsA("vtkImageData") and not data.GetDirectionMatrix().IsIdentity():
        raise UnsupportedError(
            f"{path}: a {LEGACY} has no place for the direction of an image. Save it as .vti, or choose the "
            "dataset type Structured Grid."
        )
    if extension == HDF:
        _check_hdf(path, data, fitting[0])
        data = _with_assembly(data)
    elif extension != LEGACY:
        _check_names(path, data)
    there_already = os.path.lexists(path)
    writer = _factory(extension, "Writer")()
    if extension == LEGACY:
        writer.SetFileTypeToBinary()
    elif extension != HDF:
        writer.SetDataModeToBinary()  # VTK 9.2 with a new expat cannot read its own appended files
    with _listening() as said:
        writer.SetInputData(data)
        writer.SetFileName(path)
        if not writer.Write() or said():
            if not there_already:
                with contextlib.suppress(OSError):
                    os.remove(path)
            raise FileError(f"{path}: VTK cannot write it: {said() or 'it does not say why'}")


def _check_names(path: str, data: vtkDataObject) -> None:
    """Refuse names that VTK's writers put into XML as they are: its readers find nothing in such a file."""
    for one in datasets_in(data):
        for _association, array in arrays_in(one):
            components = map(array.GetComponentName, range(array.GetNumberOfComponents()))
            if not array.GetName():
                raise UnsupportedError(
                    f"{path}: an array has no name, and VTK cannot read such a file back. Name it, or save as .npz."
                )
            for name in filter(_NOT_IN_XML.search, filter(None, (array.GetName(), *components))):
                raise UnsupportedError(
                    f"{path}: VTK cannot read the name {name!r} back from this file: it has one of < > & or a double "
                    "quote, or a control character. Rename the array, leave it out, or save as .npz."
                )


def _check_hdf(path: str, data: vtkDataObject, instead: str) -> None:
    """Refuse what VTK 9.7 loses in a .vtkhdf, cannot write, or does not survive writing or reading.

    Its writer lays out all parts of a partitioned dataset as the first one. Its reader takes text in field data for
    one column with values; of a composite the writer leaves field data out.
    """
    composite = data.IsA("vtkCompositeDataSet")
    for one in datasets_in(data):
        why = _why_not_in_tree(one) if composite else ""
        if why:
            raise UnsupportedError(f"{path}: {why}. Save it as {instead}.")
        for association, array in arrays_in(one):
            name, text, is_field = array.GetName() or "", array.IsA("vtkStringArray"), association == "field"
            rows, columns = array.GetNumberOfTuples(), array.GetNumberOfComponents()
            why = ""
            if composite and is_field:  # not written
                continue
            if not name or (is_field and (name == "." or "/" in name)):
                why = f"an array with the name {name!r} cannot be saved in a {HDF}"
            elif text and not is_field:
                why = f"text can only be field data in a {HDF}, but {name!r} is {association} data"
            elif text and (columns > 1 or not rows):
                why = (
                    f"text in the field data of a {HDF} must be one column with a value at least, but {name!r} has "
                    f"{rows} rows and {columns} columns"
                )
            if why:
                raise UnsupportedError(f"{path}: {why}. Leave it out, or save as {instead}.")


def _why_not_in_tree(data: vtkDataObject) -> str:
    """Say why VTK loses a part of a tree, or what is in it, in a .vtkhdf; empty where it does not."""
    if data.IsA("vtkTable"):
        return f"VTK loses the columns of tables in a {HDF} of several datasets"
    if data.IsA("vtkDataSet"):
        empty = not data.GetNumberOfPoints() and data.GetClassName() not in HDF_CLASSES
        return f"VTK loses the arrays of a grid without points in a {HDF}, and what comes after it" if empty else ""
    if data.IsA("vtkPartitionedDataSet"):
        return _why_not_partitions(data)
    is_collection = data.IsA("vtkPartitionedDataSetCollection")
    children = range(data.GetNumberOfPartitionedDataSets() if is_collection else data.GetNumberOfBlocks())
    if is_collection and not all(map(data.GetNumberOfPartitions, children)):
        return f"VTK loses what comes after a dataset without partitions in a {HDF}"
    names = [data.GetMetaData(k).Get(vtkCompositeDataSet.NAME()) for k in children if data.HasMetaData(k)]
    names = [name for name in names if name]
    if len(set(names)) < len(names):
        return f"VTK puts datasets of one name into one in a {HDF}"
    wrong = [name for name in names if name == "Assembly" or "/" in name]
    return f"a dataset with the name {wrong[0]!r} cannot be saved in a {HDF}" if wrong else ""


def _why_not_partitions(data: vtkDataObject) -> str:
    """Say why partitions cannot be one dataset of a .vtkhdf; empty where they can."""
    partitions = list(filter(None, map(data.GetPartitionAsDataObject, range(data.GetNumberOfPartitions()))))
    classes = sorted({partition.GetClassName() for partition in partitions})
    if len(classes) > 1:
        return f"the partitions of one dataset in a {HDF} must be of one class, not {' and '.join(classes)}"
    if len(partitions) > 1 and classes[0] not in HDF_CLASSES:
        return f"several {classes[0]} as partitions of one dataset cannot be saved in a {HDF}"
    if len(set(map(_types, partitions))) > 1:
        return f"the partitions of one dataset in a {HDF} must have the same arrays and points of the same types"
    return ""


def _types(data: vtkDataObject) -> tuple[object, ...]:
    """Tell the types of points and arrays: VTK lays out those of all partitions as those of the first."""
    points = data.GetPoints() if data.IsA("vtkPointSet") else None
    arrays = ((where, one.GetName(), one.GetDataType(), one.GetNumberOfComponents()) for where, one in arrays_in(data))
    return points and points.GetDataType(), frozenset(one for one in arrays if one[0] != "field")


def _with_assembly(data: vtkDataObject) -> vtkDataObject:
    """Return a collection with an assembly: without one VTK 9.3 ends the process, and 9.6 does not write it."""
    if not data.IsA("vtkPartitionedDataSetCollection") or data.GetDataAssembly() is not None:
        return data
    made, assembly = data.NewInstance(), vtkDataAssembly()
    made.ShallowCopy(data)
    for k in range(data.GetNumberOfPartitionedDataSets()):
        assembly.AddDataSetIndex(assembly.GetRootNode(), k)
    made.SetDataAssembly(assembly)
    return made


def _factory(extension: str, kind: str) -> Any:  # noqa: ANN401
    """Find VTK's class of "Reader" or "Writer"; None where this VTK has none.

    The writer of .vtkhdf came with VTK 9.4; those of partitioned data stand in a module of their own.
    """
    names = {LEGACY: "vtkGenericDataObject", HDF: "vtkHDF", **{one: f"vtkXML{name}" for _, one, name in _XML}}
    modules = {LEGACY: ("vtkIOLegacy",), HDF: ("vtkIOHDF",)}.get(extension, ("vtkIOXML", "vtkIOParallelXML"))
    for module in modules:
        with contextlib.suppress(ImportError, AttributeError):
            return getattr(importlib.import_module(f"vtkmodules.{module}"), names[extension] + kind)
    return None


@contextlib.contextmanager
def _listening() -> Iterator[Callable[[], str]]:
    """Collect VTK's messages instead of having them printed; gives a function that returns them on one line."""
    window = vtkStringOutputWindow()
    before, verbosity = vtkOutputWindow.GetInstance(), vtkLogger.GetCurrentVerbosityCutoff()
    vtkOutputWindow.SetInstance(window)
    vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)

    def said() -> str:
        text = _OF_NO_VALUE.sub("", _PREFIX.sub("", window.GetOutput()))
        return " ".join(text.partition("Algorithm vtk")[0].split())  # the executive repeats it at length

    try:
        yield said
    finally:
        vtkOutputWindow.SetInstance(before)
        vtkLogger.SetStderrVerbosity(verbosity)
