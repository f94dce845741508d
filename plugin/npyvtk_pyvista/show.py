"""A file as ParaView shows it at first, drawn by PyVista: in a window, or into a picture without one.

An image is drawn as its middle slice and all else as its surface, in the colours of the array that is first in the
file; ``uint8`` colours are the colours that they are.
"""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from io import BytesIO
from typing import TYPE_CHECKING

import pyvista
from npyvtk.errors import FileError, OptionError, UnsupportedError
from npyvtk.files.publish import atomic_output, naming_path
from npyvtk.options import WHOLE_AXIS
from npyvtk.plan.layout import Block
from npyvtk.plan.names import places_of
from npyvtk.series import Series
from npyvtk.vtk.datasets import GHOSTS
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkLogger

from .reader import attributes_of, wrap

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from npyvtk.options import ReadOptions

__all__ = ["show"]

VIEWS = {2: "xy", 0: "yz", 1: "xz"}  # the plane to look at, by the axis along which the data has no extent


def show(path: str, options: ReadOptions, *, array: str = "", step: int = 0, screenshot: str = "") -> None:
    """Draw one time step of a file.

    Parameters
    ----------
    path : str
    options : ReadOptions
    array : str
        What to colour by; default: the first array that can be.
    step : int
        From 0.
    screenshot : str
        Name of a ``.png`` to draw into; default: a window, which stays until it is closed.

    Raises
    ------
    NumPyIOError
        The file cannot be read, has nothing to draw, or there is no screen.
    """
    if screenshot and not screenshot.lower().endswith(".png"):
        raise OptionError(f"{screenshot}: the extension must be .png. Choose another name.")
    if not screenshot and sys.platform == "linux" and not os.environ.get("DISPLAY"):  # VTK would return at once
        raise FileError(f"{path}: there is no screen to show it on. Draw it with --screenshot picture.png.")
    verbosity = vtkLogger.GetCurrentVerbosityCutoff()
    if screenshot:
        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_ERROR)  # a warning that there is no screen
    try:
        plotter = _drawn(path, options, array, step, bool(screenshot))
        if screenshot:
            picture = BytesIO()
            plotter.screenshot(picture)
            with naming_path(screenshot), atomic_output(screenshot) as file:
                file.write(picture.getvalue())
        else:
            plotter.show(title=path)
        plotter.close()
    finally:
        vtkLogger.SetStderrVerbosity(verbosity)


def _drawn(path: str, options: ReadOptions, array: str, step: int, off_screen: bool) -> pyvista.Plotter:
    series = Series([path], options)
    steps, names = series.steps, series.names
    if not 0 <= step < len(steps):
        raise OptionError(f"{path}: --step is {step}; it must be 0 to {len(steps) - 1}.")
    if array and array not in names:
        raise OptionError(f"{path}: there is no array {array!r}; it has {', '.join(names) or 'none'}.")
    root = series.first.layout.root
    if isinstance(root, Block) and root.kind.has_geometry and min(root.dims) > 1:
        middle = (root.dims[2] - 1) // 2
        series.options = replace(options, voi=(*WHOLE_AXIS, *WHOLE_AXIS, middle, middle))
    data = wrap(series.load(steps[step], arrays=[array] if array else None))
    meshes = {id(mesh): mesh for mesh, association, _ in attributes_of(data) if association != "ROW" and mesh.n_points}
    if not meshes:
        raise UnsupportedError(
            f"{path}: there is nothing to draw: {'a table' if names else 'no data'} has no points. If its columns are "
            "positions, choose --dataset-type Points."
        )
    plotter = pyvista.Plotter(off_screen=off_screen)
    flat = [axis for axis in (2, 0, 1) if data.bounds[2 * axis] == data.bounds[2 * axis + 1]]
    for mesh in meshes.values():
        plotter.add_mesh(mesh, lighting=not flat, **_colours(mesh, names))
    if flat:
        plotter.enable_parallel_projection()
        plotter.camera_position = VIEWS[flat[0]]
    plotter.add_axes()
    return plotter


def _colours(mesh: pyvista.DataSet, names: Sequence[str]) -> dict[str, Any]:
    """Colour by the array that is first in the file."""
    place = places_of(names)
    found = [
        (place(attributes.GetArrayName(k)), association == "CELL", k, attributes.GetArray(k))
        for _, association, attributes in attributes_of(mesh)
        for k in range(attributes.GetNumberOfArrays())
        if attributes.GetArrayName(k) != GHOSTS and attributes.GetArray(k) is not None  # None: text
    ]
    if not found:
        return {}
    _, of_cells, _, array = min(found, key=lambda one: one[:3])
    values = vtk_to_numpy(array)
    return {
        "scalars": values,
        "preference": "cell" if of_cells else "point",
        "rgb": values.dtype == "u1" and values.ndim == 2 and values.shape[1] in (3, 4),
        "scalar_bar_args": {"title": array.GetName()},
    }
