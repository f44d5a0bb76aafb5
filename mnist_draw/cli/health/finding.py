"""One thing that ``mnist-draw doctor`` has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: ``note``: something is missing that the program can do without.
State = Literal["ok", "note", "broken"]


@dataclass(frozen=True)
class Finding:
    """What was found."""

    name: str
    text: str
    state: State = "ok"
