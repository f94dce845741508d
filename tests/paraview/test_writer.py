"""The writer proxy: SaveData inside pvpython, compared with NumPy."""

from __future__ import annotations

import json
import os
import re
import stat

import numpy as np
import pytest


@pytest.fixture
def wavelet(pv):
    """RTData on -3..4 x 0..5 x 2..9, and its values as (nz, ny, nx)."""
    return a_wavelet(pv, [-3, 4, 0, 5, 2, 9])


@pytest.fixture
def plain(pv):
    """RTData on 0..7 x 0..5 x 0..7, which a .npy holds whole, and its values."""
    return a_wavelet(pv, [0, 7, 0, 5, 0, 7])


def a_wavelet(pv, extent):
    source = pv.Wavelet(WholeExtent=extent)
    source.UpdatePipeline()
    values = pv.servermanager.Fetch(source).GetPointData().GetArray("RTData")
    expected = np.array([values.GetValue(k) for k in range(values.GetNumberOfValues())], np.float32)
    return source, expected.reshape([extent[2 * k + 1] - extent[2 * k] + 1 for k in (2, 1, 0)])


@pytest.fixture
def steps(pv, tmp_path):
    """A reader of three time steps, and their values as (t, z, y, x)."""
    values = np.random.default_rng(0).random((3, 4, 5, 6)).astype(np.float32)
    np.savez(tmp_path / "in.npz", T=values, time=[0.5, 1.5, 4.0])
    return pv.OpenDataFile(str(tmp_path / "in.npz")), values


def last_error(pv, data, path, **options):
    """Save without SaveData, which does not hand out the writer, and return its LastError."""
    writer = pv.CreateWriter(str(path), data, **options)
    writer.UpdatePipeline()
    writer.UpdatePropertyInformation()
    return writer.GetProperty("LastError").GetData()


def test_npy_holds_the_active_scalars_z_first(pv, plain, tmp_path):
    source, expected = plain
    pv.SaveData(str(tmp_path / "a.npy"), source)
    saved = np.load(tmp_path / "a.npy", allow_pickle=False)
    assert saved.dtype == np.float32
    np.testing.assert_array_equal(saved, expected)


def test_npz_reads_naturally(pv, wavelet, tmp_path):
    source, expected = wavelet
    pv.SaveData(str(tmp_path / "a.npz"), source)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as saved:
        assert sorted(saved) == ["RTData", "direction", "origin", "spacing", "vtk"]
        np.testing.assert_array_equal(saved["RTData"], expected)
        np.testing.assert_array_equal(saved["spacing"], [1, 1, 1])
        assert json.loads(str(saved["vtk"]))["data"]["extent"] == [-3, 4, 0, 5, 2, 9]


def test_properties_have_their_names_and_defaults(pv, wavelet):
    archive, array = (pv.CreateWriter(f"unused.{extension}", wavelet[0]) for extension in ("npz", "npy"))
    assert [writer.GetXMLName() for writer in (archive, array)] == ["NumPyWriter", "NumPyArrayWriter"]
    assert archive.CompressionLevel == 0
    assert archive.ChooseArraysToWrite == 0
    assert array.Array == "(active scalars)"
    assert list(array.GetProperty("Array").Available) == ["(active scalars)", "RTData"]
    for writer in (archive, array):
        assert writer.Axes == "zyx"
        assert writer.TimeSteps == "Current"
        assert writer.FileNameSuffix == "_%d"
    # Each has only what applies.
    assert not {"CompressionLevel", "ChooseArraysToWrite", "PointDataArrays"} & set(array.ListProperties())
    assert "Array" not in archive.ListProperties()


@pytest.mark.parametrize(("proxy", "extension"), [("NumPyWriter", ".npy"), ("NumPyArrayWriter", ".npz"),
                                                  ("NumPyWriter", ""), ("NumPyArrayWriter", ".txt")])  # fmt: skip
def test_each_writer_refuses_the_others_extension(pv, wavelet, tmp_path, messages, proxy, extension):
    manager = pv.servermanager.ProxyManager()
    writer = pv.servermanager._getPyProxy(manager.NewProxy("writers", proxy))
    writer.Input, writer.FileName = wavelet[0], str(tmp_path / f"a{extension}")
    writer.UpdateVTKObjects()
    writer.UpdatePipeline()
    writer.UpdatePropertyInformation()
    (line,) = messages.take()
    assert f"a{extension}: the extension is {extension!r}" in line
    assert {".npy", ".npz"} - {extension} <= set(re.findall(r"\.np[yz]\b", line))
    assert line.endswith(writer.LastError)
    assert os.listdir(tmp_path) == []


def opened(pv, **members):
    np.savez("in.npz", **members)
    return pv.OpenDataFile("in.npz")


def contoured(pv):
    return pv.Contour(Input=pv.Wavelet(), ContourBy=["POINTS", "RTData"], Isosurfaces=[120.0])


LEFT = {
    "nothing": (lambda pv: a_wavelet(pv, [0, 3, 0, 4, 0, 5])[0], []),
    "place": (lambda pv: a_wavelet(pv, [2, 3, 0, 4, 0, 5])[0], ["origin, spacing and direction"]),
    "arrays": (lambda pv: pv.Calculator(Input=a_wavelet(pv, [0, 3, 0, 4, 0, 5])[0], Function="2"), ["'RTData'"]),
    "points and cells": (contoured, ["'Normals'", "the points", "the cells"]),
    "coordinates": (
        lambda pv: opened(pv, x=np.arange(3.0) ** 2, y=np.arange(4.0), v=np.ones((4, 3))),
        ["the coordinates"],
    ),
    "blocks": (lambda pv: opened(pv, u=np.ones((6, 5)), v=np.ones((8, 9))), ["'u'", "2 blocks"]),
}


@pytest.mark.parametrize("kind", LEFT)
def test_what_a_npy_leaves_behind_is_said(pv, tmp_path, messages, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    make, words = LEFT[kind]
    source = make(pv)
    pv.SaveData(str(tmp_path / "out.npz"), source)
    assert messages.take() == []
    pv.SaveData(str(tmp_path / "out.npy"), source, **({"Array": "v"} if kind == "blocks" else {}))
    said = messages.take()
    assert (tmp_path / "out.npy").exists()
    assert len(said) == bool(words)
    for word in (*words, "out.npy: only ", ".npz") if words else ():
        assert word in said[0]


@pytest.mark.parametrize("mode", ["Series", "Stacked"])
def test_it_is_said_once_for_all_time_steps(pv, steps, tmp_path, messages, mode):
    more = pv.Calculator(Input=steps[0], ResultArrayName="U", Function="2*T")
    pv.SaveData(str(tmp_path / "out.npy"), more, TimeSteps=mode, Array="T")
    (line,) = messages.take()
    assert "'U'" in line


def test_x_first(pv, plain, tmp_path):
    source, expected = plain
    pv.SaveData(str(tmp_path / "a.npy"), source, Axes="xyz")
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), expected.T)


def test_compression(pv, wavelet, tmp_path):
    source, expected = wavelet
    for level in (0, 9):
        pv.SaveData(str(tmp_path / f"{level}.npz"), source, CompressionLevel=level)
        np.testing.assert_array_equal(np.load(tmp_path / f"{level}.npz")["RTData"], expected)
    assert os.path.getsize(tmp_path / "9.npz") < os.path.getsize(tmp_path / "0.npz")


def test_array_choice(pv, wavelet, tmp_path):
    source, expected = wavelet
    both = pv.PointDatatoCellData(Input=source, PassPointData=1)
    pv.SaveData(str(tmp_path / "all.npz"), both)
    assert {"RTData", "RTData_cell"} <= set(np.load(tmp_path / "all.npz"))
    options = {"ChooseArraysToWrite": 1, "PointDataArrays": [], "CellDataArrays": ["RTData"]}
    pv.SaveData(str(tmp_path / "some.npz"), both, **options)
    assert np.load(tmp_path / "some.npz")["RTData"].shape == (7, 5, 7)
    options = {"ChooseArraysToWrite": 1, "PointDataArrays": ["RTData"], "CellDataArrays": []}
    pv.SaveData(str(tmp_path / "others.npz"), both, **options)
    np.testing.assert_array_equal(np.load(tmp_path / "others.npz")["RTData"], expected)


def test_array_by_name(pv, plain, tmp_path, messages):
    both = pv.PointDatatoCellData(Input=plain[0], PassPointData=1)
    pv.SaveData(str(tmp_path / "a.npy"), both, Array="RTData_cell")
    assert np.load(tmp_path / "a.npy").shape == (7, 5, 7)
    assert len(messages.take()) == 1


def test_unclear_npy_is_refused_with_the_names(pv, wavelet, tmp_path, messages):
    group = pv.GroupDatasets(Input=[wavelet[0], pv.Wavelet()])
    error = last_error(pv, group, tmp_path / "a.npy")
    assert "/RTData" in error
    assert ".npz" in error
    assert len(messages.take()) == 1
    assert os.listdir(tmp_path) == []


def test_missing_folder_is_one_line_and_the_next_save_works(pv, wavelet, tmp_path, messages):
    writer = pv.CreateWriter(str(tmp_path / "no" / "a.npz"), wavelet[0])
    writer.UpdatePipeline()
    writer.UpdatePropertyInformation()
    assert "does not exist" in writer.GetProperty("LastError").GetData()
    assert len(messages.take()) == 1
    (tmp_path / "no").mkdir()
    writer.UpdatePipeline()
    writer.UpdatePropertyInformation()
    assert writer.GetProperty("LastError").GetData() == ""
    assert np.load(tmp_path / "no" / "a.npz")["RTData"].shape == (8, 6, 8)


def test_the_old_file_stays_when_saving_fails(pv, wavelet, tmp_path, messages):
    (tmp_path / "a.npz").write_bytes(b"old")
    (tmp_path / "a.npz").chmod(0o640)
    error = last_error(pv, wavelet[0], tmp_path / "a.npz", TimeSteps="Series", FileNameSuffix="x")
    assert "FileNameSuffix" in error
    assert len(messages.take()) == 1
    assert (tmp_path / "a.npz").read_bytes() == b"old"
    pv.SaveData(str(tmp_path / "a.npz"), wavelet[0])
    assert stat.S_IMODE(os.stat(tmp_path / "a.npz").st_mode) == 0o640
    assert os.listdir(tmp_path) == ["a.npz"]


def test_series(pv, steps, tmp_path):
    source, values = steps
    pv.SaveData(str(tmp_path / "out.npz"), source, TimeSteps="Series", FileNameSuffix="_{:03d}")
    names = [f"out_{k:03d}.npz" for k in range(3)]
    assert sorted(os.listdir(tmp_path)) == ["in.npz", "out.npz.series", *names]
    for k, name in enumerate(names):
        saved = np.load(tmp_path / name)
        np.testing.assert_array_equal(saved["T"], values[k])
        assert saved["time"] == [0.5, 1.5, 4.0][k]
    listed = json.loads((tmp_path / "out.npz.series").read_text())
    assert [(e["name"], e["time"]) for e in listed["files"]] == list(zip(names, [0.5, 1.5, 4.0]))
    again = pv.OpenDataFile(str(tmp_path / "out.npz.series"))
    assert list(again.TimestepValues) == [0.5, 1.5, 4.0]


@pytest.mark.parametrize("compression", [0, 4])
def test_stacked_npz(pv, steps, tmp_path, compression):
    source, values = steps
    pv.SaveData(str(tmp_path / "out.npz"), source, TimeSteps="Stacked", CompressionLevel=compression)
    with np.load(tmp_path / "out.npz", allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["T"], values)
        np.testing.assert_array_equal(saved["time"], [0.5, 1.5, 4.0])
    again = pv.OpenDataFile(str(tmp_path / "out.npz"))
    assert list(again.TimestepValues) == [0.5, 1.5, 4.0]
    assert sorted(os.listdir(tmp_path)) == ["in.npz", "out.npz"]


def test_stacked_npy(pv, steps, tmp_path):
    source, values = steps
    pv.SaveData(str(tmp_path / "out.npy"), source, TimeSteps="Stacked")
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), values)


def test_an_interpolated_film_of_points_that_move_is_stacked(pv, tmp_path, messages):
    points = np.random.default_rng(0).random((4, 30, 3)).astype("f4")
    np.savez(tmp_path / "in.npz", points=points, triangles=np.arange(30).reshape(10, 3), time=np.arange(4) / 2)
    source = pv.OpenDataFile(str(tmp_path / "in.npz"))
    film = pv.TemporalInterpolator(Input=source, DiscreteTimeStepInterval=0.25)
    film.UpdatePipeline(1.0)
    pv.SaveData(str(tmp_path / "out.npz"), film, TimeSteps="Stacked")
    [line] = messages.take()
    assert "'OriginalTimeSteps'" in line
    with np.load(tmp_path / "out.npz", allow_pickle=False) as saved:
        np.testing.assert_array_equal(saved["time"], np.arange(7) / 4)
        np.testing.assert_array_equal(saved["points"][::2], points)
        np.testing.assert_allclose(saved["points"][1], (points[0] + points[1]) / 2, rtol=1e-6)
    assert film.GetDataInformation().GetTime() == 1.0
    again = pv.OpenDataFile(str(tmp_path / "out.npz"))
    assert list(again.TimestepValues) == [k / 4 for k in range(7)]


def test_current_is_the_step_that_is_shown(pv, steps, tmp_path):
    source, values = steps
    for k, time in enumerate([0.5, 1.5, 4.0]):
        source.UpdatePipeline(time)
        pv.SaveData(str(tmp_path / "out.npy"), source)
        np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), values[k])


@pytest.mark.parametrize("mode", ["Series", "Stacked"])
def test_the_time_that_is_shown_stays_the_same(pv, steps, tmp_path, mode):
    source, values = steps
    source.UpdatePipeline(1.5)
    pv.SaveData(str(tmp_path / "all.npy"), source, TimeSteps=mode)
    pv.SaveData(str(tmp_path / "now.npy"), source)
    np.testing.assert_array_equal(np.load(tmp_path / "now.npy"), values[1])


@pytest.mark.parametrize("mode", ["Series", "Stacked"])
def test_without_time_there_is_one_step(pv, plain, tmp_path, mode):
    source, expected = plain
    pv.SaveData(str(tmp_path / "out.npy"), source, TimeSteps=mode)
    saved = np.load(tmp_path / ("out_0.npy" if mode == "Series" else "out.npy"))
    np.testing.assert_array_equal(saved, expected if mode == "Series" else expected[np.newaxis])


def test_geometry_that_moves_cannot_be_stacked(pv, tmp_path, messages):
    for k in range(2):
        np.savez(tmp_path / f"in_{k}.npz", T=np.zeros((2, 3, 4)), spacing=[1, 1, k + 1.0])
    source = pv.OpenDataFile([str(tmp_path / f"in_{k}.npz") for k in range(2)])
    error = last_error(pv, source, tmp_path / "out.npz", TimeSteps="Stacked")
    assert "geometry" in error
    assert "Series" in error
    assert len(messages.take()) == 1
    assert sorted(os.listdir(tmp_path)) == ["in_0.npz", "in_1.npz"]


FIDELITY = [
    np.arange(24, dtype=">i4").reshape(2, 3, 4),
    np.asfortranarray(np.arange(24, dtype=np.float16).reshape(2, 3, 4)),
    np.arange(12).reshape(1, 3, 4) % 2 == 0,
    np.arange(12, dtype=np.complex64).reshape(3, 4) * (1 + 2j),
    np.arange(12, dtype=np.longdouble).reshape(3, 4) / 4,  # what float64 holds: VTK has no longdouble
    np.arange("2000-01-01", "2000-01-13", dtype="M8[D]").reshape(3, 4),
    np.array([(1, b"ab"), (2, b"c")], [("n", ">u2"), ("s", "S3")]),
    np.float32(7.5).reshape(()),
    np.arange(5.0).reshape(5, 1),
]


@pytest.mark.parametrize("values", FIDELITY, ids=lambda v: f"{v.dtype.str[1:]}-{v.ndim}")
def test_what_came_from_a_file_goes_back_as_it_was(pv, tmp_path, values):
    np.save(tmp_path / "in.npy", values)
    source = pv.OpenDataFile(str(tmp_path / "in.npy"))
    pv.SaveData(str(tmp_path / "out.npy"), source)
    saved = np.load(tmp_path / "out.npy", allow_pickle=False)
    assert saved.dtype == values.dtype
    assert saved.shape == values.shape
    np.testing.assert_array_equal(saved, values)


def test_amr_is_refused_with_a_way_out(pv, tmp_path, messages):
    try:
        amr = pv.HierarchicalFractal() if hasattr(pv, "HierarchicalFractal") else pv.AMRGaussianPulseSource()
    except AttributeError:
        pytest.skip("this ParaView has no source of AMR")
    error = last_error(pv, amr, tmp_path / "a.npz")
    assert "AMR" in error
    assert "Resample To Image" in error
    assert len(messages.take()) == 1
