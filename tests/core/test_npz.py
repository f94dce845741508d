"""Archives: what zipfile and NumPy write is read, what lies is refused, what is written they read."""

from __future__ import annotations

import bz2
import io
import lzma
import struct
import threading
import zipfile
import zlib

import numpy as np
import pytest
from bytefiles import Zip, extra, header, npy
from npyvtk.errors import Aborted, FormatError, NumPyIOError, OptionError, UnsupportedError
from npyvtk.files import crc32, zip_directory, zip_write
from npyvtk.files.npy import Outgoing
from npyvtk.files.open_store import open_store
from npyvtk.files.store import Request
from test_npy import DTYPES, same, values_of

A = np.arange(12.0).reshape(3, 4)
B = np.arange(5, dtype="<i2")


def raw(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


RAW_A, RAW_B = raw(A), raw(B)


@pytest.fixture
def opened(tmp_path):
    """Open an archive given as bytes; closed in the end."""
    stores = []

    def open_bytes(data):
        path = tmp_path / "a.npz"
        path.write_bytes(data)
        stores.append(open_store(path))
        return stores[-1]

    yield open_bytes
    for one in stores:
        one.close()


# -- what other writers write ----------------------------------------------------------------------


def deflated(data, level=6):
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


def with_zip64_sizes(method=8):
    """As numpy.savez does: 64-bit sizes in the local header, plain ones in the directory."""
    packed = RAW_A if method == 0 else deflated(RAW_A)
    return (
        Zip()
        .add(
            "a.npy",
            RAW_A,
            method=method,
            raw=packed,
            local_sizes=(0xFFFFFFFF, 0xFFFFFFFF),
            local_extra=extra(1, struct.pack("<2Q", len(RAW_A), len(packed))),
        )
        .end()
    )


def with_zip64_directory():
    """All sizes and the offset in 64 bits, and the zip64 end records."""
    packed = deflated(RAW_A)
    return (
        Zip()
        .add(
            "a.npy",
            RAW_A,
            central=(0xFFFFFFFF, 0xFFFFFFFF),
            offset=0xFFFFFFFF,
            entry_extra=extra(9, b"other") + extra(1, struct.pack("<3Q", len(RAW_A), len(packed), 0)),
        )
        .end(zip64=True)
    )


def lzma_member():
    compressor = lzma.LZMACompressor(lzma.FORMAT_RAW, filters=[{"id": lzma.FILTER_LZMA1}])
    body = compressor.compress(RAW_A) + compressor.flush()
    return struct.pack("<BBH5s", 9, 4, 5, struct.pack("<BL", 93, 8 << 20)) + body


SOUND = {
    "stored": Zip().add("a.npy", RAW_A, method=0).end(),
    "deflated": Zip().add("a.npy", RAW_A).end(),
    "bzip2": Zip().add("a.npy", RAW_A, method=12, raw=bz2.compress(RAW_A)).end(),
    "lzma": Zip().add("a.npy", RAW_A, method=14, raw=lzma_member()).end(),
    "64-bit local sizes": with_zip64_sizes(),
    "64-bit local sizes, stored": with_zip64_sizes(0),
    "64-bit directory": with_zip64_directory(),
    "64-bit behind a prefix": b"#!/bin/sh\n" + with_zip64_directory(),
    "streamed": Zip().add("a.npy", RAW_A, flags=8).end(),
    "streamed, stored": Zip().add("a.npy", RAW_A, method=0, flags=8).end(),
    "streamed, bare descriptor": Zip().add("a.npy", RAW_A, flags=8, descriptor=bytes(12)).end(),
    "streamed, 64-bit descriptor": Zip().add("a.npy", RAW_A, flags=8, descriptor=bytes(24)).end(),
    "archive comment": Zip().add("a.npy", RAW_A).end(comment=b"made by hand"),
    "comment with an end record": Zip().add("a.npy", RAW_A).end(comment=b"PK\5\6" + b"x" * 40),
    "longest comment": Zip().add("a.npy", RAW_A).end(comment=b"c" * 65535),
    "trailing bytes": Zip().add("a.npy", RAW_A).end(tail=b"\0" * 1000),
    "member comment": Zip().add("a.npy", RAW_A, comment=b"a member").end(),
    "extra fields": Zip()
    .add(
        "a.npy",
        RAW_A,
        local_extra=extra(0x5455, b"\3abcdabcd") + extra(0x7875, b"u" * 11),
        entry_extra=extra(0x5455, b"\3abcd"),
    )
    .end(),
    "long extra field": Zip().add("a.npy", RAW_A, local_extra=extra(0xD935, bytes(5000))).end(),
    "damaged extra field": Zip().add("a.npy", RAW_A, entry_extra=b"\1\0\xff\xffabc").end(),
    "shell prefix": Zip(b"#!/bin/sh\n").add("a.npy", RAW_A).end(),
    "program prefix": Zip(b"MZ" + bytes(3000)).add("a.npy", RAW_A, method=0).end(),
    "gap between members": Zip()
    .add(
        "a.npy",
        RAW_A,
        raw=deflated(RAW_A) + b"unused",
        packed=len(deflated(RAW_A)),
        local_sizes=(len(RAW_A), len(deflated(RAW_A))),
    )
    .end(),
    "no sizes in the member": Zip().add("a.npy", RAW_A, local_sizes=(0, 0)).end(),
    "without .npy": Zip().add("a", RAW_A).end(),
    "stored deflate blocks": Zip().add("a.npy", RAW_A, raw=deflated(RAW_A, 0)).end(),
}


@pytest.mark.parametrize("data", SOUND.values(), ids=SOUND)
def test_sound_archives_are_read(opened, data):
    store = opened(data)
    assert list(store.arrays) == ["a"]
    assert store.skipped == {}
    assert same(store.array("a"), A)


@pytest.mark.parametrize(
    "name", sorted(set(SOUND) - {"64-bit behind a prefix", "damaged extra field", "comment with an end record"})
)
def test_zipfile_agrees_that_they_are_sound(name):
    with zipfile.ZipFile(io.BytesIO(SOUND[name])) as archive:
        assert archive.testzip() is None
        assert archive.read(archive.namelist()[0]) == RAW_A


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_is_read(opened, save):
    arrays = {
        f"array {i}": np.array(values_of(dtype, (3, 4), i), order="CF"[i % 2])
        for i, dtype in enumerate(DTYPES)
        if "日" not in str(dtype)
    }
    arrays.update({"größe/日本": A, "": B, "empty": np.zeros((0, 3)), "scalar": np.array("text")})
    file = io.BytesIO()
    save(file, **arrays)
    store = opened(file.getvalue())
    # NumPy lists the array without a name as "", and knows it as ".npy" too; VTK needs a name.
    assert list(store.arrays) == [name or ".npy" for name in arrays]
    for name, values in arrays.items():
        assert same(store.array(name or ".npy"), values)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
@pytest.mark.parametrize("streamed", [False, True])
def test_what_zipfile_writes_is_read(opened, method, streamed):
    file = io.BytesIO()

    class Pipe(io.RawIOBase):
        def writable(self):
            return True

        def write(self, data):
            return file.write(data)

    values = (np.arange(300_000) // 7).astype("<i4")
    with zipfile.ZipFile(Pipe() if streamed else file, "w", method) as archive:
        for name in ("a.npy", "b.npy"):
            with archive.open(name, "w", force_zip64=name == "b.npy") as member:
                np.save(member, values)
        archive.comment = b"a comment"
    store = opened(file.getvalue())
    for name in "ab":
        assert same(store.array(name), values)
        part = np.zeros(10, "<i4")
        store.read(name, (slice(1000, 2000, 100),), part.__setitem__)
        assert same(part, values[1000:2000:100])


def test_many_members(opened):
    archive = Zip()
    for i in range(3000):
        archive.add(f"m{i}.npy", raw(np.array(i)), method=8 * (i % 2))
    store = opened(archive.end())
    assert len(store.arrays) == 3000
    assert int(store.array("m2999")) == 2999


def test_a_label_volume_of_a_thousand_to_one_is_no_bomb(opened, peak_memory):
    labels = np.zeros((64, 1024, 1024), np.uint8)
    labels[20:30] = 3
    file = io.BytesIO()
    np.savez_compressed(file, labels=labels)
    assert file.tell() * 900 < labels.nbytes
    store = opened(file.getvalue())
    result = np.empty_like(labels)
    every = tuple(slice(0, n, 1) for n in labels.shape)
    assert peak_memory(lambda: store.read("labels", every, None, direct=result)) < 8 << 20
    assert np.array_equal(result, labels)


# -- what cannot be read, with the rest read -------------------------------------------------------

LEFT_OUT = {
    "objects": (npy(header("'|O'"), b"\x80\4."), {}, "Python objects"),
    "void": (npy(header("'|V8'"), bytes(24)), {}, "raw bytes"),
    "no size": (npy(header("'<U0'")), {}, "have no bytes"),
    "a text": (b"hello", {}, "is no .npy array"),
    "an empty member": (b"", {}, "is no .npy array"),
    "encrypted": (RAW_A, {"flags": 1}, "encrypted"),
    "AES": (RAW_A, {"method": 99}, "encrypted"),
    "deflate64": (RAW_A, {"method": 9}, "compressed with deflate64"),
    "zstd": (RAW_A, {"method": 93}, "compressed with zstd"),
    "an unknown method": (RAW_A, {"method": 77}, "method 77"),
    "broken header": (npy("{'descr': "), {}, "a value was expected"),
    "promises more than it holds": (npy(header(shape="(1000,)"), bytes(24)), {}, "needs 8000 bytes of data, but only"),
    "promises a terabyte": (npy(header(shape="(1000000000000,)"), bytes(24)), {}, "needs 8000000000000 bytes"),
    "cannot hold its size": (RAW_A, {"size": 10**9}, "cannot hold so many"),
    "stored of two sizes": (RAW_A, {"method": 0, "size": len(RAW_A) - 8}, "is stored in 224 bytes, but should be 216"),
    "damaged stream at its start": (RAW_A, {"raw": b"\xff" * 100}, "damaged: its compressed bytes cannot be unpacked"),
    "empty stream": (RAW_A, {"raw": deflated(b"")}, "compressed bytes end after 0"),
    "lzma window": (
        RAW_A,
        {"method": 14, "raw": struct.pack("<BBH5s", 9, 4, 5, b"]" + b"\xff" * 4) + b"x" * 99},
        "needs an lzma window of 4095 MiB",
    ),
    "lzma properties": (RAW_A, {"method": 14, "raw": bytes(9)}, "damaged: its lzma properties are not possible"),
}


@pytest.mark.parametrize("row", LEFT_OUT.values(), ids=LEFT_OUT)
def test_one_bad_member_is_named_and_the_rest_is_read(opened, row):
    data, wrong, line = row
    store = opened(Zip().add("a.npy", RAW_A).add("bad.npy", data, **wrong).add("b.npy", RAW_B).end())
    assert list(store.arrays) == ["a", "b"]
    assert same(store.array("a"), A)
    assert same(store.array("b"), B)
    assert list(store.skipped) == ["bad.npy"]
    assert line in store.skipped["bad.npy"]
    assert store.skipped["bad.npy"].startswith(f"{store.path}: member 'bad.npy'")
    assert "\n" not in store.skipped["bad.npy"]


@pytest.mark.parametrize("row", LEFT_OUT.values(), ids=LEFT_OUT)
def test_an_archive_of_nothing_else_is_refused(opened, row):
    data, wrong, line = row
    with pytest.raises(NumPyIOError, match=line) as caught:
        opened(Zip().add("bad.npy", data, **wrong).end())
    assert "\n" not in str(caught.value)


def test_an_empty_archive_is_refused(opened):
    with pytest.raises(UnsupportedError, match="holds no arrays"):
        opened(Zip().end())


def test_of_two_members_of_one_name_the_last_is_read(opened):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", RAW_B)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", RAW_A)
    store = opened(file.getvalue())
    assert same(store.array("a"), np.load(io.BytesIO(file.getvalue()))["a"])
    assert "comes twice" in store.skipped["a.npy"]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["a first", "a.npy first"])
def test_of_a_and_a_npy_the_one_that_numpy_reads_is_read(opened, order):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for k in order:
            archive.writestr(*[("a", RAW_A), ("a.npy", RAW_B)][k])
    store = opened(file.getvalue())
    assert list(store.arrays) == ["a"]
    assert same(store.array("a"), np.load(io.BytesIO(file.getvalue()))["a"])
    assert store.skipped == {
        "a.npy": f"{store.path}: member 'a.npy' is not read, as NumPy reads 'a' for this name. Save it again with "
        "different names."
    }


def test_an_archive_of_other_things_says_that_it_holds_no_arrays(opened):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README.txt", "Hello")
    with pytest.raises(UnsupportedError, match=r": holds no arrays: member 'README.txt' is no .npy array"):
        opened(file.getvalue())


def test_damaged_members_are_told_from_others(opened):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("README.txt", "Hello")
        archive.writestr("cut.npy", RAW_A[:-1])
        archive.writestr("a.npy", RAW_A)
    store = opened(file.getvalue())
    assert sorted(store.skipped) == ["README.txt", "cut.npy"]
    assert store.damaged == ("cut.npy",)


def test_names_are_only_names(opened, tmp_path):
    names = ["../../evil", "/etc/passwd", "C:\\evil", "a/b", "..", "nul\0byte", "new\nline"]
    archive = Zip()
    for name in names:
        archive.add(name + ".npy", RAW_A)
    store = opened(archive.end())
    assert list(store.arrays) == [name.partition("\0")[0] for name in names]
    assert all(same(store.array(name), A) for name in store.arrays)
    assert [path.name for path in tmp_path.iterdir()] == ["a.npz"]


@pytest.mark.parametrize(
    ("name", "flags", "more", "expected"),
    [
        ("größe.npy".encode(), 0x800, b"", "größe"),
        ("größe.npy".encode("cp437"), 0, b"", "größe"),
        (
            b"gr__e.npy",
            0,
            extra(0x7075, struct.pack("<BL", 1, zlib.crc32(b"gr__e.npy")) + "größe.npy".encode()),
            "größe",
        ),
        (b"gr__e.npy", 0, extra(0x7075, struct.pack("<BL", 1, 1) + "größe.npy".encode()), "gr__e"),
        (b"\xff.npy", 0x800, b"", "\ufffd"),
    ],
    ids=["utf-8", "code page", "unicode path", "stale unicode path", "no utf-8"],
)
def test_names_in_other_encodings(opened, name, flags, more, expected):
    assert list(opened(Zip().add(name, RAW_A, flags=flags, entry_extra=more).end()).arrays) == [expected]


def test_folders_are_nothing(opened):
    store = opened(Zip().add("folder/", b"", method=0).add("folder/a.npy", RAW_A).end())
    assert list(store.arrays) == ["folder/a"]
    assert store.skipped == {}


# -- archives that are wrong as a whole ------------------------------------------------------------

TWO = Zip().add("a.npy", RAW_A).add("b.npy", RAW_B).end()


def overlapping():
    archive = Zip().add("a.npy", RAW_A, method=0)
    archive.entry(b"a.npy", 0, 0, zlib.crc32(RAW_A), len(RAW_A), len(RAW_A), 0)
    return archive.end()


def nested():
    """A second member that lies within the first, as in a bomb that counts the same bytes many times."""
    inner = Zip().add("b.npy", RAW_B, method=0)
    outer = bytes(inner.bytes)
    archive = Zip().add("a.npy", outer, method=0)
    archive.entry(b"b.npy", 0, 0, zlib.crc32(RAW_B), len(RAW_B), len(RAW_B), 35)
    return archive.end()


WRONG = {
    "cut in a member": (TWO[:100], FormatError, "no table of contents"),
    "cut in the directory": (TWO[:-60], FormatError, "no table of contents"),
    "cut in the end record": (TWO[:-1], FormatError, "no table of contents"),
    "four bytes": (b"PK\3\4", FormatError, "no table of contents"),
    "directory past its place": (Zip().add("a.npy", RAW_A).end(offset=10**6), FormatError, "table of contents"),
    "directory too large": (Zip().add("a.npy", RAW_A).end(size=10**6), FormatError, "table of contents"),
    "directory too small": (Zip().add("a.npy", RAW_A).end(size=20), FormatError, "not where its end says"),
    "another number of members": (Zip().add("a.npy", RAW_A).end(count=2), FormatError, "says it has 2 members"),
    "millions of members": (
        Zip().add("a.npy", RAW_A).end(count=10**9, zip64=True),
        UnsupportedError,
        "has 1000000000 members",
    ),
    "huge 64-bit directory": (Zip().add("a.npy", RAW_A).end(size=2**63, zip64=True), FormatError, "table of contents"),
    "64-bit end record is missing": (
        Zip().add("a.npy", RAW_A).end(zip64=True).replace(b"PK\6\6", b"PK\6\x08"),
        FormatError,
        "64-bit end record is missing",
    ),
    "split": (Zip().add("a.npy", RAW_A).end(disk=1), UnsupportedError, "split over several files"),
    "sizes past the directory": (
        Zip().add("a.npy", RAW_A, packed=10**6, local_sizes=(len(RAW_A), 10**6)).end(),
        FormatError,
        "run into the archive's table of contents",
    ),
    "offset past the file": (
        Zip().add("a.npy", RAW_A, offset=10**7).end(),
        FormatError,
        "should begin at byte 10000000",
    ),
    "offset into a member": (Zip().add("a.npy", RAW_A, offset=7).end(), FormatError, "should begin at byte 7"),
    "other name in the member": (Zip().add("a.npy", RAW_A, local_name=b"b.npy").end(), FormatError, "disagree"),
    "other method in the member": (Zip().add("a.npy", RAW_A, local_method=0).end(), FormatError, "disagree"),
    "other sizes in the member": (
        Zip().add("a.npy", RAW_A, local_sizes=(99, 99)).end(),
        FormatError,
        r"says 224 bytes \(\d+ compressed\), the member itself 99 \(99\)",
    ),
    "one member twice": (overlapping(), FormatError, "overlap"),
    "a member in a member": (nested(), FormatError, "overlap"),
    "64-bit sizes missing": (
        Zip().add("a.npy", RAW_A, central=(0xFFFFFFFF, 0xFFFFFFFF)).end(),
        FormatError,
        "64-bit sizes, but they are missing",
    ),
    "entry cut short": (
        Zip().add("a.npy", RAW_A, comment=b"x" * 50).end().replace(b"\x32\0\0\0\0\0\0\0", b"\x33\0\0\0\0\0\0\0"),
        FormatError,
        "in the middle of an entry",
    ),
    "no entry": (Zip().add("a.npy", RAW_A).end().replace(b"PK\1\2", b"PK\1\3"), FormatError, "not where its end says"),
}


@pytest.mark.parametrize("row", WRONG.values(), ids=WRONG)
def test_archives_that_lie_are_refused(opened, tmp_path, row):
    data, error, line = row
    with pytest.raises(error, match=line) as caught:
        opened(data)
    assert str(caught.value).startswith(f"{tmp_path / 'a.npz'}: ")
    assert "\n" not in str(caught.value)


def test_every_truncation_is_refused(opened):
    for size in range(4, len(TWO)):
        with pytest.raises(NumPyIOError):
            opened(TWO[:size])


# -- members that lie about their bytes ------------------------------------------------------------

LIES = {
    "crc": ({"crc": 1}, "damaged: its bytes have CRC [0-9a-f]{8}, the archive says 00000001"),
    "stored crc": ({"crc": 1, "method": 0}, "damaged: its bytes have CRC [0-9a-f]{8}, the archive says 00000001"),
    "holds less": ({"raw": deflated(RAW_A[:-8])}, "should unpack to 224 bytes, but its compressed bytes end after 216"),
    "holds more": ({"raw": deflated(RAW_A + b"more")}, "should unpack to 224 bytes, but holds more"),
    "is cut": ({"raw": deflated(RAW_A)[:-9]}, "should unpack to 224 bytes, but its compressed bytes end"),
    "is damaged": ({"raw": deflated(RAW_A, 0)[:150] + b"x" + deflated(RAW_A, 0)[151:]}, "damaged: its bytes have CRC"),
    "bzip2 is cut": ({"method": 12, "raw": bz2.compress(RAW_A)[:-20]}, "compressed bytes"),
    "lzma is cut": ({"method": 14, "raw": lzma_member()[:-20]}, "compressed bytes"),
}


@pytest.mark.parametrize("row", LIES.values(), ids=LIES)
def test_damaged_data_is_refused(opened, row):
    wrong, line = row
    with pytest.raises(FormatError, match=line):
        opened(Zip().add("a.npy", RAW_A, **wrong).end()).array("a")


@pytest.mark.parametrize("method", [0, 8])
def test_one_flipped_bit_is_found(opened, method):
    values = (np.arange(2_000_000) % 251).astype("<i4")
    data = bytearray(Zip().add("a.npy", raw(values), method=method).end())
    data[len(data) // 2] ^= 1
    with pytest.raises(FormatError, match=r"CRC|damaged|compressed bytes"):
        opened(bytes(data)).array("a")


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("longer", [0, 5])
def test_crc_of_a_stored_member_in_many_pieces(opened, direct, longer):
    values = np.arange(1_234_567, dtype="<i4")
    store = opened(Zip().add("a.npy", raw(values) + b"x" * longer, method=0).end())
    result = np.empty_like(values)
    store.read("a", (slice(0, len(values), 1),), result.__setitem__, direct=result if direct else None)
    assert same(result, values)


def test_a_bomb_is_told_by_what_it_holds(opened, peak_memory):
    """An archive of kilobytes that promises gigabytes: nothing of that size is ever allocated."""
    bomb = npy(header("'|u1'", "(10000000000,)"))
    archive = (
        Zip()
        .add("a.npy", RAW_A)
        .add(
            "bomb.npy",
            bomb,
            central=(0xFFFFFFFF, 0xFFFFFFFF),
            local_sizes=(0xFFFFFFFF, 0xFFFFFFFF),
            local_extra=extra(1, struct.pack("<2Q", 10**10 + 128, len(deflated(bomb)))),
            entry_extra=extra(1, struct.pack("<2Q", 10**10 + 128, len(deflated(bomb)))),
        )
    )
    data = archive.end()
    assert peak_memory(lambda: opened(data)) < 1 << 20
    assert "cannot hold so many" in opened(data).skipped["bomb.npy"]


def test_many_damaged_members_end_at_the_first(opened):
    archive = Zip()
    values = np.arange(400_000)
    for i in range(4):
        archive.add(f"m{i}.npy", raw(values), crc=i)
    store = opened(archive.end())
    results = [np.empty_like(values) for _ in range(4)]
    with pytest.raises(FormatError, match="damaged: its bytes have CRC"):
        store.read_many([Request(f"m{i}", (slice(0, 400_000, 1),), None, r) for i, r in enumerate(results)])


# -- writing ---------------------------------------------------------------------------------------


def outgoing(arrays):
    return [Outgoing(name, values.shape, values.dtype, lambda v=values: [v]) for name, values in arrays.items()]


def written(arrays, level, **options):
    file = io.BytesIO()
    zip_write.write(file, outgoing(arrays), level, **options)
    return file


@pytest.mark.parametrize("level", [0, 1, 6, 9])
def test_what_is_written_numpy_and_zipfile_read(level):
    arrays = {f"array {i}": values_of(dtype, (3, 4), i) for i, dtype in enumerate(DTYPES)}
    arrays.update(
        {
            "größe": np.arange(700_000) % 1000,
            "empty": np.zeros((0, 3)),
            "text": np.array("a text"),
            "random": np.random.default_rng(0).random(200_000),
            "../up": A,
        }
    )
    file = written(arrays, level)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        assert [info.compress_type for info in archive.infolist()] == [8 if level else 0] * len(arrays)
    file.seek(0)
    with np.load(file) as loaded:
        assert loaded.files == list(arrays)
        for name, values in arrays.items():
            assert same(loaded[name], values)


@pytest.mark.parametrize("level", [0, 6])
def test_what_is_written_is_read_and_the_same_each_time(opened, level):
    arrays = {"a": A, "b": np.arange(300_000)}
    file = written(arrays, level)
    assert written(arrays, level).getvalue() == file.getvalue()
    store = opened(file.getvalue())
    assert store.skipped == {}
    for name, values in arrays.items():
        assert same(store.array(name), values)


def test_stored_data_is_aligned_and_can_be_mapped(opened):
    arrays = {name: np.arange(7.0) for name in ("a", "ab", "abc", "größe", "n" * 61, "n" * 62, "n" * 63)}
    store = opened(written(arrays, 0).getvalue())
    for name, values in arrays.items():
        mapped = store.mapped(name)
        assert same(mapped, values)
        assert mapped.__array_interface__["data"][0] % 64 == 0


def test_the_layout_of_a_stored_archive_is_known_beforehand():
    arrays = {"a": A, "empty": np.zeros((0, 2)), "größe": np.arange(1000)}
    layout = zip_write.stored_layout(outgoing(arrays))
    expected = written(arrays, 0).getvalue()
    assembled = bytearray(len(expected))
    for values, (offset, size) in zip(arrays.values(), layout.data):
        assembled[offset : offset + size] = values.tobytes()
    crcs = [zlib.crc32(header + values.tobytes()) for header, values in zip(layout.headers, arrays.values())]
    for offset, part in layout.parts(crcs):
        assembled[offset : offset + len(part)] = part
    assert assembled == expected


def test_the_size_is_that_of_savez_compressed():
    x = np.linspace(0, 30, 1_500_000)
    arrays = {"smooth": np.round(np.sin(x) * 1000).astype("<i2"), "noise": np.random.default_rng(0).random(300_000)}
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    assert abs(len(written(arrays, 6).getvalue()) / file.tell() - 1) < 0.01


@pytest.mark.parametrize("level", [0, 6])
def test_writing_takes_little_memory(tmp_path, peak_memory, level):
    block = (np.arange(1 << 18) % 1000).astype("<i4")
    big = [Outgoing("a", (64, 1 << 18), block.dtype, lambda: (block for _ in range(64)))]

    def save():
        with open(tmp_path / "a.npz", "wb") as file:
            zip_write.write(file, big, level)

    assert peak_memory(save) < 16 << 20
    with np.load(tmp_path / "a.npz") as loaded:
        assert (loaded["a"] == block).all()


@pytest.mark.parametrize("level", [0, 6])
def test_writing_reports_progress_and_hears_an_abort(level):
    fractions = []
    arrays = {"a": np.zeros(6_000_000), "b": np.zeros(1_000_000)}
    written(arrays, level, progress=fractions.append)
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert len(fractions) > 3

    def abort(_):
        raise Aborted("stopped")

    with pytest.raises(Aborted):
        written(arrays, level, progress=abort)


def test_writing_without_any_other_thread(monkeypatch):
    def start(_):
        raise RuntimeError("can't start new thread")

    expected = written({"a": np.arange(500_000)}, 6).getvalue()
    monkeypatch.setattr(threading.Thread, "start", start)
    assert written({"a": np.arange(500_000)}, 6).getvalue() == expected


def test_two_arrays_of_one_name_are_refused():
    with pytest.raises(OptionError, match="two arrays are named 'a'"):
        zip_write.write(io.BytesIO(), [*outgoing({"a": A}), *outgoing({"a": B})])


@pytest.mark.parametrize("name", ["n" * 70_000, "a\0b"])
def test_names_that_no_archive_can_hold_are_refused(name):
    with pytest.raises(OptionError, match="Rename the array"):
        zip_write.write(io.BytesIO(), outgoing({name: A}))


def test_nothing_is_written_before_everything_can_be():
    file = io.BytesIO()
    with pytest.raises(UnsupportedError):
        zip_write.write(file, outgoing({"a": A, "b": np.array([None])}))
    assert file.getvalue() == b""


@pytest.mark.parametrize("level", [0, 6])
def test_64_bit_sizes_where_they_are_needed(opened, monkeypatch, level):
    """Past 4 GiB, without writing 4 GiB: the limit is lowered."""
    arrays = {"a": np.arange(5000), "b": B}
    monkeypatch.setattr(zip_write, "_NARROW", 3000)
    data = written(arrays, level).getvalue()
    monkeypatch.undo()
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.infolist()[0].extract_version == 45
    store = opened(data)
    for name, values in arrays.items():
        assert same(store.array(name), values)


@pytest.mark.slow
def test_more_than_4_gib(tmp_path):
    block = np.zeros(1 << 20)
    count = 520
    big = [
        Outgoing("big", (count, 1 << 20), block.dtype, lambda: (block + i for i in range(count))),
        Outgoing("small", B.shape, B.dtype, lambda: [B]),
    ]
    with open(tmp_path / "a.npz", "wb") as file:
        zip_write.write(file, big, 0)
    with open_store(tmp_path / "a.npz") as store:
        last = np.empty((1, 1), "<f8")
        store.read("big", (slice(count - 1, count, 1), slice(5, 6, 1)), None, direct=last)
        assert last == count - 1
        assert same(store.array("small"), B)
    with np.load(tmp_path / "a.npz") as loaded:
        assert same(loaded["small"], B)
    (tmp_path / "a.npz").unlink()


@pytest.mark.once
def test_more_than_65535_members():
    arrays = {f"m{i}": B for i in range(65_540)}
    file = written(arrays, 0)
    with zipfile.ZipFile(file) as archive:
        assert len(archive.namelist()) == 65_540
    found = zip_directory.read_directory(FakeFile(file.getvalue()))
    assert len(found[0]) == 65_540


class FakeFile:
    """Bytes behind the face of an InputFile."""

    name = "memory"

    def __init__(self, data):
        self.data, self.size = data, len(data)

    def read(self, offset, count):
        return self.data[offset : offset + count]


@pytest.mark.parametrize("sizes", [[0], [1], [5, 0, 7], [100, 100, 100, 33], [2**20, 3]], ids=str)
def test_crc_of_joined_pieces(sizes):
    data = np.random.default_rng(0).integers(0, 256, sum(sizes), np.uint8).tobytes()
    pieces, at = [], 0
    for size in sizes:
        pieces.append((zlib.crc32(data[at : at + size]), size))
        at += size
    assert crc32.crc32_combine(pieces) == zlib.crc32(data)
