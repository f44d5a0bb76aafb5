"""The network that answers: which one it is, requests for others, a reader of other pictures."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PyQt5.QtCore import QObject, pyqtSignal, pyqtSlot

from mnist_draw.app.kit.latest_job import LatestJob
from mnist_draw.app.kit.notifier import Notifier
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import Background
from mnist_draw.errors import UserError
from mnist_draw.i18n import _, joined
from mnist_draw.library.stored_network import SHIPPED, is_external
from mnist_draw.networks import title_of_model
from mnist_draw.storage.models import ModelFile

if TYPE_CHECKING:
    from mnist_draw.app.kit.learning import Outcome
    from mnist_draw.library.entries import Entry
    from mnist_draw.library.stored_network import StoredNetwork

T = TypeVar("T")

notifier = Notifier()

#: The key in memory of a network that could be saved nowhere, and its name.
UNSAVED = "unsaved"
UNSAVED_NAME = _("My digits, not saved")


@dataclass(frozen=True)
class NetworkRequest:
    source: ModelFile | Callable[[], ModelFile]
    key: str = ""
    title: str = ""


class ActiveNetwork(QObject):
    """Takes requests from any thread, and knows the network whose answers are shown.

    What answers changes only by a request of the user. A run that the user lets answer, now or
    before its first epoch, answers anew after each epoch.
    """

    requested = pyqtSignal(NetworkRequest)
    changed = pyqtSignal(ModelFile)
    listed = pyqtSignal()

    def __init__(self, stored_key: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.model: ModelFile | None = None
        self.stored_key = stored_key
        #: All runs and networks of the Library; `listed` says that they were read.
        self.entries: tuple[Entry, ...] = ()
        #: The key of the run that is going on, or empty.
        self.key_in_training: Callable[[], str] = str
        #: Networks that are in no file, or not yet, by key: that of the run that is going on.
        self.in_memory: dict[str, ModelFile] = {}
        #: The key of the last run.
        self._run_key = ""
        #: The key of what the user chose last.
        self._chosen = stored_key
        self._listing = LatestJob(lambda __: _list_all(), self, low_priority=False)
        self._listing.answered.connect(self.take_entries)
        self._listing.failed.connect(notifier.problem)
        self._default = ""
        #: The newest request, which may not answer yet.
        self.newest = self._used = NetworkRequest(self.load_first, stored_key)
        self.requested.connect(self._note_request)

    @property
    def networks(self) -> tuple[StoredNetwork, ...]:
        """All stored networks by the Library's names, those that came with the program first."""
        entries = (entry for entry in self.entries if entry.has_network)
        found = [replace(entry.stored, title=entry.name) for entry in entries]
        return tuple(sorted(found, key=lambda stored: stored.source != SHIPPED))

    @property
    def key(self) -> str:
        """The key of the network that answers; empty for one that is in no file."""
        return self._used.key

    @property
    def title(self) -> str:
        """The name of the network that answers, as the Library has it; empty without one."""
        if self.model is None:
            return ""
        mine = next((entry for entry in self.entries if entry.key == self.key), None)
        # What the Library lists of a run that goes on is older, but for the user's own name.
        is_older = self.key in self.in_memory and not (mine and mine.run and mine.run.name)
        listed = "" if mine is None or is_older else mine.name
        return listed or self._used.title or title_of_model(self.model)

    @property
    def unshown_run(self) -> str:
        """The key of the last run's network while another one answers; else empty."""
        key = self._run_key
        there = key in self.in_memory or self._is_listed(key)
        return key if there and key != self.newest.key else ""

    @property
    def key_to_restore(self) -> str:
        """The key of the network to start with next time; one about to answer counts."""
        key = self.newest.key
        waits = self.newest is not self._used
        return key if waits and key and not is_external(key) else self.stored_key

    @property
    def before(self) -> str:
        """The key of the network that the newest one was fine-tuned from; empty if from none.

        A network counts as soon as it is fine-tuned, before it has answered.
        """
        source = self.newest.source
        model = source if isinstance(source, ModelFile) else self.model
        return "" if model is None else model.info.before

    # -- requests, from any thread

    def use_key(self, key: str) -> None:
        """Let the network of a key answer; that of the run in training anew after each epoch."""
        self._chosen = key
        model = self.in_memory.get(key)
        if model is not None:
            self._request_model(model, key)
        elif key != self.key_in_training() or self._is_listed(key):
            self.requested.emit(NetworkRequest(partial(_load, key), key))
        else:
            notifier.message(_("It answers after its first epoch."))

    def use_instead(self, key: str, name: str) -> None:
        """Let another network answer so that it can be looked at; a message leads back."""
        before = self.newest.key or self._chosen
        if key != before:
            self.use_key(key)
            sentence = _("{name} answers now.", name=name)
            notifier.undo(sentence, partial(self.use_key, before), _("Go back"))

    def use_default(self) -> None:
        self._chosen = self.stored_key = ""
        self.requested.emit(NetworkRequest(self.load_first, ""))

    def note_trained(self, model: ModelFile, key: str) -> None:
        """Take the newest network of a run, which answers if the run was chosen.

        Called in the thread that trains. The key names the run.
        """
        self._run_key = key
        self.in_memory[key] = model
        if key == self._chosen:
            self._request_model(model, key)

    def note_saved(self) -> None:
        """The network of the last run is in its file."""
        self.in_memory.pop(self._run_key, None)

    def move_run(self, key: str) -> None:
        """Find the network of the last run by another key from now on."""
        if self._chosen == self._run_key:
            self.use_key(key)

    def use_fine_tuned(self, outcome: Outcome) -> None:
        self._chosen = outcome.key or UNSAVED
        if not outcome.key:
            self.in_memory[UNSAVED] = outcome.model
        self._request_model(outcome.model, self._chosen)

    def _request_model(self, model: ModelFile, key: str) -> None:
        unsaved = key == UNSAVED
        title = UNSAVED_NAME if unsaved else title_of_model(model)
        self.requested.emit(NetworkRequest(model, "" if unsaved else key, title))

    # -- all that are stored

    def refresh(self) -> None:
        self._listing.ask()

    def _is_listed(self, key: str) -> bool:
        return any(entry.key == key for entry in self.entries if entry.has_network)

    def take_entries(self, entries: tuple[Entry, ...]) -> None:
        self.entries = entries
        self.listed.emit()

    @pyqtSlot(NetworkRequest)
    def _note_request(self, request: NetworkRequest) -> None:
        self.newest = request

    # -- the recognition service

    def load_first(self) -> ModelFile:
        """Read the network used last, or else the one that ships; in the thread that answers."""
        from mnist_draw.library.networks import default_network

        if self.stored_key:
            try:
                return _load(self.stored_key)
            except UserError as error:
                self.stored_key = ""
                instead = _("The network that ships answers instead.")
                notifier.problem(joined(str(error), instead))
        stored, model = default_network(notifier.problem)
        self._default = stored.key
        return model

    @pyqtSlot(ModelFile)
    def confirm(self, model: ModelFile) -> None:
        """Note that this network answers now."""
        if self.newest.source == self.load_first:
            self.newest = NetworkRequest(
                self.load_first,
                self.stored_key or self._default,
                title_of_model(model),
            )
        elif self.newest.key and not is_external(self.newest.key):
            self.stored_key = self.newest.key
        self._used = self.newest
        if model is not self.model:
            self.model = model
            self.changed.emit(model)
        key = self._used.key
        known = not key or key in self.in_memory or self._is_listed(key)
        if not (self.entries and known):
            self.refresh()

    def refuse(self) -> None:
        if self.newest is not self._used:
            self.newest = self._used
            self._chosen = self._used.key


def _load(key: str) -> ModelFile:
    from mnist_draw.library.networks import find_by_key

    return find_by_key(key).load()


def _list_all() -> tuple[Entry, ...]:
    from mnist_draw.library.entries import list_entries

    return tuple(list_entries())


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
        self._make_recogniser = _recogniser
        self._made: tuple[ModelFile, Any] | None = None

    def ask(self, question: Callable[[Any], T], finished: Callable[[T | None], object]) -> bool:
        """Call ``question(recogniser)`` in the thread, then ``finished(result)`` in the GUI thread.

        The result is None after an error, which the user was told.
        """
        model = self.network.model
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
            self._made = (model, self._make_recogniser(model))
        elif self._made[0] is not model:
            # Other parameters of the same network: nothing has to be compiled.
            self._made[1].use(model)
            self._made = (model, self._made[1])
        return self._made[1]
