"""The answers of a network that tells other classes than digits apart."""

from __future__ import annotations

import string

import numpy as np
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.answer_panel import AnswerPanel
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.answer import Answer, answer_from
from mnist_draw.storage import ModelFile
from mnist_draw.storage.models import ModelInfo

from .. import fakes

LETTERS = tuple(string.ascii_uppercase)


def answer(names: tuple[str, ...], first: int, sure: float = 0.9) -> Answer:
    probabilities = np.full(len(names), (1 - sure) / (len(names) - 1), np.float32)
    probabilities[first] = sure
    return answer_from(probabilities, np.ones((28, 28), np.float32), names=names)


def shown(qtbot: QtBot, names: tuple[str, ...]) -> AnswerPanel:
    panel = AnswerPanel()
    qtbot.addWidget(panel)
    panel.resize(605, 640)
    panel.show()
    panel.note_network(ModelInfo(classes=names), names)
    return panel


def test_bars_of_26_letters_stand_in_two_columns_and_fit(qtbot: QtBot) -> None:
    panel = shown(qtbot, LETTERS)
    panel.show_reading(fakes.reading(answer(LETTERS, 17)))
    bars = panel.bars.bars
    assert [bar.name for bar in bars] == list(LETTERS)
    assert [bar.digit for bar in bars if bar.winner] == [17]
    assert len({bar.x() for bar in bars}) == 2
    QTest.qWait(1)
    for bar in bars:
        assert panel.bars.rect().contains(bar.geometry())
        assert bar.height() >= bar.minimumSizeHint().height()
    assert panel.prediction.text() == "R"
    assert panel.confidence.text() == "90.0 % sure"
    assert "Second guess: Z" in panel.second.text()
    assert panel.why_link.text() == "Why R?"


def test_a_hundred_bars_do_not_widen_the_window(qtbot: QtBot) -> None:
    names = tuple(f"class name {number}" for number in range(100))
    panel = shown(qtbot, names)
    assert panel.minimumSizeHint().width() <= 605
    assert panel.minimumSizeHint().height() <= 640
    assert len({bar.x() for bar in panel.bars.bars}) == 4


def test_names_are_written_out(qtbot: QtBot) -> None:
    names = ("circle", "zigzag line", "a name that nobody could write beside a bar")
    panel = shown(qtbot, names)
    panel.show_reading(fakes.reading(answer(names, 1)))
    assert panel.prediction.text() == "zigzag line"
    assert panel.confidence.text() == "90.0 % sure"
    panel.show_reading(fakes.reading(answer(names, 2, 0.5)))
    assert "Perhaps" in panel.second.text() or "close" in panel.second.text()
    assert "digit" not in panel.second.text()
    assert "class" in panel.bars.accessibleDescription()


def test_keys_walk_through_all_classes_and_digits_keys_are_no_names(qtbot: QtBot) -> None:
    panel = shown(qtbot, LETTERS)
    panel.show_reading(fakes.reading(answer(LETTERS, 25)))
    QTest.keyClick(panel.bars, Qt.Key_Down)
    assert panel.bars.asked == 0
    QTest.keyClick(panel.bars, Qt.Key_3)
    assert panel.bars.asked == 0


def test_digits_come_back(qtbot: QtBot) -> None:
    panel = shown(qtbot, LETTERS)
    panel.show_reading(fakes.reading(answer(LETTERS, 3)))
    panel.note_network(ModelInfo())
    assert [bar.name for bar in panel.bars.bars] == list(DIGITS)
    assert panel.prediction.text() == ""
    panel.show_reading(fakes.reading(fakes.answer("3", 3)))
    assert panel.prediction.text() == "3"


def test_an_explanation_of_the_network_before_is_not_shown(qtbot: QtBot) -> None:
    panel = shown(qtbot, LETTERS)
    panel.show_reading(fakes.reading(answer(LETTERS, 3)))
    panel.show_explanation(fakes.explanation(3), 1_000)
    assert panel.row.saliency_title.text() == "What spoke for it"


def test_the_draw_tab_asks_for_classes_and_teaches_none(qtbot: QtBot) -> None:
    tab = DrawTab()
    qtbot.addWidget(tab)
    parameters = (np.zeros((784, 26)), np.zeros(26))
    letters = ModelFile("layers:#26", parameters).with_info(classes=list(LETTERS))
    tab.use_network(letters)
    assert tab.my_digits.row.isHidden()
    assert "Draw one of 26 classes" in tab.canvas.accessibleDescription()
    menu = tab.tools.example.menu().actions()
    assert [action.text() for action in menu] == ["A test picture", "A mistake of this network"]
    assert not any("digit" in f"{action.text()} {action.toolTip()}" for action in menu)
    assert not any("digit" in command.sentence for command in menu)
    tab.use_network(fakes.model())
    assert not tab.my_digits.row.isHidden()
    assert "Draw a digit" in tab.canvas.accessibleDescription()
    assert menu[0].text() == "A test digit"
