"""The weights of the first layer's units as small pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from PyQt5.QtCore import QRectF, QSize, pyqtSignal
from PyQt5.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of, rgb
from mnist_draw.app.kit.widgets import explain

#: Side of a unit's picture and what keeps two apart, in logical pixels; and pixels of MNIST.
_TILE = 48
_GAP = 6
_SIDE = 28
#: Standard deviations beyond which weights are shown at full strength.
_PEAK = 3.5
#: Units whose weights set the scale: as many as are ever seen at once, and quick to measure.
_SCALE_FROM = 100


class FiltersView(QWidget):
    """As many units as fit, each as a picture of its incoming weights.

    Positive weights are shown in orange (ink there speaks for the unit), negative ones in blue,
    the largest of the layer at full strength.
    """

    shown_changed = pyqtSignal(int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("filtersView")
        explain(
            self,
            "What the first layer looks for",
            "Each picture shows the weights into one unit: orange where ink speaks for it, "
            "blue where ink speaks against it.",
        )
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumHeight(2 * _TILE + _GAP)
        self._filters: np.ndarray | None = None
        self._images: list[QImage] = []
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(12 * (_TILE + _GAP), 2 * _TILE + _GAP)

    def show_parameters(self, parameters: tuple[Any, ...] | None) -> None:
        """Show the first layer of a network from its parameters, or nothing."""
        self._filters = None
        if parameters:
            weights = np.asarray(parameters[0])
            if weights.ndim == 2 and weights.shape[0] == _SIDE * _SIDE:
                self._filters = weights.T.reshape(-1, _SIDE, _SIDE)
            elif weights.ndim == 4:
                self._filters = weights[:, 0]
        self._render()

    @property
    def units(self) -> int:
        """How many units the layer has."""
        return 0 if self._filters is None else len(self._filters)

    def _grid(self) -> tuple[int, int]:
        columns = max(1, (self.width() + _GAP) // (_TILE + _GAP))
        rows = max(1, (self.height() + _GAP) // (_TILE + _GAP))
        return columns, rows

    def _render(self) -> None:
        """Paint the tiles that fit into images; the rest of the layer is not touched."""
        columns, rows = self._grid()
        count = min(self.units, columns * rows)
        self._images = []
        if self._filters is not None and count:
            # Dark in both themes: on white, weak weights of both signs look alike.
            dark = theme.DARK
            ground, accent, second = (
                rgb(QColor(name)) for name in (dark.paper, dark.accent, dark.second)
            )
            shown = self._filters[:count]
            # One scale for the whole layer, so that units which found something stand out.
            peak = _PEAK * float(self._filters[:_SCALE_FROM].std())
            strength = np.clip(shown / max(peak, 1e-12), -1, 1)[..., None]
            colours = np.where(strength > 0, accent, second)
            pixels = ground + (colours - ground) * np.abs(strength)
            self._images = [image_of(tile) for tile in pixels.astype(np.uint8)]
        self.shown_changed.emit(count, self.units)
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._render()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._images:
            painter.setFont(theme.font(theme.Text.LABEL))
            painter.setPen(theme.colour("muted"))
            painter.drawText(
                self.rect(), 0, "The weights appear here after the first epoch of a run."
            )
            return
        columns, _ = self._grid()
        for number, image in enumerate(self._images):
            row, column = divmod(number, columns)
            rect = QRectF(column * (_TILE + _GAP), row * (_TILE + _GAP), _TILE, _TILE)
            painter.drawImage(rect, image)
        painter.end()
