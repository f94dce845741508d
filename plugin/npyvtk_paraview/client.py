"""What the watchers on ParaView's client need of its server manager."""

from __future__ import annotations

from typing import TYPE_CHECKING

from paraview.modules.vtkRemotingCore import vtkProcessModule
from paraview.modules.vtkRemotingServerManager import vtkSMProxyIterator, vtkSMProxyManager

if TYPE_CHECKING:
    from collections.abc import Iterator

    from paraview.modules.vtkRemotingServerManager import vtkSMProperty, vtkSMProxy, vtkSMSessionProxyManager

__all__ = ["client_manager", "proxies", "strings"]


def client_manager() -> vtkSMProxyManager | None:
    """Return the manager of all proxies; None where this process is no client: on servers, and in Catalyst."""
    clients = (vtkProcessModule.PROCESS_CLIENT, vtkProcessModule.PROCESS_BATCH)
    module = vtkProcessModule.GetProcessModule()
    if module is None or module.GetProcessType() not in clients:
        return None
    return vtkSMProxyManager.GetProxyManager()


def proxies(session: vtkSMSessionProxyManager, group: str) -> Iterator[vtkSMProxy]:
    """Go through the proxies that are registered in a group now; more may be registered on the way."""
    found = []
    iterator = vtkSMProxyIterator()
    iterator.SetSessionProxyManager(session)
    iterator.SetModeToOneGroup()
    iterator.Begin(group)
    while not iterator.IsAtEnd():
        found.append(iterator.GetProxy())
        iterator.Next()
    return iter(found)


def strings(prop: vtkSMProperty | None) -> list[str]:
    """List the elements of a property; none where there is no such property."""
    return [] if prop is None else [prop.GetElement(k) for k in range(prop.GetNumberOfElements())]
