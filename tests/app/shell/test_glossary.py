"""The words: two sentences and a picture each, found by typing and from the controls."""

import re
import sys

import pytest
from qtpy.QtCore import QCollator, QEvent, QLocale, QPoint, Qt
from qtpy.QtGui import QHelpEvent
from qtpy.QtTest import QTest
from qtpy.QtWidgets import QApplication, QLabel, QPushButton, QToolTip, QWidget

from mnist_draw import i18n
from mnist_draw.app.kit import theme
from mnist_draw.app.shell.help import Glossary, GlossaryDialog, all_words
from mnist_draw.i18n import percent
from mnist_draw.recognition.certainty import FAIRLY_SURE, SURE, UNCLEAR
from tests import languages


@pytest.fixture
def window(show):
    """Return a visible window with a control whose name belongs to a word."""
    made = QWidget()
    made.button = QPushButton("20", made)
    made.button.setObjectName("epochsSpinBox")
    made.button.setToolTip("How often.")
    return show(made, 800, 600)


def test_each_of_32_words_has_two_sentences_and_a_picture_of_its_own(window):
    words = all_words()
    assert len({word.name for word in words}) == 32
    dialog = GlossaryDialog(window)
    pictures = []
    for place, word in enumerate(words):
        assert len(re.findall(r"[.!?](?: |$)", word.sentences)) == 2, word.name
        dialog.names.setCurrentRow(place)
        # The bits live as long as their image.
        image = dialog.picture.grab().toImage()
        pictures.append(bytes(image.constBits().asarray(image.sizeInBytes())))
    assert len(set(pictures)) == len(words)
    [certainty] = [word.sentences for word in words if word.name == "Certainty"]
    for threshold in (SURE, FAIRLY_SURE, UNCLEAR):
        assert percent(threshold) in certainty


def test_words_are_in_the_order_of_the_language():
    pytest.importorskip("babel")
    languages.use("zh_CN")
    all_words.cache_clear()
    try:
        names = [word.name for word in all_words()]
    finally:
        i18n.use("en")
        all_words.cache_clear()
    # By their sounds: ceng, gailü, xuexilü, zhunquelü.
    wanted = ["层", "概率", "学习率", "准确率"]
    if sys.platform == "win32" and QCollator(QLocale("zh_CN")).compare(wanted[0], wanted[3]) > 0:
        pytest.skip("this system, Wine, does not know how Chinese sounds")
    assert [name for name in names if name in wanted] == wanted


def test_words_are_found_by_typing_and_walked_by_arrows(window, qtbot):
    words = Glossary(window)
    words.open_word("loss")
    dialog = window.findChild(GlossaryDialog)
    qtbot.waitUntil(dialog.search.hasFocus)
    assert dialog.title.text() == "Loss"
    QTest.keyClicks(dialog.search, "minibatch")
    assert dialog.title.text() == "Batch"
    QTest.keyClicks(dialog.search, "xyz")
    assert dialog.title.text() == "Nothing found."
    dialog.search.clear()
    QTest.keyClicks(dialog.search, "gradient")
    assert dialog.title.text() == "Gradient"
    dialog.search.clear()
    place = dialog.names.currentRow()
    QTest.keyClick(dialog.search, Qt.Key_Down)
    assert dialog.names.currentRow() == place + 1
    QTest.keyClick(dialog.search, Qt.Key_Escape)
    assert not dialog.isVisible()


def test_a_control_s_tooltip_asks_for_its_word_and_f1_answers(window, qtbot, monkeypatch):
    words = Glossary(window)
    words.attach()
    place = QPoint(2, 2)
    event = QHelpEvent(QEvent.ToolTip, place, window.button.mapToGlobal(place))
    QApplication.sendEvent(window.button, event)
    assert "How often." in QToolTip.text()
    assert "F1 explains: Epoch" in QToolTip.text()
    QToolTip.hideText()
    window.button.setFocus()
    qtbot.waitUntil(window.button.hasFocus)
    words.open_here()
    title = window.findChild(GlossaryDialog).title
    assert title.text() == "Epoch"
    # What a label says is looked up, too; what is no word opens the first page, not the last read.
    label = QLabel("Validation loss", window)
    # Some languages write several words as one.
    for text, shown in (
        ("Validation loss", "Loss"),
        ("Trainingsloss", "Loss"),
        ("Anything", all_words()[0].name),
    ):
        label.setText(text)
        window.button.clearFocus()
        monkeypatch.setattr(QApplication, "widgetAt", lambda _: label)
        words.open_here()
        assert title.text() == shown


def test_the_list_is_as_wide_as_its_words_in_large_text(window, qtbot):
    languages.use("fr")
    all_words.cache_clear()
    try:
        dialog = GlossaryDialog(window)
        dialog.show()
        theme.theme().resize_text(1.75)
        qtbot.waitUntil(lambda: dialog.names.horizontalScrollBar().maximum() == 0)
        assert dialog.names.sizeHintForColumn(0) <= dialog.names.viewport().width()
    finally:
        i18n.use("en")
        all_words.cache_clear()
