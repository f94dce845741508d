"""A medical volume: a 3-D array with spacing, origin and directions, as .npz, .vti and legacy .vtk.

People ask how to save a NumPy volume as .vtk, and then find it transposed, because a file has z first and VTK
counts x first.
Run by ``pvpython examples/slicer_volume.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, results, same, values
from paraview.simple import OpenDataFile, SaveData

SPACING = np.array([0.8, 0.8, 2.5])  # mm between the centres of voxels along x, y, z
ORIGIN = np.array([-120.0, 85.0, 310.5])  # mm, centre of the first voxel
TILT = np.radians(12)  # of the gantry, around x
DIRECTION = np.array(
    [[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]]
)  # columns: where the x, y and z index go


def head(slices, rows, columns):
    """Return an ellipsoid with a denser shell and a hole off its middle: (slices, rows, columns) int16."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in (slices, rows, columns)), indexing="ij")
    r = np.sqrt((x / 0.7) ** 2 + (y / 0.85) ** 2 + (z / 0.9) ** 2)
    volume = np.where(r < 1, 40, -1000)
    volume[(r > 0.9) & (r < 1)] = 900
    volume[np.hypot(x - 0.2, y) + abs(z) < 0.3] = 5
    return volume.astype(np.int16)


def main(folder):
    volume = head(40, 96, 80)
    path = os.path.join(folder, "head.npz")
    np.savez(path, ct=volume, spacing=SPACING, origin=ORIGIN, direction=DIRECTION)

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    check(same(values(reader, "ct"), volume.ravel()), "x varies fastest, as VTK wants it, and nothing is copied around")
    image = reader.GetClientSideObject().GetOutputDataObject(0)
    check(image.GetDimensions() == (80, 96, 40), "the dimensions are x y z, the reverse of the shape")
    for voxel in [(0, 0, 0), (7, 60, 33), (39, 95, 79)]:
        number = image.ComputePointId(voxel[::-1])
        place = ORIGIN + DIRECTION @ (SPACING * voxel[::-1])
        check(np.allclose(image.GetPoint(number), place), f"voxel {voxel} lies at {place.round(2)} mm")
        check(image.GetPointData().GetArray("ct").GetValue(number) == volume[voxel], f"and holds {volume[voxel]}")
    picture(os.path.join(folder, "head.png"), reader, "ct", representation="Slice")

    # A legacy .vtk has no place for directions: .vti keeps all.
    for ending in (".vti", ".vtk"):
        saved = os.path.join(folder, "head" + ending)
        SaveData(saved, proxy=reader, **({"DataMode": "Binary"} if ending == ".vti" else {}))
        check(same(values(OpenDataFile(saved), "ct"), volume.ravel()), f"head{ending} has the same values")

    SaveData(os.path.join(folder, "head_saved.npz"), proxy=reader)
    with np.load(os.path.join(folder, "head_saved.npz"), allow_pickle=False) as file:
        check(same(file["ct"], volume), "head_saved.npz has every bit of the volume")
        check(np.array_equal(file["spacing"], SPACING), "its spacing")
        check(np.array_equal(file["origin"], ORIGIN), "its origin")
        check(np.array_equal(file["direction"], DIRECTION), "and its directions")


if __name__ == "__main__":
    load_plugin()
    place = results("slicer_volume")
    main(place)
    print(f"\nAll right.  The files and the picture are in {place}")
