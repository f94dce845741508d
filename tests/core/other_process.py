"""How to start the Python that runs the tests once more, also where that is pvpython."""

from __future__ import annotations

import os
import sys

# Inside pvpython, sys.executable names a program that does not exist.
PYTHON = sys.executable if os.path.exists(sys.executable) else os.path.realpath("/proc/self/exe")
