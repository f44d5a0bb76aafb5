"""Figures, progress and hints of a run."""

from __future__ import annotations

import pytest

from mnist_draw.app.train.run_figures import FiguresRow, ProgressRow
from mnist_draw.app.train.run_state import RunState
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.training.events import BatchFinished, Compiling
from mnist_draw.training.hints import Hint, diverged, read_curves
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.settings import TrainingSettings


def test_a_longer_figure_moves_no_other(qtbot):
    row = FiguresRow()
    qtbot.addWidget(row)
    row.resize(900, 80)
    row.show()
    state = RunState()
    row.show_state(state)
    before = [figure.geometry() for figure in row._figures]
    state.take(BatchFinished(1, 1, 1, 1, 123456789.0, 0.9, 0.01))
    row.show_state(state)
    row.layout().activate()
    assert [figure.geometry() for figure in row._figures] == before


def test_the_number_of_the_epoch_may_grow(qtbot):
    row = ProgressRow()
    qtbot.addWidget(row)
    state = RunState()
    state.epochs = 1000
    state.epoch = 9
    row.show_state(state)
    width = row.epoch.width()
    state.epoch = 1000
    row.show_state(state)
    assert row.epoch.width() == width


def test_compiling_is_no_progress_of_the_epoch(qtbot):
    row = ProgressRow()
    qtbot.addWidget(row)
    state = RunState()
    state.take(Compiling("the validation function", 1, 2))
    row.show_state(state)
    assert row.epoch_bar.value() == row.run_bar.value() == 0
    assert state.label == "Compiling the validation function, 2 of 2"


# -- hints


def epochs(training, validation):
    """Return epochs with these losses."""
    return [
        EpochFigures(n + 1, 1.0, t, 0.9, v, 0.9, 1e4)
        for n, (t, v) in enumerate(zip(training, validation, strict=True))
    ]


SETTINGS = TrainingSettings(learning_rate=0.01)


@pytest.mark.parametrize(
    ("training", "validation", "says", "changes"),
    [
        ([], [], "Only the second counts", ""),
        ([1.0], [0.9], "Each epoch shows", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.9, 0.7, 0.6, 0.5, 0.4], "Both losses fall", ""),
        ([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53], "by heart", "augmentation"),
        ([0.5, 0.5, 0.6, 0.7, 0.8], [0.5, 0.5, 0.5, 0.5, 0.5], "has risen", "learning_rate"),
        ([0.5, 0.5, 0.5, 0.5, 0.5], [0.5, 0.5, 0.5, 0.5, 0.5], "Neither loss", "learning_rate"),
    ],
)
def test_reading(training, validation, says, changes):
    hint = read_curves(epochs(training, validation), SETTINGS)
    assert says in hint.sentence
    assert hint.name == changes
    assert bool(hint.remedy) == bool(changes)
    if changes == "learning_rate":
        assert (hint.value, hint.remedy) == (0.003, "Set the learning rate to 0.003")


@pytest.mark.parametrize(
    ("rule", "rate", "advised"),
    [("adam", 10.0, 0.001), ("sgd", 10.0, 0.1), ("adam", 0.001, 0.0001)],
)
def test_after_divergence_the_usual_rate_is_advised(rule, rate, advised):
    wild = TrainingSettings(update=rule, learning_rate=rate)
    told = diverged("The loss became nan.", wild)
    assert (told.sentence, told.value) == ("The loss became nan.", advised)
    silent = read_curves(epochs([1.0], [0.9]), wild, (0.99,))
    assert silent.value == advised
    assert "do not come back" in silent.sentence
    assert f"{advised:g}." in silent.sentence


def test_learning_by_heart_despite_augmentation_asks_for_l2():
    overfitted = epochs([1.0, 0.8, 0.6, 0.5, 0.4], [0.5, 0.5, 0.51, 0.52, 0.53])
    varied = SETTINGS.replace(augmentation="pen")
    assert (read_curves(overfitted, varied).name, read_curves(overfitted, varied).value) == (
        "l2", 1e-4,
    )  # fmt: skip
    assert read_curves(overfitted, varied.replace(l2=0.001)).value == 0.003


def test_many_silent_units():
    falling = epochs([1.0, 0.8], [0.9, 0.7])
    assert "50 % of a layer" in read_curves(falling, SETTINGS, (0.1, 0.5)).sentence
    assert "Each epoch" in read_curves(falling, SETTINGS, (0.1, 0.2)).sentence


def test_the_button_applies_the_remedy(qtbot):
    tab = TrainTab()
    qtbot.addWidget(tab)
    for hint in (
        Hint("", "x", "learning_rate", 0.5),
        Hint("", "x", "l2", 0.25),
        Hint("", "x", "augmentation", "warp"),
    ):
        tab.hint.show_hint(hint)
        tab.hint.remedy.click()
        assert getattr(tab.settings.settings(), hint.name) == hint.value
        assert tab.hint.remedy.isHidden()
    tab.settings.examples.show_recipe("off", None, 1)
