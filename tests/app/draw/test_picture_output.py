"""Saving and copying the drawing from the Draw tab."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PyQt5.QtCore import Qt
from PyQt5.QtGui import QImage
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QFileDialog
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.app.kit.notifier import Notice, board
from mnist_draw.app.kit.threads import running

from .. import fakes

PNG, SVG = "PNG picture (*.png)", "SVG drawing (*.svg)"


@pytest.fixture
def tab(qtbot: QtBot) -> DrawTab:
    """Return a visible tab with a stroke and an answer."""
    widget = DrawTab()
    qtbot.addWidget(widget)
    with qtbot.waitExposed(widget):
        widget.show()
    widget.canvas.setFocus()
    widget.canvas.add_stroke([(200, 150), (350, 200), (250, 420)])
    widget.show_reading(fakes.reading(fakes.answer("3", 3)))
    return widget


@pytest.fixture
def told(tab: DrawTab) -> Iterator[list[str]]:
    """Return the sentences told, as they come."""
    sentences: list[str] = []

    def note(notice: Notice) -> None:
        sentences.append(notice.sentence)

    board.posted.connect(note)
    tab.pictures.output.noted.connect(sentences.append)
    yield sentences
    board.posted.disconnect(note)


def answer_dialog(monkeypatch: pytest.MonkeyPatch, path: Path, kind: str) -> list[Any]:
    """Let the dialog return a file; return what it was asked."""
    asked: list[Any] = []

    def choose(*arguments: Any) -> tuple[str, str]:
        asked.append(arguments)
        return str(path), kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    return asked


@pytest.mark.parametrize(
    ("name", "kind", "written", "starts"),
    [
        ("a.png", PNG, "a.png", b"\x89PNG"),
        ("a.svg", SVG, "a.svg", b"<?xml"),
        ("a", SVG, "a.svg", b"<?xml"),
        ("my digit 1.2", PNG, "my digit 1.2.png", b"\x89PNG"),
        ("A.SVG", PNG, "A.SVG", b"<?xml"),
    ],
)
def test_save_as(
    tab: DrawTab,
    told: list[str],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    kind: str,
    written: str,
    starts: bytes,
) -> None:
    answer_dialog(monkeypatch, tmp_path / name, kind)
    QTest.keyClick(tab.canvas, Qt.Key_S, Qt.ControlModifier)
    qtbot.waitUntil(lambda: bool(told))
    assert told == [f"Saved {tmp_path / written}."]
    assert (tmp_path / written).read_bytes().startswith(starts)


def test_the_dialog_remembers_folder_and_kind(
    tab: DrawTab, told: list[str], qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = answer_dialog(monkeypatch, tmp_path / "a.svg", SVG)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: len(told) == 1)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: len(told) == 2)
    assert asked[1][2] == str(tmp_path / "drawing.svg")
    assert asked[1][4] == SVG


def test_a_full_disk_leaves_the_old_file(
    tab: DrawTab, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnist_draw.app.kit.reporting import reporter

    said: list[str] = []
    reporter.listen(said.append)
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    answer_dialog(monkeypatch, path, PNG)

    def full(descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: bool(said))
    assert "no space left on device" in said[0]
    assert "unchanged" in said[0]
    assert path.read_bytes() == b"old"


def test_nothing_is_saved_when_the_dialog_is_cancelled(
    tab: DrawTab, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    tab.tools.save.click()
    assert running.shut_down()
    assert not told


def test_an_empty_board_is_neither_saved_nor_copied(tab: DrawTab, told: list[str]) -> None:
    tab.canvas.clear()
    tab.tools.save.click()
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier)
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier | Qt.ShiftModifier)
    assert [sentence.partition(":")[0] for sentence in told[:2]] == ["The board is empty"] * 2
    assert "no answer to copy" in told[2]


def test_copy_picture(tab: DrawTab, told: list[str], qtbot: QtBot) -> None:
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier)
    qtbot.waitUntil(lambda: bool(told))
    image: QImage = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (600, 600)
    assert image.pixelColor(590, 590).value() == 255
    assert image.pixelColor(205, 155).value() < 60


def test_what_was_copied_can_be_pasted(tab: DrawTab, told: list[str], qtbot: QtBot) -> None:
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier)
    qtbot.waitUntil(lambda: bool(told))
    tab.canvas.clear()
    tab.tools.paste.click()
    qtbot.waitUntil(tab.canvas.has_ink)
    assert tab.canvas.ink().any(axis=1).sum() == 200


def test_copy_answer(tab: DrawTab, told: list[str]) -> None:
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier | Qt.ShiftModifier)
    assert QApplication.clipboard().text() == "3, 90.0 % sure, Second guess: 8, 1.1 %"
    assert told == ["Copied “3, 90.0 % sure, Second guess: 8, 1.1 %”."]
    assert tab.pictures.caption.text() == told[0]
    tab.canvas.clear()
    assert not tab.pictures.caption.isVisible()


def test_both_copies_are_in_the_menu(tab: DrawTab, told: list[str]) -> None:
    actions = tab.tools.copy.menu().actions()
    assert [action.shortcut().toString() for action in actions] == ["Ctrl+C", "Ctrl+Shift+C"]
    actions[1].trigger()
    assert told
