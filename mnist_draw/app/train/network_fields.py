"""Choosing a network: one of the kinds, and for the free MLP its numbers."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app.shared.theme import Size
from mnist_draw.app.shared.widgets import ComboBox, Field, NumberBox, RealBox, explain
from mnist_draw.networks import parse_network
from mnist_draw.training.setting import NetworkText

_CUSTOM = "custom_mlp"
_KINDS = (
    ("mlp", parse_network("mlp").title),
    ("mlp:0.2", f"{parse_network('mlp').title}, 20 % dropout"),
    (_CUSTOM, "MLP of your own"),
    ("cnn", parse_network("cnn").title),
    ("deep_cnn", parse_network("deep_cnn").title),
)


class NetworkFields(QWidget):
    """The menu of networks and the numbers of the MLP of one's own."""

    changed = pyqtSignal()

    def __init__(self, setting: NetworkText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.FIELD_GAP)
        self.combo = ComboBox()
        self.combo.setObjectName(f"{setting.widget}Combo")
        for name, title in _KINDS:
            self.combo.addItem(title, name)
        explain(self.combo, setting.title, setting.sentence)
        column.addWidget(Field(setting.title, self.combo))

        self.depth_box = NumberBox(0, 10)
        self.width_box = NumberBox(1, 10_000, 50)
        self.drop_input = RealBox(0.0, 99.0, 1, " %")
        self.drop_hidden = RealBox(0.0, 99.0, 1, " %")
        self.custom = QWidget()
        row = QHBoxLayout(self.custom)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(Size.FIELD_GAP)
        for box, name, caption, sentence in (
            (self.depth_box, "depthSpinBox", "Depth", "Number of hidden layers."),
            (self.width_box, "layerWidthSpinBox", "Units", "Units in each hidden layer."),
            (
                self.drop_input,
                "inputDropoutSpinBox",
                "Drop in",
                "Share of the input pixels left out at each training step, in percent.",
            ),
            (
                self.drop_hidden,
                "hiddenDropoutSpinBox",
                "Drop hid.",
                "Share of the hidden units left out at each training step, in percent.",
            ),
        ):
            box.setObjectName(name)
            box.valueChanged.connect(self.changed)
            explain(box, caption, sentence)
            row.addWidget(Field(caption, box), 1)
        column.addWidget(self.custom)
        self.combo.currentIndexChanged.connect(self._choose)
        self.show_network(f"{_CUSTOM}:2,800,0.2,0.5")
        self.show_network("mlp")

    def _choose(self) -> None:
        self.custom.setVisible(self.combo.currentData() == _CUSTOM)
        self.changed.emit()

    def text(self) -> str:
        """Return the network as ``mnist_draw.networks.parse_network`` reads it."""
        kind = str(self.combo.currentData())
        if kind != _CUSTOM:
            return kind
        drop_input, drop_hidden = self.drop_input.value() / 100, self.drop_hidden.value() / 100
        depth, width = self.depth_box.value(), self.width_box.value()
        return f"{kind}:{depth},{width},{drop_input:g},{drop_hidden:g}"

    def show_network(self, text: str) -> None:
        """Fill the fields from a network's text."""
        specification = parse_network(text)
        name, _, numbers = specification.text.partition(":")
        wanted = _CUSTOM if name == _CUSTOM else specification.text
        if self.combo.findData(wanted) < 0:
            # The tutorial's network with a dropout that the menu did not offer so far.
            self.combo.addItem(f"{specification.title}, {float(numbers):.0%} dropout", wanted)
        self.combo.setCurrentIndex(self.combo.findData(wanted))
        if name == _CUSTOM:
            depth, width, drop_input, drop_hidden = numbers.split(",")
            self.depth_box.setValue(int(depth))
            self.width_box.setValue(int(width))
            self.drop_input.setValue(100 * float(drop_input))
            self.drop_hidden.setValue(100 * float(drop_hidden))
        self._choose()
