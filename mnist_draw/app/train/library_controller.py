"""Connects the Library to runs and networks on disk; reads and writes off the GUI thread."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from qtpy.QtCore import QObject, QPoint, Signal
from qtpy.QtWidgets import QMenu, QWidget

from mnist_draw.app.kit.active_network import ActiveNetwork
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.desktop import show_in_folder
from mnist_draw.app.kit.files import FollowedFolder, modification_times
from mnist_draw.app.kit.threads import Background, NewestOnly
from mnist_draw.app.kit.widgets import native_keys, no_key
from mnist_draw.app.train.handed_in_list import HandedInList
from mnist_draw.app.train.library_delegate import OtherRow
from mnist_draw.app.train.library_files import LibraryFiles, export_kinds
from mnist_draw.app.train.library_page import LibraryPage
from mnist_draw.app.train.library_rows import Figures
from mnist_draw.app.train.run_controller import RunController, refusal
from mnist_draw.app.train.run_words import RUN_IN_PROGRESS
from mnist_draw.i18n import _, counted, joined, pgettext
from mnist_draw.library.arrangement import RunGroup, SeedGroup, runs_of
from mnist_draw.library.comparison import read_columns
from mnist_draw.library.entries import Entry, Library, read_library, with_run
from mnist_draw.library.handed_in import handed_in_folder
from mnist_draw.library.networks import delete, list_deleted, rename
from mnist_draw.library.stored_network import (
    StoredNetwork,
    fine_tuned_folder,
    opened_folder,
    reclaim_fallbacks,
)
from mnist_draw.recognition.run_session import in_use
from mnist_draw.storage.folders import sweep_home
from mnist_draw.storage.unique_paths import empty_bin
from mnist_draw.training import run_list
from mnist_draw.training.run import CHECKPOINT, RECORD, Run
from mnist_draw.training.run_formats import RUN_FORMATS

#: Why an entry of a row's menu is disabled.
_NO_NETWORK = _("It has no network.")


def fingerprint(going_on: Sequence[Path]) -> tuple[object, ...]:
    """Return a fingerprint of the files of the Library; a change has all read again."""
    files = [
        folder / name
        for folder in sorted(run_list.runs_folder().glob("*/"))
        for name in (RECORD, CHECKPOINT)
    ]
    for parent in (fine_tuned_folder(), opened_folder()):
        files += sorted(parent.glob("*"))
    return (*modification_times(files), *((str(folder), in_use(folder)) for folder in going_on))


def _read_figures(runs: Sequence[Run]) -> Figures:
    return {run.key: (run.epochs_done, read_columns(run)) for run in runs}


class LibraryController(LibraryFiles):
    """Lists, opens, uses, compares, renames and deletes runs and networks."""

    run_requested = Signal(Run)
    inside_requested = Signal()
    #: A run is to be made again.
    repeat_requested = Signal(Run)

    def __init__(
        self,
        page: LibraryPage,
        run: RunController,
        network: ActiveNetwork,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(background, parent)
        self.page = page
        self._run = run
        self._network = network
        self._rows = page.list.rows
        self._shown = Library(())
        self.handed_in = HandedInList(page, background, self)
        #: What was deleted together last, in the bin, and what is said when it is back.
        self._together: tuple[Sequence[Path], str] = ((), "")
        #: The entry whose name is to be edited once it is listed.
        self._to_rename = ""
        self._folder = FollowedFolder(
            background,
            self._fingerprint,
            self._read,
            page,
            self,
            # Keep a name that is being typed.
            lambda: page.list.editing,
        )
        self._folder.listed.connect(self._listed)
        self._reading = NewestOnly(_read_figures, self, quiet=0.05, deliver_stale=True)
        self._reading.answered.connect(self._rows.show_figures)
        self._connect_page(page)
        network.state.follow(["entries"], self._show_entries, ["train"])
        run.training.ended.connect(self._ended)
        run.state.follow(["progress", "run"], self._follow)

    def _connect_page(self, page: LibraryPage) -> None:
        page.shown.connect(self.refresh)
        page.open.triggered.connect(self._open_file)
        page.list.opened.connect(self.open)
        page.list.menu_requested.connect(self._show_menu)
        page.list.scrolled.connect(self._want_figures)
        page.list.itemDelegate().closeEditor.connect(self._show_entries)
        page.delete.triggered.connect(self._delete_current)
        page.undo.triggered.connect(self.restore_last)
        page.export_button.clicked.connect(lambda: self.export_table(self._rows.ticked()))
        page.delete_button.clicked.connect(lambda: self.delete(*self._rows.ticked()))
        page.bin.chosen.connect(lambda one: self.restore([one.path]))
        self._rows.renamed.connect(self._rename)
        self._rows.choice_changed.connect(self._want_figures)
        self._rows.modelReset.connect(self._want_figures)

    # -- after the window is visible

    def tidy_up(self) -> None:
        """Empty the bins, take home what a full disk kept away, put damaged checkpoints aside."""

        def read() -> tuple[list[str], list[str]]:
            sweep_home()
            for folder in _folders():
                empty_bin(folder)
            brought = reclaim_fallbacks()
            return brought, run_list.check_interrupted(in_use)

        self.background.run(read, self._found)

    def _found(self, found: tuple[list[str], list[str]]) -> None:
        brought, messages = found
        if brought:
            self.notifier.undo(joined(*brought), self.library_requested.emit, _("Library"))
        if messages:
            self.notifier.problem(joined(*messages))
        self._run.show_last_run()

    # -- the list

    def refresh(self) -> None:
        self._folder.refresh()

    def _fingerprint(self) -> object:
        return fingerprint(
            [
                entry.run.folder
                for entry in self._network.state.entries
                if entry.run and entry.going_on
            ],
        )

    def _read(self) -> Library:
        training = self._run.training
        return read_library(in_use, self._run.state.run.folder if training.running else None)

    def _listed(self, library: Library) -> None:
        before, self._shown = self._shown, library
        self._network.take_entries(library.entries)
        if self._to_rename and self.page.list.choose(self._to_rename):
            self.page.list.edit_name()
        self._to_rename = ""
        if news := [sentence for sentence in library.messages if sentence not in before.messages]:
            self.notifier.problem(joined(*news))

    def _show_entries(self) -> None:
        # A name that is being typed stays.
        if not self.page.list.editing:
            self.page.show_library(replace(self._shown, entries=self._network.state.entries))
            self._follow()
            self._want_figures()

    def _want_figures(self) -> None:
        """Have the figures read of what is seen or compared."""
        wanted = [*self.page.list.seen(), *self._rows.ticked()]
        if missing := self._rows.without_figures(wanted):
            self._reading.ask(missing)

    def _follow(self) -> None:
        """Show the newest figures of the run that goes on in this window."""
        training = self._run.training
        if not training.running or not self.page.isVisible():
            return
        listed = self._rows.find(self._run.state.run.key)
        if listed is None or listed.run is None:
            if not self._folder.reading:
                self.refresh()
            return
        # An entry keeps the settings that its name is made of.
        run = copy.copy(self._run.state.run)
        self._rows.show_entry(with_run(listed, run, going_on=True))

    def _ended(self) -> None:
        if self.page.isVisible():
            self.refresh()

    # -- an entry

    def _show_menu(self, row: Entry | OtherRow, place: QPoint) -> None:
        build = row.build_menu if isinstance(row, OtherRow) else partial(self.build_menu, row)
        menu = build(self.page)
        bottom = self.page.mapToGlobal(self.page.rect().bottomLeft()).y()
        menu.popup(QPoint(place.x(), min(place.y(), bottom - menu.sizeHint().height())))

    def menu_of(self, parent: QWidget, key: str) -> Menu | None:
        """Return the row menu of a network of the header's menu; None if it is in no file."""
        found = self._network.state.entry_of(key)
        return None if found is None else self.build_menu(found, parent)

    def build_menu(self, entry: Entry, parent: QWidget) -> Menu:
        menu = Menu(parent)
        menu.setObjectName("rowMenu")
        menu.aboutToHide.connect(menu.deleteLater)

        def add(text: str, act: Callable[[], object], refusal: str = "", keys: str = "") -> None:
            action = menu.addAction("\t".join(filter(None, (text, native_keys(keys)))))
            action.setEnabled(not refusal)
            action.setToolTip(refusal)
            action.triggered.connect(lambda: act())

        if isinstance(entry, RunGroup):
            is_unfolded = entry.key in self._rows.choice.unfolded
            text = _("Hide the runs") if is_unfolded else _("Show the runs")
            add(text, partial(self._rows.unfold, entry))
            add(_("New run like this"), partial(self._repeat, entry))
            add(_("{title}…", title=RUN_FORMATS["csv"].title), partial(self.export_table, [entry]))
            menu.addSeparator()
            add(_("Delete"), partial(self.delete, entry), "", "Del")
            return menu
        busy = RUN_IN_PROGRESS if entry.going_on else ""
        add(
            pgettext("menu", "Use"),
            partial(self._network.use_key, entry.key),
            self._why_it_cannot_answer(entry),
        )
        if entry.run is not None:
            stuck = "" if self._can_go_on(entry.run) else _("None of its epochs was kept.")
            add(_("Continue"), partial(self._run.continue_run, entry.run), busy or stuck)
        unknown = "" if entry.settings else _("Its settings are not known.")
        add(_("New run like this"), partial(self._repeat, entry), unknown)
        menu.addSeparator()
        if not entry.is_shipped:
            own = entry.run is not None and self._run.shows(entry.run)
            add(_("Rename"), partial(self.rename, entry), "" if own else busy, "F2")
        menu.addMenu(self._build_exports(entry, menu))
        add(_("Share…"), partial(self.share, entry), "" if entry.has_network else _NO_NETWORK)
        add(_("Show in folder"), partial(show_in_folder, _path_of(entry)))
        if not entry.is_shipped:
            menu.addSeparator()
            add(_("Delete"), partial(self.delete, entry), busy, "Del")
        return menu

    def _can_go_on(self, run: Run) -> bool:
        current = self._run.state.run
        return run.can_continue or (run.folder == current.folder and current.can_continue)

    def _why_it_cannot_answer(self, entry: Entry) -> str:
        """Say why an entry cannot be used; it can from a checkpoint, too, or while it learns."""
        run = entry.run
        learned = run is not None and (self._run.shows(run) or run.has_checkpoint)
        if entry.key == self._network.state.answering_key:
            return _("It answers now.")
        return "" if entry.has_network or learned else _NO_NETWORK

    def _build_exports(self, entry: Entry, parent: Menu) -> QMenu:
        # Qt places it next to the other menu.
        menu = QMenu(_("Export"), parent)
        menu.setToolTipsVisible(True)
        for name, text, meaning in export_kinds(entry):
            action = menu.addAction(no_key(text), partial(self.export, name, entry))
            action.setToolTip(meaning)
        return menu

    def open(self, entry: Entry | OtherRow) -> None:
        """Open a run as it was, or a network in Inside, which shows the one that answers."""
        if isinstance(entry, OtherRow):
            entry.open()
            return
        if isinstance(entry, RunGroup):
            self._rows.unfold(entry)
            return
        if entry.run is not None:
            self.run_requested.emit(entry.run)
            return
        self._network.use_instead(entry.key, entry.name)
        self.inside_requested.emit()

    def _repeat(self, entry: Entry) -> None:
        if self._run.training.running:
            refusal.problem(RUN_IN_PROGRESS)
        elif isinstance(entry, SeedGroup):
            # What is new of it is another seed.
            runs = runs_of([entry])
            seed = max(run.settings.seed for run in runs) + 1
            settings = runs[0].settings.replace(seed=seed)
            self.repeat_requested.emit(Run(settings=settings))
        elif entry.settings is not None:
            self.repeat_requested.emit(entry.run or Run(settings=entry.settings, name=entry.name))

    def rename(self, entry: Entry) -> None:
        if self.page.isVisible() and self.page.list.choose(entry.key):
            self.page.list.edit_name()
        else:
            self._to_rename = entry.key
            self.library_requested.emit()

    def _rename(self, entry: Entry, name: str) -> None:
        def finished(__: StoredNetwork) -> None:
            self.refresh()
            if entry.key == self._network.state.answering_key:
                # Read it again with its new name.
                self._network.use_key(entry.key)

        self.change(lambda: rename(entry.stored, name), finished)

    def _delete_current(self) -> None:
        row = self._rows.row(self.page.list.currentIndex())
        if isinstance(row, OtherRow):
            row.delete()
        elif row is not None:
            self.delete(row)

    def delete(self, *entries: Entry) -> None:
        """Delete entries, of groups all runs, but those that cannot be."""
        own = {one.key: one for entry in entries for one in entry.members if not one.is_shipped}
        refused = {key: self._why_it_stays(one) for key, one in own.items()}
        chosen = [one for key, one in own.items() if not refused[key]]
        if not chosen:
            for sentence in set(refused.values()):
                refusal.problem(sentence)
            return

        def finished(paths: list[Path]) -> None:
            count = len(paths)
            deleted = counted("{count} was deleted.", "{count} were deleted.", count)
            back = counted("{count} is back.", "{count} are back.", count)
            if len(entries) == 1:
                deleted = _("{name} was deleted.", name=entries[0].name)
                back = _("{name} is back.", name=entries[0].name)
            self._together = (paths, back)
            self.offer_undo(deleted, paths, back)
            if self._network.state.answering_key in [one.key for one in chosen]:
                self._network.use_default()
            self.refresh()

        self.change(lambda: [delete(one.stored) for one in chosen], finished)

    def _why_it_stays(self, entry: Entry) -> str:
        """Say why an entry cannot be deleted; empty if it can."""
        run = entry.run
        if run is not None and self._run.shows(run):
            return RUN_IN_PROGRESS
        if run is not None and in_use(run.folder):
            return _("This run is in progress in another program; nothing was changed.")
        return ""

    def restore_last(self) -> None:
        titles = {one.path: title for one, title in list_deleted()}
        if not titles:
            self.notifier.problem(_("There is nothing to restore."))
            return
        newest, title = next(iter(titles.items()))
        together, back = self._together
        if newest in together:
            self.restore([path for path in together if path in titles], back)
        else:
            self.restore([newest], _("{name} is back.", name=title))


def _folders() -> tuple[Path, ...]:
    """List the folders of the Library, each of which has a bin."""
    return run_list.runs_folder(), fine_tuned_folder(), opened_folder(), handed_in_folder()


def _path_of(entry: Entry) -> Path:
    """Return what the file manager shows of an entry: its network, or the folder of its run."""
    return entry.stored.path if entry.has_network or entry.run is None else entry.run.folder
