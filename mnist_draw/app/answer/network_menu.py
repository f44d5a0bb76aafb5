"""Choosing the network that answers: those that ship, those that have learnt, the one trained."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from PyQt5.QtCore import QPersistentModelIndex, Qt, pyqtSignal, pyqtSlot

from mnist_draw.app.shared.widgets import ComboBox, explain
from mnist_draw.errors import UserError

if TYPE_CHECKING:
    from mnist_draw.recognition.network_library import KeptModel
    from mnist_draw.storage.models import ModelFile

_TRAINED = "Your training"
_UNSAVED = "My digits, not saved"
_WIDTH = 208
#: Learnt networks that are listed at the most, the newest; all others are in their folder.
_MOST_LEARNT = 8
_KEY = Qt.UserRole + 1


class NetworkMenu(ComboBox):
    """The menu of networks in the Draw tab.

    A network that some file keeps has a key, which names it in the preferences, see
    `mnist_draw.recognition.network_library`.

    Signals
    -------
    chosen
        ``(model)``: a ``ModelFile``, or a function that reads one; for the recognition worker.
    key_changed
        ``(key)``: a network with a key is in use now.
    """

    chosen = pyqtSignal(object)
    key_changed = pyqtSignal(str)

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("modelCombo")
        self.setMinimumWidth(_WIDTH)
        explain(
            self,
            "Network",
            "The network that answers. One that you train, or that has learnt your digits, takes "
            "over here.",
        )
        self._in_use = QPersistentModelIndex()
        self.activated.connect(self._choose)

    # -- what is listed

    def fill(self, shipped: Sequence[KeptModel], learnt: Sequence[KeptModel] = ()) -> None:
        """List the networks that ship, the one in use first, and those that have learnt.

        Once is enough: what is listed already stays as it is.
        """
        place = 0
        for model in (*shipped, *learnt[:_MOST_LEARNT]):
            place = self._list(model.key, model.title, model.load, place) + 1

    def _list(self, key: str, title: str, network: Any, place: int) -> int:
        """List a network unless it is; return its place."""
        there = self.findData(key, _KEY)
        if there >= 0:
            return there
        self.insertItem(place, title, network)
        self.setItemData(place, key, _KEY)
        return place

    @pyqtSlot(object)
    def show_trained(self, model: Any) -> None:
        """Show that a network from training is in use now."""
        self._show_unsaved(_TRAINED, model)

    def show_learnt(self, key: str, model: ModelFile) -> None:
        """Show that a network that has just learnt is in use now; no key if it is not saved."""
        if not key:
            self._show_unsaved(_UNSAVED, model)
            return
        self.show_key(key)

    def _show_unsaved(self, title: str, model: Any) -> None:
        place = self.findText(title)
        if place < 0:
            place = self.count()
            self.addItem(title)
            self.setItemData(place, "", _KEY)
        self.setItemData(place, model)
        self.setCurrentIndex(place)

    # -- which is in use

    @property
    def key(self) -> str:
        """The key of the network in use; empty for one that no file keeps."""
        return str(self.currentData(_KEY) or "")

    def current_network(self) -> Any:
        """Return the network in use: a ``ModelFile``, a function that reads one, or None."""
        return self.currentData()

    def confirm(self) -> None:
        """Take note that the network shown answers now."""
        self._in_use = QPersistentModelIndex(self.model().index(self.currentIndex(), 0))

    def revert(self) -> None:
        """Show the network that answers: the one that was chosen cannot be used."""
        if self._in_use.isValid() and self._in_use.row() != self.currentIndex():
            self.setCurrentIndex(self._in_use.row())
            self.key_changed.emit(self.key)

    def show_key(self, key: str) -> None:
        """Show that the network of a key is in use now; it is listed if it was not."""
        self.setCurrentIndex(self._place_of(key))
        self.key_changed.emit(key)

    def choose(self, key: str) -> None:
        """Use the network of a key, as if it had been chosen in the menu."""
        self._choose(self._place_of(key))

    def _place_of(self, key: str) -> int:
        from mnist_draw.recognition.network_library import find_by_key, load_by_key

        place = self.findData(key, _KEY)
        if place >= 0:
            return place
        try:
            title = find_by_key(key).title
        except UserError:
            title = key.partition(":")[2]
        first = next(
            (n for n in range(self.count()) if not str(self.itemData(n, _KEY)).startswith("ship")),
            self.count(),
        )
        return self._list(key, title, partial(load_by_key, key), first)

    def _choose(self, place: int) -> None:
        self.setCurrentIndex(place)
        self.chosen.emit(self.itemData(place))
        if self.key:
            self.key_changed.emit(self.key)
