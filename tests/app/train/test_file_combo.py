"""The menu of digits that are learnt beside the data set."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PyQt5.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from mnist_draw.app.train.setting_fields import FileCombo
from mnist_draw.app.train.settings_panel import SettingsPanel
from mnist_draw.app.train.training import TrainingWorker
from mnist_draw.library.stored_network import StoredNetwork
from mnist_draw.storage.my_digits import TaughtDigit, save_digit
from mnist_draw.training.setting import Folder, NetworkFile
from mnist_draw.training.settings import SETTINGS, TrainingSettings

from .. import fakes


@pytest.fixture
def combo(qtbot: QtBot) -> FileCombo:
    extra = SETTINGS["extra_folder"]
    assert isinstance(extra, Folder)
    widget = FileCombo(extra)
    qtbot.addWidget(widget)
    return widget


def choose(combo: FileCombo, place: int) -> None:
    combo.setCurrentIndex(place)
    combo.activated.emit(place)


def test_nothing_else_is_learnt_unless_it_is_asked_for(combo: FileCombo) -> None:
    assert combo.path() is None
    assert combo.currentText() == "nothing"


def test_the_taught_digits(combo: FileCombo, own_home: Path) -> None:
    choose(combo, 1)
    mine = str(own_home / "data" / "my_digits")
    assert combo.path() == mine
    combo.show_path(None)
    assert combo.path() is None
    combo.show_path(mine)
    assert combo.currentText() == "my digits"
    assert combo.count() == 3


def test_a_folder(combo: FileCombo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    choose(combo, 2)
    assert combo.path() is None
    assert combo.currentIndex() == 0
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "hers"))
    choose(combo, 2)
    assert combo.path() == str(tmp_path / "hers")
    assert combo.currentText() == "hers"
    combo.show_path(str(tmp_path / "hers"))
    assert combo.count() == 4


def test_the_panel_keeps_it(qtbot: QtBot, own_home: Path) -> None:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    panel.show_settings(TrainingSettings(extra_folder="/hers"))
    assert panel.settings().extra_folder == "/hers"
    panel.show_settings(TrainingSettings())
    assert panel.settings().extra_folder is None
    panel.set_running(True)
    assert not panel.fields["extra_folder"].widget.isEnabled()


def test_a_run_in_the_window_learns_them_too(own_home: Path, qtbot: QtBot) -> None:
    folder = own_home / "data" / "my_digits"
    ink = np.zeros((100, 100), np.uint8)
    ink[20:80, 40:50] = 255
    folder.mkdir(parents=True)
    save_digit(TaughtDigit(1, ink), folder)
    (folder / "4-damaged.png").write_bytes(b"no picture")
    given: list[Any] = []

    def train(settings: Any, **options: Any) -> Iterator[Any]:
        given.append(options.pop("extra"))
        return fakes.Loop()(settings, **options)

    settings = TrainingSettings(epochs=1, extra_folder=str(folder))
    (own_home / "run").mkdir()
    worker = TrainingWorker(settings, own_home / "run", train=train)
    worker.run()
    assert list(given[0].labels) == [1]
    told = [event.message for event in worker.inbox.take_all() if hasattr(event, "message")]
    assert len([sentence for sentence in told if "4-damaged.png" in sentence]) == 1


def test_a_run_without_any_digit_does_not_begin(own_home: Path, qtbot: QtBot) -> None:
    (own_home / "none").mkdir()
    settings = TrainingSettings(epochs=1, extra_folder=str(own_home / "none"))
    (own_home / "run").mkdir()
    worker = TrainingWorker(settings, own_home / "run", train=fakes.Loop())
    worker.run()
    told = [event.sentence for event in worker.inbox.take_all() if hasattr(event, "sentence")]
    assert any("holds no digit to learn" in sentence for sentence in told)


@pytest.fixture
def start(qtbot: QtBot) -> FileCombo:
    setting = SETTINGS["start_model"]
    assert isinstance(setting, NetworkFile)
    widget = FileCombo(setting)
    qtbot.addWidget(widget)
    return widget


def items(combo: FileCombo) -> list[str]:
    return [combo.itemText(number) for number in range(combo.count())]


def test_files_that_are_offered_come_and_go_and_what_is_chosen_stays(
    start: FileCombo, qtbot: QtBot
) -> None:
    start.offer([("/a.npz", "The first"), ("/b.npz", "The second")])
    assert items(start) == ["fresh weights", "The first", "The second", "Choose a file …"]
    with qtbot.waitSignal(start.picked) as picked:
        choose(start, 2)
    assert picked.args == ["/b.npz", ""]
    assert start.path() == "/b.npz"
    with qtbot.assertNotEmitted(start.path_changed):
        start.offer([("/c.npz", "A new one"), ("/b.npz", "Another name")])
    assert items(start) == ["fresh weights", "A new one", "Another name", "Choose a file …"]
    assert (start.path(), start.currentText()) == ("/b.npz", "Another name")
    # Gone from the list, but chosen.
    start.offer([("/c.npz", "A new one")])
    assert (start.path(), start.currentText()) == ("/b.npz", "Another name")
    choose(start, 0)
    start.show_path("/elsewhere/own.npz")
    start.offer([("/d.npz", "The last")])
    assert (start.path(), start.currentText()) == ("/elsewhere/own.npz", "own.npz")
    assert items(start)[1] == "The last"


def test_networks_that_fit_the_data_are_offered(qtbot: QtBot, tmp_path: Path) -> None:
    panel = SettingsPanel()
    qtbot.addWidget(panel)
    combo = panel.fields["start_model"].widget
    assert isinstance(combo, FileCombo)
    networks = [
        StoredNetwork(Path("/a.npz"), "run", "A run", "layers:20"),
        StoredNetwork(Path("/b.npz"), "run", "Of shapes", "layers:20#3"),
        StoredNetwork(Path("/c.npz"), "opened", "Damaged"),
    ]
    panel.offer_networks(networks)
    assert items(combo) == ["fresh weights", "A run · MLP", "Choose a file …"]
    panel.apply("data_folder", str(tmp_path))
    assert items(combo)[1:3] == ["A run · MLP", "Of shapes · MLP"]
