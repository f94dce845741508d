"""Positions: which member holds them, as the user says, and positions of a structured grid in one member."""

from __future__ import annotations

import re

import numpy as np
import pytest
from npyvtk import read, write
from npyvtk.__main__ import main
from npyvtk.describe import describe
from npyvtk.errors import OptionError
from npyvtk.options import ReadOptions
from npyvtk.plan.context import positions_choices
from npyvtk.series import Series
from vtkmodules.util.numpy_support import vtk_to_numpy

RANDOM = np.random.default_rng(4)
REST, NOW = RANDOM.random((50, 3)), RANDOM.random((50, 3)).astype(">f4")
SPEED = RANDOM.random(50)
FACES = RANDOM.integers(0, 50, (20, 3))
GRID = RANDOM.random((3, 4, 5, 3))
X, Y, Z = (RANDOM.random((4, 5)) for _ in "xyz")


def save(tmp_path, **content):
    path = str(tmp_path / "a.npz")
    np.savez(path, **content)
    return path


def points_of(data):
    return vtk_to_numpy(data.GetPoints().GetData())


CASES = {
    "of two clouds": ("now", {"rest": REST, "now": NOW, "speed": SPEED}, "vtkUnstructuredGrid", NOW),
    "of a mesh": ("now", {"rest": REST, "now": NOW, "faces": FACES}, "vtkPolyData", NOW),
    "three": ("px, py,pz", dict(zip(("px", "py", "pz"), REST.T), a=SPEED), "vtkUnstructuredGrid", REST),
    "flat": ("px,py", {"px": X, "py": Y, "a": Z}, "vtkStructuredGrid", np.stack([X, Y, 0 * X], 2).reshape(-1, 3)),
    "curved": ("px,py,pz", {"px": X, "py": Y, "pz": Z}, "vtkStructuredGrid", np.stack([X, Y, Z], 2).reshape(-1, 3)),
    "beside points": ("g", {"points": REST, "g": GRID, "a": GRID[..., 0]}, "vtkStructuredGrid", GRID.reshape(-1, 3)),
    "a comma in the name": ("a,b", {"points": REST, "a,b": REST * 2}, "vtkUnstructuredGrid", REST * 2),
}


@pytest.mark.parametrize("case", CASES)
def test_the_named_members_are_the_positions_and_come_back(tmp_path, case):
    positions, content, kind, expected = CASES[case]
    path = save(tmp_path, **content)
    data = read(path, positions=positions)
    assert data.GetClassName() == kind
    np.testing.assert_array_equal(points_of(data), expected)
    write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        for name, values in content.items():
            assert (saved[name].dtype, saved[name].shape) == (values.dtype, values.shape)
            assert saved[name].tobytes() == values.tobytes()
    again = read(str(tmp_path / "b.npz"))
    assert again.GetClassName() == kind
    np.testing.assert_array_equal(points_of(again), points_of(data))


def test_a_choice_goes_before_the_description(tmp_path):
    path = save(tmp_path, rest=REST, now=NOW, speed=SPEED)
    write(str(tmp_path / "b.npz"), read(path, positions="now"))
    data = read(str(tmp_path / "b.npz"), positions="rest")
    np.testing.assert_array_equal(points_of(data), REST)
    assert data.GetPointData().HasArray("now")


def test_more_than_three_columns_stay_data(tmp_path):
    table = RANDOM.random((60, 5))
    data = read(save(tmp_path, points=REST, table=table), positions="table")
    np.testing.assert_array_equal(points_of(data), table[:, :3])
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("table")), table)


@pytest.mark.parametrize("axes", ["cn", "-nc"])
def test_more_than_three_columns_may_lie_in_any_order(tmp_path, axes):
    table = RANDOM.random((60, 5))
    held = table.T if axes == "cn" else table[::-1]
    data = read(save(tmp_path, points=REST, table=held), positions="table", axes=axes)
    np.testing.assert_array_equal(points_of(data), table[:, :3])


def test_the_one_array_of_a_file_may_be_a_grid(tmp_path):
    path = str(tmp_path / "a.npy")
    np.save(path, GRID[0])
    data = read(path, positions="a")
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_array_equal(points_of(data), GRID[0].reshape(-1, 3))


@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("columns", [2, 3])
def test_a_grid_in_one_member(tmp_path, order, columns):
    points, p = np.asarray(GRID[..., :columns], order=order), GRID[..., 0]
    data = read(save(tmp_path, points=points, p=p))
    assert data.GetClassName() == "vtkStructuredGrid"
    assert data.GetExtent() == (0, 4, 0, 3, 0, 2)
    np.testing.assert_array_equal(points_of(data)[:, :columns], points.reshape(-1, columns))
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("p")), p.ravel())
    part = read(str(tmp_path / "a.npz"), voi=(1, 3, 0, -1, 1, 2), sample_rate=(2, 1, 1))
    np.testing.assert_array_equal(points_of(part)[:, :columns], points[1:3, :, 1:4:2].reshape(-1, columns))
    write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved["points"], points)
        np.testing.assert_array_equal(saved["p"], p)


def test_planes_of_positions_move_unless_they_are_a_grid(tmp_path):
    path = save(tmp_path, points=GRID[0], p=X)
    assert read(path).GetClassName() == "vtkUnstructuredGrid"
    for options in ({"dataset_type": "Structured Grid"}, {"positions": "points", "dataset_type": "Structured Grid"}):
        data = read(path, **options)
        assert data.GetExtent() == (0, 4, 0, 3, 0, 0)
        np.testing.assert_array_equal(points_of(data), GRID[0].reshape(-1, 3))


def test_what_x_first_says(tmp_path):
    data = read(save(tmp_path, points=GRID, p=GRID[..., 0]), positions="points")
    write(str(tmp_path / "b.npz"), data, axes="xyz")
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved["points"], GRID.transpose(2, 1, 0, 3))
        np.testing.assert_array_equal(saved["p"], GRID[..., 0].T)
    np.testing.assert_array_equal(points_of(read(str(tmp_path / "b.npz"))), GRID.reshape(-1, 3))


REFUSED = {
    "no such name": (
        {"positions": "nose"},
        (
            "Positions is 'nose'; it must be the name of an array, or those of x, y and z with commas between, but the "
            "file has no array 'nose'. Choose d or auto."
        ),
    ),
    "one of three": ({"positions": "a,b,nose"}, "the file has no array 'nose'"),
    "one axis": ({"positions": "a"}, "but a is (50,) float64. Choose d or auto."),
    "two lengths": ({"positions": "a,b"}, "but a is (50,) float64, b is (40,) float64. Choose d or auto."),
    "text": ({"positions": "s"}, "but s is (2,) <U1. Choose d or auto."),
    "twice": ({"positions": "a,a"}, "two or three of one shape"),
    "no mesh": ({"positions": "d", "dataset_type": "Mesh"}, "and cells that name them, but d is (40, 3). Choose other"),
    "no grid": ({"positions": "d", "dataset_type": "Structured Grid"}, "a structured grid needs (ny, nx, 3)"),
    "no text": ({"positions": 3}, "Positions is 3; it must be the name of an array, or auto."),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_is_refused_in_one_line(tmp_path, case):
    options, line = REFUSED[case]
    path = save(tmp_path, a=np.zeros(50), b=np.zeros(40), d=np.zeros((40, 3)), s=np.array(["a", "b"]))
    with pytest.raises(OptionError, match=re.escape(line)) as caught:
        read(path, **options)
    assert "\n" not in str(caught.value)


def test_where_it_has_no_effect_a_line_says_so(tmp_path):
    path = save(tmp_path, points=REST, other=REST)
    line = "Positions: without effect, as DataSetType is Table"
    assert line in Series([path], ReadOptions(positions="other", dataset_type="Table")).lines


@pytest.mark.parametrize("kind", ["Rectilinear Grid", "Image", "Table"])
def test_where_they_have_no_effect_the_file_is_read_as_without(tmp_path, kind):
    photograph = np.zeros((4, 5, 3), np.uint8)
    path = save(tmp_path, x=np.arange(5.0), y=np.arange(4.0), a=Z, px=X, py=Y, photograph=photograph)
    one, other = (describe(path, ReadOptions(dataset_type=kind, positions=names)) for names in ("px, py", "auto"))
    assert (one.layout.root, one.line_of) == (other.layout.root, other.line_of)


def test_the_menu_lists_what_may_be_positions():
    content = {"t": np.zeros(9), "x": np.zeros((4, 5)), "y": np.zeros((4, 5)), "c": np.zeros((4, 5), "c16")}
    content |= {"q": np.zeros((7, 2)), "moving": np.zeros((6, 7, 3)), "grid": np.zeros((3, 4, 5, 3))}
    content |= {"s": np.array(["a"]), "X": np.zeros(4), "Y": np.zeros(3)}
    specs = {name: Spec(values) for name, values in content.items()}
    assert positions_choices(specs) == ("q", "moving", "grid", "x, y")


class Spec:
    def __init__(self, values):
        self.shape, self.dtype = values.shape, values.dtype


def test_the_command_line(tmp_path):
    path = save(tmp_path, rest=REST, now=NOW, speed=SPEED)
    assert main(["convert", path, str(tmp_path / "a.vtu"), "--positions", "now"]) == 0
    assert main(["convert", path, str(tmp_path / "b.npz"), "--positions", "rest"]) == 0
    np.testing.assert_array_equal(points_of(read(str(tmp_path / "b.npz"))), REST)
    with pytest.raises(SystemExit):
        main(["convert", path, str(tmp_path / "a.vtu"), "--positions"])
