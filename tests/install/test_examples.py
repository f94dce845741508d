"""Every example runs, and says so itself when its output is wrong."""

from __future__ import annotations

import os
import shutil

import pytest
from conftest import PVPYTHON, REPOSITORY, command

EXAMPLES = sorted(
    name for name in os.listdir(os.path.join(REPOSITORY, "examples")) if name.endswith(".py") and name != "common.py"
)


def test_quickstart_command(tmp_path):
    printed = command("sh", "examples/quickstart.sh", tmp_path, cwd=REPOSITORY)
    assert "All right" in printed
    assert {"terrain.png", "julia.png", "julia_stack.png"} <= set(os.listdir(tmp_path))


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name != "quickstart.py"])
def test_example(name, tmp_path):
    run = '. scripts/paraview.sh; headless "$PVPYTHON" "$@"'
    command("sh", "-eu", "-c", run, "sh", os.path.join("examples", name), tmp_path, cwd=REPOSITORY, PVPYTHON=PVPYTHON)


@pytest.mark.skipif(not shutil.which("mpiexec"), reason="needs mpiexec")
def test_statistics_over_three_processes(tmp_path):
    # Open MPI's safety catches against root and against more ranks than cores.
    environment = {
        "PVPYTHON": PVPYTHON,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    }
    script = os.path.join("examples", "mpi_statistics.py")
    pvbatch = '"${PVPYTHON%pvpython*}pvbatch${PVPYTHON##*pvpython}"'
    # The MPI that ParaView was built with, where it lies beside it.
    mpiexec = 'mpiexec=${PVPYTHON%pvpython*}mpiexec; [ -x "$mpiexec" ] || mpiexec=mpiexec'
    run = f'. scripts/paraview.sh; {mpiexec}; "$mpiexec" -n 3 {pvbatch} "$@"'
    printed = command("sh", "-eu", "-c", run, "sh", script, tmp_path, cwd=REPOSITORY, **environment)
    assert "over 3 processes" in printed
    assert "All right" in printed
