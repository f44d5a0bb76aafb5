"""What works in a thread of its own, and only while somebody watches."""

from __future__ import annotations

from typing import TypeVar

from PyQt5.QtCore import QObject, QTimer, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import LatestValue
from mnist_draw.thread_priority import lower

T = TypeVar("T")


class WatchedWorker(QObject):
    """Lives in its own thread; a subclass says in `look` what there is to do."""

    failed = pyqtSignal(str)
    _woken = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self._watched = False
        self._alarm_set = False
        self._woken.connect(self._work)

    # -- from any thread

    def watch(self, on: bool) -> None:
        """Say whether anybody can see what is found; without, nothing is done."""
        self._watched = on
        if on:
            self._woken.emit()

    def _post(self, box: LatestValue[T], value: T) -> None:
        """Leave a value for the thread, which takes only the newest."""
        if box.put(value):
            self._woken.emit()

    # -- in the thread

    def look(self) -> None:
        """Do what there is to do now; what it raises is told."""
        raise NotImplementedError

    @pyqtSlot()
    def begin(self) -> None:
        """Let drawing and answering go first."""
        lower()

    @pyqtSlot()
    def _work(self) -> None:
        if not self._watched:
            return
        try:
            self.look()
        except Exception as error:  # a slot must not raise: the user is told instead
            self.failed.emit(reporter.sentence(error))

    def _come_back_in(self, seconds: float) -> None:
        """Look again after a while; until then `_alarm_set` is true."""
        self._alarm_set = True
        QTimer.singleShot(round(seconds * 1000) + 1, self._alarm)

    @pyqtSlot()
    def _alarm(self) -> None:
        self._alarm_set = False
        self._work()
