"""A run of the window or the command line, from its settings to its saved network."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mnist_draw import __version__, theano_bridge
from mnist_draw.dataset.mnist import Dataset, dataset_name, load_dataset
from mnist_draw.dataset.own_digits import ExtraDigits, load_extra
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined, number
from mnist_draw.library.network_data import dataset_metadata, remember_data
from mnist_draw.storage.atomic import (
    acquire_lock,
    make_lock,
    release_lock,
    resolve_path,
)
from mnist_draw.storage.folders import named_path
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import quarantine
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.control import Controls
from mnist_draw.training.events import (
    Checkpointed,
    Continued,
    DataLoaded,
    EpochAdded,
    Event,
    Failed,
    Interrupted,
    KeptElsewhere,
    Parameters,
    Renamed,
    Requested,
    RunMessage,
)
from mnist_draw.training.record import (
    read_run,
    rebuilt_run,
    require_folder,
    save_history,
    save_record,
)
from mnist_draw.training.repeat import Replay, describe_differences, surroundings
from mnist_draw.training.run import CHECKPOINT, MODEL, RECORD, Run, RunEvent, now
from mnist_draw.training.run_start import settings_for
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    from filelock import BaseFileLock

Train = Callable[..., Iterator[Event]]

_LOCK = "run.lock"
#: Seconds in which another window has looked whether a run is going on: it takes the lock for that.
_LOOKED_AT_S = 0.5


def in_use(folder: Path) -> bool:
    """Whether the run in a folder is going on, in this program or in another."""
    lock = _lock_of(folder)
    taken = acquire_lock(lock)
    release_lock(lock)
    return not taken


def _lock_of(folder: Path) -> BaseFileLock:
    return make_lock(folder / _LOCK)


class RunSession:
    """One run: settings in; events, record, checkpoints and the saved network out.

    `begin` or `resume` it, iterate over its `events`, `save_network` and `end` it, in one thread.
    Without a `folder` nothing is saved; `checkpoint` is in the folder by default. `listen` gets the
    events that are not of the loop; tests replace the loop by `train`, which applies its events to
    the ``run`` that it gets, as the loop does. ``like`` is a run whose changes are made again.
    """

    def __init__(
        self,
        settings: TrainingSettings,
        folder: Path | None,
        *,
        controls: Controls | None = None,
        checkpoint: Path | None = None,
        listen: Callable[[RunEvent], object] = lambda event: None,
        train: Train | None = None,
        like: Run | None = None,
        lesson: str = "",
        origin: str = "",
    ) -> None:
        self.run = Run(
            folder or Path(),
            settings,
            started=now(),
            state="loading",
            lesson=lesson,
            origin=origin,
        )
        self.controls = controls or Controls()
        self.checkpoint = checkpoint or (self.run.checkpoint if folder else None)
        self.data: Dataset | None = None
        self.extra: ExtraDigits | None = None
        self.network: Path | None = None
        self.failure: UserError | None = None
        self._is_listed = folder is not None
        self._listen = listen
        self._train = train
        self._like = like
        #: From which it goes on.
        self.continued: Checkpoint | None = None
        self._is_new = self._has_begun = False
        self._lock = _lock_of(folder) if folder else None

    def begin(self, before: Checkpoint | None = None) -> None:
        """Write the first record of a new run; ``before`` is a run elsewhere to go on from."""
        if before is not None:
            self._go_on_from(before, self.run.settings)
        if self._lock is not None:
            acquire_lock(self._lock, _LOOKED_AT_S)
            self._is_new = True
            self._save_first_record()

    def resume(
        self,
        unsaved: Checkpoint | None = None,
        settings: TrainingSettings | None = None,
    ) -> None:
        """Read the checkpoint to continue from; the run then has its settings and figures.

        ``unsaved`` is a checkpoint that could not be written, ``settings`` what is to be learned in
        place of the checkpoint's settings.
        """
        folder = self.run.folder
        if self._lock is None or not acquire_lock(self._lock, _LOOKED_AT_S):
            raise UserError("This run is in progress in another program; nothing was changed.")
        checkpoint = self._newest_checkpoint(unsaved)
        settings = settings or checkpoint.settings.replace(epochs=self.run.settings.epochs)
        try:
            run = read_run(folder)
        except (OSError, UserError):
            run = rebuilt_run(folder) or self.run
        if run.epochs_done > checkpoint.epoch:
            self._report(
                counted(
                    "This run has {count} epoch, but its state could be saved only up to "
                    "epoch {last}. It continues from there to epoch {end}.",
                    "This run has {count} epochs, but its state could be saved only up to "
                    "epoch {last}. It continues from there to epoch {end}.",
                    run.epochs_done,
                    last=number(checkpoint.epoch),
                    end=number(settings.epochs),
                ),
            )
        self.run = run
        self.run.apply(Requested(settings))
        self._go_on_from(checkpoint, settings)
        self._save_first_record()

    def _newest_checkpoint(self, unsaved: Checkpoint | None) -> Checkpoint:
        path = self.run.folder / CHECKPOINT
        try:
            written = load_checkpoint(path)
        except UserError as error:
            kept = quarantine(path) if path.exists() else ""
            if unsaved is not None:
                return unsaved
            failed = _("The run cannot be continued.")
            raise UserError(joined(failed, str(error), kept)) from error
        is_newer = unsaved is not None and unsaved.epoch > written.epoch
        return unsaved if unsaved is not None and is_newer else written

    def _go_on_from(self, checkpoint: Checkpoint, settings: TrainingSettings) -> None:
        self.continued = checkpoint
        self._happened(Continued(checkpoint.history(), checkpoint.parameters, settings))

    def _save_first_record(self) -> None:
        self._has_begun = True
        self._report(self._try_to_save(), "problem")

    def load(self) -> None:
        """Read the pictures to learn; the run's network then has an output for each class."""
        settings = self.run.settings
        if self._train is None:
            self.data = load_dataset(settings.data_folder, self._report)
            for sentence in self.data.messages:
                self._report(sentence)
            remember_data(settings.data_folder, self.data)
            settings = settings_for(settings, len(self.data.classes))
            if settings.data_folder is not None:
                # The record is read from other folders, too; the one of the start may be gone.
                with contextlib.suppress(FileNotFoundError):
                    place = str(named_path(settings.data_folder).absolute())
                    settings = settings.replace(data_folder=place)
            self._happened(DataLoaded(settings, surroundings(self.data)))
            if self._like is not None:
                self._report(describe_differences(self._like.made_with, self.run.made_with))
        if settings.extra_folder is not None:
            from mnist_draw.dataset.pictures.picture_file import load_picture

            self.extra, messages = load_extra(settings.extra_folder, load_picture)
            for sentence in messages:
                self._report(sentence)

    def events(self, batch_size_chosen: bool = False) -> Iterator[Event]:
        """Train; yield the events of the loop once they are applied to the run."""
        if self._train is None:
            from mnist_draw.training.loop import train

            self._train = train
        planned = self.run.epochs
        replay = None if self._like is None else Replay(self._like.changes, self.controls)
        for event in self._train(
            self.run.settings,
            dataset=self.data,
            extra=self.extra,
            controls=self.controls,
            checkpoint=self.checkpoint,
            resume=self.continued,
            batch_size_chosen=batch_size_chosen,
            run=self.run,
        ):
            if isinstance(event, Checkpointed):
                self._follow(event.path)
            if self.run.epochs > planned:
                planned = self.run.epochs
                self._record_plan(planned)
            if replay is not None:
                replay.follow(event)
            yield event

    def _record_plan(self, epochs: int) -> None:
        """Write into the record that epochs were added; its figures stay those of its start."""
        if self._is_listed:
            with contextlib.suppress(OSError, UserError):
                record = read_run(self.run.folder)
                record.apply(EpochAdded(epochs))
                save_record(record)

    def _follow(self, checkpoint: Path) -> None:
        """Write how far the run is if its checkpoint is elsewhere and cannot tell."""
        if not self._is_listed:
            return
        with contextlib.suppress(OSError, UserError):
            elsewhere = resolve_path(checkpoint)
            if elsewhere == resolve_path(self.run.checkpoint):
                return
            self.run.apply(KeptElsewhere(elsewhere))
            # In this order: figures of which the record does not know yet are passed over.
            save_history(self.run.folder, self.run.history)
            self._try_to_save()

    def interrupt(self) -> None:
        """Note that the run is ended with its program."""
        self._happened(Interrupted())

    def end(self) -> str:
        """Write the last record and the figures; return why that is impossible, if it is.

        A new run that was ended before its first epoch leaves nothing behind; a run that could
        not be continued stays as it is.
        """
        if self._lock is None:
            return ""
        run = self.run
        try:
            if not self._has_begun:
                return ""
            if run.is_running:
                run.apply(Failed(""))
            has_checkpoint = run.checkpoint.exists()
            # Only where there is something to go on from.
            if self.controls.closing and run.state == "stopped" and has_checkpoint:
                self.interrupt()
            can_begin_again = run.state == "interrupted" and has_checkpoint
            if self._is_new and not (run.has_learned or run.is_whole or can_begin_again):
                release_lock(self._lock)
                shutil.rmtree(run.folder, ignore_errors=True)
                return ""
            lost = ""
            # In this order: figures of which the record does not know yet are passed over.
            try:
                save_history(run.folder, run.history)
            except UserError as error:
                lost = joined(str(error), self._curves())
            message = self._try_to_save(ended=True)
            self._copy_checkpoint()
            return message or lost
        finally:
            release_lock(self._lock)

    def _copy_checkpoint(self) -> None:
        """Have the checkpoint in the run's folder, too; else the run goes on from where it is."""
        own = self.run.checkpoint
        with contextlib.suppress(OSError, UserError):
            elsewhere = self.checkpoint and resolve_path(self.checkpoint) != resolve_path(own)
            if self.checkpoint and elsewhere and own.parent.is_dir():
                load_checkpoint(self.checkpoint).save(own)

    def _happened(self, event: RunEvent) -> None:
        self.run.apply(event)
        self._listen(event)

    def _report(self, sentence: str, severity: Literal["note", "problem"] = "note") -> None:
        if sentence:
            self._happened(RunMessage(sentence, severity))

    def _try_to_save(self, ended: bool = False) -> str:
        """Write the record under the name that the user gave the run meanwhile."""
        try:
            with contextlib.suppress(OSError, UserError):
                self.run.apply(Renamed(read_run(self.run.folder).name))
            save_record(self.run)
        except UserError as error:
            return joined(str(error), self._listed(ended))
        return ""

    def _listed(self, ended: bool) -> str:
        if not (self.run.folder / RECORD).is_file():
            return _("The run is not in the Library.")
        if ended:
            return _(
                "The run has ended, but the Library does not know that: next time, the window "
                "may offer to continue it.",
            )
        return _("The run continues.")

    def _curves(self) -> str:
        if self.run.checkpoint.is_file():
            return _("The curves of the run are shown from its checkpoint instead.")
        return _("The curves of the run are lost; its last figures are in the Library.")

    # -- its network

    def model(self, parameters: Parameters) -> ModelFile:
        """Return the network after the last epoch, the same for the same run: without a date."""
        run = self.run
        settings = run.settings
        data = {"data": dataset_name(settings.data_folder)}
        return ModelFile(settings.network, parameters).with_info(
            **(data if self.data is None else dataset_metadata(self.data)),
            epochs=run.epochs_done,
            settings=settings.without_places(),
            changes=[asdict(change) for change in run.changes] or None,
            validation_accuracy=_rounded(run.validation_accuracy),
            test_accuracy=_rounded(run.test_accuracy),
            test_loss=_rounded(run.history.test_loss),
            extra_digits=None if self.extra is None else len(self.extra),
            program=f"mnist_draw {__version__}",
            engine=theano_bridge.engine(),
        )

    def named(self, model: ModelFile) -> ModelFile:
        """Return a network that is called as the run, with the time when it was made."""
        created = time.strftime("%Y-%m-%dT%H:%M:%S%z")
        return model.with_info(name=self.run.title, created=created)

    def save_network(self, parameters: Parameters, calibrate: bool = True) -> ModelFile:
        """Save the network under its run, at once and again when it is calibrated; return it.

        `network` is its file then, unless no epoch is complete; `failure` says why it is not
        written.
        """
        model = self.model(parameters)
        self._try_to_save_model(model)
        if calibrate and self.data is not None:
            from mnist_draw.recognition.recogniser import calibrated

            model = calibrated(model, self.data.validation_images, self.data.validation_labels)
            self._try_to_save_model(model)
        return model

    def _try_to_save_model(self, model: ModelFile) -> None:
        if not self._is_listed or not self.run.has_learned:
            return
        try:
            self.network = self.save_model(self.named(model))
            self.failure = None
        except UserError as error:
            self.failure = error

    def save_model(self, model: ModelFile) -> Path:
        require_folder(self.run)
        save_model(self.run.folder / MODEL, model)
        return self.run.folder / MODEL


def _rounded(figure: float | None) -> float | None:
    return None if figure is None else round(figure, 6)
