"""A short run of the fuzzer, and every file that its corpus has kept; the long run is by command."""

from __future__ import annotations

import os
import sys
import sysconfig

import pytest
from other_process import run as run_code

FUZZ = os.path.join(os.path.dirname(__file__), os.pardir, "fuzz")
sys.path.insert(0, FUZZ)

import run  # noqa: E402

with open(os.path.join(run.CORPUS, "outcomes.txt"), encoding="utf-8") as listing:
    OUTCOMES = dict(line.rstrip("\n").split(": ") for line in listing)


@pytest.mark.parametrize(("kind", "count"), [("header", 4000), ("archive", 600)])
def test_random_files_are_read_or_refused(tmp_path, monkeypatch, capsys, kind, count):
    monkeypatch.chdir(tmp_path)
    ended, failures = run.run(kind, 2, range(count), "file", out=sys.stdout)
    assert failures == [], capsys.readouterr().out
    assert sum(ended.values()) == count
    assert ended["read"] > count / 20, "mutations that nothing survives test little"


def test_the_corpus_is_there():
    assert len(OUTCOMES) > 200
    assert set(OUTCOMES) == set(os.listdir(run.CORPUS)) - {"outcomes.txt"}
    assert set(OUTCOMES.values()) == {"read", "read in part", "FormatError", "UnsupportedError"}


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_file_ends_as_it_did(name):
    ended, line = run.outcome(os.path.join(run.CORPUS, name))
    assert ended == OUTCOMES[name], line
    assert "\n" not in line


@pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="needs a limit on the address space")
@pytest.mark.skipif(sysconfig.get_config_var("Py_GIL_DISABLED") == 1, reason="such a Python takes addresses beforehand")
def test_no_file_takes_more_memory_than_its_content():
    """With 64 MiB above what Python and NumPy take, where 256 MiB were allowed."""
    code = f"""
        import sys
        sys.path.insert(0, {FUZZ!r})
        import os, run
        run.MEMORY = 64 << 20
        assert run.limit_memory()
        try:
            bytearray(200 << 20)
        except MemoryError:
            pass
        else:
            sys.exit("the limit does not hold")
        for name in sorted(os.listdir(run.CORPUS)):
            run.outcome(os.path.join(run.CORPUS, name))
        print("all")
    """
    assert run_code(code) == "all\n"
