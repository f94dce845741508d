"""The file that the pieces of many ranks make, decided from what they are without their values.

`describe` says on each rank what its piece is; `Merge` decides on rank 0 what the file is, and which rank writes
which part of which array. All that ranks tell each other is of JSON's types.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ..plan import description as schema
from ..vtk.arrays import descr_from_json
from ..plan.axes import parse_axes
from ..vtk.cells import poly_groups
from ..errors import UnsupportedError
from ..vtk.export import Array, Draft, Geometry, Item, Tree, drafts, finish, outgoing_of
from .own import GHOSTS
from ..vtk.member import Member, member_of_values
from ..stack import choose, left_behind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..files.store import Outgoing
    from ..stack import WriteOptions

__all__ = ["Merge", "describe"]

GRIDS = schema.STRUCTURED

Box = tuple  # of (start, stop) along some axes
Part = tuple  # of a rank and what it said


# ---------------------------------------------------------------------------------------------------
# what a rank has


def describe(tree: Draft | Tree) -> Any:  # noqa: ANN401
    """Say what the drafted piece of a rank is, for `Merge`."""
    return _describe(tree, {id(one): number for number, one in enumerate(drafts(tree))})


def _describe(node: Draft | Tree | None, numbers: dict[int, int]) -> Any:  # noqa: ANN401
    if node is None:
        return None
    if isinstance(node, Tree):
        return {
            "type": node.type,
            "own": _describe(node.own, numbers),
            "children": [
                [name, [_describe(one, numbers) for one in child] if isinstance(child, list) else
                 _describe(child, numbers)]
                for name, child in node.children
            ],
            "assembly": node.assembly,
        }
    leaf = node.leaf
    found: dict[str, Any] = {
        "number": numbers[id(node)],
        "leaf": None if leaf is None else [leaf.type, leaf.extent, leaf.point_axes, leaf.origin],
        "points": node.points,
        "placed": node.placed,
        "ids": node.ids is not None,
        "roles": {role: _describe_member(geometry.member) for role, geometry in node.roles.items()},
        "arrays": [
            [_describe_member(a.member), a.association, [schema.dump_array(one) for one in a.templates]]
            for a in node.arrays
        ],
    }
    cells = node.cells
    if cells is not None and not len(cells.types):
        found["no cells"] = _describe_cells(node)
    elif cells is not None:
        groups = poly_groups(cells.types) if leaf.type == "vtkPolyData" else np.zeros(len(cells.types), int)
        bounds = np.searchsorted(groups, np.arange(5))
        form = cells.form
        found["cells"] = {
            "bounds": bounds.tolist(),
            "ids": cells.offsets[bounds].tolist(),
            "form": form,
            "once": cells.once(node.points),
            "faces": None if cells.faces is None else len(cells.faces),
            "short": cells.short,
        }
        # As they would be alone: dtypes and names of the members.
        for mixed in (False, True):
            found["cells"]["mixed" if mixed else "alike"], _cell_type = _describe_cells(node, mixed=mixed)
    return found


def _describe_cells(node: Draft, *, mixed: bool = False) -> tuple[dict[str, Any], int | None]:
    """Describe the members that the cells would be alone, and say their type where they have one."""
    trial = replace(node, roles={}, arrays=[])
    trial.settle(mixed)
    return {role: _describe_member(one.member) for role, one in trial.roles.items()}, trial.leaf.cell_type


def _describe_member(member: Member) -> list[Any]:
    descr = np.lib.format.dtype_to_descr(member.dtype)
    return [member.name, member.shape, descr, member.axes, member.plain]


def _member(said: list[Any]) -> Member:
    name, shape, descr, axes, plain = said
    dtype = np.lib.format.descr_to_dtype(descr_from_json(descr))
    return Member(name, tuple(shape), dtype, axes, (), (), plain)


# ---------------------------------------------------------------------------------------------------
# what all have: on rank 0


class Merge:
    """The file that the pieces of all ranks make.

    `totals` has, by the number of a mesh in the order of the file, how many points it has where its points are
    numbered: see `numbering`. Other pieces follow each other with all points that they have.
    """

    def __init__(self, said: list[Any], options: WriteOptions, lone: bool, totals: dict[int, int]) -> None:
        self._totals = totals
        # Of each mesh whose pieces all have ids: ranks and the numbers of their pieces.
        self._meshes: list[list[list[int]]] = []
        self._by_point: dict[int, int] = {}  # id of an Array or Geometry with a row per point -> number of its mesh
        self._jobs: list[list[Any]] = [[] for _ in said]  # per rank: [target, number, key, boxes]
        self._mixed: set[tuple[int, int]] = set()  # (rank, number) of datasets with cells in the general form
        self._targets: dict[int, list[list[Any]]] = {}  # id of an Array or Geometry -> its jobs
        time = next((time for _tree, time, _clock in said if time is not None), None)
        clock = next((tuple(clock) for _tree, _time, clock in said if clock), ())
        root = self._node([(rank, one[0]) for rank, one in enumerate(said)], "")
        plan = finish(root, time, clock)
        places = [place for one in drafts(root) for place in (*one.arrays, *one.roles.values())]
        items: list[tuple[Item, Any]] = [*zip(plan.items, places), *((i, None) for i in plan.items[len(places) :])]
        self.left = ""  # what a .npy has no place for
        if lone:
            chosen = choose(plan, options.array)
            self.left = left_behind(plan, chosen)
            items = [(item, place) for item, place in items if item is chosen]
        else:
            text = np.asarray(schema.dumps(plan.schema))
            items.append((Item(member_of_values(schema.MEMBER, text), schema.MEMBER, ""), None))
        self.outgoing: list[Outgoing | None] = []  # what rank 0 writes alone
        specs, by_point = [], []
        for number, (item, place) in enumerate(items):
            member = item.member
            specs.append([item.name, member.shape, np.lib.format.dtype_to_descr(member.dtype), member.fortran_order])
            self.outgoing.append(outgoing_of(item) if place is None else None)
            for job in self._targets.get(id(place), []):
                job[0] = number
            if id(place) in self._by_point:
                by_point.append([number, self._by_point[id(place)], member.axes])
        self._keep = root
        self.message = {
            "arrays": specs,
            "jobs": [[job for job in jobs if job[0] is not None] for jobs in self._jobs],
            "mixed": sorted(map(list, self._mixed)),
            "meshes": self._meshes,
            "by point": by_point,
        }

    def _job(self, place: Array | Geometry, rank: int, number: int, key: Any, boxes: list[Any]) -> None:  # noqa: ANN401
        """Let `rank` write `boxes`: each ``[{letter: (local start, stop, start in the file)}, shift]``."""
        if boxes:
            job = [None, number, key, boxes]
            self._jobs[rank].append(job)
            self._targets.setdefault(id(place), []).append(job)

    # ---- trees ---------------------------------------------------------------------------------

    def _node(self, parts: list[Part], path: str) -> Draft | Tree | None:
        parts = [(rank, said) for rank, said in parts if said is not None]
        if not parts:
            return None
        kinds = {said.get("type") or said["leaf"][0] for _rank, said in parts}
        if len(kinds) > 1:
            where = f"block {path}: " if path else ""
            raise UnsupportedError(
                f"{where}the ranks hold different types of data ({', '.join(sorted(kinds))}). Save with one process."
            )
        if "type" in parts[0][1]:
            return self._tree(parts, path)
        return self._leaf(parts, path)

    def _tree(self, parts: list[Part], path: str) -> Tree:
        kind = parts[0][1]["type"]
        own = self._leaf([(rank, said["own"]) for rank, said in parts], path)
        tree = Tree(kind, own, [], next((s["assembly"] for _r, s in parts if s["assembly"] is not None), None))
        count = max(len(said["children"]) for _rank, said in parts)
        if kind in ("vtkPartitionedDataSet", "vtkMultiPieceDataSet"):
            # The pieces of one rank are other pieces than those of the next.
            found = [(rank, child) for rank, said in parts for _name, child in said["children"]]
            alone = [one for one in found if one[1] is not None and _filled(one[1])] or found[:1]
            for k, one in enumerate(alone):
                tree.children.append((None, self._node([one], f"{path}/block{k}" if path else f"block{k}")))
            return tree
        for k in range(count):
            own_children = [(rank, said["children"][k]) for rank, said in parts if k < len(said["children"])]
            name = next((child[0] for _rank, child in own_children if child[0] is not None), None)
            at = name.replace("\\", "_") if name else f"block{k}"
            at = f"{path}/{at}" if path else at
            if kind == schema.COLLECTION:
                every = [(rank, one) for rank, (_name, child) in own_children for one in child]
                filled = [one for one in every if one[1] is not None and _filled(one[1])] or every[:1]
                places = [at] if len(filled) == 1 else [f"{at}/{k}" for k in range(len(filled))]
                tree.children.append((name, [self._node([one], p) for one, p in zip(filled, places)]))
            else:
                tree.children.append((name, self._node([(r, child[1]) for r, child in own_children], at)))
        return tree

    # ---- datasets ------------------------------------------------------------------------------

    def _leaf(self, parts: list[Part], path: str) -> Draft:
        parts = [one for one in parts if _filled(one[1])] or parts[:1]
        said = parts[0][1]
        if said["leaf"] is None:
            merged = Draft(path)
            self._arrays(merged, parts, {})
            return merged
        kind, _extent, point_axes, _origin = said["leaf"]
        if kind in GRIDS:
            return self._grid(parts, path)
        merged = Draft(path, schema.Leaf(kind, point_axes=point_axes))
        boxes: dict[str, tuple[dict[str, int], list[list[Any]]]] = {}
        if kind == "vtkTable":
            counts = [_rows(said) for _rank, said in parts]
            boxes["row"] = _in_line(counts)
            self._arrays(merged, parts, boxes)
            return merged
        total = mesh = None
        if len(parts) > 1 and all(said["ids"] for _rank, said in parts):
            mesh = len(self._meshes)
            self._meshes.append([[rank, said["number"]] for rank, said in parts])
            total = self._totals.get(mesh)
        lengths, own = _in_line([said["points"] for _rank, said in parts])
        boxes["point"] = (lengths if total is None else {"n": total}), own
        for role, member in said["roles"].items():
            self._role(merged, role, member, parts, *boxes["point"])
        by_point: list[Array | Geometry] = list(merged.roles.values())
        boxes["cell"] = self._cells(merged, parts, total)
        self._arrays(merged, parts, boxes)
        by_point += [array for array in merged.arrays if array.association == "point"]
        if mesh is not None:
            self._by_point.update((id(place), mesh) for place in by_point if id(place) in self._targets)
        return merged

    def _grid(self, parts: list[Part], path: str) -> Draft:
        kind, _extent, point_axes, _origin = parts[0][1]["leaf"]
        extents = [said["leaf"][1] for _rank, said in parts]
        whole = [pick(e[i] for e in extents) for i, pick in zip(range(6), (min, max) * 3)]
        # The part in the lowest corner knows the place of the first point.
        corner = next((part for part, e in zip(parts, extents) if list(e[::2]) == whole[::2]), parts[0])
        origin = corner[1]["leaf"][3]
        merged = Draft(
            path,
            schema.Leaf(
                kind,
                extent=tuple(whole),
                origin=None if origin is None else tuple(origin),
                point_axes=point_axes,
            ),
        )
        points = [_box(extent, whole, cells=False) for extent in extents]
        cells = [_box(extent, whole, cells=True) for extent in extents]
        n_points = {k: max(whole[2 * i + 1] - whole[2 * i] + 1, 0) for i, k in enumerate("xyz")}
        n_cells = {k: n - 1 if n > 1 else n for k, n in n_points.items()}
        boxes = {"point": (n_points, _owned(points)), "cell": (n_cells, _owned(cells))}
        if kind == "vtkImageData":
            merged.placed = corner[1]["placed"]
            for role, member in corner[1]["roles"].items():
                place = merged.roles[role] = Geometry(_member(member))
                self._job(place, corner[0], corner[1]["number"], role, [[{}, 0]])
        for role, member in {} if kind == "vtkImageData" else parts[0][1]["roles"].items():
            if kind == "vtkRectilinearGrid":
                axis = "zyx".index(role)
                line = [(box[axis],) for box in points]
                owned = [
                    [[{"n": shape["z"]}, shift] for shape, shift in _letters(some, own, "z")]
                    for some, own in zip(_rests(line), line)
                ]
                self._role(merged, role, member, parts, {"n": n_points[role]}, owned)
            else:
                self._role(merged, role, member, parts, *boxes["point"])
        self._arrays(merged, parts, boxes)
        return merged

    def _role(
        self,
        merged: Draft,
        role: str,
        said: list[Any],
        parts: list[Part],
        lengths: dict[str, int],
        boxes: list[list[Any]],
    ) -> None:
        """Merge one member of the geometry that all parts have."""
        others = [part["roles"].get(role) for _rank, part in parts]
        if None in others:
            raise UnsupportedError(f"{role} is not there on all ranks. Save with one process.")
        place = merged.roles[role] = Geometry(_united([_member(one) for one in others], lengths, said[0]))
        for (rank, part), own in zip(parts, boxes):
            self._job(place, rank, part["number"], role, own)

    def _arrays(
        self,
        merged: Draft,
        parts: list[Part],
        boxes: dict[str, tuple[dict[str, int], list[list[Any]]]],
    ) -> None:
        keys = [_keys(said) for _rank, said in parts]
        having = {key: k for k in reversed(range(len(keys))) for key in keys[k]}  # the first part that has it
        order = [*keys[0], *(key for key in having if key not in keys[0])]
        for key in order:
            said, association, templates = parts[having[key]][1]["arrays"][keys[having[key]][key]]
            found = [schema.load_array(one, "array") for one in templates]
            if association not in boxes:  # field data is the same everywhere
                place = Array(_member(said), association, tuple(found))
                merged.arrays.append(place)
                rank, part = parts[having[key]]
                self._job(place, rank, part["number"], keys[having[key]][key], [[{}, 0]])
                continue
            # A rank where nothing is hidden says nothing about ghosts.
            if GHOSTS not in key and any(key not in other for other in keys):
                raise UnsupportedError(
                    f"array {said[0]!r} is not on all ranks. Leave it out with Pass Arrays, or save with one process."
                )
            lengths, own = boxes[association]
            have = [(other[key], part) for other, (_rank, part) in zip(keys, parts) if key in other]
            every = [_member(part["arrays"][number][0]) for number, part in have]
            if "n" in lengths and not _have_rows(every, [_count(part, association) for _n, part in have], association):
                merged.arrays.append(Array(every[0], association, tuple(found)))
                continue
            place = Array(_united(every, lengths, said[0]), association, tuple(found))
            merged.arrays.append(place)
            for other, (rank, part), box in zip(keys, parts, own):
                self._job(place, rank, part["number"], other.get(key, [said[3]]), box)

    # ---- cells ---------------------------------------------------------------------------------

    def _cells(
        self, merged: Draft, parts: list[Part], total_points: int | None
    ) -> tuple[dict[str, int], list[list[Any]]]:
        """Merge the cells; return how many there are, and where those of each part go.

        `total_points` is None where the points of the parts follow each other, else how many there are.
        """
        none = {"bounds": [0] * 5, "ids": [0] * 5, "form": None, "once": False, "faces": None}
        cells = [said.get("cells", none) for _rank, said in parts]
        have = [one for one in cells if one["bounds"][4]]
        starts = _starts(cells, "bounds")
        ids = _starts(cells, "ids")
        points = np.cumsum([0, *(said["points"] for _rank, said in parts)]).tolist()
        in_line = total_points is None
        if not in_line:  # the parts number their points themselves
            points = [0] * len(parts) + [total_points]
        total = {"n": sum(one["bounds"][4] for one in cells)}
        boxes = [
            [[{"n": (a, b, start)}, 0] for a, b, start in zip(one["bounds"], one["bounds"][1:], own) if b > a]
            for one, own in zip(cells, starts)
        ]
        if not have:
            for rank, said in [part for part in parts if "no cells" in part[1]][:1]:  # all say the same
                roles, cell_type = said["no cells"]
                merged.leaf = replace(merged.leaf, cell_type=cell_type)
                for role, member in roles.items():
                    place = merged.roles[role] = Geometry(_member(member))
                    self._job(place, rank, said["number"], role, [[{}, 0]])
            return total, boxes
        forms = {tuple(one["form"]) if one["form"] else None for one in have}
        if len(forms) == 1 and None not in forms:
            merged.leaf = replace(merged.leaf, cell_type=have[0]["form"][0])
            if in_line and all(one["once"] for one in have) and have[0]["form"][0] == 1 and len(have) == len(parts):
                return total, boxes
            if all("cells" in one["alike"] for one in have):
                own = [
                    [[box, point] for box, _shift in some] for some, point in zip(boxes, points)
                ]
                self._ids(merged, "cells", "alike", parts, cells, total, own, points[-1])
                return total, boxes
            merged.leaf = replace(merged.leaf, cell_type=None)
        for (rank, said), one in zip(parts, cells):
            if one["bounds"][4]:
                self._mixed.add((rank, said["number"]))
        self._ids(
            merged, "connectivity", "mixed", parts, cells, {"n": sum(one["ids"][4] for one in cells)},
            [
                [[{"n": (a, b, start)}, point] for a, b, start in zip(one["ids"], one["ids"][1:], own) if b > a]
                for one, own, point in zip(cells, ids, points)
            ],
            points[-1],
        )  # fmt: skip
        short = {one["short"] for one in have}
        short = short.pop() if len(short) == 1 else ""
        ends = [
            [
                # The offset that ends each cell, or begins it.
                [{"n": (a, b, start) if short == "starts" else (a + 1, b + 1, start + (not short))}, first - low]
                for a, b, start, low, first in zip(one["bounds"], one["bounds"][1:], own, one["ids"], where)
                if b > a
            ]
            for one, own, where in zip(cells, starts, ids)
        ]
        if not short:  # the first cell begins at 0
            lead = next(k for k, one in enumerate(cells) if one["bounds"][4])
            ends[lead].insert(0, [{"n": (0, 1, 0)}, 0])
        more = {"n": total["n"] + (not short)}
        self._ids(merged, "offsets", "mixed", parts, cells, more, ends, sum(one["ids"][4] for one in cells) + 1)
        self._ids(merged, "types", "mixed", parts, cells, total, boxes, 0)
        if any(one["faces"] is not None for one in have):
            self._faces(merged, parts, cells, boxes, points)
        return total, boxes

    def _faces(
        self,
        merged: Draft,
        parts: list[Part],
        cells: list[dict[str, Any]],
        boxes: list[list[Any]],
        points: list[int],
    ) -> None:
        """Merge polyhedra, which only unstructured grids have: one group of cells."""
        starts = np.cumsum([0, *(one["faces"] or 0 for one in cells)]).tolist()
        own = [
            [[{"n": (0, one["faces"], start)}, point]] if one["faces"] else []
            for one, start, point in zip(cells, starts, points)
        ]
        self._ids(merged, "polyhedron_faces", "mixed", parts, cells, {"n": starts[-1]}, own, points[-1])
        ends = [
            [[{"n": (1, b + 1, at + 1)}, start] for box, _s in some for _a, b, at in [box["n"]]]
            for some, start in zip(boxes, starts)
        ]
        lead = next(k for k, one in enumerate(cells) if one["bounds"][4])
        ends[lead].insert(0, [{"n": (0, 1, 0)}, 0])
        total = {"n": sum(one["bounds"][4] for one in cells) + 1}
        self._ids(merged, "polyhedron_offsets", "mixed", parts, cells, total, ends, starts[-1] + 1)

    def _ids(
        self,
        merged: Draft,
        role: str,
        form: str,
        parts: list[Part],
        cells: list[dict[str, Any]],
        lengths: dict[str, int],
        boxes: list[list[Any]],
        limit: int,
    ) -> None:
        """Merge one member of numbers below `limit`; a part that has cells but not this role has zeros there."""
        every = [_member(one[form][role]) for one in cells if one["bounds"][4] and role in one[form]]
        united = _united(every, lengths, every[0].name)
        if limit - 1 > np.iinfo(united.dtype).max:
            united = replace(united, dtype=np.dtype(np.int64))
        place = merged.roles[role] = Geometry(united)
        for (rank, said), one, own in zip(parts, cells, boxes):
            self._job(place, rank, said["number"], role if role in one.get(form, ()) else [united.axes], own)


def _filled(said: dict[str, Any]) -> bool:
    """Tell whether a part of a dataset holds anything."""
    if "type" in said:
        return True
    if said["leaf"] is None:
        return bool(said["arrays"])
    kind, extent, _axes, _origin = said["leaf"]
    if kind in GRIDS:
        return all(lo <= hi for lo, hi in zip(extent[::2], extent[1::2]))
    if kind == "vtkTable":
        return _rows(said) > 0
    return said["points"] > 0 or "cells" in said


def _count(said: dict[str, Any], association: str) -> int:
    """Tell how many points, cells or rows a part of a mesh or table has."""
    if association == "row":
        return _rows(said)
    if association == "point":
        return said["points"]
    return said["cells"]["bounds"][4] if "cells" in said else 0


def _have_rows(every: list[Member], counts: list[int], association: str) -> bool:
    """Tell whether the pieces of an array have values, one tuple for each point, cell or row.

    An array without components has none.
    """
    letters = [axis.letter for axis in parse_axes(every[0].axes)]
    if "n" not in letters:
        return True
    tuples = [one.shape[letters.index("n")] for one in every]
    if any(counts) and not any(tuples):
        return False
    for one, found, count in zip(every, tuples, counts):
        if found != count:
            raise UnsupportedError(
                f"array {one.name!r} has {found} tuples for {count} {association}s. Leave it out with Pass Arrays."
            )
    return True


def _rows(said: dict[str, Any]) -> int:
    for (_name, shape, _descr, axes, *_more), association, _templates in said["arrays"]:
        if association == "row":
            letters = [axis.letter for axis in parse_axes(axes)]
            return shape[letters.index("n")] if "n" in letters else 1
    return 0


def _keys(said: dict[str, Any]) -> dict[tuple, int]:
    """Number of each array of a part, by what makes it the same array on all ranks."""
    seen: Counter = Counter()
    found = {}
    for number, (member, association, templates) in enumerate(said["arrays"]):
        key = (association, member[0], *(one.get("name") for one in templates))
        seen[key] += 1
        found[(*key, seen[key])] = number
    return found


def _united(every: list[Member], lengths: dict[str, int], name: str | None) -> Member:
    """Return the member that holds the pieces `every`; `lengths` are those of the whole."""
    first = every[0]
    axes = parse_axes(first.axes)
    shape = tuple(lengths.get(axis.letter, n) for axis, n in zip(axes, first.shape))
    for other in every[1:]:
        inner = [n for axis, n in zip(axes, other.shape) if axis.letter not in lengths]
        if other.axes != first.axes or inner != [n for a, n in zip(axes, first.shape) if a.letter not in lengths]:
            raise UnsupportedError(
                f"array {name!r} has axes {first.axes} and shape {first.shape} on one rank, {other.axes} and "
                f"{other.shape} on another. Save with one process."
            )
    letters = {axis.letter for axis in axes}
    if any(n > 1 and letter not in letters for letter, n in lengths.items()):
        raise UnsupportedError(f"array {name!r} has axes {first.axes}, which do not fit the whole grid.")
    dtype = _common([one.dtype for one in every], name)
    plain = all(one.remote_plain and one.dtype == dtype for one in every)
    return replace(first, name=name, shape=shape, dtype=dtype, remote_plain=plain)


def _common(dtypes: list[np.dtype], name: str | None) -> np.dtype:
    """Find the dtype that holds the values of all ranks."""
    first = dtypes[0]
    if all(dtype == first for dtype in dtypes):
        return first
    kinds = {dtype.kind for dtype in dtypes}
    if kinds <= set("SU"):
        if kinds == {"S", "U"}:
            return np.dtype(f"S{max(d.itemsize for d in dtypes)}")  # UTF-8 takes at most the bytes of U
        return max(dtypes, key=lambda dtype: dtype.itemsize)
    try:
        return np.result_type(*dtypes)
    except TypeError:
        raise UnsupportedError(f"array {name!r} has another dtype on each rank. Save with one process.") from None


def _box(extent: Sequence[int], whole: Sequence[int], *, cells: bool) -> Box:
    """Return (start, stop) along z, y and x of a piece within the whole, counted from 0."""
    box = []
    for k in (2, 1, 0):
        lo, hi, first, last = extent[2 * k], extent[2 * k + 1], whole[2 * k], whole[2 * k + 1]
        flat = first == last
        box.append((lo - first, hi - first + (0 if cells and not flat else 1)))
    return tuple(box)


def _rests(boxes: list[Box]) -> list[list[Box]]:
    """What each of `boxes` covers that none before it does, as boxes."""
    found = []
    for k, box in enumerate(boxes):
        rest = [box]
        for other in boxes[:k]:
            rest = [piece for one in rest for piece in _without(one, other)]
        found.append(rest)
    return found


def _without(box: Box, other: Box) -> Iterator[Box]:
    """Split what `box` has outside `other` into boxes."""
    if any(stop <= start for start, stop in box):
        return
    if any(min(a[1], b[1]) <= max(a[0], b[0]) for a, b in zip(box, other)):
        yield box
        return
    for axis, ((start, stop), (low, high)) in enumerate(zip(box, other)):
        if start < low:
            yield (*box[:axis], (start, low), *box[axis + 1 :])
        if high < stop:
            yield (*box[:axis], (high, stop), *box[axis + 1 :])
        box = (*box[:axis], (max(start, low), min(stop, high)), *box[axis + 1 :])


def _letters(rests: list[Box], own: Box, letters: str) -> list[list[Any]]:
    """Write boxes in the whole as what to take of a piece that covers `own`."""
    return [
        [
            {k: (start - o[0], stop - o[0], start) for k, (start, stop), o in zip(letters, rest, own)},
            0,
        ]
        for rest in rests
    ]


def _owned(boxes: list[Box]) -> list[list[Any]]:
    return [_letters(rests, own, "zyx") for rests, own in zip(_rests(boxes), boxes)]


def _in_line(counts: list[int]) -> tuple[dict[str, int], list[list[Any]]]:
    """Put the tuples of all parts one after the other."""
    starts = np.cumsum([0, *counts]).tolist()
    return {"n": starts[-1]}, [
        [[{"n": (0, count, start)}, 0]] if count else [] for count, start in zip(counts, starts)
    ]


def _starts(cells: list[dict[str, Any]], key: str) -> list[list[int]]:
    """Where each of the four groups of each part begins in the whole: group after group, part after part."""
    counts = np.array([np.diff(one[key]) for one in cells])
    flat = counts.T.ravel()
    starts = np.cumsum([0, *flat])[:-1].reshape(counts.T.shape).T
    return starts.tolist()
