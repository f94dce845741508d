"""Files in a row: their times, their steps, and those that fail alone."""

from __future__ import annotations

import contextlib
import gc
import json
import os

import numpy as np
import pytest
from npyvtk.errors import FileError, FormatError, NumPyIOError
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from npyvtk.series_files import read_series
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


@pytest.mark.parametrize("file_times", [(3, 2), (1, 1), (0, None)], ids=["falling", "equal", "one-has-none"])
def test_times_that_do_not_rise_are_counted(file_times):
    for k, t in enumerate(file_times):
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
        read_series("a.npy.series")
    assert "\n" not in str(caught.value)


def test_a_missing_series_file_says_so():
    with pytest.raises(FileError, match="nowhere"):
        read_series("nowhere.npy.series")


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


def names(data):
    attributes = data.GetPointData()
    return [attributes.GetArrayName(k) for k in range(attributes.GetNumberOfArrays())]


def test_a_file_that_lacks_an_array_shows_the_others_and_says_so():
    np.savez("a0.npz", a=np.zeros((5, 6)), b=np.zeros((5, 6)))
    np.savez("a1.npz", a=np.ones((5, 6)))
    found = series("a0.npz", "a1.npz")
    shown_ = found.load(found.steps[1], arrays=["a", "b"])
    assert names(shown_) == ["a"]
    assert values(shown_, "a")[0] == 1
    assert names(found.load(found.steps[0], arrays=["a", "b"])) == ["a", "b"]
    assert "b: in 1 of 2 files, the steps of the others are shown without it" in found.lines
    assert not [line for line in found.lines if line.startswith("skipped")]


def test_an_array_that_only_later_files_have_is_offered():
    np.savez("a0.npz", a=np.zeros((5, 6)))
    np.savez("a1.npz", a=np.ones((5, 6)), late=np.full((5, 6), 7.0))
    np.savez("a2.npz", late=np.full((5, 6), 8.0))
    found = series("a0.npz", "a1.npz", "a2.npz")
    assert found.names == ("a", "late")
    assert [names(found.load(step, arrays=["late"])) for step in found.steps[1:]] == [["late"], ["late"]]
    with pytest.raises(NumPyIOError, match=r"^a0\.npz: has none of the chosen arrays, only a\.$"):
        found.load(found.steps[0], arrays=["late"])
    assert values(found.load(found.steps[2], arrays=["a", "late"]), "late")[0] == 8
    line = next(line for line in found.lines if line.startswith("late: "))
    assert line.startswith("late: (5, 6) float64, axes yx")
    assert line.endswith("in 2 of 3 files, the steps of the others are shown without it")


def test_an_array_that_no_file_has_is_refused():
    np.savez("a0.npz", a=np.zeros((5, 6)))
    np.savez("a1.npz", b=np.zeros((5, 6)))
    found = series("a0.npz", "a1.npz")
    with pytest.raises(NumPyIOError, match=r"no array 'c'.* it has a, b\."):
        found.load(found.steps[0], arrays=["a", "c"])


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["lost", "gained"])
def test_a_picture_less_is_a_dataset_less_and_the_class_stays(order):
    np.savez("a0.npz", a=np.zeros((5, 6)), b=np.zeros((7, 8)))
    np.savez("a1.npz", a=np.ones((5, 6)))
    found = series(*(f"a{k}.npz" for k in order))
    assert found.names == ("a", "b")
    for step, number in zip(found.steps, order):
        data = found.load(step, arrays=["a", "b"])
        assert data.IsA("vtkPartitionedDataSetCollection")
        assert data.GetNumberOfPartitionedDataSets() == 2 - number
        assert values(data.GetPartitionAsDataObject(0, 0), "a")[0] == number
        assert found.load(step, arrays=["a"]).IsA("vtkImageData"), "one grid is that grid"
    assert names(found.load(found.steps[order.index(0)], arrays=["b"])) == ["b"]


def test_a_picture_of_another_size_still_fails_alone():
    np.savez("a0.npz", a=np.zeros((5, 6)), b=np.zeros((7, 8)))
    np.savez("a1.npz", a=np.ones((9, 6)))
    found = series("a0.npz", "a1.npz")
    with pytest.raises(FormatError, match=r"^a1\.npz: another shape: an image of 6 x 9 x 1 points, where a0\.npz has"):
        found.load(found.steps[1])


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
# what Interpretation says


def line(*names):
    found = [one for one in series(*names).lines if one.startswith("series: ")]
    assert len(found) == 1
    return found[0]


def test_the_line_of_files_and_times():
    for k, t in enumerate([0.5, 2, 3.25]):
        np.savez(f"n{k}.npz", a=np.zeros((5, 6)))
        np.savez(f"t{k}.npz", a=np.zeros((5, 6)), time=t)
        np.save(f"s{k}.npy", np.zeros((2, 5, 6, 7)))
    listed("l.npz.series", [{"name": f"n{k}.npz", "time": t} for k, t in enumerate([0.1, 0.2, 0.7])])
    assert line("n0.npz", "n1.npz", "n2.npz") == "series: 3 files, times 0 to 2, from the order of the files"
    assert line("t0.npz", "t1.npz", "t2.npz") == "series: 3 files, times 0.5 to 3.25, from the files"
    assert line("s0.npy", "s1.npy") == "series: 2 files with 4 time steps, times 0 to 3, from the order of the files"
    assert line("l.npz.series") == "series: 3 files, times 0.1 to 0.7, from the .series file"
    assert line("t1.npz", "t0.npz") == (
        "series: 2 files, times 0 to 1, from the order of the files, as the times in them do not rise"
    )
    assert line("t0.npz", "n1.npz") == (
        "series: 2 files, times 0 to 1, from the order of the files, as not all of them name a time"
    )


def test_one_file_is_no_series():
    np.save("a.npy", np.zeros((5, 6)))
    assert not [one for one in series("a.npy").lines if one.startswith("series: ")]


def test_no_line_repeats_the_folder(tmp_path):
    paths = [str(tmp_path / f"a{k}.npy") for k in range(4)]
    for path in paths:
        np.save(path, np.zeros((5, 6)))
    for path, kind in zip(paths[1:], ("missing", "cut", "shape")):
        broken(kind, path)
    found = series(*paths)
    skipped = [one for one in found.lines if one.startswith("skipped: ")]
    assert [one[9:16] for one in skipped] == ["a1.npy:", "a2.npy:", "a3.npy:"]
    assert not [one for one in found.lines if str(tmp_path) in one]


# ---------------------------------------------------------------------------------------------------
# dates


@pytest.mark.parametrize(
    ("dates", "seconds"),
    [
        (["2020-01-01", "2020-01-02", "2020-03-01"], [0, 86400, 60 * 86400]),
        (["2019", "2020-01-01T00:00:01.5", "2021-01"], [0, 365 * 86400 + 1.5, (365 + 366) * 86400]),
        (["0001-01-01", "2020-01-01T00:00:00.000000001", "9999-12-31"], [0, 63713433600.000000001, 315537811200]),
    ],
    ids=["days", "units", "far-apart"],
)
def test_dates_of_files_lie_on_one_axis(dates, seconds):
    for k, date in enumerate(dates):
        np.savez(f"a{k}.npz", a=np.full((5, 6), k), time=np.datetime64(date))
    found = series("a0.npz", "a1.npz", "a2.npz")
    assert times(found) == seconds
    assert [shown(found, t) for t in seconds] == [0, 1, 2]
    said = next(one for one in found.lines if one.startswith("series: "))
    assert f"seconds since {dates[0]}, from the dates in the files" in said


def test_dates_of_files_with_several_steps():
    for k in range(2):
        days = np.datetime64("2020-02-28") + np.arange(2 * k, 2 * k + 2, dtype="m8[D]")
        np.savez(f"a{k}.npz", a=np.zeros((2, 5, 6, 7)), time=days.astype("M8[D]"))
    assert times(series("a0.npz", "a1.npz")) == [0, 86400, 2 * 86400, 3 * 86400]


def test_dates_that_do_not_rise_and_dates_of_some_files_are_counted():
    for name, date in (("a", "2020-01-02"), ("b", "2020-01-01")):
        np.savez(f"{name}.npz", a=np.zeros((5, 6)), time=np.datetime64(date))
    np.savez("c.npz", a=np.zeros((5, 6)), time=5.0)
    assert times(series("a.npz", "b.npz")) == [0, 1]
    assert times(series("b.npz", "c.npz")) == [0, 1]
    assert "not all of them name a date" in line("b.npz", "c.npz")


# ---------------------------------------------------------------------------------------------------
# how much is read


OTHERS = {
    "sample_rate": (2, 2, 1), "memory_limit": 1 << 30, "memory_map": True, "complex_as": "Real",
    "voi": (0, 3, 0, 3, 0, 0), "pad_vectors": True, "join_vectors": True,
}  # fmt: skip


@pytest.mark.parametrize("name", OTHERS)
def test_what_cannot_change_the_plan_opens_no_file(opens, name):
    for k in range(5):
        np.save(f"a{k}.npy", np.full((5, 6), k + 1j))
    found = series(*(f"a{k}.npy" for k in range(5)))
    plain = found.load(found.steps[3])
    assert len(opens) == 6
    opens.clear()
    chosen = ReadOptions(**{name: OTHERS[name]})
    assert chosen.plans_like(found.options)
    found.options = chosen
    assert len(found.steps) == 5
    assert opens == []
    changed = found.load(found.steps[3])
    assert opens == ["a3.npy"]
    if name in ("sample_rate", "voi"):
        assert changed.GetNumberOfPoints() < plain.GetNumberOfPoints()
    if name == "complex_as":
        assert changed.GetPointData().GetArray(0).GetNumberOfComponents() == 1


def test_only_files_that_failed_are_looked_at_again(opens):
    for k in range(4):
        np.save(f"a{k}.npy", np.full((5, 6), k))
    broken("cut", "a1.npy")
    broken("shape", "a2.npy")
    found = series(*(f"a{k}.npy" for k in range(4)))
    assert len(found.steps) == 4
    np.save("a1.npy", np.full((5, 6), 1))
    opens.clear()
    assert found.forget_failures()
    assert [line for line in found.lines if line.startswith("skipped: ")] == [f"skipped: {found._files[2].error}"]
    assert opens == ["a1.npy", "a2.npy"]
    assert shown(found, 1) == 1
    np.save("a2.npy", np.full((5, 6), 2))
    assert found.forget_failures()
    assert shown(found, 2) == 2
    assert not found.forget_failures()


@pytest.mark.parametrize(
    "option", [{"axes": "xy"}, {"dataset_type": "Table"}, {"association": "Cell Data"}, {"spacing": (1, 1, 2)}], ids=str
)
def test_what_can_change_the_plan_does_not_plan_alike(option):
    assert not ReadOptions(**option).plans_like(ReadOptions())


def test_broken_files_leave_no_garbage():
    np.save("a0.npy", np.zeros((5, 6)))
    for k in range(1, 6):
        np.save(f"a{k}.npy", np.zeros((5, 6)))
        broken("junk", f"a{k}.npy")
    gc.collect()
    gc.disable()
    try:
        found = series(*(f"a{k}.npy" for k in range(6)))
        _ = found.lines
        with contextlib.suppress(NumPyIOError):
            found.load(found.steps[1])
        del found
        assert gc.collect() == 0
    finally:
        gc.enable()


# ---------------------------------------------------------------------------------------------------
# told to other ranks


def test_another_rank_opens_only_the_file_of_its_step(opens):
    for k in range(4):
        np.savez(f"a{k}.npz", a=np.full((5, 6), k), time=np.datetime64(f"2020-01-0{k + 1}"), spacing=(1, 2, 3))
    broken("junk", "a1.npz")
    np.savez("a3.npz", a=np.full((5, 6), 3), b=np.zeros((5, 6)), time=np.datetime64("2020-01-09"))
    known = series(*(f"a{k}.npz" for k in range(4)))
    text = known.dump()
    assert opens == [f"a{k}.npz" for k in range(4)]
    opens.clear()
    other = Series.restore(text, known.options)
    assert (other.steps, other.names, other.lines, other.name) == (known.steps, known.names, known.lines, known.name)
    assert str(other.root(["a"])) == str(known.root(["a"]))
    assert opens == []
    assert values(other.load(other.steps[2]))[0] == 2
    assert opens == ["a2.npz"]
    with pytest.raises(type(known._files[1].error), match=r"a1\.npz"):
        other.load(other.steps[1])
    assert opens == ["a2.npz"]


def test_a_long_series_of_alike_files_is_told_in_few_words():
    for k in range(50):
        np.savez(f"a{k:02}.npz", time=k, **{f"array{j}": np.zeros((5, 6)) for j in range(20)})
    text = series(*(f"a{k:02}.npz" for k in range(50))).dump()
    one = series("a00.npz").dump()
    assert len(text) < len(one) + 50 * 4000


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


def film_and_still(path, **more):
    np.savez(path, film=np.zeros((5, 4, 6)), short=np.ones((3, 4, 6)), still=np.zeros((4, 6)), **more)
    return str(path)


@pytest.mark.parametrize(
    ("names", "times"),
    [
        (["film", "still"], [0, 2, 4, 6, 8]),
        (["film"], [0, 2, 4, 6, 8]),
        (["short", "still"], [0, 2, 4]),
        (["still"], [0]),
        (["no such name"], [0, 2, 4, 6, 8]),
        (None, [0, 2, 4, 6, 8]),
    ],
    ids=str,
)
def test_time_steps_are_those_of_the_chosen_arrays(tmp_path, names, times):
    found = Series([film_and_still(tmp_path / "a.npz", time=2.0 * np.arange(5))], ReadOptions(axes="tyx"))
    found.count(names)
    assert [step.time for step in found.steps] == times
    found.count(None)
    assert len(found.steps) == 5


def test_steps_that_are_chosen_follow_each_other_over_files(tmp_path):
    files = [film_and_still(tmp_path / f"{k}.npz", time=np.arange(5.0) + 10 * k) for k in range(2)]
    found = Series(files, ReadOptions(axes="tyx"))
    found.count(["short"])
    assert [step.time for step in found.steps] == [0, 1, 2, 10, 11, 12]
    assert [(step.file, step.step) for step in found.steps[2:4]] == [(0, 2), (1, 0)]
    last = found.load(found.at(12), arrays=["short"])
    assert last.GetPointData().GetArray("short").GetValue(0) == 1


def test_steps_without_times_are_counted_as_chosen(tmp_path):
    found = Series([film_and_still(tmp_path / "a.npz")], ReadOptions(axes="tyx"))
    found.count(["short"])
    assert [step.time for step in found.steps] == [0, 1, 2]
    found.count(["still"])
    assert not found.has_times
