"""A bar for each digit, or for each other class: how probable the network finds it."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

from PyQt5.QtCore import QEvent, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PyQt5.QtWidgets import QGridLayout, QProgressBar, QSizePolicy, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.formatting import format_probability
from mnist_draw.app.kit.painters import ArrayAnimation
from mnist_draw.app.kit.steady_labels import draw_tabular
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import claims_key, explain
from mnist_draw.dataset.classes import DIGITS, with_article

#: A bar's value counts thousandths.
FULL = 1000
_ROW = 22
_LOWEST_ROW, _HIGHEST_ROW = 18, 40
_NAME_WIDTH = 24
_FIGURE_WIDTH = 88
#: Bars in one column, and columns, as long as there are no more; then columns become longer.
_IN_COLUMN, _MAX_COLUMNS = 16, 4
#: Least width of a bar with its name and figure, in one of up to three columns and of more.
_MIN_WIDTH, _MIN_OF_MANY = 140, 112
#: Names take at most this part of a bar's width.
_NAME_SHARE = 0.4
_EXPLAINED = (
    "How probable the network finds each {0}. Up and down arrows,{1} or a click choose the {0} "
    "whose evidence is shown, Esc the answer's again{2}."
)


class ProbabilityBar(QProgressBar):
    """One digit, or other class, its bar and its probability in percent.

    ``value()`` is the probability in thousandths, so that other programs and screen readers
    can read it; what is painted glides towards it.
    """

    clicked = pyqtSignal(int)

    def __init__(self, digit: int, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"probabilityBar{digit}")
        self.setAccessibleName(f"Probability of {name}")
        self.setToolTip(
            f"How probable the network finds {with_article(name) if name in DIGITS else name}, in "
            f"percent. Click to see which ink speaks for {name}."
        )
        self.name = name
        self.name_width = float(_NAME_WIDTH)
        self.least_width = _MIN_WIDTH
        self.setCursor(Qt.PointingHandCursor)
        self.setRange(0, FULL)
        self.setTextVisible(False)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Expanding)
        self.digit = digit
        self.known = False
        self.winner = False
        #: Whether this digit's evidence is shown.
        self.marked = False
        self.shown = 0.0

    def sizeHint(self) -> QSize:
        return QSize(200, round(_ROW * theme.text_scale()))

    def minimumSizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        # Digits have no descenders; where there are very many bars, names lose a pixel of them.
        spared = 2 if self.least_width == _MIN_WIDTH else 4
        return QSize(self.least_width, math.ceil(metrics.height()) - spared)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.LeftButton and self.rect().contains(event.pos()):
            self.clicked.emit(self.digit)

    def text(self) -> str:
        return format_probability(self.value() / FULL) if self.known else ""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.Antialiasing)
        scale = theme.text_scale()
        area = QRectF(self.rect())
        name_width = min(self.name_width * scale, _NAME_SHARE * area.width())
        figure_width = _FIGURE_WIDTH * scale
        painter.setFont(theme.font(Text.BODY, bold=True))
        painter.setPen(theme.colour("text" if self.winner else "muted"))
        painter.drawText(area, int(Qt.AlignLeft | Qt.AlignVCenter), self._painted_name(name_width))
        track = QRectF(
            name_width,
            area.center().y() - Size.BAR / 2,
            area.width() - name_width - figure_width,
            Size.BAR,
        )
        radius = Size.BAR / 2
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("track"))
        painter.drawRoundedRect(track, radius, radius)
        # A figure of "under 0.1 %" has no bar.
        if self.shown >= 0.5 / FULL:
            painter.setBrush(theme.colour("accent" if self.winner else "muted"))
            painter.save()
            painter.setClipRect(
                QRectF(track.left(), track.top(), max(3.0, track.width() * self.shown), Size.BAR)
            )
            painter.drawRoundedRect(track, radius, radius)
            painter.restore()
        if self.known:
            painter.setFont(theme.font(Text.BODY))
            painter.setPen(theme.colour("text" if self.winner else "muted"))
            figure = QRectF(area.right() - figure_width, area.top(), figure_width, area.height())
            draw_tabular(painter, figure, self.text(), Qt.AlignRight)
        if self.marked:
            self._paint_mark(painter, area, track)

    def _painted_name(self, width: float) -> str:
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        return metrics.elidedText(self.name, Qt.ElideRight, width - Size.TIGHT)

    def _paint_mark(self, painter: QPainter, area: QRectF, track: QRectF) -> None:
        """Underline the digit whose evidence is shown; with the focus, frame its bar too."""
        painter.setPen(Qt.NoPen)
        painter.setBrush(theme.colour("second"))
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        line = area.center().y() + metrics.ascent() / 2 + 1
        wide = metrics.horizontalAdvance(self._painted_name(track.left()))
        painter.drawRect(QRectF(0, line, wide, 2))
        parent = self.parentWidget()
        if parent is not None and parent.hasFocus():
            painter.setBrush(Qt.NoBrush)
            painter.setPen(QPen(theme.colour("second"), 1.5))
            painter.drawRoundedRect(track.adjusted(-3, -3, 3, 3), Size.BAR, Size.BAR)


class ProbabilityBars(QWidget):
    """The bars of one answer; one of the digits is the one that is asked about.

    Many classes have several columns of bars.
    """

    digit_chosen = pyqtSignal()
    step_requested = pyqtSignal(int)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("probabilityBars")
        self.setFocusPolicy(Qt.StrongFocus)
        self.chosen: int | None = None
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setVerticalSpacing(0)
        self._layout.setHorizontalSpacing(Size.CARD_PADDING)
        self.names: tuple[str, ...] = ()
        self.bars: list[ProbabilityBar] = []
        self._animation = ArrayAnimation(self, self._show_moment)
        self.show_classes(DIGITS)

    def show_classes(self, names: Sequence[str]) -> None:
        """Make a bar for each class, unless the classes are the same."""
        if tuple(names) == self.names:
            return
        self.names = tuple(names)
        for bar in self.bars:
            self._layout.removeWidget(bar)
            bar.hide()
            bar.deleteLater()
        self.bars = [ProbabilityBar(number, name, self) for number, name in enumerate(names)]
        metrics = QFontMetricsF(theme.font(Text.BODY, bold=True))
        widest = max(metrics.horizontalAdvance(name) for name in names) / theme.text_scale()
        for bar in self.bars:
            bar.name_width = max(_NAME_WIDTH, widest + Size.FIELD_GAP)
            bar.least_width = _MIN_WIDTH if self._columns < _MAX_COLUMNS else _MIN_OF_MANY
            bar.clicked.connect(self._clicked)
            self._layout.addWidget(bar, bar.digit % self._rows, bar.digit // self._rows)
            bar.show()
        self._values = [0.0] * len(names)
        self.chosen = None
        self._animation.stop()
        self._animation.shown = None
        digits = self.names == DIGITS
        explain(self, "Probabilities", _EXPLAINED.format(
            "digit" if digits else "class",
            " the keys 0 to 9" if digits else "",
            "; in a number the left and right arrows choose the digit of which all this is said"
            if digits else "",
        ))  # fmt: skip
        self.updateGeometry()

    @property
    def _rows(self) -> int:
        """Number of bars in the first column."""
        return -(-len(self.names) // self._columns)

    @property
    def _columns(self) -> int:
        return min(-(-len(self.names) // _IN_COLUMN), _MAX_COLUMNS)

    def show_nothing(self) -> None:
        self._show([0.0] * len(self.bars), (), known=False)

    def show_probabilities(self, probabilities: Sequence[float], named: Collection[int]) -> None:
        """Show the probabilities (0 to 1); the classes that are named are accented."""
        self._show([float(p) for p in probabilities], named, known=True)

    def _show(self, values: list[float], named: Collection[int], known: bool) -> None:
        self._values = values
        # QProgressBar repaints itself at each new value: many paintings where one does.
        self.setUpdatesEnabled(False)
        for bar, value in zip(self.bars, values, strict=True):
            bar.known = known
            bar.winner = bar.digit in named
            bar.setValue(round(value * FULL))
        self._mark()
        self.setUpdatesEnabled(True)
        if known or self._animation.shown is not None:
            import numpy as np

            if self._animation.shown is None:
                # The first answer's bars grow from nothing.
                self._animation.shown = np.zeros(len(self.bars))
            self._animation.animate_to(np.array(values))

    def _show_moment(self) -> None:
        assert self._animation.shown is not None
        for bar, value in zip(self.bars, self._animation.shown, strict=True):
            bar.shown = float(value)
        self.update()

    # -- which digit is asked about

    @property
    def explained_digit(self) -> int | None:
        """The digit whose evidence is to be shown; None where there is no answer."""
        if not self.bars[0].known:
            return None
        if self.chosen is not None:
            return self.chosen
        return max(range(len(self.bars)), key=self._values.__getitem__)

    def choose(self, digit: int | None) -> None:
        """Ask about a digit; None asks about the answer."""
        if digit != self.chosen:
            self.chosen = digit
            self._mark()
            self.update()
            self.digit_chosen.emit()

    def _clicked(self, digit: int) -> None:
        self.choose(None if digit == self.chosen else digit)

    def _mark(self) -> None:
        explained = self.explained_digit
        for bar in self.bars:
            bar.marked = bar.digit == explained

    def event(self, event: QEvent) -> bool:
        return claims_key(event, lambda key: self._meaning(key) is not None) or super().event(event)

    def _meaning(self, event: QKeyEvent) -> tuple[str, int] | None:
        """Return the action of a key, with its digit or step."""
        if event.modifiers() & ~Qt.KeypadModifier:
            return None
        key = event.key()
        if Qt.Key_0 <= key <= Qt.Key_9 and self.names == DIGITS:
            return "digit", key - Qt.Key_0
        meanings: dict[int, tuple[str, int]] = {
            Qt.Key_Up: ("up or down", -1),
            Qt.Key_Down: ("up or down", 1),
            Qt.Key_Left: ("step", -1),
            Qt.Key_Right: ("step", 1),
            Qt.Key_Escape: ("answer", 0),
        }
        return meanings.get(key)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        meaning = self._meaning(event)
        if meaning is None:
            super().keyPressEvent(event)
            return
        kind, number = meaning
        if kind == "digit":
            self.choose(number)
        elif kind == "up or down" and self.explained_digit is not None:
            self.choose((self.explained_digit + number) % len(self.bars))
        elif kind == "step":
            self.step_requested.emit(number)
        elif kind == "answer":
            self.choose(None)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def comfortable(self) -> int:
        """Return the least height that is easy to read."""
        return round(self._rows * _LOWEST_ROW * theme.text_scale())

    def highest(self) -> int:
        """Return the greatest useful height."""
        return round(self._rows * _HIGHEST_ROW * theme.text_scale())
