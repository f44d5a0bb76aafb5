"""Whatever stands in a field of a record, a checkpoint or a model: a sentence, or it is of use."""

from __future__ import annotations

import copy
import io
import json
from typing import Any

import numpy as np
import pytest

from mnist_draw.errors import UserError
from mnist_draw.storage import ModelFile, load_model, npz, save_model
from mnist_draw.training import record, run_list
from mnist_draw.training.checkpoint import Checkpoint, load_checkpoint
from mnist_draw.training.events import SettingChanged
from mnist_draw.training.record import Run, read_run
from mnist_draw.training.settings import TrainingSettings

NONSENSE: list[Any] = [
    None, True, -1, 0, 2.5, 10**400, -(10**30), float("nan"), float("-inf"), 2_000_000_000, "",
    "\ud800", "x" * 500, [], [[]], {}, {"a": 1}, [float("nan")],
]  # fmt: skip
CHANGES = (SettingChanged(1, 1, 3, "l2", 0.0, 0.1),)
FIGURES = (np.ones(3), np.ones(3), np.array([[1.0] * 7]))
WEIGHTS = (np.ones((2, 3), np.float32),)


def variants(values):
    """Yield copies of JSON values, each with one of them replaced or, in an object, left out."""
    if isinstance(values, dict | list):
        for key in list(values) if isinstance(values, dict) else range(len(values)):
            for inner in variants(values[key]):
                changed = copy.copy(values)
                changed[key] = inner
                yield changed
            if isinstance(values, dict):
                yield {name: value for name, value in values.items() if name != key}
    yield from NONSENSE


def run(folder):
    settings = TrainingSettings(epochs=2, update_parameters={"rho": 0.9})
    return Run(folder, settings, "mine", "2026-01-01 10:00", "stopped", 1, 2.0,
               {"test_loss": 0.1}, CHANGES)  # fmt: skip


@pytest.mark.slow
def test_records(tmp_path, monkeypatch):
    monkeypatch.setenv("MNIST_DRAW_HOME", str(tmp_path))
    folder = run_list.new_run_folder()
    run(folder).save()
    path = folder / record.RECORD
    for values in variants(json.loads(path.read_bytes())):
        path.write_text(json.dumps(values))
        try:
            found = read_run(folder)
        except UserError:
            continue
        # What is accepted can be shown, sorted, and written again.
        assert 0 <= found.epochs_done <= 10**6
        assert np.isfinite([found.seconds, *found.figures.values()]).all()
        found.title.encode()
        found.save()
        assert read_run(folder) == found


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["checkpoint", "model"])
def test_headers(tmp_path, kind):
    path = tmp_path / "file.npz"
    if kind == "checkpoint":
        made = Checkpoint(
            run(tmp_path).settings, 1, "mark", WEIGHTS, WEIGHTS, FIGURES, 1, 0.5, WEIGHTS, CHANGES
        )
        path.write_bytes(made.pack())
    else:
        metadata = {"title": "A", "data": "MNIST", "test_accuracy": 0.9, "settings": {"l2": 0.1}}
        save_model(path, ModelFile("mlp", WEIGHTS, metadata))
    arrays: dict[str, Any] = npz.Archive(io.BytesIO(path.read_bytes())).read_all()
    for values in variants(json.loads(arrays["header"].tobytes())):
        arrays["header"] = np.frombuffer(json.dumps(values).encode(), np.uint8)
        path.write_bytes(npz.pack(arrays))
        try:
            found: Any = load_checkpoint(path) if kind == "checkpoint" else load_model(path)
        except UserError:
            continue
        if kind == "checkpoint":
            assert (found.epoch, len(found.changes)) in ((1, 0), (1, 1))
            found.pack()
        else:
            found.describe().encode()
            save_model(path, found)
