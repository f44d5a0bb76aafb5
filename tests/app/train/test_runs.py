"""Runs in the Train tab: trained, offered, listed, compared, renamed, deleted, exported."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest
from filelock import FileLock
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QFileDialog, QProgressBar

from mnist_draw.app.kit import collection, theme
from mnist_draw.app.train.runs_page import DifferencesTable, RunsTable
from mnist_draw.app.train.series import SWATCH, swatch
from mnist_draw.errors import UserError
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.preferences import Preferences
from mnist_draw.storage.unique_paths import move_to_bin
from mnist_draw.training import events
from mnist_draw.training.hints import Hint
from mnist_draw.training.record import read_run
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import TrainingSettings

from ..fakes import Loop, checkpoint_after
from .conftest import add_run, figures, write_checkpoint, write_epochs


def test_a_run_from_start_to_end(make):
    room = make()
    room.start(epochs=3)
    assert room.training.running
    assert not room.button("startButton").isVisible()
    assert room.button("pauseButton").isVisible()
    room.wait_for_end()
    figures = {
        "epochLabel": "3",
        "trainLossLabel": "0.1333",
        "trainAccuracyLabel": "91.00 %",
        "validationLossLabel": "0.1000",
        "validationAccuracyLabel": "97.84 %",
        "testAccuracyLabel": "98.29 %",
        "timeLeftLabel": "0:00",
        "stateLabel": "Finished · 3 epochs in 0:00",
    }
    assert {name: room.text(name) for name in figures} == figures
    bar = room.tab.findChild(QProgressBar, "runProgress")
    assert bar.value() == bar.maximum()
    assert room.button("newRunButton").isVisible()
    assert not room.button("stopButton").isEnabled()
    assert list(room.tab.loss._validation_curve.getData()[0]) == [1, 2, 3]
    with room.qtbot.waitSignal(room.tab.try_requested):
        room.button("tryItButton").click()


def test_a_run_that_is_being_saved_says_so(make, monkeypatch):
    room, saved = make(), threading.Event()
    monkeypatch.setattr(RunSession, "save_model", lambda *_: saved.wait(10))
    room.start(epochs=1)
    room.wait_for("finished")
    assert room.text("stateLabel").startswith("Finishing")
    assert not room.button("newRunButton").isVisible()
    saved.set()
    room.wait_for_end()
    assert room.text("stateLabel").startswith("Finished")
    assert room.button("newRunButton").isVisible()


def test_pause_resume_and_stop_by_key(make):
    room = make()
    room.tab.activateWindow()
    room.loop.gate.clear()
    QTest.keyClick(room.tab, Qt.Key_F5)
    room.wait_for("training")
    room.tab.settings.apply("learning_rate", 0.5)
    assert room.training.controls.changes == {"learning_rate": 0.5}
    QTest.keyClick(room.tab, Qt.Key_F5)
    room.loop.gate.set()
    room.wait_for("paused")
    assert room.button("pauseButton").text() == "Resume"
    assert room.text("stateLabel").startswith("Paused in epoch 1")
    QTest.keyClick(room.tab, Qt.Key_F5)
    room.qtbot.waitUntil(lambda: room.run.state.state != "paused")
    QTest.keyClick(room.tab, Qt.Key_F5, Qt.ShiftModifier)
    room.wait_for_end()


def test_the_focus_stays_with_the_run(make):
    room = make()
    room.loop.gate.clear()
    room.tab.activateWindow()
    start, pause, stop = (room.button(f"{name}Button") for name in ("start", "pause", "stop"))
    start.setFocus()
    room.qtbot.waitUntil(start.hasFocus)
    QTest.keyClick(start, Qt.Key_Space)
    room.wait_for("training")
    room.qtbot.waitUntil(pause.hasFocus)
    stop.setFocus()
    QTest.keyClick(stop, Qt.Key_Space)
    assert room.tab.hasFocus()
    room.loop.gate.set()
    room.wait_for_end()
    # Nothing was learnt that could be tried.
    assert room.button("newRunButton").hasFocus()


def test_a_run_that_fails_leaves_the_figures_of_the_one_before(make):
    room = make(Loop(error=UserError("The folder /x holds no IDX files.")))
    room.start(epochs=2)
    room.wait_for_end()
    assert room.message == "The folder /x holds no IDX files."
    assert (room.text("stateLabel"), room.text("timeLeftLabel")) == ("Failed", "–")
    assert room.button("newRunButton").isVisible()
    error, room.loop.error = room.loop.error, None
    room.run.start()
    room.wait_for_end()
    room.loop.error = error
    room.run.start()
    room.wait_for_end()
    assert "the figures are those of the run before" in room.run.state.label
    assert (room.text("validationLossLabel"), room.text("epochLabel")) == ("0.1500", "2")
    assert list(room.tab.loss._validation_curve.getData()[0]) == [1, 2]


def test_a_run_that_goes_back_shows_no_figures_of_later_epochs(make):
    room = make()
    room.start(epochs=3)
    room.wait_for_end()
    assert room.text("testAccuracyLabel") == "98.29 %"
    (room.training.folder / "checkpoint.npz").write_bytes(checkpoint_after(1).pack())
    room.run.show()
    room.loop.gate.clear()
    room.button("stepButton").click()
    room.qtbot.waitUntil(lambda: room.text("epochLabel") == "2")
    assert room.text("testAccuracyLabel") == "–"
    assert "epoch 1 is the last from which it can go on" in room.message
    room.loop.gate.set()
    room.wait_for_end()


def test_what_is_told_before_the_first_figures_is_joined(make):
    room = make()
    room.tab.hint.show_hint(Hint("The loss became nan.", "x", "learning_rate", 0.1))
    room.loop.gate.clear()
    room.run.start()
    room.run._happened([events.CheckpointFailed(Path(), 0, "Some were set aside.")])
    room.run._happened([events.BatchSizeChosen(90, 500, 900)])
    assert room.message.startswith("Some were set aside. The batch size is 90")
    room.wait_for("training")
    room.run._happened([events.CheckpointFailed(Path(), 0, "The disk is full.")])
    assert room.message == "The disk is full."
    room.qtbot.waitUntil(lambda: "Only the second counts" in room.tab.hint.sentence.text())


def text_of(page, row, column=0):
    return str(page.table.item(row, column).text())


def test_a_run_that_was_cut_off_is_offered_and_continued(make):
    add_run("2026-01-02 10:00", state="completed")
    cut = add_run("2026-01-01 10:00", state="running", seed=7)
    room = make()
    assert room.text("offerLabel") == (
        "Continue MLP 784–4–10, seed 7 (2026-01-01 10:00) after epoch 3 of 20?"
    )
    room.loop.gate.clear()
    room.button("continueButton").click()
    assert room.training.running
    assert not room.tab.offer.isVisible()
    assert room.tab.settings.settings().seed == 7
    room.qtbot.waitUntil(lambda: room.run.state.epoch == 4)
    curve = room.tab.loss._validation_curve
    room.qtbot.waitUntil(lambda: curve.getData()[0] is not None)
    assert list(curve.getData()[0]) == [1, 2, 3]
    # What is known from before is there at once.
    assert room.text("validationAccuracyLabel") == "95.00 %"
    assert room.tab.filters.units == 4
    room.loop.gate.set()
    room.wait_for_end()
    run = read_run(cut.folder)
    assert (run.state, run.epochs_done, run.started) == ("completed", 20, "2026-01-01 10:00")


def test_the_list_and_the_offer_say_how_far_a_run_came(make):
    cut = add_run("2026-01-01 10:00", state="running")
    # Its record is that of the first epoch, after which it was stopped for a while.
    earlier = {"validation_accuracy": 0.8, "test_accuracy": 0.81}
    replace(cut, epochs_done=1, figures=earlier).save()
    room = make()
    assert room.text("offerLabel").endswith("after epoch 3 of 20?")
    page = room.show_runs()
    assert [text_of(page, 0, column) for column in (2, 4, 5, 6)] == [
        "3 of 20", "95.00 %", "–", "cut off",
    ]  # fmt: skip


def test_a_damaged_checkpoint_is_told_at_the_start(make):
    run = add_run("2026-01-01 10:00", state="running")
    run.checkpoint.write_bytes(b"half a checkpoint")
    room = make()
    assert not room.tab.offer.isVisible()
    assert "cannot be continued" in room.message
    assert list(run.folder.glob("checkpoint.npz.unreadable-*"))


def test_an_offer_is_put_off_or_discarded_and_brought_back(make):
    add_run("2026-01-01 10:00", state="interrupted")
    room = make()
    room.button("notNowButton").click()
    assert not room.tab.offer.isVisible()
    room.runs.find_interrupted_run()
    room.qtbot.waitUntil(room.tab.offer.isVisible)
    room.start()
    assert not room.tab.offer.isVisible()
    room.run.stop()
    room.wait_for_end()
    room.runs.find_interrupted_run()
    room.qtbot.waitUntil(room.tab.offer.isVisible)
    room.button("discardButton").click()
    room.qtbot.waitUntil(lambda: "was deleted" in room.message)
    listed = [run.started for run in list_runs()[0]]
    assert "2026-01-01 10:00" not in listed
    room.undo()
    room.qtbot.waitUntil(lambda: len(list_runs()[0]) == len(listed) + 1)


def test_two_ticked_runs_are_laid_over_each_other(make):
    add_run("2026-01-01 10:00", epochs=2, learning_rate=0.01)
    add_run("2026-01-02 10:00", epochs=5, update="adam")
    room = make()
    page = room.show_runs()
    assert [text_of(page, row) for row in (0, 1)] == [
        "MLP 784–4–10, Adam", "MLP 784–4–10, rate 0.01",
    ]  # fmt: skip
    assert text_of(page, 0, 2) == "5 of 20"
    assert text_of(page, 0, 3) == "5:00"
    for row in (0, 1):
        page.table.setCurrentCell(row, 0)
        QTest.keyClick(page.table, Qt.Key_Space)
    room.qtbot.waitUntil(lambda: len(page.compare._curves) == 2)
    assert [len(curve.getData()[0]) for curve in page.compare._curves] == [5, 2]
    names = [
        page.differences.verticalHeaderItem(row).text()
        for row in range(page.differences.rowCount())
    ]
    assert names == ["Optimizer", "Learning rate", "Validation", "Test"]
    assert page.differences.item(1, 1).text() == "0.01"
    heading = page.differences.horizontalHeaderItem(1).text()
    assert heading == "MLP 784–4–10\nrate 0.01\n2026-01-01 10:00"
    assert page.differences.columnWidth(1) >= page.differences.sizeHintForColumn(1)
    page.compare.choice.setCurrentIndex(1)
    assert page.compare._curves[0].getData()[1][0] == pytest.approx(95)
    QTest.keyClick(page.table, Qt.Key_Space)
    assert len(page.compare._curves) == 1


def test_a_rate_changed_during_a_run_is_shown_as_such(qtbot):
    steady = add_run("2026-01-01 10:00", learning_rate=0.0003)
    change = events.SettingChanged(2, 1, 1, "learning_rate", 0.001, 0.0003)
    table = DifferencesTable()
    qtbot.addWidget(table)
    table.show_runs([steady, replace(steady, changes=(change,), epochs_done=3)])
    assert table.verticalHeaderItem(0).text() == "Learning rate"
    values = [table.item(0, column).text() for column in (0, 1)]
    assert values == ["0.0003", "0.001 → 0.0003"]
    # The swatches follow the theme.
    theme.theme().apply("dark")
    icons = table.horizontalHeaderItem(1).icon(), swatch(1)
    shown, expected = (icon.pixmap(*SWATCH).toImage() for icon in icons)
    assert shown == expected


def test_a_run_that_is_going_on_is_listed_with_its_figures_and_not_deleted(make, qtbot):
    room = make(Loop(free_epochs=2))
    room.loop.gate.clear()
    room.start(epochs=5)
    page = room.show_runs()
    qtbot.waitUntil(lambda: text_of(page, 0, 2) == "2 of 5")
    assert text_of(page, 0, 6) == "running"
    assert text_of(page, 0, 4) == "97.84 %"
    ((run,), _) = list_runs()
    room.runs.delete(run)
    assert "stop it before" in room.message
    room.runs.continue_run(run)
    assert "A run is going on" in room.message
    assert run.folder.exists()
    room.tab.toggle_library()
    room.loop.gate.set()
    room.wait_for_end()
    qtbot.waitUntil(lambda: text_of(page, 0, 6) == "finished")
    assert text_of(page, 0, 2) == "5 of 5"


def test_a_run_of_another_window_is_followed(make, qtbot, monkeypatch):
    monkeypatch.setattr(collection, "FOLLOW_MS", 50)
    run = add_run("2026-01-01 10:00")
    write_epochs(run, 2)
    with FileLock(run.folder / "run.lock"):
        page = make().show_runs()
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


def test_what_is_refused_because_of_another_window_is_no_failure(make):
    run = add_run("2026-01-01 10:00")
    write_epochs(run, 2)
    with FileLock(run.folder / "run.lock"):
        room = make()
        page = room.show_runs()
        before = room.text("stateLabel")
        for act in (room.runs.continue_run, room.runs.delete):
            act(page.table.current())
            assert "is going on in another window" in room.message
            assert not room.training.running
        assert room.text("stateLabel") == before


def test_what_becomes_of_a_broken_epoch_is_told_and_counts_agree(make, qtbot):
    room = make(Loop(free_epochs=2))
    room.loop.gate.clear()
    room.start(epochs=5)
    qtbot.waitUntil(lambda: room.run.state.epoch == 3)
    room.run.stop()
    # Closing the window after that makes no run that is offered again.
    room.training.stop(closing=True)
    room.loop.gate.set()
    room.wait_for_end()
    assert "Epoch 3 was broken off" in room.message
    assert room.text("epochLabel") == "2"
    assert room.text("stateLabel") == "Stopped · 2 of 5 epochs in 0:00"
    page = room.show_runs()
    assert (text_of(page, 0, 2), text_of(page, 0, 3)) == ("2 of 5", "0:00")
    assert list_runs()[0][0].state == "stopped"


def test_figures_have_room_and_move_no_column(qtbot):
    table = RunsTable()
    qtbot.addWidget(table)
    run = add_run("one", epochs=20)
    whole = {"validation_accuracy": 1.0, "test_accuracy": 1.0}
    table.show_runs([replace(run, figures=whole, seconds=36_000.0)])
    columns = range(1, table.columnCount())
    before = [table.columnWidth(column) for column in columns]
    assert table.item(0, 5).text() == "100.00 %"
    for column, width in zip(columns, before, strict=True):
        assert table.sizeHintForColumn(column) <= width, column
    table.show_runs([replace(run, epochs_done=123_456, seconds=360_000.0)])
    assert [table.columnWidth(column) for column in columns] == before


@pytest.mark.parametrize("act", ["rename", "delete"])
def test_a_run_that_another_window_has_deleted_leaves_the_list(make, act):
    run = add_run("2026-01-01 10:00")
    room = make()
    page = room.show_runs()
    move_to_bin(run.folder, "The run")
    page.table.tick(page.table.records[0])
    room.wait_for_background()
    assert "lost" not in room.message
    if act == "rename":
        page.table.item(0, 0).setText("Slow steps")
    else:
        QTest.keyClick(page.table, Qt.Key_Delete)
    room.qtbot.waitUntil(lambda: page.table.rowCount() == 0)
    said = room.message
    assert "is no longer there" in said
    assert "choose another place" not in said
    assert not run.folder.exists()


def test_renaming_deleting_and_bringing_back(make):
    run = add_run("2026-01-01 10:00")
    add_run("2026-01-02 10:00")
    before = add_run("2026-01-03 10:00")
    move_to_bin(before.folder, "The run")
    room = make()
    page = room.show_runs()
    page.table.item(1, 0).setText("Slow steps")
    room.qtbot.waitUntil(lambda: read_run(run.folder).name == "Slow steps")
    room.qtbot.waitUntil(lambda: text_of(page, 1) == "Slow steps")
    # It was deleted before this start.
    room.qtbot.waitUntil(page.bin.isEnabled)
    (action,) = page.bin.menu().actions()
    assert action.text().startswith("MLP 784–4–10 (2026-01-03 10:00), deleted ")
    action.trigger()
    room.qtbot.waitUntil(lambda: page.table.rowCount() == 3)
    page.table.setCurrentCell(1, 0)
    QTest.keyClick(page.table, Qt.Key_Delete)
    room.qtbot.waitUntil(lambda: page.table.rowCount() == 2)
    assert text_of(page, 1) == "Slow steps"
    QTest.keyClick(page.table, Qt.Key_Z, Qt.ControlModifier)
    room.qtbot.waitUntil(lambda: page.table.rowCount() == 3)
    assert not page.bin.isEnabled()


def test_exports_and_the_network_to_the_draw_tab(make, tmp_path, monkeypatch):
    run = add_run("2026-01-01 10:00")
    room = make()
    page = room.show_runs()
    with room.qtbot.waitSignal(room.runs.network_requested) as asked:
        room.button("runToDrawButton").click()
    assert asked.args == ["run:2026-01-01 10:00"]

    def export(kind):
        path = tmp_path / f"export.{kind}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(path), ""))
        page.commands.requested.emit(kind, page.table.current())
        return path

    for kind, beginning in {
        "png": b"\x89PNG",
        "csv": b"epoch,seconds",
        "minibatches": b"minibatch,training_loss",
        "npz": b"PK",
        "model": b"PK",
        "py": b'"""Read pictures',
    }.items():
        path = export(kind)
        room.qtbot.waitUntil(lambda path=path: room.message == f"Saved {path}.")
        assert path.read_bytes().startswith(beginning)
    run.model.unlink()
    path.unlink()
    export("py")
    room.qtbot.waitUntil(lambda: "There is no such file" in room.message)
    assert not path.exists()


def test_a_deleted_run_gets_no_epoch_more(make, qtbot):
    room = make()
    room.loop.gate.clear()
    room.start(epochs=1)
    room.wait_for("training")
    ((run,), _) = list_runs()
    write_checkpoint(run, figures(1))
    room.loop.gate.set()
    room.wait_for_end()
    step = room.tab.step_button
    assert step.isEnabled()
    room.runs.delete(run)
    qtbot.waitUntil(lambda: not step.isEnabled())
    room.undo()
    qtbot.waitUntil(step.isEnabled)


def test_nonsense_among_the_stored_settings_is_reported(make):
    preferences = Preferences()
    preferences.set("training", {"epochs": "many"})
    preferences.save()
    room = make()
    assert "not used" in room.message
    assert room.tab.settings.settings() == TrainingSettings()
