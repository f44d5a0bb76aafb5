"""What the header and its menu of networks show, as functions of the state; without Qt."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mnist_draw.app.kit.app_state import UNSAVED, UNSAVED_TITLE, Learns, OfRun
from mnist_draw.i18n import _, format_ago, format_percent, listed, number, pgettext
from mnist_draw.library.entries import newest
from mnist_draw.networks import title_of_model
from mnist_draw.training.failure import why_it_failed
from mnist_draw.training.run import UNFINISHED
from mnist_draw.training.settings import SETTINGS

if TYPE_CHECKING:
    from mnist_draw.app.kit.app_state import AppState, NetworkName
    from mnist_draw.app.kit.waiting import Waiting
    from mnist_draw.library.entries import Entry
    from mnist_draw.storage.models import ModelFile
    from mnist_draw.training.run import Run

#: Longer names are elided; the accuracy never is.
MAX_LETTERS = 24
_NUMBER = re.compile(r" \(\d+\)$")


def elided(name: str) -> str:
    """Shorten a name at its end; the number of one of several equal names stays."""
    if len(name) <= MAX_LETTERS:
        return name
    found = _NUMBER.search(name)
    end = "…" if found is None else f"…{found.group()}"
    return f"{name[: MAX_LETTERS - len(end)]}{end}"


# -- what is trained or learned


@dataclass(frozen=True)
class Work:
    """What is trained or learned, for the button that leads there."""

    words: str
    #: From 0 to 1.
    part: float = 0.0
    #: Of the bar: the accent, gray, or the alert for a failure.
    color: Literal["accent", "muted", "alert"] = "accent"
    #: Whether the words hold for long: a state that may soon be over is shown once it lasts.
    is_steady: bool = True
    sentence: str = _("Your network is training. Go there.")


_LEARNS = _("Your network is learning your digits. Go there.")
_ENDED = _("Your run has ended. Go there.")


def work_of(state: AppState) -> Work | None:
    """Return what is trained or learned, unless the current page shows it itself."""
    learning = state.learning
    run = state.run
    waiting = state.queue if state.queue is not None and state.queue.kind == "run" else None
    if isinstance(learning, Learns) and waiting is None and state.page != "draw":
        return Work(learning.words, learning.part, sentence=_LEARNS)
    if state.page == "train":
        return None
    if waiting is not None:
        return _work_of_waiting(state, waiting)
    if run.is_running:
        return _work_of_running(run)
    return _work_of_ended(run) if state.has_unseen_end else None


def _work_of_waiting(state: AppState, waiting: Waiting) -> Work:
    words, part = waiting.reason.progress(state)
    starts = waiting.reason.starts(state)
    if state.page == "draw":
        # The next step shows how far that is which it waits for.
        return Work(_("Next: {name}", name=waiting.title), part, "muted", sentence=starts)
    return Work(words, part, sentence=starts)


def _work_of_running(run: Run) -> Work:
    is_gray = run.state in ("waiting", "paused", "stopping") or not run.has_begun
    color: Literal["accent", "muted"] = "muted" if is_gray else "accent"
    words = run.label
    if run.state == "testing":
        words = _("Epoch {epoch} of {epochs}", epoch=run.epoch, epochs=run.epochs)
    return Work(words, run.run_part, color, run.state == "training")


def _work_of_ended(run: Run) -> Work | None:
    if run.state == "diverged":
        name = why_it_failed(run).name
        brief = SETTINGS[name].brief(getattr(run.settings, name))
        return Work(_("⚠ Failed: {change}", change=brief), 1.0, "alert", sentence=_ENDED)
    if run.is_finished:
        share = run.validation_accuracy if run.test_accuracy is None else run.test_accuracy
        words = _("Finished: {share}", share=format_percent(share))
        return Work(words, 1.0, sentence=_ENDED)
    if not run.has_ended:
        return None
    words = run.label
    if run.state in UNFINISHED:
        words = _("Continue from epoch {epoch}", epoch=number(run.epochs_done + 1))
    return Work(words, run.run_part, "muted", sentence=_ENDED)


# -- the menu


@dataclass(frozen=True)
class Line:
    """A line of the menu: a network if it has a key, a heading if it has a title alone."""

    title: str
    note: str = ""
    figure: str = ""
    key: str = ""
    is_library: bool = False
    is_wanted: bool = False

    def spoken(self) -> str:
        answers = pgettext("of a network", "answers") if self.is_wanted else ""
        return listed(filter(None, (self.title, self.note, self.figure, answers)))


LIBRARY = Line(_("Library"), figure="F9", is_library=True)


def menu_lines(state: AppState) -> Iterator[Line]:
    """Yield the lines of the menu: the running run, the user's networks, those that ship."""
    run = state.run
    running_key = run.key if run.is_running else ""
    if running_key:
        accuracy = run.validation_accuracy
        figure = "" if accuracy is None else format_percent(accuracy)
        is_wanted = state.network_wanted == OfRun(running_key)
        yield Line(_("IN TRAINING"))
        yield Line(run.title, run.label, figure, running_key, is_wanted=is_wanted)
    entries = [entry for entry in state.entries if entry.has_network and entry.key != running_key]
    listed_keys = {running_key, *(entry.key for entry in entries)}
    own = [
        _line_in_memory(state, name, model)
        for name, model in list(state.in_memory.items())
        if name.key not in listed_keys
    ]
    shown = newest(entries)
    for entry in entries:
        if entry.key == state.network_wanted.key and not entry.is_shipped and entry not in shown:
            shown.append(entry)
    own += [_line_of_entry(state, entry, format_ago(entry.when)) for entry in shown]
    shipped = [entry for entry in entries if entry.is_shipped]
    if own:
        yield Line(_("YOURS"))
        yield from own
    if shipped:
        yield Line(_("CAME WITH THE PROGRAM"))
    for entry in shipped:
        yield _line_of_entry(state, entry, entry.what)
    yield LIBRARY


def _line_in_memory(state: AppState, name: NetworkName, model: ModelFile) -> Line:
    title = UNSAVED_TITLE if name == UNSAVED else title_of_model(model)
    is_wanted = name == state.network_wanted
    return Line(title, _("not saved"), model.info.accuracy, name.key, is_wanted=is_wanted)


def _line_of_entry(state: AppState, entry: Entry, note: str) -> Line:
    is_wanted = entry.key == state.network_wanted.key
    return Line(entry.name, note, entry.stored.info.accuracy, entry.key, is_wanted=is_wanted)
