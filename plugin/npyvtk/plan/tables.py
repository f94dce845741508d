"""Tables: arrays as long as each other, and structured arrays, whose fields are columns."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .auto import hint
from .axes import counted_axes, parse_axes
from .context import Found, join, take
from .kinds import TABLE
from .layout import ArrayPlan, Block
from .names import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .context import Context, Taken

__all__ = ["recognise_tables"]


def recognise_tables(context: Context, columns: Iterable[ArraySpec], *, folded: bool = False) -> Found:
    """Make one table of every length; scalars, texts of several axes and small arrays beside long columns are left.

    Parameters
    ----------
    folded : bool
        Axes of space that are spelled out are rows and columns as well.
    """
    columns = tuple(columns)
    found = [(spec, _axes(context, spec, folded=folded)) for spec in columns]
    counts = [ArrayPlan(spec.name, axes).length("n", spec.shape) for spec, axes in found]
    long = {count for count, spec in zip(counts, columns) if math.prod(spec.shape) > SMALL}
    scalars = all(spec.shape == () for spec in columns)
    tables: dict[int, list[Taken]] = {}
    for count, (spec, axes) in zip(counts, found):
        remark = bool(long) and spec.dtype.names is None and count not in long
        remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
        if not remark and (spec.shape or scalars):
            tables.setdefault(count, []).append(take(context, spec, axes, "row", hint(context, spec, axes)))
    return join(Found(), *[Found.of(Block(TABLE, count=count), group, {}) for count, group in tables.items()])


def _axes(context: Context, spec: ArraySpec, *, folded: bool) -> tuple[Axis, ...]:
    axes = context.explicit.get(len(spec.shape), ())
    plan = ArrayPlan(spec.name, axes)
    if axes and 0 not in plan.steps(spec.shape) and not (folded and not set("xyz").isdisjoint(plan.letters)):
        return axes
    row = len(spec.shape) == 2 and spec.shape[0] == 1 != spec.shape[1]
    return parse_axes("cn") if row else counted_axes(len(spec.shape))
