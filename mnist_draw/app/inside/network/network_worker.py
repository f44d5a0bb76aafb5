"""The thread that looks into the network while somebody draws."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QTimer, pyqtSignal

from mnist_draw.app.kit.threads import LatestValue
from mnist_draw.app.kit.watched_worker import WatchedWorker
from mnist_draw.errors import DatasetError

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.analysis.network.layer_probe import ForwardPass, Layer
    from mnist_draw.storage.models import ModelFile

#: From the beginning of one frame to that of the next, in seconds: at least 30 a second, with some
#: room for what keeps a frame waiting.
_REST = 0.025
#: Compiling begins when nothing was drawn for so long, in seconds.
_QUIET = 0.25

#: A unit by its layer and its number, both from 0; the answer's layer is the last.
Unit = tuple[int, int]


@dataclass(frozen=True, eq=False)
class Question:
    """What is to be known about a picture."""

    picture: np.ndarray | None = field(repr=False)
    off: frozenset[Unit] = frozenset()
    toggled: Unit | None = None
    pair: tuple[int, int] | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """A network ready to be looked into."""

    layers: tuple[Layer, ...]
    model: ModelFile


@dataclass(frozen=True, eq=False)
class Frame:
    """What was found out."""

    question: Question
    layers: tuple[Layer, ...]
    passed: ForwardPass
    answer: int
    rival: int
    ink: np.ndarray = field(repr=False)


class NetworkWorker(WatchedWorker):
    """Lives in its own thread and owns the compiled functions."""

    prepared = pyqtSignal(Parts)
    framed = pyqtSignal(Frame)
    profiles_ready = pyqtSignal(object, object)
    unpaged = pyqtSignal(object, str)
    idealised = pyqtSignal(int, object)

    def __init__(self, rest: float = _REST, quiet: float = _QUIET) -> None:
        super().__init__()
        self._longest_rest, self._quiet = rest, quiet
        self._models: LatestValue[tuple[ModelFile, bool]] = LatestValue()
        self._questions: LatestValue[Question] = LatestValue()
        self._ideals: LatestValue[int] = LatestValue()
        self._next: tuple[ModelFile, bool] | None = None
        self._anatomy: Any = None
        self._parts: Parts | None = None
        self._search: Any = None
        self._asked_at = self._began_at = float("-inf")

    # -- from any thread

    def post_model(self, model: ModelFile, fresh: bool = False) -> None:
        """Look into this network from now on; ``fresh``: as it was before it learnt."""
        self._post(self._models, (model, fresh))

    def post(self, question: Question) -> None:
        """Ask; only the newest question is answered."""
        self._asked_at = time.monotonic()
        self._post(self._questions, question)

    def post_ideal(self, digit: int) -> None:
        """Ask for the picture that the network finds most like a digit."""
        self._post(self._ideals, digit)

    # -- in the thread

    def look(self) -> None:
        """Answer the newest question; without any, find out more about the units."""
        if not self._alarm_set and self._is_ready() and not self._answer():
            self._go_on()

    def _is_ready(self) -> bool:
        self._next = self._models.take() or self._next
        if self._next is None:
            return self._anatomy is not None
        model, fresh = self._next
        known = self._anatomy is not None and self._anatomy.network == model.network
        wait = self._asked_at + self._quiet - time.monotonic()
        if not known and self._anatomy is not None and wait > 0:
            self._come_back_in(wait)
            return False
        # Taken first: what goes wrong with a network goes wrong once.
        self._next = self._search = None
        self._prepare(model, fresh, known)
        return True

    def _prepare(self, model: ModelFile, fresh: bool, known: bool) -> None:
        from mnist_draw.analysis.network.layer_probe import LayerProbe

        if fresh:
            from mnist_draw.analysis.network.fresh_network import fresh_model

            model = fresh_model(model)
        if known:
            self._anatomy.use(model)
        else:
            self._anatomy = None
            self._anatomy = LayerProbe(model)
        self._parts = Parts(self._anatomy.layers, model)
        # It is made when nothing is asked: a network can be looked into without its data.
        self._search = self._search_pages
        self.prepared.emit(self._parts)

    def _search_pages(self) -> Any:
        from mnist_draw.analysis.network.unit_profiles import PageSearch

        return PageSearch(self._anatomy)

    def _answer(self) -> bool:
        """Answer the newest question; return whether something is still waited for."""
        wait = self._began_at + self._longest_rest - time.monotonic()
        if wait > 0:
            self._come_back_in(wait)
            return True
        question = self._questions.take()
        if question is not None and question.picture is not None:
            self._began_at = time.monotonic()
            self.framed.emit(frame_of(self._anatomy, question))
        digit = self._ideals.take()
        if digit is not None:
            from mnist_draw.analysis.network.ideal_picture import ideal_picture

            self.idealised.emit(digit, ideal_picture(self._anatomy, digit))
        return False

    def _go_on(self) -> None:
        """Find out a little more about the units, between two frames."""
        if self._search is None:
            return
        try:
            if callable(self._search):
                self._search = self._search()
            ended = self._search.step()
        except DatasetError as error:
            self._search = None
            self.unpaged.emit(self._parts, str(error))
            return
        if ended:
            self.profiles_ready.emit(self._parts, self._search.pages)
            self._search = None
        else:
            QTimer.singleShot(0, self._work)


def frame_of(anatomy: Any, question: Question) -> Frame:
    """Answer a question about a picture."""
    import numpy as np

    picture = question.picture
    assert picture is not None
    gates = anatomy.relu_mask(2)

    def is_there(layer: int, unit: int) -> bool:
        # A question may still be about the network before this one, and name units it lacks.
        return layer < len(gates) and unit < gates[layer].shape[1]

    for layer, unit in question.off:
        if is_there(layer, unit):
            gates[layer][:, unit] = 0
    if question.toggled is not None and is_there(*question.toggled):
        layer, unit = question.toggled
        gates[layer][1, unit] = 1 - gates[layer][0, unit]
    passed = anatomy.run(np.stack([picture, picture])[:, None], gates)
    second, first = (int(digit) for digit in np.argsort(passed.p[0], kind="stable")[-2:])
    # A pair that the answer has left behind is of no interest any more.
    asked = question.pair is not None and first in question.pair
    answer, rival = question.pair if asked and question.pair else (first, second)
    pair = np.zeros(passed.p.shape[1], np.float32)
    pair[answer], pair[rival] = 1, -1
    pull = anatomy.pull(picture, pair, [gate[:1] for gate in gates])
    return Frame(question, anatomy.layers, passed, answer, rival, pull * picture)
