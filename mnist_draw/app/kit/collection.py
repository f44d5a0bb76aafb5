"""Collections of runs, networks and taught digits: tables, commands and changes of files.

A list follows its folder, also if another window or program changes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from PyQt5.QtCore import QEvent, QObject, QSignalBlocker, Qt, QTimer, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QPushButton,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.images import save_bytes
from mnist_draw.app.kit.layout import FlowLayout
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter, reporting_to
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import BinButton, push_button, style_table
from mnist_draw.storage.unique_paths import KEPT_DAYS, bring_back


class _NameDelegate(QStyledItemDelegate):
    """Ends the editing of a name with Return, which a dialog would take for its default button."""

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key_Return, Qt.Key_Enter):
            if event.type() == QEvent.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.KeyPress:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                return True
        return super().eventFilter(editor, event)


class RecordTable(QTableWidget):
    """One row for each record, whose title is in the first column and edited in place."""

    renamed = pyqtSignal(object, str)

    def __init__(self, columns: Sequence[str], key: Callable[[Any], object]) -> None:
        super().__init__(0, len(columns))
        self.records: list[Any] = []
        self._key = key
        self.setHorizontalHeaderLabels(columns)
        self.verticalHeader().hide()
        style_table(self, round(Size.FIELD * theme.text_scale()))
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditKeyPressed)
        self.setItemDelegateForColumn(0, _NameDelegate(self))
        self.setTextElideMode(Qt.ElideMiddle)
        self.itemChanged.connect(self._changed)

    def show_records(
        self, records: Iterable[Any], cells: Callable[[Any], Sequence[str]], chosen: object = None
    ) -> None:
        """Fill the table; the current record stays current, else the one of a key becomes it."""
        current = self.current()
        with QSignalBlocker(self):
            self.records = list(records)
            self.setRowCount(len(self.records))
            for row, record in enumerate(self.records):
                for column, text in enumerate(cells(record)):
                    item = QTableWidgetItem(text)
                    flags = Qt.ItemIsSelectable | Qt.ItemIsEnabled
                    item.setFlags(flags if column else flags | Qt.ItemIsEditable)
                    self.setItem(row, column, item)
        keys = [self._key(record) for record in self.records]
        if current is not None and self._key(current) in keys:
            chosen = self._key(current)
        if keys:
            self.setCurrentCell(keys.index(chosen) if chosen in keys else 0, 0)

    def cell(self, row: int, column: int) -> QTableWidgetItem:
        """Return the item of a cell, which exists for each row that is filled."""
        item = self.item(row, column)
        assert item is not None
        return item

    def current(self) -> Any:
        """Return the record of the current row; None if there is none."""
        row = self.currentRow()
        return self.records[row] if 0 <= row < len(self.records) else None

    @property
    def editing(self) -> bool:
        """Whether a name is being typed."""
        return self.state() == QAbstractItemView.EditingState

    def edit_name(self) -> None:
        """Edit the current record's name, unless it is being edited."""
        if not self.editing:
            self.editItem(self.item(self.currentRow(), 0))

    def _changed(self, item: QTableWidgetItem) -> None:
        record = self.records[item.row()]
        if item.column() == 0 and item.text() != record.title:
            self.renamed.emit(record, item.text())


#: Its name for `RecordCommands.requested`, text, object name, sentence and keys.
CommandRow = tuple[str, str, str, str, str]


class RecordCommands(FlowLayout):
    """The buttons below a table: commands on its current record, its exports, and the bin."""

    requested = pyqtSignal(str, object)

    def __init__(
        self,
        table: RecordTable,
        owner: QWidget,
        commands: Iterable[CommandRow],
        can: Callable[[str, Any], bool] = lambda what, record: True,
    ) -> None:
        super().__init__()
        self._table, self._can = table, can
        self.actions: dict[str, Command | QPushButton] = {}
        for what, text, name, sentence, keys in commands:
            button = push_button(name, text, sentence)
            command = Command(owner, text, sentence, keys, partial(self.request, what))
            command.serve(button)
            self.actions[what] = command
            self.addWidget(button)
        table.itemSelectionChanged.connect(self.enable)

    def add_exports(
        self, name: str, sentence: str, kinds: Iterable[tuple[str, str, str]]
    ) -> QPushButton:
        """Add the menu of exports: each one's name, text and sentence."""
        button = push_button(name, "Export …", sentence)
        menu = Menu(button)
        for what, text, meaning in kinds:
            action = menu.addAction(text)
            action.setToolTip(meaning)
            action.triggered.connect(lambda _, what=what: self.request(what))
        button.setMenu(menu)
        self.actions["export"] = button
        self.addWidget(button)
        return button

    def add_bin(self, name: str, records: str) -> BinButton:
        """Add the menu of what can be brought back."""
        button = BinButton(name, records)
        self.addWidget(button)
        return button

    def request(self, what: str) -> None:
        """Ask for something to be done with the current record; renaming is done in place."""
        record = self._table.current()
        if record is None:
            return
        if what == "rename":
            self._table.edit_name()
        else:
            self.requested.emit(what, record)

    def enable(self) -> None:
        """Enable what can be done with the current record."""
        record = self._table.current()
        for what, action in self.actions.items():
            action.setEnabled(record is not None and self._can(what, record))


class CollectionController(QObject):
    """Changes records off the GUI thread, says what was done, and lists them anew."""

    #: Name of a record at the beginning of a sentence.
    noun = "The record"
    #: The subject of its messages.
    subject = ""

    def __init__(self, background: Background, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.background = background
        self.notifier = Notifier(self.subject)
        self._failed = reporting_to(self.notifier.problem, self.refresh)

    def refresh(self) -> None:
        """List the records anew."""
        raise NotImplementedError

    def change(self, work: Callable[[], Any], finished: Callable[[Any], object]) -> None:
        """Change files, then call `finished` with the result; after an error only list anew."""
        self.background.run(work, finished, self._failed)

    def offer_undo(self, deleted: str, paths: Sequence[Path], restored: str) -> None:
        """Say what was deleted, such as "The run A was", and offer to bring it back."""
        self.notifier.undo(
            f"{deleted} deleted. This can be undone for {KEPT_DAYS} days.",
            partial(self.restore, paths, restored),
        )

    def restore(self, paths: Sequence[Path], restored: str = "") -> None:
        """Bring back what was deleted, and say so."""

        def work() -> None:
            for path in paths:
                bring_back(path, self.noun)

        def finished(_: None) -> None:
            # It takes the place of the offer to undo, which can be taken once only.
            self.notifier.message(restored or f"{self.noun} is back.")
            self.refresh()

        self.change(work, finished)

    def save(self, path: str | Path, pack: Callable[[], bytes]) -> None:
        """Write a file, and say so."""
        self.background.run(
            lambda: save_bytes(path, pack()), lambda _: self.notifier.message(f"Saved {path}.")
        )


#: While the list is in view its folder is looked at this often, in milliseconds.
FOLLOW_MS = 2_000


class FollowedFolder(QObject):
    """Reads a folder when it is asked to, and from then on whenever something has changed there."""

    listed = pyqtSignal(object)
    changed = pyqtSignal(object)

    def __init__(
        self,
        background: Background,
        fingerprint: Callable[[], object],
        read: Callable[[], Any],
        can_show: Callable[[], bool],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._background = background
        self._fingerprint, self._read, self._can_show = fingerprint, read, can_show
        self._seen: object = None
        self.reading = False
        self._timer = QTimer(self)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self._check_folder)

    def refresh(self) -> None:
        """Read the folder anew."""
        self._timer.start()
        self.reading = True
        self._background.run(
            lambda: (self._fingerprint(), self._read()), self._listed, self._failed
        )

    def _listed(self, found: tuple[object, Any]) -> None:
        self.reading = False
        self._seen, listed = found
        self.listed.emit(listed)

    def _failed(self, error: Exception) -> None:
        self.reading = False
        reporter.report(error)

    def _check_folder(self) -> None:
        if self.reading or not self._can_show():
            return
        self.reading = True
        before = self._seen

        def read() -> tuple[object, Any]:
            seen = self._fingerprint()
            return seen, None if seen == before else self._read()

        self._background.run(read, self._looked, self._not_read)

    def _looked(self, found: tuple[object, Any]) -> None:
        self.reading = False
        seen, listed = found
        # The list may have been left meanwhile; what has changed is found again at its return.
        if seen != self._seen and self._can_show():
            self._seen = seen
            self.changed.emit(listed)

    def _not_read(self, error: Exception) -> None:
        # Opening the list reports it.
        self.reading = False
