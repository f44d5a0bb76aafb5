"""The menu of networks: those that ship, read when chosen, and the one just trained."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mnist_draw.app.model_combo import ModelCombo
from mnist_draw.app.recognition_worker import RecognitionWorker
from mnist_draw.recognition.models import list_models

from . import fakes


def _combo(qtbot: QtBot) -> ModelCombo:
    combo = ModelCombo()
    qtbot.addWidget(combo)
    combo.fill(list_models())
    return combo


def test_the_networks_that_ship_are_listed_once_the_default_first(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    combo.fill(list_models())
    titles = [combo.itemText(place) for place in range(combo.count())]
    assert titles == ["Best reader", "Handwriting MLP", "Tutorial MLP"]
    assert combo.currentIndex() == 0


def test_choosing_one_gives_its_network_to_the_worker(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    used = []
    worker = RecognitionWorker(
        fakes.model, lambda model: used.append(model) or fakes.Recogniser(model)
    )
    combo.chosen.connect(worker.post_model)
    combo.activated.emit(2)
    assert [model.network for model in used] == ["mlp"]


def test_a_network_just_trained_takes_over_and_can_be_chosen_again(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    chosen: list[object] = []
    combo.chosen.connect(chosen.append)
    first, second = fakes.model(), fakes.model()
    combo.show_trained(first)
    combo.show_trained(second)
    assert combo.currentText() == "Your training"
    assert combo.count() == 4
    assert not chosen
    combo.activated.emit(3)
    assert chosen == [second]
