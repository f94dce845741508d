"""The CRC-32 of bytes from those of their parts."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["crc32_combine"]

_POLYNOMIAL = 0xEDB88320


def _multiply(a: int, b: int) -> int:
    """Product of two polynomials over GF(2) modulo the CRC's, in its reflected bit order."""
    product = 0
    while a:
        if a & 0x80000000:
            product ^= b
        a = a << 1 & 0xFFFFFFFF
        b = b >> 1 ^ (_POLYNOMIAL if b & 1 else 0)
    return product


@functools.cache
def _power(exponent: int) -> int:
    """Give x ** (2 ** exponent)."""
    return _multiply(_power(exponent - 1), _power(exponent - 1)) if exponent else 0x40000000


def _shift(length: int) -> Sequence[Sequence[int]]:
    """What `length` more bytes do to each byte of a CRC, as four tables."""
    factor = 0x80000000  # 1; as many zero bytes multiply by x ** (8 * length)
    for bit in range(length.bit_length()):
        if length >> bit & 1:
            factor = _multiply(factor, _power(bit + 3))
    bits: list[int] = []
    for _ in range(32):  # the highest bit stands for 1, each lower one for x times as much
        bits.insert(0, factor)
        factor = factor >> 1 ^ (_POLYNOMIAL if factor & 1 else 0)
    tables = []
    for number in range(4):
        table = [0]
        for bit in bits[8 * number : 8 * number + 8]:
            table += [value ^ bit for value in table]
        tables.append(table)
    return tables


def crc32_combine(pieces: Iterable[tuple[int, int]]) -> int:
    """CRC-32 of the concatenation of pieces, each given as its (CRC, length in bytes), in order."""
    crc, shifts = 0, {}
    for piece, length in pieces:
        if crc and length:  # nothing before it, or nothing behind, moves nothing
            if length not in shifts:
                shifts[length] = _shift(length)
            a, b, c, d = shifts[length]
            crc = a[crc & 255] ^ b[crc >> 8 & 255] ^ c[crc >> 16 & 255] ^ d[crc >> 24]
        crc ^= piece
    return crc
