"""Connects the page of runs to the runs on disk; reads and writes off the GUI thread."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PyQt5.QtCore import QObject, pyqtSignal
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit.collection import CollectionController, FollowedFolder
from mnist_draw.app.kit.files import ask_save, file_kind
from mnist_draw.app.kit.images import widget_png
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.train.run_controller import RunController
from mnist_draw.app.train.train_tab import TrainTab
from mnist_draw.errors import UserError
from mnist_draw.recognition.network_formats import NETWORK_FORMATS
from mnist_draw.recognition.run_session import in_use
from mnist_draw.storage.folders import sweep_home
from mnist_draw.storage.unique_paths import (
    Deleted,
    deleted,
    empty_bin,
    file_name,
    move_to_bin,
)
from mnist_draw.training import run_list
from mnist_draw.training.history import History
from mnist_draw.training.network_places import reclaim_fallbacks
from mnist_draw.training.record import CHECKPOINT, RECORD, Run, load_history, read_run
from mnist_draw.training.run_formats import RUN_FORMATS

#: Runs, the folders of active ones, problems, and deleted runs with their titles.
Listing = tuple[list[Run], set[Path], list[str], list[tuple[Deleted, str]]]
#: Modification times of each run's files, and the active runs.
Seen = tuple[tuple[object, ...], ...]


def fingerprint(going_on: set[Path]) -> Seen:
    """Return a fingerprint of the runs' files; if it changes, all records are read."""
    times = []
    for folder in sorted(run_list.runs_folder().glob("*/")):
        for name in (RECORD, CHECKPOINT):
            with contextlib.suppress(OSError):
                times.append((folder.name, name, (folder / name).stat().st_mtime_ns))
    return (*times, *((folder.name, in_use(folder)) for folder in sorted(going_on)))


def read_runs(own: Path | None) -> Listing:
    """Read all runs."""
    runs, messages = run_list.list_runs()
    going_on = {run.folder for run in runs if run.state == "running" and in_use(run.folder)}
    # The record of an active run is that of its start.
    runs = [
        run_list.cut_off(run) if run.state == "running" and run.folder != own else run
        for run in runs
    ]
    return runs, going_on, messages, [(one, _title(one)) for one in deleted(run_list.runs_folder())]


def _title(one: Deleted) -> str:
    try:
        return read_run(one.path).full_title
    except (OSError, UserError):
        return one.name


#: Ending and title of each export.
_KINDS = {
    "png": (".png", "Pictures"),
    **{name: (entry.ending, entry.title) for name, entry in RUN_FORMATS.items()},
    **{name: (entry.ending, entry.title) for name, entry in NETWORK_FORMATS.items()},
}


class RunsController(CollectionController):
    """Lists, compares, renames, deletes and exports runs; offers an interrupted one."""

    noun = "The run"
    subject = "runs"
    network_requested = pyqtSignal(str)

    def __init__(
        self,
        tab: TrainTab,
        run: RunController,
        background: Background,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(background, parent)
        self._tab, self._page, self._run = tab, tab.runs, run
        self._histories: dict[Path, History] = {}
        #: Runs whose files are newer than their histories here.
        self._older: set[Path] = set()
        self._shown: Listing | None = None
        self._folder = FollowedFolder(
            background, self._fingerprint, self._read, self._can_show, self
        )
        self._folder.listed.connect(self._listed)
        self._folder.changed.connect(self._listed_again)
        self._acts: dict[str, Callable[[Run], object]] = {
            "draw": self._to_draw,
            "continue": self.continue_run,
            "use_settings": self._use_settings,
            "delete": self.delete,
            **{kind: partial(self._export, kind) for kind in _KINDS},
        }
        self._page.commands.requested.connect(lambda what, asked: self._acts[what](asked))
        self._page.undo_requested.connect(self.restore_last)
        self._page.bin.chosen.connect(lambda one: self.restore([one.path]))
        self._page.table.renamed.connect(self._rename)
        self._page.table.ticked_changed.connect(self._compare)
        tab.offer.continue_requested.connect(self.continue_run)
        tab.offer.discard_requested.connect(self.delete)
        for card, name in ((tab.loss, "loss"), (tab.accuracy, "accuracy")):
            card.export_requested.connect(partial(self._export_curves, card, name))
        tab.runs_shown.connect(self.refresh)
        run.training.ended.connect(self._ended)
        run.state_changed.connect(self._follow)

    # -- after the window is visible

    def find_interrupted_run(self) -> None:
        """Offer to continue an interrupted run, if there is one."""

        def read() -> tuple[Run | None, list[str]]:
            sweep_home()
            empty_bin(run_list.runs_folder())
            brought = reclaim_fallbacks()
            run, messages = run_list.find_interrupted(in_use)
            return run, [*brought, *messages]

        self.background.run(read, self._found)

    def _found(self, found: tuple[Run | None, list[str]]) -> None:
        run, messages = found
        if messages:
            self.notifier.problem(" ".join(messages))
        if run is not None and not self._run.training.running:
            self._tab.offer.offer(run)

    # -- the list

    def refresh(self) -> None:
        self._folder.refresh()

    def _fingerprint(self) -> object:
        return fingerprint(self._shown[1] if self._shown else set())

    def _read(self) -> Listing:
        training = self._run.training
        return read_runs(training.folder if training.running else None)

    def _can_show(self) -> bool:
        # Keep a name that is being typed.
        return self._page.isVisible() and not self._page.table.editing

    def _listed_again(self, listed: Listing) -> None:
        if listed != self._shown:
            self._listed(listed)

    def _listed(self, listed: Listing) -> None:
        runs, going_on, messages, in_bin = listed
        before = self._shown[2] if self._shown else []
        self._shown = listed
        titles = dict(in_bin)
        self._page.bin.show_deleted(list(titles), titles.__getitem__)
        self._note_older(runs)
        self._page.show_runs([self._run.with_newest_figures(run) for run in runs], going_on)
        if not self._run.training.running:
            # The shown run may have been deleted or brought back.
            self._run.show()
        if news := [sentence for sentence in messages if sentence not in before]:
            self.notifier.problem(" ".join(news))
        self._compare()

    def _note_older(self, runs: list[Run]) -> None:
        """Note which runs have new epochs since their histories were read."""
        for run in runs:
            listed = self._page.table.run_in(run.folder)
            if listed is not None and listed.epochs_done != run.epochs_done:
                self._older.add(run.folder)

    def _follow(self) -> None:
        """Update the row of the active run."""
        training, table = self._run.training, self._page.table
        folder = training.folder if training.running and self._tab.showing_runs else None
        if folder is None or self._folder.reading:
            return
        listed = table.run_in(folder)
        if listed is None:
            self.refresh()
            return
        run = self._run.with_newest_figures(listed)
        table.show_figures(run)
        if run.epochs_done != listed.epochs_done and run in table.ticked_runs():
            self._compare()

    def _ended(self) -> None:
        self._histories.clear()
        if self._tab.showing_runs:
            self.refresh()

    def _compare(self) -> None:
        runs = self._page.table.ticked_runs()
        self._page.differences.show_runs(runs)
        missing = [
            run for run in runs if self._history_of(run) is None or run.folder in self._older
        ]
        if missing:
            self.background.run(lambda: _load_histories(missing), self._loaded)
        self._show_curves()

    def _loaded(self, histories: dict[Path, History]) -> None:
        self._histories |= histories
        self._older -= histories.keys()
        self._show_curves()

    def _show_curves(self) -> None:
        known = [(run, self._history_of(run)) for run in self._page.table.ticked_runs()]
        self._page.compare.show_runs([(run, figures) for run, figures in known if figures])

    def _history_of(self, run: Run) -> History | None:
        if self._run.shows(run):
            return self._run.history()
        return self._histories.get(run.folder)

    # -- commands on a run

    def continue_run(self, run: Run) -> None:
        """Continue a run, and show it."""
        if not self._run.training.running and in_use(run.folder):
            self.notifier.problem("This run is going on in another window; nothing was changed.")
            return
        self._tab.show_page("run")
        self._tab.offer.withdraw()
        self._run.continue_run(run)

    def _use_settings(self, run: Run) -> None:
        if self._run.training.running:
            self.notifier.problem("A run is going on; its settings stay until it has ended.")
            return
        self._tab.settings.show_settings(run.settings)

    def _rename(self, run: Run, name: str) -> None:
        self.change(run.renamed(name).save, lambda _: self.refresh())

    def delete(self, run: Run) -> None:
        """Delete a run, and offer to undo it."""
        if self._run.training.running and run.folder == self._run.training.folder:
            self.notifier.problem("This run is going on; stop it before it is deleted.")
            return
        if in_use(run.folder):
            self.notifier.problem("This run is going on in another window; it was not deleted.")
            return
        title = f"The run {run.full_title}"

        def finished(deleted_as: Path) -> None:
            self.offer_undo(f"{title} was", [deleted_as], "The run is back.")
            self.refresh()

        self.change(lambda: move_to_bin(run.folder, title), finished)

    def restore_last(self) -> None:
        """Bring back the run that was deleted last."""
        newest = [one.path for one in deleted(run_list.runs_folder())[:1]]
        if newest:
            self.restore(newest)
        else:
            self.notifier.problem("There is no deleted run to bring back.")

    def _to_draw(self, run: Run) -> None:
        from mnist_draw.library.stored_network import network_of_run

        self.network_requested.emit(network_of_run(run).key)

    def _export(self, kind: str, run: Run) -> None:
        path = self._ask_where(f"Export the run {run.full_title}", file_name(run.title), kind)
        if not path:
            return
        if kind == "png":
            if run not in self._page.table.ticked_runs():
                self._page.table.tick(run)
            # After the run's history was read and drawn.
            self.background.run(lambda: None, lambda _: self._save_png(path, self._page.compare))
        else:
            self.save(path, partial(_pack, kind, run))

    def _export_curves(self, card: QWidget, name: str, kind: str) -> None:
        path = self._ask_where(f"Save the curves of {name}", name, kind)
        if path and kind == "png":
            self._save_png(path, card)
        elif path:
            self.save(path, partial(RUN_FORMATS[kind].pack, None, self._run.history()))

    def _ask_where(self, title: str, name: str, kind: str) -> str:
        ending, kinds = _KINDS[kind]
        return ask_save(self._page, title, f"{name}{ending}", file_kind(kinds, ending))

    def _save_png(self, path: str, widget: QWidget) -> None:
        content = widget_png(widget)
        self.save(path, lambda: content)


def _pack(kind: str, run: Run) -> bytes:
    """Return a run's figures or its network as the content of a file."""
    if kind in RUN_FORMATS:
        return RUN_FORMATS[kind].pack(run, load_history(run))
    from mnist_draw.library.stored_network import load_trained

    return NETWORK_FORMATS[kind].pack(load_trained(run.model))


def _load_histories(runs: list[Run]) -> dict[Path, History]:
    """Read the histories of runs that still exist."""
    return {run.folder: load_history(run) for run in runs if run.folder.exists()}
