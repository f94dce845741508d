"""The file that the pieces of many ranks make, decided from what they are without their values.

`describe_part` says on each rank what its piece is; `Merge` decides on rank 0 what the file is, and which rank writes
which part of which array. All that ranks tell each other is of JSON's types.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import UnsupportedError
from ..plan import description, description_text
from ..plan.description import STRUCTURED
from ..vtk.datasets import GHOSTS
from ..vtk.drafts import Draft, DraftArray, DraftGeometry, Item, Tree, drafts, finish, outgoing_of
from ..vtk.export import refuse_unknown
from ..vtk.member import member_of_values
from ..write import choose, left_behind
from .boxes import box_of_piece, boxes_by_letter, cover, one_after_another, owned_boxes, unclaimed
from .describe_part import array_keys, count_rows, count_tuples, has_content, have_rows, member_of_message
from .merge_cells import merge_cells, unite

if TYPE_CHECKING:
    from typing import Any

    from ..files.npy import Outgoing
    from ..options import WriteOptions

__all__ = ["Merge", "RankPart"]

RankPart = tuple  # of a rank and what it said


class Merge:
    """The file that the pieces of all ranks make.

    `totals` has, by the number of a mesh in the order of the file, how many points it has where its points are
    numbered: see `numbering`. Other pieces follow each other with all points that they have.
    """

    def __init__(self, said: list[Any], options: WriteOptions, single: bool, totals: dict[int, int]) -> None:
        self._totals = totals
        # Of each mesh whose pieces all have ids: ranks and the numbers of their pieces.
        self._meshes: list[list[list[int]]] = []
        self._by_point: dict[int, int] = {}  # id of an Array or Geometry with a row per point -> number of its mesh
        self._jobs: list[list[Any]] = [[] for _ in said]  # per rank: [target, number, key, boxes]
        self.mixed: set[tuple[int, int]] = set()  # (rank, number) of datasets with cells in the general form
        self._targets: dict[int, list[list[Any]]] = {}  # id of an Array or Geometry -> its jobs
        time = next((time for _tree, time, _file_times in said if time is not None), None)
        file_times = next((tuple(file_times) for _tree, _time, file_times in said if file_times), ())
        root = self._node([(rank, one[0]) for rank, one in enumerate(said)], "")
        if any(one[0] is not None and has_content(one[0]) for one in said):
            refuse_unknown(root, options.content)
        plan = finish(root, time, file_times)
        places = [place for one in drafts(root) for place in (*one.arrays, *one.roles.values())]
        items: list[tuple[Item, Any]] = [*zip(plan.items, places), *((i, None) for i in plan.items[len(places) :])]
        self.left = ""  # what a .npy has no place for
        if single:
            chosen = choose(plan, options.array)
            self.left = left_behind(plan, chosen)
            items = [(item, place) for item, place in items if item is chosen]
        else:
            text = np.asarray(description_text.dumps(plan.schema))
            items.append((Item(member_of_values(description.MEMBER, text), description.MEMBER, ""), None))
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
            "mixed": sorted(map(list, self.mixed)),
            "meshes": self._meshes,
            "by point": by_point,
            "axes": [item.member.axes for item, _place in items],
        }

    def add_job(self, place: DraftArray | DraftGeometry, rank: int, number: int, key: Any, boxes: list[Any]) -> None:  # noqa: ANN401
        """Let `rank` write `boxes`: each ``[{letter: (local start, stop, start in the file)}, shift]``."""
        if boxes:
            job = [None, number, key, boxes]
            self._jobs[rank].append(job)
            self._targets.setdefault(id(place), []).append(job)

    # ---- trees ---------------------------------------------------------------------------------

    def _node(self, parts: list[RankPart], path: str) -> Draft | Tree | None:
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

    def _tree(self, parts: list[RankPart], path: str) -> Tree:
        kind = parts[0][1]["type"]
        own = self._leaf([(rank, said["own"]) for rank, said in parts], path)
        tree = Tree(kind, own, [], next((s["assembly"] for _r, s in parts if s["assembly"] is not None), None))
        count = max(len(said["children"]) for _rank, said in parts)
        if kind in ("vtkPartitionedDataSet", "vtkMultiPieceDataSet"):
            # The pieces of one rank are other pieces than those of the next.
            found = [(rank, child) for rank, said in parts for _name, child in said["children"]]
            alone = [one for one in found if one[1] is not None and has_content(one[1])] or found[:1]
            for k, one in enumerate(alone):
                tree.children.append((None, self._node([one], f"{path}/block{k}" if path else f"block{k}")))
            return tree
        for k in range(count):
            own_children = [(rank, said["children"][k]) for rank, said in parts if k < len(said["children"])]
            name = next((child[0] for _rank, child in own_children if child[0] is not None), None)
            at = name.replace("\\", "_") if name else f"block{k}"
            at = f"{path}/{at}" if path else at
            if kind == description.COLLECTION:
                every = [(rank, one) for rank, (_name, child) in own_children for one in child]
                filled = [one for one in every if one[1] is not None and has_content(one[1])] or every[:1]
                places = [at] if len(filled) == 1 else [f"{at}/{k}" for k in range(len(filled))]
                tree.children.append((name, [self._node([one], p) for one, p in zip(filled, places)]))
            else:
                tree.children.append((name, self._node([(r, child[1]) for r, child in own_children], at)))
        return tree

    # ---- datasets ------------------------------------------------------------------------------

    def _leaf(self, parts: list[RankPart], path: str) -> Draft:
        parts = [one for one in parts if has_content(one[1])] or parts[:1]
        said = parts[0][1]
        if said["leaf"] is None:
            merged = Draft(path)
            self._arrays(merged, parts, {})
            return merged
        kind, _extent, point_axes, _origin = said["leaf"]
        if kind in STRUCTURED:
            return self._grid(parts, path)
        merged = Draft(path, description.DatasetRecord(kind, point_axes=point_axes))
        boxes: dict[str, tuple[dict[str, int], list[list[Any]]]] = {}
        if kind == "vtkTable":
            counts = [count_rows(said) for _rank, said in parts]
            boxes["row"] = one_after_another(counts)
            self._arrays(merged, parts, boxes)
            return merged
        total = mesh = None
        if len(parts) > 1 and all(said["ids"] for _rank, said in parts):
            mesh = len(self._meshes)
            self._meshes.append([[rank, said["number"]] for rank, said in parts])
            total = self._totals.get(mesh)
        lengths, own = one_after_another([said["points"] for _rank, said in parts])
        boxes["point"] = (lengths if total is None else {"n": total}), own
        for role, member in said["roles"].items():
            self._role(merged, role, member, parts, *boxes["point"])
        by_point: list[DraftArray | DraftGeometry] = list(merged.roles.values())
        boxes["cell"] = merge_cells(self, merged, parts, total)
        self._arrays(merged, parts, boxes)
        by_point += [array for array in merged.arrays if array.association == "point"]
        if mesh is not None:
            self._by_point.update((id(place), mesh) for place in by_point if id(place) in self._targets)
        return merged

    def _grid(self, parts: list[RankPart], path: str) -> Draft:
        kind, _extent, point_axes, _origin = parts[0][1]["leaf"]
        extents = [said["leaf"][1] for _rank, said in parts]
        whole = [pick(e[i] for e in extents) for i, pick in zip(range(6), (min, max) * 3)]
        # The part in the lowest corner knows the place of the first point.
        corner = next((part for part, e in zip(parts, extents) if list(e[::2]) == whole[::2]), parts[0])
        origin = corner[1]["leaf"][3]
        merged = Draft(
            path,
            description.DatasetRecord(
                kind,
                extent=tuple(whole),
                origin=None if origin is None else tuple(origin),
                point_axes=point_axes,
            ),
        )
        points = [box_of_piece(extent, whole, cells=False) for extent in extents]
        cells = [box_of_piece(extent, whole, cells=True) for extent in extents]
        n_points = {k: max(whole[2 * i + 1] - whole[2 * i] + 1, 0) for i, k in enumerate("xyz")}
        n_cells = {k: n - 1 if n > 1 else n for k, n in n_points.items()}
        if not cover(points, [n_points[k] for k in "zyx"]):
            where = f"block {path}: " if path else ""
            raise UnsupportedError(f"{where}the pieces of the ranks leave a gap in the grid. Save with one process.")
        boxes = {"point": (n_points, owned_boxes(points)), "cell": (n_cells, owned_boxes(cells))}
        if kind == "vtkImageData":
            merged.placed = corner[1]["placed"]
            for role, member in corner[1]["roles"].items():
                place = merged.roles[role] = DraftGeometry(member_of_message(member))
                self.add_job(place, corner[0], corner[1]["number"], role, [[{}, 0]])
        for role, member in {} if kind == "vtkImageData" else parts[0][1]["roles"].items():
            if kind == "vtkRectilinearGrid":
                axis = "zyx".index(role)
                line = [(box[axis],) for box in points]
                owned = [
                    [[{"n": shape["z"]}, shift] for shape, shift in boxes_by_letter(some, own, "z")]
                    for some, own in zip(unclaimed(line), line)
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
        parts: list[RankPart],
        lengths: dict[str, int],
        boxes: list[list[Any]],
    ) -> None:
        """Merge one member of the geometry that all parts have."""
        others = [part["roles"].get(role) for _rank, part in parts]
        if None in others:
            raise UnsupportedError(f"{role} is not there on all ranks. Save with one process.")
        place = merged.roles[role] = DraftGeometry(unite([member_of_message(one) for one in others], lengths, said[0]))
        for (rank, part), own in zip(parts, boxes):
            self.add_job(place, rank, part["number"], role, own)

    def _arrays(
        self,
        merged: Draft,
        parts: list[RankPart],
        boxes: dict[str, tuple[dict[str, int], list[list[Any]]]],
    ) -> None:
        keys = [array_keys(said) for _rank, said in parts]
        having = {key: k for k in reversed(range(len(keys))) for key in keys[k]}  # the first part that has it
        order = [*keys[0], *(key for key in having if key not in keys[0])]
        for key in order:
            said, association, templates = parts[having[key]][1]["arrays"][keys[having[key]][key]]
            found = [description_text.load_array(one, "array") for one in templates]
            if association not in boxes:  # field data is the same everywhere
                place = DraftArray(member_of_message(said), association, tuple(found))
                merged.arrays.append(place)
                rank, part = parts[having[key]]
                self.add_job(place, rank, part["number"], keys[having[key]][key], [[{}, 0]])
                continue
            # A rank where nothing is hidden says nothing about ghosts.
            if GHOSTS not in key and any(key not in other for other in keys):
                raise UnsupportedError(
                    f"array {said[0]!r} is not on all ranks. Leave it out with Pass Arrays, or save with one process."
                )
            lengths, own = boxes[association]
            have = [(other[key], part) for other, (_rank, part) in zip(keys, parts) if key in other]
            every = [member_of_message(part["arrays"][number][0]) for number, part in have]
            if "n" in lengths and not have_rows(
                every, [count_tuples(part, association) for _n, part in have], association
            ):
                merged.arrays.append(DraftArray(every[0], association, tuple(found)))
                continue
            place = DraftArray(unite(every, lengths, said[0]), association, tuple(found))
            merged.arrays.append(place)
            for other, (rank, part), box in zip(keys, parts, own):
                self.add_job(place, rank, part["number"], other.get(key, [said[3]]), box)
