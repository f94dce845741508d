"""Takes the pictures of docs/gallery.md: ParaView's window after Open and Apply, for each kind of file.

    PVPYTHON=... python tests/gui/gallery_pictures.py docs/images [KIND...]

It is no test; look at the pictures before you commit them.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from driver import HEIGHT, WIDTH, Window
from readme_picture import field


def galaxy():
    """Return 40,000 points on two arms, and how old they are."""
    random = np.random.default_rng(3)
    age = random.random(40_000) ** 0.7
    angle = 5 * age + np.pi * random.integers(0, 2, age.size) + random.normal(0, 0.25, age.size)
    height = random.normal(0, 0.03 + 0.1 * (1 - age))
    points = np.stack([age * np.cos(angle), age * np.sin(angle), height], axis=-1)
    return {"points": points, "age": age}


def torus(n=60):
    """Return a torus of triangles, with a value at each point."""
    u, v = np.meshgrid(*[np.linspace(0, 2 * np.pi, n, endpoint=False)] * 2, indexing="ij")
    radius = 2 + (0.7 + 0.1 * np.sin(5 * u)) * np.cos(v)
    points = np.stack([radius * np.cos(u), radius * np.sin(u), 0.7 * np.sin(v)], axis=-1).reshape(-1, 3)
    number = np.arange(n * n).reshape(n, n)
    right, up = np.roll(number, -1, 0), np.roll(number, -1, 1)
    corner = np.roll(right, -1, 1)
    triangles = np.concatenate(
        [np.stack(c, -1).reshape(-1, 3) for c in ((number, right, corner), (number, corner, up))]
    )
    return {"points": points, "triangles": triangles, "height": points[:, 2] + 0.3 * np.sin(3 * u).ravel()}


def stretched():
    """Return a field on coordinates that lie closer together near the middle of x and the beginning of y."""
    x, y = 4 * np.linspace(-1, 1, 45) ** 3, 5 * np.linspace(0, 1, 30) ** 2
    return {"x": x, "y": y, "wind": 12 * np.log1p(4 * y)[:, np.newaxis] * (1 + 0.4 * np.tanh(2 * x))}


def measurements():
    """Return a structured array: one column per field."""
    table = np.zeros(200, dtype=[("time", "f8"), ("pressure", "f4"), ("valve", "i2")])
    table["time"] = np.arange(200) / 10
    table["pressure"] = 1013 + 5 * np.sin(table["time"])
    table["valve"] = np.arange(200) // 40
    return table


def drop(step):
    """Return the surface of a pond some time after a drop."""
    y, x = np.mgrid[-1:1:120j, -1:1:160j]
    r = np.hypot(x, y)
    return (np.cos(25 * r - 2 * step) * np.exp(-(((r - 0.12 * step) / 0.25) ** 2))).astype("f4")


def landscape(rows=300, columns=450):
    """Return a picture, (rows, columns, 3) uint8: hills before a setting sun, the sky in the first row."""
    y, x = np.mgrid[0 : 1 : rows * 1j, 0 : 1.5 : columns * 1j]
    sun = np.exp(-np.maximum(np.hypot(x - 1.05, y - 0.42) - 0.07, 0) / 0.06)
    colour = np.stack([0.25 + 0.7 * y + 0.6 * sun, 0.35 + 0.3 * y + 0.5 * sun, 0.7 - 0.35 * y + 0.1 * sun], axis=-1)
    for k, (height, wave, shade) in enumerate([(0.5, 5.0, 0.55), (0.62, 8.0, 0.35), (0.76, 3.5, 0.18)]):
        ridge = height + 0.06 * np.sin(wave * x + 2 * k) + 0.02 * np.sin(3.1 * wave * x + k)
        colour[y > ridge] = shade * np.array([0.75, 0.95, 0.8 + 0.1 * k])
    return (255 * np.clip(colour, 0, 1)).astype(np.uint8)


FILES = {
    "volume": {"temperature.npy": field()},
    "photograph": {"evening.npy": landscape()},
    "cloud": {"galaxy.npz": galaxy()},
    "mesh": {"torus.npz": torus()},
    "rectilinear": {"wind.npz": stretched()},
    "table": {"measurements.npy": measurements()},
    "series": {f"pond_{step:02d}.npy": drop(step) for step in range(6)},
}


def save(folder, files):
    """Save the files of a kind; return what to type into the dialog Open File."""
    for name, content in files.items():
        path = os.path.join(folder, name)
        np.savez(path, **content) if isinstance(content, dict) else np.save(path, content)
    return os.path.join(folder, "pond_..npy" if len(files) > 1 else next(iter(files)))


def take(kind, target):
    with tempfile.TemporaryDirectory() as folder:
        home = os.path.join(folder, "home")
        os.mkdir(home)
        path = save(folder, FILES[kind])
        window = Window(home, folder)
        try:
            window.apply(window.open(path))
            if kind == "series":
                window.wait("the times", lambda: len(window.state()["times"]) == len(FILES[kind]))
            if kind != "table":
                window.wait("something to see", lambda: window.seen()[1] > 0.01)
            time.sleep(3)
            assert window.errors() == []
            picture = window.picture("window")
        finally:
            window.close()
        crop = ["-crop", f"{WIDTH}x{HEIGHT - 24}+0+0", "+repage", "-resize", "800x", "-strip"]
        subprocess.run(["convert", picture, *crop, "+dither", "-colors", "72", "PNG8:" + target], check=True)


if __name__ == "__main__":
    for kind in sys.argv[2:] or FILES:
        take(kind, os.path.join(sys.argv[1], f"kind-{kind}.png"))
