"""The runs in the window: offered, listed, compared, renamed, deleted, exported."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from filelock import FileLock
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from mnist_draw.app.kit import followed_folder
from mnist_draw.app.train.runs_page import RunsTable
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.unique_paths import move_to_bin
from mnist_draw.training import events
from mnist_draw.training.checkpoint import Checkpoint
from mnist_draw.training.history import History
from mnist_draw.training.record import Run, read_run, with_figures
from mnist_draw.training.runs.run_list import list_runs, runs_folder
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop, checkpoint_after
from ..shell.test_window import Setup

NETWORK = "custom_mlp:1,4,0,0"


def add_run(name: str, epochs: int = 3, state: str = "completed", **settings: Any) -> Run:
    """Make a run of 20 planned epochs on disk."""
    folder = runs_folder() / name
    folder.mkdir(parents=True)
    history = History()
    for epoch in range(1, epochs + 1):
        history.add(events.BatchFinished(epoch, 20, 1, 1, 1 / epoch, 0.5, 0.01))
        history.add(events.EpochFinished(epoch, 20, 60, 0.3, 0.9, 0.2 / epoch, 0.95, 9, True, ()))
    chosen = TrainingSettings(network=NETWORK, epochs=20, **settings)
    shapes = ((784, 4), (4,), (4, 10), (10,))
    weights = tuple(np.zeros(shape, np.float32) for shape in shapes)
    checkpoint = Checkpoint(chosen, epochs, "", weights, (), history.to_arrays(), 1, 0.1, ())
    run = with_figures(Run(folder, chosen, started=name, state=state), history)
    run.save()
    run.checkpoint.write_bytes(checkpoint.pack())
    save_model(run.model, ModelFile(NETWORK, weights, {"title": f"That of {name}"}))
    return run


@pytest.fixture
def make(qtbot: QtBot) -> Iterator[Any]:
    """Return what makes windows, which are closed at the end."""
    made: list[Setup] = []

    def build(loop: Loop | None = None) -> Setup:
        made.append(Setup(qtbot, loop))
        made[-1].window.tabs.setCurrentIndex(0)
        assert made[-1].window.background.wait()
        qtbot.wait(1)
        return made[-1]

    yield build
    for setup in made:
        setup.close()


def show_runs(setup: Setup) -> Any:
    """Open the list of runs."""
    QTest.keyClick(setup.window, Qt.Key_F7)
    page = setup.window.train_tab.runs
    assert page.isVisible()
    setup.qtbot.waitUntil(lambda: page.table.rowCount() > 0)
    return page


def text_of(page: Any, row: int, column: int = 0) -> str:
    return str(page.table.item(row, column).text())


def test_a_run_that_was_cut_off_is_offered_and_continued(make: Any) -> None:
    add_run("2026-01-02 10:00", state="completed")
    cut = add_run("2026-01-01 10:00", state="running", seed=7)
    setup = make()
    assert setup.text("offerLabel") == (
        "Continue MLP 784–4–10, seed 7 (2026-01-01 10:00) after epoch 3 of 20?"
    )
    setup.loop.gate.clear()
    setup.button("continueButton").click()
    assert setup.window.training.running
    assert not setup.window.train_tab.offer.isVisible()
    assert setup.window.train_tab.settings.settings().seed == 7
    setup.qtbot.waitUntil(lambda: setup.text("epochLabel") == "4")
    curve = setup.window.train_tab.loss._validation_curve
    setup.qtbot.waitUntil(lambda: curve.getData()[0] is not None)
    assert list(curve.getData()[0]) == [1, 2, 3]
    # What is known from before is there at once.
    assert setup.text("validationAccuracyLabel") == "95.00 %"
    assert setup.window.train_tab.filters.units == 4
    setup.loop.gate.set()
    setup.wait_for_end()
    run = read_run(cut.folder)
    assert (run.state, run.epochs_done, run.started) == ("completed", 20, "2026-01-01 10:00")


def test_the_list_and_the_offer_say_how_far_a_run_came(make: Any) -> None:
    cut = add_run("2026-01-01 10:00", state="running")
    # Its record is that of the first epoch, after which it was stopped for a while.
    figures = {"validation_accuracy": 0.8, "test_accuracy": 0.81}
    replace(cut, epochs_done=1, figures=figures).save()
    setup = make()
    assert setup.text("offerLabel").endswith("after epoch 3 of 20?")
    page = show_runs(setup)
    assert [text_of(page, 0, column) for column in (2, 4, 5, 6)] == [
        "3 of 20", "95.00 %", "–", "cut off",
    ]  # fmt: skip


def test_a_damaged_checkpoint_is_told_at_the_start(make: Any) -> None:
    run = add_run("2026-01-01 10:00", state="running")
    run.checkpoint.write_bytes(b"half a checkpoint")
    setup = make()
    assert not setup.window.train_tab.offer.isVisible()
    assert "cannot be continued" in setup.text("messageLabel")
    assert list(run.folder.glob("checkpoint.npz.unreadable-*"))


def test_an_offer_is_put_off_or_discarded_and_brought_back(make: Any) -> None:
    add_run("2026-01-01 10:00", state="interrupted")
    setup = make()
    setup.button("notNowButton").click()
    assert not setup.window.train_tab.offer.isVisible()
    setup.window.runs.look_for_interrupted()
    setup.qtbot.waitUntil(setup.window.train_tab.offer.isVisible)
    setup.window.run.start()
    assert not setup.window.train_tab.offer.isVisible()
    setup.window.run.stop()
    setup.wait_for_end()
    setup.window.runs.look_for_interrupted()
    setup.qtbot.waitUntil(setup.window.train_tab.offer.isVisible)
    setup.button("discardButton").click()
    setup.qtbot.waitUntil(lambda: "was deleted" in setup.text("messageLabel"))
    listed = [run.started for run in list_runs()[0]]
    assert "2026-01-01 10:00" not in listed
    setup.button("messageActionButton").click()
    setup.qtbot.waitUntil(lambda: len(list_runs()[0]) == len(listed) + 1)


def test_closing_a_window_leads_to_an_offer(make: Any, qtbot: QtBot) -> None:
    loop = Loop(free_epochs=1)
    loop.gate.clear()
    first = make(loop)
    first.window.train_tab.settings.apply("epochs", 100_000)
    first.window.run.start()
    qtbot.waitUntil(lambda: first.window.run.state.validation_loss is not None)
    (first.window.training.folder / "checkpoint.npz").write_bytes(checkpoint_after(1).pack())
    loop.gate.set()
    first.window.close()
    qtbot.waitUntil(lambda: not first.window.isVisible())
    assert first.window.training.wait()
    ((run,), _) = list_runs()
    assert run.state == "interrupted"


def test_two_ticked_runs_are_laid_over_each_other(make: Any) -> None:
    add_run("2026-01-01 10:00", epochs=2, learning_rate=0.01)
    add_run("2026-01-02 10:00", epochs=5, update="adam")
    setup = make()
    page = show_runs(setup)
    assert [text_of(page, row) for row in (0, 1)] == [
        "MLP 784–4–10, adam", "MLP 784–4–10, rate 0.01",
    ]  # fmt: skip
    assert text_of(page, 0, 2) == "5 of 20"
    assert text_of(page, 0, 3) == "5:00"
    for row in (0, 1):
        page.table.setCurrentCell(row, 0)
        QTest.keyClick(page.table, Qt.Key_Space)
    setup.qtbot.waitUntil(lambda: len(page.compare._curves) == 2)
    assert [len(curve.getData()[0]) for curve in page.compare._curves] == [5, 2]
    names = [
        page.differences.verticalHeaderItem(row).text()
        for row in range(page.differences.rowCount())
    ]
    assert names == ["Update rule", "Learning rate", "Validation", "Test"]
    assert page.differences.item(1, 1).text() == "0.01"
    heading = page.differences.horizontalHeaderItem(1).text()
    assert heading == "MLP 784–4–10\nrate 0.01\n2026-01-01 10:00"
    assert page.differences.columnWidth(1) >= page.differences.sizeHintForColumn(1)
    page.compare.choice.setCurrentIndex(1)
    assert page.compare._curves[0].getData()[1][0] == pytest.approx(95)
    QTest.keyClick(page.table, Qt.Key_Space)
    assert len(page.compare._curves) == 1


def test_a_rate_changed_during_a_run_is_shown_as_such(make: Any) -> None:
    steady = add_run("2026-01-01 10:00", learning_rate=0.0003)
    change = events.SettingChanged(2, 1, 1, "learning_rate", 0.001, 0.0003)
    changed = replace(
        add_run("2026-01-01 10:01", learning_rate=0.0003), changes=(change,), epochs_done=3
    )
    changed.save()
    assert changed.title == "MLP 784–4–10, rate 0.001 → 0.0003"
    page = show_runs(make())
    for run in (steady, changed):
        page.table.tick(run)
    assert page.differences.verticalHeaderItem(0).text() == "Learning rate"
    values = [page.differences.item(0, column).text() for column in (0, 1)]
    assert values == ["0.0003", "0.001 → 0.0003"]


def test_a_run_that_is_going_on_is_listed_with_its_figures(make: Any, qtbot: QtBot) -> None:
    setup = make(Loop(free_epochs=2))
    setup.loop.gate.clear()
    setup.window.train_tab.settings.apply("epochs", 5)
    setup.window.run.start()
    page = show_runs(setup)
    qtbot.waitUntil(lambda: text_of(page, 0, 2) == "2 of 5")
    assert text_of(page, 0, 6) == "running"
    assert text_of(page, 0, 4) == "97.84 %"
    setup.loop.gate.set()
    setup.wait_for_end()
    qtbot.waitUntil(lambda: text_of(page, 0, 6) == "finished")
    assert text_of(page, 0, 2) == "5 of 5"


def write_epochs(run: Run, epochs: int) -> None:
    """Leave what a run has on disk after so many epochs: its record is that of its start."""
    replace(run, epochs_done=0, seconds=0.0, figures={}, state="running").save()
    history = History()
    for epoch in range(1, epochs + 1):
        history.add(events.BatchFinished(epoch, 20, 1, 1, 0.5, 0.5, 0.01))
        history.add(events.EpochFinished(epoch, 20, 60, 0.3, 0.9, 0.2, 0.95, 9, True, ()))
    weights = tuple(np.zeros(shape, np.float32) for shape in ((784, 4), (4,), (4, 10), (10,)))
    checkpoint = Checkpoint(run.settings, epochs, "", weights, (), history.to_arrays(), 1, 0.1, ())
    run.checkpoint.write_bytes(checkpoint.pack())


def test_a_run_of_another_window_is_followed(
    make: Any, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(followed_folder, "FOLLOW_MS", 50)
    run = add_run("2026-01-01 10:00")
    write_epochs(run, 2)
    with FileLock(run.folder / "run.lock"):
        page = show_runs(make())
        assert [text_of(page, 0, column) for column in (2, 3, 4, 6)] == [
            "2 of 20", "2:00", "95.00 %", "running",
        ]  # fmt: skip
        page.table.tick(run)
        qtbot.waitUntil(lambda: len(page.compare._curves) == 1)
        write_epochs(run, 5)
        qtbot.waitUntil(lambda: text_of(page, 0, 2) == "5 of 20")
        qtbot.waitUntil(lambda: len(page.compare._curves[0].getData()[0]) == 5)
        # A name that is being typed stays where it is.
        page.table.editItem(page.table.item(0, 0))
        write_epochs(run, 6)
        qtbot.wait(200)
        assert page.table.editing
        QTest.keyClick(QApplication.focusWidget(), Qt.Key_Escape)
        qtbot.waitUntil(lambda: text_of(page, 0, 2) == "6 of 20")
    qtbot.waitUntil(lambda: text_of(page, 0, 6) == "cut off")


def test_what_is_refused_because_of_another_window_is_no_failure(make: Any) -> None:
    run = add_run("2026-01-01 10:00")
    write_epochs(run, 2)
    with FileLock(run.folder / "run.lock"):
        setup = make()
        page = show_runs(setup)
        before = setup.text("stateLabel")
        for act in (setup.window.runs.continue_run, setup.window.runs.delete):
            act(page.table.current())
            assert "is going on in another window" in setup.text("messageLabel")
            assert not setup.window.training.running
        assert setup.text("stateLabel") == before


def test_what_becomes_of_a_broken_epoch_is_told_and_counts_agree(make: Any, qtbot: QtBot) -> None:
    setup = make(Loop(free_epochs=2))
    setup.loop.gate.clear()
    setup.window.train_tab.settings.apply("epochs", 5)
    setup.window.run.start()
    qtbot.waitUntil(lambda: setup.text("epochLabel") == "3")
    setup.window.run.stop()
    setup.loop.gate.set()
    setup.wait_for_end()
    assert setup.text("messageLabel") == (
        "Epoch 3 was broken off. The network is as that epoch left it. If the run is continued, "
        "epoch 3 begins again."
    )
    assert setup.text("epochLabel") == "2"
    assert setup.text("stateLabel") == "Stopped · 2 of 5 epochs in 0:00"
    page = show_runs(setup)
    assert (text_of(page, 0, 2), text_of(page, 0, 3)) == ("2 of 5", "0:00")


def test_a_run_stopped_and_closed_while_it_is_tested_is_not_offered_again(
    make: Any, qtbot: QtBot
) -> None:
    setup = make(Loop(free_epochs=1))
    setup.loop.gate.clear()
    setup.window.run.start()
    qtbot.waitUntil(lambda: setup.text("epochLabel") == "2")
    setup.window.run.stop()
    setup.window.close()
    setup.loop.gate.set()
    qtbot.waitUntil(lambda: not setup.window.isVisible())
    assert setup.window.training.wait()
    ((run,), _) = list_runs()
    assert run.state == "stopped"


def test_longer_figures_of_a_run_move_no_column(qtbot: QtBot) -> None:
    table = RunsTable()
    qtbot.addWidget(table)
    run = add_run("one")
    table.show_runs([run])
    before = [table.columnWidth(column) for column in range(1, table.columnCount())]
    table.show_runs([replace(run, epochs_done=123_456, seconds=360_000.0)])
    assert [table.columnWidth(column) for column in range(1, table.columnCount())] == before


def test_the_best_accuracy_has_room(make: Any) -> None:
    run = add_run("one", epochs=20)
    figures = {"validation_accuracy": 1.0, "test_accuracy": 1.0}
    replace(run, figures=figures, seconds=36_000.0).save()
    page = show_runs(make())
    assert text_of(page, 0, 5) == "100.00 %"
    for column in range(1, page.table.columnCount()):
        assert page.table.sizeHintForColumn(column) <= page.table.columnWidth(column), column


def test_a_run_is_renamed_in_the_list(make: Any) -> None:
    run = add_run("2026-01-01 10:00")
    setup = make()
    page = show_runs(setup)
    page.table.item(0, 0).setText("Slow steps")
    setup.qtbot.waitUntil(lambda: read_run(run.folder).name == "Slow steps")
    setup.qtbot.waitUntil(lambda: text_of(page, 0) == "Slow steps")


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_a_run_that_another_window_has_deleted_leaves_the_list(make: Any, act: str) -> None:
    run = add_run("2026-01-01 10:00")
    setup = make()
    page = show_runs(setup)
    move_to_bin(run.folder, "The run")
    if act == "rename":
        page.table.item(0, 0).setText("Slow steps")
    else:
        QTest.keyClick(page.table, Qt.Key_Delete)
    setup.qtbot.waitUntil(lambda: page.table.rowCount() == 0)
    said = setup.text("messageLabel")
    assert "is no longer there" in said
    assert "choose another place" not in said
    assert not run.folder.exists()


def test_deleting_by_key_and_bringing_back(make: Any) -> None:
    add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00")
    setup = make()
    page = show_runs(setup)
    QTest.keyClick(page.table, Qt.Key_Delete)
    setup.qtbot.waitUntil(lambda: page.table.rowCount() == 1)
    assert text_of(page, 0, 1) == "2026-01-01 10:00"
    QTest.keyClick(page.table, Qt.Key_Z, Qt.ControlModifier)
    setup.qtbot.waitUntil(lambda: page.table.rowCount() == 2)
    assert not page.bin.isEnabled()


def test_the_figures_of_a_run_deleted_meanwhile_are_not_called_lost(make: Any) -> None:
    run = add_run("2026-01-01 10:00")
    setup = make()
    page = show_runs(setup)
    # Another window deletes it before this one has looked again.
    move_to_bin(run.folder, "The run")
    page.table.tick(page.table.records[0])
    assert setup.window.background.wait()
    setup.qtbot.wait(1)
    assert "lost" not in setup.text("messageLabel")


def test_a_run_is_brought_back_at_a_later_start(make: Any) -> None:
    run = add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00")
    move_to_bin(run.folder, "The run")
    setup = make()
    page = show_runs(setup)
    setup.qtbot.waitUntil(page.bin.isEnabled)
    (action,) = page.bin.menu().actions()
    assert action.text().startswith("MLP 784–4–10 (2026-01-01 10:00), deleted ")
    action.trigger()
    setup.qtbot.waitUntil(lambda: page.table.rowCount() == 2)


def test_a_runs_network_goes_to_the_draw_tab(make: Any) -> None:
    add_run("2026-01-01 10:00")
    setup = make()
    show_runs(setup)
    setup.button("runToDrawButton").click()
    setup.qtbot.waitUntil(lambda: setup.window.tabs.currentIndex() == 1)
    setup.qtbot.waitUntil(lambda: setup.text("statusLabel").startswith("MLP 784–4–10, 1 Jan 10:00"))


@pytest.mark.parametrize(
    ("kind", "beginning"),
    [
        ("png", b"\x89PNG"),
        ("csv", b"epoch,seconds"),
        ("minibatches", b"minibatch,training_loss"),
        ("npz", b"PK"),
        ("model", b"PK"),
        ("py", b'"""Read pictures'),
    ],
)
def test_exports(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, beginning: bytes
) -> None:
    add_run("2026-01-01 10:00")
    setup = make()
    page = show_runs(setup)
    path = tmp_path / f"export.{kind}"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    page.commands.requested.emit(kind, page.table.current())
    setup.qtbot.waitUntil(lambda: setup.text("messageLabel") == f"Saved {path}.")
    assert path.read_bytes().startswith(beginning)


def test_a_run_without_its_network_is_told_of(
    make: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = add_run("2026-01-01 10:00")
    run.model.unlink()
    setup = make()
    page = show_runs(setup)
    path = tmp_path / "export.npz"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
    page.commands.requested.emit("npz", page.table.current())
    setup.qtbot.waitUntil(lambda: "There is no such file" in setup.text("messageLabel"))
    assert not path.exists()


def test_the_running_run_is_not_deleted(make: Any) -> None:
    setup = make()
    setup.loop.gate.clear()
    setup.window.run.start()
    setup.wait_for("training")
    ((run,), _) = list_runs()
    setup.window.runs.delete(run)
    assert "stop it before" in setup.text("messageLabel")
    setup.window.runs.continue_run(run)
    assert "A run is going on" in setup.text("messageLabel")
    assert run.folder.exists()
