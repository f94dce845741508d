"""One ``.npy``, written as NumPy writes it: the header, and the bytes streamed out.

This module knows nothing of archives, selections or VTK.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import UnsupportedError
from .literal import shorten
from .npy_header import LENGTH_FIELDS, MAGIC, DtypeError, MissingDtypeError, dtype_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import IO, Callable

    from .store import Progress

__all__ = ["FileLayout", "Outgoing", "buffers", "c_order_blocks", "header_bytes", "put"]

WRITE_BYTES = 1 << 24  # per call and progress report; smaller pieces cost, larger ones gain little
RESERVE_BYTES = 1 << 20  # smaller pieces gain nothing by it
CONVERT_BYTES = 1 << 20  # pieces that are copied before they are written stay in the cache
GROWTH_DIGITS = 21  # NumPy leaves room for the growing axis to be rewritten in place

BLOCK_BYTES = 4 << 20  # of a converted or transposed block: several planes, and it stays in the cache


@dataclass(frozen=True)
class Outgoing:
    """One array on its way into a file.

    ``blocks()`` gives consecutive pieces in storage order and may be called again: concatenated in C
    order they are the array (its transpose where `fortran_order`). Each piece is castable to `dtype`.
    """

    name: str  # member name without ".npy"; unused in a .npy
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file, byte order included
    blocks: Callable[[], Iterable[np.ndarray]]
    fortran_order: bool = False

    @property
    def nbytes(self) -> int:
        """Bytes of the data."""
        return math.prod(self.shape) * np.dtype(self.dtype).itemsize


class FileLayout(NamedTuple):
    """Where everything in a file of arrays lies, known before any data is."""

    data: tuple[tuple[int, int], ...]  # file offset and bytes of the data of each array
    headers: tuple[bytes, ...]  # what stands before these data
    # All that is not data, as (file offset, bytes), given the CRC-32 of header and data of each array.
    parts: Callable[[Sequence[int]], Iterable[tuple[int, bytes]]]


def header_bytes(outgoing: Outgoing) -> bytes:
    """Everything before the data, as ``numpy.save`` would write it; its length is a multiple of 64.

    Raises
    ------
    UnsupportedError
        The dtype cannot stand in a ``.npy`` without pickling or losing something.
    """
    dtype, shape = np.dtype(outgoing.dtype), tuple(int(n) for n in outgoing.shape)
    descr = _descr_of(dtype, outgoing.name)
    text = f"{{'descr': {descr!r}, 'fortran_order': {bool(outgoing.fortran_order)}, 'shape': {shape!r}, }}"
    if shape:
        text += " " * (GROWTH_DIGITS - len(repr(shape[-1 if outgoing.fortran_order else 0])))
    try:
        encoded = text.encode("latin-1")
        version = 1 if len(encoded) + 1 + 64 <= 0xFFFF else 2
    except UnicodeEncodeError:
        encoded, version = text.encode("utf-8"), 3
    field = LENGTH_FIELDS[version, 0]
    encoded += b" " * (-(8 + field.size + len(encoded) + 1) % 64) + b"\n"
    return MAGIC + bytes((version, 0)) + field.pack(len(encoded)) + encoded


def _descr_of(dtype: np.dtype, name: str) -> object:
    """The mirror of `dtype_of`, which must lead back to the same dtype."""
    descr = None
    if not dtype.hasobject and dtype.itemsize > 0:
        # NumPy raises for overlapping fields.
        with contextlib.suppress(ValueError, DtypeError, MissingDtypeError):
            descr = dtype.descr if dtype.names is not None else dtype.str
            if dtype_of(descr) == dtype:
                return descr
    raise UnsupportedError(
        f"array {name!r}: type {shorten(dtype)} cannot be written to .npy so that it comes back"
        " the same. Convert the array to numbers or strings first."
    )


def buffers(outgoing: Outgoing, most: int = WRITE_BYTES, progress: Progress | None = None) -> Iterator[np.ndarray]:
    """The bytes of `outgoing` as contiguous uint8 pieces of at most `most` bytes, in storage order.

    Contiguous blocks of the right dtype are shared, all others converted piece by piece. A piece is
    valid until the next one is asked for, which is when `progress` is told the fraction done.

    Raises
    ------
    ValueError
        The blocks are more or less than the array, which would make a file that cannot be read.
    """
    dtype = np.dtype(outgoing.dtype)
    promised = outgoing.nbytes
    held = done = 0
    for block in outgoing.blocks():
        for piece in _contiguous(np.asarray(block), dtype):
            data = piece.reshape(-1).view(np.uint8)
            held += len(data)
            if held > promised:
                break
            for begin in range(0, len(data), most):
                part = data[begin : begin + most]
                yield part
                done += len(part)
                if progress is not None:
                    progress(done / promised)
    if held != promised:
        raise ValueError(
            f"array {outgoing.name!r}: {promised} bytes were announced, its blocks hold"
            f" {'more' if held > promised else held}"
        )


def _contiguous(block: np.ndarray, dtype: np.dtype) -> Iterator[np.ndarray]:
    if block.dtype == dtype and block.flags.c_contiguous:
        yield block
        return
    for index in c_order_blocks(block.shape, dtype.itemsize, CONVERT_BYTES):
        part = np.asarray(block[index])
        piece = np.zeros(part.shape, dtype)  # not empty: gaps between fields would show old memory
        piece[...] = part
        yield piece


def put(file: IO[bytes], data: np.ndarray) -> None:
    """Write contiguous bytes; NumPy reserves their space on the disk first, which makes large pieces twice as fast.

    Parameters
    ----------
    file : binary file open for writing
    data : (bytes,) uint8 ndarray

    Raises
    ------
    OSError
        The disk is full, or the system refuses.
    """
    if len(data) < RESERVE_BYTES:
        file.write(data)
        return
    try:
        data.tofile(file)
    except io.UnsupportedOperation:  # a file in memory
        file.write(data)
    except OSError as error:
        if error.errno is not None:
            raise
        raise OSError(errno.ENOSPC, str(error)) from None  # NumPy does not pass the number on


def c_order_blocks(shape: tuple[int, ...], itemsize: int, limit: int = BLOCK_BYTES) -> Iterator[tuple[slice, ...]]:
    """Split an array into consecutive blocks of C order.

    Parameters
    ----------
    shape : tuple of int
    itemsize : int
        Bytes of one element.
    limit : int
        Bytes of a block at most; a block is one element at least.

    Yields
    ------
    tuple of slice
        One per axis, with steps of 1.
    """
    if 0 in shape:
        return
    inner = itemsize
    axis = len(shape)
    while axis > 0 and inner * shape[axis - 1] <= limit:
        axis -= 1
        inner *= shape[axis]
    rest = tuple(slice(0, n, 1) for n in shape[axis:])
    if axis == 0:
        yield rest
        return
    rows = max(1, limit // max(inner, 1))
    for lead in np.ndindex(shape[: axis - 1]):
        for start in range(0, shape[axis - 1], rows):
            yield (*(slice(k, k + 1, 1) for k in lead), slice(start, min(start + rows, shape[axis - 1]), 1), *rest)
