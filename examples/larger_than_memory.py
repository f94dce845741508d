"""A file larger than the machine's memory, of which only parts are read.

The file is sparse: it takes no room on the disk but for what is written into it here.
Run by ``pvpython examples/larger_than_memory.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, places, results, same, values
from paraview.simple import OpenDataFile

ROWS = COLUMNS = 2048
RATE = 64  # look at every 64th sample along each axis
MEMORY = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")  # bytes


def scan(path):
    """Write a float32 volume larger than memory: in every RATE-th plane a pattern, zeros between."""
    planes = -(-2 * MEMORY // (4 * ROWS * COLUMNS * RATE)) * RATE
    volume = np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=(planes, ROWS, COLUMNS))
    y, x = np.mgrid[0:ROWS:RATE, 0:COLUMNS:RATE]
    for k in range(0, planes, RATE):
        volume[k, ::RATE, ::RATE] = np.hypot(x - 1024, y - 1024) + k
    volume[100, 200:300, 500:700] = np.arange(20_000).reshape(100, 200)
    volume.flush()
    return volume


def main(folder):
    path = os.path.join(folder, "scan.npy")
    volume = scan(path)
    print(f"{path}: {volume.shape}, {volume.nbytes / 2**30:.0f} GiB; memory {MEMORY / 2**30:.0f} GiB")

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))

    # A quick look at the whole.
    reader.SampleRate = [RATE, RATE, RATE]
    thinned = volume[::RATE, ::RATE, ::RATE]
    check(same(values(reader, "scan"), thinned.ravel()), "SampleRate gives every n-th sample")
    bounds = reader.GetDataInformation().GetBounds()
    check(bounds[1] == COLUMNS - RATE, "at the place where the whole file has it")
    image = os.path.join(folder, "larger_than_memory.png")
    picture(image, reader, "scan", representation="Surface", azimuth=-40, elevation=30)

    # All of a small part.
    reader.SampleRate = [1, 1, 1]
    reader.VOI = [500, 699, 200, 299, 95, 105]  # x, y, z: first and last
    part = volume[95:106, 200:300, 500:700]
    check(same(values(reader, "scan"), part.ravel()), "VOI gives all of a part")
    corner = places(reader, (0, 0, 0))
    check(np.array_equal(corner, [[500, 200, 95]]), "at its place in the whole")
    os.remove(path)


if __name__ == "__main__":
    load_plugin()
    place = results("larger_than_memory")
    main(place)
    print(f"\nAll right.  The picture is in {place}; the file is gone.")
