"""The facts that the window shows, each held once; one signal names those that have changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from PyQt5.QtCore import QObject, pyqtSignal

from mnist_draw.i18n import _

if TYPE_CHECKING:
    from mnist_draw.library.entries import Entry
    from mnist_draw.storage.models import ModelFile


@dataclass(frozen=True)
class Shipped:
    """The default network, which nobody chose; its key is known once it is loaded."""

    key: str = ""


@dataclass(frozen=True)
class Stored:
    """A network in a file, by its key."""

    key: str


@dataclass(frozen=True)
class OfRun:
    """The network of a run, by its key; of a running one, the network after the last epoch."""

    key: str


@dataclass(frozen=True)
class Unsaved:
    """A fine-tuned network that could be saved nowhere."""

    key: ClassVar[str] = "unsaved"


NetworkName = Shipped | Stored | OfRun | Unsaved

UNSAVED = Unsaved()
UNSAVED_TITLE = _("My digits, not saved")


def name_of_key(key: str) -> NetworkName:
    if not key:
        return Shipped()
    if key == UNSAVED.key:
        return UNSAVED
    if key.startswith("run:"):
        return OfRun(key)
    return Stored(key)


@dataclass(eq=False)
class NetworkRequest:
    """A network on its way from *wanted* to *answering*."""

    name: NetworkName
    #: None until the thread that answers has loaded it.
    model: ModelFile | None = None
    load: Callable[[], ModelFile] | None = None
    #: Whether a newer epoch of a running run made it, not the user.
    is_update: bool = False

    def source(self) -> ModelFile:
        """Return the network; load it in the thread that answers."""
        if self.model is None:
            assert self.load is not None
            self.model = self.load()
        return self.model


class AppState(QObject):
    """Belongs to the GUI thread; `set` is the only way to change a fact."""

    #: The names of the facts that have changed.
    changed = pyqtSignal(frozenset)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.network_wanted: NetworkName = Shipped()
        #: None until the first network answers.
        self.network_answering: NetworkName | None = None
        #: The newest request between the two; None where there is none.
        self.network_request: NetworkRequest | None = None
        #: The network that answers.
        self.model: ModelFile | None = None
        #: Networks that are in no file, or not yet.
        self.in_memory: dict[NetworkName, ModelFile] = {}
        #: All runs and networks of the Library, once they are listed.
        self.entries: tuple[Entry, ...] = ()

    def set(self, **facts: Any) -> None:
        for name, value in facts.items():
            if not hasattr(self, name):
                raise AttributeError(f"there is no fact {name!r}")
            setattr(self, name, value)
        self.changed.emit(frozenset(facts))

    def follow(self, names: Iterable[str], show: Callable[[], object]) -> None:
        """Call a function after each change of one of these facts."""
        followed = frozenset(names)
        self.changed.connect(lambda changed: show() if changed & followed else None)

    @property
    def answering_key(self) -> str:
        """The key of the network that answers; empty if it is in no file."""
        name = self.network_answering
        return "" if name is None or name == UNSAVED else name.key

    @property
    def newest_model(self) -> ModelFile | None:
        """The requested network where it is known, else the one that answers."""
        request = self.network_request
        if request is not None and request.model is not None:
            return request.model
        return self.model

    @property
    def network_before(self) -> str:
        """The key of the network that the newest one was fine-tuned from; empty if from none."""
        model = self.newest_model
        return "" if model is None else model.info.before

    def entry_of(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def has_network(self, key: str) -> bool:
        """Whether the Library lists the network of a key."""
        entry = self.entry_of(key)
        return entry is not None and entry.has_network
