"""The epoch loop: a generator of events; all training uses it."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from mnist_draw.arrays import Array
from mnist_draw.dataset.augmentation.numba_loops import CompilingStoppedError
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.dataset.own_digits import ExtraDigits
from mnist_draw.i18n import _, joined, number
from mnist_draw.training import events
from mnist_draw.training.checkpoint import (
    Checkpoint,
    CheckpointError,
    CheckpointWriter,
    from_array,
    to_array,
)
from mnist_draw.training.confusion import weakest_class
from mnist_draw.training.control import Controls
from mnist_draw.training.epoch_pictures import EpochPictures
from mnist_draw.training.events import Event, Parameters
from mnist_draw.training.functions import Step, TrainingFunctions, compile_evaluate, compile_train
from mnist_draw.training.history import History
from mnist_draw.training.run import Run
from mnist_draw.training.run_start import (
    batch_size_for,
    build_network,
    fingerprint,
    settings_for,
    training_data,
)
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.training.updates import calmer_learning_rate, learning_rate_at

#: Pictures evaluated at once: few enough for a quick answer to Stop, enough for the BLAS.
EVALUATION_SLICE = 500
#: A mean cross-entropy from here on (in nats; guessing gives 2.3) is no learning any more, nor
#: is one that is no number: the weights are 10 ** 5 times too large and will not come back.
DIVERGED_LOSS = 1e6
#: Minibatches between two snapshots within an epoch.
_SNAPSHOT_BATCHES = 50


def train(
    settings: TrainingSettings,
    *,
    dataset: Dataset | None = None,
    extra: ExtraDigits | None = None,
    network: Any = None,
    controls: Controls | None = None,
    checkpoint: Path | None = None,
    resume: Checkpoint | None = None,
    batch_size_chosen: bool = False,
    run: Run | None = None,
) -> Generator[Event, None, None]:
    """Train a network, step by step, and tell about every step.

    Everything happens in the thread that iterates, between one event and the next; a listener
    that takes its time is waited for. The same settings and data give the same run.

    The pictures of ``dataset`` may be bytes or float32 that is already scaled; without it they are
    loaded from ``settings.data_folder``. ``extra`` are the digits of ``settings.extra_folder``, as
    `mnist_draw.dataset.own_digits.load_extra` reads them. ``network`` is a Lasagne output layer to
    train further; a new one is built otherwise. All that it takes to continue is written to
    ``checkpoint`` after every epoch. ``resume`` is a run to continue, usually with its settings.
    Unless `batch_size_chosen`, a preset's batch size gives way to few pictures. ``run`` gets each
    event before it is yielded; one that is continued has the figures of ``resume``.

    The last event is `Finished`. `UserError` is raised before the first batch: a setting, the data
    or the checkpoint cannot be used, or another run writes that checkpoint.
    """
    settings.validate()
    controls = controls or Controls()
    run = run or _new_run(settings, resume)
    data = training_data(settings, dataset, extra, is_new=resume is None)
    size = batch_size_for(settings, len(data.train_images), batch_size_chosen)
    if size != settings.batch_size:
        smaller = events.BatchSizeChosen(size, settings.batch_size, len(data.train_images))
        run.apply(smaller)
        yield smaller
    if network is None:
        run.apply(events.DataLoaded(settings_for(run.settings, len(data.classes))))
        # A run that is continued has its weights in the checkpoint.
        fresh = run.settings if resume is None else run.settings.replace(start_model=None)
        network = build_network(fresh)
    loop = _Loop(run, data, network, controls, fingerprint(data, extra))
    if resume is not None:
        loop.check(resume)
    picture_dtype = str(data.train_images.dtype)
    compiling = events.Compiling(_("the training function"), 0, 2)
    run.apply(compiling)
    yield compiling
    functions = compile_train(network, run.settings, picture_dtype)
    loop.prepare(functions, resume)
    writer = CheckpointWriter(checkpoint) if checkpoint is not None else None
    try:
        for event in loop.run_to_end(writer):
            run.apply(event)
            if isinstance(event, events.EpochFinished) and not run.history.is_within_first:
                # Before the epoch is reported: a consumer that stops there has its checkpoint.
                # That it is on disk is reported as `Checkpointed`, some minibatches later.
                loop.write_checkpoint(writer)
            yield event
    finally:
        if writer is not None:
            writer.close()


def _new_run(settings: TrainingSettings, resume: Checkpoint | None) -> Run:
    run = Run(settings=settings)
    run.apply(events.Requested(settings))
    if resume is not None:
        run.apply(events.Continued(resume.history(), resume.parameters, settings))
    return run


@dataclass
class _Learned:
    """The minibatches of an epoch that were learned; times are in seconds, without pauses."""

    began: float
    losses: list[float] = field(default_factory=list)
    accuracies: list[float] = field(default_factory=list)
    seconds: float = 0.0
    #: The learning rate and the loss of the last minibatch, also of one that diverged.
    rate: float = 0.0
    last_loss: float = 0.0


class _Loop:
    """What a run computes with between two events; its figures are those of ``run``."""

    functions: TrainingFunctions

    def __init__(
        self,
        run: Run,
        data: Dataset,
        network: Any,
        controls: Controls,
        mark: str,
    ) -> None:
        import lasagne

        settings = run.settings
        self.run = run
        self.data = data
        self.mark = mark
        self.controls = controls
        self.network = network
        self.params = lasagne.layers.get_all_params(network)
        self.pictures = EpochPictures(settings, data, lambda: controls.stop_requested)
        self.best_epoch = 0
        self.best_loss = math.inf
        self.best_parameters: Parameters = ()
        #: Of the last complete epoch, or of a first one that was stopped within.
        self.last_parameters = self.parameters()
        self.batches = len(data.train_images) // settings.batch_size
        self._planned = settings.epochs
        #: Learning rate and L2 as the compiled function has them; nothing known before the first.
        self._rates: tuple[float, float] | None = None
        self._compiled_evaluate: Step | None = None

    def check(self, resume: Checkpoint) -> None:
        """Refuse a checkpoint that does not belong to this network and these data."""
        expected = [param.get_value(borrow=True).shape for param in self.params]
        for values in (resume.parameters, resume.best_parameters or resume.parameters):
            found = [value.shape for value in values]
            if found != expected:
                raise CheckpointError(
                    "The checkpoint does not fit the network {network}: it holds weights of the "
                    "shapes {found}, but {expected} were expected.",
                    network=repr(self.settings.network),
                    found=found,
                    expected=expected,
                )
        if resume.data != self.mark:
            raise CheckpointError(
                "The checkpoint was made with training pictures other than those of {data} "
                "({found}, not {expected}). Continue it with the data folder, the extra digits "
                "and the number of pictures it was started with.",
                data=self.data.name,
                found=resume.data,
                expected=self.mark,
            )

    def prepare(self, functions: TrainingFunctions, resume: Checkpoint | None) -> None:
        """Take the compiled functions and, to continue a run, its state."""
        self.functions = functions
        if resume is None:
            return
        try:
            for variable, value in zip(functions.state, resume.state, strict=True):
                from_array(variable, value)
        except ValueError as error:
            raise CheckpointError(
                "The checkpoint's state does not fit the update rule {rule} or this version of "
                "the program ({reason}).",
                rule=repr(self.settings.update),
                reason=error,
            ) from error
        self.set_parameters(resume.parameters)
        self.last_parameters = resume.parameters
        self.best_epoch = resume.best_epoch
        self.best_loss = resume.best_loss
        self.best_parameters = resume.best_parameters

    @property
    def settings(self) -> TrainingSettings:
        return self.run.settings

    @property
    def history(self) -> History:
        return self.run.history

    @property
    def epoch(self) -> int:
        """The last epoch that is learned, 0 before the first."""
        return len(self.history.epochs)

    @property
    def epochs(self) -> int:
        """Planned epochs, those that were added included."""
        return self._planned + self.controls.extra_epochs

    def parameters(self) -> Parameters:
        """Copies of the network's parameters."""
        return tuple(param.get_value() for param in self.params)

    def set_parameters(self, values: Parameters) -> None:
        for param, value in zip(self.params, values, strict=True):
            param.set_value(value)

    def write_checkpoint(self, writer: CheckpointWriter | None) -> None:
        if writer is not None:
            writer.put(self._checkpoint())

    def run_to_end(self, writer: CheckpointWriter | None) -> Iterator[Event]:
        """Train and test; each event has to be applied to the run before the next."""
        began = time.perf_counter()
        settings = self.settings
        yield events.Started(self.epoch + 1, self.epochs, self.batches)
        start = None if writer is None or self.epoch else self._checkpoint()
        # Asked before each epoch, the first included: a run that is continued may already
        # have reached what it was to stop at.
        while (reason := self._ending()) is None:
            finished = yield from self._epoch(writer)
            if not isinstance(finished, events.EpochFinished):
                reason = finished
                break
            start = None
        # Of an epoch that was broken off nothing is kept: it is in no figure.
        best = self.best_parameters if settings.keep_best else ()
        self.set_parameters(best or self.last_parameters)
        if writer is not None:
            if start is not None and (self.controls.closing or self.history.epochs):
                writer.put(start)
            writer.close()
            yield from writer.reports()
        if reason != "diverged" and self.history.epochs:
            yield from self._compile_evaluation()
            yield events.Testing()
            labels = self.data.test_labels
            loss, accuracy, answers = self._evaluate(self.data.test_images, labels)
            weakest = weakest_class(labels, answers, self.data.classes)
            yield events.Tested(loss, accuracy, time.perf_counter() - began, weakest)
        # An epoch that was added after the last one was too late.
        epochs = self.epoch if reason == "completed" else self.epochs
        yield events.Finished(reason, self.epoch, self.parameters(), epochs)

    def _ending(self) -> events.Reason | None:
        """Return why the run ends after the complete epochs; None if it goes on."""
        target = self.settings.target_accuracy
        patience = self.settings.patience
        done = self.history.epochs
        if done and target is not None and done[-1].validation_accuracy >= target:
            return "target"
        if patience is not None and self.epoch - self.best_epoch >= patience:
            return "early"
        return "completed" if self.epoch >= self.epochs else None

    def _epoch(
        self,
        writer: CheckpointWriter | None,
    ) -> Generator[Event, None, events.EpochFinished | events.Reason]:
        """Train and validate once; return the report, or why the run ends here."""
        number = self.epoch + 1
        learned = _Learned(time.perf_counter())
        yield from self._run_batches(number, learned, writer)
        if not learned.last_loss < DIVERGED_LOSS:
            return "diverged"
        is_whole = len(learned.losses) == self.batches
        # There is no earlier network to keep than that of a part of the first epoch.
        if not is_whole and (number > 1 or not learned.losses or self.controls.closing):
            return "stopped"
        yield from self._compile_evaluation()
        finished = yield from self._validate(number, learned)
        if finished is None:
            return "diverged"
        return finished if is_whole else "stopped"

    def _run_batches(
        self,
        number: int,
        learned: _Learned,
        writer: CheckpointWriter | None,
    ) -> Iterator[Event]:
        """Learn the minibatches of an epoch, to its end, a stop, or a loss that diverged."""
        source = self.pictures.minibatches(number)
        for batch in range(1, self.batches + 1):
            # Before the batch, so that a stop during compilation or validation trains nothing.
            if self.controls.paused:
                yield from self._pause(learned)
            if self.controls.stop_requested:
                return
            changes = self._changes(number, batch)
            for change in changes:
                yield change
                if change.name == "augmentation":
                    # What was prepared ahead is of the recipe before.
                    if isinstance(source, Generator):
                        source.close()
                    self.pictures.augment(str(change.value))
                    source = self.pictures.minibatches(number, batch - 1)
            if (batch == 1 or changes) and self.pictures.compiles_first:
                yield events.Compiling(_("the augmentation, once on this computer"), 0, 1)
            try:
                minibatch = next(source)
            except CompilingStoppedError:
                return
            started = time.perf_counter()
            learned.rate = self._set_rates(number, batch)
            loss, accuracy = (float(x) for x in self.functions.train(*minibatch))
            seconds = time.perf_counter() - started
            learned.last_loss = loss
            if not loss < DIVERGED_LOSS:
                yield self._diverged(number, batch, loss, learned.rate)
                return
            learned.losses.append(loss)
            learned.accuracies.append(accuracy)
            learned.seconds += seconds
            yield events.BatchFinished(
                number,
                self.epochs,
                batch,
                self.batches,
                loss,
                accuracy,
                seconds,
            )
            can_show = batch % _SNAPSHOT_BATCHES == 0 and batch < self.batches
            if can_show and self.controls.wants_snapshot():
                yield events.Snapshot(number, batch, self.parameters())
            if writer is not None:
                yield from writer.reports()

    def _pause(self, learned: _Learned) -> Iterator[Event]:
        """Wait until the run is resumed or stopped."""
        yield events.Paused()
        paused = time.perf_counter()
        while self.controls.paused:
            if self.epochs > self.run.epochs:
                yield events.EpochAdded(self.epochs)
            self.controls.wait_while_paused(self.run.epochs - self._planned)
        # A pause says nothing of what an epoch takes.
        learned.began += time.perf_counter() - paused
        if not self.controls.stop_requested:
            yield events.Resumed()

    def _validate(
        self,
        number: int,
        learned: _Learned,
    ) -> Generator[Event, None, events.EpochFinished | None]:
        """Validate what was learned, even when a stop is requested; None if the loss diverged."""
        yield events.Validating()
        labels = self.data.validation_labels
        loss, accuracy, __ = self._evaluate(self.data.validation_images, labels)
        if not loss < DIVERGED_LOSS:
            yield self._diverged(number, self.batches, loss, learned.rate)
            return None
        self.last_parameters = self.parameters()
        is_best = loss < self.best_loss
        if is_best:
            self.best_epoch = number
            self.best_loss = loss
            if self.settings.keep_best:
                self.best_parameters = self.last_parameters
        finished = events.EpochFinished(
            number,
            self.epochs,
            time.perf_counter() - learned.began,
            float(np.mean(learned.losses)),
            float(np.mean(learned.accuracies)),
            loss,
            accuracy,
            len(learned.losses) * self.settings.batch_size / learned.seconds,
            is_best,
            self.last_parameters,
        )
        yield finished
        return finished

    def _changes(self, epoch: int, batch: int) -> list[events.SettingChanged]:
        """Return the requested changes of settings, for the next batch."""
        return [
            events.SettingChanged(
                epoch,
                batch,
                self.batches,
                name,
                getattr(self.settings, name),
                asked,
            )
            for name, asked in self.controls.changes.items()
            if asked != getattr(self.settings, name)
        ]

    def _set_rates(self, epoch: int, batch: int) -> float:
        """Set learning rate and L2 of the next batch; return the rate."""
        progress = ((epoch - 1) * self.batches + batch - 1) / (self.epochs * self.batches)
        rate = learning_rate_at(self.settings.learning_rate, self.settings.schedule, progress)
        if (rate, self.settings.l2) != self._rates:
            self._rates = (rate, self.settings.l2)
            self.functions.learning_rate.set_value(np.float32(rate))
            self.functions.l2.set_value(np.float32(self.settings.l2))
        return rate

    def _compile_evaluation(self) -> Iterator[Event]:
        """Compile the function that validates and tests when it is first needed.

        The first minibatch does not wait for it.
        """
        if self._compiled_evaluate is None:
            yield events.Compiling(_("the validation function"), 1, 2)
            dtype = str(self.data.train_images.dtype)
            self._compiled_evaluate = compile_evaluate(self.network, dtype)

    def _evaluate(self, pictures: Array, labels: Array) -> tuple[float, float, Array]:
        """Return mean loss, share of right answers, and the answers."""
        evaluate = self._compiled_evaluate
        assert evaluate is not None
        loss = accuracy = 0.0
        answers: list[Array] = []
        labels = labels.astype(np.int32)
        for start in range(0, len(pictures), EVALUATION_SLICE):
            chosen = slice(start, start + EVALUATION_SLICE)
            slice_loss, slice_accuracy, read = evaluate(pictures[chosen], labels[chosen])
            answers.append(read)
            share = len(labels[chosen]) / len(labels)
            loss += share * float(slice_loss)
            accuracy += share * float(slice_accuracy)
        return loss, accuracy, np.concatenate(answers)

    def _diverged(self, epoch: int, batch: int, loss: float, rate: float) -> events.Diverged:
        kept = _("The starting weights were kept.")
        if good := self.best_epoch if self.settings.keep_best else self.epoch:
            kept = _("The weights of epoch {epoch} were kept.", epoch=number(good))
        __, calmer = calmer_learning_rate(self.settings.update, self.settings.learning_rate)
        happened = _(
            "The loss became {loss} in epoch {epoch}, minibatch {batch}, at a learning rate of "
            "{rate}: the steps were too large.",
            loss=number(loss, "g"),
            epoch=number(epoch),
            batch=number(batch),
            rate=number(rate, ".7g"),
        )
        return events.Diverged(epoch, batch, loss, joined(happened, kept, calmer))

    def _checkpoint(self) -> Checkpoint:
        state = tuple(to_array(variable) for variable in self.functions.state)
        return Checkpoint(
            self.settings,
            self.epoch,
            self.mark,
            self.last_parameters,
            state,
            self.history.to_arrays(),
            self.best_epoch,
            self.best_loss,
            self.best_parameters,
            tuple(self.history.changes),
        )
