"""The board under mouse, pen and finger, at any size, pixel ratio and in any colours."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PyQt5.QtGui import QMouseEvent, QTabletEvent, QTouchEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.kit import theme

STROKE = [(200, 150), (350, 200), (250, 420), (400, 450)]


def drag(canvas, *places):
    """Draw with the left mouse button."""
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(*places[0]))
    for place in places[1:]:
        event = QMouseEvent(
            QEvent.MouseMove, QPointF(*place), Qt.NoButton, Qt.LeftButton, Qt.NoModifier
        )
        QApplication.sendEvent(canvas, event)
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(*places[-1]))


def tablet(canvas, kind, place, pressure=0.5, pointer=QTabletEvent.Pen):
    """Send a pen event."""
    button = Qt.NoButton if kind == QEvent.TabletMove else Qt.LeftButton
    buttons = Qt.NoButton if kind == QEvent.TabletRelease else Qt.LeftButton
    event = QTabletEvent(
        kind, QPointF(*place), QPointF(*place), QTabletEvent.Stylus, pointer, pressure,
        0, 0, 0.0, 0.0, 0, Qt.NoModifier, 1, button, buttons,
    )  # fmt: skip
    event.ignore()
    QApplication.sendEvent(canvas, event)
    return event


def test_mouse_draws_what_add_stroke_draws(canvas, qtbot):
    with qtbot.waitSignal(canvas.ink_changed):
        drag(canvas, *STROKE)
    by_mouse = canvas.ink()
    canvas.clear()
    canvas.add_stroke(STROKE)
    assert np.array_equal(by_mouse, canvas.ink())


def test_ink_is_told_after_every_point(canvas):
    seen = []
    canvas.ink_changed.connect(lambda: seen.append(int((canvas.ink() > 0).sum())))
    drag(canvas, *STROKE)
    assert len(seen) == len(STROKE) + 1
    assert sorted(seen) == seen


def test_right_button_does_not_draw(canvas):
    QTest.mouseClick(canvas, Qt.RightButton, Qt.NoModifier, QPoint(300, 300))
    assert not canvas.has_ink()


class Finger:
    """One touch point of a :class:`Touch`."""

    def __init__(self, number, state, x, y):
        self.id = lambda: number
        self.state = lambda: state
        self.pos = lambda: QPointF(x, y)


class Touch(QTouchEvent):
    """A touch event with fingers of our own: Qt delivers real ones only from real devices."""

    def __init__(self, kind, *fingers):
        super().__init__(kind)
        self.touchPoints = lambda: list(fingers)


def test_a_finger_draws_and_a_second_one_does_not(canvas):
    pressed, moved = Qt.TouchPointPressed, Qt.TouchPointMoved
    for touch in (
        Touch(QEvent.TouchBegin, Finger(1, pressed, 300, 100)),
        Touch(QEvent.TouchUpdate, Finger(1, moved, 300, 300), Finger(2, pressed, 50, 50)),
        Touch(QEvent.TouchUpdate, Finger(1, moved, 300, 500), Finger(2, moved, 60, 60)),
        Touch(QEvent.TouchEnd, Finger(1, Qt.TouchPointReleased, 300, 500)),
    ):
        touch.ignore()
        assert canvas.event(touch)
        assert touch.isAccepted()
    ink = canvas.ink()
    assert ink[60:240, 150].all()
    assert not ink[:50, :50].any()
    canvas.undo()
    assert not canvas.drawing.can_undo


def test_a_cancelled_touch_ends_the_stroke(canvas):
    canvas.event(Touch(QEvent.TouchBegin, Finger(1, Qt.TouchPointPressed, 300, 100)))
    canvas.event(Touch(QEvent.TouchCancel))
    assert canvas.drawing.growing is None


def test_ink_depends_on_neither_size_nor_pixel_ratio_nor_colours(canvas, monkeypatch):
    canvas.add_stroke(STROKE)
    expected = canvas.ink()
    canvas.resize(417, 900)
    assert np.array_equal(canvas.ink(), expected)
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: 2.0)
    canvas.resize(600, 600)
    assert np.array_equal(canvas.ink(), expected)
    theme.theme().apply("dark")
    assert np.array_equal(canvas.ink(), expected)


def test_the_same_gesture_at_another_size_gives_the_same_digit(canvas):
    drag(canvas, *STROKE)
    large = canvas.ink().astype(int)
    canvas.clear()
    canvas.resize(300, 300)
    drag(canvas, *((x // 2, y // 2) for x, y in STROKE))
    assert abs(large - canvas.ink()).mean() < 2


@pytest.mark.parametrize("ratio", [1.0, 2.0])
@pytest.mark.parametrize("choice", ["light", "dark"])
def test_ink_is_painted_where_it_is_drawn(canvas, ratio, choice, monkeypatch):
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: ratio)
    theme.theme().apply(choice)
    canvas.resize(610, 600)
    drag(canvas, (300, 100), (300, 300), (300, 500))
    image = canvas.grab().toImage()
    assert image.pixelColor(300, 300) == theme.colour("ink")
    assert image.pixelColor(200, 300) == theme.colour("paper")


def test_what_is_painted_point_by_point_looks_like_the_whole(canvas):
    drag(canvas, *STROKE)
    drawn = canvas.grab().toImage()
    canvas.resize(601, 600)
    canvas.resize(600, 600)
    assert drawn == canvas.grab().toImage()


def test_a_new_point_repaints_only_its_surroundings(canvas, qtbot):
    areas: list[QRect] = []
    paint = canvas.paintEvent

    def spy(event):
        areas.append(event.rect())
        paint(event)

    canvas.paintEvent = spy  # type: ignore[method-assign]
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(300, 300))
    for x in range(300, 340, 8):
        move = QMouseEvent(
            QEvent.MouseMove, QPointF(x, 300), Qt.NoButton, Qt.LeftButton, Qt.NoModifier
        )
        QApplication.sendEvent(canvas, move)
    QApplication.processEvents()
    areas.clear()
    move = QMouseEvent(
        QEvent.MouseMove, QPointF(348, 300), Qt.NoButton, Qt.LeftButton, Qt.NoModifier
    )
    QApplication.sendEvent(canvas, move)
    qtbot.waitUntil(lambda: bool(areas))
    assert max(area.width() * area.height() for area in areas) < 100 * 100
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(348, 300))


def test_points_outside_are_held_at_the_edge(canvas):
    drag(canvas, (300, 300), (5000, 300))
    assert canvas.ink().shape[1] <= 400


def test_resizing_while_drawing_keeps_the_stroke(canvas):
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(300, 100))
    canvas.resize(500, 600)
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(250, 300))
    assert canvas.has_ink()
    canvas.undo()
    assert not canvas.ink().any()


def test_pen_width_is_held_in_range(canvas, qtbot):
    canvas.set_pen_width(1000)
    assert canvas.pen_width == 96
    canvas.set_pen_width(0)
    assert canvas.pen_width == 8


@pytest.mark.parametrize(("room", "ratio"), [(0, 1.0), (0, 1.25), (0, 2.0), (10**8, 1.25)])
def test_undo_and_redo_bring_back_the_very_same_board(qtbot, room, ratio, monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.canvas._ROOM", room)
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: ratio)
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.resize(213, 187)
    canvas.show()
    boards, inks = [canvas.grab().toImage()], [canvas.ink()]
    rng = np.random.default_rng(4)
    for step in range(8):
        canvas.begin(QPointF(*rng.uniform(10, 175, 2)), erase=step % 4 == 3, weight=1.3)
        for _ in range(4):
            canvas.extend(QPointF(*rng.uniform(10, 175, 2)), weight=rng.uniform(0.5, 2))
        canvas.end()
        boards.append(canvas.grab().toImage())
        inks.append(canvas.ink())
    for step in (*range(7, -1, -1), *range(1, 9)):
        canvas.undo() if step < len(canvas.drawing.items) else canvas.redo()
        assert canvas.grab().toImage() == boards[step]
        assert np.array_equal(canvas.ink(), inks[step])


def test_an_eraser_on_an_empty_board_leaves_what_can_be_redone(canvas):
    canvas.add_stroke(STROKE)
    canvas.undo()
    canvas.erasing = True
    drag(canvas, (100, 100), (300, 300))
    assert not canvas.drawing.items
    canvas.redo()
    assert canvas.has_ink()
