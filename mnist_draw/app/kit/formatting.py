"""Format durations, shares, probabilities and losses."""

from __future__ import annotations

from mnist_draw.recognition.certainty import format_probability as format_probability

#: Losses from here on have three digits: no column grows while a run diverges.
_LARGE_LOSS = 100.0


def format_duration(seconds: float) -> str:
    """Format a duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def format_percent(part: float | None) -> str:
    """Format a share as ``97.84 %``, a dash if there is none."""
    return "–" if part is None else f"{100 * part:.2f} %"


def format_loss(value: float | None) -> str:
    """Format a loss as ``0.0731``, a dash if there is none."""
    if value is None:
        return "–"
    return f"{value:.4f}" if abs(value) < _LARGE_LOSS else f"{value:.3g}"
