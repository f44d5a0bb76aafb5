"""Reads the steps of the guide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from mnist_draw.i18n import _, cached_text

_TARGET = re.compile(r"<!--(.*?)-->", re.DOTALL)
_ENTRY = re.compile(r"(\w+): *([^,]*[^, ])")
#: Between paragraphs; not within a piece of code: an even number of fences follows it.
_PARAGRAPH = re.compile(r"\n\n+(?=(?:(?:(?!```).)*```(?:(?!```).)*```)*(?:(?!```).)*$)", re.DOTALL)
#: A paragraph that begins in bold is the exercise, in every language.
_EXERCISE = "**"
_FENCE = "```"
_CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


@dataclass(frozen=True)
class GuideStep:
    """One step of the guide."""

    #: From 1.
    number: int
    title: str
    #: What to read beside the picture: one paragraph, Markdown.
    short: str
    #: The whole step, Markdown with its title.
    text: str
    #: Which section "Show me" opens; ``"draw"`` is the Draw tab.
    section: str
    #: Which of the section's views; may be empty.
    view: str = ""
    #: ``"dense"`` or ``"convolution"``: what kind of first layer there is to be seen; ``"digits"``
    #: where it speaks of them; both with a space between; or empty.
    needs: str = ""
    #: Whether it is about all details.
    details: bool = False

    @property
    def code(self) -> tuple[str, ...]:
        """The step's pieces of Python, which continue those of the steps before."""
        return tuple(_CODE.findall(self.text))

    @property
    def exercise(self) -> str:
        return self.text.rpartition("\n\n")[2].strip()

    def part(self, about_code: bool) -> str:
        """Return the paragraphs about code, or the others, under the step's title: Markdown."""
        # A piece of code is one paragraph, blank lines in it included.
        paragraphs = _PARAGRAPH.split(self.text.strip())[1:]
        heading = f"{'##' if about_code else '#'} {self.number}. {self.title}"
        chosen = [
            each
            for each in paragraphs
            if ("`" in each and not each.startswith(_EXERCISE)) == about_code
        ]
        return "\n\n".join([heading, *chosen])


@cached_text
def guide() -> tuple[GuideStep, ...]:
    """Return all steps in order."""
    return tuple(_read(number, content) for number, content in enumerate(_contents(), 1))


def guide_messages() -> list[str]:
    """Return what there is to translate: the titles, and the paragraphs that are no code."""
    pieces = [piece for content in _contents() for piece in _pieces(content)]
    return [piece for piece in pieces if not piece.startswith(_FENCE)]


def _contents() -> list[str]:
    folder = files("mnist_draw.analysis.guide")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".md"))
    return [(folder / name).read_text("utf-8") for name in names]


def _pieces(content: str) -> list[str]:
    """Return the title, then the paragraphs, each in one line, and the pieces of code."""
    pieces = _PARAGRAPH.split(_TARGET.sub("", content).strip().replace("\n", "\n\n", 1))
    pieces = [piece if piece.startswith(_FENCE) else " ".join(piece.split()) for piece in pieces]
    return [pieces[0].removeprefix("# "), *filter(None, pieces[1:])]


def _read(number: int, content: str) -> GuideStep:
    target = _TARGET.search(content)
    entries: dict[str, Any] = dict(_ENTRY.findall(target.group(1) if target else ""))
    entries["details"] = "details" in entries
    pieces = [piece if piece.startswith(_FENCE) else _(piece) for piece in _pieces(content)]
    text = "\n\n".join([f"# {pieces[0]}", *pieces[1:]]) + "\n"
    return GuideStep(number, pieces[0], pieces[1], text, **entries)
