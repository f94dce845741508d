"""Vectors of two components, as ParaView's filters for vectors see them."""

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
