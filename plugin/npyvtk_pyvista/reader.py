"""PyVista's reader of ``.npy`` and ``.npz``: the properties of ParaView's, in PyVista's words.

What the files mean is told by `npyvtk`; here are PyVista's classes, and what they cannot hold is put into those that
they can: a collection into a ``MultiBlock``.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

import pyvista
from npyvtk.errors import OptionError
from npyvtk.options import ReadOptions
from npyvtk.plan.layout import blocks_of
from npyvtk.series import Series
from npyvtk.vtk.stamps import read_stamp
from pyvista.core.utilities.reader import BaseReader, BaseVTKReader, PointCellDataSelection, TimeReader
from vtkmodules.vtkCommonDataModel import vtkMultiBlockDataSet

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from typing import Any

    from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkFieldData

__all__ = ["NumPyReader", "attributes_of", "names_by_dtype", "read", "reader", "wrap"]


class _Algorithm(BaseVTKReader):
    """What PyVista asks VTK's readers for; the file is looked at when something of it is first asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.options = ReadOptions()
        self.chosen: frozenset[str] | None = None  # names of arrays; None: those that are loaded by default
        self.step = 0
        self._series: Series | None = None

    def SetFileName(self, filename: str) -> None:  # noqa: N802 - VTK's name
        """Take the name of another file."""
        super().SetFileName(str(filename))
        self._series = None

    def UpdateInformation(self) -> None:  # noqa: N802 - VTK's name
        """Do nothing yet: the options, which may be what the file needs, are set after the name."""

    def Update(self) -> None:  # noqa: N802 - VTK's name
        """Read the chosen arrays of the chosen time step."""
        self._data_object = wrap(self.series.load(self.series.steps[self.step], arrays=self.chosen))

    @property
    def series(self) -> Series:
        if self._series is None:
            self._series = Series([self._filename], self.options)
        return self._series

    def change(self, name: str, value: object) -> None:
        """Set one option."""
        options = replace(self.options, **{name: value})
        if self._series is not None and self.options.plans_like(options):
            self._series.options = options
        else:
            self._series = None
        self.options = options

    def enabled(self) -> frozenset[str]:
        if self.chosen is not None:
            return self.chosen
        return frozenset(self.series.names) - self.series.only_chosen

    def names(self, association: str) -> list[str]:
        """Names of the arrays that the first sound file has for points, or cells."""
        found = blocks_of(self.series.first.layout.root)
        members = {plan.member for block in found for plan in block.arrays if plan.association == association}
        return [name for name in self.series.names if name in members]

    # What `PointCellDataSelection` calls.

    def GetNumberOfPointArrays(self) -> int:  # noqa: N802
        return len(self.names("point"))

    def GetPointArrayName(self, number: int) -> str:  # noqa: N802
        return self.names("point")[number]

    def GetNumberOfCellArrays(self) -> int:  # noqa: N802
        return len(self.names("cell"))

    def GetCellArrayName(self, number: int) -> str:  # noqa: N802
        return self.names("cell")[number]

    def GetPointArrayStatus(self, name: str) -> bool:  # noqa: N802
        return name in self.enabled()

    def SetPointArrayStatus(self, name: str, on: object) -> None:  # noqa: N802
        if name not in self.series.names:
            raise OptionError(
                f"{self._filename}: there is no array {name!r}; it has {', '.join(self.series.names) or 'none'}."
            )
        self.chosen = self.enabled() | {name} if on else self.enabled() - {name}

    GetCellArrayStatus = GetPointArrayStatus
    SetCellArrayStatus = SetPointArrayStatus


class NumPyReader(BaseReader["pyvista.DataObject"], PointCellDataSelection, TimeReader):
    """Reader of ``.npy`` and ``.npz``, and by ``force_ext`` of a series of them.

    Every field of `npyvtk.options.ReadOptions`, such as ``axes`` and ``spacing``, is an attribute, so that
    ``pyvista.read`` takes it by its name, as it takes ``arrays`` and ``step``; the defaults leave everything to the
    file.

    Parameters
    ----------
    path : str or path
        The file.
    """

    _class_reader = _Algorithm
    _output_types = (
        "ImageData", "RectilinearGrid", "StructuredGrid", "PolyData", "UnstructuredGrid", "Table",
        "MultiBlock", "PartitionedDataSet",
    )  # fmt: skip

    @property
    def arrays(self) -> list[str]:
        """Names of the arrays that are read; None, when set, stands for all but large field data."""
        enabled = self.reader.enabled()
        return [name for name in self.reader.series.names if name in enabled]

    @arrays.setter
    def arrays(self, names: Collection[str] | None) -> None:
        if isinstance(names, str):
            raise OptionError(f"arrays is {names!r}; it must be a list of names. Write [{names!r}].")
        self.reader.chosen = None if names is None else frozenset(names)

    @property
    def interpretation(self) -> list[str]:
        """What was found and assumed, one line per array."""
        return list(self.reader.series.lines)

    @property
    def step(self) -> int:
        """Number of the time step that is read."""
        return self.reader.step

    @step.setter
    def step(self, number: int) -> None:
        self.set_active_time_point(number)

    @property
    def number_time_points(self) -> int:
        """Number of time steps; 1 where the file has no time."""
        return len(self.reader.series.steps)

    def time_point_value(self, time_point: int) -> float:
        """Return the time of a step."""
        return self.reader.series.steps[time_point].time

    @property
    def active_time_value(self) -> float:
        """Time of the step that is read."""
        return self.time_point_value(self.reader.step)

    def set_active_time_value(self, time_value: float) -> None:
        """Choose the step of exactly this time.

        Raises
        ------
        OptionError
            There is none.
        """
        if time_value not in self.time_values:
            raise OptionError(f"{self.path}: {time_value} is none of its times {self.time_values}.")
        self.reader.step = self.time_values.index(time_value)

    def set_active_time_point(self, time_point: int) -> None:
        """Choose a step by its number, from 0.

        Raises
        ------
        OptionError
            There is none of this number.
        """
        if time_point not in range(self.number_time_points):
            raise OptionError(f"{self.path}: the step is {time_point}; it must be 0 to {self.number_time_points - 1}.")
        self.reader.step = int(time_point)


def _option(name: str) -> property:
    return property(
        lambda self: getattr(self.reader.options, name),
        lambda self, value: self.reader.change(name, value),
        doc=f"``{name}`` of `npyvtk.options.ReadOptions`.",
    )


for _field in fields(ReadOptions):
    setattr(NumPyReader, _field.name, _option(_field.name))


def read(path: str, **options: Any) -> pyvista.DataObject:  # noqa: ANN401
    """Read a file as PyVista does; `options` are attributes of `NumPyReader`."""
    made = NumPyReader(path)
    for name, value in options.items():
        setattr(made, name, value)
    return made.read()


# PyVista 0.48 takes functions only, and has no use for more.
reader = NumPyReader if pyvista.version_info[:2] >= (0, 49) else read


def wrap(data: vtkDataObject) -> pyvista.DataObject:
    """Make PyVista's object of a dataset, with complex numbers and booleans as such."""
    if not data.IsA("vtkPartitionedDataSet"):  # which PyVista has, too
        data = _multi_block(data)
    found = pyvista.wrap(data, validate=False)  # lengths fit, and PyVista 0.49 cannot check tables in a MultiBlock
    _name_dtypes(found)
    return found


def _multi_block(data: vtkDataObject) -> vtkDataObject:
    """Put the blocks of a composite into one that PyVista has, with their names; anything else stays as it is."""
    if data is None or not data.IsA("vtkCompositeDataSet"):
        return data
    collection = data.IsA("vtkPartitionedDataSetCollection")
    if data.IsA("vtkMultiBlockDataSet"):
        children = [data.GetBlock(k) for k in range(data.GetNumberOfBlocks())]
    elif collection:
        children = [data.GetPartitionedDataSet(k) for k in range(data.GetNumberOfPartitionedDataSets())]
    else:
        children = [data.GetPartitionAsDataObject(k) for k in range(data.GetNumberOfPartitions())]
    made = vtkMultiBlockDataSet()
    made.SetNumberOfBlocks(len(children))
    made.GetFieldData().ShallowCopy(data.GetFieldData())
    for k, child in enumerate(children):
        # A block of a collection is mostly one partition.
        single = collection and child is not None and child.GetNumberOfPartitions() == 1
        made.SetBlock(k, child.GetPartitionAsDataObject(0) if single else _multi_block(child))
        if data.HasMetaData(k) and data.GetMetaData(k).Has(data.NAME()):
            made.GetMetaData(k).Set(data.NAME(), data.GetMetaData(k).Get(data.NAME()))
    return made


def attributes_of(data: vtkDataObject) -> Iterator[tuple[pyvista.DataObject, str, vtkFieldData]]:
    """List dataset, PyVista's name of the association, and arrays: of one dataset, or of all in a composite."""
    if data.IsA("vtkCompositeDataSet"):
        for block in data:
            if block is not None:
                yield from attributes_of(block)
    elif data.IsA("vtkTable"):
        yield data, "ROW", data.GetRowData()
    else:
        yield data, "POINT", data.GetPointData()
        yield data, "CELL", data.GetCellData()


def _name_dtypes(data: pyvista.DataObject) -> None:
    """Tell PyVista which arrays are complex or boolean: VTK has neither, and PyVista remembers them by name."""
    for one, association, arrays in attributes_of(data):
        for k in range(arrays.GetNumberOfArrays()):
            array = arrays.GetAbstractArray(k)
            stamp = read_stamp(array)
            kind = "" if stamp is None else stamp.dtype.kind
            if kind == "b":
                names_by_dtype(one, "bitarray", association).add(array.GetName())
            elif kind == "c" and array.GetNumberOfComponents() == 2 and array.GetComponentName(0) == "Re":
                names_by_dtype(one, "complex", association).add(array.GetName())


def names_by_dtype(data: pyvista.DataObject, kind: str, association: str) -> set[str]:
    """Return PyVista's own note of which arrays are of `kind`, bitarray or complex; it has no public way to it."""
    return getattr(data, f"_association_{kind}_names", {}).setdefault(association, set())
