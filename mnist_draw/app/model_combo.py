"""Choosing the network that answers: those that ship, and the one that was just trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import pyqtSignal, pyqtSlot

from mnist_draw.app.widgets import ComboBox, explain

if TYPE_CHECKING:
    from mnist_draw.recognition.models import ShippedModel

#: What the networks that ship are called; others go by their file's name.
_TITLES = {
    "best": "Best reader",
    "mlp_handwriting": "Handwriting MLP",
    "mlp": "Tutorial MLP",
}
_TRAINED = "Your training"
_WIDTH = 150


class ModelCombo(ComboBox):
    """The menu of networks in the Draw tab.

    Signals
    -------
    chosen
        ``(model)``: a ``ModelFile``, or a function that reads one; for the recognition worker.
    """

    chosen = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("modelCombo")
        self.setMinimumWidth(_WIDTH)
        explain(self, "Network", "The network that answers. One that you train takes over here.")
        self.activated.connect(self._choose)

    def fill(self, shipped: Sequence[ShippedModel]) -> None:
        """List the networks that ship, the one in use first; once is enough."""
        for place, model in enumerate(shipped):
            title = _TITLES.get(model.name, model.name)
            if self.findText(title) < 0:
                self.insertItem(place, title, model.load)

    @pyqtSlot(object)
    def show_trained(self, model: Any) -> None:
        """Show that a network from training is in use now."""
        place = self.findText(_TRAINED)
        if place < 0:
            place = self.count()
            self.addItem(_TRAINED)
        self.setItemData(place, model)
        self.setCurrentIndex(place)

    def _choose(self, place: int) -> None:
        self.chosen.emit(self.itemData(place))
