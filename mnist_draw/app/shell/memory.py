"""Return free memory to the system, and collect garbage in the GUI thread.

The GNU C library gives each thread a heap of its own, up to eight for each core, and keeps what is
freed there in case it is wanted again; it also learns from each large block that is freed to take
the next of that size from such a heap. In a program with a dozen threads, each of which now and
then needs a lot, that comes to hundreds of megabytes (see mallopt(3) and malloc_trim(3)).

After a network has been compiled, 45 to 80 MB of the compiler's library are in the process's memory
until the next one is. They are unchanged copies of its file, so they can go; the system brings them
back in milliseconds when they are read. An idle window takes 245 MB with this, 319 MB without.
"""

from __future__ import annotations

import ctypes
import gc
import mmap
import re
import threading
import time
from pathlib import Path

from qtpy.QtCore import QAbstractEventDispatcher, QObject, QTimer

#: Numbers of the parameters in malloc.h.
_MMAP_THRESHOLD = -3
_ARENA_MAX = -8
#: The window's thread has one heap, all others share the second.
_ARENAS = 2
#: Larger blocks come from the system and go back to it at once. What a minibatch needs is smaller.
_LARGE = 4 * 1024 * 1024
#: The library that is wanted only while something is compiled, as the names of files have it.
_COMPILER = "libllvmlite"
#: The memory map of this process.
_MAPPED = Path("/proc/self/smaps")
#: What it says of a part of a file that may not be written, and of which no page differs, in the
#: memory or swapped out: a line with its addresses, then lines that begin with a capital letter.
_UNCHANGED = (
    rb"^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [^\n]*/[^/\n]*%b[^/\n]*\n"
    rb"(?:[A-Z][^\n]*\n)*?Anonymous: +0 kB\n(?:[A-Z][^\n]*\n)*?Swap: +0 kB$"
)
#: The address ranges of the compiler's library, when known.
_found: tuple[tuple[int, int], ...] = ()


def limit_heap() -> None:
    """Make the allocator return free memory; call it before the first thread starts."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def release_memory(compiler: bool = False) -> threading.Thread | None:
    """Return free memory in a thread of its own, within some milliseconds; return the thread.

    Allocations wait meanwhile. None where the C library is not GNU's.
    """
    library = _library()
    if library is None:
        return None
    arguments = (library, compiler)
    thread = threading.Thread(target=_release, args=arguments, name="heap", daemon=True)
    thread.start()
    return thread


def _release(library: ctypes.CDLL, compiler: bool) -> None:
    library.malloc_trim(0)
    if compiler and hasattr(library, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
        for begin, end in _compiler_parts():
            # What cannot go stays; nothing depends on it.
            library.madvise(
                ctypes.c_void_p(begin),
                ctypes.c_size_t(end - begin),
                mmap.MADV_DONTNEED,
            )


def _compiler_parts() -> tuple[tuple[int, int], ...]:
    """Find the compiler's library once: it stays where it is, and a look takes 10 ms."""
    global _found
    if not _found:
        _found = tuple(unchanged_parts(_COMPILER))
    return _found


def unchanged_parts(name: str) -> list[tuple[int, int]]:
    """Find where the process has a file in its memory exactly as it is on the disk."""
    try:
        content = _MAPPED.read_bytes()
    except OSError:
        return []
    parts = re.finditer(_UNCHANGED % re.escape(name.encode()), content, re.MULTILINE)
    return [(int(part[1], 16), int(part[2], 16)) for part in parts]


def _library() -> ctypes.CDLL | None:
    """Return the GNU C library; None where another one runs the program."""
    try:
        library = ctypes.CDLL("libc.so.6")
    except OSError:
        return None
    known = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    return library if known else None


#: After a full collection, the next waits for this many times the processor time that it took: the
#: window's thread spends at most a two-hundredth of its time on it.
_REST = 200
#: It waits no longer than this, in seconds: what compiling leaves in two minutes takes 40 MB.
_LONGEST_S = 120.0
#: Free memory goes back when no event has come for this long, in milliseconds, if the program has
#: computed for this long since the last time, in seconds: returning takes some hundredths itself.
_QUIET_MS = 2000
_WORK_S = 0.3
#: In a training, when there is always an event, after this many seconds of the processor: 50 to
#: 100 MB of free memory come together meanwhile.
_LONG_WORK_S = 5.0


class GuiThreadGarbageCollector(QObject):
    """Collects garbage whenever the GUI thread has nothing to do, until the process ends.

    Python collects in whichever thread happens to make objects, at any moment. A widget among them
    would be deleted there: in another thread than Qt's widgets belong to, or while an event is on
    its way to it. Either ends the process. Python's own collection is therefore off, also while the
    threads end, and this collects before Qt waits for an event. At rest, no timer runs.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # What has been imported stays, and need not be looked at each time.
        gc.collect()
        gc.freeze()
        gc.disable()
        self._rested = 0.0
        self._looked = time.monotonic()
        #: Seconds of the processor when memory was given back last.
        self._returned_at = 0.0
        self._quiet = QTimer(self)
        self._quiet.setSingleShot(True)
        self._quiet.timeout.connect(self._return_memory)
        QAbstractEventDispatcher.instance().aboutToBlock.connect(self.collect)

    def collect(self) -> None:
        """Collect the generations that are due, as Python would."""
        work = time.process_time() - self._returned_at
        if work >= _LONG_WORK_S:
            self._return_memory()
        elif work >= _WORK_S:
            self._quiet.start(_QUIET_MS)
        young, middle, old = (
            count > threshold
            for count, threshold in zip(gc.get_count(), gc.get_threshold(), strict=True)
        )
        if not young:
            return
        now = time.monotonic()
        due = (middle and old) or now - self._looked >= _LONGEST_S
        if due and now >= self._rested:
            began = time.thread_time()
            gc.collect()
            self._looked = now
            # Not the time on the clock: next to a training it is several times that.
            self._rested = now + _REST * (time.thread_time() - began)
            release_memory()
        else:
            gc.collect(1 if middle else 0)

    def _return_memory(self) -> None:
        self._returned_at = time.process_time()
        release_memory(compiler=True)
