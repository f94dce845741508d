"""Whether two VTK data objects are the same dataset: written for the tests, sharing no code with the package."""

from __future__ import annotations

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkCommonCore import vtkBitArray, vtkIdList, vtkIndent, vtkStringArray, vtkUnsignedCharArray
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet, vtkDataSetAttributes

ATTRIBUTES = [vtkDataSetAttributes.GetAttributeTypeAsString(k) for k in range(vtkDataSetAttributes.NUM_ATTRIBUTES)]


def values(array):
    """Values of any VTK array as (tuples, components)."""
    shape = (array.GetNumberOfTuples(), array.GetNumberOfComponents())
    if isinstance(array, vtkStringArray):
        return np.array([array.GetValue(k) for k in range(array.GetNumberOfValues())], object).reshape(shape)
    if isinstance(array, vtkBitArray):
        wide = vtkUnsignedCharArray()
        wide.DeepCopy(array)
        array = wide
    return vtk_to_numpy(array).reshape(shape)


def assert_same_array(one, other, where):
    assert one.GetName() == other.GetName(), where
    where = f"{where} {one.GetName()!r}"
    assert one.GetDataType() == other.GetDataType() or values(one).dtype == values(other).dtype, (
        f"{where}: {one.GetClassName()} became {other.GetClassName()}"
    )
    for kind in ("vtkBitArray", "vtkIdTypeArray", "vtkStringArray"):
        assert one.IsA(kind) == other.IsA(kind), f"{where}: {one.GetClassName()}, {other.GetClassName()}"
    mine, theirs = values(one), values(other)
    assert mine.shape == theirs.shape, where
    if mine.dtype == object:
        assert mine.tolist() == theirs.tolist(), where
    else:
        assert mine.tobytes() == theirs.tobytes(), where
    for k in range(one.GetNumberOfComponents()):
        assert one.GetComponentName(k) == other.GetComponentName(k), where


def assert_same_attributes(one, other, where):
    names = [[a.GetAbstractArray(k).GetName() for k in range(a.GetNumberOfArrays())] for a in (one, other)]
    assert names[0] == names[1], where
    for k in range(one.GetNumberOfArrays()):
        assert_same_array(one.GetAbstractArray(k), other.GetAbstractArray(k), where)
    if isinstance(one, vtkDataSetAttributes):
        for k, attribute in enumerate(ATTRIBUTES):
            active = [a.GetAbstractAttribute(k) for a in (one, other)]
            active = [a if a is None else a.GetName() for a in active]
            assert active[0] == active[1], f"{where}: active {attribute}"


def cells(data):
    """(type, point ids, faces) of each cell."""
    found = []
    ids = vtkIdList()
    for k in range(data.GetNumberOfCells()):
        kind = data.GetCellType(k)
        data.GetCellPoints(k, ids)
        points = [ids.GetId(j) for j in range(ids.GetNumberOfIds())]
        faces = []
        if kind == 42:
            data.GetFaceStream(k, ids)
            faces = [ids.GetId(j) for j in range(ids.GetNumberOfIds())]
        found.append((kind, points, faces))
    return found


def assert_same(one, other, where="data"):
    """Raise AssertionError with the place of the first difference."""
    if one is None or other is None:
        assert one is other, where
        return
    assert one.GetClassName() == other.GetClassName(), where
    assert_same_attributes(one.GetFieldData(), other.GetFieldData(), f"{where} field")
    if one.IsA("vtkCompositeDataSet"):
        assert_same_tree(one, other, where)
        return
    if one.IsA("vtkTable"):
        assert_same_attributes(one.GetRowData(), other.GetRowData(), f"{where} rows")
        return
    assert_same_geometry(one, other, where)
    if one.IsA("vtkPolyData") or one.IsA("vtkUnstructuredGrid"):
        assert cells(one) == cells(other), where
    assert_same_attributes(one.GetPointData(), other.GetPointData(), f"{where} points")
    assert_same_attributes(one.GetCellData(), other.GetCellData(), f"{where} cells")


def assert_same_geometry(one, other, where):
    if one.IsA("vtkImageData") or one.IsA("vtkRectilinearGrid") or one.IsA("vtkStructuredGrid"):
        assert tuple(one.GetExtent()) == tuple(other.GetExtent()), where
    if one.IsA("vtkImageData"):
        assert one.GetOrigin() == other.GetOrigin(), where
        assert one.GetSpacing() == other.GetSpacing(), where
        for i in range(3):
            for j in range(3):
                mine = one.GetDirectionMatrix().GetElement(i, j)
                assert mine == other.GetDirectionMatrix().GetElement(i, j), where
    elif one.IsA("vtkRectilinearGrid"):
        # VTK leaves a coordinate in a grid without points.
        for name in "XYZ" if one.GetNumberOfPoints() else "":
            mine, theirs = (values(getattr(d, f"Get{name}Coordinates")()) for d in (one, other))
            assert mine.dtype == theirs.dtype, f"{where} {name}"
            assert mine.tobytes() == theirs.tobytes(), f"{where} {name}"
    else:
        assert one.GetNumberOfPoints() == other.GetNumberOfPoints(), where
        if one.GetNumberOfPoints():
            mine, theirs = (values(d.GetPoints().GetData()) for d in (one, other))
            assert mine.dtype == theirs.dtype, where
            assert mine.tobytes() == theirs.tobytes(), where


def assert_same_tree(one, other, where):
    if one.IsA("vtkPartitionedDataSetCollection"):
        count, child = "GetNumberOfPartitionedDataSets", "GetPartitionedDataSet"
        texts = [d.GetDataAssembly() and d.GetDataAssembly().SerializeToXML(vtkIndent()) for d in (one, other)]
        assert texts[0] == texts[1], f"{where}: assembly"
    elif one.IsA("vtkMultiBlockDataSet"):
        count, child = "GetNumberOfBlocks", "GetBlock"
    else:
        count, child = "GetNumberOfPartitions", "GetPartitionAsDataObject"
    assert getattr(one, count)() == getattr(other, count)(), where
    for k in range(getattr(one, count)()):
        names = []
        for data in (one, other):
            key = vtkCompositeDataSet.NAME()
            has = data.HasMetaData(k) and data.GetMetaData(k).Has(key)
            names.append(data.GetMetaData(k).Get(key) if has else None)
        assert names[0] == names[1], f"{where}, block {k}"
        assert_same(getattr(one, child)(k), getattr(other, child)(k), f"{where}, block {k}")
