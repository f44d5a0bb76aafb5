"""Pictures opened, pasted, dropped, saved and copied; test digits on the board."""

import errno
import os
import struct
import zlib
from typing import Any

import full_disk
import numpy as np
import pytest
from PIL import Image
from qtpy.QtCore import QByteArray, QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QImage, qRgb
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QFileDialog

from mnist_draw.analysis import results
from mnist_draw.analysis.results import Results
from mnist_draw.app.draw.board_items import PlacedPicture
from mnist_draw.app.draw.picture_tools import MnistExamples
from mnist_draw.app.kit import theme
from mnist_draw.app.kit.painters import png_bytes
from mnist_draw.app.kit.reporting import reporter
from mnist_draw.app.kit.threads import running
from mnist_draw.dataset.mnist import load_dataset
from mnist_draw.errors import UserError, reason_of
from mnist_draw.recognition.answer import Answer

from .. import fakes


class Desk:
    """A Draw tab with one stroke on the board, and the sentences it told."""

    def __init__(self, tab, qtbot, notices):
        self.tab, self.qtbot, self.told = tab, qtbot, notices
        self.canvas = tab.canvas
        tab.pictures.reader.make_recogniser = fakes.Recogniser
        self.canvas.add_stroke([(100, 100), (200, 200)])

    def drop(self, content):
        """Drop something on the board as the window system does."""
        common = Qt.CopyAction | Qt.MoveAction, content, Qt.LeftButton, Qt.NoModifier
        enter = QDragEnterEvent(QPoint(50, 50), *common)
        QApplication.sendEvent(self.canvas, enter)
        assert enter.isAccepted()
        event = QDropEvent(QPointF(50, 50), *common)
        QApplication.sendEvent(self.canvas, event)
        return event

    def wait_until_told(self):
        self.qtbot.waitUntil(lambda: bool(self.told))
        return self.told.pop().sentence

    def wait_for_picture(self):
        """Return the ink once a picture lies on the board alone."""
        items = self.canvas.drawing
        self.qtbot.waitUntil(
            lambda: len(items.items) == 1 and isinstance(items.items[0], PlacedPicture),
        )
        return self.canvas.ink()


@pytest.fixture
def desk(tab, qtbot, notices):
    return Desk(tab, qtbot, notices)


def files(*paths):
    """Return files as a file manager offers them."""
    return links(*(QUrl.fromLocalFile(str(path)) for path in paths))


def links(*urls):
    content = QMimeData()
    content.setUrls(list(urls))
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
    rows = np.flatnonzero(desk.wait_for_picture().any(axis=1))
    assert rows[-1] - rows[0] + 1 == 200
    desk.canvas.undo()
    assert np.array_equal(desk.canvas.ink(), before)
    desk.drop(files(write(tmp_path / "none.png", b"nothing")))
    desk.wait_until_told()
    assert desk.tab.pictures.caption.text() == ""


def test_the_board_shows_that_it_would_take_what_is_held_above_it(desk):
    plain = desk.canvas.grab().toImage()
    content = QMimeData()
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


def copied():
    """Return it as it is dropped."""
    content = QMimeData()
    content.setImageData(picture())
    return content


class OfferedPng(QMimeData):
    """A PNG as another program offers it: Qt decodes it if it is asked for a picture."""

    def __init__(self, content):
        super().__init__()
        self.content = content
        self.decoded = 0

    def formats(self):
        return ["application/x-qt-image", "image/jpeg", "image/png"]

    def hasFormat(self, kind):
        return kind in self.formats()

    def retrieveData(self, kind, wanted):
        if kind == "image/png":
            return QByteArray(self.content)
        if kind != "application/x-qt-image":
            return None
        self.decoded += 1
        return QImage.fromData(self.content)


def claiming_110_megapixels(png):
    content = bytearray(png)
    content[16:24] = struct.pack(">2I", 11_000, 10_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def test_an_offered_picture_is_measured_before_it_is_decoded(desk):
    png = png_bytes(picture())
    offered = OfferedPng(claiming_110_megapixels(png))
    desk.drop(offered)
    assert "megapixels" in desk.wait_until_told()
    assert not offered.decoded
    desk.canvas.clear()
    desk.drop(OfferedPng(png))
    assert desk.wait_for_picture().any()


def test_a_picture_of_another_program_is_dropped_or_pasted(desk, tmp_path):
    QApplication.clipboard().setImage(picture())
    paste = fakes.entry(desk.tab, "Paste").trigger
    for take in (
        lambda: desk.drop(copied()),
        lambda: QTest.keyClick(desk.canvas, Qt.Key_V, Qt.ControlModifier),
        paste,
    ):
        desk.canvas.clear()
        take()
        ink = desk.wait_for_picture()
        assert (ink.any(axis=1).sum(), ink.any(axis=0).sum()) == (200, 30)
    QApplication.clipboard().setText("hello")
    paste()
    assert "the clipboard" in desk.wait_until_told()
    assert np.array_equal(desk.canvas.ink(), ink)
    desk.canvas.clear()
    QApplication.clipboard().setMimeData(files(digit_file(tmp_path)))
    paste()
    assert desk.wait_for_picture().any()


def test_the_dialog_opens_what_was_chosen(desk, tmp_path, monkeypatch):
    path = digit_file(tmp_path)
    asked: list[Any] = []

    def choose(*arguments):
        asked.append(arguments)
        return [str(path)], ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", choose)
    fakes.entry(desk.tab, "Open pictures").trigger()
    desk.wait_for_picture()
    fakes.entry(desk.tab, "Open pictures").trigger()
    # The second time it starts where the first picture was.
    assert asked[1][2] == str(tmp_path)
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", lambda *_: ([], ""))
    fakes.entry(desk.tab, "Open pictures").trigger()
    assert desk.tab.background.wait()


def write(path, content):
    path.write_bytes(content)
    return path


def test_what_cannot_be_read_is_said_and_the_drawing_stays(desk, tmp_path, monkeypatch):
    before = desk.canvas.ink()
    pages = [Image.new("L", (20, 20), gray) for gray in (0, 200)]
    pages[0].save(tmp_path / "c.gif", save_all=True, append_images=pages[1:])
    Image.new("L", (300, 300), 250).save(tmp_path / "e.png")
    huge = claiming_110_megapixels((tmp_path / "e.png").read_bytes())
    text = QMimeData()
    text.setText("hello")
    link = "https://example.org/3.png"
    for content, words in (
        (files(write(tmp_path / "a.png", b"no picture")), "not a picture that can be read"),
        (files(write(tmp_path / "b.png", b"")), "empty file"),
        (files(tmp_path / "c.gif"), "several pictures (2)"),
        (files(write(tmp_path / "d.png", huge)), "megapixels"),
        (files(tmp_path / "e.png"), "e.png: There is no ink in the picture."),
        (files(tmp_path), "is a folder"),
        (files(tmp_path / "gone.png"), "no file"),
        (text, "not a picture"),
        (links(QUrl(link)), f"{link} is not on this computer"),
    ):
        desk.drop(content)
        assert words in desk.wait_until_told()
    monkeypatch.setattr("mnist_draw.dataset.pictures.picture_file.MAX_PIXELS", 1000)
    desk.drop(copied())
    assert "90×60 pixels" in desk.wait_until_told()
    assert np.array_equal(desk.canvas.ink(), before)


# -- several


def click(strip, place):
    """Click a picture of the strip."""
    rect = strip.list.visualItemRect(strip.list.item(place))
    QTest.mouseClick(strip.list.viewport(), Qt.LeftButton, Qt.NoModifier, rect.center())


def marked(strip):
    return [strip.list.row(item) for item in strip.list.selectedItems()]


def test_several_pictures_are_lined_up_with_their_answers(desk, tmp_path):
    strip = desk.tab.pictures.strip

    def wait_for_answers(answers):
        items = [strip.list.item(place) for place in range(len(answers))]
        desk.qtbot.waitUntil(lambda: "".join(item.text() for item in items) == answers)

    desk.tab.network.confirm(fakes.model())
    before = desk.canvas.ink()
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(4))))
    desk.qtbot.waitUntil(lambda: strip.list.count() == 4)
    wait_for_answers("1234")
    assert strip.isVisible()
    assert "90.0%" in strip.list.item(2).data(Qt.AccessibleTextRole)
    assert np.array_equal(desk.canvas.ink(), before)
    desk.tab.network.confirm(fakes.model(0.7))
    wait_for_answers("5678")
    click(strip, 2)
    third = desk.wait_for_picture()
    # Together, renderings of the board's size would fill the memory.
    assert all(len(picture.placed._cached) <= 2 for picture in strip.pictures)
    desk.qtbot.waitUntil(lambda: marked(strip) == [2])
    QTest.keyClick(strip.list, Qt.Key_Left)
    assert np.array_equal(desk.canvas.ink(), third)
    QTest.keyClick(strip.list, Qt.Key_Return)
    desk.qtbot.waitUntil(lambda: not np.array_equal(desk.canvas.ink(), third))
    assert marked(strip) == [1]
    desk.canvas.undo()
    assert np.array_equal(desk.canvas.ink(), third)
    assert marked(strip) == []
    desk.canvas.setFocus()
    QTest.keyClick(desk.canvas, Qt.Key_Escape)
    assert not strip.isVisible()
    assert desk.canvas.has_ink()


@pytest.mark.parametrize("is_digit", [False, True])
def test_what_is_not_sure_has_no_color_in_the_strip(desk, tmp_path, monkeypatch, is_digit):
    even = Answer(np.full(10, 0.1, np.float32), np.ones((28, 28), np.float32))
    answer = even if is_digit else fakes.answer(None)
    monkeypatch.setattr(fakes.Recogniser, "recognise_ink", lambda *_: answer)
    strip = desk.tab.pictures.strip
    desk.tab.network.confirm(fakes.model())
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(2))))
    desk.qtbot.waitUntil(lambda: strip.list.count() == 2 and bool(strip.list.item(1).text()))
    for _ in range(2):
        assert strip.list.item(1).foreground().color() == theme.color("muted")
        theme.theme().changed.emit()


def test_bad_pictures_among_several_do_not_keep_the_others_away(desk, tmp_path, monkeypatch):
    strip = desk.tab.pictures.strip
    bad = [write(tmp_path / f"bad{n}.png", b"?") for n in range(5)]
    desk.drop(files(*bad[:2]))
    assert "bad1.png" in desk.wait_until_told()
    assert not strip.isVisible()
    desk.drop(files(bad[0], digit_file(tmp_path, 1), *bad[1:], digit_file(tmp_path, 2)))
    told = desk.wait_until_told()
    assert len(strip.pictures) == 2
    assert "bad0.png" in told
    assert "2 more" in told
    assert strip.caption.text().startswith("2 pictures")
    strip.close_button.click()
    assert not strip.isVisible()
    # So many at a time, and no more.
    monkeypatch.setattr("mnist_draw.app.draw.picture_files.MAX_COUNT", 3)
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(5))))
    assert "3 of 5" in desk.wait_until_told()
    assert len(strip.pictures) == 3


def test_a_closed_strip_reads_no_more(desk, tmp_path):
    desk.drop(files(*(digit_file(tmp_path, number) for number in range(8))))
    desk.tab.pictures.strip.close_strip()
    assert desk.tab.background.wait()
    QApplication.processEvents()
    assert not desk.tab.pictures.strip.pictures
    assert not desk.tab.pictures.strip.isVisible()


PNG, SVG = "PNG picture (*.png)", "SVG drawing (*.svg)"


@pytest.fixture
def answered(tab):
    """Return a visible tab with a stroke and an answer."""
    tab.canvas.add_stroke([(200, 150), (350, 200), (250, 420)])
    tab.show_reading(fakes.reading(fakes.answer(3)))
    return tab


def answer_dialog(monkeypatch, path, kind):
    """Let the dialog return a file; return what it was asked."""
    asked: list[Any] = []

    def choose(*arguments):
        asked.append(arguments)
        return str(path), kind

    monkeypatch.setattr(QFileDialog, "getSaveFileName", choose)
    return asked


def test_save_as(answered, notices, qtbot, tmp_path, monkeypatch):
    for name, kind, written, starts in (
        ("a.png", PNG, "a.png", b"\x89PNG"),
        ("A.SVG", PNG, "A.SVG", b"<?xml"),
        ("my digit 1.2", PNG, "my digit 1.2.png", b"\x89PNG"),
        ("a.svg", SVG, "a.svg", b"<?xml"),
        ("b", SVG, "b.svg", b"<?xml"),
    ):
        asked = answer_dialog(monkeypatch, tmp_path / name, kind)
        QTest.keyClick(answered.canvas, Qt.Key_S, Qt.ControlModifier)
        qtbot.waitUntil(lambda: bool(notices))
        assert notices.pop().sentence == f"Saved {tmp_path / written}."
        assert (tmp_path / written).read_bytes().startswith(starts)
    # It begins with the folder and the kind of the last one.
    assert asked[0][2:5] == (str(tmp_path / "drawing.svg"), f"{PNG};;{SVG}", SVG)
    answer_dialog(monkeypatch, "", "")
    fakes.entry(answered, "Save").trigger()
    assert running.shut_down()
    assert not notices


def test_a_full_disk_leaves_the_old_file(answered, qtbot, tmp_path, monkeypatch):
    said: list[str] = []
    reporter.listen(said.append)
    path = tmp_path / "a.png"
    path.write_bytes(b"old")
    answer_dialog(monkeypatch, path, PNG)
    monkeypatch.setattr(os, "fsync", full_disk.refuse_bytes)
    fakes.entry(answered, "Save").trigger()
    qtbot.waitUntil(lambda: bool(said))
    assert reason_of(OSError(errno.ENOSPC, "")) in said[0]
    assert "unchanged" in said[0]
    assert path.read_bytes() == b"old"


def test_an_empty_board_is_neither_saved_nor_copied(answered, notices):
    answered.canvas.clear()
    fakes.entry(answered, "Save").trigger()
    QTest.keyClick(answered.canvas, Qt.Key_C, Qt.ControlModifier)
    QTest.keyClick(answered.canvas, Qt.Key_C, Qt.ControlModifier | Qt.ShiftModifier)
    saved, copied, answer = notices.sentences
    assert "Draw something first" in saved
    assert "Draw something first" in copied
    assert "Draw something first" in answer


@pytest.mark.slow
def test_a_copied_picture_can_be_pasted_and_the_answer_is_copied(answered, qtbot, notices):
    fakes.entry(answered, "Copy the answer").trigger()
    copied = QApplication.clipboard().text()
    assert copied == "3 (sure: 90.0% for 3)"
    assert copied in notices[-1].sentence
    QTest.keyClick(answered.canvas, Qt.Key_C, Qt.ControlModifier)
    qtbot.waitUntil(lambda: not QApplication.clipboard().image().isNull())
    image: QImage = QApplication.clipboard().image()
    assert (image.width(), image.height()) == (600, 600)
    assert image.pixelColor(590, 590).value() == 255
    assert image.pixelColor(205, 155).value() < 60
    answered.canvas.clear()
    fakes.entry(answered, "Paste").trigger()
    qtbot.waitUntil(answered.canvas.has_ink)
    assert answered.canvas.ink().any(axis=1).sum() == 200


class Wrong(fakes.Recogniser):
    """Takes every digit for a 7, on paper and on the board."""

    searches = 0

    @classmethod
    def count(cls, model, pictures):
        cls.searches += 1
        sevens = np.eye(10, dtype=np.float32)[np.full(len(pictures), 7)]
        yield Results(sevens, np.asarray(pictures.labels), 1.0, len(pictures))

    def recognise_ink(self, ink, strokes=None):
        assert ink.shape == (300, 300)
        return fakes.answer(7)


def few_digits(examples):
    """Return the first six test digits: 7, 2, 1, 0, 4, 1."""
    data = load_dataset()
    return data.test_images[:6], data.test_labels[:6]


@pytest.fixture
def misled(tab, monkeypatch):
    """Return a visible tab whose network takes everything for a 7."""
    monkeypatch.setattr(results, "count_results", Wrong.count)
    tab.pictures.reader.make_recogniser = Wrong
    monkeypatch.setattr(MnistExamples, "all", few_digits)
    Wrong.searches = 0
    return tab


def shown(tab, qtbot, key):
    """Press a key; return what the board says about the next digit on it."""
    before = tab.canvas.drawing.items
    QTest.keyClick(tab.canvas, key)
    qtbot.waitUntil(lambda: tab.canvas.drawing.items is not before)
    assert tab.canvas.has_ink()
    return tab.pictures.caption.text()


def test_each_test_digit_is_shown_once_before_any_is_shown_again(misled, qtbot):
    sentences = [shown(misled, qtbot, Qt.Key_R) for _ in range(12)]
    expected = {
        f"Test picture {index} of MNIST: it is a {label}."
        for index, label in enumerate((7, 2, 1, 0, 4, 1))
    }
    assert {*sentences[:6]} == {*sentences[6:]} == expected


def test_the_words_go_when_the_board_changes_and_the_digit_can_be_undone(misled, qtbot):
    misled.network.confirm(fakes.model())
    misled.canvas.add_stroke([(100, 100)])
    before = misled.canvas.ink()
    misled.answer.bars.choose(4)
    assert shown(misled, qtbot, Qt.Key_R)
    assert misled.answer.bars.chosen is None
    assert misled.pictures.caption.isVisible()
    misled.canvas.undo()
    assert not misled.pictures.caption.isVisible()
    assert np.array_equal(misled.canvas.ink(), before)


def test_mistakes_are_searched_once_for_each_network(misled, qtbot):
    misled.network.confirm(fakes.model())
    sentences = {shown(misled, qtbot, Qt.Key_M) for _ in range(5)}
    assert sentences == {
        f"Test picture {index} of MNIST: it is a {label}. This network reads 7."
        for index, label in enumerate((7, 2, 1, 0, 4, 1))
        if label != 7
    }
    assert Wrong.searches == 1
    # What a network read is withdrawn with the network.
    caption = misled.pictures.caption
    before = caption.text()
    misled.network.confirm(fakes.model(0.7))
    assert caption.text() == before.partition(" This network")[0]
    assert caption.isVisible()
    shown(misled, qtbot, Qt.Key_M)
    assert Wrong.searches == 2


def test_what_was_looked_for_only_waits_where_ink_was_drawn_meanwhile(misled, qtbot, notices):
    misled.network.confirm(fakes.model())
    for key in (Qt.Key_M, Qt.Key_R):
        QTest.keyClick(misled.canvas, key)
        misled.canvas.begin(QPointF(20, 20), erase=False)
        before = misled.canvas.drawing.items
        qtbot.waitUntil(lambda: bool(notices))
        assert misled.canvas.drawing.items is before
        assert misled.canvas.is_drawing()
        misled.canvas.end()
        notices.pop().action()
        assert misled.canvas.drawing.items is not before
        misled.canvas.undo()
        assert misled.canvas.drawing.items == before


def test_without_a_network_or_a_mistake_that_is_said(misled, qtbot, monkeypatch, notices):
    QTest.keyClick(misled.canvas, Qt.Key_M)
    assert "not ready yet" in notices.pop().sentence
    misled.network.confirm(fakes.model())
    monkeypatch.setattr(MnistExamples, "all", lambda self: (np.ones((1, 1, 28, 28), np.uint8), [7]))
    QTest.keyClick(misled.canvas, Qt.Key_M)
    qtbot.waitUntil(lambda: bool(notices))
    assert "pictures wrong" in notices[0].sentence
    assert not misled.canvas.drawing.can_undo


def test_a_failed_search_can_be_repeated(misled, qtbot, monkeypatch):
    said: list[str] = []
    reporter.listen(said.append)
    misled.network.confirm(fakes.model())

    def broken(self):
        raise UserError("The test digits are gone.")

    with monkeypatch.context() as patch:
        patch.setattr(MnistExamples, "all", broken)
        QTest.keyClick(misled.canvas, Qt.Key_M)
        qtbot.waitUntil(lambda: bool(said))
        assert running.shut_down()
    assert said == ["The test digits are gone."]
    qtbot.waitUntil(lambda: not misled.pictures.examples.is_busy)
    assert "reads 7" in shown(misled, qtbot, Qt.Key_M)
