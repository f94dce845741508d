"""Every block of code in README.md and docs/*.md runs, and prints what the page says.

The marks that the pages use are explained in tests/documents.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from conftest import PATIENCE, REPOSITORY, _environment

sys.path.insert(0, os.path.join(REPOSITORY, "tests"))
import documents

PAGES = documents.pages()
# Commands start other programs of ParaView, which takes its time.
RUN = [
    pytest.param(page, marks=pytest.mark.slow)
    if any(b.language == "sh" and not b.reason and not b.plain for b in documents.blocks(page))
    else page
    for page in PAGES
]
PORT = "11111"  # of the server in the pages
RUN_ELSEWHERE = ("text", "json", "xml", "cmake", "diff", "")


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """A folder of its own to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", RUN)
def test_page(page, pv, messages, scratch):  # noqa: ARG001 -- pv clears the pipeline
    namespace = {"__name__": "__main__", "said": messages.take}
    printed = None
    port = free_port()
    for block in documents.blocks(page):
        if block.reason or block.plain:
            continue
        if block.file:
            (scratch / block.file).write_text(block.code.replace(PORT, port), encoding="utf-8")
        elif block.language in ("test", "python"):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(block.compiled(), namespace)  # noqa: S102 -- our own pages
            printed = output.getvalue()
        elif block.language == "text" and printed is not None:
            assert printed.split() == block.code.split(), block.name
        elif block.language == "sh":
            run_shell(block.code.replace(PORT, port), scratch, block.name)


def free_port():
    """Return a port that no server uses, for the one of the pages."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def run_shell(commands, folder, name):
    """Run commands, ParaView's programs first on the PATH; what they start ends with them."""
    pvpython = shutil.which(os.environ.get("PVPYTHON", "pvpython"))
    environment = _environment()
    environment["PATH"] = os.pathsep.join([os.path.dirname(pvpython), environment["PATH"]])
    with (folder / "printed.txt").open("w+", encoding="utf-8") as output:
        shell = subprocess.Popen(
            ["sh", "-euc", commands],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            status = shell.wait(PATIENCE)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(shell.pid, signal.SIGTERM)
            shell.wait()
        output.seek(0)
        printed = output.read()
    assert status == 0, f"{name}\n{printed}"
    said = [line for line in printed.splitlines() if re.search(r"ERR\||WARN\||^Traceback", line)]
    assert said == [], f"{name}\n{printed}"


def headings(path):
    """List the headings of a page as links name them."""
    with open(path, encoding="utf-8") as file:
        found = re.findall(r"^#+ (.*)$", file.read(), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found]


def test_pages_are_sound():
    """Links lead somewhere, pictures are there, and every language is one that the tests know."""
    for page in PAGES:
        with open(os.path.join(REPOSITORY, page), encoding="utf-8") as file:
            text = file.read()
        for target, heading in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", text):
            if "://" in target:
                continue
            place = os.path.join(REPOSITORY, os.path.dirname(page), target) if target else REPOSITORY + "/" + page
            assert os.path.exists(place), f"{page} links to {target}"
            assert not heading or heading in headings(place), f"{page} links to {target}#{heading}"
        for block in documents.blocks(page):
            known = ("python", "sh", "test", "message", *RUN_ELSEWHERE)
            assert block.language in known, f"{block.name}: {block.language}"


def test_the_table_of_axes_is_the_same_wherever_it_stands():
    tables = []
    for page in ("README.md", "docs/axes.md"):
        with open(os.path.join(REPOSITORY, page), encoding="utf-8") as file:
            tables.append(re.search(r"^\| shape \| dtype .*?\n\n", file.read(), re.MULTILINE | re.DOTALL)[0])
    assert tables[0] == tables[1]


def test_every_example_is_listed():
    with open(os.path.join(REPOSITORY, "examples", "README.md"), encoding="utf-8") as file:
        listed = set(re.findall(r"^\| `(\w+\.py)`", file.read(), re.MULTILINE))
    there = {name for name in os.listdir(os.path.join(REPOSITORY, "examples")) if name.endswith(".py")}
    assert listed == there - {"common.py"}
