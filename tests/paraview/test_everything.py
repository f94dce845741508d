"""What ParaView's sources and filters make goes out as .npz and comes back equal, in type and in every bit."""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "core"))

from equal import assert_same


def wavelet(pv):
    return pv.Wavelet(WholeExtent=[-3, 4, 0, 5, 2, 9])


def contour(pv):
    return pv.Contour(Input=wavelet(pv), ContourBy=["POINTS", "RTData"], Isosurfaces=[100.0, 150.0])


def tetrahedra(pv):
    return pv.Tetrahedralize(Input=wavelet(pv))


def gradient(pv, source):
    return pv.Gradient(Input=source, ScalarArray=["POINTS", "RTData"], ResultArrayName="G")


def rectilinear(pv):
    filter_ = pv.ProgrammableSource(OutputDataSetType="vtkRectilinearGrid")
    filter_.Script = """
import numpy as np
from vtkmodules.util.numpy_support import numpy_to_vtk
output.SetDimensions(3, 2, 4)
for name, n in zip("XYZ", (3, 2, 4)):
    getattr(output, f"Set{name}Coordinates")(numpy_to_vtk(np.arange(n) ** 1.5, deep=1))
"""
    filter_.ScriptRequestInformation = """
executive = self.GetExecutive()
executive.GetOutputInformation(0).Set(executive.WHOLE_EXTENT(), 0, 2, 0, 1, 0, 3)
"""
    return pv.Calculator(Input=filter_, Function="coordsX*coordsY*iHat+coordsZ*kHat", ResultArrayName="v")


MAKERS = {
    "Wavelet": wavelet,
    "Sphere": lambda pv: pv.Sphere(),
    "Cone": lambda pv: pv.Cone(),
    "Line": lambda pv: pv.Line(),
    "Text": lambda pv: pv.Text(Text="one\ntwo é"),
    "Point Source": lambda pv: pv.PointSource(NumberOfPoints=20),
    "Contour": contour,
    "Empty Contour": lambda pv: pv.Contour(Input=wavelet(pv), ContourBy=["POINTS", "RTData"], Isosurfaces=[1e9]),
    "Clip": lambda pv: pv.Clip(Input=wavelet(pv), ClipType="Plane"),
    "Slice": lambda pv: pv.Slice(Input=wavelet(pv), SliceType="Plane"),
    "Tetrahedralize": tetrahedra,
    "Gradient": lambda pv: gradient(pv, wavelet(pv)),
    "Gradient of cells": lambda pv: gradient(pv, tetrahedra(pv)),
    "Calculator": lambda pv: pv.Calculator(Input=wavelet(pv), Function="RTData*iHat", ResultArrayName="a b/c"),
    "Elevation": lambda pv: pv.Elevation(Input=pv.Sphere()),
    "Extract Subset": lambda pv: pv.ExtractSubset(Input=wavelet(pv), VOI=[0, 3, 1, 4, 3, 5]),
    "Point Data to Cell Data": lambda pv: pv.PointDatatoCellData(Input=wavelet(pv), PassPointData=1),
    "Extract Surface": lambda pv: pv.ExtractSurface(Input=wavelet(pv)),
    "Triangle Strips": lambda pv: pv.TriangleStrips(Input=pv.Triangulate(Input=pv.Sphere())),
    "Feature Edges": lambda pv: pv.FeatureEdges(Input=pv.Cylinder()),
    "Stream Tracer": lambda pv: pv.StreamTracer(
        Input=gradient(pv, wavelet(pv)), Vectors=["POINTS", "G"], SeedType="Line"
    ),
    "Generate Ids": lambda pv: (pv.PointAndCellIds if hasattr(pv, "PointAndCellIds") else pv.GenerateIds)(
        Input=pv.Sphere()
    ),
    "Rectilinear": rectilinear,
    "Structured": lambda pv: pv.Transform(Input=wavelet(pv), TransformAllInputVectors=1),
    "Warp": lambda pv: pv.WarpByScalar(Input=pv.Slice(Input=wavelet(pv)), Scalars=["POINTS", "RTData"]),
    "Clean to Grid": lambda pv: pv.CleantoGrid(Input=wavelet(pv)),
    "Histogram": lambda pv: pv.Histogram(Input=wavelet(pv), SelectInputArray=["POINTS", "RTData"]),
    "Plot Over Line": lambda pv: pv.PlotOverLine(Input=wavelet(pv)),
    "Group": lambda pv: pv.GroupDatasets(Input=[wavelet(pv), pv.Sphere(), tetrahedra(pv)]),
    "Group of groups": lambda pv: pv.GroupDatasets(Input=[pv.GroupDatasets(Input=[pv.Cone()]), pv.Sphere()]),
    "Extract Block": lambda pv: pv.ExtractBlock(
        Input=pv.GroupDatasets(Input=[pv.Cone(), pv.Sphere()]), Selectors=["/Root/Sphere1"]
    ),
    "Merge Blocks": lambda pv: pv.MergeBlocks(Input=pv.GroupDatasets(Input=[wavelet(pv), pv.Sphere()])),
    "Append": lambda pv: pv.AppendDatasets(Input=[wavelet(pv), pv.Sphere()]),
    "Random attributes": lambda pv: pv.RandomAttributes(
        Input=pv.Sphere(), GeneratePointVectors=1, GenerateCellScalars=1, GenerateCellVectors=1
    ),
    "Resampled AMR": lambda pv: pv.ResampleToImage(Input=pv.HierarchicalFractal(), SamplingDimensions=[5, 6, 7]),
    "Hyper tree as cells": lambda pv: pv.HyperTreeGridToUnstructuredGrid(Input=pv.HyperTreeGridRandom()),
}


def goes_out_and_comes_back(pv, source, path, messages, **options):
    source.UpdatePipeline()
    messages.take()  # what ParaView's own filters have to say is not the matter here
    data = source.GetClientSideObject().GetOutputDataObject(0)
    pv.SaveData(path, source, **options)
    back = pv.OpenDataFile(path)
    back.UpdatePipeline()
    assert_same(data, back.GetClientSideObject().GetOutputDataObject(0))
    with np.load(path, allow_pickle=False) as file:
        for member in file:
            assert file[member].dtype.hasobject is False


@pytest.mark.parametrize("compression", [0, 3])
@pytest.mark.parametrize("name", MAKERS)
def test_it_comes_back(pv, tmp_path, messages, name, compression):
    source = MAKERS[name](pv)
    goes_out_and_comes_back(pv, source, str(tmp_path / "a.npz"), messages, CompressionLevel=compression)


def test_every_type_of_cell(pv, tmp_path, messages):
    source = pv.UnstructuredCellTypes()
    for kind in source.GetProperty("CellType").Available:
        source.CellType = kind
        goes_out_and_comes_back(pv, source, str(tmp_path / f"{kind}.npz"), messages)


def test_blocks_of_an_amr(pv, tmp_path):
    """Uniform grids, which are images that know what hides them, come back as images."""
    source = pv.ConvertAMRdatasettoMultiblock(Input=pv.HierarchicalFractal())
    path = str(tmp_path / "a.npz")
    pv.SaveData(path, source)
    back = pv.OpenDataFile(path)
    back.UpdatePipeline()
    assert back.GetDataInformation().GetNumberOfCells() == source.GetDataInformation().GetNumberOfCells()
    assert back.GetDataInformation().GetBounds() == source.GetDataInformation().GetBounds()


REFUSED = {
    "AMR": (lambda pv: pv.HierarchicalFractal(), "Resample To Image"),
    "AMR pulse": (lambda pv: pv.AMRGaussianPulseSource(), "Resample To Image"),
    "Hyper tree": (lambda pv: pv.HyperTreeGrid(), "HyperTreeGrid To"),
    "Random hyper tree": (lambda pv: pv.HyperTreeGridRandom(), "HyperTreeGrid To"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_go_out_says_so_in_one_line(pv, tmp_path, messages, name):
    make, says = REFUSED[name]
    source = make(pv)
    source.UpdatePipeline()
    messages.take()
    pv.SaveData(str(tmp_path / "a.npz"), source)
    [line] = messages.take()
    assert says in line
    assert os.listdir(tmp_path) == []
