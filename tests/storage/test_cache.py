"""Results are kept for the same network and pictures, and nothing damaged is ever returned."""

from __future__ import annotations

import os
import tracemalloc

import numpy as np
import pytest

from mnist_draw.analysis.table import Table
from mnist_draw.storage import cache


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """Give each test its own cache."""
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    return tmp_path / "cache" / "analysis"


def test_a_result_is_kept_for_its_key_and_version():
    assert cache.read("results", 1, "a") is None
    cache.save("results", 1, "a", {"p": np.arange(3)})
    kept = cache.read("results", 1, "a")
    assert kept is not None
    assert kept["p"].tolist() == [0, 1, 2]
    assert cache.read("results", 2, "a") is None
    assert cache.read("results", 1, "b") is None


def test_a_damaged_result_is_computed_anew(home):
    cache.save("results", 1, "a", {"p": np.arange(3)})
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


def test_a_table_becomes_csv():
    table = Table.of("Why", ("unit", "says"), [(1, "for, strongly"), (2, 0.5)])
    assert table.to_csv() == 'unit,says\n1,"for, strongly"\n2,0.5\n'
