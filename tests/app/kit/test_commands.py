"""Commands: described once, served by buttons, menus and keys."""

from __future__ import annotations

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QLineEdit, QPushButton, QToolButton, QVBoxLayout, QWidget

from mnist_draw.app.kit.commands import Command, fill_menu


@pytest.fixture
def owner(qtbot):
    """Return a visible owner with room for controls."""
    widget = QWidget()
    QVBoxLayout(widget)
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.activateWindow()
    return widget


def test_a_button_is_described_and_follows_the_state(owner):
    done: list[str] = []
    command = Command(owner, "Undo", "Take it back.", "Ctrl+Z", lambda: done.append("undone"))
    button = QPushButton(owner)
    command.serve(button)
    assert button.toolTip() == "Take it back. (Ctrl+Z)"
    assert button.accessibleName() == "Undo"
    command.setEnabled(False)
    assert not button.isEnabled()
    button.click()
    assert not done
    command.setEnabled(True)
    button.click()
    assert done == ["undone"]


def test_each_of_its_keys_does_it_but_a_field_takes_its_own(owner, qtbot):
    done: list[str] = []
    Command(owner, "Redo", "Again.", "Ctrl+Y, R", lambda: done.append("again"))
    QTest.keyClick(owner, Qt.Key_Y, Qt.ControlModifier)
    QTest.keyClick(owner, Qt.Key_R)
    assert done == ["again"] * 2
    field = QLineEdit(owner)
    owner.layout().addWidget(field)
    field.show()
    field.setFocus()
    qtbot.waitUntil(field.hasFocus)
    QTest.keyClick(field, Qt.Key_R)
    assert field.text() == "r"
    assert done == ["again"] * 2


def test_a_menu_names_the_keys_of_its_commands(owner):
    button = QToolButton(owner)
    commands = [Command(owner, text, text, text[0], list) for text in ("Any", "Bad")]
    fill_menu(button, "Show", "Show one.", "dice-five", *commands)
    assert button.toolTip() == "Show one. (A, B)"
    assert [action.text() for action in button.menu().actions()] == ["Any", "Bad"]
