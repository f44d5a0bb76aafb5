"""Figures that grow while a run goes on do not move each other."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from mnist_draw.app.train.run_figures import FiguresRow, ProgressRow
from mnist_draw.app.train.run_state import RunState
from mnist_draw.training.events import BatchFinished, Compiling


def test_a_longer_figure_moves_no_other(qtbot: QtBot) -> None:
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


def test_the_number_of_the_epoch_may_grow(qtbot: QtBot) -> None:
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


def test_compiling_is_no_progress_of_the_epoch(qtbot: QtBot) -> None:
    row = ProgressRow()
    qtbot.addWidget(row)
    state = RunState()
    state.take(Compiling("the validation function", 1, 2))
    row.show_state(state)
    assert row.epoch_bar.value() == row.run_bar.value() == 0
    assert state.label == "Compiling the validation function, 2 of 2"
