"""The form's fields of a network: its kind, its numbers, and the list of its layers."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget

from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import RealBox
from mnist_draw.app.kit.steady_labels import Captioned
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain, push_button
from mnist_draw.app.train.layer_list import LayerList
from mnist_draw.app.train.layer_row import share_box, share_of
from mnist_draw.i18n import _
from mnist_draw.networks import NETWORKS, NetworkSpec, parse_network
from mnist_draw.networks.layer_text import entries_of
from mnist_draw.networks.specification import Share
from mnist_draw.training.setting import NetworkText

_OWN = "layers"
#: Stretches of the menu and of a kind's only number.
_BESIDE = (8, 4)


class NetworkFields(QWidget):
    """The menu of networks and the numbers of the chosen one; `list` has its layers."""

    changed = Signal()

    def __init__(self, setting: NetworkText) -> None:
        super().__init__()
        self._shown: NetworkSpec = parse_network(next(iter(NETWORKS)))
        #: What a list of layers was changed from.
        self.begun = self._shown
        #: The shares of the chosen kind.
        self.numbers: list[RealBox] = []
        self._cells: list[Captioned] = []
        #: The kind whose numbers are shown.
        self._built = ""
        self.combo = ComboBox(f"{setting.widget}Combo", setting.title, setting.sentence)
        for kind in NETWORKS.values():
            if kind.in_menu:
                self.combo.addItem(kind.title, kind.name)
        self._top = row((Captioned(setting.title, self.combo), _BESIDE[0]))
        #: On a page of its own.
        self.list = LayerList()
        title = _("Open its layers")
        self.open_button = push_button("openLayersButton", title, look="link")
        column(self._top, row(self.open_button, 1), gap=Size.TIGHT, owner=self)
        self.list.changed.connect(self._follow_list)
        self.combo.currentIndexChanged.connect(self._choose)
        self.show_network(self._shown.text)

    def _choose(self) -> None:
        self.show_network(self.combo.currentData())
        self.changed.emit()

    def _kind(self) -> str:
        """Return the entry of the menu for the layers of the moment."""
        kind = NETWORKS[parse_network(self.text()).kind]
        return kind.name if kind.in_menu else _OWN

    def text(self) -> str:
        for known in (self._shown, self.begun):
            if self.list.entries == entries_of(known.hidden):
                return known.text
        return self.list.network

    def begin_with(self, network: NetworkSpec) -> None:
        """Put the layers of another network in the place of these; that can be taken back."""
        self.begun = network
        self.list.replace(entries_of(network.hidden))

    def show_network(self, text: str) -> None:
        self._shown = parse_network(text)
        self.list.show_layers(self._shown.hidden)
        self._show_kind()

    def _show_kind(self) -> None:
        """Show the entry of the menu, and the numbers of that kind."""
        kind = self._kind()
        if kind != self._built:
            self._build_numbers(kind)
        for box, value in zip(self.numbers, self._shown.numbers, strict=False):
            box.setValue(100 * value)

    def _build_numbers(self, kind: str) -> None:
        self._built = kind
        self.combo.blockSignals(True)
        own = self.combo.findData(_OWN)
        if own >= 0:
            self.combo.removeItem(own)
        if kind == _OWN:
            self.combo.addItem(NETWORKS[_OWN].title, _OWN)
        self.combo.setCurrentIndex(self.combo.findData(kind))
        self.combo.blockSignals(False)
        for cell, box in zip(self._cells, self.numbers, strict=True):
            # A typed number that was not confirmed ends with its network.
            box.blockSignals(True)
            cell.hide()
            cell.deleteLater()
        shares = [part for part in NETWORKS[kind].numbers if isinstance(part, Share)]
        self.numbers = [self._share_field(part) for part in shares]
        self._cells = [
            Captioned(part.title, box) for part, box in zip(shares, self.numbers, strict=True)
        ]
        for cell in self._cells:
            self._top.addWidget(cell, _BESIDE[1])

    def _share_field(self, part: Share) -> RealBox:
        box = share_box(part.default)
        box.setObjectName(f"{part.name.lower()}SpinBox")
        explain(box, part.title, part.sentence)
        box.valueChanged.connect(self._note_numbers)
        return box

    def _note_numbers(self) -> None:
        values = ",".join(str(share_of(box)) for box in self.numbers)
        self._shown = parse_network(f"{self._kind()}:{values}")
        self.list.show_layers(self._shown.hidden)
        self.changed.emit()

    def _follow_list(self) -> None:
        self._show_kind()
        self.changed.emit()
