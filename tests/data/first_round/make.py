"""Wrote the files beside this, with the package as it was at commit 55c3b7d: the first that people had.

Kept to say how; it needs that package (PYTHONPATH=plugin there), and later ones must read its files, not make them.
"""

from __future__ import annotations

import os
import tempfile

import npyvtk
import numpy as np
import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short
from arrays import (
    AFFINE,
    BENT,
    CELLS_ZYX,
    CORNERS,
    CUBE_FACES,
    DATES,
    DIRECTION,
    DTYPES,
    EXTENT,
    FAR,
    FOREIGN_TIMES,
    GRID,
    LONG,
    MOVING,
    ORIGIN,
    RESTING,
    SHAPE_ZYX,
    SPACING,
    STEPS,
    SURFACE_CELLS,
    TETRAS,
    TWICE,
    VOLUME_CELLS,
    WORDS,
    X,
    Y,
    Z,
    count,
)  # fmt: skip
from npyvtk.stack import Stack
from vtkmodules.util.numpy_support import numpy_to_vtk
from vtkmodules.vtkCommonCore import vtkIdList, vtkPoints, vtkStringArray

HERE = os.path.dirname(os.path.abspath(__file__))


def array(values, name):
    made = numpy_to_vtk(np.ascontiguousarray(values), deep=True)
    made.SetName(name)
    return made


def with_data(grid):
    """Arrays of a grid of EXTENT."""
    velocity = array(count((24, 3), "f4"), "velocity")
    for k, name in enumerate("uvw"):
        velocity.SetComponentName(k, name)
    grid.GetPointData().AddArray(array(count(24), "pressure"))
    grid.GetPointData().SetVectors(velocity)
    grid.GetPointData().SetActiveScalars("pressure")
    grid.GetCellData().AddArray(array(count(np.prod(CELLS_ZYX), "u1"), "material"))
    grid.GetFieldData().AddArray(array(np.array([0.5, 1.5]), "run"))
    return grid


def image():
    made = dm.vtkImageData()
    made.SetExtent(EXTENT)
    made.SetOrigin(ORIGIN)
    made.SetSpacing(SPACING)
    made.SetDirectionMatrix([v for row in DIRECTION for v in row])
    return with_data(made)


def rectilinear():
    made = dm.vtkRectilinearGrid()
    made.SetExtent(EXTENT)
    for letter, values in zip("XYZ", (X, Y, Z)):
        getattr(made, f"Set{letter}Coordinates")(array(values, letter))
    return with_data(made)


def points(values):
    made = vtkPoints()
    made.SetData(array(values.reshape(-1, 3), "Points"))
    return made


def structured():
    made = dm.vtkStructuredGrid()
    made.SetExtent(EXTENT)
    made.SetPoints(points(BENT))
    return with_data(made)


def surface():
    made = dm.vtkPolyData()
    made.SetPoints(points(CORNERS))
    groups = [dm.vtkCellArray() for _ in range(4)]
    for kind, ids, _faces in SURFACE_CELLS:
        group = groups[{1: 0, 3: 1, 4: 1, 6: 3}.get(kind, 2)]
        group.InsertNextCell(len(ids))
        for k in ids:
            group.InsertCellPoint(k)
    made.SetVerts(groups[0])
    made.SetLines(groups[1])
    made.SetPolys(groups[2])
    made.SetStrips(groups[3])
    made.GetPointData().SetScalars(array(count(9, "f4"), "height"))
    made.GetCellData().AddArray(array(count(6, "i8"), "number"))
    return made


def volume():
    made = dm.vtkUnstructuredGrid()
    made.SetPoints(points(CORNERS))
    for kind, ids, faces in VOLUME_CELLS:
        if kind == 42:
            stream = vtkIdList()
            for k in [len(faces), *(k for face in CUBE_FACES for k in (len(face), *face))]:
                stream.InsertNextId(k)
            made.InsertNextCell(kind, stream)
        else:
            made.InsertNextCell(kind, len(ids), ids)
    made.GetPointData().AddArray(array(count(9), "heat"))
    made.GetCellData().AddArray(array(count((3, 2), "i2"), "tags"))
    return made


def table():
    made = dm.vtkTable()
    words = vtkStringArray()
    words.SetName("word")
    for word in WORDS:
        words.InsertNextValue(word)
    made.AddColumn(words)
    made.AddColumn(array(count(4, "i4"), "n"))
    made.AddColumn(array(count((4, 2)), "pair"))
    return made


def blocks():
    made = dm.vtkMultiBlockDataSet()
    made.SetNumberOfBlocks(4)
    made.SetBlock(1, surface())
    inner = dm.vtkMultiBlockDataSet()
    inner.SetNumberOfBlocks(2)
    inner.SetBlock(0, image())
    made.SetBlock(3, inner)
    made.GetMetaData(1).Set(dm.vtkCompositeDataSet.NAME(), "skin")
    made.GetMetaData(3).Set(dm.vtkCompositeDataSet.NAME(), "in/side")
    return made


def collection():
    made = dm.vtkPartitionedDataSetCollection()
    made.SetNumberOfPartitionedDataSets(2)
    made.SetPartition(0, 0, surface())
    made.SetPartition(1, 0, volume())
    made.SetPartition(1, 2, volume())
    made.GetMetaData(1).Set(dm.vtkCompositeDataSet.NAME(), "body")
    assembly = dm.vtkDataAssembly()
    assembly.SetRootNodeName("machine")
    assembly.AddDataSetIndex(assembly.AddNode("moving"), 1)
    made.SetDataAssembly(assembly)
    return made


def again(name, members, **options):
    """Save what the package reads of plain arrays, as it read them then."""
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/plain.npz", **members)
        npyvtk.write(f"{HERE}/{name}.npz", npyvtk.read(f"{folder}/plain.npz", **options))


def stacked(name, members, steps, times, **options):
    with tempfile.TemporaryDirectory() as folder:
        np.savez(f"{folder}/plain.npz", **members)
        with Stack(f"{HERE}/{name}.npz", steps) as stack:
            for k in range(steps):
                stack.add(npyvtk.read(f"{folder}/plain.npz", step=k, **options), times[k])


def main():
    for make in (image, rectilinear, structured, surface, volume, table):
        npyvtk.write(f"{HERE}/{make.__name__}.npz", make())
    for make in (blocks, collection):
        npyvtk.write(f"{HERE}/{make.__name__}.npz", make(), compression=9)
    npyvtk.write(f"{HERE}/deflated.npz", volume(), compression=9)
    npyvtk.write(f"{HERE}/xyz.npz", image(), axes="xyz")
    again("dtypes", DTYPES, axes="zyx,zyxc", dataset_type="Image")
    again("words", {"word": WORDS, "code": np.array([b"x", b"\xff", b"", b"yy"]), "n": count(4, "f2")})
    again("longdouble", {"long": LONG, "plain": count(SHAPE_ZYX)}, axes="zyx")
    again("far_points", {"points": FAR, "value": count(5)})
    again("far_grid", {"x": FAR[:4, 0], "y": Y, "z": FAR[:2, 1], "value": count(SHAPE_ZYX)})
    again("two_columns", {"points": CORNERS[:, :2].astype(">f8"), "tetras": TETRAS, "value": count(9)})
    columns = {"x": CORNERS[:, 0], "y": CORNERS[:, 1].astype("f8"), "value": count(9)}
    again("columns", columns, dataset_type="Points")
    again("affine", {"scan": count(SHAPE_ZYX, "i2"), "affine": AFFINE}, axes="zyx")
    again("placed", {"scan": count(SHAPE_ZYX, "i2"), **GRID}, axes="zyx")
    stacked("late_time", {"moving": MOVING, "resting": RESTING}, STEPS, [0, 1, 4.5], axes="zyxt,zyx")
    stacked("two_times", {"twice": TWICE}, 6, range(6), axes="ttzyx")
    for name, time in (("dates", DATES), ("foreign_times", FOREIGN_TIMES)):
        moving = {"moving": MOVING.transpose(3, 0, 1, 2), "time": time}
        stacked(name, moving, STEPS, time.astype("f8"), axes="tzyx")
    again("one_date", {"moving": MOVING.transpose(3, 0, 1, 2), "time": DATES}, step=1, axes="tzyx")


main()
