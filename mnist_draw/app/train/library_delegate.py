"""A row of the Library: what it shows of an entry, its marks, and the editor of its name."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from qtpy.QtCore import QEvent, QModelIndex, QObject, QPointF, QRect, QRectF, QSize, Qt
from qtpy.QtGui import QKeyEvent, QPainter, QPen, QPolygonF
from qtpy.QtWidgets import QLineEdit, QStyle, QStyleOptionViewItem, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.painters import paint_box, paint_tick
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import ROW, Columns, Row, RowDelegate
from mnist_draw.app.kit.widgets import explain
from mnist_draw.app.train.series import STYLES, series_color
from mnist_draw.i18n import (
    _,
    counted,
    format_ago,
    format_duration,
    format_percent,
    listed,
    number,
    percent,
    pgettext,
)
from mnist_draw.library.arrangement import MAX_DRAWN, RunGroup
from mnist_draw.library.entries import Entry
from mnist_draw.library.stored_network import FINE_TUNED
from mnist_draw.training.run import MAX_NAME_LENGTH

#: The role of a row's height, which a list asks of all rows, seen or not.
HEIGHT = ROW + 1
#: Heights of the rows, and places in them, at the usual text size.
OWN = 55
SHIPPED = 48
HEADING = 40
CURVE_SIZE = (84, 30)
COLUMNS = Columns(
    heading=16,
    mark=54,
    mark_size=CURVE_SIZE,
    title=162,
    figure=181,
    aside=392,
    when=64,
    dots=35,
)
_PAD = 16
_TICK = 18
_BOX = 16
_MENU = 54
#: The middle of the sign that unfolds a group, and how far its runs are indented.
_CARET = 45
_INDENT = 20


#: Marks of what has no curve: of a shipped network, or of one from elsewhere.
_SHIPPED_MARKS = {"best": "star", "mlp_handwriting": "pencil-simple", "mlp": "book-open"}
#: A curve's scale is at least so high, in the logarithm of right to wrong answers: from 97.6 to
#: 98.1% it is nearly level, from 5 to 67% it climbs all of it.
_LEAST_CLIMB = 2.0
#: Accuracies nearer to 0 or 1 are drawn there.
_NEAREST = 0.0005
_DOT = 2.5
# Translators: the network that reads what is drawn.
_ANSWERS = pgettext("of a network", "answers")
#: A mark of runs that a script made.
_PYTHON = "Python"


@dataclass(frozen=True)
class RowView:
    entry: Entry
    #: Its validation accuracies, and the epoch of the last.
    curve: tuple[float, ...] = ()
    last_epoch: int = 0
    #: Its place among the ticked entries; none below 0.
    tick: int = -1
    answers: bool = False
    #: When its run goes on that waits; empty for none.
    starts: str = ""
    #: What the list is sorted by, where no other part of the row says it.
    sorted_by: str = ""
    is_unfolded: bool = False
    #: What tells it apart in its group, where it is one of the runs of an unfolded one.
    inside: str = ""

    @property
    def part(self) -> float | None:
        """How much of its training is done, 0 to 1; None unless this window trains it."""
        run = self.entry.run
        return run.run_part if run is not None and is_trained_here(self.entry) else None

    @property
    def climb(self) -> str:
        """From where to where its accuracy came."""
        if len(self.curve) < 2:
            return ""
        return counted(
            "{first} → {last} in {count} epoch",
            "{first} → {last} in {count} epochs",
            self.last_epoch,
            first=percent(self.curve[0], 1),
            last=percent(self.curve[-1], 1),
        )

    @property
    def data(self) -> tuple[str, str]:
        """Its data set and the number of classes; both empty where they are not known."""
        count = self.entry.classes
        classes = counted("{count} class", "{count} classes", count) if count else ""
        return self.entry.data, classes

    @property
    def detail(self) -> str:
        entry = self.entry
        seconds = self.entry.seconds
        if entry.is_shipped:
            if entry.stored.kind in entry.name:
                return entry.what
            # Translators: a kind of network, and why to choose this one.
            return _("{name}: {text}", name=entry.stored.kind, text=entry.what)
        took = "" if seconds is None or self.is_group else format_duration(seconds)
        # Translators: a run that another window or a command trains.
        where = _("in another program") if self.is_elsewhere else ""
        return self.starts or listed(filter(None, (entry.what, took, where)))

    @property
    def is_group(self) -> bool:
        return isinstance(self.entry, RunGroup)

    @property
    def title(self) -> str:
        return self.inside or self.entry.name

    @property
    def is_elsewhere(self) -> bool:
        """Whether another window or a command trains it, which alone changes it then."""
        return self.entry.going_on and not is_trained_here(self.entry)

    @property
    def accuracy(self) -> tuple[str, bool]:
        """The accuracy as it is shown, and whether it is that of the test."""
        entry = self.entry
        if entry.test_accuracy is None and entry.validation_accuracy is not None:
            share = format_percent(entry.validation_accuracy)
            return _("{share} validation", share=share), False
        return accuracy_of(entry), entry.test_accuracy is not None

    def read_out(self) -> str:
        when = format_ago(self.entry.when) if self.entry.when else ""
        accuracy, tested = self.accuracy
        words = _("{share} test", share=accuracy) if tested else accuracy
        states = [_ANSWERS if self.answers else "", _("checked") if self.tick >= 0 else ""]
        states.append(_PYTHON if self.entry.origin == "python" else "")
        if self.is_group:
            states.append(_("expanded") if self.is_unfolded else _("collapsed"))
        parts = (self.title, self.detail, *self.data, words, self.sorted_by, when, *states)
        return listed(filter(None, parts))

    def row(self) -> Row:
        """Return what the delegate paints."""
        accuracy, is_tested = self.accuracy
        sure = (Text.SURER, "text", True)
        when = format_ago(self.entry.when) if self.entry.when else ""
        return Row(
            self.title,
            SHIPPED if self.entry.is_shipped or self.inside else OWN,
            note=self.detail,
            aside=self.data,
            figure=accuracy,
            figure_look=sure if is_tested else (Text.LABEL, "muted", False),
            when=self.sorted_by or when,
            chip=_ANSWERS if self.answers else "",
            tag=_PYTHON if self.entry.origin == "python" and not self.inside else "",
            part=self.part,
            mark=self._paint_mark,
        )

    def _paint_mark(self, painter: QPainter, box: QRectF) -> None:
        self._paint_tick(painter, box.center().y())
        if self.is_group:
            middle = QPointF(theme.scaled(_CARET), box.center().y())
            paint_caret(painter, middle, self.is_unfolded)
        if self.inside:
            box = box.adjusted(theme.scaled(_INDENT), theme.scaled(4), 0, -theme.scaled(4))
        if self.entry.run is None:
            self._paint_icon(painter, box.center())
        elif self.curve:
            self._paint_curve(painter, box)
        elif self.entry.run.has_failed:
            self._paint_icon(painter, box.center())

    def _paint_tick(self, painter: QPainter, middle: float) -> None:
        on = self.tick >= 0
        side = theme.scaled(_BOX)
        box = QRectF(theme.scaled(_TICK), middle - side / 2, side, side)
        fill, edge = ("second", "second") if on else ("card", "edge")
        paint_box(painter, box, fill, edge, 4)
        if on:
            painter.setPen(QPen(theme.color("on_second"), 1.6))
            painter.setBrush(Qt.NoBrush)
            paint_tick(painter, box.topLeft() + QPointF(0.25, 0.53) * side, 0.51 * side)

    def _paint_icon(self, painter: QPainter, middle: QPointF) -> None:
        radius = theme.scaled(18)
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("window"))
        painter.drawEllipse(middle, radius, radius)
        side = theme.scaled(Size.SMALL_ICON)
        place = QRect(0, 0, side, side)
        place.moveCenter(middle.toPoint())
        mark = icon("warning", "alert") if self.entry.run else icon(_mark(self.entry))
        mark.paint(painter, place)

    def _paint_curve(self, painter: QPainter, box: QRectF) -> None:
        is_drawn = 0 <= self.tick < MAX_DRAWN
        color = series_color(self.tick) if is_drawn else theme.color("muted")
        style = STYLES[self.tick] if is_drawn else Qt.SolidLine
        points = curve_points(self.curve, box)
        painter.setBrush(Qt.NoBrush)
        painter.setPen(QPen(color, 2, style, Qt.FlatCap, Qt.RoundJoin))
        painter.drawPolyline(QPolygonF(points))
        painter.setPen(Qt.NoPen)
        painter.setBrush(color)
        painter.drawEllipse(points[-1], _DOT, _DOT)


def paint_caret(painter: QPainter, middle: QPointF, is_open: bool) -> None:
    """Paint the sign that unfolds a row: it points down where what is below is shown."""
    side = theme.scaled(5)
    ends = [QPointF(-side / 2, -side), QPointF(side / 2, 0), QPointF(-side / 2, side)]
    if is_open:
        ends = [QPointF(point.y(), point.x()) for point in ends]
    painter.setPen(QPen(theme.color("muted"), 1.6, Qt.SolidLine, Qt.RoundCap))
    painter.drawPolyline(QPolygonF([middle + point for point in ends]))


def accuracy_of(entry: Entry) -> str:
    """Format the test accuracy, that of a group with its standard deviation in points."""
    share = format_percent(entry.test_accuracy)
    if not isinstance(entry, RunGroup) or entry.spread is None:
        return share
    return _("{mean} ± {spread}", mean=share, spread=number(100 * entry.spread, ".2f"))


def is_trained_here(entry: Entry) -> bool:
    """Whether this window trains its run: one of another window is read from its record."""
    return entry.going_on and entry.run is not None and entry.run.state != "running"


class OtherRow:
    """A row of the list that is neither a run nor a network; what it shows and does."""

    #: The group's title, which is written above its first row.
    heading: str
    key: str
    name: str

    @property
    def detail(self) -> str:
        """The line below the name."""
        raise NotImplementedError

    def row(self) -> Row:
        """Return what the delegate paints."""
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


def tick_area(row: QRect) -> QRect:
    return QRect(row.left(), row.top(), theme.scaled(_TICK + _BOX + 4), row.height())


def menu_area(row: QRect) -> QRect:
    left = row.right() + 1 - theme.scaled(_MENU)
    return QRect(left, row.top(), theme.scaled(_MENU) - theme.scaled(_PAD) // 2, row.height())


class LibraryDelegate(RowDelegate):
    """Paints the rows on lines, and edits their names."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(COLUMNS, parent)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        return QSize(0, theme.scaled(index.data(HEIGHT)))

    def paint_background(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> None:
        rect = QRectF(option.rect)
        if index.data(ROW).chip:
            painter.fillRect(rect, theme.color("tint"))
            bar = QRectF(rect.left(), rect.top(), 3, rect.height())
            painter.fillRect(bar, theme.color("accent"))
        elif option.state & QStyle.State_MouseOver:
            painter.fillRect(rect, theme.color("hover"))
        pad = theme.scaled(_PAD)
        line = QRectF(rect.left() + pad, rect.bottom() - 1, rect.width() - 2 * pad, 1)
        painter.fillRect(line, theme.color("line"))
        if option.state & QStyle.State_HasFocus:
            painter.setPen(QPen(theme.color("second"), 2))
            painter.setBrush(Qt.NoBrush)
            painter.drawRoundedRect(rect.adjusted(3, 2, -3, -3), 4, 4)

    # -- a name

    def createEditor(
        self,
        parent: QWidget,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> QWidget:
        editor = QLineEdit(parent)
        editor.setMaxLength(MAX_NAME_LENGTH)
        explain(editor, _("Name"), _("The name; Enter accepts it, Esc discards it."))
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
        room = rect.width() - theme.scaled(COLUMNS.title + COLUMNS.figure)
        width = max(theme.scaled(120), min(theme.scaled(360), room))
        left = theme.scaled(COLUMNS.title) - theme.scaled(11)
        editor.setGeometry(left, rect.top() + edge, width, rect.height() - 2 * edge)


def curve_points(curve: Sequence[float], box: QRectF) -> list[QPointF]:
    """Place accuracies in a box, each curve on a scale of its own."""
    odds = []
    for accuracy in curve:
        share = min(max(accuracy, _NEAREST), 1 - _NEAREST)
        odds.append(math.log(share / (1 - share)))
    climb = max(odds) - min(odds)
    scale = max(climb, _LEAST_CLIMB)
    lowest = min(odds) - (scale - climb) / 2
    points = []
    for place, value in enumerate(odds):
        up = (value - lowest) / scale
        across = place / (len(curve) - 1) if len(curve) > 1 else 1.0
        points.append(QPointF(box.left() + across * box.width(), box.bottom() - up * box.height()))
    return points


def _mark(entry: Entry) -> str:
    if entry.is_shipped:
        return _SHIPPED_MARKS.get(entry.stored.name, "file")
    return "pencil-line" if entry.stored.source == FINE_TUNED else "file"
