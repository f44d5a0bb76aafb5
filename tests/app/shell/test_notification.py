"""A run that ends behind another window is told to the desktop."""

import sys

import pytest
from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.shell import desktop
from mnist_draw.app.train.run_state import RunState
from mnist_draw.training import events

pytestmark = pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="Linux has D-Bus")
QtDBus = pytest.importorskip("PyQt5.QtDBus")


class Run(QObject):
    """A run's controller and its training in one."""

    state_changed = pyqtSignal()
    ended = pyqtSignal()

    def __init__(self):
        super().__init__()
        self.state, self.training = RunState(), self

    def take(self, event):
        self.state.apply(event)
        self.state_changed.emit()


class Bus:
    def __init__(self):
        self.sent = []

    def send(self, message):
        self.sent.append(message)


def test_progress_and_end_are_told_behind_another_window(qtbot, monkeypatch):
    window, run, bus = QWidget(), Run(), Bus()
    qtbot.addWidget(window)
    window.show()
    desktop.RunNotification(run, window)
    monkeypatch.setattr(desktop, "session_bus", lambda: (QtDBus, bus))
    run.state.epochs = 2
    run.take(events.BatchFinished(1, 2, 1, 2, 0.5, 0.9, 0.001))
    run.take(events.BatchFinished(2, 2, 1, 2, 0.5, 0.9, 0.001))
    run.take(events.Tested(0.07, 0.9829))
    run.take(events.Finished("completed", 2, 1.5, ()))
    shown = [message.arguments()[1] for message in bus.sent]
    assert [one["progress"] for one in shown] == [0.25, 0.75, 0.0]
    assert [one["progress-visible"] for one in shown] == [True, True, False]
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    run.ended.emit()
    assert bus.sent[-1].member() == "Update"
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    run.ended.emit()
    assert bus.sent[-1].member() == "Notify"
