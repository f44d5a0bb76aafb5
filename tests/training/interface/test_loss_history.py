"""The figures of a run as arrays and as curves."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mnist_draw
from mnist_draw.dataset.mnist import Dataset
from mnist_draw.errors import MissingPackageError
from mnist_draw.storage import StorageError
from mnist_draw.training.events import EpochFinished
from tests.training.short_runs import SMALL, of, run


def test_it_listens_to_the_loop(digits: Dataset) -> None:
    history = mnist_draw.LossHistory()
    assert repr(history) == "<LossHistory: no epoch yet>"
    seen = of(EpochFinished, run(SMALL, history, dataset=digits))
    assert history.epoch.tolist() == [1, 2]
    for name in ("training_loss", "training_accuracy", "validation_loss", "validation_accuracy"):
        values = getattr(history, name)
        assert values.dtype == np.float64
        assert values.tolist() == [getattr(event, name) for event in seen]
    assert f"{seen[-1].validation_loss:.4f}" in repr(history)


def test_the_curves_are_those_of_the_run(digits: Dataset) -> None:
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("agg")
    history = mnist_draw.LossHistory()
    run(SMALL, history, dataset=digits)
    loss, accuracy = history.plot()
    assert loss.lines[1].get_ydata().tolist() == history.validation_loss.tolist()
    assert accuracy.lines[0].get_ydata().tolist() == history.training_accuracy.tolist()
    again = history.plot((loss, accuracy))
    assert again == (loss, accuracy)
    assert len(loss.lines) == 4
    matplotlib.pyplot.close(loss.figure)


def test_without_matplotlib_a_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r"needs matplotlib.*mnist_draw\[plot\]"):
        mnist_draw.LossHistory().plot()


@pytest.mark.parametrize("write", ["write_csv", "write_minibatches_csv"])
def test_only_a_table_of_the_same_kind_is_replaced(write: str, tmp_path: Path) -> None:
    history = mnist_draw.LossHistory()
    foreign = tmp_path / "grades.csv"
    foreign.write_text("name,grade\n")
    with pytest.raises(StorageError, match=r"grades\.csv holds something else .* unchanged"):
        getattr(history, write)(foreign)
    assert foreign.read_text() == "name,grade\n"
    own = tmp_path / "run.csv"
    getattr(history, write)(own)
    first = own.read_bytes()
    getattr(history, write)(own)
    assert own.read_bytes() == first
