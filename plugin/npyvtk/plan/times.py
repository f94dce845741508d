"""The times of time steps, as the members of a file hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .dates import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["dump_time", "load_time", "time_values", "without_gaps"]


def time_values(values: np.ndarray) -> tuple[tuple[float, ...], np.ndarray | None]:
    """Return the times that a member holds, and (steps,) the same as they stand there, where that is not float64.

    Dates are seconds since the first of them, durations seconds; NaT is NaN.
    """
    values = np.atleast_1d(values)
    numbers = seconds(values) if values.dtype.kind in "mM" else values
    file_times = None if values.dtype == np.float64 else values
    return tuple(numbers.astype(np.float64).tolist()), file_times


def dump_time(value: np.ndarray, time: float) -> tuple[str, ...]:
    """Write a time as it stands in a file, 0-d, as text: dtype, value, and `time`, which is what it is to ParaView."""
    return value.dtype.str, str(value.astype(np.int64) if value.dtype.kind in "mM" else value), repr(time)


def load_time(said: tuple[str, ...], time: float) -> np.ndarray | None:
    """Undo `dump_time`; None where there is none, or `time` is another by now."""
    try:
        dtype, number = np.dtype(said[0]), np.array(said[1])
        if dtype.kind not in "iufmM" or float(said[2]) != time:
            return None
        if dtype.kind in "mM":
            return number.astype(np.int64).view(dtype.newbyteorder("=")).astype(dtype)
        return number.astype(dtype)
    except (IndexError, ValueError, TypeError, OverflowError, SyntaxError):
        return None


def without_gaps(times: Sequence[float | None]) -> list[float]:
    """Give broken files a time between their neighbours; [] where nothing is known."""
    known = {k: time for k, time in enumerate(times) if time is not None}
    if not known:
        return []
    first, last = min(known), max(known)
    between = np.interp(range(len(times)), list(known), list(known.values())).tolist()
    return [time + min(k - first, 0) + max(k - last, 0) for k, time in enumerate(between)]
