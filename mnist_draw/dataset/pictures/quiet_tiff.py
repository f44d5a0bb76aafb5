"""Keeps libtiff from writing about damaged files to standard error.

Pillow tells of the same damage in an exception, which the program puts into a sentence.
"""

from __future__ import annotations

import contextlib
import ctypes
from functools import lru_cache


@lru_cache(maxsize=1)
def silence_libtiff() -> None:
    """Take libtiff its printing functions away, for this process.

    Pillow has no call for it, so they are asked of the library that Pillow has loaded. Where that
    cannot be reached (on Windows it is a part of Pillow), its lines appear as before.
    """
    with contextlib.suppress(ImportError, OSError, AttributeError):
        from PIL import _imaging

        library = ctypes.CDLL(_imaging.__file__)
        library.TIFFSetErrorHandler(None)
        library.TIFFSetWarningHandler(None)
