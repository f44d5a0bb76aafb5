"""Errors whose text is a sentence for the person at the screen."""

from __future__ import annotations


class UserError(Exception):
    """What went wrong, in words: what happened, what was kept and what to do.

    Every error that a user of the program can meet derives from this class, so that
    the command line and the window can show ``str(error)`` as it stands, and a
    traceback always means a defect of the program.
    """
