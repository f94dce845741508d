"""Compressed archives at random: what is inflated and read for a part, and that no record can make a value wrong."""

from __future__ import annotations

import functools
import importlib
import io
import os
import random
import shutil
import struct
import threading
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from bytefiles import Zip, extra
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from npyvtk.__main__ import main
from npyvtk.errors import FormatError, NumPyIOError
from npyvtk.files import crc32, inflate, seekable, zip_write
from npyvtk.files.inflate import Checkpoint, Checkpoints
from npyvtk.files.npy import Outgoing
from npyvtk.files.open_store import open_store
from npyvtk.files.store import Request
from test_npy import same, values_of
from test_slices import selections

MIB = 1 << 20
PIECE = 1 << 19
SHAPE = (24, 32, 64, 128)  # 24 steps of 1 MiB
LIBRARIES = ["zlib", "zlib_ng.zlib_ng", "isal.isal_zlib"]


@pytest.fixture(autouse=True)
def known(monkeypatch):
    """Checkpoints of this test alone, and zlib whatever else is installed."""
    fresh = Checkpoints()
    monkeypatch.setattr("npyvtk.files.file_store.checkpoints", fresh)
    monkeypatch.setattr(inflate, "_library", lambda *, copies: zlib)  # noqa: ARG005
    return fresh


@pytest.fixture(params=LIBRARIES)
def library(request, monkeypatch):
    """Each library that may stand in for zlib, where it may."""
    module = pytest.importorskip(request.param)
    monkeypatch.setattr(inflate, "_library", lambda *, copies: zlib if copies and "isal" in request.param else module)
    return request.param


@pytest.fixture
def inflated(monkeypatch):
    """The lengths of all chunks that are inflated."""
    log, plain = [], inflate.chunks

    def chunks(*arguments):
        for chunk, place in plain(*arguments):
            log.append(len(chunk))
            yield chunk, place

    monkeypatch.setattr(inflate, "chunks", chunks)
    return log


def saved_here(path, level=6, **arrays):
    with open(path, "wb") as file:
        zip_write.write(
            file,
            [
                Outgoing(name, values.shape, values.dtype, lambda v=values: [v.T if fortran(v) else v], fortran(values))
                for name, values in arrays.items()
            ],
            level,
        )


def saved_there(path, **arrays):
    """As numpy.savez_compressed does, only faster."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, values)


def fortran(values):
    return values.flags.f_contiguous and not values.flags.c_contiguous


@functools.lru_cache(None)
def film(seed=0):
    rng = np.random.default_rng(seed)
    return (np.arange(np.prod(SHAPE)) // 50 + rng.integers(0, 40, int(np.prod(SHAPE)))).astype("<i4").reshape(SHAPE)


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    folder, values = tmp_path_factory.mktemp("films"), film()
    saved_there(folder / "theirs.npz", v=values)
    saved_here(folder / "ours.npz", v=values)
    return {"theirs": str(folder / "theirs.npz"), "ours": str(folder / "ours.npz")}, values


def every(shape):
    return tuple(slice(0, n, 1) for n in shape)


def step(number):
    return (slice(number, number + 1, 1), *every(SHAPE[1:]))


def check(store, values, selection, name="v"):
    """Read a part straight and by `put`; compare with NumPy."""
    expected = np.array(values[(*selection, ...)])  # an array also of no axes
    direct = np.zeros(expected.shape, values.dtype, "F" if store.arrays[name].fortran_order else "C")
    store.read(name, selection, direct.__setitem__, direct=direct)
    assert same(direct, expected)


def how_it_ends(store, values, selection):
    """The line with which a part is refused, else the part is NumPy's."""
    try:
        check(store, values, selection)
    except FormatError as error:
        line = str(error)
        assert "\n" not in line
        return line
    return ""


def entry(path):
    with zipfile.ZipFile(path) as archive:
        return archive.infolist()[0]


def recorded(path):
    """The record of the first member, taken apart by its specification."""
    info = entry(path)
    kind, size = struct.unpack_from("<2H", info.extra)
    assert (kind, size) == (0x504E, len(info.extra) - 4)
    signature, length = struct.unpack_from("<4sL", info.extra, 4)
    assert signature == b"PCS1"
    return length, list(struct.iter_unpack("<2L", info.extra[12:]))


# -- our own files ---------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("level", [1, 6, 9])
def test_each_piece_is_a_stream_of_its_own(tmp_path, level):
    values = film()[:3]
    saved_here(tmp_path / "a.npz", level, v=values)
    length, pieces = recorded(tmp_path / "a.npz")
    assert length == PIECE
    info, plain = entry(tmp_path / "a.npz"), np.load(tmp_path / "a.npz")["v"]
    assert same(plain, values)
    with open(tmp_path / "a.npz", "rb") as file:
        raw = file.read()
    at = 30 + len(info.filename) + struct.unpack_from("<H", raw, 28)[0]
    whole = zlib.decompress(raw[at : at + info.compress_size], -15)
    assert len(pieces) == -(-len(whole) // PIECE) > 5
    for number, (packed, crc) in enumerate(pieces):
        one = zlib.decompressobj(-15).decompress(raw[at : at + packed])
        assert one == whole[number * PIECE : number * PIECE + PIECE]
        assert zlib.crc32(one) == crc
        if number < len(pieces) - 1:
            assert raw[at + packed - 4 : at + packed] == b"\0\0\xff\xff"
        at += packed
    assert at == 30 + len(info.filename) + struct.unpack_from("<H", raw, 28)[0] + info.compress_size


def test_a_member_of_one_piece_has_no_record(tmp_path):
    saved_here(tmp_path / "a.npz", v=np.zeros(PIECE - 128, np.uint8))
    assert entry(tmp_path / "a.npz").extra == b""
    saved_here(tmp_path / "b.npz", v=np.zeros(PIECE - 127, np.uint8))
    assert len(recorded(tmp_path / "b.npz")[1]) == 2


@pytest.mark.slow
def test_a_long_member_has_longer_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(seekable, "MAX_PIECES", 13)
    values = film()
    saved_here(tmp_path / "a.npz", v=values)
    length, pieces = recorded(tmp_path / "a.npz")
    assert (length, len(pieces)) == (2 * MIB, 13)
    with open_store(tmp_path / "a.npz") as store:
        assert "in pieces of 2048 KiB" in store.storage("v")
        for selection in (step(5), every(SHAPE), np.s_[0:24:5, 3:4:1, 0:64:9, 5:100:2]):
            check(store, values, selection)


@pytest.mark.parametrize(
    ("size", "length"),
    [
        (1, PIECE),
        (4 << 30, 2 * PIECE),
        ((4 << 30) - (8 << 20), PIECE),
        (1 << 36, 1 << 24),
        (1 << 38, 1 << 26),
        (1 << 40, 0),
    ],
)
def test_the_record_fits_its_field(size, length):
    assert seekable.piece_bytes(size) == length
    if length:
        assert len(seekable.record(length, [(1, 1)] * -(-size // length))) + 28 <= 0xFFFF


@pytest.mark.slow
def test_pieces_cost_less_than_a_hundredth(tmp_path):
    x = np.linspace(0, 30, 2_000_000)
    noise = np.random.default_rng(0)
    kinds = {
        "smooth": np.sin(x).astype("f4"),
        "rounded": np.round(np.sin(x) * 1000).astype("<i2"),
        "noise": noise.random(500_000),
        "film": film()[:4],
        "labels": np.kron(noise.integers(0, 9, 40_000), np.ones(100, int)).astype("u1"),
    }
    for name, values in kinds.items():
        np.savez_compressed(tmp_path / "theirs.npz", v=values)
        saved_here(tmp_path / "ours.npz", v=values)
        sizes = [os.path.getsize(tmp_path / f"{whose}.npz") for whose in ("ours", "theirs")]
        assert sizes[0] <= 1.01 * sizes[1], name
    saved_here(tmp_path / "ours.npz", v=np.zeros(100 * PIECE, "u1"))
    np.savez_compressed(tmp_path / "theirs.npz", v=np.zeros(100 * PIECE, "u1"))
    # Where nothing is left of the values, what each piece costs at least shows.
    assert os.path.getsize(tmp_path / "ours.npz") < os.path.getsize(tmp_path / "theirs.npz") + 101 * 40


PARTS = {
    "a plane": (np.s_[7:8:1, 16:17:1, 0:64:1, 0:128:1], 1),
    "a step": (step(7), 3),
    "a box": (np.s_[7:8:1, 10:20:1, 10:20:1, 10:20:1], 2),
    "half of the rank's": (np.s_[12:24:1, 0:32:1, 0:64:1, 0:128:1], 25),
    "every tenth step": (np.s_[0:24:10, 0:1:1, 0:64:1, 0:128:1], 3),
    "one value": (np.s_[23:24:1, 31:32:1, 63:64:1, 127:128:1], 2),
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_a_part_of_ours_takes_its_own_pieces(films, reads, inflated, part):
    (paths, values), (selection, most) = films, part
    packed = [one for one, _ in recorded(paths["ours"])[1]]
    with open_store(paths["ours"]) as store:
        reads.clear()
        inflated.clear()
        check(store, values, selection)
    assert sum(inflated) <= most * PIECE
    assert reads.nbytes <= most * max(packed)


def test_two_ranks_share_the_pieces(films, reads, inflated):
    paths, values = films
    with open_store(paths["ours"]) as store:
        reads.clear()
        inflated.clear()
        for half in (slice(0, 12, 1), slice(12, 24, 1)):
            check(store, values, (half, *every(SHAPE[1:])))
    assert sum(inflated) <= values.nbytes + 128 + PIECE
    assert reads.nbytes <= entry(paths["ours"]).compress_size + PIECE


def test_pieces_are_inflated_side_by_side(films, monkeypatch):
    paths, values = films
    inside, two, plain = set(), threading.Event(), inflate.chunks

    def chunks(*arguments):
        inside.add(threading.get_ident())
        if len(inside) == 2:
            two.set()
        assert two.wait(600)
        return plain(*arguments)

    monkeypatch.setattr("npyvtk.files.file_store.available_threads", lambda: 2)
    with open_store(paths["ours"]) as store:
        monkeypatch.setattr(inflate, "chunks", chunks)
        check(store, values, every(SHAPE))


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    shaped=selections(),
    order=st.sampled_from("CF"),
    dtype=st.sampled_from(["<i4", ">f8", "|u1", "<c16", "|S3"]),
    size=st.integers(1, 90),
    ours=st.booleans(),
)
def test_any_selection_equals_numpys(tmp_path_factory, shaped, order, dtype, size, ours):
    """With pieces and checkpoints of a few bytes, which no writer makes, cut wherever they like."""
    shape, selection = shaped
    values = np.array(values_of(dtype, shape), order=order)
    folder = tmp_path_factory.mktemp("any")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("PIECE_BYTES", "MIN_PIECE_BYTES"):
            patch.setattr(seekable, name, size)
        patch.setattr(inflate, "CHUNK_BYTES", size)
        patch.setattr(inflate, "PIECE_BYTES", size)
        patch.setattr(inflate, "MIN_SPACING_BYTES", size)
        patch.setattr(inflate, "NEAR_INPUT_BYTES", 7)
        patch.setattr(inflate, "MIN_GAIN_BYTES", 3)
        patch.setattr("npyvtk.files.file_store.MIN_SEEK_BYTES", 0)
        patch.setattr("npyvtk.files.file_store.THREADED_STREAM_BYTES", 100)
        if ours:
            saved_here(folder / "a.npz", v=values)
        else:
            np.savez_compressed(folder / "a.npz", v=values)
        with open_store(folder / "a.npz") as store:
            for part in (selection, every(shape), selection):
                check(store, values, part)
                result = np.zeros(values[part].shape, dtype)
                store.read("v", part, result.__setitem__)
                assert same(result, np.array(values[(*part, ...)]))


@pytest.mark.slow
def test_each_library_gives_the_same(films, library, tmp_path):  # noqa: ARG001
    paths, values = films
    for path in paths.values():
        with open_store(path) as store:
            for number in (3, 4, 20, 2, 3):
                check(store, values, step(number))
            check(store, values, every(SHAPE))
    saved_here(tmp_path / "a.npz", v=values)
    with open(paths["ours"], "rb") as file:
        assert (tmp_path / "a.npz").read_bytes() == file.read()


def test_a_whole_stream_leaves_checkpoints_unless_isal_is_faster(films, library, known):
    paths, values = films
    with open_store(paths["theirs"]) as store:
        check(store, values, every(SHAPE))
        assert (known.nbytes == 0) == ("isal" in library)
        for number in (20, 3, 20):
            check(store, values, step(number))
        assert known.nbytes


@pytest.mark.parametrize("place", [0.1, 0.5, 0.9])
def test_a_damaged_piece_is_found_by_each_library(films, library, tmp_path, place):  # noqa: ARG001
    paths, values = films
    with open(paths["ours"], "rb") as file:
        raw = bytearray(file.read())
    raw[int(len(raw) * place)] ^= 4
    (tmp_path / "a.npz").write_bytes(raw)
    with open_store(tmp_path / "a.npz") as store:
        ended = [how_it_ends(store, values, step(number)) for number in range(24)]
    refused = [line for line in ended if line]
    assert 1 <= len(refused) <= 2, "the other steps are whole"
    assert all("damaged" in line for line in refused)


# -- everybody's files -----------------------------------------------------------------------------


def test_a_film_is_played_in_one_pass_and_back_in_another(films, reads, inflated):
    paths, values = films
    packed = entry(paths["theirs"]).compress_size
    with open_store(paths["theirs"]) as store:
        for numbers in (range(24), range(23, -1, -1)):
            reads.clear()
            inflated.clear()
            for number in numbers:
                check(store, values, step(number))
            assert sum(inflated) <= values.nbytes + 128
            # At the end of each step up to one read of input is left over, and is read again.
            assert reads.nbytes <= packed + 25 * (inflate.NEAR_INPUT_BYTES + inflate.INPUT_BYTES)


def test_many_small_steps_are_played_in_one_pass(tmp_path, inflated):
    values = film().reshape(768, 64, 128)  # 32 KiB each
    saved_there(tmp_path / "a.npz", v=values)
    with open_store(tmp_path / "a.npz") as store:
        inflated.clear()
        for number in range(768):
            check(store, values, (slice(number, number + 1, 1), *every((64, 128))))
    assert sum(inflated) == values.nbytes + 128


def test_several_films_are_played_at_once(tmp_path, inflated, known):
    """More of them than there is room for all checkpoints: each keeps the one to go on from."""
    known._most = 20 * inflate.STATE_BYTES
    arrays = {f"v{k}": film(k)[:12] for k in range(4)}
    saved_there(tmp_path / "a.npz", **arrays)
    with open_store(tmp_path / "a.npz") as store:
        inflated.clear()
        for number in range(12):
            results = [np.zeros((1, *SHAPE[1:]), "<i4") for _ in arrays]
            store.read_many([Request(n, step(number), None, r) for n, r in zip(arrays, results)])
            for values, result in zip(arrays.values(), results):
                assert same(result, values[number : number + 1])
    assert sum(inflated) <= sum(v.nbytes + 128 for v in arrays.values())
    assert known.nbytes <= known._most


@pytest.mark.parametrize("selection", [step(20), PARTS["a plane"][0], PARTS["a box"][0]], ids=["step", "plane", "box"])
def test_a_part_after_one_pass(films, inflated, selection):
    paths, values = films
    with open_store(paths["theirs"]) as store:
        check(store, values, every(SHAPE))
        inflated.clear()
        check(store, values, selection)
    first, last = (np.ravel_multi_index(index, SHAPE) * 4 for index in zip(*((s.start, s.stop - 1) for s in selection)))
    assert sum(inflated) <= last - first + inflate.spacing(values.nbytes) + inflate.CHUNK_BYTES


def test_every_tenth_step_after_one_pass_skips_the_others(films, inflated):
    paths, values = films
    with open_store(paths["theirs"]) as store:
        check(store, values, every(SHAPE))
        inflated.clear()
        check(store, values, np.s_[0:24:10, 0:32:1, 0:64:1, 0:128:1])
    assert sum(inflated) <= 3 * (2 * MIB + inflate.CHUNK_BYTES)


def test_another_opening_knows_them_and_another_file_does_not(films, inflated, tmp_path):
    paths, values = films
    with open_store(paths["theirs"]) as store:
        check(store, values, every(SHAPE))
    inflated.clear()
    with open_store(paths["theirs"]) as store:
        check(store, values, step(20))
    assert sum(inflated) <= 3 * MIB
    shutil.copy(paths["theirs"], tmp_path / "a.npz")
    inflated.clear()
    with open_store(tmp_path / "a.npz") as store:
        check(store, values, step(20))
    assert sum(inflated) > 20 * MIB


@pytest.mark.parametrize("replaced", [True, False], ids=["replaced", "in place"])
def test_a_changed_file_is_inflated_anew(films, tmp_path, known, replaced):
    (paths, values), path = films, tmp_path / "a.npz"
    shutil.copy(paths["theirs"], path)
    with open_store(path) as store:
        check(store, values, every(SHAPE))
    assert known.nbytes
    other = np.ascontiguousarray(values[::-1])
    saved_there(tmp_path / "b.npz", v=other)
    if replaced:
        os.replace(tmp_path / "b.npz", path)
    else:
        path.write_bytes((tmp_path / "b.npz").read_bytes())
        os.utime(path, ns=(1, 1))
    with open_store(path) as store:
        for number in (20, 5):
            check(store, other, step(number))
    assert len(known._streams) == 1, "those of the old content are forgotten"


def test_a_file_that_changes_while_it_is_read_leaves_no_checkpoint(films, tmp_path, known):
    path = tmp_path / "a.npz"
    shutil.copy(films[0]["theirs"], path)

    def touch(*_):
        os.utime(path, ns=(1, 1))

    with open_store(path) as store, pytest.raises(NumPyIOError, match="changed while it was being read"):
        store.read("v", step(20), touch)
    assert known.nbytes == 0


def damaged(values, at):
    """An archive whose member has one wrong value, which only its CRC tells."""
    file = io.BytesIO()
    np.save(file, values)
    crc = zlib.crc32(file.getvalue())
    wrong = bytearray(file.getvalue())
    wrong[128 + at] ^= 1
    return Zip().add("v.npy", bytes(wrong), crc=crc).end()


@pytest.mark.slow
def test_damage_is_told_when_the_end_is_reached_and_from_then_on(films, tmp_path, known):
    paths, values = films
    (tmp_path / "a.npz").write_bytes(damaged(values, 5 * MIB + 8))
    result = np.zeros((1, *SHAPE[1:]), "<i4")
    with open_store(tmp_path / "a.npz") as store:
        for number in range(23):  # nobody can know it yet
            store.read("v", step(number), None, direct=result)
        line = r"a\.npz: member 'v.npy': damaged: its bytes have CRC [0-9a-f]{8}, the archive says [0-9a-f]{8}"
        for number in (23, 5, 0):
            with pytest.raises(FormatError, match=line) as caught:
                store.read("v", step(number), None, direct=result)
            assert "\n" not in str(caught.value)
    with open_store(tmp_path / "a.npz") as store, pytest.raises(FormatError, match=line):
        store.read("v", step(2), None, direct=result)
    shutil.copy(paths["theirs"], tmp_path / "a.npz")  # repaired
    with open_store(tmp_path / "a.npz") as store:
        check(store, values, step(2))
    assert len(known._streams) == 1


def test_bytes_that_are_others_than_before_are_told(films, tmp_path, monkeypatch):
    """A disk that gives other bytes the second time, while the file says that it is the same."""
    paths, values = films
    with open(paths["theirs"], "rb") as file:
        raw = bytearray(file.read())
    path = tmp_path / "a.npz"
    path.write_bytes(raw)
    os.utime(path, ns=(5, 5))
    with open_store(path) as store:
        check(store, values, every(SHAPE))
        raw[len(raw) // 2] ^= 16
        with open(path, "r+b") as file:
            file.write(raw)
        os.utime(path, ns=(5, 5))
        assert store._file.restat() == store.stat
        monkeypatch.setattr("npyvtk.files.file_store.available_threads", lambda: 1)
        result = np.zeros_like(values)
        with pytest.raises(FormatError, match=r"when they were read before|damaged"):
            store.read("v", every(SHAPE), None, direct=result)


@pytest.mark.slow
def test_checkpoints_take_a_bounded_part_of_memory(tmp_path, known):
    """What is counted is what zlib really takes, for random and for highly compressible bytes."""
    arrays = {"film": film(), "zeros": np.zeros(SHAPE, "<i4")}
    saved_there(tmp_path / "a.npz", **arrays)
    result = np.zeros((1, *SHAPE[1:]), "<i4")

    def play():
        with open_store(tmp_path / "a.npz") as store:
            for number in range(24):
                for name in arrays:
                    store.read(name, step(number), None, direct=result)

    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        play()
        held = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert known.nbytes > 40 * inflate.STATE_BYTES
    assert 0.8 * known.nbytes < held < 1.05 * known.nbytes + (1 << 18)
    assert known.nbytes <= inflate.MAX_STATE_BYTES


def states(count, most):
    """`count` checkpoints of one stream, put in random order into room for `most` of them."""
    known = Checkpoints(most * inflate.STATE_BYTES)
    places = [MIB * k for k in range(1, count + 1)]
    random.Random(1).shuffle(places)  # noqa: S311
    for at in places:
        known.keep(("file", 0, 0), Checkpoint(at, at // 2, 0, zlib.decompressobj(-15)))
    return known


@pytest.mark.parametrize(("count", "most"), [(10, 20), (50, 20), (500, 1000), (2000, 1000)])
def test_those_that_stay_are_spread(count, most):
    known = states(count, most)
    places = [one.at for one in known.of(("file", 0, 0))]
    assert places == sorted(set(places))
    assert places[0] == 0
    kept = min(count, most, inflate.MAX_CHECKPOINTS - 1)
    assert len(places) == kept + 1
    assert known.nbytes == kept * inflate.STATE_BYTES
    assert max(np.diff(places)) <= 6 * count * MIB / kept


def test_of_many_streams_the_longest_unused_go_first():
    known = Checkpoints(10 * inflate.STATE_BYTES)
    for stream in range(30):
        known.keep((f"file {stream}", 0, 0), Checkpoint(MIB, 5, 0, zlib.decompressobj(-15)))
        known.of(("file 0", 0, 0))
    there = [stream for stream in range(30) if len(known.of((f"file {stream}", 0, 0))) > 1]
    assert there == [0, *range(21, 30)]


def test_threads_share_what_is_known(films):
    paths, values = films
    failed = []

    def play(seed):
        numbers = random.Random(seed).choices(range(24), k=12)  # noqa: S311
        try:
            with open_store(paths["theirs"]) as store:
                for number in numbers:
                    check(store, values, step(number))
        except BaseException as error:  # noqa: BLE001
            failed.append(error)

    threads = [threading.Thread(target=play, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


# -- records that lie ------------------------------------------------------------------------------

VALUES = (np.arange(60_000) % 5000).astype("<i4")  # 240 KB: 8 pieces of 32 KiB
LENGTH = 1 << 15


def raw_member():
    file = io.BytesIO()
    np.save(file, VALUES)
    return file.getvalue()


def deflated(data, *, last=True, window=b""):
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15, **({"zdict": window} if window else {}))
    return deflater.compress(data) + deflater.flush(zlib.Z_FINISH if last else zlib.Z_FULL_FLUSH)


RAW = raw_member()
CUT = [RAW[at : at + LENGTH] for at in range(0, len(RAW), LENGTH)]
PACKED = [deflated(one, last=k == len(CUT) - 1) for k, one in enumerate(CUT)]
PAIRS = [(len(one), zlib.crc32(data)) for one, data in zip(PACKED, CUT)]


def record(pairs=PAIRS, length=LENGTH, signature=b"PCS1", tail=b""):
    return signature + struct.pack("<L", length) + b"".join(struct.pack("<2L", *one) for one in pairs) + tail


def swapped(pairs, a, b):
    pairs = list(pairs)
    pairs[a], pairs[b] = pairs[b], pairs[a]
    return pairs


def moved(by):
    return [(PAIRS[0][0] + by, PAIRS[0][1]), (PAIRS[1][0] - by, PAIRS[1][1]), *PAIRS[2:]]


def archive(data, kind=0x504E, raw=None, **wrong):
    return (
        Zip()
        .add(
            "v.npy",
            RAW,
            raw=b"".join(PACKED) if raw is None else raw,
            entry_extra=b"" if data is None else extra(kind, data),
            **wrong,
        )
        .end()
    )


SOUND = {
    "no record": archive(None),
    "the record": archive(record()),
    "behind other fields": Zip()
    .add("v.npy", RAW, raw=b"".join(PACKED), entry_extra=extra(0x5455, b"\1abcd") + extra(0x504E, record()))
    .end(),
    "of another program": archive(b"abcdefgh", kind=0x504E),
    "another signature": archive(record(signature=b"PCS2")),
    "empty": archive(b""),
    "cut short": archive(record()[:-3]),
    "a piece too few": archive(record(PAIRS[:-1])),
    "a piece too many": archive(record([*PAIRS, (0, 0)])),
    "bytes too many": archive(record(tail=b"1234")),
    "lengths of 0": archive(record(length=0)),
    "lengths below the window": archive(record(length=LENGTH - 1)),
    "one long piece": archive(record([(sum(p for p, _ in PAIRS), zlib.crc32(RAW))], length=1 << 20)),
    "huge lengths": archive(record(length=0xFFFFFFFF)),
    "pieces that overlap": archive(record([(p + 1, c) for p, c in PAIRS])),
    "packed sizes of 0": archive(record([(0, c) for _, c in PAIRS])),
    "other CRCs": archive(record([(p, c ^ 1) for p, c in PAIRS])),
    "CRCs in another order": archive(record([(p, PAIRS[-1 - k][1]) for k, (p, _) in enumerate(PAIRS)])),
    "compressed anew": archive(record(), raw=deflated(RAW)),
    "the field runs out of the extra": Zip()
    .add("v.npy", RAW, raw=b"".join(PACKED), entry_extra=extra(0x504E, record())[:-8])
    .end(),
    "stored": archive(record(), raw=RAW, method=0),
    "in the local header": Zip().add("v.npy", RAW, local_extra=extra(0x504E, record()), raw=b"".join(PACKED)).end(),
}
# The record agrees with the entry, the bytes do not agree with it.
PRIMED = [deflated(CUT[0], last=False), deflated(CUT[1], last=False, window=CUT[0]), *PACKED[2:]]
UNFLUSHED = deflated(RAW)
LIES = {
    "pieces that begin later": archive(record(moved(1))),
    "pieces that begin earlier": archive(record(moved(-5))),
    "pieces that need the one before": archive(
        record([(len(one), crc) for one, (_, crc) in zip(PRIMED, PAIRS)]), raw=b"".join(PRIMED)
    ),
    "the end in the middle": archive(
        record([(len(deflated(CUT[0])), PAIRS[0][1]), *PAIRS[1:]]), raw=b"".join([deflated(CUT[0]), *PACKED[1:]])
    ),
    "no pieces at all": archive(
        record(
            [
                *((len(UNFLUSHED) // 8, c) for _, c in PAIRS[:-1]),
                (len(UNFLUSHED) - len(UNFLUSHED) // 8 * 7, PAIRS[-1][1]),
            ]
        ),
        raw=UNFLUSHED,
    ),
    "swapped": archive(
        record(swapped(PAIRS, 2, 5)),
        crc=crc32.crc32_combine([*[(c, LENGTH) for _, c in swapped(PAIRS, 2, 5)][:-1], (PAIRS[-1][1], len(CUT[-1]))]),
    ),
    "without its flush": archive(
        record([(len(PACKED[0]) - 5, PAIRS[0][1]), *PAIRS[1:]]), raw=b"".join([PACKED[0][:-5], *PACKED[1:]])
    ),
}


def read_parts(path):
    """Read all, and each eighth; how it ended for each."""
    with open_store(path) as store:
        assert list(store.arrays) == ["v"]
        selections = [np.s_[0:60_000:1], *(np.s_[k : k + 7500 : 1] for k in range(0, 60_000, 7500))]
        ended = [how_it_ends(store, VALUES, (selection,)) for selection in selections]
    assert all("damaged" in line or "unpack to" in line for line in ended if line)
    return ended


@pytest.mark.parametrize("name", SOUND)
def test_a_record_that_does_not_fit_is_left_aside(tmp_path, name):
    (tmp_path / "a.npz").write_bytes(SOUND[name])
    assert not any(read_parts(tmp_path / "a.npz"))
    with open_store(tmp_path / "a.npz") as store:
        assert ("in pieces of 32 KiB" in store.storage("v")) == (name in ("the record", "behind other fields"))


@pytest.mark.parametrize("library", LIBRARIES, indirect=True)
@pytest.mark.parametrize("name", LIES)
def test_a_record_that_lies_about_the_bytes_is_refused(tmp_path, library, name):  # noqa: ARG001
    (tmp_path / "a.npz").write_bytes(LIES[name])
    with open_store(tmp_path / "a.npz") as store:
        assert "in pieces of 32 KiB" in store.storage("v"), "it fits, or the row tests nothing"
    assert read_parts(tmp_path / "a.npz")[0], "reading all of it must fail"


@pytest.mark.slow
def test_any_change_of_a_record_leaves_the_values_right_or_is_refused(tmp_path):
    rng = random.Random(5)  # noqa: S311
    for _ in range(300):
        data = bytearray(record())
        for _ in range(rng.randrange(1, 4)):
            at = rng.randrange(len(data) // 4) * 4
            data[at : at + 4] = rng.choice(
                [bytes(4), b"\xff" * 4, rng.randbytes(4), data[8:12], bytes([data[at] ^ 1, *data[at + 1 : at + 4]])]
            )
        (tmp_path / "a.npz").write_bytes(archive(bytes(data)))
        read_parts(tmp_path / "a.npz")


# -- the command -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_convert_cuts_any_archive_into_pieces(tmp_path, monkeypatch, capsys, inflated):
    monkeypatch.chdir(tmp_path)
    arrays = {
        "film": film(),
        "turned": np.asfortranarray(film()[0]),
        "big": film()[:2].astype(">f8"),
        "text": np.array("ä"),
        "empty": np.zeros((3, 0), ">c8"),
        "points": np.zeros(70_000, [("a", "<i2"), ("b", "<f8", (2,))]),
        "time": np.arange(24.0),
        "turned one": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "0": np.array(7),
    }
    saved_there("a.npz", **arrays)
    assert main(["info", "a.npz"]) == 0
    said = capsys.readouterr().out
    assert "film, turned, big, points: deflated in one stream: what lies before a part is read with it" in said
    assert "text, empty, time, turned one, 0: deflated, in one piece" in said
    inflated.clear()
    assert main(["convert", "a.npz", "b.npz", "--compression", "6"]) == 0
    assert sum(inflated) <= sum(v.nbytes + 4096 for v in arrays.values()) + 100_000, "one pass"
    with np.load("b.npz", allow_pickle=False) as found:
        assert found.files == list(arrays)
        for name, values in arrays.items():
            assert same(found[name], values)
            assert found[name].flags.f_contiguous == values.flags.f_contiguous
    assert main(["info", "b.npz"]) == 0
    assert "film, turned, big, points: deflated in pieces of 512 KiB: any part is read by itself" in (
        capsys.readouterr().out
    )
    assert main(["convert", "b.npz", "b.npz"]) == 0
    assert main(["info", "b.npz"]) == 0
    assert "deflated" not in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_STORED])
def test_convert_takes_other_methods(tmp_path, monkeypatch, method):
    monkeypatch.chdir(tmp_path)
    values = film()[:2]
    with zipfile.ZipFile("a.npz", "w", method) as file, file.open("v.npy", "w") as member:
        np.save(member, values)
    assert main(["convert", "a.npz", "b.npz", "--compression", "1"]) == 0
    assert same(np.load("b.npz")["v"], values)
    assert recorded("b.npz")[0] == PIECE


def test_convert_loses_no_member(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    np.savez("a.npz", v=np.arange(5), objects=np.array([None, "x"], object))
    assert main(["convert", "a.npz", "b.npz", "--compression", "6"]) == 1
    line = capsys.readouterr().err
    assert "b.npz: not written: member 'objects.npy' would be lost" in line
    assert line.count("\n") == 1
    assert os.listdir() == ["a.npz"]


def test_nothing_else_is_needed():
    """What may be used is looked for when something is inflated, and never at the start."""
    for name in ("isal", "zlib_ng"):
        assert name not in vars(importlib.import_module("npyvtk.files.inflate"))
