"""From the writer's own description, the member ``vtk``, to a `Layout`.

What plain names cannot carry stands in that member, as `description` specifies it; where it stands, it goes before
the conventions.
Whoever edits such a file with NumPy may have changed an array: what no longer fits the description is an
error with a name, never a guess.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ..errors import FormatError
from .axes import format_axes, parse_axes
from .dtypes import dtype_name
from .geometry import described_geometry
from .kinds import POSITIONS
from .layout import Layout, blocks_of, check_sizes, columns_of, count_steps
from .names import AXES, DESCRIPTION, FIXED_COLUMNS, MAX_COORDINATES, SMALL, TRIANGLE, along_one_axis, form_of
from .times import time_values, time_words
from .tree import map_tree

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..files.npy_header import ArraySpec
    from .description import Schema

    Lengths = Mapping[str, Mapping[str, int]]  # association -> letter -> how many
    from .layout import ArrayPlan, Block

__all__ = ["described_members", "plan_by_description"]

_LEFT_OUT = (
    "not in the description and left out; remove the member vtk, or choose a DataSetType, to read by names and shapes"
)


def described_members(described: Schema, specs: Mapping[str, ArraySpec]) -> tuple[str, ...]:
    """Name the small members whose values planning needs, and that are small indeed."""
    placed = (block for block in blocks_of(described.data) if block.kind.has_geometry)
    small = {plan.member: (SMALL, "iuf") for block in placed for plan in block.roles.values()}
    if described.time is not None:
        small[described.time] = MAX_COORDINATES, "iufmM"
    return tuple(
        name
        for name, (most, kinds) in small.items()
        if name in specs and specs[name].dtype.kind in kinds and math.prod(specs[name].shape) <= most
    )


def plan_by_description(described: Schema, specs: Mapping[str, ArraySpec], small: Mapping[str, np.ndarray]) -> Layout:
    """Plan a file by its description.

    Parameters
    ----------
    described : Schema
        What the member ``vtk`` says.
    specs : mapping
        The members that can be read, in file order.
    small : mapping
        Values of small members: the geometry of images and the time.

    Raises
    ------
    FormatError
        The members do not fit the description.
    UnsupportedError
        VTK cannot number what it describes.
    """
    return _DescribedPlanner(specs, small).plan(described)


class _DescribedPlanner:
    def __init__(self, specs: Mapping[str, ArraySpec], small: Mapping[str, np.ndarray]) -> None:
        self.specs, self.small = specs, small
        self.words: dict[str, str] = {}  # what members are
        self.geometry_members: dict[str, np.ndarray] = {}  # of the last image: counts where it is the only dataset

    def plan(self, described: Schema) -> Layout:
        root = map_tree(described.data, self._dataset, lambda arrays: self._arrays(arrays, {}))
        steps = count_steps(root, self.specs)
        total = next(iter(steps.values()), 1)
        for name, count in steps.items():
            if count != total:
                raise FormatError(f"{name}: {count} time steps where the others have {total}.")
        times = file_times = None
        if described.time is not None:
            self._spec(described.time, "the time")
            values = np.atleast_1d(self.small.get(described.time, np.empty(0)))
            if values.size == total and np.all(np.isfinite(time_values(values)[0])):
                times, file_times = time_values(values)
            self.words[described.time] = f"time values{time_words(values) if times else ''}"
        bare = [DESCRIPTION]
        self.words[DESCRIPTION] = "description of the dataset"
        for name, spec in self.specs.items():
            if name == AXES and name not in self.words and spec.shape == () and spec.dtype.kind in "SU":
                bare.append(name)
                self.words[name] = "names the axes for those who read by names and shapes"
        words = {name: self.words.get(name, _LEFT_OUT) for name in self.specs}
        layout = Layout(
            root, words, (), total, times, file_times,
            geometry_members=self.geometry_members, columns=columns_of(root, self.specs), bare=tuple(bare),
        )  # fmt: skip
        check_sizes(layout, self.specs)
        return layout

    def _spec(self, member: str, what: str) -> ArraySpec:
        if member not in self.specs:
            raise FormatError(
                f"member 'vtk' names {member!r} as {what}, but the file has no such array that can be read. "
                "Remove the member vtk, or choose a DataSetType, to read by names and shapes."
            )
        return self.specs[member]

    def _dataset(self, said: Block) -> Block:
        """Check what is said of a dataset, and add what its members tell."""
        kind = said.kind
        if kind.has_geometry:
            block = self._place(said)
        else:
            block = replace(said, roles={role: self._role(said, role) for role in said.roles})
        if kind.is_grid:
            self._check_points(block)
        elif kind.has_rows:
            rows = (plan.length("n", self._spec(plan.member, "a column").shape) for plan in block.arrays)
            block = replace(block, count=max(rows, default=0))
        else:
            block = self._count(block)
        lengths = {association: block.lengths(association) for association in kind.associations}
        self._arrays((*block.arrays, *block.field_data), lengths)
        return block

    def _check_points(self, block: Block) -> None:
        """Refuse coordinates that are not those of all points of a grid."""
        kind = block.kind
        if kind.has_positions and not block.roles and 0 not in block.dims:
            raise FormatError(
                f"member 'vtk' describes a structured grid of {' x '.join(map(str, block.dims))} points without x, y "
                "and z. Remove the member vtk, or choose a DataSetType, to read by names and shapes."
            )
        lengths = block.lengths("point")
        for letter, role in block.roles.items():
            self._check(role, {"n": lengths[letter]} if kind.has_axes else lengths)
            if letter == "points" and role.components(self.specs[role.member].shape)[0] not in (2, 3):
                raise FormatError(
                    f"{role.member}: shape {self.specs[role.member].shape}, but the points of a structured grid have 2 "
                    "or 3 coordinates. Remove the member vtk to read by names and shapes."
                )

    def _count(self, block: Block) -> Block:
        """Count the points and cells of a mesh."""
        roles = block.roles

        def length(*names: str) -> int:
            found = [roles[name].length("n", self.specs[roles[name].member].shape) for name in names if name in roles]
            return found[-1] if found else 0

        count, cells = length(*POSITIONS), length("cells", "types", "lengths")
        if block.cell_type is not None and not {"cells", "lengths"} & set(roles):
            cells = count if block.cell_type == 1 else 1
        if "offsets" in roles and length("offsets") != cells:
            self._check(roles["offsets"], {"n": cells + 1})
        form = form_of(block.cell_type, self.specs[roles["cells"].member].shape) if "cells" in roles else ""
        if form == "flat":
            cells //= FIXED_COLUMNS[TRIANGLE]
        form = "lines" if "lengths" in roles else "" if form == "columns" else form
        return replace(block, count=count, cells=cells, cells_form=form)

    def _role(self, said: Block, role: str) -> ArrayPlan:
        kind, plan = said.kind, said.roles[role]
        spec = self._spec(plan.member, f"its {role}")
        real = role in POSITIONS
        if spec.dtype.names is not None or spec.dtype.kind not in ("iuf" if real else "iu"):
            raise FormatError(f"{spec.name}: {dtype_name(spec.dtype)} cannot be the {role} of a {said.type}.")
        axes = ""
        if role == "cells":
            form = form_of(said.cell_type, spec.shape)
            axes = {"flat": "n", "columns": "cn", "scikit-fem": "cn"}.get(form, "")
        elif kind.has_axes:
            axes = along_one_axis(spec.shape)
        plan = plan._replace(axes=parse_axes(axes) if axes else plan.axes)
        if real and len(plan.axes) == len(spec.shape) + 1:  # one that stays where others of x, y, z move
            plan = plan._replace(axes=tuple(axis for axis in plan.axes if axis.letter != "t"))
        if len(plan.axes) != len(spec.shape):
            raise FormatError(
                f"{spec.name}: shape {spec.shape}, but the member vtk calls it the {role} of a {said.type}, with axes "
                f"{format_axes(plan.axes)}. Remove the member vtk to read by names and shapes."
            )
        self.words[spec.name] = f"{role} of a {said.type}"
        return plan

    def _place(self, said: Block) -> Block:
        """Say where an image lies: VTK's origin is the place of index 0, the members say that of the first point."""
        values = {}
        members = {role: plan.member for role, plan in said.roles.items()}
        for role, member in members.items():
            self.words[self._spec(member, f"its {role}").name] = f"{role} of a {said.type}"
            if member in self.small:
                values[role] = self.small[member]
        place = described_geometry(values, said.dims)
        if place is None or len(values) < len(members):
            raise FormatError(
                f"{', '.join(members.values())}: the member vtk needs the finite numbers there that place an image. "
                "Remove the member vtk."
            )
        if all(role == member for role, member in members.items()):
            self.geometry_members = values
        origin = said.origin
        if not any(said.first) or replace(place, origin=origin).place(said.first) != place.origin:
            scaled = replace(place, origin=(0.0, 0.0, 0.0)).place(said.first)
            origin = tuple(p - q for p, q in zip(place.origin, scaled))  # which may round
        return replace(said, roles={}, origin=origin, spacing=place.spacing, direction=place.direction)

    def _arrays(self, plans: tuple[ArrayPlan, ...], lengths: Lengths) -> tuple[ArrayPlan, ...]:
        """Check data."""
        for plan in plans:
            spec = self._spec(plan.member, f"{plan.association} data")
            if len(plan.axes) != len(spec.shape):
                raise FormatError(
                    f"{plan.member}: shape {spec.shape}, but the member vtk says axes {format_axes(plan.axes)!r}. "
                    "Remove the member vtk to read by names and shapes."
                )
            self._check(plan, lengths.get(plan.association, {}))
            self.words.setdefault(plan.member, plan.words)
        return plans

    def _check(self, one: ArrayPlan, lengths: Mapping[str, int]) -> None:
        """Refuse a member whose shape is not that of the dataset."""
        shape = self.specs[one.member].shape
        for letter, n in lengths.items():
            if one.length(letter, shape) != n and (letter in one.letters or letter != "n"):
                raise FormatError(
                    f"{one.member}: shape {shape}, but the dataset that the member vtk describes has {n} along "
                    f"{letter}. Remove the member vtk to read by names and shapes."
                )
