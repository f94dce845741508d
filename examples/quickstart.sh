#!/bin/sh
# The main job on real input: open NumPy files in ParaView, look at them, save them, compare.
# Finds ParaView (PVPYTHON=/path/to/pvpython, else pvpython on the PATH) or installs Debian's.
# The results go to build/quickstart, or to the folder that is given.
set -eu
cd "$(dirname "$0")/.."
. scripts/paraview.sh
find_paraview
# The terrain is a part of Matplotlib, which most builds of ParaView bring along.
[ -d /usr/share/matplotlib/mpl-data ] || apt_install python-matplotlib-data || true
headless "$PVPYTHON" examples/quickstart.py "$@"
