"""Tables: columns of one length, and what is a remark on them or on other data."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .axes import parse_axes
from .by_shape import hint
from .context import Found, join, take
from .layout import ArrayPlan, Block
from .names import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .context import Context, Taken

__all__ = ["recognise_tables"]


def recognise_tables(context: Context, columns: Iterable[ArraySpec], *, folded: bool = False) -> Found:
    """Make one table of every length; scalars, texts and small arrays beside long columns are left.

    Parameters
    ----------
    folded : bool
        Axes of space that are spelled out are rows and columns as well.
    """
    columns = tuple(columns)
    scalars_only = not any(spec.shape for spec in columns)
    long = len({spec.shape[0] for spec in columns if spec.shape}) > 1 and any(
        math.prod(spec.shape) > SMALL for spec in columns
    )
    tables: dict[int, list[Taken]] = {}
    for spec in columns:
        remark = long and spec.dtype.names is None and math.prod(spec.shape) <= SMALL
        remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
        if remark or (not spec.shape and not scalars_only):
            continue
        axes = context.explicit.get(len(spec.shape))
        unfit = axes is not None and 0 in ArrayPlan("", axes).steps(spec.shape)
        if axes is None or unfit or (folded and any(axis.letter in "xyz" for axis in axes)):
            axes = _rows(spec.shape)
        taken = take(context, spec, axes, "row", hint(context, spec, axes))
        count = 1 if not spec.shape else taken.plan.length("n", spec.shape)
        tables.setdefault(count, []).append(taken)
    return join(Found(), *(Found.of(Block("Table", count=count), group, {}) for count, group in tables.items()))


def _rows(shape: tuple[int, ...]) -> tuple[Axis, ...]:
    """Axes of an array that is read as rows."""
    if len(shape) == 2 and shape[0] == 1 != shape[1]:
        return parse_axes("cn")
    return parse_axes("nc"[: len(shape)] + "c" * (len(shape) - 2))
