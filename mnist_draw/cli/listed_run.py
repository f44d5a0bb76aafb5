"""What the command line trains is kept under Runs, as what the window trains is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

from mnist_draw.cli.output import tell
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.errors import UserError
from mnist_draw.library.stored_network import network_of_run
from mnist_draw.recognition.run_files import RunFiles
from mnist_draw.storage import ModelFile, StorageError, write_atomically
from mnist_draw.storage.atomic import resolve_path
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.events import Event, Finished
from mnist_draw.training.run_list import new_run_folder, runs_folder
from mnist_draw.training.settings import TrainingSettings


class ListedRun:
    """A run's entry in the list of runs. What cannot be kept there is told; the run goes on."""

    def __init__(
        self,
        settings: TrainingSettings,
        checkpoint: Path | None,
        resume: Checkpoint | None,
        listed: bool,
    ) -> None:
        self.checkpoint = checkpoint
        self.network: Path | None = None
        self._files: RunFiles | None = None
        self._state, self._saved = "failed", False
        if not listed:
            return
        if resume is not None and checkpoint is not None and _is_listed(checkpoint):
            self._files = RunFiles(settings, resolve_path(checkpoint).parent)
            self._files.resume()
            self._tell(self._files.behind)
            return
        try:
            self._files = RunFiles(settings, new_run_folder())
        except StorageError as error:
            tell(f"{error} The run is not kept under Runs.")
            return
        self._tell(self._files.begin(resume))
        self.checkpoint = checkpoint or self._files.run.checkpoint

    def set_dataset(self, data: Dataset) -> None:
        """Know the data that is learnt: its classes belong to the run's network."""
        if self._files is not None:
            self._files.set_dataset(data)

    def add(self, event: Event) -> None:
        """Take one event of the loop."""
        if self._files is not None:
            self._files.add(event)
        if isinstance(event, Finished):
            self._state = event.reason

    def keep(self, model: ModelFile) -> None:
        """Keep the network of the run; one that was stopped in its first epoch has none."""
        if self._files is None or not self._files.history.epochs:
            return
        try:
            self.network = self._files.save_model(
                model.with_info(name=network_of_run(self._files.run).title)
            )
        except UserError as error:
            tell(f"{error} Under Runs, the run has no network of its own.")

    def network_saved(self) -> None:
        """Note that the network is where it was wanted: whatever comes, the run is at its end."""
        self._saved = True

    def broken_off(self) -> None:
        """Note that the run did not come to its end: the window offers to continue it."""
        if not self._saved:
            self._state = "interrupted"

    def end(self) -> None:
        """Write the last record, and the checkpoint where it was written elsewhere."""
        if self._files is None:
            return
        self._tell(self._files.end(self._state))
        own = self._files.run.checkpoint
        # Without it the run is listed all the same; it can be continued from where it is.
        with contextlib.suppress(OSError, UserError):
            elsewhere = self.checkpoint and resolve_path(self.checkpoint) != resolve_path(own)
            if self.checkpoint and elsewhere and own.parent.is_dir():
                write_atomically(own, self.checkpoint.read_bytes())

    def _tell(self, sentence: str) -> None:
        if sentence:
            tell(sentence)


def _is_listed(checkpoint: Path) -> bool:
    try:
        return resolve_path(checkpoint).parent.parent == resolve_path(runs_folder())
    except (OSError, StorageError):
        return False


@contextlib.contextmanager
def listed_run(
    settings: TrainingSettings, checkpoint: Path | None, resume: Checkpoint | None, listed: bool
) -> Iterator[ListedRun]:
    """Give a `ListedRun` that is ended with the block, however that ends."""
    run = ListedRun(settings, checkpoint, resume, listed)
    try:
        yield run
    except KeyboardInterrupt:
        run.broken_off()
        raise
    finally:
        run.end()
