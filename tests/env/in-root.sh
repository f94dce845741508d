#!/bin/sh
# in-root.sh ROOT PROGRAM [ARGUMENT...]: runs a program of the Debian in the folder ROOT as if it were
# here: the same process, files below /tmp and the project under their own names, the same screen and
# network.  Needs root.  The mounts lie in a name space of their own and end with the program.
set -eu
# A program of the root that starts another is there already.
if [ "${NUMPYIO_IN_ROOT:-}" = "$1" ]; then
    shift
    exec "$@"
fi
if [ "${NUMPYIO_MOUNTING:-}" != yes ]; then
    NUMPYIO_MOUNTING=yes exec unshare --mount --propagation private sh "$0" "$@"
fi
unset NUMPYIO_MOUNTING
root=$1
shift
for folder in /proc /sys /dev /tmp "$(cd "$(dirname "$0")/../.." && pwd)"; do
    mkdir -p "$root$folder"
    mount --rbind "$folder" "$root$folder"
done
exec chroot "$root" env NUMPYIO_IN_ROOT="$root" PATH=/usr/sbin:/usr/bin:/sbin:/bin PVPYTHON=/usr/bin/pvpython \
    sh -c 'cd "$0" 2>/dev/null || cd /; exec "$@"' "$PWD" "$@"
