"""Which network answers: whoever needs to know asks here, and is told when it changes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import UserError
from mnist_draw.storage.models import ModelFile
from mnist_draw.training.network_places import is_external

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.library.stored_network import StoredNetwork

notifier = Notifier()

UNSAVED = "My digits, not saved"


@dataclass(frozen=True)
class NetworkRequest:
    """A network that shall answer."""

    source: ModelFile | Callable[[], ModelFile]
    key: str = ""
    title: str = ""


class ActiveNetwork(QObject):
    """Takes wishes from any thread, and knows the network whose answers are shown."""

    wanted = pyqtSignal(NetworkRequest)
    refused = pyqtSignal(NetworkRequest)
    changed = pyqtSignal(ModelFile)
    listed = pyqtSignal()

    def __init__(self, kept: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: ModelFile | None = None
        self.kept = kept
        self.networks: tuple[StoredNetwork, ...] = ()
        self._background: Background | None = None
        self._default = ""
        self._wish = self._used = NetworkRequest(self.load_first, kept)
        self.wanted.connect(self._want)

    @property
    def key(self) -> str:
        """The key of the network that answers; empty for one that no file keeps."""
        return self._used.key

    @property
    def wish(self) -> NetworkRequest:
        """The wish that the network which answers was."""
        return self._used

    @property
    def newest(self) -> NetworkRequest:
        """The newest wish, which may not answer yet."""
        return self._wish

    @property
    def key_to_restore(self) -> str:
        """The key that the next start begins with; a network that is about to answer counts."""
        key = self._wish.key
        waits = self._wish is not self._used
        return key if waits and key and not is_external(key) else self.kept

    @property
    def before(self) -> str:
        """The key of the network that the newest one learnt from; empty if from none.

        A network that has just learnt counts before it has answered.
        """
        newest = self._wish.source
        model = newest if isinstance(newest, ModelFile) else self.model
        return "" if model is None else model.info.before

    # -- wishes, from any thread

    def use_key(self, key: str) -> None:
        """Let the network of a key answer."""
        self.wanted.emit(NetworkRequest(partial(_load, key), key))

    def use_default(self) -> None:
        """Let the best network that ships answer."""
        self.kept = ""
        self.wanted.emit(NetworkRequest(self.load_first, ""))

    def use_trained(self, model: ModelFile, key: str) -> None:
        """Let a network from training answer; its key leads to its run."""
        self.wanted.emit(NetworkRequest(model, key, model.title))

    def use_learnt(self, outcome: Outcome) -> None:
        """Let a network answer that has just learnt the user's digits."""
        title = outcome.model.title if outcome.key else UNSAVED
        self.wanted.emit(NetworkRequest(outcome.model, outcome.key, title))

    # -- all that are kept

    def refresh(self) -> None:
        """List all networks that are kept, in the background."""
        if self._background is None:
            self._background = Background(self, newest_only=True)
        self._background.run(_list_all, self._listed)

    def _listed(self, networks: tuple[StoredNetwork, ...]) -> None:
        self.networks = networks
        self.listed.emit()

    @pyqtSlot(NetworkRequest)
    def _want(self, wish: NetworkRequest) -> None:
        self._wish = wish

    # -- the recognition service

    def load_first(self) -> ModelFile:
        """Read the network used last, or else the one that ships; in the thread that answers."""
        from mnist_draw.library.networks import default_network

        if self.kept:
            try:
                return _load(self.kept)
            except UserError as error:
                self.kept = ""
                notifier.problem(f"{error} The network that ships answers instead.")
        kept, model = default_network(notifier.problem)
        self._default = kept.key
        return model

    @pyqtSlot(ModelFile)
    def confirm(self, model: ModelFile) -> None:
        """Take note that this network answers now."""
        if self._wish.source == self.load_first:
            self._wish = NetworkRequest(self.load_first, self.kept or self._default, model.title)
        elif self._wish.key and not is_external(self._wish.key):
            self.kept = self._wish.key
        self._used = self._wish
        if model is not self.model:
            self.model = model
            self.changed.emit(model)

    def refuse(self) -> None:
        """Take note that the network that was wanted cannot be used."""
        if self._wish is not self._used:
            self._wish = self._used
            self.refused.emit(self._used)


def _load(key: str) -> ModelFile:
    from mnist_draw.library.networks import find_by_key

    return find_by_key(key).load()


def _list_all() -> tuple[StoredNetwork, ...]:
    from mnist_draw.library.networks import list_all

    return tuple(list_all())
