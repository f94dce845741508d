"""What ranks say to each other, and how a failure on one becomes a failure on all.

Nothing is known here of reading or writing, so that a reader among many ranks needs nothing of the writer.
"""

from __future__ import annotations

import contextlib
import gc
import json
from typing import TYPE_CHECKING, Any, Callable

import numpy as np
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray

from . import errors
from .errors import NumPyIOError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vtkmodules.vtkParallelCore import vtkMultiProcessController

__all__ = ["Communicator", "together", "undisturbed"]

TAG = 20260  # of the messages, any number that VTK does not use


class Communicator:
    """The few things that ranks have to say to each other, over ParaView's own MPI."""

    def __init__(self, controller: vtkMultiProcessController) -> None:
        self._controller = controller
        self.rank = controller.GetLocalProcessId()
        self.size = controller.GetNumberOfProcesses()

    def gather(self, said: Any) -> list[Any]:  # noqa: ANN401 - anything that JSON holds
        """Collect what each rank said on rank 0; the others get an empty list."""
        if self.rank:
            self._send(said, 0)
            return []
        return [said, *(self._receive(rank) for rank in range(1, self.size))]

    def share(self, said: Any) -> Any:  # noqa: ANN401
        """Return on every rank what rank 0 said."""
        if self.rank:
            return self._receive(0)
        for rank in range(1, self.size):
            self._send(said, rank)
        return said

    def _send(self, said: Any, rank: int) -> None:  # noqa: ANN401
        array = vtkUnsignedCharArray()
        data = json.dumps(said).encode()
        array.SetNumberOfValues(len(data))
        numpy_support.vtk_to_numpy(array)[:] = np.frombuffer(data, np.uint8)
        self._controller.Send(array, rank, TAG)

    def _receive(self, rank: int) -> Any:  # noqa: ANN401
        array = vtkUnsignedCharArray()
        self._controller.Receive(array, rank, TAG)
        return json.loads(numpy_support.vtk_to_numpy(array).tobytes().decode())


@contextlib.contextmanager
def undisturbed() -> Iterator[None]:
    """Keep Python's garbage collector off while the ranks talk.

    It would delete proxies of ParaView at any moment, on rank 0 alone; ParaView then waits for ranks that wait
    for rank 0.
    """
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def together(communicator: Communicator, action: Callable[[], Any]) -> Any:  # noqa: ANN401
    """Do `action` on every rank; if it fails on one, raise the same error on all."""
    error, result = None, None
    try:
        result = action()
    except Exception as caught:  # noqa: BLE001 - any failure that the others do not hear of hangs them
        error = caught
    said = communicator.gather(None if error is None else [type(error).__name__, str(error)])
    first = communicator.share(next((one for one in said if one is not None), None))
    if first is None:
        return result
    if error is not None and not isinstance(error, NumPyIOError):
        raise error
    name, text = first
    kind = getattr(errors, name, NumPyIOError) if name in errors.__all__ else NumPyIOError
    raise kind(text)
