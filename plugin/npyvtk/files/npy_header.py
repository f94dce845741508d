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
    from typing import Any, Callable

__all__ = [
    "HEAD_BYTES",
    "LENGTH_FIELDS",
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

LENGTH_FIELDS = {(1, 0): struct.Struct("<H"), (2, 0): struct.Struct("<I"), (3, 0): struct.Struct("<I")}
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
        raise _damaged(where, f"'fortran_order' must be True or False, the header says {shorten(fortran_order)}")
    dtype = _readable_dtype(fields["descr"], where)
    if math.prod(n for n in shape if n) * dtype.itemsize > MAX_BYTES:
        raise _damaged(where, f"an array of shape {shorten(shape)} and type {dtype} is larger than any memory")
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes > available - size:
        needs = f"shape {shorten(shape)} of {dtype} needs {nbytes} bytes of data"
        raise _cut_short(where, f", or still being written: {needs}, but only {available - size} are there")
    return Header(shape, dtype, fortran_order, size, nbytes)


def _damaged(where: str, what: str, remedy: str = "Save it again with numpy.save.") -> FormatError:
    return FormatError(f"{where}: damaged: {what}. {remedy}")


def _cut_short(where: str, what: str) -> FormatError:
    return FormatError(f"{where}: cut short{what}. Copy or save it again.")


def _header_text(head: bytes, start: Callable[[int], bytes], available: int, where: str) -> tuple[str, int]:
    """The header's text, and how many bytes are before the data."""
    if not head.startswith(MAGIC):
        raise FormatError(
            f"{where}: not a NumPy array: a .npy starts with {MAGIC!r}, this starts with {head[:6]!r}. Save it again "
            "with numpy.save."
        )
    if len(head) < 12:
        raise _cut_short(where, f": the file ends after {len(head)} bytes, in the middle of its header")
    version = (head[6], head[7])
    if version not in LENGTH_FIELDS:
        raise FormatError(
            f"{where}: of an unknown version: .npy versions 1.0, 2.0 and 3.0 are known, this says "
            f"{version[0]}.{version[1]}. Save it again with numpy.save."
        )
    field = LENGTH_FIELDS[version]
    (length,) = field.unpack_from(head, 8)
    begin = 8 + field.size
    size = begin + length
    if size > available:
        should = f"the header should be {length} bytes long"
        raise _cut_short(where, f": {should}, but the file ends after {available} bytes")
    if length > MAX_HEADER_BYTES:
        raise _damaged(where, f"the header claims to be {length} bytes long; at most {MAX_HEADER_BYTES} are read")
    if size > len(head):
        head = start(size)
        if len(head) < size:
            raise _cut_short(where, ": the file ends in the middle of its header")
    try:
        return head[begin:size].decode("utf-8" if version == (3, 0) else "latin-1"), size
    except UnicodeDecodeError:
        raise _damaged(where, "the header of a version 3.0 file must be UTF-8, but it is not") from None


def _header_fields(text: str, where: str) -> dict[str, object]:
    usual = _USUAL.fullmatch(text)
    if usual is not None:
        shape = tuple(int(n) for n in usual[3].split(",") if n)
        return {"descr": usual[1], "fortran_order": usual[2] == "True", "shape": shape}
    try:
        fields = Literal(text).parse()
    except LiteralError as error:
        raise _damaged(where, f"the header is not the dict that the format asks for: {error}") from None
    if not isinstance(fields, dict):
        raise _damaged(where, f"the header must be a dict, but is {shorten(fields)}")
    if fields.keys() != {"descr", "fortran_order", "shape"}:
        must = "the header must have the keys 'descr', 'fortran_order' and 'shape'"
        raise _damaged(where, f"{must}, but has {shorten(sorted(fields))}")
    return fields


def _shape(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, tuple) or not all(type(n) is int for n in value):
        raise _damaged(where, f"'shape' must be a tuple of integers, the header says {shorten(value)}")
    if any(n < 0 or n > MAX_BYTES for n in value):
        raise _damaged(where, f"every axis must have 0 to 2**63 - 1 elements, the header says {shorten(value)}")
    if len(value) > MAX_DIMENSIONS:
        says = f"the header says {len(value)} axes; NumPy knows at most {MAX_DIMENSIONS}"
        raise _damaged(where, says, "Save it again with fewer axes.")
    return value


def _readable_dtype(descr: object, where: str) -> np.dtype:
    try:
        dtype = dtype_of(descr)
    except DtypeError as error:
        raise _damaged(where, f"'descr' {shorten(descr)} is no NumPy type: {error}") from None
    except MissingDtypeError:
        raise UnsupportedError(
            f"{where}: cannot be shown: type {shorten(descr)} does not exist on this kind of machine. Convert it to "
            "float64 or complex128 where it was written."
        ) from None
    if dtype.hasobject:
        why = (
            "an array of Python objects; reading it would execute what the file says, so it is left alone. Save it as "
            "numbers or strings, e.g. numpy.save(name, array.astype(float))."
        )
    elif dtype.subdtype is not None:
        why = f"type {shorten(descr)} is an array by itself. Save it again with these axes in its shape."
    elif dtype.itemsize == 0:
        why = f"elements of type {shorten(descr)} have no bytes, so there is nothing to show. Save another array."
    elif dtype.kind == "V" and dtype.names is None:
        why = (
            f"type {shorten(descr)} is raw bytes without a meaning. Save it with the type that the bytes have, e.g. "
            "array.view('<f8')."
        )
    else:
        return dtype
    raise UnsupportedError(f"{where}: cannot be shown: {why}")


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


def dtype_of(descr: object) -> np.dtype:
    """Build the dtype that a header names, overflow-safe.

    Parameters
    ----------
    descr : object
        The value of ``descr`` in the header, parsed and not yet checked.

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
        return _structured_dtype(descr)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _subarray_dtype(dtype_of(descr[0]), descr[1])
    raise DtypeError("a type is a string or a list of fields")


def _simple_dtype(descr: str) -> np.dtype:
    if re.fullmatch(r"[<>=|]?a\d{0,10}", descr):
        descr = descr.replace("a", "S")  # Python 2 spelling, which NumPy has dropped
    if not _DESCR.fullmatch(descr):
        raise DtypeError(f"{shorten(descr)} is not known")
    sized = _SIZED.fullmatch(descr)
    if sized:
        _check_size(int(sized[2]) * (4 if sized[1] == "U" else 1))  # NumPy 1.21 lets the size overflow
    try:
        return np.dtype(descr)
    except (TypeError, ValueError, OverflowError, MemoryError):
        if _EXTENDED.fullmatch(descr):
            raise MissingDtypeError from None
        raise DtypeError(f"{shorten(descr)} is not known") from None


def _structured_dtype(fields: list[object]) -> np.dtype:
    names, titles, formats, offsets, offset = [], [], [], [], 0
    for field in fields:
        if not (isinstance(field, tuple) and len(field) in (2, 3)):
            raise DtypeError(f"a field is (name, type) or (name, type, shape), not {shorten(field)}")
        label = field[0]
        title, name = label if isinstance(label, tuple) and len(label) == 2 else (None, label)
        if not isinstance(name, str) or not isinstance(title, (str, type(None))):
            raise DtypeError(f"{shorten(label)} is no name of a field")
        dtype = dtype_of(field[1:] if len(field) == 3 else field[1])
        # NumPy writes the gaps of aligned structures as fields without a name.
        if not (name == "" and dtype.type is np.void and dtype.names is None):
            names.append(name)
            titles.append(title)
            formats.append(dtype)
            offsets.append(offset)
        offset += dtype.itemsize
        _check_size(offset)
    return _made({"names": names, "titles": titles, "formats": formats, "offsets": offsets, "itemsize": offset})


def _subarray_dtype(base: np.dtype, shape: object) -> np.dtype:
    lengths = shape if isinstance(shape, tuple) else (shape,)
    if not all(type(n) is int and n >= 0 for n in lengths):
        raise DtypeError(f"the shape of a field must be non-negative integers, not {shorten(shape)}")
    _check_size(math.prod(n for n in lengths if n) * max(base.itemsize, 1))
    return _made((base, lengths))


def _check_size(nbytes: int) -> None:
    if nbytes > MAX_ITEM_BYTES:
        raise DtypeError("one element would be larger than 2 GiB")


def _made(said: Any) -> np.dtype:  # noqa: ANN401 - one of the many things that `numpy.dtype` takes
    try:
        made: np.dtype = np.dtype(said)
    except (TypeError, ValueError) as error:
        raise DtypeError(shorten(str(error), quote=False)) from None
    return made
