"""The board by mouse, pen, finger and keyboard: one stroke at a time, whatever draws it."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QTabletEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.board_items import place_ink
from mnist_draw.app.draw.canvas import Canvas

from .test_canvas import Finger, Touch, drag, tablet

PRESS, MOVE, RELEASE = QEvent.TabletPress, QEvent.TabletMove, QEvent.TabletRelease


def imitated(canvas, kind, place, source):
    """Send a mouse event that was made of a pen's or a finger's."""
    point = QPointF(*place)
    event = QMouseEvent(
        kind, point, point, point, Qt.LeftButton, Qt.LeftButton, Qt.NoModifier, source
    )
    QApplication.sendEvent(canvas, event)


@pytest.mark.parametrize(
    "source",
    [
        Qt.MouseEventSynthesizedByQt,
        Qt.MouseEventSynthesizedBySystem,
        Qt.MouseEventSynthesizedByApplication,
    ],
)
def test_a_pen_stroke_is_drawn_once_although_a_mouse_is_imitated(canvas, source):
    tablet(canvas, PRESS, (300, 100))
    imitated(canvas, QEvent.MouseButtonPress, (300, 100), source)
    tablet(canvas, MOVE, (300, 400))
    imitated(canvas, QEvent.MouseMove, (300, 400), source)
    tablet(canvas, RELEASE, (300, 400))
    imitated(canvas, QEvent.MouseButtonRelease, (300, 400), source)
    assert len(canvas.drawing.items) == 1
    assert len(canvas.drawing.items[0].points) == 2


def test_pressure_changes_along_a_stroke(canvas):
    tablet(canvas, PRESS, (300, 100), 0.1)
    for step, y in enumerate(range(150, 501, 50), 1):
        tablet(canvas, MOVE, (300, y), 0.1 + 0.1 * step)
    tablet(canvas, RELEASE, (300, 500), 0)
    widths = [(row > 127).sum() for row in canvas.ink()[60:240:30]]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_a_pen_without_pressure_draws_as_wide_as_the_mouse(canvas):
    drag(canvas, (200, 100), (200, 500))
    tablet(canvas, PRESS, (400, 100), 0.0)
    tablet(canvas, MOVE, (400, 500), 0.0)
    tablet(canvas, RELEASE, (400, 500), 0.0)
    row = canvas.ink()[150] > 127
    assert row[:150].sum() == row[150:].sum()


def test_a_hovering_pen_does_not_draw(canvas):
    event = QTabletEvent(
        MOVE, QPointF(300, 300), QPointF(300, 300), QTabletEvent.Stylus, QTabletEvent.Pen, 0.0,
        0, 0, 0.0, 0.0, 0, Qt.NoModifier, 1, Qt.NoButton, Qt.NoButton,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    assert not canvas.drawing.items


def test_a_pens_side_button_does_not_draw(canvas):
    event = QTabletEvent(
        PRESS, QPointF(300, 300), QPointF(300, 300), QTabletEvent.Stylus, QTabletEvent.Pen, 0.5,
        0, 0, 0.0, 0.0, 0, Qt.NoModifier, 1, Qt.RightButton, Qt.RightButton,
    )  # fmt: skip
    QApplication.sendEvent(canvas, event)
    assert not canvas.drawing.items


def test_the_pens_other_end_rubs_out_a_picture_and_undo_brings_it_back(canvas):
    canvas.show_items([place_ink(np.full((50, 50), 255, np.uint8))])
    before, shown = canvas.ink(), canvas.grab().toImage()
    tablet(canvas, PRESS, (150, 300), pointer=QTabletEvent.Eraser)
    tablet(canvas, MOVE, (450, 300), pointer=QTabletEvent.Eraser)
    tablet(canvas, RELEASE, (450, 300), pointer=QTabletEvent.Eraser)
    assert not canvas.ink()[150, 90:210].any()
    assert canvas.ink()[110].any()
    rubbed = canvas.grab().toImage()
    canvas.undo()
    assert np.array_equal(canvas.ink(), before)
    assert canvas.grab().toImage() == shown
    canvas.redo()
    assert canvas.grab().toImage() == rubbed


def test_the_eraser_looks_the_same_point_by_point_and_painted_anew(canvas):
    canvas.add_stroke([(100, 100), (500, 500)], width=90)
    canvas.erasing = True
    drag(canvas, (100, 500), (250, 380), (320, 250), (480, 120))
    rubbed = canvas.grab().toImage()
    canvas.resize(601, 600)
    canvas.resize(600, 600)
    assert rubbed == canvas.grab().toImage()


def test_the_eraser_tool_makes_pen_and_finger_erase_too(canvas):
    canvas.add_stroke([(100, 300), (500, 300)], width=60)
    canvas.erasing = True
    tablet(canvas, PRESS, (200, 300))
    tablet(canvas, RELEASE, (200, 300))
    canvas.event(Touch(QEvent.TouchBegin, Finger(1, Qt.TouchPointPressed, 400, 300)))
    canvas.event(Touch(QEvent.TouchEnd, Finger(1, Qt.TouchPointReleased, 400, 300)))
    ink = canvas.ink()
    assert not ink[150, 100]
    assert not ink[150, 200]
    assert ink[150, 150]


def test_a_mouse_click_while_the_pen_is_down_ends_its_stroke(canvas):
    tablet(canvas, PRESS, (100, 100))
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(400, 400))
    tablet(canvas, MOVE, (100, 300))
    tablet(canvas, RELEASE, (100, 300))
    assert len(canvas.drawing.items) == 2
    assert canvas.drawing.growing is None


def test_the_next_finger_draws_after_the_first_was_lifted(canvas):
    pressed, released = Qt.TouchPointPressed, Qt.TouchPointReleased
    for number, x in ((1, 100), (2, 400)):
        canvas.event(Touch(QEvent.TouchBegin, Finger(number, pressed, x, 300)))
        canvas.event(Touch(QEvent.TouchEnd, Finger(number, released, x, 300)))
    assert len(canvas.drawing.items) == 2


def test_undo_while_drawing_takes_the_stroke_back_and_the_pen_draws_nothing_more(canvas):
    tablet(canvas, PRESS, (100, 100))
    tablet(canvas, MOVE, (200, 200))
    canvas.undo()
    tablet(canvas, MOVE, (300, 300))
    tablet(canvas, RELEASE, (300, 300))
    assert not canvas.has_ink()
    assert not canvas.drawing.can_undo


def test_a_picture_that_arrives_while_drawing_ends_the_stroke_first(canvas):
    tablet(canvas, PRESS, (100, 100))
    tablet(canvas, MOVE, (200, 200))
    drawn = canvas.ink()
    canvas.show_items([place_ink(np.full((20, 20), 255, np.uint8))])
    tablet(canvas, MOVE, (300, 300))
    tablet(canvas, RELEASE, (300, 300))
    assert len(canvas.drawing.items) == 1
    canvas.undo()
    assert np.array_equal(canvas.ink(), drawn)


@pytest.fixture(autouse=True)
def focus(canvas):
    canvas.setFocus()


def _hold(canvas, *keys, times=1):
    """Hold keys; the last one repeats, as keyboards do."""
    for key in keys:
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.KeyPress, key, Qt.NoModifier))
    for _ in range(times - 1):
        event = QKeyEvent(QEvent.KeyPress, keys[-1], Qt.NoModifier, "", True)
        QApplication.sendEvent(canvas, event)
    for key in keys:
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.KeyRelease, key, Qt.NoModifier))


def test_a_seven_drawn_by_keys(canvas):
    for _ in range(8):
        QTest.keyClick(canvas, Qt.Key_Up)
    assert not canvas.has_ink()
    QTest.keyClick(canvas, Qt.Key_Space)
    _hold(canvas, Qt.Key_Right, times=8)
    _hold(canvas, Qt.Key_Left, Qt.Key_Down, times=8)
    QTest.keyClick(canvas, Qt.Key_Space)
    (stroke,) = canvas.drawing.items
    ends = [(point.x, point.y) for point in (stroke.points[0], stroke.points[-1])]
    assert ends == [(300, 180), (300 + 8 * 15 - 9 * 15, 180 + 8 * 15)]
    slanted = Canvas()
    slanted.add_stroke([(point.x, point.y) for point in stroke.points])
    assert np.array_equal(canvas.ink(), slanted.ink())
    # The pen is up: the crosshair moves and draws nothing.
    QTest.keyClick(canvas, Qt.Key_Right, Qt.ShiftModifier)
    assert len(stroke.points) == len(canvas.drawing.items[0].points)
    assert canvas.key_pen.place == QPointF(ends[1][0] + 3, ends[1][1])


def test_a_screen_reader_is_told_where_the_pen_is(canvas):
    usual = canvas.accessibleDescription()
    assert "arrow keys" in usual
    QTest.keyClick(canvas, Qt.Key_Left)
    assert canvas.accessibleDescription() == "Pen up, 48 % from the left, 50 % from the top."
    QTest.keyClick(canvas, Qt.Key_Space)
    assert canvas.accessibleDescription().startswith("Pen down")
    canvas.clearFocus()
    assert canvas.accessibleDescription() == usual
    assert canvas.drawing.growing is None


def test_the_crosshair_stays_on_the_board_and_goes_with_the_mouse(canvas):
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key_Up)
    assert canvas.key_pen.place == QPointF(300, 0)
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(50, 50))
    assert canvas.key_pen.place is None
    assert len(canvas.drawing.items) == 1


def test_undo_lifts_the_pen(canvas):
    QTest.keyClick(canvas, Qt.Key_Space)
    canvas.undo()
    QTest.keyClick(canvas, Qt.Key_Right)
    assert not canvas.has_ink()
    QTest.keyClick(canvas, Qt.Key_Space)
    QTest.keyClick(canvas, Qt.Key_Right)
    assert len(canvas.drawing.items) == 1


@pytest.mark.parametrize("told", ["begun", "ended"])
def test_who_is_told_of_a_stroke_may_take_the_keys(canvas, monkeypatch, told):
    name = {"begun": "begin", "ended": "end"}[told]
    work = getattr(canvas, name)

    def then_leave(*arguments):
        work(*arguments)
        canvas.clearFocus()

    monkeypatch.setattr(canvas, name, then_leave)
    QTest.keyClick(canvas, Qt.Key_Space)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key_Space)
    assert canvas.key_pen.place is None
    assert "arrow keys" in canvas.accessibleDescription()
