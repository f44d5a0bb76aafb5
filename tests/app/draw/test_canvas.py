"""The board by mouse, pen, finger and keyboard, at any size, pixel ratio and in any colors."""

import functools

import numpy as np
import pytest
from qtpy import QT5
from qtpy.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from qtpy.QtGui import QKeyEvent, QMouseEvent, QTabletEvent, QTouchEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication

from mnist_draw.app.draw.board_items import place_ink
from mnist_draw.app.draw.canvas import Canvas

from .. import seen

STROKE = [(200, 150), (350, 200), (250, 420), (400, 450)]
PRESS, MOVE, RELEASE = QEvent.TabletPress, QEvent.TabletMove, QEvent.TabletRelease


def move(canvas, place):
    """Move the mouse while its left button is down."""
    event = QMouseEvent(
        QEvent.MouseMove,
        QPointF(*place),
        Qt.NoButton,
        Qt.LeftButton,
        Qt.NoModifier,
    )
    QApplication.sendEvent(canvas, event)


def drag(canvas, *places):
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(*places[0]))
    for place in places[1:]:
        move(canvas, place)
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(*places[-1]))


def tablet(canvas, kind, place, pressure=0.5, erases=False, pressed=Qt.LeftButton):
    button = Qt.NoButton if kind == MOVE else pressed
    buttons = Qt.NoButton if kind == RELEASE else pressed
    event = tablet_event(kind, QPointF(*place), erases, pressure, button, buttons)
    event.ignore()
    QApplication.sendEvent(canvas, event)
    return event


def tablet_event(kind, place, erases, pressure, button, buttons):
    if QT5:
        pointer = QTabletEvent.Eraser if erases else QTabletEvent.Pen
        return QTabletEvent(
            kind, place, place, QTabletEvent.Stylus, pointer, pressure,
            0, 0, 0.0, 0.0, 0, Qt.NoModifier, 1, button, buttons,
        )  # fmt: skip
    return QTabletEvent(
        kind, device_of(erases), place, place, pressure,
        0, 0, 0.0, 0.0, 0, Qt.NoModifier, button, buttons,
    )  # fmt: skip


@functools.cache
def device_of(erases):
    """Return a pen or its other end, as Qt 6 knows one."""
    from PyQt6.QtGui import QInputDevice, QPointingDevice  # noqa: TID251

    pointer = QPointingDevice.PointerType.Eraser if erases else QPointingDevice.PointerType.Pen
    stylus = QInputDevice.DeviceType.Stylus
    return QPointingDevice("pen", 1, stylus, pointer, QInputDevice.Capability.All, 1, 3)


def pen(canvas, *places, **options):
    tablet(canvas, PRESS, places[0], **options)
    for place in places[1:]:
        tablet(canvas, MOVE, place, **options)
    tablet(canvas, RELEASE, places[-1], **options)


def test_the_mouse_draws_what_add_stroke_draws_and_tells_every_point(canvas):
    seen = []
    canvas.ink_changed.connect(lambda: seen.append(int((canvas.ink() > 0).sum())))
    drag(canvas, *STROKE)
    assert len(seen) == len(STROKE) + 1
    assert sorted(seen) == seen
    by_mouse = canvas.ink()
    canvas.clear()
    canvas.add_stroke(STROKE)
    assert np.array_equal(by_mouse, canvas.ink())


def test_other_buttons_and_a_hovering_pen_do_not_draw(canvas):
    QTest.mouseClick(canvas, Qt.RightButton, Qt.NoModifier, QPoint(300, 300))
    tablet(canvas, MOVE, (300, 300), 0.0, pressed=Qt.NoButton)
    tablet(canvas, PRESS, (300, 300), pressed=Qt.RightButton)
    assert not canvas.drawing.items


class Touch(QTouchEvent):
    """A touch event with fingers of our own: Qt delivers real ones only from real devices."""

    def __init__(self, kind, *fingers):
        super().__init__(kind)
        self.touchPoints = lambda: list(fingers)


class Finger:
    """One touch point of a `Touch`."""

    def __init__(self, number, state, x, y):
        self.id = lambda: number
        self.state = lambda: state
        self.pos = lambda: QPointF(x, y)


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
    # A touch that is cancelled ends its stroke.
    canvas.event(Touch(QEvent.TouchBegin, Finger(1, pressed, 300, 100)))
    canvas.event(Touch(QEvent.TouchCancel))
    assert canvas.drawing.growing is None


def test_the_same_gesture_at_another_size_gives_the_same_digit(canvas):
    drag(canvas, *STROKE)
    large = canvas.ink().astype(int)
    canvas.clear()
    canvas.resize(300, 300)
    drag(canvas, *((x // 2, y // 2) for x, y in STROKE))
    assert abs(large - canvas.ink()).mean() < 2


@pytest.mark.parametrize("erasing", [False, True])
def test_what_is_painted_point_by_point_looks_like_the_whole(canvas, erasing):
    canvas.add_stroke([(100, 100), (500, 500)], width=90)
    canvas.erasing = erasing
    drag(canvas, (100, 500), (250, 380), (320, 250), (480, 120))
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
        move(canvas, (x, 300))
    QApplication.processEvents()
    areas.clear()
    move(canvas, (348, 300))
    qtbot.waitUntil(lambda: bool(areas))
    assert max(area.width() * area.height() for area in areas) < 100 * 100
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(348, 300))


def test_points_outside_and_pen_width_are_held_in_range(canvas):
    drag(canvas, (300, 300), (5000, 300))
    assert canvas.ink().shape[1] <= 400
    for asked, held in ((1000, 96), (0, 8)):
        canvas.set_pen_width(asked)
        assert canvas.pen_width == held


def test_resizing_while_drawing_keeps_the_stroke(canvas):
    QTest.mousePress(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(300, 100))
    canvas.resize(500, 600)
    QTest.mouseRelease(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(250, 300))
    assert canvas.has_ink()
    canvas.undo()
    assert not canvas.ink().any()


@pytest.mark.parametrize(("room", "ratio"), [(0, 1.0), (0, 1.25), (0, 2.0), (10**8, 1.25)])
def test_undo_and_redo_bring_back_the_very_same_board(show, room, ratio, monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.canvas._ROOM", room)
    monkeypatch.setattr(Canvas, "devicePixelRatioF", lambda self: ratio)
    canvas = show(Canvas(), 213, 187)
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


def imitated(canvas, kind, place, source):
    """Send a mouse event that was made of a pen's or a finger's."""
    point = QPointF(*place)
    pressed = Qt.LeftButton, Qt.LeftButton, Qt.NoModifier
    by = source if QT5 else device_of(False)
    event = QMouseEvent(kind, point, point, point, *pressed, by)
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
    pen(canvas, (400, 100), (400, 500), pressure=0.0)
    row = canvas.ink()[150] > 127
    assert row[:150].sum() == row[150:].sum()


def test_the_pens_other_end_and_the_eraser_tool_of_pen_and_fingers_erase(canvas):
    canvas.add_stroke([(100, 300), (500, 300)], width=60)
    pen(canvas, (200, 300), erases=True)
    canvas.erasing = True
    pen(canvas, (500, 300))
    for number, x in ((1, 300), (2, 400)):
        canvas.event(Touch(QEvent.TouchBegin, Finger(number, Qt.TouchPointPressed, x, 300)))
        canvas.event(Touch(QEvent.TouchEnd, Finger(number, Qt.TouchPointReleased, x, 300)))
    assert len(canvas.drawing.items) == 5
    inked = canvas.ink()[150, 75:251:25].astype(bool)
    assert inked.tolist() == [True, False] * 4


def test_a_mouse_click_while_the_pen_is_down_ends_its_stroke(canvas):
    tablet(canvas, PRESS, (100, 100))
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(400, 400))
    tablet(canvas, MOVE, (100, 300))
    tablet(canvas, RELEASE, (100, 300))
    assert len(canvas.drawing.items) == 2
    assert canvas.drawing.growing is None


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


def test_an_empty_board_names_the_first_classes_and_the_last(canvas):
    canvas.set_invitation(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    assert "Draw one of: A B C … Z" in [text.text for text in seen.texts(canvas.window())]
    assert "Y Z" in canvas.toolTip()
    canvas.set_invitation(("cat", "dog"))
    assert "Draw one of: cat dog" in [text.text for text in seen.texts(canvas.window())]
    canvas.set_invitation()
    assert not canvas.toolTip()


def test_a_screen_reader_is_told_where_the_pen_is(canvas):
    usual = canvas.accessibleDescription()
    assert "arrow keys" in usual
    QTest.keyClick(canvas, Qt.Key_Left)
    assert canvas.accessibleDescription() == "Pen up, 48% from the left, 50% from the top."
    QTest.keyClick(canvas, Qt.Key_Space)
    assert canvas.accessibleDescription().startswith("Pen down")
    canvas.clearFocus()
    assert canvas.accessibleDescription() == usual
    assert canvas.drawing.growing is None
    canvas.set_invitation(tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    usual = canvas.accessibleDescription()
    assert "A B C D E F G" in usual
    QTest.keyClick(canvas, Qt.Key_Left)
    canvas.setFocus()
    canvas.clearFocus()
    assert canvas.accessibleDescription() == usual


def test_the_crosshair_stays_on_the_board_undo_lifts_it_and_it_goes_with_the_mouse(canvas):
    for _ in range(60):
        QTest.keyClick(canvas, Qt.Key_Up)
    assert canvas.key_pen.place == QPointF(300, 0)
    QTest.keyClick(canvas, Qt.Key_Space)
    canvas.undo()
    QTest.keyClick(canvas, Qt.Key_Right)
    assert not canvas.has_ink()
    QTest.keyClick(canvas, Qt.Key_Space)
    QTest.keyClick(canvas, Qt.Key_Right)
    assert len(canvas.drawing.items) == 1
    QTest.mouseClick(canvas, Qt.LeftButton, Qt.NoModifier, QPoint(50, 50))
    assert canvas.key_pen.place is None
    assert len(canvas.drawing.items) == 2


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
