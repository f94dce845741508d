"""What every store of arrays does, as tests that each kind of store inherits.

A class of tests gives one kind: `opened` returns a store that holds an array under the name ``a``.
"""

from __future__ import annotations

import os
import sys
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.errors import Aborted, FileError, FormatError, LimitError, NumPyIOError
from npyvtk.files import file_store, slices, source
from npyvtk.files.open_store import open_store
from npyvtk.files.store import Request
from test_npy import DTYPES, same, values_of
from test_slices import selections

CHANGING = values_of("<i4", (20, 100, 300))


def whole(shape):
    return tuple(slice(0, n, 1) for n in shape)


def collected(opened, name, selection, **options):
    """What `put` was given, each index once."""
    spec = opened.arrays[name]
    shape = tuple(len(range(s.start, s.stop, s.step)) for s in selection)
    result, times = np.zeros(shape, spec.dtype), np.zeros(shape, np.uint8)

    def put(index, block):
        assert isinstance(index, tuple)
        assert block.shape == result[index].shape
        assert block.dtype == spec.dtype
        result[index] = block
        times[index] += 1

    opened.read(name, selection, put, **options)
    assert (times == 1).all()
    return result


def read_all(opened):
    """The array, read straight into its place."""
    result = np.zeros(opened.arrays["a"].shape, opened.arrays["a"].dtype)
    opened.read("a", whole(result.shape), result.__setitem__, direct=result)
    return result


def in_threads(count, action):
    """Do ``action(number)`` in so many threads, which begin at once and take turns as often as can be."""
    barrier, failed = threading.Barrier(count), []

    def run(number):
        try:
            barrier.wait(600)
            action(number)
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    if failed:
        raise failed[0]


@pytest.mark.filterwarnings("ignore:Stored array in format")  # NumPy's word for names that are not Latin
class StoreContract:
    """Any part of any array equals NumPy's."""

    def opened(self, folder, values):
        """Return a store that holds `values` as ``a``."""
        raise NotImplementedError

    @pytest.mark.parametrize("order", "CF")
    @pytest.mark.parametrize("dtype", DTYPES, ids=str)
    def test_every_type_and_order(self, tmp_path, dtype, order):
        values = np.array(values_of(dtype, (4, 5, 6)), order=order)
        picks = [
            whole(values.shape),
            np.s_[1:3:1, 0:5:2, 2:3:1],
            np.s_[2:3:1, 1:1:1, 0:6:1],
            np.s_[0:4:3, 0:5:4, 0:6:5],
        ]
        with self.opened(tmp_path, values) as opened:
            assert same(opened.array("a"), values)
            for selection in picks:
                expected = values[selection]
                assert same(collected(opened, "a", selection), np.array(expected))
                direct = np.zeros(expected.shape, values.dtype, order)
                opened.read("a", selection, direct.__setitem__, direct=direct)
                assert same(direct, np.array(expected))

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        shaped=selections(),
        order=st.sampled_from("CF"),
        block=st.integers(1, 300),
        gap=st.integers(0, 100),
    )
    def test_any_selection_equals_numpys(self, tmp_path_factory, shaped, order, block, gap):
        shape, selection = shaped
        values = np.array(values_of("<i4", shape), order=order)
        folder = tmp_path_factory.mktemp("any")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(slices, "SHORT_RUN_BYTES", block)
            patch.setattr(slices.ReadPlan.blocks, "__defaults__", (block, gap))
            patch.setattr(file_store, "THREADED_BYTES", 100)
            patch.setattr(file_store, "THREADED_STREAM_BYTES", 100)
            with self.opened(folder, values) as opened:
                assert same(collected(opened, "a", selection), np.array(values[selection]))
                direct = np.zeros(values[selection].shape, "<i4", order)
                opened.read("a", selection, direct.__setitem__, direct=direct)
                assert same(direct, np.array(values[selection]))

    def test_put_is_not_called_where_bytes_go_straight(self, tmp_path):
        values = values_of("<f4", (30, 40, 50))

        def never(*_):
            raise AssertionError

        for order in "CF":
            with self.opened(tmp_path, np.array(values, order=order)) as opened:
                for selection in (whole(values.shape), np.s_[3:9:1, 2:40:3, 5:6:1]):
                    direct = np.empty(values[selection].shape, "<f4", order)
                    opened.read("a", selection, never, direct=direct)
                    assert same(direct, np.array(values[selection]))

    @pytest.mark.parametrize(("stored_dtype", "direct_dtype"), [("?", "u1"), ("<M8[s]", "<i8"), ("<f4", "<u4")])
    def test_the_destination_may_be_another_type_of_that_size(self, tmp_path, stored_dtype, direct_dtype):
        values = values_of(stored_dtype, (5, 7))
        with self.opened(tmp_path, values) as opened:
            for selection in (whole((5, 7)), np.s_[1:5:2, 0:7:3]):
                direct = np.zeros(values[selection].shape, direct_dtype)
                opened.read("a", selection, None, direct=direct)
                assert same(direct, np.array(values[selection]).view(direct_dtype))

    def test_other_byte_order_goes_through_put(self, tmp_path):
        values = values_of(">f4", (5, 7))
        with self.opened(tmp_path, values) as opened:
            direct = np.full((5, 7), 3, "<f4")
            result = collected(opened, "a", whole((5, 7)), direct=direct)
            assert same(result, values)
            assert (direct == 3).all()

    def test_a_destination_of_another_shape_is_a_mistake(self, tmp_path):
        with self.opened(tmp_path, values_of("<f4", (5, 7))) as opened, pytest.raises(ValueError, match="shape"):
            opened.read("a", whole((5, 7)), None, direct=np.zeros((5, 6), "<f4"))

    @pytest.mark.parametrize(
        "selection", [np.s_[0:5:1], np.s_[0:5:1, 0:8:1], np.s_[0:5, 0:7:1], np.s_[3:1:1, 0:7:1]], ids=str
    )
    def test_a_selection_that_is_not_normalised_is_a_mistake(self, tmp_path, selection):
        selection = selection if isinstance(selection, tuple) else (selection,)
        with self.opened(tmp_path, values_of("<f4", (5, 7))) as opened, pytest.raises(ValueError, match="normalised"):
            opened.read("a", selection, None)

    @pytest.mark.parametrize("put_raises", [False, True])
    def test_what_progress_and_put_raise_ends_the_reading(self, tmp_path, monkeypatch, put_raises):
        monkeypatch.setattr("npyvtk.files.threads.REPORT_SECONDS", 0)
        values = (np.arange(40 * 300 * 300) % 1009).reshape(40, 300, 300)
        calls = []

        def stop(*_):
            calls.append(threading.get_ident())
            # The other thread may do nearly all, and only this one reports.
            if len(calls) >= (2 if put_raises else 1):
                raise Aborted("stopped")

        def fine(*_):
            pass

        with self.opened(tmp_path, values) as opened:
            put, progress = (stop, None) if put_raises else (fine, stop)
            with pytest.raises(Aborted, match="stopped"):
                opened.read("a", whole(values.shape), put, progress=progress)
            assert len(calls) <= 8  # each thread may have been at a block
            assert put_raises or set(calls) == {threading.get_ident()}
            assert same(opened.array("a"), values), "the store is usable afterwards"
        assert threading.active_count() == 1

    def test_many_threads_read_from_one_store(self, tmp_path, monkeypatch):
        monkeypatch.setattr(file_store, "THREADED_BYTES", 1000)
        monkeypatch.setattr(file_store, "THREADED_STREAM_BYTES", 1000)
        values = values_of("<i4", (40, 50, 60))
        with self.opened(tmp_path, values) as opened:

            def read(number):
                for k in range(6):
                    selection = (slice((number + k) % 5, 40, 5), slice(0, 50, 1), slice(k, 60, 7))
                    expected = np.array(values[selection])
                    direct = np.zeros(expected.shape, "<i4")
                    requests = [Request("a", selection, direct.__setitem__, direct)] * 2
                    opened.read_many(requests)
                    assert same(direct, expected)
                    assert same(collected(opened, "a", selection), expected)

            in_threads(8, read)


class FileContract(StoreContract):
    """What stores of files do beside: how they end where memory, threads or the file do."""

    def test_a_destination_of_other_order_goes_through_put(self, tmp_path):
        values = values_of("<f4", (5, 7))
        with self.opened(tmp_path, values) as opened:
            assert same(collected(opened, "a", whole((5, 7)), direct=np.zeros((5, 7), "<f4", "F")), values)

    @pytest.mark.once
    @pytest.mark.parametrize("order", "CF")
    @pytest.mark.parametrize("dtype", ["<f4", ">f4"])
    def test_memory_beside_the_result_is_bounded(self, tmp_path, peak_memory, dtype, order):
        values = np.array((np.arange(64 * 512 * 512) % 1009).reshape(64, 512, 512).astype(dtype), order=order)
        result = np.empty_like(values, "<f4")
        with self.opened(tmp_path, values) as opened:
            for selection in (whole(values.shape), np.s_[0:64:1, 0:512:1, 3:4:1], np.s_[0:64:3, 0:512:5, 0:512:7]):
                target = (
                    result[selection]
                    if selection == whole(values.shape)
                    else np.empty(values[selection].shape, "<f4", order)
                )
                peak = peak_memory(lambda s=selection, t=target: opened.read("a", s, t.__setitem__, direct=t))
                assert np.array_equal(target, values[selection])
                assert peak < 16 << 20

    def test_without_any_other_thread(self, tmp_path, monkeypatch):
        def start(_):
            raise RuntimeError("can't start new thread")

        monkeypatch.setattr(threading.Thread, "start", start)
        values = np.arange(1_000_000)
        with self.opened(tmp_path, values) as opened:
            assert same(opened.array("a"), values)

    def test_memory_that_runs_out_is_one_line(self, tmp_path, monkeypatch):
        def put(*_):
            raise MemoryError

        with self.opened(tmp_path, np.arange(10)) as opened, pytest.raises(LimitError, match="not enough memory"):
            opened.read("a", (slice(0, 10, 1),), put)

        def read_at(*_):
            raise MemoryError

        monkeypatch.setattr(source, "_read_at", read_at)
        with pytest.raises(LimitError, match="not enough memory"):
            open_store(opened.path)

    def test_many_threads_open_the_file(self, tmp_path):
        values = values_of("<i4", (40, 50, 60))
        path = self.opened(tmp_path, values).path

        def read(number):
            for k in range(4):
                with open_store(path) as opened:
                    selection = (slice((number + k) % 5, 40, 5), slice(0, 50, 1), slice(0, 60, 1))
                    assert same(collected(opened, next(iter(opened.arrays)), selection), np.array(values[selection]))

        in_threads(8, read)

    # -- a file that changes -----------------------------------------------------------------------

    @pytest.fixture
    def changing(self, tmp_path):
        """Open a file that then changes."""
        with self.opened(tmp_path, CHANGING) as store:
            yield store

    def test_cut_short(self, changing):
        os.truncate(changing.path, os.path.getsize(changing.path) // 2)
        with pytest.raises(FormatError, match="cut short"):
            read_all(changing)
        with pytest.raises(FormatError, match="cut short"):
            open_store(changing.path)

    def test_emptied(self, changing):
        os.truncate(changing.path, 0)
        with pytest.raises(FormatError, match="cut short"):
            read_all(changing)
        with pytest.raises(FormatError, match="the file is empty"):
            open_store(changing.path)

    def test_grown(self, changing):
        with open(changing.path, "ab") as file:
            file.write(b"more")
        assert same(read_all(changing), CHANGING)

    @pytest.mark.posix
    def test_replaced(self, changing, tmp_path):
        os.mkdir(tmp_path / "new")
        self.opened(tmp_path / "new", CHANGING + 1).close()
        os.replace(tmp_path / "new" / os.path.basename(changing.path), changing.path)
        assert same(read_all(changing), CHANGING), "the opened file is still the old one"
        with open_store(changing.path) as new:
            assert new.stat != changing.stat
            assert same(new.array("a"), CHANGING + 1)

    @pytest.mark.posix
    def test_deleted(self, changing):
        os.remove(changing.path)
        assert same(read_all(changing), CHANGING)
        with pytest.raises(FileError, match="there is no such file"):
            open_store(changing.path)

    def test_rewritten_in_place_with_another_array(self, changing, tmp_path):
        os.mkdir(tmp_path / "new")
        self.opened(tmp_path / "new", CHANGING.reshape(100, 20, 300)[::-1] * 2).close()
        with open(tmp_path / "new" / os.path.basename(changing.path), "rb") as new:
            raw = new.read()
        size = os.path.getsize(changing.path)
        with open(changing.path, "r+b") as file:
            file.write(raw.ljust(size, b"\0"))
        os.utime(changing.path, ns=(1, 1))
        with pytest.raises((FileError, FormatError), match=r"Reload it|written again|cut short|damaged"):
            read_all(changing)

    def test_written_while_it_is_read(self, changing):
        def put(index, block):  # noqa: ARG001
            os.utime(changing.path, ns=(1, 1))

        with pytest.raises(FileError, match="changed while it was being read"):
            changing.read("a", whole(CHANGING.shape), put)

    def test_cut_short_while_it_is_read(self, tmp_path, monkeypatch):
        values = values_of("<i4", (200, 100, 300))
        plain, state = source._read_at, {"left": 3}
        with self.opened(tmp_path, values) as opened:

            def cutting(file, buffer, offset):
                state["left"] -= 1
                if state["left"] == 0:
                    os.truncate(opened.path, 1000)
                return plain(file, buffer, offset)

            monkeypatch.setattr(source, "_read_at", cutting)
            with pytest.raises(NumPyIOError, match=r"cut short|changed"):
                opened.array("a")
