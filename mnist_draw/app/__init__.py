"""The PyQt5 window. The only package that imports Qt.

Importing this package is cheap and needs neither Qt nor a display; both are looked at
when :func:`main` runs, so that a machine without them is told what to install.

Rooms import downwards only, from the window to what all share.

Modules
-------
shell
    The window around the tabs.
draw
    The Draw tab.
train
    The Train tab.
inside
    The Inside tab: why a network answers so, how it learns, where it fails.
pictures
    Pictures for the board, and the drawing for elsewhere.
my_digits
    Digits that the user has taught, and learning them.
networks
    All trained networks: used, renamed, deleted, opened, saved.
runs
    Runs of the past: listed, compared, continued.
board
    The drawing board.
answer
    What the program says of a drawing, and why.
services
    What works in threads of its own.
curves
    Curves over epochs.
shared
    What every room uses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mnist_draw.app.shell.lesson import Lesson

__all__ = ["main"]


def main(argv: Sequence[str] | None = None, network: str = "", lesson: Lesson | None = None) -> int:
    """Open the window and run until it is closed.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments for Qt (such as ``-style``), without the program's name. Default: none.
    network : str, optional
        The file of a network that is to answer, as *Open* in the list of networks takes it.
    lesson : Lesson, optional
        What a class starts with, as `mnist_draw.app.shell.lesson` reads it.

    Returns
    -------
    int
        0 after a normal close, 1 if the window could not be opened; the reason is then
        written to standard error in words.
    """
    from mnist_draw.app.shell.startup import run

    return run(list(argv or ()), network, lesson)
