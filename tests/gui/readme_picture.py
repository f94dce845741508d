"""Takes the picture of the README: ParaView's window with a volume that the plugin opened.

    PVPYTHON=... python tests/gui/readme_picture.py docs/images/window.png

It is no test; look at the picture before you commit it.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

import numpy as np
from driver import HEIGHT, WIDTH, Window


def field():
    """Return a (64, 80, 96) float32 field of waves in a ball, axes z y x."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in (64, 80, 96)), indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2)
    waves = np.sin(6 * x) * np.cos(5 * y) + np.sin(5 * y) * np.cos(6 * z) + np.sin(5 * z) * np.cos(6 * x)
    return (20 + 80 * np.tanh(waves**2) ** 2 * np.exp(-1.5 * radius**4)).astype(np.float32)


def main(target):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "temperature.npy")
        np.save(path, field())
        home = os.path.join(folder, "home")
        os.mkdir(home)
        window = Window(home, folder)
        try:
            window.apply(window.open(path))
            window.drag(347, 700, 60, 0)  # the edge of the panel, for its long titles
            window.point(655, 77, click=True)  # the representation
            window.type("Volume")
            window.keys("Return")
            time.sleep(2)
            window.keys("alt+y")  # yes, sure
            time.sleep(8)
            window.drag(WIDTH // 2 + 150, HEIGHT // 2, -70, 50)
            time.sleep(8)
            picture = window.picture("window")
        finally:
            window.close()
        crop = f"{WIDTH}x{HEIGHT - 24}+0+0"
        subprocess.run(
            ["convert", picture, "-crop", crop, "+repage", "-strip", "+dither", "-colors", "250", "PNG8:" + target],
            check=True,
        )


if __name__ == "__main__":
    main(sys.argv[1])
