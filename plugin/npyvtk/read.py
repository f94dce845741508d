"""Reading for scripts: a file, or arrays in memory, in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vtkmodules.vtkCommonDataModel import vtkDataObject

from .arguments import check_choice, named_arrays, options_of, path_of
from .describe import describe, describe_store
from .files.store import MemoryStore
from .load import load
from .options import ReadOptions, check_text

if TYPE_CHECKING:
    import os
    from collections.abc import Collection
    from typing import Any

    from .describe import FileInfo

__all__ = ["read", "to_vtk"]


def read(
    path: str | os.PathLike[str],
    *,
    arrays: Collection[str] | None = None,
    step: int = 0,
    **options: Any,  # noqa: ANN401
) -> vtkDataObject:
    """Read a ``.npy`` or ``.npz`` as the VTK dataset that its names and shapes say.

    Parameters
    ----------
    path : path-like
        The file.
    arrays : collection of str, optional
        Which of its arrays, or columns of its tables; default: all but field data above 1 MiB, which is loaded where
        its name is given.
    step : int
        Time step, from 0.
    **options
        The fields of `ReadOptions`: ``axes``, ``dataset_type``, ``positions``, ``association``, ``origin``,
        ``spacing``, ``direction``, ``ignore_file_geometry``, ``array_name``, ``pad_vectors``,
        ``join_vectors``, ``complex_as``, ``voi``, ``sample_rate``, ``memory_limit``, ``memory_map``.

    Returns
    -------
    vtkDataObject
        Owns its values; with ``memory_map`` it shares the pages of the file where it can.

    Raises
    ------
    NumPyIOError
        With one line that says what is wrong and what to do.
    """
    chosen = options_of(ReadOptions, options)
    arrays = check_choice(arrays, step)
    return _loaded(describe(path_of(path), chosen), chosen, arrays, step)


def _loaded(info: FileInfo, options: ReadOptions, arrays: tuple[str, ...] | None, step: int) -> vtkDataObject:
    """Load a time step, and note on it the time that the file gives for it."""
    data, times = load(info, options, arrays=arrays, step=step), info.layout.times
    if times:
        data.GetInformation().Set(vtkDataObject.DATA_TIME_STEP(), times[min(step, len(times) - 1)])
    return data


def to_vtk(
    data: Any,  # noqa: ANN401
    *,
    name: str = "values",
    arrays: Collection[str] | None = None,
    step: int = 0,
    **options: Any,  # noqa: ANN401
) -> vtkDataObject:
    """Make a VTK dataset of arrays in memory, as `read` makes one of a file.

    Parameters
    ----------
    data : array_like or mapping of str to array_like
        One array, or what ``numpy.savez`` would be given.
    name : str
        What to call a single array.
    arrays, step, **options
        As for `read`; ``memory_limit`` has no effect.

    Returns
    -------
    vtkDataObject
        Shares the memory of every array whose dtype, order and alignment VTK can use and that may be written to,
        and keeps its owner alive; copies the others.

    Raises
    ------
    NumPyIOError
        With one line that says what is wrong and what to do.

    >>> import numpy as np
    >>> image = to_vtk(np.zeros((40, 30, 20), "f4"), spacing=(0.1, 0.1, 0.5))
    >>> image.GetDimensions()
    (20, 30, 40)
    """
    chosen = options_of(ReadOptions, options)
    arrays = check_choice(arrays, step)
    check_text("name", name, "text")
    single = not isinstance(data, dict) and not hasattr(data, "items")
    store = MemoryStore(named_arrays({chosen.array_name or name: data} if single else dict(data.items())))
    store.single = single
    return _loaded(describe_store(store, chosen), chosen, arrays, step)
