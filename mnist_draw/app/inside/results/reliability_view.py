"""Whether a network knows when it is unsure: how often it is right, by how sure it says it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.walkable_view import WalkableView

if TYPE_CHECKING:
    from mnist_draw.analysis.results import Bin, Results

#: Bins with fewer answers are hollow: they say little.
FEW = 10
_SMALLEST, _LARGEST = 4.0, 7.0
_NEAR = 14


class ReliabilityView(WalkableView):
    """A point for each range of confidence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "reliabilityView",
            "Does it know when it is unsure?",
            "How often the network is right, by how sure it says it is. Arrow keys walk through "
            "the points.",
            parent,
        )
        self.bins: tuple[Bin, ...] = ()
        self.dimmed = False

    def sizeHint(self) -> QSize:
        return QSize(320, 150)

    def minimumSizeHint(self) -> QSize:
        return QSize(180, 110)

    def show_results(self, results: Results | None) -> None:
        """Show the points of results; none without any."""
        self.bins = () if results is None else results.reliability
        if self.current is not None and self.current >= len(self.bins):
            self.current = None
        self.update()

    # -- where things are

    def _area(self) -> QRectF:
        scale = theme.text_scale()
        return QRectF(self.rect()).adjusted(66 * scale, 8, -12, -34 * scale)

    def _point(self, confidence: float, share: float) -> QPointF:
        area = self._area()
        return QPointF(
            area.left() + confidence * area.width(), area.bottom() - share * area.height()
        )

    def _middle(self, number: int) -> QPointF:
        return self._point(self.bins[number].confidence, self.bins[number].accuracy)

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setOpacity(0.45 if self.dimmed else 1.0)
        self._paint_axes(painter)
        accent = theme.colour("accent")
        painter.setPen(QPen(theme.colour("muted"), 1, Qt.DashLine))
        painter.drawLine(self._point(0, 0), self._point(1, 1))
        painter.setPen(QPen(accent, 2))
        painter.drawPolyline(QPolygonF([self._middle(n) for n in range(len(self.bins))]))
        most = max((part.count for part in self.bins), default=1)
        for number, part in enumerate(self.bins):
            painter.setPen(QPen(theme.colour("accent", 0.45), 3))
            painter.drawLine(
                self._point(part.confidence, part.least), self._point(part.confidence, part.most)
            )
            radius = _SMALLEST + (_LARGEST - _SMALLEST) * (part.count / most) ** 0.5
            painter.setPen(QPen(accent, 2))
            painter.setBrush(theme.colour("card") if part.count < FEW else accent)
            painter.drawEllipse(self._middle(number), radius, radius)
            if number == self.current:
                painter.setBrush(Qt.NoBrush)
                painter.setPen(QPen(theme.colour("second"), 2.5))
                painter.drawEllipse(self._middle(number), radius + 4, radius + 4)

    def _paint_axes(self, painter: QPainter) -> None:
        area, scale = self._area(), theme.text_scale()
        painter.setFont(theme.font(Text.AXIS))
        line = 16 * scale
        for share in (0.0, 0.5, 1.0):
            y = area.bottom() - share * area.height()
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
            painter.setPen(theme.colour("muted"))
            box = QRectF(0, y - line / 2, area.left() - 10, line)
            painter.drawText(box, int(Qt.AlignRight | Qt.AlignVCenter), f"{100 * share:g} %")
        for share in (0.25, 0.5, 0.75, 1.0):
            box = QRectF(0, area.bottom() + 3, 60 * scale, line)
            box.moveCenter(QPointF(area.left() + share * area.width(), box.center().y()))
            box.moveRight(min(box.right(), self.width() + 12.0))
            painter.drawText(box, Qt.AlignCenter, f"{100 * share:g} %")
        below = QRectF(area.left(), area.bottom() + line, area.width(), line)
        painter.drawText(below, Qt.AlignCenter, "how sure it says it is")
        painter.translate(0, area.bottom())
        painter.rotate(-90)
        aside = QRectF(-20 * scale, 0, area.height() + 40 * scale, line)
        painter.drawText(aside, Qt.AlignCenter, "how often it is right")
        painter.resetTransform()

    # -- walking

    def count(self) -> int:
        return len(self.bins)

    def item_at(self, point: QPointF) -> int | None:
        near = (
            number
            for number in reversed(range(len(self.bins)))
            if (self._middle(number) - point).manhattanLength() < _NEAR
        )
        return next(near, None)

    def place_of(self, item: int) -> QPointF:
        return self._middle(item)

    def describe(self, item: int) -> str:
        return bin_words(self.bins[item])


def bin_words(part: Bin) -> str:
    """Return what a point says, as a sentence."""
    answers = "1 answer" if part.count == 1 else f"{part.count:,} answers"
    return (
        f"{answers} between {100 * part.low:g} and {100 * part.high:g} %: says "
        f"{100 * part.confidence:.0f} %, is right in {100 * part.accuracy:.0f} %; chance alone "
        f"may put it at {100 * part.least:.0f} to {100 * part.most:.0f} %."
    )


def reliability_words(results: Results) -> str:
    """Return what the points say together, from the fullest one below 90 %."""
    bins = results.reliability
    if not bins:
        return ""
    part = max((part for part in bins if part.high <= 0.9), key=lambda part: part.count,
               default=bins[-1])  # fmt: skip
    off = results.off_by
    says = float(results.confidence.mean())
    if off < 0.02:
        judgement = "sure and right go together"
    elif says > results.accuracy:
        judgement = "it is surer than it should be"
    else:
        judgement = "it is right more often than it says"
    # Fewer than a hundred are not spoken of as if there were more.
    cases = min(part.count, 100)
    return (
        f"When it says {100 * part.confidence:.0f} %, it is right in "
        f"{cases * part.accuracy:.0f} of {cases} cases. On average it is off by {100 * off:.1f} %: "
        f"{judgement}."
    )
