"""What the tests inside pvpython share: the loaded plugin, its messages, and other programs of ParaView.

Messages are watched: a test in which ParaView says something that the test did not ask for fails.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import socket
import subprocess
import sys
import textwrap
import time

import pytest

# Debian's ParaView 5.11.0 on Python 3.11; see plugin/py311.
REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PLUGIN = os.path.join(REPOSITORY, "plugin", "NumPyIO.py")
PATIENCE = 600  # seconds until another program is said to hang; the machine may be busy with anything

# Written by the proxies, by ParaView's and VTK's logging and by Python; anything else on stderr is not a message.
_MESSAGE = re.compile(
    r"^NumPy (Reader|Archive Writer|Array Writer|Extractor): "
    r"|ERR\||WARN\||ERROR:|Warning:|^Traceback|^\w*(Error|Exception)\b",
    re.IGNORECASE,
)
# Integrate Variables of 5.13 sends values under MPI that it has not set yet, now and then; a Wavelet shows it.
_PARAVIEWS_OWN = re.compile(r"vtkDataWriter.*Skipping key 'vtkDataArray::L2_NORM_(FINITE_)?RANGE'")


@pytest.fixture(scope="session")
def paraview_simple():
    """``paraview.simple`` with the plugin loaded."""
    from paraview import simple

    simple._DisableFirstRenderCameraReset()
    simple.LoadPlugin(PLUGIN, remote=False, ns=vars(simple))
    return simple


@pytest.fixture
def pv(paraview_simple, messages):  # noqa: ARG001 -- messages must end after the sources are gone
    """``paraview.simple`` with the plugin loaded; the pipeline is empty before and after."""
    yield paraview_simple
    while sources := paraview_simple.GetSources():
        # Those that nothing depends on come last in the list of their registration.
        for source in reversed(list(sources.values())):
            paraview_simple.Delete(source)
    for view in paraview_simple.GetViews():
        paraview_simple.Delete(view)
    # What they leave behind: a state holds all of it, and loading one makes it twice.
    manager = paraview_simple.servermanager.ProxyManager()
    for group in ("scalar_bars", "lookup_tables", "piecewise_functions", "transfer_2d_functions", "layouts"):
        for (name, _id), proxy in manager.GetProxiesInGroup(group).items():
            manager.UnRegisterProxy(group, name, proxy)


@pytest.fixture
def fetch():
    """``fetch(source, time)``: the data object."""

    def get(source, time=None):
        source.UpdatePipeline() if time is None else source.UpdatePipeline(time)
        return source.GetClientSideObject().GetOutputDataObject(0)

    return get


class Messages:
    """What ParaView printed since it was last asked."""

    def __init__(self, capture):
        self._capture = capture

    def take(self):
        """List the lines of errors and warnings so far, and forget them."""
        sys.stdout.flush()
        sys.stderr.flush()
        return said_in(self._capture.readouterr().err)


@pytest.fixture
def messages(capfd):
    """Messages of ParaView; those that the test does not ``take()`` make it fail."""
    kept = Messages(capfd)
    yield kept
    assert kept.take() == [], "ParaView said something that the test did not expect"


def _program(name):
    """Find the ParaView program `name` beside the pvpython that the tests run in."""
    pvpython = os.environ.get("PVPYTHON") or shutil.which("pvpython")
    folder, base = os.path.split(shutil.which(pvpython))
    return shutil.which(base.replace("pvpython", name), path=folder) or shutil.which(name)


def _environment():
    """Return the environment for other programs of ParaView.

    pvpython is an MPI program too: what MPI told it in variables would make mpiexec fail.
    Open MPI's safety catches against root and against more ranks than cores are taken off, and ranks that wait
    leave the core to others.
    """
    kept = {k: v for k, v in os.environ.items() if not re.match(r"(OMPI|ORTE|PMIX|PRTE)_", k)}
    return {
        **kept,
        "OMPI_ALLOW_RUN_AS_ROOT": "1",
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
        "OMPI_MCA_rmaps_base_oversubscribe": "1",
        "OMPI_MCA_mpi_yield_when_idle": "1",
        "PRTE_MCA_rmaps_default_mapping_policy": ":oversubscribe",
    }


def _mpi(ranks):
    if not ranks:
        return []
    mpiexec = shutil.which("mpiexec")
    assert mpiexec, "the MPI tests need mpiexec: install ParaView's own MPI (Debian: openmpi-bin)"
    return [mpiexec, "-n", str(ranks)]


_PRELUDE = """
import os, sys
import numpy as np
from paraview import servermanager
from paraview.simple import *
{connect}
LoadPlugin({plugin!r}, remote=False, ns=globals())
"""


@pytest.fixture
def run(tmp_path):
    """`run_in`, in the folder tmp_path."""
    return functools.partial(_run_in, tmp_path)


@pytest.fixture(scope="session")
def run_in():
    """``run_in(folder, script, ...)``: run a script in a ParaView process of its own, in that folder.

    The script finds ``paraview.simple``, ``numpy`` as ``np``, and the loaded plugin.

    Parameters
    ----------
    program : "pvpython" or "pvbatch"
    ranks : number of MPI ranks; 0: without mpiexec
    sym : every rank runs the script
    server : URL of a pvserver to connect to and load the plugin on
    check : fail when the script fails, or prints a message
    left_behind : how many warnings must say what a .npy leaves behind

    """
    return _run_in


def _run_in(folder, script, *, program="pvpython", ranks=0, sym=False, server=None, check=True, left_behind=0):
    path = folder / "script.py"
    connect = ""
    if server:
        connect = "Connect({!r}, {!r})\n".format(*server) + f"LoadPlugin({PLUGIN!r}, remote=True, ns=globals())"
    prelude = _PRELUDE.format(connect=connect, plugin=PLUGIN)
    path.write_text(prelude + textwrap.dedent(script), encoding="utf-8")
    command = [*_mpi(ranks), _program(program), *(["--sym"] if sym else []), str(path)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            output, errors = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.terminate()  # which mpiexec hands on to its ranks; a kill would leave them behind
            output, errors = process.communicate(timeout=60)
            pytest.fail(f"not done after {PATIENCE} s\n{output}{errors}")
    done = subprocess.CompletedProcess(command, process.returncode, output, errors)
    if check:
        said = said_in(done.stderr)
        warned = [line for line in said if "a .npy has no place for the rest: " in line]
        said = [line for line in said if line not in warned]
        assert len(warned) == left_behind, done.stdout + done.stderr
        assert done.returncode == 0, done.stdout + done.stderr
        assert said == [], done.stdout + done.stderr
    return done


def said_in(text):
    """List the messages of ParaView in what a process printed."""
    text = re.sub("\x1b\\[[0-9;]*m", "", text)
    return [line for line in text.splitlines() if _MESSAGE.search(line) and not _PARAVIEWS_OWN.search(line)]


@pytest.fixture
def pvserver(tmp_path):
    """`pvserver_in`, in the folder tmp_path."""
    return functools.partial(_serve, tmp_path)


@pytest.fixture(scope="session")
def pvserver_in():
    """``with pvserver_in(folder, ranks) as server``: run a pvserver, and give what ``run(server=...)`` takes."""
    return _serve


@contextlib.contextmanager
def _serve(folder, ranks=1, options=()):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [*_mpi(ranks if ranks > 1 else 0), _program("pvserver"), f"--server-port={port}", *options]
    log = folder / "pvserver.log"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, cwd=folder, env=_environment())
    try:
        waited = time.monotonic() + PATIENCE
        while "Accepting connection" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < waited, log.read_text()
            time.sleep(0.1)
        yield "127.0.0.1", port
        process.wait(PATIENCE)  # it ends when its client leaves
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(60)
