"""Files made byte by byte from the specifications, so that they can be wrong in one place only."""

from __future__ import annotations

import struct
import zlib


def npy(text, data=b"", *, version=(1, 0), length=None, encoding="latin-1", magic=b"\x93NUMPY"):
    """A .npy with the header `text` as it stands: no padding, no newline is added."""
    raw = text if isinstance(text, bytes) else text.encode(encoding)
    length = len(raw) if length is None else length
    return magic + bytes(version) + struct.pack("<H" if version == (1, 0) else "<I", length) + raw + data


def header(descr="'<f8'", shape="(3,)", fortran_order="False"):
    return f"{{'descr': {descr}, 'fortran_order': {fortran_order}, 'shape': {shape}, }}\n"


def extra(kind, data):
    return struct.pack("<2H", kind, len(data)) + data


class Zip:
    """A zip archive under construction; every field of every record can be set wrong."""

    def __init__(self, prefix=b""):
        self.bytes = bytearray(prefix)
        self.shift = len(prefix)
        self.entries = bytearray()
        self.count = 0

    def add(
        self,
        name,
        data,
        *,
        method=8,
        flags=0,
        crc=None,
        size=None,
        packed=None,
        raw=None,
        local_extra=b"",
        entry_extra=b"",
        descriptor=None,
        local_name=None,
        local_sizes=None,
        local_method=None,
        offset=None,
        central=None,
        comment=b"",
    ):
        """Append a member. `raw` replaces the packed bytes, `central` the sizes in the directory."""
        name = name if isinstance(name, bytes) else name.encode()
        crc = zlib.crc32(data) if crc is None else crc
        if raw is None:
            raw = data
            if method == 8:
                deflater = zlib.compressobj(6, zlib.DEFLATED, -15)
                raw = deflater.compress(data) + deflater.flush()
        size = len(data) if size is None else size
        packed = len(raw) if packed is None else packed
        at = len(self.bytes) - self.shift
        streamed = flags & 8
        local_size, local_packed = local_sizes or ((0, 0) if streamed else (size, packed))
        local_name = name if local_name is None else local_name
        self.bytes += (
            struct.pack(
                "<4s5H3L2H",
                b"PK\3\4",
                20,
                flags,
                method if local_method is None else local_method,
                0,
                33,
                0 if streamed else crc,
                local_packed,
                local_size,
                len(local_name),
                len(local_extra),
            )
            + local_name
            + local_extra
            + raw
        )
        if streamed:
            self.bytes += struct.pack("<4s3L", b"PK\7\10", crc, packed, size) if descriptor is None else descriptor
        size, packed = central or (size, packed)
        self.entry(name, method, flags, crc, size, packed, at if offset is None else offset, entry_extra, comment)
        return self

    def entry(self, name, method, flags, crc, size, packed, offset, extra=b"", comment=b""):
        self.entries += (
            struct.pack(
                "<4s6H3L5H2L",
                b"PK\1\2",
                3 << 8 | 20,
                20,
                flags,
                method,
                0,
                33,
                crc,
                packed,
                size,
                len(name),
                len(extra),
                len(comment),
                0,
                0,
                0,
                offset,
            )
            + name
            + extra
            + comment
        )
        self.count += 1

    def end(self, *, comment=b"", count=None, size=None, offset=None, disk=0, tail=b"", zip64=False, comment_size=None):
        """The whole archive."""
        at = len(self.bytes) - self.shift
        count = self.count if count is None else count
        size = len(self.entries) if size is None else size
        offset = at if offset is None else offset
        done = bytes(self.bytes + self.entries)
        if zip64:
            record_at = len(done) - self.shift
            done += struct.pack("<4sQ2H2L4Q", b"PK\6\6", 44, 45, 45, 0, 0, count, count, size, offset)
            done += struct.pack("<4sLQL", b"PK\6\7", 0, record_at, 1)
            count, size, offset = 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF
        return (
            done
            + struct.pack(
                "<4s4H2LH",
                b"PK\5\6",
                disk,
                disk,
                count,
                count,
                size,
                offset,
                len(comment) if comment_size is None else comment_size,
            )
            + comment
            + tail
        )
