"""Which ranks of ParaView work together here, and how what fails on one of them fails on all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from npyvtk.errors import Aborted, NumPyIOError
from npyvtk.parallel.ranks import Communicator, gc_disabled
from paraview.modules.vtkRemotingCore import vtkProcessModule
from vtkmodules.vtkParallelCore import vtkMultiProcessController

if TYPE_CHECKING:
    from typing import Callable, TypeVar

    _Read = TypeVar("_Read")

__all__ = ["all_or_none", "all_ranks", "is_first", "ranks_in_step"]


def all_ranks() -> Communicator | None:
    """Return how to talk to all ranks; None where there is no other."""
    controller = vtkMultiProcessController.GetGlobalController()
    if controller is None or controller.GetNumberOfProcesses() < 2:
        return None
    return Communicator(controller)


def ranks_in_step() -> Communicator | None:
    """Return the same where ParaView runs all ranks together.

    Where every rank runs the script itself (``pvbatch --sym``), one may update when others do not.
    """
    module = vtkProcessModule.GetProcessModule()
    return None if module is not None and module.GetSymmetricMPIMode() else all_ranks()


def is_first() -> bool:
    """Whether this rank looks at files and tells the user for all, and for the client.

    Ranks that run a script of their own know of no others.
    """
    others = ranks_in_step()
    return others is None or others.rank == 0


def all_or_none(read: Callable[[], _Read], others: Communicator | None) -> _Read:
    """Read on every rank; where one of them fails, all do, with its error.

    A piece of the data, or a line that only the terminal of a server shows, would be taken for the whole.
    """
    if others is None:
        return read()

    def read_here() -> _Read:
        try:
            return read()
        except NumPyIOError as error:
            if others.rank == 0 or isinstance(error, Aborted):
                raise
            raise type(error)(f"{error} (On rank {others.rank} of {others.size}.)") from None

    with gc_disabled():
        return others.together(read_here)
