"""A row of the Library: what it shows of an entry, painted, and the editor of its name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PyQt5.QtCore import QEvent, QModelIndex, QObject, QPoint, QPointF, QRect, QRectF, QSize, Qt
from PyQt5.QtGui import QFont, QFontMetrics, QKeyEvent, QPainter, QPen, QPolygonF
from PyQt5.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.formatting import format_ago, format_duration, format_percent
from mnist_draw.app.kit.painters import paint_bar, paint_box, paint_tick, write_with
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain
from mnist_draw.app.train.series import STYLES, series_colour
from mnist_draw.i18n import _, listed, pgettext
from mnist_draw.library.entries import Entry
from mnist_draw.library.stored_network import FINE_TUNED
from mnist_draw.training.history import EpochFigures
from mnist_draw.training.record import MAX_NAME_LENGTH

#: The roles of a row's `RowView`, and of its height at the usual text size.
ROLE = Qt.UserRole
HEIGHT = Qt.UserRole + 1
#: Marks of what has no curve: of a shipped network, or of one from elsewhere.
_SHIPPED_MARKS = {"best": "star", "mlp_handwriting": "pencil-simple", "mlp": "book-open"}
#: The curves' scale, errors from the lower edge to the upper.
_WORST = 0.3
_BEST = 0.003
_DOT = 2.5
# Translators: the network that reads what is drawn.
_ANSWERS = pgettext("of a network", "answers")


@dataclass(frozen=True)
class RowView:
    entry: Entry
    figures: Sequence[EpochFigures] = ()
    #: Its place among the ticked entries; none below 0.
    tick: int = -1
    answers: bool = False
    #: How much of its training is done, 0 to 1; None while it is not trained.
    part: float | None = None

    @property
    def curve(self) -> tuple[float, ...]:
        return tuple(row.validation_accuracy for row in self.figures)

    @property
    def detail(self) -> str:
        entry = self.entry
        seconds = self.entry.seconds
        if entry.is_shipped:
            if entry.stored.kind in entry.name:
                return entry.what
            # Translators: a kind of network, and why to choose this one.
            return _("{name}: {text}", name=entry.stored.kind, text=entry.what)
        took = "" if seconds is None else format_duration(seconds)
        # Translators: a run that another window or a command trains.
        where = _("elsewhere") if self.is_elsewhere else ""
        return listed(filter(None, (entry.what, took, where)))

    @property
    def is_elsewhere(self) -> bool:
        """Whether another window or a command trains it, which alone changes it then."""
        return self.entry.going_on and self.part is None

    @property
    def accuracy(self) -> tuple[str, bool]:
        """The accuracy as it is shown, and whether it is that of the test."""
        entry = self.entry
        if entry.test_accuracy is None and entry.validation_accuracy is not None:
            share = format_percent(entry.validation_accuracy)
            return _("{share} validation", share=share), False
        return format_percent(entry.test_accuracy), entry.test_accuracy is not None

    def read_out(self) -> str:
        when = format_ago(self.entry.when) if self.entry.when else ""
        accuracy, tested = self.accuracy
        words = _("{share} test", share=accuracy) if tested else accuracy
        states = (_ANSWERS if self.answers else "", _("ticked") if self.tick >= 0 else "")
        return listed(filter(None, (self.entry.name, self.detail, words, when, *states)))


class OtherRow:
    """A row of the list that is neither a run nor a network; what it shows and does."""

    #: The group's title, which is written above its first row.
    heading: str
    key: str
    name: str
    answers = False

    @property
    def detail(self) -> str:
        """The line below the name."""
        raise NotImplementedError

    def paint(self, painter: QPainter, rect: QRect) -> None:
        """Paint all but the background and the menu's dots."""
        raise NotImplementedError

    def open(self) -> None:
        raise NotImplementedError

    def delete(self) -> None:
        raise NotImplementedError

    def press_key(self, event: QKeyEvent) -> bool:
        """Serve a key; return whether it has a meaning here."""
        raise NotImplementedError

    def build_menu(self, parent: QWidget) -> Menu:
        raise NotImplementedError


#: Heights of the rows, at the usual text size.
OWN = 55
SHIPPED = 48
HEADING = 40
#: Places in a row, from its left edge, and from its right edge.
_PAD = 16
_TICK = 18
_CURVE = 54
_NAME = 162
_MENU = 54
_WHEN = 64
_ACCURACY = 181
_GAP = 12
_LEAST_NAME = 110
CURVE_SIZE = (84, 30)
_BOX = 16


def tick_area(row: QRect) -> QRect:
    return QRect(row.left(), row.top(), theme.scaled(_CURVE), row.height())


def picture_area(row: QRect, side: int) -> QRect:
    """Return a square where runs have their curve."""
    left = theme.scaled(_CURVE) + (theme.scaled(CURVE_SIZE[0]) - side) // 2
    return QRect(left, row.center().y() - side // 2, side, side)


def name_area(row: QRect) -> QRect:
    right = row.right() - theme.scaled(_ACCURACY + _GAP)
    return QRect(QPoint(theme.scaled(_NAME), row.top()), QPoint(right, row.bottom()))


def figure_area(row: QRect) -> QRectF:
    return QRectF(0, row.top(), row.right() + 1 - theme.scaled(_ACCURACY), row.height())


def paint_when(painter: QPainter, row: QRect, when: float) -> None:
    write_with(painter, Text.BODY, "muted")
    room = QRect(0, row.top(), row.right() + 1 - theme.scaled(_WHEN), row.height())
    painter.drawText(room, int(Qt.AlignRight | Qt.AlignVCenter), format_ago(when))


def menu_area(row: QRect) -> QRect:
    left = row.right() + 1 - theme.scaled(_MENU)
    return QRect(left, row.top(), theme.scaled(_MENU) - theme.scaled(_PAD) // 2, row.height())


class RowDelegate(QStyledItemDelegate):
    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, theme.scaled(index.data(HEIGHT)))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing)
        view = index.data(ROLE)
        if view is None:
            self._paint_heading(painter, option.rect, index.data())
        else:
            self._paint_ground(painter, option, view)
            self._paint_dots(painter, option.rect)
            if isinstance(view, OtherRow):
                view.paint(painter, option.rect)
                painter.restore()
                return
            self._paint_left(painter, option.rect, view)
            self._paint_name(painter, option.rect, view)
            self._paint_right(painter, option.rect, view)
        painter.restore()

    def _paint_heading(self, painter: QPainter, rect: QRect, text: str) -> None:
        font = theme.font(Text.HEADING, bold=True)
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        room = rect.adjusted(theme.scaled(_PAD), 0, 0, -theme.scaled(Size.GRID))
        painter.drawText(room, int(Qt.AlignVCenter | Qt.AlignLeft), text)

    def _paint_ground(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        view: RowView | OtherRow,
    ) -> None:
        rect = option.rect
        state = int(option.state)
        if view.answers:
            painter.fillRect(rect, theme.colour("tint"))
            painter.fillRect(QRect(rect.topLeft(), QSize(3, rect.height())), theme.colour("accent"))
        elif state & int(QStyle.State_MouseOver):
            painter.fillRect(rect, theme.colour("hover"))
        painter.setPen(QPen(theme.colour("line"), 1))
        y = rect.bottom() + 0.5
        painter.drawLine(
            QPointF(theme.scaled(_PAD), y),
            QPointF(rect.right() - theme.scaled(_PAD), y),
        )
        if state & int(QStyle.State_HasFocus):
            painter.setPen(QPen(theme.colour("second"), 2))
            painter.drawRoundedRect(QRectF(rect).adjusted(3, 2, -3, -3), 4, 4)

    def _paint_left(self, painter: QPainter, rect: QRect, view: RowView) -> None:
        if not view.entry.is_shipped:
            self._paint_tick(painter, rect, view.tick >= 0)
        wide, high = (theme.scaled(side) for side in CURVE_SIZE)
        box = QRect(theme.scaled(_CURVE), rect.center().y() - high // 2, wide, high)
        if view.entry.run:
            self._paint_curve(painter, QRectF(box), view)
            return
        radius = theme.scaled(18)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("window"))
        painter.drawEllipse(box.center(), radius, radius)
        side = theme.scaled(Size.SMALL_ICON)
        place = QRect(0, 0, side, side)
        place.moveCenter(box.center())
        icon(_mark(view.entry)).paint(painter, place)

    def _paint_tick(self, painter: QPainter, rect: QRect, on: bool) -> None:
        side = theme.scaled(_BOX)
        box = QRectF(theme.scaled(_TICK), rect.center().y() - side / 2, side, side)
        fill, edge = ("second", "second") if on else ("card", "edge")
        paint_box(painter, box, fill, edge, 4)
        if on:
            painter.setPen(QPen(theme.colour("on_second"), 1.6))
            painter.setBrush(Qt.NoBrush)
            paint_tick(painter, box.topLeft() + QPointF(0.25, 0.53) * side, 0.51 * side)

    def _paint_curve(self, painter: QPainter, box: QRectF, view: RowView) -> None:
        if not view.figures:
            return
        colour = theme.colour("muted") if view.tick < 0 else series_colour(view.tick)
        style = Qt.SolidLine if view.tick < 0 else STYLES[view.tick]
        points = curve_points(view.curve, box)
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(colour, 2, style, Qt.FlatCap, Qt.RoundJoin))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.NoPen)
        painter.setBrush(colour)
        painter.drawEllipse(points[-1], _DOT, _DOT)

    def _paint_name(self, painter: QPainter, rect: QRect, view: RowView) -> None:
        left = theme.scaled(_NAME)
        right = rect.right() - theme.scaled(_ACCURACY + _GAP) - _accuracy_width(view)
        middle = rect.center().y()
        write_with(painter, Text.BODY, "text", bold=True)
        metrics = painter.fontMetrics()
        chip = QFontMetrics(theme.font(Text.HEADING, bold=True)).horizontalAdvance(_ANSWERS)
        room = right - left
        taken = chip + theme.scaled(32)
        least = min(metrics.horizontalAdvance(view.entry.name), theme.scaled(_LEAST_NAME))
        # The name is never dropped for the chip; the row is tinted, too.
        chipped = view.answers and room - taken >= least
        room -= taken if chipped else 0
        # Names often begin alike.
        name = metrics.elidedText(view.entry.name, Qt.ElideMiddle, max(0, room))
        upper = QRect(left, middle - metrics.height() - 1, right - left, metrics.height())
        painter.drawText(upper, int(Qt.AlignVCenter | Qt.AlignLeft), name)
        if chipped:
            at = left + metrics.horizontalAdvance(name) + theme.scaled(12)
            self._paint_chip(
                painter,
                QRectF(at, upper.top() - 1, chip + theme.scaled(18), theme.scaled(19)),
            )
        write_with(painter, Text.LABEL, "muted")
        metrics = painter.fontMetrics()
        lower = QRect(left, middle + 2, right - left, metrics.height())
        detail = metrics.elidedText(view.detail, Qt.ElideRight, right - left)
        painter.drawText(lower, int(Qt.AlignVCenter | Qt.AlignLeft), detail)
        if view.part is not None:
            wide = min(theme.scaled(200), right - left)
            top = rect.bottom() - theme.scaled(8)
            paint_bar(painter, QRectF(left, top, wide, theme.scaled(4)), view.part, 2)

    def _paint_chip(self, painter: QPainter, box: QRectF) -> None:
        paint_box(painter, box, "accent", "accent", 5)
        write_with(painter, Text.HEADING, "on_accent", bold=True)
        painter.drawText(box, int(Qt.AlignCenter), _ANSWERS)

    def _paint_right(self, painter: QPainter, rect: QRect, view: RowView) -> None:
        accuracy, tested = view.accuracy
        painter.setFont(_accuracy_font(tested))
        painter.setPen(theme.colour("text" if tested else "muted"))
        draw_tabular(painter, figure_area(rect), accuracy, Qt.AlignRight)
        if view.entry.when:
            write_with(painter, Text.BODY, "muted")
            paint_when(painter, rect, view.entry.when)

    def _paint_dots(self, painter: QPainter, rect: QRect) -> None:
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("muted"))
        middle = QPointF(rect.right() + 1 - theme.scaled(35), rect.center().y() + 1)
        for step in (-5, 0, 5):
            painter.drawEllipse(middle + QPointF(theme.scaled(step), 0), 1.3, 1.3)

    # -- a name

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(MAX_NAME_LENGTH)
        explain(editor, _("Name"), _("The name; Return keeps it, Esc leaves it as it was."))
        return editor

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        # Return keeps the name, and opens nothing.
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key_Return, Qt.Key_Enter):
            if event.type() == QEvent.KeyPress:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                return True
            if event.type() == QEvent.ShortcutOverride:
                event.accept()
                return True
        return super().eventFilter(editor, event)

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:
        super().setEditorData(editor, index)
        assert isinstance(editor, QLineEdit)
        editor.selectAll()

    def updateEditorGeometry(
        self,
        editor: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> None:
        rect = option.rect
        edge = theme.scaled(6)
        room = rect.width() - theme.scaled(_NAME + _ACCURACY)
        width = max(theme.scaled(120), min(theme.scaled(360), room))
        left = theme.scaled(_NAME) - theme.scaled(11)
        editor.setGeometry(left, rect.top() + edge, width, rect.height() - 2 * edge)


def _accuracy_font(tested: bool) -> QFont:
    return theme.font(Text.SURER if tested else Text.LABEL, bold=tested)


def _accuracy_width(view: RowView) -> int:
    text, tested = view.accuracy
    return QFontMetrics(_accuracy_font(tested)).horizontalAdvance(text)


def curve_points(curve: Sequence[float], box: QRectF) -> list[QPointF]:
    """Place accuracies in a box: all rows have one logarithmic scale of the error."""
    low = math.log(_WORST)
    high = math.log(_BEST)
    points = []
    for number, accuracy in enumerate(curve):
        error = min(max(1 - accuracy, _BEST), _WORST)
        up = (math.log(error) - low) / (high - low)
        across = number / (len(curve) - 1) if len(curve) > 1 else 1.0
        points.append(QPointF(box.left() + across * box.width(), box.bottom() - up * box.height()))
    return points


def _mark(entry: Entry) -> str:
    if entry.is_shipped:
        return _SHIPPED_MARKS.get(entry.stored.name, "file")
    return "pencil-line" if entry.stored.source == FINE_TUNED else "file"
