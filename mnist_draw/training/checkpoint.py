"""All that it takes to continue a run as if it had never been interrupted.

A checkpoint is an ``.npz`` archive: a JSON header (format, version, settings, epoch, data set) and
arrays (parameters, the state of update rule and random streams, the best parameters). Shuffles
need no state: each epoch's order follows from seed and epoch.

The figures are beside it, in a file with the checkpoint's name and ``.history``, to which each
epoch appends a row of float64: what `History.epoch_table` has of it, then loss and accuracy of each
minibatch. The header says where the run's rows begin, how many minibatches each has, and their
CRC-32; what comes after them is of a write that was cut off. Up to version 1 the figures were in
the checkpoint, which made it longer with each epoch.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import zlib
from dataclasses import astuple, dataclass
from math import prod
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from mnist_draw import thread_priority
from mnist_draw.arrays import Array, Doubles
from mnist_draw.errors import DamagedError, DocumentError, StorageError, UserError
from mnist_draw.i18n import _
from mnist_draw.networks import parse_network
from mnist_draw.storage import npz
from mnist_draw.storage.atomic import held, open_atomically, write_tail
from mnist_draw.storage.document import Fields, Format
from mnist_draw.storage.opening import MEGABYTE, PathName, open_file, reading
from mnist_draw.training.events import Checkpointed, CheckpointFailed, Parameters, SettingChanged
from mnist_draw.training.history import EPOCH_COLUMNS, History, read_change
from mnist_draw.training.settings import TrainingSettings

#: The parameters of the largest network, its state and the best ones: four times a model's file.
MAX_BYTES = 4 * npz.MAX_BYTES
_MAX_HEADER_BYTES = 16 * MEGABYTE
FORMAT = Format("mnist_draw checkpoint", 2, _MAX_HEADER_BYTES)
#: Ten times what settings allow: epochs can be added to a run.
MAX_EPOCHS = 1_000_000
_MAX_NUMBER = 2**32
_GROUPS = ("parameters", "state", "best_parameters")
#: The arrays of `History.to_arrays`, in the figures of a run and in checkpoints of version 1.
ARRAYS = ("batch_losses", "batch_accuracies", "epochs")


class CheckpointError(UserError):
    """A file holds no checkpoint that this program can continue."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A run after its complete epochs, ``epoch`` of them.

    ``settings`` are those that were set last; ``data`` is `run_start.fingerprint` of the pictures.
    ``parameters`` are float32 in Lasagne's order, ``state`` the values of
    `TrainingFunctions.state`, ``figures`` what `History.to_arrays` gives. The best epoch has the
    lowest validation loss (in nats; 0 and infinite before the first), and its parameters are empty
    where they are not kept. ``changes`` were made to settings during the run.
    """

    settings: TrainingSettings
    epoch: int
    data: str
    parameters: Parameters
    state: tuple[Array, ...]
    figures: tuple[Doubles, Doubles, Doubles]
    best_epoch: int
    best_loss: float
    best_parameters: Parameters
    changes: tuple[SettingChanged, ...] = ()

    def history(self) -> History:
        """Return all figures so far and the settings changed, as a copy."""
        history = History.from_arrays(*self.figures)
        history.changes = list(self.changes)
        return history

    def to_arrays(self, rows: Rows) -> dict[str, Any]:
        """Return the arrays of its file, with the place of its figures."""
        header = {
            "settings": self.settings.to_json(),
            "epoch": self.epoch,
            "data": self.data,
            "counts": {prefix: len(getattr(self, prefix)) for prefix in _GROUPS},
            "best_epoch": self.best_epoch,
            "best_loss": None if np.isinf(self.best_loss) else self.best_loss,
            "changes": [list(astuple(change)) for change in self.changes],
            "history": rows._asdict(),
        }
        arrays: dict[str, Any] = {"header": np.frombuffer(FORMAT.pack(header), np.uint8)}
        for prefix in _GROUPS:
            for number, value in enumerate(getattr(self, prefix)):
                arrays[f"{prefix}_{number:03d}"] = value
        return arrays

    def save(self, path: Path) -> None:
        # In this order: until the new checkpoint is there, the old one has its figures.
        rows = _append(path, self.figures)
        # Not packed before: new megabytes take as long as writing them.
        with open_atomically(path) as file:
            npz.write(file, self.to_arrays(rows))


class Rows(NamedTuple):
    """Where a run's figures are in the file beside its checkpoint."""

    start: int
    epochs: int
    batches: int
    checksum: int

    @classmethod
    def read(cls, fields: Fields) -> Rows:
        return cls(*(fields.get_int(name, 0, _MAX_NUMBER) for name in cls._fields))

    @property
    def shape(self) -> tuple[int, int]:
        return self.epochs, len(EPOCH_COLUMNS) + 2 * self.batches

    @property
    def size(self) -> int:
        return 8 * prod(self.shape)

    @property
    def end(self) -> int:
        return self.start + self.size


def history_file(path: PathName) -> Path:
    """Return the file of the figures of a checkpoint."""
    return Path(f"{os.path.realpath(path)}.history")


def _append(path: Path, figures: tuple[Doubles, Doubles, Doubles]) -> Rows:
    """Have figures in the file beside a checkpoint, after those that it names already."""
    losses, accuracies, epochs = figures
    batches = len(losses) // max(1, len(epochs))
    by_epoch = (len(epochs), batches)
    pairs = np.stack([losses.reshape(by_epoch), accuracies.reshape(by_epoch)], axis=2)
    table = np.concatenate([epochs, pairs.reshape(len(epochs), 2 * batches)], axis=1)
    content = table.astype("<f8").tobytes()
    file = history_file(path)
    end = file.stat().st_size if file.exists() else 0
    known = _known_rows(path)
    if known is None or known.end > end or zlib.crc32(content[: known.size]) != known.checksum:
        # The figures of another run stay, since its checkpoint may have been moved or copied.
        known = Rows(end, 0, 0, 0)
    if new := content[known.size :]:
        write_tail(file, known.end, new)
    return Rows(known.start, *by_epoch, zlib.crc32(content))


def _known_rows(path: Path) -> Rows | None:
    """Return where the figures of the checkpoint are that is to be replaced, if there is one."""
    try:
        with npz.open_archive(path, MAX_BYTES) as archive:
            return Rows.read(_header(archive).get_fields("history"))
    except (OSError, ValueError, UserError):
        return None


def load_checkpoint(path: PathName) -> Checkpoint:
    """Read a checkpoint and check all of it.

    Raises `CheckpointError` if the file is missing, damaged, from a newer program or something
    else, and `UserError` if its settings are out of range.
    """
    with reading(path, CheckpointError, ValueError), npz.open_archive(path, MAX_BYTES) as archive:
        return _unpack(archive, path)


def is_checkpoint(path: PathName) -> bool:
    """Whether a file claims to be a checkpoint; its content is not checked."""
    try:
        with npz.open_archive(path, MAX_BYTES) as archive:
            _header(archive)
    except (OSError, ValueError, UserError):
        return False
    return True


def _header(archive: npz.Archive) -> Fields:
    return FORMAT.unpack(_array(archive, "header", _MAX_HEADER_BYTES).tobytes())


def _unpack(archive: npz.Archive, path: PathName) -> Checkpoint:
    header = _header(archive)
    settings = TrainingSettings.from_json(header.get_fields("settings").values)
    counts = header.get_fields("counts")
    named = {
        prefix: [f"{prefix}_{n:03d}" for n in range(counts.get_int(prefix, 0, len(archive.sizes)))]
        for prefix in _GROUPS
    }
    _check_sizes(archive, settings, named)
    groups = {
        prefix: tuple(_array(archive, name).copy() for name in names)
        for prefix, names in named.items()
    }
    figures_inside = () if "history" in header.values else ARRAYS
    expected = 1 + len(figures_inside) + sum(len(group) for group in groups.values())
    if len(archive.sizes) != expected:
        raise DamagedError(f"{len(archive.sizes)} arrays instead of {expected}")
    for value in (*groups["parameters"], *groups["best_parameters"]):
        if value.dtype != np.float32 or not np.isfinite(value).all():
            raise DamagedError("its weights are no finite 32-bit floats")
    for value in groups["state"]:
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            raise DamagedError("its state holds values that are not finite numbers")
    if figures_inside:
        losses, accuracies, epochs = (_array(archive, name) for name in figures_inside)
        figures = (losses, accuracies, epochs)
    else:
        figures = _read_figures(history_file(path), Rows.read(header.get_fields("history")))
    history = History.from_arrays(*figures)
    epoch = header.get_int("epoch", 0, MAX_EPOCHS)
    if len(history.epochs) != epoch:
        raise DamagedError(f"its figures are not those of {epoch} epochs")
    unknown = header.values.get("best_loss") is None
    return Checkpoint(
        settings,
        epoch,
        header.get_text("data", 1000),
        groups["parameters"],
        groups["state"],
        figures,
        header.get_int("best_epoch", 0, epoch),
        float("inf") if unknown else header.get_float("best_loss", 0, 1e300),
        groups["best_parameters"],
        tuple(read_change(entry) for entry in header.get_list("changes", MAX_EPOCHS, [])),
    )


def _read_figures(path: Path, rows: Rows) -> tuple[Doubles, Doubles, Doubles]:
    table = np.frombuffer(_read_rows(path, rows) if rows.size else b"", "<f8").reshape(rows.shape)
    first = len(EPOCH_COLUMNS)
    return table[:, first::2].ravel(), table[:, first + 1 :: 2].ravel(), table[:, :first]


def _read_rows(path: Path, rows: Rows) -> bytes:
    try:
        with open_file(path, MAX_BYTES) as file:
            # Never more than there is: Python allocates what it is asked for.
            there = max(0, file.seek(0, os.SEEK_END) - rows.start)
            file.seek(rows.start)
            content = file.read(min(there, rows.size))
    except FileNotFoundError:
        raise DocumentError(
            "the file {name} with its figures, which belongs next to it, is missing",
            name=path.name,
        ) from None
    if len(content) < rows.size or zlib.crc32(content) != rows.checksum:
        raise DamagedError(f"figures in {path.name}")
    return content


def _array(archive: npz.Archive, name: str, max_bytes: int = npz.MAX_BYTES) -> Array:
    array = archive.read(name, max_bytes)
    if array is None:
        raise DamagedError(f"{name} is missing")
    return array


def _check_sizes(
    archive: npz.Archive,
    settings: TrainingSettings,
    named: dict[str, list[str]],
) -> None:
    """Refuse what is larger than the run's network needs, before it is read."""
    room = sum(4 * prod(shape) for shape in parse_network(settings.network).parameter_shapes())
    for prefix, names in named.items():
        size = sum(archive.sizes.get(name, 0) for name in names)
        # An update rule keeps at most two values for each parameter.
        if size > 2 * room + MEGABYTE:
            raise DamagedError(f"its {prefix} are larger than its network needs")


def _require_folder(path: Path) -> None:
    # During a run, no other place can be chosen.
    if not path.parent.is_dir():
        raise StorageError(
            "Could not write {path}: the folder {folder} is no longer there. The run continues; "
            "create the folder again, and the next epoch is kept in it.",
            path=path,
            folder=path.parent,
        )


class CheckpointWriter:
    """Writes checkpoints in a thread of its own, so that the disk never slows training.

    Of several that wait only the newest is written: any of them leads to the same end. The path is
    locked until `close`, which returns when the last is on disk. Raises `CheckpointError` if
    another run has locked it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._holding = contextlib.ExitStack()
        if not self._holding.enter_context(held(path)):
            raise CheckpointError(
                "The checkpoint {path} is being written by another program, so nothing was "
                "trained and nothing was changed. Wait until that is done, or choose another "
                "file.",
                path=path,
            )
        self._changed = threading.Condition()
        self._next: Checkpoint | None = None
        self._closed = False
        self._reports: list[Checkpointed | CheckpointFailed] = []
        self._thread = threading.Thread(target=self._run, name="checkpoints", daemon=True)
        self._thread.start()

    def put(self, checkpoint: Checkpoint) -> None:
        """Have a checkpoint written; returns at once."""
        with self._changed:
            self._next = checkpoint
            self._changed.notify_all()

    def reports(self) -> list[Checkpointed | CheckpointFailed]:
        """Return what was written, or could not be, since the last call."""
        with self._changed:
            reports, self._reports = self._reports, []
            return reports

    def close(self) -> None:
        """Wait until all is written and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        self._holding.close()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._closed)
            thread_priority.wait_for_core()
            with self._changed:
                checkpoint, self._next = self._next, None
            if checkpoint is None:
                return
            report: Checkpointed | CheckpointFailed
            try:
                _require_folder(self._path)
                checkpoint.save(self._path)
                report = Checkpointed(self._path, checkpoint.epoch)
            except UserError as error:
                report = CheckpointFailed(str(error), checkpoint)
            except Exception as error:
                # Too little memory, or a defect: the run is worth more than its checkpoint.
                reason = f"{type(error).__name__} ({error})"
                sentence = _("Could not write {path}: {reason}.", path=self._path, reason=reason)
                report = CheckpointFailed(sentence, checkpoint)
            with self._changed:
                self._reports.append(report)


def to_array(variable: Any) -> Array:
    """Return a copy of a shared variable's value as an array of numbers."""
    value = variable.get_value()
    if isinstance(value, np.random.Generator):
        return np.frombuffer(json.dumps(value.bit_generator.state).encode(), np.uint8)
    return np.array(value)


def from_array(variable: Any, stored: Array) -> None:
    """Give a shared variable the value that `to_array` has returned.

    Raises `ValueError` if the array is not of its kind or shape; the variable keeps its value.
    """
    value = variable.get_value()
    if isinstance(value, np.random.Generator):
        try:
            value.bit_generator.state = json.loads(stored.tobytes())
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
            raise ValueError(f"no state of a random stream: {error}") from error
        variable.set_value(value)
        return
    value = np.asarray(value)
    if stored.shape != value.shape or stored.dtype.kind != value.dtype.kind:
        raise ValueError(
            f"{stored.dtype} of the shape {stored.shape} where {value.dtype} of the shape "
            f"{value.shape} was expected",
        )
    variable.set_value(stored.astype(value.dtype))
