"""The taught digits as rows of the Library: open, relabel, delete, export."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QRectF, Qt, Signal
from qtpy.QtGui import QImage, QKeyEvent, QPainter
from qtpy.QtWidgets import QWidget

from mnist_draw.app.draw.board_items import colored, place_ink
from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.drawing_files import from_record
from mnist_draw.app.draw.teaching import folder_of_digits, taught_times
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.active_network import BackgroundReader
from mnist_draw.app.kit.controls import Menu
from mnist_draw.app.kit.desktop import show_in_folder
from mnist_draw.app.kit.files import (
    CollectionController,
    FollowedFolder,
    ask_folder,
    ask_save,
    file_kind,
)
from mnist_draw.app.kit.painters import image_of, paint_box
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.threads import Background
from mnist_draw.app.kit.views import Row
from mnist_draw.app.train.library_delegate import SHIPPED, OtherRow
from mnist_draw.dataset.classes import with_article
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, counted, format_ago, joined, number, pgettext
from mnist_draw.recognition.certainty import label_of_record
from mnist_draw.storage.unique_paths import move_to_bin

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.train.library_page import LibraryPage
    from mnist_draw.recognition.certainty import Certainty
    from mnist_draw.storage.my_digits import TaughtDigit

#: Side of a digit in the list and the free space around its ink, in logical pixels.
_THUMB = 36
_INSET = 3
#: Digits that are read at once; the answers come in as they are found.
_AT_ONCE = 16
_MY_DIGITS = _("My digits")
_HOW_TO_TEACH = _(
    "Draw a digit, press “Wrong?” and say which it is. It is kept here, to be learned.",
)


class DigitRow(OtherRow):
    heading = _MY_DIGITS.upper()

    def __init__(self, digits: MyDigits, digit: TaughtDigit) -> None:
        self._digits = digits
        self.digit = digit
        self.key = f"digit:{digit.path}"
        self.name = with_article(digit.label)
        self._mask = thumbnail_mask(digit.ink)
        #: The answer of the active network.
        self.now: Certainty | None = None

    @property
    def detail(self) -> str:
        before = label_of_record(self.digit.said)
        now = "" if self.now is None else self.now.label
        if now:
            return _("read as {before} when taught, as {now} now", before=before, now=now)
        return _("read as {before} when taught", before=before)

    @property
    def taught(self) -> float:
        """When it was taught, in seconds since 1970; 0 where that is not known."""
        try:
            return time.mktime(time.strptime(self.digit.taught, "%Y-%m-%d %H:%M:%S"))
        except (ValueError, OverflowError):
            return 0.0

    def row(self) -> Row:
        now = "" if self.now is None else self.now.label
        is_right = now == str(self.digit.label)
        return Row(
            self.name,
            SHIPPED,
            note=self.detail,
            figure=f"✗ {now}" if now and not is_right else now,
            figure_look=(Text.BODY, "text" if is_right else "alert", True),
            when=format_ago(self.taught) if self.taught else "",
            mark=self._paint_picture,
        )

    def _paint_picture(self, painter: QPainter, box: QRectF) -> None:
        area = QRectF(0, 0, _THUMB, _THUMB)
        area.moveCenter(box.center())
        paint_box(painter, area, "paper", radius=Size.GRID)
        ink = colored(self._mask, theme.color("ink"))
        place = QRectF(0, 0, ink.width() / 2, ink.height() / 2)
        place.moveCenter(area.center())
        painter.drawImage(place, ink)

    def open(self) -> None:
        self._digits.open(self.digit)

    def delete(self) -> None:
        self._digits.delete(self.digit)

    def press_key(self, event: QKeyEvent) -> bool:
        """Label the digit by its key."""
        if event.text() not in tuple("0123456789"):
            return False
        self._digits.relabel(self.digit, int(event.text()))
        return True

    def build_menu(self, parent: QWidget) -> Menu:
        menu = Menu(parent)
        menu.setObjectName("digitMenu")
        menu.aboutToHide.connect(menu.deleteLater)
        menu.addAction(pgettext("button", "Open"), self.open)
        # Translators: a list of the ten digits follows.
        labels = menu.addMenu(_("It is a"))
        for label in range(10):
            action = labels.addAction(str(label), partial(self._digits.relabel, self.digit, label))
            action.setCheckable(True)
            action.setChecked(label == self.digit.label)
        menu.addSeparator()
        for kind, text in (
            ("idx", _("Export as a data set in MNIST's format…")),
            ("csv", _("Export as a table, one row of 784 pixels per digit…")),
        ):
            menu.addAction(text, partial(self._digits.export, kind))
        assert self.digit.path is not None
        menu.addAction(_("Show in folder"), partial(show_in_folder, self.digit.path))
        menu.addSeparator()
        menu.addAction(_("Delete"), self.delete)
        return menu


def thumbnail_mask(ink: np.ndarray) -> QImage:
    """Crop ink and scale it to a thumbnail; for any thread."""
    from mnist_draw.dataset.normalise import ink_box

    top, left, bottom, right = ink_box(ink)
    # As opacity: Qt makes none of gray.
    image = image_of(ink[top:bottom, left:right], QImage.Format_Alpha8)
    # Twice as large as shown, for sharp screens.
    side = 2 * (_THUMB - 2 * _INSET)
    small = image.scaled(side, side, Qt.KeepAspectRatio, Qt.SmoothTransformation)
    return small.convertToFormat(QImage.Format_Alpha8)


def _read_digits() -> tuple[list[TaughtDigit], list[str]]:
    """Read the taught digits, and report files that were left out; not for the GUI thread."""
    from mnist_draw.dataset.own_digits import read_digits
    from mnist_draw.dataset.pictures.picture_file import load_picture

    return read_digits(folder_of_digits(), load_picture)


class MyDigits(CollectionController):
    """Lists the taught digits in the Library and changes their files."""

    noun = _("The digit")
    subject = "digits"
    of_page = "train"
    #: A digit was put on the board.
    opened = Signal()
    #: Files were changed.
    changed = Signal()

    def __init__(
        self,
        canvas: Canvas,
        background: Background,
        reader: BackgroundReader,
        page: LibraryPage,
        parent: QObject,
    ) -> None:
        super().__init__(background, parent)
        self._canvas = canvas
        self._reader = reader
        self._page = page
        self._list = page.list
        self._rows: list[DigitRow] = []
        self._round = 0
        self._chooses_first = False
        self._messages: list[str] = []
        self._folder = FollowedFolder(background, taught_times, self._read, page, self)
        self._folder.listed.connect(self._listed)
        self._folder.changed.connect(self.changed)
        page.shown.connect(self._folder.refresh)
        reader.network.state.follow(["model"], self._ask)

    def refresh(self) -> None:
        """List the digits again after a change."""
        self.changed.emit()
        if self._page.isVisible():
            self._folder.refresh()

    def choose_first(self) -> None:
        """Make the newest digit the current row of the Library, once it is listed."""
        self._chooses_first = True

    def _choose_first(self) -> None:
        if self._rows:
            self._list.choose(self._rows[0].key)
            self._list.setFocus()
        else:
            self.notifier.message(_HOW_TO_TEACH)

    def _read(self) -> tuple[list[DigitRow], list[str]]:
        digits, messages = _read_digits()
        digits.sort(key=lambda digit: (digit.taught, str(digit.path)), reverse=True)
        return [DigitRow(self, digit) for digit in digits], messages

    def _listed(self, listed: tuple[list[DigitRow], list[str]]) -> None:
        self._rows, messages = listed
        self._list.rows.show_others(self.subject, self._rows)
        if self._chooses_first:
            self._chooses_first = False
            self._choose_first()
        # Once: a damaged file stays where it is.
        if messages and messages != self._messages:
            self.notifier.problem(joined(*messages))
        self._messages = messages
        self._ask()

    # -- what the active network reads

    def _ask(self) -> None:
        self._round += 1
        if self._page.isVisible():
            self._ask_next(self._rows, self._round)

    def _ask_next(self, rows: Sequence[DigitRow], round_number: int) -> None:
        now = rows[:_AT_ONCE]
        if not now:
            return

        def read(recogniser: Any) -> list[Certainty]:
            return [recogniser.recognise_ink(row.digit.ink).certainty for row in now]

        def finished(answers: list[Certainty] | None) -> None:
            if answers is None or round_number != self._round:
                return
            for row, answer in zip(now, answers, strict=True):
                row.now = answer
            self._list.rows.show_others(self.subject, self._rows)
            self._ask_next(rows[_AT_ONCE:], round_number)

        self._reader.ask(read, finished)

    # -- what a row does

    def open(self, digit: TaughtDigit) -> None:
        """Put a digit on the board: its strokes, or its picture where there are none."""
        items = None
        if digit.drawing is not None:
            try:
                items = from_record(digit.drawing)
            except UserError as error:
                instead = _("Its picture was put on the board instead.")
                self.notifier.problem(joined(str(error), instead))
        self._canvas.show_items([place_ink(digit.ink)] if items is None else items)
        self.opened.emit()

    def relabel(self, digit: TaughtDigit, label: int) -> None:
        from mnist_draw.storage.my_digits import relabel_digit

        path = digit.path
        if label == digit.label or path is None:
            return

        def finished(__: object) -> None:
            self.notifier.message(
                counted(
                    "One digit was labeled {new}.",
                    "{count} digits were labeled {new}.",
                    1,
                    new=with_article(label),
                ),
            )
            self.refresh()

        self.change(lambda: relabel_digit(path, label), finished)

    def delete(self, digit: TaughtDigit) -> None:
        path = digit.path
        if path is None:
            return

        def finished(deleted: Path) -> None:
            sentence = counted("One digit was deleted.", "{count} digits were deleted.", 1)
            restored = counted("The digit is back.", "The digits are back.", 1)
            self.offer_undo(sentence, [deleted], restored)
            self.refresh()

        self.change(lambda: move_to_bin(path, path.name), finished)

    def export(self, kind: str) -> None:
        if kind == "csv":
            tables = file_kind(pgettext("files", "Tables"), ".csv")
            path = ask_save(self._page, _("Export my digits"), "my-digits.csv", tables)
        else:
            path = ask_folder(self._page, _("A folder for the data set"))
        if path:
            self.change(partial(_export, kind, path), self.notifier.message)


def _export(kind: str, path: str) -> str:
    from mnist_draw.dataset.own_digits import export_csv, export_idx, normalised

    extra = normalised(_read_digits()[0], folder_of_digits())
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
    # Translators: the digits that were saved.
    split = _(
        "{trained} for training and validation, {tested} for testing.",
        trained=trained,
        tested=tested,
    )
    read = _("“Data set” on the Train tab and --data can read that folder.")
    return joined(saved, split, read)
