"""Sixteen training digits as the chosen augmentation varies them."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
from PyQt5.QtCore import QObject, QRectF, QSize, pyqtSignal, pyqtSlot
from PyQt5.QtGui import QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.shared import theme
from mnist_draw.app.shared.mailbox import LatestValue
from mnist_draw.app.shared.reporting import reporter
from mnist_draw.app.shared.signals import connect_queued
from mnist_draw.app.shared.widgets import explain

_COLUMNS, _ROWS = 8, 2
_TILE = 24
_GAP = 4
#: Pictures to choose the sixteen from.
_POOL = 2000
_SHUTDOWN_S = 10.0

Wish = tuple[str, str | None, int]


def make_examples(recipe: str, folder: str | None, seed: int) -> np.ndarray:
    """Return sixteen varied pictures, uint8 of shape (16, 28, 28)."""
    from mnist_draw.dataset.augmentation.augmenter import preview
    from mnist_draw.dataset.mnist import load_dataset

    data = load_dataset(folder)
    images, labels = data.train_images[:_POOL], data.train_labels[:_POOL]
    return preview(recipe, images, labels, seed, _COLUMNS * _ROWS)[:, 0]


class _Results(QObject):
    """What the thread tells: it outlives the view, whose signals end with it."""

    made = pyqtSignal(object, object)
    failed = pyqtSignal(str)


class AugmentationView(QWidget):
    """Shows examples of a recipe; hidden while nothing is varied.

    The examples are made in a thread that ends when there is nothing more to make.
    """

    #: ``(sentence)``: the examples cannot be made, such as for a folder without IDX files.
    failed = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("augmentationView")
        explain(
            self,
            "Varied pictures",
            "Sixteen of the training pictures as the network will see them.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setFixedHeight(self.sizeHint().height())
        self.pictures: np.ndarray | None = None
        self._wish: Wish | None = None
        self._wishes: LatestValue[Wish] = LatestValue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._results = _Results()
        connect_queued(self._results.made, self._show)
        connect_queued(self._results.failed, self.failed)
        self.hide()

    def sizeHint(self) -> QSize:
        return QSize(
            _COLUMNS * (_TILE + _GAP) - _GAP,
            _ROWS * (_TILE + _GAP) - _GAP,
        )

    def show_recipe(self, recipe: str, folder: str | None, seed: int) -> None:
        """Show examples of a recipe as soon as they are made; none for ``"off"``."""
        wish = (recipe, folder, seed)
        if wish == self._wish:
            return
        self._wish = wish
        self.setVisible(recipe != "off")
        if recipe == "off":
            return
        with self._lock:
            self._wishes.put(wish)
            if self._thread is None:
                self._thread = threading.Thread(target=self._make, name="examples", daemon=True)
                self._thread.start()

    def wait(self) -> bool:
        """Wait a bounded time until nothing is made any more; return whether it is so."""
        self._wishes.take()
        thread = self._thread
        if thread is not None:
            thread.join(_SHUTDOWN_S)
        return thread is None or not thread.is_alive()

    def _make(self) -> None:
        while True:
            with self._lock:
                wish = self._wishes.take()
                if wish is None:
                    self._thread = None
                    return
            try:
                self._results.made.emit(wish, make_examples(*wish))
            except Exception as error:  # the user is told; the next wish may be granted
                self._results.failed.emit(reporter.sentence(error))

    @pyqtSlot(object, object)
    def _show(self, wish: Any, pictures: np.ndarray) -> None:
        if wish == self._wish:
            self.pictures = pictures
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.SmoothPixmapTransform)
        for number in range(_COLUMNS * _ROWS):
            row, column = divmod(number, _COLUMNS)
            place = QRectF(column * (_TILE + _GAP), row * (_TILE + _GAP), _TILE, _TILE)
            if self.pictures is None:
                painter.fillRect(place, theme.colour("track"))
                continue
            tile = np.ascontiguousarray(self.pictures[number])
            height, width = tile.shape
            image = QImage(tile.tobytes(), width, height, width, QImage.Format_Grayscale8)
            painter.drawImage(place, image)
