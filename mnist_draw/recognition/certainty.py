"""How sure an answer is, in words: the one place that decides what is named and how it is said.

Below `FAIRLY_SURE` an answer is not named alone. From 0.65 to 0.90 about one answer in four or
five is wrong, and "Sure" must stay true: hence two words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Protocol

from mnist_draw.dataset.classes import DIGITS

if TYPE_CHECKING:
    from mnist_draw.recognition.answer import NumberAnswer

#: Calibrated probability from which the best class is named alone and called sure, fairly sure, …
SURE, FAIRLY_SURE = 0.90, 0.65
#: … and of the two best together, from which both are named.
UNCLEAR = 0.80
#: The sign for ink that is no digit.
REFUSED = "⊘"
UNLIKE_A_DIGIT = "It is more like a letter or a scribble."
#: 0.9 as float32 is less than 0.9.
_FLOAT32 = 1e-6
#: A second reading of a number is mentioned from this probability.
_MENTIONED = 0.05


class State(Enum):
    """The states of an answer; each has one look wherever it is shown."""

    NOTHING = "The answer"
    SURE = "Sure"
    FAIRLY_SURE = "Fairly sure"
    UNCLEAR = "Unclear"
    NOT_SURE = "Not sure"
    NOT_A_DIGIT = "Not a digit"


class _Probabilities(Protocol):
    def tolist(self) -> list[float]: ...


@dataclass(frozen=True)
class Certainty:
    """What is said of an answer.

    `word` is the state as a heading (``"Not a class"`` if the classes are no digits), `text` the
    answer without doubt (``"3 or 8"``, ``"⊘"``, ``"93"``), and `line` the sentence below it.
    `named` are the classes that the program stands behind; `parts` are those of a number, one a
    digit.
    """

    state: State
    word: str
    text: str
    line: str
    named: tuple[int, ...] = ()
    parts: tuple[Certainty, ...] = ()

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
            return f"{self.word}: {self.line}"
        return f"{self.text} ({self.word.lower()}: {self.line})"


#: The certainty where there is no ink.
NOTHING_DRAWN = Certainty(
    State.NOTHING, State.NOTHING.value, "", "appears here with your first stroke."
)


def certainty_from(
    probabilities: _Probabilities,
    names: Sequence[str] = DIGITS,
    objection: str = "",
    share: float = 1.0,
) -> Certainty:
    """Return the certainty of calibrated probabilities (classes,).

    `objection` says why the ink is no digit, if so; `share` is the probability that the ink is one
    digit at all, and not a part or several of them.
    """
    if objection:
        word = State.NOT_A_DIGIT.value if tuple(names) == DIGITS else "Not a class"
        return Certainty(State.NOT_A_DIGIT, word, REFUSED, objection)
    values = probabilities.tolist()
    first, second = two_best(values)
    one, other = values[first], values[second]
    state = state_of(share * one, share * (one + other))
    text, line = names[first], f"Perhaps {names[first]} or {names[second]}"
    named: tuple[int, ...] = (first,)
    if state is State.UNCLEAR:
        text, named = f"{names[first]} or {names[second]}", (first, second)
        line = f"{_whole(one)} for {names[first]}, {_whole(other)} for {names[second]}"
    elif state is State.NOT_SURE:
        named = ()
    else:
        line = f"{format_probability(one)} for {names[first]}"
    return Certainty(state, state.value, text, line, named)


def certainty_of_number(number: NumberAnswer) -> Certainty:
    """Return the certainty of a number; a part that is no digit makes the others doubtful, too."""
    if not number.digits:
        return NOTHING_DRAWN
    share = 0.0 if number.strange else number.share
    parts = tuple(
        certainty_from(
            part.probabilities, DIGITS, UNLIKE_A_DIGIT if part.digit is None else "", share
        )
        for part in number.digits
    )
    text = "".join(REFUSED if part.digit is None else str(part.digit) for part in number.digits)
    if number.strange:
        several = number.strange > 1
        line = f"{number.strange} part{'s are' if several else ' is'} not a digit"
        return Certainty(State.NOT_SURE, State.NOT_SURE.value, text, line, (), parts)
    first = number.share * math.prod(part.confidence for part in number.digits)
    other, second = _second_reading(number, first)
    state = state_of(first, first + second)
    if state is State.UNCLEAR:
        line = f"{_whole(first)} for {text}, {_whole(second)} for {other}"
    elif state is State.NOT_SURE:
        line = f"{text} or {other}?" if second >= _MENTIONED else f"Perhaps {text}"
    else:
        line = f"{format_probability(first)} for {text}"
    return Certainty(state, state.value, text, line, (), parts)


def _second_reading(number: NumberAnswer, first: float) -> tuple[str, float]:
    """Return the next best reading, which differs in one digit, and its probability."""
    found = number.text, 0.0
    for place, part in enumerate(number.digits):
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
    one, two = one + _FLOAT32, two + _FLOAT32
    if one >= FAIRLY_SURE:
        return State.SURE if one >= SURE else State.FAIRLY_SURE
    return State.UNCLEAR if two >= UNCLEAR else State.NOT_SURE


def _whole(part: float) -> str:
    return format_probability(part, decimals=0)


def format_probability(part: float, decimals: int = 1, short: bool = False) -> str:
    """Format a probability as ``97.8 %``.

    No probability is rounded to 0 or 1: the ends are ``over 99.9 %`` and ``under 0.1 %``, or
    ``>99.9 %`` and ``<0.1 %`` where there is room for the figure alone.
    """
    over, under = (">", "<") if short else ("over ", "under ")
    percent, step = 100 * part, 10.0**-decimals
    if percent >= 100 - step / 2:
        return f"{over}{100 - step:.{decimals}f} %"
    return f"{percent:.{decimals}f} %" if percent >= step / 2 else f"{under}{step:.{decimals}f} %"
