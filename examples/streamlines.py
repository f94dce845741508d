"""A vector field on stretched coordinates, and streamlines through it.

Run by ``pvpython examples/streamlines.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, places, results, same, values
from paraview import servermanager as sm
from paraview.simple import OpenDataFile, StreamTracer
from vtkmodules.util.numpy_support import vtk_to_numpy


def vortex():
    """Return coordinates and a rising vortex around the z axis, as ``numpy.savez`` takes them."""
    x = np.linspace(-1.0, 1.0, 41)
    y = np.linspace(-1.0, 1.0, 37)
    z = np.linspace(0.0, 1.0, 25) ** 2  # closer together near the ground
    _, yy, xx = np.meshgrid(z, y, x, indexing="ij")
    velocity = np.stack([-yy, xx, np.full_like(xx, 0.05)], axis=-1)
    return {"x": x, "y": y, "z": z, "velocity": velocity.astype(np.float32)}


def main(folder):
    path = os.path.join(folder, "vortex.npz")
    arrays = vortex()
    np.savez(path, **arrays)

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    check(same(values(reader, "velocity"), arrays["velocity"].reshape(-1, 3)), "every point has its velocity")
    points = [(0, 0, 0), (7, 0, 0), (0, 11, 0), (40, 36, 24), (3, 5, 12)]
    expected = [[arrays[letter][index] for letter, index in zip("xyz", point)] for point in points]
    check(np.array_equal(places(reader, *points), expected), "and lies where the coordinates put it")
    tracer = StreamTracer(Input=reader, SeedType="Line", Vectors=["POINTS", "velocity"])
    tracer.SeedType.Point1 = [0.1, 0.0, 0.02]
    tracer.SeedType.Point2 = [0.8, 0.0, 0.02]
    tracer.SeedType.Resolution = 7
    tracer.MaximumStreamlineLength = 12.0
    picture(os.path.join(folder, "streamlines.png"), tracer, "velocity", azimuth=20, elevation=-50)

    lines = sm.Fetch(tracer)
    check(lines.GetNumberOfCells() >= 8, "a line starts at every seed")
    points = vtk_to_numpy(lines.GetPoints().GetData())
    radius = np.hypot(points[:, 0], points[:, 1])
    worst = max(np.ptp(radius[ids_of(lines, k)]) for k in range(lines.GetNumberOfCells()))
    check(worst < 0.02, "every line keeps its distance from the axis")
    check(points[:, 2].max() > points[:, 2].min() + 0.1, "and rises")


def ids_of(lines, k):
    """Return the numbers of the points of line `k`."""
    cell = lines.GetCell(k)
    return [cell.GetPointId(i) for i in range(cell.GetNumberOfPoints())]


if __name__ == "__main__":
    load_plugin()
    place = results("streamlines")
    main(place)
    print(f"\nAll right.  The file and the picture are in {place}")
