"""Requests to a running loop, from any thread; the loop looks at them after every batch."""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from types import FrameType

from mnist_draw.system import closed_console
from mnist_draw.training.setting import LiveValue
from mnist_draw.training.settings import SETTINGS, SettingsError

#: Seconds between two snapshots of the weights, at least: each is copied and read.
_SNAPSHOT_S = 1.0


class Controls:
    """Stop, pause, resume and one epoch more, as requests that the loop grants after a batch.

    All methods may be called from any thread and return at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.stop_requested = False
        #: Whether the program ends: a run that is stopped in its first epoch can begin again.
        self.closing = False
        #: Requested epochs beyond the plan.
        self.extra_epochs = 0
        #: Whether somebody sees how the network changes within an epoch.
        self.is_watched = False
        self._last_snapshot = -math.inf
        self._pause = False
        self._changes: dict[str, LiveValue] = {}

    def stop(self) -> None:
        """Ask for the end of the run; a paused loop ends too."""
        with self._changed:
            self.stop_requested = True
            self._changed.notify_all()

    def pause(self) -> None:
        with self._changed:
            self._pause = True

    def resume(self) -> None:
        with self._changed:
            self._pause = False
            self._changed.notify_all()

    def add_epoch(self) -> None:
        with self._changed:
            self.extra_epochs += 1
            self._changed.notify_all()

    def change(self, name: str, value: LiveValue) -> None:
        """Train on with another value of a setting, from the next minibatch."""
        setting = SETTINGS.get(name)
        if setting is None or not setting.live:
            live = ", ".join(known for known, entry in SETTINGS.items() if entry.live)
            raise SettingsError(
                "The setting {name} cannot be changed during a run. These can: {live}.",
                name=repr(name),
                live=live,
            )
        setting.check(name, value if isinstance(value, float) else setting.read(name, value))
        with self._changed:
            self._changes[name] = value

    @property
    def paused(self) -> bool:
        return self._pause and not self.stop_requested

    @property
    def changes(self) -> Mapping[str, LiveValue]:
        """A copy of the settings that were changed during the run, with their newest values."""
        with self._changed:
            return dict(self._changes)

    def wants_snapshot(self) -> bool:
        """Whether the weights are to be copied now; called by the loop."""
        now = time.monotonic()
        if not self.is_watched or now - self._last_snapshot < _SNAPSHOT_S:
            return False
        self._last_snapshot = now
        return True

    def wait_while_paused(self, extra_epochs: float = math.inf) -> None:
        """Return when the loop may go on, has to stop, or more epochs than these are requested."""

        def is_over() -> bool:
            is_longer = self.extra_epochs > extra_epochs
            return not self._pause or self.stop_requested or is_longer

        with self._changed:
            self._changed.wait_for(is_over)


#: Signals that end a command: ``kill``, a closed terminal, Ctrl-Break. Each system has some.
ENDING_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")


@contextlib.contextmanager
def stop_on_interrupt(controls: Controls) -> Iterator[None]:
    """Let Ctrl-C ask for a stop instead of tearing the loop apart; a second one does that.

    Only the main thread receives signals; in any other this does nothing.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        if controls.stop_requested:
            raise KeyboardInterrupt
        controls.stop()

    with _handled("SIGINT", ask):
        yield


@contextlib.contextmanager
def stop_on_signals(controls: Controls) -> Iterator[None]:
    """Let every way to end a command ask for a stop, as Ctrl-C does.

    However often a system asks: only a second Ctrl-C breaks the loop off. A signal that the
    program was started to ignore (``nohup``) stays ignored.
    """

    def ask(number: int, frame: FrameType | None) -> None:
        controls.stop()

    with contextlib.ExitStack() as stack:
        stack.enter_context(stop_on_interrupt(controls))
        for name in ENDING_SIGNALS:
            stack.enter_context(_handled(name, ask))
        stack.enter_context(closed_console(controls.stop))
        yield


@contextlib.contextmanager
def _handled(name: str, handler: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Give a signal another handler, where the system has it and Python may."""
    number = getattr(signal, name, None)
    if (
        number is None
        or threading.current_thread() is not threading.main_thread()
        or signal.getsignal(number) is signal.SIG_IGN
    ):
        yield
        return
    before = signal.signal(number, handler)
    try:
        yield
    finally:
        # None: the handler was not set from Python, and cannot be set back from it.
        if before is not None:
            signal.signal(number, before)
