"""What differs between systems for a process without a window: language, threads, console, C."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

#: Whether programs are in the menus by files that describe them.
HAS_MENU_FILES = sys.platform not in ("win32", "darwin")
#: The seconds for which a thread has had a core. Those of Windows go in steps of 16 ms: there it is
#: the time that has passed.
thread_clock = time.perf_counter if sys.platform == "win32" else time.thread_time
#: ``THREAD_PRIORITY_BELOW_NORMAL`` in winbase.h of Windows.
_WINDOWS_BELOW_NORMAL = -1
#: ``QOS_CLASS_UTILITY`` in sys/qos.h of macOS.
_MACOS_UTILITY = 0x11
#: ``CTRL_CLOSE_EVENT``, ``CTRL_LOGOFF_EVENT`` and ``CTRL_SHUTDOWN_EVENT`` of Windows.
_CLOSING = (2, 5, 6)
#: Windows ends a program 5 seconds after its console was closed, whatever it does.
_GRACE = 4.5


class Clock(NamedTuple):
    """A function of the system that writes how many ticks have passed."""

    function: Any
    #: Its first argument, which chooses among the clocks of POSIX; None for Windows.
    number: int | None
    #: How many ticks a second has.
    frequency: float


def desktop_languages() -> Iterator[str]:
    """Yield the languages that the desktop names, where it is not a terminal's variables."""
    if sys.platform == "win32":
        import locale

        yield locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage(), "")
    elif sys.platform == "darwin":
        import plistlib

        kept = Path.home() / "Library/Preferences/.GlobalPreferences.plist"
        with contextlib.suppress(OSError, ValueError):
            yield from plistlib.loads(kept.read_bytes()).get("AppleLanguages", [])
    else:
        yield from ()


def lower_thread(niceness: int) -> None:
    """Lower the priority of the calling thread, on Linux by some steps."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadPriority.argtypes = (ctypes.c_void_p, ctypes.c_int)
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _WINDOWS_BELOW_NORMAL)
    elif sys.platform == "darwin":
        ctypes.CDLL(None).pthread_set_qos_class_self_np(_MACOS_UTILITY, 0)
    else:
        nice = os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, nice + niceness))


@contextlib.contextmanager
def closed_console(stop: Callable[[], None]) -> Iterator[None]:
    """Stop when the console is closed, and hold the system off until the block has ended.

    Elsewhere than on Windows a closed terminal is a signal.
    """
    if sys.platform == "win32":
        from ctypes import wintypes

        ended = threading.Event()

        def asked(kind: int) -> bool:
            if kind not in _CLOSING:
                return False
            stop()
            ended.wait(_GRACE)
            return True

        routine = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)(asked)
        register = ctypes.windll.kernel32.SetConsoleCtrlHandler
        register(routine, True)
        try:
            yield
        finally:
            ended.set()
            register(routine, False)
    else:
        yield


def c_library() -> ctypes.CDLL:
    """Return the C library, which has the functions of mathematics."""
    return ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)


def fine_clock() -> Clock:
    """Return the clock that compiled code reads."""
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        frequency = ctypes.c_int64()
        kernel.QueryPerformanceFrequency(ctypes.byref(frequency))
        return Clock(kernel.QueryPerformanceCounter, None, frequency.value)
    return Clock(ctypes.CDLL(None).clock_gettime, time.CLOCK_MONOTONIC, 1e9)


def give_way() -> Any:
    """Return the function that lets another thread have the core."""
    if sys.platform == "win32":
        return ctypes.WinDLL("kernel32").SwitchToThread
    return ctypes.CDLL(None).sched_yield
