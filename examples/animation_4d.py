"""A 4-D array as an animation: the first axis is time, and one step is read at a time.

Run by ``pvpython examples/animation_4d.py [FOLDER]``.
"""

from __future__ import annotations

import glob
import os

import numpy as np
from common import check, information, load_plugin, places, results, same
from paraview import servermanager as sm
from paraview.simple import (
    ColorBy,
    CreateRenderView,
    GetAnimationScene,
    OpenDataFile,
    SaveAnimation,
    Show,
)
from vtkmodules.util.numpy_support import vtk_to_numpy

TIMES = np.array([0.0, 0.5, 1.5, 4.0])  # seconds


def pulses():
    """Return a wave that spreads from the middle: (t, z, y, x) float32."""
    z, y, x = np.mgrid[-1:1:16j, -1:1:24j, -1:1:32j]
    r = np.sqrt(x**2 + y**2 + z**2)
    return np.stack([np.exp(-40 * (r - 0.25 * t) ** 2) for t in TIMES]).astype(np.float32)


def main(folder):
    array = pulses()
    path = os.path.join(folder, "pulse.npz")
    np.savez(path, pulse=array, time=TIMES, spacing=[0.1, 0.1, 0.1])

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    check(list(reader.TimestepValues) == list(TIMES), "the times are those of the file")

    # Forth and back: what is shown at a time is that step of the array, all of it and nothing else.
    for step in (0, 1, 2, 3, 1):
        reader.UpdatePipeline(TIMES[step])
        scalars = sm.Fetch(reader).GetPointData().GetArray("pulse")
        check(same(vtk_to_numpy(scalars), array[step].ravel()), f"at {TIMES[step]} s it is step {step}")

    corners = places(reader, (0, 0, 0), (31, 0, 0), (0, 23, 0), (31, 23, 15))
    expected = [[0, 0, 0], [3.1, 0, 0], [0, 2.3, 0], [3.1, 2.3, 1.5]]
    check(np.allclose(corners, expected), "the samples are 0.1 apart, x along the last axis")

    view = CreateRenderView(ViewSize=[400, 300])
    display = Show(reader, view)
    display.SetRepresentationType("Slice")
    ColorBy(display, ("POINTS", "pulse"))
    view.ResetCamera()
    scene = GetAnimationScene()
    scene.UpdateAnimationUsingDataTimeSteps()
    for old in glob.glob(os.path.join(folder, "frame*.png")):
        os.remove(old)
    SaveAnimation(os.path.join(folder, "frame.png"), view, FrameWindow=[0, len(TIMES) - 1])
    frames = sorted(glob.glob(os.path.join(folder, "frame*.png")))
    check(len(frames) == len(TIMES), "there is a frame for every time step")
    check(len({content(frame) for frame in frames}) == len(TIMES), "and each shows something else")


def content(path):
    """Return the bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


if __name__ == "__main__":
    load_plugin()
    place = results("animation_4d")
    main(place)
    print(f"\nAll right.  The file and the frames are in {place}")
