"""What is in the files beside this, as plain NumPy arrays: the one source of both the files and what must be read.

Nothing here knows VTK or the package. `make.py` wrote the files from these; tests/core/test_first_round.py reads them.
"""

from __future__ import annotations

import numpy as np


def count(shape, dtype="f8", start=1):
    """1, 2, 3, ... in C order."""
    return np.arange(start, start + int(np.prod(shape))).reshape(shape).astype(dtype)


EXTENT = (2, 5, -1, 1, 4, 5)  # x0 x1 y0 y1 z0 z1
SHAPE_ZYX = (2, 3, 4)  # points in EXTENT
CELLS_ZYX = (1, 2, 3)
ORIGIN, SPACING = (0.1, -2.5, 1e6), (0.3, 0.25, 7.0)  # of index 0 0 0
DIRECTION = ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0))

X, Y, Z = np.array([0, 0.1, 0.5, 2], "f4"), np.array([-1, 0, 4.0]), np.array([10, 7], "i4")

# (nz, ny, nx, 3): the points of a structured grid
BENT = np.stack(np.meshgrid(*(np.arange(n, dtype="f8") for n in SHAPE_ZYX), indexing="ij")[::-1], axis=-1)
BENT[..., 2] += 0.25 * BENT[..., 0] ** 2

CORNERS = np.array(
    [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1], [0.5, 0.5, 2.5]], "f4"
)
# As (VTK's type, ids of points, faces of polyhedra), in VTK's order
SURFACE_CELLS = [(1, [8], []), (3, [0, 6], []), (4, [0, 1, 2], []), (5, [4, 5, 8], []), (7, [0, 1, 2, 3, 8], []),
                 (6, [0, 1, 3, 2], [])]  # fmt: skip
CUBE_FACES = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
VOLUME_CELLS = [(42, list(range(8)), CUBE_FACES), (14, [4, 5, 6, 7, 8], []), (11, [0, 1, 3, 2, 4, 5, 7, 6], [])]
TETRAS = np.array([[0, 1, 2, 4], [4, 5, 6, 8]], "<u2")

WORDS = np.array(["a", "", "Grüße", "b c"])
NESTED = np.dtype({"names": ["x", "in"], "formats": ["<f4", [("k", ">i2"), ("v", "<f8", (2,))]], "offsets": [4, 12],
                   "itemsize": 40})  # fmt: skip


def nested():
    """(2, 3, 4) records with gaps, another byte order and a subarray."""
    values = np.zeros(SHAPE_ZYX, NESTED)
    values["x"], values["in"]["k"] = count(SHAPE_ZYX), count(SHAPE_ZYX, "i2", 300)
    values["in"]["v"] = count((*SHAPE_ZYX, 2), start=1000)
    return values


DTYPES = {
    "flag": count(SHAPE_ZYX) % 3 == 0,
    "half": count(SHAPE_ZYX, "f2") / 8,
    "foreign": count(SHAPE_ZYX, ">i4"),
    "wave": (count(SHAPE_ZYX) + 1j * count(SHAPE_ZYX, start=50)).astype("c8"),
    "field": (count((*SHAPE_ZYX, 3)) - 2j * count((*SHAPE_ZYX, 3))).astype(">c16"),
    "record": nested(),
    "when": count(SHAPE_ZYX, "i8", 1_600_000_000).view("M8[s]"),
    "long": count(SHAPE_ZYX, "i8").view("m8[ms]"),
}

# Not what float64 can hold; longdouble is written only where it is wider.
LONG = count(SHAPE_ZYX, "i8").astype(np.longdouble) / np.longdouble(3)
FAR = count((5, 3), "i8", 2**53 + 1)

STEPS = 3
MOVING = count((*SHAPE_ZYX, STEPS), "f4")  # zyxt
RESTING = count(SHAPE_ZYX, "i2", 7)  # beside it, without a time axis
TWICE = count((2, 3, *SHAPE_ZYX), "f4")  # two time axes of 2 and 3
DATES = np.array(["2020-02-28T23:59:58", "2020-02-29", "2021-01-01T00:00:01"], "M8[s]")
FOREIGN_TIMES = np.array([0.25, 0.5, 4], ">f4")

AFFINE = np.array([[0, -2, 0, 5], [3, 0, 0, 6], [0, 0, 4, 7], [0, 0, 0, 1]], "f4")  # of x y z indices, as read then
GRID = {"dx": 0.5, "dy": 0.25, "dz": 2.0, "xmin": -1.0, "ymin": 3.0, "zmin": 0.125}
