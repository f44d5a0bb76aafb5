"""How much turning, shifting and noise the network bears: a curve and a picture for each."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF, QRectF, Qt
from qtpy.QtGui import QPainter, QPaintEvent, QPolygonF

from mnist_draw.analysis.robustness import (
    AXES,
    ENOUGH,
    NOT_COUNTED,
    PICTURES,
    SETTINGS,
    STEPS,
    Axis,
    Changed,
    Limits,
)
from mnist_draw.analysis.sentences import describe_changed, describe_limits
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    LEFT,
    RIGHT,
    draw_with,
    paint_gray,
    smooth_painter,
    write,
    write_with,
)
from mnist_draw.app.kit.steady_labels import GrowingLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView
from mnist_draw.app.kit.widgets import Card, label, set_look
from mnist_draw.i18n import _, number, percent
from mnist_draw.library.network_data import Name

#: Heights of the title above a curve and of the amounts below it, half the width of an amount, and
#: the width of the limit, in pixels.
_TITLE = 16
_BELOW = 14
_HALF_AMOUNT = 18
_LIMIT = 56
_DOT = 2.0
#: A point is pointed at from so far away, in pixels.
_NEAR = 10.0
_CENTER = int(Qt.AlignCenter | Qt.TextDontClip)


class LimitsView(WalkableView):
    """A row for each way to change pictures: yours, changed; the accuracy; what is borne."""

    SIZE = (320, 210)
    LEAST_SIZE = (230, 170)

    def __init__(self) -> None:
        super().__init__(
            "limitsView",
            _("Limits"),
            _(
                "How often the network is right on {count} changed test pictures, the "
                "amount up to which {share} are right, and your own picture, changed. "
                "Arrow keys go from one amount to the next.",
                count=number(PICTURES),
                share=percent(ENOUGH),
            ),
        )
        self.limits = NOT_COUNTED
        self.changed: Changed | None = None
        theme.follow(self, lambda: self.setMinimumHeight(theme.scaled(self.LEAST_SIZE[1])))

    def show_limits(self, limits: Limits) -> None:
        self.limits = limits
        self.show_items()

    def show_changed(self, changed: Changed | None) -> None:
        """Show an example's changed pictures; None: there are none."""
        self.changed = changed
        self.update()

    def count(self) -> int:
        return len(SETTINGS)

    def grid(self) -> tuple[int, int]:
        return len(AXES), STEPS

    def item_at(self, point: QPointF) -> int | None:
        away = [(self.place_of(item) - point).manhattanLength() for item in range(self.count())]
        nearest = int(np.argmin(away))
        return nearest if away[nearest] < _NEAR else None

    def place_of(self, item: int) -> QPointF:
        row, step = divmod(item, STEPS)
        amounts = AXES[row].amounts
        part = (amounts[step] - amounts[0]) / (amounts[-1] - amounts[0])
        return self._at(row, part, float(np.nan_to_num(self.limits.accuracy[item])))

    def _row(self, row: int) -> QRectF:
        high = self.height() / len(AXES)
        return QRectF(0, row * high, self.width(), high - Size.TIGHT)

    def _picture(self, row: int) -> QRectF:
        box = self._row(row)
        side = min(box.height() - 2, 0.2 * box.width())
        return QRectF(0, box.center().y() - side / 2, side, side)

    def _plot(self, row: int) -> QRectF:
        scale = theme.text_scale()
        box = self._row(row)
        box.setLeft(self._picture(row).right() + Size.CARD_GAP)
        return box.adjusted(0, _TITLE * scale, -_LIMIT * scale, -_BELOW * scale)

    def _at(self, row: int, part: float, share: float) -> QPointF:
        """Return the place of a part of an axis, 0 to 1, and of an accuracy."""
        box = self._plot(row)
        aside = _HALF_AMOUNT * theme.text_scale()
        x = box.left() + aside + part * (box.width() - 2 * aside)
        return QPointF(x, box.bottom() - share * (box.height() - 4))

    def describe(self, item: int) -> str:
        axis = AXES[item // STEPS]
        amount = format_amount(axis, axis.amounts[item % STEPS])
        accuracy = float(self.limits.accuracy[item])
        fields = {"change": f"{axis.title}, {axis.unit}", "amount": amount}
        if np.isnan(accuracy):
            return _("{change}, {amount}: not measured yet.", **fields)
        return _("{change}, {amount}: {accuracies}.", **fields, accuracies=percent(accuracy, 1))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        for row, axis in enumerate(AXES):
            self._paint_row(painter, row, axis)
            self._paint_curve(painter, row)
        self.paint_current(painter, 5)

    def _paint_row(self, painter: QPainter, row: int, axis: Axis) -> None:
        picture = self._picture(row)
        if self.changed is None:
            painter.fillRect(picture, theme.color("track"))
        else:
            paint_gray(painter, picture, self.changed.pictures[row])
        box = self._row(row)
        plot = self._plot(row)
        title = QRectF(plot.left(), box.top(), plot.width(), _TITLE * theme.text_scale())
        write(painter, title, LEFT, axis.title, Text.LABEL, "text")
        write(painter, box, RIGHT, format_limit(axis, self.limits), Text.BODY, "text", bold=True)
        write_with(painter, Text.AXIS, "muted")
        for step in (0, STEPS // 2, STEPS - 1):
            middle = self._at(row, step / (STEPS - 1), 0)
            words = QRectF(middle.x(), plot.bottom(), 0, _BELOW * theme.text_scale())
            amount = format_amount(axis, axis.amounts[step])
            painter.drawText(words, _CENTER, amount.removesuffix(axis.short))

    def _paint_curve(self, painter: QPainter, row: int) -> None:
        draw_with(painter, "line")
        painter.drawLine(self._at(row, 0, 0), self._at(row, 1, 0))
        draw_with(painter, "muted", 1, Qt.DashLine)
        painter.drawLine(self._at(row, 0, ENOUGH), self._at(row, 1, ENOUGH))
        items = range(row * STEPS, (row + 1) * STEPS)
        known = [item for item in items if not np.isnan(self.limits.accuracy[item])]
        points = [self.place_of(item) for item in known]
        draw_with(painter, "second", 1.5)
        painter.drawPolyline(QPolygonF(points))
        painter.setBrush(theme.color("second"))
        for point in points:
            painter.drawEllipse(point, _DOT, _DOT)


def format_amount(axis: Axis, amount: float) -> str:
    """Return an amount with its sign, such as ``"+30°"``; the strength of noise has none."""
    if axis.name == "noise" or amount == 0:
        return number(amount, "g")
    return f"{number(amount, '+g')}{axis.short}"


def format_limit(axis: Axis, limits: Limits) -> str:
    """Return the largest amount that the network bears, such as ``"±10°"``."""
    limit = limits.largest_borne(axis)
    if limit is None:
        return "–"
    sign = "±" if axis.amounts[0] < 0 < limit else ""
    return f"{sign}{number(limit, 'g')}{axis.short}"


class LimitsCard(Card):
    def __init__(self) -> None:
        super().__init__(_("Limits"))
        self.setObjectName("limitsCard")
        self.note.setText(_("9 of 10 right up to"))
        self.view = LimitsView()
        self.view.pointed.connect(self._show_sentence)
        self.body.addWidget(self.view, 1)
        self.sentence = label("", "muted", "limitsSentence")
        self._sentence = GrowingLabel(self.sentence, least=2)
        self.body.addWidget(self._sentence)
        self._name: Name = str
        self._said = ""

    def clear(self, sentence: str = "") -> None:
        """Show no figures; the sentence says why there are none."""
        self.view.show_limits(NOT_COUNTED)
        self.show_changed(None, str)
        self._said = sentence
        self._show_sentence()

    def show_limits(self, limits: Limits, is_dense: bool) -> None:
        self.view.show_limits(limits)
        self._said = describe_limits(limits, is_dense)
        if not limits.is_complete:
            words = _("{count} of {total} measured", count=limits.counted, total=len(SETTINGS))
            self._said = words
        self._show_sentence()

    def show_changed(self, changed: Changed | None, name: Name) -> None:
        """Show an example's changed pictures, and say how the one pointed at is read."""
        self._name = name
        self.view.show_changed(changed)
        self._show_sentence()

    def _show_sentence(self) -> None:
        item = self.view.current
        changed = self.view.changed
        words = self._said
        look = "muted"
        if item is not None and changed is not None:
            row, step = divmod(item, STEPS)
            axis = AXES[row]
            if changed.amounts[row] == axis.amounts[step]:
                amount = format_amount(axis, axis.amounts[step])
                words = describe_changed(axis.title, amount, changed.answers(row), self._name)
                look = "runner-up" if changed.is_read_otherwise(row) else "body"
        set_look(self.sentence, look)
        self._sentence.set_text(words)

    def rows(self) -> list[tuple[str, float]]:
        """Return each change with its accuracy, for a table."""
        return [
            (f"{axis.title}, {axis.unit} {format_amount(axis, amount)}", accuracy)
            for axis in AXES
            for amount, accuracy in self.view.limits.points(axis)
        ]
