"""Runs in the Train tab: trained, offered, listed, compared, renamed, deleted, exported."""

import re
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
from filelock import FileLock
from qtpy.QtCore import Qt
from qtpy.QtGui import QCursor
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QProgressBar

from mnist_draw.app.kit.layout import ClickShield
from mnist_draw.app.kit.waiting import AFTER_LEARNING, AFTER_RUN
from mnist_draw.errors import UserError
from mnist_draw.library.entries import entry_of_run
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.models import ModelFile, save_model
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import events
from mnist_draw.training.record import read_run
from mnist_draw.training.run_list import list_runs
from mnist_draw.training.settings import SettingsError, TrainingSettings

from ..fakes import Diverging, FullDisk, Loop, checkpoint_after
from .conftest import NETWORK, WEIGHTS, add_run


def test_a_run_from_start_to_end(make):
    room = make()
    room.start(epochs=3)
    assert room.training.running
    assert not room.button("startButton").isVisible()
    assert room.button("pauseButton").isVisible()
    room.wait_for_end()
    figures = {
        "trainLossLabel": "0.1333",
        "trainAccuracyLabel": "91.00%",
        "validationLossLabel": "0.1000",
        "validationAccuracyLabel": "97.84%",
        "testAccuracyLabel": "98.29%",
        "timeLeftLabel": "",
        "stateLabel": "Completed",
        "bestLabel": "97.84%, epoch 1",
    }
    assert {name: room.text(name) for name in figures} == figures
    bar = room.tab.findChild(QProgressBar, "epochBar")
    assert bar.value() == bar.maximum()
    assert room.button("newRunButton").isVisible()
    assert "98.29%" in room.text("headlineLabel")
    assert re.search("9,829 of 10,000 .* 3 epochs", room.text("resultLabel"))
    assert not room.button("stopButton").isEnabled()
    assert list(room.tab.loss.validation_curve.getData()[0]) == [1, 2, 3]
    assert room.button("tryItButton").isVisible()
    assert room.run.state.shown_run.key == room.run.state.run.key
    digits = room.tab.run_page.digits
    room.qtbot.waitUntil(digits.isVisible)
    # Without its data set, a run says nothing of digits, and shows none.
    room.run.show_run(add_run("2026-01-01 10.00.00", data_folder="gone"))
    room.qtbot.waitUntil(lambda: not digits.isVisible())
    assert "validation" in room.text("headlineLabel")


def test_a_run_that_is_being_saved_says_so(make, monkeypatch):
    room, saved = make(), threading.Event()
    monkeypatch.setattr(RunSession, "save_model", lambda *_: saved.wait(10))
    room.start(epochs=1)
    room.wait_for("completed")
    assert not room.button("newRunButton").isVisible()
    saved.set()
    room.wait_for_end()
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
    assert room.text("stateLabel") == "Paused at 1 of 20"
    QTest.keyClick(room.tab, Qt.Key_F6)
    assert room.text("stateLabel") == "Paused at 1 of 21"
    # So do the axes and the name, also in the Library.
    assert (room.tab.loss.planned, room.tab.accuracy.planned) == (21, 21)
    assert room.text("runTitle") == room.run.state.run.title == "Tutorial MLP, 21 epochs"
    page, key = room.show_library(), room.run.state.run.key
    room.qtbot.waitUntil(lambda: page.list.rows.find(key) is not None)
    assert page.list.rows.find(key).name == "Tutorial MLP, 21 epochs"
    room.tab.toggle_library()
    QTest.keyClick(room.tab, Qt.Key_F5)
    room.qtbot.waitUntil(lambda: room.run.state.run.state != "paused")
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
    # Nothing was learned that could be tried.
    assert start.hasFocus()


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
    mark = room.tab.settings.fields["batch_size"]
    assert "too large" in mark.remark.text()
    room.tab.settings.apply("seed", 9)
    assert not mark.remark.text()
    # So is what keeps it from being tried.
    room.start(network=f"layers:{','.join(['10000'] * 10)}")
    assert not room.training.running
    assert "parameters" in room.tab.settings.fields["network"].remark.text()


def test_a_run_that_fails_says_so_and_leaves_the_page_of_a_new_run(make):
    room = make(Loop(writes=True))
    room.start(epochs=2)
    room.wait_for_end()
    before = room.run.state.run.folder
    room.loop.error = UserError("The folder /x holds no IDX files.")
    room.run.start()
    room.wait_for_end()
    assert "no IDX files" in room.message
    assert room.tab.page == "new"
    assert room.button("startButton").isEnabled()
    # The run before is the last one again. Where it cannot go on, it is still shown.
    assert room.run.state.shown_run.folder == before
    room.run.show_current()
    room.button("stepButton").click()
    assert list(room.tab.loss.validation_curve.getData()[0]) == [1, 2]
    assert not room.label("testAccuracyLabel").isVisible()
    room.wait_for_end()
    assert room.tab.page == "run"
    assert room.text("stateLabel") == "Completed"
    assert room.text("testAccuracyLabel") == "98.29%"
    assert len([sentence for sentence in room.notices.sentences if "/x" in sentence]) == 2


def test_a_run_begins_without_the_figures_of_another(make):
    room = make()
    room.start(epochs=2)
    room.wait_for_end()
    room.loop.gate.clear()
    room.run.start()
    # It has no events yet.
    assert room.text("stateLabel") == "Getting ready"
    assert room.text("validationAccuracyLabel") == "–"
    assert not room.label("testAccuracyLabel").isVisible()
    assert room.tab.loss.validation_curve.getData()[0] is None
    assert room.hint == ""
    page = room.show_library()
    key = room.run.state.run.key
    room.qtbot.waitUntil(lambda: page.list.rows.find(key) is not None)
    assert page.list.rows.row_view(page.list.rows.find(key)).curve == ()


def test_a_stop_before_the_first_epoch_keeps_nothing(make):
    room = make(Loop(free_epochs=0))
    room.loop.gate.clear()
    room.start(epochs=3)
    room.qtbot.waitUntil(lambda: room.run.state.run.epoch == 1)
    room.run.stop()
    room.loop.gate.set()
    room.wait_for_end()
    assert "nothing is kept" in room.message
    assert room.tab.page == "new"
    room.show_library()
    room.tab.toggle_library()
    assert room.tab.page == "new"


@pytest.mark.parametrize("kept", [1, 3])
def test_a_run_that_goes_on_shows_no_figures_of_its_last_end(make, kept):
    room = make(Loop(writes=True))
    room.start(epochs=3)
    room.wait_for_end()
    assert room.text("testAccuracyLabel") == "98.29%"
    checkpoint_after(kept).save(room.run.state.run.folder / "checkpoint.npz")
    room.loop.gate.clear()
    room.button("stepButton").click()
    room.qtbot.waitUntil(lambda: room.run.state.run.epoch == kept + 1)
    assert not room.label("testAccuracyLabel").isVisible()
    assert ("up to epoch 1" in room.hint) == (kept == 1)
    room.loop.gate.set()
    room.wait_for_end()


def test_what_troubles_a_run_is_told_in_its_hint_line(make):
    room = make()
    room.loop.gate.clear()
    room.run.start()
    room.training.happened.emit([events.RunMessage("Some were set aside.", "note")])
    room.training.happened.emit([events.BatchSizeChosen(90, 500, 900)])
    assert re.match("Some were set aside.* 90", room.hint)
    room.wait_for("training")
    room.training.happened.emit([events.CheckpointFailed("The disk is full.")])
    assert room.hint == "The disk is full."
    room.training.happened.emit([events.Checkpointed(Path(), 1)])
    later: list[list[object]] = []
    room.training.happened.connect(later.append)
    room.qtbot.waitUntil(lambda: room.hint == "")
    assert not later


def test_a_run_on_few_pictures_has_one_name(make):
    room = make()
    room.tab.settings.apply("training_examples", 1)
    room.loop.gate.clear()
    room.run.start()
    name = room.text("runTitle")
    room.training.happened.emit([events.BatchSizeChosen(1, 500, 1)])
    room.wait_for("training")
    run = room.run.state.shown_run
    assert run.settings.batch_size == 1
    assert run.title == name == room.text("runTitle")
    assert "minibatch" not in name


def test_a_run_without_a_network_leads_to_no_layers(make):
    room = make()
    room.loop.gate.clear()
    room.run.start()
    room.wait_for("training")
    inside = room.tab.hint.inside
    assert not inside.isVisibleTo(room.tab)
    finished = events.EpochFinished(1, 20, 1.0, 0.3, 0.9, 0.2, 0.95, 9.0, True, ())
    room.training.happened.emit([finished])
    room.qtbot.waitUntil(lambda: inside.isVisibleTo(room.tab))
    room.loop.gate.set()
    room.wait_for_end()
    assert inside.isVisibleTo(room.tab)
    diverged = add_run("2026-01-01 10.00.00", epochs=0, state="diverged")
    diverged.model.unlink()
    diverged.checkpoint.unlink()
    room.run.show_run(diverged)
    room.qtbot.waitUntil(lambda: not inside.isVisibleTo(room.tab))


def test_compiling_after_minibatches_can_be_paused(make):
    room = make()
    room.loop.gate.clear()
    room.run.start()
    room.qtbot.waitUntil(lambda: room.run.state.run.batch == 1)
    room.training.happened.emit([events.Compiling("the validation function", 1, 2)])
    assert room.run.state.run.label == "Epoch 1 of 20"
    assert room.button("pauseButton").isEnabled()
    assert room.button("stopButton").isEnabled()
    room.button("pauseButton").click()
    room.loop.gate.set()
    room.wait_for("paused")


def test_a_paused_run_has_no_time_left(make):
    room = make()
    room.loop.gate.clear()
    room.run.start()
    room.wait_for("training")
    room.training.happened.emit(
        [events.BatchFinished(1, 20, batch, 100, 0.5, 0.9, 0.01) for batch in range(1, 11)],
    )
    room.tab.state.announce("progress")
    assert room.text("timeLeftLabel")
    room.training.happened.emit([events.Paused()])
    assert not room.text("timeLeftLabel")


def test_after_a_restart_the_last_run_is_shown_and_goes_on(make):
    add_run("2026-01-01 10:00", state="completed")
    cut = add_run("2026-01-02 10:00", state="running", seed=7)
    save_model(cut.model, ModelFile(NETWORK, WEIGHTS, {"epochs": 1}))
    room = make()
    room.qtbot.waitUntil(lambda: room.tab.page == "run")
    # Its model file is from before it went on: the figures are not those of that network.
    assert not room.button("tryItButton").isVisible()
    assert not room.button("shareButton").isVisible()
    assert room.text("runTitle").endswith("seed 7")
    assert "3 of 20" in room.text("headlineLabel")
    assert room.text("validationAccuracyLabel") == "95.00%"
    curve = room.tab.loss.validation_curve
    assert list(curve.getData()[0]) == [1, 2, 3]
    grid = room.tab.run_page.digits.grid
    room.qtbot.waitUntil(lambda: grid.read is not None)
    # It is to be continued first: no advice judges it yet.
    assert not room.hint
    room.loop.gate.clear()
    chosen = room.tab.settings.settings()
    go_on = room.button("trainOnButton")
    room.tab.activateWindow()
    go_on.setFocus()
    room.qtbot.waitUntil(go_on.hasFocus)
    go_on.click()
    assert room.training.running
    assert room.tab.settings.settings().seed == 7
    room.qtbot.waitUntil(lambda: room.run.state.run.epoch == 4)
    room.qtbot.waitUntil(room.button("pauseButton").hasFocus)
    # What is known from before is there at once.
    assert room.text("validationAccuracyLabel") == "95.00%"
    room.loop.gate.set()
    room.wait_for_end()
    assert room.button("tryItButton").hasFocus()
    run = read_run(cut.folder)
    assert (run.state, run.epochs_done, run.started) == ("completed", 20, "2026-01-02 10:00")
    # What was chosen for the next run is chosen again.
    assert room.tab.settings.settings() == chosen


def test_a_run_that_was_cut_off_before_the_last_one_is_offered_once(make):
    add_run("2026-01-01 10:00", state="running", seed=7)
    add_run("2026-01-02 10:00")
    room = make()
    assert "seed 7" in room.message
    room.undo()
    room.qtbot.waitUntil(lambda: room.text("runTitle").endswith("seed 7"))
    offered = len(room.notices)
    room.run.show_last_run()
    room.wait_for_background()
    assert len(room.notices) == offered


def test_a_run_that_another_window_trains_is_not_offered(make):
    elsewhere = add_run("2026-01-02 10:00", state="running", seed=7)
    add_run("2026-01-01 10:00")
    with FileLock(elsewhere.folder / "run.lock"):
        room = make()
        room.wait_for_background()
        assert room.run.state.run.state == "completed"
        assert "seed 7" not in room.text("runTitle")


def test_a_damaged_checkpoint_is_told_at_the_start(make):
    run = add_run("2026-01-01 10:00", state="running")
    run.checkpoint.write_bytes(b"half a checkpoint")
    room = make()
    assert "cannot be continued" in room.message
    assert list(run.folder.glob("checkpoint.npz.unreadable-*"))


def test_another_run_is_looked_at_while_one_goes_on(make):
    before = add_run("2026-01-01 10:00", epochs=5)
    room = make(Loop(free_epochs=2))
    room.loop.gate.clear()
    room.start(epochs=4)
    room.qtbot.waitUntil(lambda: room.run.state.run.epoch == 3)
    room.run.show_run(before)
    room.qtbot.waitUntil(room.tab.run_page.finished.isVisible)
    assert list(room.tab.loss.validation_curve.getData()[0]) == [1, 2, 3, 4, 5]
    assert not room.button("trainOnButton").isVisible()
    assert room.run.state.run.epoch == 3
    # Nothing starts or pauses beside it; the way back takes the place of a new run.
    assert not room.button("startButton").isEnabled()
    room.button("newRunButton").click()
    assert not room.tab.run_page.finished.isVisible()
    assert list(room.tab.loss.validation_curve.getData()[0]) == [1, 2]


def test_a_run_that_waits_for_learning_can_be_cancelled(make):
    room = make()
    learning = SimpleNamespace(running=True, ended=room.training.ended)
    room.queue.serve({AFTER_RUN: room.training, AFTER_LEARNING: learning}, {})
    room.run.start()
    assert room.network.state.queue.kind == "run"
    assert "Starts after learning" in room.text("queuedLabel")
    assert not room.button("pauseButton").isEnabled()
    stop = room.button("stopButton")
    assert stop.text() == "Cancel"
    stop.click()
    assert room.network.state.queue is None
    assert not room.training.running
    assert room.tab.page == "new"


def test_a_loss_without_limit_leads_to_a_calmer_run(make):
    room = make(Diverging())
    room.start(epochs=2, learning_rate=5.0)
    room.wait_for_end()
    assert "without limit" in room.text("failedLabel")
    assert "5,000 times" in room.text("failureReasonLabel")
    assert room.message == ""
    room.tab.activateWindow()
    remedy = room.button("calmerRunButton")
    remedy.setFocus()
    remedy.click()
    assert room.tab.page == "new"
    assert room.tab.settings.settings().learning_rate == 0.001
    assert room.button("startButton").hasFocus()


def test_what_becomes_of_a_broken_epoch_is_told_and_counts_agree(make, qtbot):
    room = make(Loop(free_epochs=2))
    room.loop.gate.clear()
    room.start(epochs=5)
    qtbot.waitUntil(lambda: room.run.state.run.epoch == 3)
    room.run.stop()
    # Closing the window after that makes no run that is offered again.
    room.training.stop(closing=True)
    room.loop.gate.set()
    room.wait_for_end()
    assert "epoch 2" in room.hint
    assert "epoch 3 of 5" in room.text("headlineLabel")
    assert room.tab.run_page.finished.on_button.text() == "Continue"
    page = room.show_library()
    detail = page.list.rows.row_view(page.list.current()).detail
    assert "2 of 5 epochs, stopped, 0." in detail
    assert list_runs()[0][0].state == "stopped"


def test_a_deleted_run_gets_no_epoch_more(make, qtbot):
    room = make(Loop(writes=True))
    room.start(epochs=1)
    room.wait_for_end()
    ((run,), _) = list_runs()
    step = room.tab.step_button
    assert step.isEnabled()
    room.library.delete(entry_of_run(run))
    qtbot.waitUntil(lambda: not step.isEnabled())
    assert "deleted" in room.text("resultLabel")
    room.undo()
    qtbot.waitUntil(step.isEnabled)
    assert "deleted" not in room.text("resultLabel")


def test_nonsense_among_the_stored_settings_is_reported(make):
    preferences = Preferences()
    preferences.set("training", {"epochs": "many"})
    preferences.save()
    room = make()
    assert "not used" in room.message
    assert room.tab.settings.settings() == TrainingSettings()


def test_the_main_key_does_what_the_button_that_names_it_does(make, qtbot):
    whole = add_run("2026-01-01 10:00")
    cut = add_run("2026-01-02 10:00", state="interrupted")
    room = make()
    qtbot.waitUntil(lambda: room.tab.page == "run")
    room.tab.activateWindow()
    room.loop.gate.clear()
    go_on, new = room.button("trainOnButton"), room.button("newRunButton")
    assert (go_on.property("keys"), new.property("keys")) == ("F5", "")
    QTest.keyClick(room.tab, Qt.Key_F5)
    room.wait_for("training")
    # It is the same run that goes on.
    assert room.run.state.run.folder == cut.folder
    assert new.property("keys") == ""
    room.run.stop()
    room.loop.gate.set()
    room.wait_for_end()
    room.run.show_run(whole)
    qtbot.waitUntil(lambda: room.run.state.shown_run.folder == whole.folder)
    assert (go_on.property("keys"), new.property("keys")) == ("", "F5")
    room.tab.show_page("library")
    with qtbot.waitSignal(room.run.train_requested):
        QTest.keyClick(room.tab, Qt.Key_F5)
    # What is trained next is seen before it is started.
    assert room.tab.page == "new"
    assert not room.training.running


def test_a_click_meant_for_the_page_before_does_nothing(make, qtbot):
    room = make()
    room.loop.gate.clear()

    def click(name):
        button = room.button(name)
        place = button.mapTo(room.tab, button.rect().center())
        QCursor.setPos(room.tab.mapToGlobal(place))
        QTest.mouseClick(room.tab.windowHandle(), Qt.LeftButton, pos=place)

    click("startButton")
    # Elsewhere the page can be used at once.
    click("libraryButton")
    assert room.tab.page == "library"
    # The page is shown by a click in the place of one of its buttons.
    room.tab.show_page("run")
    click("libraryButton")
    assert room.tab.page == "run"
    qtbot.waitUntil(room.tab.findChild(ClickShield).isHidden)
    click("libraryButton")
    assert room.tab.page == "library"
