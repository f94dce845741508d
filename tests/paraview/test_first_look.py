"""What is seen of a file when it has been opened, with nothing set: representation, colours, and no message."""

from __future__ import annotations

import os
import shutil
import sys

import numpy as np
import pytest
from conftest import PLUGIN, REPOSITORY
from vtkmodules.util.numpy_support import vtk_to_numpy

sys.path.insert(0, os.path.join(REPOSITORY, "tests"))
from looks import LOOKS, photograph, wave


@pytest.fixture
def look(pv):
    """``look(*paths)``: open and show them as a script does; return the reader, its representation and the view."""
    from paraview import servermanager

    def open_and_show(*paths, **properties):
        reader = pv.OpenDataFile([str(path) for path in paths])
        for name, value in properties.items():
            setattr(reader, name, value)
        shown = pv.Show(reader)
        view = pv.GetActiveView()
        if view.GetXMLName() == "RenderView":
            view.OrientationAxesVisibility = 0
            view.ViewSize = [400, 300]
            pv.ResetCamera(view)  # the tests that share this process let no first picture do it
        pv.Render(view)
        return reader, shown, view

    yield open_and_show
    # The range of an array's colours grows with every file that has an array of this name.
    for colours in servermanager.ProxyManager().GetProxiesInGroup("lookup_tables").values():
        pv.Delete(colours)


def pixels(view):
    """Return (height, width, 3) uint8: what the view shows, the first row on top."""
    image = view.SMProxy.CaptureWindow(1)
    width, height, _ = image.GetDimensions()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(height, width, -1)[::-1, :, :3]


def seen(view):
    """Return how many colours there are beside the background, and which part of the view they cover."""
    picture = pixels(view).reshape(-1, 3) @ np.array([1 << 16, 1 << 8, 1])
    return len(np.unique(picture)) - 1, np.mean(picture != picture[0])


def shows(shown):
    """Return what a representation is set to."""
    return shown.Representation, shown.ColorArrayName[1], shown.MapScalars


@pytest.mark.parametrize("name", LOOKS)
def test_every_kind_is_seen_at_once(look, tmp_path, name):
    expected = LOOKS[name]
    reader, shown, view = look(*expected.save(tmp_path))
    assert reader.GetProperty("LastError") in ("", [""], [])
    if view.GetXMLName() == "SpreadSheetView":
        assert expected.colours is None
        return
    assert view.GetXMLName() == "RenderView"
    assert shown.Visibility
    assert shown.Representation == ("Slice" if expected.slice else "Surface")
    if expected.colours:
        assert shown.ColorArrayName[1] == expected.colours
    colours, part = seen(view)
    assert colours > (0 if expected.thin else 3)
    assert part > (0 if expected.thin else 0.01)


@pytest.mark.parametrize("components", [3, 4])
def test_a_photograph_has_its_own_colours(look, tmp_path, components):
    values = photograph(components)
    np.save(tmp_path / "photograph.npy", values)
    _, shown, view = look(tmp_path / "photograph.npy")
    assert shown.MapScalars == 0
    # A screen's pixel for each of the file: the middle of the first is half a pixel from the edge.
    view.ViewSize = [80, 60]
    view.CameraParallelProjection = 1
    view.CameraPosition, view.CameraFocalPoint, view.CameraViewUp = [39.5, 29.5, 100], [39.5, 29.5, 0], [0, 1, 0]
    view.CameraParallelScale = 30
    picture = pixels(view)
    difference = np.abs(picture[1:-1, 1:-1].astype(int) - values[1:-1, 1:-1, :3])
    assert np.percentile(difference, 90) <= 8
    assert pixels(view)[5, 40, 1] < pixels(view)[54, 40, 1]  # green grows from row to row, down


def test_another_array_is_shown_by_its_colour_map(look, pv, tmp_path):
    np.savez(tmp_path / "photograph.npz", rgb=photograph(3), depth=wave(60, 80))
    _, shown, _ = look(tmp_path / "photograph.npz")
    assert shows(shown) == ("Slice", "rgb", 0)
    pv.ColorBy(shown, ("POINTS", "depth"))
    assert shows(shown) == ("Slice", "depth", 1)
    pv.ColorBy(shown, ("POINTS", "rgb"))
    assert shows(shown) == ("Slice", "rgb", 0)
    shown.MapScalars = 1
    pv.ColorBy(shown, ("POINTS", "depth"))
    pv.ColorBy(shown, ("POINTS", "rgb"))
    assert shown.MapScalars == 1


def test_colours_span_the_values(look, tmp_path):
    np.save(tmp_path / "field.npy", 5 + wave(12, 16, 20))
    _, shown, _ = look(tmp_path / "field.npy")
    points = shown.LookupTable.RGBPoints
    assert (points[0], points[-4]) == pytest.approx((5 + wave(12, 16, 20).min(), 5 + wave(12, 16, 20).max()))


def test_the_slice_is_the_middle_one(look, tmp_path):
    np.save(tmp_path / "field.npy", wave(12, 16, 20))
    _, shown, _ = look(tmp_path / "field.npy")
    assert (shown.SliceMode, shown.Slice) == ("XY Plane", 5)


def test_a_loaded_state_keeps_what_it_says(look, pv, tmp_path):
    np.savez(tmp_path / "photograph.npz", rgb=photograph(3), depth=wave(60, 80))
    _, shown, _ = look(tmp_path / "photograph.npz")
    shown.SetRepresentationType("Surface")
    shown.MapScalars = 1
    pv.SaveState(str(tmp_path / "mapped.pvsm"))
    pv.ColorBy(shown, ("POINTS", "depth"))
    pv.SaveState(str(tmp_path / "depth.pvsm"))
    for state, expected in [("mapped", ("Surface", "rgb", 1)), ("depth", ("Surface", "depth", 1))]:
        pv.ResetSession()
        pv.LoadState(str(tmp_path / f"{state}.pvsm"))
        (reader,) = pv.GetSources().values()
        shown = pv.GetRepresentation(reader, pv.GetRenderViews()[0])
        pv.Render(pv.GetRenderViews()[0])
        assert shows(shown) == expected
        pv.ReloadFiles(reader)
        pv.Render(pv.GetRenderViews()[0])
        assert shows(shown) == expected


def test_what_a_script_sets_stays(look, pv, tmp_path):
    np.savez(tmp_path / "two.npz", zone=wave(12, 16, 20), area=wave(12, 16, 20))
    reader, shown, view = look(tmp_path / "two.npz")
    shown.SetRepresentationType("Outline")
    pv.ColorBy(shown, ("POINTS", "area"))
    for change in [{"SampleRate": [2, 2, 2]}, {"Association": "Cell Data"}, {"Association": "Auto"}]:
        for name, value in change.items():
            setattr(reader, name, value)
        pv.Render(view)
        assert shown.Representation == "Outline"
        if "Association" not in change:
            assert shown.ColorArrayName[1] == "area"


def test_what_nobody_set_follows_the_data(look, pv, tmp_path):
    np.savez(tmp_path / "two.npz", zone=wave(12, 16, 20), area=wave(12, 16, 20))
    reader, shown, view = look(tmp_path / "two.npz")
    assert shows(shown) == ("Slice", "zone", 1)
    reader.VOI = [0, 19, 3, 3, 4, 4]
    pv.Render(view)
    assert shows(shown) == ("Surface", "zone", 1)  # a line has no slice
    reader.VOI = [0, -1, 0, -1, 0, -1]
    pv.Render(view)
    assert shows(shown) == ("Slice", "zone", 1)
    reader.Arrays = ["area"]
    pv.Render(view)
    assert shows(shown) == ("Slice", "area", 1)


@pytest.mark.parametrize("kinds", [("Image", "Points"), ("Points", "Image")], ids="-then-".join)
def test_another_type_of_dataset(look, pv, tmp_path, kinds):
    np.save(tmp_path / "rows.npy", np.random.default_rng(3).random((40, 3)).astype("f4"))
    reader, shown, view = look(tmp_path / "rows.npy", DataSetType=kinds[0])
    assert shown.Representation == ("Slice" if kinds[0] == "Image" else "Surface")
    reader.DataSetType = kinds[1]
    pv.ResetCamera(view)
    pv.Render(view)
    assert shown.Representation == "Surface"  # one that was made for points knows no slices
    assert seen(view)[0]


def test_a_second_view(look, pv, tmp_path):
    np.savez(tmp_path / "two.npz", zone=wave(12, 16, 20), area=wave(12, 16, 20))
    reader, first, _ = look(tmp_path / "two.npz")
    first.SetRepresentationType("Outline")
    view = pv.CreateView("RenderView")
    second = pv.Show(reader, view)
    pv.Render(view)
    assert shows(second) == ("Slice", "zone", 1)
    assert first.Representation == "Outline"


def test_hiding_and_showing_again(look, pv, tmp_path):
    np.savez(tmp_path / "two.npz", zone=wave(12, 16, 20), area=wave(12, 16, 20))
    reader, shown, view = look(tmp_path / "two.npz")
    pv.Hide(reader, view)
    reader.VOI = [0, 19, 3, 3, 4, 4]
    pv.Render(view)
    pv.Show(reader, view)
    pv.Render(view)
    assert shows(shown) == ("Surface", "zone", 1)


def test_another_file(look, pv, tmp_path):
    np.save(tmp_path / "first.npy", wave(12, 16, 20))
    np.save(tmp_path / "second.npy", 7 + wave(6, 8, 30))
    reader, shown, view = look(tmp_path / "first.npy")
    pv.ReplaceReaderFileName(reader, [str(tmp_path / "second.npy")], "FileNames")
    pv.Render(view)
    assert shows(shown) == ("Slice", "second", 1)
    assert shown.Slice == 2
    points = shown.LookupTable.RGBPoints
    assert points[0] > 5
    assert points[-4] > 7


def test_a_repaired_file(look, pv, tmp_path, messages):
    path = tmp_path / "short.npy"
    np.save(path, wave(12, 16, 20))
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    reader, shown, view = look(path)
    assert len(messages.take()) == 1
    path.write_bytes(whole)
    pv.ReloadFiles(reader)
    pv.ResetCamera(view)
    pv.Render(view)
    assert shows(shown) == ("Slice", "short", 1)
    assert (shown.SliceMode, shown.Slice) == ("XY Plane", 5)
    assert shown.LookupTable.RGBPoints[0] == pytest.approx(wave(12, 16, 20).min())
    colours, part = seen(view)
    assert colours > 3
    assert part > 0.01


def test_a_default_of_the_settings_wins(run, tmp_path, monkeypatch):
    # ParaView writes settings below these when it ends, and a test must not change the user's.
    for name in ("HOME", "XDG_CONFIG_HOME", "APPDATA"):
        monkeypatch.setenv(name, str(tmp_path))
    np.save(tmp_path / "field.npy", wave(12, 16, 20))
    np.save(tmp_path / "rgb.npy", photograph(3))
    run("""
        settings = servermanager.vtkSMSettings.GetInstance()
        settings.SetSetting(".representations.UniformGridRepresentation.Representation", "Outline")
        settings.SetSetting(".representations.UniformGridRepresentation.MapScalars", 1)
        for name in ("field", "rgb"):
            reader = OpenDataFile(name + ".npy")
            shown = Show(reader)
            Render()
            found = shown.Representation, shown.ColorArrayName[1], shown.MapScalars
            assert found == ("Outline", name, 1), found
    """)


def test_the_plugin_from_two_places(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(os.path.dirname(PLUGIN), other, ignore=shutil.ignore_patterns("__pycache__"))
    np.save(tmp_path / "field.npy", wave(12, 16, 20))
    run("""
        manager = servermanager.vtkSMProxyManager.GetProxyManager()
        before = str(manager).count("UpdateInformationEvent")
        assert before
        for name in [name for name in sys.modules if name.startswith("npyvtk")]:
            del sys.modules[name]
        LoadPlugin(os.path.abspath("other/NumPyIO.py"), remote=False, ns=globals())
        import npyvtk_paraview.first_look
        assert "other" in npyvtk_paraview.first_look.__file__
        assert str(manager).count("UpdateInformationEvent") == before
        shown = Show(OpenDataFile("field.npy"))
        Render()
        assert shown.Representation == "Slice"
    """)


def test_the_plugin_loads_without_the_first_look(run, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(os.path.dirname(PLUGIN), broken, ignore=shutil.ignore_patterns("__pycache__"))
    (broken / "npyvtk_paraview" / "first_look.py").write_text("def watch(): raise RuntimeError('no')")
    np.save(tmp_path / "field.npy", wave(12, 16, 20))
    script = f"""
        sys.path.insert(0, {str(broken)!r})
        for name in [name for name in sys.modules if name.startswith("npyvtk")]:
            del sys.modules[name]
        LoadPlugin({str(broken / "NumPyIO.py")!r}, remote=False, ns=globals())
        reader = OpenDataFile("field.npy")
        reader.UpdatePipeline()
        assert reader.GetDataInformation().GetNumberOfPoints() == 12 * 16 * 20
    """
    done = run(script, check=False)
    assert done.returncode == 0, done.stderr
    assert "files open as ParaView shows them" in done.stdout + done.stderr


# Each shows what the client sees: representation, array and Map Scalars, and how many colours.
SHOW_ALL = """
from vtkmodules.util.numpy_support import vtk_to_numpy
view = CreateRenderView(ViewSize=[200, 150], OrientationAxesVisibility=0)
for name, expected in {expected!r}.items():
    reader = OpenDataFile(name)
    shown = Show(reader, view)
    ResetCamera(view)
    Render(view)
    found = shown.Representation, shown.ColorArrayName[1], shown.MapScalars
    assert found == expected, (name, found)
    if {picture}:
        SaveScreenshot("seen.png", view)
        from vtkmodules.vtkIOImage import vtkPNGReader
        png = vtkPNGReader()
        png.SetFileName("seen.png")
        png.Update()
        colours = np.unique(vtk_to_numpy(png.GetOutput().GetPointData().GetScalars()), axis=0)
        assert len(colours) > 4, (name, len(colours))
    Delete(reader)
"""
FILES = {
    "two.npz": ({"zone": wave(12, 16, 20), "area": wave(12, 16, 20)}, ("Slice", "zone", 1)),
    "rgb.npz": ({"rgb": photograph(3)}, ("Slice", "rgb", 0)),
    "mesh.npz": (LOOKS["tetrahedra"].arrays, ("Surface", "zone", 1)),
    "grids.npz": (LOOKS["two-grids"].arrays, ("Surface", "zone", 1)),
}


@pytest.fixture
def show_all(tmp_path):
    """Save the files; return a script that opens and checks them all."""
    for name, (arrays, _) in FILES.items():
        np.savez(tmp_path / name, **arrays)
    return lambda **more: SHOW_ALL.format(expected={name: look for name, (_, look) in FILES.items()}, **more)


@pytest.mark.parametrize("ranks", [1, 2])
def test_with_a_server(run, pvserver, show_all, tmp_path, ranks):
    with pvserver(ranks) as server:
        run(show_all(picture=True), server=server)
    assert "Error" not in (tmp_path / "pvserver.log").read_text()


def test_with_ranks(run, show_all):
    run(show_all(picture=True), program="pvbatch", ranks=2)  # only rank 0 runs it


def test_with_ranks_that_all_run_the_script(run, tmp_path):
    """Each knows its own piece only: nothing is chosen, and nothing is said."""
    np.save(tmp_path / "field.npy", wave(12, 16, 20))
    script = """
        shown = Show(OpenDataFile("field.npy"))
        Render()
        assert shown.Representation == "Surface"
    """
    run(script, program="pvbatch", ranks=2, sym=True)


def test_a_spreadsheet_of_thousands_of_arrays_does_not_hang(pv, tmp_path, monkeypatch):
    """ParaView compares the names of all columns for each of the tables: of 6000 in 85 tables for minutes."""
    monkeypatch.chdir(tmp_path)
    members = {f"row_{k}": np.full((1, 3 + k % 85), float(k)) for k in range(6000)}
    np.savez("rows.npz", **members)
    reader = pv.OpenDataFile("rows.npz")
    view = pv.CreateView("SpreadSheetView")
    pv.Show(reader, view)
    pv.Render(view)
    ticks = list(reader.GetProperty("ArraysInfo"))[1::2]
    assert (len(ticks), ticks.count("1")) == (6000, 1000)
    assert view.GetClientSideObject().GetNumberOfRows() > 0
    reader.Arrays = ["row_5999"]
    reader.UpdatePipeline()
    last = reader.GetClientSideObject().GetOutputDataObject(0)
    assert vtk_to_numpy(last.GetRowData().GetArray("row_5999")).tolist() == [5999.0] * (3 + 5999 % 85)


def test_of_two_films_on_one_grid_the_first_is_seen(look, tmp_path):
    """They have different numbers of steps, so each is a block of its own, in one place."""
    np.savez(tmp_path / "films.npz", first=np.ones((4, 60, 70)) * wave(60, 70), second=np.zeros((9, 60, 70)))
    _reader, shown, view = look(tmp_path / "films.npz", Axes="tyx")
    assert shown.ColorArrayName[1] == "first"
    assert seen(view)[0] > 3
