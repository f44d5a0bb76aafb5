"""Which ink spoke for a digit and which against it, as a picture with its legend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PyQt5.QtGui import QFontMetricsF, QHelpEvent, QImage, QPainter, QPaintEvent
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_draw.app.draw.network_input_view import SIDE, paint_corners, whole_side
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.animation import ArrayAnimation
from mnist_draw.app.kit.images import image_of, rgb
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import explain, tip

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explanation

#: Ink that says nothing is shown so faint.
_FAINT = 0.3
#: The strongest evidence shows the full colour, a tenth of it this root of a tenth.
_ROOT = 0.6
#: What speaks less than this part of the strongest is left without a mark.
_LEAST = 0.04
_EXPLAINED = (
    "Which ink spoke for the answer and which against it: the gradient of its log odds by each "
    "pixel, times the pixel's ink."
)


#: The longest name of a class in the legend, in characters.
_SHORT = 6


class SaliencyView(QWidget):
    """The network's input in two colours: ink that speaks for a digit, and against it.

    The two also differ in form: what speaks for fills its pixel, what speaks against leaves a
    margin.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("saliencyView")
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        explain(self, "What spoke for it", _EXPLAINED)
        self.explanation: Explanation | None = None
        #: Evidence from -1 to 1, and ink from 0 to 1: shape (2, 28, 28).
        self._animation = ArrayAnimation(self, self.update)
        self.set_room(0)

    def set_room(self, room: int) -> None:
        """Take the largest size within ``room`` pixels."""
        side = whole_side(room)
        self.setFixedSize(side, side)

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Show an explanation, or nothing."""
        self.explanation = explanation
        if explanation is None:
            self._animation.go(None)
            self.setAccessibleDescription(_EXPLAINED)
            return
        import numpy as np

        evidence = explanation.saliency / max(float(np.abs(explanation.saliency).max()), 1e-9)
        self._animation.go(np.stack([evidence, np.clip(explanation.network_input, 0, 1)]))
        self.setAccessibleDescription(f"{words(explanation)} {_EXPLAINED}")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            text = self.words_at(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)

    def words_at(self, point: QPointF) -> str:
        """Return what the pixel at a point of the widget said, or what the view is."""
        if self.explanation is not None:
            column = int(point.x() * SIDE / self.width())
            row = int(point.y() * SIDE / self.height())
            if 0 <= row < SIDE and 0 <= column < SIDE:
                value = float(self.explanation.saliency[row, column])
                if value:
                    side = "for" if value > 0 else "against"
                    return (
                        f"This pixel speaks {side} {self.explanation.name}: "
                        f"{abs(value):.2g} of the log odds"
                    )
            return f"{words(self.explanation)} {_EXPLAINED}"
        return _EXPLAINED

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._animation.shown is None:
            painter.fillRect(self.rect(), theme.colour("paper"))
        else:
            evidence, ink = self._animation.shown
            painter.drawImage(self.rect(), _picture(evidence, ink))
            self._paint_against(painter, evidence)
        area = QRectF(self.rect())
        paint_corners(painter, area)
        painter.setPen(theme.colour("line"))
        painter.drawRoundedRect(
            area.adjusted(0.5, 0.5, -0.5, -0.5), Size.FIELD_RADIUS, Size.FIELD_RADIUS
        )

    def _paint_against(self, painter: QPainter, evidence: np.ndarray) -> None:
        cell = self.width() / SIDE
        margin = max(1.0, round(cell / 5)) if cell >= 4 else 0.5
        colour = theme.colour("second")
        for row, column in zip(*(evidence < -_LEAST).nonzero(), strict=True):
            colour.setAlphaF(float(-evidence[row, column]) ** _ROOT)
            pixel = QRectF(column * cell, row * cell, cell, cell)
            painter.fillRect(pixel.adjusted(margin, margin, -margin, -margin), colour)


class SaliencyLegend(QWidget):
    """Says in words what the two colours mean."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._digit: str | None = None
        self._rival: str | None = None

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(Text.LABEL))
        words = metrics.horizontalAdvance("for 0against")
        wide = words + 2 * (Size.DOT + Size.TIGHT) + Size.FIELD_GAP + 2
        return QSize(round(wide), round(metrics.height()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Name the digit of an explanation."""
        digit = None if explanation is None else explanation.name
        rival = None if explanation is None else explanation.rival_name
        if (digit, rival) != (self._digit, self._rival):
            self._digit, self._rival = digit, rival
            self.setToolTip("" if explanation is None else tip(words(explanation)))
            self.update()

    def parts(self) -> tuple[str, str]:
        """Return the two words."""
        if self._digit is None:
            return "for", "against"
        # A long name finds no room here; the answer stands above.
        return f"for {self._digit if len(self._digit) <= _SHORT else 'it'}", "against"

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(theme.font(Text.LABEL))
        metrics = QFontMetricsF(painter.font())
        mark = float(Size.DOT)
        x, middle = 0.0, self.height() / 2
        for word, colour, inset in zip(self.parts(), ("accent", "second"), (0, 1.5), strict=True):
            square = QRectF(x, middle - mark / 2, mark, mark).adjusted(inset, inset, -inset, -inset)
            painter.fillRect(square, theme.colour(colour))
            x += mark + Size.TIGHT
            painter.setPen(theme.colour("muted"))
            wide = metrics.horizontalAdvance(word)
            painter.drawText(QRectF(x, 0, wide + 1, self.height()), Qt.AlignVCenter, word)
            x += wide + Size.FIELD_GAP


def words(explanation: Explanation) -> str:
    """Say in a sentence how the evidence lies."""
    pro = float(explanation.saliency.clip(0).sum())
    contra = float(-explanation.saliency.clip(max=0).sum())
    digit, rival = explanation.name, explanation.rival_name
    if not pro and not contra:
        return f"No ink speaks for or against {digit}."
    if not contra:
        return f"All ink speaks for {digit}."
    if not pro:
        return f"All ink speaks against {digit}, most of all for {rival}."
    more, less, sides = pro, contra, ("for", "against")
    if contra > pro:
        more, less, sides = contra, pro, ("against", "for")
    return (
        f"Ink {sides[0]} {digit} outweighs ink {sides[1]} it {more / less:.1f} to 1; "
        f"the strongest rival is {rival}."
    )


def _picture(evidence: np.ndarray, ink: np.ndarray) -> QImage:
    """Return the ink, faint, and on it what speaks for the digit; one pixel each."""
    import numpy as np

    paper, full, accent = (rgb(theme.colour(name)) for name in ("paper", "ink", "accent"))
    strength = (_FAINT * ink)[..., None]
    pixels = paper * (1 - strength) + full * strength
    strength = (np.where(evidence > _LEAST, evidence, 0) ** _ROOT)[..., None]
    pixels = pixels * (1 - strength) + accent * strength
    return image_of(pixels.astype(np.uint8))
