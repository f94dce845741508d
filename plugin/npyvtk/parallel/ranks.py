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

__all__ = ["Communicator", "gc_disabled"]

TAG = 20260  # of the messages, any number that VTK does not use
NOT_ALIKE = "the ranks see different files under one name. Make the same one visible on all nodes, and reload it."


class Communicator:
    """The messages between ranks, over ParaView's own MPI; the methods that send are named as its functions."""

    def __init__(self, controller: vtkMultiProcessController) -> None:
        self._controller = controller
        self.rank = controller.GetLocalProcessId()
        self.size = controller.GetNumberOfProcesses()
        self._depth = 0  # how many `together` are under way, one within the other
        self._failure: Exception | None = None  # of one of them, of which all ranks have heard

    def together(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do `action` on every rank; if it fails on one, raise the same error on all.

        `action` may itself call `together`: of a rank that fails elsewhere the others hear at the next call, and then
        no rank goes on.

        Parameters
        ----------
        action : callable
            What it says to other ranks, it says within `together`, by the methods below.

        Returns
        -------
        What `action` returned on this rank.

        Raises
        ------
        NumPyIOError
            The error of the first rank that failed; of another class than this only on the rank itself.
        """
        error = result = None
        self._depth += 1
        try:
            result = action()
        except Exception as caught:  # noqa: BLE001 - any failure that the others do not hear of hangs them
            error = limit_of_memory(caught) if isinstance(caught, MemoryError) else caught
        self._depth -= 1
        failure = self._failure
        if failure is None:
            own = None if error is None else [type(error).__name__, str(error)]
            reports = self.gather([self._depth, own])
            first = next((found for _depth, found in reports if found is not None), None)
            if first is None and len({depth for depth, _found in reports}) > 1:
                first = [FormatError.__name__, NOT_ALIKE]  # one rank is done where another goes on
            first = self.broadcast(first)
            if first is None:
                return result
            failure = error_named(*first) if error is None or isinstance(error, NumPyIOError) else error
        self._failure = failure if self._depth else None
        raise failure

    def on_first(self, action: Callable[[], Any]) -> Any:  # noqa: ANN401
        """Do `action` on rank 0 alone, the others have None; if it fails, raise the same error on all."""
        return self.together(lambda: None if self.rank else action())

    def gather(self, value: Any) -> list[Any]:  # noqa: ANN401 - anything that JSON holds
        """Return on rank 0 the `value` of each rank; on the others an empty list."""
        if self.rank:
            self._send(value, 0)
            return []
        return [value, *(self._receive(rank) for rank in range(1, self.size))]

    def broadcast(self, value: Any) -> Any:  # noqa: ANN401
        """Return on every rank the `value` of rank 0."""
        if self.rank:
            return self._receive(0)
        for rank in range(1, self.size):
            self._send(value, rank)
        return value

    def all_gather(self, value: Any) -> list[Any]:  # noqa: ANN401
        """Return on every rank the `value` of each rank.

        Called within `together`, as the next two are: of a rank that failed before, the others hear here.
        """
        self.together(lambda: None)
        return self.broadcast(self.gather(value))

    def all_to_all(self, data: Sequence[np.ndarray], senders: Collection[int] | None = None) -> list[np.ndarray]:
        """Give each rank its own bytes.

        Parameters
        ----------
        data : sequence of (n,) uint8 ndarray
            ``data[k]`` is for rank k.
        senders : collection of int, optional
            The ranks that have something for this one, where all ranks know theirs: then nobody sends what is empty.

        Returns
        -------
        list of (n,) uint8 ndarray
            What each rank had for this one.
        """
        self.together(lambda: None)
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

    def all_reduce_or(self, flags: np.ndarray) -> np.ndarray:
        """Return where the `flags` of any rank are set.

        Parameters
        ----------
        flags : (n,) bool ndarray

        Returns
        -------
        (n,) bool ndarray

        Raises
        ------
        FormatError
            The ranks have different numbers of flags: they see different files.
        """
        if len(set(self.all_gather(len(flags)))) > 1:
            raise FormatError(NOT_ALIKE)
        own, any_rank = _array(np.packbits(flags)), _array(np.zeros((len(flags) + 7) // 8, np.uint8))
        if len(flags):
            self._controller.AllReduce(own, any_rank, vtkCommunicator.BITWISE_OR_OP)
        return np.unpackbits(numpy_support.vtk_to_numpy(any_rank), count=len(flags)).astype(bool)

    def _send(self, value: Any, rank: int) -> None:  # noqa: ANN401
        self._put(np.frombuffer(json.dumps(value).encode(), np.uint8), rank)

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


@contextlib.contextmanager
def gc_disabled() -> Iterator[None]:
    """Keep Python's garbage collector off while the ranks talk.

    It would delete proxies of ParaView at any moment, on rank 0 alone; ParaView then waits for ranks that wait
    for rank 0.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
