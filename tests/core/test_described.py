"""Files with the writer's own description, changed behind its back: refused with a name, or read as they are."""

from __future__ import annotations

import json

import npyvtk
import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.errors import FormatError, NumPyIOError, UnsupportedError
from npyvtk.load import load
from npyvtk.options import ReadOptions
from npyvtk.parallel.pieces import Piece
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkMultiBlockDataSet, vtkPartitionedDataSetCollection
from vtkmodules.vtkFiltersSources import vtkPlatonicSolidSource, vtkSphereSource


def sphere():
    source = vtkSphereSource()
    source.Update()
    data = source.GetOutput()
    values = npyvtk.to_vtk({"a": np.arange(data.GetNumberOfPoints()), "b": np.zeros(3)}).GetRowData()
    data.GetPointData().AddArray(values.GetArray("a"))
    return data


def mixed():
    return npyvtk.to_vtk(
        {
            "points": np.random.default_rng(0).random((8, 3)),
            "connectivity": [0, 1, 2, 0, 1, 2, 3, 4, 5, 6, 7],
            "offsets": [0, 3, 7, 11],
            "types": np.array([5, 9, 10], "u1"),
            "p": np.arange(8.0),
            "c": np.arange(3.0),
        }
    )


def multiblock():
    data = vtkMultiBlockDataSet()
    data.SetBlock(0, sphere())
    data.GetMetaData(0).Set(vtkCompositeDataSet.NAME(), "ball")
    data.SetBlock(2, mixed())
    return data


def collection():
    data = vtkPartitionedDataSetCollection()
    data.SetPartition(0, 0, mixed())
    data.SetPartition(1, 1, sphere())
    return data


def solid():
    source = vtkPlatonicSolidSource()
    source.Update()
    return source.GetOutput()


Z, Y, X = np.meshgrid(np.arange(3.0), np.arange(4.0), np.arange(5.0), indexing="ij")
MAKE = {
    "image": lambda: npyvtk.to_vtk({"a": Z, "v": np.zeros((3, 4, 5, 3)), "c": Z[1:, 1:, 1:], "spacing": [1, 2, 3]}),
    "rectilinear": lambda: npyvtk.to_vtk({"a": Z, "x": np.arange(5.0), "y": np.arange(4.0), "z": np.arange(3.0)}),
    "structured": lambda: npyvtk.to_vtk({"a": Z, "x": X, "y": Y, "z": Z}),
    "points": lambda: npyvtk.to_vtk({"points": np.zeros((9, 3)), "a": np.arange(9)}),
    "mesh": lambda: npyvtk.to_vtk({"points": np.zeros((9, 3)), "tetras": [[0, 1, 2, 3]], "a": np.arange(9)}),
    "mixed": mixed,
    "poly": sphere,
    "solid": solid,
    "table": lambda: npyvtk.to_vtk({"a": np.arange(5), "s": np.array(list("abcde"))}),
    "multiblock": multiblock,
    "collection": collection,
}


def filled(array, value):
    if array.dtype.kind not in "iuf":
        return array
    with np.errstate(all="ignore"):
        return np.full_like(array, np.array(value).astype(array.dtype))


CHANGES = {
    "dropped": lambda _: None,
    "transposed": np.transpose,
    "cut": lambda a: a[:-1] if a.ndim else a[None],
    "longer": lambda a: np.concatenate([a, a[-1:]]) if a.ndim else np.stack([a, a]),
    "flat": np.ravel,
    "one-more-axis": lambda a: a[..., None],
    "scalar": lambda a: a.ravel()[0] if a.size else np.zeros(()),
    "empty": lambda a: a[:0] if a.ndim else np.zeros(0),
    "text": lambda a: a.astype("U9"),
    "complex": lambda a: a.astype(complex) if a.dtype.kind in "iuf" else a,
    "record": lambda a: np.zeros(a.shape, [("q", "f4"), ("r", "i2")]),
    "object": lambda a: a.astype(object),
    "minus-one": lambda a: filled(a, -1),
    "huge": lambda a: filled(a, 2**31 - 1),
    "nan": lambda a: filled(a.astype(float), np.nan) if a.dtype.kind in "iuf" else a,
    "zeros": lambda a: filled(a, 0),
    "backwards": lambda a: a[::-1] if a.ndim else a,
}


def touch(data):
    """Have VTK follow every index."""
    if data is None:
        return
    if data.IsA("vtkCompositeDataSet"):
        iterator = data.NewIterator()
        iterator.UnRegister(None)
        iterator.InitTraversal()
        while not iterator.IsDoneWithTraversal():
            touch(iterator.GetCurrentDataObject())
            iterator.GoToNextItem()
    elif data.IsA("vtkDataSet"):
        data.GetBounds()
        for k in range(data.GetNumberOfCells()):
            data.GetCell(k).GetBounds()
        for attributes, count in (
            (data.GetPointData(), data.GetNumberOfPoints()),
            (data.GetCellData(), data.GetNumberOfCells()),
        ):
            for k in range(attributes.GetNumberOfArrays()):
                assert attributes.GetAbstractArray(k).GetNumberOfTuples() == count


@pytest.mark.filterwarnings("ignore:invalid value encountered")
@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("kind", MAKE)
def test_any_member_changed(tmp_path, kind, change):
    path = str(tmp_path / "a.npz")
    npyvtk.write(path, MAKE[kind]())
    with np.load(path, allow_pickle=False) as file:
        whole = {name: file[name] for name in file.files}
    for name, array in whole.items():
        if name == "vtk":
            continue
        changed = CHANGES[change](array)
        members = {**whole, name: changed}
        if changed is None:
            del members[name]
        np.savez(path, **members)
        try:
            described = describe(path)
            for piece in (Piece(), Piece(0, 2), Piece(1, 2, 1)):
                touch(load(described, piece=piece))
        except NumPyIOError as error:
            text = str(error)
            assert "\n" not in text
            assert "a.npz" in text
            assert any(member in text.replace("a.npz", "") for member in whole)


WORDS = [None, True, -1, 10**30, 1.5, "", "nonsense", [], [1], {}, "points", "../x", "\0"]


def mutations(value, path=()):
    """Every place in a JSON value, with each of WORDS put there."""
    for word in WORDS:
        yield path, word
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(items):
        yield from mutations(inner, (*path, key))


def put(value, path, word):
    if not path:
        return word
    copy = json.loads(json.dumps(value))
    inner = copy
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = word
    return copy


@pytest.mark.parametrize("kind", MAKE)
def test_any_word_of_the_description_changed(kind):
    arrays = npyvtk.from_vtk(MAKE[kind]())
    if "vtk" not in arrays:
        pytest.skip("plain names say it all")
    text = json.loads(str(arrays["vtk"]))
    every = list(mutations(text))
    for path, word in every[:: max(1, len(every) // 250)]:
        changed = {**arrays, "vtk": np.array(json.dumps(put(text, path, word)))}
        try:
            touch(npyvtk.to_vtk(changed))
        except NumPyIOError as error:
            assert "\n" not in str(error)  # noqa: PT017 -- both outcomes are right


def test_values_on_a_grid_that_is_empty_along_another_axis():
    arrays = npyvtk.from_vtk(MAKE["image"]())
    text = json.loads(str(arrays["vtk"]))
    (k,) = (k for k, child in enumerate(text["data"]["children"]) if child["name"] == "c")
    arrays["vtk"] = np.array(json.dumps(put(text, ("data", "children", k, "data", 0, "extent", 5), -1)))
    with pytest.raises(NumPyIOError, match=r"c: shape .* has 0 along z"):
        npyvtk.to_vtk(arrays)


@pytest.mark.parametrize("kind", ["mixed", "poly", "structured", "table", "multiblock"])
@pytest.mark.parametrize(
    "options",
    [{"association": "Point Data"}, {"dataset_type": "Table"}, {"axes": "zyx"}, {"dataset_type": "Points"}],
    ids=lambda o: next(iter(o.values())),
)
def test_the_users_choice_goes_before_the_description(tmp_path, kind, options):
    path = str(tmp_path / "a.npz")
    npyvtk.write(path, MAKE[kind]())
    with np.load(path, allow_pickle=False) as file:
        if "vtk" not in file.files:
            pytest.skip("plain names say it all")
    try:
        described = describe(path, ReadOptions(**options))
    except NumPyIOError as error:
        assert "a.npz" in str(error)  # noqa: PT017 -- or it says why not
        return
    assert any(line.startswith("vtk:") and "set aside" in line for line in described.lines)
    touch(load(described, ReadOptions(**options)))


def test_what_was_added_is_named_and_left_out(tmp_path):
    path = str(tmp_path / "a.npz")
    npyvtk.write(path, mixed())
    with np.load(path, allow_pickle=False) as file:
        members = {**{name: file[name] for name in file.files}, "more": np.arange(8.0)}
    if "vtk" not in members:
        pytest.skip("plain names say it all")
    np.savez(path, **members)
    described = describe(path)
    assert any(line.startswith("more:") and "left out" in line for line in described.lines)


def test_new_values_of_the_same_shape_are_read(tmp_path):
    path = str(tmp_path / "a.npz")
    npyvtk.write(path, mixed())
    with np.load(path, allow_pickle=False) as file:
        members = {name: file[name] for name in file.files}
    np.savez(path, **{**members, "p": members["p"].astype(">i2") * 2})
    found = vtk_to_numpy(npyvtk.read(path).GetPointData().GetArray("p"))
    np.testing.assert_array_equal(found, np.arange(8) * 2)


@pytest.mark.parametrize("cells", [{}, {"cells": "triangles"}], ids=["points", "mesh"])
def test_coordinates_that_run_backwards_stay_where_they_are(cells):
    """The axes of x, y and z are said again when they are saved, as those of points are."""
    dataset = {
        "type": "vtkUnstructuredGrid",
        "members": {"x": "x", "y": "y", **cells},
        "cell_type": 5 if cells else 1,
        "point_axes": "-n",
    }
    arrays = {"x": np.arange(4.0), "y": np.arange(4.0) ** 2, "triangles": np.array([[0, 1, 2], [1, 2, 3]])}
    first = npyvtk.to_vtk({**arrays, "vtk": np.array(json.dumps({"version": 1, "data": dataset}))})
    saved = npyvtk.from_vtk(first)
    np.testing.assert_array_equal(saved["x"], arrays["x"])
    again = npyvtk.to_vtk(saved)
    positions = [vtk_to_numpy(one.GetPoints().GetData()) for one in (first, again)]
    assert positions[0][0].tolist() == [3, 9, 0]
    np.testing.assert_array_equal(*positions)


def test_a_newer_version_is_refused_in_one_line_that_names_the_file_once(tmp_path):
    path = str(tmp_path / "a.npz")
    np.savez(path, a=np.zeros(3), vtk=np.array(json.dumps({"version": 99, "data": {}})))
    with pytest.raises(UnsupportedError, match=r"version 99 .* knows 1\.") as caught:
        npyvtk.read(path)
    assert str(caught.value).count("a.npz") == 1


def test_damage_to_what_places_an_image_names_the_file_once(tmp_path):
    path = tmp_path / "a.npz"
    npyvtk.write(path, npyvtk.to_vtk(np.zeros((2, 3, 4)), spacing=(3, 4, 5)))
    held = bytearray(path.read_bytes())
    held[held.index(np.array([3, 4, 5.0]).tobytes())] ^= 1
    path.write_bytes(held)
    with pytest.raises(FormatError, match="damaged: its bytes have CRC") as caught:
        npyvtk.read(path)
    assert str(caught.value).count("a.npz") == 1


def test_a_line_without_points_is_refused_by_the_name_of_its_member(tmp_path):
    path = tmp_path / "a.npz"
    npyvtk.write(path, npyvtk.to_vtk({"points": np.eye(6, 3), "lengths": [2, 4]}))
    with np.load(path) as file:
        members = {**file, "lengths": np.array([6, 0])}
    np.savez(path, **members)
    with pytest.raises(FormatError, match="'lengths' has a cell of type 4 with 0 points"):
        npyvtk.read(path)
