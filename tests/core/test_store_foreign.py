"""Files as other programs write them, byte by byte as their sources or the specifications say.

Each row: the program, what is peculiar about its files, the bytes, and the array that they mean.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import zipfile
import zlib

import numpy as np
import pytest
from bytefiles import Zip, extra, npy
from npyvtk.files.open_store import open_store
from test_npy import same

GRID = np.arange(6.0).reshape(2, 3)
LINE = np.array([7.0, 8.0, 9.0])


def padded(text, multiple, *, fixed=10, least=0):
    """Spaces and a newline, so that the data begins at a multiple of `multiple`."""
    spaces = -(fixed + len(text) + 1 + least) % multiple + least
    return text + " " * spaces + "\n"


def c_bytes(values, descr):
    return np.ascontiguousarray(values, descr).tobytes()


def f_bytes(values, descr):
    return np.asarray(values, descr).tobytes(order="F")


ARRAYS = {
    "NumPy 1.0, padded to 16": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 16), c_bytes(GRID, "<f8")),
        GRID,
    ),
    "NumPy 1.14, padded to 64": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 64), c_bytes(GRID, "<f8")),
        GRID,
    ),
    "NumPy under Python 2, long integers": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 3L), }", 16), c_bytes(GRID, "<f8")),
        GRID,
    ),
    "NumPy under Python 2 on Windows, one long integer": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (3L,), }", 16), c_bytes(LINE, "<f8")),
        LINE,
    ),
    "NumPy under Python 2, a structure with unicode names": (
        npy(
            padded("{'descr': [(u'a', '<i4'), ('b', '<f8')], 'fortran_order': False, 'shape': (1,), }", 16),
            struct.pack("<id", 5, 2.5),
        ),
        np.array([(5, 2.5)], [("a", "<i4"), ("b", "<f8")]),
    ),
    "NumPy on a big-endian machine": (
        npy(padded("{'descr': '>f8', 'fortran_order': False, 'shape': (2, 3), }", 16), c_bytes(GRID, ">f8")),
        GRID.astype(">f8"),
    ),
    "NumPy, a 0-d array": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (), }", 64), struct.pack("<d", 4)),
        np.array(4.0),
    ),
    "NumPy 1.9, version 2.0": (
        npy(
            padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 16, fixed=12),
            c_bytes(GRID, "<f8"),
            version=(2, 0),
        ),
        GRID,
    ),
    "NumPy 1.17, version 3.0": (
        npy(
            padded("{'descr': [('é', '<f8')], 'fortran_order': False, 'shape': (3,), }", 64, fixed=13),
            c_bytes(LINE, "<f8"),
            version=(3, 0),
            encoding="utf-8",
        ),
        LINE.view([("é", "<f8")]),
    ),
    # npy-matlab: always Fortran order and at least two axes, a byte order for bytes, a comma before the brace
    "npy-matlab, a matrix": (
        npy(padded("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", 16), f_bytes(GRID, "<f8")),
        np.asfortranarray(GRID),
    ),
    "npy-matlab, a vector": (
        npy(padded("{'descr': '<f8', 'fortran_order': True, 'shape': (3, 1), }", 16), c_bytes(LINE, "<f8")),
        LINE.reshape(3, 1),
    ),
    "npy-matlab, logical": (
        npy(padded("{'descr': '<b1', 'fortran_order': True, 'shape': (1, 3), }", 16), b"\1\0\1"),
        np.array([[True, False, True]]),
    ),
    "npy-matlab, uint8": (
        npy(padded("{'descr': '<u1', 'fortran_order': True, 'shape': (1, 3), }", 16), b"\1\2\3"),
        np.array([[1, 2, 3]], np.uint8),
    ),
    # cnpy: C order, a byte order for bytes, at least one space of padding
    "cnpy": (
        npy(padded("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 16), c_bytes(GRID, "<f4")),
        GRID.astype("<f4"),
    ),
    "cnpy, chars": (
        npy(padded("{'descr': '<i1', 'fortran_order': False, 'shape': (3,), }", 16), b"\1\2\3"),
        np.array([1, 2, 3], np.int8),
    ),
    # xtensor (and libnpy): a whole 16 spaces where none are needed
    "xtensor": (
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }" + " " * 16 + "\n", c_bytes(GRID, "<f8")),
        GRID,
    ),
    "xtensor, one axis": (
        npy(padded("{'descr': '|u1', 'fortran_order': False, 'shape': (3,), }", 16, least=1), b"\1\2\3"),
        np.array([1, 2, 3], np.uint8),
    ),
    # ndarray-npy (Rust): no comma before the brace, a whole 64 spaces where none are needed
    "ndarray-npy": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}", 64), c_bytes(GRID, "<f8")),
        GRID,
    ),
    "ndarray-npy, Fortran order": (
        npy(padded("{'descr': '<i8', 'fortran_order': True, 'shape': (2, 3)}", 64, least=1), f_bytes(GRID, "<i8")),
        np.asfortranarray(GRID.astype("<i8")),
    ),
    # NPZ.jl: Fortran order, Julia's tuples, no newline where the header happens to be a multiple of 16
    "NPZ.jl": (
        npy(padded("{'descr': '<f8', 'fortran_order': True, 'shape': (2, 3), }", 16), f_bytes(GRID, "<f8")),
        np.asfortranarray(GRID),
    ),
    "NPZ.jl, no newline": (npy("{'descr': '<f8', 'fortran_order': True, 'shape': (3,), }", c_bytes(LINE, "<f8")), LINE),
    "NPZ.jl, a number": (
        npy(padded("{'descr': '<i8', 'fortran_order': True, 'shape': (), }", 16), struct.pack("<q", 3)),
        np.array(3),
    ),
    "NPZ.jl, complex": (
        npy(padded("{'descr': '<c8', 'fortran_order': True, 'shape': (1,), }", 16), struct.pack("<2f", 1, 2)),
        np.array([1 + 2j], np.complex64),
    ),
    # npyjs: no spaces, padded to 8
    "npyjs": (npy(padded("{'descr':'<f8','fortran_order':False,'shape':(2,3)}", 8), c_bytes(GRID, "<f8")), GRID),
    "npyjs, one axis": (
        npy(padded("{'descr':'|u1','fortran_order':False,'shape':(3,)}", 8), b"\1\2\3"),
        np.array([1, 2, 3], np.uint8),
    ),
    # npy-append-array: version 2.0, room for the first axis to grow
    "npy-append-array": (
        npy(
            padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 64, fixed=12, least=128),
            c_bytes(GRID, "<f8"),
            version=(2, 0),
        ),
        GRID,
    ),
    # R's RcppCNPy and reticulate, Go's npyio: as NumPy and cnpy do
    "npyio (Go)": (
        npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2,3), }", 16), c_bytes(GRID, "<f8")),
        GRID,
    ),
    "a pretty printer": (
        npy(
            '{\n  "shape": (\n    2,\n    3\n  ),\n  "fortran_order": False,\n  "descr": "<f8"\n}\n',
            c_bytes(GRID, "<f8"),
        ),
        GRID,
    ),
    "Windows line ends": (
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }\r\n", c_bytes(GRID, "<f8")),
        GRID,
    ),
}


@pytest.mark.parametrize(("raw", "values"), ARRAYS.values(), ids=ARRAYS)
def test_arrays_of_other_programs(tmp_path, raw, values):
    path = tmp_path / "a.npy"
    path.write_bytes(raw)
    with open_store(path) as store:
        assert store.arrays["a"].remark == ""
        assert same(store.array("a"), values)


def test_an_array_that_is_being_appended_to(tmp_path):
    """npy-append-array and Fortran codes write rows first, and the header when they are done."""
    path = tmp_path / "a.npy"
    path.write_bytes(ARRAYS["npy-append-array"][0] + c_bytes(GRID, "<f8"))
    with open_store(path) as store:
        assert store.arrays["a"].remark == "the file is 48 bytes longer than its array; the rest is left out"
        assert same(store.array("a"), GRID)


@pytest.mark.parametrize(("raw", "values"), ARRAYS.values(), ids=ARRAYS)
@pytest.mark.filterwarnings("ignore:Reading `.npy`")  # NumPy's word for Python 2
def test_numpy_reads_them_alike(raw, values):
    assert same(np.load(io.BytesIO(raw)), values)


# -- archives --------------------------------------------------------------------------------------

MEMBER = npy(padded("{'descr': '<f8', 'fortran_order': False, 'shape': (2, 3), }", 16), c_bytes(GRID, "<f8"))


def packed(data):
    deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


UNIX_LOCAL = extra(0x5455, b"\3" + bytes(8)) + extra(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4))
UNIX_ENTRY = extra(0x5455, b"\3" + bytes(4)) + extra(0x7875, b"\1\4" + bytes(4) + b"\4" + bytes(4))
NTFS = extra(0x000A, bytes(4) + struct.pack("<2H", 1, 24) + bytes(24))

ARCHIVES = {
    # cnpy: stored, no date, one member appended after the other
    "cnpy": Zip().add("a.npy", MEMBER, method=0).end(),
    # Info-ZIP: times and owners in extra fields
    "Info-ZIP": Zip().add("a.npy", MEMBER, local_extra=UNIX_LOCAL, entry_extra=UNIX_ENTRY).end(),
    "Info-ZIP, stored": Zip().add("a.npy", MEMBER, method=0, local_extra=UNIX_LOCAL, entry_extra=UNIX_ENTRY).end(),
    # zip - | ...: sizes follow the data, with their signature
    "Info-ZIP, streamed": Zip().add("a.npy", MEMBER, flags=8, local_extra=UNIX_LOCAL, entry_extra=UNIX_ENTRY).end(),
    "Info-ZIP, streamed in 64 bits": Zip()
    .add(
        "a.npy",
        MEMBER,
        flags=8,
        local_sizes=(0xFFFFFFFF, 0xFFFFFFFF),
        local_extra=extra(1, bytes(16)),
        descriptor=struct.pack("<4sL2Q", b"PK\7\10", zlib.crc32(MEMBER), len(packed(MEMBER)), len(MEMBER)),
    )
    .end(),
    # 7-Zip: NTFS times, in the directory only
    "7-Zip": Zip().add("a.npy", MEMBER, entry_extra=NTFS).end(),
    # Java, Go and JavaScript (JSZip with streamFiles): sizes follow the data, UTF-8 names
    "Java": Zip().add("a.npy", MEMBER, flags=0x808).end(),
    "a stream without the descriptor's signature": Zip()
    .add(
        "a.npy",
        MEMBER,
        flags=8,
        descriptor=struct.pack("<3L", zlib.crc32(MEMBER), len(packed(MEMBER)), len(MEMBER)),
    )
    .end(),
    # Android's zipalign and this package: padding in an extra field
    "zipalign": Zip().add("a.npy", MEMBER, method=0, local_extra=extra(0xD935, b"\x40\0" + bytes(21))).end(),
    "an archive with a comment and a member comment": Zip()
    .add("a.npy", MEMBER, comment=b"made by hand")
    .end(comment=b"simulation 17"),
    "self-extracting": Zip(b"MZ" + bytes(500)).add("a.npy", MEMBER).end(),
}


@pytest.mark.parametrize("raw", ARCHIVES.values(), ids=ARCHIVES)
def test_archives_of_other_programs(tmp_path, raw):
    path = tmp_path / "a.npz"
    path.write_bytes(raw)
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
    with open_store(path) as store:
        assert list(store.arrays) == ["a"]
        assert store.skipped == {}
        assert same(store.array("a"), GRID)


def test_npz_of_julia_with_every_array_of_the_table(tmp_path):
    archive = Zip()
    for number, (raw, _) in enumerate(ARRAYS.values()):
        archive.add(f"a{number}.npy", raw, method=8 * (number % 2), flags=0x800)
    (tmp_path / "a.npz").write_bytes(archive.end())
    with open_store(tmp_path / "a.npz") as store:
        for number, (_, values) in enumerate(ARRAYS.values()):
            assert same(store.array(f"a{number}"), values)


@pytest.mark.skipif(shutil.which("zip") is None, reason="Info-ZIP's zip is not installed")
@pytest.mark.parametrize("arguments", ["-q", "-q -0", "-q -fz", "-q -X", "-q -Z bzip2"])
@pytest.mark.parametrize("streamed", [False, True])
def test_info_zip_itself(tmp_path, arguments, streamed):
    if streamed and "-fz" in arguments:
        return  # zip 3.0 leaves the 64-bit end record out; its own unzip cannot read that either
    np.save(tmp_path / "a.npy", GRID)
    np.save(tmp_path / "größe.npy", LINE)
    command = ["zip", *arguments.split(), "-" if streamed else "out.npz", "a.npy", "größe.npy"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    if streamed:
        (tmp_path / "out.npz").write_bytes(done.stdout)
    with open_store(tmp_path / "out.npz") as store:
        assert list(store.arrays) == ["a", "größe"]
        assert same(store.array("a"), GRID)
        assert same(store.array("größe"), LINE)


@pytest.mark.skipif(shutil.which("7z") is None, reason="7-Zip is not installed")
@pytest.mark.parametrize("method", ["Copy", "Deflate"])
def test_7_zip_itself(tmp_path, method):
    np.save(tmp_path / "a.npy", GRID)
    np.save(tmp_path / "größe.npy", LINE)
    command = ["7z", "a", "-tzip", f"-mm={method}", "out.npz", "a.npy", "größe.npy"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True, env={**os.environ, "LC_ALL": "C.UTF-8"})
    with open_store(tmp_path / "out.npz") as store:
        assert sorted(store.arrays) == ["a", "größe"]
        assert same(store.array("a"), GRID)
        assert same(store.array("größe"), LINE)


@pytest.mark.parametrize("level", [0, 6])
@pytest.mark.parametrize(
    ("command", "verdict"), [(["unzip", "-t"], "No errors detected"), (["7z", "t"], "Everything is Ok")]
)
def test_other_archivers_accept_what_is_written_here(tmp_path, command, verdict, level):
    from npyvtk.files import zip_write
    from npyvtk.files.npy import Outgoing

    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    arrays = {"a": GRID, "größe": np.arange(200_000)}
    with open(tmp_path / "a.npz", "wb") as file:
        zip_write.write(file, [Outgoing(n, v.shape, v.dtype, lambda v=v: [v]) for n, v in arrays.items()], level)
    done = subprocess.run([*command, "a.npz"], cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert verdict in done.stdout, done.stdout + done.stderr
