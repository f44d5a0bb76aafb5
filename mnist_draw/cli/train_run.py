"""A training run on the command line: progress while it lasts, a saved network at its end."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from mnist_draw.cli.output import echo, json_line, lenient_output, report, typed
from mnist_draw.cli.train import DEFAULT_OUTPUT
from mnist_draw.dataset.classes import class_list
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.i18n import _, counted, joined
from mnist_draw.library.stored_network import RUN, load_trained, network_of_run, save_fallback
from mnist_draw.recognition.run_session import RunSession, in_use
from mnist_draw.storage import ModelFile, check_writable, save_model
from mnist_draw.storage.atomic import has_content, resolve_path
from mnist_draw.storage.models import refuse_foreign
from mnist_draw.storage.unique_paths import move_to_free_name, numbered, reserved_file
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.control import Controls, stop_on_signals
from mnist_draw.training.hints import few_steps
from mnist_draw.training.progress import TrainingProgressBar, describe
from mnist_draw.training.run import UNFINISHED, Run, RunEvent
from mnist_draw.training.run_list import new_run_folder, readable_runs
from mnist_draw.training.settings import TrainingSettings

COMPLETED = 0
FAILED = 1
INTERRUPTED = 130
#: How a run is told of: the tutorial's lines, JSON, or problems only.
Form = Literal["lines", "json", "quiet"]


def train_and_save(
    settings: TrainingSettings,
    place: NetworkPlace,
    progress: Progress,
    *,
    checkpoint: Path | None,
    resume: Checkpoint | None,
    listed: bool,
    batch_size_chosen: bool,
    like: Run | None = None,
) -> int:
    """Train, print what can be printed, and save the network; return the exit status."""
    controls = Controls()
    saved = checkpoint
    try:
        with lenient_output() as (out, err), stop_on_signals(controls):
            session = _session(settings, controls, checkpoint, resume, listed, like)
            saved = session.checkpoint
            with _ended(session, progress):
                status = _train_and_save(session, place, resume, progress, batch_size_chosen)
    except KeyboardInterrupt:
        report(_describe_interrupt(progress, saved))
        return INTERRUPTED
    if out.failure:
        report(_("Cannot write to standard output: {reason}.", reason=out.failure))
    unsaved = checkpoint is not None and progress.checkpoint_failed
    if status == COMPLETED and (out.failure or err.failure or unsaved):
        return FAILED
    return status


def _session(
    settings: TrainingSettings,
    controls: Controls,
    checkpoint: Path | None,
    resume: Checkpoint | None,
    listed: bool,
    like: Run | None,
) -> RunSession:
    """Begin or continue a run in the list of runs; if it cannot be saved there, say why."""
    folder = known = None
    if listed and resume is not None and checkpoint is not None:
        known = _listed_run(checkpoint, resume)
    if resume is not None and resume.epoch >= settings.epochs:
        # One that was complete already adds nothing to the list but a network that it lacks, and
        # how it ended.
        listed = known is not None and (
            known.state in UNFINISHED or not network_of_run(known).is_saved
        )
    if listed:
        try:
            folder = new_run_folder() if known is None else known.folder
        except StorageError as error:
            report(joined(str(error), _("The run is not in the Library.")))
    session = RunSession(
        settings,
        folder,
        controls=controls,
        checkpoint=checkpoint,
        listen=_report_message,
        like=like,
        origin="command",
    )
    if known is not None and folder is not None:
        session.resume(resume, settings)
    else:
        session.begin(resume)
    return session


def _report_message(event: RunEvent) -> None:
    if isinstance(event, events.RunMessage):
        report(event.text)


def _listed_run(checkpoint: Path, resume: Checkpoint) -> Run | None:
    """Return the run in the list that a checkpoint continues; None if that goes on from later."""
    place = resolve_path(checkpoint)
    for run in readable_runs():
        if resolve_path(run.checkpoint) == place:
            return run
        is_same = run.settings.replace(epochs=resume.settings.epochs) == resume.settings
        # The record of a run that was killed may be an epoch ahead of its only checkpoint.
        is_killed = run.state in UNFINISHED and not run.checkpoint.exists()
        is_behind = run.epochs_done <= resume.epoch or is_killed
        if str(place) == run.checkpoint_elsewhere and is_same and is_behind:
            return None if in_use(run.folder) else run
    return None


@contextlib.contextmanager
def _ended(session: RunSession, progress: Progress) -> Iterator[None]:
    """End a run with the block; one that is interrupted is offered for continuation."""
    try:
        yield
    except KeyboardInterrupt:
        if progress.saved is None:
            session.interrupt()
        raise
    finally:
        if sentence := session.end():
            report(sentence)


def _describe_interrupt(progress: Progress, checkpoint: Path | None) -> str:
    """Say what is left of a run that was interrupted twice, and how to continue it."""
    if progress.saved is not None:
        saved = _("The network is saved in {path}.", path=progress.saved)
        return joined(_("Interrupted."), saved)
    nothing = _("Nothing is kept: there is no checkpoint to continue from.")
    return joined(_("Interrupted."), _describe_checkpoint(checkpoint) or nothing)


def _describe_checkpoint(checkpoint: Path | None) -> str:
    """Say what a checkpoint holds and how to continue from it; empty without one."""
    try:
        epoch = 0 if checkpoint is None else load_checkpoint(checkpoint).epoch
    except UserError:
        epoch = 0
    if not epoch or checkpoint is None:
        return ""
    name = typed(checkpoint)
    resume = "mnist-draw train --resume"
    kept = _(
        "What was learned up to epoch {epoch} is kept in {path}.",
        epoch=epoch,
        path=checkpoint,
    )
    if name:
        goes_on = _("Continue with: {command}", command=f"{resume} {name}")
    else:
        goes_on = _("Continue with {command} and that file.", command=resume)
    return joined(kept, goes_on)


def _train_and_save(
    session: RunSession,
    place: NetworkPlace,
    resume: Checkpoint | None,
    progress: Progress,
    batch_size_chosen: bool,
) -> int:
    session.load()
    data = session.data
    extra = session.extra
    epochs = session.run.settings.epochs
    if data is not None and not data.shows_digits:
        names = class_list(data.classes)
        progress.say(_("Learning {count} classes: {names}.", count=len(data.classes), names=names))
    if extra is not None:
        progress.say(
            counted(
                "Learning {count} digit from {folder} too.",
                "Learning {count} digits from {folder} too.",
                len(extra),
                folder=extra.folder,
            ),
        )
    if resume is not None and resume.epoch >= epochs:
        progress.say(
            _(
                "This run was complete already: {epoch} of {epochs} epochs. To train more, "
                "raise --epochs, such as --epochs {more}.",
                epoch=resume.epoch,
                epochs=epochs,
                more=resume.epoch + 10,
            ),
        )
    has_learned = False
    try:
        for event in session.events(batch_size_chosen):
            has_learned = has_learned or isinstance(event, events.BatchFinished)
            if isinstance(event, events.Started):
                _say_few_steps(event.batches, session.run.settings.batch_size, progress)
            progress.show(event)
    finally:
        progress.close()
    assert isinstance(event, events.Finished)
    if event.reason == "stopped" and not has_learned:
        report(_("Nothing was learned, so nothing is kept."))
        return INTERRUPTED
    if event.reason == "diverged" and event.epochs_done == 0:
        report(_("Nothing was learned, so nothing is kept."))
        return FAILED
    return _save(session, event, place, progress)


def _say_few_steps(batches: int, batch_size: int, progress: Progress) -> None:
    few = few_steps(batches, batch_size)
    if few is not None:
        progress.say(joined(few.sentence, _("Try {option}.", option=f"--batch-size {few.value}")))


def _save(
    session: RunSession,
    finished: events.Finished,
    place: NetworkPlace,
    progress: Progress,
) -> int:
    model = session.save_network(finished.parameters)
    if session.failure is not None:
        missing = _("In the Library, the run has no network of its own.")
        report(joined(str(session.failure), missing))
    try:
        path, is_fallback = place.save(model)
    except UserError as error:
        left = _describe_checkpoint(session.checkpoint) or _("What was learned is lost.")
        if session.network is not None:
            left = _("The Library still has it, in {path}.", path=session.network)
        raise UserError(joined(str(error), left)) from error
    progress.saved = path
    name = typed(path)
    if not name and session.network is not None:
        name = typed(f"{RUN}:{session.network.parent.name}")
    said = _("The network is saved in {path}.", path=path)
    if name:
        command = f"mnist-draw predict IMAGE --model {name}"
        said = joined(said, _("Try it: {command}", command=command))
    progress.say(said, network=str(path))
    if finished.reason == "diverged" or is_fallback:
        return FAILED
    return INTERRUPTED if finished.reason == "stopped" else COMPLETED


@dataclass(frozen=True)
class NetworkPlace:
    path: Path | None = None
    overwrite: bool = False

    def check(self) -> None:
        """Check before a run of hours that its network can be saved."""
        # Without a name, what counts is the folder: the free name is taken when saving.
        default = (name for name in numbered(Path(DEFAULT_OUTPUT)) if not name.exists())
        check_writable(self.path or next(default))
        if self.path is not None:
            refuse_foreign(self.path, "--output")

    def save(self, model: ModelFile) -> tuple[Path, bool]:
        """Save the network, elsewhere if that fails; return where, and whether it failed."""
        try:
            if self.path is not None:
                with contextlib.nullcontext() if self.overwrite else _kept(self.path, model):
                    save_model(self.path, model)
                return self.path, False
            # Under the first free name: another program that saves meanwhile replaces nothing.
            with reserved_file(Path(DEFAULT_OUTPUT)) as path:
                save_model(path, model)
            return path, False
        except UserError as error:
            report(str(error))
            rescued = save_fallback(model, report)
            if rescued is None:
                raise StorageError("The network could not be saved anywhere.") from error
            return rescued, True


@contextlib.contextmanager
def _kept(output: Path, model: ModelFile) -> Iterator[None]:
    """Keep another network that is in the block's way, now, under the next free name."""
    if not has_content(output) or _holds(output, model):
        yield
        return
    try:
        aside = move_to_free_name(output, output)
    except OSError as error:
        raise StorageError(
            "The network in {path} cannot be renamed, which would keep it: {reason}. It is "
            "unchanged.",
            path=output,
            reason=reason_of(error),
        ) from error
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            if not output.exists():
                aside.replace(output)
        raise
    report(
        _(
            "The network that was in {path} is now in {aside} (--overwrite would not keep it).",
            path=output,
            aside=aside,
        ),
    )


def _holds(path: Path, model: ModelFile) -> bool:
    """Whether a file holds the same network already, down to the last weight."""
    try:
        return load_trained(path).fingerprint == model.fingerprint
    except UserError:
        return False


class Progress:
    """Shows events: a bar on standard error, if it is a terminal, and the tutorial's lines.

    The form ``"json"`` prints a line of JSON for each epoch and result, ``"quiet"`` only problems.
    """

    def __init__(self, form: Form, checkpoints: bool) -> None:
        self._form = form
        self._checkpoints = checkpoints
        self._bar = TrainingProgressBar()
        self.checkpoint_failed = False
        self.saved: Path | None = None

    def say(self, sentence: str, **figures: object) -> None:
        """Print a sentence, or as JSON the figures that it tells."""
        if self._form == "lines":
            self._bar.print(sentence)
        elif self._form == "json" and figures:
            echo(json_line(figures))

    def show(self, event: events.Event) -> None:
        if isinstance(event, events.Checkpointed | events.CheckpointFailed):
            self.checkpoint_failed = isinstance(event, events.CheckpointFailed)
        if sys.stderr.isatty() and self._form == "lines":
            self._bar(event)
        if isinstance(event, events.Diverged | events.CheckpointFailed):
            self._bar.print(f"mnist-draw: {event.message}", sys.stderr)
            return
        if self._form == "json":
            self.say("", **_figures(event))
            return
        for line in self._lines(event):
            self.say(line)

    def _lines(self, event: events.Event) -> list[str]:
        if isinstance(event, events.Compiling):
            fields = {"stage": event.stage, "count": event.count}
            if event.count:
                return [_("Compiling {stage} ({count}) ...", **fields)]
            return [_("Compiling {stage} ...", **fields)]
        if isinstance(event, events.Checkpointed) and self._checkpoints:
            return [_("Epoch {epoch} is saved in {path}.", epoch=event.epoch, path=event.path)]
        return describe(event)

    def close(self) -> None:
        self._bar.close()


def _figures(event: events.Event) -> dict[str, object]:
    """Return what a program that reads JSON is told of an event; empty for most."""
    if isinstance(event, events.EpochFinished):
        return {
            "epoch": event.epoch,
            "epochs": event.epochs,
            "seconds": event.seconds,
            "training_loss": event.training_loss,
            "training_accuracy": event.training_accuracy,
            "validation_loss": event.validation_loss,
            "validation_accuracy": event.validation_accuracy,
        }
    if isinstance(event, events.Tested):
        return {
            "test_loss": event.loss,
            "test_accuracy": event.accuracy,
            "seconds": event.seconds,
        }
    return {}
