"""Ctrl-C in the terminal, ``kill`` and a closed terminal close the window as its button does.

Python runs its handlers between two of its own instructions, and an idle window runs none: it
waits inside Qt. So the number of a signal is also written to a socket, which wakes Qt.
"""

from __future__ import annotations

import contextlib
import signal
import socket

from PyQt5.QtCore import QObject, QSocketNotifier, pyqtSignal
from PyQt5.QtWidgets import QApplication

from mnist_draw.training.control import ENDING_SIGNALS


class SystemSignals(QObject):
    """Closes all windows when the system or the terminal asks for it."""

    asked = pyqtSignal()

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._numbers = {
            getattr(signal, name) for name in ("SIGINT", *ENDING_SIGNALS) if hasattr(signal, name)
        }
        self._reading, self._writing = socket.socketpair()
        self._reading.setblocking(False)
        self._writing.setblocking(False)
        self._notifier = QSocketNotifier(
            self._reading.fileno(),  # type: ignore[arg-type]
            QSocketNotifier.Read,
            self,
        )
        self._notifier.activated.connect(self._told)
        for number in self._numbers:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: None)
        signal.set_wakeup_fd(self._writing.fileno(), warn_on_full_buffer=False)

    def _told(self) -> None:
        numbers: set[int] = set()
        with contextlib.suppress(BlockingIOError):
            numbers.update(self._reading.recv(256))
        if numbers & self._numbers:
            self.asked.emit()
            # A dialog first, then the window, which ends its run and keeps what was learnt.
            QApplication.closeAllWindows()
