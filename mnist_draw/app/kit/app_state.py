"""The facts that the window shows, each held once; who shows a fact follows it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from mnist_draw.i18n import _, joined, percent
from mnist_draw.networks import title_of_model
from mnist_draw.recognition.certainty import State
from mnist_draw.training.run import Run

if TYPE_CHECKING:
    from pathlib import Path

    from mnist_draw.app.kit.waiting import Waiting
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


@dataclass(frozen=True)
class ResultMessage:
    """What came of learning: a summary, a detail, a warning."""

    summary: str
    detail: str = ""
    warning: str = ""

    def __str__(self) -> str:
        return joined(self.summary, self.detail, self.warning)


@dataclass(frozen=True)
class Idle:
    """Nothing is learned."""


#: The first part of learning, in which no minibatch is learned: its time says nothing of the rest.
PREPARING = 0.1


@dataclass(frozen=True)
class Learns:
    """The taught digits are learned."""

    #: From 0 to 1.
    part: float = 0.0
    seconds_left: float | None = None

    @property
    def words(self) -> str:
        if self.part <= PREPARING:
            return _("Preparing to learn")
        return _("Learning, {share}", share=percent(self.part))


@dataclass(frozen=True)
class Learned:
    """Learning has ended; the outcome is shown until something else is drawn or taught."""

    message: ResultMessage
    #: Whether the network reads the digits better, and so was replaced.
    is_better: bool


LearningState = Idle | Learns | Learned

#: What the user says of ink that is no digit.
NO_DIGIT = ""


@dataclass(frozen=True)
class TaughtInk:
    """What the user said of ink, as the file of the taught digit has it."""

    label: int
    path: Path
    #: Whether the network read it as something else then.
    was_misread: bool
    #: Whether no learning has seen it, and it was misread.
    is_new: bool
    #: Whether it was misread, and those that tried to learn it read it no better.
    was_refused: bool = False


@dataclass(eq=False)
class _Follower:
    names: frozenset[str]
    show: Callable[[], object]
    #: The pages on which it is seen; everywhere if there are none.
    pages: frozenset[str]
    is_outdated: bool = False


class AppState:
    """Belongs to the GUI thread, but needs no Qt; `set` is the only way to change a fact.

    What changes within the run is announced by these names: ``run``, its state, plan or name;
    ``progress``, its minibatch; ``epoch``, its figures after an epoch; ``digits``, how it reads the
    test digits; ``curves``, its history is longer; ``history``, its history is another one.
    """

    def __init__(self) -> None:
        self._followers: list[_Follower] = []
        #: The run that is trained, or the last one.
        self.run = Run()
        #: The run that Train shows.
        self.shown_run = self.run
        #: Whether that run has ended while Train was not seen.
        self.has_unseen_end = False
        #: Whether a run is trained in this window, or is still being saved.
        self.is_training = False
        self.network_wanted: NetworkName = Shipped()
        #: None until the first network answers.
        self.network_answering: NetworkName | None = None
        #: The newest request between the two; None where there is none.
        self.network_request: NetworkRequest | None = None
        #: What has answered since the program began.
        self.have_answered: frozenset[NetworkName] = frozenset()
        #: The network that answers.
        self.model: ModelFile | None = None
        #: Networks that are in no file, or not yet.
        self.in_memory: dict[NetworkName, ModelFile] = {}
        #: Whether that network reads digits.
        self.reads_digits = True
        #: All runs and networks of the Library, once they are listed.
        self.entries: tuple[Entry, ...] = ()

        self.learning: LearningState = Idle()
        #: What waits for the run or the learning at hand.
        self.queue: Waiting | None = None
        #: How many digits are taught, and how many misread ones of them no learning has seen.
        self.taught = 0
        self.unlearned = 0
        #: The taught digits by the tokens of their ink.
        self.taught_inks: dict[str, TaughtInk] = {}

        #: What the user settled of ink that no network can learn, by its token: which digit it is,
        #: or `NO_DIGIT`.
        self.settled: dict[str, str] = {}
        #: The key of the network that learned the taught digits last, or could not.
        self.learned_by = ""
        #: What the certainty of the answer on the board is.
        self.certainty = State.NOTHING
        #: Expected seconds of a first run and of learning, once they are measured.
        self.first_run_seconds: float | None = None
        self.learning_seconds: float | None = None
        #: The name of the current page.
        self.page = ""
        #: The title of the lesson; empty without one.
        self.lesson = ""
        #: Names of the pages that a lesson leaves out.
        self.hidden_pages: frozenset[str] = frozenset()

    def set(self, **facts: Any) -> None:
        """Change facts, and announce those that are another object now."""
        changed = [name for name, value in facts.items() if getattr(self, name) is not value]
        for name in changed:
            setattr(self, name, facts[name])
        self.announce(*changed)

    def announce(self, *names: str) -> None:
        """Show facts that have changed; what is on a page behind is shown once that is in front."""
        for follower in list(self._followers):
            if not follower.names.isdisjoint(names):
                follower.is_outdated = True
            is_seen = not (follower.pages and self.page) or self.page in follower.pages
            if follower.is_outdated and is_seen:
                follower.is_outdated = False
                follower.show()

    def follow(
        self,
        names: Iterable[str],
        show: Callable[[], object],
        pages: Iterable[str] = (),
    ) -> None:
        """Call a function after each change of one of these facts, while a page of it is in front.

        A method of a widget is called as long as the widget exists.
        """
        follower = _Follower(frozenset(names), show, frozenset(pages))
        self._followers.append(follower)
        destroyed = getattr(getattr(show, "__self__", None), "destroyed", None)
        if destroyed is not None:
            destroyed.connect(lambda: self._followers.remove(follower))

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

    @property
    def network_title(self) -> str:
        """The Library's name of the network that answers; empty without one."""
        model = self.model
        name = self.network_answering
        if model is None or name is None:
            return ""
        if name == UNSAVED:
            return UNSAVED_TITLE
        entry = self.entry_of(name.key)
        if entry is None:
            return title_of_model(model)
        # What the Library lists of a running run is older, except the user's own name.
        is_older = name in self.in_memory and not (entry.run and entry.run.name)
        return title_of_model(model) if is_older else entry.name

    def title_of(self, run: Run) -> str:
        """The Library's name of a run, where equal titles have numbers."""
        entry = self.entry_of(run.key)
        return entry.name if entry is not None and entry.title == run.title else run.title

    def entry_of(self, key: str) -> Entry | None:
        return next((entry for entry in self.entries if entry.key == key), None)

    def has_network(self, key: str) -> bool:
        """Whether the Library lists the network of a key."""
        entry = self.entry_of(key)
        return entry is not None and entry.has_network
