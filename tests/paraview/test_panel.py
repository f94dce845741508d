"""What the property panel shows: the order of design, a tooltip for each, the rare ones hidden."""

from __future__ import annotations

import numpy as np
import pytest

READER = ["Arrays", "Axes", "DataSetType", "Association", "Origin", "Spacing", "Interpretation"]
READER_ADVANCED = ["Direction", "ComplexAs", "VOI", "SampleRate", "MemoryLimit", "MemoryMap"]
HIDDEN = {"Input", "FileNames", "FileName"}


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
def writer(pv, reader, tmp_path):
    return pv.CreateWriter(str(tmp_path / "b.npz"), reader)


def test_reader_shows_the_usual_ones_and_hides_the_rare(reader):
    shown = panel(reader)
    assert {name for name in READER_ADVANCED if shown[name][0] == "advanced"} == set(READER_ADVANCED)
    assert {name for name in READER if shown[name][0] == "default"} == set(READER)


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_each_has_a_tooltip_of_its_own(side, request):
    seen = set()
    for name, (visibility, _, tooltip) in panel(request.getfixturevalue(side)).items():
        if visibility == "never" or name in HIDDEN or name.endswith("Info"):
            continue
        assert len(tooltip) > 20, f"{name} has no tooltip"
        assert tooltip not in seen, f"{name} has the tooltip of another"
        seen.add(tooltip)


@pytest.mark.parametrize("side", ["reader", "writer"])
def test_labels_give_the_names_that_scripts_use(side, request):
    # Scripts see a property under its label without spaces; another label would hide the name.
    for name, (_, label, _) in panel(request.getfixturevalue(side)).items():
        assert label.replace(" ", "") == name


def test_axes_and_arrays_are_filled_when_the_file_is_opened(reader):
    assert list(reader.GetProperty("Arrays").Available) == ["a"]
    axes = list(reader.GetProperty("Axes").Available)
    assert axes[:2] == ["auto", "zyx"]
    assert {"xyz", "tyx", "yxc"} <= set(axes)


def test_abbreviations_stay_whole(reader):
    # ParaView 5.11 makes "V OI" of a name without a label.
    assert panel(reader)["VOI"][1] == "VOI"
