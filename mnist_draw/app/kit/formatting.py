"""Format durations, moments, shares, probabilities and losses."""

from __future__ import annotations

import time
from datetime import datetime

from mnist_draw.recognition.certainty import format_probability as format_probability

#: Losses from here on have three digits: no column grows while a run diverges.
_LARGE_LOSS = 100.0


def format_duration(seconds: float) -> str:
    """Format a duration as ``m:ss`` or ``h:mm:ss``."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


#: So long ago hours say more than "yesterday", in seconds.
_SOME_HOURS = 6 * 3600.0


def format_ago(when: float, now: float | None = None) -> str:
    """Format a moment as ``20 min ago``, ``yesterday`` or ``24 Nov``; in seconds since 1970."""
    now = time.time() if now is None else now
    past = max(0.0, now - when)
    days = (datetime.fromtimestamp(now).date() - datetime.fromtimestamp(when).date()).days
    if past < 60:
        return "just now"
    if past < 3600:
        return f"{past // 60:.0f} min ago"
    if past < _SOME_HOURS or not days:
        hours = int(past // 3600)
        return "1 hour ago" if hours == 1 else f"{hours} hours ago"
    return "yesterday" if days == 1 else format_day(when, now)


def format_day(when: float, now: float | None = None) -> str:
    """Format a day as ``24 Nov``, with its year where that is another."""
    day = datetime.fromtimestamp(when)
    same = day.year == datetime.fromtimestamp(time.time() if now is None else now).year
    return f"{day.day} {day:%b}" if same else f"{day.day} {day:%b %Y}"


def format_moment(when: float) -> str:
    """Format a moment as ``24 Nov 2026, 14:03``."""
    moment = datetime.fromtimestamp(when)
    return f"{moment.day} {moment:%b %Y, %H:%M}"


def format_percent(part: float | None) -> str:
    """Format a share as ``97.84 %``, a dash if there is none."""
    return "–" if part is None else f"{100 * part:.2f} %"


def format_loss(value: float | None) -> str:
    """Format a loss as ``0.0731``, a dash if there is none."""
    if value is None:
        return "–"
    return f"{value:.4f}" if abs(value) < _LARGE_LOSS else f"{value:.3g}"
