"""A reader of saved files that somebody wrote who has docs/npz.md and NumPy, and has never seen the member ``vtk``.

Of docs/npz.md it knows what files are saved with, and of README.md the table of axes.
"""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

COLUMNS = {  # of a table of points, and the type of its cells
    "cells": {1: 1, 2: 3, 3: 5, 4: 10, 5: 14, 6: 13, 8: 12, 10: 24, 20: 25},
    "tetras": {4: 10},
    "triangles": {3: 5, 6: 22},
    "faces": {3: 5, 4: 9, "more": 7},
    "lines": {2: 3, "more": 4},
}
PLACE = ("origin", "spacing", "direction")
GEOMETRY = {*PLACE, *COLUMNS, *"xyz", "points", "connectivity", "offsets", "types", "axes"}


def read_by_the_page(file):
    """Points (N, 3), cells as (type, numbers of points), and data on both as (N, components), by name."""
    data = {name: one for name, one in file.items() if name not in GEOMETRY}
    if "points" in file:
        return mesh(file, data)
    axes = str(file["axes"]) if "axes" in file else ""
    if "x" in file:
        coordinates = [file[letter] for letter in "xyz"]
        if coordinates[0].ndim == 1:
            z, y, x = np.meshgrid(*coordinates[::-1], indexing="ij")
        else:
            x, y, z = (boxed(one, of_length(axes, 3) or "zyx")[..., 0] for one in coordinates)
        lengths = x.shape
        places = np.stack([x, y, z], axis=-1)
        boxes = {name: boxed(one, axes_by_length(one, lengths, axes)) for name, one in data.items()}
    else:
        boxes = {name: boxed(one, axes_by_table(one.shape, axes, file)) for name, one in data.items()}
        lengths = max((one.shape[:3] for one in boxes.values()), key=np.prod)
        indices = np.stack(np.meshgrid(*map(np.arange, lengths), indexing="ij")[::-1], axis=-1)
        places = file["origin"] + (indices * file["spacing"]) @ file["direction"].T
    found = SimpleNamespace(points=places.reshape(-1, 3), cells=None, point={}, cell={})
    for name, one in boxes.items():
        kind = found.point if one.shape[:3] == lengths else found.cell
        assert kind is found.point or one.shape[:3] == in_cells(lengths), name
        kind[name] = one.reshape(-1, one.shape[3])
    return found


def mesh(file, data):
    points = file["points"]
    if "connectivity" in file:
        ends = file["offsets"][len(file["offsets"]) - len(file["types"]) :]  # one longer than types, or as long
        cells = list(zip(file["types"].tolist(), np.split(file["connectivity"], ends[:-1])))
    else:
        name = next((name for name in COLUMNS if name in file), None)
        table = np.arange(len(points))[:, None] if name is None else file[name]  # points, as vertices
        kinds = COLUMNS[name or "cells"]
        cells = [(kinds.get(table.shape[1], kinds.get("more")), row) for row in table]
    found = SimpleNamespace(points=points, cells=[(kind, ids.tolist()) for kind, ids in cells], point={}, cell={})
    for name, one in data.items():
        kind = found.point if len(one) == len(points) else found.cell
        assert kind is found.point or len(one) == len(cells), name
        kind[name] = one.reshape(len(one), -1)
    return found


def in_cells(lengths):
    return tuple(max(n - 1, 1) for n in lengths)


def axes_by_length(one, lengths, axes):
    """Say the axes of an array beside coordinates."""
    rest = "c" * (one.ndim - 3)
    fits = one.shape[:3] in (lengths, in_cells(lengths))
    return of_length(axes, one.ndim) or ("zyx" if fits else "xyz") + rest


def axes_by_table(shape, axes, file):
    """Say the axes of an array of an image, as the table in README.md does."""
    if of_length(axes, len(shape)):
        return of_length(axes, len(shape))
    placed = any(name in file for name in PLACE)
    if len(shape) == 3:
        return "yxc" if shape[-1] in (2, 3, 4) or (shape[-1] == 1 and not placed) else "zyx"
    if len(shape) == 4:
        return "zyxc" if shape[-1] in (1, 2, 3, 4, 6, 9) else "tzyx"
    return {2: "yx", 5: "zyxcc"}[len(shape)]


def of_length(axes, count):
    """Say which of several axes, with commas between them, are of an array with `count` of them."""
    return next((one for one in axes.split(",") if len(one.replace("-", "")) == count), "")


def boxed(one, axes):
    """Bring an array into the order z y x, components."""
    letters, steps, step = "", [], 1
    for letter in axes:
        if letter == "-":
            step = -1
        else:
            letters, steps, step = letters + letter, [*steps, step], 1
    turned = one[tuple(slice(None, None, step) for step in steps)]
    order = [letters.index(letter) for letter in "zyx" if letter in letters]
    turned = turned.transpose([*order, *(k for k, letter in enumerate(letters) if letter == "c")])
    for k, letter in enumerate("zyx"):
        if letter not in letters:
            turned = np.expand_dims(turned, k)
    return turned.reshape(*turned.shape[:3], -1)
