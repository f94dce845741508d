# Sourced by tests/run.sh and tests/matrix.sh from the project's root, after scripts/paraview.sh: the
# Python environments that the tests run in.  All of it is made in build/.
# shellcheck shell=sh

mkdir -p build
build=$PWD/build
venv_python=$build/venv/bin/python
export HYPOTHESIS_STORAGE_DIRECTORY="$build/hypothesis" PYTHONPYCACHEPREFIX="$build/pycache"
# Bytecode of Debian's own modules counts no more under that prefix: without it there, each of the many processes
# of ParaView would compile all that it imports.
unset PYTHONDONTWRITEBYTECODE

# pip_install PYTHON ARGUMENT...: without bytecode, which Python makes of what it imports.
pip_install() {
    python=$1
    shift
    "$python" -m pip --disable-pip-version-check --quiet --no-input install --no-compile "$@"
}

# find_python: sets plain_python, which can make virtual environments.
find_python() {
    plain_python=${PYTHON:-python3}
    command -v "$plain_python" >/dev/null 2>&1 || apt_install python3 python3-venv ||
        die "No $plain_python found: install Python 3.9 or newer, or set PYTHON=/path/to/python3."
    "$plain_python" -c 'import ensurepip, venv' 2>/dev/null || apt_install python3-venv ||
        die "$plain_python cannot make virtual environments: install its venv and ensurepip modules."
}

# make_environment NAME REQUIREMENTS: build/NAME, with the newest versions of what the file lists.
make_environment() {
    ! cmp -s "$2" "$build/$1/made-from.txt" || return 0
    find_python
    say "Making $build/$1 ..."
    rm -rf "${build:?}/$1"
    "$plain_python" -m venv "$build/$1"
    pip_install "$build/$1/bin/python" --upgrade -r "$2"
    cp "$2" "$build/$1/made-from.txt"
}

# make_venv: the plain Python of the tests.
make_venv() { make_environment venv tests/requirements.txt; }

# make_tools: what builds packages and the documentation's site, for tests/install.
make_tools() { make_environment tools tests/requirements-release.txt; }

# make_pytest_folder: pytest, Hypothesis and PyEVTK for ParaView's Python, which is of any version and has no pip.
make_pytest_folder() {
    NUMPYIO_PYTEST=$build/pytest-$PV_PYTHON_VERSION
    export NUMPYIO_PYTEST
    packages='pytest hypothesis'
    case $PV_PYTHON_VERSION in 3.9 | 3.10) packages="$packages exceptiongroup tomli typing_extensions" ;; esac
    [ "$(cat "$NUMPYIO_PYTEST/made-from.txt" 2>/dev/null)" != "$packages pyevtk" ] || return 0
    make_venv
    say "Making $NUMPYIO_PYTEST ..."
    rm -rf "$NUMPYIO_PYTEST"
    # shellcheck disable=SC2086  # a list of words
    pip_install "$venv_python" --target "$NUMPYIO_PYTEST" --no-warn-script-location \
        --python-version "$PV_PYTHON_VERSION" --only-binary=:all: $packages
    # ParaView's Python has its own NumPy.
    pip_install "$venv_python" --target "$NUMPYIO_PYTEST" --no-deps --only-binary=:all: pyevtk
    echo "$packages pyevtk" >"$NUMPYIO_PYTEST/made-from.txt"
}
