"""The column of tools left of the board."""

from __future__ import annotations

from PyQt5.QtCore import Qt
from PyQt5.QtWidgets import QButtonGroup, QMenu, QToolButton, QVBoxLayout, QWidget

from mnist_draw.app.shared.icons import set_icon
from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.widgets import explain

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
    (),
    (
        "open_image",
        "openImageButton",
        "image",
        "Open pictures",
        "Put a picture on the board, a photograph of paper too; several are lined up below it. "
        "They can also be dropped on the board.",
        "Ctrl+O",
    ),
    (
        "paste",
        "pasteButton",
        "clipboard-text",
        "Paste",
        "Put the picture on the clipboard on the board.",
        "Ctrl+V",
    ),
    (
        "example",
        "exampleButton",
        "dice-five",
        "Show me one",
        "Put one of MNIST's test digits on the board: any, or one that the network gets wrong.",
        "R, M",
    ),
    (),
    (
        "save",
        "saveDrawingButton",
        "floppy-disk",
        "Save the drawing",
        "Save the drawing as a PNG picture or as an SVG drawing.",
        "Ctrl+S",
    ),
    (
        "copy",
        "copyButton",
        "copy",
        "Copy",
        "Copy the drawing as a picture, or the answer as text.",
        "Ctrl+C, Ctrl+Shift+C",
    ),
)


class ToolColumn(QWidget):
    """Buttons with an icon each; what they do is connected by the tab.

    Attributes
    ----------
    pen, eraser, undo, redo, clear, open_image, paste, example, save, copy : QToolButton
        `pen` and `eraser` exclude each other; `example` and `copy` open a menu.
    """

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
        for button in (self.example, self.copy):
            menu = QMenu(button)
            menu.setToolTipsVisible(True)
            button.setMenu(menu)
            button.setPopupMode(QToolButton.InstantPopup)


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
