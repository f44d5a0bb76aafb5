"""Errors whose text is a sentence for the person at the screen."""

from __future__ import annotations

import errno
import functools
import inspect
import os
import re
from collections.abc import Callable, Iterable
from typing import ParamSpec, TypeVar

from mnist_draw.i18n import _, counted, joined, listed, number

P = ParamSpec("P")
T = TypeVar("T")

#: Limits of a sentence and a word in it: longer ones are mistakes, such as a file's content instead
#: of its name. A path on Windows has up to 260 characters. The last is that of a name in a list.
_SENTENCE = 1500
_WORD = 400
_NAME = 60
#: A sentence lists all names up to this number, and of more names only a few.
_ALL_NAMED = 16
_FEW_NAMED = 6
#: The control characters of ASCII and of ISO 8859, and those that change the direction of writing;
#: the ends of lines are controls only within a line.
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
_ENDS_OF_LINES = re.compile(r"[\n\u2028\u2029]")


def shortened(text: str) -> str:
    """Cut the middle out of a sentence, and of words in it, that are too long."""
    text = re.sub(rf"\S{{{_WORD + 1},}}", lambda word: without_middle(word[0], _WORD), text)
    return without_middle(text, _SENTENCE)


def strip_control_chars(text: str) -> str:
    """Replace lone surrogates by ``�``, so that the text can be written as UTF-8.

    On Linux, a file name may be any bytes; Python holds those outside UTF-8 as lone surrogates.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def escape_unprintable(text: str) -> str:
    """Escape the characters that control a terminal."""
    return _CONTROLS.sub(_escape, text)


def one_line(text: str) -> str:
    """Escape the characters that control a terminal or end a line."""
    return _ENDS_OF_LINES.sub(_escape, escape_unprintable(text))


def plain_name(text: str) -> str:
    """Return a typed or pasted name in one line, without control characters."""
    return " ".join(_CONTROLS.sub("", " ".join(text.split())).split())


def _escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def without_middle(text: str, most: int = _NAME) -> str:
    """Cut the middle out of a text that is longer than so many characters."""
    if len(text) <= most:
        return text
    half = most // 2
    return f"{text[:half]} … {text[-half:]}"


class UserError(Exception):
    """A sentence for the user: what happened, what was saved and what to do.

    All errors that users can meet derive from this class: the command line and the window show
    ``str(error)``, and a traceback always means a defect of the program.

    The sentence is a message: ``UserError("There is no file {name}.", name=path)`` translates it
    and fills its fields, as `mnist_draw.i18n` does.
    """

    def __init__(self, sentence: str, /, **fields: object) -> None:
        super().__init__(_(sentence, **fields) if sentence else "")

    def __str__(self) -> str:
        return shortened(super().__str__())


class StorageError(UserError):
    """A file or folder could not be written or prepared."""


class DocumentError(UserError):
    """A file cannot be used; a phrase that fits after a colon, such as "it is a folder"."""


class DamagedError(DocumentError):
    """A file holds what the program never writes; the fault is for a report, in English."""

    def __init__(self, fault: str) -> None:
        super().__init__(_("it is damaged ({error})", error=fault))


class ModelFileError(UserError):
    """A model file could not be read, or its content is no valid network."""


class DatasetError(UserError):
    """A data set cannot be used: the sentence names the file, what was found and expected."""


class MissingPackageError(UserError, ImportError):
    """An optional feature needs a package that is not installed."""

    def __init__(self, what: str, package: str, extra: str) -> None:
        sentence = _(
            "{what} needs {package}, which is not installed. Install it with: {command} (or "
            "{package} alone).",
            what=what,
            package=package,
            command=f'python -m pip install "mnist_draw[{extra}]"',
        )
        super().__init__(sentence)


def reason_of(error: Exception) -> str:
    """Return why something failed, without numbers and paths that the system adds.

    It is a phrase that fits after ``": "`` and before ``". "``: in lower case where the words are
    the system's or the program's, without a full stop.
    """
    if isinstance(error, UnicodeDecodeError):
        return _("it is not UTF-8 text")
    if not isinstance(error, OSError):
        return str(error).rstrip(".。")
    if error.errno is None:
        return str(error).rstrip(".。") or type(error).__name__
    reasons = {
        errno.EACCES: _("permission denied"),
        errno.ENOSPC: _("the disk is full"),
        errno.EDQUOT: _("the disk quota is used up"),
        errno.EIO: _("input/output error"),
        errno.ENOENT: _("no such file or directory"),
        errno.ENOTDIR: _("not a directory"),
        errno.EISDIR: _("it is a folder"),
        errno.EROFS: _("read-only file system"),
        errno.ENAMETOOLONG: _("file name too long"),
    }
    if error.errno in reasons:
        return reasons[error.errno]
    text = error.strerror or os.strerror(error.errno)
    return text[:1].lower() + text[1:]


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the known name that is most like a misspelt one; empty if none is."""
    import difflib

    names = sorted(known)
    # Difflib does not find a name cut at the end of a word, such as data for data_folder.
    longer = [candidate for candidate in names if name and candidate.startswith(f"{name}_")]
    return next(iter(longer or difflib.get_close_matches(name, names, n=1)), "")


def did_you_mean(name: str, known: Iterable[str], lists_all: str = "") -> str:
    """Suggest the name that was meant, or list the known names, of many only the most similar."""
    import difflib

    names = sorted(known)
    near = nearest(name, names)
    if near:
        said = _("Did you mean {name}?", name=near)
    elif len(names) <= _ALL_NAMED:
        said = _("Choose from: {listing}.", listing=listed(map(without_middle, names)))
    else:
        closest = difflib.get_close_matches(name, names, n=_FEW_NAMED, cutoff=0.0)
        few = listed(map(without_middle, closest))
        said = _("Of {count} names, {few} are closest.", count=number(len(names)), few=few)
    return joined(said, _("{command} lists all.", command=lists_all) if lists_all else "")


def no_such(kind: str, name: object, known: Iterable[str], listing: str) -> str:
    """Say that there is no ``name`` of a kind, then which was meant, and which there are."""
    # Translators: such as "Schedule: there is no 'cosin'."
    said = _("{kind}: there is no {name}.", kind=kind, name=repr(name))
    near = nearest(str(name), known)
    if near:
        said = joined(said, _("Did you mean {name}?", name=near))
    return joined(said, _("Choose from: {listing}.", listing=listing))


def few_of(names: Iterable[str]) -> str:
    """List the first few names, and the number of others."""
    first = list(names)
    left = len(first) - _FEW_NAMED
    if left <= 1:
        return listed(first)
    few = listed(first[:_FEW_NAMED])
    return counted("{names} and {count} more", "{names} and {count} more", left, names=few)


def asks_what_was_meant(function: Callable[P, T]) -> Callable[P, T]:
    """Let a function suggest the keyword that was meant instead of an unknown one.

    Python does so itself from 3.13 on, for a mistake of a letter or two.
    """
    known = list(inspect.signature(function).parameters)

    @functools.wraps(function)
    def asking(*args: P.args, **keywords: P.kwargs) -> T:
        for name in keywords:
            if name not in known:
                raise TypeError(
                    f"{function.__qualname__.removesuffix('.__init__')} has no parameter "
                    f"{name!r}. {did_you_mean(name, set(known) - {'self'})}",
                )
        return function(*args, **keywords)

    return asking
