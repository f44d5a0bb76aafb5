"""One map of a convolution: at a place of it the patch, the filter and their products, pooled."""

from __future__ import annotations

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QFont, QPainter, QPaintEvent

from mnist_draw import i18n
from mnist_draw.analysis.why import Sum
from mnist_draw.app.inside.network.network_reader import Frame, Parts, Place, Unit
from mnist_draw.app.inside.network.units import pooled_shape
from mnist_draw.app.inside.rows_view import Picture, narrow_font, signed
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import paint_frame, smooth_painter, write_with
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.views import BoxesView
from mnist_draw.i18n import _, joined
from mnist_draw.networks.operations import OUTPUT_ACTIVATIONS

_EXPLAINED = _(
    "At each place of the map, the patch of the input is multiplied by the filter, and the "
    "products are added up. Pooling keeps the largest of neighboring places. Arrow keys go "
    "from place to place.",
)
#: Heights of a title and of a map, and between boxes, in pixels.
_TITLE = 20.0
_MAP = 92.0
_GAP = 8.0


class PooledView(BoxesView):
    #: Row and column of the place that is walked to.
    walked = Signal(int, int)

    def __init__(self) -> None:
        super().__init__("pooledView", _("This map"), _EXPLAINED)
        self._frame: Frame | None = None
        self._unit: Unit = (0, 0)
        #: The map, (H, W), as it is while it is switched on; after its pooling, if there is one.
        self.values = np.zeros((0, 0), np.float32)
        self.pooled: np.ndarray | None = None
        #: Patch, filter and products with their titles, of the input with the largest products.
        self.numbers: dict[str, np.ndarray] = {}
        self._place = (0, 0)

    def show_map(self, frame: Frame, parts: Parts, unit: Unit, place: Place) -> None:
        if unit != self._unit:
            self.walk_to(None)
        self._frame = frame
        self._unit = unit
        layer, number = unit
        found = self._sum_at(place)
        self._place = (found.place[0], found.place[1])
        compute = OUTPUT_ACTIVATIONS[frame.layers[layer].activation].compute
        self.values = compute(frame.passed.z[layer][0, number])
        is_pooled = bool(pooled_shape(frame.layers, layer))
        self.pooled = frame.passed.x[layer + 1][0, number] if is_pooled else None
        filters = parts.shown[layer].filter(number)
        products = found.inputs * filters
        chosen = int(np.abs(products).sum(axis=(1, 2)).argmax())
        source = _("patch") if len(filters) == 1 else _("map {number}", number=chosen)
        self.numbers = {
            source: found.inputs[chosen],
            _("× added") if parts.learned else _("× its filter"): filters[chosen],
            _("= products"): products[chosen],
        }
        self.setFixedHeight(self.sizeHint().height())
        self.update()

    def _sum_at(self, place: Place) -> Sum:
        assert self._frame is not None
        return self._frame.sum_of(self._unit, place)

    def sizeHint(self) -> QSize:
        rows = 2 // self._across()
        title = _TITLE * theme.text_scale()
        return QSize(240, round(title + _MAP + _GAP + rows * (title + self._side(self._across()))))

    minimumSizeHint = sizeHint

    def _side(self, across: int) -> float:
        return (max(self.width(), 240) - _GAP) / across

    def _across(self) -> int:
        """Return how many pictures are beside each other: numbers of both have two decimals."""
        return 2 if self._narrowed(2) is not None else 1

    def _narrowed(self, across: int) -> QFont | None:
        """Return a font in which numbers have room in their cells; None where none is so narrow."""
        columns = max((values.shape[1] for values in self.numbers.values()), default=1)
        font = theme.font(Text.AXIS)
        return font if narrow_font(font, "−.00", self._side(across) / columns) else None

    # -- walking through the places

    def count(self) -> int:
        return self.values.size

    def _box(self) -> QRectF:
        return QRectF(0, _TITLE * theme.text_scale(), _MAP, _MAP)

    def box_of(self, item: int) -> QRectF:
        return _cell(self._box(), self.values, *divmod(item, self.values.shape[1]))

    def grid(self) -> tuple[int, int]:
        high, wide = self.values.shape
        return high, wide

    def before_first(self) -> int:
        return self._place[0] * self.values.shape[1] + self._place[1]

    def walk_to(self, item: int | None) -> None:
        super().walk_to(item)
        if item is not None:
            self._place = divmod(item, self.values.shape[1])
            self.walked.emit(*self._place)

    def describe(self, item: int) -> str:
        row, column = divmod(item, self.values.shape[1])
        found = self._sum_at((row, column))
        products = signed(float(found.terms.sum(dtype=np.float64)))
        words = _(
            "Row {row}, column {column}: {count} products add up to {products}, with the bias to "
            "{sum}; the map is {value} there.",
            count=i18n.number(found.terms.size),
            row=row,
            column=column,
            products=products,
            sum=signed(found.z),
            value=i18n.number(found.a, ".2f"),
        )
        place = self._pooled_place(row, column)
        if self.pooled is not None and place is not None:
            value = i18n.number(float(self.pooled[place]), ".2f")
            pooled = _(
                "Pooled, row {row}, column {column}: {value}.",
                row=place[0],
                column=place[1],
                value=value,
            )
            return joined(words, pooled)
        return words

    def _pooled_place(self, row: int, column: int) -> tuple[int, int] | None:
        """Return where a place is after the pooling; None for what does not fill a square."""
        if self.pooled is None:
            return None
        high, wide = self.pooled.shape
        place = row // (len(self.values) // high), column // (self.values.shape[1] // wide)
        return place if place[0] < high and place[1] < wide else None

    # -- painting

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self.numbers:
            return
        painter = smooth_painter(self)
        box = self._box()
        _paint(painter, box, _("This map"), Picture(self.values, signed=True))
        paint_frame(painter, _cell(box, self.values, *self._place), "second", 2)
        if self.pooled is not None:
            right = box.translated(_MAP + _GAP, 0)
            _paint(painter, right, _("Pooled"), Picture(self.pooled, signed=True))
            place = self._pooled_place(*self._place)
            if place is not None:
                paint_frame(painter, _cell(right, self.pooled, *place), "second", 2)
        (patch, *shown) = self.numbers.items()
        left = 2 * (_MAP + _GAP)
        room = min(self.width() - left, _MAP)
        _paint(painter, QRectF(left, box.top(), room, room), patch[0], Picture(patch[1], True))
        top = box.bottom() + _TITLE * theme.text_scale()
        across = self._across()
        side = self._side(across)
        font = self._narrowed(across)
        for number, (title, values) in enumerate(shown):
            row, column = divmod(number, across)
            below = row * (side + _TITLE * theme.text_scale())
            small = QRectF(column * (side + _GAP), top + below, side, side)
            # Half the color, so that figures are legible on it.
            largest = 0.0 if font is None else 2 * float(np.abs(values).max())
            _paint(painter, small, title, Picture(values, True, largest))
            if font is not None:
                painter.setFont(font)
                painter.setPen(theme.color("text"))
                for place, value in np.ndenumerate(values):
                    cell = _cell(small, values, *place)
                    painter.drawText(cell, Qt.AlignCenter | Qt.TextDontClip, short(float(value)))


def _cell(box: QRectF, values: np.ndarray, row: int, column: int) -> QRectF:
    high = box.height() / values.shape[0]
    wide = box.width() / values.shape[1]
    return QRectF(box.left() + column * wide, box.top() + row * high, wide, high)


def _paint(painter: QPainter, box: QRectF, title: str, picture: Picture) -> None:
    write_with(painter, Text.LABEL, "muted")
    painter.drawText(box.topLeft() - QPointF(0, 5), title)
    picture.paint(painter, box)
    paint_frame(painter, box, "line", 1)


def short(value: float) -> str:
    """Return a number for a small cell: ``"−.12"``, ``"1.30"``, ``"0"``."""
    if not round(value, 2):
        return "0"
    words = i18n.number(value, ".2f")
    return words.replace("0", "", 1) if abs(value) < 1 else words
