"""What ``mnist-draw predict`` prints for a picture: a sentence, a JSON object or a line of CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any, Protocol

from mnist_draw.cli.output import json_line
from mnist_draw.dataset.classes import DIGITS
from mnist_draw.recognition.answer import Answer, NumberAnswer

#: Digits of a figure: more than float32 has would only be noise.
DECIMALS = 6


class Form(Protocol):
    """How answers are printed; `header` comes first, unless it is empty.

    What is for programs is printed as it is where one reads.
    """

    header: str
    for_programs: bool

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return the line of a picture; boxes are multiplied to pixels of the picture's own."""

    def error(self, name: str, sentence: str) -> str:
        """Return the line of a picture that cannot be read; empty where there is none."""


class Sentences:
    """For a person."""

    header = ""
    for_programs = False

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return a line such as ``photo.png: 7 (99.8 %)``."""
        if number is not None and len(number.digits) > 1:
            return f"{name}: {number.text} ({_sureness(number)})"
        if answer.is_empty:
            return f"{name}: nothing ({answer.reason})"
        if answer.is_sure:
            return f"{name}: {answer.text} ({answer.confidence * 100:.1f} %)"
        return f"{name}: {answer.text} ({answer.reason})"

    def error(self, name: str, sentence: str) -> str:
        """Return nothing: the sentence goes to standard error."""
        return ""


class JsonObjects:
    """For a program: one object a line."""

    header = ""
    for_programs = True

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return an object as the help of ``--json`` describes it."""
        shares = [round(value, DECIMALS) for value in answer.probabilities.tolist()]
        found: dict[str, Any] = {
            "image": name,
            **({"digit": answer.digit} if answer.are_digits else {"class": _class(answer)}),
            "confidence": round(answer.confidence, DECIMALS),
            "probabilities": shares,
        }
        if not answer.are_digits:
            found["probabilities"] = dict(zip(answer.names, shares, strict=True))
        if number is not None:
            found["number"] = _number_text(number) or None
            found["digits"] = [
                {
                    "digit": part.digit,
                    "confidence": round(part.confidence, DECIMALS),
                    "box": [round(side * scale) for side in part.box],
                }
                for part in number.digits
            ]
        return json_line(found)

    def error(self, name: str, sentence: str) -> str:
        """Return an object with the sentence."""
        return json_line({"image": name, "error": sentence})


class CsvLines:
    """For a table: one line a picture."""

    for_programs = True

    def __init__(self, names: tuple[str, ...] = DIGITS) -> None:
        answer = "digit" if names == DIGITS else "class"
        columns = [f"p{name}" if names == DIGITS else f"p({name})" for name in names]
        self._columns = ("image", answer, "confidence", *columns, "number")
        self.header = _line((*self._columns, "error"))

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return the line; what is no digit or was not asked for is left empty."""
        digit = _class(answer) or ""
        figures = [answer.confidence, *answer.probabilities.tolist()]
        text = "" if number is None else _number_text(number)
        return _line([name, digit, *(round(figure, DECIMALS) for figure in figures), text, ""])

    def error(self, name: str, sentence: str) -> str:
        """Return a line with nothing but the name and the sentence."""
        return _line([name, *("" for _ in self._columns[1:]), sentence])


def _class(answer: Answer) -> str | None:
    return None if answer.digit is None else answer.names[answer.digit]


def _line(fields: Sequence[object]) -> str:
    text = io.StringIO()
    # Older versions of Python quote no end of a line but those that are in the terminator.
    csv.writer(text, lineterminator="\r\n").writerow(fields)
    return text.getvalue().removesuffix("\r\n")


def _number_text(number: NumberAnswer) -> str:
    return number.text if number.text.strip("?") else ""


def _sureness(number: NumberAnswer) -> str:
    if number.is_number:
        return f"{number.confidence * 100:.1f} %"
    strange = sum(part.digit is None for part in number.digits)
    return f"{strange} of {len(number.digits)} parts do not look like digits"
