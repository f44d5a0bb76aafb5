"""Several digits on the board: the number is shown, can be copied, and each digit is marked."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPointF, QRectF, Qt
from PyQt5.QtGui import QFontMetricsF, QTabletEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.kit.theme import Text
from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer

from .. import fakes
from ..draw.test_canvas import Finger, Touch

INK = np.full((300, 300), 255, np.uint8)


def _tab(qtbot: QtBot) -> tuple[DrawTab, list[fakes.Recogniser]]:
    recognition = fakes.Answering()
    tab = DrawTab()
    qtbot.addWidget(tab)
    tab.resize(1250, 700)
    tab.show()
    tab.ink_posted.connect(recognition.post_ink)
    recognition.answered.connect(tab.show_reading)
    recognition.start()
    return tab, recognition.made


def test_a_number_is_shown_and_marked(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    panel = tab.answer
    # It stands there once, large.
    assert panel.number_label.text() == ""
    assert panel.prediction.text() == "207"
    assert panel.confidence.text() == "72.9 % sure"
    assert [box.x() for box in tab.boxes.boxes] == [0, 40, 80]
    assert [box.height() for box in tab.boxes.boxes] == [80] * 3
    assert tab.boxes.isVisible()
    assert tab.boxes.size() == tab.canvas.size()
    tab.resize(1000, 800)
    assert tab.boxes.size() == tab.canvas.size()


@pytest.mark.parametrize(
    ("number", "shown"), [("123456789012", "123456789012"), ("1234567890" * 5, None)]
)
def test_a_long_number_is_made_smaller_until_it_fits(
    qapp: QApplication, qtbot: QtBot, number: str, shown: str | None
) -> None:
    """Twelve digits stand there whole; fifty lose their middle, and stand below to be copied."""
    tab, made = _tab(qtbot)
    made[0].number = number
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    label = tab.answer.prediction
    font, text = label.fitted()
    assert tab.answer.number_label.text() == label.text() == number
    assert tab.answer.number_label.textInteractionFlags() & Qt.TextSelectableByMouse
    assert QFontMetricsF(font).horizontalAdvance(text) <= label.width()
    if shown is None:
        start, end = text.split("…")
        assert number.startswith(start)
        assert number.endswith(end)
    else:
        assert text == shown
        assert font.pixelSize() >= Text.FIGURE


def test_one_digit_is_no_number(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "12"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    made[0].number = ""
    tab.canvas.add_stroke([(200, 100), (200, 400)])
    assert tab.answer.number_label.text() == ""
    assert tab.answer.prediction.text() == "2"
    assert not tab.boxes.isVisible()


def test_clearing_takes_the_number_away(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "12"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    tab.canvas.clear()
    assert tab.answer.number_label.text() == ""
    assert tab.answer.prediction.text() == ""
    assert tab.boxes.boxes == []


def test_a_tag_chooses_the_digit_and_draws_nothing(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    assert tab.boxes.index == 2
    strokes = len(tab.canvas.drawing.items)
    tag = tab.boxes.tag(0).center().toPoint()
    QTest.mouseClick(tab.canvas, Qt.LeftButton, Qt.NoModifier, tag)
    assert tab.boxes.index == 0
    assert tab.answer.place == 0
    assert len(tab.canvas.drawing.items) == strokes
    QTest.keyClick(tab.answer.bars, Qt.Key_Right)
    assert tab.boxes.index == 1


def test_the_pen_goes_through_a_box(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    strokes = len(tab.canvas.drawing.items)
    inside = tab.boxes._on_canvas(tab.boxes.boxes[0]).center().toPoint()
    QTest.mouseClick(tab.canvas, Qt.LeftButton, Qt.NoModifier, inside)
    assert len(tab.canvas.drawing.items) == strokes + 1


def test_tags_lie_on_the_board_wherever_the_digit_is(qapp: QApplication, qtbot: QtBot) -> None:
    tab, _ = _tab(qtbot)
    ends = [DigitAnswer(n, 0.9, box) for n, box in enumerate(((0, 0, 5, 5), (290, 0, 10, 300)))]
    tab.boxes.show_number(NumberAnswer("01", tuple(ends)))
    for place in range(2):
        assert QRectF(tab.boxes.rect()).contains(tab.boxes.tag(place))
        assert tab.boxes.index_at(tab.boxes.tag(place).center()) == place
    tab.boxes.show_number(None)
    assert tab.boxes.index_at(QPointF(10, 10)) is None


def test_a_pen_chooses_too(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    strokes = len(tab.canvas.drawing.items)
    for place in (0, 1):
        spot = tab.boxes.tag(place).center()
        event = QTabletEvent(
            QEvent.TabletPress, spot, spot, QTabletEvent.Stylus, QTabletEvent.Pen, 0.5, 0, 0,
            0.0, 0.0, 0, Qt.NoModifier, 1, Qt.LeftButton, Qt.LeftButton,
        )  # fmt: skip
        QApplication.sendEvent(tab.canvas, event)
        assert event.isAccepted()
        assert tab.boxes.index == place
    assert len(tab.canvas.drawing.items) == strokes


def test_a_finger_chooses_too(qapp: QApplication, qtbot: QtBot) -> None:
    tab, made = _tab(qtbot)
    made[0].number = "207"
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    items = len(tab.canvas.drawing.items)
    spot = tab.boxes.tag(0).center()
    for kind, state in (
        (QEvent.TouchBegin, Qt.TouchPointPressed),
        (QEvent.TouchEnd, Qt.TouchPointReleased),
    ):
        QApplication.sendEvent(tab.canvas, Touch(kind, Finger(1, state, spot.x(), spot.y())))
    assert tab.boxes.index == 0
    assert len(tab.canvas.drawing.items) == items
