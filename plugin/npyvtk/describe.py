"""The reading story, first half: what a file is, from its headers and the few members that planning needs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from .errors import FormatError, OptionError, UnsupportedError, damage
from .files.open_store import open_store
from .files.source import printable
from .options import ReadOptions
from .plan.axes import format_axes
from .plan.by_description import described_members, plan_by_description
from .plan.description import is_description, loads
from .plan.dtypes import dtype_name, rounded, why_not
from .plan.geometry import applied_geometry, geometry_of_members
from .plan.kinds import POSITIONS, USES_POSITIONS
from .plan.layout import Block, Composite, blocks_of, plans_of
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


@dataclass(frozen=True)
class FileInfo:
    """What is known of a file before its data is read."""

    path: str
    specs: Mapping[str, ArraySpec]
    skipped: Mapping[str, str]  # member -> why it cannot be read
    damaged: tuple[str, ...]  # those of `skipped` that are damaged
    layout: Layout
    single: bool = False  # a .npy, which holds one array
    store: Store | None = None  # closed: with the headers, for `Store.reopened`; None: they are read again to load

    @cached_property
    def line_of(self) -> dict[str, str]:
        """What each member is, in a line that says as well what does not come back as it was.

        VTK cannot hold it: its numbers are float64 at most, and so are its positions; its data has one time step.
        """
        layout = self.layout
        roles = [(block.kind, *role) for block in blocks_of(layout.root) for role in block.roles.items()]
        positions = {plan.member for kind, role, plan in roles if role in POSITIONS and kind.has_positions}
        data = {plan.member: plan for plan in plans_of(layout.root)}
        held = {*data, *(plan.member for _kind, _role, plan in roles)}
        lines = {}
        for name, said in layout.words.items():
            words, spec = said, self.specs[name]
            dtype = spec.dtype
            wide = rounded(dtype) if name in held else ""
            if wide:
                words += f"; {wide} is rounded to float64, and saved as {wide} again"
            elif name in positions and dtype.kind in "iu" and dtype.itemsize == 8:
                words += "; positions are float64, which rounds whole numbers beyond 2**53"
            moves = name in data and set(data[name].steps(spec.shape)) - {1}
            order = format_axes(data[name].axes) if moves else "t"
            if not order.startswith("t") or order.count("t") > 1:
                words += "; saved as Stacked, its time steps are along one first axis t"
            shown = "" if name in layout.bare else f"{spec.shape} {dtype_name(dtype)}, "
            lines[name] = f"{name}: {shown}{words}"
        return lines

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Interpretation, one line per array, then remarks."""
        skipped = (self._skipped(name, reason) for name, reason in self.skipped.items())
        beyond = len(self.layout.beyond_many)
        # First, as nobody would find it below the lines of thousands.
        many = [f"{beyond} arrays more than ParaView takes without delay: loaded when Arrays names them"]
        found = (*(many if beyond else []), *self.line_of.values(), *skipped, *self.layout.notes)
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
    wanted = small_members(specs)
    try:
        if DESCRIPTION in wanted and not single:
            layout = _plan_described(store, specs, options)
        else:
            layout = recognise(specs, Values(wanted, store.array, store.head), options, single=single)
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


def _plan_described(store: Store, specs: Mapping[str, ArraySpec], options: ReadOptions) -> Layout:
    """Plan a file with a member ``vtk``: by what it says, unless it is no description or the user chooses otherwise."""
    text = str(store.array(DESCRIPTION).item())
    is_meant = is_description(text)
    left_alone = (options.dataset_type, options.association) == ("Auto", "Auto")
    left_alone &= (options.axes, options.positions) == ("auto", "auto")
    if is_meant and left_alone:
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
    note = "vtk: not the description of a dataset that this plugin writes, read as plain data"
    if is_meant:
        specs = {name: spec for name, spec in specs.items() if name != DESCRIPTION}
        note = "vtk: description of the dataset, set aside for your choice"
    layout = recognise(specs, Values(small_members(specs), store.array, store.head), options)
    return replace(layout, notes=(*layout.notes, note))


def _of_file(store: Store, function: Callable[..., _Made], *arguments: object) -> _Made:
    """Return what `function` returns; what it finds wrong with the description names the file."""
    try:
        return function(*arguments)
    except FormatError as error:
        raise FormatError(f"{store.path}: {error}") from None
