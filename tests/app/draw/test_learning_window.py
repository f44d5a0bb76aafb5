"""Learning in the whole window: its end, a lost display, and the next start."""

from __future__ import annotations

import json
import threading

import pytest
from PyQt5.QtGui import QGuiApplication
from PyQt5.QtWidgets import QLabel, QPushButton

from mnist_draw.app.draw.recognition import Recognition
from mnist_draw.app.kit.learning import Learning
from mnist_draw.app.shell import shutdown
from mnist_draw.app.shell.window import Window
from mnist_draw.app.train.training import Training
from mnist_draw.errors import UserError
from mnist_draw.library import networks as kept
from mnist_draw.storage import load_model
from mnist_draw.storage.preferences import Preferences

from .. import fakes
from .test_learning import Learn, taught

pytestmark = pytest.mark.window

LEFT = "What was being learnt of your digits is lost. The digits are kept"


class Setup:
    """A window that learns two digits and waits before the last step."""

    def __init__(self, qtbot, home):
        self.qtbot = qtbot
        self.learn = Learn()
        self.learn.gate.clear()
        taught(home)
        self.window = self.make_window()

    def make_window(self):
        """Return a window that is ready to answer; a second one is as after a restart."""
        recognition = Recognition(lambda: fakes.model(title="Ships"), None, fakes.Recogniser)
        window = Window(Preferences(), recognition, Training(fakes.Loop()), Learning(self.learn))
        window.draw_tab.pictures.reader._make_recogniser = fakes.Recogniser
        self.qtbot.addWidget(window)
        with self.qtbot.waitSignal(recognition.ready):
            window.show()
            window.start()
        return window

    def begin(self):
        """Show the digits and begin to learn them."""
        self.window.draw_tab.my_digits.show_digits()
        button = self.window.findChild(QPushButton, "learnButton")
        self.qtbot.waitUntil(button.isEnabled)
        button.click()

    def text(self, name):
        """Return a label's text."""
        return self.window.findChild(QLabel, name).text()

    def wait_for_end(self):
        """Wait until nothing is being learnt."""
        self.qtbot.waitUntil(lambda: not self.window.learning.running)


@pytest.fixture
def setup(qtbot, own_home):
    made = Setup(qtbot, own_home)
    yield made
    made.learn.gate.set()
    made.window.close()
    assert made.window.shut_down()


def test_closing_while_learning(setup):
    window = setup.window
    setup.begin()
    window.tabs.setCurrentWidget(window.draw_tab)
    setup.qtbot.waitUntil(lambda: setup.text("statusLabel") == "Learning your digits")
    window.close()
    assert window.isVisible()
    assert "as soon as your digits are learnt" in setup.text("messageLabel")
    setup.learn.gate.set()
    setup.qtbot.waitUntil(lambda: not window.isVisible())
    assert window.shut_down()
    assert [one for one in kept.list_fine_tuned() if one.info.before]


@pytest.fixture
def said(monkeypatch):
    """Return what is said on the terminal when the window has closed."""
    told: list[str] = []
    monkeypatch.setattr(shutdown.reporter, "say_at_the_end", told.append)
    return told


@pytest.mark.parametrize("asked", [True, False])
def test_nobody_has_to_wait_for_learning(setup, asked, said, monkeypatch):
    monkeypatch.setattr(shutdown, "_SESSION_S", 0.1)
    setup.begin()
    if asked:
        setup.window.close()
        assert said == []
    else:
        setup.window.shutdown.close_without_prompt()
    setup.window.close()
    setup.qtbot.waitUntil(lambda: not setup.window.isVisible())
    assert said[0].startswith(LEFT)
    setup.window.learning.stop()
    setup.learn.gate.set()
    assert setup.window.shut_down()
    assert len(said) == 1


@pytest.mark.parametrize("session", [True, False])
def test_what_is_nearly_learnt_is_kept_when_the_system_ends_the_program(
    setup, session, said, monkeypatch
):
    setup.begin()
    threading.Timer(0.05, setup.learn.gate.set).start()
    if session:
        monkeypatch.setattr(QGuiApplication, "isSavingSession", lambda *_: True)
    else:
        setup.window.shutdown.close_without_prompt()
    setup.window.close()
    setup.qtbot.waitUntil(lambda: not setup.window.isVisible())
    assert setup.window.shut_down()
    (learnt,) = (one for one in kept.list_fine_tuned() if one.info.before)
    assert Preferences().get("network", "") == learnt.key
    assert LEFT not in " ".join(said)


def test_a_display_that_is_lost_does_not_cost_what_is_being_learnt(setup, own_home):
    window, said = setup.window, list[str]()
    setup.begin()
    threading.Timer(0.05, setup.learn.gate.set).start()
    window.shutdown.save_now()
    window.shutdown.finish_learning(said.append)
    # The network before, which only memory had, is kept as well.
    paths = (own_home / "data" / "learnt").iterdir()
    (path,) = (path for path in paths if load_model(path).info.before)
    assert "goes on without a window" in said[0]
    assert "2 are now" in said[1]
    assert f"kept as {kept.find_by_key(f'learnt:{path.name}').title}" in said[2]
    assert Preferences().get("network", "") == f"learnt:{path.name}"
    setup.wait_for_end()


def test_a_display_that_is_lost_while_nothing_can_be_learnt(setup):
    said: list[str] = []
    setup.window.shutdown.finish_learning(said.append)
    assert said == []
    setup.learn.error = UserError("The loss grew.")
    setup.begin()
    setup.window.shutdown.finish_learning(said.append)
    assert said[1].startswith("The loss grew. Nothing was learnt.")
    setup.wait_for_end()


def test_the_choice_is_remembered(setup, own_home, qtbot):
    setup.learn.gate.set()
    setup.begin()
    setup.wait_for_end()
    # It may not have answered yet.
    key = setup.window.network.newest.key
    assert key
    setup.window.close()
    stored = json.loads((own_home / "config" / "preferences.json").read_text())["values"]
    assert stored["network"] == key
    again = setup.make_window()
    assert again.network.key == key
    # The list of networks is read in the background.
    qtbot.waitUntil(lambda: again.draw_tab.models.currentText().startswith("My digits, "))
    again.close()
    assert again.shut_down()
