"""The library: networks listed, found by key, renamed, deleted, restored, saved somewhere else."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from linear_network import linear_model

from mnist_draw.errors import UserError
from mnist_draw.library import networks as network_library
from mnist_draw.library.networks import (
    creation_time,
    default_model,
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
from mnist_draw.library.stored_network import load_trained, network_of_run
from mnist_draw.storage import ModelFile, ModelFileError, StorageError, save_model
from mnist_draw.storage.folders import HOME_VARIABLE
from mnist_draw.storage.integrity import is_private
from mnist_draw.storage.unique_paths import bring_back
from mnist_draw.training import events, network_places
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import Run
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(HOME_VARIABLE, str(tmp_path / "home"))
    monkeypatch.setattr(network_places, "_external", {})
    return tmp_path / "home"


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
    block(home / "data" / "learnt")
    with pytest.raises(StorageError):
        save_fine_tuned(linear_model())
    assert list_fine_tuned() == []


# -- the networks that ship


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (network_library, network_places):
        monkeypatch.setattr(module, "resource_path", lambda *names: tmp_path.joinpath(*names[1:]))
    return tmp_path


def test_best_is_the_default(folder: Path) -> None:
    for name in ("other", "mlp", "best"):
        save_model(folder / f"{name}.npz", linear_model())
    (folder / "README.md").write_text("no model")
    assert [model.name for model in list_shipped()] == ["best", "mlp", "other"]
    # It is called as in the list of networks, whatever its file says.
    assert default_model().title == "Best reader"


def test_no_network_ships(folder: Path) -> None:
    assert list_shipped() == ()
    with pytest.raises(ModelFileError, match="mnist-draw train"):
        default_model()


def test_a_damaged_default_gives_way_to_the_next_and_the_user_is_told(folder: Path) -> None:
    for name in ("best", "mlp_handwriting"):
        (folder / f"{name}.npz").write_bytes(b"PK damaged")
    with pytest.raises(ModelFileError, match=r"best\.npz"):
        default_model()
    save_model(folder / "mlp.npz", linear_model())
    told: list[str] = []
    assert default_model(told.append).title == "Tutorial MLP"
    assert default_model().title == "Tutorial MLP"
    (sentence,) = told
    assert "best.npz" in sentence
    assert sentence.endswith("The network 'Tutorial MLP' answers instead.")


def test_parameters_are_checked_against_the_network(tmp_path: Path) -> None:
    save_model(tmp_path / "m.npz", ModelFile("mlp", (np.ones((2, 2), np.float32),)))
    with pytest.raises(ModelFileError, match=r"m\.npz.*has 6 parameters, but 1"):
        load_trained(tmp_path / "m.npz")


# -- a network whose own place cannot be written


def block(path: Path) -> None:
    """Put a file in the place of a folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("in the way")


def test_outside_the_home_it_is_listed_until_the_end_and_not_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    block(home / "data" / "networks")
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path / "gone", tmp_path])
    told: list[str] = []
    path = network_places.save_fallback(linear_model(), told.append)
    assert len(told) == 2
    assert path == tmp_path / "mnist-draw-rescued-model.npz"
    (kept,) = list_opened()
    assert kept.path == path
    assert find_by_key(network_places.fallback_key(path)) == kept
    with pytest.raises(UserError, match="outside the program's folders"):
        delete(kept)
    path.unlink()
    assert list_opened() == []


def test_where_nothing_can_be_written_there_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    block(home)
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path / "gone"])
    assert network_places.save_fallback(linear_model()) is None


@pytest.mark.skipif(not hasattr(os, "umask"), reason="rights as on POSIX")
def test_a_file_that_is_taken_home_later_is_nobody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    block(home)
    monkeypatch.setattr(network_places, "fallback_folders", lambda: [tmp_path])
    before = os.umask(0o002)
    try:
        path = network_places.save_fallback(linear_model())
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
    block(home / "data" / "networks")
    path = network_places.save_fallback(linear_model())
    assert path is not None
    assert path.parent == documents
    network_places._external.clear()
    # Where there is no room yet, it is listed where it lies.
    (sentence,) = network_places.reclaim_fallbacks()
    assert f"The network in {path} was saved there for want of room" in sentence
    assert [kept.path for kept in list_opened()] == [path]
    assert path.exists()
    network_places._external.clear()
    network_places.list_fallbacks()
    (kept,) = list_opened()
    assert kept.typed_name == str(path)
    network_places._external.clear()
    (home / "data" / "networks").unlink()
    (tmp_path / "mnist-draw-rescued-model-9.npz").write_bytes(b"junk")
    (sentence,) = network_places.reclaim_fallbacks()
    (kept,) = list_opened()
    assert str(kept.path) in sentence
    assert kept.path.parent == home / "data" / "networks"
    assert not path.exists()
    assert network_places.reclaim_fallbacks() == []
