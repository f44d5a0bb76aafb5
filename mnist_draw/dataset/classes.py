"""The classes of a network: their number and names."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_draw.errors import DatasetError, strip_control_chars

#: MNIST's classes, and the default for a network.
DIGITS = tuple("0123456789")
#: The fewest and the most classes. More would not be readable as bars or as a table; the largest
#: of MNIST's relatives, EMNIST by class, has 62.
MIN_CLASSES, MAX_CLASSES = 2, 100
#: The longest name of a class, in characters: more does not fit beside a bar.
MAX_NAME_LENGTH = 40
#: Numbers below a hundred whose spoken name begins with a vowel.
_AN = ("8", "11", "18", *(str(number) for number in range(80, 90)))
#: Classes that a sentence lists.
_LISTED = 6


def check_classes(names: Sequence[str], source: str) -> None:
    """Raise DatasetError for too few or many classes, and for invalid or repeated names."""
    if len(names) < MIN_CLASSES:
        only = f" ({names[0]})" if names else ""
        raise DatasetError(
            f"{source} holds pictures of {len(names)} class{'es' * (not names)}{only}; at least "
            f"{MIN_CLASSES} are needed, so that there is something to tell apart."
        )
    if len(names) > MAX_CLASSES:
        raise DatasetError(
            f"{source} holds pictures of {len(names):,} classes; at most {MAX_CLASSES} can be "
            "told apart here. Use a part of them."
        )
    for name in names:
        if name != strip_control_chars(name):
            raise DatasetError(
                f"{source} has a class whose name is not in UTF-8 ({name!r}). Give its folder a "
                "name that can be shown."
            )
        if not name.strip():
            raise DatasetError(f"{source} has a class that is called {name!r}; give it a name.")
        if not name.isprintable():
            raise DatasetError(
                f"{source} has a class that is called {name!r}, with a character that cannot be "
                "shown. Give it another name."
            )
        if len(name) > MAX_NAME_LENGTH:
            raise DatasetError(
                f"{source} has a class that is called {name[:MAX_NAME_LENGTH]!r} and so on; a name "
                f"has at most {MAX_NAME_LENGTH} characters. Choose a shorter one."
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DatasetError(f"{source} has two classes that are called {twice[0]!r}.")


def class_list(names: Sequence[str]) -> str:
    """Return classes as a list for a sentence, such as ``"A, B, C, D, E, … Z"``."""
    if len(names) <= _LISTED:
        return ", ".join(names)
    return f"{', '.join(names[: _LISTED - 1])}, … {names[-1]}"


def with_article(digit: int | str) -> str:
    """Return a digit or number with its article: ``a 7``, ``an 8``."""
    return f"{'an' if str(digit) in _AN else 'a'} {digit}"
