"""From file names to ordered time steps.

One file or many, each with one time step or several, with times from the file, from a ``.series`` JSON, or
counted: this module lines them up as one sequence.
Each file is described once, when the first of them is asked for; where several ranks read, one of them
describes, and the others restore what it found from `Series.dump`.
A file that is missing, broken or of another shape than the first sound one fails alone, when its step is
asked for; one that lacks an array shows the others.
"""

from __future__ import annotations

import bisect
import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from vtkmodules.vtkCommonDataModel import vtkCompositeDataSet

from . import records
from .describe import describe, remarks
from .errors import FileError, FormatError, NumPyIOError, OptionError
from .files.formats import EXTENSIONS
from .files.source import printable
from .load import load, opened
from .plan.layout import Block, associated, blocks_of, select, with_steps_of
from .plan.times import seconds_since, without_gaps
from .plan.tree import COLLECTION, Composite
from .series_files import SERIES, read_series
from .vtk.datasets import new_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from vtkmodules.vtkCommonDataModel import vtkDataObject

    from .describe import FileInfo
    from .options import ReadOptions
    from .plan.layout import Layout
    from .vtk.piece import Whole

__all__ = ["Series", "Step"]

BY_ORDER = "from the order of the files"


class Step(NamedTuple):
    """One time step of a series."""

    file: int  # number of the file
    step: int  # within the file
    time: float


@dataclass
class _File:
    path: str
    time: float | None  # from a .series
    info: FileInfo | None = None
    error: NumPyIOError | None = None


class Series:
    """The time steps of a list of files, described when first asked for.

    Parameters
    ----------
    paths : sequence of str
        In order; a ``.series`` stands for its files.
    options : ReadOptions
        For every file.

    Attributes
    ----------
    options : ReadOptions
        May be replaced by others that plan alike (`ReadOptions.plans_like`); no file is opened again.
    name : str or None
        What the array of a ``.npy`` is called in all steps; None for one file, which has its own name.

    Raises
    ------
    NumPyIOError
        A ``.series`` cannot be read.
    """

    def __init__(self, paths: Sequence[str], options: ReadOptions) -> None:
        listed = (read_series(path) if path.endswith(SERIES) else [(path, None)] for path in paths)
        self._begin([_File(*one) for files in listed for one in files], options)

    def _begin(self, files: list[_File], options: ReadOptions) -> None:
        self.options = options
        self.name = _common_name([file.path for file in files]) if len(files) > 1 else None
        self._files = files
        self._described = False
        self._mixed = False  # some files have several datasets where others have one of them
        self._names: tuple[str, ...] | None = None
        # The steps, their times, and where these come from.
        self._line: tuple[tuple[Step, ...], Sequence[float], str] | None = None
        self._counted: Collection[str] | None = None  # arrays whose time steps count

    def forget_failures(self) -> bool:
        """Look again at the files that could not be used, when next asked; return whether there are any."""
        failed = [file for file in self._files if file.error is not None]
        for file in failed:
            file.error = None
        if failed:
            self._described, self._names, self._line = False, None, None
        return bool(failed)

    def dump(self) -> str:
        """Return what is known of the files, for `restore` in another process."""
        self._describe()
        told = (file.info and replace(file.info, store=None) for file in self._files)
        return records.dump([replace(file, info=one) for file, one in zip(self._files, told)])

    @classmethod
    def restore(cls, text: str, options: ReadOptions) -> Series:
        """Make the series that `dump` had, without a look at its files; `options` are those that it was made with."""
        made = cls.__new__(cls)
        made._begin(records.load(text), options)  # noqa: SLF001
        return made

    @property
    def first(self) -> FileInfo:
        """What is told of the first sound file, which stands for all.

        Raises
        ------
        NumPyIOError
            There is none; the error is that of the first file.
        """
        self._describe()
        for info in self._sound():
            return info
        raise _again(self._files[0].error if self._files else None)

    @property
    def names(self) -> tuple[str, ...]:
        """Arrays that can be chosen: those of the first sound file, then those that only later files have."""
        if self._names is None:
            self._describe()
            self._names = tuple(dict.fromkeys(name for info in self._sound() for name in info.layout.names))
        return self._names

    @property
    def only_chosen(self) -> frozenset[str]:
        """Those of `names` that are loaded only where they are chosen."""
        return frozenset().union(*(info.layout.only_chosen for info in self._sound()))

    @property
    def unticked(self) -> frozenset[str]:
        """Those of `names` that ParaView loads only if chosen: `only_chosen`, and all after the first 1,000."""
        return self.only_chosen.union(*(info.layout.beyond_many for info in self._sound()))

    @property
    def steps(self) -> tuple[Step, ...]:
        """All time steps, times strictly rising."""
        return self._lined_up()[0]

    @property
    def has_times(self) -> bool:
        """Whether time means anything here: several steps, or a time that the file or series names."""
        if len(self.steps) > 1:
            return True
        file = self._files[0] if self._files else None
        return file is not None and (file.time is not None or bool(file.info and file.info.layout.times))

    @property
    def lines(self) -> tuple[str, ...]:
        """Interpretation: that of the first sound file, and what the others have otherwise."""
        first = self.first
        own = (*first.lines, *remarks(first, self.options))
        if len(self._files) == 1:
            return own
        steps, _times, source = self._lined_up()
        count = f"{len(self._files)} files"
        count += f" with {len(steps)} time steps" if len(steps) != len(self._files) else ""
        line = f"series: {count}, times {steps[0].time:.12g} to {steps[-1].time:.12g}, {source}"
        skipped = (f"skipped: {_in_folder(file)}" for file in self._files if file.error is not None)
        return (*own, *self._partial(first), printable(line), *skipped)

    def _partial(self, first: FileInfo) -> Iterator[str]:
        """One line for each array that some of the files lack."""
        sound = list(self._sound())
        counts = Counter(name for info in sound for name in info.layout.names)
        own = set(first.layout.names)
        for name in self.names:
            if counts[name] == len(sound):
                continue
            others = f"in {counts[name]} of {len(sound)} files, the steps of the others are shown without it"
            if name in own:
                yield printable(f"{name}: {others}")
            else:
                one = next(d for d in sound if _known(d, [name]))
                yield printable(f"{one.line_of[one.layout.member_of[name]]}; {others}")

    def root(self, names: Collection[str] | None = None) -> Block | Composite:
        """Return the plan of the first file with some of the chosen arrays, reduced to them.

        It has the class that all steps have.

        Raises
        ------
        NumPyIOError
            No file is sound, or none has an array of this name.
        """
        first = self.first
        if names:
            offered = dict.fromkeys(self.names)
            unknown = [name for name in names if name not in offered and name not in first.layout.words]
            if unknown:
                raise OptionError(
                    f"{first.path}: no array {unknown[0]!r} in the file; it has {', '.join(offered) or 'none'}."
                )
        root = _selected(self._standing_for_all(names), names)
        if self._mixed and isinstance(root, Block) and any(_are_several(_selected(d, names)) for d in self._sound()):
            return Composite(COLLECTION, ((root.name or None, root),), fixed=False)
        return root

    def count(self, names: Collection[str] | None) -> None:
        """Count the time steps of these arrays alone from now on, as far as a file has any of them; None: of all."""
        if names != self._counted:
            self._counted, self._line = names, None

    def _counted_layout(self, file: _File) -> Layout | None:
        """Return the plan of a file with the steps that count; None where it is broken."""
        if file.info is None:
            return None
        known = _known(file.info, self._counted or ())
        layout = file.info.layout
        return with_steps_of(layout, known, file.info.specs) if known else layout

    def _standing_for_all(self, names: Collection[str] | None) -> FileInfo:
        return next((one for one in self._sound() if not names or _known(one, names)), self.first)

    def at(self, time: float | None) -> Step:
        """Return the step of a time: the latest one not after it, or the first."""
        if time is None:
            return self.steps[0]
        times = self._lined_up()[1]
        k = bisect.bisect_right(times, time)
        # A time that went through text may have lost its last digit; it still means its step.
        if 0 < k < len(times):
            lost = 1e-12 * max(abs(times[0]), abs(times[-1]))
            k += times[k] - time <= min(lost, 1e-3 * (times[k] - times[k - 1]))
        return self.steps[max(k - 1, 0)]

    def path_of(self, step: Step) -> str:
        """Return the name of the file that a step is in."""
        return self._files[step.file].path

    def load(
        self,
        step: Step,
        *,
        arrays: Collection[str] | None = None,
        extent: tuple[int, ...] | None = None,
        piece: Whole | None = None,
        progress: Callable[[float], None] | None = None,
        complain: Callable[[NumPyIOError], None] | None = None,
    ) -> vtkDataObject:
        """Read one time step; see `load.load`. Arrays that its file lacks are left out.

        Raises
        ------
        NumPyIOError
            This step's file cannot be read, is of another shape than the others, or has none of the `arrays`.
        """
        self._describe()
        file = self._files[step.file]
        info = file.info
        if info is None:
            raise _again(file.error)
        stands = self._standing_for_all(arrays)
        if len(self._files) == 1 and info.store is None:  # it was described on another rank
            with opened(info) as store:
                info = file.info = stands = replace(info, store=store)
        announced = self.root(arrays)
        if arrays and not _known(info, arrays):
            raise OptionError(
                f"{printable(file.path)}: has none of the chosen arrays, only {', '.join(info.layout.names)}."
            )
        own = announced
        if info is not stands or self._mixed:
            own = _selected(info, arrays)
            if not _are_several(announced) and _grids(own) != _grids(announced):
                raise _another_shape(info, own, stands, announced)
        data = load(
            info,
            self.options,
            root=own,
            step=step.step,
            extent=extent,
            piece=piece,
            progress=progress,
            complain=complain,
        )
        if own is announced or not _are_several(announced) or data.IsA(COLLECTION):
            return data
        made = new_dataset(COLLECTION)
        made.SetPartition(0, 0, data)
        if own.name:
            made.GetMetaData(0).Set(vtkCompositeDataSet.NAME(), own.name)
        return made

    def _sound(self) -> Iterator[FileInfo]:
        return (file.info for file in self._files if file.info is not None)

    def _describe(self) -> None:
        if self._described:
            return
        first = None
        for file in self._files:
            if file.info is None and file.error is None:
                try:
                    file.info = describe(file.path, self.options, self.name)
                    if len(self._files) > 1:  # the headers of all would take more memory than they save time
                        file.info = replace(file.info, store=None)
                except NumPyIOError as error:
                    file.error = _again(error)
            if file.info is None:
                continue
            if first is None:
                first = file.info
                continue
            root, own = first.layout.root, file.info.layout.root
            if not _are_alike(root, own):
                file.error = _another_shape(file.info, own, first, root)
                file.info = None
            elif root.type != own.type:
                self._mixed = True
        if self.options.association == "Auto" and len(self._files) > 1:
            layouts = iter(associated([info.layout for info in self._sound()]))
            for file in self._files:
                file.info = file.info and replace(file.info, layout=next(layouts))
        self._described = True

    def _lined_up(self) -> tuple[tuple[Step, ...], Sequence[float], str]:
        self._describe()
        if self._line is None:
            layouts = [*map(self._counted_layout, self._files)]
            places = [(k, step) for k, layout in enumerate(layouts) for step in range(layout.steps if layout else 1)]
            times, source = self._times(layouts)
            if times and (len(times) != len(places) or any(b <= a for a, b in zip(times, times[1:]))):
                times, source = [], f"{BY_ORDER}, as the times in them do not rise"
            times = times or [float(k) for k in range(len(places))]
            self._line = tuple(Step(*place, time) for place, time in zip(places, times)), times, source
        return self._line

    def _times(self, layouts: Sequence[Layout | None]) -> tuple[list[float], str]:
        """Times that the files name, and where they stand; no times where one of the files names none."""
        listed = [
            file.time is not None and (layout is None or layout.steps == 1)
            for file, layout in zip(self._files, layouts)
        ]
        named = [layout for layout, one in zip(layouts, listed) if layout and not one]
        if any(layout.times is None for layout in named):
            some = any(listed) or any(layout.times is not None for layout in named)
            return [], f"{BY_ORDER}, as not all of them name a time" if some else BY_ORDER
        dates = [layout for layout in named if _has_dates(layout)]
        if dates and len(self._files) > 1 and (any(listed) or len(dates) < len(named)):
            return [], f"{BY_ORDER}, as not all of them name a date"
        seconds = iter(seconds_since([layout.file_times for layout in dates]))
        found: list[float | None] = []
        for file, layout, one in zip(self._files, layouts, listed):
            if one or layout is None:
                found.append(file.time)
            elif dates and len(self._files) > 1:
                found += next(seconds)
            else:
                found += layout.times
        source = "from the files" if named else "from the .series file"
        if dates:
            source = f"seconds since {np.atleast_1d(dates[0].file_times)[0]}, from the dates in the files"
        times = without_gaps(found)
        return times, source if times else BY_ORDER


def _has_dates(layout: Layout) -> bool:
    return layout.file_times is not None and layout.file_times.dtype.kind == "M"


def _again(error: NumPyIOError | None) -> NumPyIOError:
    """Return the same error without the frames that it came through, which would keep what they hold alive."""
    if error is None:
        return FileError("no file name is given. Choose a .npy or .npz.")
    return type(error)(*error.args)


def _in_folder(file: _File) -> str:
    """Return what is wrong with a file, without the folder, which all files of a series have in common."""
    text, path = str(file.error), printable(file.path)
    return os.path.basename(path) + text[len(path) :] if text.startswith(path) else text


def _known(info: FileInfo, names: Collection[str]) -> list[str]:
    return [name for name in names if name in info.layout.member_of]


def _selected(info: FileInfo, names: Collection[str] | None) -> Block | Composite:
    return select(info.layout, None if names is None else _known(info, names))


def _grids(root: Block | Composite) -> tuple[str, tuple]:
    """What must not change from step to step: ParaView is told one class and one extent for all times."""
    return root.type, tuple((b.kind, b.first, b.dims) for b in blocks_of(root) if b.is_grid)


def _are_several(root: Block | Composite) -> bool:
    return isinstance(root, Composite) and root.type == COLLECTION


def _are_alike(one: Block | Composite, other: Block | Composite) -> bool:
    """Whether two files can be steps of one series: of several datasets, either may lack some."""
    if _grids(one) == _grids(other):
        return True
    several = [root for root in (one, other) if _are_several(root)]
    if not several or any(root.fixed for root in several):
        return False
    mine, its = ({(b.kind, b.first, b.dims) if b.is_grid else b.kind for b in blocks_of(r)} for r in (one, other))
    return mine <= its or its <= mine


def _another_shape(
    info: FileInfo, own: Block | Composite, first: FileInfo, announced: Block | Composite
) -> FormatError:
    return FormatError(
        f"{printable(info.path)}: another shape: {_words(own)}, where {printable(os.path.basename(first.path))} "
        f"has {_words(announced)}. All files of a series must have the same grid; open it alone."
    )


def _words(root: Block | Composite) -> str:
    if isinstance(root, Block) and root.is_grid:
        article = "an" if root.kind.name[0] in "AEIOU" else "a"
        return f"{article} {root.kind.name.lower()} of {' x '.join(str(n) for n in root.dims)} points"
    return f"a {root.type}"


def _common_name(paths: Sequence[str]) -> str:
    """Name the array of a series of .npy: what the names of its files share.

    The name must not change from step to step, or ParaView would lose the colouring.
    """
    stem, extension = os.path.splitext(os.path.basename(paths[0]))
    stem += "" if extension.lower() in EXTENSIONS else extension
    return re.sub(r"[-_. ]*\d+$", "", stem) or stem
