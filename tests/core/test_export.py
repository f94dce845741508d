"""Which members a dataset has, what they are called, and that NumPy finds the right values in them."""

from __future__ import annotations

import json

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import OptionError, UnsupportedError
from npyvtk.options import ExportOptions
from npyvtk.vtk.export import export
from npyvtk.write import from_vtk
from test_roundtrip import (
    array,
    blocks,
    clashing,
    collection,
    image,
    mixed,
    nameless,
    poly,
    polyhedra,
    rectilinear,
    rich_image,
    structured,
    table,
    tetras,
    triangles,
    vertices,
)
from vtkmodules import vtkCommonDataModel as dm  # noqa: N813 - VTK's names are long
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkVariantArray
from vtkmodules.vtkCommonDataModel import vtkRectilinearGrid


def described(found):
    return json.loads(str(found["vtk"]))


def test_an_image_reads_naturally():
    data = rich_image()
    found = from_vtk(data)
    values = vtk_to_numpy(data.GetPointData().GetArray("T"))
    np.testing.assert_array_equal(found["T"], values.reshape(3, 3, 4))
    np.testing.assert_array_equal(found["v"], vtk_to_numpy(data.GetPointData().GetArray("v")).reshape(3, 3, 4, 3))
    assert found["T_cell"].shape == (2, 2, 3)
    assert found["bits"].dtype == np.bool_
    assert found["label"][0, 0, 1] == "cell é 1"
    np.testing.assert_array_equal(found["direction"], [[0, 1, 0], [-1, 0, 0], [0, 0, 1]])
    np.testing.assert_allclose(found["origin"], data.GetPoint(0), rtol=1e-14)
    np.testing.assert_array_equal(found["matrix"], np.eye(3))
    assert described(found)["version"] == 1
    assert list(found)[-1] == "vtk"


def test_values_are_shared_with_the_dataset():
    data = image()
    found = from_vtk(data)["T"]
    assert np.shares_memory(found, vtk_to_numpy(data.GetPointData().GetArray("T")))


def test_other_datasets_read_naturally():
    found = from_vtk(rectilinear())
    assert [found[k].tolist() for k in "xyz"] == [[0, 1, 5], [-1, 1], [7]]
    found = from_vtk(structured())
    assert found["x"].shape == (2, 2, 3)
    assert found["vtkGhostType"].shape == (1, 1, 2)
    np.testing.assert_array_equal(from_vtk(triangles())["triangles"], [[0, 1, 2], [3, 4, 5]])
    np.testing.assert_array_equal(from_vtk(tetras())["tetras"], [[0, 1, 2, 3], [4, 5, 6, 7]])
    found = from_vtk(vertices())
    assert sorted(found) == ["id", "points", "vtk"]
    found = from_vtk(mixed())
    assert found["offsets"].tolist() == [0, 4, 12, 13, 18]
    assert found["types"].tolist() == [10, 12, 1, 7]
    found = from_vtk(poly())
    assert found["types"].tolist() == [1, 2, 3, 4, 5, 9, 7, 6]
    found = from_vtk(table())
    assert found["s"].tolist() == ["x", "", "ü", "long text"]
    assert found["pair"].shape == (4, 2)


def test_polyhedra_are_lists_of_faces():
    found = from_vtk(polyhedra())
    faces, ends = found["polyhedron_faces"], found["polyhedron_offsets"]
    assert ends.tolist() == [0, 0, 30, 46]
    assert faces[ends[2] : ends[3]].tolist() == [3, 5, 6, 8, 3, 5, 1, 8, 3, 6, 1, 8, 3, 5, 6, 1]


def test_x_first():
    data = rich_image()
    plain, turned = from_vtk(data), from_vtk(data, axes="xyz")
    np.testing.assert_array_equal(turned["T"], plain["T"].T)
    np.testing.assert_array_equal(turned["v"], plain["v"].transpose(2, 1, 0, 3))
    np.testing.assert_array_equal(turned["T_cell"], plain["T_cell"].T)
    np.testing.assert_array_equal(turned["origin"], plain["origin"])
    np.testing.assert_array_equal(from_vtk(structured(), axes="xyz")["y"], from_vtk(structured())["y"].T)
    with pytest.raises(OptionError, match="one of zyx, xyz"):
        ExportOptions(axes="yx")


def test_names_are_unique_safe_and_remembered():
    data = clashing()
    found = from_vtk(data)
    assert len(found) == len(set(found))
    for name in found:
        assert not name.startswith("/")
        assert "\\" not in name
        assert ".." not in name.split("/")
        assert all(ord(c) >= 32 for c in name)
    schema = described(found)["data"]
    assert [a["name"] for a in schema["point_data"]] == [
        data.GetPointData().GetArrayName(k) for k in range(data.GetPointData().GetNumberOfArrays())
    ]
    # Data keep their names; geometry gives way, and the schema knows.
    assert [a["member"] for a in schema["point_data"] if a["name"] == "x"] == ["x"]
    np.testing.assert_array_equal(found[schema["members"]["x"]], [0, 1, 5])
    assert "vtk_point" in found


def test_every_clashing_member_loads(tmp_path):
    npyvtk.write(tmp_path / "a.npz", clashing())
    expected = from_vtk(clashing())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as file:
        for name, values in expected.items():
            np.testing.assert_array_equal(file[name], values)


def test_arrays_without_a_name():
    found = from_vtk(nameless())
    assert {"unnamed", "unnamed_cell"} <= set(found)
    assert all(a.get("name") is None for a in described(found)["data"]["cell_data"])


def test_blocks_stand_before_the_names_where_these_repeat():
    found = from_vtk(blocks())
    assert {"wing/left/T", "inner/block0/n", "inner/block2/points", "block2/block0/T", "whole"} <= set(found)
    found = from_vtk(collection())
    assert {"grid/0/T", "grid/1/T", "surface/points", "surface/a"} <= set(found)


def test_blocks_of_distinct_names_keep_them():
    data = dm.vtkMultiBlockDataSet()
    one, two = image(), image((0, 9, 0, 9, 0, 0))
    two.GetPointData().GetArray(0).SetName("other")
    data.SetBlock(0, one)
    data.SetBlock(1, two)
    assert {"T", "other", "block0/origin", "block1/origin"} <= set(from_vtk(data))


def test_array_choice():
    options = ExportOptions(point_arrays={"T"}, cell_arrays=set())
    names = {item.name for item in export(rich_image(), options).items}
    assert names == {"T", "title", "matrix", "nothing", "origin", "spacing", "direction", "axes"}


def test_ghosts_stay_whatever_is_chosen():
    names = {item.name for item in export(structured(), ExportOptions(cell_arrays=set())).items}
    assert "vtkGhostType" in names


def test_the_time_of_the_data_is_a_member():
    data = image()
    data.GetInformation().Set(dm.vtkDataObject.DATA_TIME_STEP(), 2.5)
    found = from_vtk(data)
    assert found["time"].shape == ()
    assert found["time"] == 2.5
    assert described(found)["time"] == "time"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("vtkOverlappingAMR", "Resample To Image"),
        ("vtkHyperTreeGrid", "HyperTreeGrid To UnstructuredGrid"),
        ("vtkMutableDirectedGraph", "vtkGraphToPolyData"),
        ("vtkMolecule", "Molecule To Lines"),
        ("vtkExplicitStructuredGrid", "To Unstructured Grid"),
        ("vtkSelection", "Extract the selection"),
        ("vtkPiecewiseFunction", "unstructured grid, poly data or a table"),
    ],
)
def test_what_has_no_counterpart_is_refused_with_a_way_out(name, says):
    data = getattr(dm, name)()
    with pytest.raises(UnsupportedError, match=says):
        export(data)
    if data.IsA("vtkCompositeDataSet") or name == "vtkPiecewiseFunction":
        return
    tree = dm.vtkMultiBlockDataSet()
    tree.SetBlock(1, data)
    with pytest.raises(UnsupportedError, match=r"^block block1: "):
        export(tree)


def test_variants_are_refused_by_name():
    data = table()
    variants = vtkVariantArray()
    variants.SetName("mixed bag")
    variants.SetNumberOfValues(4)
    data.AddColumn(variants)
    with pytest.raises(UnsupportedError, match=r"row data, array 'mixed bag'"):
        export(data)


def test_broken_arrays_are_refused_by_name():
    data = image()
    data.GetCellData().AddArray(array(np.zeros(3), "short"))
    with pytest.raises(UnsupportedError, match="cell data, array 'short' has 3 tuples"):
        export(data)


def test_blocks_may_be_asked_for_again():
    for item in export(rich_image()).described:
        one = item.member.outgoing(item.name)
        first, second = (b"".join(block.tobytes() for block in one.blocks()) for _ in range(2))
        assert first == second


def test_cell_arrays_longer_than_their_cells():
    data = tetras()
    ids = data.GetCells().GetConnectivityArray()
    ids.InsertNextTuple1(3)
    np.testing.assert_array_equal(from_vtk(data)["tetras"], [[0, 1, 2, 3], [4, 5, 6, 7]])


CONVENTIONS = [
    {"T": np.zeros((2, 3, 4)), "origin": np.zeros(3), "spacing": np.ones(3)},
    {"T": np.zeros((2, 3, 4), "f4"), "lon": np.arange(4.0), "lat": np.arange(3, dtype="f4"), "depth": np.arange(2)},
    {"T": np.zeros((1, 2, 3)), "x": np.arange(4.0), "y": np.arange(3.0), "z": np.arange(2.0)},
    {"T": np.zeros((3, 4)), "x": np.ones((3, 4), "f4"), "y": np.ones((3, 4), "f4")},
    {"T": np.zeros((2, 3, 4)), "x": np.ones((2, 3, 4)), "y": np.ones((2, 3, 4)), "z": np.ones((2, 3, 4))},
    {"vertices": np.random.default_rng(0).random((5, 3)), "v": np.arange(5)},
    {"points": np.random.default_rng(0).random((5, 2)).astype("f4"), "v": np.arange(5)},
    {"points": np.random.default_rng(0).random((5, 3)), "triangles": np.array([[0, 1, 2]], "i4"), "q": np.ones(1)},
    {"verts": np.random.default_rng(0).random((5, 3)), "faces": np.array([[0, 1, 2], [2, 3, 4]], ">u2")},
    {"a": np.arange(4), "b": np.arange(4.0), "c": np.array(["x", "y", "z", "w"])},
    {"T": np.zeros((2, 3, 4)), "time": np.array(2.5)},
    {"big": np.zeros((4, 5)), "small": np.zeros((2, 3))},
]


@pytest.mark.parametrize("arrays", CONVENTIONS, ids="-".join)
def test_files_that_users_wrote_come_back(arrays, tmp_path):
    np.savez(tmp_path / "in.npz", **arrays)
    npyvtk.write(tmp_path / "out.npz", npyvtk.read(str(tmp_path / "in.npz")))
    with np.load(tmp_path / "out.npz", allow_pickle=False) as found:
        for name, values in arrays.items():
            assert name in found, list(found)
            assert found[name].dtype == values.dtype, name
            assert found[name].shape == values.shape, name
            np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("target", ["a.npz", "a.npy"])
def test_a_rectilinear_grid_that_lacks_coordinates_is_refused(target, tmp_path):
    grid = vtkRectilinearGrid()
    grid.SetDimensions(3, 2, 2)  # whose coordinates are one number along each axis
    with pytest.raises(UnsupportedError, match=r"a rectilinear grid has 3 planes along x and 1 coordinates"):
        npyvtk.write(tmp_path / target, grid)
    assert not list(tmp_path.iterdir())
