"""The reader in ParaView: opening, changing, reloading, failing and recovering, in a live pipeline."""

from __future__ import annotations

import json
import os
import warnings

import numpy as np
import pytest
from npyvtk.files import source
from vtkmodules.util.numpy_support import vtk_to_numpy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # 5.11's own source has escape sequences that Python warns of
    from paraview import smstate, smtrace


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


class Reads(list):
    """Bytes of each read."""

    def take(self):
        total = sum(self)
        self.clear()
        return total


@pytest.fixture
def reads(monkeypatch):
    """Count what is read through the one function that reads."""
    log, plain = Reads(), source._read_at

    def read_at(file, buffer, offset):
        count = plain(file, buffer, offset)
        log.append(count)
        return count

    monkeypatch.setattr(source, "_read_at", read_at)
    return log


def values(data, name, of="Point"):
    return vtk_to_numpy(getattr(data, f"Get{of}Data")().GetArray(name))


def error_of(reader):
    reader.UpdatePropertyInformation()
    return reader.LastError


def lines_of(reader):
    reader.UpdatePipelineInformation()
    reader.UpdatePropertyInformation()
    return list(reader.Interpretation)


def later(name):
    """Put the modification time of a file a second on, as time does."""
    status = os.stat(name)
    os.utime(name, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


# ---------------------------------------------------------------------------------------------------
# opening

ARRAY = np.random.default_rng(0).random((3, 4, 5))
FILES = {
    "plain": (ARRAY, "vtkImageData"),
    "big-endian-fortran": (np.asfortranarray(ARRAY.astype(">f4")), "vtkImageData"),
    "bool": (ARRAY > 0.5, "vtkImageData"),
    "half": (ARRAY.astype("f2"), "vtkImageData"),
    "longdouble": (ARRAY.astype("g") / 3, "vtkImageData"),
    "complex": (ARRAY + 1j, "vtkImageData"),
    "dates": (ARRAY.astype("M8[s]"), "vtkImageData"),
    "text": (np.array(["a", "é", ""]), "vtkTable"),
    "records": (np.zeros(4, [("a", "f4"), ("b", [("c", "i2"), ("d", "f8", (3,))])]), "vtkTable"),
    "scalar": (np.float64(3), "vtkTable"),
    "row": (np.arange(7.0), "vtkTable"),
    "points": (np.arange(30.0).reshape(10, 3), "vtkUnstructuredGrid"),
    "picture": (np.zeros((5, 6, 3), "u1"), "vtkImageData"),
    "vectors": (np.zeros((3, 4, 5, 3)), "vtkImageData"),
    "6-d": (np.zeros((2, 2, 2, 3, 4, 5)), "vtkImageData"),
    "empty-1-d": (np.zeros(0), "vtkTable"),
    "empty-2-d": (np.zeros((0, 3)), "vtkImageData"),
    "empty-3-d": (np.zeros((3, 0, 5)), "vtkImageData"),
    "no-steps": (np.zeros((0, 3, 4, 5)), "vtkTable"),
    "archive": ({"a": ARRAY, "spacing": [1, 2, 3]}, "vtkImageData"),
    "affine": ({"a": ARRAY, "affine": np.diag([2, 3, 4, 1.0])}, "vtkImageData"),
    "rectilinear": ({"a": ARRAY, "x": np.arange(5), "y": np.arange(4), "z": np.arange(3)}, "vtkRectilinearGrid"),
    "structured": ({"x": ARRAY, "y": ARRAY, "z": ARRAY, "a": ARRAY}, "vtkStructuredGrid"),
    "mesh": ({"points": ARRAY.reshape(20, 3), "tetras": [[0, 1, 2, 3]]}, "vtkUnstructuredGrid"),
    "columns": ({"a": np.arange(5), "b": np.arange(5.0)}, "vtkTable"),
    "blocks": ({"a": ARRAY, "b": np.zeros((6, 7)), "note": "hello"}, "vtkPartitionedDataSetCollection"),
    "names": ({"a/b c": ARRAY, "größe": ARRAY}, "vtkImageData"),
}


@pytest.mark.parametrize(("arrays", "kind"), FILES.values(), ids=FILES)
def test_open(pv, fetch, arrays, kind):
    name = "file.npz" if isinstance(arrays, dict) else "file.npy"
    np.savez(name, **arrays) if isinstance(arrays, dict) else np.save(name, arrays)
    reader = pv.OpenDataFile(os.path.abspath(name))
    data = fetch(reader)
    assert data.GetClassName() == kind
    assert error_of(reader) == ""
    assert lines_of(reader)
    if isinstance(arrays, dict) and "a" in arrays and kind in ("vtkImageData", "vtkRectilinearGrid"):
        expected = ARRAY.T if "affine" in arrays else ARRAY  # whose first index is x
        np.testing.assert_array_equal(values(data, "a"), expected.ravel())


def test_wrong_extension_is_no_matter(pv, fetch):
    with open("really.npz", "wb") as file:
        np.save(file, ARRAY)
    np.testing.assert_array_equal(values(fetch(pv.OpenDataFile("really.npz")), "really"), ARRAY.ravel())


def test_only_headers_are_read_before_the_data_is_asked_for(pv, fetch, reads):
    np.save("a.npy", np.zeros((60, 70, 80)))
    reader = pv.OpenDataFile("a.npy")
    reader.UpdatePipelineInformation()
    reader.UpdatePropertyInformation()
    assert lines_of(reader) == [
        "a: (60, 70, 80) float64, axes zyx, point data (if these are frames, choose tyx)",
        "geometry: origin 0 0 0, spacing 1 1 1",
    ]
    assert reader.GetDataInformation().GetNumberOfPoints() == 0 or reads.take() < 40_000
    reads.take()
    fetch(reader)
    assert reads.take() < 60 * 70 * 80 * 8 + 20_000
    fetch(reader)
    assert reads.take() == 0, "a second update reads nothing"


def test_extract_subset_reads_its_part(pv, fetch, reads):
    array = np.random.default_rng(1).random((60, 70, 80))
    np.save("a.npy", array)
    reader = pv.OpenDataFile("a.npy")
    reader.UpdatePipelineInformation()
    reads.take()
    subset = pv.ExtractSubset(Input=reader, VOI=[10, 19, 0, 69, 30, 31])
    data = fetch(subset)
    assert reads.take() < 2 * 70 * 80 * 8 + 40_000
    np.testing.assert_array_equal(values(data, "a"), array[30:32, :, 10:20].ravel())


def test_only_the_chosen_arrays_are_read(pv, fetch, reads):
    np.savez("a.npz", a=np.zeros((40, 50, 60)), b=np.ones((40, 50, 60)))
    reader = pv.OpenDataFile("a.npz")
    reader.Arrays = ["b"]
    reads.take()
    data = fetch(reader)
    assert reads.take() < 40 * 50 * 60 * 8 + 400_000
    assert [data.GetPointData().GetArrayName(k) for k in range(data.GetPointData().GetNumberOfArrays())] == ["b"]


# ---------------------------------------------------------------------------------------------------
# time


def test_scrubbing_reads_one_step_at_a_time(pv, fetch, reads):
    array = np.arange(5 * 20 * 30 * 40.0).reshape(5, 20, 30, 40)
    np.savez("a.npz", a=array, time=[0, 1, 2.5, 4, 9])
    reader = pv.OpenDataFile("a.npz")
    reader.UpdatePipelineInformation()
    assert list(reader.TimestepValues) == [0, 1, 2.5, 4, 9]
    one = 20 * 30 * 40 * 8
    for time, step in [(2.5, 2), (0, 0), (9, 4), (3.9, 2), (99, 4), (-1, 0)]:
        reads.take()
        data = fetch(reader, time)
        np.testing.assert_array_equal(values(data, "a"), array[step].ravel())
        assert reads.take() < one + 150_000
        assert data.GetInformation().Get(data.DATA_TIME_STEP()) == reader.TimestepValues[step]


def test_series_of_files(pv, fetch, reads):
    for k in range(4):
        np.save(f"a{k}.npy", np.full((20, 30, 40), float(k)))
    reader = pv.OpenDataFile([os.path.abspath(f"a{k}.npy") for k in range(4)])
    reader.UpdatePipelineInformation()
    assert list(reader.TimestepValues) == [0, 1, 2, 3]
    for k in (3, 1, 3, 0):
        reads.take()
        assert set(values(fetch(reader, k), "a")) == {k}
        assert reads.take() < 20 * 30 * 40 * 8 + 20_000


def test_series_file(pv, fetch):
    for k in range(3):
        np.save(f"a{k}.npy", np.full((5, 6), k))
    with open("a.npy.series", "w", encoding="utf-8") as file:
        json.dump({"files": [{"name": f"a{k}.npy", "time": 10.0**k} for k in range(3)]}, file)
    reader = pv.OpenDataFile("a.npy.series")
    reader.UpdatePipelineInformation()
    assert list(reader.TimestepValues) == [1, 10, 100]
    assert set(values(fetch(reader, 10), "a")) == {1}


def test_a_broken_file_of_a_series_fails_alone(pv, fetch, messages):
    for k in range(4):
        np.save(f"a{k}.npy", np.full((5, 6), k))
    with open("a1.npy", "wb") as file:
        file.write(b"junk")
    os.remove("a2.npy")
    reader = pv.OpenDataFile([os.path.abspath(f"a{k}.npy") for k in range(4)])
    assert set(values(fetch(reader, 0), "a")) == {0}
    assert messages.take() == []
    assert list(reader.TimestepValues) == [0, 1, 2, 3]
    for k in (1, 2):
        data = fetch(reader, k)
        (line,) = messages.take()
        assert f"a{k}.npy" in line
        assert line.endswith(error_of(reader))
        assert data.GetPointData().GetNumberOfArrays() == 0
    assert set(values(fetch(reader, 3), "a")) == {3}
    assert error_of(reader) == ""
    assert len([line for line in lines_of(reader) if line.startswith("skipped")]) == 2


# ---------------------------------------------------------------------------------------------------
# changes in a live pipeline


def test_properties_change_the_output(pv, fetch):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    assert fetch(reader).GetDimensions() == (5, 4, 3)
    reader.Axes = "xyz"
    data = fetch(reader)
    assert data.GetDimensions() == (3, 4, 5)
    np.testing.assert_array_equal(values(data, "a"), np.transpose(ARRAY).ravel())
    reader.Axes = "auto"
    reader.Spacing = [1, 2, 3]
    assert fetch(reader).GetSpacing() == (1, 2, 3)
    reader.Origin = [5, 6, 7]
    assert fetch(reader).GetOrigin() == (5, 6, 7)
    reader.Direction = [0, 1, 0, 1, 0, 0, 0, 0, 1]
    assert fetch(reader).GetDirectionMatrix().GetElement(0, 1) == 1
    reader.Association = "Cell Data"
    assert fetch(reader).GetCellData().GetArray("a").GetNumberOfTuples() == 60
    reader.Association = "Auto"
    reader.VOI = [1, 3, 0, 3, 2, 2]
    data = fetch(reader)
    assert data.GetExtent() == (1, 3, 0, 3, 2, 2)
    np.testing.assert_array_equal(values(data, "a"), ARRAY[2, :, 1:4].ravel())
    reader.VOI = [0, 4, 0, 3, 0, 2]
    reader.SampleRate = [2, 2, 1]
    np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY[:, ::2, ::2].ravel())


@pytest.mark.parametrize(
    ("kind", "name"),
    [("Rectilinear Grid", "vtkRectilinearGrid"), ("Structured Grid", "vtkStructuredGrid"), ("Table", "vtkTable"),
     ("Image", "vtkImageData")],
)  # fmt: skip
def test_the_type_changes_and_back(pv, fetch, kind, name):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    fetch(reader)
    reader.DataSetType = kind
    assert fetch(reader).GetClassName() == name
    reader.DataSetType = "Auto"
    data = fetch(reader)
    assert data.GetClassName() == "vtkImageData"
    np.testing.assert_array_equal(values(data, "a"), ARRAY.ravel())


@pytest.mark.parametrize(
    ("choice", "names"),
    [("Components", ["a"]), ("Magnitude and Phase", ["a.magnitude", "a.phase"]), ("Real", ["a.real"]),
     ("Imaginary", ["a.imag"])],
)  # fmt: skip
def test_complex_as(pv, fetch, choice, names):
    np.save("a.npy", ARRAY + 1j)
    reader = pv.OpenDataFile("a.npy")
    reader.ComplexAs = choice
    data = fetch(reader).GetPointData()
    assert [data.GetArrayName(k) for k in range(data.GetNumberOfArrays())] == names


def test_blocks_become_one_grid_and_return(pv, fetch):
    np.savez("a.npz", a=ARRAY, b=np.zeros((6, 7)))
    reader = pv.OpenDataFile("a.npz")
    assert fetch(reader).GetNumberOfPartitionedDataSets() == 2
    reader.Arrays = ["b"]
    assert fetch(reader).GetDimensions() == (7, 6, 1)
    reader.Arrays = ["a", "b"]
    assert fetch(reader).GetNumberOfPartitionedDataSets() == 2
    reader.Arrays = []
    fetch(reader)
    assert error_of(reader) == ""


def geometry_set(reader):
    """Return the properties of the geometry, which looks at the reader each time."""
    reader.UpdatePipelineInformation()
    return list(reader.Origin), list(reader.Spacing), list(reader.Direction), list(reader.VOI)


UNSET = ([0, 0, 0], [1, 1, 1], [1, 0, 0, 0, 1, 0, 0, 0, 1], [0, -1, 0, -1, 0, -1])


def test_geometry_of_the_file_applies_until_it_is_set(pv, fetch):
    np.savez("a.npz", a=ARRAY, origin=[1, 2, 3], spacing=[0.5, 2, 4])
    reader = pv.OpenDataFile("a.npz")
    data = fetch(reader)
    assert (data.GetOrigin(), data.GetSpacing()) == ((1, 2, 3), (0.5, 2, 4))
    assert geometry_set(reader) == UNSET
    reader.Spacing = [1, 1, 9]  # one alone too
    data = fetch(reader)
    assert (data.GetOrigin(), data.GetSpacing()) == ((1, 2, 3), (1, 1, 9))
    reader.Spacing = [1, 1, 1]
    assert fetch(reader).GetSpacing() == (0.5, 2, 4)


def test_geometry_of_the_file_can_be_ignored(pv, fetch):
    turned = [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    np.savez("a.npz", a=ARRAY, origin=[1, 2, 3], spacing=[0.5, 2, 4], direction=turned)
    pv.SaveData(os.path.abspath("b.npz"), pv.OpenDataFile("a.npz"))  # with the description of the writer
    for name in ("a.npz", "b.npz"):
        reader = pv.OpenDataFile(name)
        assert fetch(reader).GetDirectionMatrix().GetElement(0, 1) == 1
        reader.IgnoreFileGeometry = 1
        data = fetch(reader)
        assert (data.GetOrigin(), data.GetSpacing()) == ((0, 0, 0), (1, 1, 1))
        assert data.GetDirectionMatrix().IsIdentity()
        reader.Origin = [7, 0, 0]
        data = fetch(reader)
        assert (data.GetOrigin(), data.GetSpacing()) == ((7, 0, 0), (1, 1, 1))


@pytest.mark.parametrize("member", [{}, {"x": np.arange(3.0), "y": np.arange(4.0), "v": np.zeros((4, 3))}],
                         ids=["table", "rectilinear"])  # fmt: skip
def test_geometry_without_an_image_is_one_line(pv, fetch, member):
    np.savez("a.npz", **(member or {"v": np.arange(9.0)}))
    reader = pv.OpenDataFile("a.npz")
    reader.Spacing, reader.Origin = [1, 2, 3], [4, 5, 6]
    reader.IgnoreFileGeometry = 1
    fetch(reader)
    found = [line for line in lines_of(reader) if "without effect" in line]
    assert found == ["Origin, Spacing, IgnoreFileGeometry: without effect, as there is no image in the file"]
    assert error_of(reader) == ""


def test_part_without_a_grid_is_one_line(pv, fetch):
    np.save("a.npy", np.arange(9.0))
    reader = pv.OpenDataFile("a.npy")
    reader.VOI, reader.SampleRate = [0, 1, 0, 1, 0, 1], [2, 1, 1]
    assert fetch(reader).GetNumberOfRows() == 9
    assert "VOI, SampleRate: without effect, as there is no grid in the file" in lines_of(reader)


def test_a_part_may_leave_an_axis_whole(pv, fetch):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    reader.VOI = [0, -1, 1, 2, 0, -1]
    np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY[:, 1:3].ravel())


def test_name_of_the_array(pv, fetch):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    reader.ArrayName = "p"
    np.testing.assert_array_equal(values(fetch(reader), "p"), ARRAY.ravel())
    reader.UpdatePipelineInformation()
    assert list(reader.GetProperty("Arrays").Available) == ["p"]
    np.save("b.npy", ARRAY * 2)
    pv.ReplaceReaderFileName(reader, [os.path.abspath("a.npy"), os.path.abspath("b.npy")], "FileNames")
    reader = pv.GetActiveSource()
    np.testing.assert_array_equal(values(fetch(reader, 1), "p"), ARRAY.ravel() * 2)
    np.savez("c.npz", a=ARRAY)
    reader = pv.OpenDataFile("c.npz")
    reader.ArrayName = "p"
    np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY.ravel())
    assert "ArrayName: without effect, as the names of the arrays stand in the file" in lines_of(reader)


def test_arrays_that_the_file_lacks_are_left_aside(pv, fetch):
    np.savez("a.npz", q=ARRAY, r=ARRAY * 2)
    reader = pv.OpenDataFile("a.npz")

    def names(*chosen):
        reader.Arrays = list(chosen)
        data = fetch(reader).GetPointData()
        said = [line for line in lines_of(reader) if line.startswith("Arrays: ")]
        return sorted(data.GetArrayName(k) for k in range(data.GetNumberOfArrays())), len(said)

    assert names("p", "q") == (["q"], 0)
    assert names("p") == (["q", "r"], 1)  # none is left
    assert names("r") == (["r"], 0)
    assert names() == ([], 0)
    assert names("q", "r") == (["q", "r"], 0)


def test_the_only_array_of_a_npy_is_always_loaded(pv, fetch):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    for chosen in (["run_1"], [], ["a"]):
        reader.Arrays = chosen
        np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY.ravel())


# ---------------------------------------------------------------------------------------------------
# other content, other files

CONTENTS = {
    "values": ARRAY * 2,
    "shape": np.zeros((6, 7, 8)),
    "dtype": ARRAY.astype("i2"),
    "picture": np.zeros((9, 8)),
    "steps": np.zeros((4, 5, 6, 7)),
    "table": np.zeros(9),
    "points": np.zeros((9, 3)),
}


def expected_of(array):
    if array.ndim == 1:
        return "vtkTable", array.size
    if array.shape[1] == 3:
        return "vtkUnstructuredGrid", array.shape[0]
    return "vtkImageData", int(np.prod(array.shape[-3:]))


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("filtered", [False, True], ids=["alone", "filtered"])
def test_reload_after_the_content_changed(pv, fetch, content, filtered):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    last = pv.PassArrays(Input=reader, PointDataArrays=["a"]) if filtered else reader
    fetch(last)
    array = CONTENTS[content]
    np.save("a.npy", array)
    later("a.npy")
    pv.ReloadFiles(reader)
    fetch(last)
    kind, count = expected_of(array)
    data = fetch(reader)
    assert data.GetClassName() == kind
    assert (data.GetNumberOfRows() if kind == "vtkTable" else data.GetNumberOfPoints()) == count
    if kind == "vtkImageData":
        first = array[0] if array.ndim == 4 else array
        np.testing.assert_array_equal(values(data, "a"), first.ravel())
    times = reader.TimestepValues
    assert len(times if hasattr(times, "__len__") else [times]) == (4 if array.ndim == 4 else 0)
    assert str(array.shape) in lines_of(reader)[0]
    assert error_of(reader) == ""


@pytest.mark.parametrize("content", CONTENTS)
def test_change_file(pv, fetch, content):
    np.savez("a.npz", a=ARRAY, origin=[1, 2, 3], spacing=[4, 5, 6])
    np.save("b.npy", CONTENTS[content])
    reader = pv.OpenDataFile(os.path.abspath("a.npz"))
    fetch(reader)
    pv.ReplaceReaderFileName(reader, [os.path.abspath("b.npy")], "FileNames")
    reader = pv.GetActiveSource()
    data = fetch(reader)
    kind, _ = expected_of(CONTENTS[content])
    assert data.GetClassName() == kind
    assert lines_of(reader)[0].startswith("b: ")
    if kind == "vtkImageData":
        assert data.GetSpacing() == (1, 1, 1)
        assert data.GetOrigin() == (0, 0, 0)
        nz, ny, nx = (1, 1, *CONTENTS[content].shape)[-3:]
        assert data.GetExtent() == (0, nx - 1, 0, ny - 1, 0, nz - 1)
        assert geometry_set(reader) == UNSET
    assert list(reader.GetProperty("Arrays").Available) == ([] if kind == "vtkUnstructuredGrid" else ["b"])
    assert error_of(reader) == ""


def test_what_was_set_stays_when_the_file_changes(pv, fetch, messages):
    np.savez("a.npz", a=ARRAY, origin=[1, 2, 3], spacing=[4, 5, 6])
    np.savez("b.npz", a=ARRAY[1:], origin=[3, 2, 1], spacing=[7, 8, 9])
    np.save("c.npy", ARRAY[:, 1:])
    with open("junk.npy", "wb") as file:
        file.write(b"junk")
    reader = pv.OpenDataFile(os.path.abspath("a.npz"))
    reader.Origin = [0.5, 0.5, 0.5]
    assert geometry_set(reader) == ([0.5, 0.5, 0.5], *UNSET[1:])
    for name, spacing, voi in [
        ("b.npz", [7, 8, 9], [0, 4, 0, 3, 0, 1]),
        ("junk.npy", None, None),
        ("c.npy", [1, 1, 1], [0, 4, 0, 2, 0, 2]),
        ("a.npz", [4, 5, 6], [0, 4, 0, 3, 0, 2]),
    ]:
        pv.ReplaceReaderFileName(reader, [os.path.abspath(name)], "FileNames")
        reader = pv.GetActiveSource()
        assert geometry_set(reader) == ([0.5, 0.5, 0.5], *UNSET[1:])
        reader.SMProxy.UpdateVTKObjects()
        data = fetch(reader)
        if name == "junk.npy":
            assert messages.take()
        else:
            assert (data.GetOrigin(), data.GetSpacing()) == ((0.5, 0.5, 0.5), tuple(spacing))
            assert list(data.GetExtent()) == voi


def test_the_geometry_follows_the_file_while_left_alone(pv, fetch, messages):
    np.savez("a.npz", a=ARRAY, spacing=[4, 5, 6])
    reader = pv.OpenDataFile("a.npz")
    np.savez("a.npz", a=ARRAY[1:], spacing=[7, 8, 9])
    later("a.npz")
    pv.ReloadFiles(reader)
    assert fetch(reader).GetSpacing() == (7, 8, 9)
    reader.Axes = "xyz"
    assert fetch(reader).GetExtent() == (0, 1, 0, 3, 0, 4)
    os.rename("a.npz", "b.npz")
    pv.ReloadFiles(reader)
    reader.Axes = "auto"
    fetch(reader)
    assert len(messages.take()) > 0
    np.savez("a.npz", a=ARRAY, spacing=[4, 5, 6])
    pv.ReloadFiles(reader)
    data = fetch(reader)
    assert (data.GetSpacing(), data.GetExtent()) == ((4, 5, 6), (0, 4, 0, 3, 0, 2))
    assert geometry_set(reader) == UNSET


def test_same_reader_another_file(pv, fetch):
    np.savez("a.npz", a=ARRAY, spacing=[4, 5, 6])
    np.savez("b.npz", c=np.zeros((6, 7)), spacing=[7, 8, 1])
    reader = pv.OpenDataFile("a.npz")
    fetch(reader)
    reader.FileNames = ["b.npz"]
    data = fetch(reader)
    assert data.GetDimensions() == (7, 6, 1)
    assert data.GetSpacing() == (7, 8, 1)
    assert geometry_set(reader) == UNSET


# ---------------------------------------------------------------------------------------------------
# failures


def spoil(name, how):
    if how == "junk":
        with open(name, "wb") as file:
            file.write(b"junk")
    elif how == "missing":
        os.remove(name)
    elif how == "cut":
        os.truncate(name, os.path.getsize(name) - 8)
    elif how == "object":
        np.save(name, np.array([{}], object), allow_pickle=True)
    elif how == "folder":
        os.remove(name)
        os.mkdir(name)


@pytest.mark.parametrize("how", ["junk", "missing", "cut", "object", "folder"])
def test_one_line_then_recovery(pv, fetch, messages, how):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    fetch(reader)
    spoil("a.npy", how)
    pv.ReloadFiles(reader)
    data = fetch(reader)
    (line,) = messages.take()
    assert "a.npy" in line
    assert error_of(reader)
    assert line == error_of(reader), "with nothing before it, neither time nor file and line of the plugin"
    assert messages.take() == []
    assert data.GetNumberOfElements(0) == 0 or data.GetPointData().GetNumberOfArrays() == 0
    fetch(reader)
    reader.UpdatePipelineInformation()
    assert messages.take() == [], "said once is enough"
    if how == "folder":
        os.rmdir("a.npy")
    np.save("a.npy", ARRAY)
    later("a.npy")
    pv.ReloadFiles(reader)
    np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY.ravel())
    assert error_of(reader) == ""


@pytest.mark.parametrize("how", ["junk", "missing", "cut", "replaced"])
def test_a_file_that_changes_between_two_time_steps(pv, fetch, messages, how):
    steps = np.random.default_rng(0).random((4, 5, 6, 7))
    np.save("a.npy", steps)
    reader = pv.OpenDataFile("a.npy")
    np.testing.assert_array_equal(values(fetch(reader, 0), "a"), steps[0].ravel())
    if how == "replaced":
        np.save("a.npy", steps[:, :2])
        later("a.npy")
    else:
        spoil("a.npy", how)
    data = fetch(reader, 1)
    assert len(messages.take()) == 1
    assert "a.npy" in error_of(reader)
    assert data.GetPointData().GetNumberOfArrays() == 0
    np.save("a.npy", steps)
    later("a.npy")
    pv.ReloadFiles(reader)
    np.testing.assert_array_equal(values(fetch(reader, 2), "a"), steps[2].ravel())
    assert error_of(reader) == ""


CHOICES = {
    "Axes": ("yx", "auto"),
    "DataSetType": ("Mesh", "Auto"),
    "VOI": ([90, 99, 0, 3, 0, 2], [0, 4, 0, 3, 0, 2]),
    "Spacing": ([0, 1, 1], [1, 1, 1]),
    "Direction": ([0] * 9, [1, 0, 0, 0, 1, 0, 0, 0, 1]),
}


@pytest.mark.parametrize(("name", "choice"), CHOICES.items(), ids=CHOICES)
def test_a_choice_that_does_not_fit_is_one_line(pv, fetch, messages, name, choice):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    fetch(reader)
    setattr(reader, name, choice[0])
    fetch(reader)
    (line,) = messages.take()
    assert name in line
    assert "a.npy" in line
    assert line.endswith(error_of(reader))
    setattr(reader, name, choice[1])
    np.testing.assert_array_equal(values(fetch(reader), "a"), ARRAY.ravel())
    assert error_of(reader) == ""


def test_the_memory_limit_is_one_line(pv, fetch, messages):
    np.save("a.npy", np.zeros((60, 70, 80)))
    reader = pv.OpenDataFile("a.npy")
    reader.MemoryLimit = 1
    fetch(reader)
    (line,) = messages.take()
    assert "a.npy: too large, set SampleRate 2 2 2: this part" in line
    reader.SampleRate = [2, 2, 2]
    assert fetch(reader).GetDimensions() == (40, 35, 30)


def test_a_filter_behind_a_failure_lives_on(pv, fetch, messages):
    np.save("a.npy", ARRAY)
    reader = pv.OpenDataFile("a.npy")
    contour = pv.Contour(Input=reader, ContourBy=["POINTS", "a"], Isosurfaces=[0.5])
    assert fetch(contour).GetNumberOfPoints() > 0
    spoil("a.npy", "junk")
    pv.ReloadFiles(reader)
    fetch(contour)
    assert len([line for line in messages.take() if "NumPy Reader" in line]) == 1
    np.save("a.npy", ARRAY)
    later("a.npy")
    pv.ReloadFiles(reader)
    assert fetch(contour).GetNumberOfPoints() > 0


# ---------------------------------------------------------------------------------------------------
# states

# Saved here; the process that loads it knows nothing else.
CHECK = """
(reader,) = [s for s in GetSources().values() if s.GetXMLName() == "NumPyReader"]
reader.UpdatePipeline()
data = reader.GetClientSideObject().GetOutputDataObject(0)
assert data.GetExtent() == (0, 2, 1, 3, 0, 4), data.GetExtent()
assert data.GetSpacing() == (1, 2, 3)
assert [data.GetPointData().GetArrayName(k) for k in range(data.GetPointData().GetNumberOfArrays())] == ["b.real"]
"""


@pytest.mark.parametrize("state", ["state.pvsm", "state.py"])
def test_state_files(pv, run, state):
    np.savez("a.npz", a=ARRAY, b=ARRAY * 1j, time=3.0)
    reader = pv.OpenDataFile(os.path.abspath("a.npz"))
    reader.Axes = "xyz"
    reader.Spacing = [1, 2, 3]
    reader.Arrays = ["b"]
    reader.ComplexAs = "Real"
    reader.VOI = [0, 2, 1, 3, 0, 4]
    reader.UpdatePipeline()
    if state.endswith("pvsm"):
        pv.SaveState(state)
        load = f"LoadState({state!r})"
    else:
        with open(state, "w", encoding="utf-8") as file:
            file.write(smstate.get_state())
        load = f"exec(open({state!r}).read())"
    run(load + CHECK)


def test_state_after_the_file_changed(pv, run):
    np.savez("a.npz", a=ARRAY, origin=[1, 2, 3], spacing=[4, 5, 6])
    np.savez("b.npz", a=ARRAY[1:], origin=[3, 2, 1], spacing=[7, 8, 9])
    reader = pv.OpenDataFile(os.path.abspath("a.npz"))
    reader.Origin = [5, 5, 5]
    pv.ReplaceReaderFileName(reader, [os.path.abspath("b.npz")], "FileNames")
    pv.GetActiveSource().UpdatePipelineInformation()
    pv.SaveState("state.pvsm")
    # Another run of the simulation: what was left alone still is.
    np.savez("b.npz", a=ARRAY, origin=[9, 9, 9], spacing=[2, 2, 2])
    run("""
LoadState("state.pvsm")
(reader,) = GetSources().values()
reader.UpdatePipeline()
data = reader.GetClientSideObject().GetOutputDataObject(0)
assert data.GetOrigin() == (5, 5, 5), data.GetOrigin()
assert data.GetSpacing() == (2, 2, 2), data.GetSpacing()
assert data.GetExtent() == (0, 4, 0, 3, 0, 2), data.GetExtent()
""")


def test_trace(pv, run):
    np.savez("a.npz", a=ARRAY, b=ARRAY * 1j)
    smtrace.start_trace()
    reader = pv.OpenDataFile(os.path.abspath("a.npz"))
    reader.UpdatePipeline()
    text = smtrace.stop_trace()
    with open("trace.py", "w", encoding="utf-8") as file:
        file.write(text)
    assert "NumPyReader(" in text
    run("""
exec(open('trace.py').read())
(reader,) = GetSources().values()
reader.UpdatePipeline()
assert reader.GetDataInformation().GetExtent() == (0, 4, 0, 3, 0, 2)
assert len(reader.PointData) == 2
""")


def test_time_steps_are_those_of_the_chosen_arrays(pv):
    np.savez("films.npz", film=np.zeros((5, 4, 6)), short=np.ones((3, 4, 6)), time=2.0 * np.arange(5))
    reader = pv.OpenDataFile("films.npz")
    reader.Axes = "tyx"
    reader.UpdatePipelineInformation()
    assert list(reader.TimestepValues) == [0, 2, 4, 6, 8]
    reader.Arrays = ["short"]
    reader.UpdatePipelineInformation()
    assert list(reader.TimestepValues) == [0, 2, 4]
    reader.UpdatePipeline(4.0)
    output = reader.GetClientSideObject().GetOutputDataObject(0)
    assert output.GetInformation().Get(output.DATA_TIME_STEP()) == 4
    assert values(output, "short").tolist() == [1.0] * 24
