"""Files of thousands of small arrays: what each of them costs does not grow with their number."""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np
import pytest
from npyvtk import read, write
from npyvtk.describe import describe
from npyvtk.files import crc32
from npyvtk.options import ReadOptions
from npyvtk.plan.layout import blocks_of
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


# What a file of so many arrays holds, and how many of them ParaView loads unasked.
TICKED = {
    "one grid": (1200, 1000),
    "rows of a table": (1200, 1000),
    "many shapes": (1200, 1000),
    "columns and rows": (1200, 1000),
    "structured": (600, 1000),  # of two columns each
    "few": (1000, 1000),
    "as many lengths": (500, 368 + 15),  # 368 tables, whose spreadsheet compares 368**3 names, and small remarks
    "scalars": (1200, 1000),
    "scalars beside a grid": (1200, 1000),
}
KINDS_OF_TICKED = {
    **KINDS,
    "few": KINDS["one grid"],
    "as many lengths": lambda k: np.full(2 + k, float(k)),
    "scalars": float,
    "scalars beside a grid": lambda k: float(k) if k else np.zeros((4, 5)),
}


def ticked(path):
    """Return the names that ParaView loads unasked, and the files' plan of them."""
    found = Series([path], ReadOptions())
    names = [name for name in found.names if name not in found.unticked]
    return names, found.root(names)


@pytest.mark.parametrize("kind", TICKED)
def test_paraview_loads_no_more_unasked_than_it_takes(tmp_path, kind):
    count, most = TICKED[kind]
    path = tmp_path / "a.npz"
    np.savez(path, **{f"mode_{k}": KINDS_OF_TICKED[kind](k) for k in range(count)})
    names, root = ticked(str(path))
    assert len(names) == most
    blocks = list(blocks_of(root))
    shown = [plan for block in blocks for plan in (*block.arrays, *block.field_data)]
    shown += [] if len(blocks) == 1 else root.field_data
    assert len(shown) == (most // 2 if kind == "structured" else most)
    assert all(block.arrays for block in blocks)
    lines = describe(str(path)).lines
    aside = [line for line in lines if line.endswith("loads it only when Arrays names it)")]
    if kind == "few":
        assert not aside
        assert "more than ParaView" not in "".join(lines)
    else:
        rest = (2 if kind == "structured" else 1) * count - most
        assert lines[0] == f"{rest} arrays more than ParaView takes without delay: loaded when Arrays names them"
        assert len(aside) == (0 if kind == "structured" else rest)


def test_whole_tables_before_parts_of_many(tmp_path):
    """Those of the first lengths, so that a spreadsheet compares the names of few tables."""
    path = tmp_path / "a.npz"
    np.savez(path, **{f"a{k}": np.zeros(5 + k % 50) for k in range(4000)})
    _names, root = ticked(str(path))
    assert [len(block.arrays) for block in blocks_of(root)] == [80] * 12 + [40]


def test_scripts_read_all_and_what_is_chosen(tmp_path):
    path = save(tmp_path / "a.npz", "rows of a table", 1200)
    assert read(path).GetNumberOfColumns() == 1200
    assert read(path, arrays=["mode_1100", "mode_3"]).GetNumberOfColumns() == 2
    assert read(path, arrays=["mode_1100"]).GetColumn(0).GetValue(4) == 1100


def test_bare_clouds_stay_beside_what_is_left_out(tmp_path):
    """Positions are no arrays that somebody could choose."""
    path = tmp_path / "a.npz"
    clouds = {"one": np.zeros((30, 3)), "two": np.zeros((40, 3))}
    np.savez(
        path, **clouds, **{f"a{k}": np.zeros(50) for k in range(10)}, **{f"f{k}": np.zeros(30) for k in range(1500)}
    )
    names, root = ticked(str(path))
    assert [(block.count, len(block.arrays)) for block in blocks_of(root)] == [(40, 0), (30, 1000)]
    assert names[0] == "f0"


def test_saved_with_more_comes_back_with_all(tmp_path):
    """What ParaView held when it was saved, it holds again."""
    write(tmp_path / "b.npz", read(save(tmp_path / "a.npz", "one grid", 1200)))
    assert len(ticked(str(tmp_path / "b.npz"))[0]) == 1200
