"""A VTK data object -> the named arrays of an ``.npz``, and the text that makes them a dataset again.

Here it is decided which members a dataset has; what they are called is the matter of `drafts`, what an array looks like
in its member that of `member`.
Nothing is copied: `export` returns plans with views of the dataset's memory, which are read when the file is
written.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vtkmodules.vtkCommonCore import vtkBitArray, vtkCharArray, vtkDataArray, vtkIdTypeArray, vtkIndent
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
from .drafts import Draft, Item, drafts, finish, in_block, legal_name
from .export_geometry import DRAFTS, block_of, cells_of, kind_of, plain_place
from .member import member_of_values, members
from .stamps import read_stamp

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from vtkmodules.vtkCommonDataModel import vtkDataSet

    from .cells import Cells
    from .drafts import Export
    from .member import Member, Source

    # Leaves in a copy of a dataset what is to be written; returns its cells, and ids of its points.
    OwnPart = Callable[[vtkDataSet], "tuple[Cells | None, np.ndarray | None]"]

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
    for one in drafts(root):
        one.resolve_cells(as_read=True)
    if any(one.block.points for one in drafts(root)):
        refuse_unknown(root, options, lambda: draft(data, replace(options, point_arrays=None, cell_arrays=None)))
    return finish(root, time_of(data), stamped_time(root))


def refuse_unknown(
    root: Draft | Composite, options: ExportOptions, whole: Callable[[], Draft | Composite] | None = None
) -> None:
    """Refuse a choice of arrays that names one which no dataset of `root` has; `whole` drafts all that there are."""
    for association in ("point", "cell"):
        wanted = getattr(options, f"{association}_arrays") or ()
        missing = sorted(set(wanted) - _names_of(root, association))
        if missing:
            there = (
                f" ({', '.join(map(printable, sorted(_names_of(whole(), association)))) or 'none'})" if whole else ""
            )
            raise OptionError(
                f"{association.title()}DataArrays, {association}_arrays in scripts, names {printable(missing[0])!r}, "
                f"and there is no such {association} array{there}. Choose among those that there are."
            )


def _names_of(root: Draft | Composite, association: str) -> set[str]:
    arrays = [array for one in drafts(root) for array in one.arrays if array.association == association]
    names = {part.name for array in arrays for part in array.parts}
    return {name for name in names.union(array.vector for array in arrays) if name}


def time_of(data: vtkDataObject) -> float | None:
    """Return the time that `data` belongs to."""
    information = data.GetInformation()
    if not information.Has(vtkDataObject.DATA_TIME_STEP()):
        return None
    return float(information.Get(vtkDataObject.DATA_TIME_STEP()))


def stamped_time(root: Draft | Composite) -> tuple[str, ...]:
    """Return that time as it stood in a file, as `times.dump_time`; empty when no array remembers it."""
    parts = (part for one in drafts(root) for array in one.arrays for part in array.member.parts)
    return next(filter(None, (recall(part.array, "time") for part in parts)), ())


def draft(
    data: vtkDataObject, options: ExportOptions, own_part: OwnPart | None = None, path: str = ""
) -> Draft | Composite:
    """Plan all datasets of `data`, or the own part of each, without names and without members for cells.

    `data` is called `path` within the whole.
    """
    for refused, remedy in _REFUSED.items():
        if data.IsA(refused):
            raise UnsupportedError(_refusal(data, path, remedy))
    if data.IsA("vtkCompositeDataSet"):
        return _tree(data, options, path, own_part)
    kind = kind_of(data)
    if kind is None:
        raise UnsupportedError(_refusal(data, path, _INSTEAD))
    if own_part is not None and not kind.has_rows:
        whole, data = data, data.NewInstance()
        data.ShallowCopy(whole)
        cells, ids = own_part(data)
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
        for name, values in plain_place(made.block.first_place).items():
            made.put(name, member_of_values(name, values))
    return made


def _refusal(data: vtkDataObject, path: str, remedy: str) -> str:
    return f"{in_block(path)}a {data.GetClassName()} has no NumPy counterpart. {remedy}, and save its output."


def _add(draft: Draft, data: vtkDataObject, association: str, options: ExportOptions) -> None:
    """Add the chosen arrays of one association to the draft."""
    attributes = getattr(data, f"Get{association.title()}Data")()
    chosen = getattr(options, f"{association}_arrays", None)
    on_grid = association != "field" and draft.block.is_grid
    space = tuple(draft.block.lengths(association).values())[::-1] if on_grid else None
    found = [attributes.GetAbstractArray(number) for number in range(attributes.GetNumberOfArrays())]
    active: dict[int, tuple[str, ...]] = {}  # by id: `found` keeps the objects, and so their ids
    if isinstance(attributes, vtkDataSetAttributes):
        for number, name in enumerate(ATTRIBUTES):
            if number >= vtkDataSetAttributes.NUM_ATTRIBUTES:
                break
            array = attributes.GetAbstractAttribute(number)
            if array is not None:
                active[id(array)] = (*active.get(id(array), ()), name)
    if chosen is not None:
        found = [array for array in found if array.GetName() in chosen or array.GetName() == GHOSTS]
    try:
        planned = members(found, space, options.axes, take_apart=options.take_apart)
    except UnsupportedError as error:
        where = f"block {draft.path}, " if draft.path else ""
        raise UnsupportedError(f"{where}{association} data, {error}") from None
    for member in planned:
        parts = tuple(_record(part, member.name, active.get(id(part.array), ())) for part in member.parts)
        vector = next((part.array.GetName() for part in member.parts if part.column is not None), "")
        draft.arrays.append(Item(member, "", association, parts=parts, vector=vector))


def _record(part: Source, member: str | None, active: tuple[str, ...]) -> ArrayRecord:
    array = part.array
    if part.column is not None:
        return ArrayRecord(member, active=active if part.column == 0 else ())
    components: tuple[str | None, ...] = ()
    if array.HasAComponentName():
        stamp = read_stamp(array)
        count = 2 if stamp is not None and stamp.padded else array.GetNumberOfComponents()
        components = tuple(array.GetComponentName(number) for number in range(count))
    kind = ""
    if isinstance(array, (vtkIdTypeArray, vtkBitArray, vtkCharArray)):
        kind = array.GetClassName()
    units = ""
    key = vtkDataArray.UNITS_LABEL()
    if read_stamp(array) is None and array.HasInformation() and array.GetInformation().Has(key):
        units = array.GetInformation().Get(key)
    return ArrayRecord(array.GetName(), part.path, components, active, kind, units)


def _tree(data: vtkCompositeDataSet, options: ExportOptions, path: str, own_part: OwnPart | None) -> Composite:
    """Plan a composite; `path` is its place in the whole."""
    kind = next((kind for kind in COMPOSITES if data.IsA(kind)), None)
    if kind is None:
        raise UnsupportedError(_refusal(data, path, "Use the filter Merge Blocks"))
    if kind == COLLECTION:
        count, block = data.GetNumberOfPartitionedDataSets(), data.GetPartitionedDataSet
    elif kind == "vtkMultiBlockDataSet":
        count, block = data.GetNumberOfBlocks(), data.GetBlock
    else:
        count, block = data.GetNumberOfPartitions(), data.GetPartitionAsDataObject
    own, children = Draft(path, Block(FIELD_DATA)), []

    def drafted(child: vtkDataObject | None, at: str) -> Draft | Composite | None:
        return None if child is None else draft(child, options, own_part, at)

    for number in range(count):
        name = None
        if data.HasMetaData(number) and data.GetMetaData(number).Has(vtkCompositeDataSet.NAME()):
            name = data.GetMetaData(number).Get(vtkCompositeDataSet.NAME())
        place = legal_name(name) if name else f"block{number}"
        place = f"{path}/{place}" if path else place
        child = block(number)
        if kind == COLLECTION:
            parts = [child.GetPartitionAsDataObject(k) for k in range(child.GetNumberOfPartitions())]
            places = [place] if len(parts) == 1 else [f"{place}/{k}" for k in range(len(parts))]
            children.append(Child(name, tuple(map(drafted, parts, places))))
        else:
            children.append(Child(name, drafted(child, place)))
    assembly = data.GetDataAssembly() if kind == COLLECTION else None
    _add(own, data, "field", options)
    xml = None if assembly is None else assembly.SerializeToXML(vtkIndent())
    return Composite(kind, tuple(children), xml, own)


def _counts_x_first(member: Member) -> bool:
    """Tell whether the first index of an array is x, then y, as an affine counts them."""
    letters = [letter for letter in member.axes if letter in "xyz"]
    return letters == sorted(letters)
