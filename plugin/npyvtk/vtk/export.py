"""A VTK data object -> the named arrays of an ``.npz``, and the text that makes them a dataset again.

Here it is decided which members a dataset has; what they are called is the matter of `drafts`, what an array looks like
in its member that of `member`.
Nothing is copied: `export` returns plans with views of the dataset's memory, which are read when the file is
written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vtkmodules.vtkCommonCore import vtkBitArray, vtkCharArray, vtkIdTypeArray, vtkIndent
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataObject, vtkDataSetAttributes

from ..errors import OptionError, UnsupportedError
from ..files.source import printable
from ..options import ExportOptions
from ..plan.description import ATTRIBUTES
from ..plan.kinds import FIELD_DATA
from ..plan.layout import ArrayRecord, Block
from ..plan.tree import COLLECTION, COMPOSITES, Child, Composite
from .arrays import recall
from .datasets import GHOSTS
from .drafts import Draft, Item, cell_members, drafts, finish, in_block, path_of_child, paths_of_partitions
from .export_structure import DRAFTS, block_of, cells_of, kind_of, plain_place
from .member import members
from .stamps import label_of, read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import numpy as np
    from vtkmodules.vtkCommonDataModel import vtkDataSet

    from ..plan.kinds import Kind
    from .cells import Cells
    from .drafts import Export
    from .member import Member, Source

    # Leaves in a copy of a dataset what is to be written; returns its cells, and ids of its points.
    DropGhosts = Callable[[vtkDataSet, Kind], "tuple[Cells | None, np.ndarray | None]"]

__all__ = ["draft", "export", "refuse_unknown", "stamped_time", "time_of"]

_REFUSED = {  # classes without a counterpart, most derived first, and what to do about them
    "vtkAMRDataObject": "Use the filter Convert AMR dataset to Multi-block, or Resample To Image",
    "vtkUniformGridAMR": "Use the filter Convert AMR dataset to Multi-block, or Resample To Image",
    "vtkHyperTreeGrid": "Use the filter HyperTreeGrid To UnstructuredGrid, or HyperTreeGrid To Dual Grid",
    "vtkExplicitStructuredGrid": "Use the filter Explicit Structured Grid To Unstructured Grid",
    "vtkMolecule": "Use the filter Molecule To Lines",
    "vtkGraph": "Use the filter vtkGraphToPolyData, of VTK and not in ParaView's menus",
    "vtkArrayData": "Convert it to a table",
    "vtkSelection": "Extract the selection, and save what was extracted",
}
_INSTEAD = "Convert it to an unstructured grid, poly data or a table first"


def export(data: vtkDataObject, options: ExportOptions | None = None) -> Export:
    """Plan the members that hold `data`.

    Parameters
    ----------
    data : vtkDataObject
        Must not change until the members are written: they share its memory.

    Raises
    ------
    UnsupportedError
        A dataset or array has no counterpart; the message names it and a filter that helps.
    """
    options = options or ExportOptions()
    root = draft(data, options)
    every = drafts(root)
    for one in every:
        _put_cells(one)
    if any(one.block.points for one in every):
        refuse_unknown(every, options, lambda: draft(data, replace(options, point_arrays=None, cell_arrays=None)))
    return finish(root, time_of(data), stamped_time(every))


def _put_cells(draft: Draft) -> None:
    """Add the members of the cells, in the form that they had in their file."""
    if draft.cells is not None:
        made, cell_type = cell_members(draft.cells, draft, as_read=True)
        draft.block = replace(draft.block, cell_type=cell_type)
        for role, member in made.items():
            stamp = draft.cells.stamps.get({"cells": "connectivity", "lengths": "offsets"}.get(role, role))
            draft.put(role, member, "" if stamp is None else stamp.member)


def refuse_unknown(
    every: Sequence[Draft], options: ExportOptions, whole: Callable[[], Draft | Composite] | None = None
) -> None:
    """Refuse a choice of arrays that names one which no draft of `every` has; `whole` drafts all that there are."""
    for association in ("point", "cell"):
        wanted = getattr(options, f"{association}_arrays")
        missing = sorted(set(wanted) - _names_of(every, association)) if wanted else ()
        if missing:
            there = f" ({_listed(_names_of(drafts(whole()), association))})" if whole else ""
            raise OptionError(
                f"{association.title()}DataArrays, {association}_arrays in scripts, names {printable(missing[0])!r}, "
                f"and there is no such {association} array{there}. Choose among those that there are."
            )


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(printable, sorted(names))) or "none"


def _names_of(every: Sequence[Draft], association: str) -> set[str]:
    arrays = [array for one in every for array in one.arrays if array.association == association]
    names = {record.name for array in arrays for record in array.records}
    return {name for name in names.union(array.vector for array in arrays) if name}


def time_of(data: vtkDataObject) -> float | None:
    """Return the time that `data` belongs to."""
    information = data.GetInformation()
    if not information.Has(vtkDataObject.DATA_TIME_STEP()):
        return None
    return float(information.Get(vtkDataObject.DATA_TIME_STEP()))


def stamped_time(every: Sequence[Draft]) -> tuple[str, ...]:
    """Return that time as it stood in a file, as `times.dump_time`; empty when no array remembers it."""
    parts = (part for one in every for array in one.arrays for part in array.member.parts)
    return next(filter(None, (recall(part.array, "time") for part in parts)), ())


def draft(
    data: vtkDataObject, options: ExportOptions, drop_ghosts: DropGhosts | None = None, path: str = ""
) -> Draft | Composite:
    """Plan all datasets of `data`, without names and without members for cells.

    `drop_ghosts` leaves out of each what other ranks own. `data` is called `path` within the whole.

    Raises
    ------
    UnsupportedError
        A dataset or array has no counterpart.
    """
    for refused, remedy in _REFUSED.items():
        if data.IsA(refused):
            raise UnsupportedError(_refusal(data, path, remedy))
    if data.IsA("vtkCompositeDataSet"):
        return _tree(data, options, path, drop_ghosts)
    kind = kind_of(data)
    if kind is None:
        raise UnsupportedError(_refusal(data, path, _INSTEAD))
    if drop_ghosts is not None:
        whole, data = data, data.NewInstance()
        data.ShallowCopy(whole)
        cells, ids = drop_ghosts(data, kind)
    else:
        cells, ids = cells_of(data), None
    made = Draft(path, block_of(kind, data), cells=cells, ids=ids)
    if not kind.has_rows:
        DRAFTS[kind.vtk_class](made, data, options.axes)
    for association in (*kind.associations, "field"):
        _add(made, data, association, options)
    affine = made.roles.get("affine")
    x_first = all(_counts_x_first(array.member) for array in made.arrays)
    if affine is not None and affine.member.shape == (4, 4) and not x_first:
        # Beside arrays of another order it would say something else to whoever reads the plain names.
        made.roles.clear()
        made.put_place(plain_place(made.block.first_place))
    return made


def _refusal(data: vtkDataObject, path: str, remedy: str) -> str:
    return f"{in_block(path)}a {data.GetClassName()} has no NumPy counterpart. {remedy}, and save its output."


def _add(draft: Draft, data: vtkDataObject, association: str, options: ExportOptions) -> None:
    """Add the chosen arrays of one association to the draft."""
    attributes = getattr(data, f"Get{association.title()}Data")()
    chosen = getattr(options, f"{association}_arrays", None)
    found = [attributes.GetAbstractArray(number) for number in range(attributes.GetNumberOfArrays())]
    if chosen is not None:
        found = [array for array in found if array.GetName() in chosen or array.GetName() == GHOSTS]
    if not found:
        return
    on_grid = association != "field" and draft.block.is_grid
    space = tuple(draft.block.lengths(association).values())[::-1] if on_grid else None
    active: dict[int, tuple[str, ...]] = {}  # by id: `found` keeps the objects, and so their ids
    if isinstance(attributes, vtkDataSetAttributes):
        for number, name in enumerate(ATTRIBUTES[: vtkDataSetAttributes.NUM_ATTRIBUTES]):
            array = attributes.GetAbstractAttribute(number)
            if array is not None:
                active[id(array)] = (*active.get(id(array), ()), name)
    try:
        planned = members(found, space, options.axes, take_apart=options.take_apart)
    except UnsupportedError as error:
        where = f"block {draft.path}, " if draft.path else ""
        raise UnsupportedError(f"{where}{association} data, {error}") from None
    for member in planned:
        parts = member.parts
        records = tuple(_record(part, member.name, active.get(id(part.array), ())) for part in parts)
        vector = next((part.array.GetName() for part in parts if part.column is not None), "")
        draft.arrays.append(Item(member, "", association, records=records, vector=vector))


def _record(part: Source, member: str | None, active: tuple[str, ...]) -> ArrayRecord:
    array = part.array
    if part.column is not None:
        return ArrayRecord(member, active=active if part.column == 0 else ())
    stamp, components = read_stamp(array), ()
    if array.HasAComponentName():
        padded = stamp is not None and stamp.padded and part.view.size == 2 * array.GetNumberOfTuples()
        count = 2 if padded else array.GetNumberOfComponents()
        components = tuple(map(array.GetComponentName, range(count)))
    vtk_class = array.GetClassName() if isinstance(array, (vtkIdTypeArray, vtkBitArray, vtkCharArray)) else ""
    units = (label_of(array) or "") if stamp is None else ""
    return ArrayRecord(array.GetName(), part.path, components, active, vtk_class, units)


def _tree(data: vtkCompositeDataSet, options: ExportOptions, path: str, drop_ghosts: DropGhosts | None) -> Composite:
    """Plan a composite; `path` is its place in the whole."""
    vtk_class = next((one for one in COMPOSITES if data.IsA(one)), None)
    if vtk_class is None:
        raise UnsupportedError(_refusal(data, path, "Use the filter Merge Blocks"))
    if vtk_class == COLLECTION:
        count, block = data.GetNumberOfPartitionedDataSets(), data.GetPartitionedDataSet
    elif vtk_class == "vtkMultiBlockDataSet":
        count, block = data.GetNumberOfBlocks(), data.GetBlock
    else:
        count, block = data.GetNumberOfPartitions(), data.GetPartitionAsDataObject
    own, children = Draft(path, Block(FIELD_DATA)), []

    def drafted(child: vtkDataObject | None, at: str) -> Draft | Composite | None:
        return None if child is None else draft(child, options, drop_ghosts, at)

    for number in range(count):
        name = None
        if data.HasMetaData(number) and data.GetMetaData(number).Has(vtkCompositeDataSet.NAME()):
            name = data.GetMetaData(number).Get(vtkCompositeDataSet.NAME())
        place, child = path_of_child(path, name, number), block(number)
        if vtk_class == COLLECTION:
            parts = [child.GetPartitionAsDataObject(k) for k in range(child.GetNumberOfPartitions())]
            children.append(Child(name, tuple(map(drafted, parts, paths_of_partitions(place, len(parts))))))
        else:
            children.append(Child(name, drafted(child, place)))
    assembly = data.GetDataAssembly() if vtk_class == COLLECTION else None
    _add(own, data, "field", options)
    xml = None if assembly is None else assembly.SerializeToXML(vtkIndent())
    return Composite(vtk_class, tuple(children), xml, own)


def _counts_x_first(member: Member) -> bool:
    """Tell whether the first index of an array is x, then y, as an affine counts them."""
    letters = [axis.letter for axis in member.axes if axis.letter in "xyz"]
    return letters == sorted(letters)
