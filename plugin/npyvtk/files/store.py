"""The named arrays of one file, read lazily: the same face for ``.npy``, ``.npz`` and memory.

This module knows names, selections and destinations; `file_store` keeps the promise for files, `MemoryStore` for arrays
that are in memory already.

>>> import numpy as np
>>> store = MemoryStore({"a": np.arange(6).reshape(2, 3)})
>>> store.arrays["a"].shape
(2, 3)
>>> part = np.empty((2, 1), store.arrays["a"].dtype)
>>> store.read("a", (slice(0, 2, 1), slice(1, 2, 1)), part.__setitem__)
>>> part.tolist()
[[1], [4]]
"""

from __future__ import annotations

import contextlib
import math
from functools import partial
from typing import TYPE_CHECKING, Callable, Literal, NamedTuple

import numpy as np

from ..errors import LimitError, UnsupportedError
from .npy_header import ArraySpec
from .source import printable
from .threads import Run

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "MemoryStore",
    "NoArrayError",
    "Progress",
    "Request",
    "Store",
    "empty",
]

Put = Callable[[tuple[slice, ...], np.ndarray], None]
Progress = Callable[[float], None]
MEMORY_BLOCK_BYTES = 2 << 20  # handed to `put` at a time by a MemoryStore
HEAD_BYTES = 1 << 20  # of the head of an array: read and inflated in some milliseconds


class Request(NamedTuple):
    """One array to read: the arguments of `Store.read`, for `Store.read_many`."""

    name: str
    selection: tuple[slice, ...]
    put: Put
    direct: np.ndarray | None = None

    def checked(self, spec: ArraySpec) -> Request:
        """Return the same, `direct` only where the bytes of the array `spec` may stand in it unchanged.

        Raises
        ------
        ValueError
            The selection is not normalised: one slice for each axis, within it, with a step. Or `direct`, in the axis
            order of the file, has another shape than it.
        """
        selection, direct = tuple(self.selection), self.direct
        if len(selection) != len(spec.shape) or not all(
            s.step is not None and 0 <= s.start <= s.stop <= n and s.step >= 1 for s, n in zip(selection, spec.shape)
        ):
            raise ValueError(f"selection {selection} is not normalised for shape {spec.shape}")
        if direct is not None:
            shape = tuple(len(range(s.start, s.stop, s.step)) for s in selection)
            if direct.shape != shape:
                raise ValueError(f"the destination has shape {direct.shape}, the selection {shape}")
            fits = direct.dtype.itemsize == spec.dtype.itemsize and not direct.dtype.hasobject
            if not fits or not (direct.dtype == spec.dtype or (direct.dtype.isnative and spec.dtype.isnative)):
                direct = None
        return self._replace(selection=selection, direct=direct)


class Store(contextlib.ExitStack):
    """The arrays of one file, which it closes as context manager or by ``close()``. ``open_store`` makes one.

    Attributes
    ----------
    path : str
        As given by the caller.
    arrays : dict of str to ArraySpec
        In the file's order.
    skipped : dict of str to str
        Members that hold no readable array, with a one-line reason each.
    damaged : tuple of str
        Those of `skipped` whose bytes are not what the format says.
    stat : tuple of int
        Size, modification time in ns and inode of the opened file, to notice changes.
    """

    path: str
    arrays: dict[str, ArraySpec]
    skipped: dict[str, str]
    stat: tuple[int, int, int]
    damaged: tuple[str, ...] = ()
    single: bool = False  # a .npy, whose one name is that of the file
    in_memory: bool = False  # `mapped` costs nothing

    def read(
        self,
        name: str,
        selection: tuple[slice, ...],
        put: Put,
        *,
        direct: np.ndarray | None = None,
        progress: Progress | None = None,
    ) -> None:
        """Read a part of one array.

        Parameters
        ----------
        name : str
            A key of `arrays`.
        selection : tuple of slice
            One per array axis, 0 <= start <= stop <= n, step >= 1.
        put : callable
            ``put(index, block)`` is called for each block: index is a tuple of slices into the selected
            array, block an ndarray of that shape in the file's dtype and axis order, of any strides, valid
            during the call only. Several threads may call it at once, for disjoint indices.
        direct : ndarray, optional
            Of the selected shape and the file's item size. Where the file's bytes can stand in it
            unchanged (the file's dtype, or both of native byte order) and it is contiguous in storage
            order, they are read straight into it and `put` is not called.
        progress : callable, optional
            Called with the fraction done, from the calling thread; what it raises ends the reading.

        Raises
        ------
        FormatError
            The file is damaged, or was changed since it was opened.
        FileError
            The system refuses to read it.
        """
        self.read_many([Request(name, selection, put, direct)], progress=progress)

    def read_many(self, requests: Sequence[Request], *, progress: Progress | None = None) -> None:
        """Read parts of several arrays at once: compressed members inflate in parallel."""
        self._read([request.checked(self.arrays[request.name]) for request in requests], progress)

    def _read(self, requests: Sequence[Request], progress: Progress | None) -> None:
        """Read what `Request.checked` has found fit."""
        raise NotImplementedError

    def array(self, name: str) -> np.ndarray:
        """A whole array, in the file's dtype and storage order.

        Raises
        ------
        LimitError
            It does not fit into memory.
        """
        return self._array(self.arrays[name])

    def head(self, name: str) -> np.ndarray | None:
        """The first rows of an array, 1 MiB of them; None where all of it costs no more."""
        spec = self.arrays[name]
        rows = HEAD_BYTES // max(1, math.prod(spec.shape[1:]) * spec.dtype.itemsize)
        if not spec.shape or spec.fortran_order or not 0 < rows < spec.shape[0]:
            return None
        return self._array(spec._replace(shape=(rows, *spec.shape[1:])))

    def _array(self, spec: ArraySpec) -> np.ndarray:
        """Read an array, or as many of its first rows as `spec` says."""
        name = spec.name
        if 0 in spec.shape:
            return empty(spec.shape, spec.dtype, "F" if spec.fortran_order else "C")
        try:
            values = np.empty(spec.shape, spec.dtype, order="F" if spec.fortran_order else "C")
        except (MemoryError, ValueError):
            raise LimitError(
                f"{printable(self.path)}: too large: array {printable(name)!r} of shape {spec.shape}"
                " does not fit into memory. Read a part of it."
            ) from None
        self.read(name, tuple(slice(0, n, 1) for n in spec.shape), values.__setitem__, direct=values)
        return values

    def mapped(self, name: str) -> np.ndarray | None:
        """The whole array mapped copy-on-write, None where the file does not allow it.

        The result keeps the mapping alive, also when the store is closed. If another program shortens the file,
        touching the lost part ends the process: only for users who ask for it.
        """
        raise NotImplementedError

    def storage(self, name: str) -> str:  # noqa: ARG002 - where there is nothing to tell
        """How an array is stored, in a few words for people; empty where it is not compressed."""
        return ""

    def restarts(self, name: str) -> bool:  # noqa: ARG002
        """Whether every part of an array costs as much as all that lies before it."""
        return False

    def reopened(self) -> Store | None:
        """The same arrays of the same file, open again, of which no header is read; None where the file has changed.

        Changed is a file of another size, modification time or inode.
        """
        return self


class MemoryStore(Store):
    """Arrays in memory behind the face of a file."""

    in_memory = True

    def __init__(self, arrays: dict[str, np.ndarray], path: str = "memory") -> None:
        super().__init__()
        self.path = path
        self.skipped = {}
        self.stat = (0, 0, 0)
        self._values = {name: np.asarray(values) for name, values in arrays.items()}
        self.arrays = {
            name: ArraySpec(
                name, values.shape, values.dtype, values.flags.f_contiguous and not values.flags.c_contiguous
            )
            for name, values in self._values.items()
        }

    def _read(self, requests: Sequence[Request], progress: Progress | None) -> None:
        """See `Store`; the blocks are views of the arrays."""
        run = Run(sum(self._values[r.name][r.selection].nbytes for r in requests), progress)
        run.execute([partial(self._copy, request, run) for request in requests], 1)

    def _copy(self, request: Request, run: Run) -> None:
        values = self._values[request.name]
        selected = values[request.selection] if values.ndim else values  # NumPy would make a scalar of no axes
        direct = request.direct
        if direct is not None:
            direct[...] = selected.view(direct.dtype)
            run.advance(selected.nbytes)
            return
        if selected.ndim == 0:
            request.put((), selected)
            run.advance(selected.nbytes)
            return
        axis = int(np.argmax(selected.strides)) if selected.size else 0  # the slowest in memory
        count = selected.shape[axis]
        step = max(1, MEMORY_BLOCK_BYTES * count // max(1, selected.nbytes))
        for begin in range(0, count if selected.size else 0, step):
            index = tuple(
                slice(begin, min(begin + step, count)) if k == axis else slice(0, n)
                for k, n in enumerate(selected.shape)
            )
            request.put(index, selected[index])
            run.advance(selected[index].nbytes)

    def array(self, name: str) -> np.ndarray:
        """The array itself, not a copy."""
        return self._values[name]

    def head(self, name: str) -> None:
        """All of it costs no more."""

    def mapped(self, name: str) -> np.ndarray:
        """The array itself: there is no file to be mapped."""
        return self._values[name]


class NoArrayError(UnsupportedError):
    """A member that is something else, a text for example, which is no fault."""


def empty(shape: tuple[int, ...], dtype: np.dtype, order: Literal["C", "F"] = "C") -> np.ndarray:
    """Make an array as `numpy.empty` does, which in NumPy 1.21 allocates the axes that are not 0 where one is."""
    return np.ndarray(shape, dtype, bytearray(1) if 0 in shape else None, order=order)
