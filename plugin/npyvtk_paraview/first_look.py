"""How a file is shown when it is opened: the representation, the colours, and what a repaired file needs.

ParaView shows a volume as an outline and colours by the array whose name sorts first, and no hint of a reader
depends on the data.  So the client watches for new representations of ``NumPyReader`` and gives each what a person
would choose: an image its middle slice and all else its surface, the array that is first in the file, and colours
of ``uint8`` as the colours that they are.  Whatever anybody else has set stays: a state that is loaded, a script, a
default in the settings, an undo.

Knows ParaView's server manager, and nothing of files.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import paraview.modules.vtkRemotingViews  # noqa: F401 -- representations lack their methods without it
from npyvtk.plan.names import places_of
from paraview.modules.vtkRemotingCore import vtkProcessModule
from paraview.modules.vtkRemotingServerManager import vtkSMProxyManager, vtkSMSettings
from vtkmodules.vtkCommonCore import VTK_OBJECT, VTK_STRING, VTK_UNSIGNED_CHAR
from vtkmodules.vtkCommonDataModel import vtkDataSetAttributes

from .client import client_manager, proxies, strings

if TYPE_CHECKING:
    from paraview.modules.vtkRemotingCore import vtkPVDataInformation
    from paraview.modules.vtkRemotingServerManager import (
        vtkSMProxy,
        vtkSMSessionProxyManager,
        vtkSMSourceProxy,
    )
    from paraview.modules.vtkRemotingViews import vtkSMRepresentationProxy, vtkSMViewProxy

READER = "NumPyReader"
HINT = "Surface"  # the reader's hint RepresentationType, for clients that do not load this: it suits all data

# Attributes that Python puts on ParaView's objects, where another copy of this module finds them.  They end with
# the object; global ids come again in the next session.
_WATCHED = "_numpyio_watched"  # of the manager, a reader, a view: it is observed
_COUNT = "_numpyio_count"  # of a session's manager: how many representations there were when they were looked at
_KNOWN = "_numpyio_known"  # of a session's manager: global ids of representations; undo makes them once more
_LOOK = "_numpyio_look"  # of a representation: the values of its properties that nobody chose
_WAS_EMPTY = "_numpyio_was_empty"  # of a representation: it has had no data yet
_NO_LEGEND = "_numpyio_no_legend"  # of a representation: it shows colours, which have none
_BUSY = "_numpyio_busy"  # of a reader: it is being followed

# ParaView's enumerations, which Python does not see.
_AUTOMATIC_LEGENDS = 0  # vtkPVGeneralSettings::AUTOMATICALLY_SHOW_AND_HIDE_SCALAR_BARS
_AUTOMATIC_MODE = 0  # vtkPVRenderViewSettings::AUTOMATIC
_ACROSS = {5: 2, 6: 0, 7: 1}  # VTK_XY_PLANE, VTK_YZ_PLANE, VTK_XZ_PLANE: the axis across
_TWO_DIMENSIONAL = 1  # vtkPVRenderView::INTERACTION_MODE_2D


def watch() -> None:
    """Give each new representation of a reader its first look, from now on; to call it again changes nothing."""
    module = vtkProcessModule.GetProcessModule()
    manager = client_manager()
    if manager is None or hasattr(manager, _WATCHED):
        return
    if module.GetSymmetricMPIMode() and module.GetNumberOfLocalPartitions() > 1:
        # Every rank would decide by its own piece of the data, and ranks must agree.
        return
    setattr(manager, _WATCHED, True)
    # All observers are functions of this module: ParaView would call a closure that nothing else keeps when it is gone.
    manager.AddObserver("RegisterEvent", _registered)
    manager.AddObserver("UnRegisterEvent", _registered)
    manager.AddObserver("UpdateInformationEvent", _informed)


# ---- what happens ----------------------------------------------------------------------------------


def _registered(manager: vtkSMProxyManager, _event: str) -> None:
    """Look for new representations; what was registered is not told to Python."""
    session = manager.GetActiveSessionProxyManager()
    if session is None:
        return
    count = session.GetNumberOfProxies("representations")
    if count == getattr(session, _COUNT, 0):
        return
    setattr(session, _COUNT, count)
    for representation in proxies(session, "representations"):
        if not hasattr(representation, _LOOK) and _reader_of(representation) is not None:
            _adopt(representation, session)


def _informed(_manager: vtkSMProxyManager, _event: str, source: vtkSMProxy | None = None) -> None:
    if source is not None and source.GetXMLName() == READER:
        _reader_changed(source, "")


_informed.CallDataType = VTK_OBJECT


def _reader_changed(reader: vtkSMSourceProxy, _event: str) -> None:
    if hasattr(reader, _BUSY):
        return
    setattr(reader, _BUSY, True)
    try:
        for representation in proxies(reader.GetSessionProxyManager(), "representations"):
            if getattr(representation, _LOOK, None) and _reader_of(representation) is reader:
                _follow(representation, reader)
    finally:
        delattr(reader, _BUSY)


def _property_changed(representation: vtkSMRepresentationProxy, _event: str, name: str | None = None) -> None:
    reader = _reader_of(representation) if name in ("Input", "Visibility", "ColorArrayName") else None
    if reader is None or hasattr(reader, _BUSY):
        return
    if name == "ColorArrayName":
        _map_scalars(representation, reader.GetDataInformation(0), chosen=True)
    else:
        _observe(reader)
        _reader_changed(reader, "")


_property_changed.CallDataType = "string0"


def _drawing(view: vtkSMViewProxy, _event: str) -> None:
    """Hide the legends of colours, which the window shows after all else and before the first picture."""
    for representation in _shown_in(view):
        if hasattr(representation, _NO_LEGEND):
            delattr(representation, _NO_LEGEND)
            representation.SetScalarBarVisibility(view, False)


# ---- the look --------------------------------------------------------------------------------------


def _adopt(representation: vtkSMRepresentationProxy, session: vtkSMSessionProxyManager) -> None:
    """Give a new representation its look, and follow its reader from now on."""
    look = {}
    setattr(representation, _LOOK, look)
    known = getattr(session, _KNOWN, None)
    if known is None:
        known = set()
        setattr(session, _KNOWN, known)
    again = representation.GetGlobalID() in known
    known.add(representation.GetGlobalID())
    if again or session.GetInLoadXMLState() or representation.GetProperty("ColorArrayName") is None:
        return
    look["ColorArrayName"] = _colour_of(representation)
    if representation.GetProperty("Slice") is not None:
        look["Slice"] = representation.GetProperty("Slice").GetElement(0)
    settings = vtkSMSettings.GetInstance()
    saved = f".representations.{representation.GetXMLName()}.{{}}".format
    if not settings.HasSetting(saved("MapScalars")):
        look["MapScalars"] = 1
    if settings.HasSetting(saved("Representation")):
        # The hint has come after it.
        representation.SetRepresentationType(settings.GetSettingAsString(saved("Representation"), 0, HINT))
    else:
        look["Representation"] = HINT
    reader = _reader_of(representation)
    _observe(reader)
    representation.AddObserver("PropertyModifiedEvent", _property_changed)
    for view in proxies(session, "views"):
        if not hasattr(view, _WATCHED):
            setattr(view, _WATCHED, True)
            view.AddObserver("StartEvent", _drawing)
    setattr(representation, _WAS_EMPTY, True)
    setattr(reader, _BUSY, True)
    try:
        _dress(representation, reader)
    finally:
        delattr(reader, _BUSY)


def _observe(reader: vtkSMSourceProxy) -> None:
    if not hasattr(reader, _WATCHED):
        setattr(reader, _WATCHED, True)
        reader.AddObserver("UpdateEvent", _reader_changed)


def _follow(representation: vtkSMRepresentationProxy, reader: vtkSMSourceProxy) -> None:
    """Bring the look up to date before ParaView draws the new data: afterwards it would be too late."""
    views = _views_of(representation)
    if _is_visible(representation):
        for view in views:
            reader.UpdatePipeline(view.GetProperty("ViewTime").GetElement(0))
    repaired = hasattr(representation, _WAS_EMPTY)
    _dress(representation, reader)
    if repaired and not hasattr(representation, _WAS_EMPTY) and _in_the_window():
        for view in views:
            _show_anew(representation, view, reader.GetDataInformation(0))


def _is_own(look: dict[str, object], name: str, value: object) -> bool:
    """Whether a property still has the value that nobody chose."""
    return name in look and look[name] == value


def _dress(representation: vtkSMRepresentationProxy, reader: vtkSMSourceProxy) -> None:
    """Set what suits the reader's data, where nobody has chosen otherwise."""
    information = reader.GetDataInformation(0)
    if not information.GetNumberOfPoints():
        return
    if hasattr(representation, _WAS_EMPTY):
        delattr(representation, _WAS_EMPTY)
    look = getattr(representation, _LOOK)
    colour = _first_array(reader, information)
    # Colour before type: some types pick an array when they have none, by the names.
    if colour is not None and _is_own(look, "ColorArrayName", _colour_of(representation)):
        if colour != look["ColorArrayName"] or not _has_colours(representation):
            _colour_by(representation, colour)
        look["ColorArrayName"] = colour
    _map_scalars(representation, information)
    number = representation.GetProperty("Slice")
    if number is not None and _is_own(look, "Slice", number.GetElement(0)):
        look["Slice"] = _middle(representation, information)
        number.SetElement(0, look["Slice"])
    if _is_own(look, "Representation", representation.GetProperty("Representation").GetElement(0)):
        wanted = "Slice" if colour is not None and _is_image(information) else "Surface"
        if wanted != look["Representation"] and representation.SetRepresentationType(wanted):
            look["Representation"] = wanted
    representation.UpdateVTKObjects()


def _map_scalars(
    representation: vtkSMRepresentationProxy, information: vtkPVDataInformation, *, chosen: bool = False
) -> None:
    """Show colours as what they are, and numbers by the colour map; `chosen`: another array has just been chosen."""
    look = getattr(representation, _LOOK)
    mapped = representation.GetProperty("MapScalars")
    if mapped is None or not _is_own(look, "MapScalars", mapped.GetElement(0)):
        return
    association, name = _colour_of(representation)
    attributes = information.GetAttributeInformation(association) if name else None
    array = attributes.GetArrayInformation(name) if attributes is not None else None
    if array is None:
        return
    is_colour = array.GetDataType() == VTK_UNSIGNED_CHAR and array.GetNumberOfComponents() in (3, 4)
    changes = look["MapScalars"] != (not is_colour)
    if is_colour and (changes or chosen):
        setattr(representation, _NO_LEGEND, True)
    if changes:
        look["MapScalars"] = int(not is_colour)
        mapped.SetElement(0, look["MapScalars"])
        representation.UpdateVTKObjects()


def _first_array(reader: vtkSMSourceProxy, information: vtkPVDataInformation) -> tuple[int, str] | None:
    """Return association and name of the array to show; None where there are none.

    The reader makes the first array of points, and that of cells, active; which of the two is first in the file,
    its list of arrays tells.
    """
    place = places_of(strings(reader.GetProperty("ArraysInfo"))[::2])
    found = []
    for association in (0, 1):  # points, cells
        attributes = information.GetAttributeInformation(association)
        active = attributes.GetAttributeInformation(vtkDataSetAttributes.SCALARS)
        # ParaView counts to a number from its first array on: all are asked for only where none is active.
        count = 0 if active is not None else attributes.GetNumberOfArrays()
        arrays = [attributes.GetArrayInformation(k) for k in range(count)]
        numbers = [array for array in arrays if array.GetDataType() != VTK_STRING and array.GetNumberOfTuples()]
        shown = [active] if active is not None else numbers
        found.extend((place(array.GetName()), association, array.GetName()) for array in shown)
    return min(found)[1:] if found else None


def _is_image(information: vtkPVDataInformation) -> bool:
    """Whether the data is one image that ParaView can cut a slice from: a line or a single value has none."""
    extent = information.GetExtent()
    longer = sum(low < high for low, high in zip(extent[::2], extent[1::2]))
    composite = information.GetCompositeDataSetType() >= 0
    return not composite and information.GetDataClassName() == "vtkImageData" and longer > 1


def _middle(representation: vtkSMRepresentationProxy, information: vtkPVDataInformation) -> int:
    """Return the number of the middle slice, counted from 0."""
    across = _ACROSS[representation.GetProperty("SliceMode").GetElement(0)]
    low, high = information.GetExtent()[2 * across : 2 * across + 2]
    return max(high - low, 0) // 2


def _colour_by(representation: vtkSMRepresentationProxy, colour: tuple[int, str]) -> None:
    association, name = colour
    shown = []
    if _has_colours(representation):
        # Of the class: ParaView 5.11 has a static method where later ones have one of the object.
        is_visible = type(representation).IsScalarBarVisible
        shown = [view for view in _views_of(representation) if is_visible(representation, view)]
        for view in shown:
            representation.SetScalarBarVisibility(view, False)
    if representation.SetScalarColoring(name, association):
        representation.RescaleTransferFunctionToDataRange(False, False)
    for view in shown:
        representation.SetScalarBarVisibility(view, True)


def _show_anew(
    representation: vtkSMRepresentationProxy, view: vtkSMViewProxy, information: vtkPVDataInformation
) -> None:
    """Do what the window did in vain for the empty data of a failed first Apply: legend and camera."""
    if _setting("GeneralSettings", "ScalarBarMode") == _AUTOMATIC_LEGENDS and _has_colours(representation):
        representation.SetScalarBarVisibility(view, True)
    # Legends are among them, which show no data.
    others = (one for one in _shown_in(view) if one is not representation and one.GetProperty("Input") is not None)
    if view.GetXMLName() != "RenderView" or any(_is_visible(one) for one in others):
        return
    bounds = information.GetBounds()
    flat = [axis for axis in range(3) if bounds[2 * axis] == bounds[2 * axis + 1]]
    if len(flat) == 1 and _setting("RenderViewSettings", "DefaultInteractionMode") == _AUTOMATIC_MODE:
        look, up = [0.0] * 3, [0.0] * 3
        look[flat[0]], up[(flat[0] + 2) % 3] = -1.0, 1.0
        view.ResetActiveCameraToDirection(*look, *up)
        view.GetProperty("InteractionMode").SetElement(0, _TWO_DIMENSIONAL)
        view.UpdateVTKObjects()
    view.ResetCamera(bounds)


# ---- ParaView's objects ----------------------------------------------------------------------------


def _reader_of(representation: vtkSMProxy) -> vtkSMSourceProxy | None:
    """Return what a representation shows, if it is a reader of this plugin."""
    inputs = representation.GetProperty("Input")
    source = inputs.GetProxy(0) if inputs is not None and inputs.GetNumberOfProxies() else None
    return source if source is not None and source.GetXMLName() == READER else None


def _views_of(representation: vtkSMProxy) -> list[vtkSMViewProxy]:
    """List the views of a representation: none while it is being made."""
    views = proxies(representation.GetSessionProxyManager(), "views")
    return [view for view in views if representation in _shown_in(view)]


def _shown_in(view: vtkSMProxy) -> list[vtkSMProxy]:
    shown = view.GetProperty("Representations")
    return [] if shown is None else [shown.GetProxy(k) for k in range(shown.GetNumberOfProxies())]


def _is_visible(representation: vtkSMProxy) -> bool:
    visibility = representation.GetProperty("Visibility")
    return visibility is not None and bool(visibility.GetElement(0))


def _colour_of(representation: vtkSMRepresentationProxy) -> tuple[int, str]:
    """Return association and name of the array that colours; the name is empty for a solid colour."""
    chosen = representation.GetProperty("ColorArrayName")
    return int(chosen.GetElement(3) or 0), chosen.GetElement(4)


def _has_colours(representation: vtkSMRepresentationProxy) -> bool:
    return bool(_colour_of(representation)[1])


def _setting(proxy: str, name: str) -> int | None:
    settings = vtkSMProxyManager.GetProxyManager().GetProxy("settings", proxy)
    found = settings.GetProperty(name) if settings is not None else None
    return None if found is None else found.GetElement(0)


def _in_the_window() -> bool:
    """Whether a person looks on; scripts move the camera by themselves."""
    program = vtkProcessModule.GetProcessModule().GetProgramPath() or ""
    return os.path.basename(program).lower().startswith("paraview")
