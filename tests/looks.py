"""Files of every kind that the reader knows, and how each must look when it is opened.

The tests of pvpython and of the window share them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Look:
    """A file, and what is to be seen of it.

    Parameters
    ----------
    arrays : what is saved: one array for ``.npy``, a list of them for a series of files, or the members of a ``.npz``
    colours : the array that colours; None: the file is a table; empty: there are values of places only
    slice : whether it is shown as a slice, and not as a surface
    thin : whether it is a point or lines, which cover little of the view

    """

    arrays: object
    colours: str | None = "one"
    slice: bool = False
    thin: bool = False

    def save(self, folder: Path) -> list[str]:
        """Save it as ``one.npy``, ``one.npz`` or a series ``one_0000.npy`` ...; return the paths."""
        if isinstance(self.arrays, dict):
            np.savez(folder / "one.npz", **self.arrays)
            return [str(folder / "one.npz")]
        if isinstance(self.arrays, list):
            paths = [str(folder / f"one_{step:04d}.npy") for step in range(len(self.arrays))]
            for path, values in zip(paths, self.arrays):
                np.save(path, values)
            return paths
        np.save(folder / "one.npy", self.arrays)
        return [str(folder / "one.npy")]


def wave(*shape: int) -> np.ndarray:
    """Return float64 values of that shape which differ along every axis."""
    axes = np.meshgrid(*(np.linspace(0, 3, n) for n in shape), indexing="ij")
    return np.sin(sum(axis * (k + 1) for k, axis in enumerate(axes)))


def photograph(components: int) -> np.ndarray:
    """Return (60, 80, components) uint8: red grows along a row, green from row to row; the last is opaque."""
    row, column = np.mgrid[0:60, 0:80]
    colours = [column * 255 // 79, row * 255 // 59, np.full_like(row, 40), np.full_like(row, 255)]
    return np.stack(colours[:components], axis=-1).astype(np.uint8)


def _meshgrid(*lengths: int) -> dict[str, np.ndarray]:
    """Return x, y[, z] of a bent grid, axes z y x."""
    places = np.meshgrid(*(np.linspace(0, 1, n) for n in lengths), indexing="ij")[::-1]
    bent = {name: values + 0.1 * np.sin(3 * places[0]) for name, values in zip("xyz", places)}
    return {**bent, "x": places[0]}


_LENGTHS = {"x": np.arange(9.0), "y": np.arange(8.0), "z": np.arange(7.0)}
_TETRAHEDRA = np.array([[0, 1, 3, 7], [0, 1, 5, 7], [0, 2, 3, 7], [0, 2, 6, 7], [0, 4, 5, 7], [0, 4, 6, 7]])
_CUBE = np.stack(np.meshgrid([0.0, 1.0], [0.0, 1.0], [0.0, 1.0], indexing="ij"), axis=-1).reshape(8, 3)
_ANGLES = np.linspace(0, 4 * np.pi, 400)
_SPIRAL = np.stack([_ANGLES * np.cos(_ANGLES), _ANGLES * np.sin(_ANGLES), np.zeros(400)], axis=-1)
_CLOUD = np.random.default_rng(5).random((20000, 3))
_TRIANGLES = {
    "points": np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]),
    "triangles": np.array([[0, 1, 2], [1, 3, 2]]),
    "zone": np.array([0.0, 1, 2, 3]),
}
_BOX = {"dx": 1.0, "dy": 1.0, "dz": 1.0, "xmin": 0.0, "ymin": 0.0, "zmin": 0.0}
_BOX.update(xmax=20.0, ymax=16.0, zmax=12.0)  # as many cells as values
_TABLE = np.zeros(50, dtype=[("mass", "f8"), ("charge", "i4")])
_TABLE["mass"], _TABLE["charge"] = np.arange(50) / 7, np.arange(50)


def _two(*shape: int) -> dict[str, np.ndarray]:
    """Return two arrays: the first in the file is not the first of the alphabet, and the other has one colour."""
    return {"zone": wave(*shape), "area": np.zeros(shape)}


LOOKS = {
    "volume": Look(wave(12, 16, 20), slice=True),
    "volume-of-two": Look(_two(12, 16, 20), "zone", slice=True),
    "volume-of-cells": Look({**_two(12, 16, 20), **_BOX}, "zone", slice=True),
    "plane": Look(wave(60, 80), slice=True),
    "line": Look({"zone": wave(90), "axes": "x"}, "zone", thin=True),
    "line-of-times": Look({"zone": wave(5, 90), "axes": "tx"}, "zone", thin=True),
    "point": Look({"zone": wave(1, 1, 1), "axes": "zyx"}, "zone", thin=True),
    "one-value": Look(np.array(3.5), None),
    "column": Look(wave(50, 1), None),
    "row": Look(wave(1, 50), None),
    "grey": Look(wave(60, 80, 1), slice=True),
    "rectilinear-2d": Look({"x": np.arange(20.0) ** 1.2, "y": np.arange(15.0), **_two(15, 20)}, "zone"),
    "rectilinear-3d": Look(
        {"x": np.arange(9.0), "y": np.arange(8.0) ** 1.1, "z": np.arange(7.0), **_two(7, 8, 9)}, "zone"
    ),
    "rectilinear-cells": Look(
        {"x": np.arange(10.0), "y": np.arange(9.0), "z": np.arange(8.0), **_two(7, 8, 9)}, "zone"
    ),
    "rectilinear-cells-first": Look(
        {"x": np.arange(10.0), "y": np.arange(9.0), "zone": wave(8, 9), "area": np.zeros((9, 10))}, "zone"
    ),
    "structured-2d": Look({**_meshgrid(15, 20), **_two(15, 20)}, "zone"),
    "structured-3d": Look({**_meshgrid(7, 8, 9), **_two(7, 8, 9)}, "zone"),
    "tetrahedra": Look({"points": _CUBE, "tetras": _TETRAHEDRA, "zone": np.arange(8.0), "area": np.zeros(8)}, "zone"),
    "triangles": Look({**_TRIANGLES, "area": np.zeros(4)}, "zone"),
    "poly-lines": Look(
        {"points": _SPIRAL, "lines": np.stack([np.arange(399), np.arange(1, 400)], axis=-1), "zone": _ANGLES},
        "zone",
        thin=True,
    ),
    "cloud-npy": Look(_CLOUD, ""),
    "cloud-npz": Look({"points": _CLOUD, "zone": _CLOUD[:, 0], "area": np.zeros(20000)}, "zone"),
    "two-grids": Look({"zone": wave(12, 16, 20), "area": wave(6, 8, 10)}, "zone"),
    "two-grids-small-first": Look({"zone": wave(6, 8, 10), "area": wave(12, 16, 20)}, "area"),
    "grid-beside": Look({"x": np.arange(20.0), "y": np.arange(15.0), "zone": wave(15, 20), "area": wave(7, 9)}, "zone"),
    "plane-of-the-grid": Look({**_LENGTHS, "zone": wave(7, 8, 9), "area": wave(8, 9)}, "zone"),
    "mesh-beside": Look({**_TRIANGLES, "area": wave(7, 9)}, "zone"),
    "text": Look(np.array([["a", "b"], ["c", "d"]]), None),
    "table": Look(_TABLE, None),
    "rgb": Look(photograph(3), slice=True),
    "rgba": Look(photograph(4), slice=True),
    "rgb-beside": Look({"zone": photograph(3), "area": wave(60, 80)}, "zone", slice=True),
    "complex": Look(np.exp(1j * wave(60, 80)) * wave(60, 80), slice=True),
    "series": Look([wave(12, 16, 20) + step for step in range(3)], slice=True),
    "4-d": Look(wave(5, 12, 16, 20), slice=True),
}
