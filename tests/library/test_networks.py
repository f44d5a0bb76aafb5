"""Networks that have learnt: kept side by side, found again by their keys."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.errors import UserError
from mnist_draw.library.networks import (
    creation_time,
    delete,
    find_by_key,
    fine_tuned_folder,
    list_all,
    list_fine_tuned,
    list_opened,
    list_shipped,
    rename,
    save_fine_tuned,
    save_opened,
)
from mnist_draw.library.stored_network import network_of_run
from mnist_draw.storage import ModelFileError, StorageError
from mnist_draw.storage.unique_paths import bring_back
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import Run
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    return tmp_path


def test_nothing_is_listed_before_anything_is_learnt() -> None:
    assert list_fine_tuned() == []


def test_networks_of_one_second_stay_apart_and_are_found_by_their_keys() -> None:
    kept = [save_fine_tuned(linear_model()) for _ in range(3)]
    assert len({model.key for model in kept}) == 3
    assert {model.key for model in list_fine_tuned()} == {model.key for model in kept}
    for model in kept:
        found = find_by_key(model.key).load()
        assert np.array_equal(found.parameters[0], linear_model().parameters[0])


def test_the_newest_comes_first_and_titles_tell_when() -> None:
    fine_tuned_folder().mkdir(parents=True)
    for name in ("2026-01-02 03.04.05", "2026-11-25 10.15.00", "2026-11-25 10.15.00 before"):
        (fine_tuned_folder() / f"{name}.npz").write_bytes(b"")
    (fine_tuned_folder() / ".mnist_draw-1.npz").write_bytes(b"")
    (fine_tuned_folder() / "notes.txt").write_bytes(b"")
    titles = [model.title for model in list_fine_tuned()]
    assert titles == [
        "My digits, 25 Nov 10:15",
        "Before learning, 25 Nov 10:15",
        "My digits, 2 Jan 03:04",
    ]


def test_a_network_is_renamed_deleted_and_brought_back_under_its_key(home: Path) -> None:
    kept = save_opened(linear_model(), "from elsewhere")
    assert (kept.title, kept.key) == ("from elsewhere", "opened:from elsewhere.npz")
    os.utime(kept.path, (1_700_000_000, 1_700_000_000))
    renamed = rename(kept, "\u202eMi\x1bne\n")
    assert (renamed.title, renamed.key) == ("Mine", kept.key)
    assert find_by_key(kept.key).title == find_by_key(kept.key).load().title == "Mine"
    binned = delete(renamed)
    assert list_opened() == []
    bring_back(binned, "The network")
    assert [one.title for one in list_all() if one.source == "opened"] == ["Mine"]
    # It is as old as it was.
    assert creation_time(find_by_key(kept.key)) == 1_700_000_000
    for change in (lambda: rename(list_shipped()[0], "x"), lambda: delete(list_shipped()[0])):
        with pytest.raises(UserError, match="that ship"):
            change()


def test_the_network_of_a_run_is_found_again_even_if_the_run_was_cut_off(home: Path) -> None:
    model = linear_model()
    settings = TrainingSettings(network=model.network)
    folder = runs_folder() / "2026-11-25 10.15.00"
    folder.mkdir(parents=True)
    run = Run(folder, settings, started="2026-11-25 10:15:00", epochs_done=1)
    run.save()
    history = History()
    history.add(events.EpochFinished(1, 1, 1.0, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    arrays = history.to_arrays()
    checkpoint = Checkpoint(settings, 1, "", model.parameters, (), arrays, 1, 0.1, ())
    run.checkpoint.write_bytes(checkpoint.pack())
    key = network_of_run(run).key
    assert key == "run:2026-11-25 10.15.00"
    found = find_by_key(key).load()
    assert found.title == f"{run.title}, 25 Nov 10:15"
    assert np.array_equal(found.parameters[0], model.parameters[0])
    run.renamed("Slow steps").save()
    assert find_by_key(key).load().title == "Slow steps"


def test_networks_that_ship_have_keys_too() -> None:
    model = list_shipped()[0]
    assert find_by_key(model.key).load().network == model.load().network


@pytest.mark.parametrize(
    "key", ["", "shipped:", "shipped:none", "learnt:", "learnt:../x.npz", "run:1", "learnt:/etc/x"]
)
def test_keys_that_lead_nowhere(key: str) -> None:
    with pytest.raises(ModelFileError, match="There is no network"):
        find_by_key(key).load()


def test_a_learnt_network_that_is_gone(home: Path) -> None:
    with pytest.raises(ModelFileError, match="There is no such file"):
        find_by_key("learnt:2026-11-25 10.15.00.npz").load()


def test_a_folder_that_cannot_be_made(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "learnt").write_bytes(b"in the way")
    with pytest.raises(StorageError):
        save_fine_tuned(linear_model())
    assert list_fine_tuned() == []
