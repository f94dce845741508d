"""Lists of runs that are each led by their length: the cells of a surface, the faces of polyhedra."""

from __future__ import annotations

import numpy as np

__all__ = ["run_starts"]

CHUNK = 1 << 16  # numbers that are Python's own at a time; each takes some 40 bytes then


def run_starts(values: np.ndarray) -> np.ndarray | None:
    """Return where the lengths stand in a list of runs.

    Parameters
    ----------
    values : (n,) integers
        A length, so many numbers, the next length, and so on.

    Returns
    -------
    (runs,) int64 ndarray or None
        None where a length is negative, or the last run does not end where the list does.
    """
    if not len(values):
        return np.zeros(0, np.int64)
    first = int(values[0]) + 1
    if first > 0 and len(values) % first == 0 and np.all(values[::first] == values[0]):
        return np.arange(0, len(values), first)
    parts, place = [], 0
    for begin in range(0, len(values), CHUNK):
        # Where a run starts the one before tells: no work for NumPy, and for Python not on arrays.
        chunk = values[begin : begin + CHUNK].tolist()
        found, at = [], place - begin
        while at < len(chunk):
            found.append(at)
            if chunk[at] < 0:
                return None
            at += 1 + chunk[at]
        parts.append(np.array(found, np.int64) + begin)
        place = begin + at
    return np.concatenate(parts) if place == len(values) else None
