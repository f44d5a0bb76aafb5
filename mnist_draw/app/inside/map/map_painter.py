"""How a map is painted: digits as glyphs, the example among them, what is pointed at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPainter, QPen, QPixmap

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.theme import Text

#: Left free around the digits, in pixels.
MARGIN = 22
#: Pixels of a glyph's cell, and of the box around a misread digit.
_GLYPH, _BOX = 14, 13
#: The example's thumbnail and the picture of a digit pointed at, in pixels.
_THUMB = 56
_COLOURS = ("muted", "accent", "second")


class Digits(NamedTuple):
    """The digits that are laid out."""

    images: np.ndarray
    labels: np.ndarray
    answers: np.ndarray
    words: Callable[[int], list[str]]


class Located(NamedTuple):
    """Where the example lies."""

    place: np.ndarray
    nearest: np.ndarray
    picture: np.ndarray
    words: str


@dataclass(frozen=True, eq=False)
class MapScene:
    """All that the painting of a map depends on."""

    digits: Digits
    places: np.ndarray
    pair: tuple[int | None, int | None]
    names: tuple[str, ...]
    width: int
    height: int
    ratio: float

    def short_name(self, digit: int) -> str:
        """Return what stands for a class among the points."""
        name = self.names[digit] if digit < len(self.names) else str(digit)
        return name.removeprefix("class ")[:2]


class MapPainter:
    """Paints digits; a glyph is made once."""

    def __init__(self) -> None:
        self._glyphs: dict[tuple[str, str], QPixmap] = {}

    def forget(self) -> None:
        """Make glyphs anew the next time: after a change of colours."""
        self._glyphs.clear()

    def paint_digits(self, scene: MapScene) -> QPixmap:
        """Paint all digits once: two thousand take some milliseconds."""
        ratio = scene.ratio
        pixmap = QPixmap(round(scene.width * ratio), round(scene.height * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.transparent)
        painter = QPainter(pixmap)
        labels, answers = scene.digits.labels, scene.digits.answers
        colours = np.zeros(len(labels), np.int64)
        for number, digit in enumerate(scene.pair):
            if digit is not None:
                colours[labels == digit] = number + 1
        # What matters is painted last.
        order = np.argsort(colours == 0, kind="stable")[::-1]
        # As lists: to look numbers up in arrays one by one takes longer than to paint.
        kinds = list(zip(labels[order].tolist(), colours[order].tolist(), strict=True))
        glyphs = {
            (digit, role): self._glyph(scene.short_name(digit), _COLOURS[role], ratio)
            for digit, role in set(kinds)
        }
        places = np.rint(scene.places - _GLYPH / 2).astype(int)[order].tolist()
        for kind, (x, y) in zip(kinds, places, strict=True):
            painter.drawPixmap(x, y, glyphs[kind])
        painter.setPen(QPen(theme.colour("text"), 1.2))
        boxes = []
        for place in scene.places[labels != answers].tolist():
            box = QRectF(0, 0, _BOX, _BOX)
            box.moveCenter(QPointF(*place))
            boxes.append(box)
        painter.drawRects(boxes)
        _paint_legend(painter, scene, int((labels != answers).sum()))
        painter.end()
        return pixmap

    def _glyph(self, name: str, colour: str, ratio: float) -> QPixmap:
        if (name, colour) not in self._glyphs:
            pixmap = QPixmap(round(_GLYPH * ratio), round(_GLYPH * ratio))
            pixmap.setDevicePixelRatio(ratio)
            pixmap.fill(Qt.transparent)
            painter = QPainter(pixmap)
            painter.setFont(theme.font(Text.AXIS, bold=colour != "muted"))
            painter.setPen(theme.colour(colour))
            box = QRectF(0, 0, _GLYPH, _GLYPH)
            painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, name)
            painter.end()
            self._glyphs[name, colour] = pixmap
        return self._glyphs[name, colour]


def _paint_legend(painter: QPainter, scene: MapScene, misread: int) -> None:
    x, y = float(MARGIN) - 8, scene.height - 12.0
    parts: list[tuple[str, str, str]] = []
    answer, second = scene.pair
    if answer is not None:
        parts.append((scene.short_name(answer), "accent", "the answer"))
    if second is not None:
        parts.append((scene.short_name(second), "second", "second guess"))
    other = next(n for n in (7, 1, 0) if n < len(scene.names) and n not in scene.pair)
    parts.append((scene.short_name(other), "muted", "others"))
    for glyph, colour, words in parts:
        painter.setFont(theme.font(Text.LABEL, bold=colour != "muted"))
        painter.setPen(theme.colour(colour))
        painter.drawText(QPointF(x, y), glyph)
        wide = max(12, painter.fontMetrics().horizontalAdvance(glyph) + 4)
        x = _legend_words(painter, x + wide, y, words)
    painter.setPen(QPen(theme.colour("text"), 1.2))
    painter.drawRect(QRectF(x, y - 10, 11, 11))
    x = _legend_words(painter, x + 17, y, f"misread ({misread})")
    if scene.pair[0] is not None:
        painter.setPen(QPen(theme.colour("text"), 1.5))
        painter.drawLine(QPointF(x, y - 4), QPointF(x + 22, y - 4))
        _legend_words(painter, x + 28, y, "five nearest")


def _legend_words(painter: QPainter, x: float, y: float, words: str) -> float:
    painter.setFont(theme.font(Text.LABEL))
    painter.setPen(theme.colour("muted"))
    painter.drawText(QPointF(x, y), words)
    return x + painter.fontMetrics().horizontalAdvance(words) + 20


def paint_example(painter: QPainter, scene: MapScene, located: Located, place: QPointF) -> None:
    """Paint where the example lies, with lines to the nearest digits and its picture."""
    painter.setPen(QPen(theme.colour("text"), 1.5))
    for number in located.nearest:
        painter.drawLine(place, QPointF(*scene.places[number]))
    painter.setBrush(theme.colour("card"))
    painter.setPen(QPen(theme.colour("text"), 3))
    painter.drawEllipse(place, 7, 7)
    painter.setBrush(theme.colour("text"))
    painter.drawEllipse(place, 1.5, 1.5)
    # The thumbnail stands above, or below where there is no room.
    above = place.y() > _THUMB + 50
    frame = QRectF(0, 0, _THUMB + 10, _THUMB + 26)
    frame.moveCenter(QPointF(place.x(), place.y() - 64 if above else place.y() + 64))
    frame.moveLeft(min(max(frame.left(), 4), scene.width - frame.width() - 4))
    painter.setPen(QPen(theme.colour("text"), 1.5))
    painter.setBrush(theme.colour("card"))
    painter.drawRoundedRect(frame, 6, 6)
    painter.drawImage(
        QRectF(frame.left() + 5, frame.top() + 5, _THUMB, _THUMB), image_of(located.picture)
    )
    painter.setFont(theme.font(Text.AXIS, bold=True))
    painter.setPen(theme.colour("accent"))
    words = QRectF(frame.left(), frame.bottom() - 20, frame.width(), 18)
    text = painter.fontMetrics().elidedText(located.words, Qt.ElideRight, int(words.width()))
    painter.drawText(words, Qt.AlignCenter, text)
    painter.setBrush(Qt.NoBrush)


def paint_card(painter: QPainter, scene: MapScene, number: int) -> None:
    """Paint the picture of a digit that is pointed at, and what there is to say."""
    place = scene.places[number]
    frame = QRectF(place[0] + 16, place[1] + 14, 176, _THUMB + 12)
    if frame.right() > scene.width - 4:
        frame.moveRight(place[0] - 16)
    if frame.bottom() > scene.height - 4:
        frame.moveBottom(place[1] - 14)
    painter.setPen(QPen(theme.colour("line"), 1))
    painter.setBrush(theme.colour("panel"))
    painter.drawRoundedRect(frame, 6, 6)
    painter.drawImage(
        QRectF(frame.left() + 6, frame.top() + 6, _THUMB, _THUMB),
        image_of(scene.digits.images[number]),
    )
    for line, words in enumerate(scene.digits.words(number)):
        painter.setFont(theme.font(Text.LABEL, bold=line == 0))
        painter.setPen(theme.colour("text" if line < 2 else "muted"))
        left = frame.left() + _THUMB + 14
        room = int(frame.right() - left - 6)
        text = painter.fontMetrics().elidedText(words, Qt.ElideRight, room)
        painter.drawText(QPointF(left, frame.top() + 20 + 18 * line), text)
