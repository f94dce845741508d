"""One ``.npy``: its header, and nothing about archives or VTK."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Callable

import numpy as np

__all__ = ["ArraySpec", "Outgoing"]


@dataclass(frozen=True)
class ArraySpec:
    """What a header says about one array; no data was read."""

    name: str  # the member's name without ".npy"; the file's stem for a lone .npy
    shape: tuple[int, ...]  # first axis first, as numpy.load(...).shape
    dtype: np.dtype  # as in the file, byte order kept
    fortran_order: bool  # storage only, never meaning
    remark: str = ""  # one line worth telling, e.g. that the file is longer than its array


@dataclass(frozen=True)
class Outgoing:
    """One array on its way into a file."""

    name: str  # member name without ".npy"; unused in a lone .npy
    shape: tuple[int, ...]
    dtype: np.dtype  # as it shall stand in the file, byte order included
    blocks: Callable[[], Iterable[np.ndarray]]  # consecutive pieces in storage order; may be called again
    fortran_order: bool = False
