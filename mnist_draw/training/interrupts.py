"""Signals that end a run: Ctrl-C, and what a system sends to a program that has to go.

A run that is asked to end stops after the minibatch at hand, so that whoever started it can save
what was learnt. On Windows, closing the console, logging off and shutting down are no signals of
Python's: the system tells a handler, and ends the program when that returns.
"""

from __future__ import annotations

import contextlib
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from mnist_draw.training.control import Controls

#: What asks a command to end: ``kill``, a closed terminal, Ctrl-Break. A system has some of them.
ENDING_SIGNALS = ("SIGTERM", "SIGHUP", "SIGBREAK")
#: Windows ends a program 5 seconds after its console was closed, whatever it does.
_GRACE = 4.5


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
        stack.enter_context(_closed_console(controls))
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


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _HandlerRoutine = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)
    #: CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT and CTRL_SHUTDOWN_EVENT.
    _CLOSING = (2, 5, 6)

    @contextlib.contextmanager
    def _closed_console(controls: Controls) -> Iterator[None]:
        """Stop when the console is closed, and hold the system off until the block has ended."""
        ended = threading.Event()

        def asked(kind: int) -> bool:
            if kind not in _CLOSING:
                return False
            controls.stop()
            ended.wait(_GRACE)
            return True

        routine = _HandlerRoutine(asked)
        register = ctypes.windll.kernel32.SetConsoleCtrlHandler
        register(routine, True)
        try:
            yield
        finally:
            ended.set()
            register(routine, False)

else:

    @contextlib.contextmanager
    def _closed_console(controls: Controls) -> Iterator[None]:
        """Do nothing: here a closed terminal is a signal."""
        yield
