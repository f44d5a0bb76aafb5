"""Give free memory back to the system, and collect garbage in the GUI thread.

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
import sys
import threading
import time
from pathlib import Path

from PyQt5.QtCore import QObject, QTimer

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


def release_memory(compiler: bool = False) -> None:
    """Return free memory now, in a thread of its own, within some milliseconds.

    Allocations wait meanwhile.
    """
    library = _library()
    if library is not None:
        arguments = (library, compiler)
        threading.Thread(target=_release, args=arguments, name="heap", daemon=True).start()


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
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    known = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    return library if known else None


#: Milliseconds between two looks: compiling a network makes some thousand objects meanwhile.
_EVERY_MS = 100
#: After a look at all objects, the next waits for so many times what that one took of the
#: processor: the window's thread spends at most a two-hundredth of its time on it.
_REST = 200
#: It waits no longer than so many seconds: what compiling leaves behind in two minutes takes 40 MB.
_LONGEST_S = 120.0


class GuiThreadGarbageCollector(QObject):
    """Collects garbage between two events of the GUI thread, until the process ends.

    Python collects in whichever thread happens to make objects, at any moment. A widget among them
    would be deleted there: beside the thread that Qt's widgets belong to, or while an event is on
    its way to it. Either ends the process. Python's own collection is therefore off, also while the
    threads end, and a timer does what it would have done.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        # What has been imported stays, and need not be looked at each time.
        gc.collect()
        gc.freeze()
        gc.disable()
        self._rested = 0.0
        self._looked = time.monotonic()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.collect)
        self._timer.start(_EVERY_MS)

    def collect(self) -> None:
        """Collect the generations that are due, as Python would."""
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
            # Not the time on the clock: beside a network that is trained it is several times that.
            self._rested = now + _REST * (time.thread_time() - began)
            release_memory()
        else:
            gc.collect(1 if middle else 0)


#: Milliseconds between two looks.
_LOOK_MS = 500
#: The program rests while it computes for less than this share of the time. A crowded processor
#: leaves a network that is being compiled little more; an open window takes a hundredth.
_RESTS = 0.05
#: When it has rested for so many seconds, memory goes back, if it has computed for so many since
#: the last time: to give back takes some hundredths itself.
_QUIET = 2.0
_WORK = 0.3
#: While it works on and on, as in a training, memory goes back every so many seconds. Within two
#: of them 50 to 100 MB come together that are free; to give them back, and to be given
#: them anew, takes some thousandths of the time.
_LONG = 3.0
#: But only while it takes this share of a core or more: who draws takes less, and shall not wait.
_HARD = 0.5


class IdleMemoryTrimmer(QObject):
    """Returns free memory to the system when the program is idle, and during long work."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._busy = self._looked = time.monotonic()
        #: Seconds of the processor, at the last look and when memory was given back last.
        self._spent = time.process_time()
        self._given_back = 0.0
        #: Since when it works without a rest, or since memory was given back meanwhile.
        self._begun = self._busy
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.check)
        self._timer.start(_LOOK_MS)

    def check(self) -> None:
        """Give memory back, once, when the program has been at rest or at work for a while."""
        now = time.monotonic()
        spent = time.process_time()
        computed = spent - self._spent
        passed = now - self._looked
        if computed > _RESTS * passed:
            self._busy = now
            if now - self._begun >= _LONG and computed >= _HARD * passed:
                self._begun = now
                release_memory(compiler=True)
        else:
            self._begun = now
            if now - self._busy >= _QUIET and spent - self._given_back >= _WORK:
                self._given_back = spent
                release_memory(compiler=True)
        self._looked = now
        self._spent = spent
