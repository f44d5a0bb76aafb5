"""Memory that is free goes back to the system, where the C library would keep it.

The GNU C library gives each thread a heap of its own, up to eight for each core, and keeps what is
freed there in case it is wanted again; it also learns from each large block that is freed to take
the next of that size from such a heap. In a program with a dozen threads, each of which now and
then needs a lot, that comes to hundreds of megabytes (see mallopt(3) and malloc_trim(3)).

The library of the compiler is another such guest: after a network has been compiled 45 to 80 MB of
its file lie in the process's memory, and nobody looks at them until the next one is. They are only
copies of what the file holds, so they can go; the system brings them back when they are read, in
some milliseconds.
"""

from __future__ import annotations

import ctypes
import mmap
import re
import sys
import threading
from pathlib import Path

#: Numbers of the parameters in malloc.h.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
#: The window's thread has one heap, all others share the second.
_ARENAS = 2
#: Larger blocks come from the system and go back to it at once. What a minibatch needs is smaller.
_LARGE = 4 * 1024 * 1024
#: The library that is wanted only while something is compiled, as the names of files have it.
_COMPILER = "libllvmlite"
#: Where the system tells what lies in the memory of this process.
_MAPPED = Path("/proc/self/smaps")
#: What it says of a part of a file that may not be written, and of which no page differs, in the
#: memory or swapped out: a line with its addresses, then lines that begin with a capital letter.
_UNCHANGED = (
    rb"^([0-9a-f]+)-([0-9a-f]+) r-[-x]p [^\n]*/[^/\n]*%b[^/\n]*\n"
    rb"(?:[A-Z][^\n]*\n)*?Anonymous: +0 kB\n(?:[A-Z][^\n]*\n)*?Swap: +0 kB$"
)
#: Where the compiler's library lies, when it is known.
_found: tuple[tuple[int, int], ...] = ()


def keep_small() -> None:
    """Have free memory given back; call it before the first thread starts."""
    library = _library()
    if library is not None:
        library.mallopt(_ARENA_MAX, _ARENAS)
        library.mallopt(_MMAP_THRESHOLD, _LARGE)


def give_back(compiler: bool = False) -> None:
    """Give back what is free now, in a thread that ends with it; takes some milliseconds.

    Whoever wants memory meanwhile waits.
    """
    library = _library()
    if library is not None:
        arguments = (library, compiler)
        threading.Thread(target=_give_back, args=arguments, name="heap", daemon=True).start()


def _give_back(library: ctypes.CDLL, compiler: bool) -> None:
    library.malloc_trim(0)
    if compiler and hasattr(library, "madvise") and hasattr(mmap, "MADV_DONTNEED"):
        for begin, end in _compiler_parts():
            # What cannot go stays; nothing depends on it.
            library.madvise(
                ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), mmap.MADV_DONTNEED
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
        told = _MAPPED.read_bytes()
    except OSError:
        return []
    parts = re.finditer(_UNCHANGED % re.escape(name.encode()), told, re.MULTILINE)
    return [(int(part[1], 16), int(part[2], 16)) for part in parts]


def _library() -> ctypes.CDLL | None:
    """Return the GNU C library; None where another one runs the program."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    known = hasattr(library, "mallopt") and hasattr(library, "malloc_trim")
    return library if known else None
