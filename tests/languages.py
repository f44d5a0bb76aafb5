"""Let a whole run of the tests speak a language, or an imitation of one.

``MNIST_DRAW_TEST_LANGUAGE=de pytest …`` chooses a language of the program. ``long`` writes English
in other letters and two fifths longer, so that what is not translated, or cut, can be seen;
``right-to-left`` does so in a window whose left is its right.
"""

from __future__ import annotations

import os
import re
import tempfile
from gettext import NullTranslations
from pathlib import Path

from mnist_draw import i18n

VARIABLE = "MNIST_DRAW_TEST_LANGUAGE"
IMITATIONS = ("long", "right-to-left")
_LETTERS = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "áƀćđéƒğĥíĵķĺṁñóṕɋŕśţúṽŵẋýžÁɃĆĐÉƑĞĤÍĴĶĹṀÑÓṔɊŔŚŢÚṼŴẊÝŽ",
)
#: Fields, tags and entities of HTML, code, and names that are the same in every language.
_KEPT = re.compile(
    r"\{\w*(?:![rs])?\}|<[^<>]*>|&\w+;|`[^`]*`|Python|NumPy|Theano|PyTensor|Lasagne|MNIST|mnist_draw",
)
_LONGER = 0.4


class _Imitation(NullTranslations):
    """English in look-alike letters, so that a word in plain ones has escaped translation."""

    def gettext(self, message: str) -> str:
        kept = _KEPT.findall(message)
        others = [piece.translate(_LETTERS) for piece in _KEPT.split(message)]
        text = "".join(a + b for a, b in zip(others, [*kept, ""], strict=True))
        return text + self.padding(len("".join(others)))

    def padding(self, letters: int) -> str:
        return (" ñ" * letters)[: round(_LONGER * letters)].rstrip()

    def ngettext(self, singular: str, plural: str, count: int) -> str:
        return self.gettext(singular if count == 1 else plural)

    def pgettext(self, _context: str, message: str) -> str:
        return self.gettext(message)


def use(code: str) -> None:
    """Speak a language from here on; before tables of sentences are imported."""
    if code in i18n.LANGUAGES:
        from translations import compile_all

        folder = Path(tempfile.mkdtemp(prefix="mnist_draw-locales-"))
        compile_all(folder)
        i18n.use(code, folder)
        return
    if code not in IMITATIONS:
        raise ValueError(f"{VARIABLE} is {code}, not of {[*i18n.LANGUAGES, *IMITATIONS]}")
    i18n.LANGUAGES[code] = i18n.Language(code, is_right_to_left=code == "right-to-left")
    i18n._code, i18n._translations = code, _Imitation()


if code := os.environ.get(VARIABLE):
    use(code)
