"""Which reads a rank issues, how many and how large: computed by the reader's own planner, without any file.

    python3 tests/benchmarks/plan_reads.py          prints the tables of docs/performance.md
    python3 tests/benchmarks/plan_reads.py --write  puts them there

Nothing is timed, and no data is read: the numbers are those of any machine.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
from typing import TYPE_CHECKING

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(REPOSITORY, "plugin"))

import numpy as np  # noqa: E402
from npyvtk.describe import describe  # noqa: E402
from npyvtk.files import slices, source  # noqa: E402
from npyvtk.load import load  # noqa: E402
from npyvtk.options import ReadOptions  # noqa: E402
from npyvtk.parallel.pieces import slab  # noqa: E402
from npyvtk.plan.axes import parse_axes  # noqa: E402
from npyvtk.plan.kinds import IMAGE  # noqa: E402
from npyvtk.plan.layout import ArrayPlan, Block  # noqa: E402
from npyvtk.plan.windows import Window, sample  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = os.path.join(REPOSITORY, "docs", "performance.md")
RANKS = (1, 100, 10_000)
MIB = 1 << 20


class Case:
    """One array, and the part of it that is asked for."""

    def __init__(
        self,
        title: str,
        shape: tuple[int, ...],
        axes: str,
        itemsize: int = 4,
        *,
        fortran: bool = False,
        converted: bool = False,
        ghosts: int = 0,
        **options: object,
    ) -> None:
        self.title, self.shape, self.itemsize, self.fortran = title, shape, itemsize, fortran
        self.converted, self.ghosts = converted, ghosts
        self.plan = ArrayPlan("a", parse_axes(axes))
        self.options = ReadOptions(**options)

    @property
    def nbytes(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape) * self.itemsize

    def reads(self, rank: int, ranks: int) -> Iterator[tuple[int, int]]:
        """Offset and length of every read of the data."""
        window = self.window(rank, ranks)
        selection = window.selection(self.plan, self.shape)
        shape = self.shape
        if self.fortran:
            shape, selection = shape[::-1], selection[::-1]
        plan = slices.plan_reads(shape, selection, self.itemsize)
        # As store._Job decides.
        if not self.converted and (plan.run >= slices.SHORT_RUN_BYTES or plan.run == plan.nbytes):
            for group in plan.runs():
                for _target, offset, length in group:
                    yield offset, length
        else:
            for block in plan.blocks():
                for _at, offset in block.reads():
                    yield offset, block.span

    def window(self, rank: int, ranks: int) -> Window:
        if "n" in self.plan.letters:
            n = self.shape[0]
            return Window({"n": (n * rank // ranks, n * (rank + 1) // ranks, 1)})
        whole = Block(IMAGE, dims=tuple(self.plan.length(letter, self.shape) for letter in "xyz"))
        block, sampling = sample(whole, self.options)
        axis = "xyz".index(self.plan.slowest(self.fortran))
        extent = slab(block.extent, axis, rank, ranks, self.ghosts) if ranks > 1 else block.extent
        return sampling.window(whole, block, extent, "point", 3)


VOLUME = (4096, 4096, 4096)
CASES = [
    Case("volume, C order", VOLUME, "zyx"),
    Case("volume, Fortran order", VOLUME, "zyx", fortran=True),
    Case("volume, big-endian", VOLUME, "zyx", converted=True),
    Case("volume, one ghost layer", VOLUME, "zyx", ghosts=1),
    Case("one of 100 time steps", (100, 2048, 2048, 2048), "tzyx"),
    Case("points", (10**10, 3), "nc", 8),
    Case("VOI: one z plane", VOLUME, "zyx", voi=(0, 4095, 0, 4095, 9, 9)),
    Case("VOI: one x plane", VOLUME, "zyx", voi=(9, 9, 0, 4095, 0, 4095)),
    Case("VOI: 512 x 512 x 512", VOLUME, "zyx", voi=(0, 511) * 3),
    Case("SampleRate 16 16 16", VOLUME, "zyx", sample_rate=(16, 16, 16)),
]


def size(count: float) -> str:
    """Bytes in words."""
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if count < 1024 or unit == "TiB":
            break
        count /= 1024
    return f"{count:.3g} {unit}" if count < 1000 else f"{count:.0f} {unit}"


def table() -> str:
    """One line per case and number of ranks, for the rank with the most to read."""
    lines = [
        "| what | size of the array | ranks | of them busy | reads per rank | of each | read per rank | read in all |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for case in CASES:
        for ranks in RANKS:
            busy, total, most = totals(case, ranks)
            each = size(max(most)) if max(most) == min(most) else f"{size(min(most))} to {size(max(most))}"
            lines.append(
                f"| {case.title} | {size(case.nbytes)} | {ranks:,} | {busy:,} | {len(most):,} | {each} | "
                f"{size(sum(most))} | {size(total)} |"
            )
    return "\n".join(lines)


def totals(case: Case, ranks: int) -> tuple[int, int, list[int]]:
    """How many ranks read anything, the bytes that all of them read, and the reads of the one with the most."""
    known: dict[tuple[int, ...], list[int]] = {}  # slabs of one shape are read alike
    busy = total = 0
    for rank in range(ranks):
        window = case.window(rank, ranks)
        counts = tuple(len(range(*window.ranges[letter])) for letter in sorted(window.ranges))
        if 0 in counts:
            continue
        if counts not in known:
            known[counts] = [length for _offset, length in case.reads(rank, ranks)]
        busy += 1
        total += sum(known[counts])
    return busy, total, max(known.values(), key=sum)


def openings() -> str:
    """What opening costs, beside the data: counted on small files."""
    lines = [
        "| file | reads to open it | bytes | reads at each update, beside the data | bytes |",
        "|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        arrays = {f"a{k}": np.arange(24000.0).reshape(20, 30, 40) for k in range(10)}
        np.save(os.path.join(folder, "a.npy"), arrays["a0"])
        np.savez(os.path.join(folder, "a.npz"), **arrays)
        for title, name, nbytes in ((".npy", "a.npy", 192000), (".npz of 10 arrays", "a.npz", 1920000)):
            counted: list[int] = []
            original = source._read_at

            def count(file: object, buffer: memoryview, offset: int, counted: list[int] = counted) -> int:
                counted.append(len(buffer))
                return original(file, buffer, offset)  # noqa: B023 -- the same for all

            source._read_at = count
            try:
                description = describe(os.path.join(folder, name))
                opening = list(counted)
                counted.clear()
                load(description)
            finally:
                source._read_at = original
            beside, rest = sorted(counted), nbytes
            while rest > 0:  # the reads of the data itself are the largest
                rest -= beside.pop()
            lines.append(f"| {title} | {len(opening)} | {sum(opening):,} | {len(beside)} | {sum(beside):,} |")
    return "\n".join(lines)


def main() -> None:
    """Print the tables, or put them into the page."""
    tables = {"openings": openings(), "reads": table()}
    if "--write" not in sys.argv:
        print("\n\n".join(tables.values()))
        return
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    for name, lines in tables.items():
        text = re.sub(rf"(<!-- {name} -->\n)(\|.*\n)*", lambda m, new=lines: m[1] + new + "\n", text)
    with open(PAGE, "w", encoding="utf-8") as file:
        file.write(text)


if __name__ == "__main__":
    main()
