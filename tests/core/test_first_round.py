"""Files that the first version saved open as what they were: see tests/data/first_round/README.md."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import npyvtk
import numpy as np
import pytest
from equal import assert_same, cells, values
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataObject

HERE = Path(__file__).parents[1] / "data" / "first_round"


def _arrays():
    spec = importlib.util.spec_from_file_location("first_round_arrays", HERE / "arrays.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


A = _arrays()
LONG_IS_WIDER = np.dtype(np.longdouble).itemsize == 16
NAMES = sorted(path.stem for path in HERE.glob("*.npz"))
MANY_STEPS = ("late_time", "two_times", "dates", "foreign_times")
needs_long = pytest.mark.skipif(not LONG_IS_WIDER, reason="NumPy has no such longdouble here")


def read(name, **options):
    return npyvtk.read(str(HERE / f"{name}.npz"), **options)


def held(attributes, name):
    array = attributes.GetAbstractArray(name)
    assert array is not None, name
    return values(array)


def assert_values(array, expected):
    """Of a VTK array, as (tuples, components)."""
    expected = np.asarray(expected)
    assert array.dtype == expected.dtype
    np.testing.assert_array_equal(array, expected.reshape(array.shape))


def names_of(attributes):
    return [attributes.GetAbstractArray(k).GetName() for k in range(attributes.GetNumberOfArrays())]


def test_the_files_are_all_there():
    assert len(NAMES) == 24


def assert_grid_data(grid):
    assert tuple(grid.GetExtent()) == A.EXTENT
    assert names_of(grid.GetPointData()) == ["pressure", "velocity"]
    assert_values(held(grid.GetPointData(), "pressure"), A.count(24))
    assert_values(held(grid.GetPointData(), "velocity"), A.count((24, 3), "f4"))
    assert_values(held(grid.GetCellData(), "material"), A.count(6, "u1"))
    assert_values(held(grid.GetFieldData(), "run"), np.array([0.5, 1.5]))
    velocity = grid.GetPointData().GetVectors()
    assert [velocity.GetComponentName(k) for k in range(3)] == ["u", "v", "w"]
    assert grid.GetPointData().GetScalars().GetName() == "pressure"
    assert grid.GetCellData().GetScalars() is None


def assert_image(image):
    assert image.GetClassName() == "vtkImageData"
    assert_grid_data(image)
    assert image.GetOrigin() == A.ORIGIN
    assert image.GetSpacing() == A.SPACING
    matrix = image.GetDirectionMatrix()
    assert tuple(tuple(matrix.GetElement(i, j) for j in range(3)) for i in range(3)) == A.DIRECTION


def assert_surface(data):
    assert data.GetClassName() == "vtkPolyData"
    assert_values(values(data.GetPoints().GetData()), A.CORNERS)
    assert [(kind, ids) for kind, ids, _faces in cells(data)] == [(kind, ids) for kind, ids, _ in A.SURFACE_CELLS]
    assert_values(held(data.GetPointData(), "height"), A.count(9, "f4"))
    assert_values(held(data.GetCellData(), "number"), A.count(6, "i8"))
    assert data.GetPointData().GetScalars().GetName() == "height"


def assert_volume(data):
    assert data.GetClassName() == "vtkUnstructuredGrid"
    assert_values(values(data.GetPoints().GetData()), A.CORNERS)
    found = cells(data)
    assert [kind for kind, _ids, _faces in found] == [kind for kind, _, _ in A.VOLUME_CELLS]
    assert [ids for _kind, ids, _faces in found[1:]] == [ids for _, ids, _ in A.VOLUME_CELLS[1:]]
    faces = [len(A.CUBE_FACES), *(k for face in A.CUBE_FACES for k in (len(face), *face))]
    assert found[0][2] == faces
    assert_values(held(data.GetPointData(), "heat"), A.count(9))
    assert_values(held(data.GetCellData(), "tags"), A.count((3, 2), "i2"))


@pytest.mark.parametrize("name", ["image", "xyz"])
def test_images(name):
    image = read(name)
    if name == "image":
        assert_image(image)
    else:  # the arrays were turned, the dataset was not
        assert_same(read("image"), image)


def test_a_rectilinear_grid():
    grid = read("rectilinear")
    assert grid.GetClassName() == "vtkRectilinearGrid"
    assert_grid_data(grid)
    for letter, expected in zip("XYZ", (A.X, A.Y, A.Z)):
        assert_values(values(getattr(grid, f"Get{letter}Coordinates")()), expected)


def test_a_structured_grid():
    grid = read("structured")
    assert grid.GetClassName() == "vtkStructuredGrid"
    assert_grid_data(grid)
    assert_values(values(grid.GetPoints().GetData()), A.BENT)


def test_a_surface():
    assert_surface(read("surface"))


@pytest.mark.parametrize("name", ["volume", "deflated"])
def test_a_volume_with_a_polyhedron(name):
    assert_volume(read(name))


def test_tables():
    table = read("table")
    assert table.GetClassName() == "vtkTable"
    rows = table.GetRowData()
    assert names_of(rows) == ["word", "n", "pair"]
    assert held(rows, "word").ravel().tolist() == A.WORDS.tolist()
    assert_values(held(rows, "n"), A.count(4, "i4"))
    assert_values(held(rows, "pair"), A.count((4, 2)))
    words = read("words").GetRowData()
    assert held(words, "word").ravel().tolist() == A.WORDS.tolist()
    assert_values(held(words, "n"), A.count(4, "f4"))


def test_blocks_and_empty_places():
    made = read("blocks")
    assert made.GetClassName() == "vtkMultiBlockDataSet"
    assert [made.GetBlock(k) is None for k in range(made.GetNumberOfBlocks())] == [True, False, True, False]
    key = vtkCompositeDataSet.NAME()
    assert [made.GetMetaData(k).Get(key) for k in (1, 3)] == ["skin", "in/side"]
    assert_surface(made.GetBlock(1))
    inner = made.GetBlock(3)
    assert inner.GetNumberOfBlocks() == 2
    assert inner.GetBlock(1) is None
    assert_image(inner.GetBlock(0))


def test_a_collection_and_its_assembly():
    made = read("collection")
    assert made.GetClassName() == "vtkPartitionedDataSetCollection"
    assert [made.GetNumberOfPartitions(k) for k in range(2)] == [1, 3]
    assert_surface(made.GetPartitionAsDataObject(0, 0))
    assert_volume(made.GetPartitionAsDataObject(1, 0))
    assert made.GetPartitionAsDataObject(1, 1) is None
    assert_volume(made.GetPartitionAsDataObject(1, 2))
    assert made.GetMetaData(1).Get(vtkCompositeDataSet.NAME()) == "body"
    assembly = made.GetDataAssembly()
    assert assembly.GetRootNodeName() == "machine"
    assert assembly.GetDataSetIndices(assembly.GetFirstNodeByPath("/machine/moving")) == (1,)


def test_dtypes():
    image, record = read("dtypes"), A.DTYPES["record"]
    assert image.GetDimensions() == A.SHAPE_ZYX[::-1]
    expected = {
        "flag": A.DTYPES["flag"].astype("u1"),
        "half": A.DTYPES["half"].astype("f4"),
        "foreign": A.DTYPES["foreign"].astype("i4"),
        "wave": A.DTYPES["wave"].view("f4"),
        "field": A.DTYPES["field"].astype("c16").view("f8"),
        "record.x": record["x"],
        "record.in.k": record["in"]["k"].astype("i2"),
        "record.in.v": record["in"]["v"],
        "when": A.DTYPES["when"].astype("i8"),
        "long": A.DTYPES["long"].astype("i8"),
    }
    assert names_of(image.GetPointData()) == list(expected)
    for name, array in expected.items():
        assert_values(held(image.GetPointData(), name), array)


@needs_long
def test_longdouble():
    image = read("longdouble")
    assert_values(held(image.GetPointData(), "long"), A.LONG.astype("f8"))
    assert_values(held(image.GetPointData(), "plain"), A.count(24))


def test_coordinates_beyond_float64():
    points = read("far_points")
    assert_values(values(points.GetPoints().GetData()), A.FAR.astype("f8"))
    assert_values(held(points.GetPointData(), "value"), A.count(5))
    grid = read("far_grid")
    for letter, expected in (("X", A.FAR[:4, 0]), ("Y", A.Y), ("Z", A.FAR[:2, 1])):
        found = values(getattr(grid, f"Get{letter}Coordinates")())
        np.testing.assert_array_equal(found.ravel().astype("f8"), expected.astype("f8"))
    assert_values(held(grid.GetPointData(), "value"), A.count(24))


def test_points_of_two_columns():
    mesh = read("two_columns")
    flat = A.CORNERS.astype("f8")
    flat[:, 2] = 0
    assert_values(values(mesh.GetPoints().GetData()), flat)
    assert [(kind, ids) for kind, ids, _faces in cells(mesh)] == [(10, ids) for ids in A.TETRAS.tolist()]
    assert_values(held(mesh.GetPointData(), "value"), A.count(9))
    cloud = read("columns")
    assert_values(values(cloud.GetPoints().GetData()), flat)
    assert [(kind, ids) for kind, ids, _faces in cells(cloud)] == [(1, [k]) for k in range(9)]


def test_images_placed_otherwise():
    image, index = read("affine"), np.array([3.0, 2, 1, 1])
    assert_values(held(image.GetPointData(), "scan"), A.count(24, "i2"))
    np.testing.assert_allclose(image.GetPoint(23), (A.AFFINE.astype("f8") @ index)[:3], rtol=1e-14)
    image = read("placed")
    assert image.GetOrigin() == tuple(A.GRID[name] for name in ("xmin", "ymin", "zmin"))
    assert image.GetSpacing() == tuple(A.GRID[name] for name in ("dx", "dy", "dz"))
    assert_values(held(image.GetPointData(), "scan"), A.count(24, "i2"))


def test_an_affine_beside_zyx_is_saved_as_the_same_place(tmp_path):
    """Since then an affine counts the first index first, so it is written only beside arrays in that order."""
    npyvtk.write(tmp_path / "again.npz", read("affine"))
    there, back = read("affine"), npyvtk.read(tmp_path / "again.npz")
    for k in range(24):
        np.testing.assert_allclose(back.GetPoint(k), there.GetPoint(k), rtol=1e-14)
    with np.load(tmp_path / "again.npz") as found:
        assert found["scan"].dtype == np.int16
        np.testing.assert_array_equal(found["scan"], A.count(A.SHAPE_ZYX, "i2"))


@pytest.mark.parametrize("step", range(A.STEPS))
def test_a_late_time_axis(step):
    image = read("late_time", step=step)
    assert image.GetInformation().Get(vtkDataObject.DATA_TIME_STEP()) == (0, 1, 4.5)[step]
    assert_values(held(image.GetPointData(), "moving"), A.MOVING[..., step])
    assert_values(held(image.GetPointData(), "resting"), A.RESTING)


@pytest.mark.parametrize("step", range(6))
def test_two_time_axes(step):
    image = read("two_times", step=step)
    assert_values(held(image.GetPointData(), "twice"), A.TWICE[divmod(step, 3)])


@pytest.mark.parametrize("step", range(A.STEPS))
@pytest.mark.parametrize("name", ["dates", "foreign_times"])
def test_times_of_other_dtypes(name, step):
    image = read(name, step=step)
    assert_values(held(image.GetPointData(), "moving"), A.MOVING[..., step])
    if name == "foreign_times":
        assert image.GetInformation().Get(vtkDataObject.DATA_TIME_STEP()) == A.FOREIGN_TIMES[step]


def test_one_date():
    assert_values(held(read("one_date").GetPointData(), "moving"), A.MOVING[..., 1])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in (*MANY_STEPS, "affine")])
def test_saved_again_it_is_the_same_file(name, tmp_path):
    """But for what VTK rounds, which keeps its dtype."""
    if name == "longdouble" and not LONG_IS_WIDER:
        pytest.skip("NumPy has no such longdouble here")
    npyvtk.write(tmp_path / "again.npz", read(name))
    with np.load(HERE / f"{name}.npz") as was, np.load(tmp_path / "again.npz") as found:
        assert sorted(set(found) - {"axes"}) == sorted(was)  # which tells what shapes such as (2, 3, 4) do not
        for member in found:
            if member in ("vtk", "axes"):
                continue
            assert found[member].shape == was[member].shape
            assert found[member].dtype == was[member].dtype
            if name == "longdouble" or name.startswith("far"):
                np.testing.assert_array_equal(found[member].astype("f8"), was[member].astype("f8"))
            else:
                assert np.all(found[member] == was[member]), member
