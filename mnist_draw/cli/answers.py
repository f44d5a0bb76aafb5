"""What ``mnist-draw predict`` prints for a picture: a sentence, a JSON object or a line of CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any, Protocol

from mnist_draw.recognition.answer import Answer, NumberAnswer

#: Digits of a figure: more than float32 has would only be noise.
DECIMALS = 6
_COLUMNS = ("image", "digit", "confidence", *(f"p{digit}" for digit in range(10)), "number")


class Form(Protocol):
    """How answers are printed; `header` comes first, unless it is empty."""

    header: str

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return the line of a picture; boxes are multiplied to pixels of the picture's own."""

    def error(self, name: str, sentence: str) -> str:
        """Return the line of a picture that cannot be read; empty where there is none."""


class Sentences:
    """For a person."""

    header = ""

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

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return an object as the help of ``--json`` describes it."""
        found: dict[str, Any] = {
            "image": name,
            "digit": answer.digit,
            "confidence": round(answer.confidence, DECIMALS),
            "probabilities": [round(value, DECIMALS) for value in answer.probabilities.tolist()],
        }
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
        return json.dumps(found)

    def error(self, name: str, sentence: str) -> str:
        """Return an object with the sentence."""
        return json.dumps({"image": name, "error": sentence})


class CsvLines:
    """For a table: one line a picture."""

    header = ",".join((*_COLUMNS, "error"))

    def answer(self, name: str, answer: Answer, number: NumberAnswer | None, scale: float) -> str:
        """Return the line; what is no digit or was not asked for is left empty."""
        digit = "" if answer.digit is None else answer.digit
        figures = [answer.confidence, *answer.probabilities.tolist()]
        text = "" if number is None else _number_text(number)
        return _line([name, digit, *(round(figure, DECIMALS) for figure in figures), text, ""])

    def error(self, name: str, sentence: str) -> str:
        """Return a line with nothing but the name and the sentence."""
        return _line([name, *("" for _ in _COLUMNS[1:]), sentence])


def _line(fields: Sequence[object]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(fields)
    return text.getvalue()


def _number_text(number: NumberAnswer) -> str:
    return number.text if number.text.strip("?") else ""


def _sureness(number: NumberAnswer) -> str:
    if number.is_number:
        return f"{number.confidence * 100:.1f} %"
    strange = sum(part.digit is None for part in number.digits)
    return f"{strange} of {len(number.digits)} parts do not look like digits"
