"""Pictures opened, pasted and dropped on the Draw tab; what cannot be read is said."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from PyQt5.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PyQt5.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, qRgb
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QFileDialog

from mnist_draw.app.draw.board_items import PlacedPicture
from mnist_draw.app.draw.draw_tab import DrawTab
from mnist_draw.dataset.mnist import load_dataset

from .. import fakes


class Desk:
    """A Draw tab, and the sentences it told."""

    def __init__(self, qtbot, notices):
        self.qtbot, self.told = qtbot, notices
        self.tab = DrawTab()
        self.canvas = self.tab.canvas
        qtbot.addWidget(self.tab)
        self.tab.resize(1200, 700)
        self.tab.pictures.reader._make_recogniser = fakes.Recogniser
        with qtbot.waitExposed(self.tab):
            self.tab.show()
        self.canvas.add_stroke([(100, 100), (200, 200)])

    def drop(self, content):
        """Drop something on the board as the window system does."""
        enter = QDragEnterEvent(
            QPoint(50, 50), Qt.CopyAction | Qt.MoveAction, content, Qt.LeftButton, Qt.NoModifier
        )
        QApplication.sendEvent(self.canvas, enter)
        assert enter.isAccepted()
        event = QDropEvent(
            QPointF(50, 50), Qt.CopyAction | Qt.MoveAction, content, Qt.LeftButton, Qt.NoModifier
        )
        QApplication.sendEvent(self.canvas, event)
        return event

    def wait_until_told(self):
        """Return the next sentence."""
        self.qtbot.waitUntil(lambda: bool(self.told))
        return self.told.pop().sentence

    def wait_for_picture(self):
        """Return the ink once a picture lies on the board alone."""
        items = self.canvas.drawing
        self.qtbot.waitUntil(
            lambda: len(items.items) == 1 and isinstance(items.items[0], PlacedPicture),
            timeout=10_000,
        )
        return self.canvas.ink()


@pytest.fixture
def desk(qtbot, notices):
    """Return a desk with one stroke on the board."""
    return Desk(qtbot, notices)


def files(*paths):
    """Return files as a file manager offers them."""
    content = QMimeData()
    content.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return content


def digit_file(folder, number=0):
    """Write one of MNIST's digits, dark on light."""
    path = folder / f"digit {number}.png"
    Image.fromarray(255 - load_dataset().test_images[number, 0]).save(path)
    return path


def test_a_dropped_file_takes_the_board_and_undo_gives_it_back(desk, tmp_path):
    before = desk.canvas.ink()
    event = desk.drop(files(digit_file(tmp_path)))
    assert event.isAccepted()
    # The other program keeps its file.
    assert event.dropAction() == Qt.CopyAction
    ink = desk.wait_for_picture()
    rows = np.flatnonzero(ink.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 200
    desk.canvas.undo()
    assert np.array_equal(desk.canvas.ink(), before)


def test_the_board_shows_that_it_would_take_what_is_held_above_it(desk):
    plain = desk.canvas.grab().toImage()
    content = QMimeData()
    content.setText("hello")
    enter = QDragEnterEvent(QPoint(5, 5), Qt.CopyAction, content, Qt.LeftButton, Qt.NoModifier)
    QApplication.sendEvent(desk.canvas, enter)
    assert desk.canvas.grab().toImage() != plain
    QApplication.sendEvent(desk.canvas, QDragLeaveEvent())
    assert desk.canvas.grab().toImage() == plain


def picture():
    """Return a dark bar on light ground, as another program puts it on the clipboard."""
    image = QImage(90, 60, QImage.Format_RGB32)
    image.fill(qRgb(250, 250, 250))
    for x in range(40, 46):
        for y in range(10, 50):
            image.setPixel(x, y, qRgb(20, 20, 60))
    return image


def test_a_picture_of_another_program_can_be_dropped(desk):
    content = QMimeData()
    content.setImageData(picture())
    desk.drop(content)
    ink = desk.wait_for_picture()
    assert (ink.any(axis=1).sum(), ink.any(axis=0).sum()) == (200, 30)


def test_paste_by_key_and_by_button(desk):
    QApplication.clipboard().setImage(picture())
    desk.canvas.setFocus()
    QTest.keyClick(desk.canvas, Qt.Key_V, Qt.ControlModifier)
    ink = desk.wait_for_picture()
    assert ink.any(axis=1).sum() == 200
    desk.canvas.clear()
    desk.tab.tools.paste.click()
    assert np.array_equal(desk.wait_for_picture(), ink)


def test_paste_of_copied_files(desk, tmp_path):
    QApplication.clipboard().setMimeData(files(digit_file(tmp_path)))
    desk.tab.tools.paste.click()
    assert desk.wait_for_picture().any()


def test_nothing_to_paste_is_said(desk):
    QApplication.clipboard().setText("hello")
    before = desk.canvas.ink()
    desk.tab.tools.paste.click()
    assert "no picture on the clipboard" in desk.wait_until_told()
    assert np.array_equal(desk.canvas.ink(), before)


def test_the_dialog_opens_what_was_chosen(desk, tmp_path, monkeypatch):
    path = digit_file(tmp_path)
    asked: list[Any] = []

    def choose(*arguments):
        asked.append(arguments)
        return [str(path)], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    desk.tab.tools.open_image.click()
    desk.wait_for_picture()
    desk.tab.tools.open_image.click()
    # The second time it starts where the first picture was.
    assert asked[1][2] == str(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    desk.tab.tools.open_image.click()
    assert desk.tab._background.wait()


def write(path, content):
    """Write a file and return its path."""
    path.write_bytes(content)
    return path


def animation(path):
    """Write a picture of two pages."""
    pages = [Image.new("L", (20, 20), grey) for grey in (0, 200)]
    pages[0].save(path, save_all=True, append_images=pages[1:])
    return path


def huge(path):
    """Write a picture of more than 100 megapixels that takes a few kilobytes."""
    Image.new("1", (11_000, 10_000), 1).save(path)
    return path


def blank(path):
    """Write white paper."""
    Image.new("L", (300, 300), 250).save(path)
    return path


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda folder: write(folder / "a.png", b"no picture"), "not a picture that can be read"),
        (lambda folder: write(folder / "b.png", b""), "empty file"),
        (lambda folder: animation(folder / "c.gif"), "holds 2 pictures"),
        (lambda folder: huge(folder / "d.png"), "megapixels"),
        (lambda folder: blank(folder / "e.png"), "Nothing on the picture e.png"),
        (lambda folder: folder, "is a folder"),
        (lambda folder: folder / "gone.png", "does not exist"),
    ],
)
def test_what_cannot_be_read_is_said_and_the_drawing_stays(desk, tmp_path, make, words):
    before = desk.canvas.ink()
    desk.drop(files(make(tmp_path)))
    assert words in desk.wait_until_told()
    assert np.array_equal(desk.canvas.ink(), before)


def test_text_and_pictures_elsewhere_are_answered_with_a_sentence(desk):
    text = QMimeData()
    text.setText("hello")
    desk.drop(text)
    assert "is no picture" in desk.wait_until_told()
    link = QMimeData()
    link.setUrls([QUrl("https://example.org/3.png")])
    desk.drop(link)
    assert "https://example.org/3.png is not on this computer" in desk.wait_until_told()
    assert desk.canvas.drawing.can_undo


def test_a_copied_picture_of_too_many_pixels_is_refused(desk, monkeypatch):
    monkeypatch.setattr("mnist_draw.dataset.pictures.picture_file.MAX_PIXELS", 1000)
    content = QMimeData()
    content.setImageData(picture())
    desk.drop(content)
    assert "90×60 pixels" in desk.wait_until_told()


# -- several


def test_several_pictures_are_lined_up_with_their_answers(desk, tmp_path):
    desk.tab.network.confirm(fakes.model())
    before = desk.canvas.ink()
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(4))))
    strip = desk.tab.pictures.strip
    desk.qtbot.waitUntil(
        lambda: [thumb.answer for thumb in strip.thumbs] == ["1", "2", "3", "4"], timeout=10_000
    )
    assert strip.isVisible()
    assert "90.0 % sure" in strip.thumbs[2].accessibleName()
    assert np.array_equal(desk.canvas.ink(), before)
    QTest.mouseClick(strip.thumbs[2], Qt.LeftButton)
    third = desk.wait_for_picture()
    # Together, renderings of the board's size would fill the memory.
    assert all(len(thumb.picture.placed._cached) <= 1 for thumb in strip.thumbs)
    assert strip.thumbs[2].isChecked()
    strip.thumbs[0].setFocus()
    QTest.keyClick(strip.thumbs[0], Qt.Key_Right)
    QTest.keyClick(strip.thumbs[1], Qt.Key_Return)
    desk.qtbot.waitUntil(strip.thumbs[1].isChecked)
    desk.qtbot.waitUntil(lambda: not strip.thumbs[2].isChecked())
    assert not np.array_equal(desk.canvas.ink(), third)
    assert [thumb.isChecked() for thumb in strip.thumbs] == [False, True, False, False]
    desk.canvas.undo()
    assert np.array_equal(desk.canvas.ink(), third)
    assert not any(thumb.isChecked() for thumb in strip.thumbs)
    desk.tab.pictures.strip.close_button.click()
    assert not strip.isVisible()
    assert desk.canvas.has_ink()


def test_another_network_answers_the_pictures_again_until_escape(desk, tmp_path):
    desk.tab.network.confirm(fakes.model())
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(2))))
    strip = desk.tab.pictures.strip
    answers = lambda: [thumb.answer for thumb in strip.thumbs]  # noqa: E731
    desk.qtbot.waitUntil(lambda: answers() == ["1", "2"], timeout=10_000)
    desk.tab.network.confirm(fakes.model(0.7))
    desk.qtbot.waitUntil(lambda: answers() == ["3", "4"])
    desk.canvas.setFocus()
    QTest.keyClick(desk.canvas, Qt.Key_Escape)
    assert not strip.isVisible()


def test_bad_pictures_among_several_do_not_keep_the_others_away(desk, tmp_path):
    bad = [write(tmp_path / f"bad{n}.png", b"?") for n in range(5)]
    desk.drop(files(bad[0], digit_file(tmp_path, 1), *bad[1:], digit_file(tmp_path, 2)))
    told = desk.wait_until_told()
    assert len(desk.tab.pictures.strip.thumbs) == 2
    assert "bad0.png" in told
    assert "2 more could not be read" in told
    assert desk.tab.pictures.strip.caption.text().startswith("2 pictures")


def test_nothing_is_lined_up_when_none_can_be_read(desk, tmp_path):
    desk.drop(files(*(write(tmp_path / f"bad{n}.png", b"?") for n in range(2))))
    assert "bad1.png" in desk.wait_until_told()
    assert not desk.tab.pictures.strip.isVisible()


def test_a_closed_strip_reads_no_more(desk, tmp_path):
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(8))))
    desk.tab.pictures.strip.close_strip()
    assert desk.tab._background.wait()
    QApplication.processEvents()
    assert not desk.tab.pictures.strip.thumbs
    assert not desk.tab.pictures.strip.isVisible()


def test_so_many_pictures_and_no_more(desk, tmp_path, monkeypatch):
    monkeypatch.setattr("mnist_draw.app.draw.picture_files.MAX_COUNT", 3)
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(5))))
    assert "first 3 of 5" in desk.wait_until_told()
    assert len(desk.tab.pictures.strip.thumbs) == 3


def test_reading_one_picture_is_said_until_it_is_there(desk, tmp_path):
    desk.drop(files(digit_file(tmp_path)))
    assert desk.tab.pictures.caption.text() == "Reading the picture …"
    desk.wait_for_picture()
    (tmp_path / "none.png").write_bytes(b"nothing")
    desk.drop(files(tmp_path / "none.png"))
    desk.wait_until_told()
    assert desk.tab.pictures.caption.text() == ""
