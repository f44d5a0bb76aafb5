"""Painted boards of a few drawings, so that undo and redo need not paint again."""

from __future__ import annotations

from collections import deque

from PyQt5.QtGui import QImage

from mnist_draw.app.placed import Item

#: Boards kept at most: each takes some megabytes on a sharp screen.
_MOST = 6


class LayerMemory:
    """Holds the newest boards with the items that are on them.

    Images share their pixels until one of them is painted on, so that keeping one costs nothing
    at first.
    """

    def __init__(self) -> None:
        self._kept: deque[tuple[list[Item], QImage]] = deque(maxlen=_MOST)

    def keep(self, items: list[Item], layer: QImage) -> None:
        """Remember a board."""
        if self.find(items) is None:
            self._kept.append((items, QImage(layer)))

    def find(self, items: list[Item]) -> QImage | None:
        """Return the board with exactly these items, if it is remembered."""
        for known, layer in self._kept:
            if len(known) == len(items) and all(map(_same, known, items)):
                return QImage(layer)
        return None

    def forget(self) -> None:
        """Forget all boards: size or colours have changed."""
        self._kept.clear()


def _same(one: Item, other: Item) -> bool:
    return one is other
