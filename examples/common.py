"""What the examples share: the plugin, a folder for results, pictures, and checks that stop a wrong run."""

from __future__ import annotations

import os
import sys

import numpy as np
from paraview import simple
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkIOImage import vtkPNGReader

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = os.path.join(os.path.dirname(HERE), "plugin", "NumPyIO.py")


def load_plugin():
    """Load the plugin, as Tools > Manage Plugins > Load New does in the window."""
    simple.LoadPlugin(PLUGIN, remote=False, ns=vars(simple))


def results(name):
    """Return the folder for the results of the example `name`: the first argument, or build/NAME."""
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(os.path.dirname(HERE), "build", name)
    os.makedirs(folder, exist_ok=True)
    return os.path.abspath(folder)


def check(right, what):
    """Stop with exit status 1 unless `right`."""
    if not right:
        sys.exit(f"WRONG: {what}")
    print("  checked:", what)


def same(one, other):
    """Tell whether two arrays are equal in shape, dtype and every bit."""
    return one.shape == other.shape and one.dtype == other.dtype and one.tobytes() == other.tobytes()


def information(source, name):
    """Return what a reader or writer says in its information property `name`."""
    source.UpdatePropertyInformation()
    lines = source.GetProperty(name).GetData()
    return lines if isinstance(lines, str) else "\n".join(lines)


def values(source, name, association="POINTS"):
    """Return the array `name` of `source` as NumPy sees it: (points or cells[, components]), x fastest."""
    source.UpdatePipeline()
    # ParaView 5.11's own servermanager.Fetch() mixes up the cells of rectilinear grids.
    data = source.GetClientSideObject().GetOutputDataObject(0)
    attributes = data.GetPointData() if association == "POINTS" else data.GetCellData()
    array = attributes.GetArray(name)
    check(array is not None, f"there are {association.lower()} named {name}")
    return vtk_to_numpy(array)


def places(source, *points):
    """Return where `points` of `source` lie, x y z: (len(points), 3); a point is a tuple of its indices x, y, z."""
    source.UpdatePipeline()
    grid = source.GetClientSideObject().GetOutputDataObject(0)
    columns, rows, _planes = grid.GetDimensions()
    return np.array([grid.GetPoint(i + columns * (j + rows * k)) for i, j, k in points])


def picture(path, source, name, association="POINTS", representation="Surface", azimuth=0.0, elevation=0.0):
    """Draw `source` coloured by its array `name` into a PNG, and see that something is on it."""
    view = simple.CreateRenderView(ViewSize=[800, 600])
    display = simple.Show(source, view)
    display.SetRepresentationType(representation)
    simple.ColorBy(display, (association, name))
    display.RescaleTransferFunctionToDataRange(True)
    display.SetScalarBarVisibility(view, True)
    view.ResetCamera()
    camera = view.GetActiveCamera()
    camera.Elevation(elevation)
    camera.Azimuth(azimuth)
    view.ResetCamera()
    camera.Zoom(1.3)
    simple.Render(view)
    simple.SaveScreenshot(path, view)
    simple.Delete(view)
    png = vtkPNGReader()
    png.SetFileName(path)
    png.Update()
    colours = np.unique(vtk_to_numpy(png.GetOutput().GetPointData().GetScalars()), axis=0)
    check(len(colours) > 50, f"{path} shows something")
