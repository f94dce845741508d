#!/bin/sh
# The tests in every supported ParaView, each from Debian's packages in a root of its own, and the core
# with the oldest VTK and NumPy; with the newest tests/run.sh has it.  Needs root, for chroot, and debootstrap.
#
#   sh tests/matrix.sh [--only=NAME]... [--jobs=N] [--may-fail=NAME]... [--no-gui] [pytest arguments]
#
#   wheels  the core with the oldest vtk and NumPy wheels for Python 3.9, or the Python that there is
#   5.11    ParaView of Debian 12
#   5.13    ParaView of Debian 13
#   6.1     ParaView of Debian testing, which moves: where it cannot be installed, that is said, no fault
#
#   --jobs=N         how many of them at once; 2 unless told
#   --may-fail=NAME  its failure is told, and is no fault
#
# The roots are kept in build/roots, or in NUMPYIO_ROOTS; remove a root to have it made anew.
# Logs are in build/matrix, the pictures of the window in build/gui.
set -eu
cd "$(dirname "$0")/.."
. scripts/paraview.sh
. tests/env/environments.sh

names='' gui=--gui jobs=2 may_fail='' lane=''
for argument do
    shift
    case $argument in
        --only=*) names="$names ${argument#--only=}" ;;
        --jobs=*) jobs=${argument#--jobs=} ;;
        --may-fail=*) may_fail="$may_fail ${argument#--may-fail=}" ;;
        --lane=*) lane=${argument#--lane=} ;;  # this script's own: test one of them, and leave the result in a file
        --gui) ;;
        --no-gui) gui='' ;;
        -h | --help) sed -n '2,/^set/s/^# \{0,1\}//p' tests/matrix.sh; exit 0 ;;
        *) set -- "$@" "$argument" ;;
    esac
done
[ -n "$names" ] || names='5.11 5.13 6.1 wheels'
roots=${NUMPYIO_ROOTS:-$build/roots}
mkdir -p "$roots" "$build/matrix"
roots=$(cd "$roots" && pwd)

suite_of() {
    case $1 in
        5.11) echo bookworm ;;
        5.13) echo trixie ;;
        6.1) echo testing ;;
        *) die "There is no $1 here; see  sh tests/matrix.sh --help" ;;
    esac
}

# The icons of the window, which Debian only recommends.
icons_of() {
    case $1 in
        bookworm) echo libqt5svg5 ;;
        *) echo qt6-svg-plugins ;;
    esac
}

# make_root SUITE: a small Debian with its ParaView.
make_root() {
    root=$roots/root-$1
    [ ! -e "$root/numpyio-complete" ] || return 0
    [ "$(id -u)" -eq 0 ] || { say 'Run it as root: chroot needs that.'; return 1; }
    command -v debootstrap >/dev/null 2>&1 || apt_install debootstrap debian-archive-keyring ||
        { say 'Install debootstrap.'; return 1; }
    say "Making $root ..."
    if [ ! -e "$root/usr/bin/apt-get" ] || [ -e "$root/debootstrap" ]; then
        rm -rf "$root"
        # All suites share one script; an older debootstrap does not know the younger names.
        debootstrap --variant=minbase --include=ca-certificates "$1" "$root" '' \
            /usr/share/debootstrap/scripts/sid || return 1
    fi
    # The lists of testing are valid for a week only, and a mirror may be late.
    sh tests/env/in-root.sh "$root" apt-get update -qq -o Acquire::Check-Valid-Until=false &&
        sh tests/env/in-root.sh "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
            --no-install-recommends paraview python3-paraview openmpi-bin $(icons_of "$1") &&
        # Older resolvers know no host without it, not even this one.
        { [ -e "$root/etc/hosts" ] || echo '127.0.0.1 localhost' >"$root/etc/hosts"; } &&
        : >"$root/numpyio-complete"
}

# make_programs NAME ROOT: build/matrix/NAME/bin, whose programs are those of the root.
make_programs() {
    mkdir -p "$build/matrix/$1/bin"
    for program in pvpython pvbatch pvserver paraview mpiexec; do
        printf '#!/bin/sh\nexec sh "%s" "%s" /usr/bin/%s "$@"\n' \
            "$PWD/tests/env/in-root.sh" "$2" "$program" >"$build/matrix/$1/bin/$program"
        chmod +x "$build/matrix/$1/bin/$program"
    done
}

test_paraview() {
    name=$1
    shift
    make_programs "$name" "$roots/root-$(suite_of "$name")"
    # Two layers of each, for there are others beside.
    PVPYTHON=$build/matrix/$name/bin/pvpython sh tests/run.sh --jobs=2 \
        ${gui:+--only=gui} --only=paraview --only=pvcore --only=pvinstall "$@"
}

# oldest_of PACKAGE FLOOR: the oldest version with a wheel for plain_python, not older than FLOOR.
oldest_of() {
    {
        echo "$2"
        "$plain_python" -m pip index versions "$1" --only-binary=:all: --disable-pip-version-check 2>/dev/null |
            sed -n 's/^Available versions: //p' | tr -d ' ' | tr ',' '\n'
    } | sort -V | sed "1,/^$2\$/d" | head -n 1
}

test_wheels() {
    # A real Python 3.9 is the best witness of what 3.9 can do; where there is none, any will do.
    for PYTHON in "${PYTHON39:-python3.9}" "$HOME"/.pyenv/versions/3.9.*/bin/python "${PYTHON:-python3}"; do
        "$PYTHON" -c 'import ensurepip, venv' >/dev/null 2>&1 && break
    done
    find_python
    wheels="vtk==$(oldest_of vtk 9.2) numpy==$(oldest_of numpy 1.21)"
    folder=$build/wheels-oldest
    printf '\n==== core with the oldest wheels: %s, %s\n' "$wheels" "$("$plain_python" --version)"
    if [ "$(cat "$folder/made-from.txt" 2>/dev/null)" != "$wheels" ]; then
        rm -rf "$folder"
        "$plain_python" -m venv "$folder"
        # Without what vtk asks for beside: no test needs Matplotlib, and it asks for a newer NumPy.
        # shellcheck disable=SC2086  # a list of words
        pip_install "$folder/bin/python" --no-deps --only-binary=:all: $wheels
        pip_install "$folder/bin/python" pytest hypothesis
        echo "$wheels" >"$folder/made-from.txt"
    fi
    # What is marked slow runs in the layer core of tests/run.sh.
    "$folder/bin/python" -m pytest tests/core -m 'not slow' "$@"
}

# run FUNCTION ARGUMENT...: sets status.  Stops at the first failing command, as "if function" does not.
run() {
    set +e
    (set -e; "$@") >>"$log" 2>&1
    status=$?
    set -e
}

# test_lane NAME: writes build/matrix/NAME.log, and the result into build/matrix/NAME.result.
test_lane() {
    name=$1
    shift
    log=$build/matrix/$name.log
    result=passed
    case $name in
        wheels) run test_wheels "$@" ;;
        *) run test_paraview "$name" "$@" ;;
    esac
    [ "$status" -eq 0 ] || result=FAILED
    echo "$result" >"$build/matrix/$name.result"
    printf '######## %s  %s\n' "$name" "$result"
}

if [ -n "$lane" ]; then
    test_lane "$lane" "$@"
    exit
fi

# What all share is made first, by one.
make_venv
make_tools
apt_install openmpi-bin xvfb xdotool imagemagick openbox || true
lanes=''
for name in $names; do
    log=$build/matrix/$name.log
    : >"$log"
    rm -f "$build/matrix/$name.result"
    status=0
    [ "$name" = wheels ] || run make_root "$(suite_of "$name")"
    if [ "$status" -eq 0 ]; then
        lanes="$lanes $name"
    else
        echo 'NOT INSTALLED' >"$build/matrix/$name.result"
    fi
done
printf 'Testing%s, %s at a time; logs: %s\n' "$lanes" "$jobs" "$build/matrix"
# shellcheck disable=SC2086  # a list of words
[ -z "$lanes" ] || printf '%s\n' $lanes |
    xargs -P "$jobs" -I '{}' sh tests/matrix.sh --lane='{}' ${gui:---no-gui} "$@" || true

table='' failed='' faults=''
for name in $names; do
    log=$build/matrix/$name.log
    result=$(cat "$build/matrix/$name.result" 2>/dev/null || echo FAILED)
    case $result in
        passed) ;;
        *)
            printf '\n######## %s: the end of its log\n' "$name"
            tail -n 80 "$log"
            faults="$faults
$(grep -E '^(FAILED|ERROR) ' "$log" | sort -u | sed "s/^/$name: /")" ;;
    esac
    case "$name,$result,$may_fail " in
        *,passed,* | 6.1,NOT* | *" $name "*) ;;
        *) failed="$failed $name" ;;
    esac
    counts=$(grep -E '[0-9]+ (passed|failed|error).* in [0-9.]+s' "$log" | tr -d = | sed 's/^ *//; s/ *$//' | paste -sd ';' -)
    table="$table
$(printf '%-7s %-14s %s' "$name" "$result" "$counts")"
done

case $table in *'NOT INSTALLED'*)
    printf '\n!!!! A ParaView COULD NOT BE INSTALLED and was not tested; see its log. !!!!\n' ;;
esac
case $table in *FAILED*) printf '\n!!!! FAILED, see above. !!!!\n' ;; esac
printf '\n%s\n%s\n' "$table" "$faults"
[ -z "$failed" ] || die "FAILED:$failed"
