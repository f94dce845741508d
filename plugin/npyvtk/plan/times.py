"""The times of time steps, and dates and durations: as a file holds them, in seconds, and in words.

ParaView's time is a float, and VTK holds dates as whole numbers: what they count is said here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .dtypes import clear_padding, scalars

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "date_remarks", "date_text", "dump_time", "has_dates", "load_time", "seconds", "seconds_since", "time_values",
    "time_words", "without_gaps",
]  # fmt: skip

SECONDS = {"W": (604800, 1), "D": (86400, 1), "h": (3600, 1), "m": (60, 1), "s": (1, 1), "generic": (1, 1)}
SECONDS.update((unit, (1, 10**power)) for unit, power in zip(("ms", "us", "ns", "ps", "fs", "as"), range(3, 19, 3)))
DAYS = {"Y": 365.2425, "M": 365.2425 / 12}  # of a duration in years or months, on average
WORDS = {
    "Y": "years", "M": "months", "W": "weeks", "D": "days", "h": "hours", "m": "minutes", "s": "seconds",
    "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "ps": "picoseconds", "fs": "femtoseconds",
    "as": "attoseconds", "generic": "units that the file does not name",
}  # fmt: skip


def seconds(values: np.ndarray) -> np.ndarray:
    """Return dates in seconds since the first of them, or durations in seconds.

    Parameters
    ----------
    values : (n,) ndarray of datetime64 or timedelta64

    Returns
    -------
    (n,) float64 ndarray
        NaN for NaT.
    """
    unit, count = np.datetime_data(values.dtype)
    if unit in DAYS and values.dtype.kind == "M":
        values, unit, count = values.astype("M8[D]"), "D", 1  # years and months are not all as long
    numbers = values.astype(np.int64)
    if values.dtype.kind == "M" and numbers.size:
        numbers = numbers - numbers[:1]
    # One division at the end: 0.1 s is the float64 nearest to it.
    times, parts = SECONDS.get(unit) or (DAYS[unit] * 86400, 1)
    return np.where(np.isnat(values), np.nan, numbers.astype(np.float64) * (count * times) / parts)


def seconds_since(files: Sequence[np.ndarray]) -> list[list[float]]:
    """Return the dates of each file, (steps,) datetime64 of any unit, in seconds since the first of all."""
    counts = []
    for values in map(np.atleast_1d, files):
        # Years and months have no length of their own.
        dates = values.astype("M8[D]") if np.datetime_data(values.dtype)[0] in DAYS else values
        unit, count = np.datetime_data(dates.dtype)
        times, parts = SECONDS[unit]
        # In whole attoseconds of Python's: a common unit of NumPy's may overflow, and a float64 rounds twice.
        counts.append([n * count * times * 10**18 // parts for n in dates.astype(np.int64).tolist()])
    return [[(n - counts[0][0]) / 10**18 for n in numbers] for numbers in counts]


def time_words(values: np.ndarray) -> str:
    """Say what ParaView's time counts, where a file has dates or durations; else nothing."""
    if values.dtype.kind == "m":
        return " in seconds"
    if values.dtype.kind == "M" and values.size:
        return f" in seconds since {date_text(values.ravel()[0])}"
    return ""


def date_text(date: np.datetime64) -> str:
    """Write a date as shortly as it is exact: ``2020-01-01``, ``2020-01-01T06:30``."""
    try:
        text = str(date)
    except (ValueError, OverflowError):  # of a unit that NumPy can hold and not count with, such as [0s]
        return "a date that cannot be written"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    if text.count(":") == 2:
        text = text.removesuffix(":00")
    return text[: -len("T00:00")] if text.count(":") == 1 and text.endswith("T00:00") else text


def has_dates(dtype: np.dtype) -> bool:
    """Tell whether items of `dtype` hold dates or durations."""
    return any(leaf.dtype.kind in "mM" for leaf in scalars(dtype))


def date_remarks(dtype: np.dtype, values: np.ndarray | None = None) -> tuple[str, ...]:
    """Say what the whole numbers count that VTK holds for dates and durations.

    Parameters
    ----------
    dtype : numpy.dtype
        Of a member.
    values : ndarray, optional
        Its values, where they are known: the first and the last date are said as well.

    Returns
    -------
    tuple of str
        One remark for each field.
    """
    remarks = []
    for leaf in scalars(dtype):
        if leaf.dtype.kind not in "mM":
            continue
        unit, count = np.datetime_data(leaf.dtype)
        words = f"in {WORDS[unit]}" if count == 1 else f"in {count} {WORDS[unit]}"
        if leaf.dtype.kind == "M":
            words += f" since 1970-01-01{_range(values, leaf.path)}"
        remarks.append(f"{leaf.name} {words}" if leaf.path else words)
    return tuple(remarks)


def _range(values: np.ndarray | None, path: tuple[str, ...]) -> str:
    if values is None:
        return ""
    for name in path:
        values = values[name]
    known = values[~np.isnat(values)]
    if not known.size:
        return ""
    numbers = known.astype(np.int64)  # compared as such: NumPy refuses to compare dates of some units
    first, last = date_text(known[numbers.argmin()]), date_text(known[numbers.argmax()])
    return f", {first}" if first == last else f", {first} to {last}"


def time_values(values: np.ndarray) -> tuple[tuple[float, ...], np.ndarray | None]:
    """Return the times that a member holds, and (steps,) the same as they stand there, where that is not float64.

    Parameters
    ----------
    values : () or (steps,) ndarray, also with axes of length 1
        Real numbers, dates or durations.

    Returns
    -------
    tuple of float
        Numbers as they are, dates in seconds since the first of them, durations in seconds; NaT is NaN.
    (steps,) ndarray or None
    """
    values = values.reshape(-1)
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
        return clear_padding(number.astype(dtype))
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
