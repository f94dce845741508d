"""A 2-D array as a landscape: heights become z with Warp By Scalar.

Run by ``pvpython examples/heightmap.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, results
from paraview import servermanager as sm
from paraview.simple import OpenDataFile, WarpByScalar
from vtkmodules.util.numpy_support import vtk_to_numpy

SPACING = 0.5  # metres between samples
HEIGHT = 4.0  # metres per unit of the array


def ripples(rows, columns):
    """Return a wave around the middle of a rectangle: (rows, columns) float64, first axis y."""
    y, x = np.mgrid[0:rows, 0:columns]
    r = np.hypot(x - columns / 2, y - rows / 2)
    return np.cos(r / 6) * np.exp(-r / 60)


def main(folder):
    heights = ripples(180, 240)
    path = os.path.join(folder, "ripples.npy")
    np.save(path, heights)

    reader = OpenDataFile(path)
    reader.Spacing = [SPACING, SPACING, 1.0]
    print(information(reader, "Interpretation"))
    surface = WarpByScalar(Input=reader, Scalars=["POINTS", "ripples"], ScaleFactor=HEIGHT)
    picture(os.path.join(folder, "heightmap.png"), surface, "ripples", azimuth=20, elevation=-55)

    points = vtk_to_numpy(sm.Fetch(surface).GetPoints().GetData())
    y, x = np.mgrid[0:180, 0:240] * SPACING
    expected = np.stack([x, y, HEIGHT * heights], axis=-1).reshape(-1, 3)
    check(np.allclose(points, expected, rtol=0, atol=1e-5), "every sample stands at its place and height")


if __name__ == "__main__":
    load_plugin()
    place = results("heightmap")
    main(place)
    print(f"\nAll right.  The file and the picture are in {place}")
