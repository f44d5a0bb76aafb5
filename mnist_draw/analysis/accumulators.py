"""What an update rule remembers, as it is in the middle of a run.

A network's file does not hold the accumulators of its update rule; a step with empty ones would
be many times too large. They are those of the network's own run where its checkpoint is still
there. Else they are filled on some minibatches that are learnt at the rate 0, and cached.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mnist_draw.errors import UserError
from mnist_draw.storage import ModelFile
from mnist_draw.storage.cache import read, save
from mnist_draw.training.checkpoint import load_checkpoint
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import TrainingSettings

Values = Sequence[npt.NDArray[Any]]
Shapes = Sequence[tuple[int, ...]]

_KIND, _VERSION = "accumulators", 1
#: So many runs of the same network are compared, the newest first: each checkpoint is read.
_MAX_RUNS = 3


def read_from_run(
    model: ModelFile, settings: TrainingSettings, shapes: Shapes
) -> tuple[npt.NDArray[Any], ...] | None:
    """Return the accumulators of the network's run; None without a checkpoint of these shapes."""
    try:
        runs, _ = list_runs()
    except UserError:
        return None
    wanted = model.network, settings.update
    alike = [run for run in runs if (run.settings.network, run.settings.update) == wanted]
    for run in alike[:_MAX_RUNS]:
        try:
            checkpoint = load_checkpoint(run.checkpoint)
        except UserError:
            continue
        same = len(checkpoint.parameters) == len(model.parameters) and all(
            map(np.array_equal, checkpoint.parameters, model.parameters)
        )
        state = checkpoint.state[: len(shapes)]
        if same and _fit(state, shapes):
            return state
    return None


def read_filled(
    model: ModelFile, settings: TrainingSettings, shapes: Shapes
) -> tuple[npt.NDArray[Any], ...] | None:
    """Return the accumulators that were filled before, if they were."""
    cached = read(_KIND, _VERSION, _key(model, settings))
    if cached is None:
        return None
    values = tuple(cached[name] for name in sorted(cached))
    return values if _fit(values, shapes) else None


def save_filled(model: ModelFile, settings: TrainingSettings, values: Values) -> None:
    arrays = {f"value_{number:03d}": value for number, value in enumerate(values)}
    save(_KIND, _VERSION, _key(model, settings), arrays)


def _key(model: ModelFile, settings: TrainingSettings) -> str:
    chosen = (settings.update, settings.update_parameters, settings.batch_size, settings.l2)
    return f"{model.fingerprint} {chosen}"


def _fit(values: Values, shapes: Shapes) -> bool:
    return [value.shape for value in values] == list(shapes) and all(
        bool(np.isfinite(value).all()) for value in values
    )
