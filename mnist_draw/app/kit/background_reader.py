"""Answers about pictures that are not on the board, without keeping the board's answer waiting.

The board's recogniser belongs to its own thread. This one is made when it is first needed, of
the network in use, and works in a background thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from PyQt5.QtCore import QObject

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

T = TypeVar("T")


def _recogniser(model: ModelFile) -> Any:
    from mnist_draw.recognition.recogniser import Recogniser

    return Recogniser(model)


class BackgroundReader(QObject):
    """Asks the network in use about pictures, in a thread of its own."""

    def __init__(
        self,
        network: ActiveNetwork,
        make_recogniser: Callable[[ModelFile], Any] = _recogniser,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.network = network
        self.background = Background(self)
        self._make_recogniser = make_recogniser
        self._made: tuple[ModelFile, Any] | None = None

    def ask(self, question: Callable[[Any], T], done: Callable[[T | None], object]) -> bool:
        """Call ``question(recogniser)`` in the thread, then ``done(result)`` in the GUI thread.

        The result is None where something went wrong; the user has been told.
        """
        model = self.network.model
        if model is None:
            return False

        def failed(error: Exception) -> None:
            reporter.report(error)
            # The asker must hear that there will be no answer.
            done(None)

        self.background.run(lambda: question(self._recogniser_of(model)), done, failed)
        return True

    def _recogniser_of(self, model: ModelFile) -> Any:
        """Return the recogniser of a network; only the background thread calls this."""
        if self._made is None or self._made[0].network != model.network:
            self._made = (model, self._make_recogniser(model))
        elif self._made[0] is not model:
            # Other parameters of the same network: nothing has to be compiled.
            self._made[1].use(model)
            self._made = (model, self._made[1])
        return self._made[1]
