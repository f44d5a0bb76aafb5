"""Where a network that is trained on the command line goes, and that nothing is lost there."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.cli.output import tell
from mnist_draw.errors import StorageError, UserError, reason_of
from mnist_draw.library.stored_network import load_trained
from mnist_draw.storage import ModelFile, check_writable, save_model
from mnist_draw.storage.models import refuse_foreign
from mnist_draw.storage.unique_paths import move_to_free_name, numbered, taken_file
from mnist_draw.training.network_places import save_fallback

#: Without --output, the network is saved under this name, or the next free one.
DEFAULT_OUTPUT = "model.npz"


@dataclass(frozen=True)
class NetworkPlace:
    """Where a network is saved."""

    path: Path | None = None
    overwrite: bool = False

    def check(self) -> None:
        """Find out whether the result of hours can be kept there."""
        # Without a name, what counts is the folder: the free name is taken when saving.
        default = (name for name in numbered(Path(DEFAULT_OUTPUT)) if not name.exists())
        check_writable(self.path or next(default))
        if self.path is not None:
            refuse_foreign(self.path, "--output")

    def save(self, model: ModelFile) -> tuple[Path, bool]:
        """Save; where that fails after all (a full disk), save elsewhere."""
        try:
            if self.path is not None:
                with contextlib.nullcontext() if self.overwrite else _kept(self.path, model):
                    save_model(self.path, model)
                return self.path, False
            # Under the first free name: nothing is replaced, whoever else saves meanwhile.
            with taken_file(Path(DEFAULT_OUTPUT)) as path:
                save_model(path, model)
            return path, False
        except UserError as error:
            tell(str(error))
            rescued = save_fallback(model, tell)
            if rescued is None:
                raise StorageError("No place took the network.") from error
            return rescued, True


@contextlib.contextmanager
def _kept(output: Path, model: ModelFile) -> Iterator[None]:
    """Keep another network that is replaced in the block under the next free name.

    Whatever was there at the start of a run of hours, it is what is there now that would be lost.
    """
    if not output.exists() or output.stat().st_size == 0 or _holds(output, model):
        yield
        return
    try:
        aside = move_to_free_name(output, output)
    except OSError as error:
        raise StorageError(
            f"The network in {output} cannot be renamed, which would keep it: {reason_of(error)}. "
            "It is unchanged."
        ) from error
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            if not output.exists():
                aside.replace(output)
        raise
    tell(f"The network that was in {output} is now in {aside} (--overwrite would not keep it).")


def _holds(path: Path, model: ModelFile) -> bool:
    """Whether a file holds the same network already, down to the last weight."""
    try:
        return load_trained(path).fingerprint == model.fingerprint
    except UserError:
        return False
