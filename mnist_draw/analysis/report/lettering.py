"""Words in pictures: written with a font that has their letters, whatever script they are in.

Pillow brings one font, whose letters are those of English. Names of classes may hold any; for them
the fonts of the system are looked through. Where none has a letter, another name is written, since
a row of empty boxes says nothing, and `Lettering.told` says which.
"""

from __future__ import annotations

import itertools
import os
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from PIL import ImageFont

#: No font has a letter here, so each paints what it has for letters that it lacks.
_NOBODY = "\U0010ffff"
#: Pixels; a letter is there in all sizes or in none.
_TRIED = 16
#: So many files are looked into: a letter that none of them has is hardly worth further seconds.
_MAX_FILES = 2_000
#: Upright faces for text that systems bring, looked into before all others.
_USUAL = (
    "dejavusans", "notosans-regular", "liberationsans-regular", "segoeui", "arial", "helvetica",
    "arial unicode", "arialuni", "notosanscjk-regular", "msyh", "yugothr", "malgun", "pingfang",
)  # fmt: skip
#: What stands in the names of faces that are rather not taken.
_ODD = (
    "bold",
    "italic",
    "oblique",
    "mono",
    "math",
    "light",
    "thin",
    "black",
    "condensed",
    "narrow",
)
#: Letters that Unicode does not take apart, as they are written without their signs.
_PLAIN = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE",
        "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "–": "-", "—": "-", "−": "-",
        "‘": "'", "’": "'", "“": '"', "”": '"', "„": '"', "×": "x", "…": "...",
    }
)  # fmt: skip
#: So many names are told; of more, how many.
_TOLD = 3


class Lettering:
    """Fonts for the names of classes, and how the names are written with them."""

    def __init__(self, names: Sequence[str]) -> None:
        self._files: list[str | None] = [None]
        lacking = {letter for letter in "".join(names) if not _has(None, letter)}
        # What stands for the rest of a long name is not worth a search of its own.
        cut_off = {letter for letter in "…" if not _has(None, letter)}
        lacking = self._search(lacking | cut_off, set("".join(names))) if lacking else cut_off
        self.names = tuple(_writable(names, lacking))
        changed = [f"{a} as {b}" for a, b in zip(names, self.names, strict=True) if a != b]
        self.told = _sentence(changed)
        self._cut_off = "..." if "…" in lacking else "…"

    def length(self, text: str, size: int) -> float:
        """Return how wide a text is, in pixels, in letters of a size in pixels."""
        return float(sum(_font(file, size).getlength(part) for file, part in self._parts(text)))

    def fitted(self, text: str, size: int, width: float) -> str:
        """Return as much of a text as fits into so many pixels."""
        if self.length(text, size) <= width:
            return text
        while text and self.length(f"{text}{self._cut_off}", size) > width:
            text = text[:-1]
        return f"{text}{self._cut_off}"

    def write(
        self, draw: Any, middle: tuple[float, float], text: str, size: int, fill: str
    ) -> None:
        """Write a text around a point.

        Parameters
        ----------
        draw : PIL.ImageDraw.ImageDraw
        middle : tuple of float
            In pixels.
        text : str
        size : int
            Of the letters, in pixels.
        fill : str
            Colour.
        """
        x = middle[0] - self.length(text, size) / 2
        baseline: float | None = None
        for file, part in self._parts(text):
            font = _font(file, size)
            if baseline is None:
                ascent, descent = font.getmetrics()
                baseline = middle[1] + (ascent - descent) / 2
            draw.text((x, baseline), part, font=font, fill=fill, anchor="ls")
            x += font.getlength(part)

    def _search(self, lacking: set[str], letters: set[str]) -> set[str]:
        """Add fonts of the system until no letter is lacking; return those that still are."""
        for file in itertools.islice(_font_files(), _MAX_FILES):
            found = {letter for letter in lacking if _has(file, letter)}
            if found == lacking and all(_has(file, letter) for letter in letters):
                # One for everything looks better than two that take turns in a word.
                self._files.insert(0, file)
                return set()
            if found:
                self._files.append(file)
                lacking = lacking - found
            if not lacking:
                break
        return lacking

    def _parts(self, text: str) -> Iterator[tuple[str | None, str]]:
        """Yield pieces of a text with the font that has all of their letters."""
        for file in self._files:
            if all(_has(file, letter) for letter in text):
                yield file, text
                return
        for file, letters in itertools.groupby(text, self._file_of):
            yield file, "".join(letters)

    def _file_of(self, letter: str) -> str | None:
        return next((file for file in self._files if _has(file, letter)), self._files[0])


def font_folders() -> list[Path]:
    """Return where Linux, macOS and Windows keep their fonts; not all of them need be there."""
    home = Path.home()
    if sys.platform == "win32":
        windows = os.environ.get("WINDIR", r"C:\Windows")
        local = os.environ.get("LOCALAPPDATA", str(home / "AppData" / "Local"))
        return [Path(windows, "Fonts"), Path(local, "Microsoft", "Windows", "Fonts")]
    if sys.platform == "darwin":
        library = Path("Library", "Fonts")
        return [Path("/System") / library, Path("/") / library, home / library]
    own = os.environ.get("XDG_DATA_HOME") or str(home / ".local" / "share")
    shared = os.environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    return [Path(folder, "fonts") for folder in (own, *shared.split(":")) if folder] + [
        home / ".fonts"
    ]


def _font_files() -> Iterable[str]:
    """Return the system's font files, those for upright text first."""
    files = {
        str(Path(parent, file))
        for folder in font_folders()
        for parent, _, found in os.walk(folder)
        for file in found
        if file.lower().endswith((".ttf", ".otf", ".ttc", ".otc"))
    }
    return sorted(files, key=_rank)


def _rank(file: str) -> tuple[int, int, str]:
    stem = Path(file).stem.lower()
    usual = _USUAL.index(stem) if stem in _USUAL else len(_USUAL)
    return usual, sum(word in stem for word in _ODD), file


@cache
def _font(file: str | None, size: int) -> Any:
    return ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)


@cache
def _has(file: str | None, letter: str) -> bool:
    if _shows_nothing(letter):
        return True
    try:
        font = _font(file, _TRIED)
        painted, lacking = font.getmask(letter), font.getmask(_NOBODY)
    except (OSError, ValueError):  # a damaged file, or one of pictures in a single size
        return False
    return (painted.size, bytes(painted)) != (lacking.size, bytes(lacking))


def _shows_nothing(letter: str) -> bool:
    return letter.isspace() or unicodedata.category(letter) == "Cf"


def _writable(names: Sequence[str], lacking: set[str]) -> Iterator[str]:
    """Yield a name for each class that has none of the letters that are lacking."""
    taken = set(names)
    for number, name in enumerate(names):
        if lacking.isdisjoint(name):
            yield name
            continue
        apart = unicodedata.normalize("NFKD", name.translate(_PLAIN))
        plain = "".join(letter for letter in apart if not unicodedata.combining(letter))
        # What is left may be English; and no two classes are called the same.
        if not plain.isascii() or plain in taken:
            plain = f"class {number}"
        taken.add(plain)
        yield plain


def _sentence(changed: Sequence[str]) -> str:
    if not changed:
        return ""
    listed = ", ".join(changed[:_TOLD])
    more = len(changed) - _TOLD
    return (
        "No font on this computer has all letters of the classes' names: the pictures (PNG) write "
        f"{listed}{f' and {more} more otherwise' if more > 0 else ''}. The tables and the page "
        "have the names themselves."
    )
