"""The one table of dtypes: what VTK holds of each, and what it cannot.

=======================  ========================  ===========================================
dtype in the file        VTK array                 remark
=======================  ========================  ===========================================
i1-i8, u1-u8             same width                either byte order
f4, f8                   same width                either byte order
bool                     uint8, 0 or 1
float16                  float32                   exact
longdouble               float64                   rounded; saved in its own dtype
complex                  two components Re, Im     or as ``ComplexAs`` says
structured               one array per field       nested ``a.b``; subarrays become components
datetime64, timedelta64  int64 in the file's unit  the unit stands in the stamp
S, U                     vtkStringArray
void, object             none                      named and skipped
=======================  ========================  ===========================================

Positions of points are float32 or float64 in VTK: longdouble and integers beyond 2**53 are rounded to float64, and
saved in their own dtype.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from typing import Any

__all__ = [
    "Leaf",
    "clear_padding",
    "descr_from_json",
    "dtype_name",
    "held_as",
    "item_bytes",
    "leaves",
    "left_out",
    "memory_dtype",
    "rounded",
    "scalars",
    "vtk_dtype",
    "why_not",
]


class Held(NamedTuple):
    """How VTK holds scalars of a dtype."""

    numbers: np.dtype  # native, of VTK's array; object for text
    memory: np.dtype  # native, of the scalars whose bytes these numbers are
    converted: Callable[[np.ndarray], np.ndarray] | None = None  # what makes other values of those in the file


def _native(dtype: np.dtype) -> np.dtype:
    return dtype.newbyteorder("=")


def _real(dtype: np.dtype) -> np.dtype:
    return np.dtype(np.float32 if dtype.itemsize <= (8 if dtype.kind == "c" else 4) else np.float64)


HELD: dict[str, Callable[[np.dtype], Held]] = {  # by the letters of kinds of dtype
    "iu": lambda dtype: Held(_native(dtype), _native(dtype)),
    "f": lambda dtype: Held(_real(dtype), _real(dtype)),
    # Any byte but 0 is True to NumPy; VTK would show the byte.
    "b": lambda dtype: Held(np.dtype(np.uint8), _native(dtype), lambda block: block.view(np.uint8) != 0),
    "c": lambda dtype: Held(_real(dtype), np.result_type(_real(dtype), np.complex64)),
    "Mm": lambda dtype: Held(np.dtype(np.int64), _native(dtype)),
    "SU": lambda dtype: Held(np.dtype(object), _native(dtype)),  # vtkStringArray has no NumPy form
}
_BY_KIND = {kind: held for kinds, held in HELD.items() for kind in kinds}


def held_as(dtype: np.dtype) -> Held:
    """Return how VTK holds scalars of `dtype`, which `why_not` has nothing against."""
    return _BY_KIND[dtype.kind](dtype)


def vtk_dtype(dtype: np.dtype) -> np.dtype:
    """Return the native dtype in which VTK holds scalars of `dtype`; complex gives that of its parts.

    Strings give ``object``.
    """
    return held_as(dtype).numbers


def memory_dtype(dtype: np.dtype) -> np.dtype:
    """Return the native dtype of the scalars of `dtype` whose bytes are those of VTK's numbers."""
    return held_as(dtype).memory


def clear_padding(values: np.ndarray) -> np.ndarray:
    """Return `values`, with zeros in the bytes of long doubles that hold no value: 6 of 16 where they have 80 bits.

    NumPy casts to long doubles in memory that it does not clear, and a file would show what this held before.
    """
    if values.dtype.char in "gG" and np.finfo(np.longdouble).nmant == 63:
        size = np.dtype(np.longdouble).itemsize
        for at in range(10 if values.dtype.isnative else 0, values.dtype.itemsize, size):
            values.setfield(b"", f"S{size - 10}", at)
    return values


def why_not(dtype: np.dtype) -> str:
    """Say why values of `dtype` have no VTK counterpart; empty when they have one."""
    if dtype.subdtype:
        return why_not(dtype.subdtype[0])
    if dtype.names is not None:
        if not leaves(dtype):
            return "no field of its structured dtype can be shown"
        return ""
    if dtype.hasobject:
        return "Python objects are never unpickled"
    if dtype.kind not in _BY_KIND:
        return "void data has no meaning to show" if dtype.kind == "V" else f"dtype {dtype} has no VTK counterpart"
    if dtype.itemsize == 0:
        return "its items are of size 0"
    return ""


class Leaf(NamedTuple):
    """One scalar, or one block of scalars, inside an item of an array."""

    path: tuple[str, ...]  # field names from the outside; empty for a plain dtype
    dtype: np.dtype  # of the scalar, as in the file
    shape: tuple[int, ...] = ()  # of a subarray field; becomes components

    @property
    def name(self) -> str:
        """Nested fields joined by dots."""
        return ".".join(self.path)


def scalars(dtype: np.dtype, path: tuple[str, ...] = (), shape: tuple[int, ...] = ()) -> Iterator[Leaf]:
    """List all that an item of `dtype` holds, in the order of its fields, void and object fields included."""
    if dtype.subdtype:
        base, inner = dtype.subdtype
        yield from scalars(base, path, shape + inner)
    elif dtype.names is not None:
        for name in dtype.names:
            yield from scalars(dtype[name], (*path, name), shape)
    else:
        yield Leaf(path, dtype, shape)


def leaves(dtype: np.dtype) -> tuple[Leaf, ...]:
    """List what VTK can hold of an item of `dtype`, in the order of its fields."""
    return tuple([leaf for leaf in scalars(dtype) if not why_not(leaf.dtype)])


def left_out(dtype: np.dtype) -> tuple[str, ...]:
    """Name the fields of `dtype` that `leaves` leaves out, each with its reason."""
    reasons = [(leaf.name, why_not(leaf.dtype)) for leaf in scalars(dtype)]
    return tuple(f"field {name} skipped, {reason}" for name, reason in reasons if name and reason)


def descr_from_json(descr: Any) -> Any:  # noqa: ANN401 - a descr is nested str, list and tuple
    """Undo what JSON does to the descr of a dtype: fields are tuples, and so are subarray shapes."""
    if isinstance(descr, str):
        return descr
    return [
        (tuple(name) if isinstance(name, list) else name, descr_from_json(kind), *(tuple(s) for s in shape))
        for name, kind, *shape in descr
    ]


def dtype_name(dtype: np.dtype) -> str:
    """Name a dtype in words: ``float32``, ``float64 big-endian``, ``structured (x, y)``, ``U5``."""
    if dtype.names is not None:
        return f"structured ({', '.join(dtype.names)})"
    if dtype.kind in "SU":
        return dtype.str[1:]  # NumPy's name of U5 is str160, which counts bits
    return f"{dtype.name}{'' if dtype.isnative else ' ' + foreign_order(dtype)}"


def foreign_order(dtype: np.dtype) -> str:
    """Name the byte order of a dtype that is not the machine's."""
    return "big-endian" if dtype.byteorder == ">" else "little-endian"


def item_bytes(dtype: np.dtype, columns: Collection[str] = ()) -> int:
    """Bytes of VTK arrays per item of `dtype`, or of some of its fields."""
    total = 0
    for leaf in leaves(dtype):
        if columns and leaf.path[0] not in columns:
            continue
        count = int(np.prod(leaf.shape, dtype=object))
        if leaf.dtype.kind in "SU":
            total += count * (leaf.dtype.itemsize + 32)  # a std::string beside its text
        else:
            total += count * memory_dtype(leaf.dtype).itemsize
    return total


def rounded(dtype: np.dtype) -> str:
    """Name the first scalars in `dtype` that have more bits than VTK has for them; empty where none have."""
    for _path, one, _shape in scalars(dtype):
        if one.kind in "fc" and one.itemsize > memory_dtype(one).itemsize:
            return one.name
    return ""
