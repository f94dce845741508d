"""A colour picture, (rows, columns, 3) uint8, shown in its own colours with the first row on top.

Run by ``pvpython examples/rgb_picture.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, results, same, values
from paraview.simple import CreateRenderView, OpenDataFile, Render, SaveData, SaveScreenshot, Show
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader

ROWS, COLUMNS = 120, 160


def sunset():
    """Return a picture: (ROWS, COLUMNS, 3) uint8, the first row is the sky."""
    row, column = np.mgrid[0:ROWS, 0:COLUMNS]
    red = 255 * row // (ROWS - 1)
    blue = 255 - red
    green = 200 * (np.hypot(row - 70, column - 80) < 30)  # the sun
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def draw(reader, path):
    """Draw the colours as they are, and return them: (rows, columns, 3), the first row on top."""
    view = CreateRenderView(ViewSize=[COLUMNS, ROWS], OrientationAxesVisibility=0)
    display = Show(reader, view)
    check(display.MapScalars == 0, "these numbers are shown as the colours that they are")
    view.CameraParallelProjection = 1
    view.ResetCamera()
    Render(view)
    view.CameraParallelScale = (ROWS - 1) / 2  # the picture fills the view
    SaveScreenshot(path, view)
    png = vtkPNGReader()
    png.SetFileName(path)
    png.Update()
    pixels = vtk_to_numpy(png.GetOutput().GetPointData().GetScalars())
    return pixels.reshape(ROWS, COLUMNS, -1)[::-1, :, :3]  # VTK's first row is at the bottom


def main(folder):
    array = sunset()
    path = os.path.join(folder, "sunset.npy")
    np.save(path, array)

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))  # axes -yxc: the first row is on top
    check(same(values(reader, "sunset"), array[::-1].reshape(-1, 3)), "every pixel is where the array has it")

    shown = draw(reader, os.path.join(folder, "rgb_picture.png")).astype(int)
    middle = COLUMNS // 2
    check(shown[10, middle, 2] > shown[10, middle, 0], "the sky is blue, and on top")
    check(shown[-10, middle, 0] > shown[-10, middle, 2], "the ground is red, and below")
    check(shown[70, middle, 1] > 150, "the sun is in the middle")

    saved = os.path.join(folder, "sunset_saved.npy")
    SaveData(saved, proxy=reader)
    check(same(np.load(saved, allow_pickle=False), array), "sunset_saved.npy equals sunset.npy in every bit")


if __name__ == "__main__":
    load_plugin()
    place = results("rgb_picture")
    main(place)
    print(f"\nAll right.  The files and the picture are in {place}")
