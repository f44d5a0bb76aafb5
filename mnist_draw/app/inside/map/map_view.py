"""The map: two thousand test digits on a plane, the example among them."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import NamedTuple

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from qtpy.QtGui import QPainter, QPaintEvent, QPixmap, QResizeEvent

from mnist_draw.analysis.maps import box_around
from mnist_draw.app.inside.network.layers_view import short_name
from mnist_draw.app.kit import painters, theme
from mnist_draw.app.kit.painters import draw_with, write
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView, nearest_ahead
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, listed, pgettext
from mnist_draw.storage.models import ModelFile

#: Left free around the digits, in pixels.
MARGIN = 22
#: Pixels of a glyph's cell, and of the box around a misread digit.
_GLYPH = 14
_BOX = 13
#: The text of a mark where there are more classes than digits.
_SMALL = 9
#: The example's thumbnail and the picture of a digit pointed at, in pixels.
_THUMB = 56
COLORS = ("muted", "accent", "second")
_NEAR = 14.0


class Digits(NamedTuple):
    images: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    describe: Callable[[int], list[str]]


class MapAnswer(NamedTuple):
    """Where the example is on the map, and what is near it."""

    model: ModelFile
    #: float32 (28, 28) in [0, 1].
    picture: np.ndarray
    #: Among the digits, (2,), once there is a map.
    place: np.ndarray | None
    probabilities: np.ndarray
    #: The nearest training pictures, and how far away they are.
    neighbors: np.ndarray
    distances: np.ndarray
    #: Whether all training pictures were compared.
    is_complete: bool

    @property
    def pair(self) -> tuple[int, int]:
        """The answer and the second guess."""
        order = self.probabilities.argsort()
        return int(order[-1]), int(order[-2])


class MapView(WalkableView):
    """Digits as digits; arrow keys walk to the next in that direction, Enter picks."""

    SIZE = (600, 440)
    LEAST_SIZE = (320, 260)

    picked = Signal(int)

    def __init__(self) -> None:
        super().__init__(
            "mapView",
            pgettext("of pictures", "Map"),
            _(
                "Test pictures as the network sees them: near means similar. Arrow keys go "
                "to the next one; Enter or a click makes it the example.",
            ),
        )
        self.digits: Digits | None = None
        self.points: np.ndarray | None = None
        self.located: MapAnswer | None = None
        self._pair: tuple[int | None, int | None] = (None, None)
        self._places: np.ndarray | None = None
        self._painted: QPixmap | None = None
        #: Names of the classes.
        self.names: tuple[str, ...] = DIGITS
        self._message = ""
        theme.theme().changed.connect(self._repaint)

    def show_digits(self, digits: Digits | None, points: np.ndarray | None) -> None:
        """Show digits at points, float (n, 2)."""
        self.digits = digits
        self.points = points
        self._repaint()
        self.show_items()

    def show_message(self, message: str) -> None:
        self._message = message
        self.show_items()

    def resting_words(self) -> str:
        return self._message or super().resting_words()

    def show_example(self, located: MapAnswer | None) -> None:
        self.located = located
        pair = (None, None) if located is None else located.pair
        if pair != self._pair:
            self._pair = pair
            self._painted = None
        self.update()

    def _repaint(self) -> None:
        self._painted = self._places = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._repaint()

    def _on_screen(self, points: np.ndarray) -> np.ndarray:
        assert self.points is not None
        low, sides = box_around(self.points)
        room = np.array([self.width() - 2 * MARGIN, self.height() - 2 * MARGIN])
        placed = (points - low) / sides
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

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self.digits is None or self.points is None:
            room = self.rect().adjusted(20, 0, -20, 0)
            write(
                painter,
                room,
                Qt.AlignCenter | Qt.TextWordWrap,
                self._message,
                Text.SENTENCE,
                "text",
            )
            return
        if self._painted is None:
            self._painted = self._paint_digits(self.digits)
        painter.drawPixmap(0, 0, self._painted)
        painter.setRenderHint(QPainter.Antialiasing)
        self.paint_current(painter, 10)
        if self.located is not None and self.located.place is not None:
            place = QPointF(*self._on_screen(self.located.place[None])[0])
            self._paint_example(painter, self.located, place)

    def _paint_digits(self, digits: Digits) -> QPixmap:
        """Paint all digits once: two thousand take some milliseconds."""
        ratio = self.devicePixelRatioF()
        pixmap = painters.blank_pixmap(self.width(), self.height(), ratio)
        painter = QPainter(pixmap)
        labels = digits.labels
        answers = digits.answers
        all_places = self._all_places()
        colors = np.zeros(len(labels), np.int64)
        for number, digit in enumerate(self._pair):
            if digit is not None:
                colors[labels == digit] = number + 1
        # What matters is painted last.
        order = np.argsort(colors == 0, kind="stable")[::-1]
        # Lists: looking numbers up in arrays one by one takes longer than painting.
        kinds = list(zip(labels[order].tolist(), colors[order].tolist(), strict=True))
        glyphs = {
            (digit, role): self._glyph(short_name(self.names[digit]), COLORS[role], ratio)
            for digit, role in set(kinds)
        }
        places = np.rint(all_places - theme.scaled(_GLYPH) / 2).astype(int)[order].tolist()
        for kind, (x, y) in zip(kinds, places, strict=True):
            painter.drawPixmap(x, y, glyphs[kind])
        draw_with(painter, "muted")
        side = theme.scaled(_BOX)
        corners = (all_places[labels != answers] - side / 2).tolist()
        painter.drawRects([QRectF(x, y, side, side) for x, y in corners])
        painter.end()
        return pixmap

    def _glyph(self, name: str, color: str, ratio: float) -> QPixmap:
        side = theme.scaled(_GLYPH)
        pixmap = painters.blank_pixmap(side, side, ratio)
        painter = QPainter(pixmap)
        size = Text.AXIS if len(self.names) <= len(DIGITS) else _SMALL
        write(
            painter,
            QRectF(0, 0, side, side),
            Qt.AlignCenter | Qt.TextDontClip,
            name,
            size,
            color,
            bold=color != "muted",
        )
        painter.end()
        return pixmap

    def _paint_example(self, painter: QPainter, located: MapAnswer, place: QPointF) -> None:
        draw_with(painter, "text", 3, fill="card")
        painter.drawEllipse(place, 7, 7)
        painter.setBrush(theme.color("text"))
        painter.drawEllipse(place, 1.5, 1.5)
        # The thumbnail is above, or below if there is no room.
        side = theme.scaled(_THUMB)
        line = theme.scaled(18)
        frame = QRectF(0, 0, side + 10, side + line + 8)
        away = frame.height() / 2 + 23
        above = place.y() > 2 * away
        frame.moveCenter(QPointF(place.x(), place.y() - away if above else place.y() + away))
        frame.moveLeft(min(max(frame.left(), 4), self.width() - frame.width() - 4))
        draw_with(painter, "text", 1.5, fill="card")
        painter.drawRoundedRect(frame, 6, 6)
        box = QRectF(frame.left() + 5, frame.top() + 5, side, side)
        painters.paint_gray(painter, box, located.picture)
        words = QRectF(frame.left(), frame.bottom() - line - 2, frame.width(), line)
        yours = _("yours: {answer}", answer=self.names[located.pair[0]])
        write(painter, words, Qt.AlignCenter, yours, Text.AXIS, "accent", bold=True, elided=True)

    def count(self) -> int:
        return 0 if self.points is None else len(self.points)

    def item_at(self, point: QPointF) -> int | None:
        if self.points is None:
            return None
        distances = np.hypot(*(self._all_places() - (point.x(), point.y())).T)
        nearest = int(distances.argmin())
        return nearest if distances[nearest] <= _NEAR else None

    def place_of(self, item: int) -> QPointF:
        return QPointF(*self._all_places()[item])

    def describe(self, item: int) -> str:
        return listed(self.digits.describe(item)) if self.digits is not None else ""

    def tip_of(self, item: int) -> str:
        assert self.digits is not None
        side = theme.scaled(_THUMB)
        picture = painters.image_tag(painters.image_of(self.digits.images[item]), side, side)
        title, *lines = map(escape, self.digits.describe(item))
        words = "<br>".join([f"<b>{title}</b>", *lines])
        padding = f'style="padding-left: {Size.GRID}px"'
        return f"<table><tr><td>{picture}</td><td {padding}>{words}</td></tr></table>"

    def step(self, right: int, down: int) -> bool:
        if self.points is None:
            return True
        places = self._all_places()
        if self.current is None:
            middle = places.mean(axis=0)
            self._go_to(int(((places - middle) ** 2).sum(axis=1).argmin()))
            return True
        found = nearest_ahead(places, places[self.current], right, down)
        if found is not None:
            self._go_to(found)
        return True

    def _go_to(self, item: int) -> None:
        self.walk_to(item)
        self.show_tip_of(item)

    def escape(self) -> bool:
        is_there = self.current is not None
        self.walk_to(None)
        return is_there

    def pick(self, item: int) -> bool:
        self.picked.emit(item)
        return True

    def leaveEvent(self, event: QEvent) -> None:
        self.walk_to(None)
