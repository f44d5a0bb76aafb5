"""A run without its curves: figures, progress, hint, offer to continue."""

from __future__ import annotations

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import QFrame, QGridLayout, QSizePolicy, QWidget

from mnist_draw.app.kit.formatting import format_duration, format_loss, format_percent
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button
from mnist_draw.app.train.run_state import RunState
from mnist_draw.training.hints import Hint, read_curves
from mnist_draw.training.record import Run
from mnist_draw.training.settings import TrainingSettings

#: Steps of a progress bar: about as many as it has pixels.
_STEPS = 1000
#: Columns of figures in a narrow window.
_FEW = 4


class Figure(QWidget):
    """A large figure with its name above and a note below."""

    def __init__(self, caption: str, name: str, sentence: str, look: str) -> None:
        super().__init__()
        # Equal widths: no figure moves another.
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.value = TabularLabel("–", widest="100.00 %")
        self.value.setObjectName(name)
        self.value.setProperty("look", look)
        explain(self.value, caption, sentence)
        self.note = TabularLabel(widest="minibatch 0.0000")
        self.note.setProperty("look", "muted")
        column(label(caption, "muted"), self.value, self.note, gap=Size.CAPTION_GAP, owner=self)

    def show_value(self, value: str, note: str) -> None:
        for widget, text in ((self.value, value), (self.note, note)):
            widget.setText(text)


#: Caption, object name, sentence and look of each figure.
_FIGURES = (
    ("Training loss", "trainLossLabel",
     "Mean cross-entropy of this epoch's minibatches so far, in nats.", "figure"),
    ("Training accuracy", "trainAccuracyLabel",
     "Share of right answers in this epoch's minibatches so far, in percent.", "figure"),
    ("Validation loss", "validationLossLabel",
     "Mean cross-entropy on pictures the network does not learn from, in nats.", "figure2"),
    ("Validation accuracy", "validationAccuracyLabel",
     "Share of right answers on pictures the network does not learn from, in percent.", "figure2"),
    ("Test accuracy", "testAccuracyLabel",
     "Share of right answers on the test pictures at the end of the run, in percent.", "figure"),
    ("Speed", "throughputLabel",
     "Training pictures per second over the last minibatches.", "figure"),
    ("Time left", "timeLeftLabel", "Estimated time to the end of the run.", "figure"),
)  # fmt: skip


class FiguresRow(QWidget):
    """Losses, accuracies, speed and time left of the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._figures = figures = [Figure(*figure) for figure in _FIGURES]
        self.training_loss, self.training_accuracy, self.validation_loss = figures[:3]
        self.validation_accuracy, self.test_accuracy, self.speed, self.time_left = figures[3:]
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(Size.CARD_GAP)
        self._columns = 0
        self._arrange(_FEW)

    def _arrange(self, columns: int) -> None:
        """Lay out the figures in columns."""
        if columns == self._columns:
            return
        self._columns = columns
        for number, figure in enumerate(self._figures):
            self._grid.addWidget(figure, number // columns, number % columns)
        for number in range(len(self._figures)):
            self._grid.setColumnStretch(number, int(number < columns))

    def minimumSizeHint(self) -> QSize:
        return QSize(self._width(_FEW), self._grid.minimumSize().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        every = len(self._figures)
        self._arrange(every if event.size().width() >= self._width(every) else _FEW)

    def _width(self, columns: int) -> int:
        """Return the width of columns as wide as the widest figure."""
        widest = max(figure.minimumSizeHint().width() for figure in self._figures)
        return columns * widest + (columns - 1) * Size.CARD_GAP

    def show_state(self, state: RunState) -> None:
        self.training_loss.show_value(
            format_loss(state.training_loss),
            "" if state.batch_loss is None else f"minibatch {format_loss(state.batch_loss)}",
        )
        self.training_accuracy.show_value(format_percent(state.training_accuracy), "")
        self.validation_loss.show_value(
            format_loss(state.validation_loss),
            "" if state.best_loss is None else f"best {format_loss(state.best_loss)}",
        )
        self.validation_accuracy.show_value(
            format_percent(state.validation_accuracy),
            "" if state.best_accuracy is None else f"best {format_percent(state.best_accuracy)}",
        )
        self.test_accuracy.show_value(
            format_percent(state.test_accuracy),
            "" if state.test_accuracy is not None or not state.busy else "at the end",
        )
        speed, left, planned = state.speed, state.seconds_left, state.seconds_planned
        self.speed.show_value("–" if speed is None else f"{speed:,.0f}", "pictures / s")
        self.time_left.show_value(
            "–" if left is None else format_duration(left),
            # Under a second is not worth showing.
            "" if planned is None or planned < 1 else f"of {format_duration(planned)}",
        )


class ProgressRow(QWidget):
    """Progress of the epoch and the run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.epoch = TabularLabel("–", widest="00")
        self.epoch.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        self.epoch.setObjectName("epochLabel")
        explain(self.epoch, "Epoch", "The number of the epoch that is going on or was last.")
        self.of = TabularLabel()
        self.of.setProperty("look", "muted")
        self.epoch_bar, self.epoch_percent = self._bar(
            "epochProgress", "Progress of the epoch", "How much of the epoch is done."
        )
        self.run_bar, self.run_percent = self._bar(
            "runProgress", "Progress of the run", "How much of the run is done."
        )
        parts = row(
            *(label("Epoch", "muted"), self.epoch, self.of),
            *((self.epoch_bar, 1), self.epoch_percent),
            *(label("Run", "muted"), (self.run_bar, 1), self.run_percent),
            owner=self,
        )
        parts.insertSpacing(parts.indexOf(self.epoch_percent) + 1, Size.FIELD_GAP)

    def _bar(self, name: str, title: str, sentence: str) -> tuple[ProgressBar, TabularLabel]:
        bar = ProgressBar(_STEPS)
        bar.setObjectName(name)
        explain(bar, title, sentence)
        figure = TabularLabel("0 %", widest="100 %")
        figure.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
        figure.setProperty("look", "muted")
        return bar, figure

    def show_state(self, state: RunState) -> None:
        self.epoch.reserve(str(state.epochs or ""))
        self.epoch.setText(str(state.epoch) if state.epoch else "–")
        self.of.setText(f"of {state.epochs}" if state.epochs else "")
        for bar, figure, part in (
            (self.epoch_bar, self.epoch_percent, state.epoch_part),
            (self.run_bar, self.run_percent, state.run_part),
        ):
            bar.setValue(round(part * _STEPS))
            figure.setText(f"{100 * part:.0f} %")


class HintCard(Card):
    """Shows one hint."""

    remedy_chosen = pyqtSignal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Reading the curves", parent=parent)
        self._hint: Hint | None = None
        self.sentence = label("", "muted", "hintLabel")
        self.sentence.setWordWrap(True)
        self.sentence.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.body.addWidget(self.sentence, 1)
        self.remedy = push_button(
            "remedyButton", "Remedy", "Do what the hint proposes, also during a run."
        )
        self.remedy.clicked.connect(self._apply)
        self.body.addLayout(row(self.remedy, 1))
        self.show_hint(read_curves([], TrainingSettings()))

    def show_hint(self, hint: Hint) -> None:
        """Show a hint, with a button if it has a remedy."""
        if hint == self._hint:
            return
        self._hint = hint
        self.sentence.setText(hint.sentence)
        self.remedy.setText(hint.remedy)
        self.remedy.setVisible(bool(hint.remedy))

    def _apply(self) -> None:
        if self._hint is not None and self._hint.name:
            self.remedy_chosen.emit(self._hint.name, self._hint.value)
            self.remedy.hide()


_OFFER = (
    ("continueButton", "Continue",
     "Go on training from the last complete epoch, as if nothing had happened.", "primary"),
    ("notNowButton", "Not now",
     "Hide this; the run stays in the list and the next start asks again.", ""),
    ("discardButton", "Discard", "Delete the run; this can be undone.", ""),
)  # fmt: skip


class OfferBar(QFrame):
    """Offers to continue a run; hidden without an offer."""

    continue_requested = pyqtSignal(Run)
    discard_requested = pyqtSignal(Run)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offerBar")
        self.setProperty("look", "message")
        self.run: Run | None = None
        self.sentence = label("", "body", "offerLabel")
        buttons = []
        for (name, text, sentence, look), act in zip(
            _OFFER, (self._continue, self.withdraw, self._discard), strict=True
        ):
            button = push_button(name, text, sentence, look=look)
            button.clicked.connect(lambda _, act=act: act())
            buttons.append(button)
        margins = (Size.CARD_PADDING, Size.GRID, Size.FIELD_GAP, Size.GRID)
        row((self.sentence, 1), *buttons, margins=margins, owner=self)
        self.hide()

    def offer(self, run: Run) -> None:
        """Offer a run."""
        self.run = run
        done, planned = run.epochs_done, run.settings.epochs
        self.sentence.setText(
            f"Continue {run.full_title} after epoch {done} of {planned}?"
            if done < planned
            else f"Continue {run.full_title}? All its epochs are learnt, but it is not tested yet."
        )
        self.setAccessibleName(self.sentence.text())
        self.show()

    def withdraw(self) -> None:
        """Hide the offer."""
        self.run = None
        self.hide()

    def _continue(self) -> None:
        run = self.run
        self.withdraw()
        if run is not None:
            self.continue_requested.emit(run)

    def _discard(self) -> None:
        run = self.run
        self.withdraw()
        if run is not None:
            self.discard_requested.emit(run)
