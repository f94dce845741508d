"""The records of this package as text and back: how one rank tells the others what it found.

Records are the dataclasses and named tuples of this package, made of numbers, text, tuples, lists, mappings, dtypes,
arrays and each other.
The text is JSON, and nothing in it is executed.
A record that occurs many times, as those of the files of a series do, stands there once and comes back once.
"""

from __future__ import annotations

import base64
import dataclasses
import importlib
import io
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from .errors import NumPyIOError

if TYPE_CHECKING:
    from typing import Any

__all__ = ["dump", "load"]

PACKAGE = __name__.rpartition(".")[0]


def dump(value: Any) -> str:  # noqa: ANN401
    """Return `value` as text for `load`.

    Raises
    ------
    TypeError
        It holds something that is none of the things above.
    """
    records: dict[str, int] = {}
    known: dict[tuple[type, Any], list] = {}  # dtypes and named tuples; most of those of a series are alike

    def kept(found: list) -> list:
        return ["record", records.setdefault(json.dumps(found), len(records))]

    def encode(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, np.dtype) and not hasattr(value, "_fields"):
            return encode_anew(value)
        try:
            found = known.get((type(value), value))
        except TypeError:  # it holds a dict or an array
            return encode_anew(value)
        if found is None:
            found = known[type(value), value] = encode_anew(value)
        return found

    def encode_anew(value: Any) -> Any:  # noqa: ANN401
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or isinstance(value, (bool, int, float, str)):
            return value
        if isinstance(value, np.dtype):
            return kept(["dtype", _bytes(np.empty(0, value))])
        if isinstance(value, np.ndarray):
            return ["array", _bytes(value)]
        if isinstance(value, NumPyIOError):
            return kept([*_names(value), [str(value)]])
        if isinstance(value, Mapping):
            return ["mapping", [[encode(key), encode(one)] for key, one in value.items()]]
        if dataclasses.is_dataclass(value):
            return kept([*_names(value), [encode(getattr(value, f.name)) for f in dataclasses.fields(value)]])
        if hasattr(value, "_fields"):
            return kept([*_names(value), [encode(one) for one in value]])
        if isinstance(value, (tuple, list)):
            return [type(value).__name__, [encode(one) for one in value]]
        raise TypeError(f"{type(value).__name__} is no part of a record")

    root = encode(value)
    return json.dumps({"records": [json.loads(text) for text in records], "root": root})


def load(text: str) -> Any:  # noqa: ANN401
    """Return what `dump` was given."""
    said = json.loads(text)
    records: list[Any] = []

    def decode(value: Any) -> Any:  # noqa: ANN401
        if not isinstance(value, list):
            return value
        kind, content = value
        if kind == "record":
            return records[content]
        if kind == "mapping":
            return {decode(key): decode(one) for key, one in content}
        if kind == "array":
            return _values(content)
        return (tuple if kind == "tuple" else list)(decode(one) for one in content)

    for record in said["records"]:
        if record[0] == "dtype":
            records.append(_values(record[1]).dtype)
            continue
        module, name, fields = record
        made = getattr(importlib.import_module(f"{PACKAGE}.{module}"), name)
        records.append(made(*(decode(one) for one in fields)))
    return decode(said["root"])


def _names(value: Any) -> tuple[str, str]:  # noqa: ANN401
    """Return the module and class of a record, which must be one of this package's."""
    package, _dot, module = type(value).__module__.partition(f"{PACKAGE}.")
    if package or not module:
        raise TypeError(f"{type(value).__name__} is no part of a record")
    return module, type(value).__name__


def _bytes(values: np.ndarray) -> str:
    """Return an array as the text of a ``.npy``, which keeps shape, dtype and every bit."""
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return base64.b64encode(file.getvalue()).decode()


def _values(text: str) -> np.ndarray:
    return np.load(io.BytesIO(base64.b64decode(text)), allow_pickle=False)
