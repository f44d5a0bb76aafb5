"""The PyQt5 window. The only package that imports Qt.

Importing this package is cheap and needs neither Qt nor a display; both are looked at
when :func:`main` runs, so that a machine without them is told what to install.

Rooms import downwards only, from the window to what all share.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_draw.app.train.lesson import Lesson

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, file: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and run until it is closed."""
    from mnist_draw.app.shell.startup import run

    return run(list(argv or ()), file, lesson)
