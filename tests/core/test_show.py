"""``python -m npyvtk show``: the picture is what is in the file, the right way round, in its own colours."""

from __future__ import annotations

import subprocess

import numpy as np
import other_process
import pytest

pytest.importorskip("pyvista", "0.49", reason="PyVista is not installed; tests/run.sh installs it")
Image = pytest.importorskip("PIL.Image")

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "brown": (200, 100, 50)}
RUN = "import sys; from npyvtk.__main__ import main; sys.exit(main(sys.argv[1:]))"
RUN_ALL = """
    import sys
    from npyvtk.__main__ import main
    for k, words in enumerate(sys.argv[1:]):
        assert main(["show", *words.split(), "--screenshot", f"{k}.png"]) == 0
"""


@pytest.fixture(scope="module")
def draws():
    """In a process of its own, for VTK ends one that cannot draw at all."""
    code = (
        "import pyvista; p = pyvista.Plotter(off_screen=True); p.add_mesh(pyvista.Sphere()); print(p.screenshot().size)"
    )
    process = other_process.start(code, stderr=subprocess.DEVNULL)
    if process.communicate()[0].strip() in ("", "0"):
        pytest.skip("PyVista itself draws no picture here: there is no OpenGL")


@pytest.fixture
def show(draws, tmp_path, monkeypatch):  # noqa: ARG001
    """``show("FILE OPTION ...", ...)``: the pixels (rows, columns, 3) of a picture for each, drawn by one process."""
    monkeypatch.chdir(tmp_path)

    def pixels(*commands):
        process = other_process.start(RUN_ALL, *commands, stderr=subprocess.PIPE)
        said = process.communicate()
        assert (process.returncode, *said) == (0, "", "")
        return [np.asarray(Image.open(f"{k}.png").convert("RGB")) for k in range(len(commands))]

    return pixels


def box_of(pixels):
    """First and last row and column of what is not white, the axes in the corner left aside."""
    found = np.any(pixels != 255, axis=2)
    found[-170:] = False
    rows, columns = np.flatnonzero(found.any(axis=1)), np.flatnonzero(found.any(axis=0))
    return rows[0], rows[-1], columns[0], columns[-1]


def test_a_photograph_in_its_own_colours(show):
    photo = np.zeros((60, 80, 3), "u1")
    photo[:30, :40], photo[:30, 40:], photo[30:, :40], photo[30:, 40:] = COLOURS.values()
    np.save("photo.npy", photo)
    (pixels,) = show("photo.npy")
    top, bottom, left, right = box_of(pixels)
    for k, colour in enumerate(COLOURS.values()):
        row = top + (bottom - top) * (1 + 2 * (k // 2)) // 4
        column = left + (right - left) * (1 + 2 * (k % 2)) // 4
        assert tuple(pixels[row, column]) == colour, k


def test_a_volume_as_its_middle_slice(show, tmp_path):
    volume = np.random.default_rng(0).random((9, 20, 30))
    for name, values in {"volume": volume, "middle": volume[4], "other": volume[3]}.items():
        (tmp_path / name).mkdir()
        np.save(f"{name}/a.npy", values)
    volume, middle, other = show("volume/a.npy", "middle/a.npy", "other/a.npy")
    np.testing.assert_array_equal(volume, middle)
    assert np.any(volume != other)


def test_array_step_and_options(show):
    wave, other = np.random.default_rng(0).random((2, 3, 20, 30))
    np.savez("a.npz", other=other, wave=wave, time=[0, 1, 2])
    np.savez("b.npz", wave=wave[2, ::-1])
    np.testing.assert_array_equal(*show("a.npz --array wave --step 2 --axes t-yx", "b.npz"))


KINDS = {
    "points": {"points": np.random.default_rng(0).random((50, 3)), "t": np.arange(50)},
    "cells": {"x": np.arange(5.0), "y": np.arange(6.0), "z": np.arange(4.0), "c": np.arange(60.0).reshape(3, 5, 4)},
    "grids": {"a": np.ones((5, 6)), "b": np.arange(24.0).reshape(2, 3, 4), "text": np.array(["one", "two"])},
    "complex": {"w": np.exp(1j * np.arange(30.0)).reshape(5, 6)},
    "no-arrays": {"points": np.eye(3), "triangles": np.array([[0, 1, 2]])},
}


def test_every_kind_is_visible(show):
    for name, arrays in KINDS.items():
        np.savez(name, **arrays)
    for name, pixels in zip(KINDS, show(*(f"{name}.npz" for name in KINDS))):
        top, bottom, left, right = box_of(pixels)
        assert bottom - top > 100, name
        assert right - left > 100, name


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["table.npz"], "nothing to draw: a table has no points"),
        (["a.npy"], "there is no screen"),
        (["a.npy", "--array", "b"], "there is no screen"),
        (["a.npy", "--array", "b", "--screenshot", "a.png"], "there is no array 'b'; it has a"),
        (["a.npy", "--step", "1", "--screenshot", "a.png"], "--step is 1; it must be 0 to 0"),
        (["a.npy", "--screenshot", "a.jpg"], "the extension must be .png"),
        (["missing.npy", "--screenshot", "a.png"], "no such file"),
    ],
)
def test_refusals(words, part, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("a.npy", np.zeros((5, 6)))
    np.savez("table.npz", a=np.arange(5), b=np.arange(5))
    words = [*words, "--screenshot", "a.png"] if words == ["table.npz"] else words
    process = other_process.start(RUN, "show", *words, stderr=subprocess.PIPE)
    _, said = process.communicate()
    assert process.returncode == 1
    assert part in said
    assert len(said.splitlines()) == 1, said
    assert not (tmp_path / "a.png").exists()
