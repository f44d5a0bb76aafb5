"""The board by keyboard alone."""

from __future__ import annotations

import numpy as np
import pytest
from PyQt5.QtCore import QEvent, QPoint, QPointF, Qt
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication

from mnist_draw.app.draw.canvas import Canvas


@pytest.fixture(autouse=True)
def focus(canvas: Canvas) -> None:
    canvas.setFocus()


def _hold(canvas: Canvas, *keys: int, times: int = 1) -> None:
    """Hold keys; the last one repeats, as keyboards do."""
    for key in keys:
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.KeyPress, key, Qt.NoModifier))
    for _ in range(times - 1):
        event = QKeyEvent(QEvent.KeyPress, keys[-1], Qt.NoModifier, "", True)
        QApplication.sendEvent(canvas, event)
    for key in keys:
        QApplication.sendEvent(canvas, QKeyEvent(QEvent.KeyRelease, key, Qt.NoModifier))


def test_a_seven_drawn_by_keys(canvas: Canvas) -> None:
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


def test_a_screen_reader_is_told_where_the_pen_is(canvas: Canvas) -> None:
    usual = canvas.accessibleDescription()
    assert "arrow keys" in usual
    QTest.keyClick(canvas, Qt.Key_Left)
    assert canvas.accessibleDescription() == "Pen up, 48 % from the left, 50 % from the top."
    QTest.keyClick(canvas, Qt.Key_Space)
    assert canvas.accessibleDescription().startswith("Pen down")
    canvas.clearFocus()
    assert canvas.accessibleDescription() == usual
    assert canvas.drawing.growing is None


def test_the_crosshair_stays_on_the_board_and_goes_with_the_mouse(canvas: Canvas) -> None:
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key_Up)
    assert canvas.key_pen.place == QPointF(300, 0)
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(50, 50))
    assert canvas.key_pen.place is None
    assert len(canvas.drawing.items) == 1


def test_undo_lifts_the_pen(canvas: Canvas) -> None:
    QTest.keyClick(canvas, Qt.Key_Space)
    canvas.undo()
    QTest.keyClick(canvas, Qt.Key_Right)
    assert not canvas.has_ink()
    QTest.keyClick(canvas, Qt.Key_Space)
    QTest.keyClick(canvas, Qt.Key_Right)
    assert len(canvas.drawing.items) == 1


@pytest.mark.parametrize("told", ["begun", "ended"])
def test_who_is_told_of_a_stroke_may_take_the_keys(
    canvas: Canvas, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    name = {"begun": "begin", "ended": "end"}[told]
    work = getattr(canvas, name)

    def then_leave(*arguments: object) -> None:
        work(*arguments)
        canvas.clearFocus()

    monkeypatch.setattr(canvas, name, then_leave)
    QTest.keyClick(canvas, Qt.Key_Space)
    canvas.setFocus()
    QTest.keyClick(canvas, Qt.Key_Space)
    assert canvas.key_pen.place is None
    assert "arrow keys" in canvas.accessibleDescription()
