"""What the film shows: one unit's weights, all answers, and the slider along the accuracy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from qtpy.QtCore import QPointF, QRectF, QSize, Qt, Signal
from qtpy.QtGui import QMouseEvent, QPainter, QPaintEvent, QPolygonF
from qtpy.QtWidgets import QSizePolicy, QSlider

from mnist_draw import i18n
from mnist_draw.analysis.film import END, Note
from mnist_draw.analysis.network_probe import neighbor_correlation
from mnist_draw.analysis.sentences import describe_learned
from mnist_draw.app.draw.probability_bars import ProbabilityBars
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    CENTER,
    RIGHT,
    draw_with,
    image_of,
    mosaic,
    paint_frame,
    paint_signed,
    smooth_painter,
    write,
    write_with,
)
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.views import BoxesView, PaintedView
from mnist_draw.app.kit.widgets import explain
from mnist_draw.i18n import _
from mnist_draw.recognition.certainty import Certainty, format_probability

_EXPLAINED = _("How probable each class is after these steps; ticks: before the first.")
#: Steps of which a small picture is shown.
_SMALL = (1, 2, 5, 10, 20, 50, 100, 200)
#: The least side of a small picture, which takes this part of the height where there is more, and
#: the line below a large one, in pixels.
_SIDE = 40
_SMALL_PART = 0.14
_LINE = 18


def _paint_weights(painter: QPainter, box: QRectF, weights: np.ndarray) -> None:
    """Paint the weights of one unit, or of several filters in a square."""
    painter.fillRect(box, theme.color("paper"))
    side = math.ceil(math.sqrt(len(weights)))
    values = weights[0] if side == 1 else mosaic(weights, side, side)
    paint_signed(painter, box, values)


class UnitView(BoxesView):
    """A unit's weights now, what it has learned, and that after some steps."""

    number_chosen = Signal(int)

    SIZE = (470, 240)
    LEAST_SIZE = (340, 176)

    def __init__(self) -> None:
        super().__init__(
            "unitView",
            _("One unit"),
            _(
                "Its weights now, what it has learned so far, and what it had learned after "
                "fewer steps. Arrow keys go from one to the next.",
            ),
        )
        self._notes: Mapping[int, Note] = {}
        self._number = 0
        self._unit: int | None = 0
        self._numbers: list[int] = []

    def show_unit(self, notes: Mapping[int, Note], number: int, unit: int | None) -> None:
        """Show a frame's unit; None: all filters of a convolution."""
        self._notes = notes
        self._number = number
        self._unit = unit
        self._numbers = [one for one in _SMALL if one in notes]
        self.show_items()

    def resting_words(self) -> str:
        return f"{self.heading()}. {self.words()}."

    def heading(self) -> str:
        return _("weights now") if self._number else _("weights: noise")

    def words(self) -> str:
        learned = self.learned(self._number)
        agree = 0.0
        if self._unit is not None and learned is not None and learned.any():
            agree = neighbor_correlation(learned.reshape(-1, 1))
        return describe_learned(self._number, agree)

    def learned(self, number: int) -> np.ndarray | None:
        """Return what the units have learned up to a frame: weights less those of the start."""
        if number not in self._notes or 0 not in self._notes:
            return None
        return self._of(number) - self._of(0)

    def _of(self, number: int) -> np.ndarray:
        looks = self._notes[number].looks
        return looks if self._unit is None else looks[self._unit : self._unit + 1]

    def _boxes(self) -> tuple[QRectF, QRectF, float]:
        """Return the places of both large pictures, and the side of the small ones."""
        scale = theme.text_scale()
        small = max(_SIDE * scale, _SMALL_PART * self.height())
        line = _LINE * scale
        high = self.height() - line - small - Size.FIELD_GAP
        side = min((self.width() - 3 * Size.MARGIN) / 2, high)
        right = self.width() - side
        return QRectF(0, 0, side, side), QRectF(right, 0, side, side), small

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        now, learned, _small = self._boxes()
        line = _LINE * theme.text_scale()
        if 0 not in self._notes:
            return
        _paint_weights(painter, now, self._of(self._number))
        change = self.learned(self._number)
        if change is not None and change.any():
            _paint_weights(painter, learned, change)
        else:
            self._paint_ghost(painter, learned)
        write(
            painter,
            now.adjusted(0, now.height(), 0, line),
            CENTER,
            self.heading(),
            Text.LABEL,
            "muted",
        )
        write(
            painter,
            learned.adjusted(0, learned.height(), 0, line),
            CENTER,
            self.words(),
            Text.LABEL,
            "text",
            bold=bool(self._number),
        )
        between = QRectF(now.right(), now.top(), learned.left() - now.right(), now.height())
        write(painter, between, CENTER, "→", Text.FIGURE, "muted")
        for place, number in enumerate(_SMALL):
            box = self._small_box(place)
            weights = self.learned(number)
            if weights is None:
                self._paint_ghost(painter, box)
                continue
            _paint_weights(painter, box, weights)
            if number == self._number:
                paint_frame(painter, box, "accent", 2, 3)
            if self.hasFocus() and self.current == self._numbers.index(number):
                paint_frame(painter, box.adjusted(-2, -2, 2, 2), "second", 2, 3)

    def _paint_ghost(self, painter: QPainter, box: QRectF) -> None:
        draw_with(painter, "line", 1, Qt.DashLine)
        painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)

    def _small_box(self, place: int) -> QRectF:
        small = self._boxes()[2]
        step = (self.width() - small) / (len(_SMALL) - 1)
        small = min(small, step - Size.TIGHT)
        return QRectF(place * step, self.height() - small - 2, small, small)

    # -- the small pictures

    def count(self) -> int:
        return len(self._numbers)

    def box_of(self, item: int) -> QRectF:
        return self._small_box(_SMALL.index(self._numbers[item]))

    def describe(self, item: int) -> str:
        return i18n.counted("After {count} step", "After {count} steps", self._numbers[item])

    def pick(self, item: int) -> bool:
        self.number_chosen.emit(self._numbers[item])
        return True


#: The largest height of an answer's row, in logical pixels.
_ROW = 40


class AnswerBars(ProbabilityBars):
    """How probable each class is now, with a tick for before the first step."""

    def __init__(self) -> None:
        super().__init__("filmBar")
        self.setFocusPolicy(Qt.NoFocus)
        self.setCursor(Qt.ArrowCursor)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setMinimumSize(260, 176)
        self._before: Sequence[float] = ()
        self._label: int | None = None
        self.show_all(True)

    @property
    def _row_height(self) -> float:
        return min(_ROW * theme.text_scale(), self.height() / self._rows)

    def sizeHint(self) -> QSize:
        return QSize(540, 240)

    def choose(self, digit: int | None) -> None:
        """No evidence is shown here."""

    def show_answer(
        self,
        names: tuple[str, ...],
        before: Sequence[float],
        now: Sequence[float],
        label: int | None,
        certainty: Certainty | None,
    ) -> None:
        """Show the probabilities of a picture; none are known yet where they are empty."""
        self.show_classes(names)
        explain(self, _("Its answer"), _EXPLAINED)
        self._before = before
        self._label = label
        if certainty is None:
            self.show_nothing()
        else:
            is_right = certainty.is_named_alone and certainty.named == (label,)
            self._show(tuple(now), frozenset(certainty.named if is_right else ()), True, False)
        words = [
            f"{name} {format_probability(part, short=True)}"
            for name, part in zip(names, now, strict=False)
        ]
        self.setAccessibleDescription(i18n.listed(words))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = smooth_painter(self)
        if self._label is not None:
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.color("accent", 0.14))
            painter.drawRoundedRect(self.bars[self._label].geometry(), 4, 4)
        for bar, part in zip(self.bars, self._before, strict=False):
            track = self._track(QRectF(bar.geometry()))
            x = track.left() + part * track.width()
            painter.fillRect(QRectF(x - 1, track.top() - 5, 2, Size.BAR + 10), theme.color("text"))


#: Margins of the slider: words at the left, the end at the right; heights of the curve's top, of
#: its bottom, of the track.
_AT_LEFT = 60
_AT_RIGHT = 52
_TOP = 8
_ABOVE_TRACK = 40
_TRACK = 30
#: The place of step 1, as a part of the way from 1 to 10 steps; at least so many are on the axis.
_FIRST = 0.11
_MOST = 500


class FilmSlider(QSlider):
    """Walks through the frames; above it the accuracy of each."""

    number_chosen = Signal(int)

    def __init__(self) -> None:
        super().__init__(Qt.Horizontal)
        self.setObjectName("filmSlider")
        explain(
            self,
            _("Film"),
            _("Go to the network after this many steps: nothing is computed again."),
            "← →",
        )
        self.setFocusPolicy(Qt.StrongFocus)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.setPageStep(1)
        self._stops: tuple[int, ...] = (0, END)
        self._notes: Mapping[int, Note] = {}
        self._counted = 1
        self.valueChanged.connect(self._choose)
        theme.theme().changed.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, theme.scaled(92))

    def minimumSizeHint(self) -> QSize:
        return QSize(300, theme.scaled(76))

    @property
    def number(self) -> int:
        return self._stops[self.value()]

    def show_film(
        self,
        numbers: Sequence[int],
        notes: Mapping[int, Note],
        counted: int,
        number: int,
    ) -> None:
        self._stops = (*numbers, END)
        self._notes = notes
        self._counted = counted
        self.blockSignals(True)
        self.setRange(0, len(numbers))
        self.setValue(self._stops.index(number))
        self.blockSignals(False)
        self.update()

    def _choose(self) -> None:
        self.number_chosen.emit(self.number)

    def _x(self, number: int) -> float:
        scale = theme.text_scale()
        left = _AT_LEFT * scale
        right = self.width() - _AT_RIGHT * scale
        if number == END:
            return right
        most = max(_MOST, *self._stops)
        far = right - _AT_RIGHT * scale
        part = 0.0 if not number else _FIRST + math.log10(number)
        return left + (far - left) * part / (_FIRST + math.log10(most))

    def _y(self, number: int) -> float:
        scale = theme.text_scale()
        bottom = self.height() - _ABOVE_TRACK * scale
        part = self._notes[number].right / self._counted
        return bottom - part * (bottom - _TOP * scale)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.LeftButton:
            away = [abs(self._x(number) - event.x()) for number in self._stops]
            self.setValue(away.index(min(away)))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        event.accept()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        scale = theme.text_scale()
        first = self._x(0)
        end = self._x(END)
        y = self.height() - _TRACK * scale
        bottom = self.height() - _ABOVE_TRACK * scale
        draw_with(painter, "line")
        for level in (_TOP * scale, bottom):
            painter.drawLine(QPointF(first, level), QPointF(end, level))
        write_with(painter, Text.AXIS, "muted")
        words = (i18n.percent(1), i18n.percent(0))
        for text, level in zip(words, (_TOP * scale, bottom), strict=True):
            painter.drawText(QRectF(0, level - 9, first - 10, 18), RIGHT, text)
        last = max(_MOST, *self._stops)
        draw_with(painter, "track", 4, cap=Qt.RoundCap)
        painter.drawLine(QPointF(first, y), QPointF(self._x(last), y))
        draw_with(painter, "muted", 2, Qt.DotLine)
        painter.drawLine(QPointF(self._x(last) + 8, y), QPointF(end - 6, y))
        here = self._x(self.number)
        if self.number != END:
            draw_with(painter, "accent", 4, cap=Qt.RoundCap)
            painter.drawLine(QPointF(first, y), QPointF(here, y))
        self._paint_curve(painter)
        self._paint_stops(painter, y)
        draw_with(painter, fill="accent")
        painter.drawEllipse(QPointF(here, y), 7, 7)
        if self.hasFocus():
            draw_with(painter, "second", 2)
            painter.drawEllipse(QPointF(here, y), 10, 10)

    def _paint_curve(self, painter: QPainter) -> None:
        known = [number for number in self._stops if number in self._notes]
        points = {number: QPointF(self._x(number), self._y(number)) for number in known}
        curve = [points[number] for number in known if number != END]
        draw_with(painter, "second", 2)
        painter.drawPolyline(QPolygonF(curve))
        if self.number in points:
            draw_with(painter, "accent", 1, Qt.DashLine)
            here = points[self.number]
            painter.drawLine(here, QPointF(here.x(), self.height() - _TRACK * theme.text_scale()))
        draw_with(painter, "second", 2)
        if END in points:
            painter.setBrush(theme.color("card"))
            painter.drawEllipse(points[END], 5, 5)
        draw_with(painter, fill="second")
        for point in curve:
            painter.drawEllipse(point, 2.5, 2.5)
        if END in points:
            words = i18n.format_percent(self._notes[END].right / self._counted)
            box = QRectF(points[END].x() - 70, points[END].y() + 6, 60, 16)
            write(painter, box, RIGHT, words, Text.AXIS, "muted")

    def _paint_stops(self, painter: QPainter, y: float) -> None:
        """Write numbers below the track: first that of the frame, others where there is room."""
        written: list[float] = []
        for number in (self.number, 0, END, 10, 100, _MOST, 1):
            x = self._x(number)
            if any(abs(x - other) < 36 * theme.text_scale() for other in written):
                continue
            written.append(x)
            is_here = number == self.number
            words = {0: _("start"), END: _("end")}.get(number, i18n.number(number))
            write(
                painter,
                QRectF(x - 40, y + 9, 80, 18),
                CENTER,
                words,
                Text.AXIS,
                "text" if is_here else "muted",
                bold=is_here,
            )


_NEXT_COLUMNS = 5


class NextPictures(PaintedView):
    """Some pictures of the next step, white on black."""

    SIZE = (196, 160)
    LEAST_SIZE = (120, 80)

    def __init__(self) -> None:
        super().__init__("nextPictures", _("It learns from these"), _("Pictures of the next step."))
        self.setFocusPolicy(Qt.NoFocus)
        self._pictures = np.zeros((0, 28, 28), np.uint8)

    def show_pictures(self, pictures: np.ndarray) -> None:
        self._pictures = pictures
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = smooth_painter(self)
        # In whole rows as wide as the card.
        rows = max(1, self.height() * _NEXT_COLUMNS // self.width())
        box = QRectF(0, 0, self.width(), rows * self.width() / _NEXT_COLUMNS)
        shown = self._pictures[: rows * _NEXT_COLUMNS]
        if len(shown):
            paint_minibatch(painter, box, shown)


def paint_minibatch(painter: QPainter, box: QRectF, pictures: np.ndarray) -> QRectF:
    """Paint pictures, uint8 (N, 28, 28), in rows that fill a box; return where the first is."""
    count = len(pictures)
    # The largest, and of equal ones the layout that is as wide as the box.
    columns = max(
        range(1, count + 1),
        key=lambda n: (int(min(box.width() / n, box.height() / math.ceil(count / n))), n),
    )
    rows = math.ceil(count / columns)
    cell = min(box.width() / columns, box.height() / rows)
    framed = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    place = QRectF(box.left(), box.top(), columns * cell, rows * cell)
    painter.setRenderHint(QPainter.SmoothPixmapTransform)
    painter.drawImage(place, image_of(mosaic(framed, rows, columns, 0)))
    return QRectF(place.left(), place.top(), cell, cell)
