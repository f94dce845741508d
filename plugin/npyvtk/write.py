"""The writing story: a data object becomes a file, whole or not at all.

Every file is written beside its target and published in one step; whatever fails, fails before that.
What the arrays are is decided in `export`; here it is chosen which of them go into the file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Callable, Union

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkDataObject

from .arguments import check_callable, named_arrays, options_of, path_of, refuse_data
from .errors import OptionError
from .files.formats import format_of
from .files.source import printable
from .options import ExportOptions, WriteOptions
from .plan.geometry import Geometry
from .plan.layout import blocks_of
from .vtk.datasets import GHOSTS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .files.npy import Outgoing
    from .files.store import Progress
    from .vtk.drafts import Export, Item

__all__ = ["Warn", "choose", "from_vtk", "left_behind", "save", "write"]

EXPECTED = "a vtkDataObject, an array, or a dict of arrays"
Data = Union[vtkDataObject, "Mapping[str, np.ndarray]", np.ndarray]


def write(
    path: str | os.PathLike[str],
    data: Data,
    *,
    array: str = "",
    compression: int = 0,
    progress: Progress | None = None,
    warn: Warn | None = None,
    **content: object,
) -> None:
    """Write `data` as ``.npy`` or ``.npz``, as the extension of `path` says.

    Parameters
    ----------
    path : path-like
    data : vtkDataObject, dict of str to ndarray, or ndarray
    array : str
        For ``.npy``: which array; by default the active scalars, or the only one.
    compression : int
        For ``.npz``: 0 stored, 1 to 9 deflated.
    progress : callable, optional
        Called with the fraction done; what it raises ends the writing and leaves nothing behind.
    warn : callable, optional
        Called with one sentence where a ``.npy`` leaves something of `data` behind.
    **content
        Fields of `options.ExportOptions`: ``axes``, ``point_arrays``, ``cell_arrays``, ``take_apart``.

    Raises
    ------
    OptionError
        A choice does not fit the data.
    ArgumentError
        Something else was given than these types, or an option that there is not.
    UnsupportedError
        The data has no counterpart in NumPy.
    FileError
        The file cannot be written.
    """
    check_callable(progress=progress, warn=warn)
    save(path_of(path), data, WriteOptions(array, compression, options_of(ExportOptions, content)), progress, warn)


def save(
    path: str | os.PathLike[str],
    data: Data,
    options: WriteOptions | None = None,
    progress: Progress | None = None,
    warn: Warn | None = None,
) -> None:
    """Write data into a file: `write`, with its options in one record."""
    from .files.publish import atomic_output, naming_path

    options = options or WriteOptions()
    with naming_path(path):
        file_format = format_of(path)
        arrays, left = _arrays(path, data, options, file_format.HOLDS_ONE)
        with atomic_output(path) as file:
            file_format.write(file, arrays, options.compression, progress)
    if left and warn is not None:
        warn(left)


def _arrays(
    path: str | os.PathLike[str], data: Data, options: WriteOptions, single: bool
) -> tuple[list[Outgoing], str]:
    """List the arrays of the file, and say what it has no place for."""
    from .vtk.export import export
    from .vtk.member import member_of_values

    if isinstance(data, vtkDataObject):
        plan = export(data, options.content_of(single=single))
        if not single:
            return [item.member.outgoing(item.name) for item in plan.described], ""
        chosen = choose(plan, options.array)
        return [chosen.member.outgoing(chosen.name)], left_behind(plan, chosen)
    left = ""
    if not isinstance(data, dict):
        if data is None or hasattr(data, "IsA"):
            refuse_data("the data", data, EXPECTED)
        data = {os.path.splitext(os.path.basename(printable(os.fspath(path))))[0] if single else "arr_0": data}
    if single and options.array:
        if options.array not in data:
            raise OptionError(_unclear(f"there is no array {options.array!r}", list(data)))
        left = _only(options.array, _named([str(name) for name in data if name != options.array]))
        data = {options.array: data[options.array]}
    if single and len(data) != 1:
        raise OptionError(_unclear(f"a .npy holds one array, and there are {len(data)}", list(data)))
    return [member_of_values(name, values).outgoing(name) for name, values in named_arrays(data).items()], left


def choose(plan: Export, name: str = "") -> Item:
    """Return the one member that goes into a ``.npy``.

    Raises
    ------
    OptionError
        It is not clear which; the message lists what there is.
    """
    data = [item for item in plan.items if item.association in ("point", "cell", "row")]
    if name:
        for items in (data, plan.items):
            found = [item for item in items if name in (item.name, *item.labels)]
            if found:
                exact = [item for item in found if item.name == name]
                return (exact or found)[0]
        raise OptionError(_unclear(f"there is no array {name!r}", [item.name for item in data]))
    data = [item for item in data if GHOSTS not in item.labels]
    if not data:
        fields = [item for item in plan.items if item.association == "field"]
        points = [item for item in plan.items if item.role == "points"]
        data = fields if len(fields) == 1 and not points else points[:1]
    for association in ("point", "cell", "row"):
        active = [item for item in data if item.scalars and item.association == association]
        if len(active) == 1:
            return active[0]
        if active:
            break
    if len(data) == 1:
        return data[0]
    if not data:
        raise OptionError("there is no array to save. Save as .npz, which also holds the geometry.")
    what = f"a .npy holds one array, and the active scalars do not tell which of {len(data)}"
    raise OptionError(_unclear(what, [item.name for item in data]))


def _unclear(what: str, names: Sequence[str]) -> str:
    listed = ", ".join(map(printable, names[:20])) or "none"
    return f"{what} ({listed}). Name one with Array, or save as .npz, which holds all of them."


def from_vtk(data: vtkDataObject, **options: object) -> dict[str, np.ndarray]:
    """Return the arrays that an ``.npz`` of `data` would hold.

    Parameters
    ----------
    data : vtkDataObject
    **options
        As the ``content`` of `write`.

    Returns
    -------
    dict of str to ndarray
        By member; shared with `data` where possible. On a grid (nz, ny, nx, *components), unless the file that an array
        was read from, or ``axes``, has another order.

    Raises
    ------
    OptionError
        A choice does not fit the data.
    ArgumentError
        `data` is no vtkDataObject, or there is no such option.
    UnsupportedError
        The data has no counterpart in NumPy.
    """
    from .vtk.export import export

    if not isinstance(data, vtkDataObject):
        refuse_data("the data", data, "a vtkDataObject")
    plan = export(data, options_of(ExportOptions, options))
    return {item.name: item.member.values() for item in plan.described}


NAMED_ARRAYS = 5  # of those that are left behind: a line should stay one
Warn = Callable[[str], None]  # is given one sentence, without the name of the file


def left_behind(plan: Export, chosen: Item) -> str:
    """Say in one sentence what a ``.npy`` of `chosen` has no place for; empty when that is nothing."""
    names = [
        item.name
        for item in plan.items
        if item is not chosen and item.association not in ("structure", "") and GHOSTS not in item.labels
    ]
    roles = {item.role for item in plan.items if item.association == "structure" and item is not chosen}
    blocks = blocks_of(plan.schema.data)
    kinds = [block.kind for block in blocks]
    found = _named(names)
    if len(kinds) > 1:
        found.append(f"the structure of {len(kinds)} blocks")
    if any(kind.has_positions for kind in kinds) and roles & {"points", *"xyz"}:
        found.append("the points")
    if any(kind.has_axes for kind in kinds) and roles & set("xyz"):
        found.append("the coordinates")
    if any(kind.has_cells for kind in kinds) and roles - {"points", *"xyz"}:
        found.append("the cells")
    if any(kind.has_geometry and block.first_place != Geometry() for kind, block in zip(kinds, blocks)):
        found.append("origin, spacing and direction")
    return _only(chosen.name, found)


def _named(names: Sequence[str]) -> list[str]:
    """Name the first arrays, and count the others."""
    listed = [repr(printable(name)) for name in names[:NAMED_ARRAYS]]
    more = len(names) - len(listed)
    return [*listed, f"{more} more arrays"] if more else listed


def _only(name: str, left: Sequence[str]) -> str:
    if not left:
        return ""
    return (
        f"only {printable(name)!r} is saved, a .npy has no place for the rest: {', '.join(left)}. Save as .npz to "
        "keep everything."
    )
