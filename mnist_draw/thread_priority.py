"""The priority of threads: while all cores are busy, those of the window take precedence.

Without competition a lowered thread is as fast as any other. Threads that it starts must be lowered
too: they inherit its priority on Linux only.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time

from mnist_draw.system import lower_thread

#: On Linux: by how much the niceness (-20 to 19) of a lowered thread exceeds the process'. Each
#: step weighs a factor of 1.25 (sched(7)): where two threads want one core, ten steps leave the
#: window's thread nine parts in ten.
NICENESS = 10

#: Seconds for which a core is claimed: longer than from one answer to a pen to the next.
_CLAIM = 0.1

_thread = threading.local()
_claimed_until = 0.0


def lower() -> None:
    """Lower the priority of the calling thread for good, if the system allows.

    The main thread is not lowered: it is the window's, or the only one.
    """
    if threading.current_thread() is threading.main_thread():
        return
    _thread.lowered = True
    with contextlib.suppress(OSError, AttributeError):
        lower_thread(NICENESS)


def is_lowered() -> bool:
    """Tell whether the calling thread has called `lower`."""
    return getattr(_thread, "lowered", False)


def claim_core() -> None:
    """Have kernels leave one core free for a moment, and put off what waits for it: a pen draws."""
    global _claimed_until
    _claimed_until = time.monotonic() + _CLAIM


def is_core_claimed() -> bool:
    """Tell whether one core is to be left to the window."""
    return time.monotonic() < _claimed_until


def wait_for_core(longest: float = 1.0) -> None:
    """Wait while a core is claimed, up to a time limit."""
    # Lowered threads hold Python's lock longer than others: they may lose their core meanwhile.
    end = time.monotonic() + longest
    while (left := min(_claimed_until, end) - time.monotonic()) > 0:
        time.sleep(left)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
