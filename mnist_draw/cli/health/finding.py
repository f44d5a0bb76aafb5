"""One thing that ``mnist-draw doctor`` has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``note``: something is missing that the program can do without.
State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """What was found.

    Attributes
    ----------
    name : str
        What was looked at.
    text : str
        How it is, or what is wrong and what to do.
    state : str
        ``"ok"``, ``"note"`` or ``"broken"``.
    """

    name: str
    text: str
    state: State = "ok"
