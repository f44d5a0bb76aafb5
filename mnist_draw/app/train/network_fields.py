"""Choosing a network: one of the kinds, with its numbers or its list of layers."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, Field, explain
from mnist_draw.app.train.layer_rows import LayerRows, share_box, share_of
from mnist_draw.networks import NETWORKS, NetworkSpec, parse_network
from mnist_draw.networks.layer_list import read_layers
from mnist_draw.networks.numbers import Count, Number
from mnist_draw.training.setting import NetworkText

_OWN = "layers"
#: What an MLP of one's own starts as: the tutorial's network.
_START = "500/0.4,300/0.4"
#: How the menu and a kind's only number share a row.
_BESIDE = (8, 4)


class NetworkFields(QWidget):
    """The menu of networks, the numbers of the chosen one, and the layers of one's own."""

    changed = pyqtSignal()

    def __init__(self, setting: NetworkText, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(Size.FIELD_GAP)
        self._shown: NetworkSpec = parse_network(next(iter(NETWORKS)))
        self.boxes: list[NumberBox | RealBox] = []
        self.combo = ComboBox()
        self.combo.setObjectName(f"{setting.widget}Combo")
        for kind in NETWORKS.values():
            if kind.in_menu:
                self.combo.addItem(kind.title, kind.name)
        explain(self.combo, setting.title, setting.sentence)
        self._top, self._below = QHBoxLayout(), QHBoxLayout()
        for row in (self._top, self._below):
            row.setSpacing(Size.FIELD_GAP)
            column.addLayout(row)
        self._top.addWidget(Field(setting.title, self.combo), _BESIDE[0])
        self.rows = LayerRows()
        self.rows.show_layers(read_layers(_START))
        self.rows.changed.connect(self.changed)
        column.addWidget(self.rows)
        self.combo.currentIndexChanged.connect(self._choose)
        self._choose()

    def _choose(self) -> None:
        """Show the fields of the kind that is chosen."""
        kind = NETWORKS[self.combo.currentData()]
        for box in self.boxes:
            cell = box.parentWidget()
            cell.hide()
            cell.deleteLater()
        self.boxes = []
        row, stretch = (self._top, _BESIDE[1]) if len(kind.numbers) == 1 else (self._below, 1)
        for number in kind.numbers:
            box = _number_box(number)
            box.valueChanged.connect(self.changed)
            self.boxes.append(box)
            row.addWidget(Field(number.title, box), stretch)
        self.rows.setVisible(kind.name == _OWN)
        self.changed.emit()

    def text(self) -> str:
        """Return the network as `mnist_draw.networks.parse_network` reads it."""
        kind = str(self.combo.currentData())
        if kind == _OWN:
            layers = self.rows.layers()
            # What came as custom_mlp:… and was not changed goes as that.
            return self._shown.text if layers == self._shown.layers else f"{kind}:{layers.text()}"
        values = (str(share_of(b) if isinstance(b, RealBox) else b.value()) for b in self.boxes)
        return parse_network(f"{kind}:{','.join(values)}").text

    def show_network(self, text: str) -> None:
        """Fill the fields from a network's text."""
        self._shown = parse_network(text)
        layers = self._shown.layers
        self.combo.setCurrentIndex(
            self.combo.findData(self._shown.kind if layers is None else _OWN)
        )
        if layers is not None:
            self.rows.show_layers(layers)
            return
        for box, value in zip(self.boxes, self._shown.numbers, strict=True):
            if isinstance(box, RealBox):
                box.setValue(100 * value)
            else:
                box.setValue(int(value))


def _number_box(number: Number) -> NumberBox | RealBox:
    box: NumberBox | RealBox
    if isinstance(number, Count):
        box = NumberBox(number.low, number.high)
        box.setValue(number.default)
    else:
        box = share_box(number.default)
    box.setObjectName(f"{number.name.lower()}SpinBox")
    explain(box, number.title, number.sentence)
    return box
