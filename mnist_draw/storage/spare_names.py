"""Put a file that cannot be used aside, so that nothing the user had is overwritten."""

from __future__ import annotations

import time
from pathlib import Path


def put_aside(path: Path) -> Path:
    """Rename a file to a name that tells when it was found to be unreadable.

    Parameters
    ----------
    path : pathlib.Path

    Returns
    -------
    pathlib.Path
        Its new name, in the same folder; no other file is replaced.

    Raises
    ------
    OSError
        When it cannot be renamed.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S")
    aside = path.with_name(f"{path.name}.unreadable-{stamp}")
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}.unreadable-{stamp}-{number}")
    path.rename(aside)
    return aside
