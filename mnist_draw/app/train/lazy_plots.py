"""Imports pyqtgraph in a thread, then builds the plots one by one between events."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence

from PyQt5.QtCore import QObject, QTimer

from mnist_draw.app.kit.threads import Background

#: Modules of Qt that pyqtgraph imports. A module of PyQt5 that is loaded in one thread changes
#: what all conversions between Python and Qt look up: in the GUI thread only, or it may crash.
_QT_MODULES = ("PyQt5.QtSvg", "PyQt5.QtTest")


class LazyPlots(QObject):
    """Does what the curves need once the window is visible, without blocking it."""

    def __init__(self, steps: Sequence[Callable[[], None]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps = list(steps)
        self._background = Background(self)
        self._begun = False

    def start(self) -> None:
        """Begin; later calls do nothing."""
        if self._begun:
            return
        self._begun = True
        for name in _QT_MODULES:
            # Without it pyqtgraph does without it, too.
            with contextlib.suppress(ImportError):
                importlib.import_module(name)
        self._background.run(_import, lambda _: self._next())

    def _next(self) -> None:
        if self._steps:
            self._steps.pop(0)()
            QTimer.singleShot(0, self._next)


def _import() -> None:
    # Loaded in another thread so that the GUI thread need not wait.
    import pyqtgraph  # noqa: F401

    import mnist_draw.app.train.axes
    import mnist_draw.app.train.curve_tools  # noqa: F401
