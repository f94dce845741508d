r"""The header of one ``.npy``, read strictly.

The format, as ``numpy.lib.format`` specifies it::

    6 bytes   \x93NUMPY
    2 bytes   major and minor version: 1.0, 2.0 or 3.0
    2 bytes   length of the header (little-endian); 4 bytes from version 2.0 on
    header    a Python literal, latin-1 (UTF-8 in version 3.0), padded with spaces, ending with a newline:
              {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
    data      the array's bytes in C or Fortran order

No ``eval``, no ``ast``, no unpickling: `literal` parses what a header may hold.
This module knows nothing of archives, selections or VTK.
"""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import FormatError, UnsupportedError
from .literal import Literal, LiteralError, shorten

if TYPE_CHECKING:
    from typing import Callable

__all__ = [
    "HEAD_BYTES",
    "MAGIC",
    "MAX_DIMENSIONS",
    "ArraySpec",
    "DtypeError",
    "Header",
    "MissingDtypeError",
    "dtype_of",
    "read_header",
]

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 1 << 20  # NumPy stops at 10,000 for fear of its eval; this parser is linear and safe
HEAD_BYTES = 4096  # holds nearly every header
MAX_BYTES = 2**63 - 1  # NumPy's own limit for the extent of an array
MAX_ITEM_BYTES = 2**31 - 1  # NumPy 1.x keeps the size of an element in a C int
MAX_DIMENSIONS = 32 if int(np.__version__.split(".")[0]) < 2 else 64

_SAVE_AGAIN = "Save it again with numpy.save."
# What NumPy itself writes of an array without fields; the parser, which knows the rest, takes ten times as long.
_LENGTH = "(?:0|[1-9][0-9]{0,18})"
_USUAL = re.compile(
    r"\{'descr': '([^'\\\n]*)', 'fortran_order': (True|False), "
    rf"'shape': \((|{_LENGTH},|{_LENGTH}(?:, {_LENGTH})+)\), \}}[ \n]*"
)


class ArraySpec(NamedTuple):
    """What a header says about one array; no data was read."""

    name: str  # the member's name without ".npy"; the file's stem for a .npy
    shape: tuple[int, ...]  # first axis first, as numpy.load(...).shape
    dtype: np.dtype  # as in the file, byte order kept
    fortran_order: bool  # storage only, never meaning
    remark: str = ""  # one line worth telling, e.g. that the file is longer than its array


class Header(NamedTuple):
    """One parsed header."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    size: int  # bytes before the data: magic, version, length and header
    nbytes: int  # bytes of the data


def read_header(head: bytes, start: Callable[[int], bytes], available: int, where: str) -> Header:
    """Parse and validate the header of one ``.npy`` stream.

    Parameters
    ----------
    head : bytes
        The first `HEAD_BYTES` of the stream, fewer where it ends.
    start : callable
        ``start(n)`` gives the first n bytes, for a header that is longer.
    available : int
        Bytes that the stream holds in all; the array must fit into them.
    where : str
        File, and member where there is one, to open every message with.

    Raises
    ------
    FormatError
        The bytes are not what the format says, or promise more data than there is.
    UnsupportedError
        Python objects, raw bytes (void) or elements of no size.
    """
    text, size = _header_text(head, start, available, where)
    fields = _header_fields(text, where)
    shape = _shape(fields["shape"], where)
    fortran_order = fields["fortran_order"]
    if not isinstance(fortran_order, bool):
        raise FormatError(
            f"{where}: damaged: 'fortran_order' must be True or False, the header says"
            f" {shorten(fortran_order)}. {_SAVE_AGAIN}"
        )
    dtype = _readable_dtype(fields["descr"], where)
    if math.prod(n for n in shape if n) * dtype.itemsize > MAX_BYTES:
        raise FormatError(
            f"{where}: damaged: an array of shape {shorten(shape)} and type {dtype} is larger than any"
            f" memory. {_SAVE_AGAIN}"
        )
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes > available - size:
        raise FormatError(
            f"{where}: cut short, or still being written: shape {shorten(shape)} of {dtype} needs {nbytes} bytes of"
            f" data, but only {available - size} are there. Copy or save it again."
        )
    return Header(shape, dtype, fortran_order, size, nbytes)


def _header_text(head: bytes, start: Callable[[int], bytes], available: int, where: str) -> tuple[str, int]:
    if not head.startswith(MAGIC):
        raise FormatError(
            f"{where}: not a NumPy array: a .npy starts with {MAGIC!r}, this starts with {head[:6]!r}. {_SAVE_AGAIN}"
        )
    version = tuple(head[6:8])
    if len(head) < 12:
        raise FormatError(
            f"{where}: cut short: the file ends after {len(head)} bytes, in the middle of its header."
            " Copy or save it again."
        )
    if version == (1, 0):
        (length,), begin = struct.unpack_from("<H", head, 8), 10
    elif version in ((2, 0), (3, 0)):
        (length,), begin = struct.unpack_from("<I", head, 8), 12
    else:
        raise FormatError(
            f"{where}: of an unknown version: .npy versions 1.0, 2.0 and 3.0 are known, this"
            f" says {version[0]}.{version[1]}. {_SAVE_AGAIN}"
        )
    size = begin + length
    if size > available:
        raise FormatError(
            f"{where}: cut short: the header should be {length} bytes long, but the file ends after"
            f" {available} bytes. Copy or save it again."
        )
    if length > MAX_HEADER_BYTES:
        raise FormatError(
            f"{where}: damaged: the header claims to be {length} bytes long; at most"
            f" {MAX_HEADER_BYTES} are read. {_SAVE_AGAIN}"
        )
    if size > len(head):
        head = start(size)
        if len(head) < size:
            raise FormatError(f"{where}: cut short: the file ends in the middle of its header. Copy or save it again.")
    try:
        return head[begin:size].decode("utf-8" if version == (3, 0) else "latin-1"), size
    except UnicodeDecodeError:
        raise FormatError(
            f"{where}: damaged: the header of a version 3.0 file must be UTF-8, but it is not. {_SAVE_AGAIN}"
        ) from None


def _header_fields(text: str, where: str) -> dict[str, object]:
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        shape = tuple(int(n) for n in usual[3].split(",") if n)
        return {"descr": usual[1], "fortran_order": usual[2] == "True", "shape": shape}
    try:
        fields = Literal(text).parse()
    except LiteralError as error:
        raise FormatError(
            f"{where}: damaged: the header is not the dict that the format asks for: {error}. {_SAVE_AGAIN}"
        ) from None
    if not isinstance(fields, dict):
        raise FormatError(f"{where}: damaged: the header must be a dict, but is {shorten(fields)}. {_SAVE_AGAIN}")
    if fields.keys() != {"descr", "fortran_order", "shape"}:
        raise FormatError(
            f"{where}: damaged: the header must have the keys 'descr', 'fortran_order' and 'shape',"
            f" but has {shorten(sorted(fields))}. {_SAVE_AGAIN}"
        )
    return fields


def _shape(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, tuple) or not all(type(n) is int for n in value):
        raise FormatError(
            f"{where}: damaged: 'shape' must be a tuple of integers, the header says {shorten(value)}. {_SAVE_AGAIN}"
        )
    if any(n < 0 or n > MAX_BYTES for n in value):
        raise FormatError(
            f"{where}: damaged: every axis must have 0 to 2**63 - 1 elements, the header says"
            f" {shorten(value)}. {_SAVE_AGAIN}"
        )
    if len(value) > MAX_DIMENSIONS:
        raise FormatError(
            f"{where}: damaged: the header says {len(value)} axes; NumPy knows at most {MAX_DIMENSIONS}."
            " Save it again with fewer axes."
        )
    return value


def _readable_dtype(descr: object, where: str) -> np.dtype:
    try:
        dtype = dtype_of(descr)
    except DtypeError as error:
        raise FormatError(
            f"{where}: damaged: 'descr' {shorten(descr)} is no NumPy type: {error}. {_SAVE_AGAIN}"
        ) from None
    except MissingDtypeError:
        raise UnsupportedError(
            f"{where}: cannot be shown: type {shorten(descr)} does not exist on this kind of machine."
            " Convert it to float64 or complex128 where it was written."
        ) from None
    if dtype.hasobject:
        raise UnsupportedError(
            f"{where}: cannot be shown: an array of Python objects; reading it would execute what the file says, so"
            " it is left alone. Save it as numbers or strings, e.g. numpy.save(name, array.astype(float))."
        )
    if dtype.subdtype is not None:
        raise UnsupportedError(
            f"{where}: cannot be shown: type {shorten(descr)} is an array by itself. Save it again"
            " with these axes in its shape."
        )
    if dtype.itemsize == 0:
        raise UnsupportedError(
            f"{where}: cannot be shown: elements of type {shorten(descr)} have no bytes, so there"
            " is nothing to show. Save another array."
        )
    if dtype.kind == "V" and dtype.names is None:
        raise UnsupportedError(
            f"{where}: cannot be shown: type {shorten(descr)} is raw bytes without a meaning. Save"
            " it with the type that the bytes have, e.g. array.view('<f8')."
        )
    return dtype


class DtypeError(Exception):
    """A descr that is no dtype; the text says why."""


class MissingDtypeError(Exception):
    """A dtype that only other platforms have."""


_UNIT = r"(?:\[(?:generic|\d{0,9}(?:Y|M|W|D|h|m|s|ms|us|μs|ns|ps|fs|as))\])?"
_DESCR = re.compile(
    rf"[<>=|]?(?:[?bBhHiIlLqQpPefdgFDGSUVOmM]|[biufcSUVO]\d{{1,10}}|[mM]8{_UNIT}|[mM]{_UNIT})"
    r"|bool|u?int(?:8|16|32|64)|float(?:16|32|64)|complex(?:64|128)"
)
_SIZED = re.compile(r"[<>=|]?([SUV])(\d+)")
_EXTENDED = re.compile(r"[<>=|]?(?:f(?:10|12|16)|c(?:20|24|32))")


def dtype_of(descr: object, depth: int = 0) -> np.dtype:
    """Build the dtype that a header names, overflow-safe.

    Parameters
    ----------
    descr : object
        The value of ``descr`` in the header, parsed and not yet checked.
    depth : int
        How many structures are around it.

    Raises
    ------
    DtypeError
        It names no dtype, or one whose items are larger than 2 GiB.
    MissingDtypeError
        It names one that this machine does not have.
    """
    if isinstance(descr, str):
        return _simple_dtype(descr)
    if isinstance(descr, list):
        return _structured_dtype(descr, depth)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _subarray_dtype(dtype_of(descr[0], depth + 1), descr[1])
    raise DtypeError("a type is a string or a list of fields")


def _simple_dtype(descr: str) -> np.dtype:
    if re.fullmatch(r"[<>=|]?a\d{0,10}", descr):
        descr = descr.replace("a", "S")  # Python 2 spelling, which NumPy has dropped
    if not _DESCR.fullmatch(descr):
        raise DtypeError(f"{shorten(descr)} is not known")
    sized = _SIZED.fullmatch(descr)
    if sized and int(sized[2]) * (4 if sized[1] == "U" else 1) > MAX_ITEM_BYTES:
        raise DtypeError("one element would be larger than 2 GiB")  # NumPy 1.21 lets the size overflow
    try:
        return np.dtype(descr)
    except (TypeError, ValueError, OverflowError, MemoryError):
        if _EXTENDED.fullmatch(descr):
            raise MissingDtypeError from None
        raise DtypeError(f"{shorten(descr)} is not known") from None


def _structured_dtype(fields: list[object], depth: int) -> np.dtype:
    names, titles, formats, offsets, offset = [], [], [], [], 0
    for field in fields:
        if not (isinstance(field, tuple) and len(field) in (2, 3)):
            raise DtypeError(f"a field is (name, type) or (name, type, shape), not {shorten(field)}")
        label = field[0]
        title, name = label if isinstance(label, tuple) and len(label) == 2 else (None, label)
        if not isinstance(name, str) or not isinstance(title, (str, type(None))):
            raise DtypeError(f"{shorten(label)} is no name of a field")
        base = dtype_of(field[1], depth + 1)
        dtype = _subarray_dtype(base, field[2]) if len(field) == 3 else base
        # NumPy writes the gaps of aligned structures as fields without a name.
        if not (name == "" and dtype.type is np.void and dtype.names is None):
            names.append(name)
            titles.append(title)
            formats.append(dtype)
            offsets.append(offset)
        offset += dtype.itemsize
        if offset > MAX_ITEM_BYTES:
            raise DtypeError("one element would be larger than 2 GiB")
    try:
        return np.dtype({"names": names, "formats": formats, "titles": titles, "offsets": offsets, "itemsize": offset})
    except (TypeError, ValueError) as error:
        raise DtypeError(shorten(str(error), quote=False)) from None


def _subarray_dtype(base: np.dtype, shape: object) -> np.dtype:
    lengths = shape if isinstance(shape, tuple) else (shape,)
    if not all(type(n) is int and n >= 0 for n in lengths):
        raise DtypeError(f"the shape of a field must be non-negative integers, not {shorten(shape)}")
    if math.prod(n for n in lengths if n) * max(base.itemsize, 1) > MAX_ITEM_BYTES:
        raise DtypeError("one element would be larger than 2 GiB")
    try:
        return np.dtype((base, lengths))
    except (TypeError, ValueError) as error:
        raise DtypeError(shorten(str(error), quote=False)) from None
