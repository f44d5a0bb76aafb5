"""A run made again from its record alone, with the settings that were changed while it trained."""

from __future__ import annotations

import platform
import sys
import zlib
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

import numpy as np

from mnist_draw import theano_bridge
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.errors import UserError, did_you_mean
from mnist_draw.i18n import _, counted
from mnist_draw.training.control import Controls
from mnist_draw.training.events import BatchFinished, EpochFinished, Event, SettingChanged
from mnist_draw.training.record import read_run
from mnist_draw.training.run import RECORD, Run
from mnist_draw.training.run_list import readable_runs
from mnist_draw.training.run_start import fingerprint
from mnist_draw.training.settings import TrainingSettings
from mnist_draw.version import __version__

#: Fingerprints of the labels and of the pictures to learn.
_DATA = ("data", "pictures")
#: What begins the name of a run on the command line.
_MARK = "run:"


def find_run(name: str) -> Run:
    """Return the run of a name in ``mnist-draw runs``, of a folder or of a record's file."""
    path = Path(name)
    folder = path.parent if path.name == RECORD else path
    if (folder / RECORD).is_file():
        return read_run(folder)
    runs = readable_runs()
    wanted = name.removeprefix(_MARK)
    for run in runs:
        if wanted in (run.folder.name, run.title):
            return run
    names = [run.folder.name for run in runs]
    meant = did_you_mean(wanted, names, "mnist-draw runs")
    raise UserError("There is no run {name}. {meant}", name=repr(name), meant=meant)


def settings_at_start(run: Run) -> TrainingSettings:
    """Return the settings with which a run began: without what was changed while it trained."""
    settings = run.settings
    for change in reversed(run.changes):
        settings = settings.replace(**{change.name: change.before})
    return settings


class Replay:
    """Asks for each change of a run before the minibatch that was the first to follow it."""

    def __init__(self, changes: Sequence[SettingChanged], controls: Controls) -> None:
        self._changes = changes
        self._controls = controls
        self._ask(1, 1)

    def follow(self, event: Event) -> None:
        if isinstance(event, BatchFinished):
            self._ask(event.epoch, event.batch + 1)
        elif isinstance(event, EpochFinished):
            self._ask(event.epoch + 1, 1)

    def _ask(self, epoch: int, batch: int) -> None:
        for change in self._changes:
            if (change.epoch, change.batch) == (epoch, batch):
                self._controls.change(change.name, change.value)


def surroundings(data: Dataset) -> dict[str, str]:
    """Return what the figures of a run depend on besides its settings."""
    python = ".".join(map(str, sys.version_info[:3]))
    return {
        "program": f"mnist_draw {__version__}",
        "engine": theano_bridge.engine(),
        "python": f"Python {python}",
        "numpy": f"NumPy {np.__version__}",
        "lasagne": f"Lasagne {metadata.version('lasagne')}",
        "machine": _machine(),
        "data": fingerprint(data),
        "pictures": f"{zlib.crc32(np.ascontiguousarray(data.train_images).data):08x}",
    }


def _machine() -> str:
    """Return the processor and its widest vectors, which decide in what order numbers are added."""
    try:
        vectors = np.show_config(mode="dicts")["SIMD Extensions"]
    except TypeError:
        # NumPy before 1.25, beside which the real Theano runs, only prints them.
        return platform.machine()
    widest = [*vectors["baseline"], *vectors.get("found", ())][-1:]
    return " ".join([platform.machine(), *widest])


def describe_repeated(run: Run) -> str:
    """Say which run is repeated, with how many changes."""
    if not run.changes:
        return _("Repeats {run}.", run=run.full_title)
    return counted(
        "Repeats {run}, with the {count} change made while it trained.",
        "Repeats {run}, with the {count} changes made while it trained.",
        len(run.changes),
        run=run.full_title,
    )


def describe_differences(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say what is not as it was when a run was made; empty if nothing is, or nothing is known."""
    other = [name for name, value in before.items() if now.get(name, value) != value]
    if not other:
        return ""
    return _(
        "The run was made with {before}; this is {now}. The figures may differ.",
        before=", ".join(_named(name, before[name]) for name in other),
        now=", ".join(_named(name, now[name]) for name in other),
    )


def _named(name: str, value: str) -> str:
    return _("training data {mark}", mark=value) if name in _DATA else value
