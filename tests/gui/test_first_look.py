"""What a person sees of a file of every kind after Open and Apply.

The pictures lie in build/gui/VERSION/first_look; look at them before a release.
"""

from __future__ import annotations

import os
import sys

import numpy as np
import pytest
from driver import HERE

sys.path.insert(0, os.path.dirname(HERE))
from looks import LOOKS, photograph, wave

TABLES = [name for name, look in LOOKS.items() if look.colours is None]
# Photographs last: they stretch the colours of those that have an array of the same name.
PICTURES = sorted((name for name in LOOKS if name not in TABLES), key=lambda name: name.startswith("rgb"))


@pytest.fixture
def album(pictures):
    """Return the folder for the pictures of all files of this ParaView."""
    folder = os.path.join(pictures, "first_look")
    os.makedirs(folder, exist_ok=True)
    return folder


def opened(window, look, folder):
    """Open and apply the file of `look`; return its entry and what stands in the state of it."""
    folder.mkdir()
    paths = look.save(folder)
    entry = window.open(paths[0] if len(paths) == 1 else folder / "one_..npy")
    window.apply(entry)
    return entry, window.state()["sources"][entry]


def faults(window, look, found):
    """List what is wrong with a picture."""
    (shown,) = found["shown"]
    state = window.state()
    colours, part = window.seen()
    said = window.errors()
    checks = {
        f"messages: {said}": not said,
        f"representation {shown['type']}": shown["type"] == ("Slice" if look.slice else "Surface"),
        f"colours by {shown['colour']}": not look.colours or shown["colour"][1] == look.colours,
        f"{colours} colours on {part:.4f} of the view": look.thin or (colours > 3 and part > 0.01),
        f"{state['scalar bars']} legends": state["scalar bars"] == (look.colours != "" and shown["scalars"]),
    }
    return [what for what, holds in checks.items() if not holds]


def test_pictures(window, album, tmp_path):
    wrong = {}
    for name in PICTURES:
        entry, found = opened(window, LOOKS[name], tmp_path / name)
        window.picture(os.path.join(album, name))
        if fault := faults(window, LOOKS[name], found):
            wrong[name] = fault
        window.delete(entry)
    assert wrong == {}


@pytest.mark.parametrize("name", TABLES)
def test_tables(window, album, tmp_path, name):
    _, found = opened(window, LOOKS[name], tmp_path / name)
    window.picture(os.path.join(album, name))
    assert window.errors() == []
    assert "SpreadSheetView" in window.state()["views"]
    assert found["rows"]


def test_repaired(window, album, tmp_path):
    path = tmp_path / "short.npy"
    np.save(path, wave(60, 80))
    whole = path.read_bytes()
    path.write_bytes(whole[:-8])
    entry = window.open(path)
    window.apply(entry, until=window.errors)
    path.write_bytes(whole)
    window.reload()
    window.wait("its colours", lambda: window.seen()[1] > 0.3)
    window.picture(os.path.join(album, "repaired"))
    assert len(window.errors()) == 1
    state = window.state()
    (shown,) = state["sources"][entry]["shown"]
    assert (shown["type"], shown["colour"][1]) == ("Slice", "short")
    assert state["scalar bars"] == 1
    assert state["focal points"] == [pytest.approx([39.5, 29.5, 0])]


def test_undo_is_one_step(window, album, tmp_path):
    path = tmp_path / "rgb.npy"
    np.save(path, photograph(3))
    entry = window.open(path)
    window.apply(entry)
    window.undo()
    assert not window.state()["sources"][entry]["shown"]
    window.redo()
    window.picture(os.path.join(album, "redone"))
    (shown,) = window.state()["sources"][entry]["shown"]
    assert (shown["type"], shown["colour"][1], shown["scalars"]) == ("Slice", "rgb", 0)
    assert window.errors() == []
