"""Positions that the user names: what the option may be, and the members that it means."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import OptionError
from .auto import is_narrow, is_real
from .names import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..files.npy_header import ArraySpec

__all__ = ["named_positions", "positions_choices"]


def named_positions(specs: Mapping[str, ArraySpec], text: str) -> dict[str, ArraySpec]:
    """Find the members that the option ``positions`` names.

    Parameters
    ----------
    text : str
        One name, or those of x, y[, z], separated by commas.

    Returns
    -------
    dict
        ``points``, or ``x``, ``y``[, ``z``] -> member.

    Raises
    ------
    OptionError
        There is no such member, or it cannot hold positions.
    """
    names = [text] if text in specs else [name.strip() for name in text.split(",")]
    remedy = f"Choose {' or '.join(dict.fromkeys((*positions_choices(specs), 'auto')))}."
    missing = [name for name in names if name not in specs]
    if missing:
        raise OptionError(
            f"Positions is {text!r}; it must be the name of an array, or those of x, y and z with commas between, but "
            f"the file has no array {missing[0]!r}. {remedy}"
        )
    found = [specs[name] for name in names]
    shapes = {spec.shape for spec in found}
    (shape, *others) = shapes
    alone = len(names) == 1 and len(shape) in (2, 3, 4)
    apart = len(names) in (2, 3) and len(set(names)) == len(names) and not others and len(shape) in (1, 2, 3)
    if not (alone or apart) or not all(is_real(spec.dtype) for spec in found):
        what = ", ".join(f"{spec.name} is {spec.shape} {spec.dtype}" for spec in found)
        raise OptionError(
            f"Positions is {text!r}; it must name one array of real numbers with 2 or 3 components, or two or three "
            f"of one shape, but {what}. {remedy}"
        )
    return {"points": found[0]} if alone else dict(zip("xyz", found))


def positions_choices(specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """List what may hold positions in a file, for a menu: single members in file order, then x, y and z of a family."""
    alone = [
        name
        for name, spec in specs.items()
        if is_real(spec.dtype)
        and 0 not in spec.shape
        and ((len(spec.shape) in (2, 3, 4) and spec.shape[-1] in (2, 3)) or is_narrow(spec.shape, spec.dtype))
    ]
    return (*alone, *_families(specs))


def _families(specs: Mapping[str, ArraySpec]) -> Iterator[str]:
    for family in FAMILIES:
        names = [next((name for name in family[letter] if name in specs), "") for letter in "xyz"]
        found = [specs[name] for name in names if name]
        alike = len({spec.shape for spec in found}) == 1 and all(is_real(spec.dtype) for spec in found)
        if names[0] and names[1] and alike and len(found[0].shape) in (1, 2, 3):
            yield ", ".join(filter(None, names))
