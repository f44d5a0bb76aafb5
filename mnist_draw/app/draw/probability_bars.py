"""A bar for each digit, or for each other class: how probable the network finds it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial

from qtpy.QtCore import QEvent, QRectF, QSize, Qt, Signal
from qtpy.QtGui import (
    QColor,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPixmap,
)
from qtpy.QtWidgets import QProgressBar, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import (
    ArrayAnimation,
    blank_pixmap,
    opaque_painter,
    paint_frame,
    write_with,
)
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Keys, explain
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, cached_text
from mnist_draw.recognition.certainty import Certainty, format_probability

#: A bar's value counts thousandths.
FULL = 1000
#: How many of the best are shown, and the height of a row of them and of all.
BEST = 3
_BEST_ROW = 28
_ROW = 19
_BEST_BAR = 10
_BAR = 8
_NAME_WIDTH = 28
_FIGURE_WIDTH = 100
_SHORT_WIDTH = 60
#: Bars in one column, and columns, as long as there are no more; then columns become longer.
_IN_COLUMN = 16
_MAX_COLUMNS = 3
#: Names take at most this part of a bar's width.
_NAME_SHARE = 0.4
#: Figures below this probability stay empty.
LEAST = 0.01
#: The bars that show where an answer will be.
_GHOSTS = (0.62, 0.22, 0.08)
_LEFT = int(Qt.AlignLeft | Qt.AlignVCenter)
_REFUSED = _("Bars would mean nothing here.")
_OF_DIGITS = _(
    "How likely the network thinks each digit is. Press Up, Down or 0 to 9, or click a digit, to "
    "see its evidence; Esc returns to the answer. In a number, Left and Right choose the digit.",
)
_OF_CLASSES = _(
    "How likely the network thinks each class is. Press Up or Down, or click a class, to see its "
    "evidence; Esc returns to the answer.",
)


@cached_text
def _figure_width(scale: float) -> float:
    """Return the room for any figure: “over 99.9%” is longer in other languages."""
    metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
    widest = metrics.horizontalAdvance(format_probability(1.0)) + Size.FIELD_GAP
    return max(_FIGURE_WIDTH * scale, widest)


class ProbabilityBar(QProgressBar):
    """A class's probability in thousandths, for programs and screen readers; it paints nothing."""

    def __init__(self, digit: int, name: str, parent: QWidget, object_name: str) -> None:
        super().__init__(parent)
        self.setObjectName(f"{object_name}{digit}")
        self.setAccessibleName(_("Probability of {name}", name=name))
        self.setAttribute(Qt.WA_TransparentForMouseEvents)
        self.setRange(0, FULL)
        self.setTextVisible(False)
        # It would repaint itself at each new value: many paintings where one does.
        self.setUpdatesEnabled(False)
        self.name = name
        self.digit = digit

    def text(self) -> str:
        parent = self.parentWidget()
        known = isinstance(parent, ProbabilityBars) and parent.known
        return format_probability(self.value() / FULL) if known else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        pass


class ProbabilityBars(QWidget):
    """The bars of one answer, the three best or all, in columns where there are many classes."""

    digit_chosen = Signal()
    step_requested = Signal(int)

    def __init__(self, bar_name: str = "probabilityBar") -> None:
        super().__init__()
        self._bar_name = bar_name
        self.setObjectName(f"{bar_name}s")
        self.setFocusPolicy(Qt.StrongFocus)
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self.setCursor(Qt.PointingHandCursor)
        self.chosen: int | None = None
        self.all_shown = False
        self.names: tuple[str, ...] = ()
        self._values: tuple[float, ...] = ()
        #: What of them is seen.
        self._told: tuple[object, ...] = ()
        #: The classes in the accent's color.
        self.named: frozenset[int] = frozenset()
        #: Whether there is an answer whose bars mean something; or ink that is no digit.
        self.known = self.refused = False
        self.bars: list[ProbabilityBar] = []
        #: All that a bar's ground depends on, and the grounds of classes, strong and not.
        self._look: tuple[object, ...] = ()
        self._grounds: dict[tuple[int, bool], QPixmap] = {}
        self._animation = ArrayAnimation(self)
        Keys(self, self._meaning)
        self.show_classes(DIGITS)

    def show_classes(self, names: Sequence[str]) -> None:
        if tuple(names) == self.names:
            return
        self.names = tuple(names)
        for bar in self.bars:
            bar.hide()
            bar.deleteLater()
        self.bars = [
            ProbabilityBar(number, name, self, self._bar_name) for number, name in enumerate(names)
        ]
        self._order = list(range(len(names)))
        self.chosen = None
        self.show_nothing()
        digits = self.names == DIGITS
        explain(self, _("Probabilities"), _OF_DIGITS if digits else _OF_CLASSES)
        self._place()
        self.updateGeometry()

    def show_all(self, on: bool) -> None:
        if on != self.all_shown:
            self.all_shown = on
            self._place()
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        rows = self._rows if self.all_shown else min(BEST, len(self.names))
        return QSize(0, round(rows * self._row_height))

    @property
    def _row_height(self) -> float:
        return (_ROW if self.all_shown else _BEST_ROW) * theme.text_scale()

    @property
    def _columns(self) -> int:
        return self._columns_of_all if self.all_shown else 1

    @property
    def _columns_of_all(self) -> int:
        return min(-(-len(self.names) // _IN_COLUMN), _MAX_COLUMNS)

    @property
    def _rows(self) -> int:
        """How many rows all bars take."""
        return -(-len(self.names) // self._columns_of_all)

    @property
    def height_of_all(self) -> int:
        return round(self._rows * _ROW * theme.text_scale())

    def visible_digits(self) -> list[int]:
        return list(range(len(self.names))) if self.all_shown else self._order[:BEST]

    def largest_without_figure(self) -> float | None:
        """Return the largest hidden probability; None if no class is hidden."""
        shown = self.visible_digits()
        untold = [v for n, v in enumerate(self._values) if n not in shown or v < LEAST]
        return max(untold) if untold and self.known else None

    def _place(self) -> None:
        """Put the bars where they are painted, so that programs find them there."""
        places = {digit: place for place, digit in enumerate(self.visible_digits())}
        rows = self._rows if self.all_shown else BEST
        wide = (self.width() + Size.CARD_PADDING) / self._columns
        for bar in self.bars:
            place = places.get(bar.digit)
            bar.setVisible(place is not None)
            if place is not None:
                column, row = divmod(place, rows)
                left = round(column * wide)
                top = round(row * self._row_height)
                high = math.ceil(self._row_height)
                bar.setGeometry(left, top, round(wide) - Size.CARD_PADDING, high)

    def show_nothing(self, refused: bool = False) -> None:
        self._show((0.0,) * len(self.names), frozenset(), False, refused)

    def show_probabilities(self, probabilities: Sequence[float], certainty: Certainty) -> None:
        """Show the probabilities (0 to 1); of refused ink none."""
        if certainty.is_refused:
            self.show_nothing(refused=True)
        else:
            self._show(tuple(probabilities), frozenset(certainty.named), True, False)

    def _show(
        self,
        values: tuple[float, ...],
        named: frozenset[int],
        known: bool,
        refused: bool,
    ) -> None:
        self._values = values
        self.named = named
        self.known = known
        self.refused = refused
        best = sorted(range(len(self.names)), key=values.__getitem__, reverse=True)
        thousandths = [round(value * FULL) for value in values]
        told = thousandths, best[:BEST], named, known, refused
        moved = best[:BEST] != self._order[:BEST]
        self._order = best
        # What looks equal needs no painting.
        if told == self._told:
            return
        self._told = told
        for bar, value in zip(self.bars, thousandths, strict=True):
            if bar.value() != value:
                bar.setValue(value)
        if moved and not self.all_shown:
            self._place()
        if known:
            import numpy as np

            if self._animation.shown is None:
                # The first answer's bars grow from nothing.
                self._animation.shown = np.zeros(len(self.names))
            self._animation.animate_to(np.array(values))
        else:
            self._animation.stop()
            self._animation.shown = None
            self.update()

    def moments(self) -> list[float]:
        """Return what is painted now; it glides towards the probabilities."""
        shown = self._animation.shown
        return list(self._values) if shown is None else shown.tolist()

    def resizeEvent(self, event: QEvent) -> None:
        self._place()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = opaque_painter(self, "card")
        if self.refused:
            write_with(painter, Text.BODY, "muted")
            painter.drawText(self.rect(), _LEFT, _REFUSED)
        elif self.known:
            self._forget_other_looks()
            strong = self.named or frozenset(self._order[:1])
            moments = self.moments()
            for digit in self.visible_digits():
                self._paint_bar(painter, digit, moments[digit], digit in strong)
        else:
            for place, digit in enumerate(self.visible_digits()):
                area = QRectF(self.bars[digit].geometry())
                self._paint_ghost(painter, area, _GHOSTS[place] if place < BEST else 0.0)

    def _forget_other_looks(self) -> None:
        sizes = self.size(), theme.text_scale(), self.devicePixelRatioF()
        look = self.names, self.all_shown, theme.theme().colors, *sizes
        if look != self._look:
            self._look = look
            self._grounds.clear()

    def _ground(self, digit: int, area: QRectF, strong: bool) -> QPixmap:
        """Return what is below a bar and its figure: its name and its track."""
        found = self._grounds.get((digit, strong))
        if found is None:
            found = blank_pixmap(area.width(), area.height(), self.devicePixelRatioF())
            painter = QPainter(found)
            painter.setRenderHint(QPainter.Antialiasing)
            painter.translate(-area.topLeft())
            write_with(painter, self._name_size, "text" if strong else "muted", True)
            painter.drawText(area, _LEFT, self._name(digit, area))
            self._paint_track(painter, self._track(area), 1.0, theme.color("track"))
            painter.end()
            self._grounds[digit, strong] = found
        return found

    def _name(self, digit: int, area: QRectF) -> str:
        room = self._track(area).left() - area.left() - Size.TIGHT
        metrics = QFontMetricsF(theme.font(self._name_size, bold=True))
        return metrics.elidedText(self.names[digit], Qt.ElideRight, room)

    def _track(self, area: QRectF) -> QRectF:
        scale = theme.text_scale()
        high = _BAR if self.all_shown else _BEST_BAR
        left = _NAME_WIDTH * scale
        if self.names != DIGITS:
            metrics = QFontMetricsF(theme.font(self._name_size, bold=True))
            widest = max(metrics.horizontalAdvance(name) for name in self.names)
            left = min(max(left, widest + Size.FIELD_GAP), _NAME_SHARE * area.width())
        right = _figure_width(scale) if self._columns == 1 else _SHORT_WIDTH * scale
        top = area.center().y() - high / 2
        return QRectF(area.left() + left, top, max(area.width() - left - right, 1.0), high)

    @property
    def _name_size(self) -> int:
        return Text.BODY if self.all_shown else Text.SURER

    def _paint_bar(self, painter: QPainter, digit: int, moment: float, strong: bool) -> None:
        area = QRectF(self.bars[digit].geometry())
        value = self._values[digit]
        painter.drawPixmap(area.topLeft(), self._ground(digit, area, strong))
        track = self._track(area)
        color = theme.color("accent" if digit in self.named else "muted")
        self._paint_track(painter, track, moment, color)
        if value >= LEAST:
            write_with(painter, Text.BODY, "text" if strong else "muted", strong)
            figure = format_probability(value, short=self._columns > 1)
            draw_tabular(painter, area, figure, Qt.AlignRight)
        if self.chosen == digit or (self.hasFocus() and digit == self.explained_digit):
            self._paint_mark(painter, area, track, self._name(digit, area))

    def _paint_track(self, painter: QPainter, track: QRectF, part: float, color: QColor) -> None:
        radius = track.height() / 2
        painter.setPen(Qt.NoPen)
        if part >= LEAST:
            filled = QRectF(track)
            filled.setWidth(max(3.0, track.width() * part))
            painter.setClipRect(filled)
            painter.setBrush(color)
            painter.drawRoundedRect(track, radius, radius)
            painter.setClipping(False)

    def _paint_ghost(self, painter: QPainter, area: QRectF, part: float) -> None:
        track = self._track(area)
        self._paint_track(painter, track, 1.0, theme.color("track"))
        self._paint_track(painter, track, part, theme.color("muted", 0.3))
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("track"))
        side = min(area.height() - Size.TIGHT, Size.CARD_PADDING)
        top = area.center().y() - side / 2
        painter.drawRoundedRect(QRectF(area.left(), top, side, side), 3, 3)
        wide = min(60.0, area.right() - track.right() - Size.FIELD_GAP)
        figure = QRectF(area.right() - wide, track.top(), wide, track.height())
        painter.drawRoundedRect(figure, track.height() / 2, track.height() / 2)

    def _paint_mark(self, painter: QPainter, area: QRectF, track: QRectF, name: str) -> None:
        """Underline the digit whose evidence is shown; with the focus, frame its bar too."""
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.color("second"))
        metrics = QFontMetricsF(theme.font(self._name_size, bold=True))
        line = area.center().y() + metrics.ascent() / 2
        painter.drawRect(QRectF(area.left(), line, metrics.horizontalAdvance(name), 2))
        if self.hasFocus():
            paint_frame(painter, track.adjusted(-3, -3, 3, 3), "second", 1.5, Size.BAR)

    @property
    def explained_digit(self) -> int | None:
        if not self.known:
            return None
        return self._order[0] if self.chosen is None else self.chosen

    def choose(self, digit: int | None) -> None:
        if digit != self.chosen:
            self.chosen = digit
            self.update()
            self.digit_chosen.emit()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.LeftButton or not self.known:
            return
        for digit in self.visible_digits():
            if self.bars[digit].geometry().contains(event.pos()):
                self.choose(None if digit == self.chosen else digit)

    def _meaning(self, event: QKeyEvent) -> Callable[[], object] | None:
        if event.modifiers() & ~Qt.KeypadModifier:
            return None
        key = event.key()
        if Qt.Key_0 <= key <= Qt.Key_9 and self.names == DIGITS:
            return partial(self.choose, key - Qt.Key_0)
        meanings: dict[int, Callable[[], object]] = {
            Qt.Key_Up: partial(self._walk, -1),
            Qt.Key_Down: partial(self._walk, 1),
            Qt.Key_Left: partial(self.step_requested.emit, -1),
            Qt.Key_Right: partial(self.step_requested.emit, 1),
            Qt.Key_Escape: partial(self.choose, None),
        }
        return meanings.get(key)

    def _walk(self, step: int) -> None:
        shown = self.visible_digits()
        asked = self.explained_digit
        if asked is not None:
            at = shown.index(asked) if asked in shown else -1
            self.choose(shown[(at + step) % len(shown)])
