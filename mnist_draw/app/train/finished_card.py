"""What a run has made: a network that reads so much, and what can be done with it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QFontMetricsF, QPainter, QPaintEvent, QPen, QResizeEvent, QShowEvent
from qtpy.QtWidgets import QInputDialog, QPushButton, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.painters import ink_image, paint_box, smooth_painter, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import NewestOnly
from mnist_draw.app.kit.widgets import Card, ElidedButton, explain, label, push_button, set_look
from mnist_draw.app.train.run_words import (
    MORE_EPOCHS,
    TRAIN_ON,
    FinishedWords,
    count_epochs,
    epochs_to_train_on,
    plain,
)
from mnist_draw.i18n import _
from mnist_draw.library.stored_network import load_trained
from mnist_draw.recognition.certainty import UNLIKE_A_DIGIT, Certainty, certainty_from
from mnist_draw.training.checkpoint import MAX_EPOCHS
from mnist_draw.training.hints import Hint
from mnist_draw.training.run import Run

#: Epochs in the menu of *Train more*.
_OFFERED = (1, 5, 20)
#: Under this width of the card the words beside the answer are above it.
_NARROW = 1100
_DRAWING = 112
_HEIGHT = 160
#: Least and largest width of the answer beside the drawing, and where the words are above it.
_ANSWER = (52, 200)
_ALONE = (96, 200)
#: Width of *Try it* where that is the filled button.
_TRY = 148


class DrawingView(QWidget):
    """What is drawn on the board, and how the network reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("readingView")
        explain(self, _("Your drawing"))
        self.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        self._picture: np.ndarray | None = None
        self._read: Certainty | None = None
        self._wordy = True
        theme.follow(self, self._resize)
        self.hide()

    def _resize(self) -> None:
        words = QFontMetricsF(theme.font(Text.BODY)).horizontalAdvance(_READS) if self._wordy else 0
        self.setFixedSize(round(words) + self._room() + _DRAWING + 2, _DRAWING + 2)
        self.update()

    def _look(self) -> int:
        return Text.GIVEN if self._read is None or len(self._read.text) == 1 else Text.FIGURE

    def _room(self) -> int:
        """Return the width of the answer: a name has what it needs, as far as there is room."""
        least, most = (theme.scaled(width) for width in (_ANSWER if self._wordy else _ALONE))
        metrics = QFontMetricsF(theme.font(self._look(), True))
        text = "" if self._read is None else self._read.text
        return round(min(max(least, metrics.horizontalAdvance(text) + 2 * Size.CARD_GAP), most))

    def set_wordy(self, on: bool) -> None:
        if on != self._wordy:
            self._wordy = on
            self._resize()

    def show_reading(self, picture: np.ndarray | None, read: Certainty | None) -> None:
        """Show a picture, float32 (28, 28), and its answer; None or a refusal hides all."""
        self._picture = picture
        self._read = read
        self.setVisible(picture is not None and read is not None and not read.is_refused)
        self._resize()
        if read is not None:
            said = _(
                "It reads your drawing as {answer}, {certainty}.",
                answer=read.text,
                certainty=read.word,
            )
            self.setAccessibleDescription(said)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self._picture is None or self._read is None:
            return
        painter = smooth_painter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        frame = QRectF(self.width() - _DRAWING - 1, 1, _DRAWING, _DRAWING)
        paint_box(painter, frame, "paper")
        painter.drawImage(frame.adjusted(6, 6, -6, -6), ink_image(self._picture))
        room = self._room()
        answer = QRectF(frame.left() - room, frame.top(), room, frame.height())
        words = QRectF(0, frame.top(), answer.left(), frame.height())
        place = int(Qt.AlignVCenter | Qt.AlignRight)
        if not self._wordy:
            words = QRectF(answer)
            place = int(Qt.AlignBottom | Qt.AlignHCenter) | Qt.TextWordWrap
            words.setBottom(answer.center().y() - Size.CARD_GAP)
            answer.adjust(0, words.height(), 0, -Size.CARD_GAP)
        write_with(painter, Text.BODY if self._wordy else Text.LABEL, "muted")
        if self._wordy:
            high = painter.fontMetrics().height()
            words.translate(0, high / 2 + 2)
            painter.drawText(words, place, _READS)
            write_with(painter, Text.BODY, "text", bold=True)
            words.translate(0, -high - 4)
            painter.drawText(words, place, self._read.word)
        else:
            painter.drawText(words, place, _READS)
        write_with(painter, self._look(), "accent" if self._read.named else "muted", bold=True)
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(self._read.text, Qt.ElideRight, room - Size.CARD_GAP)
        painter.drawText(answer, Qt.AlignCenter, text)
        if not self._read.named:
            # What the network does not stand behind is told apart without colors, too.
            wide = metrics.horizontalAdvance(text)
            line = answer.center() + QPointF(-wide / 2, metrics.height() / 2)
            painter.setPen(QPen(theme.color("muted"), 2, Qt.DotLine))
            painter.drawLine(line, line + QPointF(wide, 0))


# Translators: above the answer.
_READS = _("It reads your drawing as")


def read_drawing(model: Path, picture: np.ndarray) -> tuple[np.ndarray, Certainty]:
    """Return a picture, float32 (28, 28), and how the network in a file reads it."""
    from mnist_draw.recognition.recogniser import Recogniser

    recogniser = Recogniser(load_trained(model), compiled=False)
    scores = recogniser.read(picture[None, None])
    refused = recogniser.reads_digits and recogniser.refuses(scores)
    objection = UNLIKE_A_DIGIT if refused else ""
    return picture, certainty_from(scores.probabilities[0], recogniser.names, objection)


def _set_filled(button: QPushButton, is_filled: bool, otherwise: str = "large") -> bool:
    """Fill a button, or give it another look; return whether its look changed."""
    look = "start" if is_filled else otherwise
    if look == button.property("look"):
        return False
    set_look(button, look)
    return True


class FinishedCard(Card):
    """The end of a run in one sentence, and its next steps."""

    #: Train the run on until it has so many epochs.
    continue_requested = Signal(int)
    remedy_chosen = Signal(Hint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("finishedCard")
        #: Whether the run was cut off or stopped, and can go on.
        self.goes_on = False
        self._run = Run()
        self._words: FinishedWords | None = None
        self._picture: np.ndarray | None = None
        self._job = NewestOnly(lambda asked: read_drawing(*asked), self)
        self.headline = label("", "headline", "headlineLabel", wraps=True)
        self.headline.setTextFormat(Qt.RichText)
        self.details = label("", "sentence", "resultLabel", wraps=True)
        for words in (self.headline, self.details):
            words.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Minimum)
        self._build_buttons()
        self.drawing = DrawingView()
        self._job.answered.connect(lambda read: self.drawing.show_reading(*read))
        buttons = FlowLayout()
        buttons.setSpacing(Size.CARD_GAP)
        for button in self.buttons():
            buttons.addWidget(button)
        words_column = column(1, self.headline, self.details, 1, buttons, 1, gap=Size.FIELD_GAP)
        pad = Size.MARGIN + Size.FIELD_GAP
        self.body.setContentsMargins(pad, Size.CARD_PADDING, pad, Size.CARD_PADDING)
        self.body.addLayout(row((words_column, 1), self.drawing, gap=Size.CARD_GAP))
        theme.follow(self, self._show_words)
        self.setMinimumHeight(_HEIGHT)

    def _build_buttons(self) -> None:
        self.remedy_buttons = [
            ElidedButton("", "large" if place else "start", f"remedy{place}Button")
            for place in range(3)
        ]
        for place, button in enumerate(self.remedy_buttons):
            explain(button, _("Remedy"))
            # It may be narrower than its words.
            button.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
            button.clicked.connect(partial(self._choose_remedy, place))
        set_icon(self.remedy_buttons[0], "arrow-clockwise", Size.SMALL_ICON)
        self.try_button = push_button(
            "tryItButton",
            _("Try it"),
            look="start",
        )
        set_icon(self.try_button, "pencil-simple")
        self.mistakes_button = push_button(
            "mistakesButton",
            _("See its mistakes"),
            look="large",
        )
        self.on_button = push_button(
            "trainOnButton",
            _("Train more"),
            TRAIN_ON,
            "",
            "large",
            self._train_on,
        )
        self.on_button.setContextMenuPolicy(Qt.CustomContextMenu)
        self.on_button.customContextMenuRequested.connect(self._offer_epochs)
        sentence = _("Write one file that opens with a double click.")
        self.share_button = push_button(
            "shareButton",
            _("Share…"),
            sentence,
            look="link",
        )

    def _choose_remedy(self, place: int) -> None:
        if self._words is not None:
            self.remedy_chosen.emit(self._words.remedies[place])

    def _train_on(self) -> None:
        self.continue_requested.emit(epochs_to_train_on(self._run))

    def _offer_epochs(self) -> None:
        menu = Menu(self.on_button)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        for epochs in _OFFERED:
            menu.addAction(count_epochs(epochs), partial(self._train_for, epochs))
        menu.addAction(_("Another number…"), self._ask_epochs)
        menu.popup(self.on_button.mapToGlobal(self.on_button.rect().bottomLeft()))

    def _train_for(self, epochs: int) -> None:
        self.continue_requested.emit(self._run.epochs_done + epochs)

    def _ask_epochs(self) -> None:
        title = _("Train more")
        question = _("More epochs:")
        epochs, chosen = QInputDialog.getInt(self, title, question, MORE_EPOCHS, 1, MAX_EPOCHS)
        if chosen:
            self._train_for(epochs)

    # -- showing

    def show_run(self, run: Run, words: FinishedWords) -> None:
        self._run = run
        self._words = words
        self.goes_on = words.goes_on
        self.setObjectName("poorCard" if words.is_poor else "finishedCard")
        for place, button in enumerate(self.remedy_buttons):
            is_offered = place < len(words.remedies)
            button.setVisible(is_offered)
            if is_offered:
                button.setText(words.remedies[place].remedy)
                button.setAccessibleName(words.remedies[place].remedy)
        best = self.remedy_buttons[0]
        if _set_filled(best, words.leads == "remedy"):
            set_icon(best, "arrow-clockwise", Size.SMALL_ICON)
        if _set_filled(
            self.try_button,
            words.leads == "try",
            "link" if words.remedies else "large",
        ):
            set_icon(self.try_button, "pencil-simple")
        _set_filled(self.on_button, words.leads == "on")
        self.try_button.setMinimumWidth(0 if words.remedies else theme.scaled(_TRY))
        self.try_button.setVisible(words.can_be_tried)
        self.mistakes_button.setText(words.mistakes)
        self.mistakes_button.setVisible(bool(words.mistakes))
        self.share_button.setVisible(words.can_be_shared)
        keys = "F5" if words.goes_on else ""
        explain(self.on_button, words.train_on, words.train_on_help, keys)
        self.on_button.setText(words.train_on)
        self.on_button.setVisible(words.can_train_on)
        self._show_words()
        self._read()

    def _show_words(self) -> None:
        if self._words is None:
            return
        headline = self._words.headline
        color = theme.color("muted" if self._words.is_poor else "accent").name()
        style = f"color:{color}; white-space:nowrap"
        figure = headline.replace("<b>", f"<span style='{style}'>").replace("</b>", "</span>")
        self.headline.setText(figure)
        self.headline.setAccessibleName(plain(headline))
        # A figure and its unit stay in one line.
        self.details.setText(self._words.details)

    def show_drawing(self, picture: np.ndarray | None) -> None:
        """Take what is on the board, float32 (28, 28); it is read while the card is visible."""
        self._picture = picture
        self._read()

    def _read(self) -> None:
        model = self._run.network_file
        if not self.isVisible():
            return
        if self._picture is None or model is None:
            self._job.stop()
            self.drawing.show_reading(None, None)
        else:
            self._job.ask((model, self._picture))

    def buttons(self) -> list[QWidget]:
        return [
            *self.remedy_buttons,
            self.try_button,
            self.on_button,
            self.mistakes_button,
            self.share_button,
        ]

    def showEvent(self, event: QShowEvent) -> None:
        self._read()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.drawing.set_wordy(self.width() >= theme.scaled(_NARROW))
