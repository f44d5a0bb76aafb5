"""The menu of networks: the one in training, the user's newest, those that ship, the Library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

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
from mnist_draw.app.kit.app_state import UNSAVED, UNSAVED_TITLE
from mnist_draw.app.kit.commands import icon
from mnist_draw.app.kit.controls import Popover, paint_shadow
from mnist_draw.app.kit.formatting import format_ago
from mnist_draw.app.kit.list_rows import ROW, Columns, Row, RowDelegate
from mnist_draw.app.kit.painters import paint_box, paint_tick, smooth_painter
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import style_list
from mnist_draw.i18n import _, listed, pgettext
from mnist_draw.networks import title_of_model

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


@dataclass(frozen=True)
class Line:
    """A line of the menu: a network where it has a key, a heading where it has only a title."""

    title: str
    note: str = ""
    figure: str = ""
    key: str = ""
    is_library: bool = False
    answers: bool = False

    @property
    def height(self) -> int:
        """Pixels at the usual text size."""
        return _LIBRARY_ROW if self.is_library else _NETWORK_ROW if self.key else _HEADING_ROW

    def spoken(self) -> str:
        state = pgettext("of a network", "answers") if self.answers else ""
        return listed(filter(None, (self.title, self.note, self.figure, state)))


LIBRARY = Line(_("Library"), figure="F9", is_library=True)


def lines(network: ActiveNetwork, run: Line | None) -> Iterator[Line]:
    """Yield the lines of the menu; the network that answers, or is about to, has a tick."""
    from mnist_draw.library.entries import newest

    state = network.state
    wanted = state.network_wanted.key
    busy = "" if run is None else run.key
    if run is not None:
        yield Line(_("IN TRAINING"))
        yield replace(run, answers=busy == wanted)
    entries = [entry for entry in state.entries if entry.has_network and entry.key != busy]
    listed = {entry.key for entry in entries}
    own = [
        Line(
            UNSAVED_TITLE if name == UNSAVED else title_of_model(model),
            _("not saved"),
            model.info.accuracy,
            name.key,
        )
        for name, model in list(state.in_memory.items())
        if name.key != busy and name.key not in listed
    ]
    shown = newest(entries)
    shown += [entry for entry in entries if entry.key == wanted and not entry.is_shipped]
    for entry in {entry.key: entry for entry in shown}.values():
        own.append(Line(entry.name, format_ago(entry.when), entry.stored.info.accuracy, entry.key))
    shipped = [
        Line(entry.name, entry.what, entry.stored.info.accuracy, entry.key)
        for entry in entries
        if entry.is_shipped
    ]
    for heading, part in ((_("YOURS"), own), (_("CAME WITH THE PROGRAM"), shipped)):
        if part:
            yield Line(heading)
        for line in part:
            yield replace(line, answers=line.key == wanted)
    yield LIBRARY


def _paint_tick(painter: QPainter, box: QRectF) -> None:
    pen = QPen(theme.colour("accent"), 1.5 * theme.text_scale(), Qt.SolidLine, Qt.RoundCap)
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
    elif line.answers:
        mark = _paint_tick
    return Row(
        line.title,
        line.height,
        is_heading=line.height == _HEADING_ROW,
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
            painter.fillRect(QRectF(rect.left(), rect.top(), rect.width(), 1), theme.colour("line"))
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
        #: Returns the run that goes on.
        self.run: Callable[[], Line | None] = lambda: None
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
        network.state.follow(["entries", "model", "network_wanted"], self.fill)

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
        """List the networks anew if the menu is open."""
        if self.isVisible():
            kept = self.list.currentIndex().data(_LINE)
            self._fill("" if kept is None else kept.key)
            self._place()

    def _fill(self, key: str = "") -> None:
        """List all, and put the keyboard on the network of a key, or on the one that answers."""
        self._model.clear()
        for line in lines(self._network, self.run()):
            item = QStandardItem(line.title)
            item.setData(line, _LINE)
            item.setData(_row(line), ROW)
            item.setData(line.spoken(), Qt.AccessibleTextRole)
            if not line.key and not line.is_library:
                item.setFlags(Qt.NoItemFlags)
            self._model.appendRow(item)
            if line.key == key if key else line.answers:
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
