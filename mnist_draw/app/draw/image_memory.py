"""Painted boards of a few drawings, so that undo and redo need not paint again."""

from __future__ import annotations

import operator
from collections import deque
from collections.abc import Sequence

from PyQt5.QtCore import QPointF
from PyQt5.QtGui import QImage

from mnist_draw.app.draw.placed_picture import Item


class ImageMemory:
    """Holds the newest boards with the items that are on them.

    Images share their pixels until one of them is painted on, so that keeping one costs nothing
    at first.
    """

    def __init__(self, room: int) -> None:
        self._room = room
        self._taken = 0
        self._kept: deque[tuple[list[Item], QImage, QPointF]] = deque()

    def keep(self, items: list[Item], image: QImage, corner: QPointF | None = None) -> None:
        """Remember a board."""
        if self.find(items) is not None:
            return
        self._kept.append((items, QImage(image), QPointF(corner or QPointF())))
        self._taken += image.sizeInBytes()
        while self._taken > self._room and len(self._kept) > 1:
            self._taken -= self._kept.popleft()[1].sizeInBytes()

    def find(self, items: list[Item]) -> tuple[QImage, QPointF] | None:
        """Return the board with exactly these items and its corner, if it is remembered."""
        for known, image, corner in reversed(self._kept):
            if same_items(known, items):
                return QImage(image), QPointF(corner)
        return None

    def forget(self) -> None:
        """Forget all boards: size or colours have changed."""
        self._kept.clear()
        self._taken = 0


def same_items(one: Sequence[Item], other: Sequence[Item]) -> bool:
    """Return whether two boards hold the very same items in the same order."""
    return one is other or (len(one) == len(other) and all(map(operator.is_, one, other)))
