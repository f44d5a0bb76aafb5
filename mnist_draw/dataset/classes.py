"""The classes of a network: their number and names."""

from __future__ import annotations

from collections.abc import Sequence

from mnist_draw.errors import DatasetError
from mnist_draw.i18n import _, listed, number

#: MNIST's classes, and the default for a network.
DIGITS = tuple("0123456789")
#: The fewest and the most classes. More would not be readable as bars or as a table; the largest
#: of MNIST's relatives, EMNIST by class, has 62.
MIN_CLASSES = 2
MAX_CLASSES = 100
#: The longest name of a class, in characters: more does not fit beside a bar.
MAX_NAME_LENGTH = 40
#: Numbers below a hundred whose spoken name begins with a vowel.
_AN = ("8", "11", "18", *(str(number) for number in range(80, 90)))
#: Classes that a sentence lists.
_LISTED = 6


def check_classes(names: Sequence[str], source: str) -> None:
    """Raise DatasetError for too few or many classes, and for invalid or repeated names."""
    if len(names) < MIN_CLASSES:
        found = _("one class ({name})", name=names[0]) if names else _("no class")
        raise DatasetError(
            "{source} holds pictures of {found}; at least {least} are needed.",
            source=source,
            found=found,
            least=MIN_CLASSES,
        )
    if len(names) > MAX_CLASSES:
        raise DatasetError(
            "{source} holds pictures of {count} classes; at most {most} are supported. Use fewer "
            "classes.",
            source=source,
            count=number(len(names)),
            most=MAX_CLASSES,
        )
    for name in names:
        if not name.strip() or not name.isprintable() or len(name) > MAX_NAME_LENGTH:
            raise DatasetError(
                "{source} has a class called {name!r}; a name has 1 to {most} characters that "
                "can be shown. Choose another one.",
                source=source,
                name=name[:MAX_NAME_LENGTH],
                most=MAX_NAME_LENGTH,
            )
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise DatasetError(
            "{source} has two classes called {name!r}.",
            source=source,
            name=twice[0],
        )


def class_list(names: Sequence[str]) -> str:
    """Return classes as a list for a sentence, such as ``"A, B, C, D, E, … Z"``."""
    if len(names) <= _LISTED:
        return listed(names)
    return f"{', '.join(names[: _LISTED - 1])}, … {names[-1]}"


def with_article(digit: int | str) -> str:
    """Return a digit or number with its article: ``a 7``, ``an 8``."""
    # Translators: a digit in a sentence, such as "It is a 7."
    return _("an {name}", name=digit) if str(digit) in _AN else _("a {name}", name=digit)
