"""Lets pictures be dropped on the board."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QEvent, QMimeData, QObject, Qt
from PyQt5.QtGui import QDragLeaveEvent, QDropEvent

from mnist_draw.app.board.canvas import Canvas


class DropTarget(QObject):
    """Takes whatever is dropped: what is no picture is answered with a sentence.

    Parameters
    ----------
    canvas : Canvas
        Shows that it would take what is held above it.
    dropped : callable
        Called with the ``QMimeData``.
    """

    def __init__(self, canvas: Canvas, dropped: Callable[[QMimeData], object]) -> None:
        super().__init__(canvas)
        self._canvas = canvas
        self._dropped = dropped
        canvas.setAcceptDrops(True)
        canvas.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        dropped = event.type() == QEvent.Drop
        match event:
            # A drag's entering and moving are drops that have not happened yet.
            case QDropEvent():
                # Copied, never moved: the other program keeps its file or picture.
                event.setDropAction(Qt.CopyAction)
                event.accept()
                self._canvas.set_inviting(not dropped)
                if dropped:
                    self._dropped(event.mimeData())
            case QDragLeaveEvent():
                self._canvas.set_inviting(False)
            case _:
                return False
        return True
