"""The whole window with quick stand-ins for network and training."""

from __future__ import annotations

import json
import threading
from pathlib import Path

import numpy as np
import pytest
from PyQt5 import sip
from PyQt5.QtCore import QObject, QPoint, QRect, Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QSlider,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.autosave import board_path
from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.inside.inside_view import SECTIONS
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.page import Page
from mnist_draw.app.shell import header
from mnist_draw.app.shell import window as window_module
from mnist_draw.app.shell.desktop import FocusRing
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train.setting_fields import FileCombo
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.library import stored_network
from mnist_draw.library.networks import find_by_key
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage import StorageError
from mnist_draw.storage.models import load_model
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training import events
from mnist_draw.training.hints import Hint

from ..fakes import Loop, Recogniser, checkpoint_after, model

pytestmark = pytest.mark.window

NAMES = [
    "trainTab", "drawTab", "insideTab", "tabs",
    "startButton", "stopButton", "epochsSpinBox", "epochProgress",
    "runProgress", "epochLabel", "trainLossLabel", "trainAccuracyLabel", "validationLossLabel",
    "validationAccuracyLabel", "testAccuracyLabel", "canvas", "clearButton", "predictionLabel",
    *(f"probabilityBar{digit}" for digit in range(10)), "networkInputView", "pauseButton",
    "stepButton", "networkCombo", "updateCombo", "learningRateSpinBox", "batchSizeSpinBox",
    "seedSpinBox", "stateLabel", "timeLeftLabel", "throughputLabel", "lossPlot", "accuracyPlot",
    "filtersView", "penButton", "eraserButton", "widthSlider", "undoButton", "redoButton",
    "confidenceLabel", "secondGuessLabel", "augmentationCombo", "runsTable", "runsButton",
    "continueButton", "notNowButton", "discardButton", "settingsFileButton", "layersView",
    "openImageButton", "pasteButton", "exampleButton", "saveDrawingButton", "copyButton",
    "modelCombo", "numberLabel", "pictureStrip", "boardCaption",
]  # fmt: skip

INSIDE_NAMES = [
    "exampleCard", "insideBoard", "insideSections", "insideModelCombo", "guideButton",
    "presentButton", "insideMenu", "guideView", "guidePage", "networkView", "orderCombo",
    "whyPanel", "rivalCombo", "unitPanel", "unitSwitch", "allOnButton", "whyLink", "whyNotLink",
]  # fmt: skip


class Setup:
    """A window and what it was made of."""

    def __init__(self, qtbot, loop=None):
        self.qtbot = qtbot
        self.loop = loop or Loop()
        self.recognisers: list[Recogniser] = []
        first = model(title="A network", data="Clothes", test_accuracy=0.992)
        recognition = Recognition(lambda: first, None, self.make)
        self.window = Window(Preferences(), recognition, Training(self.loop))
        qtbot.addWidget(self.window)
        with qtbot.waitSignal(recognition.ready):
            self.window.show()
            self.window.start()
        qtbot.waitUntil(lambda: self.window.train_tab.accuracy.plot is not None)

    def make(self, used):
        """Make a recogniser and remember it."""
        self.recognisers.append(Recogniser(used))
        return self.recognisers[-1]

    def text(self, name):
        """Return a label's text."""
        return self.window.findChild(QLabel, name).text()

    def button(self, name):
        """Return a button."""
        return self.window.findChild(QAbstractButton, name)

    def wait_for(self, state):
        """Wait until the run is in a state."""
        self.qtbot.waitUntil(lambda: self.window.run.state.state == state)

    def wait_for_end(self):
        """Wait until no run is going on."""
        self.qtbot.waitUntil(lambda: not self.window.training.running)

    def close(self):
        """Close the window and end its threads."""
        self.loop.gate.set()
        self.window.close()
        assert self.window.shut_down()


@pytest.fixture
def setup(qtbot):
    """Return a visible window that is ready to answer."""
    made = Setup(qtbot)
    yield made
    made.close()


@pytest.fixture(scope="module")
def one_window(qapp, request, tmp_path_factory):
    """Return one window for all tests that change little in it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_DRAW_HOME", str(tmp_path_factory.mktemp("home")))
        made = Setup(QtBot(request))
    yield made
    made.close()
    sip.delete(made.window)


@pytest.fixture
def shared(one_window, qtbot):
    """Return that window, with the Draw tab in front and no message."""
    one_window.qtbot = qtbot
    window = one_window.window
    window.tabs.setCurrentWidget(window.draw_tab)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    yield one_window
    window.messages.dismiss()


def test_every_fixed_name_is_there_once(shared):
    for name in NAMES:
        assert len(shared.window.findChildren(QObject, name)) == 1, name
    assert shared.window.tabs.widget(0).objectName() == "trainTab"
    assert shared.window.tabs.widget(1).objectName() == "drawTab"
    assert shared.window.tabs.widget(2).objectName() == "insideTab"


def test_the_tab_inside_has_its_fixed_names_once(shared):
    shared.window.inside_tab.open()
    for name in INSIDE_NAMES:
        assert len(shared.window.findChildren(QObject, name)) == 1, name


def test_every_control_is_named_and_explained(shared):
    view = shared.window.inside_tab.open()
    for section in SECTIONS:
        view.open_section(section.name)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider)
    controls = [w for kind in kinds for w in shared.window.findChildren(kind)]
    qts = ("qt_", "Scroll")
    mine = [w for w in controls if w.objectName() and not w.objectName().startswith(qts)]
    assert len(mine) > 25
    for control in mine:
        name = control.objectName()
        assert control.accessibleName(), name
        assert control.toolTip(), name
        assert control.whatsThis(), name
        assert control.focusPolicy() != Qt.NoFocus, name
    unnamed = [
        w for w in controls
        if not w.objectName() and type(w).__module__.startswith("mnist_draw")
    ]  # fmt: skip
    assert not unnamed


def test_whatever_has_the_keyboard_has_a_name(setup):
    view = setup.window.inside_tab.open()
    for section in SECTIONS:
        view.open_section(section.name)
    setup.window.draw_tab.networks.open()
    found = 0
    for widget in setup.window.findChildren(QWidget):
        # Qt's own parts of a spin box, a plot or a list hand the keyboard to it.
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractScrollArea)
        inner = inner or widget.window().windowType() == Qt.Popup
        if widget.focusPolicy() & Qt.TabFocus and not inner and widget is not setup.window.tabs:
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.accessibleName() or text, (type(widget).__name__, widget.objectName())
            found += 1
    assert found > 80


def test_a_drawing_is_answered(setup, qtbot):
    setup.window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: setup.text("predictionLabel") == "1")
    assert setup.text("statusLabel") == "A network · 99.20 % on Clothes"


def test_a_run_from_start_to_end(setup, qtbot):
    setup.window.tabs.setCurrentIndex(0)
    setup.window.train_tab.settings.apply("epochs", 3)
    QTest.mouseClick(setup.button("startButton"), Qt.LeftButton)
    assert setup.window.training.running
    assert not setup.button("startButton").isVisible()
    assert setup.button("pauseButton").isVisible()
    setup.wait_for_end()
    assert setup.text("epochLabel") == "3"
    assert setup.text("trainLossLabel") == "0.1333"
    assert setup.text("trainAccuracyLabel") == "91.00 %"
    assert setup.text("validationLossLabel") == "0.1000"
    assert setup.text("validationAccuracyLabel") == "97.84 %"
    assert setup.text("testAccuracyLabel") == "98.29 %"
    assert setup.text("timeLeftLabel") == "0:00"
    assert setup.text("stateLabel") == "Finished · 3 epochs in 0:00"
    bar = setup.window.findChild(QWidget, "runProgress")
    assert bar.value() == bar.maximum()
    assert setup.button("startButton").isVisible()
    assert not setup.button("stopButton").isEnabled()
    curve = setup.window.train_tab.loss._validation_curve
    assert list(curve.getData()[0]) == [1, 2, 3]


def test_a_run_that_is_being_saved_says_so(setup, qtbot, monkeypatch):
    saved = threading.Event()
    monkeypatch.setattr(RunSession, "save_model", lambda *_: saved.wait(10))
    setup.window.tabs.setCurrentIndex(0)
    setup.window.train_tab.settings.apply("epochs", 1)
    setup.window.run.start()
    setup.wait_for("finished")
    for name in ("stateLabel", "statusLabel"):
        assert setup.text(name) == "Finishing: measuring and saving …"
    assert not setup.button("startButton").isVisible()
    saved.set()
    setup.wait_for_end()
    for name in ("stateLabel", "statusLabel"):
        assert setup.text(name) == "Finished · 1 epoch in 0:00"
    assert setup.button("startButton").isVisible()


def test_a_network_that_is_saved_elsewhere_answers_and_is_listed(setup, qtbot, monkeypatch):
    def full(*_):
        raise StorageError("Could not write it: no space left on device.")

    monkeypatch.setattr(RunSession, "save_model", full)
    # The fake's network has fewer parameters than its kind.
    monkeypatch.setattr(stored_network, "load_trained", load_model)
    window = setup.window
    window.train_tab.settings.apply("epochs", 1)
    window.run.start()
    setup.wait_for_end()
    assert window.run.state.state == "finished"
    key = "opened:rescued-model.npz"
    assert str(find_by_key(key).path) in setup.text("messageLabel")
    qtbot.waitUntil(lambda: window.network.key == key)
    qtbot.waitUntil(lambda: key in [kept.key for kept in window.network.networks])
    assert window.network.key_to_restore == key


def test_the_trained_network_answers_the_drawing(setup, qtbot):
    setup.window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: setup.text("predictionLabel") == "1")
    setup.window.train_tab.settings.apply("epochs", 1)
    setup.window.run.start()
    setup.wait_for_end()
    qtbot.waitUntil(lambda: float(setup.recognisers[0].parameters[0][0, 0]) == 1.0)
    qtbot.waitUntil(lambda: setup.text("predictionLabel") != "1")
    setup.window.tabs.setCurrentIndex(1)
    # It has one name everywhere, and the next start finds it.
    name = "Tutorial MLP, "
    qtbot.waitUntil(lambda: setup.text("statusLabel").startswith(name))
    qtbot.waitUntil(lambda: setup.window.draw_tab.models.currentText().startswith(name))
    kept = setup.window.network.stored_key
    assert kept == f"run:{setup.window.training.folder.name}"
    assert find_by_key(kept).title == setup.window.network.model.title


def test_pause_resume_and_stop_by_key(setup, qtbot):
    setup.loop.gate.clear()
    QTest.keyClick(setup.window, Qt.Key_F5)
    setup.wait_for("training")
    QTest.keyClick(setup.window, Qt.Key_F5)
    setup.loop.gate.set()
    setup.wait_for("paused")
    assert setup.button("pauseButton").text() == "Resume"
    assert setup.text("stateLabel").startswith("Paused in epoch 1")
    QTest.keyClick(setup.window, Qt.Key_F5)
    setup.qtbot.waitUntil(lambda: setup.window.run.state.state != "paused")
    QTest.keyClick(setup.window, Qt.Key_F5, Qt.ShiftModifier)
    setup.wait_for_end()


def test_closing_during_a_run_saves_and_closes(qtbot, own_home):
    made = Setup(qtbot)
    made.window.train_tab.settings.apply("epochs", 100_000)
    made.window.run.start()
    qtbot.waitUntil(lambda: made.window.run.state.validation_loss is not None)
    made.window.close()
    assert made.window.isVisible()
    qtbot.waitUntil(lambda: not made.window.isVisible())
    assert list((own_home / "data" / "runs").glob("*/model.npz"))
    assert made.window.shut_down()


def test_errors_are_sentences_in_the_message_bar(qtbot):
    made = Setup(qtbot, Loop(error=UserError("The folder /x holds no IDX files.")))
    made.window.run.start()
    made.wait_for_end()
    assert made.text("messageLabel") == "The folder /x holds no IDX files."
    assert made.window.messages.isVisible()
    assert (made.text("stateLabel"), made.text("timeLeftLabel")) == ("Failed", "–")
    made.button("dismissButton").click()
    assert not made.window.messages.isVisible()
    assert made.button("startButton").isVisibleTo(made.window.train_tab)
    made.close()


def test_the_learning_rate_reaches_a_run_that_is_going_on(setup):
    setup.loop.gate.clear()
    setup.window.run.start()
    setup.wait_for("training")
    setup.window.train_tab.settings.apply("learning_rate", 0.5)
    assert setup.window.training.controls.changes == {"learning_rate": 0.5}


def test_ctrl_tab_changes_the_tab(shared):
    first = shared.window.tabs.currentIndex()
    QTest.keyClick(shared.window, Qt.Key_Tab, Qt.ControlModifier)
    assert shared.window.tabs.currentIndex() != first


def test_choices_are_remembered(setup, own_home, qtbot):
    setup.window.choose_theme("dark")
    setup.window.tabs.setCurrentIndex(0)
    setup.window.train_tab.settings.apply("epochs", 2)
    setup.window.run.start()
    setup.wait_for_end()
    setup.window.close()
    stored = json.loads((own_home / "config" / "preferences.json").read_text())["values"]
    assert stored["theme"] == "dark"
    theme.theme().apply("light")
    again = Window(Preferences(), Recognition(model, None, Recogniser))
    qtbot.addWidget(again)
    assert theme.theme().colours is theme.DARK
    assert again.tabs.currentIndex() == 0
    assert again.train_tab.settings.settings().epochs == 2


def test_choices_outlive_a_program_that_is_killed(setup, own_home, qtbot):
    setup.window.choose_theme("dark")
    path = own_home / "config" / "preferences.json"

    def is_kept():
        assert json.loads(path.read_text())["values"]["theme"] == "dark"

    qtbot.waitUntil(path.exists, timeout=20_000)
    qtbot.waitUntil(is_kept, timeout=20_000)


def test_unreadable_preferences_are_reported(qtbot, own_home):
    (own_home / "config").mkdir(parents=True)
    (own_home / "config" / "preferences.json").write_text("{broken")
    window = Window(Preferences(), Recognition(model, None, Recogniser))
    qtbot.addWidget(window)
    assert "put aside" in window.messages.words.text()


@pytest.mark.parametrize("value", ["1e999", "1" * 400, r'"\ud800"', "[]"])
def test_no_preference_keeps_the_window_from_starting_or_saving(qtbot, own_home, value):
    path = own_home / "config" / "preferences.json"
    path.parent.mkdir(parents=True)
    names = ("motion", "theme", "network", "geometry", "tab", "training", "insideSection")
    training = ", ".join(f'"{field}": {value}' for field in ("epochs", "data_folder", "l2"))
    values = [*(f'"{name}": {value}' for name in names), f'"training": {{{training}}}']
    for kept in (values, values[:-1]):
        path.write_text(f'{{"schema": 1, "values": {{{", ".join(kept)}}}}}')
        window = Window(Preferences(), Recognition(model, None, Recogniser))
        qtbot.addWidget(window)
        window.show()
        window.close()
        assert window.shut_down()
        again = Preferences()
        assert again.notice == ""
        assert again.get("tab", "") in ("draw", "train", "inside")


def test_a_step_continues_a_finished_run(setup, monkeypatch):
    asked: list[int] = []
    monkeypatch.setattr(Training, "can_continue", property(lambda self: True))
    monkeypatch.setattr(Training, "continue_for", lambda self, epochs: asked.append(epochs))
    setup.window.train_tab.settings.apply("epochs", 2)
    setup.window.run.start()
    setup.wait_for_end()
    assert setup.button("stepButton").isEnabled()
    setup.button("stepButton").click()
    assert asked == [3]


def test_a_run_that_goes_back_shows_no_figures_of_later_epochs(setup, qtbot):
    window = setup.window
    window.train_tab.settings.apply("epochs", 3)
    window.run.start()
    setup.wait_for_end()
    assert setup.text("testAccuracyLabel") == "98.29 %"
    assert window.training.folder is not None
    (window.training.folder / "checkpoint.npz").write_bytes(checkpoint_after(1).pack())
    window.run._show()
    setup.loop.gate.clear()
    setup.button("stepButton").click()
    qtbot.waitUntil(lambda: setup.text("epochLabel") == "2")
    assert setup.text("testAccuracyLabel") == "–"
    assert "epoch 1 is the last from which it can go on" in setup.text("messageLabel")
    setup.loop.gate.set()
    setup.wait_for_end()


def test_errors_of_any_thread_reach_the_message_bar(shared, qtbot, own_home, monkeypatch):
    from mnist_draw.app.kit.reporting import reporter

    def fail():
        reporter.report(ZeroDivisionError("in a thread"))

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: "ZeroDivisionError" in shared.text("messageLabel"))
    assert "kept" in shared.text("messageLabel")


def test_the_board_is_there_again_in_the_next_window(setup, qtbot):
    setup.window.draw_tab.canvas.add_stroke([(100, 100), (300, 400)])
    drawn = setup.window.draw_tab.canvas.ink()
    setup.close()
    again = Setup(qtbot)
    qtbot.waitUntil(again.window.draw_tab.canvas.has_ink)
    assert np.array_equal(again.window.draw_tab.canvas.ink(), drawn)
    # What is put back is answered, as what is drawn is.
    qtbot.waitUntil(lambda: bool(again.text("predictionLabel")))
    again.close()


def test_pictures_being_read_do_not_keep_the_board_from_being_written(setup, qtbot, tmp_path):
    tab = setup.window.draw_tab
    qtbot.waitUntil(lambda: tab.autosave._saved_items is not None)
    gate = threading.Event()
    tab._background.run(gate.wait)
    paths = [tmp_path / f"{number}.png" for number in range(50)]
    tab.pictures.input.read([str(path) for path in paths])
    tab.canvas.add_stroke([(100, 100)])
    setup.window.close()
    gate.set()
    assert setup.window.shut_down()
    assert (tab.autosave._problem, tab.canvas.has_ink()) == ("", True)
    assert b"stroke" in board_path().read_bytes()
    # None of the pictures was looked for.
    assert "does not exist" not in setup.text("messageLabel")


def test_a_page_is_one_entry(qtbot, own_home, monkeypatch):
    class Third(Page):
        """Another page."""

        name, title = "other", "Other"

        def __init__(self):
            super().__init__()
            self.notes: list[str] = []

        def start(self):
            self.notes.append("start")

        def remember(self, preferences):
            self.notes.append("finish")

        def take_focus(self):
            self.notes.append("focus")

    monkeypatch.setattr(window_module, "PAGES", (*window_module.PAGES, lambda window: Third()))
    made = Setup(qtbot)
    tabs, page = made.window.tabs, made.window.pages[-1]
    assert isinstance(page, Third)
    assert tabs.tabText(tabs.count() - 1) == "Other"
    assert page.objectName() == "otherTab"
    while tabs.currentWidget() is not page:
        QTest.keyClick(made.window, Qt.Key_Tab, Qt.ControlModifier)
    Notifier().problem("Something to read.")
    assert made.text("messageLabel") == "Something to read."
    made.close()
    assert page.notes == ["start", "focus", "finish"]
    again = Window(Preferences(), Recognition(model, None, Recogniser))
    qtbot.addWidget(again)
    assert again.tabs.currentWidget() is again.pages[-1]


def test_the_drawing_keys_work_wherever_the_focus_is(setup, qtbot):
    canvas, window = setup.window.draw_tab.canvas, setup.window
    window.activateWindow()
    Notifier().problem("Something to read.")
    for focus in (window.tabs.tabBar(), setup.button("dismissButton"), canvas):
        canvas.add_stroke([(100, 100), (300, 300)])
        focus.setFocus()
        qtbot.waitUntil(focus.hasFocus)
        QTest.keyClick(focus, Qt.Key_Delete)
        assert not canvas.has_ink()
    # Keys of a page that is not in front mean nothing, and fields get what is typed into them.
    canvas.add_stroke([(100, 100), (300, 300)])
    setup.window.tabs.setCurrentIndex(0)
    seed = setup.window.findChild(QAbstractSpinBox, "seedSpinBox")
    seed.setFocus()
    qtbot.waitUntil(seed.hasFocus)
    QTest.keyClick(seed, Qt.Key_Delete)
    assert canvas.has_ink()


def test_the_board_has_the_keyboard_after_the_start(shared, qtbot):
    shared.window.activateWindow()
    qtbot.waitUntil(shared.window.draw_tab.canvas.hasFocus)


def test_start_and_stop_leave_the_focus_with_the_run(qtbot):
    made = Setup(qtbot)
    made.loop.gate.clear()
    window = made.window
    window.tabs.setCurrentIndex(0)
    window.activateWindow()
    start, pause, stop = (made.button(f"{name}Button") for name in ("start", "pause", "stop"))
    qtbot.waitUntil(start.hasFocus)
    QTest.keyClick(start, Qt.Key_Space)
    made.wait_for("training")
    assert pause.hasFocus()
    stop.setFocus()
    QTest.keyClick(stop, Qt.Key_Space)
    assert window.train_tab.hasFocus()
    made.loop.gate.set()
    made.wait_for_end()
    assert start.hasFocus()
    made.close()


def test_messages_go_when_their_subject_goes(setup, qtbot):
    window = setup.window
    Notifier("draw").problem("This is no picture; the drawing is unchanged.")
    assert window.messages.isVisible()
    window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    assert not window.messages.isVisible()
    Notifier("run").problem("The loss became nan.")
    window.draw_tab.canvas.add_stroke([(200, 300), (300, 200)])
    assert window.messages.isVisible()
    hint = window.train_tab.hint
    hint.show_hint(Hint("The loss became nan.", "x", "learning_rate", 0.1))
    setup.loop.gate.clear()
    window.run.start()
    assert not window.messages.isVisible()
    qtbot.waitUntil(lambda: "Only the second counts" in hint.sentence.text())
    setup.loop.gate.set()
    setup.wait_for_end()


def test_a_path_that_was_refused_is_forgotten_with_the_next(shared, qtbot, tmp_path):
    window = shared.window
    panel = window.train_tab.settings
    files = panel.fields["data_folder"].widget
    assert isinstance(files, FileCombo)
    files.show_path(str(tmp_path))
    files.picked.emit(str(tmp_path), "")
    qtbot.waitUntil(lambda: "holds no data set" in shared.text("messageLabel"))
    assert panel.settings().data_folder is None
    Notifier("run").problem("The loss became nan.")
    files.show_path(str(tmp_path))
    assert window.messages.isVisible()
    Notifier("settings").problem("The settings are as before.")
    files.show_path(str(tmp_path / "better"))
    assert not window.messages.isVisible()


def test_what_is_shown_stays_until_a_run_has_begun(setup, qtbot):
    window = setup.window
    window.train_tab.settings.apply("epochs", 2)
    window.run.start()
    setup.wait_for_end()
    curve = window.train_tab.loss._validation_curve
    shown = [setup.text("validationLossLabel"), setup.text("epochLabel"), list(curve.getData()[0])]
    assert shown == ["0.1500", "2", [1, 2]]
    setup.loop.error = UserError("The folder /x holds no IDX files.")
    window.run.start()
    setup.wait_for_end()
    assert setup.text("messageLabel") == "The folder /x holds no IDX files."
    assert "the figures are those of the run before" in window.run.state.label
    assert shown == [
        setup.text("validationLossLabel"), setup.text("epochLabel"), list(curve.getData()[0]),
    ]  # fmt: skip


def test_a_marked_message_is_copied_not_the_drawing(setup, qtbot):
    window = setup.window
    window.draw_tab.canvas.add_stroke([(100, 100), (300, 300)])
    Notifier().problem("Something to read.")
    words = window.messages.words
    window.activateWindow()
    words.setFocus()
    qtbot.waitUntil(words.hasFocus)
    words.setSelection(0, 9)
    QTest.keyClick(words, Qt.Key_C, Qt.ControlModifier)
    assert QApplication.clipboard().text() == "Something"


def test_why_opens_the_tab_inside_on_the_pair(setup, qtbot):
    window = setup.window
    link = setup.button("whyLink")
    assert not link.isVisible()
    window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: link.isVisible())
    assert link.text() == "Why 1?"
    with qtbot.waitSignal(window.draw_tab.answer.why_link.why_requested) as asked:
        link.click()
    assert asked.args[0] == 1
    assert window.tabs.currentWidget() is window.inside_tab
    assert window.inside_tab.view is not None
    assert window.inside_tab.view.section.name == "network"


def test_why_not_asks_about_the_digit_that_was_taught(setup, qtbot):
    window = setup.window
    window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: setup.text("predictionLabel") == "1")
    row = window.draw_tab.my_digits.row
    row.show_saved(1, misread=False)
    assert setup.button("whyNotLink").isHidden()
    row.show_saved(9, misread=True)
    assert setup.button("whyNotLink").text() == "Why not 9?"
    with qtbot.waitSignal(window.draw_tab.answer.why_link.why_requested) as asked:
        setup.button("whyNotLink").click()
    assert asked.args == [1, 9]
    assert window.tabs.currentWidget() is window.inside_tab


def test_a_run_that_has_ended_leads_to_the_drawing(setup):
    window = setup.window
    window.tabs.setCurrentIndex(0)
    window.train_tab.settings.apply("epochs", 1)
    assert not setup.button("toDrawButton").isVisible()
    window.run.start()
    setup.wait_for_end()
    assert setup.button("toDrawButton").isVisible()
    setup.button("toDrawButton").click()
    assert window.tabs.currentWidget() is window.draw_tab


def test_the_keyboard_walks_from_the_tabs_through_the_page(shared, qtbot):
    window = shared.window
    # High enough for all settings.
    window.resize(1400, 1100)
    window.activateWindow()
    bar = window.tabs.tabBar()
    for index, first, later in (
        (0, "networkCombo", {"learningRateSpinBox", "startButton", "viewButton"}),
        (1, "penButton", {"canvas", "widthSlider", "viewButton"}),
    ):
        window.tabs.setCurrentIndex(index)
        bar.setFocus()
        qtbot.waitUntil(bar.hasFocus)
        walked: list[str] = []
        for _ in range(60):
            QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
            if bar.hasFocus():
                break
            walked.append(QApplication.focusWidget().objectName())
        assert bar.hasFocus()
        assert walked.index(first) < 5
        assert later <= set(walked)


def test_a_message_gives_the_keyboard_back_to_the_board(shared, qtbot):
    window = shared.window
    window.activateWindow()
    Notifier().undo("Something to read.", list)
    for name in ("dismissButton", "messageActionButton"):
        Notifier().undo("Something to read.", list)
        shared.button(name).setFocus()
        qtbot.waitUntil(shared.button(name).hasFocus)
        QTest.keyClick(shared.button(name), Qt.Key_Space)
        assert window.draw_tab.canvas.hasFocus()


def test_what_confirms_goes_of_itself_unless_it_is_read(shared, qtbot, monkeypatch):
    monkeypatch.setattr(header, "_PASSING_MS", 0)
    monkeypatch.setattr(header, "_EACH_LETTER_MS", 0)
    monkeypatch.setattr(header, "_AGAIN_MS", 1)
    window = shared.window
    window.activateWindow()
    Notifier("draw").message("Saved /x.png.")
    assert window.messages.isVisible()
    qtbot.waitUntil(lambda: not window.messages.isVisible())
    # Whoever is on it with the keyboard is not hurried.
    Notifier("draw").message("Saved /x.png.")
    dismiss = shared.button("dismissButton")
    dismiss.setFocus()
    qtbot.waitUntil(dismiss.hasFocus)
    qtbot.wait(50)
    assert window.messages.isVisible()
    window.draw_tab.canvas.setFocus()
    qtbot.waitUntil(lambda: not window.messages.isVisible())
    # What took the place of a confirmation stays.
    Notifier("draw").message("Saved /x.png.")
    Notifier("draw").problem("There is no picture on the clipboard.")
    qtbot.wait(50)
    assert window.messages.isVisible()
    Notifier("draw").undo("2 digits deleted.", list)
    qtbot.wait(50)
    assert window.messages.isVisible()


def test_what_is_told_before_the_first_figures_stands_together(setup):
    setup.loop.gate.clear()
    setup.window.run.start()
    setup.window.run._happened([events.CheckpointFailed(Path(), 0, "Some were set aside.")])
    setup.window.run._happened([events.BatchSizeChosen(90, 500, 900)])
    assert setup.text("messageLabel").startswith("Some were set aside. The batch size is 90")
    setup.wait_for("training")
    setup.window.run._happened([events.CheckpointFailed(Path(), 0, "The disk is full.")])
    assert setup.text("messageLabel") == "The disk is full."


def test_kept_networks_are_offered_to_start_from(shared, qtbot):
    settings = shared.window.train_tab.settings
    combo = settings.fields["start_model"].widget
    assert isinstance(combo, FileCombo)

    def best():
        return combo.findText("Best reader", Qt.MatchStartsWith)

    qtbot.waitUntil(lambda: best() > 0)
    combo.activated.emit(best())
    qtbot.waitUntil(lambda: settings.settings().network == "deep_cnn")
    assert str(settings.settings().start_model).endswith("best.npz")


def test_the_keyboard_walks_in_reading_order(shared):
    tab = shared.window.train_tab
    order = [tab.settings.presets["tutorial"], shared.window.findChild(QWidget, "networkCombo")]
    assert is_before(*order)
    assert is_before(tab.loss.menu_button, tab.loss.plot)
    assert is_before(tab.loss.plot, tab.accuracy.menu_button)
    assert is_before(tab.accuracy.plot, shared.window.header.help_button)


def is_before(one, other):
    """Whether the keyboard comes to one before the other, from the tabs on."""
    window = one.window()
    widget = window.nextInFocusChain()
    while widget not in (one, other):
        widget = widget.nextInFocusChain()
    return widget is one


def test_a_view_that_has_the_keyboard_is_framed(shared, qtbot):
    window = shared.window
    ring = FocusRing(QApplication.instance())
    try:
        window.activateWindow()
        window.tabs.setCurrentWidget(window.train_tab)
        plot = window.train_tab.loss.plot
        plot.setFocus(Qt.TabFocusReason)
        qtbot.waitUntil(plot.hasFocus)
        [frame] = frames(window)
        corner = plot.mapTo(window, QPoint(0, 0))
        assert frame.geometry() == QRect(corner, plot.size()).adjusted(-4, -4, 4, 4)
        assert not plot.isAncestorOf(frame)
        window.resize(window.width() + 40, window.height())
        qtbot.waitUntil(lambda: frame.width() == plot.width() + 8)
        # Buttons show it by themselves.
        button = shared.button("startButton")
        button.setFocus(Qt.TabFocusReason)
        qtbot.waitUntil(button.hasFocus)
        assert not frames(window)
    finally:
        QApplication.instance().focusChanged.disconnect(ring._focus_changed)


def frames(window):
    found = window.findChildren(QWidget, "focusRing")
    return [frame for frame in found if frame.isVisible()]
