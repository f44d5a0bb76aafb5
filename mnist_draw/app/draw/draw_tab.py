"""The Draw tab: tools, board and answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSignal
from PyQt5.QtGui import QKeySequence
from PyQt5.QtWidgets import QHBoxLayout, QShortcut, QVBoxLayout, QWidget

from mnist_draw.app.answer.answer_panel import AnswerPanel
from mnist_draw.app.board.autosave import Autosave
from mnist_draw.app.board.canvas import Canvas
from mnist_draw.app.board.crop_marks import crop_marks
from mnist_draw.app.board.overlays import NumberBoxes
from mnist_draw.app.draw.pen_row import WIDTH_STEP, PenRow
from mnist_draw.app.draw.picture_tools import PictureTools
from mnist_draw.app.draw.tool_column import ToolColumn
from mnist_draw.app.my_digits.my_digits import MyDigits
from mnist_draw.app.services.network_in_use import NetworkInUse
from mnist_draw.app.services.recognition import Reading
from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.threads import Background

if TYPE_CHECKING:
    import numpy as np


class DrawTab(QWidget):
    """Draw a digit, read the answer.

    Parameters
    ----------
    network : NetworkInUse, optional
        The network that answers; one of its own if left out.

    Signals
    -------
    ink_posted
        ``(ink, ticket, beginning)``: the drawing changed and wants an answer; see
        ``RecognitionWorker.post_ink``.
    told
        ``(sentence)``: something to read.
    """

    ink_posted = pyqtSignal(object, int, bool)
    told = pyqtSignal(str)

    def __init__(self, network: NetworkInUse | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("drawTab")
        self.setProperty("look", "page")
        self.setAttribute(Qt.WA_StyledBackground)
        self.network = network or NetworkInUse(parent=self)
        self.canvas = Canvas()
        self.boxes = NumberBoxes(self.canvas)
        self.answer = AnswerPanel()
        self.tools = ToolColumn()
        self.pen_row = PenRow(self.canvas, self.network)
        self.models = self.pen_row.models
        self._background = Background(self)
        self.pictures = PictureTools(
            self.canvas, self.tools, self._background, self.network, self._words_of_answer, self
        )
        self.keeper = Autosave(self.canvas, self._background)
        self.my_digits = MyDigits(
            self.canvas, self.answer, self._background, self.pictures.reader, self
        )
        self._ticket = 0
        self._emptied = 0
        board = QVBoxLayout()
        board.setSpacing(Size.FIELD_GAP)
        board.addWidget(self.canvas, 1)
        board.addWidget(self.pictures.strip)
        board.addWidget(self.pen_row)
        row = QHBoxLayout(self)
        row.setContentsMargins(Size.MARGIN, Size.MARGIN, Size.MARGIN, Size.CARD_GAP)
        row.setSpacing(Size.CARD_PADDING)
        row.addWidget(self.tools)
        row.addLayout(board, 12)
        row.addSpacing(Size.GRID)
        row.addWidget(self.my_digits.pages, 13)
        self._connect()
        self._build_shortcuts()
        self._show_history()
        self.setFocusProxy(self.canvas)

    def _connect(self) -> None:
        tools, canvas = self.tools, self.canvas
        tools.eraser.toggled.connect(self._choose_eraser)
        tools.undo.clicked.connect(canvas.undo)
        tools.redo.clicked.connect(canvas.redo)
        tools.clear.clicked.connect(canvas.clear)
        self.pen_row.crop_switch.toggled.connect(self._mark)
        canvas.ink_changed.connect(self._post_ink)
        canvas.history_changed.connect(self._show_history)
        self.boxes.chosen.connect(self.answer.choose_place)
        self.answer.place_changed.connect(self.boxes.mark)
        for part in (self.pictures, self.keeper):
            part.told.connect(self.told)

    def _build_shortcuts(self) -> None:
        for keys, action in (
            ("Ctrl+Z", self.canvas.undo),
            ("Ctrl+Y", self.canvas.redo),
            ("Ctrl+Shift+Z", self.canvas.redo),
            ("Delete", self.canvas.clear),
            ("P", self.tools.pen.click),
            ("E", self.tools.eraser.click),
            ("B", self.pen_row.crop_switch.toggle),
            ("[", lambda: self.pen_row.widen(-WIDTH_STEP)),
            ("]", lambda: self.pen_row.widen(WIDTH_STEP)),
            *self.pictures.shortcuts,
            *self.my_digits.shortcuts,
        ):
            self._shortcut(keys, action)

    def _shortcut(self, keys: str, action: Callable[[], object]) -> None:
        shortcut = QShortcut(QKeySequence(keys), self)
        shortcut.setContext(Qt.WidgetWithChildrenShortcut)
        shortcut.activated.connect(action)

    # -- for the window

    def start(self) -> None:
        """Put back what was on the board when the program ended, and look for taught digits."""
        self.keeper.start()
        self.my_digits.start()

    def finish(self) -> None:
        """Keep what is on the board; the program ends."""
        self.pictures.input.stop()
        self.keeper.save()

    # -- what happens

    def _choose_eraser(self, on: bool) -> None:
        self.canvas.erasing = on

    def _show_history(self) -> None:
        self.tools.undo.setEnabled(self.canvas.can_undo)
        self.tools.redo.setEnabled(self.canvas.can_redo)
        self.tools.clear.setEnabled(bool(self.canvas.drawing.items))

    def _post_ink(self) -> None:
        """Send the drawing off to be recognised; an empty board needs no network."""
        self._ticket += 1
        ink = self.canvas.ink()
        if self.pen_row.crop_switch.isChecked():
            self._mark(True, ink)
        if not ink.any():
            self._emptied = self._ticket
            self.answer.show_nothing()
            self.boxes.show_number(None)
        self.ink_posted.emit(ink, self._ticket, self.canvas.drawing.beginning)

    def show_reading(self, reading: Reading) -> None:
        """Show what was read unless the board has been emptied since its ink was posted."""
        if reading.ticket > self._emptied:
            self.boxes.show_number(reading.number)
            self.answer.show_reading(reading)
            self.my_digits.note_answer(reading.answer)

    def _mark(self, on: bool, ink: np.ndarray | None = None) -> None:
        """Show or hide the crop box and the centre of mass."""
        marks = None
        if on:
            marks = crop_marks(self.canvas.ink() if ink is None else ink, self.canvas.drawing)
        self.canvas.set_marks(*(marks or (None, None)))

    def _words_of_answer(self) -> str:
        """Return the answer as one line of text; empty where there is none."""
        answer = self.answer
        if not answer.prediction.text():
            return ""
        first = answer.number.text if answer.number is not None else answer.prediction.text()
        words = [first, answer.confidence.text(), answer.second.text()]
        return ", ".join(text.rstrip(".") for text in words if text)
