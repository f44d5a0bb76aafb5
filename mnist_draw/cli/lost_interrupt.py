"""Ctrl-C counts even where Python loses it.

It comes as an exception wherever the program is at that moment. In a function that a library calls
back, or in one that tidies up after an object, an exception ends nothing: Python prints it and goes
on as if nothing had been.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import Any

#: Seconds after which the function that swallowed it has returned.
_SOON = 0.02


@contextlib.contextmanager
def raised_again() -> Iterator[None]:
    """Raise a ``KeyboardInterrupt`` again that is lost in the block; not later than at its end."""
    before = sys.unraisablehook
    waiting: list[threading.Timer] = []

    def lost(what: Any) -> None:
        if not issubclass(what.exc_type, KeyboardInterrupt):
            before(what)
            return
        timer = threading.Timer(_SOON, _interrupt)
        timer.daemon = True
        waiting.append(timer)
        with contextlib.suppress(RuntimeError):  # no thread can be started: at the end of the block
            timer.start()

    sys.unraisablehook = lost
    try:
        yield
        if waiting and not waiting[-1].finished.is_set():
            raise KeyboardInterrupt
    finally:
        sys.unraisablehook = before
        for timer in waiting:
            timer.cancel()


def _interrupt() -> None:
    """Do what Ctrl-C does, waking the main thread where it waits for the system."""
    if sys.platform != "win32" and callable(signal.getsignal(signal.SIGINT)):
        main = threading.main_thread().ident
        assert main is not None
        signal.pthread_kill(main, signal.SIGINT)
    else:
        _thread.interrupt_main()
