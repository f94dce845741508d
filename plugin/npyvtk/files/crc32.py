"""The CRC-32 of bytes from those of their parts."""

from __future__ import annotations

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


def _zeros(count: int) -> int:
    """Give x ** (8 * count): what `count` zero bytes do to a CRC."""
    power, result = 0x00800000, 0x80000000  # x ** 8, 1
    while count:
        if count & 1:
            result = _multiply(power, result)
        power = _multiply(power, power)
        count >>= 1
    return result


def _shift(length: int) -> Sequence[Sequence[int]]:
    """What `length` more bytes do to each byte of a CRC, as four tables."""
    power = _zeros(length)
    bits = [_multiply(power, 1 << bit) for bit in range(32)]
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
