"""All taught digits in a table, in the place of the answer: open, relabel, delete, learn."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QAbstractTableModel, QModelIndex, QRectF, QSize, Qt
from PyQt5.QtGui import QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QTableView,
    QWidget,
)

from mnist_draw.app.draw.teaching import LearnCard, LearnController
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.commands import icon_button
from mnist_draw.app.kit.controls import BinButton, button_menu
from mnist_draw.app.kit.formatting import format_ago, format_moment, format_probability
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.painters import blank_pixmap, image_of, paint_box
from mnist_draw.app.kit.steady_labels import ElidedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import (
    Card,
    ComboBox,
    Keys,
    OwnColours,
    explain,
    label,
    push_button,
    style_table,
    tip,
)
from mnist_draw.i18n import _, counted, pgettext
from mnist_draw.recognition.certainty import label_of_record

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.app.draw.digit_list import MyDigits
    from mnist_draw.recognition.certainty import Certainty
    from mnist_draw.storage.my_digits import TaughtDigit

COLUMNS = (
    pgettext("column", "Digit"),
    # Translators: when the digit was taught.
    pgettext("column", "Taught"),
    # Translators: what the network read when it was taught, and what it reads now.
    pgettext("column", "Read then"),
    pgettext("column", "Read now"),
)
_READ_NOW = 3
#: Side of a digit in the list and the free space around its ink, in logical pixels: the lowest
#: window shows ten.
_THUMB = 36
_INSET = 3
_DIGITS = tuple("0123456789")


@dataclass(eq=False)
class DigitRow:
    digit: TaughtDigit
    mask: QImage
    #: What the network that answers says of it.
    now: Certainty | None = None


def thumbnail_mask(ink: np.ndarray) -> QImage:
    """Crop ink and scale it to a thumbnail; for any thread."""
    from mnist_draw.dataset.normalise import ink_box

    top, left, bottom, right = ink_box(ink)
    image = image_of(ink[top:bottom, left:right])
    # Twice as large as shown, for sharp screens.
    side = 2 * (_THUMB - 2 * _INSET)
    small = image.scaled(side, side, Qt.KeepAspectRatio, Qt.SmoothTransformation)
    return small.convertToFormat(QImage.Format_Grayscale8)


class DigitTableModel(QAbstractTableModel):
    """Rows for the view; sorted as they are given."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[DigitRow] = []
        self._icons: dict[int, QIcon] = {}
        theme.theme().changed.connect(self._recolour)

    def show_rows(self, rows: Sequence[DigitRow]) -> None:
        self.beginResetModel()
        self.rows = list(rows)
        self._icons.clear()
        self.endResetModel()

    def show_now(self, row: DigitRow) -> None:
        if row in self.rows:
            index = self.index(self.rows.index(row), _READ_NOW)
            self.dataChanged.emit(index, index)

    def _recolour(self) -> None:
        self._icons.clear()
        if self.rows:
            last = self.index(len(self.rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.DisplayRole and orientation == Qt.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        column = index.column()
        if role == Qt.DisplayRole:
            return _text(row, column)
        if role == Qt.DecorationRole and column == 0:
            return self._icon(index.row())
        if role == Qt.FontRole and column == 0:
            return theme.font(theme.Text.SENTENCE, bold=True)
        if role == Qt.ForegroundRole and _wrong(row, column):
            return theme.colour("alert")
        if role == Qt.FontRole and _wrong(row, column):
            return theme.font(theme.Text.BODY, bold=True)
        if role == Qt.AccessibleDescriptionRole:
            return _tip(row, column)
        if role == Qt.ToolTipRole:
            return tip(_tip(row, column))
        return None

    def _icon(self, number: int) -> QIcon:
        if number not in self._icons:
            pixmap = paint_thumbnail(self.rows[number].mask)
            icon = self._icons[number] = QIcon(pixmap)
            # Ink keeps its colour where the row is chosen.
            icon.addPixmap(pixmap, QIcon.Selected)
        return self._icons[number]


def paint_thumbnail(mask: QImage) -> QPixmap:
    """Paint ink on paper in the theme's colours."""
    pixmap = blank_pixmap(_THUMB, _THUMB, 2)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.Antialiasing)
    paint_box(painter, QRectF(0.5, 0.5, _THUMB - 1, _THUMB - 1), "paper", radius=Size.GRID)
    inked = QImage(mask.size(), QImage.Format_ARGB32_Premultiplied)
    inked.fill(theme.colour("ink"))
    inked.setAlphaChannel(mask)
    width = mask.width() / 2
    height = mask.height() / 2
    rect = QRectF((_THUMB - width) / 2, (_THUMB - height) / 2, width, height)
    painter.drawImage(rect, inked)
    painter.end()
    return pixmap


def _read(row: DigitRow, column: int) -> str:
    """Return what was read then, or is read now; empty in other columns."""
    if column == 2:
        return label_of_record(row.digit.said)
    return row.now.label if column == _READ_NOW and row.now is not None else ""


def _wrong(row: DigitRow, column: int) -> bool:
    return _read(row, column) not in ("", str(row.digit.label))


def _text(row: DigitRow, column: int) -> str:
    digit = row.digit
    if column == 0:
        return str(digit.label)
    if column == 1:
        return _when(digit.taught, format_ago)
    return f"✗ {_read(row, column)}" if _wrong(row, column) else _read(row, column)


def _when(taught: str, words: Callable[[float], str]) -> str:
    """Put a local date and time into words; what is none stays as it is."""
    try:
        return words(time.mktime(time.strptime(taught, "%Y-%m-%d %H:%M:%S")))
    except (ValueError, OverflowError):
        return taught


def _tip(row: DigitRow, column: int) -> str:
    if column == 1:
        return _when(row.digit.taught, format_moment)
    if column == _READ_NOW and row.now is not None:
        said = row.now.sentence
        return _("Misread: {answer}", answer=said) if _wrong(row, column) else said
    network = row.digit.network
    confidence = row.digit.confidence
    if column == 2 and network and confidence:
        share = format_probability(confidence)
        return _("“{network}”, {share}", network=network, share=share)
    if column == 2 and network:
        return _("“{network}”", network=network)
    return str(row.digit.path) if column == 0 and row.digit.path else ""


#: Room for one digit and the menu's caret, in logical pixels.
_LABEL_WIDTH = 68


class DigitListView(QWidget):
    def __init__(self, digits: MyDigits, learning: LearnController) -> None:
        super().__init__()
        self._digits = digits
        self.setObjectName("myDigitsView")
        self.setAccessibleName(_("My digits"))
        self.learning = LearnCard(learning)
        parts = self._build_top(), self.learning, (self._build_list(), 1)
        column(*parts, gap=Size.CARD_GAP, owner=self)
        Keys(self, lambda key: digits.show_answer if key.key() == Qt.Key_Escape else None)
        self._show_choice()

    def _build_top(self) -> QHBoxLayout:
        self.title = label(_("My digits"), "title", "myDigitsTitle")
        self.note = ElidedLabel("", "muted", "myDigitsNote")
        title = pgettext("menu", "More")
        sentence = _("Export, show or bring back your digits.")
        self.more_button = icon_button("myDigitsMenu", "dots-three", title, sentence)
        menu = button_menu(self.more_button)
        self._exports = [
            menu.addAction(text, partial(self._digits.export, kind))
            for kind, text in (
                ("idx", _("Export as a data set, as MNIST has it …")),
                ("csv", _("Export as a table, a row of 784 pixels each …")),
            )
        ]
        menu.addSeparator()
        menu.addAction(_("Show in folder"), self._digits.show_folder)
        self.bin = BinButton("bringBackDigitButton", _("Bring back deleted digits"))
        title = _("Back to the answer")
        sentence = _("Show what the network says.")
        self.close_button = icon_button("closeMyDigitsButton", "x", title, sentence, "Esc")
        self.close_button.clicked.connect(self._digits.show_answer)
        buttons = self.bin, self.more_button, self.close_button
        return row(self.title, (self.note, 1), *buttons)

    def _build_list(self) -> Card:
        # Translators: a list of the ten digits follows.
        caption = label(_("It is a"), "muted")
        self.label_combo = ComboBox("digitLabelCombo")
        sentence = _("Change the label of the chosen digits.")
        title = pgettext("of a digit", "Label")
        explain(self.label_combo, title, sentence, _("0 to 9 in the list"))
        self.label_combo.addItems([str(digit) for digit in range(10)])
        caption.setBuddy(self.label_combo)
        self.label_combo.activated.connect(self._digits.relabel)
        wide = self.label_combo.setFixedWidth
        theme.follow(self.label_combo, lambda: wide(theme.scaled(_LABEL_WIDTH)))
        sentence = _(
            "Put the chosen digit on the board; what is there can be brought back with Undo.",
        )
        text = pgettext("button", "Open")
        self.open_button = push_button("openDigitButton", text, sentence, "Enter", act=self._open)
        sentence = _("Delete the chosen digits; can be undone.")
        text = pgettext("button", "Delete")
        self.delete_button = push_button(
            "deleteDigitsButton",
            text,
            sentence,
            "Delete",
            act=self._digits.delete,
        )
        card = Card()
        card.body.addWidget(self._build_table(), 1)
        buttons = self.open_button, self.delete_button
        card.body.addLayout(row(caption, self.label_combo, *buttons, 1))
        return card

    def _build_table(self) -> QTableView:
        self.model = DigitTableModel()
        self.table = table = QTableView()
        table.setObjectName("myDigitsTable")
        table.setModel(self.model)
        table.setItemDelegate(OwnColours(table))
        sentence = _(
            "All digits that you have taught, the newest first. 0 to 9 change the label of the "
            "chosen ones, Enter opens one on the board, Delete deletes them.",
        )
        explain(table, _("My digits"), sentence)
        style_table(table, _THUMB + 2 * Size.GRID)
        table.setSelectionBehavior(QAbstractItemView.SelectRows)
        table.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        table.setIconSize(QSize(_THUMB, _THUMB))
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.Stretch)
        header.setSectionResizeMode(0, QHeaderView.Fixed)
        theme.follow(table, lambda: table.setColumnWidth(0, _THUMB + theme.scaled(44)))
        table.doubleClicked.connect(lambda: self._open())
        table.selectionModel().selectionChanged.connect(lambda: self._show_choice())
        Keys(table, self._meaning)
        return table

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        """Return what a key does in the table, where it means its rows, not the board."""
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            return self._open
        if event.modifiers() & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier):
            return None
        if event.key() == Qt.Key_Delete:
            return self._digits.delete
        digit = event.text()
        return partial(self._digits.relabel, int(digit)) if digit in _DIGITS else None

    def show_rows(self, rows: Sequence[DigitRow]) -> None:
        """Show all digits, the newest first; the selection stays near its row."""
        before = self._chosen_places()
        self.model.show_rows(rows)
        count = len(rows)
        several = counted("{count} digit", "{count} digits", count)
        # Translators: no digits have been taught yet.
        self.note.setText(several if count else pgettext("digits", "none yet"))
        for action in self._exports:
            action.setEnabled(bool(count))
        self.learning.show_count(count)
        if count:
            self.table.selectRow(min(before[0], count - 1) if before else 0)
        self._show_choice()

    def _show_choice(self) -> None:
        chosen = self.chosen()
        self.label_combo.setEnabled(bool(chosen))
        self.delete_button.setEnabled(bool(chosen))
        self.open_button.setEnabled(len(chosen) == 1)
        if chosen:
            self.label_combo.setCurrentIndex(chosen[0].digit.label)

    def chosen(self) -> list[DigitRow]:
        return [self.model.rows[place] for place in self._chosen_places()]

    def _chosen_places(self) -> list[int]:
        return sorted({index.row() for index in self.table.selectionModel().selectedRows()})

    def _open(self) -> None:
        chosen = self.chosen()
        if len(chosen) == 1:
            self._digits.open(chosen[0])
