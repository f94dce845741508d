"""Stores: any part of any array equals NumPy's, from every kind of file, and reads no more than it must."""

from __future__ import annotations

import errno
import os
import threading
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.errors import Aborted, FileError, FormatError, LimitError, NumPyIOError
from npyvtk.files import file_store, slices, source, store
from npyvtk.files.open_store import open_store
from npyvtk.files.store import MemoryStore, Request
from test_npy import DTYPES, same, values_of
from test_slices import selections

KINDS = ["npy", "npz stored", "npz deflated", "memory"]


def whole(shape):
    return tuple(slice(0, n, 1) for n in shape)


def stored_as(kind, folder, values, name="a"):
    """A store that holds `values`, of the given kind."""
    if kind == "memory":
        return MemoryStore({name: values})
    path = os.path.join(folder, "a.npy" if kind == "npy" else "a.npz")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Stored array in format")  # NumPy's word for non-latin names
        save(kind, path, values, name)
    return open_store(path)


def save(kind, path, values, name):
    if kind == "npy":
        np.save(path, values)
    elif kind == "npz stored":
        np.savez(path, **{name: values})
    else:
        np.savez_compressed(path, **{name: values})


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


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_every_type_and_order(tmp_path, dtype, order, kind):
    values = np.array(values_of(dtype, (4, 5, 6)), order=order)
    picks = [whole(values.shape), np.s_[1:3:1, 0:5:2, 2:3:1], np.s_[2:3:1, 1:1:1, 0:6:1], np.s_[0:4:3, 0:5:4, 0:6:5]]
    with stored_as(kind, tmp_path, values) as opened:
        assert same(opened.array("a"), values)
        for selection in picks:
            expected = values[selection]
            assert same(collected(opened, "a", selection), np.array(expected))
            direct = np.zeros(expected.shape, values.dtype, order)
            opened.read("a", selection, direct.__setitem__, direct=direct)
            assert same(direct, np.array(expected))


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    shaped=selections(),
    kind=st.sampled_from(KINDS),
    order=st.sampled_from("CF"),
    block=st.integers(1, 300),
    gap=st.integers(0, 100),
)
def test_any_selection_equals_numpys(tmp_path_factory, shaped, kind, order, block, gap):
    shape, selection = shaped
    values = np.array(values_of("<i4", shape), order=order)
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(slices, "SHORT_RUN_BYTES", block)
        patch.setattr(slices.ReadPlan.blocks, "__defaults__", (block, gap))
        patch.setattr(file_store, "THREADED_BYTES", 100)
        patch.setattr(file_store, "THREADED_STREAM_BYTES", 100)
        with stored_as(kind, folder, values) as opened:
            assert same(collected(opened, "a", selection), np.array(values[selection]))
            direct = np.zeros(values[selection].shape, "<i4", order)
            opened.read("a", selection, direct.__setitem__, direct=direct)
            assert same(direct, np.array(values[selection]))


@pytest.mark.parametrize("kind", KINDS)
def test_put_is_not_called_where_bytes_go_straight(tmp_path, kind):
    values = values_of("<f4", (30, 40, 50))

    def never(*_):
        raise AssertionError

    for order in "CF":
        with stored_as(kind, tmp_path, np.array(values, order=order)) as opened:
            for selection in (whole(values.shape), np.s_[3:9:1, 2:40:3, 5:6:1]):
                direct = np.empty(values[selection].shape, "<f4", order)
                opened.read("a", selection, never, direct=direct)
                assert same(direct, np.array(values[selection]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("stored_dtype", "direct_dtype"), [("?", "u1"), ("<M8[s]", "<i8"), ("<f4", "<u4")])
def test_the_destination_may_be_another_type_of_that_size(tmp_path, stored_dtype, direct_dtype, kind):
    values = values_of(stored_dtype, (5, 7))
    with stored_as(kind, tmp_path, values) as opened:
        for selection in (whole((5, 7)), np.s_[1:5:2, 0:7:3]):
            direct = np.zeros(values[selection].shape, direct_dtype)
            opened.read("a", selection, None, direct=direct)
            assert same(direct, np.array(values[selection]).view(direct_dtype))


@pytest.mark.parametrize("kind", KINDS)
def test_other_byte_order_goes_through_put(tmp_path, kind):
    values = values_of(">f4", (5, 7))
    with stored_as(kind, tmp_path, values) as opened:
        direct = np.full((5, 7), 3, "<f4")
        result = collected(opened, "a", whole((5, 7)), direct=direct)
        assert same(result, values)
        assert (direct == 3).all()


@pytest.mark.parametrize("kind", KINDS[:3])
def test_a_destination_of_other_order_goes_through_put(tmp_path, kind):
    values = values_of("<f4", (5, 7))
    with stored_as(kind, tmp_path, values) as opened:
        assert same(collected(opened, "a", whole((5, 7)), direct=np.zeros((5, 7), "<f4", "F")), values)


def test_a_destination_of_another_shape_is_a_mistake(tmp_path):
    with stored_as("npy", tmp_path, values_of("<f4", (5, 7))) as opened, pytest.raises(ValueError, match="shape"):
        opened.read("a", whole((5, 7)), None, direct=np.zeros((5, 6), "<f4"))


@pytest.mark.parametrize(
    "selection", [np.s_[0:5:1], np.s_[0:5:1, 0:8:1], np.s_[0:5, 0:7:1], np.s_[3:1:1, 0:7:1]], ids=str
)
def test_a_selection_that_is_not_normalised_is_a_mistake(tmp_path, selection):
    selection = selection if isinstance(selection, tuple) else (selection,)
    with stored_as("npy", tmp_path, values_of("<f4", (5, 7))) as opened, pytest.raises(ValueError, match="normalised"):
        opened.read("a", selection, None)


# -- how much is read ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def volume(tmp_path_factory):
    tmp_path = tmp_path_factory.mktemp("volume")
    values = np.random.default_rng(0).integers(0, 1000, (64, 128, 256), np.int32)
    np.save(tmp_path / "v.npy", values)
    np.savez(tmp_path / "s.npz", other=values[:1], v=values)
    np.savez_compressed(tmp_path / "d.npz", other=values[:1], v=values)
    return tmp_path, values


def test_opening_reads_headers_only(volume, reads):
    folder, _ = volume
    for name, most in (("v.npy", 10_000), ("s.npz", 100_000), ("d.npz", 100_000)):
        reads.clear()
        open_store(folder / name).close()
        assert reads.nbytes < most


PLACES = {
    "all": (np.s_[0:64:1, 0:128:1, 0:256:1], 1),
    "half": (np.s_[0:32:1, 0:128:1, 0:256:1], 1),
    "z plane": (np.s_[9:10:1, 0:128:1, 0:256:1], 1),
    "y plane": (np.s_[0:64:1, 9:10:1, 0:256:1], 1),
    "slab of y": (np.s_[0:64:1, 0:64:1, 0:256:1], 1),
    "one value": (np.s_[9:10:1, 9:10:1, 9:10:1], 1),
    "every 16th z": (np.s_[0:64:16, 0:128:1, 0:256:1], 1),
}


@pytest.mark.parametrize("name", ["v.npy", "s.npz"])
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_reads_what_is_selected(volume, reads, place, name):
    folder, values = volume
    selection, factor = place
    with open_store(folder / name) as opened:
        for direct in (None, np.empty(values[selection].shape, values.dtype)):
            reads.clear()
            result = np.zeros(values[selection].shape, values.dtype)
            opened.read("v", selection, result.__setitem__, direct=direct)
            assert np.array_equal(result if direct is None else direct, values[selection])
            assert reads.nbytes <= factor * values[selection].nbytes + 100


def test_an_x_plane_takes_few_reads(volume, reads):
    folder, values = volume
    with open_store(folder / "v.npy") as opened:
        reads.clear()
        result = collected(opened, "v", np.s_[0:64:1, 0:128:1, 9:10:1])
    assert np.array_equal(result, values[:, :, 9:10])
    assert len(reads) <= 10
    assert reads.nbytes <= values.nbytes


def test_no_array_is_read_twice_and_no_other(volume, reads):
    folder, values = volume
    with open_store(folder / "s.npz") as opened:
        reads.clear()
        opened.array("other")
        assert reads.nbytes <= values[:1].nbytes + 200


def test_a_part_of_a_deflated_member_stops_early(volume, reads):
    folder, values = volume
    size = os.path.getsize(folder / "d.npz")
    with open_store(folder / "d.npz") as opened:
        reads.clear()
        result = collected(opened, "v", np.s_[0:6:1, 0:128:1, 0:256:1])
    assert np.array_equal(result, values[:6])
    assert reads.nbytes < size / 4


@pytest.mark.parametrize("kind", KINDS[:3])
@pytest.mark.parametrize("order", "CF")
@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
def test_memory_beside_the_result_is_bounded(tmp_path, peak_memory, dtype, order, kind):
    values = np.array((np.arange(64 * 512 * 512) % 1009).reshape(64, 512, 512).astype(dtype), order=order)
    result = np.empty_like(values, "<f4")
    with stored_as(kind, tmp_path, values) as opened:
        for selection in (whole(values.shape), np.s_[0:64:1, 0:512:1, 3:4:1], np.s_[0:64:3, 0:512:5, 0:512:7]):
            target = (
                result[selection]
                if selection == whole(values.shape)
                else np.empty(values[selection].shape, "<f4", order)
            )
            peak = peak_memory(lambda s=selection, t=target: opened.read("a", s, t.__setitem__, direct=t))
            assert np.array_equal(target, values[selection])
            assert peak < 16 << 20


def test_a_preview_of_a_huge_file(tmp_path, reads, peak_memory):
    path, n = tmp_path / "huge.npy", 2500
    shape = (n, n, n)
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": shape})
        begin = file.tell()
        file.truncate(begin + 8 * n**3)
        file.seek(begin + 8 * (n * n * 100 + n * 200 + 300))
        file.write(np.float64(7).tobytes())
    result = np.empty((25, 25, 25))

    def preview():
        with open_store(path) as opened:
            opened.read("huge", (slice(0, n, 100),) * 3, None, direct=result)

    assert peak_memory(preview) < 4 << 20
    assert reads.nbytes < 25 * 25 * 8 * n + 10_000
    assert result[1, 2, 3] == 7
    assert result.sum() == 7


# -- threads, progress, abort ----------------------------------------------------------------------


def test_one_store_serves_several_threads(volume):
    folder, values = volume
    for name in ("v.npy", "s.npz", "d.npz"):
        with open_store(folder / name) as opened:
            results = [np.empty_like(values[i::8]) for i in range(8)]
            threads = [
                threading.Thread(
                    target=opened.read,
                    args=("v", (slice(i, 64, 8), slice(0, 128, 1), slice(0, 256, 1)), r.__setitem__),
                    kwargs={"direct": r},
                )
                for i, r in enumerate(results)
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        for i, result in enumerate(results):
            assert np.array_equal(result, values[i::8])


@pytest.mark.parametrize("compressed", [False, True])
def test_several_members_at_once(tmp_path, compressed):
    arrays = {f"m{i}": values_of("<i4", (i + 1, 500, 500), i) for i in range(5)}
    (np.savez_compressed if compressed else np.savez)(tmp_path / "m.npz", **arrays)
    results = {name: np.empty_like(values) for name, values in arrays.items()}
    fractions = []
    with open_store(tmp_path / "m.npz") as opened:
        opened.read_many(
            [Request(n, whole(r.shape), r.__setitem__, r) for n, r in results.items()], progress=fractions.append
        )
    for name, values in arrays.items():
        assert same(results[name], values)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("put_raises", [False, True])
def test_what_progress_and_put_raise_ends_the_reading(tmp_path, monkeypatch, kind, put_raises):
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

    with stored_as(kind, tmp_path, values) as opened:
        put, progress = (stop, None) if put_raises else (fine, stop)
        with pytest.raises(Aborted, match="stopped"):
            opened.read("a", whole(values.shape), put, progress=progress)
        assert len(calls) <= 8  # each thread may have been at a block
        assert put_raises or set(calls) == {threading.get_ident()}
        assert same(opened.array("a"), values), "the store is usable afterwards"
    assert threading.active_count() == 1


@pytest.mark.parametrize("kind", KINDS[:3])
def test_without_any_other_thread(tmp_path, monkeypatch, kind):
    def start(_):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    values = np.arange(1_000_000)
    with stored_as(kind, tmp_path, values) as opened:
        assert same(opened.array("a"), values)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_memory_that_runs_out_is_one_line(tmp_path, monkeypatch, kind):
    def put(*_):
        raise MemoryError

    with stored_as(kind, tmp_path, np.arange(10)) as opened, pytest.raises(LimitError, match="not enough memory"):
        opened.read("a", (slice(0, 10, 1),), put)

    def read_at(*_):
        raise MemoryError

    monkeypatch.setattr(source, "_read_at", read_at)
    with pytest.raises(LimitError, match="not enough memory"):
        open_store(opened.path)


# -- faults while reading --------------------------------------------------------------------------


def test_short_reads_and_interrupts_are_carried_on(volume, monkeypatch):
    folder, values = volume
    plain, generator = source._read_at, np.random.default_rng(3)

    def halting(file, buffer, offset):
        if generator.random() < 0.2:
            raise InterruptedError(errno.EINTR, "")
        return plain(file, buffer[: max(1, len(buffer) * int(generator.integers(1, 9)) // 8)], offset)

    monkeypatch.setattr(source, "_read_at", halting)
    for name in ("v.npy", "s.npz", "d.npz"):
        with open_store(folder / name) as opened:
            assert same(opened.array("v"), values)


@pytest.mark.parametrize(
    ("code", "line"), [(errno.EIO, "input/output error"), (errno.ESTALE, "vanished"), (errno.ENOMEM, "[Mm]emory")]
)
def test_errors_of_the_system_are_one_line(volume, monkeypatch, code, line):
    folder, values = volume

    def failing(*_):
        raise OSError(code, os.strerror(code))

    with open_store(folder / "v.npy") as opened:
        monkeypatch.setattr(source, "_read_at", failing)
        with pytest.raises(FileError, match=line):
            opened.read("v", whole(values.shape), None, direct=np.empty_like(values))


def test_without_preadv(volume, monkeypatch):
    monkeypatch.setattr(source, "_read_at", source._seek_and_read)
    test_one_store_serves_several_threads(volume)


@pytest.mark.parametrize("kind", KINDS[:3])
class TestAFileThatChanges:
    @pytest.fixture(autouse=True)
    def opened(self, tmp_path, kind):
        self.values = values_of("<i4", (20, 100, 300))
        with stored_as(kind, tmp_path, self.values) as self.store:
            self.path = self.store.path
            yield

    def read(self):
        result = np.zeros_like(self.values)
        self.store.read("a", whole(result.shape), result.__setitem__, direct=result)
        return result

    def test_cut_short(self):
        os.truncate(self.path, os.path.getsize(self.path) // 2)
        with pytest.raises(FormatError, match="cut short"):
            self.read()
        with pytest.raises(FormatError, match="cut short"):
            open_store(self.path)

    def test_emptied(self):
        os.truncate(self.path, 0)
        with pytest.raises(FormatError, match="cut short"):
            self.read()
        with pytest.raises(FormatError, match="the file is empty"):
            open_store(self.path)

    def test_grown(self):
        with open(self.path, "ab") as file:
            file.write(b"more")
        assert same(self.read(), self.values)

    def test_replaced(self, tmp_path, kind):
        os.mkdir(tmp_path / "new")
        stored_as(kind, tmp_path / "new", self.values + 1).close()
        os.replace(tmp_path / "new" / os.path.basename(self.path), self.path)
        assert same(self.read(), self.values), "the opened file is still the old one"
        with open_store(self.path) as new:
            assert new.stat != self.store.stat
            assert same(new.array("a"), self.values + 1)

    def test_deleted(self):
        os.remove(self.path)
        assert same(self.read(), self.values)
        with pytest.raises(FileError, match="there is no such file"):
            open_store(self.path)

    def test_rewritten_in_place_with_another_array(self, tmp_path, kind):
        os.mkdir(tmp_path / "new")
        stored_as(kind, tmp_path / "new", self.values.reshape(100, 20, 300)[::-1] * 2).close()
        with open(tmp_path / "new" / os.path.basename(self.path), "rb") as new:
            raw = new.read()
        size = os.path.getsize(self.path)
        with open(self.path, "r+b") as file:
            file.write(raw.ljust(size, b"\0"))
        os.utime(self.path, ns=(1, 1))
        with pytest.raises((FileError, FormatError), match=r"Reload it|written again|cut short|damaged"):
            self.read()

    def test_written_while_it_is_read(self):
        def put(index, block):  # noqa: ARG001
            os.utime(self.path, ns=(1, 1))

        with pytest.raises(FileError, match="changed while it was being read"):
            self.store.read("a", whole(self.values.shape), put)


@pytest.mark.parametrize("kind", KINDS[:3])
def test_cut_short_while_it_is_read(tmp_path, kind, monkeypatch):
    values = values_of("<i4", (200, 100, 300))
    plain, state = source._read_at, {"left": 3}
    with stored_as(kind, tmp_path, values) as opened:

        def cutting(file, buffer, offset):
            state["left"] -= 1
            if state["left"] == 0:
                os.truncate(opened.path, 1000)
            return plain(file, buffer, offset)

        monkeypatch.setattr(source, "_read_at", cutting)
        with pytest.raises(NumPyIOError, match=r"cut short|changed"):
            opened.array("a")


# -- other faces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", "CF")
def test_mapped(tmp_path, order):
    values = np.array(values_of("<f8", (5, 6)), order=order)
    with stored_as("npy", tmp_path, values) as opened:
        mapped = opened.mapped("a")
    assert same(mapped, values)
    mapped[0, 0] = 5  # a copy of this page, not the file
    assert same(np.load(tmp_path / "a.npy"), values)
    with stored_as("npz deflated", tmp_path, values) as opened:
        assert opened.mapped("a") is None


def test_an_array_larger_than_memory_is_refused(tmp_path, monkeypatch):
    def empty(*_, **__):
        raise MemoryError

    with stored_as("npy", tmp_path, np.zeros(5)) as opened:
        monkeypatch.setattr(store.np, "empty", empty)
        with pytest.raises(LimitError, match="does not fit into memory"):
            opened.array("a")


def test_the_key_of_a_lone_array_is_the_stem_of_its_file(tmp_path):
    for name, key in (("a.b.npy", "a.b"), ("x.NPY", "x"), ("temperature", "temperature"), ("wrong.npz", "wrong")):
        with open(tmp_path / name, "wb") as file:
            np.save(file, np.zeros(3))
        with open_store(tmp_path / name) as opened:
            assert list(opened.arrays) == [key]


def test_an_archive_named_npy_is_opened(tmp_path):
    with open(tmp_path / "a.npy", "wb") as file:
        np.savez(file, x=np.arange(3))
    with open_store(str(tmp_path / "a.npy")) as opened:
        assert opened.array("x").tolist() == [0, 1, 2]
