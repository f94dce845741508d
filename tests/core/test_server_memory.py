"""The memory that a server may use: the machine's, or less in a container or a batch job."""

from __future__ import annotations

import os

import pytest
from npyvtk_paraview import server_memory

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


def test_a_system_that_does_not_tell(monkeypatch):
    monkeypatch.delattr(os, "sysconf")
    assert server_memory.memory() is None


def test_absent_files_are_no_limit(tmp_path):
    assert server_memory._read(str(tmp_path / "absent")) == ""
