"""How much memory this server may use: its share of the machine, or less where a container or a batch job is limited.

Linux limits groups of processes in one of two ways, "cgroup" v1 and v2, each a tree of folders; and each process by
itself, as ``ulimit -v`` does. Slurm says in variables what a job has on a node. All of a node but the limit of each
process is for all ranks that run there.
"""

from __future__ import annotations

import functools
import os
import re

__all__ = ["default_limit", "memory"]

# Where v1 mounts what limits memory, and where v2 mounts everything; the limit's file in a group's folder.
_V1 = ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
_V2 = ("/sys/fs/cgroup", "memory.max")
# How many ranks a launcher has started on this node: Open MPI, MPICH and Intel MPI, MVAPICH, Cray's, IBM's.
_LOCAL_RANKS = (
    "OMPI_COMM_WORLD_LOCAL_SIZE",
    "MPI_LOCALNRANKS",
    "MV2_COMM_WORLD_LOCAL_SIZE",
    "PALS_LOCAL_SIZE",
    "JSM_NAMESPACE_LOCAL_SIZE",
)


@functools.lru_cache(maxsize=1)
def memory() -> int | None:
    """Return the bytes that this process may use; None where the system does not tell."""
    try:
        machine = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None
    node = min([machine, *_group_limits(), *_job_limits()])
    return min([node // _local_ranks(), *_process_limits()])


def default_limit() -> int | None:
    """Return what a reader may take unless it is told otherwise: three quarters of `memory`, in bytes; None: all."""
    most = memory()
    return most and most * 3 // 4


def _group_limits() -> list[int]:
    """List the limits of this process' groups, and of the groups that these are in."""
    found: list[int] = []
    for line in _read("/proc/self/cgroup").splitlines():
        # 0::/user.slice (v2), or 9:memory:/docker/1234 (v1); within a container often the path outside of it.
        _number, controllers, path = (*line.split(":", 2), "", "")[:3]
        if controllers and "memory" not in controllers.split(","):
            continue
        top, name = _V1 if controllers else _V2
        names = [part for part in path.split("/") if part not in ("", "..")]
        folders = (os.path.join(top, *names[:depth]) for depth in range(len(names) + 1))
        found += [_number_of(_read(os.path.join(folder, name))) for folder in folders]
    return [limit for limit in found if limit]


def _job_limits() -> list[int]:
    """List what Slurm has given to this job on this node, where it counts memory, in bytes."""
    of_node = _variable("SLURM_MEM_PER_NODE")
    of_cpus = _variable("SLURM_MEM_PER_CPU") * _variable("SLURM_CPUS_ON_NODE")
    return [mib << 20 for mib in (of_node, of_cpus) if mib]


def _process_limits() -> list[int]:
    """List the limits of this process alone."""
    try:
        import resource
    except ImportError:  # Windows
        return []
    kinds = [getattr(resource, name) for name in ("RLIMIT_AS", "RLIMIT_DATA") if hasattr(resource, name)]
    limits = [resource.getrlimit(kind)[0] for kind in kinds]
    return [limit for limit in limits if 0 < limit < 2**63 - 1]  # no limit is -1, or the largest number


def _local_ranks() -> int:
    """Return how many ranks share this node, 1 where no launcher says it."""
    told = [_variable(name) for name in _LOCAL_RANKS]
    # Slurm has one text for all nodes of a step, such as 16(x2),4: two nodes with 16 ranks each, and one with 4.
    counts: list[int] = []
    for count, repeated in re.findall(r"(\d{1,9})(?:\(x(\d{1,9})\))?", os.environ.get("SLURM_STEP_TASKS_PER_NODE", "")):
        counts += [int(count)] * min(int(repeated or 1), 1 << 20)
    node = _variable("SLURM_NODEID")
    told += counts[node : node + 1]
    return max([1, *told])


def _variable(name: str) -> int:
    return _number_of(os.environ.get(name, ""))


def _number_of(text: str) -> int:
    """Return a whole number, 0 for any other text."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) < 30 else 0


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""
