"""Caches: compiled code is the user's alone; damaged results are made again."""

import os
import sys
import tempfile
import tracemalloc

import full_disk
import numpy as np
import pytest

from mnist_draw.storage import StorageError, cache
from mnist_draw.storage.file_system import is_private
from mnist_draw.storage.folders import (
    cache_folder,
    private_folder,
    temporary_folder,
)

posix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has other rights")


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022])
def test_nobody_else_enters_the_folder_of_compiled_code(tmp_path, umask):
    before = os.umask(umask)
    try:
        private = private_folder(tmp_path / "cache" / "compiled")
    finally:
        os.umask(before)
    assert private.stat().st_mode & 0o777 == 0o700
    (private / "code").write_text("something")
    assert private_folder(tmp_path / "cache" / "compiled") == private


@posix
def test_a_folder_that_others_can_enter_or_own_is_not_used(tmp_path, monkeypatch):
    private = private_folder(tmp_path)
    private.chmod(0o750)
    assert private_folder(tmp_path) is None
    private.chmod(0o700)
    me = os.getuid()
    with monkeypatch.context() as patch:
        patch.setattr(os, "getuid", lambda: me + 1)
        assert private_folder(tmp_path) is None
        assert not is_private(private)
    elsewhere = private.rename(tmp_path / "elsewhere")
    private.symlink_to(elsewhere)
    assert private_folder(tmp_path) is None


def test_where_no_folder_can_be_made_there_is_none(tmp_path):
    (tmp_path / "cache").write_text("in the way")
    assert private_folder(tmp_path / "cache" / "loops") is None


def test_a_temporary_folder_is_made_in_the_cache_where_the_system_has_none(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "none"))
    made = temporary_folder()
    assert made.parent == cache_folder()
    assert is_private(made)
    monkeypatch.setattr(tempfile, "mkdtemp", lambda **_: full_disk.refuse_bytes())
    with pytest.raises(StorageError, match="cannot be created: the disk is full"):
        temporary_folder()


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
