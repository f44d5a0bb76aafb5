"""Choosing the network that answers: those that ship, those that have learnt, the one trained."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt5.QtCore import Qt, pyqtSlot

from mnist_draw.app.services.network_in_use import NetworkInUse, Wish
from mnist_draw.app.shared.widgets import ComboBox, explain
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.recognition.network_library import KeptModel

_WIDTH = 208
#: Learnt networks that are listed at the most, the newest; all others are in their folder.
_MOST_LEARNT = 8
_KEY = Qt.UserRole + 1


class NetworkMenu(ComboBox):
    """The menu of networks in the Draw tab; each entry holds a `Wish`.

    Parameters
    ----------
    network : NetworkInUse

    Attributes
    ----------
    network : NetworkInUse
    """

    def __init__(self, network: NetworkInUse) -> None:
        super().__init__()
        self.network = network
        self.setObjectName("modelCombo")
        self.setMinimumWidth(_WIDTH)
        explain(
            self,
            "Network",
            "The network that answers. One that you train, or that has learnt your digits, takes "
            "over here.",
        )
        self._filled = False
        self.activated.connect(self._choose)
        network.wanted.connect(self._show)
        network.refused.connect(self._show)
        network.changed.connect(self._list_once)

    @pyqtSlot()
    def _list_once(self) -> None:
        """List all networks as soon as one answers: reading their folder waits until then."""
        if not self._filled:
            from mnist_draw.recognition.network_library import list_learnt, list_models

            self.fill(list_models(), list_learnt())
            self._show(self.network.wish)

    def fill(self, shipped: Sequence[KeptModel], learnt: Sequence[KeptModel] = ()) -> None:
        """List the networks that ship, the default first, and those that have learnt.

        What is listed already stays as it is.
        """
        self._filled = True
        place = 0
        for model in (*shipped, *learnt[:_MOST_LEARNT]):
            place = self._list(Wish(model.load, model.key), model.title, place) + 1

    def _list(self, wish: Wish, title: str, place: int) -> int:
        """List a network unless it is; return its place."""
        there = self.findData(wish.key, _KEY)
        if there >= 0:
            return there
        self.insertItem(place, title, wish)
        self.setItemData(place, wish.key, _KEY)
        return place

    @pyqtSlot(Wish)
    def _show(self, wish: Wish) -> None:
        """Show which network is in use, or will be; it is listed if it was not."""
        place = self._place_of(wish) if wish.key else self.findText(wish.title)
        if place < 0:
            place = self.count()
            self.addItem(wish.title)
            self.setItemData(place, "", _KEY)
        if not wish.key:
            self.setItemData(place, wish)
        self.setCurrentIndex(place)

    def _place_of(self, wish: Wish) -> int:
        from mnist_draw.recognition.network_library import find_by_key

        place = self.findData(wish.key, _KEY)
        if place >= 0:
            return place
        try:
            title = find_by_key(wish.key).title
        except UserError:
            title = wish.key.partition(":")[2]
        first = next(
            (n for n in range(self.count()) if not str(self.itemData(n, _KEY)).startswith("ship")),
            self.count(),
        )
        return self._list(wish, title, first)

    def _choose(self, place: int) -> None:
        self.network.wanted.emit(self.itemData(place))
