"""Files as NumPy reads them, whole or not at all: one step, many steps, dictionaries and arrays."""

from __future__ import annotations

import json
import os
import zipfile

import npyvtk
import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.errors import Aborted, FileError, OptionError, UnsupportedError
from npyvtk.load import load
from npyvtk.options import ExportOptions, WriteOptions
from npyvtk.parallel.pieces import Piece
from npyvtk.parallel.saving import Saving
from npyvtk.series_files import series_name, write_series
from npyvtk.stack import Stack
from npyvtk.vtk.export import export
from npyvtk.write import choose, save
from test_parallel import save as save_by_ranks
from test_roundtrip import array, clashing, image, mixed, rich_image, strings, table, vertices
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonDataModel import vtkDataObject, vtkImageData, vtkMultiBlockDataSet, vtkPolyData


def values(data, name="T"):
    dims = data.GetDimensions()
    return vtk_to_numpy(data.GetPointData().GetArray(name)).reshape(dims[::-1])


# -- one step --------------------------------------------------------------------------------------


@pytest.mark.parametrize("compression", range(10))
def test_compression(tmp_path, compression):
    npyvtk.write(tmp_path / "a.npz", rich_image(), compression=compression)
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert file.testzip() is None
        kinds = {info.compress_type for info in file.infolist()}
    assert kinds == {zipfile.ZIP_DEFLATED if compression else zipfile.ZIP_STORED}
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["T"], values(rich_image()))


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"T": np.zeros((3, 4, 5))}, []),
        ({"T": np.zeros((3, 4, 5)), "spacing": [1.0, 1.0, 2.0]}, ["origin, spacing and direction"]),
        ({"T": np.zeros((3, 4, 5)), "U": np.zeros((3, 4, 5)), "run": np.float32(7)}, ["'U'", "'run'"]),
        ({"points": np.eye(3), "T": np.zeros(3)}, ["the points"]),
        ({"points": np.eye(3), "triangles": [[0, 1, 2]], "T": np.zeros(3)}, ["the points", "the cells"]),
        ({"x": [0.0, 2, 3], "y": [0.0, 1, 2, 3], "T": np.zeros((4, 3))}, ["the coordinates"]),
        ({"T": np.zeros((8, 9)), "U": np.zeros((6, 5))}, ["'U'", "2 blocks"]),
        ({"T": np.zeros(30), **{f"c{k}": np.zeros(30) for k in range(9)}}, ["'c0'", "'c4'", "4 more arrays"]),
    ],
    ids=["nothing", "place", "arrays", "points", "mesh", "coordinates", "blocks", "many"],
)
def test_what_a_npy_leaves_behind_is_told(tmp_path, members, words):
    received = []
    data = npyvtk.to_vtk({name: np.asarray(value) for name, value in members.items()})
    npyvtk.write(tmp_path / "a.npz", data, warn=received.append)
    assert received == []
    npyvtk.write(tmp_path / "a.npy", data, array="T", warn=received.append)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), members["T"])
    assert len(received) == bool(words)
    for word in words:
        assert word in received[0]
    with Stack(tmp_path / "b.npy", 1, WriteOptions("T"), warn=received.append) as stack:
        stack.add(data, 0.0)
    assert received == received[:1] * 2


def test_what_a_dictionary_leaves_behind_is_told(tmp_path):
    received = []
    npyvtk.write(tmp_path / "a.npy", {"a": np.arange(3), "b": np.zeros(2)}, array="b", warn=received.append)
    (line,) = received
    assert "only 'b' is saved" in line
    assert "'a'" in line


def test_npy_is_what_numpy_saves(tmp_path):
    data = image()
    npyvtk.write(tmp_path / "a.npy", data)
    np.save(tmp_path / "b.npy", values(data))
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()
    npyvtk.write(tmp_path / "a.npy", data, axes="xyz")
    np.save(tmp_path / "b.npy", values(data).T)
    assert (tmp_path / "a.npy").read_bytes() == (tmp_path / "b.npy").read_bytes()


def test_dictionaries_and_arrays(tmp_path):
    npyvtk.write(tmp_path / "a.npz", {"a": np.arange(3), "b": [[1.5]], "c": "text"})
    with np.load(tmp_path / "a.npz") as found:
        assert found["a"].tolist() == [0, 1, 2]
        assert found["b"].tolist() == [[1.5]]
        assert found["c"] == "text"
    npyvtk.write(tmp_path / "a.npy", np.asfortranarray(np.eye(3)))
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), np.eye(3))
    npyvtk.write(tmp_path / "a.npy", {"a": np.arange(3), "b": np.zeros(2)}, array="b")
    assert np.load(tmp_path / "a.npy").tolist() == [0, 0]
    npyvtk.write(tmp_path / "b.npz", np.arange(3))
    assert np.load(tmp_path / "b.npz")["arr_0"].tolist() == [0, 1, 2]
    with pytest.raises(OptionError, match=r"one array, and there are 2 \(a, b\)"):
        npyvtk.write(tmp_path / "a.npy", {"a": np.arange(3), "b": np.zeros(2)})
    with pytest.raises(OptionError, match="there is no array 'x'"):
        npyvtk.write(tmp_path / "a.npy", {"a": np.arange(3)}, array="x")
    with pytest.raises(UnsupportedError, match="cannot be written"):
        npyvtk.write(tmp_path / "a.npz", {"a": np.array([None, {}])})


def chosen(data, name=""):
    return choose(export(data), name).name


def test_the_array_of_a_npy():
    assert chosen(image()) == "T"
    assert chosen(rich_image()) == "T"  # the active scalars of the points
    assert chosen(rich_image(), "v") == "v"
    assert chosen(rich_image(), "T_cell") == "T_cell"
    assert chosen(rich_image(), "title") == "title"
    assert chosen(vertices()) == "id"
    assert chosen(mixed()) == "c"
    data = vtkPolyData()
    data.SetPoints(vertices().GetPoints())
    assert chosen(data) == "points"
    assert chosen(clashing(), "/etc/d") != "/etc/d"
    with pytest.raises(OptionError, match=r"\(a, s, pair\).*npz"):
        chosen(table())
    with pytest.raises(OptionError, match="no array"):
        chosen(vtkImageData())
    two = vtkMultiBlockDataSet()
    two.SetBlock(0, rich_image())
    two.SetBlock(1, rich_image())
    two.GetBlock(0).GetCellData().Initialize()
    two.GetBlock(1).GetCellData().Initialize()
    with pytest.raises(OptionError, match="do not tell which"):
        chosen(two)


@pytest.mark.parametrize(
    ("name", "options", "error", "says"),
    [
        ("a.txt", {}, OptionError, "npy or .npz"),
        ("a", {}, OptionError, "npy or .npz"),
        ("a.npz", {"compression": 10}, OptionError, "CompressionLevel"),
        ("a.npz", {"axes": "zxy"}, OptionError, "one of zyx, xyz"),
        ("a.npy", {"array": "nothing"}, OptionError, "there is no array 'nothing'"),
        ("no/a.npz", {}, FileError, "does not exist"),
    ],
)
def test_refusals_leave_nothing_behind(tmp_path, name, options, error, says):
    with pytest.raises(error, match=says):
        npyvtk.write(tmp_path / name, image(), **options)
    assert os.listdir(tmp_path) == []


def test_messages_begin_with_the_file(tmp_path):
    with pytest.raises(OptionError) as caught:
        npyvtk.write(tmp_path / "a.npy", table())
    assert str(caught.value).startswith(f"{tmp_path}{os.sep}a.npy: ")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("compression", [0, 1])
def test_progress_rises_and_abort_leaves_the_old_file(tmp_path, name, compression):
    data = image((0, 255, 0, 255, 0, 299))
    seen = []
    npyvtk.write(tmp_path / name, data, compression=compression, progress=seen.append)
    assert seen == sorted(seen)
    assert 0 < seen[0] < seen[-1] == 1
    old = (tmp_path / name).read_bytes()

    def stop(fraction):
        if fraction > 0.2:
            raise Aborted("stopped")

    with pytest.raises(Aborted):
        npyvtk.write(tmp_path / name, image(), compression=compression, progress=stop)
    assert (tmp_path / name).read_bytes() == old
    assert os.listdir(tmp_path) == [name]


def test_a_save_needs_no_second_copy(tmp_path, peak_memory):
    data = image((0, 255, 0, 255, 0, 127))
    data.GetPointData().AddArray(array(np.zeros((256 * 256 * 128, 3), "f4"), "v"))
    for options in ({}, {"axes": "xyz"}):
        assert peak_memory(lambda o=options: npyvtk.write(tmp_path / "a.npz", data, **o)) < 24 << 20


# -- time steps ------------------------------------------------------------------------------------


def step(k, seed=None):
    data = image(seed=k if seed is None else seed)
    data.GetCellData().AddArray(array(np.full(data.GetNumberOfCells(), k), "number"))
    data.GetFieldData().AddArray(array(np.array([k / 2]), "varying"))
    data.GetFieldData().AddArray(strings(["same"], "constant"))
    data.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), k / 4)
    return data


@pytest.mark.parametrize("compression", [0, 3])
@pytest.mark.parametrize("axes", ["zyx", "xyz"])
def test_stacked_npz(tmp_path, compression, axes):
    options = WriteOptions(compression=compression, content=ExportOptions(axes))
    with Stack(tmp_path / "a.npz", 3, options) as stack:
        for k in range(3):
            stack.add(step(k), k / 4)
            assert not (tmp_path / "a.npz").exists()
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        for k in range(3):
            expected = values(step(k))
            np.testing.assert_array_equal(found["T"][k], expected if axes == "zyx" else expected.T)
        assert found["number"].shape[0] == 3
        assert found["varying"].tolist() == [[0], [0.5], [1]]
        assert found["constant"].tolist() == ["same"]
        assert found["time"].tolist() == [0, 0.25, 0.5]
        schema = json.loads(str(found["vtk"]))["data"]
        assert schema["point_data"][0]["axes"] == f"t{axes}"
        assert [a["axes"] for a in schema["field_data"]] == ["tn", "n"]
    with zipfile.ZipFile(tmp_path / "a.npz") as file:
        assert file.testzip() is None
    back = npyvtk.read(str(tmp_path / "a.npz"), step=2)
    np.testing.assert_array_equal(values(back), values(step(2)))
    assert os.listdir(tmp_path) == ["a.npz"]


def test_stacked_npy(tmp_path):
    with Stack(tmp_path / "a.npy", 2, WriteOptions("T")) as stack:
        for k in range(2):
            stack.add(step(k), k)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), [values(step(k)) for k in range(2)])


def stack_all(path, count, steps):
    with Stack(path, count) as stack:
        for k, data in enumerate(steps):
            stack.add(data, k)


def test_steps_that_do_not_fit_are_refused_and_nothing_is_left(tmp_path):
    moved, renamed, larger = step(1), step(1), image((0, 3, 0, 2, 0, 5))
    moved.SetOrigin(1, 0, 0)
    renamed.GetPointData().GetArray("T").SetName("U")
    integer = step(1)
    integer.GetPointData().RemoveArray("T")
    integer.GetPointData().AddArray(array(np.zeros(integer.GetNumberOfPoints()), "T"))
    for wrong, says in (
        (moved, "geometry"),
        (renamed, "found U"),
        (larger, "first step"),
        (integer, "float64, and float32"),
    ):
        first = step(0) if wrong is not larger else image()
        with pytest.raises(OptionError, match=f"time step 1: .*{says}.*Series"):
            stack_all(tmp_path / "a.npz", 2, [first, wrong])
        assert os.listdir(tmp_path) == []


def test_too_few_and_too_many_steps(tmp_path):
    with pytest.raises(OptionError, match="3 time steps were announced, and 1 came"):
        stack_all(tmp_path / "a.npz", 3, [step(0)])
    with pytest.raises(OptionError, match="there are more"):
        stack_all(tmp_path / "a.npz", 1, [step(0), step(1)])
    assert os.listdir(tmp_path) == []


def test_stacking_holds_one_step(tmp_path, peak_memory):
    def steps():
        with Stack(tmp_path / "a.npz", 8) as stack:
            for k in range(8):
                data = vtkImageData()
                data.SetDimensions(128, 128, 64)
                data.GetPointData().AddArray(array(np.full(128 * 128 * 64, k, "f4"), "T"))
                stack.add(data, k)

    assert peak_memory(steps) < 32 << 20
    assert os.path.getsize(tmp_path / "a.npz") > 8 * 4 << 20


@pytest.mark.parametrize(
    ("suffix", "expected"),
    [
        ("_%d", "a_7.npz"),
        ("_{:d}", "a_7.npz"),
        ("_{}", "a_7.npz"),
        ("_%04d", "a_0007.npz"),
        ("_{:04d}", "a_0007.npz"),
        ("%3d", "a  7.npz"),
        (".{:02d}.step", "a.07.step.npz"),
    ],
)
def test_series_names(suffix, expected):
    assert series_name(os.path.join("x", "a.npz"), suffix, 7) == os.path.join("x", expected)


@pytest.mark.parametrize("suffix", ["", "x", "%s", "%d%d", "{0.__class__}", "{:d}{:d}", "_%d/x", "{:x}", "%d%%"])
def test_other_suffixes_are_refused(suffix):
    with pytest.raises(OptionError, match="FileNameSuffix"):
        series_name("a.npz", suffix, 0)


def test_series_file(tmp_path):
    names = [str(tmp_path / f"a_{k}.npz") for k in range(2)]
    listed = write_series(tmp_path / "a.npz", names, [0, 0.5])
    assert listed == str(tmp_path / "a.npz.series")
    with open(listed) as file:
        assert json.load(file) == {
            "file-series-version": "1.0",
            "files": [{"name": "a_0.npz", "time": 0.0}, {"name": "a_1.npz", "time": 0.5}],
        }


def run(saving, steps):
    for k in steps:
        saving.add(step(k))
    assert saving.complete
    saving.close()


def test_saving_in_all_modes(tmp_path):
    run(Saving(tmp_path / "one.npz"), [0])
    run(Saving(tmp_path / "many.npy", "Series", [0, 1], "_%02d", WriteOptions("T")), [0, 1])
    run(Saving(tmp_path / "all.npz", "Stacked", [0, 1]), [0, 1])
    assert sorted(os.listdir(tmp_path)) == ["all.npz", "many.npy.series", "many_00.npy", "many_01.npy", "one.npz"]
    with pytest.raises(OptionError, match="TimeSteps"):
        Saving(tmp_path / "a.npz", "Sometimes")


def test_an_abandoned_run_leaves_whole_files_only(tmp_path):
    stacked = Saving(tmp_path / "all.npz", "Stacked", [0, 1])
    stacked.add(step(0))
    stacked.abandon()
    assert os.listdir(tmp_path) == []
    series = Saving(tmp_path / "many.npy", "Series", [0, 1], options=WriteOptions("T"))
    series.add(step(0))
    series.abandon()
    assert os.listdir(tmp_path) == ["many_0.npy"]


def test_progress_over_all_steps(tmp_path):
    for mode in ("Series", "Stacked"):
        seen = []
        run(Saving(tmp_path / f"{mode}.npz", mode, [0, 1, 2], progress=seen.append), range(3))
        assert seen == sorted(seen)
        assert seen[-1] == 1


def test_save_is_write(tmp_path):
    save(tmp_path / "a.npz", image())
    npyvtk.write(tmp_path / "b.npz", image())
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


def padding(values):
    """Return the 6 of the 16 bytes of each long double that hold no value."""
    if values.dtype.names:
        return np.concatenate([padding(values[name]) for name in values.dtype.names])
    found = np.frombuffer(values.tobytes(), np.uint8).reshape(-1, 16)
    return found[:, 10:] if values.dtype.isnative else found[:, :6]


has_padding = pytest.mark.skipif(
    np.finfo("g").nmant != 63 or np.dtype("g").itemsize != 16, reason="no longdouble has padding here"
)


@has_padding
@pytest.mark.parametrize("dtype", ["g", "G", ">g", ">G", [("a", "g"), ("b", "G", (2,))], [("a", ">g"), ("b", ">G")]])
@pytest.mark.parametrize("shape", [(), (1,), (4, 5)])
@pytest.mark.parametrize("ranks", [1, 3])
def test_padding_of_long_doubles_is_zero(dtype, shape, ranks, tmp_path):
    """NumPy casts in memory that it does not clear, and brings what that held before into the file."""
    path = str(tmp_path / "a.npz")
    values = np.zeros(shape, dtype)
    values[...] = np.arange(values.size).reshape(shape)
    np.savez(path, a=values, points=np.zeros((20, 3)))
    pieces = [load(describe(path), piece=Piece(number, ranks)) for number in range(ranks)]
    for _ in range(5):
        save_by_ranks(path, pieces) if ranks > 1 else npyvtk.write(path, pieces[0])
        with np.load(path, allow_pickle=False) as file:
            assert file["a"].dtype == values.dtype
            np.testing.assert_array_equal(file["a"], values)
            assert not padding(file["a"]).any()


@has_padding
@pytest.mark.parametrize("dtype", ["g", ">g"])
def test_padding_of_times_is_zero(dtype, tmp_path):
    path = str(tmp_path / "a.npz")
    data = []
    for time in (1.5, 2.5):
        np.savez(path, a=np.zeros((2, 3)), time=np.full((), time, dtype))
        data.append(npyvtk.read(path))
    for _ in range(5):
        npyvtk.write(path, data[0])
        with Stack(tmp_path / "all.npz", 2) as stack:
            stack.add(data[0], 1.5)
            stack.add(data[1], 2.5)
        for name, times in (("a.npz", 1.5), ("all.npz", [1.5, 2.5])):
            with np.load(tmp_path / name, allow_pickle=False) as file:
                assert file["time"].dtype == dtype
                np.testing.assert_array_equal(file["time"], times)
                assert not padding(file["time"]).any()
