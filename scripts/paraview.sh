# Sourced by examples/quickstart.sh and tests/run.sh from the project's root: finds ParaView,
# installs Debian's where there is none, and runs it where there is no screen.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

# apt_install PACKAGE...: installs what is missing; false where there is no apt.
apt_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    missing=
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
            missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    sudo=
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || die "Please install (as root):$missing"
        sudo=sudo
    fi
    say "Installing$missing ..."
    # shellcheck disable=SC2086  # a list of words
    {
        $sudo apt-get update -qq &&
            $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
                $missing >/dev/null
    } || die "apt-get could not install$missing"
}

# find_paraview: sets PVPYTHON, PV_PYTHON_VERSION (as 3.11), PV_VERSION (as 5.11.0), and puts
# plugin/py311 on PYTHONPATH for the ParaView that needs it.
find_paraview() {
    if [ -z "${PVPYTHON:-}" ]; then
        command -v pvpython >/dev/null 2>&1 || apt_install paraview python3-paraview ||
            die "No pvpython found.  Install ParaView 5.11 or newer (https://www.paraview.org/download, or your" \
                "system's package), then put its bin folder on the PATH or set PVPYTHON=/path/to/pvpython."
        PVPYTHON=$(command -v pvpython) || die "ParaView is installed, and still there is no pvpython on the PATH."
    fi
    export PVPYTHON
    probed=$("$PVPYTHON" scripts/probe.py 2>/dev/null | tr -d '\r' | grep '^probe: ') ||
        die "$PVPYTHON does not run: try  $PVPYTHON scripts/probe.py"
    # shellcheck disable=SC2086  # a list of words
    set -- $probed
    PV_PYTHON_VERSION=$2 PV_VERSION=$3
    if [ "$4" = shim ]; then
        PYTHONPATH=$PWD/plugin/py311${PYTHONPATH:+:$PYTHONPATH}
        export PYTHONPATH
    fi
    say "ParaView $PV_VERSION with Python $PV_PYTHON_VERSION: $PVPYTHON"
}

# headless COMMAND...: runs it, on a virtual screen where there is none.  Many builds of ParaView,
# Debian's among them, cannot draw a picture without one.
headless() {
    if [ -n "${DISPLAY:-}" ] || [ "$(uname)" != Linux ]; then
        "$@"
        return
    fi
    command -v Xvfb >/dev/null 2>&1 || apt_install xvfb || true
    if ! command -v Xvfb >/dev/null 2>&1; then
        "$@"
        return
    fi
    # Not xvfb-run: two of them that start at once may choose one screen.  This server says which it has.
    # -noreset: without it the server turns clients away for a moment whenever the last one has left.
    screen=$(mktemp -d)
    mkfifo "$screen/number"
    Xvfb -displayfd 3 -screen 0 1280x1024x24 -nolisten tcp -noreset 3>"$screen/number" >/dev/null 2>&1 &
    server=$!
    number=
    read -r number <"$screen/number" || true
    rm -r "$screen"
    status=0
    DISPLAY=${number:+:$number} "$@" || status=$?
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
    return "$status"
}
