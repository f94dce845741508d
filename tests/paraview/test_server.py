"""A client and a pvserver of 1, 2 and 4 ranks: data, properties, files and failures go where they belong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import said_in
from ranks import FOLDER

VOLUME = np.random.default_rng(3).standard_normal((20, 9, 11)).astype(">f4")

SCRIPT = """
import json
sys.path.append({tests!r})
import ranks
from paraview import simple

told = {{}}

def information(source, name):
    source.UpdatePropertyInformation()
    value = source.GetProperty(name).GetData()
    return value if isinstance(value, (str, int, float)) else list(value)

# Opening: properties are those of the server's file.
reader = OpenDataFile("volume.npz")
reader.UpdatePipeline()
for name in ("Interpretation", "LastError", "AxesInfo", "ArraysInfo"):
    told[name] = information(reader, name)
told["arrays"] = list(reader.Arrays)
data = reader.GetDataInformation()
told["extent"], told["bounds"], told["points"] = data.GetExtent(), data.GetBounds(), data.GetNumberOfPoints()
told["range"] = reader.PointData["a"].GetRange()

# Filters.
subset = ExtractSubset(Input=reader, VOI=[2, 8, 1, 7, 3, 15])
cut = Slice(Input=reader)
cut.SliceType.Origin = [0, 0, 9.5]
cut.SliceType.Normal = [0, 0, 1]
for name, source in (("subset", subset), ("cut", cut)):
    source.UpdatePipeline()
    told[name] = source.GetDataInformation().GetBounds()
integrated = IntegrateVariables(Input=reader)
integrated.UpdatePipeline()
told["integrated"] = integrated.PointData["a"].GetRange()[0]
told["volume"] = integrated.CellData["Volume"].GetRange()[0]

# Saving, where the server is.
SaveData("copy.npz", proxy=reader)
SaveData("part.npy", proxy=subset)
SaveData("again.npy", proxy=reader, Axes="xyz")

# What the client gets.
fetched = servermanager.Fetch(subset)
told["fetched"] = fetched.GetClassName()

# File > Change File makes a new reader with the properties of the old one.
ReplaceReaderFileName(reader, ["other.npz"], "FileNames")
(reader,) = (source for source in GetSources().values() if "FileNames" in source.ListProperties())
reader.UpdatePipeline()
told["other"] = (reader.GetDataInformation().GetBounds(), information(reader, "Interpretation"))

def chapter(title):
    sys.stderr.write(f"== {{title}}\\n")
    sys.stderr.flush()

def result(title, reader):
    reader.UpdatePipeline()
    told[title] = (reader.GetDataInformation().GetNumberOfCells(), information(reader, "LastError"))

chapter("absent")
result("absent", NumPyReader(FileNames=["absent.npy"]))
chapter("short")
broken = NumPyReader(FileNames=["short.npy"])
result("short", broken)
last = {ranks} - 1
ranks.everywhere(simple, "if ranks.rank() == 0: import shutil; shutil.copy('whole.npy', 'short.npy')")
chapter("repaired")
ReloadFiles(broken)
result("repaired", broken)
ranks.everywhere(simple, f"ranks.spoil('return 0', broken={{last}})")
chapter("cut short on the last rank")
ReloadFiles(broken)
result("cut short on the last rank", broken)
ranks.everywhere(simple, "ranks.spoil(None)")
chapter("healed")
ReloadFiles(broken)
result("healed", broken)

# A picture needs every rank.
view = CreateRenderView(ViewSize=[64, 64])
Show(broken, view)
Render(view)
sys.stderr.write("== end\\n")

with open("told.json", "w") as file:
    json.dump(told, file)
"""


@pytest.fixture(scope="module", params=[1, 2, 4], ids="ranks{}".format)
def session(request, run_in, pvserver_in, tmp_path_factory):
    """The folder of a finished session, what the client found, and its messages by chapter."""
    folder = tmp_path_factory.mktemp("server")
    np.savez(folder / "volume.npz", a=VOLUME, spacing=[1.0, 2.0, 0.5], origin=[0.0, -1.0, 0.0], note=np.arange(3))
    np.savez(folder / "other.npz", b=VOLUME[:5], spacing=[1.0, 1.0, 3.0])
    whole = np.arange(4000.0).reshape(20, 20, 10)
    np.save(folder / "whole.npy", whole)
    data = (folder / "whole.npy").read_bytes()
    (folder / "short.npy").write_bytes(data[:-8])
    with pvserver_in(folder, request.param) as server:
        script = SCRIPT.format(tests=FOLDER, ranks=request.param)
        done = run_in(folder, script, server=server, check=False)
    log = (folder / "pvserver.log").read_text()
    assert done.returncode == 0, done.stdout + done.stderr + log
    said, lines = {}, []
    title = "start"
    for line in done.stderr.splitlines():
        if line.startswith("== "):
            said[title] = said_in("\n".join(lines))
            title, lines = line[3:], []
        else:
            lines.append(line)
    return folder, json.loads((folder / "told.json").read_text()), said, log


def test_properties_are_those_of_the_servers_file(session):
    _, received, said, _ = session
    assert received["Interpretation"][0].startswith("a: (20, 9, 11) float32 big-endian, axes zyx, point data")
    assert received["LastError"] in ("", [""], [])
    assert any(entry.startswith("zyx ") for entry in received["AxesInfo"])
    assert received["ArraysInfo"] == ["a", "1", "note", "1"]
    assert received["arrays"] == []  # nobody has chosen any
    # What part.npy leaves behind is told, and nothing else.
    assert all("everything" in line or "part.npy: only 'a' is saved" in line for line in said["start"])
    assert any("part.npy: only 'a' is saved" in line for line in said["start"])


def test_the_client_sees_the_whole(session):
    _, received, _, _ = session
    assert received["extent"] == [0, 10, 0, 8, 0, 19]
    assert received["bounds"] == [0, 10, -1, 15, 0, 9.5]
    assert received["range"] == [VOLUME.min(), VOLUME.max()]


def test_filters(session):
    _, received, _, _ = session
    assert received["subset"] == [2, 8, 1, 13, 1.5, 7.5]
    assert received["cut"][4:] == [9.5, 9.5]
    assert received["volume"] == pytest.approx(10 * 16 * 9.5)
    v = VOLUME.astype(float)
    for axis in range(3):
        first, last = np.split(v, [v.shape[axis] - 1], axis)[0], np.split(v, [1], axis)[1]
        v = (first + last) / 2
    assert received["integrated"] == pytest.approx(v.sum(), rel=1e-4)
    assert received["fetched"] == "vtkImageData"  # with several ranks ParaView fetches the image of one of them


def test_the_server_saves(session):
    folder, _, _, _ = session
    with np.load(folder / "copy.npz") as copy:
        assert copy["a"].dtype == VOLUME.dtype
        np.testing.assert_array_equal(copy["a"], VOLUME)
        assert copy["spacing"].tolist() == [1, 2, 0.5]
        np.testing.assert_array_equal(copy["note"], np.arange(3))
    np.testing.assert_array_equal(np.load(folder / "part.npy"), VOLUME[3:16, 1:8, 2:9])
    np.testing.assert_array_equal(np.load(folder / "again.npy"), VOLUME.T)


def test_change_file(session):
    _, received, _, _ = session
    bounds, lines = received["other"]
    assert bounds == [0, 10, 0, 8, 0, 12]
    assert lines[0].startswith("b: (5, 9, 11)")


@pytest.mark.parametrize(
    ("title", "match"),
    [("absent", "there is no such file"), ("short", "short.npy"), ("cut short on the last rank", "cut short")],
)
def test_failures_reach_the_client_once(session, title, match):
    _, received, said, _ = session
    cells, error = received[title]
    assert cells == 0
    assert match in error
    assert len(said[title]) == 1, said[title]
    assert error in said[title][0]


@pytest.mark.parametrize("title", ["repaired", "healed"])
def test_it_works_again(session, title):
    _, received, said, _ = session
    assert received[title] == [19 * 19 * 9, ""]
    assert said[title] == []
