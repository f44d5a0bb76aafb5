"""The Draw tab: tools, keys, answers, several digits on the board, and the menu of networks."""

from functools import partial

import numpy as np
import pytest
from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, Qt
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QProgressBar, QToolButton

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.draw.overlays import Tag, crop_marks
from mnist_draw.app.draw.recognition import PostedInk
from mnist_draw.storage.preferences import Preferences

from .. import fakes
from .test_canvas import Finger, Touch, tablet

STROKE = [(200, 150), (350, 200), (250, 420)]


def text(tab, name):
    return tab.findChild(QLabel, name).text()


def bars(tab):
    return [tab.findChild(QProgressBar, f"probabilityBar{digit}") for digit in range(10)]


def test_drawing_posts_ink_with_rising_tickets_and_none_of_a_cleared_board(tab, qtbot):
    posted: list[PostedInk] = []
    tab.ink_posted.connect(posted.append)
    tab.canvas.add_stroke(STROKE)
    tab.canvas.add_stroke([(100, 100)])
    assert [ink.ticket for ink in posted] == [1, 2]
    assert posted[1].read()[0].sum() > posted[0].read()[0].sum()
    tab.canvas.begin(QPointF(100, 100), erase=False)
    tab.canvas.extend(QPointF(140, 130))
    tab.canvas.clear()
    qtbot.waitUntil(lambda: not posted[-1].read()[0].any())


def test_other_pages_get_the_answer_when_they_are_shown(tab):
    told: list[object] = []
    tab.answer.evidence_changed.connect(lambda picture, *__: told.append(picture))
    last = fakes.reading(fakes.answer(4), None, tab.ticket + 1)
    tab.show_reading(last)
    assert text(tab, "predictionLabel") == "4"
    assert not told
    tab.hide()
    assert told == [last.answer.network_input]
    # Another network answers meanwhile.
    other = fakes.reading(fakes.answer(9), None, tab.ticket + 2)
    tab.show_reading(other)
    assert told == [last.answer.network_input, other.answer.network_input]


def test_a_stroke_ends_where_its_board_is_hidden(tab):
    tab.canvas.begin(QPointF(100, 100), erase=False)
    tab.canvas.extend(QPointF(140, 130))
    tab.hide()
    assert not tab.canvas.is_drawing()
    tab.canvas.extend(QPointF(300, 300))
    assert len(tab.canvas.drawing.items[0].points) == 2


def test_ink_is_beginning_until_the_first_stroke_ends(tab, qtbot):
    posted: list[bool] = []
    tab.ink_posted.connect(lambda ink: posted.append(ink.beginning))
    tab.ink_posted.connect(lambda ink: tab.note_read(ink.ticket))
    for _ in range(2):
        for grow in (partial(tab.canvas.begin, QPointF(100, 100), erase=False),
                     partial(tab.canvas.extend, QPointF(140, 130))):  # fmt: skip
            count = len(posted)
            grow()
            qtbot.waitUntil(lambda: len(posted) > count)  # noqa: B023 - called here
        tab.canvas.end()
    assert posted == [True, True, False, False, False, False]


def test_what_grows_is_painted_before_it_is_read(tab, qtbot):
    seen: list[str] = []

    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Paint:
                seen.append("painted")
            return False

    watch = Watch()
    tab.canvas.begin(QPointF(100, 100), erase=False)
    qtbot.waitUntil(lambda: tab.ticket == 1)
    tab.canvas.installEventFilter(watch)
    tab.ink_posted.connect(lambda *_: seen.append("posted"))
    tab.note_read(tab.ticket)
    tab.canvas.extend(QPointF(140, 130))
    tab.canvas.extend(QPointF(150, 160))
    assert seen == []
    qtbot.waitUntil(lambda: "posted" in seen)
    tab.canvas.removeEventFilter(watch)
    assert seen == ["painted", "posted"]
    # It waits until what was posted has been read; the whole stroke waits for nothing.
    tab.canvas.extend(QPointF(160, 180))
    qtbot.waitUntil(lambda: tab.is_waiting)
    assert seen.count("posted") == 1
    tab.note_read(tab.ticket)
    qtbot.waitUntil(lambda: seen.count("posted") == 2)
    tab.canvas.end()
    assert seen.count("posted") == 3


def test_an_empty_board_has_no_answer_and_late_ones_are_ignored(tab):
    tools = [tab.tools.undo, tab.tools.redo, tab.tools.clear]
    enabled = lambda: [button.isEnabled() for button in tools]  # noqa: E731
    assert "Getting ready" in text(tab, "secondGuessLabel")
    assert enabled() == [False, False, False]
    tab.canvas.add_stroke(STROKE)
    assert enabled() == [True, False, True]
    tab.show_reading(fakes.reading(fakes.answer(3)))
    tab.findChild(QToolButton, "clearButton").click()
    assert text(tab, "predictionLabel") == ""
    assert not any(bar.value() for bar in bars(tab))
    tab.show_reading(fakes.reading(fakes.answer(3)))
    assert text(tab, "predictionLabel") == ""
    tab.tools.undo.click()
    assert enabled() == [True, True, True]
    tab.show_reading(fakes.reading(fakes.answer(4), ticket=3))
    assert text(tab, "predictionLabel") == "4"
    tab.tools.undo.click()
    assert enabled() == [False, True, False]
    # Nor has one where everything was rubbed out.
    tab.canvas.add_stroke([(300, 300)])
    tab.show_reading(fakes.reading(fakes.answer(1), ticket=5))
    assert text(tab, "predictionLabel") == "1"
    tab.canvas.erasing = True
    tab.canvas.set_pen_width(96)
    QTest.mouseClick(tab.canvas, Qt.LeftButton, Qt.NoModifier, tab.canvas.rect().center())
    assert not tab.canvas.ink().any()
    assert text(tab, "predictionLabel") == ""


def test_keys(tab):
    press = lambda *keys: QTest.keyClick(tab.canvas, *keys)  # noqa: E731
    tab.canvas.add_stroke(STROKE)
    press(Qt.Key_Z, Qt.ControlModifier)
    assert not tab.canvas.ink().any()
    press(Qt.Key_Y, Qt.ControlModifier)
    assert tab.canvas.ink().any()
    press(Qt.Key_Delete)
    assert not tab.canvas.ink().any()
    press(Qt.Key_E)
    assert tab.canvas.erasing
    press(Qt.Key_P)
    assert not tab.canvas.erasing
    press(Qt.Key_BracketRight)
    assert tab.canvas.pen_width == 40
    press(Qt.Key_BracketLeft)
    press(Qt.Key_BracketLeft)
    assert tab.canvas.pen_width == 32
    press(Qt.Key_B)
    assert tab.cut_out.isChecked()


def test_the_crop_box_is_the_box_that_is_cut(tab):
    tab.canvas.add_stroke([(200, 100), (200, 500)], width=40)
    tab.cut_out.setChecked(True)
    (box,), center = tab.boxes.boxes, tab.boxes.center
    sides = [box.left(), box.right(), box.top(), box.bottom()]
    assert sides == pytest.approx([180, 220, 80, 520], abs=2)
    assert (center.x(), center.y()) == pytest.approx((200, 300), abs=1)
    tab.canvas.clear()
    assert tab.boxes.center is None
    # A smudge too faint to be cut with the digit, 5% of its ink, is beside it.
    ink = np.zeros((300, 300), np.uint8)
    ink[100:140, 30:40] = 255
    ink[100:140, 100:130] = 13
    marks = crop_marks(ink, tab.canvas.drawing)
    assert marks == (QRectF(60, 200, 20, 80), QPointF(70, 240))
    assert crop_marks(ink // 40, tab.canvas.drawing) is None


def test_bars_glide_to_their_values(tab, qtbot):
    from mnist_draw.app.kit import theme

    theme.theme().motion = True
    tab.canvas.add_stroke(STROKE)
    tab.show_reading(fakes.reading(fakes.answer(3)))
    assert bars(tab)[3].value() == 900
    moments = tab.answer.bars.moments
    assert moments()[3] < 0.9
    qtbot.waitUntil(lambda: moments()[3] == pytest.approx(0.9))


def test_the_network_input_is_shown_pixel_for_pixel(tab):
    view = tab.answer.ink.view
    picture = np.zeros((28, 28), np.float32)
    picture[5, 20] = 1.0
    view.show_picture(picture)
    image = view.grab().toImage()
    side = view.width() // 28
    middle = side // 2
    assert image.pixelColor(20 * side + middle, 5 * side + middle).value() == 255
    assert image.pixelColor(20 * side + middle, 6 * side + middle).value() == 0


def test_pen_and_crop_box_are_as_they_were_left(qtbot):
    preferences = Preferences()
    tab = DrawTab(preferences=preferences)
    qtbot.addWidget(tab)
    tab.canvas.set_pen_width(64)
    tab.cut_out.trigger()
    tab.decimals.trigger()
    tab.answer.bars_card.all_button.click()
    tab.answer.ink.switch.click()
    tab.finish()
    again = DrawTab(preferences=preferences)
    qtbot.addWidget(again)
    assert again.canvas.pen_width == 64
    assert again.cut_out.isChecked()
    assert again.decimals.isChecked()
    assert again.answer.bars.all_shown
    assert again.answer.ink.switch.isChecked()
    # What a preferences file edited by hand may hold.
    preferences.set("pen_width", -1e9)
    assert DrawTab(preferences=preferences).canvas.pen_width == 8


# -- several digits


def test_the_board_is_read_again_when_points_are_to_be_read(tab):
    posted: list[bool] = []
    tab.ink_posted.connect(lambda ink: posted.append(ink.decimals))
    tab.canvas.add_stroke(STROKE)
    tab.decimals.trigger()
    tab.decimals.trigger()
    assert posted == [False, True, False]


def read_as(tab, number):
    """Draw, and have it read as a number; return the recogniser."""
    recognition = fakes.Answering()
    tab.ink_posted.connect(recognition.post_ink)
    recognition.answered.connect(tab.show_reading)
    recognition.start()
    recognition.made[0].number = number
    tab.canvas.add_stroke([(100, 100), (100, 400)])
    return recognition.made[0]


def test_a_number_is_shown_and_marked_until_the_next_digit_or_clearing(tab):
    recogniser = read_as(tab, "207")
    assert text(tab, "predictionLabel") == "207"
    assert text(tab, "confidenceLabel") == "Fairly sure"
    assert [box.x() for box in tab.boxes.boxes] == [0, 40, 80]
    assert [box.height() for box in tab.boxes.boxes] == [80] * 3
    assert tab.boxes.isVisible()
    assert tab.boxes.size() == tab.canvas.size()
    tab.resize(1000, 800)
    assert tab.boxes.size() == tab.canvas.size()
    recogniser.number = ""
    tab.canvas.add_stroke([(200, 100), (200, 400)])
    assert text(tab, "predictionLabel") == "2"
    assert not tab.boxes.isVisible()
    recogniser.number = "12"
    tab.canvas.add_stroke([(200, 100), (200, 400)])
    tab.canvas.clear()
    assert text(tab, "predictionLabel") == ""
    assert tab.boxes.boxes == []


def test_tags_are_on_the_board_wherever_the_digit_is(tab):
    ends = [QRectF(0, 0, 10, 10), QRectF(590, 0, 10, 600)]
    tab.boxes.show_tags(ends, [Tag("0"), Tag("1", "you said 7")])
    for place in range(2):
        assert QRectF(tab.boxes.rect()).contains(tab.boxes.tag(place))
        assert tab.boxes.index_at(tab.boxes.tag(place).center()) == place
    tab.boxes.show_tags([], [])
    assert tab.boxes.index_at(QPointF(10, 10)) is None


def press_mouse(tab, spot):
    QTest.mouseClick(tab.canvas, Qt.LeftButton, Qt.NoModifier, spot.toPoint())


def press_pen(tab, spot):
    point = (spot.x(), spot.y())
    assert tablet(tab.canvas, QEvent.TabletPress, point).isAccepted()
    tablet(tab.canvas, QEvent.TabletRelease, point)


def press_finger(tab, spot):
    for kind, state in (
        (QEvent.TouchBegin, Qt.TouchPointPressed),
        (QEvent.TouchEnd, Qt.TouchPointReleased),
    ):
        QApplication.sendEvent(tab.canvas, Touch(kind, Finger(1, state, spot.x(), spot.y())))


@pytest.mark.parametrize("press", [press_mouse, press_pen, press_finger])
def test_a_tag_chooses_the_digit_and_draws_nothing(tab, press):
    read_as(tab, "207")
    assert tab.boxes.index == 2
    strokes = len(tab.canvas.drawing.items)
    press(tab, tab.boxes.tag(0).center())
    assert tab.boxes.index == tab.answer.place == 0
    assert len(tab.canvas.drawing.items) == strokes
    QTest.keyClick(tab.answer.bars, Qt.Key_Right)
    assert tab.boxes.index == 1
    # The pen goes through a box.
    press(tab, tab.boxes._on_canvas(tab.boxes.boxes[0]).center())
    assert len(tab.canvas.drawing.items) == strokes + 1
