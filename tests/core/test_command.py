"""``python -m npyvtk``: what it prints, converts and refuses."""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys

import npyvtk
import numpy as np
import pytest
from equal import values
from npyvtk.__main__ import main
from npyvtk.errors import FileError, UnsupportedError
from npyvtk.vtk.vtk_files import HDF, VTK_EXTENSIONS, _factory, read_file, write_file
from other_process import start
from test_roundtrip import (
    blocks,
    collection,
    image,
    mixed,
    partitioned,
    poly,
    rectilinear,
    rich_image,
    structured,
    table,
    triangles,
)
from vtkmodules.vtkCommonCore import vtkDoubleArray, vtkFloatArray, vtkIntArray, vtkStringArray, vtkVersion
from vtkmodules.vtkCommonDataModel import (
    vtkDataObject,
    vtkImageData,
    vtkMultiBlockDataSet,
    vtkMultiPieceDataSet,
    vtkPartitionedDataSetCollection,
)
from vtkmodules.vtkFiltersSources import vtkSphereSource

MESH = {
    "points": np.arange(12.0).reshape(4, 3),
    "tetras": np.array([[0, 1, 2, 3]]),
    "pressure": np.arange(4.0),
}
EDGES = {"x": np.arange(5.0), "y": np.arange(4.0) ** 2, "z": np.arange(6.0)}
KINDS = {
    ".vti": {"density": np.random.default_rng(0).random((5, 6, 7)), "spacing": np.array([0.5, 1, 2])},
    ".vtr": {"density": np.arange(60.0).reshape(5, 3, 4), **EDGES},
    ".vts": {"x": np.ones((5, 6, 7)), "y": np.ones((5, 6, 7)), "a": np.arange(210).reshape(5, 6, 7)},
    ".vtu": MESH,
    ".vtt": {"mass": np.arange(5.0), "charge": np.arange(5)},
}


@pytest.mark.parametrize("extension", [*KINDS, ".vtk"])
def test_there_and_back(extension, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arrays = KINDS.get(extension, MESH)
    np.savez("a.npz", **arrays)
    assert main(["convert", "a.npz", f"a{extension}"]) == 0
    assert main(["convert", f"a{extension}", "b.npz", "--compression", "6"]) == 0
    with np.load("b.npz", allow_pickle=False) as found:
        for name in set(arrays) & {"density", "a", "pressure", "mass", "charge", "points"}:
            np.testing.assert_array_equal(found[name], arrays[name])
            assert found[name].dtype == arrays[name].dtype


def test_poly_data_there_and_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sphere = vtkSphereSource()
    sphere.Update()
    npyvtk.write("a.npz", sphere.GetOutput())
    assert main(["convert", "a.npz", "a.vtp"]) == 0
    assert main(["convert", "a.vtp", "b.npz"]) == 0
    with np.load("a.npz", allow_pickle=False) as before, np.load("b.npz", allow_pickle=False) as after:
        assert set(before) == set(after)
        for name in set(before) - {"vtk"}:
            np.testing.assert_array_equal(after[name], before[name])


def test_info(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", wave=np.zeros((3, 5, 6, 7)), time=[0, 0.5, 2])
    assert main(["info", "a.npz", "missing.npy"]) == 1
    printed = capsys.readouterr()
    assert printed.out.splitlines()[:2] == [
        "a.npz: vtkImageData, 3 time steps from 0 to 2",
        "  wave: (3, 5, 6, 7) float64, axes tzyx, point data (as long as time)",
    ]
    assert printed.err.startswith("npyvtk: missing.npy: ")
    assert len(printed.err.splitlines()) == 1


def test_info_for_scripts(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    record = np.zeros(7, [("mass", ">f4"), ("pos", "f8", 3)])
    np.savez("a.npz", wave=np.zeros((3, 5, 6, 7), "f4"), time=[0, 0.5, 2], spacing=[1, 2, 3.5])
    np.savez("b.npz", **MESH, c=np.zeros(1, "?"))
    np.save("c.npy", record)
    assert main(["info", "--json", "a.npz", "missing.npy", "b.npz", "c.npy"]) == 1
    printed = capsys.readouterr()
    image, missing, mesh, table = json.loads(printed.out)
    assert image.pop("interpretation")[0].startswith("wave: (3, 5, 6, 7) float32, axes tzyx")
    wave = {"name": "wave", "shape": [3, 5, 6, 7], "dtype": "<f4", "axes": "tzyx", "association": "point", "block": 0}
    place = {"origin": [0, 0, 0], "spacing": [1, 2, 3.5], "direction": np.eye(3).ravel().tolist()}
    assert image == {
        "file": "a.npz",
        "class": "vtkImageData",
        "times": [0, 0.5, 2],
        "blocks": [{"name": "", "type": "Image", "dimensions": [7, 6, 5], **place}],
        "arrays": [wave],
    }
    assert missing == {"file": "missing.npy", "error": printed.err.removeprefix("npyvtk: ").rstrip()}
    assert mesh["blocks"] == [{"name": "", "type": "Mesh", "points": 4, "cells": 1}]
    assert [(a["name"], a["association"]) for a in mesh["arrays"]] == [("pressure", "point"), ("c", "cell")]
    assert table["blocks"] == [{"name": "", "type": "Table", "rows": 7}]
    assert table["arrays"][0]["dtype"] == [["mass", ">f4"], ["pos", "<f8", [3]]]


def test_show_without_pyvista(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((5, 6)))
    monkeypatch.setitem(sys.modules, "pyvista", None)
    monkeypatch.delitem(sys.modules, "npyvtk_pyvista.show", raising=False)
    monkeypatch.delitem(sys.modules, "npyvtk_pyvista.reader", raising=False)
    assert main(["show", "a.npy", "--screenshot", "a.png"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("npyvtk: a.npy: cannot be drawn, as PyVista is not installed")
    assert said.endswith("Install it with: pip install pyvista\n")


def test_time_steps(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    wave = np.arange(630.0).reshape(3, 5, 6, 7)
    np.savez("a.npz", wave=wave, time=[0, 0.5, 2])
    assert main(["convert", "a.npz", "b.npy"]) == 1
    assert "3 time steps" in capsys.readouterr().err
    assert main(["convert", "a.npz", "b.npy", "--step", "1"]) == 0
    np.testing.assert_array_equal(np.load("b.npy").reshape(5, 6, 7), wave[1])
    assert main(["convert", "a.npz", "c.vti", "--all-steps"]) == 0
    with open("c.vti.series", encoding="utf-8") as file:
        listed = json.load(file)["files"]
    assert listed == [{"name": f"c_{k}.vti", "time": t} for k, t in enumerate([0, 0.5, 2])]


def test_options(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = np.arange(120).reshape(4, 5, 6)
    np.save("a.npy", values)
    words = ["--axes", "xyz", "--spacing", "1", "2", "3", "--voi", "1", "2", "0", "4", "0", "5"]
    assert main(["convert", "a.npy", "b.npz", *words, "--sample-rate", "1", "2", "1"]) == 0
    image = npyvtk.read("b.npz")
    assert image.GetDimensions() == (2, 3, 6)
    assert image.GetSpacing() == (1, 4, 3)
    with np.load("b.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["a"], values[1:3, ::2, :])


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["a.npy", "b.png"], "extension must be one of"),
        (["a.npy", "b.vtu"], "saved as .vti or .vtk"),
        (["a.npy", "b.vtkhdf"], "saved as .vti or .vtk"),
        (["a.npy", "b.npz", "--direction", *"000000000"], "no inverse"),
        (["a.npy", "b.vtk", "--direction", *"010100001"], "no place for the direction"),
        (["a.npy", "nowhere/b.vti"], "cannot write"),
        (["junk.vti", "b.npz"], "cannot read"),
        (["missing.vti", "b.npz"], "no such file"),
        (["a.npy", "b.npz", "--axes", "zzz"], "stands twice"),
        (["a.npy", "b.npz", "--step", "4"], "--step is 4"),
    ],
)
def test_refusals(words, part, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((5, 6, 7)))
    (tmp_path / "junk.vti").write_text("junk", encoding="utf-8")
    assert main(["convert", *words]) == 1
    said = capfd.readouterr().err
    assert part in said
    assert len(said.splitlines()) == 1, said


def test_direction_and_complex_numbers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.full((4, 5, 6), 3 + 4j))
    words = ["--direction", *"010100001", "--complex-as", "Magnitude and Phase"]
    assert main(["convert", "a.npy", "b.npz", *words]) == 0
    with np.load("b.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["a.magnitude"], np.full((4, 5, 6), 5.0))
        np.testing.assert_array_equal(found["direction"], [[0, 1, 0], [1, 0, 0], [0, 0, 1]])


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
def test_hdf_there_and_back(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    points = np.random.default_rng(0).random((5, 3))
    np.savez("a.npz", points=points, cells=np.array([[0, 1, 2, 3], [1, 2, 3, 4]]), s=np.arange(5.0))
    assert main(["convert", "a.npz", "b.vtkhdf"]) == 0
    assert main(["convert", "b.vtkhdf", "c.npz"]) == 0
    with np.load("c.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["points"], points)
        np.testing.assert_array_equal(found["s"], np.arange(5.0))


# VTK 9.3, which ParaView 5.13 has, puts neither names of datasets nor field data into a .vtkhdf.
HDF_HOLDS_NAMES_AND_FIELDS = (vtkVersion.GetVTKMajorVersion(), vtkVersion.GetVTKMinorVersion()) >= (9, 4)


def parts_in_hdf(*classes):
    data = vtkPartitionedDataSetCollection()
    for k, make in enumerate(classes):
        data.SetPartition(0, k, make())
    return data


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("pair", [(structured, poly), (mixed, triangles)])
def test_hdf_with_partitions_of_two_classes(pair, nested, tmp_path):
    """VTK's writer lays out the second as the first, beyond its memory."""
    data = parts_in_hdf(*pair)
    if nested:
        pieces = vtkMultiPieceDataSet()
        for k, make in enumerate(pair):
            pieces.SetPiece(k, make())
        data = vtkMultiBlockDataSet()
        data.SetBlock(0, pieces)
    names = " and ".join(sorted(make().GetClassName() for make in pair))
    with pytest.raises(UnsupportedError) as error:
        write_file(str(tmp_path / "a.vtkhdf"), data)
    assert f"must be of one class, not {names}. Save it as {'.vtm' if nested else '.vtpc'}." in str(error.value)
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
def test_hdf_with_partitions_of_one_class(tmp_path):
    path = str(tmp_path / "a.vtkhdf")
    data = parts_in_hdf(triangles, triangles)
    write_file(path, data)
    assert data.GetDataAssembly() is None
    assert [size(one) for one in leaves(read_file(path))] == 2 * [size(triangles())]


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("named", [False, True])
def test_hdf_of_a_collection_without_an_assembly(count, named, tmp_path):
    """VTK 9.3 does not survive one, and 9.6 does not write it."""
    path = str(tmp_path / "a.vtkhdf")
    data = vtkPartitionedDataSetCollection()
    for k in range(count):
        data.SetPartition(k, 0, triangles())
        if named:
            data.GetMetaData(k).Set(vtkPartitionedDataSetCollection.NAME(), f"mesh{k}")
    write_file(path, data)
    found = read_file(path)
    assert [size(one) for one in leaves(found)] == count * [size(triangles())]
    assert found.GetNumberOfPartitionedDataSets() == count
    if named and HDF_HOLDS_NAMES_AND_FIELDS:
        names = [found.GetMetaData(k).Get(vtkPartitionedDataSetCollection.NAME()) for k in range(count)]
        assert names == [f"mesh{k}" for k in range(count)]


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
@pytest.mark.parametrize("shape", [(0,), (3,), (3, 2)])
def test_hdf_with_text(shape, tmp_path, monkeypatch, capfd):
    """Of text in field data VTK's reader knows one column with values; with anything else it ends the process."""
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", points=np.zeros((5, 3)), names=np.full(shape, "ab"))
    if shape == (3,):
        assert main(["convert", "a.npz", "b.vtkhdf"]) == 0
        assert main(["convert", "b.vtkhdf", "c.npz"]) == 0
        with np.load("c.npz", allow_pickle=False) as found:
            assert not HDF_HOLDS_NAMES_AND_FIELDS or found["names"].tolist() == ["ab"] * 3
        return
    assert main(["convert", "a.npz", "b.vtkhdf"]) == 1
    said = capfd.readouterr().err
    assert len(said.splitlines()) == 1
    assert f"'names' has {shape[0]} rows and {shape[1] if shape[1:] else 1} columns. Leave it out" in said
    assert main(["convert", "a.npz", "b.vtkhdf", "--arrays", "points"]) == 0


def of_text(association):
    data = triangles()
    made = vtkStringArray()
    made.SetName("names")
    for _ in range(data.GetNumberOfElements(association)):
        made.InsertNextValue("ab")
    data.GetAttributes(association).AddArray(made)
    return data


def with_field(name):
    data = triangles()
    made = vtkFloatArray()
    made.SetName(name)
    made.InsertNextValue(1)
    data.GetFieldData().AddArray(made)
    return data


def named_in_hdf(*names, empty=None):
    data = vtkPartitionedDataSetCollection()
    for k, name in enumerate(names):
        data.SetNumberOfPartitions(k, 0)
        if k != empty:
            data.SetPartition(k, 0, triangles())
        data.GetMetaData(k).Set(vtkPartitionedDataSetCollection.NAME(), name)
    return data


NOT_IN_HDF = {
    "tables of several datasets": (lambda: parts_in_hdf(table), "VTK loses the columns of tables"),
    "two images as one": (lambda: parts_in_hdf(image, image), "several vtkImageData as partitions of one dataset"),
    "text on points": (lambda: of_text(vtkDataObject.POINT), "text can only be field data in a .vtkhdf"),
    "text on cells": (lambda: of_text(vtkDataObject.CELL), "text can only be field data in a .vtkhdf"),
    "text within": (lambda: parts_in_hdf(lambda: of_text(vtkDataObject.POINT)), "text can only be field data"),
    "an empty grid within": (lambda: parts_in_hdf(vtkImageData), "VTK loses the arrays of a grid without points"),
    "no partitions": (lambda: named_in_hdf("a", "b", empty=1), "VTK loses what comes after a dataset without part"),
    "one name twice": (lambda: named_in_hdf("a", "a"), "VTK puts datasets of one name into one"),
    "the name of its assembly": (lambda: named_in_hdf("Assembly"), "a dataset with the name 'Assembly' cannot"),
    "a path as name of a dataset": (lambda: named_in_hdf("a", "a/b"), "a dataset with the name 'a/b' cannot"),
    "a path as name": (lambda: with_field("a/b"), "an array with the name 'a/b' cannot be saved"),
    "no name": (lambda: with_field(""), "an array with the name '' cannot be saved"),
}


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
@pytest.mark.parametrize("case", NOT_IN_HDF)
def test_what_a_hdf_cannot_hold_is_refused_before_vtk_tries(case, tmp_path, capfd):
    make, said = NOT_IN_HDF[case]
    with pytest.raises(UnsupportedError, match=said):
        write_file(str(tmp_path / "a.vtkhdf"), make())
    assert not list(tmp_path.iterdir())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["a<b", "a>b", "a&b", 'a"b', "a\nb", "a\tb"])
@pytest.mark.parametrize("target", ["b.vtp", "b.vtpc"])
@pytest.mark.parametrize("of", ["array", "component"])
def test_names_that_vtk_does_not_read_back_are_refused(name, of, target, tmp_path):
    """VTK puts them into XML as they are, and its reader finds nothing in the file."""
    data = with_field(name if of == "array" else "v")
    if of == "component":
        data.GetFieldData().GetAbstractArray("v").SetComponentName(0, name)
    with pytest.raises(UnsupportedError, match="cannot read the name"):
        write_file(str(tmp_path / target), data if target == "b.vtp" else parts_in_hdf(lambda: data))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
@pytest.mark.parametrize("target", ["b.vti", "b.vtk"])
def test_vectors_without_a_finite_length_there_and_back(value, target, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    vectors = np.full((3, 4, 5, 3), value)
    np.savez("a.npz", v=vectors, spacing=np.ones(3))
    assert main(["convert", "a.npz", target]) == 0
    assert main(["convert", target, "c.npz"]) == 0
    with np.load("c.npz", allow_pickle=False) as found:
        np.testing.assert_array_equal(found["v"], vectors)


@pytest.mark.parametrize("target", ["b.vtp", "b.vtpc"])
def test_arrays_without_a_name_are_refused_as_xml(target, tmp_path):
    """VTK's reader finds no points in such a file, or another name."""
    data = with_field(None)
    with pytest.raises(UnsupportedError, match="an array has no name"):
        write_file(str(tmp_path / target), data if target == "b.vtp" else parts_in_hdf(lambda: data))
    assert not list(tmp_path.iterdir())


def test_a_file_that_vtk_cannot_write_does_not_stay(tmp_path, monkeypatch):
    class Refusing:
        def __getattr__(self, _name):
            return lambda *_arguments: 0

        def SetFileName(self, path):  # noqa: N802 - as VTK calls it
            pathlib.Path(path).write_bytes(b"half")

    monkeypatch.setattr("npyvtk.vtk.vtk_files._factory", lambda _extension, _kind: Refusing)
    with pytest.raises(FileError, match="VTK cannot write it"):
        write_file(str(tmp_path / "a.vtp"), triangles())
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(_factory(HDF, "Writer") is None, reason="this VTK writes no .vtkhdf")
def test_hdf_with_partitions_of_other_types(tmp_path):
    """VTK wrote 0.5 of the second as 0, since the first has whole numbers."""
    data = parts_in_hdf(triangles, triangles)
    for k, kind in enumerate((vtkIntArray, vtkDoubleArray)):
        array = kind()
        array.SetName("e")
        array.SetNumberOfValues(triangles().GetNumberOfPoints())
        array.Fill(0.5)
        data.GetPartition(0, k).GetPointData().AddArray(array)
    with pytest.raises(UnsupportedError, match="must have the same arrays and points of the same types"):
        write_file(str(tmp_path / "a.vtkhdf"), data)
    assert not list(tmp_path.iterdir())


def test_plugin_path(capsys):
    assert main(["plugin-path"]) == 0
    assert capsys.readouterr().out.strip().endswith("NumPyIO.py")


def collection_with_assembly():
    data = collection()
    assembly = data.GetDataAssembly()
    assembly.AddDataSetIndex(assembly.AddNode("more"), 2)  # VTK's reader of .vtpc leaves out what no node names
    return data


# A dataset of every kind, by the extension of VTK's file for it.
EVERY = {
    ".vti": rich_image,
    ".vtr": rectilinear,
    ".vts": structured,
    ".vtp": poly,
    ".vtu": mixed,
    ".vtt": table,
    ".vtm": blocks,
    ".vtpd": partitioned,
    ".vtpc": collection_with_assembly,
    ".vtk": mixed,
    ".vtkhdf": triangles,
}


def test_every_extension_has_a_dataset_here():
    assert set(EVERY) == set(VTK_EXTENSIONS)


@pytest.mark.parametrize("extension", EVERY)
def test_every_extension_both_ways(extension, tmp_path, monkeypatch, capfd):
    if extension == ".vtkhdf" and _factory(HDF, "Writer") is None:
        pytest.skip("this VTK writes no .vtkhdf")
    monkeypatch.chdir(tmp_path)
    data = EVERY[extension]()
    npyvtk.write("a.npz", data)
    assert main(["convert", "a.npz", f"b{extension}"]) == 0
    assert main(["convert", f"b{extension}", "c.npz"]) == 0
    assert capfd.readouterr().err == ""
    again = npyvtk.read("c.npz")
    assert again.GetClassName() == data.GetClassName()
    assert [size(one) for one in leaves(again)] == [size(one) for one in leaves(data)]
    for one, other in zip(leaves(again), leaves(data)):
        if other.IsA("vtkPointSet"):
            at, there = (values(mesh.GetPoints().GetData()) for mesh in (one, other))
            np.testing.assert_array_equal(at, there)
        for name in ("T", "k", "c", "a"):
            array, there = (find(some, name) for some in (one, other))
            if there is not None:
                np.testing.assert_array_equal(values(array), values(there))


def leaves(data):
    """The datasets of a tree that are there."""
    if not data.IsA("vtkCompositeDataSet"):
        return [data]
    places = data.NewIterator()
    found = []
    while not places.IsDoneWithTraversal():
        found.append(places.GetCurrentDataObject())
        places.GoToNextItem()
    return found


def size(data):
    return data.GetNumberOfElements(data.ROW if data.IsA("vtkTable") else data.POINT)


def find(data, name):
    """A VTK array of a dataset by its name, wherever it is."""
    every = [data.GetRowData()] if data.IsA("vtkTable") else [data.GetPointData(), data.GetCellData()]
    return next((one.GetArray(name) for one in every if one.GetArray(name) is not None), None)


@pytest.mark.posix
def test_whoever_reads_its_lines_may_leave_early(tmp_path):
    np.savez(tmp_path / "a.npz", **{f"a{k}": np.zeros(3) for k in range(5000)})
    with start(
        "import sys; from npyvtk.__main__ import main; sys.exit(main(['info', sys.argv[1]]))",
        tmp_path / "a.npz",
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
    assert process.returncode == 0
