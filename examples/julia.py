"""Arrays to VTK's files and datasets in one call each, where PyEVTK and numpy_support were needed.

Everything here works in plain Python as well, with ``pip install`` of this project and the ``vtk`` package; only
the picture is ParaView's.
Run by ``pvpython examples/julia.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, load_plugin, picture, results, same, values
from paraview.simple import OpenDataFile
from vtkmodules.util.numpy_support import vtk_to_numpy


def julia_set(width, height, c=-0.4 + 0.6j):
    """Return the number of steps until each point of the plane escapes: (width, height) int32, first axis x."""
    x, y = np.meshgrid(np.linspace(-1.6, 1.6, width), np.linspace(-1.1, 1.1, height), indexing="ij")
    z, steps = x + 1j * y, np.zeros((width, height), np.int32)
    for _ in range(80):
        inside = abs(z) < 2
        steps += inside
        z[inside] = z[inside] ** 2 + c
    return steps


def main(folder):
    import npyvtk  # the plugin has put it on the path
    from npyvtk.__main__ import main as command

    # The 2-D picture, in memory: an image that shares the array's memory.
    picture_xy = np.asfortranarray(julia_set(240, 160))
    spacing, origin = (3.2 / 239, 2.2 / 159, 1), (-1.6, -1.1, 0)
    image = npyvtk.to_vtk(picture_xy, name="julia", axes="xy", spacing=spacing, origin=origin)
    shown = vtk_to_numpy(image.GetPointData().GetArray("julia"))
    check(image.GetDimensions() == (240, 160, 1), "the first axis is x")
    check(np.shares_memory(shown, picture_xy), "nothing was copied")
    picture_xy[7, 5] = -1
    check(shown[image.ComputePointId((7, 5, 0))] == -1, "the image sees changes")

    # The stack of slices between its edges, as gridToVTK("julia", x, y, z, cellData={"julia": stack}) writes it.
    slices = 5
    stack = np.dstack([julia_set(240, 160)] * slices)
    edges = {"x": np.arange(241), "y": np.arange(161), "z": np.arange(slices + 1)}
    path = os.path.join(folder, "julia.npz")
    np.savez(path, julia=stack, **edges)
    check(command(["info", path]) == 0, "npyvtk info tells what it is")
    check(command(["convert", path, os.path.join(folder, "julia.vtr")]) == 0, "npyvtk convert makes a .vtr of it")

    for name in ("julia.npz", "julia.vtr"):
        reader = OpenDataFile(os.path.join(folder, name))
        check(same(values(reader, "julia", "CELLS"), stack.ravel(order="F")), f"{name}: each cell has its value")
        bounds = reader.GetDataInformation().GetBounds()
        check(tuple(bounds) == (0, 240, 0, 160, 0, slices), f"{name}: the edges are the grid")
    picture(os.path.join(folder, "julia.png"), reader, "julia", "CELLS", azimuth=30, elevation=30)

    # And back: every dataset is a dict of arrays.
    arrays = npyvtk.from_vtk(npyvtk.read(path))
    check(same(arrays["julia"], stack), "from_vtk gives the stack back")
    check(all(same(arrays[name], edge) for name, edge in edges.items()), "and its edges")


if __name__ == "__main__":
    load_plugin()
    place = results("julia")
    main(place)
    print(f"\nAll right.  The files and the picture are in {place}")
