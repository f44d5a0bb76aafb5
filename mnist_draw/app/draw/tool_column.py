"""The column of tools left of the board."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QButtonGroup, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import rule

#: Every tool: attribute and object name. An empty line is a rule.
_TOOLS = (
    ("pen", "penButton"),
    ("eraser", "eraserButton"),
    (),
    ("undo", "undoButton"),
    ("redo", "redoButton"),
    ("clear", "clearButton"),
    (),
    ("open_image", "openImageButton"),
    ("paste", "pasteButton"),
    ("example", "exampleButton"),
    (),
    ("save", "saveDrawingButton"),
    ("copy", "copyButton"),
)

#: Height goes to the buttons first; what they cannot take stays empty below them.
_SHARE = 1000


class ToolColumn(QWidget):
    """The buttons; the tab's commands give them icon, name and meaning."""

    pen: QToolButton
    eraser: QToolButton
    undo: QToolButton
    redo: QToolButton
    clear: QToolButton
    open_image: QToolButton
    paste: QToolButton
    example: QToolButton
    save: QToolButton
    copy: QToolButton

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.FIELD_GAP)
        for tool in _TOOLS:
            if not tool:
                column.addWidget(rule())
                continue
            attribute, name = tool
            button = _tool(name)
            setattr(self, attribute, button)
            column.addWidget(button, _SHARE)
        column.addStretch(1)
        group = QButtonGroup(self)
        for button in (self.pen, self.eraser):
            button.setCheckable(True)
            group.addButton(button)
        self.pen.setChecked(True)


def _tool(name: str) -> QToolButton:
    button = QToolButton()
    button.setObjectName(name)
    button.setProperty("look", "tool")
    button.setFocusPolicy(Qt.StrongFocus)
    # In a low window the buttons get lower, between the style sheet's limits.
    button.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Expanding)
    return button
