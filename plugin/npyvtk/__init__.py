"""NumPy files as VTK datasets, and back: the package behind the ParaView plugin, useful without ParaView.

Modules, from the ground up; each knows only those above it:

========================  ==============================================================================
``errors``, ``choices``   the kinds of failure, and what a user chooses by name
``axes``                  letters of axes, and the views that follow
``arrays``, ``restore``   the one table of dtypes: NumPy -> VTK, VTK -> NumPy
``_files``, ``_threads``  reading bytes, in parallel
``_slices``               which bytes a selection needs
``_npy``, ``_npz``        the two formats
``store``                 the named arrays of one file
``ranks``                 what ranks say to each other
``publish``               a file that appears whole or not at all
``schema``                the member ``vtk``: what names cannot carry
``layout``, ``placing``   the plan for a file, and windows on it; where an image lies
``conventions``           from names and shapes to a plan
``described``             from the member ``vtk`` to a plan
``cells``                 the cells of a mesh, from a file or from VTK
``datasets``, ``ghosts``  how VTK datasets are put together, and what a piece knows of the others
``ranges``                the range of values, found for VTK where VTK is slow
``read``, ``series``      the reading story: one file, many time steps
``piece``, ``numbering``  what of a dataset is a rank's own, and which points of many ranks are one
``export``, ``writing``   the writing story
``parallel``, ``merging`` the same for many ranks
``saving``                the same for many time steps
``vtkfiles``              VTK's own files, for the command convert
``__main__``              the command line: info, convert, plugin-path
========================  ==============================================================================

A start of ParaView waits for all that is imported at the top: what opening a small file does not need is imported
where it is used, and a plain record is a named tuple, which is made faster than a dataclass.

>>> import numpy as np
>>> grid = to_vtk({"temperature": np.zeros((4, 3, 5)), "spacing": [0.1, 0.1, 0.5]})
>>> grid.GetDimensions()
(5, 3, 4)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .errors import NumPyIOError
from .read import read, to_vtk

if TYPE_CHECKING:
    from .vtk.export import from_vtk
    from .stack import write

__version__ = "0.1.0"

__all__ = ["NumPyIOError", "__version__", "from_vtk", "read", "to_vtk", "write"]

_OF_THE_WRITER = {"from_vtk": ".vtk.export", "write": ".stack"}


def __getattr__(name: str) -> object:
    # The writer is a third of the time that loading the package takes, and who opens a file does without it.
    if name in _OF_THE_WRITER:
        globals()[name] = getattr(import_module(_OF_THE_WRITER[name], __name__), name)
        return globals()[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *_OF_THE_WRITER})
