"""Run by pvpython: pytest inside ParaView's own Python.

    pvpython tests/env/pytest_in_pvpython.py [pytest arguments]

``NUMPYIO_PYTEST`` names the folder that pytest was installed into, for ParaView's Python has none.
"""

from __future__ import annotations

import os
import sys

folder = os.environ.get("NUMPYIO_PYTEST")
if folder:
    if os.path.exists(os.path.join(folder, "numpy")):
        sys.exit(f"{folder} holds a NumPy, which would hide ParaView's own; remove that folder.")
    sys.path.insert(0, folder)

import pytest  # noqa: E402 -- from the folder above

status = pytest.main(sys.argv[1:])
sys.stdout.flush()
sys.exit(int(status))
