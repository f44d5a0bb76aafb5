"""The fields say what is trained, and nothing gets lost between field and run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QFileDialog
from pytestqt.qtbot import QtBot

from mnist_draw.app.train.augmentation_preview import make_examples
from mnist_draw.app.train.settings_panel import SettingsPanel
from mnist_draw.errors import UserError
from mnist_draw.training.settings import TrainingSettings

OTHERS = TrainingSettings(
    network="custom_mlp:3,400,0.1,0.25",
    update="adam",
    update_parameters={"beta1": 0.8},
    learning_rate=0.00002,
    schedule="cosine",
    batch_size=128,
    epochs=7,
    l2=0.0001,
    seed=42,
    training_examples=5000,
    data_folder="/somewhere/fashion",
    augmentation="off",
    patience=3,
    target_accuracy=0.985,
    keep_best=True,
)


@pytest.fixture
def panel(qtbot: QtBot) -> SettingsPanel:
    """Return a panel."""
    widget = SettingsPanel()
    qtbot.addWidget(widget)
    return widget


def test_starts_with_the_tutorials_settings(panel: SettingsPanel) -> None:
    assert panel.settings() == TrainingSettings()


def test_shows_and_returns_all_settings(panel: SettingsPanel) -> None:
    panel.show_settings(OTHERS)
    assert panel.settings() == OTHERS


@pytest.mark.parametrize("network", ["mlp", "cnn", "custom_mlp:0,1,0,0"])
@pytest.mark.parametrize("update", ["sgd", "nesterov_momentum", "adadelta"])
def test_every_kind(panel: SettingsPanel, network: str, update: str) -> None:
    settings = TrainingSettings(network=network, update=update)
    panel.show_settings(settings)
    assert panel.settings() == settings


def test_the_tutorials_button_restores_them(panel: SettingsPanel) -> None:
    panel.show_settings(OTHERS)
    panel.defaults_button.click()
    assert panel.settings() == TrainingSettings()


def test_choosing_a_rule_shows_its_parameters(panel: SettingsPanel) -> None:
    panel.update_combo.setCurrentText("adam")
    assert list(panel._rule_boxes) == ["beta1", "beta2", "epsilon"]
    assert panel.settings().update_parameters == {}


def test_small_numbers_are_typed_and_shown_as_programs_write_them(panel: SettingsPanel) -> None:
    box = panel.learning_rate
    box.selectAll()
    QTest.keyClicks(box, "2e-05")
    QTest.keyClick(box, Qt.Key_Return)
    assert panel.settings().learning_rate == pytest.approx(2e-5)
    assert box.text() == "2e-05"


def test_nonsense_cannot_be_typed(panel: SettingsPanel) -> None:
    panel.epochs.selectAll()
    QTest.keyClicks(panel.epochs, "-abc")
    QTest.keyClick(panel.epochs, Qt.Key_Return)
    assert panel.settings().epochs >= 1


def test_nonsense_in_storage_is_refused_in_words(panel: SettingsPanel) -> None:
    with pytest.raises(UserError, match="epochs"):
        panel.show_stored({"epochs": "many"})
    assert panel.settings() == TrainingSettings()


def test_what_can_change_during_a_run(panel: SettingsPanel) -> None:
    panel.set_running(True)
    assert panel.learning_rate.isEnabled()
    assert panel.l2.isEnabled()
    assert panel.augmentation.isEnabled()
    assert not panel.epochs.isEnabled()
    assert not panel.network.isEnabled()
    panel.set_running(False)
    assert panel.epochs.isEnabled()


def test_a_folder_is_chosen_and_kept(panel: SettingsPanel, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["/data/qmnist", ""]
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: answers.pop(0))
    last = panel.data.count() - 1
    panel.data.activated.emit(last)
    assert panel.settings().data_folder == "/data/qmnist"
    assert panel.data.currentText() == "qmnist"
    panel.data.activated.emit(panel.data.count() - 1)
    assert panel.settings().data_folder == "/data/qmnist"
    panel.data.activated.emit(0)
    assert panel.settings().data_folder is None


def test_sixteen_examples_of_the_augmentation_are_shown(
    panel: SettingsPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[tuple[str, str | None, int]] = []

    def make(recipe: str, folder: str | None, seed: int) -> np.ndarray:
        made.append((recipe, folder, seed))
        return np.full((16, 28, 28), len(made), np.uint8)

    monkeypatch.setattr("mnist_draw.app.train.augmentation_preview.make_examples", make)
    assert panel.examples.isHidden()
    panel.augmentation.setCurrentIndex(panel.augmentation.findData("elastic"))
    qtbot.waitUntil(lambda: panel.examples.pictures is not None)
    assert not panel.examples.isHidden()
    assert made == [("elastic", None, 1)]
    panel.seed.setValue(9)
    qtbot.waitUntil(lambda: made[-1] == ("elastic", None, 9))
    assert panel.settings().augmentation == "elastic"
    panel.augmentation.setCurrentIndex(0)
    assert panel.examples.isHidden()


def test_real_examples_are_pictures_of_digits() -> None:
    pictures = make_examples("warp", None, 1)
    assert pictures.shape == (16, 28, 28)
    assert (pictures.reshape(16, -1).max(axis=1) > 100).all()


def test_examples_that_cannot_be_made_are_told(
    panel: SettingsPanel, qtbot: QtBot, tmp_path: Path
) -> None:
    panel.data.show_folder(str(tmp_path))
    with qtbot.waitSignal(panel.examples.failed) as told:
        panel.augmentation.setCurrentIndex(1)
    assert str(tmp_path) in told.args[0]


def test_settings_are_saved_and_opened(
    panel: SettingsPanel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "class.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    told: list[str] = []
    panel.told.connect(told.append)
    panel.show_settings(OTHERS)
    panel.save_file()
    panel.show_settings(TrainingSettings())
    panel.open_file()
    assert panel.settings() == OTHERS
    path.write_text("{")
    panel.open_file()
    assert panel.settings() == OTHERS
    assert told[0] == f"Saved {path}."
    assert "is not JSON" in told[1]
    assert "unchanged" in told[1]
