"""The plain picture of a network: the strokes that it found, for the answer and against it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from qtpy.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, QVariantAnimation, Signal
from qtpy.QtGui import QFontMetricsF, QPainter, QPainterPath, QPaintEvent, QPen
from qtpy.QtWidgets import QWidget

from mnist_draw.analysis.strokes import (
    MOST_AGAINST,
    MOST_FOR,
    Stroke,
    Strokes,
    describe_stroke,
    headline,
)
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    LEFT,
    draw_with,
    ink_image,
    paint_box,
    paint_frame,
    paint_gray,
    paint_sharp,
    smooth_painter,
    write,
)
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import BoxesView
from mnist_draw.app.kit.widgets import claims_key
from mnist_draw.dataset.normalise import SIDE
from mnist_draw.i18n import _, joined
from mnist_draw.library.network_data import Name

#: Tiles in a row; their largest side, and what is left of them for the lines from the picture.
_ACROSS = 3
_TILE = 260.0
_LINES = 72.0
#: From a tile to its bar, its height, and from there to the next row; between the tiles of a row.
_TO_BAR = 5.0
_BAR = 6.0
_BELOW = 13.0
#: Right of the tiles: their bracket, then the bundles, which are so wide together.
_BRACKET = 14.0
_BUNDLES = 120.0
_BOTH = 22.0
#: The pen rests so long before a light runs through, which takes so long, in milliseconds.
_REST_MS = 150
_LIGHT_MS = 600
#: Of a ghost's color.
_GHOST = 0.5


class StrokesView(BoxesView):
    """Tiles of strokes, and how much all units speak for the answer and for the runner-up."""

    #: A stroke is switched off, or on again.
    toggled = Signal(int)
    all_on = Signal()

    SIZE = (640, 540)
    LEAST_SIZE = (400, 420)

    def __init__(
        self,
        line_start: Callable[[], QPointF],
        ends: Callable[[], tuple[float, float]],
    ) -> None:
        super().__init__(
            "strokesView",
            _("Strokes"),
            _(
                "The strokes that speak most for the answer and for the second guess. Arrow "
                "keys go from one to the next; Space or a click switches one off, Esc "
                "switches all on.",
            ),
        )
        self.strokes: Strokes | None = None
        self.off: frozenset[int] = frozenset()
        self.is_muted = False
        self.name: Name = str
        #: Where the lines to the tiles begin, and where the bundles end.
        self._line_start = line_start
        self._ends = ends
        self._picture = np.zeros((SIDE, SIDE), np.float32)
        self._places: list[Stroke] = []
        self._light = QVariantAnimation(self)
        self._light.setDuration(_LIGHT_MS)
        self._light.setStartValue(0.0)
        self._light.setEndValue(1.0)
        self._light.valueChanged.connect(lambda: self.update())
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self._light.start)

    def show_strokes(self, strokes: Strokes | None, picture: np.ndarray | None) -> None:
        """Show what was found in a picture; None: ghosts."""
        self._light.stop()
        if strokes is not None and picture is not None:
            is_new = self.strokes is None or picture is not self._picture
            self._picture = picture
            if is_new and theme.theme().motion and self.isVisible():
                self._rest.start()
        self._places = [] if strokes is None else self._ordered(strokes)
        self.strokes = strokes
        self.show_items()

    def _ordered(self, strokes: Strokes) -> list[Stroke]:
        """Return the strokes as they are shown: one that stays keeps its tile."""
        found: list[Stroke] = []
        before = [tuple(stroke.units) for stroke in self._places]
        split = len(self.strokes.most) if self.strokes is not None else 0
        for some, old in ((strokes.most, before[:split]), (strokes.least, before[split:])):
            places = {tuple(stroke.units): stroke for stroke in some}
            kept = [places.pop(units, None) for units in old[: len(some)]]
            kept += [None] * (len(some) - len(kept))
            rest = iter(places.values())
            found += [stroke or next(rest) for stroke in kept]
        return found

    @property
    def _split(self) -> int:
        return MOST_FOR if self.strokes is None else len(self.strokes.most)

    def count(self) -> int:
        return len(self._places)

    def stroke(self, item: int) -> Stroke:
        return self._places[item]

    def is_off(self, item: int) -> bool:
        return self.off.issuperset(self._places[item].units.tolist())

    def describe(self, item: int) -> str:
        if self.strokes is None:
            return ""
        stroke = self._places[item]
        shown = (*self.strokes.most, *self.strokes.least)
        return describe_stroke(self.strokes, shown.index(stroke), self.name)

    def resting_words(self) -> str:
        words = "" if self.strokes is None else " ".join(headline(self.strokes))
        return joined(words, super().resting_words())

    def tip_of(self, item: int) -> str:
        # What is pointed at is said at the foot, and covers nothing.
        return ""

    def pick(self, item: int) -> bool:
        self.toggled.emit(item)
        return True

    def leaveEvent(self, event: QEvent) -> None:
        self.walk_to(None)

    def event(self, event: QEvent) -> bool:
        # Esc means something to the tab, too.
        return claims_key(
            event,
            lambda key: key.key() == Qt.Key_Escape and bool(self.off),
        ) or super().event(event)

    def escape(self) -> bool:
        self.all_on.emit()
        return True

    # -- places

    @property
    def _line(self) -> float:
        return 20 * theme.text_scale()

    @property
    def _tile(self) -> float:
        """Return the side of a tile: as large as there is room for three rows and columns."""
        titles = 3 * (self._line + Size.TIGHT)
        high = (self.height() - titles - 3 * (_TO_BAR + _BAR) - 2 * _BELOW - 2) / 3
        wide = (self.width() - _LINES - _BRACKET - self._bundle_room) / _ACROSS - self._gap
        return max(40.0, min(_TILE, high, wide))

    @property
    def _bundle_room(self) -> float:
        return min(_BUNDLES, 0.12 * self.width())

    @property
    def _gap(self) -> float:
        return 22.0 if self.width() > 560 else 12.0

    def _titles(self) -> tuple[float, float]:
        """Return the tops of both titles."""
        top = self._line + Size.TIGHT
        rows = 2 * (self._tile + _TO_BAR + _BAR + _BELOW)
        return top, top + self._line + Size.TIGHT + rows

    def box_of(self, item: int) -> QRectF:
        split = self._split
        place = item if item < split else item - split
        row, column = divmod(place, _ACROSS)
        top = self._titles()[item >= split] + self._line + Size.TIGHT
        tile = self._tile
        left = _LINES + column * (tile + self._gap)
        return QRectF(left, top + row * (tile + _TO_BAR + _BAR + _BELOW), tile, tile)

    def grid(self) -> tuple[int, int]:
        return -(-self.count() // _ACROSS), _ACROSS

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        strokes = self.strokes
        items = range(self.count()) if strokes is not None else range(MOST_FOR + MOST_AGAINST)
        if strokes is not None:
            self._paint_headline(painter, strokes)
        self._paint_lines(painter)
        for item in items:
            self._paint_tile(painter, item)
        if strokes is not None:
            self._paint_bundles(painter, strokes)
        if self._light.state() == QVariantAnimation.Running:
            self._paint_light(painter, self._light.currentValue())

    def _paint_headline(self, painter: QPainter, strokes: Strokes) -> None:
        bold, rest = headline(strokes)
        box = QRectF(_LINES, 0, self.width() - _LINES, self._line)
        write(painter, box, LEFT, bold, Text.BODY, "text", bold=True)
        box.setLeft(box.left() + painter.fontMetrics().horizontalAdvance(f"{bold} "))
        write(painter, box, LEFT, rest, Text.BODY, "text", elided=True)
        titles = zip((strokes.answer, strokes.rival), ("accent", "second"), strict=True)
        for top, (digit, color), there in zip(
            self._titles(),
            titles,
            (strokes.most, strokes.least),
            strict=True,
        ):
            if there:
                said = _("These speak most for {name}:", name=self.name(digit))
                box = QRectF(_LINES, top, self.width() - _LINES, self._line)
                write(
                    painter,
                    box,
                    LEFT,
                    said,
                    Text.BODY,
                    "muted" if self.is_muted else color,
                    bold=True,
                    elided=True,
                )

    def _rows(self) -> list[QRectF]:
        """Return the first tile of each row that is there."""
        count = self.count() if self.strokes is not None else MOST_FOR + MOST_AGAINST
        firsts = {self.box_of(item).top(): self.box_of(item) for item in range(count)}
        return [
            QRectF(_LINES, top, box.width(), box.height()) for top, box in sorted(firsts.items())
        ]

    def _paths(self) -> list[QPainterPath]:
        """Return the lines from the picture to the rows of tiles."""
        start = self._line_start()
        found = []
        for box in self._rows():
            path = QPainterPath(start)
            end = QPointF(box.left() - 10, box.center().y())
            bend = QPointF(0.55 * (end.x() - start.x()), 0)
            path.cubicTo(start + bend, end - bend, end)
            found.append(path)
        return found

    def _paint_lines(self, painter: QPainter) -> None:
        draw_with(painter, "edge", 1.5)
        for path in self._paths():
            end = path.currentPosition()
            painter.drawPath(path)
            painter.drawPolyline(end + QPointF(-6, -4), end, end + QPointF(-6, 4))

    def _paint_tile(self, painter: QPainter, item: int) -> None:
        box = self.box_of(item)
        is_for = item < self._split
        if self.strokes is None:
            painter.setOpacity(_GHOST)
            paint_box(painter, box, "track", "track", Size.FIELD_RADIUS)
            painter.setOpacity(1.0)
            return
        stroke = self._places[item]
        color = "muted" if self.is_muted else "accent" if is_for else "second"
        draw_with(painter, "edge", 1, Qt.SolidLine if is_for else Qt.DashLine, fill="paper")
        painter.drawRoundedRect(box, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
        inner = box.adjusted(4, 4, -4, -4)
        is_off = self.is_off(item)
        strength = 0.25 if is_off else 1.0
        painter.setOpacity(0.3 * strength)
        paint_sharp(painter, inner, ink_image(self._picture))
        painter.setOpacity(strength)
        paint_sharp(painter, inner, ink_image(stroke.ink * (self._picture > 0), color))
        painter.setOpacity(1.0)
        largest = max(abs(each.part) for each in self._places)
        wide = 0 if is_off else max(2.0, box.width() * abs(stroke.part) / largest)
        draw_with(painter, fill=color)
        bar = QRectF(box.left(), box.bottom() + _TO_BAR, wide, _BAR)
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        if is_off:
            draw_with(painter, "text", 1.5)
            painter.drawLine(inner.topLeft(), inner.bottomRight())
            painter.drawLine(inner.topRight(), inner.bottomLeft())
        if item == self.current:
            paint_frame(painter, box, "accent" if is_for else "second", 2, Size.FIELD_RADIUS)

    def _brackets(self) -> list[QRectF]:
        """Return what the brackets right of the tiles of both kinds span."""
        rows = self._rows()
        split = -(-self._split // _ACROSS)
        x = _LINES + _ACROSS * (self._tile + self._gap) - self._gap + 8
        return [
            QRectF(x, some[0].top(), 8, some[-1].bottom() - some[0].top())
            for some in (rows[:split], rows[split:])
            if some
        ]

    def _bundle(self, bracket: QRectF, end: float) -> QPainterPath:
        start = QPointF(bracket.right() + 4, bracket.center().y())
        goal = QPointF(self.width() - 8.0, end)
        bend = QPointF((goal.x() - start.x()) / 2, 0)
        path = QPainterPath(start)
        path.cubicTo(start + bend, goal - bend, goal)
        return path

    def _paint_bundles(self, painter: QPainter, strokes: Strokes) -> None:
        sums = strokes.bundles(sorted(self.off))
        whole = max(sum(sums), 1e-9)
        colors = ("muted", "muted") if self.is_muted else ("accent", "second")
        sides = [side for side, there in enumerate((strokes.most, strokes.least)) if there]
        ends = self._ends()
        for side, bracket in zip(sides, self._brackets(), strict=True):
            color = theme.color(colors[side])
            line = Qt.DashLine if side else Qt.SolidLine
            painter.setBrush(Qt.NoBrush)
            painter.setPen(QPen(color, 2, line))
            right = bracket.right()
            painter.drawPolyline(
                bracket.topLeft(),
                QPointF(right, bracket.top()),
                QPointF(right, bracket.bottom()),
                bracket.bottomLeft(),
            )
            width = max(1.5, _BOTH * sums[side] / whole)
            pen = QPen(theme.color(colors[side], 0.9), width, Qt.SolidLine, Qt.RoundCap)
            if side:
                # In widths of the line.
                pen.setDashPattern([max(0.8, 8 / width), max(2.2, 10 / width)])
            painter.setPen(pen)
            painter.drawPath(self._bundle(bracket, ends[side]))

    def _paint_light(self, painter: QPainter, part: float) -> None:
        """Paint the light, first on its way to the tiles, then on that to the answer."""
        paths = self._paths()
        if part >= 0.5:
            ends = zip(self._brackets(), self._ends(), strict=False)
            paths = [self._bundle(*each) for each in ends]
        draw_with(painter, fill="accent")
        for path in paths:
            painter.drawEllipse(path.pointAtPercent(2 * part % 1), 5, 5)


_BECOMES = _("Your drawing becomes 28×28 pixels.")
#: Side of one of the network's pixels, at most.
_LARGEST_PIXEL = 8


class PixelsView(QWidget):
    """What the network gets, below the board."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pixelsView")
        self.setAccessibleName(_("What it sees"))
        self._picture: np.ndarray | None = None
        theme.theme().changed.connect(self.update)

    def show_picture(self, picture: np.ndarray | None) -> None:
        self._picture = picture
        self.update()

    def box(self) -> QRectF:
        """Return where the pixels are: whole pixels of the screen for each."""
        line = 20 * theme.text_scale()
        words = QFontMetricsF(theme.font(Text.LABEL)).horizontalAdvance(_BECOMES)
        lines = math.ceil(1.1 * words / self.width())
        room = min(self.width(), self.height() - line - Size.GRID - 0.9 * lines * line)
        side = SIDE * min(_LARGEST_PIXEL, max(2, int(room // SIDE)))
        return QRectF((self.width() - side) / 2, line, side, side)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        box = self.box()
        draw_with(painter, "muted", 2)
        end = QPointF(self.width() / 2, box.top() - 4)
        painter.drawLine(end - QPointF(0, 12), end)
        painter.drawPolyline(end + QPointF(-5, -5), end, end + QPointF(5, -5))
        painter.fillRect(box, Qt.black)
        if self._picture is not None:
            paint_gray(painter, box, self._picture)
        below = QRectF(0, box.bottom() + Size.GRID, self.width(), self.height() - box.bottom())
        write(
            painter,
            below,
            Qt.AlignHCenter | Qt.AlignTop | Qt.TextWordWrap,
            _BECOMES,
            Text.LABEL,
            "muted",
        )
