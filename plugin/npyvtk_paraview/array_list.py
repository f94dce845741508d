"""A list of arrays in which the user ticks some."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING

from vtkmodules.vtkCommonCore import vtkDataArraySelection

if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Callable

__all__ = ["ArrayList"]


class ArrayList:
    """The arrays on offer, and which of them are ticked.

    Parameters
    ----------
    changed : bound method
        Called when ParaView ticks or unticks; its object is not kept alive.

    Attributes
    ----------
    selection : vtkDataArraySelection
        What ParaView shows and sets.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self.selection = vtkDataArraySelection()
        self._offering = False
        self._missing = False  # arrays were chosen that are not on offer
        # A plain bound method would keep its object alive for ever.
        me, tell = weakref.ref(self), weakref.WeakMethod(changed)

        def modified(*_event: object) -> None:
            mine, told = me(), tell()
            if mine is not None and told is not None and not mine._offering:  # noqa: SLF001
                mine._missing = False  # noqa: SLF001
                told()

        self.selection.AddObserver("ModifiedEvent", modified)

    @property
    def names(self) -> frozenset[str]:
        """Those that are ticked."""
        arrays = self.selection  # which finds a number at once, and a name among all
        count = arrays.GetNumberOfArrays()
        return frozenset(arrays.GetArrayName(k) for k in range(count) if arrays.GetArraySetting(k))

    @property
    def none_is_left(self) -> bool:
        """Whether arrays were chosen, and none of them is on offer."""
        return self._missing and self.selection.GetNumberOfArraysEnabled() == 0

    def offer(self, names: Collection[str], unticked: Collection[str]) -> None:
        """Offer these arrays; what was chosen for another file is left aside.

        Parameters
        ----------
        names, unticked : collection of str
            All of them, and those that are not ticked unless somebody does.
        """
        arrays, names = self.selection, dict.fromkeys(names)
        self._offering = True
        for k in reversed(range(arrays.GetNumberOfArrays())):
            if arrays.GetArrayName(k) not in names:
                self._missing |= bool(arrays.GetArraySetting(k))
                arrays.RemoveArrayByIndex(k)
        for name in names:
            arrays.AddArray(name, name not in unticked)
        self._offering = False
