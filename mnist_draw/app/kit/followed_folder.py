"""A list of what lies in a folder follows it: what other windows and programs do there is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PyQt5.QtCore import QObject, QTimer, pyqtSignal

from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background

#: While the list is in view its folder is looked at this often, in milliseconds.
FOLLOW_MS = 2_000


class FollowedFolder(QObject):
    """Reads a folder when it is asked to, and from then on whenever something has changed there."""

    listed = pyqtSignal(object)
    changed = pyqtSignal(object)

    def __init__(
        self,
        background: Background,
        look: Callable[[], object],
        read: Callable[[], Any],
        can_show: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._look, self._read, self._can_show = look, read, can_show
        self._seen: object = None
        self.reading = False
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._look_again)

    def refresh(self) -> None:
        """Read the folder anew."""
        self._timer.start()
        self.reading = True
        self._background.run(lambda: (self._look(), self._read()), self._listed, self._failed)

    def _listed(self, found: tuple[object, Any]) -> None:
        self.reading = False
        self._seen, listed = found
        self.listed.emit(listed)

    def _failed(self, error: Exception) -> None:
        self.reading = False
        reporter.report(error)

    def _look_again(self) -> None:
        if self.reading or not self._can_show():
            return
        self.reading = True
        before = self._seen

        def look() -> tuple[object, Any]:
            seen = self._look()
            return seen, None if seen == before else self._read()

        self._background.run(look, self._looked, self._not_read)

    def _looked(self, found: tuple[object, Any]) -> None:
        self.reading = False
        seen, listed = found
        # The list may have been left meanwhile; what has changed is found again at its return.
        if seen != self._seen and self._can_show():
            self._seen = seen
            self.changed.emit(listed)

    def _not_read(self, error: Exception) -> None:
        # It was told when the list was opened, or will be when it is opened again.
        self.reading = False
