"""Requests to a running loop, from any thread; the loop looks at them after every batch."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass

from mnist_draw.training.setting import LiveValue
from mnist_draw.training.settings import SETTINGS, SettingsError


@dataclass(frozen=True)
class Change:
    """Another value for a setting of the run that is going on."""

    name: str
    value: LiveValue


class Controls:
    """Stop, pause, resume and one epoch more, as requests that the loop grants after a batch.

    All methods may be called from any thread and return at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stop = False
        self._pause = False
        self._extra_epochs = 0
        self._changes: dict[str, LiveValue] = {}

    def stop(self) -> None:
        """Ask for the end of the run; a paused loop ends too."""
        with self._changed:
            self._stop = True
            self._changed.notify_all()

    def pause(self) -> None:
        """Ask the loop to wait."""
        with self._changed:
            self._pause = True

    def resume(self) -> None:
        """Let a paused loop go on."""
        with self._changed:
            self._pause = False
            self._changed.notify_all()

    def add_epoch(self) -> None:
        """Ask for one epoch more than planned."""
        with self._changed:
            self._extra_epochs += 1

    def change(self, name: str, value: LiveValue) -> None:
        """Train on with another value of a setting, from the next minibatch."""
        setting = SETTINGS.get(name)
        if setting is None or not setting.live:
            live = ", ".join(known for known, entry in SETTINGS.items() if entry.live)
            raise SettingsError(
                f"The setting {name!r} cannot be changed during a run; these can: {live}."
            )
        setting.check(value if isinstance(value, float) else setting.read(name, value))
        with self._changed:
            self._changes[name] = value

    @property
    def stop_requested(self) -> bool:
        """Whether `stop` was called."""
        return self._stop

    @property
    def paused(self) -> bool:
        """Whether the loop waits or is about to."""
        return self._pause and not self._stop

    @property
    def extra_epochs(self) -> int:
        """How many epochs were asked for beyond the plan."""
        return self._extra_epochs

    @property
    def changes(self) -> Mapping[str, LiveValue]:
        """A copy of the settings that were changed during the run, with their newest values."""
        with self._changed:
            return dict(self._changes)

    def wait_while_paused(self) -> None:
        """Return when the loop may go on or has to stop; called by the loop."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pause or self._stop)
