"""The page of one run, running or ended: figures, progress, curves, hint."""

from __future__ import annotations

from pathlib import Path

from PyQt5.QtGui import QResizeEvent, QShowEvent
from PyQt5.QtWidgets import QBoxLayout, QGridLayout, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.formatting import format_ago
from mnist_draw.app.kit.layout import FlowLayout, ScrollArea, column, row
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, push_button
from mnist_draw.app.train.curve_card import AccuracyCard, LossCard
from mnist_draw.app.train.finished_card import FinishedCard
from mnist_draw.app.train.run_figures import Figures, HintLine, ProgressRow
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.shown_run import ShownRun
from mnist_draw.app.train.twelve_digits_card import TwelveDigitsCard
from mnist_draw.dataset.mnist import dataset_name
from mnist_draw.i18n import _
from mnist_draw.networks import NetworkSpec, parse_network
from mnist_draw.networks.operations import Dense
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.record import Run
from mnist_draw.training.settings import SETTINGS

#: Widths of accuracy, digits and loss: of a run that goes on, of one that has ended, and there
#: in a narrow window, where one of the two curves is shown.
_GOING_ON = (820, 494)
_ENDED = (560, 414, 328)
_NARROW = (596, 376)
#: Heights of digits and loss beside the accuracy, and the least ones: digits stay readable.
_BESIDE = (222, 182)
_LEAST = (170, 120)
#: Under this width of a run that has ended the loss shares the accuracy's place; under the other
#: one, beside open settings, the curve is over the digits; under the last, all are in a column.
_WIDE = 1100
_SLIM = 760
_ONE_COLUMN = 340
#: So wide is at least what is left of the title beside its buttons.
_TITLE = 40
#: There the page scrolls: heights of the curve and of what is below it.
_SCROLLED = (260, 230)


class RunPage(ScrollArea):
    """Shows a run; its cards are arranged for one that goes on or for one that has ended."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("runPage")
        self.busy = True
        self._has_result = False
        self._shows_loss = False
        self._has_digits = True
        self._paused = False
        #: What the Library calls the run of a folder and a title.
        self.names: dict[tuple[Path, str], str] = {}
        self._told: tuple[Run | None, bool] = (None, False)
        self._arranged: object = None
        self.finished = FinishedCard()
        self.figures = Figures()
        self.progress = ProgressRow()
        self.accuracy = AccuracyCard()
        self.loss = LossCard()
        self.digits = TwelveDigitsCard()
        self.hint = HintLine()
        for card in (self.accuracy, self.loss, self.digits):
            # Of the room there is, each has its share.
            card.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Ignored)
        self.accuracy.add_switch(_("Show the loss"), self._switch_curve)
        self.loss.add_switch(_("Show the accuracy"), self._switch_curve)
        self._cards = QGridLayout()
        self._cards.setSpacing(Size.CARD_GAP)
        inner = QWidget()
        column(
            self._build_top(),
            self.finished,
            self.figures,
            self.progress,
            (self._cards, 1),
            self.hint,
            gap=Size.CARD_GAP,
            owner=inner,
        )
        self.setWidget(inner)
        self.show_busy(False)
        theme.follow(self, self._arrange)

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
        set_icon(self.new_button, "plus", Size.SMALL_ICON)
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
        narrow = self.viewport().width() < theme.scaled(_WIDE)
        curve: Card = self.loss if self._shows_loss else self.accuracy
        places: list[tuple[Card, int, int, int, int]]
        widths: tuple[int, ...] = (_ENDED[0], _ENDED[2])
        heights: tuple[int, ...] = (1, 0)
        least: tuple[int, ...] = _LEAST if self.busy else (_LEAST[0], 0)
        if self.viewport().width() < theme.scaled(_SLIM):
            below = [(self.digits, 1, 0, 1, 1), (self.loss, 1, 1, 1, 1)]
            if not self._has_digits:
                below = [(self.loss, 1, 0, 1, 2)]
            places = [(self.accuracy, 0, 0, 1, 2), *below]
            if self.viewport().width() < theme.scaled(_ONE_COLUMN):
                places = [(one, line, 0, 1, 2) for line, (one, *__) in enumerate(places)]
            widths = (3, 2)
            heights = _SCROLLED
            least = _SCROLLED
        elif self.busy:
            places = [
                (self.accuracy, 0, 0, 2, 1),
                (self.digits, 0, 1, 1, 1),
                (self.loss, 1, 1, 1, 1),
            ]
            widths = _GOING_ON
            heights = _BESIDE
        elif narrow and self._has_digits:
            places = [(curve, 0, 0, 1, 1), (self.digits, 0, 1, 1, 1)]
            widths = _NARROW
        else:
            places = [(self.accuracy, 0, 0, 1, 1), (self.loss, 0, 1, 1, 1)]
            if self._has_digits:
                places.append((self.digits, 0, 2, 1, 1))
                widths = (*widths, _ENDED[1])
        shown = [one for one, *_ in places]
        for one in (self.accuracy, self.loss):
            one.switch.setVisible(not (self.accuracy in shown and self.loss in shown))
        arranged = places, theme.text_scale()
        if arranged == self._arranged:
            return
        self._arranged = arranged
        while self._cards.takeAt(0) is not None:
            pass
        for placed, *place in places:
            self._cards.addWidget(placed, *place)
        for card in (self.accuracy, self.loss, self.digits):
            # Without a parent it would open a window.
            card.setVisible(card in shown)
        for number in range(3):
            self._cards.setColumnStretch(number, widths[number] if number < len(widths) else 0)
        last = max(place[1] for place in places)
        for number, share in enumerate((*heights, heights[1])):
            used = number <= max(last, 1)
            self._cards.setRowStretch(number, share if used else 0)
            self._cards.setRowMinimumHeight(number, theme.scaled(least[min(number, 1)]) * used)

    def _switch_curve(self) -> None:
        self._shows_loss = not self._shows_loss
        self._arrange()
        (self.loss if self._shows_loss else self.accuracy).menu_button.setFocus()

    def show_busy(self, busy: bool) -> None:
        self.busy = busy
        for part in (self.progress, self.step_button, self.stop_button, self.pause_button):
            part.setVisible(busy)
        self.new_button.setVisible(not busy)
        self.figures.show_going_on(busy)
        self.finished.setVisible(not busy and self._has_result)
        self._arrange()

    # -- showing

    def show_run(self, run: Run | None, going_on: bool) -> None:
        if run is None:
            return
        self._told = run, going_on
        self.title.setText(self.names.get((run.folder, run.title), run.title))
        data = dataset_name(run.settings.data_folder)
        about = [
            _layers(parse_network(run.settings.network)),
            _("MNIST digits") if data == "MNIST" else data,
        ]
        if not going_on and run.started_at:
            about.append(format_ago(run.started_at))
        self.about.setText(" · ".join(about))

    def show_curves(self, state: RunState) -> None:
        run = self._told[0]
        if run is not None:
            self.accuracy.compare_with_tutorial(run.settings)
        for card in (self.loss, self.accuracy):
            card.show_history(state.history, state.epochs)
        for change in state.history.changes:
            self.mark(change)

    def mark(self, change: SettingChanged) -> None:
        value = SETTINGS[change.name].format_value(change.value)
        for card in (self.loss, self.accuracy):
            card.mark(change.name, change.place, value)

    def draw_curves(self, state: RunState) -> None:
        """Draw what was added to the history that is shown, while it can be seen."""
        for card in (self.loss, self.accuracy):
            card.planned = state.epochs
            if self.isVisible():
                card.redraw()

    def showEvent(self, event: QShowEvent) -> None:
        # It is longer ago by now.
        self.show_run(*self._told)
        for card in (self.loss, self.accuracy):
            card.redraw()

    def show_state(self, state: RunState, busy: bool) -> None:
        if busy != self.busy:
            self.show_busy(busy)
        if self._has_digits == state.has_no_digits:
            self._has_digits = not state.has_no_digits
            self._arrange()
        self.figures.show_state(state)
        self.progress.show_state(state)
        self.digits.show_digits(state.twelve, state.read)
        paused = state.state == "paused"
        if paused != self._paused:
            self._paused = paused
            self.pause_button.setText(_("Resume") if paused else _("Pause"))
            set_icon(self.pause_button, "play" if paused else "pause", Size.SMALL_ICON)

    def show_result(self, shown: ShownRun, can_continue: bool) -> None:
        """Show how a run has ended; nothing of one that has learnt nothing and cannot go on."""
        self.finished.show_result(shown, can_continue)
        self._has_result = shown.state.has_learnt or can_continue
        self.finished.setVisible(not self.busy and self._has_result)

    def leave_out_inside(self) -> None:
        """Offer nothing that leads to the tab Inside, which is not there."""
        self.hint.inside.hide()
        self.finished.leads_inside = False

    def show_way_inside(self, shown: ShownRun) -> None:
        """Lead to the layers of a run that has some, never to those of another network."""
        self.hint.inside.setVisible(self.finished.leads_inside and shown.can_be_tried)

    def first(self) -> QWidget:
        if self.busy:
            return self.pause_button
        buttons = self.finished.buttons()
        ready = (one for one in buttons if one.isVisibleTo(self) and one.isEnabled())
        return next(ready, self.new_button)


def _layers(network: NetworkSpec) -> str:
    """Return the units of the tutorial's network, whose name is that of the run; else its title."""
    if network.kind != "mlp":
        return network.title
    units = [one.units for one in network.operations if isinstance(one, Dense)]
    return "–".join(map(str, (28 * 28, *units)))
