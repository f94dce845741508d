"""NumPy files as VTK datasets, and back: the package behind the ParaView plugin, useful without ParaView.

Four wings: *bytes are in* ``files``, *meaning is in* ``plan``, *VTK is in* ``vtk``, *many processes are in*
``parallel``.
The stories stand between the last two. A line of this table imports from itself and from those above it only:

======================  ==============================================================================
``errors``,             the kinds of failure, what a user chooses, and what a caller gives
``options``,
``arguments``
``files``               reading bytes in parallel: ``source``, ``threads``, ``slices``;
                        the formats: ``formats``, their list; ``npy_format`` with ``literal``,
                        ``npy_header``, ``npy``; ``npz_format`` with ``zip_directory``, ``zip_read``,
                        ``inflate``, ``seekable``, ``zip_write``, ``crc32``;
                        the named arrays of one file: ``store``, ``file_store``, ``open_store``,
                        ``recompress``;
                        files that appear whole or not at all: ``publish``, ``in_place``
``plan``                the tables: ``kinds`` of datasets, which ``options`` names, ``dtypes``, ``names``,
                        ``axes``, ``auto``, ``times``, ``runs``;
                        the records of arrays and datasets, the plan for a file, and windows on it: ``layout``
                        with ``tree``, ``geometry``, ``windows``;
                        from names and shapes to a plan: ``recognise``, which asks in order what is a
                        function of the ``context`` and the members left: ``mesh``, ``points``, ``structured``
                        and ``rectilinear`` (with ``grids``), and where no name says it, ``by_shape``,
                        ``images`` and ``tables``; a remark on ``vectors``;
                        the member ``vtk``: ``description``, its text, and ``by_description``;
                        the member ``axes`` of saved files: ``axes_member``
``vtk``                 NumPy values <-> VTK arrays: ``stamps``, ``arrays``, ``destination``, ``ranges``;
                        datasets from a plan: ``positions``, ``cells``, ``read_cells``, ``piece``,
                        ``datasets``;
                        members from a dataset: ``member``, ``drafts``,
                        ``export_structure``, ``export``; VTK's own files: ``vtk_files``
the stories             reading: ``describe``, ``load`` with its ``memory_limit``, ``read`` for scripts;
                        writing: ``write``, ``stack`` for time steps in one file;
                        time steps in many files: ``series_files``, ``series``, ``records``
``parallel``            what ranks say to each other: ``ranks``; the piece of a file that a rank reads, or
                        has of a dataset: ``pieces``, ``drop_ghosts``;
                        one file from many ranks: ``numbering``, ``remote``, ``boxes``, ``merge_cells``,
                        ``merge``, ``collective``, ``write``; a run of a writer: ``saving``
``__main__``            the command line: ``info``, what a file is in words or as JSON; convert, show, plugin-path
======================  ==============================================================================

A start of ParaView waits for all that is imported at the top: what opening a small file does not need is imported
where it is used, and a plain record is a named tuple, which is made faster than a dataclass.

>>> import numpy as np
>>> grid = to_vtk({"temperature": np.zeros((4, 3, 5)), "spacing": [0.1, 0.1, 0.5]})
>>> grid.GetDimensions()
(5, 3, 4)
"""

from __future__ import annotations

from .errors import NumPyIOError
from .read import read, to_vtk
from .write import from_vtk, write

__version__ = "1.0.0"

__all__ = ["NumPyIOError", "__version__", "from_vtk", "read", "to_vtk", "write"]
