"""How sure an answer is, in words: the one place that decides what is named and how it is said.

Below `FAIRLY_SURE` an answer is not named alone. From 0.65 to 0.90 about one answer in four or
five is wrong, and "Sure" must stay true: hence two words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from mnist_draw.dataset.classes import DIGITS
from mnist_draw.i18n import _, counted, percent, pgettext
from mnist_draw.recognition.glyphs import SIGNS

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import DigitAnswer, NumberAnswer

#: Calibrated probability from which the best class is named alone and called sure, fairly sure, …
SURE = 0.90
FAIRLY_SURE = 0.65
#: … and of the two best together, from which both are named.
UNCLEAR = 0.80
#: The sign for ink that is no digit.
REFUSED = "⊘"
UNLIKE_A_DIGIT = _("It looks more like a letter or a scribble.")
#: 0.9 as float32 is less than 0.9.
_FLOAT32 = 1e-6
#: A second reading of a number is mentioned from this probability.
_MENTIONED = 0.05


class State(Enum):
    """The states of an answer, each with its heading; each has one look."""

    # Translators: the heading above "appears here with your first stroke."
    NOTHING = 0, _("The answer")
    SURE = 1, pgettext("how sure", "Sure")
    FAIRLY_SURE = 2, _("Fairly sure")
    UNCLEAR = 3, pgettext("how sure", "Unclear")
    NOT_SURE = 4, _("Not sure")
    NOT_A_DIGIT = 5, _("Not a digit")

    def __init__(self, place: int, word: str) -> None:
        self.word = word


#: The states in which the program stands behind an answer, or behind two.
NAMED = (State.SURE, State.FAIRLY_SURE, State.UNCLEAR)


class _Probabilities(Protocol):
    def tolist(self) -> list[float]: ...


@dataclass(frozen=True)
class Certainty:
    """What is said of an answer.

    `word` is the state as a heading (``"Not a class"`` if the classes are no digits), `text` the
    answer without doubt (``"3 or 8"``, ``"⊘"``, ``"93"``), and `line` the sentence below it.
    `named` are the classes that the program stands behind, `either` the names of two; `parts` are
    those of a number, one a digit.
    """

    state: State
    word: str
    text: str
    line: str
    named: tuple[int, ...] = ()
    parts: tuple[Certainty, ...] = ()
    either: tuple[str, ...] = ()
    #: The letter that the digit may be; empty if none.
    letter: str = ""
    #: How probable a number is, where it is named alone.
    share: str = ""

    @property
    def is_named_alone(self) -> bool:
        """Whether it is one answer, sure or fairly sure."""
        return self.state in (State.SURE, State.FAIRLY_SURE)

    @property
    def is_refused(self) -> bool:
        """Whether the ink is no digit: then probabilities mean nothing."""
        return self.state is State.NOT_A_DIGIT

    @property
    def label(self) -> str:
        """The answer in a tag or below a picture: with a question mark if it is not sure."""
        return f"{self.text} ?" if self.state is State.NOT_SURE else self.text

    @property
    def sentence(self) -> str:
        """The answer in a line of text, for copies, tooltips and screen readers."""
        if self.state is State.NOTHING:
            return ""
        if self.is_refused:
            # Translators: such as "Not a digit: It is more like a letter or a scribble."
            return _("{name}: {text}", name=self.word, text=self.line)
        # Translators: such as "3 (fairly sure: 84.1% for 3)".
        return _(
            "{answer} ({certainty}: {line})",
            answer=self.text,
            certainty=self.word.lower(),
            line=self.line,
        )

    @property
    def record(self) -> str:
        """The label as files hold it, in every language: ``"3 or 8"``."""
        return _OR.join(self.either) or self.label


_OR = " or "


def label_of_record(record: str) -> str:
    """Return the label that a file holds in the words of the language."""
    one, either, other = record.partition(_OR)
    return _either(one, other) if either else record


def _either(one: str, other: str) -> str:
    return _("{one} or {other}", one=one, other=other)


#: The certainty where there is no ink.
NOTHING_DRAWN = Certainty(
    State.NOTHING,
    State.NOTHING.word,
    "",
    _("appears here with your first stroke."),
)


def certainty_from(
    probabilities: _Probabilities,
    names: Sequence[str] = DIGITS,
    objection: str = "",
    share: float = 1.0,
    lines: int = 1,
) -> Certainty:
    """Return the certainty of calibrated probabilities (classes,).

    `objection` says why the ink is no digit, if so, and `lines` how many lines of digits it is;
    `share` is the probability that the ink is one digit at all, and not a part or several of them.
    """
    if objection:
        word = State.NOT_A_DIGIT.word if tuple(names) == DIGITS else _("Not a class")
        if lines > 1:
            word = counted("{count} line", "{count} lines", lines)
        return Certainty(State.NOT_A_DIGIT, word, REFUSED, objection)
    values = probabilities.tolist()
    first, second = two_best(values)
    one = values[first]
    other = values[second]
    state = state_of(share * one, share * (one + other))
    best = names[first], names[second]
    if state is State.UNCLEAR:
        line = _two_shares(one, best[0], other, best[1])
        named = first, second
        return Certainty(state, state.word, _either(*best), line, named, either=best)
    if state is State.NOT_SURE:
        line = _("Perhaps {one} or {other}", one=best[0], other=best[1])
        return Certainty(state, state.word, best[0], line)
    return Certainty(state, state.word, best[0], _share_for(one, best[0]), (first,))


def certainty_of_letter(found: Certainty, letter: str) -> Certainty:
    """Return the certainty of a digit that may be a letter: it is never sure."""
    if not (letter and found.is_named_alone):
        return found
    line = _digit_or_letter(found.text, letter)
    word = State.NOT_SURE.word
    return replace(found, state=State.NOT_SURE, word=word, line=line, named=(), letter=letter)


def _digit_or_letter(digit: str, letter: str) -> str:
    # Translators: such as "8, or the letter B?"
    return _("{digit}, or the letter {letter}?", digit=digit, letter=letter)


def certainty_of_number(number: NumberAnswer) -> Certainty:
    """Return the certainty of a number; a part that is no digit makes the others doubtful, too."""
    if not number.digits:
        return NOTHING_DRAWN
    known = 0.0 if number.strange else number.share
    parts = tuple(_certainty_of_part(part, known) for part in number.digits)
    text = "".join(part.text for part in number.digits).replace("?", REFUSED)
    if number.strange:
        line = counted(
            "{count} part is not a digit",
            "{count} parts are not a digit",
            number.strange,
        )
        return Certainty(State.NOT_SURE, State.NOT_SURE.word, text, line, (), parts)
    first = number.share * math.prod(part.confidence for part in number.digits)
    other, second = _second_reading(number, first)
    state = state_of(first, first + second)
    share = ""
    alike = next((part for part in number.digits if part.letter), None)
    if alike is not None and state in (State.SURE, State.FAIRLY_SURE):
        state = State.NOT_SURE
        line = _digit_or_letter(alike.text, alike.letter)
    elif state is State.UNCLEAR:
        line = _two_shares(first, text, second, other)
    elif state is not State.NOT_SURE:
        share = format_probability(first)
        line = _share_for(first, text)
    elif second >= _MENTIONED:
        line = _("{one} or {other}?", one=text, other=other)
    else:
        line = _("Perhaps {answer}", answer=text)
    return Certainty(state, state.word, text, line, (), parts, share=share)


def _certainty_of_part(part: DigitAnswer, share: float) -> Certainty:
    if part.sign and part.sign in SIGNS:
        word = State.NOT_A_DIGIT.word
        line = _("It is the sign {sign}", sign=part.sign)
        return Certainty(State.NOT_A_DIGIT, word, part.text, line)
    objection = UNLIKE_A_DIGIT if part.digit is None else ""
    found = certainty_from(part.probabilities, DIGITS, objection, share)
    alike = certainty_of_letter(found, part.letter)
    return replace(alike, text=_either(alike.text, alike.letter)) if alike.letter else alike


def _second_reading(number: NumberAnswer, first: float) -> tuple[str, float]:
    """Return the next best reading, which differs in one digit, and its probability."""
    found = number.text, 0.0
    for place, part in enumerate(number.digits):
        if part.digit is None:
            continue
        values = part.probabilities.tolist()
        best, other = two_best(values)
        probability = first * values[other] / values[best] if values[best] else 0.0
        if probability > found[1]:
            found = f"{number.text[:place]}{other}{number.text[place + 1 :]}", probability
    return found


def two_best(values: Sequence[float]) -> tuple[int, int]:
    """Return the places of the largest and the second largest value."""
    order = sorted(range(len(values)), key=lambda place: (values[place], place))
    return order[-1], order[-2]


def state_of(one: float, two: float) -> State:
    """Return the state for the probability of the best answer and of the two best together."""
    one = one + _FLOAT32
    two = two + _FLOAT32
    if one >= FAIRLY_SURE:
        return State.SURE if one >= SURE else State.FAIRLY_SURE
    return State.UNCLEAR if two >= UNCLEAR else State.NOT_SURE


def _share_for(part: float, answer: str) -> str:
    # Translators: such as "97.8% for 3": how probable this answer is.
    return _("{share} for {answer}", share=format_probability(part), answer=answer)


def _two_shares(part: float, answer: str, second: float, other: str) -> str:
    return _(
        "{share} for {answer}, {second} for {other}",
        share=format_probability(part, decimals=0),
        answer=answer,
        second=format_probability(second, decimals=0),
        other=other,
    )


def format_probability(part: float, decimals: int = 1, short: bool = False) -> str:
    """Format a probability as ``97.8%``.

    No probability is rounded to 0 or 1: the ends are ``over 99.9%`` and ``under 0.1%``, or
    ``>99.9%`` and ``<0.1%`` where there is room for the figure alone.
    """
    step = 10.0**-decimals
    if 100 * part >= 100 - step / 2:
        share = percent(1 - step / 100, decimals)
        return f">{share}" if short else _("over {share}", share=share)
    if 100 * part >= step / 2:
        return percent(part, decimals)
    share = percent(step / 100, decimals)
    return f"<{share}" if short else _("under {share}", share=share)
