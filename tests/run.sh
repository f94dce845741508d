#!/bin/sh
# All tests.  Needs git, and root or sudo where ParaView is still to be installed; everything else
# comes along, into build/ and never into the user's Python.
#
#   sh tests/run.sh [--fast] [--gui] [--only=LAYER]... [pytest arguments]
#
#   lint      ruff and its format, codespell, mypy, and a check that Python 3.9 is enough
#   core      tests/core in plain Python, with the vtk and NumPy wheels
#   install   tests/install: CMake, pip, the archives, the site of the documentation, and the examples
#   pvcore    tests/core again, in ParaView's own Python, but for what is marked slow
#   paraview  tests/paraview, inside pvpython; it starts pvbatch, mpiexec and pvserver itself
#   gui       tests/gui: the real window on a virtual screen; only with --gui
#
#   --fast    leaves out what is marked slow, and the layers install and pvcore
#   -k NAME   and everything else goes to pytest
#
# PVPYTHON=/path/to/pvpython chooses a ParaView, PYTHON=/path/to/python3 the plain Python.
set -eu
cd "$(dirname "$0")/.."
. scripts/paraview.sh

layers='lint core install pvcore paraview'
fast='' gui='' only='' selecting=''
for argument do
    shift
    case $argument in
        --fast) fast=1 ;;
        --gui) gui=1 ;;
        --only=*) only="$only ${argument#--only=}" ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' tests/run.sh; exit 0 ;;
        -k* | -m* | --lf | *::*) selecting=1; set -- "$@" "$argument" ;;
        *) set -- "$@" "$argument" ;;
    esac
done
[ -z "$fast" ] || layers='lint core paraview'
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
        pvcore) pytest_pvpython tests/core -m 'not slow' "$@" ;;
        paraview) pytest_pvpython tests/paraview "$@" ;;
        gui) pytest_plain tests/gui "$@" ;;
        *) die "There is no layer $name; see  sh tests/run.sh --help" ;;
    esac
}

# Most layers keep one processor busy.  These two run beside the others, into a log that is shown at the end.
beside() {
    for name in pvcore install; do
        if needs "$name"; then
            status=0
            (test_layer "$name" "$@") >"$build/$name-$PV_VERSION.log" 2>&1 || status=$?
            echo "$status" >"$build/$name-$PV_VERSION.status"
        fi
    done
}
show() {
    cat "$build/$1-$PV_VERSION.log"
    return "$(cat "$build/$1-$PV_VERSION.status")"
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

if needs install || needs pvcore || needs paraview || needs gui; then
    find_paraview
    command -v mpiexec >/dev/null 2>&1 || apt_install openmpi-bin || say 'No mpiexec: the MPI tests will say so.'
fi
if needs lint || needs core || needs install || needs gui; then make_venv; fi
if needs install; then make_tools; fi
# Other people's archivers; without them their tests say so.
if needs core && [ "$(id -u)" -eq 0 ]; then apt_install zip unzip p7zip-full || true; fi
if needs pvcore || needs paraview; then make_pytest_folder; fi
if needs gui; then apt_install xvfb xdotool imagemagick openbox || true; fi

two=''
if needs core || needs paraview; then
    beside "$@" &
    two=$!
fi
for one in $layers; do
    case $two,$one in
        [0-9]*,pvcore | [0-9]*,install) ;;
        *) layer "$one" test_layer "$one" "$@" ;;
    esac
done
if [ -n "$two" ]; then
    wait "$two" || true
    for one in pvcore install; do
        if needs "$one"; then layer "$one" show "$one"; fi
    done
fi

[ -z "$failed" ] || die "FAILED:$failed"
[ "$passed" -gt 0 ] || die 'No test was run.'
