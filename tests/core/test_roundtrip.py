"""Dataset -> .npz -> dataset: equal in type, geometry, cells, arrays, association, metadata."""

from __future__ import annotations

import npyvtk
import numpy as np
import pytest
from equal import assert_same
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import (
    vtkBitArray,
    vtkFloatArray,
    vtkIdList,
    vtkIdTypeArray,
    vtkPoints,
    vtkStringArray,
)
from vtkmodules.vtkCommonDataModel import (
    vtkCellArray,
    vtkCompositeDataSet,
    vtkDataAssembly,
    vtkDataSetAttributes,
    vtkImageData,
    vtkMultiBlockDataSet,
    vtkMultiPieceDataSet,
    vtkPartitionedDataSet,
    vtkPartitionedDataSetCollection,
    vtkPolyData,
    vtkRectilinearGrid,
    vtkStructuredGrid,
    vtkTable,
    vtkUnstructuredGrid,
)


def array(values, name=None, components=()):
    made = numpy_to_vtk(np.ascontiguousarray(values), deep=1)
    if name is not None:
        made.SetName(name)
    for k, component in enumerate(components):
        if component:
            made.SetComponentName(k, component)
    return made


def strings(values, name):
    made = vtkStringArray()
    made.SetName(name)
    for value in values:
        made.InsertNextValue(value)
    return made


def bits(values, name):
    made = vtkBitArray()
    made.SetName(name)
    for value in values:
        made.InsertNextValue(int(value))
    return made


def ids(values, name=None):
    made = vtkIdTypeArray()
    made.SetNumberOfValues(len(values))
    for k, value in enumerate(values):
        made.SetValue(k, int(value))
    if name:
        made.SetName(name)
    return made


def points(values):
    made = vtkPoints()
    made.SetData(array(values))
    return made


def cell_array(lists):
    made = vtkCellArray()
    for cell in lists:
        made.InsertNextCell(len(cell), cell)
    return made


def image(extent=(0, 3, 0, 2, 0, 4), seed=0, dtype=np.float32):
    data = vtkImageData()
    data.SetExtent(*extent)
    n = data.GetNumberOfPoints()
    data.GetPointData().AddArray(array(np.random.default_rng(seed).random(n).astype(dtype), "T"))
    return data


def rich_image():
    data = image((-2, 1, 5, 7, 1, 3))
    data.SetOrigin(1.5, -2, 1e-30)
    data.SetSpacing(0.1, 2, 3)
    data.SetDirectionMatrix(0, 1, 0, -1, 0, 0, 0, 0, 1)
    n, m = data.GetNumberOfPoints(), data.GetNumberOfCells()
    rng = np.random.default_rng(1)
    data.GetPointData().SetActiveScalars("T")
    data.GetPointData().SetVectors(array(rng.random((n, 3)), "v", ("vx", "", "vz")))
    data.GetCellData().SetScalars(array(rng.integers(0, 9, m), "T"))
    data.GetCellData().AddArray(bits(rng.integers(0, 2, m), "bits"))
    data.GetCellData().AddArray(strings([f"cell é {k}" for k in range(m)], "label"))
    data.GetPointData().SetGlobalIds(ids(range(n), "gid"))
    data.GetFieldData().AddArray(strings(["a title", ""], "title"))
    data.GetFieldData().AddArray(array(np.eye(3), "matrix"))
    data.GetFieldData().AddArray(array(np.zeros((0, 2)), "nothing"))
    return data


def rectilinear():
    data = vtkRectilinearGrid()
    data.SetExtent(1, 3, 0, 1, 0, 0)
    data.SetXCoordinates(array(np.array([0.0, 1, 5], np.float32)))
    data.SetYCoordinates(array(np.array([-1.0, 1])))
    data.SetZCoordinates(array(np.array([7])))
    data.GetPointData().AddArray(array(np.arange(6, dtype=">i4").astype("i4"), "k"))
    data.GetCellData().AddArray(array(np.arange(2.0), "c"))
    return data


def structured():
    data = vtkStructuredGrid()
    data.SetDimensions(3, 2, 2)
    data.SetPoints(points(np.random.default_rng(3).random((12, 3)).astype(np.float32)))
    data.GetPointData().AddArray(array(np.arange(12.0), "T"))
    data.BlankCell(1)
    return data


def poly():
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(3).random((9, 3))))
    data.SetVerts(cell_array([[0], [1, 2]]))
    data.SetLines(cell_array([[0, 1], [3, 4, 5]]))
    data.SetPolys(cell_array([[0, 1, 2], [3, 4, 5, 6], [0, 1, 2, 3, 4]]))
    data.SetStrips(cell_array([[0, 1, 2, 3, 4]]))
    data.GetCellData().SetScalars(array(np.arange(8.0), "c"))
    data.GetPointData().SetNormals(array(np.ones((9, 3), np.float32), "n"))
    return data


def triangles():
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(3).random((9, 3))))
    data.SetPolys(cell_array([[0, 1, 2], [3, 4, 5]]))
    return data


def vertices():
    data = vtkPolyData()
    data.SetPoints(points(np.random.default_rng(3).random((5, 3))))
    data.SetVerts(cell_array([[k] for k in range(5)]))
    data.GetPointData().AddArray(array(np.arange(5), "id"))
    return data


def poly_vertex():
    data = vertices()
    data.SetVerts(cell_array([range(5)]))
    return data


def points_without_cells():
    data = vtkPolyData()
    data.SetPoints(points(np.zeros((5, 3))))
    return data


def mixed():
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(5).random((8, 3))))
    data.InsertNextCell(10, 4, [0, 1, 2, 3])
    data.InsertNextCell(12, 8, range(8))
    data.InsertNextCell(1, 1, [3])
    data.InsertNextCell(7, 5, [0, 1, 2, 3, 4])
    data.GetCellData().AddArray(array(np.arange(4, dtype=np.uint8), "c"))
    return data


def tetras():
    data = vtkUnstructuredGrid()
    data.SetPoints(points(np.random.default_rng(5).random((8, 3))))
    data.InsertNextCell(10, 4, [0, 1, 2, 3])
    data.InsertNextCell(10, 4, [4, 5, 6, 7])
    return data


def polyhedra():
    data = vtkUnstructuredGrid()
    corners = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1], [2, 2, 2]]
    data.SetPoints(points(np.array(corners, float)))
    faces = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    data.InsertNextCell(10, 4, [0, 1, 2, 8])
    stream = vtkIdList()
    stream.InsertNextId(len(faces))
    for face in faces:
        for number in (len(face), *face):
            stream.InsertNextId(number)
    data.InsertNextCell(42, stream)
    other = vtkIdList()
    for number in (4, 3, 5, 6, 8, 3, 5, 1, 8, 3, 6, 1, 8, 3, 5, 6, 1):
        other.InsertNextId(number)
    data.InsertNextCell(42, other)
    data.GetCellData().AddArray(array(np.arange(3.0), "c"))
    return data


def table():
    data = vtkTable()
    data.AddColumn(array(np.arange(4.0), "a"))
    data.AddColumn(strings(["x", "", "ü", "long text"], "s"))
    data.AddColumn(array(np.arange(8).reshape(4, 2), "pair"))
    return data


def nameless():
    data = image()
    n = data.GetNumberOfPoints()
    data.GetPointData().AddArray(array(np.arange(n)))
    data.GetCellData().AddArray(array(np.arange(data.GetNumberOfCells())))
    return data


def clashing():
    data = rectilinear()
    for attributes, n in ((data.GetPointData(), 6), (data.GetCellData(), 2)):
        for name in ("x", "y", "origin", "vtk", "a/b", "../c", "/etc/d", "A", "a", "a.npy", "time", "é\n", "e\\f"):
            attributes.AddArray(array(np.arange(n) + len(name), name))
    data.GetFieldData().AddArray(array(np.arange(3), "x"))
    return data


def blocks():
    data = vtkMultiBlockDataSet()
    data.SetBlock(0, rich_image())
    data.GetMetaData(0).Set(vtkCompositeDataSet.NAME(), "wing/left")
    inner = vtkMultiBlockDataSet()
    inner.SetBlock(0, poly())
    inner.SetBlock(2, mixed())
    data.SetBlock(1, inner)
    data.GetMetaData(1).Set(vtkCompositeDataSet.NAME(), "inner")
    pieces = vtkMultiPieceDataSet()
    pieces.SetPiece(0, image(seed=1))
    pieces.SetPiece(1, image(seed=2))
    data.SetBlock(2, pieces)
    data.SetNumberOfBlocks(5)
    data.GetFieldData().AddArray(array(np.arange(3), "whole"))
    return data


def collection():
    data = vtkPartitionedDataSetCollection()
    data.SetPartition(0, 0, image())
    data.SetPartition(0, 1, image(seed=4))
    data.SetPartition(1, 0, triangles())
    data.SetPartition(2, 0, table())
    data.SetNumberOfPartitionedDataSets(4)
    for k, name in enumerate(("grid", "surface", "surface")):
        data.GetMetaData(k).Set(vtkCompositeDataSet.NAME(), name)
    assembly = vtkDataAssembly()
    node = assembly.AddNode("parts")
    assembly.AddDataSetIndex(node, 0)
    assembly.AddDataSetIndex(node, 1)
    data.SetDataAssembly(assembly)
    return data


def partitioned():
    data = vtkPartitionedDataSet()
    data.SetPartition(0, image(seed=1))
    data.SetPartition(1, image(seed=2))
    data.SetNumberOfPartitions(3)
    return data


DATASETS = [
    rich_image, rectilinear, structured, poly, triangles, vertices, poly_vertex, points_without_cells, mixed,
    tetras, polyhedra, table, nameless, clashing, blocks, collection, partitioned, vtkImageData,
    vtkRectilinearGrid, vtkStructuredGrid, vtkPolyData, vtkUnstructuredGrid, vtkTable, vtkMultiBlockDataSet,
    vtkPartitionedDataSetCollection, vtkPartitionedDataSet,
]  # fmt: skip


def round_trip(data, tmp_path, **options):
    path = str(tmp_path / "a.npz")
    npyvtk.write(path, data, **options)
    with np.load(path, allow_pickle=False) as file:
        for name in file:
            assert file[name].dtype != object
    return npyvtk.read(path)


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("make", DATASETS, ids=lambda make: make.__name__)
def test_every_dataset_comes_back(make, compression, tmp_path):
    data, untouched = make(), make()
    back = round_trip(data, tmp_path, compression=compression)
    assert_same(data, back)
    assert_same(data, untouched)


@pytest.mark.parametrize("make", [rich_image, rectilinear, structured], ids=lambda make: make.__name__)
def test_x_first_comes_back(make, tmp_path):
    data = make()
    assert_same(data, round_trip(data, tmp_path, axes="xyz"))


def test_soa_arrays_come_back_with_their_values(tmp_path):
    vtk_core = pytest.importorskip("vtkmodules.vtkCommonCore")
    factory = getattr(vtk_core, "vtkSOADataArrayTemplate_IfE", None) or getattr(vtk_core, "vtkSOAFloatArray", None)
    if factory is None:
        pytest.skip("this VTK does not show structure-of-arrays to Python")
    soa = factory()
    soa.SetName("v")
    soa.SetNumberOfComponents(3)
    soa.SetNumberOfTuples(12)
    for k in range(12):
        soa.SetTuple3(k, k, -k, k / 2)
    data = vtkImageData()
    data.SetDimensions(3, 2, 2)
    data.GetPointData().AddArray(soa)
    back = round_trip(data, tmp_path)
    plain = vtkFloatArray()
    plain.DeepCopy(soa)
    plain.SetName("v")
    expected = vtkImageData()
    expected.SetDimensions(3, 2, 2)
    expected.GetPointData().AddArray(plain)
    assert_same(expected, back)


DTYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]
NAMES = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5))


@st.composite
def arrays(draw, n):
    components = draw(st.integers(1, 4))
    name = draw(NAMES)
    if draw(st.integers(0, 5)) == 0:
        text = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4)
        return strings(draw(st.lists(text, min_size=n, max_size=n)), name or "")
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    raw = np.random.default_rng(draw(st.integers(0, 99))).bytes(n * components * dtype.itemsize)
    values = np.frombuffer(raw, dtype).reshape((n, components) if components > 1 else n)
    if n == 0:
        made = numpy_to_vtk(np.zeros((1, components), dtype), deep=1)
        made.SetNumberOfTuples(0)
    else:
        made = array(values)
    if name is not None:
        made.SetName(name)
    for k in range(components):
        if draw(st.booleans()) and made.GetNumberOfComponents() > k:
            made.SetComponentName(k, draw(st.sampled_from(["x", "é", "a b"])))
    return made


def poly_of(cells):
    data = vtkPolyData()
    data.SetVerts(cell_array([cell for cell in cells if len(cell) == 1]))
    data.SetLines(cell_array([cell for cell in cells if len(cell) == 2]))
    data.SetPolys(cell_array([cell for cell in cells if len(cell) > 2]))
    return data


def mesh_of(cells, four):
    data = vtkUnstructuredGrid()
    data.Allocate(len(cells))
    for cell in cells:
        data.InsertNextCell({1: 1, 2: 3, 3: 5, 4: four}[len(cell)], len(cell), cell)
    return data


@st.composite
def leaves(draw):
    kind = draw(st.sampled_from(["image", "rectilinear", "structured", "poly", "mesh", "table"]))
    dims = draw(st.tuples(*[st.integers(1, 4)] * 3))
    n = int(np.prod(dims))
    m = int(np.prod([max(d - 1, 1) for d in dims]))
    low = draw(st.tuples(*[st.integers(-3, 3)] * 3))
    extent = [v for lo, d in zip(low, dims) for v in (lo, lo + d - 1)]
    number = st.floats(allow_nan=False, allow_infinity=False)
    positions = np.random.default_rng(draw(st.integers(0, 9))).random((n, 3))
    positions = positions.astype(draw(st.sampled_from(["f4", "f8"])))
    if kind == "table":
        data = vtkTable()
        for k in range(draw(st.integers(0, 3))):
            column = draw(arrays(n))
            column.SetName(f"{k}{column.GetName()}")  # a table tells its columns apart by name
            data.AddColumn(column)
        return data
    if kind == "image":
        data = vtkImageData()
        data.SetExtent(*extent)
        data.SetOrigin(*draw(st.tuples(number, number, number)))
        data.SetSpacing(*draw(st.tuples(*[st.floats(1e-3, 1e3)] * 3)))
    elif kind == "rectilinear":
        data = vtkRectilinearGrid()
        data.SetExtent(*extent)
        for name, d in zip("XYZ", dims):
            getattr(data, f"Set{name}Coordinates")(array(np.sort(positions[:d, 0].repeat(d)[:d]) + np.arange(d)))
    elif kind == "structured":
        data = vtkStructuredGrid()
        data.SetExtent(*extent)
        data.SetPoints(points(positions))
    else:
        sizes = draw(st.lists(st.sampled_from([1, 2, 3, 4]), max_size=5))
        m = len(sizes)
        cells = [[draw(st.integers(0, n - 1)) for _ in range(size)] for size in sizes]
        data = poly_of(cells) if kind == "poly" else mesh_of(cells, draw(st.sampled_from([9, 10])))
        data.SetPoints(points(positions))
    for attributes, count in ((data.GetPointData(), n), (data.GetCellData(), m)):
        # VTK replaces an array of the same name.
        some = {made.GetName(): made for made in draw(st.lists(arrays(count), max_size=3))}
        for made in some.values():
            place = attributes.AddArray(made)
            if draw(st.booleans()) and isinstance(attributes.GetAbstractArray(place), vtkFloatArray):
                attributes.SetActiveAttribute(place, vtkDataSetAttributes.SCALARS)
    for _ in range(draw(st.integers(0, 2))):
        data.GetFieldData().AddArray(draw(arrays(draw(st.integers(0, 3)))))
    return data


@st.composite
def trees(draw):
    depth = draw(st.integers(0, 2))

    def node(level):
        if level == 0 or draw(st.booleans()):
            return draw(leaves())
        kind = draw(st.sampled_from(["blocks", "collection"]))
        count = draw(st.integers(0, 3))
        if kind == "blocks" or level < depth:
            data = vtkMultiBlockDataSet()
            data.SetNumberOfBlocks(count)
            for k in range(count):
                if draw(st.integers(0, 3)):
                    data.SetBlock(k, node(level - 1))
        else:
            data = vtkPartitionedDataSetCollection()
            data.SetNumberOfPartitionedDataSets(count)
            for k in range(count):
                for j in range(draw(st.integers(0, 2))):
                    data.SetPartition(k, j, draw(leaves()))
        for k in range(count):
            name = draw(NAMES)
            if name:
                data.GetMetaData(k).Set(vtkCompositeDataSet.NAME(), name)
        return data

    return node(depth)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.one_of(leaves(), trees()), compression=st.sampled_from([0, 0, 1]))
def test_any_dataset_comes_back(data, compression, tmp_path_factory):
    assert_same(data, round_trip(data, tmp_path_factory.mktemp("any"), compression=compression))
