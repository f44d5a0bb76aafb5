"""The column of tools left of the board."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QButtonGroup, QToolButton, QVBoxLayout, QWidget

from mnist_draw.app.icons import set_icon
from mnist_draw.app.theme import Size
from mnist_draw.app.widgets import explain

#: Every tool: attribute and object name, icon, name, sentence, key. An empty line is a rule.
_TOOLS = (
    ("pen", "penButton", "pencil-simple", "Pen", "Draw ink with the pen.", "P"),
    ("eraser", "eraserButton", "eraser", "Eraser", "Rub ink out, twice as wide as the pen.", "E"),
    (),
    (
        "undo",
        "undoButton",
        "arrow-counter-clockwise",
        "Undo",
        "Take back the last stroke, picture or clearing.",
        "Ctrl+Z",
    ),
    ("redo", "redoButton", "arrow-clockwise", "Redo", "Bring back what was undone.", "Ctrl+Y"),
    ("clear", "clearButton", "trash", "Clear", "Empty the board; can be undone.", "Delete"),
)


class ToolColumn(QWidget):
    """Buttons with an icon each; what they do is connected by the tab.

    Attributes
    ----------
    pen, eraser, undo, redo, clear : QToolButton
        `pen` and `eraser` exclude each other.
    """

    pen: QToolButton
    eraser: QToolButton
    undo: QToolButton
    redo: QToolButton
    clear: QToolButton

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.FIELD_GAP)
        for tool in _TOOLS:
            if not tool:
                column.addWidget(_rule())
                continue
            attribute, *description = tool
            button = _tool(*description)
            setattr(self, attribute, button)
            column.addWidget(button)
        column.addStretch(1)
        group = QButtonGroup(self)
        for button in (self.pen, self.eraser):
            button.setCheckable(True)
            group.addButton(button)
        self.pen.setChecked(True)


def _tool(name: str, icon: str, title: str, sentence: str, key: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("look", "tool")
    button.setFocusPolicy(Qt.StrongFocus)
    explain(button, title, sentence, key)
    set_icon(button, icon)
    return button


def _rule() -> QWidget:
    line = QWidget()
    line.setProperty("look", "rule")
    line.setAttribute(Qt.WA_StyledBackground)
    line.setFixedHeight(1)
    return line
