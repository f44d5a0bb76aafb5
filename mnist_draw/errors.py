"""Errors whose text is a sentence for the person at the screen."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import re
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

#: Characters of a sentence, and of a word in it, that a person reads: what is longer was handed in
#: by mistake, such as a file's content in the place of its name. A path on Windows has up to 260.
_SENTENCE, _WORD = 1500, 400
#: So many names are told at once, and of more than that so many: there may be hundreds of runs.
_ALL_NAMED, _FEW_NAMED = 16, 6
#: The control characters of ASCII and of ISO 8859, and those that turn the direction of writing.
#: What begins another line is obeyed, too, except where a text has lines of its own.
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ENDS_OF_LINES = re.compile(r"[\n\u2028\u2029]")


def shortened(text: str) -> str:
    """Return a sentence of a length that can be read, without the middle of what is too long."""
    text = re.sub(rf"\S{{{_WORD + 1},}}", lambda word: _without_middle(word[0], _WORD), text)
    return _without_middle(text, _SENTENCE)


def strip_control_chars(text: str) -> str:
    """Return a text that can be written as UTF-8.

    Parameters
    ----------
    text : str
        The name of a file, for example. On Linux that may be any bytes, of which Python holds those
        that are no UTF-8 as lone surrogates; each of them becomes one ``�``.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def escape_unprintable(text: str) -> str:
    r"""Return a text that does nothing to a terminal but stand in it."""
    return _OBEYED.sub(_escape, text)


def one_line(text: str) -> str:
    r"""Return a text that is printable and stays in its line."""
    return _ENDS_OF_LINES.sub(_escape, escape_unprintable(text))


def plain_name(text: str) -> str:
    """Return a name that was typed or pasted, in one line and without what is not to be read."""
    return " ".join(_OBEYED.sub("", " ".join(text.split())).split())


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


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


class StorageError(UserError):
    """A file or folder could not be written or prepared."""


class DocumentError(UserError):
    """A file cannot be used; a phrase that fits after a colon, such as "it is a folder"."""


class ModelFileError(UserError):
    """A model file could not be read, or its content is no valid network."""


class DatasetError(UserError):
    """A data set cannot be used: the sentence names the file, what was found and expected."""


class MissingPackageError(UserError, ImportError):
    """Something optional was asked for whose package is not installed."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        super().__init__(
            f"{what} needs {package}, which is not installed. Install it with: "
            f'python -m pip install "mnist_draw[{extra}]" (or {package} alone).'
        )


def reason_of(error: Exception) -> str:
    """Return an error's text without a full stop; why a system refused, without numbers."""
    if not isinstance(error, OSError):
        return str(error).rstrip(".")
    if error.errno == errno.EACCES:
        return "no permission"
    if error.errno is None:
        return str(error) or type(error).__name__
    text = error.strerror or os.strerror(error.errno)
    return text[:1].lower() + text[1:]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the name that a misspelt one is most like; empty where it is like none."""
    import difflib

    names = sorted(known)
    # What was cut short at the end of a word, such as data for data_folder, is like nothing else.
    longer = [candidate for candidate in names if name and candidate.startswith(f"{name}_")]
    return next(iter(longer or difflib.get_close_matches(name, names, n=1)), "")


def did_you_mean(name: str, known: Iterable[str], lists_all: str = "") -> str:
    """Return the question after a misspelt name; the names there are where none is like it.

    Of many names these are the few that are most like it.
    """
    import difflib

    names = sorted(known)
    near = nearest(name, names)
    if near:
        said = f"did you mean {near}?"
    elif len(names) <= _ALL_NAMED:
        said = f"there are {', '.join(names)}."
    else:
        few = difflib.get_close_matches(name, names, n=_FEW_NAMED, cutoff=0.0)
        said = f"of {len(names):,} names, {', '.join(few)} come nearest."
    return f"{said} {lists_all} lists all." if lists_all else said


def few_of(names: Iterable[str]) -> str:
    """Return names in a sentence: the first few, and how many more there are."""
    first = list(names)
    left = len(first) - _FEW_NAMED
    if left <= 1:
        return ", ".join(first)
    return f"{', '.join(first[:_FEW_NAMED])} and {left:,} more"


def asks_what_was_meant(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function answer a keyword that it does not have with the one that was meant.

    Python does so itself from 3.13 on, for a mistake of a letter or two.
    """
    known = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def asking(*args: P.args, **keywords: P.kwargs) -> T:
        for name in keywords:
            if name not in known:
                raise TypeError(
                    f"{function.__qualname__.removesuffix('.__init__')} has no parameter "
                    f"{name!r}; {did_you_mean(name, set(known) - {'self'})}"
                )
        return function(*args, **keywords)

    return asking
