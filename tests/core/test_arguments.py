"""The functions for scripts, given the wrong thing: one line that says what was expected and what to do."""

from __future__ import annotations

import io
from pathlib import Path

import npyvtk
import numpy as np
import pytest
from npyvtk.errors import OptionError, UnsupportedError
from npyvtk.options import ExportOptions, WriteOptions
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
