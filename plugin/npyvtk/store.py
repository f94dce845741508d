"""The named arrays of one file, read lazily: the same face for ``.npy``, ``.npz`` and memory.

This module knows names, selections and destinations; how the bytes lie in the file is known by
``_npy`` and ``_npz``, and which spans are read by ``_slices``. It knows nothing of VTK.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from ._npy import ArraySpec, Outgoing

__all__ = ["ArraySpec", "MemoryStore", "Outgoing", "Store", "open_store"]


class Store:
    path: str
    arrays: dict[str, ArraySpec]
    skipped: dict[str, str]
    stat: tuple[int, int, int]

    def read(
        self,
        name: str,
        selection: tuple[slice, ...],
        put: Callable[[tuple[slice, ...], np.ndarray], None],
        *,
        direct: np.ndarray | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        raise NotImplementedError

    def array(self, name: str) -> np.ndarray:
        raise NotImplementedError

    def mapped(self, name: str) -> np.ndarray | None:
        raise NotImplementedError

    def close(self) -> None:
        pass

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()


class MemoryStore(Store):
    def __init__(self, arrays: dict[str, np.ndarray], path: str = "memory") -> None:
        self.path = path
        self.skipped = {}
        self.stat = (0, 0, 0)
        self._values = {name: np.asarray(values) for name, values in arrays.items()}
        self.arrays = {
            name: ArraySpec(name, values.shape, values.dtype, False)
            for name, values in self._values.items()
        }


def open_store(path: str) -> Store:
    raise NotImplementedError
