"""The stamp: what an array was in its file, carried by the VTK array made from it.

It is a small JSON object in the information key ``UNITS_LABEL`` of the array.
It survives shallow and deep copies, Extract Subset and most filters, so that the writer can restore the array as it
stood in its file.
"""

from __future__ import annotations

import json
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkDataArray

from ..plan.axes import format_axes, parse_axes
from ..plan.dtypes import descr_from_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from vtkmodules.vtkCommonCore import vtkAbstractArray

    from ..plan.axes import Axis

__all__ = ["Stamp", "label_of", "read_stamp", "write_stamp"]


@dataclass(frozen=True)
class Stamp:
    """What an array was in its file, carried by the VTK array made from it."""

    dtype: np.dtype  # of its scalars: of its own field of a structured member
    axes: tuple[Axis, ...]  # of one time step: those of time only where they have length 1
    member: str = ""  # name in the file, when the VTK array's name differs
    path: tuple[str, ...] = ()  # which field of a structured member
    shape: tuple[int, ...] = ()  # of that field, where it is a subarray
    # On the array of its first field: the dtype of a structured member, with its offsets and size.
    # On points: names and dtypes of the members with their coordinates.
    record: np.dtype | None = None
    # Of cells. On offsets: "ends" or "starts" alone, or "lengths" instead. On connectivity: the form of the table, see
    # `names.FORMS`; or the type of the cells, where the file has none. The key stands in saved .vti files.
    part: str = ""
    components: tuple[int, ...] = ()  # lengths of several c axes
    padded: bool = False  # the file has two components, the third is 0
    joined: tuple[str, ...] = ()  # the members that hold its components, one each
    still: bool = False  # the same in all of the several time steps of its file
    moving: str = ""  # on points: which of x, y, z have a time axis in the file


def _record(descr: Any) -> np.dtype | None:  # noqa: ANN401
    dtype = np.lib.format.descr_to_dtype(descr_from_json(descr))
    return dtype if dtype.names else None


# What is written where it says something, and how each is read.
_KEPT: dict[str, Callable[[Any], Any]] = {
    "record": _record,
    **dict.fromkeys(("member", "part", "moving"), str),
    **dict.fromkeys(("path", "joined"), lambda texts: tuple(map(str, texts))),
    **dict.fromkeys(("shape", "components"), lambda numbers: tuple(map(operator.index, numbers))),
    **dict.fromkeys(("padded", "still"), lambda value: value is True),
}


def write_stamp(array: vtkAbstractArray, stamp: Stamp) -> None:
    """Write `stamp` on `array`."""
    kept = {key: getattr(stamp, key) for key in _KEPT if getattr(stamp, key)}
    fields = {"dtype": stamp.dtype.str, "axes": format_axes(stamp.axes), **kept}
    text = json.dumps(fields, default=np.lib.format.dtype_to_descr)
    array.GetInformation().Set(vtkDataArray.UNITS_LABEL(), text)


def label_of(array: vtkAbstractArray) -> str | None:
    """Return what stands where stamps are written, which may be a real label of units."""
    return array.GetInformation().Get(vtkDataArray.UNITS_LABEL()) if array.HasInformation() else None


def read_stamp(array: vtkAbstractArray) -> Stamp | None:
    """Return the stamp on `array`, or None where there is none, as on arrays that never were in a file."""
    label = label_of(array)
    if label is None:
        return None
    try:
        fields = json.loads(label)
        kept = {key: read(fields[key]) for key, read in _KEPT.items() if key in fields}
        return Stamp(np.dtype(str(fields["dtype"])), parse_axes(str(fields["axes"])), **kept)
    except Exception:  # noqa: BLE001 - a real label of units, written by someone else; a dtype's text raises anything
        return None
