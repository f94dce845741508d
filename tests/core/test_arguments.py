"""The functions for scripts, given the wrong thing: one line that says what was expected and what to do."""

from __future__ import annotations

import dataclasses
import io
import os
import sys
from pathlib import Path

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import OptionError, UnsupportedError
from npyvtk.options import ExportOptions, ReadOptions, WriteOptions
from npyvtk.parallel import write
from test_parallel import on_ranks
from test_roundtrip import blocks, image, rich_image
from vtkmodules import vtkCommonDataModel as dm  # noqa: N813 - VTK's names are long
from vtkmodules.vtkCommonDataModel import vtkImageData
from vtkmodules.vtkFiltersSources import vtkSphereSource


def refused(action, *parts):
    """The error of `action`, which is one sensible line."""
    with pytest.raises(npyvtk.NumPyIOError) as info:
        action()
    text = str(info.value)
    assert len(text.splitlines()) == 1
    assert text.endswith(".")
    for part in parts:
        assert part in text
    return info.value


@pytest.mark.parametrize("path", [["a.npy"], None, 3, io.BytesIO(), image()], ids=lambda path: type(path).__name__)
def test_no_path(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for action in (lambda: npyvtk.read(path), lambda: npyvtk.write(path, image())):
        error = refused(action, "the path is of type", type(path).__name__, "pathlib.Path")
        assert isinstance(error, TypeError)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("data", [np.zeros(3), None, "text", vtkSphereSource()], ids=lambda data: type(data).__name__)
def test_from_vtk_of_no_dataset(data):
    error = refused(lambda: npyvtk.from_vtk(data), "must be a vtkDataObject", type(data).__name__)
    assert isinstance(error, TypeError)


def test_the_output_of_a_source_is_named():
    refused(lambda: npyvtk.from_vtk(vtkSphereSource()), "GetOutputDataObject(0)")


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize(
    "data", [None, [None, 1], {"a": None}, {"a": object()}, [[1, 2], [3]], vtkSphereSource()], ids=lambda d: str(d)[:20]
)
def test_write_of_no_data(data, name, tmp_path):
    error = refused(lambda: npyvtk.write(tmp_path / name, data), str(tmp_path / name))
    assert isinstance(error, (TypeError, UnsupportedError))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "data", [None, object(), vtkImageData(), {"a": None}, [[1, 2], [3]]], ids=lambda d: str(d)[:20]
)
def test_to_vtk_of_no_arrays(data):
    assert isinstance(refused(lambda: npyvtk.to_vtk(data), "of type"), TypeError)


def test_masks_are_not_lost(tmp_path):
    refused(lambda: npyvtk.write(tmp_path / "a.npz", np.ma.masked_array([1, 2], [0, 1])), "mask")
    npyvtk.write(tmp_path / "a.npz", np.ma.masked_array([1, 2], [0, 0]))
    with np.load(tmp_path / "a.npz") as file:
        np.testing.assert_array_equal(file["arr_0"], [1, 2])


def test_unknown_options(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    for action in (
        lambda: npyvtk.read(tmp_path / "a.npy", zzz=1),
        lambda: npyvtk.to_vtk(np.zeros(3), zzz=1),
        lambda: npyvtk.write(tmp_path / "b.npz", image(), zzz=1),
        lambda: npyvtk.from_vtk(image(), zzz=1),
    ):
        assert isinstance(refused(action, "unknown option 'zzz'", "axes"), TypeError)


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"arrays": "a"}, "list of names"),
        ({"step": "a"}, "whole number"),
        ({"step": 0.5}, "whole number"),
        ({"memory_limit": "a"}, "whole number of bytes"),
    ],
    ids=str,
)
def test_read_with_wrong_choices(options, part, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4)))
    refused(lambda: npyvtk.read(tmp_path / "a.npy", **options), part)


class Unhelpful:
    """Raises something else whenever it is asked."""

    def __array__(self, *_arguments, **_options):
        raise RuntimeError("no array")

    def __len__(self):
        raise RuntimeError("no length")

    def __repr__(self):
        raise RuntimeError("no text")

    def __fspath__(self):
        return 3


HUGE = 10**400
WRONG = [
    *[3.5, b"a", "no such choice", {"b": 1}, ["a", 1], object(), Unhelpful(), np.array([1, 2]), np.zeros(3, object)],
    *[np.ma.masked_array([1, 2], [0, 1]), len, np.float32, image(), 1 + 2j, slice(1), {1, 2}, HUGE, "half \udcff"],
]
OPTIONS = {
    "read": [field.name for field in dataclasses.fields(ReadOptions)] + ["arrays", "step"],
    "to_vtk": [field.name for field in dataclasses.fields(ReadOptions)] + ["arrays", "step", "name"],
    "from_vtk": [field.name for field in dataclasses.fields(ExportOptions)],
    "write": [field.name for field in dataclasses.fields(ExportOptions)] + ["array", "compression", "progress", "warn"],
}
# What is wrong for one option and right for another.
RIGHT = {
    "axes": (), "positions": (), "array_name": ("no such choice",), "name": ("no such choice",), "array": (),
    "progress": (len, np.float32), "warn": (len, np.float32), "memory_limit": (HUGE,),
}  # fmt: skip


@pytest.mark.parametrize(("function", "option"), [(f, option) for f, options in OPTIONS.items() for option in options])
def test_options_of_the_wrong_kind(function, option, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    call = {
        "read": lambda **wrong: npyvtk.read(tmp_path / "a.npy", **wrong),
        "to_vtk": lambda **wrong: npyvtk.to_vtk(np.zeros((3, 4, 5)), **wrong),
        "from_vtk": lambda **wrong: npyvtk.from_vtk(image(), **wrong),
        "write": lambda **wrong: npyvtk.write(tmp_path / "b.npy", image(), **wrong),
    }[function]
    for value in WRONG:
        if not any(value is right for right in RIGHT.get(option, ())):
            refused(lambda wrong=value: call(**{option: wrong}))
    assert not (tmp_path / "b.npy").exists()


def test_data_of_the_wrong_kind(tmp_path):
    path = tmp_path / "a.npz"
    for value in WRONG:
        if not isinstance(value, vtkImageData):
            refused(lambda data=value: npyvtk.from_vtk(data), "must be a vtkDataObject")
    for name in (None, 1, b"a", ("a",), "half \udcff"):
        refused(lambda key=name: npyvtk.write(path, {key: np.zeros(3)}), str(path), "the name of an array")
        refused(lambda key=name: npyvtk.to_vtk({key: np.zeros(3)}), "the name of an array")
    for unhelpful in (Unhelpful(), {"a": Unhelpful()}):
        refused(lambda data=unhelpful: npyvtk.write(path, data), str(path), "no array")
        refused(lambda data=unhelpful: npyvtk.to_vtk(data), "no array")
    refused(lambda: npyvtk.read(Unhelpful()), "the path is of type")
    assert not path.exists()


@pytest.mark.skipif(os.name == "nt" or sys.platform == "darwin", reason="names of files are text here")
def test_a_file_whose_name_is_no_text(tmp_path):
    path = os.fsencode(tmp_path) + b"/temp\xe9rature.npy"
    with open(path, "wb") as file:
        np.save(file, np.arange(60.0).reshape(3, 4, 5))
    data = npyvtk.read(path)
    assert data.GetPointData().GetArrayName(0) == "temp?rature"
    npyvtk.write(path, data)
    with open(path, "rb") as file:
        np.testing.assert_array_equal(np.load(file), np.arange(60.0).reshape(3, 4, 5))


@pytest.mark.parametrize("make", [rich_image, blocks], ids=lambda make: make.__name__)
@pytest.mark.parametrize("choice", ["point_arrays", "cell_arrays"])
def test_arrays_that_there_are_not(make, choice, tmp_path):
    word = choice.split("_", maxsplit=1)[0]
    for names in (["zzz"], ["T", "zzz"]):
        parts = ["'zzz'", f"no such {word} array (", "T"]
        assert isinstance(refused(lambda n=names: npyvtk.from_vtk(make(), **{choice: n}), *parts), OptionError)
        refused(lambda n=names: npyvtk.write(tmp_path / "a.npz", make(), **{choice: n}), *parts)
    refused(lambda: npyvtk.from_vtk(make(), **{choice: "T"}), "list of names")
    refused(lambda: npyvtk.from_vtk(make(), **{choice: 3}), "list of names")
    assert not list(tmp_path.iterdir())
    found = npyvtk.from_vtk(make(), **{choice: ["T"]})
    assert any(name.split("/")[-1].startswith("T") for name in found)


def test_arrays_that_no_rank_has(tmp_path):
    options = WriteOptions(content=ExportOptions(point_arrays=["zzz"]))

    def save(rank):
        write.save_pieces(tmp_path / "a.npz", image((0, 3, 0, 2, 4 * rank.rank, 4 * rank.rank + 4)), options, rank)

    refused(lambda: on_ranks(2, save), "'zzz'")
    assert not list(tmp_path.iterdir())


def test_an_empty_dataset_has_any_array():
    assert set(npyvtk.from_vtk(vtkImageData(), point_arrays=["T"])) == {"origin", "spacing", "direction", "vtk"}


REFUSED = {
    "vtkOverlappingAMR": "Convert AMR dataset to Multi-block",
    "vtkNonOverlappingAMR": "Convert AMR dataset to Multi-block",
    "vtkHyperTreeGrid": "HyperTreeGrid To UnstructuredGrid",
    "vtkExplicitStructuredGrid": "Explicit Structured Grid To Unstructured Grid",
    "vtkDirectedGraph": "vtkGraphToPolyData",
    "vtkMolecule": "Molecule To Lines",
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_kinds_are_those_of_the_page_and_so_is_the_filter(name):
    data = getattr(dm, name)()
    refused(lambda: npyvtk.from_vtk(data), name, f"Use the filter {REFUSED[name]}")
    page = (Path(__file__).parents[2] / "docs" / "saving.md").read_text(encoding="utf-8")
    assert REFUSED[name] in page
    whole = dm.vtkPartitionedDataSetCollection()
    if data.IsA("vtkCompositeDataSet") or data.IsA("vtkGraph"):
        return  # VTK puts none into a collection
    whole.SetPartition(0, 0, data)
    refused(lambda: npyvtk.from_vtk(whole), "block0", REFUSED[name])
