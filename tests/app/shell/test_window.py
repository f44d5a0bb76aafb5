"""The whole window with quick stand-ins for network and training."""

import json
import threading
from pathlib import Path

import full_disk
import numpy as np
import pytest
from qtpy import sip
from qtpy.QtCore import QObject, QPoint, QRect, Qt, QTimer
from qtpy.QtGui import QDesktopServices
from qtpy.QtTest import QTest
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLabel,
    QSlider,
    QTextBrowser,
    QWidget,
)

from mnist_draw import __version__, i18n
from mnist_draw.app.draw.autosave import board_path
from mnist_draw.app.draw.board_items import place_ink
from mnist_draw.app.draw.picture_files import FoundPicture
from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.inside.inside_view import SECTIONS
from mnist_draw.app.inside.section import Example
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import running
from mnist_draw.app.shell import toast
from mnist_draw.app.shell.desktop import FocusRing
from mnist_draw.app.shell.help import keys_page, offer_crash_report
from mnist_draw.app.shell.window import Window
from mnist_draw.library import stored_network
from mnist_draw.library.networks import find_by_key
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.certainty import certainty_from
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.models import load_model
from mnist_draw.storage.preferences import Preferences
from mnist_draw.training.hints import Hint
from mnist_draw.training.run import Run

from .. import fakes, seen
from ..fakes import Recogniser, model
from .conftest import Setup

pytestmark = pytest.mark.window

NAMES = [
    "trainTab", "drawTab", "insideTab", "tabs", "startButton", "stopButton", "epochsSpinBox",
    "epochBar", "accuracyFigure", "lossLabel", "twelveDigits", "hintLine", "finishedCard",
    "trainOnButton", "mistakesButton", "trainLossLabel", "trainAccuracyLabel",
    "validationLossLabel", "validationAccuracyLabel", "testAccuracyLabel", "canvas", "clearButton",
    "predictionLabel", "networkInputView", "pauseButton", "stepButton", "networkCombo",
    "updateCombo", "learningRateSpinBox", "batchSizeSpinBox", "seedSpinBox", "stateLabel",
    "timeLeftLabel", "lossPlot", "accuracyPlot", "filtersView", "penButton",
    "eraserButton", "widthButton", "undoButton", "redoButton", "settingsDrawer", "confidenceLabel",
    "secondGuessLabel", "augmentationCombo", "libraryPage", "libraryRow", "tryItButton",
    "settingsFileButton", "layersView", "toolBar", "moreButton", "networkButton", "networkMenu",
    "toast", "pictureStrip", "boardCaption", "exampleCard", "insideBoard", "insideSections",
    "guideButton", "allDetailsSwitch", "insideMenu", "guideView", "guidePage", "networkView",
    "orderCombo", "whyPanel", "rivalCombo", "unitPanel", "unitSwitch", "allOnButton", "whyLink",
    *(f"probabilityBar{digit}" for digit in range(10)),
]  # fmt: skip


@pytest.fixture
def shared(shared, qtbot):
    """Return the window of this file once it has the keyboard."""
    shared.window.activateWindow()
    qtbot.waitUntil(shared.window.isActiveWindow)
    return shared


def test_every_fixed_name_is_there_once(shared):
    shared.window.inside_tab.open()
    for name in NAMES:
        assert len(shared.window.findChildren(QObject, name)) == 1, name
    tabs = [shared.window.navigation.tabs.widget(index).objectName() for index in range(3)]
    assert tabs == ["drawTab", "trainTab", "insideTab"]


def test_every_control_is_named_and_explained(shared):
    window = shared.window
    view = window.inside_tab.open()
    for section in SECTIONS:
        view.open_section(section.name)
    kinds = (QAbstractButton, QAbstractSpinBox, QComboBox, QSlider)
    controls = [control for kind in kinds for control in window.findChildren(kind)]
    qts = ("qt_", "Scroll")
    mine = [w for w in controls if w.objectName() and not w.objectName().startswith(qts)]
    # What is hidden may have its text only when it is shown.
    mine = [w for w in mine if not w.isHidden()]
    assert len(mine) > 25
    for control in mine:
        name = control.objectName()
        assert control.accessibleName(), name
        # What an icon does is in its tooltip.
        assert control.toolTip() or getattr(control, "text", str)(), name
        # A screen reader would read it after the description, which says the same.
        assert not control.whatsThis(), name
        assert control.focusPolicy() != Qt.NoFocus, name
    # Segments are told apart by their text.
    segments = ("segment", "mode")
    unnamed = [w for w in controls if not w.objectName() and w.property("look") not in segments]
    assert not [w for w in unnamed if type(w).__module__.startswith("mnist_draw")]
    found = 0
    for widget in window.findChildren(QWidget):
        # Qt's own parts of a spin box, a plot or a list hand the keyboard to it.
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QAbstractScrollArea)
        inner = inner or widget.window().windowType() == Qt.Popup
        if (
            widget.focusPolicy() & Qt.TabFocus
            and not inner
            and widget is not window.navigation.tabs
        ):
            text = widget.text() if isinstance(widget, QAbstractButton) else ""
            assert widget.accessibleName() or text, (type(widget).__name__, widget.objectName())
            found += 1
    assert found > 80


def test_a_run_takes_the_answer_only_if_it_is_chosen(setup, qtbot, monkeypatch):
    # The fake's network has fewer parameters than its kind.
    monkeypatch.setattr(stored_network, "load_trained", load_model)
    window, network = setup.window, setup.window.network
    answering = window.header.network.answering
    window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: setup.text("predictionLabel") == "1")
    # The card of a run reads what Draw reads: nothing that is refused there.
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    answer, card = window.draw_tab.answer, window.train_tab.run_page.finished
    picture, certainty = card._picture, answer.certainty
    assert picture is not None
    even = np.full(10, 0.1)
    answer.evidence_changed.emit(picture, even, certainty_from(even, objection="No"))
    assert card._picture is None
    answer.evidence_changed.emit(picture, even, certainty)
    setup.loop.gate.clear()
    # Chosen before there is anything of it: it answers after its first epoch.
    setup.run(2)
    started = f"run:{window.state.run.folder.name}"
    assert answering.text() == "A network · 99.20%"
    network.use_key(started)
    setup.loop.gate.set()
    setup.wait_for_end()
    qtbot.waitUntil(lambda: answering.text().startswith("Tutorial MLP, 2 epochs"))
    qtbot.waitUntil(lambda: setup.text("predictionLabel") != "1")
    # It has one name everywhere, and the next start finds it.
    assert window.preferences.get("network", "") == started
    assert find_by_key(started).title == title_of_model(window.state.model)
    network.use_key("shipped:best")
    setup.button("tryItButton").click()
    assert window.navigation.tabs.currentWidget() is window.draw_tab
    assert window.state.network_wanted.key == started


def test_a_network_that_is_saved_elsewhere_answers_and_is_listed(shared, qtbot, monkeypatch):
    monkeypatch.setattr(RunSession, "save_model", full_disk.refuse)
    # The fake's network has fewer parameters than its kind.
    monkeypatch.setattr(stored_network, "load_trained", load_model)
    window = shared.window
    shared.run(1)
    window.network.use_key(window.state.run.key)
    shared.wait_for_end()
    key = "opened:model.npz"
    assert str(find_by_key(key).path) in shared.text("hintLabel")
    qtbot.waitUntil(lambda: window.state.answering_key == key)
    qtbot.waitUntil(lambda: key in [kept.key for kept in window.network.networks])
    assert window.preferences.get("network", "") == key
    # A run that was not let answer is offered on Draw, with what became of it.
    window.network.use_default()
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    shared.run(1)
    shared.wait_for_end()
    key = "opened:model-2.npz"
    assert str(find_by_key(key).path) in shared.text("toastLabel")
    qtbot.waitUntil(lambda: shared.button("nextStepButton").text() == "Let it answer")
    shared.button("nextStepButton").click()
    qtbot.waitUntil(lambda: window.state.answering_key == key)


@pytest.mark.slow
def test_choices_and_drawing_are_there_again(setup, own_home, qtbot):
    path = own_home / "config" / "preferences.json"
    window = setup.window
    motion = next(
        entry.menu() for entry in window.view.menu().actions() if entry.text() == "Motion"
    )
    [off] = [action for action in motion.actions() if action.text() == "Off"]
    off.trigger()

    def is_saved():
        return path.exists() and json.loads(path.read_text())["values"].get("motion") is False

    # Before the window is closed: a program may be killed.
    qtbot.waitUntil(is_saved)
    window.draw_tab.canvas.add_stroke([(100, 100), (300, 400)])
    drawn = window.draw_tab.canvas.ink()
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    setup.run(2)
    setup.wait_for_end()
    window.preferences.set("theme", "dark")
    setup.close()
    theme.theme().motion = True
    again = Setup(qtbot)
    assert not theme.theme().motion
    assert theme.theme().colors is theme.DARK
    assert again.window.navigation.tabs.currentWidget() is again.window.draw_tab
    assert again.window.train_tab.settings.settings().epochs == 2
    canvas = again.window.draw_tab.canvas
    qtbot.waitUntil(canvas.has_ink)
    assert (canvas.ink() == drawn).all()
    # What is put back is answered, as what is drawn is.
    qtbot.waitUntil(lambda: bool(again.text("predictionLabel")))
    again.close()


@pytest.fixture
def preferences(own_home):
    (own_home / "config").mkdir(parents=True)
    return own_home / "config" / "preferences.json"


def test_unreadable_preferences_are_reported(qtbot, preferences):
    preferences.write_text("{broken")
    window = Window(Preferences(), Recognition(model, None, Recogniser))
    qtbot.addWidget(window)
    assert "set aside" in window.toast.label.text()


@pytest.mark.parametrize("value", ["1e999", "1" * 400, r'"\ud800"', "[]"])
def test_no_preference_keeps_the_window_from_starting_or_saving(show, preferences, value):
    names = ("motion", "theme", "network", "geometry", "tab", "insideSection")
    fields = ", ".join(f'"{field}": {value}' for field in ("epochs", "data_folder", "l2"))
    values = [*(f'"{name}": {value}' for name in names), f'"training": {{{fields}}}']
    preferences.write_text(f'{{"schema": 1, "values": {{{", ".join(values)}}}}}')
    window = show(Window(Preferences(), Recognition(model, None, Recogniser)))
    window.close()
    assert running.shut_down()
    again = Preferences()
    assert again.notice == ""
    assert again.get("network", "") == ""


def test_errors_of_any_thread_reach_the_message_bar(shared, qtbot):
    error = ZeroDivisionError("in a thread")
    thread = threading.Thread(target=lambda: reporter.report(error))
    thread.start()
    thread.join()
    qtbot.waitUntil(lambda: "ZeroDivisionError" in shared.text("toastLabel"))


def test_pictures_being_read_do_not_keep_the_board_from_being_written(setup, qtbot, tmp_path):
    tab = setup.window.draw_tab
    qtbot.waitUntil(lambda: tab.autosave.saved_items is not None)
    gate = threading.Event()
    tab.background.run(gate.wait)
    paths = [tmp_path / f"{number}.png" for number in range(50)]
    tab.pictures.input.read([str(path) for path in paths])
    tab.canvas.add_stroke([(100, 100), (300, 300)])
    setup.window.close()
    gate.set()
    assert running.shut_down()
    assert (tab.autosave._problem, tab.canvas.has_ink()) == ("", True)
    assert b"stroke" in board_path().read_bytes()
    # None of the pictures was looked for.
    assert "does not exist" not in setup.text("toastLabel")


def test_the_drawing_keys_work_wherever_the_focus_is(shared, qtbot):
    canvas, window = shared.window.draw_tab.canvas, shared.window
    Notifier().problem("Something to read.")
    for focus in (window.navigation.tabs.tabBar(), shared.button("toastCloseButton"), canvas):
        canvas.add_stroke([(100, 100), (300, 300)])
        focus.setFocus()
        qtbot.waitUntil(focus.hasFocus)
        QTest.keyClick(focus, Qt.Key_Delete)
        assert not canvas.has_ink()
    # Keys of a page that is not in front mean nothing, and fields get what is typed into them.
    canvas.add_stroke([(100, 100), (300, 300)])
    window.navigation.tabs.setCurrentWidget(window.train_tab)
    seed = window.findChild(QAbstractSpinBox, "seedSpinBox")
    seed.setFocus()
    qtbot.waitUntil(seed.hasFocus)
    QTest.keyClick(seed, Qt.Key_Delete)
    assert canvas.has_ink()


def test_messages_go_when_their_subject_goes(shared, qtbot, tmp_path):
    window, messages = shared.window, shared.window.toast
    stroke = [(200, 200), (300, 300)]
    Notifier("draw").problem("This is no picture; the drawing is unchanged.")
    window.draw_tab.canvas.add_stroke(stroke)
    assert not messages.isVisible()
    Notifier("settings").problem("The settings are unchanged.")
    window.train_tab.settings.fields["data_folder"].widget.show_path(str(tmp_path / "better"))
    assert not messages.isVisible()
    Notifier("run").problem("The loss became nan.")
    window.draw_tab.canvas.add_stroke(stroke)
    assert messages.isVisible()
    window.train_tab.settings.fields["data_folder"].widget.show_path("")
    shared.run(1)
    assert not messages.isVisible()
    shared.wait_for_end()


def test_a_marked_message_is_copied_not_the_drawing(shared, qtbot):
    window = shared.window
    window.draw_tab.canvas.add_stroke([(100, 100), (300, 300)])
    Notifier().problem("Something to read.")
    words = window.toast.label
    QTest.mouseClick(words, Qt.LeftButton)
    qtbot.waitUntil(words.hasFocus)
    words.setSelection(0, 9)
    QTest.keyClick(words, Qt.Key_C, Qt.ControlModifier)
    assert QApplication.clipboard().text() == "Something"


def test_choosing_a_network_by_mouse_leaves_the_keyboard_on_the_board(shared, qtbot):
    window = shared.window
    canvas, button = window.draw_tab.canvas, window.header.network
    qtbot.waitUntil(canvas.hasFocus)
    QTest.mouseClick(button.answering, Qt.LeftButton)
    qtbot.waitUntil(button.menu.list.hasFocus)
    QTest.mouseClick(button.answering, Qt.LeftButton)
    assert not button.menu.isVisible()
    assert canvas.hasFocus()


def test_a_message_gives_the_keyboard_back_to_the_board(shared, qtbot):
    canvas = shared.window.draw_tab.canvas
    qtbot.waitUntil(canvas.hasFocus)
    for name in ("toastCloseButton", "toastActionButton"):
        Notifier().undo("Something to read.", list)
        shared.button(name).setFocus()
        qtbot.waitUntil(shared.button(name).hasFocus)
        QTest.keyClick(shared.button(name), Qt.Key_Space)
        qtbot.waitUntil(canvas.hasFocus)
        # A click takes it from nobody.
        Notifier().undo("Something to read.", list)
        QTest.mouseClick(shared.button(name), Qt.LeftButton)
        assert not shared.window.toast.isVisible()
        assert canvas.hasFocus()
    Notifier().undo("Something to read.", list)
    QTest.keyClick(canvas, Qt.Key_F8, Qt.ControlModifier)
    qtbot.waitUntil(shared.button("toastActionButton").hasFocus)
    QTest.keyClick(shared.button("toastActionButton"), Qt.Key_Escape)
    assert canvas.hasFocus()


def test_escape_closes_a_message_wherever_the_keyboard_is(shared, qtbot):
    window = shared.window
    window.draw_tab.first_start.hide()
    window.activateWindow()
    for page in window.navigation.pages:
        window.navigation.tabs.setCurrentWidget(page)
        page.focus_first()
        qtbot.waitUntil(lambda: window.focusWidget().hasFocus())
        Notifier().problem("Something to read.")
        QTest.keyClick(window.focusWidget(), Qt.Key_Escape)
        assert not window.toast.isVisible(), page.name


def test_what_confirms_goes_of_itself_unless_it_is_read(shared, qtbot, monkeypatch):
    monkeypatch.setattr(toast, "_PASSING_MS", 0)
    monkeypatch.setattr(toast, "_EACH_LETTER_MS", 0)
    monkeypatch.setattr(toast, "_AGAIN_MS", 1)
    window = shared.window
    Notifier("draw").message("Saved /x.png.")
    assert window.toast.isVisible()
    qtbot.waitUntil(lambda: not window.toast.isVisible())
    # Whoever is on it with the keyboard is not hurried.
    Notifier("draw").message("Saved /x.png.")
    dismiss = shared.button("toastCloseButton")
    dismiss.setFocus()
    qtbot.waitUntil(dismiss.hasFocus)
    passing = window.toast.findChild(QTimer)
    passing.timeout.emit()
    assert window.toast.isVisible()
    window.draw_tab.canvas.setFocus()
    qtbot.waitUntil(lambda: not window.toast.isVisible())
    # What took the place of a confirmation stays.
    Notifier("draw").message("Saved /x.png.")
    Notifier("draw").problem("There is no picture on the clipboard.")
    assert not passing.isActive()
    assert window.toast.isVisible()
    # It is there again when a newer confirmation is gone.
    Notifier("runs").undo("2 runs deleted.", list)
    assert "2 runs" in shared.text("toastLabel")
    qtbot.waitUntil(lambda: "no picture" in shared.text("toastLabel"))
    Notifier("draw").forget()
    assert not window.toast.isVisible()


def test_a_report_of_a_crash_is_offered(shared, tmp_path, monkeypatch):
    shown = []
    monkeypatch.setattr(
        QDesktopServices,
        "openUrl",
        lambda url: shown.append(Path(url.toLocalFile())),
    )
    offer_crash_report(tmp_path / "crash-1.txt", "draw")
    assert "crash-1.txt" in shared.text("toastLabel")
    button = shared.button("toastActionButton")
    assert button.text() == "Show"
    button.click()
    assert shown == [tmp_path / "crash-1.txt"]
    offer_crash_report(tmp_path / "crash-1.txt", "draw")
    shared.window.navigation.show_page("train")
    assert not shared.window.toast.isVisible()
    Notifier().undo("Deleted.", list)
    assert button.text() == "Undo"


def test_the_hint_line_leads_to_the_layers_of_the_run(shared):
    window = shared.window
    shared.loop = fakes.Loop(free_epochs=1)
    shared.loop.gate.clear()
    shared.run_an_epoch()
    window.navigation.show_page("train")
    shared.button("insideLayersButton").click()
    assert window.navigation.tabs.currentWidget() is window.inside_tab
    assert window.inside_tab.view.section.panel.run.isVisible()


def test_the_hint_line_of_an_earlier_run_leads_to_its_network(shared, qtbot):
    window = shared.window
    shared.loop = fakes.Loop()
    shared.run(1)
    shared.wait_for_end()
    earlier = window.state.shown_run
    shared.run(1)
    shared.wait_for_end()
    window.run.show_run(earlier)
    window.navigation.show_page("train")
    qtbot.waitUntil(lambda: not window.run.follows_layers)
    shared.button("insideLayersButton").click()
    assert window.navigation.current is window.inside_tab
    assert window.state.network_wanted.key == window.state.shown_run.key


def test_the_mistakes_that_a_hint_names_are_shown_in_results_as_often_as_asked(shared):
    window = shared.window
    shared.loop = fakes.Loop()
    shared.run(1)
    shared.wait_for_end()
    window.navigation.show_page("train")
    words = "It gets 1% of the class 8 right."
    mistakes = Hint(words, "See these mistakes", value="8", action="mistakes")
    window.train_tab.run_page.hint.show_hint(mistakes)
    for __ in range(2):
        assert not shared.button("remedyButton").isHidden()
        shared.button("remedyButton").click()
        assert window.navigation.current is window.inside_tab
        assert window.inside_tab.view.section.name == "results"
        assert window.inside_tab.view.section.confusion.matrix.pinned == (8, None)
        assert window.state.network_wanted.key == window.state.shown_run.key
        window.inside_tab.view.open_section("network")
        window.navigation.show_page("train")


def test_a_key_that_starts_a_run_shows_it(shared):
    window = shared.window
    window.navigation.show_page("train")
    window.train_tab.show_page("new")
    window.navigation.show_page("draw")
    shared.loop = fakes.Loop(free_epochs=1)
    shared.loop.gate.clear()
    window.train_tab.main.trigger()
    assert window.training.running
    assert window.navigation.current is window.train_tab
    assert window.train_tab.page == "run"


def test_why_and_why_not_open_the_tab_inside_on_the_pair(shared, qtbot):
    window, tab = shared.window, shared.window.draw_tab
    link = shared.button("whyLink")
    assert not link.isVisible()
    tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(link.isVisible)
    answer = int(shared.text("predictionLabel"))
    other = (answer + 1) % 10
    assert link.text() == f"Why {answer}?"
    with qtbot.waitSignal(tab.answer.why_link.why_requested) as asked:
        link.click()
    assert asked.args[0] == answer
    assert window.navigation.tabs.currentWidget() is window.inside_tab
    assert window.inside_tab.view.section.name == "network"
    # Of a digit that was read wrongly, the question is why it is not the right one.
    tab.teaching.teach(other)
    with qtbot.waitSignal(tab.answer.why_link.why_requested) as asked:
        link.click()
    assert asked.args == [answer, other]
    # Of ink that is no digit, the words explain what that means.
    tab.answer.show_reading(fakes.reading(fakes.answer(None, objection="No digit.")))
    link.click()
    assert window.findChild(QLabel, "wordTitle").text() == "Not a digit"
    window.findChild(QDialog, "wordsDialog").close()


def test_the_tour_and_look_inside_lead(shared, qtbot):
    window, tab, inside = shared.window, shared.window.draw_tab, shared.window.inside_tab
    tab.first_start.tour.click()
    assert window.navigation.current is inside
    view = inside.view
    assert view.pages.currentWidget() is view.views
    assert view.guide.step.number == 1
    view.guide.show_step(12)
    view.guide.show_button.click()
    assert window.navigation.current is tab
    assert "step 12" in shared.text("toastLabel")
    shared.button("toastActionButton").click()
    assert window.navigation.current is inside
    assert view.guide.step.number == 12
    # A test digit and another section were looked at; what is drawn now is asked about.
    view.open_section("results")
    view.example.pick_test(5)
    qtbot.waitUntil(lambda: view.example.current is not None, timeout=20_000)
    window.navigation.show_page("draw")
    tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: tab.answer.certainty is not None)
    tab.next_step.inside_requested.emit()
    assert window.navigation.current is inside
    assert view.section.name == "network"
    assert view.example.current.is_drawing


@pytest.mark.slow
def test_a_message_stays_on_its_page_and_off_what_is_to_be_read(shared, qtbot):
    window, message = shared.window, shared.window.toast
    window.navigation.show_page("inside")
    qtbot.waitUntil(lambda: window.inside_tab.view is not None)
    window.inside_tab.view.show_guide(True)
    seen.settle()
    Notifier("inside", "inside").message("Saved the picture.")
    guide = window.inside_tab.view.guide

    def is_covered(part):
        assert part.isVisible()
        place = QRect(part.mapTo(window, QPoint()), part.size())
        return message.geometry().intersects(place)

    assert not is_covered(guide)
    window.navigation.show_page("draw")
    assert not message.isVisible()
    # A failure of a page leaves with it, too, and is there again with it until it is closed.
    draw = Notifier("draw", "draw")
    draw.problem("A failure.")
    window.navigation.show_page("train")
    assert not message.isVisible()
    window.navigation.show_page("draw")
    assert message.isVisible()
    window.navigation.show_page("train")
    draw.forget()
    window.navigation.show_page("draw")
    assert not message.isVisible()
    # What happened elsewhere has not been seen yet.
    window.navigation.show_page("train")
    draw.problem("A failure.")
    window.navigation.show_page("inside")
    assert message.isVisible()
    draw.forget()
    window.navigation.show_page("train")
    shared.run_an_epoch()
    hint = window.train_tab.run_page.hint
    QApplication.processEvents()
    Notifier().message("Anything.")
    assert not is_covered(hint)


def test_the_keyboard_walks_from_the_tabs_through_the_page(shared, qtbot):
    window = shared.window
    # High enough for all settings.
    window.resize(1400, 1100)
    window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    qtbot.waitUntil(lambda: bool(shared.text("predictionLabel")))
    window.train_tab.show_page("new")
    bar = window.navigation.tabs.tabBar()
    header = "networkButton viewButton helpButton"
    train = f"{header} newRunLibraryButton defaultsButton epochsSpinBox startButton"
    draw = f"{header} canvas penButton widthButton moreButton inkSwitch nextStepButton"
    for page, order in ((window.train_tab, train), (window.draw_tab, draw)):
        window.navigation.tabs.setCurrentWidget(page)
        bar.setFocus()
        qtbot.waitUntil(bar.hasFocus)
        walked = []
        for _ in range(60):
            QTest.keyClick(QApplication.focusWidget(), Qt.Key_Tab)
            if bar.hasFocus():
                break
            walked.append(QApplication.focusWidget().objectName())
        assert bar.hasFocus()
        assert [name for name in walked if name in order.split()] == order.split()


def test_stored_networks_are_offered_to_start_from(shared, qtbot):
    combo = shared.window.train_tab.settings.fields["start_model"].widget
    qtbot.waitUntil(lambda: combo.findText("Best reader", Qt.MatchStartsWith) > 0)


def test_a_view_that_has_the_keyboard_is_framed(shared, qtbot):
    window = shared.window
    ring = FocusRing(QApplication.instance())
    try:
        window.navigation.tabs.setCurrentWidget(window.train_tab)
        window.train_tab.show_page("run")
        plot = window.train_tab.accuracy.plot
        # High enough for every page.
        window.resize(1600, 1200)
        plot.setFocus(Qt.TabFocusReason)
        qtbot.waitUntil(plot.hasFocus)
        [frame] = frames(window)
        qtbot.waitUntil(lambda: frame.rect() == plot.rect().adjusted(0, 0, 8, 8))
        assert frame.mapTo(window, QPoint(4, 4)) == plot.mapTo(window, QPoint())
        assert not plot.isAncestorOf(frame)
        window.resize(window.width() + 40, window.height())
        qtbot.waitUntil(lambda: frame.width() == plot.width() + 8)
        # A page has it until a key leads to what is used on it.
        window.navigation.tabs.setCurrentWidget(window.inside_tab)
        page = window.inside_tab
        page.setFocus()
        qtbot.waitUntil(page.hasFocus)
        qtbot.waitUntil(lambda: not frames(window))
        window.navigation.tabs.setCurrentWidget(window.train_tab)
        # Buttons show it by themselves.
        button = shared.button("newRunButton")
        button.setFocus(Qt.TabFocusReason)
        qtbot.waitUntil(button.hasFocus)
        qtbot.waitUntil(lambda: not frames(window))
    finally:
        window.train_tab.show_page("new")
        sip.delete(ring)


def frames(window):
    found = window.findChildren(QWidget, "focusRing")
    return [frame for frame in found if frame.isVisible()]


def test_every_key_is_on_the_page_of_keys_once(qtbot):
    window, page = Window(None, Recognition(model, None, Recogniser)), QTextBrowser()
    qtbot.addWidget(window)
    parts = (("1", "99%"), ("0", "99%"))
    window.draw_tab.answer.bars_card.segments.show_parts(parts, 0)
    page.setHtml(keys_page(window, window.header, window.navigation.pages))
    text = page.toPlainText()
    lines = text.splitlines()
    commands = [command for command in window.findChildren(Command) if command.keys]
    assert len(commands) > 20
    for command in commands:
        assert command.text() in text
        if command.sentence:
            # Commands that are one in two places, or alike, share a sentence.
            alike = {one.text() for one in commands if one.sentence == command.sentence}
            assert text.count(command.sentence) == len(alike), command.text()
    # What a control does is told, not what it shows now.
    assert "Choose what the bars are about" in text
    assert "99%" not in text
    # A key that does two things in turn is named once.
    assert lines.count("F5") == 1
    # A key that no command has: that of a menu.
    assert "View" in lines
    # The pen's slider is moved by two commands, which say so themselves.
    assert [line for line in lines if line in ("[", "]", "[, ]")] == ["[", "]"]


def choose_language(setup, code):
    setup.window.view.languages[code].trigger()
    expected = code or i18n.best_of(i18n.system_languages()) or "en"
    setup.qtbot.waitUntil(lambda: i18n.language() == expected)
    setup.qtbot.waitUntil(setup.window.toast.isVisible)


def test_the_language_changes_in_the_same_window_while_a_run_goes_on(setup, in_english_again):
    window = setup.window
    setup.run_an_epoch()
    gate = setup.loop.gate
    run = window.state.run
    canvas = window.draw_tab.canvas
    canvas.add_stroke([(100, 100), (300, 400)])
    canvas.add_stroke([(400, 100), (410, 400)])
    drawing = canvas.drawing
    window.navigation.show_page("train")
    window.train_tab.show_drawer(True)
    window.train_tab.pause_button.setFocus()
    place = window.geometry()
    choose_language(setup, "de")
    tabs = window.navigation.tabs
    assert [tabs.tabText(number) for number in range(3)][:2] == ["Zeichnen", "Trainieren"]
    assert window.geometry() == place
    # The same page, with the keyboard where it was.
    assert window.state.page == "train"
    assert window.train_tab.page == "run"
    assert window.focusWidget() is window.train_tab.pause_button
    assert window.train_tab.stop_button.text() != "Stop"
    # The same drawing, with its history; the same run.
    assert window.draw_tab.canvas.drawing is drawing
    window.draw_tab.canvas.undo()
    assert len(drawing.items) == 1
    assert window.state.run is run
    assert window.training.running
    before = run.epochs_done
    gate.set()
    setup.qtbot.waitUntil(lambda: run.epochs_done > before)
    gate.clear()
    # Networks that came with the program have names in each language.
    setup.qtbot.waitUntil(lambda: "Bestes Netz" in {one.name for one in window.state.entries})
    # The answers reach the new board.
    window.draw_tab.canvas.add_stroke([(400, 100), (410, 400)])
    setup.qtbot.waitUntil(lambda: setup.text("confidenceLabel") == "Sicher")
    # The message leads back, and what is stopped there ends.
    assert window.toast.action_button.text() == "English"
    window.toast.action_button.click()
    setup.qtbot.waitUntil(lambda: window.navigation.tabs.tabText(0) == "Draw")
    assert window.preferences.get(i18n.PREFERENCE, "de") == ""
    window.run.stop()
    setup.wait_for_end()
    assert window.state.run.state == "stopped"


def test_what_was_opened_and_picked_stays_in_another_language(setup, in_english_again):
    strip = setup.window.draw_tab.pictures.strip
    strip.start(1)
    strip.add(FoundPicture("four.png", place_ink(np.full((28, 28), 200, np.uint8))))
    picked = Example(np.zeros((28, 28), np.float32), "4")
    setup.window.inside_tab.example.pick(picked)
    maker = setup.window.train_tab.maker
    maker.title.setText("How few?")
    setup.button("allFreeButton").click()
    written = maker.lesson()
    choose_language(setup, "de")
    assert setup.window.train_tab.maker.lesson() == written
    assert setup.window.inside_tab.example.current is picked
    strip = setup.window.draw_tab.pictures.strip
    assert [each.name for each in strip.pictures] == ["four.png"]
    assert not strip.isHidden()


def test_what_waits_starts_in_the_new_language(setup, in_english_again):
    window = setup.window
    setup.run_an_epoch()
    learned = []
    setup.window.learning.start = lambda *work: learned.append(work)
    window.draw_tab.learn.learn()
    assert window.state.queue.kind == "learning"
    choose_language(setup, "fr")
    assert window.state.queue.kind == "learning"
    window.run.stop()
    setup.wait_for_end()
    setup.qtbot.waitUntil(lambda: bool(learned))


def read_help(setup, action):
    """Open a text of the help menu, close it and return its title and text."""
    window = setup.window
    action.trigger()
    setup.qtbot.waitUntil(lambda: bool(window.findChildren(QTextBrowser, "helpText")))
    (text,) = window.findChildren(QTextBrowser, "helpText")
    found = text.window().windowTitle(), text.toPlainText()
    text.window().close()
    setup.qtbot.waitUntil(lambda: not window.findChildren(QTextBrowser, "helpText"))
    return found


def test_the_help_menu_tells_first_steps_keys_versions_and_opens_the_guide(shared):
    window = shared.window
    first, guide, words, __, keys, problem, about = shared.button("helpButton").menu().actions()
    assert words.shortcut().toString() == "F1"
    for action, told in (
        (first, "Press T"),
        (keys, "Undo"),
        (problem, "Python"),
        (about, "Python"),
    ):
        assert told in read_help(shared, action)[1]
    assert __version__ in read_help(shared, about)[1]
    view = window.inside_tab.open()
    window.navigation.tabs.setCurrentWidget(window.draw_tab)
    guide.trigger()
    assert window.navigation.tabs.currentWidget() is window.inside_tab
    assert view.pages.currentWidget() is view.page
    guide.trigger()
    assert view.pages.currentWidget() is not view.page


def test_full_screen_is_for_every_tab(shared, qtbot):
    window = shared.window
    full_screen = window.view.full_screen
    for page in (window.draw_tab, window.train_tab, window.inside_tab):
        window.navigation.tabs.setCurrentWidget(page)
        full_screen.trigger()
        assert window.isFullScreen()
        assert window.navigation.tabs.tabBar().isVisible()
        assert "F11" in window.toast.label.text()
        full_screen.trigger()
        assert not window.isFullScreen()
        assert not window.toast.isVisible()


def test_the_size_of_text_is_chosen_by_keys_and_remembered(shared, qtbot):
    window = shared.window
    before = theme.text_scale()
    for key, part in ((Qt.Key_Plus, 1.15), (Qt.Key_Plus, 1.3), (Qt.Key_Minus, 1.15), (Qt.Key_0, 1)):
        QTest.keyClick(window, key, Qt.ControlModifier)
        assert theme.text_scale() == pytest.approx(before * part)
        assert window.preferences.get("text_size", 0) == round(100 * part)
    for _ in range(9):
        QTest.keyClick(window, Qt.Key_Minus, Qt.ControlModifier)
    assert theme.text_scale() == before


def test_a_step_may_be_computed_while_the_run_pauses(shared):
    state, inside = shared.window.state, shared.window.inside_tab
    before = state.run
    state.set(run=Run(state="training"))
    assert inside.is_training()
    state.set(run=Run(state="paused"))
    assert not inside.is_training()
    state.set(run=before)


def test_screen_readers_are_told_what_happens_elsewhere(shared, qtbot):
    window = shared.window
    canvas = window.draw_tab.canvas
    canvas.setFocus()
    said = window.accessibleDescription
    Notifier().message("Saved.")
    assert said() == "Saved."
    for key in (Qt.Key_Space, *[Qt.Key_Down] * 10):
        QTest.keyClick(canvas, key)
    qtbot.waitUntil(lambda: said() == "")
    QTest.keyClick(canvas, Qt.Key_Space)
    certainty = window.draw_tab.answer.block.figure.accessibleDescription
    qtbot.waitUntil(lambda: said() != "")
    assert said() == certainty()
    shared.loop = fakes.Loop(free_epochs=1)
    shared.loop.gate.clear()
    shared.run(3)
    qtbot.waitUntil(lambda: said().startswith("Epoch 1 of 3, Validation accuracy"))
    shared.loop.gate.set()
    qtbot.waitUntil(lambda: said().startswith("Your network"))
