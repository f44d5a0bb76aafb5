"""Accuracy over one thing that is done to pictures, and below it the example at five amounts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import (
    QFontMetricsF,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.train.series import STYLES, series_colour

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Axis
    from mnist_draw.app.inside.limits.limits_worker import Strip

_LEFT, _RIGHT = 44, 22
_MIN_THUMB, _MAX_THUMB = 40, 84
_RING = 9.0


class AccuracyCurve(NamedTuple):
    """A network's accuracies on an axis."""

    number: int
    title: str
    accuracy: np.ndarray


class RobustnessPlot(WalkableView):
    """Curves of several networks over the amounts of a change."""

    def __init__(self, axis: Axis, parent: QWidget | None = None) -> None:
        self.axis = axis
        self._title = f"{axis.title}, {axis.unit}"
        super().__init__(
            f"{axis.name}Plot",
            self._title,
            "How often each network is right on 1,000 test pictures, and how the chosen one reads "
            "the example. Arrow keys walk through the amounts.",
            parent,
        )
        self.curves: Sequence[AccuracyCurve] = ()
        self.strip: Strip | None = None
        self.label: int | None = None
        self.name: Callable[[int], str] = str

    def sizeHint(self) -> QSize:
        return QSize(330, 230)

    def minimumSizeHint(self) -> QSize:
        return QSize(260, 190)

    def show_curves(self, curves: Sequence[AccuracyCurve]) -> None:
        """Show the curves of the networks that are ticked."""
        self.curves = curves
        self.update()

    def show_strip(
        self, strip: Strip | None, label: int | None, name: Callable[[int], str]
    ) -> None:
        """Show the example at five amounts; ``label`` is what it is said to be."""
        self.strip, self.label, self.name = strip, label, name
        self.update()

    # -- where things are

    def _thumb(self) -> float:
        wide = (self.width() - _LEFT) / 5 - 12
        return min(max(min(wide, self.height() * 0.2), _MIN_THUMB), _MAX_THUMB)

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        below = 18 + 16 * scale + self._thumb() + (20 + 6) * scale
        return QRectF(self.rect()).adjusted(_LEFT * scale, 8, -_RIGHT, -below)

    def _x(self, amount: float) -> float:
        area, first, last = self._area(), self.axis.amounts[0], self.axis.amounts[-1]
        return area.left() + area.width() * (amount - first) / (last - first)

    def _y(self, share: float) -> float:
        area = self._area()
        return area.bottom() - area.height() * share

    def _thumb_middle(self, number: int) -> float:
        left = _LEFT * theme.text_scale()
        return left + (self.width() - left) * (number + 0.5) / 5

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        self._paint_grid(painter)
        for curve in reversed(self.curves):
            self._paint_curve(painter, curve)
        if self.current is not None:
            x = self._x(self.axis.amounts[self.current])
            painter.setPen(QPen(theme.colour("second"), 1.5))
            painter.drawLine(QPointF(x, self._y(1)), QPointF(x, self._y(0)))
        for number, amount in enumerate(self.axis.shown):
            self._paint_amount(painter, number, amount)

    def _paint_grid(self, painter: QPainter) -> None:
        area = self._area()
        painter.setFont(theme.font(Text.AXIS))
        for share in (0.0, 0.5, 1.0):
            y = self._y(share)
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(0, y - 10, area.left() - 7, 20)
            painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), f"{100 * share:g} %")

    def _paint_curve(self, painter: QPainter, curve: AccuracyCurve) -> None:
        known = np.flatnonzero(~np.isnan(curve.accuracy))
        painter.setPen(QPen(series_colour(curve.number), 2, STYLES[curve.number]))
        points = [
            QPointF(self._x(self.axis.amounts[n]), self._y(float(curve.accuracy[n]))) for n in known
        ]
        painter.drawPolyline(QPolygonF(points))

    def _paint_amount(self, painter: QPainter, number: int, amount: float) -> None:
        """Paint a tick, the amount's name, the example there, and what it is read as."""
        scale, thumb = theme.text_scale(), self._thumb()
        x, middle, foot = self._x(amount), self._thumb_middle(number), self._area().bottom()
        painter.setPen(QPen(theme.colour("muted"), 1))
        painter.drawPolyline(
            QPolygonF([QPointF(x, foot), QPointF(x, foot + 5), QPointF(middle, foot + 14)])
        )
        painter.setFont(theme.font(Text.AXIS))
        top = foot + 15
        words = QRectF(middle - 30 * scale, top, 60 * scale, 16 * scale)
        painter.drawText(words, Qt.AlignCenter, format_amount(self.axis, amount))
        if self.strip is None:
            return
        box = QRectF(middle - thumb / 2, words.bottom() + 2, thumb, thumb)
        painter.setRenderHint(QPainter.Antialiasing, False)
        painter.drawImage(box, image_of(self.strip.images[number]))
        painter.setRenderHint(QPainter.Antialiasing)
        if number == 0:
            aside = QRectF(0, box.top(), box.left() - 4, box.height())
            painter.setPen(theme.colour("muted"))
            painter.drawText(aside, int(Qt.AlignLeft | Qt.AlignVCenter), "yours")
        answer = int(self.strip.probabilities[number].argmax())
        sure = float(self.strip.probabilities[number, answer])
        painter.setFont(theme.font(Text.AXIS))
        metrics = QFontMetricsF(painter.font())
        figure = self.figure(metrics, sure)
        width = self.answer_width(metrics, figure)
        left, y = middle - width / 2, box.bottom() + 14 * scale
        painter.setPen(theme.colour("muted"))
        line = QRectF(left, y - 10, width, 20)
        painter.drawText(line, int(Qt.AlignRight | Qt.AlignVCenter), figure)
        place = QPointF(left + _RING * scale, y)
        paint_answer(painter, place, self.name(answer), answer == self.label)

    def column_width(self) -> float:
        """Return the room of one of the five amounts, in logical pixels."""
        return (self.width() - _LEFT * theme.text_scale()) / 5

    def figure(self, metrics: QFontMetricsF, sure: float) -> str:
        """Return how sure an answer is, as far as five such figures fit side by side."""
        for sign in (" %", ""):
            if self.answer_width(metrics, f">99{sign}") < self.column_width():
                return format_probability(sure, decimals=0, short=True).removesuffix(" %") + sign
        return ""

    @staticmethod
    def answer_width(metrics: QFontMetricsF, figure: str) -> float:
        """Return the width of a digit in its ring with a figure beside it."""
        return (2 * _RING + 3) * theme.text_scale() + metrics.horizontalAdvance(figure)

    # -- walking

    def count(self) -> int:
        return len(self.axis.amounts)

    def before_first(self) -> int:
        return self.axis.amounts.index(self.axis.neutral)

    def item_at(self, point: QPointF) -> int | None:
        distances = [abs(self._x(amount) - point.x()) for amount in self.axis.amounts]
        nearest = int(np.argmin(distances))
        inside = point.y() <= self._area().bottom() + 8
        return nearest if inside and distances[nearest] < 20 else None

    def place_of(self, item: int) -> QPointF:
        return QPointF(self._x(self.axis.amounts[item]), self._y(0.5))

    def describe(self, item: int) -> str:
        amount = self.axis.amounts[item]
        parts = [
            f"{curve.title} {100 * float(curve.accuracy[item]):.0f} %"
            for curve in self.curves
            if not np.isnan(curve.accuracy[item])
        ]
        text = f"{self._title}, {format_amount(self.axis, amount)}: "
        text += ", ".join(parts) or "not counted yet"
        if self.strip is not None and amount in self.axis.shown:
            place = self.axis.shown.index(amount)
            answer = int(self.strip.probabilities[place].argmax())
            sure = format_probability(float(self.strip.probabilities[place, answer]), decimals=0)
            text += f"; yours is read as {self.name(answer)}, {sure}"
        return f"{text}."


def paint_answer(painter: QPainter, middle: QPointF, text: str, right: bool) -> None:
    """Paint a digit in a ring, which is filled where it is what the example is said to be."""
    radius = _RING * theme.text_scale()
    painter.setPen(QPen(theme.colour("accent" if right else "text"), 1.2))
    painter.setBrush(theme.colour("accent") if right else Qt.NoBrush)
    painter.drawEllipse(middle, radius, radius)
    painter.setFont(theme.font(Text.LABEL, bold=True))
    painter.setPen(theme.colour("on_accent" if right else "text"))
    box = QRectF(0, 0, 2 * radius, 2 * radius)
    box.moveCenter(middle)
    painter.drawText(box, Qt.AlignCenter | Qt.TextDontClip, text.removeprefix("class ")[:2])
    painter.setBrush(Qt.NoBrush)


def format_amount(axis: Axis, amount: float) -> str:
    """Return an amount with its sign, such as ``"+30"``; sizes and strengths have none."""
    if axis.name in ("size", "noise") or amount == 0:
        return f"{amount:g}"
    return f"{amount:+g}".replace("-", "−")
