"""How time and memory of one read grow with file size, selected arrays and VOI: the tables of docs/performance.md.

    cost_model.py [--folder DIR] [--largest MIB] [--samples N]

Makes files of 1 MiB to 8 GiB in DIR, one at a time, and removes them.  Each figure is the median of reads into
memory that was touched before, with the file in the page cache; the peak comes from a process of its own.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "plugin"))

import npyvtk  # noqa: E402

MIB = 1 << 20
LAYER = 1024  # points along x and y of the files from 4 MiB on


def make_volume(path, mib):
    """Write float32 (nz, ny, nx) of `mib` MiB, layer by layer."""
    edge = LAYER if mib >= 4 else 256
    layers = mib * MIB // (4 * edge * edge)
    rng = np.random.default_rng(1)
    layer = rng.standard_normal((edge, edge), "f4")
    with open(path, "wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (layers, edge, edge)}
        np.lib.format.write_array_header_1_0(file, header)
        file.writelines(layer for _ in range(layers))
    return layers, edge


def seconds_of(samples, mib, read):
    """Median, least and most of `samples` reads, each into warm memory."""
    found = []
    read()
    for _ in range(samples):
        touched = np.ones(int(mib + 64) * MIB, np.uint8)
        del touched
        begin = time.perf_counter()
        kept = read()
        found.append(time.perf_counter() - begin)
        del kept
    return statistics.median(found), min(found), max(found)


def peak_over(path, mib, **options):
    """Peak memory of one read, less the data, in MiB."""
    script = (
        "import json, sys; sys.path.insert(0, sys.argv[1]); import npyvtk, numpy\n"
        "now = lambda: next(int(l.split()[1]) for l in open('/proc/self/status') if l.startswith('VmHWM')) / 1024\n"
        "open('/proc/self/clear_refs', 'w').write('5'); before = now()\n"
        "kept = npyvtk.read(sys.argv[2], **json.loads(sys.argv[3])); print(now() - before)"
    )
    command = [sys.executable, "-c", script, os.path.dirname(os.path.dirname(npyvtk.__file__)), path,
               json.dumps(options)]  # fmt: skip
    return float(subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout) - mib


def row(what, mib, took, over):
    median, least, most = took
    rate = mib / 1024 / median
    print(
        f"| {what} | {mib:,.0f} MiB | {median * 1e3:,.1f} ms ({least * 1e3:,.1f}-{most * 1e3:,.1f}) "
        f"| {rate:.1f} GiB/s | {over:.1f} MiB |",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", default=os.path.join("build", "benchmarks", "files"))
    parser.add_argument("--largest", type=int, default=8192, metavar="MIB")
    parser.add_argument("--samples", type=int, default=5)
    options = parser.parse_args()
    os.makedirs(options.folder, exist_ok=True)
    path = os.path.join(options.folder, "cost.npy")
    archive = os.path.join(options.folder, "cost.npz")
    print("| read | data | median (min-max) | rate | peak over the data |\n|---|---|---|---|---|")
    try:
        mib = 1
        while mib <= options.largest:
            make_volume(path, mib)
            row("whole .npy", mib, seconds_of(options.samples, mib, lambda: npyvtk.read(path)), peak_over(path, mib))
            mib *= 4 if mib < 1024 else 2
        layers, edge = make_volume(path, min(1024, options.largest))
        for part in (2, 8, 64):
            voi = (0, edge - 1, 0, edge - 1, 0, layers // part - 1)
            share = min(1024, options.largest) / part
            took = seconds_of(options.samples, share, lambda voi=voi: npyvtk.read(path, voi=voi))
            row(f"VOI, 1/{part} of the layers of 1 GiB", share, took, peak_over(path, share, voi=voi))
        os.unlink(path)
        values = np.random.default_rng(2).standard_normal((32, LAYER, LAYER), "f4")  # 128 MiB each
        np.savez(archive, **{f"a{k}": values for k in range(8)})
        for count in (1, 2, 4, 8):
            names = [f"a{k}" for k in range(count)]
            took = seconds_of(options.samples, 128 * count, lambda names=names: npyvtk.read(archive, arrays=names))
            row(
                f"{count} of 8 arrays of a stored .npz of 1 GiB",
                128 * count,
                took,
                peak_over(archive, 128 * count, arrays=names),
            )
    finally:
        for left in (path, archive):
            if os.path.exists(left):
                os.unlink(left)


if __name__ == "__main__":
    main()
