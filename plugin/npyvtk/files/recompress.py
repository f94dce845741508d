"""An archive written anew, array by array, so that any part of it can be read by itself.

Shapes, dtypes, storage order and every bit stay; nothing is interpreted. This module knows stores and archives, and
no VTK.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from . import zip_write
from .npy import Outgoing
from .open_store import open_store
from .publish import atomic_output
from .source import printable

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from .npy_header import ArraySpec
    from .store import Store

__all__ = ["recompress"]

SLAB_BYTES = 8 << 20  # read at a time


def recompress(source: str | os.PathLike[str], target: str | os.PathLike[str], level: int) -> None:
    """Write all arrays of `source` to the ``.npz`` `target`; deflated in pieces, see `seekable`, at levels 1 to 9.

    Raises
    ------
    UnsupportedError
        `source` has members that hold no readable array; they would be lost.
    """
    with atomic_output(target) as file, open_store(source) as store:
        for name, reason in store.skipped.items():
            raise UnsupportedError(
                f"{printable(target)}: not written: member {printable(name)!r} would be lost."
                f" Take it out of the archive first. ({reason})"
            )
        zip_write.write(
            file,
            [
                Outgoing(name, spec.shape, spec.dtype, partial(_slabs, store, spec), spec.fortran_order)
                for name, spec in store.arrays.items()
            ],
            level,
        )


def _slabs(store: Store, spec: ArraySpec) -> Iterator[np.ndarray]:
    """Consecutive slabs in storage order, C-contiguous as they are stored."""
    shape = spec.shape[::-1] if spec.fortran_order else spec.shape
    if 0 in shape:
        return
    if store.restarts(spec.name):
        values = store.array(spec.name)
        yield values.T if spec.fortran_order else values
        return
    if not shape:
        yield store.array(spec.name)
        return
    axis, left = 0, math.prod(shape) * spec.dtype.itemsize
    while axis < len(shape) and left // shape[axis] > SLAB_BYTES:
        left //= shape[axis]
        axis += 1
    axis = min(axis, len(shape) - 1)
    step = max(1, SLAB_BYTES * shape[axis] // left)
    for outer in np.ndindex(shape[:axis]):
        for begin in range(0, shape[axis], step):
            index = (
                *(slice(i, i + 1, 1) for i in outer),
                slice(begin, min(begin + step, shape[axis]), 1),
                *(slice(0, n, 1) for n in shape[axis + 1 :]),
            )
            slab = np.empty([s.stop - s.start for s in index], spec.dtype)
            direct = slab.T if spec.fortran_order else slab
            store.read(spec.name, index[::-1] if spec.fortran_order else index, direct.__setitem__, direct=direct)
            yield slab
