"""Labels that do not jump: digits of one width, labels of one size, states only if they last."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import lru_cache

from qtpy.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from qtpy.QtGui import (
    QFont,
    QFontInfo,
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from qtpy.QtWidgets import QBoxLayout, QLabel, QSizePolicy, QToolTip, QWidget

from mnist_draw.app.kit import theme
from mnist_draw.app.kit.layout import column
from mnist_draw.app.kit.painters import smooth_painter
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import tip

_DIGITS = "0123456789"
_RUNS = re.compile(r"\d|\D+")
#: Milliseconds that a state lasts before it is shown: many are over sooner.
_SETTLE_MS = 300

#: Pixels of the smallest letters of a caption.
_SMALLEST_CAPTION = 10
#: Radius of the dot after the caption of a setting that was changed.
_DOT = 3
#: Of an elided sentence at least this part is shown, or nothing.
_LEAST_PART = 6


class SettleTimer(QTimer):
    """Shows a state once it has lasted; `stop` gives it up."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.setSingleShot(True)
        self.setInterval(_SETTLE_MS)
        self._words = ""
        self._show: Callable[[], object] = lambda: None
        self.timeout.connect(lambda: self._show())

    def wait_for(self, words: str, show: Callable[[], object]) -> None:
        """Call `show` unless other words are waited for meanwhile; the same words wait on."""
        if not self.isActive() or words != self._words:
            self._words = words
            self._show = show
            self.start()


class TabularLabel(QLabel):
    """A label whose digits all take the same width, and which only ever grows.

    Qt 5 cannot ask a font for its tabular digits; where they differ, each is centered in a cell
    as wide as the widest. The label's size is fixed, so that a new figure repaints the label
    alone: a label that may change its size has the whole window laid out and painted again.
    """

    def __init__(self, text: str = "", widest: str = "", look: str = "", name: str = "") -> None:
        super().__init__(text)
        self.setProperty("look", look)
        self.setObjectName(name)
        self.setTextFormat(Qt.PlainText)
        self._widest = widest
        self._needed = QSize()

    def setText(self, text: str) -> None:
        super().setText(text)
        if tabular_width(self.font(), text) > self._needed.width():
            self.fit()

    def event(self, event: QEvent) -> bool:
        done = super().event(event)
        if event.type() in (QEvent.Polish, QEvent.StyleChange, QEvent.FontChange):
            self._needed = QSize()
            self.fit()
        return done

    def fit(self) -> None:
        """Take the size that text and reserve need in the font of the moment."""
        font = self.font()
        width = max(tabular_width(font, text) for text in (self.text(), self._widest))
        size = QSize(math.ceil(width) + 2, math.ceil(QFontMetricsF(font).height()))
        if size != self._needed:
            self._needed = size
            self.setFixedSize(size)

    def sizeHint(self) -> QSize:
        return self._needed if self._needed.isValid() else super().sizeHint()

    minimumSizeHint = sizeHint

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(self.font())
        painter.setPen(self.palette().color(self.foregroundRole()))
        draw_tabular(painter, QRectF(self.contentsRect()), self.text(), self.alignment())


class FittedLabel(QLabel):
    """A label of one size whose text is made smaller until it fits, then elided.

    What is elided is whole in the tooltip, where there is no other.
    """

    def __init__(
        self,
        smallest: int | None = None,
        two_lines: bool = False,
        look: str = "",
        name: str = "",
    ) -> None:
        super().__init__()
        self.setProperty("look", look)
        self.setObjectName(name)
        self.setTextFormat(Qt.PlainText)
        self._smallest = smallest
        self._two_lines = two_lines

    def minimumSizeHint(self) -> QSize:
        return QSize(0, super().minimumSizeHint().height())

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent) and not self.toolTip():
            is_cut = self.fitted()[1] != self.text()
            QToolTip.showText(event.globalPos(), tip(self.text()) if is_cut else "", self)
            return True
        return super().event(event)

    def fitted(self) -> tuple[QFont, str]:
        """Return the font and the text that are painted."""
        text = self.text()
        font = QFont(self.font())
        area = QRectF(self.contentsRect())
        needed_width = QFontMetricsF(font).horizontalAdvance(text)
        if needed_width <= area.width():
            return font, text
        usual = QFontInfo(font).pixelSize()
        smallest = theme.scaled(self._smallest) if self._smallest else usual
        if self._two_lines:
            font.setPixelSize(smallest)
            lines = QFontMetricsF(font).boundingRect(area, Qt.TextWordWrap, text)
            if lines.width() <= area.width() and lines.height() <= area.height():
                return font, text
        font.setPixelSize(max(smallest, int(usual * area.width() / needed_width)))
        shown = QFontMetricsF(font).elidedText(text, Qt.ElideRight, area.width())
        # The first letters of a sentence say nothing; those of a name do.
        says_nothing = self._two_lines and len(shown) * _LEAST_PART < len(text)
        return font, "" if says_nothing else shown

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        font, text = self.fitted()
        painter.setFont(font)
        wraps = int(Qt.TextWordWrap) if self._two_lines else 0
        painter.drawText(self.contentsRect(), int(self.alignment()) | wraps, text)


class ElidedLabel(FittedLabel):
    """A line that takes the room it is given; give it a stretch. No text of it widens a page."""

    def __init__(self, text: str = "", look: str = "", name: str = "") -> None:
        super().__init__(look=look, name=name)
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.setText(text)


class Captioned(QWidget):
    """A control below its caption, which shrinks in a narrow column."""

    def __init__(self, title: str, control: QWidget) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Fixed)
        self.caption = FittedLabel(_SMALLEST_CAPTION, look="muted")
        self.caption.setText(title)
        self.caption.setBuddy(control)
        self._lines = column(self.caption, control, gap=Size.CAPTION_GAP, owner=self)
        self.is_marked = False
        self.stack(True)

    def mark(self, on: bool) -> None:
        """Paint a dot after the caption, in the gap that it has: nothing moves."""
        if on != self.is_marked:
            self.is_marked = on
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.is_marked and self.caption.isVisible():
            words = QFontMetricsF(self.caption.font()).horizontalAdvance(self.caption.text())
            place = self.caption.geometry()
            middle = QPointF(place.left() + words + Size.CARD_GAP / 2, place.center().y() + 1)
            painter = smooth_painter(self)
            painter.setPen(Qt.NoPen)
            painter.setBrush(theme.color("accent"))
            painter.drawEllipse(middle, theme.scaled(_DOT), theme.scaled(_DOT))

    def stack(self, on: bool) -> None:
        """Place the control below its caption, or in one line with it."""
        self._lines.setDirection(QBoxLayout.TopToBottom if on else QBoxLayout.LeftToRight)
        self._lines.setSpacing(Size.CAPTION_GAP if on else Size.CARD_GAP)
        wide = QSizePolicy.Ignored if on else QSizePolicy.Fixed
        self.caption.setSizePolicy(wide, QSizePolicy.Fixed if on else QSizePolicy.Preferred)


class FixedLabel(QWidget):
    """Holds one label of a given size and keeps its changes to itself.

    It has no layout that would pass the label's size hints on: a new text repaints the label and
    nothing else.
    """

    def __init__(self, held: QLabel, lines: float) -> None:
        super().__init__()
        self.setAttribute(Qt.WA_NoSystemBackground)
        self._held = held
        self._lines = lines
        held.setParent(self)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)

    def sizeHint(self) -> QSize:
        self._held.ensurePolished()
        return QSize(0, round(self._lines * self._line()) + 2)

    minimumSizeHint = sizeHint

    def _line(self) -> int:
        # As Qt 6 sets lines: each begins on a whole pixel.
        return math.ceil(QFontMetricsF(self._held.font()).lineSpacing())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._held.setGeometry(self.rect())


class GrowingLabel(FixedLabel):
    """A :class:`FixedLabel` that takes another line, with a new layout, where a text needs it."""

    def __init__(self, held: QLabel, least: int = 1) -> None:
        super().__init__(held, lines=least)
        self._least = least
        held.setWordWrap(True)

    def set_text(self, text: str) -> None:
        """Show a text in as many lines as it needs at the width of the moment."""
        if text != self._held.text():
            self._held.setText(text)
            self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        needed = self._held.heightForWidth(self.width())
        lines = max(self._least, round(needed / self._line()))
        if lines != self._lines:
            self._lines = lines
            self.updateGeometry()


@lru_cache(maxsize=64)
def _digit_widths(font_key: str) -> tuple[float, ...]:
    font = QFont()
    font.fromString(font_key)
    metrics = QFontMetricsF(font)
    return tuple(metrics.horizontalAdvance(digit) for digit in _DIGITS)


def tabular_width(font: QFont, text: str) -> float:
    """Return how wide a text is with equally wide digits."""
    widths = _digit_widths(font.toString())
    metrics = QFontMetricsF(font)
    if min(widths) == max(widths):
        return metrics.horizontalAdvance(text)
    return sum(
        max(widths) if run in _DIGITS else metrics.horizontalAdvance(run)
        for run in _RUNS.findall(text)
    )


def draw_tabular(painter: QPainter, rect: QRectF, text: str, alignment: Qt.Alignment | int) -> None:
    """Draw text with equally wide digits, left or right aligned, vertically centered."""
    font = painter.font()
    widths = _digit_widths(font.toString())
    if min(widths) == max(widths):
        across = Qt.AlignRight if int(alignment) & int(Qt.AlignRight) else Qt.AlignLeft
        painter.drawText(rect, int(across | Qt.AlignVCenter), text)
        return
    metrics = QFontMetricsF(font)
    x = rect.left()
    if int(alignment) & int(Qt.AlignRight):
        x = rect.right() - tabular_width(font, text)
    y = rect.center().y() + (metrics.ascent() - metrics.descent()) / 2
    cell = max(widths)
    for run in _RUNS.findall(text):
        if run in _DIGITS:
            painter.drawText(QPointF(x + (cell - widths[int(run)]) / 2, y), run)
            x += cell
        else:
            painter.drawText(QPointF(x, y), run)
            x += metrics.horizontalAdvance(run)
