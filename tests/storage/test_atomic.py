"""Writing: the old file or the new, never a mixture, and nothing left lying about."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mnist_draw.storage import StorageError, atomic, check_writable, open_atomically
from mnist_draw.storage import write_atomically as write
from mnist_draw.storage.folders import sweep_home
from mnist_draw.storage.unique_paths import reserved_file

posix = pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")


def make_old(path):
    """Date a file's last change two hours back."""
    os.utime(path, (time.time() - 7200,) * 2)


def full(_descriptor):
    """Refuse as a full disk does."""
    raise OSError(28, "No space left on device")


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


def test_writes_new_and_replaces_old(tmp_path):
    path = tmp_path / "file"
    write(path, b"one")
    write(path, b"two, longer")
    assert path.read_bytes() == b"two, longer"
    assert names(tmp_path) == ["file"]


def test_old_file_survives_a_failing_writer(tmp_path):
    path = tmp_path / "file"
    write(path, b"old")

    def fail_half_way():
        with open_atomically(path) as file:
            file.write(b"half of the n")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_full_disk_keeps_the_old_file_and_says_so(tmp_path, monkeypatch):
    path = tmp_path / "file"
    write(path, b"old")
    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(StorageError, match=r"no space left on device.*is unchanged"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_full_disk_tells_of_no_file_where_only_a_name_was_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(atomic.os, "fsync", full)
    with (
        pytest.raises(StorageError, match=r"no space left on device. Nothing was written.$"),
        reserved_file(tmp_path / "file") as path,
    ):
        write(path, b"new")
    assert names(tmp_path) == []


def test_content_is_synced_before_it_replaces(tmp_path, monkeypatch):
    path = tmp_path / "file"
    order: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def spy_fsync(descriptor):
        order.append("fsync folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "fsync")
        fsync(descriptor)

    def spy_replace(self, target):
        order.append("replace")
        return replace(self, target)

    monkeypatch.setattr(atomic.os, "fsync", spy_fsync)
    monkeypatch.setattr(atomic.Path, "replace", spy_replace)
    write(path, b"x")
    assert order[:2] == ["fsync", "replace"]
    assert os.name == "nt" or order == ["fsync", "replace", "fsync folder"]


@posix
def test_mode_of_the_old_file_is_kept_and_umask_rules_a_new_one(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"")
    old.chmod(0o640)
    mask = os.umask(0o027)
    try:
        write(old, b"x")
        write(new, b"x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(old.stat().st_mode) == 0o640
    assert stat.S_IMODE(new.stat().st_mode) == 0o640


@posix
def test_what_only_its_owner_may_read_is_never_open_to_others(tmp_path):
    path = tmp_path / "private"
    path.write_bytes(b"old")
    path.chmod(0o600)
    with open_atomically(path) as file:
        (temporary,) = tmp_path.glob(".mnist_draw-*.tmp")
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        file.write(b"new")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


KILLED = """
import os, sys
from mnist_draw.storage import open_atomically
with open_atomically(sys.argv[1]) as file:
    file.write(b"half")
    file.flush()
    os._exit(1)
"""


@pytest.mark.process
def test_what_a_killed_program_left_is_swept(tmp_path):
    path = tmp_path / "file"
    subprocess.run([sys.executable, "-c", KILLED, str(path)], check=False)
    (left,) = tmp_path.iterdir()
    check_writable(path)
    assert left.exists(), "another program may be writing it"
    make_old(left)
    check_writable(path)
    assert names(tmp_path) == []


def test_only_old_temporary_files_are_swept(tmp_path):
    path = tmp_path / "file"
    with open_atomically(path) as file:
        file.write(b"new")
        (tmp_path / "file.tmp").write_bytes(b"another program's")
        make_old(tmp_path / "file.tmp")
        check_writable(path)
    assert names(tmp_path) == ["file", "file.tmp"]
    assert path.read_bytes() == b"new"


def test_the_programs_own_folders_are_swept(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    kept = tmp_path / "data" / "runs" / "one" / "run.json"
    left = [kept.parent, tmp_path / "config", tmp_path / "cache" / "mistakes"]
    for folder in left:
        folder.mkdir(parents=True)
        (folder / ".mnist_draw-012345abcdef.tmp").write_bytes(b"half")
        make_old(folder / ".mnist_draw-012345abcdef.tmp")
    kept.write_bytes(b"{}")
    sweep_home()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [kept]


@posix
def test_link_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_longest_file_name(tmp_path):
    path = tmp_path / ("n" * 250)
    check_writable(path)
    assert names(tmp_path) == []
    write(path, b"x")
    assert path.read_bytes() == b"x"


def refuses(path, words):
    """Check that nothing can be written to a path, now or later."""
    for attempt in (lambda: write(path, b"x"), lambda: check_writable(path)):
        with pytest.raises(StorageError, match=words):
            attempt()


def test_missing_folder_and_folder_in_the_way(tmp_path):
    refuses(tmp_path / "no" / "file", "does not exist")
    refuses(tmp_path, "it is a folder")
    refuses(f"{tmp_path}/a\0b", "null")
    assert names(tmp_path) == []


@posix
def test_devices_and_pipes_are_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        refuses(path, "not a regular file")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_protected_file_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    # A super-user may write to every file, so the system's answer is given here.
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)
    refuses(path, "protected")
    assert path.read_bytes() == b"old"


def test_check_writable_finds_a_read_only_folder(tmp_path, monkeypatch):
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.Path, "open", refuse)
    with pytest.raises(StorageError, match="no permission"):
        check_writable(tmp_path / "file")


def test_windows_waits_for_a_scanner_to_let_go(tmp_path, monkeypatch):
    path, temporary = tmp_path / "file", tmp_path / "temporary"
    temporary.write_bytes(b"new")
    replace, calls, waits = Path.replace, [], []

    def busy_twice(self, target):
        calls.append(target)
        if len(calls) < 3:
            raise PermissionError(13, "Access is denied")
        return replace(self, target)

    monkeypatch.setattr(atomic.Path, "replace", busy_twice)
    monkeypatch.setattr(atomic.time, "sleep", waits.append)
    monkeypatch.setattr(atomic, "_may_be_held", lambda: True)
    atomic.retry_while_locked(lambda: temporary.replace(path))
    assert path.read_bytes() == b"new"
    assert len(waits) == 2


@posix
def test_sweeping_leaves_pipes_alone(tmp_path):
    pipe = tmp_path / ".mnist_draw-0123456789ab.tmp"
    os.mkfifo(pipe)
    make_old(pipe)
    atomic.sweep(tmp_path)
    assert pipe.exists()
