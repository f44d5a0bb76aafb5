"""The confusion matrix as a table that is painted in cells and walked through by keys."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt5.QtGui import QColor, QFont, QKeyEvent, QPainter, QPen, QResizeEvent, qGray
from PyQt5.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from mnist_draw.analysis.table import percent
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import explain, tip

if TYPE_CHECKING:
    from mnist_draw.analysis.results import Results

#: A true class and an answer; None means all but the right one.
Pair = tuple[int | None, int | None]
#: Widths of the names at the left and of the recalls, height of the names above and of the
#: precisions, in pixels.
_LEFT, _RIGHT, _EDGE_HEIGHT = 54, 58, 24
_MIN_CELL = 26
#: With more classes than `_FEW`, cells may shrink to `_MIN_OF_MANY` pixels, and their numbers too.
_FEW, _MIN_OF_MANY = 10, 12
#: Even a single mistake stands out from none.
_MIN_STRENGTH = 0.14


class ConfusionModel(QAbstractTableModel):
    """Counts, with recall as the last column and precision as the last row."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.results: Results | None = None
        self.classes = 10
        self.name: Callable[[int], str] = str
        self._counts: list[list[int]] = []
        self._recall: list[float] = []
        self._precision: list[float] = []
        self._most = 1
        self._names: list[str] = []

    def show_results(self, results: Results | None, name: Callable[[int], str]) -> None:
        """Show the counts of results."""
        self.results, self.name = results, name
        if results is None:
            self._counts = []
        else:
            self.set_classes(results.classes)
            self._counts = results.confusion.tolist()
            self._recall, self._precision = results.recall.tolist(), results.precision.tolist()
            taken = results.most_taken(1)
            self._most = taken[0][2] if taken else 1
        last = self.index(self.classes, self.classes)
        self.dataChanged.emit(self.index(0, 0), last)
        names = [self.headerData(number, Qt.Horizontal) for number in range(self.classes)]
        if names != self._names:
            # The table lays everything out and paints it once more then.
            self._names = names
            self.headerDataChanged.emit(Qt.Horizontal, 0, self.classes)

    def set_classes(self, classes: int) -> None:
        """Set the number of rows and columns."""
        if classes != self.classes:
            self.beginResetModel()
            self.classes, self._counts = classes, []
            self.endResetModel()

    def rowCount(self, parent: QModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else self.classes + 1

    def columnCount(self, parent: QModelIndex | None = None) -> int:
        return self.rowCount(parent)

    def pair(self, index: QModelIndex) -> Pair | None:
        """Return the classes of a cell; None for the corner."""
        true = index.row() if index.row() < self.classes else None
        read = index.column() if index.column() < self.classes else None
        return None if true is None and read is None else (true, read)

    def count(self, index: QModelIndex) -> int:
        """Return the number in a cell; 0 at the edges."""
        inside = index.row() < self.classes and index.column() < self.classes
        return self._counts[index.row()][index.column()] if inside and self._counts else 0

    def strength(self, index: QModelIndex) -> float:
        """Return how strongly a mistake is coloured, 0 to 1, by the root of its count."""
        count = self.count(index)
        if not count or index.row() == index.column():
            return 0.0
        return _MIN_STRENGTH + (1 - _MIN_STRENGTH) * float((count / self._most) ** 0.5)

    def data(self, index: QModelIndex, role: int = Qt.DisplayRole) -> Any:
        if self.results is None or self.results.labels is None or not index.isValid():
            return None
        if role == Qt.DisplayRole:
            return self._text(index)
        if role == Qt.AccessibleTextRole:
            return self.describe(index)
        if role == Qt.ToolTipRole:
            return tip(self.describe(index))
        return None

    def _text(self, index: QModelIndex) -> str:
        row, column = index.row(), index.column()
        if row < self.classes and column < self.classes:
            count = self._counts[row][column]
            return f"{count:,}" if count else ""
        if row < self.classes:
            return percent(self._recall[row])
        # Narrow columns: the row's name says that these are shares.
        share = percent(self._precision[column])[:-2] if column < self.classes else ""
        return share.replace("100.0", "100")

    def describe(self, index: QModelIndex) -> str:
        """Return what a cell says, as a sentence."""
        pair = self.pair(index)
        if pair is None:
            return ""
        true, read = pair
        if read is None:
            assert true is not None
            return f"{self._text(index) or 'None'} of the {self.name(true)}s were read rightly."
        if true is None:
            return f"Where it read {self.name(read)}, it was right in {self._text(index) or '0'} %."
        count = self.count(index)
        if not count:
            return f"No {self.name(true)} was read as {self.name(read)}."
        times = "once" if count == 1 else f"{count:,} times"
        return f"{self.name(true)} read as {self.name(read)}: {times}."

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.DisplayRole
    ) -> Any:
        edge = section == self.classes
        if role == Qt.DisplayRole:
            if edge:
                return "recall" if orientation == Qt.Horizontal else "precision"
            return self.name(section).removeprefix("class ")
        if role == Qt.TextAlignmentRole:
            return Qt.AlignCenter
        return None


class ConfusionDelegate(QStyledItemDelegate):
    """Paints a cell: mistakes filled and bold, right answers grey."""

    def __init__(self, view: ConfusionMatrix) -> None:
        super().__init__(view)
        self._view = view
        self._fonts: dict[tuple[int, bool], QFont] = {}
        theme.theme().changed.connect(self._fonts.clear)

    def _font(self, size: int, bold: bool) -> QFont:
        """Return a font; making one for each of 120 cells takes as long as painting them."""
        if (size, bold) not in self._fonts:
            self._fonts[size, bold] = theme.font(size, bold)
        return self._fonts[size, bold]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model = self._view.confusion
        text = model.data(index) or ""
        painter.save()
        painter.setRenderHint(QPainter.Antialiasing)
        painter.setOpacity(0.45 if self._view.dimmed else 1.0)
        pinned = model.pair(index) is not None and model.pair(index) == self._view.pinned
        if index.row() == model.classes or index.column() == model.classes:
            painter.setFont(self._font(Text.LABEL, pinned))
            if painter.fontMetrics().horizontalAdvance(text) > option.rect.width() - 2:
                painter.setFont(self._font(Text.AXIS, pinned))
            if painter.fontMetrics().horizontalAdvance(text) > option.rect.width() - 2:
                # Cut, a share would be read as another one: in narrow columns it is rounded.
                text = _rounded(text)
            painter.setPen(theme.colour("text"))
            painter.drawText(option.rect, Qt.AlignCenter, text)
        else:
            self._paint_cell(painter, QRectF(option.rect), index, text)
        if pinned or (self._view.hasFocus() and index == self._view.currentIndex()):
            # What is pinned is outlined; where the keys are, thinly.
            painter.setPen(QPen(theme.colour("second"), 2.5 if pinned else 1.0))
            painter.setBrush(Qt.NoBrush)
            painter.drawRoundedRect(QRectF(option.rect).adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)
        painter.restore()

    def _paint_cell(self, painter: QPainter, box: QRectF, index: QModelIndex, text: str) -> None:
        model = self._view.confusion
        right = index.row() == index.column()
        strength = model.strength(index)
        # Dark, the colour under the pointer is too near to that of right answers.
        empty = theme.colour("window" if theme.theme().colours.dark else "hover")
        ground = theme.colour("track") if right else empty
        if strength:
            ground = _blended(empty, theme.colour("accent"), strength)
        painter.setPen(Qt.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(box.adjusted(1.5, 1.5, -1.5, -1.5), 5, 5)
        small = len(text) > 3 or box.width() < _MIN_CELL
        size = Text.AXIS if small else Text.LABEL if right else Text.BODY
        painter.setFont(self._font(size, not right))
        painter.setPen(_readable_on(ground))
        painter.drawText(box, Qt.AlignCenter, text)


class DigitHeader(QHeaderView):
    """Names of the classes, bold where the pinned cell is."""

    def __init__(self, orientation: Qt.Orientation, view: ConfusionMatrix) -> None:
        super().__init__(orientation, view)
        self._view = view
        self.setSectionResizeMode(QHeaderView.Fixed)
        self.setMinimumSectionSize(_MIN_OF_MANY)
        self.setHighlightSections(False)

    def paintSection(self, painter: QPainter, rect: QRect, section: int) -> None:
        if not rect.isValid():
            return
        model = self._view.confusion
        edge = section == model.classes
        pinned = self._view.pinned
        along = 1 if self.orientation() == Qt.Horizontal else 0
        bold = pinned is not None and pinned[along] == section
        painter.save()
        painter.setFont(theme.font(Text.LABEL if edge else Text.BODY, bold=not edge))
        painter.setPen(theme.colour("text" if bold else "muted"))
        text = str(model.headerData(section, self.orientation()))
        if not edge:
            text = painter.fontMetrics().elidedText(text, Qt.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignCenter, text)
        painter.restore()


class ConfusionMatrix(QTableView):
    """Shows what is taken for what; a cell can be pinned."""

    pair_pinned = pyqtSignal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("confusionMatrix")
        explain(
            self,
            "What is taken for what",
            "Rows: what a picture shows. Columns: what the network reads. Arrow keys walk, Enter "
            "or a click shows the pictures behind a number, the same again or Esc shows all.",
        )
        self.setToolTip("")
        self.pinned: Pair | None = None
        self.dimmed = False
        self.confusion = ConfusionModel(self)
        self.setModel(self.confusion)
        self.setItemDelegate(ConfusionDelegate(self))
        self.setHorizontalHeader(DigitHeader(Qt.Horizontal, self))
        self.setVerticalHeader(DigitHeader(Qt.Vertical, self))
        self.setCornerButtonEnabled(False)
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.NoSelection)
        self.setEditTriggers(QAbstractItemView.NoEditTriggers)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarAlwaysOff)
        self.setFrameShape(QTableView.NoFrame)
        self.clicked.connect(self._toggle)
        theme.theme().changed.connect(self._fit)

    def show_results(self, results: Results | None, name: Callable[[int], str]) -> None:
        """Show the counts of results."""
        if results is not None:
            self.show_classes(results.classes, name)
        self.confusion.show_results(results, name)

    def show_classes(self, classes: int, name: Callable[[int], str]) -> None:
        """Show an empty table of other classes; one of the same classes stays."""
        if self.confusion.classes != classes:
            self.pin(None)
            self.confusion.show_results(None, name)
            self.confusion.set_classes(classes)
            self._fit()

    def set_dimmed(self, on: bool) -> None:
        """Say whether what is shown is outdated."""
        if on != self.dimmed:
            self.dimmed = on
            self.viewport().update()

    def pin(self, pair: Pair | None) -> None:
        """Keep a cell, or none."""
        if pair != self.pinned:
            self.pinned = pair
            self.viewport().update()
            for header in (self.horizontalHeader(), self.verticalHeader()):
                header.viewport().update()
            self.pair_pinned.emit(pair)

    def _toggle(self, index: QModelIndex) -> None:
        pair = self.confusion.pair(index)
        self.pin(None if pair == self.pinned else pair)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key_Return, Qt.Key_Enter, Qt.Key_Space):
            if self.currentIndex().isValid():
                self._toggle(self.currentIndex())
        elif event.key() == Qt.Key_Escape and self.pinned is not None:
            self.pin(None)
        else:
            super().keyPressEvent(event)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        words = self.confusion.data(current, Qt.AccessibleTextRole) if current.isValid() else ""
        self.setAccessibleDescription(words or "")
        self.viewport().update()

    def sizeHint(self) -> QSize:
        return QSize(470, 400)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Give all cells the same size, as large as there is room for."""
        scale, classes = theme.text_scale(), self.confusion.classes
        left, right = round(_LEFT * scale), round(_RIGHT * scale)
        edge_height = round(_EDGE_HEIGHT * scale)
        self.verticalHeader().setFixedWidth(left)
        self.horizontalHeader().setFixedHeight(edge_height)
        wide = (self.width() - left - right) // classes
        high = (self.height() - 2 * edge_height) // classes
        least = _MIN_CELL if classes <= _FEW else _MIN_OF_MANY
        # More classes than there is room for are scrolled through.
        policy = Qt.ScrollBarAlwaysOff if classes <= _FEW else Qt.ScrollBarAsNeeded
        self.setHorizontalScrollBarPolicy(policy)
        self.setVerticalScrollBarPolicy(policy)
        for column in range(classes):
            self.setColumnWidth(column, max(wide, least))
        for row in range(classes):
            self.setRowHeight(row, max(high, least))
        self.setColumnWidth(classes, right)
        self.setRowHeight(classes, edge_height)


def _rounded(share: str) -> str:
    """Return a share in per cent without its decimals; less than all never becomes 100."""
    figure, _, unit = share.partition(" ")
    if "." not in figure:
        return share
    value = float(figure)
    whole = round(value) if value >= 100 else min(round(value), 99)
    return f"{whole} {unit}".strip()


def _blended(low: QColor, high: QColor, share: float) -> QColor:
    mixed = [
        round(first + (last - first) * share)
        for first, last in zip(low.getRgb()[:3], high.getRgb()[:3], strict=True)
    ]
    return QColor(*mixed)


def _readable_on(ground: QColor) -> QColor:
    """Return the theme's dark or light text, by the contrast."""
    shades = sorted((theme.colour("text"), theme.colour("on_accent")), key=_grey)
    return shades[0] if _grey(ground) > 128 else shades[1]


def _grey(shade: QColor) -> int:
    return qGray(shade.rgb())
