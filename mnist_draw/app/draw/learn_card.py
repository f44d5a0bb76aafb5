"""Learn the taught digits: the card with its progress, joined to the learning service."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import QObject, Qt, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.learning import Learning, Outcome
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import Card, ProgressBar, explain, label, push_button
from mnist_draw.app.train.training import Training

notifier = Notifier("draw")

_STEPS = 1000
#: Lines that the words may take.
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
    "Draw a digit; below the answer, say which it is. It is kept here, and the network can learn "
    "how you write."
)


class LearnCard(Card):
    """Shows what learning is doing and what came of it."""

    learn_requested = pyqtSignal()
    stop_requested = pyqtSignal()
    undo_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self._count = 0
        self._result = ""
        self._learning, self._digits = False, True
        row = QHBoxLayout()
        row.setSpacing(Size.CARD_PADDING)
        words = QVBoxLayout()
        words.setSpacing(Size.GRID)
        self.words = label("", "body", "learnLabel")
        self.words.setWordWrap(True)
        self.words.setAlignment(Qt.AlignLeft | Qt.AlignTop)
        words.addWidget(self.words, 1)
        self.bar = ProgressBar(_STEPS)
        self.bar.setObjectName("learnProgress")
        explain(self.bar, "Progress of learning", "Which part of the work is done.")
        words.addWidget(self.bar)
        row.addLayout(words, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(Size.GRID)
        self.learn_button = push_button(
            "learnButton",
            "Learn my digits",
            "Train the network that answers a little further, on your digits and on MNIST; "
            "takes half a minute, with the largest networks some minutes.",
            look="primary",
        )
        self.learn_button.clicked.connect(self.learn_requested)
        self.stop_button = push_button(
            "stopLearningButton", "Stop", "Stop learning; the network stays as it is."
        )
        self.stop_button.clicked.connect(self.stop_requested)
        self.undo_button = push_button(
            "undoLearningButton",
            "Undo learning",
            "Let the network answer that answered before your digits were learnt.",
            look="link",
        )
        self.undo_button.clicked.connect(self.undo_requested)
        for button in (self.learn_button, self.stop_button, self.undo_button):
            buttons.addWidget(button)
        buttons.addStretch(1)
        row.addLayout(buttons)
        self.body.addLayout(row)
        self.undo_button.hide()
        self._show()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Room for the longest of the texts, so that the list below keeps its place.
        self.words.ensurePolished()
        self.words.setMinimumHeight(_LINES * self.words.fontMetrics().lineSpacing())

    def show_count(self, count: int) -> None:
        """Show how many digits there are to learn."""
        self._count = count
        self._show()

    def show_network(self, digits: bool) -> None:
        """Say whether the network that answers reads digits: no other learns them."""
        self._digits = digits
        self._show()

    def begin(self) -> None:
        """Show that learning has begun."""
        self._learning, self._result = True, ""
        self.bar.setValue(0)
        self._show()

    def show_step(self, words: str, part: float) -> None:
        """Show what is being done, and which part of all the work (0 to 1) is done."""
        self.bar.setValue(round(_STEPS * part))
        self.words.setText(f"{words} …")

    def end(self, words: str) -> None:
        """Show what came of it, in words."""
        self._learning, self._result = False, words
        self._show()

    def show_undo(self, on: bool) -> None:
        """Say whether the network in use has one before it."""
        self.undo_button.setVisible(on)

    def _show(self) -> None:
        self.learn_button.setVisible(not self._learning)
        self.learn_button.setEnabled(self._count > 0 and self._digits)
        self.stop_button.setVisible(self._learning)
        self.bar.setVisible(self._learning)
        self.undo_button.setEnabled(not self._learning)
        if not self._learning:
            invitation = _INVITE if self._count else _NONE
            self.words.setText(self._result or (invitation if self._digits else _OTHERS))
        self.setAccessibleDescription(self.words.text())


_TRAINING_RUNS = (
    "A network is being trained; both at once would only be slow. Stop the run, or wait for its "
    "end, and then learn your digits."
)
#: What a run that is started meanwhile is told.
LEARNING_RUNS = (
    "Your digits are being learnt; on Draw it says how far that is. Start the run after that, or "
    "stop it under My digits."
)


class LearnController(QObject):
    """Starts and stops learning, shows what it tells, and goes back when asked to."""

    def __init__(
        self,
        card: LearnCard,
        learning: Learning,
        training: Training,
        network: ActiveNetwork,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._card = card
        self._learning = learning
        self._training = training
        self._network = network
        self._ended_with = self._undone = ""
        self._background = Background(self)
        card.learn_requested.connect(self.start)
        card.stop_requested.connect(learning.stop)
        card.undo_requested.connect(self.undo)
        learning.stepped.connect(card.show_step)
        learning.learnt.connect(self._learnt)
        learning.failed.connect(self._failed)
        learning.ended.connect(self._ended)
        network.changed.connect(self._network_changed)

    def blocking_reason(self) -> str:
        """Return why no run can be started now; empty if it can."""
        return LEARNING_RUNS if self._learning.running else ""

    def start(self) -> None:
        """Learn the taught digits, unless something else trains."""
        if self._learning.running:
            return
        if self._training.running:
            notifier.problem(_TRAINING_RUNS)
            return
        model = self._network.model
        if model is None:
            notifier.problem("There is no network yet that could learn; try again soon.")
            return
        self._ended_with = "Stopped. The network that answers is as it was."
        self._card.begin()
        self._learning.start(model, self._network.key)

    @pyqtSlot()
    def _network_changed(self) -> None:
        """Offer to undo what the network that answers has learnt; forget one that was undone."""
        from mnist_draw.library.network_data import reads_digits

        model = self._network.model
        self._card.show_network(model is None or reads_digits(model))
        self._card.show_undo(bool(self._network.before))
        if self._undone and self._undone != self._network.key:
            self._background.run(partial(_delete, self._undone), lambda _: self._network.refresh())
            self._undone = ""

    def undo(self) -> None:
        """Let the network answer that answered before the digits were learnt."""
        self._go_back(self._network.before)

    def _go_back(self, key: str) -> None:
        if key:
            self._card.end("The network from before your digits were learnt answers again.")
            self._undone = self._network.newest.key
            self._network.use_key(key)

    @pyqtSlot(Outcome)
    def _learnt(self, outcome: Outcome) -> None:
        self._ended_with = outcome.words
        key = self._network.before
        self._card.show_undo(bool(key))
        if not self._card.isVisible():
            if key:
                notifier.undo(outcome.words, partial(self._go_back, key))
            else:
                notifier.problem(outcome.words)

    def _failed(self, sentence: str) -> None:
        self._ended_with = sentence
        if not self._card.isVisible():
            notifier.problem(sentence)

    def _ended(self) -> None:
        self._card.end(self._ended_with)


def _delete(key: str) -> None:
    """Put a network that has learnt into the bin: the menu does not list it for ever."""
    from mnist_draw.library.networks import delete, find_by_key
    from mnist_draw.training.network_places import FINE_TUNED

    kept = find_by_key(key)
    if kept.source == FINE_TUNED:
        delete(kept)
