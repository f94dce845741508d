"""Lets ParaView 5.11.0 load Python plugins on Python 3.11, and changes nothing anywhere else.

That ParaView (Debian 12 ships it) imports ``inspect.getargspec``, which Python 3.11 removed, so it
loads no Python plugin at all.
Python runs a module of this name at start, before ParaView looks for plugins:

    PYTHONPATH=/path/to/plugin/py311 paraview

A ``sitecustomize`` of the distribution or of the user, further down ``sys.path``, still runs.
"""

from __future__ import annotations

import collections
import importlib.machinery
import importlib.util
import inspect
import os
import sys

_ArgSpec = collections.namedtuple("ArgSpec", "args varargs keywords defaults")


def _getargspec(function: object) -> _ArgSpec:
    """What ``inspect.getargspec`` answered until Python 3.10."""
    return _ArgSpec(*inspect.getfullargspec(function)[:4])


def _run_the_next_sitecustomize() -> None:
    here = os.path.realpath(os.path.dirname(__file__))
    others = [folder for folder in sys.path if os.path.realpath(folder) != here]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


if not hasattr(inspect, "getargspec"):
    inspect.getargspec = _getargspec
_run_the_next_sitecustomize()
