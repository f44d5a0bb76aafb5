"""Requests for the network that answers, from any thread; a reader of other pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from qtpy.QtCore import QObject, Signal, Slot

from mnist_draw.app.kit.app_state import (
    UNSAVED,
    AppState,
    NetworkName,
    NetworkRequest,
    OfRun,
    Shipped,
    name_of_key,
)
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background, NewestOnly
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.library.stored_network import SHIPPED
from mnist_draw.storage.models import ModelFile
from mnist_draw.storage.preferences import Preferences

if TYPE_CHECKING:
    from pathlib import Path

    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.library.entries import Entry
    from mnist_draw.library.stored_network import StoredNetwork

T = TypeVar("T")

notifier = Notifier()

#: The preference that names the network to start with; empty for the default.
_NETWORK = "network"


class ActiveNetwork(QObject):
    """Changes which network answers, by requests of the user alone.

    The network of a running run, once chosen, is replaced after each epoch.
    """

    #: Emitted in the thread that makes the request.
    requested = Signal(NetworkRequest)

    def __init__(
        self,
        preferences: Preferences | None = None,
        state: AppState | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.state = state or AppState()
        self._preferences = preferences
        key = "" if preferences is None else preferences.get(_NETWORK, "")
        self._listing = NewestOnly(_list_all, self, low_priority=False)
        self._listing.answered.connect(self.take_entries)
        self._listing.failed.connect(notifier.problem)
        self._first = NetworkRequest(name_of_key(key), load=self.load_first)
        #: Requests without an answer, the oldest first.
        self._waiting = [self._first]
        self.state.set(network_wanted=self._first.name, network_request=self._first)
        self.requested.connect(self._note_request)

    @property
    def networks(self) -> tuple[StoredNetwork, ...]:
        """All stored networks by the Library's names, those that came with the program first."""
        entries = (entry for entry in self.state.entries if entry.has_network)
        found = [replace(entry.stored, title=entry.name) for entry in entries]
        return tuple(sorted(found, key=lambda stored: stored.source != SHIPPED))

    # -- requests

    def use_key(self, key: str) -> None:
        self.use(name_of_key(key))

    def use(self, name: NetworkName) -> None:
        """Let a network answer; that of a running run after each epoch."""
        model = self.state.in_memory.get(name)
        if isinstance(name, Shipped):
            request = NetworkRequest(name)
            request.load = partial(_load_default, request)
            self.requested.emit(request)
        elif model is not None:
            self.requested.emit(NetworkRequest(name, model))
        elif not self._is_trained(name.key) or self.state.has_network(name.key):
            self.requested.emit(NetworkRequest(name, load=partial(_load, name.key)))
        else:
            self.state.set(network_wanted=name)
            notifier.message(_("It answers after its first epoch."))

    def _is_trained(self, key: str) -> bool:
        return self.state.run.is_running and self.state.run.key == key

    def use_instead(self, key: str, title: str) -> None:
        """Let another network answer so that it can be looked at; a message leads back."""
        before = self.state.network_wanted
        if key != before.key:
            self.use_key(key)
            sentence = _("{name} answers now.", name=title)
            notifier.undo(sentence, partial(self.use, before), _("Go back"))

    def use_default(self) -> None:
        self.use(Shipped())

    def note_trained(self, model: ModelFile, key: str) -> None:
        """Take the newest network of a run; it answers if the run was chosen.

        Called in the thread that trains.
        """
        name = OfRun(key)
        self.state.in_memory[name] = model
        if self.state.network_wanted == name:
            self.requested.emit(NetworkRequest(name, model, is_update=True))

    def note_saved(self) -> None:
        """The network of the last run is in its file."""
        for name in list(self.state.in_memory):
            if isinstance(name, OfRun):
                del self.state.in_memory[name]

    def move_run(self, key: str) -> None:
        """Find the network of the last run by another key from now on."""
        name = self.state.network_wanted
        if isinstance(name, OfRun) and not self.state.has_network(name.key):
            self.use_key(key)

    def use_fine_tuned(self, outcome: Outcome) -> None:
        """Let the fine-tuned network answer; called in the thread that learns."""
        assert outcome.model is not None
        name = name_of_key(outcome.key or UNSAVED.key)
        if name == UNSAVED:
            self.state.in_memory[name] = outcome.model
        self.requested.emit(NetworkRequest(name, outcome.model))

    @Slot(NetworkRequest)
    def _note_request(self, request: NetworkRequest) -> None:
        if request.is_update and self.state.network_wanted != request.name:
            # The user chose another network while the run posted this one.
            self.use(self.state.network_wanted)
            return
        self._waiting.append(request)
        self._remember(request.name)
        self.state.set(network_wanted=request.name, network_request=request)

    def _remember(self, name: NetworkName) -> None:
        """Note the network to start with next time; one that ends with this session is none."""
        if self._preferences is None or name == UNSAVED:
            return
        self._preferences.set(_NETWORK, "" if isinstance(name, Shipped) else name.key)

    # -- all that are stored

    def refresh(self) -> None:
        self._listing.ask(self.state.run.folder if self.state.is_training else None)

    def take_entries(self, entries: tuple[Entry, ...]) -> None:
        self.state.set(entries=entries)

    # -- the recognition service

    def load_first(self) -> ModelFile:
        """Read the network used last, or else the default; in the thread that answers."""
        request = self._first
        if isinstance(request.name, Shipped):
            return _load_default(request)
        try:
            return _load(request.name.key)
        except UserError as error:
            instead = _("The network that came with the program answers instead.")
            notifier.problem(joined(str(error), instead))
            return _load_default(request)

    @Slot(ModelFile)
    def confirm(self, model: ModelFile) -> None:
        """Note that this network answers now."""
        from mnist_draw.library.network_data import reads_digits

        state = self.state
        request = self._take_answered(model)
        name = request.name if request else state.network_answering or state.network_wanted
        facts: dict[str, Any] = {
            "network_answering": name,
            "have_answered": state.have_answered | {name},
        }
        if not self._waiting:
            facts["network_request"] = None
            facts["network_wanted"] = name
            self._remember(name)
        if model is not state.model:
            facts["model"] = model
            facts["reads_digits"] = reads_digits(model)
        state.set(**facts)
        is_known = name in state.in_memory or state.has_network(name.key)
        if not (state.entries and is_known):
            self.refresh()

    def _take_answered(self, model: ModelFile) -> NetworkRequest | None:
        """Return the request that a network answers; it and older ones wait no longer."""
        for request in list(self._waiting):
            del self._waiting[0]
            if request.model is model or not self._waiting:
                return request
        return None

    def refuse(self) -> None:
        """Keep the network that answers: the requested one cannot be used."""
        answering = self.state.network_answering
        if self.state.network_request is None or answering is None:
            return
        self._waiting.clear()
        self._remember(answering)
        self.state.set(network_wanted=answering, network_request=None)

    def forget_unlearned(self) -> None:
        """Keep the network that answers where a chosen run has ended without one."""
        state = self.state
        name = state.network_wanted
        answering = state.network_answering
        if answering is None or state.network_request is not None or name == answering:
            return
        if name not in state.in_memory and not state.has_network(name.key):
            state.set(network_wanted=answering)


def _load_default(request: NetworkRequest) -> ModelFile:
    from mnist_draw.library.networks import default_network

    stored, model = default_network(notifier.problem)
    request.name = Shipped(stored.key)
    return model


def _load(key: str) -> ModelFile:
    from mnist_draw.library.networks import find_by_key

    return find_by_key(key).load()


def _list_all(own: Path | None) -> tuple[Entry, ...]:
    from mnist_draw.library.entries import read_library
    from mnist_draw.recognition.run_session import in_use

    return read_library(in_use, own).entries


def _recogniser(model: ModelFile) -> Any:
    from mnist_draw.recognition.recogniser import Recogniser

    return Recogniser(model)


class BackgroundReader(QObject):
    """Reads pictures that are not on the board, in a thread of its own.

    The board's recogniser belongs to its own thread; this one is made of the network in use when
    it is first needed, so that the board's answer is never kept waiting.
    """

    def __init__(self, network: ActiveNetwork, parent: QObject) -> None:
        super().__init__(parent)
        self.network = network
        self.background = Background(self)
        self.make_recogniser = _recogniser
        self._made: tuple[ModelFile, Any] | None = None

    def ask(self, question: Callable[[Any], T], finished: Callable[[T | None], object]) -> bool:
        """Call ``question(recogniser)`` in the thread, then ``finished(result)`` in the GUI thread.

        The result is None after an error, which the user was told.
        """
        model = self.network.state.model
        if model is None:
            return False

        def failed(error: Exception) -> None:
            reporter.report(error)
            # The asker must hear that there will be no answer.
            finished(None)

        self.background.run(lambda: question(self._recogniser_of(model)), finished, failed)
        return True

    def _recogniser_of(self, model: ModelFile) -> Any:
        """Return the recogniser of a network; only the background thread calls this."""
        if self._made is None or self._made[0].network != model.network:
            self._made = (model, self.make_recogniser(model))
        elif self._made[0] is not model:
            # Other parameters of the same network: nothing has to be compiled.
            self._made[1].use(model)
            self._made = (model, self._made[1])
        return self._made[1]
