"""The part of Python's literals that the header of a ``.npy`` may use, parsed without ``eval``.

The parser knows dict, list, tuple, string, integer and bool, and nothing else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeVar

from .source import printable

if TYPE_CHECKING:
    from typing import Callable

__all__ = ["Literal", "LiteralError", "shorten"]

Item = TypeVar("Item")

MAX_NESTING = 32  # deeper than any structured dtype seen, far from Python's recursion limit


class LiteralError(Exception):
    """A header that is no literal; the text says where and why."""


_TOKEN = re.compile(
    r"[ \t\r\n\f\v]*(?:"
    r"(?P<string>[uUbB]?(?:'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"))"
    r"|(?P<integer>[+-]?[0-9]+)[lL]?"  # Python 2 wrote long integers as 65536L
    r"|(?P<name>[A-Za-z_]+)"
    r"|(?P<mark>[{}()\[\]:,])"
    r"|(?P<end>\Z)|(?P<junk>[\s\S]))"
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))", re.DOTALL)
_ESCAPED = dict(zip("\\'\"ntrabfv0", "\\'\"\n\t\r\a\b\f\v\0"))
_NAMES = {"True": True, "False": False, "None": None}
_DIGITS = 25  # of 2**63 - 1, with room for a clear message; converting a million digits takes minutes


class Literal:
    """A recursive-descent parser for the part of Python's literals that a header may use."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.finditer(text)
        self._advance()

    def parse(self) -> object:
        """Return the value of the whole text."""
        value = self._value(0)
        if self._kind != "end":
            raise self._unexpected("nothing more")
        return value

    def _advance(self) -> None:
        """Move to the next token: its kind, its text, and where it begins."""
        token = next(self._tokens)
        self._kind = token.lastgroup or ""
        self._found, self._begin = token[self._kind], token.start(self._kind)

    def _unexpected(self, wanted: str) -> LiteralError:
        found = "its end" if self._kind == "end" else shorten(self._found)
        return LiteralError(f"{wanted} was expected at character {self._begin}, {found} was found")

    def _skip(self, mark: str) -> bool:
        if self._kind == "mark" and self._found == mark:
            self._advance()
            return True
        return False

    def _value(self, depth: int) -> object:
        kind, found = self._kind, self._found
        if depth > MAX_NESTING:
            raise LiteralError(f"more than {MAX_NESTING} nested brackets")
        if self._skip("{"):
            return self._dict(depth)
        if self._skip("["):
            return self._items("]", self._value, depth)[0]
        if self._skip("("):
            items, comma = self._items(")", self._value, depth)
            return items[0] if len(items) == 1 and not comma else tuple(items)
        value: object
        if kind == "string":
            value = self._string(found)
        elif kind == "integer":
            if len(found) > _DIGITS:
                raise LiteralError(f"the number {shorten(found)} is too large")
            value = int(found)
        elif kind == "name" and found in _NAMES:
            value = _NAMES[found]
        else:
            raise self._unexpected("a value")
        self._advance()
        return value

    def _items(self, close: str, item: Callable[[int], Item], depth: int) -> tuple[list[Item], bool]:
        """The items up to the closing bracket, and whether a comma stood after the last."""
        items: list[Item] = []
        comma = False
        while not self._skip(close):
            if items and not comma:
                raise self._unexpected(f"',' or {close!r}")
            items.append(item(depth + 1))
            comma = self._skip(",")
        return items, comma

    def _dict(self, depth: int) -> dict[object, object]:
        made: dict[object, object] = {}

        def put(depth: int) -> None:
            if self._kind != "string":
                raise self._unexpected("a key in quotes")
            key = self._value(depth)
            if key in made:
                raise LiteralError(f"the key {shorten(key)} stands there twice")
            if not self._skip(":"):
                raise self._unexpected("':'")
            made[key] = self._value(depth)

        self._items("}", put, depth)
        return made

    def _string(self, token: str) -> str:
        body = token.lstrip("uUbB")[1:-1]
        return _ESCAPE.sub(self._escape, body) if "\\" in body else body

    @staticmethod
    def _escape(found: re.Match[str]) -> str:
        code = found[1] or found[2] or found[3]
        if code is None:
            if found[4] not in _ESCAPED:
                raise LiteralError(f"the escape \\{printable(found[4])} is not known")
            return _ESCAPED[found[4]]
        number = int(code, 16)
        if number > 0x10FFFF or 0xD800 <= number <= 0xDFFF:
            raise LiteralError(f"\\u{code} is no character")
        return chr(number)


def shorten(value: object, *, quote: bool = True) -> str:
    """`value` on one line of bounded length, for a message."""
    text = printable(repr(value) if quote else value)
    return text if len(text) <= 80 else text[:60] + " ... " + text[-12:]
