"""Write the corpus: one small file for every way in which a file can be wrong, and some sound ones.

    python tests/fuzz/make_corpus.py

Two sources: the tables of the core's tests, and the first random file of each kind of answer among
`FILES` of seed 1. ``outcomes.txt`` says for each file how it ends, one line each: the test reads it.
Run this again when a table has grown; files that no longer come up are kept, for what was once found
must stay found.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
CORE = os.path.join(HERE, os.pardir, "core")
sys.path[:0] = [HERE, CORE, os.path.join(HERE, os.pardir, os.pardir, "plugin")]

import mutate  # noqa: E402
import test_npy  # noqa: E402
import test_npz  # noqa: E402
import test_store_other_files  # noqa: E402
from bytefiles import Zip, npy  # noqa: E402
from run import CORPUS, outcome  # noqa: E402

MOST_BYTES = 6000  # of one file; the larger rows of the tables are tested there only
FILES = 20_000  # random ones to choose from, of each kind
CHOSEN = 60  # of them
PLATFORM = re.compile(rb"f1[26]|c32|'[<>=|]?[gGlLpP]'")  # types that are not the same on all machines


def from_tables():
    """(name, bytes) of each row."""
    for name, (raw, *_) in test_npy.REFUSED.items():
        yield f"header {name}.npy", raw
    for name, text in test_npy.FOREIGN.items():
        yield f"spelling {name}.npy", npy(text, bytes(24))
    for name, raw in test_npz.SOUND.items():
        yield f"sound {name}.npz", raw
    for name, (raw, *_) in test_npz.WRONG.items():
        yield f"archive {name}.npz", raw
    for name, (data, wrong, _) in test_npz.LEFT_OUT.items():
        yield f"member {name}.npz", Zip().add("a.npy", test_npz.RAW_A).add("bad.npy", data, **wrong).end()
    for name, (wrong, _) in test_npz.LIES.items():
        yield f"data {name}.npz", Zip().add("a.npy", test_npz.RAW_A, **wrong).end()
    for name, (raw, _) in test_store_other_files.KINDS.items():
        yield f"other {name}.npy", raw


def from_fuzzing(scratch):
    """(name, bytes) of the first file of each kind of answer."""
    for kind in ("header", "archive"):
        seen = set()
        for number in range(FILES):
            raw = getattr(mutate, kind)(1, number)
            path = os.path.join(scratch, "file")
            with open(path, "wb") as file:
                file.write(raw)
            ended, words = outcome(path)
            words = re.sub(r"'.*'|\".*\"|\(.*\)|-?\d+|[0-9a-f]{8}", "", words.replace(path, ""))[:40]
            if (ended, words) not in seen and len(raw) <= MOST_BYTES and not PLATFORM.search(raw):
                seen.add((ended, words))
                yield f"random {kind} {number}.np{'y' if kind == 'header' else 'z'}", raw
                if len(seen) == CHOSEN:
                    break


def main():
    os.makedirs(CORPUS, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        for name, raw in (*from_tables(), *from_fuzzing(scratch)):
            if len(raw) <= MOST_BYTES:
                with open(os.path.join(CORPUS, re.sub(r"[^\w.]+", "-", name, flags=re.ASCII)), "wb") as file:
                    file.write(raw)
    names = sorted(name for name in os.listdir(CORPUS) if name != "outcomes.txt")
    with open(os.path.join(CORPUS, "outcomes.txt"), "w", encoding="utf-8") as file:
        for name in names:
            file.write(f"{name}: {outcome(os.path.join(CORPUS, name))[0]}\n")
    print(f"{len(names)} files, {sum(os.path.getsize(os.path.join(CORPUS, name)) for name in names)} bytes")


if __name__ == "__main__":
    main()
