"""PyVista with this package installed: ``pyvista.read``, ``pyvista.get_reader`` and ``mesh.save``."""

from __future__ import annotations

import json
import warnings

import npyvtk
import numpy as np
import pytest
from equal import assert_same
from npyvtk.errors import ArgumentError, FileError, OptionError
from npyvtk.options import ReadOptions
from test_roundtrip import blocks, collection, mixed, partitioned, poly, rectilinear, rich_image, structured, triangles

pyvista = pytest.importorskip("pyvista", "0.49", reason="PyVista is not installed; tests/run.sh installs it")

RANDOM = np.random.default_rng(5)
VOLUME = RANDOM.random((3, 4, 5))


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def indices(*shape):
    """(points, 3) indices x y z of the points of a (z, y, x) grid, in VTK's order."""
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1).reshape(-1, 3)[:, ::-1]


def test_a_volume():
    np.save("a.npy", VOLUME)
    mesh = pyvista.read("a.npy")
    assert isinstance(mesh, pyvista.ImageData)
    np.testing.assert_array_equal(mesh["a"], VOLUME.ravel())
    np.testing.assert_array_equal(mesh.points, indices(3, 4, 5))
    assert mesh.active_scalars_name == "a"


def test_an_image_with_its_place():
    turn = np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1.0]])
    np.savez("b.npz", p=VOLUME, origin=[1.0, 2, 3], spacing=[0.5, 1, 2], direction=turn)
    mesh = pyvista.read("b.npz")
    places = [1, 2, 3] + indices(3, 4, 5) * [0.5, 1, 2] @ turn.T
    np.testing.assert_allclose(mesh.points, places, atol=1e-12)
    np.testing.assert_array_equal(mesh["p"], VOLUME.ravel())


def test_a_rectilinear_grid():
    x, y, z = (np.sort(RANDOM.random(n)) for n in (5, 4, 3))
    np.savez("b.npz", p=VOLUME, c=VOLUME[1:, 1:, 1:], x=x, y=y, z=z)
    mesh = pyvista.read("b.npz")
    assert isinstance(mesh, pyvista.RectilinearGrid)
    np.testing.assert_array_equal(
        mesh.points, np.stack(np.meshgrid(z, y, x, indexing="ij"), -1).reshape(-1, 3)[:, ::-1]
    )
    np.testing.assert_array_equal(mesh.point_data["p"], VOLUME.ravel())
    np.testing.assert_array_equal(mesh.cell_data["c"], VOLUME[1:, 1:, 1:].ravel())


def test_a_surface():
    points, triangles_ = RANDOM.random((6, 3)), np.array([[0, 1, 2], [3, 4, 5], [0, 2, 4]])
    np.savez("b.npz", points=points, triangles=triangles_, t=np.arange(6.0), k=np.arange(3))
    mesh = pyvista.read("b.npz")
    assert isinstance(mesh, pyvista.PolyData)
    np.testing.assert_array_equal(mesh.points, points)
    np.testing.assert_array_equal(mesh.regular_faces, triangles_)
    np.testing.assert_array_equal(mesh.point_data["t"], np.arange(6.0))
    np.testing.assert_array_equal(mesh.cell_data["k"], np.arange(3))


def test_a_table():
    np.savez("b.npz", mass=np.arange(5.0), heavy=np.arange(5) > 2)
    table = pyvista.read("b.npz")
    assert isinstance(table, pyvista.Table)
    np.testing.assert_array_equal(table["mass"], np.arange(5.0))
    np.testing.assert_array_equal(table["heavy"], np.arange(5) > 2)


def test_several_grids_are_blocks():
    small = RANDOM.random((7, 8)) + 1j
    np.savez("b.npz", p=VOLUME, small=small)
    found = pyvista.read("b.npz")
    assert isinstance(found, pyvista.MultiBlock)
    assert sorted(found.keys()) == ["p", "small"]
    np.testing.assert_array_equal(found["p"]["p"], VOLUME.ravel())
    np.testing.assert_array_equal(found["small"]["small"], small.ravel())
    np.testing.assert_array_equal(found["small"].points, indices(1, 7, 8))


@pytest.mark.parametrize("dtype", ["?", "u1", "i8", "f4", "f8", "c8", "c16", ">f4", ">c16"])
def test_dtypes_there_and_back(dtype):
    values = (RANDOM.random((3, 4, 5)) * 100 + 1).astype(dtype)
    values[0] = 0
    np.save("a.npy", values)
    mesh = pyvista.read("a.npy")
    assert mesh["a"].dtype == values.dtype.newbyteorder("=")
    np.testing.assert_array_equal(mesh["a"], values.ravel())
    mesh.save("b.npy")
    assert np.load("b.npy").dtype == values.dtype
    np.testing.assert_array_equal(np.load("b.npy"), values)


@pytest.mark.parametrize("dtype", ["?", "c8", "c16", "f4", "i2"])
def test_arrays_that_pyvista_made(dtype):
    """PyVista remembers by name which arrays are boolean or complex; the file has the dtype itself."""
    image, cloud = pyvista.ImageData(dimensions=(5, 4, 3)), pyvista.PolyData(RANDOM.random((6, 3)))
    volume, column = VOLUME.astype(dtype), np.arange(6).astype(dtype)
    image["v"], cloud["v"], cloud.cell_data["w"] = volume.ravel(), column, column
    pyvista.MultiBlock({"image": image, "cloud": cloud}).save("both.npz")
    image.save("image.npz")
    cloud.save("cloud.npz")
    with np.load("image.npz", allow_pickle=False) as found:
        assert found["v"].dtype == volume.dtype
        np.testing.assert_array_equal(found["v"], volume)
        assert not [name for name in found if "PYVISTA" in name]
    with np.load("cloud.npz", allow_pickle=False) as found:
        for name in ("v", "w"):
            assert found[name].dtype == column.dtype
            np.testing.assert_array_equal(found[name], column)
    again = pyvista.read("both.npz")
    np.testing.assert_array_equal(again["image"]["v"], volume.ravel())
    np.testing.assert_array_equal(again["cloud"].cell_data["w"], column)
    assert again["cloud"].cell_data["w"].dtype == column.dtype
    assert not [name for name in again.field_data if "PYVISTA" in name]


@pytest.mark.parametrize("make", [mixed, poly, rectilinear, rich_image, structured, triangles])
def test_every_dataset_there_and_back(make):
    data = make()
    pyvista.wrap(data).save("a.npz")
    npyvtk.write("b.npz", data)
    assert_same(npyvtk.read("a.npz"), npyvtk.read("b.npz"))
    again = pyvista.read("a.npz")
    np.testing.assert_array_equal(again.points, pyvista.wrap(data).points)


@pytest.mark.parametrize(("make", "kind"), [(blocks, "MultiBlock"), (collection, "MultiBlock"), (partitioned, "")])
def test_composites(make, kind):
    data = make()
    npyvtk.write("a.npz", data)
    found = pyvista.read("a.npz")
    assert isinstance(found, getattr(pyvista, kind or "PartitionedDataSet"))
    assert found.GetNumberOfPoints() == data.GetNumberOfPoints()
    assert found.GetNumberOfCells() == data.GetNumberOfCells()


def test_time_steps():
    wave = RANDOM.random((3, 4, 5, 6))
    np.savez("t.npz", wave=wave, time=[0, 0.5, 2])
    reader = pyvista.get_reader("t.npz")
    assert isinstance(reader, pyvista.BaseReader)
    assert reader.time_values == [0, 0.5, 2]
    assert (reader.number_time_points, reader.time_point_value(2), reader.active_time_value) == (3, 2, 0)
    for k, time in enumerate(reader.time_values):
        reader.set_active_time_value(time)
        assert reader.active_time_value == time
        np.testing.assert_array_equal(reader.read()["wave"], wave[k].ravel())
    reader.set_active_time_point(1)
    np.testing.assert_array_equal(reader.read()["wave"], wave[1].ravel())
    np.testing.assert_array_equal(pyvista.read("t.npz", step=2)["wave"], wave[2].ravel())
    for change in (lambda: reader.set_active_time_value(7), lambda: reader.set_active_time_point(-1)):
        with pytest.raises(OptionError, match=r"times|must be 0 to 2"):
            change()


def test_choice_of_arrays():
    x = np.arange(5.0)
    np.savez("b.npz", x=x, y=x, p=np.ones((5, 5)), q=np.zeros((5, 5)), c=np.ones((4, 4)))
    reader = pyvista.get_reader("b.npz")
    assert (reader.point_array_names, reader.cell_array_names) == (["p", "q"], ["c"])
    assert reader.all_point_arrays_status == {"p": True, "q": True}
    assert reader.arrays == ["p", "q", "c"]
    reader.disable_all_point_arrays()
    reader.enable_point_array("q")
    assert reader.read().array_names == ["q", "c"]
    reader.disable_cell_array("c")
    assert (reader.cell_array_status("c"), reader.read().array_names) == (False, ["q"])
    assert pyvista.read("b.npz", arrays=["c"]).array_names == ["c"]
    with pytest.raises(OptionError, match="no array 'other'; it has p, q, c"):
        reader.enable_point_array("other")
    with pytest.raises(OptionError, match="must be a list"):
        reader.arrays = "p"


def test_options():
    np.save("a.npy", VOLUME)
    mesh = pyvista.read("a.npy", axes="xyz", spacing=(1, 2, 3), array_name="density")
    assert (mesh.dimensions, mesh.spacing) == ((3, 4, 5), (1, 2, 3))
    np.testing.assert_array_equal(mesh["density"], VOLUME.ravel(order="F"))
    reader = pyvista.get_reader("a.npy")
    reader.voi = (1, 2, 0, -1, 0, -1)
    np.testing.assert_array_equal(reader.read()["a"], VOLUME[:, :, 1:3].ravel())
    reader.sample_rate = (1, 1, 2)
    np.testing.assert_array_equal(reader.read()["a"], VOLUME[::2, :, 1:3].ravel())
    assert reader.interpretation == list(npyvtk.series.Series(["a.npy"], ReadOptions()).lines)
    with pytest.raises(AttributeError, match="spacings"):
        pyvista.read("a.npy", spacings=(1, 2, 3))
    with pytest.raises(OptionError, match="Axes 'zyy'"):
        pyvista.read("a.npy", axes="zyy")


def test_every_option_is_an_attribute():
    np.save("a.npy", VOLUME)
    reader = pyvista.get_reader("a.npy")
    for name, value in vars(ReadOptions()).items():
        assert getattr(reader, name) == value
        setattr(reader, name, value)


def test_a_series_of_files():
    files = []
    for k in range(3):
        np.save(f"a_{k}.npy", VOLUME + k)
        files.append({"name": f"a_{k}.npy", "time": k / 2})
    with open("a.npy.series", "w", encoding="utf-8") as file:
        json.dump({"file-series-version": "1.0", "files": files}, file)
    reader = pyvista.get_reader("a.npy.series", force_ext=".npy")
    assert reader.time_values == [0, 0.5, 1]
    reader.set_active_time_value(1)
    np.testing.assert_array_equal(reader.read()["a"], VOLUME.ravel() + 2)


def test_progress_and_another_file():
    np.save("a.npy", VOLUME)
    np.save("b.npy", VOLUME[0])
    assert pyvista.read("a.npy", progress_bar=False, validate=True).n_points == 60
    reader = pyvista.get_reader("a.npy")
    assert reader.read().n_points == 60
    reader.path = "b.npy"
    assert reader.read().n_points == 20


def test_damage_is_an_error():
    np.save("a.npy", VOLUME)
    with open("a.npy", "r+b") as file:
        file.truncate(200)
    with pytest.raises(npyvtk.NumPyIOError, match="cut short"):
        pyvista.read("a.npy")


def test_options_of_saving():
    mesh = pyvista.Sphere()
    mesh["t"], mesh["zero"] = np.arange(mesh.n_points), np.zeros(mesh.n_points)
    mesh.save("a.npz")
    mesh.save("b.npz", compression_level=6, point_arrays=["zero"])
    with np.load("a.npz", allow_pickle=False) as all_, np.load("b.npz", allow_pickle=False) as some:
        assert {"t", "zero", "points", "triangles"} <= set(all_)
        assert ("zero" in some, "t" in some) == (True, False)
        np.testing.assert_array_equal(all_["points"], mesh.points)
        np.testing.assert_array_equal(all_["triangles"], mesh.regular_faces)
    with pytest.raises(ArgumentError, match="level"):
        mesh.save("a.npz", level=6)


def test_what_a_npy_leaves_behind_is_a_warning():
    mesh = pyvista.PolyData(RANDOM.random((6, 3)))
    mesh["t"] = np.arange(6)
    with pytest.warns(UserWarning, match="only 't' is saved, .*the points"):
        mesh.save("a.npy")
    np.testing.assert_array_equal(np.load("a.npy"), np.arange(6))
    image = pyvista.ImageData(dimensions=(5, 4, 3))
    image["v"] = VOLUME.ravel()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image.save("b.npy")
    np.testing.assert_array_equal(np.load("b.npy"), VOLUME)


def test_an_explicit_structured_grid_is_saved_as_the_cells_that_it_has():
    grid = pyvista.ImageData(dimensions=(3, 4, 5)).cast_to_structured_grid().cast_to_explicit_structured_grid()
    grid.save("a.npz")
    again = pyvista.read("a.npz")
    assert isinstance(again, pyvista.UnstructuredGrid)
    assert again.n_cells == grid.n_cells
    np.testing.assert_array_equal(again.points, grid.points)


def test_there_is_no_folder():
    with pytest.raises((FileError, FileNotFoundError), match="nowhere"):
        pyvista.Sphere().save("nowhere/a.npz")
