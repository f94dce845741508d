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
    lengths = {spec.shape[0] for spec in columns if spec.shape}
    long = len(lengths) > 1 and any(math.prod(spec.shape) > SMALL for spec in columns)
    tables: dict[int, list[Taken]] = {}
    for spec in columns:
        remark = long and spec.dtype.names is None and math.prod(spec.shape) <= SMALL
        remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
        if remark or (lengths and not spec.shape):
            continue
        axes = context.explicit.get(len(spec.shape), ())
        plan = ArrayPlan(spec.name, axes)
        if not axes or 0 in plan.steps(spec.shape) or (folded and not set("xyz").isdisjoint(plan.letters)):
            row = len(spec.shape) == 2 and spec.shape[0] == 1 != spec.shape[1]
            axes = parse_axes("cn") if row else counted_axes(len(spec.shape))
        taken = take(context, spec, axes, "row", hint(context, spec, axes))
        tables.setdefault(taken.plan.length("n", spec.shape), []).append(taken)
    return join(Found(), *[Found.of(Block(TABLE, count=count), group, {}) for count, group in tables.items()])
