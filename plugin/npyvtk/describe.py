"""The reading story, first half: what a file is, from its headers and the few members that planning needs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from .errors import FormatError, OptionError, UnsupportedError, damage
from .files.open_store import open_store
from .files.source import printable
from .options import ReadOptions
from .plan.by_description import described_members, plan_by_description
from .plan.description import is_description, loads
from .plan.dtypes import why_not
from .plan.geometry import applied_geometry, geometry_of_members
from .plan.kinds import USES_POSITIONS
from .plan.layout import Block, Composite, blocks_of
from .plan.names import DESCRIPTION, Values, small_members
from .plan.recognise import recognise
from .plan.vectors import padding, tell_components

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from typing import TypeVar

    from .errors import NumPyIOError
    from .files.npy_header import ArraySpec
    from .files.store import Store
    from .plan.layout import Layout

    _Made = TypeVar("_Made")

__all__ = ["FileInfo", "describe", "describe_store", "remarks"]


class FileInfo(NamedTuple):
    """What is known of a file before its data is read."""

    path: str
    specs: Mapping[str, ArraySpec]
    skipped: Mapping[str, str]  # member -> why it cannot be read
    damaged: tuple[str, ...]  # those of `skipped` that are damaged
    layout: Layout
    single: bool = False  # a .npy, which holds one array
    store: Store | None = None  # closed: with the headers, for `Store.reopened`; None: they are read again to load

    @property
    def lines(self) -> tuple[str, ...]:
        """Interpretation, one line per array, then remarks."""
        skipped = (self._skipped(name, reason) for name, reason in self.skipped.items())
        beyond = len(self.layout.beyond_many)
        # First, as nobody would find it below the lines of thousands.
        many = [f"{beyond} arrays more than ParaView takes without delay: loaded when Arrays names them"]
        found = (*(many if beyond else []), *self.layout.lines.values(), *skipped, *self.layout.notes)
        return tuple(printable(line) for line in found)

    @property
    def complaint(self) -> NumPyIOError | None:
        """What deserves an error line although the rest of the file can be shown; None where nothing does."""
        if self.damaged:
            return damage([FormatError(self.skipped[name]) for name in self.damaged])
        arrays = [name for name in self.skipped if name.endswith(".npy") or name in self.specs]
        if arrays and all(spec.shape == () or spec.dtype.kind in "SU" for spec in self.specs.values()):
            rest = self._skipped(arrays[0], self.skipped[arrays[0]])
            return UnsupportedError(f"{printable(self.path)}: nothing to show but remarks: {printable(rest)}")
        return None

    def _skipped(self, name: str, reason: str) -> str:
        """One line without the path, which stands above."""
        place = f"{printable(self.path)}: member {printable(name)!r}"
        reason = reason[len(place) :].lstrip(" :") if reason.startswith(place) else reason
        return f"{name.removesuffix('.npy')}: skipped, {reason}"


def describe(path: str, options: ReadOptions | None = None, name: str | None = None) -> FileInfo:
    """Read the headers of a file and plan what it becomes.

    Parameters
    ----------
    path : str
        A ``.npy`` or ``.npz``; told apart by content.
    options : ReadOptions, optional
        Those of its plan must be those that it is loaded with.
    name : str, optional
        What to call the array of a ``.npy``; default: the stem of the file's name.

    Raises
    ------
    NumPyIOError
        The file cannot be read, is damaged, or the options do not fit it.
    """
    options = options or ReadOptions()
    with open_store(path, options.array_name or name) as store:
        return describe_store(store, options)


def describe_store(store: Store, options: ReadOptions) -> FileInfo:
    """Describe an open file; see `describe`.

    Parameters
    ----------
    store : Store
        Stays open.
    options : ReadOptions

    Raises
    ------
    OptionError
        A choice does not fit the file.
    UnsupportedError
        Nothing in it can be shown.
    """
    single = store.single
    reasons = {name: why_not(spec.dtype) for name, spec in store.arrays.items()}
    specs = {name: spec for name, spec in store.arrays.items() if not reasons[name]}
    skipped = {**store.skipped, **{name: reason for name, reason in reasons.items() if reason}}
    if single and not specs:
        reason = next(iter(skipped.values()))
        raise UnsupportedError(
            f"{printable(store.path)}: cannot be shown: {reason}. Save numbers, strings or a structured array."
        )
    try:
        layout = _plan_file(store, specs, options, single)
    except (OptionError, UnsupportedError) as error:
        raise type(error)(f"{store.path}: {error}") from None
    return FileInfo(store.path, specs, skipped, tuple(store.damaged), layout, single, store)


def remarks(info: FileInfo, options: ReadOptions) -> tuple[str, ...]:
    """Say what choices do, or cannot do, with what the file holds."""
    blocks, specs = blocks_of(info.layout.root), info.specs
    found = [*tell_components(blocks, specs, join=options.join_vectors), *_without_effect(info, blocks, options)]
    plans = [plan for block in blocks for plan in block.arrays]
    padded = [plan.member for plan in plans if options.pad_vectors and padding(plan, specs[plan.member])]
    if padded:
        found.append(f"{', '.join(padded)}: two components, and a third that is 0; without PadVectors two")
    return tuple(map(printable, found))


def _without_effect(info: FileInfo, blocks: Iterable[Block], options: ReadOptions) -> Iterator[str]:
    """Say which choices cannot apply to what the file holds."""
    root, kinds = info.layout.root, [block.kind for block in blocks]
    if options.association != "Auto" and all(kind.has_rows for kind in kinds):
        yield f"Association {options.association}: without effect, the rows of a table are neither points nor cells"
    placing = [name for name in ("Origin", "Spacing", "Direction") if getattr(options, name.lower()) is not None]
    placing += ["IgnoreFileGeometry"] if options.ignore_file_geometry else []
    if placing and not any(kind.has_geometry for kind in kinds):
        yield f"{', '.join(placing)}: without effect, as there is no image in the file"
    elif placing and isinstance(root, Composite) and root.fixed:
        yield f"{', '.join(placing)}: without effect, as each image in the file has its own geometry"
    if options.positions != "auto" and options.dataset_type not in USES_POSITIONS:
        yield f"Positions: without effect, as DataSetType is {options.dataset_type}"
    if options.array_name and not info.single:
        yield "ArrayName: without effect, as the names of the arrays stand in the file"
    part = ["VOI"] if options.voi else []
    part += ["SampleRate"] if options.sample_rate != (1, 1, 1) else []
    if part and not any(kind.is_grid for kind in kinds):
        yield f"{', '.join(part)}: without effect, as there is no grid in the file"


def _plan_file(store: Store, specs: Mapping[str, ArraySpec], options: ReadOptions, single: bool) -> Layout:
    notes: tuple[str, ...] = ()
    wanted = small_members(specs)
    small = Values(wanted, store.array)
    if not single and DESCRIPTION in wanted:
        text = str(small[DESCRIPTION].item())
        is_meant = is_description(text)
        left_alone = (options.dataset_type, options.association) == ("Auto", "Auto")
        left_alone &= (options.axes, options.positions) == ("auto", "auto")
        if is_meant and not left_alone:
            # The user's choices go before the description; names and shapes remain.
            specs = {name: spec for name, spec in specs.items() if name != DESCRIPTION}
            small = Values(small_members(specs), store.array)
            notes = ("vtk: description of the dataset, set aside for your choice",)
        elif is_meant:
            described = _of_file(store, loads, text)
            values = {name: store.array(name) for name in described_members(described, specs)}
            layout = _of_file(store, plan_by_description, described, specs, values)
            root = layout.root
            if not (isinstance(root, Block) and root.kind.has_geometry):
                return layout
            sources = geometry_of_members(layout.geometry_members).sources
            placed, words = applied_geometry(root.geometry, sources, options)
            notes = (f"geometry: {words}", *layout.notes)
            return replace(layout, root=replace(root, **vars(placed)), geometry=root.geometry, notes=notes)
        else:
            notes = ("vtk: not the description of a dataset that this plugin writes, read as plain data",)
    layout = recognise(specs, small, options, single=single)
    return replace(layout, notes=(*layout.notes, *notes))


def _of_file(store: Store, function: Callable[..., _Made], *arguments: object) -> _Made:
    """Return what `function` returns; what it finds wrong with the description names the file."""
    try:
        return function(*arguments)
    except FormatError as error:
        raise FormatError(f"{store.path}: {error}") from None
