"""Several digits on the board: the number is shown, can be copied, and each digit is marked."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw_tab import DrawTab
from mnist_draw.app.recognition_worker import RecognitionWorker

from . import fakes

INK = np.full((300, 300), 255, np.uint8)


def _tab(qtbot: QtBot) -> tuple[DrawTab, RecognitionWorker, list[fakes.Recogniser]]:
    made: list[fakes.Recogniser] = []
    worker = RecognitionWorker(fakes.model, lambda m: made.append(fakes.Recogniser(m)) or made[-1])
    tab = DrawTab()
    qtbot.addWidget(tab)
    tab.resize(900, 700)
    tab.show()
    tab.ink_posted.connect(worker.post_ink)
    worker.numbered.connect(tab.show_number)
    worker.answered.connect(tab.show_answer)
    worker.prepare()
    return tab, worker, made


def test_a_number_is_shown_and_marked(qapp: QApplication, qtbot: QtBot) -> None:
    tab, _, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    panel = tab.answer
    assert panel.number_label.text() == "207"
    assert panel.prediction.text() == "207"
    assert panel.confidence.text() == "72.9 % sure"
    assert panel.number_label.textInteractionFlags() & Qt.TextSelectableByMouse
    assert [box.x() for box in tab.boxes.boxes] == [0, 40, 80]
    assert [box.height() for box in tab.boxes.boxes] == [80] * 3
    assert tab.boxes.isVisible()
    assert tab.boxes.size() == tab.canvas.size()
    tab.resize(1000, 800)
    assert tab.boxes.size() == tab.canvas.size()


def test_a_long_number_stands_below(qapp: QApplication, qtbot: QtBot) -> None:
    tab, _, made = _tab(qtbot)
    made[0].number = "1234567"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    assert tab.answer.number_label.text() == "1234567"
    assert tab.answer.prediction.text() == "…"


def test_one_digit_is_no_number(qapp: QApplication, qtbot: QtBot) -> None:
    tab, _, made = _tab(qtbot)
    made[0].number = "12"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    made[0].number = ""
    tab.canvas.add_stroke([(200, 100), (200, 400)])
    assert tab.answer.number_label.text() == ""
    assert tab.answer.prediction.text() == "2"
    assert not tab.boxes.isVisible()


def test_clearing_takes_the_number_away(qapp: QApplication, qtbot: QtBot) -> None:
    tab, _, made = _tab(qtbot)
    made[0].number = "12"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    tab.canvas.clear()
    assert tab.answer.number_label.text() == ""
    assert tab.answer.prediction.text() == ""
    assert tab.boxes.boxes == []
