"""An archive written anew, array by array, so that any part of it can be read by itself.

Shapes, dtypes, storage order and every bit stay; nothing is interpreted. This module knows stores and archives, and
no VTK.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from . import zip_write
from .npy import Outgoing, c_order_blocks
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
        arrays = [
            Outgoing(name, spec.shape, spec.dtype, partial(_slabs, store, spec), spec.fortran_order)
            for name, spec in store.arrays.items()
        ]
        zip_write.write(file, arrays, level)


def _slabs(store: Store, spec: ArraySpec) -> Iterator[np.ndarray]:
    """Consecutive slabs in storage order, C-contiguous as they are stored."""
    if store.restarts(spec.name):
        values = store.array(spec.name)
        yield values.T if spec.fortran_order else values
        return
    for index in c_order_blocks(
        spec.shape[::-1] if spec.fortran_order else spec.shape, spec.dtype.itemsize, SLAB_BYTES
    ):
        slab = np.empty([s.stop - s.start for s in index], spec.dtype)
        direct = slab.T if spec.fortran_order else slab
        store.read(spec.name, index[::-1] if spec.fortran_order else index, direct.__setitem__, direct=direct)
        yield slab
