"""No network is lost when the window closes, without a question."""

import sys

import full_disk
import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QApplication, QFileDialog, QMessageBox, QPushButton

from mnist_draw.app.kit.app_state import ResultMessage
from mnist_draw.app.kit.learning import Outcome
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import running
from mnist_draw.library import stored_network
from mnist_draw.library.stored_network import opened_folder
from mnist_draw.networks import describe_model, title_of_model
from mnist_draw.recognition.run_session import RunSession
from mnist_draw.storage.models import load_model
from mnist_draw.storage.unique_paths import file_name
from mnist_draw.training.events import Saved

from ..fakes import model

pytestmark = pytest.mark.window
asks_in_a_box = pytest.mark.skipif(
    sys.platform == "win32",
    reason="Qt asks for the system menu of a message box, which this platform of Qt lacks: it ends",
)


@pytest.fixture
def disk():
    """Fill the disk; `undo` makes room."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RunSession, "save_model", full_disk.refuse)
        patch.setattr(stored_network, "save_model", full_disk.refuse)
        yield patch


@pytest.fixture
def setup(shared, disk):
    """Return a window with a network that no place took."""
    unsaved = shared.window.shutdown.unsaved
    unsaved["run:1"] = model(title="Learned")
    yield shared
    shared.window.shutdown.asks_nothing = False
    unsaved.clear()


def question(setup):
    def asked():
        boxes = setup.window.findChildren(QMessageBox, "closingQuestion")
        return [box for box in boxes if box.isVisible()]

    setup.qtbot.waitUntil(lambda: bool(asked()))
    (box,) = asked()
    return box


def click(setup, name):
    question(setup).findChild(QPushButton, name).click()


@asks_in_a_box
def test_closing_asks_once_and_may_be_cancelled(setup, monkeypatch):
    setup.window.close()
    box = question(setup)
    (unsaved,) = setup.window.shutdown.unsaved.values()
    assert describe_model(unsaved) in box.text()
    setup.window.close()
    assert question(setup) is box
    click(setup, "cancelClosingButton")
    # A place that is not chosen is no answer, either.
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    setup.window.close()
    click(setup, "saveElsewhereButton")
    assert setup.window.isVisible()
    assert setup.window.shutdown.unsaved


@asks_in_a_box
def test_what_is_discarded_is_not_asked_about_again(setup):
    setup.window.close()
    click(setup, "discardNetworkButton")
    assert not setup.window.isVisible()


@asks_in_a_box
def test_networks_are_saved_elsewhere_each_in_a_file_of_its_own(setup, tmp_path, monkeypatch):
    unsaved = setup.window.shutdown.unsaved
    unsaved["learnt:1"] = model(2.0, title="Knows my hand")
    models = list(unsaved.values())
    answers = [str(tmp_path / "gone" / "mine.npz"), *2 * [str(tmp_path / "mine")]]
    (tmp_path / "mine.npz").touch()
    asked = []

    def choose(_, title, suggested, files, *__):
        asked.append(suggested)
        return answers.pop(0), files

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    setup.window.close()
    click(setup, "saveElsewhereButton")
    # That failed: it is asked again, and says why.
    assert str(tmp_path / "gone") in question(setup).informativeText()
    click(setup, "saveElsewhereButton")
    setup.qtbot.waitUntil(lambda: not setup.window.isVisible())
    # The dialog did not ask about the other file, which has the name with its ending.
    paths = [tmp_path / f"mine-{number}.npz" for number in (2, 3)]
    assert [load_model(path).fingerprint for path in paths] == [m.fingerprint for m in models]
    names = [f"{file_name(title_of_model(one))}.npz" for one in models]
    assert asked == [names[0], *names]
    long = "Tutorial MLP, rate 0.0005, L2 0.001, 9 epochs, 1,000 pictures, half"
    assert file_name(long) == "Tutorial MLP, rate 0.0005, L2 0.001, 9 epochs"


def test_where_there_is_room_by_now_nothing_is_asked(setup, disk):
    disk.undo()
    setup.window.close()
    setup.qtbot.waitUntil(lambda: not setup.window.isVisible())
    (path,) = opened_folder().glob("*.npz")
    assert title_of_model(load_model(path)) == "Learned"


def test_what_was_learned_is_asked_about_unless_it_is_saved_later(setup, tmp_path):
    unsaved = setup.window.shutdown.unsaved
    unsaved.clear()
    setup.run(1)
    setup.wait_for_end()
    assert len(unsaved) == 1
    setup.window.training.happened.emit([Saved()])
    assert not unsaved
    outcome = Outcome("better", ResultMessage("It learned."), model(title="Knows my hand"))
    setup.window.learning.fine_tuned.emit(outcome)
    assert list(unsaved.values()) == [outcome.model]


def told(setup, monkeypatch):
    """Return what will have been said on the terminal when all threads have ended."""
    said: list[str] = []
    monkeypatch.setattr(reporter, "print_at_end", said.append)
    return said


@pytest.mark.parametrize("has_room", [pytest.param(False, marks=asks_in_a_box), True])
def test_a_system_that_ends_the_program_waits_for_no_answer(setup, disk, monkeypatch, has_room):
    said = told(setup, monkeypatch)
    if has_room:
        disk.undo()
    else:
        setup.window.close()
        question(setup)
    setup.window.shutdown.close_without_prompt()
    QApplication.closeAllWindows()
    assert not setup.window.isVisible()
    assert running.shut_down()
    paths = list(opened_folder().glob("*.npz"))
    assert len(paths) == has_room
    assert (str(paths[0]) if has_room else "is lost") in said[0]


def test_a_session_that_ends_is_not_held_up_and_one_that_is_cancelled_goes_on(setup, monkeypatch):
    said = told(setup, monkeypatch)
    setup.run_an_epoch()
    setup.loop.gate.set()
    with monkeypatch.context() as patch:
        patch.setattr(QGuiApplication, "isSavingSession", lambda *_: True)
        setup.window.close()
    assert not setup.window.isVisible()
    setup.qtbot.waitUntil(lambda: bool(said))
    setup.window.show()
    setup.window.draw_tab.canvas.add_stroke([(200, 200), (300, 300)])
    setup.qtbot.waitUntil(lambda: bool(setup.text("predictionLabel")))


@pytest.mark.parametrize("has_room", [False, True])
def test_a_display_that_is_lost_costs_no_network_for_which_there_is_room(setup, disk, has_room):
    if has_room:
        disk.undo()
    drawing, network = setup.window.shutdown.save_now()
    assert "drawing" in drawing
    paths = list(opened_folder().glob("*.npz"))
    assert len(paths) == has_room
    assert (str(paths[0]) if has_room else "is lost") in network


def test_a_display_that_is_lost_without_a_run_tells_of_none(shared):
    said = shared.window.shutdown.save_now()
    assert said == ["The drawing and the preferences are kept."]
