"""The way that a read takes through the modules of the package: short, and downwards.

A newcomer who follows the calls of one read opens a module at each change of module.
"""

import functools
import sys

import numpy as np
import pytest
from npyvtk.options import ReadOptions
from npyvtk.series import Series
from test_imports import MODULES, at_run_time

# A comprehension is a call in some versions of Python, and a part of its function in others.
INLINED = ("<listcomp>", "<setcomp>", "<dictcomp>")
NAMES = {path: name for name, path in MODULES.items()}
VOLUME = np.arange(24000.0).reshape(20, 30, 40)
FILES = {
    "npy": VOLUME,
    "npz": {"a": VOLUME, "spacing": np.array([1.0, 2.0, 3.0])},
    "mesh": {"points": np.ones((20, 3)), "triangles": np.array([[0, 1, 2], [1, 2, 3]]), "heat": np.arange(20.0)},
}
# Changes of module of one read. They may only fall: where one is not reached any more, lower it here.
CHANGES = {"npy": 60, "npz": 117, "mesh": 191}
# What is called although it knows more than its caller, because it was handed in: caller, called, and its functions.
HANDED_IN = {
    # A Store is what its format makes of it.
    ("files.store", "files.file_store"): {"_read", "close"},
    # Tasks are planned one after the other, and done in any thread.
    ("files.threads", "files.file_store"): {"<genexpr>", "_read"},
}


@pytest.fixture(params=FILES)
def kind(request):
    return request.param


@pytest.fixture
def read(kind, tmp_path):
    """Read a file with some options, and return the calls within the package.

    Each is (module of the caller or None, module, function), in their order.
    """
    path = str(tmp_path / ("a.npy" if kind == "npy" else "a.npz"))
    with open(path, "wb") as file:
        np.save(file, VOLUME) if kind == "npy" else np.savez(file, **FILES[kind])

    def read_once(options):
        series = Series([path], options)
        return series.load(series.steps[0])

    def traced(**options):
        options = ReadOptions(**options)
        read_once(options)  # some things are computed once for all
        found = []

        def note(frame, event, _argument):
            here = module_of(frame)
            if event != "call" or here is None or frame.f_code.co_name in INLINED:
                return
            caller = frame.f_back
            while caller is not None and module_of(caller) is None:
                caller = caller.f_back
            found.append((caller and module_of(caller), here, frame.f_code.co_name))

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            read_once(options)
        finally:
            sys.setprofile(before)
        return found

    return traced


def module_of(frame):
    """The name of a frame's module below the package, such as ``plan.axes``; None for one of others."""
    return NAMES.get(frame.f_code.co_filename)


def test_the_way_is_short(kind, read):
    way = [module for _caller, module, _name in read()]
    assert sum(a != b for a, b in zip(way, way[1:])) <= CHANGES[kind]


def test_the_way_leads_downwards(read):
    """No module calls one that is built on it."""
    calls = read(memory_limit=1 << 30)
    known = {module: built_on(module) for _caller, module, _name in calls}
    up = {one for one in calls if one[0] not in (None, one[1]) and one[0] in known[one[1]]}
    assert known["series"] >= {"load", "vtk.datasets", "plan.layout", "files.source"}, "the test sees what is imported"
    unknown = {
        (caller, module, name)
        for caller, module, name in up
        if name not in HANDED_IN.get((caller, module), HANDED_IN.get((caller.split(".")[0], module), ()))
    }
    assert not unknown, f"steps back up: {unknown}. Let the caller do it, or hand in what is called and list it here."


@functools.cache
def imports_of(module):
    return {target.removeprefix("npyvtk.") for target in at_run_time(MODULES[module], module)}


def built_on(module):
    """The modules that a module imports, and those that they import."""
    found, new = set(), {module}
    while new:
        found |= new
        new = set().union(*map(imports_of, new)) - found
    return found - {module}
