"""Requests to a running loop, from any thread; the loop looks at them after every batch."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from mnist_draw.training.settings import check_augmentation, check_l2, check_learning_rate


class Controls:
    """Stop, pause, resume and one epoch more, as requests that the loop grants after a batch.

    All methods may be called from any thread and return at once.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._stop = False
        self._pause = False
        self._extra_epochs = 0
        self._learning_rate: float | None = None
        self._l2: float | None = None
        self._augmentation: str | None = None

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

    def set_learning_rate(self, learning_rate: float) -> None:
        """Train on with another base learning rate, from the next batch.

        Raises
        ------
        SettingsError
            It is not above 0; the run goes on with the rate it has.
        """
        check_learning_rate(learning_rate)
        with self._changed:
            self._learning_rate = learning_rate

    def set_l2(self, l2: float) -> None:
        """Train on with another L2 penalty, from the next batch.

        Raises
        ------
        SettingsError
            It is below 0; the run goes on with the penalty it has.
        """
        check_l2(l2)
        with self._changed:
            self._l2 = l2

    def set_augmentation(self, augmentation: str) -> None:
        """Train on with pictures varied in another way, from the next batch.

        Raises
        ------
        SettingsError
            There is no such recipe; the run goes on with the one it has.
        """
        check_augmentation(augmentation)
        with self._changed:
            self._augmentation = augmentation

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
    def learning_rate(self) -> float | None:
        """The learning rate asked for during the run, if any."""
        return self._learning_rate

    @property
    def l2(self) -> float | None:
        """The L2 penalty asked for during the run, if any."""
        return self._l2

    @property
    def augmentation(self) -> str | None:
        """The recipe of augmentation asked for during the run, if any."""
        return self._augmentation

    def wait_while_paused(self) -> None:
        """Return when the loop may go on or has to stop; called by the loop."""
        with self._changed:
            self._changed.wait_for(lambda: not self._pause or self._stop)


@contextlib.contextmanager
def stop_on_interrupt(controls: Controls) -> Iterator[None]:
    """Let Ctrl-C ask for a stop instead of tearing the loop apart; a second one does that.

    Only the main thread receives signals; in any other this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ask(number: int, frame: FrameType | None) -> None:
        if controls.stop_requested:
            raise KeyboardInterrupt
        controls.stop()

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield
    finally:
        # None: the handler was not set from Python, and cannot be set back from it.
        if before is not None:
            signal.signal(signal.SIGINT, before)
