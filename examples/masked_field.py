"""Measurements with gaps: NaN where nothing is known, in a colour of their own, or cut away.

NumPy's masked arrays lose their mask in ``numpy.save``; fill them with NaN first.
Run by ``pvpython examples/masked_field.py [FOLDER]``.
"""

from __future__ import annotations

import os

import numpy as np
from common import check, information, load_plugin, picture, places, results, values
from paraview.simple import GetColorTransferFunction, OpenDataFile, Threshold


def sea():
    """Return temperatures of a sea with islands: (120, 200) masked float32, first axis y."""
    y, x = np.mgrid[0:120, 0:200]
    temperature = 18 + 4 * np.sin(x / 30) * np.cos(y / 25) - y / 20
    land = (np.hypot(x - 60, y - 50) < 22) | (np.hypot(x - 150, y - 80) < 15)
    return np.ma.masked_array(temperature.astype(np.float32), mask=land)


def main(folder):
    temperature = sea()
    path = os.path.join(folder, "sea.npy")
    np.save(path, temperature.filled(np.nan))

    reader = OpenDataFile(path)
    print(information(reader, "Interpretation"))
    found = values(reader, "sea")
    expected = temperature.filled(np.nan).ravel()
    check(np.array_equal(found, expected, equal_nan=True), "every value is there, and so is every gap")
    corners = places(reader, (0, 0, 0), (199, 0, 0), (0, 119, 0))
    check(np.array_equal(corners, [[0, 0, 0], [199, 0, 0], [0, 119, 0]]), "columns lie along x, rows along y")
    low, high = reader.PointData["sea"].GetRange()
    check((low, high) == (temperature.min(), temperature.max()), "the range is that of the known values")

    # Gaps in a colour of their own: nothing is copied, however large the array.
    colours = GetColorTransferFunction("sea")
    colours.NanColor = [0.45, 0.36, 0.25]
    picture(os.path.join(folder, "masked_field.png"), reader, "sea")

    # Or without them: Threshold keeps what lies between two values, and NaN lies nowhere.
    known = Threshold(Input=reader, Scalars=["POINTS", "sea"], LowerThreshold=low, UpperThreshold=high)
    kept = values(known, "sea")
    check(not np.isnan(kept).any(), "Threshold cuts the gaps away")
    check(kept.size == temperature.count(), "and nothing else")
    picture(os.path.join(folder, "masked_field_cut.png"), known, "sea")


if __name__ == "__main__":
    load_plugin()
    place = results("masked_field")
    main(place)
    print(f"\nAll right.  The file and the pictures are in {place}")
