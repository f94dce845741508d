"""Keep the reader's list of arrays unset until somebody chooses arrays.

ParaView from 6.0 on fills a list of arrays by itself, as they are ticked, whenever those on offer change, and then
records it as if it had been chosen: a trace or a state of one file would pick the arrays of the next.
An unset list means the same arrays, all but large field data and what is beyond a thousand, and the panel shows
their ticks.

This runs on the client alone, which makes traces and states.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .client import client_manager, proxies, strings

if TYPE_CHECKING:
    from paraview.modules.vtkRemotingServerManager import vtkSMProxyManager

__all__ = ["watch"]

_FIRST_VERSION = 6  # of ParaView that fills the list
_AFTER_PARAVIEW = -1.0  # priority of an observer: ParaView's own, which fills the list, has 0
_DONE = "numpyio_keeps_arrays_unset"  # attribute of what is watched: a copy of the plugin may be loaded as well


def watch() -> None:
    """Look after all readers of this client, those to come included."""
    manager = client_manager()
    if manager is not None and manager.GetVersionMajor() >= _FIRST_VERSION and not hasattr(manager, _DONE):
        setattr(manager, _DONE, True)
        manager.AddObserver("RegisterEvent", _registered)


# Functions of the module, for VTK does not keep a closure alive that it calls.


def _registered(manager: vtkSMProxyManager, _event: str) -> None:
    """Find the readers that are new; VTK does not tell Python which proxy the event is about."""
    session = manager.GetActiveSessionProxyManager()
    if session is None:
        return
    for proxy in proxies(session, "sources"):
        if proxy.GetXMLName() != "NumPyReader":
            continue
        domain = proxy.GetProperty("Arrays").FindDomain("vtkSMArraySelectionDomain")
        if not hasattr(domain, _DONE):
            setattr(domain, _DONE, True)
            domain.AddObserver("DomainModifiedEvent", _offer_changed, _AFTER_PARAVIEW)
            _offer_changed(domain, "")


def _offer_changed(domain, _event: str) -> None:  # noqa: ANN001 -- a class that ParaView's modules do not export
    """Empty a list that chooses the arrays which an unset one means."""
    arrays = domain.GetProperty()
    chosen = strings(arrays)
    if not chosen:
        return
    reader = arrays.GetParent()
    large = reader.GetProperty("LargeFieldArrays")
    reader.UpdatePropertyInformation(large)
    unticked = set(strings(large))
    if all((status == "0") == (name in unticked) for name, status in zip(chosen[::2], chosen[1::2])):
        arrays.SetNumberOfElements(0)
        reader.UpdateProperty(arrays.GetXMLName())
