"""What ``mnist-draw doctor`` finds in the user's own folders; every file is read, none changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from mnist_draw.cli.health.finding import Finding
from mnist_draw.errors import StorageError, UserError
from mnist_draw.recognition.network_library import list_learnt, list_opened
from mnist_draw.recognition.stored_network import load_trained
from mnist_draw.storage.folders import config_folder, data_folder
from mnist_draw.storage.my_digits import SUFFIX, DigitError, my_digits_folder, read_digit
from mnist_draw.storage.preferences import FILE_NAME, read_values
from mnist_draw.storage.unique_paths import ASIDE
from mnist_draw.training.runs.checkpoint import load_checkpoint
from mnist_draw.training.runs.record import (
    CHECKPOINT,
    HISTORY,
    MODEL,
    RECORD,
    read_history,
    read_run,
)
from mnist_draw.training.runs.run_list import runs_folder


@dataclass(frozen=True)
class _Kind:
    """One kind of file: what it is called, where all of them are, and what reads one."""

    name: str
    find: Callable[[], Iterable[Path]]
    read: Callable[[Path], object]


def _read_digit(path: Path) -> None:
    if read_digit(path) is None:
        raise DigitError(f"{path} is no picture that this program has made.")


def _read_drawing(path: Path) -> None:
    # It needs Qt, without which all else can be looked at.
    from mnist_draw.app.draw.drawing_files import read_drawing

    read_drawing(path)


def _named(read: Callable[[Path], object]) -> Callable[[Path], None]:
    """Let what a reader says name the file, as all others do themselves."""

    def read_and_name(path: Path) -> None:
        try:
            read(path)
        except StorageError:
            raise
        except (UserError, ImportError) as error:
            raise UserError(f"{path} cannot be used: {str(error).rstrip('.')}.") from error

    return read_and_name


_KINDS = (
    _Kind("runs", lambda: runs_folder().glob(f"*/{RECORD}"), lambda path: read_run(path.parent)),
    _Kind("checkpoints", lambda: runs_folder().glob(f"*/{CHECKPOINT}"), load_checkpoint),
    _Kind(
        "own networks",
        lambda: [
            *runs_folder().glob(f"*/{MODEL}"),
            *(kept.path for kept in (*list_learnt(), *list_opened())),
        ],
        load_trained,
    ),
    _Kind("figures", lambda: runs_folder().glob(f"*/{HISTORY}"), read_history),
    _Kind("taught digits", lambda: my_digits_folder().glob(f"*{SUFFIX}"), _read_digit),
    _Kind("drawings", lambda: data_folder().glob("board*.json"), _named(_read_drawing)),
    _Kind("preferences", lambda: config_folder().glob(FILE_NAME), _named(read_values)),
)


def kept_files() -> Iterator[Finding]:
    """Look at all that the user has kept: what cannot be used, and what was put aside."""
    for kind in _KINDS:
        usable = 0
        try:
            for path in sorted(kind.find()):
                try:
                    kind.read(path)
                except (UserError, OSError) as error:
                    words = f"{error} It is as it was, and the program goes on without it."
                    yield Finding(kind.name, words, "note")
                else:
                    usable += 1
        except (UserError, OSError) as error:
            yield Finding(kind.name, f"They cannot be looked at: {error}", "note")
        if usable:
            yield Finding(kind.name, f"{usable:,} can be used")
    for folder in (data_folder, config_folder):
        try:
            for path in sorted(folder().rglob(f"*{ASIDE}*")):
                words = f"{path} could not be used when it was read. Delete it if nobody needs it."
                yield Finding("put aside", words, "note")
        except (UserError, OSError):
            # That the folder cannot be read was said above.
            continue
