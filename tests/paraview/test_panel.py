"""What the property panel shows: the order of design, a tooltip for each, the rare ones hidden."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

READER = ["Arrays", "Axes", "DataSetType", "Positions", "Association", "Origin", "Spacing", "Interpretation"]
READER_ADVANCED = [
    "Direction",
    "IgnoreFileGeometry",
    "ArrayName",
    "PadVectors",
    "JoinVectors",
    "ComplexAs",
    "VOI",
    "SampleRate",
    "MemoryLimit",
]
READER_ADVANCED += ["MemoryMap"]
HIDDEN = {"Input", "FileNames", "FileName"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def panel(proxy):
    """Return {name: (visibility, label, tooltip)} of a proxy's properties, in the order of its XML."""
    found = {}
    iterator = proxy.SMProxy.NewPropertyIterator()
    iterator.UnRegister(None)
    iterator.Begin()
    while not iterator.IsAtEnd():
        shown = iterator.GetProperty()
        documentation = shown.GetDocumentation()
        tooltip = documentation.GetDescription() if documentation else None
        found[iterator.GetKey()] = (shown.GetPanelVisibility(), shown.GetXMLLabel(), " ".join((tooltip or "").split()))
        iterator.Next()
    return found


@pytest.fixture
def reader(pv, tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((3, 4, 5)))
    return pv.OpenDataFile(str(tmp_path / "a.npy"))


@pytest.fixture
def archive_writer(pv, reader, tmp_path):
    return pv.CreateWriter(str(tmp_path / "b.npz"), reader)


@pytest.fixture
def array_writer(pv, reader, tmp_path):
    return pv.CreateWriter(str(tmp_path / "b.npy"), reader)


def test_reader_shows_the_usual_ones_and_hides_the_rare(reader):
    shown = panel(reader)
    assert {name for name in READER_ADVANCED if shown[name][0] == "advanced"} == set(READER_ADVANCED)
    assert {name for name in READER if shown[name][0] == "default"} == set(READER)


@pytest.mark.parametrize("side", ["reader", "archive_writer", "array_writer"])
def test_each_has_a_tooltip_of_its_own(side, request):
    seen = set()
    for name, (visibility, _, tooltip) in panel(request.getfixturevalue(side)).items():
        if visibility == "never" or name in HIDDEN or name.endswith("Info"):
            continue
        assert len(tooltip) > 20, f"{name} has no tooltip"
        assert tooltip not in seen, f"{name} has the tooltip of another"
        seen.add(tooltip)


@pytest.mark.parametrize("side", ["reader", "archive_writer", "array_writer"])
def test_labels_give_the_names_that_scripts_use(side, request):
    # Scripts see a property under its label without spaces; another label would hide the name.
    for name, (_, label, _) in panel(request.getfixturevalue(side)).items():
        assert label.replace(" ", "") == name


def test_axes_and_arrays_are_filled_when_the_file_is_opened(reader):
    assert list(reader.GetProperty("Arrays").Available) == ["a"]
    axes = list(reader.GetProperty("Axes").Available)
    assert axes[0] == "auto"
    assert axes[1].startswith("cyx  components first")  # three planes may be components
    assert {"zyx", "xyz", "tyx", "yxc"} <= {entry.split()[0] for entry in axes}


def test_axes_explain_themselves(pv, reader, fetch):
    (entry,) = [entry for entry in reader.GetProperty("Axes").Available if entry.startswith("-yxc ")]
    assert entry == "-yxc  components; first row on top"
    np.save("b.npy", np.arange(60.0).reshape(3, 4, 5))
    reader = pv.OpenDataFile("b.npy")
    reader.Axes = entry
    values = fetch(reader).GetPointData().GetArray(0)
    assert values.GetNumberOfComponents() == 5
    assert values.GetTuple(0) == (40, 41, 42, 43, 44)  # the last row lies at the bottom
    reader.UpdatePipelineInformation()
    assert [one for one in reader.GetProperty("Axes").Available if one.startswith("-yxc")] == [entry]


@pytest.mark.parametrize("bare", ["-yxc", "-zyx", "zyx, nc"])
def test_bare_axes_of_a_script_are_listed_once(reader, bare):
    reader.Axes = bare
    reader.UpdatePipelineInformation()
    axes = list(reader.GetProperty("Axes").Available)
    assert [entry for entry in axes if entry.startswith(bare)] == [bare]
    assert reader.Axes == bare


@pytest.mark.parametrize("side", ["reader", "archive_writer", "array_writer"])
def test_the_panel_and_help_have_a_documentation(pv, side, request):
    proxy = request.getfixturevalue(side)
    text = " ".join(proxy.SMProxy.GetDocumentation().GetDescription().split())
    assert text.startswith(("Opens .npy and .npz", "Saves any dataset", "Saves one array"))
    assert proxy.SMProxy.GetHints().FindNestedElementByName("ShowProxyDocumentationInPanel")
    if side == "reader":
        assert "Opens .npy and .npz files as what" in pv.NumPyReader.__doc__


def test_a_table_has_a_tick_per_column(pv, fetch, tmp_path):
    rows = np.array([(1, 2.5, [3, 4]), (5, 6.5, [7, 8])], [("id", "i4"), ("mass", "f8"), ("at", "f4", 2)])
    np.save("rows.npy", rows)
    reader = pv.OpenDataFile("rows.npy")
    assert list(reader.GetProperty("Arrays").Available) == ["id", "mass", "at"]
    reader.Arrays = ["mass", "at"]
    data = fetch(reader).GetRowData()
    assert [data.GetArrayName(k) for k in range(data.GetNumberOfArrays())] == ["mass", "at"]
    np.testing.assert_array_equal(vtk_to_numpy(data.GetArray("at")), rows["at"])
    pv.SaveData(str(tmp_path / "some.npz"), reader)
    with np.load(tmp_path / "some.npz") as saved:
        found = {name: saved[name] for name in saved if name != "vtk"}
    columns = found.get("rows", found)
    np.testing.assert_array_equal(columns["mass"], rows["mass"])
    np.testing.assert_array_equal(columns["at"], rows["at"])
    np.savez("more.npz", rows=rows, grid=np.zeros((3, 4, 5)))
    reader = pv.OpenDataFile("more.npz")
    assert list(reader.GetProperty("Arrays").Available) == ["rows.id", "rows.mass", "rows.at", "grid"]
    reader.Arrays = ["rows.id", "grid"]
    data = fetch(reader)
    parts = [data.GetPartitionAsDataObject(k, 0) for k in range(data.GetNumberOfPartitionedDataSets())]
    (table,) = [part.GetRowData() for part in parts if part is not None and part.IsA("vtkTable")]
    assert [table.GetArrayName(k) for k in range(table.GetNumberOfArrays())] == ["rows.id"]


def test_positions_list_what_may_hold_them(pv, fetch):
    rest, now = np.zeros((50, 3)), np.arange(150.0).reshape(50, 3)
    np.savez("two.npz", rest=rest, now=now, x=rest[:, 0], y=rest[:, 1], z=rest[:, 2])
    reader = pv.OpenDataFile("two.npz")
    assert list(reader.GetProperty("Positions").Available) == ["auto", "rest", "now", "x, y, z"]
    reader.Positions = "now"
    np.testing.assert_array_equal(vtk_to_numpy(fetch(reader).GetPoints().GetData()), now)
    reader.Positions = "auto"
    assert fetch(reader).GetPoints().GetBounds() == (0, 0, 0, 0, 0, 0)


def test_wrong_positions_are_one_line_and_the_reader_goes_on(pv, fetch, messages):
    np.savez("two.npz", rest=np.zeros((50, 3)), now=np.ones((50, 3)))
    reader = pv.OpenDataFile("two.npz")
    reader.Positions = "nose"
    reader.UpdatePipeline()
    reader.UpdatePropertyInformation()
    (line,) = messages.take()
    assert "two.npz: Positions is 'nose'; it must be the name of an array" in line
    assert "Choose rest or now or auto." in line
    assert reader.LastError in line
    reader.Positions = "now"
    assert fetch(reader).GetBounds() == (1, 1, 1, 1, 1, 1)
    reader.UpdatePropertyInformation()
    assert reader.LastError == ""


def test_abbreviations_stay_whole(reader):
    # ParaView 5.11 makes "V OI" of a name without a label.
    assert panel(reader)["VOI"][1] == "VOI"
