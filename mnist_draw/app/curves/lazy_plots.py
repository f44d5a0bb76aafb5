"""Imports pyqtgraph in a thread, then builds the plots one by one between events."""

from __future__ import annotations

import contextlib
import importlib
import threading
from collections.abc import Callable, Sequence

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from mnist_draw.app.shared.reporting import reporter
from mnist_draw.app.shared.signals import connect_queued

_SHUTDOWN_S = 5.0
#: Modules of Qt that pyqtgraph imports. A module of PyQt5 that is loaded in one thread changes
#: what all conversions between Python and Qt look up: in the GUI thread only, or it may crash.
_QT_MODULES = ("PyQt5.QtSvg", "PyQt5.QtTest")


class PlotsLater(QObject):
    """Does what the curves need once the window is visible, without blocking it.

    Parameters
    ----------
    steps : sequence of callable
        Each builds one plot in the GUI thread.
    """

    _imported = pyqtSignal()

    def __init__(self, steps: Sequence[Callable[[], None]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = list(steps)
        self._thread: threading.Thread | None = None
        connect_queued(self._imported, self._next)

    def start(self) -> None:
        """Begin; later calls do nothing."""
        if self._thread is None:
            for name in _QT_MODULES:
                # Without it pyqtgraph does without it, too.
                with contextlib.suppress(ImportError):
                    importlib.import_module(name)
            self._thread = threading.Thread(target=self._import, name="plots", daemon=True)
            self._thread.start()

    def wait(self) -> bool:
        """Wait a bounded time for the import to end; return whether it has."""
        self._steps.clear()
        if self._thread is None:
            return True
        self._thread.join(_SHUTDOWN_S)
        return not self._thread.is_alive()

    def _import(self) -> None:
        try:
            # Loaded here so that the GUI thread need not wait.
            import pyqtgraph  # noqa: F401

            import mnist_draw.app.curves.axes
            import mnist_draw.app.curves.curve_tools  # noqa: F401
        except Exception as error:  # the window works without curves
            reporter.report(error)
        else:
            self._imported.emit()

    def _next(self) -> None:
        if self._steps:
            self._steps.pop(0)()
            QTimer.singleShot(0, self._next)
