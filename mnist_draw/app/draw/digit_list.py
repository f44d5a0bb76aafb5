"""The taught digits: list, relabel, delete, restore, export; and all that teaches."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QObject, QUrl
from PyQt5.QtGui import QDesktopServices
from PyQt5.QtWidgets import QStackedWidget, QWidget

from mnist_draw.app.draw.answer_block import TEACH_KEY
from mnist_draw.app.draw.answer_panel import AnswerPanel
from mnist_draw.app.draw.board_items import place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.digit_list_view import DigitListView, DigitRow, thumbnail_mask
from mnist_draw.app.draw.drawing_files import from_record
from mnist_draw.app.draw.next_step import NextStep
from mnist_draw.app.draw.teaching import LearnController, Teaching, folder_of_digits, taught_times
from mnist_draw.app.kit.active_network import BackgroundReader
from mnist_draw.app.kit.collection import CollectionController, FollowedFolder
from mnist_draw.app.kit.commands import Command
from mnist_draw.app.kit.files import ask_folder, ask_save, file_kind
from mnist_draw.app.kit.threads import Background
from mnist_draw.dataset.classes import with_article
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, joined, number, pgettext
from mnist_draw.recognition.certainty import State
from mnist_draw.storage.unique_paths import Deleted

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import Answer, NumberAnswer

#: Digits that are asked about at once; the answers come in as they are found.
_AT_ONCE = 16
#: Rows, sentences about files that were left out, and the contents of the bin.
Listing = tuple[list[DigitRow], list[str], list[Deleted]]


def _read() -> tuple[list[Any], list[str]]:
    """Read the taught digits, and tell about files that were left out; not for the GUI thread."""
    from mnist_draw.dataset.own_digits import read_digits
    from mnist_draw.dataset.pictures.picture_file import load_picture

    return read_digits(folder_of_digits(), load_picture)


def _listing() -> Listing:
    from mnist_draw.storage.unique_paths import deleted

    digits, messages = _read()
    rows = [DigitRow(digit, thumbnail_mask(digit.ink)) for digit in digits]
    rows.sort(key=lambda row: (row.digit.taught, str(row.digit.path)), reverse=True)
    return rows, messages, deleted(folder_of_digits())


class MyDigits(CollectionController):
    """Brings together all that teaches; shows the taught digits and does what the user asks for."""

    noun = _("The digit")
    subject = of_page = "draw"

    def __init__(
        self,
        canvas: Canvas,
        answer: AnswerPanel,
        background: Background,
        reader: BackgroundReader,
        parent: QObject,
    ) -> None:
        super().__init__(background, parent)
        self._canvas = canvas
        self._answer = answer
        self._reader = reader
        self._draws_more = False
        self._round = 0
        self._last_messages: list[str] = []
        network = reader.network
        self.teaching = Teaching(canvas, background, network, self)
        answer.teach_requested.connect(self.teaching.teach)
        self.learn = LearnController(self.teaching, network, background, self)
        self.next_step = NextStep(network, self.teaching, self.learn)
        answer.add_row(self.next_step)
        self.view = view = DigitListView(self, self.learn)
        self.pages = QStackedWidget()
        self.pages.addWidget(answer)
        self.pages.addWidget(view)
        self._followed = FollowedFolder(background, taught_times, _listing, view.isVisible, self)
        self._followed.listed.connect(self._listed)
        self._followed.changed.connect(self.teaching.recount)
        view.bin.chosen.connect(lambda one: self.restore([one.path], _restored([one.path])))
        network.state.follow(["model"], self._ask)
        # Drawing brings the answer back.
        canvas.history_changed.connect(self._board_changed)
        self.teaching.changed.connect(self._refresh)
        self.learn.drawing_requested.connect(self.draw_another)
        self.learn.is_watched = self.pages.isVisible

    # -- the list

    def show_folder_anew(self) -> None:
        self._followed.refresh()

    def refresh(self) -> None:
        """Show what the folder holds now, and tell that it has changed."""
        self.show_folder_anew()
        self.teaching.recount()

    def _listed(self, listed: Listing) -> None:
        rows, messages, in_bin = listed
        self.view.bin.setVisible(bool(in_bin))
        self.view.bin.show_deleted(in_bin, lambda one: with_article(one.name[:1]))
        self.view.show_rows(rows)
        # Once is enough: a damaged file stays where it is and would be told of again and again.
        if messages and messages != self._last_messages:
            self.notifier.problem(joined(*messages))
        self._last_messages = messages
        self._ask()

    def _ask(self) -> None:
        self._round += 1
        if self.view.isVisible():
            self._ask_next(list(self.view.model.rows), self._round)

    def _ask_next(self, rows: Sequence[DigitRow], round_number: int) -> None:
        now = rows[:_AT_ONCE]
        later = rows[_AT_ONCE:]
        if not now:
            return

        def read(recogniser: Any) -> list[Any]:
            return [recogniser.recognise_ink(row.digit.ink) for row in now]

        def finished(answers: list[Any] | None) -> None:
            if answers is None or round_number != self._round:
                return
            for row, answer in zip(now, answers, strict=True):
                row.now = answer.certainty
                self.view.model.show_now(row)
            self._ask_next(later, round_number)

        self._reader.ask(read, finished)

    def open(self, row: DigitRow) -> None:
        """Put a digit on the board: its strokes, or its picture where there are none."""
        items = None
        if row.digit.drawing is not None:
            try:
                items = from_record(row.digit.drawing)
            except UserError as error:
                instead = _("Its picture was put on the board instead.")
                self.notifier.problem(joined(str(error), instead))
        self._canvas.show_items([place_ink(row.digit.ink)] if items is None else items)
        self._canvas.setFocus()

    def relabel(self, label: int) -> None:
        rows = [row for row in self.view.chosen() if row.digit.label != label]
        paths = _paths(rows)

        def work() -> None:
            from mnist_draw.storage.my_digits import relabel_digit

            for path in paths:
                relabel_digit(path, label)

        def finished(__: None) -> None:
            told = counted(
                "One digit was labelled {new}.",
                "{count} digits were labelled {new}.",
                len(paths),
                new=with_article(label),
            )
            self.notifier.message(told)
            self.show_folder_anew()

        if paths:
            self.change(work, finished)

    def delete(self) -> None:
        paths = _paths(self.view.chosen())

        def work() -> list[Path]:
            from mnist_draw.storage.unique_paths import move_to_bin

            return [move_to_bin(path, path.name) for path in paths]

        def finished(deleted: list[Path]) -> None:
            sentence = counted("One digit was deleted.", "{count} digits were deleted.", len(paths))
            self.offer_undo(sentence, deleted, _restored(deleted))
            self.refresh()

        if paths:
            self.change(work, finished)

    def export(self, kind: str) -> None:
        if kind == "csv":
            tables = file_kind(pgettext("files", "Tables"), ".csv")
            path = ask_save(self.view, _("Export my digits"), "my-digits.csv", tables)
        else:
            path = ask_folder(self.view, _("A folder for the data set"))
        if path:
            self.change(partial(_export, kind, path), self.notifier.message)

    def show_folder(self) -> None:
        """Show the folder in the system's file manager, or say where it is."""

        def show(folder: Path) -> None:
            if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder))):
                self.notifier.problem(_("Your digits are in {folder}.", folder=folder))

        self.change(folder_of_digits, show)

    # -- the list and the answer, one in the place of the other

    def build_commands(self, tab: QWidget) -> Command:
        """Add the commands to a tab; return the one that shows all digits, for a menu."""
        wrong = self._answer.block.wrong
        Command(tab, wrong.text(), wrong.accessibleDescription(), TEACH_KEY, self.begin)
        sentence = _("Show all digits that you have taught, and learn them.")
        plain = _("My digits")
        shows_all = Command(tab, plain, sentence, "F8", self.toggle)

        def show_count(count: int) -> None:
            several = _("My digits ({count})", count=number(count))
            shows_all.setText(several if count else plain)

        self.teaching.counted.connect(show_count)
        return shows_all

    @property
    def showing_digits(self) -> bool:
        return self.pages.currentWidget() is self.view

    def show_digits(self) -> None:
        self.pages.setCurrentWidget(self.view)
        self.view.table.setFocus()
        self.show_folder_anew()

    def show_answer(self) -> None:
        self._show_answer()
        self._canvas.setFocus()

    def draw_another(self) -> None:
        """Empty the board for another digit; Undo brings back what was drawn."""
        self._draws_more = True
        self._canvas.clear()
        self._draws_more = False
        self.show_answer()

    def toggle(self) -> None:
        self.show_answer() if self.showing_digits else self.show_digits()

    def begin(self) -> None:
        self._show_answer()
        self._answer.block.begin()

    def _show_answer(self) -> None:
        self.pages.setCurrentWidget(self._answer)

    def note_answer(self, answer: Answer, number: NumberAnswer | None) -> None:
        self.teaching.note_answer(answer, number)
        # While a stroke grows the answer changes too often to be followed.
        if not self._canvas.is_drawing():
            certainty = self._answer.certainty
            self.next_step.note_answer(State.NOTHING if certainty is None else certainty.state)

    def _board_changed(self) -> None:
        self._show_answer()
        if not self._canvas.has_ink():
            self.next_step.note_answer(State.NOTHING)
            if not self._draws_more:
                self.learn.forget_outcome()

    def _refresh(self) -> None:
        if self.showing_digits:
            self.show_folder_anew()


def _export(kind: str, path: str) -> str:
    from mnist_draw.dataset.own_digits import export_csv, export_idx, normalised

    digits = _read()[0]
    extra = normalised(digits, folder_of_digits())
    saved = counted(
        "Saved {count} digit in {path}.",
        "Saved {count} digits in {path}.",
        len(extra),
        path=path,
    )
    if kind == "csv":
        export_csv(extra, path)
        return saved
    trained, tested = map(number, export_idx(extra, path))
    # Translators: so many digits of those that were saved.
    split = _("{trained} to train and validate, {tested} to test.", trained=trained, tested=tested)
    read = _("“Data set” in the Train tab and --data read that folder.")
    return joined(saved, split, read)


def _paths(rows: Sequence[DigitRow]) -> list[Path]:
    return [row.digit.path for row in rows if row.digit.path is not None]


def _restored(paths: Sequence[Path]) -> str:
    return counted("The digit is back.", "The digits are back.", len(paths))
