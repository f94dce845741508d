"""Open NumPy files in ParaView, look at them, save them, and compare every bit.

Run by ``sh examples/quickstart.sh``, or ``pvpython examples/quickstart.py [FOLDER]``.
"""

from __future__ import annotations

import importlib.util
import math
import os
import sys

import numpy as np
from common import check, information, load_plugin, picture, results, same, values
from paraview.simple import CellDatatoPointData, Delete, OpenDataFile, SaveData, Transform, WarpByScalar

METRES_PER_DEGREE = 111_200
EXAGGERATION = 2  # of heights; mountains look flat otherwise


def find_terrain():
    """Return the path of a file that nobody here wrote: the terrain of Matplotlib's sample data."""
    folders = ["/usr/share/matplotlib/mpl-data"]
    matplotlib = importlib.util.find_spec("matplotlib")
    if matplotlib is not None:
        folders += [os.path.join(place, "mpl-data") for place in matplotlib.submodule_search_locations]
    for folder in folders:
        path = os.path.join(folder, "sample_data", "jacksboro_fault_dem.npz")
        if os.path.exists(path):
            return path
    sys.exit("No terrain: install Matplotlib for ParaView's Python, or Debian's python-matplotlib-data.")


def julia_set(width, height, c=0.65j):
    """Return how soon each point of the plane escapes: (width, height) int64, first axis x."""
    x = np.linspace(-2.0, 2.0, width)[:, np.newaxis]
    y = np.linspace(-2.0, 2.0, height)[np.newaxis, :]
    z = x + 1j * y
    left = np.full(z.shape, 255)
    for _ in range(51):
        inside = np.abs(z) < 10
        z[inside] = z[inside] ** 2 + c
        left[inside] -= 5
    return left


def round_trip(source, name, expected, folder, stem, endings, association="POINTS", **options):
    """Save `source` in the formats of `endings`, open each again, and compare with `expected`."""
    for ending in endings:
        path = os.path.join(folder, stem + ending)
        # Debian 12's ParaView 5.11 cannot read its own "appended" XML files.
        SaveData(path, proxy=source, **({"DataMode": "Binary"} if ending in (".vti", ".vtr") else options))
        again = OpenDataFile(path)
        check(same(values(again, name, association), expected), f"{path} opens with the same values")
        Delete(again)


def terrain(folder):
    """A height field: elevations in metres over longitude and latitude in degrees."""
    path = find_terrain()
    print(f"\nTerrain: {path}")
    with np.load(path, allow_pickle=False) as file:
        elevation, dx, dy = file["elevation"], float(file["dx"]), float(file["dy"])
        west, east, first, last = (float(file[name]) for name in ("xmin", "xmax", "ymin", "ymax"))
    rows, columns = elevation.shape

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    found = values(reader, "elevation", "CELLS")
    # This file's first row is the northern one: its "ymin" is larger than its "ymax". Between them are as many
    # spacings as rows, so that each elevation is in the middle of its cell.
    north, south = first, last
    check(math.isclose(north - south, rows * dy) and math.isclose(east - west, columns * dx), "the file's cells meet")
    image = reader.GetClientSideObject().GetOutputDataObject(0)
    for row, column in [(0, 0), (0, columns - 1), (rows - 1, 0), (123, 45), (300, 200)]:
        longitude, latitude = west + (column + 0.5) * dx, north - (row + 0.5) * dy
        number = round((longitude - west) / dx - 0.5) + columns * round((latitude - south) / dy - 0.5)
        box = image.GetCell(number).GetBounds()
        middle = ((box[0] + box[1]) / 2, (box[2] + box[3]) / 2)
        right = np.allclose(middle, (longitude, latitude), rtol=0, atol=1e-9)
        check(right, f"the middle of a cell is at {longitude:.5f} E {latitude:.5f} N")
        check(found[number] == elevation[row, column], f"and there the file has {elevation[row, column]} m")
    expected = elevation[::-1].ravel()
    check(same(found, expected), "every elevation is where the file says")
    bounds = reader.GetDataInformation().GetBounds()
    check(np.allclose(bounds, (west, east, south, north, 0, 0), rtol=0, atol=1e-9), "the corners are the file's")

    # Degrees to metres, and heights along z.
    flat = Transform(Input=CellDatatoPointData(Input=reader))
    flat.Transform.Scale = [METRES_PER_DEGREE * math.cos(math.radians(south)), METRES_PER_DEGREE, 1.0]
    field = WarpByScalar(Input=flat, Scalars=["POINTS", "elevation"], ScaleFactor=EXAGGERATION)
    picture(os.path.join(folder, "terrain.png"), field, "elevation", elevation=-45)

    round_trip(reader, "elevation", expected, folder, "terrain", [".npz", ".vti", ".vtk"], "CELLS")
    with np.load(os.path.join(folder, "terrain.npz"), allow_pickle=False) as file:
        check(same(file["elevation"], elevation), "terrain.npz holds the array of the original file")
        check(float(file["ymin"]) == north and float(file["ymax"]) == south, "and the members that place it")


def julia(folder):
    """A plain 2-D array, written with numpy.save."""
    print("\nJulia set, a picture")
    array = julia_set(240, 160)
    path = os.path.join(folder, "julia.npy")
    np.save(path, array)

    reader = OpenDataFile(path)
    reader.Axes = "xy"  # the first axis is x; NumPy's pictures have y first, and so "yx" is assumed
    print(information(reader, "Interpretation"))
    expected = array.T.ravel()
    check(same(values(reader, "julia"), expected), "every value is where its indices say")
    picture(os.path.join(folder, "julia.png"), reader, "julia")

    SaveData(os.path.join(folder, "julia_saved.npy"), proxy=reader)
    saved = np.load(os.path.join(folder, "julia_saved.npy"), allow_pickle=False)
    check(same(saved, array), "julia_saved.npy equals julia.npy in shape, dtype and every bit")
    round_trip(reader, "julia", expected, folder, "julia", [".vti", ".vtk"])


def stack(folder):
    """Slices on a grid, written with numpy.savez: edges one longer than the data, so cell data."""
    print("\nJulia set, a stack")
    width, height, slices = 240, 160, 5
    array = np.dstack([julia_set(width, height)] * slices)
    edges = {"x": np.arange(width + 1), "y": np.arange(height + 1), "z": np.arange(slices + 1)}
    path = os.path.join(folder, "julia_stack.npz")
    np.savez(path, julia=array, **edges)

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    expected = array.T.ravel()
    check(same(values(reader, "julia", "CELLS"), expected), "every cell is where its indices say")
    bounds = reader.GetDataInformation().GetBounds()
    check(tuple(bounds) == (0, width, 0, height, 0, slices), "the edges are the grid")
    picture(os.path.join(folder, "julia_stack.png"), reader, "julia", "CELLS", azimuth=30, elevation=30)

    round_trip(
        reader,
        "julia",
        expected,
        folder,
        "julia_stack_saved",
        [".npz", ".vtr", ".vtk"],
        "CELLS",
    )
    with np.load(os.path.join(folder, "julia_stack_saved.npz"), allow_pickle=False) as file:
        check(same(file["julia"], array), "julia_stack_saved.npz equals julia_stack.npz in every bit")
        for name, edge in edges.items():
            check(same(file[name], edge), f"and so do its edges {name}")


if __name__ == "__main__":
    load_plugin()
    place = results("quickstart")
    for example in (terrain, julia, stack):
        example(place)
    print(f"\nAll right.  The files and pictures are in {place}")
