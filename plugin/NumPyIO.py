"""The proxies by which ParaView knows the reader, the writers and the extractor of NumPy files, and nothing else.

ParaView executes this file when the plugin is loaded.
What a proxy does is said in ``npyvtk_paraview`` beside it, and its properties there in ``proxies_xml``; what a file
means, how it is read and how it is written is the business of ``npyvtk``, which knows nothing of ParaView.
"""

from __future__ import annotations

import os
import sys
from types import SimpleNamespace

from paraview.util.vtkAlgorithm import smhint, smproperty, smproxy
from vtkmodules.vtkCommonCore import vtkOutputWindow

_HERE = os.path.dirname(os.path.realpath(__file__))
if _HERE not in sys.path:
    # First, so that an older copy installed elsewhere does not win; ParaView adds no path for a plugin.
    sys.path.insert(0, _HERE)

import npyvtk  # noqa: E402
from npyvtk_paraview import proxies_xml  # noqa: E402
from npyvtk_paraview.reader import Reader  # noqa: E402
from npyvtk_paraview.writers import Writer  # noqa: E402

paraview_plugin_name = "NumPyIO"
paraview_plugin_version = npyvtk.__version__


@smproxy.reader(
    name="NumPyReader",
    label="NumPy Reader",
    extensions="npy npz npy.series npz.series",
    file_description="NumPy arrays",
    support_reload=False,
)
@smhint.xml(proxies_xml.READER_HINTS)
@smproperty.xml(proxies_xml.READER)
class NumPyReader(Reader):
    """Opens ``.npy`` and ``.npz`` files."""


# ParaView's dialog takes what stands in the first parentheses of a description for the extension: none in these.
@smproxy.writer(
    name="NumPyWriter",
    label="NumPy Archive Writer",
    extensions="npz",
    file_description="NumPy archive, all arrays",
    support_reload=False,
    supports_parallel="1",
)
@smhint.xml(proxies_xml.WRITER_HINTS)
@smproperty.xml(proxies_xml.ARCHIVE_WRITER)
class NumPyWriter(Writer):
    """Saves any dataset as ``.npz``."""

    def __init__(self) -> None:
        super().__init__("NumPy Archive Writer", ".npz", "Choose the NumPy array writer for a .npy.")


@smproxy.writer(
    name="NumPyArrayWriter",
    label="NumPy Array Writer",
    extensions="npy",
    file_description="NumPy array, one without geometry",
    support_reload=False,
    supports_parallel="1",
)
@smhint.xml(proxies_xml.WRITER_HINTS)
@smproperty.xml(proxies_xml.ARRAY_WRITER)
class NumPyArrayWriter(Writer):
    """Saves one array of a dataset as ``.npy``."""

    def __init__(self) -> None:
        super().__init__("NumPy Array Writer", ".npy", "Choose the NumPy archive writer for a .npz.")


# ParaView finds proxies by this attribute; an extractor is made of three, for which there is no decorator.
numpy_extractor = SimpleNamespace(_pvsm_proxy_xml=proxies_xml.EXTRACTOR)

# Last, and whatever happens there: files can be read and written without it.
try:
    from npyvtk_paraview import first_look, unset_arrays

    first_look.watch()
    unset_arrays.watch()
except ImportError:  # a ParaView without views or without its server manager
    pass
except Exception as error:  # noqa: BLE001
    vtkOutputWindow.GetInstance().DisplayWarningText(f"NumPyIO: files open as ParaView shows them: {error!r}\n")
