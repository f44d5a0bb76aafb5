"""The two plots of a run: loss and accuracy."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QPointF, Qt
from PyQt5.QtWidgets import QSizePolicy

from mnist_draw.app.kit import theme, words
from mnist_draw.app.kit.theme import Text
from mnist_draw.app.kit.widgets import ComboBox, explain
from mnist_draw.app.train.curve_card import CurveCard
from mnist_draw.app.train.series import LOWEST_LOSS, log_loss
from mnist_draw.training.settings import TrainingSettings

if TYPE_CHECKING:
    import numpy as np

#: Test accuracy of the tutorial's network after 20 epochs, in percent.
TUTORIAL_ACCURACY = 98.29
#: The settings that make a network or its data another one than the tutorial's.
_TUTORIAL = ("network", "training_examples", "data_folder", "extra_folder", "start_model")


class LossCard(CurveCard):
    """Cross-entropy in nats, on a logarithmic or a linear axis."""

    def __init__(self) -> None:
        super().__init__("Loss", "lossPlot", "Mean cross-entropy over epochs, in nats.", "loss")
        self.scale_combo = ComboBox()
        self.scale_combo.setObjectName("lossScaleCombo")
        self.scale_combo.setProperty("look", "quiet")
        self.scale_combo.addItems(["log", "linear"])
        self.scale_combo.setSizeAdjustPolicy(ComboBox.AdjustToContents)
        self.scale_combo.setMinimumContentsLength(0)
        self.scale_combo.setSizePolicy(QSizePolicy.Fixed, QSizePolicy.Fixed)
        explain(self.scale_combo, "Loss axis", "Show the loss on a logarithmic or linear axis.")
        self.scale_combo.currentIndexChanged.connect(self._rescale)
        self.top.addWidget(self.scale_combo)
        self._add_menu()

    def _figure_text(self, value: float) -> str:
        return words.loss(value)

    @property
    def _log(self) -> bool:
        return self.scale_combo.currentIndex() == 0

    def _rescale(self) -> None:
        if self.plot is not None:
            self._value_axis.logarithmic = self._log
        self.redraw()

    def _add_extras(self, item: Any) -> None:
        self._value_axis.logarithmic = self._log

    def _map(self, value: float) -> float:
        return log_loss(value) if self._log else value

    def _map_all(self, values: np.ndarray) -> np.ndarray:
        import numpy as np

        return np.log10(np.maximum(values, LOWEST_LOSS)) if self._log else values

    def _tick_text(self, value: float) -> str:
        return f"{10**value:.3g}" if self._log else f"{value:.3g}"

    def _range(self) -> tuple[float, float]:
        epochs = self._history.epochs
        if not self._batches and not epochs:
            return self._map(0.02 if self._log else 0.0), self._map(2.0)
        values = [v for v in self._batches.range() if math.isfinite(v)]
        values += [v for row in epochs for v in self._pair(row)]
        low = self._map(min(values)) if self._log else 0.0
        return low, max(self._map(max(values)), low + 0.1)


class AccuracyCard(CurveCard):
    """Share of right answers in percent, with the tutorial's result as a reference."""

    def __init__(self) -> None:
        super().__init__(
            "Accuracy",
            "accuracyPlot",
            "Share of right answers over epochs, in percent.",
            "accuracy",
        )
        self._tutorial = True
        self._add_menu()

    def compare_with_tutorial(self, settings: TrainingSettings) -> None:
        """Show the tutorial's result beside a run of the tutorial's network on its data alone."""
        usual = TrainingSettings()
        on = all(getattr(settings, name) == getattr(usual, name) for name in _TUTORIAL)
        self._tutorial = on
        if self.plot is not None:
            self._reference.setVisible(on)

    def _figure_text(self, value: float) -> str:
        return words.percent(value)

    def _map(self, value: float) -> float:
        return 100 * value

    def _map_all(self, values: np.ndarray) -> np.ndarray:
        return 100 * values

    def _add_extras(self, item: Any) -> None:
        import pyqtgraph

        self._reference = pyqtgraph.InfiniteLine(
            TUTORIAL_ACCURACY,
            angle=0,
            label=f"the tutorial: {TUTORIAL_ACCURACY} %",
            # At the left, where the curves have not come up to it yet.
            labelOpts={"position": 0.01, "anchors": [(0.0, 1.0), (0.0, 1.0)]},
        )
        self._reference.setZValue(10)
        item.addItem(self._reference)
        self._reference.setVisible(self._tutorial)
        box = item.getViewBox()
        box.sigRangeChanged.connect(self._place_words)
        box.sigResized.connect(self._place_words)

    def _place_words(self, *_: object) -> None:
        """Write over the line where there is room, else below it."""
        box, words = self.plot.getPlotItem().getViewBox(), self._reference.label
        room = box.mapViewToScene(QPointF(0, TUTORIAL_ACCURACY)).y() - box.sceneBoundingRect().top()
        # A little overlap is only that of the empty edge of the letters' rectangle.
        above = room >= 0.8 * words.boundingRect().height()
        anchor = (0.0, 1.0) if above else (0.0, 0.0)
        if words.anchors[0] != anchor:
            words.anchors = [anchor, anchor]
            words.updatePosition()

    def _restyle(self) -> None:
        super()._restyle()
        if self.plot is not None:
            import pyqtgraph

            muted = theme.colour("muted")
            self._reference.setPen(pyqtgraph.mkPen(muted, width=1, style=Qt.DotLine))
            self._reference.label.setColor(muted)
            self._reference.label.textItem.setFont(theme.font(Text.AXIS))

    def _tick_text(self, value: float) -> str:
        return f"{value:g} %"

    def _range(self) -> tuple[float, float]:
        values = [100 * v for row in self._history.epochs for v in self._pair(row)]
        low = min([92.0, *(2 * math.floor(v / 2) for v in values)]) if values else 80.0
        return low, 100.0
