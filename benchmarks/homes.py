"""Homes of the program that last as long as a script."""

from __future__ import annotations

import contextlib
from pathlib import Path


def share_compiled_code(home: Path) -> Path:
    """Let a home use what the current one has compiled: to try a script out, not to measure."""
    from mnist_draw.storage.folders import cache_folder

    (home / "cache").mkdir(parents=True, exist_ok=True)
    for name in ("compiled", "loops"):
        # Where links are forbidden (Windows without developer mode) all is compiled anew.
        with contextlib.suppress(OSError, NotImplementedError):
            (home / "cache" / name).symlink_to(cache_folder() / name, target_is_directory=True)
    return home
