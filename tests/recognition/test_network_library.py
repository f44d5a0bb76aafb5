"""Networks that have learnt: kept side by side, found again by their keys."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.recognition.network_library import (
    KeptModel,
    learnt_folder,
    list_learnt,
    list_models,
    load_by_key,
    save_learnt,
)
from mnist_draw.storage import ModelFileError, StorageError


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    return tmp_path


def test_nothing_is_listed_before_anything_is_learnt() -> None:
    assert list_learnt() == []


def test_networks_of_one_second_stay_apart_and_are_found_by_their_keys() -> None:
    kept = [save_learnt(linear_model()) for _ in range(3)]
    assert len({model.key for model in kept}) == 3
    assert {model.key for model in list_learnt()} == {model.key for model in kept}
    for model in kept:
        found = load_by_key(model.key)
        assert np.array_equal(found.parameters[0], linear_model().parameters[0])


def test_the_newest_comes_first_and_titles_tell_when() -> None:
    learnt_folder().mkdir(parents=True)
    for name in ("2026-01-02 03.04.05", "2026-11-25 10.15.00", "2026-11-25 10.15.00 before"):
        (learnt_folder() / f"{name}.npz").write_bytes(b"")
    (learnt_folder() / ".mnist_draw-1.npz").write_bytes(b"")
    (learnt_folder() / "notes.txt").write_bytes(b"")
    titles = [model.title for model in list_learnt()]
    assert titles == [
        "My digits, 25 Nov 10:15",
        "Before learning, 25 Nov 10:15",
        "My digits, 2 Jan 03:04",
    ]
    assert KeptModel(Path("renamed.npz"), learnt=True).title == "renamed"


def test_networks_that_ship_have_keys_too() -> None:
    model = list_models()[0]
    assert load_by_key(model.key).network == model.load().network


@pytest.mark.parametrize(
    "key", ["", "shipped:", "shipped:none", "learnt:", "learnt:../x.npz", "run:1", "learnt:/etc/x"]
)
def test_keys_that_lead_nowhere(key: str) -> None:
    with pytest.raises(ModelFileError, match="There is no network"):
        load_by_key(key)


def test_a_learnt_network_that_is_gone(home: Path) -> None:
    with pytest.raises(ModelFileError, match="There is no such file"):
        load_by_key("learnt:2026-11-25 10.15.00.npz")


def test_a_folder_that_cannot_be_made(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "learnt").write_bytes(b"in the way")
    with pytest.raises(StorageError):
        save_learnt(linear_model())
    assert list_learnt() == []
