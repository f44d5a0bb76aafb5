"""The table of taught digits: what was drawn, its label, what the network said and says."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QAbstractTableModel, QEvent, QModelIndex, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import QIcon, QImage, QKeyEvent, QPainter, QPixmap
from PyQt5.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import explain, style_table, takes_key, tip
from mnist_draw.app.kit.words import probability

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.storage.my_digits import TaughtDigit

COLUMNS = ("Digit", "Taught", "The network said", "It says now")
#: Side of a digit in the list and the free space around its ink, in logical pixels: ten of them
#: stand in the lowest window.
_THUMB = 36
_INSET = 3
_DIGITS = tuple("0123456789")


@dataclass(eq=False)
class DigitRow:
    """A digit as the table shows it."""

    digit: TaughtDigit
    mask: QImage
    now: str = ""
    now_sure: float = 0.0
    now_digit: int | None = None


def thumbnail_mask(ink: np.ndarray) -> QImage:
    """Cut ink out and make it as large as a thumbnail; for any thread."""
    from mnist_draw.dataset.normalise import ink_box

    top, left, bottom, right = ink_box(ink)
    image = image_of(ink[top:bottom, left:right])
    # Twice as large as shown, for sharp screens.
    side = 2 * (_THUMB - 2 * _INSET)
    small = image.scaled(side, side, Qt.KeepAspectRatio, Qt.SmoothTransformation)
    return small.convertToFormat(QImage.Format_Grayscale8)


class DigitTableModel(QAbstractTableModel):
    """Rows for the view; sorted as they are given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: list[DigitRow] = []
        self._icons: dict[int, QIcon] = {}
        theme.theme().changed.connect(self._recolour)

    def show_rows(self, rows: Sequence[DigitRow]) -> None:
        """Show other rows."""
        self.beginResetModel()
        self.rows = list(rows)
        self._icons.clear()
        self.endResetModel()

    def show_now(self, row: DigitRow) -> None:
        """Show that what the network says of a row is known."""
        if row in self.rows:
            index = self.index(self.rows.index(row), COLUMNS.index("It says now"))
            self.dataChanged.emit(index, index)

    def _recolour(self) -> None:
        self._icons.clear()
        if self.rows:
            last = self.index(len(self.rows) - 1, len(COLUMNS) - 1)
            self.dataChanged.emit(self.index(0, 0), last)

    # -- Qt's side

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many digits there are."""
        return 0 if parent is not None and parent.isValid() else len(self.rows)

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        """Return how many columns there are."""
        return 0 if parent is not None and parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:
        if role == Qt.DisplayRole and orientation == Qt.Horizontal:
            return COLUMNS[section]
        return None

    def data(self, index: QModelIndex, role: int = 0) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], index.column()
        if role == Qt.DisplayRole:
            return _text(row, column)
        if role == Qt.DecorationRole and column == 0:
            return self._icon(index.row())
        if role == Qt.FontRole and column == 0:
            return theme.font(theme.Text.SENTENCE, bold=True)
        if role == Qt.ForegroundRole and column == 3 and _wrong(row):
            return theme.colour("alert")
        if role == Qt.FontRole and column == 3 and _wrong(row):
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
    pixmap = QPixmap(2 * _THUMB, 2 * _THUMB)
    pixmap.setDevicePixelRatio(2)
    pixmap.fill(Qt.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.setPen(theme.colour("line"))
    painter.setBrush(theme.colour("paper"))
    square = QRectF(0.5, 0.5, _THUMB - 1, _THUMB - 1)
    painter.drawRoundedRect(square, Size.GRID, Size.GRID)
    inked = QImage(mask.size(), QImage.Format_ARGB32_Premultiplied)
    inked.fill(theme.colour("ink"))
    inked.setAlphaChannel(mask)
    width, height = mask.width() / 2, mask.height() / 2
    rect = QRectF((_THUMB - width) / 2, (_THUMB - height) / 2, width, height)
    painter.drawImage(rect, inked)
    painter.end()
    return pixmap


def _wrong(row: DigitRow) -> bool:
    return bool(row.now) and row.now_digit != row.digit.label


def _text(row: DigitRow, column: int) -> str:
    digit = row.digit
    if column == 0:
        return str(digit.label)
    if column == 1:
        return _when(digit.taught)
    if column == 2:
        return _answer(digit.said, digit.confidence)
    return _answer(row.now, row.now_sure) + (" – wrong" if _wrong(row) else "")


def _answer(text: str, sure: float) -> str:
    return f"{text}, {probability(sure, decimals=0)}" if text and sure else text


def _when(taught: str) -> str:
    try:
        when = time.strptime(taught, "%Y-%m-%d %H:%M:%S")
    except ValueError:
        return taught
    return f"{when.tm_mday} {time.strftime('%b, %H:%M', when)}"


def _tip(row: DigitRow, column: int) -> str:
    if column == 1:
        return row.digit.taught
    if column == 2 and row.digit.network:
        return f"Said by “{row.digit.network}”."
    return str(row.digit.path) if column == 0 and row.digit.path else ""


class DigitTable(QTableView):
    """Shows the model; its keys change and delete digits."""

    label_typed = pyqtSignal(int)
    delete_requested = pyqtSignal()
    open_requested = pyqtSignal()

    def __init__(self, model: DigitTableModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("myDigitsTable")
        self.setModel(model)
        explain(
            self,
            "My digits",
            "All digits that you have taught, the newest first. 0 to 9 change the label of the "
            "chosen ones, Enter opens one on the board, Delete deletes them.",
        )
        style_table(self, _THUMB + 2 * Size.GRID)
        self.setSelectionBehavior(QAbstractItemView.SelectRows)
        self.setSelectionMode(QAbstractItemView.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollPerPixel)
        self.setIconSize(QSize(_THUMB, _THUMB))
        self.verticalHeader().hide()
        header = self.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.Stretch)
        header.setSectionResizeMode(0, QHeaderView.Fixed)
        self.setColumnWidth(0, round(_THUMB + 44 * theme.text_scale()))
        self.doubleClicked.connect(lambda _: self.open_requested.emit())

    def chosen(self) -> list[int]:
        """Return the numbers of the selected rows, from the top."""
        return sorted({index.row() for index in self.selectionModel().selectedRows()})

    def event(self, event: QEvent) -> bool:
        # These keys mean the table's rows here, not the board.
        return takes_key(event, self._means_rows) or super().event(event)

    @staticmethod
    def _means_rows(event: QKeyEvent) -> bool:
        plain = not event.modifiers() & (Qt.ControlModifier | Qt.AltModifier | Qt.MetaModifier)
        return plain and (event.key() == Qt.Key_Delete or event.text() in _DIGITS)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter):
            self.open_requested.emit()
        elif self._means_rows(event):
            if event.key() == Qt.Key_Delete:
                self.delete_requested.emit()
            else:
                self.label_typed.emit(int(event.text()))
        else:
            super().keyPressEvent(event)
