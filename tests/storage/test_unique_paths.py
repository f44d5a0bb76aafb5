"""Free names, files put aside, and the bin: nothing is ever replaced."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path

import pytest

from mnist_draw.storage import StorageError, atomic, unique_paths
from mnist_draw.storage.unique_paths import (
    bring_back,
    create_unique_file,
    create_unique_folder,
    deleted,
    empty_bin,
    move_to_bin,
    move_to_free_name,
    numbered,
    quarantine,
    reserved_file,
)


def test_the_number_stands_before_the_suffix_of_a_file():
    names = [path.name for path in islice(numbered(Path("a/model.npz")), 3)]
    assert names == ["model.npz", "model-2.npz", "model-3.npz"]
    assert [path.name for path in islice(numbered(Path("10.15.00"), ""), 2)] == [
        "10.15.00",
        "10.15.00-2",
    ]


@pytest.mark.parametrize("take", [create_unique_file, create_unique_folder])
def test_who_asks_at_once_gets_another_name(tmp_path, take):
    assert callable(take)
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(take, [tmp_path / "model.npz"] * 64))
    assert len(set(taken)) == 64
    assert all(path.exists() for path in taken)


def test_a_name_that_was_not_used_is_free_again(tmp_path):
    with (
        reserved_file(tmp_path / "model.npz") as first,
        reserved_file(tmp_path / "model.npz") as second,
    ):
        second.write_bytes(b"network")
    assert not first.exists()
    assert second.name == "model-2.npz"
    assert second.read_bytes() == b"network"


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("in the way")
    for take in (create_unique_file, create_unique_folder):
        with pytest.raises(StorageError, match="cannot be made"):
            take(tmp_path / "file" / "name")


def test_all_names_taken(tmp_path, monkeypatch):
    monkeypatch.setattr(unique_paths, "_MAX_COUNT", 3)
    for take in (create_unique_file, create_unique_folder):
        for _ in range(2):
            take(tmp_path / take.__name__)
        with pytest.raises(StorageError, match="are taken"):
            take(tmp_path / take.__name__)


@pytest.mark.parametrize("content", [b"", b"damaged"])
def test_what_is_put_aside_replaces_nothing(tmp_path, content):
    path = tmp_path / "board.json"
    for _ in range(3):
        path.write_bytes(content)
        told = quarantine(path)
        assert told.startswith("It was put aside as board.json.unreadable-")
        assert not path.exists()
    assert [entry.read_bytes() for entry in tmp_path.iterdir()] == [content] * 3


def test_what_cannot_be_put_aside_stays(tmp_path, monkeypatch):
    def refuse(_path, _target):
        raise PermissionError(13, "Permission denied")

    path = tmp_path / "board.json"
    path.write_text("damaged")
    monkeypatch.setattr(Path, "replace", refuse)
    assert "could not be put aside (no permission)" in quarantine(path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["board.json"]


def test_a_folder_comes_out_of_the_bin_beside_the_new_one(tmp_path):
    for content in ("old", "new"):
        (tmp_path / "run").mkdir()
        (tmp_path / "run" / "record").write_text(content)
        if content == "old":
            kept = move_to_bin(tmp_path / "run", "The run")
            assert deleted(tmp_path)[0].path == kept
    back = bring_back(kept, "The run")
    assert (back.name, (back / "record").read_text()) == ("run-2", "old")
    assert (tmp_path / "run" / "record").read_text() == "new"
    assert not deleted(tmp_path)


def test_what_is_back_already_is_not_said_to_be_in_the_bin(tmp_path):
    (tmp_path / "3.png").write_text("three")
    kept = move_to_bin(tmp_path / "3.png", "The digit 3.png")
    bring_back(kept, "The digit")
    with pytest.raises(StorageError, match=r"3\.png is no longer among what was deleted"):
        bring_back(kept, "The digit")
    assert [path.name for path in tmp_path.glob("*.png")] == ["3.png"]


def test_a_move_to_a_name_in_use_finds_another(tmp_path):
    (tmp_path / "3.png").write_text("three")
    (tmp_path / "8.png").write_text("eight")
    assert move_to_free_name(tmp_path / "3.png", tmp_path / "8.png").name == "8-2.png"
    assert (tmp_path / "8.png").read_text() == "eight"


def test_windows_waits_for_another_window_to_let_go(tmp_path, monkeypatch):
    path = tmp_path / "network.npz"
    path.write_bytes(b"x")
    rename, calls = Path.rename, []

    def read_once(self, target):
        calls.append(target)
        if len(calls) == 1:
            raise PermissionError(13, "The file is used by another process")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", read_once)
    monkeypatch.setattr(atomic.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(atomic, "_may_be_held", lambda: True)
    assert unique_paths.move_to_bin(path, "The network").read_bytes() == b"x"
    assert not path.exists()


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
    assert bring_back(kept, "The run") == link
    assert (link / "record").read_text() == "kept"
    # What is over its days goes, and what the link led to stays.
    kept = move_to_bin(link, "The run")
    kept.rename(kept.with_name("1000 run"))
    empty_bin(runs)
    assert not deleted(runs)
    assert (elsewhere / "record").read_text() == "kept"


def test_what_is_gone_is_not_said_to_be_unchanged(tmp_path):
    with pytest.raises(StorageError, match=r"The run Monday is no longer there") as caught:
        move_to_bin(tmp_path / "run", "The run Monday")
    assert "unchanged" not in str(caught.value)
