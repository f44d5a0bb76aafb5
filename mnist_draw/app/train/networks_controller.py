"""Does what is asked for in the list of networks; files are read and written off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QFileDialog, QInputDialog, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.images import save_bytes
from mnist_draw.app.kit.reporting import reporting_to
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.networks_view import NetworksView
from mnist_draw.recognition.export.formats import NETWORK_FORMATS, NetworkFormat
from mnist_draw.storage.unique_paths import KEPT_DAYS, Deleted, bring_back, empty_bin, file_name

if TYPE_CHECKING:
    from mnist_draw.recognition.stored_network import StoredNetwork
    from mnist_draw.storage.models import ModelFile

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
