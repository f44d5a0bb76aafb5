"""Learning the user's digits off the GUI thread; a better network is saved before it is used.

The worker is a plain object whose :meth:`LearningWorker.run` needs no thread; :class:`Learning`
gives one a thread each time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw import thread_priority
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import WorkerThread, connect_direct
from mnist_draw.errors import UserError
from mnist_draw.training.control import Controls

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: Steps are reported at most this often, in seconds.
_EVERY = 0.05

Learn = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Told:
    """What is told of fine-tuning: a sentence, one thing more, and what went wrong beside it."""

    sentence: str
    line: str = ""
    trouble: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, (self.sentence, self.line, self.trouble)))


@dataclass(frozen=True)
class Outcome:
    model: ModelFile
    key: str
    told: Told


def _learn(*arguments: Any, **options: Any) -> Iterator[Any]:
    from mnist_draw.recognition.fine_tuning import fine_tune

    return fine_tune(*arguments, **options)


class LearningWorker(QObject):
    stepped = pyqtSignal(str, float)
    fine_tuned = pyqtSignal(Outcome)
    #: The network before still answers.
    not_learnt = pyqtSignal(Told)
    failed = pyqtSignal(str)
    finished = pyqtSignal()

    #: The outcome, or why there is none; valid once `has_ended` is set.
    result: Outcome | str = "Nothing was learnt."

    def __init__(
        self,
        network: ModelFile | Callable[[], ModelFile],
        key: str = "",
        learn: Learn | None = None,
    ) -> None:
        super().__init__()
        self.controls = Controls()
        self._network = network
        self._key = key
        self._learn = learn or _learn
        self.has_ended = threading.Event()

    @pyqtSlot()
    def run(self) -> None:
        """Learn until the end, a stop or an error."""
        thread_priority.lower()
        try:
            self._run()
        except Exception as error:  # reported to the user
            self.result = f"{reporter.sentence(error)} Nothing was learnt."
            self.failed.emit(self.result)
        finally:
            self.has_ended.set()
            self.finished.emit()

    def _run(self) -> None:
        from mnist_draw.dataset.own_digits import load_digits, normalised
        from mnist_draw.dataset.pictures.picture_file import load_picture
        from mnist_draw.storage.my_digits import my_digits_folder

        self.stepped.emit("Reading your digits", 0.0)
        folder = my_digits_folder()
        digits, messages = load_digits(folder, load_picture)
        extra, inks = normalised(digits, folder), [digit.ink for digit in digits]
        model = self._network() if callable(self._network) else self._network
        last = 0.0
        for step in self._learn(model, extra, inks=inks, controls=self.controls):
            if hasattr(step, "model"):
                self._take(model, step, messages)
            elif time.monotonic() - last > _EVERY:
                last = time.monotonic()
                self.stepped.emit(step.label, step.part)

    def _take(self, before: ModelFile, fine_tuned: Any, messages: list[str]) -> None:
        """Save the new network if it is better; another is forgotten, for Learn makes it again."""
        sentence, line = fine_tuned.describe()
        told = Told(sentence, line, " ".join(messages))
        if fine_tuned.is_better:
            self.result = outcome = self._save(before, fine_tuned.model, told)
            self.fine_tuned.emit(outcome)
        else:
            self.result = str(told)
            self.not_learnt.emit(told)

    def _save(self, before: ModelFile, model: ModelFile, told: Told) -> Outcome:
        """Save the new network, and the one before unless it is in a file."""
        from mnist_draw.library.networks import save_fine_tuned
        from mnist_draw.training.network_places import (
            describe_fallback,
            fallback_key,
            save_fallback,
        )

        try:
            key = self._key or save_fine_tuned(before, before=True).key
            model = model.with_info(before=key, before_name=before.title)
            stored = save_fine_tuned(model)
            return Outcome(model.with_info(name=stored.title), stored.key, told)
        except UserError as error:
            named = model.with_info(name="My digits, rescued")
            rescued = save_fallback(named)
            if rescued is not None:
                told = replace(told, trouble=f"{told.trouble} {error} {describe_fallback(rescued)}")
                return Outcome(named, fallback_key(rescued), told)
            unsaved = (
                "The new network answers until the program ends, but it is not saved. Closing the "
                "window asks where to save it."
            )
            told = replace(told, trouble=f"{told.trouble} {error} {unsaved}")
            return Outcome(model, "", told)


class Learning(QObject):
    """Starts and stops learning, reports its steps, and starts the run that waits for its end."""

    stepped = pyqtSignal(str, float)
    fine_tuned = pyqtSignal(Outcome)
    not_learnt = pyqtSignal(Told)
    failed = pyqtSignal(str)
    ended = pyqtSignal()
    #: Another run waits, or none.
    queue_changed = pyqtSignal()

    def __init__(self, learn: Learn | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._learn = learn
        self._thread: WorkerThread | None = None
        self._worker: LearningWorker | None = None
        #: Which part of the work is done, 0 to 1; None while nothing is being learnt.
        self.progress: float | None = None
        #: The name of the run that starts after learning; empty if none waits.
        self.queued = ""
        self._start_queued: Callable[[], object] | None = None
        self.stepped.connect(self._note_progress)

    @property
    def running(self) -> bool:
        return self._thread is not None

    def start(self, network: ModelFile | Callable[[], ModelFile], key: str = "") -> None:
        """Begin to learn; the parameters are those of :class:`LearningWorker`."""
        if self.running:
            raise RuntimeError("digits are being learnt already")
        self._worker = worker = LearningWorker(network, key, self._learn)
        self.progress = 0.0
        worker.stepped.connect(self.stepped)
        connect_direct(worker.fine_tuned, self.fine_tuned)
        worker.not_learnt.connect(self.not_learnt)
        worker.failed.connect(self.failed)
        self._thread = WorkerThread("learning", worker, worker.run, worker.controls.stop)
        connect_direct(worker.finished, self._thread.quit)
        self._thread.ended.connect(self._finish)
        self._thread.start()

    def stop(self) -> None:
        """Ask for the end after the minibatch at hand; the network in use stays."""
        if self._thread is not None:
            self._thread.ask_to_end()

    def finish(self, seconds: float) -> Outcome | str:
        """Wait until the learning that is going on has ended, without an event of Qt."""
        worker = self._worker
        if worker is None or not worker.has_ended.wait(seconds):
            return "Learning took too long. Nothing was learnt."
        return worker.result

    def start_after(self, name: str, start: Callable[[], object]) -> None:
        """Start a run when learning has ended, in place of one that waits already."""
        self.queued, self._start_queued = name, start
        self.queue_changed.emit()

    def cancel_queued(self) -> None:
        """Let no run start after learning."""
        if self._start_queued is not None:
            self.queued, self._start_queued = "", None
            self.queue_changed.emit()

    def _note_progress(self, _: str, part: float) -> None:
        self.progress = part

    @pyqtSlot()
    def _finish(self) -> None:
        self._thread = self._worker = self.progress = None
        self.ended.emit()
        start = self._start_queued
        self.cancel_queued()
        if start is not None:
            start()
