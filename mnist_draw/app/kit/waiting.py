"""Why work waits, and what the window says of each reason; without Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from mnist_draw.app.kit.app_state import Learns
from mnist_draw.i18n import _, counted, time_words, with_comma

if TYPE_CHECKING:
    from mnist_draw.app.kit.app_state import AppState


@dataclass(frozen=True)
class Reason:
    """What the card of a run that waits, the header, the next step and the Library say.

    `WorkQueue.serve` names what work waits for, with its reason, and what the button does. Whoever
    changes what these read announces ``queue``.
    """

    #: When the work starts.
    starts: Callable[[AppState], str]
    #: Why it waits.
    why: Callable[[AppState], str]
    #: How far that is which it waits for: words, and a part from 0 to 1.
    progress: Callable[[AppState], tuple[str, float]]
    #: The button that does not wait, and its sentence; both empty where there is no way.
    button: str = ""
    button_help: str = ""


@dataclass(frozen=True)
class Waiting:
    """A run or learning that waits, and what starts it."""

    kind: Literal["run", "learning"]
    title: str
    start: partial[Any]
    reason: Reason
    #: Of a run that is continued: the key of its entry in the Library.
    key: str = ""


def _when(words: str, seconds: float | None) -> str:
    if seconds is None:
        return words
    return with_comma(words, _("about {time} left", time=time_words(seconds)))


def _after_run(state: AppState) -> str:
    return _when(_("Learns after your run"), state.run.seconds_left)


def _learning(state: AppState) -> Learns:
    """Return how far learning is; at its end it is none any more before the run starts."""
    return state.learning if isinstance(state.learning, Learns) else Learns(1.0)


def _after_learning(state: AppState) -> str:
    return _when(_("Starts after learning"), _learning(state).seconds_left)


def _why_after_learning(state: AppState) -> str:
    return counted(
        "{name} is learning {count} digit of yours. Running together, both would take longer.",
        "{name} is learning {count} digits of yours. Running together, both would take longer.",
        max(1, state.unlearned),
        name=state.network_title or _("The network"),
    )


AFTER_RUN = Reason(
    starts=_after_run,
    why=lambda state: _("Your network is training"),
    progress=lambda state: (state.run.label, state.run.run_part),
)
AFTER_LEARNING = Reason(
    starts=_after_learning,
    why=_why_after_learning,
    progress=lambda state: (_learning(state).words, _learning(state).part),
    button=_("Start now, learn later"),
    button_help=_("Stop learning; it starts again once the run has ended."),
)
