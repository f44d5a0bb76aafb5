"""Errors whose text is a sentence for the person at the screen."""

from __future__ import annotations

import re

#: Characters of a sentence, and of a word in it, that a person reads: what is longer was handed in
#: by mistake, such as a file's content in the place of its name. A path on Windows has up to 260.
_SENTENCE, _WORD = 1500, 400


def shortened(text: str) -> str:
    """Return a sentence of a length that can be read, without the middle of what is too long.

    Parameters
    ----------
    text : str
    """
    text = re.sub(rf"\S{{{_WORD + 1},}}", lambda word: _without_middle(word[0], _WORD), text)
    return _without_middle(text, _SENTENCE)


def _without_middle(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … {text[-half:]}"


class UserError(Exception):
    """What went wrong, in words: what happened, what was kept and what to do.

    Every error that a user of the program can meet derives from this class, so that
    the command line and the window can show ``str(error)`` as it stands, and a
    traceback always means a defect of the program. What it quotes is shortened.
    """

    def __str__(self) -> str:
        return shortened(super().__str__())
