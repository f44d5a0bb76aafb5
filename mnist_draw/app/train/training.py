"""Training and stored runs off the GUI thread: the one loop, its events, and the run's files.

:meth:`TrainingWorker.run` needs no thread; :class:`Training` gives it one for each run and hands
its events on at most 30 times a second.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from qtpy.QtCore import QObject, QTimer, Signal

from mnist_draw import thread_priority
from mnist_draw.analysis.layer_inspection import (
    CONVOLUTION_PICTURES,
    DENSE_PICTURES,
    inspect_layers,
)
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import SHUTDOWN_S, Background, NewestOnly
from mnist_draw.dataset.mnist import load_dataset, scale
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.library.stored_network import (
    describe_fallback,
    fallback_key,
    load_trained,
    network_of_run,
    save_fallback,
)
from mnist_draw.recognition.run_session import RunSession, Train, in_use
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.control import Controls
from mnist_draw.training.events import (
    DigitsMissing,
    EpochFinished,
    Event,
    Failed,
    Finished,
    LayerFigures,
    Parameters,
    Rescued,
    RunMessage,
    Saved,
    Snapshot,
    Testing,
)
from mnist_draw.training.run import UNFINISHED, Run, RunEvent
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import SettingsError, TrainingSettings
from mnist_draw.training.twelve_digits import TwelveDigits, choose_twelve

#: Events are handed to the window this often, in milliseconds: figures that change more often are
#: not read, and each time takes the window's and the training's time.
_DRAIN_MS = 100
_NOWHERE = _(
    "It could not be saved anywhere else either. The network can answer until the window "
    "closes. Free some disk space, then train one more epoch, which saves it. When you "
    "close the window, it asks where to save the network.",
)


#: An inspection of t seconds is followed by a rest of this many times t: training loses at most
#: a hundredth, however short its epochs are.
_REST = 100


class Inspector:
    """Inspects the network after the newest epoch, in a thread; skips epochs if it is late."""

    def __init__(
        self,
        network: str,
        pictures: NDArray[np.uint8] | None,
        tell: Callable[[LayerFigures], object],
    ) -> None:
        self._network = network
        self._tell = tell
        self._pictures = pictures
        self._before: Parameters | None = None
        self._failed = False
        self._closing = threading.Event()
        self._job = NewestOnly()

    def post(self, epoch: int, parameters: Parameters) -> None:
        """Request an inspection; returns at once."""
        self._job.ask(partial(self._inspect_epoch, epoch, self._before, parameters))
        self._before = parameters

    def close(self) -> None:
        self._closing.set()
        self._job.wait()

    def _inspect_epoch(self, epoch: int, before: Parameters | None, after: Parameters) -> None:
        """Inspect, then rest; an error ends all inspections, not the run."""
        if self._failed:
            return
        thread_priority.wait_for_core()
        began = time.thread_time()
        try:
            pictures = None if self._pictures is None else scale(self._pictures[:DENSE_PICTURES])
            self._tell(inspect_layers(self._network, epoch, before, after, pictures))
        except Exception as error:  # reported once, not after each epoch
            self._failed = True
            reporter.report(error)
        self._closing.wait(_REST * (time.thread_time() - began))


class TrainingWorker:
    """One run, from its settings to its saved network."""

    def __init__(
        self,
        settings: TrainingSettings,
        folder: Path,
        trained: Callable[[ModelFile, str], object],
        resume: bool = False,
        train: Train | None = None,
        unsaved: Checkpoint | None = None,
        lesson: str = "",
        like: Run | None = None,
    ) -> None:
        self._trained = trained
        self._continue_from = unsaved
        self.controls = Controls()
        #: What has happened and was not taken yet; others add to its end, which needs no lock.
        self._events: deque[RunEvent] = deque()
        self.session = RunSession(
            settings,
            folder,
            controls=self.controls,
            listen=self._events.append,
            train=train,
            like=like,
            lesson=lesson,
            origin="window",
        )
        self._resume = resume
        self._inspector: Inspector | None = None
        self._digits: TwelveDigits | None = None
        #: The network where no place took it.
        self._unsaved: ModelFile | None = None

    def run(self) -> None:
        """Train until the end, a stop or an error."""
        thread_priority.lower()
        session = self.session
        failed = False
        rescued: Rescued | None = None
        try:
            if self._resume:
                session.resume(self._continue_from)
            else:
                session.begin()
            session.load()
            # Compiling takes seconds.
            self._show_digits()
            for event in session.events():
                self._take(event)
                if isinstance(event, Finished):
                    rescued = self._save_network(event)
        except Exception as error:  # whatever it is, the user is told and the window lives on
            failed = True
            setting = error.setting if isinstance(error, SettingsError) else ""
            failure = Failed(reporter.sentence(error), self.only_in_memory(), setting)
            session.run.apply(failure)
            self._events.append(failure)
        finally:
            self._close_inspector()
            message = session.end()
            if rescued is not None:
                # Last, and alone: it has said already that the run's folder cannot be written.
                self._events.append(rescued)
            elif message and not failed:
                self._events.append(RunMessage(message, "problem"))

    def take_events(self) -> list[RunEvent]:
        return [self._events.popleft() for _ in range(len(self._events))]

    def _take(self, event: Event) -> None:
        if isinstance(event, Testing | Finished):
            self._close_inspector()
        if isinstance(event, Snapshot):
            self._read_digits(event.parameters, event.epoch, event.batch)
            return
        self._events.append(event)
        if isinstance(event, EpochFinished):
            self._trained(self._model(event.parameters), self.session.run.key)
            self._read_digits(event.parameters, event.epoch, _batch_of(self.session.run))
            self._inspect(event)

    def _show_digits(self) -> None:
        if self.session.data is not None:
            self._digits = choose_twelve(self.session.data)
            self._events.append(self._digits)
            before = self.session.continued
            if before is not None:
                self._read_digits(before.parameters, before.epoch)

    def _read_digits(self, parameters: Parameters, epoch: int, batch: int = 0) -> None:
        if self._digits is not None:
            network = self.session.run.settings.network
            self._events.append(self._digits.read(network, parameters, epoch, batch))

    def _inspect(self, event: EpochFinished) -> None:
        if self._inspector is None:
            data = self.session.data
            pictures = None if data is None else data.validation_images
            network = self.session.run.settings.network
            self._inspector = Inspector(network, pictures, self._events.append)
        self._inspector.post(event.epoch, event.parameters)

    def _close_inspector(self) -> None:
        if self._inspector is not None:
            self._inspector.close()
            self._inspector = None

    def _save_network(self, event: Finished) -> Rescued | None:
        if event.epochs_done == 0:
            return None
        session = self.session
        model = session.named(
            session.save_network(event.parameters, calibrate=not self.controls.closing),
        )
        self._trained(model, session.run.key)
        failure = session.failure
        if failure is None:
            self._events.append(Saved())
            return None
        path = save_fallback(model)
        if path is None:
            self._unsaved = model
            raise UserError(joined(str(failure), _NOWHERE)) from failure
        return Rescued(path, fallback_key(path), joined(str(failure), describe_fallback(path)))

    def _model(self, parameters: Parameters) -> ModelFile:
        return self.session.named(self.session.model(parameters))

    def only_in_memory(self) -> ModelFile | None:
        """Return what would be lost with the program at this moment; None if all is on disk."""
        checkpoint = self.session.run.unsaved
        if self._unsaved is None and checkpoint is not None and checkpoint.epoch:
            return self._model(checkpoint.parameters)
        return self._unsaved


class Training(QObject):
    """Runs for the GUI thread: start, stop, pause, one epoch more, and their events."""

    happened = Signal(list)
    #: The network after an epoch, and the key of its run; emitted in the thread that trains.
    trained = Signal(ModelFile, str)
    ended = Signal()

    def __init__(self, train: Train | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._train = train
        self._worker: TrainingWorker | None = None
        self._background: Background | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    @property
    def running(self) -> bool:
        """Whether a run is trained or saved."""
        return self._background is not None

    @property
    def controls(self) -> Controls | None:
        return self._worker.controls if self._worker else None

    def start(self, run: Run, resume: bool = False, like: Run | None = None) -> None:
        """Train a run in a thread of its own, from its checkpoint if it is to `resume`.

        The changes of the run ``like`` are made again.
        """
        if self.running:
            raise RuntimeError("a run is being trained")
        self._worker = worker = TrainingWorker(
            run.settings,
            run.folder,
            # Networks pass from thread to thread even while the window is busy.
            self.trained.emit,
            resume,
            self._train,
            run.unsaved,
            run.lesson,
            like,
        )
        self._background = Background(self, "training", worker.controls.stop)
        self._timer.start()
        self._background.run(worker.run, lambda __: self._finish(worker))

    def stop(self, closing: bool = False) -> None:
        """Ask the run to end after its minibatch; what was learned is saved."""
        if self._worker is not None:
            # A run that the user has stopped already is not offered again.
            if closing and not self._worker.controls.stop_requested:
                self._worker.controls.closing = True
            self._worker.controls.stop()

    def wait(self, seconds: float = SHUTDOWN_S) -> bool:
        """Stop and wait, so long at the most; return whether the run has ended."""
        self.stop()
        if self._background is not None and not self._background.wait(seconds):
            return False
        if self._worker is not None:
            self._finish(self._worker)
        return True

    def _drain(self) -> None:
        if self._worker is not None:
            events = self._worker.take_events()
            if events:
                self.happened.emit(events)

    def _finish(self, worker: TrainingWorker) -> None:
        """Note that a run has ended, once; a GUI thread that waits for it hears nothing."""
        if self._worker is not worker:
            return
        self._timer.stop()
        self._drain()
        self._background = self._worker = None
        self.ended.emit()


# -- stored runs


def list_with_cut_off() -> tuple[list[Run], Run | None]:
    """List the runs that nothing trains now, and return the newest that can be continued."""
    runs = [run for run in list_runs()[0] if not in_use(run.folder)]
    left = (run for run in runs if run.state in UNFINISHED and run.has_checkpoint)
    return runs, next(left, None)


def _batch_of(run: Run) -> int:
    """Return after which minibatch of a first epoch a run was stopped; 0 after a whole epoch."""
    return len(run.history.batch_losses) if run.history.is_within_first else 0


def read_digits(run: Run) -> list[RunEvent]:
    """Have the twelve digits read by the network of a run that has ended, and inspect it."""
    try:
        data = load_dataset(run.settings.data_folder)
    except UserError:
        # A data set that is gone says so where it is chosen.
        return [DigitsMissing()]
    twelve = choose_twelve(data)
    try:
        rescued = run.rescued
        model = load_trained(rescued.path) if rescued else network_of_run(run).load()
    except UserError:
        # The digits are shown, unread.
        return [twelve]
    pictures = scale(data.validation_images[:CONVOLUTION_PICTURES])
    epoch = run.epochs_done
    layers = inspect_layers(model.network, epoch, None, model.parameters, pictures)
    read = twelve.read(model.network, model.parameters, epoch, _batch_of(run))
    return [twelve, read, layers]
