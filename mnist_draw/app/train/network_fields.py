"""The form's fields of a network: its kind, its numbers, the layers of one's own."""

from __future__ import annotations

from PyQt5.QtCore import pyqtSignal
from PyQt5.QtWidgets import QWidget

from mnist_draw.app.kit.layout import column, row
from mnist_draw.app.kit.number_fields import RealBox
from mnist_draw.app.kit.steady_labels import Captioned
from mnist_draw.app.kit.widgets import ComboBox, explain
from mnist_draw.app.train.layer_list import LayerList, share_box, share_of
from mnist_draw.i18n import _
from mnist_draw.networks import NETWORKS, NetworkSpec, parse_network
from mnist_draw.networks.layer_text import text_of
from mnist_draw.networks.specification import Share
from mnist_draw.training.setting import NetworkText

_OWN = "layers"
#: Kinds that the menu lists by themselves.
_LISTED = tuple(kind.name for kind in NETWORKS.values() if kind.in_menu)
#: Stretches of the menu and of a kind's only number.
_BESIDE = (8, 4)


class NetworkFields(QWidget):
    """The menu of networks, the numbers of the chosen one, and the layers of one's own."""

    changed = pyqtSignal()

    def __init__(self, setting: NetworkText) -> None:
        super().__init__()
        self._shown: NetworkSpec = parse_network(next(iter(NETWORKS)))
        #: The shares of the chosen kind.
        self.numbers: list[RealBox] = []
        self._cells: list[Captioned] = []
        self._kind = self._shown.kind
        self.combo = ComboBox(f"{setting.widget}Combo", setting.title, setting.sentence)
        for kind in NETWORKS.values():
            if kind.in_menu:
                self.combo.addItem(kind.title, kind.name)
        self._top = row((Captioned(setting.title, self.combo), _BESIDE[0]))
        self.list = LayerList()
        self.list.changed.connect(self.changed)
        column(self._top, self.list, owner=self)
        self.combo.currentIndexChanged.connect(self._choose)
        self._choose()

    def _choose(self) -> None:
        """Show the fields of a kind; a list of layers begins as the network before."""
        kind = NETWORKS[self.combo.currentData()]
        if kind.name == _OWN and self._kind != _OWN:
            self.list.show_text(text_of(parse_network(self.text()).hidden))
        for cell in self._cells:
            cell.hide()
            cell.deleteLater()
        # Until here, a typed number that is confirmed is one of the kind of before.
        self._kind = kind.name
        shares = [part for part in kind.numbers if isinstance(part, Share)]
        self.numbers = [_share_field(part) for part in shares]
        self._cells = [
            Captioned(part.title, box) for part, box in zip(shares, self.numbers, strict=True)
        ]
        for box in self.numbers:
            box.valueChanged.connect(self.changed)
        for cell in self._cells:
            self._top.addWidget(cell, _BESIDE[1])
        self.list.setVisible(kind.name == _OWN)
        self.changed.emit()

    @property
    def error(self) -> str:
        """Which layer cannot be, if one cannot."""
        if self._kind != _OWN or self.list.error is None:
            return ""
        place, sentence = self.list.error
        return _("Correct layer {number} first: {error}.", number=place + 1, error=sentence)

    def text(self) -> str:
        if self._kind == _OWN:
            text = f"{_OWN}:{self.list.text}"
            # An unchanged custom_mlp:… keeps its text.
            same = parse_network(text).hidden == self._shown.hidden
            return self._shown.text if same and self._shown.kind not in _LISTED else text
        values = ",".join(str(share_of(box)) for box in self.numbers)
        return parse_network(f"{self._kind}:{values}" if values else self._kind).text

    def show_network(self, text: str) -> None:
        self._shown = parse_network(text)
        kind = self._shown.kind if NETWORKS[self._shown.kind].in_menu else _OWN
        self.combo.setCurrentIndex(self.combo.findData(kind))
        if kind == _OWN:
            self.list.show_text(text_of(self._shown.hidden))
            return
        for box, value in zip(self.numbers, self._shown.numbers, strict=True):
            box.setValue(100 * value)


def _share_field(part: Share) -> RealBox:
    box = share_box(part.default)
    box.setObjectName(f"{part.name.lower()}SpinBox")
    explain(box, part.title, part.sentence)
    return box
