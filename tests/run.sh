#!/bin/sh
# All tests.  Needs git, and root or sudo where ParaView is still to be installed; everything else
# comes along, into build/ and never into the user's Python.
#
#   sh tests/run.sh [--fast] [--gui] [--only=LAYER]... [--jobs=N] [pytest arguments]
#
#   lint      ruff and its format, codespell, mypy, and a check that Python 3.9 is enough
#   core      tests/core in plain Python, with the vtk and NumPy wheels
#   install   tests/install: CMake, pip, the archives, the site of the documentation, and the examples
#   pvcore    tests/core again, in ParaView's own Python, but for what is marked slow or once
#   paraview  tests/paraview, inside pvpython; it starts pvbatch, mpiexec and pvserver itself
#   pvinstall tests/install again, with another ParaView, but for what is marked once; only with --only
#   gui       tests/gui: the real window on a virtual screen; only with --gui
#
#   --fast    leaves out what is marked slow, and the layers install and pvcore
#   --jobs=N  how many layers at once; 3 unless told
#   -k NAME   and everything else goes to pytest
#
# PVPYTHON=/path/to/pvpython chooses a ParaView, PYTHON=/path/to/python3 the plain Python.
set -eu
cd "$(dirname "$0")/.."
. scripts/paraview.sh

layers='paraview core pvcore install lint'
fast='' gui='' only='' selecting='' part='' jobs=3
for argument do
    shift
    case $argument in
        --layer=*) only=${argument#--layer=} part=1 ;; # this script's own: one of several layers
        --fast) fast=1 ;;
        --gui) gui=1 ;;
        --only=*) only="$only ${argument#--only=}" ;;
        --jobs=*) jobs=${argument#--jobs=} ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' tests/run.sh; exit 0 ;;
        -k* | -m* | --lf | *::*) selecting=1; set -- "$@" "$argument" ;;
        *) set -- "$@" "$argument" ;;
    esac
done
[ -z "$fast" ] || layers='paraview core lint'
[ -z "$gui" ] || layers="gui $layers"
[ -z "$only" ] || layers=$only
[ -z "$fast" ] || set -- -m 'not slow' "$@"

needs() { case " $layers " in *" $1 "*) return 0 ;; esac; return 1; }

. tests/env/environments.sh

lint() {
    "$build/venv/bin/ruff" check --output-format=concise . &&
        "$build/venv/bin/ruff" format --check . &&
        "$venv_python" -m codespell_lib &&
        "$venv_python" tests/env/check_types.py &&
        "$build/venv/bin/vermin" --quiet --target=3.9- --no-tips --backport dataclasses plugin scripts examples tests
}
pytest_plain() { "$venv_python" -m pytest "$@"; }
pytest_pvpython() { headless "$PVPYTHON" tests/env/pytest_in_pvpython.py "$@"; }
test_layer() {
    name=$1
    shift
    case $name in
        lint) lint ;;
        core) pytest_plain tests/core "$@" ;;
        install) pytest_plain tests/install "$@" ;;
        pvinstall) pytest_plain tests/install -m 'not once' "$@" ;;
        pvcore) pytest_pvpython tests/core -m 'not slow and not once' "$@" ;;
        paraview) pytest_pvpython tests/paraview "$@" ;;
        gui) pytest_plain tests/gui "$@" ;;
        *) die "There is no layer $name; see  sh tests/run.sh --help" ;;
    esac
}

failed='' passed=0
layer() {
    name=$1
    shift
    printf '\n==== %s\n' "$name"
    status=0
    "$@" || status=$?
    # pytest says 5 when it ran no test.  That is a fault, unless -k or the like left nothing here.
    if [ "$status" -eq 5 ] && [ -n "$selecting" ]; then
        return
    elif [ "$status" -ne 0 ]; then
        failed="$failed $name"
    else
        passed=$((passed + 1))
    fi
}

if needs install || needs pvinstall || needs pvcore || needs paraview || needs gui; then
    find_paraview
    command -v mpiexec >/dev/null 2>&1 || apt_install openmpi-bin || say 'No mpiexec: the MPI tests will say so.'
fi
if needs lint || needs core || needs install || needs pvinstall || needs gui; then make_venv; fi
if needs install || needs pvinstall; then make_tools; fi
# Other people's archivers; without them their tests say so.
if needs core && [ "$(id -u)" -eq 0 ]; then apt_install zip unzip p7zip-full || true; fi
if needs pvcore || needs paraview; then make_pytest_folder; fi
if needs gui; then apt_install xvfb xdotool imagemagick openbox || true; fi
if [ -z "${DISPLAY:-}" ] && [ "$(uname)" = Linux ]; then apt_install xvfb || true; fi

logs=${NUMPYIO_LOGS:-$build/logs/${PV_VERSION:-plain}}
if [ -n "$part" ]; then
    status=0
    test_layer "$layers" "$@" >"$logs/$layers.log" 2>&1 || status=$?
    echo "$status" >"$logs/$layers.status"
    say "The layer $layers has ended with status $status."
    exit
fi

# show NAME: what a layer has printed, and its status.
show() {
    cat "$logs/$1.log"
    return "$(cat "$logs/$1.status" || echo 1)"
}

# shellcheck disable=SC2086  # a list of words
if [ "$(printf '%s\n' $layers | wc -l)" -eq 1 ]; then
    for one in $layers; do layer "$one" test_layer "$one" "$@"; done
else
    # The longest first; all are shown at the end.  One that waits, for a server or the window, leaves two
    # processors to two others.
    rm -rf "$logs"
    mkdir -p "$logs"
    say "Testing $layers; logs: $logs"
    # shellcheck disable=SC2086  # a list of words
    printf '%s\n' $layers | NUMPYIO_LOGS=$logs xargs -P "$jobs" -I '{}' sh tests/run.sh --layer='{}' "$@" || true
    for one in $layers; do layer "$one" show "$one"; done
    # Once more at the end, where one looks first, and which may be all that is kept.
    grep -hE '^(FAILED|ERROR) ' "$logs"/*.log || true
fi

[ -z "$failed" ] || die "FAILED:$failed"
[ "$passed" -gt 0 ] || die 'No test was run.'
