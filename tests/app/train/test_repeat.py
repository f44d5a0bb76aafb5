"""*New run like this*: a run of the Library is made again, live changes included."""

import json
import shutil

import numpy as np
import pytest
from changed_run import train_with_changes
from linear_network import NETWORK
from qtpy.QtWidgets import QLabel

from mnist_draw.storage.models import load_model
from mnist_draw.training.record import read_run
from mnist_draw.training.run import RECORD
from mnist_draw.training.run_list import runs_folder
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop

SETTINGS = TrainingSettings(
    network=NETWORK,
    epochs=2,
    batch_size=200,
    training_examples=1000,
    learning_rate=0.01,
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """Train with two changes on the way; return the record's file and the last parameters."""
    folder = tmp_path_factory.mktemp("home") / "2026-01-01 10.00.00"
    return folder / RECORD, train_with_changes(SETTINGS, folder, 3)


@pytest.fixture
def listed(original):
    """Put the record alone into the list of runs; return its file there."""
    place = runs_folder() / "2026-01-01 10.00.00" / RECORD
    place.parent.mkdir(parents=True)
    return shutil.copy(original[0], place)


def ask_for_repetition(room):
    page = room.show_library()
    entry = next(one for one in page.list.rows.entries if one.run is not None)
    menu = room.library.build_menu(entry, room.tab)
    next(one for one in menu.actions() if one.text() == "New run like this").trigger()
    return entry.run


def said(room):
    return room.tab.new_run.findChild(QLabel, "newRunSentence").text()


def test_a_run_is_repeated_bit_by_bit(original, listed, make):
    room = make(learns=True)
    its = ask_for_repetition(room)
    assert room.tab.page == "new"
    assert room.tab.settings.settings().learning_rate == 0.01
    assert its.full_title in said(room)
    assert "2 changes" in said(room)
    room.run.start()
    room.wait_for_end()
    mine = room.run.state.run
    assert mine.changes == its.changes
    for before, now in zip(original[1], load_model(mine.model).parameters, strict=True):
        np.testing.assert_array_equal(before, now)


def test_a_difference_that_prevents_equality_is_said(original, listed, make):
    text = listed.read_text("utf-8")
    numpy = read_run(listed.parent).made_with["numpy"]
    listed.write_text(text.replace(numpy, "NumPy 1.0"), "utf-8")
    room = make(learns=True)
    ask_for_repetition(room)
    room.run.start()
    room.qtbot.waitUntil(lambda: "NumPy 1.0" in room.hint)
    room.run.stop()
    room.wait_for_end()


def test_other_settings_are_no_repetition(listed, make):
    room = make()
    its = ask_for_repetition(room)
    room.tab.settings.apply("seed", 7)
    assert its.title not in said(room)
    room.start()
    room.wait_for_end()
    assert not room.run.state.run.changes
    room.tab.show_page("new")
    room.tab.settings.undo()
    assert its.title in said(room)
    room.start()
    room.wait_for_end()
    assert room.run.state.run.changes


def test_the_fields_follow_what_is_changed_again(listed, make):
    record = json.loads(listed.read_text("utf-8"))
    record["changes"][0]["batch"] = 1
    listed.write_text(json.dumps(record), "utf-8")
    loop = Loop()
    # It waits within the first epoch.
    loop.gate.clear()
    room = make(loop)
    ask_for_repetition(room)
    room.run.start()
    room.qtbot.waitUntil(lambda: room.tab.settings.settings().learning_rate == 0.003)
    loop.gate.set()
    room.wait_for_end()
    assert room.tab.settings.settings().learning_rate == 0.01
