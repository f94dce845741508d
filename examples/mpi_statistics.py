"""Mean and standard deviation of a large array over many processes, each of which reads its own piece.

    mpiexec -n 4 pvbatch examples/mpi_statistics.py [FOLDER]

One process does it too: ``pvpython examples/mpi_statistics.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, load_plugin, results
from paraview import servermanager as sm
from paraview.simple import Calculator, IntegrateVariables, OpenDataFile
from vtkmodules.util.numpy_support import vtk_to_numpy


def main(folder):
    array = np.random.default_rng(7).normal(20.0, 3.0, (96, 80, 64))
    path = os.path.join(folder, "temperature.npy")
    np.save(path, array)

    # As cell data every value counts once, on whichever process it lies: integral / volume is the mean.
    reader = OpenDataFile(path)
    reader.Association = "Cell Data"
    squares = Calculator(Input=reader, AttributeType="Cell Data", ResultArrayName="squares")
    squares.Function = "temperature^2"
    sums = sm.Fetch(IntegrateVariables(Input=squares)).GetCellData()
    volume, total, total_of_squares = (
        vtk_to_numpy(sums.GetArray(name)).item() for name in ("Volume", "temperature", "squares")
    )
    mean = total / volume
    deviation = np.sqrt(total_of_squares / volume - mean**2)
    low, high = reader.CellData["temperature"].GetRange()
    print(f"{path} over {processes()} processes:")
    print(f"  mean {mean:.6f}, standard deviation {deviation:.6f}, from {low:.6f} to {high:.6f}")

    check(volume == array.size, "every value was counted once")
    check(np.isclose(mean, array.mean(), rtol=1e-12), "the mean is NumPy's")
    check(np.isclose(deviation, array.std(), rtol=1e-9), "and so is the standard deviation")
    check((low, high) == (array.min(), array.max()), "and the range")


def processes():
    """Return how many processes work on the data."""
    return sm.ActiveConnection.GetNumberOfDataPartitions()


if __name__ == "__main__":
    load_plugin()
    place = results("mpi_statistics")
    main(place)
    print(f"\nAll right.  The file is in {place}")
