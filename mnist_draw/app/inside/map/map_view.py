"""Two thousand digits as a layer of the network sees them, with the example among them."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QEvent, QPointF, QSize, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QResizeEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QWidget

from mnist_draw.app.inside.map.map_painter import (
    MARGIN,
    Digits,
    Located,
    MapPainter,
    MapScene,
    paint_card,
    paint_example,
)
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain
from mnist_draw.dataset.classes import DIGITS

#: Below the digits, for the legend, in pixels.
_LEGEND = 30
_NEAR = 14.0
_HOVER_MS = 125


class MapView(QWidget):
    """Digits as digits; arrow keys walk to the next in that direction, Enter picks."""

    picked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("mapView")
        explain(
            self,
            "Map",
            "Test pictures as a layer of the network sees them: near means alike. Arrow keys walk "
            "to the next one, Enter or a click makes it the example.",
        )
        self.setToolTip("")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.digits: Digits | None = None
        self.points: np.ndarray | None = None
        self.located: Located | None = None
        self.current: int | None = None
        self._pair: tuple[int | None, int | None] = (None, None)
        self._places: np.ndarray | None = None
        self._painted: QPixmap | None = None
        self._painter = MapPainter()
        #: What the classes are called.
        self.names: tuple[str, ...] = DIGITS
        self._words = ""
        self._pointed: int | None = None
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(_HOVER_MS)
        self._pause.timeout.connect(lambda: self.walk_to(self._pointed))
        theme.theme().changed.connect(self._restyle)

    def sizeHint(self) -> QSize:
        return QSize(600, 480)

    def minimumSizeHint(self) -> QSize:
        return QSize(320, 260)

    def show_digits(self, digits: Digits | None, points: np.ndarray | None) -> None:
        """Show digits at their places, float (n, 2)."""
        self.digits, self.points = digits, points
        if digits is None or (self.current is not None and self.current >= len(digits.labels)):
            self.current = None
        self._repaint()

    def show_words(self, words: str) -> None:
        """Say why there is no map; seen where no digits are shown."""
        self._words = words
        self.setAccessibleDescription(words)
        self.update()

    def show_example(
        self, located: Located | None, answer: int | None = None, second: int | None = None
    ) -> None:
        """Show where the example lies; digits of its answer and second guess are coloured."""
        self.located = located
        if (answer, second) != self._pair:
            self._pair = (answer, second)
            self._painted = None
        self.update()

    def _repaint(self) -> None:
        self._painted = self._places = None
        self.update()

    def _restyle(self) -> None:
        self._painter.forget()
        self._repaint()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint()

    # -- where things are

    def _on_screen(self, points: np.ndarray) -> np.ndarray:
        assert self.points is not None
        low, high = self.points.min(axis=0), self.points.max(axis=0)
        room = np.array([self.width() - 2 * MARGIN, self.height() - 2 * MARGIN - _LEGEND])
        placed = (points - low) / np.maximum(high - low, 1e-9)
        # y points down on the screen.
        placed = np.where([[False, True]], 1 - placed, placed)
        # An example far out is shown at the rim.
        result: np.ndarray = np.clip(placed, -0.02, 1.02) * room + MARGIN
        return result

    def _all_places(self) -> np.ndarray:
        if self._places is None:
            assert self.points is not None
            self._places = self._on_screen(self.points)
        return self._places

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.digits is None or self.points is None:
            painter.setFont(theme.font(Text.SENTENCE))
            painter.setPen(theme.colour("text"))
            room = self.rect().adjusted(20, 0, -20, 0)
            painter.drawText(room, int(Qt.AlignCenter | Qt.TextWordWrap), self._words)
            return
        scene = MapScene(
            self.digits, self._all_places(), self._pair, self.names,
            self.width(), self.height(), self.devicePixelRatioF(),
        )  # fmt: skip
        if self._painted is None:
            self._painted = self._painter.paint_digits(scene)
        painter.drawPixmap(0, 0, self._painted)
        painter.setRenderHint(QPainter.Antialiasing)
        if self.current is not None:
            place = QPointF(*scene.places[self.current])
            painter.setPen(QPen(theme.colour("second"), 2.5))
            painter.drawEllipse(place, 10, 10)
        if self.located is not None:
            place = QPointF(*self._on_screen(self.located.place[None])[0])
            paint_example(painter, scene, self.located, place)
        if self.current is not None:
            paint_card(painter, scene, self.current)

    # -- pointing and walking

    def walk_to(self, number: int | None) -> None:
        """Point at a digit, and say what there is to say about it."""
        if number != self.current:
            self.current = number
            words = "" if number is None or self.digits is None else self.digits.words(number)
            self.setAccessibleDescription(", ".join(words))
            self.update()

    def step(self, x: int, y: int) -> None:
        """Walk to the nearest digit in a direction; x to the right, y downwards."""
        if self.points is None:
            return
        places = self._all_places()
        if self.current is None:
            middle = places.mean(axis=0)
            self.walk_to(int(((places - middle) ** 2).sum(axis=1).argmin()))
            return
        way = places - places[self.current]
        ahead, aside = way @ np.array([x, y]), np.abs(way @ np.array([y, x]))
        wanted = (ahead > 0.5) & (aside <= ahead)
        if wanted.any():
            cost = np.where(wanted, ahead + 2 * aside, np.inf)
            self.walk_to(int(cost.argmin()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        ways = {
            int(Qt.Key_Left): (-1, 0), int(Qt.Key_Right): (1, 0),
            int(Qt.Key_Up): (0, -1), int(Qt.Key_Down): (0, 1),
        }  # fmt: skip
        if event.key() in ways:
            self.step(*ways[event.key()])
        elif event.key() in (Qt.Key_Return, Qt.Key_Enter) and self.current is not None:
            self.picked.emit(self.current)
        elif event.key() == Qt.Key_Escape and self.current is not None:
            self.walk_to(None)
        else:
            super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._pointed = self._at(event.pos().x(), event.pos().y())
        if self._pointed is None:
            self._pause.stop()
            self.walk_to(None)
        elif self._pointed != self.current:
            self._pause.start()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        number = self._at(event.pos().x(), event.pos().y())
        if event.button() == Qt.LeftButton and number is not None:
            self.walk_to(number)
            self.picked.emit(number)

    def _at(self, x: int, y: int) -> int | None:
        if self.points is None or self.digits is None:
            return None
        distances = np.hypot(*(self._all_places() - np.array([x, y])).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= _NEAR else None

    def leaveEvent(self, event: QEvent) -> None:
        self._pause.stop()
        self.walk_to(None)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.walk_to(None)
