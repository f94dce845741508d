"""Files that nobody here wrote, found in installed packages: each opens as its users would expect.

Producers: the projects whose packages are named, with ``numpy.save`` and ``numpy.savez`` of many versions of
NumPy, Python 2 included.
A file whose package is not installed is left out; `test_there_are_files` holds that enough are.
"""

from __future__ import annotations

import importlib.util
import os

import npyvtk
import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.errors import NumPyIOError
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import mutable
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet


def find(package, place):
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    path = os.path.join(next(iter(spec.submodule_search_locations)), *place.split("/"))
    return path if os.path.exists(path) else None


# package, file, member -> (shape of the dataset, association)
IMAGES = [
    ("matplotlib", "mpl-data/sample_data/axes_grid/bivariate_normal.npy", "bivariate_normal", (15, 15, 1)),
    ("pywt", "data/aero.npz", "data", (512, 512, 1)),
    ("pywt", "data/ascent.npz", "data", (512, 512, 1)),
    ("pywt", "data/camera.npz", "data", (512, 512, 1)),
    ("pywt", "data/sst_nino3.npz", "data", None),
    ("skimage", "data/lfw_subset.npy", "lfw_subset", (25, 25, 200)),
    ("skimage", "data/motorcycle_disp.npz", "arr_0", (741, 500, 1)),
    ("scipy", "stats/_sobol_direction_numbers.npz", "vinit", (18, 21201, 1)),
    ("scipy", "stats/tests/data/jf_skew_t_gamlss_pdf_data.npy", "jf_skew_t_gamlss_pdf_data", (123, 4, 1)),
]  # fmt: skip
TABLES = [
    ("numpy", "lib/tests/data/python3.npy", 2),
    ("numpy", "lib/tests/data/win64python2.npy", 2),
    ("pywt", "data/ecg.npz", 1024),
    ("matplotlib", "mpl-data/sample_data/goog.npz", 1047),
    ("scipy", "interpolate/tests/data/gcvspl.npz", 100),
    ("scipy", "stats/tests/data/levy_stable/stable-loc-scale-sample-data.npy", 126),
    ("scipy", "stats/tests/data/rel_breitwigner_pdf_sample_data_ROOT.npy", 1203),
    ("scipy", "stats/tests/data/levy_stable/stable-Z1-pdf-sample-data.npy", 4589),
]
POINTS = [
    ("scipy", "interpolate/tests/data/estimate_gradients_hang.npy", "estimate_gradients_hang"),
    ("scipy", "interpolate/tests/data/bug-1310.npz", "data"),
    ("scipy", "spatial/tests/data/degenerate_pointset.npz", "c"),
    ("skimage", "morphology/disk_decompositions.npy", "disk_decompositions"),
]
COLLECTIONS = [
    ("scipy", "linalg/tests/data/carex_15_data.npz"),
    ("scipy", "linalg/tests/data/carex_18_data.npz"),
    ("scipy", "linalg/tests/data/carex_19_data.npz"),
    ("scipy", "linalg/tests/data/carex_6_data.npz"),
    ("scipy", "special/tests/data/gsl.npz"),
    ("scipy", "special/tests/data/local.npz"),
    ("scipy", "special/tests/data/boost.npz"),
    ("pywt", "tests/data/wavelab_test_signals.npz"),
    ("scipy", "fftpack/tests/fftw_longdouble_ref.npz"),
]
REFUSED = [
    ("numpy", "lib/tests/data/py2-objarr.npy"),
    ("numpy", "lib/tests/data/py3-objarr.npy"),
    ("numpy", "lib/tests/data/py3-objarr.npz"),
    ("numpy", "lib/tests/data/py2-np0-objarr.npy"),
    ("scipy", "sparse/linalg/tests/propack_test_data.npz"),
]


def files(rows):
    return [
        pytest.param(
            find(*row[:2]), *row[2:], id=f"{row[0]}-{os.path.basename(row[1])}",
            marks=[] if find(*row[:2]) else pytest.mark.skip(reason=f"{row[0]} is not installed with its data"),
        )
        for row in rows
    ]  # fmt: skip


def members(path):
    """Name -> array, as NumPy loads them."""
    if path.endswith(".npy"):
        return {os.path.basename(path)[:-4]: np.load(path, allow_pickle=False)}
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def test_there_are_files():
    found = [row for rows in (IMAGES, TABLES, POINTS, COLLECTIONS, REFUSED) for row in rows if find(*row[:2])]
    if importlib.util.find_spec("pywt") is None:
        pytest.skip("ParaView's own Python has some of the packages at most")
    assert len(found) >= 12


@pytest.mark.parametrize(("path", "member", "dims"), files(IMAGES))
def test_pictures_and_volumes(path, member, dims):
    data = npyvtk.read(path)
    array = members(path)[member]
    assert data.GetClassName() == "vtkImageData"
    assert data.GetDimensions() == (dims or (array.shape[1], array.shape[0], 1))
    found = vtk_to_numpy(data.GetPointData().GetArray(member))
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array.ravel())


def test_terrain_lies_where_it_is():
    path = find("matplotlib", "mpl-data/sample_data/jacksboro_fault_dem.npz")
    if path is None:
        pytest.skip("matplotlib is not installed with its data")
    found = members(path)
    elevation, dx, dy = found["elevation"], float(found["dx"]), float(found["dy"])
    rows, columns = elevation.shape
    west, north = float(found["xmin"]), float(found["ymin"])  # "ymin" is larger than "ymax": rows run south
    # As many spacings as values lead from end to end, so that each value is in the middle of its cell.
    np.testing.assert_allclose([found["xmax"] - west, north - found["ymax"]], [columns * dx, rows * dy])
    x, y = west + (np.arange(columns) + 0.5) * dx, north - (np.arange(rows) + 0.5) * dy
    # The places that Matplotlib's own example takes are less than a cell away.
    assert np.abs(x - np.linspace(west, found["xmax"], columns)).max() < dx
    assert np.abs(y - np.linspace(north, found["ymax"], rows)).max() < dy
    data = npyvtk.read(path)
    np.testing.assert_allclose(data.GetBounds()[:4], (west, found["xmax"], found["ymax"], north), rtol=0, atol=1e-9)
    assert data.GetDimensions() == (columns + 1, rows + 1, 1)
    values = vtk_to_numpy(data.GetCellData().GetArray("elevation"))
    for j, i in [(0, 0), (343, 402), (2, 7), (100, 300)]:
        at = data.FindCell((x[i], y[j], 0), None, 0, 0, mutable(0), [0.0] * 3, [0.0] * 8)
        bounds = data.GetCell(at).GetBounds()
        np.testing.assert_allclose(
            [bounds[0] + bounds[1], bounds[2] + bounds[3]], [2 * x[i], 2 * y[j]], rtol=0, atol=1e-9
        )
        assert values[at] == elevation[j, i]


def test_bathymetry_lies_on_its_coordinates():
    path = find("matplotlib", "mpl-data/sample_data/topobathy.npz")
    if path is None:
        pytest.skip("matplotlib is not installed with its data")
    found = members(path)
    data = npyvtk.read(path)
    assert data.GetClassName() == "vtkRectilinearGrid"
    values = vtk_to_numpy(data.GetPointData().GetArray("topo"))
    for j, i in [(0, 0), (90, 119), (40, 7), (3, 100)]:
        at = data.FindPoint((found["longitude"][i], found["latitude"][j], 0))
        assert values[at] == found["topo"][j, i]


@pytest.mark.filterwarnings("ignore:Reading `.npy` or `.npz` file required")
@pytest.mark.parametrize(("path", "rows"), files(TABLES))
def test_columns(path, rows):
    data = npyvtk.read(path)
    assert data.GetClassName() == "vtkTable"
    assert data.GetNumberOfRows() == rows
    for name, array in members(path).items():
        for field in array.dtype.names or [None]:
            column = array[field] if field else array
            titles = [name] if field is None else [field, f"{name}.{field}"]
            found = next(one for one in map(data.GetRowData().GetAbstractArray, titles) if one is not None)
            if column.dtype.kind in "SU":
                texts = [found.GetValue(k) for k in range(rows)]
                assert texts == np.char.decode(column).tolist() if column.dtype.kind == "S" else column.tolist()
            else:
                expected = column.view("i8") if column.dtype.kind == "M" else column
                np.testing.assert_array_equal(vtk_to_numpy(found), expected)


@pytest.mark.parametrize(("path", "member"), files(POINTS))
def test_points(path, member):
    data = npyvtk.read(path)
    array = members(path)[member]
    assert data.GetClassName() == "vtkUnstructuredGrid"
    found = vtk_to_numpy(data.GetPoints().GetData())
    np.testing.assert_array_equal(found[:, : array.shape[1]], array)


def parts(data):
    if data.IsA("vtkCompositeDataSet"):
        for k in range(data.GetNumberOfPartitionedDataSets()):
            assert data.GetMetaData(k).Get(vtkCompositeDataSet.NAME())
            yield from parts(data.GetPartitionAsDataObject(k, 0))
    else:
        yield data


@pytest.mark.parametrize("path", files(COLLECTIONS))
def test_several_shapes(path):
    data = npyvtk.read(path)
    described = describe(path)
    assert described.layout.steps == 1
    received = "\n".join(described.lines)
    found = {}
    for part in (*parts(data), data):
        for of in ("Point", "Cell", "Row", "Field"):
            if hasattr(part, f"Get{of}Data"):
                attributes = getattr(part, f"Get{of}Data")()
                for k in range(attributes.GetNumberOfArrays()):
                    found[attributes.GetAbstractArray(k).GetName()] = attributes.GetAbstractArray(k)
    for name, array in members(path).items():
        assert f"{name}: {array.shape}" in received
        if name in found and array.dtype.kind in "iuf":
            np.testing.assert_array_equal(vtk_to_numpy(found[name]).ravel(), array.ravel().astype(float))
        elif name not in found:
            assert "positions of points" in next(line for line in received.splitlines() if line.startswith(f"{name}:"))


@pytest.mark.parametrize("path", files(REFUSED))
def test_pickles_are_refused(path):
    with pytest.raises(NumPyIOError, match="Python objects") as caught:
        npyvtk.read(path)
    assert os.path.basename(path) in str(caught.value)
    assert "\n" not in str(caught.value)
