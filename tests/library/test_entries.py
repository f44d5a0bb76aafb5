"""The entries of the Library: runs and networks in one list."""

import os
from dataclasses import asdict, replace

import pytest
from made_networks import flat_model

from mnist_draw.library.comparison import read_columns
from mnist_draw.library.entries import (
    Entry,
    compared_settings,
    entry_of_run,
    list_entries,
    newest,
    read_library,
)
from mnist_draw.library.networks import list_shipped, save_fine_tuned, save_opened
from mnist_draw.storage.models import save_model
from mnist_draw.storage.unique_paths import move_to_bin
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.failure import Divergence
from mnist_draw.training.record import save_record
from mnist_draw.training.run import Run, Summary
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings

pytestmark = pytest.mark.usefixtures("own_home")


def made(**known):
    return flat_model("layers:", **known)


def add_run(started, state="completed", has_network=True, name="", **known):
    folder = runs_folder() / started.replace(":", ".")
    folder.mkdir(parents=True)
    settings = TrainingSettings(epochs=5)
    run = Run(folder, settings, name, started, state, Summary(**known))
    save_record(run)
    if has_network:
        save_model(run.model, made())
    return run


def named(entries, name):
    return next(entry for entry in entries if entry.name == name)


def test_runs_and_networks_are_one_list_the_newest_first():
    add_run("2026-01-01 10:00:00", epochs_done=5, figures={"test_accuracy": 0.98})
    add_run("2026-01-02 10:00:00", has_network=False)
    opened = save_opened(made(test_accuracy=0.5), "from elsewhere")
    learned = save_fine_tuned(made(before="shipped:best", extra_digits=12))
    for stored, when in ((opened, 1e9), (learned, 2e9)):
        os.utime(stored.path, (when, when))
    entries = list_entries()
    own = [entry for entry in entries if not entry.is_shipped]
    assert [entry.stored.source for entry in own] == ["learnt", "run", "run", "opened"]
    assert own[0].name == "Best reader with 12 of my digits"
    # A new name is edited from the shown one.
    assert own[0].title == own[0].name
    assert [entry.has_network for entry in own] == [True, False, True, True]
    assert [entry.key for entry in newest(entries)] == [own[n].key for n in (0, 2, 3)]
    assert own[2].test_accuracy == 0.98
    assert [entry.stored for entry in entries[4:]] == list(list_shipped())
    assert named(entries[4:], "Best reader").what == "the most reliable"


def test_a_learned_network_keeps_its_name_when_the_one_before_is_gone():
    save_fine_tuned(made(before="run:gone", before_name="Quick", extra_digits=2))
    assert list_entries()[0].name == "Quick with 2 of my digits"


def test_equal_names_are_told_apart_from_the_oldest_on():
    for day in (1, 2, 3):
        add_run(f"2026-01-0{day} 10:00:00")
    names = [entry.name for entry in list_entries() if entry.run]
    assert names[2] == list_entries()[0].title
    assert [name.removeprefix(names[2]) for name in names] == [" (3)", " (2)", ""]


def test_what_came_with_the_program_is_told_apart_from_a_run_which_keeps_its_name():
    add_run("2026-01-01 10:00:00", name="Best reader")
    names = [entry.name for entry in list_entries()]
    assert names[0] == "Best reader"
    assert names.count("Best reader") == 1
    assert "Best reader (built-in)" in names


@pytest.mark.parametrize(
    ("state", "done", "words"),
    [
        ("completed", 1, "1 of 5 epochs"),
        ("running", 3, "3 of 5 epochs, can be continued"),
        ("stopped", 3, "3 of 5 epochs, stopped"),
        ("diverged", 2, "failed"),
    ],
)
def test_how_far_a_run_came(state, done, words):
    run = add_run("2026-01-01 10:00:00", state=state, epochs_done=done)
    entry = entry_of_run(run)
    assert words in entry.what
    assert entry.name.startswith("Tutorial MLP")
    assert "4 of 5" in entry_of_run(replace(run, summary=Summary(3)), going_on=True).what
    paused = replace(run, summary=Summary(3), state="paused")
    assert "Paused" in entry_of_run(paused, going_on=True).what


@pytest.mark.parametrize(
    ("epoch", "words"),
    [(1, "failed in minibatch 2"), (7, "failed in epoch 7")],
)
def test_where_a_run_failed(epoch, words):
    run = add_run("2026-01-01 10:00:00", state="diverged", epochs_done=0)
    failed = replace(run, divergence=Divergence(epoch, 2, (2.3, 1e7)))
    assert entry_of_run(failed).what == words


def test_an_entry_without_figures_or_settings_has_none():
    lost = add_run("2026-01-01 10:00:00", epochs_done=3)
    assert not len(read_columns(lost)["epochs"])
    (kept,) = [entry for entry in list_entries() if entry.run]
    assert kept.settings == lost.settings
    opened = save_opened(made(settings={"epochs": 7}), "with settings")
    assert named(list_entries(), "with settings").settings == TrainingSettings(epochs=7)
    assert Entry(replace(opened, info=made().info), "", "").settings is None


def test_only_what_differs_is_compared():
    run = add_run("2026-01-01 10:00:00", epochs_done=5)
    longer = run.settings.replace(epochs=9)
    more = entry_of_run(replace(run, settings=longer, summary=Summary(9)))
    unknown = Entry(replace(more.stored, info=made().info), "", "")
    # Named by its user, it is described once.
    assert entry_of_run(replace(run, name="Mine")).what == "Tutorial MLP, 5 epochs"
    assert compared_settings([more]) == []
    assert compared_settings([entry_of_run(run), more]) == [("Epochs", ["5", "9"])]
    stopped = entry_of_run(replace(run, summary=Summary(3)))
    assert compared_settings([entry_of_run(run), stopped]) == [("Epochs", ["5", "3 of 5"])]
    assert ("Epochs", ["9", "–"]) in compared_settings([more, unknown])
    # What was changed during the run is known of its network, too; the same words are left out.
    change = SettingChanged(2, 1, 5, "learning_rate", 0.05, 0.01)
    settings = longer.replace(network="mlp#3").to_json()
    changed = made(settings=settings, changes=[asdict(change)])
    file = Entry(replace(more.stored, info=changed.info), "", "")
    found = dict(compared_settings([more, file]))
    assert found["Learning rate"] == ["0.001", "0.05 → 0.01"]
    assert found["Network"] == [f"784–500–300–{n}, dropout 40%" for n in (10, 3)]


def test_the_library_says_what_goes_on_and_what_was_deleted():
    gone = add_run("2026-01-01 10:00:00")
    active = add_run("2026-01-02 10:00:00", state="running")
    move_to_bin(gone.folder, "The run")
    found = read_library(lambda folder: folder == active.folder)
    assert [entry.going_on for entry in found.entries if entry.run] == [True]
    assert len(found.deleted) == 1
