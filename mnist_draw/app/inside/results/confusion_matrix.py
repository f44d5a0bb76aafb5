"""The confusion matrix: painted as a whole, walked through by keys."""

from __future__ import annotations

from collections.abc import Sequence

from qtpy.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from qtpy.QtGui import QFontMetricsF, QPainter, QPaintEvent

from mnist_draw.analysis.result_tables import Cell, confusion_cells
from mnist_draw.analysis.results import Results
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_frame, smooth_painter, write
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import WalkableView
from mnist_draw.i18n import _, counted
from mnist_draw.library.network_data import Name

#: A true class and an answer; None means all but the right one.
Pair = tuple[int | None, int | None]
#: Widths of the names at the left and of the recalls, height of the names above and of the
#: precisions, in pixels.
_LEFT = 66
_RIGHT = 58
_EDGE = 24
#: Least side of a cell, of one of more classes than `_FEW`, and of one with its number in full.
_MIN_CELL = 26
_MIN_OF_MANY = 12
_FEW = 10
#: The names at the left take at most this part of the width.
_NAMES_PART = 4
#: Shorter side of a cell that suits the usual size of text.
_USUAL_CELL = 36
#: In lower or narrower cells a number could not be read: they are shades alone.
_LEAST_READABLE = 17
#: On a darker gray a number is written in the color of the paper.
_STRONG = 0.7


class ConfusionMatrix(WalkableView):
    """Shows what is taken for what; a cell can be pinned."""

    SIZE = (470, 340)

    pair_pinned = Signal(object)

    def __init__(self) -> None:
        super().__init__(
            "confusionMatrix",
            _("Mix-ups"),
            _(
                "Rows: what a picture shows. Columns: what the network reads. Arrow keys go "
                "from number to number; Enter or a click shows the pictures behind one, the "
                "same again or Esc shows all.",
            ),
        )
        self.pinned: Pair | None = None
        self.classes = 10
        self.name: Name = str
        self._results: Results | None = None
        self._details = False
        #: The classes of the rows and columns.
        self.shown: tuple[int, ...] = tuple(range(self.classes))
        self.cells = confusion_cells(None, str, self.shown)
        #: The width of the longest name and the height of the highest, in pixels of their text.
        self._names = _size_of_names("0")
        self._is_counted = False

    def show_results(self, results: Results | None, name: Name) -> None:
        if results is not None:
            self.show_classes(results.classes, name)
        self.name = name
        self._results = results
        self._is_counted = results is not None
        self._lay_out()

    def show_details(self, on: bool) -> None:
        """Show all classes with shares, or those that are confused most without."""
        self._details = on
        self._lay_out()
        self.updateGeometry()

    def _lay_out(self) -> None:
        self.shown = tuple(range(self.classes))
        if not self._details and self._results is not None:
            self.shown = self._results.most_confused(_FEW)
        elif not self._details:
            self.shown = self.shown[:_FEW]
        self._names = _size_of_names([self.name(one) for one in self.shown])
        self.cells = confusion_cells(self._results, self.name, self.shown)
        self.show_items()

    def show_classes(self, classes: int, name: Name) -> None:
        """Show an empty table of other classes; one of the same classes stays."""
        if self.classes != classes:
            self.pin(None)
            self.walk_to(None)
            self.classes = classes
            self.show_results(None, name)
            self.updateGeometry()

    def pin(self, pair: Pair | None) -> None:
        if pair != self.pinned:
            self.pinned = pair
            self.update()
            self.pair_pinned.emit(pair)

    def minimumSizeHint(self) -> QSize:
        scale = theme.text_scale()
        side = len(self.shown) * (_MIN_CELL if len(self.shown) <= _FEW else _MIN_OF_MANY)
        return QSize(side + round((_LEFT + _RIGHT) * scale), side + round(2 * _EDGE * scale))

    def _grid(self) -> QRectF:
        scale = theme.text_scale()
        edge = _EDGE * scale
        names = self._names.width() * Text.BODY * scale + 2 * Size.GRID
        left = max(_LEFT * scale, min(names, self.width() / _NAMES_PART))
        right = _RIGHT * scale if self._details else Size.GRID
        grid = QRectF(self.rect()).adjusted(left, edge, -right, -Size.GRID)
        if self._details and not self._is_shaded(grid):
            grid.setBottom(self.height() - edge)
        return grid

    def _is_shaded(self, grid: QRectF) -> bool:
        """Whether cells have no room for numbers: the tooltip and the table have them."""
        side = min(grid.width(), grid.height()) / len(self.shown)
        return side < _LEAST_READABLE * theme.text_scale()

    def name_text(self, growth: float) -> int:
        """Return the size of the names' text: it grows with the figures while all names fit."""
        first = self.box_of(0, 0)
        scale = theme.text_scale()
        wide = min(first.width(), first.left()) - Size.GRID
        # Above and below its ink, a line of text has room.
        fits = min(wide / self._names.width(), first.top() / (1.25 * self._names.height()))
        return max(round(min(Text.BODY * growth, fits / scale)), Text.AXIS)

    def _edges(self) -> tuple[list[float], list[float]]:
        """Return where columns and rows begin and end: names, classes, shares."""
        grid = self._grid()
        count = len(self.shown)
        parts = [place / count for place in range(count + 1)]
        across = (grid.left() + grid.width() * part for part in parts)
        down = (grid.top() + grid.height() * part for part in parts)
        return [0.0, *across, float(self.width())], [0.0, *down, float(self.height())]

    def box_of(
        self,
        row: int,
        column: int,
        edges: tuple[list[float], list[float]] | None = None,
    ) -> QRectF:
        """Return a cell's place; -1 is that of the names, and the last one that of the shares."""
        x, y = edges or self._edges()
        start = QPointF(x[column + 1], y[row + 1])
        return QRectF(start, QPointF(x[column + 2], y[row + 2]))

    def item(self, row: int, column: int) -> int:
        """Return the number of a cell; the last of a row or column is its share."""
        return row * self._side + column

    @property
    def _side(self) -> int:
        return len(self.shown) + self._details

    def pair(self, item: int) -> Pair:
        classes = (*self.shown, None)
        row, column = divmod(item, self._side)
        return classes[row], classes[column]

    def count(self) -> int:
        # Where both shares would be is no cell.
        return self._side**2 - self._details

    def item_at(self, point: QPointF) -> int | None:
        grid = self._grid()
        n = len(self.shown)
        last = self._side - 1
        row = int((point.y() - grid.top()) * n // grid.height())
        column = int((point.x() - grid.left()) * n // grid.width())
        item = self.item(min(row, last), min(column, last))
        return item if row >= 0 and column >= 0 and item < self.count() else None

    def place_of(self, item: int) -> QPointF:
        return self.box_of(*divmod(item, self._side)).center()

    def grid(self) -> tuple[int, int]:
        return self._side, self._side

    def describe(self, item: int) -> str:
        if not self._is_counted:
            return ""
        true, read = self.pair(item)
        row, column = divmod(item, self._side)
        cell = self.cells[row + 1][column + 1]
        share = cell.text or "–"
        if true is not None and read is None:
            return _("{share} of {label} were read correctly.", label=self.name(true), share=share)
        if true is None and read is not None:
            return _(
                "When it read {answer}, it was right {share} of the time.",
                answer=self.name(read),
                share=share,
            )
        title = describe_pair((true, read), self.name)
        times = describe_times(cell.count)
        return _("{name}: {text}.", name=title, text=times)

    def pick(self, item: int) -> bool:
        pair = self.pair(item)
        self.pin(None if pair == self.pinned else pair)
        return True

    def escape(self) -> bool:
        is_pinned = self.pinned is not None
        self.pin(None)
        return is_pinned

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        growth = self.growth()
        pinned = self._kept()
        kept = (None, None) if pinned is None else divmod(pinned, self._side)
        named = self.name_text(growth)
        edges = self._edges()
        is_shaded = self._is_shaded(self._grid())
        seen = self._side + 1
        for row, line in enumerate(self.cells[: seen - (is_shaded and self._details)]):
            for column, cell in enumerate(line[:seen]):
                box = self.box_of(row - 1, column - 1, edges)
                if cell.kind in ("word", "name"):
                    is_kept = (row - 1, column - 1) in ((kept[0], -1), (-1, kept[1]))
                    self._paint_name(painter, box, cell, named, is_kept)
                else:
                    self._paint_cell(painter, box, cell, growth, is_shaded)
        for marked, wide in ((self.current if self.hasFocus() else None, 1.0), (pinned, 2.5)):
            if marked is not None:
                box = self.box_of(*divmod(marked, self._side)).adjusted(1.5, 1.5, -1.5, -1.5)
                paint_frame(painter, box, "second", wide, 5)

    def _kept(self) -> int | None:
        """Return the cell of what is pinned, if it is shown."""
        items = range(self.count()) if self.pinned is not None else ()
        return next((item for item in items if self.pair(item) == self.pinned), None)

    def growth(self) -> float:
        """Return how much larger than usual figures are painted, so that they fill large cells."""
        box = self.box_of(0, 0)
        return max(1.0, min(box.width(), box.height()) / (_USUAL_CELL * theme.text_scale()))

    def _paint_name(
        self,
        painter: QPainter,
        box: QRectF,
        cell: Cell,
        named: int,
        kept: bool,
    ) -> None:
        is_name = cell.kind == "name"
        size = named if is_name else Text.LABEL
        write(
            painter,
            box,
            Qt.AlignCenter | Qt.TextDontClip,
            cell.text,
            size,
            "text" if kept else "muted",
            bold=is_name,
            elided=True,
        )

    def _paint_cell(
        self,
        painter: QPainter,
        box: QRectF,
        cell: Cell,
        growth: float,
        is_shaded: bool,
    ) -> None:
        """Paint a count: mistakes gray and bold, right answers tinted; shares plain."""
        text = cell.text
        if cell.kind == "share":
            # Cut, a figure would be read as another one: in narrow columns it is smaller.
            font = theme.font(Text.LABEL)
            if QFontMetricsF(font).horizontalAdvance(text) > box.width() - 2:
                font = theme.font(Text.AXIS)
                text = cell.short
        else:
            right = cell.kind == "right"
            # The accent means right: a mistake is gray.
            tint = theme.color("accent", 0.14)
            painter.setPen(Qt.NoPen)
            for shade in (
                tint if right else theme.color("hover"),
                theme.color("muted", cell.strength),
            ):
                painter.setBrush(shade)
                gap = 1.0 if is_shaded else 1.5
                round_ = 5 if gap > 1 else 2
                painter.drawRoundedRect(box.adjusted(gap, gap, -gap, -gap), round_, round_)
            if is_shaded:
                return
            small = len(text) > 3 or box.width() < _MIN_CELL
            size = Text.AXIS if small else Text.LABEL if right else Text.BODY
            font = theme.font(round(size * growth), bold=not right)
        part = (box.width() - 2) / max(QFontMetricsF(font).horizontalAdvance(text), 1)
        font.setPixelSize(max(1, int(font.pixelSize() * min(part, 1))))
        painter.setFont(font)
        ink = "accent" if cell.kind == "right" else "text"
        painter.setPen(theme.color("card" if cell.strength > _STRONG else ink))
        painter.drawText(box, Qt.AlignCenter, text)


def _size_of_names(names: Sequence[str]) -> QSizeF:
    font = theme.font(Text.BODY, bold=True)
    boxes = [QFontMetricsF(font).tightBoundingRect(name) for name in names]
    size = QSizeF(max(box.width() for box in boxes), max(box.height() for box in boxes))
    return size.expandedTo(QSizeF(1, 1)) / font.pixelSize()


def describe_pair(pair: Pair, name: Name) -> str:
    """Return the title for a cell's pictures."""
    true, read = pair
    fields: dict[str, object] = {"label": name(true or 0), "answer": name(read or 0)}
    if read is None:
        return _("{label} misread", **fields)
    if true is None:
        return _("Wrongly read as {answer}", **fields)
    if true == read:
        return _("{label} read correctly", **fields)
    return _("{label} read as {answer}", **fields)


def describe_times(count: int) -> str:
    return _("once") if count == 1 else counted("{count} time", "{count} times", count)
