"""Keeps a run's record, figures and network on disk while it trains, in the window or without."""

from __future__ import annotations

import contextlib
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mnist_draw.dataset.mnist import Dataset, dataset_name
from mnist_draw.errors import UserError
from mnist_draw.library.stored_network import network_of_run
from mnist_draw.networks import parse_network
from mnist_draw.storage.atomic import make_lock, resolve_path, take_lock
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import quarantine
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.events import (
    BatchFinished,
    BatchSizeChosen,
    Checkpointed,
    Event,
    SettingChanged,
)
from mnist_draw.training.history import History
from mnist_draw.training.record import (
    CHECKPOINT,
    MODEL,
    RECORD,
    Run,
    now,
    read_run,
    rebuilt_run,
    require_folder,
    save_history,
    with_figures,
)
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    from filelock import BaseFileLock

_LOCK = "run.lock"
#: Seconds in which another window has looked whether a run is going on: it takes the lock for that.
_LOOKED_AT_S = 0.5


def in_use(folder: Path) -> bool:
    """Whether the run in a folder is going on, in this program or in another."""
    lock = _lock_of(folder)
    taken = take_lock(lock)
    lock.release()
    return not taken


def _lock_of(folder: Path) -> BaseFileLock:
    return make_lock(folder / _LOCK)


class RunFiles:
    """One run's files."""

    def __init__(self, settings: TrainingSettings, folder: Path) -> None:
        self.run = Run(folder, settings, started=now())
        self.history = History()
        self.behind = ""
        self._facts: dict[str, Any] = {}
        self._new = self._begun = False
        self._lock = _lock_of(folder)

    def begin(self, before: Checkpoint | None = None) -> str:
        """Write the first record; return what to tell the user if that is impossible."""
        take_lock(self._lock, _LOOKED_AT_S)
        self._new = self._begun = True
        if before is not None:
            self.history = before.history()
        return self._save()

    def resume(self, unsaved: Checkpoint | None = None) -> Checkpoint:
        """Read the checkpoint to continue from; the run then has its settings and figures."""
        folder = self.run.folder
        if not take_lock(self._lock, _LOOKED_AT_S):
            raise UserError("This run is going on in another window; nothing was changed.")
        checkpoint = unsaved
        try:
            written = load_checkpoint(folder / CHECKPOINT)
            if checkpoint is None or written.epoch >= checkpoint.epoch:
                checkpoint = written
        except UserError as error:
            kept = quarantine(folder / CHECKPOINT) if (folder / CHECKPOINT).exists() else ""
            if checkpoint is None:
                raise UserError(f"The run cannot be continued. {error} {kept}".strip()) from error
        settings = checkpoint.settings.replace(epochs=self.run.settings.epochs)
        try:
            run = read_run(folder)
        except (OSError, UserError):
            run = rebuilt_run(folder) or self.run
        if run.epochs_done > checkpoint.epoch:
            self.behind = (
                f"Of the {run.epochs_done} epochs of this run, epoch {checkpoint.epoch} is the "
                "last from which it can go on: what came after it could not be kept. It goes on "
                f"from there to epoch {settings.epochs}."
            )
        self.history = checkpoint.history()
        changes = tuple(self.history.changes)
        self.run = replace(run, settings=settings, state="running", changes=changes)
        self._begun = True
        self.behind = f"{self.behind} {self._save()}".strip()
        return checkpoint

    def set_dataset(self, data: Dataset) -> TrainingSettings:
        """Know the data that is learnt; return the run's settings, now with its classes."""
        from mnist_draw.library.network_data import dataset_metadata, remember_data
        from mnist_draw.training.run_start import settings_for

        settings = settings_for(self.run.settings, data)
        remember_data(settings.data_folder, data)
        self.run = replace(self.run, settings=settings)
        self._facts = dataset_metadata(data)
        return settings

    def add(self, event: Event) -> None:
        """Take one event of the loop."""
        self.history.add(event)
        if isinstance(event, SettingChanged):
            settings = self.run.settings.replace(**{event.name: event.value})
            # The network, which is called as the run is, is saved before the last record.
            self.run = replace(self.run, settings=settings, changes=tuple(self.history.changes))
        elif isinstance(event, BatchSizeChosen):
            settings = self.run.settings.replace(batch_size=event.batch_size)
            self.run = replace(self.run, settings=settings)
        elif isinstance(event, BatchFinished) and event.epochs != self.run.settings.epochs:
            # Epochs were added to the plan.
            self.run = replace(self.run, settings=self.run.settings.replace(epochs=event.epochs))
        elif isinstance(event, Checkpointed):
            self._follow(event.path)

    def _follow(self, checkpoint: Path) -> None:
        """Write how far the run is, where its own checkpoint would not tell: it is elsewhere."""
        with contextlib.suppress(OSError, UserError):
            elsewhere = resolve_path(checkpoint)
            if elsewhere == resolve_path(self.run.checkpoint):
                return
            self.run = replace(
                with_figures(self.run, self.history), checkpoint_elsewhere=str(elsewhere)
            )
            # In this order: figures of which the record does not know yet are passed over.
            save_history(self.run.folder, self.history)
            self._save()

    def end(self, state: str) -> str:
        """Write the last record and the figures; return what to tell if that is impossible.

        A new run that was ended before its first epoch leaves nothing behind; a run that could
        not be continued stays as it is.
        """
        if not self._begun:
            return ""
        try:
            nothing_learnt = state in ("stopped", "interrupted", "failed")
            if self._new and nothing_learnt and not self.history.epochs:
                self._lock.release()
                shutil.rmtree(self.run.folder, ignore_errors=True)
                return ""
            self.run = replace(with_figures(self.run, self.history), state=state)
            told = self._save(ended=True)
            try:
                save_history(self.run.folder, self.history)
            except UserError as error:
                told = told or f"{error} {self._curves()}"
            return told
        finally:
            self._lock.release()

    def _save(self, ended: bool = False) -> str:
        """Write the record under the name that the user gave the run meanwhile."""
        try:
            with contextlib.suppress(OSError, UserError):
                self.run = self.run.renamed(read_run(self.run.folder).name)
            self.run.save()
        except UserError as error:
            return (
                f"{error} The run {'has ended' if ended else 'goes on'}, but {self._listed(ended)}"
            )
        return ""

    def _listed(self, ended: bool) -> str:
        if not (self.run.folder / RECORD).is_file():
            return "it may be missing from the list of runs."
        offered = ", and the next start of the window may offer to continue it" if ended else ""
        return f"the list of runs has it as it was before{offered}."

    def _curves(self) -> str:
        if self.run.checkpoint.is_file():
            return "The curves of the run are shown from its checkpoint instead."
        return "The curves of the run are lost; its last figures are in the list of runs."

    # -- its network

    def model(self, parameters: Any) -> ModelFile:
        """Return the network after the last epoch."""
        settings, history = self.run.settings, self.history
        epochs = len(history.epochs)
        return ModelFile(settings.network, parameters).with_info(
            name=network_of_run(self.run).title,
            title=parse_network(settings.network).title,
            **(self._facts or {"data": dataset_name(settings.data_folder)}),
            epochs=epochs,
            created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
            settings=settings.to_json(),
            validation_accuracy=history.epochs[-1].validation_accuracy if epochs else None,
            test_accuracy=history.test_accuracy,
        )

    def save_model(self, model: ModelFile) -> Path:
        """Write the network; raises ``StorageError``."""
        require_folder(self.run)
        save_model(self.run.folder / MODEL, model)
        return self.run.folder / MODEL

    def calibrated(self, model: ModelFile, data: Any) -> ModelFile:
        """Return the network with how sure it may be, found on the validation pictures."""
        from mnist_draw.recognition.finished_model import finished_model

        return finished_model(
            self.run.settings,
            model.parameters,
            {name: value for name, value in model.metadata.items() if name != "settings"},
            data.validation_images,
            data.validation_labels,
        )
