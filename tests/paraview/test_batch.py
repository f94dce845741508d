"""Reading in scripts: memory is bounded, long reads tell how far they are and can be stopped."""

from __future__ import annotations

import concurrent.futures
import re
import time
import tracemalloc

import numpy as np
import pytest


@pytest.fixture
def sparse(tmp_path):
    """``sparse(shape, dtype)``: a .npy of zeros that takes no place on the disk."""

    def make(shape, dtype="f4", name="sparse.npy"):
        path = tmp_path / name
        with path.open("wb") as file:
            np.lib.format.write_array_header_1_0(
                file, {"descr": np.dtype(dtype).str, "fortran_order": False, "shape": shape}
            )
            file.truncate(file.tell() + np.dtype(dtype).itemsize * int(np.prod(shape, dtype=object)))
        return path

    return make


def last_error(reader):
    reader.UpdatePropertyInformation()
    return reader.GetProperty("LastError").GetData()


HUGE = (2500, 3200, 3350)  # 107 GB of float32


def test_a_huge_file_opens_at_once_and_shows_a_preview_in_bounded_memory(run, sparse):
    path = sparse(HUGE)
    done = run(f"""
import resource, time
small = NumPyReader(FileNames=[{str(sparse((10, 10, 10), name="small.npy"))!r}])
small.UpdatePipeline()
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
before, start = peak(), time.process_time()
reader = NumPyReader(FileNames=[{str(path)!r}])
reader.UpdatePipelineInformation()
reader.UpdatePropertyInformation()
print("seconds", time.process_time() - start)  # of this process, whatever others do
print("line", reader.GetProperty("Interpretation").GetData())
reader.SampleRate = [100, 100, 100]
reader.UpdatePipeline()
print("extent", *reader.GetDataInformation().GetExtent())
print("MiB", peak() - before)
reader.SampleRate = [1, 1, 1]
reader.VOI = [0, {HUGE[2] - 1}, 0, {HUGE[1] - 1}, 7, 7]
reader.UpdatePipeline()
print("plane", reader.GetDataInformation().GetNumberOfPoints(), peak() - before)
""")
    received = dict(line.split(" ", 1) for line in done.stdout.splitlines() if " " in line)
    assert float(received["seconds"]) < 1
    assert "(2500, 3200, 3350) float32" in received["line"]
    assert received["extent"] == "0 33 0 31 0 24"
    assert int(received["MiB"]) < 32
    points, mib = map(int, received["plane"].split())
    assert points == HUGE[1] * HUGE[2]
    assert mib < 32 + points * 4 / 2**20 * 2


@pytest.mark.parametrize("limit", [1, 10, 200])
def test_a_request_above_the_limit_is_refused_before_it_takes_memory(pv, sparse, messages, limit):
    reader = pv.NumPyReader(FileNames=[str(sparse(HUGE))], MemoryLimit=limit)
    reader.UpdatePipelineInformation()
    tracemalloc.start()
    reader.UpdatePipeline()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert reader.GetDataInformation().GetNumberOfPoints() == 0
    (line,) = messages.take()
    assert last_error(reader) in line
    assert "needs 102,234 MiB of memory, and MemoryLimit is" in line
    rate = int(re.search(r"too large, set SampleRate (\d+) (\d+) (\d+): ", line)[1])

    # It does fit, and one less would not.
    reader.SampleRate = [rate] * 3
    tracemalloc.start()
    reader.UpdatePipeline()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert last_error(reader) == ""
    assert reader.GetDataInformation().GetNumberOfPoints() == np.prod([(n - 1) // rate + 1 for n in HUGE])
    assert peak < (limit + 8) << 20
    assert np.prod([(n - 1) // (rate - 1) + 1 for n in HUGE]) * 4 > limit << 20


def test_the_part_that_is_asked_for_counts(pv, sparse):
    reader = pv.NumPyReader(FileNames=[str(sparse(HUGE))], MemoryLimit=1, VOI=[5, 68, 5, 68, 5, 36])
    reader.UpdatePipeline()
    assert last_error(reader) == ""
    assert reader.GetDataInformation().GetNumberOfPoints() == 64 * 64 * 32
    subset = pv.ExtractSubset(Input=pv.NumPyReader(FileNames=reader.FileNames, MemoryLimit=1), VOI=[0, 9] * 3)
    subset.UpdatePipeline()
    assert subset.GetDataInformation().GetNumberOfPoints() == 1000


@pytest.fixture
def talkative(pv, monkeypatch):  # noqa: ARG001 -- loads the package
    """Progress is reported after each block, as it is in a read of many seconds.

    By the thread that reports: a helper may have done all before this one comes to it. What helpers do then,
    tests/core/store_contract.py tests.
    """
    from npyvtk.files import file_store, threads

    monkeypatch.setattr(threads, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(file_store, "available_threads", lambda: 1)


LONG = (32, 512, 512)


def watched(pv, path, on_progress):
    reader = pv.NumPyReader(FileNames=[path])
    algorithm = reader.GetClientSideObject()
    algorithm.AddObserver("ProgressEvent", lambda *_: on_progress(algorithm))
    return reader


@pytest.mark.usefixtures("talkative")
def test_progress_tells_what_is_read_and_how_far(pv, sparse):
    said = []
    reader = watched(pv, str(sparse(LONG)), lambda a: said.append((a.GetProgress(), a.GetProgressText())))
    reader.UpdatePipeline()
    ours = [(fraction, text) for fraction, text in said if text]
    assert sum(0 < fraction < 1 for fraction, _ in ours) > 5
    assert [fraction for fraction, _ in ours] == sorted(fraction for fraction, _ in ours)
    assert ours[-1][0] == 1
    assert {text for _, text in ours} == {"Reading sparse.npy"}  # ParaView adds the percentage


@pytest.mark.usefixtures("talkative")
@pytest.mark.parametrize("deflated", [False, True], ids=["stored", "deflated"])
def test_a_long_read_can_be_stopped(pv, tmp_path, deflated):
    values = np.random.default_rng(0).integers(0, 3, LONG, dtype="i4")
    (np.savez_compressed if deflated else np.savez)(tmp_path / "long.npz", values=values)
    fractions = []

    def stop(algorithm):
        fractions.append(algorithm.GetProgress())
        if 0.2 < fractions[-1] < 1:
            algorithm.SetAbortExecute(1)

    reader = watched(pv, str(tmp_path / "long.npz"), stop)
    algorithm = reader.GetClientSideObject()
    reader.UpdatePipeline()
    assert max(f for f in fractions if f < 1) < 0.9
    assert last_error(reader) == ""  # it was no error
    assert algorithm.GetOutputDataObject(0).GetNumberOfPoints() == 0

    algorithm.RemoveObservers("ProgressEvent")
    algorithm.SetAbortExecute(0)
    pv.ReloadFiles(reader)
    reader.UpdatePipeline()
    from vtkmodules.util.numpy_support import vtk_to_numpy

    output = algorithm.GetOutputDataObject(0)
    np.testing.assert_array_equal(vtk_to_numpy(output.GetPointData().GetArray("values")), values.ravel())


def test_programmable_filter(pv, tmp_path):
    values = np.random.default_rng(0).random((5, 6, 7))
    np.savez(tmp_path / "a.npz", a=values, spacing=[1.0, 2.0, 4.0])
    reader = pv.NumPyReader(FileNames=[str(tmp_path / "a.npz")])
    filtered = pv.ProgrammableFilter(Input=reader)
    filtered.Script = """
a = inputs[0].PointData["a"]
output.PointData.append(a * 2, "twice")
"""
    filtered.UpdatePipeline()
    assert filtered.PointData["twice"].GetRange() == pytest.approx((2 * values.min(), 2 * values.max()))


def test_two_paraviews_save_to_one_name(run_in, tmp_path):
    """Whoever looks sees the whole file of one of them, at any time."""
    target = tmp_path / "same.npy"
    saved = {"first": np.zeros((40, 50, 60)), "second": np.ones((30, 20, 10), "f4")}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        runs = []
        for name, values in saved.items():
            folder = tmp_path / name
            folder.mkdir()
            np.save(folder / "in.npy", values)
            script = f"source = OpenDataFile('in.npy')\nfor _ in range(30): SaveData({str(target)!r}, source)"
            runs.append(pool.submit(run_in, folder, script))
        looks = 0
        while not all(run.done() for run in runs):
            time.sleep(0.01)
            if target.exists():
                found = np.load(target)
                assert any(np.array_equal(found, values) and found.dtype == values.dtype for values in saved.values())
                looks += 1
        for run in runs:
            run.result()
    assert looks
    assert sorted(path.name for path in tmp_path.iterdir()) == ["first", "same.npy", "second"]
