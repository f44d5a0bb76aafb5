"""A network whose own place cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from mnist_draw.errors import UserError
from mnist_draw.library import networks as network_library
from mnist_draw.storage import ModelFile
from mnist_draw.storage.folders import HOME_VARIABLE
from mnist_draw.storage.integrity import is_private
from mnist_draw.training import network_places

MODEL = ModelFile("mlp", (np.ones((784, 4), np.float32), np.zeros(4, np.float32)))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(network_places, "_external", {})
    return tmp_path / "home"


def test_outside_the_home_it_is_listed_until_the_end_and_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    (home / "data").mkdir(parents=True)
    (home / "data" / "networks").write_text("in the way")
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path / "gone", tmp_path])
    told: list[str] = []
    path = network_places.save_fallback(MODEL, told.append)
    assert len(told) == 2
    assert path == tmp_path / "mnist-draw-rescued-model.npz"
    (kept,) = network_library.list_opened()
    assert kept.path == path
    assert network_library.find_by_key(network_places.fallback_key(path)) == kept
    with pytest.raises(UserError, match="outside the program's folders"):
        network_library.delete(kept)
    path.unlink()
    assert network_library.list_opened() == []


def test_where_nothing_can_be_written_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    home.write_text("a file")
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path / "gone"])
    assert network_places.save_fallback(MODEL) is None


@pytest.mark.skipif(not hasattr(os, "umask"), reason="rights as on POSIX")
def test_a_file_that_is_taken_home_later_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    home.write_text("in the way")
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path])
    before = os.umask(0o002)
    try:
        path = network_places.save_fallback(MODEL)
    finally:
        os.umask(before)
    assert path is not None
    assert is_private(path)


def test_what_lies_outside_is_taken_home_at_a_later_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    documents = tmp_path / "documents"
    documents.mkdir()
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [documents, tmp_path])
    (home / "data").mkdir(parents=True)
    (home / "data" / "networks").write_text("in the way")
    path = network_places.save_fallback(MODEL)
    assert path is not None
    assert path.parent == documents
    network_places._external.clear()
    # Where there is no room yet, it is listed where it lies.
    (sentence,) = network_places.reclaim_fallbacks()
    assert f"The network in {path} was saved there for want of room" in sentence
    assert [kept.path for kept in network_library.list_opened()] == [path]
    assert path.exists()
    network_places._external.clear()
    network_places.list_fallbacks()
    (kept,) = network_library.list_opened()
    assert kept.typed_name == str(path)
    network_places._external.clear()
    (home / "data" / "networks").unlink()
    (tmp_path / "mnist-draw-rescued-model-9.npz").write_bytes(b"junk")
    (sentence,) = network_places.reclaim_fallbacks()
    (kept,) = network_library.list_opened()
    assert str(kept.path) in sentence
    assert kept.path.parent == home / "data" / "networks"
    assert not path.exists()
    assert network_places.reclaim_fallbacks() == []
