"""Training off the GUI thread: the one loop, its events, and the run's files.

The worker is a plain object whose :meth:`TrainingWorker.run` needs no thread; :class:`Training`
moves one into a QThread for each run and hands its events on at most 30 times a second.
"""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QObject, Qt, QThread, QTimer, pyqtSignal, pyqtSlot

from mnist_draw.app.mailbox import Inbox
from mnist_draw.app.reporting import reporter
from mnist_draw.app.run_state import Continued, Failed, Saved
from mnist_draw.training.control import Controls
from mnist_draw.training.settings import TrainingSettings

Train = Callable[..., Iterator[Any]]

#: Events are handed to the window this often, in milliseconds.
_DRAIN_MS = 33
_NICENESS = 5
_SHUTDOWN_MS = 10_000
MODEL_NAME = "model.npz"
CHECKPOINT_NAME = "checkpoint.npz"


def new_run_folder() -> Path:
    """Return a folder for a new run, named after date and time; it exists.

    Raises
    ------
    StorageError
        If it cannot be made.
    """
    from mnist_draw.storage.errors import StorageError
    from mnist_draw.storage.folders import data_folder

    name = time.strftime("%Y-%m-%d %H.%M.%S")
    for number in range(1, 1000):
        folder = data_folder() / "runs" / (name if number == 1 else f"{name} ({number})")
        try:
            folder.mkdir(parents=True, exist_ok=False)
        except FileExistsError:
            continue
        except OSError as error:
            raise StorageError(
                f"The run's folder {folder} cannot be made: {error.strerror}. Nothing was started."
            ) from error
        return folder
    raise StorageError(f"There are already 999 runs of {name}; nothing was started.")


def _yield_to_the_window() -> None:
    """Let the window go first where training and window compete for a processor core.

    On Linux a thread, and the threads it starts, can be made nicer than the process; elsewhere
    the QThread's priority does the same. Without competition training is as fast as ever.
    """
    if sys.platform.startswith("linux") and threading.current_thread() is not (
        threading.main_thread()
    ):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)


class TrainingWorker(QObject):
    """One run, from its settings to its saved network.

    Parameters
    ----------
    settings : TrainingSettings
        What to train; for a continued run, with the epochs it shall have in the end.
    folder : Path
        Where checkpoint and network are kept.
    resume : bool
        Whether to continue from the folder's checkpoint.
    train : callable, optional
        The loop; ``mnist_draw.training.loop.train`` if left out.

    Attributes
    ----------
    controls : Controls
        Stop, pause, one epoch more.
    inbox : Inbox
        Every event of the loop in order, and ``Saved`` or ``Failed``.

    Signals
    -------
    learnt
        ``(model)``: the network after each epoch, as a ``ModelFile``; from the worker's thread.
    finished
        After the last event; always, whatever happened.
    """

    learnt = pyqtSignal(object)
    finished = pyqtSignal()

    def __init__(
        self,
        settings: TrainingSettings,
        folder: Path,
        resume: bool = False,
        train: Train | None = None,
    ) -> None:
        super().__init__()
        self.settings = settings
        self.folder = folder
        self.controls = Controls()
        self.inbox: Inbox[Any] = Inbox()
        self._resume = resume
        self._train = train
        self._validation_accuracy: float | None = None
        self._test_accuracy: float | None = None

    @pyqtSlot()
    def run(self) -> None:
        """Train until the end, a stop or an error."""
        _yield_to_the_window()
        try:
            for event in self._events():
                self._note(event)
                self.inbox.put(event)
                self._keep(event)
        except Exception as error:  # whatever it is, the user is told and the window lives on
            self.inbox.put(Failed(reporter.sentence(error)))
        finally:
            self.finished.emit()

    def _events(self) -> Iterator[Any]:
        if self._train is None:
            from mnist_draw.training.loop import train

            self._train = train
        path = self.folder / CHECKPOINT_NAME
        checkpoint = None
        if self._resume:
            from mnist_draw.training.checkpoint import load_checkpoint

            checkpoint = load_checkpoint(path)
            self.inbox.put(Continued(*checkpoint.figures))
        return self._train(
            self.settings, controls=self.controls, checkpoint=path, resume=checkpoint
        )

    def _note(self, event: Any) -> None:
        name = type(event).__name__
        if name == "EpochFinished":
            self._validation_accuracy = event.validation_accuracy
        elif name == "Tested":
            self._test_accuracy = event.accuracy

    def _keep(self, event: Any) -> None:
        """Pass the network on after each epoch, and save it at the end."""
        name = type(event).__name__
        if name == "EpochFinished":
            self.learnt.emit(self._model(event.parameters, event.epoch))
        elif name == "Finished" and event.epochs_done > 0:
            from mnist_draw.storage.models import save_model

            model = self._model(event.parameters, event.epochs_done)
            path = self.folder / MODEL_NAME
            save_model(path, model)
            self.learnt.emit(model)
            self.inbox.put(Saved(path))

    def _model(self, parameters: Any, epochs: int) -> Any:
        from mnist_draw.storage.models import ModelFile

        metadata: dict[str, Any] = {
            "title": f"Just trained, {epochs} {'epoch' if epochs == 1 else 'epochs'}",
            "epochs": epochs,
            "created": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            "settings": self.settings.to_json(),
        }
        if self._validation_accuracy is not None:
            metadata["validation_accuracy"] = self._validation_accuracy
        if self._test_accuracy is not None:
            metadata["test_accuracy"] = self._test_accuracy
        return ModelFile(self.settings.network, parameters, metadata)


class Training(QObject):
    """Runs for the GUI thread: start, stop, pause, one epoch more, and their events.

    Signals
    -------
    happened
        ``(events)``: a list of what happened since the last time, in order.
    learnt
        ``(model)``: from the worker's thread.
    ended
        After the last events of a run, when its thread has ended.
    """

    happened = pyqtSignal(list)
    learnt = pyqtSignal(object)
    ended = pyqtSignal()

    def __init__(self, train: Train | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._train = train
        self._worker: TrainingWorker | None = None
        self._thread: QThread | None = None
        self._last: tuple[TrainingSettings, Path] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_DRAIN_MS)
        self._timer.timeout.connect(self._drain)

    @property
    def running(self) -> bool:
        """Whether a run's thread is alive."""
        return self._thread is not None

    @property
    def controls(self) -> Controls | None:
        """The running run's controls."""
        return self._worker.controls if self._worker else None

    @property
    def can_continue(self) -> bool:
        """Whether the last run left a checkpoint to continue from."""
        return self._last is not None and (self._last[1] / CHECKPOINT_NAME).exists()

    def start(self, settings: TrainingSettings) -> None:
        """Start a new run.

        Raises
        ------
        UserError
            If a setting is out of range or the run's folder cannot be made.
        """
        settings.validate()
        self._launch(settings, new_run_folder(), resume=False)

    def continue_for(self, epochs: int) -> None:
        """Continue the last run until it has ``epochs`` epochs in all."""
        if self._last is None:
            raise RuntimeError("there is no run to continue")
        settings, folder = self._last
        self._launch(settings.replace(epochs=epochs), folder, resume=True)

    def _launch(self, settings: TrainingSettings, folder: Path, resume: bool) -> None:
        if self.running:
            raise RuntimeError("a run is going on")
        self._last = (settings, folder)
        self._worker = TrainingWorker(settings, folder, resume, self._train)
        self._worker.learnt.connect(self.learnt)
        self._thread = QThread()
        self._thread.setObjectName("training")
        self._worker.moveToThread(self._thread)
        self._thread.started.connect(self._worker.run)
        # Direct: a GUI thread that waits for the end could not deliver a queued quit.
        self._worker.finished.connect(self._thread.quit, Qt.DirectConnection)
        self._thread.finished.connect(self._finish)
        self._timer.start()
        self._thread.start(QThread.LowPriority)

    def stop(self) -> None:
        """Ask the run to end after its minibatch; what was learnt is saved."""
        if self._worker is not None:
            self._worker.controls.stop()

    def wait(self) -> bool:
        """Stop and wait a bounded time; return whether the run's thread has ended."""
        self.stop()
        if self._thread is not None and not self._thread.wait(_SHUTDOWN_MS):
            return False
        self._finish()
        return True

    def _drain(self) -> None:
        if self._worker is not None:
            events = self._worker.inbox.take_all()
            if events:
                self.happened.emit(events)

    def _finish(self) -> None:
        if self._thread is None:
            return
        self._thread.wait()
        self._timer.stop()
        self._drain()
        self._thread = None
        self._worker = None
        self.ended.emit()
