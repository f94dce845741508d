#!/bin/sh
# Speed and memory beside those of NumPy, ParaView's own readers and PyEVTK, measured in one run.
#
#   sh tests/benchmarks/run.sh [--samples N] [--only-plain] [--only-archives] [5.11] [5.13] [6.1]
#
# Without a version: the ParaView that tests/run.sh would use.  With versions: those in the roots that
# tests/matrix.sh made (NUMPYIO_ROOTS, else build/roots).  Files of 4 GB are made in build/benchmarks.
set -eu
cd "$(dirname "$0")/../.."
. scripts/paraview.sh
. tests/env/environments.sh

samples=7 plain='' archives='' versions=''
while [ $# -gt 0 ]; do
    case $1 in
        --samples) samples=$2; shift ;;
        --only-plain) plain=1 ;;
        --only-archives) archives=1 ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' "$0"; exit 0 ;;
        *) versions="$versions $1" ;;
    esac
    shift
done

benchmarks=$build/benchmarks
mkdir -p "$benchmarks"
if [ ! -e "$benchmarks/venv/complete-2" ]; then
    find_python
    "$plain_python" -m venv "$benchmarks/venv"
    pip_install "$benchmarks/venv/bin/python" numpy vtk h5py pyevtk pyvista pyvista-zstd isal zlib-ng
    : >"$benchmarks/venv/complete-2"
fi
set -- --samples "$samples" --folder "$benchmarks/files"
for library in zlib zlib_ng.zlib_ng isal.isal_zlib; do
    "$benchmarks/venv/bin/python" tests/benchmarks/archives.py "$@" --library "$library"
done
[ -z "$archives" ] || exit 0
roots=${NUMPYIO_ROOTS:-$build/roots}
for version in $versions; do
    case $version in 5.11) root=bookworm ;; 5.13) root=trixie ;; *) root=testing ;; esac
    [ -e "$roots/root-$root/usr/bin/pvpython" ] ||
        die "There is no ParaView in $roots/root-$root: run  sh tests/matrix.sh --only=$version"
    # The shim is for Debian 12's alone: find_paraview says what it is.
    shim=; [ "$version" != 5.11 ] || shim="env PYTHONPATH=$PWD/plugin/py311"
    set -- "$@" --paraview "$version=sh tests/env/in-root.sh $roots/root-$root $shim pvpython"
done
if [ -z "$versions$plain" ]; then
    find_paraview
    set -- "$@" --paraview "${PV_VERSION%.*}=$PVPYTHON"
fi
"$benchmarks/venv/bin/python" tests/benchmarks/compare.py "$@"
