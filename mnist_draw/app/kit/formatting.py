"""Format durations, moments, shares, probabilities and losses."""

from __future__ import annotations

import time
from datetime import datetime

from mnist_draw.i18n import _, counted, date, number, percent
from mnist_draw.recognition.certainty import format_probability as format_probability

#: Losses from here on have three digits: no column grows while a run diverges.
_LARGE_LOSS = 100.0


def format_duration(seconds: float | None) -> str:
    """Format a duration as ``m:ss`` or ``h:mm:ss``, a dash if there is none."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


#: So long ago hours say more than "yesterday", in seconds.
_SOME_HOURS = 6 * 3600.0


def format_ago(when: float, now: float | None = None) -> str:
    """Format a moment as ``20 min ago``, ``yesterday`` or ``24 Nov``; in seconds since 1970."""
    now = time.time() if now is None else now
    past = max(0.0, now - when)
    today = datetime.fromtimestamp(now)
    day = datetime.fromtimestamp(when)
    days = (today.date() - day.date()).days
    if past < 60:
        return _("just now")
    if past < 3600:
        return counted("{count} min ago", "{count} min ago", int(past // 60))
    if past < _SOME_HOURS or not days:
        return counted("{count} hour ago", "{count} hours ago", int(past // 3600))
    return _("yesterday") if days == 1 else date(day, year=day.year != today.year)


def format_moment(when: float) -> str:
    """Format a moment as ``24 Nov 2026, 14:03``."""
    return date(datetime.fromtimestamp(when), year=True, clock=True)


def format_percent(part: float | None) -> str:
    """Format a share as ``97.84%``, a dash if there is none."""
    return "–" if part is None else percent(part, 2)


def format_loss(value: float | None) -> str:
    """Format a loss as ``0.0731``, a dash if there is none."""
    if value is None:
        return "–"
    return number(value, ".4f" if abs(value) < _LARGE_LOSS else ".3g")
