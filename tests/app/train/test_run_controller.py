"""A run in the Train tab: its figures, its buttons and keys, its failures."""

from __future__ import annotations

import threading
from pathlib import Path

from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QProgressBar

from mnist_draw.errors import UserError
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.training import events
from mnist_draw.training.hints import Hint

from ..fakes import Loop, checkpoint_after


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
    assert room.button("startButton").isVisible()
    assert not room.button("stopButton").isEnabled()
    assert list(room.tab.loss._validation_curve.getData()[0]) == [1, 2, 3]
    with room.qtbot.waitSignal(room.tab.draw_requested):
        room.button("toDrawButton").click()


def test_a_run_that_is_being_saved_says_so(make, monkeypatch):
    room, saved = make(), threading.Event()
    monkeypatch.setattr(RunSession, "save_model", lambda *_: saved.wait(10))
    room.start(epochs=1)
    room.wait_for("finished")
    assert room.text("stateLabel").startswith("Finishing")
    assert not room.button("startButton").isVisible()
    saved.set()
    room.wait_for_end()
    assert room.text("stateLabel").startswith("Finished")
    assert room.button("startButton").isVisible()


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
    assert pause.hasFocus()
    stop.setFocus()
    QTest.keyClick(stop, Qt.Key_Space)
    assert room.tab.hasFocus()
    room.loop.gate.set()
    room.wait_for_end()
    assert start.hasFocus()


def test_a_first_run_that_fails_has_no_figures(make):
    room = make(Loop(error=UserError("The folder /x holds no IDX files.")))
    room.start()
    room.wait_for_end()
    assert room.message == "The folder /x holds no IDX files."
    assert (room.text("stateLabel"), room.text("timeLeftLabel")) == ("Failed", "–")
    assert room.button("startButton").isVisible()


def test_a_run_that_fails_leaves_the_figures_of_the_one_before(make):
    room = make()
    room.start(epochs=2)
    room.wait_for_end()
    room.loop.error = UserError("The folder /x holds no IDX files.")
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
