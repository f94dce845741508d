"""Points with values: positions and whatever is known of each, in one ``.npz``.

Run by ``pvpython examples/point_cloud.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, results, same, values
from paraview import servermanager as sm
from paraview.simple import Delete, OpenDataFile, SaveData
from vtkmodules.util.numpy_support import vtk_to_numpy


def spiral(n=4000):
    """Return two arms of a galaxy: positions (n, 3) float32, brightness (n,), arm (n,)."""
    random = np.random.default_rng(1)
    arm = np.arange(n) % 2
    r = random.uniform(0.1, 1.0, n)
    angle = 5 * r + np.pi * arm + random.normal(0, 0.15, n)
    points = np.stack([r * np.cos(angle), r * np.sin(angle), random.normal(0, 0.03, n)], axis=-1)
    return points.astype(np.float32), (1 - r).astype(np.float32), arm.astype(np.int8)


def main(folder):
    points, brightness, arm = spiral()
    path = os.path.join(folder, "galaxy.npz")
    np.savez(path, points=points, brightness=brightness, arm=arm)

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    check(same(values(reader, "brightness"), brightness), "every point has its brightness")
    check(same(values(reader, "arm"), arm), "and its arm")
    places = vtk_to_numpy(sm.Fetch(reader).GetPoints().GetData())
    check(same(places, points), "every point is at its place")
    image = os.path.join(folder, "point_cloud.png")
    picture(image, reader, "brightness", representation="Points", elevation=-30)

    saved = os.path.join(folder, "galaxy_saved.npz")
    SaveData(saved, proxy=reader)
    with np.load(saved, allow_pickle=False) as file:
        for name, array in (("points", points), ("brightness", brightness), ("arm", arm)):
            check(same(file[name], array), f"galaxy_saved.npz holds the same {name}")

    # A plain (N, 3) array is a cloud as well.
    path = os.path.join(folder, "places.npy")
    np.save(path, points)
    plain = OpenDataFile(path)
    plain.UpdatePipeline()
    places = vtk_to_numpy(sm.Fetch(plain).GetPoints().GetData())
    check(same(places, points), "a .npy of shape (N, 3) opens as points")
    Delete(plain)


if __name__ == "__main__":
    load_plugin()
    place = results("point_cloud")
    main(place)
    print(f"\nAll right.  The files and the picture are in {place}")
