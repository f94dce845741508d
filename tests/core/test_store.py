"""Stores: any part of any array equals NumPy's, from every kind of file, and reads no more than it must."""

from __future__ import annotations

import errno
import os
import zipfile

import numpy as np
import pytest
from npyvtk.errors import FileError, LimitError
from npyvtk.files import seekable, source, store, zip_write
from npyvtk.files.npy import Outgoing
from npyvtk.files.open_store import open_store
from npyvtk.files.store import MemoryStore, Request
from store_contract import FileContract, StoreContract, collected, whole
from test_npy import same, values_of


class TestNpy(FileContract):
    """A ``.npy``."""

    def opened(self, folder, values):
        np.save(folder / "a.npy", values)
        return open_store(folder / "a.npy")


class TestStored(FileContract):
    """A member of ``numpy.savez``."""

    def opened(self, folder, values):
        np.savez(folder / "a.npz", a=values)
        return open_store(folder / "a.npz")


class TestDeflated(FileContract):
    """A member of ``numpy.savez_compressed``."""

    def opened(self, folder, values):
        np.savez_compressed(folder / "a.npz", a=values)
        return open_store(folder / "a.npz")


class TestSeekable(FileContract):
    """A member in pieces, as this package deflates."""

    @pytest.fixture(autouse=True)
    def short_pieces(self, monkeypatch):
        monkeypatch.setattr(seekable, "MIN_PIECE_BYTES", 256)

    def opened(self, folder, values):
        outgoing = Outgoing(
            "a", values.shape, values.dtype, lambda: [values.T if fortran(values) else values], fortran(values)
        )
        with open(folder / "a.npz", "wb") as file, pytest.MonkeyPatch.context() as patch:
            patch.setattr(seekable, "PIECE_BYTES", 256 if values.nbytes < 1 << 18 else 1 << 15)
            zip_write.write(file, [outgoing], 1)
        opened = open_store(folder / "a.npz")
        assert values.nbytes < 256 or len(zipped(folder / "a.npz").extra) > 20, "it has a record of its pieces"
        return opened


class TestMemory(StoreContract):
    """Arrays in memory."""

    def opened(self, folder, values):  # noqa: ARG002
        return MemoryStore({"a": values})


def fortran(values):
    return values.flags.f_contiguous and not values.flags.c_contiguous


def zipped(path):
    with zipfile.ZipFile(path) as archive:
        return archive.infolist()[0]


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


def test_without_preadv(tmp_path, monkeypatch):
    monkeypatch.setattr(source, "_read_at", source._seek_and_read)
    for kind in (TestNpy(), TestStored(), TestDeflated()):
        kind.test_many_threads_read_from_one_store(tmp_path, monkeypatch)


# -- other faces -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", "CF")
def test_mapped(tmp_path, order):
    values = np.array(values_of("<f8", (5, 6)), order=order)
    with TestNpy().opened(tmp_path, values) as opened:
        mapped = opened.mapped("a")
    assert same(mapped, values)
    mapped[0, 0] = 5  # a copy of this page, not the file
    assert same(np.load(tmp_path / "a.npy"), values)
    with TestDeflated().opened(tmp_path, values) as opened:
        assert opened.mapped("a") is None


def test_an_array_larger_than_memory_is_refused(tmp_path, monkeypatch):
    def empty(*_, **__):
        raise MemoryError

    with TestNpy().opened(tmp_path, np.zeros(5)) as opened:
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
