"""What ranks say to each other, and how a failure on one becomes a failure on all.

Nothing is known here of reading or writing, so that a reader among many ranks needs nothing of the writer.
"""

from __future__ import annotations

import contextlib
import gc
import json
from typing import TYPE_CHECKING

import numpy as np
from vtkmodules.util import numpy_support
from vtkmodules.vtkCommonCore import vtkUnsignedCharArray
from vtkmodules.vtkParallelCore import vtkCommunicator

from ..errors import FormatError, NumPyIOError, error_named, limit_of_memory

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from typing import Any, Callable

    from vtkmodules.vtkParallelCore import vtkMultiProcessController

__all__ = ["Communicator", "undisturbed"]

TAG = 20260  # of the messages, any number that VTK does not use
NOT_ALIKE = "the ranks see different files under one name. Make the same one visible on all nodes, and reload it."


class Communicator:
    """The few things that ranks have to say to each other, over ParaView's own MPI."""

    def __init__(self, controller: vtkMultiProcessController) -> None:
        self._controller = controller
        self.rank = controller.GetLocalProcessId()
        self.size = controller.GetNumberOfProcesses()
        self._steps = 0  # of `together` that are under way, one within the other
        self._failure: Exception | None = None  # of one of them, of which all ranks have heard

    def together(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do `action` on every rank; if it fails on one, raise the same error on all.

        `action` may itself do steps together: of a rank that fails outside of them the others hear at the next one,
        and then no rank does any further step.
        """
        error, result = None, None
        self._steps += 1
        try:
            result = action()
        except Exception as caught:  # noqa: BLE001 - any failure that the others do not hear of hangs them
            error = limit_of_memory(caught) if isinstance(caught, MemoryError) else caught
        self._steps -= 1
        failure = self._failure
        if failure is None:
            own = None if error is None else [type(error).__name__, str(error)]
            said = self.gather([self._steps, own])
            first = next((one for _steps, one in said if one is not None), None)
            if first is None and len({steps for steps, _one in said}) > 1:
                first = [FormatError.__name__, NOT_ALIKE]  # one rank is done where another goes on
            first = self.share(first)
            if first is None:
                return result
            failure = error
            if error is None or isinstance(error, NumPyIOError):
                failure = error_named(*first)
        self._failure = failure if self._steps else None
        raise failure

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

    def all(self, said: Any) -> list[Any]:  # noqa: ANN401
        """Return on every rank what each rank said.

        Called within `together`, as the next two are: of a rank that failed before the others hear here.
        """
        self.together(_nothing)
        return self.share(self.gather(said))

    def exchange(self, data: Sequence[np.ndarray], senders: Collection[int] | None = None) -> list[np.ndarray]:
        """Give ``data[k]``, uint8, to rank k; return what the ranks gave to this one, in their order.

        Where all ranks know the `senders`, those that have something for them, nobody sends or awaits what is empty.
        """
        self.together(_nothing)
        received = [np.empty(0, np.uint8)] * self.size
        received[self.rank] = data[self.rank]
        # Pair after pair in one order for all, so that no two ranks wait for each other.
        for other in range(self.size):
            sends = senders is None or len(data[other])
            if sends and other > self.rank:
                self._put(data[other], other)
            if other != self.rank and (senders is None or other in senders):
                received[other] = self._get(other)
            if sends and other < self.rank:
                self._put(data[other], other)
        return received

    def any_of(self, flags: np.ndarray) -> np.ndarray:
        """Return where the `flags`, (n,) bool, of any rank are set."""
        if len(set(self.all(len(flags)))) > 1:
            raise FormatError(NOT_ALIKE)
        mine, all_ = _array(np.packbits(flags)), _array(np.zeros((len(flags) + 7) // 8, np.uint8))
        if len(flags):
            self._controller.AllReduce(mine, all_, vtkCommunicator.BITWISE_OR_OP)
        return np.unpackbits(numpy_support.vtk_to_numpy(all_), count=len(flags)).astype(bool)

    def _send(self, said: Any, rank: int) -> None:  # noqa: ANN401
        self._put(np.frombuffer(json.dumps(said).encode(), np.uint8), rank)

    def _receive(self, rank: int) -> Any:  # noqa: ANN401
        return json.loads(self._get(rank).tobytes().decode())

    def _put(self, data: np.ndarray, rank: int) -> None:
        self._controller.Send(_array(data), rank, TAG)

    def _get(self, rank: int) -> np.ndarray:
        array = vtkUnsignedCharArray()
        self._controller.Receive(array, rank, TAG)
        return numpy_support.vtk_to_numpy(array)


def _array(data: np.ndarray) -> vtkUnsignedCharArray:
    array = vtkUnsignedCharArray()
    array.SetNumberOfValues(len(data))
    numpy_support.vtk_to_numpy(array)[:] = data
    return array


def _nothing() -> None:
    """Only hear whether all is well."""


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
