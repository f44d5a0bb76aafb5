"""The card that learns the taught digits: a button, progress, what changed, and the way back."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import Qt, pyqtSlot
from PyQt5.QtGui import QShowEvent

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.learning import Learning, Outcome
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button
from mnist_draw.app.train.training import Training

notifier = Notifier("draw")

_STEPS = 1000
#: Lines that the text may take.
_LINES = 4
_INVITE = (
    "The network that answers is trained a little further, on your digits and on MNIST, and then "
    "answers here. The network before stays; you can go back to it."
)
_OTHERS = (
    "The network that answers reads other classes than digits, so that it cannot learn yours. "
    "Choose a network that reads digits."
)
_NONE = (
    "Draw a digit; below the answer, say which it is. It is saved here, and the network can learn "
    "how you write."
)
_TRAINING_RUNS = (
    "A network is being trained; both at once would only be slow. Stop the run, or wait for its "
    "end, and then learn your digits."
)
#: What a run that is started meanwhile is told.
_LEARNING_RUNS = (
    "Your digits are being learnt; on Draw it says how far that is. Start the run after that, or "
    "stop it under My digits."
)


class LearnCard(Card):
    """Starts, stops and undoes fine-tuning; shows its progress and outcome."""

    def __init__(self) -> None:
        super().__init__()
        self._count = 0
        self._result = self._ends_with = self._undone = ""
        self._is_learning, self._reads_digits = False, True
        self._learning: Learning | None = None
        self._background = Background(self)
        self.text = label("", "body", "learnLabel")
        self.text.setWordWrap(True)
        self.text.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        self.bar = ProgressBar(_STEPS)
        self.bar.setObjectName("learnProgress")
        explain(self.bar, "Progress of learning", "Which part of the work is done.")
        self.learn_button = push_button(
            "learnButton",
            "Learn my digits",
            "Train the network that answers a little further, on your digits and on MNIST; "
            "takes half a minute, with the largest networks some minutes.",
            look="primary",
        )
        self.stop_button = push_button(
            "stopLearningButton", "Stop", "Stop learning; the network stays as it is."
        )
        self.undo_button = push_button(
            "undoLearningButton",
            "Undo learning",
            "Let the network answer that answered before your digits were learnt.",
            look="link",
        )
        progress = column((self.text, 1), self.bar, gap=Size.GRID)
        buttons = column(self.learn_button, self.stop_button, self.undo_button, 1, gap=Size.GRID)
        self.body.addLayout(row((progress, 1), buttons, gap=Size.CARD_PADDING))
        self.undo_button.hide()
        self._show()

    def connect_services(
        self, learning: Learning, training: Training, network: ActiveNetwork
    ) -> None:
        """Learn with this service while no run is going on."""
        self._learning, self._training, self._network = learning, training, network
        self.learn_button.clicked.connect(self._start)
        self.stop_button.clicked.connect(learning.stop)
        self.undo_button.clicked.connect(lambda: self._go_back(network.before))
        learning.stepped.connect(self._show_step)
        learning.fine_tuned.connect(self._show_outcome)
        learning.failed.connect(self._failed)
        learning.ended.connect(self._ended)
        network.changed.connect(self._network_changed)

    def blocking_reason(self) -> str:
        """Return why no run can be started now; empty if it can."""
        is_running = self._learning is not None and self._learning.running
        return _LEARNING_RUNS if is_running else ""

    # -- what is shown

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Room for the longest of the texts, so that the list below stays in its place.
        self.text.ensurePolished()
        self.text.setMinimumHeight(_LINES * self.text.fontMetrics().lineSpacing())

    def show_count(self, count: int) -> None:
        """Show how many digits there are to learn."""
        self._count = count
        self._show()

    def _show_step(self, step: str, part: float) -> None:
        self.bar.setValue(round(_STEPS * part))
        self.text.setText(f"{step} …")

    def _show_result(self, result: str) -> None:
        self._is_learning, self._result = False, result
        self._show()

    def _show(self) -> None:
        self.learn_button.setVisible(not self._is_learning)
        self.learn_button.setEnabled(self._count > 0 and self._reads_digits)
        self.stop_button.setVisible(self._is_learning)
        self.bar.setVisible(self._is_learning)
        self.undo_button.setEnabled(not self._is_learning)
        if not self._is_learning:
            invitation = _INVITE if self._count else _NONE
            self.text.setText(self._result or (invitation if self._reads_digits else _OTHERS))
        self.setAccessibleDescription(self.text.text())

    # -- what happens

    def _start(self) -> None:
        """Learn the taught digits, unless something else trains."""
        assert self._learning is not None
        if self._learning.running:
            return
        if self._training.running:
            notifier.problem(_TRAINING_RUNS)
            return
        model = self._network.model
        if model is None:
            notifier.problem("There is no network yet that could learn; try again soon.")
            return
        self._ends_with = "Stopped. The network that answers is as it was."
        self._is_learning, self._result = True, ""
        self.bar.setValue(0)
        self._show()
        self._learning.start(model, self._network.key)

    @pyqtSlot()
    def _network_changed(self) -> None:
        """Offer to undo fine-tuning of the network that answers; delete one that was undone."""
        from mnist_draw.library.network_data import reads_digits

        model = self._network.model
        self._reads_digits = model is None or reads_digits(model)
        self._show()
        self.undo_button.setVisible(bool(self._network.before))
        if self._undone and self._undone != self._network.key:
            self._background.run(partial(_delete, self._undone), lambda _: self._network.refresh())
            self._undone = ""

    def _go_back(self, key: str) -> None:
        """Let the network answer that answered before the digits were learnt."""
        if key:
            self._show_result("The network from before your digits were learnt answers again.")
            self._undone = self._network.newest.key
            self._network.use_key(key)

    @pyqtSlot(Outcome)
    def _show_outcome(self, outcome: Outcome) -> None:
        self._ends_with = outcome.description
        key = self._network.before
        self.undo_button.setVisible(bool(key))
        if self.isVisible():
            return
        if key:
            notifier.undo(outcome.description, partial(self._go_back, key))
        else:
            notifier.problem(outcome.description)

    def _failed(self, sentence: str) -> None:
        self._ends_with = sentence
        if not self.isVisible():
            notifier.problem(sentence)

    def _ended(self) -> None:
        self._show_result(self._ends_with)


def _delete(key: str) -> None:
    """Put a fine-tuned network into the bin, so that the menu does not list it for ever."""
    from mnist_draw.library.networks import delete, find_by_key
    from mnist_draw.training.network_places import FINE_TUNED

    stored = find_by_key(key)
    if stored.source == FINE_TUNED:
        delete(stored)
