"""The dialog with all trained networks, and what it does with them off the GUI thread."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QSignalBlocker, Qt, pyqtSignal
from PyQt5.QtWidgets import (
    QDialog,
    QHeaderView,
    QInputDialog,
    QVBoxLayout,
    QWidget,
)

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.collection import CollectionController, RecordCommands, RecordTable
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.files import NETWORKS, ask_open, ask_save, file_kind
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.widgets import (
    Card,
    explain,
    push_button,
)
from mnist_draw.recognition.network_formats import NETWORK_FORMATS, NetworkFormat
from mnist_draw.storage.unique_paths import Deleted, empty_bin, file_name

if TYPE_CHECKING:
    from mnist_draw.library.stored_network import StoredNetwork
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
_EXPORTS = tuple(
    (
        name,
        f"{entry.title} (*{entry.ending}) …",
        f"{entry.meaning[0].upper()}{entry.meaning[1:]}.",
    )
    for name, entry in NETWORK_FORMATS.items()
    if name != "model"
)


class NetworksView(QDialog):
    """Lists networks."""

    open_requested = pyqtSignal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("networksDialog")
        self.setWindowTitle("Networks")
        self.resize(*(round(side * theme.text_scale()) for side in _SIZE))
        self.table = self._build_table()
        self.commands = RecordCommands(self.table, self, _COMMANDS, _can)
        self.export = self.commands.add_exports(
            "exportNetworkButton", "Save the network for other programs.", _EXPORTS
        )
        button = push_button("openNetworkButton", "Open …", "")
        sentence = "Open a trained network: a file of this program, or parameters that Lasagne's "
        sentence += "users saved with numpy.savez."
        Command(self, "Open …", sentence, "Ctrl+O", self.open_requested.emit).serve(button)
        self.commands.addWidget(button)
        self.bin = self.commands.add_bin("bringBackNetworkButton", "networks")
        card = Card("Networks", "all that can answer; the one in bold does")
        card.body.addWidget(self.table, 1)
        card.body.addLayout(self.commands)
        QVBoxLayout(self).addWidget(card)

    def _build_table(self) -> RecordTable:
        table = RecordTable(_COLUMNS, lambda stored: stored.key)
        table.setObjectName("networksTable")
        explain(
            table,
            "Networks",
            "All trained networks. Return uses one, F2 renames it, Delete deletes it.",
        )
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.Stretch)
        table.doubleClicked.connect(lambda _: self.commands.request("use"))
        return table

    def show_networks(
        self, networks: Sequence[StoredNetwork], made: Sequence[float], key: str
    ) -> None:
        """List networks with their times; the one with this key answers."""
        times = {stored.key: when for stored, when in zip(networks, made, strict=True)}
        self.table.show_records(networks, lambda stored: _cells(stored, times[stored.key]), key)
        with QSignalBlocker(self.table):
            for row, stored in enumerate(networks):
                for column in range(len(_COLUMNS)):
                    font = theme.font(theme.Text.BODY, bold=stored.key == key)
                    self.table.cell(row, column).setFont(font)
                if stored.source == "shipped":
                    self.table.cell(row, 0).setFlags(Qt.ItemIsSelectable | Qt.ItemIsEnabled)
        self.commands.enable()


def _cells(stored: StoredNetwork, made: float) -> tuple[str, ...]:
    moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(made))
    return (
        stored.title,
        stored.kind or "damaged",
        stored.accuracy or "–",
        _SOURCES[stored.source],
        "" if stored.source == "shipped" else moment,
    )


def _can(what: str, stored: StoredNetwork) -> bool:
    return stored.source != "shipped" or what not in ("rename", "delete")


class NetworksController(CollectionController):
    """Opens the list of networks and keeps it up to date."""

    noun = "The network"
    subject = "network"

    def __init__(self, network: ActiveNetwork, background: Background, parent: QWidget) -> None:
        super().__init__(background, parent)
        self._network, self._parent = network, parent
        self._view: NetworksView | None = None
        network.listed.connect(self._show)
        network.changed.connect(self._show)

    def refresh(self) -> None:
        self._network.refresh()

    def open(self) -> NetworksView:
        """Show the list, built at the first call."""
        if self._view is None:
            self._view = view = NetworksView(self._parent.window())
            acts: dict[str, Callable[[StoredNetwork], None]] = {
                "use": self._use,
                "delete": self.delete,
                **{name: partial(self._save, entry) for name, entry in NETWORK_FORMATS.items()},
            }
            view.commands.requested.connect(lambda what, stored: acts[what](stored))
            view.table.renamed.connect(self._rename)
            view.open_requested.connect(self._open)
            view.bin.chosen.connect(lambda one: self.restore([one.path]))
            self.background.run(_empty_bins)
        self._view.show()
        self._view.activateWindow()
        self.refresh()
        return self._view

    def _show(self) -> None:
        if self._view is None or not self._view.isVisible():
            return

        def read() -> tuple[list[float], list[tuple[Deleted, str]]]:
            from mnist_draw.library.networks import creation_time, list_deleted

            return [creation_time(stored) for stored in networks], list_deleted()

        def show(found: tuple[list[float], list[tuple[Deleted, str]]]) -> None:
            assert self._view is not None
            self._view.show_networks(networks, found[0], self._network.key)
            titles = dict(found[1])
            self._view.bin.show_deleted(list(titles), titles.__getitem__)

        networks = self._network.networks
        self.background.run(read, show)

    def _use(self, stored: StoredNetwork) -> None:
        self._network.use_key(stored.key)

    def _rename(self, stored: StoredNetwork, name: str) -> None:
        def work() -> None:
            from mnist_draw.library.networks import rename

            rename(stored, name)

        def finished(_: None) -> None:
            self.refresh()
            if stored.key == self._network.key:
                # Read it again with its new name.
                self._network.use_key(stored.key)

        self.change(work, finished)

    def delete(self, stored: StoredNetwork) -> None:
        """Move a network to the bin, and offer to undo it."""
        from mnist_draw.recognition.run_session import in_use

        if stored.source == "run" and in_use(stored.path.parent):
            self.notifier.problem("This network is being trained; stop the run before deleting it.")
            return

        def work() -> Path:
            from mnist_draw.library.networks import delete

            return delete(stored)

        def finished(path: Path) -> None:
            self.offer_undo(f"{stored.title} was", [path], f"{stored.title} is back.")
            if stored.key == self._network.key:
                self._network.use_default()
            self.refresh()

        self.change(work, finished)

    def _open(self) -> None:
        path = ask_open(self._view, "A trained network", NETWORKS)
        if path:
            self.open_file(path)

    def open_file(self, path: str, network: str = "") -> None:
        """Use the network of a file, and store it with the opened ones."""

        def work() -> ModelFile | list[str]:
            from mnist_draw.library.stored_network import open_network

            return open_network(path, network)

        def finished(found: ModelFile | list[str]) -> None:
            if isinstance(found, list):
                chosen = self._ask(path, found)
                if chosen:
                    self.open_file(path, chosen)
            else:
                self._store(found, Path(path).stem)

        self.background.run(work, finished)

    def _ask(self, path: str, networks: list[str]) -> str:
        """Ask which network a file holds; empty if cancelled."""
        from mnist_draw.networks import parse_network

        titles = [parse_network(text).title for text in networks]
        question = f"{Path(path).name} does not say which network it is:"
        above = self._view or self._parent
        chosen, said = QInputDialog.getItem(above, "Which network?", question, titles, 0, False)
        return networks[titles.index(chosen)] if said else ""

    def _store(self, model: ModelFile, name: str) -> None:
        def work() -> StoredNetwork:
            from mnist_draw.library.networks import save_opened

            return save_opened(model, name)

        self.background.run(work, self._use)

    def _save(self, kind: NetworkFormat, stored: StoredNetwork) -> None:
        name = f"{file_name(stored.title)}{kind.ending}"
        files = file_kind(kind.title, kind.ending)
        path = ask_save(self._view, f"Save {stored.title}", name, files)
        if path:
            self.save(path, lambda: kind.pack(stored.load()))


def _empty_bins() -> None:
    from mnist_draw.training.network_places import fine_tuned_folder, opened_folder

    for folder in (fine_tuned_folder(), opened_folder()):
        empty_bin(folder)
