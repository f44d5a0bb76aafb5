"""Input, saliency and hidden units of the answer, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt5.QtGui import (
    QFontMetricsF,
    QHelpEvent,
    QHideEvent,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QShowEvent,
)
from PyQt5.QtWidgets import QSizePolicy, QToolTip, QWidget

from mnist_draw.app.draw.activations_view import ActivationsView, layer_label
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.images import image_of, rgb
from mnist_draw.app.kit.layout import row
from mnist_draw.app.kit.painters import ArrayAnimation, grey_levels
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size, Text
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label, tip

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explanation, HiddenLayer

#: Pixels of MNIST's pictures, both ways.
SIDE = 28
_HOW_IT_SEES = (
    "The 28×28 pixels that the network gets to see. The ink is cut out, scaled until its longer "
    "side takes 20 pixels, and placed with its centre of mass in the middle, as the pictures of "
    "MNIST are."
)


def whole_side(room: int) -> int:
    """Return the largest side within ``room`` logical pixels that shows each pixel as large."""
    low, high = Size.NETWORK_INPUT
    return min(max(room, low), high) // SIDE * SIDE


class NetworkInputView(QWidget):
    """Shows the network's 28×28 input, pixel for pixel."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("networkInputView")
        # It paints all of itself: the card below need not.
        self.setAttribute(Qt.WA_OpaquePaintEvent)
        explain(self, "Network input", _HOW_IT_SEES)
        self.set_room(0)
        self.picture: np.ndarray | None = None
        self._image: QImage | None = None

    def set_room(self, room: int) -> None:
        """Take the largest size within ``room`` pixels."""
        side = whole_side(room)
        self.setFixedSize(side, side)

    def show_picture(self, picture: np.ndarray | None) -> None:
        self.picture = picture
        self._image = None
        if picture is not None:
            self._image = image_of(grey_levels(picture))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if self._image is None:
            painter.fillRect(self.rect(), Qt.black)
        else:
            painter.drawImage(self.rect(), self._image)
        paint_corners(painter, QRectF(self.rect()))


def paint_corners(painter: QPainter, area: QRectF) -> None:
    """Round the corners of what was painted on a card: quicker than to clip it."""
    corners = QPainterPath()
    corners.addRect(area)
    corners.addRoundedRect(area, Size.FIELD_RADIUS, Size.FIELD_RADIUS)
    painter.setRenderHint(QPainter.Antialiasing)
    painter.fillPath(corners, theme.colour("card"))


#: Opacity of ink without evidence.
_FAINT = 0.3
#: The strongest evidence shows the full colour, a tenth of it this root of a tenth.
_ROOT = 0.6
#: Evidence below this part of the strongest gets no mark.
_MIN_EVIDENCE = 0.04
_EXPLAINED = (
    "Which ink spoke for the answer and which against it: the gradient of its log odds by each "
    "pixel, times the pixel's ink."
)


#: The longest name of a class in the legend, in characters.
_MAX_LEGEND_NAME = 6


class SaliencyView(QWidget):
    """The network's input in two colours: evidence for a digit fills its pixel, against it has
    a margin.
    """

    def __init__(self) -> None:
        super().__init__()
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
            self._animation.animate_to(None)
            self.setAccessibleDescription(_EXPLAINED)
            return
        import numpy as np

        evidence = explanation.saliency / max(float(np.abs(explanation.saliency).max()), 1e-9)
        self._animation.animate_to(np.stack([evidence, np.clip(explanation.network_input, 0, 1)]))
        self.setAccessibleDescription(f"{describe(explanation)} {_EXPLAINED}")

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.ToolTip and isinstance(event, QHelpEvent):
            text = self.describe_pixel(QPointF(event.pos()))
            QToolTip.showText(event.globalPos(), tip(text), self)
            return True
        return super().event(event)

    def describe_pixel(self, point: QPointF) -> str:
        """Describe the evidence of the pixel at a point of the widget, or else the view."""
        if self.explanation is None:
            return _EXPLAINED
        column = int(point.x() * SIDE / self.width())
        row = int(point.y() * SIDE / self.height())
        is_inside = 0 <= row < SIDE and 0 <= column < SIDE
        value = float(self.explanation.saliency[row, column]) if is_inside else 0.0
        if not value:
            return f"{describe(self.explanation)} {_EXPLAINED}"
        side = "for" if value > 0 else "against"
        return f"This pixel speaks {side} {self.explanation.name}: {abs(value):.2g} of the log odds"

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
        for y, x in zip(*(evidence < -_MIN_EVIDENCE).nonzero(), strict=True):
            colour.setAlphaF(float(-evidence[y, x]) ** _ROOT)
            pixel = QRectF(x * cell, y * cell, cell, cell)
            painter.fillRect(pixel.adjusted(margin, margin, -margin, -margin), colour)


class SaliencyLegend(QWidget):
    """The legend of the two colours."""

    def __init__(self) -> None:
        super().__init__()
        self.setSizePolicy(QSizePolicy.Expanding, QSizePolicy.Fixed)
        self._digit: str | None = None
        self._rival: str | None = None

    def sizeHint(self) -> QSize:
        metrics = QFontMetricsF(theme.font(Text.LABEL))
        labels = metrics.horizontalAdvance("for 0against")
        wide = labels + 2 * (Size.DOT + Size.TIGHT) + Size.FIELD_GAP + 2
        return QSize(round(wide), round(metrics.height()))

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def show_explanation(self, explanation: Explanation | None) -> None:
        digit = None if explanation is None else explanation.name
        rival = None if explanation is None else explanation.rival_name
        if (digit, rival) != (self._digit, self._rival):
            self._digit, self._rival = digit, rival
            self.setToolTip("" if explanation is None else tip(describe(explanation)))
            self.update()

    def parts(self) -> tuple[str, str]:
        if self._digit is None:
            return "for", "against"
        # A long name has no room here; the answer shows it.
        return f"for {self._digit if len(self._digit) <= _MAX_LEGEND_NAME else 'it'}", "against"

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


def describe(explanation: Explanation) -> str:
    """Compare the evidence for and against in a sentence."""
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
    """Return the faint ink with the evidence for the digit, a pixel each."""
    import numpy as np

    paper, full, accent = (rgb(theme.colour(name)) for name in ("paper", "ink", "accent"))
    strength = (_FAINT * ink)[..., None]
    pixels = paper * (1 - strength) + full * strength
    strength = (np.where(evidence > _MIN_EVIDENCE, evidence, 0) ** _ROOT)[..., None]
    pixels = pixels * (1 - strength) + accent * strength
    return image_of(pixels.astype(np.uint8))


#: The hidden units get at least this width, in sides of a picture.
_UNITS_WIDE = 1.2
#: Names of classes with more characters than "it" and two more are too wide for a title.
_MAX_TITLE_NAME = 4
_NO_LAYER = "This network has no hidden layer."


class ExplanationRow(QWidget):
    """Three cards that grow with the window."""

    watched = pyqtSignal(bool)

    def __init__(self) -> None:
        super().__init__()
        # The pictures take the room that is left and never limit the window's size.
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Maximum)
        self._explanation: Explanation | None = None
        self._layers: Sequence[HiddenLayer] = ()
        self.network_input = NetworkInputView()
        self.saliency = SaliencyView()
        self.legend = SaliencyLegend()
        self.activations = ActivationsView()
        self.layer_combo = ComboBox()
        self._units_card = self._build_units()
        cards = self._build_input(), self._build_saliency(), (self._units_card, 1)
        row(*cards, gap=Size.CARD_GAP, owner=self)

    def _card(self, name: QWidget) -> Card:
        """Return a card with this name, as high as the menu beside the last one's."""
        card = Card()
        self.layer_combo.setProperty("look", "quiet")
        self.layer_combo.ensurePolished()
        name.setFixedHeight(self.layer_combo.sizeHint().height())
        card.top.addWidget(name)
        card.body.addLayout(card.top)
        return card

    def _build_input(self) -> Card:
        card = self._card(label("What it sees", "title"))
        card.body.addWidget(self.network_input, 0, Qt.AlignTop)
        self._foot = label("28×28 pixels", "muted")
        card.body.addWidget(self._foot)
        return card

    def _build_saliency(self) -> Card:
        self.saliency_title = label("", "title", "saliencyTitle")
        held = FixedLabel(self.saliency_title, lines=1)
        card = self._card(held)
        self.saliency_title.ensurePolished()
        metrics = self.saliency_title.fontMetrics()
        held.setMinimumWidth(metrics.horizontalAdvance("What spoke for it") + 2)
        card.body.addWidget(self.saliency, 0, Qt.AlignTop)
        card.body.addWidget(self.legend)
        self._name_saliency(None)
        return card

    def _build_units(self) -> Card:
        name = FittedLabel(elide=Qt.ElideRight)
        name.setProperty("look", "title")
        name.setText("Hidden units")
        card = self._card(name)
        self.layer_combo.setObjectName("layerCombo")
        self.layer_combo.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        # With large system text the title is elided first.
        self.layer_combo.setMinimumWidth(Size.GRID * 12)
        explain(self.layer_combo, "Hidden layer", "Which hidden layer of the network is shown.")
        self.layer_combo.currentIndexChanged.connect(self._choose_layer)
        self.layer_combo.setEnabled(False)
        card.top.addWidget(self.layer_combo)
        card.top.addStretch(1)
        card.body.addWidget(self.activations, 1)
        self.units_label = label("", "muted", "unitsLabel")
        self._units_foot = FixedLabel(self.units_label, lines=1)
        card.body.addWidget(self._units_foot)
        self.activations.described.connect(self.units_label.setText)
        return card

    def minimumSizeHint(self) -> QSize:
        return QSize(0, 0)

    def lowest(self) -> int:
        """Return the height of the row with the smallest pictures, in logical pixels."""
        return self._around() + whole_side(0)

    def set_room(self, width: int, height: int) -> None:
        """Take the largest pictures for which the row fits into a room, in logical pixels."""
        wide = (width - 6 * Size.CARD_PADDING - 2 * Size.CARD_GAP) / (2 + _UNITS_WIDE)
        side = whole_side(min(int(wide), height - self._around()))
        if side != self.saliency.width():
            self.network_input.set_room(side)
            self.saliency.set_room(side)

    def _around(self) -> int:
        """Return the height of a card without its picture."""
        body = self._units_card.body
        margins, frame = body.contentsMargins(), self._units_card.contentsMargins()
        edges = margins.top() + margins.bottom() + frame.top() + frame.bottom()
        foot = max(self._foot.sizeHint().height(), self._units_foot.sizeHint().height())
        return edges + self.layer_combo.sizeHint().height() + foot + 2 * body.spacing()

    # -- what is shown

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show the network's input; None clears the explanation, too."""
        self.network_input.show_picture(picture)
        if picture is None:
            self.show_explanation(None)

    def show_explanation(self, explanation: Explanation | None) -> None:
        self._explanation = explanation
        self.saliency.show_explanation(explanation)
        self.legend.show_explanation(explanation)
        self._name_saliency(None if explanation is None else explanation.name)
        self._show_units()

    def show_layers(self, layers: Sequence[HiddenLayer]) -> None:
        """Offer the hidden layers of another network; the chosen index stays."""
        index = max(self.layer_combo.currentIndex(), 0)
        self._layers = layers
        self.layer_combo.blockSignals(True)
        self.layer_combo.clear()
        self.layer_combo.addItems([layer_label(index, layer) for index, layer in enumerate(layers)])
        self.layer_combo.setCurrentIndex(min(index, len(layers) - 1))
        self.layer_combo.blockSignals(False)
        self.layer_combo.setEnabled(len(layers) > 1)
        self.layer_combo.setVisible(bool(layers))
        self._explanation = None
        self._choose_layer(self.layer_combo.currentIndex())
        if not layers:
            self.units_label.setText(_NO_LAYER)

    def _choose_layer(self, index: int) -> None:
        self.activations.show_layer(self._layers[index] if index >= 0 else None)
        self._show_units()

    def _show_units(self) -> None:
        index = self.layer_combo.currentIndex()
        if index >= 0:
            values = () if self._explanation is None else self._explanation.activations
            self.activations.show_values(values[index] if index < len(values) else None)

    def _name_saliency(self, digit: str | None) -> None:
        # A long name finds no room above the picture; the legend below it has it.
        known = digit is not None and len(digit) <= _MAX_TITLE_NAME
        self.saliency_title.setText(f"What spoke for {digit if known else 'it'}")

    # -- whether it can be seen

    def showEvent(self, event: QShowEvent) -> None:
        self.watched.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self.watched.emit(False)
