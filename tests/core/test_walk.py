"""The way that a read takes through the modules of the package: short, and downwards.

A newcomer who follows the calls of one read opens a module at each change of module.
"""

import os
import sys

import npyvtk
import numpy as np
import pytest
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from test_imports import MODULES, at_run_time

PACKAGE = os.path.dirname(npyvtk.__file__)
# A comprehension is a call in some versions of Python, and a part of its function in others.
INLINED = ("<listcomp>", "<setcomp>", "<dictcomp>")
VOLUME = np.arange(24.0).reshape(2, 3, 4)
FILES = {
    "npy": VOLUME,
    "npz": {"a": VOLUME, "spacing": np.array([1.0, 2.0, 3.0])},
    "mesh": {"points": VOLUME.reshape(8, 3), "triangles": np.array([[0, 1, 2], [1, 2, 3]]), "heat": np.arange(8.0)},
}
# Changes of module of one read, as they are; they may only become fewer.
CHANGES = {"npy": 1000, "npz": 1000, "mesh": 1000}
# What a module calls that knows more than itself, because it was handed in: (called, in the words of its reason).
HANDED_IN = {}


@pytest.fixture(params=FILES)
def kind(request):
    return request.param


@pytest.fixture
def calls(kind, tmp_path):
    """The calls within the package of one read: (module of the caller, module, qualified name)."""
    path = str(tmp_path / ("a.npy" if kind == "npy" else "a.npz"))
    with open(path, "wb") as file:
        np.save(file, VOLUME) if kind == "npy" else np.savez(file, **FILES[kind])
    read(path)  # what is computed once for all
    return traced(lambda: read(path))


def read(path):
    series = Series([path], ReadOptions(memory_limit=1 << 30))
    return series.load(series.steps[0])


def traced(action):
    """The calls within the package that `action` makes: (module of the caller, or None; module, name)."""
    found = []

    def note(frame, event, _argument):
        if event != "call" or frame.f_code.co_name in INLINED:
            return
        here, caller = module_of(frame), frame.f_back
        while caller is not None and module_of(caller) is None:
            caller = caller.f_back
        if here is not None:
            found.append((caller and module_of(caller), here, frame.f_code.co_name))

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        action()
    finally:
        sys.setprofile(before)
    return found


def module_of(frame):
    """The name of a frame's module below the package, such as ``plan.axes``; None for one of others."""
    name = frame.f_globals.get("__name__", "")
    return name.removeprefix("npyvtk.") if name.startswith("npyvtk.") else None


def test_the_way_is_short(kind, calls):
    way = [module for _caller, module, _name in calls]
    changes = sum(a != b for a, b in zip(way, way[1:]))
    print(kind, changes, len(set(way)), len(calls))
    assert changes <= CHANGES[kind]


def test_the_way_leads_downwards(calls):
    imported = {name: {t.removeprefix("npyvtk.") for t in at_run_time(path, name)} for name, path in MODULES.items()}

    def below(name):
        found, new = set(), {name}
        while new:
            found |= new
            new = set().union(*(imported.get(one, ()) for one in new)) - found
        return found

    known = {name: below(name) for name in {module for _caller, module, _name in calls}}
    up = {
        (caller, there, name) for caller, there, name in calls if caller not in (None, there) and caller in known[there]
    }
    print(up)
