"""Moments in words, and files in their folders."""

from __future__ import annotations

import sys
import time

import pytest
from PyQt5.QtCore import QProcess
from PyQt5.QtGui import QDesktopServices

from mnist_draw.app.kit.files import show_in_folder
from mnist_draw.app.kit.formatting import format_ago, format_moment

NOON = time.mktime((2026, 11, 28, 12, 0, 0, 0, 0, -1))
HOUR = 3600


@pytest.mark.parametrize(
    ("now", "past", "words"),
    [
        (NOON, -5, "just now"),
        (NOON, 59, "just now"),
        (NOON, 20 * 60, "20 min ago"),
        (NOON, HOUR, "1 hour ago"),
        (NOON, 11 * HOUR, "11 hours ago"),
        (NOON, 13 * HOUR, "yesterday"),
        # Soon after midnight an hour is no day.
        (NOON - 11 * HOUR, 3 * HOUR, "3 hours ago"),
        (NOON, 4 * 24 * HOUR, "24 Nov"),
        (NOON, 365 * 24 * HOUR, "28 Nov 2025"),
    ],
)
def test_a_moment_in_words(now, past, words):
    assert format_ago(now - past, now) == words


def test_a_moment_in_full():
    assert format_moment(NOON) == "28 Nov 2026, 12:00"


@pytest.mark.parametrize(
    ("platform", "called"),
    [("win32", ("explorer", "/select,")), ("darwin", ("open", "-R")), ("linux", ("folder", ""))],
)
def test_a_file_is_shown_in_its_folder(platform, called, tmp_path, monkeypatch):
    path, asked = tmp_path / "a file.npz", []
    monkeypatch.setattr(sys, "platform", platform)
    monkeypatch.setattr(
        QProcess, "startDetached", lambda program, given: asked.append((program, given[0]))
    )
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: asked.append(("folder", url.toLocalFile()))
    )
    show_in_folder(path)
    ((program, first),) = asked
    assert program == called[0]
    assert first == (called[1] or str(tmp_path))
