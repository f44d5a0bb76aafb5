"""Explanations off the GUI thread, and apart from the thread that answers.

An answer never waits for an explanation: this thread takes only the newest question, rests
between two, compiles when nothing was asked for a moment, and works only while someone watches.
While a network learns, which wants all cores, it also waits until the pen has been still.
Its thread has the window's own priority. At a lower one it would hold the interpreter's lock for
longer, and the window would wait for it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.app.kit.threads import LatestValue
from mnist_draw.app.kit.watched_worker import WatchedWorker
from mnist_draw.app.kit.worker_thread import WorkerThread
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explanation, HiddenLayer
    from mnist_draw.storage.models import ModelFile

logger = logging.getLogger("mnist_draw.app")

#: From the beginning of one explanation to that of the next: 25 in a second look continuous.
_REST_MS = 40
#: A busy computer or a large network gets longer rests: this many times what the last explanation
#: took, up to this many times the shortest rest.
_REST_TIMES, _LONGEST = 10, 12
#: Seconds that a question is fresh, and within which somebody who draws asks the next.
_FRESH, _NEXT = 0.002, 0.012
#: While a network learns, explaining begins when nothing was asked for so long: between two answers
#: there is no core to spare, and the next answer would wait for the explanation's.
_STILL_MS = 100
#: Compiling begins when nothing was asked for so long.
_QUIET_MS = 250

#: Picture (28, 28), the digit asked about, and a ticket that comes back with the explanation.
Question = tuple["np.ndarray", int, int]


class Explains(Protocol):
    """What the worker knows of `mnist_draw.recognition.explanation.Explainer`."""

    @property
    def layers(self) -> Sequence[HiddenLayer]:
        """The hidden layers of the network."""

    @property
    def classes(self) -> int:
        """How many digits, or other classes, there are."""

    def use(self, model: ModelFile) -> None:
        """Explain another network of the same architecture."""

    def explain(self, picture: np.ndarray, digit: int) -> Explanation:
        """Say what speaks for a digit on a picture (28, 28)."""


def _explainer(model: ModelFile) -> Explains:
    from mnist_draw.recognition.explanation import Explainer

    explainer = Explainer(model)
    # Kernels are made for the first picture: not while one draws.
    import numpy as np

    explainer.explain(np.zeros((28, 28), np.float32), 0)
    return explainer


class ExplanationWorker(WatchedWorker):
    """Lives in its own thread and owns the explainer."""

    prepared = pyqtSignal(object)
    explained = pyqtSignal(object, int)

    def __init__(
        self,
        make_explainer: Callable[[ModelFile], Explains] = _explainer,
        rest_ms: int = _REST_MS,
        quiet_ms: int = _QUIET_MS,
        still_ms: int = _STILL_MS,
        is_busy: Callable[[], bool] = lambda: False,
    ) -> None:
        super().__init__()
        self._make_explainer = make_explainer
        self._shortest = self._rest = rest_ms / 1000
        self._quiet = quiet_ms / 1000
        self._still = still_ms / 1000
        self._is_busy = is_busy
        self._explainer: Explains | None = None
        self._network = ""
        self._models: LatestValue[ModelFile] = LatestValue()
        self._questions: LatestValue[Question] = LatestValue()
        #: The last question, and one that is answered again for another network.
        self._last: Question | None = None
        self._again: Question | None = None
        #: A model that is to be used but not yet is.
        self._next: ModelFile | None = None
        self._asked_at = self._began_at = float("-inf")
        self._expecting = False

    def post_model(self, model: ModelFile) -> None:
        """Explain what this network says from now on; from any thread."""
        self._post(self._models, model)

    def post(self, picture: np.ndarray, digit: int, ticket: int) -> None:
        """Ask what speaks for a digit on a picture (28, 28); from any thread."""
        self._asked_at = time.monotonic()
        if self._questions.put((picture, digit, ticket)) or self._expecting:
            self._woken.emit()

    def look(self) -> None:
        """Explain what was asked last, unless it is too early."""
        if self._alarm_set and not self._expecting:
            return
        explainer = self._ready()
        if explainer is not None:
            self._explain(explainer)

    def _ready(self) -> Explains | None:
        """Bring the explainer up to the newest model; return it if it can be asked now."""
        self._next = self._models.take() or self._next
        same = self._next is not None and self._next.network == self._network
        if self._next is not None and same and self._explainer is not None:
            model, self._next = self._next, None
            self._explainer.use(model)
        elif self._next is not None:
            self._explainer, self._network = None, ""
            wait = self._asked_at + self._quiet - time.monotonic()
            if wait > 0:
                self._come_back_in(wait)
                return None
            # Taken first: what goes wrong with a network goes wrong once.
            model, self._next = self._next, None
            self._prepare(model)
        return self._explainer

    def _prepare(self, model: ModelFile) -> None:
        try:
            self._explainer = self._make_explainer(model)
        except UserError as error:
            # What is wrong with a model has been told by the thread that answers.
            logger.info("no explanations: %s", error)
            return
        self._network = model.network
        # What was asked last may have been answered for the network before this one.
        self._again = self._last
        self.prepared.emit(self._explainer.layers)

    def _explain(self, explainer: Explains) -> None:
        now = time.monotonic()
        busy = self._is_busy()
        wait = self._began_at + self._rest - now
        if busy:
            wait = max(wait, self._asked_at + self._still - now)
        if wait > 0:
            self._expecting = False
            self._come_back_in(wait)
            return
        if not busy and self._is_stale(now):
            self._expecting = True
            self._come_back_in(_NEXT)
            return
        self._expecting = False
        question = self._questions.take() or self._again
        self._again = None
        # A question about a class that only the network before had is of no use any more.
        if question is not None and question[1] < explainer.classes:
            self._last = question
            self._began_at = now
            picture, digit, ticket = question
            explanation = explainer.explain(picture, digit)
            took = time.monotonic() - now
            self._rest = max(self._shortest, min(_REST_TIMES * took, _LONGEST * self._shortest))
            self.explained.emit(explanation, ticket)

    def _is_stale(self, now: float) -> bool:
        """Whether a newer question is to be waited for.

        While somebody draws, a question follows each answer, and the thread that answers is idle
        just then. Later it might be in the middle of the next answer, and would wait.
        """
        age = now - self._asked_at
        return not self._expecting and self._shortest > 0 and _FRESH < age < _NEXT


class Explanations(WorkerThread):
    """The worker and its thread, for the GUI thread; it waits for a network and a question."""

    def __init__(
        self, worker: ExplanationWorker | None = None, parent: QObject | None = None
    ) -> None:
        self.worker = worker or ExplanationWorker()
        super().__init__("explanation", self.worker, parent=parent)
