"""The numbers in a network's text: what each means, what is allowed, how it is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Count:
    """A whole number in a network's text, such as its depth.

    Attributes
    ----------
    name : str
        In the grammar of the text, such as ``"DEPTH"``.
    title, sentence : str
        For the form: what it is called, and what it does.
    default, low, high : int
        Its value where the text leaves it out, and its range.
    """

    name: str
    title: str
    sentence: str
    default: int
    low: int
    high: int

    def read(self, text: str) -> int:
        """Read the number; raises ValueError with a part of a sentence where it makes no sense."""
        try:
            value = int(text)
        except ValueError:
            raise ValueError(f"{self.name} is {text or 'missing'}, no whole number") from None
        if not self.low <= value <= self.high:
            raise ValueError(f"{self.name} is {text}")
        return value

    def allowed(self) -> str:
        """Return what is allowed, in words."""
        return f"{self.name}, a whole number from {self.low:,} to {self.high:,}"


@dataclass(frozen=True)
class Share:
    """A dropout probability in a network specification: at least 0, below 1."""

    name: str
    title: str
    sentence: str
    default: float

    def read(self, text: str) -> float:
        """Read the share; raises ValueError with a part of a sentence where it makes no sense."""
        return as_share(text, self.name)

    def allowed(self) -> str:
        """Return what is allowed, in words."""
        return f"{self.name}, a share from 0 up to, not including, 1"


Number = Count | Share


def as_share(text: str, name: str = "a dropout") -> float:
    """Read a share from 0 up to, not including, 1; raises ValueError as `Share.read`."""
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{name} is {text or 'missing'}, no number") from None
    if not 0 <= value < 1:
        raise ValueError(f"{name} is {text}")
    return value


def shortest(number: float) -> str:
    """Write a number so that reading it gives the same: 0 rather than 0.0."""
    short = f"{number:g}"
    return short if float(short) == number else repr(number)
