"""The form's fields of a network: its kind, its numbers, the layers of an own MLP."""

from __future__ import annotations

import math

from PyQt5.QtCore import Qt, pyqtBoundSignal, pyqtSignal
from PyQt5.QtWidgets import QLabel, QToolButton, QWidget

from mnist_draw.app.kit.commands import set_icon
from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import NumberBox, RealBox
from mnist_draw.app.kit.steady_labels import Captioned
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain, label, push_button
from mnist_draw.i18n import N_, _, explained, percent_sign
from mnist_draw.networks import NETWORKS, NetworkSpec, parse_network
from mnist_draw.networks.mlp import MAX_LAYERS, MAX_UNITS, MlpLayer, MlpLayers
from mnist_draw.networks.operations import MEANINGS
from mnist_draw.networks.specification import Count, Number
from mnist_draw.training.setting import NetworkText

#: Stretches of units, activation and dropout in a row.
_STRETCHES = (58, 102, 65)
#: Width of the button that removes a layer, in pixels.
_REMOVE = 22
_MEANINGS = explained(MEANINGS)
#: The first layer: the tutorial's last.
_FIRST = MlpLayer(300, "rectify", 0.4)


def share_box(share: float) -> RealBox:
    """Return a box for a dropout share, shown in percent."""
    box = RealBox(0.0, math.nextafter(100.0, 0.0), 15, percent_sign())
    box.setValue(100 * share)
    return box


def share_of(box: RealBox) -> float:
    """Return the share in a box; rounded, because 7 / 100 is not 0.07 to the last bit."""
    return float(f"{box.value() / 100:.15g}")


class _Row(QWidget):
    """Units, activation and dropout of one layer, and the button that removes it."""

    def __init__(self, layer: MlpLayer, changed: pyqtBoundSignal) -> None:
        super().__init__()
        self.units = NumberBox(1, MAX_UNITS, 50)
        self.units.setValue(layer.units)
        self.activation = ComboBox()
        for place, (name, meaning) in enumerate(MEANINGS.items()):
            self.activation.addItem(name, name)
            self.activation.setItemData(place, meaning, Qt.ToolTipRole)
        self.activation.setCurrentIndex(self.activation.findData(layer.activation))
        self.dropout = share_box(layer.dropout)
        self.button = QToolButton()
        self.button.setProperty("look", "small")
        set_icon(self.button, "x", Size.SMALL_ICON)
        _in_a_row(self, self.units, self.activation, self.dropout, self.button)
        for box in (self.units, self.dropout):
            box.valueChanged.connect(changed)
        self.activation.currentIndexChanged.connect(changed)

    def name(self, number: int) -> None:
        for widget, ending, title, sentence in (
            (
                self.units,
                "UnitsSpinBox",
                N_("Units, layer {number}"),
                N_("Units in hidden layer {number}."),
            ),
            (
                self.activation,
                "ActivationCombo",
                N_("Activation, layer {number}"),
                N_(
                    "What units of hidden layer {number} make of their weighted inputs: "
                    "{functions}.",
                ),
            ),
            (
                self.dropout,
                "DropoutSpinBox",
                N_("Dropout, layer {number}"),
                N_(
                    "Share of the units of hidden layer {number} that are left out at each "
                    "training step, in percent.",
                ),
            ),
            (
                self.button,
                "RemoveButton",
                N_("Remove, layer {number}"),
                N_("Remove hidden layer {number}."),
            ),
        ):
            widget.setObjectName(f"layer{number}{ending}")
            said = _(sentence, number=number, functions=_MEANINGS)
            explain(widget, _(title, number=number), said)

    def layer(self) -> MlpLayer:
        return MlpLayer(self.units.value(), self.activation.currentData(), share_of(self.dropout))


class LayerRows(QWidget):
    def __init__(self, changed: pyqtBoundSignal) -> None:
        super().__init__()
        self._changed = changed
        self.rows: list[_Row] = []
        captions = QWidget()
        _in_a_row(
            captions,
            label(_("Units"), "muted"),
            label(_("Activation"), "muted"),
            label(_("Dropout"), "muted"),
            QLabel(),
        )
        self.pixels = share_box(0.0)
        self.pixels.setObjectName("inputDropoutSpinBox")
        explain(
            self.pixels,
            _("Dropout, pixels"),
            _("Share of the picture's pixels that are left out at each training step, in percent."),
        )
        self.pixels.valueChanged.connect(changed)
        first = QWidget()
        _in_a_row(first, label(_("Pixels"), "muted"), QLabel(), self.pixels, QLabel())
        self._list = column(gap=Size.TIGHT)
        sentence = _(
            "Add a hidden layer before the output, like the last; at most {most}.",
            most=MAX_LAYERS,
        )
        self.add_button = push_button(
            "addLayerButton",
            _("Add a layer"),
            sentence,
            "",
            "link",
            self.add,
        )
        rows = column(captions, first, self._list, gap=Size.TIGHT, owner=self)
        rows.addWidget(self.add_button, 0, Qt.AlignLeft)

    def layers(self) -> MlpLayers:
        return MlpLayers(tuple(row.layer() for row in self.rows), share_of(self.pixels))

    def show_layers(self, layers: MlpLayers) -> None:
        if layers == self.layers():
            return
        self.pixels.setValue(100 * layers.input_dropout)
        for old in self.rows:
            self._take_out(old)
        self.rows = []
        for layer in layers.hidden:
            self._append(layer)
        self._renew()

    def add(self) -> None:
        self._append(self.rows[-1].layer() if self.rows else _FIRST)
        self._renew()

    def _append(self, layer: MlpLayer) -> None:
        added = _Row(layer, self._changed)
        added.button.clicked.connect(lambda: self._remove(added))
        self.rows.append(added)
        self._list.addWidget(added)

    def _remove(self, removed: _Row) -> None:
        self.rows.remove(removed)
        # Keep the focus in the list when the pressed button is deleted.
        self.add_button.setFocus()
        self._take_out(removed)
        self._renew()

    def _take_out(self, removed: _Row) -> None:
        self._list.removeWidget(removed)
        removed.hide()
        removed.deleteLater()

    def _renew(self) -> None:
        for place, layer in enumerate(self.rows, 1):
            layer.name(place)
        self.add_button.setEnabled(len(self.rows) < MAX_LAYERS)
        self._changed.emit()


def _in_a_row(parent: QWidget, *widgets: QWidget) -> None:
    """Lay out three widgets and a narrow fourth as in every row of the list."""
    parts = list(zip(widgets, (*_STRETCHES, 0), strict=True))
    row(*parts, gap=Size.TIGHT, owner=parent)
    for widget in widgets:
        # The stretches alone decide, not the contents.
        widget.setMinimumWidth(1)
    widgets[-1].setFixedWidth(_REMOVE)


_OWN = "layers"
#: Stretches of the menu and of a kind's only number.
_BESIDE = (8, 4)


class NetworkFields(QWidget):
    """The menu of networks, the numbers of the chosen one, and the layers of one's own."""

    changed = pyqtSignal()

    def __init__(self, setting: NetworkText) -> None:
        super().__init__()
        self._shown: NetworkSpec = parse_network(next(iter(NETWORKS)))
        #: The numbers of the chosen kind.
        self.numbers: list[NumberBox | RealBox] = []
        self._cells: list[Captioned] = []
        self.combo = ComboBox(f"{setting.widget}Combo", setting.title, setting.sentence)
        for kind in NETWORKS.values():
            if kind.in_menu:
                self.combo.addItem(kind.title, kind.name)
        self._top = row((Captioned(setting.title, self.combo), _BESIDE[0]))
        self._below = row()
        self.rows = LayerRows(self.changed)
        #: The layers of an own MLP until the user changes them.
        self._filled = _tutorial_layers(0.4)
        self.rows.show_layers(self._filled)
        column(self._top, self._below, self.rows, owner=self)
        self.combo.currentIndexChanged.connect(self._choose)
        self._choose()

    def _choose(self) -> None:
        kind = NETWORKS[self.combo.currentData()]
        dropout = [share_of(box) for box in self.numbers if isinstance(box, RealBox)]
        for cell in self._cells:
            cell.hide()
            cell.deleteLater()
        # Until here, a typed number that is confirmed is one of the kind of before.
        self._kind = kind.name
        if kind.name == _OWN and dropout and self.rows.layers() == self._filled:
            # It begins as the tutorial's network, with the dropout chosen there.
            self._filled = _tutorial_layers(dropout[0])
            self.rows.show_layers(self._filled)
        self.numbers = [_number_box(part) for part in kind.numbers]
        self._cells = [
            Captioned(part.title, box) for part, box in zip(kind.numbers, self.numbers, strict=True)
        ]
        for box in self.numbers:
            box.valueChanged.connect(self.changed)
        for cell in self._cells:
            if len(self._cells) == 1:
                self._top.addWidget(cell, _BESIDE[1])
            else:
                self._below.addWidget(cell, 1)
        self.rows.setVisible(kind.name == _OWN)
        self.changed.emit()

    def text(self) -> str:
        if self._kind == _OWN:
            layers = self.rows.layers()
            # An unchanged custom_mlp:… keeps its text.
            same = layers == self._shown.layers
            return self._shown.text if same else f"{_OWN}:{layers.text()}"
        values = ",".join(map(_number_text, self.numbers))
        return parse_network(f"{self._kind}:{values}").text

    def show_network(self, text: str) -> None:
        self._shown = parse_network(text)
        layers = self._shown.layers
        kind = self._shown.kind if layers is None else _OWN
        self.combo.setCurrentIndex(self.combo.findData(kind))
        if layers is not None:
            self.rows.show_layers(layers)
            return
        for box, value in zip(self.numbers, self._shown.numbers, strict=True):
            _show_number(box, value)


def _tutorial_layers(dropout: float) -> MlpLayers:
    return MlpLayers(tuple(MlpLayer(units, "rectify", dropout) for units in (500, 300)))


def _number_box(part: Number) -> NumberBox | RealBox:
    box = NumberBox(part.low, part.high) if isinstance(part, Count) else share_box(part.default)
    box.setObjectName(f"{part.name.lower()}SpinBox")
    explain(box, part.title, part.sentence)
    _show_number(box, part.default)
    return box


def _number_text(box: NumberBox | RealBox) -> str:
    return str(share_of(box) if isinstance(box, RealBox) else box.value())


def _show_number(box: NumberBox | RealBox, value: float) -> None:
    box.setValue(100 * value if isinstance(box, RealBox) else value)
