"""Joins the card that learns to the learning service and to the network in use."""

from __future__ import annotations

from functools import partial

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw.app.draw.learn_card import LearnCard
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.learning import Learning, Outcome
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.training import Training

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

    told = pyqtSignal(str)
    undo_offered = pyqtSignal(str, object)

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
            self.told.emit(_TRAINING_RUNS)
            return
        model = self._network.model
        if model is None:
            self.told.emit("There is no network yet that could learn; try again soon.")
            return
        self._ended_with = "Stopped. The network that answers is as it was."
        self._card.begin()
        self._learning.start(model, self._network.key)

    @pyqtSlot()
    def _network_changed(self) -> None:
        """Offer to undo what the network that answers has learnt; forget one that was undone."""
        from mnist_draw.recognition.class_names import reads_digits

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
                self.undo_offered.emit(outcome.words, partial(self._go_back, key))
            else:
                self.told.emit(outcome.words)

    def _failed(self, sentence: str) -> None:
        self._ended_with = sentence
        if not self._card.isVisible():
            self.told.emit(sentence)

    def _ended(self) -> None:
        self._card.end(self._ended_with)


def _delete(key: str) -> None:
    """Put a network that has learnt into the bin: the menu does not list it for ever."""
    from mnist_draw.recognition.network_library import delete, find_by_key
    from mnist_draw.training.runs.network_names import LEARNT

    kept = find_by_key(key)
    if kept.source == LEARNT:
        delete(kept)
