"""Runs and networks of the Library as files: exported, shared, opened."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from qtpy.QtCore import Qt, Signal
from qtpy.QtWidgets import QInputDialog, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.desktop import show_in_folder
from mnist_draw.app.kit.files import (
    CollectionController,
    ask_save,
    ask_several,
    file_kind,
)
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.painters import png_bytes
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import label
from mnist_draw.app.train.curve_card import AccuracyCard, LossCard
from mnist_draw.app.train.handed_in_list import HandedInList
from mnist_draw.app.train.library_page import LibraryPage
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.i18n import _
from mnist_draw.library.arrangement import runs_of
from mnist_draw.library.entries import Entry
from mnist_draw.library.handed_in import SUFFIX
from mnist_draw.library.networks import save_opened
from mnist_draw.library.stored_network import StoredNetwork, open_network
from mnist_draw.networks import parse_network
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.storage.atomic import write_atomically
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.unique_paths import file_name
from mnist_draw.training.history import History
from mnist_draw.training.record import load_history
from mnist_draw.training.run import Run
from mnist_draw.training.run_formats import RUN_FORMATS, pack_runs

#: Size of a picture of curves, in logical pixels.
_PICTURE = (1240, 416)


class LibraryFiles(CollectionController):
    """Writes runs and networks to files, and opens networks of files."""

    noun = _("The run or network")
    subject = "library"
    of_page = "train"

    library_requested = Signal()
    files_chosen = Signal(list)

    page: LibraryPage
    handed_in: HandedInList
    _run: RunController
    _network: ActiveNetwork

    def share(self, entry: Entry) -> None:
        """Write one file that opens with a double click, and show it in its folder."""
        kind = NETWORK_FORMATS["model"]
        path = self._ask_where(entry, kind.ending, kind.title)
        if not path:
            return

        def finished(__: object) -> None:
            self.notifier.message(_("Saved {path}. It opens with a double click.", path=path))
            show_in_folder(Path(path))

        self.background.run(
            lambda: write_atomically(path, kind.pack(entry.stored.load())),
            finished,
            self._failed,
        )

    def export(self, kind: str, entry: Entry) -> None:
        if kind == "png":
            self._export_curves(entry)
            return
        form = RUN_FORMATS.get(kind) or NETWORK_FORMATS[kind]
        path = self._ask_where(entry, form.ending, form.title)
        run = entry.run if kind in RUN_FORMATS else None
        if path and run is not None:
            self.save(path, lambda: form.pack(run, load_history(run)))
        elif path:
            self.save(path, lambda: form.pack(entry.stored.load()))

    def export_table(self, entries: Sequence[Entry]) -> None:
        """Write the figures of several runs into one table."""
        runs = runs_of(entries)
        question = _("Save the figures of these runs")
        title = RUN_FORMATS["csv"].title
        path = ask_save(self.page, question, "runs.csv", file_kind(title, ".csv"))
        if path:
            self.save(path, lambda: pack_runs((run, load_history(run)) for run in runs))

    def _export_curves(self, entry: Entry) -> None:
        path = self._ask_where(entry, ".png", _("Pictures"))
        run = entry.run
        if not path or run is None:
            return

        def draw(history: History) -> None:
            content = _draw_curves(entry.name, run, history)
            self.save(path, lambda: content)

        self.background.run(lambda: load_history(run), draw)

    def export_shown(self, card: QWidget, name: str, kind: str) -> None:
        is_picture = kind == "png"
        title = _("Pictures") if is_picture else RUN_FORMATS[kind].title
        question = _("Save the curves of {name}", name=name)
        path = ask_save(card, question, f"{name}.{kind}", file_kind(title, f".{kind}"))
        if path and is_picture:
            content = png_bytes(card.grab())
            self.save(path, lambda: content)
        elif path:
            run = self._run.state.shown_run
            self.save(path, partial(RUN_FORMATS[kind].pack, run, run.history))

    def _ask_where(self, entry: Entry, ending: str, kinds: str) -> str:
        name = f"{file_name(entry.name)}{ending}"
        question = _("Save {name}", name=entry.name)
        return ask_save(self.page, question, name, file_kind(kinds, ending))

    def _open_file(self) -> None:
        # What a class handed in is seen beside the networks: a dialog hides other endings.
        kinds = file_kind(_("Networks, and what a class handed in"), ".npz", SUFFIX)
        self.files_chosen.emit(ask_several(self.page, _("A trained network"), "", kinds))

    def open_file(self, path: str, network: str = "") -> None:
        """Use the network of a file, and store it with the opened ones."""
        unread = Notifier("file of a network")

        def finished(found: ModelFile | list[str]) -> None:
            unread.forget()
            if not isinstance(found, list):
                self._store(found, Path(path).stem)
            elif chosen := self._ask(path, found):
                self.open_file(path, chosen)

        def failed(error: Exception) -> None:
            unread.problem(reporter.sentence(error))

        self.background.run(lambda: open_network(path, network), finished, failed)

    def _ask(self, path: str, networks: list[str]) -> str:
        titles = [parse_network(text).title for text in networks]
        question = _("{name} does not say which kind of network it is:", name=Path(path).name)
        above = self.page.window()
        title = _("Which kind of network?")
        chosen, said = QInputDialog.getItem(above, title, question, titles, 0, False)
        return networks[titles.index(chosen)] if said else ""

    def _store(self, model: ModelFile, name: str) -> None:
        def finished(stored: StoredNetwork) -> None:
            self._network.use_key(stored.key)
            if self.page.isVisible():
                self.refresh()

        self.background.run(lambda: save_opened(model, name), finished)


def _draw_curves(name: str, run: Run, history: History) -> bytes:
    """Return a picture with the name of a run, its accuracy and its loss."""
    page = QWidget()
    accuracy = AccuracyCard()
    loss = LossCard()
    page.setProperty("look", "page")
    page.setAttribute(Qt.WA_StyledBackground)
    title = label(name, "title")
    margins = (Size.MARGIN,) * 4
    column(title, (row(accuracy, loss), 1), margins=margins, gap=Size.CARD_GAP, owner=page)
    for card in (accuracy, loss):
        card.build()
        card.show_history(history, len(history.epochs))
        card.menu_button.hide()
    accuracy.compare(run)
    page.resize(*_PICTURE)
    content = png_bytes(page.grab())
    page.deleteLater()
    return content


def export_kinds(entry: Entry) -> list[tuple[str, str, str]]:
    """List the formats in which an entry can be saved: name, text and meaning."""
    kinds: list[tuple[str, str, str]] = []
    if entry.run is not None:
        kinds.append(("png", _("Curves (PNG)…"), _("the curves as a picture")))
        kinds += [
            (name, _("{title}…", title=kind.title), kind.meaning)
            for name, kind in RUN_FORMATS.items()
            if kind.in_menus
        ]
    if entry.has_network:
        kinds += [
            (name, _("{title}…", title=f"{kind.title} (*{kind.ending})"), kind.meaning)
            for name, kind in NETWORK_FORMATS.items()
            if kind.in_menus
        ]
    return kinds
