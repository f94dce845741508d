"""One part of the benchmark, in the Python that is to be measured; `compare` starts it.

    inside.py PART FOLDER SAMPLES

Prints one JSON object per row: {"row": ..., "case": ..., "seconds": [...]} or {"row": ..., "mib": ...}.
Fresh memory is erratic on virtual machines: before every sample as much memory as it will need is touched, and
the cases of a row run in a new random order each time.
"""

from __future__ import annotations

import io
import json
import os
import random
import resource
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
PLUGIN = os.path.join(HERE, "..", "..", "plugin")
EDGE = 512  # of the volume: 512 MiB of float32
MIB = 1 << 20


def say(**fields):
    print(json.dumps(fields), flush=True)


def peak_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def warm(mib):
    import numpy as np

    touched = np.ones(mib * MIB, np.uint8)
    del touched


def race(row, samples, mib, **cases):
    """Time each case `samples` times, shuffled; a case returns its seconds, or None to be timed from outside."""
    found = {name: [] for name in cases}
    for case in cases.values():
        case()  # once unmeasured: the page cache, imports
    for _ in range(samples):
        for name in random.sample(list(cases), len(cases)):
            warm(mib)
            begin = time.perf_counter()
            kept = cases[name]()
            took = time.perf_counter() - begin
            found[name].append(kept if isinstance(kept, float) else took)
            del kept
    for name, seconds in found.items():
        say(row=row, case=name, seconds=seconds)


# ---- plain Python ---------------------------------------------------------------------------------


def plain(folder, samples):
    import numpy as np

    sys.path.insert(0, PLUGIN)
    import npyvtk
    from npyvtk.describe import describe
    from npyvtk.load import load

    def path(name):
        return os.path.join(folder, name)

    def readinto(name, offset, shape):
        values = np.empty(shape, "f4")
        with open(path(name), "rb", buffering=0) as file:
            file.seek(offset)
            view = memoryview(values.reshape(-1).view(np.uint8))
            done = 0
            while done < len(view):
                done += file.readinto(view[done:])
        return values

    volume = (EDGE,) * 3
    race(
        "update",
        samples,
        1600,
        npyvtk=lambda: npyvtk.read(path("volume.npy")),
        readinto=lambda: readinto("volume.npy", 128, volume),
    )
    race(
        "npz stored",
        samples,
        1600,
        npyvtk=lambda: npyvtk.read(path("stored.npz")),
        numpy=lambda: np.load(path("stored.npz"))["volume"],
    )
    race(
        "npz deflated, one",
        samples,
        400,
        npyvtk=lambda: npyvtk.read(path("deflated1.npz")),
        numpy=lambda: np.load(path("deflated1.npz"))["a"],
    )

    def all_of(name):
        with np.load(path(name)) as archive:
            return {key: archive[key] for key in archive.files}

    race(
        "npz deflated, four",
        samples,
        400,
        npyvtk=lambda: npyvtk.read(path("deflated4.npz")),
        numpy=lambda: all_of("deflated4.npz"),
    )
    steps = describe(path("steps.npy"))
    current = {"step": 0}

    def next_step():
        current["step"] = (current["step"] + 1) % 8
        begin = time.perf_counter()
        made = load(steps, step=current["step"])
        took = time.perf_counter() - begin
        del made
        return took

    def next_bytes():
        current["step"] = (current["step"] + 1) % 8
        begin = time.perf_counter()
        values = readinto("steps.npy", 128 + current["step"] * (64 << 20), (256,) * 3)
        took = time.perf_counter() - begin
        del values
        return took

    race("next time step", 3 * samples, 200, npyvtk=next_step, readinto=next_bytes)

    saving(path, samples)


def saving(path, samples):
    """Save as NumPy does, and compare what was written."""
    import npyvtk
    import numpy as np

    dataset = npyvtk.read(path("volume.npy"))
    values = np.load(path("volume.npy"))

    def to_new_file(name, save):
        # An old file of the same name would lend its page cache to whoever truncates it.
        def run():
            if os.path.exists(path(name)):
                os.unlink(path(name))
            begin = time.perf_counter()
            save(path(name))
            return time.perf_counter() - begin

        return run

    race(
        "save npy",
        samples,
        1200,
        npyvtk=to_new_file("saved.npy", lambda name: npyvtk.write(name, dataset)),
        numpy=to_new_file("saved-numpy.npy", lambda name: np.save(name, values)),
    )
    small = npyvtk.read(path("deflated1.npz"))
    with np.load(path("deflated1.npz")) as archive:
        one = archive["a"]
    race(
        "save deflated",
        max(samples // 2, 3),
        300,
        npyvtk=lambda: npyvtk.write(path("saved.npz"), small, compression=6),
        numpy=lambda: np.savez_compressed(path("saved-numpy.npz"), a=one),
    )
    say(row="save deflated, size", case="npyvtk", bytes=os.path.getsize(path("saved.npz")))
    say(row="save deflated, size", case="numpy", bytes=os.path.getsize(path("saved-numpy.npz")))
    assert np.array_equal(np.load(path("saved.npy")), values)
    assert np.array_equal(np.load(path("saved.npz"), allow_pickle=False)["a"], one)


def peak(folder, what):
    """Peak memory of one operation over the data itself, alone in its process."""
    import numpy as np

    sys.path.insert(0, PLUGIN)
    import npyvtk

    def path(name):
        return os.path.join(folder, name)

    npyvtk.read(path("small.npy"))
    if what == "save npy":
        dataset = npyvtk.read(path("volume.npy"))
        data = 0
    elif what == "save deflated":
        dataset = npyvtk.read(path("deflated1.npz"))
        data = 0
    else:
        data = {"open npy": 512, "open stored": 512, "open deflated": 128, "open deflated, four": 128}[what]
    # What the process used up to here must not hide what the operation uses.
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")
    before = peak_mib_now()
    if what == "save npy":
        npyvtk.write(path("saved.npy"), dataset)
    elif what == "save deflated":
        npyvtk.write(path("saved.npz"), dataset, compression=6)
    else:
        name = {
            "open npy": "volume.npy",
            "open stored": "stored.npz",
            "open deflated": "deflated1.npz",
            "open deflated, four": "deflated4.npz",
        }[what]
        kept = npyvtk.read(path(name))
        assert kept.GetNumberOfPoints() > np.int64(0)
    say(row="peak memory", case=what, mib=peak_mib_now() - before - data)


def peak_mib_now():
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


# ---- ParaView -------------------------------------------------------------------------------------


def paraview(folder, samples):
    from paraview import simple

    simple.LoadPlugin(os.path.join(PLUGIN, "NumPyIO.py"))

    def path(name):
        return os.path.join(folder, name)

    def raw():
        reader = simple.ImageReader(FileNames=[path("volume.raw")])
        reader.DataScalarType = "float"
        reader.DataByteOrder = "LittleEndian"
        reader.FileDimensionality = 3
        if "Dimensions" in reader.ListProperties():  # since ParaView 6.1
            reader.Dimensions = [EDGE] * 3
        else:
            reader.DataExtent = [0, EDGE - 1] * 3
        return reader

    def hdf():
        return simple.OpenDataFile(path("volume.hdf"))

    def plugin():
        return simple.OpenDataFile(path("volume.npy"))

    def opened(make, information):
        def run():
            reader = make()
            reader.UpdatePipelineInformation()
            begin = time.perf_counter()
            reader.SMProxy.UpdatePipeline() if not information else reader.UpdatePipeline()
            if information:
                found = reader.GetDataInformation().DataInformation.GetPointDataInformation().GetArrayInformation(0)
                assert found.GetComponentRange(0)[1] > EDGE - 10
            took = time.perf_counter() - begin
            simple.Delete(reader)
            return took

        return run

    natives = {"raw reader": raw, "VTKHDF": hdf}
    race(
        "update in ParaView",
        samples,
        1600,
        plugin=opened(plugin, False),
        **{name: opened(make, False) for name, make in natives.items()},
    )
    race(
        "range on screen",
        samples,
        1600,
        plugin=opened(plugin, True),
        **{name: opened(make, True) for name, make in natives.items()},
    )
    middle = EDGE // 2
    parts = {
        "z plane": [0, EDGE - 1, 0, EDGE - 1, middle, middle],
        "x plane": [middle, middle, 0, EDGE - 1, 0, EDGE - 1],
        "64^3 box": [middle, middle + 63] * 3,
    }

    def extracted(make, voi):
        def run():
            reader = make()
            subset = simple.ExtractSubset(Input=reader, VOI=voi)
            reader.UpdatePipelineInformation()
            begin = time.perf_counter()
            subset.SMProxy.UpdatePipeline()
            took = time.perf_counter() - begin
            simple.Delete(subset)
            simple.Delete(reader)
            return took

        return run

    def windowed(voi):
        def run():
            reader = plugin()
            reader.VOI = voi
            reader.UpdatePipelineInformation()
            begin = time.perf_counter()
            reader.SMProxy.UpdatePipeline()
            took = time.perf_counter() - begin
            simple.Delete(reader)
            return took

        return run

    for name, voi in parts.items():
        race(
            f"{name}",
            samples,
            64,
            **{"plugin, Extract Subset": extracted(plugin, voi), "plugin, VOI": windowed(voi)},
            **{case: extracted(make, voi) for case, make in natives.items()},
        )


def start(folder, _):
    """From a bare ParaView to the first small file."""
    from paraview import simple

    simple.GetActiveViewOrCreate  # noqa: B018 - makes the lazy module real
    begin = time.perf_counter()
    simple.LoadPlugin(os.path.join(PLUGIN, "NumPyIO.py"))
    simple.OpenDataFile(os.path.join(folder, "small.npy")).UpdatePipeline()
    say(row="start", case="plugin", seconds=[time.perf_counter() - begin])


def ranks(folder, samples):
    """Under mpiexec: the slowest rank's update, and the bytes that each rank read."""
    from paraview import simple
    from vtkmodules.vtkParallelCore import vtkMultiProcessController

    simple.LoadPlugin(os.path.join(PLUGIN, "NumPyIO.py"))
    controller = vtkMultiProcessController.GetGlobalController()
    rank, size = controller.GetLocalProcessId(), controller.GetNumberOfProcesses()

    def read_bytes():
        with open("/proc/self/io") as file:
            return int(next(line for line in file if line.startswith("rchar")).split()[1])

    seconds, read = [], 0
    for k in range(samples + 1):
        reader = simple.OpenDataFile(os.path.join(folder, "volume.npy"))
        reader.UpdatePipelineInformation()
        warm(1600 // size)
        controller.Barrier()
        before, begin = read_bytes(), time.perf_counter()
        reader.UpdatePipeline()
        controller.Barrier()
        if k:
            seconds.append(time.perf_counter() - begin)
        read = read_bytes() - before
        simple.Delete(reader)
    if rank == 0:
        say(row="MPI ranks", case=str(size), seconds=seconds, mib=read / MIB)


def end_to_end(folder, name):
    """One whole process from the file to the range; its peak memory."""
    from paraview import simple

    if name.endswith(".npy"):
        simple.LoadPlugin(os.path.join(PLUGIN, "NumPyIO.py"))
    reader = simple.OpenDataFile(os.path.join(folder, name))
    reader.UpdatePipeline()
    info = reader.GetDataInformation().DataInformation
    array = info.GetPointDataInformation().GetArrayInformation(0)
    found = None if array is None else list(array.GetComponentRange(0))  # Debian's 5.11 reads no file of PyEVTK
    say(row="end", case=name, range=found, mib=peak_mib())


def pyevtk(folder, _):
    import numpy as np
    from pyevtk.hl import imageToVTK

    values = np.load(os.path.join(folder, "volume.npy"))
    quiet, sys.stdout = sys.stdout, io.StringIO()
    imageToVTK(os.path.join(folder, "evtk"), pointData={"volume": values.transpose(2, 1, 0)})
    sys.stdout = quiet
    say(row="end", case="pyevtk", mib=peak_mib())


if __name__ == "__main__":
    part, where, argument = sys.argv[1:4]
    parts = {"plain": plain, "paraview": paraview, "ranks": ranks, "peak": peak, "end": end_to_end,
             "pyevtk": pyevtk, "start": start}  # fmt: skip
    parts[part](where, int(argument) if argument.isdigit() else argument)
