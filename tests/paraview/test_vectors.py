"""Vectors of two components, or in several arrays, as ParaView's filters for vectors see them."""

from __future__ import annotations

import numpy as np
import pytest
from vtkmodules.util.numpy_support import vtk_to_numpy

Y, X = np.mgrid[0:20, 0:30]
FLOW = np.stack([np.ones(X.shape), 0.1 * X / 30], 2)


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_filters_for_vectors_offer_and_take_them(pv, fetch, messages):
    np.save("flow.npy", FLOW)
    reader = pv.OpenDataFile("flow.npy")
    reader.UpdatePipeline()
    warped = pv.WarpByVector(Input=reader)
    assert list(warped.Vectors) == ["POINTS", "flow"]
    x, y, _z = vtk_to_numpy(fetch(warped).GetPoints().GetData()).T
    np.testing.assert_allclose(x, X.ravel() + 1)
    np.testing.assert_allclose(y, Y.ravel() + FLOW[..., 1].ravel(), rtol=1e-6)
    lines = pv.StreamTracer(Input=reader, SeedType="Point Cloud")
    assert list(lines.Vectors) == ["POINTS", "flow"]
    lines.SeedType.Center, lines.SeedType.Radius = [5, 5, 0], 0
    assert fetch(lines).GetNumberOfCells() > 0
    glyphs = pv.Glyph(Input=reader, OrientationArray=["POINTS", "flow"])
    assert fetch(glyphs).GetNumberOfPoints() > 0
    assert messages.take() == []


def test_off_leaves_two_and_saving_leaves_two(pv, fetch):
    np.savez("flow.npz", flow=FLOW.astype(">f4"), p=X)
    reader = pv.OpenDataFile("flow.npz")
    assert fetch(reader).GetPointData().GetArray("flow").GetNumberOfComponents() == 3
    pv.SaveData("out.npz", reader)
    with np.load("out.npz") as saved:
        assert saved["flow"].dtype == ">f4"
        np.testing.assert_array_equal(saved["flow"], FLOW.astype("f4"))
    reader.PadVectors = 0
    assert fetch(reader).GetPointData().GetArray("flow").GetNumberOfComponents() == 2
    assert fetch(pv.OpenDataFile("out.npz")).GetPointData().GetArray("flow").GetNumberOfComponents() == 3


def test_parts_are_joined_for_filters_and_saved_apart(pv, fetch, messages):
    parts = {"Bx": FLOW[..., 0], "By": FLOW[..., 1], "p": X}
    np.savez("parts.npz", **parts)
    reader = pv.OpenDataFile("parts.npz")
    reader.UpdatePropertyInformation()
    assert any(line.startswith("Bx, By: parts of a vector? JoinVectors makes them B") for line in reader.Interpretation)
    reader.JoinVectors = 1
    joined = vtk_to_numpy(fetch(reader).GetPointData().GetArray("B"))
    np.testing.assert_array_equal(joined[:, :2], FLOW.reshape(-1, 2))
    warped = pv.WarpByVector(Input=reader)
    assert list(warped.Vectors) == ["POINTS", "B"]
    x, _y, _z = vtk_to_numpy(fetch(warped).GetPoints().GetData()).T
    np.testing.assert_allclose(x, X.ravel() + 1)
    pv.SaveData("out.npz", reader)
    with np.load("out.npz") as saved:
        for name, values in parts.items():
            assert saved[name].dtype == values.dtype
            np.testing.assert_array_equal(saved[name], values)
    pv.SaveData("out.npy", reader, Array="B")
    np.testing.assert_array_equal(np.load("out.npy"), FLOW)
    assert [line for line in messages.take() if "only 'B' is saved" not in line] == []


def test_parts_of_a_colour_are_shown_as_it(pv):
    colour = {name: (40 * X * (k + 1) % 256).astype(np.uint8) for k, name in enumerate("RGB")}
    np.savez("colour.npz", **colour)
    reader = pv.OpenDataFile("colour.npz")
    reader.JoinVectors = 1
    view = pv.CreateView("RenderView")
    display = pv.Show(reader, view)
    pv.Render(view)
    assert display.ColorArrayName == ["POINTS", "RGB"]
    assert display.MapScalars == 0
    pv.Delete(view)
