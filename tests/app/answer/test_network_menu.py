"""The menu of networks: those that ship, read when chosen, and the one just trained."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mnist_draw.app.answer.network_menu import NetworkMenu
from mnist_draw.app.services.recognition import RecognitionWorker
from mnist_draw.recognition.network_library import KeptModel, learnt_folder, list_models

from .. import fakes


def _combo(qtbot: QtBot) -> NetworkMenu:
    combo = NetworkMenu()
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


def _learnt(name: str) -> KeptModel:
    return KeptModel(learnt_folder() / f"{name}.npz", learnt=True)


def _titles(combo: NetworkMenu) -> list[str]:
    return [combo.itemText(place) for place in range(combo.count())]


def test_networks_that_have_learnt_follow_those_that_ship(qtbot: QtBot) -> None:
    combo = NetworkMenu()
    qtbot.addWidget(combo)
    combo.fill(list_models(), [_learnt("2026-11-25 10.15.00"), _learnt("2026-01-02 03.04.05")])
    combo.show_trained(fakes.model())
    assert _titles(combo)[3:] == [
        "My digits, 25 Nov 10:15",
        "My digits, 2 Jan 03:04",
        "Your training",
    ]
    assert combo.key == ""
    combo.show_learnt(_learnt("2026-11-26 08.00.00").key, fakes.model())
    assert combo.currentText() == _titles(combo)[3] == "My digits, 26 Nov 08:00"
    assert _titles(combo)[-1] == "Your training"


def test_only_the_newest_are_listed(qtbot: QtBot) -> None:
    combo = NetworkMenu()
    qtbot.addWidget(combo)
    combo.fill(list_models(), [_learnt(f"2026-11-{day:02d} 10.00.00") for day in range(28, 0, -1)])
    assert combo.count() == 3 + 8
    # An older one that is asked for by its key is listed all the same.
    combo.show_key(_learnt("2026-11-01 10.00.00").key)
    assert combo.currentText() == "My digits, 1 Nov 10:00"


def test_a_choice_is_told_with_its_key(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    keys: list[str] = []
    combo.key_changed.connect(keys.append)
    chosen: list[object] = []
    combo.chosen.connect(chosen.append)
    combo.activated.emit(2)
    combo.choose("shipped:best")
    assert keys == ["shipped:mlp", "shipped:best"]
    assert len(chosen) == 2
    assert combo.key == "shipped:best"
    # What is shown because it is in use already is not chosen once more.
    combo.show_key("shipped:mlp")
    assert keys[-1] == "shipped:mlp"
    assert len(chosen) == 2
    # A network from training has no key that a restart could find.
    combo.show_trained(fakes.model())
    combo.activated.emit(combo.currentIndex())
    assert len(keys) == 3


def test_a_learnt_network_that_is_not_saved_can_be_used(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    model = fakes.model()
    combo.show_learnt("", model)
    assert combo.currentText() == "My digits, not saved"
    assert combo.current_network() is model


def test_a_network_that_cannot_be_read_is_not_shown_as_in_use(qtbot: QtBot) -> None:
    combo = _combo(qtbot)
    combo.confirm()
    combo.setCurrentIndex(2)
    combo.activated.emit(2)
    keys: list[str] = []
    combo.key_changed.connect(keys.append)
    # A place may have been inserted meanwhile.
    combo.show_key(_learnt("2026-11-26 08.00.00").key)
    combo.revert()
    assert combo.currentText() == "Best reader"
    assert keys[-1] == "shipped:best"
    combo.revert()
    assert len(keys) == 2
