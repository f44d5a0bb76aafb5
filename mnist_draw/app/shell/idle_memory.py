"""Memory goes back to the system when the program has come to rest, and during long work."""

from __future__ import annotations

import time

from PyQt5.QtCore import QObject, QTimer

from mnist_draw.app.shell import heap

#: Milliseconds between two looks.
_EVERY_MS = 500
#: The program rests while it computes for less than this share of the time. A crowded processor
#: leaves a network that is being compiled little more; an open window takes a hundredth.
_RESTS = 0.05
#: When it has rested for so many seconds, memory goes back, if it has computed for so many since
#: the last time: to give back takes some hundredths itself.
_QUIET, _WORK = 2.0, 0.3
#: While it works on and on, as in a training, memory goes back every so many seconds. Within two
#: of them 50 to 100 MB come together that nobody needs any more; to give them back, and to be given
#: them anew, takes some thousandths of the time.
_LONG = 3.0
#: But only while it takes this share of a core or more: who draws takes less, and shall not wait.
_HARD = 0.5


class IdleMemoryTrimmer(QObject):
    """Watches how much the program computes, for as long as it lives."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = self._looked = time.monotonic()
        #: Seconds of the processor, at the last look and when memory was given back last.
        self._spent = time.process_time()
        self._given_back = 0.0
        #: Since when it works without a rest, or since memory was given back meanwhile.
        self._begun = self._busy
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.look)
        self._timer.start(_EVERY_MS)

    def look(self) -> None:
        """Give memory back, once, when the program has been at rest or at work for a while."""
        now, spent = time.monotonic(), time.process_time()
        computed, passed = spent - self._spent, now - self._looked
        if computed > _RESTS * passed:
            self._busy = now
            if now - self._begun >= _LONG and computed >= _HARD * passed:
                self._begun = now
                heap.give_back(compiler=True)
        else:
            self._begun = now
            if now - self._busy >= _QUIET and spent - self._given_back >= _WORK:
                self._given_back = spent
                heap.give_back(compiler=True)
        self._looked, self._spent = now, spent

    def stop(self) -> None:
        """Look no more."""
        self._timer.stop()
