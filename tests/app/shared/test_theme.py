"""Colours are readable, come from one place, and follow the desktop or the choice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PyQt5.QtGui import QColor
from PyQt5.QtWidgets import QApplication

import mnist_draw.app
from mnist_draw.app.shared import theme

READABLE = 4.5


def luminance(name: str) -> float:
    """Return the relative luminance as WCAG defines it."""
    parts = [
        c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4
        for c in QColor(name).getRgbF()[:3]
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a: str, b: str) -> float:
    """Return the contrast ratio of two colours."""
    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("colours", [theme.DARK, theme.LIGHT], ids=["dark", "light"])
@pytest.mark.parametrize(
    ("text", "ground"),
    [
        (text, ground)
        for text in ("text", "muted", "second", "accent")
        for ground in ("window", "panel", "card")
    ]
    + [("on_accent", "accent"), ("on_second", "second"), ("ink", "paper"), ("muted", "paper")],
)
def test_text_reaches_contrast(colours: theme.Colours, text: str, ground: str) -> None:
    assert contrast(getattr(colours, text), getattr(colours, ground)) >= READABLE


def test_no_colour_is_written_outside_the_theme() -> None:
    folder = Path(mnist_draw.app.__file__).parent
    for path in folder.rglob("*.py"):
        if path.name != "theme.py":
            assert not re.search(r"#[0-9a-fA-F]{6}\b", path.read_text()), path.name


def test_choice_beats_the_desktop_and_unknown_choices_follow_it() -> None:
    chosen = theme.theme()
    chosen.apply("dark", system_dark=False)
    assert chosen.colours is theme.DARK
    chosen.apply("purple")
    assert chosen.choice == "system"
    assert chosen.colours is theme.LIGHT
    chosen.apply("system", system_dark=True)
    assert chosen.colours is theme.DARK


def test_change_is_told_and_reaches_palette_and_style_sheet() -> None:
    told = []
    theme.theme().changed.connect(lambda: told.append(theme.theme().colours))
    theme.theme().apply("dark")
    app = QApplication.instance()
    assert told == [theme.DARK]
    assert app.palette().window().color() == QColor(theme.DARK.window)
    assert theme.DARK.accent in app.styleSheet()
