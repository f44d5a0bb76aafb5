"""A thread of its own for an object that answers to signals."""

from __future__ import annotations

import logging
from collections.abc import Callable

from PyQt5 import sip
from PyQt5.QtCore import QObject, QThread, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.threads import SHUTDOWN_S, running

logger = logging.getLogger("mnist_draw.app")


class WorkerThread(QObject):
    """Lets a worker live in a thread, from `start` until it is asked to end."""

    ended = pyqtSignal()

    def __init__(
        self,
        name: str,
        worker: QObject,
        begin: Callable[[], None] | None = None,
        leave: Callable[[], object] | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._worker = worker
        self._leave = leave
        self._thread = QThread()
        self._thread.setObjectName(name)
        self._thread.finished.connect(self._finish)
        self._listed = False
        worker.moveToThread(self._thread)
        if begin is not None:
            self._thread.started.connect(begin)

    def start(self) -> None:
        """Start the thread."""
        self._listed = True
        running.add(self)
        self._thread.start()

    @pyqtSlot()
    def quit(self) -> None:
        """End the thread after what it does now; from any thread."""
        self._thread.quit()

    def ask_to_end(self) -> None:
        """Ask for the end; returns at once."""
        if self._leave is not None:
            self._leave()
        self._thread.quit()

    def wait(self, seconds: float = SHUTDOWN_S) -> bool:
        """Wait so long at the most; return whether the thread has ended."""
        if self._thread.isRunning() and not self._thread.wait(round(1000 * seconds)):
            logger.warning("%s is still busy", self._thread.objectName())
            return False
        self._finish()
        return True

    def stop(self, seconds: float = SHUTDOWN_S) -> bool:
        """Ask for the end and wait for it; return whether the thread has ended."""
        self.ask_to_end()
        return self.wait(seconds)

    @pyqtSlot()
    def _finish(self) -> None:
        """Tell the end once: a GUI thread that waits for it hears no signals meanwhile."""
        if self._listed:
            self._thread.wait()
            self._listed = False
            running.remove(self)
            # Its owner may be gone where it took long to end.
            if not sip.isdeleted(self):
                self.ended.emit()
