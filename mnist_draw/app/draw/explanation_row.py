"""What the network sees, what spoke for its answer, and its hidden units, side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import QSize, Qt, pyqtSignal
from PyQt5.QtGui import QHideEvent, QShowEvent
from PyQt5.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from mnist_draw.app.draw.activations_view import ActivationsView, title, values_of
from mnist_draw.app.draw.network_input_view import NetworkInputView, whole_side
from mnist_draw.app.draw.saliency_view import SaliencyLegend, SaliencyView
from mnist_draw.app.kit.steady_labels import FittedLabel, FixedLabel
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import Card, ComboBox, explain, label

if TYPE_CHECKING:
    import numpy as np

    from mnist_draw.recognition.explanation import Explanation, HiddenLayer

#: The hidden units get at least this width, in sides of a picture.
_UNITS_WIDE = 1.2
#: Names of classes with more characters than "it" and two more are too wide for a title.
_SHORT = 4
_NO_LAYER = "This network has no hidden layer."


class ExplanationRow(QWidget):
    """Three cards that grow with the window."""

    watched = pyqtSignal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.CARD_GAP)
        # The pictures take what room there is, and never keep the window from growing smaller.
        self.setSizePolicy(QSizePolicy.Ignored, QSizePolicy.Maximum)
        self._explanation: Explanation | None = None
        self._layers: Sequence[HiddenLayer] = ()
        self.network_input = NetworkInputView()
        self.saliency = SaliencyView()
        self.legend = SaliencyLegend()
        self.activations = ActivationsView()
        self.layer_combo = ComboBox()
        row.addWidget(self._build_input())
        row.addWidget(self._build_saliency())
        self._units_card = self._build_units()
        row.addWidget(self._units_card, 1)

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
        # Where the system's text is large, the title goes first.
        self.layer_combo.setMinimumWidth(Size.GRID * 12)
        explain(self.layer_combo, "Hidden layer", "Which hidden layer of the network is shown.")
        self.layer_combo.currentIndexChanged.connect(self._choose_layer)
        self.layer_combo.setEnabled(False)
        card.top.addWidget(self.layer_combo)
        card.top.addStretch(1)
        card.body.addWidget(self.activations, 1)
        self.units_words = label("", "muted", "unitsLabel")
        self._units_foot = FixedLabel(self.units_words, lines=1)
        card.body.addWidget(self._units_foot)
        self.activations.words_changed.connect(self.units_words.setText)
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
        """Return what a card needs above and below its picture; whatever the picture's size."""
        body = self._units_card.body
        margins, frame = body.contentsMargins(), self._units_card.contentsMargins()
        edges = margins.top() + margins.bottom() + frame.top() + frame.bottom()
        foot = max(self._foot.sizeHint().height(), self._units_foot.sizeHint().height())
        return edges + self.layer_combo.sizeHint().height() + foot + 2 * body.spacing()

    # -- what is shown

    def show_picture(self, picture: np.ndarray | None) -> None:
        """Show what the network sees; without a picture nothing is lit."""
        self.network_input.show_picture(picture)
        if picture is None:
            self.show_explanation(None)

    def show_explanation(self, explanation: Explanation | None) -> None:
        """Show an explanation, or none."""
        self._explanation = explanation
        self.saliency.show_explanation(explanation)
        self.legend.show_explanation(explanation)
        self._name_saliency(None if explanation is None else explanation.name)
        self._show_units()

    def show_layers(self, layers: Sequence[HiddenLayer]) -> None:
        """Offer the hidden layers of another network; the layer chosen before is kept."""
        index = max(self.layer_combo.currentIndex(), 0)
        self._layers = layers
        self.layer_combo.blockSignals(True)
        self.layer_combo.clear()
        self.layer_combo.addItems([title(index, layer) for index, layer in enumerate(layers)])
        self.layer_combo.setCurrentIndex(min(index, len(layers) - 1))
        self.layer_combo.blockSignals(False)
        self.layer_combo.setEnabled(len(layers) > 1)
        self.layer_combo.setVisible(bool(layers))
        self._explanation = None
        self._choose_layer(self.layer_combo.currentIndex())
        if not layers:
            self.units_words.setText(_NO_LAYER)

    def _choose_layer(self, index: int) -> None:
        self.activations.show_layer(self._layers[index] if index >= 0 else None)
        self._show_units()

    def _show_units(self) -> None:
        index = self.layer_combo.currentIndex()
        if index >= 0:
            self.activations.show_values(values_of(self._explanation, index))

    def _name_saliency(self, digit: str | None) -> None:
        # A long name finds no room above the picture; the legend below it has it.
        known = digit is not None and len(digit) <= _SHORT
        self.saliency_title.setText(f"What spoke for {digit if known else 'it'}")

    # -- whether it can be seen

    def showEvent(self, event: QShowEvent) -> None:
        self.watched.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        self.watched.emit(False)
