"""Learning the user's digits off the GUI thread; a better network is saved before it is used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Protocol

from qtpy.QtCore import QObject, Signal, SignalInstance

from mnist_draw import thread_priority
from mnist_draw.app.kit.app_state import AppState, ResultMessage
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.waiting import Reason, Waiting
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.networks import title_of_model
from mnist_draw.training.control import Controls

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: Steps are reported at most this often, in seconds.
_EVERY = 0.05
_NOTHING = _("Nothing was learned.")

Learn = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Outcome:
    kind: Literal["better", "not_better", "failed", "stopped"]
    message: ResultMessage
    #: The new network where it is better, and its key; empty where it could be saved nowhere.
    model: ModelFile | None = None
    key: str = ""


_STOPPED = Outcome("stopped", ResultMessage(_NOTHING))


def _learn(*arguments: Any, **options: Any) -> Iterator[Any]:
    from mnist_draw.recognition.fine_tuning import fine_tune

    return fine_tune(*arguments, **options)


class Learning(QObject):
    """Learns in a thread of its own, and reports its steps and its outcome."""

    stepped = Signal(float)
    #: A better network; emitted in the thread that learns.
    fine_tuned = Signal(Outcome)
    ended = Signal(Outcome)

    def __init__(self, learn: Learn | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._learn = learn or _learn
        self._background: Background | None = None
        self.controls = Controls()
        #: When learning was begun last, in seconds since 1970.
        self.began = 0.0

    @property
    def running(self) -> bool:
        return self._background is not None

    def start(self, network: ModelFile | Callable[[], ModelFile], key: str = "") -> None:
        """Begin to learn from a network, which a key names if it is in a file."""
        if self.running:
            raise RuntimeError("digits are being learned already")
        self.controls = Controls()
        self.began = time.time()
        self._background = Background(self, "learning", self.controls.stop)
        self._background.run(partial(self.run, network, key), self._finish)

    def run(self, network: ModelFile | Callable[[], ModelFile], key: str = "") -> Outcome:
        """Learn until the end, a stop or an error; needs no thread."""
        thread_priority.lower()
        try:
            return self._learn_digits(network, key)
        except Exception as error:  # reported to the user
            message = ResultMessage(joined(reporter.sentence(error), _NOTHING))
            return Outcome("failed", message)

    def _learn_digits(
        self,
        network: ModelFile | Callable[[], ModelFile],
        key: str,
    ) -> Outcome:
        from mnist_draw.dataset.own_digits import load_digits, normalised
        from mnist_draw.dataset.pictures.picture_file import load_picture
        from mnist_draw.storage.my_digits import my_digits_folder

        folder = my_digits_folder()
        digits, messages = load_digits(folder, load_picture)
        extra = normalised(digits, folder)
        inks = [digit.ink for digit in digits]
        model = network() if callable(network) else network
        last = 0.0
        for step in self._learn(model, extra, inks=inks, controls=self.controls):
            if not isinstance(step, float):
                return self._take(model, key, step, messages)
            if time.monotonic() - last > _EVERY:
                last = time.monotonic()
                self.stepped.emit(step)
        return _STOPPED

    def _take(self, before: ModelFile, key: str, fine_tuned: Any, messages: list[str]) -> Outcome:
        """Save the new network if it is better."""
        summary, detail = fine_tuned.describe()
        message = ResultMessage(summary, detail, joined(*messages))
        if not fine_tuned.is_better:
            return Outcome("not_better", message)
        outcome = self._save(before, key, fine_tuned.model, message)
        self.fine_tuned.emit(outcome)
        return outcome

    def _save(
        self,
        before: ModelFile,
        key: str,
        model: ModelFile,
        message: ResultMessage,
    ) -> Outcome:
        """Save the new network, and the one before unless it is in a file."""
        from mnist_draw.library.networks import save_fine_tuned
        from mnist_draw.library.stored_network import describe_fallback, fallback_key, save_fallback

        try:
            key = key or save_fine_tuned(before, before=True).key
            model = model.with_info(before=key, before_name=title_of_model(before))
            stored = save_fine_tuned(model)
        except UserError as error:
            named = model.with_info(name=_("My digits"))
            rescued = save_fallback(named)
            if rescued is None:
                unsaved = _(
                    "The new network answers until the program ends, but it is not saved. Closing "
                    "the window asks where to save it.",
                )
                return Outcome("better", _with_warning(message, str(error), unsaved), model)
            warned = _with_warning(message, str(error), describe_fallback(rescued))
            return Outcome("better", warned, named, fallback_key(rescued))
        return Outcome("better", message, model.with_info(name=stored.title), stored.key)

    def stop(self) -> None:
        """Ask for the end after the minibatch at hand; the network in use stays."""
        self.controls.stop()

    def _finish(self, outcome: Outcome) -> None:
        self._background = None
        self.ended.emit(outcome)


def _with_warning(message: ResultMessage, *sentences: str) -> ResultMessage:
    return replace(message, warning=joined(message.warning, *sentences))


class Worker(Protocol):
    """What work waits for while it is running; emits `ended`."""

    ended: SignalInstance

    @property
    def running(self) -> bool: ...


class WorkQueue:
    """Lets a run and learning wait for each other; one of them waits at most."""

    def __init__(self, state: AppState) -> None:
        self._state = state
        self._workers: dict[Reason, Worker] = {}
        self._ways: dict[Reason, Callable[[], object]] = {}

    def serve(
        self,
        workers: dict[Reason, Worker],
        ways: dict[Reason, Callable[[], object]],
    ) -> None:
        """Let work wait for these, by the reason; call it after all that shows how they end.

        ``ways`` are what the buttons of the reasons do so that work need not wait.
        """
        self._workers = workers
        self._ways = ways
        for worker in workers.values():
            worker.ended.connect(self._start_next)

    @property
    def reason(self) -> Reason | None:
        """Why work has to wait now; None if it can start."""
        busy = (reason for reason, worker in self._workers.items() if worker.running)
        return next(busy, None)

    def put(self, work: Waiting) -> None:
        """Start work once nothing is in its way, in place of what waits already."""
        self._state.set(queue=work)

    def hand_over(self, **owners: object) -> None:
        """Let others, by the kind of work, start what waits."""
        work = self._state.queue
        if work is not None:
            start = getattr(owners[work.kind], work.start.func.__name__)
            self._state.set(queue=replace(work, start=partial(start, *work.start.args)))

    def cancel(self) -> None:
        self._state.set(queue=None)

    def start_now(self) -> None:
        """End what the work waits for, as the button of its reason says."""
        work = self._state.queue
        if work is not None:
            self._ways[work.reason]()

    def _start_next(self) -> None:
        """Start what waits, or show what else it waits for."""
        work = self._state.queue
        if work is None:
            return
        reason = self.reason
        if reason is not None:
            self._state.set(queue=replace(work, reason=reason))
            return
        self._state.set(queue=None)
        work.start()
