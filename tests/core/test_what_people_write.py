"""Files as people write them, under the names that they use: values and places against NumPy.

The files are made here; what merely uses one of these names, in another shape or dtype, must stay what it was.
"""

import npyvtk
import numpy as np
import pytest
from npyvtk.describe import describe
from npyvtk.errors import FormatError, OptionError
from npyvtk.load import load
from npyvtk.options import ReadOptions
from npyvtk.parallel.pieces import Piece
from npyvtk.series import Series
from vtkmodules.util.numpy_support import vtk_to_numpy

RNG = np.random.default_rng(20)


def opened(tmp_path, step=0, options=None, **arrays):
    """What the file with these arrays becomes, and what is said of it."""
    path = tmp_path / "a.npz"
    np.savez(path, **arrays)
    description = describe(str(path), options)
    return load(description, options, step=step), description


def values_of(attributes, name):
    array = attributes.GetArray(name)
    assert array is not None, name
    return vtk_to_numpy(array)


def places(data):
    return np.array([data.GetPoint(k) for k in range(data.GetNumberOfPoints())])


def check_grid(data, name, values, axes):
    """Every value of an array (nx, ny, nz, k) or less lies where the coordinates of its axes say."""
    found = values_of(data.GetPointData(), name)
    for k, place in enumerate(places(data)):
        index = tuple(int(np.argmin(np.abs(axis - at))) for axis, at in zip(axes, place) if axis is not None)
        where = [axis[i] for axis, i in zip([axis for axis in axes if axis is not None], index)]
        np.testing.assert_allclose([at for axis, at in zip(axes, place) if axis is not None], where)
        np.testing.assert_array_equal(found[k], values[index])


X, Y, Z = np.array([0, 1, 3, 6, 7.5]), np.array([-2, 0, 1.0]), np.array([10, 20, 40, 80.0])
FIELD = RNG.random((5, 3, 4))  # x y z
FAMILIES = [
    "x y z", "lon lat depth", "x latitude level", "X Y Z", "xs ys zs", "xc yc zc", "xx yy zz", "xv yv zv",
    "x_coord y_coord z_coord", "grid_x grid_y grid_z",
]  # fmt: skip


@pytest.mark.parametrize("names", FAMILIES)
def test_coordinates_of_a_family_make_a_rectilinear_grid(tmp_path, names):
    x, y, z = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, z: Z, "f": FIELD.transpose(2, 1, 0), "g": FIELD + 1})
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "f", FIELD, (X, Y, Z))
    check_grid(data, "g", FIELD + 1, (X, Y, Z))


@pytest.mark.parametrize("names", ["lons lats", "lon_rho lat_rho", "xs ys", "X Y"])
def test_two_coordinates_of_a_family(tmp_path, names):
    x, y = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, "f": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "f", FIELD[:, :, 0], (X, Y, None))


@pytest.mark.parametrize("names", ["xs y", "X ys", "lons y"])
def test_letters_of_two_families_are_no_coordinates(tmp_path, names):
    x, y = names.split()
    data, _ = opened(tmp_path, **{x: X, y: Y, "f": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkImageData"


@pytest.mark.parametrize("x", [(5, 1), (5, 1, 1)])
@pytest.mark.parametrize("square", [False, True])
def test_coordinates_with_axes_of_length_one(tmp_path, x, square):
    ys = np.arange(5.0) ** 2 if square else Y
    field = RNG.random((5, ys.size))
    shape = (1, -1) if len(x) == 2 else (1, -1, 1)
    given = {"x": X.reshape(x), "y": ys.reshape(shape), "u": field}
    data, _ = opened(tmp_path, **given)
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "u", field, (X, ys, None))  # broadcast: x first, also where both orders fit
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        for name, values in given.items():
            np.testing.assert_array_equal(saved[name], values)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    assert again.GetBounds() == data.GetBounds()


@pytest.mark.parametrize(("order", "names"), [("xz", "xz"), ("zx", "xz"), ("yz", "yz"), ("zy", "yz")])
def test_two_coordinates_that_stand_upright(tmp_path, order, names):
    along = {"x": X, "y": Y, "z": Z}
    field = RNG.random(tuple(along[letter].size for letter in order))
    data, _ = opened(tmp_path, **{letter: along[letter] for letter in names}, model=field)
    assert data.GetClassName() == "vtkRectilinearGrid"
    axes = tuple(along[letter] if letter in names else None for letter in "xyz")
    check_grid(data, "model", field if order == names else field.T, axes)


@pytest.mark.parametrize(
    "names", ["xedges yedges zedges", "x_edges y_edges z_edges", "xbins ybins zbins", "xedges vedges wedges"]
)
@pytest.mark.parametrize("n", [2, 3])
def test_edges_hold_cells_x_first(tmp_path, names, n):
    rows = RNG.random((50, n))
    counts, edges = np.histogramdd(rows, bins=3)
    data, _ = opened(tmp_path, H=counts, **dict(zip(names.split(), edges)))
    assert data.GetClassName() == "vtkRectilinearGrid"
    found = values_of(data.GetCellData(), "H")
    bounds = np.array([data.GetCell(k).GetBounds() for k in range(data.GetNumberOfCells())]).reshape(-1, 3, 2)
    assert found.size == counts.size
    for value, cell in zip(found, bounds):
        index = tuple(int(np.searchsorted(edge, cell[k].mean())) - 1 for k, edge in enumerate(edges))
        assert value == counts[index]


@pytest.mark.parametrize("names", ["X Y", "lon_rho lat_rho", "xx yy", "XX YY"])
def test_coordinates_of_two_axes_with_a_field(tmp_path, names):
    x, y = np.meshgrid(X, Y)
    x, y = x + 0.1 * y, y - 0.2 * x
    first, second = names.split()
    data, _ = opened(tmp_path, **{first: x, second: y, "h": FIELD[:, :, 0].T})
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_allclose(places(data), np.stack([x, y, 0 * x], -1).reshape(-1, 3))
    np.testing.assert_array_equal(values_of(data.GetPointData(), "h"), FIELD[:, :, 0].T.ravel())


def test_a_surface_of_coordinates_alone(tmp_path):
    x, y = np.meshgrid(X, Y)
    data, _ = opened(tmp_path, X=x, Y=y, Z=np.sin(x * y))
    assert data.GetClassName() == "vtkStructuredGrid"
    np.testing.assert_allclose(places(data), np.stack([x, y, np.sin(x * y)], -1).reshape(-1, 3))


def test_one_dimensional_coordinates_go_before_their_meshgrid(tmp_path):
    names = dict(zip("XYZ", np.meshgrid(X, Y, Z, indexing="ij")))
    data, _ = opened(tmp_path, **names, x=X, y=Y, z=Z, u=FIELD)
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "u", FIELD, (X, Y, Z))


def test_a_height_as_long_as_the_first_axis(tmp_path):
    data, description = opened(tmp_path, x=X, y=Y, zmid=Z, model=FIELD.transpose(2, 1, 0))
    assert description.layout.steps == 1
    check_grid(data, "model", FIELD, (X, Y, Z))


@pytest.mark.parametrize(
    "arrays",
    [
        {"X": RNG.random((40, 6)), "Y": RNG.random((40, 6))},  # nothing lies on them
        {"X": RNG.random((40, 3)), "Y": RNG.random((40, 3)), "P": RNG.random((40, 3))},  # rows of three columns
        {"X": RNG.integers(0, 255, (9, 8, 8)).astype(np.uint8), "Y": np.arange(9)},
        {"X": RNG.random((40, 8)), "y": np.arange(40)},
        {"xs": RNG.random(5), "ys": RNG.random(3), "f": RNG.random((3, 5))},  # they neither rise nor fall
        {"x": np.arange(9.0), "z": np.arange(7.0), "f": RNG.random((5, 6))},  # lengths of something else
        {"x": X, "xedges": np.arange(6.0), "f": RNG.random((5, 6))},  # one axis alone
    ],
)
def test_names_alone_make_no_grid(tmp_path, arrays):
    data, _ = opened(tmp_path, **arrays)
    leaves = [data]
    if data.IsA("vtkPartitionedDataSetCollection"):
        leaves = [data.GetPartitionAsDataObject(k, 0) for k in range(data.GetNumberOfPartitionedDataSets())]
    assert not {leaf.GetClassName() for leaf in leaves} & {"vtkRectilinearGrid", "vtkStructuredGrid"}


# ---- time ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["t", "times", "ts", "tsteps", "time_s", "timestamps"])
def test_time_under_another_name(tmp_path, name):
    field, times = RNG.random((4, 6, 7)), np.array([0, 0.5, 2, 3])
    data, description = opened(tmp_path, step=2, rho=field, **{name: times})
    assert description.layout.times == tuple(times)
    assert data.GetDimensions() == (7, 6, 1)
    np.testing.assert_array_equal(values_of(data.GetPointData(), "rho"), field[2].ravel())


@pytest.mark.parametrize(
    "arrays",
    [
        {"t": np.arange(6.0), "f": RNG.random((6, 7))},  # a picture of space and time
        {"t": np.arange(7.0), "f": RNG.random((4, 6, 7))},  # not the first axis
        {"t": np.array([0, 1, 1, 2.0]), "f": RNG.random((4, 6, 7))},  # does not rise
        {"t": np.array([0.0]), "f": RNG.random((1, 6, 7))},  # one alone
        {"t": np.float64(3), "f": RNG.random((4, 6, 7))},
        {"t": np.arange(4.0)[:, None], "f": RNG.random((4, 6, 7))},
        {"t": np.arange(4.0), "time": np.float64(7), "f": RNG.random((4, 6, 7))},  # `time` says otherwise
    ],
)
def test_what_is_no_time(tmp_path, arrays):
    data, description = opened(tmp_path, **arrays)
    assert description.layout.steps == 1
    assert values_of(data.GetPointData(), "f").size == arrays["f"].size


# ---- meshes --------------------------------------------------------------------------------------

POINTS = RNG.random((30, 3))
TRIANGLES = RNG.permutation(np.repeat(np.arange(30), 3))[:60].reshape(20, 3)
FOURS = RNG.permutation(np.repeat(np.arange(30), 4))[:80].reshape(20, 4)


def check_cells(data, cells, kind):
    """The cells, point for point, and the class that goes with their kind."""
    assert data.GetClassName() == ("vtkPolyData" if kind in (3, 4, 5, 7, 9) else "vtkUnstructuredGrid")
    assert data.GetNumberOfCells() == len(cells)
    for k, cell in enumerate(cells):
        ids = data.GetCell(k).GetPointIds()
        assert [ids.GetId(j) for j in range(ids.GetNumberOfIds())] == list(cell)
        assert data.GetCellType(k) == kind


PAIRS = [
    ("V", "F", 3, 5), ("v", "f", 3, 5), ("v_template", "f", 3, 5), ("verts", "faces", 3, 5), ("vertices", "tris", 3, 5),
    ("nodes", "elements", 4, 10), ("coords", "simplices", 4, 10), ("points", "triangle", 3, 5), ("xyz", "tets", 4, 10),
    ("points", "tetra", 4, 10), ("points", "quads", 4, 9), ("points", "quad", 4, 9), ("pos", "edges", 2, 3),
    ("vertices", "indices", 4, 10), ("nodes_coords", "elements_connectivity", 3, 5), ("points", "line", 2, 3),
    ("points", "connectivity", 3, 5), ("points", "hexahedra", 8, 12), ("points", "pyramids", 5, 14),
    ("points", "wedges", 6, 13),
]  # fmt: skip


@pytest.mark.parametrize(("points", "cells", "columns", "kind"), PAIRS, ids=[f"{p[0]}-{p[1]}" for p in PAIRS])
@pytest.mark.parametrize("first", [0, 1])
def test_mesh_under_other_names(tmp_path, points, cells, columns, kind, first):
    table = RNG.permutation(np.repeat(np.arange(30), 8))[: 30 * columns].reshape(30, columns)
    table[0, 0], table[1, 0] = 0, 29
    given = {points: POINTS, cells: (table + first).astype("u8"), "u": RNG.random(30)}
    data, description = opened(tmp_path, **given)
    check_cells(data, table, kind)
    np.testing.assert_array_equal(places(data), POINTS)
    assert any("counted from 1" in line for line in description.lines) == bool(first)
    npyvtk.write(str(tmp_path / "b.npz"), data)
    check_cells(npyvtk.read(str(tmp_path / "b.npz")), table, kind)
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved[points], POINTS)
        np.testing.assert_array_equal(saved[cells], table)
        assert saved[cells].dtype == "u8"


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("columns", [3, 4])
def test_points_and_cells_as_columns(tmp_path, dimensions, columns):
    table = (TRIANGLES, FOURS)[columns - 3]
    points = np.ascontiguousarray(POINTS[:, :dimensions].T)
    data, _ = opened(tmp_path, p=points, t=np.ascontiguousarray(table.T), u=np.arange(30.0))
    check_cells(data, table, 5 if columns == 3 else 9 if dimensions == 2 else 10)
    np.testing.assert_array_equal(places(data)[:, :dimensions], points.T)
    np.testing.assert_array_equal(values_of(data.GetPointData(), "u"), np.arange(30.0))
    npyvtk.write(str(tmp_path / "b.npz"), data)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    np.testing.assert_array_equal(places(again), places(data))
    check_cells(again, table, data.GetCellType(0))


def test_edges_of_a_graph(tmp_path):
    pairs = np.stack([np.arange(45) % 30, np.arange(45) * 7 % 30])
    data, _ = opened(tmp_path, x=RNG.random((30, 16)), edge_index=pairs, pos=POINTS)
    check_cells(data, pairs.T, 3)
    assert data.GetPointData().GetArray("x").GetNumberOfComponents() == 16


@pytest.mark.parametrize(("name", "kind"), [("faces", 5), ("indices", 5), ("triangles", 5)])
def test_flat_list_of_triangles(tmp_path, name, kind):
    data, _ = opened(tmp_path, **{"points": POINTS, name: TRIANGLES.ravel()})
    check_cells(data, TRIANGLES, kind)


@pytest.mark.parametrize(
    ("name", "table", "kind"), [("faces", TRIANGLES, 5), ("cells", FOURS, 10), ("faces", FOURS, 9)]
)
def test_cells_led_by_their_counts(tmp_path, name, table, kind):
    padded = np.insert(table, 0, table.shape[1], axis=1)
    data, description = opened(tmp_path, **{"points": POINTS, name: padded})
    check_cells(data, table, kind)
    assert any("led by its number" in line for line in description.lines)


def test_faces_of_several_sizes_in_one_list(tmp_path):
    cells = [[0, 1, 2], [3, 4, 5, 6], [7, 8, 9, 10, 11], [12, 13, 14]]
    data, _ = opened(tmp_path, points=POINTS, faces=np.concatenate([[len(c), *c] for c in cells]), a=np.arange(4.0))
    assert data.GetClassName() == "vtkPolyData"
    for k, (cell, kind) in enumerate(zip(cells, (5, 9, 7, 5))):
        ids = data.GetCell(k).GetPointIds()
        assert [ids.GetId(j) for j in range(ids.GetNumberOfIds())] == cell
        assert data.GetCellType(k) == kind
    np.testing.assert_array_equal(values_of(data.GetCellData(), "a"), np.arange(4.0))


def test_cells_of_several_types_in_one_list(tmp_path):
    cells, types = [[0, 1, 2, 3], [4, 5, 6], [7, 8, 9, 10]], np.array([10, 5, 9], "u1")
    stream = np.concatenate([[len(c), *c] for c in cells])
    data, _ = opened(tmp_path, points=POINTS, cells=stream, celltypes=types)
    assert data.GetClassName() == "vtkUnstructuredGrid"
    assert [data.GetCellType(k) for k in range(3)] == types.tolist()
    ids = data.GetCell(2).GetPointIds()
    assert [ids.GetId(j) for j in range(4)] == cells[2]


@pytest.mark.parametrize("given", ["ends", "bounds", "lengths"])
def test_lines_by_offsets_or_lengths(tmp_path, given):
    ends = np.array([4, 9, 17, 30], "u4")
    name, values = {
        "ends": ("offsets", ends),
        "bounds": ("offsets", np.insert(ends, 0, 0)),
        "lengths": ("lengths", np.diff(ends, prepend=np.uint32(0))),
    }[given]
    data, _ = opened(tmp_path, **{"points": POINTS, name: values, "b": np.arange(4.0)})
    check_cells(data, [range(4), range(4, 9), range(9, 17), range(17, 30)], 4)
    np.testing.assert_array_equal(values_of(data.GetCellData(), "b"), np.arange(4.0))
    npyvtk.write(str(tmp_path / "b.npz"), data)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    check_cells(again, [range(4), range(4, 9), range(9, 17), range(17, 30)], 4)
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved[name], values)
        assert saved[name].dtype == "u4"
        if name == "lengths":
            assert not {"offsets", "connectivity", "types"} & set(saved)


def test_lines_of_other_points_have_no_lengths(tmp_path):
    data, _ = opened(tmp_path, points=POINTS, lengths=np.array([4, 26], "i1"))
    cells = vtk_to_numpy(data.GetLines().GetConnectivityArray())
    cells[:] = cells[::-1].copy()  # as a filter may do, which leaves what the file had on the array
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        assert "lengths" not in saved
        assert saved["offsets"].tolist() == [0, 4, 30]
    check_cells(npyvtk.read(str(tmp_path / "b.npz")), [range(29, 25, -1), range(25, -1, -1)], 4)


@pytest.mark.parametrize("on", ["all", "points", "nothing"])
def test_several_kinds_of_cells_side_by_side(tmp_path, on):
    data, description = opened(
        tmp_path,
        points=POINTS,
        tetra=FOURS + 0,
        triangle=TRIANGLES[:7],
        line=TRIANGLES[:3, :2],
        **{"all": {"a": np.arange(30.0)[:30]}, "points": {"a": np.arange(30.0)}, "nothing": {}}[on],
    )
    assert data.GetClassName() == "vtkUnstructuredGrid"
    expected = [*FOURS.tolist(), *TRIANGLES[:7].tolist(), *TRIANGLES[:3, :2].tolist()]
    assert data.GetNumberOfCells() == 30
    for k, cell in enumerate(expected):
        ids = data.GetCell(k).GetPointIds()
        assert [ids.GetId(j) for j in range(ids.GetNumberOfIds())] == cell
    assert [data.GetCellType(k) for k in (0, 19, 20, 26, 27, 29)] == [10, 10, 5, 5, 3, 3]
    npyvtk.write(str(tmp_path / "b.npz"), data)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    assert [again.GetCellType(k) for k in range(30)] == [data.GetCellType(k) for k in range(30)]
    assert [again.GetCell(k).GetBounds() for k in range(30)] == [data.GetCell(k).GetBounds() for k in range(30)]
    assert sum("cells of a mesh" in line for line in description.lines) == 3


def test_cell_data_of_several_kinds(tmp_path):
    values = np.arange(12.0)
    data, _ = opened(tmp_path, points=POINTS, quads=FOURS[:5], triangles=TRIANGLES[:7], a=values)
    np.testing.assert_array_equal(values_of(data.GetCellData(), "a"), values)
    assert [data.GetCellType(k) for k in range(12)] == [9] * 5 + [5] * 7


@pytest.mark.parametrize("order", [("quads", "triangles"), ("triangles", "quads")])
def test_data_of_one_kind_alone_makes_a_block_of_each(tmp_path, order):
    tables = {"quads": FOURS[:5], "triangles": TRIANGLES[:7]}
    on = {"a": np.arange(7.0), "q": RNG.random((5, 2)), "u": RNG.random(30)}
    data, _ = opened(tmp_path, points=POINTS, **{name: tables[name] for name in order}, **on)
    blocks = blocks_of(data)
    assert set(blocks) == set(tables)
    check_cells(blocks["quads"], tables["quads"], 9)
    check_cells(blocks["triangles"], tables["triangles"], 5)
    np.testing.assert_array_equal(values_of(blocks["triangles"].GetCellData(), "a"), on["a"])
    np.testing.assert_array_equal(values_of(blocks["quads"].GetCellData(), "q"), on["q"])
    np.testing.assert_array_equal(values_of(blocks[order[0]].GetPointData(), "u"), on["u"])
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        for name, values in {"points": POINTS, **tables, **on}.items():
            np.testing.assert_array_equal(saved[name], values)
        plain = {name: saved[name] for name in saved if name != "vtk"}
    again, _ = opened(tmp_path, **plain)
    check_cells(blocks_of(again)["quads"], tables["quads"], 9)


FORMS = {
    "columns": {"p": POINTS[:, :2].T.copy(), "t": TRIANGLES.T.astype("i4")},
    "as many as columns": {"p": POINTS[:, :2].T.copy(), "t": TRIANGLES[:3].T.astype("i4")},
    "one more than columns": {"p": POINTS[:, :2].T.copy(), "t": TRIANGLES[:4].T.astype("i4")},
    "edges": {"pos": POINTS, "edge_index": TRIANGLES[:, :2].T.copy()},
    "flat": {"points": POINTS, "faces": TRIANGLES.ravel().astype(">u4")},
    "padded": {"points": POINTS, "cells": np.insert(FOURS, 0, 4, axis=1).astype("u2")},
    "padded once": {"points": POINTS, "faces": np.insert(TRIANGLES[:1], 0, 3, axis=1)},
    "table": {"V": POINTS, "F": TRIANGLES.astype("u1")},
}


@pytest.mark.parametrize("name", FORMS)
def test_forms_of_cells_come_back(tmp_path, name):
    data, _ = opened(tmp_path, **FORMS[name])
    npyvtk.write(str(tmp_path / "b.npz"), data)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    assert again.GetClassName() == data.GetClassName()
    assert again.GetNumberOfCells() == data.GetNumberOfCells()
    for k in range(data.GetNumberOfCells()):
        assert again.GetCellType(k) == data.GetCellType(k)
        assert again.GetCell(k).GetBounds() == data.GetCell(k).GetBounds()
    if "as columns" in name or "than columns" in name:
        return  # these could not be told from rows, so they are saved as rows, under a plain name
    with np.load(tmp_path / "b.npz") as saved:
        for member, values in FORMS[name].items():
            assert saved[member].dtype == values.dtype
            np.testing.assert_array_equal(saved[member], values)


IN_PIECES = {
    **FORMS,
    "from one": {"points": POINTS, "tets": np.vstack([FOURS, [0, 10, 20, 29]]) + 1},
    "lines": {"points": POINTS, "offsets": np.array([4, 9, 17, 30])},
    "lengths": {"points": POINTS, "lengths": np.array([4, 5, 8, 13])},
    "list": {"points": POINTS, "faces": np.concatenate([[3, 0, 1, 2], [4, 3, 4, 5, 6], [5, 7, 8, 9, 10, 11]])},
    "corners": {"vectors": RNG.random((20, 3, 3))},
    "hexahedra": {"p": POINTS.T.copy(), "t": RNG.permutation(np.arange(80) % 30).reshape(8, 10)},
    "kinds": {"points": POINTS, "quad": FOURS, "triangle": TRIANGLES, "tetra": FOURS[:3]},
}


@pytest.mark.parametrize("name", IN_PIECES)
@pytest.mark.parametrize("ghosts", [0, 1])
def test_ranks_have_all_cells_together(tmp_path, name, ghosts):
    whole, description = opened(tmp_path, **IN_PIECES[name])
    cells, found = corners_of(whole), []
    for number in range(3):
        piece = load(description, piece=Piece(number, 3, ghosts))
        marks = piece.GetCellData().GetArray("vtkGhostType")
        marks = [0] * piece.GetNumberOfCells() if marks is None else vtk_to_numpy(marks)
        found += [cell for cell, mark in zip(corners_of(piece), marks) if not mark]
    assert sorted(found) == sorted(cells)


def corners_of(data):
    """Of each cell its type and the places of its points."""
    of, found = places(data).tolist(), []
    for k in range(data.GetNumberOfCells()):
        ids = data.GetCell(k).GetPointIds()
        found.append((data.GetCellType(k), [of[ids.GetId(j)] for j in range(ids.GetNumberOfIds())]))
    return found


def test_flat_mesh_of_x_and_y(tmp_path):
    data, _ = opened(tmp_path, x=POINTS[:, 0], y=POINTS[:, 1], triangles=TRIANGLES, T=np.arange(30.0))
    check_cells(data, TRIANGLES, 5)
    np.testing.assert_array_equal(places(data), POINTS * [1, 1, 0])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "T"), np.arange(30.0))


@pytest.mark.parametrize(
    "arrays",
    [
        {"points": POINTS, "F": TRIANGLES + 3},  # beyond the points
        {"points": POINTS, "indices": -TRIANGLES},
        {"points": POINTS, "F": TRIANGLES.astype(float)},  # no numbers of points
        {"points": POINTS, "edges": RNG.integers(0, 30, (20, 4))},
        {"points": POINTS, "f": RNG.integers(0, 30, (20, 7))},
        {"points": POINTS, "edge_index": RNG.integers(0, 30, (3, 20))},
        {"points": POINTS, "offsets": np.array([4, 9, 31])},
        {"points": POINTS, "offsets": np.array([9, 4, 30])},
        {"points": POINTS, "lengths": np.array([4, 9, 16])},
    ],
)
def test_numbers_that_do_not_fit_are_plain_data(tmp_path, arrays):
    data, _ = opened(tmp_path, **arrays)
    assert data.GetNumberOfPoints() == 30
    assert {data.GetCellType(k) for k in range(data.GetNumberOfCells())} == {1}


@pytest.mark.parametrize(
    "arrays",
    [
        {"V": RNG.random((30, 3)), "u": RNG.random(30)},  # a letter alone
        {"p": RNG.random((3, 30)), "t": RNG.random((3, 20))},
        {"F": RNG.random((5, 6))},
        {"t": TRIANGLES.T, "f": RNG.random((4, 5))},
    ],
)
def test_letters_alone_make_no_mesh(tmp_path, arrays):
    _, description = opened(tmp_path, **arrays)
    assert not any("cells of a mesh" in line for line in description.lines)


# ---- grids and surfaces in one array -------------------------------------------------------------

GRID = np.stack(np.meshgrid(X, Y, Z), -1).transpose(2, 0, 1, 3) + 0.1 * RNG.random((4, 3, 5, 3))  # z y x


@pytest.mark.parametrize("name", ["points", "xyz", "coords"])
@pytest.mark.parametrize("dtype", ["f4", ">f8"])
def test_positions_of_a_grid_in_one_array(tmp_path, name, dtype):
    positions, heat, flux = GRID.astype(dtype), RNG.random((4, 3, 5)), RNG.random((3, 2, 4, 3))
    data, _ = opened(tmp_path, **{name: positions, "T": heat, "flux": flux})
    assert data.GetClassName() == "vtkStructuredGrid"
    assert data.GetExtent() == (0, 4, 0, 2, 0, 3)
    np.testing.assert_array_equal(places(data), positions.reshape(-1, 3))
    np.testing.assert_array_equal(values_of(data.GetPointData(), "T"), heat.ravel())
    np.testing.assert_array_equal(values_of(data.GetCellData(), "flux"), flux.reshape(-1, 3))
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved[name], positions)
        assert saved[name].dtype == positions.dtype
    np.testing.assert_array_equal(places(npyvtk.read(str(tmp_path / "b.npz"))), places(data))


@pytest.mark.parametrize("width", [2, 3])
@pytest.mark.parametrize("chosen", [False, True])
def test_positions_of_a_surface_in_one_array(tmp_path, width, chosen):
    """Positions of three axes may be points that move: data with time steps besides, or the user, says they are not."""
    positions = np.ascontiguousarray(GRID[0, :, :, :width])
    heat = RNG.random((3, 5) if chosen else (6, 3, 5))
    given = {"pos": positions, "T": heat, **({} if chosen else {"time": np.arange(6.0)})}
    options = ReadOptions(dataset_type="Structured Grid") if chosen else None
    data, description = opened(tmp_path, 0 if chosen else 4, options, **given)
    assert data.GetClassName() == "vtkStructuredGrid"
    assert description.layout.steps == (1 if chosen else 6)
    np.testing.assert_array_equal(places(data)[:, :width], positions.reshape(-1, width))
    assert not places(data)[:, width:].any()
    np.testing.assert_array_equal(values_of(data.GetPointData(), "T"), (heat if chosen else heat[4]).ravel())


def test_points_that_may_be_a_grid_are_told(tmp_path):
    data, description = opened(tmp_path, pos=GRID[0], T=RNG.random((3, 5)))
    assert data.GetNumberOfPoints() == 5
    assert description.layout.steps == 3
    assert "DataSetType Structured Grid" in description.layout.words["pos"]


@pytest.mark.parametrize("ghosts", [0, 1])
def test_ranks_have_all_of_a_grid_in_one_array(tmp_path, ghosts):
    data, description = opened(tmp_path, points=GRID, T=GRID[..., 0])
    found = {}
    for number in range(3):
        piece = load(description, piece=Piece(number, 3, ghosts))
        for place, value in zip(places(piece).tolist(), values_of(piece.GetPointData(), "T").tolist()):
            found[tuple(place)] = value
    assert found == {tuple(place): place[0] for place in places(data).tolist()}


CORNERS = RNG.random((20, 3, 3))


@pytest.mark.parametrize("name", ["vectors", "triangles", "faces"])
@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4"])
def test_triangles_with_their_corners(tmp_path, name, dtype):
    corners, normals, attr = CORNERS.astype(dtype), RNG.random((20, 3)), np.arange(20, dtype="u2")[:, None]
    data, _ = opened(tmp_path, normals=normals, attr=attr, **{name: corners}, onpoints=np.arange(60.0))
    check_cells(data, np.arange(60).reshape(20, 3), 5)
    np.testing.assert_array_equal(places(data), corners.reshape(60, 3))
    np.testing.assert_array_equal(values_of(data.GetCellData(), "normals"), normals)
    np.testing.assert_array_equal(values_of(data.GetCellData(), "attr"), attr[:, 0])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "onpoints"), np.arange(60.0))
    npyvtk.write(str(tmp_path / "b.npz"), data)
    again = npyvtk.read(str(tmp_path / "b.npz"))
    assert corners_of(again) == corners_of(data)
    with np.load(tmp_path / "b.npz") as saved:
        assert saved["points"].dtype == corners.dtype


@pytest.mark.parametrize(
    "arrays",
    [
        {"vectors": RNG.random((20, 3, 4))},
        {"vectors": RNG.integers(0, 9, (20, 3, 3))},
        {"vectors": CORNERS, "points": RNG.random((20, 3))},  # tensors on points
        {"w": CORNERS},
    ],
)
def test_what_is_no_list_of_triangles(tmp_path, arrays):
    data, _ = opened(tmp_path, **arrays)
    assert data.GetClassName() != "vtkPolyData"


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("falling", [False, True])
def test_edges_of_all_axes_in_one_array(tmp_path, dimensions, falling):
    counts, edges = np.histogramdd(RNG.random((90, dimensions)) ** 2 + 1, bins=4)
    if falling:
        edges = [edges[0][::-1], *edges[1:]]
    data, _ = opened(tmp_path, H=counts, edges=edges)
    assert data.GetClassName() == "vtkRectilinearGrid"
    found = values_of(data.GetCellData(), "H")
    assert found.size == counts.size
    for k in range(found.size):
        low_high = np.reshape(data.GetCell(k).GetBounds(), (3, 2))[:dimensions]
        index = tuple(
            next(i for i in range(4) if sorted(edge[i : i + 2]) == ends.tolist()) for edge, ends in zip(edges, low_high)
        )
        assert found[k] == counts[index]
    npyvtk.write(str(tmp_path / "b.npz"), data)
    assert npyvtk.read(str(tmp_path / "b.npz")).GetBounds() == data.GetBounds()


@pytest.mark.parametrize(
    "arrays",
    [
        {"edges": np.sort(RNG.random((2, 6))), "H": RNG.random((4, 4))},  # of other lengths
        {"edges": np.array([[0, 1.0, 2], [0, 2, 1.0]]), "H": RNG.random((2, 2))},  # they do not rise
        {"edges": np.sort(RNG.random((4, 5))), "H": RNG.random((4, 4, 4, 4))},
    ],
)
def test_edges_of_something_else(tmp_path, arrays):
    _, description = opened(tmp_path, **arrays)
    assert not any("edges along" in line for line in description.lines)


# Points of a VTK hexahedron in the order of scikit-fem's MeshHex: rows of `p` in its reference cell.
UNIT = np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 0, 1], [1, 1, 0], [1, 1, 1.0]])


@pytest.mark.parametrize("count", [1, 12, 8])
def test_hexahedra_of_scikit_fem(tmp_path, count):
    """Every cell is a box with all of its volume, where VTK has it."""
    moved = [UNIT * [1, 2, 3] + [2.0 * k, 0, 0] for k in range(count)]
    p, t = np.concatenate(moved).T.copy(), np.arange(8 * count, dtype="i4").reshape(count, 8).T.copy()
    data, _ = opened(tmp_path, p=p, t=t, u=np.arange(8.0 * count), c=np.arange(float(count)))
    np.testing.assert_array_equal(places(data), p.T)
    for k in range(count):
        cell = data.GetCell(k)
        assert data.GetCellType(k) == 12
        assert cell.GetBounds() == (2 * k, 2 * k + 1, 0, 2, 0, 3)
        # VTK's order: around the bottom, then around the top above it.
        own = places(data)[[cell.GetPointId(j) for j in range(8)]]
        np.testing.assert_array_equal(own[4:] - own[:4], np.tile([0, 0, 3.0], (4, 1)))
        edges = np.roll(own[:4], -1, axis=0) - own[:4]
        np.testing.assert_array_equal(np.cross(edges, np.roll(edges, -1, axis=0)), np.tile([0, 0, 2.0], (4, 1)))
    npyvtk.write(str(tmp_path / "b.npz"), data)
    assert corners_of(npyvtk.read(str(tmp_path / "b.npz"))) == corners_of(data)
    if count == 12:  # of 8 cells the table could not be told from rows
        with np.load(tmp_path / "b.npz") as saved:
            np.testing.assert_array_equal(saved["t"], t)


# ---- several numbers of time steps ---------------------------------------------------------------


def blocks_of(data):
    """The datasets of a collection, by name."""
    found = {}
    for k in range(data.GetNumberOfPartitionedDataSets()):
        found[data.GetMetaData(k).Get(data.NAME())] = data.GetPartitionAsDataObject(k, 0)
    return found


ON = {
    "rectilinear": ({"x": X, "y": Y}, (3, 5)),
    "structured": (dict(zip("xy", np.meshgrid(X, Y))), (3, 5)),
    "points": ({"points": POINTS}, (30,)),
    "mesh": ({"points": POINTS, "triangles": TRIANGLES}, (30,)),
}


@pytest.mark.parametrize("name", ON)
@pytest.mark.parametrize("named", [False, True])
def test_other_numbers_of_time_steps_are_blocks(tmp_path, name, named):
    geometry, shape = ON[name]
    arrays = {"a": RNG.random((9, *shape)), "b": RNG.random((7, *shape)), "m": RNG.random(shape)}
    times = {"time": np.arange(9.0)} if named else {}
    for step in (0, 6, 8):
        data, description = opened(tmp_path, step=step, **geometry, **arrays, **times)
        assert description.layout.steps == 9
        assert "7 time steps of 9, then it stays at its last" in description.layout.words["b"]
        first, second = blocks_of(data).values()
        first, second = (first, second) if first.GetPointData().HasArray("a") else (second, first)
        np.testing.assert_array_equal(places(first), places(second))
        np.testing.assert_array_equal(values_of(first.GetPointData(), "a"), arrays["a"][step].ravel())
        np.testing.assert_array_equal(values_of(first.GetPointData(), "m"), arrays["m"].ravel())
        np.testing.assert_array_equal(values_of(second.GetPointData(), "b"), arrays["b"][min(step, 6)].ravel())
        assert first.GetNumberOfCells() == second.GetNumberOfCells()
        npyvtk.write(str(tmp_path / "b.npz"), data)
        with np.load(tmp_path / "b.npz") as saved:
            for member, values in geometry.items():
                np.testing.assert_array_equal(saved[member], values)  # once, for both


# ---- points that move ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["pos", "positions", "coords", "pointcloud", "world_pos", "mesh_pos", "nodes"])
@pytest.mark.parametrize("dimensions", [2, 3])
def test_positions_at_several_times(tmp_path, name, dimensions):
    path, speed = RNG.random((6, 9, dimensions)), RNG.random((6, 9, 3))
    data, description = opened(tmp_path, step=4, **{name: path, "v": speed, "m": np.arange(9.0), "t": np.arange(6.0)})
    assert description.layout.times == tuple(np.arange(6.0))
    np.testing.assert_array_equal(places(data)[:, :dimensions], path[4])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "v"), speed[4])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "m"), np.arange(9.0))


@pytest.mark.parametrize("time", ["time", "t"])
@pytest.mark.parametrize("letters", ["xy", "xyz"])
def test_coordinates_at_several_times(tmp_path, time, letters):
    path, heat = RNG.random((6, 9, 3)), RNG.random((6, 9))
    arrays = {letter: path[:, :, "xyz".find(letter)] for letter in letters}
    data, description = opened(tmp_path, step=3, **arrays, heat=heat, **{time: np.arange(6.0)})
    assert description.layout.steps == 6
    np.testing.assert_array_equal(places(data)[:, : len(letters)], path[3][:, : len(letters)])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "heat"), heat[3])
    npyvtk.write(str(tmp_path / "b.npz"), data)
    np.testing.assert_array_equal(places(npyvtk.read(str(tmp_path / "b.npz"))), places(data))


@pytest.mark.parametrize("numbers", [np.array([6, 6, 1, 8], "u1"), np.tile(np.array([6, 6, 1, 8]), (18, 1))])
def test_atoms(tmp_path, numbers):
    path, force = RNG.random((18, 4, 3)), RNG.random((18, 4, 3))
    data, description = opened(tmp_path, step=5, R=path, z=numbers, F=force, E=RNG.random((18, 1)))
    assert description.layout.steps == 18
    np.testing.assert_array_equal(places(data), path[5])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "F"), force[5])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "z"), [6, 6, 1, 8])


def test_coordinates_of_a_grid_do_not_move(tmp_path):
    x, y = np.meshgrid(X, Y)
    field = RNG.random((3, 3, 5))
    data, description = opened(tmp_path, step=1, x=x, y=y, f=field, time=np.arange(3.0))
    assert data.GetClassName() == "vtkStructuredGrid"
    assert description.layout.steps == 3
    np.testing.assert_array_equal(values_of(data.GetPointData(), "f"), field[1].ravel())


def test_a_letter_alone_holds_no_atoms(tmp_path):
    data, _ = opened(tmp_path, R=RNG.random((18, 5, 3)))
    assert data.GetClassName() == "vtkImageData"


# ---- boxes, and vectors in parts -----------------------------------------------------------------


@pytest.mark.parametrize("names", ["y x", "x y"])
def test_a_box_holds_cells(tmp_path, names):
    names = names.split()
    ends = {"x": (2.0, 11.0), "y": (-5.0, 15.0)}
    field = RNG.random((10, 6))  # y x
    lower, upper = ([ends[name][k] for name in names] for k in (0, 1))
    data, _ = opened(tmp_path, data=field, lower=np.array(lower), upper=np.array(upper), dim_names=np.array(names))
    assert data.GetBounds()[:4] == (2, 11, -5, 15)
    found = values_of(data.GetCellData(), "data")
    for k in range(data.GetNumberOfCells()):
        box = data.GetCell(k).GetBounds()
        i, j = int((box[0] + box[1]) / 2 - 2) // 1, int((box[2] + box[3]) / 2 + 5)
        assert found[k] == field[j // 2, int(i / 1.5)]


@pytest.mark.parametrize("wrong", [{"upper": np.array([0.0, 5])}, {"dim_names": np.array(["a", "b"])}])
def test_no_box(tmp_path, wrong):
    box = {"lower": np.array([0.0, 0]), "upper": np.array([2.0, 3]), "dim_names": np.array(["y", "x"]), **wrong}
    data, description = opened(tmp_path, data=RNG.random((10, 6)), **box)
    assert data.GetBounds() == (0, 5, 0, 9, 0, 0)
    assert any("no box" in line for line in description.lines)


@pytest.mark.parametrize(
    ("names", "said"),
    [("Bx By Bz", True), ("u v w", True), ("U V", True), ("velocity_x velocity_y", True), ("vx vz", True),
     ("u w", True), ("fluxx fluxy", True), ("Bx B1", False), ("u p", False), ("index value", False),
     ("sxx sxy syy", False), ("Txx Txz Tzx Tzz", False), ("E_XX E_XY E_YX E_YY", False)],
)  # fmt: skip
def test_parts_of_a_vector_are_told(tmp_path, names, said):
    data, _ = opened(tmp_path, **{name: RNG.random((4, 5, 6)) for name in names.split()})
    said_of_all = Series([str(tmp_path / "a.npz")], ReadOptions()).lines
    lines = [line for line in said_of_all if "parts of a vector?" in line and "Merge Vector Components" in line]
    assert [line.startswith(", ".join(names.split())) for line in lines] == [True] * said
    assert data.GetPointData().GetNumberOfArrays() == len(names.split())


# ---- what is never the place of points -----------------------------------------------------------


@pytest.mark.parametrize("name", ["normals", "velocity", "rgb", "color", "forces"])
def test_vectors_of_points_are_no_positions(tmp_path, name):
    vectors = RNG.random((30, 3))
    data, _ = opened(tmp_path, **{name: vectors, "where": POINTS})
    np.testing.assert_array_equal(places(data), POINTS)
    np.testing.assert_array_equal(values_of(data.GetPointData(), name), vectors)
    assert opened(tmp_path, **{name: vectors})[0].GetClassName() == "vtkTable"


def test_whole_numbers_beside_points_are_no_second_cloud(tmp_path):
    pairs = RNG.integers(0, 30, (50, 2))
    data, _ = opened(tmp_path, throats=pairs, pores=POINTS)
    assert data.GetClassName() == "vtkUnstructuredGrid"
    np.testing.assert_array_equal(places(data), POINTS)
    np.testing.assert_array_equal(values_of(data.GetFieldData(), "throats"), pairs)


@pytest.mark.parametrize("solids", [False, True])
def test_tables_of_several_kinds_count_points_alike(tmp_path, solids):
    """The last point is in one of them alone, and so is what tells that they count from 1."""
    triangles, quads = np.array([[1, 2, 3], [4, 5, 6]]), np.array([[2, 3, 4, 5], [9, 10, 11, 12]])
    members = {"triangles": triangles, "quads": quads}
    if solids:
        members = {"triangles": triangles, "hexahedra": np.arange(5, 13).reshape(1, 8), "quads": quads[:1]}
    np.savez(tmp_path / "a.npz", points=RNG.random((12, 3)), **members)
    data = npyvtk.read(str(tmp_path / "a.npz"))
    for k, row in enumerate(row for table in members.values() for row in table.tolist()):
        ids = data.GetCell(k).GetPointIds()
        assert [ids.GetId(j) + 1 for j in range(ids.GetNumberOfIds())] == row


def test_tables_that_count_otherwise_are_refused(tmp_path):
    """One counts from 0, so the other names a point that there is not: nothing is shown in a wrong place."""
    tables = {"triangles": np.array([[0, 1, 2]]), "quads": np.array([[1, 2, 3, 12]])}
    np.savez(tmp_path / "a.npz", points=RNG.random((12, 3)), **tables)
    with pytest.raises(FormatError, match="names point 12"):
        npyvtk.read(str(tmp_path / "a.npz"))


def test_a_film_on_meshgrids_under_other_names(tmp_path):
    """Its arrays are as long as the coordinates but for the time axis before."""
    x, y = np.meshgrid(np.linspace(0, 3, 7), np.linspace(10, 12, 6))
    film = RNG.random((4, 6, 7))
    data, description = opened(tmp_path, X=x, Y=y, t=np.arange(4.0), U=film)
    assert data.IsA("vtkStructuredGrid")
    assert description.layout.times == (0, 1, 2, 3)
    assert data.GetBounds() == (0, 3, 10, 12, 0, 0)
    np.testing.assert_array_equal(vtk_to_numpy(data.GetPointData().GetArray("U")), film[0].ravel())


TIME_LAST = {
    "on coordinates": ((7, 6, 4), "xyt", {"x": np.arange(7.0), "y": np.arange(6.0)}),
    "on coordinates, z first": ((5, 6, 7, 8), "zyxt", {"x": np.arange(7.0), "y": np.arange(6.0), "z": np.arange(5.0)}),
    "a picture": ((7, 6, 4), "yxt", {}),
    "a volume": ((7, 6, 5, 30), "zyxt", {}),
}


@pytest.mark.parametrize("times", ["t", "time"])
@pytest.mark.parametrize("case", TIME_LAST)
def test_times_as_long_as_the_last_axis_are_told(tmp_path, case, times):
    shape, axes, others = TIME_LAST[case]
    values = RNG.random(shape)
    given = {"u": values, times: 0.5 * np.arange(shape[-1]), **others}
    _data, description = opened(tmp_path, **given)
    (line,) = (line for line in description.lines if line.startswith("u:"))
    assert f"choose {axes} for time steps" in line
    chosen = describe(str(tmp_path / "a.npz"), ReadOptions(axes=axes))
    assert chosen.layout.times == tuple(0.5 * np.arange(shape[-1]))
    third = load(chosen, ReadOptions(axes=axes), step=2).GetPointData().GetArray("u")
    step = values[..., 2].T if axes.startswith("x") else values[..., 2]
    np.testing.assert_array_equal(vtk_to_numpy(third), step.ravel())


def test_nothing_is_told_where_the_first_axis_counts_the_times(tmp_path):
    _data, description = opened(tmp_path, u=RNG.random((4, 6, 4)), t=np.arange(4.0))
    assert not any("last axis" in line for line in description.lines)


def test_cells_that_are_no_whole_numbers_are_told(tmp_path):
    """As MATLAB saves them."""
    _data, description = opened(tmp_path, nodes=POINTS, elements=np.ones((9, 4)), u=RNG.random(30))
    assert any("save elements.astype(int) for a mesh" in line for line in description.lines)


def test_of_grids_that_cover_one_another_the_first_is_seen(tmp_path):
    """They differ in the number of time steps alone; ParaView shows the last block."""
    films = {"first": RNG.random((4, 6, 7)), "second": RNG.random((9, 6, 7)), "larger": RNG.random((3, 9, 9))}
    data, _description = opened(tmp_path, options=ReadOptions(axes="tyx"), **films)
    names = [data.GetMetaData(k).Get(data.NAME()) for k in range(data.GetNumberOfPartitionedDataSets())]
    assert names == ["second", "first", "larger"]


@pytest.mark.parametrize(
    ("name", "k", "kind"), [("cells", 6, 22), ("elements", 6, 22), ("cells", 8, 23), ("cells", 4, 9)]
)
def test_cells_of_flat_points_are_no_solids(tmp_path, name, k, kind):
    data, _ = opened(tmp_path, points=RNG.random((k, 2)), **{name: [range(k)]})
    assert data.GetCellType(0) == kind
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        np.testing.assert_array_equal(saved[name], [range(k)])


@pytest.mark.parametrize("first", [0, 1, 2])
def test_where_no_cell_has_the_first_point_it_is_told(tmp_path, first):
    table = np.array([[0, 1, 2], [1, 2, 3]]) + first
    for name, cells in (("triangles", table), ("faces", np.insert(table, 0, 3, axis=1))):
        data, description = opened(tmp_path, points=RNG.random((6, 3)), **{name: cells})
        assert data.GetNumberOfCells() == 2
        note = f"{name}: no cell has point 0; if the points are counted from 1, subtract 1"
        assert (note in description.lines) == (first == 1)


def test_padding_of_cells_is_refused_with_what_helps(tmp_path):
    with pytest.raises(FormatError, match=r"names point -1, .* save the cells as connectivity, offsets and types"):
        opened(tmp_path, points=RNG.random((4, 3)), faces=[[0, 1, 2, -1], [0, 1, 2, 3]])


@pytest.mark.parametrize("width", [2, 3])
def test_x_and_y_beside_vectors_are_positions(tmp_path, width):
    x, y, speed = RNG.random((3, 7))
    vectors = RNG.random((7, width))
    data, _ = opened(tmp_path, x=x, y=y, wind=vectors, speed=speed)
    np.testing.assert_array_equal(places(data), np.c_[x, y, 0 * x])
    np.testing.assert_array_equal(values_of(data.GetPointData(), "wind"), vectors)
    np.testing.assert_array_equal(values_of(data.GetPointData(), "speed"), speed)


def test_x_and_y_of_a_grid_beside_vectors(tmp_path):
    x, field = np.arange(5.0), RNG.random((5, 5))
    data, _ = opened(tmp_path, x=x, y=2 * x, field=field, corners=RNG.random((5, 2)))
    assert data.GetClassName() == "vtkRectilinearGrid"
    check_grid(data, "field", field.T, (x, 2 * x, None))


@pytest.mark.parametrize("shape", [(), (1,), (1, 1)])
def test_the_one_time_of_a_file_may_have_axes(tmp_path, shape):
    for k in range(3):
        np.savez(tmp_path / f"s{k}.npz", u=np.zeros((4, 5)), time=np.full(shape, k / 4))
    series = Series([str(tmp_path / f"s{k}.npz") for k in range(3)], ReadOptions())
    assert [step.time for step in series.steps] == [0, 0.25, 0.5]
    _data, description = opened(tmp_path, time=np.full((1,), 7.0), v=[2.0])
    assert description.layout.times is None  # a table of one row


@pytest.mark.parametrize("shape", [(4, 1), (1, 4)])
def test_times_in_a_row_or_column(tmp_path, shape):
    times = np.array([0, 0.5, 2, 3])
    _data, description = opened(tmp_path, u=RNG.random((4, 6, 7)), time=times.reshape(shape))
    assert description.layout.times == tuple(times)


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((3, 9), "if each column is a point, choose cn"),
        ((9, 4), "positions have 2 or 3 columns; DataSetType Points takes the first three"),
    ],
)
def test_positions_of_another_shape_are_told(tmp_path, shape, said):
    _data, description = opened(tmp_path, nodes=RNG.random(shape), T=np.arange(9.0))
    assert f"nodes: {shape} float64, axes yx, point data ({said})" in description.lines


def test_components_beside_an_affine_are_told(tmp_path):
    _data, description = opened(tmp_path, v=RNG.random((4, 5, 6, 3)), affine=np.eye(4))
    assert "axes xyzt, point data (if these are components, choose xyzc)" in description.lines[0]


@pytest.mark.parametrize(
    ("arrays", "note"),
    [
        ({"x": np.arange(10.0), "y": np.arange(8.0)}, "x, y: span no grid that an array fits, so plain data"),
        ({"lon": np.arange(7.0)}, "lon: spans no grid that an array fits, so plain data"),
        ({"xedges": np.arange(7.0), "yedges": np.arange(4.0)}, "xedges, yedges: span no grid"),
        ({"triangles": np.zeros((9, 3), int)}, "triangles: cells need points; call these points, or choose Positions"),
    ],
)
def test_names_that_come_to_nothing_are_told(tmp_path, arrays, note):
    _data, description = opened(tmp_path, **arrays, field=RNG.random((5, 7)))
    assert any(line.startswith(note) for line in description.lines)
    _data, description = opened(tmp_path, options=ReadOptions(dataset_type="Image"), **arrays, field=RNG.random((5, 7)))
    assert not any("span" in line or "cells" in line for line in description.lines)  # as the user says


def test_connectivity_without_types_is_told(tmp_path):
    _data, description = opened(tmp_path, points=RNG.random((9, 3)), connectivity=np.arange(6), offsets=[0, 3, 6])
    assert "connectivity: plain data, as cells need offsets and types beside it" in description.lines


@pytest.mark.parametrize("order", [(2, 4, 5), (4, 2, 5)])
def test_a_series_in_which_one_mesh_has_as_many_cells_as_points(tmp_path, order):
    points, triangles = RNG.random((4, 3)), np.array([[0, 1, 2], [1, 2, 3], [0, 1, 3], [0, 2, 3], [0, 3, 2]])
    paths = [str(tmp_path / f"s{k}.npz") for k in order]
    for path, k in zip(paths, order):
        np.savez(path, points=points, triangles=triangles[:k], heat=points[:, 0], area=np.arange(k))
    series = Series(paths, ReadOptions())
    for step, k in zip(series.steps, order):
        data = series.load(step)
        np.testing.assert_array_equal(values_of(data.GetCellData(), "area"), np.arange(k))
        np.testing.assert_array_equal(values_of(data.GetPointData(), "heat"), points[:, 0])
    said = "area: (4,) int64, axes n, cell data (as many cells as points, but not in the other files)"
    assert (said in series.lines) == (order[0] == 4)
    series = Series(paths[:2], ReadOptions(association="Point Data"))
    assert series.load(series.steps[order.index(4)]).GetPointData().HasArray("area")


@pytest.mark.parametrize("fields", [{"x": "f4", "y": ">f8", "z": "f4"}, {"y": "i2", "x": "u1"}])
@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
def test_fields_of_positions(tmp_path, fields, name):
    table = np.zeros(9, [("mass", ">f4"), *fields.items(), ("label", "U3")])
    for field in ("mass", *fields):
        table[field] = RNG.random(9) * 200
    wanted = np.array([table[letter] if letter in fields else np.zeros(9) for letter in "xyz"], float).T
    path, options = str(tmp_path / name), ReadOptions(dataset_type="Points")
    np.save(path, table) if name.endswith("npy") else np.savez(path, table=table)
    assert describe(path).lines[0].endswith(f"(DataSetType Points takes {', '.join(sorted(fields))} as positions)")
    if name.endswith("npz"):
        np.savez(path, table=table, velocity=wanted * 2)
    description = describe(path, options)
    assert f"its fields {', '.join(sorted(fields))} are the positions" in description.lines[0]
    data = load(description, options)
    mass = "mass" if name.endswith("npy") else "table.mass"
    np.testing.assert_array_equal(places(data), wanted)
    np.testing.assert_array_equal(values_of(data.GetPointData(), mass), table["mass"])
    pieces = [load(description, options, piece=Piece(k, 4)) for k in range(4)]
    np.testing.assert_array_equal(np.concatenate([places(piece) for piece in pieces]), wanted)
    npyvtk.write(str(tmp_path / "b.npz"), data)
    with np.load(tmp_path / "b.npz") as saved:
        (key,) = [key for key in saved if saved[key].dtype == table.dtype]
        np.testing.assert_array_equal(saved[key], table)
    np.testing.assert_array_equal(places(npyvtk.read(str(tmp_path / "b.npz"))), wanted)


def test_fields_that_hold_no_positions(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros(9, [("x", "f4", 2), ("y", "f4")]))
    assert "positions" not in describe(str(tmp_path / "a.npy")).lines[0]
    with pytest.raises(OptionError, match="fields x and y"):
        describe(str(tmp_path / "a.npy"), ReadOptions(dataset_type="Points"))


def test_quadratic_cells_side_by_side(tmp_path):
    sizes = {"hexahedron20": (20, 25), "tetra10": (10, 24), "wedge15": (15, 26), "pyramid13": (13, 27),
             "triangle6": (6, 22), "quad9": (9, 28), "line3": (3, 21), "triangle": (3, 5)}  # fmt: skip
    tables = {name: np.array([RNG.permutation(30)[:k] for _ in range(2)]) for name, (k, _kind) in sizes.items()}
    data, _ = opened(tmp_path, points=RNG.random((30, 3)), **tables, q=np.arange(16))
    kinds = [kind for _k, kind in sizes.values() for _ in range(2)]
    assert [data.GetCellType(k) for k in range(16)] == kinds
    for k, row in enumerate(row for table in tables.values() for row in table):
        cell = data.GetCell(k)
        assert [cell.GetPointId(j) for j in range(cell.GetNumberOfPoints())] == row.tolist()
    np.testing.assert_array_equal(values_of(data.GetCellData(), "q"), np.arange(16))
    for name, (_k, kind) in sizes.items():
        data, _ = opened(tmp_path, points=RNG.random((30, 3)), **{name: tables[name]})
        assert data.GetCellType(1) == kind
        npyvtk.write(str(tmp_path / "b.npz"), data)
        with np.load(tmp_path / "b.npz") as saved:
            np.testing.assert_array_equal(saved[name], tables[name])


@pytest.mark.parametrize("names", ["x y z", "X Y Z", "lons lats", "xs ys zs", "x_coord y_coord"])
def test_columns_of_any_family_are_points_where_the_user_says_so(tmp_path, names):
    columns = dict(zip(names.split(), RNG.random((3, 9))))
    options = ReadOptions(dataset_type="Points")
    data, _ = opened(tmp_path, options=options, **columns, heat=np.arange(9))
    wanted = np.zeros((9, 3))
    wanted[:, : len(columns)] = np.transpose([*columns.values()])
    np.testing.assert_array_equal(places(data), wanted)
    np.testing.assert_array_equal(values_of(data.GetPointData(), "heat"), np.arange(9))
