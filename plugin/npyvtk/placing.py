"""Where an image lies: from the members of a file that say so, and back to the same members.

`placing_of` reads them as people write them, and `described_place` as the member ``vtk`` means them: word for word,
so that a dataset of VTK comes back with its own numbers.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from . import schema
from .errors import OptionError
from .layout import Geometry

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["NAMES", "PLAIN", "Placing", "described_place", "dump_place", "load_place", "placing_of"]

PLAIN = {"origin": (3,), "spacing": (3,), "direction": (3, 3)}  # what the writer writes, as float64
NAMES = schema.LEAVES["vtkImageData"]
Kept = tuple  # of (name, dtype, shape, bytes in hexadecimal) for each member: of JSON's types


class Placing(NamedTuple):
    """What some members of a file say about the place of an image."""

    found: Mapping[str, tuple[float, ...]]  # of origin, spacing and direction, those that are given
    used: tuple[str, ...]  # the members that say it
    notes: tuple[str, ...]  # about the others

    @property
    def geometry(self) -> Geometry:
        """The place, x y z, with defaults for what is not given."""
        return Geometry().replaced(*(self.found.get(name) for name in PLAIN))


def placing_of(values: Mapping[str, np.ndarray]) -> Placing:
    """Read members named as in `NAMES`.

    Parameters
    ----------
    values : mapping of str to ndarray
        ``origin`` and ``spacing`` (3,) or (2,), ``direction`` (3, 3) or (2, 2), also flat, x y z;
        ``affine`` (4, 4) or (3, 3), from index i j k to world; ``dx`` to ``zmin`` scalars.
        Of several that say the same, the plain names count, then ``affine``.
    """
    found: dict[str, tuple[float, ...]] = {}
    used: list[str] = []
    notes: list[str] = []

    def take(name: str, shapes: tuple[tuple[int, ...], ...]) -> np.ndarray | None:
        held = values.get(name)
        if held is None:
            return None
        numbers = _floats(held)
        if held.shape not in shapes or numbers is None:
            notes.append(f"{name}: {held.shape} does not fit what the name means, read as plain data")
            return None
        return numbers

    affine = take("affine", ((4, 4), (3, 3)))
    if affine is not None:
        n = affine.shape[0] - 1
        matrix = np.eye(3)
        matrix[:n, :n] = affine[:n, :n]
        with np.errstate(all="ignore"):
            norms = np.sqrt((matrix**2).sum(axis=0))
        last = [0.0] * n + [1.0]
        if affine[n].tolist() == last and np.all(norms > 0) and np.all(norms < np.inf) and _invertible(matrix):
            found["origin"] = (*affine[:n, n], 0.0)[:3]
            found["spacing"] = tuple(norms)
            found["direction"] = tuple((matrix / norms).ravel())
            used.append("affine")
        else:
            notes.append("affine: no invertible index-to-world matrix, read as plain data")
    spacing = take("spacing", ((2,), (3,)))
    if spacing is not None and np.all(spacing != 0):
        found["spacing"] = (*spacing, 1.0)[:3]
        used.append("spacing")
    origin = take("origin", ((2,), (3,)))
    if origin is not None:
        found["origin"] = (*origin, 0.0)[:3]
        used.append("origin")
    direction = take("direction", ((3, 3), (9,), (2, 2), (4,)))
    if direction is not None:
        matrix = _square(direction)
        if _invertible(matrix):
            found["direction"] = tuple(matrix.ravel())
            used.append("direction")
    for key, names, default in (("spacing", ("dx", "dy", "dz"), 1.0), ("origin", ("xmin", "ymin", "zmin"), 0.0)):
        if key in found:
            continue
        given = [take(name, ((), (1,))) for name in names]
        if given[0] is None or given[1] is None:
            continue
        numbers = [default if v is None else float(v.ravel()[0]) for v in given]
        if key == "spacing" and 0.0 in numbers:
            continue
        found[key] = tuple(numbers)
        used += [name for name, v in zip(names, given) if v is not None]
    return Placing(found, tuple(used), tuple(notes))


def _floats(held: np.ndarray) -> np.ndarray | None:
    """Return numbers as float64, or None where they are none, or not finite."""
    if held.dtype.kind not in "iuf":
        return None
    with np.errstate(all="ignore"):
        numbers = held.astype(np.float64)
    return numbers if np.all(np.isfinite(numbers)) else None


def _invertible(matrix: np.ndarray) -> bool:
    with np.errstate(all="ignore"):
        return bool(np.linalg.det(matrix) != 0)


def _square(direction: np.ndarray) -> np.ndarray:
    matrix = np.eye(3)
    n = 3 if direction.size == 9 else 2
    matrix[:n, :n] = direction.reshape(n, n)
    return matrix


def described_place(values: Mapping[str, np.ndarray]) -> Geometry | None:
    """Return the place of the first point that described members give, or None where they do not fit their names.

    ``origin``, ``spacing`` and ``direction`` are taken word for word: VTK has flat images with a spacing of 0.
    """
    others = placing_of({name: held for name, held in values.items() if name not in PLAIN})
    if set(others.used) != set(values) - set(PLAIN):
        return None
    try:
        geometry = others.geometry
    except OptionError:
        return None
    for name in PLAIN:
        if name not in values:
            continue
        held = values[name]
        numbers = _floats(held.ravel())
        if numbers is None or held.size not in ((4, 9) if name == "direction" else (2, 3)):
            return None
        if name == "direction":
            numbers = _square(numbers).ravel()
        elif numbers.size == 2:
            numbers = np.append(numbers, 1.0 if name == "spacing" else 0.0)
        geometry = replace(geometry, **{name: tuple(float(v) for v in numbers)})
    return geometry


def dump_place(values: Mapping[str, np.ndarray]) -> Kept:
    """Write members for `load_place`, bit by bit; nothing where the writer would write the same anyway."""
    alike = {name: held.shape for name, held in values.items()} == PLAIN
    if alike and all(held.dtype == np.float64 and held.dtype.isnative for held in values.values()):
        return ()
    return tuple((name, held.dtype.str, held.shape, held.tobytes().hex()) for name, held in values.items())


def load_place(kept: Kept) -> dict[str, np.ndarray]:
    """Undo `dump_place`; empty where that cannot be."""
    try:
        return {
            str(name): np.frombuffer(bytes.fromhex(data), np.dtype(dtype)).reshape([int(n) for n in shape])
            for name, dtype, shape, data in kept
        }
    except Exception:  # noqa: BLE001 - a stamp may come from anywhere, and a dtype's text raise anything
        return {}
