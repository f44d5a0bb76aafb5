"""The page of one run, running or ended: figures, progress, curves, hint."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial

from qtpy.QtGui import QResizeEvent, QShowEvent
from qtpy.QtWidgets import QBoxLayout, QGridLayout, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import FlowLayout, ScrollArea, column, row
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, push_button, set_look
from mnist_draw.app.train.curve_card import AccuracyCard, LossCard
from mnist_draw.app.train.failed_view import ChangesCard, DivergenceCard, FailedCard, WhyCard
from mnist_draw.app.train.finished_card import FinishedCard
from mnist_draw.app.train.new_run_page import PlaceholderCard
from mnist_draw.app.train.queued_view import QueuedCard, WaitingRunCard
from mnist_draw.app.train.run_figures import Figures, HintLine, ProgressRow
from mnist_draw.app.train.run_words import (
    PageState,
    describe,
    failed_words,
    finished_words,
    hint_of,
    page_state,
)
from mnist_draw.app.train.twelve_digits_card import TwelveDigitsCard
from mnist_draw.i18n import _
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.settings import SETTINGS


@dataclass(frozen=True)
class Arrangement:
    """Where the cards are: row, column, rows and columns of each; stretches and least heights."""

    places: dict[str, tuple[int, int, int, int]]
    widths: tuple[int, ...]
    heights: tuple[int, ...]
    least: tuple[int, ...]


_TRAINING = Arrangement(
    {"accuracy": (0, 0, 2, 1), "digits": (0, 1, 1, 1), "loss": (1, 1, 1, 1)},
    widths=(820, 494),
    heights=(232, 172),
    least=(170, 120),
)
_ENDED = Arrangement(
    {"accuracy": (0, 0, 1, 1), "loss": (0, 1, 1, 1), "digits": (0, 2, 1, 1)},
    widths=(560, 328, 414),
    heights=(1,),
    least=(170,),
)
_WITHOUT_DIGITS = Arrangement(
    {"accuracy": (0, 0, 1, 1), "loss": (0, 1, 1, 1)},
    widths=(560, 328),
    heights=(1,),
    least=(170,),
)
#: One curve at a time, ``accuracy`` or ``loss``.
_NARROW = {
    curve: Arrangement(
        {curve: (0, 0, 1, 1), "digits": (0, 1, 1, 1)},
        widths=(596, 376),
        heights=(1,),
        least=(170,),
    )
    for curve in ("accuracy", "loss")
}
#: Beside open settings, where the page scrolls.
_SLIM = Arrangement(
    {"accuracy": (0, 0, 1, 2), "digits": (1, 0, 1, 1), "loss": (1, 1, 1, 1)},
    widths=(3, 2),
    heights=(260, 230),
    least=(260, 230),
)
_SLIM_WITHOUT_DIGITS = replace(_SLIM, places={"accuracy": (0, 0, 1, 2), "loss": (1, 0, 1, 2)})
#: From these widths on the page is not narrow, and not slim.
_WIDE = 1100
_NOT_SLIM = 760
#: The least width of the title beside its buttons.
_TITLE = 40


#: A run that failed: its loss, before which its accuracy is if it has learned.
_FAILED = Arrangement(
    {"divergence": (0, 0, 2, 1), "changes": (0, 1, 1, 1), "why": (1, 1, 1, 1)},
    widths=(820, 494),
    heights=(236, 168),
    least=(180, 150),
)
_FAILED_LATE = Arrangement(
    {
        "accuracy": (0, 0, 2, 1),
        "divergence": (0, 1, 2, 1),
        "changes": (0, 2, 1, 1),
        "why": (1, 2, 1, 1),
    },
    widths=(404, 404, 494),
    heights=(236, 168),
    least=(180, 150),
)
_FAILED_NARROW = Arrangement(
    {"divergence": (0, 0, 1, 1), "changes": (0, 1, 1, 1)},
    widths=(560, 424),
    heights=(1,),
    least=(200,),
)
_FAILED_SLIM = Arrangement(
    {"divergence": (0, 0, 1, 1), "changes": (1, 0, 1, 1)},
    widths=(1,),
    heights=(1, 1),
    least=(240, 240),
)
_QUEUED = replace(
    _TRAINING,
    places={"ghost": (0, 0, 2, 1), "digits": (0, 1, 1, 1), "waiting": (1, 1, 1, 1)},
)
_QUEUED_SLIM = Arrangement(
    {"ghost": (0, 0, 1, 1), "digits": (1, 0, 1, 1)},
    widths=(1,),
    heights=(260, 230),
    least=(260, 230),
)


def arrangement(
    state: PageState,
    width: float,
    has_digits: bool,
    has_epochs: bool,
    curve: str,
) -> Arrangement:
    """Return how the cards are arranged in a page; ``curve`` is shown where there is one place."""
    is_slim = width < _NOT_SLIM
    is_wide = width >= _WIDE
    if state == "failed":
        if not is_wide:
            return _FAILED_SLIM if is_slim else _FAILED_NARROW
        return _FAILED_LATE if has_epochs else _FAILED
    if state == "queued":
        return _QUEUED_SLIM if is_slim else _QUEUED
    if is_slim:
        return _SLIM if has_digits else _SLIM_WITHOUT_DIGITS
    if state == "running":
        return _TRAINING
    if not has_digits:
        return _WITHOUT_DIGITS
    return _ENDED if is_wide else _NARROW[curve]


class RunPage(ScrollArea):
    """Shows a run; its cards are arranged for one that goes on or for one that has ended."""

    def __init__(self, state: AppState | None = None) -> None:
        super().__init__()
        self.setObjectName("runPage")
        self._state = state or AppState()
        self._page_state: PageState = "ended"
        self._is_paused = False
        self._curve = "accuracy"
        self._arrangement: tuple[Arrangement, float] | None = None
        #: Whether there is a tab with the layers and mistakes.
        self.leads_inside = True
        #: Settings that a lesson fixes: no remedy changes them.
        self.fixed: frozenset[str] = frozenset()
        #: Words and look of the button that leaves the page.
        self._way_out = ("", "")
        self.finished = FinishedCard()
        self.failed = FailedCard()
        self.queued = QueuedCard()
        self.figures = Figures()
        self.progress = ProgressRow()
        self.accuracy = AccuracyCard()
        self.loss = LossCard()
        self.digits = TwelveDigitsCard()
        self.hint = HintLine()
        self.ghost = PlaceholderCard()
        self.divergence = DivergenceCard()
        self.changes = ChangesCard()
        self.why = WhyCard()
        self.waiting = WaitingRunCard()
        self._card_of: dict[str, Card] = {
            "accuracy": self.accuracy,
            "loss": self.loss,
            "digits": self.digits,
            "ghost": self.ghost,
            "divergence": self.divergence,
            "changes": self.changes,
            "why": self.why,
            "waiting": self.waiting,
        }
        for card in self._card_of.values():
            # Of the room there is, each has its share.
            card.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Ignored)
        self.accuracy.add_switch(_("Show the loss"), partial(self._show_curve, "loss"))
        self.loss.add_switch(_("Show the accuracy"), partial(self._show_curve, "accuracy"))
        self._cards = QGridLayout()
        self._cards.setSpacing(Size.CARD_GAP)
        inner = QWidget()
        column(
            self._build_top(),
            self.finished,
            self.failed,
            self.queued,
            self.figures,
            self.progress,
            (self._cards, 1),
            self.hint,
            gap=Size.CARD_GAP,
            owner=inner,
        )
        self.setWidget(inner)
        self._show_parts()
        theme.follow(self, self._arrange)
        for names, show in (
            (["entries"], self._show_title),
            (["learning", "queue"], self._show_waiting),
            (["epoch"], self._show_epoch),
            (["digits"], self._show_digits),
            (["progress"], self._show_progress),
            (["shown_run", "history"], self._show_history),
            (["curves"], self._draw_curves),
        ):
            self._state.follow(names, show, ["train"])

    def _build_top(self) -> QBoxLayout:
        self.title = FittedLabel(look="surer", name="runTitle")
        self.about = ElidedLabel("", "status", "runAboutLabel")
        # Their commands describe them.
        self.library_button = push_button("libraryButton", _("Library"), "", look="plain")
        set_icon(self.library_button, "books", Size.SMALL_ICON)
        self.settings_button = push_button("runSettingsButton", _("All settings"), "", look="plain")
        set_icon(self.settings_button, "sliders-horizontal", Size.SMALL_ICON)
        self.step_button = push_button("stepButton", _("+1 epoch"), "")
        self.stop_button = push_button("stopButton", _("Stop"), "")
        self.pause_button = push_button("pauseButton", _("Pause"), "", look="primary")
        set_icon(self.pause_button, "pause", Size.SMALL_ICON)
        theme.follow(self, lambda: self.pause_button.setMinimumWidth(theme.scaled(112)))
        self.new_button = push_button("newRunButton", "", "")
        flow = FlowLayout()
        for button in (
            self.library_button,
            self.settings_button,
            self.step_button,
            self.stop_button,
            self.pause_button,
            self.new_button,
        ):
            flow.addWidget(button)
        self._buttons = QWidget()
        self._buttons.setLayout(flow)
        self._top = row((row(self.title, (self.about, 1)), 1), self._buttons)
        return self._top

    # -- arrangement

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def _fit_top(self) -> None:
        """Place the buttons below the title where there is too little room beside it."""
        needed = self._buttons.sizeHint().width()
        room = self.viewport().width()
        below = needed + theme.scaled(_TITLE) > room
        self._top.setDirection(QBoxLayout.TopToBottom if below else QBoxLayout.LeftToRight)
        self._buttons.setMinimumWidth(0 if below else needed)

    def _arrange(self) -> None:
        self._fit_top()
        scale = theme.text_scale()
        width = self.viewport().width() / scale
        run = self._state.shown_run
        chosen = arrangement(
            self._page_state,
            width,
            not run.has_no_digits,
            run.has_learned,
            self._curve,
        )
        if self._arrangement == (chosen, scale):
            return
        self._arrangement = (chosen, scale)
        while self._cards.takeAt(0) is not None:
            pass
        for name, place in chosen.places.items():
            self._cards.addWidget(self._card_of[name], *place)
        for name, card in self._card_of.items():
            # Without a parent it would open a window.
            card.setVisible(name in chosen.places)
        has_both = {"accuracy", "loss"} <= set(chosen.places)
        for curve in (self.accuracy, self.loss):
            curve.switch.setVisible(not has_both)
        for column_number in range(3):
            self._cards.setColumnStretch(column_number, 0)
        for column_number, stretch in enumerate(chosen.widths):
            self._cards.setColumnStretch(column_number, stretch)
        for line in range(2):
            is_used = line < len(chosen.heights)
            self._cards.setRowStretch(line, chosen.heights[line] if is_used else 0)
            least = theme.scaled(chosen.least[line]) if is_used else 0
            self._cards.setRowMinimumHeight(line, least)

    def _show_curve(self, name: str) -> None:
        self._curve = name
        self._arrange()
        (self.loss if name == "loss" else self.accuracy).menu_button.setFocus()

    def _show_parts(self) -> None:
        """Show what belongs to a run that is trained, or to one that has ended."""
        state = self._page_state
        is_running = state == "running"
        for part in (self.step_button, self.pause_button):
            part.setVisible(is_running)
        is_ahead = is_running or state == "queued"
        self.progress.setVisible(is_ahead)
        self.stop_button.setVisible(is_ahead)
        self.new_button.setVisible(not is_ahead)
        self.figures.setVisible(state in ("running", "ended"))
        self.figures.show_running(is_running)
        self.failed.setVisible(state == "failed")
        self.queued.setVisible(state == "queued")
        self.hint.setVisible(state != "failed")
        self._arrange()

    # -- showing

    def show_run(self) -> None:
        """Show the title, state, figures and result of the shown run."""
        state = self._state
        run = state.shown_run
        shown = page_state(run, state.is_training and run is state.run)
        if shown != self._page_state:
            self._page_state = shown
            self._show_parts()
        self._arrange()
        self._show_title()
        self._show_digits()
        self._show_epoch()
        for card in (self.loss, self.accuracy):
            card.planned = run.epochs
        self._show_paused(run.state == "paused")
        # There is nothing to show of a run that has learned nothing and cannot go on.
        can_continue = run.can_continue and not state.is_training
        has_result = shown == "ended" and (run.has_learned or can_continue)
        leads_back = False
        if has_result:
            words = finished_words(
                run,
                can_continue,
                self.leads_inside,
                self.fixed,
                in_lesson=bool(state.lesson),
            )
            leads_back = not words.leads
            self.finished.show_run(run, words)
        set_look(self.new_button, "primary" if leads_back else "")
        self.finished.setVisible(has_result)
        if shown == "failed":
            self.failed.show_words(failed_words(run))
            self.divergence.show_run(run)
            self.changes.show_run(run)
            self.why.show_run(run)
        elif shown == "queued":
            self.ghost.curve.show_run(run.epochs, run.expected_accuracy, is_named=True)
            self.waiting.show_run(run)
            self._show_waiting()

    def _show_epoch(self) -> None:
        self._show_progress()
        # Never to the layers of another network.
        can_be_tried = self._state.shown_run.can_be_tried
        self.hint.show_inside(self.leads_inside and can_be_tried)
        self.hint.show_hint(hint_of(self._state, self.fixed))

    def _show_waiting(self) -> None:
        waiting = self._state.queue
        if self._page_state == "queued" and waiting is not None:
            self.queued.show_reason(waiting.reason, self._state)

    def _show_digits(self) -> None:
        run = self._state.shown_run
        self.digits.show_digits(run.twelve, run.read)

    def _show_progress(self) -> None:
        run = self._state.shown_run
        self.figures.show_run(run)
        self.progress.show_run(run)

    def _show_paused(self, is_paused: bool) -> None:
        # The icon follows the theme from now on; a new one for each state is enough.
        if is_paused != self._is_paused:
            self._is_paused = is_paused
            self.pause_button.setText(_("Resume") if is_paused else _("Pause"))
            set_icon(self.pause_button, "play" if is_paused else "pause", Size.SMALL_ICON)

    def show_way_out(self, words: str, is_new: bool) -> None:
        """Name where the button leads; to a new run it has a plus."""
        look = self.new_button.property("look")
        if self._way_out == (words, look):
            return
        self._way_out = (words, look)
        self.new_button.setText(words)
        set_icon(self.new_button, "plus" if is_new else "arrow-right", Size.SMALL_ICON)

    def _show_title(self) -> None:
        run = self._state.shown_run
        self.title.setText(self._state.title_of(run))
        self.about.setText(describe(run))

    def _show_history(self) -> None:
        run = self._state.shown_run
        self.accuracy.compare(run)
        for card in (self.loss, self.accuracy):
            card.show_history(run.history, run.epochs)
        for change in run.changes:
            self.mark(change)

    def mark(self, change: SettingChanged) -> None:
        value = SETTINGS[change.name].format_value(change.value)
        for card in (self.loss, self.accuracy):
            card.mark(change.name, change.place, value)

    def _draw_curves(self) -> None:
        for card in (self.loss, self.accuracy):
            card.planned = self._state.shown_run.epochs
            if self.isVisible():
                card.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        # It is longer ago by now.
        self._show_title()
        for card in (self.loss, self.accuracy):
            card.redraw()

    def first(self) -> QWidget:
        if self._page_state == "queued":
            return self.stop_button
        if self._page_state == "running":
            return self.pause_button
        if self._page_state == "failed":
            return self.failed.remedy_button
        buttons = [*self.finished.buttons(), self.new_button]
        ready = [one for one in buttons if one.isVisibleTo(self) and one.isEnabled()]
        filled = [one for one in ready if one.property("look") in ("start", "primary")]
        return next(iter(filled or ready), self.new_button)
