"""A handful of pieces of work, shared between the calling thread and a few helpers.

Reading and inflating release the interpreter's lock, so threads pay. Progress is reported, and abort
heard, in the calling thread only: ParaView's callbacks belong there. Formats are unknown here.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Callable

__all__ = ["REPORT_SECONDS", "Run", "available_threads"]

MAX_THREADS = 4  # memory bandwidth is used up by then
REPORT_SECONDS = 0.05  # often enough for a progress bar, rare enough to cost nothing


def available_threads() -> int:
    """How many threads this process may use for one read."""
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:  # macOS and Windows
        count = os.cpu_count() or 1
    return min(MAX_THREADS, count)


class _Stop(Exception):
    """The way out of a helper's loop: the run has failed or was aborted elsewhere."""


class Run:
    """One run over many tasks.

    A task is called without arguments; it calls `advance` with each number of bytes it has done.
    The first exception of any task, or of `progress`, stops all others and leaves `execute`.
    """

    def __init__(self, total: int, progress: Callable[[float], None] | None = None) -> None:
        self._total = max(1, total)
        self._progress = progress
        self._done = 0
        self._told = time.monotonic()
        self._lock = threading.Lock()
        self._caller = threading.get_ident()
        self._error: BaseException | None = None

    def advance(self, nbytes: int) -> None:
        """Count `nbytes` as done; report where due; raise where the run has been stopped."""
        with self._lock:
            self._done += nbytes
        if self._error is not None:
            raise _Stop
        if threading.get_ident() == self._caller:
            self._report()

    def _report(self) -> None:
        now = time.monotonic()
        if self._progress is not None and now - self._told >= REPORT_SECONDS:
            self._told = now
            self._progress(min(1.0, self._done / self._total))

    def execute(self, tasks: Iterable[Callable[[], None]], threads: int) -> None:
        """Run all `tasks`, in order of their start, on `threads` threads, the calling one included."""
        pending = iter(tasks)

        def work() -> None:
            try:
                while self._error is None:
                    with self._lock:
                        task = next(pending, None)
                    if task is None:
                        return
                    task()
            except _Stop:
                pass
            except BaseException as error:  # noqa: BLE001 - carried to the calling thread
                with self._lock:
                    self._error = self._error or error

        helpers = [threading.Thread(target=work, daemon=True) for _ in range(threads - 1)]
        for helper in helpers:
            with contextlib.suppress(RuntimeError):  # no thread to be had: the others do the work
                helper.start()
        work()
        for helper in helpers:
            self._join(helper)
        if self._error is not None:
            raise self._error
        if self._progress is not None:
            self._progress(1.0)

    def _join(self, helper: threading.Thread) -> None:
        while helper.is_alive():
            try:
                helper.join(REPORT_SECONDS)
                if self._error is None:
                    self._report()
            except BaseException as error:  # noqa: BLE001, PERF203 - an abort must wait for the helpers' last piece
                with self._lock:
                    self._error = self._error or error
