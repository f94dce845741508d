"""Files as people write them, under the names that they use: values and places against NumPy.

The files are made here; what merely uses one of these names, in another shape or dtype, must stay what it was.
"""

import npyvtk
import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.load import load
from vtkmodules.util.numpy_support import vtk_to_numpy

RNG = np.random.default_rng(20)


def opened(tmp_path, step=0, options=None, **arrays):
    """What the file with these arrays becomes, and what is said of it."""
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    description = describe(str(path), options)
    return load(description, options, step=step), description


def values_of(attributes, name):
    array = attributes.GetArray(name)
    assert array is not None, name
    return vtk_to_numpy(array)


def places(data):
    return np.array([data.GetPoint(k) for k in range(data.GetNumberOfPoints())])


def check_grid(data, name, values, axes):
    """Every value of an array (nx, ny, nz, k) or less lies where the coordinates of its axes say."""
    found = values_of(data.GetPointData(), name)
    for k, place in enumerate(places(data)):
        index = tuple(int(np.argmin(np.abs(axis - at))) for axis, at in zip(axes, place) if axis is not None)
        where = [axis[i] for axis, i in zip([axis for axis in axes if axis is not None], index)]
        np.testing.assert_allclose([at for axis, at in zip(axes, place) if axis is not None], where)
        np.testing.assert_array_equal(found[k], values[index])


X, Y, Z = np.array([0, 1, 3, 6, 7.5]), np.array([-2, 0, 1.0]), np.array([10, 20, 40, 80.0])
FIELD = RNG.random((5, 3, 4))  # x y z
FAMILIES = [
    "x y z", "lon lat depth", "x latitude level", "X Y Z", "xs ys zs", "xc yc zc", "xx yy zz", "xv yv zv",
    "x_coord y_coord z_coord", "grid_x grid_y grid_z",
]  # fmt: skip


@pytest.mark.parametrize("names", FAMILIES)
def test_coordinates_of_a_family_make_a_rectilinear_grid(tmp_path, names):
    x, y, z = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, z: Z, "f": FIELD.transpose(2, 1, 0), "g": FIELD + 1})
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "f", FIELD, (X, Y, Z))
    check_grid(data, "g", FIELD + 1, (X, Y, Z))


@pytest.mark.parametrize("names", ["lons lats", "lon_rho lat_rho", "xs ys", "X Y"])
def test_two_coordinates_of_a_family(tmp_path, names):
    x, y = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, "f": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "f", FIELD[:, :, 0], (X, Y, None))


@pytest.mark.parametrize("names", ["xs y", "X ys", "lons y"])
def test_letters_of_two_families_are_no_coordinates(tmp_path, names):
    x, y = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, "f": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkImageData"


@pytest.mark.parametrize("x", [(5, 1), (5, 1, 1)])
@pytest.mark.parametrize("square", [False, True])
def test_coordinates_with_axes_of_length_one(tmp_path, x, square):
    ys = np.arange(5.0) ** 2 if square else Y
    field = RNG.random((5, ys.size))
    shape = (1, -1) if len(x) == 2 else (1, -1, 1)
    given = {"x": X.reshape(x), "y": ys.reshape(shape), "u": field}
    data, _ = opened(tmp_path, **given)
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "u", field, (X, ys, None))  # broadcast: x first, also where both orders fit
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        for name, values in given.items():
            np.testing.assert_array_equal(saved[name], values)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    assert again.GetBounds() == data.GetBounds()


@pytest.mark.parametrize(("order", "names"), [("xz", "xz"), ("zx", "xz"), ("yz", "yz"), ("zy", "yz")])
def test_two_coordinates_that_stand_upright(tmp_path, order, names):
    along = {"x": X, "y": Y, "z": Z}
    field = RNG.random(tuple(along[letter].size for letter in order))
    data, _ = opened(tmp_path, **{letter: along[letter] for letter in names}, model=field)
    assert data.GetClassName() == "vtkRectilinearGrid"
    axes = tuple(along[letter] if letter in names else None for letter in "xyz")
    check_grid(data, "model", field if order == names else field.T, axes)


@pytest.mark.parametrize(
    "names", ["xedges yedges zedges", "x_edges y_edges z_edges", "xbins ybins zbins", "xedges vedges wedges"]
)
@pytest.mark.parametrize("n", [2, 3])
def test_edges_hold_cells_x_first(tmp_path, names, n):
    rows = RNG.random((50, n))
    counts, edges = np.histogramdd(rows, bins=3)
    data, _ = opened(tmp_path, H=counts, **dict(zip(names.split(), edges)))
    assert data.GetClassName() == "vtkRectilinearGrid"
    found = values_of(data.GetCellData(), "H")
    bounds = np.array([data.GetCell(k).GetBounds() for k in range(data.GetNumberOfCells())]).reshape(-1, 3, 2)
    assert found.size == counts.size
    for value, cell in zip(found, bounds):
        index = tuple(int(np.searchsorted(edge, cell[k].mean())) - 1 for k, edge in enumerate(edges))
        assert value == counts[index]


@pytest.mark.parametrize("names", ["X Y", "lon_rho lat_rho", "xx yy", "XX YY"])
def test_coordinates_of_two_axes_with_a_field(tmp_path, names):
    x, y = np.meshgrid(X, Y)
    x, y = x + 0.1 * y, y - 0.2 * x
    first, second = names.split()
    data, _ = opened(tmp_path, **{first: x, second: y, "h": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_allclose(places(data), np.stack([x, y, 0 * x], -1).reshape(-1, 3))
    np.testing.assert_array_equal(values_of(data.GetPointData(), "h"), FIELD[:, :, 0].T.ravel())


def test_a_surface_of_coordinates_alone(tmp_path):
    x, y = np.meshgrid(X, Y)
    data, _ = opened(tmp_path, X=x, Y=y, Z=np.sin(x * y))
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_allclose(places(data), np.stack([x, y, np.sin(x * y)], -1).reshape(-1, 3))


def test_one_dimensional_coordinates_go_before_their_meshgrid(tmp_path):
    names = dict(zip("XYZ", np.meshgrid(X, Y, Z, indexing="ij")))
    data, _ = opened(tmp_path, **names, x=X, y=Y, z=Z, u=FIELD)
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "u", FIELD, (X, Y, Z))


def test_a_height_as_long_as_the_first_axis(tmp_path):
    data, description = opened(tmp_path, x=X, y=Y, zmid=Z, model=FIELD.transpose(2, 1, 0))
    assert description.layout.steps == 1
    check_grid(data, "model", FIELD, (X, Y, Z))


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": RNG.random((40, 6)), "Y": RNG.random((40, 6))},  # nothing lies on them
        {"X": RNG.random((40, 3)), "Y": RNG.random((40, 3)), "P": RNG.random((40, 3))},  # rows of three columns
        {"X": RNG.integers(0, 255, (9, 8, 8)).astype(np.uint8), "Y": np.arange(9)},
        {"X": RNG.random((40, 8)), "y": np.arange(40)},
        {"xs": RNG.random(5), "ys": RNG.random(3), "f": RNG.random((3, 5))},  # they neither rise nor fall
        {"x": np.arange(9.0), "z": np.arange(7.0), "f": RNG.random((5, 6))},  # lengths of something else
        {"x": X, "xedges": np.arange(6.0), "f": RNG.random((5, 6))},  # one axis alone
    ],
)
def test_names_alone_make_no_grid(tmp_path, arrays):
    data, _ = opened(tmp_path, **arrays)
    leaves = [data]
    if data.IsA("vtkPartitionedDataSetCollection"):
        leaves = [data.GetPartitionAsDataObject(k, 0) for k in range(data.GetNumberOfPartitionedDataSets())]
    assert not {leaf.GetClassName() for leaf in leaves} & {"vtkRectilinearGrid", "vtkStructuredGrid"}


# ---- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t", "times", "ts", "tsteps", "time_s", "timestamps"])
def test_time_under_another_name(tmp_path, name):
    field, times = RNG.random((4, 6, 7)), np.array([0, 0.5, 2, 3])
    data, description = opened(tmp_path, step=2, rho=field, **{name: times})
    assert description.layout.times == tuple(times)
    assert data.GetDimensions() == (7, 6, 1)
    np.testing.assert_array_equal(values_of(data.GetPointData(), "rho"), field[2].ravel())


@pytest.mark.parametrize(
    "arrays",
    [
        {"t": np.arange(6.0), "f": RNG.random((6, 7))},  # a picture of space and time
        {"t": np.arange(7.0), "f": RNG.random((4, 6, 7))},  # not the first axis
        {"t": np.array([0, 1, 1, 2.0]), "f": RNG.random((4, 6, 7))},  # does not rise
        {"t": np.array([0.0]), "f": RNG.random((1, 6, 7))},  # one alone
        {"t": np.float64(3), "f": RNG.random((4, 6, 7))},
        {"t": np.arange(4.0)[:, None], "f": RNG.random((4, 6, 7))},
        {"t": np.arange(4.0), "time": np.float64(7), "f": RNG.random((4, 6, 7))},  # `time` says otherwise
    ],
)
def test_what_is_no_time(tmp_path, arrays):
    data, description = opened(tmp_path, **arrays)
    assert description.layout.steps == 1
    assert values_of(data.GetPointData(), "f").size == arrays["f"].size
