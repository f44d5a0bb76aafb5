"""Recognition off the GUI thread: ink goes in, the newest ink's answer comes out.

A network answers at once: NumPy computes what it puts out until a function has been compiled,
which happens in another thread when nothing was drawn for a moment. From then on the compiled
function belongs to the worker's thread alone. Ink, networks and compiled functions are left in
mailboxes that hold only the newest, so a fast pen never builds up a queue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, LatestValue
from mnist_draw.app.kit.worker_thread import WorkerThread
from mnist_draw.storage.models import ModelFile

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.answer import Answer, NumberAnswer
    from mnist_draw.recognition.recogniser import CompiledNetwork, Recogniser

#: Compiling begins when nothing was answered for so long: an answer does not wait for the
#: interpreter, which compiling needs too.
_QUIET_MS = 250


def _default_model() -> ModelFile:
    from mnist_draw.library.networks import default_model

    return default_model()


def _recogniser(model: ModelFile) -> Recogniser:
    from mnist_draw.recognition.recogniser import Recogniser

    return Recogniser(model, compiled=False)


def compile_network(model: ModelFile) -> CompiledNetwork:
    """Compile the function that predicts, for all numbers of pictures that are asked about."""
    from mnist_draw.recognition.recogniser import CompiledNetwork, Recogniser

    # The first number loads what it needs: not while one draws it.
    reader = Recogniser(model, compiled=False)
    reader.read_number(_sample(), reader.recognise_ink(_sample()))
    compiled = CompiledNetwork(model)
    compiled.prepare()
    return compiled


def _sample() -> np.ndarray:
    """Return ink with two strokes in it."""
    import numpy as np

    ink = np.zeros((300, 300), np.uint8)
    ink[60:240, 100:120] = 255
    ink[60:240, 180:200] = 255
    return ink


@dataclass(frozen=True, eq=False)
class Reading:
    """What the network says about the board."""

    answer: Answer
    number: NumberAnswer | None
    ticket: int


class _Posted(NamedTuple):
    """Ink that waits for its answer."""

    ink: np.ndarray
    ticket: int
    beginning: bool
    strokes: list[np.ndarray] | None


class RecognitionWorker(QObject):
    """Lives in its own thread and owns the recogniser."""

    ready = pyqtSignal(ModelFile)
    plain = pyqtSignal(ModelFile)
    answered = pyqtSignal(Reading)
    failed = pyqtSignal(str)
    _woken = pyqtSignal()

    def __init__(
        self,
        default_model: Callable[[], ModelFile] = _default_model,
        make_recogniser: Callable[[ModelFile], Recogniser] = _recogniser,
    ) -> None:
        super().__init__()
        self._default_model = default_model
        self._make_recogniser = make_recogniser
        self._recogniser: Recogniser | None = None
        self._network = ""
        self._ink: LatestValue[_Posted] = LatestValue()
        self._model: LatestValue[ModelFile | Callable[[], ModelFile]] = LatestValue()
        self._compiled: LatestValue[tuple[str, CompiledNetwork]] = LatestValue()
        self._last: _Posted | None = None
        self._woken.connect(self._work)

    def post_ink(
        self,
        ink: np.ndarray,
        ticket: int,
        beginning: bool = False,
        strokes: list[np.ndarray] | None = None,
    ) -> None:
        """Ask what the ink shows; from any thread.

        ``beginning``: it is a first stroke that is still being drawn, at most one digit.
        ``strokes``: those that all of the ink consists of, where they are known; see
        `mnist_draw.recognition.stroke_reader.PenStroke`.
        """
        if self._ink.put(_Posted(ink, ticket, beginning, strokes)):
            self._woken.emit()

    def post_model(self, model: ModelFile | Callable[[], ModelFile]) -> None:
        """Use another network from now on, or the one that a function reads; from any thread."""
        if self._model.put(model):
            self._woken.emit()

    def post_compiled(self, network: str, compiled: CompiledNetwork) -> None:
        """Predict with this function while a model of this network is in use; from any thread."""
        if self._compiled.put((network, compiled)):
            self._woken.emit()

    @pyqtSlot()
    def prepare(self) -> None:
        """Load the network to start with."""
        try:
            self._use(self._default_model())
            self._answer(self._last)
        except Exception as error:  # a slot must not raise: the user is told instead
            self.failed.emit(reporter.sentence(error))

    @pyqtSlot()
    def _work(self) -> None:
        try:
            model = self._model.take()
            if model is not None:
                self._use(model() if callable(model) else model)
            self._adopt(self._compiled.take())
            ink = self._ink.take()
            self._last = ink or self._last
            self._answer(ink if model is None else self._last)
        except Exception as error:  # a slot must not raise: the user is told instead
            self.failed.emit(reporter.sentence(error))

    def _use(self, model: ModelFile) -> None:
        if self._recogniser is not None and model.network == self._network:
            self._recogniser.use(model)
        else:
            self._recogniser = self._make_recogniser(model)
            self._network = model.network
            self.plain.emit(model)
        self.ready.emit(model)

    def _adopt(self, found: tuple[str, CompiledNetwork] | None) -> None:
        # Meanwhile another network may have been chosen.
        if found is not None and self._recogniser is not None and found[0] == self._network:
            self._recogniser.adopt(found[1])

    def _answer(self, posted: _Posted | None) -> None:
        if posted is not None and self._recogniser is not None:
            ink, ticket, beginning, strokes = posted
            answer = self._recogniser.recognise_ink(ink, strokes)
            number = self._recogniser.read_number(ink, answer, beginning, strokes)
            several = number if number.is_number else None
            self.answered.emit(Reading(answer, several, ticket))


class Recognition(WorkerThread):
    """The worker and its thread, for the GUI thread."""

    def __init__(
        self,
        worker: RecognitionWorker | None = None,
        parent: QObject | None = None,
        compile_function: Callable[[ModelFile], CompiledNetwork] | None = None,
    ) -> None:
        self.worker = worker or RecognitionWorker()
        super().__init__("recognition", self.worker, self.worker.prepare, parent=parent)
        self._compile_function = compile_function
        self._background = Background(self, newest_only=True)
        self._uncompiled: ModelFile | None = None
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.setInterval(_QUIET_MS)
        self._quiet.timeout.connect(self._compile)
        if compile_function is not None:
            self.worker.plain.connect(self._compile_when_quiet)
            self.worker.answered.connect(self._wait_again)

    @pyqtSlot(ModelFile)
    def _compile_when_quiet(self, model: ModelFile) -> None:
        self._uncompiled = model
        self._quiet.start()

    @pyqtSlot(Reading)
    def _wait_again(self, _: Reading) -> None:
        if self._quiet.isActive():
            self._quiet.start()

    def _compile(self) -> None:
        model, compile_function = self._uncompiled, self._compile_function
        self._uncompiled = None
        if model is not None and compile_function is not None:
            self._background.run(
                lambda: compile_function(model),
                lambda compiled: self.worker.post_compiled(model.network, compiled),
            )

    def ask_to_end(self) -> None:
        """Ask for the end; returns at once."""
        self._quiet.stop()
        super().ask_to_end()
