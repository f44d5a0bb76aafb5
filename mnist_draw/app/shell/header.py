"""The right end of the row of the tabs: the network button, the menus View and Help.

The button names the network that answers, and opens the menu of all; beside it, what is being
trained meanwhile.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

from qtpy.QtCore import QModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QFontMetricsF,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QStandardItem,
    QStandardItemModel,
)
from qtpy.QtWidgets import (
    QAbstractButton,
    QLabel,
    QListView,
    QMenu,
    QSizePolicy,
    QStyleOptionViewItem,
    QTabWidget,
    QToolButton,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import Popover, paint_shadow
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import paint_bar, paint_box, paint_tick, smooth_painter
from mnist_draw.app.kit.steady_labels import ElidedLabel, FittedLabel, SettleTimer
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import ROW, Columns, Row, RowDelegate
from mnist_draw.app.kit.widgets import explain, label, style_list, tip
from mnist_draw.app.shell.header_content import Line, Work, elided, menu_lines, work_of
from mnist_draw.i18n import _

_PAD = 14
_CARET = 8
_BAR = 3
#: Width of what goes on, in pixels.
_WORK = 150
#: Pixels at the usual text size: the menu, its rows, and where the parts of a row begin.
_WIDTH = 372
_NETWORK_ROW = 44
_HEADING_ROW = 31
_LIBRARY_ROW = 48
_INSET = 6
_COLUMNS = Columns(heading=16, mark=16, mark_size=(12, 12), title=40, figure=17)
#: Pixels between the button and the menu, and between the menu and the window's edge; its shadow.
_GAP = 4
_SHADOW = 6
_LINE = Qt.UserRole + 1


def _height(line: Line) -> int:
    """Return its pixels at the usual text size."""
    if line.is_library:
        return _LIBRARY_ROW
    return _NETWORK_ROW if line.key else _HEADING_ROW


def _paint_tick(painter: QPainter, box: QRectF) -> None:
    pen = QPen(theme.color("accent"), 1.5 * theme.text_scale(), Qt.SolidLine, Qt.RoundCap)
    painter.setPen(pen)
    paint_tick(painter, QPointF(box.left(), box.center().y()), box.width())


def _paint_books(painter: QPainter, box: QRectF) -> None:
    side = theme.scaled(Size.SMALL_ICON)
    place = QRectF(box.left(), box.center().y() - side / 2, side, side)
    icon("books").paint(painter, place.toRect())


def _row(line: Line) -> Row:
    """Return what the delegate paints of a line."""
    mark = Row.mark
    if line.is_library:
        mark = _paint_books
    elif line.is_wanted:
        mark = _paint_tick
    return Row(
        line.title,
        _height(line),
        is_heading=_height(line) == _HEADING_ROW,
        note=line.note,
        figure=line.figure,
        figure_look=(Text.LABEL, "muted", False) if line.is_library else Row.figure_look,
        mark=mark,
    )


class _Delegate(RowDelegate):
    def __init__(self, view: QListView) -> None:
        super().__init__(_COLUMNS, view)
        self._view = view

    def paint_background(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex,
    ) -> None:
        rect = QRectF(option.rect)
        if index.data(_LINE).is_library:
            painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 1), theme.color("line"))
        if index == self._view.currentIndex():
            chosen = rect.adjusted(_INSET, 1, -_INSET, -1)
            paint_box(painter, chosen, "hover", "hover", Size.FIELD_RADIUS)


class _List(QListView):
    """Walks by arrows, Home, End and letters; headings take no part."""

    chosen = Signal(object)
    menu_requested = Signal(object, QPoint)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkList")
        self.setAccessibleName(_("Networks"))
        style_list(self)
        self.setMouseTracking(True)
        self.viewport().setAutoFillBackground(False)
        self.setItemDelegate(_Delegate(self))
        self.entered.connect(self.setCurrentIndex)
        self.clicked.connect(lambda index: self.chosen.emit(index.data(_LINE)))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        line = self.currentIndex().data(_LINE)
        if line is not None and event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space):
            self.chosen.emit(line)
        elif event.key() == Qt.Key_Home:
            # Qt would stay where it is, as the first line is a heading.
            rows = (self.model().index(row, 0) for row in range(self.model().rowCount()))
            self.setCurrentIndex(next(index for index in rows if index.flags() & Qt.ItemIsEnabled))
        else:
            super().keyPressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        at_pointer = event.reason() == QContextMenuEvent.Mouse
        index = self.indexAt(event.pos()) if at_pointer else self.currentIndex()
        line = index.data(_LINE)
        if line is not None and line.key:
            below = self.viewport().mapToGlobal(self.visualRect(index).bottomLeft())
            self.menu_requested.emit(line, event.globalPos() if at_pointer else below)


class NetworkMenu(Popover):
    """Opens below the network button, aligned with its right edge and within the window."""

    library_requested = Signal()

    def __init__(self, network: ActiveNetwork, button: QWidget) -> None:
        super().__init__(button, "networkMenu", _("Networks"))
        self._network = network
        self._button = button
        #: Returns the Library's menu of a network, by its key.
        self.row_menu: Callable[[str], QMenu | None] = lambda key: None
        self.list = _List()
        self._model = QStandardItemModel(self)
        self.list.setModel(self._model)
        self.list.chosen.connect(self._choose)
        self.list.menu_requested.connect(self._open_row_menu)
        self.body.addWidget(self.list)
        edge = _SHADOW + _GAP
        self.body.setContentsMargins(_SHADOW + 1, edge, _SHADOW + 1, edge)
        network.state.follow(["entries", "epoch", "model", "network_wanted", "run"], self.fill)

    def toggle(self) -> None:
        """Show the menu with the keyboard on the network that answers, or close it."""
        if self.isVisible():
            self.hide()
            return
        if self.parentWidget() is not self._button.window():
            self.setParent(self._button.window())
        self._fill()
        self._network.refresh()
        self.open_at(self._button)

    def fill(self) -> None:
        """List the networks if the menu is open."""
        if self.isVisible():
            kept = self.list.currentIndex().data(_LINE)
            self._fill("" if kept is None else kept.key)
            self._place()

    def _fill(self, key: str = "") -> None:
        """List all, and put the keyboard on the network of a key, or on the one that answers."""
        self._model.clear()
        for line in menu_lines(self._network.state):
            item = QStandardItem(line.title)
            item.setData(line, _LINE)
            item.setData(_row(line), ROW)
            item.setData(line.spoken(), Qt.AccessibleTextRole)
            if not line.key and not line.is_library:
                item.setFlags(Qt.NoItemFlags)
            self._model.appendRow(item)
            if line.key == key if key else line.is_wanted:
                self.list.setCurrentIndex(item.index())

    def _place(self) -> QPoint:
        window = self.parentWidget()
        corner = self._button.mapTo(window, QPoint(self._button.width(), self._button.height()))
        top = corner.y() + _GAP
        width = min(theme.scaled(_WIDTH), window.width() - 2 * _GAP)
        rows = sum(map(self.list.sizeHintForRow, range(self._model.rowCount())))
        height = min(rows + 2 * _GAP, window.height() - top - _GAP)
        place = QRect(max(_GAP, corner.x() - width), top, width, height)
        self.setGeometry(place.adjusted(-_SHADOW, -_SHADOW, _SHADOW, _SHADOW))
        return self.pos()

    def _choose(self, line: Line) -> None:
        self.hide()
        if line.is_library:
            self.library_requested.emit()
        elif line.key:
            self._network.use_key(line.key)

    def _open_row_menu(self, line: Line, place: QPoint) -> None:
        menu = self.row_menu(line.key)
        if menu is not None:
            menu.triggered.connect(self.hide)
            menu.popup(place)

    def paintEvent(self, event: QPaintEvent) -> None:
        card = QRectF(self.rect()).adjusted(_SHADOW, _SHADOW, -_SHADOW, -_SHADOW)
        painter = smooth_painter(self)
        paint_shadow(painter, card, Size.CARD_RADIUS, _SHADOW)
        paint_box(painter, card.adjusted(0.5, 0.5, -0.5, -0.5), "panel", "edge")


class _Half(QAbstractButton):
    """A part of the button: flat, with a frame where the keyboard is."""

    def __init__(self, name: str, *labels: QLabel) -> None:
        super().__init__()
        self.setObjectName(name)
        # A click leaves the keyboard where it is, as in the menus beside.
        self.setFocusPolicy(Qt.TabFocus)
        self.setAttribute(Qt.WA_Hover)
        for part in labels:
            part.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.parts = row(*labels, gap=0, margins=(_PAD, 0, _PAD, 0), owner=self)
        theme.follow(self, self._resize)

    def _resize(self) -> None:
        line = math.ceil(QFontMetricsF(theme.font(Text.BODY)).height())
        self.setFixedHeight(max(Size.BUTTON, line + 14))

    def _paint(self, painter: QPainter) -> None:
        raise NotImplementedError

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        inside = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        hovered = self.underMouse() or self.isDown()
        painter.setBrush(theme.color("hover") if hovered else Qt.NoBrush)
        painter.setPen(theme.color("second") if self.hasFocus() else Qt.NoPen)
        painter.drawRoundedRect(inside, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        self._paint(painter)


class NetworkHalf(_Half):
    """Names the network that answers; opens the menu."""

    def __init__(self) -> None:
        self._name = FittedLabel(Text.AXIS, look="title")
        self._figure = label("", "status")
        super().__init__("networkButton", self._name, self._figure)
        explain(self, _("Network"))
        # A name can be elided further than it is, the accuracy never.
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self._figure.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Preferred)
        self.parts.setContentsMargins(_PAD + Size.DOT + Size.FIELD_GAP, 0, 12 + _CARET + _PAD, 0)
        self._answers = False

    def show_network(self, name: str, accuracy: str, answers: bool) -> None:
        """Show a name; the light is on where the network answers."""
        self._answers = answers
        self._name.setText(elided(name))
        self._figure.setText(f" · {accuracy}" if accuracy else "")
        self.setAccessibleName(_("Network: {name}", name=f"{name}{self._figure.text()}"))
        self.setToolTip(tip(self.accessibleName()))
        self.update()

    def text(self) -> str:
        return self._name.text() + self._figure.text()

    def minimumSizeHint(self) -> QSize:
        few = QFontMetricsF(theme.font(Text.BODY)).averageCharWidth() * 6
        hint = super().minimumSizeHint()
        return QSize(hint.width() + min(self._name.sizeHint().width(), round(few)), hint.height())

    def _paint(self, painter: QPainter) -> None:
        middle = self.height() / 2
        half = _CARET / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("accent" if self._answers else "muted"))
        painter.drawEllipse(QPointF(_PAD + Size.DOT / 2, middle), Size.DOT / 2, Size.DOT / 2)
        painter.setPen(QPen(theme.color("text"), 1.2, Qt.SolidLine, Qt.RoundCap))
        x = self.width() - _PAD - _CARET
        points = [QPointF(x, middle - 2), QPointF(x + half, middle + 3)]
        painter.drawPolyline(QPolygonF([*points, QPointF(x + _CARET, middle - 2)]))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Down, Qt.Key_Return, Qt.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)


class WorkHalf(_Half):
    """Shows what goes on, over a bar; hidden while there is nothing."""

    def __init__(self) -> None:
        self._words = ElidedLabel()
        super().__init__("workButton", self._words)
        # No state widens the header: its words are cut at their end, and whole in the tooltip.
        theme.follow(self, lambda: self.setFixedWidth(theme.scaled(_WORK)))
        self._work = Work("")
        explain(self, _("Training"), self._work.sentence)
        self._settling = SettleTimer(self)
        self.hide()

    def show_work(self, work: Work | None) -> None:
        """Show what goes on; a state that may be over soon, only if it lasts."""
        if work is None:
            self._settling.stop()
            self.hide()
        elif work.is_steady or self.isHidden():
            self._settling.stop()
            self._show(work)
        elif work.words == self._work.words:
            self._settling.stop()
        else:
            self._settling.wait_for(work.words, partial(self._show, work))

    def text(self) -> str:
        return self._words.text()

    def _show(self, work: Work) -> None:
        explain(self, work.words, work.sentence)
        self.setToolTip(tip(f"{work.words}\n{work.sentence}"))
        self._work = work
        self._words.setText(work.words)
        self.update()
        self.show()

    def _paint(self, painter: QPainter) -> None:
        low = self.height() - _BAR - 1
        wide = self.width() - 2 * Size.FIELD_GAP
        bar = QRectF(Size.FIELD_GAP, low, wide, _BAR)
        paint_bar(painter, bar, self._work.part, _BAR / 2, self._work.color)
        painter.setPen(theme.color("line"))
        edge = self.width() - 0.5
        painter.drawLine(QPointF(edge, 6), QPointF(edge, self.height() - 7))


class NetworkButton(QWidget):
    """Both halves in one frame, and the menu."""

    def __init__(self, network: ActiveNetwork) -> None:
        super().__init__()
        self._network = network
        self.work = WorkHalf()
        self.answering = NetworkHalf()
        row(self.work, self.answering, gap=0, owner=self)
        self.setSizePolicy(QSizePolicy.Preferred, QSizePolicy.Fixed)
        self.menu = NetworkMenu(network, self.answering)
        self.answering.clicked.connect(self.menu.toggle)
        network.state.follow(["model", "network_answering", "entries"], self.show_network)
        facts = ["has_unseen_end", "learning", "page", "queue", "run"]
        network.state.follow(facts, self._show_work)
        # Train shows it itself.
        network.state.follow(["progress"], self._show_work, ["draw", "inside"])
        self.show_network()

    def _show_work(self) -> None:
        self.work.show_work(work_of(self._network.state))

    def show_network(self) -> None:
        state = self._network.state
        model = state.model
        if model is None:
            self.answering.show_network(_("Getting ready"), "", answers=False)
        else:
            self.answering.show_network(state.network_title, model.info.accuracy, answers=True)

    def paintEvent(self, event: QPaintEvent) -> None:
        inside = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_box(smooth_painter(self), inside, "card", radius=Size.FIELD_RADIUS)


class Header(QWidget):
    def __init__(self, network: ActiveNetwork, view: QWidget) -> None:
        super().__init__()
        self.setProperty("look", "plain")
        self.network = NetworkButton(network)
        self.view = view
        self.help_button = QToolButton()
        self.help_button.setObjectName("helpButton")
        self.help_button.setProperty("look", "flat")
        self._state = network.state
        self._lesson = label(_("Lesson"), "chip", "headerLesson")
        self._lesson.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        margins = (0, 0, Size.MARGIN, 0)
        parts = self._lesson, self.network, self.view, self.help_button
        row(*parts, margins=margins, owner=self)
        self._state.follow(["lesson", "page"], self._show_lesson)
        self._show_lesson()

    def _show_lesson(self) -> None:
        """Say on the other tabs that there is a lesson; Train shows which it is."""
        title = self._state.lesson
        self._lesson.setVisible(bool(title) and self._state.page != "train")
        explain(self._lesson, _("Lesson"), title)

    def sizeHint(self) -> QSize:
        # The tab widget sets its corner on the lower edge of the tabs, which it would cover.
        tabs = self.parentWidget()
        wide = super().sizeHint().width()
        if isinstance(tabs, QTabWidget):
            room = tabs.width() - tabs.tabBar().sizeHint().width() - 2 * Size.MARGIN
            wide = max(min(wide, room), self.minimumSizeHint().width())
        return QSize(wide, Size.HEADER)

    def in_order(self) -> tuple[QWidget, ...]:
        network = self.network
        return network.work, network.answering, self.view, self.help_button
