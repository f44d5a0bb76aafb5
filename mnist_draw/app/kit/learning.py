"""Learning the user's digits off the GUI thread; a better network is saved before it is used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw import thread_priority
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.networks import title_of_model
from mnist_draw.training.control import Controls

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile

#: Steps are reported at most this often, in seconds.
_EVERY = 0.05
_NOTHING = _("Nothing was learnt.")

Learn = Callable[..., Iterator[Any]]


@dataclass(frozen=True)
class Told:
    """Result message of fine-tuning: summary, detail, warning."""

    sentence: str
    line: str = ""
    trouble: str = ""

    def __str__(self) -> str:
        return joined(self.sentence, self.line, self.trouble)


@dataclass(frozen=True)
class Outcome:
    model: ModelFile
    key: str
    told: Told


def _learn(*arguments: Any, **options: Any) -> Iterator[Any]:
    from mnist_draw.recognition.fine_tuning import fine_tune

    return fine_tune(*arguments, **options)


class Learning(QObject):
    """Starts and stops learning, reports its steps, and starts the run that waits for its end."""

    stepped = pyqtSignal(str, float)
    #: Emitted in the thread that learns.
    fine_tuned = pyqtSignal(Outcome)
    #: The network before still answers.
    not_learnt = pyqtSignal(Told)
    failed = pyqtSignal(str)
    ended = pyqtSignal()
    #: Another run waits, or none.
    queue_changed = pyqtSignal()

    def __init__(self, learn: Learn | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._learn = learn or _learn
        self._background: Background | None = None
        self.controls = Controls()
        #: Which part of the work is done, 0 to 1; None while nothing is being learnt.
        self.progress: float | None = None
        #: The name of the run that starts after learning; empty if none waits.
        self.queued = ""
        self._start_queued: Callable[[], object] | None = None
        self.stepped.connect(self._note_progress)

    @property
    def running(self) -> bool:
        return self._background is not None

    def start(self, network: ModelFile | Callable[[], ModelFile], key: str = "") -> None:
        """Begin to learn from a network, which a key names if it is in a file."""
        if self.running:
            raise RuntimeError("digits are being learnt already")
        self.controls = Controls()
        self.progress = 0.0
        self._background = Background(self, "learning", self.controls.stop)
        self._background.run(partial(self.run, network, key), lambda __: self._finish())

    def run(self, network: ModelFile | Callable[[], ModelFile], key: str = "") -> None:
        """Learn until the end, a stop or an error; needs no thread."""
        thread_priority.lower()
        try:
            self._learn_digits(network, key)
        except Exception as error:  # reported to the user
            self.failed.emit(joined(reporter.sentence(error), _NOTHING))

    def _learn_digits(self, network: ModelFile | Callable[[], ModelFile], key: str) -> None:
        from mnist_draw.dataset.own_digits import load_digits, normalised
        from mnist_draw.dataset.pictures.picture_file import load_picture
        from mnist_draw.storage.my_digits import my_digits_folder

        self.stepped.emit(_("Reading your digits"), 0.0)
        folder = my_digits_folder()
        digits, messages = load_digits(folder, load_picture)
        extra = normalised(digits, folder)
        inks = [digit.ink for digit in digits]
        model = network() if callable(network) else network
        last = 0.0
        for step in self._learn(model, extra, inks=inks, controls=self.controls):
            if hasattr(step, "model"):
                self._take(model, key, step, messages)
            elif time.monotonic() - last > _EVERY:
                last = time.monotonic()
                self.stepped.emit(step.label, step.part)

    def _take(self, before: ModelFile, key: str, fine_tuned: Any, messages: list[str]) -> None:
        """Save the new network if it is better; another is forgotten, for Learn makes it again."""
        sentence, line = fine_tuned.describe()
        told = Told(sentence, line, joined(*messages))
        if fine_tuned.is_better:
            self.fine_tuned.emit(self._save(before, key, fine_tuned.model, told))
        else:
            self.not_learnt.emit(told)

    def _save(self, before: ModelFile, key: str, model: ModelFile, told: Told) -> Outcome:
        """Save the new network, and the one before unless it is in a file."""
        from mnist_draw.library.fallbacks import describe_fallback, fallback_key, save_fallback
        from mnist_draw.library.networks import save_fine_tuned

        try:
            key = key or save_fine_tuned(before, before=True).key
            model = model.with_info(before=key, before_name=title_of_model(before))
            stored = save_fine_tuned(model)
            return Outcome(model.with_info(name=stored.title), stored.key, told)
        except UserError as error:
            named = model.with_info(name=_("My digits"))
            rescued = save_fallback(named)
            if rescued is not None:
                told = replace(
                    told,
                    trouble=joined(told.trouble, str(error), describe_fallback(rescued)),
                )
                return Outcome(named, fallback_key(rescued), told)
            unsaved = _(
                "The new network answers until the program ends, but it is not saved. Closing the "
                "window asks where to save it.",
            )
            told = replace(told, trouble=joined(told.trouble, str(error), unsaved))
            return Outcome(model, "", told)

    def stop(self) -> None:
        """Ask for the end after the minibatch at hand; the network in use stays."""
        self.controls.stop()

    def start_after(self, name: str, start: Callable[[], object]) -> None:
        """Start a run when learning has ended, in place of one that waits already."""
        self.queued = name
        self._start_queued = start
        self.queue_changed.emit()

    def cancel_queued(self) -> None:
        """Let no run start after learning."""
        if self._start_queued is not None:
            self.queued = ""
            self._start_queued = None
            self.queue_changed.emit()

    def _note_progress(self, __: str, part: float) -> None:
        self.progress = part

    def _finish(self) -> None:
        self._background = self.progress = None
        self.ended.emit()
        start = self._start_queued
        self.cancel_queued()
        if start is not None:
            start()
