"""The table of the README's performance section, measured side by side on this machine.

    compare.py [--samples N] [--folder DIR] [--paraview NAME=COMMAND]... [--no-plain]

Makes its files (3 GB, kept), runs `inside` in this Python, which needs numpy, vtk, h5py and pyevtk, and in each
ParaView given, and prints every row with the ratio of medians, its target, and all minima and maxima.
These are no tests: nothing fails when a target is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shlex
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
INSIDE = os.path.join(HERE, "inside.py")
EDGE = 512

# row, ours, theirs, ratio not to be exceeded (by ParaView's version where it differs)
PLAIN = [
    ("update", "npyvtk", "readinto", 1.3),
    ("npz stored", "npyvtk", "numpy", 0.5),
    ("npz deflated, one", "npyvtk", "numpy", 1.0),
    ("npz deflated, four", "npyvtk", "numpy", 0.6),
    ("next time step", "npyvtk", "readinto", 1.3),
    ("save npy", "npyvtk", "numpy", 1.1),
    ("save deflated", "npyvtk", "numpy", 0.6),
]
INSIDE_PARAVIEW = [
    ("update in ParaView", ["plugin"], ["raw reader"], {"5.11": 0.3, "": 0.5}),
    ("range on screen", ["plugin"], ["raw reader", "VTKHDF"], {"5.11": 0.25, "": 0.6}),
    *(
        (row, [ours], ["raw reader", "VTKHDF"], {"": 1.0})
        for row in ("z plane", "x plane", "64^3 box")
        for ours in ("plugin, VOI", "plugin, Extract Subset")
    ),
]
PEAKS = {
    "open npy": 32, "open stored": 32, "open deflated": 32, "open deflated, four": 32, "save npy": 32,
    "save deflated": 64,
}  # fmt: skip


def make_files(folder):
    """Write the input once: noise on a slope, which neither compresses away nor resists compression."""
    done = os.path.join(folder, "complete")
    if os.path.exists(done):
        return
    os.makedirs(folder, exist_ok=True)
    rng = np.random.default_rng(7)
    volume = np.empty((EDGE,) * 3, "f4")
    for k in range(EDGE):
        volume[k] = rng.standard_normal((EDGE, EDGE), "f4") + k
    np.save(os.path.join(folder, "volume.npy"), volume)
    volume.tofile(os.path.join(folder, "volume.raw"))
    np.savez(os.path.join(folder, "stored.npz"), volume=volume)
    np.save(os.path.join(folder, "steps.npy"), volume.reshape(8, 256, 256, 256))
    np.save(os.path.join(folder, "small.npy"), volume[:8, :8, :8])
    import h5py

    with h5py.File(os.path.join(folder, "volume.hdf"), "w") as file:
        group = file.create_group("VTKHDF")
        group.attrs["Version"] = (1, 0)
        group.attrs.create("Type", b"ImageData", dtype=h5py.string_dtype("ascii", 9))
        group.attrs["WholeExtent"] = [0, EDGE - 1] * 3
        group.attrs["Origin"] = [0.0] * 3
        group.attrs["Spacing"] = [1.0] * 3
        group.attrs["Direction"] = [1.0, 0, 0, 0, 1, 0, 0, 0, 1]
        group.create_dataset("PointData/volume", data=volume)
    # 128 MiB that deflate to about two thirds.
    rounded = np.round(volume[:128] * 64) / 64
    np.savez_compressed(os.path.join(folder, "deflated1.npz"), a=rounded)
    quarters = {f"a{k}": rounded[32 * k : 32 * k + 32] for k in range(4)}
    np.savez_compressed(os.path.join(folder, "deflated4.npz"), **quarters)
    open(done, "w").close()


def run(command, *arguments):
    """Run `inside` and return what it says, with its wall time."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    begin = time.perf_counter()
    done = subprocess.run(
        [*command, INSIDE, *arguments], stdout=subprocess.PIPE, text=True, check=False, env=environment
    )
    took = time.perf_counter() - begin
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} {' '.join(arguments)}: exit code {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{"row"')], took


def show(seconds):
    return f"{statistics.median(seconds) * 1e3:8.1f} ms ({min(seconds) * 1e3:.1f}-{max(seconds) * 1e3:.1f})"


class Table:
    def __init__(self):
        print(f"{'work':44}{'ratio':>7} {'target':>7}      ours, theirs: median (min-max)")

    def row(self, title, ours, theirs, target, note=""):
        ratio = statistics.median(ours) / statistics.median(theirs)
        mark = "" if ratio <= target else "  MISSED"
        figures = f"{show(ours)}, {show(theirs)}"
        print(f"{title:44}{ratio:7.2f} {'<= ' + str(target):>7}      {figures}{note}{mark}", flush=True)

    def limit(self, title, value, target, unit):
        mark = "" if value <= target else "  MISSED"
        print(f"{title:44}{value:7.1f} {'<= ' + str(target):>7} {unit}{mark}", flush=True)


def plain_rows(table, folder, samples):
    said, _ = run([sys.executable], "plain", folder, str(samples))
    found = {(one["row"], one["case"]): one for one in said}
    for row, ours, theirs, target in PLAIN:
        table.row(row, found[row, ours]["seconds"], found[row, theirs]["seconds"], target)
    sizes = [found["save deflated, size", case]["bytes"] for case in ("npyvtk", "numpy")]
    table.limit("save deflated, size against numpy's", 100 * abs(sizes[0] / sizes[1] - 1), 1, "%")
    for what, target in PEAKS.items():
        said, _ = run([sys.executable], "peak", folder, what)
        table.limit(f"peak memory over the data: {what}", said[0]["mib"], target, "MiB")


def paraview_rows(table, name, command, folder, samples):
    said, _ = run(command, "paraview", folder, str(samples))
    found = {(one["row"], one["case"]): one["seconds"] for one in said}
    for row, ours, theirs, targets in INSIDE_PARAVIEW:
        best = min(theirs, key=lambda case: statistics.median(found[row, case]))
        target = targets.get(name, targets[""])
        case = ours[0].replace("plugin, ", "").replace("plugin", "")
        title = f"{name}: {row}{', ' + case if case else ''}, against {best}"
        table.row(title, found[row, ours[0]], found[row, best], target)
    # The second process finds the plugin compiled by the first, as a user's does from the second start on.
    firsts = [one["seconds"][0] for _ in range(3) for one in run(command, "start", folder, "-")[0]]
    first = statistics.median(firsts) * 1e3
    table.limit(f"{name}: plugin load + first small file", first, 100, "ms")
    mpi = ["mpiexec", "--allow-run-as-root", "--oversubscribe"]
    batch = [word.replace("pvpython", "pvbatch") for word in command]
    launch = {n: [*batch[:-1], *mpi, "-n", str(n), batch[-1], "--sym"] for n in (1, 2)}
    by_ranks = {n: run(launch[n], "ranks", folder, str(samples))[0][0] for n in (1, 2)}
    share = by_ranks[2]["mib"] / by_ranks[1]["mib"]
    table.row(
        f"{name}: 2 MPI ranks against 1",
        by_ranks[2]["seconds"],
        by_ranks[1]["seconds"],
        0.65,
        f"; a rank reads {share:.2f} of the file",
    )


def end_rows(table, name, command, folder, samples):
    """Whole processes in turn: the plugin, and PyEVTK with ParaView's own reader."""
    ours, theirs, peaks = [], [], []
    for _ in range(max(samples // 2, 3)):
        said, took = run(command, "end", folder, "volume.npy")
        ours.append(took)
        mine = said[0]
        first, converting = run([sys.executable], "pyevtk", folder, "-")
        said, took = run(command, "end", folder, "evtk.vti")
        if said[0]["range"] != mine["range"]:
            print(f"{name}: this ParaView cannot read PyEVTK's file, so there is no end-to-end row")
            return
        theirs.append(converting + took)
        peaks.append(mine["mib"] / max(first[0]["mib"], said[0]["mib"]))
    table.row(f"{name}: end to end against PyEVTK", ours, theirs, 0.2)
    table.limit(f"{name}: end to end against PyEVTK, peak memory", statistics.median(peaks), 0.15, "of PyEVTK's")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=7)
    parser.add_argument("--folder", default=os.path.join("build", "benchmarks", "files"))
    parser.add_argument("--paraview", action="append", default=[], metavar="NAME=COMMAND")
    parser.add_argument("--no-plain", action="store_true")
    options = parser.parse_args()
    folder = os.path.abspath(options.folder)
    make_files(folder)
    print(
        f"{time.strftime('%Y-%m-%d')}, {platform.machine()}, {os.cpu_count()} cores, {options.samples} samples, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
    table = Table()
    if not options.no_plain:
        plain_rows(table, folder, options.samples)
    for one in options.paraview:
        name, command = one.split("=", 1)
        paraview_rows(table, name, shlex.split(command), folder, options.samples)
        end_rows(table, name, shlex.split(command), folder, options.samples)


if __name__ == "__main__":
    main()
