"""PyEVTK's files and ours: the same arrays through each of its functions, and through ``numpy.savez``."""

from __future__ import annotations

import os

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import FormatError
from npyvtk.vtk import vtk_files
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkVersion

hl = pytest.importorskip("pyevtk.hl", reason="PyEVTK is not installed; tests/run.sh installs it")
OLD = (vtkVersion.GetVTKMajorVersion(), vtkVersion.GetVTKMinorVersion()) < (9, 3)
RANDOM = np.random.default_rng(11)


def attributes(data, of):
    found = getattr(data, f"Get{of}Data")()
    return {found.GetArrayName(k): vtk_to_numpy(found.GetArray(k)) for k in range(found.GetNumberOfArrays())}


def cells_of(data):
    found = []
    for k in range(data.GetNumberOfCells()):
        ids = data.GetCell(k).GetPointIds()
        found.append((data.GetCellType(k), [ids.GetId(j) for j in range(ids.GetNumberOfIds())]))
    return found


def same(theirs, ours):
    """Equal in type, bounds, counts, places, cells and values, in VTK's own order.

    Lines are poly data here, where PyEVTK writes them as an unstructured grid.
    """
    assert ours.GetClassName() == ("vtkPolyData" if ours.IsA("vtkPolyData") else theirs.GetClassName())
    assert ours.GetBounds() == theirs.GetBounds()
    assert ours.GetNumberOfPoints() == theirs.GetNumberOfPoints()
    assert ours.GetNumberOfCells() == theirs.GetNumberOfCells()
    for k in range(theirs.GetNumberOfPoints()):
        assert ours.GetPoint(k) == theirs.GetPoint(k)
    assert cells_of(ours) == cells_of(theirs)
    for of in ("Point", "Cell"):
        mine, other = attributes(ours, of), attributes(theirs, of)
        assert set(mine) == set(other), of
        for name, values in other.items():
            assert mine[name].dtype == values.dtype
            np.testing.assert_array_equal(mine[name], values)


def theirs(path):
    """PyEVTK's file, read by VTK; Debian 12's ParaView takes some appended bytes for XML, in its own files as well."""
    try:
        return vtk_files.read_file(path)
    except FormatError as error:
        if OLD and "Error parsing XML" in str(error):
            pytest.skip("this ParaView cannot read every appended XML file")
        raise


@pytest.fixture
def both(tmp_path):
    """``both(function, arguments, arrays, **options)``: what PyEVTK wrote, and what `numpy.savez` wrote."""

    def open_both(written, arrays, **options):
        path = str(tmp_path / "ours.npz")
        np.savez(path, **arrays)
        return theirs(written), npyvtk.read(path, **options)

    return open_both


def fortran(*shape):
    return np.asfortranarray(RANDOM.random(shape))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u1", "i8"])
def test_image(tmp_path, both, dtype):
    p, c = (100 * fortran(5, 6, 7)).astype(dtype), (100 * fortran(4, 5, 6)).astype(dtype)
    written = hl.imageToVTK(
        str(tmp_path / "image"), (1.0, 2.0, 3.0), (0.5, 1.0, 2.0), pointData={"p": p}, cellData={"c": c}
    )
    arrays = {"p": p, "c": c, "origin": [1.0, 2, 3], "spacing": [0.5, 1, 2], "axes": "xyz"}
    same(*both(written, arrays))


def test_image_vectors(tmp_path, both):
    u, v, w = (fortran(5, 6, 7) for _ in range(3))
    written = hl.imageToVTK(str(tmp_path / "image"), pointData={"uvw": (u, v, w)})
    same(*both(written, {"uvw": np.stack([u, v, w], axis=-1), "axes": "xyzc"}))


def test_rectilinear_grid(tmp_path, both):
    x, y, z = np.array([0, 1, 3, 7.0]), np.array([0, 2, 2.5, 8, 9]), np.array([-1, 0, 5.0])
    p, c = fortran(4, 5, 3), fortran(3, 4, 2)
    written = hl.gridToVTK(str(tmp_path / "grid"), x, y, z, pointData={"p": p}, cellData={"c": c})
    assert written.endswith(".vtr")
    same(*both(written, {"x": x, "y": y, "z": z, "p": p, "c": c}))  # the lengths tell the order


def test_structured_grid(tmp_path, both):
    x, y, z = (np.asfortranarray(a) for a in np.meshgrid(np.arange(4.0), np.arange(5.0), np.arange(3.0), indexing="ij"))
    x = np.asfortranarray(x + 0.1 * fortran(4, 5, 3))
    p, c = fortran(4, 5, 3), fortran(3, 4, 2)
    written = hl.gridToVTK(str(tmp_path / "grid"), x, y, z, pointData={"p": p}, cellData={"c": c})
    assert written.endswith(".vts")
    same(*both(written, {"x": x, "y": y, "z": z, "p": p, "c": c, "axes": "xyz"}))


def test_points(tmp_path, both):
    x, y, z, t = (RANDOM.random(50) for _ in range(4))
    written = hl.pointsToVTK(str(tmp_path / "points"), x, y, z, data={"t": t})
    same(*both(written, {"x": x, "y": y, "z": z, "t": t}))


def test_lines(tmp_path, both):
    x, y, z, t = (RANDOM.random(20) for _ in range(4))
    v = RANDOM.random(10)
    written = hl.linesToVTK(str(tmp_path / "lines"), x, y, z, cellData={"v": v}, pointData={"t": t})
    lines = np.arange(20).reshape(10, 2)  # every two points are a line
    same(*both(written, {"points": np.stack([x, y, z], 1), "lines": lines, "t": t, "v": v}))


def test_polylines(tmp_path, both):
    x, y, z, t = (RANDOM.random(9) for _ in range(4))
    per_line, v = np.array([4, 2, 3]), RANDOM.random(3)
    written = hl.polyLinesToVTK(
        str(tmp_path / "poly"), x, y, z, pointsPerLine=per_line, cellData={"v": v}, pointData={"t": t}
    )
    arrays = {
        "points": np.stack([x, y, z], 1),
        "connectivity": np.arange(9),
        "offsets": np.cumsum(per_line),
        "types": np.full(3, 4),
        "t": t,
        "v": v,
    }
    same(*both(written, arrays))


def test_unstructured_grid(tmp_path, both):
    x, y, z = np.array([0, 1, 2, 0, 1, 2.0]), np.array([0, 0, 0, 1, 1, 1.0]), np.zeros(6)
    connectivity, offsets = np.array([0, 1, 3, 1, 2, 5, 4]), np.array([3, 7])
    types, p, c = np.array([5, 9]), RANDOM.random(6), RANDOM.random(2)
    written = hl.unstructuredGridToVTK(
        str(tmp_path / "mesh"), x, y, z, connectivity, offsets, types, cellData={"c": c}, pointData={"p": p}
    )
    arrays = {"x": x, "y": y, "z": z, "connectivity": connectivity, "offsets": offsets, "types": types, "c": c, "p": p}
    same(*both(written, arrays))


def test_what_is_converted_is_what_pyevtk_writes(tmp_path):
    """The same in one line of the command, without PyEVTK."""
    from npyvtk.__main__ import main

    p = fortran(5, 6, 7)
    np.savez(tmp_path / "a.npz", p=p, axes="xyz", spacing=[0.5, 1, 2])
    written = hl.imageToVTK(str(tmp_path / "image"), spacing=(0.5, 1.0, 2.0), pointData={"p": p})
    assert main(["convert", str(tmp_path / "a.npz"), str(tmp_path / "a.vti")]) == 0
    assert os.path.exists(tmp_path / "a.vti")
    ours = vtk_files.read_file(str(tmp_path / "a.vti"))
    ours.GetFieldData().Initialize()
    same(theirs(written), ours)
