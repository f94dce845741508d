"""What the tests of parallel runs execute on every rank: counting reads and openings, and keeping what arrived.

Imported in processes of ParaView, from the scripts of programmable filters: these run on each rank, whether or
not the rank runs the script of pvbatch.
"""

from __future__ import annotations

import os

import numpy as np
from vtkmodules.util.numpy_support import vtk_to_numpy
from vtkmodules.vtkParallelCore import vtkMultiProcessController

FOLDER = os.path.dirname(os.path.abspath(__file__))
reads: list[tuple[int, int]] = []  # offset and length of every read of this rank, in order
opens: list[str] = []  # names of the files that this rank opened, in order
executions = [0]


def rank():
    return vtkMultiProcessController.GetGlobalController().GetLocalProcessId()


def watch():
    """Count all reads of this rank from now on: the package reads files through one function."""
    from npyvtk.files import source as source_module

    if getattr(source_module, "watched", False):
        return
    source_module.watched = True
    original = source_module._read_at

    def counted(file, buffer, offset):
        count = original(file, buffer, offset)
        reads.append((offset, count))
        return count

    source_module._read_at = counted
    plain = source_module.InputFile.__init__

    def opened(file, path):
        opens.append(os.path.basename(path))
        plain(file, path)

    source_module.InputFile.__init__ = opened


def keep_opens(path):
    """Write the names of the files that this rank opened since the last time into ``path.RANK.txt``."""
    with open(f"{path}.{rank()}.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(opens))
    opens.clear()


def keep(filter_, path):
    """Store the input of `filter_`, as it is on this rank, in ``path.RANK.npz``."""
    executions[0] += 1
    kept = {"reads": np.array(reads, np.int64).reshape(-1, 2), "executions": np.array(executions[0])}
    reads.clear()
    for k, data in enumerate(_leaves(filter_.GetInputDataObject(0, 0))):
        kept.update((f"{k}/{name}", values) for name, values in _contents(data).items())
    np.savez(f"{path}.{rank()}.npz", **kept)


def _leaves(data):
    if data.IsA("vtkPartitionedDataSetCollection"):
        blocks = [data.GetPartitionedDataSet(k) for k in range(data.GetNumberOfPartitionedDataSets())]
        return [block.GetPartitionAsDataObject(k) for block in blocks for k in range(block.GetNumberOfPartitions())]
    return [data]


def _contents(data):
    found = {"class": np.array(data.GetClassName())}
    if hasattr(data, "GetExtent"):
        found["extent"] = np.array(data.GetExtent())
    parts = {"field": data.GetFieldData()}
    if data.IsA("vtkTable"):
        parts["row"] = data.GetRowData()
        return {**found, **_arrays(parts)}
    parts.update(point=data.GetPointData(), cell=data.GetCellData())
    if not data.IsA("vtkImageData"):
        n = data.GetNumberOfPoints()
        found["places"] = np.array([data.GetPoint(k) for k in range(n)], float).reshape(n, 3)
    if data.IsA("vtkUnstructuredGrid") or data.IsA("vtkPolyData"):
        cells = [
            [data.GetCellType(k), *(data.GetCell(k).GetPointId(j) for j in range(data.GetCell(k).GetNumberOfPoints()))]
            for k in range(data.GetNumberOfCells())
        ]
        found["cells"] = np.array(cells, np.int64).reshape(len(cells), -1) if cells else np.zeros((0, 1), np.int64)
    found["counts"] = np.array([data.GetNumberOfPoints(), data.GetNumberOfCells()])
    return {**found, **_arrays(parts)}


def _arrays(parts):
    found = {}
    for association, attributes in parts.items():
        for k in range(attributes.GetNumberOfArrays()):
            array = attributes.GetArray(k)
            if array is not None:
                # An own copy: the array dies with the pipeline.
                found[f"{association}/{array.GetName()}"] = np.array(vtk_to_numpy(array))
    return found


def spoil(code, broken=0):
    """Make every read of this process run `code` first, if it is rank `broken`; None: heal."""
    from npyvtk.files import source as source_module

    healthy = getattr(source_module, "healthy", source_module._read_at)
    source_module.healthy = source_module._read_at = healthy
    if code is None or rank() != broken:
        return
    names = {"healthy": healthy}
    exec(  # noqa: S102 -- it comes from the test
        f"def spoilt(file, buffer, offset):\n    {code}\n    return healthy(file, buffer, offset)", names
    )
    source_module._read_at = names["spoilt"]


# ---- in the script itself ------------------------------------------------------------------------


def probe(simple, source, path, ghosts=0):
    """Update `source` with so many ghost levels, and keep on every rank what arrived."""
    probe = simple.ProgrammableFilter(Input=source, OutputDataSetType="vtkTable")
    probe.RequestUpdateExtentScript = (
        "from vtkmodules.vtkCommonExecutionModel import vtkStreamingDemandDrivenPipeline as sddp\n"
        f"self.GetInputInformation(0, 0).Set(sddp.UPDATE_NUMBER_OF_GHOST_LEVELS(), {ghosts})"
    )
    probe.Script = f"{START}ranks.keep(self, {path!r})"
    probe.UpdatePipeline()
    return probe


def everywhere(simple, code):
    """Execute `code` on every rank, with this module as ``ranks``."""
    source = simple.ProgrammableSource(OutputDataSetType="vtkTable", Script=START + code)
    source.UpdatePipeline()
    simple.Delete(source)


START = f"import sys\nif {FOLDER!r} not in sys.path: sys.path.append({FOLDER!r})\nimport ranks\n"
