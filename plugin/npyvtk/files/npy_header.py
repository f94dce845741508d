r"""One ``.npy``: its header, read strictly and written as NumPy writes it, and its bytes streamed out.

The format, as ``numpy.lib.format`` specifies it::

    6 bytes   \x93NUMPY
    2 bytes   major and minor version: 1.0, 2.0 or 3.0
    2 bytes   length of the header (little-endian); 4 bytes from version 2.0 on
    header    a Python literal, latin-1 (UTF-8 in version 3.0), padded with spaces, ending with a newline:
              {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
    data      the array's bytes in C or Fortran order

The header is read by a parser that knows dict, list, tuple, string, integer and bool, and nothing else:
no ``eval``, no ``ast``, no unpickling. This module knows nothing of archives, selections or VTK.
"""

from __future__ import annotations

import contextlib
import errno
import io
import math
import re
import struct
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Callable, NamedTuple

import numpy as np

from .source import printable
from ..errors import FormatError, UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["ArraySpec", "Header", "Outgoing", "buffers", "header_bytes", "put", "read_header", "write"]

MAGIC = b"\x93NUMPY"
MAX_HEADER_BYTES = 1 << 20  # NumPy stops at 10,000 for fear of its eval; this parser is linear and safe
HEAD_BYTES = 4096  # holds nearly every header
MAX_NESTING = 32  # deeper than any structured dtype seen, far from Python's recursion limit
MAX_BYTES = 2**63 - 1  # NumPy's own limit for the extent of an array
MAX_ITEM_BYTES = 2**31 - 1  # NumPy 1.x keeps the size of an element in a C int
MAX_DIMENSIONS = 32 if int(np.__version__.split(".")[0]) < 2 else 64
WRITE_BYTES = 1 << 24  # per call and progress report; smaller pieces cost, larger ones gain little
RESERVE_BYTES = 1 << 20  # smaller pieces gain nothing by it
CONVERT_BYTES = 1 << 20  # pieces that are copied before they are written stay in the cache
GROWTH_DIGITS = 21  # NumPy leaves room for the growing axis to be rewritten in place

_AGAIN = "Save it again with numpy.save."


class ArraySpec(NamedTuple):
    """What a header says about one array; no data was read."""

    name: str  # the member's name without ".npy"; the file's stem for a lone .npy
    shape: tuple[int, ...]  # first axis first, as numpy.load(...).shape
    dtype: np.dtype  # as in the file, byte order kept
    fortran_order: bool  # storage only, never meaning
    remark: str = ""  # one line worth telling, e.g. that the file is longer than its array


@dataclass(frozen=True)
class Outgoing:
    """One array on its way into a file.

    ``blocks()`` gives consecutive pieces in storage order and may be called again: concatenated in C
    order they are the array (its transpose where `fortran_order`). Each piece is castable to `dtype`.
    """

    name: str  # member name without ".npy"; unused in a lone .npy
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file, byte order included
    blocks: Callable[[], Iterable[np.ndarray]]
    fortran_order: bool = False


class Header(NamedTuple):
    """One parsed header."""

    shape: tuple[int, ...]
    dtype: np.dtype
    fortran_order: bool
    size: int  # bytes before the data: magic, version, length and header
    nbytes: int  # bytes of the data


# -- reading ---------------------------------------------------------------------------------------


def read_header(start: Callable[[int], bytes], available: int, where: str) -> Header:
    """Parse and validate the header of one ``.npy`` stream.

    Parameters
    ----------
    start : callable
        ``start(n)`` gives the first n bytes of the stream, fewer where it ends.
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
    text, size = _header_text(start, available, where)
    fields = _header_fields(text, where)
    shape = _shape(fields["shape"], where)
    fortran_order = fields["fortran_order"]
    if not isinstance(fortran_order, bool):
        raise FormatError(f"{where}: damaged: 'fortran_order' must be True or False, the header says"
                          f" {_short(fortran_order)}. {_AGAIN}")
    dtype = _readable_dtype(fields["descr"], where)
    if math.prod(n for n in shape if n) * dtype.itemsize > MAX_BYTES:
        raise FormatError(f"{where}: damaged: an array of shape {_short(shape)} and type {dtype} is larger than any"
                          f" memory. {_AGAIN}")
    nbytes = math.prod(shape) * dtype.itemsize
    if nbytes > available - size:
        raise FormatError(
            f"{where}: cut short, or still being written: shape {_short(shape)} of {dtype} needs {nbytes} bytes of"
            f" data, but only {available - size} are there. Copy or save it again.")
    return Header(shape, dtype, fortran_order, size, nbytes)


def _header_text(start: Callable[[int], bytes], available: int, where: str) -> tuple[str, int]:
    head = start(HEAD_BYTES)
    if not head.startswith(MAGIC):
        raise FormatError(f"{where}: not a NumPy array: a .npy starts with {MAGIC!r}, this starts with {head[:6]!r}."
                          f" {_AGAIN}")
    version = tuple(head[6:8])
    if len(head) < 12:
        raise FormatError(f"{where}: cut short: the file ends after {len(head)} bytes, in the middle of its header."
                          " Copy or save it again.")
    if version == (1, 0):
        (length,), begin = struct.unpack_from("<H", head, 8), 10
    elif version in ((2, 0), (3, 0)):
        (length,), begin = struct.unpack_from("<I", head, 8), 12
    else:
        raise FormatError(f"{where}: of an unknown version: .npy versions 1.0, 2.0 and 3.0 are known, this"
                          f" says {version[0]}.{version[1]}. {_AGAIN}")
    size = begin + length
    if size > available:
        raise FormatError(f"{where}: cut short: the header should be {length} bytes long, but the file ends after"
                          f" {available} bytes. Copy or save it again.")
    if length > MAX_HEADER_BYTES:
        raise FormatError(f"{where}: damaged: the header claims to be {length} bytes long; at most"
                          f" {MAX_HEADER_BYTES} are read. {_AGAIN}")
    if size > len(head):
        head = start(size)
        if len(head) < size:
            raise FormatError(f"{where}: cut short: the file ends in the middle of its header. Copy or save it again.")
    try:
        return head[begin:size].decode("utf-8" if version == (3, 0) else "latin-1"), size
    except UnicodeDecodeError:
        raise FormatError(f"{where}: damaged: the header of a version 3.0 file must be UTF-8, but it is not."
                          f" {_AGAIN}") from None


def _header_fields(text: str, where: str) -> dict[str, object]:
    try:
        fields = _Literal(text).parse()
    except _SyntaxError as error:
        raise FormatError(f"{where}: damaged: the header is not the dict that the format asks for: {error}."
                          f" {_AGAIN}") from None
    if not isinstance(fields, dict):
        raise FormatError(f"{where}: damaged: the header must be a dict, but is {_short(fields)}. {_AGAIN}")
    if fields.keys() != {"descr", "fortran_order", "shape"}:
        raise FormatError(f"{where}: damaged: the header must have the keys 'descr', 'fortran_order' and 'shape',"
                          f" but has {_short(sorted(fields))}. {_AGAIN}")
    return fields


def _shape(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, tuple) or not all(type(n) is int for n in value):
        raise FormatError(f"{where}: damaged: 'shape' must be a tuple of integers, the header says {_short(value)}."
                          f" {_AGAIN}")
    if any(n < 0 or n > MAX_BYTES for n in value):
        raise FormatError(f"{where}: damaged: every axis must have 0 to 2**63 - 1 elements, the header says"
                          f" {_short(value)}. {_AGAIN}")
    if len(value) > MAX_DIMENSIONS:
        raise FormatError(f"{where}: damaged: the header says {len(value)} axes; NumPy knows at most {MAX_DIMENSIONS}."
                          " Save it again with fewer axes.")
    return value


def _readable_dtype(descr: object, where: str) -> np.dtype:
    try:
        dtype = dtype_of(descr)
    except _DtypeError as error:
        raise FormatError(f"{where}: damaged: 'descr' {_short(descr)} is no NumPy type: {error}. {_AGAIN}") from None
    except _MissingDtypeError:
        raise UnsupportedError(f"{where}: cannot be shown: type {_short(descr)} does not exist on this kind of machine."
                               " Convert it to float64 or complex128 where it was written.") from None
    if dtype.hasobject:
        raise UnsupportedError(
            f"{where}: cannot be shown: an array of Python objects; reading it would execute what the file says, so"
            " it is left alone. Save it as numbers or strings, e.g. numpy.save(name, array.astype(float)).")
    if dtype.subdtype is not None:
        raise UnsupportedError(f"{where}: cannot be shown: type {_short(descr)} is an array by itself. Save it again"
                               " with these axes in its shape.")
    if dtype.itemsize == 0:
        raise UnsupportedError(f"{where}: cannot be shown: elements of type {_short(descr)} have no bytes, so there"
                               " is nothing to show. Save another array.")
    if dtype.kind == "V" and dtype.names is None:
        raise UnsupportedError(f"{where}: cannot be shown: type {_short(descr)} is raw bytes without a meaning. Save"
                               " it with the type that the bytes have, e.g. array.view('<f8').")
    return dtype


class _DtypeError(Exception):
    """A descr that is no dtype; the text says why."""


class _MissingDtypeError(Exception):
    """A dtype that only other platforms have."""


_UNIT = r"(?:\[(?:generic|\d{0,9}(?:Y|M|W|D|h|m|s|ms|us|μs|ns|ps|fs|as))\])?"
_DESCR = re.compile(
    rf"[<>=|]?(?:[?bBhHiIlLqQpPefdgFDGSUVOmM]|[biufcSUVO]\d{{1,10}}|[mM]8{_UNIT}|[mM]{_UNIT})"
    r"|bool|u?int(?:8|16|32|64)|float(?:16|32|64)|complex(?:64|128)")
_SIZED = re.compile(r"[<>=|]?([SUV])(\d+)")
_EXTENDED = re.compile(r"[<>=|]?(?:f(?:10|12|16)|c(?:20|24|32))")


def dtype_of(descr: object, depth: int = 0) -> np.dtype:
    """Build the dtype that `descr` (parsed, nothing else) names, overflow-safe."""
    if isinstance(descr, str):
        return _simple_dtype(descr)
    if isinstance(descr, list):
        return _structured_dtype(descr, depth)
    if isinstance(descr, tuple) and len(descr) == 2:
        return _subarray_dtype(dtype_of(descr[0], depth + 1), descr[1])
    raise _DtypeError("a type is a string or a list of fields")


def _simple_dtype(descr: str) -> np.dtype:
    if re.fullmatch(r"[<>=|]?a\d{0,10}", descr):
        descr = descr.replace("a", "S")  # Python 2 spelling, which NumPy has dropped
    if not _DESCR.fullmatch(descr):
        raise _DtypeError(f"{_short(descr)} is not known")
    sized = _SIZED.fullmatch(descr)
    if sized and int(sized[2]) * (4 if sized[1] == "U" else 1) > MAX_ITEM_BYTES:
        raise _DtypeError("one element would be larger than 2 GiB")  # NumPy 1.21 lets the size overflow
    try:
        return np.dtype(descr)
    except (TypeError, ValueError, OverflowError, MemoryError):
        if _EXTENDED.fullmatch(descr):
            raise _MissingDtypeError from None
        raise _DtypeError(f"{_short(descr)} is not known") from None


def _structured_dtype(fields: list, depth: int) -> np.dtype:
    names, titles, formats, offsets, offset = [], [], [], [], 0
    for field in fields:
        if not (isinstance(field, tuple) and len(field) in (2, 3)):
            raise _DtypeError(f"a field is (name, type) or (name, type, shape), not {_short(field)}")
        label = field[0]
        title, name = label if isinstance(label, tuple) and len(label) == 2 else (None, label)
        if not isinstance(name, str) or not isinstance(title, (str, type(None))):
            raise _DtypeError(f"{_short(label)} is no name of a field")
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
            raise _DtypeError("one element would be larger than 2 GiB")
    layout = {"names": names, "formats": formats, "titles": titles, "offsets": offsets, "itemsize": offset}
    try:
        return np.dtype(layout)
    except (TypeError, ValueError) as error:
        raise _DtypeError(_short(str(error), quote=False)) from None


def _subarray_dtype(base: np.dtype, shape: object) -> np.dtype:
    lengths = shape if isinstance(shape, tuple) else (shape,)
    if not all(type(n) is int and n >= 0 for n in lengths):
        raise _DtypeError(f"the shape of a field must be non-negative integers, not {_short(shape)}")
    if math.prod(n for n in lengths if n) * max(base.itemsize, 1) > MAX_ITEM_BYTES:
        raise _DtypeError("one element would be larger than 2 GiB")
    try:
        return np.dtype((base, lengths))
    except (TypeError, ValueError) as error:
        raise _DtypeError(_short(str(error), quote=False)) from None


class _SyntaxError(Exception):
    """A header that is no literal; the text says where and why."""


_SPACE = re.compile(r"[ \t\r\n\f\v]*")
_TOKEN = re.compile(
    r"(?P<string>[uUbB]?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))"
    r"|(?P<integer>[+-]?[0-9]+)[lL]?"  # Python 2 wrote long integers as 65536L
    r"|(?P<name>[A-Za-z_]+)"
    r"|(?P<mark>[{}()\[\]:,])")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f",
            "v": "\v", "0": "\0"}
_NAMES = {"True": True, "False": False, "None": None}
_DIGITS = 25  # of 2**63 - 1, with room for a clear message; converting a million digits takes minutes


class _Literal:
    """A recursive-descent parser for the part of Python's literals that a header may use."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._token()

    def parse(self) -> object:
        value = self._value(0)
        if self._kind != "end":
            raise self._unexpected("nothing more")
        return value

    def _token(self) -> None:
        """Move to the next token: its kind ('end' after the last) and its text."""
        self._begin = _SPACE.match(self._text, self._at).end()
        found = _TOKEN.match(self._text, self._begin)
        if found is None:
            self._kind, self._found = "end" if self._begin == len(self._text) else "junk", self._text[self._begin:][:1]
        else:
            self._kind, self._found = found.lastgroup, found.group(found.lastgroup)
            self._at = found.end()

    def _unexpected(self, wanted: str) -> _SyntaxError:
        found = "its end" if self._kind == "end" else _short(self._found)
        return _SyntaxError(f"{wanted} was expected at character {self._begin}, {found} was found")

    def _skip(self, mark: str) -> bool:
        if self._kind == "mark" and self._found == mark:
            self._token()
            return True
        return False

    def _value(self, depth: int) -> object:
        kind, found = self._kind, self._found
        if depth > MAX_NESTING:
            raise _SyntaxError(f"more than {MAX_NESTING} nested brackets")
        if kind == "string":
            self._token()
            return self._string(found)
        if kind == "integer":
            if len(found) > _DIGITS:
                raise _SyntaxError(f"the number {_short(found)} is too large")
            self._token()
            return int(found)
        if kind == "name" and found in _NAMES:
            self._token()
            return _NAMES[found]
        if self._skip("{"):
            return self._dict(depth)
        if self._skip("["):
            return self._items("]", depth)[0]
        if self._skip("("):
            items, comma = self._items(")", depth)
            return items[0] if len(items) == 1 and not comma else tuple(items)
        raise self._unexpected("a value")

    def _items(self, close: str, depth: int) -> tuple[list, bool]:
        """The values up to the closing bracket, and whether a comma stood after the last."""
        items, comma = [], False
        while not self._skip(close):
            if items and not comma:
                raise self._unexpected(f"',' or {close!r}")
            items.append(self._value(depth + 1))
            comma = self._skip(",")
        return items, comma

    def _dict(self, depth: int) -> dict[str, object]:
        items, comma = {}, True
        while not self._skip("}"):
            if not comma:
                raise self._unexpected("',' or '}'")
            if self._kind != "string":
                raise self._unexpected("a key in quotes")
            key = self._value(depth + 1)
            if key in items:
                raise _SyntaxError(f"the key {_short(key)} stands there twice")
            if not self._skip(":"):
                raise self._unexpected("':'")
            items[key] = self._value(depth + 1)
            comma = self._skip(",")
        return items

    def _string(self, token: str) -> str:
        body = token.lstrip("uUbB")[1:-1]
        return _ESCAPE.sub(self._escape, body) if "\\" in body else body

    @staticmethod
    def _escape(found: re.Match) -> str:
        code = found[1] or found[2] or found[3]
        if code is None:
            if found[4] not in _ESCAPED:
                raise _SyntaxError(f"the escape \\{printable(found[4])} is not known")
            return _ESCAPED[found[4]]
        number = int(code, 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise _SyntaxError(f"\\u{code} is no character")
        return chr(number)


def _short(value: object, *, quote: bool = True) -> str:
    """`value` on one line of bounded length, for a message."""
    text = printable(repr(value) if quote else value)
    return text if len(text) <= 80 else text[:60] + " ... " + text[-12:]


# -- writing ---------------------------------------------------------------------------------------


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
        encoded, version = text.encode("latin-1"), 1
    except UnicodeEncodeError:
        encoded, version = text.encode("utf-8"), 3
    if version == 1 and len(encoded) + 1 + 64 > 0xFFFF:
        version = 2
    fixed = 10 if version == 1 else 12
    encoded += b" " * (-(fixed + len(encoded) + 1) % 64) + b"\n"
    length = struct.pack("<H" if version == 1 else "<I", len(encoded))
    return MAGIC + bytes((version, 0)) + length + encoded


def _descr_of(dtype: np.dtype, name: str) -> object:
    """The mirror of `dtype_of`, which must lead back to the same dtype."""
    descr = None
    if not dtype.hasobject and dtype.itemsize > 0:
        # NumPy raises for overlapping fields.
        with contextlib.suppress(ValueError, _DtypeError, _MissingDtypeError):
            descr = dtype.descr if dtype.names is not None else dtype.str
            if dtype_of(descr) == dtype:
                return descr
    raise UnsupportedError(f"array {name!r}: type {_short(dtype)} cannot be written to .npy so that it comes back"
                           " the same. Convert the array to numbers or strings first.")


def buffers(outgoing: Outgoing, most: int = WRITE_BYTES) -> Iterator[np.ndarray]:
    """The bytes of `outgoing` as contiguous uint8 pieces of at most `most` bytes, in storage order.

    Contiguous blocks of the right dtype are shared, all others converted piece by piece. A piece is
    valid until the next one is asked for.

    Raises
    ------
    ValueError
        The blocks are more or less than the array, which would make a file that cannot be read.
    """
    dtype = np.dtype(outgoing.dtype)
    promised = math.prod(outgoing.shape) * dtype.itemsize
    done = 0
    for block in outgoing.blocks():
        for piece in _contiguous(np.asarray(block), dtype):
            data = piece.reshape(-1).view(np.uint8)
            done += len(data)
            if done > promised:
                break
            for begin in range(0, len(data), most):
                yield data[begin:begin + most]
    if done != promised:
        raise ValueError(f"array {outgoing.name!r}: {promised} bytes were announced, its blocks hold"
                         f" {'more' if done > promised else done}")


def _contiguous(block: np.ndarray, dtype: np.dtype) -> Iterator[np.ndarray]:
    if block.size == 0:
        return
    if block.dtype == dtype and block.flags.c_contiguous:
        yield block
    elif block.ndim == 0 or block.size * dtype.itemsize <= CONVERT_BYTES:
        piece = np.zeros(block.shape, dtype)  # not empty: gaps between fields would show old memory
        piece[...] = block
        yield piece
    elif len(block) == 1:
        yield from _contiguous(block[0], dtype)
    else:
        rows = max(1, CONVERT_BYTES * len(block) // (block.size * dtype.itemsize))
        for begin in range(0, len(block), rows):
            yield from _contiguous(block[begin:begin + rows], dtype)


def put(file: IO[bytes], data: np.ndarray) -> None:
    """Write contiguous bytes; NumPy reserves their space on the disk first, which makes large pieces twice as fast."""
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


def write(file: IO[bytes], outgoing: Outgoing, progress: Callable[[float], None] | None = None) -> None:
    """Stream one array into `file`, a binary file that is open for writing.

    `progress` is called with the fraction done; what it raises ends the writing.
    """
    header = header_bytes(outgoing)
    file.write(header)
    total = max(1, math.prod(outgoing.shape) * np.dtype(outgoing.dtype).itemsize)
    done = 0
    for data in buffers(outgoing):
        put(file, data)
        done += len(data)
        if progress is not None:
            progress(done / total)
