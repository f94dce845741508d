"""An image whose extent does not start at 0: NumPy users find its first sample, VTK users its origin."""

from __future__ import annotations

import json

import npyvtk
import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonDataModel import vtkImageData


def image():
    made = vtkImageData()
    made.SetExtent(-10, -7, 3, 5, 100, 101)
    made.SetOrigin(0.1, 0.2, 0.3)
    made.SetSpacing(0.1, 0.7, 1 / 3)
    made.SetDirectionMatrix(0, 1, 0, 1, 0, 0, 0, 0, -1)
    values = numpy_to_vtk(np.arange(24.0), deep=1)
    values.SetName("v")
    made.GetPointData().AddArray(values)
    return made


def test_the_member_is_the_place_of_the_first_sample(tmp_path):
    npyvtk.write(tmp_path / "a.npz", image())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        np.testing.assert_allclose(found["origin"], image().GetPoint(0), rtol=1e-14)
        plain = {name: found[name] for name in found.files if name != "vtk"}
    np.savez(tmp_path / "plain.npz", **plain)
    without = npyvtk.read(str(tmp_path / "plain.npz"), axes="zyx")
    np.testing.assert_allclose(
        [without.GetPoint(k) for k in range(24)], [image().GetPoint(k) for k in range(24)], rtol=1e-14
    )


def test_the_way_back_is_exact(tmp_path):
    npyvtk.write(tmp_path / "a.npz", image())
    back = npyvtk.read(str(tmp_path / "a.npz"))
    assert back.GetExtent() == image().GetExtent()
    assert back.GetOrigin() == image().GetOrigin()
    assert back.GetBounds() == image().GetBounds()


def test_an_origin_that_was_edited_counts(tmp_path):
    npyvtk.write(tmp_path / "a.npz", image())
    with np.load(tmp_path / "a.npz", allow_pickle=False) as found:
        arrays = {name: found[name] for name in found.files}
    assert json.loads(str(arrays["vtk"]))["data"]["origin"] == [0.1, 0.2, 0.3]
    arrays["origin"] = arrays["origin"] + [5, 6, 7]
    np.savez(tmp_path / "b.npz", **arrays)
    moved = npyvtk.read(str(tmp_path / "b.npz"))
    np.testing.assert_allclose(moved.GetPoint(0), np.add(image().GetPoint(0), [5, 6, 7]), rtol=1e-12)
