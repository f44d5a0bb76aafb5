"""The Draw tab: tools, board and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QKeySequence, QPainter, QPaintEvent
from PyQt5.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QShortcut,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app import theme
from mnist_draw.app.answer_panel import AnswerPanel
from mnist_draw.app.canvas import Canvas
from mnist_draw.app.icons import set_icon
from mnist_draw.app.model_combo import ModelCombo
from mnist_draw.app.number_boxes import NumberBoxes
from mnist_draw.app.strokes import PEN_WIDTH, PEN_WIDTH_RANGE
from mnist_draw.app.tabular import TabularLabel
from mnist_draw.app.theme import Size
from mnist_draw.app.widgets import Switch, explain, label

if TYPE_CHECKING:
    import numpy as np

_WIDTH_STEP = 4
_SLIDER_WIDTH = 180
_PREVIEW = 32


class DrawTab(QWidget):
    """Draw a digit, read the answer.

    Signals
    -------
    ink_posted
        ``(ink, ticket)``: the drawing changed and wants an answer.
    """

    ink_posted = pyqtSignal(object, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawTab")
        self.setProperty("look", "page")
        self.setAttribute(Qt.WA_StyledBackground)
        self.canvas = Canvas()
        self.boxes = NumberBoxes(self.canvas)
        self.answer = AnswerPanel()
        self._ticket = 0
        self._emptied = 0
        row = QHBoxLayout(self)
        row.setContentsMargins(Size.MARGIN, Size.MARGIN, Size.MARGIN, Size.CARD_GAP)
        row.setSpacing(Size.CARD_PADDING)
        row.addLayout(self._build_tools())
        row.addLayout(self._build_board(), 12)
        row.addSpacing(Size.GRID)
        row.addWidget(self.answer, 13)
        self._build_shortcuts()
        self.canvas.ink_changed.connect(self._post_ink)
        self.canvas.history_changed.connect(self._show_history)
        self._show_history()
        self.setFocusProxy(self.canvas)

    # -- building

    def _build_tools(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(Size.FIELD_GAP)
        self.pen_button = self._tool(
            "penButton", "pencil-simple", "Pen", "Draw ink with the pen.", "P"
        )
        self.eraser_button = self._tool(
            "eraserButton", "eraser", "Eraser", "Rub ink out, twice as wide as the pen.", "E"
        )
        group = QButtonGroup(self)
        for button in (self.pen_button, self.eraser_button):
            button.setCheckable(True)
            group.addButton(button)
            column.addWidget(button)
        self.pen_button.setChecked(True)
        self.eraser_button.toggled.connect(self._choose_eraser)
        column.addWidget(_rule())
        self.undo_button = self._tool(
            "undoButton",
            "arrow-counter-clockwise",
            "Undo",
            "Take back the last stroke or clearing.",
            "Ctrl+Z",
        )
        self.redo_button = self._tool(
            "redoButton", "arrow-clockwise", "Redo", "Bring back what was undone.", "Ctrl+Y"
        )
        self.clear_button = self._tool(
            "clearButton", "trash", "Clear", "Empty the board; can be undone.", "Delete"
        )
        for button, action in (
            (self.undo_button, self.canvas.undo),
            (self.redo_button, self.canvas.redo),
            (self.clear_button, self.canvas.clear),
        ):
            button.clicked.connect(action)
            column.addWidget(button)
        column.addStretch(1)
        return column

    def _tool(self, name: str, icon: str, title: str, sentence: str, key: str) -> QToolButton:
        button = QToolButton()
        button.setObjectName(name)
        button.setProperty("look", "tool")
        explain(button, title, sentence, key)
        set_icon(button, icon)
        return button

    def _build_board(self) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(Size.FIELD_GAP)
        column.addWidget(self.canvas, 1)
        row = QHBoxLayout()
        row.setSpacing(Size.FIELD_GAP)
        row.addWidget(label("Pen", "muted"))
        self.width_slider = QSlider(Qt.Horizontal)
        self.width_slider.setObjectName("widthSlider")
        self.width_slider.setRange(*PEN_WIDTH_RANGE)
        self.width_slider.setPageStep(_WIDTH_STEP)
        self.width_slider.setValue(round(PEN_WIDTH))
        self.width_slider.setMaximumWidth(_SLIDER_WIDTH)
        explain(
            self.width_slider,
            "Pen width",
            "Width of the pen in board units; the board is 600 units high.",
            "[ and ]",
        )
        self.width_slider.valueChanged.connect(self.canvas.set_pen_width)
        self.canvas.width_changed.connect(self._show_width)
        row.addWidget(self.width_slider, 1)
        self.width_preview = WidthPreview(self.canvas)
        row.addWidget(self.width_preview)
        self.width_figure = TabularLabel(f"{PEN_WIDTH:.0f} of 600")
        row.addWidget(self.width_figure)
        row.addStretch(1)
        self.models = ModelCombo()
        row.addWidget(self.models)
        row.addStretch(1)
        caption = label("Crop box", "muted")
        row.addWidget(caption)
        self.crop_switch = Switch()
        self.crop_switch.setObjectName("cropSwitch")
        explain(
            self.crop_switch,
            "Crop box",
            "Mark what is cut out for the network, and its centre of mass.",
            "B",
        )
        self.crop_switch.toggled.connect(self._mark)
        caption.setBuddy(self.crop_switch)
        row.addWidget(self.crop_switch)
        column.addLayout(row)
        return column

    def _build_shortcuts(self) -> None:
        for keys, action in (
            ("Ctrl+Z", self.canvas.undo),
            ("Ctrl+Y", self.canvas.redo),
            ("Ctrl+Shift+Z", self.canvas.redo),
            ("Delete", self.canvas.clear),
            ("P", self.pen_button.click),
            ("E", self.eraser_button.click),
            ("B", self.crop_switch.toggle),
            ("[", lambda: self.canvas.set_pen_width(self.canvas.pen_width - _WIDTH_STEP)),
            ("]", lambda: self.canvas.set_pen_width(self.canvas.pen_width + _WIDTH_STEP)),
        ):
            self._shortcut(keys, action)

    def _shortcut(self, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)

    # -- what happens

    def _choose_eraser(self, on: bool) -> None:
        self.canvas.erasing = on

    def _show_width(self, width: int) -> None:
        self.width_slider.setValue(width)
        self.width_figure.setText(f"{width} of 600")
        self.width_preview.update()

    def _show_history(self) -> None:
        self.undo_button.setEnabled(self.canvas.can_undo)
        self.redo_button.setEnabled(self.canvas.can_redo)
        self.clear_button.setEnabled(bool(self.canvas.drawing.items))

    def _post_ink(self) -> None:
        """Send the drawing off to be recognised; an empty board needs no network."""
        self._ticket += 1
        ink = self.canvas.ink()
        if self.crop_switch.isChecked():
            self._mark(True, ink)
        if not ink.any():
            self._emptied = self._ticket
            self.answer.show_nothing()
            self.boxes.show_number(None)
        self.ink_posted.emit(ink, self._ticket)

    @pyqtSlot(object, int)
    def show_number(self, number: Any, ticket: int) -> None:
        """Keep what was read as a number; its answer follows at once and shows both."""
        if ticket > self._emptied:
            self.answer.number = number if number.is_number else None
            self.boxes.show_number(self.answer.number)

    @pyqtSlot(object, int)
    def show_answer(self, answer: Any, ticket: int) -> None:
        """Show an answer unless the board has been emptied since its ink was posted."""
        if ticket > self._emptied:
            self.answer.show_answer(answer)

    def _mark(self, on: bool, ink: np.ndarray | None = None) -> None:
        """Show or hide the crop box and the centre of mass."""
        if not on:
            self.canvas.set_marks(None)
            return
        picture = (self.canvas.ink() if ink is None else ink).astype("float32")
        columns, rows = picture.sum(axis=0), picture.sum(axis=1)
        total = float(columns.sum())
        if not total:
            self.canvas.set_marks(None)
            return
        xs, ys = columns.nonzero()[0], rows.nonzero()[0]
        drawing = self.canvas.drawing
        box = drawing.to_board(xs[0], ys[0], xs[-1] - xs[0] + 1, ys[-1] - ys[0] + 1)
        x = float((columns * range(len(columns))).sum()) / total + 0.5
        y = float((rows * range(len(rows))).sum()) / total + 0.5
        centre: QPointF = drawing.to_board(x, y, 0, 0).topLeft()
        self.canvas.set_marks(QRectF(box), centre)


class WidthPreview(QWidget):
    """A dot that grows with the pen; the widest pen fills it."""

    def __init__(self, canvas: Canvas) -> None:
        super().__init__()
        self._canvas = canvas
        self.setFixedSize(self.sizeHint())
        self.setToolTip("How wide the pen is; the widest fills the dot's place.")

    def sizeHint(self) -> QSize:
        return QSize(_PREVIEW, _PREVIEW)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("text"))
        diameter = _PREVIEW * self._canvas.pen_width / PEN_WIDTH_RANGE[1]
        centre = QPointF(self.width() / 2, self.height() / 2)
        painter.drawEllipse(centre, diameter / 2, diameter / 2)


def _rule() -> QWidget:
    line = QWidget()
    line.setProperty("look", "rule")
    line.setAttribute(Qt.WA_StyledBackground)
    line.setFixedHeight(1)
    return line
