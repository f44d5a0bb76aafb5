"""The next step on Draw as a card; `mnist_draw.app.draw.next_step` says which step it is."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QTimer, Signal
from qtpy.QtWidgets import QApplication, QFrame

from mnist_draw.app.draw.next_step import Action, Step, next_step
from mnist_draw.app.draw.teaching import LearnController
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.app_state import Learns
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain, label, push_button, set_look
from mnist_draw.i18n import _
from mnist_draw.recognition.certainty import State
from mnist_draw.training.expectation import expected_seconds
from mnist_draw.training.presets import PRESETS

#: Milliseconds after the start until this computer is measured: then the networks are compiled.
_AT_REST_MS = 4000
#: Least height of the card; its button is 44 high.
_HIGH = 72


#: The facts that the step depends on.
_FACTS = (
    "certainty",
    "entries",
    "first_run_seconds",
    "hidden_pages",
    "learning",
    "learning_seconds",
    "model",
    "network_wanted",
    "progress",
    "queue",
    "reads_digits",
    "run",
    "unlearned",
)


class NextStep(QFrame):
    train_requested = Signal()
    run_requested = Signal()
    inside_requested = Signal()

    def __init__(self, network: ActiveNetwork, controller: LearnController) -> None:
        super().__init__()
        self.setObjectName("nextStep")
        self.setProperty("look", "card")
        self.setAccessibleName(_("Next step"))
        self._network = network
        self._state = network.state
        self._controller = controller
        # Its own: imports must not keep waiting what is taught.
        self._background = Background(self)
        #: The network whose time of learning is known, or asked for.
        self._timed = ""
        self._has_settled = False
        self._step: Step | None = None
        self._pressed = 0.0
        self.sentence = GrowingLabel(label("", "title"))
        self.line = GrowingLabel(label("", "muted"))
        self.button = push_button("nextStepButton", "", "", act=self._act)
        words = column(1, self.sentence, self.line, 1, gap=Size.GRID)
        pad = Size.CARD_PADDING
        row(
            (words, 1),
            self.button,
            gap=pad,
            margins=(pad, Size.FIELD_GAP, pad, Size.FIELD_GAP),
            owner=self,
        )
        self._state.follow(_FACTS, self._show, ["draw"])
        self._state.follow(["certainty", "unlearned"], self._measure)
        QTimer.singleShot(_AT_REST_MS, self._settle)
        theme.follow(self, lambda: self.setMinimumHeight(theme.scaled(_HIGH)))
        self._show()

    def _settle(self) -> None:
        self._has_settled = True
        self._measure()

    def _measure(self) -> None:
        """Find out how long a first run and learning take, unless what is trained slows it."""
        state = self._state
        is_busy = isinstance(state.learning, Learns) or state.run.is_running
        if is_busy or not self._has_settled:
            return
        is_first = self._step is not None and self._step.action is Action.TRAIN
        # Nothing is drawn that waits for an answer.
        if is_first and state.first_run_seconds is None and state.certainty is State.NOTHING:
            first_run = partial(expected_seconds, PRESETS["tutorial"].settings)
            self._background.run(first_run, lambda found: state.set(first_run_seconds=found))
        if state.unlearned and state.model is not None and state.model.network != self._timed:
            self._timed = state.model.network
            self._measure_learning(self._timed)

    def _measure_learning(self, network: str) -> None:
        def seconds() -> float | None:
            from mnist_draw.recognition.fine_tuning import learning_seconds

            return learning_seconds(network)

        self._background.run(seconds, lambda found: self._state.set(learning_seconds=found))

    def _show(self) -> None:
        step = next_step(self._state)
        self._step = step
        self.setVisible(step is not None)
        if step is None:
            return
        self.sentence.set_text(step.sentence)
        self.line.set_text(step.line)
        self.line.setVisible(bool(step.line))
        button = step.button
        if step.action.page:
            # Translators: a button that leads to another tab, such as "Train →".
            button = _("{action} →", action=step.button)
        self.button.setText(button)
        self.button.setVisible(bool(step.button))
        explained = step.action.sentence
        words = f"{step.sentence}\n{step.line}".strip()
        explain(self.button, step.button, explained)
        self.button.setAccessibleDescription(f"{words}\n{explained}")
        # With the screen's one accent, or without.
        set_look(self.button, "lead" if step.is_primary else "large")
        self.setAccessibleDescription(words)

    def _act(self) -> None:
        # The second press of a double click would mean the step that has taken this one's place.
        again = time.monotonic() - self._pressed < QApplication.doubleClickInterval() / 1000
        if self._step is None or again:
            return
        self._pressed = time.monotonic()
        network = self._network
        learning = self._controller
        acts: dict[Action, Callable[[], object]] = {
            Action.TRAIN: self.train_requested.emit,
            Action.WATCH: self.run_requested.emit,
            Action.GO_ON: self.run_requested.emit,
            Action.LET_ANSWER: partial(network.use_key, self._state.run.network_key),
            Action.USE_BEST: network.use_default,
            Action.LOOK_INSIDE: self.inside_requested.emit,
            Action.LEARN: learning.learn,
            Action.CANCEL: learning.stop,
            Action.GO_BACK: learning.go_back,
            Action.DRAW_MORE: learning.drawing_requested.emit,
        }
        action = self._step.action
        acts[action]()
        if action is Action.CANCEL and self.button.hasFocus():
            # The key that has begun learning would stop it.
            self.setFocus()
