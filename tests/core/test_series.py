"""Files in a row: their times, their steps, and those that fail alone."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
from npyvtk.errors import FileError, FormatError, NumPyIOError
from npyvtk.layout import ReadOptions
from npyvtk.series import Series, expand
from vtkmodules.util.numpy_support import vtk_to_numpy


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def series(*names, **options):
    return Series(list(names), ReadOptions(**options))


def times(found):
    return [step.time for step in found.steps]


def values(data, name=None):
    return vtk_to_numpy(data.GetPointData().GetArray(name or 0))


def shown(found, time):
    return values(found.load(found.at(time)))[0]


def test_a_row_of_files():
    for k in range(3):
        np.save(f"wave_{k:02}.npy", np.full((5, 6, 7), k))
    found = series(*(f"wave_{k:02}.npy" for k in range(3)))
    assert times(found) == [0, 1, 2]
    assert [shown(found, k) for k in range(3)] == [0, 1, 2]
    assert found.load(found.steps[2]).GetPointData().GetArray(0).GetName() == "wave", "one name for all steps"


def test_files_stay_in_their_order():
    for k, name in enumerate(["b.npy", "a.npy", "c.npy"]):
        np.save(name, np.full((5, 6), k))
    assert [shown(series("b.npy", "a.npy", "c.npy"), k) for k in range(3)] == [0, 1, 2]


@pytest.mark.parametrize(
    ("asked", "step"), [(-5, 0), (0, 0), (0.4, 0), (1, 1), (1.999, 1), (2.5, 2), (99, 3), (None, 0), (1 - 1e-13, 1)]
)
def test_the_latest_step_not_after_the_request(asked, step):
    np.savez("a.npz", a=np.zeros((4, 5, 6, 7)), time=[0, 1, 2.5, 7])
    assert series("a.npz").at(asked).step == step


@pytest.mark.parametrize("values_", [[1e-9, 2e-9, 3e-9], [1e12, 1e12 + 1, 1e12 + 2], [-5, -4.5, 0]])
def test_times_of_any_size_are_met_exactly(values_):
    np.savez("a.npz", a=np.zeros((3, 5, 6, 7)), time=values_)
    found = series("a.npz")
    assert times(found) == values_
    assert [found.at(t).step for t in values_] == [0, 1, 2]


def test_times_from_each_file():
    for k, t in enumerate([0.5, 2, 3.25]):
        np.savez(f"a{k}.npz", a=np.full((5, 6), k), time=t)
    found = series("a0.npz", "a1.npz", "a2.npz")
    assert times(found) == [0.5, 2, 3.25]
    assert shown(found, 2.1) == 1


def test_files_times_steps():
    for k in range(3):
        np.save(f"a{k}.npy", np.arange(2 * 5 * 6 * 7).reshape(2, 5, 6, 7) + 1000 * k)
    found = series("a0.npy", "a1.npy", "a2.npy")
    assert times(found) == [0, 1, 2, 3, 4, 5]
    assert [shown(found, k) for k in range(6)] == [0, 210, 1000, 1210, 2000, 2210]


def test_files_with_steps_and_times():
    for k in range(2):
        np.savez(f"a{k}.npz", a=np.zeros((2, 5, 6, 7)), time=[10 * k, 10 * k + 5])
    assert times(series("a0.npz", "a1.npz")) == [0, 5, 10, 15]


@pytest.mark.parametrize("clock", [(3, 2), (1, 1), (0, None)], ids=["falling", "equal", "one-has-none"])
def test_times_that_do_not_rise_are_counted(clock):
    for k, t in enumerate(clock):
        np.savez(f"a{k}.npz", a=np.full((5, 6), k), **({} if t is None else {"time": t}))
    assert times(series("a0.npz", "a1.npz")) == [0, 1]


def test_one_file_without_time_has_none():
    np.save("a.npy", np.zeros((5, 6)))
    assert not series("a.npy").has_times
    np.savez("a.npz", a=np.zeros((5, 6)), time=3.5)
    assert series("a.npz").has_times


# ---------------------------------------------------------------------------------------------------
# .series


def listed(name, files, **more):
    with open(name, "w", encoding="utf-8") as file:
        json.dump({"file-series-version": "1.0", "files": files, **more}, file)


def test_series_file():
    os.mkdir("data")
    for k in range(3):
        np.save(f"data/a{k}.npy", np.full((5, 6), k))
    listed("a.npy.series", [{"name": f"data/a{k}.npy", "time": t} for k, t in enumerate([0.1, 0.2, 0.7])])
    found = series("a.npy.series")
    assert times(found) == [0.1, 0.2, 0.7]
    assert [shown(found, t) for t in times(found)] == [0, 1, 2]
    os.chdir("data")
    assert shown(series("../a.npy.series"), 0.7) == 2


def test_series_of_one_file():
    np.save("a.npy", np.zeros((5, 6)))
    listed("a.npy.series", [{"name": "a.npy", "time": 4}])
    found = series("a.npy.series")
    assert times(found) == [4]
    assert found.has_times


def test_series_with_a_byte_order_mark_and_without_times():
    np.save("a.npy", np.zeros((5, 6)))
    text = json.dumps({"files": [{"name": "a.npy"}, {"name": "a.npy"}]})
    with open("a.npy.series", "wb") as file:
        file.write(b"\xef\xbb\xbf" + text.encode())
    assert times(series("a.npy.series")) == [0, 1]


@pytest.mark.parametrize(
    "text",
    [
        "", "not json", "[]", "{}", "null", '{"files": 5}', '{"files": {}}', '{"files": []}', '{"files": [5]}',
        '{"files": [{}]}', '{"files": [{"name": 5}]}', '{"files": [{"name": "a", "time": "later"}]}',
        '{"files": [{"name": "a", "time": NaN}]}', '{"files": [{"name": "a", "time": Infinity}]}',
        '{"files": [{"name": "a", "time": [1]}]}', "[" * 5000, '{"files": [{"name": null}]}', "\xff",
    ],
    ids=lambda text: ascii(text[:24]) or "empty",
)  # fmt: skip
def test_a_broken_series_file_says_so(text):
    with open("a.npy.series", "wb") as file:
        file.write(text.encode("latin-1"))
    with pytest.raises(FormatError, match=r"a\.npy\.series") as caught:
        expand("a.npy.series")
    assert "\n" not in str(caught.value)


def test_a_missing_series_file_says_so():
    with pytest.raises(FileError, match="nowhere"):
        expand("nowhere.npy.series")


# ---------------------------------------------------------------------------------------------------
# files that fail alone


def broken(kind, name):
    if kind == "missing":
        os.remove(name)
    elif kind == "cut":
        size = os.path.getsize(name)
        os.truncate(name, size - 40)
    elif kind == "junk":
        with open(name, "wb") as file:
            file.write(b"junk")
    elif kind == "empty":
        os.truncate(name, 0)
    elif kind == "shape":
        np.save(name, np.zeros((5, 9)))
    elif kind == "type":
        np.save(name, np.zeros(9))
    elif kind == "steps":
        np.save(name, np.zeros((2, 5, 6, 7)))


@pytest.mark.parametrize("bad", [0, 1, 2])
@pytest.mark.parametrize("kind", ["missing", "cut", "junk", "empty", "shape", "type", "steps"])
def test_a_wrong_file_fails_alone(kind, bad):
    names = [f"a{k}.npy" for k in range(4)]
    for k, name in enumerate(names):
        np.save(name, np.full((5, 6), k))
    broken(kind, names[bad])
    found = series(*names)
    good = [k for k in range(4) if k != bad]
    if bad == 0 and kind in ("shape", "type", "steps"):
        # The first file stands for all; which one is meant cannot be known.
        assert len([line for line in found.lines if line.startswith("skipped")]) == 3
        return
    assert len(found.steps) == 4
    assert [shown(found, k) for k in good] == good
    with pytest.raises(NumPyIOError, match=names[bad].replace(".", r"\.")) as caught:
        found.load(found.at(bad))
    assert "\n" not in str(caught.value)
    assert [line for line in found.lines if names[bad] in line and line.startswith("skipped")]


def test_times_around_a_broken_file():
    for k, t in enumerate([1, 2, 4]):
        np.savez(f"a{k}.npz", a=np.full((5, 6), k), time=float(t))
    broken("junk", "a1.npz")
    assert times(series("a0.npz", "a1.npz", "a2.npz")) == [1, 2.5, 4]
    broken("junk", "a2.npz")
    assert times(series("a0.npz", "a1.npz", "a2.npz")) == [1, 2, 3]


def test_all_files_wrong_is_the_error_of_the_first():
    for name in ("a.npy", "b.npy"):
        broken("junk", name)
    with pytest.raises(NumPyIOError, match=r"a\.npy"):
        _ = series("a.npy", "b.npy").first


def test_no_file_at_all():
    with pytest.raises(FileError, match="no file name"):
        _ = series().first


def test_a_file_without_a_chosen_array_fails_alone():
    np.savez("a0.npz", a=np.zeros((5, 6)), b=np.zeros((5, 6)))
    np.savez("a1.npz", a=np.ones((5, 6)))
    found = series("a0.npz", "a1.npz")
    with pytest.raises(NumPyIOError, match=r"a1\.npz.*'b'"):
        found.load(found.steps[1], arrays=["a", "b"])
    assert values(found.load(found.steps[1], arrays=["a"]))[0] == 1


def test_other_dtypes_are_no_other_shape():
    np.save("a0.npy", np.zeros((5, 6), "f4"))
    np.save("a1.npy", np.ones((5, 6), ">i2"))
    found = series("a0.npy", "a1.npy")
    assert shown(found, 1) == 1


def test_other_numbers_of_points_are_no_other_shape():
    np.save("a0.npy", np.zeros((50, 3)))
    np.save("a1.npy", np.ones((70, 3)))
    found = series("a0.npy", "a1.npy")
    assert [found.load(step).GetNumberOfPoints() for step in found.steps] == [50, 70]


# ---------------------------------------------------------------------------------------------------
# how much is read


def test_only_headers_then_one_step(reads):
    for k in range(4):
        np.save(f"a{k}.npy", np.full((20, 40, 50), float(k)))
    found = series(*(f"a{k}.npy" for k in range(4)))
    assert len(found.steps) == 4
    assert reads.nbytes < 4 * 8192
    for k in (2, 0, 2):
        reads.clear()
        assert shown(found, k) == k
        assert 20 * 40 * 50 * 8 <= reads.nbytes < 20 * 40 * 50 * 8 + 8192


def test_one_step_of_a_file_with_many(reads):
    np.save("a.npy", np.zeros((10, 20, 40, 50), "f4"))
    found = series("a.npy")
    assert len(found.steps) == 10
    for k in (3, 9, 3):
        reads.clear()
        found.load(found.steps[k])
        assert reads.nbytes < 20 * 40 * 50 * 4 + 8192
