"""Files of thousands of small arrays: what each of them costs does not grow with their number."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest
from npyvtk import read, write
from npyvtk.files import crc32
from npyvtk.options import ReadOptions
from npyvtk.series import Series

KINDS = {
    "one grid": lambda k: np.full((4, 5, 6), k),
    "rows of a table": lambda k: np.full(20, k),
    "many shapes": lambda k: np.full((3 + k % 90, 5 + k % 7, 3), k),
    "columns and rows": lambda k: np.full((1, 5 + k % 40) if k % 2 else 5 + k % 40, float(k)),
    "structured": lambda k: np.full(20, k, [("a", "f4"), ("b", "f4")]),
}


def save(path, kind, count):
    np.savez(path, **{f"mode_{k}": KINDS[kind](k) for k in range(count)})
    return str(path)


def calls(work):
    """Count how often Python's code is entered: functions, and each step of generators."""
    found = Counter()

    def note(frame, event, _argument):
        if event == "call":
            found[frame.f_code.co_filename, frame.f_code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(before)
    return sum(found.values())


def grows_with(work, first, second):
    """Return how many times as much `work` has to do for the second file as for the first."""
    work(first)  # what is done once, such as imports
    return calls(lambda: work(second)) / calls(lambda: work(first))


def opened_and_read(path):
    found = Series([path], ReadOptions())
    names = found.names
    found.root(names)
    return found.lines, found.load(found.at(None), arrays=names)


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_to_open_and_read_is_linear(tmp_path, kind):
    paths = [save(tmp_path / f"{count}.npz", kind, count) for count in (200, 800)]
    assert grows_with(opened_and_read, *paths) < 4.4


@pytest.mark.once
@pytest.mark.parametrize("kind", KINDS)
def test_to_save_is_linear(tmp_path, kind):
    data = [read(save(tmp_path / f"{count}.npz", kind, count)) for count in (200, 800)]
    assert grows_with(lambda one: write(tmp_path / "out.npz", one), *data) < 4.4


def test_a_small_member_needs_no_sum_of_checksums(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(crc32, "_shift", asked.append)
    for kind in KINDS:
        read(save(tmp_path / "a.npz", kind, 50))
    assert asked == []


def test_each_array_has_its_own_values_and_names(tmp_path):
    data = read(save(tmp_path / "a.npz", "one grid", 300)).GetPointData()
    assert [data.GetArrayName(k) for k in range(300)] == [f"mode_{k}" for k in range(300)]
    assert [data.GetArray(f"mode_{k}").GetValue(7) for k in range(300)] == list(range(300))
