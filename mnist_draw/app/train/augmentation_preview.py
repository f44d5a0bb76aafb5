"""Sixteen training digits as the chosen augmentation varies them."""

from __future__ import annotations

from functools import partial

import numpy as np
from PyQt5.QtCore import QRectF, QSize, pyqtSignal
from PyQt5.QtGui import QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import explain

_COLUMNS, _ROWS = 8, 2
_TILE = 24
_GAP = 4
#: Pictures to choose the sixteen from.
_POOL = 2000

NetworkRequest = tuple[str, str | None, int]


def make_examples(recipe: str, folder: str | None, seed: int) -> np.ndarray:
    """Return sixteen varied pictures, uint8 of shape (16, 28, 28)."""
    from mnist_draw.dataset.augmentation.augmenter import preview
    from mnist_draw.dataset.mnist import load_dataset
    from mnist_draw.training.epoch_pictures import digits_shown, side_of_ink

    data = load_dataset(folder)
    images, labels = data.train_images[:_POOL], digits_shown(data)[:_POOL]
    return preview(recipe, images, labels, seed, _COLUMNS * _ROWS, side_of_ink(data))[:, 0]


class AugmentationView(QWidget):
    """Shows examples of a recipe; hidden while nothing is varied."""

    #: ``(sentence)``: the examples cannot be made, such as for a folder without training data.
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
        self._wish: NetworkRequest | None = None
        self._background = Background(self, newest_only=True)
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
        if recipe != "off":
            self._background.run(
                lambda: make_examples(*wish),
                partial(self._show, wish),
                lambda error: self.failed.emit(reporter.sentence(error)),
            )

    def _show(self, wish: NetworkRequest, pictures: np.ndarray) -> None:
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
            painter.drawImage(place, image_of(self.pictures[number]))
