"""Series: how often their files are opened, by one rank and by many, and files that lack an array."""

from __future__ import annotations

import os

import numpy as np
import pytest
from npyvtk.files import source
from ranks import FOLDER
from vtkmodules.util.numpy_support import vtk_to_numpy

FILES = 6


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def opens(monkeypatch):
    """Names of all files that were opened."""
    log, plain = [], source.InputFile.__init__

    def opened(file, path):
        log.append(os.path.basename(path))
        plain(file, path)

    monkeypatch.setattr(source.InputFile, "__init__", opened)
    return log


def output(reader, time=None):
    reader.UpdatePipeline(*([] if time is None else [time]))
    return reader.GetClientSideObject().GetOutputDataObject(0)


def names(data):
    attributes = data.GetPointData()
    return [attributes.GetArrayName(k) for k in range(attributes.GetNumberOfArrays())]


def test_a_change_that_cannot_change_the_plan_opens_no_file(pv, opens):
    for k in range(FILES):
        np.savez(f"a{k}.npz", a=np.full((5, 6, 7), k + 1j), b=np.zeros((5, 6, 7)))
    reader = pv.OpenDataFile([os.path.abspath(f"a{k}.npz") for k in range(FILES)])
    reader.UpdatePipelineInformation()
    assert opens == [f"a{k}.npz" for k in range(FILES)]
    output(reader, 2)
    for name, value in {
        "SampleRate": [2, 2, 1], "MemoryLimit": 100, "MemoryMap": 1, "ComplexAs": "Real", "VOI": [0, 3, 0, 3, 0, 3],
        "Arrays": ["a"],
    }.items():  # fmt: skip
        opens.clear()
        setattr(reader, name, value)
        reader.UpdatePipelineInformation()
        assert opens == [], name
        output(reader, 3)
        assert opens == ["a3.npz"], name
    assert output(reader, 3).GetDimensions() == (2, 2, 4)
    assert names(output(reader, 3)) == ["a.real"]
    opens.clear()
    pv.ReloadFiles(reader)
    reader.UpdatePipelineInformation()
    assert opens == [f"a{k}.npz" for k in range(FILES)]


def test_each_step_shows_what_its_file_has(pv):
    np.savez("a0.npz", a=np.zeros((5, 6)), b=np.zeros((5, 6)))
    np.savez("a1.npz", a=np.ones((5, 6)), c=np.ones((5, 6)))
    reader = pv.OpenDataFile([os.path.abspath("a0.npz"), os.path.abspath("a1.npz")])
    assert list(reader.Arrays.Available) == ["a", "b", "c"]
    assert names(output(reader, 0)) == ["a", "b"]
    assert names(output(reader, 1)) == ["a", "c"]
    lines = list(reader.GetProperty("Interpretation").GetData())
    assert "b: in 1 of 2 files, the steps of the others are shown without it" in lines
    assert "series: 2 files, times 0 to 1, from the order of the files" in lines
    reader.Arrays = ["a"]
    assert [names(output(reader, k)) for k in (0, 1)] == [["a"], ["a"]]


def last_error(reader):
    reader.UpdatePropertyInformation()
    return reader.GetProperty("LastError").GetData()


@pytest.mark.parametrize("how", ["its bytes", "its header"])
def test_damage_is_an_error_line_and_the_rest_is_shown(pv, messages, how):
    np.savez("a.npz", good=np.arange(30.0).reshape(5, 6), bad=np.ones((5, 6)))
    with open("a.npz", "rb") as file:
        content = bytearray(file.read())
    at = content.rindex(b"\x93NUMPY")
    at += 200 if how == "its bytes" else 10
    content[at] ^= 0x55
    with open("a.npz", "wb") as file:
        file.write(content)
    reader = pv.OpenDataFile("a.npz")
    data = output(reader)
    assert names(data) == ["good"]
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("good")), np.arange(30.0))
    (line,) = messages.take()
    assert line.startswith("NumPy Reader: a.npz: member 'bad.npy': damaged: ")
    assert "The rest is shown." in line
    assert line.endswith(last_error(reader))
    output(reader)
    assert messages.take() == []


def test_only_remarks_left_is_an_error_line(pv, messages):
    np.savez("a.npz", field=np.array([{}, {}], dtype=object), date=np.array("2020-01-01"), version=np.array(3))
    reader = pv.OpenDataFile("a.npz")
    output(reader)
    (line,) = messages.take()
    assert line.startswith("NumPy Reader: a.npz: nothing to show but remarks: field: skipped, cannot be shown: an ")
    assert line.endswith(last_error(reader))


# ---------------------------------------------------------------------------------------------------
# many ranks

SCRIPT = """
sys.path.append({tests!r})
import ranks
from paraview import simple

ranks.everywhere(simple, "ranks.watch()")
folder = os.getcwd()

def kept(name):
    ranks.everywhere(simple, f"ranks.keep_opens({{os.path.join(folder, name)!r}})")

reader = NumPyReader(FileNames=[os.path.join(folder, f"a{{k}}.npz") for k in range({files})])
reader.UpdatePipelineInformation()
kept("information")
for name, change in {{"first": {{}}, "rate": {{"SampleRate": [2, 2, 1]}}, "arrays": {{"Arrays": ["a"]}}}}.items():
    for key, value in change.items():
        setattr(reader, key, value)
    reader.UpdatePipeline(3.0)
    kept(name)
reader.Axes = "xyz"
reader.UpdatePipeline(3.0)
kept("axes")
ReloadFiles(reader)
reader.UpdatePipeline(5.0)
kept("reload")
reader.FileNames = [os.path.join(folder, "nowhere.npy")]
reader.UpdatePipeline()
kept("nowhere")
reader.SampleRate = [1, 1, 1]
reader.FileNames = [os.path.join(folder, "a2.npz")]
reader.UpdatePipeline()
reader.UpdatePropertyInformation()
print("points", reader.GetDataInformation().GetNumberOfPoints(), reader.GetProperty("LastError").GetData() or "fine")
print("lines", [line for line in reader.GetProperty("Interpretation").GetData()])
kept("another")
"""


@pytest.mark.parametrize("how", ["pvbatch", "pvbatch --sym", "pvserver"])
def test_rank_0_describes_a_series_and_shares_it(run, pvserver, tmp_path, how):
    ranks = 3
    for k in range(FILES):
        np.savez(f"a{k}.npz", a=np.full((9, 8, 7), float(k)), b=np.zeros((9, 8, 7)))
    script = SCRIPT.format(tests=FOLDER, files=FILES)
    if how == "pvserver":
        with pvserver(ranks) as server:
            done = run(script, server=server, check=False)
    else:
        done = run(script, program="pvbatch", ranks=ranks, sym=how.endswith("--sym"), check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "fine" in done.stdout, done.stdout + done.stderr

    def opened(name):
        return [(tmp_path / f"{name}.{rank}.txt").read_text().split() for rank in range(ranks)]

    every, each = [f"a{k}.npz" for k in range(FILES)], how.endswith("--sym")
    described = [every, *([every if each else []] * (ranks - 1))]
    assert opened("information") == described, "M files, not M times N"
    assert opened("first") == opened("rate") == opened("arrays") == [["a3.npz"]] * ranks
    assert opened("axes") == [[*found, "a3.npz"] for found in described]
    assert opened("reload") == [[*found, "a5.npz"] for found in described]
    if not each:
        assert sum(map(len, opened("nowhere"))) >= 1
        assert opened("nowhere")[1:] == [[]] * (ranks - 1)
        assert [found[-1] for found in opened("another")] == ["a2.npz"] * ranks
