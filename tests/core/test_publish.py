"""A save never costs the file that was there: whatever happens, the old file or the new one."""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import stat
import subprocess
import threading
import time

import numpy as np
import pytest
from npyvtk.errors import Aborted, FileError
from npyvtk.files import publish
from npyvtk.files.open_store import open_store
from npyvtk.files.publish import atomic_output
from other_process import start


def save(path, data=b"new"):
    with atomic_output(path) as file:
        file.write(data)


def names(folder):
    return sorted(os.listdir(folder))


@pytest.fixture
def target(tmp_path):
    path = tmp_path / "a.npy"
    path.write_bytes(b"old")
    return path


def test_a_new_file(tmp_path):
    save(tmp_path / "a.npy")
    assert (tmp_path / "a.npy").read_bytes() == b"new"
    assert names(tmp_path) == ["a.npy"]


def test_the_old_file_stands_until_the_new_one_is_whole(target):
    with atomic_output(target) as file:
        file.write(b"new")
        file.flush()
        assert target.read_bytes() == b"old"
        assert len(names(target.parent)) == 2
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.npy"]


def test_the_file_can_be_read_and_sought(target):
    with atomic_output(str(target)) as file:
        file.write(b"0123")
        file.seek(1)
        assert file.read(2) == b"12"
        file.seek(0)
        file.write(b"x")
    assert target.read_bytes() == b"x123"


@pytest.mark.parametrize("error", [None, ValueError("x")], ids=repr)
def test_a_file_on_the_way_vanishes(target, error):
    with contextlib.suppress(ValueError), atomic_output(target, scratch=True) as file:
        file.write(b"for a while")
        file.flush()
        [other] = set(names(target.parent)) - {"a.npy"}
        assert os.path.samefile(file.name, target.parent / other)
        assert re.fullmatch(r"\.a\.npy\.[0-9a-f]{8}-\d{10}-[0-9a-f]{8}\.part", other), "what the next save removes"
        if error:
            raise error
    assert names(target.parent) == ["a.npy"]
    assert target.read_bytes() == b"old"


ON_THE_WAY = """
    import numpy as np, os, signal
    from npyvtk import to_vtk
    from npyvtk.options import WriteOptions
    from npyvtk.stack import Stack
    with Stack({path!r}, 2, WriteOptions(compression=1)) as stack:
        stack.add(to_vtk(np.zeros((4, 5, 6))), 0)
        print(len(os.listdir(os.path.dirname({path!r}))), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.posix
def test_what_a_killed_stacking_left_is_removed_by_the_next_save(tmp_path):
    process = start(ON_THE_WAY.format(path=str(tmp_path / "a.npz")))
    assert process.communicate()[0] == "2\n"
    assert [os.path.splitext(left)[1] for left in names(tmp_path)] == [".part", ".part"]
    save(tmp_path / "a.npz")
    assert names(tmp_path) == ["a.npz"]


def test_a_name_without_a_folder(target, monkeypatch):
    monkeypatch.chdir(target.parent)
    save("a.npy")
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("error", [ValueError("x"), KeyboardInterrupt(), Aborted("stopped"), MemoryError()], ids=repr)
def test_any_exception_leaves_the_old_file(target, error):
    def fail():
        with atomic_output(target) as file:
            file.write(b"half of the new")
            raise error

    with pytest.raises(type(error)):
        fail()
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["a.npy"]


@pytest.mark.parametrize(
    ("code", "line"),
    [
        (errno.ENOSPC, "the disk is full"),
        (errno.EDQUOT, "quota"),
        (errno.EIO, "input/output error"),
        (errno.EFBIG, "larger than the system allows"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "permission denied"),
    ],
)
def test_errors_of_the_system_are_one_line(target, code, line):
    with pytest.raises(FileError, match=line) as caught, atomic_output(target):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).startswith(f"{target}: ")
    assert "\n" not in str(caught.value)
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["a.npy"]


def test_an_error_at_the_replacing_leaves_the_old_file(target, monkeypatch):
    def replace(*_):
        raise PermissionError(errno.EACCES, "in use")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(FileError, match="in use"):
        save(target)
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["a.npy"]


PLACES = {
    "missing folder": ("missing/a.npy", "the folder .*missing does not exist. Create it"),
    "a file as folder": ("a.npy/b.npy", "not a folder|does not exist"),
    "a folder": ("folder", "this is a folder"),
    "a folder's name": ("new/", "this is a folder|does not exist"),
    "name too long": ("n" * 300 + ".npy", "longer than the file system allows"),
    "path too long": ("n/" * 3000 + "a.npy", "longer than the file system allows|does not exist"),
    "a NUL in the name": ("a\0b.npy", "no file name can hold"),
    "a link to itself": ("loop.npy", "leads back to itself"),
    "a pipe": ("pipe", "device, pipe or socket"),
}


@pytest.mark.posix
@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_places_where_no_file_can_be(target, place):
    folder = target.parent
    (folder / "folder").mkdir()
    (folder / "loop.npy").symlink_to("loop.npy")
    os.mkfifo(folder / "pipe")
    before = names(folder)
    with pytest.raises(FileError, match=place[1]) as caught:
        save(os.path.join(folder, place[0]))
    assert "\n" not in str(caught.value)
    assert names(folder) == before
    assert target.read_bytes() == b"old"


@pytest.mark.posix
@pytest.mark.parametrize("length", [200, 240, 255])
def test_a_long_name_that_the_file_system_takes(tmp_path, length):
    for letter in "né":
        name = (letter * length).encode()[: length - 5].decode(errors="ignore") + ".npy"
        save(tmp_path / name)
        assert (tmp_path / name).read_bytes() == b"new"
    assert len(names(tmp_path)) == 2


@pytest.mark.posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o666, 0o755])
def test_permissions_of_the_target_are_kept(target, mode):
    target.chmod(mode)
    save(target)
    assert stat.S_IMODE(target.stat().st_mode) == mode


@pytest.mark.posix
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_users_mask(tmp_path, mask):
    before = os.umask(mask)
    try:
        save(tmp_path / "a.npy")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.npy").stat().st_mode) == 0o666 & ~mask


@pytest.mark.posix
def test_a_link_stays_and_what_it_leads_to_is_replaced(target):
    (target.parent / "elsewhere").mkdir()
    link = target.parent / "elsewhere" / "link.npy"
    link.symlink_to("../a.npy")
    save(link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.npy", "elsewhere"]


@pytest.mark.posix
def test_a_link_to_nothing_yet(tmp_path):
    (tmp_path / "link.npy").symlink_to("a.npy")
    save(tmp_path / "link.npy")
    assert (tmp_path / "link.npy").is_symlink()
    assert (tmp_path / "a.npy").read_bytes() == b"new"


@pytest.mark.posix
def test_who_reads_the_old_file_keeps_it(target):
    with open(target, "rb") as reader:
        save(target)
        assert reader.read() == b"old"


def test_two_that_save_to_one_name(target):
    with atomic_output(target) as first, atomic_output(target) as second:
        first.write(b"first" * 1000)
        second.write(b"second" * 1000)
    assert target.read_bytes() in (b"first" * 1000, b"second" * 1000)
    assert names(target.parent) == ["a.npy"]


@pytest.mark.posix
def test_many_that_save_to_one_name(target):
    def work(letter):
        for _ in range(20):
            save(target, letter * 100_000)

    threads = [threading.Thread(target=work, args=(letter,)) for letter in (b"a", b"b", b"c")]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        data = target.read_bytes()
        assert data == b"old" or data in (b"a" * 100_000, b"b" * 100_000, b"c" * 100_000)
    assert names(target.parent) == ["a.npy"]


# -- other processes -------------------------------------------------------------------------------


SLOW_SAVE = """
    import sys, time
    import numpy as np
    from npyvtk.files import npy_format, zip_write
    from npyvtk.files.publish import atomic_output
    from npyvtk.files.npy import Outgoing
    def blocks():
        for i in range(200):
            yield np.full(1 << 16, 7.0)
            if i == 1:
                print("begun", flush=True)
            time.sleep(0.002)
    with atomic_output({path!r}) as file:
        array = Outgoing("a", (200, 1 << 16), np.dtype("f8"), blocks)
        {call}
"""
CALLS = {
    "npy": "npy_format.write(file, [array])",
    "npz": "zip_write.write(file, [array])",
    "deflated": "zip_write.write(file, [array], 1)",
}


@pytest.mark.posix
@pytest.mark.once
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_killed_at_any_moment(tmp_path, call):
    path = tmp_path / "a.npy"
    np.save(path, np.arange(3))
    old = path.read_bytes()
    whole = 0
    for delay in (0, 0.01, 0.05, 0.2, None):
        process = start(SLOW_SAVE.format(path=str(path), call=call))
        assert process.stdout.readline() == "begun\n"
        if delay is None:
            process.wait(600)
        else:
            time.sleep(delay)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if path.read_bytes() == old:
            continue
        loaded = np.load(path)
        loaded = loaded if isinstance(loaded, np.ndarray) else loaded["a"]
        assert loaded.shape == (200, 1 << 16)
        assert (loaded == 7).all()
        whole += 1
        np.save(path, np.arange(3))
    assert whole >= 1, "the last one had the time that it took"
    save(path)
    assert names(tmp_path) == ["a.npy"], "what the killed ones left is gone"


def left_behind(target, process=4_000_000_000):
    """Make what a killed process of this machine leaves."""
    path = target.parent / (publish._prefix(str(target)) + publish._suffix())
    path = path.with_name(path.name.replace(f"{os.getpid():010d}", f"{process:010d}"))
    path.write_bytes(b"half")
    return path


@pytest.mark.posix
def test_what_others_left_or_are_writing_is_left_alone(target):
    folder = target.parent
    other_machine = ".a.npy.00000000-0000000001-00000000.part"
    (folder / other_machine).write_bytes(b"")
    left_behind(target)
    other_target = left_behind(folder / "b.npy").name
    with publish.atomic_output(target) as file:
        living = os.path.basename(file.name)
        file.write(b"from now on of a living process: this one")
        file.flush()
        save(target)
        assert names(folder) == sorted(["a.npy", living, other_machine, other_target])
    assert target.read_bytes().startswith(b"from now on")
    assert names(folder) == sorted(["a.npy", other_machine, other_target])


@pytest.mark.posix
def test_a_process_whose_number_another_has_now_is_dead(target):
    for process in (os.getpid(), os.getppid(), 1):
        left_behind(target, process)
    save(target)
    assert names(target.parent) == ["a.npy"]


ELSEWHERE = """
    import os, sys
    from npyvtk.files import publish
    os.getpid = lambda: {process}
    with publish.atomic_output({path!r}) as file:
        file.write(b"whole")
        file.flush()
        print("begun", flush=True)
        sys.stdin.readline()
"""


@pytest.mark.posix
@pytest.mark.parametrize("process", [4_000_000_000, 1])
def test_a_process_that_cannot_be_seen_from_here_lives(target, process):
    """Of a container with the same host name, whose processes have numbers of their own."""
    other = start(ELSEWHERE.format(process=process, path=str(target)), stdin=subprocess.PIPE)
    assert other.stdout.readline() == "begun\n"
    save(target)
    assert len(names(target.parent)) == 2
    other.communicate("go on\n")
    assert target.read_bytes() == b"whole"
    assert names(target.parent) == ["a.npy"]


def test_a_file_that_is_removed_before_it_is_locked_is_made_anew(target, monkeypatch):
    fcntl = pytest.importorskip("fcntl")
    plain, made = fcntl.flock, []

    def flock(descriptor, kind):
        if not made:  # another save comes between
            [name] = [name for name in names(target.parent) if name.endswith(".part")]
            made.append(name)
            os.unlink(target.parent / name)
        plain(descriptor, kind)

    monkeypatch.setattr(publish.fcntl, "flock", flock)
    save(target)
    assert names(target.parent) == ["a.npy"]
    assert target.read_bytes() == b"new"


@pytest.mark.parametrize("error", [errno.ENOLCK, errno.ENOTSUP])
def test_a_file_system_without_locks(target, monkeypatch, error):
    pytest.importorskip("fcntl")
    left = left_behind(target).name

    def flock(_descriptor, _kind):
        raise OSError(error, "")

    monkeypatch.setattr(publish.fcntl, "flock", flock)
    save(target)
    assert names(target.parent) == sorted(["a.npy", left]), "whether somebody holds it cannot be told"


def test_windows_has_no_such_locks(target, monkeypatch):
    monkeypatch.setattr(publish, "fcntl", None)
    fresh, old, opened = left_behind(target), left_behind(target), left_behind(target)
    for path in (old, opened):
        os.utime(path, (0, 0))
    plain = os.unlink

    def unlink(path):
        if os.fspath(path) == str(opened):
            raise PermissionError(errno.EACCES, "")  # as Windows does
        plain(path)

    monkeypatch.setattr(os, "unlink", unlink)
    save(target)
    assert names(target.parent) == sorted(["a.npy", fresh.name, opened.name])


def test_no_lock_is_left(target):
    before = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc/self/fd") else 0
    for _ in range(3):
        save(target)
        with pytest.raises(ZeroDivisionError), publish.atomic_output(target):
            raise ZeroDivisionError
    if before:
        assert len(os.listdir("/proc/self/fd")) == before


NOBODY = 65534


@pytest.fixture
def as_nobody(tmp_path):
    """Run a function as a user without rights; what it raises as FileError, in words."""
    root = os.name == "posix" and os.geteuid() == 0
    if root:
        for folder in (tmp_path, *tmp_path.parents):
            if "pytest" in folder.name:  # which keeps its folders private
                folder.chmod(folder.stat().st_mode | 0o055)

    def run(function, *args):
        try:
            if root:
                os.setegid(NOBODY)
                os.seteuid(NOBODY)
            function(*args)
        except FileError as error:
            return str(error)
        finally:
            if root:
                os.seteuid(0)
                os.setegid(0)
        return "done"

    return run


@pytest.mark.posix
def test_a_read_only_folder(as_nobody, target):
    target.parent.chmod(0o555)
    target.chmod(0o666)
    assert "permission denied" in as_nobody(save, target)
    assert "permission denied" in as_nobody(save, target.parent / "new.npy")
    target.parent.chmod(0o755)
    assert target.read_bytes() == b"old"


@pytest.mark.posix
def test_a_folder_that_may_not_be_listed(as_nobody, target):
    target.parent.chmod(0o733)
    target.chmod(0o666)
    assert as_nobody(save, target) == "done"
    target.parent.chmod(0o755)
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.npy"]


@pytest.mark.posix
def test_a_write_protected_file_stays(as_nobody, target):
    target.parent.chmod(0o777)
    target.chmod(0o444)
    assert "write-protected" in as_nobody(save, target)
    assert target.read_bytes() == b"old"
    target.chmod(0o666)
    assert as_nobody(save, target) == "done"
    assert target.read_bytes() == b"new"
    assert names(target.parent) == ["a.npy"]


@pytest.mark.posix
def test_a_file_that_may_not_be_read(as_nobody, target):
    target.chmod(0)
    assert as_nobody(open_store, target) == (
        f"{target}: permission denied. Ask the owner of the file or folder for access."
    )


@pytest.mark.posix
def test_a_limit_on_the_size_of_files(target):
    process = start(f"""
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        from npyvtk.errors import FileError
        from npyvtk.files.publish import atomic_output
        try:
            with atomic_output({str(target)!r}) as file:
                file.write(bytes(2 << 20))
        except FileError as error:
            print(error)
    """)
    assert "larger than the system allows" in process.communicate()[0]
    assert target.read_bytes() == b"old"
    assert names(target.parent) == ["a.npy"]


def test_a_full_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)], check=False, capture_output=True
    )
    if mount.returncode:
        # Who may not mount: /dev/full refuses every write in the same way.
        with (
            pytest.raises(FileError, match="the disk is full"),
            atomic_output(tmp_path / "a.npy"),
            open("/dev/full", "wb") as full,
        ):
            full.write(bytes(10))
        return
    try:
        save(disk / "a.npy", b"old")
        with pytest.raises(FileError, match="the disk is full"):
            save(disk / "a.npy", bytes(2 << 20))
        assert (disk / "a.npy").read_bytes() == b"old"
        assert names(disk) == ["a.npy"]
        save(disk / "a.npy", b"it fits again")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
