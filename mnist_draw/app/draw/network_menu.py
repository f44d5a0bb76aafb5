"""The menu of the network that answers: all stored ones and the one in training."""

from __future__ import annotations

from PyQt5.QtCore import Qt, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.active_network import ActiveNetwork, NetworkRequest
from mnist_draw.app.kit.theme import Size
from mnist_draw.app.kit.widgets import ComboBox, explain
from mnist_draw.errors import UserError

_WIDTH = 208
#: The user's networks that are listed at the most, the newest; the last entry leads to all.
_MAX_OWN = 12
_KEY = Qt.UserRole + 1
_ALL = "All networks …"


class NetworkMenu(ComboBox):
    """The menu of networks in the Draw tab; each entry but the last holds a `NetworkRequest`."""

    all_requested = pyqtSignal()

    def __init__(self, network: ActiveNetwork) -> None:
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
        self.addItem(_ALL)
        self.setCurrentIndex(-1)
        self.activated.connect(self._choose)
        network.requested.connect(self._show)
        network.refused.connect(self._show)
        network.changed.connect(self._changed)
        network.listed.connect(self._fill)

    @pyqtSlot()
    def _changed(self) -> None:
        """List all networks as soon as one answers, and again when there is a new one."""
        request = self.network.request
        self._show(request)
        known = {stored.key for stored in self.network.networks}
        if not known or (request.key and request.key not in known):
            self.network.refresh()

    @pyqtSlot()
    def _fill(self) -> None:
        """List the stored networks; one without a file stays listed."""
        unsaved = [self.itemData(place) for place in range(self.count() - 1)]
        current = self.network.newest
        self.clear()
        own = 0
        for stored in self.network.networks:
            own += stored.source != "shipped"
            if own <= _MAX_OWN or stored.key == current.key:
                self._add(NetworkRequest(stored.load, stored.key), stored.label)
        for request in unsaved:
            if not request.key:
                self._add(request, request.title)
        self.addItem(_ALL)
        # The open menu shows whole lines, however narrow the field is.
        self.view().setMinimumWidth(self.view().sizeHintForColumn(0) + 2 * Size.FIELD_GAP)
        self._show(current)

    def _add(self, request: NetworkRequest, text: str) -> int:
        place = self.count() - (self.itemText(self.count() - 1) == _ALL)
        self.insertItem(place, text, request)
        self.setItemData(place, request.key or request.title, _KEY)
        return place

    @pyqtSlot(NetworkRequest)
    def _show(self, request: NetworkRequest) -> None:
        """Show which network is in use, or will be; it is listed if it was not."""
        place = self.findData(request.key or request.title, _KEY)
        if place < 0:
            if not (request.key or request.title):
                return
            place = self._add(request, request.title or _title(request.key))
        elif not callable(request.source):
            # The newest of a run that is going on.
            self.setItemData(place, request)
        self.setCurrentIndex(place)

    def _choose(self, place: int) -> None:
        request = self.itemData(place)
        if request is None:
            self._show(self.network.newest)
            # A menu that shares these entries selects the last one, too, and must reset.
            self.currentIndexChanged.emit(self.currentIndex())
            self.all_requested.emit()
        else:
            self.network.requested.emit(request)


def _title(key: str) -> str:
    from mnist_draw.library.networks import find_by_key

    try:
        return find_by_key(key).label
    except UserError:
        return key.partition(":")[2]
