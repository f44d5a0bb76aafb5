"""A run that is over."""

from __future__ import annotations

from pathlib import Path

import pytest

from mnist_draw.dataset.mnist import Dataset
from mnist_draw.training.events import Event

from .short_runs import SMALL, run


@pytest.fixture(scope="module")
def finished(digits: Dataset, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Event]]:
    """A complete run's checkpoint, and its events."""
    path = tmp_path_factory.mktemp("finished") / "run"
    return path, run(SMALL, dataset=digits, checkpoint=path)
