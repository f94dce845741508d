"""Another process of the Python that runs the tests, also where that is pvpython."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap

import npyvtk

# Inside pvpython, sys.executable names a program that does not exist.
PYTHON = sys.executable if os.path.exists(sys.executable) else os.path.realpath("/proc/self/exe")
PLUGIN_FOLDER = os.path.dirname(os.path.dirname(npyvtk.__file__))


def start(code, *arguments, **options):
    """Start it on `code`, which may import what the tests may, and finds `arguments` in ``sys.argv[1:]``.

    It gets no screen, which pvpython would open, need or not, and end with an error when the screen does.
    """
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    environment["PYTHONPATH"] = os.pathsep.join([PLUGIN_FOLDER, *filter(None, sys.path)])
    command = [PYTHON, "-c", textwrap.dedent(code), *map(os.fspath, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment, **options)


def run(code, *arguments):
    """What `code` prints; it has to end well."""
    process = start(code, *arguments, stderr=subprocess.PIPE)
    output, errors = process.communicate()
    assert process.returncode == 0, errors
    return output
