"""Where an image lies: origin, spacing and direction, from the members of a file that mean them, and as members again.

`names` has the names that count, `geometry_of_members` what their values say together. What contradicts itself, or
fits no image, is left as plain data, with a note.
All is in the order x, y, z, and in the units that the file has.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from .names import GEOMETRY_NAMES, IMAGE_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from ..options import ReadOptions, Triple

__all__ = [
    "IDENTITY", "UNUSED", "Geometry", "ImageMembers", "OnGrid", "applied_geometry", "described_geometry",
    "dump_geometry", "geometry_of_members", "load_geometry",
]  # fmt: skip

IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Geometry:
    """How indices of an image become places: origin + direction @ (spacing * index)."""

    origin: Triple = (0.0, 0.0, 0.0)  # x y z, world units
    spacing: Triple = (1.0, 1.0, 1.0)  # x y z, world units, positive
    direction: tuple[float, ...] = IDENTITY  # rows of the 3x3 matrix

    def place(self, index: tuple[int, ...]) -> Triple:
        """Return where the point with this index lies, x y z."""
        # Plain sums: what stands in a file must come out alike on every machine, to the last bit.
        scaled = [float(s) * i for s, i in zip(self.spacing, index)]
        return tuple(
            float(self.origin[k]) + sum(float(self.direction[3 * k + j]) * scaled[j] for j in range(3))
            for k in range(3)
        )

    def replaced(self, origin: Triple | None, spacing: Triple | None, direction: tuple[float, ...] | None) -> Geometry:
        """Return the geometry with what is not None; a negative spacing turns its axis around.

        Raises
        ------
        OptionError
            A spacing of 0, or a direction without an inverse.
        """
        origin = self.origin if origin is None else origin
        spacing = self.spacing if spacing is None else spacing
        direction = self.direction if direction is None else direction
        if tuple(spacing) == tuple(self.spacing) and tuple(direction) == tuple(self.direction):
            # As VTK had it: a flat image may have a spacing of 0.
            return Geometry(tuple(map(float, origin)), self.spacing, self.direction)
        if any(s == 0 or not np.isfinite(s) for s in spacing):
            raise OptionError(f"Spacing is {tuple(spacing)}; each of its three numbers must be finite and not 0.")
        matrix = np.array(direction, float).reshape(3, 3)
        if not np.all(np.isfinite(matrix)) or np.linalg.det(matrix) == 0:
            raise OptionError(f"Direction {tuple(direction)} has no inverse; it must be a 3x3 matrix of full rank.")
        # VTK wants positive spacing; the sign belongs to the direction of the axis.
        return Geometry(
            tuple(float(v) for v in origin),
            tuple(abs(float(v)) for v in spacing),
            tuple(float(v) + 0.0 for v in (matrix * np.sign(spacing)).ravel()),
        )


def applied_geometry(
    of_file: Geometry, sources: Mapping[str, tuple[str, ...]], options: ReadOptions
) -> tuple[Geometry, str]:
    """Return the geometry that applies, and where that is in words.

    Parameters
    ----------
    of_file : Geometry
        The user's choices go before it, and may leave it aside.
    sources : mapping
        origin, spacing, direction -> the members of the file that say it.

    Raises
    ------
    OptionError
        A choice is no geometry, see `Geometry.replaced`.
    """
    base = Geometry() if options.ignore_file_geometry else of_file
    applied = base.replaced(options.origin, options.spacing, options.direction)
    words = []
    for name in IMAGE_MEMBERS:
        numbers = getattr(applied, name)
        whose = ""
        if getattr(options, name) is not None:
            whose = f" (your {name.title()})"
        elif name in sources and not options.ignore_file_geometry:
            whose = f" (from {', '.join(sources[name])})"
        if name != "direction" or tuple(numbers) != IDENTITY:
            words.append(f"{name} {' '.join(f'{v + 0.0:.10g}' for v in numbers)}{whose}")
    return applied, ", ".join(words)


SHAPES: dict[str, tuple[tuple[int, ...], ...]] = {  # of the members with these names
    "spacing": ((), (1,), (2,), (3,)),
    "origin": ((2,), (3,)),
    "direction": ((3, 3), (9,), (2, 2), (4,)),
}
ONE_NUMBER = ("voxel_size", "pixel_size", "resolution")  # the spacing along all axes
UNUSED = ("extent", "bounds", "bbox")  # boxes of which no two programs mean the same
WITHIN = 0.1  # of a spacing: minima and maxima agree with a number of values
# (name, dtype, shape, bytes in hexadecimal) for each member: of JSON's types
DumpedGeometry = tuple[tuple[str, str, tuple[int, ...], str], ...]


class OnGrid(NamedTuple):
    """Where an image of so many values lies."""

    geometry: Geometry
    cells: bool  # the values are in the middle of cells
    falling: str  # letters of the axes along which the first value is the highest
    notes: tuple[str, ...]
    contradicted: tuple[str, ...]  # members that say something else

    def points(self, counts: tuple[int, ...], letters: str, *, as_cells: bool) -> tuple[tuple[int, ...], Geometry]:
        """Return how many points the image has along x, y, z, and where it lies, with the values on cells or points."""
        if as_cells:
            return tuple(n + (letter in letters and n > 0) for letter, n in zip("xyz", counts)), self.geometry
        if not self.cells:
            return counts, self.geometry
        # The user wants points, which are in the middle of the file's cells.
        pairs = zip("xyz", self.geometry.origin, self.geometry.spacing)
        return counts, replace(self.geometry, origin=tuple(o + s / 2 * (letter in letters) for letter, o, s in pairs))


class ImageMembers(NamedTuple):
    """What some members of a file say about the place of an image."""

    found: Mapping[str, tuple[float, ...]] = {}  # of origin, spacing and direction, those that are given
    used: Mapping[str, np.ndarray] = {}  # the members that say it
    notes: tuple[str, ...] = ()  # about the others
    sources: Mapping[str, tuple[str, ...]] = {}  # origin, spacing, direction -> the members that say it
    zeros: tuple[int, ...] = ()  # axes whose spacing is 0 in the file
    ends: Mapping[int, tuple[float, float]] = {}  # axis -> minimum and maximum

    @property
    def geometry(self) -> Geometry:
        """The place, x y z, with defaults for what is not given."""
        return Geometry().replaced(*(self.found.get(name) for name in IMAGE_MEMBERS))

    def on(self, counts: tuple[int, ...], letters: str) -> OnGrid:
        """Place a grid of values.

        Parameters
        ----------
        counts : (3,) ints
            Values along x, y, z.
        letters : str
            Of x, y, z, those along which there is an axis.
        """
        notes = [
            f"{self.sources['spacing'][min(k, len(self.sources['spacing']) - 1)]}: the 0 along {'xyz'[k]} stands for 1"
            for k in self.zeros
            if counts[k] > 1
        ]
        geometry = self.geometry
        if not self.ends:
            return OnGrid(geometry, False, "", tuple(notes), ())
        origin, spacing = list(self.found["origin"]), list(self.found["spacing"])
        fits = {k: _fit_ends(*ends, spacing[k], counts[k]) for k, ends in self.ends.items()}
        contradicted = tuple(f"{'xyz'[k]}max" for k, fit in fits.items() if fit is None)
        notes += [
            f"{name}: contradicts {name[0]}min and the spacing along {counts['xyz'.index(name[0])]} values, placed by "
            f"{name[0]}min alone"
            for name in contradicted
        ]
        cells = any(fit is not None and fit[1] for fit in fits.values())
        falling = ""
        for k, letter in enumerate("xyz"):
            fit = fits.get(k)
            step, says_cells = fit or (spacing[k], False)
            if cells and not says_cells and letter in letters:
                origin[k] -= step / 2  # the value is in the middle of its cell
            if fit is not None and step < 0:
                origin[k] += step * (counts[k] if cells else counts[k] - 1)
                falling += letter
            spacing[k] = abs(step) if fit is not None else step
        geometry = Geometry().replaced(tuple(origin), tuple(spacing), None)
        return OnGrid(geometry, cells, falling, tuple(notes), contradicted)


def _fit_ends(low: float, high: float, d: float, n: int) -> tuple[float, bool] | None:
    """Return the signed step, and whether the ends are those of cells; None where n values do not lead there."""
    for step in (d, -d):
        for cells in (False, True):
            if abs(low + (n if cells else n - 1) * step - high) <= WITHIN * abs(d):
                return step, cells
    return None


def geometry_of_members(values: Mapping[str, np.ndarray], lengths: Collection[int] = ()) -> ImageMembers:
    """Read members named as in `GEOMETRY_NAMES`.

    Parameters
    ----------
    values : mapping of str to ndarray
        ``origin`` and ``spacing`` (3,) or (2,), ``direction`` (3, 3) or (2, 2), also flat, x y z;
        ``affine`` (4, 4) or (3, 3), from index i j k to world; ``dx`` to ``zmax`` scalars; one number as ``spacing``,
        ``voxel_size``, ``pixel_size`` or ``resolution`` counts along all axes.
        Of several that say the same, the plain names count, then ``affine``.
    lengths : collection of int
        Of the axes in the file: a whole ``resolution`` that is one of them counts samples.
    """
    read = _Reading(values)
    read.affine()
    read.vectors()
    read.one_number(lengths)
    ends = read.scalars()
    found = read.found
    zeros = tuple(k for k, v in enumerate(found.get("spacing", ())) if v == 0)
    if zeros:
        found["spacing"] = tuple(v or 1.0 for v in found["spacing"])
    said = {name for names in read.sources.values() for name in names}
    used = {name: values[name] for name in GEOMETRY_NAMES if name in said}
    return ImageMembers(found, used, tuple(read.notes), read.sources, zeros, ends)


class _Reading:
    """What `geometry_of_members` has found so far."""

    def __init__(self, values: Mapping[str, np.ndarray]) -> None:
        self.values = values
        self.found: dict[str, tuple[float, ...]] = {}
        self.sources: dict[str, tuple[str, ...]] = {}
        self.notes: list[str] = []

    def take(self, name: str, shapes: tuple[tuple[int, ...], ...]) -> np.ndarray | None:
        held = self.values.get(name)
        if held is None:
            return None
        numbers = _floats(held)
        if held.shape not in shapes or numbers is None:
            self.notes.append(f"{name}: {held.shape} does not fit what the name means, read as plain data")
            return None
        return numbers

    def put(self, key: str, numbers: Iterable[float], *names: str) -> None:
        self.found[key], self.sources[key] = tuple(float(v) for v in numbers), names

    def affine(self) -> None:
        affine = self.take("affine", ((4, 4), (3, 3)))
        if affine is None:
            return
        n = affine.shape[0] - 1
        matrix = np.eye(3)
        matrix[:n, :n] = affine[:n, :n]
        with np.errstate(all="ignore"):
            norms = np.sqrt((matrix**2).sum(axis=0))
        last = [0.0] * n + [1.0]
        if affine[n].tolist() == last and np.all(norms > 0) and np.all(norms < np.inf) and _invertible(matrix):
            self.put("origin", (*affine[:n, n], 0.0)[:3], "affine")
            self.put("spacing", norms, "affine")
            self.put("direction", (matrix / norms).ravel(), "affine")
        else:
            self.notes.append("affine: no invertible index-to-world matrix, read as plain data")

    def vectors(self) -> None:
        for name, shapes in SHAPES.items():
            numbers = self.take(name, shapes)
            if numbers is None:
                continue
            whole = _completed(name, numbers)
            if name == "direction" and not _invertible(whole):
                self.notes.append("direction: no matrix of full rank, read as plain data")
            else:
                self.put(name, whole.ravel(), name)

    def one_number(self, lengths: Collection[int]) -> None:
        """Take the spacing along all axes from one number, or from several alike."""
        for name in ONE_NUMBER:
            held = self.values.get(name)
            numbers = None if held is None or held.ndim > 1 or not 1 <= held.size <= 3 else _floats(held)
            if numbers is None or "spacing" in self.found:
                continue
            number = numbers.ravel()[0].item()
            whole = name == "resolution" and number.is_integer()
            if np.any(numbers != number):
                self.notes.append(
                    f"{name}: {numbers.shape} is not used, for the order of its numbers is not known; set Spacing"
                )
            elif whole and ("origin" not in self.found or number in lengths):
                self.notes.append(f"{name}: a whole number may count samples, so it is not used; set Spacing")
            elif number:
                self.put("spacing", [number] * 3, name)

    def scalars(self) -> dict[int, tuple[float, float]]:
        """Take spacing and origin from scalars; return minimum and maximum of those axes that have both."""
        names = ("dx", "dy", "dz", "xmin", "ymin", "zmin", "xmax", "ymax", "zmax")
        numbers = {name: self.take(name, ((), (1,))) for name in names}
        for key, three, default in (("spacing", names[:3], 1.0), ("origin", names[3:6], 0.0)):
            given = [name for name in three if numbers[name] is not None]
            if key in self.found or not given:
                continue
            lacking = [name for name in three[:2] if name not in given]
            if lacking:
                self.notes.append(f"{', '.join(given)}: not used without {' and '.join(lacking)}; set {key.title()}")
                continue
            self.put(key, (default if v is None else v.item() for v in map(numbers.get, three)), *given)
        turned = self.found.get("direction", IDENTITY) != IDENTITY
        ends = {}
        for k, name in enumerate(names[6:]):
            high, low_names = numbers[name], self.sources.get("origin", ())
            if high is None:
                continue
            if names[3 + k] not in low_names or "spacing" not in self.found or turned:
                self.notes.append(f"{name}: not used; it counts beside xmin, ymin, dx and dy, where no direction turns")
                continue
            ends[k] = (self.found["origin"][k], high.item())
            self.sources["origin"] = (*low_names, name)
        return ends


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


def _completed(name: str, numbers: np.ndarray) -> np.ndarray:
    """Complete an origin or a spacing to three numbers, or a direction to a 3x3 matrix."""
    if name == "direction":
        matrix, n = np.eye(3), 3 if numbers.size == 9 else 2
        matrix[:n, :n] = numbers.reshape(n, n)
        return matrix
    if numbers.size == 1:
        return np.repeat(numbers, 3)
    return np.append(numbers, 1.0 if name == "spacing" else 0.0)[:3]


def described_geometry(values: Mapping[str, np.ndarray], points: tuple[int, ...]) -> Geometry | None:
    """Return the place of the first point that described members give, or None where they do not fit their names.

    ``origin``, ``spacing`` and ``direction`` are taken word for word: VTK has flat images with a spacing of 0.

    Parameters
    ----------
    points : (3,) ints
        Along x, y, z, which minima and maxima must fit, as places of points or as ends of cells.
    """
    placing = geometry_of_members({name: held for name, held in values.items() if name != "direction"})
    if not set(values) <= {*placing.used, *IMAGE_MEMBERS}:
        return None
    try:
        geometry = _described_ends(placing, points) if placing.ends else placing.geometry
    except OptionError:
        return None
    for name in IMAGE_MEMBERS:
        if name in values and geometry is not None:
            held = values[name]
            numbers = _floats(held.ravel())
            if numbers is None or held.size not in map(math.prod, SHAPES[name]):
                return None
            geometry = replace(geometry, **{name: tuple(_completed(name, numbers).ravel().tolist())})
    return geometry


def _described_ends(placing: ImageMembers, points: tuple[int, ...]) -> Geometry | None:
    """Place the points between the minima and maxima of points, or of cells."""
    letters = "".join(letter for letter, n in zip("xyz", points) if n > 1)
    of_points = placing.on(points, letters)
    if not of_points.cells and not of_points.contradicted:
        return of_points.geometry
    of_cells = placing.on(tuple(max(n - 1, 1) for n in points), letters)
    return of_cells.geometry if of_cells.cells and not of_cells.contradicted else None


def dump_geometry(values: Mapping[str, np.ndarray]) -> DumpedGeometry:
    """Write members for `load_geometry`, bit by bit; nothing where the writer would write the same anyway."""
    alike = {name: held.shape for name, held in values.items()} == IMAGE_MEMBERS
    if alike and all(held.dtype == np.float64 and held.dtype.isnative for held in values.values()):
        return ()
    return tuple((name, held.dtype.str, held.shape, held.tobytes().hex()) for name, held in values.items())


def load_geometry(kept: DumpedGeometry) -> dict[str, np.ndarray]:
    """Undo `dump_geometry`; empty where that cannot be."""
    try:
        return {
            str(name): np.frombuffer(bytes.fromhex(data), np.dtype(dtype)).reshape([int(n) for n in shape])
            for name, dtype, shape, data in kept
        }
    except Exception:  # noqa: BLE001 - a stamp may come from anywhere, and a dtype's text raise anything
        return {}
