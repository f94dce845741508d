"""Feed random wrong headers and archives to the reader, and report what it does.

    python tests/fuzz/run.py --headers 1000000 --archives 100000 --seed 1

Every file must be read or be refused with a NumPyIOError of one line. What is read must be what NumPy
reads, where NumPy reads it. The process may not grow by more than `MEMORY` bytes, enforced by the
system where it can be. The end shows the number of executions and of failures; the exit status is 1
where there was one.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime as dt
import io
import os
import platform
import sys
import tempfile
import time
import traceback
import warnings
import zipfile

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, os.pardir, os.pardir, "plugin")]
import mutate  # noqa: E402
from npyvtk.errors import LimitError, NumPyIOError  # noqa: E402
from npyvtk.files import file_store, inflate, npy_header  # noqa: E402
from npyvtk.files.open_store import open_store  # noqa: E402

CORPUS = os.path.join(HERE, "corpus")
MEMORY = 256 << 20  # bytes that the process may grow by; no file here holds more than 11 MB honestly
READ_HEADER = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}


class Failure(Exception):
    """The reader did something that it must not do."""


def refused(error):
    """Check that an error is the kind that a reader may raise."""
    line = str(error)
    if not isinstance(error, NumPyIOError) or isinstance(error, LimitError):
        raise Failure(f"{type(error).__name__}: {line}") from error
    if "\n" in line or len(line) > 1000 or not line.startswith("file"):
        raise Failure(f"no good line: {line!r}") from error
    line.encode()
    return type(error).__name__


def try_header(raw):
    """One .npy header; how it ended."""
    try:
        found = npy_header.read_header(raw[: npy_header.HEAD_BYTES], lambda n: raw[:n], len(raw), "file")
    except Exception as error:  # noqa: BLE001
        return refused(error)
    if found.nbytes + found.size > len(raw):
        raise Failure(f"{found} promises more than {len(raw)} bytes")
    if raw[6] in READ_HEADER:
        try:
            expected = READ_HEADER[raw[6]](io.BytesIO(raw[8:]))
        except Exception:  # noqa: BLE001 - NumPy is stricter here, e.g. about escapes
            return "read, but not by NumPy"
        if expected != (found.shape, found.fortran_order, found.dtype):
            raise Failure(f"{found} is {expected} to NumPy")
    return "read"


def try_archive(raw, path):
    """One archive, all its arrays; how it ended."""
    with open(path, "wb") as file:
        file.write(raw)
    ended = "read"
    try:
        opened = open_store(path)
    except Exception as error:  # noqa: BLE001
        return refused(error)
    with opened:
        for reason in opened.skipped.values():
            if "\n" in reason:
                raise Failure(f"no good line: {reason!r}")
            ended = "read in part"
        for name, spec in opened.arrays.items():
            if spec.dtype.itemsize * int(np.prod(spec.shape, dtype=object)) > 1100 * len(raw):
                raise Failure(f"{spec} promises more than {len(raw)} bytes can hold")
            try:
                values = opened.array(name)
                part = tuple(slice(n // 3, n, 2) for n in spec.shape)
                expected = values[(*part, ...)]  # an array also where nothing is left of the axes
                blocks = expected
                if expected.size:  # NumPy 1.21 allocates the other axes also where one is 0
                    blocks = np.empty(expected.shape, spec.dtype)
                    opened.read(name, part, blocks.__setitem__)
            except Exception as error:  # noqa: BLE001
                ended = f"{refused(error)} while reading"
                continue
            # Assigning a 0-d array, or one with gaps between fields, does not keep every bit.
            if spec.shape and not spec.dtype.names and blocks.tobytes() != expected.tobytes():
                raise Failure(f"{spec}: a part differs from the whole")
            compare(path, name, values)
    return ended


def bits(values):
    """The bytes of the values; NumPy need not copy the gaps between fields."""
    if values.dtype.names is None:
        return values.tobytes()
    return [bits(values[name]) for name in values.dtype.names]


def compare(path, name, values):
    """With what zipfile and NumPy read, where they do."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            member = name + ".npy" if name + ".npy" in names else name
            expected = np.lib.format.read_array(io.BytesIO(archive.read(member)), allow_pickle=False)
    except Exception:  # noqa: BLE001 - they refuse more, or something else
        return
    if names.count(member) > 1 or (name in names and name + ".npy" in names) or not name.isascii():
        return  # one of several of that name; zipfile takes the bytes of UTF-8 for code page 437 without its flag
    if (expected.dtype, expected.shape, bits(expected)) != (values.dtype, values.shape, bits(values)):
        raise Failure(f"{name!r} is {expected!r} to NumPy, {values!r} here")


def outcome(path):
    """How reading everything in a file ends, and the answer in words."""
    try:
        with open_store(path) as opened:
            for name in opened.arrays:
                opened.array(name)
            reasons = list(opened.skipped.values())
    except NumPyIOError as error:
        return type(error).__name__, str(error)
    return ("read in part" if reasons else "read"), " ".join(reasons)


def limit_memory():
    """Let the system refuse more memory than the content can need; False where it cannot."""
    try:
        import resource

        with open("/proc/self/statm", encoding="ascii") as file:
            now = int(file.read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (now + MEMORY, resource.RLIM_INFINITY))
    except (ImportError, OSError, ValueError):
        return False
    return True


@contextlib.contextmanager
def checkpoints_everywhere():
    """Make checkpoints in the small files made here as they are made in large ones."""
    known = file_store.MIN_SEEK_BYTES, inflate.MIN_SPACING_BYTES, inflate.CHUNK_BYTES
    file_store.MIN_SEEK_BYTES, inflate.MIN_SPACING_BYTES, inflate.CHUNK_BYTES = 0, 1 << 15, 1 << 14
    try:
        yield
    finally:
        file_store.MIN_SEEK_BYTES, inflate.MIN_SPACING_BYTES, inflate.CHUNK_BYTES = known


@checkpoints_everywhere()
def run(kind, seed, numbers, path, *, out=None):
    """Run the files `numbers` of `seed`; how many ended how, and the failures' numbers."""
    ended, failures, begun = collections.Counter(), [], time.monotonic()
    for done, number in enumerate(numbers):
        raw = getattr(mutate, kind)(seed, number)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # NumPy's and zipfile's, about files that they read
                ended[try_header(raw) if kind == "header" else try_archive(raw, path)] += 1
        except Exception:  # noqa: BLE001 - all of them are findings
            failures.append(number)
            if out is not None:
                print(f"{kind} {number} of seed {seed}:", file=out)
                traceback.print_exc(file=out)
        if out is not None and sys.stderr.isatty() and done % 1000 == 0:
            print(f"\r{kind} {done} ({done / (time.monotonic() - begun + 1e-9):.0f}/s)", end="", file=sys.stderr)
    return ended, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", 1)[0])
    parser.add_argument("--headers", type=int, default=1_000_000)
    parser.add_argument("--archives", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="first", help="number of the first file")
    options = parser.parse_args()
    limited = limit_memory()
    print(
        f"{dt.datetime.now(dt.timezone.utc):%Y-%m-%d %H:%M} UTC, Python {platform.python_version()},"
        f" NumPy {np.__version__}, seed {options.seed}, memory"
        f" {'limited to ' + str(MEMORY >> 20) + ' MiB above the start' if limited else 'not limited'}"
    )
    bad = 0
    folder = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108 - spares the disk
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        os.chdir(scratch)
        for kind, count in (("header", options.headers), ("archive", options.archives)):
            begun = time.monotonic()
            ended, failures = run(
                kind, options.seed, range(options.first, options.first + count), "file", out=sys.stdout
            )
            print(
                f"{kind}s: {count} executions in {time.monotonic() - begun:.0f} s, {len(failures)} failures;"
                f" {', '.join(f'{name}: {n}' for name, n in ended.most_common())}",
                flush=True,
            )
            bad += len(failures)
        os.chdir(HERE)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
