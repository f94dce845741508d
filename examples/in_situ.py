"""A simulation in NumPy that saves NumPy files through ParaView Catalyst while it runs.

    pvpython examples/in_situ.py [FOLDER]
    mpiexec -n 2 pvbatch --sym examples/in_situ.py [FOLDER]

Heat spreads in a box of 40 x 30 x 20 points.
After every step the simulation shows its array to Catalyst, which shares the memory and does what
``in_situ/pipeline.py`` says: with the extractor NumPy it saves the whole grid at every fifth step, and a surface
of equal temperature at each.

Any ParaView with Catalyst's Python bridge will do: Debian's packages of 5.11, 5.13 and 6.1 have it.
"""

from __future__ import annotations

import os

import numpy as np
from common import HERE, check, results, same
from paraview.catalyst import bridge
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkParallelCore import vtkMultiProcessController

NX, NY, NZ = 40, 30, 20
STEPS = 11


def step(t):
    """Spread the heat for one time step; the outside stays cold."""
    new = t.copy()
    inner = t[1:-1, 1:-1, 1:-1]
    neighbours = (
        t[2:, 1:-1, 1:-1] + t[:-2, 1:-1, 1:-1] + t[1:-1, 2:, 1:-1] + t[1:-1, :-2, 1:-1]
        + t[1:-1, 1:-1, 2:] + t[1:-1, 1:-1, :-2]
    )  # fmt: skip
    new[1:-1, 1:-1, 1:-1] = inner + 0.15 * (neighbours - 6 * inner)
    return new


def grid(t, first, last):
    """Show planes `first` to `last` of the (nz, ny, nx) array `t` to VTK, without a copy."""
    image = vtkImageData()
    image.SetExtent(0, NX - 1, 0, NY - 1, first, last)
    array = numpy_to_vtk(t[first : last + 1].ravel(), deep=0)
    array.SetName("temperature")
    image.GetPointData().SetScalars(array)
    return image


def simulate():
    """Run the simulation, and return what the grid was after each step."""
    t = np.zeros((NZ, NY, NX))
    t[8:12, 10:20, 12:28] = 1.0
    found = []
    controller = vtkMultiProcessController.GetGlobalController()
    rank, ranks = controller.GetLocalProcessId(), controller.GetNumberOfProcesses()
    # Every rank computes the whole box and hands over its share of the planes; neighbours share one.
    first, last = rank * (NZ - 1) // ranks, (rank + 1) * (NZ - 1) // ranks
    for number in range(STEPS):
        image = grid(t, first, last)
        bridge.coprocess(number * 0.1, number, image, name="heat", wholeExtent=[0, NX - 1, 0, NY - 1, 0, NZ - 1])
        found.append(t)
        t = step(t)
    return found, rank


if __name__ == "__main__":
    folder = os.environ["IN_SITU_RESULTS"] = results("in_situ")
    bridge.initialize()
    bridge.add_pipeline(os.path.join(HERE, "in_situ", "pipeline.py"), 2)
    history, rank = simulate()
    bridge.finalize()
    if rank == 0:
        for number in (0, 5, 10):
            with np.load(os.path.join(folder, f"heat_{number:04d}.npz"), allow_pickle=False) as saved:
                check(same(saved["temperature"], history[number]), f"step {number} was saved, every bit of it")
                check(np.isclose(saved["time"], number * 0.1), f"with its time, {number * 0.1:.1f}")
        for number in range(STEPS):
            with np.load(os.path.join(folder, f"hot_{number:04d}.npz"), allow_pickle=False) as saved:
                check(len(saved["points"]) > 100, f"the surface of step {number} was saved")
        print(f"\nAll right.  The files are in {folder}")
