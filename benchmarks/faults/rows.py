"""What an attack found, and the table of all."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Row:
    """One attack: how often it was tried, what did not hold, a measured figure, and seconds."""

    attack: str
    tried: int = 0
    failures: list[str] = field(default_factory=list)
    figure: str = ""
    seconds: float = 0.0

    def check(self, holds: bool, failure: str) -> None:
        """Count one try, and note a failure."""
        self.tried += 1
        if not holds:
            self.failures.append(" ".join(failure.split())[:400])


@dataclass(frozen=True)
class Scale:
    """How much is tried: ``quick`` is a little of everything, ``minutes`` limit all together."""

    quick: bool = False
    seed: int = 1
    minutes: float = 20.0

    def of(self, long: int, quick: int) -> int:
        """Return how often to try."""
        return quick if self.quick else long


Attack = Callable[[Scale], list[Row]]


def timed(attack: Attack, scale: Scale) -> list[Row]:
    """Run an attack; its rows share the time it took."""
    began = time.monotonic()
    rows = attack(scale)
    for row in rows:
        row.seconds = row.seconds or (time.monotonic() - began) / len(rows)
    return rows


def table(rows: list[Row]) -> str:
    """Return the figures as a table, and below it every failure."""
    lines = ["| attack | tried | did not hold | measured | seconds |", "|---|---:|---:|---|---:|"]
    lines += [
        f"| {row.attack} | {row.tried:,} | {len(row.failures):,} | {row.figure} "
        f"| {row.seconds:.0f} |"
        for row in rows
    ]
    failures = [f"- {row.attack}: {failure}" for row in rows for failure in row.failures[:20]]
    return "\n".join([*lines, "", *failures])
