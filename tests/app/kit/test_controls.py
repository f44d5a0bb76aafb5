"""The stepper, the segments, menus and popovers within their window, lines that widen nothing."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import QPoint, QRect, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QPushButton, QStyle, QStyleOptionSpinBox, QWidget

from mnist_draw.app.kit.controls import Menu, Popover, SegmentedControl, Stepper
from mnist_draw.app.kit.layout import column
from mnist_draw.app.kit.steady_labels import ElidedLabel


@pytest.fixture
def owner(qtbot):
    """Return a visible window of 400 by 300 with a button in its lower right corner."""
    widget = QWidget()
    qtbot.addWidget(widget)
    widget.resize(400, 300)
    widget.button = QPushButton("Open", widget)
    widget.button.setGeometry(340, 260, 60, 40)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    widget.button.setFocus()
    qtbot.waitUntil(widget.button.hasFocus)
    return widget


def test_a_stepper_steps_by_its_two_ends(qtbot):
    stepper = Stepper(1, 500)
    qtbot.addWidget(stepper)
    stepper.setValue(20)
    stepper.show()
    option = QStyleOptionSpinBox()
    stepper.initStyleOption(option)
    for part, side, value in (
        (QStyle.SC_SpinBoxUp, "right", 21),
        (QStyle.SC_SpinBoxDown, "left", 20),
    ):
        box = stepper.style().subControlRect(QStyle.CC_SpinBox, option, part, stepper)
        assert (box.center().x() > stepper.width() / 2) == (side == "right")
        QTest.mouseClick(stepper, Qt.LeftButton, pos=box.center())
        assert stepper.value() == value


def test_segments_keep_their_buttons_and_are_one_stop(owner):
    control = SegmentedControl("parts", ["9 ? 52 %", "3 88 %"])
    column(control, owner=owner)
    control.choose(0)
    control.show()
    first, second = control.buttons
    assert control.group.exclusive()
    told = []
    control.chosen.connect(told.append)
    first.setFocus()
    QTest.keyClick(first, Qt.Key_Right)
    assert second.isChecked()
    assert told == [1]
    assert [bool(part.focusPolicy() & Qt.TabFocus) for part in (first, second)] == [False, True]
    control.show_parts(["9 99 %", "3 90 %", "1 80 %"])
    assert control.buttons[:2] == [first, second]
    control.show_parts(["9 99 %"])
    assert [button.isVisibleTo(control) for button in control.buttons] == [True, False, False]


@pytest.mark.qt_log_ignore("This plugin does not support")
def test_a_menu_stays_within_its_window(owner):
    menu = Menu(owner.button)
    for text in ("First", "Second", "An entry with a name that is long"):
        menu.addAction(text)
    menu.popup(owner.button.mapToGlobal(QPoint(0, owner.button.height())))
    window = QRect(owner.mapToGlobal(QPoint()), owner.size())
    assert window.contains(menu.geometry())
    assert menu.geometry().bottom() <= owner.button.mapToGlobal(QPoint()).y()
    menu.close()


@pytest.mark.parametrize("to_the_right", [False, True])
def test_a_popover_stays_within_its_window_and_gives_the_keyboard_back(owner, to_the_right, qtbot):
    popover = Popover(owner, "popover", "What is it?")
    buttons = [QPushButton(str(digit)) for digit in range(3)]
    for button in buttons:
        popover.body.addWidget(button)
    closed = []
    popover.closed.connect(lambda: closed.append(True))
    popover.open_at(owner.button, to_the_right=to_the_right)
    shown = QRect(buttons[0].mapTo(owner, QPoint()), buttons[-1].mapTo(owner, QPoint(60, 20)))
    assert owner.rect().contains(shown)
    assert buttons[0].hasFocus()
    # The keyboard walks within it.
    for expected in (buttons[1], buttons[2], buttons[0]):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
        assert expected.hasFocus()
    QTest.keyClick(buttons[0], Qt.Key_Escape)
    assert closed == [True]
    assert owner.button.hasFocus()
    # A press elsewhere closes it; one on what opened it is that button's own.
    popover.open_at(owner.button)
    QTest.mouseClick(owner.button, Qt.LeftButton)
    assert popover.isVisible()
    QTest.mouseClick(owner, Qt.LeftButton, pos=QPoint(2, 2))
    assert not popover.isVisible()


def test_no_text_of_an_elided_label_widens_its_page(qtbot):
    page, line = QWidget(), ElidedLabel("Short")
    qtbot.addWidget(page)
    column(line, owner=page)
    before = page.minimumSizeHint(), page.sizeHint()
    line.setText("A name that a student gave to a network and that does not end " * 4)
    assert (page.minimumSizeHint(), page.sizeHint()) == before
    line.resize(100, line.height())
    assert line.fitted()[1].endswith("…")
