"""Painted boards of a few drawings, so that undo and redo need not paint again."""

from __future__ import annotations

from collections import deque

from PyQt5.QtGui import QImage

from mnist_draw.app.strokes import Stroke

#: Boards kept at most: each takes some megabytes on a sharp screen.
_MOST = 6


class LayerMemory:
    """Holds the newest boards with the strokes that are on them.

    Images share their pixels until one of them is painted on, so that keeping one costs nothing
    at first.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[list[Stroke], QImage]] = deque(maxlen=_MOST)

    def keep(self, strokes: list[Stroke], layer: QImage) -> None:
        """Remember a board."""
        if self.find(strokes) is None:
            self._kept.append((strokes, QImage(layer)))

    def find(self, strokes: list[Stroke]) -> QImage | None:
        """Return the board with exactly these strokes, if it is remembered."""
        for known, layer in self._kept:
            if len(known) == len(strokes) and all(map(_same, known, strokes)):
                return QImage(layer)
        return None

    def forget(self) -> None:
        """Forget all boards: size or colours have changed."""
        self._kept.clear()


def _same(one: Stroke, other: Stroke) -> bool:
    return one is other
