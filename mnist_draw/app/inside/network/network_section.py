"""The section *Network*: how does it come to its answer?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt5.QtWidgets import QHBoxLayout, QWidget

from mnist_draw.app.inside.section import Section
from mnist_draw.app.shared.widgets import Card

if TYPE_CHECKING:
    from mnist_draw.storage.models import ModelFile


class NetworkSection(Section):
    """The layers of the network, live."""

    name = "network"
    title = "Network"
    question = "How does it come to its answer?"

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self.card = Card("Network", " ")
        self.card.body.addStretch(1)
        row.addWidget(self.card)

    def use_network(self, model: ModelFile, key: str) -> None:
        self.card.note.setText(model.title)
