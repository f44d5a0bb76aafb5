"""A run that ends behind another window alerts the desktop."""

from qtpy.QtCore import QObject, Signal
from qtpy.QtWidgets import QSystemTrayIcon, QWidget

from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.shell import desktop
from mnist_draw.training import events


class Controller(QObject):
    """A run's controller and its training in one."""

    ended = Signal()

    def __init__(self):
        super().__init__()
        self.state = AppState()
        self.training = self


def test_the_end_of_a_run_is_shown_behind_another_window(qtbot, monkeypatch):
    window = QWidget()
    run = Controller()
    shown = []
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    monkeypatch.setattr(QSystemTrayIcon, "show", lambda __: None)
    monkeypatch.setattr(QSystemTrayIcon, "showMessage", lambda *words: shown.append(words[2]))
    monkeypatch.setattr(desktop, "_MESSAGE_MS", 0)
    qtbot.addWidget(window)
    window.show()
    desktop.RunNotification(run, window)
    run.state.run.apply(events.Tested(0.07, 0.9829))
    monkeypatch.setattr(window, "isActiveWindow", lambda: True)
    run.ended.emit()
    assert shown == []
    monkeypatch.setattr(window, "isActiveWindow", lambda: False)
    run.ended.emit()
    (sentence,) = shown
    assert "98.29%" in sentence
    qtbot.waitUntil(lambda: not window.findChildren(QSystemTrayIcon))
