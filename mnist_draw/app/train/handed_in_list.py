"""What a class has handed in, as rows of the Library: a row for each pupil, which unfolds."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QRectF, Qt
from qtpy.QtGui import QKeyEvent, QPainter
from qtpy.QtWidgets import QWidget

from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.desktop import show_in_folder
from mnist_draw.app.kit.files import (
    CollectionController,
    FollowedFolder,
    modification_times,
)
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.views import Row
from mnist_draw.app.kit.widgets import copy_table
from mnist_draw.app.train.lesson import accuracy_of
from mnist_draw.app.train.library_delegate import OWN, SHIPPED, OtherRow, paint_caret
from mnist_draw.errors import UserError, few_of
from mnist_draw.i18n import _, counted, format_ago, format_duration, joined, listed
from mnist_draw.library.handed_in import (
    SUFFIX,
    HandedIn,
    handed_in_folder,
    read_handed_in,
    take_in,
)
from mnist_draw.storage.my_digits import Merged, merge_digits
from mnist_draw.storage.unique_paths import move_to_bin
from mnist_draw.training.run import Run

if TYPE_CHECKING:
    from mnist_draw.app.train.library_page import LibraryPage

#: Files that get a sentence each on why they were refused.
_MAX_SENTENCES = 3
_FIGURE = (Text.SURER, "text", True)


def _best(runs: Sequence[Run]) -> Run | None:
    tested = [run for run in runs if run.figures.get("test_accuracy")]
    return max(tested, key=lambda run: run.figures["test_accuracy"], default=None)


def _who_handed_in(pupils: Sequence[str]) -> str:
    """Say whose work was taken in; empty if nobody's was."""
    return _("Added the work of {names}.", names=few_of(pupils)) if pupils else ""


def _key_of(work: HandedIn) -> str:
    return f"handed in:{work.path.name}"


class PupilRow(OtherRow):
    """A file that was handed in: whose it is, and the best of its runs."""

    def __init__(self, rows: HandedInList, work: HandedIn) -> None:
        self._list = rows
        self.work = work
        self.heading = (work.author or work.lesson).upper()
        self.key = _key_of(work)
        self.name = work.pupil
        self.is_open = False

    @property
    def detail(self) -> str:
        runs = counted("{count} run", "{count} runs", len(self.work.runs))
        digits = counted("{count} digit", "{count} digits", self.work.digits)
        found = listed(filter(None, (runs, digits if self.work.digits else "")))
        return " · ".join((found, self.work.lesson))

    def row(self) -> Row:
        runs = self.work.runs
        best = _best(runs)
        return Row(
            self.name,
            OWN,
            note=self.detail,
            figure="–" if best is None else accuracy_of(best),
            figure_look=_FIGURE,
            when=format_ago(runs[0].started_at) if runs and runs[0].started_at else "",
            mark=self._paint_mark,
        )

    def _paint_mark(self, painter: QPainter, box: QRectF) -> None:
        if self.work.runs:
            paint_caret(painter, box.center(), self.is_open)

    def open(self) -> None:
        self._list.unfold(self)

    def delete(self) -> None:
        self._list.delete(self.work)

    def press_key(self, event: QKeyEvent) -> bool:
        unfolds = event.key() == Qt.Key_Right and not self.is_open
        folds = event.key() == Qt.Key_Left and self.is_open
        if unfolds or folds:
            self.open()
        return unfolds or folds

    def build_menu(self, parent: QWidget) -> Menu:
        menu = Menu(parent)
        menu.setObjectName("handedInMenu")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(_("Hide the runs") if self.is_open else _("Show the runs"), self.open)
        menu.addAction(_("Copy the table of this group"), partial(self._list.copy, self.heading))
        adding = partial(self._list.add_digits, self.work)
        menu.addAction(_("Add the digits to mine"), adding).setEnabled(bool(self.work.digits))
        menu.addAction(_("Show in folder"), partial(show_in_folder, self.work.path))
        menu.addSeparator()
        menu.addAction(_("Delete"), self.delete)
        return menu


class PupilRunRow(OtherRow):
    """A run of a pupil, below the pupil's row."""

    def __init__(self, pupil: PupilRow, run: Run, place: int) -> None:
        self._pupil = pupil
        self._run = run
        self.heading = pupil.heading
        self.key = f"{pupil.key}:{place}"
        self.name = run.title

    @property
    def detail(self) -> str:
        return listed((self._pupil.name, format_duration(self._run.seconds)))

    def row(self) -> Row:
        return Row(
            self.name,
            SHIPPED,
            note=self.detail,
            figure=accuracy_of(self._run),
            when=format_ago(self._run.started_at) if self._run.started_at else "",
        )

    def open(self) -> None:
        self._pupil.open()

    def delete(self) -> None:
        self._pupil.delete()

    def press_key(self, event: QKeyEvent) -> bool:
        return self._pupil.press_key(event)

    def build_menu(self, parent: QWidget) -> Menu:
        return self._pupil.build_menu(parent)


def _read_all() -> list[HandedIn]:
    found = []
    for path in sorted(handed_in_folder().glob(f"*{SUFFIX}")):
        # What is damaged was refused when it was taken in.
        with contextlib.suppress(UserError):
            found.append(read_handed_in(path))
    return found


def _fingerprint() -> object:
    return modification_times(sorted(handed_in_folder().glob(f"*{SUFFIX}")))


class HandedInList(CollectionController):
    """Takes in what a class has handed in, and lists it in the Library."""

    noun = _("The file")
    subject = "handed in"
    of_page = "train"

    def __init__(self, page: LibraryPage, background: Background, parent: QObject) -> None:
        super().__init__(background, parent)
        self._page = page
        self._rows: list[PupilRow] = []
        #: The row of what was taken in last, until it is shown.
        self._taken = ""
        self._folder = FollowedFolder(background, _fingerprint, _read_all, page, self)
        self._folder.listed.connect(self._listed)
        page.shown.connect(self.refresh)

    def refresh(self) -> None:
        self._folder.refresh()

    def _listed(self, works: Sequence[HandedIn]) -> None:
        opened = {row.key for row in self._rows if row.is_open}
        rows = [PupilRow(self, work) for work in works]
        for row in rows:
            row.is_open = row.key in opened
        self._rows = sorted(rows, key=lambda row: (row.heading, row.name.casefold()))
        self._show()
        if self._taken in {row.key for row in rows}:
            # It may be far below what was there before.
            entries = self._page.list
            entries.choose(self._taken)
            entries.scrollTo(entries.currentIndex(), entries.PositionAtCenter)
            self._taken = ""

    def _show(self) -> None:
        shown: list[OtherRow] = []
        for row in self._rows:
            shown.append(row)
            if row.is_open:
                shown += [PupilRunRow(row, run, n) for n, run in enumerate(row.work.runs)]
        self._page.list.rows.show_others(self.subject, shown)

    def unfold(self, row: PupilRow) -> None:
        row.is_open = not row.is_open
        self._show()

    def take(self, paths: Sequence[str]) -> None:
        """Copy files into the Library, and say how many were taken and which were not."""

        def work() -> tuple[list[HandedIn], list[str]]:
            works = []
            refused = []
            for path in paths:
                try:
                    works.append(take_in(Path(path)))
                except UserError as error:
                    refused.append(str(error))
            return works, refused

        def finished(taken: tuple[list[HandedIn], list[str]]) -> None:
            works, refused = taken
            said = _who_handed_in([work.pupil for work in works])
            self._taken = _key_of(works[0]) if works else ""
            if refused:
                self.notifier.problem(joined(said, *refused[:_MAX_SENTENCES]))
            else:
                self.notifier.message(said)
            self.refresh()

        self.change(work, finished)

    def copy(self, heading: str) -> None:
        """Copy a table of all runs of a group: one line for each."""
        heads = (_("Pupil"), _("Lesson"), _("Run"), _("Right"), _("Time"))
        group = [row for row in self._rows if row.heading == heading]
        lines = [
            (
                row.name,
                row.work.lesson,
                run.title,
                accuracy_of(run),
                format_duration(run.seconds),
            )
            for row in group
            for run in reversed(row.work.runs)
        ]
        copy_table(heads, *lines)
        self.notifier.message(_("Copied."))

    def add_digits(self, work: HandedIn) -> None:
        def finished(merged: Merged) -> None:
            said = counted(
                "{count} digit of {pupil} is among yours now.",
                "{count} digits of {pupil} are among yours now.",
                merged.added,
                pupil=work.pupil,
            )
            self.notifier.message(joined(said, *merged.refused[:_MAX_SENTENCES]))

        self.change(partial(merge_digits, work.path), finished)

    def delete(self, work: HandedIn) -> None:
        def finished(deleted: Path) -> None:
            said = _("{name} was deleted.", name=work.pupil)
            self.offer_undo(said, [deleted], _("{name} is back.", name=work.pupil))
            self.refresh()

        self.change(lambda: move_to_bin(work.path, work.pupil), finished)
