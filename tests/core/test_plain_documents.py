"""The blocks of README.md and docs/*.md that need no ParaView; see tests/documents.py."""

from __future__ import annotations

import contextlib
import importlib.util
import io
import os
import subprocess
import sys

import npyvtk
import pytest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
import documents

pytestmark = pytest.mark.once  # They are for plain Python.
# Inside pvpython there is no program "python" to run commands with.
HAS_PYTHON = os.path.basename(sys.executable).startswith("python") and os.path.exists(sys.executable)
PLAIN = [page for page in documents.pages() if any(block.plain for block in documents.blocks(page))]
NEEDS = sorted({block.needs for page in PLAIN for block in documents.blocks(page)} - {""})
MISSING = [module for module in NEEDS if importlib.util.find_spec(module) is None]


def test_there_are_pages():
    assert PLAIN


@pytest.mark.parametrize("module", NEEDS)
def test_what_blocks_need_is_here(module):
    if module in MISSING:
        pytest.skip(f"{module} is not installed: blocks of code that need it were not run")


@pytest.mark.parametrize("page", PLAIN)
def test_page(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "__main__"}
    printed = None
    for block in documents.blocks(page):
        if not block.plain or block.reason or block.needs in MISSING:
            continue
        if block.file:
            (tmp_path / block.file).write_text(block.code, encoding="utf-8")
        elif block.language == "message":
            with pytest.raises(npyvtk.NumPyIOError) as refusal:
                exec(block.compiled(), namespace)  # noqa: S102 -- our own pages
            for part in block.heading.strip("`").split("…"):
                assert part.strip() in str(refusal.value), block.name
        elif block.language in ("python", "test"):
            with contextlib.redirect_stdout(io.StringIO()) as output:
                exec(block.compiled(), namespace)  # noqa: S102 -- our own pages
            printed = output.getvalue()
        elif block.language == "text" and printed is not None:
            assert printed.split() == block.code.split(), block.name
        elif HAS_PYTHON:
            printed = run_shell(block, tmp_path)
        else:
            printed = None


def run_shell(block, folder):
    """Run a block of commands, in which ``python`` is the Python of the tests."""
    environment = {
        **os.environ,
        "PATH": os.pathsep.join([os.path.dirname(sys.executable), os.environ["PATH"]]),
        "PYTHONPATH": os.pathsep.join([documents.PLUGIN_FOLDER, *sys.path]),
    }
    done = subprocess.run(
        ["sh", "-eu"],
        input=block.code,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, f"{block.name}\n{done.stdout}{done.stderr}"
    return done.stdout
