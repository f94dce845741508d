"""The files that many ranks write, on file systems of networks, and when the ranks are killed."""

from __future__ import annotations

import io
import os
import pathlib
import signal
import threading

import pytest
from npyvtk.files import publish
from npyvtk.options import WriteOptions
from npyvtk.parallel import write
from other_process import start
from test_parallel import cut, extents, save
from test_roundtrip import image


class OnTheNetwork(io.BytesIO):
    """A file as one client of a network sees it: what others write is there for who opens it after they closed it."""

    plain = staticmethod(open)
    lock = threading.Lock()

    def __init__(self, name, mode="r", opener=None):
        if opener is not None:  # by a descriptor, as `publish` does
            with self.plain(name, mode, opener=opener):
                pass
        self.name, self.put = name, []
        super().__init__(pathlib.Path(name).read_bytes())

    def write(self, data):
        self.put.append((self.tell(), bytes(data)))
        return super().write(data)

    def close(self):
        with self.lock:
            if self.put and not self.closed:
                with self.plain(self.name, "r+b") as server:
                    for place, data in self.put:
                        server.seek(place)
                        server.write(data)
        super().close()

    def flush(self):
        """Keep it on this machine, where who opens the file next sees it."""
        if self.put and not self.closed:
            with self.lock, self.plain(self.name, "r+b") as server:
                for place, data in self.put:
                    server.seek(place)
                    server.write(data)


@pytest.mark.parametrize("compression", [0, 6])
@pytest.mark.parametrize("ranks", [2, 3])
def test_what_others_wrote_is_read_after_they_closed_the_file(tmp_path, monkeypatch, ranks, compression):
    whole = (0, 6, 0, 5, 0, 8)
    pieces = [cut(lambda: image(whole), one) for one in extents(whole, ranks)]
    save(tmp_path / "expected.npz", pieces, WriteOptions(compression=compression))
    for module in (write, publish):
        monkeypatch.setattr(module, "open", OnTheNetwork, raising=False)
    save(tmp_path / "a.npz", pieces, WriteOptions(compression=compression))
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "expected.npz").read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "expected.npz"]


KILLED = """
    import os, signal, sys, threading
    sys.path.insert(0, {tests!r})
    from npyvtk.options import WriteOptions
    from test_parallel import cut, extents, image, save
    whole = (0, 6, 0, 5, 0, 8)
    def progress(_fraction):
        if len(os.listdir({folder!r})) == {left}:
            os.kill(os.getpid(), signal.SIGKILL)
    pieces = [cut(lambda: image(whole), one) for one in extents(whole, 2)]
    save({path!r}, pieces, WriteOptions(compression={compression}), progress)
"""


@pytest.mark.posix
@pytest.mark.parametrize(("compression", "left"), [(0, 1), (6, 1), (6, 2)])
def test_what_killed_ranks_left_is_removed_by_the_next_save(tmp_path, compression, left):
    path = tmp_path / "a.npz"
    fields = {"tests": os.path.dirname(__file__), "folder": str(tmp_path), "path": str(path)}
    process = start(KILLED.format(**fields, compression=compression, left=left))
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert len(os.listdir(tmp_path)) == left
    whole = (0, 6, 0, 5, 0, 8)
    save(path, [cut(lambda: image(whole), one) for one in extents(whole, 2)], WriteOptions(compression=compression))
    assert os.listdir(tmp_path) == ["a.npz"]
