"""Memory that is free goes back to the system, where the C library would keep it.

The GNU C library gives each thread a heap of its own, up to eight for each core, and keeps what is
freed there in case it is wanted again; it also learns from each large block that is freed to take
the next of that size from such a heap. In a program with a dozen threads, each of which now and
then needs a lot, that comes to hundreds of megabytes (see mallopt(3) and malloc_trim(3)).
"""

from __future__ import annotations

import ctypes
import sys
import threading

#: Numbers of the parameters in malloc.h.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
#: The window's thread has one heap, all others share the second.
_ARENAS = 2
#: Larger blocks come from the system and go back to it at once. What a minibatch needs is smaller.
_LARGE = 4 * 1024 * 1024


def keep_small() -> None:
    """Have free memory given back; call it before the first thread starts."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back() -> None:
    """Give back what is free now, in a thread that ends with it; takes some milliseconds."""
    library = _library()
    if library is not None:
        threading.Thread(target=library.malloc_trim, args=(0,), name="heap", daemon=True).start()


def _library() -> ctypes.CDLL | None:
    """Return the GNU C library; None where another one runs the program."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    known = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    return library if known else None
