"""A picture format is one entry: it is opened, dropped, found in folders, saved and explained."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, QUrl
from PyQt5.QtWidgets import QFileDialog, QWidget
from pytestqt.qtbot import QtBot

from mnist_draw.app.draw.canvas import Canvas
from mnist_draw.app.draw.picture_files import FoundPicture, PictureInput, PictureOutput, open_filter
from mnist_draw.app.kit.notifier import board
from mnist_draw.app.kit.threads import Background
from mnist_draw.cli import main
from mnist_draw.dataset import picture_formats
from mnist_draw.dataset.picture_formats import PictureFormat, read_suffixes, saved_titles


@pytest.fixture
def registered(monkeypatch: pytest.MonkeyPatch) -> None:
    """Register one more format to read, and one more to save."""
    more = [PictureFormat("ICO", (".ico",), "ICO"), PictureFormat("XPM", (".xpm",), "", "pixels")]
    monkeypatch.setattr(picture_formats, "FORMATS", [*picture_formats.FORMATS, *more])


@pytest.mark.usefixtures("registered")
def test_a_registered_format_is_dropped_and_offered(qtbot: QtBot, tmp_path: Path) -> None:
    digit = np.full((64, 64), 255, np.uint8)
    digit[10:50, 28:36] = 0
    Image.fromarray(digit).convert("RGB").save(tmp_path / "one.ico")
    owner = QWidget()
    qtbot.addWidget(owner)
    reader = PictureInput(Background(owner), list, owner)
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
def test_a_registered_format_is_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["predict", "--help"]) == 0
    assert "ICO" in capsys.readouterr().out


@pytest.mark.usefixtures("registered")
def test_a_registered_format_is_saved(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    canvas = Canvas()
    qtbot.addWidget(canvas)
    canvas.add_stroke([(300, 100), (300, 500)])
    offered = []

    def choose(owner: QWidget, title: str, path: str, kinds: str, kind: str) -> tuple[str, str]:
        offered.extend(kinds.split(";;"))
        return str(tmp_path / "drawing"), offered[-1]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    output = PictureOutput(canvas, Background(canvas), canvas)
    with qtbot.waitSignal(board.posted):
        output.save()
    assert offered == ["PNG picture (*.png)", "SVG drawing (*.svg)", "XPM picture (*.xpm)"]
    assert saved_titles() == "PNG or SVG or XPM"
    assert (tmp_path / "drawing.xpm").read_text().startswith("/* XPM */")
