"""Garbage is collected in the window's thread, between two events.

Python looks for objects that only hold each other in whichever thread happens to make objects, at
any moment. A widget among them would be deleted there: beside the thread that Qt's widgets belong
to, or while an event is on its way to it. Either ends the process. While the window is open,
Python's own collection is therefore off, and a timer does what it would have done.
"""

from __future__ import annotations

import gc
import time

from PyQt5.QtCore import QObject, QTimer

from mnist_draw.app.shell import heap

#: Milliseconds between two looks: compiling a network makes some thousand objects meanwhile.
_EVERY_MS = 100
#: After a look at all objects, the next waits for so many times what that one took: the window's
#: thread spends at most a two-hundredth of its time on it.
_REST = 200


class GuiThreadGarbageCollector(QObject):
    """Collects garbage for as long as it lives; stop it before it is deleted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # What has been imported stays, and need not be looked at each time.
        gc.collect()
        gc.freeze()
        gc.disable()
        self._rested = 0.0
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(_EVERY_MS)

    def collect(self) -> None:
        """Collect the generations that are due, as Python would."""
        young, middle, old = (
            count > threshold
            for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True)
        )
        if not young:
            return
        began = time.monotonic()
        if middle and old and began >= self._rested:
            gc.collect()
            ended = time.monotonic()
            self._rested = ended + _REST * (ended - began)
            heap.give_back()
        else:
            gc.collect(1 if middle else 0)

    def stop(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        gc.enable()
        gc.unfreeze()
