"""The Train tab: settings, run buttons, figures, curves, filters and hints."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable

from PyQt5.QtCore import Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QResizeEvent
from PyQt5.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.page import Page
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Card, explain, label, push_button
from mnist_draw.app.train.curve_card import AccuracyCard, LossCard
from mnist_draw.app.train.layers_view import FiltersView, LayersView
from mnist_draw.app.train.run_figures import FiguresRow, HintCard, OfferBar, ProgressRow
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.runs_page import RunsPage
from mnist_draw.app.train.setting_fields import SectionArea
from mnist_draw.app.train.settings_panel import SettingsPanel
from mnist_draw.storage.preferences import Preferences

#: Modules of Qt that pyqtgraph imports. A module of PyQt5 that is loaded in one thread changes
#: what all conversions between Python and Qt look up: in the GUI thread only, or it may crash.
_QT_MODULES = ("PyQt5.QtSvg", "PyQt5.QtTest")


def _import() -> None:
    # Imports pyqtgraph.
    import mnist_draw.app.train.plots  # noqa: F401


_RUN_COMMANDS = (
    ("start", "Start", "Train a new network with these settings.", "F5"),
    ("pause", "Pause", "Let the run wait after its minibatch, or go on.", "F5"),
    ("stop", "Stop", "End the run after its minibatch; what it has learnt is kept.", "Shift+F5"),
    ("step", "+1 epoch",
     "One epoch more than planned; after a run, continue it for one epoch.", "F6"),
)  # fmt: skip
#: Minimum width for filters and layers side by side, in pixels.
_BOTH = 1700


class TrainTab(Page):
    """Shows a run and takes requests; `RunController` connects it to the training."""

    name, title = "train", "Train"
    help = (
        "Choose at the left what is learnt, by which network and how; Start trains it. After each "
        "epoch the curves show loss and accuracy. A run can be paused, stopped and continued, and "
        "what it has learnt so far answers on Draw at once. Runs lists what was trained before, "
        "to be compared, used or exported."
    )

    start_requested = pyqtSignal()
    pause_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    epoch_requested = pyqtSignal()
    runs_shown = pyqtSignal()
    draw_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._background = Background(self)
        self._plots_started = False
        row(self._build_side(), (self._build_main(), 1), gap=0, owner=self)

    # -- building

    def _build_side(self) -> QWidget:
        side = QWidget()
        side.setProperty("look", "side")
        side.setAttribute(Qt.WA_StyledBackground)
        side.setFixedWidth(round(Size.SIDE_PANEL * theme.text_scale()))
        self.settings = SettingsPanel()
        scroll = SectionArea(self.settings, list(self.settings.sections.values()))
        scroll.setObjectName("settingsArea")
        self.state_label = label("", "muted", "stateLabel")
        explain(self.state_label, "State", "What the run is doing.")
        self.state_label.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        # Two lines from the start: the settings above do not move.
        self._state_line = GrowingLabel(self.state_label, lines=2)
        self.draw_button = push_button(
            "toDrawButton", "Draw", "Draw digits: the network just trained reads them.", look="link"
        )
        self.draw_button.clicked.connect(self.draw_requested)
        state = row((self._state_line, 1))
        for button in (self.draw_button, self._build_runs_button()):
            state.addWidget(button, 0, Qt.AlignTop)
        below = column(state, self._build_buttons(), margins=(Size.MARGIN, 0, Size.MARGIN, 0))
        column((scroll, 1), below, margins=(0, 0, 1, Size.CARD_GAP), owner=side)
        return side

    def _build_runs_button(self) -> QPushButton:
        # Its command describes it.
        self.runs_button = push_button("runsButton", "Runs", "", look="link")
        self.runs_button.setCheckable(True)
        sentence = "Show all runs to compare them, or the run's curves."
        Command(self, "Runs", sentence, "F7", self.runs_button.toggle).describe(self.runs_button)
        self.runs_button.toggled.connect(self._show_page)
        return self.runs_button

    def _show_page(self, runs: bool) -> None:
        self.runs_button.setText("Curves" if runs else "Runs")
        self._pages.setCurrentWidget(self.runs if runs else self._curves)
        if runs:
            self.runs_shown.emit()
            self.runs.table.setFocus()

    @property
    def showing_runs(self) -> bool:
        """Whether the list of runs is visible, not the curves."""
        return self.runs_button.isChecked()

    def show_curves(self) -> None:
        """Show the run's figures and curves."""
        self.runs_button.setChecked(False)

    def _build_buttons(self) -> QHBoxLayout:
        made = []
        signals = (
            self.start_requested,
            self.pause_requested,
            self.stop_requested,
            self.epoch_requested,
        )
        for (name, text, sentence, keys), asked in zip(_RUN_COMMANDS, signals, strict=True):
            button = push_button(f"{name}Button", text, sentence)
            command = Command(self, text, sentence, keys, asked.emit)
            command.serve(button)
            made.append((button, command))
        self._run_buttons = tuple(button for button, _ in made)
        self.start_button, self.pause_button, self.stop_button, self.step_button = self._run_buttons
        self.everywhere = tuple(command for _, command in made)
        self._start, self._pause, self._stop, self._step = self.everywhere
        for button in (self.start_button, self.pause_button):
            button.setProperty("look", "primary")
        for button in (self.stop_button, self.step_button):
            button.setProperty("look", "narrow")
        self.pause_button.hide()
        return row(
            (self.start_button, 1), (self.pause_button, 1), self.stop_button, self.step_button
        )

    def _build_main(self) -> QVBoxLayout:
        self.offer = OfferBar()
        self._pages = QStackedWidget()
        self._curves = self._build_curves()
        self.runs = RunsPage()
        for page in (self._curves, self.runs):
            self._pages.addWidget(page)
        margins = (Size.MARGIN, Size.CARD_PADDING, Size.MARGIN, Size.MARGIN)
        return column(self.offer, (self._pages, 1), gap=Size.CARD_GAP, margins=margins)

    def _build_curves(self) -> QWidget:
        self.figures = FiguresRow()
        self.progress = ProgressRow()
        self.loss = LossCard()
        self.accuracy = AccuracyCard()
        filters_card = Card("What the first layer looks for", " ")
        self.filters = FiltersView()
        self._filters_note = filters_card.note
        self.filters.shown_changed.connect(self._note_filters)
        self._note_filters(0, 0)
        filters_card.body.addWidget(self.filters, 1)
        layers_card = Card("Inside the layers")
        self.layers = LayersView()
        layers_card.body.addWidget(self.layers, 1)
        self._insides = (filters_card, layers_card)
        self._switches = (
            self._build_switch(filters_card, 1, "Inside the layers", "showLayersButton"),
            self._build_switch(layers_card, 0, "First layer", "showFiltersButton"),
        )
        self.hint = HintCard()
        self.hint.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Preferred)
        self.hint.remedy_chosen.connect(self.settings.apply)
        page = QWidget()
        plots = row((self.loss, 1), (self.accuracy, 1), gap=Size.CARD_GAP)
        below = row((filters_card, 2), (layers_card, 2), (self.hint, 1), gap=Size.CARD_GAP)
        column(self.figures, self.progress, (plots, 2), (below, 1), gap=Size.CARD_GAP, owner=page)
        self._show_inside(0)
        return page

    def _build_switch(self, card: Card, other: int, text: str, name: str) -> QPushButton:
        """Add the link to the other card, for windows too narrow for both."""
        button = push_button(name, text, f"Show the card “{text}” in this place.", look="link")
        button.clicked.connect(lambda: self._show_inside(other, focus=True))
        card.top.addWidget(button)
        return button

    def _show_inside(self, chosen: int, focus: bool = False) -> None:
        """Show one of the two cards; on large screens both."""
        self._inside = chosen
        both = self.width() >= round(_BOTH * theme.text_scale())
        for number, (card, switch) in enumerate(zip(self._insides, self._switches, strict=True)):
            card.setVisible(both or number == chosen)
            switch.setVisible(not both)
        if focus:
            self._switches[chosen].setFocus()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_inside(self._inside)

    def start_plots(self) -> None:
        """Import pyqtgraph in a thread, then build the plots between events; once."""
        if self._plots_started:
            return
        self._plots_started = True
        for name in _QT_MODULES:
            # Optional for pyqtgraph, too.
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        steps = [self.loss.build, self.accuracy.build, self.runs.compare.build]
        self._background.run(_import, lambda _: self._build_next(steps))

    def _build_next(self, steps: list[Callable[[], None]]) -> None:
        if steps:
            steps.pop(0)()
            QTimer.singleShot(0, lambda: self._build_next(steps))

    # -- for the window

    def remember(self, preferences: Preferences) -> None:
        """Store the settings."""
        preferences.set("training", self.settings.settings().to_json())

    def focus_first(self) -> None:
        """Focus the button that starts or pauses the run."""
        self._main_button().setFocus()

    def _main_button(self) -> QWidget:
        """Return the button that starts, pauses or resumes; this page if it is disabled."""
        button = self.start_button if self.pause_button.isHidden() else self.pause_button
        return button if button.isEnabled() else self

    # -- showing a run

    def show_state(self, state: RunState, running: bool, can_continue: bool) -> None:
        """Show figures, progress and state, and enable the buttons.

        ``running`` is true until everything is saved, longer than ``state.busy``.
        """
        self.figures.show_state(state)
        self.progress.show_state(state)
        self._state_line.set_text(state.label)
        self.draw_button.setVisible(not running and state.epoch > 0)
        busy = running or state.busy
        focus = self.focusWidget()
        held = focus is not None and focus.hasFocus() and focus in (self, *self._run_buttons)
        can_end = state.busy and state.state not in ("stopping", "testing")
        self.start_button.setVisible(not busy)
        self.pause_button.setVisible(busy)
        self.pause_button.setText("Resume" if state.state == "paused" else "Pause")
        self._start.setEnabled(not busy)
        self._pause.setEnabled(state.state in ("training", "paused", "validating"))
        self._stop.setEnabled(can_end)
        self._step.setEnabled(can_end or (not busy and can_continue))
        self.settings.set_running(busy)
        # A hidden button would pass the focus to the next widget, such as a menu.
        if held and (focus is self or not (focus.isVisible() and focus.isEnabled())):
            self._main_button().setFocus()

    def _note_filters(self, shown: int, units: int) -> None:
        self._filters_note.setText(
            f"{shown} of {units} units · orange speaks for ink, blue against" if units else ""
        )
