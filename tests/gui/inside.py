"""Runs inside ParaView's window: keeps a JSON file of what the window shows, and changes nothing.

So that the tests can wait for facts instead of guessing them from pixels.
"""

import json
import os
import time

from paraview import servermanager
from vtkmodules.vtkCommonCore import vtkOutputWindow

STATE = os.environ["NUMPYIO_GUI_STATE"]
state = {"renders": 0, "last_render": 0.0, "messages": []}
views = {}
PLUGINS = servermanager.vtkSMProxyManager.GetProxyManager().GetPluginManager()


def value(proxy, name):
    """Return a property's value as JSON can hold it, None where there is none."""
    found = getattr(proxy, name, None)
    if hasattr(found, "GetData"):
        found = found.GetData()
    if found is None or isinstance(found, (bool, int, float, str)):
        return found
    try:
        return list(found)
    except TypeError:
        return str(found)


def arrays(attributes):
    found = [attributes.GetArrayInformation(i) for i in range(attributes.GetNumberOfArrays())]
    return {one.GetName(): one.GetNumberOfComponents() for one in found}


def describe(source, representations):
    """Return what a pipeline entry holds and how it is shown."""
    shown = []
    for representation in representations:
        if value(representation, "Visibility"):
            colour = value(representation, "ColorArrayName")
            view_type = value(representation, "Representation")
            shown.append({"type": view_type, "colour": colour, "scalars": value(representation, "MapScalars")})
    entry = {"proxy": source.GetXMLName(), "shown": shown, "properties": {}}
    for name in source.ListProperties():
        # To ask for information would fetch it, which the window is to do by itself.
        if not source.SMProxy.GetProperty(name).GetInformationOnly():
            entry["properties"][name] = value(source, name)
    if shown:
        information = source.GetDataInformation(0).DataInformation
        entry |= {
            "type": information.GetPrettyDataTypeString(),
            "points": information.GetNumberOfPoints(),
            "cells": information.GetNumberOfCells(),
            "rows": information.GetNumberOfRows(),
            "bounds": list(information.GetBounds()),
            "point data": arrays(information.GetPointDataInformation()),
            "cell data": arrays(information.GetCellDataInformation()),
            "row data": arrays(information.GetRowDataInformation()),
        }
    return entry


def write():
    """Publish the state, whole."""
    manager = servermanager.ProxyManager()
    shown = {}
    for representation in manager.GetProxiesInGroup("representations").values():
        proxy = representation.SMProxy.GetProperty("Input")
        if proxy is not None and proxy.GetNumberOfProxies():
            shown.setdefault(proxy.GetProxy(0), []).append(representation)
    state["sources"] = {
        name: describe(source, shown.get(source.SMProxy, []))
        for (name, _), source in manager.GetProxiesInGroup("sources").items()
    }
    views_now = list(manager.GetProxiesInGroup("views").values())
    state["views"] = [view.GetXMLName() for view in views_now]
    state["focal points"] = [value(view, "CameraFocalPoint") for view in views_now]
    state["times"] = [
        time for keeper in manager.GetProxiesInGroup("timekeeper").values() for time in value(keeper, "TimestepValues")
    ]
    bars = manager.GetProxiesInGroup("scalar_bars").values()
    state["scalar bars"] = sum(bool(value(bar, "Visibility")) for bar in bars)
    plugins = PLUGINS.GetLocalInformation()
    known = range(plugins.GetNumberOfPlugins())
    state["plugins"] = [plugins.GetPluginName(k) for k in known if plugins.GetPluginLoaded(k)]
    with open(STATE + ".part", "w", encoding="utf-8") as file:
        json.dump(state, file, default=str)
    os.replace(STATE + ".part", STATE)


def safely(function):
    """Keep a fault of this script out of the window's own messages."""

    def call(*arguments):
        try:
            function(*arguments)
        except Exception as error:  # noqa: BLE001 -- whatever it is, the test reports it
            state["fault"] = repr(error)

    return call


@safely
def rendered(*_):
    state["renders"] += 1
    state["last_render"] = time.time()
    write()


@safely
def registered(*_):
    for key, view in servermanager.ProxyManager().GetProxiesInGroup("views").items():
        if key not in views:
            views[key] = view
            view.SMProxy.AddObserver("EndEvent", rendered)
    write()


def message(kind):
    @safely
    def call(_window, _event, text=None):
        if text and text.strip():
            state["messages"].append([kind, text.strip()])
            write()

    call.CallDataType = "string0"
    return call


for event in ("ErrorEvent", "WarningEvent", "TextEvent"):
    vtkOutputWindow.GetInstance().AddObserver(event, message(event[:-5].lower()))
for event in ("RegisterEvent", "UnRegisterEvent"):
    servermanager.ProxyManager().SMProxyManager.AddObserver(event, registered)
PLUGINS.AddObserver("AnyEvent", registered)
registered()
