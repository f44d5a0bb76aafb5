"""One run: its figures, its progress, its curves and what they say."""

from __future__ import annotations

from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import FittedLabel, GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, label, push_button
from mnist_draw.app.train.curve_card import AccuracyCard, LossCard
from mnist_draw.app.train.run_figures import FiguresRow, HintCard, ProgressRow
from mnist_draw.app.train.run_state import RunState


class RunPage(QWidget):
    """Shows a run that goes on or has ended."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("runPage")
        self.title = FittedLabel()
        self.title.setObjectName("runTitle")
        self.title.setProperty("look", "surer")
        self.state_label = label("", "muted", "stateLabel")
        explain(self.state_label, "State", "What the run is doing.")
        self._state_line = GrowingLabel(self.state_label)
        # Their commands describe them.
        self.library_button = push_button("libraryButton", "Library", "", look="link")
        self.settings_button = push_button("runSettingsButton", "All settings", "", look="link")
        self.step_button = push_button("stepButton", "+1 epoch", "")
        self.stop_button = push_button("stopButton", "Stop", "")
        self.pause_button = push_button("pauseButton", "Pause", "", look="primary")
        self.new_button = push_button("newRunButton", "New run", "Choose what to train next.")
        self.draw_button = push_button(
            "tryItButton", "Try it", "Draw, and let this network read.", look="primary"
        )
        self.figures = FiguresRow()
        self.progress = ProgressRow()
        self.loss = LossCard()
        self.accuracy = AccuracyCard()
        self.hint = HintCard()
        top = row(
            *((self.title, 1), (self._state_line, 2), self.library_button, self.settings_button),
            *(self.step_button, self.stop_button, self.pause_button, self.new_button),
            self.draw_button,
        )
        plots = row((self.accuracy, 1), (self.loss, 1), gap=Size.CARD_GAP)
        column(
            *(top, self.figures, self.progress, (plots, 1), self.hint),
            gap=Size.CARD_GAP,
            owner=self,
        )

    def show_state(self, state: RunState, busy: bool) -> None:
        """Show figures, progress and state."""
        self.figures.show_state(state)
        self.progress.show_state(state)
        self._state_line.set_text(state.label)
        self.pause_button.setText("Resume" if state.state == "paused" else "Pause")
        for button in (self.stop_button, self.pause_button):
            button.setVisible(busy)
        self.new_button.setVisible(not busy)
        self.draw_button.setVisible(not busy and state.epoch > 0)
