"""Runs in the Train tab: trained, offered, listed, compared, renamed, deleted, exported."""

from __future__ import annotations

import threading
from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QProgressBar

from mnist_draw.errors import UserError
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import events
from mnist_draw.training.hints import Hint
from mnist_draw.training.record import read_run
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import SettingsError, TrainingSettings

from ..fakes import FullDisk, Loop, checkpoint_after
from .conftest import add_run, figures, write_checkpoint


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


def test_a_rate_that_is_changed_belongs_to_its_run(make):
    room = make(FullDisk())
    room.loop.gate.clear()
    room.start(epochs=1)
    room.wait_for("training")
    room.tab.settings.apply("learning_rate", 0.5)
    room.loop.gate.set()
    room.wait_for_end()
    assert room.tab.settings.settings().learning_rate == 0.001
    # Continued, the run keeps its own.
    room.loop.gate.clear()
    room.run.one_epoch_more()
    assert room.training.controls.changes == {}
    room.loop.gate.set()
    room.wait_for_end()


def test_what_keeps_a_run_from_starting_is_told_at_its_field(make):
    room = make(Loop(error=SettingsError("The batch size is too large.", "batch_size")))
    room.start(epochs=1)
    room.wait_for_end()
    mark = room.tab.settings.fields["batch_size"].mark
    assert "too large" in mark.error
    room.tab.settings.apply("seed", 9)
    assert not mark.error


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
    room.loop.gate.set()
    room.wait_for_end()
    run = read_run(cut.folder)
    assert (run.state, run.epochs_done, run.started) == ("completed", 20, "2026-01-01 10:00")


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
    room.library.find_interrupted_run()
    room.qtbot.waitUntil(room.tab.offer.isVisible)
    room.start()
    assert not room.tab.offer.isVisible()
    room.run.stop()
    room.wait_for_end()
    room.library.find_interrupted_run()
    room.qtbot.waitUntil(room.tab.offer.isVisible)
    room.button("discardButton").click()
    room.qtbot.waitUntil(lambda: "was deleted" in room.message)
    listed = [run.started for run in list_runs()[0]]
    assert "2026-01-01 10:00" not in listed
    room.undo()
    room.qtbot.waitUntil(lambda: len(list_runs()[0]) == len(listed) + 1)


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
    page = room.show_library()
    detail = page.list.rows.row_view(page.list.current()).detail
    assert detail.endswith("2 of 5 epochs, stopped, 0:00")
    assert list_runs()[0][0].state == "stopped"


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
    room.library.delete_run(run)
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
