"""How much turning, shifting and noise the network bears: a curve for each."""

from __future__ import annotations

import numpy as np
from PyQt5.QtCore import QPointF, QRectF, Qt
from PyQt5.QtGui import QPaintEvent, QPen, QPolygonF
from PyQt5.QtWidgets import QWidget

from mnist_draw.analysis.robustness import AXES, ENOUGH, NOT_COUNTED, SETTINGS, Axis, Limits
from mnist_draw.analysis.sentences import describe_limits
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import smooth_painter, write_with
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView
from mnist_draw.app.kit.widgets import Card, label
from mnist_draw.i18n import _, joined, number, percent

#: Height of the line of amounts below a curve, and half of the widest of them, in pixels.
_BELOW = 16
_HALF_AMOUNT = 14
_DOT = 2.0
_UNKNOWN = "–"


class LimitPlot(WalkableView):
    """Accuracy along one axis, with a dashed line where it is just enough."""

    SIZE = (160, 60)
    LEAST_SIZE = (90, 52)

    def __init__(self, axis: Axis) -> None:
        self.axis = axis
        self.accuracy = np.full(len(axis.amounts), np.nan)
        self.title = _("{change}, {unit}", change=axis.title, unit=axis.unit)
        sentence = _("How often it is right on changed test pictures. Arrow keys walk.")
        super().__init__(f"{axis.name}Plot", self.title, sentence)

    def show_accuracy(self, accuracy: np.ndarray) -> None:
        self.accuracy = accuracy
        self.show_items()

    def count(self) -> int:
        return len(self.axis.amounts)

    def place_of(self, item: int) -> QPointF:
        first = self.axis.amounts[0]
        last = self.axis.amounts[-1]
        part = (self.axis.amounts[item] - first) / (last - first)
        return self._at(part, float(np.nan_to_num(self.accuracy[item])))

    def _at(self, part: float, share: float) -> QPointF:
        """Return the place of a part of the axis, 0 to 1, and of an accuracy."""
        scale = theme.text_scale()
        area = QRectF(self.rect())
        area.adjust(_HALF_AMOUNT * scale, 4, -_HALF_AMOUNT * scale, -_BELOW * scale)
        return QPointF(area.left() + part * area.width(), area.bottom() - share * area.height())

    def describe(self, item: int) -> str:
        amount = format_amount(self.axis, self.axis.amounts[item])
        accuracy = float(self.accuracy[item])
        if np.isnan(accuracy):
            return _("{change}, {amount}: not measured yet.", change=self.title, amount=amount)
        return _(
            "{change}, {amount}: {accuracies}.",
            change=self.title,
            amount=amount,
            accuracies=percent(accuracy, 1),
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        painter.setPen(QPen(theme.color("line"), 1))
        painter.drawLine(self._at(0, 0), self._at(1, 0))
        painter.setPen(QPen(theme.color("muted"), 1, Qt.DashLine))
        painter.drawLine(self._at(0, ENOUGH), self._at(1, ENOUGH))
        points = [self.place_of(item) for item in np.flatnonzero(~np.isnan(self.accuracy)).tolist()]
        painter.setPen(QPen(theme.color("second"), 1.5))
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.color("second"))
        for point in points:
            painter.drawEllipse(point, _DOT, _DOT)
        self.paint_current(painter, 5)
        write_with(painter, Text.AXIS, "muted")
        scale = theme.text_scale()
        for item in (0, self.count() // 2, self.count() - 1):
            below = QPointF(self.place_of(item).x(), self._at(0, 0).y() + _BELOW * scale / 2 + 1)
            box = QRectF(0, 0, 4 * _HALF_AMOUNT * scale, _BELOW * scale)
            box.moveCenter(below)
            words = format_amount(self.axis, self.axis.amounts[item])
            painter.drawText(box, int(Qt.AlignCenter | Qt.TextDontClip), words)


def format_amount(axis: Axis, amount: float) -> str:
    """Return an amount with its sign, such as ``"+30"``; the strength of noise has none."""
    if axis.name == "noise" or amount == 0:
        return number(amount, "g")
    return number(amount, "+g").replace("-", "−")


def format_limit(axis: Axis, limits: Limits) -> str:
    """Return the largest amount that the network bears, such as ``"±10"``."""
    limit = limits.largest_borne(axis)
    if limit is None:
        return _UNKNOWN
    sign = "±" if axis.amounts[0] < 0 < limit else ""
    return f"{sign}{number(limit, 'g')}"


class LimitsCard(Card):
    def __init__(self) -> None:
        super().__init__(_("Limits"))
        self.setObjectName("limitsCard")
        self.plots = [LimitPlot(axis) for axis in AXES]
        self.figures = [label(_UNKNOWN, "title", f"{axis.name}Limit") for axis in AXES]
        for plot, figure in zip(self.plots, self.figures, strict=True):
            figure.setMinimumWidth(2 * Size.MARGIN)
            figure.setAlignment(Qt.AlignRight | Qt.AlignVCenter)
            part = QWidget()
            column(
                label(plot.title, "muted"),
                (row((plot, 1), figure), 1),
                gap=0,
                owner=part,
            )
            self.body.addWidget(part, 1)
        self._sentence = GrowingLabel(label("", "muted", "limitsSentence"), least=2)
        self.body.addWidget(self._sentence)
        self.clear()

    def clear(self, sentence: str = "") -> None:
        """Show no figures; the sentence says why there are none."""
        self.show_limits(NOT_COUNTED)
        self._sentence.set_text(sentence)

    def show_limits(self, limits: Limits, is_dense: bool = False) -> None:
        for plot, figure in zip(self.plots, self.figures, strict=True):
            plot.show_accuracy(limits.along(plot.axis))
            figure.setText(format_limit(plot.axis, limits))
        words = _("{count} of {total} measured", count=limits.counted, total=len(SETTINGS))
        if limits.counted == len(SETTINGS):
            words = _(
                "Bold: up to there at least {share} of the first {count} test pictures are right.",
                share=percent(ENOUGH),
                count=number(limits.pictures),
            )
            words = joined(describe_limits(limits, is_dense), words)
        self._sentence.set_text(words)

    def rows(self) -> list[tuple[str, float]]:
        """Return each change with its accuracy, for a table."""
        return [
            (f"{plot.title} {format_amount(plot.axis, amount)}", float(accuracy))
            for plot in self.plots
            for amount, accuracy in zip(plot.axis.amounts, plot.accuracy, strict=True)
        ]
