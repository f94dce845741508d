"""What a user chooses: when reading, about the content of a file, and when writing it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, fields, replace

import numpy as np

from .errors import OptionError, finding
from .plan.kinds import DATASET_TYPES

__all__ = [
    "ASSOCIATIONS",
    "AXES",
    "COMPLEX_AS",
    "DATASET_TYPES",
    "TIME_STEPS",
    "WHOLE_AXIS",
    "ExportOptions",
    "ReadOptions",
    "Triple",
    "WriteOptions",
    "check_text",
    "name_of",
    "names_of",
]

AXES = ("zyx", "xyz")  # of arrays on grids, see `options.ExportOptions`
TIME_STEPS = ("Current", "Series", "Stacked")  # see `saving.Saving`

COMPLEX_AS = ("Components", "Magnitude and Phase", "Real", "Imaginary")
WHOLE_AXIS = (0, -1)  # in a VOI

# Choices that only loading follows: what was planned from a file stays as it is.
LOADING = ("pad_vectors", "join_vectors", "complex_as", "voi", "sample_rate", "memory_limit", "memory_map")

ASSOCIATIONS = ("Auto", "Point Data", "Cell Data")

Triple = tuple[float, ...]  # three numbers, x y z


def name_of(option: str) -> str:
    """Name an option as scripts in ParaView do, and the panel, which puts blanks between its words."""
    return {"voi": "VOI", "dataset_type": "DataSetType"}.get(option) or option.title().replace("_", "")


def _check_one_of(options: object, **choices: tuple[str, ...]) -> None:
    for name, legal in choices.items():
        value = getattr(options, name)
        if not isinstance(value, str) or value not in legal:
            raise OptionError(f"{name_of(name)} is {finding(value)}; it must be one of {', '.join(legal)}.")


def _check_switches(options: ReadOptions | ExportOptions) -> None:
    for name in (one.name for one in fields(options) if isinstance(one.default, bool)):
        value = getattr(options, name)
        if not isinstance(value, (bool, int, np.bool_, np.integer)) or value not in (0, 1):
            raise OptionError(f"{name_of(name)} is {finding(value)}; it must be True or False.")


def check_text(what: str, value: object, expected: str) -> None:
    """Refuse what is no text, or none that VTK takes: a file's name that is no UTF-8 has halves of characters."""
    if not isinstance(value, str) or value.encode("utf-8", "replace").decode() != value:
        raise OptionError(f"{what} is {finding(value)}; it must be {expected}.")


def names_of(what: str, names: object) -> tuple[str, ...] | None:
    """Return the names of arrays that a caller gave; None for all."""
    if names is None:
        return None
    if isinstance(names, Collection) and not isinstance(names, (str, bytes)):
        try:
            listed = tuple(names)
        except Exception:  # noqa: BLE001 - objects may raise anything when they are asked for their items
            listed = (None,)
        if all(isinstance(name, str) for name in listed):
            return listed
    remedy = f" Write [{names!r}]." if isinstance(names, str) else ""
    raise OptionError(f"{what} is {finding(names)}; it must be a list of names, or None for all.{remedy}")


@dataclass(frozen=True)
class ReadOptions:
    """The choices of a user; the defaults leave everything to the file."""

    axes: str = "auto"  # comma separated axes strings; an array takes the one of its own length
    dataset_type: str = "Auto"  # one of DATASET_TYPES
    positions: str = "auto"  # member with the positions, or those with x, y and z, comma separated
    association: str = "Auto"  # one of ASSOCIATIONS
    origin: Triple | None = None  # x y z, world units
    spacing: Triple | None = None  # x y z, world units
    direction: tuple[float, ...] | None = None  # 9, rows of the 3x3 matrix index -> world
    ignore_file_geometry: bool = False  # origin, spacing and direction of the file do not count
    array_name: str = ""  # of the array of a .npy; "": the stem of the file's name
    pad_vectors: bool = False  # two floating-point components on points or cells get a third, 0
    join_vectors: bool = False  # parts of a vector in several arrays, such as Bx By Bz, become one array
    complex_as: str = "Components"  # one of COMPLEX_AS
    voi: tuple[int, ...] | None = None  # point indices x0 x1 y0 y1 z0 z1, both ends included; 0 -1: a whole axis
    sample_rate: tuple[int, ...] = (1, 1, 1)  # every n-th point along x, y, z
    memory_limit: int | None = None  # bytes that one request may take; None: any number
    memory_map: bool = False  # share the file's pages instead of copying

    def __post_init__(self) -> None:
        _check_one_of(self, dataset_type=DATASET_TYPES, association=ASSOCIATIONS, complex_as=COMPLEX_AS)
        texts = {
            "axes": "text such as zyx, or auto",
            "positions": "the name of an array, or auto",
            "array_name": "text",
        }
        for name, words in texts.items():
            check_text(name_of(name), getattr(self, name), words)
        _check_switches(self)
        for name in ("axes", "positions"):
            object.__setattr__(self, name, getattr(self, name).strip() or "auto")
        for name, count in (("origin", 3), ("spacing", 3), ("direction", 9), ("voi", 6), ("sample_rate", 3)):
            value = getattr(self, name)
            if value is None and name != "sample_rate":
                continue
            whole = name in ("voi", "sample_rate")
            try:
                numbers = np.asarray(value).ravel()
                fits = numbers.size == count and numbers.dtype.kind in ("iu" if whole else "iuf")
            except Exception:  # noqa: BLE001 - objects may raise anything when they are asked for numbers
                fits = False
            if not fits or not np.all(np.isfinite(numbers)):
                kind = "whole numbers" if whole else "finite numbers"
                raise OptionError(f"{name_of(name)} is {finding(value)}; it must be {count} {kind}.")
            object.__setattr__(self, name, tuple(numbers.tolist()))
        if not isinstance(self.memory_limit, (int, np.integer, type(None))):
            raise OptionError(f"MemoryLimit is {finding(self.memory_limit)}; it must be a whole number of bytes.")
        if self.voi == 3 * WHOLE_AXIS:
            object.__setattr__(self, "voi", None)
        if any(rate < 1 for rate in self.sample_rate):
            raise OptionError(f"SampleRate is {self.sample_rate}; each of its three numbers must be 1 or more.")

    def plans_like(self, other: ReadOptions) -> bool:
        """Whether a file becomes the same plan with these choices as with `other`."""
        return self == replace(other, **{name: getattr(self, name) for name in LOADING})


@dataclass(frozen=True)
class ExportOptions:
    """The choices of a user about the content of a file."""

    axes: str = "zyx"  # zyx: as in the file the data came from, else z first; xyz: x first
    point_arrays: Collection[str] | None = None  # names; None: all
    cell_arrays: Collection[str] | None = None  # names; None: all
    take_apart: bool = True  # vectors that were joined from several arrays become these again

    def __post_init__(self) -> None:
        _check_one_of(self, axes=AXES)
        _check_switches(self)
        for name in ("point_arrays", "cell_arrays"):
            object.__setattr__(self, name, names_of(name, getattr(self, name)))


@dataclass(frozen=True)
class WriteOptions:
    """The choices of a user about a file to be written."""

    array: str = ""  # for .npy: its name; "" is the active scalars, or the only one
    compression: int = 0  # of an .npz: 0 stored, 1 to 9 deflated
    content: ExportOptions = field(default_factory=ExportOptions)

    def __post_init__(self) -> None:
        check_text("Array", self.array, "the name of an array, or empty")
        if not isinstance(self.compression, (int, np.integer)) or not 0 <= self.compression <= 9:
            raise OptionError(
                f"CompressionLevel is {finding(self.compression)}; it must be 0 (stored) to 9 (smallest)."
            )

    def content_of(self, *, single: bool) -> ExportOptions:
        """Say what goes into a file: where it is one array (`single`), a vector of several parts is it as a whole."""
        return replace(self.content, take_apart=self.content.take_apart and not single)
