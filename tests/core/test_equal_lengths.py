"""Where lengths are equal by chance, names and the user's choices tell axes apart, and what is assumed is said."""

import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.load import load
from npyvtk.options import ReadOptions
from vtkmodules.util.numpy_support import vtk_to_numpy

RNG = np.random.default_rng(32)


def opened(tmp_path, step=0, options=None, **arrays):
    """What the file with these arrays becomes, and the lines on it."""
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    description = describe(str(path), options)
    return load(description, options, step=step), " | ".join(description.lines)


def values_of(data, name, kind="Point"):
    return vtk_to_numpy(getattr(data, f"Get{kind}Data")().GetArray(name))


def places(data):
    return np.array([data.GetPoint(k) for k in range(data.GetNumberOfPoints())])


@pytest.mark.parametrize("n", [2, 4, 10])
@pytest.mark.parametrize("moving", ["named times", "no times", "x y z", ""])
def test_as_many_points_as_time_steps(tmp_path, n, moving):
    positions, speed, velocity = RNG.random((n, n, 3)), RNG.random((n, n)), RNG.random((n, n, 3))
    given = {"positions": positions if moving else positions[0]}
    if moving == "x y z":
        given = dict(zip("xyz", np.moveaxis(positions, -1, 0)))
    given.update({} if moving == "no times" else {"time": np.arange(n) / 2})
    data, said = opened(tmp_path, n - 1, **given, speed=speed, velocity=velocity, mass=speed[0])
    np.testing.assert_array_equal(places(data), positions[-1 if moving else 0])
    np.testing.assert_array_equal(values_of(data, "speed"), speed[-1])
    np.testing.assert_array_equal(values_of(data, "velocity"), velocity[-1])
    np.testing.assert_array_equal(values_of(data, "mass"), speed[0])
    assert said.count("as many points as time steps") == 3


def test_cell_data_of_as_many_time_steps_as_points(tmp_path):
    points, triangles = RNG.random((4, 3)), [[0, 1, 2], [0, 2, 3], [1, 2, 3], [0, 1, 3], [0, 3, 1]]
    load_of_cells = RNG.random((4, 5))
    given = {"points": points, "triangles": triangles, "q": load_of_cells, "time": np.arange(4)}
    data, said = opened(tmp_path, 3, **given)
    np.testing.assert_array_equal(values_of(data, "q", "Cell"), load_of_cells[3])
    assert "q: (4, 5) float64, axes tn, cell data" in said
    data, _ = opened(tmp_path, options=ReadOptions(axes="nc"), **given)
    np.testing.assert_array_equal(values_of(data, "q"), load_of_cells)


def test_as_many_levels_as_time_steps(tmp_path):
    rain, wind = RNG.random((3, 4, 5)), RNG.random((3, 3, 4, 5))
    given = {"lon": np.arange(5), "lat": [9, 7, 4, 0], "level": [1000, 850, 500], "time": [0, 6, 12], "wind": wind}
    _data, said = opened(tmp_path, **given, rain=rain)
    assert "rain: (3, 4, 5) float64, axes -z-yx, point data (as long as time, too; choose tyx for time steps)" in said
    data, _ = opened(tmp_path, 2, ReadOptions(axes="tyx"), **given, rain=rain)
    plane = data.GetPartitionAsDataObject(0, 0)
    assert plane.GetDimensions() == (5, 4, 1)
    np.testing.assert_array_equal(values_of(plane, "rain"), rain[2, ::-1].ravel())


@pytest.mark.parametrize("timed", [False, True])
def test_tensors_on_three_points_along_each_axis(tmp_path, timed):
    field = RNG.random((3, 3, 3, 3, 3))
    given = {**dict.fromkeys("xyz", np.arange(3)), **({"time": np.arange(3)} if timed else {})}
    data, _ = opened(tmp_path, 2 * timed, **given, field=field)
    values = field[2] if timed else field
    np.testing.assert_array_equal(values_of(data, "field"), values.reshape(27, -1))


@pytest.mark.parametrize("axes", ["xtz", "czx", "z-txc", "yxz"])
@pytest.mark.parametrize("equal", [False, True])
def test_axes_that_are_spelled_out_lie_on_the_coordinates(tmp_path, axes, equal):
    letters = axes.replace("-", "")
    lengths = dict(zip("xyztc", (4, 4, 4, 2, 3) if equal else (5, 3, 4, 2, 3)))
    coordinates = {k: np.cumsum(RNG.random(lengths[k]) + 0.1) for k in "xyz" if k in letters}
    field = RNG.random([lengths[k] for k in letters])
    data, said = opened(tmp_path, options=ReadOptions(axes=axes), **coordinates, field=field)
    assert data.GetClassName() == "vtkRectilinearGrid", said
    space = [k for k in "zyx" if k in letters]
    order = [letters.index(k) for k in "tzyxc" if k in letters]
    field = np.flip(field, letters.index("t")) if "-t" in axes else field
    field = field.transpose(order)[0] if "t" in letters else field.transpose(order)
    np.testing.assert_array_equal(values_of(data, "field").ravel(), field.ravel())
    grid = np.meshgrid(*(coordinates[k] for k in space), indexing="ij")
    for k, values in zip(space, grid):
        np.testing.assert_array_equal(places(data)[:, "xyz".index(k)], values.ravel())


def test_axes_of_a_grid_lie_on_no_points(tmp_path):
    given = {"points": RNG.random((4, 3)), "T": np.arange(4.0), "volume": RNG.random((4, 5, 6))}
    data, said = opened(tmp_path, options=ReadOptions(axes="zyx"), **given)
    assert data.GetPointData().GetNumberOfArrays() == 1
    assert "volume: (4, 5, 6) float64, fits nothing, field data" in said


@pytest.mark.parametrize("space", ["yx", "zyx"])
@pytest.mark.parametrize("k", [2, 3])
def test_components_after_the_time_steps(tmp_path, space, k):
    lengths = dict(zip("xyz", (6, 5, 4)))
    coordinates = {letter: np.arange(lengths[letter]) * 2.0 for letter in space}
    field = RNG.random((7, k, *(lengths[letter] for letter in space)))
    data, said = opened(tmp_path, 6, **coordinates, time=np.arange(7), field=field)
    assert data.GetClassName() == "vtkRectilinearGrid"
    np.testing.assert_array_equal(values_of(data, "field"), field[6].reshape(k, -1).T)
    assert f"axes tc{space}, point data (the file does not say what the second axis is, taken for components)" in said
    _data, said = opened(tmp_path, time=np.arange(7), field=RNG.random((7, k, 11, 12)))
    assert "axes tzyx, point data (as long as time; if these are components, choose tcyx)" in said


def test_a_last_axis_as_long_as_the_times_beside_coordinates(tmp_path):
    _data, said = opened(tmp_path, x=np.arange(6), y=np.arange(5), time=np.arange(6), u=RNG.random((6, 5, 6)))
    assert "axes tyx, point data (xyt fits the coordinates as well; choose Axes to change it)" in said


def test_a_short_column_of_a_long_table_stays_in_it(tmp_path):
    given = {"name": np.arange(5), "other": np.arange(7), "parts": RNG.random((5, 6))}
    data, said = opened(tmp_path, options=ReadOptions(dataset_type="Table"), **given)
    np.testing.assert_array_equal(vtk_to_numpy(data.GetRowData().GetArray("name")), np.arange(5))
    assert "other: (7,) int64, axes n, field data" in said


def test_rows_beside_columns_are_as_long_as_they_are(tmp_path):
    data, said = opened(tmp_path, a=np.arange(70), b=np.arange(70)[None], c=np.arange(5)[None])
    assert data.GetRowData().GetNumberOfArrays() == 2
    assert data.GetNumberOfRows() == 70
    assert "c: (1, 5) int64, axes nc, field data" in said


def test_a_plane_grid_that_moves(tmp_path):
    x, y, field = RNG.random((3, 7, 5, 6))
    data, said = opened(tmp_path, 6, x=x, y=y, field=field, mask=field[0], time=np.arange(7))
    assert data.GetExtent() == (0, 5, 0, 4, 0, 0)
    np.testing.assert_array_equal(places(data)[:, :2], np.stack([x[6], y[6]], -1).reshape(-1, 2))
    np.testing.assert_array_equal(values_of(data, "field"), field[6].ravel())
    np.testing.assert_array_equal(values_of(data, "mask"), field[0].ravel())
    assert "x: (7, 5, 6) float64, axes tyx, x of the points of a structured grid |" in said


def test_a_grid_that_moves_without_times(tmp_path):
    x, y, z, field = RNG.random((4, 3, 4, 5, 6))
    data, said = opened(tmp_path, 2, x=x, y=y, z=z, field=field)
    assert data.GetExtent() == (0, 5, 0, 4, 0, 3)
    np.testing.assert_array_equal(places(data), np.stack([x[2], y[2], z[2]], -1).reshape(-1, 3))
    np.testing.assert_array_equal(values_of(data, "field"), field[2].ravel())
    assert "structured grid (the file does not say what the first axis is, taken for time steps)" in said
    _data, said = opened(tmp_path, x=x, y=y, labels=np.arange(3))
    assert "structured grid" not in said


def test_a_height_of_one_axis_beside_curved_coordinates_is_told(tmp_path):
    x, y = np.meshgrid(np.arange(6.0), np.arange(5.0))
    _data, said = opened(tmp_path, lon=x, lat=y, depth=np.arange(4.0), t=np.arange(4), field=RNG.random((4, 5, 6)))
    assert "depth: (4,) is not used, as x and y have 2 axes; save all three with those of a field in space" in said


def test_vectors_on_as_many_points_as_time_steps_are_no_cell_data(tmp_path):
    given = {"points": RNG.random((5, 3)), "triangles": [[0, 1, 2], [1, 2, 3], [2, 3, 4]], "time": np.arange(5)}
    velocity, heat = RNG.random((5, 3)), RNG.random((5, 5))
    data, said = opened(tmp_path, 4, **given, velocity=velocity, heat=heat)
    np.testing.assert_array_equal(values_of(data, "velocity"), velocity)
    np.testing.assert_array_equal(values_of(data, "heat"), heat[4])
    assert "velocity: (5, 3) float64, axes nc, point data (as many points as time steps)" in said


def test_vectors_on_a_grid_of_as_many_rows_as_time_steps(tmp_path):
    (x, y), wind = RNG.random((2, 5, 6)), RNG.random((5, 5, 6, 2))
    data, said = opened(tmp_path, 4, x=x, y=y, time=np.arange(5), wind=wind, mean=wind[0])
    assert data.GetClassName() == "vtkStructuredGrid", said
    np.testing.assert_array_equal(values_of(data, "wind"), wind[4].reshape(-1, 2))
    np.testing.assert_array_equal(values_of(data, "mean"), wind[0].reshape(-1, 2))


@pytest.mark.parametrize("n", [2, 3, 4])
def test_a_thin_volume_beside_a_geometry_in_space_is_told(tmp_path, n):
    for geometry in ({"spacing": [1, 1, 2]}, {"dx": 1.0, "dy": 1.0, "dz": 2.0}):
        _data, said = opened(tmp_path, density=RNG.random((8, 9, n)), **geometry)
        assert "axes yxc, point data (if the last axis is x, choose zyx" in said
    _data, said = opened(tmp_path, density=RNG.random((8, 9, n)), spacing=[1, 2])
    assert "choose zyx" not in said


@pytest.mark.parametrize("time", ["time", "t"])
@pytest.mark.parametrize("shape", [(9, 5), (9, 3, 5)])
def test_times_as_long_as_the_last_axis_of_an_array_on_points(tmp_path, time, shape):
    points, u = RNG.random((9, 3)), RNG.random(shape)
    given = {"nodes": points, "elements": [[0, 1, 2], [2, 3, 4]], time: np.arange(5), "u": u}
    axes = "nt" if len(shape) == 2 else "nct"
    _data, said = opened(tmp_path, **given)
    assert f"(the last axis is as long as {time}; choose {axes} for time steps)" in said
    data, _ = opened(tmp_path, 4, ReadOptions(axes=axes), **given)
    np.testing.assert_array_equal(places(data), points)
    np.testing.assert_array_equal(values_of(data, "u"), u[..., 4])
