"""How much memory this server may use: that of the machine, or less where a container or a batch job is limited.

Linux limits groups of processes in one of two ways, "cgroup" v1 and v2, each a tree of folders.
"""

from __future__ import annotations

import functools
import os

__all__ = ["memory"]

# Where v1 mounts what limits memory, and where v2 mounts everything; the limit's file in a group's folder.
_V1 = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
_V2 = ("/sys/fs/cgroup", "memory.max")


@functools.lru_cache(maxsize=1)
def memory() -> int | None:
    """Return the bytes that this process may use; None where the system does not tell."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    return min([machine, *_limits()])


def _limits() -> list[int]:
    """List the limits of this process' groups, and of the groups that these are in."""
    found = []
    for line in _read("/proc/self/cgroup").splitlines():
        # 0::/user.slice (v2), or 9:memory:/docker/1234 (v1); within a container often the path outside of it.
        _number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = _V1 if controllers else _V2
        names = [part for part in path.split("/") if part not in ("", "..")]
        for depth in range(len(names) + 1):
            text = _read(os.path.join(top, *names[:depth], name)).strip()
            if text.isdecimal() and int(text):
                found.append(int(text))
    return found


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
