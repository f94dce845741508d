"""Arrays that no name explains: images, points, tables and field data, by their shapes."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..errors import OptionError
from .auto import auto_axes, is_real
from .axes import format_axes, parse_axes
from .dtypes import dtype_name
from .geometry import UNUSED, Geometry, ImageMembers, OnGrid, geometry_of_members
from .grids import convert_images
from .layout import ArrayPlan, Block, Composite, blocks_of, chosen_geometry, describe_geometry
from .meshes import assume_points, hold_positions, points_of
from .names import BOX, GEOMETRY_NAMES, NO_POSITIONS, POINTS, SMALL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..files.npy_header import ArraySpec
    from .axes import Axis
    from .planner import Planner

__all__ = ["LARGE_FIELD", "geometry_lines", "plain_arrays", "with_others"]

LARGE_FIELD = 1 << 20  # bytes from which on field data is loaded only when it is chosen

FITS_NOTHING = "fits nothing, field data; DataSetType Image shows it"


class _Guess(NamedTuple):
    """What an array that no name explains is taken for."""

    spec: ArraySpec
    axes: tuple[Axis, ...]
    note: str  # where the axes come from, when it is neither the user nor `auto`
    explicit: bool  # the axes were spelled out

    @property
    def small(self) -> bool:
        """Whether it may be a remark on other data."""
        return not self.explicit and math.prod(self.spec.shape) <= SMALL


def sort_members(
    planner: Planner, *, beside: bool, grid: bool, placed: bool
) -> tuple[dict[tuple[int, ...], list[_Guess]], list[_Guess], list[ArraySpec]]:
    """Tell grids by their lengths, point sets and columns apart; `beside` other blocks only what is large."""
    grids: dict[tuple[int, ...], list[_Guess]] = {}
    point_sets: list[_Guess] = []
    columns: list[ArraySpec] = []
    pictures = any(len(spec.shape) > 1 and math.prod(spec.shape) > SMALL for spec in planner.left.values())
    if not beside and planner.has_no_place():
        planner.photographs = find_photographs(planner)
    for spec in planner.left.values():
        small = math.prod(spec.shape) <= SMALL or len(spec.shape) < 2
        if spec.name in planner.excluded or (beside and (small or placed)):
            columns.append(spec)
            continue
        explicit = len(spec.shape) in planner.explicit
        # Beside pictures, a lone axis is one of their attributes.
        axes, note = planner.guess_axes(spec, grid=grid and (len(spec.shape) > 1 or not pictures))
        letters = {axis.letter for axis in axes}
        guess = _Guess(spec, axes, note, explicit)
        if letters & set("xyz"):
            made = ArrayPlan(spec.name, axes)
            grids.setdefault(tuple(made.length(letter, spec.shape) for letter in "xyz"), []).append(guess)
        elif is_real(spec.dtype) and hold_positions(axes, spec.shape):
            point_sets.append(guess)
        else:
            columns.append(spec)
    point_sets, others = _tell_positions(planner, point_sets)
    return grids, point_sets, [*columns, *others]


def _tell_positions(planner: Planner, found: list[_Guess]) -> tuple[list[_Guess], list[ArraySpec]]:
    """Tell positions from normals and the like, and from whole numbers beside them, which name points."""
    if planner.single or planner.options.dataset_type != "Auto":
        return found, []
    floats = any(one.spec.dtype.kind == "f" and one.spec.name not in NO_POSITIONS for one in found)
    others = [
        one
        for one in found
        if not one.explicit
        and (one.spec.name in NO_POSITIONS or (floats and one.spec.dtype.kind != "f" and one.spec.name not in POINTS))
    ]
    return [one for one in found if one not in others], [one.spec for one in others]


def find_photographs(planner: Planner) -> dict[tuple[int, ...], str]:
    """Find the pictures whose first row is on top: (height, width) -> member."""
    found: dict[tuple[int, ...], str] = {}
    for spec in planner.left.values():
        axes = planner.explicit.get(len(spec.shape))
        shape = spec.shape
        if axes is None and len(shape) == 4 and planner.time_shape and shape[0] == planner.time_shape[0]:
            shape = shape[1:]
        if axes is None and format_axes(auto_axes(shape, spec.dtype)) == "-yxc":
            found.setdefault(shape[:2], spec.name)
    return found


def take_geometry(planner: Planner) -> None:
    """Take origin, spacing and direction from the members that mean them."""
    lengths = {n for spec in planner.left.values() if len(spec.shape) > 1 for n in spec.shape}
    held = {name: planner.small[name] for name in GEOMETRY_NAMES if name in planner.small and name in planner.left}
    planner.placing = geometry_of_members(held, lengths)
    planner.notes += planner.placing.notes
    for name in planner.placing.used:
        spec = planner.left.pop(name)
        excluded = " (left aside, as IgnoreFileGeometry says)" * planner.options.ignore_file_geometry
        planner.lines[name] = f"{name}: {spec.shape} {dtype_name(spec.dtype)}, geometry of the image{excluded}"
        planner.geometry_members[name] = planner.small[name]
    planner.box = find_box(planner)
    if "affine" in planner.placing.used and planner.small["affine"].shape == (4, 4):
        if set(planner.explicit) & {2, 3, 4, 5}:
            planner.lines["affine"] += ", from its indices i, j, k; the axes are as they were given"
        else:
            planner.indices_first = "xyz"
            planner.lines["affine"] += ", from its indices i, j, k, so axes are read as xyz"


def find_box(planner: Planner) -> dict[str, tuple[float, float]]:
    """Find the ends of the image along each axis, as ``lower`` and ``upper`` in the order of ``dim_names``."""
    if not all(name in planner.small and name in planner.left for name in BOX) or planner.placing.used:
        return {}
    lower, upper, names = (planner.small[name] for name in BOX)
    letters = [letter for letter in names.astype(str).tolist() if letter in ("x", "y", "z")]
    real = lower.dtype.kind in "iuf" and upper.dtype.kind in "iuf" and names.dtype.kind in "US"
    fits = real and lower.shape == upper.shape == (len(letters),) and len(set(letters)) == len(letters) > 0
    if not fits or not np.all(np.isfinite(lower)) or not np.all(np.isfinite(upper)) or not np.all(lower < upper):
        planner.notes.append("lower, upper, dim_names: no box of rising ends along x, y or z, so plain data")
        return {}
    planner.notes.append("lower, upper, dim_names: the box of the image, whose values are in the middle of cells")
    return dict(zip(letters, zip(lower.astype(float).tolist(), upper.astype(float).tolist())))


def in_box(box: Mapping[str, tuple[float, float]], dims: tuple[int, ...]) -> OnGrid:
    """Place an image of so many cells along x, y, z in a box."""
    ends = [box.get(letter, (0.0, 1.0)) for letter in "xyz"]
    spacing = tuple(
        (hi - lo) / n if letter in box and n else 1.0 for letter, (lo, hi), n in zip("xyz", ends, dims)
    )  # fmt: skip
    return OnGrid(Geometry(tuple(lo for lo, _hi in ends), spacing), True, "", (), ())


def geometry_on(planner: Planner, on: OnGrid, letters: str, *, as_cells: bool, name: str) -> Geometry:
    """Return the geometry that applies to one image, and note it."""
    geometry = on.geometry
    if on.cells and not as_cells:  # the user wants points, which are in the middle of the file's cells
        shift = tuple(s / 2 if letter in letters else 0.0 for letter, s in zip("xyz", geometry.spacing))
        geometry = replace(geometry, origin=tuple(o + s for o, s in zip(geometry.origin, shift)))
    planner.geometry = geometry
    options = planner.options
    applied = chosen_geometry(geometry, options)
    planner.notes += [note for note in on.notes if note not in planner.notes]
    planner.placed.append((name, describe_geometry(applied, planner.placing.sources, options)))
    return applied


def geometry_lines(planner: Planner) -> list[str]:
    """Say where the images lie: one line, or one for each that lies elsewhere."""
    lines = dict(planner.placed[::-1])
    if len(set(lines.values())) < 2:
        return [f"geometry: {text}" for text in list(lines.values())[:1]]
    return [f"geometry of {name}: {text}" for name, text in lines.items()]


def contradicted(planner: Planner, placed: Sequence[OnGrid]) -> None:
    """Give back the maxima that say nothing of any image."""
    for name in set.intersection(*(set(on.contradicted) for on in placed)) if placed else ():
        planner.left[name] = planner.specs[name]
        planner.geometry_members.pop(name, None)
        planner.lines.pop(name, None)


def _rows(shape: tuple[int, ...]) -> tuple[Axis, ...]:
    """Axes of an array that is read as rows."""
    if len(shape) == 2 and shape[0] == 1 != shape[1]:
        return parse_axes("cn")
    return parse_axes("nc"[: len(shape)] + "c" * (len(shape) - 2))


def _first_highest(axes: tuple[Axis, ...], falling: str) -> tuple[Axis, ...]:
    """Read the axes in `falling` backwards; a - that somebody wrote says the same."""
    return tuple(axis._replace(reverse=axis.reverse or axis.letter in falling) for axis in axes)


def with_others(planner: Planner, blocks: list[Block]) -> Block | Composite:
    """Add what found no place as field data; pictures would lie where the file puts nothing."""
    return collect(planner, blocks, placed=True)


def plain_arrays(planner: Planner, kind: str) -> Block | Composite:
    """Plan a file whose names say nothing of its geometry."""
    if kind == "Table":
        return collect(planner, make_tables(planner, list(planner.left.values()), folded=True) or [Block("Table")])
    if kind == "Mesh":
        raise OptionError(
            "DataSetType is Mesh, but the file has no points with cells, faces, triangles, tetras, lines or "
            "connectivity, offsets and types of fitting shapes. Choose Auto, or name the arrays so."
        )
    if kind == "Points":
        found = assume_points(planner)
        if found is None:
            raise OptionError(
                "DataSetType is Points, but no array has the shape (N, 2) or (N, 3) of real numbers. Choose Auto."
            )
        return collect(planner, [found])
    if not planner.single:
        take_geometry(planner)
    root = collect(planner, [], grid=kind != "Auto")
    if kind in ("Rectilinear Grid", "Structured Grid"):
        return convert_images(root, kind)
    if kind == "Image" and not any(b.kind == "Image" for b in blocks_of(root)):
        raise OptionError("DataSetType is Image, but no array of the file can be one. Choose Auto.")
    return root


def collect(planner: Planner, blocks: list[Block], *, grid: bool = False, placed: bool = False) -> Block | Composite:
    """Sort the members that are left into grids, points, tables and field data.

    Parameters
    ----------
    placed : bool
        The blocks have positions or coordinates from the file: what does not fit them is drawn nowhere.
    """
    grids, point_sets, columns = sort_members(planner, beside=bool(blocks), grid=grid, placed=placed)
    remarks: list[ArraySpec] = []
    # Matrices and ranges beside real data are remarks on it.
    small = [dims for dims, group in grids.items() if all(one.small for one in group)]
    large = set(grids) - set(small)
    real_points = [one for one in point_sets if not one.small]
    if blocks or large or real_points or any(math.prod(spec.shape) > SMALL for spec in columns):
        for dims in small:
            if not any(cells_between(other) == dims for other in large):
                remarks += [one.spec for one in grids.pop(dims)]
        remarks += [one.spec for one in point_sets if one.small]
        point_sets = real_points
    if grids and blocks:
        take_geometry(planner)
    if not grids and not point_sets and not blocks:
        return join_blocks(planner, make_tables(planner, columns, folded=grid), [])
    for one in point_sets:
        if one.spec.name in planner.left:
            sure = planner.single or one.explicit
            note = "" if sure else "assumed; a member named points is sure"
            blocks.append(points_of(planner, one.spec, one.axes, note, sure=sure))
    # The points have taken what is as long as they are.
    left = {dims: [one for one in group if one.spec.name in planner.left] for dims, group in grids.items()}
    blocks += make_images(planner, {dims: group for dims, group in left.items() if group})
    tables = [spec for spec in columns if spec.name in planner.left and spec.dtype.names is not None and spec.shape]
    blocks += make_tables(planner, [spec for spec in tables if not placed or len(spec.shape) == 1])
    fields = []
    for spec in (*columns, *remarks):
        if spec.name not in planner.left:
            continue
        unfit = placed and len(spec.shape) > 1 and math.prod(spec.shape) > SMALL and spec.name not in planner.excluded
        fields.append(planner.take_field(spec, FITS_NOTHING if unfit else ""))
    return join_blocks(planner, blocks, fields)


def make_images(planner: Planner, grids: Mapping[tuple[int, ...], list[_Guess]]) -> list[Block]:
    """Make one block of every grid shape; arrays one shorter along each axis are its cells."""
    blocks = []
    association = planner.options.association
    used = {
        dims: "".join(sorted({axis.letter for one in group for axis in one.axes} & set("xyz")))
        for dims, group in grids.items()
    }
    placing = ImageMembers({}, (), (), {}) if planner.options.ignore_file_geometry else planner.placing
    on = {dims: placing.on(dims, used[dims]) for dims in grids}
    if planner.box and not planner.options.ignore_file_geometry:
        on = {dims: in_box(planner.box, dims) if set(used[dims]) == set(planner.box) else on[dims] for dims in grids}
    cells: dict[tuple[int, ...], tuple[int, ...]] = {}  # cells -> the points around them
    if association == "Auto":
        for dims in sorted(grids, key=math.prod, reverse=True):
            inner = cells_between(dims)
            if dims not in cells and not on[dims].cells and inner in grids and inner != dims:
                cells.setdefault(inner, dims)
    for dims, group in grids.items():
        if dims in cells:
            continue
        as_cells = association == "Cell Data" or (association == "Auto" and on[dims].cells)
        found = [("cell" if as_cells else "point", one) for one in group]
        found += [("cell", one) for inner, outer in cells.items() if outer == dims for one in grids[inner]]
        points = dims
        if as_cells:
            points = tuple(n + (letter in used[dims] and n > 0) for letter, n in zip("xyz", dims))
        for group_of_steps in _by_steps(found):
            arrays: list[ArrayPlan] = []
            for where, one in group_of_steps:
                axes = _first_highest(one.axes, on[dims].falling)
                falls = [axis.letter for axis in axes if axis.letter in on[dims].falling]
                falling = f"{', '.join(falls)} falls, so it is read backwards" if falls else ""
                note = "; ".join(filter(None, (one.note, falling)))
                made = planner.take(one.spec, axes, where, note)
                arrays += [made] if made else []
            name = arrays[0].member if arrays else ""
            geometry = geometry_on(planner, on[dims], used[dims], as_cells=as_cells, name=name)
            blocks.append(Block("Image", dims=points, arrays=tuple(arrays)).placed(geometry))
    contradicted(planner, [on[dims] for dims in grids if dims not in cells])
    planner.notes += [
        f"{name}: {spec.shape} is not used, for what its numbers mean is not known; set Origin and Spacing"
        for name, spec in planner.left.items()
        if blocks and name in UNUSED and spec.dtype.kind in "iuf" and 2 <= math.prod(spec.shape) <= 6
    ]
    return blocks


def _by_steps(found: list[tuple[str, _Guess]]) -> list[list[tuple[str, _Guess]]]:
    """Tell arrays on one grid apart by their number of time steps; those without any go with the first."""
    groups: dict[int, list[tuple[str, _Guess]]] = {}
    still: list[tuple[str, _Guess]] = []
    for where, one in found:
        steps = math.prod(ArrayPlan("", one.axes).steps(one.spec.shape))
        (groups.setdefault(steps, []) if steps > 1 else still).append((where, one))
    if len(groups) < 2:
        return [found]
    first, *others = groups.values()
    return [[pair for pair in found if pair in first or pair in still], *others]


def make_tables(planner: Planner, columns: list[ArraySpec], *, folded: bool = False) -> list[Block]:
    """Make one table of every length."""
    scalars_only = not any(spec.shape for spec in columns)
    long = len({spec.shape[0] for spec in columns if spec.shape}) > 1 and any(
        math.prod(spec.shape) > SMALL for spec in columns
    )
    tables: dict[int, list[ArrayPlan]] = {}
    for spec in columns:
        remark = long and spec.dtype.names is None and math.prod(spec.shape) <= SMALL
        remark |= len(columns) > 1 and spec.dtype.kind in "SU" and len(spec.shape) > 1
        if remark or (not spec.shape and not scalars_only):
            continue  # a remark on the table
        axes = planner.explicit.get(len(spec.shape))
        unfit = axes is not None and 0 in ArrayPlan("", axes).steps(spec.shape)
        if axes is None or unfit or (folded and any(axis.letter in "xyz" for axis in axes)):
            axes = _rows(spec.shape)
        made = planner.take(spec, axes, "row", planner.hint(spec, axes))
        if made:
            count = 1 if not spec.shape else made.length("n", spec.shape)
            tables.setdefault(count, []).append(made)
    return [Block("Table", count=count, arrays=tuple(arrays)) for count, arrays in tables.items()]


def join_blocks(planner: Planner, blocks: list[Block], fields: list[ArrayPlan]) -> Block | Composite:
    fields += [planner.take_field(spec) for spec in list(planner.left.values())]
    if not blocks:
        planner.only_chosen.clear()
        return Block("Table", fields=tuple(fields))
    for name in planner.only_chosen:
        planner.lines[name] += f" (larger than {LARGE_FIELD >> 20} MiB, so it is loaded only when Arrays names it)"
    if len(blocks) == 1:
        return replace(blocks[0], fields=tuple(fields))
    names: set[str] = set()
    children = []
    for block in blocks:
        members = [plan_.member for plan_ in block.arrays] or [role.member for role in block.roles.values()]
        name = "+".join(members[:3]) + (f"+{len(members) - 3} more" if len(members) > 3 else "")
        name = name or block.kind
        unique, k = name, 2
        while unique in names:
            unique, k = f"{name} ({k})", k + 1
        names.add(unique)
        partition = Composite("vtkPartitionedDataSet", ((None, replace(block, name=unique)),))
        children.append((unique, partition))
    # Where grids cover one another the largest is seen, and ParaView colours by the last.
    order = sorted(range(len(blocks)), key=lambda k: _prominence(blocks[k]))
    children = [children[k] for k in order]
    planner.notes.append(f"{len(blocks)} grids of different shapes, each a block of a collection")
    return Composite("vtkPartitionedDataSetCollection", tuple(children), tuple(fields))


def _prominence(block: Block) -> tuple[bool, bool, int]:
    """Order blocks by how much of their values is seen when all are drawn."""
    return bool(block.arrays), block.kind != "Table", math.prod(block.dims)


def cells_between(dims: tuple[int, ...]) -> tuple[int, ...]:
    """Cells along x, y, z of so many points; a single point counts as one layer."""
    return tuple(n - 1 if n > 1 else 1 for n in dims)
