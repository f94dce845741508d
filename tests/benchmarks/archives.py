"""Compressed archives at random, beside NumPy, PyVista's zstd format and VTKHDF; to be run on a quiet machine.

    archives.py [--samples N] [--folder DIR] [--library zlib|zlib_ng.zlib_ng|isal.isal_zlib]

Makes its files (1 GB, kept) and prints every row with the ratio of medians, its target, and all minima and maxima; and
the same for the processor time of all threads, which other work on the machine disturbs less than the clock: where
two threads share the work its target is twice the other.
Needs numpy, vtk, h5py, pyvista and pyvista-zstd. These are no tests: nothing fails when a target is missed.
"""

from __future__ import annotations

import argparse
import importlib
import multiprocessing
import os
import platform
import random
import sys
import time
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from compare import Table
from inside import PLUGIN, warm

sys.path.insert(0, PLUGIN)
from npyvtk.files import inflate, zip_read
from npyvtk.files.open_store import open_store
from npyvtk.files.recompress import recompress

STEPS = 48
FILM = (STEPS, 128, 128, 128)  # 384 MiB
VOLUME = (256, 512, 512)  # 256 MiB
PLANE = np.s_[128:129:1, 0:512:1, 0:512:1]
ACROSS = np.s_[0:256:1, 0:512:1, 256:257:1]
BOX = np.s_[128:192:1, 256:320:1, 256:320:1]


def make_files(folder):
    """Waves with noise, rounded as instruments do: they deflate to about two thirds."""
    os.makedirs(folder, exist_ok=True)
    done = os.path.join(folder, "archives-complete")
    if os.path.exists(done):
        return
    rng = np.random.default_rng(7)
    for name, shape in (("film", FILM), ("volume", VOLUME)):
        values = np.empty(shape, "f4")
        y, x = (np.linspace(0, 6, n, dtype="f4") for n in shape[-2:])
        for k in np.ndindex(shape[:-2]):
            wave = np.sin(x + sum(k) / 9) * np.cos(y)[:, None] * 64
            values[k] = np.round(wave + rng.standard_normal(shape[-2:], "f4") * 2) / 64
        np.savez_compressed(os.path.join(folder, f"{name}-numpy.npz"), a=values)
        recompress(os.path.join(folder, f"{name}-numpy.npz"), os.path.join(folder, f"{name}-ours.npz"), 6)
    open(done, "w").close()


class Race:
    """Timed cases, each sample in a new random order, in memory that was touched before."""

    def __init__(self, samples, mib):
        self.samples, self.mib = samples, mib
        self.clock, self.cpu = {}, {}

    def run(self, cases):
        for prepare, case in cases.values():
            prepare()
            case()  # once unmeasured: the page cache, imports
        for _ in range(self.samples):
            for name in random.sample(list(cases), len(cases)):
                prepare, case = cases[name]
                prepare()
                warm(self.mib)
                begin = time.perf_counter(), time.process_time()
                kept = case()
                end = time.perf_counter(), time.process_time()
                del kept
                self.clock.setdefault(name, []).append(end[0] - begin[0])
                self.cpu.setdefault(name, []).append(end[1] - begin[1])


def selection_of(shape):
    return tuple(slice(0, n, 1) for n in shape)


def read_into(path, selection, values):
    with open_store(path) as store:
        store.read("a", selection, values.__setitem__, direct=values)


def load(path):
    with np.load(path) as archive:
        return archive["a"]


def library_alone(path, threads):
    """Inflate a member and take its CRC with nothing but the library: what is faster cannot read it."""
    library = inflate._library(copies=False)
    with open_store(path) as store, open(path, "rb") as file:
        member = store._stored["a"].member
        file.seek(member.start)
        packed = memoryview(file.read(member.packed))
    pieces = zip_read.pieces(member)

    def one(number):
        section = pieces.section(number)
        data = packed[section.begin.packed : section.packed_end]
        return library.crc32(library.decompressobj(-15).decompress(data, section.end - section.begin.at))

    if pieces is None:
        inflater = library.decompressobj(-15)
        for begin in range(0, member.packed, inflate.INPUT_BYTES):
            library.crc32(inflater.decompress(packed[begin : begin + inflate.INPUT_BYTES]))
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(one, range(len(pieces.crcs))))


def nothing():
    pass


def random_access(folder, table, samples):
    def path(name):
        return os.path.join(folder, name)

    def forget():
        inflate.checkpoints.forget(path("film-numpy.npz"))
        inflate.checkpoints.forget(path("volume-numpy.npz"))

    values = np.zeros(FILM, "f4")

    def play(name, numbers):
        for k in numbers:
            read_into(path(name), (slice(k, k + 1, 1), *selection_of(FILM[1:])), values[k : k + 1])

    def passed():
        forget()
        play("film-numpy.npz", range(STEPS))

    def jump(name):
        k = random.randrange(STEPS)  # noqa: S311
        read_into(path(name), (slice(k, k + 1, 1), *selection_of(FILM[1:])), values[:1])

    def part(name, selection):
        target = np.empty([len(range(s.start, s.stop)) for s in selection], "f4")
        return lambda: read_into(path(name), selection, target)

    def passed_volume():
        forget()
        read_into(path("volume-numpy.npz"), selection_of(VOLUME), np.empty(VOLUME, "f4"))

    numpys, ours = "film-numpy.npz", "film-ours.npz"
    films = {
        "np.load": (nothing, lambda: load(path(numpys))),
        "play": (forget, lambda: play(numpys, range(STEPS))),
        "play back": (passed, lambda: play(numpys, range(STEPS - 1, -1, -1))),
        "jump": (passed, lambda: jump(numpys)),
        "play ours": (forget, lambda: play(ours, range(STEPS))),
        "jump ours": (forget, lambda: jump(ours)),
    }
    race = Race(samples, 1600)
    race.run(films)
    assert np.array_equal(load(path(numpys)), load(path(ours)))
    play(ours, range(STEPS))
    assert np.array_equal(load(path(numpys)), values)
    for title, case, target in (
        (f"play {STEPS} steps, numpy's file", "play", 1.3),
        ("play back, after one pass", "play back", 1.3),
        ("jump, after one pass", "jump", 0.1),
        (f"play {STEPS} steps, our file", "play ours", 1.3),
        ("jump, our file", "jump ours", 0.1),
    ):
        rows(table, race, title, case, "np.load", target)
    passed()
    table.limit("memory of checkpoints", inflate.checkpoints.nbytes / (1 << 20), 16, "MiB")

    numpys, ours = "volume-numpy.npz", "volume-ours.npz"
    whole = np.empty(VOLUME, "f4")
    volumes = {
        "np.load": (nothing, lambda: load(path(numpys))),
        "np.load ours": (nothing, lambda: load(path(ours))),
        "all ours": (forget, lambda: read_into(path(ours), selection_of(VOLUME), whole)),
        "all": (forget, lambda: read_into(path(numpys), selection_of(VOLUME), whole)),
        "all ours, library": (nothing, lambda: library_alone(path(ours), 2)),
        "all, library": (nothing, lambda: library_alone(path(numpys), 1)),
        "plane ours": (forget, part(ours, PLANE)),
        "across ours": (forget, part(ours, ACROSS)),
        "box ours": (forget, part(ours, BOX)),
        "plane": (passed_volume, part(numpys, PLANE)),
        "box": (passed_volume, part(numpys, BOX)),
    }
    race = Race(samples, 1100)
    race.run(volumes)
    for title, case, target in (
        ("one plane, our file", "plane ours", 0.05),
        ("a 64^3 box, our file", "box ours", 0.2),
        ("one plane across, our file", "across ours", 1.0),
        ("one plane after one pass, numpy's file", "plane", 0.1),
        ("a 64^3 box after one pass, numpy's file", "box", 0.3),
        ("all, numpy's file", "all", 1.0),
    ):
        rows(table, race, title, case, "np.load", target)
    rows(table, race, "  the library alone, one thread", "all, library", "np.load", 1.0)
    rows(table, race, "one deflated member of ours", "all ours", "np.load ours", 0.6, threads=2)
    rows(table, race, "  the library alone, two threads", "all ours, library", "np.load ours", 0.6, threads=2)
    for name in ("film", "volume"):
        sizes = [os.path.getsize(path(f"{name}-{whose}.npz")) for whose in ("ours", "numpy")]
        table.limit(f"size of the {name}, against savez_compressed", sizes[0] / sizes[1], 1.01, "")


def rows(table, race, title, ours, theirs, target, threads=1):
    table.row(title, race.clock[ours], race.clock[theirs], target)
    table.row(f"  {'its processor time':40}", race.cpu[ours], race.cpu[theirs], target * threads)


# -- ranks -------------------------------------------------------------------------------------------


def rank(path, selection, core, library, start, done):
    """One rank on a core of its own."""
    os.sched_setaffinity(0, [core])
    use(library)
    values = np.zeros([s.stop - s.start for s in selection], "f4")
    while True:
        start.wait()
        read_into(path, selection, values)
        done.wait()


def ranks(folder, table, samples, library):
    """One rank and two, each on one core, as mpiexec binds them; the time of the slower one."""
    path = os.path.join(folder, "volume-ours.npz")
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return
    context, seconds, crews = multiprocessing.get_context("spawn"), {1: [], 2: []}, []
    for count in seconds:
        start, done = context.Barrier(count + 1, timeout=300), context.Barrier(count + 1, timeout=300)
        share = VOLUME[0] // count
        crew = [
            context.Process(
                target=rank,
                daemon=True,
                args=(
                    path,
                    (slice(k * share, k * share + share, 1), *selection_of(VOLUME[1:])),
                    cores[k],
                    library,
                    start,
                    done,
                ),
            )
            for k in range(count)
        ]
        for one in crew:
            one.start()
        crews.append((count, crew, start, done))
    for sample in range(samples + 1):
        for count, _, start, done in random.sample(crews, 2):
            start.wait()
            begin = time.perf_counter()
            done.wait()
            if sample:
                seconds[count].append(time.perf_counter() - begin)
    for _, crew, _, _ in crews:
        for one in crew:
            one.kill()
    table.row("two ranks against one, one deflated member of ours", seconds[2], seconds[1], 0.65)


# -- other formats -----------------------------------------------------------------------------------


def others(folder, table, samples):
    """Write, read and size beside PyVista's zstd and VTKHDF with deflate."""
    import h5py
    import npyvtk
    import pyvista
    import pyvista_zstd
    from vtkmodules.vtkIOHDF import vtkHDFReader

    def path(name):
        return os.path.join(folder, name)

    values = load(path("volume-numpy.npz"))
    grid = npyvtk.to_vtk(values)
    image = pyvista.wrap(grid)

    def write_hdf():
        with h5py.File(path("saved.vtkhdf"), "w") as file:
            group = file.create_group("VTKHDF")
            group.attrs["Version"] = (1, 0)
            group.attrs.create("Type", b"ImageData", dtype=h5py.string_dtype("ascii", 9))
            group.attrs["WholeExtent"] = [0, VOLUME[2] - 1, 0, VOLUME[1] - 1, 0, VOLUME[0] - 1]
            group.attrs["Origin"], group.attrs["Spacing"] = [0.0] * 3, [1.0] * 3
            group.attrs["Direction"] = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
            group.create_dataset(
                "PointData/a", data=values, chunks=(8, 128, 128), compression="gzip", compression_opts=6
            )

    def read_hdf():
        reader = vtkHDFReader()
        reader.SetFileName(path("saved.vtkhdf"))
        reader.Update()
        return reader.GetOutput()

    writes = {
        "ours": (nothing, lambda: npyvtk.write(path("saved.npz"), grid, compression=6)),
        "zstd": (nothing, lambda: pyvista_zstd.write(image, path("saved.pv"), n_threads=-1)),
        "VTKHDF": (nothing, write_hdf),
    }
    race = Race(max(samples // 2, 3), 700)
    race.run(writes)
    for name in ("zstd", "VTKHDF"):
        table.row(f"write, against {name}", race.clock["ours"], race.clock[name], float("inf"))
    reads = {
        "ours": (nothing, lambda: npyvtk.read(path("saved.npz"))),
        "zstd": (nothing, lambda: pyvista_zstd.read(path("saved.pv"))),
        "VTKHDF": (nothing, read_hdf),
    }
    race = Race(samples, 700)
    race.run(reads)
    assert read_hdf().GetPointData().GetArray(0).GetRange() == (values.min(), values.max())
    sizes = {
        name: os.path.getsize(path(f"saved.{end}"))
        for name, end in (("ours", "npz"), ("zstd", "pv"), ("VTKHDF", "vtkhdf"))
    }
    for name in ("zstd", "VTKHDF"):
        table.row(f"read, against {name}", race.clock["ours"], race.clock[name], float("inf"))
        table.limit(f"size, against {name}", sizes["ours"] / sizes[name], float("inf"), "")


def use(library):
    """Take one library for all that is inflated, whatever else is installed."""
    module = importlib.import_module(library)
    inflate._library = lambda *, copies: zlib if copies and not hasattr(module.decompressobj(-15), "copy") else module


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--folder", default=os.path.join("build", "benchmarks", "files"))
    parser.add_argument("--library", default="zlib", choices=["zlib", "zlib_ng.zlib_ng", "isal.isal_zlib"])
    options = parser.parse_args()
    folder = os.path.abspath(options.folder)
    make_files(folder)
    use(options.library)
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, load "
        f"{os.getloadavg()[0]:.1f}, {options.samples} samples, Python {platform.python_version()}, NumPy "
        f"{np.__version__}, {options.library}"
    )
    table = Table()
    random_access(folder, table, options.samples)
    ranks(folder, table, options.samples, options.library)
    if options.library == "zlib":
        others(folder, table, options.samples)


if __name__ == "__main__":
    main()
