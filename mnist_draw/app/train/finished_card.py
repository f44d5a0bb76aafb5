"""What a run has made: a network that reads so much, and what can be done with it."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
from PyQt5.QtCore import QRectF, Qt, pyqtSignal
from PyQt5.QtGui import QFontMetricsF, QPainter, QPaintEvent, QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QInputDialog, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.formatting import format_duration, format_loss, format_percent
from mnist_draw.app.kit.layout import FlowLayout, column, row
from mnist_draw.app.kit.newest_only import NewestOnly
from mnist_draw.app.kit.painters import ink_image, paint_box, smooth_painter, write_with
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, explain, label, push_button
from mnist_draw.app.train.run_state import TUTORIAL_ACCURACY, RunState, is_like_tutorial
from mnist_draw.app.train.shown_run import ShownRun
from mnist_draw.i18n import N_, _, counted, joined, number, percent, pgettext
from mnist_draw.library.stored_network import load_trained
from mnist_draw.recognition.certainty import UNLIKE_A_DIGIT, Certainty, certainty_from
from mnist_draw.training.checkpoint import MAX_EPOCHS

#: Epochs of *Train on*: usual first, then those of its menu.
_MORE = 5
_OFFERED = (1, 5, 20)
_TRAIN_ON = _(
    "Five more epochs of this run, as if it had not stopped. Its network learns on; a copy of the "
    "one before is not kept. Right click: another number.",
)
_GO_ON = _("Train on to the planned epochs, as if it had not stopped.")
#: Under this width of the card the words beside the answer are above it.
_NARROW = 1100
_DRAWING = 112
_HEIGHT = 160
#: Least and largest width of the answer beside the drawing.
_ANSWER = (96, 200)


def headline(shown: ShownRun) -> str:
    """Return the headline, its figure in ``<b>``."""
    state = shown.state
    kept = shown.kept
    if not state.has_learnt:
        return _("Stopped within <b>epoch 1</b>. {button} begins it again.", button=_("Go on"))
    if state.test_accuracy is not None:
        share = state.test_accuracy
        reads = N_("Your network reads <b>{share}</b> of pictures it has never seen.")
        if state.tested_on[1]:
            reads = N_("Your network reads <b>{share}</b> of digits it has never seen.")
    else:
        last = state.validation_accuracy if kept is None else kept.validation_accuracy
        share = last or 0.0
        reads = N_("Your network reads <b>{share}</b> of the validation pictures.")
    said = _(reads, share=format_percent(share))
    return said if shown.is_whole else joined(state.label, said)


def details(shown: ShownRun) -> str:
    kept = shown.kept
    if shown.is_deleted:
        return _("This run is deleted. The Library can bring it back.")
    if not shown.state.has_learnt:
        return ""
    if kept is None:
        return _outcome(shown)
    loss = format_loss(kept.validation_loss)
    accuracy = format_percent(kept.validation_accuracy)
    best = _(
        "Epoch {epoch} is kept: the lowest validation loss, {loss}, at {accuracy}.",
        epoch=number(kept.epoch),
        loss=loss,
        accuracy=accuracy,
    )
    return best if shown.state.reason == "diverged" else joined(_outcome(shown), best)


def _outcome(shown: ShownRun) -> str:
    state = shown.state
    epochs = _count_epochs(state.epochs_done)
    time = format_duration(state.elapsed)
    if state.reason == "diverged":
        done = number(state.epochs_done)
        return _(
            "Epoch {number} is kept, after {epochs} in {time}.",
            number=done,
            epochs=epochs,
            time=time,
        )
    if state.test_accuracy is None:
        return _("It is not tested yet, after {epochs} in {time}.", epochs=epochs, time=time)
    told = [_right(state, epochs, time)]
    if state.reason == "early":
        told.append(_("The validation loss fell no more."))
    elif state.reason == "target":
        told.append(_("The accuracy aimed at is reached."))
    elif shown.run is not None and is_like_tutorial(shown.run.settings):
        told.append(_("The tutorial got {share}.", share=percent(TUTORIAL_ACCURACY / 100, 2)))
    return joined(*told)


def _count_epochs(epochs: int) -> str:
    return counted("{count} epoch", "{count} epochs", epochs)


def _right(state: RunState, epochs: str, time: str) -> str:
    """Say how many test pictures are read right after the epochs."""
    of = state.tested_on[0]
    if not of:
        # How many pictures a data set had that is gone is not known.
        return _("After {epochs} in {time}.", epochs=epochs, time=time)
    right = number(round((state.test_accuracy or 0.0) * of))
    return counted(
        "{right} of {count} test picture right, after {epochs} in {time}.",
        "{right} of {count} test pictures right, after {epochs} in {time}.",
        of,
        right=right,
        epochs=epochs,
        time=time,
    )


class DrawingView(QWidget):
    """What is drawn on the board, and how the network reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("readingView")
        sentence = _("What is drawn on the board, and how this network reads it.")
        explain(self, _("Your drawing"), sentence)
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
        least, most = (theme.scaled(width) for width in _ANSWER)
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
        place = int(Qt.AlignVCenter)
        if not self._wordy:
            words = QRectF(answer)
            place = int(Qt.AlignBottom | Qt.AlignHCenter) | Qt.TextWordWrap
            words.setBottom(answer.center().y() - Size.CARD_GAP)
            answer.adjust(0, words.height(), 0, -Size.CARD_GAP)
        write_with(painter, Text.BODY if self._wordy else Text.LABEL, "muted")
        painter.drawText(words, place, _READS)
        write_with(painter, self._look(), "accent" if self._read.named else "muted", bold=True)
        metrics = QFontMetricsF(painter.font())
        text = metrics.elidedText(self._read.text, Qt.ElideRight, room - Size.CARD_GAP)
        painter.drawText(answer, Qt.AlignCenter, text)


# Translators: above the answer.
_READS = _("It reads your drawing as")


def read_drawing(model: Path, picture: np.ndarray) -> tuple[np.ndarray, Certainty]:
    """Return a picture, float32 (28, 28), and how the network in a file reads it."""
    from mnist_draw.recognition.recogniser import Recogniser

    recogniser = Recogniser(load_trained(model), compiled=False)
    scores = recogniser.read(picture[None, None])
    refused = recogniser.reads_digits and recogniser.refuses(float(scores.log_odds[0]))
    objection = UNLIKE_A_DIGIT if refused else ""
    return picture, certainty_from(scores.probabilities[0], recogniser.names, objection)


class FinishedCard(Card):
    """The end of a run in one sentence, and its next steps."""

    #: Train the run on until it has so many epochs.
    continue_requested = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("finishedCard")
        #: Whether there is a tab with the mistakes.
        self.leads_inside = True
        #: Whether the run was cut off or stopped, and can go on.
        self.goes_on = False
        self._shown = ShownRun(RunState())
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
        for button in (self.try_button, self.mistakes_button, self.on_button, self.share_button):
            buttons.addWidget(button)
        words_column = column(1, self.headline, self.details, 1, buttons, 1, gap=Size.FIELD_GAP)
        pad = Size.MARGIN + Size.FIELD_GAP
        self.body.setContentsMargins(pad, Size.CARD_PADDING, pad, Size.CARD_PADDING)
        self.body.addLayout(row((words_column, 1), self.drawing, gap=Size.MARGIN))
        theme.follow(self, self._show_words)
        self.setMinimumHeight(_HEIGHT)

    def _build_buttons(self) -> None:
        self.try_button = push_button(
            "tryItButton",
            _("Try it"),
            _("Draw, and let this network read."),
            look="start",
        )
        theme.follow(self, lambda: self.try_button.setMinimumWidth(theme.scaled(148)))
        set_icon(self.try_button, "pencil-simple")
        self.mistakes_button = push_button(
            "mistakesButton",
            _("See its mistakes"),
            _("Look at the test digits it gets wrong."),
            look="large",
        )
        self.on_button = push_button(
            "trainOnButton",
            _("Train on"),
            _TRAIN_ON,
            "",
            "large",
            self._train_on,
        )
        self.on_button.setContextMenuPolicy(Qt.CustomContextMenu)
        self.on_button.customContextMenuRequested.connect(self._offer_epochs)
        sentence = _("Write one file that opens with a double click.")
        self.share_button = push_button(
            "shareButton",
            pgettext("button", "Share"),
            sentence,
            look="link",
        )

    def _train_on(self) -> None:
        state = self._shown.state
        whole = self._shown.is_whole or state.epochs <= state.epochs_done
        self.continue_requested.emit(state.epochs_done + _MORE if whole else state.epochs)

    def _offer_epochs(self) -> None:
        menu = Menu(self.on_button)
        menu.setAttribute(Qt.WA_DeleteOnClose)
        for epochs in _OFFERED:
            menu.addAction(_count_epochs(epochs), partial(self._train_for, epochs))
        menu.addAction(_("Another number …"), self._ask_epochs)
        menu.popup(self.on_button.mapToGlobal(self.on_button.rect().bottomLeft()))

    def _train_for(self, epochs: int) -> None:
        self.continue_requested.emit(self._shown.state.epochs_done + epochs)

    def _ask_epochs(self) -> None:
        title = _("Train on")
        question = _("Epochs more:")
        epochs, chosen = QInputDialog.getInt(self, title, question, _MORE, 1, MAX_EPOCHS)
        if chosen:
            self._train_for(epochs)

    # -- showing

    def show_result(self, shown: ShownRun, can_continue: bool) -> None:
        self._shown = shown
        state = shown.state
        self.try_button.setVisible(shown.can_be_tried)
        wrong = 0
        if state.test_accuracy is not None:
            of = state.tested_on[0]
            wrong = of - round(state.test_accuracy * of)
        self.mistakes_button.setText(
            counted("See its {count} mistake", "See its {count} mistakes", wrong),
        )
        self.mistakes_button.setVisible(bool(wrong) and shown.can_be_tried and self.leads_inside)
        self.share_button.setVisible(shown.model is not None)
        is_cut = not shown.is_whole
        self.goes_on = can_continue and is_cut
        more = counted("Train on, {count} epoch", "Train on, {count} epochs", _MORE)
        name, sentence = (_("Go on"), _GO_ON) if is_cut else (more, _TRAIN_ON)
        explain(self.on_button, name, sentence, "F5" if self.goes_on else "")
        self.on_button.setText(name)
        self.on_button.setVisible(can_continue)
        self._show_words()
        self._read()

    def _show_words(self) -> None:
        words = headline(self._shown)
        style = f"color:{theme.colour('accent').name()}; white-space:nowrap"
        figure = words.replace("<b>", f"<span style='{style}'>").replace("</b>", "</span>")
        self.headline.setText(figure)
        self.headline.setAccessibleName(words.replace("<b>", "").replace("</b>", ""))
        # A figure and its unit stay in one line.
        self.details.setText(details(self._shown).replace(" %", "\u00a0%"))

    def show_drawing(self, picture: np.ndarray | None) -> None:
        """Take what is on the board, float32 (28, 28); it is read while the card is visible."""
        self._picture = picture
        self._read()

    def _read(self) -> None:
        model = self._shown.model
        if not self.isVisible():
            return
        if self._picture is None or model is None:
            self._job.stop()
            self.drawing.show_reading(None, None)
        else:
            self._job.ask((model, self._picture))

    def buttons(self) -> list[QWidget]:
        return [self.try_button, self.on_button, self.mistakes_button, self.share_button]

    def showEvent(self, event: QShowEvent) -> None:
        self._read()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.drawing.set_wordy(self.width() >= theme.scaled(_NARROW))
