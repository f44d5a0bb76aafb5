"""The window. The only package that imports Qt.

Importing this package is cheap and needs neither Qt nor a display; both are looked at
when :func:`main` runs, so that a machine without them is told what to install.

Rooms import downwards only, from the window to what all share.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_draw.app.train.lesson import Lesson

__all__ = ["main"]


def chosen_qt() -> str:
    """Return ``"pyqt6"`` where it is installed or wanted by ``QT_API``, else ``"pyqt5"``."""
    wanted = os.environ.get("QT_API", "").lower()
    if wanted in ("pyqt5", "pyqt6"):
        return wanted
    return "pyqt6" if find_spec("PyQt6") else "pyqt5"


# Read by qtpy.
os.environ["QT_API"] = chosen_qt()


def main(argv: Sequence[str] | None = None, file: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and run until it is closed."""
    from mnist_draw.app.shell.startup import run

    return run(list(argv or ()), file, lesson)
