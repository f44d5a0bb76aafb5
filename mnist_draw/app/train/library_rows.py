"""The list of the Library: its entries, and what a key or a click on a row asks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, takewhile
from typing import Any, TypeAlias

from qtpy.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, Qt, Signal
from qtpy.QtGui import (
    QContextMenuEvent,
    QKeyEvent,
    QKeySequence,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from qtpy.QtWidgets import QAbstractItemView, QListView

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.app_state import AppState
from mnist_draw.app.kit.views import ROW, Row
from mnist_draw.app.kit.widgets import explain, style_list, tip
from mnist_draw.app.train.library_delegate import (
    HEADING,
    HEIGHT,
    OWN,
    SHIPPED,
    LibraryDelegate,
    OtherRow,
    RowView,
    is_trained_here,
    menu_area,
    tick_area,
)
from mnist_draw.i18n import _, format_moment, joined, listed
from mnist_draw.library.arrangement import (
    SORTS,
    Choice,
    RunGroup,
    arranged,
    grouped,
    ticked_of,
    toggled,
    with_members,
)
from mnist_draw.library.comparison import Columns, Curve, columns_of, compared
from mnist_draw.library.entries import Entry
from mnist_draw.library.search import matches, what_is_wrong
from mnist_draw.training.run import Run

_CAME_ALONG = _("CAME WITH THE PROGRAM")
_NOWHERE = QModelIndex()
#: Shift and an arrow.
_EXTENDS = (QKeySequence.SelectNextLine, QKeySequence.SelectPreviousLine)
#: A row of the list: an entry, one of another group, or a heading.
Shown: TypeAlias = Entry | OtherRow | str
#: How many epochs a run had when it was read, and their figures, by its key.
Figures = dict[str, tuple[int, Columns]]


class LibraryModel(QAbstractListModel):
    """The entries that follow from what is chosen, the user's and then those that came along."""

    renamed = Signal(object, str)
    choice_changed = Signal()
    figures_changed = Signal()

    def __init__(self, state: AppState, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = state
        self.entries: list[Entry] = []
        self.choice = Choice()
        #: The user's entries with groups, and what tells the runs of the unfolded ones apart.
        self._grouped: list[Entry] = []
        self._inside: dict[str, str] = {}
        #: Rows of other groups by who lists them, shown below.
        self.others: dict[str, Sequence[OtherRow]] = {}
        self.shown: list[Shown] = []
        self.columns: dict[str, Columns] = {}
        self._epochs_read: dict[str, int] = {}
        # Asked for by each row whenever it is painted.
        self._curves: dict[str, Curve | None] = {}
        self._places: dict[str, int] = {}
        state.follow(["network_answering", "queue"], self._renew)
        state.follow(["learning"], self._show_learning, ["train"])

    # -- for the view

    def rowCount(self, parent: QModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.shown)

    def row(self, index: QModelIndex) -> Entry | OtherRow | None:
        row = self.shown[index.row()] if index.isValid() else ""
        return None if isinstance(row, str) else row

    def entry(self, index: QModelIndex) -> Entry | None:
        row = self.row(index)
        return row if isinstance(row, Entry) else None

    def find(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def can_rename(self, entry: Entry) -> bool:
        fixed = entry.is_shipped or isinstance(entry, RunGroup)
        return not fixed and not self.row_view(entry).is_elsewhere

    def row_view(self, entry: Entry) -> RowView:
        sort = SORTS[self.choice.sort]
        curve = self._curve_of(entry)
        waiting = self._state.queue
        starts = ""
        if waiting is not None and waiting.key == entry.key:
            starts = waiting.reason.starts(self._state)
        return RowView(
            entry,
            () if curve is None else tuple(curve.y),
            last_epoch=0 if curve is None else int(curve.x[-1]),
            tick=self._places.get(entry.key, -1),
            answers=entry.key == self._state.answering_key,
            starts=starts,
            sorted_by="" if sort.text is None else sort.text(entry),
            is_unfolded=entry.key in self.choice.unfolded,
            inside=self._inside.get(entry.key, ""),
        )

    def _height_of(self, row: Shown) -> int:
        if isinstance(row, str):
            return HEADING
        if isinstance(row, OtherRow):
            return row.row().height
        return SHIPPED if row.is_shipped or row.key in self._inside else OWN

    def _curve_of(self, entry: Entry) -> Curve | None:
        if entry.key not in self._curves:
            drawn = compared((entry,), self.columns, Choice()).curves
            self._curves[entry.key] = drawn[0] if drawn else None
        return self._curves[entry.key]

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> Any:
        row = self.shown[index.row()]
        if role == HEIGHT:
            return self._height_of(row)
        if isinstance(row, str):
            if role == ROW:
                return Row(row, HEADING, is_heading=True)
            return row if role == Qt.DisplayRole else None
        if isinstance(row, OtherRow):
            return _data_of_other(row, role)
        if role == ROW:
            return self.row_view(row).row()
        if role == Qt.DisplayRole:
            return row.name
        if role == Qt.EditRole:
            return row.title
        if role == Qt.AccessibleTextRole:
            return self.row_view(row).read_out()
        if role == Qt.ToolTipRole:
            if not row.when:
                return tip(row.name)
            named = _("{name}. {moment}.", name=row.name, moment=format_moment(row.when))
            return tip(joined(named, self.row_view(row).climb))
        return None

    def setData(self, index: QModelIndex, value: Any, role: int = Qt.EditRole) -> bool:
        entry = self.entry(index)
        if entry is None or role != Qt.EditRole:
            return False
        if value != entry.title:
            self.renamed.emit(entry, value)
        return True

    def flags(self, index: QModelIndex) -> Qt.ItemFlags:
        if self.row(index) is None:
            return Qt.ItemFlags(Qt.NoItemFlags)
        entry = self.entry(index)
        flags = Qt.ItemIsSelectable | Qt.ItemIsEnabled
        editable = entry is not None and self.can_rename(entry)
        return flags | Qt.ItemIsEditable if editable else flags

    # -- what is shown

    def show_entries(self, entries: Sequence[Entry]) -> None:
        """Show entries; what is chosen and read is kept."""
        before = self.ticked()
        self.entries = list(entries)
        self._grouped = grouped(entry for entry in entries if not entry.is_shipped)
        self._fill()
        if before != self.ticked():
            self.choice_changed.emit()

    def show_others(self, group: str, others: Sequence[OtherRow]) -> None:
        self.others = {**self.others, group: others}
        self._fill()

    def choose(self, **changes: Any) -> None:
        """Change what is chosen: fields of `Choice`."""
        self.take(replace(self.choice, **changes))

    def take(self, choice: Choice) -> None:
        self.choice = choice
        self._fill()
        self.choice_changed.emit()

    @property
    def search_problem(self) -> str:
        return what_is_wrong(self.choice.terms)

    def count_found(self) -> tuple[int, int]:
        """Return how many of the entries are found, and how many there are."""
        terms = self.choice.terms
        found = [entry for entry in self.entries if matches(entry, terms)]
        return len(found), len(self.entries)

    def _fill(self) -> None:
        terms = self.choice.terms
        self._curves = {}
        self._places = {entry.key: place for place, entry in enumerate(self.ticked())}
        own = arranged(self._grouped, self.choice)
        self._inside = {
            member.key: group.title_of(member)
            for group in own
            if isinstance(group, RunGroup) and group.key in self.choice.unfolded
            for member in group.runs
        }
        rows: list[Shown] = [*own]
        shipped = arranged((entry for entry in self.entries if entry.is_shipped), self.choice)
        rows += [_CAME_ALONG, *shipped] if shipped else []
        for other in chain.from_iterable(self.others.values()):
            text = f"{other.heading} {other.name} {other.detail}".lower()
            if all(not term.key and term.value in text for term in terms):
                rows += [other] if other.heading in rows else [other.heading, other]
        same = [_key(row) for row in rows] == [_key(row) for row in self.shown]
        if not same:
            self.beginResetModel()
        self.shown = rows
        if same:
            self._renew()
        else:
            self.endResetModel()

    def show_entry(self, entry: Entry) -> None:
        """Show newer figures of a listed entry."""
        for listed_entries in (self.entries, self._grouped):
            for number, other in enumerate(listed_entries):
                if other.key == entry.key:
                    listed_entries[number] = entry
        for number, row in enumerate(self.shown):
            if _key(row) == entry.key:
                self.shown[number] = entry
                self._renew(number)
        run = entry.run
        if run is not None and self._epochs_read.get(entry.key) != run.epochs_done:
            self.show_figures({entry.key: (run.epochs_done, columns_of(run, run.history))})

    def _show_learning(self) -> None:
        if self._state.queue is not None:
            self._renew()

    def show_figures(self, figures: Figures) -> None:
        for key, (epochs, columns) in figures.items():
            self._epochs_read[key] = epochs
            self.columns[key] = columns
        self._curves = {}
        self._renew()
        self.figures_changed.emit()

    def without_figures(self, entries: Sequence[Entry]) -> list[Run]:
        """Return the runs of some entries whose figures are to be read."""
        return [
            entry.run
            for entry in with_members(entries)
            if entry.run
            and not isinstance(entry, RunGroup)
            and not is_trained_here(entry)
            and self._epochs_read.get(entry.key) != entry.run.epochs_done
        ]

    def _renew(self, row: int | None = None) -> None:
        first, last = (0, len(self.shown) - 1) if row is None else (row, row)
        if last >= 0:
            self.dataChanged.emit(self.index(first), self.index(last))

    # -- ticks

    def ticked(self) -> list[Entry]:
        shipped = (entry for entry in self.entries if entry.is_shipped)
        return ticked_of((*self._grouped, *shipped), self.choice)

    def toggle_tick(self, entry: Entry) -> None:
        self.take(toggled(self.choice, entry.key))

    def tick(self, rows: Sequence[Shown | None]) -> None:
        keys = [*self.choice.ticked, *(row.key for row in rows if isinstance(row, Entry))]
        self.choose(ticked=tuple(dict.fromkeys(keys)))

    def unfold(self, group: RunGroup) -> None:
        """Show the runs of a group, or hide them."""
        self.choose(unfolded=self.choice.unfolded ^ {group.key})


def _data_of_other(row: OtherRow, role: int) -> Any:
    if role == ROW:
        return row.row()
    if role == Qt.DisplayRole:
        return row.name
    if role in (Qt.AccessibleTextRole, Qt.ToolTipRole):
        words = listed((row.name, row.detail))
        return tip(words) if role == Qt.ToolTipRole else words
    return None


def _key(row: Shown) -> str:
    return row if isinstance(row, str) else row.key


class LibraryList(QListView):
    """The list of rows: arrows walk, Space ticks, Return opens, the menu key opens the row menu."""

    opened = Signal(object)
    menu_requested = Signal(object, QPoint)
    scrolled = Signal()

    def __init__(self, state: AppState) -> None:
        super().__init__()
        self.setObjectName("libraryRow")
        explain(
            self,
            _("Library"),
            _(
                "All runs and networks. Enter opens one, Space adds it to the comparison, Ctrl+A "
                "adds all, F2 renames it, Delete deletes it; the menu key shows everything that "
                "can be done with it.",
            ),
        )
        self.setToolTip("")
        self.rows = LibraryModel(state, self)
        self.setModel(self.rows)
        self.setItemDelegate(LibraryDelegate(self))
        style_list(self)
        self.setMouseTracking(True)
        self.viewport().setAttribute(Qt.WA_Hover)
        self._pressed: tuple[str, str] | None = None
        self._kept = ""
        self._kept_row = 0
        self.rows.modelAboutToBeReset.connect(self._keep_current)
        self.rows.modelReset.connect(self._restore_current)
        self.verticalScrollBar().valueChanged.connect(self.scrolled)
        theme.follow(self, self.scheduleDelayedItemsLayout)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the row that has the keyboard in sight; rows that come into sight have curves."""
        super().resizeEvent(event)
        if self.hasFocus() or self.editing:
            self.scrollTo(self.currentIndex())
        self.scrolled.emit()

    # -- the current row

    def current(self) -> Entry | None:
        return self.rows.entry(self.currentIndex())

    def choose(self, key: str) -> bool:
        """Make the entry of a key the current one; return whether it is listed."""
        for row in self.rows.shown:
            is_group = isinstance(row, RunGroup) and key in [one.key for one in row.members]
            if isinstance(row, RunGroup) and is_group and row.key not in self.rows.choice.unfolded:
                self.rows.unfold(row)
        keys = [_key(row) for row in self.rows.shown]
        if key in keys:
            self.setCurrentIndex(self.rows.index(keys.index(key)))
        return key in keys

    def edit_name(self) -> None:
        entry = self.current()
        if entry is not None and self.rows.can_rename(entry) and not self.editing:
            self.edit(self.currentIndex())

    @property
    def editing(self) -> bool:
        return self.state() == QAbstractItemView.EditingState

    def seen(self) -> list[Entry]:
        first = max(0, self.indexAt(QPoint(1, 1)).row())
        bottom = self.viewport().height()
        below = map(self.rows.index, range(first, self.rows.rowCount()))
        seen = takewhile(lambda index: self.visualRect(index).top() <= bottom, below)
        return [entry for index in seen if (entry := self.rows.entry(index))]

    def _keep_current(self) -> None:
        row = self.rows.row(self.currentIndex())
        if row is not None:
            self._kept = row.key
            self._kept_row = self.currentIndex().row()

    def _restore_current(self) -> None:
        if not self.choose(self._kept):
            rows = self.rows.shown
            left = [n for n, row in enumerate(rows) if not isinstance(row, str)]
            if left:
                nearest = min(left, key=lambda number: abs(number - self._kept_row))
                self.setCurrentIndex(self.rows.index(nearest))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.rows.shown and self.rows.entries:
            painter = QPainter(self.viewport())
            painter.setPen(theme.color("muted"))
            said = self.rows.search_problem or _("Nothing found.")
            area = self.viewport().rect()
            painter.drawText(area, int(Qt.AlignCenter | Qt.TextWordWrap), said)

    # -- keys and clicks

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.rows.row(self.currentIndex())
        if row is not None and event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.opened.emit(row)
        elif event.matches(QKeySequence.SelectAll):
            self.rows.tick(self.rows.shown)
        elif any(map(event.matches, _EXTENDS)):
            super().keyPressEvent(event)
            self.rows.tick([row, self.current()])
        elif isinstance(row, Entry) and event.key() == Qt.Key_Space:
            self.rows.toggle_tick(row)
        elif isinstance(row, RunGroup) and self._folds(row, event):
            self.rows.unfold(row)
        elif isinstance(row, OtherRow) and row.press_key(event):
            event.accept()
        else:
            super().keyPressEvent(event)

    def _folds(self, group: RunGroup, event: QKeyEvent) -> bool:
        key = Qt.Key_Left if group.key in self.rows.choice.unfolded else Qt.Key_Right
        return event.key() == key

    def mousePressEvent(self, event: QMouseEvent) -> None:
        super().mousePressEvent(event)
        left = event.button() == Qt.LeftButton
        self._pressed = self._part_at(event.pos()) if left else None

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        super().mouseReleaseEvent(event)
        pressed, self._pressed = self._pressed, None
        row = self.rows.row(self.indexAt(event.pos()))
        if pressed is None or row is None or pressed != self._part_at(event.pos()):
            return
        if pressed[1] == "tick" and isinstance(row, Entry):
            self.rows.toggle_tick(row)
        elif pressed[1] == "menu":
            self.menu_requested.emit(row, self._below(self.indexAt(event.pos())))
        else:
            self.opened.emit(row)

    def _part_at(self, point: QPoint) -> tuple[str, str] | None:
        """Return the key of the row at a point, and the part of it."""
        index = self.indexAt(point)
        row = self.rows.row(index)
        if row is None:
            return None
        rect = self.visualRect(index)
        if menu_area(rect).contains(point):
            return row.key, "menu"
        is_tick = isinstance(row, Entry) and tick_area(rect).contains(point)
        return row.key, "tick" if is_tick else "row"

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        row = self.rows.row(index)
        if row is not None:
            place = self._below(index) if by_key else event.globalPos()
            self.menu_requested.emit(row, place)

    def _below(self, index: QModelIndex) -> QPoint:
        area = menu_area(self.visualRect(index))
        return self.viewport().mapToGlobal(QPoint(area.left(), area.bottom() - theme.scaled(12)))
