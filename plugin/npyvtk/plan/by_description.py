"""From the writer's own description, the member ``vtk``, to a `Layout`.

What plain names cannot carry stands in that member, as `description` specifies it; where it stands, it goes before
the conventions.
Whoever edits such a file with NumPy may have changed an array: what no longer fits the description is an
error with a name, never a guess.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FormatError
from . import description, description_text
from .axes import parse_axes
from .axes_member import AXES
from .dates import time_words
from .description import Composite, map_tree
from .dtypes import dtype_name
from .geometry import described_geometry
from .kinds import CLASSES
from .layout import ArrayPlan, Block, Layout, describe_plan
from .names import FIXED_COLUMNS, MAX_COORDINATES, SMALL, TRIANGLE, along_one_axis, form_of
from .times import time_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..files.npy_header import ArraySpec
    from .geometry import Geometry

    Lengths = dict[str, dict[str, int]]  # association -> letter -> how many

__all__ = ["described_members", "plan_by_description"]


def described_members(text: str, specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the small members whose values planning needs, and that are small indeed."""
    described = description_text.loads(text)
    names = [] if described.time is None else [described.time]
    for leaf in description.datasets_of(described.data):
        if CLASSES[leaf.type].has_geometry:
            names += leaf.members.values()
    return tuple(
        name
        for name in dict.fromkeys(names)
        if name in specs
        and specs[name].dtype.kind in ("iufmM" if name == described.time else "iuf")
        and int(np.prod(specs[name].shape, dtype=object)) <= (MAX_COORDINATES if name == described.time else SMALL)
    )


def plan_by_description(specs: Mapping[str, ArraySpec], small: Mapping[str, np.ndarray]) -> Layout:
    """Plan a file by its description.

    Parameters
    ----------
    specs : mapping
        The members that can be read, in file order.
    small : mapping
        Values of small members: ``vtk`` itself, the geometry of images and the time.

    Raises
    ------
    FormatError
        The description is broken, or the members do not fit it.
    UnsupportedError
        It is of a newer version.
    """
    return _DescribedPlanner(specs, small).plan()


class _DescribedPlanner:
    def __init__(self, specs: Mapping[str, ArraySpec], small: Mapping[str, np.ndarray]) -> None:
        self.specs, self.small = specs, small
        self.lines: dict[str, str] = {}
        self.steps: int | None = None
        self.geometry_members: dict[str, np.ndarray] = {}  # of the last image: counts where it is the only dataset

    def plan(self) -> Layout:
        described = description_text.loads(str(self.small[description.MEMBER].item()))
        root = map_tree(described.data, self._leaf, lambda arrays: self._arrays(arrays, "field", {}))
        root = replace(root, fixed=True) if isinstance(root, Composite) else root
        times = file_times = None
        if described.time is not None:
            spec = self._spec(described.time, "the time")
            values = np.atleast_1d(self.small.get(described.time, np.empty(0)))
            if values.size == (self.steps or 1) and np.all(np.isfinite(time_values(values)[0])):
                times, file_times = time_values(values)
            words = time_words(values) if times else ""
            self.lines[spec.name] = f"{spec.name}: {spec.shape} {dtype_name(spec.dtype)}, time values{words}"
        extra = [name for name in self.specs if name not in self.lines and name != description.MEMBER]
        self.lines[description.MEMBER] = f"{description.MEMBER}: description of the dataset"
        if AXES in extra and self.specs[AXES].shape == () and self.specs[AXES].dtype.kind in "SU":
            self.lines[AXES] = f"{AXES}: names the axes for those who read by names and shapes"
            extra.remove(AXES)
        for name in extra:
            spec = self.specs[name]
            self.lines[name] = (
                f"{name}: {spec.shape} {dtype_name(spec.dtype)}, not in the description and left out; "
                "remove the member vtk, or choose a DataSetType, to read by names and shapes"
            )
        lines = {name: self.lines[name] for name in self.specs}
        return Layout(root, lines, (), self.steps or 1, times, file_times, geometry_members=self.geometry_members)

    def _spec(self, member: str, what: str) -> ArraySpec:
        if member not in self.specs:
            raise FormatError(
                f"member 'vtk' names {member!r} as {what}, but the file has no such array that can be read. "
                "Remove the member vtk, or choose a DataSetType, to read by names and shapes."
            )
        return self.specs[member]

    def _leaf(self, leaf: description.DatasetRecord) -> Block:
        kind = CLASSES[leaf.type]
        members = {} if kind.has_geometry else leaf.members
        roles = {role: self._role(role, member, leaf) for role, member in members.items()}
        if leaf.extent is not None:
            block, lengths = self._grid(leaf, leaf.extent, roles)
        elif kind.has_rows:
            block, lengths = self._table(leaf)
        else:
            block, lengths = self._mesh(leaf, roles)
        arrays = tuple(
            made
            for association in kind.associations
            for made in self._arrays(getattr(leaf, f"{association}_data"), association, lengths.get(association, {}))
        )
        return replace(block, arrays=arrays, field_data=self._arrays(leaf.field_data, "field", {}))

    def _grid(
        self, leaf: description.DatasetRecord, extent: tuple[int, ...], roles: Mapping[str, ArrayPlan]
    ) -> tuple[Block, Lengths]:
        """Plan the points of a grid, and how many points and cells it has along each letter."""
        kind = CLASSES[leaf.type]
        dims = tuple(max(hi - lo + 1, 0) for lo, hi in zip(extent[::2], extent[1::2]))
        first = extent[::2]
        lengths = {"point": dict(zip("xyz", dims)), "cell": {k: n - 1 if n > 1 else n for k, n in zip("xyz", dims)}}
        block = Block(kind.name, dims=dims, first=first, roles=roles)
        if kind.has_positions and not roles and 0 not in dims:
            raise FormatError(
                f"member 'vtk' describes a structured grid of {dims[0]} x {dims[1]} x {dims[2]} points without x, y "
                "and z. Remove the member vtk, or choose a DataSetType, to read by names and shapes."
            )
        if kind.has_geometry:
            return replace(block, **vars(self._place(leaf, first, dims))), lengths
        for letter, role in roles.items():
            self._check(role, {"n": lengths["point"][letter]} if kind.has_axes else lengths["point"])
            if letter == "points" and role.components(self.specs[role.member].shape)[0] not in (2, 3):
                raise FormatError(
                    f"{role.member}: shape {self.specs[role.member].shape}, but the points of a structured grid have 2 "
                    "or 3 coordinates. Remove the member vtk to read by names and shapes."
                )
        return block, lengths

    def _table(self, leaf: description.DatasetRecord) -> tuple[Block, Lengths]:
        columns = [(self._spec(a.member, "a column"), parse_axes(a.axes)) for a in leaf.row_data]
        count = max((ArrayPlan("", axes).length("n", spec.shape) for spec, axes in columns), default=0)
        return Block(CLASSES[leaf.type].name, count=count), {"row": {"n": count}}

    def _mesh(self, leaf: description.DatasetRecord, roles: Mapping[str, ArrayPlan]) -> tuple[Block, Lengths]:
        """Count the points and cells of a mesh."""

        def length(*names: str) -> int:
            found = [roles[name].length("n", self.specs[roles[name].member].shape) for name in names if name in roles]
            return found[-1] if found else 0

        count, cells = length("points", "x", "y", "z"), length("cells", "types", "lengths")
        if leaf.cell_type is not None and not {"cells", "lengths"} & set(roles):
            cells = count if leaf.cell_type == 1 else 1
        if "offsets" in roles and length("offsets") != cells:
            self._check(roles["offsets"], {"n": cells + 1})
        form = form_of(leaf.cell_type, self.specs[roles["cells"].member].shape) if "cells" in roles else ""
        if form == "flat":
            cells //= FIXED_COLUMNS[TRIANGLE]
        block = Block(
            CLASSES[leaf.type].name, count=count, cells=cells, cell_type=leaf.cell_type, roles=roles,
            cells_form="lines" if "lengths" in roles else "" if form == "columns" else form,
        )  # fmt: skip
        return block, {"point": {"n": count}, "cell": {"n": cells}}

    def _role(self, role: str, member: str, leaf: description.DatasetRecord) -> ArrayPlan:
        spec, kind = self._spec(member, f"its {role}"), CLASSES[leaf.type]
        real = role in ("x", "y", "z", "points")
        if spec.dtype.names is not None or spec.dtype.kind not in ("iuf" if real else "iu"):
            raise FormatError(f"{member}: {dtype_name(spec.dtype)} cannot be the {role} of a {leaf.type}.")
        axes = kind.axes_of(role)
        if role == "cells":
            axes = {"flat": "n", "columns": "cn", "scikit-fem": "cn"}.get(form_of(leaf.cell_type, spec.shape), axes)
        elif kind.has_axes:
            axes = along_one_axis(spec.shape) or axes
        elif real:
            axes = leaf.point_axes or axes
        made = ArrayPlan(member, parse_axes(axes))
        if real and len(made.axes) == len(spec.shape) + 1:  # one that stays where others of x, y, z move
            made = made._replace(axes=tuple(axis for axis in made.axes if axis.letter != "t"))
        if len(made.axes) != len(spec.shape):
            raise FormatError(
                f"{member}: shape {spec.shape}, but the member vtk calls it the {role} of a {leaf.type}, with axes "
                f"{axes}. Remove the member vtk to read by names and shapes."
            )
        self.lines[member] = f"{member}: {spec.shape} {dtype_name(spec.dtype)}, {role} of a {leaf.type}"
        self._count_steps(made, spec)
        return made

    def _place(self, leaf: description.DatasetRecord, first: tuple[int, ...], points: tuple[int, ...]) -> Geometry:
        """Return where an image lies: VTK's origin is the place of index 0, the members say that of the first point."""
        values = {}
        for role, member in leaf.members.items():
            spec = self._spec(member, f"its {role}")
            self.lines[member] = f"{member}: {spec.shape} {dtype_name(spec.dtype)}, {role} of a {leaf.type}"
            if member in self.small:
                values[role] = self.small[member]
        place = described_geometry(values, points)
        if place is None or len(values) < len(leaf.members):
            names = ", ".join(leaf.members.values())
            raise FormatError(
                f"{names}: the member vtk needs the finite numbers there that place an image. Remove the member vtk."
            )
        if {role: role for role in values} == dict(leaf.members):
            self.geometry_members = values
        if leaf.origin is not None and replace(place, origin=leaf.origin).place(first) == place.origin:
            return replace(place, origin=tuple(float(v) for v in leaf.origin))  # exactly; the other way may round
        scaled = replace(place, origin=(0.0, 0.0, 0.0)).place(first)
        return replace(place, origin=tuple(p - q for p, q in zip(place.origin, scaled)))

    def _arrays(
        self, arrays: Iterable[description.ArrayRecord], association: str, lengths: Mapping[str, int]
    ) -> tuple[ArrayPlan, ...]:
        members: dict[str, list[description.ArrayRecord]] = {}
        for array in arrays:
            members.setdefault(array.member, []).append(array)
        made = []
        for member, group in members.items():
            spec = self._spec(member, f"{association} data")
            one = ArrayPlan(member, parse_axes(group[0].axes), association, parts=tuple(group))
            if len(one.axes) != len(spec.shape):
                raise FormatError(
                    f"{member}: shape {spec.shape}, but the member vtk says axes {group[0].axes!r}. Remove the member "
                    "vtk to read by names and shapes."
                )
            self._check(one, lengths)
            self._count_steps(one, spec)
            self.lines.setdefault(member, describe_plan(one, spec))
            made.append(one)
        return tuple(made)

    def _count_steps(self, one: ArrayPlan, spec: ArraySpec) -> None:
        steps = one.steps(spec.shape)
        if not steps:
            return
        total = int(np.prod(steps, dtype=object))
        if self.steps not in (None, total):
            raise FormatError(f"{one.member}: {total} time steps where the others have {self.steps}.")
        self.steps = total

    def _check(self, one: ArrayPlan, lengths: Mapping[str, int]) -> None:
        """Refuse a member whose shape is not that of the dataset."""
        shape = self.specs[one.member].shape
        for letter, n in lengths.items():
            found = one.length(letter, shape)
            if (letter in one.letters and found != n) or (letter not in one.letters and n != 1 and letter != "n"):
                raise FormatError(
                    f"{one.member}: shape {shape}, but the dataset that the member vtk describes has {n} along "
                    f"{letter}. Remove the member vtk to read by names and shapes."
                )
