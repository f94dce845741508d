"""Wrong files, made at random but by the grammar of headers and archives, and repeatable by number.

A file is told by its seed and number alone: ``header(seed, number)``, ``archive(seed, number)``.
"""

from __future__ import annotations

import io
import os
import random
import re
import struct
import sys
import zlib

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, "core"))
import bytefiles
from bytefiles import Zip, extra, npy

INTEGERS = [
    "0",
    "1",
    "-1",
    "2",
    "3",
    "31",
    "32",
    "33",
    "64",
    "65",
    "127",
    "255",
    "256",
    "65535",
    "65536",
    "65536L",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551616",
    "1" * 30,
    "1" * 400,
    "00",
    "0x10",
    "1_000",
    "1e3",
    "1.0",
    "-0",
    "+1",
    "- 1",
    "1L",
]
WORDS = [
    "True",
    "False",
    "None",
    "true",
    "nan",
    "inf",
    "L",
    "u''",
    "b''",
    "''",
    '""',
    "...",
    "lambda: 0",
    "__import__",
    "{}",
    "[]",
    "()",
    "(,)",
    "{,}",
    "#",
    "\\",
    "\0",
    "\n",
    "\r\n",
    "\t",
    "  ",
    "é",
    "\\x00",
    "\\ud800",
    "\\N{DASH}",
]
DESCRS = [
    "<f8",
    ">f8",
    "|f8",
    "=f8",
    "f8",
    "<f2",
    "<f3",
    "<f16",
    "<f12",
    ">c32",
    "<c8",
    "|b1",
    "?",
    "|u1",
    "<i4",
    ">i8",
    "<i16",
    "|S5",
    "|S0",
    "<U3",
    "<U0",
    "<U1073741823",
    "|S2147483647",
    "|S2147483648",
    "|V8",
    "|V0",
    "|O",
    "O8",
    "<M8[ns]",
    "<M8[25us]",
    "<M8",
    "<m8[D]",
    "<M8[generic]",
    "<M8[0s]",
    "<M8[99999999999s]",
    "<M8[s/7]",
    "i4,f4",
    "(2,)f4",
    "float64",
    "bfloat16",
    "longdouble",
    "p",
    "P",
    "l",
    "a5",
    "c",
    "B",
    "T",
    "<T16",
    "g",
    "G",
]
MARKS = list("{}()[]:,'\"")
KEYS = ["'descr'", "'shape'", "'fortran_order'", "u'descr'", "b'shape'", '"descr"', "'Descr'", "'des\\x63r'", "'x'"]
FIELDS = [
    "[('a', '<f8'), ('b', '>i4', (2, 3))]",
    "[('', '|V4'), ('b', '<f8')]",
    "[(('t', 'n'), '<f4')]",
    "[('a', '|O')]",
    "[('n', [('x', '<f4'), ('y', '|S2')])]",
    "[]",
    "[('a',)]",
    "[('a', '<f8', 3)]",
    "[('a', '<f8', (0,))]",
    "[('a', '<f8', (2147483647, 2147483647))]",
    "('<f8', (2,))",
    "[['a', '<f8']]",
    "[(1, 2)]",
]
TOKEN = re.compile(r"[uUbB]?'[^']*'|[0-9]+L?|\w+|\s+|.", re.DOTALL)


def _literal(rng):
    """A random literal, mostly sensible."""
    kind = rng.random()
    if kind < 0.4:
        return repr(rng.choice(DESCRS))
    if kind < 0.6:
        return rng.choice(FIELDS)
    if kind < 0.8:
        return rng.choice(INTEGERS)
    return rng.choice(WORDS)


def _shape(rng):
    count = rng.choice([0, 1, 1, 2, 3, 3, 4, 32, 33, 64, 65]) if rng.random() < 0.7 else rng.randrange(8)
    lengths = [rng.choice(INTEGERS) if rng.random() < 0.05 else str(rng.randrange(4)) for _ in range(count)]
    return "(" + ", ".join(lengths) + ("," if count == 1 and rng.random() < 0.9 else "") + ")"


def _text(rng):
    """A header's text, from the grammar, with a few tokens then changed."""
    descr = repr(rng.choice(DESCRS)) if rng.random() < 0.8 else _literal(rng)
    order = rng.choice(["True", "False"]) if rng.random() < 0.95 else _literal(rng)
    text = bytefiles.header(descr, _shape(rng), order)
    for _ in range(rng.choice([0, 0, 0, 0, 0, 1, 1, 1, 2, 3, 8])):
        tokens = TOKEN.findall(text)
        at = rng.randrange(len(tokens)) if tokens else 0
        action = rng.randrange(7)
        if not tokens or action == 0:
            tokens.insert(at, rng.choice((WORDS, MARKS, KEYS, INTEGERS)[rng.randrange(4)]))
        elif action == 1:
            del tokens[at]
        elif action == 2:
            tokens[at] = _literal(rng)
        elif action == 3:
            other = rng.randrange(len(tokens))
            tokens[at], tokens[other] = tokens[other], tokens[at]
        elif action == 4:
            tokens.insert(at, tokens[rng.randrange(len(tokens))])
        elif action == 5:
            tokens[at] *= rng.choice([2, 3, 40, 400])
        else:
            tokens = tokens[:at] if rng.random() < 0.5 else tokens[at:]
        text = "".join(tokens)
    return text + rng.choice(["", "", "", " " * rng.randrange(80), "\n", " \r\n", "\0"])


def _damage(rng, raw, times):
    """Some bytes of `raw` changed, put in, taken out, repeated."""
    raw = bytearray(raw)
    for _ in range(times):
        at = rng.randrange(len(raw) + 1)
        action = rng.randrange(6)
        if action == 0 and at < len(raw):
            raw[at] ^= 1 << rng.randrange(8)
        elif action == 1 and at < len(raw):
            raw[at] = rng.choice(b"\x00\x01\x7f\x80\xff'(){}[],:\n")
        elif action == 2:
            raw[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif action == 3:
            del raw[at : at + rng.randrange(1, 9)]
        elif action == 4:
            raw[at : at + 4] = struct.pack("<I", rng.choice([0, 1, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))
        else:
            other = rng.randrange(len(raw) + 1)
            raw[at:at] = raw[other : other + rng.randrange(1, 40)]
    return bytes(raw)


def _npy(rng):
    known = rng.random() < 0.97
    version = rng.choice([(1, 0), (1, 0), (2, 0), (3, 0)]) if known else (rng.randrange(5), rng.randrange(3))
    zeros = rng.random() < 0.7
    data = bytes(rng.choice([0, 8, 24, 64, 200, 1000, 1000, 5000])) if zeros else rng.randbytes(rng.randrange(200))
    text = _text(rng)
    raw = text.encode("utf-8" if version == (3, 0) or rng.random() < 0.2 else "latin-1", "replace")
    if version == (1, 0):
        raw = raw[:0xFFFF]
    length = None if rng.random() < 0.93 else rng.choice([0, 1, 9, 63, 118, 9999, 65535])
    raw = npy(raw, data, version=version, length=length)
    if rng.random() < 0.15:
        raw = _damage(rng, raw, rng.randrange(1, 4))
    if rng.random() < 0.03:
        raw = raw[: rng.randrange(len(raw))]
    return raw


def _generator(seed, number):
    return random.Random(seed << 40 | number)  # noqa: S311 - to be repeatable is the point


def header(seed, number):
    """The bytes of one .npy."""
    return _npy(_generator(seed, number))


def _saved(values):
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


SOUND = [
    _saved(values)
    for values in (
        np.arange(12.0).reshape(3, 4),
        np.arange(5, dtype=">i2"),
        np.array("text"),
        np.zeros((2, 0)),
        np.asfortranarray(np.arange(6).reshape(2, 3)),
        np.zeros(3, [("a", "<i4"), ("b", "<f8", (2,))]),
        np.zeros(5000, np.uint8),
        np.array([True, False]),
    )
]


def _packed(data, level):
    deflater = zlib.compressobj(level, zlib.DEFLATED, -15)
    return deflater.compress(data) + deflater.flush()


NAMES = [
    "a.npy",
    "b.npy",
    "b.npy",
    "x",
    "../up.npy",
    "folder/",
    "größe.npy",
    "readme.txt",
    "",
    ".npy",
    "n" * 300 + ".npy",
]
SIZES = [0, 1, 100, 224, 65535, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF]


def _in_pieces(rng):
    """A member of independent pieces with its record in the directory, mostly sound: its bytes, and how to add it."""
    data = _saved(np.arange(rng.randrange(10_000, 60_000), dtype="<i4") % rng.randrange(1, 5000))
    length = rng.choice([1 << 15, 1 << 15, 1 << 16, 40_000])
    pieces, record = [], struct.pack("<4sL", b"PCS1", length)
    for at in range(0, len(data), length):
        deflater = zlib.compressobj(rng.choice([1, 6]), zlib.DEFLATED, -15)
        last = at + length >= len(data)
        flush = zlib.Z_FINISH if last or rng.random() < 0.01 else rng.choice([zlib.Z_FULL_FLUSH, zlib.Z_SYNC_FLUSH])
        pieces.append(deflater.compress(data[at : at + length]) + deflater.flush(flush))
        record += struct.pack("<2L", len(pieces[-1]), zlib.crc32(data[at : at + length]))
    if rng.random() < 0.2 and len(pieces) > 1:  # places that are wrong, and still add up
        record = bytearray(record)
        at, by = 8 + 8 * rng.randrange(len(pieces) - 1), rng.choice([1, 2, 5, -1, -5, 100])
        for place, change in ((at, by), (at + 8, -by)):
            size = struct.unpack_from("<L", record, place)[0] + change
            struct.pack_into("<L", record, place, size & 0xFFFFFFFF)
    field = extra(0x504E, bytes(record))
    if rng.random() < 0.3:
        field = _damage(rng, field, rng.randrange(1, 4))
    raw = b"".join(pieces) if rng.random() < 0.9 else _packed(data, 6)
    return data, {"raw": _damage(rng, raw, rng.random() < 0.1), "entry_extra": field}


def _add_member(rng, made):
    """One member, mostly sound."""
    data = rng.choice(SOUND) if rng.random() < 0.7 else _npy(rng)
    wrong = {"method": rng.choice([0, 8]) if rng.random() < 0.95 else rng.choice([1, 9, 12, 14, 93, 99, 65535])}
    if wrong["method"] == 8:
        wrong["raw"] = _packed(data, rng.choice([0, 1, 6, 9]))
    if rng.random() < 0.1:
        wrong["raw"] = _damage(rng, wrong.get("raw", data), rng.randrange(1, 4))
    if rng.random() < 0.15:
        wrong["flags"] = rng.choice([1, 8, 8, 8, 0x40, 0x800, 0x2000])
    for key in ("size", "packed", "crc", "offset"):
        if rng.random() < 0.03:
            wrong[key] = rng.choice(SIZES)
    for key in ("local_sizes", "central"):
        if rng.random() < 0.03:
            wrong[key] = (rng.choice(SIZES), rng.choice(SIZES))
    for key in ("local_extra", "entry_extra"):
        if rng.random() < 0.1:
            length = rng.choice([0, 8, 16, 24, 28])
            wrong[key] = extra(rng.choice([1, 1, 0x7075, 0x5455, 0xD935]), rng.randbytes(length))
            wrong[key] = _damage(rng, wrong[key], rng.randrange(2))
    if rng.random() < 0.03:
        wrong["local_name"] = b"other.npy"
    if rng.random() < 0.03:
        wrong["local_method"] = rng.choice([0, 8, 12])
    made.add(rng.choice(NAMES), data, **wrong)


def archive(seed, number):
    """The bytes of one .npz."""
    rng = _generator(seed, number)
    made = Zip(b"" if rng.random() < 0.9 else rng.choice([b"#!/bin/sh\n", b"MZ" + bytes(50), b"\x7fELF"]))
    for _ in range(rng.choice([0, 1, 1, 2, 3, 6])):
        if rng.random() < 0.05:
            data, how = _in_pieces(rng)
            made.add(rng.choice(NAMES), data, **how)
        else:
            _add_member(rng, made)
    if made.entries and rng.random() < 0.05:  # some members twice
        made.entries *= 2
        made.count *= 2
    if rng.random() < 0.05:
        made.entries = bytearray(_damage(rng, made.entries, rng.randrange(1, 4)))
    end = {"zip64": rng.random() < 0.2, "comment": rng.randbytes(rng.choice([0, 0, 0, 5, 300]))}
    for key, choices in (
        ("count", [0, 1, 2, 65535]),
        ("size", SIZES),
        ("offset", SIZES),
        ("disk", [0, 1, 65535]),
        ("comment_size", [0, 5, 65535]),
        ("tail", [b"\0" * 30, b"PK\5\6", b"PK\5\6" + b"\xff" * 18]),
    ):
        if rng.random() < 0.03:
            end[key] = rng.choice(choices)
    raw = made.end(**end)
    if rng.random() < 0.3:
        raw = _damage(rng, raw, rng.randrange(1, 6))
    if rng.random() < 0.05:
        raw = raw[: rng.randrange(len(raw))]
    return raw
