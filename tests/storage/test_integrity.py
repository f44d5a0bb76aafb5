"""Caches: the key to compiled code is this computer's own; damaged results are made again."""

import os
import shutil
import subprocess
import sys
import tracemalloc

import numpy as np
import pytest

from mnist_draw.storage import cache, integrity

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights and no pipes")


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "cache" / "loops"
    place.mkdir(parents=True)
    return place


def test_the_key_stays_and_others_are_other_keys(folder):
    key = integrity.cache_key(folder)
    assert key is not None
    assert integrity.cache_key(folder) == key
    other = folder.parent / "compiled"
    other.mkdir()
    assert integrity.cache_key(other) not in (None, key)
    # A copy has another key.
    sealed = integrity.trusted_cache_dir(folder)
    (sealed / "code").write_text("something")
    copy = folder.parent.with_name("received") / "loops"
    shutil.copytree(folder, copy)
    assert (copy / integrity.SEAL).read_bytes() == (folder / integrity.SEAL).read_bytes()
    assert integrity.cache_key(copy) not in (None, key)
    assert not list((integrity.trusted_cache_dir(copy) or copy).iterdir())
    # So has a seal that was written anew.
    path = folder / integrity.SEAL
    status = path.stat()
    path.write_bytes(path.read_bytes())
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    if sys.platform != "win32":
        assert integrity.cache_key(folder) != key


@posix
@pytest.mark.parametrize("what", ["short", "pipe", "link", "second name", "writable"])
def test_what_is_no_seal_is_replaced(folder, tmp_path, what):
    path = folder / integrity.SEAL
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
    assert integrity.cache_key(folder) is not None
    assert path.read_bytes() != known.read_bytes()
    assert not path.is_symlink()
    assert known.read_bytes() == b"k" * 32


@posix
def test_what_others_can_write_to_has_no_key(folder, monkeypatch):
    assert integrity.cache_key(folder) is not None
    for open_to_others in (folder, folder.parent):
        open_to_others.chmod(0o777)
        assert integrity.cache_key(folder) is None
        assert integrity.trusted_cache_dir(folder) is None
        open_to_others.chmod(0o755)
    assert integrity.cache_key(folder) is not None
    # Nor has what is another user's.
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    assert integrity.cache_key(folder) is None


@posix
def test_a_generous_umask_costs_no_cache(tmp_path):
    before = os.umask(0o002)
    try:
        folder = tmp_path / "cache" / "compiled"
        sealed = integrity.trusted_cache_dir(folder)
        (sealed / "part").mkdir()
        (sealed / "part" / "code").write_text("something")
    finally:
        os.umask(before)
    assert not integrity.is_private_throughout(sealed)
    integrity.close_throughout(sealed)
    assert integrity.is_private_throughout(sealed)
    assert folder.stat().st_mode & 0o022 == 0


def test_what_was_sealed_otherwise_goes(folder):
    kept = [folder / "kernels", folder / "something"]
    keys = [folder / (str(number) * 32) for number in range(1, 7)]
    for number, path in enumerate((*kept, *keys)):
        path.mkdir()
        (path / "file").write_text("x")
        os.utime(path, (1000 + number, 1000 + number))
    sealed = integrity.trusted_cache_dir(folder)
    left = set(folder.iterdir()) - {sealed, folder / integrity.SEAL}
    assert left == {*kept, *keys[3:]}


@posix
def test_nothing_is_removed_behind_a_link(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    others = [elsewhere / (str(number) * 32) for number in range(1, 7)]
    for path in others:
        path.mkdir(parents=True)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "compiled").symlink_to(elsewhere)
    assert integrity.trusted_cache_dir(tmp_path / "cache" / "compiled") is not None
    assert all(path.is_dir() for path in others)


def test_where_no_folder_can_be_made_there_is_none(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert integrity.trusted_cache_dir(tmp_path / "cache" / "loops") is None
    assert integrity.cache_key(tmp_path / "cache" / "loops") is None


@pytest.mark.process
def test_programs_that_start_at_once_agree(folder):
    code = (
        "import sys; from pathlib import Path; from mnist_draw.storage.integrity import cache_key\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "print(cache_key(Path(sys.argv[1])).hex())"
    )
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for _ in range(4)
    ]  # fmt: skip
    for program in programs:
        assert program.stdout.readline() == "ready\n"
    for program in programs:
        program.stdin.write("\n")
        program.stdin.flush()
    assert len({program.communicate(timeout=60)[0] for program in programs}) == 1


# -- stored results


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Give each test its own cache."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    return tmp_path / "cache" / "analysis"


def test_a_result_is_stored_for_its_key_and_version(home):
    assert cache.read("results", 1, "a") is None
    cache.save("results", 1, "a", {"p": np.arange(3)})
    assert cache.read("results", 1, "a")["p"].tolist() == [0, 1, 2]
    assert cache.read("results", 2, "a") is None
    assert cache.read("results", 1, "b") is None
    # A damaged one is computed anew.
    (file,) = home.glob("*.npz")
    file.write_bytes(file.read_bytes()[:-40])
    assert cache.read("results", 1, "a") is None
    cache.save("results", 1, "a", {"p": np.ones(1)})
    assert cache.read("results", 1, "a") is not None


def test_the_oldest_go_first(home, monkeypatch):
    monkeypatch.setattr(cache, "MAX_BYTES", 25_000)
    for age, key in ((300, "old"), (200, "older but used"), (100, "new")):
        cache.save("results", 1, key, {"p": np.zeros(1000)})
        newest = max(home.glob("*.npz"), key=lambda path: path.stat().st_mtime)
        os.utime(newest, (1e9 - age, 1e9 - age))
    assert cache.read("results", 1, "older but used") is not None
    cache.save("results", 1, "newest", {"p": np.zeros(1000)})
    assert cache.read("results", 1, "old") is None
    assert cache.read("results", 1, "older but used") is not None


def test_pictures_are_told_apart_without_a_copy_of_them():
    pictures = np.arange(8_000_000, dtype=np.uint8).reshape(10_000, 1, 20, 40)
    tracemalloc.start()
    try:
        name = cache.digest_of(pictures)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()
    assert name == cache.digest_of(np.asfortranarray(pictures))
    assert name != cache.digest_of(pictures.astype(np.float32))
    assert name != cache.digest_of(pictures.reshape(10_000, 1, 40, 20))
