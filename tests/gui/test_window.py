"""What a person sees who opens and saves NumPy files in ParaView's window.

The screenshots lie in build/gui/VERSION/TEST; look at them before a release.
"""

from __future__ import annotations

import os

import numpy as np
import pytest
from driver import PLUGIN

NOTHING = 2  # colours of the background alone


def ball(shape):
    """Return a smooth float32 field of any shape, largest in its middle."""
    axes = np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij")
    return np.exp(-3 * sum(axis**2 for axis in axes)).astype(np.float32)


def show(window, path, name):
    """Open a file, press Apply, and take the pictures."""
    entry = window.open(path)
    window.picture("2-opened")
    window.apply(entry)
    window.picture("3-applied")
    assert window.errors() == []
    found = window.state()["sources"][entry]
    assert found["proxy"] == "NumPyReader"
    assert found["shown"], f"{name} is invisible after Apply"
    return found


def test_volume(window, tmp_path):
    path = tmp_path / "temperature.npy"
    np.save(path, ball((20, 30, 40)))
    found = show(window, path, "the volume")
    assert found["type"].startswith("Image (Uniform")
    assert found["bounds"] == [0, 39, 0, 29, 0, 19]
    assert found["shown"][0]["colour"][1] == "temperature"
    assert window.state()["scalar bars"] == 1
    assert window.colours() > NOTHING
    saved = tmp_path / "saved.npy"
    window.save(saved)
    window.picture("5-saved")
    loaded = np.load(saved, allow_pickle=False)
    np.testing.assert_array_equal(loaded, np.load(path))
    assert loaded.dtype == np.float32
    assert window.errors() == []
    window.quit()


def test_picture(window, tmp_path):
    path = tmp_path / "heights.npy"
    np.save(path, ball((60, 90)))
    found = show(window, path, "the picture")
    assert found["bounds"] == [0, 89, 0, 59, 0, 0]
    assert window.colours() > NOTHING


def test_rgb_picture(window, tmp_path):
    path = tmp_path / "rgb.npy"
    y, x = np.mgrid[0:120, 0:160]
    np.save(path, np.stack([x * 255 // 159, y * 255 // 119, np.full_like(x, 60)], axis=-1).astype(np.uint8))
    found = show(window, path, "the RGB picture")
    assert found["bounds"] == [0, 159, 0, 119, 0, 0]
    assert found["point data"] == {"rgb": 3}
    assert window.colours() > NOTHING
    (shown,) = found["shown"]
    assert shown["scalars"] == 0
    assert window.state()["scalar bars"] == 0


def test_series(window, tmp_path):
    for step in range(4):
        np.save(tmp_path / f"step_{step:04d}.npy", ball((12, 16, 20)) * (step + 1))
    found = show(window, tmp_path / "step_..npy", "the series")
    assert len(found["properties"]["FileNames"]) == 4
    assert window.state()["times"] == [0, 1, 2, 3]
    assert window.colours() > NOTHING


def test_npz_with_two_grids(window, tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, large=ball((16, 18, 20)), detail=ball((8, 9, 10)))
    found = show(window, path, "the file with two grids")
    assert found["type"].lower() == "partitioned dataset collection"
    # The large one hides the other.
    assert found["shown"][0]["colour"][1] == "large"
    assert window.colours() > NOTHING


def test_point_cloud(window, tmp_path):
    path = tmp_path / "cloud.npy"
    np.save(path, np.random.default_rng(0).normal(size=(2000, 3)))
    found = show(window, path, "the point cloud")
    assert found["points"] == 2000
    assert window.colours() > NOTHING


def test_table(window, tmp_path):
    path = tmp_path / "table.npy"
    rows = np.zeros(50, dtype=[("mass", np.float64), ("charge", np.int32)])
    rows["mass"], rows["charge"] = np.arange(50) / 7, np.arange(50)
    np.save(path, rows)
    entry = window.open(path)
    window.picture("2-opened")
    window.apply(entry)
    window.picture("3-applied")
    assert window.errors() == []
    state = window.state()
    assert "SpreadSheetView" in state["views"]
    assert state["sources"][entry]["row data"] == {"mass": 1, "charge": 1}


def test_broken_file(window, tmp_path):
    path = tmp_path / "broken.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00v\x00 nothing of a header, and then it ends")
    entry = window.open(path)
    window.apply(entry, until=window.errors)
    window.picture("3-applied")
    errors = window.errors()
    assert len(errors) == 1, errors
    assert errors[0].startswith("NumPy Reader: broken.npy: "), errors
    assert "\n" not in errors[0]
    # The window is as good as before.
    good = tmp_path / "good.npy"
    np.save(good, ball((30, 40)))
    entry = window.open(good)
    window.apply(entry)
    assert window.colours() > NOTHING
    assert window.errors() == errors


def test_save_with_options(window, tmp_path):
    path = tmp_path / "field.npz"
    np.savez(path, density=ball((10, 12, 14)), spacing=np.array([1.0, 2.0, 3.0]))
    show(window, path, "the volume")
    saved = tmp_path / "saved.npz"
    window.save(saved)
    with np.load(saved, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["density"], ball((10, 12, 14)))
        np.testing.assert_array_equal(file["spacing"], [1, 2, 3])
    assert window.errors() == []


@pytest.mark.without_plugin
def test_manage_plugins(window, tmp_path):
    path = tmp_path / "heights.npy"
    np.save(path, ball((60, 90)))
    window.load_plugin()
    found = show(window, path, "the picture")
    assert found["bounds"] == [0, 89, 0, 59, 0, 0]


@pytest.mark.without_plugin
@pytest.mark.settings
def test_auto_load(window, tmp_path):
    path = tmp_path / "heights.npy"
    np.save(path, ball((60, 90)))
    window.load_plugin(always=True)
    window.quit()
    window.start()
    assert "NumPyIO" in window.state()["plugins"]
    found = show(window, path, "the picture")
    assert found["bounds"] == [0, 89, 0, 59, 0, 0]
    window.quit()


@pytest.mark.without_plugin
@pytest.mark.options(f"--plugin-search-paths={os.path.dirname(PLUGIN)}", "--plugins=NumPyIO")
def test_command_line(options_for_python, window, tmp_path):  # noqa: ARG001 -- it may skip
    path = tmp_path / "heights.npy"
    np.save(path, ball((60, 90)))
    found = show(window, path, "the picture")
    assert found["bounds"] == [0, 89, 0, 59, 0, 0]


def test_change_file(window, tmp_path):
    first, second = tmp_path / "first.npz", tmp_path / "second.npz"
    np.savez(first, density=ball((10, 12, 14)), origin=np.array([1.0, 2.0, 3.0]), spacing=np.array([1.0, 2.0, 3.0]))
    np.savez(second, density=ball((8, 9, 11)), origin=np.array([5.0, 6.0, 7.0]), spacing=np.array([4.0, 5.0, 6.0]))
    show(window, first, "the volume")
    entry = window.change_file(second)
    window.wait("the other file", lambda: window.state()["sources"][entry].get("bounds") == [5, 45, 6, 46, 7, 49])
    window.picture("4-changed")
    # Nothing of a file is in the properties, so nothing of the first one went along.
    properties = window.state()["sources"][entry]["properties"]
    assert properties["Arrays"] == []
    assert properties["Origin"] == [0, 0, 0]
    assert properties["Spacing"] == [1, 1, 1]
    assert properties["VOI"] == [0, -1, 0, -1, 0, -1]
    assert window.errors() == []


def test_a_name_without_an_extension_loses_nothing(window, tmp_path):
    path = tmp_path / "field.npz"
    np.savez(path, density=ball((10, 12, 14)), other=np.ones((10, 12, 14)), spacing=np.array([1.0, 2.0, 3.0]))
    show(window, path, "the volume")
    window.save(tmp_path / "saved", kind="NumPy archive", written=tmp_path / "saved.npz")
    with np.load(tmp_path / "saved.npz", allow_pickle=False) as file:
        assert {"density", "other", "spacing"} <= set(file)
    assert window.errors() == []
