"""Explanations off the GUI thread, and apart from the thread that answers.

An answer never waits for an explanation: this thread takes only the newest question, rests
between two, compiles after a moment without questions, and works only while it is visible.
While a network learns, which wants all cores, it also waits until the pen has been still.
Its thread has the window's own priority. At a lower one it would hold the interpreter's lock for
longer, and the window would wait for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.app.kit.threads import LatestValue
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explainer
    from mnist_draw.storage.models import ModelFile

logger = logging.getLogger("mnist_draw.app")

#: Seconds from the beginning of one explanation to that of the next: 25 a second look continuous.
_REST = 0.04
#: A busy computer or a large network gets longer rests: this many times what the last explanation
#: took, up to this many times the shortest rest.
_REST_TIMES, _MAX_REST_TIMES = 10, 12
#: Seconds that a question is fresh; while the user draws, the next one follows within them.
_FRESH, _NEXT = 0.002, 0.012
#: While a network learns, seconds without a question before explaining begins: between two
#: answers there is no core to spare, and the next answer would wait for the explanation's.
_STILL = 0.1
#: Seconds without a question before compiling begins.
_QUIET = 0.25

#: Picture (28, 28), digit, and a ticket that the explanation returns.
ExplanationRequest = tuple["np.ndarray", int, int]


def _explainer(model: ModelFile) -> Explainer:
    import numpy as np

    from mnist_draw.recognition.explanation import Explainer

    explainer = Explainer(model)
    # Kernels are made for the first picture: not while one draws.
    explainer.explain(np.zeros((28, 28), np.float32), 0)
    return explainer


class Explanations(LatestJob):
    """Owns the explainer; starts when visible, with a network and a question."""

    prepared = pyqtSignal()
    explained = pyqtSignal(object, int)

    def __init__(
        self,
        is_busy: Callable[[], bool] = lambda: False,
        parent: QObject | None = None,
        make_explainer: Callable[[ModelFile], Explainer] = _explainer,
        rest: float = _REST,
        quiet: float = _QUIET,
        still: float = _STILL,
    ) -> None:
        super().__init__(
            parent=parent,
            name="explanation",
            rest=rest,
            quiet=quiet,
            watched=False,
            low_priority=False,
        )
        self._make_explainer = make_explainer
        self._shortest_rest = rest
        self._still = still
        self._is_busy = is_busy
        self._explainer: Explainer | None = None
        self._network = ""
        self._models: LatestValue[ModelFile] = LatestValue()
        self._asked: LatestValue[ExplanationRequest] = LatestValue()
        #: The last question, and one that is answered again for another network.
        self._last: ExplanationRequest | None = None
        self._again: ExplanationRequest | None = None
        #: A model that is to be used but not yet is.
        self._next: ModelFile | None = None
        self._expecting = False

    # -- from any thread

    def post_model(self, model: ModelFile) -> None:
        self._models.put(model)
        self.wake()

    def post(self, picture: np.ndarray, digit: int, ticket: int) -> None:
        self._asked_at = time.monotonic()
        self._asked.put((picture, digit, ticket))
        self.wake()

    # -- in the thread

    def process_pending(self) -> float | None:
        """Take the newest network, then explain the newest question unless it is too early."""
        self._next = self._models.take() or self._next
        if self._next is not None:
            wait = self._take_network(self._next)
            if wait > 0:
                return wait
        if self._explainer is None:
            return None
        return self._explain_newest(self._explainer)

    def _take_network(self, model: ModelFile) -> float:
        if self._explainer is not None and model.network == self._network:
            self._next = None
            self._explainer.use(model)
            return 0.0
        self._explainer = None
        wait = self._asked_at + self.quiet - time.monotonic()
        if wait <= 0:
            # Taken first: a network that fails is tried once.
            self._next = None
            self._prepare(model)
        return wait

    def _prepare(self, model: ModelFile) -> None:
        try:
            self._explainer = self._make_explainer(model)
        except UserError as error:
            # The thread that answers tells what is wrong with a model.
            logger.info("no explanations: %s", error)
            return
        self._network = model.network
        # The last question may have been answered for the network before this one.
        self._again = self._last
        self.send(self.prepared)

    def _explain_newest(self, explainer: Explainer) -> float | None:
        """Explain the newest question; return the seconds to wait where it is too early."""
        now = time.monotonic()
        busy = self._is_busy()
        wait = self._began_at + self.rest - now
        if busy:
            wait = max(wait, self._asked_at + self._still - now)
        if wait > 0:
            self._expecting = False
            return wait
        if not busy and self._is_stale(now):
            self._expecting = True
            return _NEXT
        self._expecting = False
        question = self._asked.take() or self._again
        self._again = None
        # A question about a class that only the network before had is of no use any more.
        if question is not None and question[1] < explainer.classes:
            self._last = question
            self._began_at = now
            picture, digit, ticket = question
            explanation = explainer.explain(picture, digit)
            long, shortest = _REST_TIMES * (time.monotonic() - now), self._shortest_rest
            self.rest = max(shortest, min(long, _MAX_REST_TIMES * shortest))
            self.send(self.explained, explanation, ticket)
        return None

    def _is_stale(self, now: float) -> bool:
        """Whether to wait for a newer question.

        While the user draws, a question follows each answer, and the thread that answers is idle
        just then. Later it might be in the middle of the next answer, and would wait.
        """
        age = now - self._asked_at
        return not self._expecting and self._shortest_rest > 0 and _FRESH < age < _NEXT
