"""What the functions for scripts are given: told apart here, so that the wrong thing is refused in one line."""

from __future__ import annotations

import os
import warnings
from dataclasses import fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .errors import ArgumentError, UnsupportedError, finding
from .options import check_text, names_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed import DataclassInstance

__all__ = [
    "array_of",
    "check_callable",
    "check_choice",
    "named_arrays",
    "options_of",
    "path_of",
    "refuse_data",
]

Options = TypeVar("Options", bound="DataclassInstance")


def path_of(path: object) -> str:
    """Return the path of one file as text.

    Raises
    ------
    ArgumentError
        It is none.
    """
    try:
        return os.fsdecode(path)  # type: ignore[arg-type]
    except Exception:  # noqa: BLE001 - a path-like object may raise anything
        raise ArgumentError(
            f"the path is of type {type(path).__name__}; it must be a str or a pathlib.Path. Give the name of one file."
        ) from None


def options_of(kind: type[Options], given: Mapping[str, object]) -> Options:
    """Make the options `kind` of what a caller wrote.

    Raises
    ------
    ArgumentError
        There is no option of this name.
    OptionError
        Its value is none that it may have.
    """
    known = sorted(field.name for field in fields(kind))
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ArgumentError(f"unknown option {unknown[0]!r}; the options are {', '.join(known)}. Choose one of these.")
    return kind(**given)


def array_of(name: str, values: object) -> np.ndarray:
    """Return what was given as an array; `name` is for the error.

    Raises
    ------
    ArgumentError
        NumPy makes no array of numbers or strings of it.
    UnsupportedError
        It has masked values.
    """
    if isinstance(values, np.ma.MaskedArray) and np.any(np.ma.getmaskarray(values)):
        raise UnsupportedError(
            f"{name!r} has masked values, and neither VTK nor a .npy has masks. Fill them first, for example with "
            "array.filled(numpy.nan), or give the mask as an array of its own."
        )
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # NumPy before 1.24 warns of rows of several lengths
            found = np.asarray(values)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - objects may raise anything when they are asked for an array
        kind, why = type(values).__name__, " ".join(str(error).split())
        raise ArgumentError(
            f"{name!r} is of type {kind}, and NumPy makes no array of it: {why} Give rows of one length."
        ) from None
    if found.dtype == object and not isinstance(values, np.ndarray):
        refuse_data(f"{name!r}", values, "numbers or strings")
    return found


def check_choice(arrays: object, step: object) -> tuple[str, ...] | None:
    """Return the names of arrays; refuse what is none, and a time step that is none.

    Raises
    ------
    ArgumentError
        The time step is no whole number.
    OptionError
        The names are no list of text.
    """
    if not isinstance(step, (int, np.integer)):
        raise ArgumentError(f"step is {finding(step)}; it must be a whole number. Count the time steps from 0.")
    return names_of("arrays", arrays)


def check_callable(**given: object) -> None:
    """Refuse what cannot be called."""
    for name, one in given.items():
        if one is not None and not callable(one):
            raise ArgumentError(f"{name} is {finding(one)}; it must be a function, or None. Give its name without ().")


def named_arrays(data: Mapping[object, object]) -> dict[str, np.ndarray]:
    """Return arrays by their names, as ``numpy.savez`` takes them.

    Raises
    ------
    ArgumentError, UnsupportedError
        See `array_of`.
    OptionError
        A name is no text.
    """
    for name in data:
        check_text("the name of an array", name, "text, as numpy.savez takes it")
    return {str(name): array_of(str(name), values) for name, values in data.items()}


def refuse_data(what: str, data: object, expected: str) -> None:
    """Refuse what is no data at all."""
    remedy = "Give its output, GetOutputDataObject(0)" if hasattr(data, "GetOutputDataObject") else "Give one of these"
    raise ArgumentError(f"{what} is of type {type(data).__name__}; it must be {expected}. {remedy}.")
