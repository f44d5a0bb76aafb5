"""The dialog with all trained networks, and what it does with them off the GUI thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QObject, Qt, pyqtSignal
from PyQt5.QtGui import QKeyEvent
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QFileDialog,
    QHeaderView,
    QInputDialog,
    QMenu,
    QStyledItemDelegate,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.flow_layout import FlowLayout
from mnist_draw.app.kit.images import save_bytes
from mnist_draw.app.kit.reporting import reporting_to
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import (
    BinButton,
    Card,
    edit_name,
    explain,
    push_button,
    style_table,
)
from mnist_draw.recognition.export.formats import NETWORK_FORMATS, NetworkFormat
from mnist_draw.storage.unique_paths import KEPT_DAYS, Deleted, bring_back, empty_bin, file_name

if TYPE_CHECKING:
    from mnist_draw.recognition.stored_network import StoredNetwork
    from mnist_draw.storage.models import ModelFile

_COLUMNS = ("Name", "Kind", "Accuracy", "From", "Made")
_SOURCES = {
    "shipped": "the program",
    "learnt": "your digits",
    "run": "a run",
    "opened": "a file",
}
_SIZE = (860, 460)
_COMMANDS = (
    ("use", "Use", "useNetworkButton", "Let this network answer.", "Return"),
    ("rename", "Rename", "renameNetworkButton", "Give the network another name.", "F2"),
    ("delete", "Delete", "deleteNetworkButton",
     "Delete the network, with its run if it has one; this can be undone.", "Delete"),
    ("model", "Save as …", "saveNetworkButton", "Save the network as a file.", "Ctrl+S"),
)  # fmt: skip


class _NameDelegate(QStyledItemDelegate):
    """Lets Return end the editing of a name; as the key of a command it would use the network."""

    def eventFilter(self, editor: QObject, event: QEvent) -> bool:
        if isinstance(event, QKeyEvent) and event.key() in (Qt.Key_Return, Qt.Key_Enter):
            if event.type() == QEvent.ShortcutOverride:
                event.accept()
                return True
            if event.type() == QEvent.KeyPress:
                self.commitData.emit(editor)
                self.closeEditor.emit(editor)
                # It ends here: the dialog would press its default button.
                return True
        return super().eventFilter(editor, event)


class NetworksView(QDialog):
    """Lists networks; what the user asks for is emitted."""

    asked = pyqtSignal(str, object)
    renamed = pyqtSignal(object, str)
    open_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networksDialog")
        self.setWindowTitle("Networks")
        self.resize(*(round(side * theme.text_scale()) for side in _SIZE))
        self._networks: list[StoredNetwork] = []
        self._filling = False
        column = QVBoxLayout(self)
        card = Card("Networks", "all that can answer; the one in bold does")
        card.body.addWidget(self._build_table(), 1)
        card.body.addLayout(self._build_buttons())
        column.addWidget(card)

    def _build_table(self) -> QTableWidget:
        self.table = QTableWidget(0, len(_COLUMNS))
        self.table.setObjectName("networksTable")
        explain(
            self.table,
            "Networks",
            "All trained networks. Return uses one, F2 renames it, Delete deletes it.",
        )
        self.table.setHorizontalHeaderLabels(_COLUMNS)
        self.table.verticalHeader().hide()
        style_table(self.table, round(Size.FIELD * theme.text_scale()))
        self.table.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SingleSelection)
        self.table.setEditTriggers(QAbstractItemView.EditKeyPressed)
        self.table.setItemDelegateForColumn(0, _NameDelegate(self.table))
        self.table.setTextElideMode(Qt.ElideMiddle)
        header = self.table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.Stretch)
        self.table.itemSelectionChanged.connect(self._enable)
        self.table.itemChanged.connect(self._edited)
        self.table.doubleClicked.connect(lambda _: self._ask("use"))
        return self.table

    def _build_buttons(self) -> FlowLayout:
        row = FlowLayout()
        self._commands: dict[str, Command] = {}
        for what, text, name, sentence, keys in _COMMANDS:
            button = push_button(name, text, sentence)
            command = Command(self, text, sentence, keys, partial(self._ask, what))
            command.serve(button)
            self._commands[what] = command
            row.addWidget(button)
        self.export = push_button(
            "exportNetworkButton", "Export …", "Save the network for other programs."
        )
        menu = QMenu(self.export)
        menu.setToolTipsVisible(True)
        for name, entry in NETWORK_FORMATS.items():
            if name not in self._commands:
                action = menu.addAction(f"{entry.title} (*{entry.ending}) …")
                action.setToolTip(f"{entry.meaning[0].upper()}{entry.meaning[1:]}.")
                action.triggered.connect(lambda _, name=name: self._ask(name))
        self.export.setMenu(menu)
        row.addWidget(self.export)
        button = push_button("openNetworkButton", "Open …", "")
        sentence = "Open a trained network: a file of this program, or parameters that Lasagne's "
        sentence += "users saved with numpy.savez."
        Command(self, "Open …", sentence, "Ctrl+O", self.open_requested.emit).serve(button)
        row.addWidget(button)
        self.bin = BinButton("bringBackNetworkButton", "networks")
        row.addWidget(self.bin)
        return row

    def show_networks(
        self, networks: Sequence[StoredNetwork], made: Sequence[float], key: str
    ) -> None:
        """List networks."""
        current = self.current()
        self._filling = True
        self._networks = list(networks)
        self.table.setRowCount(len(networks))
        for row, (kept, when) in enumerate(zip(networks, made, strict=True)):
            moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(when))
            source = _SOURCES[kept.source]
            shipped = kept.source == "shipped"
            texts = (kept.title, kept.kind or "damaged", kept.accuracy or "–", source,
                     "" if shipped else moment)  # fmt: skip
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                flags = Qt.ItemIsSelectable | Qt.ItemIsEnabled
                item.setFlags(flags if column or shipped else flags | Qt.ItemIsEditable)
                item.setFont(theme.font(theme.Text.BODY, bold=kept.key == key))
                self.table.setItem(row, column, item)
        self._filling = False
        keys = [kept.key for kept in networks]
        chosen = current.key if current is not None and current.key in keys else key
        if keys:
            self.table.setCurrentCell(keys.index(chosen) if chosen in keys else 0, 0)
        self._enable()

    def current(self) -> StoredNetwork | None:
        """Return the network of the current row."""
        row = self.table.currentRow()
        return self._networks[row] if 0 <= row < len(self._networks) else None

    def _enable(self) -> None:
        kept = self.current()
        for what, command in self._commands.items():
            own = kept is not None and kept.source != "shipped"
            command.setEnabled(own if what in ("rename", "delete") else kept is not None)
        self.export.setEnabled(kept is not None)

    def _ask(self, what: str) -> None:
        kept = self.current()
        if kept is None:
            return
        if what == "rename":
            edit_name(self.table)
        else:
            self.asked.emit(what, kept)

    def _edited(self, item: QTableWidgetItem) -> None:
        # While the list is filled anew, rows are those of no network.
        if self._filling:
            return
        kept = self._networks[item.row()]
        if item.text() != kept.title:
            self.renamed.emit(kept, item.text())


_FILES = "Trained networks (*.npz)"


class NetworksController(QObject):
    """Shows the list of networks when it is asked for, and keeps it up to date."""

    told = pyqtSignal(str)
    done = pyqtSignal(str)
    undo_offered = pyqtSignal(str, object)

    def __init__(self, network: ActiveNetwork, background: Background, parent: QWidget) -> None:
        super().__init__(parent)
        self._network, self._background, self._parent = network, background, parent
        self._view: NetworksView | None = None
        self._not_done = reporting_to(self.told.emit, network.refresh)
        network.listed.connect(self._show)
        network.changed.connect(self._show)

    def open(self) -> NetworksView:
        """Show the list; it is built when it is first asked for."""
        if self._view is None:
            self._view = view = NetworksView(self._parent.window())
            acts: dict[str, Callable[[StoredNetwork], None]] = {
                "use": self._use,
                "delete": self.delete,
                **{name: partial(self._save, entry) for name, entry in NETWORK_FORMATS.items()},
            }
            view.asked.connect(lambda what, kept: acts[what](kept))
            view.renamed.connect(self._rename)
            view.open_requested.connect(self._open)
            view.bin.chosen.connect(self._bring_back)
            self._background.run(_empty_bins)
        self._view.show()
        self._view.activateWindow()
        self._network.refresh()
        return self._view

    def _show(self) -> None:
        if self._view is None or not self._view.isVisible():
            return

        def look() -> tuple[list[float], list[tuple[Deleted, str]]]:
            from mnist_draw.recognition.network_library import list_deleted, made

            return [made(kept) for kept in networks], list_deleted()

        def show(found: tuple[list[float], list[tuple[Deleted, str]]]) -> None:
            assert self._view is not None
            self._view.show_networks(networks, found[0], self._network.key)
            titles = dict(found[1])
            self._view.bin.show_deleted(list(titles), titles.__getitem__)

        networks = self._network.networks
        self._background.run(look, show)

    def _use(self, kept: StoredNetwork) -> None:
        self._network.use_key(kept.key)

    def _rename(self, kept: StoredNetwork, name: str) -> None:
        def work() -> None:
            from mnist_draw.recognition.network_library import rename

            rename(kept, name)

        def done(_: None) -> None:
            self._network.refresh()
            if kept.key == self._network.key:
                # One network, one name: it is read again with the new one.
                self._network.use_key(kept.key)

        self._background.run(work, done, self._not_done)

    def delete(self, kept: StoredNetwork) -> None:
        """Put a network into the bin, and offer to take that back."""
        from mnist_draw.recognition.run_files import in_use

        if kept.source == "run" and in_use(kept.path.parent):
            self.told.emit("This network is being trained; stop the run before it is deleted.")
            return

        def work() -> Path:
            from mnist_draw.recognition.network_library import delete

            return delete(kept)

        def done(path: Path) -> None:
            self.undo_offered.emit(
                f"{kept.title} was deleted. It can be brought back for {KEPT_DAYS} days.",
                partial(self._restore, path, kept.title),
            )
            if kept.key == self._network.key:
                self._network.use_default()
            self._network.refresh()

        self._background.run(work, done, self._not_done)

    def _bring_back(self, one: Deleted) -> None:
        self._restore(one.path, "The network")

    def _restore(self, path: Path, title: str) -> None:
        def done(_: Path) -> None:
            self.done.emit(f"{title} is back.")
            self._network.refresh()

        self._background.run(partial(bring_back, path, "The network"), done)

    def _open(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self._view, "A trained network", "", _FILES)
        if path:
            self.open_file(path)

    def open_file(self, path: str, network: str = "") -> None:
        """Let the network in a file answer, and keep it among those that were opened."""

        def work() -> ModelFile | list[str]:
            from mnist_draw.recognition.opened_network import open_network

            return open_network(path, network)

        def done(found: ModelFile | list[str]) -> None:
            if isinstance(found, list):
                chosen = self._ask(path, found)
                if chosen:
                    self.open_file(path, chosen)
            else:
                self._keep(found, Path(path).stem)

        self._background.run(work, done)

    def _ask(self, path: str, networks: list[str]) -> str:
        """Ask which network a file holds; empty when the user does not say."""
        from mnist_draw.networks import parse_network

        words = [parse_network(text).title for text in networks]
        question = f"{Path(path).name} does not say which network it is:"
        above = self._view or self._parent
        chosen, said = QInputDialog.getItem(above, "Which network?", question, words, 0, False)
        return networks[words.index(chosen)] if said else ""

    def _keep(self, model: ModelFile, name: str) -> None:
        def work() -> StoredNetwork:
            from mnist_draw.recognition.network_library import keep_opened

            return keep_opened(model, name)

        self._background.run(work, self._use)

    def _save(self, kind: NetworkFormat, kept: StoredNetwork) -> None:
        wanted = f"{file_name(kept.title)}{kind.ending}"
        files = f"{kind.title} (*{kind.ending})"
        path, _ = QFileDialog.getSaveFileName(self._view, f"Save {kept.title}", wanted, files)
        if not path:
            return

        def work() -> None:
            save_bytes(path, kind.pack(kept.load()))

        self._background.run(work, lambda _: self.done.emit(f"Saved {path}."))


def _empty_bins() -> None:
    from mnist_draw.training.runs.network_names import learnt_folder, opened_folder

    for folder in (learnt_folder(), opened_folder()):
        empty_bin(folder)
