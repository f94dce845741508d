"""The positions of points, read from a file and given to a dataset."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.vtkCommonCore import vtkPoints

from ..files.store import Request, empty
from ..plan.axes import counted_axes, in_file_order
from ..plan.windows import Window
from .arrays import to_vtk_array
from .stamps import Stamp, write_stamp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import vtkmodules.vtkCommonDataModel as dm  # noqa: N813 - a module, named short

    from ..files.npy_header import ArraySpec
    from ..files.store import Store
    from ..plan.layout import ArrayPlan, Block

__all__ = ["places_in", "position_dtype", "positions_of", "put_points", "read_values"]


def _request(target: np.ndarray, spec: ArraySpec, plan: ArrayPlan, selection: tuple[slice, ...]) -> Request:
    """Ask for a part of a member, to be put into `target` in canonical order."""
    view = in_file_order(target, plan.axes)

    def put(index: tuple[slice, ...], block: np.ndarray) -> None:
        with np.errstate(all="ignore"):  # NaN and overflow are values here, not events
            view[index] = block[plan.columns[0]] if plan.columns else block

    direct = not plan.columns and view.dtype == spec.dtype.newbyteorder("=")
    return Request(plan.member, selection, put, view if direct else None)


def read_values(store: Store, plan: ArrayPlan, window: Window, dtype: np.dtype | None = None) -> np.ndarray:
    """Read the part of a member in `window` in canonical order.

    Parameters
    ----------
    dtype : numpy.dtype, optional
        Convert to this while reading; default: the member's own, in native byte order.

    Returns
    -------
    (nz, ny, nx, *components) or (n, *components) ndarray, C-contiguous, owned by the caller
    """
    spec = store.arrays[plan.member]
    out = empty(window.space(plan, spec.shape) + plan.components(spec.shape), dtype or spec.dtype.newbyteorder("="))
    store.read_many([_request(out, spec, plan, window.selection(plan, spec.shape))])
    return out


def position_dtype(specs: Iterable[ArraySpec]) -> np.dtype:
    """Return float32 where it holds all positions exactly, else float64."""
    exact = all(np.can_cast(spec.dtype, np.float32, "safe") for spec in specs)
    return np.dtype(np.float32 if exact else np.float64)


def places_in(specs: Mapping[str, ArraySpec], plans: Mapping[str, ArrayPlan]) -> dict[str, ArraySpec]:
    """Return what holds the positions of points, by its role: a member, or a field of one."""
    found = {}
    for role in ("points", "x", "y", "z"):
        if role in plans:
            spec, columns = specs[plans[role].member], plans[role].columns
            found[role] = spec._replace(dtype=spec.dtype[columns[0]]) if columns else spec
    return found


def positions_of(store: Store, block: Block, window: Window) -> tuple[np.ndarray, list[Request]]:
    """Make the positions of points, with 0 for a coordinate that the file does not have.

    Returns
    -------
    (n, 3) float32 or float64 ndarray, x y z, owned by the caller; and the requests that fill it
    """
    specs = places_in(store.arrays, block.roles)
    plans = {role: block.roles[role] for role in specs}
    spaces = {role: window.space(plan, specs[role].shape) for role, plan in plans.items()}
    count = max((int(np.prod(space, dtype=object)) for space in spaces.values()), default=0)
    if block.cells_form == "corners":
        return _corners(specs["points"], plans["points"], block, window)
    values = np.zeros((count, 3), position_dtype(specs.values()))
    requests = []
    for role, plan in plans.items():
        selection, target = window.selection(plan, specs[role].shape), values[:, max("xyz".find(role), 0)]
        if role == "points":
            # (N, 2) lies in the plane z = 0; of more than three columns the first three are the positions.
            k, columns = plan.letters.index("c"), plan.components(specs[role].shape)[0]
            own = slice(max(columns - 3, 0), columns, 1) if plan.axes[k].reverse else slice(0, min(columns, 3), 1)
            selection, target = (*selection[:k], own, *selection[k + 1 :]), values[:, :columns]
        target = target.reshape(*spaces[role], *target.shape[1:])
        requests.append(_request(target, specs[role], plan, selection))
    return values, requests


def _corners(spec: ArraySpec, plan: ArrayPlan, block: Block, window: Window) -> tuple[np.ndarray, list[Request]]:
    """Make the positions of a range of points of which each three are a row of a member (M, 3, 3)."""
    start, stop, _step = window.ranges.get("n", (0, block.count, 1))
    rows = Window({"n": (start // 3, max(-(-stop // 3), start // 3), 1)})
    values = np.empty((*rows.space(plan, spec.shape), 3, 3), position_dtype([spec]))
    request = _request(values, spec, plan, rows.selection(plan, spec.shape))
    return values.reshape(-1, 3)[start % 3 :][: stop - start], [request]


def put_points(dataset: dm.vtkPointSet, positions: np.ndarray, store: Store, block: Block) -> None:
    """Give `dataset` its (n, 3) points, stamped with what they were in the file; shares the memory."""
    places = places_in(store.arrays, block.roles)
    roles, specs, plans = [*places], [*places.values()], [block.roles[role] for role in places]
    array = to_vtk_array(positions, "Points")
    if plans and not plans[0].columns:  # fields are saved with their array
        alone = "points" in block.roles
        of_file = store.single and not store.in_memory
        stamp = Stamp(
            dtype=specs[0].dtype,
            record=None if alone else np.dtype([*{spec.name: spec.dtype for spec in specs}.items()]),
            axes=plans[0].step_axes(specs[0].shape) if block.cells_form != "corners" else counted_axes(2),
            # The name of a single array in a file is that of the file, and means nothing; corners are saved as points.
            member=specs[0].name if alone and not of_file and block.cells_form != "corners" else "",
            components=plans[0].components(specs[0].shape)[-1:] if alone else (),
            moving="".join(
                "xyz" if role == "points" else role
                for role, plan, spec in zip(roles, plans, specs)
                if set(plan.steps(spec.shape)) - {1}
            ),
        )
        write_stamp(array, stamp)
    points = vtkPoints()
    points.SetData(array)
    dataset.SetPoints(points)
