"""A run that waits: when it starts, why it waits, and what it will train."""

from __future__ import annotations

from functools import partial

from qtpy.QtCore import Qt
from qtpy.QtWidgets import QGridLayout, QLabel, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import TabularLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.waiting import AFTER_LEARNING, Reason
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button
from mnist_draw.app.train.run_words import run_rows
from mnist_draw.i18n import _
from mnist_draw.training.run import Run

_SIGN = 24
_STEPS = 1000
#: Width of the bar, in pixels.
_BAR = 420


class QueuedCard(Card):
    """When the run starts, how far that is which it waits for, and the way not to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("queuedCard")
        sign = QLabel()
        theme.follow(sign, partial(_show_sign, sign))
        self.headline = label("", "headline", "queuedLabel", wraps=True)
        self.sentence = label("", "sentence", "queuedReasonLabel", wraps=True)
        for words in (self.headline, self.sentence):
            words.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Minimum)
        self.progress = TabularLabel(look="title", name="queuedProgressLabel")
        self._bar = ProgressBar(_STEPS)
        self._bar.setFocusPolicy(Qt.NoFocus)
        theme.follow(self, lambda: self._bar.setMaximumWidth(theme.scaled(_BAR)))
        # Named from the beginning; each reason names it anew.
        self.start_button = push_button("startNowButton", AFTER_LEARNING.button, look="large")
        bar = row(self.progress, (self._bar, 2), 1, gap=Size.CARD_GAP)
        words_column = column(self.headline, self.sentence, bar, gap=Size.TIGHT)
        side = Size.MARGIN + Size.FIELD_GAP
        self.body.setContentsMargins(side, Size.CARD_PADDING, side, Size.CARD_PADDING)
        whole = row(column(sign, 1), (words_column, 1), self.start_button, gap=Size.CARD_GAP)
        self.body.addLayout(whole)

    def show_reason(self, reason: Reason, state: AppState) -> None:
        progress, part = reason.progress(state)
        self.headline.setText(reason.starts(state))
        self.sentence.setText(reason.why(state))
        self.progress.setText(progress)
        self._bar.setAccessibleName(progress)
        self._bar.setValue(round(_STEPS * part))
        self.start_button.setText(reason.button)
        self.start_button.setVisible(bool(reason.button))
        explain(self.start_button, reason.button, reason.button_help)


def _show_sign(sign: QLabel) -> None:
    side = theme.scaled(_SIGN)
    sign.setPixmap(icon("clock", "muted").pixmap(side, side))


class WaitingRunCard(Card):
    """What a run that waits will train."""

    def __init__(self) -> None:
        super().__init__(_("This run"))
        rows = QWidget()
        grid = QGridLayout(rows)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(Size.CARD_GAP)
        grid.setColumnStretch(1, 1)
        self._values = [label("", "body", wraps=True) for __ in range(3)]
        self._titles = [label("", "status") for __ in range(3)]
        for line, (title, value) in enumerate(zip(self._titles, self._values, strict=True)):
            grid.addWidget(title, line, 0)
            grid.addWidget(value, line, 1)
        self.body.addWidget(rows)
        self.body.addStretch(1)

    def show_run(self, run: Run) -> None:
        shown = zip(self._titles, self._values, run_rows(run), strict=True)
        for title, value, words in shown:
            title.setText(words[0])
            value.setText(words[1])
