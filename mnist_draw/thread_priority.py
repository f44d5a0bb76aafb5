"""Threads that go behind: where all cores are busy, the window's threads have theirs first.

Without competition they are as fast as any other thread. What they start should go behind too:
only Linux hands a thread's priority on.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
import threading

#: On Linux, how much nicer than the process (0 to 19): of a core that both want, a thread of the
#: window gets three parts in four.
NICENESS = 5
#: ``THREAD_PRIORITY_BELOW_NORMAL`` of Windows, ``QOS_CLASS_UTILITY`` of macOS.
_WINDOWS_BELOW_NORMAL, _MACOS_UTILITY = -1, 0x11

_thread = threading.local()


def step_back() -> None:
    """Let the calling thread go behind the others of the process, for the rest of its life.

    The main thread stays as it is: it is the window's, or all that there is. A system that does
    not allow it costs fluency, never the work.
    """
    if threading.current_thread() is threading.main_thread():
        return
    _thread.behind = True
    with contextlib.suppress(OSError, AttributeError):
        _lower_priority()


def is_behind() -> bool:
    """Tell whether the calling thread has stepped back."""
    return getattr(_thread, "behind", False)


def _lower_priority() -> None:
    if sys.platform == "win32":
        kernel = ctypes.WinDLL("kernel32")
        kernel.GetCurrentThread.restype = ctypes.c_void_p
        kernel.SetThreadPriority.argtypes = (ctypes.c_void_p, ctypes.c_int)
        kernel.SetThreadPriority(kernel.GetCurrentThread(), _WINDOWS_BELOW_NORMAL)
    elif sys.platform == "darwin":
        ctypes.CDLL(None).pthread_set_qos_class_self_np(_MACOS_UTILITY, 0)
    else:
        nice = os.getpriority(os.PRIO_PROCESS, os.getpid())
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), min(19, nice + NICENESS))
