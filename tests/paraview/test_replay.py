"""A trace, a macro, a state in Python or a ``.pvsm`` of one file, replayed on another, which must come out whole.

What nobody set must not stand in them. A macro of the window is a trace.
"""

from __future__ import annotations

import ast
import os
import warnings
import xml.etree.ElementTree as ET  # of files that ParaView has just written

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # 5.11's own source has escape sequences that Python warns of
    from paraview import smstate, smtrace

RANDOM = np.random.default_rng(5)


def image(shape, **members):
    return {name: RANDOM.random(shape) if isinstance(value, str) else value for name, value in members.items()}


A = "an array"
FIRST = {
    "image": image((4, 5, 6), p=A, q=A, spacing=[1.0, 1.0, 2.0], origin=[5.0, 6.0, 7.0]),
    "npy": RANDOM.random((4, 5, 6)),
    "points": {"points": RANDOM.random((20, 3)), "p": RANDOM.random(20), "q": RANDOM.random(20)},
    "table": np.zeros(7, [("p", "f8"), ("q", "i4")]),
    "grids": {"p": RANDOM.random((4, 5, 6)), "q": RANDOM.random((6, 7))},
}
# What fits nothing and is large is field data that is loaded only if it is chosen.
LARGE_FIELD = {"points": RANDOM.random((20, 3)), "p": RANDOM.random(20), "q": RANDOM.random((200, 1000))}
OTHERS = {
    "image": image((8, 10, 12), p=A, spacing=[0.5, 0.5, 0.5], origin=[100.0, 0.0, 0.0]),
    "same names and more": image((8, 10, 12), q=A, p=A, r=A, spacing=[0.5, 0.5, 0.5]),
    "some of the names": image((3, 4, 5), q=A, r=A),
    "other names": image((3, 4, 5), r=A, s=A),
    "npy": RANDOM.random((8, 10, 12)),
    "points": {"points": RANDOM.random((30, 3)), "q": RANDOM.random(30), "r": RANDOM.random(30)},
    "table": np.zeros(9, [("q", "i4"), ("r", "f8")]),
}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def save(stem, content):
    path = os.path.abspath(f"{stem}.npz" if isinstance(content, dict) else f"{stem}.npy")
    np.savez(path, **content) if isinstance(content, dict) else np.save(path, content)
    return path


def record(pv, way, path, change=None):
    """Open a file, let `change` set properties, and return the text of the trace or state."""
    if way == "trace":
        smtrace.start_trace()
    reader = pv.OpenDataFile(path)
    reader.UpdatePipeline()
    if change is not None:
        # What Apply does in the window, so that a trace takes note of it.
        create = smtrace._create_trace_item_internal
        item = create("PropertiesModified", kwargs={"proxy": reader.SMProxy}) if way == "trace" else None
        change(reader)
        if item is not None:
            item.finalize()
        reader.UpdatePipeline()
    if way == "trace":
        text = smtrace.stop_trace()
    elif way == "py":
        text = smstate.get_state()
    else:
        pv.SaveState("recorded.pvsm")
        with open("recorded.pvsm", encoding="utf-8") as file:
            text = file.read()
    pv.Delete(reader)
    return text


RECORDED = {}


def recorded(pv, way, first):
    """Return the trace or state of a file of `FIRST`, recorded once for all that it is replayed on, and its path."""
    if (way, first) not in RECORDED:
        path = save("first", FIRST[first])
        RECORDED[way, first] = record(pv, way, path), path
    return RECORDED[way, first]


def replay(pv, way, text, path, other):
    """Return the data of the other file."""
    assert path in text
    text = text.replace(path, other).replace(os.path.basename(path), os.path.basename(other))
    if way == "pvsm":
        with open("replayed.pvsm", "w", encoding="utf-8") as file:
            file.write(text)
        pv.LoadState(os.path.abspath("replayed.pvsm"))
    else:
        exec(text, {})  # noqa: S102
    (reader,) = (source for source in pv.GetSources().values() if source.GetXMLName() == "NumPyReader")
    reader.UpdatePipeline()
    reader.UpdatePropertyInformation()
    assert reader.LastError == ""
    return reader.GetClientSideObject().GetOutputDataObject(0)


def arrays_of(data):
    found = {}
    for attributes in (data.GetRowData(),) if data.IsA("vtkTable") else (data.GetPointData(), data.GetCellData()):
        for k in range(attributes.GetNumberOfArrays()):
            found[attributes.GetArrayName(k)] = vtk_to_numpy(attributes.GetArray(k))
    return found


def set_in_python(text):
    """Return what a script sets on its reader, in whatever of ParaView's three ways, with the code of the value."""
    found, readers = {}, set()
    for statement in ast.parse(text).body:
        value = getattr(statement, "value", None)
        function = value.func if isinstance(value, ast.Call) else None
        if isinstance(function, ast.Name) and function.id == "NumPyReader":
            readers.add(statement.targets[0].id)
            found.update((one.arg, one.value) for one in value.keywords)
        elif isinstance(function, ast.Attribute) and function.attr == "Set" and function.value.id in readers:
            found.update((one.arg, one.value) for one in value.keywords)
        for target in getattr(statement, "targets", []):
            if isinstance(target, ast.Attribute) and getattr(target.value, "id", "") in readers:
                found[target.attr] = value
    assert readers
    assert {"registrationName", "FileNames"} <= set(found)
    return {name: ast.unparse(code) for name, code in found.items() if name not in ("registrationName", "FileNames")}


def set_in(way, text):
    """Return what the text sets on the reader, but its files."""
    if way != "pvsm":
        return set_in_python(text)
    (proxy,) = (one for one in ET.fromstring(text).iter("Proxy") if one.get("type") == "NumPyReader")  # noqa: S314
    found = {}
    for one in proxy.iter("Property"):
        values = [element.get("value") for element in one.iter("Element")]
        if values != DEFAULTS.get(one.get("name"), values):
            found[one.get("name")] = values
    return {name: value for name, value in found.items() if name not in ("FileNames", "TimestepValues")}


DEFAULTS = {
    "Arrays": [],
    "Axes": ["auto"],
    "DataSetType": ["0"],
    "Positions": ["auto"],
    "Association": ["0"],
    "Origin": ["0", "0", "0"],
    "Spacing": ["1", "1", "1"],
    "Direction": ["1", "0", "0", "0", "1", "0", "0", "0", "1"],
    "IgnoreFileGeometry": ["0"],
    "ArrayName": [""],
    "PadVectors": ["1"],
    "JoinVectors": ["0"],
    "ComplexAs": ["0"],
    "VOI": ["0", "-1"] * 3,
    "SampleRate": ["1", "1", "1"],
    "MemoryLimit": ["-1"],
    "MemoryMap": ["0"],
}
WAYS = ["trace", "py", "pvsm"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("first", [*FIRST.values(), LARGE_FIELD], ids=[*FIRST, "large field"])
def test_nothing_is_recorded_that_nobody_set(pv, way, first):
    assert set_in(way, record(pv, way, save("first", first))) == {}


@pytest.mark.parametrize("way", WAYS)
def test_a_large_field_that_was_chosen_is_recorded(pv, way):
    text = record(pv, way, save("first", LARGE_FIELD), lambda reader: setattr(reader, "Arrays", ["p", "q"]))
    assert set(set_in(way, text)) == {"Arrays"}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", FIRST)
def test_another_file_comes_out_whole(pv, way, first, other):
    text, path = recorded(pv, way, first)
    data = replay(pv, way, text, path, save("second", OTHERS[other]))
    content = OTHERS[other]
    if not isinstance(content, dict):
        columns = content.dtype.names
        content = {name: content[name] for name in columns} if columns else {"second": content}
    expected = {name: value for name, value in content.items() if name not in ("origin", "spacing", "points")}
    found = arrays_of(data)
    assert sorted(found) == sorted(expected)
    for name, value in expected.items():
        np.testing.assert_array_equal(found[name], value.ravel())
    if data.IsA("vtkImageData"):
        assert data.GetDimensions() == next(iter(expected.values())).shape[::-1]
        assert list(data.GetSpacing()) == content.get("spacing", [1, 1, 1])
        assert list(data.GetOrigin()) == content.get("origin", [0, 0, 0])
    elif "points" in content:
        np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), content["points"])


@pytest.mark.parametrize("way", WAYS)
def test_what_was_set_is_recorded_and_applies(pv, way):
    def change(reader):
        reader.Arrays = ["q"]
        reader.Spacing = [1, 1, 7]
        reader.VOI = [0, -1, 1, 2, 0, -1]
        reader.Axes = "-zyx"

    q = RANDOM.random((8, 10, 12))
    path, second = save("first", FIRST["image"]), save("second", {"q": q, "p": q * 2, "spacing": [0.5, 0.5, 0.5]})
    text = record(pv, way, path, change)
    assert set(set_in(way, text)) == {"Arrays", "Spacing", "VOI", "Axes"}
    data = replay(pv, way, text, path, second)
    assert list(arrays_of(data)) == ["q"]
    np.testing.assert_array_equal(arrays_of(data)["q"], q[::-1, 1:3].ravel())
    assert data.GetSpacing() == (1, 1, 7)


@pytest.mark.parametrize("way", WAYS)
def test_positions_that_were_set_are_recorded_and_apply(pv, way):
    rest, now = RANDOM.random((20, 3)), RANDOM.random((30, 3))
    path = save("first", {"rest": rest, "now": rest * 2})
    second = save("second", {"rest": now * 2, "now": now, "speed": now[:, 0]})
    text = record(pv, way, path, lambda reader: setattr(reader, "Positions", "now"))
    assert set(set_in(way, text)) == {"Positions"}
    data = replay(pv, way, text, path, second)
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPoints().GetData()), now)


@pytest.mark.parametrize("way", WAYS)
def test_arrays_of_another_file_give_all(pv, way):
    path, second = save("first", FIRST["image"]), save("second", OTHERS["other names"])
    text = record(pv, way, path, lambda reader: setattr(reader, "Arrays", ["q"]))
    assert set(set_in(way, text)) == {"Arrays"}
    assert sorted(arrays_of(replay(pv, way, text, path, second))) == ["r", "s"]


@pytest.mark.parametrize("other", OTHERS)
@pytest.mark.parametrize("first", FIRST)
def test_change_file(pv, first, other):
    reader = pv.OpenDataFile(save("first", FIRST[first]))
    reader.UpdatePipeline()
    second = save("second", OTHERS[other])
    pv.ReplaceReaderFileName(reader, [second], "FileNames")
    reader = pv.GetActiveSource()
    reader.UpdatePipeline()
    changed = arrays_of(reader.GetClientSideObject().GetOutputDataObject(0))
    fresh = pv.OpenDataFile(second)
    fresh.UpdatePipeline()
    data = fresh.GetClientSideObject().GetOutputDataObject(0)
    assert sorted(changed) == sorted(arrays_of(data))
    assert reader.GetDataInformation().GetBounds() == fresh.GetDataInformation().GetBounds()
    assert list(reader.Arrays) == []
