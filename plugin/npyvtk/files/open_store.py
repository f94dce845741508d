"""Opening a file: its format told by its first bytes, or a line that says what it is instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import FormatError, LimitError
from . import npy_header
from .formats import FORMATS
from .source import InputFile

if TYPE_CHECKING:
    import os

    from .store import Store

__all__ = ["open_store"]


def open_store(path: str | os.PathLike[str], name: str | None = None) -> Store:
    """Open a ``.npy`` or ``.npz``, told by its first bytes and not by its name; no data is read.

    Parameters
    ----------
    path : str or os.PathLike
        The file.
    name : str, optional
        What to call the array of a ``.npy``; default: the file's name without its extension.

    Raises
    ------
    FileError
        There is no such file, or the system refuses to open it.
    FormatError
        It is neither, or is damaged; the message names what it is where that can be told.
    UnsupportedError
        It is sound, but holds no array that can be shown.
    """
    file = InputFile(path)
    try:
        head = file.read(0, npy_header.HEAD_BYTES)
        for one in FORMATS:
            if one.recognises(head, file):
                return one.open_file(file, head, name)
        raise FormatError(f"{file.name}: {_identify(head[:512], file)}")  # noqa: TRY301 - the file is closed below
    except BaseException as error:
        file.close()
        if isinstance(error, MemoryError) and not isinstance(error, LimitError):
            raise LimitError(
                f"{file.name}: too large: there is not enough memory to open it. Close other programs."
            ) from None
        raise


_FOREIGN = (
    (
        b"\x89HDF\r\n\x1a\n",
        (
            "an HDF5 (or NetCDF 4) file. Open it with one of ParaView's HDF readers, or convert it"
            " with numpy.save(name, h5py.File(...)[...][()])."
        ),
    ),
    (b"CDF\x01", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"CDF\x02", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"CDF\x05", "a NetCDF file. Open it with ParaView's NetCDF reader."),
    (b"MATLAB 5.0", "a MATLAB file. Convert it with numpy.savez(name, **scipy.io.loadmat(...))."),
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself. Fetch the file with 'git lfs pull'."),
    (b"\x1f\x8b", "compressed with gzip. Unpack it first with 'gunzip'."),
    (b"BZh", "compressed with bzip2. Unpack it first with 'bunzip2'."),
    (b"\xfd7zXZ\x00", "compressed with xz. Unpack it first with 'unxz'."),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd. Unpack it first with 'unzstd'."),
    (b"\x04\x22\x4d\x18", "compressed with lz4. Unpack it first with 'unlz4'."),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive. Unpack it first."),
    (b"Rar!", "a RAR archive. Unpack it first."),
    (b"PK\x07\x08", "one part of an archive that was split over several files. Join the parts first."),
    (b"\x89PNG", "a PNG image. Open it with ParaView's PNG reader."),
    (b"\xff\xd8\xff", "a JPEG image. Open it with ParaView's JPEG reader."),
    (b"II*\x00", "a TIFF image. Open it with ParaView's TIFF reader."),
    (b"MM\x00*", "a TIFF image. Open it with ParaView's TIFF reader."),
    (b"SIMPLE  =", "a FITS file. Convert it with numpy.save(name, astropy.io.fits.getdata(...))."),
    (b"# vtk DataFile", "a VTK file. Open it with ParaView's legacy VTK reader."),
    (b"NRRD", "an NRRD file. Open it with ParaView's Nrrd reader."),
    (b"%PDF", "a PDF document. Choose another file."),
    (b"\x7fELF", "a program. Choose another file."),
    (b"PAR1", "a Parquet file. Convert it with pandas.read_parquet(...).to_numpy()."),
    (b"ARROW1", "an Arrow file. Convert it to NumPy first."),
)


def _identify(head: bytes, file: InputFile) -> str:
    """What a file that is neither ``.npy`` nor ``.npz`` probably is, and what to do; one line."""
    if not head:
        return "the file is empty. It may still be being written; else save it again."
    for magic, kind in _FOREIGN:
        if head.startswith(magic):
            return f"this is {kind}"
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<head")):
        return "this is a web page, probably the error page of a download. Download the file again."
    if text.startswith((b"<?xml", b"<vtkfile")):
        return "this is an XML file. If it is one of VTK's, open it with ParaView's own reader."
    if head[:1] == b"\x80" and head[1:2] in (b"\2", b"\3", b"\4", b"\5"):
        return (
            "this is a Python pickle, which executes what it says when it is read, so it is left alone."
            " Load it in Python if you trust it, and save the array with numpy.save."
        )
    if not any(head):
        return (
            "never completely written, or raw data: the file starts with zeros instead of a .npy header."
            " Copy it again, or open raw data with ParaView's Image Reader."
        )
    if len(head) < 6 and npy_header.MAGIC.startswith(head[:6]):
        return f"cut short: the file ends after {len(head)} bytes, in the middle of its header. Copy or save it again."
    if all(byte in b"\t\r\n\f\x1b" or 32 <= byte < 127 or byte >= 128 for byte in head) and _is_text(head):
        return "this is a text file, not a .npy or .npz. Convert it, e.g. with numpy.save(name, numpy.loadtxt(...))."
    return (
        f"not a NumPy file: a .npy starts with {npy_header.MAGIC!r} and a .npz with b'PK', but this starts with"
        f" {head[:8]!r}. If it is raw data ({file.size} bytes), open it with ParaView's Image Reader, or save it"
        " with numpy.save."
    )


def _is_text(head: bytes) -> bool:
    try:
        head.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start > len(head) - 4 > 0  # the last character may be cut
    return True
