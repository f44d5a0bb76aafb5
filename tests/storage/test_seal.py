"""The key to compiled code: this computer's own, and gone with the place where it was."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mnist_draw.storage import seal

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights and no pipes")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "cache" / "loops"
    place.mkdir(parents=True)
    return place


def test_the_key_stays_and_others_are_other_keys(folder: Path) -> None:
    key = seal.key_of(folder)
    assert key is not None
    assert seal.key_of(folder) == key
    other = folder.parent / "compiled"
    other.mkdir()
    assert seal.key_of(other) not in (None, key)


def test_a_copy_has_another_key(folder: Path) -> None:
    key, sealed = seal.key_of(folder), seal.sealed_folder(folder)
    assert sealed is not None
    (sealed / "code").write_text("something")
    copy = folder.parent.with_name("received") / "loops"
    shutil.copytree(folder, copy)
    assert (copy / seal.SEAL).read_bytes() == (folder / seal.SEAL).read_bytes()
    assert seal.key_of(copy) not in (None, key)
    assert not list((seal.sealed_folder(copy) or copy).iterdir())


def test_a_seal_that_comes_back_to_its_place_has_another_key(folder: Path) -> None:
    key = seal.key_of(folder)
    path = folder / seal.SEAL
    status = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    if sys.platform != "win32":
        assert seal.key_of(folder) != key


@posix
@pytest.mark.parametrize("what", ["short", "pipe", "link", "second name", "writable"])
def test_what_is_no_seal_is_replaced(folder: Path, tmp_path: Path, what: str) -> None:
    path = folder / seal.SEAL
    known = tmp_path / "known"
    known.write_bytes(b"k" * 32)
    if what == "short":
        path.write_bytes(b"")
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to(known)
    elif what == "second name":
        os.link(known, path)
    else:
        path.write_bytes(b"k" * 32)
        path.chmod(0o666)
    assert seal.key_of(folder) is not None
    assert path.read_bytes() != known.read_bytes()
    assert not path.is_symlink()
    assert known.read_bytes() == b"k" * 32


@posix
def test_what_others_can_write_to_has_no_key(folder: Path) -> None:
    assert seal.key_of(folder) is not None
    for open_to_others in (folder, folder.parent):
        open_to_others.chmod(0o777)
        assert seal.key_of(folder) is None
        assert seal.sealed_folder(folder) is None
        open_to_others.chmod(0o755)
    assert seal.key_of(folder) is not None


@posix
def test_what_is_another_users_has_no_key(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert seal.key_of(folder) is not None
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert seal.key_of(folder) is None


@posix
def test_a_generous_umask_costs_no_cache(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        folder = tmp_path / "cache" / "compiled"
        sealed = seal.sealed_folder(folder)
        assert sealed is not None
        (sealed / "part").mkdir()
        (sealed / "part" / "code").write_text("something")
    finally:
        os.umask(before)
    assert not seal.is_private_throughout(sealed)
    seal.close_throughout(sealed)
    assert seal.is_private_throughout(sealed)
    assert folder.stat().st_mode & 0o022 == 0


def test_what_was_sealed_otherwise_goes(folder: Path) -> None:
    old = [folder / ("0123456789abcdef"), folder / "numba", folder / "compiledir_Linux-3.11"]
    kept = [folder / "kernels", folder / "something"]
    keys = [folder / (str(number) * 32) for number in range(1, 7)]
    for number, path in enumerate((*old, *kept, *keys)):
        path.mkdir()
        (path / "file").write_text("x")
        os.utime(path, (1000 + number, 1000 + number))
    sealed = seal.sealed_folder(folder)
    assert sealed is not None
    left = set(folder.iterdir()) - {sealed, folder / seal.SEAL}
    assert left == {*kept, *keys[3:]}


@posix
def test_nothing_is_removed_behind_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "numba").mkdir(parents=True)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "compiled").symlink_to(elsewhere)
    assert seal.sealed_folder(tmp_path / "cache" / "compiled") is not None
    assert (elsewhere / "numba").is_dir()


def test_where_no_folder_can_be_made_there_is_none(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    assert seal.sealed_folder(tmp_path / "cache" / "loops") is None
    assert seal.key_of(tmp_path / "cache" / "loops") is None


def test_programs_that_start_at_once_agree(folder: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from mnist_draw.storage.seal import key_of\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(key_of(Path(sys.argv[1])).hex())"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for program in programs:
        assert program.stdout is not None
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        assert program.stdin is not None
        program.stdin.write("\n")
        program.stdin.flush()
    assert len({program.communicate(timeout=60)[0] for program in programs}) == 1
