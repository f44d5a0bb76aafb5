"""Saving and copying the drawing; picture formats that are registered once."""

from __future__ import annotations

import errno
import os
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, Qt, QUrl
from PyQt5.QtGui import QImage
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QFileDialog

from mnist_draw.app.draw.picture_files import FoundPicture, open_filter
from mnist_draw.app.kit.notifier import board
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import running
from mnist_draw.cli import main
from mnist_draw.dataset import picture_formats
from mnist_draw.dataset.picture_formats import PictureFormat, read_suffixes, saved_titles

from .. import fakes

PNG, SVG = "PNG picture (*.png)", "SVG drawing (*.svg)"


@pytest.fixture
def tab(tab):
    """Return a visible tab with a stroke and an answer."""
    tab.canvas.add_stroke([(200, 150), (350, 200), (250, 420)])
    tab.show_reading(fakes.reading(fakes.answer("3", 3)))
    return tab


def answer_dialog(monkeypatch, path, kind):
    """Let the dialog return a file; return what it was asked."""
    asked: list[Any] = []

    def choose(*arguments):
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
def test_save_as(tab, notices, qtbot, tmp_path, monkeypatch, name, kind, written, starts):
    answer_dialog(monkeypatch, tmp_path / name, kind)
    QTest.keyClick(tab.canvas, Qt.Key_S, Qt.ControlModifier)
    qtbot.waitUntil(lambda: bool(notices))
    assert notices.sentences == [f"Saved {tmp_path / written}."]
    assert (tmp_path / written).read_bytes().startswith(starts)


def test_the_dialog_remembers_folder_and_kind(tab, notices, qtbot, tmp_path, monkeypatch):
    asked = answer_dialog(monkeypatch, tmp_path / "a.svg", SVG)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: len(notices) == 1)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: len(notices) == 2)
    assert asked[1][2] == str(tmp_path / "drawing.svg")
    assert asked[1][4] == SVG


def test_a_full_disk_leaves_the_old_file(tab, qtbot, tmp_path, monkeypatch):
    said: list[str] = []
    reporter.listen(said.append)
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    answer_dialog(monkeypatch, path, PNG)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    tab.tools.save.click()
    qtbot.waitUntil(lambda: bool(said))
    assert "no space left on device" in said[0]
    assert "unchanged" in said[0]
    assert path.read_bytes() == b"old"


def test_nothing_is_saved_when_the_dialog_is_cancelled(tab, notices, monkeypatch):
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: ("", ""))
    tab.tools.save.click()
    assert running.shut_down()
    assert not notices


def test_an_empty_board_is_neither_saved_nor_copied(tab, notices):
    tab.canvas.clear()
    tab.tools.save.click()
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier)
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier | Qt.ShiftModifier)
    assert [sentence.partition(":")[0] for sentence in notices.sentences[:2]] == [
        "The board is empty"
    ] * 2
    assert "no answer to copy" in notices.sentences[2]


def test_a_copied_picture_can_be_pasted(tab, qtbot):
    QTest.keyClick(tab.canvas, Qt.Key_C, Qt.ControlModifier)
    qtbot.waitUntil(lambda: tab.pictures.caption.text().startswith("Copied the drawing"))
    image: QImage = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (600, 600)
    assert image.pixelColor(590, 590).value() == 255
    assert image.pixelColor(205, 155).value() < 60
    tab.canvas.clear()
    tab.tools.paste.click()
    qtbot.waitUntil(tab.canvas.has_ink)
    assert tab.canvas.ink().any(axis=1).sum() == 200


def test_copy_answer(tab):
    actions = tab.tools.copy.menu().actions()
    assert [action.shortcut().toString() for action in actions] == ["Ctrl+C", "Ctrl+Shift+C"]
    actions[1].trigger()
    copied = QApplication.clipboard().text()
    assert copied == "3, 90.0 % sure, Second guess: 8, 1.1 %"
    assert copied in tab.pictures.caption.text()
    tab.canvas.clear()
    assert not tab.pictures.caption.isVisible()


@pytest.fixture
def registered(monkeypatch):
    """Register one more format to read, and one more to save."""
    more = [PictureFormat("ICO", (".ico",), "ICO"), PictureFormat("XPM", (".xpm",), "", "pixels")]
    monkeypatch.setattr(picture_formats, "FORMATS", [*picture_formats.FORMATS, *more])


@pytest.mark.usefixtures("registered")
def test_a_registered_format_is_dropped_and_offered(tab, qtbot, tmp_path):
    digit = np.full((64, 64), 255, np.uint8)
    digit[10:50, 28:36] = 0
    Image.fromarray(digit).convert("RGB").save(tmp_path / "one.ico")
    reader = tab.pictures.input
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(tmp_path / "one.ico"))])
    with qtbot.waitSignal(reader.one_read) as read:
        reader.drop(content)
    (found,) = read.args
    assert isinstance(found, FoundPicture)
    assert found.name == "one.ico"
    assert "*.ico" in open_filter()
    assert "*.xpm" not in open_filter()
    assert ".ico" in read_suffixes()


@pytest.mark.usefixtures("registered")
def test_a_registered_format_is_in_the_help(capsys):
    assert main(["predict", "--help"]) == 0
    assert "ICO" in capsys.readouterr().out


@pytest.mark.usefixtures("registered")
def test_a_registered_format_is_saved(tab, qtbot, tmp_path, monkeypatch):
    offered = []

    def choose(owner, title, path, kinds, kind):
        offered.extend(kinds.split(";;"))
        return str(tmp_path / "drawing"), offered[-1]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    with qtbot.waitSignal(board.posted):
        tab.pictures.output.save()
    assert offered == ["PNG picture (*.png)", "SVG drawing (*.svg)", "XPM picture (*.xpm)"]
    assert saved_titles() == "PNG or SVG or XPM"
    assert (tmp_path / "drawing.xpm").read_text().startswith("/* XPM */")
