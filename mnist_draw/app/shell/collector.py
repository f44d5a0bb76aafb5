"""Garbage is collected in the window's thread, between two events, a little at a time.

Python looks for objects that only hold each other in whichever thread happens to make objects, at
any moment. A widget among them would be deleted there: beside the thread that Qt's widgets belong
to, or while an event is on its way to it. Either ends the process. While the window is open,
Python's own collection is therefore off, and a timer does what it would have done.

A look takes the longer the more objects there are, and nobody can draw meanwhile: the networks'
libraries and a compiled function are 150,000 objects, a twentieth of a second. Almost all of them
stay. What has survived a look is therefore set aside (`gc.freeze`), and the next look is at what
was made since. What was set aside is looked at when nobody would notice.
"""

from __future__ import annotations

import gc
import time

from PyQt5.QtCore import QObject, QPoint, QTimer
from PyQt5.QtGui import QCursor

from mnist_draw.app.shell import heap

#: Milliseconds between two looks, and between two while many objects are made: compiling a network
#: makes some thousand meanwhile.
_EVERY_MS, _BUSY_MS = 100, 25
#: So many new objects are looked at together: they take 4 ms on a slow core, 0.4 µs each.
_MOST = 10_000
#: All objects are looked at when those that were set aside have grown by this part, and when for so
#: many seconds the pointer has stood still and nothing has happened, or after so many in any case.
_GROWTH, _STILL_S, _LATEST_S = 0.5, 20.0, 300.0
#: Something happens when there are so many objects more or fewer than at the look before: an answer
#: makes or frees a hundred, a window at rest none.
_STIR = 10


class Collector(QObject):
    """Collects garbage for as long as it lives; stop it before it is deleted.

    Parameters
    ----------
    parent : QObject, optional
        Lives in the thread that collects.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._new = self._grown = self._known = self._count = 0
        self._due: float | None = None
        self._still = 0.0
        self._place = QPoint()
        self._look_at_all()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(_EVERY_MS)

    def collect(self) -> None:
        """Look at what is new, and at everything when that is due and nobody would notice."""
        made = gc.get_count()[0]
        stirred = abs(made - self._count) > _STIR
        busy = made > gc.get_threshold()[0]
        every = _BUSY_MS if busy else _EVERY_MS
        if every != self._timer.interval():
            self._timer.start(every)
        if busy:
            self._new += made
            if self._new > _MOST:
                gc.collect()
                gc.freeze()
                self._grown += self._new
                self._new = 0
            else:
                self._new -= gc.collect(0)
        if self._grown > _GROWTH * self._known and self._is_unnoticed(stirred):
            self._look_at_all()
            heap.give_back()
        self._count = gc.get_count()[0]

    def _is_unnoticed(self, stirred: bool) -> bool:
        """Whether nothing has happened for long enough, or there was no such moment for long."""
        now, place = time.monotonic(), QCursor.pos()
        if self._due is None:
            self._due = now
        if stirred or place != self._place or self._due == now:
            self._place, self._still = place, now
        return now - self._still >= _STILL_S or now - self._due >= _LATEST_S

    def _look_at_all(self) -> None:
        gc.unfreeze()
        gc.collect()
        gc.freeze()
        self._known = gc.get_freeze_count()
        self._new = self._grown = 0
        self._due = None

    def stop(self) -> None:
        """Leave collecting to Python again."""
        self._timer.stop()
        gc.enable()
        gc.unfreeze()
