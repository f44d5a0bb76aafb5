"""The figures of a run."""

from __future__ import annotations

import builtins
import csv

import numpy as np
import pytest

import mnist_draw
from mnist_draw.errors import MissingPackageError, StorageError
from mnist_draw.training import events
from mnist_draw.training.events import EpochFinished
from mnist_draw.training.history import EPOCH_COLUMNS, History
from tests.training.short_runs import SMALL, of, run


def filled():
    history = History()
    history.add(events.Started(1, 2, 2, 100, 200))
    for epoch in (1, 2):
        for batch in (1, 2):
            loss, accuracy = 1 / (epoch + batch), 0.1 * batch
            history.add(events.BatchFinished(epoch, 2, batch, 2, loss, accuracy, 0.01))
        history.add(events.Validating(epoch))
        history.add(
            events.EpochFinished(epoch, 2, 0.5, 0.3, 0.9, 0.1 / epoch, 0.95, 400.0, True, ())
        )
    return history


def test_every_figure_is_kept():
    history = filled()
    assert history.batch_losses.tolist() == [1 / 2, 1 / 3, 1 / 3, 1 / 4]
    assert history.batch_accuracies.tolist() == [0.1, 0.2, 0.1, 0.2]
    assert [figures.epoch for figures in history.epochs] == [1, 2]
    assert history.epochs[1].validation_loss == 0.05
    assert history.test_loss is history.test_accuracy is None
    history.add(events.Tested(0.2, 0.97))
    assert (history.test_loss, history.test_accuracy) == (0.2, 0.97)


def test_through_arrays_and_back():
    history = filled()
    losses, accuracies, table = history.to_arrays()
    assert table.shape == (2, len(EPOCH_COLUMNS))
    assert table.dtype == losses.dtype == np.float64
    again = History.from_arrays(losses, accuracies, table)
    assert again.batch_losses == history.batch_losses
    assert again.batch_accuracies == history.batch_accuracies
    assert again.epochs == history.epochs


def test_arrays_are_copies():
    history = filled()
    losses, _, table = history.to_arrays()
    losses[:] = table[:] = 0
    assert history.batch_losses[0] == 0.5
    assert history.epochs[0].seconds == 0.5
    # And the history can grow while they are held.
    history.add(events.BatchFinished(3, 3, 1, 2, 0.1, 0.9, 0.01))


def test_an_empty_history():
    losses, accuracies, table = History().to_arrays()
    assert losses.shape == accuracies.shape == (0,)
    assert table.shape == (0, len(EPOCH_COLUMNS))
    assert History.from_arrays(losses, accuracies, table).epochs == []


def test_csv(tmp_path):
    history = filled()
    history.write_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(EPOCH_COLUMNS)
    assert rows[0][:2] == ["epoch", "seconds"]
    assert len(rows) == 3
    assert [float(cell) for cell in rows[2]] == history.epoch_table()[1].tolist()


def test_csv_of_minibatches(tmp_path):
    history = filled()
    history.write_minibatches_csv(tmp_path / "run.csv")
    with (tmp_path / "run.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["minibatch", "training_loss", "training_accuracy"]
    assert [int(row[0]) for row in rows[1:]] == list(range(1, len(history.batch_losses) + 1))
    assert [float(row[1]) for row in rows[1:]] == list(history.batch_losses)
    assert [float(row[2]) for row in rows[1:]] == list(history.batch_accuracies)


def test_csv_that_cannot_be_written(tmp_path):
    with pytest.raises(StorageError, match="absent"):
        filled().write_csv(tmp_path / "absent" / "run.csv")


def test_it_listens_to_the_loop(digits):
    history = mnist_draw.LossHistory()
    assert repr(history) == "<LossHistory: no epoch yet>"
    seen = of(EpochFinished, run(SMALL, history, dataset=digits))
    assert history.epoch.tolist() == [1, 2]
    for name in ("training_loss", "training_accuracy", "validation_loss", "validation_accuracy"):
        values = getattr(history, name)
        assert values.dtype == np.float64
        assert values.tolist() == [getattr(event, name) for event in seen]
    assert f"{seen[-1].validation_loss:.4f}" in repr(history)


@pytest.mark.slow
def test_the_curves_are_those_of_the_run(digits):
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


def test_without_matplotlib_a_sentence_says_what_to_install(monkeypatch):
    original = builtins.__import__

    def without(name, *rest, **named):
        if name.startswith("matplotlib"):
            raise ModuleNotFoundError(name)
        return original(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r"needs matplotlib.*mnist_draw\[plot\]"):
        mnist_draw.LossHistory().plot()


@pytest.mark.parametrize("write", ["write_csv", "write_minibatches_csv"])
def test_only_a_table_of_the_same_kind_is_replaced(write, tmp_path):
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
