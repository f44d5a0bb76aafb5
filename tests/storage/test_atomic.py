"""Writing: the old file or the new, never a mixture; free names; the bin; the user's folders."""

import errno
import os
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import full_disk
import pytest

from mnist_draw.errors import UserError, reason_of
from mnist_draw.storage import (
    StorageError,
    atomic,
    check_writable,
    folders,
    open_atomically,
    resource_path,
    unique_paths,
)
from mnist_draw.storage import write_atomically as write
from mnist_draw.storage.folders import cache_folder, config_folder, data_folder, sweep_home
from mnist_draw.storage.unique_paths import (
    bring_back,
    create_unique_file,
    create_unique_folder,
    deleted,
    empty_bin,
    move_to_bin,
    quarantine,
    reserved_file,
)

posix = pytest.mark.skipif(os.name == "nt", reason="modes and links as POSIX has them")


DISK_FULL = "the disk is full"


def make_old(path):
    """Date a file's last change two hours back."""
    os.utime(path, (time.time() - 7200,) * 2)


def names(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (OSError(errno.ENOSPC, "Kein Platz", "/a"), DISK_FULL),
        (OSError(errno.EDQUOT, "Quota"), "the disk quota is used up"),
        (PermissionError(errno.EACCES, "Permission denied", "/a"), "permission denied"),
        (OSError(errno.EIO, "Input/output error", "/a"), "input/output error"),
        (OSError("It is a pipe."), "It is a pipe"),
        (OSError(), "OSError"),
        (UserError("It is no network."), "It is no network"),
    ],
)
def test_a_reason_fits_between_a_colon_and_a_full_stop(error, reason):
    assert reason_of(error) == reason


def test_the_old_file_survives_a_failing_writer_and_a_full_disk(tmp_path, monkeypatch):
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
    monkeypatch.setattr(atomic.os, "fsync", full_disk.refuse_bytes)
    with pytest.raises(StorageError, match=rf"{DISK_FULL}\. .*is unchanged"):
        write(path, b"new")
    assert path.read_bytes() == b"old"
    # Where only a name was taken, there is no old file.
    with (
        pytest.raises(StorageError, match=rf"{DISK_FULL}\. Nothing was written\.$"),
        reserved_file(path) as taken,
    ):
        write(taken, b"new")
    assert names(tmp_path) == ["file"]


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
    # What only its owner may read is never open to others.
    old.chmod(0o600)
    with open_atomically(old) as file:
        (temporary,) = tmp_path.glob(".mnist_draw-*.tmp")
        assert stat.S_IMODE(temporary.stat().st_mode) == 0o600
        file.write(b"new")
    assert stat.S_IMODE(old.stat().st_mode) == 0o600


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
    assert left.exists(), "another program"
    make_old(left)
    check_writable(path)
    assert names(tmp_path) == []


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
def test_links_devices_and_pipes_stay(tmp_path):
    (tmp_path / "far").mkdir()
    target, link = tmp_path / "far" / "target", tmp_path / "link"
    target.write_bytes(b"old")
    link.symlink_to(target)
    write(link, b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/null")):
        refuses(path, "not a regular file")
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def refuses(path, words):
    """Check that nothing can be written to a path, now or later."""
    for attempt in (lambda: write(path, b"x"), lambda: check_writable(path)):
        with pytest.raises(StorageError, match=words):
            attempt()


def test_missing_folders_folders_in_the_way_and_the_longest_name(tmp_path):
    refuses(tmp_path / "no" / "file", "does not exist")
    refuses(tmp_path, "it is a folder")
    refuses(f"{tmp_path}/a\0b", "null")
    assert names(tmp_path) == []
    path = tmp_path / ("n" * 250)
    check_writable(path)
    assert names(tmp_path) == []
    write(path, b"x")
    assert path.read_bytes() == b"x"


def test_protected_file_is_left_alone(tmp_path, monkeypatch):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    # A super-user may write to every file, so the system's answer is given here.
    monkeypatch.setattr(atomic.os, "access", lambda *_: False)
    refuses(path, "permission denied")
    assert path.read_bytes() == b"old"


def test_check_writable_finds_a_read_only_folder(tmp_path, monkeypatch):
    def refuse(self, mode):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(atomic.Path, "open", refuse)
    with pytest.raises(StorageError, match="permission denied"):
        check_writable(tmp_path / "file")


def test_windows_waits_until_another_program_lets_go(tmp_path, monkeypatch):
    path, calls, waits = tmp_path / "file", [], []
    for name, move in (("replace", Path.replace), ("rename", Path.rename)):

        def busy_twice(self, target, move=move):
            calls.append(target)
            if len(calls) % 3:
                raise PermissionError(13, "The file is used by another process")
            return move(self, target)

        monkeypatch.setattr(Path, name, busy_twice)
    monkeypatch.setattr(atomic.time, "sleep", waits.append)
    monkeypatch.setattr(atomic, "holds_open_files", lambda: True)
    write(path, b"new")
    assert path.read_bytes() == b"new"
    assert move_to_bin(path, "The file").read_bytes() == b"new"
    assert not path.exists()
    assert len(waits) == 4


@posix
# -- free names, quarantine and the bin


@pytest.mark.parametrize("take", [create_unique_file, create_unique_folder])
def test_who_asks_at_once_gets_another_name(tmp_path, take):
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, [tmp_path / "model.npz"] * 64))
    assert len(set(taken)) == 64
    assert all(path.exists() for path in taken)


def test_names_that_are_free_again_or_all_taken(tmp_path, monkeypatch):
    with (
        reserved_file(tmp_path / "model.npz") as first,
        reserved_file(tmp_path / "model.npz") as second,
    ):
        second.write_bytes(b"network")
    assert not first.exists()
    assert second.name == "model-2.npz"
    assert second.read_bytes() == b"network"
    monkeypatch.setattr(unique_paths, "_MAX_COUNT", 3)
    for take in (create_unique_file, create_unique_folder):
        for _ in range(2):
            take(tmp_path / take.__name__)
        with pytest.raises(StorageError, match="are taken"):
            take(tmp_path / take.__name__)
        with pytest.raises(StorageError, match="cannot be created"):
            take(tmp_path / "create_unique_file" / "name")


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_what_is_put_aside_replaces_nothing(tmp_path, monkeypatch, content):
    def refuse(_path, _target):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "board.json"
    for _ in range(3):
        path.write_bytes(content)
        told = quarantine(path)
        assert "board.json.unreadable-" in told
        assert not path.exists()
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [content] * 3
    path.write_bytes(content)
    monkeypatch.setattr(Path, "replace", refuse)
    assert "(permission denied)" in quarantine(path)
    assert path.read_bytes() == content


def test_what_comes_out_of_the_bin(tmp_path):
    (tmp_path / "3.png").write_text("three")
    kept = move_to_bin(tmp_path / "3.png", "The digit 3.png")
    bring_back(kept)
    with pytest.raises(StorageError, match=r"3\.png can no longer be restored"):
        bring_back(kept)
    assert [path.name for path in tmp_path.glob("*.png")] == ["3.png"]
    with pytest.raises(StorageError, match=r"Monday is gone") as caught:
        move_to_bin(tmp_path / "run", "The run Monday")
    assert "unchanged" not in str(caught.value)
    for content in ("old", "new"):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "record").write_text(content)
        if content == "old":
            kept = move_to_bin(tmp_path / "run", "The run")
            assert deleted(tmp_path)[0].path == kept
    back = bring_back(kept)
    assert (back.name, (back / "record").read_text()) == ("run-2", "old")
    assert (tmp_path / "run" / "record").read_text() == "new"
    assert not deleted(tmp_path)


@pytest.mark.skipif(os.name == "nt", reason="links need a permission there")
@pytest.mark.parametrize("relative", [True, False])
def test_a_link_to_a_folder_is_deleted_and_brought_back(tmp_path, relative):
    runs, elsewhere = tmp_path / "runs", tmp_path / "elsewhere"
    runs.mkdir()
    elsewhere.mkdir()
    (elsewhere / "record").write_text("kept")
    link = runs / "run"
    link.symlink_to("../elsewhere" if relative else elsewhere)
    kept = move_to_bin(link, "The run")
    assert not os.path.lexists(link)
    assert [one.path for one in deleted(runs)] == [kept]
    empty_bin(runs)
    assert bring_back(kept) == link
    assert (link / "record").read_text() == "kept"
    # What is over its days goes, and what the link led to stays.
    kept = move_to_bin(link, "The run")
    kept.rename(kept.with_name("1000 run"))
    empty_bin(runs)
    assert not deleted(runs)
    assert (elsewhere / "record").read_text() == "kept"


# -- folders


def test_one_variable_moves_all_folders_or_the_system_decides(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "stick"))
    found = [cache_folder(), data_folder(), config_folder()]
    assert [folder.name for folder in found] == ["cache", "data", "config"]
    assert all(folder.is_dir() and folder.parent == tmp_path / "stick" for folder in found)
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="MNIST_DRAW_HOME"):
        cache_folder()
    monkeypatch.delenv("MNIST_DRAW_HOME", raising=False)
    for kind, function in (("CACHE", cache_folder), ("DATA", data_folder)):
        monkeypatch.setattr(
            f"platformdirs.user_{kind.lower()}_dir",
            lambda name, appauthor, kind=kind: str(tmp_path / kind / name),
        )
        assert function() == tmp_path / kind / "mnist_draw"
        assert function().is_dir()


def test_resources_of_a_bare_clone(monkeypatch):
    if "site-packages" in folders.__file__:
        pytest.skip("the program is installed, not cloned")
    monkeypatch.setattr(folders.importlib.util, "find_spec", lambda _name: None)
    assert (resource_path("mnist") / "train-images-idx3-ubyte.gz").is_file()
