"""What a painting of the network depends on, and words and forms that its parts share."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QFontMetrics, QFontMetricsF, QPainter

from mnist_draw.app.inside.network.lines import Lines
from mnist_draw.app.inside.network.network_worker import Frame, Parts, Unit
from mnist_draw.app.inside.network.unit_layout import Column, Places
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.words import probability

if TYPE_CHECKING:
    from mnist_draw.analysis.network.layer_probe import Layer


#: Rows of digits that are lower than this, in logical pixels, have no room for a name each.
_MIN_ROW = 12.0


@dataclass(frozen=True, eq=False)
class Scene:
    """All that a painting depends on."""

    parts: Parts
    places: Places
    frame: Frame | None
    lines: Lines
    unit: Unit | None
    is_kept: bool
    off: frozenset[Unit]
    by_digit: bool
    has_pages: bool
    name: Callable[[int], str]
    scale: float
    ratio: float

    @property
    def last(self) -> int:
        """The answer's layer."""
        return len(self.parts.layers) - 1

    def is_only_one(self, layer: Layer) -> bool:
        """Whether no other hidden layer is of its kind: it then needs no number."""
        others = self.parts.layers[:-1]
        return sum(other.convolves == layer.convolves for other in others) == 1

    @property
    def banded(self) -> bool:
        """Whether units stand in the rows of digits."""
        return self.by_digit and self.has_pages

    def short_name(self, digit: int) -> str:
        """Return what fits into a ring or before a row; empty where the rows are too low."""
        if self.places.bands[digit].height() < _MIN_ROW and not self.role(digit):
            return ""
        return short_name(self.name(digit))

    def role(self, digit: int) -> str:
        """Return the colour of a digit's row: the answer's, the rival's, or none."""
        if self.frame is None:
            return ""
        return {self.frame.answer: "accent", self.frame.rival: "second"}.get(digit, "")


def short_name(name: str) -> str:
    """Return what stands for a class where there is room for a digit."""
    return name.removeprefix("class ")[:2]


def active_words(frame: Frame) -> str:
    """Say how many units are active."""
    parts = []
    for layer, values in zip(frame.layers, frame.passed.a, strict=False):
        active = values[0].reshape(layer.units, -1).any(axis=1)
        parts.append(f"{int(active.sum()):,} of {layer.units:,}")
    if not parts:
        return ""
    if len(parts) > 2:
        return ""
    return f"{' and '.join(parts)} units active"


def unit_words(frame: Frame, unit: Unit, off: frozenset[Unit], name: Callable[[int], str]) -> str:
    """Say what a unit puts out and what the answer would be without it."""
    layer = frame.layers[unit[0]]
    p = frame.passed.p
    if unit[0] == len(frame.layers) - 1:
        return f"Output {name(unit[1])}: {probability(float(p[0, unit[1]]))}"
    value = float(frame.passed.a[unit[0]][0, unit[1]].max())
    words = f"{layer.unit_word.capitalize()} {unit[1]} of {layer.name}: {value:.2f}"
    if frame.question.toggled == unit:
        other = int(p[1].argmax())
        state = "on" if unit in off else "off"
        words += f", {state}: {name(other)}, {probability(float(p[1, other]))}"
    return words


def inside(column: Column, unit: int) -> QRectF:
    rect = column.rect(unit)
    gap = 1.0 if column.cell != column.high or column.cell > 12 else 1.5
    return rect.adjusted(0, 0, -gap, -gap)


def say(painter: QPainter, x: float, y: float, text: str) -> float:
    """Write muted words and return where they end."""
    painter.setPen(theme.colour("muted"))
    wide = painter.fontMetrics().horizontalAdvance(text)
    painter.drawText(QRectF(x, y - 12, wide + 4, 24), int(Qt.AlignLeft | Qt.AlignVCenter), text)
    return x + wide


def paint_title(
    painter: QPainter, place: QPointF, title: str, note: str, room: float = math.inf
) -> None:
    """Write a title, and a note beside it where there is room.

    A title that is too long itself becomes its last word, such as a layer's number.
    """
    painter.setFont(theme.font(Text.LABEL, bold=True))
    painter.setPen(theme.colour("text"))
    if painter.fontMetrics().horizontalAdvance(title) > room:
        title = painter.fontMetrics().elidedText(title.split()[-1], Qt.ElideRight, int(room))
    painter.drawText(place, title)
    x = place.x() + painter.fontMetrics().horizontalAdvance(title) + 6
    painter.setFont(theme.font(Text.LABEL))
    painter.setPen(theme.colour("muted"))
    if x + painter.fontMetrics().horizontalAdvance(note) <= place.x() + room:
        painter.drawText(QPointF(x, place.y()), note)


def paint_caption(painter: QPainter, scene: Scene, box: QRectF, title: str, note: str) -> None:
    paint_title(painter, box.topLeft() - QPointF(0, 9), title, note)


def shortened(
    metrics: QFontMetrics | QFontMetricsF, texts: tuple[str, str], room: float
) -> tuple[str, str]:
    """Cut the ends of two texts off where they find no room side by side.

    A text that takes less than half of the room leaves the rest to the other.
    """
    wide = [metrics.horizontalAdvance(text) for text in texts]
    if sum(wide) <= room:
        return texts
    shares = [max(room / 2, room - other) for other in reversed(wide)]
    first, second = (
        metrics.elidedText(text, Qt.ElideRight, int(share))
        for text, share in zip(texts, shares, strict=True)
    )
    return first, second


def paint_legend(
    painter: QPainter, scene: Scene, place: QPointF, words: tuple[str, str], room: float
) -> None:
    """Say what the colours mean, in two lines where one is too short."""
    painter.setFont(theme.font(Text.LABEL))
    metrics = painter.fontMetrics()
    size = 8 * scene.scale
    wide = sum(size + 6 + metrics.horizontalAdvance(text) for text in words) + Size.CARD_GAP
    x, y = place.x(), place.y()
    for text, colour, part in ((words[0], "accent", 1.0), (words[1], "second", 0.6)):
        side = size * part
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour(colour))
        painter.drawRect(QRectF(x + (size - side) / 2, y - side / 2, side, side))
        end = say(
            painter, x + size + 6, y, metrics.elidedText(text, Qt.ElideRight, int(room - size - 6))
        )
        x, y = (end + Size.CARD_GAP, y) if wide <= room else (x, y + metrics.lineSpacing())
