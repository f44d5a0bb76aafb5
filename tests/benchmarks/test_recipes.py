"""What presets and augmentation recipes cost: each has its turns, seed by seed."""

from __future__ import annotations

import json

import pytest
import recipes

from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.training.settings import TrainingSettings

DATA = load_dataset().first(600)
SMALL = TrainingSettings(network="custom_mlp:0,1,0,0", batch_size=100, learning_rate=0.01)


@pytest.mark.slow
def test_every_preset_trains_with_every_seed():
    settings = {"tutorial": SMALL.replace(epochs=2), "other": SMALL.replace(epochs=1)}
    found = recipes.measure_presets(settings, [1, 2], DATA)
    for row in found.values():
        assert len(row["accuracies"]) == len(row["seconds"]) == 2
        assert 0.5 < row["mean_accuracy"] < 0.95
    assert found["tutorial"]["ratio"] == 1
    # Another seed is another run, the same seed the same.
    first, second = found["tutorial"]["accuracies"]
    assert first != second
    assert recipes.run(settings["tutorial"].replace(seed=2), DATA)[0] == second
    assert "| other | " in recipes.table({"presets": found})


@pytest.mark.slow
def test_recipes_take_turns_epoch_by_epoch(monkeypatch):
    monkeypatch.setattr(recipes, "TrainingSettings", lambda **changes: SMALL.replace(**changes))
    found = recipes.measure_augmentation(["off", "warp"], 2, DATA)
    assert found["off"]["ratio"] == 1
    assert len(found["warp"]["seconds"]) == 2
    assert "| warp | " in recipes.table({"augmentation": json.loads(json.dumps(found))})
