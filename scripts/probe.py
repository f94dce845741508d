"""Run by pvpython: prints its Python version, ParaView's version, and whether it needs plugin/py311."""

import sys

import paraview

try:
    import paraview.detail.pythonalgorithm
except ImportError as error:
    needs = "getargspec" in str(error)
else:
    needs = False

print("probe:", "{}.{}".format(*sys.version_info), paraview.__version__, "shim" if needs else "none")
