"""The memory that a server may use: the machine's, or less in a container or a batch job."""

from __future__ import annotations

import os

import pytest
from npyvtk_paraview import server_memory
from other_process import run

MACHINE = 64 << 30
LIMIT = 8 << 30

GROUPS = {
    "none": ("", {}, MACHINE),
    "v2": ("0::/job/step\n", {"/sys/fs/cgroup/job/step/memory.max": f"{LIMIT}\n"}, LIMIT),
    "v2 above": ("0::/job/step\n", {"/sys/fs/cgroup/job/memory.max": f"{LIMIT}\n",
                                    "/sys/fs/cgroup/job/step/memory.max": "max\n"}, LIMIT),
    "v2 container": ("0::/\n", {"/sys/fs/cgroup/memory.max": f"{LIMIT}\n"}, LIMIT),
    "v2 outside": ("0::/../../other\n", {"/sys/fs/cgroup/memory.max": f"{LIMIT}\n"}, LIMIT),
    "v2 unlimited": ("0::/job\n", {"/sys/fs/cgroup/job/memory.max": "max\n"}, MACHINE),
    "v1": ("5:cpu,memory:/docker/1f\n4:pids:/docker/1f\n",
           {"/sys/fs/cgroup/memory/docker/1f/memory.limit_in_bytes": f"{LIMIT}\n"}, LIMIT),
    "v1 container": ("9:memory:/docker/1f\n", {"/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{LIMIT}\n"}, LIMIT),
    "v1 unlimited": ("9:memory:/\n", {"/sys/fs/cgroup/memory/memory.limit_in_bytes": f"{2**63 - 4096}\n"}, MACHINE),
    "another controller": ("4:pids:/a\n", {"/sys/fs/cgroup/a/memory.max": f"{LIMIT}\n"}, MACHINE),
    "junk": ("nothing of the kind\n::\n", {}, MACHINE),
}  # fmt: skip


@pytest.fixture(autouse=True)
def machine(monkeypatch):
    for name in list(os.environ):
        if name.startswith(("OMPI", "MPI", "MV2", "PALS", "JSM", "SLURM")):
            monkeypatch.delenv(name)
    sizes = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": MACHINE // 4096}
    monkeypatch.setattr(os, "sysconf", sizes.__getitem__, raising=False)
    server_memory.memory.cache_clear()
    yield
    server_memory.memory.cache_clear()


@pytest.mark.parametrize("group", GROUPS)
def test_limits_of_groups(monkeypatch, group):
    listed, files, expected = GROUPS[group]
    files = {"/proc/self/cgroup": listed, **files}
    monkeypatch.setattr(server_memory, "_read", lambda path: files.get(path, ""))
    assert server_memory.memory() == expected


JOBS = {
    "none": ({}, MACHINE),
    "Slurm, of the node": ({"SLURM_MEM_PER_NODE": "2048"}, 2 << 30),
    "Slurm, all of it": ({"SLURM_MEM_PER_NODE": "0"}, MACHINE),
    "Slurm, of each core": ({"SLURM_MEM_PER_CPU": "1024", "SLURM_CPUS_ON_NODE": "6"}, 6 << 30),
    "Slurm, of cores that are not told": ({"SLURM_MEM_PER_CPU": "1024"}, MACHINE),
    "Slurm, more than there is": ({"SLURM_MEM_PER_NODE": str(2 * MACHINE >> 20)}, MACHINE),
    "Open MPI": ({"OMPI_COMM_WORLD_LOCAL_SIZE": "4"}, MACHINE // 4),
    "MPICH": ({"MPI_LOCALNRANKS": "8"}, MACHINE // 8),
    "srun": ({"SLURM_STEP_TASKS_PER_NODE": "16(x2),4", "SLURM_NODEID": "1"}, MACHINE // 16),
    "srun, the last node": ({"SLURM_STEP_TASKS_PER_NODE": "16(x2),4", "SLURM_NODEID": "2"}, MACHINE // 4),
    "srun, no such node": ({"SLURM_STEP_TASKS_PER_NODE": "16(x2),4", "SLURM_NODEID": "3"}, MACHINE),
    "a batch script, not its steps": ({"SLURM_TASKS_PER_NODE": "16(x2),4"}, MACHINE),
    "a job and its ranks": ({"SLURM_MEM_PER_NODE": "4096", "OMPI_COMM_WORLD_LOCAL_SIZE": "4"}, 1 << 30),
    "junk": ({"MPI_LOCALNRANKS": "many", "SLURM_MEM_PER_NODE": "4G", "SLURM_STEP_TASKS_PER_NODE": "x"}, MACHINE),
}  # fmt: skip


@pytest.mark.parametrize("job", JOBS)
def test_the_share_of_a_job_and_of_a_rank(monkeypatch, job):
    variables, expected = JOBS[job]
    monkeypatch.setattr(server_memory, "_read", lambda _path: "")
    for name, text in variables.items():
        monkeypatch.setenv(name, text)
    assert server_memory.memory() == expected


@pytest.mark.parametrize("kind", ["RLIMIT_AS", "RLIMIT_DATA"])
def test_the_limit_of_a_process_is_for_it_alone(monkeypatch, kind):
    resource = pytest.importorskip("resource")
    limits = {getattr(resource, kind): (3 << 30, -1)}
    monkeypatch.setattr(resource, "getrlimit", lambda asked: limits.get(asked, (resource.RLIM_INFINITY,) * 2))
    monkeypatch.setattr(server_memory, "_read", lambda _path: "")
    monkeypatch.setenv("OMPI_COMM_WORLD_LOCAL_SIZE", "4")
    assert server_memory.memory() == 3 << 30


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs a limit on the address space")
def test_a_limit_that_the_system_sets():
    """As ``ulimit -v`` does it, in a process of its own."""
    code = """
        import resource
        from npyvtk_paraview import server_memory
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, resource.RLIM_INFINITY))
        print(server_memory.memory())
    """
    assert run(code) == f"{1 << 30}\n"


def test_a_system_that_does_not_tell(monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert server_memory.memory() is None


def test_absent_files_are_no_limit(tmp_path):
    assert server_memory._read(str(tmp_path / "absent")) == ""
