"""Accuracy over one thing that is done to pictures, and the amount that is done to the example."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.walkable_view import WalkableView
from mnist_draw.app.train.series import STYLES, series_colour

if TYPE_CHECKING:
    from mnist_draw.analysis.robustness import Axis

_LEFT, _RIGHT, _BELOW = 44, 22, 24
_KNOB = 6.0


class AccuracyCurve(NamedTuple):
    number: int
    title: str
    accuracy: np.ndarray


class RobustnessPlot(WalkableView):
    #: The cursor was dragged to an amount.
    moved = pyqtSignal()

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self._title = f"{axis.title}, {axis.unit}"
        super().__init__(
            f"{axis.name}Plot",
            self._title,
            "How often each network is right on 1,000 test pictures. Drag the cursor, or press "
            "arrow keys, to change the example as much.",
        )
        self.curves: Sequence[AccuracyCurve] = ()
        self.amount = axis.neutral

    def sizeHint(self) -> QSize:
        return QSize(330, 230)

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 150)

    def show_curves(self, curves: Sequence[AccuracyCurve]) -> None:
        self.curves = curves
        self.update()

    def set_amount(self, amount: float) -> None:
        """Move the cursor, within the axis and its steps."""
        first, last = self.axis.amounts[0], self.axis.amounts[-1]
        amount = min(max(round(round(amount / self.axis.step) * self.axis.step, 4), first), last)
        if amount != self.amount:
            self.amount = amount
            self.update()
            self.moved.emit()

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        return QRectF(self.rect()).adjusted(_LEFT * scale, 8, -_RIGHT, -_BELOW * scale)

    def _x(self, amount: float) -> float:
        area, first, last = self._area(), self.axis.amounts[0], self.axis.amounts[-1]
        return area.left() + area.width() * (amount - first) / (last - first)

    def _y(self, share: float) -> float:
        area = self._area()
        return area.bottom() - area.height() * share

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        self._paint_grid(painter)
        for curve in reversed(self.curves):
            self._paint_curve(painter, curve)
        self._paint_cursor(painter)

    def _paint_grid(self, painter: QPainter) -> None:
        area, scale = self._area(), theme.text_scale()
        painter.setFont(theme.font(Text.AXIS))
        for share in (0.0, 0.5, 1.0):
            y = self._y(share)
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(0, y - 10, area.left() - 7, 20)
            painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), f"{100 * share:g} %")
        for amount in self.axis.shown:
            words = QRectF(self._x(amount) - 30 * scale, area.bottom() + 7, 60 * scale, 16 * scale)
            painter.drawText(words, Qt.AlignCenter, format_amount(self.axis, amount))

    def _paint_curve(self, painter: QPainter, curve: AccuracyCurve) -> None:
        known = np.flatnonzero(~np.isnan(curve.accuracy))
        painter.setPen(QPen(series_colour(curve.number), 2, STYLES[curve.number]))
        points = [
            QPointF(self._x(self.axis.amounts[n]), self._y(float(curve.accuracy[n]))) for n in known
        ]
        painter.drawPolyline(QPolygonF(points))

    def _paint_cursor(self, painter: QPainter) -> None:
        x = self._x(self.amount)
        changed = self.amount != self.axis.neutral
        painter.setPen(QPen(theme.colour("second" if changed else "edge"), 1.5))
        painter.drawLine(QPointF(x, self._y(1)), QPointF(x, self._y(0)))
        painter.setBrush(theme.colour("second" if changed else "card"))
        painter.drawEllipse(QPointF(x, self._y(0)), _KNOB, _KNOB)
        painter.setBrush(Qt.NoBrush)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._drag(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            self._drag(event)
        else:
            super().mouseMoveEvent(event)

    def _drag(self, event: QMouseEvent) -> None:
        area, first, last = self._area(), self.axis.amounts[0], self.axis.amounts[-1]
        part = (event.localPos().x() - area.left()) / area.width()
        self.set_amount(first + part * (last - first))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key_Home:
            self.set_amount(self.axis.neutral)
        else:
            super().keyPressEvent(event)

    def step(self, right: int, down: int) -> bool:
        amounts = self.axis.amounts
        nearest = int(np.argmin([abs(amount - self.amount) for amount in amounts]))
        self.current = nearest
        walked = super().step(right, down)
        if walked:
            self.set_amount(amounts[self.current])
        return walked

    def count(self) -> int:
        return len(self.axis.amounts)

    def item_at(self, point: QPointF) -> int | None:
        distances = [abs(self._x(amount) - point.x()) for amount in self.axis.amounts]
        nearest = int(np.argmin(distances))
        inside = point.y() <= self._area().bottom() + 8
        return nearest if inside and distances[nearest] < 20 else None

    def place_of(self, item: int) -> QPointF:
        return QPointF(self._x(self.axis.amounts[item]), self._y(0.5))

    def describe(self, item: int) -> str:
        parts = [
            f"{curve.title} {100 * float(curve.accuracy[item]):.0f} %"
            for curve in self.curves
            if not np.isnan(curve.accuracy[item])
        ]
        amount = format_amount(self.axis, self.axis.amounts[item])
        return f"{self._title}, {amount}: {', '.join(parts) or 'not counted yet'}."


def format_amount(axis: Axis, amount: float) -> str:
    """Return an amount with its sign, such as ``"+30"``; sizes and strengths have none."""
    if axis.name in ("size", "noise") or amount == 0:
        return f"{amount:g}"
    return f"{amount:+g}".replace("-", "−")
