"""The card with the example: the board or a picked picture, its answer and its label."""

from __future__ import annotations

from functools import partial

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent, QShowEvent
from qtpy.QtWidgets import QHBoxLayout, QSizePolicy, QStackedWidget, QWidget

from mnist_draw.app.draw.answer_figure import AnswerFigure
from mnist_draw.app.draw.board_items import BOARD
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.probability_bars import ProbabilityBars
from mnist_draw.app.inside.section import Example
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.layout import column, row, scrolled
from mnist_draw.app.kit.painters import ink_image, paint_box, smooth_painter, write
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import (
    Card,
    explain,
    label,
    no_key,
    push_button,
    set_look,
    walk_by_arrows,
)
from mnist_draw.dataset.classes import DIGITS, class_list
from mnist_draw.i18n import N_, _
from mnist_draw.library.network_data import in_a_sentence
from mnist_draw.recognition.certainty import Certainty

WIDTH = 224
#: Side of the board where it is a part of the section's picture.
JOINED = 256
JOINED_NARROW = 176
#: Under this width of the tab, in logical pixels.
_NARROW = 1200
#: Undo, clear, back to the drawing, random: object name, icon, title.
_BUTTONS = (
    ("exampleUndoButton", "arrow-counter-clockwise", _("Undo")),
    ("exampleClearButton", "trash", _("Clear")),
    ("exampleDrawingButton", "pencil-simple", _("My drawing")),
    ("exampleRandomButton", "dice-five", _("Random picture")),
)
#: A class's name shrinks until it fits beside the words.
_ANSWER_WIDTH = WIDTH // 3
#: The smallest text of the certainty's word, in logical pixels.
_SMALLEST = 8
#: Of its usual width: with larger text the sections need the room more.
_MAX_SCALE = 1.5
#: Up to this size of text the board has its usual side; for each further one it loses so much.
_BOARD_SCALE = 1.13
_SHRINK = 312
#: Of the tab in a window of 768 pixels; the least side of the board where there is less.
_USUAL_HEIGHT = 690
_LEAST_SIDE = 120


class PickedPicture(QWidget):
    """A picture of 28×28 pixels as ink on paper, in place of the board."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pickedPicture")
        self._picture: np.ndarray | None = None

    def show_picture(self, picture: np.ndarray | None) -> None:
        self._picture = picture
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_box(painter, box, "paper")
        if self._picture is not None:
            painter.setRenderHint(QPainter.Antialiasing, False)
            painter.drawImage(box.adjusted(9, 9, -9, -9), ink_image(self._picture))


class ExampleCard(Card):
    label_chosen = Signal(int)
    #: What the tab lacks of its usual height.
    _lack = 0
    _is_narrow = False
    _is_joined = False
    _has_guide = False

    def __init__(self, first: Canvas) -> None:
        super().__init__()
        self.setObjectName("exampleCard")
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self.body.setContentsMargins(13, 7, 13, 9)
        self.body.setSpacing(Size.GRID + 2)
        self.title = FittedLabel(theme.Text.AXIS, True, "title", "exampleTitle")
        self.title.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Expanding)
        self.top.addWidget(self.title, 1)
        self.top.setSpacing(Size.CAPTION_GAP)
        buttons = [icon_button(*each) for each in _BUTTONS]
        self.undo_button, self.clear_button, self.back_button, self.random_button = buttons
        for button in buttons:
            self.top.addWidget(button)
        walk_by_arrows(buttons)
        # This one is always there.
        self.random_button.setFocusPolicy(Qt.StrongFocus)
        self.body.addLayout(self.top)
        self.board = InsideBoard(first)
        self.picked = PickedPicture()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.board)
        self._pages.addWidget(self.picked)
        self.body.addWidget(self._pages, 0, Qt.AlignHCenter)
        #: What is below the board; where card and section are one picture, that has the answer.
        self.said = QWidget()
        answer = self._build_answer()
        column(answer, self._build_label(), gap=Size.GRID + 2, owner=self.said)
        self.body.addWidget(self.said)
        theme.follow(self, self._fit)
        self.undo_button.clicked.connect(self.board.undo)
        self.clear_button.clicked.connect(self.board.clear)
        self.board.history_changed.connect(self._show_history)
        self.show_example(None)
        self.show_answer(None)

    def set_joined(self, on: bool, has_guide: bool) -> None:
        """Show the board alone, larger, as a part of the section's picture."""
        if (on, has_guide) != (self._is_joined, self._has_guide):
            self._is_joined = on
            self._has_guide = has_guide
            self.said.setVisible(not on)
            set_look(self, "" if on else "card")
            side = 0 if on else 13
            self.body.setContentsMargins(side, 0 if on else 7, side, 9)
            self._fit()

    def use_room(self, wide: int, high: int) -> None:
        """Leave the section its width in a narrow window, the guide its height in a low one."""
        self._is_narrow = wide < _NARROW
        self._lack = max(0, _USUAL_HEIGHT - high)
        self._fit()

    def _fit(self) -> None:
        scale = min(theme.text_scale(), _MAX_SCALE)
        side = SIDE
        wide = round(WIDTH * scale)
        if self._is_joined:
            side = JOINED_NARROW if self._is_narrow else JOINED
            # Where the card had a frame before, Qt keeps its room.
            wide = side + 2 * self.frameWidth()
        else:
            # Large text needs the height more: the guide below keeps its buttons in sight.
            side = round(side - _SHRINK * max(0.0, scale - _BOARD_SCALE))
        if self._has_guide or not self._is_joined:
            side = max(min(side, _LEAST_SIDE), side - self._lack)
        self.setFixedWidth(wide)
        for part in (self._pages, self.board, self.picked):
            part.setFixedSize(side, side)
        high = round(theme.Text.GIVEN * min(theme.text_scale(), _MAX_SCALE)) + 2
        self.answer.setFixedSize(round(_ANSWER_WIDTH * scale), high)

    def _build_answer(self) -> QHBoxLayout:
        sizes = theme.Text.GIVEN, theme.Text.FIGURE, theme.Text.BODY
        self.answer = AnswerFigure("exampleAnswer", *sizes)
        explain(self.answer, _("Answer"))
        # As large as there is room beside the answer.
        self.sure = FittedLabel(_SMALLEST, look="surer", name="exampleSure")
        self.second = label("", "muted", "exampleSecond")
        # Two lines, so that the card keeps its height; why it is no digit may take more.
        self.second.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self._second = GrowingLabel(self.second, least=2)
        words = column(FixedLabel(self.sure, lines=1), self._second, gap=0)
        return row(self.answer, (words, 1), gap=Size.CARD_GAP)

    def _build_label(self) -> QHBoxLayout:
        self.label_text = FittedLabel(theme.Text.AXIS, True, "muted", "exampleLabel")
        self.label_button = push_button(
            "exampleLabelButton",
            _("Change"),
            _("Say what the picture shows."),
            look="link",
        )
        self._menu = Menu(self.label_button)
        self.label_button.setMenu(self._menu)
        self._names: tuple[str, ...] = ()
        self.show_classes(DIGITS)
        self.why_button = push_button("exampleWhyButton", _("Why?"), "", "W", "link")
        # Two lines of the smallest text.
        shown = FixedLabel(self.label_text, lines=1.6)
        return row((shown, 1), self.label_button, self.why_button, gap=Size.TIGHT)

    def show_classes(self, names: tuple[str, ...]) -> None:
        if names != self._names:
            self._names = names
            self._menu.clear()
            for number, name in enumerate(names):
                self._menu.addAction(
                    no_key(_("It is {label}", label=in_a_sentence(name))),
                    partial(self.label_chosen.emit, number),
                )

    def _show_history(self) -> None:
        self.undo_button.setEnabled(self.board.drawing.can_undo)
        self.clear_button.setEnabled(bool(self.board.drawing.items))

    def show_example(self, example: Example | None) -> None:
        is_sample = example is not None and example.is_sample
        drawing = example is None or example.is_drawing or is_sample
        self.board.show_sample(example.picture if example is not None and is_sample else None)
        self._pages.setCurrentWidget(self.board if drawing else self.picked)
        for button in (self.undo_button, self.clear_button):
            button.setVisible(drawing)
        self.back_button.setVisible(not drawing)
        self.title.setText((example and example.part) or _("Your drawing"))
        if is_sample:
            self.title.setText(_("An example"))
        if example is not None and not drawing:
            self.title.setText(example.source)
            self.picked.show_picture(example.picture)
            self.picked.setAccessibleName(example.source)
        self._show_history()
        self._show_label(example)

    def _show_label(self, example: Example | None) -> None:
        picked = example is not None and not example.is_drawing
        # Labels of a data set are right; the question there is why it was misread.
        self.label_button.setVisible(example is not None and not picked)
        self.why_button.setVisible(picked)
        words = "" if example is None else _("No label")
        if example is not None and example.label is not None:
            read = N_("Read as {label}") if example.is_digit else N_("The network alone: {label}")
            said = {"user": N_("You said: it is {label}"), "data": N_("It is {label}")}
            message = said.get(example.label_source, read)
            words = _(message, label=in_a_sentence(example.label))
            if example.number_among(self._names) is None:
                words = _("It is none of {classes}", classes=class_list(self._names))
        self.label_text.setText(words)

    def show_answer(self, certainty: Certainty | None) -> None:
        self.answer.show_certainty(certainty, len(self._names) == len(DIGITS), _ANSWER_WIDTH)
        self.sure.setText("" if certainty is None else certainty.word)
        self._second.set_text("" if certainty is None else certainty.line)


SIDE = 190
_INVITATION = _("Draw here and watch it pass through.")
_SAMPLE = _("Draw your own.")


class InsideBoard(Canvas):
    """A second board of the same drawing; the first one reports changes made here."""

    ground = "card"

    def __init__(self, first: Canvas) -> None:
        super().__init__(first.drawing)
        self.setObjectName("insideBoard")
        self.setAccessibleName(_("Small drawing board"))
        self._first = first
        self._telling = False
        self._sample: np.ndarray | None = None
        self._fit_ink()
        self.ink_changed.connect(self._tell_first)
        first.ink_changed.connect(self._follow_first)

    def show_sample(self, picture: np.ndarray | None) -> None:
        """Show a picture in gray until something is drawn."""
        self._sample = picture
        self.update()

    def begin(self, point: QPointF, erase: bool, weight: float = 1.0) -> None:
        # The pen's width and the eraser are chosen on the Draw tab.
        self.set_pen_width(self._first.pen_width)
        super().begin(point, erase or self._first.erasing, weight)

    def _tell_first(self) -> None:
        self._telling = True
        self._first.drawing_changed_elsewhere()
        self._telling = False

    def _fit_ink(self) -> None:
        """Show the whole drawing: on a wide window it may reach beyond the board's square."""
        area = QRectF(0, 0, BOARD, BOARD)
        for item in self.drawing.items:
            area = area.united(item.bounds())
        self._show_area(area)

    def showEvent(self, event: QShowEvent) -> None:
        self._follow_first()

    def _follow_first(self) -> None:
        if self.isVisible() and not self._telling:
            self._fit_ink()
            self.refresh()
            self.history_changed.emit()

    def _paint_invitation(self, painter: QPainter) -> None:
        words = _INVITATION
        if self._sample is not None:
            words = _SAMPLE
            box = QRectF(self.rect()).adjusted(9, 9, -9, -9)
            painter.save()
            painter.setOpacity(0.35)
            painter.drawImage(box, ink_image(self._sample))
            painter.restore()
        if self.width() < SIDE // 2:
            # The section beside it says the same, in words that have room.
            return
        free = theme.Size.GRID
        room = self.rect().adjusted(free, free, -free, -free)
        place = Qt.AlignBottom if self._sample is not None else Qt.AlignVCenter
        write(
            painter,
            room,
            Qt.AlignHCenter | place | Qt.TextWordWrap,
            words,
            theme.Text.LABEL,
            "muted",
        )


class AnswersCard(Card):
    """How probable each class is, below the example."""

    def __init__(self) -> None:
        super().__init__(_("All answers"))
        self.setObjectName("allAnswers")
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Preferred)
        self.bars = ProbabilityBars("answerBar")
        # Where large text leaves too little room below the example, they scroll.
        held = QWidget()
        column(self.bars, 1, owner=held)
        self.body.addWidget(scrolled(held), 1)

    def show_answer(self, probabilities: np.ndarray | None, certainty: Certainty | None) -> None:
        if probabilities is None or certainty is None:
            self.bars.show_nothing()
        else:
            self.bars.show_probabilities(probabilities.tolist(), certainty)
