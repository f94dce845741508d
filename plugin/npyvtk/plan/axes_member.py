"""The member ``axes`` of a saved file, for those who read its plain names: only where they would be misled without."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import NumPyIOError
from ..options import ReadOptions
from .axes import format_axes
from .layout import blocks_of
from .names import AXES, Values, along_one_axis, small_members
from .recognise import recognise

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec

__all__ = ["axes_member"]

CELLS = ("cells", "connectivity")  # roles that hold the numbers of points


def axes_member(
    specs: Mapping[str, ArraySpec],
    meant: Mapping[str, str],
    structure: Mapping[str, str],
    small: Mapping[str, np.ndarray],
) -> str:
    """Write the axes that tell what names and shapes alone do not.

    Whether an image is right side up and where it lies does not change how its axes are read, so that the values of
    its structure, which may be on other ranks, do not count.

    Parameters
    ----------
    specs : mapping
        All members of the file but ``vtk``.
    meant : mapping
        Of members on points and cells: their axes.
    structure : mapping
        Of members with structure: their role.
    small : mapping
        Values of other members that planning looks at: the times.

    Returns
    -------
    str
        "" where `auto` reads all axes as they are meant, or where the member would not make it do so.
    """
    # Tables of cells are told by their shapes; their numbers only say whether points are counted from 0 or 1.
    tables = {name for name, role in structure.items() if role in CELLS and len(specs[name].shape) == 2}
    wanted = {*small, *(structure.keys() & small_members(specs)) - tables}

    def value(name: str) -> np.ndarray:
        known = small.get(name)
        return _any_values(structure[name], specs[name].shape, meant.get(name, "")) if known is None else known

    values = Values(wanted, value)
    wrong = _misread(specs, meant, values)
    by_length: dict[int, str] = {}  # those with as many axes share them
    for name in sorted(wrong):
        by_length.setdefault(len(specs[name].shape), meant[name])
    text = ",".join(by_length[length] for length in sorted(by_length))
    if not text or AXES in specs:
        return ""
    told = {**specs, AXES: specs[next(iter(specs))]._replace(name=AXES, shape=(), dtype=np.asarray(text).dtype)}
    values = Values({*wanted, AXES}, lambda name: np.asarray(text) if name == AXES else value(name))
    still_wrong = _misread(told, meant, values)
    return text if still_wrong < wrong else ""


def _misread(specs: Mapping[str, ArraySpec], meant: Mapping[str, str], small: Values) -> set[str]:
    """Name the members that are read with other axes than those that are meant."""
    try:
        layout = recognise(specs, small, ReadOptions())
    except NumPyIOError:
        return set(meant)
    found: dict[str, str] = {}
    for block in blocks_of(layout.root):
        for plan in (*block.roles.values(), *block.arrays, *block.field_data):
            found.setdefault(plan.member, format_axes(plan.axes))
    return {name for name, axes in meant.items() if found.get(name) != axes}


def _any_values(role: str, shape: tuple[int, ...], axes: str) -> np.ndarray:
    """Return values of a member of structure that are as good as any for telling axes."""
    if role in ("x", "y", "z") and along_one_axis(shape):
        values = np.arange(float(max(shape)))
        return (values[::-1] if "-n" in axes else values).reshape(shape)
    if role in CELLS:
        return np.broadcast_to(0, shape)  # without memory for each of them
    if role in ("direction", "affine"):
        return np.eye(shape[0]) if len(shape) == 2 else np.ones(shape)
    return np.broadcast_to(0.0 if role in ("origin", "xmin", "ymin", "zmin") else 1.0, shape)
