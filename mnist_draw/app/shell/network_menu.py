"""The menu of networks below the header's button."""

from __future__ import annotations

from collections.abc import Callable

from PyQt5.QtCore import QModelIndex, QPoint, QPointF, QRect, QRectF, Qt, pyqtSignal
from PyQt5.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QStandardItem,
    QStandardItemModel,
)
from PyQt5.QtWidgets import QListView, QMenu, QStyleOptionViewItem, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import Popover, paint_shadow
from mnist_draw.app.kit.painters import paint_box, paint_tick, smooth_painter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import ROW, Columns, Row, RowDelegate
from mnist_draw.app.kit.widgets import style_list
from mnist_draw.app.shell.header_content import Line, menu_lines
from mnist_draw.i18n import _

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

    chosen = pyqtSignal(object)
    menu_requested = pyqtSignal(object, QPoint)

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

    library_requested = pyqtSignal()

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
