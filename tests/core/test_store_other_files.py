"""What is no NumPy file at all is recognised and named, with what to do instead."""

from __future__ import annotations

import os
import pickle
import socket

import numpy as np
import pytest
from npyvtk.errors import FileError, FormatError
from npyvtk.files.open_store import open_store

KINDS = {
    "empty": (b"", "the file is empty"),
    "HDF5": (b"\x89HDF\r\n\x1a\n" + bytes(100), "this is an HDF5 .*NetCDF 4.* file"),
    "NetCDF": (b"CDF\x01" + bytes(100), "this is a NetCDF file"),
    "MATLAB": (b"MATLAB 5.0 MAT-file, Platform: GLNXA64", "this is a MATLAB file.*loadmat"),
    "pickle": (pickle.dumps([1, 2, 3]), "this is a Python pickle.*left alone"),
    "pickled array": (pickle.dumps(np.arange(3), 2), "this is a Python pickle"),
    "Git LFS": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n",
        "this is a Git LFS pointer, not the file itself. Fetch the file with 'git lfs pull'.",
    ),
    "HTML": (b"\n<!DOCTYPE html>\n<html><body>404</body></html>", "this is a web page.*Download the file again"),
    "html": (b"<html>not found", "this is a web page"),
    "gzip": (b"\x1f\x8b\x08" + bytes(50), "compressed with gzip. Unpack it first"),
    "bzip2": (b"BZh91AY&SY", "compressed with bzip2"),
    "xz": (b"\xfd7zXZ\x00" + bytes(9), "compressed with xz"),
    "zstd": (b"\x28\xb5\x2f\xfd" + bytes(9), "compressed with zstd"),
    "7-Zip": (b"7z\xbc\xaf\x27\x1c" + bytes(9), "this is a 7-Zip archive"),
    "split zip": (b"PK\x07\x08PK\x03\x04" + bytes(90), "one part of an archive"),
    "PNG": (b"\x89PNG\r\n\x1a\n" + bytes(9), "this is a PNG image"),
    "TIFF": (b"II*\x00" + bytes(90), "this is a TIFF image"),
    "FITS": (b"SIMPLE  =                    T", "this is a FITS file"),
    "legacy VTK": (b"# vtk DataFile Version 3.0\n", "this is a VTK file"),
    "VTK XML": (b'<?xml version="1.0"?>\n<VTKFile type="ImageData">', "XML file"),
    "NRRD": (b"NRRD0004\n", "this is an NRRD file"),
    "text": (b"1.0, 2.0, 3.0\n4.0, 5.0, 6.0\n" * 100, "this is a text file.*loadtxt"),
    "text with umlauts": ("größe, höhe\n".encode() * 100, "this is a text file"),
    "zeros": (bytes(1000), "starts with zeros"),
    "raw data": (np.linspace(1, 2, 1000).tobytes(), r"raw data \(8000 bytes\), open it with ParaView's Image Reader"),
    "one byte": (b"\x93", "in the middle of its header"),
    "four bytes": (b"\x93NUM", "in the middle of its header"),
    "a program": (b"\x7fELF" + bytes(90), "this is a program"),
    "a Windows program": (b"MZ" + bytes(range(256)), "starts with b'MZ"),
}


@pytest.mark.parametrize("name", ["a.npy", "a.npz"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_named_for_what_it_is(tmp_path, kind, name):
    data, line = kind
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(FormatError, match=line) as caught:
        open_store(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_pickle_is_not_executed(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "executed"),)

    path = tmp_path / "a.npy"
    path.write_bytes(pickle.dumps(Evil()))
    with pytest.raises(FormatError, match="pickle"):
        open_store(path)
    np.savez(tmp_path / "b.npz", evil=np.array([Evil()]), fine=np.arange(3))
    with open_store(tmp_path / "b.npz") as opened:
        assert list(opened.arrays) == ["fine"]
        assert "Python objects" in opened.skipped["evil.npy"]
    assert not (tmp_path / "executed").exists()


@pytest.mark.posix
def test_a_folder(tmp_path):
    with pytest.raises(FileError, match=r"this is a folder, not a file. Choose a .npy or .npz file in it"):
        open_store(tmp_path)


def test_no_such_file(tmp_path):
    with pytest.raises(FileError, match="there is no such file"):
        open_store(tmp_path / "a.npy")


@pytest.mark.posix
def test_a_path_through_a_file(tmp_path):
    (tmp_path / "a.npy").write_bytes(b"x")
    with pytest.raises(FileError, match="a part of the path is a file"):
        open_store(tmp_path / "a.npy" / "b.npy")


@pytest.mark.posix
def test_a_link_to_itself(tmp_path):
    (tmp_path / "a.npy").symlink_to("a.npy")
    with pytest.raises(FileError, match="leads back to itself"):
        open_store(tmp_path / "a.npy")


@pytest.mark.posix
def test_a_name_too_long(tmp_path):
    with pytest.raises(FileError, match="longer than the file system allows"):
        open_store(tmp_path / ("n" * 300))


def test_a_name_with_a_nul():
    with pytest.raises(FileError, match=r"^a\\x00b: the name holds characters"):
        open_store("a\0b")


@pytest.mark.posix
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "a.npy")
    with pytest.raises(FileError, match="device, pipe or socket"):
        open_store(tmp_path / "a.npy")


@pytest.mark.posix
def test_a_device():
    with pytest.raises(FileError, match="device, pipe or socket"):
        open_store("/dev/zero")


@pytest.mark.posix
def test_a_socket(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # names of sockets must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("a.npy")
        with pytest.raises(FileError):
            open_store("a.npy")


@pytest.mark.posix
@pytest.mark.parametrize("name", ["line\nbreak.npy", "tab\t.npy", "\udcff.npy", "größe 日本.npy"])
def test_messages_stay_one_line_for_any_name(tmp_path, name):
    with pytest.raises(FileError) as caught:
        open_store(tmp_path / name)
    str(caught.value).encode("utf-8")
    assert "\n" not in str(caught.value)


def test_no_descriptor_is_left_open(tmp_path):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for data, _ in KINDS.values():
        (tmp_path / "a.npy").write_bytes(data)
        with pytest.raises(FormatError):
            open_store(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", np.zeros(3))
    open_store(tmp_path / "a.npy").close()
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    assert after == before
